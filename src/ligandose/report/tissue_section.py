"""The picture of a tissue in section: cells as discs, their doses in colour, a map per nuclide."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PathCollection
from matplotlib.colors import LogNorm
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, AffineDeltaTransform
from numpy.typing import NDArray
from PIL import Image

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, VERMILION, Axes, Figure, house_style
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import NARROW_SPACE, nuclide_label, number
from ligandose.report.tissue_tables import equal_words, signed

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_MAPS = 6
GROUND, DEAD, LUMEN = "#f1f3f5", "#c9ced4", "#ffffff"
SCALE = "cividis"
"""Dark to light at even steps: it reads the same in greyscale and to colour-blind eyes."""
TAIL = 0.01
"""Share of the cells at either end whose doses are drawn in the colours of the ends."""
LEAST_RATIO, MOST_RATIO = 3.0, 1e4
"""Between the ends of the scale, so that it shows neither noise nor nothing."""
RADIUS_STEP_UM = 0.25
"""Discs are drawn in sizes this far apart: half a step cannot be seen."""
LEAST_DISC = 0.25
"""Caps smaller than this, relative to the largest disc of their kind, are left out as dust."""
PNG_COLOURS = 160
LEFT_IN, GAP_IN, HEAD_IN, FOOT_IN = 0.2, 0.28, 0.52, 1.05
KEY_IN = 0.66
COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}
WIDEST_IN, TALLEST_IN = 4.2, 4.2
MARKS = {
    "tumour_cell": {"edgecolors": "none", "linewidths": 0.0},
    "target_negative": {"edgecolors": VERMILION, "linewidths": 0.9},
    "stroma": {"edgecolors": INK, "linewidths": 0.9},
    "immune_cell": {"edgecolors": INK, "linewidths": 0.5},
}
WORDS = {
    "tumour_cell": "tumour cell",
    "target_negative": "tumour cell without the target",
    "stroma": "fibroblast",
    "immune_cell": "immune cell",
    "necrotic": "necrotic",
    "vessel": "vessel",
}


def section_figure(document: Mapping[str, Any]) -> Figure:
    """Return the section of a `ligandose.tissue` document, one map for each of up to six nuclides.

    All maps have one logarithmic scale of dose. Discs are cells as the plane cuts them.
    """
    shown = document["nuclides"][:MOST_MAPS]
    section = document["section"]
    norm = _norm(document, [one["nuclide"] for one in shown])
    with house_style():
        paper, maps = _maps(section, len(shown))
        for axes, one in zip(maps, shown, strict=True):
            _draw_map(axes, document, one, norm)
        _scale_bar(paper, maps[0], section)
        _key(paper, document)
        _colour_bar(paper, norm)
        names = ", ".join(nuclide_label(one["nuclide"]) for one in shown)
        drawn = canvas.finished(
            paper,
            "tissue_section",
            title="The tissue in section",
            caption="Mean dose of every nucleus, on one logarithmic scale for all nuclides; discs "
            f"are cells as the plane through the middle cuts them. {equal_words(document)}.",
            alt=f"Section of the tissue with the dose of every cell in colour, for {names}.",
            data=_data(section),
        )
    return replace(drawn, png=_small(drawn.png))


def _small(png: bytes) -> bytes:
    """Return a PNG with few colours: thousands of disc edges do not compress otherwise."""
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(
        PNG_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )  # fmt: skip
    out = io.BytesIO()
    few.save(out, "png", optimize=True)
    return out.getvalue()


# ------------------------------------------------------------------ layout


def _maps(section: Mapping[str, Any], count: int) -> tuple[Any, list[Axes]]:
    columns = COLUMNS[count]
    rows = math.ceil(count / columns)
    (x0, x1), (y0, y1) = section["window_um"]
    each = (canvas.WIDTH_IN - 2 * LEFT_IN - GAP_IN * (columns - 1)) / columns
    each = min(each, WIDEST_IN, TALLEST_IN * (x1 - x0) / (y1 - y0))
    tall = each * (y1 - y0) / (x1 - x0)
    paper = canvas.sheet(canvas.WIDTH_IN, rows * (HEAD_IN + tall) + FOOT_IN)
    left = 0.5 * (canvas.WIDTH_IN - columns * each - GAP_IN * (columns - 1))
    maps = [
        canvas.place(
            paper,
            left + (i % columns) * (each + GAP_IN),
            HEAD_IN + (i // columns) * (HEAD_IN + tall),
            each,
            tall,
        )
        for i in range(count)
    ]
    for axes in maps:
        axes.set_xlim(x0, x1)
        axes.set_ylim(y0, y1)
        axes.axis("off")
    return paper, maps


def _norm(document: Mapping[str, Any], nuclides: Sequence[str]) -> Any:
    live = ~np.array(document["section"]["necrotic"], dtype=bool)
    dose = np.concatenate([np.array(document["section"]["dose_Gy"][n])[live] for n in nuclides])
    dose = dose[dose > 0.0]
    if dose.size == 0:
        return LogNorm(0.1, 1.0, clip=True)
    low, high = np.quantile(dose, [TAIL, 1.0 - TAIL])
    low = max(float(low), float(high) / MOST_RATIO)
    if high < LEAST_RATIO * low:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(LEAST_RATIO), middle * math.sqrt(LEAST_RATIO)
    return LogNorm(low, high, clip=True)


# ------------------------------------------------------------------ one map


def _draw_map(axes: Axes, document: Mapping[str, Any], one: Mapping[str, Any], norm: Any) -> None:
    section = document["section"]
    _ground(axes, section)
    dose = np.array(section["dose_Gy"][one["nuclide"]])
    scale: Any = colormaps[SCALE]
    colours: Floats = np.array(scale(norm(np.maximum(dose, norm.vmin))))
    dead = np.array(section["necrotic"], dtype=bool)
    classes = _classes(document)
    seen = np.logical_or.reduce(list(classes.values()))
    for name, members in classes.items():
        _discs(axes, section, members & ~dead, colours, MARKS[name])
        if name == "immune_cell":
            _dots(axes, section, members & ~dead)
    grey = np.broadcast_to(np.array([*_rgb(DEAD), 1.0]), colours.shape)
    _discs(
        axes, section, dead & seen, grey, {"edgecolors": SOFT, "linewidths": 0.3, "hatch": "//////"}
    )
    _vessels(axes, section)
    canvas.heading(axes, nuclide_label(one["nuclide"]), _summary(one))


def _summary(one: Mapping[str, Any]) -> str:
    """Return dose and survival of the tumour cells of one nuclide."""
    found = one["classes"].get("tumour_cell") or next(iter(one["classes"].values()))
    dose = found["dose_Gy"]
    kill = found["log10_surviving_fraction"]
    return (
        f"{number(dose['mean'])} Gy (5–95 %: {number(dose['p05'])}–{number(dose['p95'])}), "
        f"log₁₀ S {signed(kill)}"
    )


def _rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]


def _classes(document: Mapping[str, Any]) -> dict[str, Flags]:
    """Return (n,) membership of what is marked alike in the section."""
    section = document["section"]
    kind, radius = np.array(section["kind"]), np.array(section["radius_um"])
    found: dict[str, Flags] = {}
    for name in ("tumour_cell", "stroma", "immune_cell"):
        members = kind == name
        largest = float(radius[members].max()) if np.any(members) else 0.0
        found[name] = members & (radius >= LEAST_DISC * largest)
    if "target_negative" in document["tissue"]["cells_by_class"]:
        without = np.array(section["sites"]) == 0.0
        found["target_negative"] = found["tumour_cell"] & without
        found["tumour_cell"] = found["tumour_cell"] & ~without
    return found


def _ground(axes: Axes, section: Mapping[str, Any]) -> None:
    from matplotlib.patches import Circle, Rectangle

    (x0, x1), (y0, y1) = section["window_um"]
    outline = section["outline_um"]
    look: dict[str, Any] = {"facecolor": GROUND, "edgecolor": "none", "zorder": 0}
    if outline is None:
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **look))
    else:
        axes.add_patch(Circle((0.5 * (x0 + x1), 0.5 * (y0 + y1)), outline, **look))


def _discs(
    axes: Axes, section: Mapping[str, Any], members: Flags, colours: Floats, mark: Mapping[str, Any]
) -> None:
    """Draw cells as discs in the units of the axes; those on an edge of the block on both sides.

    Discs of one size share one path, which keeps the SVG small.
    """
    radius = np.array(section["radius_um"])[members]
    x, y, which = _repeated(section, members, radius)
    size = np.maximum(np.round(radius[which] / RADIUS_STEP_UM), 1.0) * RADIUS_STEP_UM
    faces = colours[members][which]
    for one in np.unique(size):
        here = size == one
        discs: Any = PathCollection(
            [Path.unit_circle()], offsets=np.column_stack([x[here], y[here]]),
            offset_transform=axes.transData, facecolors=faces[here], **mark,
        )  # fmt: skip
        discs.set_transform(Affine2D().scale(one) + AffineDeltaTransform(axes.transData))
        axes.add_collection(discs, autolim=False)


def _repeated(
    section: Mapping[str, Any], members: Flags, radius: Floats
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return places of cells and of their images that reach into the window, and their numbers."""
    x = np.array(section["x_um"])[members]
    y = np.array(section["y_um"])[members]
    every = np.arange(x.size)
    if section["outline_um"] is not None or not section["periodic"]:
        return x, y, every
    (x0, x1), (y0, y1) = section["window_um"]
    found: list[tuple[Floats, Floats, NDArray[np.intp]]] = []
    for right in (-1, 0, 1):
        for up in (-1, 0, 1):
            u, v = x + right * (x1 - x0), y + up * (y1 - y0)
            seen = (u + radius > x0) & (u - radius < x1) & (v + radius > y0) & (v - radius < y1)
            found.append((u[seen], v[seen], every[seen]))
    return (
        np.concatenate([f[0] for f in found]),
        np.concatenate([f[1] for f in found]),
        np.concatenate([f[2] for f in found]),
    )


