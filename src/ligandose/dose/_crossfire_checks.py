"""What `crossfire` checks before it sums: shapes, numbers, memory, threads."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numba
import numpy as np
from numba.core import config  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

FloatArray = NDArray[np.float64]

BYTES_PER_POINT, BYTES_PER_VALUE = 160, 40
"""Working memory for each target and source, and for each of their values."""
GRID_SHARE = 0.6
"""Part of the memory left over that a grid may take."""
MOST_THREADS = int(getattr(config, "NUMBA_NUM_THREADS"))  # noqa: B009


def memory_left(targets: int, sources: int, columns: int, memory_GB: float | None) -> float:
    """Return the bytes that a grid may take, after what the cells need."""
    if memory_GB is not None and not memory_GB > 0.0:
        raise InputError(f"crossfire: memory_GB is {memory_GB:g}; it is above 0")
    there = available_bytes() if memory_GB is None else memory_GB * 1e9
    each = BYTES_PER_POINT + BYTES_PER_VALUE * columns
    needed = float(each) * (targets + sources)
    if needed > there:
        raise InputError(
            f"crossfire: {targets} targets and {sources} sources with {columns} strengths each "
            f"need {needed / 1e9:.3g} GB and {there / 1e9:.3g} GB are there; give fewer cells or "
            f"strengths at once, at most {int(there / each)} targets and sources together"
        )
    return GRID_SHARE * (there - needed)


def available_bytes() -> float:
    """Return the memory that this process may still take, as far as the system tells."""
    found: list[float] = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(float(line.split()[1]) * 1024.0)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = float(Path("/sys/fs/cgroup/memory.current").read_text())
        if limit != "max":
            found.append(float(limit) - used)
    except (OSError, ValueError):
        pass
    if not found and hasattr(os, "sysconf"):
        found.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    return min(found, default=float("inf"))


@contextmanager
def threads_limited(threads: int | None) -> Generator[int]:
    """Use at most that many threads within the block; give their number."""
    if threads is not None and threads < 1:
        raise InputError(f"crossfire: threads is {threads}; it is 1 or more")
    before = numba.get_num_threads()
    used = before if threads is None else min(threads, MOST_THREADS)
    numba.set_num_threads(used)
    try:
        yield used
    finally:
        numba.set_num_threads(before)


def numbers(values: ArrayLike, name: str, dimensions: int) -> FloatArray:
    """Return an array of finite numbers with so many dimensions."""
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; give numbers") from error
    if array.ndim != dimensions:
        raise InputError(f"{name}: has shape {array.shape}; {dimensions} dimensions are allowed")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = ", ".join(str(i) for i in wrong[0])
        raise InputError(f"{name}[{place}] is {array[tuple(wrong[0])]}; give finite numbers")
    return array


def places(values: ArrayLike, name: str) -> FloatArray:
    """Return (n, 3) places of one point or more."""
    array = numbers(values, name, 2)
    if array.shape[1] != 3 or len(array) == 0:
        raise InputError(
            f"{name}: has shape {array.shape}; give one row of x, y, z for each cell, and one "
            "cell or more"
        )
    return array


def strengths(values: ArrayLike, sources: int) -> tuple[FloatArray, bool]:
    """Return (m, k) strengths and whether they came as (m,)."""
    flat = np.ndim(values) == 1  # pyright: ignore[reportArgumentType]
    array = numbers(values, "strength", 1 if flat else 2)
    array = array[:, None] if flat else array
    if array.shape[0] != sources or array.shape[1] == 0:
        raise InputError(
            f"strength: has {array.shape[0]} rows of {array.shape[1]} for {sources} sources; "
            "give a value, or a row of values, for each source"
        )
    wrong = np.argwhere(array < 0.0)
    if len(wrong):
        i, c = wrong[0]
        raise InputError(f"strength: source {i} has {array[i, c]:g} decays; they are not negative")
    return array, flat


def edges(values: ArrayLike) -> FloatArray:
    """Return the (3,) edges of a periodic box."""
    box = numbers(values, "box_um", 1)
    if len(box) != 3 or np.any(box <= 0.0):
        raise InputError(f"box_um: is {box.tolist()}; give three edges above 0")
    return box
