"""A finding of the catalogue: a number or a term, with its source and three-state status."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError
from ligandose.evidence.edition import read_table
from ligandose.evidence.finding import Measured, Status
from ligandose.evidence.sources import sources


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of a subject, who says so, and whether that was read.

    A `Finding` feeds a calculation and is always a number; a claim may also be a term ("stroma").

    Attributes:
        subject: what it belongs to (a target, an agent, an indication).
        field: what is said, such as "compartment" or "prevalence".
        context: where it holds: an indication, a region, a drug, "default".
        value: a number in `unit`, a term, or None where nothing is known.
        low, high: range of a number as published, or None.
        unit: unit of a number, "" for a term.
        measured: whether it was looked for and found.
        status: how it came here.
        source: identifier in the table of sources; "" where there is none.
        date: year, or year and month, of the statement; "" where unknown.
        note: what a reader must know.
    """

    subject: str
    field: str
    context: str
    value: float | str | None
    low: float | None
    high: float | None
    unit: str
    measured: Measured
    status: Status
    source: str
    date: str = ""
    note: str = ""

    @property
    def known(self) -> bool:
        """True where something was measured, or looked for and not detected."""
        return self.measured is not Measured.NOT_MEASURED

    @property
    def verified(self) -> bool:
        """True where the statement was read at the source that is named."""
        return self.known and self.status is Status.VERIFIED

    @property
    def number(self) -> float:
        """The value as a number; DataError where it is a term or missing."""
        if isinstance(self.value, float):
            return self.value
        raise DataError(f"{self.subject} {self.field} {self.context}: {self.value!r} is no number")

    @property
    def term(self) -> str:
        """The value as text; DataError where it is a number or missing."""
        if isinstance(self.value, str):
            return self.value
        raise DataError(f"{self.subject} {self.field} {self.context}: {self.value!r} is no term")

    def document(self) -> dict[str, str | float | bool | None]:
        """Return the claim as documents hold it: `status` is the three-state one."""
        cited = sources().get(self.source)
        return {
            "field": self.field,
            "context": self.context,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "status": self.measured.value,
            "verified": self.verified,
            "knowledge": self.status.value,
            "source": self.source,
            "locator": cited.locator if cited else "",
            "citation": cited.citation if cited else "",
            "date": self.date,
            "note": self.note,
        }


@cache
def read_claims(name: str, subject_column: str) -> tuple[Claim, ...]:
    """Read a shipped table of claims.

    Columns: the subject's, field, context, value, low, high, unit, measured, status, source,
    date, note. A value with a unit is a number, one without is a term.

    Raises:
        DataError: a row whose number does not parse or whose status is unknown or contradicts
            its value.
    """
    return tuple(
        _claim(row, row[subject_column], where=f"{name} line {line}")
        for line, row in enumerate(read_table(name), start=2)
    )


def _claim(row: dict[str, str], subject: str, *, where: str) -> Claim:
    try:
        measured, status = Measured(row["measured"]), Status(row["status"])
        value = row["value"] or None
        parsed = float(value) if value is not None and row["unit"] else value
        low, high = (float(row[edge]) if row[edge] else None for edge in ("low", "high"))
    except (KeyError, ValueError) as error:
        raise DataError(f"{where}: {error}") from error
    if any(isinstance(v, float) and not math.isfinite(v) for v in (parsed, low, high)):
        raise DataError(f"{where}: a number is not finite")
    if measured is Measured.MEASURED and parsed is None and low is None and high is None:
        raise DataError(f"{where}: status 'measured', and no value")
    if measured is Measured.NOT_MEASURED and parsed is not None:
        raise DataError(f"{where}: status 'not measured', and the value {parsed!r}")
    return Claim(
        subject=subject,
        field=row["field"],
        context=row["context"],
        value=parsed,
        low=low,
        high=high,
        unit=row["unit"],
        measured=measured,
        status=status,
        source=row["source"],
        date=row["date"],
        note=row["note"],
    )
