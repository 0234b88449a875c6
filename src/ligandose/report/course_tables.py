"""The tables of a course: text for readers, full precision for CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.contract import CourseDocument, Published, Quantity, Region
from ligandose.report.doses import (
    QUANTITY_LABELS,
    published_coefficients,
    ranked_regions,
)
from ligandose.report.tables import Column, Table, TextTable, Value, table
from ligandose.report.text import (
    MISSING,
    interval,
    mean_sd,
    number,
    percent,
    plain,
    quantity_text,
    region_label,
    rounded,
    sentence_case,
    source_label,
)

_STATISTICS = ("mean", "sd", "median", "p05", "p95")
_RADIATIONS = ("alpha", "electron", "photon")
_VARIABILITY_NOTE = (
    "± and “90 % of patients” are variability between patients; the uncertainty of the mean is "
    "what is not known of the parameters (90 % interval of the population mean). They are not "
    "added to each other."
)


def _groups(regions: list[Region]) -> dict[int, str]:
    """Return the index at which lesions begin, with its heading, where there are both kinds."""
    kinds = [region["kind"] for region in regions]
    groups: dict[int, str] = {}
    for kind, words in (("organ", "Organs"), ("lesion", "Lesions")):
        if kind in kinds:
            groups[kinds.index(kind)] = words
    return groups


def variation(quantity: Quantity) -> str:
    """Return the coefficient of variation between patients."""
    return percent(quantity["sd"] / quantity["mean"]) if quantity["mean"] else MISSING


def uncertainty(quantity: Mapping[str, Any]) -> str:
    """Return the 90 % interval of the population mean, or that it was not computed."""
    known: Quantity | None = quantity.get("uncertainty")
    return interval(known["p05"], known["p95"]) if known else MISSING


def _share(region: Region, radiation: str) -> str:
    total = region["dose_Gy"]["mean"]
    part = region["dose_Gy"].get("by_radiation", {}).get(radiation)
    return percent(part["mean"] / total) if part and total else MISSING


def dose_text(document: CourseDocument) -> TextTable:
    """Return absorbed dose for the whole course."""
    regions = ranked_regions(document)
    columns = (
        Column("Region", numeric=False), Column("Mass", "g"), Column("Mean ± SD", "Gy"),
        Column("CV"), Column("Median", "Gy"), Column("90 % of patients", "Gy"),
        Column("Uncertainty of the mean", "Gy"), Column("α"), Column("β, e⁻"), Column("γ, X"),
        Column("Cross-dose"),
    )  # fmt: skip
    rows = tuple(_dose_row(region) for region in regions)
    notes = (
        _VARIABILITY_NOTE,
        "α, β, e⁻, γ and X: shares of the mean dose; α with recoil. Cross-dose: share of the dose "
        "that activity outside the region gives, mean over patients.",
    )
    title = "Absorbed dose, whole course"
    return TextTable("doses", title, columns, rows, _groups(regions), notes)


def _dose_row(region: Region) -> tuple[str, ...]:
    q = region["dose_Gy"]
    mass = region["mass_kg"]
    return (
        region_label(region["region"]),
        rounded(1e3 * mass if mass is not None else None, 3),
        mean_sd(q["mean"], q["sd"]),
        variation(q),
        number(q["median"]),
        interval(q["p05"], q["p95"]),
        uncertainty(q),
        *(_share(region, radiation) for radiation in _RADIATIONS),
        percent((region.get("cross_dose_share") or {}).get("mean")),
    )


def cross_dose_text(document: CourseDocument) -> TextTable:
    """Return which share of each region's dose activity elsewhere gives, and where it is."""
    regions = [r for r in ranked_regions(document) if r.get("cross_dose_share")]
    columns = (
        Column("Region", numeric=False), Column("Cross-dose ± SD", "%"),
        Column("90 % of patients", "%"), Column("From", numeric=False, wide=True),
    )  # fmt: skip
    rows = tuple(_cross_dose_row(region) for region in regions)
    notes = (
        "Cross-dose: share of a region's dose that activity outside it gives; mean over patients. "
        "From: the largest shares of the mean dose.",
    )
    title = "Cross-dose between regions"
    return TextTable("cross_dose", title, columns, rows, _groups(regions), notes)


def _cross_dose_row(region: Region) -> tuple[str, ...]:
    share = region.get("cross_dose_share") or {}
    mean, sd, low, high = (
        None if (value := share.get(key)) is None else 100.0 * value
        for key in ("mean", "sd", "p05", "p95")
    )
    found = region.get("cross_dose_from") or []
    named = (f"{source_label(f['region'])} {percent(f['share'])}" for f in found)
    return (
        region_label(region["region"]), mean_sd(mean, sd), interval(low, high),
        ", ".join(named) or MISSING,
    )  # fmt: skip


