"""What surface proteins of like RNA show: where the values of unmeasured ones are drawn from.

Counts over all proteins of the in-silico surfaceome (Bausch-Fluck 2018,
doi:10.1073/pnas.1808790115) in the tables of the Human Protein Atlas, made by
scripts/build_expression.py; never over the targets of the catalogue alone, which were chosen
because they are good.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.evidence import read_table
from ligandose.targets.catalogue import Target
from ligandose.targets.expression import organ_expression

FloatArray = NDArray[np.float64]

RNA_EDGES_nTPM = (1.0, 10.0, 100.0)
"""Limits of the classes "none", "low", "medium" and "high" RNA."""
ANY = "any"


def rna_class(rna_nTPM: float | None) -> str:
    """Return the class of an RNA value: "0" to "3" by RNA_EDGES_nTPM, or "any" where unknown."""
    if rna_nTPM is None:
        return ANY
    return str(sum(rna_nTPM >= edge for edge in RNA_EDGES_nTPM))


def staining_levels(
    organ: str, rna_nTPM: float | None, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Draw staining levels (0 to 3) of surface proteins with like RNA in an organ."""
    counts = _organ_counts()
    chosen = counts.get((organ, rna_class(rna_nTPM)), counts[ANY, rna_class(rna_nTPM)])
    return rng.choice(4, draws, p=chosen / chosen.sum()).astype(float)


def positive_fractions(
    target: Target, indication: str, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Draw fractions of patients with a medium or high stain, of surface proteins of like RNA.

    Like RNA: the same class of the highest RNA of any organ. Indications that were not stained
    take the draws of all cancers together.
    """
    organs = organ_expression(target).values()
    highest = max((o.rna_nTPM for o in organs if o.rna_nTPM is not None), default=None)
    table = _cancer_quantiles()
    key = (indication, rna_class(highest))
    quantiles = table.get(key, table[ANY, rna_class(highest)])
    return np.interp(rng.random(draws), np.linspace(0.0, 1.0, quantiles.size), quantiles)


@cache
def _organ_counts() -> dict[tuple[str, str], FloatArray]:
    found: dict[tuple[str, str], FloatArray] = {}
    for row in read_table("expression_background_organs.csv"):
        counts = [float(row[f"level_{level}"]) for level in range(4)]
        found[row["organ"], row["rna_class"]] = np.array(counts)
    return found


@cache
def _cancer_quantiles() -> dict[tuple[str, str], FloatArray]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in read_table("expression_background_cancers.csv"):
        found[row["indication"], row["rna_class"]].append(float(row["positive_fraction"]))
    return {key: np.array(values) for key, values in found.items()}
