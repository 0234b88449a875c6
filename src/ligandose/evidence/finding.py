"""A number with its source, its status and its spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from ligandose.errors import DataError
from ligandose.evidence.edition import read_table
from ligandose.evidence.units import to_internal


class Measured(StrEnum):
    """Whether a quantity was looked for and found; missing is never zero."""

    MEASURED = "measured"
    NOT_DETECTED = "not detected"
    NOT_MEASURED = "not measured"


class Status(StrEnum):
    """How a number came here."""

    VERIFIED = "verified"
    """read at the source that is named"""
    UNVERIFIED = "unverified"
    """recalled, or quoted by another source than the one named"""
    CALIBRATED = "calibrated"
    """estimated by a script of this repository from the published values that it names"""
    ASSUMED = "assumed"
    """a modelling choice without a measurement behind it; its uncertainty says so"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One number and all that is needed to judge it.

    Attributes:
        subject: what it belongs to (a host, a vector, a disease …).
        region: canonical region, or "" where it belongs to none.
        quantity: name of the quantity, without the unit.
        value: the number in `unit`; None where it was not measured.
        unit: unit symbol, "1" for a pure number.
        cv: between-patient coefficient of variation (variability), or None where unknown.
        gsd: geometric standard deviation of our knowledge of the typical value (uncertainty),
            1 for exactly known.
        status: how the number came here.
        source: identifier in the table of sources.
        note: what a reader must know: basis, conversion, conditions.
    """

    subject: str
    region: str
    quantity: str
    value: float | None
    unit: str
    cv: float | None
    gsd: float
    status: Status
    source: str
    note: str = ""

    @property
    def measured(self) -> Measured:
        """Three-state answer to "is there a value?"."""
        if self.value is None:
            return Measured.NOT_MEASURED
        return Measured.NOT_DETECTED if self.value == 0.0 else Measured.MEASURED

    def require(self) -> float:
        """Return the value, or raise DataError where it is missing."""
        if self.value is None:
            raise DataError(
                f"{self.subject} {self.region} {self.quantity}: not measured; "
                "give a value in the study file or choose another agent or host"
            )
        return self.value

    @property
    def internal(self) -> float:
        """The value in the units used inside (s, L, kg, nmol); DataError where it is missing."""
        return to_internal(self.require(), self.unit, where=f"{self.subject} {self.quantity}")

    def document(self) -> dict[str, str | float | None]:
        """Return value, spread, status and source as documents hold them."""
        return {
            "value": self.value,
            "unit": self.unit,
            "cv": self.cv,
            "gsd": self.gsd,
            "status": self.status.value,
            "source": self.source,
            "note": self.note,
        }

    @classmethod
    def from_row(cls, row: dict[str, str], *, where: str) -> Finding:
        """Build a finding from one row of a shipped table.

        Columns: subject, region, quantity, value, unit, cv, gsd, status, source, note.

        Raises:
            DataError: a number that does not parse, a spread out of range, an unknown status.
        """
        try:
            value = float(row["value"]) if row["value"] else None
            cv = float(row["cv"]) if row["cv"] else None
            gsd = float(row["gsd"]) if row["gsd"] else 1.0
            status = Status(row["status"])
        except (KeyError, ValueError) as error:
            raise DataError(f"{where}: {error}") from error
        if value is not None and not math.isfinite(value):
            raise DataError(f"{where}: value {value} is not finite")
        if cv is not None and not 0.0 <= cv <= 5.0:
            raise DataError(f"{where}: cv {cv} is outside 0 … 5")
        if not 1.0 <= gsd < math.inf:
            raise DataError(f"{where}: gsd {gsd} is not a number from 1 up")
        return cls(
            subject=row["subject"],
            region=row["region"],
            quantity=row["quantity"],
            value=value,
            unit=row["unit"],
            cv=cv,
            gsd=gsd,
            status=status,
            source=row["source"],
            note=row.get("note", ""),
        )


def read_findings(name: str) -> list[Finding]:
    """Read a shipped table of findings."""
    return [
        Finding.from_row(row, where=f"{name} line {line}")
        for line, row in enumerate(read_table(name), start=2)
    ]