def coefficient_text(document: CourseDocument) -> TextTable:
    """Return dose per activity beside what was published, a row for each published value."""
    regions = ranked_regions(document)
    columns = (
        Column("Region", numeric=False),
        Column("Predicted mean ± SD", "Gy/GBq"),
        Column("90 % of patients", "Gy/GBq"),
        Column("Uncertainty of the mean", "Gy/GBq"),
        Column("Published", "Gy/GBq"),
        Column("Ratio"),
        Column("Cohort", numeric=False, wide=True),
        Column("Source", numeric=False, sources=True),
    )
    rows: list[tuple[str, ...]] = []
    headings = _groups(regions)
    groups: dict[int, str] = {}
    for i, region in enumerate(regions):
        if i in headings:
            groups[len(rows)] = headings[i]
        rows += _coefficient_rows(document, region)
    notes = (
        _VARIABILITY_NOTE,
        "Ratio: predicted mean over published mean. ● marks values that the calibration has seen.",
    )
    title = "Dose per administered activity, beside published values"
    return TextTable("coefficients", title, columns, tuple(rows), groups, notes)


def _coefficient_rows(document: CourseDocument, region: Region) -> list[tuple[str, ...]]:
    q = region["dose_per_activity_Gy_per_GBq"]
    predicted = (
        region_label(region["region"]),
        mean_sd(q["mean"], q["sd"]),
        interval(q["p05"], q["p95"]),
        uncertainty(q),
    )
    published = [
        _published_cells(row, q["mean"])
        for row in published_coefficients(document, region["region"])
    ] or [(MISSING,) * 4]
    again = ("",) * len(predicted)
    return [(*(again if i else predicted), *cells) for i, cells in enumerate(published)]


def _published_cells(row: Published, predicted_mean: float) -> tuple[str, str, str, str]:
    mean, low, high = row.get("mean"), row.get("low"), row.get("high")
    span = f" ({interval(low, high)})" if low is not None and high is not None else ""
    size = f", n = {row['n']}" if row.get("n") else ""
    seen = " ●" if row["use"] == "calibration" else ""
    ratio = number(predicted_mean / mean) if mean else MISSING
    return (published_value(row) + span, ratio, f"{row['cohort']}{size}{seen}", row["source"])


def published_value(row: Mapping[str, Any]) -> str:
    """Return a published mean with its SD, or as it was given where there is no SD."""
    return mean_sd(row.get("mean"), row["sd"]) if row.get("sd") else plain(row.get("mean"))


def biological_text(document: CourseDocument) -> TextTable:
    """Return time-integrated activity, BED, EQD2 and the mean dose of each cycle."""
    regions = ranked_regions(document)
    columns = (
        Column("Region", numeric=False), Column("TIAC", "h"), Column("BED", "Gy"),
        Column("BED, 90 % of patients", "Gy"), Column("EQD2", "Gy"),
        Column("Mean dose of each cycle", "Gy", wide=True),
    )  # fmt: skip
    rows = tuple(_biological_row(region) for region in regions)
    return TextTable(
        "biological", "Time-integrated activity, BED and EQD2", columns, rows, _groups(regions),
        ("TIAC, BED and EQD2: mean ± SD between patients, whole course.",),
    )  # fmt: skip


def _biological_row(region: Region) -> tuple[str, ...]:
    tiac = region["tiac_s"]
    bed = region.get("bed_Gy")
    cycles = region["dose_Gy"].get("per_cycle") or []
    return (
        region_label(region["region"]),
        mean_sd(tiac["mean"] / 3600.0, tiac["sd"] / 3600.0),
        quantity_text(bed),
        interval(bed["p05"], bed["p95"]) if bed else MISSING,
        quantity_text(region.get("eqd2_Gy")),
        "  ".join(number(q["mean"]) for q in cycles) or MISSING,
    )


