"""S values and voxel S values as figures and tables."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure, house_style
from ligandose.report.tables import Table, table
from ligandose.report.text import host_label, nuclide_label, region_label

FloatArray = NDArray[np.float64]

S_COLUMNS = ("target", "source", "total", "electron", "photon", "alpha", "uncertainty")
COLOURS = "cividis"
"""Even steps of lightness, so that it reads the same in greyscale and to the colour-blind."""
DECADES = 8
"""What is fainter than this below the largest value shares the darkest colour."""
CELL_IN, LABELS_IN, FOOT_IN = 0.155, 1.75, 1.75
KINDS = (("electron", canvas.BLUE, "-"), ("photon", canvas.ORANGE, "--"),
         ("alpha", canvas.VERMILION, "-."))  # fmt: skip


def s_value_table(document: Mapping[str, Any]) -> Table:
    """Return the S values of a `ligandose.svalue` document, Gy/(Bq s)."""
    columns = (*S_COLUMNS[:2], *(f"{name}_Gy_per_Bq_s" for name in S_COLUMNS[2:]))
    return table("s_values", columns, [[v[c] for c in S_COLUMNS] for v in document["values"]])


def s_value_figure(document: Mapping[str, Any]) -> Figure:
    """Return a map of all S values: a row for each target, a column for each source."""
    targets, sources, s = _matrix(document)
    with house_style():
        paper = _heat_map(targets, sources, s)
        name = nuclide_label(str(document["nuclide"]))
        chain = " with its progeny" if document["chain"] else ""
        host = host_label(str(document["host"]))
        return canvas.finished(
            paper,
            "s_values",
            title=f"S values of {name}{chain} in the {host}",
            caption=f"Absorbed dose to the target per decay of {name} in the source, at the "
            f"reference masses. White: no dose. Darkest: {DECADES} decades below the largest, or "
            f"less. Table: {document['table']}.",
            alt=f"Matrix of S values of {name}, {len(targets)} targets by {len(sources)} sources.",
            data=s_value_table(document),
        )


def _matrix(document: Mapping[str, Any]) -> tuple[list[str], list[str], FloatArray]:
    values = document["values"]
    targets = list(dict.fromkeys(str(v["target"]) for v in values))
    sources = list(dict.fromkeys(str(v["source"]) for v in values))
    s = np.full((len(targets), len(sources)), np.nan)
    for v in values:
        s[targets.index(v["target"]), sources.index(v["source"])] = v["total"]
    return targets, sources, s


def _heat_map(targets: list[str], sources: list[str], s: FloatArray) -> Any:
    width, height = CELL_IN * max(len(sources), 4), CELL_IN * max(len(targets), 4)
    paper = canvas.sheet(LABELS_IN + width + 1.2, 0.45 + height + FOOT_IN)
    axes = canvas.place(paper, LABELS_IN, 0.45, width, height)
    positive = s[np.isfinite(s) & (s > 0.0)]
    top = float(positive.max()) if positive.size else 1.0
    low = max(float(positive.min()) if positive.size else top / 10, top * 10.0**-DECADES)
    shown = np.ma.masked_where(~(s > 0.0), np.maximum(s, low))
    image = axes.imshow(
        shown, cmap=COLOURS, norm=LogNorm(min(low, 0.5 * top), top), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    _name_cells(axes, targets, sources)
    bar = canvas.place(paper, LABELS_IN + width + 0.2, 0.45, 0.16, min(height, 3.0))
    paper.colorbar(image, cax=bar)
    bar.set_yscale("log")
    lowest = min(low, 0.5 * top)
    canvas.log_axis(bar, "y", low=lowest, high=top, minor=log10(top / lowest) < 3)
    bar.set_title("Gy/(Bq s)", fontsize=7, color=SOFT, loc="left")
    return paper


def _name_cells(axes: Any, targets: list[str], sources: list[str]) -> None:
    axes.set_xticks(range(len(sources)), [region_label(r) for r in sources], rotation=90)
    axes.set_yticks(range(len(targets)), [region_label(r) for r in targets])
    axes.tick_params(length=0, labelsize=7)
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlabel("Source: where the decays are", fontsize=8, color=INK)
    axes.set_ylabel("Target: where the dose is", fontsize=8, color=INK)


def voxel_kernel_figure(document: Mapping[str, Any]) -> Figure:
    """Return the voxel S values of a `ligandose.vsv` document along the three axes' directions."""
    distance, kinds, total, sd = _profile(document)
    name = nuclide_label(str(document["nuclide"]))
    sides = " × ".join(f"{side:g}" for side in document["voxel_mm"])
    with house_style():
        paper, panels = canvas.panels(1, 1, panel_height_in=2.6, foot_in=0.5)
        axes = panels[0]
        good = total > 0.0
        for kind, colour, style in KINDS:
            _kind_line(axes, distance, kinds[kind], kind, colour, style)
        axes.errorbar(
            distance[good],
            total[good],
            yerr=sd[good],
            color=INK,
            fmt="o",
            markersize=3.5,
            markerfacecolor="none",
            linestyle="none",
        )
        canvas.log_axis(axes, "y", low=0.5 * float(total[good].min()), high=2 * float(total.max()))
        axes.set_xlabel("Distance between the centres of the voxels along x, mm")
        chain = " with its progeny" if document["chain"] else ""
        heading = f"{name}{chain} in {document['medium']}, {sides} mm"
        canvas.heading(axes, heading, "S, Gy/(Bq s)")
        return canvas.finished(
            paper,
            "voxel_s_values",
            title=f"Voxel S values of {name}",
            caption=f"Absorbed dose to a voxel of {sides} mm per decay of {name} in another one "
            "along x, by kind (lines) and in all (circles; bars: one standard error).",
            alt=f"Voxel S values of {name} falling with distance, by kind of radiation.",
            data=table(
                "voxel_s_values",
                ("distance_mm", "s_Gy_per_Bq_s", "sd_Gy_per_Bq_s",
                 *(f"{kind}_Gy_per_Bq_s" for kind, _, _ in KINDS)),
                [
                    [float(x), float(total[n]), float(sd[n]),
                     *(float(kinds[kind][n]) for kind, _, _ in KINDS)]
                    for n, x in enumerate(distance)
                ],
            ),
        )  # fmt: skip


