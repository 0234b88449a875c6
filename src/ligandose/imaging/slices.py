"""The slices of DICOM images: classic (a file each), enhanced, and nuclear-medicine multi-frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.grid import MOST_VOXELS
from ligandose.imaging.header import Header, decoding

Floats = NDArray[np.float64]
MOST_SIDE, MOST_FRAMES = 8192, 50_000
_UNIT = 1e-3


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice of an image and where its attributes stand.

    Attributes:
        root: header of the file.
        groups: functional groups of the frame, the frame's own before the shared ones.
        frame: number of the frame in the file, from 0.
        position_mm: (3,) LPS centre of the first pixel.
        orientation: (6,) direction cosines of a row and of a column.
        spacing_mm: between rows, between columns.
        rows, columns: size.
    """

    root: Header
    groups: tuple[Header, ...]
    frame: int
    position_mm: Floats
    orientation: Floats
    spacing_mm: tuple[float, float]
    rows: int
    columns: int

    @property
    def place(self) -> str:
        """What messages call it."""
        several = len(self.groups) > 0 or self.root.has("NumberOfFrames")
        return f"{self.root.place} frame {self.frame + 1}" if several else self.root.place

    @property
    def normal(self) -> Floats:
        """(3,) direction of the cross product of row and column direction."""
        return np.cross(self.orientation[:3], self.orientation[3:])

    def macro(self, sequence: str) -> Header | None:
        """Return the first item of a functional group, None where absent."""
        for group in (*self.groups, self.root):
            items = group.items(sequence)
            if items:
                return items[0]
        return None

    def rescale(self) -> tuple[float, float]:
        """Return slope and intercept from stored to rescaled values, (1, 0) where none stands."""
        where = self.macro("PixelValueTransformationSequence") or self.root
        slope = where.maybe_number("RescaleSlope")
        intercept = where.maybe_number("RescaleIntercept") or 0.0
        if slope == 0.0:
            raise InputError(f"{where.place}: RescaleSlope is 0, which erases the image")
        return (1.0 if slope is None else slope), intercept

    def acquired(self) -> datetime | None:
        """Return when the acquisition of the slice began, None where the header does not say."""
        content = self.macro("FrameContentSequence")
        if content is not None and content.has("FrameAcquisitionDateTime"):
            return content.datetime("FrameAcquisitionDateTime")
        return self.root.moment("AcquisitionDate", "AcquisitionTime") or self.root.datetime(
            "AcquisitionDateTime"
        )

    def duration_s(self) -> float | None:
        """Return how long the slice was acquired, None where the header does not say."""
        content = self.macro("FrameContentSequence")
        if content is not None and content.has("FrameAcquisitionDuration"):
            return _positive(content, "FrameAcquisitionDuration") * 1e-3
        if self.root.has("ActualFrameDuration"):
            return _positive(self.root, "ActualFrameDuration") * 1e-3
        return None


def slices_of(header: Header) -> list[Slice]:
    """Return the slices of one file.

    Raises:
        InputError: no image, not a reconstructed volume, several volumes in one, or geometry
            that is missing or absurd.
    """
    rows, columns = header.whole("Rows", 1, MOST_SIDE), header.whole("Columns", 1, MOST_SIDE)
    frames = header.whole("NumberOfFrames", 1, MOST_FRAMES) if header.has("NumberOfFrames") else 1
    if rows * columns * frames > MOST_VOXELS:
        raise InputError(f"{header.place}: {frames} frames of {rows} x {columns} pixels; too many")
    if header.raw("SamplesPerPixel") not in (None, 1):
        raise InputError(
            f"{header.place}: is a colour picture (screenshot), not an image of values"
        )
    if header.has("PerFrameFunctionalGroupsSequence"):
        return _enhanced(header, rows, columns, frames)
    if header.text("Modality") == "NM":
        return _nuclear(header, rows, columns, frames)
    if frames > 1:
        raise InputError(
            f"{header.place}: {frames} frames without their positions; export classic slices or "
            "an enhanced multi-frame image"
        )
    place = _place(header, header, header)
    return [Slice(header, (), 0, *place, rows, columns)]


