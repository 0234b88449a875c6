"""Capillaries of a periodic block: a regular array, parallel at random, or random pieces."""

# pyright: reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree  # pyright: ignore

from ligandose.errors import InputError
from ligandose.hosts import _tissue_grid as kernels
from ligandose.hosts.tissue import Capillaries, Nests, wrapped

Floats = NDArray[np.float64]
TRIES = 2000
"""Attempts for each capillary placed at random before giving up."""
AXIS_STEP_UM = 2.0
"""Pieces for distances. The nearest end of a piece finds the nearest capillary; where two are
nearly as near, the distance can be too large by step²/8d, 0.06 µm at d = 8 µm from the axis."""


def krogh_box(side_um: float, spacing_um: float) -> Floats:
    """Return (3,) sides near `side_um` that hold whole cells of the array; same volume."""
    nx = max(round(side_um / spacing_um), 1)
    ny = max(round(side_um / (math.sqrt(3.0) * spacing_um)), 1)
    x, y = nx * spacing_um, ny * math.sqrt(3.0) * spacing_um
    return np.array([x, y, side_um**3 / (x * y)])


def krogh_array(box_um: Floats, spacing_um: float, radius_um: float) -> Capillaries:
    """Return capillaries along z on a regular hexagonal array in a box made by `krogh_box`."""
    nx, ny = round(box_um[0] / spacing_um), round(box_um[1] / (math.sqrt(3.0) * spacing_um))
    i, j = (a.ravel() for a in np.meshgrid(np.arange(nx), np.arange(2 * ny), indexing="ij"))
    x, y = (i + 0.5 * (j % 2) + 0.25) * spacing_um, (0.5 * j + 0.25) * math.sqrt(3.0) * spacing_um
    return _along_z(np.column_stack([x, y]), box_um, radius_um)


def parallel_forest(
    box_um: Floats, length_mm_per_mm3: float, radius_um: float, *, rng: np.random.Generator,
    avoid: Nests | None = None,
) -> Capillaries:  # fmt: skip
    """Return capillaries along z at random places, not overlapping, as many as the length asks."""
    number = max(round(length_mm_per_mm3 * 1e-6 * box_um[0] * box_um[1]), 1)
    found, up = np.empty((0, 2)), np.array([0.0, 0.0, 1.0])
    nests, reach, axes = _borders(avoid, radius_um)
    for _ in range(TRIES * number):
        if len(found) == number:
            break
        place = rng.random(2) * box_um[:2]
        off = found - place
        off -= box_um[:2] * np.round(off / box_um[:2])
        if (off**2).sum(axis=1).min(initial=np.inf) < (2.0 * radius_um) ** 2:
            continue
        start = np.array([*place, 0.5 * box_um[2]])
        if not _meets(start, up, box_um[2], nests, np.empty((0, 3)), reach, axes, box_um):
            found = np.vstack([found, place])
    length = len(found) / (box_um[0] * box_um[1]) * 1e6
    _all_placed(len(found), number, length)
    return _along_z(found, box_um, radius_um)


def random_forest(
    box_um: Floats, length_mm_per_mm3: float, radius_um: float, *, rng: np.random.Generator,
    segment_um: float | None = None, avoid: Nests | None = None,
) -> Capillaries:  # fmt: skip
    """Return straight pieces of random place and isotropic direction that do not overlap.

    Their axes have the stated length per volume; the ends are hemispheres beyond it.

    Raises:
        InputError: pieces longer than the box, or more than can be placed.
    """
    longest = float(box_um.min()) - 2.0 * radius_um
    asked = 0.9 * longest if segment_um is None else segment_um
    if asked > longest:
        raise InputError(
            f"tissue: vessel_segment_um {asked:g} does not fit into the block; at most "
            f"{longest:.4g}, or give a larger side_um"
        )
    total = length_mm_per_mm3 * 1e-6 * float(box_um.prod())
    number = max(round(total / asked), 1)
    length = total / number  # the length per volume is met, the piece nearly so
    if length > longest:
        raise InputError(
            f"tissue: one piece of {length:.4g} µm, as vessel_length_mm_per_mm3 asks, is longer "
            f"than the block allows ({longest:.4g}); give a larger side_um"
        )
    middle, direction = np.empty((number, 3)), np.empty((number, 3))
    nests, reach, axes = _borders(avoid, radius_um)
    placed = 0
    for _ in range(TRIES * number):
        place, axis = rng.random(3) * box_um, rng.normal(size=3)
        axis /= math.sqrt(float(axis @ axis))
        if _meets(place, axis, length, nests, np.empty((0, 3)), reach, axes, box_um) or _meets(
            place, axis, length, middle[:placed], direction[:placed], 2.0 * radius_um, 3, box_um
        ):
            continue
        middle[placed], direction[placed] = place, axis
        placed += 1
        if placed == number:
            break
    _all_placed(placed, number, placed * length / float(box_um.prod()) * 1e6)
    return Capillaries(middle, direction, np.full(number, length), radius_um, True)


def wall_distance_um(points_um: Floats, capillaries: Capillaries, box_um: Floats) -> Floats:
    """Return (n,) distance of points from the nearest wall, negative inside a vessel."""
    pieces = capillaries.pieces(AXIS_STEP_UM, box_um)
    along = pieces[:, 6:] * pieces[:, 3:6]
    ends = np.concatenate([pieces[:, :3] - along, pieces[:, :3] + along])
    tree: Any = cKDTree(wrapped(ends, box_um), boxsize=box_um)
    points = wrapped(points_um, box_um)
    _, near = tree.query(points, k=[1, 2, 3, 4])
    near %= len(pieces)
    return kernels.axis_distance(points, near, pieces, box_um, True) - capillaries.radius_um


