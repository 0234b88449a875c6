"""Figures of a screen: target × nuclide map, ranking with intervals, effect against margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from ligandose.report import canvas
from ligandose.report.canvas import (
    BLUE,
    INK,
    ORANGE,
    RULE,
    SOFT,
    VERMILION,
    Axes,
    Figure,
    house_style,
)
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import nuclide_label, region_label

SHADES = ("#eef3f8", "#a3c5de", "#3a82b5", "#083a63")
"""One hue from light to dark: a greyscale print keeps the order."""
LETTERS = {
    "kidneys": "K",
    "red_marrow": "M",
    "salivary_glands": "S",
    "lacrimal_glands": "T",
    "liver": "L",
    "lungs": "P",
    "heart": "H",
    "none": "–",
}
"""Letter of the limiting organ; T is tear glands, P pulmonary. Others take their first letter."""
SCORES = {
    "log10_kill": "log₁₀ clonogen kill",
    "tcp": "−log₁₀ of the clonogens that are left",
    "marrow_bed": "log₁₀ of the BED of the marrow in Gy",
}
MOST_RANKED = 30
CELL_IN = 0.44
ROW_IN = 0.24

Document = Mapping[str, Any]


def screen_figures(document: Document) -> list[Figure]:
    """Return the figures of a `ligandose.screen` document: map, ranking, margin."""
    return [map_figure(document), ranking_figure(document), margin_figure(document)]


def screen_table(document: Document) -> Table:
    """Return all candidates as a table, infeasible ones with their reasons."""
    quantities = ("activity_at_limit_GBq", "tumour_dose_Gy", "log10_kill", "tcp",
                  "time_to_regrowth_d", "marrow_bed_Gy", "toxicity_margin")  # fmt: skip
    columns = [
        "agent", "target", "target_name", "vector", "nuclide", "label", "feasible", "rank",
        "rank_p05", "rank_p95", "limiting_organ", "p_better_than_reference", "pareto",
        "evidence_tier", "log10_kill_lower_end",
    ]  # fmt: skip
    columns += [f"{q}_{s}" for q in quantities for s in ("median", "p05", "p95")]
    rows: list[list[Value]] = []
    for one in document["candidates"]:
        interval = one["rank_interval"] or {"p05": None, "p95": None}
        kill: dict[str, Value] = one["log10_kill"] or {}
        row: list[Value] = [
            one["agent"], one["target"], one["target_name"], one["vector"], one["nuclide"],
            one["label"], one["feasible"], one["rank"], interval["p05"], interval["p95"],
            one["limiting_organ"], one["p_better_than_reference"], one["pareto"],
            one["evidence_tier"], kill.get("lower_end"),
        ]  # fmt: skip
        for quantity in quantities:
            found: dict[str, Value] = one.get(quantity) or {}
            row += [found.get(s) for s in ("median", "p05", "p95")]
        rows.append([*row, "; ".join(one["reasons"])])
    return table("candidates", (*columns, "reasons"), rows)


# ------------------------------------------------------------------ map


def map_figure(document: Document) -> Figure:
    """Return the map of targets by nuclides, a panel per vector."""
    every = document["candidates"]
    vectors = list(dict.fromkeys(c["vector"] for c in every))
    targets = list(dict.fromkeys(c["target_name"] for c in _by_best(every)))
    nuclides = sorted({c["nuclide"] for c in every}, key=_by_mass)
    cells = {(c["target_name"], c["vector"], c["nuclide"]): c for c in every}
    quantity, unit = _effect_of(document)
    effects = [_value(c, quantity) for c in every]
    top = max([1e-3, *(e for e in effects if e is not None)])
    with house_style():
        paper, panels = _panels(len(vectors), len(targets), len(nuclides))
        for axes, vector in zip(panels, vectors, strict=True):
            for row, name in enumerate(targets):
                for column, nuclide in enumerate(nuclides):
                    _cell(axes, (column, row), cells.get((name, vector, nuclide)), quantity, top)
            _map_axes(axes, targets, nuclides, vector)
        _map_key(paper, f"{unit}, median of {document['patients']} patients", top)
        return canvas.finished(
            paper,
            "screen_map",
            title=f"Targets and nuclides in {document['indication']}",
            caption=f"Colour: median {unit}. Letter: organ that limits most patients "
            f"first ({_letters(document)}). Hatched: cannot be screened; the table says why. "
            "Empty: not asked for.",
            alt="Map of targets by nuclides for each vector, coloured by effect, with the limiting "
            "organ as a letter.",
            data=_map_table(document, quantity),
        )


def _value(one: Mapping[str, Any], quantity: str) -> float | None:
    """Return the median of a candidate's effect; None for an infeasible one or where unknown."""
    if not one["feasible"] or one[quantity]["median"] is None:
        return None
    found = float(one[quantity]["median"])
    return found if np.isfinite(found) else None