def _dots(axes: Axes, section: Mapping[str, Any], members: Flags) -> None:
    """Mark cells with a dot in the middle, light with a dark rim on any colour."""
    x, y = np.array(section["x_um"])[members], np.array(section["y_um"])[members]
    axes.plot(
        x, y, "o", markersize=2.1, color="#ffffff", markeredgecolor=INK, markeredgewidth=0.4,
        zorder=3,
    )  # fmt: skip


def _vessels(axes: Axes, section: Mapping[str, Any]) -> None:
    from matplotlib.patches import Circle

    for x, y, radius in section["vessels"]:
        for size, colour, width in ((1.0, VERMILION, 1.5), (0.45, VERMILION, 0.0)):
            axes.add_patch(
                Circle(
                    (x, y), size * radius, edgecolor=colour, linewidth=width, zorder=4,
                    facecolor=LUMEN if size == 1.0 else colour,
                )
            )  # fmt: skip


# ------------------------------------------------------------------ what explains the maps


def _scale_bar(paper: Any, axes: Axes, section: Mapping[str, Any]) -> None:
    """Draw a length at the foot on the left."""
    x0, x1 = section["window_um"][0]
    rough = 0.35 * (x1 - x0)
    power = 10.0 ** math.floor(math.log10(rough))
    length = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= rough)
    wide, tall = paper.get_size_inches()
    map_in = axes.get_position().width * wide
    long_in = map_in * length / (x1 - x0)
    bar = canvas.place(paper, LEFT_IN, tall - FOOT_IN + 0.12, 3.0, 0.2)
    bar.axis("off")
    bar.set_xlim(0.0, 3.0)
    bar.set_ylim(-1.0, 1.0)
    bar.plot([0.03, 0.03 + long_in], [0.0, 0.0], color=INK, linewidth=2.4, solid_capstyle="butt")
    bar.annotate(
        f"{length:g}{NARROW_SPACE}µm", (0.03 + long_in, 0.0), (6, 0), textcoords="offset points",
        fontsize=8, color=INK, va="center", annotation_clip=False,
    )  # fmt: skip


