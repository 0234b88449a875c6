"""Generated images as the DICOM files that scanners write: SPECT, PET, CT, RTSTRUCT.

These are inputs for tests and demonstrations; results are written by `write`. Patient modules are
blank all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    CTImageStorage,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    RTStructureSetStorage,
)

from ligandose.errors import InputError
from ligandose.imaging.activity import decay_per_s
from ligandose.imaging.grid import Grid, upright
from ligandose.imaging.header import seconds_between
from ligandose.imaging.identity import (
    Identity,
    atomically,
    decimal,
    new_dataset,
    place_on,
    slice_positions,
)
from ligandose.imaging.outlines import outlines
from ligandose.imaging.regions import Region
from ligandose.imaging.timing import mean_to_start
from ligandose.nuclides import nuclide

MOST_STORED = 65535
_DATE, _TIME = "%Y%m%d", "%H%M%S.%f"


@dataclass(frozen=True)
class Scan:
    """When and of what an image was made.

    Attributes:
        identity: study label; its frame of reference is written as it is.
        start: the acquisition began.
        duration_s: it lasted.
        nuclide: canonical name.
        administered_at, administered_Bq: None writes none.
    """

    identity: Identity
    start: datetime
    duration_s: float
    nuclide: str
    administered_at: datetime | None = None
    administered_Bq: float | None = None


def write_spect(folder: Path | str, counts: NDArray[Any], grid: Grid, *, scan: Scan) -> Path:
    """Write counts as a reconstructed multi-frame NM image (DICOM PS3.3, A.5), not decay-corrected.

    Counts that do not fit into 16 bits are scaled (RescaleSlope).

    Raises:
        InputError: negative counts, or a folder that cannot be written.
    """
    if float(np.min(counts)) < 0.0:
        raise InputError(f"counts: {float(np.min(counts)):g} is below 0")
    slope = max(1.0, float(decimal(float(np.max(counts)) / MOST_STORED * 1.0000001)))
    values, place = upright(counts, grid)
    dataset = _image(NuclearMedicineImageStorage, "NM", scan, "spect")
    place_on(dataset, place)
    detector = Dataset()
    detector.ImagePositionPatient = dataset.ImagePositionPatient
    detector.ImageOrientationPatient = dataset.ImageOrientationPatient
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
    rotation = Dataset()
    views = 60
    rotation.NumberOfFramesInRotation = views
    rotation.ActualFrameDuration = round(scan.duration_s / views * 1e3)
    rotation.ScanArc, rotation.AngularStep, rotation.StartAngle = "360", "6", "0"
    rotation.RotationDirection = "CW"
    detector.CollimatorType = "PARA"
    depth = place.shape[0]
    fields: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        "NumberOfFrames": depth, "NumberOfSlices": depth,
        "SpacingBetweenSlices": decimal(place.spacing_mm[0]),
        "FrameIncrementPointer": [0x00540080], "SliceVector": list(range(1, depth + 1)),
        "NumberOfEnergyWindows": 1, "NumberOfDetectors": 1, "NumberOfRotations": 1,
        "DetectorInformationSequence": DicomSequence([detector]),
        "RotationInformationSequence": DicomSequence([rotation]),
        "CorrectedImage": ["ATTN", "SCAT"], "CountsAccumulated": int(np.sum(values)),
        "EnergyWindowInformationSequence": DicomSequence([]), "InstanceNumber": 1,
    }  # fmt: skip
    if slope > 1.0:
        fields |= {"RescaleSlope": decimal(slope), "RescaleIntercept": "0"}
    _pixels(dataset, np.asarray(values, np.float64) / slope, fields)
    return _save(dataset, Path(folder), "spect.dcm")


def write_pet(
    folder: Path | str,
    values_Bq_mL: NDArray[Any],
    grid: Grid,
    *,
    scan: Scan,
    correction: str = "START",
    slices_per_bed: int | None = None,
) -> list[Path]:
    """Write a PET as classic slices in Bq/mL (DICOM PS3.3, A.21), each with its own slope.

    Args:
        folder: where the slices go.
        values_Bq_mL: (z, y, x) at the start of the scan.
        grid: of the values.
        scan: when and of what; `duration_s` is that of a bed position.
        correction: what the values are written as: "START", "ADMIN" or "NONE" (then each slice
            is the mean during its bed position).
        slices_per_bed: bed positions follow each other in time; None for one.
    """
    values, place = upright(values_Bq_mL, grid)
    rate = decay_per_s(scan.nuclide)
    found: list[Path] = []
    for k, position in enumerate(slice_positions(place)):
        bed = 0 if slices_per_bed is None else k // slices_per_bed
        later = bed * scan.duration_s
        within = mean_to_start(rate, scan.duration_s)
        factor = within * math.exp(rate * later)  # mean during the bed position -> start of scan
        scale = 1.0
        if correction == "NONE":
            scale, factor = 1.0 / factor, 1.0
        elif correction == "ADMIN":
            if scan.administered_at is None:
                raise InputError("correction ADMIN needs administered_at")
            scale = math.exp(rate * seconds_between(scan.start, scan.administered_at))
            factor *= scale
        acquired = scan.start + timedelta(seconds=later)
        dataset = _image(PositronEmissionTomographyImageStorage, "PT", scan, "pet", k)
        place_on(dataset, place)
        dataset.ImagePositionPatient = [decimal(float(v)) for v in position]
        plane = np.asarray(values[k], np.float64) * scale
        slope = float(decimal(max(float(plane.max()), 1e-6) / 32767.0 * 1.0000001))
        fields: dict[str, Any] = {
            "ImageType": ["ORIGINAL", "PRIMARY"], "InstanceNumber": k + 1,
            "AcquisitionDate": acquired.strftime(_DATE),
            "AcquisitionTime": acquired.strftime(_TIME),
            "ActualFrameDuration": round(scan.duration_s * 1e3), "Units": "BQML",
            "FrameReferenceTime": decimal(1e3 * (later + math.log(within) / rate)),
            "DecayCorrection": correction, "DecayFactor": decimal(factor),
            "RescaleSlope": decimal(slope), "RescaleIntercept": "0",
            "CorrectedImage": ["ATTN", "SCAT"] + ["DECY"] * (correction != "NONE"),
            "SeriesType": ["STATIC", "IMAGE"], "CountsSource": "EMISSION",
            "NumberOfSlices": place.shape[0], "ImageIndex": k + 1, "CollimatorType": "NONE",
        }  # fmt: skip
        _pixels(dataset, np.rint(plane / slope).clip(0, 32767), fields)
        found.append(_save(dataset, Path(folder), f"pet_{k + 1:04d}.dcm"))
    return found


def write_ct(folder: Path | str, values_HU: NDArray[Any], grid: Grid, *, scan: Scan) -> list[Path]:
    """Write a CT as classic slices (DICOM PS3.3, A.3)."""
    values, place = upright(values_HU, grid)
    found: list[Path] = []
    for k, position in enumerate(slice_positions(place)):
        dataset = _image(CTImageStorage, "CT", scan, "ct", k)
        del dataset.RadiopharmaceuticalInformationSequence
        del dataset.PatientOrientationCodeSequence, dataset.PatientGantryRelationshipCodeSequence
        place_on(dataset, place)
        dataset.ImagePositionPatient = [decimal(float(v)) for v in position]
        fields: dict[str, Any] = {
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "InstanceNumber": k + 1, "KVP": "120",
            "PatientPosition": "HFS", "AcquisitionNumber": 1,
            "RescaleSlope": "1", "RescaleIntercept": "-1024", "RescaleType": "HU",
        }  # fmt: skip
        _pixels(dataset, np.asarray(values[k]) + 1024, fields)
        found.append(_save(dataset, Path(folder), f"ct_{k + 1:04d}.dcm"))
    return found


def write_rtstruct(path: Path | str, regions: Sequence[Region], *, identity: Identity) -> Path:
    """Write the masks of regions as closed contours along the sides of their voxels.

    Raises:
        InputError: no regions, or the file cannot be written.
    """
    if not regions:
        raise InputError("regions: none to write")
    dataset = new_dataset(RTStructureSetStorage, identity, "rtstruct")
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "REGIONS"
    dataset.SeriesInstanceUID = identity.uid("series", "rtstruct")
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.OperatorsName = 1, 1, ""
    dataset.StructureSetDate = dataset.StructureSetTime = ""
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = identity.frame_uid, ""
    frame = Dataset()
    frame.FrameOfReferenceUID = identity.frame_uid
    dataset.ReferencedFrameOfReferenceSequence = DicomSequence([frame])
    named: list[Dataset] = []
    drawn: list[Dataset] = []
    observed: list[Dataset] = []
    for number, region in enumerate(regions, start=1):
        item = Dataset()
        item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, region.name, "MANUAL"
        item.ReferencedFrameOfReferenceUID = identity.frame_uid
        named.append(item)
        contour = Dataset()
        contour.ReferencedROINumber = number
        contour.ContourSequence = DicomSequence(_contour_items(region))
        drawn.append(contour)
        observation = Dataset()
        observation.ObservationNumber = observation.ReferencedROINumber = number
        observation.RTROIInterpretedType = observation.ROIInterpreter = ""
        observed.append(observation)
    dataset.StructureSetROISequence = DicomSequence(named)
    dataset.ROIContourSequence = DicomSequence(drawn)
    dataset.RTROIObservationsSequence = DicomSequence(observed)
    return _save(dataset, Path(path).parent, Path(path).name)


def _contour_items(region: Region) -> list[Dataset]:
    found: list[Dataset] = []
    for k, plane in enumerate(region.share >= 0.5):
        for points in outlines(plane):
            index = np.empty((len(points), 3))
            index[:, 0] = k + region.start[0]
            index[:, 1] = points[:, 1] + region.start[1]
            index[:, 2] = points[:, 0] + region.start[2]
            item = Dataset()
            item.ContourGeometricType = "CLOSED_PLANAR"
            item.NumberOfContourPoints = len(points)
            flat = region.grid.points_lps_mm(index).ravel()
            item.ContourData = [decimal(round(float(v), 6)) for v in flat]
            found.append(item)
    return found


def _image(sop_class: str, modality: str, scan: Scan, *names: object) -> Dataset:
    """Return a data set with what all images have."""
    identity = scan.identity
    stamp = scan.start.strftime(_DATE + _TIME)
    dataset = new_dataset(sop_class, identity, stamp, *names)
    dataset.Modality = modality
    dataset.SeriesInstanceUID = identity.uid("series", stamp, names[0])
    dataset.FrameOfReferenceUID = identity.frame_of_reference or identity.uid("frame", stamp)
    dataset.PositionReferenceIndicator, dataset.SeriesNumber = "", 1
    dataset.Laterality = ""
    dataset.PatientOrientationCodeSequence = DicomSequence([])
    dataset.PatientGantryRelationshipCodeSequence = DicomSequence([])
    for kind in ("Series", "Acquisition"):
        setattr(dataset, f"{kind}Date", scan.start.strftime(_DATE))
        setattr(dataset, f"{kind}Time", scan.start.strftime(_TIME))
    if scan.start.tzinfo is not None:
        dataset.TimezoneOffsetFromUTC = scan.start.strftime("%z")
    known = nuclide(scan.nuclide)
    item, code = Dataset(), Dataset()
    symbol, mass = known.name.split("-")
    code.CodeValue, code.CodingSchemeDesignator = "L", "99LIGANDOSE"
    code.CodeMeaning = f"^{mass}^{symbol}"
    item.RadionuclideCodeSequence = DicomSequence([code])
    item.RadionuclideHalfLife = decimal(known.half_life_s)
    if scan.administered_at is not None:
        stamp_form = _DATE + _TIME + ("%z" if scan.administered_at.tzinfo else "")
        item.RadiopharmaceuticalStartDateTime = scan.administered_at.strftime(stamp_form)
    if scan.administered_Bq is not None:
        item.RadionuclideTotalDose = decimal(scan.administered_Bq)
    dataset.RadiopharmaceuticalInformationSequence = DicomSequence([item])
    return dataset


def _pixels(dataset: Dataset, values: NDArray[Any], fields: dict[str, Any]) -> None:
    stored: dict[str, Any] = {
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16,
        "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0,
    }  # fmt: skip
    for keyword, value in (fields | stored).items():
        setattr(dataset, keyword, value)
    dataset.PixelData = np.rint(values).astype("<u2").tobytes()


def _save(dataset: Any, folder: Path, name: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror or error})") from error
    return atomically(folder / name, lambda part: dataset.save_as(part, enforce_file_format=True))
