"""Which way of summing is cheapest for these cells: pairs alone, or a grid and which one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose._crossfire_grid import Grid, open_grid, periodic_grid
from ligandose.dose._crossfire_split import RATIOS, Lid, lid
from ligandose.dose._crossfire_tables import Radial, kernel_integral, running_mean

FloatArray = NDArray[np.float64]

# Seconds on one core of 2023, measured with benchmarks/cells.py; they only steer the choice.
PAIR_S = 2.5e-9
TARGET_S = 1.5e-6
NODE_S = 40e-9
SPREAD_S = 400e-9
PLAN_S = 40e-3

POINTS_PER_CELL = 24
POINTS_AT_LEAST = 1 << 20
SAMPLED_TARGETS, SAMPLED_SOURCES = 64, 20_000
END_STEPS = 8.0
"""Steps of the grid before the end of a kernel in which errors count together."""
ROUGH, PATIENCE = 10.0, 1.5
"""A kernel that is itself rough (tables of tables): pairs may be wrong by so much more if together
they keep the tolerance and a way without would take so much longer."""
STEPS_PER_OCTAVE = 3
STEPS = 48


@dataclass(frozen=True)
class Reach:
    """A kernel as the sums need it.

    Attributes:
        value: function of distances.
        first_um: distances below it are not looked up.
        end_um: the function is 0 beyond.
    """

    value: Radial
    first_um: float
    end_um: float


@dataclass(frozen=True)
class Plan:
    """How to sum.

    Attributes:
        lid: the far part; None: pairs alone.
        grid: where the far part is summed.
    """

    lid: Lid | None
    grid: Grid | None
    seconds: float


class PairCount:
    """Mean number of sources within a distance of a target, from a sample."""

    def __init__(self, target: FloatArray, source: FloatArray, box_um: FloatArray | None) -> None:
        self.density = 0.0 if box_um is None else len(source) / float(np.prod(box_um))
        if box_um is None:
            rng = np.random.default_rng(0)
            a = target[rng.choice(len(target), min(len(target), SAMPLED_TARGETS), replace=False)]
            b = source[rng.choice(len(source), min(len(source), SAMPLED_SOURCES), replace=False)]
            square = np.zeros((len(a), len(b)))
            for d in range(3):
                square += np.subtract.outer(a[:, d], b[:, d]) ** 2
            self.distance = np.sqrt(np.sort(square, axis=None))
            self.each = len(source) / (len(a) * len(b))

    def within(self, distance_um: float) -> float:
        """Return sources per target."""
        if self.density:
            return self.density * 4.0 / 3.0 * math.pi * distance_um**3
        return self.each * float(np.searchsorted(self.distance, distance_um))


def plan(
    target: FloatArray, source: FloatArray, reach: Reach, *,
    columns: int, box_um: FloatArray | None, tolerance: float, most_bytes: float,
) -> Plan:  # fmt: skip
    """Choose between pairs alone and the grids that keep the tolerance.

    Grids and cut-offs, in multiples of the grid's step, are tried from the cheapest on; the first
    that interpolates the kernel well enough is taken. Kernels with an edge (alphas) need a
    cut-off behind it. Ways that cannot be better than one that failed are passed over.

    Args:
        target, source: (n, 3) and (m, 3), µm.
        reach: the kernel.
        columns: right-hand sides.
        box_um: (3,) period, or None.
        tolerance: error allowed, relative to the kernel at each distance.
        most_bytes: memory that the grid may take.
    """
    n, m = len(target), len(source)
    low = np.minimum(target.min(axis=0), source.min(axis=0))
    high = np.maximum(target.max(axis=0), source.max(axis=0))
    diagonal = float(np.linalg.norm(high - low))
    count = PairCount(target, source, box_um)
    share = 1.0 + 0.2 * (columns - 1)

    def pair_seconds(cutoff: float) -> float:
        return n * (TARGET_S + share * PAIR_S * count.within(cutoff))

    direct = Plan(None, None, pair_seconds(reach.end_um))
    if direct.seconds < 2.0 * PLAN_S or (box_um is None and diagonal == 0.0):
        return direct
    size = diagonal if box_um is None else float(np.max(box_um))
    seen = min(reach.end_um, diagonal) if box_um is None else reach.end_um
    whole = kernel_integral(reach.value, seen, reach.first_um)
    scale = running_mean(reach.value, seen, reach.first_um)
    grids = _grids(low, high, reach.end_um, n + m, box_um, size, most_bytes)
    ways: list[tuple[float, float, Grid]] = []
    for ratio in RATIOS:
        for grid in grids:
            cutoff = ratio * float(grid.step_um.max())
            if 1.5 * reach.first_um < cutoff < reach.end_um:
                nodes = float(np.prod(grid.padded)) * NODE_S * (1.0 + 2.0 * columns) / 3.0
                points = columns * SPREAD_S * (n + m)
                ways.append((PLAN_S + pair_seconds(cutoff) + nodes + points, ratio, grid))
    ways.sort(key=lambda way: way[0])
    rough: Plan | None = None
    finest, failed = math.inf, list[tuple[float, float]]()
    for seconds, ratio, grid in ways:
        step = float(grid.step_um.max())
        cutoff = ratio * step
        if seconds > direct.seconds or (rough is not None and seconds > PATIENCE * rough.seconds):
            break
        if step >= finest or any(ratio <= r and cutoff <= c for r, c in failed):
            continue
        # images share a distance: beyond two edges of a box errors count together, too
        limit = min(reach.end_um - END_STEPS * step, diagonal if box_um is None else 2.0 * size)
        limit = max(limit, cutoff)
        made = lid(reach.value, step, cutoff, limit, scale, seen, whole)
        if made.error <= tolerance:
            return Plan(made, grid, seconds)
        if rough is None and made.error <= ROUGH * tolerance and made.mean_error <= tolerance:
            rough = Plan(made, grid, seconds)
        if made.at_um > 1.5 * cutoff:
            finest = step  # too coarse for the kernel itself
        else:
            failed.append((ratio, cutoff))
    return rough or direct


def _grids(
    low: FloatArray, high: FloatArray, range_um: float, points: int,
    box_um: FloatArray | None, size: float, most_bytes: float,
) -> list[Grid]:  # fmt: skip
    """Return grids from coarse to fine, as many nodes as points allow."""
    most = POINTS_PER_CELL * points + POINTS_AT_LEAST
    made: list[Grid] = []
    for k in range(STEPS):
        step = 0.5 * size * 2.0 ** (-k / STEPS_PER_OCTAVE)
        grid = (
            periodic_grid(box_um, step)
            if box_um is not None
            else open_grid(low, high, step, range_um)
        )
        if float(np.prod(grid.padded.astype(float))) > most or grid.bytes > most_bytes:
            break
        made.append(grid)
    return made
