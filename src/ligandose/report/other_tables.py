"""The tables of validation and nuclide documents, as text for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report.agreement import agents_of, is_within
from ligandose.report.contract import ValidationDocument, ValidationRow, records
from ligandose.report.spectrum import KINDS, Emitted, chain_members
from ligandose.report.tables import Column, TextTable
from ligandose.report.text import (
    MISSING,
    agent_label,
    duration,
    interval,
    mean_sd,
    nuclide_label,
    number,
    percent,
    region_label,
    rounded,
    superscript,
)

_USES = {"calibration": "calibration", "prediction": "prediction", "none": "not judged"}
MOST_EMISSIONS = 40
_MODES = {"beta-": "β⁻", "beta+": "β⁺ and electron capture", "alpha": "α", "it": "isomeric"}
_SHORT = {
    "alpha": "α", "recoil": "recoil", "beta": "β", "electron": "e⁻", "gamma": "γ", "x": "X",
    "annihilation": "annihilation",
}  # fmt: skip
_EMISSIONS = {
    "alpha": "alpha", "recoil": "recoil nucleus", "conversion": "conversion electron",
    "auger": "Auger electron", "gamma": "gamma ray", "x": "X ray",
    "annihilation": "annihilation photon",
}  # fmt: skip


def validation_text(document: ValidationDocument) -> TextTable:
    """Return every published coefficient beside its prediction, grouped by agent."""
    columns = (
        Column("Region", numeric=False), Column("Published", "Gy/GBq"),
        Column("Predicted", "Gy/GBq"), Column("90 % of patients", "Gy/GBq"), Column("Fold error"),
        Column("CV published, predicted"), Column("Within", numeric=False),
        Column("Cohorts", numeric=False, wide=True), Column("Source", numeric=False, sources=True),
    )  # fmt: skip
    remarks = list(dict.fromkeys(row["note"] for row in document["rows"] if row.get("note")))
    rows: list[tuple[str, ...]] = []
    groups: dict[int, str] = {}
    for agent in agents_of(document["rows"]):
        mine = [row for row in document["rows"] if row["agent"] == agent]
        uses = " and ".join(dict.fromkeys(_USES.get(row["use"], row["use"]) for row in mine))
        groups[len(rows)] = f"{agent_label(agent)}: {uses}"
        rows += [_validation_row(row, remarks) for row in mine]
    return TextTable(
        "validation", "Published and predicted dose coefficients", columns, tuple(rows), groups,
        (
            "Published and predicted: mean ± SD between patients; in brackets the cohorts' range.",
            *(f"{superscript(str(i + 1))} {remark}" for i, remark in enumerate(remarks)),
        ),
    )  # fmt: skip


def _validation_row(row: ValidationRow, remarks: Sequence[str]) -> tuple[str, ...]:
    low, high = row["published_low"], row["published_high"]
    span = f" ({interval(low, high)})" if low is not None and high is not None else ""
    within = {True: "yes", False: "no", None: MISSING}[is_within(row)]
    remark = row.get("note")
    mark = f" {superscript(str(remarks.index(remark) + 1))}" if remark else ""
    return (
        region_label(row["region"]) + mark,
        (mean_sd(row["published_mean"], row["published_sd"]) + span).removeprefix(MISSING + " "),
        mean_sd(row["predicted_mean"], row["predicted_sd"]),
        interval(row["predicted_p05"], row["predicted_p95"]),
        number(row["fold_error"]),
        f"{percent(row['cv_published'])}, {percent(row['cv_predicted'])}",
        within,
        "; ".join(row["cohorts"]),
        "\n".join(row["sources"]),
    )


def validation_summary(document: ValidationDocument) -> TextTable:
    """Return the geometric mean fold error of each use and each agent."""
    columns = (
        Column("Set", numeric=False), Column("Geometric mean fold error"), Column("Pairs"),
        Column("Worst fold error"),
    )  # fmt: skip
    summary = document["summary"]
    by_agent: Mapping[str, Any] = summary.get("by_agent") or {}
    entries: list[tuple[str, Any]] = [
        *((use.capitalize(), summary[use]) for use in ("calibration", "prediction", "vectors")
          if use in summary),
        *((agent_label(agent), found) for agent, found in by_agent.items()),
    ]  # fmt: skip
    rows = tuple((name, *_summary_cells(found)) for name, found in entries)
    return TextTable("validation_summary", "Fold errors", columns, rows)


def _summary_cells(found: Any) -> tuple[str, str, str]:
    if not isinstance(found, Mapping):
        return (number(found), MISSING, MISSING)
    entry: Mapping[str, Any] = found  # pyright: ignore[reportUnknownVariableType]
    pairs = entry.get("pairs")
    return (number(entry.get("gmfe")), str(pairs) if pairs else MISSING, _worst(entry.get("worst")))


def _worst(value: Any) -> str:
    """Return the worst fold error, whether the document gives a number or names the row too."""
    if isinstance(value, Mapping):
        row: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        name = " ".join(
            [agent_label(str(row.get("agent", ""))), region_label(str(row.get("region", "")))]
        ).strip()
        return f"{number(row.get('fold_error'))} ({name})" if name else number(row["fold_error"])
    return value if isinstance(value, str) else number(value)


def energy_text(document: Mapping[str, Any]) -> TextTable:
    """Return half-life and energy per decay of a nuclide and of each member of its chain."""
    shown = [m for m in chain_members(document) if m["decays_per_parent_decay"] > 0]
    kinds = [k for k in KINDS if any(m["energy_keV_per_decay"].get(k) for m in shown)]
    columns = (
        Column("Nuclide", numeric=False), Column("Half-life"), Column("Decays"),
        *(Column(_SHORT[kind]) for kind in kinds),
    )  # fmt: skip
    rows = [
        (
            nuclide_label(str(m["name"])),
            duration(m["half_life_s"]),
            rounded(m["decays_per_parent_decay"]),
            *(rounded(m["energy_keV_per_decay"].get(kind)) for kind in kinds),
        )
        for m in shown
    ]
    if len(shown) > 1:
        sums = [_chain_energy(shown, kind) for kind in kinds]
        rows.append(("Chain in equilibrium", "", "", *map(rounded, sums)))
    name = nuclide_label(str(document["name"]))
    note = f"Decays: per decay of {name} within 50 years. Chain: energies weighted with them."
    title = f"Energy emitted by {name}, keV per decay"
    return TextTable("nuclide_energy", title, columns, tuple(rows), {}, (note,))


def _chain_energy(members: Sequence[Mapping[str, Any]], kind: str) -> float:
    return sum(
        m["decays_per_parent_decay"] * m["energy_keV_per_decay"].get(kind, 0.0) for m in members
    )


def progeny_text(document: Mapping[str, Any]) -> TextTable:
    """Return the modes in which a nuclide decays, and to what."""
    columns = (
        Column("Mode", numeric=False), Column("Progeny", numeric=False), Column("Branching", "%"),
        Column("Energy released", "keV"),
    )  # fmt: skip
    rows = tuple(
        (
            _MODES.get(str(mode["kind"]), str(mode["kind"])),
            nuclide_label(str(mode.get("progeny") or "")) or MISSING,
            rounded(100.0 * mode["branching"]),
            rounded(mode.get("q_keV")),
        )
        for mode in records(document, "modes")
    )
    return TextTable("nuclide_modes", "Decay modes", columns, rows)


def emission_text(emitted: Emitted) -> TextTable:
    """Return the lines that carry most energy per decay of the parent."""
    columns = (
        Column("Nuclide", numeric=False), Column("Emission", numeric=False),
        Column("Energy", "keV"), Column("Yield", "%"), Column("Energy per decay", "keV"),
    )  # fmt: skip
    ranked = sorted(emitted.lines, key=lambda line: -line.energy_keV * line.yield_per_decay)
    rows = tuple(
        (
            nuclide_label(line.nuclide), _EMISSIONS.get(line.kind, line.kind),
            rounded(line.energy_keV), number(100.0 * line.yield_per_decay),
            number(line.energy_keV * line.yield_per_decay),
        )
        for line in ranked[:MOST_EMISSIONS]
    )  # fmt: skip
    more = len(ranked) - len(rows)
    notes = (f"{more} lines that carry less energy are in the CSV.",) if more > 0 else ()
    title = f"Lines per decay of {nuclide_label(emitted.nuclide)}"
    return TextTable("nuclide_lines", title, columns, rows, {}, notes)
