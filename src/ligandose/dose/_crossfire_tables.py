"""Functions of a squared distance as tables whose index is made of the bits of the number."""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Radial = Callable[[FloatArray], FloatArray]

MANTISSA_BITS = 52
FEWEST_BITS, MOST_BITS = 7, 11
TABLE_TOLERANCE = 2e-5
"""Relative error allowed to the table; a tenth of what is promised for the kernel."""


@dataclass(frozen=True)
class BitTable:
    """A function of u = distance squared, linear in u within each of 2^bits parts of an octave.

    Attributes:
        rows: (n, 2) value at u = 0 and slope of the line that holds in the part.
        shift: bits of u to drop to get the part.
        base: number of the first part.
        first_um2: u below which the table does not hold.
        end_um2: u from which on the function is 0.
        at_zero: value at u = 0.
    """

    rows: FloatArray
    shift: int
    base: int
    first_um2: float
    end_um2: float
    at_zero: float


def bit_table(value: Radial, scale: Radial, first_um: float, end_um: float) -> BitTable:
    """Tabulate a function of distance until lines between nodes keep `TABLE_TOLERANCE`.

    Args:
        value: function of distances (n,), µm.
        scale: positive function of distances to which errors are relative.
        first_um: smallest distance that is looked up; above 0.
        end_um: the function is 0 from there on.
    """
    first, end = first_um**2, end_um**2
    for bits in range(FEWEST_BITS, MOST_BITS + 1):
        shift = MANTISSA_BITS - bits
        base = int(np.float64(first).view(np.int64)) >> shift
        top = int(np.float64(end).view(np.int64)) >> shift
        part = np.arange(base, top + 2, dtype=np.int64) << shift
        u = part.view(np.float64)
        # the last part ends where the function does: its line is drawn from there backwards
        inside = np.minimum(u, end * (1.0 - 1e-12))
        f = value(np.sqrt(inside))
        step = np.diff(inside)
        slope = np.where(step > 0.0, np.diff(f) / np.where(step > 0.0, step, 1.0), 0.0)
        rows = np.column_stack([f[:-1] - slope * inside[:-1], slope])
        middle = np.sqrt(0.5 * (inside[1:] + inside[:-1]))
        error = np.abs(value(middle) - 0.5 * (f[1:] + f[:-1]))
        if np.all(error <= TABLE_TOLERANCE * scale(middle)):
            break
    at_zero = float(value(np.zeros(1))[0])
    return BitTable(np.ascontiguousarray(rows), shift, base, first, end, at_zero)


@dataclass(frozen=True)
class LogSpline:
    """Smooth interpolation of a positive, many-decade function of distance.

    Cubic in x = log(distance + offset) for the logarithm of the value: slopes of the twice
    differentiable spline, limited so that no interval overshoots its ends (J. M. Hyman 1983,
    doi:10.1137/0904045). Where the table reaches 0 the last interval is a straight line.
    """

    x: FloatArray
    y: FloatArray
    slope: FloatArray
    offset_um: float
    first_um: float
    last_um: float
    last: float
    end_um: float

    def __call__(self, distance_um: FloatArray) -> FloatArray:
        """Return values (n,); 0 from `end_um` on."""
        r = np.asarray(distance_um, dtype=np.float64)
        x = np.log(np.clip(r, self.first_um, self.last_um) + self.offset_um)
        i = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self.x) - 2)
        width = self.x[i + 1] - self.x[i]
        t = (x - self.x[i]) / width
        rest = 1.0 - t
        value = np.exp(
            rest * rest * ((1.0 + 2.0 * t) * self.y[i] + t * width * self.slope[i])
            + t * t * ((1.0 + 2.0 * rest) * self.y[i + 1] - rest * width * self.slope[i + 1])
        )
        if self.end_um > self.last_um:
            fall = (self.end_um - r) / (self.end_um - self.last_um)
            value = np.where(r > self.last_um, self.last * np.clip(fall, 0.0, 1.0), value)
        return np.where(r <= self.end_um, value, 0.0)


def log_spline(distance_um: FloatArray, value: FloatArray) -> LogSpline:
    """Return the interpolation of a table that is positive first and 0, if at all, behind.

    Args:
        distance_um: (n,) increasing, first not negative.
        value: (n,) at least two of them positive.
    """
    from scipy.interpolate import CubicSpline

    positive = int(np.count_nonzero(value > 0.0))
    r, k = distance_um[:positive], value[:positive]
    offset = float(r[1]) if r[0] == 0.0 else 0.0
    x, y = np.log(r + offset), np.log(k)
    slope = CubicSpline(x, y)(x, 1) if positive > 3 else np.gradient(y, x)
    secant = np.diff(y) / np.diff(x)
    before = np.concatenate([secant[:1], secant])
    after = np.concatenate([secant, secant[-1:]])
    bound = 3.0 * np.minimum(np.abs(before), np.abs(after))
    same = before * after > 0.0
    slope = np.where(same & (slope * before > 0.0), slope, 0.0)
    slope = np.clip(slope, -bound, bound)
    last = float(r[-1])
    end = float(distance_um[positive]) if positive < len(value) else last
    return LogSpline(x, y, slope, offset, float(r[0]), last, float(k[-1]), end)


def kernel_integral(value: Radial, end_um: float, first_um: float) -> float:
    """Return 4π ∫ r² f dr up to `end_um`; constant below `first_um`."""
    return float(4.0 * math.pi * _running_integral(value, end_um, first_um)[1][-1])


def running_mean(value: Radial, end_um: float, first_um: float) -> Radial:
    """Return the function max(f(r), 1/r³ ∫ f r'² dr' up to r), what a pair's error is held against.

    The second is a third of the mean of f over the ball of radius r.
    """
    edge, integral = _running_integral(value, end_um, first_um)

    def scale(r: FloatArray) -> FloatArray:
        inside = np.clip(r, edge[0], end_um)
        return np.maximum(value(r), np.interp(inside, edge, integral) / inside**3)

    return scale


def _running_integral(
    value: Radial, end_um: float, first_um: float
) -> tuple[FloatArray, FloatArray]:
    """Distances (64 per octave) and ∫ r² f dr up to each: two points of Gauss per panel."""
    start = min(max(first_um, end_um * 1e-6), 0.5 * end_um)
    octaves = max(1, math.ceil(math.log2(end_um / start)))
    edge = np.geomspace(start, end_um, 64 * octaves + 1)
    middle, half = 0.5 * (edge[1:] + edge[:-1]), 0.5 * np.diff(edge)
    r = middle[:, None] + half[:, None] * (np.array([-1.0, 1.0]) / math.sqrt(3.0))
    panel = np.sum(value(r.ravel()).reshape(r.shape) * r**2, axis=1) * half
    core = float(value(np.array([start]))[0]) * start**3 / 3.0
    return edge, core + np.concatenate([[0.0], np.cumsum(panel)])
