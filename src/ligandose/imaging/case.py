"""A case: one patient, one administration, images at one or more times, in a folder.

case: P01
nuclide: Lu-177
administered_GBq: 7.4
administered_at: 2026-01-05T09:00:00
images:
  - activity: spect_24h
    ct: ct_24h
    calibration: {sensitivity_cps_per_MBq: 9.4, counting_time_s: 1200}
    regions:
      - file: rtstruct.dcm
        names: {Kidney L: kidneys, Kidney R: kidneys}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from ligandose.course.schema import checked
from ligandose.course.study_yaml import read_study_text
from ligandose.errors import InputError
from ligandose.imaging.activity import ActivityImage, read_activity
from ligandose.imaging.case_schema import CasePart, ImagePart, parse_moment
from ligandose.imaging.ct import CtImage, read_ct
from ligandose.imaging.grid import Grid
from ligandose.imaging.header import seconds_between
from ligandose.imaging.region_files import read_regions
from ligandose.imaging.regions import Region, combined, onto
from ligandose.imaging.sidecar import (
    agreed,
    calibration_of,
    sidecar_of,
    volume_activity,
    volume_ct,
)
from ligandose.imaging.volumes import is_volume
from ligandose.nuclides import nuclide

MOST_ACTIVITY_SHARE = 1.15
"""An image may hold this multiple of what is left of the administration: calibrations err by some
percent, scales that are wrong by a factor."""
MOST_OUTSIDE_CT = 0.01
"""This share of the activity may lie where the CT shows nothing."""
LEAST_COVERED = 0.25
"""A voxel at the CT's edge has the density of the part that the CT shows, if it is this much."""
MOST_IMAGES = 50


@dataclass(frozen=True)
class Case:
    """What case.yaml says.

    Attributes:
        label: study label; what is written carries it in place of a name.
        nuclide: canonical name.
        administered_Bq, administered_at: of the administration.
        agent: name in the catalogue, "" where not given.
        images: time points as the file has them.
        folder: where its paths begin.
        sha256: of the file.
    """

    label: str
    nuclide: str
    administered_Bq: float
    administered_at: datetime
    agent: str
    images: tuple[ImagePart, ...]
    folder: Path
    sha256: str


@dataclass(frozen=True, eq=False)
class TimePoint:
    """One image with what belongs to it.

    Attributes:
        time_s: start of the acquisition after the administration.
        activity: decay-corrected to its reference.
        ct: None where there is none.
        regions: on the grid of the activity image, none counting twice.
    """

    time_s: float
    activity: ActivityImage
    ct: CtImage | None
    regions: tuple[Region, ...]

    def region_activity_Bq(self) -> Mapping[str, float]:
        """Return the activity of each region when the acquisition began."""
        image = self.activity
        factor = image.decay_factor(image.start) * image.grid.voxel_mL
        return {r.name: r.sum_over(image.values_Bq_mL) * factor for r in self.regions}


def read_case(path: Path | str) -> Case:
    """Read case.yaml (the file, or its folder), without the images.

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
        UnknownNameError: a nuclide that is not in the table.
    """
    file = Path(path)
    file = file / "case.yaml" if file.is_dir() else file
    text = read_study_text(file)
    part = checked(text, CasePart)
    if not 1 <= len(part.images) <= MOST_IMAGES:
        raise InputError(f"{text.place(('images',))} {len(part.images)} images, allowed 1 to 50")
    return Case(
        label=part.case,
        nuclide=nuclide(part.nuclide).name,
        administered_Bq=part.administered_GBq * 1e9,
        administered_at=parse_moment(part.administered_at),
        agent=part.agent or "",
        images=tuple(part.images),
        folder=file.parent,
        sha256=hashlib.sha256(text.raw).hexdigest(),
    )


def read_time_points(case: Case) -> list[TimePoint]:
    """Read the images and regions of a case, in order of time, with every check between them.

    Raises:
        InputError: what is missing or contradicts itself, with the image and what to do.
    """
    found = [_time_point(case, part) for part in case.images]
    found.sort(key=lambda p: p.time_s)
    for before, after in pairwise(found):
        if after.time_s - before.time_s < 1.0:
            raise InputError(
                f"{before.activity.source} and {after.activity.source} begin at the same time; "
                "one of the times is wrong, or an image is given twice"
            )
    return found


