"""Dose of every cell of a tissue, its own and that of all others, per decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import (
    RADIATIONS,
    Cell,
    PairKernel,
    cell_s_values,
    cross_s_values,
    crossfire,
    point_s_values,
)
from ligandose.hosts import Tissue
from ligandose.transport import RadialKernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ALPHA, LOW_LET = 0, 1
"""Columns of doses: alphas with recoil; electrons and photons."""
NEAR_STEP_UM, NEAR_END_UM = 1.0, 120.0
"""Distances in even steps through the range of alphas, whose dose ends abruptly."""
FAR_POINTS = 90
BEYOND = 1.02
"""A table of an isolated piece goes this far beyond its diagonal."""
SPENT = 1e-9
"""Part of the energy of a radiation that is left where its kernel is taken to end."""


@dataclass(frozen=True)
class Decays:
    """Decays in one kind of place.

    Attributes:
        place: "cell_surface", "cytoplasm", "nucleus", "whole_cell"; "point" outside cells.
        cells: (m,) numbers of the cells, empty for points.
        points_um: (m, 3) middles of the cells, or the points.
        strength: (m,) decays.
    """

    place: str
    cells: NDArray[np.int64]
    points_um: Floats
    strength: Floats


@dataclass(frozen=True)
class CellDoses:
    """Mean doses of the nuclei, Gy.

    Attributes:
        own_Gy: (n, 2) from decays in or on the cell itself.
        cross_Gy: (n, 2) from all other decays.
    """

    own_Gy: Floats
    cross_Gy: Floats

    @property
    def total_Gy(self) -> Floats:
        """(n, 2) own and cross."""
        return self.own_Gy + self.cross_Gy

    def scaled(self, factor: float) -> CellDoses:
        """Return the doses of `factor` times as many decays."""
        return CellDoses(self.own_Gy * factor, self.cross_Gy * factor)


def cell_doses(
    tissue: Tissue, kernel: RadialKernel, decays: list[Decays], *, reach_um: float
) -> CellDoses:
    """Return the dose of the nucleus of every cell from decays in a tissue.

    Args:
        tissue: cells; where it is periodic, all its images are sources too.
        kernel: energy within a distance, per decay.
        decays: where they are.
        reach_um: distance beyond which a periodic tissue ends; alone-standing ones end by
            themselves.
    """
    own = np.zeros((tissue.n_cells, 2))
    cross = np.zeros((tissue.n_cells, 2))
    far = reach_um if tissue.periodic else BEYOND * float(np.linalg.norm(tissue.box_um))
    box = tissue.box_um if tissue.periodic else None
    for target, target_kind in enumerate(tissue.kinds):
        cell = Cell(target_kind.radius_um, target_kind.nucleus_radius_um)
        here = np.flatnonzero(tissue.kind == target)
        for source in decays:
            for number, kernels in _kernels(tissue, kernel, cell, source, far):
                chosen = _of_kind(tissue, source, number)
                at, strength = source.points_um[chosen], source.strength[chosen]
                if not strength.size or not np.any(strength > 0.0):
                    continue
                cells = source.cells if source.place == "point" else source.cells[chosen]
                same = number == target
                if same:
                    _add_own(own, kernel, cell, source, chosen)
                for column, pair in kernels:
                    cross[here, column] += _cross(
                        tissue, here, at, strength, pair, box, same, cells
                    )
    return CellDoses(own, cross)


def _of_kind(tissue: Tissue, source: Decays, number: int) -> Flags:
    if source.place == "point":
        return np.ones(source.strength.size, dtype=np.bool_)
    return tissue.kind[source.cells] == number


def _add_own(own: Floats, kernel: RadialKernel, cell: Cell, source: Decays, chosen: Flags) -> None:
    s = cell_s_values(kernel, cell, target="nucleus", source=source.place).s_Gy_per_Bq_s[0]
    cells, strength = source.cells[chosen], source.strength[chosen]
    np.add.at(own[:, ALPHA], cells, strength * s[0])
    np.add.at(own[:, LOW_LET], cells, strength * (s[1] + s[2]))


def _cross(
    tissue: Tissue,
    here: NDArray[np.int64],
    at: Floats,
    strength: Floats,
    pair: PairKernel,
    box: Floats | None,
    same: bool,
    cells: NDArray[np.int64],
) -> Floats:
    """Return the dose of the cells `here` from others; sources of their kind in their order."""
    if not same:
        return crossfire(tissue.centre_um[here], at, strength, pair, box_um=box)
    every = np.zeros(tissue.n_cells)
    every[cells] = strength
    return crossfire(
        tissue.centre_um[here], tissue.centre_um[here], every[here], pair, box_um=box, same=True
    )


def _kernels(
    tissue: Tissue, kernel: RadialKernel, cell: Cell, source: Decays, far_um: float
) -> list[tuple[int, list[tuple[int, PairKernel]]]]:
    """Return, by kind of source cell (-1 for points), the pair kernels of both columns."""
    if source.place == "point":
        return [(-1, _pair_kernels(kernel, None, cell, source.place, far_um))]
    return [
        (number, _pair_kernels(kernel, Cell(k.radius_um, k.nucleus_radius_um), cell,
                               source.place, far_um))
        for number, k in enumerate(tissue.kinds)
        if np.any(tissue.kind[source.cells] == number)
    ]  # fmt: skip


def _pair_kernels(
    kernel: RadialKernel, giver: Cell | None, cell: Cell, place: str, far_um: float
) -> list[tuple[int, PairKernel]]:
    width = cell.radius_um + (0.0 if giver is None else giver.radius_um)
    least = 0.0 if giver is None else width
    columns = ((ALPHA, (0,)), (LOW_LET, (1, 2)))
    found: list[tuple[int, PairKernel]] = []
    for column, rows in columns:
        end = min(far_um, least + kernel_end_um(kernel, rows) + 2.0 * width)
        if not np.any(kernel.emitted_keV[list(rows)] > 0.0) or end <= least:
            continue
        distance = _distances(least, end)
        if giver is None:
            s = point_s_values(kernel, cell, target="nucleus", distance_um=distance)
        else:
            s = cross_s_values(kernel, giver, cell, source=place, distance_um=distance)
        dose = s[list(rows)].sum(axis=0)
        first_zero = np.flatnonzero(dose <= 0.0)
        if first_zero.size:
            distance, dose = distance[: first_zero[0] + 1], dose[: first_zero[0] + 1].clip(0.0)
        if dose.size > 1 and dose[0] > 0.0:
            found.append((column, PairKernel(distance, dose)))
    return found


def _distances(least: float, end: float) -> Floats:
    near = np.arange(least, min(end, least + NEAR_END_UM), NEAR_STEP_UM)
    start = max(float(near[-1]), 1e-3 * end)
    far = np.geomspace(start, end, FAR_POINTS) if end > start else np.array([end])
    return np.unique(np.concatenate([near, far]))


def kernel_end_um(kernel: RadialKernel, rows: tuple[int, ...] = (0, 1, 2)) -> float:
    """Return the distance within which all but a billionth of the energy of radiations stays."""
    within = kernel.within_keV[list(rows)].sum(axis=0)
    enough = np.flatnonzero(within >= within[-1] * (1.0 - SPENT))
    return float(kernel.radius_um[enough[0]])


def emitted_keV(kernel: RadialKernel, *, photons: bool = False) -> Floats:
    """Return the energy emitted per decay by column (alpha, low LET); photons on request."""
    low = kernel.emitted_keV[1] + (kernel.emitted_keV[2] if photons else 0.0)
    assert len(RADIATIONS) == kernel.emitted_keV.size
    return np.array([kernel.emitted_keV[0], low])
