"""The shipped numbers of the biology of cells."""

from __future__ import annotations

from functools import cache

from ligandose.errors import UnknownNameError
from ligandose.evidence import Finding, read_table

TABLE = "cell_effect.csv"


@cache
def cell_findings() -> tuple[Finding, ...]:
    """Return every row of the table of cell biology."""
    return tuple(
        Finding.from_row(row, where=f"{TABLE} line {line}")
        for line, row in enumerate(read_table(TABLE), start=2)
    )


@cache
def cell_finding(subject: str, quantity: str) -> Finding:
    """Return one row.

    Raises:
        UnknownNameError: no such row.
    """
    rows = {(f.subject, f.quantity): f for f in cell_findings()}
    if (subject, quantity) not in rows:
        known = {" ".join(key) for key in rows}
        raise UnknownNameError("quantity", f"{subject} {quantity}", known, where=TABLE)
    return rows[subject, quantity]


def cell_value(subject: str, quantity: str) -> float:
    """Return the number of one row in the unit of the table."""
    return cell_finding(subject, quantity).require()
