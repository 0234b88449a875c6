"""Figures of what a patient received: registration and regions, curves, histograms, uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ligandose.plan import Measured, PatientDose
from ligandose.report import canvas
from ligandose.report.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SOFT,
    VERMILION,
    Axes,
    Figure,
    house_style,
)
from ligandose.report.tables import table
from ligandose.report.tac_figure import tac_figure
from ligandose.report.text import region_label

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, INK, SOFT)
DASHES: Sequence[Any] = ("-", "--", "-.", ":")
SLICE_IN = 2.1
PLANES = ("axial", "coronal", "sagittal")
MOST_TIMES = 4
PARTS = ("volume", "recovery", "calibration", "fit", "s_value")
PART_LABELS = {"s_value": "S value"}
HATCHES = ("", "///", "...", "xxx", "\\\\\\")
DENSITY_WINDOW = (0.0, 1.6)
HOT = 99.5
"""The activity's colours end at this percentile of the shown slice."""
ROOT = 0.5
"""Colours of activity and dose follow their root: organs show beside a bright lesion."""


def received_figures(document: Mapping[str, Any], found: PatientDose) -> dict[str, Figure]:
    """Return the figures by name; those of images only where there are images."""
    figures: dict[str, Figure] = {}
    if found.found is not None and found.voxels is not None:
        figures["regions"] = region_figure(found)
        if len(found.found.scans) > 1:
            figures["registration"] = registration_figure(found.found)
        figures["dvh"] = dvh_figure(document)
    figures["tac"] = tac_figure(_with_fit(document))
    if _with_uncertainty(document):
        figures["uncertainty"] = uncertainty_figure(document)
    return figures


