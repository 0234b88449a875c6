"""Goodness of fit and visual predictive check of a fitted population."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.plan import GoodnessOfFit, Subject
from ligandose.report import canvas
from ligandose.report.canvas import BLUE, INK, ORANGE, RULE, SOFT, Axes, Figure, house_style
from ligandose.report.tables import Table, table
from ligandose.report.text import region_label

Floats = NDArray[np.float64]

HOUR_S = 3600.0
BINS = 8
MOST_PANELS = 6
RESIDUAL_SHOWN = 4.0


def population_figures(found: GoodnessOfFit, subjects: Sequence[Subject]) -> list[Figure]:
    """Return the diagnostic plots of a fitted population.

    Args:
        found: of `plan.goodness_of_fit`.
        subjects: that were fitted, in their order.
    """
    data = [a for s in subjects for a in s.data.activities]
    time_h = np.array([a.time_s for a in data]) / HOUR_S
    region = [a.region for a in data]
    rows = _table(found, time_h, region)
    return [_fit_figure(found, time_h, rows), _check_figure(found, time_h, region, rows)]


def _table(found: GoodnessOfFit, time_h: Floats, region: Sequence[str]) -> Table:
    columns = ("patient", "region", "time_h", "observed_MBq", "population_MBq", "individual_MBq",
               "weighted_residual", "percentile", "p05_MBq", "median_MBq", "p95_MBq")  # fmt: skip
    return table(
        "population",
        columns,
        [
            [int(found.patient[i]), region[i], float(time_h[i]),
             *(float(v[i]) for v in (found.observed, found.population, found.individual,
                                     found.residual, found.percentile, found.low, found.middle,
                                     found.high))]
            for i in range(found.observed.size)
        ],
    )  # fmt: skip


def _fit_figure(found: GoodnessOfFit, time_h: Floats, rows: Table) -> Figure:
    with house_style():
        paper, axes = canvas.panels(4, 2, panel_height_in=2.4, foot_in=0.55)
        _identity(axes[0], found.population, found.observed, "Population prediction, MBq")
        _identity(axes[1], found.individual, found.observed, "Individual prediction, MBq")
        canvas.heading(axes[0], "Observed over population", "observed, MBq")
        canvas.heading(axes[1], "Observed over individual", "observed, MBq")
        _residuals(axes[2], time_h, found.residual)
        canvas.heading(axes[2], "Residuals over time", "individual weighted residual")
        axes[3].hist(found.percentile, bins=np.linspace(0, 1, 11), color=BLUE, alpha=0.5,
                     edgecolor="white")  # fmt: skip
        axes[3].axhline(found.percentile.size / 10.0, color=INK, lw=0.8, ls="--")
        axes[3].set_xlabel("Share of simulated data below the datum")
        canvas.heading(axes[3], "Prediction discrepancy", "data (line: where the model is right)")
        return canvas.finished(
            paper,
            "goodness-of-fit",
            title="Goodness of fit",
            caption="Each marker is a datum. Above: observed activity over what the typical "
            "patient and the individual one predict (line: equality). Below: weighted residuals "
            "with lines at ±1.96, and the share of simulated data of new patients below each "
            "datum, which is uniform where the model is right.",
            alt="Four panels: observed over population and individual predictions, residuals over "
            "time, histogram of prediction discrepancies.",
            data=rows,
        )


def _identity(axes: Axes, predicted: Floats, observed: Floats, label: str) -> None:
    low = 0.8 * float(min(predicted.min(), observed.min()))
    high = 1.25 * float(max(predicted.max(), observed.max()))
    axes.plot([low, high], [low, high], color=SOFT, lw=0.8)
    axes.plot(predicted, observed, "o", ms=3.5, mfc="none", mec=BLUE, mew=0.8)
    canvas.log_axis(axes, "x", low=low, high=high)
    canvas.log_axis(axes, "y", low=low, high=high)
    axes.set_xlabel(label)


def _residuals(axes: Axes, time_h: Floats, residual: Floats) -> None:
    for level, style in ((-1.96, "--"), (0.0, "-"), (1.96, "--")):
        axes.axhline(level, color=SOFT, lw=0.8, ls=style)
    axes.plot(time_h, residual, "o", ms=3.5, mfc="none", mec=BLUE, mew=0.8)
    top = max(RESIDUAL_SHOWN, float(np.abs(residual).max()) * 1.1)
    axes.set_ylim(-top, top)
    axes.set_xlabel("Time after administration, h")


def _check_figure(
    found: GoodnessOfFit, time_h: Floats, region: Sequence[str], rows: Table
) -> Figure:
    names = list(dict.fromkeys(region))[:MOST_PANELS]
    of = np.array(region)
    with house_style():
        paper, axes = canvas.panels(len(names), 2, panel_height_in=2.4, foot_in=0.55)
        for panel, name in zip(axes, names, strict=True):
            _draw_check(panel, found, time_h, of == name)
            canvas.heading(panel, region_label(name), "activity, MBq")
            panel.set_xlabel("Time after administration, h")
        return canvas.finished(
            paper,
            "visual-predictive-check",
            title="Visual predictive check",
            caption="Observed activities (markers) with their 5, 50 and 95 % (lines) beside the "
            "5 to 95 % of patients simulated with the fitted population (band, median in white), "
            "in bins of time.",
            alt="One panel for each region: data, their quantiles, and the simulated interval.",
            data=rows,
        )


def _draw_check(axes: Axes, found: GoodnessOfFit, time_h: Floats, own: NDArray[np.bool_]) -> None:
    time = time_h[own]
    edges = np.unique(np.quantile(time, np.linspace(0.0, 1.0, BINS + 1)))
    bins = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, max(edges.size - 2, 0))
    used = np.unique(bins)
    middle = np.array([np.median(time[bins == b]) for b in used])

    def by_bin(values: Floats, share: float) -> Floats:
        return np.array([np.quantile(values[own][bins == b], share) for b in used])

    low, high = by_bin(found.low, 0.5), by_bin(found.high, 0.5)
    if used.size == 1:
        middle = middle[0] + np.array([-0.5, 0.5])
        low, high = np.repeat(low, 2), np.repeat(high, 2)
    axes.fill_between(middle, low, high, color=BLUE, alpha=canvas.BAND_ALPHA, lw=0)
    center = np.resize(by_bin(found.middle, 0.5), middle.size)
    axes.plot(middle, center, color="white", lw=2.5)
    axes.plot(middle, center, color=BLUE, lw=1.0)
    for share, style in ((0.05, "--"), (0.5, "-"), (0.95, "--")):
        observed = np.resize(by_bin(found.observed, share), middle.size)
        axes.plot(middle, observed, color=ORANGE, lw=1.2, ls=style)
    axes.plot(time, found.observed[own], "o", ms=3, mfc="none", mec=INK, mew=0.6)
    values = np.concatenate([found.observed[own], low, high])
    canvas.log_axis(axes, "y", low=0.7 * float(values.min()), high=1.4 * float(values.max()))
    axes.grid(color=RULE, lw=0.5)
