"""Figures of a plan, and the plan on one page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from ligandose.report import canvas
from ligandose.report.canvas import (
    BLUE,
    INK,
    ORANGE,
    RULE,
    SOFT,
    Axes,
    Figure,
    house_style,
    region_colour,
)
from ligandose.report.summary import PATIENT_USE
from ligandose.report.tables import Page, table
from ligandose.report.text import region_label

ROW_IN = 0.24
A4_IN = (8.27, 11.69)
SHEET_CHARACTERS = 126
MOST_SENTENCES = 20
SIDE_IN = 0.58
LINE_IN = 0.15
DATA_SHOWN = 40


def plan_figures(document: Mapping[str, Any]) -> list[Figure]:
    """Return doses of the strategies, and measured against predicted, of a plan document."""
    figures = [_dose_figure(document)]
    if document["posterior"]["checks"]["data"]:
        figures.append(_check_figure(document))
    return figures


def _dose_figure(document: Mapping[str, Any]) -> Figure:
    options = document["alternatives"]
    regions = list(options[0]["dose_Gy"])
    with house_style():
        tall = ROW_IN * (len(options) * len(regions) + len(regions))
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.1)
        axes = canvas.place(paper, 2.6, 0.5, canvas.WIDTH_IN - 2.9, tall)
        _draw_doses(axes, document, regions)
        return canvas.finished(
            paper,
            "strategies",
            title="Absorbed dose by strategy",
            caption="Median and 90 % interval of the absorbed dose over the whole course, on the "
            "same draws of the patient's posterior; lesions: one of each kind.",
            alt="One bar for each region and strategy: median dose and its 90 % interval.",
            data=table(
                "strategies",
                ("strategy", "region", "median_Gy", "p05_Gy", "p95_Gy"),
                [
                    [o["name"], r, *(o["dose_Gy"][r][s] for s in ("median", "p05", "p95"))]
                    for o in options
                    for r in regions
                ],
            ),
        )


def _draw_doses(axes: Axes, document: Mapping[str, Any], regions: list[str]) -> None:
    options = document["alternatives"]
    labels: list[str] = []
    places: list[float] = []
    y = 0.0
    values: list[float] = []
    for region in regions:
        for option in options:
            dose = option["dose_Gy"][region]
            axes.plot([dose["p05"], dose["p95"]], [-y, -y], color=region_colour(region), lw=2)
            axes.plot([dose["median"]], [-y], "o", ms=4.5, mfc="white", mec=region_colour(region))
            labels.append(f"{region_label(region)}, {option['name']}")
            places.append(-y)
            values += [dose["p05"], dose["p95"]]
            y += 1.0
        y += 1.0
    axes.set_yticks(places, labels, fontsize=7.5)
    axes.set_ylim(-y + 0.3, 0.8)
    positive = [v for v in values if v > 0.0]
    canvas.log_axis(axes, "x", low=0.7 * min(positive), high=1.4 * max(positive))
    axes.set_xlabel("Absorbed dose over the course, Gy")


def _check_figure(document: Mapping[str, Any]) -> Figure:
    rows = document["posterior"]["checks"]["data"][:DATA_SHOWN]
    with house_style():
        tall = ROW_IN * len(rows)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.1)
        axes = canvas.place(paper, 3.0, 0.5, canvas.WIDTH_IN - 3.3, tall)
        _draw_checks(axes, rows)
        return canvas.finished(
            paper,
            "checks",
            title="Measured over predicted",
            caption="Each measurement (marker) over the median that the posterior predicts of a "
            "repeated one, with the 90 % interval of the prediction (bar).",
            alt="One row for each measurement: its ratio to the prediction, and the interval.",
            data=table(
                "checks",
                ("datum", "measured", "median", "p05", "p95"),
                [
                    [r["datum"], r["measured"], *(r["predicted"][s] for s in
                                                  ("median", "p05", "p95"))]
                    for r in rows
                ],
            ),
        )  # fmt: skip


def _draw_checks(axes: Axes, rows: list[Mapping[str, Any]]) -> None:
    place = -np.arange(len(rows), dtype=float)
    for y, row in zip(place, rows, strict=True):
        found = row["predicted"]
        middle = found["median"]
        axes.plot([found["p05"] / middle, found["p95"] / middle], [y, y], color=BLUE, lw=3,
                  alpha=0.4)  # fmt: skip
        inside = found["p05"] <= row["measured"] <= found["p95"]
        axes.plot([row["measured"] / middle], [y], "o", ms=4.5, mfc="white",
                  mec=INK if inside else ORANGE)  # fmt: skip
    axes.axvline(1.0, color=SOFT, lw=0.8)
    axes.set_yticks(place, [str(r["datum"]).replace("_", " ") for r in rows], fontsize=7.5)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xlabel("Measured over predicted")


def plan_sheet(document: Mapping[str, Any], page: Page) -> bytes:
    """Return the plan on one page of A4 as PDF: words, the table of strategies, the doses.

    Args:
        document: of `ligandose.plan`.
        page: its words and table, as the HTML page shows them.
    """
    with house_style():
        paper = canvas.sheet(*A4_IN)
        top = _write_head(paper, page)
        top = _write_table(paper, page, top)
        regions = list(document["alternatives"][0]["dose_Gy"])
        room = A4_IN[1] - top - 1.25
        axes = canvas.place(paper, 2.6, top + 0.25, A4_IN[0] - 3.2, max(room, 1.0))
        _draw_doses(axes, document, regions)
        paper.text(0.07, 0.025, textwrap.fill(PATIENT_USE, 130), fontsize=6.5, color=SOFT)
        content = io.BytesIO()
        paper.savefig(content, format="pdf", metadata={"CreationDate": None, "Title": page.title})
        return content.getvalue()


def _write_head(paper: Any, page: Page) -> float:
    """Write heading and sentences; return how far down they reach, inches."""
    paper.text(0.07, 0.955, page.title, fontsize=13, fontweight="bold", color=INK)
    down = 0.85
    for sentence in page.sentences[:MOST_SENTENCES]:
        lines = textwrap.wrap(sentence, SHEET_CHARACTERS)
        paper.text(0.07, 1.0 - down / A4_IN[1], "\n".join(lines), fontsize=8, va="top", color=INK)
        down += LINE_IN * len(lines) + 0.03
    return down


def _write_table(paper: Any, page: Page, top: float) -> float:
    """Write the table of strategies; return how far down it reaches, inches."""
    rows = [[textwrap.wrap(cell, 22) or [""] for cell in row] for row in page.rows]
    head = [textwrap.wrap(cell, 15) for cell in page.columns]
    size = [max(len(line) for line in column) + 2 for column in _columns(head, rows)]
    left = np.concatenate([[0.0], np.cumsum(size)[:-1]]) / sum(size)
    inside = A4_IN[0] - 2 * SIDE_IN
    down = top + 0.12
    for number, cells in enumerate([head, *rows]):
        lines = max(len(cell) for cell in cells)
        for x, cell in zip(left, cells, strict=True):
            paper.text((SIDE_IN + x * inside) / A4_IN[0], 1.0 - down / A4_IN[1], "\n".join(cell),
                       fontsize=7, va="top", color=INK if number else SOFT)  # fmt: skip
        down += 0.125 * lines + 0.045
        y = 1.0 - (down - 0.03) / A4_IN[1]
        paper.add_artist(Line2D([SIDE_IN / A4_IN[0], 1.0 - SIDE_IN / A4_IN[0]], [y, y], lw=0.5,
                                color=RULE if number else SOFT))  # fmt: skip
    return down


def _columns(head: list[list[str]], rows: list[list[list[str]]]) -> list[list[str]]:
    """Return all lines of every column."""
    table_rows = [head, *rows]
    return [[line for row in table_rows for line in [*row[i], "   "]] for i in range(len(head))]
