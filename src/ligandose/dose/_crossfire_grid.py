"""Far sums on a grid: strengths spread by B-splines, convolved by FFT, read back by B-splines.

The pair function between two cells is F(x - y) interpolated in both places by cardinal quintic
splines, so the only error is that of interpolating the smooth function F on the grid; it is local
and is bounded before use (`_crossfire_split`). Particle–mesh with B-splines after Essmann et al.
1995, doi:10.1063/1.470117; any F, open edges by zero padding.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from scipy import fft as scipy_fft

from ligandose.dose._crossfire_near import counting_sort
from ligandose.dose._crossfire_tables import Radial

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

fft: Any = scipy_fft  # its stubs describe dispatch, not arrays

ORDER = 6
"""Order of the B-splines: quintic, six nodes along each axis."""
BEFORE = 2
"""Nodes of a point before the one that its place is rounded down to."""
GUARD = 12
"""Extra empty nodes: what interpolation carries past them has fallen to 0.43^12 = 4e-5."""
SLABS = 16
COLUMNS = 32
ALIASES = (-1, 0, 1)

_options = {"cache": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}


@dataclass(frozen=True)
class Grid:
    """Where the nodes are.

    Attributes:
        low_um: (3,) place of node 0.
        step_um: (3,) distance between nodes.
        count: (3,) nodes that points may touch.
        padded: (3,) nodes of the transforms; `count` where the grid is periodic.
        periodic: the last node is followed by the first.
    """

    low_um: FloatArray
    step_um: FloatArray
    count: IntArray
    padded: IntArray
    periodic: bool

    @property
    def bytes(self) -> float:
        """Memory of the convolution."""
        half = float(self.count[0]) * self.padded[1] * (self.padded[2] // 2 + 1) * 16.0
        octant = float(np.prod(self.padded // 2 + 1)) * (48.0 if self.periodic else 24.0)
        columns = float(self.padded[0]) * COLUMNS * (self.padded[2] // 2 + 1) * 48.0
        return 2.0 * half + 2.0 * octant + columns + 16.0 * float(np.prod(self.count))


def open_grid(low: FloatArray, high: FloatArray, step_um: float, range_um: float) -> Grid:
    """Return a grid that holds a box with free edges.

    Args:
        low, high: (3,) corners of the points, µm.
        step_um: distance between nodes.
        range_um: distance at which the function ends.
    """
    count = np.floor((high - low) / step_um).astype(np.int64) + ORDER
    reach = np.minimum(count, math.ceil(range_um / step_um) + 1)
    padded = np.array([_even_length(int(a + b) + GUARD) for a, b in zip(count, reach, strict=True)])
    start = low - BEFORE * step_um
    return Grid(start, np.full(3, step_um), count, padded, periodic=False)


def periodic_grid(box_um: FloatArray, step_um: float) -> Grid:
    """Return a grid that divides a periodic box into steps of at most `step_um`."""
    count = np.array([max(ORDER, _even_length(math.ceil(b / step_um))) for b in box_um])
    return Grid(np.zeros(3), box_um / count, count, count, periodic=True)


def _even_length(least: int) -> int:
    length = fft.next_fast_len(least, real=True)
    while length % 2:
        length = fft.next_fast_len(length + 1, real=True)
    return int(length)


@njit(inline="always", **_options)
def _weights(t, w):
    """Quintic B-spline at the six nodes around a point that lies t past the third."""
    r = 1.0 - t
    t2, r2 = t * t, r * r
    w[0] = r2 * r2 * r / 120.0
    w[1] = (26.0 + t * (-50.0 + t * (20.0 + t * (20.0 + t * (-20.0 + 5.0 * t))))) / 120.0
    w[2] = (66.0 + t2 * (-60.0 + t2 * (30.0 - 10.0 * t))) / 120.0
    w[3] = (66.0 + r2 * (-60.0 + r2 * (30.0 - 10.0 * r))) / 120.0
    w[4] = (26.0 + r * (-50.0 + r * (20.0 + r * (20.0 + r * (-20.0 + 5.0 * r))))) / 120.0
    w[5] = t2 * t2 * t / 120.0


@njit(parallel=True, **_options)
def spread(node, start, strength, grid):
    """Add points to a grid; threads own planes, so the order of sums is fixed.

    Args:
        node: (n, 3) place in steps from node 0, sorted by the whole part of the first.
        start: (planes + 1,) first point of each whole part.
        strength: (n,) sorted alike.
        grid: (planes, rows, columns), set to 0.
    """
    planes, rows, columns = grid.shape
    for slab in prange(SLABS):
        first, end = planes * slab // SLABS, planes * (slab + 1) // SLABS
        wx, wy, wz = np.empty(6), np.empty(6), np.empty(6)
        for turn in range(-1, 2):
            low = max(0, first - 3 + turn * planes)
            high = min(planes, end + 2 + turn * planes)
            if low >= high:
                continue
            for p in range(start[low], start[high]):
                i, j, k = int(node[p, 0]), int(node[p, 1]), int(node[p, 2])
                _weights(node[p, 0] - i, wx)
                _weights(node[p, 1] - j, wy)
                _weights(node[p, 2] - k, wz)
                inside = k >= 2 and k + 4 <= columns
                for a in range(6):
                    plane = i - 2 + a - turn * planes
                    if plane < first or plane >= end:
                        continue
                    for b in range(6):
                        row = (j - 2 + b + rows) % rows
                        w = strength[p] * wx[a] * wy[b]
                        if inside:
                            for c in range(6):
                                grid[plane, row, k - 2 + c] += w * wz[c]
                        else:
                            for c in range(6):
                                grid[plane, row, (k - 2 + c + columns) % columns] += w * wz[c]


@njit(parallel=True, **_options)
def gather(node, grid, out):
    """Set `out` (n,) to the spline through a grid at points, given as for `spread`."""
    planes, rows, columns = grid.shape
    n = node.shape[0]
    for block in prange((n + 255) // 256):
        wx, wy, wz = np.empty(6), np.empty(6), np.empty(6)
        for p in range(block * 256, min(n, (block + 1) * 256)):
            i, j, k = int(node[p, 0]), int(node[p, 1]), int(node[p, 2])
            _weights(node[p, 0] - i, wx)
            _weights(node[p, 1] - j, wy)
            _weights(node[p, 2] - k, wz)
            inside = k >= 2 and k + 4 <= columns
            total = 0.0
            for a in range(6):
                plane = (i - 2 + a + planes) % planes
                for b in range(6):
                    row = (j - 2 + b + rows) % rows
                    line = 0.0
                    if inside:
                        for c in range(6):
                            line += grid[plane, row, k - 2 + c] * wz[c]
                    else:
                        for c in range(6):
                            line += grid[plane, row, (k - 2 + c + columns) % columns] * wz[c]
                    total += wx[a] * wy[b] * line
            out[p] = total


@njit(parallel=True, **_options)
def own_shares(node, between, out):
    """Set `out` (n,) to what a unit strength at each point gives back to itself.

    Args:
        node: (n, 3) places in steps.
        between: (6, 6, 6) the grid's function between nodes so many steps apart; even.
    """
    n = node.shape[0]
    for block in prange((n + 255) // 256):
        w = np.empty(6)
        pairs = np.zeros((3, 6))
        for p in range(block * 256, min(n, (block + 1) * 256)):
            for d in range(3):
                _weights(node[p, d] - int(node[p, d]), w)
                for apart in range(6):
                    total = 0.0
                    for a in range(6 - apart):
                        total += w[a] * w[a + apart]
                    pairs[d, apart] = total if apart == 0 else 2.0 * total
            whole = 0.0
            for a in range(6):
                for b in range(6):
                    line = 0.0
                    for c in range(6):
                        line += between[a, b, c] * pairs[2, c]
                    whole += pairs[0, a] * pairs[1, b] * line
            out[p] = whole


def nodes_of(points: FloatArray, grid: Grid) -> tuple[FloatArray, IntArray, IntArray]:
    """Return places (n, 3) in steps, sorted, with the first point of each plane and the order."""
    node = (points - grid.low_um) / grid.step_um
    if grid.periodic:
        node %= grid.count
        node[node >= grid.count] = 0.0  # a tiny negative number wraps to the period itself
    whole = node.astype(np.int64)
    rows = int(grid.count[1])
    key = whole[:, 0] * rows + whole[:, 1]
    start, order = counting_sort(key, int(grid.count[0]) * rows)
    return np.ascontiguousarray(node[order]), np.ascontiguousarray(start[::rows]), order


def influence(far: Radial, grid: Grid, range_um: float) -> FloatArray:
    """Return one octant of the transform of F between nodes, both splines undone."""
    values = _fourier_octant(far, grid, range_um) if grid.periodic else _sampled(far, grid)
    for d in range(3):
        angle = 2.0 * math.pi * np.arange(grid.padded[d] // 2 + 1) / grid.padded[d]
        spline = (66.0 + 52.0 * np.cos(angle) + 2.0 * np.cos(2.0 * angle)) / 120.0
        shape = [1, 1, 1]
        shape[d] = -1
        values /= (spline**2).reshape(shape)
    return values


def _sampled(far: Radial, grid: Grid) -> FloatArray:
    axes = [
        (np.arange(m // 2 + 1) * s) ** 2 for m, s in zip(grid.padded, grid.step_um, strict=True)
    ]
    values = np.empty([len(a) for a in axes])
    for i, x in enumerate(axes[0]):  # plane by plane: interpolation needs room of its own
        square = x + axes[1][:, None] + axes[2][None, :]
        values[i] = far(np.sqrt(square).ravel()).reshape(square.shape)
    return np.asarray(fft.dctn(values, type=1, overwrite_x=True))


def _fourier_octant(far: Radial, grid: Grid, range_um: float) -> FloatArray:
    """Return the transform of F summed over all images: by Poisson, that of F at the nodes' waves.

    The waves that the nodes cannot tell apart are added up to `ALIASES`.
    """
    from scipy.interpolate import make_interp_spline

    step = float(grid.step_um.min())
    highest = math.sqrt(3.0) * (1 + 2 * max(ALIASES)) * math.pi / step
    wave, transform = radial_transform(far, range_um, step / 16.0, 1.01 * highest)
    table = make_interp_spline(wave, transform, k=3)
    values = np.zeros(grid.padded // 2 + 1)
    turn = 2.0 * math.pi / grid.step_um
    waves = [
        2.0 * math.pi * np.arange(m // 2 + 1) / (m * s)
        for m, s in zip(grid.padded, grid.step_um, strict=True)
    ]
    for a in ALIASES:
        for b in ALIASES:
            for c in ALIASES:
                x, y, z = (w + t * p for w, t, p in zip(waves, turn, (a, b, c), strict=True))
                plane = y[:, None] ** 2 + z[None, :] ** 2
                for i, first in enumerate(x):
                    values[i] += table(np.sqrt(first**2 + plane))
    return values / float(np.prod(grid.step_um))


def radial_transform(
    far: Radial, range_um: float, step_um: float, highest: float
) -> tuple[FloatArray, FloatArray]:
    """Return wave numbers, 1/µm, and 4π ∫ r² F(r) sin(kr)/(kr) dr by a fast sine transform."""
    size = fft.next_fast_len(8 * math.ceil(range_um / step_um) + 8)
    r = step_um * np.arange(1, size)
    weighted = np.zeros(size - 1)
    inside = r <= range_um + step_um
    weighted[inside] = far(r[inside]) * r[inside]
    wave = math.pi * np.arange(1, size) / (size * step_um)
    keep = wave <= highest
    value = 2.0 * math.pi * step_um * fft.dst(weighted, type=1)[keep] / wave[keep]
    at_zero = 4.0 * math.pi * step_um * float(np.sum(weighted * r))
    return np.concatenate([[0.0], wave[keep]]), np.concatenate([[at_zero], value])


def convolve(grid_values: FloatArray, octant: FloatArray, grid: Grid, workers: int) -> FloatArray:
    """Return the convolution, of the same shape; axis by axis, so padding is never held whole."""
    n, m = [int(c) for c in grid.count], [int(p) for p in grid.padded]
    half = fft.rfft(grid_values, n=m[2], axis=2, workers=workers)
    half = np.asarray(fft.fft(half, n=m[1], axis=1, workers=workers, overwrite_x=True))
    mirror_x = np.minimum(np.arange(m[0]), m[0] - np.arange(m[0]))
    mirror_y = np.minimum(np.arange(m[1]), m[1] - np.arange(m[1]))
    for first in range(0, m[1], COLUMNS):
        part = slice(first, min(m[1], first + COLUMNS))
        lines = fft.fft(half[:, part], n=m[0], axis=0, workers=workers)
        lines *= octant[mirror_x[:, None], mirror_y[None, part]]
        half[:, part] = fft.ifft(lines, axis=0, workers=workers, overwrite_x=True)[: n[0]]
    half = fft.ifft(half, axis=1, workers=workers, overwrite_x=True)[:, : n[1]]
    return np.ascontiguousarray(fft.irfft(half, n=m[2], axis=2, workers=workers)[:, :, : n[2]])


def add_far(
    out: FloatArray, target: FloatArray, source: FloatArray, strength: FloatArray,
    octant: FloatArray, grid: Grid, *, workers: int,
) -> None:  # fmt: skip
    """Add the far sum to `out` (n, k)."""
    node, start, order = nodes_of(source, grid)
    there, _, target_order = nodes_of(target, grid)
    values = np.empty(tuple(int(c) for c in grid.count))
    read = np.empty(len(target))
    for c in range(out.shape[1]):
        values.fill(0.0)
        spread(node, start, np.ascontiguousarray(strength[order, c]), values)
        gather(there, convolve(values, octant, grid, workers), read)
        out[target_order, c] += read


def self_doses(points: FloatArray, octant: FloatArray, grid: Grid, at_zero: float) -> FloatArray:
    """Return (n,) what the far sum gives a unit strength at each point from itself.

    Images of the point are not counted. On a node the grid is exact, so what a point elsewhere
    gets beyond that of one on a node is error, and `at_zero` is the far part at no distance.
    """
    values = np.asarray(fft.dctn(octant, type=1)) / float(np.prod(grid.padded.astype(float)))
    steps = [np.minimum(np.arange(6), m - np.arange(6)) for m in grid.padded]
    between = np.ascontiguousarray(values[np.ix_(*steps)])
    node = (np.concatenate([points, grid.low_um[None, :]]) - grid.low_um) / grid.step_um
    out = np.empty(len(node))
    own_shares(node - np.floor(node), between, out)
    return out[:-1] - out[-1] + at_zero
