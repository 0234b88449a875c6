"""Survival of single cells, of the clonogens among them, and control of the tumour they make.

ln S = −α (RBE_max D_α/OER_α + D_L/OER_L + Q_L/(OER_L² α/β) + interaction): the linear-quadratic
law with dose rate (Q = G D², `lea_catcheside`), alphas in the linear term only with the
interaction that `mixed_field` states, and oxygen as a factor on dose, so that it acts as OER on
α and as OER² on β of each cell. Everything is an array over cells; nothing here knows where a
cell lies.

Sources: Lea & Catcheside, J Genet 44:216 (1942); Dale & Jones, Int J Radiat Biol 75:1485 (1999)
for the mixed field; Webb & Nahum, Phys Med Biol 38:653 (1993) for the Poisson law of control.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    finite,
    not_negative,
    positive,
    probability,
)
from ligandose.effect.lea_catcheside import cross_quadratic_dose_Gy2
from ligandose.effect.mixed_field import Interaction, mixed_bed
from ligandose.effect.sampled import protracted_dose
from ligandose.effect.tumour import log_tcp
from ligandose.errors import InputError

Statistics = Literal["poisson", "each_cell"]

# A quadratic form of a dose-rate curve that is nowhere negative may go below zero by rounding.
_ROUNDING = 1e-9


def mode_matrix_Gy2(
    amplitude_Gy_s: ArrayLike, rate_per_s: ArrayLike, *, repair_rate_per_s: float
) -> FloatArray:
    """Return the matrix Q_mn of quadratic doses between dose-rate curves, shape (m, m), Gy².

    Cells near each other share a few curves of dose rate in time and differ in how much of each
    they get: R_i(t) = Σ_m w_im f_m(t). Then Q_i = w_i · Q w_i, and 1e5 cells cost m² integrals.

    Args:
        amplitude_Gy_s: of f_m = Σ_k A_mk e^(−λ_mk t), shape (m, k), Gy/s.
        rate_per_s: λ_mk > 0, shape (m, k), 1/s.
        repair_rate_per_s: μ ≥ 0, 1/s.

    Raises:
        InputError: not two axes, or values out of range.
    """
    amplitude, rate = np.broadcast_arrays(
        finite("amplitude_Gy_s", amplitude_Gy_s), positive("rate_per_s", rate_per_s)
    )
    if amplitude.ndim != 2:
        raise InputError(
            f"amplitude_Gy_s has shape {amplitude.shape}; give (modes, exponentials of a mode)"
        )
    row, column = (amplitude[:, None], rate[:, None]), (amplitude[None, :], rate[None, :])
    return cross_quadratic_dose_Gy2(row, column, repair_rate_per_s=repair_rate_per_s)


def sampled_mode_matrix_Gy2(
    time_s: ArrayLike,
    dose_rate_Gy_s: ArrayLike,
    *,
    repair_rate_per_s: float,
    tail_rate_per_s: float | None = None,
) -> FloatArray:
    """Return Q_mn of dose-rate curves that are given as samples, linear between them, Gy².

    Args:
        time_s: shape (N,), s.
        dose_rate_Gy_s: f_m ≥ 0, shape (m, N), Gy/s.
        repair_rate_per_s: μ ≥ 0, 1/s.
        tail_rate_per_s: decay of every mode after the last sample, 1/s; None for nothing.

    Q is a quadratic form in the samples, so Q_mn = (Q(f_m + f_n) − Q(f_m) − Q(f_n)) / 2.
    """
    rate = not_negative("dose_rate_Gy_s", dose_rate_Gy_s)
    if rate.ndim != 2:
        raise InputError(f"dose_rate_Gy_s has shape {rate.shape}; give (modes, samples)")
    together = protracted_dose(
        time_s,
        rate[:, None] + rate[None, :],
        repair_rate_per_s=repair_rate_per_s,
        tail_rate_per_s=tail_rate_per_s,
    ).quadratic_dose_Gy2
    own = np.diagonal(together) / 4.0
    return 0.5 * (together - own[:, None] - own[None, :])


def cell_quadratic_dose_Gy2(weight: ArrayLike, mode_matrix_Gy2: ArrayLike) -> FloatArray:
    """Return Q_i = Σ_mn w_im Q_mn w_in of every cell, shape (n,), Gy².

    Args:
        weight: w, shape (n, m) or (m,); below 0 only where a curve is a difference of modes.
        mode_matrix_Gy2: from `mode_matrix_Gy2` or `sampled_mode_matrix_Gy2`, shape (m, m).

    Raises:
        InputError: shapes that do not fit, or weights that make a dose rate below 0.

    >>> cell_quadratic_dose_Gy2([[1.0, 0.0], [1.0, 2.0]], [[4.0, 1.0], [1.0, 3.0]]).tolist()
    [4.0, 20.0]
    """
    w, q = finite("weight", weight), finite("mode_matrix_Gy2", mode_matrix_Gy2)
    if q.ndim != 2 or q.shape[0] != q.shape[1] or w.ndim == 0 or w.shape[-1] != q.shape[0]:
        raise InputError(
            f"weight has shape {w.shape} and mode_matrix_Gy2 {q.shape}; give (cells, modes) and "
            "(modes, modes)"
        )
    quadratic = np.asarray(np.sum((w @ q) * w, axis=-1))
    scale = np.sum((np.abs(w) @ np.abs(q)) * np.abs(w), axis=-1)
    if np.any(quadratic < -_ROUNDING * scale):
        raise InputError("weight makes a quadratic dose below 0: a dose rate would be negative")
    return np.maximum(quadratic, 0.0)


def cell_log_survival(
    dose_low_Gy: ArrayLike,
    quadratic_low_Gy2: ArrayLike,
    *,
    alpha_per_Gy: ArrayLike,
    alpha_beta_Gy: ArrayLike,
    dose_alpha_Gy: ArrayLike = 0.0,
    rbe_max: ArrayLike | None = None,
    oer_low: ArrayLike = 1.0,
    oer_alpha: ArrayLike = 1.0,
    interaction: Interaction = "independent",
    alpha_quadratic_Gy2: ArrayLike | None = None,
    cross_quadratic_Gy2: ArrayLike | None = None,
    sqrt_beta_ratio: ArrayLike | None = None,
) -> FloatArray:
    """Return ln S of every cell, shape (n,).

    Args:
        dose_low_Gy: physical dose of electrons and photons, ≥ 0, Gy.
        quadratic_low_Gy2: Q = G D² of it, from `cell_quadratic_dose_Gy2` or `lea_catcheside`, Gy².
        alpha_per_Gy: α > 0 of the well-oxygenated cell under low-LET radiation, 1/Gy.
        alpha_beta_Gy: α/β > 0 of the same, Gy.
        dose_alpha_Gy: physical dose of alphas, ≥ 0, Gy; at the hit numbers where single hits
            matter use `hit_log_survival` instead.
        rbe_max: α_H/α_L ≥ 1, from `alpha_rbe` or `alpha_rbe_of_let`; needed with alphas.
        oer_low, oer_alpha: factors ≥ 1 on dose from `oer_dose_factor`; 1 for enough oxygen.
        interaction, alpha_quadratic_Gy2, cross_quadratic_Gy2, sqrt_beta_ratio: as in
            `mixed_bed`; quadratic doses are physical ones.

    Raises:
        InputError: a value out of range, alphas without RBE.

    >>> round(float(cell_log_survival(2.0, 4.0, alpha_per_Gy=0.3, alpha_beta_Gy=10.0)), 12)
    -0.72
    """
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    dose_h = not_negative("dose_alpha_Gy", dose_alpha_Gy)
    if rbe_max is None and np.any(dose_h > 0.0):
        raise InputError("rbe_max is missing; with alpha dose give one, as from alpha_rbe_of_let")
    oer_l, oer_h = _oer("oer_low", oer_low), _oer("oer_alpha", oer_alpha)
    bed = mixed_bed(
        not_negative("dose_low_Gy", dose_low_Gy) / oer_l,
        not_negative("quadratic_low_Gy2", quadratic_low_Gy2) / oer_l**2,
        alpha_dose_Gy=dose_h / oer_h,
        rbe_max=1.0 if rbe_max is None else rbe_max,
        alpha_beta_Gy=alpha_beta_Gy,
        interaction=interaction,
        alpha_quadratic_Gy2=_divided("alpha_quadratic_Gy2", alpha_quadratic_Gy2, oer_h**2),
        cross_quadratic_Gy2=_divided("cross_quadratic_Gy2", cross_quadratic_Gy2, oer_l * oer_h),
        sqrt_beta_ratio=sqrt_beta_ratio,
    )
    broadcastable("doses and α", bed.total_Gy, alpha)
    return -alpha * bed.total_Gy


def zero_hit_fraction(mean_hits: ArrayLike) -> FloatArray:
    """Return e^(−n̄): the share of cells whose nucleus no alpha has crossed."""
    return np.exp(-not_negative("mean_hits", mean_hits))


def hit_log_survival(mean_hits: ArrayLike, survival_per_hit: ArrayLike) -> FloatArray:
    """Return ln S = −n̄ (1 − s₁) of cells with a Poisson number of independent alpha hits.

    Args:
        mean_hits: n̄ ≥ 0 of the nucleus, shape (…).
        survival_per_hit: s₁ in 0 … 1, the mean of what one hit leaves: ∫ f₁(z) e^(−z/z₀) dz of
            the single-event spectrum f₁. It is the ln S of alphas to be added to that of
            low-LET radiation.

    Source: Roeske & Stinchcomb, J Nucl Med 38:1923 (1997).

    >>> round(float(hit_log_survival(3.0, 0.25)), 12)
    -2.25
    """
    hits = not_negative("mean_hits", mean_hits)
    survival = probability("survival_per_hit", survival_per_hit)
    broadcastable("mean_hits and survival_per_hit", hits, survival)
    return -hits * (1.0 - survival)


def single_hit_survival(
    specific_energy_Gy: ArrayLike, frequency: ArrayLike, *, z0_Gy: ArrayLike
) -> FloatArray:
    """Return s₁ = Σ f₁ e^(−z/z₀) / Σ f₁ over the last axis of a single-event spectrum.

    Args:
        specific_energy_Gy: z ≥ 0 of one hit, shape (…, b), Gy.
        frequency: f₁ ≥ 0 of each bin, shape (…, b); normalised to 1.
        z0_Gy: specific energy that leaves 1/e, > 0, shape (…), Gy.
    """
    z, f = (
        not_negative("specific_energy_Gy", specific_energy_Gy),
        not_negative("frequency", frequency),
    )
    scale = positive("z0_Gy", z0_Gy)
    shape = broadcastable("specific_energy_Gy and frequency", z, f)
    total = np.sum(np.broadcast_to(f, shape), axis=-1) if shape else np.zeros(())
    if np.any(total <= 0.0):
        raise InputError("frequency sums to 0 or has no axis of bins; give the spectrum of hits")
    return np.asarray(np.sum(f * np.exp(-z / scale[..., None]), axis=-1) / total)


def log_surviving_clonogens(
    log_survival: ArrayLike, *, weight: ArrayLike | None = None
) -> FloatArray:
    """Return ln of the mean survival over the last axis (cells), without underflow.

    Args:
        log_survival: ln S of each cell, shape (…, n).
        weight: clonogens that each cell stands for, ≥ 0, shape (…, n); None for one each. Cells
            that cannot regrow the tumour have 0.

    Raises:
        InputError: no cells, or weights that sum to 0.
    """
    log_s = finite("log_survival", log_survival)
    w = np.ones(()) if weight is None else not_negative("weight", weight)
    shape = broadcastable("log_survival and weight", log_s, w)
    if not shape or shape[-1] == 0:
        raise InputError("log_survival is empty; give a last axis of cells")
    log_s, w = np.broadcast_to(log_s, shape), np.broadcast_to(w, shape)
    total = np.sum(w, axis=-1)
    if np.any(total <= 0.0):
        raise InputError("weight sums to 0; at least one cell must be a clonogen")
    top = np.max(np.where(w > 0.0, log_s, -np.inf), axis=-1)
    left = np.exp(np.minimum(log_s - top[..., None], 0.0))
    return top + np.log(np.sum(w * left, axis=-1) / total)


def cell_log_tcp(
    log_survival: ArrayLike,
    *,
    clonogens: ArrayLike,
    weight: ArrayLike | None = None,
    statistics: Statistics = "poisson",
) -> FloatArray:
    """Return ln of the probability that no clonogen survives, shape (…).

    Args:
        log_survival: ln S of each cell, shape (…, n).
        clonogens: N ≥ 0 clonogens of the whole tumour, of which the cells are a sample; with
            "each_cell" it must be the number of clonogens among the cells.
        weight: as in `log_surviving_clonogens`; 0 or 1 with "each_cell".
        statistics: "poisson" for e^(−N S̄); "each_cell" for Π (1 − S_i), exact where every
            clonogen is one of the cells, as in a micrometastasis of a few of them.

    Raises:
        InputError: an unknown law, or numbers that do not fit it.
    """
    mean = log_surviving_clonogens(log_survival, weight=weight)
    number = not_negative("clonogens", clonogens)
    if statistics == "poisson":
        return log_tcp(-mean, clonogens=number, alpha_per_Gy=1.0)
    if statistics != "each_cell":
        raise InputError(f"statistics {statistics!r} is not known; 'poisson' or 'each_cell'")
    log_s = finite("log_survival", log_survival)
    w = np.broadcast_to(np.ones(()) if weight is None else np.asarray(weight), log_s.shape)
    if np.any((w != 0.0) & (w != 1.0)) or np.any(np.sum(w, axis=-1) != number):
        raise InputError(
            "statistics 'each_cell' needs weights of 0 or 1 that sum to clonogens; a sample of a "
            "larger tumour is for 'poisson'"
        )
    with np.errstate(divide="ignore"):
        failed = np.log(-np.expm1(np.minimum(log_s, 0.0)))
    return np.asarray(np.sum(np.where(w > 0.0, failed, 0.0), axis=-1))


def cell_equivalent_uniform_bed_Gy(
    log_survival: ArrayLike, *, alpha_per_Gy: ArrayLike, weight: ArrayLike | None = None
) -> FloatArray:
    """Return the uniform BED that spares as many clonogens, −ln S̄ / α, Gy.

    `dose_of_bed_Gy` turns it into a uniform dose of a given protraction. α > 0 is that of the
    reference cell, shape (…).
    """
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    mean = log_surviving_clonogens(log_survival, weight=weight)
    broadcastable("cells and α", mean, alpha)
    return -mean / alpha


def _oer(name: str, values: ArrayLike) -> FloatArray:
    array = positive(name, values)
    if array.size and array.min() < 1.0:
        raise InputError(f"{name} holds {array.min():g}; a factor of lacking oxygen is ≥ 1")
    return array


def _divided(name: str, values: ArrayLike | None, by: FloatArray) -> FloatArray | None:
    return None if values is None else not_negative(name, values) / by
