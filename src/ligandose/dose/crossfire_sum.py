"""Dose to many cells from many: near pairs one by one, far ones together on a grid.

The dose to cell i is the sum over sources j of strength_j K(|x_i - x_j|), where K is the dose per
decay as a function of the distance between centres. Summed naively that costs n²; here the kernel
is split in a part that ends at a cut-off and a part that a grid resolves (particle–mesh, Hockney
and Eastwood, Computer Simulation Using Particles, 1988), for about the cost of n log n.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose._crossfire_checks import (
    edges,
    memory_left,
    numbers,
    places,
    strengths,
    threads_limited,
)
from ligandose.dose._crossfire_grid import add_far, influence, self_doses
from ligandose.dose._crossfire_near import add_near
from ligandose.dose._crossfire_plan import Plan, Reach, plan
from ligandose.dose._crossfire_tables import LogSpline, bit_table, kernel_integral, log_spline
from ligandose.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOLERANCE = 1e-3
CONTACT = 1e-6
"""Rounding of distances: cells packed until they touch may be nearer by this part."""
ROUNDING = 1e-13
"""What is left of a difference, as part of the largest dose times distance squared."""
SLABS_PER_RANGE = 4


@dataclass(frozen=True)
class PairKernel:
    """Dose to a cell per decay in or on another, by the distance of their centres.

    Between entries the logarithm of the dose is a cubic in the logarithm of the distance without
    overshoot. Where the table falls to 0 the last interval is a straight line; a table that does
    not fall to 0 ends there. Nothing is extrapolated: pairs nearer than the first distance are an
    error when they occur, pairs beyond the last receive nothing.

    Attributes:
        distance_um: (d,) increasing, d >= 2; from 0 or from the least distance of centres.
        dose_Gy: (d,) Gy per decay, not negative. Where dose times distance squared is below 1e-13
            of its largest, that is rounding: it counts as 0 at the end, as 1e-13 in a gap.

    Raises:
        InputError: values that break these rules.

    >>> kernel = PairKernel([10.0, 20.0, 40.0], [4e-4, 1e-4, 2.5e-5])
    >>> print(f"{kernel.dose_at_Gy([30.0])[0]:.3e}")
    4.444e-05
    """

    distance_um: FloatArray
    dose_Gy: FloatArray
    _spline: LogSpline | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        r = numbers(self.distance_um, "distance_um", 1)
        k = numbers(self.dose_Gy, "dose_Gy", 1)
        if len(r) != len(k) or len(r) < 2:
            raise InputError(
                f"PairKernel: {len(r)} distances and {len(k)} doses; give two or more of each, "
                "as many of one as of the other"
            )
        wrong = np.flatnonzero(np.diff(r) <= 0.0)
        if r[0] < 0.0 or len(wrong):
            at = int(wrong[0]) + 1 if len(wrong) else 0
            raise InputError(
                f"PairKernel: distance_um[{at}] is {r[at]:g}; distances start at 0 or above and "
                "increase"
            )
        area = np.maximum(r, r[1] if r[0] == 0.0 else r[0]) ** 2
        rounding = ROUNDING * np.max(np.abs(k) * area) / area
        k = np.where(np.abs(k) <= rounding, 0.0, k)
        wrong = np.flatnonzero(k < 0.0)
        if len(wrong):
            at = int(wrong[0])
            raise InputError(f"PairKernel: dose_Gy[{at}] is {k[at]:g} Gy; doses are not negative")
        gap = (k == 0.0) & (np.cumsum(k[::-1])[::-1] > 0.0)
        k[gap] = rounding[gap]
        positive = int(np.count_nonzero(k > 0.0))
        if positive == 1:
            raise InputError(
                "PairKernel: only the first dose is above 0; give two or more distances within "
                "the range"
            )
        object.__setattr__(self, "distance_um", r)
        object.__setattr__(self, "dose_Gy", k)
        object.__setattr__(self, "_spline", log_spline(r, k) if positive else None)

    @property
    def range_um(self) -> float:
        """Distance beyond which there is no dose; 0 for a kernel without any."""
        return self._spline.end_um if self._spline else 0.0

    def dose_at_Gy(self, distance_um: ArrayLike) -> FloatArray:
        """Return Gy per decay at distances of any shape; below the first, that of the first."""
        r = np.asarray(distance_um, dtype=np.float64)
        return self._spline(r.ravel()).reshape(r.shape) if self._spline else np.zeros(r.shape)

    def integral_Gy_um3(self) -> float:
        """Return the integral over space: mean dose in an endless medium per decay density."""
        if self._spline is None:
            return 0.0
        return kernel_integral(self._spline, self.range_um, self._spline.first_um)


def crossfire(
    target_um: ArrayLike,
    source_um: ArrayLike,
    strength: ArrayLike,
    kernel: PairKernel,
    *,
    box_um: ArrayLike | None = None,
    same: bool = False,
    tolerance: float = TOLERANCE,
    threads: int | None = None,
    memory_GB: float | None = None,
) -> FloatArray:
    """Return the dose to every target from all sources.

    The dose of a pair at distance r is right to `tolerance` times the larger of K(r) and
    1/r³ ∫ K r'² dr' (up to r), which for an inverse square are the same. Errors alternate: sums
    over many sources are right to a tenth of that or better. Two exceptions keep sums over uniform
    cells within the tolerance, but not each pair: a table with steps in it that the grid does not
    resolve (pairs to 10 × tolerance), and the last eight grid steps of a table that breaks off.
    The same bits come out for any number of threads.

    Args:
        target_um: (n, 3) centres of the cells that receive dose.
        source_um: (m, 3) centres of the cells that emit.
        strength: (m,) or (m, k) decays of each source, k sets at once; not negative.
        kernel: dose per decay by distance.
        box_um: (3,) edges of a periodic box in which every source has images without end; None
            for cells in endless inactive medium.
        same: targets and sources are the same cells, and the dose of each to itself is left out
            (to its images in a periodic box it is not).
        tolerance: error allowed for a pair, 1e-6 to 0.1.
        threads: at most that many; None for numba's current number.
        memory_GB: what the sums may take; None for what the machine has left.

    Returns:
        (n,) or (n, k) Gy.

    Raises:
        InputError: arrays of the wrong shape, numbers that are not finite, negative strength, no
            sources; two cells nearer than the kernel's first distance, or at one place; too many
            cells for the memory.

    >>> kernel = PairKernel([10.0, 20.0, 40.0], [4e-4, 1e-4, 2.5e-5])
    >>> cells = [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [40.0, 0.0, 0.0]]
    >>> print(crossfire(cells, cells, [10.0, 0.0, 10.0], kernel, same=True).round(6))
    [0.00025 0.002   0.00025]
    """
    target, source = places(target_um, "target_um"), places(source_um, "source_um")
    amount, flat = strengths(strength, len(source))
    box = None if box_um is None else edges(box_um)
    if same and (target is not source) and not np.array_equal(target, source):
        raise InputError(
            "crossfire: same=True, but target_um and source_um differ; give the same cells twice"
        )
    first = float(kernel.distance_um[0])
    if box is not None and same and float(box.min()) < first * (1.0 - CONTACT):
        raise InputError(
            f"crossfire: box_um has an edge of {box.min():g} µm, and the kernel starts at "
            f"{first:g} µm; a cell would overlap its own image: the box must be larger"
        )
    if not 1e-6 <= tolerance <= 0.1:
        raise InputError(f"crossfire: tolerance is {tolerance:g}; allowed are 1e-6 to 0.1")
    most = memory_left(len(target), len(source), amount.shape[1], memory_GB)
    out = np.zeros((len(target), amount.shape[1]))
    if kernel.range_um > 0.0:
        with threads_limited(threads) as workers:
            _sum(out, target, source, amount, kernel, box, same, tolerance, workers, most)
    return out[:, 0] if flat else out


def _sum(
    out: FloatArray, target: FloatArray, source: FloatArray, strength: FloatArray,
    kernel: PairKernel, box: FloatArray | None, same: bool, tolerance: float, workers: int,
    most_bytes: float,
) -> None:  # fmt: skip
    reach = _reach(kernel)
    if box is None:
        target, source = _closed_up(target, source, reach.end_um)
    else:
        target, source = _wrapped(target, box), _wrapped(source, box)
    chosen = plan(
        target, source, reach, columns=strength.shape[1], box_um=box, tolerance=tolerance,
        most_bytes=most_bytes,
    )  # fmt: skip
    near, end = reach.value, _farthest(target, source, reach, box) * (1.0 + 1e-12)
    if chosen.lid is not None and chosen.grid is not None:
        near, end = chosen.lid.near, chosen.lid.cutoff_um
        octant = influence(chosen.lid.far, chosen.grid, reach.end_um)
        add_far(out, target, source, strength, octant, chosen.grid, workers=workers)
        if same:
            at_zero = float(chosen.lid.far(np.zeros(1))[0])
            out -= strength * self_doses(source, octant, chosen.grid, at_zero)[:, None]
    table = bit_table(near, reach.value, reach.first_um, end)
    close = add_near(out, target, source, strength, table, box_um=box, same=same)
    _check_distances(close, target, source, kernel, box, same)
    np.maximum(out, 0.0, out=out)  # a far sum that is 0 may come out as a rounding error below


def _farthest(
    target: FloatArray, source: FloatArray, reach: Reach, box: FloatArray | None
) -> float:
    """Return how far the kernel must be known: no farther than cells are apart."""
    if box is not None:
        return reach.end_um
    low = np.minimum(target.min(axis=0), source.min(axis=0))
    high = np.maximum(target.max(axis=0), source.max(axis=0))
    apart = float(np.linalg.norm(high - low)) * (1.0 + 1e-9)
    return min(reach.end_um, max(apart, 2.0 * reach.first_um))


def _closed_up(
    target: FloatArray, source: FloatArray, range_um: float
) -> tuple[FloatArray, FloatArray]:
    """Shorten empty slabs wider than the kernel's range: cells on their two sides never meet."""
    low = np.minimum(target.min(axis=0), source.min(axis=0))
    extent = np.maximum(target.max(axis=0), source.max(axis=0)) - low
    wide = np.flatnonzero(extent > 3.0 * range_um)
    if len(wide) == 0:
        return target, source
    target, source = target.copy(), source.copy()
    part = range_um / SLABS_PER_RANGE
    for d in wide:
        slab = [np.floor((p[:, d] - low[d]) / part) for p in (target, source)]
        used = np.unique(np.concatenate([np.unique(s) for s in slab]))
        spare = np.maximum(np.diff(used) - (SLABS_PER_RANGE + 2.0), 0.0)
        shift = np.concatenate([[0.0], np.cumsum(spare)]) * part
        for p, s in zip((target, source), slab, strict=True):
            p[:, d] -= shift[np.searchsorted(used, s)]
    return target, source


