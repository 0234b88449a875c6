"""Mono-exponential fits of many curves at once: every voxel of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.kinetics.tac_solve import FASTEST_FALL

Floats = NDArray[np.float64]
STEPS = 40
TOLERANCE = 1e-10

_options: Any = {"cache": True, "error_model": "numpy", "fastmath": False}


@dataclass(frozen=True)
class VoxelFits:
    """Mono-exponential fits A exp(−(λ_p + k) t), A ≥ 0; arrays (voxels,).

    k is not below 0 and not above 2 ln 2 per time of the first point, as in curves of regions:
    what vanished before it was not measured, and noise would become activity without bound.

    Attributes:
        amplitude_Bq: A.
        rate_per_s: λ_p + k.
        tia_Bq_s: A / (λ_p + k).
        relative_se: standard error of the integral over it by the delta method; NaN where it is not
            determined (no signal, or no uncertainty stated and two points).
        at_decay: k came out at its bound: physical decay alone.
    """

    amplitude_Bq: Floats
    rate_per_s: Floats
    tia_Bq_s: Floats
    relative_se: Floats
    at_decay: NDArray[np.bool_]


def fit_voxels(
    time_s: ArrayLike,
    activity_Bq: ArrayLike,
    *,
    decay_per_s: float,
    uncertainty_Bq: ArrayLike | None = None,
) -> VoxelFits:
    """Fit a mono-exponential to each of many curves, in parallel.

    The amplitude is eliminated (variable projection) and the rate found by safeguarded Newton steps
    on the profile; noise may make single values negative. Each curve is fitted alone: the result
    does not depend on the number of threads.

    Args:
        time_s: (n,) times, > 0, two or more.
        activity_Bq: (voxels, n) activities at them (not corrected for decay).
        decay_per_s: physical decay constant.
        uncertainty_Bq: (n,) or (voxels, n) standard deviations; default equal for all points of a
            curve, estimated from its scatter.

    Raises:
        InputError: shapes that do not fit, times or uncertainties not positive, a value not finite.
    """
    time = np.ascontiguousarray(time_s, np.float64)
    y = np.ascontiguousarray(activity_Bq, np.float64)
    if time.ndim != 1 or time.size < 2 or y.ndim != 2 or y.shape[1] != time.size:
        raise InputError(f"activity_Bq has shape {y.shape}, times {time.shape}; give (voxels, n)")
    if not (np.all(time > 0.0) and decay_per_s > 0.0):
        raise InputError("times and decay_per_s must be above 0")
    weight = np.ones((1, time.size))
    if uncertainty_Bq is not None:
        sigma = np.atleast_2d(np.asarray(uncertainty_Bq, np.float64))
        if sigma.shape not in ((1, time.size), y.shape) or not np.all(sigma > 0.0):
            raise InputError("uncertainty_Bq must be positive, of shape (n,) or (voxels, n)")
        weight = np.ascontiguousarray(1.0 / sigma**2)
    out = np.empty((4, y.shape[0]))
    if not _fit_all(time, y, weight, decay_per_s, uncertainty_Bq is None, out):
        raise InputError("activity_Bq has a value that is not finite")
    rate = decay_per_s + out[1]
    return VoxelFits(out[0], rate, out[0] / rate, out[2], out[3] > 0.5)


@njit(**_options)
def _profile(
    k: float, time: Any, y: Any, w: Any, decay: float
) -> tuple[float, float, float, float, float]:  # pragma: no cover (compiled)
    """Return Σwyf, Σwff and their derivatives' moments at a biological rate."""
    p = q = p1 = q1 = q2 = 0.0
    for i in range(time.size):
        f = math.exp(-(decay + k) * time[i])
        wf = w[i] * f
        p += wf * y[i]
        q += wf * f
        p1 += wf * y[i] * time[i]
        q1 += wf * f * time[i]
        q2 += wf * f * time[i] * time[i]
    return p, q, p1, q1, q2


@njit(**_options)
def _slope(k: float, time: Any, y: Any, w: Any, decay: float) -> float:  # pragma: no cover
    """Return −½ d(χ²)/dk of the profile over its amplitude; positive: a faster rate fits better."""
    p, q, p1, q1, _ = _profile(k, time, y, w, decay)
    a = p / q
    return -a * (p1 - a * q1)


@njit(**_options)
def _rate(time: Any, y: Any, w: Any, decay: float) -> float:  # pragma: no cover
    """Return the biological rate: a root of the slope, bracketed, by Newton or bisection."""
    if _slope(0.0, time, y, w, decay) <= 0.0:
        return 0.0
    top = FASTEST_FALL / time[0]
    if _slope(top, time, y, w, decay) > 0.0:
        return top
    low, high = 0.0, min(top, 0.3 / time[-1])
    while high < top and _slope(high, time, y, w, decay) > 0.0:
        low, high = high, min(top, 2.0 * high)
    k = 0.5 * (low + high)
    for _ in range(STEPS):
        p, q, p1, q1, q2 = _profile(k, time, y, w, decay)
        a = p / q
        g = -a * (p1 - a * q1)
        if g > 0.0:
            low = k
        else:
            high = k
        curvature = a * a * (q2 - q1 * q1 / q)  # Gauss–Newton, of the profile
        step = g / curvature if curvature > 0.0 else 0.0
        new = k + step
        if not (low < new < high):
            new = 0.5 * (low + high)
        if abs(new - k) <= TOLERANCE * (decay + k):
            return new
        k = new
    return k


@njit(parallel=True, **_options)
def _fit_all(
    time: Any, y: Any, weight: Any, decay: float, relative: bool, out: Any
) -> bool:  # pragma: no cover
    n = time.size
    bad = 0
    for v in prange(y.shape[0]):
        w = weight[v] if weight.shape[0] > 1 else weight[0]
        finite = True
        for i in range(n):
            if not math.isfinite(y[v, i]):
                finite = False
        if not finite:
            bad += 1
            continue
        k = _rate(time, y[v], w, decay)
        p, q, _, q1, q2 = _profile(k, time, y[v], w, decay)
        a = p / q
        if a <= 0.0:
            out[0, v], out[1, v], out[2, v], out[3, v] = 0.0, 0.0, math.nan, 1.0
            continue
        chi2 = 0.0
        for i in range(n):
            r = y[v, i] - a * math.exp(-(decay + k) * time[i])
            chi2 += w[i] * r * r
        bound = k == 0.0
        freedom = n - (1 if bound else 2)
        scale = 1.0
        if relative:
            scale = chi2 / freedom if freedom > 0 else math.nan
        rate = decay + k
        # information of (ln A, k): a² [[q, −q1], [−q1, q2]]; gradient of ln TIA: (1, −1/rate)
        determinant = q * q2 - q1 * q1
        if bound:
            variance = 1.0 / (a * a * q)
        else:
            variance = (q2 - 2.0 * q1 / rate + q / (rate * rate)) / (a * a * determinant)
        out[0, v], out[1, v] = a, k
        out[2, v] = math.sqrt(max(variance, 0.0) * scale)
        out[3, v] = 1.0 if bound else 0.0
    return bad == 0
