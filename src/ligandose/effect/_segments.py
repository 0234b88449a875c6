"""The dose-rate curve between samples and its exact integrals with repair, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ligandose.effect._checks import FloatArray
from ligandose.effect._moments import carry, decay, mean_decay, pair

Interpolation = Literal["linear", "exponential", "cubic"]

# Beyond e^200 between two samples the exponential through them has no digits left to trust.
_STEEPEST = 200.0
# Nearer than this the divided difference of φ is taken from its Taylor series: the next term
# is δ⁴/1920, 5e-16, while the direct difference has lost 3 digits.
_NEAR = 1e-3


@dataclass(frozen=True, slots=True)
class Segments:
    """Integrals over each step, arrays of shape (…, N − 1).

    Attributes:
        dose: ∫ R dt, Gy.
        kept: e^(−μh), the share of earlier damage left at the end of the step.
        added: ∫ R e^(−μ(end − t)) dt, Gy: damage of this step left at its end.
        met: ∫ R e^(−μ(t − start)) dt, Gy: multiplies earlier damage into pairs.
        own: ∫ R(t) ∫ R(s) e^(−μ(t−s)) ds dt within the step, Gy².
    """

    dose: FloatArray
    kept: FloatArray
    added: FloatArray
    met: FloatArray
    own: FloatArray

    @property
    def count(self) -> int:
        """Number of steps."""
        return self.kept.shape[-1]


def segments(
    time: FloatArray,
    rate: FloatArray,
    mu: FloatArray,
    interpolation: Interpolation,
) -> Segments:
    """Return the integrals of the curve through samples of shape (…, N)."""
    h = np.diff(time, axis=-1)
    z = mu[..., None] * h
    if interpolation == "cubic":
        return _polynomial(_hermite(time, rate, h), h, z)
    line = _polynomial([rate[..., :-1], np.diff(rate, axis=-1)], h, z)
    if interpolation == "linear":
        return line
    return _exponential_where_positive(rate, h, z, line)


def value_within(
    time: FloatArray,
    rate: FloatArray,
    step: NDArray[np.intp],
    at_s: FloatArray,
    interpolation: Interpolation,
) -> FloatArray:
    """Return the curve through samples (…, N) at times (…, M) that lie in the given steps."""
    h = np.diff(time, axis=-1)
    width = np.where(h > 0.0, h, 1.0)[..., step]
    x = (at_s - time[..., step]) / width
    start, end = rate[..., step], rate[..., step + 1]
    if interpolation == "cubic":
        c = [part[..., step] for part in _hermite(time, rate, h)]
        return c[0] + x * (c[1] + x * (c[2] + x * c[3]))
    line = start + x * (end - start)
    if interpolation == "linear":
        return line
    both = (start > 0.0) & (end > 0.0)
    safe_start, safe_end = np.where(both, start, 1.0), np.where(both, end, 1.0)
    return np.where(both, safe_start ** (1.0 - x) * safe_end**x, line)


def _polynomial(coefficients: list[FloatArray], h: FloatArray, z: FloatArray) -> Segments:
    """Return the integrals of R = Σ c_m x^m, x from 0 to 1 over each step."""
    zero = np.zeros(np.broadcast_shapes(coefficients[0].shape, z.shape))
    dose, added, met, own = zero, zero, zero, zero
    for m, cm in enumerate(coefficients):
        dose = dose + cm * (h / (m + 1))
        added = added + cm * (h * carry(m, z))
        met = met + cm * (h * decay(m, z))
        for n in range(m + 1):
            weight = pair(m, n, z) if n == m else pair(m, n, z) + pair(n, m, z)
            own = own + (h**2 * weight) * (cm * coefficients[n])
    kept = np.broadcast_to(np.exp(-z), zero.shape)
    return Segments(dose, kept, added, met, own)


def _exponential_where_positive(
    rate: FloatArray, h: FloatArray, z: FloatArray, line: Segments
) -> Segments:
    """Return the integrals of R = r₀ e^(−κx); steps that touch 0 or are too steep stay linear."""
    start, end = rate[..., :-1], rate[..., 1:]
    both = (start > 0.0) & (end > 0.0)
    kappa = np.log(np.where(both, start, 1.0)) - np.log(np.where(both, end, 1.0))
    fits = np.broadcast_to(both & (np.abs(kappa) < _STEEPEST), line.dose.shape)
    kappa = np.where(both & (np.abs(kappa) < _STEEPEST), kappa, 0.0)
    slower = np.minimum(kappa, z)
    added = h * start * np.exp(-slower) * mean_decay(np.abs(z - kappa))
    own = -((h * start) ** 2) * _divided_mean_decay(2.0 * kappa, kappa + z)
    return Segments(
        np.where(fits, h * start * mean_decay(kappa), line.dose),
        line.kept,
        np.where(fits, added, line.added),
        np.where(fits, h * start * mean_decay(kappa + z), line.met),
        np.where(fits, own, line.own),
    )


def _divided_mean_decay(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return (φ(b) − φ(a)) / (b − a); φ' = −E₁ and φ''' = −E₃ carry it over b = a."""
    gap = b - a
    near = np.abs(gap) < _NEAR
    middle = 0.5 * (a + b)
    taylor = -decay(1, middle) - gap**2 / 24.0 * decay(3, middle)
    direct = (mean_decay(b) - mean_decay(a)) / np.where(near, 1.0, gap)
    return np.where(near, taylor, direct)