def _key(paper: Any, document: Mapping[str, Any]) -> None:
    """Draw what marks which cell, at the foot on the left."""
    section = document["section"]
    names = [name for name, members in _classes(document).items() if bool(members.any())]
    names += ["necrotic"] if any(section["necrotic"]) else []
    names += ["vessel"] if section["vessels"] else []
    axes = canvas.place(paper, LEFT_IN, paper.get_size_inches()[1] - KEY_IN, 5.2, 0.5)
    axes.axis("off")
    axes.set_xlim(0.0, 5.2)
    axes.set_ylim(-0.5, 0.0)
    x = 0.08
    for column in range(0, len(names), 2):
        pair = names[column : column + 2]
        for row, name in enumerate(pair):
            _key_mark(axes, x, -0.12 - 0.23 * row, name)
        x += 0.45 + 0.066 * max(len(WORDS[name]) for name in pair)


def _key_mark(axes: Axes, x: float, y: float, name: str) -> None:
    look: dict[str, Any] = {"markersize": 8, "markerfacecolor": colormaps[SCALE](0.6)}
    if name == "vessel":
        look |= {"markerfacecolor": LUMEN, "markeredgecolor": VERMILION, "markeredgewidth": 1.5}
    elif name == "necrotic":
        look |= {"markerfacecolor": DEAD, "markeredgecolor": SOFT, "markeredgewidth": 0.4}
    else:
        mark = MARKS[name]
        look |= {"markeredgecolor": mark["edgecolors"], "markeredgewidth": mark["linewidths"]}
    axes.plot([x], [y], "o", **look)
    if name == "vessel":
        axes.plot([x], [y], "o", markersize=3.4, color=VERMILION)
    if name == "immune_cell":
        axes.plot([x], [y], "o", markersize=2.1, color="#ffffff", markeredgecolor=INK,
                  markeredgewidth=0.4)  # fmt: skip
    axes.annotate(
        WORDS[name], (x, y), (9, 0), textcoords="offset points", fontsize=8, color=INK, va="center"
    )


