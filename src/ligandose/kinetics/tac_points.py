"""Time integrals without a fit: trapezoids with a tail, and single time points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
LN2 = math.log(2.0)
Z90 = 1.6448536269514722
NODES = 41
STARTS = ("constant", "zero")


@dataclass(frozen=True, slots=True)
class PointIntegral:
    """A time-integrated activity from points.

    Attributes:
        tia_Bq_s: the integral.
        se_Bq_s: its standard error from the stated uncertainties; None where none were stated.
        tail_fraction: part of the integral after the last point.
        note: what was assumed.
    """

    tia_Bq_s: float
    se_Bq_s: float | None
    tail_fraction: float
    note: str


def trapezoid_tia(
    time_s: ArrayLike,
    activity_Bq: ArrayLike,
    *,
    decay_per_s: float,
    uncertainty_Bq: ArrayLike | None = None,
    tail_points: int = 0,
    start: str = "constant",
) -> PointIntegral:
    """Return the integral by trapezoids and an exponential tail.

    Args:
        time_s: (n,) rising times, > 0.
        activity_Bq: (n,) activity at them (not corrected for decay), ≥ 0.
        decay_per_s: physical decay constant.
        uncertainty_Bq: (n,) standard deviations.
        tail_points: 0: after the last point there is physical decay alone (an upper limit); 2 or
            more: log-linear slope of so many last points, never slower than decay.
        start: before the first point activity falls by decay alone from time 0 ("constant" amount),
            or rises linearly from "zero".

    Raises:
        InputError: fewer than two points, times that do not rise, a negative activity, a choice
            that does not exist.
    """
    time, activity = np.asarray(time_s, np.float64), np.asarray(activity_Bq, np.float64)
    if time.ndim != 1 or time.shape != activity.shape or time.size < 2:
        raise InputError("trapezoids need two points or more, with one activity for each time")
    if not (np.all(np.diff(time) > 0.0) and time[0] > 0.0 and np.all(activity >= 0.0)):
        raise InputError("times must rise from above 0, and no activity may be negative")
    if start not in STARTS:
        raise InputError(f"start {start!r}: allowed are {', '.join(STARTS)}")
    if tail_points == 1 or tail_points > time.size or tail_points < 0:
        raise InputError(f"tail_points {tail_points}: allowed are 0, or 2 to {time.size}")
    rate = max(decay_per_s, _slope(time, activity, tail_points))
    weight = np.zeros(time.size)
    weight[:-1] += 0.5 * np.diff(time)
    weight[1:] += 0.5 * np.diff(time)
    first = 0.5 * time[0] if start == "zero" else math.expm1(decay_per_s * time[0]) / decay_per_s
    weight[0] += first
    weight[-1] += 1.0 / rate
    total = float(weight @ activity)
    error = None
    if uncertainty_Bq is not None:
        error = float(np.linalg.norm(weight * np.asarray(uncertainty_Bq, np.float64)))
    tail = float(activity[-1]) / rate / total if total > 0.0 else 0.0
    after = "physical decay" if rate == decay_per_s else f"slope of the last {tail_points} points"
    before = "the amount of the first point" if start == "constant" else "a rise from zero"
    return PointIntegral(total, error, tail, f"before: {before}; after: {after}")


def _slope(time: Floats, activity: Floats, points: int) -> float:
    if points == 0 or np.any(activity[-points:] <= 0.0):
        return 0.0
    return -float(np.polyfit(time[-points:], np.log(activity[-points:]), 1)[0])


def haenscheid_tia_Bq_s(time_s: ArrayLike, activity_Bq: ArrayLike) -> Floats:
    """Return 2 t A(t) / ln 2, the integral from one late point without any half-life.

    Hänscheid et al. 2018 (J. Nucl. Med. 59:75). Right where t is one or two effective half-lives;
    see `haenscheid_bias`.
    """
    time, activity = _positive(time_s, activity_Bq)
    return 2.0 * time * activity / LN2


def haenscheid_bias(time_over_half_life: ArrayLike) -> Floats:
    """Return estimate/true of `haenscheid_tia_Bq_s` for a mono-exponential: 2 x 2^(−x), x = t/T.

    >>> haenscheid_bias([0.75, 1.0, 2.0]).round(3).tolist()
    [0.892, 1.0, 1.0]
    """
    x = np.asarray(time_over_half_life, np.float64)
    return 2.0 * x * np.exp2(-x)


def madsen_tia_Bq_s(time_s: ArrayLike, activity_Bq: ArrayLike, *, half_life_s: ArrayLike) -> Floats:
    """Return A(t) exp(λ t)/λ with the population's mean effective half-life.

    Madsen et al. 2018 (Med. Phys. 45:2318). See `madsen_bias`.
    """
    time, activity = _positive(time_s, activity_Bq)
    half = np.asarray(half_life_s, np.float64)
    if not np.all(half > 0.0):
        raise InputError("half_life_s must be above 0")
    return activity * np.exp2(time / half) * half / LN2


def madsen_bias(
    time_s: ArrayLike, *, half_life_s: ArrayLike, true_half_life_s: ArrayLike
) -> Floats:
    """Return estimate/true of `madsen_tia_Bq_s` where the patient's half-life is another one."""
    time = np.asarray(time_s, np.float64)
    assumed, true = np.asarray(half_life_s, np.float64), np.asarray(true_half_life_s, np.float64)
    return assumed / true * np.exp2(time / assumed - time / true)


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """An integral from one point and a population of effective half-lives.

    Attributes:
        tia_Bq_s: mean over the population of what the integral may be.
        sd_Bq_s: its standard deviation (half-life and activity).
        p05_Bq_s, p95_Bq_s: 90 % interval.
        bias_at_p05, bias_at_p95: estimate/true of the Madsen estimate, where the patient's
            half-life is at the lower and upper end of the population's 90 %.
    """

    tia_Bq_s: float
    sd_Bq_s: float
    p05_Bq_s: float
    p95_Bq_s: float
    bias_at_p05: float
    bias_at_p95: float


