"""The building blocks of which every kinetic model is composed.

A model is a list of pools that hold an amount of ligand (nmol) and of three kinds of process:

- `Exchange`: a clearance (L/s) carries ligand from a space of known volume to another pool,
  flux = clearance · amount / volume;
- `Transformation`: a first-order rate (1/s), flux = rate · amount;
- `Site`: reversible binding to a limited number of sites, of which this is the saturable
  on-step, flux = k_on · amount / volume · (capacity + Σ carriers - Σ amount bound); the off-step
  is a transformation. Carriers are pools whose molecules bring a site each, as the binder of a
  two-step treatment does.

Every flux leaves one pool and enters another, so the amount of ligand is conserved by
construction. Clearances, rates, volumes and capacities are products of named parameters; the
solver, the Jacobian and the SBML export are all derived from this one description.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ligandose.errors import InputError


@dataclass(frozen=True, slots=True)
class Pool:
    """An amount of ligand in one place and state.

    Attributes:
        name: unique name such as "kidneys.vascular" or "kidneys.PSMA.internalised".
        region: canonical region whose activity this pool is part of.
        volume: name of the parameter that holds the volume (L), "" for a pool without one.
    """

    name: str
    region: str
    volume: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Transport of ligand out of a space at a clearance (L/s), a product of parameters."""

    source: str
    target: str
    clearance: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transformation:
    """First-order passage at a rate (1/s), a product of parameters."""

    source: str
    target: str
    rate: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Saturable association of ligand in a space with a kind of site.

    Attributes:
        ligand: pool (with a volume) of the free ligand.
        complex: pool of the bound ligand.
        on_rate: product of parameters, L/(nmol s).
        capacity: product of parameters, nmol; empty where only carriers bring sites.
        carriers: pools of which every molecule is a site.
    """

    ligand: str
    complex: str
    on_rate: tuple[str, ...]
    capacity: tuple[str, ...]
    carriers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelDescription:
    """A complete kinetic model, readable and without numbers.

    Raises:
        InputError: duplicate pools, or a process that names a pool that is not there.
    """

    pools: tuple[Pool, ...]
    exchanges: tuple[Exchange, ...]
    transformations: tuple[Transformation, ...]
    sites: tuple[Site, ...]

    def __post_init__(self) -> None:
        names = [pool.name for pool in self.pools]
        if len(set(names)) != len(names):
            twice = sorted({n for n in names if names.count(n) > 1})
            raise InputError(f"model description: pools named more than once: {', '.join(twice)}")
        with_volume = {pool.name for pool in self.pools if pool.volume}
        for process in (*self.exchanges, *self.transformations):
            _require(process.source, names)
            _require(process.target, names)
        for exchange in self.exchanges:
            _require(exchange.source, with_volume, what="pool with a volume")
        for site in self.sites:
            _require(site.ligand, with_volume, what="pool with a volume")
            _require(site.complex, names)
            for carrier in site.carriers:
                _require(carrier, names)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions in the order in which their first pool appears."""
        return tuple(dict.fromkeys(pool.region for pool in self.pools))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter that the description names, sorted."""
        names = {pool.volume for pool in self.pools if pool.volume}
        for exchange in self.exchanges:
            names.update(exchange.clearance)
        for transformation in self.transformations:
            names.update(transformation.rate)
        for site in self.sites:
            names.update(site.on_rate, site.capacity)
        return tuple(sorted(names))


def _require(name: str, known: Iterable[str], *, what: str = "pool") -> None:
    if name not in known:
        raise InputError(f"model description: {name!r} is not a {what} of the model")
