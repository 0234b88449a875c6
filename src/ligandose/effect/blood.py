"""Platelets and neutrophils over a course, driven by the marrow's dose.

Friberg's model of myelosuppression (J Clin Oncol 20:4713, 2002): a proliferating pool, three
transit compartments and the blood, all left at rate k_tr = 4 / MTT, with proliferation that
answers the blood count C as (C₀/C)^γ. Its drug effect is replaced by radiation: the pool is
killed at the rate s · dBED/dt of the red marrow, so that without feedback its log survival is
s · BED, the linear-quadratic law; cells in transit and blood are not killed, as in the marrow
models of radioimmunotherapy (Shen et al., J Nucl Med 39:1223, 1998).

What it is not: it holds no stem-cell exhaustion, no marrow infiltration, no growth factors and
no transfusions. MTT and s come from times and depths of the nadir after radionuclide therapy
(`marrow_response_of_nadir`), because those of chemotherapy give nadirs weeks too early.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    finite,
    not_negative,
    positive,
    probability,
)
from ligandose.errors import InputError, SolverError

TRANSIT_COMPARTMENTS = 3
# Runge–Kutta 4 at k_tr h ≤ 0.1 follows the count to better than 1e-6 of the baseline.
LARGEST_STEP = 0.1
# Where marrow is killed faster, steps end on the samples, at most this kill exponent apart.
KILL_STEP = 0.02
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class BloodCourse:
    """Counts of one lineage over a course.

    Attributes:
        time_s: shape (n,), s.
        count_1e9_per_L: shape (patients, n), 10⁹/L.
        nadir_1e9_per_L: lowest count, shape (patients,), from every solver step.
        nadir_time_s: when, shape (patients,), s.
        baseline_1e9_per_L: shape (patients,).
    """

    time_s: FloatArray
    count_1e9_per_L: FloatArray
    nadir_1e9_per_L: FloatArray
    nadir_time_s: FloatArray
    baseline_1e9_per_L: FloatArray


def blood_counts(
    time_s: ArrayLike,
    marrow_bed_Gy: ArrayLike,
    *,
    output_time_s: ArrayLike,
    baseline_1e9_per_L: ArrayLike,
    mean_transit_time_s: ArrayLike,
    feedback: ArrayLike,
    sensitivity_per_Gy: ArrayLike,
) -> BloodCourse:
    """Return the count of one lineage over time.

    Args:
        time_s: samples of the course, shape (N,), increasing from 0, s.
        marrow_bed_Gy: BED given to red marrow until each sample, shape (N,) or (patients, N),
            not decreasing, Gy (`cumulative_bed_Gy`; alphas come in with their RBE). Linear
            between samples, constant after the last.
        output_time_s: times wanted, shape (n,), increasing, ≥ 0, s; the last ends the run.
        baseline_1e9_per_L, mean_transit_time_s, feedback, sensitivity_per_Gy: C₀ > 0, MTT > 0,
            γ ≥ 0, s ≥ 0; shape () or (patients,).

    Raises:
        InputError: BED that decreases, times out of order, a value out of range.

    Method: Runge–Kutta 4 with k_tr h ≤ 0.1, steps that end on output times, kill exact.
    """
    samples, bed = _marrow(time_s, marrow_bed_Gy)
    wanted = _output_times(output_time_s)
    mtt = positive("mean_transit_time_s", mean_transit_time_s)
    gamma = not_negative("feedback", feedback)
    baseline = positive("baseline_1e9_per_L", baseline_1e9_per_L)
    sensitivity = not_negative("sensitivity_per_Gy", sensitivity_per_Gy)
    shape = broadcastable("marrow BED and parameters", bed[:, 0], mtt, gamma, baseline, sensitivity)
    if len(shape) != 1:
        raise InputError(f"parameters have shape {shape}; one axis of patients is allowed")
    steps, index = _steps(wanted, float(np.min(mtt)), _fast_kill(samples, bed, sensitivity))
    relative, low = _solve(steps, index, samples, (bed, sensitivity), (mtt, gamma), shape[0])
    base = np.broadcast_to(baseline, shape)
    return BloodCourse(wanted, relative * base[:, None], low[:, 0] * base, low[:, 1], base)


def ctcae_grade(
    count_1e9_per_L: ArrayLike,
    *,
    lower_limit_1e9_per_L: float,
    grade_limits_1e9_per_L: tuple[float, float, float],
) -> NDArray[np.int64]:
    """Return the CTCAE grade 0 … 4 of counts, any shape.

    Grade 1 below the lower limit of normal, 2, 3, 4 below the three limits.
    """
    count = not_negative("count_1e9_per_L", count_1e9_per_L)
    limits = positive("grade limits", [lower_limit_1e9_per_L, *grade_limits_1e9_per_L])
    if np.any(np.diff(limits) >= 0.0):
        raise InputError("grade limits must fall from grade 1 to grade 4")
    return np.sum(count[..., None] < limits, axis=-1).astype(np.int64)


def cycle_nadirs(course: BloodCourse, cycle_start_s: ArrayLike) -> FloatArray:
    """Return the lowest stored count from each cycle's start to the next, (patients, cycles).

    Raises:
        InputError: a cycle without a stored count.
    """
    starts = not_negative("cycle_start_s", cycle_start_s)
    ends = np.append(starts[1:], np.inf)
    nadirs: list[FloatArray] = []
    for start, end in zip(starts, ends, strict=True):
        within = (course.time_s >= start) & (course.time_s < end)
        if not np.any(within):
            raise InputError(f"no stored count from {start:g} s to {end:g} s; add output times")
        nadirs.append(np.min(course.count_1e9_per_L[:, within], axis=1))
    return np.stack(nadirs, axis=-1)


def marrow_response_of_nadir(
    nadir_fraction: float,
    nadir_time_s: float,
    *,
    marrow_bed_Gy: float,
    dose_half_time_s: float,
    feedback: float,
) -> tuple[float, float]:
    """Return (sensitivity_per_Gy, mean_transit_time_s) that give a known nadir.

    For one administration whose marrow BED builds up as B (1 − 2^(−t/T)). The shipped values
    are made by this from the published nadirs named in their rows; a patient's own counts go
    in the same way.

    Raises:
        InputError: nadir fraction not between 0 and 1, times or dose not above 0.
        SolverError: no parameters give that nadir.
    """
    depth = float(probability("nadir_fraction", nadir_fraction))
    wanted = float(positive("nadir_time_s", nadir_time_s))
    total = float(positive("marrow_bed_Gy", marrow_bed_Gy))
    half_time = float(positive("dose_half_time_s", dose_half_time_s))
    if not 0.0 < depth < 1.0:
        raise InputError(f"nadir_fraction {depth:g} must lie between 0 and 1")

    def nadir(kill: float, transit_s: float) -> tuple[float, float]:
        time = np.linspace(0.0, 6.0 * wanted, 1201)
        bed = total * -np.expm1(-np.log(2.0) * time / half_time)
        course = blood_counts(
            time, bed, output_time_s=time, baseline_1e9_per_L=1.0,
            mean_transit_time_s=transit_s, feedback=feedback, sensitivity_per_Gy=kill,
        )  # fmt: skip
        return _parabola_minimum(time, course.count_1e9_per_L[0])

    def misses(x: FloatArray) -> FloatArray:
        low, when = nadir(float(np.exp(x[0])), float(np.exp(x[1])))
        return np.array([low / depth - 1.0, when / wanted - 1.0])

    start = np.log([-np.log(depth) / total, wanted / 2.0])
    x, miss = _newton(misses, start)
    if not miss < 1e-6:
        raise SolverError(
            f"no sensitivity and transit time give a nadir of {depth:g} at {wanted / DAY_S:g} d "
            f"(nearest miss {miss:.1e}); is the nadir before the dose is given?"
        )
    return float(np.exp(x[0])), float(np.exp(x[1]))


def _newton(
    function: Callable[[FloatArray], FloatArray], start: FloatArray
) -> tuple[FloatArray, float]:
    """Return the root of a small smooth system and the largest miss left there.

    Newton with a forward-difference Jacobian; steps are cut to a factor 2 in a parameter.
    """
    x, step = start.astype(np.float64), 1e-4
    for _ in range(30):
        value = function(x)
        if np.max(np.abs(value)) < 1e-9:
            break
        columns = [(function(x + step * unit) - value) / step for unit in np.eye(x.size)]
        try:
            move = np.linalg.solve(np.stack(columns, axis=1), -value)
        except np.linalg.LinAlgError:
            break
        x = x + np.clip(move, -np.log(2.0), np.log(2.0))
    return x, float(np.max(np.abs(function(x))))


def _parabola_minimum(time: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Return the minimum of equally spaced values and its time, between samples."""
    k = int(np.clip(np.argmin(values), 1, time.size - 2))
    left, middle, right = (float(v) for v in values[k - 1 : k + 2])
    curve = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / curve if curve > 0.0 else 0.0
    return middle - 0.25 * (left - right) * shift, float(time[k] + shift * (time[1] - time[0]))


