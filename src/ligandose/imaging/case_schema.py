"""The shape of case.yaml, and the words for what breaks it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ligandose.course.schema import Part, between

MOMENT = "a moment such as 2026-03-01T09:00:00, or with +01:00 at its end"
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


def _refuse(allowed: str) -> PydanticCustomError:
    return PydanticCustomError("span", "outside", {"allowed": allowed})


def _moment(text: str) -> str:
    parse_moment(text)
    return text


def parse_moment(text: str) -> datetime:
    """Return an ISO moment; a PydanticCustomError where it is none."""
    if not _ISO.fullmatch(text):
        raise _refuse(MOMENT)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _refuse(MOMENT) from None


def _corrected(text: str) -> str:
    if text not in ("none", "acquisition_start", "administration"):
        parse_moment(text)
    return text


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise _refuse(
            "a study label of letters, digits, - _ . without spaces (no name of a person)"
        )
    return text


def _unit(text: str) -> str:
    if text not in UNITS:
        raise _refuse(", ".join(UNITS))
    return text


UNITS = {"Bq/mL": 1.0, "kBq/mL": 1e3, "MBq/mL": 1e6, "counts": None}
"""Units of an image without DICOM headers, in Bq/mL."""
Moment = Annotated[str, AfterValidator(_moment)]
Label = Annotated[str, AfterValidator(_label)]
Unit = Annotated[str, AfterValidator(_unit)]
Correction = Annotated[str, AfterValidator(_corrected)]
Positive = Annotated[float, between(0.0, 1e12, "(positive)", above=True)]
Duration = Annotated[float, between(0.0, 7 * 86400.0, "s", above=True)]
Administered = Annotated[float, between(0.0, 1000.0, "GBq", above=True)]


class CalibrationPart(Part):
    """Counts to activity."""

    Bq_mL_per_count: Positive | None = None
    sensitivity_cps_per_MBq: Positive | None = None
    counting_time_s: Duration | None = None


class RegionsPart(Part):
    """One file with regions."""

    file: str
    names: dict[str, str]


class SidecarPart(Part):
    """What the headers of an image do not say; in case.yaml or beside a NIfTI or NRRD file."""

    unit: Unit | None = None
    nuclide: str | None = None
    acquired_at: Moment | None = None
    duration_s: Duration | None = None
    decay_corrected_to: Correction | None = None
    calibration: CalibrationPart | None = None


class ImagePart(SidecarPart):
    """One time point."""

    activity: str
    series: str = ""
    ct: str | None = None
    ct_series: str = ""
    same_coordinates: bool = False
    regions: list[RegionsPart] = Field(default_factory=list[RegionsPart])


class CasePart(Part):
    """The whole file."""

    case: Label
    nuclide: str
    administered_GBq: Administered
    administered_at: Moment
    agent: str | None = None
    images: list[ImagePart]
