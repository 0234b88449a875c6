"""Hard spheres and capillaries on a grid: what overlaps and what is clear, for the builders.

Array-only kernels. Spheres have centres (n, 3) and radii (n,), µm, with all coordinates in
[0, box]. Along a periodic box the nearest image counts. A capillary is a chain of straight pieces,
each a row of seven numbers: middle x, y, z; direction x, y, z (unit); half length. What lies
within a radius of the pieces is inside the vessel, so that free ends are hemispheres.
"""

# pyright: reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SLACK_UM = 1e-9
"""Spheres that touch are no overlap; this much is rounding."""


@numba.njit(cache=True, error_model="numpy")
def shift(d: float, side: float, periodic: bool) -> float:
    """Return a coordinate difference of the nearest image."""
    return d - side * np.round(d / side) if periodic else d


@numba.njit(cache=True, error_model="numpy")
def _index(x: float, side: float, count: int) -> int:
    """Return the grid cell of a coordinate in [0, side]."""
    return min(max(int(x / side * count), 0), count - 1)


@numba.njit(cache=True, error_model="numpy")
def grid_of(points: Any, box: Any, reach: float, periodic: bool) -> Any:
    """Return a grid whose cells are `reach` wide or wider, with the points sorted into it.

    A periodic axis with room for fewer than three cells has one, since the left and the right
    neighbour would be the same.
    """
    shape = np.empty(3, np.int64)
    for a in range(3):
        # Far more grid cells than points would cost memory for nothing.
        count = min(int(box[a] / reach), 4 * int(np.ceil(len(points) ** (1.0 / 3.0))) + 4)
        shape[a] = 1 if (count < 3 and periodic) or count < 1 else count
    first = np.full(shape[0] * shape[1] * shape[2], -1, np.int32)
    following = np.full(len(points), -1, np.int32)
    for i in range(len(points) - 1, -1, -1):
        c = cell(points[i, 0], points[i, 1], points[i, 2], box, shape)
        following[i] = first[c]
        first[c] = i
    return shape, first, following


@numba.njit(cache=True, error_model="numpy")
def cell(x: float, y: float, z: float, box: Any, shape: Any) -> int:
    """Return the number of the grid cell that holds a point."""
    i, j, k = _index(x, box[0], shape[0]), _index(y, box[1], shape[1]), _index(z, box[2], shape[2])
    return (i * shape[1] + j) * shape[2] + k


@numba.njit(cache=True, error_model="numpy")
def neighbours(
    x: float, y: float, z: float, box: Any, shape: Any, periodic: bool, found: Any
) -> int:
    """Write the numbers of the grid cells around a point into `found` (27,); return how many."""
    at = (_index(x, box[0], shape[0]), _index(y, box[1], shape[1]), _index(z, box[2], shape[2]))
    count = 0
    for p in range(-1, 2):
        i = at[0] + p
        if i < 0 or i >= shape[0]:
            if not periodic or shape[0] < 3:
                continue
            i %= shape[0]
        for q in range(-1, 2):
            j = at[1] + q
            if j < 0 or j >= shape[1]:
                if not periodic or shape[1] < 3:
                    continue
                j %= shape[1]
            for r in range(-1, 2):
                k = at[2] + r
                if k < 0 or k >= shape[2]:
                    if not periodic or shape[2] < 3:
                        continue
                    k %= shape[2]
                found[count] = (i * shape[1] + j) * shape[2] + k
                count += 1
    return count


@numba.njit(cache=True, error_model="numpy")
def blocker(
    x: float, y: float, z: float, r: float, skip: int, centre: Any, radius: Any, box: Any,
    periodic: bool, grid: Any, around: Any,
) -> int:  # fmt: skip
    """Return the first sphere, other than `skip`, that a sphere would overlap, or -1."""
    shape, first, following = grid
    for c in range(neighbours(x, y, z, box, shape, periodic, around)):
        j = first[around[c]]
        while j >= 0:
            if j != skip:
                dx = shift(x - centre[j, 0], box[0], periodic)
                dy = shift(y - centre[j, 1], box[1], periodic)
                dz = shift(z - centre[j, 2], box[2], periodic)
                least = r + radius[j] - SLACK_UM
                if dx * dx + dy * dy + dz * dz < least * least:
                    return j
            j = following[j]
    return -1


