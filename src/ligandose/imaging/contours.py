"""Closed planar contours as shares of voxels: how much of each voxel lies inside.

In its plane the share is exact along rows (crossings of every sub-row with every edge, even-odd
rule, so that contours within contours are holes and keyholes close) and sampled at SUB_ROWS per row
across them. Between planes a contour stands for a slab that reaches half way to its neighbours
(DICOM PS3.3, C.8.8.6). So the volume is that of area times thickness on any grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.grid import Grid

Floats = NDArray[np.float64]
SUB_ROWS = 16
MOST_POINTS = 5_000_000
IN_PLANE_MM = 0.1
"""Points of a contour may leave its plane by this: writers round to 0.1 mm or finer."""
PICTURE = 128
MOST_MISSING = 3
"""Up to so many planes without a contour between overlapping ones are a gap, not two parts."""


def polygon_share(polygons: Sequence[Floats], rows: int, columns: int) -> Floats:
    """Return the (rows, columns) share of each pixel within closed polygons, even-odd.

    Args:
        polygons: (n, 2) points (column, row); the centre of pixel (i, j) is (j, i).
        rows, columns: size of the picture.

    >>> square = np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 1.5], [0.5, 1.5]])
    >>> polygon_share([square], 3, 4).sum()
    np.float64(2.0)
    """
    edges = [np.concatenate([p, np.roll(p, -1, axis=0)], axis=1) for p in polygons if len(p) > 2]
    share = np.zeros((rows, columns))
    if not edges:
        return share
    joined: Any = np.concatenate(edges)
    sub_row, crossing = _crossings(joined, rows * SUB_ROWS)
    x: Any = np.clip(crossing, -0.5, columns - 0.5)
    order: Any = np.lexsort((x, sub_row))
    row: Any = sub_row[order] // SUB_ROWS
    x = x[order]
    odd: NDArray[np.int64] = np.arange(len(x)) % 2
    sign = (1.0 - 2.0 * odd) / SUB_ROWS  # in, out, in, out along a sub-row
    pixel = np.floor(x + 0.5).astype(np.int64)
    inner = pixel + 0.5 - x  # part of the pixel right of the crossing
    width = columns + 2
    flat = row * width + pixel
    sums = np.bincount(flat, sign * inner, rows * width)
    sums += np.bincount(flat + 1, sign * (1.0 - inner), rows * width)
    share[:] = np.cumsum(sums.reshape(rows, width), axis=1)[:, :columns]
    return share.clip(0.0, 1.0)


def _crossings(edges: Any, sub_rows: int) -> tuple[Any, Any]:
    """Return the sub-row and the column of every crossing of an edge with a sub-row's centre.

    Sub-row s has its centre at (s + 0.5) / SUB_ROWS - 0.5; an edge crosses those in [low, high),
    so that a corner counts once.
    """
    x0: Any = edges[:, 0]
    y0: Any = edges[:, 1]
    x1: Any = edges[:, 2]
    y1: Any = edges[:, 3]
    ends: list[Any] = []
    for end in (np.minimum(y0, y1), np.maximum(y0, y1)):
        first = np.ceil((end + 0.5) * SUB_ROWS - 0.5)
        ends.append(np.clip(first, 0, sub_rows).astype(np.int64))
    counts: Any = ends[1] - ends[0]
    numbers: NDArray[np.int64] = np.arange(len(edges))
    edge: NDArray[np.int64] = np.repeat(numbers, counts)
    begin: Any = np.cumsum(counts) - counts
    sub_row: Any = ends[0][edge] + np.arange(len(edge)) - begin[edge]
    y: Any = (sub_row + 0.5) / SUB_ROWS - 0.5
    return sub_row, x0[edge] + (y - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])


def contour_share(
    contours: Sequence[Floats], grid: Grid, *, thickness_mm: float | None, label: str
) -> tuple[tuple[int, int, int], NDArray[np.float32]]:
    """Return the share of each voxel within a region drawn as closed contours.

    Args:
        contours: (n, 3) LPS points each, in planes parallel to the grid's slices.
        grid: where the shares are wanted.
        thickness_mm: distance of planes of the structure set, for a region in one plane only;
            None where unknown.
        label: what messages call the region.

    Returns:
        (z, y, x) of the first voxel and the (dz, dy, dx) shares of a box around the region.

    Raises:
        InputError: contours not parallel to the slices, in irregular planes, with planes
            missing, drawn twice, crossing each other, or outside of the grid.
    """
    if sum(len(c) for c in contours) > MOST_POINTS:
        raise InputError(f"{label}: more than {MOST_POINTS:.0e} contour points; thin them out")
    indexed = [grid.indices_zyx(c) for c in contours if len(c) > 2]
    if not indexed:
        raise InputError(f"{label}: has no closed contour; draw it, or leave it out")
    _check_planes(indexed, grid, label)
    planes = _planes(indexed, grid)
    step = _plane_distance(sorted(planes), grid, thickness_mm, label)
    _check_gaps(planes, step, grid, label)
    box = _box(indexed, step, grid)
    shape = tuple(int(b - a) for a, b in box)
    if min(shape) < 1:
        raise InputError(f"{label}: lies outside of the image; wrong image or frame of reference?")
    share = np.zeros(shape)
    start = np.array([a for a, _ in box])
    for z, members in planes.items():
        polygons = [p[:, :0:-1] - start[:0:-1] for p in members]
        _check_crossing(polygons, label, z)
        _add_slab(share, polygon_share(polygons, shape[1], shape[2]), z - start[0], step)
    return (int(start[0]), int(start[1]), int(start[2])), share.astype(np.float32)


def _check_planes(indexed: Sequence[Floats], grid: Grid, label: str) -> None:
    worst = max(float(np.ptp(p[:, 0])) for p in indexed) * grid.spacing_mm[0]
    if worst > 2.0 * IN_PLANE_MM:
        raise InputError(
            f"{label}: its contours leave the image's slices by {worst:.2g} mm; give the image on "
            "which they were drawn, or export the region as DICOM SEG or a label map"
        )


def _planes(indexed: Sequence[Floats], grid: Grid) -> dict[float, list[Floats]]:
    """Return contours by the z index of their plane; planes closer than IN_PLANE_MM are one."""
    found: dict[float, list[Floats]] = {}
    last = -np.inf
    for contour in sorted(indexed, key=lambda p: float(p[:, 0].mean())):
        z = float(contour[:, 0].mean())
        if (z - last) * grid.spacing_mm[0] > IN_PLANE_MM:
            last = z
        found.setdefault(last, []).append(contour)
    return found


def _plane_distance(
    planes: list[float], grid: Grid, thickness_mm: float | None, label: str
) -> float:
    """Return the distance of neighbouring planes in slices."""
    if len(planes) > 1:
        return float(np.diff(planes).min())
    if thickness_mm is None:
        raise InputError(
            f"{label}: has contours in one plane only, so its thickness is unknown; give a label "
            "map, or draw it in more than one slice"
        )
    return thickness_mm / grid.spacing_mm[0]


def _check_gaps(planes: dict[float, list[Floats]], step: float, grid: Grid, label: str) -> None:
    heights = sorted(planes)
    for below, above in pairwise(heights):
        ratio = (above - below) / step
        where = ", ".join(f"{_z_mm(grid, z):.2f}" for z in (below, above))
        if abs(ratio - round(ratio)) > 0.1:
            raise InputError(
                f"{label}: contour planes at irregular distances (z = {where} mm); draw it in "
                "every slice of one image, or give a label map"
            )
        overlap = any(_boxes_meet(a, b) for a in planes[below] for b in planes[above])
        if 1 < round(ratio) <= MOST_MISSING + 1 and overlap:
            raise InputError(
                f"{label}: {round(ratio) - 1} planes without contour between z = {where} mm; "
                "draw or interpolate them"
            )


def _z_mm(grid: Grid, z_index: float) -> float:
    return float(grid.points_lps_mm(np.array([[z_index, 0.0, 0.0]]))[0, 2])


def _boxes_meet(a: Floats, b: Floats) -> bool:
    low = np.maximum(a[:, 1:].min(axis=0), b[:, 1:].min(axis=0))
    high = np.minimum(a[:, 1:].max(axis=0), b[:, 1:].max(axis=0))
    return bool((low < high).all())


def _box(indexed: Sequence[Floats], step: float, grid: Grid) -> list[tuple[int, int]]:
    points = np.concatenate(indexed)
    low, high = points.min(axis=0), points.max(axis=0)
    half = np.array([step / 2.0, 0.0, 0.0])
    first = np.floor(low - half + 0.5).astype(int).clip(0)
    end = np.minimum(np.floor(high + half + 0.5).astype(int) + 1, grid.shape)
    return [(int(a), int(b)) for a, b in zip(first, end, strict=True)]


def _check_crossing(polygons: Sequence[Floats], label: str, z: float) -> None:
    """Refuse contours of one plane that cross, or that are the same: what is meant is unknown."""
    for i, a in enumerate(polygons):
        for b in polygons[:i]:
            low = np.maximum(a.min(axis=0), b.min(axis=0))
            high = np.minimum(a.max(axis=0), b.max(axis=0))
            if not (low < high).all():
                continue
            what = _crossing(a, b)
            if what:
                raise InputError(
                    f"{label}: two contours in slice {z:.1f} {what}; keep one outline and its holes"
                )


def _crossing(a: Floats, b: Floats) -> str:
    """Say how two outlines get in each other's way, "" where one holds the other or they part.

    Both are drawn on PICTURE^2 pixels of their common box; rims hold a part of each.
    """
    low = np.minimum(a.min(axis=0), b.min(axis=0))
    scale = PICTURE / (np.maximum(a.max(axis=0), b.max(axis=0)) - low).max()
    drawn = [(p - low) * scale - 0.5 for p in (a, b)]
    one, two = (polygon_share([p], PICTURE, PICTURE) for p in drawn)
    both, smaller = float(np.minimum(one, two).sum()), min(float(one.sum()), float(two.sum()))
    rim = 0.5 * min(_perimeter(p) for p in drawn)
    if both > rim and smaller - both > rim:
        return "cross each other"
    same = smaller > 0.0 and float(np.abs(one - two).sum()) < 1e-3 * smaller
    return "are the same contour, drawn twice" if same else ""


def _perimeter(polygon: Floats) -> float:
    return float(np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1).sum())


def _add_slab(share: Floats, plane: Floats, z: float, step: float) -> None:
    """Add a plane's shares to the slices that its slab meets, in place."""
    low, high = z - step / 2.0, z + step / 2.0
    for k in range(
        max(int(np.floor(low + 0.5)), 0), min(int(np.floor(high + 0.5)) + 1, len(share))
    ):
        part = min(high, k + 0.5) - max(low, k - 0.5)
        if part > 1e-9:
            share[k] += part * plane
