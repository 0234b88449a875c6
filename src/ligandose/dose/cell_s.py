"""S values of cells: mean dose to a part of a cell per decay in a compartment of it or another.

In endless water of one density the mean dose of a region t from decays spread over a region s is
S(t ← s) = (1/m_t) ∫ ψ(r) dE(r): E(r) is the energy that a decay deposits within r of itself (the
radial kernel) and ψ(r) the mean part of the sphere of radius r that lies in t (`cell_geometry`).
Nothing is said about paths, so electrons may scatter as they do. W. E. Bolch et al., MIRD
Pamphlet 21 (J Nucl Med 50 (2009) 477) defines S; S. M. Goddu et al., MIRD Cellular S Values (SNM,
1997) the compartments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.cell_geometry import (
    SOURCES,
    Cell,
    check_names,
    cross_geometric_factor,
    geometric_factor,
)
from ligandose.dose.curves import JOULE_PER_KEV, RADIATIONS
from ligandose.errors import InputError

if TYPE_CHECKING:
    from ligandose.transport import RadialKernel

FloatArray = NDArray[np.float64]

STEPS = 512
"""Even steps over the distances that count, besides the nodes of the kernel; halving them
changes no S value by 1e-5 (tests/analytic/test_cell_geometry.py)."""


@dataclass(frozen=True)
class CellSValues:
    """S values of one target part of a cell.

    Attributes:
        cell: sizes.
        target: part that receives dose.
        source: (s,) names of the source compartments.
        s_Gy_per_Bq_s: (s, 3) dose per decay by radiation: alpha with recoil, electron, photon.
    """

    cell: Cell
    target: str
    source: tuple[str, ...]
    s_Gy_per_Bq_s: FloatArray

    @property
    def total_Gy_per_Bq_s(self) -> FloatArray:
        """(s,) dose per decay, all radiations."""
        return self.s_Gy_per_Bq_s.sum(axis=1)

    def by_source(self) -> dict[str, dict[str, float]]:
        """Return source → {"total", "alpha", "electron", "photon"}, Gy per decay."""
        return {
            name: {"total": float(row.sum()), **dict(zip(RADIATIONS, row.tolist(), strict=True))}
            for name, row in zip(self.source, self.s_Gy_per_Bq_s, strict=True)
        }


def cell_s_values(
    nuclide: str | RadialKernel,
    cell: Cell,
    *,
    target: str = "nucleus",
    source: str | Sequence[str] = SOURCES,
    progeny: bool = True,
    retained: float | Mapping[str, float] = 1.0,
    electrons: str = "cascade",
    horizon_s: float | None = None,
) -> CellSValues:
    """Return S of a part of a cell for decays in compartments of the same cell.

    Args:
        nuclide: any usual spelling, or a radial kernel that is made already.
        cell: sizes.
        target: "nucleus", "cytoplasm" or "cell".
        source: one compartment or several of "cell_surface", "cytoplasm", "nucleus" and
            "whole_cell".
        progeny, retained, electrons, horizon_s: as `cell_kernel`; not looked at for a kernel.

    Raises:
        UnknownNameError: an unknown nuclide, target, source or choice of electrons.
        InputError: a retained fraction outside 0 to 1.
    """
    from ligandose.dose.cell_emissions import cell_kernel

    names = (source,) if isinstance(source, str) else tuple(source)
    for name in names:
        check_names(target, name)
    kernel = nuclide
    if isinstance(kernel, str):
        kernel = cell_kernel(
            kernel, progeny=progeny, retained=retained, electrons=electrons, horizon_s=horizon_s
        )
    reach = 2.0 * cell.radius_um
    radius, energy = _shells(kernel, 0.0, reach, _edges_within(cell))
    factors = np.empty((len(names), radius.size - 1))
    for i, name in enumerate(names):

        def factor(r: FloatArray, name: str = name) -> FloatArray:
            return geometric_factor(r, cell, target=target, source=name)

        factors[i] = _mean_in_shells(radius, factor)
    at_point = np.array(
        [geometric_factor(np.zeros(1), cell, target=target, source=name)[0] for name in names]
    )
    absorbed_keV = factors @ energy.T + np.outer(at_point, _at_the_point(kernel))
    return CellSValues(cell, target, names, absorbed_keV * JOULE_PER_KEV / cell.mass_kg(target))


def cross_s_values(
    kernel: RadialKernel,
    source_cell: Cell,
    target_cell: Cell,
    *,
    source: str,
    target: str = "nucleus",
    distance_um: ArrayLike,
) -> FloatArray:
    """Return S of a part of a cell for decays in another cell, Gy per decay, (3, k).

    Args:
        kernel: energy within a distance, per decay.
        source_cell: cell with the decays.
        target_cell: cell that receives dose.
        source: its compartment, as in `cell_s_values`.
        target: part of the target cell.
        distance_um: (k,) or one distance of the centres, at least the sum of the radii.

    Raises:
        UnknownNameError: an unknown target or source.
        InputError: cells that overlap.
    """
    check_names(target, source)
    distances = np.atleast_1d(np.asarray(distance_um, dtype=np.float64))
    if distances.ndim != 1:
        raise InputError(f"distance_um has {distances.ndim} axes; a row of distances is wanted")
    s = np.empty((len(RADIATIONS), distances.size))
    width = source_cell.radius_um + target_cell.radius_um
    for i, apart in enumerate(distances.tolist()):

        def factor(r: FloatArray, apart: float = apart) -> FloatArray:
            return cross_geometric_factor(
                r, source_cell, target_cell, distance_um=apart, target=target, source=source
            )

        edges = apart + np.array([-1.0, 1.0])[:, None] * _edges_across(source_cell, target_cell)
        radius, energy = _shells(kernel, max(apart - width, 0.0), apart + width, edges.ravel())
        s[:, i] = energy @ _mean_in_shells(radius, factor)
    return s * JOULE_PER_KEV / target_cell.mass_kg(target)


def _edges_within(cell: Cell) -> FloatArray:
    """Return the radii at which a geometric factor of one cell may bend."""
    whole, inner, offset = cell.radius_um, cell.nucleus_radius_um, cell.nucleus_offset_um
    first, second, sign, shift = np.meshgrid((whole, inner), (whole, inner), (-1, 1), (-1, 0, 1))
    return np.abs(first + sign * second + shift * offset).ravel()


def _edges_across(source_cell: Cell, target_cell: Cell) -> FloatArray:
    sizes = ((cell.radius_um, cell.nucleus_radius_um) for cell in (source_cell, target_cell))
    first, second = sizes
    return np.array([a + s * b for a in first for b in second for s in (-1, 1)])


def _shells(
    kernel: RadialKernel, low: float, high: float, edges: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return limits (n + 1,) of thin shells and the energy that falls into each, (3, n) keV."""
    own = kernel.radius_um
    marks = np.concatenate([own, edges])
    inside = marks[(marks > low) & (marks < high)]
    radius = np.unique(np.concatenate([np.linspace(low, high, STEPS + 1), inside]))
    return radius, np.diff(kernel.energy_within_keV(radius), axis=-1)


def _mean_in_shells(radius: FloatArray, factor: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the mean of a factor over each shell (Simpson), (n,)."""
    at = factor(radius)
    middle = factor(0.5 * (radius[1:] + radius[:-1]))
    return (at[:-1] + 4.0 * middle + at[1:]) / 6.0


def _at_the_point(kernel: RadialKernel) -> FloatArray:
    """Return what the kernel deposits at the decay itself (recoil, the slowest electrons), (3,)."""
    return kernel.energy_within_keV(np.zeros(1))[:, 0]
