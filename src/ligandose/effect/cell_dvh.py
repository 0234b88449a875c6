"""Dose histograms over cells instead of volume, for each class of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.effect._checks import FloatArray, finite, not_negative, probability
from ligandose.errors import InputError

BINS = 200


@dataclass(frozen=True, slots=True)
class CellDvh:
    """The dose of the cells of one class.

    Attributes:
        name: the class, such as "tumour_cell".
        cells: number of cells (sum of weights).
        edge_Gy: bin edges, shape (b + 1,), from 0, Gy.
        differential: share of cells in each bin, shape (b,); sums to 1.
        cumulative: share of cells with at least the dose of each edge, shape (b + 1,).
        mean_Gy, sd_Gy, minimum_Gy, maximum_Gy: of the doses themselves, not of the bins, Gy.
        d98_Gy, d95_Gy, d50_Gy, d2_Gy: dose that 98, 95, 50 and 2 % of the cells reach, Gy.
    """

    name: str
    cells: float
    edge_Gy: FloatArray
    differential: FloatArray
    cumulative: FloatArray
    mean_Gy: float
    sd_Gy: float
    minimum_Gy: float
    maximum_Gy: float
    d98_Gy: float
    d95_Gy: float
    d50_Gy: float
    d2_Gy: float


def cell_dvh(
    dose_Gy: ArrayLike,
    *,
    name: str = "all",
    weight: ArrayLike | None = None,
    edge_Gy: ArrayLike | None = None,
) -> CellDvh:
    """Return the histogram of one class of cells.

    Args:
        dose_Gy: dose of each cell, ≥ 0, shape (n,), n ≥ 1, Gy; any dose-like quantity will do.
        name: what the class is called.
        weight: cells that each stands for, ≥ 0, shape (n,); None for one each.
        edge_Gy: increasing, from 0 and beyond the largest dose; None for 200 equal bins.

    Raises:
        InputError: no cells, edges that do not increase or do not cover the doses.
    """
    dose, w = _weighted(dose_Gy, weight)
    edge = _edges(dose, edge_Gy)
    total = float(np.sum(w))
    counts = np.histogram(dose, bins=edge, weights=w)[0] / total
    mean = float(np.sum(w * dose) / total)
    sd = float(np.sqrt(np.sum(w * (dose - mean) ** 2) / total))
    level = dose_at_fraction_Gy(dose, [0.98, 0.95, 0.50, 0.02], weight=w)
    # Sums from the top, so that the last is 0 and the first 1 whatever the rounding.
    above = np.concatenate([np.cumsum(counts[::-1])[::-1], np.zeros(1)])
    above[0] = 1.0
    d98, d95, d50, d2 = (float(x) for x in level)
    return CellDvh(
        name=name, cells=total, edge_Gy=edge, differential=counts, cumulative=above,
        mean_Gy=mean, sd_Gy=sd, minimum_Gy=float(np.min(dose[w > 0.0])),
        maximum_Gy=float(np.max(dose[w > 0.0])), d98_Gy=d98, d95_Gy=d95, d50_Gy=d50, d2_Gy=d2,
    )  # fmt: skip


def cell_dvh_by_class(
    dose_Gy: ArrayLike,
    kind: NDArray[np.integer] | Sequence[int],
    *,
    names: Sequence[str],
    weight: ArrayLike | None = None,
    edge_Gy: ArrayLike | None = None,
) -> dict[str, CellDvh]:
    """Return the histogram of each class that has cells, on common edges.

    Args:
        dose_Gy, weight, edge_Gy: as in `cell_dvh`, over all classes.
        kind: class of each cell, shape (n,), index into names.
        names: of the classes.
    """
    dose, w = _weighted(dose_Gy, weight)
    index = np.asarray(kind)
    if index.shape != dose.shape:
        raise InputError(f"kind has shape {index.shape} and dose_Gy {dose.shape}; one per cell")
    if index.min() < 0 or index.max() >= len(names):
        raise InputError(f"kind spans {index.min()} … {index.max()}, but {len(names)} names")
    edge = _edges(dose, edge_Gy)
    return {
        name: cell_dvh(dose[here], name=name, weight=w[here], edge_Gy=edge)
        for i, name in enumerate(names)
        if np.any(here := index == i)
    }


def dose_at_fraction_Gy(
    dose_Gy: ArrayLike, fraction: ArrayLike, *, weight: ArrayLike | None = None
) -> FloatArray:
    """Return the largest dose that at least a fraction of the cells reaches, Gy (D95 is 0.95).

    It is one of the cells' own doses: the histogram is a staircase and nothing is interpolated.

    >>> dose_at_fraction_Gy([1.0, 2.0, 3.0, 4.0], [1.0, 0.75, 0.5]).tolist()
    [1.0, 2.0, 3.0]
    """
    dose, w = _weighted(dose_Gy, weight)
    wanted = probability("fraction", fraction)
    order = np.argsort(dose)[::-1]
    reached = np.cumsum(w[order]) / np.sum(w)
    # 1e-12: shares such as 3/4 as sums of weights.
    place = np.searchsorted(reached, wanted - 1e-12)
    return dose[order][np.minimum(place, dose.size - 1)]


def fraction_at_dose(
    dose_Gy: ArrayLike, level_Gy: ArrayLike, *, weight: ArrayLike | None = None
) -> FloatArray:
    """Return the share of cells with at least each dose of `level_Gy`."""
    dose, w = _weighted(dose_Gy, weight)
    order = np.argsort(dose)
    below = np.concatenate([np.zeros(1), np.cumsum(w[order])]) / np.sum(w)
    place = np.searchsorted(dose[order], not_negative("level_Gy", level_Gy), side="left")
    return 1.0 - below[place]


def _weighted(dose_Gy: ArrayLike, weight: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    dose = not_negative("dose_Gy", dose_Gy)
    if dose.ndim != 1 or dose.size == 0:
        raise InputError(f"dose_Gy has shape {dose.shape}; give one dose per cell, at least one")
    w = np.ones(dose.shape) if weight is None else not_negative("weight", weight)
    if w.shape != dose.shape or not np.sum(w) > 0.0:
        raise InputError(f"weight has shape {w.shape} or sums to 0; give one per dose")
    return dose, w


def _edges(dose: FloatArray, edge_Gy: ArrayLike | None) -> FloatArray:
    top = float(np.max(dose))
    if edge_Gy is None:
        return np.linspace(0.0, top if top > 0.0 else 1.0, BINS + 1)
    edge = finite("edge_Gy", edge_Gy)
    if edge.ndim != 1 or edge.size < 2 or np.any(np.diff(edge) <= 0.0):
        raise InputError("edge_Gy must be one increasing list of at least 2 doses")
    if edge[0] != 0.0 or edge[-1] < top:
        raise InputError(f"edge_Gy spans {edge[0]:g} … {edge[-1]:g}; it must span 0 … {top:g} Gy")
    return edge
