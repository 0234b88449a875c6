"""Results as DICOM (RTDOSE, parametric map, SEG) and NIfTI, de-identified by construction."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import CTImageStorage, RTDoseStorage, RTPlanStorage

from ligandose.errors import InputError
from ligandose.imaging.grid import Grid, upright
from ligandose.imaging.identity import (
    FIXED_DATE,
    FIXED_TIME,
    MANUFACTURER,
    METHOD,
    NOT_FOR_CARE,
    Identity,
    atomically,
    decimal,
    new_dataset,
    place_on,
    slice_positions,
    software_version,
)
from ligandose.imaging.regions import Region

DOSE_KINDS = ("PHYSICAL", "EFFECTIVE")
_GRID_FRAME_OFFSETS = 0x3004000C
_UCUM = {"Gy": "Gray", "Bq/ml": "Becquerel/milliliter", "Bq.s/ml": "Becquerel second/milliliter"}
_QUANTITIES = {
    "absorbed dose": ("Gy", "absorbed_dose"),
    "BED": ("Gy", "bed"),
    "activity concentration": ("Bq/ml", "activity"),
    "time-integrated activity concentration": ("Bq.s/ml", "tia"),
}


def write_rtdose(
    path: Path | str,
    dose_Gy: NDArray[Any],
    grid: Grid,
    *,
    identity: Identity,
    kind: str = "PHYSICAL",
    comment: str = "",
) -> Path:
    """Write a dose as DICOM RT Dose (DICOM PS3.3, A.18, C.8.8.3).

    Args:
        path: file.
        dose_Gy: (z, y, x), zero or more.
        grid: of the dose.
        identity: what the file says it is about.
        kind: "PHYSICAL", or "EFFECTIVE" for a dose with biological weight such as BED.
        comment: shown by viewers; said to be research use in any case.

    The dose refers to a plan that does not exist as a file (its type asks for one).

    Raises:
        InputError: shape, values or kind out of range, or the file cannot be written.
    """
    _check_values(dose_Gy, grid, "dose_Gy")
    if float(np.min(dose_Gy)) < 0.0:
        raise InputError(f"dose_Gy: {float(np.min(dose_Gy)):g} Gy is below 0; a dose is not")
    if kind not in DOSE_KINDS:
        raise InputError(f"kind: {kind!r}, allowed are {' and '.join(DOSE_KINDS)}")
    values, place = upright(dose_Gy, grid)
    dataset = new_dataset(RTDoseStorage, identity, "rtdose", kind)
    place_on(dataset, place)
    scaling = decimal(max(float(np.max(values)), 1e-6) / (2**32 - 2))
    stored = np.rint(np.asarray(values, np.float64) / float(scaling)).clip(0, 2**32 - 1)
    fields: dict[str, Any] = {
        "Modality": "RTDOSE", "SeriesInstanceUID": identity.uid("series", "rtdose", kind),
        "SeriesNumber": 1, "InstanceNumber": 1, "OperatorsName": "",
        "FrameOfReferenceUID": identity.frame_uid, "PositionReferenceIndicator": "",
        "SeriesDescription": f"{kind.lower()} dose", "DoseComment": _comment(comment),
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 32,
        "BitsStored": 32, "HighBit": 31, "PixelRepresentation": 0,
        "NumberOfFrames": place.shape[0], "FrameIncrementPointer": _GRID_FRAME_OFFSETS,
        "GridFrameOffsetVector": [decimal(place.spacing_mm[0] * k) for k in range(place.shape[0])],
        "DoseUnits": "GY", "DoseType": kind, "DoseSummationType": "PLAN",
        "DoseGridScaling": scaling, "TissueHeterogeneityCorrection": "IMAGE",
    }  # fmt: skip
    for keyword, value in fields.items():
        setattr(dataset, keyword, value)
    plan = Dataset()
    plan.ReferencedSOPClassUID = RTPlanStorage
    plan.ReferencedSOPInstanceUID = identity.uid("plan")
    dataset.ReferencedRTPlanSequence = DicomSequence([plan])
    dataset.PixelData = stored.astype("<u4").tobytes()
    return _save(dataset, path)


def write_parametric_map(
    path: Path | str,
    values: NDArray[Any],
    grid: Grid,
    *,
    quantity: str,
    identity: Identity,
) -> Path:
    """Write a quantity as a DICOM parametric map with 32-bit floats (DICOM PS3.3, A.75).

    Args:
        path: file.
        values: (z, y, x) in Gy, Bq/mL or Bq s/mL.
        grid: of the values.
        quantity: "absorbed dose", "BED", "activity concentration" or "time-integrated activity
            concentration".
        identity: what the file says it is about.

    Raises:
        InputError: shape, values or quantity out of range, or the file cannot be written.
    """
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from highdicom.sr.coding import CodedConcept

    _check_values(values, grid, "values")
    if quantity not in _QUANTITIES:
        raise InputError(f"quantity: {quantity!r}, allowed are {', '.join(_QUANTITIES)}")
    unit, label = _QUANTITIES[quantity]
    stack, place = upright(values, grid)
    stack = np.ascontiguousarray(stack, np.float32)
    low, high = float(stack.min()), float(stack.max())
    mapping = RealWorldValueMapping(
        lut_label=label,
        lut_explanation=quantity,
        unit=CodedConcept(unit, "UCUM", _UCUM[unit]),
        value_range=(low, high if high > low else low + 1.0),
        slope=1.0,
        intercept=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset: Any = ParametricMap(
            source_images=reference_slices(place, identity),
            pixel_array=stack,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            window_center=(low + high) / 2.0,
            window_width=max(high - low, 1e-6),
            content_label=label.upper(),
            content_description=NOT_FOR_CARE,
            **_instance(identity, "parametric map", quantity),
        )
    return _save_derived(dataset, path, identity)


def write_seg(path: Path | str, regions: Sequence[Region], *, identity: Identity) -> Path:
    """Write regions as a binary DICOM SEG (DICOM PS3.3, A.51); regions may overlap.

    Raises:
        InputError: no regions, regions on different grids, or the file cannot be written.
    """
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.sr.codedict import codes

    if not regions:
        raise InputError("regions: none to write")
    grid = regions[0].grid
    for region in regions:
        if not region.grid.same_as(grid):
            raise InputError(f"regions: {region.name} is on another grid than {regions[0].name}")
    masks = np.stack([region.mask() for region in regions], axis=-1)
    stack, place = upright(masks, grid)
    terms: Any = codes.SCT
    segments = [
        SegmentDescription(
            segment_number=number,
            segment_label=region.name,
            segmented_property_category=_category(region.name, terms),
            segmented_property_type=_type(region.name, terms),
            algorithm_type="MANUAL",
            tracking_id=region.name,
            tracking_uid=identity.uid("segment", region.name),
        )
        for number, region in enumerate(regions, start=1)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset: Any = Segmentation(
            source_images=reference_slices(place, identity),
            pixel_array=np.ascontiguousarray(stack, np.uint8),
            segmentation_type="BINARY",
            segment_descriptions=segments,
            content_label="REGIONS",
            content_description=NOT_FOR_CARE,
            **_instance(identity, "segmentation", *(r.name for r in regions)),
        )
    return _save_derived(dataset, path, identity)


def write_nifti(path: Path | str, values: NDArray[Any], grid: Grid) -> Path:
    """Write (z, y, x) values as NIfTI-1 (.nii or .nii.gz), RAS millimetres, no text in the header.

    Raises:
        InputError: shape or values out of range, another ending, or the file cannot be written.
    """
    target = Path(path)
    if not target.name.endswith((".nii", ".nii.gz")):
        raise InputError(f"{target.name}: give a name that ends in .nii or .nii.gz")
    _check_values(values, grid, "values")
    data = np.asarray(values)
    kind = np.uint16 if data.dtype.kind in "bui" else np.float32
    image: Any = nibabel.Nifti1Image(data.transpose(2, 1, 0).astype(kind), grid.affine_ras_mm)
    image.header.set_xyzt_units("mm", "sec")
    raw: bytes = image.to_bytes()
    packed = gzip.compress(raw, 6, mtime=0) if target.name.endswith(".gz") else raw
    return atomically(target, lambda part: part.write_bytes(packed))


def reference_slices(grid: Grid, identity: Identity) -> list[Dataset]:
    """Return headers of slices that stand for the images a result was made from."""
    found: list[Dataset] = []
    for k, position in enumerate(slice_positions(grid)):
        one = new_dataset(CTImageStorage, identity, "reference", k)
        place_on(one, grid)
        one.ImagePositionPatient = [decimal(float(v)) for v in position]
        one.Modality = "CT"
        one.SeriesInstanceUID = identity.uid("series", "reference")
        one.SeriesNumber, one.InstanceNumber = 1, k + 1
        one.FrameOfReferenceUID, one.PositionReferenceIndicator = identity.frame_uid, ""
        one.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
        found.append(one)
    return found


def _instance(identity: Identity, *names: str) -> dict[str, Any]:
    return {
        "series_instance_uid": identity.uid("series", *names),
        "series_number": 1,
        "sop_instance_uid": identity.uid("instance", *names),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MANUFACTURER,
        "software_versions": software_version(),
        "device_serial_number": "0",
    }


def _category(name: str, terms: Any) -> Any:
    return terms.MorphologicallyAbnormalStructure if name.startswith("lesion:") else terms.Organ


def _type(name: str, terms: Any) -> Any:
    """Return the SNOMED code of an organ that is called the same there, else that of its kind."""
    if name.startswith("lesion:"):
        return terms.Lesion
    word = "".join(part.capitalize() for part in name.split("_"))
    for candidate in (word, word.removesuffix("s")):
        if hasattr(terms, candidate):
            return getattr(terms, candidate)
    return terms.Organ


def _comment(text: str) -> str:
    return f"{NOT_FOR_CARE}. {text}".strip()[:1024]


def _check_values(values: NDArray[Any], grid: Grid, name: str) -> None:
    if tuple(values.shape) != grid.shape:
        raise InputError(f"{name}: shape {values.shape}, its grid has {grid.shape}")
    if not np.isfinite(values).all():
        raise InputError(f"{name}: holds values that are not finite")


def _save_derived(dataset: Any, path: Path | str, identity: Identity) -> Path:
    """Save what highdicom made, with its own dates and names taken out."""
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime"):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.ContentDate, dataset.ContentTime = FIXED_DATE, FIXED_TIME
    if "ContentCreatorName" in dataset:
        dataset.ContentCreatorName = ""
    for item in dataset.get("ContributingEquipmentSequence", []):
        if "ContributionDateTime" in item:
            del item.ContributionDateTime
    organisation = identity.uid("dimensions", str(dataset.SOPInstanceUID))
    for sequence in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in dataset.get(sequence, []):
            item.DimensionOrganizationUID = organisation
    if dataset.Modality != "SEG":  # there PS3.3 wants none, elsewhere an empty one
        dataset.Laterality = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    return _save(dataset, path)


def _save(dataset: Any, path: Path | str) -> Path:
    return atomically(path, lambda part: dataset.save_as(part, enforce_file_format=True))
