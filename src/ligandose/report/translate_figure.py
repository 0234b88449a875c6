"""The figure of a translation: human organ doses by every method, with their spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILION, Figure, house_style
from ligandose.report.tables import table
from ligandose.report.text import nuclide_label

STYLES = {
    "none": ("No scaling", VERMILION, "s"),
    "mass": ("Relative mass", BLUE, "o"),
    "time": ("Time", ORANGE, "^"),
    "mass_time": ("Mass and time", GREEN, "D"),
    "allometric": ("Allometric", PURPLE, "v"),
}
ROW_IN = 0.2
MOST = 24


def dose_figure(document: Mapping[str, Any]) -> Figure:
    """Return organ doses per activity of a `ligandose.translate` document."""
    doses = document["doses"][:MOST]
    name, human = nuclide_label(str(document["nuclide"])), document["human"]
    place = np.arange(len(doses))[::-1]
    low = min(min(v for v in row["by_method"].values() if v > 0.0) for row in doses)
    high = max(row["dose_per_activity_Gy_per_GBq"]["p95"] for row in doses)
    with house_style():
        tall = ROW_IN * len(doses)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.15)
        axes = canvas.place(paper, 1.7, 0.5, canvas.WIDTH_IN - 3.2, tall)
        for y, row in zip(place, doses, strict=True):
            found = row["dose_per_activity_Gy_per_GBq"]
            axes.plot([found["p05"], found["p95"]], [y, y], color=INK, alpha=0.25, linewidth=5)
        for method, (label, colour, marker) in STYLES.items():
            values = [row["by_method"][method] for row in doses]
            axes.plot(
                values, place, linestyle="none", marker=marker, ms=4.5, mfc="white", mec=colour,
                label=label,
            )  # fmt: skip
        axes.set_yticks(place, [str(row["region"]).replace("_", " ") for row in doses])
        axes.set_ylim(-0.6, len(doses) - 0.4)
        canvas.log_axis(axes, "x", low=0.6 * low, high=1.6 * high)
        axes.set_xlabel("Absorbed dose per administered activity, Gy/GBq")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8, frameon=False)
        canvas.heading(axes, f"{human}, by method of scaling", "shaded: 90 % over methods and fits")
        return canvas.finished(
            paper,
            "human_doses",
            title=f"{name} in a human, from the {document['table']['species']}",
            caption="Absorbed dose per activity in the reference human by five methods of scaling; "
            "the bar holds 90 % of methods and uncertainty of the curves together, and not what "
            "differs between the species otherwise.",
            alt="Organ doses, one row for each organ, one marker for each method of scaling.",
            data=table(
                "human_doses",
                ("region", *(f"{m}_Gy_per_GBq" for m in STYLES), "median", "p05", "p95"),
                [
                    [
                        row["region"],
                        *(row["by_method"][m] for m in STYLES),
                        *(row["dose_per_activity_Gy_per_GBq"][k] for k in ("median", "p05", "p95")),
                    ]
                    for row in document["doses"]
                ],
            ),
        )