def single_point_tia(
    time_s: float,
    activity_Bq: float,
    *,
    half_life_s: float,
    half_life_cv: float,
    uncertainty_Bq: float = 0.0,
) -> SinglePoint:
    """Return the integral of one point over a log-normal population of effective half-lives.

    Args:
        time_s, activity_Bq: the point.
        half_life_s: the population's median effective half-life.
        half_life_cv: its coefficient of variation between patients, ≥ 0.
        uncertainty_Bq: standard deviation of the activity.

    Raises:
        InputError: a value that is not positive, a cv or uncertainty below 0.
    """
    _positive([time_s, half_life_s], [activity_Bq, activity_Bq])
    if half_life_cv < 0.0 or uncertainty_Bq < 0.0:
        raise InputError("half_life_cv and uncertainty_Bq must not be negative")
    sigma = math.sqrt(math.log1p(half_life_cv**2))
    relative = math.sqrt(math.log1p((uncertainty_Bq / activity_Bq) ** 2))
    u, w = np.polynomial.hermite_e.hermegauss(NODES)
    half = half_life_s * np.exp(sigma * u)
    each = madsen_tia_Bq_s(time_s, activity_Bq, half_life_s=half)
    values = np.outer(each, np.exp(relative * u - 0.5 * relative**2)).ravel()
    weight = np.outer(w, w).ravel() / w.sum() ** 2
    mean = float(values @ weight)
    order = np.argsort(values)
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    low, high = np.interp([0.05, 0.95], below, values[order])
    ends = half_life_s * np.exp(sigma * Z90 * np.array([-1.0, 1.0]))
    bias = madsen_bias(time_s, half_life_s=half_life_s, true_half_life_s=ends)
    sd = math.sqrt(max(float(weight @ (values - mean) ** 2), 0.0))
    return SinglePoint(mean, sd, float(low), float(high), float(bias[0]), float(bias[1]))


def _positive(time_s: ArrayLike, activity_Bq: ArrayLike) -> tuple[Floats, Floats]:
    time, activity = np.asarray(time_s, np.float64), np.asarray(activity_Bq, np.float64)
    if not (np.all(time > 0.0) and np.all(activity > 0.0)):
        raise InputError("times, half-lives and activities must be above 0")
    return time, activity
