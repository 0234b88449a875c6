"""Point-in-shape test of the stylized phantoms, for CPU and GPU kernels.

A shape is one row of 32 floats:

    0       kind (one of the constants below)
    1 - 6   clipping box: xmin, xmax, ymin, ymax, zmin, zmax, cm (also its bounding box)
    7       number of half-spaces
    8 - 23  parameters of the kind
    24 - 31 up to two half-spaces nx, ny, nz, d: inside where nx x + ny y + nz z <= d

The surfaces are those of ORNL/TM-8381 (Cristy and Eckerman 1987, vol. 1) and MIRD pamphlet 5
revised (Snyder et al. 1978). `contains` uses arithmetic only, so that numba compiles the same
source for the CPU and, as a device function, for CUDA.
"""

# pyright: reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false, reportPrivateUsage=false

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

ROW = 32
BOX = slice(1, 7)
PARAMETERS = 8
PLANES = 24

ELLIPSOID = 1.0
"""x0 y0 z0 1/a2 1/b2 1/c2"""
TILTED = 2.0
"""x0 y0 z0 1/a2 1/b2 1/c2, then the rows of the rotation: an ellipsoid on axes of its own"""
CONE = 3.0
"""x0 y0 z0 dx dy t 1/a2 1/b2: elliptical cylinder about z, centre shifted by dx, dy and
semi-axes changed by the fraction t for each cm above z0"""
TUBE_X = 4.0
"""y0 z0 1/b2 1/c2: elliptical cylinder about an axis along x"""
RING = 5.0
"""x0 y0 1/a2 1/b2 x1 y1 1/a12 1/b12 z0 period thickness: between two elliptical cylinders; with
a period, only in the slabs [z0 + k period, z0 + k period + thickness]"""
TORUS_Y = 6.0
"""x0 y0 z0 R 1/a2 1/b2: torus about an axis along y, tube a wide along R and b along y"""
TORUS_Z = 7.0
"""x0 y0 z0 R r2: torus about an axis along z"""
THYROID = 8.0
"""x0 y0 z0 R2 r2 c: lobes and isthmus between two half cylinders"""
BULB = 9.0
"""x0 y0 z0 r s h, then the rows of the rotation: half a sphere below a cone (gallbladder)"""
WEDGE = 10.0
"""z0 w t m: |x| <= w (1 + t (z - z0)) - m and -y within the same (male genitalia)"""
LOOPS = 11.0
"""x0 z0 px pz r2 x1 y1 1/a2 1/b2: lattice of tubes along y within an elliptical cylinder"""


