"""The shape of a screen's study file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ligandose.course.study import StudyText
from ligandose.errors import InputError, nearest_names

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
ByNuclide = Positive | dict[str, Positive]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class LimitPart(_Part):
    """How far organs may go, and who gets which activity."""

    fraction: Annotated[float, Field(gt=0.0, le=3.0)] = 1.0
    activity: Literal["per_patient", "population"] = "per_patient"
    share_beyond: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05


class OrganLimitPart(_Part):
    """A limit in place of the setting's; exactly one of the three."""

    dose_Gy: Positive | None = None
    bed_Gy: Positive | None = None
    eqd2_Gy: Positive | None = None


class CapPart(_Part):
    """What practice allows."""

    cycles: Annotated[int | None, Field(ge=1, le=50)] = None
    every_weeks: Annotated[float | None, Field(ge=2.0, le=104.0)] = None
    activity_GBq: ByNuclide | None = None
    amount_nmol: Positive | None = None
    amount_given_nmol: Positive | None = None
    specific_activity_GBq_nmol: ByNuclide | None = None


class SupplyPart(_Part):
    """From calibration to injection."""

    transport_h: Annotated[float | None, Field(ge=0.0, le=1000.0)] = None
    impurities: dict[str, dict[str, Annotated[float, Field(ge=0.0, le=1.0)]]] = {}


class LesionPart(_Part):
    """Lesions in place of the setting's."""

    mass_g: Annotated[float | None, Field(ge=0.01, le=5000.0)] = None
    number: Annotated[float | None, Field(ge=1.0, le=10000.0)] = None
    cv: Annotated[float, Field(ge=0.0, le=3.0)] = 0.5


class TumourPart(_Part):
    """Radiobiology of the lesions: whose, and own values."""

    of: str | None = None
    alpha_per_Gy: Positive | None = None
    alpha_beta_Gy: Positive | None = None
    doubling_time_d: Positive | None = None
    kick_off_time_d: Annotated[float | None, Field(ge=0.0)] = None
    clonogens_per_g: Positive | None = None
    dose_log_sd: Annotated[float | None, Field(ge=0.0, le=2.0)] = None


class ExcludePart(_Part):
    """A combination that the study leaves out, with its reason."""

    target: str | None = None
    vector: str | None = None
    nuclide: str | None = None
    reason: Annotated[str, Field(min_length=3, max_length=300)]


class ScreenPart(_Part):
    """The whole file."""

    indication: str
    host: str = "adult-male"
    disease: str | None = None
    setting: str | None = None
    targets: list[Any]
    vectors: list[str]
    nuclides: list[str]
    reference: str | None = None
    limit: LimitPart = LimitPart()
    organ_limits: dict[str, OrganLimitPart] = {}
    marrow: Literal["limit", "rescued", "target"] | None = None
    goal: Literal["log10_kill", "tcp", "marrow_bed"] | None = None
    cap: CapPart = CapPart()
    supply: SupplyPart = SupplyPart()
    labels: Literal["good", "conditional"] = "conditional"
    swap_label: bool = True
    route: str | None = None
    rank_at: Literal["practical", "limit", "cap"] = "practical"
    lesions: LesionPart = LesionPart()
    tumour: TumourPart = TumourPart()
    density: Literal["catalogue", "model"] = "catalogue"
    exclude: list[ExcludePart] = []
    patients: Annotated[int | None, Field(ge=2, le=100_000)] = None
    seed: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    knowledge: Annotated[int | None, Field(ge=0, le=1000)] = None


def check_screen(text: StudyText) -> ScreenPart:
    """Return a study text as a screen.

    Raises:
        InputError: the first field that is wrong: where it stands, what came, what is allowed.
    """
    try:
        return ScreenPart.model_validate(dict(text.data))
    except ValidationError as error:
        raise InputError(_message(text, error)) from None


def _message(text: StudyText, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = tuple(
        p for p in first["loc"] if not str(p).startswith(("constrained", "dict[", "float"))
    )
    place = text.place(path)
    if first["type"] == "extra_forbidden":
        known = _fields(path[:-1])
        near = nearest_names(str(path[-1]), known)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        return f"{place} is no key of a screen; {hint}allowed are {', '.join(known)}"
    if first["type"] == "missing":
        return f"{text.name}: {'.'.join(map(str, path))} is missing; a screen needs it"
    said = str(first["msg"])
    return f"{place} got {str(first['input'])[:60]!r}; {said[:1].lower()}{said[1:]}"


def _fields(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that are allowed at a place of the file."""
    parts: dict[str, type[BaseModel]] = {
        "limit": LimitPart,
        "organ_limits": OrganLimitPart,
        "cap": CapPart,
        "supply": SupplyPart,
        "lesions": LesionPart,
        "tumour": TumourPart,
        "exclude": ExcludePart,
    }
    found = parts.get(str(path[0]), ScreenPart) if path else ScreenPart
    return list(found.model_fields)
