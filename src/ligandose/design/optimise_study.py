"""The study file of an optimisation: that of a screen with one target, and what may change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ligandose.course.study import StudyText, read_study_text
from ligandose.design.optimise_bounds import (
    ANTAGONIST,
    LEVERS,
    LOG,
    STEP,
    Bound,
    bounds,
    class_of,
    classes,
)
from ligandose.design.optimise_space import Form, Space, base_agent, own_values
from ligandose.design.screen_candidates import Candidate, candidates
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_study import screen_from_mapping
from ligandose.design.screen_supply import supply_of
from ligandose.errors import InputError, nearest_names
from ligandose.evidence import read_table

DEFAULT_EVALUATIONS = 1000
DEFAULT_SEARCH_PATIENTS = 16
DEFAULT_SHOWN = 8
OWN_KEY = "optimise"
NOT_HERE = ("targets", "rank_at", "goal", "swap_label")


class _Search(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    levers: list[str] | None = None
    bounds: dict[str, tuple[float, float]] = {}
    evaluations: Annotated[int, Field(ge=40, le=200_000)] = DEFAULT_EVALUATIONS
    patients: Annotated[int, Field(ge=4, le=200)] = DEFAULT_SEARCH_PATIENTS
    shown: Annotated[int, Field(ge=2, le=24)] = DEFAULT_SHOWN


@dataclass(frozen=True)
class OptimisePlan:
    """An optimisation.

    Attributes:
        screen: indication, host, limits, cap, supply and population, with one target.
        levers: that may change.
        bounds: of the study by lever, in place of the table's.
        evaluations: designs that are simulated in the search.
        patients: of the search; `screen.patients` are those that judge the front.
        shown: designs of the front that are worked out in full.
    """

    screen: ScreenPlan
    levers: tuple[str, ...] = LEVERS
    bounds: Mapping[str, tuple[float, float]] | None = None
    evaluations: int = DEFAULT_EVALUATIONS
    patients: int = DEFAULT_SEARCH_PATIENTS
    shown: int = DEFAULT_SHOWN

    def task(self) -> dict[str, Any]:
        """Return what decides the result, JSON-able."""
        return {
            "screen": {**self.screen.task(), "targets": list(self.screen.targets),
                       "vectors": list(self.screen.vectors),
                       "nuclides": list(self.screen.nuclides),
                       "reference": self.screen.reference, "labels": self.screen.labels},
            "levers": list(self.levers),
            "bounds": {k: list(v) for k, v in (self.bounds or {}).items()},
            "evaluations": self.evaluations,
            "patients": self.patients,
            "shown": self.shown,
        }  # fmt: skip


def read_optimise(path: Path | str) -> OptimisePlan:
    """Read the study file of an optimisation (YAML, UTF-8); docs/optimise.md says what it holds.

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
    """
    text = read_study_text(Path(path))
    plan = _plan(text)
    sha256 = hashlib.sha256(text.raw).hexdigest()
    return replace(plan, screen=replace(plan.screen, sha256=sha256))


def optimise_from_mapping(data: Mapping[str, Any], *, name: str = "optimise") -> OptimisePlan:
    """Return the plan of a mapping of the shape of a study file; `name` stands in messages.

    Raises:
        InputError: as `read_optimise`.
    """
    return _plan(StudyText(name, data))


def _plan(text: StudyText) -> OptimisePlan:
    data = dict(text.data)
    for key in NOT_HERE:
        if key in data:
            hint = "name one target with target:" if key == "targets" else "leave it out"
            raise InputError(f"{text.place((key,))} is no key of an optimisation; {hint}")
    target = data.pop("target", None)
    if not isinstance(target, str):
        raise InputError(f"{text.name}: target is missing; name one, such as target: PSMA")
    search = _search(text, data.pop(OWN_KEY, None) or {})
    screen = screen_from_mapping({**data, "targets": [target]}, name=text.name)
    if screen.tumour is None or screen.goal == "marrow_bed":
        raise InputError(
            f"{text.name}: an optimisation seeks clonogen kill, which setting and radiobiology of "
            "this study do not give; choose another setting, or name tumour: {of: …}"
        )
    levers = tuple(search.levers) if search.levers is not None else LEVERS
    _check_levers(text, levers, search.bounds)
    return OptimisePlan(
        screen=screen,
        levers=tuple(lever for lever in LEVERS if lever in levers),
        bounds=dict(search.bounds),
        evaluations=search.evaluations,
        patients=search.patients,
        shown=search.shown,
    )


def _search(text: StudyText, data: Any) -> _Search:
    if not isinstance(data, dict):
        raise InputError(
            f"{text.place((OWN_KEY,))} must be a mapping of {', '.join(_Search.model_fields)}"
        )
    try:
        return _Search.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = text.place((OWN_KEY, *first["loc"]))
        if first["type"] == "extra_forbidden":
            raise InputError(
                f"{where} is no key of {OWN_KEY}; allowed are {', '.join(_Search.model_fields)}"
            ) from None
        said = str(first["msg"])
        raise InputError(
            f"{where} got {str(first['input'])[:60]!r}; {said[:1].lower()}{said[1:]}"
        ) from None


def _check_levers(
    text: StudyText, levers: tuple[str, ...], own: Mapping[str, tuple[float, float]]
) -> None:
    for place, given in (("levers", levers), ("bounds", tuple(own))):
        for name in given:
            if name not in LEVERS:
                near = nearest_names(name, LEVERS)
                hint = f"did you mean {' or '.join(near)}? " if near else ""
                raise InputError(
                    f"{text.place((OWN_KEY, place))} unknown lever {name!r}; {hint}known are "
                    f"{', '.join(LEVERS)}"
                )
    if not levers:
        raise InputError(f"{text.place((OWN_KEY, 'levers'))} is empty; name what may change")
    for name, (low, high) in own.items():
        if not 0.0 <= low < high < float("inf"):
            raise InputError(
                f"{text.place((OWN_KEY, 'bounds', name))} got {low:g} and {high:g}; the lower "
                "bound must be 0 or more and below the upper one"
            )


# ------------------------------------------------------------------ space


def space_of(plan: OptimisePlan) -> Space:
    """Return the space of designs of a plan: every feasible vector, nuclide and label.

    Raises:
        InputError: nothing is left (says which rule removed what); bounds of the study that lie
            outside of the table's.
    """
    forms: list[Form] = []
    for candidate in candidates(plan.screen):
        if candidate.feasible:
            forms += [_form(plan, c) for c in _with_labels(plan, candidate)]
    used = tuple(x for x in plan.levers if any(x in form.bounds for form in forms))
    if not used:
        raise InputError(
            f"none of the levers {', '.join(plan.levers)} has bounds for "
            f"{', '.join(dict.fromkeys(f.vector_class for f in forms))}"
        )
    return Space(tuple(forms), used)


def _with_labels(plan: OptimisePlan, found: Candidate) -> list[Candidate]:
    """Return a candidate with every label of its family that holds the nuclide."""
    allowed = ("good",) if plan.screen.labels == "good" else ("good", "conditional")
    rows = [
        r
        for r in read_table("labels.csv")
        if r["nuclide"] == found.nuclide
        and r["compatibility"] in allowed
        and r["label"] not in ("none", "direct", "salt", found.label)
        and "bone-seeking" not in r["conditions"]
        and "liposome" not in r["conditions"]
    ]
    others = [
        replace(found, label=r["label"], compatibility=r["compatibility"])
        for r in rows
        if _comes_off(r["label"]) != _comes_off(found.label)
    ]
    return [found, *others[:1]]


def _comes_off(label: str) -> bool:
    from ligandose.agents.catalogue import HALOGEN_LABELS

    return label in HALOGEN_LABELS


def _form(plan: OptimisePlan, candidate: Candidate) -> Form:
    made = base_agent(candidate)
    generic = candidate.vector in classes()
    name = candidate.vector if generic else class_of(made.vector)
    open_levers = {
        lever: _narrowed(plan, name, bound)
        for lever, bound in bounds(name, made.target).items()
        if lever in plan.levers or lever == ANTAGONIST
    }
    if "megalin" not in made.binds:
        open_levers.pop("protection", None)
    if "predose_nmol" in made.typical:
        open_levers.pop("amount", None)
    supply = supply_of(plan.screen, made, made.nuclide)
    for lever in ("cycles", "every_weeks"):
        if lever in open_levers and getattr(plan.screen.cap, lever) is not None:
            open_levers.pop(lever)
    if plan.screen.cap.amount_given_nmol is not None:
        open_levers.pop("amount", None)
    every = bounds(name, made.target)
    own = own_values(made, every, cycles=supply.cycles, every_weeks=supply.every_weeks)
    return Form(candidate, name, made, open_levers, {**own, "amount": supply.amount_nmol})


def _narrowed(plan: OptimisePlan, vector_class: str, bound: Bound) -> Bound:
    """Return a bound as the study narrows it; it may not widen it."""
    own = (plan.bounds or {}).get(bound.quantity)
    cap = plan.screen.cap.amount_nmol
    if own is None:
        if bound.quantity == "amount" and cap is not None:
            return replace(bound, high=min(bound.high, cap))
        return bound
    low, high = own
    if low < bound.low or high > bound.high:
        raise InputError(
            f"bounds: {bound.quantity} from {low:g} to {high:g} {bound.unit} leaves the chemical "
            f"bounds of a {vector_class}, {bound.low:g} to {bound.high:g} ({bound.source}); narrow "
            "it"
        )
    if bound.scale == STEP:
        inside = tuple(s for s in bound.steps if low <= float(s) <= high)
        if bound.steps and not inside:
            raise InputError(
                f"bounds: no step of {bound.quantity} lies between {low:g} and {high:g}; steps "
                f"are {', '.join(bound.steps)}"
            )
        return replace(bound, low=low, high=high, steps=inside)
    if bound.scale == LOG and low <= 0.0:
        raise InputError(f"bounds: {bound.quantity} must be above 0; got {low:g}")
    return replace(bound, low=low, high=high)
