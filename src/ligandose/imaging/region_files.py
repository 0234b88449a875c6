"""Regions from RTSTRUCT, DICOM SEG and label maps (NIfTI, NRRD), by a map to our names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import region_model
from ligandose.errors import InputError, UnknownNameError
from ligandose.imaging.contours import contour_share
from ligandose.imaging.folder import read_dataset
from ligandose.imaging.grid import MOST_VOXELS, Grid, upright
from ligandose.imaging.header import Header, decoding, short_name
from ligandose.imaging.regions import Region, region_from_mask
from ligandose.imaging.volumes import Volume, is_volume, read_volume

Floats = NDArray[np.float64]
CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
MOST_SEGMENTS = 500


def read_regions(
    path: Path | str,
    names: Mapping[str, str],
    *,
    grid: Grid | None = None,
    frame_of_reference: str = "",
) -> list[Region]:
    """Read the regions of a file that a map names.

    Args:
        path: RTSTRUCT or SEG file (or a folder with just that file), .nii, .nii.gz or .nrrd.
        names: name or number of a region in the file -> our name; several may go to one of ours
            ("Kidney L" and "Kidney R" -> "kidneys").
        grid: of the image on which an RTSTRUCT was drawn; the others have a grid of their own.
        frame_of_reference: of that image, to check against.

    Raises:
        InputError: damaged files, geometry that does not fit, empty regions, overlapping parts.
        UnknownNameError: names that are not in the file, or not ours.
    """
    file = _one_file(Path(path))
    for ours in names.values():
        region_model(ours)
    if not names:
        raise InputError(f"{short_name(file)}: no region is named; give names: {{theirs: ours}}")
    if is_volume(file):
        return merged(_from_labels(read_volume(file), names))
    header = Header(read_dataset(file), short_name(file))
    kind = header.text("Modality")
    if kind == "RTSTRUCT":
        if grid is None:
            raise InputError(
                f"{header.place}: contours need the image that they were drawn on; give it"
            )
        return merged(_from_contours(header, names, grid, frame_of_reference))
    if kind == "SEG":
        return merged(_from_segments(header, names, frame_of_reference))
    raise InputError(f"{header.place}: is {kind or 'of no kind'}, not RTSTRUCT, SEG or a label map")


def _one_file(path: Path) -> Path:
    if not path.is_dir():
        if not path.is_file():
            raise InputError(f"{path}: no such file; give the file with the regions")
        return path
    files = sorted(p for p in path.rglob("*") if p.is_file())
    if len(files) != 1:
        raise InputError(f"{path}: {len(files)} files; give the one file with the regions")
    return files[0]


def merged(regions: Sequence[Region]) -> list[Region]:
    """Return regions with parts of the same name put together.

    Raises:
        InputError: parts that overlap by more than their rims.
    """
    found: dict[str, Region] = {}
    for region in regions:
        before = found.get(region.name)
        found[region.name] = region if before is None else _union(before, region)
    return list(found.values())


def _union(a: Region, b: Region) -> Region:
    start = np.minimum(a.start, b.start)
    end = np.maximum(np.array(a.start) + a.share.shape, np.array(b.start) + np.array(b.share.shape))
    whole = np.zeros(tuple(int(n) for n in end - start), np.float32)
    for part in (a, b):
        box = tuple(
            slice(int(s - o), int(s - o) + n)
            for s, o, n in zip(part.start, start, part.share.shape, strict=True)
        )
        whole[box] += part.share
    extra = float(np.clip(whole - 1.0, 0.0, None).sum()) * a.grid.voxel_mL
    if extra > 0.02 * min(a.volume_mL, b.volume_mL):
        raise InputError(
            f"{a.source} and {b.source} are both named {a.name} but overlap by {extra:.3g} mL; "
            "name parts that lie apart"
        )
    first = (int(start[0]), int(start[1]), int(start[2]))
    return replace(a, start=first, share=whole.clip(0.0, 1.0), source=f"{a.source}, {b.source}")


def _from_contours(
    header: Header, names: Mapping[str, str], grid: Grid, frame_of_reference: str
) -> list[Region]:
    numbers: dict[str, tuple[int, str]] = {}
    for item in header.items("StructureSetROISequence"):
        name = item.text("ROIName")
        if name in numbers and name in names:
            raise InputError(f"{header.place}: two regions are called {name!r}; rename one")
        number = item.whole("ROINumber", -(2**31), 2**31)
        numbers[name] = (number, item.text("ReferencedFrameOfReferenceUID"))
    _check_names(names, numbers, header.place)
    drawn = {
        item.whole("ReferencedROINumber", -(2**31), 2**31): item
        for item in header.items("ROIContourSequence")
    }
    found: list[Region] = []
    contours = {name: _contours(drawn.get(numbers[name][0]), header, name) for name in names}
    thickness = _thickness([c for group in contours.values() for c in group], grid)
    for theirs, ours in names.items():
        uid = numbers[theirs][1]
        source = f"{header.place}: {theirs}"
        if uid and frame_of_reference and uid != frame_of_reference:
            raise InputError(
                f"{source} was drawn in another frame of reference ({uid}) than the image's "
                f"({frame_of_reference}); give the image on which it was drawn"
            )
        start, share = contour_share(
            contours[theirs], grid, thickness_mm=thickness, label=f"{source} ({ours})"
        )
        if share.sum() <= 0.0:
            raise InputError(f"{source}: region {ours} is empty; draw it, or leave it out")
        found.append(Region(ours, grid, start, share, source, uid or frame_of_reference))
    return found


def _contours(item: Header | None, header: Header, name: str) -> list[Floats]:
    """Return the (n, 3) LPS points of the closed contours of one region."""
    found: list[Floats] = []
    for contour in item.items("ContourSequence") if item is not None else []:
        kind = contour.text("ContourGeometricType")
        if kind not in CLOSED:
            raise InputError(
                f"{contour.place}: {name!r} has a contour of kind {kind or 'none'}; allowed are "
                f"{' and '.join(CLOSED)}"
            )
        numbers = np.array(contour.numbers("ContourData"))
        if numbers.size % 3 or numbers.size < 9:
            raise InputError(f"{contour.place}: ContourData holds {numbers.size} numbers; damaged")
        found.append(numbers.reshape(-1, 3))
    if not found:
        raise InputError(f"{header.place}: {name!r} has no contour; draw it, or leave it out")
    return found


def _thickness(contours: Sequence[Floats], grid: Grid) -> float | None:
    """Return the least distance of contour planes, mm, None where there is one plane."""
    heights = np.array([grid.indices_zyx(c)[:, 0].mean() for c in contours])
    heights = np.unique(np.round(heights * grid.spacing_mm[0], 2))
    gaps = np.diff(heights)
    return float(gaps[gaps > 0.1].min()) if (gaps > 0.1).any() else None


def _check_names(names: Mapping[str, str], known: Mapping[str, Any], place: str) -> None:
    for theirs in names:
        if theirs not in known:
            raise UnknownNameError("region in the file", theirs, known, where=place)


def _from_segments(
    header: Header, names: Mapping[str, str], frame_of_reference: str
) -> list[Region]:
    from highdicom.seg import Segmentation

    frames = header.whole("NumberOfFrames", 1, 10_000_000)
    pixels = header.whole("Rows", 1, 8192) * header.whole("Columns", 1, 8192)
    if frames * pixels > 8 * MOST_VOXELS or len(header.items("SegmentSequence")) > MOST_SEGMENTS:
        raise InputError(f"{header.place}: {frames} frames of {pixels} pixels; too many")
    uid = header.text("FrameOfReferenceUID")
    if uid and frame_of_reference and uid != frame_of_reference:
        raise InputError(
            f"{header.place}: was drawn in another frame of reference ({uid}) than the image's "
            f"({frame_of_reference}); give the SEG of this image, or register them"
        )
    labels = {
        item.text("SegmentLabel"): item.whole("SegmentNumber", 0, 65535)
        for item in header.items("SegmentSequence")
    }
    _check_names(names, labels, header.place)
    found: list[Region] = []
    with decoding(header.place):
        image: Any = Segmentation.from_dataset(header.dataset, copy=False)
        geometry: Any = image.get_volume_geometry(allow_missing_positions=True)
        if geometry is None:
            raise InputError(f"{header.place}: its frames form no regular volume; export it again")
        if float(np.prod(np.array(geometry.spatial_shape, np.float64))) > MOST_VOXELS:
            raise InputError(f"{header.place}: {geometry.spatial_shape} voxels; crop it")
        for theirs, ours in names.items():
            volume: Any = image.get_volume(
                segment_numbers=[labels[theirs]], combine_segments=False, dtype=np.float32
            )
            values = np.asarray(volume.array).reshape(volume.array.shape[:3])
            affine = np.asarray(volume.affine, np.float64)[:, [2, 1, 0, 3]]
            shape = (values.shape[0], values.shape[1], values.shape[2])
            values, grid = upright(values, Grid(shape, affine))
            source = f"{header.place}: {theirs}"
            found.append(
                region_from_mask(ours, values, grid, source=source, frame_of_reference=uid)
            )
    return found


def _from_labels(volume: Volume, names: Mapping[str, str]) -> list[Region]:
    """Return regions of whole-number labels, or of Slicer's named segments in layers."""
    segments = slicer_segments(volume)
    found: list[Region] = []
    if segments:
        _check_names(names, segments, volume.source)
    for theirs, ours in names.items():
        if segments:
            layer, value = segments[theirs]
        else:
            layer, value = 0, _label(theirs, volume.source)
            volume.single()
        labels = volume.values[layer]
        if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
            raise InputError(f"{volume.source}: labels are not whole numbers; give a label map")
        source = f"{volume.source}: {theirs}"
        found.append(region_from_mask(ours, labels == value, volume.grid, source=source))
    return found


def _label(text: str, source: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise InputError(f"{source}: {text!r} is no label; the file has numbers 1, 2, ...")
    return int(text)


def slicer_segments(volume: Volume) -> dict[str, tuple[int, int]]:
    """Return layer and label of each segment that 3D Slicer named in a .seg.nrrd."""
    found: dict[str, tuple[int, int]] = {}
    for key, name in volume.fields.items():
        if not (key.startswith("Segment") and key.endswith("_Name")):
            continue
        stem = key.removesuffix("_Name")
        value = volume.fields.get(f"{stem}_LabelValue", "1")
        layer = volume.fields.get(f"{stem}_Layer", "0")
        if not (value.isdigit() and layer.isdigit()) or int(layer) >= len(volume.values):
            raise InputError(f"{volume.source}: {stem} has label {value!r} in layer {layer!r}")
        found[name] = (int(layer), int(value))
    return found