def _enhanced(header: Header, rows: int, columns: int, frames: int) -> list[Slice]:
    own = header.items("PerFrameFunctionalGroupsSequence")
    shared = header.items("SharedFunctionalGroupsSequence")
    if len(own) != frames:
        raise InputError(
            f"{header.place}: {frames} frames but {len(own)} frame descriptions; damaged"
        )
    found: list[Slice] = []
    for i, item in enumerate(own):
        groups = (item, *shared)
        parts = [
            _macro(groups, name)
            for name in (
                "PlanePositionSequence",
                "PlaneOrientationSequence",
                "PixelMeasuresSequence",
            )
        ]
        found.append(Slice(header, groups, i, *_place(*parts), rows, columns))
    return found


def _macro(groups: Sequence[Header], name: str) -> Header:
    for group in groups:
        items = group.items(name)
        if items:
            return items[0]
    raise InputError(f"{groups[0].place}: has no {name}, so its place is unknown; export it again")


def _nuclear(header: Header, rows: int, columns: int, frames: int) -> list[Slice]:
    """Return the slices of a reconstructed NM image.

    Detector information holds the place of the first frame; the others follow it along the cross
    product of row and column direction, in the direction that the sign of SpacingBetweenSlices
    gives (DICOM PS3.3, C.8.4.15).
    """
    kinds = header.texts("ImageType")
    kind = kinds[2] if len(kinds) > 2 else ""
    if kind != "RECON TOMO":
        raise InputError(
            f"{header.place}: ImageType is {kind or 'not stated'}, not RECON TOMO; give the "
            "reconstructed tomogram (not projections, planar, gated or dynamic images)"
        )
    for keyword in ("NumberOfEnergyWindows", "NumberOfRRIntervals", "NumberOfTimeSlots"):
        if header.has(keyword) and header.number(keyword) > 1 and _has_several(header, frames):
            raise InputError(
                f"{header.place}: holds several volumes ({keyword} "
                f"{header.number(keyword):g}, {frames} frames); export them apart"
            )
    detector = next(iter(header.items("DetectorInformationSequence")), header)
    where = detector if detector.has("ImagePositionPatient") else header
    position, orientation, spacing = _place(where, where, header)
    step = header.number("SpacingBetweenSlices") if frames > 1 else 0.0
    normal = np.cross(orientation[:3], orientation[3:])
    return [
        Slice(header, (), i, position + i * step * normal, orientation, spacing, rows, columns)
        for i in range(frames)
    ]


def _has_several(header: Header, frames: int) -> bool:
    return not header.has("NumberOfSlices") or header.number("NumberOfSlices") != frames


def _place(
    position: Header, orientation: Header, measures: Header
) -> tuple[Floats, Floats, tuple[float, float]]:
    """Return position, orientation and pixel spacing from where each of them stands."""
    where = np.array(position.numbers("ImagePositionPatient", 3))
    cosines = np.array(orientation.numbers("ImageOrientationPatient", 6))
    row, column = cosines[:3], cosines[3:]
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column), 1.0 + row @ column])
    if np.abs(lengths - 1.0).max() > _UNIT:
        raise InputError(
            f"{orientation.place}: ImageOrientationPatient {cosines.tolist()} are not two "
            "perpendicular unit vectors; export the image again"
        )
    between_rows, between_columns = measures.numbers("PixelSpacing", 2)
    if min(between_rows, between_columns) <= 0.0:
        raise InputError(f"{measures.place}: PixelSpacing is not positive; export it again")
    column = column - (row @ column) * row
    cosines = np.concatenate([row / np.linalg.norm(row), column / np.linalg.norm(column)])
    return where, cosines, (between_rows, between_columns)


def _positive(header: Header, keyword: str) -> float:
    value = header.number(keyword)
    if value <= 0.0:
        raise InputError(f"{header.place}: {keyword} is {value:g}; it must be positive")
    return value


def stored_pixels(header: Header, slices: Sequence[Slice]) -> Any:
    """Return the (frames, rows, columns) stored values of a file."""
    first = slices[0]
    with decoding(f"{header.place}: pixel data"):
        pixels = np.asarray(header.dataset.pixel_array)
    wanted = (len(slices), first.rows, first.columns)
    if pixels.size != int(np.prod(wanted)):
        raise InputError(f"{header.place}: {pixels.size} pixels, the header says {wanted}; damaged")
    return pixels.reshape(wanted)
