"""Figures of an optimisation: the front with its knee, the designs as strips, levers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

from ligandose.report import canvas
from ligandose.report.canvas import (
    BLUE,
    INK,
    ORANGE,
    RULE,
    SKY,
    SOFT,
    VERMILION,
    Axes,
    Figure,
    house_style,
)
from ligandose.report.tables import Table, Value, table

LEVERS = {
    "k_d": "K_D, nmol/L",
    "k_on": "On-rate, L/nmol/min",
    "internalisation": "Internalisation, 1/min",
    "unbound_plasma": "Free in plasma",
    "hepatocyte_uptake": "Hepatocyte uptake, relative",
    "sieving": "Glomerular sieving",
    "cleaved_share": "Cleaved at brush border",
    "sites_factor": "Sites of the target, times",
    "amount": "Amount, nmol",
    "activity_share": "Share of allowed activity",
    "cycles": "Cycles",
    "every_weeks": "Interval, weeks",
    "protection": "Co-infusion",
}
ROW_IN = 0.3

Document = Mapping[str, Any]


def optimise_figures(document: Document) -> list[Figure]:
    """Return the figures of a `ligandose.optimise` document: front, strips, single levers."""
    return [front_figure(document), strips_figure(document), levers_figure(document)]


def optimise_tables(document: Document) -> list[Table]:
    """Return the judged designs and the whole front as tables."""
    return [_designs_table(document), _front_table(document)]


# ------------------------------------------------------------------ front


def front_figure(document: Document) -> Figure:
    """Return kill against margin: the search's front, the judged designs, knee and start."""
    front = document["front"]
    start = document["start"]
    with house_style():
        paper = canvas.sheet(canvas.WIDTH_IN, 4.5)
        axes = canvas.place(paper, 0.75, 0.55, canvas.WIDTH_IN - 3.6, 3.3)
        margins = [10 ** p["log10_margin_p05"] for p in front]
        axes.plot(margins, [p["log10_kill_p05"] for p in front], "-", color=RULE, lw=1.4, zorder=1)
        axes.plot(margins, [p["log10_kill_p05"] for p in front], "o", color=SOFT, markersize=3.2)
        for line, one in enumerate(document["designs"]):
            _judged(axes, one)
            colour = VERMILION if one["knee"] else INK
            axes.annotate(
                f"{one['name']}  {one['agent']}", (1.0, 1.0), (10, -8 - 13 * line),
                xycoords="axes fraction", textcoords="offset points", fontsize=7.5, color=colour,
                annotation_clip=False,
            )  # fmt: skip
        if start is not None:
            _started(axes, start, len(document["designs"]))
        high = 1.4 * max([1.5, *margins])
        canvas.log_axis(axes, "x", low=0.85, high=high)
        axes.yaxis.set_major_locator(canvas.few_ticks())
        axes.yaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel("Activity at the first organ's limit / activity given, least of 95 %")
        canvas.heading(axes, "What can be had together", "log₁₀ clonogen kill, least of 95 %")
        return canvas.finished(
            paper,
            "optimise_front",
            title="Front of kill and margin",
            caption="Grey: designs of the search that no other beats, in the search's patients. "
            f"Ringed: judged in {document['patients']} others, with a stroke down to the lower end "
            "with uncertainty of the parameters; red the knee. Orange: the starting agent.",
            alt="Kill of the designs on the front against their margin to organ limits.",
            data=_front_table(document),
        )


def _judged(axes: Axes, one: Document) -> None:
    spot = (10 ** one["log10_margin_p05"], one["log10_kill_p05"])
    colour = VERMILION if one["knee"] else BLUE
    if one["uncertainty"] is not None:
        lower = one["uncertainty"]["log10_kill_lower_end"]
        axes.plot([spot[0]] * 2, [lower, spot[1]], "-", color=colour, lw=1.0, alpha=0.6)
    axes.plot([spot[0]], [spot[1]], "o", markersize=6.5, mfc="white", mec=colour, mew=1.6, zorder=4)
    axes.annotate(one["name"], spot, (6, 4), textcoords="offset points", fontsize=7.5, color=colour)


def _started(axes: Axes, start: Document, line: int) -> None:
    spot = (10 ** start["log10_margin_p05"], start["log10_kill_p05"])
    axes.plot([spot[0]], [spot[1]], "D", color=ORANGE, markersize=6, zorder=5)
    axes.annotate(
        f"◆  {start['agent']} as it is", (1.0, 1.0), (10, -8 - 13 * line),
        xycoords="axes fraction", textcoords="offset points", fontsize=7.5, color=ORANGE,
        annotation_clip=False,
    )  # fmt: skip


# ------------------------------------------------------------------ strips


