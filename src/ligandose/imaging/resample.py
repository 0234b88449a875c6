"""From one grid to another with content kept: averages over what voxels share, no interpolation.

Along common axes the shared volume of two voxels is a product of overlaps; turned grids are sampled
at PER_AXIS^3 points in each wanted voxel.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ligandose.imaging.grid import Grid

Floats = NDArray[np.float64]
PER_AXIS = 5
PARALLEL = 1e-4


def parallel(a: Grid, b: Grid) -> bool:
    """Say whether two grids have the same axes, apart from their signs."""
    turn = np.abs(a.directions.T @ b.directions)
    return bool(np.abs(turn - np.eye(3)).max() < PARALLEL)


def axis_overlaps(
    source: Grid, start: tuple[int, int, int], shape: tuple[int, ...], target: Grid
) -> list[tuple[int, Floats]]:
    """Return, for z, y, x, the first target voxel met and the (target, source) overlaps.

    Overlaps are in target voxels; `start` and `shape` cut a box out of the source. A box that
    lies outside of the target has one row of zeros.
    """
    first_point = source.points_lps_mm(np.array([start], np.float64))
    origin = cast("list[float]", target.indices_zyx(first_point)[0].tolist())
    signs = np.sign(np.diag(source.directions.T @ target.directions))[::-1].tolist()
    found: list[tuple[int, Floats]] = []
    for axis in range(3):
        ratio = source.spacing_mm[axis] / target.spacing_mm[axis]
        centres: Any = origin[axis] + ratio * float(signs[axis]) * np.arange(shape[axis])
        low, high = float(np.min(centres)) - ratio / 2.0, float(np.max(centres)) + ratio / 2.0
        first = max(int(np.floor(low + 0.5)), 0)
        end = min(int(np.floor(high + 0.5)) + 1, target.shape[axis])
        if end <= first:
            found.append((min(first, target.shape[axis] - 1), np.zeros((1, shape[axis]))))
            continue
        cells = np.arange(first, end, dtype=np.float64)[:, None]
        begin = np.maximum(cells - 0.5, centres - ratio / 2.0)
        stop = np.minimum(cells + 0.5, centres + ratio / 2.0)
        found.append((first, np.clip(stop - begin, 0.0, None)))
    return found


def spread(values: NDArray[Any], overlaps: list[tuple[int, Floats]]) -> Floats:
    """Return the sums over source voxels of values x shared volume, in target voxels."""
    kind = np.float32 if values.dtype == np.float32 else np.float64
    z, y, x = (weights.astype(kind) for _, weights in overlaps)
    # the contiguous axis first: what follows is smaller
    rows: Any = values.astype(kind, copy=False).reshape(-1, values.shape[2]) @ x.T
    planes: Any = np.matmul(y, rows.reshape(*values.shape[:2], len(x)))
    found: Any = z @ planes.reshape(values.shape[0], -1)
    return found.reshape(len(z), len(y), len(x)).astype(np.float64)


def sample_points(first: NDArray[Any], shape: NDArray[Any], target: Grid, row: int) -> Floats:
    """Return the (shape[1] * PER_AXIS * shape[2] * PER_AXIS, 3) LPS points of one sub-slice."""
    z = float(first[0]) - 0.5 + (row + 0.5) / PER_AXIS
    y = float(first[1]) - 0.5 + (np.arange(int(shape[1]) * PER_AXIS) + 0.5) / PER_AXIS
    x = float(first[2]) - 0.5 + (np.arange(int(shape[2]) * PER_AXIS) + 0.5) / PER_AXIS
    index = np.empty((y.size, x.size, 3))
    index[..., 0], index[..., 1], index[..., 2] = z, y[:, None], x
    return target.points_lps_mm(index.reshape(-1, 3))


def sampled(
    values: NDArray[Any],
    source: Grid,
    start: tuple[int, int, int],
    target: Grid,
    *,
    first: NDArray[Any],
    shape: NDArray[Any],
) -> tuple[Floats, Floats]:
    """Return sums of sampled values and the sampled share of a box of target voxels.

    Args:
        values: a box of the source grid that begins at `start`.
        source, target: grids.
        first, shape: (z, y, x) of the box of target voxels.
    """
    size = tuple(int(n) for n in shape)
    sums, covered = np.zeros(size), np.zeros(size)
    limits = np.array(values.shape)
    for row in range(size[0] * PER_AXIS):
        points = sample_points(first, shape, target, row)
        inner = np.rint(source.indices_zyx(points)).astype(np.int64) - np.array(start)
        inside = ((inner >= 0) & (inner < limits)).all(axis=1)
        got = np.zeros(len(inner))
        got[inside] = values[inner[inside, 0], inner[inside, 1], inner[inside, 2]]
        blocks = (size[1], PER_AXIS, size[2], PER_AXIS)
        sums[row // PER_AXIS] += got.reshape(blocks).mean(axis=(1, 3)) / PER_AXIS
        covered[row // PER_AXIS] += (
            inside.astype(np.float64).reshape(blocks).mean(axis=(1, 3)) / PER_AXIS
        )
    return sums, covered


def averaged(values: NDArray[Any], source: Grid, target: Grid) -> tuple[Floats, Floats]:
    """Return the (z, y, x) means of an image over the voxels of another grid.

    Returns:
        means (0 where the image has nothing), and the share of each target voxel that the image
        covers.
    """
    if parallel(source, target):
        overlaps = axis_overlaps(source, (0, 0, 0), values.shape, target)
        ones: list[Floats] = [w.sum(axis=1) for _, w in overlaps]
        part = spread(values, overlaps)
        cover_part: Floats = ones[0][:, None, None] * ones[1][:, None] * ones[2]
        sums, covered = np.zeros(target.shape), np.zeros(target.shape)
        box = tuple(slice(o, o + n) for (o, _), n in zip(overlaps, part.shape, strict=True))
        sums[box], covered[box] = part, cover_part
    else:
        sums, covered = sampled(
            values, source, (0, 0, 0), target,
            first=np.zeros(3), shape=np.array(target.shape),
        )  # fmt: skip
    means = np.divide(sums, covered, out=np.zeros(target.shape), where=covered > 1e-9)
    return means, covered
