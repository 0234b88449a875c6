"""The overview figures of the landscape: expression map, stages of agents, competitors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from numpy.typing import NDArray

from ligandose.agents.landscape import STAGES, agents_against, highest_stage
from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Axes, Figure
from ligandose.report.landscape_data import (
    MODALITIES,
    MODALITY_NAMES,
    RELIABILITIES,
    organ_order,
)
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import region_label
from ligandose.targets import Target, organ_expression, target, targets
from ligandose.targets.expression import LEVELS

SHADES = ("#eef3f8", "#cfdfec", "#a3c5de", "#6ea6cd", "#3a82b5", "#155f96", "#083a63")
"""One hue from light to dark, as in the page: a greyscale print keeps the order."""
RNA_EDGES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""nTPM between the shades."""
HPA = "Human Protein Atlas, proteinatlas.org, CC BY-SA"
_CELL_IN = 0.104
_COLUMN_IN = 0.62

FloatArray = NDArray[np.float64]


def landscape_figures() -> tuple[Figure, ...]:
    """Return the overview figures, drawn in the house style by the caller."""
    return (expression_figure(), stage_figure(), competitor_figure())


def expression_figure() -> Figure:
    """Draw RNA and protein of every target with gene-level data by organ, side by side."""
    every = sorted(
        (t for t in map(target, targets()) if organ_expression(t)),
        key=lambda t: t.common_name.casefold(),
    )
    organs = organ_order(every)
    rna = _matrix(every, organs, "rna")
    level = _matrix(every, organs, "protein")
    width, height = len(organs) * _CELL_IN, len(every) * _CELL_IN
    paper = canvas.sheet(1.15 + 2 * width + 0.3 + 0.2, height + 2.15)
    left = canvas.place(paper, 1.15, 1.55, width, height)
    right = canvas.place(paper, 1.15 + width + 0.3, 1.55, width, height)
    shades = np.digitize(rna, RNA_EDGES).astype(float)
    _map(left, np.where(np.isnan(rna), np.nan, shades), organs)
    _map(right, np.where(np.isnan(level), np.nan, level * 2.0), organs)
    _mark_uncertain(right, every, organs)
    canvas.ticks(left, "y", range(len(every)))
    left.set_yticklabels([t.common_name for t in every], fontsize=5.6, color=INK)
    _legend(left, "RNA, consensus nTPM", ("< 1", "1", "3", "10", "30", "100", "≥ 300"), SHADES)
    _legend(right, "Protein, staining", tuple(level_names()), SHADES[::2])
    return canvas.finished(
        paper,
        "landscape_expression",
        title="Targets by organ: RNA and protein",
        caption=f"{HPA}. Dots: not measured. A ring on the protein map: the antibody is uncertain. "
        "The first organs are those that the target profile judges.",
        alt="Map of targets by organ, once for RNA and once for protein staining.",
        data=_expression_table(every, organs),
    )


def level_names() -> list[str]:
    """Return the staining levels."""
    return [level.lower() for level in LEVELS]


def stage_figure() -> Figure:
    """Draw how many agents of every target stand at which stage."""
    every = sorted(
        (t for t in map(target, targets()) if agents_against(t.name)),
        key=lambda t: (-STAGES.index(highest_stage(t.name)), -len(agents_against(t.name)), t.name),
    )
    counts = [Counter(a.stage for a in agents_against(t.name)) for t in every]
    paper, axes = _columns(every, STAGES)
    for row, count in enumerate(counts):
        for column, stage in enumerate(STAGES):
            if count[stage]:
                _bubble(axes, column, row, count[stage], column)
    rows = [
        (t.name, t.common_name, stage, count[stage])
        for t, count in zip(every, counts, strict=True)
        for stage in STAGES
    ]
    return canvas.finished(
        paper,
        "landscape_stages",
        title="Radionuclide agents by target and highest stage",
        caption=f"Number of agents of the catalogue; {len(every)} of {len(targets())} targets "
        "have one. An agent with two targets counts for both.",
        alt="Matrix of targets by the highest stage of their agents, with counts.",
        data=table("landscape_stages", ("target", "name", "stage", "agents"), rows),
    )


def competitor_figure() -> Figure:
    """Draw the highest stage of every kind of treatment of every target."""
    heads = ("TRT", *MODALITY_NAMES)
    every = [t for t in map(target, targets()) if any(s >= 0 for s in stages_by_kind(t))]
    every.sort(key=lambda t: (*(-s for s in stages_by_kind(t)), t.name))
    paper, axes = _columns(every, heads)
    rows: list[tuple[Value, ...]] = []
    for row, found in enumerate(every):
        for column, stage in enumerate(stages_by_kind(found)):
            words = STAGES[stage] if stage >= 0 else ""
            rows.append((found.name, found.common_name, heads[column], words))
            if stage >= 0:
                _tile(axes, column, row, stage)
    return canvas.finished(
        paper,
        "landscape_competitors",
        title="Highest stage by target and kind of treatment",
        caption="Highest stage in the catalogue; an empty cell: none is listed, which does not "
        "mean that there is none.",
        alt="Matrix of targets by kind of treatment, shaded by the highest stage.",
        data=table("landscape_competitors", ("target", "name", "treatment", "stage"), rows),
    )


def stages_by_kind(found: Target) -> tuple[int, ...]:
    """Return the highest stage (or -1) of TRT and of every other kind of treatment."""
    mine = highest_stage(found.name)
    staged = [
        [STAGES.index(c.term) for c in found.said(f"modality:{kind}") if c.value in STAGES]
        for kind in MODALITIES
    ]
    return (STAGES.index(mine) if mine else -1, *(max(s, default=-1) for s in staged))


