"""From a point kernel to voxels: the average over a uniformly active voxel and over directions."""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ligandose.transport._kernel import kernel

FloatArray = NDArray[np.float64]

# two points of Gauss in a shell
_GAUSS = (0.5 - 0.5 / math.sqrt(3.0), 0.5 + 0.5 / math.sqrt(3.0))
FEWEST_DIRECTIONS, MOST_DIRECTIONS = 1024, 20_000
# generalised golden ratio of two dimensions: an even sequence of points (M. Roberts, 2018)
_A1, _A2 = 0.7548776662466927, 0.5698402909980532


@njit(cache=True, error_model="numpy")
def spread_shells(
    edges: FloatArray, fractions: FloatArray, side_cm: FloatArray, sizes: NDArray[np.int64]
) -> FloatArray:
    """Share the energy of shells around a random point of a voxel among the voxels around it.

    A point displaced by (x, y, z) from a random point of a voxel with sides h lies i, j, k voxels
    on with probability (1 - |x/h - i|)(1 - |y/h - j|)(1 - |z/h - k|). All directions are equally
    likely, so one octant holds everything; a voxel of it stands for its mirror images together.

    Args:
        edges: (bins + 1,) limits of the shells, cm.
        fractions: (bins, batches) part of the energy by shell.
        side_cm: (3,) voxel sides, cm.
        sizes: (3,) voxels of the octant along each axis.

    Returns:
        (nx, ny, nz, batches): parts of the energy, mirror images added up.
    """
    batches = fractions.shape[1]
    out = np.zeros((sizes[0], sizes[1], sizes[2], batches))
    smallest = min(side_cm[0], min(side_cm[1], side_cm[2]))
    reach = 0.0
    for d in range(3):
        reach += (side_cm[d] * sizes[d]) ** 2
    reach = math.sqrt(reach)
    for b in range(fractions.shape[0]):
        if edges[b] > reach:
            break
        for g in range(2):
            r = edges[b] + _GAUSS[g] * (edges[b + 1] - edges[b])
            wanted = 64.0 * (r / smallest) ** 2
            directions = int(min(MOST_DIRECTIONS, max(FEWEST_DIRECTIONS, wanted)))
            shift = 2 * b + g
            for n in range(directions):
                w = (0.5 + _A1 * n + _A2 * shift) % 1.0
                phi = 0.5 * math.pi * ((0.5 + _A2 * n + _A1 * shift) % 1.0)
                s = r * math.sqrt(1.0 - w * w)
                x = s * math.cos(phi) / side_cm[0]
                y = s * math.sin(phi) / side_cm[1]
                z = r * w / side_cm[2]
                _share(out, fractions[b], 0.5 / directions, x, y, z)
    return out


@kernel
def _share(out, fraction, weight, x, y, z):
    if x >= out.shape[0] or y >= out.shape[1] or z >= out.shape[2]:
        return
    i, j, k = int(x), int(y), int(z)
    a, b, c = x - i, y - j, z - k
    for p in range(2):
        for q in range(2):
            for r in range(2):
                if i + p < out.shape[0] and j + q < out.shape[1] and k + r < out.shape[2]:
                    share = weight * (a if p else 1.0 - a)
                    share *= (b if q else 1.0 - b) * (c if r else 1.0 - c)
                    for m in range(fraction.shape[0]):
                        out[i + p, j + q, k + r, m] += share * fraction[m]
