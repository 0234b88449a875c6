"""Figures of dose: coefficients beside published values, cumulative dose against limits, effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure, finite
from ligandose.report.contract import (
    CourseDocument,
    Limit,
    Published,
    Quantity,
    QuantityWithUncertainty,
    Region,
)
from ligandose.report.tables import Value, table
from ligandose.report.text import is_number, percent, plain, region_label, sentence_case

COEFFICIENT_UNITS = ("Gy/GBq", "mGy/MBq")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")
QUANTITY_LABELS = {"bed_Gy": "BED", "dose_Gy": "Absorbed dose", "eqd2_Gy": "EQD2"}
MOST_COHORT_LABEL = 34
_KEY_IN = canvas.WIDTH_IN - 1.7
_FIRST = 0.45  # of a row from its top to the prediction, in units of row height


def published_coefficients(document: CourseDocument, region: str) -> list[Published]:
    """Return what was published of the dose coefficient of a region (Gy/GBq = mGy/MBq)."""
    return [
        row
        for row in document["published"]
        if row["region"] == region and row.get("unit") in COEFFICIENT_UNITS
    ]


def span(row: Published) -> tuple[float, float, float] | None:
    """Return (centre, low, high) of a published value: range if given, else mean ± SD."""
    low, high, mean = row.get("low"), row.get("high"), row.get("mean")
    if mean is None:
        return (0.5 * (low + high), low, high) if low is not None and high is not None else None
    if low is not None and high is not None:
        return (mean, low, high)
    sd = row.get("sd") or 0.0
    return (mean, mean - sd, mean + sd)


def cohort_label(row: Published) -> str:
    """Return the cohort with its size."""
    size = f", n = {row['n']}" if row.get("n") else ""
    name = row.get("cohort") or row.get("source") or "published"
    if len(name) > MOST_COHORT_LABEL:
        name = name[: MOST_COHORT_LABEL - 1].rstrip(" ,;") + "…"
    return f"{name}{size}"


def mean_dose(region: Region) -> float:
    """Return the mean dose in Gy to rank a region by; one that was not computed counts as 0."""
    mean = region["dose_Gy"]["mean"]
    return mean if is_number(mean) else 0.0


def ranked_regions(document: CourseDocument) -> list[Region]:
    """Return organs and then lesions, each by falling mean dose."""

    def order(region: Region) -> tuple[bool, float]:
        return (region["kind"] == "lesion", -mean_dose(region))

    return sorted(document["regions"], key=order)


def draw_coefficient(ax: Any, y: float, q: QuantityWithUncertainty, colour: str) -> None:
    """Draw one prediction: band of patients, median line, mean dot, bar of knowledge."""
    low, high = max(q["p05"], 1e-12), q["p95"]
    ax.barh(
        y, high - low, left=low, height=0.52, color=colour, alpha=canvas.BAND_ALPHA, linewidth=0
    )
    ax.plot([q["median"]] * 2, [y - 0.26, y + 0.26], color=colour, linewidth=1.8)
    knowledge = q.get("uncertainty")
    if knowledge:
        ax.plot([knowledge["p05"], knowledge["p95"]], [y, y], color=colour, linewidth=1.1)
    ax.plot([q["mean"]], [y], "o", color=colour, markersize=4.5)


def draw_published(
    ax: Any, y: float, centre: float, low: float, high: float, *, marker: str = "o", floor: float
) -> None:
    """Draw one published value: an open marker with its error bar."""
    ax.plot([max(low, floor), high], [y, y], color=INK, linewidth=0.9, zorder=4)
    ax.plot(
        [centre], [y], marker, markerfacecolor="#ffffff", markeredgecolor=INK, markersize=5,
        markeredgewidth=1.1, zorder=5,
    )  # fmt: skip


def axis_limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the limits of a logarithmic axis, at most five decades below its top."""
    top = max(values) * 1.4
    positive = [v for v in values if v > top * 1e-5]
    return min(positive) / 1.4, top


def coefficient_figure(document: CourseDocument) -> Figure | None:
    """Draw predicted dose per activity of every region beside the published values."""
    regions = [r for r in ranked_regions(document) if r["dose_per_activity_Gy_per_GBq"]["mean"] > 0]
    if not regions:
        return None
    published = {r["region"]: published_coefficients(document, r["region"]) for r in regions}
    slots = [0.9 + 0.5 * len(published[r["region"]]) for r in regions]
    height = 0.25 * sum(slots)
    paper = canvas.sheet(canvas.WIDTH_IN, height + 1.05)
    ax = canvas.place(paper, 1.6, 0.48, 5.0, height)
    low, high = axis_limits(_coefficient_extent(regions, published))
    canvas.log_axis(ax, "x", low=low, high=high)
    y = 0.0
    centres: list[float] = []
    for region, slot in zip(regions, slots, strict=True):
        centres.append(y - _FIRST)
        _coefficient_row(ax, y, region, published[region["region"]], low)
        y -= slot
    ax.set_ylim(y, 0.0)
    ax.set_yticks(centres, [region_label(r["region"]) for r in regions])
    ax.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("Absorbed dose per administered activity, Gy/GBq (logarithmic)")
    _coefficient_key(paper, height + 1.05)
    return canvas.finished(
        paper,
        "dose_coefficients",
        title="Dose per activity: predicted and published",
        caption="Filled: prediction. Band: 90 % of the patients; tick: median; dot: mean, its "
        "thin bar the 90 % uncertainty of that mean from what is known of the parameters. "
        "Open: published mean with SD or range.",
        alt="Predicted dose coefficients of all regions with published values beside them.",
        data=_coefficient_table(regions, published),
    )


