"""Sums over the cells within a cut-off distance: cells sorted into boxes, each cell adds its own.

Every target sums over its sources in one fixed order, so results have the same bits on any number
of threads.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from ligandose.dose._crossfire_tables import BitTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BOXES_PER_CUTOFF = 2
"""Edge of a box as part of the cut-off: smaller ones waste fewer pairs and cost more look-ups."""
BLOCK = 64
CHUNK = 256

_options = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp", "reassoc"},
}


@dataclass(frozen=True)
class Boxes:
    """Points sorted into boxes.

    Attributes:
        count: (3,) boxes along each axis.
        start: (boxes + 1,) first point of each box, in the sorted order.
        order: (n,) number of the point before sorting.
        place: (n, 3) box of each point, before sorting.
    """

    count: IntArray
    start: IntArray
    order: IntArray
    place: IntArray


@njit(**_options)
def counting_sort(key, boxes):
    """Return the first place of each key and the order that sorts the keys, stable."""
    start = np.zeros(boxes + 1, np.int64)
    for i in range(key.shape[0]):
        start[key[i] + 1] += 1
    for b in range(boxes):
        start[b + 1] += start[b]
    place = start[:-1].copy()
    order = np.empty(key.shape[0], np.int64)
    for i in range(key.shape[0]):
        order[place[key[i]]] = i
        place[key[i]] += 1
    return start, order


@njit(parallel=True, **_options)
def near_sum(
    target, target_box, source, start, strength, count, offsets, box_um,
    rows, shift, base, first, end, nearer, out, close,
):  # fmt: skip
    """Add to `out` the table's value times strength of every source within the cut-off.

    Args:
        target: (3, n) in the order of work; target_box: (n, 3) their boxes.
        source: (3, m) sorted by box; start: (boxes + 1,); strength: (k, m) sorted alike.
        count: (3,) boxes along each axis; offsets: (q, 3) dx, dy and reach in z.
        box_um: (3,) period, 0 where there is none.
        rows, shift, base, first, end: the table.
        nearer: value of pairs nearer than `first`.
        out: (n, k); close: (n,) how many pairs were.
    """
    n, k = out.shape
    nx, ny, nz = count[0], count[1], count[2]
    last = np.int64(rows.shape[0] - 1)
    for block in prange((n + BLOCK - 1) // BLOCK):
        values = np.empty(CHUNK)
        for t in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            found = 0
            for q in range(offsets.shape[0]):
                i, j = target_box[t, 0] + offsets[q, 0], target_box[t, 1] + offsets[q, 1]
                low, high = target_box[t, 2] - offsets[q, 2], target_box[t, 2] + offsets[q, 2]
                image_x, image_y, image_low, image_high = 0, 0, 0, 0
                if box_um[0] > 0.0:
                    image_x, image_y = i // nx, j // ny
                    image_low, image_high = low // nz, high // nz
                    i -= image_x * nx
                    j -= image_y * ny
                elif i < 0 or i >= nx or j < 0 or j >= ny:
                    continue
                else:
                    low, high = max(low, 0), min(high, nz - 1)
                column = (i * ny + j) * nz
                for image in range(image_low, image_high + 1):
                    a = start[column + max(low - image * nz, 0)]
                    b = start[column + min(high - image * nz, nz - 1) + 1]
                    px = target[0, t] - image_x * box_um[0]
                    py = target[1, t] - image_y * box_um[1]
                    pz = target[2, t] - image * box_um[2]
                    for s0 in range(a, b, CHUNK):
                        size = min(CHUNK, b - s0)
                        for s in range(size):
                            dx, dy = source[0, s0 + s] - px, source[1, s0 + s] - py
                            dz = source[2, s0 + s] - pz
                            u = dx * dx + dy * dy + dz * dz
                            part = np.int64(np.float64(u).view(np.uint64) >> shift) - base
                            part = min(max(part, 0), last)
                            value = rows[part, 0] + rows[part, 1] * u
                            value = value if u < end else 0.0
                            values[s] = nearer if u < first else value
                            found += u < first
                        for c in range(k):
                            total = 0.0
                            for s in range(size):
                                total += values[s] * strength[c, s0 + s]
                            out[t, c] += total
            close[t] = found


def sort_points(
    target: FloatArray, source: FloatArray, cutoff_um: float, box_um: FloatArray | None
) -> tuple[Boxes, Boxes, IntArray]:
    """Sort targets and sources into boxes; return both and the neighbours (q, 3) of a box."""
    most = 4 * (len(source) + len(target)) + 4096
    edge = cutoff_um / BOXES_PER_CUTOFF
    if box_um is not None:
        while True:
            count = np.maximum(1, np.floor(box_um / edge)).astype(np.int64)
            if np.prod(count.astype(float)) <= most:
                break
            edge *= 1.25
        sides = box_um / count
        place = [np.floor(p / sides).astype(np.int64) % count for p in (target, source)]
        return (*_sorted(place, count), _neighbours(sides, cutoff_um))
    low = np.minimum(target.min(axis=0), source.min(axis=0))
    while True:
        reach = math.ceil(cutoff_um / edge)
        place = [np.floor((p - low) / edge).astype(np.int64) for p in (target, source)]
        place = _without_gaps(place, reach, most)
        count = np.maximum(place[0].max(axis=0), place[1].max(axis=0)) + 1
        if np.prod(count.astype(float)) <= most:
            break
        edge *= 1.25
    return (*_sorted(place, count), _neighbours(np.full(3, edge), cutoff_um))


def _without_gaps(place: list[IntArray], reach: int, most: int) -> list[IntArray]:
    """Shorten runs of empty boxes along each axis: points apart by more than a cut-off stay so."""
    extent = np.maximum(place[0].max(axis=0), place[1].max(axis=0)) + 1.0
    if np.prod(extent) <= most:
        return place
    out = [np.empty_like(p) for p in place]
    for d in range(3):
        used = np.unique(np.concatenate([np.unique(p[:, d]) for p in place]))
        steps = np.minimum(np.diff(used), reach + 1)
        short = np.concatenate([[0], np.cumsum(steps)])
        for p, o in zip(place, out, strict=True):
            o[:, d] = short[np.searchsorted(used, p[:, d])]
    return out


def _sorted(place: list[IntArray], count: IntArray) -> tuple[Boxes, Boxes]:
    made: list[Boxes] = []
    for p in place:
        key = (p[:, 0] * count[1] + p[:, 1]) * count[2] + p[:, 2]
        start, order = counting_sort(key, int(np.prod(count)))
        made.append(Boxes(count, start, order, p))
    return made[0], made[1]


def _neighbours(sides: FloatArray, cutoff_um: float) -> IntArray:
    """Columns of boxes that may hold a point within the cut-off, with their reach along z."""
    rx, ry = (math.ceil(cutoff_um / s) for s in sides[:2])
    rows: list[tuple[int, int, int]] = []
    for i in range(-rx, rx + 1):
        for j in range(-ry, ry + 1):
            gap = math.hypot(max(abs(i) - 1, 0) * sides[0], max(abs(j) - 1, 0) * sides[1])
            if gap < cutoff_um:
                rows.append((i, j, math.ceil(math.sqrt(cutoff_um**2 - gap**2) / sides[2])))
    return np.array(rows, dtype=np.int64)


def add_near(
    out: FloatArray, target: FloatArray, source: FloatArray, strength: FloatArray,
    table: BitTable, *, box_um: FloatArray | None, same: bool,
) -> IntArray:  # fmt: skip
    """Add the near sum to `out` (n, k); return (n,) how many sources are too near."""
    targets, sources, offsets = sort_points(target, source, math.sqrt(table.end_um2), box_um)
    close = np.zeros(len(target), np.int64)
    added = np.zeros(out.shape)
    near_sum(
        np.ascontiguousarray(target[targets.order].T), targets.place[targets.order],
        np.ascontiguousarray(source[sources.order].T), sources.start,
        np.ascontiguousarray(strength[sources.order].T), sources.count, offsets,
        np.zeros(3) if box_um is None else box_um,
        table.rows, np.uint64(table.shift), table.base, table.first_um2, table.end_um2,
        0.0 if same else table.at_zero, added, close,
    )  # fmt: skip
    out[targets.order] += added
    found = np.empty_like(close)
    found[targets.order] = close
    return found
