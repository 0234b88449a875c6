"""The pages of an explanation: the report, and a dossier of two pages per target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report.canvas import Figure
from ligandose.report.compose import Report, Section, provenance_section
from ligandose.report.explain_blueprint import blueprint_figure, range_words
from ligandose.report.explain_figures import explain_figures
from ligandose.report.page import render
from ligandose.report.publish import json_bytes
from ligandose.report.screen_figures import map_figure
from ligandose.report.summary import KeyNumber
from ligandose.report.tables import Column, TextTable
from ligandose.report.text import (
    agent_label,
    interval,
    nuclide_label,
    number,
    percent,
    region_label,
    sentence_case,
)
from ligandose.report.write import figure_files

Document = Mapping[str, Any]
PAGE = "report.html"
MOST_ROWS = 5
COMPACT = """
@media print {
  body { font-size: 8pt; line-height: 1.25; }
  header .use { margin: 0.3rem 0; padding: 0.2rem 0.5rem; }
  h1 { font-size: 15pt; margin: 0; }
  h2 { font-size: 10.5pt; margin: 0.2rem 0 0.1rem; }
  section { padding-top: 0.3rem; break-inside: auto; }
  p, ul, dl, table { margin: 0.1rem 0; }
  table { font-size: 7pt; }
  td, th { padding-top: 0.5pt; padding-bottom: 0.5pt; }
  #sources, #provenance { font-size: 6.5pt; }
}
"""
"""A dossier is two pages on paper."""


def explain_files(document: Document, *, screen: Document | None = None) -> dict[str, bytes]:
    """Return every file of the report of a `ligandose.explain` document by its path.

    Args:
        document: of the explanation.
        screen: document of a screen, whose map of targets by nuclides is drawn.
    """
    figures = {f.name: f for f in explain_figures(document)}
    if document["blueprint"]:
        figures["blueprint"] = blueprint_figure(document["blueprint"])
    if screen is not None:
        figures["screen_map"] = map_figure(screen)
    files = {
        PAGE: render(_report(document, figures)).encode(),
        "explain.json": json_bytes(document),
    }
    for one in document["dossiers"]:
        files[f"{dossier_file(one)}.html"] = _compact(_dossier(document, one)).encode()
    for figure in figures.values():
        files |= figure_files(figure, folder="figures/")
    return files


def _compact(report: Report) -> str:
    return render(report).replace("</style>", f"{COMPACT}</style>", 1)


def dossier_file(one: Mapping[str, Any]) -> str:
    """Return the name of a dossier's page without its end."""
    name = "".join(c if c.isalnum() else "-" for c in str(one["name"]))
    return f"dossier_{name.strip('-')}"


# ------------------------------------------------------------------ report