def _colour_bar(paper: Any, norm: Any) -> None:
    """Draw the scale of dose at the foot on the right."""
    height = paper.get_size_inches()[1]
    wide = 3.2
    axes = canvas.place(paper, canvas.WIDTH_IN - LEFT_IN - 0.25 - wide, height - 0.52, wide, 0.13)
    colours = np.linspace(0.0, 1.0, 256)[None, :]
    edges: Floats = np.geomspace(float(norm.vmin), float(norm.vmax), 257)
    axes.pcolormesh(edges, [0.0, 1.0], colours, cmap=SCALE, rasterized=True)
    canvas.log_axis(axes, "x", low=norm.vmin, high=norm.vmax)
    axes.set_yticks([])
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.annotate(
        "Dose of the nucleus, Gy", (0, 1), (0, 4), xycoords="axes fraction",
        textcoords="offset points", fontsize=8, color=SOFT, annotation_clip=False,
    )  # fmt: skip


def _data(section: Mapping[str, Any]) -> Table:
    nuclides = list(section["dose_Gy"])
    columns = ("x_um", "y_um", "radius_um", "kind", "necrotic", "sites",
               *(f"{name}_dose_Gy" for name in nuclides))  # fmt: skip
    parts = [section[key] for key in columns[:6]] + [section["dose_Gy"][n] for n in nuclides]
    rows: list[tuple[Value, ...]] = list(zip(*parts, strict=True))
    return table("tissue_section", columns, rows)
