"""Alpha and low-LET radiation together.

BED = Σ RBE_max D_α + D_L (1 + G D_L / (α/β)) + interaction. RBE_max, the ratio of the initial
slopes α_H/α_L, multiplies dose once and is never squared: densely ionising tracks do not need
a partner, so dose rate and dose size do not change what they do.

Two published conventions for the interaction of lesions:

- "independent" (default): β_H = 0, alpha lesions are complete; no interaction.
  Dale & Jones, Int J Radiat Biol 75:1485 (1999) without β_H; Hobbs et al., Phys Med Biol
  59:5345 (2014).
- "zaider_rossi": alpha tracks also leave sub-lesions with √β_H = κ √β_L, which pair with each
  other and with those of the low-LET field: adds κ² Q_H/(α/β) + 2 κ Q_HL/(α/β).
  Zaider & Rossi, Radiat Res 83:732 (1980). κ = 1 (β independent of LET) is the upper end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import FloatArray, broadcastable, finite, not_negative, positive
from ligandose.errors import InputError

Interaction = Literal["independent", "zaider_rossi"]

# Validity of the straight line of RBE against alpha energy (Howell et al. 1997).
ALPHA_ENERGY_MEV = (3.0, 9.0)


@dataclass(frozen=True, slots=True)
class MixedBed:
    """The parts of a mixed-field BED, each of shape (…), Gy."""

    alpha_Gy: FloatArray
    low_let_Gy: FloatArray
    interaction_Gy: FloatArray
    interaction: Interaction

    @property
    def total_Gy(self) -> FloatArray:
        """The BED, relative to low-LET radiation at a vanishing dose rate."""
        return self.alpha_Gy + self.low_let_Gy + self.interaction_Gy


def mixed_bed(
    low_let_dose_Gy: ArrayLike,
    low_let_quadratic_Gy2: ArrayLike,
    *,
    alpha_dose_Gy: ArrayLike,
    rbe_max: ArrayLike,
    alpha_beta_Gy: ArrayLike,
    interaction: Interaction = "independent",
    alpha_quadratic_Gy2: ArrayLike | None = None,
    cross_quadratic_Gy2: ArrayLike | None = None,
    sqrt_beta_ratio: ArrayLike | None = None,
) -> MixedBed:
    """Return the BED of physical doses from low-LET radiation and from alphas.

    Args:
        low_let_dose_Gy: D_L ≥ 0 of electrons and photons, shape (…), Gy.
        low_let_quadratic_Gy2: Q_L = G D_L², shape (…), Gy².
        alpha_dose_Gy: D_α ≥ 0, shape (…), Gy.
        rbe_max: α_H/α_L ≥ 1, shape (…).
        alpha_beta_Gy: α/β > 0 of low-LET radiation, shape (…), Gy.
        interaction: the convention, see the module.
        alpha_quadratic_Gy2: Q_H = G_H D_α²; needed for "zaider_rossi".
        cross_quadratic_Gy2: Q_HL, half of Q(both) − Q_L − Q_H; needed for "zaider_rossi".
        sqrt_beta_ratio: κ = √(β_H/β_L) ≥ 0; needed for "zaider_rossi".

    Raises:
        InputError: a dose below 0, RBE below 1, or what the convention needs is not given.
    """
    low = not_negative("low_let_dose_Gy", low_let_dose_Gy)
    quadratic = not_negative("low_let_quadratic_Gy2", low_let_quadratic_Gy2)
    alpha = not_negative("alpha_dose_Gy", alpha_dose_Gy)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    rbe = positive("rbe_max", rbe_max)
    if rbe.size and rbe.min() < 1.0:
        raise InputError(f"rbe_max holds {rbe.min():g}; the RBE at low dose of alphas is ≥ 1")
    shape = broadcastable("doses, RBE and α/β", low, quadratic, alpha, rbe, alpha_beta)
    meeting = np.zeros(shape)
    if interaction == "zaider_rossi":
        given = (alpha_quadratic_Gy2, cross_quadratic_Gy2, sqrt_beta_ratio)
        meeting = _zaider_rossi(given, alpha_beta) + meeting
    elif interaction != "independent":
        raise InputError(
            f"interaction {interaction!r} is not known; 'independent' or 'zaider_rossi'"
        )
    low_bed = low + quadratic / alpha_beta
    return MixedBed(
        np.broadcast_to(rbe * alpha, shape), np.broadcast_to(low_bed, shape), meeting, interaction
    )


def _zaider_rossi(
    given: tuple[ArrayLike | None, ArrayLike | None, ArrayLike | None], alpha_beta: FloatArray
) -> FloatArray:
    own, cross, ratio = given
    if own is None or cross is None or ratio is None:
        raise InputError(
            "interaction 'zaider_rossi' needs alpha_quadratic_Gy2, cross_quadratic_Gy2 and "
            "sqrt_beta_ratio; give them or choose 'independent'"
        )
    q_h = not_negative("alpha_quadratic_Gy2", own)
    q_hl = not_negative("cross_quadratic_Gy2", cross)
    kappa = not_negative("sqrt_beta_ratio", ratio)
    broadcastable("quadratic doses and sqrt_beta_ratio", q_h, q_hl, kappa, alpha_beta)
    return (kappa**2 * q_h + 2.0 * kappa * q_hl) / alpha_beta


def alpha_rbe(
    energy_MeV: ArrayLike, *, intercept: float = 9.14, slope_per_MeV: float = -0.510
) -> FloatArray:
    """Return the RBE of alphas by their initial energy, 9.14 − 0.510 E for 3 … 9 MeV.

    The shipped coefficients are also data (`effect.csv`, subject "alpha"); mouse testis,
    sperm-head survival, against acute 120 kVp X rays.

    Raises:
        InputError: an energy outside 3 … 9 MeV.

    Source: Howell et al., Radiat Res 147:342 (1997), PMC3321061.
    """
    energy = finite("energy_MeV", energy_MeV)
    low, high = ALPHA_ENERGY_MEV
    if energy.size and (energy.min() < low or energy.max() > high):
        raise InputError(
            f"energy_MeV spans {energy.min():g} … {energy.max():g}; "
            f"the relation holds from {low:g} to {high:g} MeV"
        )
    return intercept + slope_per_MeV * energy


def dose_mean_rbe(energy_MeV: ArrayLike, yield_per_decay: ArrayLike) -> FloatArray:
    """Return the RBE of a mixture of alphas weighted by the energy, hence dose, each brings.

    Args:
        energy_MeV: shape (…, A), 3 … 9 MeV.
        yield_per_decay: alphas per decay of the chain's head that deposit there, shape (…, A).
    """
    energy = finite("energy_MeV", energy_MeV)
    weight = energy * not_negative("yield_per_decay", yield_per_decay)
    total = np.sum(weight, axis=-1)
    if np.any(total <= 0.0):
        raise InputError("yield_per_decay is 0 for every alpha; there is no dose to weight by")
    return np.asarray(np.sum(weight * alpha_rbe(energy), axis=-1) / total)
