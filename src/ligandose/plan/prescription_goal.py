"""What a plan is to reach and what it must not exceed: the file plan.yaml.

maximise: P(tumour control)
limits:
  - P(kidney BED > 40 Gy) < 5 %
  - marrow <= 2 Gy                # without a probability: in 95 %
keep:
  - all lesions above 60 Gy       # without a probability: in 50 %
activity_GBq: [1, 15]
cycles: [1, 6]
every_weeks: [6, 8]
amount_nmol: [110, 200]
stop: {platelets_1e9_L: 75, neutrophils_1e9_L: 1.0, egfr_mL_min: 40, lesion_over_liver: 1.0}
other_nuclide: 225Ac-PSMA-617
external_beam_fraction_Gy: 2
selection: {imaging: 68Ga-PSMA-11, patients: 200, discordant_share: 0.1}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ligandose.course.schema import (
    Part,
    Whole,
    between,
    checked,
    within,
)
from ligandose.course.study_yaml import (
    StudyText,
    read_study_text,
)
from ligandose.effect import LimitQuantity
from ligandose.errors import InputError, UnknownNameError

QUANTITIES = {
    "": LimitQuantity.ABSORBED_DOSE,
    "dose": LimitQuantity.ABSORBED_DOSE,
    "bed": LimitQuantity.BED,
    "eqd2": LimitQuantity.EQD2,
}
REGIONS = {
    "kidney": "kidneys",
    "marrow": "red_marrow",
    "bone marrow": "red_marrow",
    "red marrow": "red_marrow",
    "salivary": "salivary_glands",
    "salivary glands": "salivary_glands",
    "lacrimal": "lacrimal_glands",
    "lacrimal glands": "lacrimal_glands",
}
OBJECTIVES = {
    "p(tumour control)": "tumour_control",
    "tumour control": "tumour_control",
    "tumour dose": "lesion_dose",
    "lesion dose": "lesion_dose",
    "nothing": "nothing",
}
ALL_LESIONS = "all lesions"
RISK = 0.05
"""Probability with which a limit may be exceeded where the goal names none."""
CHANCE = 0.5
"""Probability with which lesions must get their dose where the goal names none."""
_NUMBER = r"(?P<dose>\d+(?:\.\d+)?)\s*Gy"
_WHAT = r"(?P<region>[a-z][a-z_: -]*?)(?:\s+(?P<quantity>bed|eqd2|dose))?"
_RISK = re.compile(
    rf"p\(\s*{_WHAT}\s*(?:>|>=|≥)\s*{_NUMBER}\s*\)\s*(?:<|<=|≤)\s*(?P<p>\d+(?:\.\d+)?)\s*(?P<unit>%?)",
    re.I,
)
_PLAIN = re.compile(rf"{_WHAT}\s*(?:<|<=|≤)\s*{_NUMBER}", re.I)
_KEEP = re.compile(
    rf"(?P<region>all lesions|lesion:[a-z0-9_-]+)(?:\s+(?P<quantity>bed|eqd2|dose))?\s+above\s+"
    rf"{_NUMBER}(?:\s+(?:in|with)\s+(?P<p>\d+(?:\.\d+)?)\s*(?P<unit>%?))?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A dose with the probability that goes with it.

    Attributes:
        region: canonical region, or "all lesions".
        quantity: what the number speaks of.
        dose_Gy: the number.
        probability: of a limit, at most this to exceed it; of a goal, at least this to reach it.
        text: how the file says it.
    """

    region: str
    quantity: LimitQuantity
    dose_Gy: float
    probability: float
    text: str


