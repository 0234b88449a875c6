"""Activity and CT from NIfTI and NRRD: the numbers from the file, their meaning from a sidecar.

The sidecar is NAME.yaml or NAME.json beside NAME.nii.gz or NAME.nrrd; its fields may stand in
case.yaml instead, but not differ there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from ligandose.course.schema import checked
from ligandose.course.study_yaml import read_study_text
from ligandose.errors import InputError
from ligandose.imaging.activity import (
    ActivityImage,
    Calibration,
    check_activity,
    decay_per_s,
)
from ligandose.imaging.case_schema import UNITS, SidecarPart, parse_moment
from ligandose.imaging.ct import CtImage, check_HU
from ligandose.imaging.header import seconds_between
from ligandose.imaging.timing import mean_to_start
from ligandose.imaging.volumes import read_volume
from ligandose.nuclides import canonical_name, nuclide


def sidecar_of(path: Path) -> SidecarPart:
    """Return what stands beside an image, nothing where there is no such file.

    Raises:
        InputError: two sidecars, or one that breaks its shape.
    """
    stem = path.name
    for ending in (".nii.gz", ".nii", ".nrrd"):
        stem = stem.removesuffix(ending)
    found = [p for e in ("yaml", "yml", "json") if (p := path.with_name(f"{stem}.{e}")).is_file()]
    if len(found) > 1:
        raise InputError(f"{path.name}: has the sidecars {found[0].name} and {found[1].name}")
    # JSON is YAML; the reader of study files bounds both
    return checked(read_study_text(found[0]), SidecarPart) if found else SidecarPart()


def agreed(parts: Sequence[SidecarPart], label: str) -> SidecarPart:
    """Return the fields of several sidecars as one.

    Raises:
        InputError: two that say different things.
    """
    fields: dict[str, object] = {}
    for part in parts:
        for key in SidecarPart.model_fields:
            value: object = getattr(part, key)
            if value is None:
                continue
            if fields.setdefault(key, value) != value:
                raise InputError(
                    f"{label}: {key} is {value} in one place and {fields[key]} in another; "
                    "correct one of them"
                )
    return SidecarPart.model_validate(fields)


def calibration_of(part: SidecarPart) -> Calibration | None:
    """Return the calibration of a sidecar, None where there is none."""
    return None if part.calibration is None else Calibration(**part.calibration.model_dump())


def volume_activity(
    path: Path, part: SidecarPart, *, administered_at: datetime | None = None
) -> ActivityImage:
    """Read activity from a NIfTI or NRRD file.

    Args:
        path: the image.
        part: what its sidecar and the case say together.
        administered_at: what `decay_corrected_to: administration` means.

    Raises:
        InputError: a damaged file, or a missing unit, nuclide, time, duration or state of decay
            correction.
    """
    label = path.name
    volume = read_volume(path)
    unit, name, acquired, corrected = (
        _needed(part, key, label)
        for key in ("unit", "nuclide", "acquired_at", "decay_corrected_to")
    )
    calibration = calibration_of(part)
    if (unit == "counts") != (calibration is not None):
        word = "needs a calibration" if unit == "counts" else "has a calibration but is no counts"
        raise InputError(f"{label}: unit {unit} {word}; a calibration belongs to counts only")
    per = UNITS[unit] if calibration is None else calibration.factor(volume.grid.voxel_mL)
    proper = nuclide(canonical_name(name)).name
    start = parse_moment(acquired)
    reference, factor = start, 1.0
    if corrected == "none":
        if part.duration_s is None:
            raise InputError(f"{label}: values are means over the acquisition; give duration_s")
        factor = mean_to_start(decay_per_s(proper), part.duration_s)
    elif corrected == "administration":
        if administered_at is None:
            raise InputError(f"{label}: the administration's time is unknown; give a moment")
        reference = administered_at
    elif corrected != "acquisition_start":
        reference = parse_moment(corrected)
    seconds_between(start, reference, where=label)
    values = (volume.single().astype(np.float64) * float(per or 1.0) * factor).astype(np.float32)
    check_activity(values, label)
    return ActivityImage(
        values_Bq_mL=values,
        grid=volume.grid,
        nuclide=proper,
        start=start,
        duration_s=part.duration_s,
        reference=reference,
        frame_of_reference="",
        source=label,
        basis=(f"user: {unit}", f"user: {corrected}"),
    )


def _needed(part: SidecarPart, key: str, label: str) -> str:
    value = getattr(part, key)
    if value is None:
        raise InputError(
            f"{label}: {key} is unknown; give it in the sidecar (NAME.yaml beside the image) or "
            "in the case"
        )
    return str(value)


def volume_ct(path: Path) -> CtImage:
    """Read a CT in Hounsfield units from a NIfTI or NRRD file.

    Raises:
        InputError: a damaged file, or values that are no Hounsfield units.
    """
    volume = read_volume(path)
    values = volume.single().astype(np.float32)
    check_HU(values, path.name)
    return CtImage(values, volume.grid, "", path.name)
