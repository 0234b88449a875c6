"""Tumour effect: repopulation, surviving clonogens, control of one and of all lesions.

Everything is carried as logarithms, so that neither e^(−αBED) of a large lesion dose nor the
product over hundreds of lesions runs out of digits.

Sources: Dale, Br J Radiol 62:241 (1989) for repopulation and the effective treatment time of a
decaying dose rate; Fowler, Br J Radiol 62:679 (1989) for the kick-off time; Webb & Nahum, Phys
Med Biol 38:653 (1993) for Poisson TCP and the distribution of radiosensitivity; O'Donoghue,
J Nucl Med 40:1337 (1999) for the equivalent uniform BED.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

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

# Gauss–Legendre nodes over ±SPREAD_SDS standard deviations: a control curve of the steepest
# tumour (α·BED near 60) still spans more than 3 nodes.
NODES = 256
SPREAD_SDS = 6.0


@dataclass(frozen=True, slots=True)
class NetBed:
    """The largest net BED over a course and when it is reached.

    Attributes:
        bed_Gy: max over t of BED(t) − repopulation(t), shape (…), Gy.
        effective_treatment_time_s: that time, shape (…), s; dose after it is wasted on growth.
    """

    bed_Gy: FloatArray
    effective_treatment_time_s: FloatArray


def repopulation_Gy(
    time_s: ArrayLike,
    *,
    alpha_per_Gy: ArrayLike,
    doubling_time_s: ArrayLike,
    kick_off_s: ArrayLike = 0.0,
) -> FloatArray:
    """Return the BED that growth undoes until a time: ln 2 max(0, T − T_k) / (α T_d), Gy.

    Args:
        time_s: T ≥ 0 since the start of treatment, shape (…), s.
        alpha_per_Gy: α > 0, 1/Gy.
        doubling_time_s: T_d > 0, s; infinity for a tumour that does not grow.
        kick_off_s: T_k ≥ 0, s.
    """
    time = not_negative("time_s", time_s)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    doubling = positive_or_infinite("doubling_time_s", doubling_time_s)
    kick_off = not_negative("kick_off_s", kick_off_s)
    broadcastable("time, α, doubling time and kick-off", time, alpha, doubling, kick_off)
    return np.log(2.0) * np.maximum(0.0, time - kick_off) / (alpha * doubling)


def net_bed(
    time_s: ArrayLike,
    bed_Gy: ArrayLike,
    *,
    alpha_per_Gy: ArrayLike,
    doubling_time_s: ArrayLike,
    kick_off_s: ArrayLike = 0.0,
) -> NetBed:
    """Return the largest BED net of repopulation over a course.

    Dose below the rate at which growth outruns kill is not counted, as no further clonogen is
    lost then (Dale 1989). Resolution in time is that of the samples.

    Args:
        time_s: shape (N,) or (…, N), since the start of treatment, s.
        bed_Gy: BED given until each time, shape (…, N), as from `cumulative_bed_Gy`.
        alpha_per_Gy, doubling_time_s, kick_off_s: shape (…), see `repopulation_Gy`.
    """
    time, bed = not_negative("time_s", time_s), not_negative("bed_Gy", bed_Gy)
    if bed.ndim == 0 or time.ndim == 0 or time.shape[-1] != bed.shape[-1]:
        raise InputError("time_s and bed_Gy need the same last axis of samples")
    lost = repopulation_Gy(
        time,
        alpha_per_Gy=np.asarray(alpha_per_Gy, dtype=np.float64)[..., None],
        doubling_time_s=np.asarray(doubling_time_s, dtype=np.float64)[..., None],
        kick_off_s=np.asarray(kick_off_s, dtype=np.float64)[..., None],
    )
    broadcastable("BED and repopulation", bed, lost)
    net = bed - lost
    best = np.argmax(net, axis=-1)[..., None]
    reached = np.take_along_axis(np.broadcast_to(time, net.shape), best, axis=-1)[..., 0]
    return NetBed(np.take_along_axis(net, best, axis=-1)[..., 0], reached)


def effective_treatment_time_s(
    initial_dose_rate_Gy_s: ArrayLike,
    rate_per_s: ArrayLike,
    *,
    alpha_per_Gy: ArrayLike,
    doubling_time_s: ArrayLike,
) -> FloatArray:
    """Return when a decaying dose rate falls to the critical rate ln 2 / (α T_d), s.

    t = ln(α R₀ T_d / ln 2) / λ for R₀ e^(−λt), 0 where R₀ is below the critical rate; the
    quadratic effect, small at such rates, is left out (Dale 1989).
    """
    rate0 = not_negative("initial_dose_rate_Gy_s", initial_dose_rate_Gy_s)
    decay = positive("rate_per_s", rate_per_s)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    doubling = positive("doubling_time_s", doubling_time_s)
    broadcastable("dose rate, rate, α and doubling time", rate0, decay, alpha, doubling)
    excess = np.maximum(1.0, alpha * rate0 * doubling / np.log(2.0))
    return np.log(excess) / decay


def log_surviving_fraction(bed_Gy: ArrayLike, *, alpha_per_Gy: ArrayLike) -> FloatArray:
    """Return ln S = −α BED; a net BED below 0 (growth) gives ln S above 0."""
    bed = finite("bed_Gy", bed_Gy)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    broadcastable("bed_Gy and α", bed, alpha)
    return -alpha * bed


def equivalent_uniform_bed_Gy(
    bed_Gy: ArrayLike, volume_fraction: ArrayLike, *, alpha_per_Gy: ArrayLike
) -> FloatArray:
    """Return EUBED = −ln Σ v e^(−α BED) / α over the last axis (voxels or histogram bins), Gy.

    The uniform BED that spares as many cells; v ≥ 0 is normalised to sum 1.

    Source: O'Donoghue 1999.
    """
    bed = finite("bed_Gy", bed_Gy)
    volume = not_negative("volume_fraction", volume_fraction)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    broadcastable("bed_Gy and volume_fraction", bed, volume)
    total = np.sum(volume, axis=-1)
    if np.any(total <= 0.0):
        raise InputError("volume_fraction sums to 0; give the share of each bin")
    exponent = -alpha[..., None] * bed
    top = np.max(exponent, axis=-1)
    mean = np.sum(volume * np.exp(exponent - top[..., None]), axis=-1) / total
    return -(top + np.log(mean)) / alpha


def equivalent_uniform_bed_log_normal_Gy(
    mean_bed_Gy: ArrayLike, *, bed_log_sd: float, alpha_per_Gy: ArrayLike
) -> FloatArray:
    """Return EUBED of a lesion whose BED is log-normal between cells, shape (…), Gy.

    Args:
        mean_bed_Gy: arithmetic mean BED, ≥ 0, shape (…), Gy.
        bed_log_sd: standard deviation of ln BED within the lesion, ≥ 0 (0.1 in the published
            example; voxel images show more).
        alpha_per_Gy: α > 0, shape (…), 1/Gy.

    Source: Spoormans et al., Pharmaceutics 14:2007 (2022), log-normal dose within a tumour.
    """
    mean = not_negative("mean_bed_Gy", mean_bed_Gy)
    sd = float(not_negative("bed_log_sd", bed_log_sd))
    factors, weights = _log_normal_nodes(1.0, float(np.sqrt(np.expm1(sd**2))))
    return equivalent_uniform_bed_Gy(mean[..., None] * factors, weights, alpha_per_Gy=alpha_per_Gy)


def net_uniform_bed_Gy(
    time_s: ArrayLike,
    mean_bed_Gy: ArrayLike,
    *,
    bed_log_sd: float,
    alpha_per_Gy: ArrayLike,
    doubling_time_s: ArrayLike,
    kick_off_s: ArrayLike = 0.0,
) -> FloatArray:
    """Return the largest uniform BED net of repopulation over a course, shape (…), Gy.

    As `net_bed`, for a lesion whose BED is log-normal between its cells: the least irradiated
    cells decide when growth outruns kill, which is before the mean says so. It is never below 0
    where the first sample is the start of treatment.

    Args:
        time_s: (N,) or (…, N) since the start of treatment, s.
        mean_bed_Gy: (…, N) mean BED given until each time, Gy.
        bed_log_sd: see `equivalent_uniform_bed_log_normal_Gy`.
        alpha_per_Gy, doubling_time_s, kick_off_s: shape (…), see `repopulation_Gy`.
    """
    alpha = positive("alpha_per_Gy", alpha_per_Gy)[..., None]
    mean = not_negative("mean_bed_Gy", mean_bed_Gy)
    lost = repopulation_Gy(
        time_s,
        alpha_per_Gy=alpha,
        doubling_time_s=np.asarray(doubling_time_s, dtype=np.float64)[..., None],
        kick_off_s=np.asarray(kick_off_s, dtype=np.float64)[..., None],
    )
    broadcastable("BED and repopulation", mean, lost)
    about = np.interp(alpha * mean, *_uniform_table(bed_log_sd)) / alpha - lost
    best = np.argmax(about, axis=-1)[..., None]

    def reached(values: FloatArray) -> FloatArray:
        return np.take_along_axis(np.broadcast_to(values, about.shape), best, axis=-1)[..., 0]

    uniform = equivalent_uniform_bed_log_normal_Gy(
        reached(mean), bed_log_sd=bed_log_sd, alpha_per_Gy=alpha[..., 0]
    )
    return uniform - reached(lost)


@cache
def _uniform_table(bed_log_sd: float) -> tuple[FloatArray, FloatArray]:
    """Return α times mean BED, α times uniform BED: to find a time by, not to read doses from."""
    argument = np.concatenate(([0.0], np.geomspace(1e-4, 1e5, 1000)))
    return argument, equivalent_uniform_bed_log_normal_Gy(
        argument, bed_log_sd=bed_log_sd, alpha_per_Gy=1.0
    )


def log_tcp(bed_Gy: ArrayLike, *, clonogens: ArrayLike, alpha_per_Gy: ArrayLike) -> FloatArray:
    """Return ln TCP = −N e^(−α BED) of each lesion (Poisson), shape (…).

    Args:
        bed_Gy: BED net of repopulation, Gy.
        clonogens: N ≥ 0 clonogens before treatment.
        alpha_per_Gy: α > 0, 1/Gy.
    """
    number = not_negative("clonogens", clonogens)
    log_survival = log_surviving_fraction(bed_Gy, alpha_per_Gy=alpha_per_Gy)
    broadcastable("bed_Gy and clonogens", log_survival, number)
    log_number = np.log(np.where(number > 0.0, number, 1.0))
    # e^700 survivors is as certain a failure as any; beyond it the exponential overflows.
    survivors = np.exp(np.minimum(log_number + log_survival, 700.0))
    return np.where(number > 0.0, -survivors, 0.0)


def tcp(bed_Gy: ArrayLike, *, clonogens: ArrayLike, alpha_per_Gy: ArrayLike) -> FloatArray:
    """Return the probability that no clonogen of the lesion survives; see `log_tcp`.

    >>> round(float(tcp(131.8, clonogens=1.79e8, alpha_per_Gy=0.147)), 2)
    0.5
    """
    return np.exp(log_tcp(bed_Gy, clonogens=clonogens, alpha_per_Gy=alpha_per_Gy))


def failure_probability(
    bed_Gy: ArrayLike, *, clonogens: ArrayLike, alpha_per_Gy: ArrayLike
) -> FloatArray:
    """Return 1 − TCP without loss of digits where TCP is near 1."""
    return -np.expm1(log_tcp(bed_Gy, clonogens=clonogens, alpha_per_Gy=alpha_per_Gy))


def log_tcp_all(
    bed_Gy: ArrayLike,
    *,
    clonogens: ArrayLike,
    alpha_per_Gy: ArrayLike,
    present: ArrayLike | None = None,
) -> FloatArray:
    """Return ln of the probability that every lesion of a patient is controlled, shape (…).

    Lesions are the last axis and independent given BED and α; `present` (bool, same shape)
    leaves out the padding of patients with fewer lesions.
    """
    each = log_tcp(bed_Gy, clonogens=clonogens, alpha_per_Gy=alpha_per_Gy)
    if each.ndim == 0:
        raise InputError("bed_Gy needs a last axis of lesions")
    keep = np.ones((), dtype=bool) if present is None else np.asarray(present, dtype=bool)
    return np.sum(np.where(keep, each, 0.0), axis=-1)


def bed_for_tcp_Gy(
    probability: ArrayLike, *, clonogens: ArrayLike, alpha_per_Gy: ArrayLike
) -> FloatArray:
    """Return the BED at which a lesion has a given TCP (0 … 1, ends excluded), Gy."""
    wanted = positive("probability", probability)
    number = positive("clonogens", clonogens)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    if wanted.size and wanted.max() >= 1.0:
        raise InputError("probability must be below 1; certainty needs an infinite dose")
    broadcastable("probability, clonogens and α", wanted, number, alpha)
    return (np.log(number) - np.log(-np.log(wanted))) / alpha


@dataclass(frozen=True, slots=True)
class SpreadTcp:
    """TCP averaged over a distribution of radiosensitivity.

    Attributes:
        each: per lesion, shape (…, L).
        all_lesions: of all lesions of a patient at once, shape (…), which share one α.
    """

    each: FloatArray
    all_lesions: FloatArray


def tcp_over_radiosensitivity(
    bed_Gy: ArrayLike, *, clonogens: ArrayLike, alpha_per_Gy: float, alpha_cv: float
) -> SpreadTcp:
    """Return TCP with α log-normal between patients (mean α, coefficient of variation cv).

    α/β stays fixed, so BED does not change with α; lesions of one patient share α, which makes
    their fates dependent.

    Args:
        bed_Gy, clonogens: shape (…, L).
        alpha_per_Gy: arithmetic mean of α, > 0.
        alpha_cv: ≥ 0; 0 gives the plain Poisson TCP.

    Source: Webb & Nahum 1993 (normal there; log-normal here keeps α above 0).
    """
    mean = float(positive("alpha_per_Gy", alpha_per_Gy))
    cv = float(not_negative("alpha_cv", alpha_cv))
    alphas, weights = _log_normal_nodes(mean, cv)
    bed, number = np.asarray(bed_Gy)[..., None], np.asarray(clonogens)[..., None]
    logs = log_tcp(bed, clonogens=number, alpha_per_Gy=alphas)
    if logs.ndim < 2:
        raise InputError("bed_Gy needs a last axis of lesions")
    together = np.sum(logs, axis=-2)
    return SpreadTcp(np.exp(logs) @ weights, np.exp(together) @ weights)


@cache
def _legendre_nodes() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights on (-1, 1); finding them takes longer than using them."""
    return np.polynomial.legendre.leggauss(NODES)


def _log_normal_nodes(mean: float, cv: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights (sum 1) for averages over a log-normal."""
    if cv == 0.0:
        return np.array([mean]), np.array([1.0])
    sigma = float(np.sqrt(np.log1p(cv**2)))
    x, w = _legendre_nodes()
    sds = SPREAD_SDS * x
    weight = w * np.exp(-0.5 * sds**2)
    return mean * np.exp(sigma * sds - 0.5 * sigma**2), weight / np.sum(weight)
