"""Value of information: what knowing a group of parameters would be worth to a decision.

With net benefits of the options in draws from what is not known, the expected value of partial
perfect information of parameters φ is

    EVPPI(φ) = E_φ[max_d E(NB_d | φ)] - max_d E(NB_d),

and the inner expectation is a regression of the benefits on φ over the same draws (Strong, Oakley
and Brennan 2014, doi:10.1177/0272989X13505910; theirs a generalised additive model, ours additive
with natural cubic splines).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]

KNOTS = 5
BOOTSTRAPS = 100
LEVEL = (0.025, 0.975)


@dataclass(frozen=True)
class Information:
    """What information is worth, in the unit of the benefit.

    Attributes:
        value: estimate, ≥ 0.
        interval: 95 % interval by bootstraps of the draws.
        change: share of draws in which the parameters, if known, would change the choice.
    """

    value: float
    interval: tuple[float, float]
    change: float


def evppi(benefit: Floats, parameters: Floats, *, seed: int) -> Information:
    """Return the expected value of knowing parameters exactly.

    Args:
        benefit: (n, options) net benefit in every draw.
        parameters: (n, k) of the group, in the same draws.
        seed: of the bootstrap.

    Raises:
        InputError: fewer than two options, or too few draws for the terms of the regression.
    """
    known = np.all(np.isfinite(benefit), axis=1) & np.all(np.isfinite(parameters), axis=1)
    b, p = benefit[known], parameters[known]
    _check(b, p)
    rng = np.random.default_rng([seed, 4])
    basis = _basis(p)
    value, change = _value(b, basis)
    drawn = np.empty(BOOTSTRAPS)
    for k in range(BOOTSTRAPS):
        again = np.asarray(rng.integers(b.shape[0], size=b.shape[0]), dtype=np.int64)
        drawn[k] = _value(b[again], basis[again])[0]
    low, high = np.quantile(drawn, LEVEL)
    return Information(value, (float(low), float(high)), change)


def evpi(benefit: Floats) -> float:
    """Return the expected value of knowing everything, from (n, options) benefits."""
    known = benefit[np.all(np.isfinite(benefit), axis=1)]
    return float(known.max(axis=1).mean() - known.mean(axis=0).max())


def _check(benefit: Floats, parameters: Floats) -> None:
    if benefit.shape[1] < 2:
        raise InputError("value of information: one option leaves nothing to decide; give two")
    terms = 1 + parameters.shape[1] * (KNOTS - 1)
    if benefit.shape[0] < 3 * terms:
        raise InputError(
            f"value of information: {benefit.shape[0]} draws with a result for {terms} terms; "
            f"at least {3 * terms} are needed"
        )


def _value(benefit: Floats, basis: Floats) -> tuple[float, float]:
    """Return the value and how often the choice changes; differences are what is regressed."""
    difference = benefit - benefit[:, :1]
    slopes = np.asarray(np.linalg.lstsq(basis, difference, rcond=None)[0], dtype=np.float64)
    fitted = basis @ slopes
    best = np.asarray(fitted.argmax(axis=1), dtype=np.int64)
    choice = int(np.argmax(fitted.mean(axis=0)))
    value = fitted.max(axis=1).mean() - fitted[:, choice].mean()
    return max(float(value), 0.0), np.count_nonzero(best != choice) / best.size


def _basis(parameters: Floats) -> Floats:
    """Return (n, terms): a constant and natural cubic splines of every parameter that varies."""
    columns: list[Floats] = [np.ones(parameters.shape[0])]
    for one in parameters.T:
        if np.ptp(one) > 0.0:
            columns.extend(_natural_spline(one))
    return np.asarray(np.stack(columns, axis=1), dtype=np.float64)


def _natural_spline(x: Floats) -> list[Floats]:
    """Return the columns of a natural cubic spline without its constant.

    Truncated powers, linear beyond the outer knots (Hastie, Tibshirani and Friedman, The elements
    of statistical learning, 2nd edition, equations 5.4 and 5.5); knots at quantiles.
    """
    z = (x - x.mean()) / x.std()
    knots = _distinct(np.asarray(np.quantile(z, np.linspace(0.05, 0.95, KNOTS)), dtype=np.float64))
    if knots.size < 3:
        return [z]
    last, before = knots[-1], knots[-2]

    def slope(knot: float) -> Floats:
        rise = np.maximum(z - knot, 0.0) ** 3 - np.maximum(z - last, 0.0) ** 3
        return np.asarray(rise / (last - knot), dtype=np.float64)

    return [z, *(slope(float(k)) - slope(float(before)) for k in knots[:-2])]


def _distinct(values: Floats) -> Floats:
    return np.asarray(sorted(set(values.tolist())), dtype=np.float64)
