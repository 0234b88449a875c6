"""Who a written file says it is about: a study label, never a person.

New UIDs are 2.25. and a number made of a name-based UUID (DICOM PS3.5, B.2; RFC 9562, version 5),
so that the same input gives the same UIDs and no registered root is needed. UIDs of the
source are never written; a frame of reference is mapped to a new one, the same for all that
is written about it, unless the caller asks to keep it for overlay on the original images.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ligandose.errors import InputError
from ligandose.imaging.grid import Grid

UID_ROOT = "2.25."
NOT_FOR_CARE = "Research software, not a medical device"
METHOD = "Written without patient data; UIDs replaced"
FIXED_DATE, FIXED_TIME = "19700101", "000000"
"""Where DICOM asks for a date of the content: the same input gives the same file."""
MANUFACTURER = "Ligandose"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://ligandose/uid")


@dataclass(frozen=True)
class Identity:
    """What written files carry.

    Attributes:
        label: study label of the patient, such as "P01".
        frame_of_reference: of the images that the result belongs to, "" where unknown.
        keep_frame_of_reference: write that UID itself, so that viewers overlay the result on the
            original images; it then links the two.
    """

    label: str
    frame_of_reference: str = ""
    keep_frame_of_reference: bool = False

    def uid(self, *parts: object) -> str:
        """Return a UID of this study for a named thing; the same name, the same UID."""
        return new_uid(self.label, self.frame_of_reference, *parts)

    @property
    def frame_uid(self) -> str:
        """Frame of reference that is written."""
        if self.keep_frame_of_reference:
            if not self.frame_of_reference:
                raise InputError("keep_frame_of_reference: the images have no frame of reference")
            return self.frame_of_reference
        return self.uid("frame of reference")


def new_uid(*parts: object) -> str:
    """Return a UID under UID_ROOT made of a name.

    >>> new_uid("a").startswith("2.25."), new_uid("a") == new_uid("a"), len(new_uid("b")) <= 44
    (True, True, True)
    """
    return UID_ROOT + str(uuid.uuid5(_NAMESPACE, "\x1f".join(str(p) for p in parts)).int)


def software_version() -> str:
    """Return the version that files name."""
    try:
        return version("ligandose")
    except PackageNotFoundError:
        return "unknown"


def blank_patient(dataset: Any, identity: Identity) -> None:
    """Set the patient, study and equipment modules: the label and nothing else, in place."""
    empty = (
        "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
        "AccessionNumber", "ReferringPhysicianName",
    )  # fmt: skip
    for keyword in empty:
        setattr(dataset, keyword, "")
    dataset.PatientID = identity.label
    dataset.StudyInstanceUID = identity.uid("study")
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MANUFACTURER
    dataset.SoftwareVersions = software_version()
    dataset.SpecificCharacterSet = "ISO_IR 192"


def new_dataset(sop_class: str, identity: Identity, *names: object) -> Dataset:
    """Return an empty data set of a class with file meta, patient and UIDs."""
    dataset = Dataset()
    meta: Any = FileMetaDataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = identity.uid("instance", *names)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = new_uid("implementation")
    meta.ImplementationVersionName = "LIGANDOSE"
    dataset.file_meta = meta
    blank_patient(dataset, identity)
    return dataset


def decimal(value: float) -> str:
    """Return a DS value: at most 16 characters.

    >>> decimal(1.0 / 3.0), decimal(-1.5e-7)
    ('0.3333333333333', '-1.5e-07')
    """
    for digits in range(13, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise InputError(f"{value} does not fit into a DICOM decimal string")


def place_on(dataset: Any, grid: Grid) -> None:
    """Set shape, spacing and orientation of the first slice, in place."""
    dz, dy, dx = grid.spacing_mm
    directions = grid.directions
    dataset.Rows, dataset.Columns = grid.shape[1], grid.shape[2]
    dataset.PixelSpacing = [decimal(dy), decimal(dx)]
    dataset.SliceThickness = decimal(dz)
    cosines = np.concatenate([directions[:, 0], directions[:, 1]])
    dataset.ImageOrientationPatient = [decimal(float(v)) for v in cosines]
    dataset.ImagePositionPatient = [decimal(float(v)) for v in grid.affine_lps_mm[:3, 3]]


def slice_positions(grid: Grid) -> np.ndarray:
    """Return the (z, 3) LPS position of each slice's first voxel."""
    return grid.affine_lps_mm[:3, 3] + np.outer(np.arange(grid.shape[0]), grid.affine_lps_mm[:3, 2])


def atomically(path: Path | str, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place and move it there: never half a file.

    Raises:
        InputError: no such folder, or it cannot be written.
    """
    target = Path(path)
    part = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        write(part)
        os.replace(part, target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)
    return target
