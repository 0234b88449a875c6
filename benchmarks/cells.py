"""How fast the dose to every cell of a spheroid from every other is summed, next to naive sums.

    python benchmarks/cells.py [--nuclide Lu-177] [--largest 1000000] [--repeats 3] [--json]

Ours is `ligandose.dose.crossfire`; the peers sum over all pairs: a parallel numba loop that looks
up the same kernel in a table, linear in distance, and scipy's cdist in blocks with numpy's interp.
All get the same cells (a packed spheroid, `hosts.spheroid`), the same activity (log-normal from
cell to cell) and the same kernel (dose to the nucleus per decay on the surface of another cell,
all radiations, `dose.cross_s_values`), on two threads. Before times are compared the answers must
agree within 0.2 % at every cell. Naive sums run to 20 000 cells; beyond, their time is
extrapolated with n², and they say so. What is compiled is compiled before; how long that takes is
measured apart, in a new process without a cache. The exponent is fitted to all sizes.

Each size is a process of its own, and its spheroid is packed in another. Memory is the largest
resident set of the process with the interpreter and its libraries; `sum_MB` is what the sum added.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np

THREADS = 2
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
NAIVE_MOST, CDIST_MOST = 20_000, 10_000
CELL_UM, NUCLEUS_UM = 7.0, 5.0
PACKING = 0.5
AGREEMENT = 2e-3
EXPONENT, SECONDS, MEMORY_MB, COMPILE_S = 1.15, 10.0, 2000.0, 15.0
COLUMNS = 4
SEED = 1


@dataclass(frozen=True)
class Row:
    """One size."""

    cells: int
    radius_um: float
    way: str
    seconds: float
    seconds_cpu: float
    seconds_4_sets: float
    naive_s: float | None
    naive_measured: bool
    cdist_s: float | None
    worst_difference: float | None
    memory_MB: float
    sum_MB: float


def kernel_of(nuclide: str):
    """Return the pair kernel of a nuclide between equal cells."""
    from ligandose.dose import Cell, PairKernel, cell_kernel, cross_s_values

    cell = Cell(CELL_UM, NUCLEUS_UM)
    distance = np.geomspace(2.0 * CELL_UM, 12_000.0, 500)
    dose = cross_s_values(
        cell_kernel(nuclide), cell, cell, source="cell_surface", target="nucleus",
        distance_um=distance,
    ).sum(axis=0)  # fmt: skip
    return PairKernel(distance, dose)


def best(call: Callable[[], np.ndarray], repeats: int) -> tuple[float, float, np.ndarray]:
    """Return least wall and processor seconds, and the answer."""
    wall, processor, answer = float("inf"), float("inf"), np.zeros(0)
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        answer = call()
        wall = min(wall, time.perf_counter() - start)
        processor = min(processor, time.process_time() - used)
    return wall, processor, answer


def naive_sum():
    """Return the compiled all-pairs loop."""
    from numba import njit, prange

    @njit(parallel=True, fastmath=True)
    def run(x, strength, first, inverse_step, table):
        out = np.zeros(len(x))
        for i in prange(len(x)):
            total = 0.0
            for j in range(len(x)):
                a, b, c = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
                at = (np.sqrt(a * a + b * b + c * c) - first) * inverse_step
                part = min(max(int(at), 0), len(table) - 2)
                value = table[part] + (at - part) * (table[part + 1] - table[part])
                total += strength[j] * (value if j != i else 0.0)
            out[i] = total
        return out

    return run


def cdist_sum(x: np.ndarray, strength: np.ndarray, nodes: np.ndarray, table: np.ndarray):
    """Return the all-pairs sum by scipy and numpy, 500 rows at a time."""
    from scipy.spatial.distance import cdist

    out = np.zeros(len(x))
    for first in range(0, len(x), 500):
        rows = np.arange(first, min(first + 500, len(x)))
        dose = np.interp(cdist(x[rows], x), nodes, table)
        dose[np.arange(len(rows)), rows] = 0.0
        out[rows] = dose @ strength
    return out


def peak_MB() -> float:
    """Return the largest resident set so far."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def packed(cells: int) -> np.ndarray:
    """Return the centres of a spheroid's cells."""
    from ligandose.hosts import CellKind, spheroid

    kind = CellKind("tumour cell", "tumour_cell", CELL_UM, NUCLEUS_UM)
    tissue = spheroid(kind, packing_fraction=PACKING, n_cells=cells, seed=SEED, memory_limit_GB=8.0)
    return np.ascontiguousarray(tissue.centre_um)


