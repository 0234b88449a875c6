"""From a space, a source and what it emits to a problem that the engine runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.transport._electron_tables import ACCURATE, ElectronSettings
from ligandose.transport._geometry import SPHERES, VOXELS
from ligandose.transport._physics import ENERGY_KEV, LOCAL, physics
from ligandose.transport._sources import BALL, BOXES, GRID, POINT, Source, alias_table
from ligandose.transport._stack import ALPHA, ELECTRON, PHOTON, POSITRON
from ligandose.transport._tally import REGION, VOXEL, Tally
from ligandose.transport.engine import Problem
from ligandose.transport.spaces import Space
from ligandose.transport.stopping import electron_csda_range

FloatArray = NDArray[np.float64]

PARTICLE_KINDS = {"photon": PHOTON, "electron": ELECTRON, "positron": POSITRON, "alpha": ALPHA}
QUANTA_PER_KEV = 2.0**20
"""Resolution 1e-6 keV; 1e8 histories of 10 MeV stay within 63 bits."""
RANGE_SHARE = 0.05
"""An electron is deposited where it is once its range is below this part of the detail of the
space (a voxel's side, the thinnest wall): it then moves 2 % of the energy across a surface at
most."""
LOWEST_KEV = float(ENERGY_KEV[0])
HIGHEST_KEV = float(ENERGY_KEV[-1])


@dataclass(frozen=True)
class Emissions:
    """Primary particles of a source.

    Attributes:
        particle: (n,) kinds, values of PARTICLE_KINDS.
        low_keV, high_keV: (n,) limits of the energy, equal for a line.
        per_decay: (n,) yields.
    """

    particle: NDArray[np.int64]
    low_keV: FloatArray
    high_keV: FloatArray
    per_decay: FloatArray

    @classmethod
    def single(cls, particle: str, energy_keV: float) -> Emissions:
        """Return one particle of one energy per decay.

        Raises:
            UnknownNameError: an unknown particle.
            InputError: an energy outside the tables.
        """
        if particle not in PARTICLE_KINDS:
            raise UnknownNameError("particle", particle, PARTICLE_KINDS)
        energy = np.array([float(energy_keV)])
        kind = np.array([PARTICLE_KINDS[particle]])
        return cls(kind, energy, energy, np.ones(1))

    def __post_init__(self) -> None:
        sizes = {self.particle.size, self.low_keV.size, self.high_keV.size, self.per_decay.size}
        if len(sizes) != 1:
            raise InputError(f"emissions have columns of different lengths: {sorted(sizes)}")
        if self.particle.size == 0 or not np.any(self.per_decay > 0):
            raise InputError("a source without emissions cannot be followed")
        bad = ~(np.isfinite(self.per_decay) & (self.per_decay >= 0))
        if np.any(bad):
            raise InputError(
                f"per_decay is {self.per_decay[bad][0]}; yields must be finite and not negative"
            )
        bad = ~np.isin(self.particle, list(PARTICLE_KINDS.values()))
        if np.any(bad):
            raise InputError(
                f"particle {self.particle[bad][0]} is unknown; allowed are {PARTICLE_KINDS}"
            )
        for energy in (self.low_keV, self.high_keV):
            bad = ~(np.isfinite(energy) & (energy > 0) & (energy <= HIGHEST_KEV * (1 + 1e-9)))
            if np.any(bad):
                raise InputError(
                    f"energy {energy[bad][0]:.6g} keV is outside the tables; allowed are "
                    f"energies above 0 and up to {HIGHEST_KEV:g} keV"
                )
        if np.any(self.low_keV > self.high_keV):
            worst = int(np.argmax(self.low_keV - self.high_keV))
            raise InputError(
                f"low_keV {self.low_keV[worst]:g} is above high_keV {self.high_keV[worst]:g}"
            )

    @property
    def number_per_decay(self) -> float:
        """Primary particles per decay: factor from a mean per primary to one per decay."""
        return float(self.per_decay.sum())

    @property
    def energy_keV_per_decay(self) -> float:
        """Emitted energy per decay."""
        return float(self.per_decay @ (0.5 * (self.low_keV + self.high_keV)))


def electron_cutoffs_keV(space: Space, electrons: str | float) -> FloatArray:
    """Return, per region, the energy below which an electron is deposited where it is.

    Args:
        space: geometry; its detail and densities decide for "auto".
        electrons: "auto" (range against detail, RANGE_SHARE), "local" (never followed) or a
            cutoff in keV.

    Raises:
        InputError: another word, or a cutoff outside the tables.
    """
    regions = len(space.regions)
    if isinstance(electrons, str):
        if electrons == "local":
            return np.full(regions, LOCAL)
        if electrons != "auto":
            raise InputError(f"electrons is {electrons!r}; give 'auto', 'local' or a cutoff in keV")
        return np.array([_energy_of_range(space, i) for i in range(regions)])
    if not LOWEST_KEV <= electrons <= HIGHEST_KEV:
        raise InputError(
            f"electron cutoff {electrons} keV is outside {LOWEST_KEV:g} to {HIGHEST_KEV:g} keV"
        )
    return np.full(regions, float(electrons))


def _energy_of_range(space: Space, region: int) -> float:
    """Return the energy of an electron whose range is RANGE_SHARE of the detail."""
    name = space.materials[int(space.geometry.material[region])]
    wanted = RANGE_SHARE * space.detail_cm * float(space.geometry.density[region])
    ranges = electron_csda_range(name, ENERGY_KEV)
    return float(np.exp(np.interp(float(np.log(wanted)), np.log(ranges), np.log(ENERGY_KEV))))


def problem(
    space: Space,
    emissions: Emissions,
    *,
    region: str | None = None,
    weight: ArrayLike | None = None,
    by_voxel: bool = False,
    tally: Tally | None = None,
    electrons: str | float = "auto",
    settings: ElectronSettings = ACCURATE,
) -> Problem:
    """Put a problem together.

    Args:
        space: where.
        emissions: what.
        region: name of the region that emits uniformly; None with `weight` None: a point at the
            origin.
        weight: (x, y, z) relative activity of the voxels of a grid.
        by_voxel: count energy by voxel instead of by region.
        tally: another tally (radial, overlap).
        electrons: as `electron_cutoffs_keV`.
        settings: of the electron transport.

    Raises:
        UnknownNameError: the region is not in the space.
        InputError: weights of the wrong shape, negative, NaN or all zero; weights and a region
            at once; a region without voxels or bounds; `by_voxel` without voxels; a bad cutoff.
    """
    geometry = space.geometry
    if by_voxel and not space.voxels:
        raise InputError("by_voxel is set, but the space has no voxels; use voxel_space")
    if region is not None and weight is not None:
        raise InputError(f"region {region!r} and weight are both given; give one of them")
    packed = physics(
        space.materials,
        geometry.material,
        geometry.density,
        electron_absorb_keV=electron_cutoffs_keV(space, electrons),
        settings=settings,
    )
    if tally is None:
        bins = space.voxels if by_voxel else len(space.regions)
        tally = region_tally(bins, VOXEL if by_voxel else REGION)
    return Problem(space, packed, _source(space, emissions, region, weight), tally)


def region_tally(bins: int, mode: int = REGION) -> Tally:
    """Return a tally by region or voxel."""
    return Tally(mode, bins, QUANTA_PER_KEV, 1.0, 1.0, 1.0, 1.0, 1.0, 1)


def _source(
    space: Space, emissions: Emissions, region: str | None, weight: ArrayLike | None
) -> Source:
    keep, other = alias_table(emissions.per_decay)
    empty = np.zeros(0)
    source = Source(
        kind=POINT,
        radius=0.0,
        region=0,
        box=np.zeros((1, 6)),
        cumulative_box=np.ones(1),
        voxel=np.zeros(0, dtype=np.int64),
        keep=empty,
        other=np.zeros(0, dtype=np.int64),
        particle=emissions.particle.astype(np.int64),
        low_keV=np.array(emissions.low_keV, dtype=np.float64),
        high_keV=np.array(emissions.high_keV, dtype=np.float64),
        keep_emission=keep,
        other_emission=other,
    )
    if weight is not None:
        return _grid_source(source, space, np.asarray(weight, dtype=np.float64))
    if region is None:
        return source
    if region not in space.regions:
        raise UnknownNameError("region", region, space.regions)
    index = space.regions.index(region)
    if space.geometry.kind == VOXELS:
        inside = (space.geometry.label == index).astype(np.float64)
        if not inside.any():
            raise InputError(f"region {region!r} has no voxels: it cannot be a source")
        return _grid_source(source, space, inside.reshape(space.geometry.size, order="F"))
    if space.geometry.kind == SPHERES and index == 0:
        radius = float(np.sqrt(space.geometry.shapes[0, 0]))
        return source._replace(kind=BALL, radius=radius)
    if not space.boxes or len(space.boxes[index]) == 0:
        raise InputError(f"region {region!r} has no bounds; leave region out for a point source")
    box = space.boxes[index]
    volume = np.prod(box[:, 3:] - box[:, :3], axis=1)
    return source._replace(
        kind=BOXES,
        region=index,
        box=np.ascontiguousarray(box),
        cumulative_box=np.cumsum(volume) / volume.sum(),
    )


def _grid_source(source: Source, space: Space, weight: FloatArray) -> Source:
    wanted: Sequence[int] = tuple(int(n) for n in space.geometry.size)
    if space.geometry.kind != VOXELS or weight.shape != wanted:
        raise InputError(f"weight has shape {weight.shape}; the grid of voxels has {wanted}")
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if np.any(bad):
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InputError(
            f"weight at voxel {where} is {weight[where]}; activities must be finite and not "
            "negative"
        )
    flat = weight.ravel(order="F")
    voxel = np.flatnonzero(flat)
    if voxel.size == 0:
        raise InputError("weight is zero everywhere: there is no source")
    keep, other = alias_table(flat[voxel])
    return source._replace(kind=GRID, voxel=voxel.astype(np.int64), keep=keep, other=other)