def _report(document: Document, figures: Mapping[str, Figure]) -> Report:
    names = [agent_label(str(a["agent"])) for a in document["agents"]]
    named = [
        ("blueprint", "Blueprint of an optimal target", ("blueprint",)),
        ("comparison", "Why one agent is better", ("comparison",)),
        ("sensitivity", "Which properties decide", _starting(figures, "sensitivity_")),
        ("population", "What differs between patients", _starting(figures, "population_")),
        ("information", "What to measure next", ("information",)),
        ("map", "Targets and nuclides", ("screen_map",)),
    ]
    sections = [
        Section(anchor, title, figures=tuple(figures[n] for n in listed if n in figures))
        for anchor, title, listed in named
        if any(n in figures for n in listed)
    ]
    links = tuple(
        (f"{d['name']} in {d['indication']}", f"{dossier_file(d)}.html")
        for d in document["dossiers"]
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


def sentences(document: Document) -> list[str]:
    """Return what an explanation says, a sentence for each part."""
    said: list[str] = []
    for one in document["sensitivity"]:
        label = {f["factor"]: f["label"] for f in one["factors"]}
        kill = next(o for o in one["outputs"] if o["output"] == "relative_kill")
        best = sorted(kill["indices"], key=lambda i: -(i["total"] or 0.0))[:3]
        words = ", ".join(f"{label[i['factor']]} ({number(i['total'], 2)})" for i in best)
        sure = "converged" if kill["converged"] else "not converged at this sample"
        said.append(
            f"{agent_label(str(one['agent']))}: the kill at the limit depends most on {words} "
            f"(total Sobol indices of its logarithm, {sure})."
        )
    found = document["comparison"]
    if found and found["groups"]:
        parts = ", ".join(
            f"{g['group']} {number(g['log10_kill']['mean'], 2)}"
            for g in sorted(found["groups"], key=lambda g: -abs(g["log10_kill"]["mean"]))
        )
        said.append(
            f"{agent_label(str(found['first']))} against {agent_label(str(found['second']))}: "
            f"{number(found['difference']['mean'], 2)} decades of kill on average, of which "
            f"{parts}; better in {percent(found['better_share'])} of the patients."
        )
    information = document["information"]
    if information and information["measurements"]:
        best = information["measurements"][0]
        said.append(
            f"Now {agent_label(str(information['choice']))} has the highest expected kill. "
            f"Knowing {best['group'].lower()} would add most to the choice: "
            f"{number(best['value'], 2)} decades (95 % {interval(*best['interval'])}); it would "
            f"change it in {percent(best['changes_choice'])} of the draws."
        )
    return said


# ------------------------------------------------------------------ dossier


def _dossier(document: Document, one: Mapping[str, Any]) -> Report:
    sections = [
        Section("evidence", "Prevalence and evidence", tables=(_criteria(one),)),
        Section("safety", "Where else it is: safety",
                tables=(_densities(one),), items=tuple(_safety(one))),
        Section("ranking", "Ranking with intervals", text=_ranking_text(one),
                tables=_filled(_ranking(one))),
        Section("blueprint", "Against the blueprint", tables=_filled(_placed(document, one)),
            links=(("The blueprint", f"{PAGE}#blueprint"),),),
        Section("human", "First in human", text=_human_text(one), tables=_filled(_human(one))),
        Section("competitors", "Competitors", tables=_filled(_agents(one), _others(one))),
        Section("information", "What to measure next", text=_measure_text(one),
                tables=_filled(_measurements(one))),
    ]  # fmt: skip
    tier = "not assessable" if one["tier"] is None else f"tier {one['tier']}"
    return Report(
        kind="Dossier",
        title=f"{one['name']} in {one['indication']}",
        subtitle=f"{', '.join(one['compartments']) or 'compartment not known'} · {tier}",
        summary=tuple(sentences(document)),
        key_numbers=(),
        sections=tuple(sections),
        data=(),
        document=document,
    )


def _filled(*tables: TextTable) -> tuple[TextTable, ...]:
    return tuple(t for t in tables if t.rows)


def _words(heading: str, *, wide: bool = False) -> Column:
    return Column(heading, numeric=False, wide=wide)


def _criteria(one: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            sentence_case(c["criterion"]),
            str(c["value"]),
            number(c["desirability"], 2) if c["known"] else "not measured",
            c["evidence"] or "–",
        )
        for c in one["criteria"]
    ]
    columns = (_words("Criterion"), _words("What is known", wide=True), Column("Desirability"),
               _words("Evidence"))  # fmt: skip
    return TextTable("criteria", "Target profile", columns, tuple(rows))


def _safety(one: Mapping[str, Any]) -> list[str]:
    return [
        f"{c['context']}: {c['value']} ({c['source']}, "
        f"{'verified' if c['verified'] else 'unverified'})"
        for c in one["safety"][:MOST_ROWS]
    ]


def _densities(one: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            region_label(r["region"]),
            number(r["density_nmol_L"]),
            f"× or ÷ {number(r['gsd'], 2)}",
            r["basis"],
            r["source"],
        )
        for r in one["densities"]
    ]
    columns = (_words("Region"), Column("Sites", "nmol/L"), _words("Known within"),
               _words("Status"), _words("Source"))  # fmt: skip
    return TextTable("densities", "Sites in lesions and organs", columns, tuple(rows))


def _ranking_text(one: Mapping[str, Any]) -> tuple[str, ...]:
    if one["ranking"] is None:
        return ("No screen was given; name one with `screen:` to see ranks and intervals.",)
    return () if one["ranking"] else ("The screen has no candidate on this target.",)


def _ranking(one: Mapping[str, Any]) -> TextTable:
    every: Sequence[Mapping[str, Any]] = one["ranking"] or ()
    held = [c for c in every if c["feasible"]]
    held.sort(key=lambda c: c["rank"])
    rows = [
        (
            agent_label(str(c["agent"])),
            f"{c['rank']} ({c['rank_interval']['p05']:.0f} – {c['rank_interval']['p95']:.0f})",
            number(c["log10_kill"]["median"]),
            interval(c["log10_kill"]["p05"], c["log10_kill"]["p95"]),
            region_label(c["limiting_organ"]),
            percent(c["p_better_than_reference"]),
        )
        for c in held[:MOST_ROWS]
    ]
    columns = (_words("Agent"), _words("Rank (5–95 %)"), Column("log₁₀ kill"), Column("5–95 %"),
               _words("Limited by"), Column("Beats reference"))  # fmt: skip
    return TextTable("ranking", "In the screen", columns, tuple(rows))