def strips_figure(document: Document) -> Figure:
    """Return a strip per lever, from bound to bound, with every judged design on it."""
    levers = _strips(document)
    with house_style():
        tall = ROW_IN * len(levers)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 0.85)
        axes = canvas.place(paper, 2.3, 0.6, canvas.WIDTH_IN - 3.6, tall)
        for row, lever in enumerate(levers):
            axes.plot([0.0, 1.0], [row, row], color=RULE, lw=5, solid_capstyle="round", zorder=1)
            _strip_ends(axes, row, lever)
            for one in reversed(document["designs"]):
                _strip_mark(axes, row, lever, one)
            if document["start"] is not None:
                at = _share(lever, document["start"])
                if at is not None:
                    axes.plot([at], [row], "D", color=ORANGE, markersize=5, zorder=5)
        axes.set_ylim(len(levers) - 0.4, -0.6)
        axes.set_xlim(-0.13, 1.13)  # room for the values of the bounds
        canvas.ticks(axes, "y", range(len(levers)))
        axes.set_yticklabels([_lever_label(x, levers) for x in levers], fontsize=7.5, color=INK)
        axes.set_xticks([])
        axes.grid(visible=False)
        for side in axes.spines.values():
            side.set_visible(False)
        canvas.heading(axes, "Where the designs lie", "between the bounds of each lever")
        return canvas.finished(
            paper,
            "optimise_strips",
            title="Designs between their bounds",
            caption="Each strip runs from the lower to the upper bound of a lever (logarithmic "
            "where the bound is). Blue, darker for more kill: judged designs; red: the knee; "
            "orange: the starting agent.",
            alt="Strips of all levers with the designs of the front marked between the bounds.",
            data=_strips_table(document, levers),
        )


def _strips(document: Document) -> list[Document]:
    """Return the bounds of the levers that any judged design has, each class its own."""
    classes = {d["vector_class"] for d in document["designs"]}
    return [x for x in document["levers"] if x["vector_class"] in classes]


def _lever_label(lever: Document, levers: Sequence[Document]) -> str:
    name = LEVERS[lever["lever"]]
    several = len({x["vector_class"] for x in levers}) > 1
    return f"{name} ({lever['vector_class']})" if several else name


def _strip_ends(axes: Axes, row: int, lever: Document) -> None:
    steps = lever["steps"]
    ends = (steps[0], steps[-1]) if steps else (lever["low"], lever["high"])
    for at, value, side in ((0.0, ends[0], "right"), (1.0, ends[1], "left")):
        axes.annotate(
            _shown(value), (at, row), (-9 if side == "right" else 9, 0),
            textcoords="offset points", fontsize=7, color=SOFT, ha=side, va="center",
            annotation_clip=False,
        )  # fmt: skip


def _strip_mark(axes: Axes, row: int, lever: Document, one: Document) -> None:
    at = _share(lever, one)
    if at is None:
        return
    colour = VERMILION if one["knee"] else BLUE if one["log10_kill_p05"] > 1.0 else SKY
    axes.plot([at], [row], "o", color=colour, markersize=5.5, zorder=6 if one["knee"] else 4,
              alpha=0.9)  # fmt: skip


def _share(lever: Document, one: Document) -> float | None:
    """Return where on its strip a design lies; None where its class has no such lever."""
    value = one["values"].get(lever["lever"])
    if value is None or one["vector_class"] != lever["vector_class"]:
        return None
    if lever["steps"]:
        steps = [str(s) for s in lever["steps"]]
        if str(value) not in steps:
            return None
        return steps.index(str(value)) / max(1, len(steps) - 1)
    low, high = lever["low"], lever["high"]
    inside = min(max(float(value), low), high)
    if lever["scale"] == "log":
        return log(inside / low) / log(high / low)
    return (inside - low) / (high - low)


def _shown(value: float | str) -> str:
    return value.replace("_", " ") if isinstance(value, str) else f"{value:.3g}"


def _strips_table(document: Document, levers: Sequence[Document]) -> Table:
    rows: list[list[Value]] = []
    every = [*document["designs"], *([document["start"]] if document["start"] else [])]
    for lever in levers:
        for one in every:
            if one["vector_class"] == lever["vector_class"]:
                rows.append([
                    lever["lever"], lever["vector_class"], lever["low"], lever["high"],
                    lever["unit"], one.get("name", "start"), one["values"].get(lever["lever"]),
                    _share(lever, one),
                ])  # fmt: skip
    columns = ("lever", "vector_class", "low", "high", "unit", "design", "value", "share")
    return table("optimise_strips", columns, rows)


# ------------------------------------------------------------------ single levers


