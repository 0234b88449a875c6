"""Figures of a comparison of nuclides in a tissue: dose histograms over cells, and survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import INK, Axes, Figure, house_style
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import nuclide_label
from ligandose.report.tissue_panels import (
    CLASS_LABELS,
    LEAST_KILL,
    LEFT_IN,
    WIDE_RATIO,
    class_names,
    grid,
    kill_axis,
    kill_range,
    style_of,
)
from ligandose.report.tissue_section import section_figure
from ligandose.report.tissue_sweep import sweep_figure
from ligandose.report.tissue_tables import equal_words

Row = tuple[Value, ...]


def tissue_figures(document: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a `ligandose.tissue` document: section, histograms, survival."""
    survival = survival_figure if document["sweep"] is None else sweep_figure
    return [section_figure(document), histogram_figure(document), survival(document)]


# ------------------------------------------------------------------ histograms


def histogram_figure(document: Mapping[str, Any]) -> Figure:
    """Return the share of the cells of every class that reach a dose, one line per nuclide."""
    names = class_names(document)
    low, high = _dose_range(document)
    with house_style():
        paper, panels = grid(len(names), 3, tall_in=2.3, top_in=0.25)
        for axes, name in zip(panels, names, strict=True):
            _draw_histogram(axes, document, name, low, high)
            axes.set_xlabel("Dose of the nucleus, Gy")
        _nuclide_key(paper, document)
        return canvas.finished(
            paper,
            "dose_histograms",
            title="Dose histograms over cells",
            caption="Share of the cells of a class whose nucleus receives at least a dose. "
            f"{equal_words(document)}.",
            alt="Cumulative dose histograms over cells, one panel for each class of cells, one "
            "line for each nuclide.",
            data=_histogram_data(document),
        )


def _dose_range(document: Mapping[str, Any]) -> tuple[float, float]:
    """Return the ends of the axis of dose; from 0 where it need not be logarithmic."""
    every = [
        found["dvh"][key]
        for one in document["nuclides"]
        for found in one["classes"].values()
        for key in ("d98_Gy", "d2_Gy")
    ]
    positive = [dose for dose in every if dose > 0.0]
    if not positive:
        return 0.0, 1.0
    high = 1.15 * max(positive)
    low = max(0.6 * min(positive), 1e-4 * high)
    return (low, high) if high > WIDE_RATIO * low else (0.0, high)


def _draw_histogram(
    axes: Axes, document: Mapping[str, Any], name: str, low: float, high: float
) -> None:
    for number, one in enumerate(document["nuclides"]):
        dvh = one["classes"][name]["dvh"]
        dose, share = np.array(dvh["dose_Gy"]), 100.0 * np.array(dvh["share_of_cells"])
        colour, dash, _ = style_of(number)
        start = max(low, 1e-30)
        axes.plot(np.maximum(dose, start), share, color=colour, linestyle=dash)
    if low > 0.0:
        canvas.log_axis(axes, "x", low=low, high=high)
    else:
        axes.set_xlim(0.0, high)
        axes.xaxis.set_major_locator(canvas.few_ticks())
        axes.xaxis.set_major_formatter(canvas.tick_formatter())
    axes.set_ylim(0.0, 103.0)
    axes.set_yticks([0, 25, 50, 75, 100])
    cells = document["tissue"]["cells_by_class"][name]
    canvas.heading(axes, CLASS_LABELS[name], f"% of {cells} cells that reach the dose")


def _nuclide_key(paper: Any, document: Mapping[str, Any]) -> None:
    """Draw one key for all panels, above them: lines that run together have no room for labels."""
    from matplotlib.lines import Line2D

    handles: list[Any] = []
    for number, one in enumerate(document["nuclides"]):
        colour, dash, _ = style_of(number)
        label = nuclide_label(one["nuclide"])
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=label))
    wide, tall = paper.get_size_inches()
    paper.legend(
        handles=handles, loc="upper left", ncols=min(len(handles), 9), handlelength=3.2,
        bbox_to_anchor=(LEFT_IN / wide, 1.0 - 0.06 / tall), borderpad=0.0, columnspacing=1.6,
    )  # fmt: skip


def _histogram_data(document: Mapping[str, Any]) -> Table:
    rows: list[Row] = []
    for one in document["nuclides"]:
        for name, found in one["classes"].items():
            dvh = found["dvh"]
            rows += [
                (one["nuclide"], name, dose, share)
                for dose, share in zip(dvh["dose_Gy"], dvh["share_of_cells"], strict=True)
            ]
    return table("dose_histograms", ("nuclide", "class", "dose_Gy", "share_of_cells"), rows)


# ------------------------------------------------------------------ survival, one tissue


def survival_figure(document: Mapping[str, Any]) -> Figure:
    """Return decades of cell kill by nuclide and class, and control."""
    classes = document["nuclides"][0]["classes"]
    names = [c for c in class_names(document) if classes[c]["log10_surviving_fraction"] is not None]
    nuclides = [one["nuclide"] for one in document["nuclides"]]
    with house_style():
        count = len(names) + 1
        paper, panels = grid(
            count, count if count <= 4 else 3, tall_in=0.34 * len(nuclides) + 0.3, gap_in=0.5
        )
        kills = {
            name: [-one["classes"][name]["log10_surviving_fraction"] for one in
                   document["nuclides"]]
            for name in names
        }  # fmt: skip
        low, high = kill_range([k for found in kills.values() for k in found], 1.08)
        for axes, name in zip(panels, names, strict=False):
            _draw_points(axes, kills[name], nuclides)
            kill_axis(axes, "x", low, high)
            axes.set_xlabel("Cell kill, decades")
            canvas.heading(axes, CLASS_LABELS[name], "−log₁₀ of the surviving fraction")
        last = panels[len(names)]
        _draw_points(last, [100.0 * one["tcp"] for one in document["nuclides"]], nuclides)
        last.set_xlim(-4.0, 104.0)
        last.set_xlabel("Probability, %")
        canvas.heading(last, "Control", "no clonogenic tumour cell is left")
        return canvas.finished(
            paper,
            "survival",
            title="Survival by nuclide",
            caption="Cell kill in decades of the mean surviving fraction of each class, and the "
            f"probability that no clonogenic tumour cell is left. {equal_words(document)}.",
            alt="Decades of cell kill of each class of cells and control, by nuclide.",
            data=table(
                "survival",
                ("nuclide", "class", "log10_surviving_fraction", "tcp"),
                [
                    (one["nuclide"], name, found["log10_surviving_fraction"], one["tcp"])
                    for one in document["nuclides"]
                    for name, found in one["classes"].items()
                    if name in names
                ],
            ),
        )


def _draw_points(axes: Axes, values: Sequence[float], nuclides: Sequence[str]) -> None:
    for number, value in enumerate(values):
        y = len(values) - 1 - number
        colour, _, marker = style_of(number)
        shown = max(value, LEAST_KILL)
        axes.plot([0.0, shown], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt")
        axes.plot([shown], [y], marker, color=colour, markersize=6, clip_on=False)
    axes.set_ylim(-0.6, len(values) - 0.4)
    axes.set_yticks(range(len(values)))
    axes.set_yticklabels([nuclide_label(n) for n in reversed(nuclides)], color=INK)
    axes.grid(visible=False, axis="y")
