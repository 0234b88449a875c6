"""Where and as what a history begins."""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ligandose.transport._geometry import locate
from ligandose.transport._kernel import kernel
from ligandose.transport._nets import VOXEL, X, Y, Z, even
from ligandose.transport._random import direction, uniform

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

POINT, BALL, BOXES, GRID = 0, 1, 2, 3


class Source(NamedTuple):
    """Places and emissions of a run. Lengths cm, energies keV.

    Attributes:
        kind: POINT (at the origin), BALL (uniform in a ball around the origin), BOXES (uniform
            in a region, by rejection from boxes that cover it) or GRID (voxels of given weight).
        radius: of the ball.
        region: whose points a BOXES source accepts.
        box: (k, 6) lower and upper corners; cumulative_box: (k,) of their volumes, ends at 1.
        voxel: (m,) index of each voxel of a GRID source; keep, other: its alias table.
        particle, low_keV, high_keV: (e,) emissions: a particle of an energy between two limits,
            equal for a line; keep_emission, other_emission: alias table of their probabilities.
    """

    kind: int
    radius: float
    region: int
    box: FloatArray
    cumulative_box: FloatArray
    voxel: IntArray
    keep: FloatArray
    other: IntArray
    particle: IntArray
    low_keV: FloatArray
    high_keV: FloatArray
    keep_emission: FloatArray
    other_emission: IntArray


def alias_table(weight: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return Walker's alias table of non-negative weights (Vose 1991, doi:10.1109/32.92917)."""
    n = weight.size
    scaled = np.ascontiguousarray(weight, dtype=np.float64) / weight.max()  # no overflow
    scaled *= n / scaled.sum()
    return _alias(scaled)


@njit(cache=True)
def _alias(scaled):
    n = scaled.size
    keep, other = np.ones(n), np.arange(n)
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    s = t = 0
    for i in range(n):
        if scaled[i] < 1.0:
            small[s] = i
            s += 1
        else:
            large[t] = i
            t += 1
    while s > 0 and t > 0:
        s -= 1
        i, j = small[s], large[t - 1]
        keep[i], other[i] = scaled[i], j
        scaled[j] -= 1.0 - scaled[i]
        if scaled[j] < 1.0:
            t -= 1
            small[s] = j
            s += 1
    return keep, other


@kernel
def _drawn(keep, other, pick):
    """Return the index that an alias table gives for a number in (0, 1)."""
    p = pick * keep.shape[0]
    i = min(int(p), keep.shape[0] - 1)
    return i if p - i < keep[i] else other[i]


@kernel
def emission(source, pick, part):
    """Return kind and energy of a primary particle from two numbers in (0, 1)."""
    i = _drawn(source.keep_emission, source.other_emission, pick)
    low, high = source.low_keV[i], source.high_keV[i]
    return source.particle[i], low + (high - low) * part


@kernel
def place(source, geometry, key, history, rng):
    """Return the point at which a history begins; `key` is that of its net."""
    if source.kind == POINT:
        return 0.0, 0.0, 0.0
    if source.kind == BALL:
        r = source.radius * even(key, history, X) ** (1 / 3)
        u, v, w = direction(even(key, history, Y), even(key, history, Z))
        return r * u, r * v, r * w
    if source.kind == GRID:
        index = source.voxel[_drawn(source.keep, source.other, even(key, history, VOXEL))]
        size = geometry.size
        i, rest = index % size[0], index // size[0]
        j, k = rest % size[1], rest // size[1]
        x = geometry.low[0] + (i + even(key, history, X)) / geometry.per_cm[0]
        y = geometry.low[1] + (j + even(key, history, Y)) / geometry.per_cm[1]
        z = geometry.low[2] + (k + even(key, history, Z)) / geometry.per_cm[2]
        return x, y, z
    return _in_boxes(source, geometry, rng)


@kernel
def _in_boxes(source, geometry, rng):
    boxes = source.box
    while True:
        pick, b = uniform(rng), 0
        while b < boxes.shape[0] - 1 and source.cumulative_box[b] < pick:
            b += 1
        x = boxes[b, 0] + uniform(rng) * (boxes[b, 3] - boxes[b, 0])
        y = boxes[b, 1] + uniform(rng) * (boxes[b, 4] - boxes[b, 1])
        z = boxes[b, 2] + uniform(rng) * (boxes[b, 5] - boxes[b, 2])
        region, _ = locate(geometry, x, y, z)
        if region != source.region:
            continue
        cover = 0  # a point that several boxes offer is taken as often as any other
        for i in range(boxes.shape[0]):
            inside = boxes[i, 0] <= x <= boxes[i, 3] and boxes[i, 1] <= y <= boxes[i, 4]
            if inside and boxes[i, 2] <= z <= boxes[i, 5]:
                cover += 1
        if cover <= 1 or uniform(rng) * cover < 1.0:
            return x, y, z