def levers_figure(document: Document) -> Figure:
    """Return what each lever does to the kill by itself, from the start."""
    levers = sorted(
        document["single_levers"],
        key=lambda x: min(x["log10_kill_p05"]) - max(x["log10_kill_p05"]),
    )
    start = document["start"]
    who = start["agent"] if start is not None else "the first agent"
    with house_style():
        tall = ROW_IN * len(levers)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.35)
        axes = canvas.place(paper, 2.3, 0.6, canvas.WIDTH_IN - 3.9, tall)
        for row, lever in enumerate(levers):
            _alone(axes, row, lever)
        axes.set_ylim(len(levers) - 0.4, -0.6)
        canvas.ticks(axes, "y", range(len(levers)))
        axes.set_yticklabels([LEVERS[x["lever"]] for x in levers], fontsize=7.5, color=INK)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(canvas.few_ticks())
        axes.xaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel("log₁₀ clonogen kill, least of 95 % of the search's patients")
        canvas.heading(axes, f"One lever at a time, from {who}", "value with most kill at right")
        return canvas.finished(
            paper,
            "optimise_levers",
            title="One lever at a time",
            caption="Dots: kill with the lever at its lower bound (open) to its upper bound "
            "(filled), all others as the starting agent has them.",
            alt="Range of kill that each lever spans by itself.",
            data=_alone_table(levers),
        )


def _alone(axes: Axes, row: int, lever: Document) -> None:
    kills = lever["log10_kill_p05"]
    axes.plot([min(kills), max(kills)], [row, row], color=BLUE, lw=1.6, alpha=0.4, zorder=2)
    for i, kill in enumerate(kills):
        last = i == len(kills) - 1
        axes.plot([kill], [row], "o", markersize=5.5 if i in (0, len(kills) - 1) else 3,
                  mfc="white" if i == 0 else BLUE, mec=BLUE, zorder=4 if last else 3)  # fmt: skip
    axes.annotate(
        _shown(lever["best_for_kill"]), (1.0, row), (8, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=7.5, color=SOFT,
        va="center", annotation_clip=False,
    )  # fmt: skip


def _alone_table(levers: Sequence[Document]) -> Table:
    rows: list[list[Value]] = []
    for lever in levers:
        for value, kill, margin in zip(
            lever["values"], lever["log10_kill_p05"], lever["log10_margin_p05"], strict=True
        ):
            rows.append([lever["lever"], lever["unit"], value, kill, margin])
    columns = ("lever", "unit", "value", "log10_kill_p05", "log10_margin_p05")
    return table("optimise_levers", columns, rows)


# ------------------------------------------------------------------ tables


def _designs_table(document: Document) -> Table:
    levers = list(dict.fromkeys(x["lever"] for x in document["levers"]))
    quantities = ("activity_GBq", "log10_kill", "margin", "tumour_dose_Gy",
                  "tumour_dose_at_limit_Gy")  # fmt: skip
    columns = ["design", "agent", "vector", "label", "nuclide", "knee", *levers]
    columns += [f"{q}_{s}" for q in quantities for s in ("median", "p05", "p95")]
    columns += ["limiting_organ", "limited_by_practice", "log10_kill_lower_end",
                "log10_margin_lower_end", "share_on_front", "share_beating_start",
                "p_better_than_start"]  # fmt: skip
    rows: list[list[Value]] = []
    every = [*document["designs"], *([document["start"]] if document["start"] else [])]
    for one in every:
        unsure: Mapping[str, Value] = one["uncertainty"] or {}
        row: list[Value] = [one.get("name", "start"), one["agent"], one["vector"], one["label"],
                            one["nuclide"], one.get("knee", False)]  # fmt: skip
        row += [one["values"].get(x) for x in levers]
        row += [one[q][s] for q in quantities for s in ("median", "p05", "p95")]
        row += [one["limiting_organ"], one["limited_by_practice"]]
        row += [unsure.get(k) for k in ("log10_kill_lower_end", "log10_margin_lower_end",
                                        "share_on_front", "share_beating_start")]  # fmt: skip
        rows.append([*row, one["p_better_than_start"]])
    return table("designs", columns, rows)


def _front_table(document: Document) -> Table:
    levers = list(dict.fromkeys(x["lever"] for x in document["levers"]))
    rows: list[list[Value]] = [
        [p["index"], p["agent"], p["label"], p["nuclide"], p["knee"], p["log10_kill_p05"],
         p["log10_margin_p05"], *(p["values"].get(x) for x in levers)]
        for p in document["front"]
    ]  # fmt: skip
    columns = ("index", "agent", "label", "nuclide", "knee", "log10_kill_p05", "log10_margin_p05",
               *levers)  # fmt: skip
    return table("optimise_front", columns, rows)