def _with_fit(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with names of models as they are read."""
    regions = [
        {**r, "fit": {**r["fit"], "model": r["fit"]["model"].replace("_", " ")}}
        for r in document["regions"]
    ]
    return {**document, "regions": regions}


def region_figure(found: PatientDose) -> Figure:
    """Return density, activity and dose with the regions' outlines, in three planes."""
    assert found.found is not None
    assert found.voxels is not None
    first = found.found.scans[0]
    density = first.density_g_cm3
    assert density is not None
    layers: list[tuple[str, str, Any, str]] = [
        ("Density", "g/cm³", density, "Greys_r"),
        ("Activity", "Bq/mL, first time", first.image_Bq_mL, "magma"),
        ("Dose", f"Gy, {found.engine}", found.voxels.dose.dose_Gy, "magma"),
    ]
    names = [r.name for r in first.regions if r.name != "whole_body"]
    dose = found.voxels.dose.dose_Gy
    centre = _centre(first.regions, dose)
    organs = [r for r in first.regions if not r.name.startswith("lesion:")]
    lesion = all(r is not _hottest(first.regions, dose) for r in organs)
    seen = [r for r in organs if r.name != "whole_body"]
    organ = _centre(organs, dose) if seen and lesion else None
    rows: list[list[Any]] = []
    with house_style():
        views = [(plane, axis, centre) for axis, plane in enumerate(PLANES)]
        if organ is not None:
            views += [(plane, axis, organ) for axis, plane in enumerate(PLANES[:2])]
        paper = canvas.sheet(canvas.WIDTH_IN, len(views) * (SLICE_IN + 0.55) + 0.2)
        for row, (plane, axis, at) in enumerate(views):
            for column, (title, unit, values, colours) in enumerate(layers):
                axes = canvas.place(
                    paper, 0.2 + column * 2.45, 0.45 + row * (SLICE_IN + 0.55), 2.3, SLICE_IN
                )
                top = _slice(axes, values, first.grid.spacing_mm, axis, at[axis], colours)
                canvas.heading(axes, f"{title}, {plane}", f"{unit}; 0 to {top:.3g}")
                _outline(axes, first.regions, names, axis, at[axis], first.grid.spacing_mm)
                rows.append([title, plane, int(at[axis]), top])
        _names(paper, names)
        return canvas.finished(
            paper, "regions",
            title="Regions on density, activity and dose",
            caption="Slices through the region with the highest dose, then through the organ with "
            "the highest dose; lines are the outlines where half of a voxel belongs to a region. "
            "Colours of activity and dose follow the square root.",
            alt="Nine slices: density, activity and dose in three planes with region outlines.",
            data=table("regions", ("layer", "plane", "slice", "top_of_scale"), rows),
        )  # fmt: skip


def _centre(regions: Sequence[Any], dose: Any) -> tuple[int, int, int]:
    """Return the middle of the region with the highest mean dose."""
    hottest = _hottest(regions, dose)
    inside = np.argwhere(hottest.share >= min(0.5, float(hottest.share.max())))
    at = np.array(hottest.start) + np.median(inside, axis=0)
    return int(at[0]), int(at[1]), int(at[2])


def _hottest(regions: Sequence[Any], dose: Any) -> Any:
    """Return the region with the highest mean dose; None of none."""
    own = [r for r in regions if r.name != "whole_body"]
    return max(own, key=lambda r: r.mean_of(dose), default=None)


def _slice(
    axes: Axes, values: Any, spacing: Sequence[float], axis: int, index: int, colours: str
) -> float:
    """Draw one slice, heads and fronts up; return the top of its scale."""
    plane = np.take(values, index, axis=axis)
    top = DENSITY_WINDOW[1] if colours == "Greys_r" else float(np.percentile(plane, HOT))
    top = top if top > 0.0 else 1.0
    extent = _extent(values.shape, spacing, axis)
    power = 1.0 if colours == "Greys_r" else ROOT
    axes.imshow(
        np.clip(plane / top, 0.0, None) ** power, cmap=colours, vmin=0.0, vmax=1.0, extent=extent,
        interpolation="nearest", origin="upper" if axis == 0 else "lower",
    )  # fmt: skip
    axes.set_axis_off()
    return top


def _extent(shape: Sequence[int], spacing: Sequence[float], axis: int) -> tuple[float, ...]:
    rows, columns = [i for i in range(3) if i != axis]
    width, height = shape[columns] * spacing[columns], shape[rows] * spacing[rows]
    return (0.0, width, height, 0.0) if axis == 0 else (0.0, width, 0.0, height)


def _outline(
    axes: Axes,
    regions: Sequence[Any],
    names: Sequence[str],
    axis: int,
    index: int,
    spacing: Sequence[float],
) -> None:
    rows, columns = [i for i in range(3) if i != axis]
    for region in regions:
        if region.name not in names:
            continue
        at = index - region.start[axis]
        if not 0 <= at < region.share.shape[axis]:
            continue
        part = np.pad(np.take(region.share, at, axis=axis), 1)
        if float(part.max()) < 0.5:
            continue
        y = _edges(part.shape[0], int(region.start[rows]), spacing[rows])
        x = _edges(part.shape[1], int(region.start[columns]), spacing[columns])
        number = names.index(region.name)
        axes.contour(
            x, y, part, levels=[0.5], colors=[COLOURS[number % len(COLOURS)]], linewidths=1.0,
            linestyles=[DASHES[number // len(COLOURS) % len(DASHES)]],
        )  # fmt: skip


def _edges(count: int, start: int, side: float) -> list[float]:
    """Return the places of voxels in a picture, mm, with a rim of one on the low side."""
    return [(k - 0.5 + start) * side for k in range(count)]


def _names(paper: Any, names: Sequence[str]) -> None:
    width, height = paper.get_size_inches()
    for number, name in enumerate(names):
        paper.text(
            (7.75) / width, 1.0 - (0.7 + 0.2 * number) / height, region_label(name), fontsize=8.5,
            color=COLOURS[number % len(COLOURS)], va="baseline",
        )  # fmt: skip


def registration_figure(found: Measured) -> Figure:
    """Return the first time point beside each later one, before and after registration."""
    from ligandose.imaging import moved

    first = found.scans[0]
    later = found.scans[1 : MOST_TIMES + 1]
    middle = first.grid.shape[1] // 2
    rows: list[list[Any]] = []
    with house_style():
        paper = canvas.sheet(canvas.WIDTH_IN, len(later) * (SLICE_IN + 0.55) + 0.2)
        base = _picture(first)
        for row, scan in enumerate(later):
            match, moving = scan.registration, _picture(scan)
            before = moved(moving, scan.grid, first.grid)
            used = match if scan.registration_used else None
            after = moved(moving, scan.grid, first.grid, registration=used)
            for column, (title, values) in enumerate(
                (("first time", base), ("before", _chequered(base, before)),
                 ("after", _chequered(base, after)))
            ):  # fmt: skip
                axes = canvas.place(
                    paper, 0.2 + column * 2.95, 0.45 + row * (SLICE_IN + 0.55), 2.8, SLICE_IN
                )
                _slice(axes, values, first.grid.spacing_mm, 1, middle, "Greys_r")
                quality = _quality(scan, column)
                canvas.heading(axes, f"{scan.time_s / 3600.0:.0f} h, {title}", quality)
            rows.append(
                [scan.time_s / 3600.0, None if match is None else match.correlation_before,
                 None if match is None else match.correlation_after,
                 None if match is None else match.shift_mm, scan.registration_used]
            )  # fmt: skip
        return canvas.finished(
            paper, "registration",
            title="Registration of later images to the first",
            caption="Coronal slices of the CT (of the activity where there is none); in the "
            "chequerboards fields of the first and of the later image alternate, so that edges "
            "that do not meet show.",
            alt="For each later time point: first image, chequerboard before and after.",
            data=table(
                "registration",
                ("time_h", "correlation_before", "correlation_after", "mean_shift_mm", "used"),
                rows,
            ),
        )  # fmt: skip


def _picture(scan: Any) -> Any:
    if scan.density_g_cm3 is not None:
        return scan.density_g_cm3
    top = float(np.percentile(scan.image_Bq_mL, HOT)) or 1.0
    return np.clip(scan.image_Bq_mL / top, 0.0, 1.0) * DENSITY_WINDOW[1]


def _chequered(a: Any, b: Any, fields: int = 8) -> Any:
    side = max(max(a.shape) // fields, 2)
    z, y, x = (np.arange(int(n), dtype=np.int64) // side for n in a.shape)
    field = z[:, None, None] + y[:, None] + x
    return _either(field % 2 == 0, a, b)


def _either(where: Any, a: Any, b: Any) -> Any:
    """Return a where it holds, b elsewhere."""
    found = b.copy()
    found[where] = a[where]
    return found


def _quality(scan: Any, column: int) -> str:
    match = scan.registration
    if match is None or column == 0:
        return ""
    value = match.correlation_before if column == 1 else match.correlation_after
    moved_by = "" if column == 1 else f", moved {match.shift_mm:.1f} mm"
    return f"correlation {value:.3f}{moved_by}"


def dvh_figure(document: Mapping[str, Any]) -> Figure:
    """Return the cumulative dose-volume histograms of all regions."""
    regions = [r for r in document["regions"] if r.get("dvh")]
    rows: list[list[Any]] = []
    with house_style():
        paper = canvas.sheet(canvas.WIDTH_IN, 3.6)
        axes = canvas.place(paper, 0.65, 0.5, 6.4, 2.6)
        for number, region in enumerate(regions):
            curve = region["dvh"]
            axes.plot(
                curve["dose_Gy"], 100.0 * np.array(curve["volume_share"]),
                color=COLOURS[number % len(COLOURS)],
                linestyle=DASHES[number % len(DASHES)], label=region_label(region["region"]),
            )  # fmt: skip
            rows += [
                [region["region"], d, v]
                for d, v in zip(curve["dose_Gy"], curve["volume_share"], strict=True)
            ]
        axes.set_xlabel("Absorbed dose, Gy")
        axes.set_xlim(left=0.0)
        axes.set_ylim(0.0, 101.0)
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
        canvas.heading(axes, "Dose-volume histograms", "% of the volume with at least this dose")
        return canvas.finished(
            paper, "dvh",
            title="Dose-volume histograms",
            caption="Voxels count with the share that belongs to a region. The spread holds noise "
            "and resolution of the image beside that of the dose.",
            alt="One falling curve for each region: share of the volume over absorbed dose.",
            data=table("dvh", ("region", "dose_Gy", "volume_share"), rows),
        )  # fmt: skip


def _with_uncertainty(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for region in document["regions"]:
        held: Mapping[str, Any] = region.get("uncertainty") or {}
        if held.get("relative_sd") is not None:
            found.append(region)
    return found


def uncertainty_figure(document: Mapping[str, Any]) -> Figure:
    """Return what the uncertainty of each dose is made of."""
    regions = _with_uncertainty(document)
    rows: list[list[Any]] = []
    with house_style():
        height = 0.32 * len(regions) + 0.2
        paper = canvas.sheet(canvas.WIDTH_IN, height + 1.1)
        axes = canvas.place(paper, 1.6, 0.5, 5.4, height)
        for y, region in enumerate(regions):
            left = 0.0
            total = 100.0 * region["uncertainty"]["relative_sd"]
            for number, part in enumerate(PARTS):
                share = region["uncertainty"]["shares"][part] or 0.0
                axes.barh(
                    y, share * total, left=left, height=0.6, color=COLOURS[number],
                    hatch=HATCHES[number], edgecolor="white", linewidth=0.4,
                    label=PART_LABELS.get(part, part) if y == 0 else None,
                )  # fmt: skip
                left += share * total
                rows.append([region["region"], part, region["uncertainty"]["parts"][part], share])
        axes.set_yticks(range(len(regions)), [region_label(r["region"]) for r in regions])
        axes.invert_yaxis()
        axes.set_xlabel("Relative standard uncertainty of the dose, %")
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
        canvas.heading(axes, "Uncertainty", "length: total; parts: share of the variance")
        return canvas.finished(
            paper, "uncertainty",
            title="What the uncertainty is made of",
            caption="Relative standard uncertainty of each region's dose; the parts of a bar are "
            "shares of the variance. Parts that are not stated are not in it.",
            alt="One bar for each region, split by volume, recovery, calibration, fit, S value.",
            data=table("uncertainty", ("region", "part", "relative_sd", "variance_share"), rows),
        )  # fmt: skip
