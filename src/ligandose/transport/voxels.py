"""Voxel S values: absorbed dose to voxels around a uniformly active one, per decay.

In an infinite homogeneous medium they follow from the point kernel of the nuclide: the energy of
every shell is shared among the voxels that it meets, averaged over the source voxel and over
directions (as in W. E. Bolch et al., MIRD Pamphlet 17, 1999, J Nucl Med 40:11S, where the same
quantity was simulated directly). One kernel of a nuclide in a medium serves every voxel size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.nuclides import (
    Lines,
    alpha_lines,
    beta_bins,
    electron_lines,
    nuclide,
    photon_lines,
    recoil_lines,
)
from ligandose.transport._electron_tables import ElectronSettings
from ligandose.transport._kernel_store import key_of, load_kernel, store_kernel
from ligandose.transport._stack import ALPHA, ELECTRON, PHOTON
from ligandose.transport._voxel_overlap import spread_shells
from ligandose.transport.kernels import (
    PointKernel,
    electron_settings,
    kernel_of,
    longest_range_g_cm2,
)
from ligandose.transport.materials import material
from ligandose.transport.problems import Emissions
from ligandose.transport.spaces import checked_spacing_mm

FloatArray = NDArray[np.float64]

J_PER_KEV = 1.602176634e-16
HISTORIES = {"electron": 102_400, "photon": 204_800, "alpha": 2_560}
FEWEST_NEIGHBOURS = 5
MOST_VALUES = 400_000
"""Voxels in the octant; a kernel of 73 voxels a side."""
LOWEST_YIELD = 1e-12


@dataclass(frozen=True)
class VoxelKernel:
    """Voxel S values of one nuclide (without progeny).

    Attributes:
        nuclide, medium: names.
        density_g_cm3: of the medium.
        spacing_mm: three voxel sides.
        s_Gy_per_Bq_s: (nx, ny, nz) dose to the voxel i, j, k places away, i, j, k >= 0; the
            other octants are its mirror images.
        sd_Gy_per_Bq_s: (nx, ny, nz) standard errors.
        by_kind: the same values by "alpha" (with recoil), "electron" and "photon".
        emitted_keV: energy emitted per decay.
        share_inside: part of it that the whole array (all octants) absorbs.
        share_beyond: part that is absorbed beyond the array.
    """

    nuclide: str
    medium: str
    density_g_cm3: float
    spacing_mm: tuple[float, float, float]
    s_Gy_per_Bq_s: FloatArray
    sd_Gy_per_Bq_s: FloatArray
    by_kind: dict[str, FloatArray]
    emitted_keV: float
    share_inside: float
    share_beyond: float


def decay_emissions(name: str) -> dict[str, Emissions]:
    """Return what a nuclide emits, by kind: "alpha" (with recoil), "electron", "photon".

    Betas are lines at the means of 100 energy bins; positrons count as electrons, their
    annihilation photons are lines of the nuclide.

    Raises:
        UnknownNameError: the nuclide is not in the table.
        InputError: a nuclide without emissions.
    """
    proper = nuclide(name).name
    parts = {
        "alpha": (ALPHA, (alpha_lines(proper), recoil_lines(proper))),
        "electron": (ELECTRON, (beta_bins(proper), electron_lines(proper))),
        "photon": (PHOTON, (photon_lines(proper),)),
    }
    found = {kind: _of_lines(number, lines) for kind, (number, lines) in parts.items()}
    present = {kind: e for kind, e in found.items() if e is not None}
    if not present:
        raise InputError(f"{proper} has no emissions in the shipped data; nothing to transport")
    return present


def _of_lines(particle: int, lines: tuple[Lines, ...]) -> Emissions | None:
    energy = 1e3 * np.concatenate([part.energy_MeV for part in lines])
    amount = np.concatenate([part.yield_per_decay for part in lines])
    use = (amount > LOWEST_YIELD) & (energy > 0)
    if not np.any(use):
        return None
    kinds = np.full(int(use.sum()), particle)
    return Emissions(kinds, energy[use], energy[use], amount[use])


def nuclide_kernel(
    name: str,
    kind: str,
    *,
    medium: str = "water",
    histories: int | None = None,
    seed: int = 1,
    settings: str | ElectronSettings = "accurate",
    threads: int | None = None,
) -> PointKernel:
    """Return the point kernel of one kind of emissions of a nuclide; kept on disk and in memory.

    Args:
        name: nuclide, any usual spelling.
        kind: "alpha", "electron" or "photon".
        medium: name in the table of materials.
        histories: particles to follow; None takes HISTORIES.
        seed: same seed, same kernel.
        settings: of electron transport: "accurate", "fast" or `ElectronSettings`.
        threads: of the processor; they do not change the numbers.

    Raises:
        UnknownNameError: nuclide, medium or preset unknown.
        InputError: the nuclide emits nothing of that kind; histories out of range.
    """
    proper = nuclide(name).name
    if kind not in HISTORIES or kind not in decay_emissions(proper):
        raise InputError(f"{proper} emits nothing of kind {kind!r}; it has {_kinds(proper)}")
    wanted = HISTORIES[kind] if histories is None else histories
    chosen = electron_settings(settings)
    return _kept_kernel(proper, kind, material(medium).name, wanted, seed, chosen, threads)


def _kinds(name: str) -> str:
    return ", ".join(decay_emissions(name))


@cache
def _kept_kernel(
    name: str,
    kind: str,
    medium: str,
    histories: int,
    seed: int,
    settings: ElectronSettings,
    threads: int | None,
) -> PointKernel:
    facts = {
        "nuclide": name, "kind": kind, "medium": medium, "histories": histories, "seed": seed,
        "settings": asdict(settings),
    }  # fmt: skip
    key = key_of(facts)
    stored = load_kernel(key)
    if stored is not None:
        return stored
    made = kernel_of(
        decay_emissions(name)[kind],
        medium=medium, histories=histories, seed=seed, settings=settings, threads=threads,
    )  # fmt: skip
    store_kernel(key, made)
    return made


def voxel_s_values(
    name: str,
    *,
    spacing_mm: Sequence[float],
    medium: str = "water",
    density_g_cm3: float | None = None,
    extent_mm: float | None = None,
    histories: int | None = None,
    seed: int = 1,
    settings: str | ElectronSettings = "accurate",
    threads: int | None = None,
) -> VoxelKernel:
    """Return the voxel S values of a nuclide in an infinite homogeneous medium.

    Args:
        name: nuclide, any usual spelling; without its progeny.
        spacing_mm: three voxel sides.
        medium: name in the table of materials.
        density_g_cm3: None takes that of the table.
        extent_mm: distance that the array covers along each axis. None: the CSDA range of the
            hardest charged particle and one voxel, at least five voxels.
        histories: particles per kind; None takes HISTORIES.
        seed: same seed, same values.
        settings: of electron transport: "accurate", "fast" or `ElectronSettings`.
        threads: of the processor; they do not change the numbers.

    Raises:
        UnknownNameError: nuclide, medium or preset unknown.
        InputError: an absurd spacing, density or extent; more voxels than fit; a nuclide
            without emissions.
    """
    spacing = checked_spacing_mm(spacing_mm)
    density = material(medium).density_g_cm3 if density_g_cm3 is None else float(density_g_cm3)
    if not (math.isfinite(density) and density > 0):
        raise InputError(f"density_g_cm3 is {density}; it must be positive and finite")
    emissions = decay_emissions(name)
    sizes = _octant(emissions, spacing, medium, density, extent_mm)
    mass_kg = float(np.prod(spacing / 10.0)) * density * 1e-3
    images = _mirror_images(sizes)
    values: dict[str, FloatArray] = {}
    variance, inside = np.zeros(sizes), 0.0
    for kind in emissions:
        kernel = nuclide_kernel(
            name, kind, medium=medium, histories=histories, seed=seed, settings=settings,
            threads=threads,
        )  # fmt: skip
        shells = np.ascontiguousarray(kernel.batch_fraction.T)
        shared = spread_shells(kernel.edge_g_cm2 / density, shells, spacing / 10.0, sizes)
        mean, sd = kernel.combined(np.moveaxis(shared, 3, 0))
        inside += float(mean.sum()) * kernel.energy_keV
        dose = kernel.energy_keV * J_PER_KEV / mass_kg / images
        values[kind] = mean * dose
        variance += (sd * dose) ** 2
    emitted = sum(e.energy_keV_per_decay for e in emissions.values())
    return VoxelKernel(
        nuclide=nuclide(name).name,
        medium=material(medium).name,
        density_g_cm3=density,
        spacing_mm=(float(spacing[0]), float(spacing[1]), float(spacing[2])),
        s_Gy_per_Bq_s=np.sum([values[kind] for kind in values], axis=0),
        sd_Gy_per_Bq_s=np.sqrt(variance),
        by_kind=values,
        emitted_keV=emitted,
        share_inside=inside / emitted,
        share_beyond=1.0 - inside / emitted,
    )


def _octant(
    emissions: dict[str, Emissions],
    spacing: FloatArray,
    medium: str,
    density: float,
    extent_mm: float | None,
) -> NDArray[np.int64]:
    """Return the number of voxels along each axis, the source voxel included."""
    if extent_mm is None:
        ranges = [longest_range_g_cm2(e, medium) for e in emissions.values()]
        along = np.maximum(10.0 * max(ranges) / density / spacing + 1.0, FEWEST_NEIGHBOURS)
    elif math.isfinite(extent_mm) and extent_mm >= 0:
        along = extent_mm / spacing
    else:
        raise InputError(f"extent_mm is {extent_mm}; it must be finite and not negative")
    sizes = np.ceil(np.minimum(along, 1e6)).astype(np.int64) + 1
    if float(np.prod(sizes.astype(np.float64))) > MOST_VALUES:
        raise InputError(
            f"the array would have {' x '.join(str(n) for n in sizes)} voxels (at most "
            f"{MOST_VALUES} in all); give larger voxels or a smaller extent_mm"
        )
    return sizes


def _mirror_images(sizes: NDArray[np.int64]) -> FloatArray:
    """Return how many voxels of the whole array a voxel of the octant stands for."""
    once = [np.where(np.arange(int(n)) > 0, 2.0, 1.0) for n in sizes.tolist()]
    return once[0][:, None, None] * once[1][None, :, None] * once[2][None, None, :]
