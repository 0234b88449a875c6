"""How fast virtual patients are solved, next to CVODE and libroadrunner at the same error.

    python benchmarks/kinetics.py [--patients N] [--agent NAME] [--json]

Agents: 177Lu-PSMA-617, a small ligand; 177Lu-J591, an antibody, over 30 d. An alpha emitter whose
daughters leave has equations of its own: kinetics_chain.py.

Every solver gets the same patients of the agent, the same output times and the same two
cores (two threads for ours, two processes for the others). Peers are tuned first: for each way of
setting them, the relative tolerance at which the median error over patients equals ours is found
by bisection, and the fastest way is kept. Errors are worst deviations over regions and times from
CVODE at a relative tolerance of 1e-11, as shares of the region's maximum. Then all are timed in
turn, three times, and the best time of each counts: the machine may have other work.

The peers only return amounts at the output times; ours also returns time integrals. Compilation,
loading of SBML and drawing of parameters are not timed for anyone.
"""

from __future__ import annotations

import os

# Before numpy is loaded: linear algebra of the peers stays in its process.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context

import numpy as np
from kinetics_problem import AGENT, ANTIBODY, SEED, Problem, Way, problem, regions_of

from ligandose.kinetics.network import Network, compile_network
from ligandose.kinetics.solve import RTOL, solve
from ligandose.kinetics.whole_body import VENOUS

PROCESSES = 2
REPEATS = 3
REFERENCE_RTOL = 1e-11
ATOL_SHARES = (1e-1, 1e-2)
TUNING_PATIENTS = 16
BISECTIONS = 9


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    program: str
    equations: str
    linear_solver: str
    rtol: float
    atol_share: float | None
    median_error: float
    worst_error: float
    seconds: float
    patients_per_s: float
    ligandose_is_faster_by: float


