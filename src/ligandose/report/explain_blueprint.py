"""The blueprint of an optimal target: one profile per property, real targets on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    SOFT,
    VERMILION,
    Axes,
    Figure,
    house_style,
)
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import nuclide_label, number

COLUMNS = 4
SHORT = {
    "lesion_ratio": "Density ratio of lesion kinds",
    "heterogeneity": "SD of ln dose in a lesion",
    "salivary_glands": "Sites in salivary glands",
}
NEAR, STEP = 0.075, 0.17
FACES = {"measured": VERMILION, "calibrated": ORANGE, "modelled": "white", "assumed": "#d9d9d9"}


def blueprint_figure(found: Mapping[str, Any]) -> Figure:
    """Return the desirability profile of a `ligandose.explain` document's blueprint."""
    properties = found["properties"]
    names = found["placed"]
    letters = {name: chr(ord("A") + k) for k, name in enumerate(names)}
    what = f"{nuclide_label(str(found['nuclide']))}-{found['vector_of']}"
    with house_style():
        paper, panels = _panels(len(properties))
        for axes, one in zip(panels, properties, strict=True):
            _profile(axes, one, found["share"], letters)
        _key(panels[0], f"Optimal target for {what} in {found['indication']}", letters)
        return canvas.finished(
            paper,
            "blueprint",
            title=f"Blueprint of an optimal target for {what} in {found['indication']}",
            caption=f"Desirability: effect at the first organ's limit over the best of the sweep "
            f"({found['counted']}), median and 5 to 95 % of {found['contexts']} contexts. Shaded "
            f"range: at least {100.0 * found['share']:.0f} % of the best. Targets "
            + ", ".join(f"{v} {k}" for k, v in letters.items())
            + "; dark: measured, orange: calibrated on published uptake, grey: assumed, "
            + "white: from the expression model. Not measured: "
            + (_missing(properties, letters) or "none")
            + ".",
            alt="Desirability of each property of a target, with the range that keeps the effect "
            "and real targets at their values.",
            data=_table(found),
        )