def _marrow(time_s: ArrayLike, marrow_bed_Gy: ArrayLike) -> tuple[FloatArray, FloatArray]:
    time = not_negative("time_s", time_s)
    bed = not_negative("marrow_bed_Gy", marrow_bed_Gy)
    bed = bed[None, :] if bed.ndim == 1 else bed
    if time.ndim != 1 or bed.ndim != 2 or bed.shape[1] != time.size or time.size < 2:
        raise InputError(
            f"time_s has shape {time.shape} and marrow_bed_Gy {bed.shape}; "
            "give (N,) and (patients, N) with N of at least 2"
        )
    if np.any(np.diff(time) <= 0.0):
        raise InputError("time_s does not increase; sort the samples and drop repeated times")
    if np.any(np.diff(bed, axis=1) < -1e-12 * np.max(bed, initial=1.0)):
        raise InputError("marrow_bed_Gy decreases; give the BED accumulated until each time")
    return time, bed


def _output_times(output_time_s: ArrayLike) -> FloatArray:
    wanted = np.atleast_1d(finite("output_time_s", output_time_s))
    if wanted.ndim != 1 or wanted[0] < 0.0 or np.any(np.diff(wanted) <= 0.0) or wanted[-1] <= 0.0:
        raise InputError("output_time_s must increase, start at 0 or later and end after 0")
    return wanted


