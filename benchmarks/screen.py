"""How long does a screen of a hundred agents take, and does its memory grow with their number?

    python benchmarks/screen.py              # 100 agents x 200 patients
    python benchmarks/screen.py --targets 2  # fewer agents

There is no peer to time it against: no other program screens agents in one population.
"""

from __future__ import annotations

import argparse
import resource
import time

from ligandose.design import run_screen, screen_from_mapping

TARGETS = ("PSMA", "STEAP1", "GRPR", "B7-H3", "STEAP2", "TROP2")
VECTORS = ("small molecule", "peptide", "antibody")
NUCLIDES = ("Lu-177", "Tb-161", "Y-90", "Ac-225", "Pb-212", "Cu-67")


def study(targets, patients):
    """Return the study: mCRPC, four cycles, draws of knowledge."""
    return {
        "indication": "mCRPC",
        "setting": "oligometastatic",
        "targets": list(TARGETS[:targets]),
        "vectors": list(VECTORS),
        "nuclides": list(NUCLIDES),
        "reference": "177Lu-PSMA-617",
        "cap": {"cycles": 4, "every_weeks": 6},
        "patients": patients,
        "knowledge": 8,
        "seed": 1,
    }


def main():
    """Run it and print times and memory."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--targets", type=int, default=len(TARGETS))
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    plan = screen_from_mapping(study(asked.targets, asked.patients))
    begun = time.perf_counter()
    result = run_screen(plan, workers=asked.workers)
    wall = time.perf_counter() - begun
    own, workers = (resource.getrusage(who) for who in
                    (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))  # fmt: skip
    spent = sum(x.ru_utime + x.ru_stime for x in (own, workers))
    agents = sum(c.feasible for c in result.candidates)
    memory = [f"{x.ru_maxrss / 1024:.0f} MB" for x in (workers, own)]
    print(f"{agents} agents x {asked.patients} patients: {wall:.0f} s on the clock")
    print(f"{spent:.0f} s of processor time; most memory of a worker {memory[0]}, of the parent "
          f"{memory[1]}")  # fmt: skip


if __name__ == "__main__":
    main()
