"""The dossier of a target in an indication: what it holds, in reading order, and its HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report.compose import Report, Section
from ligandose.report.explain_blueprint import range_words
from ligandose.report.explain_words import sentences
from ligandose.report.page import render
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

Document = Mapping[str, Any]
PAGE = "report.html"
MOST_ROWS, MOST_RANKED, MOST_ORGANS, MOST_CLAIMS = 5, 6, 4, 2
SHOWN = {"CAR T": "CAR T cells", "ADC": "Antibody–drug conjugate", "car_t": "CAR T cells",
         "adc": "Antibody–drug conjugate"}  # fmt: skip
COMPACT = """
@media print {
  @page { size: A4; margin: 10mm 12mm; }
  body { font-size: 7.4pt; line-height: 1.2; }
  header .use { margin: 0.2rem 0; padding: 0.1rem 0.4rem; font-size: 7.4pt; }
  h1 { font-size: 14pt; margin: 0; }
  header p { font-size: 9pt; }
  h2 { font-size: 9.5pt; margin: 0.1rem 0 0; }
  h3, caption { font-size: 8pt; margin: 0.05rem 0 0; padding: 0; }
  section { padding-top: 0.15rem; break-inside: auto; }
  p, ul, dl, table, figure { margin: 0.05rem 0; }
  table { font-size: 6.6pt; }
  td, th { padding-top: 0; padding-bottom: 0; line-height: 1.15; }
  footer { font-size: 6.5pt; margin-top: 0.2rem; padding-top: 0.1rem; }
  #sources, #provenance { font-size: 6.5pt; }
}
"""
"""A dossier is two pages on paper."""


def compact(report: Report) -> str:
    """Return a dossier as an HTML page that prints on two sheets."""
    return render(report).replace("</style>", f"{COMPACT}</style>", 1)


def dossier_file(one: Mapping[str, Any]) -> str:
    """Return the name of a dossier's page without its end."""
    name = "".join(c if c.isalnum() else "-" for c in str(one["name"]))
    return f"dossier_{name.strip('-')}"


def dossier_report(document: Document, one: Mapping[str, Any]) -> Report:
    """Return the dossier `one` of a `ligandose.explain` document."""
    sections = [
        Section("evidence", "Prevalence and evidence", tables=(_criteria(one),),
                items=tuple(_carried(c) for c in one["prevalence"][:MOST_CLAIMS])),
        Section("safety", "Where else it is: safety",
                tables=(_densities(one),), items=tuple(_safety(one))),
        Section("blueprint", "Against the blueprint", tables=_filled(_placed(document, one)),
                links=(("The blueprint", f"{PAGE}#blueprint"),)),
        Section("competitors", "Competitors", tables=_filled(_agents(one), _others(one))),
        Section("ranking", "Ranking with intervals", text=_ranking_text(one),
                tables=_filled(_ranking(document, one))),
        Section("human", "First in human", text=_human_text(one),
                tables=_filled(_human(one), _animals(one))),
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
    return [f"{c['context']}: {_said(c)}" for c in one["safety"][:MOST_ROWS]]


def _carried(claim: Mapping[str, Any]) -> str:
    """Return how many patients carry the target, as a claim says it."""
    value = claim["value"]
    held = f"in {percent(value)} of the patients" if isinstance(value, float) else str(value)
    known = "verified" if claim["verified"] else "unverified"
    return f"Prevalence: {held} ({claim['source']}, {known})"


def _said(claim: Mapping[str, Any]) -> str:
    known = "verified" if claim["verified"] else "unverified"
    return f"{claim['value']} ({claim['source']}, {known})"


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
        return ("Neither a screen nor a map: name one with `screen:` or `map:`.",)
    if not one["ranking"]:
        return (f"The {one['ranking_of']} has no candidate on this target.",)
    if one["ranking_of"] == "map":
        return (
            "From the map: at the limit, patients at best estimates; `screen:` names a full screen "
            "with draws of knowledge and a practical cap.",
        )
    return ()


def _ranking(document: Document, one: Mapping[str, Any]) -> TextTable:
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
        for c in held[:MOST_RANKED]
    ]
    against = "reference"
    if one["ranking_of"] == "map" and document["map"] is not None:
        against = agent_label(str(document["map"]["reference"]))
    columns = (_words("Agent"), _words("Rank (5–95 %)"), Column("log₁₀ kill"), Column("5–95 %"),
               _words("Limited by"), Column(f"Beats {against}"))  # fmt: skip
    title = "In the screen" if one["ranking_of"] == "screen" else "Of the map"
    return TextTable("ranking", title, columns, tuple(rows))


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
        shown = number(value)
        if held["categories"] and value is not None:
            shown = held["categories"][round(value) - 1]
            inside = shown in held["kept"] or not held["matters"]
        rows.append(
            (
                held["label"],
                range_words(held),
                own[0]["said"] or "not measured" if value is None else shown,
                own[0]["status"],
                "–" if value is None else "within" if inside else "outside",
            )
        )
    columns = (_words("Property"), _words("Range that keeps the effect"), _words("This target"),
               _words("Status"), _words("Range"))  # fmt: skip
    return TextTable("placed", "Properties of the target", columns, tuple(rows))