def _by_best(every: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(every, key=lambda c: (c["rank"] or 10**6, c["agent"]))


def _by_mass(name: str) -> tuple[int, str]:
    digits = "".join(d for d in name.partition("-")[2] if d.isdigit())
    return int(digits or 0), name


def _panels(count: int, rows: int, columns: int) -> tuple[Any, list[Axes]]:
    left, top, gap, foot = 1.35, 0.62, 0.62, 0.95
    across = max(1, min(count, int((canvas.WIDTH_IN - 0.2) // (columns * CELL_IN + left))))
    down = -(-count // across)
    width, height = columns * CELL_IN, rows * CELL_IN * 0.62
    paper = canvas.sheet(
        max(across * (width + left) + 0.25, 5.2), down * (height + top + gap) + foot - 0.3
    )
    places = [
        canvas.place(
            paper,
            left + (i % across) * (width + left),
            top + (i // across) * (height + top + gap),
            width,
            height,
        )
        for i in range(count)
    ]
    return paper, places


def _shade(share: float) -> Any:
    scale = LinearSegmentedColormap.from_list("screen", SHADES)
    return scale(float(np.clip(share, 0.0, 1.0)))


def _cell(
    axes: Axes,
    place: tuple[int, int],
    one: Mapping[str, Any] | None,
    quantity: str,
    top: float,
) -> None:
    if one is None:
        return
    column, row = place
    corner = (column - 0.47, row - 0.46)
    if not one["feasible"]:
        axes.add_patch(
            Rectangle(corner, 0.94, 0.92, facecolor="white", edgecolor=SOFT, hatch="////", lw=0.4)
        )
        return
    share = (_value(one, quantity) or 0.0) / top
    axes.add_patch(Rectangle(corner, 0.94, 0.92, facecolor=_shade(share), edgecolor=RULE, lw=0.4))
    axes.text(
        column, row, letter(one["limiting_organ"]), fontsize=7.5, ha="center",
        va="center_baseline", color="#ffffff" if share > 0.55 else INK,
        fontweight="bold" if one["rank"] == 1 else "normal",
    )  # fmt: skip


def letter(region: str) -> str:
    """Return the letter of a limiting organ."""
    return LETTERS.get(region, region[:1].upper())


def _letters(document: Document) -> str:
    seen = {c["limiting_organ"] for c in document["candidates"] if c["feasible"]} - {"none"}
    return ", ".join(f"{letter(r)} {region_label(r).lower()}" for r in sorted(seen))


def _map_axes(axes: Axes, targets: Sequence[str], nuclides: Sequence[str], vector: str) -> None:
    axes.set_xlim(-0.5, len(nuclides) - 0.5)
    axes.set_ylim(len(targets) - 0.5, -0.5)
    canvas.ticks(axes, "x", range(len(nuclides)))
    axes.set_xticklabels([nuclide_label(n) for n in nuclides], fontsize=7.5, color=INK)
    canvas.ticks(axes, "y", range(len(targets)))
    axes.set_yticklabels(list(targets), fontsize=7.5, color=INK)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    canvas.heading(axes, vector, "letter: limiting organ")


def _map_key(paper: Any, words: str, top: float) -> None:
    wide, tall = paper.get_size_inches()
    bar = canvas.place(paper, 1.35, tall - 0.42, min(2.6, wide - 2.0), 0.11)
    shares = np.linspace(0.0, 1.0, 60)
    for i, share in enumerate(shares[:-1]):
        bar.axvspan(share * top, shares[i + 1] * top, color=_shade(share), lw=0)
    bar.set_xlim(0.0, top)
    bar.set_yticks([])
    bar.grid(visible=False)
    bar.xaxis.set_major_locator(canvas.few_ticks())
    bar.xaxis.set_major_formatter(canvas.tick_formatter())
    bar.tick_params(labelsize=7)
    bar.set_title(words, fontsize=7.5, loc="left", pad=3)


def _map_table(document: Document, quantity: str) -> Table:
    rows = [
        (
            c["target_name"], c["vector"], c["nuclide"], c["agent"], c["feasible"],
            _value(c, quantity), c["limiting_organ"],
            "; ".join(c["reasons"]),
        )
        for c in document["candidates"]
    ]  # fmt: skip
    columns = ("target", "vector", "nuclide", "agent", "feasible", f"{quantity}_median",
               "limiting_organ", "reasons")  # fmt: skip
    return table("screen_map", columns, rows)


# ------------------------------------------------------------------ ranking


def _ranked(document: Document) -> list[Mapping[str, Any]]:
    return [c for c in document["candidates"] if c["feasible"]]


def ranking_figure(document: Document) -> Figure:
    """Return the best candidates with the intervals of their effect."""
    shown = _ranked(document)[:MOST_RANKED]
    quantity, unit = _effect_of(document)
    with house_style():
        tall = ROW_IN * len(shown)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.15)
        axes = canvas.place(paper, 2.75, 0.55, canvas.WIDTH_IN - 4.3, tall)
        for row, one in enumerate(shown):
            _interval(axes, row, one, quantity, reference=one["agent"] == document["reference"])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        canvas.ticks(axes, "y", range(len(shown)))
        axes.set_yticklabels([f"{c['agent']}  {c['rank']}" for c in shown], fontsize=7.5, color=INK)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(canvas.few_ticks())
        axes.xaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel(unit)
        canvas.heading(axes, f"Ranking in {document['indication']}", unit)
        return canvas.finished(
            paper,
            "screen_ranking",
            title="Ranking with intervals",
            caption="Point: median, bar: 5 to 95 % of the patients at best estimates, stroke: "
            "lower end of patients and uncertainty of knowledge together. At the right the letter "
            "of the limiting organ and the chance to beat the reference (orange) in the same "
            "patient.",
            alt="Candidates in the order of their rank with medians and intervals of the effect.",
            data=_ranking_table(shown, quantity),
        )


def _effect_of(document: Document) -> tuple[str, str]:
    if document["ranked_by"] == "marrow_bed":
        return "marrow_bed_Gy", "BED of the marrow, Gy"
    return "log10_kill", "log₁₀ clonogen kill"


def _interval(
    axes: Axes, row: int, one: Mapping[str, Any], quantity: str, *, reference: bool
) -> None:
    found = one[quantity]
    colour = ORANGE if reference else BLUE
    axes.plot([found["p05"], found["p95"]], [row, row], color=colour, lw=2.2, alpha=0.45)
    axes.plot([found["median"]], [row], "o", color=colour, markersize=4.5)
    lower = found.get("lower_end")
    if lower is not None:
        axes.plot([lower], [row], "|", color=colour, markersize=8, mew=1.4)
    better = one["p_better_than_reference"]
    chance = "" if better is None or reference else f"  {100.0 * better:.0f} %"
    axes.annotate(
        f"{letter(one['limiting_organ'])}{chance}", (1.0, row), (8, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=7.5,
        va="center", color=SOFT, annotation_clip=False,
    )  # fmt: skip


def _ranking_table(shown: Sequence[Mapping[str, Any]], quantity: str) -> Table:
    rows = [
        (
            c["rank"], c["agent"], c[quantity]["median"], c[quantity]["p05"], c[quantity]["p95"],
            c[quantity].get("lower_end"), c["limiting_organ"], c["p_better_than_reference"],
        )
        for c in shown
    ]  # fmt: skip
    columns = ("rank", "agent", f"{quantity}_median", f"{quantity}_p05", f"{quantity}_p95",
               f"{quantity}_lower_end", "limiting_organ", "p_better_than_reference")  # fmt: skip
    return table("screen_ranking", columns, rows)


# ------------------------------------------------------------------ trade-off


def margin_figure(document: Document) -> Figure:
    """Return the effect against the margin to the organs' limits, the front named."""
    shown = _ranked(document)
    effects = [one["score_lower_end"] for one in shown]
    margins = [one["toxicity_margin"]["median"] for one in shown]
    with house_style():
        paper = canvas.sheet(canvas.WIDTH_IN, 4.4)
        axes = canvas.place(paper, 0.75, 0.55, canvas.WIDTH_IN - 3.5, 3.2)
        high = 1.25 * max([1.5, *_finite(margins)])
        for one, effect, margin in zip(shown, effects, margins, strict=True):
            if effect is not None and np.isfinite(margin):
                colour = VERMILION if one["pareto"] else SOFT
                axes.plot([margin], [effect], "o", color=colour, markersize=4.5)
        for line, one in enumerate(c for c in shown if c["pareto"]):
            spot = (one["toxicity_margin"]["median"], one["score_lower_end"])
            axes.annotate(
                str(one["rank"]), spot, (5, 4), textcoords="offset points", fontsize=7.5, color=INK
            )
            axes.annotate(
                f"{one['rank']}  {one['agent']}", (1.0, 1.0), (10, -10 - 12 * line),
                xycoords="axes fraction", textcoords="offset points", fontsize=7.5, color=INK,
                annotation_clip=False,
            )  # fmt: skip
        canvas.log_axis(axes, "x", low=0.9, high=high)
        axes.yaxis.set_major_locator(canvas.few_ticks())
        axes.yaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel("Activity at the first organ's limit / activity given, median")
        canvas.heading(axes, "Effect and margin", f"{SCORES[document['ranked_by']]}, lower end")
        return canvas.finished(
            paper,
            "screen_margin",
            title="Effect against the margin to the limits",
            caption="Red, with rank and name: no other candidate is better in one without being "
            "worse in the other.",
            alt="Effect of every candidate against how far organs stay from their limits.",
            data=table(
                "screen_margin",
                ("agent", "toxicity_margin_median", "score_lower_end", "pareto"),
                [
                    (c["agent"], m, e, c["pareto"])
                    for c, e, m in zip(shown, effects, margins, strict=True)
                ],
            ),
        )


def _finite(values: Sequence[float]) -> list[float]:
    return [v for v in values if np.isfinite(v)]
