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

COLUMNS = 5
WIDE_IN = 11.4
"""Of a slide."""
SHORT = {
    "lesion_ratio": "Density ratio of lesion kinds",
    "heterogeneity": "SD of ln dose in a lesion",
    "salivary_glands": "Sites in salivary glands",
    "positive_share": "Cells with the target, share",
}
NEAR, STEP = 0.085, 0.17
STEPS = (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5)
LOWEST, HIGHEST = 0.06, 1.06
FACES = {
    "measured": VERMILION,
    "recalled": "#f4c2a1",
    "calibrated": ORANGE,
    "modelled": "white",
    "assumed": "#d9d9d9",
    "catalogue": "#a3c5de",
}
SAID = {
    "measured": "measured",
    "recalled": "measured, source not read",
    "calibrated": "calibrated on published uptake",
    "modelled": "from the expression model",
    "assumed": "assumed",
    "catalogue": "as the catalogue says",
}
PLACES = {"tumour cell": "cell", "vasculature": "vessel", "extracellular matrix": "matrix"}


def blueprint_figure(found: Mapping[str, Any]) -> Figure:
    """Return the desirability profile of a `ligandose.explain` document's blueprint."""
    properties = found["properties"]
    names = found["placed"]
    letters = {name: chr(ord("A") + k) for k, name in enumerate(names)}
    what = f"{nuclide_label(str(found['nuclide']))}-{found['vector_of']}"
    with house_style():
        paper, panels = _panels(len(properties))
        for axes, one in zip(panels, properties, strict=False):
            _profile(axes, one, found["share"], letters)
        _heading(panels[0], f"Optimal target for {what} in {found['indication']}")
        _key(panels[-1], letters)
        return canvas.finished(
            paper,
            "blueprint",
            title=f"Blueprint of an optimal target for {what} in {found['indication']}",
            caption=f"Desirability: effect at the first organ's limit over the best of the sweep "
            f"({found['counted']}), median and 5 to 95 % of {found['contexts']} contexts. Shaded "
            f"range: at least {100.0 * found['share']:.0f} % of the best. Targets "
            + ", ".join(f"{v} {k}" for k, v in letters.items())
            + ". Not measured: "
            + (_missing(properties, letters) or "none")
            + ".",
            alt="Desirability of each property of a target, with the range that keeps the effect "
            "and real targets at their values.",
            data=_table(found),
        )