def measured(nuclide: str, x: np.ndarray, repeats: int) -> Row:
    """Measure one set of cells in this process."""
    import numba

    from ligandose.dose import crossfire
    from ligandose.dose.crossfire_sum import summing_plan

    numba.set_num_threads(THREADS)
    kernel = kernel_of(nuclide)
    sets = np.random.default_rng(SEED).lognormal(0.0, 1.0, (len(x), COLUMNS))
    strength = np.ascontiguousarray(sets[:, 0])
    compile_all(kernel)
    before = peak_MB()
    once = lambda: crossfire(x, x, strength, kernel, same=True)  # noqa: E731
    wall, processor, dose = best(once, repeats)
    after = peak_MB()
    four, _, _ = best(lambda: crossfire(x, x, sets, kernel, same=True), max(1, repeats - 1))
    plan = summing_plan(x, x, kernel)
    way = "pairs" if plan.grid is None else "grid " + "×".join(str(p) for p in plan.grid.padded)
    naive = cdist = difference = None
    if len(x) <= NAIVE_MOST:
        end = float(np.linalg.norm(np.ptp(x, axis=0)))
        nodes = np.linspace(2.0 * CELL_UM, end, 1 + int(end / 0.02))
        table, step = kernel.dose_at_Gy(nodes), nodes[1] - nodes[0]
        run = naive_sum()
        run(x[:100], strength[:100], nodes[0], 1.0 / step, table)
        naive, _, want = best(lambda: run(x, strength, nodes[0], 1.0 / step, table), repeats)
        difference = float(np.max(np.abs(dose / want - 1.0)))
        if len(x) <= CDIST_MOST:
            cdist, _, other = best(lambda: cdist_sum(x, strength, nodes, table), 1)
            difference = max(difference, float(np.max(np.abs(dose / other - 1.0))))
    radius = float(np.linalg.norm(x - x.mean(axis=0), axis=1).max())
    return Row(
        len(x), radius, way, wall, processor, four, naive, naive is not None, cdist, difference,
        after, after - before,
    )  # fmt: skip


def compile_all(kernel) -> float:
    """Sum once on a grid, which compiles all there is; return the seconds."""
    from ligandose.dose import crossfire

    axes = np.meshgrid(*[np.arange(20) * 15.0] * 3, indexing="ij")
    x = np.stack(axes, axis=-1).reshape(-1, 3)
    start = time.perf_counter()
    crossfire(x, x, np.ones(len(x)), kernel, same=True)
    return time.perf_counter() - start


def compile_seconds(nuclide: str) -> float:
    """Return what the first sums take longer than the second in a process without a cache."""
    import numba

    numba.set_num_threads(THREADS)
    kernel = kernel_of(nuclide)
    first = compile_all(kernel)
    return first - compile_all(kernel)


def apart(function: Callable[..., object], *arguments: object, cache: str | None = None):
    """Run a function in a new process."""
    if cache is not None:
        os.environ["NUMBA_CACHE_DIR"] = cache
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(function, arguments)
    if cache is not None:
        del os.environ["NUMBA_CACHE_DIR"]
    return result


def extrapolated(rows: list[Row]) -> list[Row]:
    """Fill in n² times of the naive loop beyond what was run."""
    known = [r for r in rows if r.naive_s is not None]
    if not known:
        return rows
    pair = known[-1].naive_s / known[-1].cells ** 2
    return [r if r.naive_measured else Row(**{**asdict(r), "naive_s": pair * r.cells**2})
            for r in rows]  # fmt: skip


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nuclide", default="Lu-177")
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = []
    for cells in (s for s in SIZES if s <= options.largest):
        print(f"{cells} cells", file=sys.stderr, flush=True)
        rows.append(apart(measured, options.nuclide, apart(packed, cells), options.repeats))
        difference = rows[-1].worst_difference
        if difference is not None and difference > AGREEMENT:
            sys.exit(f"{cells} cells: the sums differ by {difference:.2e}; nothing is compared")
    rows = extrapolated(rows)
    with tempfile.TemporaryDirectory() as cache:
        compiling = apart(compile_seconds, options.nuclide, cache=cache)
    exponent = float(np.polyfit(*np.log([(r.cells, r.seconds) for r in rows]).T, 1)[0])
    versions = {name: version(name) for name in ("numba", "numpy", "scipy")}
    if options.json:
        print(json.dumps({
            "nuclide": options.nuclide, "threads": THREADS, "rows": [asdict(r) for r in rows],
            "exponent": exponent, "compile_s": compiling, "versions": versions,
            "python": platform.python_version(),
        }, indent=2))  # fmt: skip
        return
    print_table(options.nuclide, rows, exponent, compiling, versions)


def print_table(
    nuclide: str, rows: list[Row], exponent: float, compiling: float, versions: dict[str, str]
) -> None:
    """Print the result as a Markdown table and what was asked of it."""
    print(f"{nuclide}, cell surface to nucleus, {THREADS} threads, {versions}\n")
    print("| cells | radius µm | way | ours s | 4 sets s | naive s | cdist s | naive/ours "
          "| worst difference | process MB | sum MB |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        naive = "" if r.naive_s is None else f"{r.naive_s:.3g}{'' if r.naive_measured else ' (n²)'}"
        ratio = "" if r.naive_s is None else f"{r.naive_s / r.seconds:.3g}"
        cdist = "" if r.cdist_s is None else f"{r.cdist_s:.3g}"
        worst = "" if r.worst_difference is None else f"{r.worst_difference:.1e}"
        print(f"| {r.cells} | {r.radius_um:.0f} | {r.way} | {r.seconds:.3g} | "
              f"{r.seconds_4_sets:.3g} | {naive} | {cdist} | {ratio} | {worst} | "
              f"{r.memory_MB:.0f} | {r.sum_MB:.0f} |")  # fmt: skip
    print(f"\ncost grows as cells^{exponent:.2f} (asked: at most {EXPONENT})")
    print(f"compilation without a cache {compiling:.1f} s (asked: under {COMPILE_S:.0f})")
    for r in rows:
        if r.cells == 100_000:
            print(f"100 000 cells: {r.seconds:.2f} s, {r.memory_MB:.0f} MB (asked: under "
                  f"{SECONDS:.0f} s and {MEMORY_MB:.0f} MB)")  # fmt: skip


if __name__ == "__main__":
    main()