def _panels(count: int) -> tuple[Any, list[Axes]]:
    left, top, gap, head, tall = 0.45, 1.15, 0.42, 0.62, 1.25
    each = (canvas.WIDTH_IN - left - 0.15 - gap * (COLUMNS - 1)) / COLUMNS
    down = -(-count // COLUMNS)
    pitch = head + tall + 0.25
    paper = canvas.sheet(canvas.WIDTH_IN, top + down * pitch - head + 0.35)
    axes = [
        canvas.place(
            paper, left + (i % COLUMNS) * (each + gap), top + (i // COLUMNS) * pitch, each, tall
        )
        for i in range(count)
    ]
    return paper, axes


def _profile(axes: Axes, one: Mapping[str, Any], share: float, letters: Mapping[str, str]) -> None:
    x, held = one["value"], one["desirability"]
    kept = one["range"]
    if kept["low"] is not None:
        axes.axvspan(kept["low"], kept["high"], color=GREEN, alpha=0.16, lw=0)
    axes.fill_between(x, held["p05"], held["p95"], color=BLUE, alpha=canvas.BAND_ALPHA, lw=0)
    axes.plot(x, held["median"], color=BLUE)
    axes.axhline(share, color=SOFT, lw=0.6, ls=":")
    _marks(axes, one, letters)
    canvas.log_axis(axes, "x", low=x[0], high=x[-1], minor=False)
    if x[-1] / x[0] > 2e3:
        decades = np.arange(np.ceil(np.log10(x[0]) - 1e-9), np.log10(x[-1]) + 1e-9, 2.0)
        canvas.ticks(axes, "x", [10.0**d for d in decades])
    axes.set_ylim(-0.03, 1.12)
    canvas.ticks(axes, "y", [0.0, 0.5, 1.0])
    unit = "" if one["unit"] == "1" else f"{one['unit']}: "
    canvas.heading(axes, "", f"{unit}{_range(one)}")
    label = SHORT.get(str(one["property"]), str(one["label"]))
    axes.annotate(
        label, (0, 1), (0, 17), xycoords="axes fraction", textcoords="offset points",
        fontsize=8, fontweight="bold", va="baseline", annotation_clip=False,
    )  # fmt: skip


def _marks(axes: Axes, one: Mapping[str, Any], letters: Mapping[str, str]) -> None:
    """Put real targets on the median; neighbours that would lie on one another stand lower."""
    x: list[float] = [math.log(v) for v in one["value"]]
    median: list[float] = one["desirability"]["median"]
    known = [t for t in one["targets"] if t["value"] is not None]
    last, lowered = -math.inf, 0
    for target in sorted(known, key=lambda t: float(t["value"])):
        at = min(max(math.log(target["value"]), x[0]), x[-1])
        near = (at - last) < NEAR * (x[-1] - x[0])
        lowered = lowered + 1 if near else 0
        last = at
        y = float(np.interp(at, x, median))
        spot = y + (-1.0 if y > 0.5 else 1.0) * STEP * lowered
        if lowered:
            axes.plot([math.exp(at)] * 2, [y, spot], color=INK, lw=0.5, zorder=4)
        measured = target["status"] == "measured"
        axes.plot(
            [math.exp(at)], [spot], "o", ms=9, mfc=FACES[target["status"]], mec=INK, mew=0.8,
            clip_on=False, zorder=5,
        )  # fmt: skip
        axes.annotate(
            letters[target["name"]], (math.exp(at), spot), ha="center", va="center_baseline",
            fontsize=6, zorder=6, color="white" if measured else INK, annotation_clip=False,
        )  # fmt: skip


def _range(one: Mapping[str, Any]) -> str:
    """Return the kept range in words."""
    low, high = one["range"]["low"], one["range"]["high"]
    if not one["matters"]:
        return "any"
    if low is None:
        return "none keeps it"
    if one["open_low"]:
        return f"up to {number(high, 2)}"
    if one["open_high"]:
        return f"from {number(low, 2)}"
    return f"{number(low, 2)} to {number(high, 2)}"


def _key(axes: Axes, title: str, letters: Mapping[str, str]) -> None:
    words = "   ".join(f"{letter} {name}" for name, letter in letters.items())
    how = "vertical: effect at the limit over the best; shaded: the range that keeps it"
    marks = "dark: measured, orange: calibrated, grey: assumed, white: modelled"
    for text, rise, size, weight, colour in (
        (title, 66, 11, "bold", INK),
        (f"{how}", 51, 8, "normal", SOFT),
        (f"{words}   ({marks})", 38, 8, "normal", SOFT),
    ):
        axes.annotate(
            text, (0, 1), (0, rise), xycoords="axes fraction", textcoords="offset points",
            fontsize=size, fontweight=weight, color=colour, va="baseline", annotation_clip=False,
        )  # fmt: skip


def _missing(properties: Sequence[Mapping[str, Any]], letters: Mapping[str, str]) -> str:
    """Return which targets have no number for which property."""
    said: list[str] = []
    for one in properties:
        absent = [letters[t["name"]] for t in one["targets"] if t["value"] is None]
        if absent:
            who = "all" if len(absent) == len(letters) else "".join(absent)
            said.append(f"{str(one['label']).lower()} ({who})")
    return ", ".join(said)


def range_words(one: Mapping[str, Any]) -> str:
    """Return the range that keeps the effect with its unit."""
    unit = "" if one["unit"] == "1" else f" {one['unit']}"
    return _range(one) + (unit if one["matters"] and one["range"]["low"] is not None else "")


def _table(found: Mapping[str, Any]) -> Table:
    rows: list[list[Value]] = []
    for one in found["properties"]:
        held = one["desirability"]
        for k, x in enumerate(one["value"]):
            rows.append(
                ["profile", one["property"], one["unit"], x, held["median"][k], held["p05"][k],
                 held["p95"][k], one["limiting_organs"][k], ""]
            )  # fmt: skip
        for t in one["targets"]:
            rows.append(
                ["target", one["property"], one["unit"], t["value"], None, None, None, t["name"],
                 "; ".join(w for w in (t["status"], t["said"]) if w)]
            )  # fmt: skip
    columns = ("kind", "property", "unit", "value", "desirability_median", "p05", "p95",
               "limiting_organ_or_target", "status")  # fmt: skip
    return table("blueprint", columns, rows)