def _placed(document: Document, one: Mapping[str, Any]) -> TextTable:
    found: Mapping[str, Any] = document["blueprint"] or {"properties": ()}
    rows: list[tuple[str, ...]] = []
    properties: Sequence[Mapping[str, Any]] = found["properties"]
    for held in properties:
        targets: Sequence[Mapping[str, Any]] = held["targets"]
        own = [t for t in targets if t["target"] == one["target"]]
        if not own:
            continue
        value = own[0]["value"]
        if value is None and not own[0]["said"]:
            continue
        low, high = held["range"]["low"], held["range"]["high"]
        inside = value is not None and low is not None and low <= value <= high
        rows.append(
            (
                held["label"],
                range_words(held),
                own[0]["said"] or "not measured" if value is None else number(value),
                own[0]["status"],
                "–" if value is None else "within" if inside else "outside",
            )
        )
    columns = (_words("Property"), _words("Range that keeps the effect"), _words("This target"),
               _words("Status"), _words("Range"))  # fmt: skip
    return TextTable("placed", "Properties of the target", columns, tuple(rows))


def _human_text(one: Mapping[str, Any]) -> tuple[str, ...]:
    found = one["first_in_human"]
    if found is None:
        return ("No translation was given; name one with `translation:` to see human doses.",)
    activity: Mapping[str, Any] = found["activity"] or {"first_in_human_GBq": None}
    first = activity["first_in_human_GBq"]
    return (f"Proposed first activity to discuss, from animals: {number(first)} GBq.",)


def _human(one: Mapping[str, Any]) -> TextTable:
    found: Mapping[str, Any] = one["first_in_human"] or {"doses": ()}
    doses: Sequence[Mapping[str, Any]] = found["doses"]
    rows = [
        (
            region_label(r["region"]),
            number(r["dose_per_activity_Gy_per_GBq"]["median"]),
            interval(
                r["dose_per_activity_Gy_per_GBq"]["p05"], r["dose_per_activity_Gy_per_GBq"]["p95"]
            ),
        )
        for r in doses[:MOST_ROWS]
    ]
    columns = (_words("Organ"), Column("Dose", "Gy/GBq"), Column("5–95 %", "Gy/GBq"))
    return TextTable("human", "Human doses from animals", columns, tuple(rows))


def _agents(one: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            agent_label(str(a["agent"])),
            a["vector_class"],
            ", ".join(nuclide_label(n) for n in a["nuclides"]),
            a["stage"],
            a["status"],
        )
        for a in one["agents"][:MOST_ROWS]
    ]
    columns = (_words("Agent"), _words("Vector"), _words("Nuclides"), _words("Stage"),
               _words("Status"))  # fmt: skip
    return TextTable("agents", "Radionuclide agents against it", columns, tuple(rows))


def _others(one: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            sentence_case(c["what"]),
            f"the {c['against']}",
            c["detail"],
            "verified" if c["verified"] else "unverified",
        )
        for c in one["competitors"][: 2 * MOST_ROWS]
    ]
    columns = (_words("Modality"), _words("Against"), _words("What", wide=True), _words("Status"))
    return TextTable("others", "Other modalities", columns, tuple(rows))


def _measure_text(one: Mapping[str, Any]) -> tuple[str, ...]:
    found = one["information"]
    if not found:
        return ("One agent leaves nothing to decide; name a second or `information: options:`.",)
    return (
        f"Between {', '.join(agent_label(str(o['agent'])) for o in found['options'])}; knowing "
        f"everything would be worth {number(found['perfect_information'], 2)} decades of kill.",
    )


def _measurements(one: Mapping[str, Any]) -> TextTable:
    information: Mapping[str, Any] = one["information"] or {"measurements": ()}
    found: Sequence[Mapping[str, Any]] = information["measurements"]
    rows = [
        (
            m["group"],
            m["how"],
            number(m["value"], 2),
            interval(*m["interval"]),
            percent(m["changes_choice"]),
        )
        for m in found[:MOST_ROWS]
    ]
    columns = (_words("Group"), _words("Measured by", wide=True),
               Column("Worth", "decades of kill"), Column("95 %"),
               Column("Changes the choice"))  # fmt: skip
    return TextTable("measurements", "Value of information", columns, tuple(rows))
