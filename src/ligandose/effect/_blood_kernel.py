# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
"""The hot loop of the blood-count model: Runge–Kutta 4 with the radiation kill taken exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Array = NDArray[np.float64]


@njit(cache=True, fastmath=False, inline="always")
def _proliferation(circulating: float, ktr: float, gamma: float) -> float:
    # The floor keeps the feedback finite when the marrow is wiped out.
    return ktr * (np.exp(-gamma * np.log(max(circulating, 1e-12))) - 1.0)


@njit(cache=True, inline="always")
def _kill(bed: Array, left: Any, share: Array, sensitivity: float, m: int) -> float:
    # Linear between the samples on either side of time m.
    k = left[m]
    return sensitivity * (bed[k] + share[m] * (bed[k + 1] - bed[k]))


@njit(cache=True, parallel=True)
def integrate(
    times: Array,
    marrow: tuple[Array, Any, Array, Array],
    ktr: Array,
    gamma: Array,
    store: Any,
    stored: Array,
) -> Array:
    """Fill `stored` (P, n_out) with relative counts; return (P, 2): nadir and its time.

    times: (T,) step times, s. marrow: cumulative BED (P or 1, N), the sample left of each step
    time and midpoint (2T − 1,), the share of the way to the next sample, and the sensitivity
    (P,). ktr, gamma: (P,). store: (n_out,) indices into times. Compartments are relative to
    their baseline: y0 proliferating, y1 … y3 in transit, y4 circulating. Within a step
    y0 = q e^(−(K(t) − K(start))), so a jump of dose between two step times is exact.
    """
    bed, left, share, sensitivity = marrow
    patients, steps = ktr.shape[0], times.shape[0] - 1
    nadir = np.empty((patients, 2))
    for p in prange(patients):
        y = np.ones(5)
        k = np.empty((4, 5))
        u = np.empty(5)
        low, low_time, out = 1.0, times[0], 0
        rate, g = ktr[p], gamma[p]
        given = bed[p] if bed.shape[0] > 1 else bed[0]
        if store[0] == 0:
            stored[p, 0] = 1.0
            out = 1
        base = _kill(given, left, share, sensitivity[p], 0)
        for s in range(steps):
            h = times[s + 1] - times[s]
            middle = _kill(given, left, share, sensitivity[p], 2 * s + 1)
            end = _kill(given, left, share, sensitivity[p], 2 * s + 2)
            half, full = np.exp(base - middle), np.exp(base - end)
            base = end
            for stage in range(4):
                kept = 1.0 if stage == 0 else (full if stage == 3 else half)
                part = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
                for c in range(5):
                    u[c] = y[c] + (part * k[stage - 1, c] if stage > 0 else 0.0)
                k[stage, 0] = u[0] * _proliferation(u[4], rate, g)
                k[stage, 1] = rate * (u[0] * kept - u[1])
                for c in range(2, 5):
                    k[stage, c] = rate * (u[c - 1] - u[c])
            for c in range(5):
                y[c] += h / 6.0 * (k[0, c] + 2.0 * k[1, c] + 2.0 * k[2, c] + k[3, c])
            y[0] *= full
            if y[4] < low:
                low, low_time = y[4], times[s + 1]
            if out < store.shape[0] and store[out] == s + 1:
                stored[p, out] = y[4]
                out += 1
        nadir[p, 0] = low
        nadir[p, 1] = low_time
    return nadir