def _kind_line(
    axes: Any, distance: FloatArray, s: FloatArray, kind: str, colour: str, style: str
) -> None:
    """Draw the part of one kind of radiation and write its name at the line."""
    here = s > 0.0
    if not np.any(here):
        return
    x, y = distance[here], s[here]
    axes.plot(x, y, color=colour, linestyle=style)
    at = min(1, x.size - 1)
    place = np.exp(0.5 * (np.log(y[0]) + np.log(y[at])))
    axes.annotate(
        kind.capitalize(), (0.5 * (x[0] + x[at]), place), (8, 2), textcoords="offset points",
        color=colour, fontsize=8, fontweight="bold",
    )  # fmt: skip


def _profile(
    document: Mapping[str, Any],
) -> tuple[FloatArray, dict[str, FloatArray], FloatArray, FloatArray]:
    """Return distance, S by kind, S and its standard error of the voxels on the x axis."""
    on_axis = [n for n, (_, j, k, _) in enumerate(document["kernel"]) if j == 0 and k == 0]
    kernel = document["kernel"]
    distance = np.array([kernel[n][0] * document["voxel_mm"][0] for n in on_axis])
    kinds = {
        kind: np.array([document["by_kind"][kind][n] for n in on_axis]) for kind, _, _ in KINDS
    }
    total = np.array([kernel[n][3] for n in on_axis])
    sd = np.array([document["uncertainty"][n] for n in on_axis])
    return distance, kinds, total, sd
