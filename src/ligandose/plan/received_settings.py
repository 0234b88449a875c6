"""What case.yaml says about the dose: patient, kinetics, recovery, uncertainty, blood samples.

The images and the administration are read as `ligandose.imaging` reads them; here are the keys
`activities`, `patient` and `dose` beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ligandose.course.schema import Part, between, checked
from ligandose.course.study_yaml import (
    FieldPath,
    StudyText,
    read_study_text,
)
from ligandose.errors import InputError
from ligandose.imaging import Case
from ligandose.imaging.case_schema import (
    CasePart,
    ImagePart,
    parse_moment,
)
from ligandose.kinetics import TAC_MODELS
from ligandose.nuclides import nuclide

SINGLE_POINT = ("haenscheid", "madsen", "population")
TRAPEZOID = "trapezoid"
PRIORS = ("mixed_effects", "earlier_cycle", "whole_body")
NEEDS_HALF_LIFE = ("madsen", "population")
AUTO = "auto"
MOST_IMAGES = 50


def _one_of(*words: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in words:
            raise PydanticCustomError("span", "outside", {"allowed": ", ".join(words)})
        return value

    return AfterValidator(check)


Relative = Annotated[float, between(0.0, 1.0, "(a share, 0.05 is 5 %)", above=True)]
Millimetres = Annotated[float, between(0.0, 500.0, "mm", above=True)]
Hours = Annotated[float, between(0.0, 10_000.0, "h", above=True)]
BodyMass = Annotated[float, between(0.0, 400.0, "kg", above=True)]
Fraction = Annotated[float, between(0.0, 0.99, above=True)]
Coefficient = Annotated[float, between(0.0, 2.0, above=True)]
Ratio = Annotated[float, between(0.0, 10.0, above=True)]
ModelName = Annotated[
    str, _one_of(AUTO, *SINGLE_POINT, *PRIORS, TRAPEZOID, *(m.name for m in TAC_MODELS))
]
CurveName = Annotated[str, _one_of(*(m.name for m in TAC_MODELS))]


class PatientPart(Part):
    """Who received it."""

    host: Annotated[str, _one_of("adult-male", "adult-female")] | None = None
    body_mass_kg: BodyMass | None = None
    disease: str | None = None
    lesion_in: dict[str, str] = Field(default_factory=dict[str, str])


class RecoveryPart(Part):
    """How partial volume is undone."""

    model: Annotated[str, _one_of("none", "gtm", "table")] = "none"
    fwhm_mm: Millimetres | None = None
    fwhm_sd_mm: Millimetres | None = None
    coefficients: dict[str, Coefficient] = Field(default_factory=dict[str, float])
    coefficient_cv: Relative | None = None


class BackgroundPart(Part):
    """Counts that lie everywhere: scatter that a reconstruction left."""

    model: Annotated[str, _one_of("none", "stated", "air")] = "none"
    share: Relative | None = None
    fwhm_mm: Millimetres | None = None


class KineticsPart(Part):
    """Which curve; for few time points, which method and what it knows beforehand."""

    model: ModelName = AUTO
    half_life_h: Hours | None = None
    half_life_cv: Relative | None = None
    prior: str | None = None
    curve: CurveName | None = None
    earlier: str | None = None
    cycle_cv: Relative | None = None
    like: str | None = None
    tail_points: Annotated[int, Field(ge=0, le=20)] | None = None
    start: Annotated[str, _one_of("constant", "zero")] | None = None


class AllKineticsPart(KineticsPart):
    """For all regions, with others for some."""

    regions: dict[str, KineticsPart] = Field(default_factory=dict[str, KineticsPart])


class UncertaintyPart(Part):
    """Relative standard uncertainties that no image tells."""

    calibration: Relative | None = None
    point: Relative | None = None
    outline_fwhm_mm: Millimetres | None = None
    s_value: Relative | None = None


class MarrowPart(Part):
    """Blood samples, and what must be known to use them."""

    blood: str
    marrow_metastases: bool
    binds_marrow: bool
    decay_corrected: bool | None = None
    ratio: Ratio | None = None
    haematocrit: Fraction | None = None
    marrow_mass_kg: Annotated[float, between(0.0, 10.0, "kg", above=True)] | None = None


class DosePart(Part):
    """How the dose is worked out."""

    regions_from: Annotated[str, _one_of("each", "first")] | None = None
    registration: Annotated[str, _one_of("rigid", "affine", "deformable", "none")] = "rigid"
    recovery: RecoveryPart = RecoveryPart()
    background: BackgroundPart = BackgroundPart()
    kinetics: AllKineticsPart = AllKineticsPart()
    uncertainty: UncertaintyPart = UncertaintyPart()
    marrow: MarrowPart | None = None
    decay_corrected: bool | None = None
    monte_carlo_in: list[str] = Field(default_factory=list[str])


class ReceivedPart(CasePart):
    """The whole file."""

    images: list[ImagePart] = Field(default_factory=list[ImagePart])
    activities: str | None = None
    patient: PatientPart = PatientPart()
    dose: DosePart = DosePart()


@dataclass(frozen=True)
class ReceivedCase:
    """A case with what its file says about the dose.

    Attributes:
        case: label, nuclide, administration and images.
        activities: a table of activities in place of images, or None.
        patient, dose: as the file has them.
        text: the file, for messages.
    """

    case: Case
    activities: Path | None
    patient: PatientPart
    dose: DosePart
    text: StudyText

    def error(self, path: FieldPath, what: str) -> InputError:
        """Return an error that names file, line and field."""
        return InputError(f"{self.text.place(path)} {what}")

    def kinetics_of(self, region: str) -> KineticsPart:
        """Return how the curve of a region is made."""
        return self.dose.kinetics.regions.get(region, self.dose.kinetics)

    def kinetics_path(self, region: str) -> FieldPath:
        """Return where that stands in the file."""
        if region in self.dose.kinetics.regions:
            return ("dose", "kinetics", "regions", region)
        return ("dose", "kinetics")


def read_received(path: Path | str) -> ReceivedCase:
    """Read case.yaml (the file, or its folder) with what it says about the dose.

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
        UnknownNameError: a nuclide that is not in the table.
    """
    file = Path(path)
    file = file / "case.yaml" if file.is_dir() else file
    text = read_study_text(file)
    part = checked(text, ReceivedPart)
    case = Case(
        label=part.case,
        nuclide=nuclide(part.nuclide).name,
        administered_Bq=part.administered_GBq * 1e9,
        administered_at=parse_moment(part.administered_at),
        agent=part.agent or "",
        images=tuple(part.images),
        folder=file.parent,
        sha256=hashlib.sha256(text.raw).hexdigest(),
    )
    table = None if part.activities is None else file.parent / part.activities
    found = ReceivedCase(case, table, part.patient, part.dose, text)
    _check_what(found)
    _check_recovery(found)
    _check_kinetics(found)
    _check_marrow(found)
    return found


def _check_what(found: ReceivedCase) -> None:
    images, table = len(found.case.images), found.activities
    if images and table is not None:
        raise found.error(("activities",), "stands beside images; give one of both")
    if table is None and not 1 <= images <= MOST_IMAGES:
        raise found.error(
            ("images",), f"has {images} images; give 1 to {MOST_IMAGES}, or activities: TABLE.csv"
        )
    if table is not None and not table.is_file():
        raise found.error(("activities",), f"{table.name}: no such file; give a csv or xlsx table")


def _check_recovery(found: ReceivedCase) -> None:
    recovery, at = found.dose.recovery, ("dose", "recovery")
    if recovery.model == "gtm" and (recovery.fwhm_mm is None or recovery.fwhm_sd_mm is None):
        raise found.error(
            at, "model gtm needs fwhm_mm, the resolution of the emission image, and fwhm_sd_mm, "
            "how well it is known"
        )  # fmt: skip
    if recovery.model == "table" and not recovery.coefficients:
        raise found.error(at, "model table needs coefficients: {region: number}")
    if recovery.model != "table" and recovery.coefficients:
        raise found.error(at, f"has coefficients, but model {recovery.model}; write model: table")
    background, place = found.dose.background, ("dose", "background")
    if background.model != "none" and background.fwhm_mm is None:
        raise found.error(place, f"model {background.model} needs fwhm_mm, how far it spreads")
    if background.model == "stated" and background.share is None:
        raise found.error(place, "model stated needs share, background per true count")


def _check_kinetics(found: ReceivedCase) -> None:
    parts: Mapping[str, KineticsPart] = {"": found.dose.kinetics, **found.dose.kinetics.regions}
    for region, part in parts.items():
        at = found.kinetics_path(region) if region else ("dose", "kinetics")
        _check_unused(found, part, at)
        if part.model in NEEDS_HALF_LIFE and part.half_life_h is None:
            raise found.error(
                at, f"model {part.model} needs half_life_h, the effective half-life of a population"
            )
        if part.model == "population" and part.half_life_cv is None:
            raise found.error(
                at, "model population needs half_life_cv, its spread between patients"
            )
        for key in NEEDS_FILE:
            if part.model == NEEDS_FILE[key] and getattr(part, key) is None:
                raise found.error(
                    at, f"model {part.model} needs {key}: FILE (docs/patient-dose.md)"
                )
        if part.model == "whole_body":
            _check_whole_body(found, at)


NEEDS_FILE = {"prior": "mixed_effects", "earlier": "earlier_cycle"}


def _check_whole_body(found: ReceivedCase, at: FieldPath) -> None:
    if not found.case.agent:
        raise found.error(at, "model whole_body needs agent: NAME (`ligandose agents list`)")
    if found.patient.disease is None:
        raise found.error(
            at, "model whole_body needs patient.disease: the model's host has its lesions"
        )


ONLY_FOR = {
    "half_life_h": ("madsen", "population"),
    "half_life_cv": ("madsen", "population"),
    "prior": ("mixed_effects",),
    "curve": ("mixed_effects",),
    "earlier": ("earlier_cycle",),
    "cycle_cv": ("earlier_cycle",),
    "like": PRIORS,
    "tail_points": (TRAPEZOID,),
    "start": (TRAPEZOID,),
}
"""Which models a key is for; beside another it would change nothing."""


def _check_unused(found: ReceivedCase, part: KineticsPart, at: FieldPath) -> None:
    for key, models in ONLY_FOR.items():
        if getattr(part, key) is not None and part.model not in models:
            raise found.error(
                (*at, key), f"is for model {' or '.join(models)}, here it is {part.model}; remove "
                "one of both"
            )  # fmt: skip


def _check_marrow(found: ReceivedCase) -> None:
    marrow = found.dose.marrow
    if marrow is not None and marrow.ratio is not None and marrow.haematocrit is not None:
        raise found.error(
            ("dose", "marrow"), "has ratio and haematocrit; give one: either decides the other"
        )
