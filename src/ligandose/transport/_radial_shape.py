"""Monotone curves through tabulated points (Fritsch and Butland 1984, doi:10.1137/0905021).

Without SciPy, whose import takes longer than all that the shipped tables need.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def monotone_slopes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return slopes at the points of curves that rise or fall where their points do.

    Args:
        x: (n,) rising, n > 1.
        y: (..., n) values.
    """
    step = np.diff(x)
    rise = np.diff(y, axis=-1) / step
    slopes = np.zeros(y.shape)
    slopes[..., 0], slopes[..., -1] = rise[..., 0], rise[..., -1]
    left, right = rise[..., :-1], rise[..., 1:]
    near, far = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same = left * right > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = (near + far) / (near / left + far / right)
    slopes[..., 1:-1] = np.where(same, mean, 0.0)
    return slopes


def hermite(x: FloatArray, y: FloatArray, slopes: FloatArray, at: FloatArray) -> FloatArray:
    """Return cubic Hermite curves at points; outside the ends their values stay.

    Args:
        x: (n,) rising.
        y, slopes: (m, n).
        at: points of any shape.

    Returns:
        (m, *at.shape)
    """
    i, weights = hermite_weights(x, np.asarray(at, dtype=np.float64))
    a, b, c, d = weights
    return a * y[:, i] + b * y[:, i + 1] + c * slopes[:, i] + d * slopes[:, i + 1]


def hermite_weights(
    x: FloatArray, at: FloatArray
) -> tuple[NDArray[np.intp], tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Return the interval of each point and the weights of its two values and two slopes."""
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    h = x[i + 1] - x[i]
    t = np.clip((at - x[i]) / h, 0.0, 1.0)
    rest = 1.0 - t
    value = rest * rest * (1.0 + 2.0 * t)
    return i, (value, 1.0 - value, h * t * rest * rest, -h * t * t * rest)
