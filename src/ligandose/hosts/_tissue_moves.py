"""Random moves of hard spheres among capillaries and nests.

Array-only kernels on the grid of `_tissue_grid`. Spheres are worked through one after the other, so
that the result depends on the seed only, not on the number of threads.
"""

# pyright: reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from ligandose.hosts._tissue_grid import (
    blocker,
    cell,
    grid_of,
    in_vessel,
    reach_of_pieces,
    shift,
)

LARGE_STEP = 0.5
SMALL_STEP = 0.08
"""Random moves in units of the radius, by turns: large ones find holes, small ones use the gaps of
a dense packing."""


@numba.njit(cache=True, error_model="numpy")
def _nest_allows(
    x: float, y: float, z: float, nests: Any, reach: float, axes: int, near: Any, inside: bool,
    box: Any,
) -> bool:  # fmt: skip
    """Tell whether a cell stays in its nest (`near[0]`), or out of the nests near it."""
    for m in near:
        if m < 0:
            break
        d2 = shift(x - nests[m, 0], box[0], True) ** 2 + shift(y - nests[m, 1], box[1], True) ** 2
        if axes == 3:
            d2 += shift(z - nests[m, 2], box[2], True) ** 2
        if inside:
            return d2 <= reach * reach
        if d2 < reach * reach:
            return False
    return True


@numba.njit(cache=True, error_model="numpy")
def _within(
    x: float, y: float, z: float, r: float, box: Any, periodic: bool, outline: float
) -> bool:
    """Tell whether a sphere lies whole within an outline, or else the box if that ends."""
    if outline < np.inf:
        u, v, w = x - 0.5 * box[0], y - 0.5 * box[1], z - 0.5 * box[2]
        return math.sqrt(u * u + v * v + w * w) <= outline - r
    if periodic:
        return True
    return min(x, y, z) >= r and x <= box[0] - r and y <= box[1] - r and z <= box[2] - r


@numba.njit(cache=True, error_model="numpy")
def shake(
    centre: Any, radius: Any, box: Any, periodic: bool, outline: float, pieces: Any, wall: float,
    nests: Any, nest_radius: float, axes: int, near: Any, inside: Any, sweeps: int,
    rng: Any,
) -> int:  # fmt: skip
    """Move every sphere `sweeps` times at random where that causes no overlap; return moves made.

    The moves of Metropolis et al. (1953, doi:10.1063/1.1699114) for hard spheres: a displaced
    sphere stays where it was if it would overlap another sphere, a vessel or a border.

    Args:
        centre: (n, 3), changed in place.
        outline: radius of the sphere about the middle of the box that holds all spheres whole;
            infinite for none. Without a periodic box and an outline nothing holds them but the box.
        pieces: (p, 7) pieces of capillaries.
        wall: radius of the capillaries.
        nests: (m, 3) middles of nests, for `axes` 2 cylinders along z.
        near: (n, k) nests that may matter to a cell, nearest first, then -1.
        inside: (n,) whether a cell belongs into its first nest or out of all.
        rng: numpy Generator.
    """
    most = radius.max()
    grid = grid_of(centre, box, 2.0 * most, periodic)
    shape, first, following = grid
    vessels = grid_of(pieces[:, :3].copy(), box, reach_of_pieces(pieces, wall, most), periodic)
    around, moved = np.empty(27, np.int64), 0
    for sweep in range(sweeps):
        stride = LARGE_STEP if sweep % 2 == 0 else SMALL_STEP
        for i in range(len(centre)):
            r, step = radius[i], 2.0 * stride * radius[i]
            x = centre[i, 0] + step * (rng.random() - 0.5)
            y = centre[i, 1] + step * (rng.random() - 0.5)
            z = centre[i, 2] + step * (rng.random() - 0.5)
            if periodic:
                x, y, z = x % box[0], y % box[1], z % box[2]
            if (
                _within(x, y, z, r, box, periodic, outline)
                and _nest_allows(x, y, z, nests, nest_radius, axes, near[i], inside[i], box)
                and blocker(x, y, z, r, i, centre, radius, box, periodic, grid, around) < 0
                and not in_vessel(x, y, z, r, pieces, wall, box, periodic, vessels, around)
            ):
                old = cell(centre[i, 0], centre[i, 1], centre[i, 2], box, shape)
                new = cell(x, y, z, box, shape)
                centre[i, 0], centre[i, 1], centre[i, 2] = x, y, z
                moved += 1
                if new != old:
                    _relink(i, old, new, first, following)
    return moved


@numba.njit(cache=True, error_model="numpy")
def _relink(i: int, old: int, new: int, first: Any, following: Any) -> None:
    """Move a sphere from the list of one grid cell to that of another."""
    if first[old] == i:
        first[old] = following[i]
    else:
        j = first[old]
        while following[j] != i:
            j = following[j]
        following[j] = following[i]
    following[i] = first[new]
    first[new] = i
