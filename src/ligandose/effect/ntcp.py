"""Normal-tissue complication probability after Lyman, Kutcher and Burman.

TD50, m and n come from external beam in about 2 Gy fractions. They speak of EQD2 and of nothing
else, so the functions take `eqd2_Gy` by keyword only: convert with `eqd2_Gy` from BED first.

Sources: Lyman, Radiat Res 104:S13 (1985); Kutcher & Burman, IJROBP 16:1623 (1989); Burman et
al., IJROBP 21:123 (1991); Niemierko, Med Phys 26:1100 (1999) for the generalised EUD.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import FloatArray, broadcastable, not_negative, positive
from ligandose.errors import InputError


def lkb_ntcp(*, eqd2_Gy: ArrayLike, td50_eqd2_Gy: ArrayLike, m: ArrayLike) -> FloatArray:
    """Return NTCP = Φ((EQD2 − TD50) / (m TD50)) of a uniformly irradiated organ, shape (…).

    Args:
        eqd2_Gy: ≥ 0, Gy in 2 Gy fractions.
        td50_eqd2_Gy: uniform EQD2 with 50 % complications, > 0, Gy.
        m: relative width of the response, > 0.

    Raises:
        InputError: a value out of range.

    Note: at EQD2 0 the formula leaves Φ(−1/m), not 0; for m = 0.1 that is 8e-24.
    """
    from scipy.special import ndtr  # pyright: ignore[reportMissingTypeStubs]

    eqd2 = not_negative("eqd2_Gy", eqd2_Gy)
    td50 = positive("td50_eqd2_Gy", td50_eqd2_Gy)
    width = positive("m", m)
    broadcastable("eqd2_Gy, TD50 and m", eqd2, td50, width)
    return np.asarray(ndtr((eqd2 - td50) / (width * td50)), dtype=np.float64)


def generalised_eqd2_Gy(
    *, eqd2_Gy: ArrayLike, volume_fraction: ArrayLike, n: ArrayLike
) -> FloatArray:
    """Return gEUD = (Σ v EQD2^(1/n))^n over the last axis (voxels or histogram bins), Gy.

    Each bin's own EQD2 goes in, since dose rate and dose per cycle differ between bins; v ≥ 0
    is normalised to sum 1. n = 1 is the mean, n → 0 the maximum.
    """
    eqd2 = not_negative("eqd2_Gy", eqd2_Gy)
    volume = not_negative("volume_fraction", volume_fraction)
    power = positive("n", n)
    shape = broadcastable("eqd2_Gy and volume_fraction", eqd2, volume)
    total = np.sum(np.broadcast_to(volume, shape), axis=-1)
    if not shape or np.any(total <= 0.0):
        raise InputError("volume_fraction sums to 0 or has no axis of bins; give shares")
    # Relative to the largest bin, so that 1/n of 50 does not overflow.
    top = np.max(eqd2, axis=-1)
    relative = eqd2 / np.where(top > 0.0, top, 1.0)[..., None]
    mean = np.sum(volume * relative ** (1.0 / power[..., None]), axis=-1) / total
    return top * mean**power


def dvh_ntcp(
    *,
    eqd2_Gy: ArrayLike,
    volume_fraction: ArrayLike,
    td50_eqd2_Gy: ArrayLike,
    m: ArrayLike,
    n: ArrayLike,
) -> FloatArray:
    """Return the LKB NTCP of a dose–volume histogram given as EQD2 per bin, shape (…)."""
    uniform = generalised_eqd2_Gy(eqd2_Gy=eqd2_Gy, volume_fraction=volume_fraction, n=n)
    return lkb_ntcp(eqd2_Gy=uniform, td50_eqd2_Gy=td50_eqd2_Gy, m=m)
