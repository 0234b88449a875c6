"""The shape of a study file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, model_validator

from ligandose.course._tissue_schema import LesionTissuePart
from ligandose.course.schema import Part, Whole, checked, within
from ligandose.course.study_yaml import StudyText


class AdministrationPart(Part):
    """One administration of a list."""

    time_h: Annotated[float, within("time_h")]
    activity_GBq: Annotated[float, within("cold_or_hot_GBq")]
    amount_nmol: Annotated[float | None, within("amount_nmol")] = None
    infusion_min: Annotated[float | None, within("infusion_min")] = None
    route: str | None = None
    binder: bool = False


class RegimenPart(Part):
    """Equal cycles, or a list of administrations."""

    cycles: Annotated[Whole | None, within("cycles")] = None
    activity_GBq: Annotated[float | None, within("activity_GBq")] = None
    every_weeks: Annotated[float | None, within("every_weeks")] = None
    amount_nmol: Annotated[float | None, within("amount_nmol")] = None
    infusion_min: Annotated[float | None, within("infusion_min")] = None
    voiding_h: Annotated[float | None, within("voiding_h")] = None
    predose_nmol: Annotated[float | None, within("predose_nmol")] = None
    predose_h: Annotated[float | None, within("predose_h")] = None
    clearing_h: Annotated[float | None, within("clearing_h")] = None
    clearing_fraction: Annotated[float | None, within("clearing_fraction")] = None
    route: str | None = None
    comedication: list[str] | None = None
    administrations: list[AdministrationPart] | None = None


class _Named(BaseModel):
    """A name of the catalogue, or a mapping with `base` and own values by key."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, float]  # pyright: ignore[reportIncompatibleVariableOverride]

    base: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"base": value} if isinstance(value, str) else value

    @property
    def changes(self) -> dict[str, float]:
        """The own values by key."""
        return dict(self.__pydantic_extra__)


class AgentPart(_Named):
    """An agent of the catalogue, perhaps with another name, nuclide, target or values."""

    name: str | None = None
    nuclide: str | None = None
    target: str | None = None


class HostPart(_Named):
    """A host of the catalogue, perhaps with own values."""


class StudyPart(Part):
    """A whole study file."""

    agent: AgentPart
    host: HostPart | None = None
    disease: str | None = None
    regimen: RegimenPart | None = None
    patients: Annotated[Whole | None, within("patients")] = None
    seed: Annotated[Whole | None, within("seed")] = None
    saf: str | None = None
    tissue: LesionTissuePart | None = None
    threads: Annotated[Whole | None, within("threads")] = None


def check_study(text: StudyText) -> StudyPart:
    """Return the checked parts of a study file; errors as `checked`."""
    return checked(text, StudyPart)