def wall_points(
    capillaries: Capillaries, box_um: Floats, spacing_um: float, *, rng: np.random.Generator
) -> Floats:
    """Return (v, 3) points on the walls, each for the same area; free ends have none.

    Rings `spacing_um` apart along the axis, each with points `spacing_um` apart, turned at random.
    """
    length, radius = float(capillaries.length_um[0]), capillaries.radius_um
    rings = max(round(length / spacing_um), 1)
    around = max(round(2.0 * math.pi * radius / spacing_um), 4)
    count = len(capillaries.length_um)
    along = (np.arange(rings) + rng.random((count, rings))) / rings - 0.5
    turn = 2.0 * math.pi * (np.arange(around) + rng.random((count, rings, 1))) / around
    u, v = _normals(capillaries.direction)
    points = (
        capillaries.middle_um[:, None, None]
        + length * along[:, :, None, None] * capillaries.direction[:, None, None]
        + radius * np.cos(turn)[..., None] * u[:, None, None]
        + radius * np.sin(turn)[..., None] * v[:, None, None]
    )
    return wrapped(points.reshape(-1, 3), box_um)


def _normals(direction: Floats) -> tuple[Floats, Floats]:
    """Return two unit vectors across each direction."""
    other = np.where(np.abs(direction[:, 2:]) < 0.9, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
    u: Floats = np.cross(direction, other).astype(np.float64)
    u /= np.sqrt((u**2).sum(axis=1, keepdims=True))
    return u, np.cross(direction, u).astype(np.float64)


def _along_z(places: Floats, box_um: Floats, radius_um: float) -> Capillaries:
    count = len(places)
    middle = np.column_stack([places, np.full(count, 0.5 * box_um[2])])
    axis = np.tile([0.0, 0.0, 1.0], (count, 1))
    return Capillaries(middle, axis, np.full(count, box_um[2]), radius_um, False)


def _all_placed(placed: int, number: int, length_mm_per_mm3: float) -> None:
    if placed < number:
        raise InputError(
            f"tissue: only {placed} of {number} capillaries find a place; the maximum of "
            f"vessel_length_mm_per_mm3 here is about {length_mm_per_mm3:.4g}: lower it, the vessel "
            "radius or the fraction of nests"
        )


@numba.njit(cache=True, error_model="numpy")
def _segments_apart(w: Any, u: Any, v: Any, half: float) -> float:
    """Return the least distance of segments of half length `half` about w and the origin.

    Closest points of two segments as in Ericson (2005), Real-Time Collision Detection, 5.1.9.
    """
    b, d, e = (u * v).sum(), (u * w).sum(), (v * w).sum()
    rest = 1.0 - b * b
    s = (b * e - d) / rest if rest > 1e-12 else 0.0
    s = min(max(s, -half), half)
    t = min(max(b * s + e, -half), half)
    s = min(max(b * t - d, -half), half)
    t = min(max(b * s + e, -half), half)
    gap = w + s * u - t * v
    return math.sqrt((gap * gap).sum())


@numba.njit(cache=True, error_model="numpy")
def _meets(
    place: Any, axis: Any, length: float, others: Any, directions: Any, least: float, axes: int,
    box: Any,
) -> bool:  # fmt: skip
    """Tell whether a segment comes nearer than `least` to points or segments, or their images.

    Without `directions` the others are points, for `axes` 2 lines along z, of which and of the
    segment only the projections count; with them, segments of the same length.
    """
    near = len(directions) > 0
    span = least + length if near else least + 0.5 * length
    across = np.zeros(3)
    across[:axes] = axis[:axes]
    reach = np.zeros(3, np.int64)
    for a in range(axes):
        reach[a] = 0 if 2.0 * span < box[a] else 1
    off = np.zeros(3)
    for m in range(len(others)):
        for p in range(-reach[0], reach[0] + 1):
            for q in range(-reach[1], reach[1] + 1):
                for r in range(-reach[2], reach[2] + 1):
                    image = (p, q, r)
                    for a in range(axes):
                        d = others[m, a] - place[a]
                        off[a] = d - box[a] * np.round(d / box[a]) + image[a] * box[a]
                    if (off * off).sum() > span * span:
                        continue
                    if near:
                        gap = _segments_apart(off, directions[m], across, 0.5 * length)
                    else:
                        gap = _point_apart(off, across, 0.5 * length)
                    if gap < least:
                        return True
    return False


@numba.njit(cache=True, error_model="numpy")
def _point_apart(off: Any, u: Any, half: float) -> float:
    """Return the distance of a point from a segment of half length `half` about the origin."""
    size = (u * u).sum()
    t = (off * u).sum() / size if size > 1e-12 else 0.0
    t = min(max(t, -half), half)
    gap = off - t * u
    return math.sqrt((gap * gap).sum())


def _borders(nests: Nests | None, radius_um: float) -> tuple[Floats, float, int]:
    """Return middles of nests, how near to them the axis of a capillary may come, and axes."""
    if nests is None:
        return np.empty((0, 3)), 0.0, 3
    return nests.middle_um, nests.radius_um + radius_um, nests.axes
