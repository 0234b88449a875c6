"""What the figures of a tissue share: how a nuclide and a class look, panels, axes of kill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import INK, Axes

STYLES: tuple[tuple[str, Any, str], ...] = (
    (canvas.BLUE, "-", "o"),
    (canvas.VERMILION, (0, (5, 1.6)), "s"),
    (canvas.GREEN, (0, (1.2, 1.2)), "^"),
    (canvas.ORANGE, (0, (6, 1.5, 1.2, 1.5)), "D"),
    (canvas.PURPLE, (0, (3, 1, 1, 1, 1, 1)), "v"),
    (canvas.SKY, (0, (9, 2)), "P"),
    (INK, (0, (2.5, 2.5)), "X"),
)
"""Colour, dash and marker: each alone tells the nuclides apart."""
CLASS_LABELS = {
    "tumour_cell": "Tumour cells",
    "target_positive": "Tumour cells with the target",
    "target_negative": "Tumour cells without the target",
    "stroma": "Fibroblasts",
    "immune_cell": "Immune cells",
}
WIDE_RATIO = 15.0
"""Values that differ by more than this stand on a logarithmic axis."""
LEAST_KILL = 1e-3
"""Decades of cell kill below which a logarithmic axis does not go."""
LEFT_IN, HEAD_IN, FOOT_IN = 0.55, 0.5, 0.5


def style_of(number: int) -> tuple[str, Any, str]:
    """Return colour, dash and marker of the nuclide with a number."""
    return STYLES[number % len(STYLES)]


def class_names(document: Mapping[str, Any]) -> list[str]:
    """Return the classes of cells of a document that have a histogram, in reading order."""
    return [c for c in CLASS_LABELS if c in document["nuclides"][0]["classes"]]


def grid(
    count: int, columns: int, *, tall_in: float, top_in: float = 0.0, right_in: float = 0.2,
    gap_in: float = 0.55,
) -> tuple[Any, list[Axes]]:  # fmt: skip
    """Return equal panels in reading order, with room above all and at the right of each."""
    columns = min(columns, count)
    rows = -(-count // columns)
    each = (canvas.WIDTH_IN - LEFT_IN - right_in - gap_in * (columns - 1)) / columns
    pitch = HEAD_IN + tall_in + FOOT_IN
    paper = canvas.sheet(canvas.WIDTH_IN, top_in + rows * pitch)
    return paper, [
        canvas.place(
            paper,
            LEFT_IN + (i % columns) * (each + gap_in),
            top_in + HEAD_IN + (i // columns) * pitch,
            each,
            tall_in,
        )
        for i in range(count)
    ]


def kill_range(values: Sequence[float], margin: float = 1.25) -> tuple[float, float]:
    """Return the ends of an axis of decades; from 0 where it need not be logarithmic."""
    positive = [max(value, LEAST_KILL) for value in values if np.isfinite(value)]
    if not positive:
        return 0.0, 1.0
    high, low = margin * max(positive), min(positive)
    return (0.6 * low, high) if high > WIDE_RATIO * low else (0.0, high)


def kill_axis(axes: Axes, which: str, low: float, high: float) -> None:
    if low > 0.0:
        canvas.log_axis(axes, which, low=low, high=high)
        return
    (axes.set_xlim if which == "x" else axes.set_ylim)(0.0, high)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(canvas.few_ticks())
    axis.set_major_formatter(canvas.tick_formatter())
