"""Dose to lymphocytes that circulate; those within a tumour are cells of the tissue.

A lymphocyte gets the dose of blood everywhere, and passes a tumour again and again: passages
are Poisson with the share of the blood's volume that flows through the tumour per time, and last
the time that the tumour's blood volume needs at its flow. With a dose rate R(t) there, a passage
brings R τ, τ being seconds, and all passages together the tumour's share of the blood volume
times the tumour's dose. Nothing here predicts immune or abscopal effects.

Source of the picture: Basler et al., Radiat Oncol 13:10 (2018), doi:10.1186/s13014-018-0952-y;
the closed form for a decaying dose rate is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._cell_data import cell_value
from ligandose.effect._checks import FloatArray, broadcastable, not_negative, positive
from ligandose.errors import InputError

# Gauss–Legendre nodes of ∫ (1 − e^(−xu))/u du over 0 … 1; x is far below 1 in practice.
NODES = 64


@dataclass(frozen=True, slots=True)
class CirculatingDose:
    """What circulating lymphocytes get, arrays of one shape.

    Attributes:
        mean_dose_Gy: from blood and from passages of the tumour, Gy.
        tumour_dose_Gy: the part from passages, Gy.
        passages: mean number of passages of the tumour while it irradiates (mean life of R).
        passage_s: duration of one, s.
        dose_sd_Gy: standard deviation between lymphocytes from the number and time of their
            passages, Gy.
        log_survival: ln of the share that keeps its ability to form colonies.
    """

    mean_dose_Gy: FloatArray
    tumour_dose_Gy: FloatArray
    passages: FloatArray
    passage_s: FloatArray
    dose_sd_Gy: FloatArray
    log_survival: FloatArray


def lymphocyte_alpha_per_Gy() -> float:
    """Return α of resting T-lymphocytes, ln 10 / D10, 1/Gy.

    D10 3.58 Gy, X rays at high rate (Kushiro 1990), as an exponential: at low dose rate the true
    slope may be smaller.
    """
    return float(np.log(10.0) / cell_value("lymphocyte", "d10"))


def circulating_dose(
    blood_dose_Gy: ArrayLike,
    *,
    tumour_dose_rate_Gy_s: ArrayLike,
    decay_rate_per_s: ArrayLike,
    tumour_flow_L_s: ArrayLike,
    tumour_blood_L: ArrayLike,
    blood_volume_L: ArrayLike,
    alpha_per_Gy: ArrayLike,
) -> CirculatingDose:
    """Return dose and survival of lymphocytes that circulate through blood and tumour.

    Args:
        blood_dose_Gy: dose of blood outside the tumour, ≥ 0, shape (…), Gy.
        tumour_dose_rate_Gy_s: R₀ ≥ 0 in the tumour's vessels at the start of R₀ e^(−λt), Gy/s.
        decay_rate_per_s: λ > 0, 1/s.
        tumour_flow_L_s: blood through the tumour > 0, L/s (0.24 mL/min per mL of prostate
            tumour is shipped, subject "tumour, prostate").
        tumour_blood_L: blood in the tumour > 0, below the blood volume, L.
        blood_volume_L: of the body > 0, L.
        alpha_per_Gy: α > 0, as from `lymphocyte_alpha_per_Gy`, 1/Gy.

    Raises:
        InputError: a value out of range.
    """
    blood = not_negative("blood_dose_Gy", blood_dose_Gy)
    rate0 = not_negative("tumour_dose_rate_Gy_s", tumour_dose_rate_Gy_s)
    decay = positive("decay_rate_per_s", decay_rate_per_s)
    flow = positive("tumour_flow_L_s", tumour_flow_L_s)
    inside = positive("tumour_blood_L", tumour_blood_L)
    volume = positive("blood_volume_L", blood_volume_L)
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    shape = broadcastable("doses, flows and volumes", blood, rate0, decay, flow, inside, volume)
    broadcastable("doses and α", np.zeros(shape), alpha)
    if np.any(inside >= volume):
        raise InputError("tumour_blood_L is not below blood_volume_L")
    passage = inside / flow
    often = flow / volume / decay
    each = rate0 * passage
    tumour = often * each
    lost = often * _entire_exponential_integral(alpha * each)
    # Compound Poisson: variance = rate × ∫ (R τ)² dt = often × each² / 2.
    sd = np.sqrt(0.5 * often) * each
    parts = (blood + tumour, tumour, often, passage, sd, -alpha * blood - lost)
    whole = np.broadcast_shapes(*(p.shape for p in parts))
    return CirculatingDose(*(np.broadcast_to(p, whole) for p in parts))


def _entire_exponential_integral(x: FloatArray) -> FloatArray:
    """Return Ein(x) = ∫₀^x (1 − e^(−u))/u du; exact to 1e-12 for x up to 50."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    u = 0.5 * (nodes + 1.0) * x[..., None]
    safe = np.where(u > 0.0, u, 1.0)
    integrand = np.where(u > 0.0, -np.expm1(-safe) / safe, 1.0)
    return 0.5 * x * np.sum(weights * integrand, axis=-1)
