"""Most probable scores of a patient and the normal distribution around them.

Data y with errors σ, a prediction f(u) and standard normal scores u a priori give

    U(u) = ½ |u|² + ½ Σ ((y - f(u)) / σ)²,

the negative logarithm of the posterior. Its minimum (MAP) is found by Gauss-Newton steps; the
covariance of the Laplace approximation is C = (1 + AᵀA)⁻¹ with A = f'(u)/σ (MacKay 2003,
Information Theory, Inference, and Learning Algorithms, ch. 27). Only as many directions as there
are data differ from the prior, so everything is written with the singular values of A. All
derivatives are one call of `predict` with one row per score: for the solver, one population. They
are corrected from step to step and taken anew only when that leads no further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]

STEP = 0.02
"""Step of the derivatives in scores: the solver's 3e-6 stays 1.5e-4 of the slope."""
SHARES = np.array([1.0, 0.5, 0.25, 0.1, 0.03])
"""Shares of a Gauss-Newton step that are tried together."""
MOST_STEPS = 40
ENOUGH = 1e-2
"""A step that lowers U by less is the last one; probabilities then change by 1 %."""


@dataclass(frozen=True)
class Laplace:
    """Normal approximation of a posterior of scores.

    Attributes:
        mode: (scores,) most probable scores.
        directions: (r, scores) orthonormal directions in which the data speak.
        singular: (r,) signal-to-noise of the data along each; the posterior sd there is
            1/√(1 + s²) of the prior's.
        predicted: (data,) f at the mode.
        potential: U at the mode.
        steps: Gauss-Newton steps taken.
        converged: whether a step with fresh derivatives changed U by less than `ENOUGH`.
    """

    mode: Floats
    directions: Floats
    singular: Floats
    predicted: Floats
    potential: float
    steps: int
    converged: bool

    def sd(self) -> Floats:
        """Return (scores,) posterior standard deviation of each score."""
        gain = self.singular**2 / (1.0 + self.singular**2)
        return np.sqrt(np.maximum(1.0 - gain @ self.directions**2, 0.0))

    def root_times(self, z: Floats) -> Floats:
        """Return C^½ z for (n, scores) z."""
        shrink = 1.0 - 1.0 / np.sqrt(1.0 + self.singular**2)
        return z - ((z @ self.directions.T) * shrink) @ self.directions

    def distance2(self, score: Floats) -> Floats:
        """Return (n,) squared Mahalanobis distance from the mode."""
        away = score - self.mode
        along = away @ self.directions.T
        return (away**2).sum(axis=1) + (along**2 * self.singular**2).sum(axis=1)

    def draw(self, n: int, *, rng: np.random.Generator) -> Floats:
        """Return (n, scores) draws."""
        return self.mode + self.root_times(rng.standard_normal((n, self.mode.size)))


def potential(score: Floats, predicted: Floats, y: Floats, sd: Floats) -> Floats:
    """Return (n,) negative log posterior; infinite where a prediction is not finite."""
    miss = ((predicted - y) / sd) ** 2
    value = 0.5 * (score**2).sum(axis=1) + 0.5 * miss.sum(axis=1)
    return np.where(np.isfinite(value), value, np.inf)


def map_laplace(
    predict: Predict,
    y: Floats,
    sd: Floats,
    *,
    scores: int,
    start: Floats | None = None,
) -> Laplace:
    """Return the most probable scores with the Laplace approximation around them.

    Args:
        predict: (n, scores) to (n, data).
        y, sd: (data,) data and their standard deviations, > 0.
        scores: number of scores.
        start: where to begin; default 0, the prior's middle.

    Raises:
        InputError: data that are not finite, an sd not above 0, or a start from which nothing
            can be predicted.
    """
    _check(y, sd)
    at = np.zeros(scores) if start is None else np.array(start, dtype=float)
    if y.size == 0:
        empty = np.zeros((0, scores))
        return Laplace(at, empty, np.zeros(0), y, 0.5 * float(at @ at), 0, True)
    slope, value = _slope(predict, at)
    best = float(potential(at[None], value[None], y, sd)[0])
    if not np.isfinite(best):
        raise InputError("the model predicts nothing finite for the typical patient")
    steps, fresh, converged = 0, True, False
    while steps < MOST_STEPS and not converged:
        steps += 1
        goal = _gauss_newton(slope / sd[:, None], (y - value) / sd, at)
        tried = at + SHARES[:, None] * (goal - at)
        predicted = predict(tried)
        found = potential(tried, predicted, y, sd)
        k = int(np.argmin(found))
        gained = best - float(found[k])
        if gained > 0.0:
            slope = _broyden(slope, tried[k] - at, predicted[k] - value)
            at, value, best = tried[k], predicted[k], float(found[k])
        converged = fresh and gained < ENOUGH
        fresh = gained < ENOUGH and not converged
        if fresh:
            slope, value = _slope(predict, at)
    if not converged:
        slope, value = _slope(predict, at)
    _, singular, directions = np.linalg.svd(slope / sd[:, None], full_matrices=False)
    return Laplace(at, directions, singular, value, best, steps, converged)


def _slope(predict: Predict, at: Floats) -> tuple[Floats, Floats]:
    """Return (data, scores) derivatives by forward differences, and (data,) the value."""
    rows = np.concatenate([at[None], at + STEP * np.eye(at.size)])
    found = predict(rows)
    return np.nan_to_num((found[1:] - found[0]).T / STEP), found[0]


def _broyden(slope: Floats, step: Floats, change: Floats) -> Floats:
    """Return derivatives that explain the last step too (Broyden 1965, Math. Comp. 19)."""
    missed = change - slope @ step
    length2 = float(step @ step)
    return slope if length2 == 0.0 else slope + np.outer(missed, step) / length2


def _gauss_newton(a: Floats, residual: Floats, at: Floats) -> Floats:
    """Return argmin ½|u|² + ½|residual - A(u - at)|² with the (data × data) system."""
    right = residual + a @ at
    return a.T @ np.linalg.solve(np.eye(a.shape[0]) + a @ a.T, right)


def _check(y: Floats, sd: Floats) -> None:
    if y.shape != sd.shape or y.ndim != 1:
        raise InputError(f"data and their errors have shapes {y.shape} and {sd.shape}")
    if not np.all(np.isfinite(y)):
        raise InputError(f"datum {int(np.argmin(np.isfinite(y)))} is not finite")
    if not (np.all(sd > 0.0) and np.all(np.isfinite(sd))):
        raise InputError("standard deviations of data must be above 0 and finite")