def _coefficient_extent(
    regions: Sequence[Region], published: Mapping[str, Sequence[Published]]
) -> list[float]:
    values: list[float] = []
    for region in regions:
        q = region["dose_per_activity_Gy_per_GBq"]
        values += finite([q["p05"], q["p95"], q["mean"]])
        for row in published[region["region"]]:
            if extent := span(row):
                values += [extent[0], extent[2]]
    return [v for v in values if v > 0]


def _coefficient_row(
    ax: Any, top: float, region: Region, rows: Sequence[Published], floor: float
) -> None:
    colour = canvas.region_colour(region["region"])
    draw_coefficient(ax, top - _FIRST, region["dose_per_activity_Gy_per_GBq"], colour)
    y = top - _FIRST - 0.56
    for row in rows:
        extent = span(row)
        if extent is None:
            continue
        draw_published(ax, y, *extent, floor=floor, marker=_use_marker(row["use"]))
        ax.annotate(
            cohort_label(row), (1.0, y), (8, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=7.5, color=SOFT,
            annotation_clip=False,
        )  # fmt: skip
        y -= 0.5
    ax.axhline(top, color=canvas.RULE, linewidth=0.6)


def _use_marker(use: str) -> str:
    """Return a square for values that the calibration has seen, a circle for the others."""
    return "s" if use == "calibration" else "o"


def _coefficient_key(paper: Any, height: float) -> None:
    """Draw the key as one worked example above the figure, in the order in which it is read."""
    ax = canvas.place(paper, 1.6, 0.08, _KEY_IN, 0.3)
    ax.set_axis_off()
    ax.set_xlim(0, _KEY_IN)
    ax.set_ylim(-1, 1)
    ax.barh(0, 0.62, left=0, height=0.9, color=SOFT, alpha=canvas.BAND_ALPHA, linewidth=0)
    ax.plot([0.27, 0.27], [-0.45, 0.45], color=SOFT, linewidth=1.8)
    ax.plot([0.2, 0.44], [0, 0], color=SOFT, linewidth=1.1)
    ax.plot([0.32], [0], "o", color=SOFT, markersize=4.5)
    words = "predicted: 90 % of patients, median, mean with uncertainty"
    ax.text(0.72, 0, words, va="center", fontsize=8, color=SOFT)
    for x, marker, label in ((4.35, "s", "published, calibrated on"), (6.35, "o", "published")):
        ax.plot([x - 0.12, x + 0.12], [0, 0], color=INK, linewidth=0.9)
        ax.plot([x], [0], marker, mfc="#ffffff", mec=INK, markersize=5, mew=1.1)
        ax.text(x + 0.2, 0, label, va="center", fontsize=8, color=SOFT)


def _coefficient_table(
    regions: Sequence[Region], published: Mapping[str, Sequence[Published]]
) -> Any:
    rows: list[list[Value]] = []
    for region in regions:
        q = region["dose_per_activity_Gy_per_GBq"]
        known = q.get("uncertainty")
        rows.append(
            [region["region"], "predicted", "", "", q["mean"], q["sd"], q["median"], q["p05"],
             q["p95"], known["p05"] if known else None, known["p95"] if known else None, ""]
        )  # fmt: skip
        rows += [
            [region["region"], "published", p["cohort"], p["use"], p["mean"], p["sd"], None,
             p["low"], p["high"], None, None, p["source"]]
            for p in published[region["region"]]
        ]  # fmt: skip
    names = "mean sd median p05_or_low p95_or_high mean_uncertainty_p05 mean_uncertainty_p95"
    columns = [f"{name}_Gy_per_GBq" for name in names.split()]
    return table("dose_coefficients", ["region", "what", "cohort", "use", *columns, "source"], rows)


def limit_figure(document: CourseDocument) -> Figure | None:
    """Draw cumulative dose by cycle against each limit, with the fraction that exceeds it."""
    grouped: dict[tuple[str, str], list[Limit]] = {}
    for limit in document["limits"]:
        if limit["cumulative"]:
            grouped.setdefault((limit["region"], limit["quantity"]), []).append(limit)
    if not grouped:
        return None
    paper, axes = canvas.panels(len(grouped), 3, panel_height_in=2.1)
    for ax, ((region, quantity), limits) in zip(axes, grouped.items(), strict=True):
        _limit_panel(ax, limits, canvas.region_colour(region))
        canvas.heading(ax, region_label(region), f"Cumulative {_lower(quantity)}, Gy")
        ax.set_xlabel("Cycle")
    return canvas.finished(
        paper,
        "limits",
        title="Cumulative dose against limits",
        caption="Line: median patient. Band: 90 % of the patients. Dashed: limit, with the "
        "fraction of patients who exceed it after the last cycle.",
        alt="Cumulative dose by cycle against organ limits.",
        data=_limit_table(document["limits"]),
    )


def _lower(quantity: str) -> str:
    label = QUANTITY_LABELS.get(quantity, quantity.removesuffix("_Gy"))
    return label if label.isupper() or label == "EQD2" else label.lower()


def _limit_panel(ax: Any, limits: Sequence[Limit], colour: str) -> None:
    cycles = limits[0]["cycle"]
    cumulative = limits[0]["cumulative"]
    colour = INK if colour == SOFT else colour
    low, high = ([q[key] for q in cumulative] for key in ("p05", "p95"))
    ax.fill_between(cycles, low, high, color=colour, alpha=canvas.BAND_ALPHA, linewidth=0)
    ax.plot(cycles, [q["median"] for q in cumulative], color=colour, marker="o", markersize=4)
    top = max([*high, *(limit["limit"] for limit in limits)])
    ax.set_ylim(0, 1.16 * top)
    ax.set_xlim(min(cycles) - 0.35, max(cycles) + 0.35)
    canvas.ticks(ax, "x", [float(c) for c in cycles])
    ax.yaxis.set_major_locator(canvas.few_ticks())
    for limit in limits:
        ax.axhline(limit["limit"], color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
        words = f"{plain(limit['limit'])} Gy: {percent(limit['fraction_exceeding'][-1])} exceed"
        ax.annotate(
            words, (0, limit["limit"]), (4, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=8,
        )  # fmt: skip


def _limit_table(limits: Sequence[Limit]) -> Any:
    rows: list[list[Value]] = [
        [limit["region"], limit["quantity"], limit["limit"], limit["source"], cycle,
         q["mean"], q["sd"], q["median"], q["p05"], q["p95"], exceeding]
        for limit in limits
        for cycle, q, exceeding in zip(
            limit["cycle"], limit["cumulative"], limit["fraction_exceeding"], strict=True
        )
    ]  # fmt: skip
    columns = "region quantity limit_Gy source cycle mean_Gy sd_Gy median_Gy p05_Gy p95_Gy"
    return table("limits", [*columns.split(), "fraction_exceeding"], rows)


def probability_figure(document: CourseDocument) -> Figure | None:
    """Draw tumour control and normal-tissue complication probabilities."""
    effect = document["effect"]
    rows = [*_probabilities(effect, "tcp"), *_probabilities(effect, "ntcp")]
    if not rows:
        return None
    height = 0.27 * len(rows) + 0.1
    paper = canvas.sheet(canvas.WIDTH_IN, height + 0.7)
    ax = canvas.place(paper, 2.3, 0.12, 5.6, height)
    for i, (_, q, colour) in enumerate(rows):
        _probability_row(ax, -float(i), q, colour)
        ax.annotate(
            f"{percent(q['median'])}", (1, -i), (8, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=8, annotation_clip=False,
        )  # fmt: skip
    ax.set_yticks([-float(i) for i in range(len(rows))], [row[0] for row in rows])
    ax.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
    ax.set_ylim(-len(rows) + 0.4, 0.6)
    ax.set_xlim(-0.005, 1.005)
    ax.grid(visible=False, axis="y")
    canvas.ticks(ax, "x", [0, 0.25, 0.5, 0.75, 1.0])
    ax.xaxis.set_major_formatter(canvas.percent_formatter())
    ax.set_xlabel("Probability, %")
    data = [[label, q["mean"], q["sd"], q["median"], q["p05"], q["p95"]] for label, q, _ in rows]
    return canvas.finished(
        paper,
        "probabilities",
        title="Tumour control and complications",
        caption="Band: 90 % of the patients; tick and figure at the right: median; dot: mean.",
        alt="Tumour control probability by lesion, complication probability by organ.",
        data=table("probabilities", ["what", "mean", "sd", "median", "p05", "p95"], data),
    )


def _probabilities(effect: Mapping[str, Any], kind: str) -> list[tuple[str, Quantity, str]]:
    found: Mapping[str, Quantity | None] = effect.get(kind) or {}
    word = "TCP" if kind == "tcp" else "NTCP"
    colour = canvas.VERMILION if kind == "tcp" else canvas.BLUE
    ordered = sorted(found, key=lambda name: name == "all")
    return [
        (f"{word}  {'all lesions' if name == 'all' else _short(name)}", q, colour)
        for name in ordered
        if (q := found[name])
    ]


def _short(name: str) -> str:
    return sentence_case(name.removeprefix("lesion:")).lower()


def _probability_row(ax: Any, y: float, q: Quantity, colour: str) -> None:
    width = max(q["p95"] - q["p05"], 0.002)
    ax.barh(
        y, width, left=q["p05"], height=0.52, color=colour, alpha=canvas.BAND_ALPHA, linewidth=0
    )
    ax.plot([q["median"]] * 2, [y - 0.26, y + 0.26], color=colour, linewidth=1.8)
    ax.plot([q["mean"]], [y], "o", color=colour, markersize=4.5)
