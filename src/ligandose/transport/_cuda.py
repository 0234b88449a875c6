"""The same histories on a CUDA device (needs the extra `cuda` and a device).

The kernels are those of the processor. Only the addition to the tally differs: all threads share
one tally of integers and add atomically, so the numbers do not depend on their order. They equal
those of the processor except for the last bits of its floating point functions.
"""
# numba-cuda has no types
# pyright: basic, reportCallIssue=false, reportIndexIssue=false, reportArgumentType=false
# pyright: reportReturnType=false

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import cuda, uint64
from numba.extending import overload
from numpy.typing import NDArray

from ligandose.errors import SolverError
from ligandose.transport._geometry import Geometry
from ligandose.transport._history import follow_history
from ligandose.transport._physics import Physics
from ligandose.transport._sources import Source
from ligandose.transport._stack import COLUMNS, DEPTH
from ligandose.transport._tally import Tally, add

THREADS_PER_BLOCK = 128
BLOCKS_PER_PROCESSOR = 16
Arrays = TypeVar("Arrays", Physics, Geometry, Source, Tally)


@overload(add, target="cuda")
def _add_cuda(quanta, place, amount):
    def increase(quanta, place, amount):
        cuda.atomic.add(quanta, place, amount)

    return increase


@cuda.jit
def run_on_device(physics, geometry, source, tally, seed, first, count, quanta, stacks):
    """Follow histories first … first + count - 1, each thread every so many of them."""
    thread, threads = cuda.grid(1), cuda.gridsize(1)
    rng = cuda.local.array(1, uint64)
    for h in range(thread, count, threads):
        follow_history(
            physics, geometry, source, tally, seed, first + h, quanta, rng, stacks[thread]
        )


def runner(
    physics: Physics, geometry: Geometry, source: Source, tally: Tally
) -> Callable[[int, int, int], NDArray[np.int64]]:
    """Return a function of seed, first history and number that gives the tally in quanta.

    Raises:
        SolverError: there is no CUDA device.
    """
    if not cuda.is_available():
        raise SolverError(
            "no CUDA device was found: use device='cpu', or install ligandose[cuda] on a machine "
            "with an NVIDIA driver"
        )
    blocks = BLOCKS_PER_PROCESSOR * int(cuda.get_current_device().MULTIPROCESSOR_COUNT)
    stacks = cuda.device_array((blocks * THREADS_PER_BLOCK, DEPTH, COLUMNS), dtype=np.float64)
    there = [_on_device(part) for part in (physics, geometry, source, tally)]

    def run_batch(seed: int, first: int, count: int) -> NDArray[np.int64]:
        quanta = cuda.to_device(np.zeros(tally.bins + 2, dtype=np.int64))
        run_on_device[blocks, THREADS_PER_BLOCK](
            *there, np.uint64(seed), first, count, quanta, stacks
        )
        return quanta.copy_to_host()

    return run_batch


def _on_device(part: Arrays) -> Arrays:
    """Return a named tuple with its arrays on the device."""
    return type(part)(*(cuda.to_device(v) if isinstance(v, np.ndarray) else v for v in part))
