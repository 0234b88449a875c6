"""Free elements: where the body puts a label or a daughter that nothing carries any longer.

The numbers are the transfer coefficients of the systemic biokinetic models of the ICRP series
"Occupational Intakes of Radionuclides", compartment by compartment, as the table cites them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError
from ligandose.evidence import read_table

TABLE = "element_transfer.csv"
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Compartment:
    """A compartment of an element's model.

    Attributes:
        name: as the source names it.
        region: canonical region that it lies in; "remainder" for all soft tissue without a
            compartment of its own.
        part: what of the region, such as "surface" or "contents"; "" for the whole.
    """

    name: str
    region: str
    part: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """First-order passage between compartments at `rate_per_s`."""

    source: Compartment
    target: Compartment
    rate_per_s: float


def elements() -> tuple[str, ...]:
    """Return the symbols of the elements whose biokinetics are in the catalogue."""
    return tuple(dict.fromkeys(row["element"] for row in read_table(TABLE)))


@cache
def element_transfers(element: str) -> tuple[Transfer, ...]:
    """Return the passages of an element between its compartments.

    Args:
        element: symbol, such as "Bi".

    Raises:
        DataError: an element without a model, with what can be done.
    """
    found = tuple(
        Transfer(
            Compartment(row["from"], row["from_region"], row["from_part"]),
            Compartment(row["to"], row["to_region"], row["to_part"]),
            float(row["rate_per_day"]) / DAY_S,
        )
        for row in read_table(TABLE)
        if row["element"] == element
    )
    if not found:
        raise DataError(
            f"element {element}: where its free atoms go is not in the catalogue "
            f"({', '.join(elements())} are); retained_daughters: 1 keeps daughters where they "
            "are born"
        )
    return found
