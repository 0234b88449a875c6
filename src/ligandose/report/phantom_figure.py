"""A stylized adult on paper and as a file: slices, masses, and the label map as NIfTI."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ligandose.hosts import Phantom, phantom
from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Axes, Figure
from ligandose.report.publish import check_replaceable, json_bytes, publish
from ligandose.report.tables import Table, table
from ligandose.report.text import host_label, region_label
from ligandose.report.write import figure_files

LABEL_MAP = "label_map.nii.gz"
LABELS = "labels"
_PIXEL_CM = 0.05
_LABEL_IN = 1.02
_TOP_CM = 5.0
"""The drawing ends this far below the trunk: legs have nothing but a bone in them."""
_LEAST_AREA_CM2 = 0.5
_LINE_IN = 0.135

# Lightness rises from contents over walls and organs to lungs, so that greys keep them apart.
_FILLS = {
    "brain": "#e3cfe0", "salivary_glands": canvas.ORANGE, "lacrimal_glands": canvas.VERMILION,
    "thyroid": "#e8a07a", "thymus": "#c7d9a6", "oesophagus": "#c98f5a", "heart": "#c65a50",
    "heart_contents": "#8e2f2a", "lungs": "#dcecf7", "liver": canvas.GREEN, "breasts": "#f3d9d2",
    "gallbladder": "#b6c94b", "gallbladder_contents": "#71812a", "stomach": "#e5b567",
    "stomach_contents": "#a9762b", "spleen": canvas.PURPLE, "pancreas": "#f0d264",
    "adrenals": "#b3543c", "kidneys": canvas.BLUE, "small_intestine": "#efc9a4",
    "small_intestine_contents": "#c98d55", "large_intestine_right": "#d9a6a0",
    "large_intestine_right_contents": "#94574f", "large_intestine_left": "#c9b1cf",
    "large_intestine_left_contents": "#7d5b86", "rectum": "#b9c6d9", "rectum_contents": "#62768f",
    "urinary_bladder": "#8cc0dd", "urinary_bladder_contents": "#f5e9a8", "prostate": "#d46a6a",
    "uterus": "#d98aa8", "ovaries": "#7a3b69", "testes": "#a98bc9", "pituitary": INK,
    "skin": "#d8b59c", "soft_tissue": "#faf6f2",
}  # fmt: skip
_BONE = "#cfc8b8"
_UNLABELLED = ("soft_tissue", "skin")
_NAMES = {
    "large_intestine_right": "Right colon", "large_intestine_left": "Left colon",
    "large_intestine_right_contents": "Right colon contents",
    "large_intestine_left_contents": "Left colon contents", "heart_contents": "Blood in the heart",
    "gallbladder_contents": "Bile", "urinary_bladder_contents": "Urine",
    "bone_facial": "Facial skeleton",
    "small_intestine": "Small bowel", "small_intestine_contents": "Small bowel contents",
}  # fmt: skip


@dataclass(frozen=True)
class _Slice:
    """A plane to draw: axis that is constant (0, 1, 2), its value, and what is seen of it, cm."""

    axis: int
    at_cm: float
    across: tuple[float, float]
    along: tuple[float, float]
    title: str
    labels: str
    inch_per_cm: float

    @property
    def shown(self) -> tuple[int, int]:
        """Axes that run to the right and up or down on the paper."""
        return ((1, 2), (0, 2), (0, 1))[self.axis]


def write_phantom(
    name: str, out_dir: Path | str, *, spacing_mm: float = 2.0, overwrite: bool = False
) -> Path:
    """Draw a stylized adult and write its label map; return the folder.

    Files: phantom.svg, .png and .csv (regions with volume, density and mass beside ICRP-89),
    label_map.nii.gz (NIfTI-1, RAS+ mm in the affine) with labels.csv and labels.json.

    Args:
        name: "adult-male" or "adult-female".
        out_dir: the folder to write; nothing is left there unless all is written.
        spacing_mm: side of the voxels of the label map.
        overwrite: as `write_report`.

    Raises:
        UnknownNameError: not a phantom.
        InputError: a spacing that is not positive or needs too many voxels, or a folder that
            must not be replaced.
    """
    check_replaceable(Path(out_dir), overwrite=overwrite)
    model = phantom(name)
    labels, affine = model.label_map(spacing_mm)
    with canvas.house_style():
        figure = phantom_figure(model)
    names = label_table(model, np.bincount(labels.ravel(), minlength=len(model.regions) + 1))
    files = figure_files(figure)
    files[f"{LABELS}.csv"] = names.csv().encode()
    files[f"{LABELS}.json"] = _label_document(model, names, spacing_mm)
    files[LABEL_MAP] = nifti_bytes(labels, affine, description=f"ligandose {name}")
    return publish(files, out_dir, overwrite=overwrite)


def nifti_bytes(labels: NDArray[np.uint8], affine: Any, *, description: str) -> bytes:
    """Return a label map as gzipped NIfTI-1, the same bytes every time.

    Args:
        labels: (nx, ny, nz).
        affine: (4, 4) from voxel indices to RAS+ mm.
        description: up to 79 ASCII characters for the header.
    """
    import nibabel  # needed here only, and slower to import than the rest of a command

    nib: Any = nibabel
    image = nib.Nifti1Image(labels, affine, dtype=np.uint8)
    image.header.set_xyzt_units("mm")
    image.header.set_intent("label")
    image.header["descrip"] = description[:79].encode("ascii")
    image.set_sform(affine, code="aligned")
    image.set_qform(affine, code="aligned")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def region_table(model: Phantom) -> Table:
    """Return the regions with their medium, volume, density and mass beside ICRP-89."""
    columns = ("region", "medium", "density_g_cm3", "volume_cm3", "mass_kg", "icrp89_mass_kg",
               "mass_ratio")  # fmt: skip
    rows = [
        (
            region,
            model.region_medium[i],
            float(model.region_density_g_cm3[i]),
            float(model.region_volume_cm3[i]),
            float(model.region_mass_kg[i]),
            float(model.region_reference_kg[i]),
            float(model.region_mass_kg[i] / model.region_reference_kg[i]),
        )
        for i, region in enumerate(model.regions)
    ]
    return table("phantom", columns, rows)


def label_table(model: Phantom, voxels: NDArray[np.int64]) -> Table:
    """Return label, region, medium and number of voxels; label 0 is outside the body.

    Args:
        model: the phantom.
        voxels: (regions + 1,) number of voxels of each label.
    """
    rows = [(0, "outside", "", int(voxels[0]))]
    rows += [
        (i + 1, region, model.region_medium[i], int(voxels[i + 1]))
        for i, region in enumerate(model.regions)
    ]
    return table(LABELS, ("label", "region", "medium", "voxels"), rows)


def _label_document(model: Phantom, names: Table, spacing_mm: float) -> bytes:
    return json_bytes(
        {
            "document": "ligandose.phantom",
            "phantom": model.name,
            "label_map": LABEL_MAP,
            "spacing_mm": spacing_mm,
            "orientation": "voxel axes run to the left, back and head (LPS); affine is RAS+ mm",
            "labels": [dict(zip(names.columns, row, strict=True)) for row in names.rows],
        },
        indent=1,
    )


def phantom_figure(model: Phantom) -> Figure:
    """Draw two coronal, one sagittal and two transverse slices of head and trunk."""
    front, back, side, chest, kidneys = _slices(model)
    first_row_in = 0.5 + _height_in(front)
    top = first_row_in + 0.85
    paper = canvas.sheet(canvas.WIDTH_IN, top + _height_in(chest) + 0.45)
    left = 0.4 + _LABEL_IN
    for shown, after in ((front, 0.36), (back, 1.27), (side, 0.0)):
        _draw(_panel(paper, shown, left, 0.5), model, shown)
        left += _width_in(shown) + after
    for shown, start in ((chest, 0.4), (kidneys, 0.1 + canvas.WIDTH_IN / 2.0)):
        _draw(_panel(paper, shown, start + _LABEL_IN, top), model, shown)
    title = f"Stylized {host_label(model.name)}"
    return canvas.finished(
        paper,
        "phantom",
        title=title,
        caption="Lengths in cm; the origin is the middle of the base of the trunk. Coronal slices "
        "are seen from the front and transverse ones from below, so that the right side of the "
        "body is on the left. Legs are not drawn.",
        alt=f"{title}: slices through head and trunk with the organs named.",
        data=region_table(model),
    )


def _slices(model: Phantom) -> tuple[_Slice, ...]:
    """Choose planes through the middle of organs: the front ones, and those at the back."""
    kidneys = _box(model, "kidneys")
    stomach = _box(model, "stomach")
    heart = _box(model, "heart_contents")
    body = model.bounds_cm()
    across, up = (body[0] - 0.8, body[1] + 0.8), (-_TOP_CM, body[5] + 0.8)
    deep = (body[2] - 0.8, body[3] + 0.8)
    front = round((stomach[2] + stomach[3]) / 2.0 + 1.2, 1)
    rear = round((kidneys[2] + kidneys[3]) / 2.0 - 1.0, 1)
    middle = round((kidneys[4] + kidneys[5]) / 2.0 + 1.5, 1)
    chest = round((heart[4] + heart[5]) / 2.0, 1)
    return (
        _Slice(1, front, across, up, "Coronal, front", "left", 0.048),
        _Slice(1, rear, across, up, "Coronal, back", "right", 0.048),
        _Slice(0, 0.0, deep, up, "Sagittal, middle", "right", 0.048),
        _Slice(2, chest, across, deep, "Transverse, heart", "both", 0.054),
        _Slice(2, middle, across, deep, "Transverse, kidneys", "both", 0.054),
    )


def _box(model: Phantom, region: str) -> NDArray[np.float64]:
    """Return (6,) bounds of a region."""
    mine = model.boxes_cm[model.shape_region == model.region_index(region)]
    box = np.empty(6)
    box[::2], box[1::2] = mine[:, ::2].min(axis=0), mine[:, 1::2].max(axis=0)
    return box


def _width_in(shown: _Slice) -> float:
    return (shown.across[1] - shown.across[0]) * shown.inch_per_cm


def _height_in(shown: _Slice) -> float:
    return (shown.along[1] - shown.along[0]) * shown.inch_per_cm


def _panel(paper: Any, shown: _Slice, left_in: float, top_in: float) -> Axes:
    return canvas.place(paper, left_in, top_in, _width_in(shown), _height_in(shown))


def _draw(axes: Axes, model: Phantom, shown: _Slice) -> None:
    """Draw one slice with its axes in cm and the names of its regions."""
    found, u, v = _sampled(model, shown)
    downwards = shown.axis == 2
    edges = (*shown.across, *(shown.along[::-1] if downwards else shown.along))
    axes.imshow(
        _coloured(model, found), extent=edges, origin="upper" if downwards else "lower",
        interpolation="antialiased", aspect="auto",
    )  # fmt: skip
    axes.grid(False)
    canvas.ticks(axes, "x", [t for t in (-20, -10, 0, 10, 20) if _within(t, shown.across)])
    canvas.ticks(
        axes,
        "y",
        [t for t in range(-20, 100, 20 if shown.axis != 2 else 10) if _within(t, shown.along)],
    )
    axes.tick_params(axis="y", length=3)
    plane = "xyz"[shown.axis]
    name = {"x": "x (left)", "y": "y (back)", "z": "z (up)"}
    right, up = ("xyz"[a] for a in shown.shown)
    axes.annotate(
        f"{shown.title}, {plane} = {canvas.axis_number(shown.at_cm)} cm", (0, 1), (-14, 17),
        xycoords="axes fraction", textcoords="offset points", fontsize=8.5, fontweight="bold",
        annotation_clip=False,
    )  # fmt: skip
    axes.set_xlabel(f"{name[right]}, cm", fontsize=7, labelpad=1)
    axes.text(
        -14 / 72 / _width_in(shown), 1.0 + 0.06 / _height_in(shown), f"{name[up]}, cm",
        transform=axes.transAxes, fontsize=7, color=SOFT, ha="left", va="bottom",
    )  # fmt: skip
    _name_regions(axes, model, shown, found, u, v)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _sampled(model: Phantom, shown: _Slice) -> tuple[NDArray[np.int32], Any, Any]:
    """Return (rows, columns) region ids, and the coordinates of columns and rows."""
    u = np.arange(shown.across[0] + _PIXEL_CM / 2, shown.across[1], _PIXEL_CM)
    v = np.arange(shown.along[0] + _PIXEL_CM / 2, shown.along[1], _PIXEL_CM)
    points = np.empty((len(v), len(u), 3))
    points[..., shown.axis] = shown.at_cm
    points[..., shown.shown[0]] = u[None, :]
    points[..., shown.shown[1]] = v[:, None]
    found = model.region_at(points.reshape(-1, 3)).reshape(len(v), len(u))
    return found, u, v


def _coloured(model: Phantom, found: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the picture: regions filled, every border between two regions dark."""
    palette = np.array([to_rgb(_fill(region)) for region in model.regions] + [(1.0, 1.0, 1.0)])
    picture = palette[found]
    border = np.zeros(found.shape, bool)
    right, up = found[:, 1:] != found[:, :-1], found[1:, :] != found[:-1, :]
    border[:, 1:] |= right
    border[:, :-1] |= right
    border[1:, :] |= up
    border[:-1, :] |= up
    picture[border] = to_rgb(INK)
    return np.round(255 * picture).astype(np.uint8)


