"""External beam on the same cells, alone and together with radionuclide therapy.

A fraction is acute. The quadratic dose of a course of fractions at times t_k with repair μ is
Σ d_k² + 2 Σ_{j<k} d_j d_k e^(−μ(t_k − t_j)); with a radionuclide's dose rate beside it, pairs of
one lesion of each are added (`fraction_pairs_Gy2`), or left out with a word where the two are
far apart in time, as published plans do.

Sources: Thames, Int J Radiat Biol 47:319 (1985) for incomplete repair; Bodey, Flux & Evans,
Cancer Biother Radiopharm 18:89 (2003) and Hobbs et al., PMC3090537 (2011) for adding BED of both
treatments in tumour and organs at risk.
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
    repair_rate,
)
from ligandose.effect.bed import bed_of_quadratic_Gy, eqd2_Gy
from ligandose.errors import InputError


@dataclass(frozen=True, slots=True)
class CombinedBed:
    """BED of both treatments in one tissue, arrays of one shape, Gy.

    Attributes:
        radionuclide_Gy, external_Gy: BED of each alone.
        interaction_Gy: BED of pairs made of one lesion of each; 0 where they were kept apart.
        alpha_beta_Gy: α/β of the tissue.
    """

    radionuclide_Gy: FloatArray
    external_Gy: FloatArray
    interaction_Gy: FloatArray
    alpha_beta_Gy: FloatArray

    @property
    def total_Gy(self) -> FloatArray:
        """The BED of the whole."""
        return self.radionuclide_Gy + self.external_Gy + self.interaction_Gy

    @property
    def eqd2_Gy(self) -> FloatArray:
        """The whole as dose in 2 Gy fractions of equal effect."""
        return eqd2_Gy(self.total_Gy, alpha_beta_Gy=self.alpha_beta_Gy)


def fractions_quadratic_dose_Gy2(
    time_s: ArrayLike, dose_Gy: ArrayLike, *, repair_rate_per_s: ArrayLike
) -> FloatArray:
    """Return Q of acute fractions with what is not yet repaired between them, shape (…), Gy².

    Args:
        time_s: shape (N,), not decreasing, s.
        dose_Gy: of each fraction, ≥ 0, shape (…, N), Gy.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s; 0 makes one dose of all.

    Raises:
        InputError: times that decrease, shapes that do not fit.
    """
    time, dose = finite("time_s", time_s), not_negative("dose_Gy", dose_Gy)
    mu = repair_rate(repair_rate_per_s)
    _check_fractions(time, dose)
    left = np.zeros(broadcastable("dose_Gy and repair rate", dose[..., 0], mu))
    total = np.zeros(left.shape)
    for k in range(time.size):
        if k:
            left = left * np.exp(-mu * (time[k] - time[k - 1]))
        d = dose[..., k]
        total = total + d * d + 2.0 * d * left
        left = left + d
    return total


def fraction_pairs_Gy2(
    amplitude_Gy_s: ArrayLike,
    rate_per_s: ArrayLike,
    *,
    time_s: ArrayLike,
    dose_Gy: ArrayLike,
    repair_rate_per_s: ArrayLike,
) -> FloatArray:
    """Return half of Q(both) − Q(radionuclide) − Q(fractions), shape (…), Gy².

    Σ_k d_k ∫ R(s) e^(−μ|t_k − s|) ds for R(t) = Σ A_i e^(−λ_i t), t ≥ 0.

    Args:
        amplitude_Gy_s: A_i, shape (…, K), Gy/s; an uptake phase is negative.
        rate_per_s: λ_i > 0, shape (…, K), 1/s.
        time_s: of the fractions from the administration, shape (N,), below 0 for before it, s.
        dose_Gy: of each fraction, ≥ 0, shape (…, N), Gy.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s.
    """
    amplitude = finite("amplitude_Gy_s", amplitude_Gy_s)
    rate = positive("rate_per_s", rate_per_s)
    mu = repair_rate(repair_rate_per_s)
    time, dose = finite("time_s", time_s), not_negative("dose_Gy", dose_Gy)
    _check_fractions(time, dose)
    exponentials = broadcastable("amplitude_Gy_s and rate_per_s", amplitude, rate)
    if not exponentials:
        raise InputError("amplitude_Gy_s and rate_per_s need a last axis of exponentials")
    amplitude, rate = np.broadcast_to(amplitude, exponentials), np.broadcast_to(rate, exponentials)
    total = np.zeros(broadcastable("fields and repair rate", amplitude[..., 0], dose[..., 0], mu))
    for k in range(time.size):
        met = np.zeros(())
        for i in range(exponentials[-1]):
            met = met + amplitude[..., i] * _overlap_s(rate[..., i], mu, float(time[k]))
        total = total + dose[..., k] * met
    return total


def combined_bed(
    radionuclide_bed_Gy: ArrayLike,
    *,
    external_dose_Gy: ArrayLike,
    external_quadratic_Gy2: ArrayLike,
    alpha_beta_Gy: ArrayLike,
    pairs_Gy2: ArrayLike = 0.0,
) -> CombinedBed:
    """Return the BED of radionuclide therapy and external beam together.

    Args:
        radionuclide_bed_Gy: ≥ 0, as from `bed_Gy` or `mixed_bed`, shape (…), Gy.
        external_dose_Gy: physical dose of all fractions, ≥ 0, Gy.
        external_quadratic_Gy2: n d² of separate fractions or `fractions_quadratic_dose_Gy2`.
        alpha_beta_Gy: α/β > 0, Gy.
        pairs_Gy2: from `fraction_pairs_Gy2`; 0 for treatments days or more apart.

    >>> both = combined_bed(
    ...     20.0, external_dose_Gy=40.0, external_quadratic_Gy2=80.0, alpha_beta_Gy=10.0)
    >>> float(both.total_Gy)
    68.0
    """
    bed = not_negative("radionuclide_bed_Gy", radionuclide_bed_Gy)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    external = bed_of_quadratic_Gy(
        external_dose_Gy, external_quadratic_Gy2, alpha_beta_Gy=alpha_beta
    )
    meeting = 2.0 * not_negative("pairs_Gy2", pairs_Gy2) / alpha_beta
    shape = broadcastable("BED, external beam and pairs", bed, external, meeting)
    full = (np.broadcast_to(a, shape) for a in (bed, external, meeting, alpha_beta))
    return CombinedBed(*full)


def external_dose_of_bed_Gy(
    bed_Gy: ArrayLike, *, dose_per_fraction_Gy: ArrayLike, alpha_beta_Gy: ArrayLike
) -> FloatArray:
    """Return the isoeffective external dose in fractions of d: BED / (1 + d/(α/β)), Gy."""
    bed = not_negative("bed_Gy", bed_Gy)
    d = positive("dose_per_fraction_Gy", dose_per_fraction_Gy)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    broadcastable("BED, fraction and α/β", bed, d, alpha_beta)
    return bed / (1.0 + d / alpha_beta)


def external_dose_left_Gy(
    limit_bed_Gy: ArrayLike,
    *,
    radionuclide_bed_Gy: ArrayLike,
    dose_per_fraction_Gy: ArrayLike,
    alpha_beta_Gy: ArrayLike,
) -> FloatArray:
    """Return the external dose that an organ may still get after radionuclide therapy, ≥ 0, Gy.

    Args:
        limit_bed_Gy: the organ's limit as BED; a limit in EQD2 is `bed_of_eqd2_Gy` of it, Gy.
        radionuclide_bed_Gy: BED that it has, ≥ 0, Gy.
        dose_per_fraction_Gy: d > 0 that the organ gets in each fraction, Gy.
        alpha_beta_Gy: α/β > 0 of the organ, Gy.

    Assumes no interaction and no recovery in between; both treatments hit the same part.
    """
    limit = not_negative("limit_bed_Gy", limit_bed_Gy)
    had = not_negative("radionuclide_bed_Gy", radionuclide_bed_Gy)
    broadcastable("limit and BED", limit, had)
    return external_dose_of_bed_Gy(
        np.maximum(limit - had, 0.0),
        dose_per_fraction_Gy=dose_per_fraction_Gy,
        alpha_beta_Gy=alpha_beta_Gy,
    )


def _check_fractions(time: FloatArray, dose: FloatArray) -> None:
    if time.ndim != 1 or time.size == 0:
        raise InputError(f"time_s has shape {time.shape}; give one list of at least one time")
    if dose.ndim == 0 or dose.shape[-1] != time.size:
        raise InputError(f"dose_Gy has shape {dose.shape}; its last axis must be {time.size} times")
    if np.any(np.diff(time) < 0.0):
        raise InputError("time_s decreases; sort the fractions by time")


def _overlap_s(rate: FloatArray, mu: FloatArray, at: float) -> FloatArray:
    """Return ∫₀^∞ e^(−λs) e^(−μ|t−s|) ds for a fraction at t."""
    if at <= 0.0:
        return np.exp(mu * at) / (rate + mu)
    gap = (mu - rate) * at
    safe = np.where(gap == 0.0, 1.0, gap)
    # (e^(−λt) − e^(−μt)) / (μ − λ), in the form that does not overflow on either side.
    before = np.exp(-np.minimum(rate, mu) * at) * np.where(
        gap == 0.0, 1.0, -np.expm1(-np.abs(safe)) / np.abs(safe)
    )
    return at * before + np.exp(-rate * at) / (rate + mu)