@dataclass(frozen=True, slots=True)
class StopRules:
    """Below or above which treatment is held; None where there is no rule.

    Attributes:
        platelets_1e9_L, neutrophils_1e9_L: counts below.
        egfr_mL_min: below.
        egfr_loss_percent: loss since before treatment above.
        lesion_over_liver: SUV of a lesion over that of the liver below: the target is lost.
    """

    platelets_1e9_L: float | None = None
    neutrophils_1e9_L: float | None = None
    egfr_mL_min: float | None = None
    egfr_loss_percent: float | None = None
    lesion_over_liver: float | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """A rule on the diagnostic PET that is tried on a virtual population.

    Attributes:
        imaging: agent of the PET.
        patients: of the population.
        threshold: every lesion must exceed this times the liver.
        discordant_share: share of patients with disease that only FDG shows.
    """

    imaging: str
    patients: int = 200
    threshold: float = 1.0
    discordant_share: float = 0.0


@dataclass(frozen=True)
class Goal:
    """What a plan is to reach.

    Attributes:
        objective: "tumour_control", "lesion_dose" or "nothing" (least activity that keeps).
        limits: that must hold.
        keep: doses of lesions that shall be reached.
        activity_GBq: least and most per cycle.
        cycles: least and most, those already given included.
        every_weeks: intervals to choose from; empty for the agent's own.
        amount_nmol: amounts of vector to choose from; empty for the agent's own.
        stop: rules for holding treatment.
        other_nuclide: agent of the same vector to compare, "" for none.
        external_beam_fraction_Gy: dose per fraction of added external beam; None for none.
        selection: rule to try on a population; None for none.
    """

    objective: str
    limits: tuple[Bound, ...]
    keep: tuple[Bound, ...] = ()
    activity_GBq: tuple[float, float] = (0.5, 20.0)
    cycles: tuple[int, int] = (1, 6)
    every_weeks: tuple[float, ...] = ()
    amount_nmol: tuple[float, ...] = ()
    stop: StopRules = StopRules()
    other_nuclide: str = ""
    external_beam_fraction_Gy: float | None = None
    selection: Selection | None = None


class _StopPart(Part):
    platelets_1e9_L: Annotated[float | None, between(0, 1000, "1e9/L", above=True)] = None
    neutrophils_1e9_L: Annotated[float | None, between(0, 50, "1e9/L", above=True)] = None
    egfr_mL_min: Annotated[float | None, between(0, 200, "mL/min", above=True)] = None
    egfr_loss_percent: Annotated[float | None, between(0, 100, "%", above=True)] = None
    lesion_over_liver: Annotated[float | None, between(0, 100, above=True)] = None


class _SelectionPart(Part):
    imaging: str
    patients: Annotated[Whole, between(20, 5000)] = 200
    threshold: Annotated[float, between(0, 100, above=True)] = 1.0
    discordant_share: Annotated[float, between(0, 0.99)] = 0.0


class _GoalPart(Part):
    maximise: str | None = None
    limits: list[str]
    keep: list[str] = Field(default_factory=list[str])
    activity_GBq: list[Annotated[float, within("activity_GBq")]] | None = None
    cycles: list[Annotated[Whole, within("cycles")]] | None = None
    every_weeks: list[Annotated[float, within("every_weeks")]] = Field(default_factory=list[float])
    amount_nmol: list[Annotated[float, within("amount_nmol")]] = Field(default_factory=list[float])
    stop: _StopPart = _StopPart()
    other_nuclide: str = ""
    external_beam_fraction_Gy: Annotated[float | None, between(0, 20, "Gy", above=True)] = None
    selection: _SelectionPart | None = None


def read_goal(path: Path | str) -> Goal:
    """Read a goal file (YAML, UTF-8).

    Raises:
        InputError: file, line, field, the value that came, what is allowed.
    """
    return _goal(read_study_text(Path(path)))


def goal_from_mapping(data: dict[str, object], *, name: str = "plan.yaml") -> Goal:
    """Return the goal of a mapping of the shape of a goal file; errors as `read_goal`."""
    return _goal(StudyText(name, data))