def _time_point(case: Case, part: ImagePart) -> TimePoint:
    image = _activity(case, part)
    if image.nuclide != case.nuclide:
        raise InputError(
            f"{image.source}: shows {image.nuclide}, the case is about {case.nuclide}; correct one"
        )
    time_s = seconds_between(image.start, case.administered_at, where=image.source)
    if time_s <= 0.0:
        raise InputError(
            f"{image.source}: begins {-time_s:.0f} s before the administration "
            f"({case.administered_at.isoformat()}); check dates, times and time zones"
        )
    _check_amount(case, image)
    ct = _ct(case, part, image)
    # same_coordinates: the user has seen that they fit although their UIDs differ
    frame = "" if part.same_coordinates else image.frame_of_reference
    sets = [
        [
            onto(region, image.grid, frame_of_reference=frame)
            for region in read_regions(
                case.folder / entry.file,
                entry.names,
                grid=_drawn_on(ct, image),
                frame_of_reference=frame,
            )
        ]
        for entry in part.regions
    ]
    return TimePoint(time_s, image, ct, combined(sets))


def _drawn_on(ct: CtImage | None, image: ActivityImage) -> Grid:
    """Return the grid of contours: the CT's where there is one."""
    return image.grid if ct is None else ct.grid


def _activity(case: Case, part: ImagePart) -> ActivityImage:
    path = case.folder / part.activity
    if path.is_file() and is_volume(path):
        both = agreed([sidecar_of(path), part], path.name)
        if both.nuclide is None:
            both = both.model_copy(update={"nuclide": case.nuclide})
        return volume_activity(path, both, administered_at=case.administered_at)
    if part.unit is not None:
        raise InputError(f"{path.name}: unit is for NIfTI and NRRD; DICOM says its own, remove it")
    corrected: str | datetime | None = part.decay_corrected_to
    if corrected == "administration":
        corrected = case.administered_at
    elif corrected not in (None, "none", "acquisition_start"):
        corrected = parse_moment(corrected)
    return read_activity(
        path,
        nuclide_name=part.nuclide or case.nuclide,
        calibration=calibration_of(part),
        corrected_to=corrected,
        acquired_at=None if part.acquired_at is None else parse_moment(part.acquired_at),
        duration_s=part.duration_s,
        series_uid=part.series,
    )


def _check_amount(case: Case, image: ActivityImage) -> None:
    left = case.administered_Bq * image.decay_factor(case.administered_at) ** -1.0
    # both at the image's reference moment
    if image.total_Bq > MOST_ACTIVITY_SHARE * left:
        raise InputError(
            f"{image.source}: holds {image.total_Bq / 1e6:.5g} MBq at "
            f"{image.reference.isoformat()}, but of the {case.administered_Bq / 1e6:.5g} MBq given "
            f"{left / 1e6:.5g} MBq are left then; check calibration, unit, decay correction and "
            "times"
        )


def _ct(case: Case, part: ImagePart, image: ActivityImage) -> CtImage | None:
    if part.ct is None:
        return None
    path = case.folder / part.ct
    ct = (
        volume_ct(path)
        if path.is_file() and is_volume(path)
        else read_ct(path, series_uid=part.ct_series)
    )
    frames = {ct.frame_of_reference, image.frame_of_reference} - {""}
    if len(frames) > 1 and not part.same_coordinates:
        raise InputError(
            f"{ct.source} and {image.source} have different frames of reference; give the CT of "
            "this SPECT or PET, register them, or write same_coordinates: true if you have seen "
            "that they fit (some systems give each image its own)"
        )
    _, covered = ct.density_on(image.grid)
    outside = _share_outside(image, covered)
    if outside > MOST_OUTSIDE_CT:
        raise InputError(
            f"{image.source}: {outside:.0%} of its activity lie outside of the CT's field of view "
            f"({ct.source}); give a CT that covers it, or crop the activity image to the CT"
        )
    return ct


def _share_outside(image: ActivityImage, covered: np.ndarray) -> float:
    """Return the share of the activity in voxels of which the CT shows less than LEAST_COVERED."""
    positive = np.clip(image.values_Bq_mL, 0.0, None)
    outside = float(np.sum(positive, where=covered < LEAST_COVERED, dtype=np.float64))
    return outside / float(np.sum(positive, dtype=np.float64))
