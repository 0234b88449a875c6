"""The section of a dose report on its voxel engines, and small helpers of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.canvas import Figure
from ligandose.report.compose import Section
from ligandose.report.tables import Column, TextTable
from ligandose.report.text import MISSING, number, percent, region_label

Document = Mapping[str, Any]
SMALLEST = 5e-4
"""Half of the last digit that a percentage shows."""


def part(held: Document, key: str) -> dict[str, Any]:
    """Return a part of a document, empty where it is None."""
    found: dict[str, Any] = held.get(key) or {}
    return found


def some(figures: Mapping[str, Figure], *names: str) -> tuple[Figure, ...]:
    return tuple(figures[name] for name in names if name in figures)


def filled(*tables: TextTable) -> tuple[TextTable, ...]:
    return tuple(t for t in tables if t.rows)


ENGINE_NAMES = {"local": "Local", "kernel": "Kernel", "mc": "Monte Carlo"}


def engine_section(document: Document) -> Section | None:
    engines = part(document, "engines")
    if not engines:
        return None
    return Section(
        "engines", "Engines side by side", items=tuple(engines["where_they_fail"]),
        tables=filled(
            _engine_table(engines, "regions", "region", "By region"),
            _engine_table(engines, "kinds", "kind", "By kind of tissue"),
        ),
    )  # fmt: skip


def _engine_table(engines: Document, key: str, label: str, title: str) -> TextTable:
    names = [n for n in ENGINE_NAMES if n in engines["regions"][0]["dose_Gy"]]
    reference = engines["reference"]
    apart = [n for n in names if n != reference]
    columns = (
        Column(title.removeprefix("By ").capitalize(), numeric=False),
        *(Column(ENGINE_NAMES[n], "Gy") for n in names),
        *(Column(f"{ENGINE_NAMES[n]} to {ENGINE_NAMES[reference]}", "%") for n in apart),
    )
    rows = tuple(
        (
            region_label(row[label]), *(number(row["dose_Gy"][n]) for n in names),
            *(signed(row["ratio"][n]) for n in apart),
        )
        for row in engines[key]
    )  # fmt: skip
    notes = ("Mean over mass.",)
    if key == "kinds":
        notes = ("Mean over the mass of all such voxels in view; kinds follow from the density.",)
    return TextTable(f"engines_{key}", title, columns, rows, notes=notes)


def signed(ratio: float | None) -> str:
    if ratio is None:
        return MISSING
    apart = abs(ratio - 1.0)
    if apart < SMALLEST:
        return percent(0.0)
    return ("" if ratio > 1.0 else "−") + percent(apart)
