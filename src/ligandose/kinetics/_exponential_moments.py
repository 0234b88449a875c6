"""Moments of a decaying exponential over one step, for the time integrals of the dense output."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Below x = 1 the recurrence loses digits; the series of 18 terms is exact to rounding there.
SERIES_TERMS = 18


@njit(cache=True)
def exponential_moments(x: float, moments: NDArray[np.float64]) -> None:
    """Fill moments[m] = ∫₀¹ θᵐ e^(-xθ) dθ for m = 0 … 4 (x ≥ 0, dimensionless)."""
    if x < 1.0:
        for m in range(5):
            term = 1.0
            total = 0.0
            for k in range(SERIES_TERMS):
                total += term / (m + k + 1)
                term *= -x / (k + 1)
            moments[m] = total
        return
    decayed = np.exp(-x)
    moments[0] = (1.0 - decayed) / x
    for m in range(1, 5):
        moments[m] = (m * moments[m - 1] - decayed) / x
