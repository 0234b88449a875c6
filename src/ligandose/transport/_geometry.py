"""Where a point lies: one lookup for voxel grids, analytic shapes, spheres and infinite media.

Every point has a region (what it is made of and where its dose is counted) and, in a voxel grid,
a voxel. No distance to a surface is needed: photons use delta tracking (Woodcock et al. 1965,
ANL-7050), electrons find a surface by bisection of their step.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ligandose.hosts import contains_jit as contains
from ligandose.transport._kernel import kernel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

INFINITE, VOXELS, SHAPES, SPHERES = 0, 1, 2, 3
OUTSIDE = -1
FAR_CM = 1e6
BLOCK_BITS = 2
BLOCK = 1 << BLOCK_BITS
MIXED = 65_535


class Geometry(NamedTuple):
    """Arrays that the kernels read. Lengths cm, densities g/cm3.

    Attributes:
        kind: INFINITE, VOXELS, SHAPES or SPHERES.
        low: (3,) lower corner of the grid of voxels or of cells.
        per_cm: (3,) voxels or cells per cm.
        size: (3,) their number along x, y, z.
        label: (voxels,) region of each voxel, x running fastest; VOXELS only.
        block: region of each block of BLOCK³ voxels, or MIXED: most lookups end in this small
            array, which stays in the cache of the processor.
        first: (cells + 1,) where the candidates of a cell begin in `candidate`; SHAPES only.
        candidate: shapes whose bounding box meets a cell, in order of priority.
        shapes: (n, parameters) of the shapes; of SPHERES the squared radii, rising, in column 0.
        owner: (n,) region of each shape.
        material: (regions,) index of the material.
        density: (regions,).
    """

    kind: int
    low: FloatArray
    per_cm: FloatArray
    size: NDArray[np.int64]
    label: NDArray[np.uint16]
    block: NDArray[np.uint16]
    first: IntArray
    candidate: IntArray
    shapes: FloatArray
    owner: IntArray
    material: IntArray
    density: FloatArray


@kernel
def escaped(geometry, x, y, z):
    """Say whether no path leads back into a region from a point that lies in none.

    Shapes leave gaps, as between the legs, that a photon may cross; the other spaces are convex.
    """
    if geometry.kind != SHAPES:
        return True
    a = (x - geometry.low[0]) * geometry.per_cm[0]
    b = (y - geometry.low[1]) * geometry.per_cm[1]
    c = (z - geometry.low[2]) * geometry.per_cm[2]
    size = geometry.size
    return not (0.0 <= a < size[0] and 0.0 <= b < size[1] and 0.0 <= c < size[2])


@kernel
def locate(geometry, x, y, z):
    """Return region and voxel of a point; OUTSIDE for both where there is nothing."""
    if geometry.kind == INFINITE:
        return 0, 0
    if geometry.kind == SPHERES:
        r2 = x * x + y * y + z * z
        for i in range(geometry.shapes.shape[0]):
            if r2 < geometry.shapes[i, 0]:
                return i, i
        return OUTSIDE, OUTSIDE
    a = (x - geometry.low[0]) * geometry.per_cm[0]
    b = (y - geometry.low[1]) * geometry.per_cm[1]
    c = (z - geometry.low[2]) * geometry.per_cm[2]
    size = geometry.size
    if not (0.0 <= a < size[0] and 0.0 <= b < size[1] and 0.0 <= c < size[2]):
        return OUTSIDE, OUTSIDE
    i, j, k = int(a), int(b), int(c)
    index = i + size[0] * (j + size[1] * k)
    if geometry.kind == VOXELS:
        across, down = (size[0] + BLOCK - 1) >> BLOCK_BITS, (size[1] + BLOCK - 1) >> BLOCK_BITS
        i, j, k = i >> BLOCK_BITS, j >> BLOCK_BITS, k >> BLOCK_BITS
        label = geometry.block[i + across * (j + down * k)]
        if label == MIXED:
            label = geometry.label[index]
        return np.int64(label), index
    for place in range(geometry.first[index], geometry.first[index + 1]):
        shape = geometry.candidate[place]
        if contains(geometry.shapes, shape, x, y, z):
            region = np.int64(geometry.owner[shape])
            return region, region
    return OUTSIDE, OUTSIDE


@kernel
def clearance(geometry, region, x, y, z):
    """Return a distance, cm, within which all points share the voxel, or the shell, of a point.

    `region` is that of the point. Zero where it is not worth the search.
    """
    if geometry.kind == VOXELS:
        d = FAR_CM
        for axis, at in enumerate((x, y, z)):
            a = (at - geometry.low[axis]) * geometry.per_cm[axis]
            a -= int(a)
            d = min(d, min(a, 1.0 - a) / geometry.per_cm[axis])
        return d
    if geometry.kind == SPHERES:
        r = math.sqrt(x * x + y * y + z * z)
        d = math.sqrt(geometry.shapes[region, 0]) - r
        if region > 0:
            d = min(d, r - math.sqrt(geometry.shapes[region - 1, 0]))
        return d
    return 0.0
