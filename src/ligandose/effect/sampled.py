"""Linear-quadratic effect of any dose rate that is given as samples, in O(samples).

Between samples the dose rate is linear, exponential or cubic (monotone Hermite); for that
curve the integrals are exact: the damage that still waits for repair,
I(t) = ∫ R(s) e^(−μ(t−s)) ds, is carried from sample to sample, so the double integral of the
Lea–Catcheside factor costs one pass. What remains is the interpolation error: every second
sample is predicted from its neighbours, and a dose rate raised by the share of that miss which
the finer steps keep shows how far Q could be off, without cancellation between steps.

Source of the definition: Brenner et al., Radiat Res 150:83 (1998); the recurrence is ours and
is checked against the closed forms of `lea_catcheside` and against adaptive quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
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
from ligandose.effect._segments import Interpolation, Segments, segments, value_within
from ligandose.effect.lea_catcheside import protraction_factor
from ligandose.errors import InputError, SolverError

# Samples worked on at once: a few such arrays fit the second-level cache.
BLOCK_SAMPLES = 100_000
# Of the error estimate, see `_missed_dose_rate`.
SAFETY = 2.0


@dataclass(frozen=True, slots=True)
class ProtractedDose:
    """Dose and pairwise effect of a dose-rate curve.

    Attributes:
        dose_Gy: D, shape (…).
        quadratic_dose_Gy2: Q = 2 ∫ R I dt = G D², shape (…).
        relative_error: estimated relative error of Q from the sampling, shape (…); NaN where
            there are too few samples to say.
    """

    dose_Gy: FloatArray
    quadratic_dose_Gy2: FloatArray
    relative_error: FloatArray

    @property
    def lea_catcheside(self) -> FloatArray:
        """G = Q / D², NaN where the dose is 0."""
        return protraction_factor(self.quadratic_dose_Gy2, self.dose_Gy)


def protracted_dose(
    time_s: ArrayLike,
    dose_rate_Gy_s: ArrayLike,
    *,
    repair_rate_per_s: ArrayLike,
    interpolation: Interpolation = "linear",
    tail_rate_per_s: ArrayLike | None = None,
) -> ProtractedDose:
    """Integrate a sampled dose rate: D, Q and the sampling error of Q.

    Args:
        time_s: shape (N,) or (…, N), not decreasing, s; a time given twice is a jump.
        dose_rate_Gy_s: R ≥ 0, shape (…, N), Gy/s.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s.
        interpolation: the curve between samples; "exponential" suits sparse decaying samples
            (segments that touch 0 stay linear), "cubic" dense smooth ones.
        tail_rate_per_s: λ > 0 of an exponential after the last sample, shape (…), 1/s;
            None for nothing after it.

    Raises:
        InputError: fewer than 2 samples, times that decrease, a dose rate below 0, not finite.
    """
    time, rate, mu = _samples(time_s, dose_rate_Gy_s, repair_rate_per_s)
    tail = None if tail_rate_per_s is None else positive("tail_rate_per_s", tail_rate_per_s)
    dose, quadratic = _integrate(time, rate, mu, interpolation, tail)
    missed = _missed_dose_rate(time, rate, interpolation)
    if missed is None:
        error = np.full(quadratic.shape, np.nan)
    else:
        _, worse = _integrate(time, rate + missed, mu, interpolation, tail)
        error = (worse - quadratic) / np.where(quadratic > 0.0, quadratic, 1.0)
    return ProtractedDose(dose, quadratic, error)


def lea_catcheside_sampled(
    time_s: ArrayLike,
    dose_rate_Gy_s: ArrayLike,
    *,
    repair_rate_per_s: ArrayLike,
    interpolation: Interpolation = "linear",
    tail_rate_per_s: ArrayLike | None = None,
) -> FloatArray:
    """Return the Lea–Catcheside factor of a sampled dose rate, NaN where the dose is 0.

    Arguments and errors as in `protracted_dose`.
    """
    return protracted_dose(
        time_s,
        dose_rate_Gy_s,
        repair_rate_per_s=repair_rate_per_s,
        interpolation=interpolation,
        tail_rate_per_s=tail_rate_per_s,
    ).lea_catcheside


def cumulative_bed_Gy(
    time_s: ArrayLike,
    dose_rate_Gy_s: ArrayLike,
    *,
    repair_rate_per_s: ArrayLike,
    alpha_beta_Gy: ArrayLike,
    interpolation: Interpolation = "linear",
) -> FloatArray:
    """Return the BED given up to each sample, shape (…, N), Gy; it never decreases.

    BED(t) = D(t) + 2 ∫₀^t R I ds / (α/β), over a whole course if the samples cover one, so
    that damage carried between cycles is in it. Arguments as in `protracted_dose`;
    alpha_beta_Gy > 0, shape (…).
    """
    time, rate, mu = _samples(time_s, dose_rate_Gy_s, repair_rate_per_s)
    alpha_beta = positive("alpha_beta_Gy", alpha_beta_Gy)
    steps = segments(time, rate, mu, interpolation)
    shape = broadcastable("dose rate, repair rate and α/β", rate[..., 0], mu, alpha_beta)
    bed = np.zeros((*shape, time.shape[-1]))
    damage = np.zeros(shape)
    for k in range(steps.count):
        gained = steps.dose[..., k] + 2.0 * _step_pairs(steps, damage, k) / alpha_beta
        bed[..., k + 1] = bed[..., k] + gained
        damage = damage * steps.kept[..., k] + steps.added[..., k]
    return bed


def protracted_dose_of_function(
    dose_rate: Callable[[FloatArray], FloatArray],
    breakpoints_s: ArrayLike,
    *,
    repair_rate_per_s: ArrayLike,
    relative_tolerance: float = 1e-6,
    most_doublings: int = 14,
) -> ProtractedDose:
    """Integrate a dose-rate function, halving its steps until Q is known to a tolerance.

    Args:
        dose_rate: maps times of shape (N,), s, to dose rates of shape (…, N), Gy/s; smooth
            between breakpoints.
        breakpoints_s: shape (B,), increasing, s: start, every jump or kink, end.
        repair_rate_per_s: μ ≥ 0, shape (…), 1/s.
        relative_tolerance: largest estimated relative error of Q and of D.
        most_doublings: give up after this many halvings of each interval.

    Raises:
        InputError: breakpoints that do not increase, a dose rate below 0 or not finite.
        SolverError: the tolerance was not reached.

    Method: piecewise linear, exact in the repair, with Richardson extrapolation of D and Q.
    """
    edges = finite("breakpoints_s", breakpoints_s)
    if edges.ndim != 1 or edges.size < 2 or np.any(np.diff(edges) <= 0.0):
        raise InputError("breakpoints_s must be one increasing list of at least 2 times")
    mu = repair_rate(repair_rate_per_s)
    coarse: tuple[FloatArray, FloatArray] | None = None
    before: tuple[FloatArray, FloatArray] | None = None
    worst = np.inf
    for doubling in range(2, most_doublings + 1):
        time = _refined(edges, 2**doubling)
        rate = not_negative("dose_rate(time)", dose_rate(time))
        dose, quadratic = _integrate(time, rate, mu, "linear", None)
        if coarse is not None:
            better = ((4.0 * dose - coarse[0]) / 3.0, (4.0 * quadratic - coarse[1]) / 3.0)
            if before is not None:
                errors = [_relative(n, o) for n, o in zip(better, before, strict=True)]
                worst = max(float(np.max(e, initial=0.0)) for e in errors)
                if worst <= relative_tolerance:
                    return ProtractedDose(better[0], better[1], errors[1])
            before = better
        coarse = (dose, quadratic)
    raise SolverError(
        f"dose-rate function: relative error {worst:.1e} after {most_doublings} doublings, "
        f"wanted {relative_tolerance:.1e}; give breakpoints at its jumps and fast phases"
    )


def _samples(
    time_s: ArrayLike, dose_rate_Gy_s: ArrayLike, repair_rate_per_s: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    time = finite("time_s", time_s)
    rate = not_negative("dose_rate_Gy_s", dose_rate_Gy_s)
    if time.ndim == 0 or rate.ndim == 0 or time.shape[-1] < 2:
        raise InputError("time_s and dose_rate_Gy_s need a last axis of at least 2 samples")
    if time.shape[-1] != rate.shape[-1]:
        raise InputError(
            f"time_s has {time.shape[-1]} samples and dose_rate_Gy_s {rate.shape[-1]}; "
            "give one dose rate per time"
        )
    if np.any(np.diff(time, axis=-1) < 0.0):
        raise InputError("time_s decreases; sort the samples by time")
    broadcastable("time_s and dose_rate_Gy_s", time, rate)
    return time, rate, repair_rate(repair_rate_per_s)


def _integrate(
    time: FloatArray,
    rate: FloatArray,
    mu: FloatArray,
    interpolation: Interpolation,
    tail: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Return D and Q, a block of rows at a time so that the work stays in the cache."""
    cases = [time[..., 0], rate[..., 0], mu] + ([] if tail is None else [tail])
    shape = broadcastable("time, dose rate, repair rate and tail", *cases)
    per_row = rate.shape[-1] * int(np.prod(shape[1:]))
    block = max(1, BLOCK_SAMPLES // max(1, per_row))
    if not shape or shape[0] <= block:
        return _integrate_block(time, rate, mu, interpolation, tail)
    dose, quadratic = np.empty(shape), np.empty(shape)
    for first in range(0, shape[0], block):
        rows = slice(first, first + block)
        part = _integrate_block(
            _rows(time, rows, len(shape) + 1),
            _rows(rate, rows, len(shape) + 1),
            _rows(mu, rows, len(shape)),
            interpolation,
            None if tail is None else _rows(tail, rows, len(shape)),
        )
        dose[rows], quadratic[rows] = part
    return dose, quadratic


def _rows(array: FloatArray, rows: slice, ndim: int) -> FloatArray:
    """Return the given rows of the leading axis, or the whole where it broadcasts along it."""
    return array[rows] if array.ndim == ndim and array.shape[0] > 1 else array


def _integrate_block(
    time: FloatArray,
    rate: FloatArray,
    mu: FloatArray,
    interpolation: Interpolation,
    tail: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    steps = segments(time, rate, mu, interpolation)
    shape = broadcastable("dose rate and repair rate", time[..., 0], rate[..., 0], mu)
    damage, pairs = np.zeros(shape), np.zeros(shape)
    for k in range(steps.count):
        pairs = pairs + _step_pairs(steps, damage, k)
        damage = damage * steps.kept[..., k] + steps.added[..., k]
    dose = np.broadcast_to(np.sum(steps.dose, axis=-1), shape)
    if tail is not None:
        last = rate[..., -1]
        pairs = pairs + last * (damage + last / (2.0 * tail)) / (tail + mu)
        dose = dose + last / tail
    return np.array(dose), 2.0 * pairs


def _step_pairs(steps: Segments, damage: FloatArray, k: int) -> FloatArray:
    return damage * steps.met[..., k] + steps.own[..., k]


def _missed_dose_rate(
    time: FloatArray, rate: FloatArray, interpolation: Interpolation
) -> FloatArray | None:
    """Return a share of what the curve through every second sample misses at the others.

    Of a parabola of height d over two steps, the straight lines of single steps miss a quarter,
    whose area is that of a triangle of height d/3 at the middle sample. Twice that is taken,
    because where the curve is not smooth (its start from 0, a peak) halving the steps gains
    less than a factor 4. The cubic misses less, so for it the estimate is far on the safe side.
    """
    dropped = _every_second(time)
    if not dropped:
        return None
    gone = set(dropped)
    keep = np.array([k for k in range(time.shape[-1]) if k not in gone], dtype=np.intp)
    left = np.searchsorted(keep, dropped) - 1
    here = value_within(time[..., keep], rate[..., keep], left, time[..., dropped], interpolation)
    missed = np.zeros(np.broadcast_shapes(time.shape, rate.shape))
    missed[..., dropped] = SAFETY * np.abs(rate[..., dropped] - here) / 3.0
    return missed


def _every_second(time: FloatArray) -> list[int]:
    """Return every second sample, ends and both sides of a jump excepted."""
    rows = time.reshape(-1, time.shape[-1])
    jump = np.any(np.diff(rows, axis=-1) == 0.0, axis=0)
    dropped: list[int] = []
    for k in range(1, time.shape[-1] - 1):
        after_dropped = bool(dropped) and dropped[-1] == k - 1
        if not (after_dropped or jump[k - 1] or jump[k]):
            dropped.append(k)
    return dropped


def _refined(edges: FloatArray, parts: int) -> FloatArray:
    """Return `parts` steps in each interval; its ends lie just inside, so jumps are seen."""
    inner = np.linspace(edges[:-1], edges[1:], parts + 1, axis=-1)
    inner[:, 0] = np.nextafter(inner[:, 0], np.inf)
    inner[:, -1] = np.nextafter(inner[:, -1], -np.inf)
    return inner.ravel()


def _relative(new: FloatArray, old: FloatArray) -> FloatArray:
    scale = np.where(np.abs(new) > 0.0, np.abs(new), 1.0)
    return np.abs(new - old) / scale
