"""What share of a catalogue's cells is known, and read at a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ligandose.evidence.claim import Claim


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of one field of one catalogue: a cell is a subject's field.

    Attributes:
        catalogue: "targets", "agents" …
        field: name of the field.
        cells: subjects that should have it.
        known: cells with a value, or with "not detected".
        verified: cells with a claim that was read at its source.
    """

    catalogue: str
    field: str
    cells: int
    known: int
    verified: int

    @property
    def known_share(self) -> float:
        """Part of the cells that are known."""
        return self.known / self.cells if self.cells else 0.0

    @property
    def verified_share(self) -> float:
        """Part of the cells that were read at a source."""
        return self.verified / self.cells if self.cells else 0.0

    def document(self) -> dict[str, str | int | float]:
        """Return the row as documents hold it."""
        return {
            "catalogue": self.catalogue,
            "field": self.field,
            "cells": self.cells,
            "known": self.known,
            "verified": self.verified,
            "known_share": round(self.known_share, 4),
            "verified_share": round(self.verified_share, 4),
        }


def claim_coverage(
    catalogue: str, fields: Iterable[str], claims_of: Mapping[str, Sequence[Claim]]
) -> list[Coverage]:
    """Count the cells of some fields.

    Args:
        catalogue: its name.
        fields: the fields that every subject should have.
        claims_of: claims by subject.
    """
    return [
        Coverage(
            catalogue,
            field,
            len(claims_of),
            _count(claims_of, field, verified=False),
            _count(claims_of, field, verified=True),
        )
        for field in fields
    ]


def _count(claims_of: Mapping[str, Sequence[Claim]], field: str, *, verified: bool) -> int:
    return sum(
        any(c.field == field and (c.verified if verified else c.known) for c in claims)
        for claims in claims_of.values()
    )
