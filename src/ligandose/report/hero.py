"""The one wide picture of the demo: activity over time, and predictions beside publications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.agreement import agents_of, forest_panel, validation_table
from ligandose.report.canvas import Figure
from ligandose.report.contract import CourseDocument, ValidationRow, as_course, as_validation
from ligandose.report.curves import curves_table
from ligandose.report.doses import axis_limits
from ligandose.report.tables import Table, table
from ligandose.report.text import agent_label, region_label

_WIDTH_IN, _HEIGHT_IN = 11.5, 5.2
_TOP_IN, _HEAD_IN = 0.78, 0.55


def hero_figure(
    documents: Sequence[Mapping[str, Any]], validation: Mapping[str, Any] | None
) -> Figure:
    """Draw the README figure from the demo's documents (177Lu-PSMA-617 first, if it is there)."""
    courses = sorted(map(as_course, documents), key=lambda d: "PSMA" not in d["agent"]["name"])
    first = courses[0]
    paper = canvas.sheet(_WIDTH_IN, _HEIGHT_IN)
    shown = _activities(paper, first)
    rows = _rows(courses, validation)
    _forests(paper, rows)
    name = agent_label(first["agent"]["name"])
    patients = f"{first['patients']} virtual patients"
    return canvas.finished(
        paper,
        "demo",
        title=f"{name} in {patients}",
        caption="Left: activity, median and 90 % of the patients. Right: dose per "
        "activity, predicted (filled: mean, band: 90 % of the patients) and published (open: mean "
        "with SD or range).",
        alt="Activity over time; predicted beside published dose coefficients of both agents.",
        data=_data(first, shown, rows),
    )


def _activities(paper: Any, document: CourseDocument) -> list[str]:
    """Draw the first cycle of kidneys, salivary glands and tumour, one beneath the other."""
    curves = document["curves"].get("activity_MBq") or {}
    hours = np.asarray(document["curves"].get("time_h") or [], float)
    starts = [float(a["time_h"]) for a in document["regimen"]["administrations"]]
    keep = (hours - starts[0] >= 0.1) & (hours < (starts[1] if len(starts) > 1 else np.inf))
    since = list((hours - starts[0])[keep])
    wanted = ("kidneys", "salivary_glands", _largest_lesion(document))
    regions = [region for region in wanted if region in curves] or list(curves)[:3]
    pitch = (_HEIGHT_IN - _TOP_IN - 0.5 + _HEAD_IN) / len(regions)
    for i, region in enumerate(regions):
        ax = canvas.place(paper, 0.6, _TOP_IN + i * pitch, 4.1, pitch - _HEAD_IN)
        part: Any = {key: np.asarray(curves[region][key])[keep] for key in ("median", "p05", "p95")}
        _activity(ax, since, part, region)
        ax.tick_params(axis="x", labelbottom=i == len(regions) - 1)
        if i == 0:
            _above(ax, f"{agent_label(document['agent']['name'])}: activity in the first cycle")
        if i == len(regions) - 1:
            ax.set_xlabel("Time after administration, h (logarithmic)")
    return regions


def _activity(ax: Any, since: list[float], part: Any, region: str) -> None:
    style = "--" if region.startswith("lesion:") else "-"
    canvas.draw_band(ax, since, part, canvas.region_colour(region), linestyle=style, linewidth=2.0)
    canvas.log_axis(ax, "x", low=since[0], high=since[-1])
    ax.set_ylim(0, 1.05 * float(part["p95"].max()))
    ax.yaxis.set_major_locator(canvas.few_ticks())
    words = "Tumour" if region.startswith("lesion:") else region_label(region)
    canvas.heading(ax, words, "Activity, MBq · median and 90 % of patients")


def _above(ax: Any, words: str) -> None:
    ax.annotate(
        words, (0, 1), (0, 36), xycoords="axes fraction", textcoords="offset points",
        fontsize=11, fontweight="bold", annotation_clip=False,
    )  # fmt: skip


def _largest_lesion(document: CourseDocument) -> str:
    lesions = [r for r in document["regions"] if r["kind"] == "lesion"]
    return max(lesions, key=lambda r: r["tiac_s"]["mean"])["region"] if lesions else ""


def _rows(
    courses: Sequence[CourseDocument], validation: Mapping[str, Any] | None
) -> list[ValidationRow]:
    if validation is None:
        return []
    agents = {course["agent"]["name"] for course in courses}
    rows = as_validation(validation)["rows"]
    return [r for r in rows if r["agent"] in agents and r["predicted_mean"] is not None]


def _forests(paper: Any, rows: Sequence[ValidationRow]) -> None:
    agents = agents_of(rows)[:2]
    by_agent = [[r for r in rows if r["agent"] == agent] for agent in agents]
    values = [
        v for r in rows
        for v in (r["predicted_p05"], r["predicted_p95"], r["published_mean"], r["published_high"])
        if v is not None and v > 0
    ]  # fmt: skip
    if not values:
        return
    limits = axis_limits(values)
    free = _HEIGHT_IN - _TOP_IN - 0.5 - _HEAD_IN * (len(agents) - 1)
    row_in = free / sum(map(len, by_agent))
    top = _TOP_IN
    for i, (agent, mine) in enumerate(zip(agents, by_agent, strict=True)):
        ax = canvas.place(paper, 6.35, top, 4.2, row_in * len(mine))
        forest_panel(ax, mine, limits)
        words = "filled: predicted mean and 90 % of patients · open: published"
        canvas.heading(ax, agent_label(agent), words)
        ax.tick_params(axis="x", labelbottom=i == len(agents) - 1)
        if i == 0:
            _above(ax, "Dose per activity: predicted and published")
        if i == len(agents) - 1:
            ax.set_xlabel("Absorbed dose per administered activity, Gy/GBq (logarithmic)")
        top += row_in * len(mine) + _HEAD_IN


def _data(document: CourseDocument, regions: Sequence[str], rows: Sequence[ValidationRow]) -> Table:
    curves = document["curves"].get("activity_MBq") or {}
    times = document["curves"].get("time_h") or []
    activity = curves_table("demo", "time_h", times, {r: curves[r] for r in regions}, "MBq")
    shown: dict[str, Any] = {"document": "ligandose.validation", "rows": list(rows), "summary": {}}
    doses = validation_table(as_validation(shown), "demo")
    columns = (*activity.columns, *(f"dose_{c}" for c in doses.columns))
    blank_right, blank_left = (None,) * len(doses.columns), (None,) * len(activity.columns)
    return table(
        "demo",
        columns,
        [*((*r, *blank_right) for r in activity.rows), *((*blank_left, *r) for r in doses.rows)],
    )