def contains(shapes: Any, i: int, x: float, y: float, z: float) -> bool:
    """Tell whether point (x, y, z), cm, lies in shape `i` of the table (n, 32)."""
    if x < shapes[i, 1] or x > shapes[i, 2] or y < shapes[i, 3] or y > shapes[i, 4]:
        return False
    if z < shapes[i, 5] or z > shapes[i, 6]:
        return False
    if shapes[i, 7] > 0.5:
        if shapes[i, 24] * x + shapes[i, 25] * y + shapes[i, 26] * z > shapes[i, 27]:
            return False
        if (
            shapes[i, 7] > 1.5
            and shapes[i, 28] * x + shapes[i, 29] * y + shapes[i, 30] * z > shapes[i, 31]
        ):
            return False
    kind = shapes[i, 0]
    if kind == 1.0:  # ellipsoid
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], z - shapes[i, 10]
        return u * u * shapes[i, 11] + v * v * shapes[i, 12] + w * w * shapes[i, 13] <= 1.0
    if kind == 3.0:  # elliptical cylinder or cone about z
        h = z - shapes[i, 10]
        u = x - shapes[i, 8] - shapes[i, 11] * h
        v = y - shapes[i, 9] - shapes[i, 12] * h
        f = 1.0 + shapes[i, 13] * h
        return u * u * shapes[i, 14] + v * v * shapes[i, 15] <= f * f
    if kind == 2.0:  # tilted ellipsoid
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], z - shapes[i, 10]
        p = shapes[i, 14] * u + shapes[i, 15] * v + shapes[i, 16] * w
        q = shapes[i, 17] * u + shapes[i, 18] * v + shapes[i, 19] * w
        r = shapes[i, 20] * u + shapes[i, 21] * v + shapes[i, 22] * w
        return p * p * shapes[i, 11] + q * q * shapes[i, 12] + r * r * shapes[i, 13] <= 1.0
    if kind == 5.0:  # ring
        u, v = x - shapes[i, 8], y - shapes[i, 9]
        if u * u * shapes[i, 10] + v * v * shapes[i, 11] > 1.0:
            return False
        u, v = x - shapes[i, 12], y - shapes[i, 13]
        if u * u * shapes[i, 14] + v * v * shapes[i, 15] < 1.0:
            return False
        if shapes[i, 17] > 0.0:
            h = (z - shapes[i, 16]) / shapes[i, 17]
            return (h - math.floor(h)) * shapes[i, 17] <= shapes[i, 18]
        return True
    if kind == 4.0:  # elliptical cylinder along x
        v, w = y - shapes[i, 8], z - shapes[i, 9]
        return v * v * shapes[i, 10] + w * w * shapes[i, 11] <= 1.0
    if kind == 6.0:  # torus about y
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], z - shapes[i, 10]
        p = math.sqrt(u * u + w * w) - shapes[i, 11]
        return p * p * shapes[i, 12] + v * v * shapes[i, 13] <= 1.0
    if kind == 7.0:  # torus about z
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], z - shapes[i, 10]
        p = math.sqrt(u * u + v * v) - shapes[i, 11]
        return p * p + w * w <= shapes[i, 12]
    if kind == 8.0:  # thyroid: tau and the inequality as in the report
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], (z - shapes[i, 10]) / shapes[i, 13]
        p = u * u + v * v
        if v > 0.0 or w < 0.0 or w > 1.0 or p > shapes[i, 11] or p < shapes[i, 12]:
            return False
        f = 1.0 - 1.1715728752538097 * w  # 1 + (sqrt 2 - 2) / 2 * 4 w
        if w > 0.25:
            f = 0.6094757082487301 + 0.3905242917512699 * w
        q = v - abs(u)
        return q * q >= 2.0 * p * f * f
    if kind == 9.0:  # bulb: cone above, half a sphere below
        u, v, w = x - shapes[i, 8], y - shapes[i, 9], z - shapes[i, 10]
        p = shapes[i, 14] * u + shapes[i, 15] * v + shapes[i, 16] * w
        q = shapes[i, 17] * u + shapes[i, 18] * v + shapes[i, 19] * w
        r = shapes[i, 20] * u + shapes[i, 21] * v + shapes[i, 22] * w
        if r < 0.0:
            return p * p + q * q + r * r <= shapes[i, 11] * shapes[i, 11]
        f = shapes[i, 11] - shapes[i, 12] * r
        return r <= shapes[i, 13] and f > 0.0 and p * p + q * q <= f * f
    if kind == 10.0:
        f = shapes[i, 9] * (1.0 + shapes[i, 10] * (z - shapes[i, 8])) - shapes[i, 11]
        return abs(x) <= f and -y <= f
    u, v = x - shapes[i, 13], y - shapes[i, 14]
    if u * u * shapes[i, 15] + v * v * shapes[i, 16] > 1.0:
        return False
    u, w = (x - shapes[i, 8]) / shapes[i, 10], (z - shapes[i, 9]) / shapes[i, 11]
    u = (u - math.floor(u + 0.5)) * shapes[i, 10]
    w = (w - math.floor(w + 0.5)) * shapes[i, 11]
    return u * u + w * w <= shapes[i, 12]


contains_jit = numba.njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})(
    contains
)


@numba.njit(cache=True, error_model="numpy")
def region_of(shapes: Any, shape_region: Any, x: float, y: float, z: float) -> int:
    """Return the region of the first shape that contains a point, -1 outside all of them."""
    for i in range(shapes.shape[0]):
        near = shapes[i, 5] <= z <= shapes[i, 6] and shapes[i, 1] <= x <= shapes[i, 2]
        if near and contains_jit(shapes, i, x, y, z):
            return shape_region[i]
    return -1


@numba.njit(cache=True, error_model="numpy")
def regions_of(shapes: Any, shape_region: Any, points: Any, found: Any) -> None:
    """Write the region of each of (n, 3) points into `found`."""
    for k in range(points.shape[0]):
        found[k] = region_of(shapes, shape_region, points[k, 0], points[k, 1], points[k, 2])


@numba.njit(cache=True, error_model="numpy")
def fill_grid(shapes: Any, shape_region: Any, origin: Any, step: Any, labels: Any) -> None:
    """Write region + 1 (0 outside) at the points origin + step * index into `labels`.

    Each row along x looks only at the shapes whose clipping box its line crosses.
    """
    nx, ny, nz = labels.shape
    near = np.empty(shapes.shape[0], np.int64)
    for plane in range(ny * nz):
        j, k = plane // nz, plane % nz
        y, z = origin[1] + step[1] * j, origin[2] + step[2] * k
        count = 0
        for i in range(shapes.shape[0]):
            inside_y = shapes[i, 3] <= y <= shapes[i, 4]
            if inside_y and shapes[i, 5] <= z <= shapes[i, 6]:
                near[count] = i
                count += 1
        for a in range(nx):
            x = origin[0] + step[0] * a
            for m in range(count):
                if contains_jit(shapes, near[m], x, y, z):
                    labels[a, j, k] = shape_region[near[m]] + 1
                    break


def empty_row() -> NDArray[np.float64]:
    """Return a row without limits."""
    row = np.zeros(ROW)
    row[1:7] = (-1e9, 1e9, -1e9, 1e9, -1e9, 1e9)
    return row
