"""Where decays lie among the cells of a tumour: dose of the tumour cells by compartment.

`explain_tissue.csv` (scripts/build_explain_tissue.py) has, for a nuclide and a compartment, the
dose of tumour cells over the mean dose of the lesion, as means of classes of cells. A lesion is
then a mixture of the classes: each has its own BED, and what is left of all of them is what is
left of the lesion.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ligandose.evidence import read_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TABLE = "explain_tissue.csv"
START = "ratio_to_"
TUMOUR_CELL = "tumour cell"


class Place(NamedTuple):
    """Where decays lie: a compartment, and which share of the tumour cells carries the target."""

    compartment: str
    positive_share: float


@cache
def places() -> tuple[Place, ...]:
    """Return the places of the table in their order."""
    return tuple(
        dict.fromkeys(
            Place(r["compartment"], float(r["positive_share"])) for r in read_table(TABLE)
        )
    )


@cache
def compartments() -> tuple[str, ...]:
    """Return the compartments of the table in their order."""
    return tuple(dict.fromkeys(p.compartment for p in places()))


@cache
def positive_shares() -> tuple[float, ...]:
    """Return the shares of tumour cells with the target, rising."""
    return tuple(sorted(p.positive_share for p in places() if p.compartment == TUMOUR_CELL))


@cache
def tissue_nuclides() -> tuple[str, ...]:
    """Return the nuclides of the table."""
    return tuple(dict.fromkeys(r["nuclide"] for r in read_table(TABLE)))


@cache
def class_shares() -> Floats:
    """Return (classes,) shares of the tumour cells, from the lowest dose to the highest."""
    ends = [float(k.removeprefix(START)) for k in read_table(TABLE)[0] if k.startswith(START)]
    return np.diff(np.array([0.0, *ends])) / 100.0


@cache
def class_ratios(nuclide: str) -> Floats | None:
    """Return (places, classes) dose of cells over that of the lesion; None for no such nuclide."""
    rows = {
        Place(r["compartment"], float(r["positive_share"])): r
        for r in read_table(TABLE)
        if r["nuclide"] == nuclide
    }
    if not rows:
        return None
    return np.array(
        [[float(v) for k, v in rows[p].items() if k.startswith(START)] for p in places()]
    )


def place_numbers(compartment: Ints, positive: Ints) -> Ints:
    """Return (n,) numbers of places.

    Args:
        compartment: (n,) numbers in `compartments()`.
        positive: (n,) numbers in `positive_shares()`; counts for tumour cells.
    """
    number = {p: i for i, p in enumerate(places())}
    whole = [number[Place(c, 1.0)] for c in compartments()]
    shares = [number[Place(TUMOUR_CELL, s)] for s in positive_shares()]
    own = compartments().index(TUMOUR_CELL)
    of_shares = np.array(shares, dtype=np.int64)[positive]
    return np.where(compartment == own, of_shares, np.array(whole, dtype=np.int64)[compartment])


def level(share: Floats, count: int) -> Ints:
    """Return which of `count` equally likely levels a number in (0, 1) stands for."""
    return np.minimum((share * count).astype(np.int64), count - 1)