def _goal(text: StudyText) -> Goal:
    part = checked(text, _GoalPart)
    limits = tuple(_limit(line, text.place(("limits", i))) for i, line in enumerate(part.limits))
    keep = tuple(_keep(line, text.place(("keep", i))) for i, line in enumerate(part.keep))
    objective = _objective(part.maximise, text.place(("maximise",)), keep)
    low, high = _pair(part.activity_GBq, (0.5, 20.0), text.place(("activity_GBq",)))
    first, last = _pair(part.cycles, (1, 6), text.place(("cycles",)))
    if not limits and not keep:
        raise InputError(
            f"{text.place(('limits',))} a plan needs at least one limit or one dose to keep; "
            "write limits: [P(kidney BED > 40 Gy) < 5 %]"
        )
    return Goal(
        objective, limits, keep, (float(low), float(high)), (int(first), int(last)),
        tuple(part.every_weeks), tuple(part.amount_nmol), StopRules(**part.stop.model_dump()),
        part.other_nuclide, part.external_beam_fraction_Gy,
        None if part.selection is None else Selection(**part.selection.model_dump()),
    )  # fmt: skip


def _pair(
    given: list[float] | list[int] | None, default: tuple[float, float], place: str
) -> tuple[float, float]:
    if given is None:
        return default
    if len(given) == 1:
        return given[0], given[0]
    if len(given) != 2 or given[0] > given[1]:
        raise InputError(f"{place} got {given}; write [least, most]")
    return given[0], given[1]


def _objective(line: str | None, place: str, keep: tuple[Bound, ...]) -> str:
    if line is None:
        return "nothing" if keep else "lesion_dose"
    key = " ".join(line.casefold().split())
    if key not in OBJECTIVES:
        raise InputError(f"{place} got {line!r}; allowed are {', '.join(OBJECTIVES)}")
    return OBJECTIVES[key]


def _limit(line: str, place: str) -> Bound:
    found = _RISK.fullmatch(line.strip())
    if found:
        return _bound(found, line, place, _probability(found["p"], found["unit"], place))
    found = _PLAIN.fullmatch(line.strip())
    if found:
        return _bound(found, line, place, RISK)
    raise InputError(
        f"{place} cannot read {line!r}; write it like 'P(kidney BED > 40 Gy) < 5 %' or "
        "'marrow <= 2 Gy'"
    )


def _keep(line: str, place: str) -> Bound:
    found = _KEEP.fullmatch(line.strip())
    if not found:
        raise InputError(
            f"{place} cannot read {line!r}; write it like 'all lesions above 60 Gy' or "
            "'lesion:bone BED above 80 Gy in 80 %'"
        )
    p = CHANCE if found["p"] is None else _probability(found["p"], found["unit"], place)
    return _bound(found, line, place, p)


def _probability(number: str, unit: str, place: str) -> float:
    value = float(number) / (100.0 if unit else 1.0)
    if not 0.0 < value < 1.0:
        raise InputError(f"{place} probability {number}{unit} is outside 0 to 100 %")
    return value


def _bound(found: re.Match[str], line: str, place: str, probability: float) -> Bound:
    dose = float(found["dose"])
    if not 0.0 < dose <= 1e5:
        raise InputError(f"{place} {dose:g} Gy is outside above 0 to 100000 Gy")
    name = " ".join(found["region"].split())
    region = name if name.startswith("lesion:") else name.casefold()
    quantity = QUANTITIES[(found["quantity"] or "").casefold()]
    return Bound(REGIONS.get(region, region), quantity, dose, probability, line.strip())


def check_goal(goal: Goal, *, regions: tuple[str, ...], lesions: tuple[str, ...]) -> None:
    """Check that a goal speaks of what the patient's model has.

    Raises:
        UnknownNameError: a region that is not there.
    """
    for bound in (*goal.limits, *goal.keep):
        known = (*regions, ALL_LESIONS)
        if bound.region not in known:
            raise UnknownNameError("region", bound.region, known, where=f"goal {bound.text!r}")
        if bound.region == ALL_LESIONS and not lesions:
            raise InputError(f"goal {bound.text!r}: the host has no lesions; name a disease")
