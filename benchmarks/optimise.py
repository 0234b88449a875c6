"""How good fronts get: the optimiser with a tenth of the evaluations, next to random designs.

    python benchmarks/optimise.py [--study examples/optimise.yaml] [--random 10000] [--seeds 3]
                                  [--patients 8] [--json]

Both get the same space, the same patients and the same measures; random designs are uniform in the
cube that the optimiser searches, with the catalogue's own agents among them as in its first
generation. The hypervolume is the area above no kill and no margin. The optimiser runs with several
seeds, each with a tenth of the random evaluations; the least of them counts. It also says how many
evaluations each seed needed to pass the random front.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass

import numpy as np

from ligandose.design.optimise_batch import Population
from ligandose.design.optimise_front import hypervolume
from ligandose.design.optimise_measure import evaluate
from ligandose.design.optimise_search import search
from ligandose.design.optimise_space import CARRIERS
from ligandose.design.optimise_study import read_optimise, space_of

SHARE = 10
BATCH = 500
REFERENCE = (0.0, 0.0)


@dataclass(frozen=True)
class Run:
    """One way to find designs."""

    way: str
    evaluations: int
    hypervolume: float
    passed_random_after: int | None
    seconds: float


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", default="examples/optimise.yaml")
    parser.add_argument("--random", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--patients", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    plan = read_optimise(given.study)
    space = space_of(plan)
    people = Population.of(plan.screen, patients=given.patients, seed=plan.screen.seed)
    own = np.array([space.point(space.start(n)) for n in dict.fromkeys(f.name for f in
                    space.forms)])  # fmt: skip

    def measure(points: np.ndarray) -> np.ndarray:
        found = evaluate(people, space, [space.design(p) for p in points], threads=None)
        return np.array([m.objectives for m in found])

    measure(own)  # compiles
    begin = time.perf_counter()
    rng = np.random.default_rng([plan.screen.seed, 99])
    points = np.concatenate([own, rng.random((given.random - len(own), len(space.genes)))])
    values = np.concatenate([measure(points[i : i + BATCH]) for i in range(0, len(points), BATCH)])
    random_area = hypervolume(values, reference=REFERENCE)
    runs = [Run("random", len(points), random_area, None, time.perf_counter() - begin)]
    for seed in range(1, given.seeds + 1):
        begin = time.perf_counter()
        found = search(
            measure,
            genes=len(space.genes),
            evaluations=given.random // SHARE,
            seed=seed,
            choices=len(CARRIERS),
            start=own,
        )
        area = hypervolume(found.objectives, reference=REFERENCE)
        passed = next(
            (
                n
                for n in range(10, len(found.points) + 1, 10)
                if hypervolume(found.objectives[:n], reference=REFERENCE) > random_area
            ),
            None,
        )
        runs.append(
            Run(f"NSGA-II, seed {seed}", len(found.points), area, passed,
                time.perf_counter() - begin)
        )  # fmt: skip
    if given.json:
        print(json.dumps([asdict(r) for r in runs], indent=2))
        return
    print(f"{'way':18} {'designs':>8} {'hypervolume':>12} {'passed after':>13} {'s':>8}")
    for run in runs:
        after = "" if run.passed_random_after is None else str(run.passed_random_after)
        print(
            f"{run.way:18} {run.evaluations:8d} {run.hypervolume:12.4f} {after:>13} "
            f"{run.seconds:8.1f}"
        )


if __name__ == "__main__":
    main()
