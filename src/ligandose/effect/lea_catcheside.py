"""Linear-quadratic effect of a dose rate that is a sum of exponentials, in closed form.

The pairwise effect of a dose rate R(t) with mono-exponential repair at rate μ is the quadratic
dose Q = 2 ∫₀^∞ R(t) ∫₀^t R(s) e^(−μ(t−s)) ds dt, and the Lea–Catcheside factor is G = Q / D².
Q is what adds up and stays defined where D is 0, so the functions compute Q first.

Sources: Lea & Catcheside, J Genet 44:216 (1942); Dale, Br J Radiol 58:515 (1985);
Brenner et al., Radiat Res 150:83 (1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    finite,
    positive,
    repair_rate,
)
from ligandose.errors import InputError

# A sum of exponentials that is a physical dose rate may go below zero by rounding only.
_ROUNDING = 1e-9


def protraction_factor(quadratic_dose_Gy2: FloatArray, dose_Gy: FloatArray) -> FloatArray:
    """Return G = Q / D², NaN where the dose is 0 (no dose, no protraction to speak of)."""
    safe = np.where(dose_Gy > 0.0, dose_Gy, np.nan)
    return quadratic_dose_Gy2 / safe**2


def total_dose_Gy(amplitude_Gy_s: ArrayLike, rate_per_s: ArrayLike) -> FloatArray:
    """Return D = Σ A_i / λ_i over the last axis.

    Args:
        amplitude_Gy_s: A_i, shape (…, K), Gy/s; negative for an uptake phase.
        rate_per_s: λ_i > 0, shape (…, K), 1/s.

    Raises:
        InputError: not finite, λ not above 0, or a dose rate or dose below 0.
    """
    amplitude, rate = _exponentials(amplitude_Gy_s, rate_per_s)
    return np.asarray(np.sum(amplitude / rate, axis=-1))


def quadratic_dose_Gy2(
    amplitude_Gy_s: ArrayLike, rate_per_s: ArrayLike, *, repair_rate_per_s: ArrayLike
) -> FloatArray:
    """Return Q = 2 Σ_ij A_i A_j / ((λ_i + λ_j)(λ_i + μ)), Gy².

    Args:
        amplitude_Gy_s: A_i, shape (…, K), Gy/s; negative for an uptake phase.
        rate_per_s: λ_i > 0, shape (…, K), 1/s.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s; ln 2 / repair half-time.

    Raises:
        InputError: see `total_dose_Gy`.

    Source: Dale 1985, written for a sum; the form of the lead equation in docs/effect.md.
    """
    amplitude, rate = _exponentials(amplitude_Gy_s, rate_per_s)
    mu = repair_rate(repair_rate_per_s)
    return _pair_sum(amplitude, rate, amplitude, rate, mu)


def lea_catcheside(
    amplitude_Gy_s: ArrayLike, rate_per_s: ArrayLike, *, repair_rate_per_s: ArrayLike
) -> FloatArray:
    """Return the Lea–Catcheside factor G of R(t) = Σ A_i e^(−λ_i t), t ≥ 0.

    Shapes and units as in `quadratic_dose_Gy2`; G is NaN where the dose is 0.

    >>> import numpy as np
    >>> tau = np.log(2) / (51 * 3600)
    >>> mu = np.log(2) / (2.8 * 3600)
    >>> round(float(lea_catcheside([1.0], [tau], repair_rate_per_s=mu)), 7)
    0.0520446
    """
    quadratic = quadratic_dose_Gy2(amplitude_Gy_s, rate_per_s, repair_rate_per_s=repair_rate_per_s)
    return protraction_factor(quadratic, total_dose_Gy(amplitude_Gy_s, rate_per_s))


def cross_quadratic_dose_Gy2(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    repair_rate_per_s: ArrayLike,
) -> FloatArray:
    """Return half of Q(R₁ + R₂) − Q(R₁) − Q(R₂), Gy²: pairs made of one lesion of each field.

    With acute delivery it is D₁ D₂, so the cross factor is this over D₁ D₂.

    Args:
        first, second: (amplitude_Gy_s, rate_per_s), each of shape (…, K), that start together.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s.

    Source: Zaider & Rossi, Radiat Res 83:732 (1980), with the time factor of Brenner 1998.
    """
    a, ra = _exponentials(*first)
    b, rb = _exponentials(*second)
    mu = repair_rate(repair_rate_per_s)
    return 0.5 * (_pair_sum(a, ra, b, rb, mu) + _pair_sum(b, rb, a, ra, mu))


def course_quadratic_dose_Gy2(
    amplitude_Gy_s: ArrayLike,
    rate_per_s: ArrayLike,
    *,
    start_s: ArrayLike,
    repair_rate_per_s: ArrayLike,
) -> FloatArray:
    """Return Q of a whole course of overlapping administrations, exactly.

    R(t) = Σ_c Σ_i A_ci e^(−λ_ci (t − t_c)) for t ≥ t_c. With well separated cycles it equals
    the sum of each cycle's Q; the difference is damage left from one cycle that meets the next.

    Args:
        amplitude_Gy_s: A_ci, shape (…, C, K), Gy/s.
        rate_per_s: λ_ci > 0, shape (…, C, K), 1/s.
        start_s: t_c, shape (…, C), s, not decreasing along C.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s.

    Raises:
        InputError: see `total_dose_Gy`; start times that decrease.
    """
    amplitude, rate = _exponentials(amplitude_Gy_s, rate_per_s)
    start = finite("start_s", start_s)
    mu = repair_rate(repair_rate_per_s)
    if amplitude.ndim < 2:
        raise InputError("amplitude_Gy_s needs axes (…, cycle, exponential)")
    cycles = amplitude.shape[-2]
    if start.ndim == 0 or start.shape[-1] != cycles:
        raise InputError(f"start_s has shape {start.shape}, its last axis must be {cycles} cycles")
    if np.any(np.diff(start, axis=-1) < 0.0):
        raise InputError("start_s decreases; give the cycles in the order of their start")
    total = np.zeros(broadcastable("amplitude and start", amplitude[..., 0, 0], start[..., 0], mu))
    for later in range(cycles):
        a, ra = amplitude[..., later, :], rate[..., later, :]
        total = total + _pair_sum(a, ra, a, ra, mu)
        for earlier in range(later):
            gap = start[..., later] - start[..., earlier]
            b, rb = amplitude[..., earlier, :], rate[..., earlier, :]
            total = total + _between_cycles(b, rb, a, ra, gap, mu)
    return total


def _exponentials(
    amplitude_Gy_s: ArrayLike, rate_per_s: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    amplitude = finite("amplitude_Gy_s", amplitude_Gy_s)
    rate = positive("rate_per_s", rate_per_s)
    shape = broadcastable("amplitude_Gy_s and rate_per_s", amplitude, rate)
    if not shape:
        raise InputError("amplitude_Gy_s and rate_per_s need a last axis of exponentials")
    amplitude, rate = np.broadcast_to(amplitude, shape), np.broadcast_to(rate, shape)
    floor = -_ROUNDING * np.sum(np.abs(amplitude), axis=-1)
    if np.any(np.sum(amplitude, axis=-1) < floor):
        raise InputError("amplitude_Gy_s sums below 0: the dose rate at t = 0 would be negative")
    dose = np.sum(amplitude / rate, axis=-1)
    if np.any(dose < -_ROUNDING * np.sum(np.abs(amplitude) / rate, axis=-1)):
        raise InputError(f"Σ A/λ is {np.min(dose):g} Gy; a dose must be 0 or more")
    return amplitude, rate


def _pair_sum(
    a: FloatArray, rate_a: FloatArray, b: FloatArray, rate_b: FloatArray, mu: FloatArray
) -> FloatArray:
    """Return 2 ∫ A(t) ∫₀^t B(s) e^(−μ(t−s)) ds dt = 2 Σ_ij A_i B_j / ((λ_i + λ_j)(λ_i + μ))."""
    total = np.zeros(broadcastable("fields and repair rate", a[..., 0], b[..., 0], mu))
    for i in range(a.shape[-1]):
        for j in range(b.shape[-1]):
            together = rate_a[..., i] + rate_b[..., j]
            total = total + a[..., i] * b[..., j] / (together * (rate_a[..., i] + mu))
    return 2.0 * total


def _between_cycles(
    a: FloatArray,
    rate_a: FloatArray,
    b: FloatArray,
    rate_b: FloatArray,
    gap_s: FloatArray,
    mu: FloatArray,
) -> FloatArray:
    """Return the part of Q made of one lesion of an earlier cycle (a) and one of a later (b)."""
    total = np.zeros(broadcastable("cycles and repair rate", a[..., 0], b[..., 0], gap_s, mu))
    for i in range(a.shape[-1]):
        left = np.exp(-rate_a[..., i] * gap_s)
        slower = np.minimum(rate_a[..., i], mu)
        overlap = gap_s * np.exp(-slower * gap_s) * _phi(np.abs(mu - rate_a[..., i]) * gap_s)
        for j in range(b.shape[-1]):
            together = rate_a[..., i] + rate_b[..., j]
            a_then_b = (left + together * overlap) / (together * (mu + rate_b[..., j]))
            b_then_a = left / (together * (rate_a[..., i] + mu))
            total = total + a[..., i] * b[..., j] * (a_then_b + b_then_a)
    return 2.0 * total


def _phi(x: FloatArray) -> FloatArray:
    """Return (1 − e^(−x)) / x, 1 at x = 0."""
    safe = np.where(x == 0.0, 1.0, x)
    return np.where(x == 0.0, 1.0, -np.expm1(-safe) / safe)