def _fill(region: str) -> str:
    return _BONE if region.startswith("bone_") else _FILLS.get(region, "#bbbbbb")


@dataclass(frozen=True)
class _Name:
    """A name beside a slice and the point of the region that it belongs to."""

    words: str
    u: float
    v: float


def _name_regions(
    axes: Axes, model: Phantom, shown: _Slice, found: NDArray[np.int32], u: Any, v: Any
) -> None:
    """Write the names in columns beside the slice, joined to their regions by thin lines."""
    middle = (shown.across[0] + shown.across[1]) / 2.0
    sides: dict[str, list[_Name]] = {"left": [], "right": []}
    for i, region in enumerate(model.regions):
        rows, columns = np.nonzero(found == i)
        if region in _UNLABELLED or len(rows) * _PIXEL_CM**2 < _LEAST_AREA_CM2:
            continue
        on_left = u[columns] < middle
        side = shown.labels
        if side == "both":
            side = "left" if on_left.mean() > 0.5 else "right"
        near = on_left if side == "left" else ~on_left
        if near.mean() > 0.3:  # of a pair, the one beside its name
            rows, columns = rows[near], columns[near]
        # The pixel nearest to the mean lies in the region, also where the region is a ring.
        mean = u[columns].mean(), v[rows].mean()
        nearest = np.argmin((u[columns] - mean[0]) ** 2 + (v[rows] - mean[1]) ** 2)
        words = _NAMES.get(region, region_label(region.removeprefix("bone_")))
        sides[side].append(_Name(words, float(u[columns[nearest]]), float(v[rows[nearest]])))
    for side, mine in sides.items():
        _column(axes, shown, side, sorted(mine, key=lambda name: name.v))


