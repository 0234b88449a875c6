"""Biologically effective dose of every voxel, with the clearance that was fitted there.

The dose rate of a voxel is taken to follow the activity in it: R(t) = D sum_i s_i l_i exp(-l_i t),
with the shares s_i of the dose and the effective rates l_i of its fit. Cross-fire from neighbours
that clear otherwise is not told apart. G by Lea and Catcheside as in `lea_catcheside`; alphas count
with RBE_max and without a quadratic term (`mixed_field`, "independent").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.effect._checks import finite, not_negative, positive, repair_rate
from ligandose.errors import InputError

Values = NDArray[np.float32]
FloatArray = NDArray[np.float64]

AT_ONCE = 1_000_000
_ROUNDING = 1e-6


def voxel_protraction(
    rate_per_s: ArrayLike, *, share: ArrayLike | None = None, repair_rate_per_s: float
) -> FloatArray:
    """Return the Lea-Catcheside factor G of dose rates that are sums of exponentials.

    G = 2 sum_ij s_i s_j l_i l_j / ((l_i + l_j)(l_i + m)); of one exponential l / (l + m).

    Args:
        rate_per_s: (…, K) effective rates l > 0, physical decay included.
        share: (…, K) shares of the dose, sum 1, negative for an uptake phase; None where K is 1.
        repair_rate_per_s: m >= 0, ln 2 / half-time of repair.

    Returns:
        (…) factors, 0 to 1.

    Raises:
        InputError: rates not above 0, shares that do not add up to 1, shapes that do not fit.

    Source: R. G. Dale, Br J Radiol 58:515 (1985).

    >>> voxel_protraction([[1e-5]], repair_rate_per_s=3e-5).tolist()
    [0.25]
    """
    rate = positive("rate_per_s", rate_per_s)
    mu = float(repair_rate(repair_rate_per_s))
    if rate.ndim == 0:
        raise InputError("rate_per_s needs a last axis of exponentials")
    if share is None:
        if rate.shape[-1] != 1:
            raise InputError("share is missing; give the part of the dose of each exponential")
        return rate[..., 0] / (rate[..., 0] + mu)
    part = finite("share", share)
    if part.ndim == 0 or part.shape[-1] != rate.shape[-1]:
        raise InputError(f"share has shape {part.shape}, rate_per_s {rate.shape}; give (…, K) both")
    if np.any(np.abs(part.sum(axis=-1) - 1.0) > _ROUNDING):
        raise InputError("share does not add up to 1 over the exponentials of a voxel")
    total = np.zeros(np.broadcast_shapes(part.shape[:-1], rate.shape[:-1]))
    for i in range(rate.shape[-1]):
        for j in range(rate.shape[-1]):
            li, lj = rate[..., i], rate[..., j]
            total += part[..., i] * part[..., j] * (li * lj) / ((li + lj) * (li + mu))
    return np.minimum(2.0 * total, 1.0)


def voxel_bed_Gy(
    dose_Gy: ArrayLike,
    *,
    rate_per_s: ArrayLike,
    share: ArrayLike | None = None,
    repair_rate_per_s: float,
    alpha_beta_Gy: float,
    alpha_dose_Gy: ArrayLike | None = None,
    rbe_max: float | None = None,
) -> Values:
    """Return the BED of voxels, BED = D_L (1 + G D_L / (a/b)) + RBE_max D_a, D_L = D - D_a.

    Works through the voxels in parts, so that 1e7 of them need little more than their arrays.

    Args:
        dose_Gy: (…) total absorbed dose D.
        rate_per_s: (…, K) effective rates of each voxel's fit, or (K,) for all. Voxels without
            dose may have any value, NaN too.
        share: as rate_per_s, shares of the dose; None where K is 1.
        repair_rate_per_s: ln 2 / half-time of repair.
        alpha_beta_Gy: of low-LET radiation.
        alpha_dose_Gy: (…) part of the dose by alphas; None for none.
        rbe_max: needed where alpha_dose_Gy is given; initial slope against low-LET radiation.

    Returns:
        (…) BED, float32.

    Raises:
        InputError: doses or rates that make no sense, shapes that do not fit, RBE missing or
            below 1.

    >>> float(voxel_bed_Gy([20.0], rate_per_s=[1e-5], repair_rate_per_s=3e-5, alpha_beta_Gy=2.5)[0])
    60.0
    """
    dose = np.asarray(dose_Gy)
    alpha_beta = float(positive("alpha_beta_Gy", alpha_beta_Gy))
    rate = np.asarray(rate_per_s)
    part = None if share is None else np.asarray(share)
    for name, array in (("rate_per_s", rate), ("share", part)):
        if array is not None and (array.ndim == 0 or array.shape[:-1] not in ((), dose.shape)):
            raise InputError(f"{name} has shape {array.shape}, dose_Gy {dose.shape}; give (…, K)")
    alpha = None if alpha_dose_Gy is None else np.asarray(alpha_dose_Gy)
    factor = _rbe(alpha, rbe_max, dose.shape)
    out = np.empty(dose.size, dtype=np.float32)
    flat = dose.ravel()
    rates, parts = _rows(rate), None if part is None else _rows(part)
    for first in range(0, dose.size, AT_ONCE):
        chosen = slice(first, min(first + AT_ONCE, dose.size))
        total = not_negative("dose_Gy", flat[chosen])
        high = 0.0 if alpha is None else not_negative("alpha_dose_Gy", alpha.ravel()[chosen])
        low = np.maximum(total - high, 0.0)
        g = _protraction(low > 0.0, _taken(rates, chosen), parts, chosen, repair_rate_per_s)
        out[chosen] = low * (1.0 + g * low / alpha_beta) + factor * high
    return out.reshape(dose.shape)


def _rbe(alpha: NDArray[np.generic] | None, rbe_max: float | None, shape: tuple[int, ...]) -> float:
    if alpha is None:
        return 0.0
    if rbe_max is None or not rbe_max >= 1.0:
        raise InputError(f"rbe_max is {rbe_max}; alpha doses need a number of 1 or more")
    if alpha.shape != shape:
        raise InputError(f"alpha_dose_Gy has shape {alpha.shape}, dose_Gy {shape}; give one grid")
    return float(rbe_max)


def _rows(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return (voxels or 1, K)."""
    return array.reshape(-1, array.shape[-1])


def _taken(rows: NDArray[np.generic], chosen: slice) -> FloatArray:
    return np.asarray(rows if rows.shape[0] == 1 else rows[chosen], dtype=np.float64)


def _protraction(
    exposed: NDArray[np.bool_],
    rate: FloatArray,
    parts: NDArray[np.generic] | None,
    chosen: slice,
    repair: float,
) -> FloatArray:
    """Return G where there is a dose; fits of voxels without one are not looked at."""
    g = np.zeros(exposed.shape)
    if not exposed.any():
        return g
    share = None if parts is None else _taken(parts, chosen)
    if rate.shape[0] > 1:
        rate = rate[exposed]
    if share is not None and share.shape[0] > 1:
        share = share[exposed]
    g[exposed] = voxel_protraction(rate, share=share, repair_rate_per_s=repair)
    return g
