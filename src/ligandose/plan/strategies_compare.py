"""Strategies for one patient, compared on the same draws of the posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.course.summary import distribution
from ligandose.effect import (
    LimitQuantity,
    combined_bed,
    effect_parameters,
    external_dose_left_Gy,
    external_dose_of_bed_Gy,
)
from ligandose.errors import UnknownNameError
from ligandose.plan.prescription_goal import ALL_LESIONS, Goal
from ligandose.plan.prescription_scale import (
    held,
    kept,
    of_bound,
    probability_above,
    standing,
    total_Gy,
)
from ligandose.plan.prescription_solve import (
    Design,
    Planner,
    Prescription,
    designs,
    label_use,
)
from ligandose.plan.strategies_nuclide import other_nuclide

Floats = NDArray[np.float64]

KIDNEYS = "kidneys"
COMPARED_ONLY = ("fixed label activity", "kidney-limited", "other nuclide")
"""Strategies that are shown beside the others and never chosen."""


@dataclass(frozen=True)
class ExternalBeam:
    """External beam that gives lesions what the radionuclide leaves open.

    Attributes:
        fraction_Gy: dose per fraction.
        dose_Gy: by lesion, (draws,) external dose that its BED still needs.
        allowed_Gy: by organ with a limit in BED, (draws,) external dose it may still get.
        control_share: share of draws in which all lesions get their dose, each with the whole
            fractions that its median draw needs.
    """

    fraction_Gy: float
    dose_Gy: Mapping[str, Floats]
    allowed_Gy: Mapping[str, Floats]
    control_share: float


def strategies(planner: Planner) -> list[Prescription]:
    """Return the strategies of a goal for one patient, on the same draws.

    - "fixed label activity": activity, interval, number and amount of the agent's typical use;
    - "limits": the greatest activity at which all limits hold;
    - "kidney-limited": the same with the limits of the kidneys alone, where there are others;
    - "tumour-prescribed": the least activity that keeps the doses of lesions, within the limits;
    - "de-escalation": as limits, later cycles lowered as the sink shrinks;
    - "other nuclide": as limits, on the agent of the same vector that the goal names.
    """
    goal, given = planner.goal, len(planner.given)
    activity, cycles, weeks, amount = label_use(planner.agent)
    todo = max(cycles - given, 0)
    found: list[Prescription] = []
    if todo:
        label = Design(amount, weeks, cycles, (1.0,) * todo)
        found.append(planner.fixed("fixed label activity", label, activity))
    options = designs(goal, planner.agent, given=given)
    found.append(planner.best("limits", options))
    kidneys = tuple(b for b in goal.limits if b.region == KIDNEYS)
    if kidneys and len(kidneys) < len(goal.limits):
        own = replace(planner, goal=replace(goal, limits=kidneys))
        found.append(judged(own.best("kidney-limited", options), goal))
    if goal.keep:
        found.append(planner.best("tumour-prescribed", options, tumour_first=True))
    found.append(planner.best("de-escalation", options, balanced=True))
    if goal.other_nuclide:
        found.append(judged(other_nuclide(planner), goal))
    return found


def judged(found: Prescription, goal: Goal) -> Prescription:
    """Return a prescription judged by all limits and doses of a goal."""
    fits = held(found.course, goal.limits) and kept(found.course, goal.keep)
    return replace(found, feasible=fits)


def chosen(goal: Goal, found: Sequence[Prescription]) -> Prescription:
    """Return the strategy that serves the goal best: within the limits, then by its objective."""
    open_to = [p for p in found if p.name not in COMPARED_ONLY]
    if goal.objective == "nothing":
        return max(open_to, key=lambda p: (standing(p.course, goal), -p.total_GBq))
    return max(
        open_to,
        key=lambda p: (
            standing(p.course, goal),
            round(float(np.nan_to_num(p.objective)), 4),
            _least(p.course),
        ),
    )


def _least(course: Course) -> float:
    lesions = course.host.lesions
    return float(np.median(np.min([course.dose_of(x) for x in lesions], axis=0))) if lesions else 0


def external_beam(course: Course, goal: Goal) -> ExternalBeam | None:
    """Return external beam beside a course; None where the goal asks for none or keeps nothing.

    Both treatments are weeks apart, so lesions of one and the other do not meet
    (`effect.combined_bed` with no pairs). Doses that external beam gives organs are not known
    here; what each may still get is said instead.
    """
    fraction = goal.external_beam_fraction_Gy
    if fraction is None or not goal.keep or course.biology.tumour is None:
        return None
    alpha_beta = course.biology.tumour.alpha_beta_Gy
    needed: dict[str, Floats] = {}
    solved = ~course.failed
    reached = np.ones(int(solved.sum()), dtype=np.bool_)
    for bound in goal.keep:
        names = course.host.lesions if bound.region == ALL_LESIONS else (bound.region,)
        # what is to be reached as dose is compared as BED of that dose in these fractions
        wanted = bound.dose_Gy
        if bound.quantity is LimitQuantity.ABSORBED_DOSE:
            wanted = bound.dose_Gy * (1.0 + fraction / alpha_beta)
        elif bound.quantity is LimitQuantity.EQD2:
            wanted = bound.dose_Gy * (1.0 + 2.0 / alpha_beta)
        for name in names:
            had = total_Gy(course, name, LimitQuantity.BED)[solved]
            more = external_dose_of_bed_Gy(
                np.maximum(wanted - had, 0.0), dose_per_fraction_Gy=fraction,
                alpha_beta_Gy=alpha_beta,
            )  # fmt: skip
            needed[name] = np.maximum(needed.get(name, np.zeros(more.size)), more)
            fractions = np.ceil(np.median(more) / fraction)
            both = combined_bed(
                had, external_dose_Gy=fractions * fraction,
                external_quadratic_Gy2=fractions * fraction**2, alpha_beta_Gy=alpha_beta,
            )  # fmt: skip
            reached &= both.total_Gy >= wanted
    allowed = {
        b.region: external_dose_left_Gy(
            b.dose_Gy,
            radionuclide_bed_Gy=of_bound(course, b)[solved],
            dose_per_fraction_Gy=fraction,
            alpha_beta_Gy=_organ_alpha_beta(b.region),
        )
        for b in goal.limits
        if b.quantity is LimitQuantity.BED and not b.region.startswith("lesion:")
    }
    return ExternalBeam(fraction, needed, allowed, float(np.mean(reached)))


def _organ_alpha_beta(region: str) -> float:
    try:
        return effect_parameters(region).alpha_beta_Gy
    except UnknownNameError:
        return float("nan")


def strategy_document(found: Prescription, goal: Goal) -> dict[str, Any]:
    """Return a strategy as a document holds it."""
    course = found.course
    organs = [b.region for b in goal.limits]
    return {
        "name": found.name,
        "agent": found.agent.name,
        "feasible": found.feasible,
        "set_by": found.binding or None,
        "cycles": len(found.given) + len(found.planned),
        "planned": planned_document(found),
        "total_activity_GBq": found.total_GBq,
        "objective": found.objective,
        "probabilities": probabilities(found, goal),
        "dose_Gy": {
            region: distribution(course.dose_of(region))
            for region in dict.fromkeys([*organs, *course.host.lesions])
            if region in course.regions
        },
    }


def planned_document(found: Prescription) -> list[dict[str, Any]]:
    """Return the treatments to come."""
    return [
        {
            "cycle": len(found.given) + k,
            "day": a.time_s / 86400.0,
            "activity_GBq": a.activity_Bq / 1e9,
            "amount_nmol": a.amount_nmol,
        }
        for k, a in enumerate(found.planned, start=1)
    ]


def probabilities(found: Prescription, goal: Goal) -> list[dict[str, Any]]:
    """Return the probability of every limit and goal under a prescription."""
    rows: list[dict[str, Any]] = []
    for kind, bounds in (("limit", goal.limits), ("keep", goal.keep)):
        for bound in bounds:
            p = probability_above(found.course, bound)
            fits = p <= bound.probability + 1e-9 if kind == "limit" else p >= bound.probability
            rows.append(
                {
                    "kind": kind, "text": bound.text, "region": bound.region,
                    "quantity": bound.quantity.value, "dose_Gy": bound.dose_Gy,
                    "probability_above": p, "allowed": bound.probability, "holds": fits,
                }
            )  # fmt: skip
    return rows


def external_document(found: ExternalBeam | None) -> dict[str, Any] | None:
    """Return added external beam as a document holds it."""
    if found is None:
        return None
    return {
        "fraction_Gy": found.fraction_Gy,
        "needed_Gy": {k: distribution(v) for k, v in found.dose_Gy.items()},
        "organ_may_get_Gy": {k: distribution(v) for k, v in found.allowed_Gy.items()},
        "probability_all_lesions": found.control_share,
    }
