"""Exact integrals of polynomials against exponential repair over one step, x from 0 to 1.

With z = μ h (repair rate times step), for degrees m, n ≤ 3:

    decay(m)      E_m  = ∫ x^m e^(−z x) dx
    carry(n)      F_n  = ∫ y^n e^(−z (1−y)) dy
    pair(m, n)    K_mn = ∫ x^m ∫₀^x y^n e^(−z (x−y)) dy dx

Below `SERIES_LIMIT` the power series is summed (the recurrences cancel there), above it the
recurrences that integration by parts gives (stable there).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ligandose.effect._checks import FloatArray

SERIES_LIMIT = 1.0
# 1/k! is below 1e-17 of the first term from k = 19 on.
SERIES_TERMS = 20


def mean_decay(x: FloatArray) -> FloatArray:
    """Return φ(x) = (1 − e^(−x)) / x for any sign of x, 1 at 0."""
    safe = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, -np.expm1(-safe) / safe)


def decay(m: int, z: FloatArray) -> FloatArray:
    """Return E_m(z); z may be negative."""

    def term(k: int) -> float:
        return (-1.0) ** k / (math.factorial(k) * (m + k + 1))

    def recurrence(x: FloatArray) -> FloatArray:
        value, end = mean_decay(x), np.exp(-x)
        for degree in range(1, m + 1):
            value = (degree * value - end) / x
        return value

    return _by_size(z, term, recurrence)


def carry(n: int, z: FloatArray) -> FloatArray:
    """Return F_n(z) = ∫ (1 − x)^n e^(−z x) dx, the binomial sum of the E_m."""
    total = decay(0, z)
    for m in range(1, n + 1):
        total = total + (-1.0) ** m * math.comb(n, m) * decay(m, z)
    return total


def pair(m: int, n: int, z: FloatArray) -> FloatArray:
    """Return K_mn(z)."""

    def term(k: int) -> float:
        return (-1.0) ** k * math.factorial(n) / (math.factorial(n + k + 1) * (m + n + k + 2))

    def recurrence(x: FloatArray) -> FloatArray:
        value = (1.0 / (m + 1) - decay(m, x)) / x
        for degree in range(1, n + 1):
            value = (1.0 / (m + degree + 1) - degree * value) / x
        return value

    return _by_size(z, term, recurrence)


def _by_size(
    z: FloatArray, term: Callable[[int], float], recurrence: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    z = np.asarray(z)
    value = np.empty(z.shape)
    small = np.abs(z) < SERIES_LIMIT
    x = z[small]
    series = np.full(x.shape, term(SERIES_TERMS))
    for k in range(SERIES_TERMS - 1, -1, -1):
        series = series * x + term(k)
    value[small] = series
    value[~small] = recurrence(z[~small])
    return value
