"""What a chemist may change, and between which values: the table of chemical bounds.

A bound is a statement of what has been made or is taken to be within reach, with its source; a
study may narrow it. A quantity without a row for a class of vectors cannot be changed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_table, to_internal

TABLE = "design_bounds.csv"
EVERY = "any"
CLASS_OF = "vectors"
LOG, LINEAR, STEP, FIXED = "log", "linear", "step", "fixed"
BINDING = ("k_d", "k_on", "internalisation")
"""Belong to the vector and its target."""
MOLECULE = ("unbound_plasma", "hepatocyte_uptake", "sieving")
"""Belong to the molecule alone."""
ON_SITES = ("cleaved_share", "sites_factor")
"""Act on sites: of the brush border, of the target."""
REGIMEN = ("amount", "activity_share", "cycles", "every_weeks", "protection")
"""Belong to how it is given."""
LEVERS = (*BINDING, *MOLECULE, *ON_SITES, *REGIMEN)
ANTAGONIST = "antagonist_internalisation"


@dataclass(frozen=True, slots=True)
class Bound:
    """Between which values a quantity may be changed.

    Attributes:
        quantity: one of LEVERS.
        low, high: in `unit`; for steps the first and last of `steps`.
        unit: of the table of vectors.
        scale: "log", "linear", "step" or "fixed".
        steps: values of a step, names for a protection.
        status, source, note: where it comes from.
    """

    quantity: str
    low: float
    high: float
    unit: str
    scale: str
    steps: tuple[str, ...]
    status: str
    source: str
    note: str

    def internal(self, value: float) -> float:
        """Return a value of the bound in the units used inside."""
        return to_internal(value, self.unit, where=f"{TABLE} {self.quantity}")


@cache
def bounds(vector_class: str, target: str) -> Mapping[str, Bound]:
    """Return the bounds of a class of vectors on a target, by quantity.

    Args:
        vector_class: such as "peptide".
        target: name of the site that the vector binds, such as "SSTR2".

    Raises:
        UnknownNameError: a class without bounds.

    Examples:
        >>> bounds("peptide", "SSTR2")["sites_factor"].high
        4.0
        >>> "internalisation" in bounds("small molecule", "PSMA")
        False
    """
    if vector_class not in classes():
        raise UnknownNameError("class of vectors", vector_class, classes())
    found: dict[str, Bound] = {}
    for row in _rows():
        if row["quantity"] == CLASS_OF or row["vector_class"] not in (vector_class, EVERY):
            continue
        if row["target"] in ("", target) or row["quantity"] == "protection":
            found[row["quantity"]] = _bound(row)
    return found


@cache
def classes() -> tuple[str, ...]:
    """Return the classes of vectors that have bounds."""
    return tuple(dict.fromkeys(r["vector_class"] for r in _rows() if r["vector_class"] != EVERY))


@cache
def class_of(vector: str) -> str:
    """Return the class of a catalogued vector, such as "peptide" for "DOTATATE".

    Raises:
        DataError: the table does not say.
    """
    for row in _rows():
        if row["quantity"] == CLASS_OF and vector in row["term"].split(";"):
            return row["vector_class"]
    raise DataError(f"{TABLE}: no class lists the vector {vector!r}; add it to a row {CLASS_OF}")


@cache
def _rows() -> tuple[dict[str, str], ...]:
    return tuple(read_table(TABLE))


def _bound(row: Mapping[str, str]) -> Bound:
    return Bound(
        quantity=row["quantity"],
        low=float(row["low"]),
        high=float(row["high"]),
        unit=row["unit"],
        scale=row["scale"],
        steps=tuple(s for s in row["term"].split(";") if s),
        status=row["status"],
        source=row["source"],
        note=row["note"],
    )
