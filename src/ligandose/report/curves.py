"""Figures over time: activity in regions, lesion mass, blood counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure
from ligandose.report.contract import CourseDocument, Curve
from ligandose.report.doses import mean_dose
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import region_label

MOST_PANELS = 16
MOST_STRIPS = 4
BLOOD_THRESHOLDS: dict[str, tuple[tuple[int, float], ...]] = {
    "platelets": ((2, 75.0), (3, 50.0), (4, 25.0)),
    "neutrophils": ((2, 1.5), (3, 1.0), (4, 0.5)),
}
"""Count in 1e9/L below which a CTCAE grade begins (Common Terminology Criteria for Adverse
Events, version 5.0, NCI 2017); grade 1 begins at the laboratory's own lower limit of normal."""

_STATISTICS = ("mean", "median", "p05", "p95")


def curves_table(
    name: str, time_name: str, times: Sequence[float], curves: Mapping[str, Curve], unit: str
) -> Table:
    """Return curves in long form: one row for each region and time."""
    rows: list[list[Value]] = []
    for region, curve in curves.items():
        columns = [curve[key] for key in _STATISTICS]
        rows += [[region, t, *values] for t, *values in zip(times, *columns, strict=True)]
    return table(name, ["region", time_name, *(f"{s}_{unit}" for s in _STATISTICS)], rows)


def _administration_times_h(document: CourseDocument) -> list[float]:
    return [float(a["time_h"]) for a in document["regimen"]["administrations"]]


def _slice(curve: Curve, keep: np.ndarray[Any, np.dtype[np.bool_]]) -> Curve:
    part = {key: [float(v) for v in np.asarray(curve[key], float)[keep]] for key in _STATISTICS}
    return Curve(mean=part["mean"], median=part["median"], p05=part["p05"], p95=part["p95"])