@numba.njit(cache=True, error_model="numpy")
def piece_offset(x: float, y: float, z: float, piece: Any, box: Any, periodic: bool) -> Any:
    """Return the vector to a point from the nearest point on the axis of one piece."""
    dx = shift(x - piece[0], box[0], periodic)
    dy = shift(y - piece[1], box[1], periodic)
    dz = shift(z - piece[2], box[2], periodic)
    t = dx * piece[3] + dy * piece[4] + dz * piece[5]
    t = min(max(t, -piece[6]), piece[6])
    return dx - t * piece[3], dy - t * piece[4], dz - t * piece[5]


@numba.njit(cache=True, error_model="numpy")
def piece_distance(x: float, y: float, z: float, piece: Any, box: Any, periodic: bool) -> float:
    """Return the distance of a point from the axis of one piece of a capillary."""
    dx, dy, dz = piece_offset(x, y, z, piece, box, periodic)
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@numba.njit(cache=True, error_model="numpy")
def in_vessel(
    x: float, y: float, z: float, r: float, pieces: Any, wall: float, box: Any, periodic: bool,
    grid: Any, around: Any,
) -> bool:  # fmt: skip
    """Tell whether a sphere would overlap a capillary of radius `wall`."""
    if len(pieces) == 0:
        return False
    shape, first, following = grid
    for c in range(neighbours(x, y, z, box, shape, periodic, around)):
        j = first[around[c]]
        while j >= 0:
            if piece_distance(x, y, z, pieces[j], box, periodic) < r + wall - SLACK_UM:
                return True
            j = following[j]
    return False


@numba.njit(cache=True, error_model="numpy")
def reach_of_pieces(pieces: Any, wall: float, most: float) -> float:
    """Return how far the middle of a piece may be from a sphere that touches it."""
    return wall + most + (pieces[:, 6].max() if len(pieces) else 0.0)


@numba.njit(cache=True, error_model="numpy")
def first_overlap(centre: Any, radius: Any, box: Any, periodic: bool, tolerance: float) -> Any:
    """Return (i, j) of the first two spheres that overlap by more than `tolerance`, or (-1, -1)."""
    around = np.empty(27, np.int64)
    less = radius - 0.5 * tolerance
    grid = grid_of(centre, box, 2.0 * radius.max(), periodic)
    for i in range(len(centre)):
        x, y, z = centre[i]
        j = blocker(x, y, z, less[i], i, centre, less, box, periodic, grid, around)
        if j >= 0:
            return i, j
    return -1, -1


@numba.njit(cache=True, error_model="numpy")
def clear_of_spheres(
    points: Any, r: float, centre: Any, radius: Any, box: Any, periodic: bool
) -> Any:
    """Return (p,) True where a sphere of radius r at a point would overlap no other."""
    clear = np.ones(len(points), np.bool_)
    if len(centre) == 0:
        return clear
    around = np.empty(27, np.int64)
    grid = grid_of(centre, box, r + radius.max(), periodic)
    for i in range(len(points)):
        x, y, z = points[i]
        clear[i] = blocker(x, y, z, r, -1, centre, radius, box, periodic, grid, around) < 0
    return clear


@numba.njit(cache=True, error_model="numpy")
def clear_of_vessels(
    points: Any, r: float, pieces: Any, wall: float, box: Any, periodic: bool
) -> Any:
    """Return (p,) True where a sphere of radius r at a point would overlap no capillary."""
    clear = np.ones(len(points), np.bool_)
    if len(pieces) == 0:
        return clear
    around = np.empty(27, np.int64)
    grid = grid_of(pieces[:, :3].copy(), box, reach_of_pieces(pieces, wall, r), periodic)
    for i in range(len(points)):
        x, y, z = points[i]
        clear[i] = not in_vessel(x, y, z, r, pieces, wall, box, periodic, grid, around)
    return clear


@numba.njit(cache=True, error_model="numpy")
def axis_distance(points: Any, nearest: Any, pieces: Any, box: Any, periodic: bool) -> Any:
    """Return (p,) distance from the axes, of the (p, k) pieces that are near each point."""
    found = np.full(len(points), np.inf)
    for i in range(len(points)):
        x, y, z = points[i]
        for j in nearest[i]:
            found[i] = min(found[i], piece_distance(x, y, z, pieces[j], box, periodic))
    return found