def _wrapped(points: FloatArray, box: FloatArray) -> FloatArray:
    inside = np.mod(points, box)
    inside[np.greater_equal(inside, box)] = 0.0  # of a tiny negative number: the box
    return inside


def _reach(kernel: PairKernel) -> Reach:
    first = float(kernel.distance_um[0])
    # a kernel that starts at 0 is taken as flat over a thousandth of its first step
    least = first * (1.0 - CONTACT) if first > 0.0 else 1e-3 * float(kernel.distance_um[1])
    return Reach(kernel.dose_at_Gy, least, kernel.range_um)


def summing_plan(
    target_um: FloatArray, source_um: FloatArray, kernel: PairKernel, *, columns: int = 1,
    box_um: FloatArray | None = None, tolerance: float = TOLERANCE,
) -> Plan:  # fmt: skip
    """Return how `crossfire` would sum: grid, cut-off and error (for tests and benchmarks)."""
    return plan(
        target_um, source_um, _reach(kernel), columns=columns, box_um=box_um,
        tolerance=tolerance, most_bytes=float("inf"),
    )  # fmt: skip


def _check_distances(
    close: IntArray, target: FloatArray, source: FloatArray, kernel: PairKernel,
    box: FloatArray | None, same: bool,
) -> None:  # fmt: skip
    first = float(kernel.distance_um[0])
    bad = np.flatnonzero(close > (1 if same else 0))
    if len(bad) == 0 or (first == 0.0 and not same):
        return
    t = int(bad[0])
    apart: FloatArray = source - target[t]
    if box is not None:
        apart = apart - box * np.round(apart / box)
    distance = np.sqrt(np.sum(apart**2, axis=1))
    if same:
        distance[t] = np.inf
    s = int(np.argmin(distance))
    if distance[s] == 0.0:
        hint = "" if same else "; same=True leaves out the dose of a cell to itself"
        raise InputError(f"crossfire: target {t} and source {s} are at one place{hint}")
    raise InputError(
        f"crossfire: target {t} and source {s} are {distance[s]:g} µm apart, and the kernel "
        f"starts at {first:g} µm; cells overlap, or the kernel needs smaller distances"
    )