def _shown_regions(document: CourseDocument, most: int) -> list[str]:
    """Return regions that have a curve, by falling dose, with blood and whole body."""
    curves = document["curves"].get("activity_MBq", {})
    ranked = sorted(document["regions"], key=lambda r: -mean_dose(r))
    organs = [r["region"] for r in ranked if r["kind"] == "organ" and r["region"] in curves]
    lesions = [r["region"] for r in ranked if r["kind"] == "lesion" and r["region"] in curves]
    whole = [name for name in ("blood", "whole_body") if name in curves and name not in organs]
    lesions = lesions[: max(1, most // 4)]
    organs = organs[: most - len(whole) - len(lesions)]
    return [*organs, *whole, *lesions]


def first_cycle_figure(document: CourseDocument) -> Figure | None:
    """Draw activity in each region from the first administration to the second, log time."""
    curves = document["curves"].get("activity_MBq") or {}
    hours = np.asarray(document["curves"].get("time_h") or [], float)
    regions = _shown_regions(document, MOST_PANELS)
    if not regions or hours.size < 3:
        return None
    starts = _administration_times_h(document)
    end = starts[1] if len(starts) > 1 else float(hours[-1]) + 1.0
    keep = (hours > starts[0]) & (hours < end)
    since = (hours - starts[0])[keep]
    kept = {region: _slice(curves[region], keep) for region in regions}
    paper, axes = canvas.panels(len(regions), 4)
    for ax, region in zip(axes, regions, strict=True):
        _activity_panel(ax, list(since), kept[region], region)
    for ax in axes[-4:]:
        ax.set_xlabel("Time after administration, h")
    return canvas.finished(
        paper,
        "activity_first_cycle",
        title="Activity after the first administration",
        caption="Line: median patient. Band: 90 % of the patients. Time is logarithmic; "
        "each panel has its own vertical scale.",
        alt=f"Activity against time in {len(regions)} regions, median and 90 % band.",
        data=curves_table("activity_first_cycle", "time_h", list(since), kept, "MBq"),
    )


def _activity_panel(ax: Any, hours: list[float], curve: Curve, region: str) -> None:
    colour = canvas.region_colour(region)
    dashed = "--" if region.startswith("lesion:") else "-"
    canvas.draw_band(ax, hours, curve, INK if colour == SOFT else colour, linestyle=dashed)
    canvas.log_axis(ax, "x", low=max(hours[0], 0.05), high=hours[-1], minor=False)
    ax.set_ylim(0, None)
    ax.yaxis.set_major_locator(canvas.few_ticks())
    ax.yaxis.set_major_formatter(canvas.tick_formatter())
    canvas.heading(ax, region_label(region), "Activity, MBq")


def course_figure(document: CourseDocument) -> Figure | None:
    """Draw activity over all cycles in the few regions that decide, semi-logarithmic."""
    starts = _administration_times_h(document)
    curves = document["curves"].get("activity_MBq") or {}
    hours = np.asarray(document["curves"].get("time_h") or [], float)
    if len(starts) < 2 or not curves or hours.size < 3 or hours[-1] <= starts[1]:
        return None
    regions = [r for r in _decisive_regions(document) if max(curves[r]["p95"]) > 0]
    if not regions:
        return None
    days = list(hours / 24.0)
    paper, axes = canvas.panels(len(regions), 1, panel_height_in=0.9, foot_in=0.05)
    for ax, region in zip(axes, regions, strict=True):
        colour = canvas.region_colour(region)
        canvas.draw_band(ax, days, curves[region], colour, linewidth=1.2)
        peak = max(curves[region]["p95"])
        canvas.log_axis(ax, "y", low=peak / 3e3, high=peak * 1.6)
        ax.set_xlim(0, days[-1])
        _mark_administrations(ax, starts)
        ax.tick_params(axis="x", labelbottom=ax is axes[-1])
        canvas.heading(ax, region_label(region), "Activity, MBq (logarithmic)")
    axes[-1].set_xlabel("Time after the first administration, d")
    return canvas.finished(
        paper,
        "activity_course",
        title="Activity over the whole course",
        caption="Line: median patient. Band: 90 % of the patients. Triangles: administrations. "
        "On the logarithmic scale a straight slope is an effective half-life.",
        alt="Activity over all cycles in " + ", ".join(map(region_label, regions)),
        data=curves_table(
            "activity_course", "time_h", list(hours), {r: curves[r] for r in curves}, "MBq"
        ),
    )


def _decisive_regions(document: CourseDocument) -> list[str]:
    """Return limited organs, then the marrow, one lesion and what is irradiated most."""
    curves = document["curves"].get("activity_MBq", {})
    shown = _shown_regions(document, MOST_PANELS)
    lesions = [r for r in shown if r.startswith("lesion:")][:1]
    limited = [limit["region"] for limit in document["limits"]]
    wanted = [*limited, "red_marrow", *shown]
    organs = [r for r in dict.fromkeys(wanted) if r in curves and not r.startswith("lesion:")]
    return [*organs[: MOST_STRIPS - len(lesions)], *lesions]


def _mark_administrations(ax: Any, starts_h: Sequence[float]) -> None:
    days = [t / 24.0 for t in starts_h]
    ax.plot(
        days, [0.0] * len(days), "^", color=INK, markersize=3.5, clip_on=False, zorder=5,
        transform=ax.get_xaxis_transform(),
    )  # fmt: skip


def lesion_figure(document: CourseDocument) -> Figure | None:
    """Draw the mass of each lesion over time."""
    curves = document["curves"].get("lesion_mass_g") or {}
    days = list(document["curves"].get("time_d") or [])
    if not curves or not days:
        return None
    ranked = sorted(curves, key=lambda name: -curves[name]["median"][0])[:12]
    paper, axes = canvas.panels(len(ranked), 4 if len(ranked) > 3 else 3)
    for ax, name in zip(axes, ranked, strict=True):
        canvas.draw_band(ax, days, curves[name], canvas.VERMILION, linestyle="--")
        ax.set_xlim(0, days[-1])
        ax.set_ylim(0, None)
        ax.yaxis.set_major_locator(canvas.few_ticks())
        ax.yaxis.set_major_formatter(canvas.tick_formatter())
        _mark_administrations(ax, _administration_times_h(document))
        canvas.heading(ax, region_label(name), "Mass, g")
    for ax in axes[-4:]:
        ax.set_xlabel("Time, d")
    return canvas.finished(
        paper,
        "lesion_mass",
        title="Lesions over time",
        caption="Line: median patient. Band: 90 % of the patients. Triangles: administrations.",
        alt=f"Mass of {len(ranked)} lesions over time, median and 90 % band.",
        data=curves_table("lesion_mass", "time_d", days, dict(curves), "g"),
    )


def blood_figure(document: CourseDocument) -> Figure | None:
    """Draw platelets and neutrophils over time with the thresholds of CTCAE grades."""
    curves = document["curves"]
    counts = {
        name: curve
        for name, key in (("platelets", "platelets_1e9_L"), ("neutrophils", "neutrophils_1e9_L"))
        if (curve := curves.get(key))
    }
    days = list(curves.get("time_d") or [])
    if not counts or not days:
        return None
    paper, axes = canvas.panels(len(counts), 2, panel_height_in=2.2)
    for ax, (name, curve) in zip(axes, counts.items(), strict=True):
        colour = canvas.BLUE if name == "platelets" else canvas.GREEN
        canvas.draw_band(ax, days, curve, colour, linestyle="-" if name == "platelets" else "-.")
        ax.set_xlim(0, days[-1])
        ax.set_ylim(0, 1.08 * max(curve["p95"]))
        _mark_thresholds(ax, BLOOD_THRESHOLDS[name], days[-1])
        _mark_administrations(ax, _administration_times_h(document))
        canvas.heading(ax, region_label(name), "Count, 10⁹/L")
        ax.set_xlabel("Time after the first administration, d")
    return canvas.finished(
        paper,
        "blood_counts",
        title="Blood counts",
        caption="Line: median patient. Band: 90 % of the patients. Triangles: administrations. "
        "Dotted: count below which a grade of CTCAE 5.0 begins.",
        alt="Platelets and neutrophils over time with the thresholds of grades 2 to 4.",
        data=curves_table("blood_counts", "time_d", days, counts, "1e9_L"),
    )


def _mark_thresholds(ax: Any, thresholds: Sequence[tuple[int, float]], end_d: float) -> None:
    for grade, count in thresholds:
        ax.axhline(count, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        ax.annotate(
            f"grade {grade}", (end_d, count), (-3, -2), textcoords="offset points",
            ha="right", va="top", fontsize=8, color=SOFT,
        )  # fmt: skip
