"""The figure of fitted time-activity curves: points with their errors, the curve of each region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import SOFT, Axes, Figure, house_style, region_colour
from ligandose.report.tables import Table, table
from ligandose.report.text import nuclide_label, region_label

HOUR_S = 3600.0
DAY_S = 86400.0
MOST = 24
"""More regions than this are not drawn; the table has them all."""
ALONE = 0.05
Z90 = 1.645


def tac_figure(document: Mapping[str, Any]) -> Figure:
    """Return the figure of a `ligandose.tac` document, one panel for each region."""
    regions: Sequence[Mapping[str, Any]] = document["regions"][:MOST]
    more = len(document["regions"]) - len(regions)
    name = nuclide_label(str(document["nuclide"]))
    with house_style():
        paper, panels = canvas.panels(len(regions), 3, panel_height_in=1.6, foot_in=0.45)
        for axes, region in zip(panels, regions, strict=True):
            points = region["points"]
            _draw(
                axes, region["region"], region["fit"]["model"], points["time_s"],
                points["activity_Bq"], points["uncertainty_Bq"], region["curve"]["time_s"],
                region["curve"]["activity_Bq"], "Bq",
            )  # fmt: skip
        rest = f" {more} further regions are in the table." if more else ""
        return canvas.finished(
            paper,
            "tac",
            title=f"{name}: activity over time",
            caption="Measured activity (open markers, 90 % intervals where stated) and the fitted "
            f"curve of the model named in each panel; not corrected for decay.{rest}",
            alt="One panel for each region: measured points and the fitted curve over time.",
            data=_data(document),
        )


def translation_figure(document: Mapping[str, Any]) -> Figure:
    """Return the uptake curves of a `ligandose.translate` document, corrected for decay."""
    regions: Sequence[Mapping[str, Any]] = document["regions"][:MOST]
    with house_style():
        paper, panels = canvas.panels(len(regions), 3, panel_height_in=1.6, foot_in=0.45)
        rows: list[list[Any]] = []
        for axes, region in zip(panels, regions, strict=True):
            points, curve = region["points"], region["curve"]
            alive = np.exp(-float(document["decay_per_s"]) * np.array(curve["time_s"]))
            line = (100.0 * np.array(curve["fraction"]) / alive).tolist()
            dots = (100.0 * np.array(points["fraction_decay_corrected"])).tolist()
            error = points["standard_error"]
            bars = None if error is None else (100.0 * np.array(error)).tolist()
            unit = "%ID/g" if region["unit"].endswith("per g") else "%ID"
            _draw(
                axes, region["region"], region["fit"]["model"], points["time_s"], dots, bars,
                curve["time_s"], line, unit,
            )  # fmt: skip
            rows += [
                [region["region"], "point", t, v, unit]
                for t, v in zip(points["time_s"], dots, strict=True)
            ]
            rows += [
                [region["region"], "curve", t, v, unit]
                for t, v in zip(curve["time_s"], line, strict=True)
            ]
        return canvas.finished(
            paper,
            "animal_curves",
            title=f"Uptake in the {document['table']['species']}",
            caption="Mean uptake, corrected for decay (open markers, 90 % intervals of the mean "
            "where known), and the fitted curve of the model named in each panel.",
            alt="One panel for each organ: uptake points of the animals and the fitted curve.",
            data=table("animal_curves", ("region", "kind", "time_s", "value", "unit"), rows),
        )


def _draw(
    axes: Axes,
    region: str,
    model: str,
    time_s: Sequence[float],
    value: Sequence[float],
    sigma: Sequence[float] | None,
    curve_s: Sequence[float],
    curve: Sequence[float],
    unit: str,
) -> None:
    scale, label = (DAY_S, "d") if max(time_s) > 4 * DAY_S else (HOUR_S, "h")
    colour = region_colour(region)
    colour = "#0072b2" if colour == SOFT else colour
    x = np.array(time_s) / scale
    axes.plot(np.array(curve_s) / scale, curve, color=colour)
    bars = None if sigma is None else Z90 * np.array(sigma)
    axes.errorbar(
        x, value, yerr=bars, fmt="o", mfc="white", mec=colour, ecolor=colour, ms=4, capsize=2
    )
    axes.set_xlim(left=0.0)
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_locator(canvas.few_ticks())
    axes.yaxis.set_major_locator(canvas.few_ticks())
    axes.yaxis.set_major_formatter(canvas.tick_formatter())
    axes.set_xlabel(f"Time, {label}")
    canvas.heading(axes, region_label(region), f"{unit}, {model}")


def _data(document: Mapping[str, Any]) -> Table:
    rows: list[list[Any]] = []
    for region in document["regions"]:
        points = region["points"]
        sigma = points["uncertainty_Bq"] or [None] * len(points["time_s"])
        rows += [
            [region["region"], "point", t, a, s]
            for t, a, s in zip(points["time_s"], points["activity_Bq"], sigma, strict=True)
        ]
        curve = region["curve"]
        rows += [
            [region["region"], "curve", t, a, None]
            for t, a in zip(curve["time_s"], curve["activity_Bq"], strict=True)
        ]
    columns = ("region", "kind", "time_s", "activity_Bq", "uncertainty_Bq")
    return table("tac", columns, rows)