def _panels(count: int) -> tuple[Any, list[Axes]]:
    left, top, gap, head, tall = 0.45, 1.0, 0.42, 0.62, 1.25
    each = (WIDE_IN - left - 0.15 - gap * (COLUMNS - 1)) / COLUMNS
    down = -(-(count + 1) // COLUMNS)
    pitch = head + tall + 0.25
    paper = canvas.sheet(WIDE_IN, top + down * pitch - head + 0.35)
    axes = [
        canvas.place(
            paper, left + (i % COLUMNS) * (each + gap), top + (i // COLUMNS) * pitch, each, tall
        )
        for i in range(count + 1)
    ]
    return paper, axes


def _profile(axes: Axes, one: Mapping[str, Any], share: float, letters: Mapping[str, str]) -> None:
    x, held = one["value"], one["desirability"]
    if one["categories"]:
        _categories(axes, one)
    else:
        kept = one["range"]
        if kept["low"] is not None:
            axes.axvspan(kept["low"], kept["high"], color=GREEN, alpha=0.16, lw=0)
        axes.fill_between(x, held["p05"], held["p95"], color=BLUE, alpha=canvas.BAND_ALPHA, lw=0)
        axes.plot(x, held["median"], color=BLUE)
        canvas.log_axis(axes, "x", low=x[0], high=x[-1], minor=False)
        if x[-1] / x[0] > 2e3:
            decades = np.arange(np.ceil(np.log10(x[0]) - 1e-9), np.log10(x[-1]) + 1e-9, 2.0)
            canvas.ticks(axes, "x", [10.0**d for d in decades])
        if x[-1] / x[0] < 4.0:
            canvas.ticks(axes, "x", x)
    axes.axhline(share, color=SOFT, lw=0.6, ls=":")
    _marks(axes, one, letters)
    axes.set_ylim(-0.03, 1.12)
    canvas.ticks(axes, "y", [0.0, 0.5, 1.0])
    unit = "" if one["unit"] == "1" else f"{one['unit']}: "
    canvas.heading(axes, "", f"{unit}{_range(one)}")
    label = SHORT.get(str(one["property"]), str(one["label"]))
    axes.annotate(
        label, (0, 1), (0, 17), xycoords="axes fraction", textcoords="offset points",
        fontsize=8, fontweight="bold", va="baseline", annotation_clip=False,
    )  # fmt: skip


def _categories(axes: Axes, one: Mapping[str, Any]) -> None:
    """Draw a property that is one of a few kinds: bars with their band."""
    held, names = one["desirability"], one["categories"]
    for k, name in enumerate(names):
        low, middle, high = held["p05"][k], held["median"][k], held["p95"][k]
        colour = GREEN if name in one["kept"] else SOFT
        axes.bar(k + 1, middle, width=0.7, color=colour, alpha=0.22, lw=0)
        axes.plot([k + 0.65, k + 1.35], [middle, middle], color=BLUE)
        axes.fill_between(
            [k + 0.65, k + 1.35], low, high, color=BLUE, alpha=canvas.BAND_ALPHA, lw=0
        )
    axes.set_xlim(0.5, len(names) + 0.5)
    canvas.ticks(axes, "x", range(1, len(names) + 1))
    axes.set_xticklabels([PLACES.get(n, n) for n in names], fontsize=7)
    axes.grid(visible=False, axis="x")


def _marks(axes: Axes, one: Mapping[str, Any], letters: Mapping[str, str]) -> None:
    """Put real targets on the median; neighbours that would lie on one another stand off it."""
    shown = float if one["categories"] else math.log
    x: list[float] = [shown(v) for v in one["value"]]
    width = x[-1] - x[0] + (1.0 if one["categories"] else 0.0)
    median: list[float] = one["desirability"]["median"]
    known = [t for t in one["targets"] if t["value"] is not None]
    placed: list[tuple[float, float]] = []
    for target in sorted(known, key=lambda t: float(t["value"])):
        at = min(max(shown(target["value"]), x[0]), x[-1])
        y = float(np.interp(at, x, median))
        spot = _free(at, y, placed, NEAR * width)
        placed.append((at, spot))
        across = at if one["categories"] else math.exp(at)
        if spot != y:
            axes.plot([across] * 2, [y, spot], color=INK, lw=0.5, zorder=4)
        axes.plot(
            [across], [spot], "o", ms=9, mfc=FACES[target["status"]], mec=INK, mew=0.8,
            clip_on=False, zorder=5,
        )  # fmt: skip
        axes.annotate(
            letters[target["name"]], (across, spot), ha="center", va="center_baseline",
            fontsize=6, zorder=6, color="white" if target["status"] == "measured" else INK,
            annotation_clip=False,
        )  # fmt: skip


def _free(at: float, y: float, placed: Sequence[tuple[float, float]], near: float) -> float:
    """Return the height nearest to y at which no earlier mark lies."""
    for step in STEPS:
        spot = y + step * STEP
        if step and not LOWEST <= spot <= HIGHEST:
            continue
        if all(abs(at - a) >= near or abs(spot - s) >= 0.9 * STEP for a, s in placed):
            return spot
    return y


def _range(one: Mapping[str, Any]) -> str:
    """Return the kept range in words."""
    low, high = one["range"]["low"], one["range"]["high"]
    if not one["matters"]:
        return "any"
    if one["categories"]:
        return " or ".join(str(PLACES.get(c, c)) for c in one["kept"])
    if low is None:
        return "none keeps it"
    if one["open_low"]:
        return f"up to {number(high, 2)}"
    if one["open_high"]:
        return f"from {number(low, 2)}"
    return f"{number(low, 2)} to {number(high, 2)}"


def _heading(axes: Axes, title: str) -> None:
    how = "vertical: effect at the limit over the best; green: the range that keeps it"
    for text, rise, size, weight, colour in (
        (title, 55, 11, "bold", INK),
        (how, 40, 8, "normal", SOFT),
    ):
        axes.annotate(
            text, (0, 1), (0, rise), xycoords="axes fraction", textcoords="offset points",
            fontsize=size, fontweight=weight, color=colour, va="baseline", annotation_clip=False,
        )  # fmt: skip


def _key(axes: Axes, letters: Mapping[str, str]) -> None:
    """Write which letter is which target, and how its numbers are known."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    lines = [(letter, name, "white") for name, letter in letters.items()]
    lines += [("", SAID[status], face) for status, face in FACES.items()]
    pitch = min(0.115, 1.15 / len(lines))
    for k, (letter, words, face) in enumerate(lines):
        y = 1.12 - k * pitch
        if letter:
            axes.text(0.03, y, letter, fontsize=7, fontweight="bold", ha="center", va="center")
        else:
            axes.plot([0.03], [y], "o", ms=6, mfc=face, mec=INK, mew=0.6, clip_on=False)
        axes.text(0.1, y, words, fontsize=7, va="center", color=INK if letter else SOFT)


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


def placed_words(one: Mapping[str, Any], placed: Mapping[str, Any]) -> str:
    """Return where a target with a value stands."""
    if one["categories"]:
        return str(one["categories"][round(placed["value"]) - 1])
    return number(placed["value"], 2)


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
