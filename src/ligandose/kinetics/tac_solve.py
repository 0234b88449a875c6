"""Weighted least squares of one model of a time-activity curve, from several starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.kinetics.tac_models import TacModel

Floats = NDArray[np.float64]
SLOWEST = 1e-3
"""Biological rates below this, per time of the last point, cannot be told from none."""
FASTEST = 30.0
"""Rates of uptake above this, per time of the first point, are over before it."""
FASTEST_FALL = 2.0 * math.log(2.0)
"""Falling phases are not faster than this per time of the first point: a half-life of half that
time. What vanishes before the first point was not measured, and a steeper curve would add an
integral without bound; this one reaches back to at most four times the first point's value."""
STARTS = 3
GRID = 7


@dataclass(frozen=True)
class Optimum:
    """A least-squares optimum: logarithms, (points, parameters) weighted Jacobian, and χ²."""

    theta: Floats
    jacobian: Floats
    chi2: float


def optimum(
    model: TacModel, time: Floats, activity: Floats, sigma: Floats, decay: float
) -> Optimum | None:
    """Return the best weighted fit of a model over starts on a grid, None where none converged.

    Args:
        model: what to fit.
        time, activity, sigma: (n,) times, activities and standard deviations, times rising.
        decay: physical decay constant, 1/s.
    """
    optimize = _optimize()

    unit = float(activity.max())  # logarithms of order one
    y, s = activity / unit, sigma / unit
    low = SLOWEST / time[-1]
    high = np.full(model.rates, FASTEST_FALL / time[0])
    if model.uptake:
        high[-1] = FASTEST / time[0]
    bounds = (
        np.concatenate((np.full(model.phases, -25.0), np.full(model.rates, math.log(low)))),
        np.concatenate((np.full(model.phases, 12.0), np.log(np.maximum(high, 2.0 * low)))),
    )

    def residual(theta: Floats) -> Floats:
        return (model.activity(theta, time, decay) - y) / s

    def jacobian(theta: Floats) -> Floats:
        return model.jacobian(theta, time, decay) / s[:, None]

    best: Any = None
    least = math.inf
    for start in _starts(model, time, y, s, decay, (low, FASTEST / time[0])):
        inside = np.clip(start, bounds[0] + 1e-9, bounds[1] - 1e-9)
        found: Any = optimize.least_squares(
            residual, inside, jac=jacobian, bounds=bounds, x_scale="jac", xtol=1e-10, ftol=1e-12,
            gtol=1e-12, max_nfev=200,
        )  # fmt: skip
        cost = float(found.cost)
        if math.isfinite(cost) and (best is None or cost < least * (1.0 - 1e-9)):
            best, least = found, cost
    if best is None:
        return None
    theta: Floats = np.array(best.x, np.float64)
    theta[: model.phases] += math.log(unit)
    return Optimum(theta, np.asarray(best.jac, np.float64), 2.0 * least)


def _optimize() -> Any:
    """Return scipy.optimize, imported when it is first needed."""
    return import_module("scipy.optimize")


def _starts(
    model: TacModel,
    time: Floats,
    y: Floats,
    s: Floats,
    decay: float,
    limits: tuple[float, float],
) -> list[Floats]:
    """Return the most promising starts of a grid of rates; amplitudes by non-negative squares."""
    optimize = _optimize()

    if model.rates == 0:
        grid: list[tuple[float, ...]] = [()]
    else:
        axis = np.geomspace(
            max(limits[0], 0.02 / time[-1]), 0.5 * limits[1], GRID + 2 * model.rates
        )
        grid = list(combinations(axis.tolist(), model.rates))
    scored: list[tuple[float, Floats]] = []
    for rates in grid:
        biological = [0.0, *rates] if model.slowest_is_decay else list(rates)
        shapes = np.exp(-np.outer(time, np.array(biological) + decay))
        if model.uptake:
            shapes = shapes[:, :-1] - shapes[:, -1:]
        solved: Any = optimize.nnls(shapes / s[:, None], y / s)
        amplitude, norm = np.asarray(solved[0], np.float64), float(solved[1])
        steps = np.diff(np.array(biological), prepend=0.0)
        steps = steps[1:] if model.slowest_is_decay else steps
        positive = np.maximum(amplitude, 1e-3 * max(float(amplitude.max()), 1e-6))
        theta = np.concatenate((np.log(positive), np.log(np.maximum(steps, limits[0]))))
        scored.append((norm, theta))
    scored.sort(key=lambda pair: pair[0])
    return [theta for _, theta in scored[:STARTS]]