class Pool:
    """Two processes that share the patients in small portions."""

    def __init__(self, patients: int) -> None:
        self.patients = patients
        # SuperLU_MT would start threads of its own in each process, 2 to 50 × slower.
        os.environ["OMP_NUM_THREADS"] = "1"
        self.executor = ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"))

    def run(self, way: Way, count: int) -> np.ndarray:
        """Solve the first `count` patients on both processes."""
        size = max(1, min(10, count // (2 * PROCESSES)))
        portions = [range(a, min(a + size, count)) for a in range(0, count, size)]
        solve_portion = partial(regions_of, way, self.patients)
        return np.concatenate(list(self.executor.map(solve_portion, portions)))

    def warm(self, way: Way) -> None:
        """Make both processes compile or load; portions are small, so each gets some."""
        for _ in range(3):
            self.run(way, min(self.patients, 8))

    def seconds(self, way: Way, count: int) -> float:
        """Return the time that the first `count` patients take."""
        start = time.perf_counter()
        self.run(way, count)
        return time.perf_counter() - start


def total_ligand(task: Problem, network: Network) -> np.ndarray:
    """Solve all patients with the package; (patients, times, regions)."""
    solution = solve(
        network,
        task.phases,
        task.doses,
        into=VENOUS,
        end_s=float(task.time_s[-1]),
        decay_per_s=[task.decay_per_s],
        time_s=task.time_s,
    )
    return solution.amount_nmol[:, :, 0, :]


def worst_errors(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return (patients,) worst deviation over times and regions, share of the region's maximum."""
    reference = reference[: len(values)]
    scale = reference.max(axis=1, keepdims=True)
    # a region that nothing enters (gut of an antibody that no hepatocyte takes up) has no scale
    scale = np.where(scale > 0.0, scale, 1.0)
    return np.max(np.abs(values - reference) / scale, axis=(1, 2))


def tuned(pool: Pool, way: Way, target: float, reference: np.ndarray) -> Way:
    """Return the way with the largest relative tolerance whose median error is ours or less."""
    low, high = math.log(1e-10), math.log(1e-3)
    for _ in range(BISECTIONS):
        trial = replace(way, rtol=math.exp(0.5 * (low + high)))
        errors = worst_errors(pool.run(trial, min(TUNING_PATIENTS, pool.patients)), reference)
        if np.median(errors) <= target:
            low = math.log(trial.rtol)
        else:
            high = math.log(trial.rtol)
    return replace(way, rtol=math.exp(low))


def fastest(pool: Pool, ways: Sequence[Way], target: float, reference: np.ndarray) -> Way:
    """Tune each way and return the one that solves the tuning patients in the least time."""
    count = min(TUNING_PATIENTS, pool.patients)
    candidates = [tuned(pool, way, target, reference) for way in ways]
    times: list[float] = []
    for way in candidates:
        pool.warm(way)
        times.append(min(pool.seconds(way, count) for _ in range(REPEATS)))
    return candidates[int(np.argmin(times))]


def ways_of(program: str, *, hot_and_cold: bool, agent: str) -> list[Way]:
    """Return the ways in which a peer is tried."""
    solvers = ("sparse", "dense") if program == "CVODE" else ("dense",)
    return [
        Way(program, hot_and_cold, s, atol_share=a, agent=agent)
        for s in solvers
        for a in ATOL_SHARES
    ]


def measure(patients: int, agent: str = AGENT) -> dict[str, object]:
    """Check, tune and time; return the document that `--json` prints."""
    import numba

    numba.set_num_threads(PROCESSES)
    task = problem(patients, agent)
    network = compile_network(task.description)
    total = total_ligand(task, network)
    labelled = total * (task.labelled[0] * np.exp(-task.decay_per_s * task.time_s))[:, None]
    pool = Pool(patients)
    errors: dict[Way | str, np.ndarray] = {}
    for hot_and_cold, own in ((False, total), (True, labelled)):
        form = _form(hot_and_cold)
        _say(f"{form}: reference by CVODE at rtol {REFERENCE_RTOL:g}")
        exact = Way("CVODE", hot_and_cold, rtol=REFERENCE_RTOL, atol_share=1e-3, agent=agent)
        reference = pool.run(exact, patients)
        errors[form] = worst_errors(own, reference)
        target = float(np.median(errors[form]))
        for program in ("CVODE", "libroadrunner"):
            _say(f"{form}: tuning {program} to a median error of {target:.1e}")
            ways = ways_of(program, hot_and_cold=hot_and_cold, agent=agent)
            way = fastest(pool, ways, target, reference)
            errors[way] = worst_errors(pool.run(way, patients), reference)
    _say(f"timing {patients} patients, best of {REPEATS}")
    best = _timed(pool, [k for k in errors if isinstance(k, Way)], task, network)
    return _document(patients, agent, len(task.description.pools), errors, best)


def _timed(
    pool: Pool, ways: Sequence[Way], task: Problem, network: Network
) -> dict[Way | str, float]:
    """Return the best time of ours ("") and of every peer, measured in turn."""
    best: dict[Way | str, float] = {}
    for _ in range(REPEATS):
        start = time.perf_counter()
        total_ligand(task, network)
        best[""] = min(best.get("", math.inf), time.perf_counter() - start)
        for way in ways:
            pool.warm(way)
            best[way] = min(best.get(way, math.inf), pool.seconds(way, task.patients))
    pool.executor.shutdown()
    return best


def _document(
    patients: int,
    agent: str,
    states: int,
    errors: dict[Way | str, np.ndarray],
    best: dict[Way | str, float],
) -> dict[str, object]:
    rows: list[Row] = []
    for key, error in errors.items():
        seconds = best[key if isinstance(key, Way) else ""]
        row = Row(
            program=key.program if isinstance(key, Way) else "ligandose",
            equations=_form(key.hot_and_cold) if isinstance(key, Way) else key,
            linear_solver=key.linear_solver if isinstance(key, Way) else "static sparse",
            rtol=key.rtol if isinstance(key, Way) else RTOL,
            atol_share=key.atol_share if isinstance(key, Way) else None,
            median_error=float(np.median(error)),
            worst_error=float(np.max(error)),
            seconds=seconds,
            patients_per_s=patients / seconds,
            ligandose_is_faster_by=seconds / best[""],
        )
        rows.append(row)
    return {
        "agent": agent,
        "states": states,
        "us_per_patient_and_state": 1e6 * best[""] / patients / states,
        "patients": patients,
        "seed": SEED,
        "cores": PROCESSES,
        "repeats": REPEATS,
        "machine": platform.machine(),
        "versions": {p: version(p) for p in ("numba", "scikit-sundae", "libroadrunner")},
        "rows": [asdict(row) for row in rows],
    }


def _form(hot_and_cold: bool) -> str:
    return "hot and cold" if hot_and_cold else "reduced"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def table(document: dict[str, object]) -> str:
    """Return the result as a Markdown table."""
    lines = [
        f"{document['agent']}: {document['states']} states, "
        f"{document['us_per_patient_and_state']:.1f} us per patient and state",
        "",
        "| solver | equations | linear solver | rtol | atol share | median error | worst error "
        "| patients/s | ligandose is faster by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for values in document["rows"]:
        row = Row(**values)
        share = "" if row.atol_share is None else f"{row.atol_share:g}"
        lines.append(
            f"| {row.program} | {row.equations} | {row.linear_solver} | {row.rtol:.1e} | {share} "
            f"| {row.median_error:.1e} | {row.worst_error:.1e} | {row.patients_per_s:.0f} "
            f"| {row.ligandose_is_faster_by:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=200, help="virtual patients (200)")
    parser.add_argument("--agent", choices=(AGENT, ANTIBODY), default=AGENT, help="whose patients")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    document = measure(arguments.patients, arguments.agent)
    print(json.dumps(document, indent=2) if arguments.json else table(document))


if __name__ == "__main__":
    main()
