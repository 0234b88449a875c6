"""Spectra of a nuclide: discrete lines, and beta spectra generated from the shipped branches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.nuclides.beta import beta_shape, branch_nodes
from ligandose.nuclides.table import Emission, EmissionKind, Nuclide, nuclide

FloatArray = NDArray[np.float64]

SPECTRUM_POINTS = 1001
PHOTON_KINDS: tuple[EmissionKind, ...] = ("gamma", "x", "annihilation")
ELECTRON_KINDS: tuple[EmissionKind, ...] = ("conversion", "auger")


class Lines(NamedTuple):
    """Discrete energies of one kind of particle, sorted by energy.

    Attributes:
        energy_MeV: (line,)
        yield_per_decay: (line,)
    """

    energy_MeV: FloatArray
    yield_per_decay: FloatArray


@dataclass(frozen=True)
class BetaSpectrum:
    """The continuous spectrum of a nuclide, β- and β+ apart.

    Attributes:
        energy_keV: (n,) kinetic energies from 0 to the greatest endpoint, denser at low energy.
        electrons_per_keV: (n,) β- per decay and keV.
        positrons_per_keV: (n,) β+ per decay and keV.
    """

    energy_keV: FloatArray
    electrons_per_keV: FloatArray
    positrons_per_keV: FloatArray

    @property
    def yield_per_keV(self) -> FloatArray:
        """(n,) β particles of both signs per decay and keV."""
        return self.electrons_per_keV + self.positrons_per_keV


def lines(name: str, kinds: tuple[EmissionKind, ...]) -> Lines:
    """Return all discrete lines of the given kinds of one nuclide (any usual spelling)."""
    found = sorted(
        (e.energy_keV, e.yield_per_decay) for e in nuclide(name).emissions if e.kind in kinds
    )
    table = np.array(found, dtype=np.float64).reshape(-1, 2)
    return Lines(table[:, 0] * 1e-3, table[:, 1].copy())


def photon_lines(name: str) -> Lines:
    """Return gamma, X and annihilation lines."""
    return lines(name, PHOTON_KINDS)


def electron_lines(name: str) -> Lines:
    """Return conversion and Auger electron lines (betas are in `beta_bins`)."""
    return lines(name, ELECTRON_KINDS)


def alpha_lines(name: str) -> Lines:
    """Return alpha lines, without the recoil of the progeny."""
    return lines(name, ("alpha",))


def recoil_lines(name: str) -> Lines:
    """Return the recoil energies of the progeny of alpha decays."""
    return lines(name, ("recoil",))


def _branches(emitter: Nuclide, kind: EmissionKind) -> list[tuple[Emission, float]]:
    """Return the beta branches of one sign with their endpoints."""
    return [
        (e, e.endpoint_keV)
        for e in emitter.emissions
        if e.kind == kind and e.endpoint_keV is not None
    ]


def _branch_density(
    emitter: Nuclide, branch: Emission, endpoint_keV: float, energy_keV: FloatArray
) -> FloatArray:
    """Return the normalised spectrum of one branch, 1/keV."""
    nodes, weights = branch_nodes(endpoint_keV)
    charge = -1 if branch.kind == "beta-" else 1
    density = beta_shape(
        np.concatenate([energy_keV, nodes]),
        endpoint_keV,
        z_progeny=emitter.z - charge,
        mass_number=emitter.a,
        charge=charge,
        unique_order=branch.unique_order or 0,
        tilt=branch.shape_tilt or 0.0,
    )
    norm = float(weights @ density[energy_keV.size :])
    return density[: energy_keV.size] / norm


def beta_spectrum(name: str, energy_keV: ArrayLike | None = None) -> BetaSpectrum:
    """Return the beta spectrum of a nuclide, matched to its evaluated mean energy.

    Each branch has the shape of `beta.beta_shape` times exp(tilt × energy/endpoint); the tilts
    are in the shipped table (0 would be theory alone).

    Args:
        name: any usual spelling.
        energy_keV: (n,) kinetic energies; by default 1001 from 0 to the greatest endpoint.

    Raises:
        UnknownNameError: the nuclide is not in the table.
        InputError: a negative or not finite energy.
    """
    emitter = nuclide(name)
    signs = {kind: _branches(emitter, kind) for kind in ("beta-", "beta+")}
    if energy_keV is None:
        greatest = max((end for found in signs.values() for _, end in found), default=0.0)
        energy = greatest * np.linspace(0.0, 1.0, SPECTRUM_POINTS if greatest else 0) ** 2
    else:
        energy = np.asarray(energy_keV, dtype=np.float64)
        if not np.all(np.isfinite(energy) & (energy >= 0.0)):
            raise InputError("energies of a beta spectrum must be finite and not negative (keV)")
    densities = {
        kind: sum(
            (
                branch.yield_per_decay * _branch_density(emitter, branch, end, energy)
                for branch, end in found
            ),
            np.zeros_like(energy),
        )
        for kind, found in signs.items()
    }
    return BetaSpectrum(energy, densities["beta-"], densities["beta+"])


@cache
def beta_bins(name: str, *, bins: int = 100) -> Lines:
    """Return the beta spectrum (both signs) as lines for transport: one line for each energy bin.

    Bins are denser at low energy; each line stands at the mean energy of its bin, so that the
    number and the mean energy of the betas are those of the branches.
    """
    emitter = nuclide(name)
    energies: list[FloatArray] = [np.empty(0)]
    yields: list[FloatArray] = [np.empty(0)]
    for kind in ("beta-", "beta+"):
        for branch, endpoint in _branches(emitter, kind):
            nodes, weights = branch_nodes(endpoint)
            share = weights * _branch_density(emitter, branch, endpoint, nodes)
            energies.append(nodes)
            yields.append(branch.yield_per_decay * share)
    energy, amount = np.concatenate(energies), np.concatenate(yields)
    if energy.size == 0:
        return _frozen(Lines(energy, amount))
    place = np.minimum((bins * np.sqrt(energy / energy.max())).astype(np.int64), bins - 1)
    number = np.zeros(bins)
    total = np.zeros(bins)
    np.add.at(number, place, amount)
    np.add.at(total, place, amount * energy)
    filled = number > 0.0
    return _frozen(Lines(total[filled] / number[filled] * 1e-3, number[filled]))


def _frozen(found: Lines) -> Lines:
    """Return lines that nobody can write into, since the cache hands them out again."""
    found.energy_MeV.flags.writeable = False
    found.yield_per_decay.flags.writeable = False
    return found
