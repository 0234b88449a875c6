"""Pushing overlapping spheres apart, among capillaries and nests of a periodic box.

Array-only kernels on the grid of `_tissue_grid`. Spheres are worked through one after the other, so
that the result depends on the numbers only, not on the number of threads.
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
    grid_of,
    neighbours,
    piece_distance,
    piece_offset,
    reach_of_pieces,
    shift,
)

EXCESS = 1.002
"""Overlaps are pushed apart to this times the touching distance, so that pushing ends."""
SKIN = 0.15
"""Pairs are listed up to this times the largest radius beyond touching, twice; the list holds until
a sphere has moved so far."""
HOPELESS = 0.8
"""Where 100 rounds leave a pair this much nearer than touching, more rounds do not help."""


@numba.njit(cache=True, error_model="numpy")
def push_apart(
    centre: Any, radius: Any, box: Any, pieces: Any, wall: float, nests: Any, nest_radius: float,
    axes: int, near: Any, inside: Any, flat: bool, rounds: int,
) -> float:  # fmt: skip
    """Push overlapping spheres of a periodic box apart; return what scale of radii fits at the end.

    In each round every pair that overlaps is moved apart along its line, every sphere in a vessel
    out of it and every cell on the wrong side of a nest's border back to it, one after the other
    (after Jodrey and Tory 1985, doi:10.1103/PhysRevA.32.2347). It ends when nothing overlaps, and
    then returns one or more, or after `rounds`. Arguments as for `shake`; `flat` leaves z.
    """
    around, scale, skin = np.empty(27, np.int64), 0.0, SKIN * radius.max()
    reach = reach_of_pieces(pieces, wall, EXCESS * radius.max())
    vessels = grid_of(pieces[:, :3].copy(), box, reach, True)
    start, other = _pairs(centre, radius, box, 2.0 * skin)
    listed = centre.copy()
    for done in range(rounds):
        if done == 100 and scale < HOPELESS:
            break
        if _moved(centre, listed, box) > skin:
            start, other = _pairs(centre, radius, box, 2.0 * skin)
            listed[:] = centre
        scale = np.inf
        for i in range(len(centre)):
            scale = min(scale, _push_pairs(i, centre, radius, box, start, other, flat))
            if len(pieces):
                scale = min(scale, _push_out(i, centre, radius, box, vessels, pieces, wall, around))
            if near.shape[1]:
                _push_home(centre[i], nests, nest_radius, axes, near[i], inside[i], box)
            for a in range(3):
                centre[i, a] %= box[a]
        if scale >= 1.0 and _scale_that_fits(centre, radius, box, pieces, wall, vessels) >= 1.0:
            return 1.0
    return min(scale, _scale_that_fits(centre, radius, box, pieces, wall, vessels))


@numba.njit(cache=True, error_model="numpy")
def _pairs(centre: Any, radius: Any, box: Any, margin: float) -> Any:
    """Return (n + 1,) starts and the others j > i of each sphere i within touching and a margin."""
    around = np.empty(27, np.int64)
    shape, first, following = grid_of(centre, box, 2.0 * radius.max() + margin, True)
    start = np.zeros(len(centre) + 1, np.int64)
    other = np.empty(0, np.int32)
    for write in range(2):
        count = 0
        for i in range(len(centre)):
            start[i] = count
            x, y, z = centre[i]
            for c in range(neighbours(x, y, z, box, shape, True, around)):
                j = first[around[c]]
                while j >= 0:
                    if j > i:
                        dx = shift(x - centre[j, 0], box[0], True)
                        dy = shift(y - centre[j, 1], box[1], True)
                        dz = shift(z - centre[j, 2], box[2], True)
                        limit = EXCESS * (radius[i] + radius[j]) + margin
                        if dx * dx + dy * dy + dz * dz < limit * limit:
                            if write:
                                other[count] = j
                            count += 1
                    j = following[j]
        start[len(centre)] = count
        if not write:
            other = np.empty(count, np.int32)
    return start, other


@numba.njit(cache=True, error_model="numpy")
def _moved(centre: Any, before: Any, box: Any) -> float:
    """Return how far the sphere that moved farthest is from where it was."""
    most = 0.0
    for i in range(len(centre)):
        d2 = 0.0
        for a in range(3):
            d2 += shift(centre[i, a] - before[i, a], box[a], True) ** 2
        most = max(most, d2)
    return math.sqrt(most)


@numba.njit(cache=True, error_model="numpy")
def _push_pairs(
    i: int, centre: Any, radius: Any, box: Any, start: Any, other: Any, flat: bool
) -> float:
    """Push sphere i and those it overlaps apart; return their least distance over touching."""
    least = np.inf
    for k in range(start[i], start[i + 1]):
        j = other[k]
        dx = shift(centre[i, 0] - centre[j, 0], box[0], True)
        dy = shift(centre[i, 1] - centre[j, 1], box[1], True)
        dz = 0.0 if flat else shift(centre[i, 2] - centre[j, 2], box[2], True)
        touching = radius[i] + radius[j]
        d2, limit = dx * dx + dy * dy + dz * dz, EXCESS * touching
        if d2 < limit * limit:
            d = math.sqrt(d2)
            least = min(least, d / touching)
            share = 0.5 * (limit - d) / max(d, 1e-6 * touching)
            for a, move in ((0, dx), (1, dy), (2, dz)):
                centre[i, a] += share * move
                centre[j, a] -= share * move
    return least


@numba.njit(cache=True, error_model="numpy")
def _push_out(
    i: int, centre: Any, radius: Any, box: Any, vessels: Any, pieces: Any, wall: float, around: Any
) -> float:
    """Push sphere i out of capillaries; return its least distance over touching."""
    shape, first, following = vessels
    least, touching = np.inf, radius[i] + wall
    for a in range(3):
        centre[i, a] %= box[a]
    for c in range(neighbours(centre[i, 0], centre[i, 1], centre[i, 2], box, shape, True, around)):
        j = first[around[c]]
        while j >= 0:
            off = piece_offset(centre[i, 0], centre[i, 1], centre[i, 2], pieces[j], box, True)
            d = math.sqrt(off[0] * off[0] + off[1] * off[1] + off[2] * off[2])
            least = min(least, d / touching)
            if d < EXCESS * touching:
                share = (EXCESS * touching - d) / max(d, 1e-6 * touching)
                for a in range(3):
                    centre[i, a] += share * off[a]
            j = following[j]
    return least


@numba.njit(cache=True, error_model="numpy")
def _push_home(
    place: Any, nests: Any, reach: float, axes: int, near: Any, inside: bool, box: Any
) -> None:
    """Move a cell that left its nest, or entered another, back to the border."""
    for m in near:
        if m < 0:
            return
        off = np.zeros(3)
        for a in range(axes):
            off[a] = shift(place[a] - nests[m, a], box[a], True)
        d = math.sqrt((off * off).sum())
        if inside == (d > reach):
            share = ((1.0 - 1e-9 if inside else 1.0 + 1e-9) * reach - d) / max(d, 1e-9)
            for a in range(axes):
                place[a] += share * off[a]
        if inside:
            return


@numba.njit(cache=True, error_model="numpy")
def _scale_that_fits(
    centre: Any, radius: Any, box: Any, pieces: Any, wall: float, vessels: Any
) -> float:
    """Return the largest scale of all radii at which nothing overlaps, one at most."""
    around, scale = np.empty(27, np.int64), 1.0
    grid = grid_of(centre, box, 2.0 * radius.max(), True)
    shape, first, following = grid
    for i in range(len(centre)):
        x, y, z = centre[i]
        for c in range(neighbours(x, y, z, box, shape, True, around)):
            j = first[around[c]]
            while j >= 0:
                if j > i:
                    dx = shift(x - centre[j, 0], box[0], True)
                    dy = shift(y - centre[j, 1], box[1], True)
                    dz = shift(z - centre[j, 2], box[2], True)
                    d = math.sqrt(dx * dx + dy * dy + dz * dz)
                    scale = min(scale, d / (radius[i] + radius[j]))
                j = following[j]
        if len(pieces):
            shape_v, first_v, following_v = vessels
            for c in range(neighbours(x, y, z, box, shape_v, True, around)):
                j = first_v[around[c]]
                while j >= 0:
                    d = piece_distance(x, y, z, pieces[j], box, True)
                    scale = min(scale, (d - wall) / radius[i])
                    j = following_v[j]
    return max(scale, 0.0)
