"""Attention is not evidence: how a ranking goes with the number of publications on a gene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.evidence import read_table
from ligandose.targets.profile import Profile

FEWEST = 5
"""A rank correlation of fewer targets says nothing."""


@cache
def publications() -> Mapping[str, int]:
    """Return the number of publications by target; the most of the genes of a complex."""
    found: dict[str, int] = {}
    for row in read_table("target_publications.csv"):
        found[row["target"]] = max(found.get(row["target"], 0), int(row["publications"]))
    return found


def attention(ranking: Sequence[Profile]) -> dict[str, float | int | None]:
    """Return Spearman's rank correlation of score and publications over assessable targets.

    Keys: targets, spearman; the latter None where fewer than five can be compared.
    """
    both = [
        (made.quantiles[1], publications()[made.target.name])
        for made in ranking
        if made.tier is not None and made.target.name in publications()
    ]
    if len(both) < FEWEST:
        return {"targets": len(both), "spearman": None}
    scores, counts = np.array(both, dtype=float).T
    together = np.corrcoef(_ranks(scores), _ranks(counts))
    return {"targets": len(both), "spearman": float(together[0, 1])}


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks, ties at their mean (scipy.stats does the same and takes longer to import)."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(size) - 0.5 * (size - 1.0))[group]
