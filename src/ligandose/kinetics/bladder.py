"""Activity in a bladder that is emptied at discrete times.

The bladder does not feed back into the body, so it needs no state in the model: its content is
the urine produced since the last voiding. The first voidings, during which most of a small
ligand is excreted at a rapidly falling rate, are resolved; afterwards urine is taken to flow in
evenly within each interval. The bladder fills from empty at the administration and is emptied
first after one interval (dynamic bladder model, Thomas et al. 1999, MIRD Pamphlet 14 revised,
J Nucl Med 40(4 Suppl):102S).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

RESOLVED_VOIDINGS = 10
SAMPLES_PER_INTERVAL = 8
GRID_POINTS = 120


def voiding_sample_times(interval_s: ArrayLike) -> Floats:
    """Return the times (s) after the administration at which cumulative urine is needed.

    Args:
        interval_s: (…) time between voidings.

    Returns:
        (…, samples).
    """
    n = RESOLVED_VOIDINGS * SAMPLES_PER_INTERVAL
    step = np.asarray(interval_s, dtype=np.float64)[..., None] / SAMPLES_PER_INTERVAL
    return np.arange(1, n + 1, dtype=np.float64) * step


def urine_grid_s(longest_interval_s: float) -> Floats:
    """Return times (s) on which urine of every patient can be kept, whatever the interval.

    They lie densest early, where urine flows fastest, and reach as far as the voidings of the
    longest interval are resolved.
    """
    share = np.arange(1, GRID_POINTS + 1, dtype=np.float64) / GRID_POINTS
    return RESOLVED_VOIDINGS * longest_interval_s * share**3


def urine_at(time_s: Floats, *, grid_s: Floats, urine: Floats) -> Floats:
    """Return cumulative urine at each patient's own times by cubic Hermite interpolation.

    Slopes are those of parabolas through three neighbours. Before the grid urine is empty at
    time 0.

    Args:
        time_s: (patients, samples) within the grid.
        grid_s: (n,) increasing, after time 0.
        urine: (patients, n) cumulative urine on the grid.

    Returns:
        (patients, samples).
    """
    grid = np.concatenate([np.zeros(1), grid_s])
    value = np.concatenate([np.zeros_like(urine[:, :1]), urine], axis=1)
    step = np.diff(grid)
    secant = np.diff(value, axis=1) / step
    slope = np.empty_like(value)
    slope[:, 0], slope[:, -1] = secant[:, 0], secant[:, -1]
    weight = step[:-1] / (step[:-1] + step[1:])
    slope[:, 1:-1] = weight * secant[:, 1:] + (1.0 - weight) * secant[:, :-1]
    k = np.clip(np.searchsorted(grid, time_s) - 1, 0, step.size - 1)
    h = step[k]
    u = (time_s - grid[k]) / h
    v0, v1 = np.take_along_axis(value, k, 1), np.take_along_axis(value, k + 1, 1)
    d0, d1 = np.take_along_axis(slope, k, 1) * h, np.take_along_axis(slope, k + 1, 1) * h
    rise = v1 - v0
    return v0 + u * (d0 + u * (3.0 * rise - 2.0 * d0 - d1 + u * (d0 + d1 - 2.0 * rise)))


def mean_residence_s(interval_s: ArrayLike, decay_per_s: float) -> Floats:
    """Return the decays in the bladder per unit activity of urine that flows in evenly.

    Urine of an interval T at rate r holds r (1 - e^(-λT) - λT e^(-λT)) / λ² of decays in the
    bladder, out of an activity r (1 - e^(-λT)) / λ that flows in, so
    m = (1 - λT / (e^(λT) - 1)) / λ, which tends to T/2 for a long-lived nuclide.

    Args:
        interval_s: (…) T.
        decay_per_s: λ.

    Returns:
        (…) s.
    """
    interval = np.asarray(interval_s, dtype=np.float64)
    x = decay_per_s * interval
    series = interval * (0.5 - x / 12.0 + x**3 / 720.0)
    safe = np.maximum(x, 1e-2)
    return np.where(x < 1e-2, series, (1.0 + safe * np.exp(-safe) / np.expm1(-safe)) / decay_per_s)


def bladder_integral(
    urine: Floats, urine_integral: Floats, *, interval_s: ArrayLike, decay_per_s: float
) -> Floats:
    """Return the time integral of the decaying content of the bladder.

    Args:
        urine: (…, samples) cumulative urine (any amount, no decay applied) at
            `voiding_sample_times`, administration at time 0.
        urine_integral: (…) ∫₀^∞ e^(-λt) urine dt.
        interval_s: time between voidings, one or (…).
        decay_per_s: λ.

    Returns:
        (…) ∫ e^(-λt) content dt, in amount · s.
    """
    interval = np.asarray(interval_s, dtype=np.float64)
    step = interval / SAMPLES_PER_INTERVAL
    shape = (*urine.shape[:-1], RESOLVED_VOIDINGS, SAMPLES_PER_INTERVAL)
    filled = urine.reshape(shape)
    at_void = np.concatenate([np.zeros_like(filled[..., :1, -1]), filled[..., :-1, -1]], axis=-1)
    content = filled - at_void[..., None]
    content = np.concatenate([np.zeros_like(content[..., :1]), content], axis=-1)
    start = interval[..., None] * np.arange(RESOLVED_VOIDINGS)
    time = start[..., None] + step[..., None, None] * np.arange(SAMPLES_PER_INTERVAL + 1)
    decay = np.exp(-decay_per_s * time)
    resolved = _simpson(content * decay, step[..., None]).sum(axis=-1)
    # ∫ e^(-λt) dU over the resolved time by parts, from the same samples
    curve = np.concatenate([at_void[..., None], filled], axis=-1) * decay
    end = interval * RESOLVED_VOIDINGS
    early = filled[..., -1, -1] * np.exp(-decay_per_s * end)
    early = early + decay_per_s * _simpson(curve, step[..., None]).sum(axis=-1)
    late = np.maximum(decay_per_s * urine_integral - early, 0.0)
    return resolved + late * mean_residence_s(interval, decay_per_s)


def _simpson(values: Floats, step: Floats) -> Floats:
    """Integrate an even number of intervals along the last axis."""
    weights = np.full(values.shape[-1], 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    return values @ weights * (step / 3.0)
