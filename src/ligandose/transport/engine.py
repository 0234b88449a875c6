"""The Monte Carlo engine: a problem in, energies with their statistical uncertainty out.

A run is a sequence of batches of histories. Each history has its own stream of random numbers and
energies are summed as integers, so the same seed gives the same numbers on any number of threads.
The uncertainty is the standard error over batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.transport._history import run_on_processor  # pyright: ignore
from ligandose.transport._physics import Physics
from ligandose.transport._sources import Source
from ligandose.transport._stack import COLUMNS, DEPTH
from ligandose.transport._tally import Tally
from ligandose.transport.spaces import Space

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BATCHES = 20
FEWEST_BATCHES = 10
"""Below this number an estimated uncertainty is itself too uncertain to stop a run."""
MOST_HISTORIES = 10**13
MOST_THREADS = 4096
POSITRON_PAIR_KEV = 1022.0
CACHE_LINE = 16  # integers in two lines of 64 bytes, which processors fetch together


@dataclass(frozen=True)
class Problem:
    """All that a run needs.

    Attributes:
        space: geometry and names.
        physics: interaction data and cutoffs for that space.
        source: places and emissions of the primaries.
        tally: what is counted.
    """

    space: Space
    physics: Physics
    source: Source
    tally: Tally


@dataclass(frozen=True)
class Energies:
    """Mean energy per primary particle by place of the tally, keV.

    Attributes:
        deposited_keV: (bins,) mean.
        sd_keV: (bins,) standard error of the mean.
        escaped_keV: mean energy that left the space.
        emitted_keV: mean energy of the primaries, of a positron with the two rest energies that
            it sets free; deposited + escaped equal it.
        histories: primaries followed.
    """

    deposited_keV: FloatArray
    sd_keV: FloatArray
    escaped_keV: float
    emitted_keV: float
    histories: int

    @property
    def relative_sd(self) -> FloatArray:
        """(bins,) standard error over mean; infinite where nothing was deposited."""
        empty = np.full_like(self.sd_keV, np.inf)
        return np.divide(self.sd_keV, self.deposited_keV, out=empty, where=self.deposited_keV > 0)


def run(
    problem: Problem,
    *,
    histories: int,
    seed: int,
    uncertainty: float | None = None,
    where: IntArray | None = None,
    threads: int | None = None,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Energies:
    """Follow primaries and return where their energy went.

    Args:
        problem: geometry, physics, source, tally.
        histories: primaries to follow, rounded up to whole batches; with `uncertainty`, at most.
        seed: of the streams; 0 to 2^64 - 1.
        uncertainty: stop when the largest relative standard error over `where` is below it.
        where: places of the tally that must reach the uncertainty; None: all that are hit.
        threads: of the processor; None takes all. The numbers do not depend on it.
        device: "cpu" or "cuda".
        progress: called after each batch with primaries done and to do.

    Raises:
        InputError: too few or too many histories, a seed or uncertainty outside its range, no
            threads, places that the tally does not have, an unknown device.
    """
    _check_whole("histories", histories, FEWEST_BATCHES, MOST_HISTORIES)
    _check_whole("seed", seed, 0, 2**64 - 1)
    if where is not None:
        _check_places(np.asarray(where), problem.tally.bins)
    size = _batch_size(problem, histories, uncertainty)
    run_batch = _runner(problem, device, threads)
    total, squares, batches = np.zeros(problem.tally.bins), np.zeros(problem.tally.bins), 0
    ends = np.zeros(2)
    while batches * size < histories:
        quanta = run_batch(seed, batches * size, size)
        energy = quanta / (problem.tally.quanta_per_keV * size)
        total += energy[:-2]
        squares += energy[:-2] ** 2
        ends += energy[-2:]
        batches += 1
        if progress is not None:
            progress(batches * size, max(histories, batches * size))
        if uncertainty is not None and batches >= FEWEST_BATCHES:
            mean, sd = _mean_and_error(total, squares, batches)
            if _largest_relative(mean, sd, where) <= uncertainty:
                break
    mean, sd = _mean_and_error(total, squares, batches)
    return Energies(mean, sd, float(ends[0]) / batches, float(ends[1]) / batches, batches * size)


def _check_whole(name: str, value: float, least: int, most: int) -> None:
    if isinstance(value, bool) or value != value // 1 or not least <= value <= most:
        raise InputError(f"{name} is {value!r}; give a whole number from {least} to {most}")


def _check_places(where: IntArray, bins: int) -> None:
    whole = where.dtype.kind in "iu" and where.size > 0
    if not whole or where.min() < 0 or where.max() >= bins:
        raise InputError(
            f"where is {where.ravel()[:5].tolist()}; give places of the tally, 0 to {bins - 1}"
        )


def _batch_size(problem: Problem, histories: int, uncertainty: float | None) -> int:
    """Return the histories of a batch; InputError for an impossible uncertainty."""
    if uncertainty is not None and not 0 < uncertainty < 1:
        raise InputError(
            f"uncertainty is {uncertainty}; give a relative standard error between 0 and 1"
        )
    # a run that may stop early looks at its uncertainty more often
    parts = BATCHES if uncertainty is None else 5 * BATCHES
    # a batch may not overflow the integers of its tally
    energy = float(problem.source.high_keV.max()) + POSITRON_PAIR_KEV
    most = int(2.0**62 / (energy * problem.tally.quanta_per_keV))
    return min(most, math.ceil(histories / parts))


def _mean_and_error(
    total: FloatArray, squares: FloatArray, batches: int
) -> tuple[FloatArray, FloatArray]:
    mean = total / batches
    variance = np.maximum(squares / batches - mean**2, 0.0)
    return mean, np.sqrt(variance / max(batches - 1, 1))


def _largest_relative(mean: FloatArray, sd: FloatArray, where: IntArray | None) -> float:
    chosen = np.flatnonzero(mean > 0) if where is None else np.asarray(where)
    if chosen.size == 0 or np.any(mean[chosen] <= 0):
        return math.inf
    return float(np.max(sd[chosen] / mean[chosen]))


def _runner(
    problem: Problem, device: str, threads: int | None
) -> Callable[[int, int, int], IntArray]:
    """Return a function of seed, first history and number that gives the tally in quanta."""
    if device == "cuda":
        from ligandose.transport._cuda import runner  # needs numba-cuda and a device

        return runner(problem.physics, problem.space.geometry, problem.source, problem.tally)
    if device != "cpu":
        raise InputError(f"device is {device!r}; it must be 'cpu' or 'cuda'")
    if threads is not None:
        _check_whole("threads", threads, 1, MOST_THREADS)
    parts = min(int(threads or numba.get_num_threads()), numba.get_num_threads())
    stacks = np.empty((parts, DEPTH, COLUMNS))
    # whole lines of the cache, so that threads do not wait for each other
    row = (problem.tally.bins + 2 + CACHE_LINE) // CACHE_LINE * CACHE_LINE

    def run_batch(seed: int, first: int, count: int) -> IntArray:
        quanta = np.zeros((parts, row), dtype=np.int64)
        before = numba.get_num_threads()
        numba.set_num_threads(parts)
        try:
            run_on_processor(
                problem.physics,
                problem.space.geometry,
                problem.source,
                problem.tally,
                np.uint64(seed),
                first,
                count,
                quanta,
                stacks,
            )
        finally:
            numba.set_num_threads(before)
        return quanta.sum(axis=0)[: problem.tally.bins + 2]

    return run_batch
