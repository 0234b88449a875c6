"""Distributions in the form that every document uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distribution(values: Floats) -> dict[str, float]:
    """Return mean, sd, median, p05 and p95 of the patients that were solved.

    NaN marks patients whose integration was given up; they are left out.
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return dict.fromkeys(("mean", "sd", "median", "p05", "p95"), float("nan"))
    low, middle, high = np.quantile(known, (0.05, 0.5, 0.95))
    sd = float(np.std(known, ddof=1)) if known.size > 1 else 0.0
    return {
        "mean": float(np.mean(known)),
        "sd": sd,
        "median": float(middle),
        "p05": float(low),
        "p95": float(high),
    }


def band(values: Floats) -> dict[str, list[float]]:
    """Return mean, median, p05 and p95 over patients of (patients, t) curves."""
    known = values[np.all(np.isfinite(values), axis=1)]
    low, middle, high = np.quantile(known, (0.05, 0.5, 0.95), axis=0)
    return {
        "mean": [float(v) for v in known.mean(axis=0)],
        "median": [float(v) for v in middle],
        "p05": [float(v) for v in low],
        "p95": [float(v) for v in high],
    }