def limit_text(document: CourseDocument) -> TextTable:
    """Return how many patients exceed each limit, by cycle."""
    columns = (
        Column("Region", numeric=False), Column("Quantity", numeric=False), Column("Limit", "Gy"),
        Column("After all cycles", "Gy"), Column("Patients above, by cycle", wide=True),
        Column("First above at cycle"), Column("Source", numeric=False, sources=True),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for limit in document["limits"]:
        first = (limit.get("first_cycle") or {}).get("median")
        last = limit["cumulative"][-1] if limit["cumulative"] else None
        rows.append((
            region_label(limit["region"]),
            QUANTITY_LABELS.get(limit["quantity"], limit["quantity"]),
            plain(limit["limit"]),
            quantity_text(last),
            "  ".join(percent(f) for f in limit["fraction_exceeding"]) or MISSING,
            plain(first),
            limit["source"],
        ))  # fmt: skip
    note = "First above: median over the patients who exceed the limit; a dash: nobody does."
    return TextTable("limits", "Limits", columns, tuple(rows), {}, (note,))


def blood_text(document: CourseDocument) -> TextTable:
    """Return nadirs and worst grades of the blood counts."""
    columns = (
        Column("Count", numeric=False), Column("Nadir", "10⁹/L"),
        Column("Nadir, 90 % of patients", "10⁹/L"), Column("Day of nadir", "d"),
        *(Column(f"Grade {grade}") for grade in "1234"),
    )  # fmt: skip
    blood: Mapping[str, Mapping[str, Any]] = document["effect"].get("blood") or {}
    rows: list[tuple[str, ...]] = []
    for name, found in blood.items():
        nadir = found.get("nadir_1e9_L")
        grades: Mapping[str, float] = found.get("grade_fraction") or {}
        rows.append((
            sentence_case(name),
            quantity_text(nadir),
            interval(nadir["p05"], nadir["p95"]) if nadir else MISSING,
            quantity_text(found.get("nadir_day")),
            *(percent(grades.get(grade)) for grade in "1234"),
        ))  # fmt: skip
    note = "Grades: fraction of patients whose worst grade (CTCAE 5.0) it is."
    return TextTable("blood", "Blood counts", columns, tuple(rows), {}, (note,))


def parameter_text(document: CourseDocument) -> TextTable:
    """Return every parameter with its spread, status and source."""
    columns = (
        Column("Belongs to", numeric=False), Column("Region", numeric=False),
        Column("Quantity", numeric=False), Column("Value"), Column("Unit", numeric=False),
        Column("CV between patients"), Column("GSD of knowledge"), Column("Status", numeric=False),
        Column("Source", numeric=False, sources=True), Column("Note", numeric=False, wide=True),
    )  # fmt: skip
    rows = tuple(
        (
            str(p["subject"]), region_label(str(p.get("region") or "")) or MISSING,
            str(p["quantity"]).replace("_", " "), rounded(p.get("value")),
            "" if p.get("unit") == "1" else str(p.get("unit") or ""), percent(p.get("cv")),
            number(p.get("gsd")), str(p.get("status") or ""), str(p.get("source") or ""),
            str(p.get("note") or ""),
        )
        for p in document["parameters"]
    )  # fmt: skip
    return TextTable("parameters", "Parameters", columns, rows)


def region_table(document: CourseDocument) -> Table:
    """Return every quantity of every region, full precision."""
    quantities = (
        "tiac_s", "dose_Gy", "dose_per_activity_Gy_per_GBq", "bed_Gy", "eqd2_Gy", "cross_dose_share"
    )  # fmt: skip
    columns = ["region", "kind", "mass_kg"]
    columns += [f"{quantity}_{s}" for quantity in quantities for s in _STATISTICS]
    columns += [f"dose_Gy_{r}_mean" for r in _RADIATIONS]
    columns += ["dose_Gy_mean_uncertainty_p05", "dose_Gy_mean_uncertainty_p95"]
    cycles = max((len(r["dose_Gy"].get("per_cycle") or []) for r in document["regions"]), default=0)
    columns += [f"dose_Gy_cycle_{i + 1}_mean" for i in range(cycles)]
    rows = [_region_values(region, quantities, cycles) for region in document["regions"]]
    return table("regions", columns, rows)


def _region_values(region: Region, quantities: tuple[str, ...], cycles: int) -> list[Value]:
    held: Mapping[str, Any] = region
    values: list[Value] = [region["region"], region["kind"], region["mass_kg"]]
    for name in quantities:
        quantity: Mapping[str, float] = held.get(name) or {}
        values += [quantity.get(s) for s in _STATISTICS]
    dose = region["dose_Gy"]
    split = dose.get("by_radiation", {})
    values += [split[r]["mean"] if r in split else None for r in _RADIATIONS]
    known = dose.get("uncertainty")
    values += [known["p05"], known["p95"]] if known else [None, None]
    each: list[Value] = [q["mean"] for q in dose.get("per_cycle") or []]
    return [*values, *each, *[None] * (cycles - len(each))]


def record_table(name: str, records: list[dict[str, Any]]) -> Table:
    """Return flat records as a table; lists are joined by "; "."""
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows = [[_flat(record.get(column)) for column in columns] for record in records]
    return table(name, columns, rows)


def _flat(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
