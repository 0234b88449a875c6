"""What a patient received as DICOM and NIfTI: bytes by file name, de-identified."""

from __future__ import annotations

import hashlib
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ligandose.imaging import (
    Identity,
    label_map,
    write_nifti,
    write_parametric_map,
    write_rtdose,
    write_seg,
)
from ligandose.imaging.identity import new_uid
from ligandose.plan.received import PatientDose


def image_files(found: PatientDose) -> dict[str, bytes]:
    """Return the images of a result by their path in its folder; none for a table.

    RTDOSE of the absorbed dose (PHYSICAL) and of BED (EFFECTIVE, where an α/β is known; elsewhere
    it is the absorbed dose), parametric maps of dose and of time-integrated activity, SEG and label
    map of the regions, NIfTI of dose, BED, activity and density. They carry the study label of the
    case and nothing else of the patient.
    """
    if found.found is None or found.voxels is None:
        return {}
    first, result = found.found.scans[0], found.voxels
    frame = first.regions[0].frame_of_reference
    identity = Identity(found.received.case.label, frame)
    grid = first.grid
    dose, bed = result.dose.dose_Gy, result.bed_Gy
    comment = f"engine {found.engine}"  # DoseComment holds 64 characters, most of them taken
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write_rtdose(root / "rtdose_physical.dcm", dose, grid, identity=identity, comment=comment)
        if result.with_bed:
            write_rtdose(
                root / "rtdose_bed.dcm", bed, grid, identity=identity, kind="EFFECTIVE",
                comment="BED",
            )  # fmt: skip
            write_nifti(root / "bed_Gy.nii.gz", bed, grid)
        for name, values, quantity in (
            ("parametric_map_dose.dcm", dose, "absorbed dose"),
            (
                "parametric_map_tia.dcm",
                result.tia_Bq_s_mL,
                "time-integrated activity concentration",
            ),
        ):
            write_parametric_map(root / name, values, grid, quantity=quantity, identity=identity)
        write_seg(root / "regions_seg.dcm", list(first.regions), identity=identity)
        labels, _ = label_map(first.regions)
        write_nifti(root / "regions.nii.gz", labels, grid)
        write_nifti(root / "dose_Gy.nii.gz", dose, grid)
        write_nifti(root / "tia_Bq_s_mL.nii.gz", result.tia_Bq_s_mL, grid)
        if first.density_g_cm3 is not None:
            write_nifti(root / "density_g_cm3.nii.gz", first.density_g_cm3, grid)
        if result.dose.sd_Gy is not None:
            write_nifti(root / "dose_sd_Gy.nii.gz", np.asarray(result.dose.sd_Gy), grid)
        for file in root.glob("*.dcm"):
            _name_by_content(file)
        return {f"images/{p.name}": p.read_bytes() for p in sorted(root.iterdir())}


def _name_by_content(file: Path) -> None:
    """Give object and series UIDs that follow from their content.

    Two results of one case, by two engines say, are two objects: a PACS keeps the first of two
    with the same UID. The same result has the same UIDs.
    """
    dicom: Any = import_module("pydicom")  # its stubs leave the type of the file open
    content = hashlib.sha256(file.read_bytes()).hexdigest()
    dataset = dicom.dcmread(file)
    for key in ("SOPInstanceUID", "SeriesInstanceUID"):
        dataset[key].value = new_uid(dataset[key].value, content)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(file, enforce_file_format=True)
