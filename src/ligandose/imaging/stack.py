"""Slices in order: one volume from a series, its geometry checked before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.folder import Series, read_dataset
from ligandose.imaging.grid import MOST_VOXELS, Grid
from ligandose.imaging.header import Header, short_name
from ligandose.imaging.slices import Slice, slices_of, stored_pixels

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Conversion = Callable[[Slice], tuple[float, float]]

SPACING_SHARE = 0.01
"""Slice distances may differ by this share of the common one: positions are rounded to 0.01 mm."""
SIDEWAYS_SHARE = 0.05
"""Slices may be shifted sideways by this share of a pixel over the whole stack."""


@dataclass(frozen=True, eq=False)
class Stack:
    """A volume.

    Attributes:
        values: (z, y, x) converted values.
        grid: where they lie.
        slices: headers in the order of z.
    """

    values: Values
    grid: Grid
    slices: tuple[Slice, ...]


def read_stack(series: Series, conversion: Conversion) -> Stack:
    """Return a series as one volume.

    Args:
        series: what `find_series` found.
        conversion: gives slope and intercept from stored to wanted values for a slice.

    Raises:
        InputError: damaged files, slices that do not form one volume (mixed orientation, size or
            spacing; doubled or missing slices; tilt), or values that are not finite.
    """
    parts: list[Values] = []
    slices: list[Slice] = []
    voxels = 0
    for path in series.files:
        header = Header(read_dataset(path), short_name(path))
        found = slices_of(header)
        voxels += len(found) * found[0].rows * found[0].columns
        if voxels > MOST_VOXELS:
            raise InputError(f"{series.label}: more than {MOST_VOXELS:.3g} voxels; crop it")
        stored = stored_pixels(header, found)
        for one, pixels in zip(found, stored, strict=True):
            slope, intercept = conversion(one)
            parts.append(_converted(one, pixels, slope, intercept))
        _drop_pixels(header)
        slices.extend(found)
    order, grid = arranged(slices, label=series.label)
    values = np.stack([parts[i] for i in order])
    return Stack(values, grid, tuple(slices[i] for i in order))


def _converted(one: Slice, pixels: NDArray[np.generic], slope: float, intercept: float) -> Values:
    values = (pixels.astype(np.float64) * slope + intercept).astype(np.float32)
    if not np.isfinite(values).all():
        raise InputError(f"{one.place}: holds values that are not finite; export it again")
    return values


def _drop_pixels(header: Header) -> None:
    """Let go of the raw pixels; the header stays."""
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if keyword in header.dataset:
            delattr(header.dataset, keyword)


def arranged(slices: Sequence[Slice], *, label: str) -> tuple[list[int], Grid]:
    """Return the order of slices along their normal and the grid that they form.

    Raises:
        InputError: they do not form one volume; the message says which slices and what to do.
    """
    first = slices[0]
    _check_alike(slices, label)
    normal = first.normal / np.linalg.norm(first.normal)
    positions = np.array([s.position_mm for s in slices])
    along = positions @ normal
    order = [int(i) for i in np.argsort(along, kind="stable")]
    step = _step(slices, order, along, label)
    _check_sideways(slices, positions, normal, label)
    rows_mm, columns_mm = first.spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = first.orientation[:3] * columns_mm
    affine[:3, 1] = first.orientation[3:] * rows_mm
    affine[:3, 2] = normal * step
    affine[:3, 3] = positions[order[0]]
    return order, Grid((len(slices), first.rows, first.columns), affine)


def _check_alike(slices: Sequence[Slice], label: str) -> None:
    first = slices[0]
    for other in slices[1:]:
        if (other.rows, other.columns) != (first.rows, first.columns):
            what = f"sizes {first.rows} x {first.columns} and {other.rows} x {other.columns}"
        elif np.abs(other.orientation - first.orientation).max() > 1e-3:
            what = "different orientations (a localiser among them?)"
        elif not np.allclose(other.spacing_mm, first.spacing_mm, rtol=1e-4):
            what = f"pixel spacings {first.spacing_mm} and {other.spacing_mm} mm"
        else:
            continue
        raise InputError(
            f"{label}: {first.place} and {other.place} have {what}; these are different images: "
            "export them as series of their own"
        )


def _step(slices: Sequence[Slice], order: list[int], along: Floats, label: str) -> float:
    """Return the distance of neighbouring slices, mm."""
    if len(order) == 1:
        where = slices[0].macro("PixelMeasuresSequence") or slices[0].root
        return where.number("SliceThickness")
    gaps = np.diff(along[order])
    doubled = int(np.argmin(gaps))
    if gaps[doubled] < 0.01:
        a, b = slices[order[doubled]], slices[order[doubled + 1]]
        raise InputError(
            f"{label}: {a.place} and {b.place} lie at the same place; the series holds several "
            "reconstructions or times: keep one, or export them as series of their own"
        )
    step = float(np.median(gaps))
    wrong = np.flatnonzero(np.abs(gaps - step) > np.maximum(SPACING_SHARE * step, 0.011))
    if wrong.size:
        k = int(wrong[0])
        a, b = slices[order[k]], slices[order[k + 1]]
        missing = gaps[k] / step - 1.0
        hint = (
            f"{round(missing)} slices are missing there: send the series again"
            if missing > 0.5
            else "slices of different distances are mixed: export one reconstruction"
        )
        raise InputError(
            f"{label}: {a.place} and {b.place} are {gaps[k]:.4g} mm apart, the others {step:.4g} "
            f"mm; {hint}"
        )
    return float((along[order[-1]] - along[order[0]]) / (len(order) - 1))


def _check_sideways(slices: Sequence[Slice], positions: Floats, normal: Floats, label: str) -> None:
    relative = positions - positions[0]
    sideways = np.linalg.norm(relative - np.outer(relative @ normal, normal), axis=1)
    most = SIDEWAYS_SHARE * min(slices[0].spacing_mm)
    if sideways.max() > most:
        worst = slices[int(np.argmax(sideways))]
        raise InputError(
            f"{label}: {worst.place} is shifted sideways by {sideways.max():.3g} mm against "
            f"{slices[0].place} (gantry tilt, or two acquisitions in one series); resample it "
            "onto upright slices, or export one acquisition"
        )
