"""Figures that hold predictions against what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure, finite
from ligandose.report.contract import ValidationDocument, ValidationRow
from ligandose.report.doses import MARKERS, axis_limits, draw_published
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import agent_label, is_number, number, region_label

_COLOURS = (
    canvas.BLUE, canvas.VERMILION, canvas.GREEN, canvas.ORANGE, canvas.PURPLE, canvas.SKY, INK, SOFT
)  # fmt: skip
_COLUMNS = (
    "agent", "region", "use", "published_mean", "published_sd", "published_low", "published_high",
    "predicted_mean", "predicted_sd", "predicted_p05", "predicted_p95", "fold_error",
    "cv_published", "cv_predicted", "cv_ratio", "within",
)  # fmt: skip
_DOSE_COLUMNS = frozenset(c for c in _COLUMNS if c.startswith(("published", "predicted")))
_ROW_IN = 0.27


def agents_of(rows: Sequence[ValidationRow]) -> list[str]:
    """Return the agents in order of appearance, those of the calibration first."""
    calibrated = [row["agent"] for row in rows if row["use"] == "calibration"]
    return list(dict.fromkeys([*calibrated, *(row["agent"] for row in rows)]))


def is_within(row: ValidationRow) -> bool | None:
    """Return whether the row meets its criterion, None where it is not judged."""
    value = row.get("within")
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower())
    return value


def validation_table(document: ValidationDocument, name: str) -> Table:
    """Return every row of a validation document with full precision."""
    rows: list[list[Value]] = []
    for row in document["rows"]:
        values: dict[str, Any] = dict(row)
        cells: list[Value] = [values.get(column) for column in _COLUMNS]
        rows.append([*cells, "; ".join(row["cohorts"]), "; ".join(row["sources"]), row["note"]])
    columns = [f"{c}_Gy_per_GBq" if c in _DOSE_COLUMNS else c for c in _COLUMNS]
    return table(name, [*columns, "cohorts", "sources", "note"], rows)


def _published_span(row: ValidationRow) -> tuple[float, float, float] | None:
    mean = row["published_mean"]
    low, high = row["published_low"], row["published_high"]
    if mean is None:
        return (0.5 * (low + high), low, high) if low is not None and high is not None else None
    if low is not None and high is not None and high > low:
        return (mean, low, high)
    sd = row["published_sd"] or 0.0
    return (mean, mean - sd, mean + sd)


def _doses(rows: Sequence[ValidationRow]) -> list[float]:
    values: list[float] = []
    for row in rows:
        values += finite([row["predicted_mean"], row["predicted_p05"], row["predicted_p95"]])
        if extent := _published_span(row):
            values += [extent[0], extent[2]]
    return [v for v in values if v > 0]


def forest_panel(
    ax: Any, rows: Sequence[ValidationRow], limits: tuple[float, float], *, folds: bool = True
) -> None:
    """Draw one agent: each organ's predicted band and mean, its published value beneath."""
    canvas.log_axis(ax, "x", low=limits[0], high=limits[1])
    for i, row in enumerate(rows):
        colour = canvas.region_colour(row["region"])
        mean, low, high = row["predicted_mean"], row["predicted_p05"], row["predicted_p95"]
        if low is not None and high is not None:
            left = max(low, limits[0])
            ax.barh(
                -i + 0.16, high - left, left=left, height=0.36, color=colour,
                alpha=canvas.BAND_ALPHA, linewidth=0,
            )  # fmt: skip
        if mean is not None:
            ax.plot([mean], [-i + 0.16], "o", color=colour, markersize=4.5)
        if extent := _published_span(row):
            marker = "s" if row["use"] == "calibration" else "o"
            draw_published(ax, -i - 0.2, *extent, floor=limits[0], marker=marker)
        if folds:
            _fold_label(ax, -i, row)
    if folds:
        ax.annotate(
            "fold error", (1, 1), (7, 6), xycoords="axes fraction", textcoords="offset points",
            fontsize=8, color=SOFT, annotation_clip=False,
        )  # fmt: skip
    ax.set_yticks([-i for i in range(len(rows))], [region_label(row["region"]) for row in rows])
    ax.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
    ax.set_ylim(-len(rows) + 0.45, 0.55)
    ax.grid(visible=False, axis="y")