def _human_text(one: Mapping[str, Any]) -> tuple[str, ...]:
    said = [
        f"{agent_label(str(h['agent']))}: {number(h['activity_to_discuss_GBq_per_cycle'])} GBq per "
        f"cycle ({h['cycles']} in all, {number(h['amount_nmol'])} nmol) keeps "
        f"{percent(1.0 - h['safe_share'])} of {h['patients']} virtual patients, with what is not "
        "known of the parameters, below every limit."
        for h in one["first_in_human"]
    ]
    animals = one["from_animals"]
    if animals is None:
        said.append("No animals: `translation:` names the result of `ligandose translate`.")
    elif animals["activity"]:
        first = number(animals["activity"]["first_in_human_GBq"])
        said.append(f"From animals a first activity of {first} GBq is proposed.")
    return (*said, "To discuss, not to give.")


def _human(one: Mapping[str, Any]) -> TextTable:
    rows: list[tuple[str, ...]] = []
    for found in one["first_in_human"]:
        organs: Sequence[Mapping[str, Any]] = found["organs"]
        for organ in organs[:MOST_ORGANS]:
            dose, most = organ["dose_per_activity_Gy_per_GBq"], organ["activity_at_limit_GBq"]
            rows.append(
                (
                    agent_label(str(found["agent"])),
                    region_label(organ["region"]),
                    f"{number(dose['median'])} ({interval(dose['p05'], dose['p95'])})",
                    f"{number(organ['limit_Gy'])} Gy {_quantity(organ['quantity'])}",
                    f"{number(most['median'])} ({interval(most['p05'], most['p95'])})",
                    percent(organ["limits_share"]),
                )
            )
    columns = (_words("Agent"), _words("Organ"), Column("Dose (5–95 %)", "Gy/GBq"),
               Column("Limit"), Column("Activity at it (5–95 %)", "GBq, all cycles"),
               Column("Limits"))  # fmt: skip
    return TextTable("human", "Predicted by the model", columns, tuple(rows))


def _quantity(name: str) -> str:
    return {"bed": "BED", "eqd2": "EQD2"}.get(name, "")


def _animals(one: Mapping[str, Any]) -> TextTable:
    found: Mapping[str, Any] = one["from_animals"] or {"doses": ()}
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
    return TextTable("animals", "Scaled from animals", columns, tuple(rows))


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
            SHOWN.get(c["what"], sentence_case(c["what"])),
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
               Column("Worth", "decades"), Column("95 %", "decades"),
               Column("Changes the choice"))  # fmt: skip
    return TextTable("measurements", "Value of information", columns, tuple(rows))
