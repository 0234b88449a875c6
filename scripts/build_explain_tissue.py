"""Make src/ligandose/data/<edition>/explain_tissue.csv: dose of tumour cells by compartment.

One typical tissue holds nests of tumour cells, stroma and vessels, cell by cell (`ligandose
tissue`, docs/tissue.md). Decays of a nuclide lie in one compartment, for tumour cells also on a
part of them only, in patches. The table has the dose of the nuclei of live tumour cells over the
energy of charged particles emitted per mass of the tissue, which is what a mean dose by local
deposition says, as means of classes of cells from the lowest dose to the highest. Three minutes on
one core.

    python scripts/build_explain_tissue.py
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from ligandose.course.tissue_compare import compare_nuclides
from ligandose.course.tissue_plan import CellBiology, Compare, Shape, Source, TissuePlan

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
TABLE = "explain_tissue.csv"
TISSUE, SIDE_UM, REACH_UM, SEED = "desmoplastic carcinoma", 300.0, 6200.0, 1
PATCH_UM = 100.0
"""Cells with and without the target lie together in patches of this size: two nests."""
NUCLIDES = (
    "Lu-177", "Tb-161", "I-131", "Y-90", "Cu-67", "Re-188", "Ac-225", "Pb-212", "At-211",
)  # fmt: skip
PLACES = (
    ("tumour cell", "tumour_cell", 1.0),
    ("tumour cell", "tumour_cell", 0.9),
    ("tumour cell", "tumour_cell", 0.7),
    ("tumour cell", "tumour_cell", 0.4),
    ("stroma", "stroma", 1.0),
    ("vasculature", "vessel", 1.0),
    ("extracellular matrix", "matrix", 1.0),
)
EDGES = (0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 1.0)
"""Of the classes, as shares of the cells: the few that get least decide what is left."""
HEADER = ["nuclide", "compartment", "positive_share", "mean_ratio",
          *(f"ratio_to_{100 * e:.0f}" for e in EDGES[1:])]  # fmt: skip


def rows(nuclides: Sequence[str] = NUCLIDES, places: Sequence[int] = ()) -> list[list[str]]:
    """Return the rows of some nuclides and (numbers of) places; all by default."""
    made: list[list[str]] = []
    for number in places or range(len(PLACES)):
        name, compartment, share = PLACES[number]
        plan = TissuePlan(
            shape=Shape("tissue", {"side_um": SIDE_UM}, TISSUE),
            source=Source(
                compartment, fraction_positive=share, patch_um=PATCH_UM if share < 1.0 else 0.0
            ),
            nuclides=tuple(nuclides),
            compare=Compare("emitted_dose", 1.0),
            biology=CellBiology(0.3, 10.0, 1e-4),
            reach_um=REACH_UM,
            seed=SEED,
        )
        found = compare_nuclides(plan)
        for one in found.results:
            ratio = np.sort(one.doses.total_Gy.sum(axis=1)[found.live_tumour])
            ratio /= one.emitted_Gy.sum()
            ends = [round(e * ratio.size) for e in EDGES]
            classes = [ratio[a:b].mean() for a, b in pairwise(ends)]
            made.append([one.nuclide, name, f"{share:g}", f"{ratio.mean():.4g}",
                         *(f"{c:.4g}" for c in classes)])  # fmt: skip
    order = {n: i for i, n in enumerate(nuclides)}
    return sorted(made, key=lambda r: order[r[0]])


def main() -> None:
    with (EDITION / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows())


if __name__ == "__main__":
    main()