def _fast_kill(samples: FloatArray, bed: FloatArray, sensitivity: FloatArray) -> FloatArray:
    """Return sample times that fence in each `KILL_STEP` of the most affected patient's kill."""
    most = np.max(np.max(sensitivity) * np.diff(bed, axis=1), axis=0, initial=0.0)
    passed = np.floor(np.cumsum(most) / KILL_STEP)
    fast = np.flatnonzero(np.diff(passed, prepend=0.0) > 0.0)
    return samples[np.unique(np.concatenate([fast, fast + 1]))]


def _steps(
    wanted: FloatArray, shortest_mtt_s: float, fences: FloatArray
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return step times from 0 that hit every wanted time and fence, and the wanted indices."""
    largest = LARGEST_STEP * shortest_mtt_s / (TRANSIT_COMPARTMENTS + 1)
    inside = fences[fences < wanted[-1]]
    edges = np.unique(np.concatenate([np.zeros(1), wanted, inside]))
    counts = np.maximum(1, np.ceil(np.diff(edges) / largest)).astype(np.int64)
    parts: list[FloatArray] = [
        float(a) + (float(b) - float(a)) * np.arange(int(n), dtype=np.float64) / int(n)
        for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    at_edge = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    return np.concatenate([*parts, edges[-1:]]), at_edge[np.searchsorted(edges, wanted)]


def _solve(
    steps: FloatArray,
    index: NDArray[np.int64],
    samples: FloatArray,
    kill: tuple[FloatArray, FloatArray],
    response: tuple[FloatArray, FloatArray],
    patients: int,
) -> tuple[FloatArray, FloatArray]:
    from ligandose.effect._blood_kernel import integrate

    bed, sensitivity = kill
    fine = np.empty(2 * steps.size - 1)
    fine[0::2] = steps
    fine[1::2] = 0.5 * (steps[:-1] + steps[1:])
    left = np.clip(np.searchsorted(samples, fine, side="right") - 1, 0, samples.size - 2)
    share = np.clip((fine - samples[left]) / (samples[left + 1] - samples[left]), 0.0, 1.0)
    mtt, gamma, kills = (
        np.ascontiguousarray(np.broadcast_to(a, (patients,))) for a in (*response, sensitivity)
    )
    marrow = (np.ascontiguousarray(bed), left.astype(np.int64), share, kills)
    stored = np.empty((patients, index.size))
    ktr = (TRANSIT_COMPARTMENTS + 1.0) / mtt
    low = integrate(steps, marrow, ktr, gamma, index, stored)
    return stored, np.asarray(low, dtype=np.float64)
