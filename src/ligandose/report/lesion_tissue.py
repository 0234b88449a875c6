"""The cells of a lesion beside its mean dose, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.tables import Column, TextTable
from ligandose.report.text import interval, number, percent, region_label

RADIATIONS = {"alpha": "alphas", "low_let": "electrons and photons"}


def lesion_tissue_text(document: Mapping[str, Any]) -> TextTable:
    """Return what the mean dose of a lesion hides; no rows where no lesion carries a tissue."""
    columns = (
        Column("", numeric=False), Column("Every cell at the mean dose"),
        Column("Cells by their own"),
    )  # fmt: skip
    found: Mapping[str, Any] | None = document.get("tissue")
    if not found:
        return TextTable("lesion_tissue", "Cells of a lesion", columns, ())
    rows = [
        _row("Surviving fraction, log10", found, "log10_surviving_fraction", number),
        _row("Control of one lesion", found, "tcp", percent),
    ]
    spread: Mapping[str, Mapping[str, float]] = found["relative_cell_dose"]
    for radiation, values in spread.items():
        shown = f"{number(values['mean'])} ({interval(values['p05'], values['p95'])})"
        rows.append((f"Dose over that of the lesion, {RADIATIONS[radiation]}", "1", shown))
    title = (
        f"Cells of {region_label(found['lesion'])}: {found['tissue']}, decays in "
        f"{str(found['source']).replace('_', ' ')}"
    )
    notes = (
        "In brackets 90 % of patients, or of cells for the dose. Control is by this treatment "
        "alone, without repopulation.",
    )
    return TextTable("lesion_tissue", title, columns, tuple(rows), {}, notes)


def _row(label: str, found: Mapping[str, Any], key: str, shown: Any) -> tuple[str, ...]:
    cells: list[str] = []
    for quantity in (found[f"{key}_mean_dose"], found[key]):
        low, high = shown(quantity["p05"]), shown(quantity["p95"])
        cells.append(f"{shown(quantity['mean'])} ({low} … {high})")
    return (label, *cells)
