"""The report of what a patient received: one page, one PDF, tables, figures, images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ligandose.plan import PatientDose, image_files
from ligandose.report.canvas import Figure
from ligandose.report.compose import Report, Section, provenance_section
from ligandose.report.page import render
from ligandose.report.publish import json_bytes, publish
from ligandose.report.received_engines import (
    ENGINE_NAMES,
    engine_section,
    filled,
    part,
    signed,
    some,
)
from ligandose.report.received_figures import received_figures
from ligandose.report.received_pdf import report_pdf
from ligandose.report.summary import PATIENT_USE, KeyNumber
from ligandose.report.tables import Column, Table, TextTable, table
from ligandose.report.text import (
    MISSING,
    agent_label,
    interval,
    nuclide_label,
    number,
    percent,
    region_label,
)
from ligandose.report.write import figure_files

PAGE = "report.html"
NOTHING: tuple[Any, ...] = (None, {}, [])
TABLE = "a table of activities"
OF_IMAGES = ("regions_from", "registration", "recovery", "background", "monte_carlo_in")
STATUS_ORDER = ("invalid", "warning", "note", "ok")
ENGINES = {
    "local": "local deposition in each voxel",
    "kernel": "voxel kernels in water, scaled by density",
    "mc": "Monte Carlo in the patient's CT",
    "s_value": "S values",
}
Document = Mapping[str, Any]


def write_received(document: Document, found: PatientDose, out: Path | str) -> Path:
    """Write the whole result as a folder, at once or not at all; return its page.

    The folder holds report.html, report.pdf, dose.json, tables/, figures/ and, for images,
    images/ with DICOM and NIfTI.

    Raises:
        InputError: a folder that must not be replaced.
    """
    figures = received_figures(document, found)
    report = received_report(document, figures)
    files = {
        PAGE: render(report).encode(),
        "report.pdf": report_pdf(report),
        "dose.json": json_bytes(document),
        **image_files(found),
    }
    for figure in report.figures:
        files |= figure_files(figure, folder="figures/")
    for one in report.data:
        files[f"tables/{one.name}.csv"] = one.csv().encode()
    return publish(files, out) / PAGE


def received_report(document: Document, figures: Mapping[str, Figure]) -> Report:
    """Return the report of a `ligandose.dose` document."""
    name = agent_label(document["agent"] or "") or nuclide_label(document["nuclide"])
    sections = [
        _dose_section(document, figures),
        engine_section(document),
        Section(
            "curves", "Activity over time", figures=some(figures, "tac"),
            tables=(_fit_table(document),),
        ),
        _image_section(document, figures),
        _marrow_section(document),
        Section("checks", "Checks", tables=filled(_check_table(document))),
        Section("input", "What went in", facts=_input_facts(document)),
        Section("omissions", "What is left out", items=tuple(document["omissions"])),
        provenance_section(document, (("Command", _command(document)),)),
    ]  # fmt: skip
    return Report(
        kind="Patient dose",
        title=f"{document['case']}: {name}",
        subtitle=f"{number(document['administered_GBq'])} GBq of "
        f"{nuclide_label(document['nuclide'])} · {ENGINES[document['engine']]}",
        summary=_summary(document),
        key_numbers=_key_numbers(document),
        sections=tuple(s for s in sections if s is not None),
        data=tuple(received_tables(document)),
        document=document,
        intended_use=PATIENT_USE,
    )


def _command(document: Document) -> str:
    engine = "" if document["engine"] == "s_value" else f" --engine {document['engine']}"
    return f"ligandose dose CASE{engine} --out report"


def _doses(document: Document) -> list[Document]:
    return [r for r in document["regions"] if r["dose_Gy"] is not None]


def _summary(document: Document) -> tuple[str, ...]:
    worst = [c for c in document["checks"] if c["status"] in ("invalid", "warning")]
    found = len(_doses(document))
    first = (
        f"Absorbed dose of {found} region{'s' if found > 1 else ''} after one administration, by "
        f"{ENGINES[document['engine']]}."
    )
    if not worst:
        return (first, "No check raised a warning; notes are listed below.")
    shown = "; ".join(f"{c['check']}: {c['text']}" for c in worst[:4])
    more = f" {len(worst) - 4} more below." if len(worst) > 4 else ""
    return (first, f"Look at: {shown}.{more}")


def _key_numbers(document: Document) -> tuple[KeyNumber, ...]:
    found = sorted(_doses(document), key=lambda r: -r["dose_Gy"]["median"])[:4]
    return tuple(
        KeyNumber(
            region_label(r["region"]),
            f"{number(r['dose_Gy']['median'])} Gy",
            f"90 % interval {interval(r['dose_Gy']['p05'], r['dose_Gy']['p95'])} Gy",
        )
        for r in found
    )


def _dose_section(document: Document, figures: Mapping[str, Figure]) -> Section:
    return Section(
        "dose", "Absorbed dose", figures=some(figures, "dvh", "uncertainty"),
        tables=filled(_dose_table(document), _compare_table(document)),
        folded=filled(_dvh_table(document), _limit_table(document)),
    )  # fmt: skip


def _dose_table(document: Document) -> TextTable:
    columns = (
        Column("Region", numeric=False), Column("Mass", "g"),
        Column("TIA", "GBq h"), Column("Dose", "Gy"), Column("90 % interval", "Gy"),
        Column("Uncertainty", "%"), Column("Gy/GBq"), Column("BED", "Gy"),
        Column("90 % interval of BED", "Gy"),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for r in _doses(document):
        dose, bed = r["dose_Gy"], part(r, "bed_Gy")
        rows.append(
            (
                region_label(r["region"]), number(1e3 * r["mass_kg"]),
                number(r["tia_Bq_s"] / 3.6e12), number(dose["median"]),
                interval(dose["p05"], dose["p95"]), percent(r["uncertainty"]["relative_sd"]),
                number(r["dose_per_activity_Gy_per_GBq"]), number(bed.get("median")),
                interval(bed.get("p05"), bed.get("p95")),
            )
        )  # fmt: skip
    notes = ("Medians; intervals are log-normal and hold the uncertainties that are known.",)
    return TextTable("dose", "Absorbed dose and BED", columns, tuple(rows), notes=notes)


def _compare_table(document: Document) -> TextTable:
    voxels = document["engine"] != "s_value"
    columns = [Column("Region", numeric=False), Column("S values", "Gy")]
    if voxels:
        columns[1:] = [
            Column(ENGINE_NAMES[document["engine"]], "Gy"),
            Column("S values", "Gy"),
            Column("Difference", "%"),
        ]
    columns += [Column("Electrons", "Gy"), Column("Photons", "Gy"), Column("Alphas", "Gy"),
                Column("Own share", "%")]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for r in _doses(document):
        own, other = r["dose_Gy"]["median"], r["s_value"]["dose_Gy"]
        apart = own / other if other > 0.0 else None
        doses = (number(own), number(other), signed(apart)) if voxels else (number(other),)
        rows.append(
            (
                region_label(r["region"]), *doses,
                *(number(r["by_radiation"].get(k, 0.0)) for k in ("electron", "photon", "alpha")),
                percent(r["s_value"]["self_share"]),
            )
        )  # fmt: skip
    return TextTable("compare", "By method and by radiation", tuple(columns), tuple(rows))


def _dvh_table(document: Document) -> TextTable:
    keys = ("d98_Gy", "d90_Gy", "d50_Gy", "d10_Gy", "d2_Gy")
    columns = (
        Column("Region", numeric=False),
        *(Column(k.removesuffix("_Gy").upper(), "Gy") for k in keys),
        Column("Mean voxel BED", "Gy"), Column("EUBED", "Gy"),
    )  # fmt: skip
    rows = tuple(
        (
            region_label(r["region"]), *(number(r["dvh"][k]) for k in keys),
            number(part(r, "voxel_bed_Gy").get("mean")),
            number(part(r, "voxel_bed_Gy").get("eubed")),
        )
        for r in _doses(document)
        if r["dvh"]
    )  # fmt: skip
    return TextTable("dvh", "Dose-volume points", columns, rows)


def _limit_table(document: Document) -> TextTable:
    columns = (
        Column("Region", numeric=False), Column("Limit", numeric=False),
        Column("Quantity", numeric=False),
        Column("Limit", "Gy"), Column("This administration", "Gy"), Column("Share", "%"),
        Column("Status", numeric=False),
    )  # fmt: skip
    rows = tuple(
        (
            region_label(x["region"]), x["label"], x["quantity"].replace("_", " "),
            number(x["limit_Gy"]), number(x["value_Gy"]), percent(x["share"]), x["status"],
        )
        for x in document["limits"]
    )  # fmt: skip
    return TextTable("limits", "Beside published limits", columns, rows)


def _fit_table(document: Document) -> TextTable:
    columns = (
        Column("Region", numeric=False), Column("Curve", numeric=False),
        Column("Half-lives", "h", numeric=False),
        Column("TIA", "GBq h"), Column("Fit", "%"), Column("After last point", "%"),
        Column("Notes", numeric=False, wide=True),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for r in document["regions"]:
        fit = r["fit"]
        halves = [v / 3600.0 for k, v in fit["parameters"].items() if "half_life" in k]
        rows.append(
            (
                region_label(r["region"]), fit["model"].replace("_", " "),
                ", ".join(number(h) for h in halves),
                number(r["tia_Bq_s"] / 3.6e12), percent(fit["relative_sd"]),
                percent(fit["tail_share"]), "; ".join(fit["notes"]),
            )
        )  # fmt: skip
    return TextTable("fits", "Curves", columns, tuple(rows))


def _time_table(document: Document) -> TextTable:
    columns = (
        Column("Time", "h"), Column("Activity in view", "MBq"), Column("Background", "%"),
        Column("Correlation before"), Column("after"), Column("Mean shift", "mm"),
        Column("Used", numeric=False),
        Column("How unit and moment are known", numeric=False, wide=True),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for t in document["time_points"]:
        match = part(t, "registration")
        rows.append(
            (
                number(t["time_h"]), number(t["activity_in_view_MBq"]),
                percent(t["background_share"]), number(match.get("correlation_before")),
                number(match.get("correlation_after")), number(match.get("mean_shift_mm")),
                (MISSING if not match else "yes" if match["used"] else "no"), "; ".join(t["basis"]),
            )
        )  # fmt: skip
    return TextTable("times", "Time points", columns, tuple(rows))


def _check_table(document: Document) -> TextTable:
    columns = (
        Column("Status", numeric=False), Column("Check", numeric=False),
        Column("Finding", numeric=False, wide=True),
    )  # fmt: skip
    found = sorted(document["checks"], key=lambda c: STATUS_ORDER.index(c["status"]))
    rows = tuple((c["status"], c["check"].replace("_", " "), c["text"]) for c in found)
    return TextTable("checks", "What was looked at", columns, rows)


def _marrow_section(document: Document) -> Section | None:
    marrow = document["marrow"]
    if marrow is None:
        return None
    why = "; ".join(marrow["invalid_because"])
    facts = (
        ("Valid", "yes" if marrow["valid"] else f"NO: {why}"),
        ("Dose", f"{number(marrow['dose_Gy'])} Gy"),
        ("from its blood", f"{number(marrow['from_blood_Gy'])} Gy"),
        ("from the rest", f"{number(marrow['from_the_rest_Gy'])} Gy"),
        ("Marrow to blood", f"{number(marrow['marrow_to_blood_ratio'])}: {marrow['ratio_source']}"),
        ("Mass", f"{number(marrow['mass_kg'])} kg"),
        ("Curve of blood", marrow["blood_fit"]["model"]),
    )
    return Section("marrow", "Red marrow from blood samples", facts=facts)


def _image_section(document: Document, figures: Mapping[str, Figure]) -> Section | None:
    if not document["time_points"]:
        return None
    first = document["time_points"][0]
    size = " × ".join(str(n) for n in first["voxels_zyx"][::-1])
    side = " × ".join(number(n) for n in first["spacing_mm_zyx"][::-1])
    facts = (
        ("Time points", ", ".join(f"{number(t['time_h'])} h" for t in document["time_points"])),
        ("Grid of the doses", f"{size} voxels of {side} mm"),
    )
    return Section(
        "images", "Images, registration and regions", facts=facts,
        figures=some(figures, "regions", "registration"), folded=filled(_time_table(document)),
    )  # fmt: skip


def _input_facts(document: Document) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = [
        ("Case", document["case"]),
        (
            "Patient",
            ", ".join(f"{k} {_plain(v)}" for k, v in document["patient"].items() if v is not None),
        ),
    ]
    found.append(("Source", document["source"] if document["time_points"] else TABLE))
    for key, value in document["methods"].items():
        if key in OF_IMAGES and not document["time_points"]:
            continue
        if isinstance(value, Mapping):
            held = cast("Mapping[str, Any]", value)
            shown = "; ".join(f"{k} {_plain(v)}" for k, v in held.items() if v not in NOTHING)
            found.append((key, shown))
        elif value not in NOTHING:
            found.append((key, _plain(value)))
    return tuple((k.replace("_", " ").capitalize(), v) for k, v in found if v)


def _plain(value: Any) -> str:
    """Return a setting as it is read: numbers without the noise of their last digits."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(str(v) for v in cast("list[Any]", value))
    return str(value)


