"""Convolution of an image with kernels that are symmetric about every axis.

Fast Fourier transforms with zero padding, in single precision. The transform of a symmetric
kernel is real and follows from one octant by a cosine transform of the first kind, an eighth of the
work.

A kernel that reaches across a large image is split: near by it is folded as it is, with little
padding; the rest, which is smooth over a few voxels, is folded on voxels twice as large along each
axis and interpolated. A smooth window parts the two, so their sum is the kernel.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Shape = tuple[int, int, int]

STEP = 2
WHOLE_POINTS = 3_000_000
"""Images whose padded size is below it are folded with the whole kernel at once."""


def _fft() -> Any:
    """Return scipy's transforms, which come without types."""
    return import_module("scipy.fft")


def workers(threads: int | None) -> int:
    """Return how many threads to use: what was asked for, or the processors that we have."""
    have = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, threads or have or 1)


def padded_shape(shape: Shape, reach: tuple[int, ...]) -> Shape:
    """Return even lengths that are quick to transform and keep copies of the image apart."""
    a, b, c = (
        2 * int(_fft().next_fast_len((n + min(h, n - 1) + 1) // 2, real=True))
        for n, h in zip(shape, reach, strict=True)
    )
    return a, b, c


@dataclass(frozen=True, eq=False)
class Folding:
    """An image, transformed once, to be folded with any number of kernels.

    Attributes:
        shape: of the image; padded: of what is transformed.
        spectrum: its transform.
        threads: to use.
    """

    shape: Shape
    padded: Shape
    spectrum: Any
    threads: int

    def with_octant(self, octant: FloatArray) -> Values:
        """Return the image folded with the kernel whose octant (i, j, k >= 0) is given."""
        half = tuple(n // 2 + 1 for n in self.padded)
        kernel = np.zeros(half, dtype=np.float32)
        n = tuple(min(a, b, c) for a, b, c in zip(octant.shape, half, self.shape, strict=True))
        kernel[: n[0], : n[1], : n[2]] = octant[: n[0], : n[1], : n[2]]
        transfer: Any = _fft().dctn(kernel, type=1, workers=self.threads, overwrite_x=True)
        product = np.empty_like(self.spectrum)
        p, q = half[0], half[1]
        for there, here in ((slice(0, p), slice(0, p)), (slice(p, None), slice(p - 2, 0, -1))):
            for down, row in ((slice(0, q), slice(0, q)), (slice(q, None), slice(q - 2, 0, -1))):
                np.multiply(
                    self.spectrum[there, down], transfer[here, row], out=product[there, down]
                )
        out: Any = _fft().irfftn(product, s=self.padded, workers=self.threads, overwrite_x=True)
        a, b, c = self.shape
        return out[:a, :b, :c]


def folding(image: Values, reach: tuple[int, ...], *, threads: int) -> Folding:
    """Transform an image for kernels that reach so many voxels along each axis."""
    a, b, c = image.shape
    padded = padded_shape((a, b, c), reach)
    return Folding((a, b, c), padded, _fft().rfftn(image, s=padded, workers=threads), threads)


def window(distance_mm: FloatArray, start_mm: float, end_mm: float) -> FloatArray:
    """Return a step from 0 to 1 between two distances with two smooth derivatives."""
    t = np.clip((distance_mm - start_mm) / (end_mm - start_mm), 0.0, 1.0)
    return t**3 * (10.0 - 15.0 * t + 6.0 * t * t)


def octant_distance_mm(sizes: tuple[int, ...], sides_mm: tuple[float, ...]) -> FloatArray:
    """Return the distances of the voxels of an octant."""
    x, y, z = (np.arange(n) * s for n, s in zip(sizes, sides_mm, strict=True))
    return np.sqrt(x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2)


def coarse(image: Values) -> Values:
    """Return sums over blocks of STEP voxels a side; what is missing at the ends counts 0."""
    out: Any = image
    for axis in range(3):
        n = out.shape[axis]
        first = out[_at(axis, slice(0, n, STEP))].copy()
        second = out[_at(axis, slice(1, n, STEP))]
        first[_at(axis, slice(0, second.shape[axis]))] += second
        out = first
    return out


def sharpened(octant: FloatArray) -> FloatArray:
    """Return a coarse kernel that makes up for the blur of `coarse` and `fine`.

    Summing two voxels of side h has the variance h^2 / 4 along an axis, the interpolation
    3 h^2 / 4, together h^2: to second order K - (h^2 / 2) K'' undoes it, with K'' from differences
    over 2 h.
    """
    out = octant.copy()
    for axis in range(3):
        if octant.shape[axis] < STEP:
            continue
        low, high = np.empty_like(octant), octant.copy()
        n = octant.shape[axis]
        low[_at(axis, slice(1, None))] = octant[_at(axis, slice(0, n - 1))]
        low[_at(axis, 0)] = octant[_at(axis, 1)]
        high[_at(axis, slice(0, n - 1))] = octant[_at(axis, slice(1, None))]
        out -= (low + high - 2.0 * octant) / 8.0
    return out


def fine(image: Values, shape: Shape) -> Values:
    """Return values between the centres of blocks, linear along each axis, for every voxel."""
    out: Any = image
    for axis in range(3):
        n = shape[axis]
        before = np.empty((*out.shape[:axis], n, *out.shape[axis + 1 :]), dtype=np.float32)
        low, high = _neighbours(out, axis)
        even, odd = before[_at(axis, slice(0, n, STEP))], before[_at(axis, slice(1, n, STEP))]
        np.multiply(out, 0.75, out=even)
        even += 0.25 * low
        part = _at(axis, slice(0, odd.shape[axis]))
        np.multiply(out[part], 0.75, out=odd)
        odd += 0.25 * high[part]
        out = before
    return out


def _neighbours(image: Values, axis: int) -> tuple[Values, Values]:
    """Return the values one place before and after, extrapolated at the ends."""
    n = image.shape[axis]
    low, high = np.empty_like(image), np.empty_like(image)
    low[_at(axis, slice(1, None))] = image[_at(axis, slice(0, n - 1))]
    high[_at(axis, slice(0, n - 1))] = image[_at(axis, slice(1, None))]
    step = 1 if n > 1 else 0
    first, last = _at(axis, 0), _at(axis, n - 1)
    low[first] = 2.0 * image[first] - image[_at(axis, step)]
    high[last] = 2.0 * image[last] - image[_at(axis, n - 1 - step)]
    return low, high


def _at(axis: int, what: Any) -> tuple[Any, ...]:
    index: list[Any] = [slice(None)] * 3
    index[axis] = what
    return tuple(index)