def _fold_label(ax: Any, y: float, row: ValidationRow) -> None:
    if not is_number(row["fold_error"]):
        return
    missed = is_within(row) is False
    ax.annotate(
        f"{number(row['fold_error'])} ×{'  ◂' if missed else ''}", (1, y), (7, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=8,
        color=INK if missed else SOFT, fontweight="bold" if missed else "normal",
        annotation_clip=False,
    )  # fmt: skip


def forest_figure(document: ValidationDocument) -> Figure | None:
    """Draw every agent's organs, predicted over published, two columns of panels."""
    rows = [r for r in document["rows"] if r["predicted_mean"] is not None]
    if not rows:
        return None
    by_agent = {a: [r for r in rows if r["agent"] == a] for a in agents_of(rows)}
    limits = axis_limits(_doses(rows))
    placed = _two_columns({agent: len(mine) for agent, mine in by_agent.items()})
    height = max(top + _ROW_IN * len(by_agent[a]) + 0.55 for a, (_, top) in placed.items())
    paper = canvas.sheet(canvas.WIDTH_IN, height + 0.1)
    for agent, (column, top) in placed.items():
        mine = by_agent[agent]
        ax = canvas.place(paper, 1.2 + 4.6 * column, top, 2.6, _ROW_IN * len(mine))
        forest_panel(ax, mine, limits)
        uses = sorted({row["use"] for row in mine if row["use"] != "none"})
        canvas.heading(ax, agent_label(agent), "Gy/GBq, logarithmic · " + " and ".join(uses))
    return canvas.finished(
        paper,
        "validation_by_organ",
        title="Predicted and published dose coefficients",
        caption="Filled dot and band: predicted mean and 90 % of the patients. Open: published "
        "mean with SD or the cohorts' range; squares were used in the calibration, circles were "
        "not. At the right the fold error; ◂ marks those outside the criterion.",
        alt="Predicted beside published dose coefficients for every agent and organ.",
        data=validation_table(document, "validation_by_organ"),
    )


def _two_columns(sizes: Mapping[str, int]) -> dict[str, tuple[int, float]]:
    """Return for each panel its column and its distance from the top in inches."""
    tops = [0.5, 0.5]
    placed: dict[str, tuple[int, float]] = {}
    for name, count in sizes.items():
        column = 0 if tops[0] <= tops[1] else 1
        placed[name] = (column, tops[column])
        tops[column] += _ROW_IN * count + 0.85
    return placed


def scatter_figure(document: ValidationDocument) -> Figure | None:
    """Draw predicted against published: means with 1.5 and 2 fold bands, and variability."""
    rows = [
        r for r in document["rows"]
        if r["predicted_mean"] and r["published_mean"] and r["use"] != "none"
    ]  # fmt: skip
    if not rows:
        return None
    paper = canvas.sheet(canvas.WIDTH_IN, 4.3)
    mean_ax = canvas.place(paper, 0.55, 0.5, 3.3, 3.3)
    cv_ax = canvas.place(paper, 4.55, 0.5, 3.3, 3.3)
    means = [v for r in rows for v in finite([r["predicted_mean"], r["published_mean"]])]
    _fold_axes(mean_ax, axis_limits(means), (1.5, 2.0))
    cvs = [100 * v for r in rows for v in finite([r["cv_predicted"], r["cv_published"]])]
    _fold_axes(cv_ax, (0.0, 1.15 * max([*cvs, 50.0])), (1.5,))
    for i, agent in enumerate(agents_of(rows)):
        mine = [r for r in rows if r["agent"] == agent]
        _scatter(mean_ax, mine, "mean", 1.0, i, agent_label(agent))
        _scatter(cv_ax, mine, "cv", 100.0, i, agent_label(agent))
    canvas.heading(mean_ax, "Mean", "Predicted, Gy/GBq (logarithmic)")
    mean_ax.set_xlabel("Published, Gy/GBq (logarithmic)")
    canvas.heading(cv_ax, "Variability between patients", "Predicted CV, %")
    cv_ax.set_xlabel("Published CV, %")
    handles, labels = mean_ax.get_legend_handles_labels()
    cv_ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.03, 1.0), labelspacing=0.7)
    return canvas.finished(
        paper,
        "validation_scatter",
        title="Predicted against published",
        caption="Each point is one organ of one agent; filled: used in the calibration, open: "
        "prediction. Bands: within 1.5 × (darker) and 2 × of the diagonal.",
        alt="Scatter of predicted against published mean dose coefficients and their variability.",
        data=validation_table(document, "validation_scatter"),
    )


def _fold_axes(ax: Any, limits: tuple[float, float], folds: Sequence[float]) -> None:
    low, high = limits
    if low > 0:
        canvas.log_axis(ax, "x", low=low, high=high)
        canvas.log_axis(ax, "y", low=low, high=high)
    else:
        ax.set_xlim(low, high)
        ax.set_ylim(low, high)
        ax.xaxis.set_major_locator(canvas.few_ticks())
        ax.yaxis.set_major_locator(canvas.few_ticks())
    line = [low, high]
    for fold in folds:
        ax.fill_between(
            line, [v / fold for v in line], [v * fold for v in line],
            color=SOFT, alpha=0.10, linewidth=0,
        )  # fmt: skip
    ax.plot(line, line, color=SOFT, linewidth=0.8)


def _scatter(
    ax: Any, rows: Sequence[ValidationRow], what: str, scale: float, i: int, label: str
) -> None:
    colour, marker = _COLOURS[i % len(_COLOURS)], MARKERS[i % len(MARKERS)]
    for row in rows:
        values: dict[str, Any] = dict(row)
        keys = ("published_mean", "predicted_mean") if what == "mean" else (
            "cv_published", "cv_predicted"
        )  # fmt: skip
        pair = finite([values[keys[0]], values[keys[1]]])
        if len(pair) < 2 or min(pair) <= 0:
            continue
        fill = colour if row["use"] == "calibration" else "#ffffff"
        ax.plot(
            [scale * pair[0]], [scale * pair[1]], marker, markerfacecolor=fill,
            markeredgecolor=colour, markersize=6, markeredgewidth=1.3, linestyle="none",
        )  # fmt: skip
    face = colour if any(r["use"] == "calibration" for r in rows) else "#ffffff"
    ax.plot([], [], marker, mfc=face, mec=colour, markersize=6, mew=1.3, linestyle="none",
            label=label)  # fmt: skip
