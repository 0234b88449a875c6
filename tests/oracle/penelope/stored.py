"""What PENELOPE gave, read from reference.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Stored:
    """One value with its standard deviation; `at` is a mass, distance, voxel or pair."""

    particle: str
    nuclide: str
    energy_MeV: float | None
    around: str
    at: str
    value: float
    sigma: float

    @property
    def name(self) -> str:
        """Label for a test."""
        energy = "" if self.energy_MeV is None else f"{self.energy_MeV:g} MeV "
        return f"{self.particle} {self.nuclide}{energy}{self.at}"


@cache
def stored(quantity: str) -> tuple[Stored, ...]:
    """Return all values of a quantity."""
    with Path(__file__).with_name("reference.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["quantity"] == quantity]
    found = [
        Stored(
            particle=r["particle"],
            nuclide=r["nuclide"],
            energy_MeV=float(r["energy_MeV"]) if r["energy_MeV"] else None,
            around=r["around"],
            at=r["at"],
            value=float(r["value"]),
            sigma=float(r["sigma"]),
        )
        for r in rows
    ]
    if not found:
        raise LookupError(f"reference.csv has no {quantity}; run build_reference.py")
    return tuple(found)