def _hermite(time: FloatArray, rate: FloatArray, h: FloatArray) -> list[FloatArray]:
    """Return the cubic coefficients of a monotone Hermite curve (Fritsch & Butland 1984)."""
    slope = _monotone_slopes(h, np.diff(rate, axis=-1))
    start, step = rate[..., :-1], np.diff(rate, axis=-1)
    left, right = slope[..., :-1] * h, slope[..., 1:] * h
    return [start, left, 3.0 * step - 2.0 * left - right, left + right - 2.0 * step]


def _monotone_slopes(h: FloatArray, step: FloatArray) -> FloatArray:
    """Return slopes at the samples: weighted harmonic means, 0 at an extremum or jump."""
    h = np.broadcast_to(h, step.shape)
    chord = np.where(h > 0.0, step, 0.0) / np.where(h > 0.0, h, 1.0)
    slope = np.zeros((*step.shape[:-1], step.shape[-1] + 1))
    before, after = chord[..., :-1], chord[..., 1:]
    w1 = 2.0 * h[..., 1:] + h[..., :-1]
    w2 = h[..., 1:] + 2.0 * h[..., :-1]
    same = before * after > 0.0
    inverse = w1 / np.where(same, before, 1.0) + w2 / np.where(same, after, 1.0)
    slope[..., 1:-1] = np.where(same, (w1 + w2) / inverse, 0.0)
    slope[..., 0] = _end_slope(h, chord, 0, 1)
    slope[..., -1] = _end_slope(h, chord, -1, -2)
    return slope


def _end_slope(h: FloatArray, chord: FloatArray, end: int, inner: int) -> FloatArray:
    """Return the one-sided three-point slope at an end, limited so that the curve is monotone."""
    if chord.shape[-1] == 1:
        return chord[..., 0]
    h0, h1, d0, d1 = h[..., end], h[..., inner], chord[..., end], chord[..., inner]
    total = np.where(h0 + h1 > 0.0, h0 + h1, 1.0)
    slope = ((2.0 * h0 + h1) * d0 - h0 * d1) / total
    slope = np.where(slope * d0 <= 0.0, 0.0, slope)
    return np.where((d0 * d1 <= 0.0) & (np.abs(slope) > 3.0 * np.abs(d0)), 3.0 * d0, slope)
