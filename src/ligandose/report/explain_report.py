"""The pages of an explanation: the report, and beside it a dossier per target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.canvas import Figure
from ligandose.report.compose import Report, Section, provenance_section
from ligandose.report.explain_blueprint import blueprint_figure
from ligandose.report.explain_dossier import compact, dossier_file, dossier_report
from ligandose.report.explain_dossier_pdf import dossier_pdf
from ligandose.report.explain_figures import explain_figures
from ligandose.report.explain_map import target_map
from ligandose.report.explain_words import sentences
from ligandose.report.page import render
from ligandose.report.publish import json_bytes
from ligandose.report.summary import KeyNumber
from ligandose.report.tables import Column, TextTable
from ligandose.report.text import (
    agent_label,
    number,
    region_label,
)
from ligandose.report.write import figure_files

Document = Mapping[str, Any]
PAGE = "report.html"


def explain_files(document: Document, *, screen: Document | None = None) -> dict[str, bytes]:
    """Return every file of the report of a `ligandose.explain` document by its path.

    Args:
        document: of the explanation.
        screen: document of a screen, whose map of targets by nuclides takes the place of the
            explanation's own.
    """
    figures = {f.name: f for f in explain_figures(document)}
    if document["blueprint"]:
        figures["blueprint"] = blueprint_figure(document["blueprint"])
    mapped = screen or document["map"]
    if mapped is not None:
        figures["map"] = target_map(mapped)
    files = {
        PAGE: render(_report(document, figures)).encode(),
        "explain.json": json_bytes(document),
    }
    for one in document["dossiers"]:
        report = dossier_report(document, one)
        files[f"{dossier_file(one)}.html"] = compact(report).encode()
        files[f"{dossier_file(one)}.pdf"] = dossier_pdf(report, figures.get("map"))
    for figure in figures.values():
        files |= figure_files(figure, folder="figures/")
    return files


# ------------------------------------------------------------------ report


def _report(document: Document, figures: Mapping[str, Figure]) -> Report:
    names = [agent_label(str(a["agent"])) for a in document["agents"]]
    named = [
        ("blueprint", "Blueprint of an optimal target", ("blueprint",)),
        ("comparison", "Why one agent is better", ("comparison",)),
        ("sensitivity", "Which properties decide", _starting(figures, "sensitivity_")),
        ("population", "What differs between patients", _starting(figures, "population_")),
        ("information", "What to measure next", ("information",)),
        ("map", "Targets and nuclides", ("map",)),
    ]
    sections = [
        Section(
            anchor,
            title,
            figures=tuple(figures[n] for n in listed if n in figures),
            folded=_ranges(document) if anchor == "sensitivity" else (),
        )
        for anchor, title, listed in named
        if any(n in figures for n in listed)
    ]
    links = tuple(
        (f"{d['name']} in {d['indication']}, {end.upper()}", f"{dossier_file(d)}.{end}")
        for d in document["dossiers"]
        for end in ("html", "pdf")
    )
    if links:
        sections.insert(0, Section("dossiers", "Dossiers", links=links))
    sections.append(Section("omissions", "What is left out", items=tuple(document["omissions"])))
    command = (("Command", "ligandose explain study.yaml --out report"),)
    sections.append(provenance_section(document, command))
    return Report(
        kind="Explanation",
        title=" and ".join(names),
        subtitle=_subtitle(document),
        summary=tuple(sentences(document)),
        key_numbers=tuple(_key_numbers(document)),
        sections=tuple(sections),
        data=(),
        document=document,
        sources=document["sources"],
    )


def _starting(figures: Mapping[str, Figure], start: str) -> tuple[str, ...]:
    return tuple(name for name in figures if name.startswith(start))


def _subtitle(document: Document) -> str:
    setting = document["setting"]
    return f"{document['indication']}, {setting}" if setting else str(document["indication"])


def _key_numbers(document: Document) -> list[KeyNumber]:
    return [
        KeyNumber(
            agent_label(str(a["agent"])),
            number(a["typical_patient"]["log10_kill"]),
            f"log₁₀ kill where {region_label(a['typical_patient']['limiting_organ']).lower()} "
            "reach the limit, typical patient",
        )
        for a in document["agents"]
    ]


def _ranges(document: Document) -> tuple[TextTable, ...]:
    """Return what was varied for each agent, and over which range."""
    columns = (Column("Property", numeric=False), Column("Of", numeric=False),
               Column("Range", numeric=False), Column("What it changes", numeric=False, wide=True),
               Column("Note", numeric=False, wide=True))  # fmt: skip
    return tuple(
        TextTable(
            f"ranges_{k + 1}",
            f"Properties and ranges, {agent_label(str(one['agent']))}",
            columns,
            tuple(
                (f["label"], f["group"], _range(f), ", ".join(f["changes"]), f["note"])
                for f in one["factors"]
            ),
            notes=("Ranges are assumptions; without effect here: "
                   f"{', '.join(one['without_effect']) or 'none'}",),
        )
        for k, one in enumerate(document["sensitivity"])
    )  # fmt: skip


def _range(factor: Mapping[str, Any]) -> str:
    if factor["low"] is None:
        return f"{len(factor['changes'])} levels"
    unit = "" if factor["unit"] == "1" else f" {factor['unit']}"
    times = "× " if factor["is_multiplier"] else ""
    return f"{times}{number(factor['low'], 2)} to {number(factor['high'], 2)}{unit}"
