"""Biologically effective dose and its equivalents in fractions of external beam.

Sources: Barendsen, IJROBP 8:1981 (1982); Fowler, Br J Radiol 62:679 (1989); Dale, Br J Radiol
58:515 (1985); Bentzen et al., Radiother Oncol 105:266 (2012) for EQD2 and its notation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import FloatArray, broadcastable, not_negative, positive, probability
from ligandose.errors import InputError

EQD_FRACTION_GY = 2.0


def bed_Gy(dose_Gy: ArrayLike, g: ArrayLike, *, alpha_beta_Gy: ArrayLike) -> FloatArray:
    """Return BED = D (1 + G D / (α/β)), Gy.

    Args:
        dose_Gy: physical absorbed dose D ≥ 0 of low-LET radiation, shape (…), Gy.
        g: Lea–Catcheside factor, 0 … 1, shape (…); NaN is allowed where the dose is 0.
        alpha_beta_Gy: α/β > 0, shape (…), Gy.

    Raises:
        InputError: dose below 0, G outside 0 … 1, α/β not above 0, not finite.

    >>> round(float(bed_Gy(5.0, 0.0520446, alpha_beta_Gy=2.6)), 5)
    5.50043
    """
    dose = not_negative("dose_Gy", dose_Gy)
    factor = np.asarray(g, dtype=np.float64)
    broadcastable("dose_Gy and g", dose, factor)
    # 1e-9: rounding of G for an acute dose.
    factor = probability("g", np.minimum(np.where(dose == 0.0, 0.0, factor), _at_most_one(factor)))
    return bed_of_quadratic_Gy(dose, factor * dose**2, alpha_beta_Gy=alpha_beta_Gy)


def bed_of_quadratic_Gy(
    dose_Gy: ArrayLike, quadratic_dose_Gy2: ArrayLike, *, alpha_beta_Gy: ArrayLike
) -> FloatArray:
    """Return BED = D + Q / (α/β), Gy, with Q = G D² of one or of many administrations.

    Shapes broadcast; Q ≥ 0 in Gy². This form needs no G, so it holds where D is 0.
    """
    dose = not_negative("dose_Gy", dose_Gy)
    quadratic = not_negative("quadratic_dose_Gy2", quadratic_dose_Gy2)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    broadcastable("dose, quadratic dose and α/β", dose, quadratic, alpha_beta)
    return dose + quadratic / alpha_beta


def fractionated_bed_Gy(
    fractions: ArrayLike, dose_per_fraction_Gy: ArrayLike, *, alpha_beta_Gy: ArrayLike
) -> FloatArray:
    """Return BED = n d (1 + d / (α/β)) of acute, fully separated fractions, Gy."""
    n = not_negative("fractions", fractions)
    d = not_negative("dose_per_fraction_Gy", dose_per_fraction_Gy)
    return bed_of_quadratic_Gy(n * d, n * d**2, alpha_beta_Gy=alpha_beta_Gy)


def eqd2_Gy(bed_Gy: ArrayLike, *, alpha_beta_Gy: ArrayLike) -> FloatArray:
    """Return EQD2 = BED / (1 + 2 Gy / (α/β)): the dose in 2 Gy fractions of equal effect, Gy.

    This, and neither BED nor absorbed dose, is what external-beam tolerance data speak of.
    """
    bed = not_negative("bed_Gy", bed_Gy)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    broadcastable("bed_Gy and α/β", bed, alpha_beta)
    return bed / (1.0 + EQD_FRACTION_GY / alpha_beta)


def bed_of_eqd2_Gy(eqd2_Gy: ArrayLike, *, alpha_beta_Gy: ArrayLike) -> FloatArray:
    """Return BED = EQD2 (1 + 2 Gy / (α/β)), Gy."""
    eqd2 = not_negative("eqd2_Gy", eqd2_Gy)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    broadcastable("eqd2_Gy and α/β", eqd2, alpha_beta)
    return eqd2 * (1.0 + EQD_FRACTION_GY / alpha_beta)


def dose_of_bed_Gy(bed_Gy: ArrayLike, *, g: ArrayLike, alpha_beta_Gy: ArrayLike) -> FloatArray:
    """Return the dose D whose BED, with protraction G, is `bed_Gy`.

    Solves G D²/(α/β) + D − BED = 0 in the form that does not cancel for small G.
    """
    bed = not_negative("bed_Gy", bed_Gy)
    factor = probability("g", g)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    broadcastable("bed_Gy, g and α/β", bed, factor, alpha_beta)
    return 2.0 * bed / (1.0 + np.sqrt(1.0 + 4.0 * factor * bed / alpha_beta))


def cumulative_Gy(per_cycle_Gy: ArrayLike) -> FloatArray:
    """Return running sums over the last axis (cycles): doses, or BEDs with each cycle's own G."""
    per_cycle = not_negative("per_cycle_Gy", per_cycle_Gy)
    if per_cycle.ndim == 0:
        raise InputError("per_cycle_Gy needs a last axis of cycles")
    return np.cumsum(per_cycle, axis=-1)


def _at_most_one(factor: FloatArray) -> FloatArray:
    """Return 1 where G exceeds 1 by rounding alone, infinity (no cap) elsewhere."""
    return np.where((factor > 1.0) & (factor < 1.0 + 1e-9), 1.0, np.inf)
