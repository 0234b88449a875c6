"""Figures of an explanation: which properties decide, and why one agent is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report import canvas
from ligandose.report.canvas import BLUE, INK, ORANGE, RULE, SOFT, VERMILION, Figure, house_style
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import agent_label, nuclide_label, number, region_label

Document = Mapping[str, Any]

MOST_FACTORS = 12
ROW_IN = 0.27
OFF = 0.15
"""Total above, first order beneath the middle of a row."""
SHOWN = ("tumour_dose_per_activity", "organ_dose_per_activity", "relative_kill", "tcp")
SHORT = {
    "tumour_dose_per_activity": "Tumour, Gy/GBq",
    "organ_dose_per_activity": "{organ}, Gy/GBq",
    "tumour_dose_at_limit": "Tumour at limit, Gy",
    "relative_kill": "log₁₀ of kill at limit",
    "log10_kill": "Kill at limit",
    "tcp": "Control at limit",
}


def explain_figures(document: Document) -> list[Figure]:
    """Return the figures of sensitivity, population, comparison and value of information."""
    found = [sobol_figure(one, k) for k, one in enumerate(document["sensitivity"])]
    found += [shapley_figure(one, k) for k, one in enumerate(document["population"])]
    if document["comparison"] and document["comparison"]["groups"]:
        found.append(comparison_figure(document["comparison"]))
    if document["information"]:
        found.append(information_figure(document["information"]))
    return found


def _title(output: str, organ: str | None) -> str:
    return SHORT[output].format(organ=region_label(organ or "organ"))


def _panels(count: int, rows: int) -> tuple[Any, list[Any]]:
    left, head, foot, gap = 2.75, 0.62, 0.62, 0.22
    each = (canvas.WIDTH_IN - left - 0.2 - gap * (count - 1)) / count
    paper = canvas.sheet(canvas.WIDTH_IN, head + rows * ROW_IN + foot)
    axes = [
        canvas.place(paper, left + i * (each + gap), head, each, rows * ROW_IN)
        for i in range(count)
    ]
    return paper, axes


def _rows_axis(axes: Any, labels: Sequence[str], *, first: bool) -> None:
    axes.set_ylim(len(labels) - 0.4, -0.6)
    canvas.ticks(axes, "y", range(len(labels)))
    axes.set_yticklabels(labels if first else [""] * len(labels), fontsize=7.5, color=INK)
    axes.grid(visible=False, axis="y")


def _share_axis(axes: Any, low: float, high: float) -> None:
    axes.set_xlim(min(low, -0.02), max(high, 0.1))
    axes.axvline(0.0, color=SOFT, lw=0.6)
    step = 0.5 if high > 0.6 else 0.2 if high > 0.25 else 0.1
    canvas.ticks(axes, "x", [k * step for k in range(4) if k * step <= 1.02 * high])


# ------------------------------------------------------------------ Sobol


def sobol_figure(one: Mapping[str, Any], index: int) -> Figure:
    """Return first and total indices of an agent, a panel per output."""
    outputs = [o for name in SHOWN for o in one["outputs"] if o["output"] == name]
    label = {f["factor"]: f["label"] for f in one["factors"]}
    kill = next(o for o in one["outputs"] if o["output"] == "relative_kill")
    strength = {i["factor"]: i["total"] or 0.0 for i in kill["indices"]}
    kept = sorted(label, key=lambda f: -strength[f])[:MOST_FACTORS]
    name = agent_label(str(one["agent"]))
    with house_style():
        paper, panels = _panels(len(outputs), len(kept))
        for k, (axes, output) in enumerate(zip(panels, outputs, strict=True)):
            by_factor = {i["factor"]: i for i in output["indices"]}
            for row, factor in enumerate(kept):
                _index_marks(axes, row, by_factor[factor])
            high = max((by_factor[f]["total_interval"][1] or 0.0) for f in kept)
            low = min((by_factor[f]["first"] or 0.0) for f in kept)
            _share_axis(axes, max(1.3 * low, -0.12), min(1.05 * high, 1.3))
            _rows_axis(axes, [label[f] for f in kept], first=k == 0)
            canvas.heading(axes, "", _surety(output))
            axes.set_xlabel("share of variance", fontsize=7.5)
            _panel_title(axes, _title(output["output"], one["organ"]))
        panels[0].plot([], [], "o", color=BLUE, ms=5, label="total")
        panels[0].plot([], [], "o", mfc="white", mec=VERMILION, ms=5, label="first order")
        panels[0].legend(loc="lower right", fontsize=7)
        return canvas.finished(
            paper,
            f"sensitivity_{index + 1}",
            title=f"Which properties decide {name}",
            caption=f"Sobol indices over the ranges of the table: share of the variance that a "
            f"property explains alone (open) and with all its interactions (filled), with 95 % "
            f"bootstrap intervals. {one['simulations']} simulations; total indices known "
            f"within ± {number(one['tolerance'], 2)} count as converged.",
            alt="Sobol indices of the strongest properties for doses, kill and control.",
            data=_sobol_table(f"sensitivity_{index + 1}", one),
        )


def _surety(output: Mapping[str, Any]) -> str:
    if all(i["total"] is None for i in output["indices"]):
        return "the same in all rows"
    return "converged" if output["converged"] else "not converged"


def _panel_title(axes: Any, text: str) -> None:
    axes.annotate(
        text, (0, 1), (0, 17), xycoords="axes fraction", textcoords="offset points",
        fontsize=7.5, fontweight="bold", va="baseline", annotation_clip=False,
    )  # fmt: skip


def _index_marks(axes: Any, row: int, held: Mapping[str, Any]) -> None:
    if held["total"] is None:
        return
    axes.plot(held["total_interval"], [row - OFF, row - OFF], color=BLUE, lw=2.0, alpha=0.45)
    axes.plot([held["total"]], [row - OFF], "o", color=BLUE, ms=4.2)
    axes.plot(held["first_interval"], [row + OFF, row + OFF], color=VERMILION, lw=0.8)
    axes.plot([held["first"]], [row + OFF], "o", mfc="white", mec=VERMILION, ms=3.6)


def _sobol_table(name: str, one: Mapping[str, Any]) -> Table:
    ranges = {f["factor"]: f for f in one["factors"]}
    rows: list[list[Value]] = []
    for output in one["outputs"]:
        for i in output["indices"]:
            held = ranges[i["factor"]]
            rows.append(
                [
                    one["agent"], output["output"], i["factor"], held["low"], held["high"],
                    held["unit"], i["first"], *i["first_interval"], i["total"],
                    *i["total_interval"], output["converged"],
                ]
            )  # fmt: skip
    columns = ("agent", "output", "factor", "range_low", "range_high", "range_unit", "first",
               "first_p025", "first_p975", "total", "total_p025", "total_p975",
               "converged")  # fmt: skip
    return table(name, columns, rows)


# ------------------------------------------------------------------ population


def shapley_figure(one: Mapping[str, Any], index: int) -> Figure:
    """Return Shapley effects of an agent in the virtual population, a panel per output."""
    outputs = one["outputs"]
    groups = [e["group"] for e in outputs[0]["effects"]]
    strength = {
        g: max(e["effect"] for o in outputs for e in o["effects"] if e["group"] == g)
        for g in groups
    }
    kept = sorted(groups, key=lambda g: -strength[g])
    labels = [*kept, "Not explained by a quadratic"]
    with house_style():
        paper, panels = _panels(len(outputs), len(labels))
        for k, (axes, output) in enumerate(zip(panels, outputs, strict=True)):
            by_group = {e["group"]: e for e in output["effects"]}
            for row, group in enumerate(kept):
                held = by_group[group]
                axes.barh(row, held["effect"], height=0.6, color=BLUE, alpha=0.75)
                axes.plot(held["interval"], [row, row], color=INK, lw=1.0)
            axes.barh(len(kept), output["unexplained"], height=0.6, color="white",
                      edgecolor=SOFT, hatch="////")  # fmt: skip
            high = max([output["unexplained"], *(by_group[g]["interval"][1] for g in kept)])
            _share_axis(axes, 0.0, 1.08 * high)
            _rows_axis(axes, labels, first=k == 0)
            axes.set_xlabel("share of variance", fontsize=7.5)
            canvas.heading(axes, "", "converged" if output["converged"] else "not converged")
            _panel_title(axes, _title(output["output"], one["organ"]))
        return canvas.finished(
            paper,
            f"population_{index + 1}",
            title=f"What differs between patients given {agent_label(str(one['agent']))}",
            caption=f"Shapley effects in {one['patients']} virtual patients, whose parameters "
            "correlate: shares of the variance between patients, which add up to one with what a "
            "quadratic in the parameters leaves. Strokes: 95 % intervals; converged: all within "
            f"± {number(one['tolerance'], 2)}, and the fit predicts patients that it left out.",
            alt="Shapley effects of groups of parameters for doses, kill and control.",
            data=table(
                f"population_{index + 1}",
                ("agent", "output", "group", "effect", "p025", "p975"),
                [
                    (one["agent"], o["output"], e["group"], e["effect"], *e["interval"])
                    for o in outputs
                    for e in o["effects"]
                ]
                + [
                    (one["agent"], o["output"], "unexplained", o["unexplained"], None, None)
                    for o in outputs
                ],
            ),
        )


# ------------------------------------------------------------------ comparison


def comparison_figure(found: Mapping[str, Any]) -> Figure:
    """Return the steps from the second agent to the first, group by group."""
    first, second = agent_label(str(found["first"])), agent_label(str(found["second"]))
    start = found["log10_kill"][found["second"]]["mean"]
    end = found["log10_kill"][found["first"]]["mean"]
    groups = sorted(found["groups"], key=lambda g: -abs(g["log10_kill"]["mean"]))
    labels = [second, *(_change(g) for g in groups), first]
    with house_style():
        tall = 0.42 * len(labels)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.2)
        axes = canvas.place(paper, 3.3, 0.6, canvas.WIDTH_IN - 4.4, tall)
        axes.barh(0, start, height=0.55, color=SOFT)
        at = start
        for row, group in enumerate(groups, start=1):
            step = group["log10_kill"]["mean"]
            axes.barh(row, step, left=at, height=0.55, color=BLUE if step >= 0.0 else VERMILION)
            axes.plot([at, at], [row - 1, row], color=SOFT, lw=0.6)
            low, high = group["log10_kill"]["p05"], group["log10_kill"]["p95"]
            axes.annotate(
                f"{step:+.2f}  ({low:+.2f} to {high:+.2f})".replace("-", "−"),
                (max(at, at + step), row), (5, 0), textcoords="offset points", va="center",
                fontsize=7.5, color=INK, annotation_clip=False,
            )  # fmt: skip
            at += step
        axes.barh(len(labels) - 1, end, height=0.55, color=SOFT)
        for row, value in ((0, start), (len(labels) - 1, end)):
            axes.annotate(
                number(value), (value, row), (5, 0), textcoords="offset points", va="center",
                fontsize=7.5, annotation_clip=False,
            )  # fmt: skip
        _rows_axis(axes, labels, first=True)
        axes.set_xlim(min(0.0, start, end), 1.25 * max(start, end, 0.1))
        axes.xaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel("log₁₀ clonogen kill at the limit, mean of the patients")
        canvas.heading(axes, f"Why {first} and {second} differ", "exact Shapley shares")
        return canvas.finished(
            paper,
            "comparison",
            title=f"From {second} to {first}",
            caption="Groups of properties exchanged in every order, in the same "
            f"{found['patients']} patients; shares add up to the difference. In brackets 5 to 95 % "
            "of the patients. Hybrids need not be makeable.",
            alt="Steps of the mean kill from one agent to the other by group of properties.",
            data=table(
                "comparison",
                ("group", "from", "to", "log10_kill_mean", "p05", "p95"),
                [
                    (g["group"], g["from"], g["to"], g["log10_kill"]["mean"],
                     g["log10_kill"]["p05"], g["log10_kill"]["p95"])
                    for g in groups
                ],
            ),
        )  # fmt: skip


def _change(group: Mapping[str, Any]) -> str:
    before, after = group["from"], group["to"]
    if group["group"] == "nuclide":
        before, after = nuclide_label(before), nuclide_label(after)
    else:
        before, after = agent_label(before), agent_label(after)
    return f"{group['group']}: {before} → {after}"


# ------------------------------------------------------------------ information


def information_figure(found: Mapping[str, Any]) -> Figure:
    """Return what each measurement is worth to the choice."""
    rows = found["measurements"]
    with house_style():
        tall = ROW_IN * len(rows)
        paper = canvas.sheet(canvas.WIDTH_IN, tall + 1.2)
        axes = canvas.place(paper, 3.0, 0.6, canvas.WIDTH_IN - 4.6, tall)
        for row, one in enumerate(rows):
            axes.plot(one["interval"], [row, row], color=BLUE, lw=2.2, alpha=0.45)
            axes.plot([one["value"]], [row], "o", color=BLUE, ms=4.5)
            axes.annotate(
                f"{100.0 * one['changes_choice']:.0f} %", (1.0, row), (8, 0),
                xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                fontsize=7.5, color=SOFT, annotation_clip=False,
            )  # fmt: skip
        perfect = found["perfect_information"]
        axes.axvline(perfect, color=ORANGE, lw=1.2, ls="--")
        _rows_axis(axes, [m["group"] for m in rows], first=True)
        top = max([perfect, *(m["interval"][1] for m in rows)])
        axes.set_xlim(-0.01 * top, 1.1 * top if top > 0.0 else 1.0)
        axes.xaxis.set_major_locator(canvas.few_ticks())
        axes.xaxis.set_major_formatter(canvas.tick_formatter())
        axes.set_xlabel("Expected gain, decades of clonogen kill")
        axes.spines["bottom"].set_color(RULE)
        canvas.heading(
            axes, "What would most change the choice",
            f"now {agent_label(str(found['choice']))}; right: how often the choice would change",
        )  # fmt: skip
        return canvas.finished(
            paper,
            "information",
            title="Value of information",
            caption="Expected value of knowing a group of parameters exactly (EVPPI, point) with "
            f"95 % bootstrap interval, from {found['draws']} draws of what is not known; broken "
            "line: of knowing everything.",
            alt="Value of information by group of parameters.",
            data=table(
                "information",
                ("group", "value_log10_kill", "p025", "p975", "changes_choice", "parameters"),
                [
                    (m["group"], m["value"], *m["interval"], m["changes_choice"],
                     "; ".join(m["parameters"]))
                    for m in rows
                ],
            ),
        )  # fmt: skip
