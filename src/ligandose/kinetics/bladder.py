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
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESOLVED_VOIDINGS = 10
SAMPLES_PER_INTERVAL = 8


def voiding_sample_times(interval_s: float) -> Floats:
    """Return the times after administration at which cumulative urine is needed."""
    n = RESOLVED_VOIDINGS * SAMPLES_PER_INTERVAL
    return np.arange(1, n + 1) * (interval_s / SAMPLES_PER_INTERVAL)


def mean_residence_s(interval_s: float, decay_per_s: float) -> float:
    """Return the decays in the bladder per unit activity that flows in evenly over an interval.

    m = (1 - (1 - e^(-λT)) / (λT)) / λ, which tends to T/2 for a long-lived nuclide.
    """
    x = decay_per_s * interval_s
    if x < 1e-4:
        return interval_s * (0.5 - x / 6.0)
    return (1.0 + np.expm1(-x) / x) / decay_per_s


def bladder_integral(
    urine: Floats, urine_integral: Floats, *, interval_s: float, decay_per_s: float
) -> Floats:
    """Return the time integral of the decaying content of the bladder.

    Args:
        urine: (…, samples) cumulative urine (any amount, no decay applied) at
            `voiding_sample_times`, administration at time 0.
        urine_integral: (…) ∫₀^∞ e^(-λt) urine dt.
        interval_s: time between voidings.
        decay_per_s: λ.

    Returns:
        (…) ∫ e^(-λt) content dt, in amount · s.
    """
    shape = (*urine.shape[:-1], RESOLVED_VOIDINGS, SAMPLES_PER_INTERVAL)
    filled = urine.reshape(shape)
    at_void = np.concatenate([np.zeros_like(filled[..., :1, -1]), filled[..., :-1, -1]], axis=-1)
    content = filled - at_void[..., None]
    content = np.concatenate([np.zeros_like(content[..., :1]), content], axis=-1)
    step = interval_s / SAMPLES_PER_INTERVAL
    start = interval_s * np.arange(RESOLVED_VOIDINGS)
    time = start[:, None] + step * np.arange(SAMPLES_PER_INTERVAL + 1)
    decayed = content * np.exp(-decay_per_s * time)
    resolved = _simpson(decayed, step).sum(axis=-1)
    # ∫ e^(-λt) dU over the resolved time by parts, from the same samples
    curve = np.concatenate([at_void[..., None], filled], axis=-1) * np.exp(-decay_per_s * time)
    end = interval_s * RESOLVED_VOIDINGS
    early = filled[..., -1, -1] * np.exp(-decay_per_s * end)
    early = early + decay_per_s * _simpson(curve, step).sum(axis=-1)
    late = np.maximum(decay_per_s * urine_integral - early, 0.0)
    return resolved + late * mean_residence_s(interval_s, decay_per_s)


def _simpson(values: Floats, step: float) -> Floats:
    """Integrate an even number of intervals along the last axis."""
    weights = np.full(values.shape[-1], 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    return values @ weights * (step / 3.0)