def _column(axes: Axes, shown: _Slice, side: str, names: Sequence[_Name]) -> None:
    """Write one column of names, top to bottom, at least a line apart."""
    if not names:
        return
    step = _LINE_IN / shown.inch_per_cm
    heights = _spread([n.v for n in names], step, shown.along)
    gap = (0.1 if side == "right" else 0.3) / shown.inch_per_cm
    edge = shown.across[1] + gap if side == "right" else shown.across[0] - gap
    for name, height in zip(names, heights, strict=True):
        axes.annotate(
            name.words, (name.u, name.v), (edge, height), fontsize=6.6, color=INK,
            ha="left" if side == "right" else "right", va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.45, "color": INK, "shrinkA": 1.5,
                        "shrinkB": 0.0, "relpos": (0.0 if side == "right" else 1.0, 0.5)},
        )  # fmt: skip
        axes.plot([name.u], [name.v], marker="o", markersize=1.6, color=INK, linestyle="none")
    axes.set_xlim(*shown.across)


def _spread(wanted: Sequence[float], step: float, limits: tuple[float, float]) -> list[float]:
    """Return positions near the wanted ones (rising), at least `step` apart, within the limits."""
    places = list(wanted)
    for _ in range(200):
        moved = False
        for i in range(1, len(places)):
            short = step - (places[i] - places[i - 1])
            if short > 1e-6:
                places[i - 1] -= short / 2.0
                places[i] += short / 2.0
                moved = True
        over = max(0.0, places[-1] - limits[1]) - max(0.0, limits[0] - places[0])
        places = [p - over for p in places]
        if not moved:
            break
    return places