def _matrix(every: Sequence[Target], organs: Sequence[str], kind: str) -> FloatArray:
    """Return (target, organ) values, NaN where not measured."""
    values = np.full((len(every), len(organs)), np.nan)
    for i, found in enumerate(every):
        for j, organ in enumerate(organs):
            seen = organ_expression(found).get(organ)
            value = None if seen is None else seen.rna_nTPM if kind == "rna" else seen.protein_level
            if value is not None:
                values[i, j] = value
    return values


def _map(axes: Axes, shades: FloatArray, organs: Sequence[str]) -> None:
    """Draw shades 0 to 6; NaN is left open with a dot in it."""
    colours: Any = ListedColormap(list(SHADES))
    norm = BoundaryNorm([s - 0.5 for s in range(len(SHADES) + 1)], len(SHADES))
    axes.imshow(
        np.ma.masked_invalid(shades), cmap=colours, norm=norm, aspect="auto", interpolation="none"
    )
    rows, columns = np.nonzero(np.isnan(shades))
    axes.plot(columns, rows, ".", color="#8b949e", markersize=1.3, linestyle="none")
    axes.grid(False)
    canvas.ticks(axes, "x", range(len(organs)))
    axes.set_xticklabels([region_label(o) for o in organs], fontsize=5.6, rotation=90, color=INK)
    axes.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _mark_uncertain(axes: Axes, every: Sequence[Target], organs: Sequence[str]) -> None:
    marked = [
        (j, i)
        for i, found in enumerate(every)
        for j, organ in enumerate(organs)
        if (o := organ_expression(found).get(organ)) and o.reliability == RELIABILITIES[1]
    ]
    if marked:
        x, y = zip(*marked, strict=True)
        axes.plot(x, y, "o", mfc="none", mec=INK, mew=0.35, markersize=3.0, linestyle="none")


def _legend(axes: Axes, title: str, names: Sequence[str], shades: Sequence[str]) -> None:
    """Write the title and the shades above a map."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(
        title, (0, 1), (0, 98), fontsize=9, fontweight="bold", annotation_clip=False, **place
    )
    for i, (name, shade) in enumerate(zip(names, shades, strict=True)):
        step = 33 if len(names) > 4 else 58
        axes.annotate(
            name, (0, 1), (i * step + 9, 84), fontsize=6.5, color=SOFT, annotation_clip=False,
            **place,
        )  # fmt: skip
        axes.annotate(
            "■", (0, 1), (i * step, 83.5), fontsize=9, color=shade, annotation_clip=False, **place
        )


def _columns(every: Sequence[Target], heads: Sequence[str]) -> tuple[Any, Axes]:
    """Return paper and axes with one row a target and one column a heading."""
    row_in = 0.17
    width, height = _COLUMN_IN * len(heads), row_in * len(every)
    paper = canvas.sheet(2.0 + width + 0.2, height + 0.6)
    axes = canvas.place(paper, 2.0, 0.45, width, height)
    axes.set_xlim(-0.5, len(heads) - 0.5)
    axes.set_ylim(len(every) - 0.5, -0.5)
    canvas.ticks(axes, "x", range(len(heads)))
    axes.set_xticklabels([h[:1].upper() + h[1:] for h in heads], fontsize=7, color=INK)
    axes.tick_params(axis="x", top=False, labeltop=True, bottom=False, labelbottom=False, length=0)
    canvas.ticks(axes, "y", range(len(every)))
    axes.set_yticklabels([t.common_name for t in every], fontsize=6.8, color=INK)
    axes.grid(axis="x", visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return paper, axes


def _bubble(axes: Axes, column: int, row: int, count: int, stage: int) -> None:
    size = 5.0 + 1.6 * np.sqrt(count)
    shade = _shade(stage)
    axes.plot([column], [row], "o", markersize=size, color=SHADES[shade], mec="none")
    axes.text(
        column, row, str(count), fontsize=5.6, ha="center", va="center_baseline",
        color="#ffffff" if shade > 3 else INK,
    )  # fmt: skip


def _tile(axes: Axes, column: int, row: int, stage: int) -> None:
    shade = _shade(stage)
    axes.barh([row], [0.94], left=[column - 0.47], height=0.86, color=SHADES[shade], linewidth=0)
    axes.text(
        column, row, STAGES[stage], fontsize=5.4, ha="center", va="center_baseline",
        color="#ffffff" if shade > 3 else INK,
    )  # fmt: skip


def _shade(stage: int) -> int:
    """Return the shade of a stage: preclinical light, approved darkest."""
    return min(1 + round(5 * stage / (len(STAGES) - 1)), 6)


def _expression_table(every: Sequence[Target], organs: Sequence[str]) -> Table:
    columns = ("target", "name", "genes", "organ", "rna_nTPM", "protein_level", "reliability")
    rows: list[tuple[Value, ...]] = []
    for found in every:
        for organ in organs:
            seen = organ_expression(found).get(organ)
            level = None if seen is None else seen.protein_level
            rows.append(
                (
                    found.name,
                    found.common_name,
                    ";".join(found.expression_genes),
                    organ,
                    None if seen is None else seen.rna_nTPM,
                    None if level is None else LEVELS[level].lower(),
                    "" if seen is None else seen.reliability,
                )
            )
    return table("landscape_expression", columns, rows)
