"""The figure of survival against a value that is varied, one line for each nuclide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.report import canvas
from ligandose.report.canvas import Axes, Figure, house_style
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import nuclide_label
from ligandose.report.tissue_panels import (
    CLASS_LABELS,
    LEAST_KILL,
    WIDE_RATIO,
    grid,
    kill_axis,
    kill_range,
    style_of,
)
from ligandose.report.tissue_tables import equal_words

Floats = NDArray[np.float64]
Row = tuple[Value, ...]

FIELD_LABELS = {
    "radius_um": "Radius of the cluster, µm",
    "nest_radius_um": "Radius of a nest, µm",
    "stroma_fraction": "Volume fraction of stroma",
    "tumour_fraction": "Volume fraction of tumour cells",
    "source.fraction_positive": "Share of the tumour cells with the target",
    "source.cv": "Coefficient of variation of the sites",
    "source.patch_um": "Size of the patches, µm",
}
VALUE_LABELS = {
    "mean_dose": "Mean dose of the tumour cells, Gy",
    "emitted_dose": "Emitted dose, Gy",
    "activity": "Activity given per mass, Bq/kg",
    "organ_dose": "Dose of the limiting organ, Gy",
}
LABEL_PT = 10.0
"""Least distance of two direct labels."""


def sweep_figure(document: Mapping[str, Any]) -> Figure:
    """Return cell kill by class and control against the value that is varied."""
    sweep = document["sweep"]
    values = np.array(sweep["values"])
    names = _swept_classes(sweep)
    kills = {name: [_kill(sweep, n, name) for n in sweep["nuclides"]] for name in names}
    every = [float(k) for found in kills.values() for curve in found for k in curve]
    low, high = kill_range(every)
    with house_style():
        paper, panels = grid(len(names) + 1, 3, tall_in=2.9, right_in=0.62, gap_in=1.0)
        for axes, name in zip(panels, names, strict=False):
            _draw_curves(axes, values, kills[name], least=LEAST_KILL)
            kill_axis(axes, "y", low, high)
            _label_ends(axes, kills[name], sweep, low, high)
            canvas.heading(axes, CLASS_LABELS[name], "Cell kill in decades, −log₁₀ S")
        last = panels[len(names)]
        tcp = [100.0 * np.array([at["tcp"] for at in f]) for f in sweep["nuclides"].values()]
        _draw_curves(last, values, tcp, least=-np.inf)
        last.set_ylim(-3.0, 103.0)
        _label_ends(last, tcp, sweep, 0.0, 103.0)
        canvas.heading(last, "Control", "Probability, no clonogen left, %")
        for axes in panels:
            _value_axis(axes, values)
            axes.set_xlabel(_label_of(document))
        return canvas.finished(
            paper,
            "survival",
            title=f"Survival against {_label_of(document).split(',')[0].lower()}",
            caption="Cell kill in decades of the mean surviving fraction, and the probability "
            f"that no clonogenic tumour cell is left. {equal_words(document)}.",
            alt="Decades of cell kill and control against the varied value, one line for each "
            "nuclide.",
            data=_sweep_data(sweep),
        )


def _label_of(document: Mapping[str, Any]) -> str:
    field = str(document["sweep"]["field"])
    if field == "value":
        return VALUE_LABELS[document["compare"]["equal"]]
    return FIELD_LABELS.get(field, field.replace("_um", ", µm").replace("_", " "))


def _swept_classes(sweep: Mapping[str, Any]) -> list[str]:
    """Return the classes of tumour cells that have a survival at every value, most telling first.

    Where no value leaves cells without the target, or one leaves none with it, they are not drawn.
    """
    points = [at for found in sweep["nuclides"].values() for at in found]
    return [
        c
        for c in ("tumour_cell", "target_negative")
        if all(c in at["log10_surviving_fraction"] for at in points)
    ]


def _kill(sweep: Mapping[str, Any], nuclide: str, name: str) -> Floats:
    return np.array([-at["log10_surviving_fraction"][name] for at in sweep["nuclides"][nuclide]])


def _draw_curves(axes: Axes, values: Floats, curves: Sequence[Floats], *, least: float) -> None:
    for number, curve in enumerate(curves):
        colour, dash, marker = style_of(number)
        axes.plot(
            values, np.maximum(curve, least), color=colour, linestyle=dash, marker=marker,
            markersize=3.8, zorder=3, clip_on=False,
        )  # fmt: skip


def _value_axis(axes: Axes, values: Floats) -> None:
    low, high = float(values[0]), float(values[-1])
    if low > 0.0 and high > WIDE_RATIO * low:
        canvas.log_axis(axes, "x", low=low / 1.06, high=high * 1.06)
        return
    margin = 0.03 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    axes.xaxis.set_major_locator(canvas.few_ticks())
    axes.xaxis.set_major_formatter(canvas.tick_formatter())


def _label_ends(
    axes: Axes,
    curves: Sequence[Floats],
    sweep: Mapping[str, Any],
    low: float,
    high: float,
) -> None:
    """Write the nuclides at the right ends of their lines, moved apart where they meet."""
    tall_pt = axes.get_position().height * axes.figure.get_size_inches()[1] * 72.0
    ends = np.array([float(np.clip(curve[-1], max(low, LEAST_KILL), high)) for curve in curves])
    share = np.log(ends / low) / np.log(high / low) if low > 0.0 else ends / high
    at = _apart(np.clip(share, 0.0, 1.0) * tall_pt, LABEL_PT, tall_pt)
    for number, (nuclide, y) in enumerate(zip(sweep["nuclides"], at, strict=True)):
        axes.annotate(
            nuclide_label(nuclide), (1.0, 0.0), (7, float(y)), xycoords="axes fraction",
            textcoords="offset points", color=style_of(number)[0], fontsize=8.5,
            fontweight="bold", va="center", annotation_clip=False,
        )  # fmt: skip


def _apart(places: Floats, least: float, top: float) -> Floats:
    """Return places moved as little as needed for a least distance, within 0 and top."""
    order = np.argsort(places, kind="stable")
    least = min(least, top / max(places.size - 1, 1))
    found = places[order].astype(float)
    for _ in range(200):
        gap = np.diff(found)
        short = np.maximum(least - gap, 0.0)
        if not np.any(short > 1e-6):
            break
        found[:-1] -= 0.5 * short
        found[1:] += 0.5 * short
        found = np.clip(found, 0.0, top)
    moved = np.empty_like(found)
    moved[order] = found
    return moved


def _sweep_data(sweep: Mapping[str, Any]) -> Table:
    rows: list[Row] = [
        (
            nuclide, value, name, kill, at["mean_dose_Gy"], at["least_dose_Gy"],
            at["emitted_dose_Gy"], at["tcp"],
        )
        for nuclide, found in sweep["nuclides"].items()
        for value, at in zip(sweep["values"], found, strict=True)
        for name, kill in at["log10_surviving_fraction"].items()
    ]  # fmt: skip
    columns = ("nuclide", str(sweep["field"]), "class", "log10_surviving_fraction",
               "mean_dose_Gy", "p05_dose_Gy", "emitted_dose_Gy", "tcp")  # fmt: skip
    return table("survival", columns, rows)