def received_tables(document: Document) -> Sequence[Table]:
    """Return the tables of the folder: doses, fits, time points, checks."""
    statistics = ("mean", "sd", "median", "p05", "p95")
    rows: list[list[Any]] = []
    fits: list[list[Any]] = []
    for r in document["regions"]:
        dose, bed = part(r, "dose_Gy"), part(r, "bed_Gy")
        spread, other = part(r, "uncertainty"), part(r, "s_value")
        rows.append(
            [
                r["region"], r["volume_mL"], r["mass_kg"], r["tia_Bq_s"], r["tiac_h"],
                *(dose.get(s) for s in statistics), *(bed.get(s) for s in statistics),
                other.get("dose_Gy"),
                *(part(r, "by_radiation").get(k) for k in ("alpha", "electron", "photon")),
                spread.get("relative_sd"),
                *(part(spread, "parts").get(p) for p in
                  ("volume", "recovery", "calibration", "fit", "s_value")),
            ]
        )  # fmt: skip
        fits += [
            [r["region"], r["fit"]["model"], name, value]
            for name, value in r["fit"]["parameters"].items()
        ]
    columns = (
        "region", "volume_mL", "mass_kg", "tia_Bq_s", "tiac_h",
        *(f"dose_{s}_Gy" for s in statistics), *(f"bed_{s}_Gy" for s in statistics),
        "s_value_dose_Gy", "alpha_Gy", "electron_Gy", "photon_Gy", "relative_sd",
        *(f"{p}_relative_sd" for p in
          ("volume", "recovery", "calibration", "fit", "s_value_model")),
    )  # fmt: skip
    checks = [[c["status"], c["check"], c["text"]] for c in document["checks"]]
    return (
        table("doses", columns, rows),
        table("fits", ("region", "model", "parameter", "value"), fits),
        table("checks", ("status", "check", "text"), checks),
    )
