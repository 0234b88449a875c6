"""Clones that a treatment selects: few targets, or good repair, and more of them every cycle.

Between administrations a clone is killed by its own survival and regrows at its own rate; its
share of the viable cells is what the next cycle meets. As the share of target-negative cells
grows, so does their weight in the mean density that the next administration binds to, and the
crossfire that reached them falls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    finite,
    not_negative,
    positive,
    positive_or_infinite,
)
from ligandose.errors import InputError


@dataclass(frozen=True, slots=True)
class CloneCourse:
    """Clones over a course; cycle 0 is before the first administration.

    Attributes:
        fraction: share of each clone in the viable cells, shape (cycles + 1, c); rows sum to 1.
        log_viable: ln of all viable cells relative to cycle 0, shape (cycles + 1,).
        density: mean of the clones' density over viable cells, shape (cycles + 1,), in the unit
            that was given.
        alpha_per_Gy: mean of the clones' α over viable cells, shape (cycles + 1,), 1/Gy.
        log_survival: ln S of each clone in each cycle, shape (cycles, c).
    """

    fraction: FloatArray
    log_viable: FloatArray
    density: FloatArray
    alpha_per_Gy: FloatArray
    log_survival: FloatArray


def clone_selection(
    fraction: ArrayLike,
    log_survival: ArrayLike,
    *,
    interval_s: ArrayLike,
    doubling_time_s: ArrayLike,
    density: ArrayLike,
    alpha_per_Gy: ArrayLike,
) -> CloneCourse:
    """Return the shares of clones after each cycle, from their survival in each.

    Args:
        fraction: share of each clone before treatment, ≥ 0, shape (c,), sum 1.
        log_survival: ln S of each clone in each cycle, ≤ 0, shape (cycles, c), as from
            `log_surviving_clonogens` of the clone's cells.
        interval_s: from one administration to the next, ≥ 0, shape () or (cycles,), s.
        doubling_time_s: of each clone, > 0 or infinite, shape () or (c,), s.
        density: of target, of each clone, ≥ 0, shape (c,), any unit.
        alpha_per_Gy: α of each clone, > 0, shape (c,), 1/Gy.

    Raises:
        InputError: shares that do not sum to 1, survival above 1, shapes that do not fit.
    """
    start, grown, rho, alpha = _clones(fraction, interval_s, doubling_time_s, density, alpha_per_Gy)
    log_s = finite("log_survival", log_survival)
    if log_s.ndim != 2 or log_s.shape[1] != start.size or log_s.shape[0] == 0:
        raise InputError(
            f"log_survival has shape {log_s.shape}; give (cycles, {start.size} clones)"
        )
    if log_s.max() > 0.0:
        raise InputError(f"log_survival holds {log_s.max():g}; a survival is at most 1, its ln 0")
    growth = np.broadcast_to(grown, log_s.shape)
    with np.errstate(divide="ignore"):
        log_cells = np.log(start) + np.concatenate(
            [np.zeros((1, start.size)), np.cumsum(log_s + growth, axis=0)]
        )
    return _course(log_cells, rho, alpha, log_s)


def clone_course(
    fraction: ArrayLike,
    *,
    cycles: int,
    self_dose_Gy: ArrayLike,
    cross_dose_Gy: ArrayLike,
    quadratic_factor: float,
    alpha_beta_Gy: ArrayLike,
    interval_s: float,
    doubling_time_s: ArrayLike,
    density: ArrayLike,
    alpha_per_Gy: ArrayLike,
) -> CloneCourse:
    """Return clones over equal cycles, where dose follows the density of clone and tumour.

    In each cycle clone i gets D_i = self ρ_i/ρ̄₀ + cross ρ̄/ρ̄₀ with ρ_i its density, ρ̄ the mean
    over viable cells at that time and ρ̄₀ the mean before treatment; uptake per target is held.

    Args:
        fraction, doubling_time_s, density, alpha_per_Gy: as in `clone_selection`; the mean
            density before treatment must be above 0.
        cycles: number of administrations, ≥ 1.
        self_dose_Gy: dose of a cell of mean density from its own decays, ≥ 0, Gy per cycle.
        cross_dose_Gy: dose from all others in the tumour before treatment, ≥ 0, Gy per cycle.
        quadratic_factor: G of a cycle, 0 … 1.
        alpha_beta_Gy: α/β > 0 of each clone, shape () or (c,), Gy.
        interval_s: ≥ 0, s.
    """
    start, grown, rho, alpha = _clones(fraction, interval_s, doubling_time_s, density, alpha_per_Gy)
    own, cross = (
        not_negative("self_dose_Gy", self_dose_Gy),
        not_negative("cross_dose_Gy", cross_dose_Gy),
    )
    ratio = positive("alpha_beta_Gy", alpha_beta_Gy)
    g = float(not_negative("quadratic_factor", quadratic_factor))
    mean0 = float(np.sum(start * rho))
    if cycles < 1 or g > 1.0 or not mean0 > 0.0:
        raise InputError(
            f"cycles is {cycles} (1 or more), quadratic_factor {g:g} (0 … 1), mean density "
            f"{mean0:g} (above 0)"
        )
    with np.errstate(divide="ignore"):
        log_cells = [np.log(start)]
    survival: list[FloatArray] = []
    for _ in range(cycles):
        mean = float(np.sum(_shares(log_cells[-1]) * rho))
        dose = (own * rho + cross * mean) / mean0
        survival.append(-alpha * (dose + g * dose**2 / ratio))
        log_cells.append(log_cells[-1] + survival[-1] + grown)
    return _course(np.array(log_cells), rho, alpha, np.array(survival))


def _clones(
    fraction: ArrayLike,
    interval_s: ArrayLike,
    doubling_time_s: ArrayLike,
    density: ArrayLike,
    alpha_per_Gy: ArrayLike,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    start = not_negative("fraction", fraction)
    # 1e-6: shares given with six digits.
    if start.ndim != 1 or start.size == 0 or abs(float(np.sum(start)) - 1.0) > 1e-6:
        raise InputError(
            f"fraction sums to {np.sum(start):g}; the shares of all clones must sum to 1"
        )
    interval = not_negative("interval_s", interval_s)
    rate = np.log(2.0) / positive_or_infinite("doubling_time_s", doubling_time_s)
    rho, alpha = not_negative("density", density), positive("alpha_per_Gy", alpha_per_Gy)
    broadcastable("fraction, doubling time, density and α", start, rate, rho, alpha)
    if rho.shape != start.shape:
        raise InputError(f"density has shape {rho.shape}; give one of each of {start.size} clones")
    return (
        start / np.sum(start),
        interval[..., None] * rate,
        rho,
        np.broadcast_to(alpha, start.shape),
    )


def _shares(log_cells: FloatArray) -> FloatArray:
    top = np.max(log_cells, axis=-1, keepdims=True)
    cells = np.exp(log_cells - top)
    return cells / np.sum(cells, axis=-1, keepdims=True)


def _course(
    log_cells: FloatArray, density: FloatArray, alpha: FloatArray, log_survival: FloatArray
) -> CloneCourse:
    share = _shares(log_cells)
    top = np.max(log_cells, axis=-1)
    total = top + np.log(np.sum(np.exp(log_cells - top[:, None]), axis=-1))
    return CloneCourse(share, total, share @ density, share @ alpha, log_survival)
