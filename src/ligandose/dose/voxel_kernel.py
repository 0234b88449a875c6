"""Voxel kernels in water for any nuclide with its chain and any voxel, in a moment.

The energy within a distance of a decay comes from the shipped radial kernels (docs/cells.md), which
the package's own Monte Carlo made. Near by, each shell is shared among the voxels that it meets,
averaged over the source voxel and over directions (`transport.voxels`); farther off than
NEAR_VOXELS voxels its density at the centre is taken, whose error falls with the square of side
over distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.cell_emissions import NEGLIGIBLE, LineList, members_decays
from ligandose.dose.curves import JOULE_PER_KEV
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
from ligandose.transport import alpha_within, electron_range_um, electron_within, photon_within

FloatArray = NDArray[np.float64]
Sides = tuple[float, float, float]

PARTS = ("alpha", "electron", "soft", "photon")
"""Photons are soft where half of their energy stays within a voxel's side: they go with the
charged particles, whose energy per mass counts; of the others the dose does not depend on the
density of the place."""
RADIATION_OF = {"alpha": "alpha", "electron": "electron", "soft": "photon", "photon": "photon"}
NEAR_VOXELS = 8
FIRST_CM, LAST_CM, PER_E = 1e-5, 300.0, 40.0
CM_PER_MM = 0.1
UM_PER_CM = 1e4
SOFT_SHARE = 0.5


@dataclass(frozen=True)
class ChainLines:
    """Emissions per decay of the parent, those of the chain added.

    Attributes:
        name: of the parent.
        alpha, electron, photon: energies and yields.
        recoil_keV: energy of recoil nuclei, which stays in place.
    """

    name: str
    alpha: LineList
    electron: LineList
    photon: LineList
    recoil_keV: float

    @property
    def emitted_keV(self) -> dict[str, float]:
        """Energy per decay by radiation (alpha with recoil); what is not emitted is not there."""
        sums = {
            "alpha": _sum_keV(self.alpha) + self.recoil_keV,
            "electron": _sum_keV(self.electron),
            "photon": _sum_keV(self.photon),
        }
        return {kind: value for kind, value in sums.items() if value > 0.0}


def _sum_keV(lines: LineList) -> float:
    return float(lines.energy_keV @ lines.yield_per_decay)


@lru_cache(maxsize=64)
def chain_lines(name: str, *, progeny: bool, horizon_s: float | None) -> ChainLines:
    """Return the emissions of a nuclide, and of its progeny that decays within the horizon.

    Betas are bins at their mean energies; positrons count as electrons, their annihilation photons
    as lines from the place of the decay.

    Raises:
        UnknownNameError: no such nuclide.
        InputError: a horizon that is not positive; nothing emitted.
    """
    counts = members_decays(name, progeny=progeny, horizon_s=horizon_s)
    chosen = {member: count for member, count in counts.items() if count > NEGLIGIBLE}
    alpha = [(alpha_lines(m), n) for m, n in chosen.items()]
    electron = [
        (lines, n) for m, n in chosen.items() for lines in (beta_bins(m), electron_lines(m))
    ]
    photon = [(photon_lines(m), n) for m, n in chosen.items()]
    recoil = [(recoil_lines(m), n) for m, n in chosen.items()]
    found = ChainLines(
        nuclide(name).name, _joined(alpha), _joined(electron), _joined(photon),
        _sum_keV(_joined(recoil)),
    )  # fmt: skip
    if not found.emitted_keV:
        raise InputError(f"{found.name} emits nothing that the tables know; no dose can be made")
    return found


def _joined(parts: list[tuple[Lines, float]]) -> LineList:
    """Return lists of lines, each times its number, as one."""
    energy = 1e3 * np.concatenate([lines.energy_MeV for lines, _ in parts])
    amount = np.concatenate([n * lines.yield_per_decay for lines, n in parts])
    some = (energy > 0.0) & (amount > 0.0)
    return LineList(energy[some], amount[some])


@dataclass(frozen=True, eq=False)
class WaterKernel:
    """Where the energy of a decay in a voxel of water goes.

    Attributes:
        sides_mm: of the voxel.
        density_g_cm3: of the water: that of the tissue which it stands for.
        parts: those of PARTS that carry energy.
        emitted_keV: (part,) per decay.
        edge_cm: (shells + 1,) limits of shells around a decay.
        shell_keV: (part, shells) energy in each.
        near_keV: (part, a, b, c) energy in the voxel i, j, k places away, i, j, k >= 0, for near
            ones.
        charged_mm: distance that no charged particle passes.
    """

    sides_mm: Sides
    density_g_cm3: float
    parts: tuple[str, ...]
    emitted_keV: FloatArray
    edge_cm: FloatArray
    shell_keV: FloatArray
    near_keV: FloatArray
    charged_mm: float

    def octant_J(self, part: str, sizes: tuple[int, ...], *, step: int = 1) -> FloatArray:
        """Return the energy in voxels up to `sizes` places away, each `step` voxels on, J.

        Energy per decay and per voxel of this kernel's own size, whatever the step.
        """
        row = self.parts.index(part)
        axes = [
            (np.arange(n) * step * side * CM_PER_MM) ** 2
            for n, side in zip(sizes, self.sides_mm, strict=True)
        ]
        square = axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]
        out = self._at(row, square)
        near = self.near_keV[row][::step, ::step, ::step]
        n = tuple(min(a, b) for a, b in zip(near.shape, sizes, strict=True))
        out[: n[0], : n[1], : n[2]] = near[: n[0], : n[1], : n[2]]
        return out * JOULE_PER_KEV

    def _at(self, row: int, square_cm2: FloatArray) -> FloatArray:
        """Return keV per voxel by the density at a distance, given its square."""
        volume = 4.0 / 3.0 * np.pi * np.diff(self.edge_cm**3)
        density: FloatArray = np.maximum(self.shell_keV[row] / volume, 1e-300)
        middle = 0.5 * (self.edge_cm[1:] + self.edge_cm[:-1])
        log_r: FloatArray = 0.5 * np.log(np.maximum(square_cm2, middle[0] ** 2))
        voxel_cm3 = float(np.prod(self.sides_mm)) * CM_PER_MM**3
        log_density: FloatArray = np.interp(log_r, np.log(middle), np.log(density))
        return np.exp(log_density) * voxel_cm3


@lru_cache(maxsize=16)
def water_kernel(
    name: str,
    sides_mm: Sides,
    *,
    progeny: bool,
    horizon_s: float | None,
    density_g_cm3: float = 1.0,
) -> WaterKernel:
    """Return the voxel kernel of a nuclide; kept in the process.

    Distances in water of another density are those of 1 g/cm3 over it (the same mass thickness).

    Raises:
        UnknownNameError, InputError: as `chain_lines`.
    """
    from ligandose.transport.voxels import spread_shells  # needs numba

    lines = chain_lines(name, progeny=progeny, horizon_s=horizon_s)
    shells = np.arange(int(np.log(LAST_CM / FIRST_CM) * PER_E) + 2)
    thickness = np.concatenate([[0.0], FIRST_CM * np.exp(shells / PER_E)])  # g/cm2
    side_mm = density_g_cm3 * float(np.prod(sides_mm)) ** (1 / 3)
    within = _within_keV(lines, side_mm, thickness)
    emitted = _part_keV(lines, side_mm)
    used = [i for i in range(len(PARTS)) if emitted[i] > 0.0]
    shell = np.diff(within[used], axis=1)
    shell[:, 0] += within[used, 0]
    edge = thickness / density_g_cm3
    reach = NEAR_VOXELS * max(sides_mm)
    sizes = np.array([min(int(np.ceil(reach / s)), 40) + 1 for s in sides_mm], dtype=np.int64)
    shared = spread_shells(
        edge, np.ascontiguousarray(shell.T), np.array(sides_mm) * CM_PER_MM, sizes
    )
    near = np.moveaxis(shared, 3, 0) / _images(sizes)
    hardest = float(lines.electron.energy_keV.max()) if lines.electron.energy_keV.size else 0.0
    reach_um = float(electron_range_um(hardest)) / density_g_cm3 if hardest > 0.0 else 0.0
    return WaterKernel(
        sides_mm, density_g_cm3, tuple(PARTS[i] for i in used), emitted[used], edge, shell,
        np.ascontiguousarray(near), reach_um / UM_PER_CM / CM_PER_MM,
    )  # fmt: skip


def _images(sizes: NDArray[np.int64]) -> FloatArray:
    """Return how many voxels of the whole array one of the octant stands for."""
    a, b, c = (np.where(np.arange(int(n)) > 0, 2.0, 1.0) for n in sizes)
    return a[:, None, None] * b[None, :, None] * c[None, None, :]


def _split(lines: ChainLines, side_mm: float) -> tuple[LineList, LineList]:
    """Return soft and other photons for a voxel of this side."""
    energy, amount = lines.photon.energy_keV, lines.photon.yield_per_decay
    if energy.size == 0:
        return lines.photon, lines.photon
    stays = photon_within(energy, [side_mm * CM_PER_MM * UM_PER_CM])[:, 0] > SOFT_SHARE
    return LineList(energy[stays], amount[stays]), LineList(energy[~stays], amount[~stays])


def _part_keV(lines: ChainLines, side_mm: float) -> FloatArray:
    """Return the energy emitted by part."""
    soft, hard = _split(lines, side_mm)
    alpha = _sum_keV(lines.alpha) + lines.recoil_keV
    return np.array([alpha, _sum_keV(lines.electron), _sum_keV(soft), _sum_keV(hard)])


def _within_keV(lines: ChainLines, side_mm: float, edge_cm: FloatArray) -> FloatArray:
    """Return the energy within each distance by part, (part, edges)."""
    soft, hard = _split(lines, side_mm)
    radius = edge_cm * UM_PER_CM
    kinds = (
        (lines.alpha, alpha_within), (lines.electron, electron_within),
        (soft, photon_within), (hard, photon_within),
    )  # fmt: skip
    out = np.zeros((len(PARTS), radius.size))
    for row, (part, within) in enumerate(kinds):
        if part.energy_keV.size:
            out[row] = (part.energy_keV * part.yield_per_decay) @ within(part.energy_keV, radius)
    out[0] += lines.recoil_keV
    return out
