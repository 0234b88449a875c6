"""One candidate of a screen: simulate it, find its activity, say what that does.

The activity is found on the course itself. Lesions that shrink change what organs get, so the
course is simulated at the activity that a first cycle suggests, solved, and simulated again where
the answer moved. With one activity for all patients the result is then exact; where every patient
has an activity of his own, the doses of a patient are those of the course at the population's
middle activity, in proportion to his own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Course, Regimen, simulate
from ligandose.design.screen_candidates import build_agent, screened_host
from ligandose.design.screen_dose import CourseDose, course_dose, factors_at_limits
from ligandose.design.screen_effect import LesionParameters, TumourEffect, tumour_effect
from ligandose.design.screen_imaging import decays_after_imaging
from ligandose.design.screen_lesions import lesion_findings, lesion_parameters
from ligandose.design.screen_plan import (
    KNOWLEDGE_PATIENTS,
    PER_PATIENT,
    ScreenPlan,
    plan_of_task,
)
from ligandose.design.screen_settings import MARROW, Limit
from ligandose.design.screen_supply import Supply, supply_of
from ligandose.errors import LigandoseError
from ligandose.hosts import Host

Floats = NDArray[np.float64]

FIRST_GUESS_GBQ = 1.0
SIMULATED_GBQ = (1e-6, 100.0)
"""Activities of one administration that a regimen takes."""
MOST_GBQ = 1e6
"""Stands for no limit: no organ is reached and nothing caps the activity."""
AGREES = 0.02
"""The activity is found when two simulations differ by less; doses depend on it only through the
shrinking of lesions, so what is left in the answer is far smaller."""
MOST_SIMULATIONS = 3
TINY_GY = 1e-9
LEAST_KILL = 1e-4
WEEK_S = 7 * 86400.0
BLOCKS = ("limit", "cap", "practical")


@dataclass(frozen=True)
class _Given:
    """What one candidate is simulated with."""

    plan: ScreenPlan
    agent: Agent
    host: Host
    supply: Supply

    def regimen(self, activity_GBq: float, *, cycles: int | None = None) -> Regimen:
        use = self.agent.typical
        return Regimen.cycles(
            cycles or self.supply.cycles,
            activity_GBq=float(np.clip(activity_GBq, *SIMULATED_GBQ)),
            every_weeks=self.supply.every_weeks,
            amount_nmol=self.supply.amount_nmol,
            infusion_min=use.get("infusion_min", 0.0),
            comedication=self.agent.comedication,
            voiding_h=use.get("voiding_h"),
            predose_nmol=use.get("predose_nmol"),
            predose_h=use.get("predose_h", 0.0),
            predose_binder=bool(self.agent.binder),
            route=self.plan.route,
        )


def evaluate(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of one candidate, JSON-able: arrays over patients are lists.

    Args:
        task: {"candidate": `Candidate.task()`, "plan": `ScreenPlan.task()`}.

    A candidate that the model cannot follow comes back with "reasons" instead of numbers.
    """
    plan = plan_of_task(task["plan"])
    name = str(task["candidate"]["name"])
    try:
        given = _given(plan, task["candidate"])
        return {"name": name, "reasons": [], **_evaluated(given)}
    except LigandoseError as error:
        return {"name": name, "reasons": [f"not simulatable: {error}"]}


def _given(plan: ScreenPlan, spec: Mapping[str, Any]) -> _Given:
    agent = build_agent(spec)
    supply = supply_of(plan, agent, agent.nuclide)
    return _Given(
        plan=plan,
        agent=replace(agent, impurities=supply.impurities),
        host=screened_host(plan, spec["target"]),
        supply=supply,
    )


def _evaluated(given: _Given) -> dict[str, Any]:
    plan = given.plan
    dose, course, activity = _settled(given)
    limits, factors = factors_at_limits(dose, plan.counted_limits, fraction=plan.fraction)
    at_limit = _activities(plan, activity * _least(factors))
    tumour = _lesions(plan, course, None)
    per_cycle = _blocks(plan, at_limit, given.supply)
    return {
        "limits": [limit.region for limit in limits],
        "limiting": _limiting(factors),
        "activity_GBq": {name: _listed(values) for name, values in per_cycle.items()},
        "at": _measures(given, course, dose, np.stack(list(per_cycle.values())) / activity, tumour),
        "organ_fraction": _organ_fractions(limits, factors, per_cycle["practical"] / activity),
        "after_imaging": decays_after_imaging(
            course, given.agent.label, [*given.host.lesions, *(x.region for x in limits)]
        ),
        "knowledge": _knowledge(given),
        "failed": [int(i) for i in np.flatnonzero(course.failed)],
        "simulated_GBq": activity,
        "supply": {
            "amount_nmol": given.supply.amount_nmol,
            "cycles": given.supply.cycles,
            "every_weeks": given.supply.every_weeks,
            "left_after_transport": given.supply.left,
            "specific_activity_GBq_nmol": given.supply.specific_activity_GBq_nmol,
            "carrier_free_GBq_nmol": given.supply.carrier_free_GBq_nmol,
            "activity_cap_GBq": _finite(given.supply.activity_cap_GBq),
            "capped_by": given.supply.capped_by,
            "impurities": {i.nuclide: i.activity_fraction for i in given.supply.impurities},
        },
    }


# ------------------------------------------------------------------ activity


def _settled(given: _Given) -> tuple[CourseDose, Course, float]:
    """Return the doses of a course whose activity agrees with what it leads to."""
    first = min(FIRST_GUESS_GBQ, given.supply.activity_cap_GBq)
    dose, course = _simulated(given, first, cycles=1)
    if given.supply.cycles == 1:
        return dose, course, first
    repeated = dose.repeated(given.supply.cycles, given.supply.every_weeks * WEEK_S)
    following = _middle(given, repeated, first)
    activity = following
    for _ in range(MOST_SIMULATIONS):
        activity = following
        dose, course = _simulated(given, activity)
        following = _middle(given, dose, activity)
        if abs(following / activity - 1.0) < AGREES:
            break
    return dose, course, activity


def _simulated(
    given: _Given,
    activity_GBq: float,
    *,
    cycles: int | None = None,
    patients: int | None = None,
    knowledge: int | None = None,
) -> tuple[CourseDose, Course]:
    plan = given.plan
    course = simulate(
        given.agent,
        given.host,
        given.regimen(activity_GBq, cycles=cycles),
        seed=plan.seed,
        variability=True,
        threads=1,
        patients=patients or plan.patients,
        knowledge=knowledge,
    )
    regions = [*(limit.region for limit in plan.limits), MARROW, *given.host.lesions]
    alpha_beta = lesion_findings(plan.tumour)["alpha_beta"].require() if plan.tumour else math.nan
    return (
        course_dose(course, list(dict.fromkeys(regions)), lesion_alpha_beta_Gy=alpha_beta),
        course,
    )


def _middle(given: _Given, dose: CourseDose, activity: float) -> float:
    """Return the middle of the practical activities that doses at an activity lead to."""
    _, factors = factors_at_limits(dose, given.plan.counted_limits, fraction=given.plan.fraction)
    at_limit = _activities(given.plan, activity * _least(factors))
    practical = _blocks(given.plan, at_limit, given.supply)["practical"]
    return float(np.clip(np.nanmedian(practical), *SIMULATED_GBQ))


def _least(factors: Floats) -> Floats:
    """Return (P,) the factor of the first organ; NaN for patients without a result."""
    return np.min(factors, axis=1)


def _activities(plan: ScreenPlan, per_patient: Floats) -> Floats:
    """Return (P,) activities of a cycle at the limit, as the plan gives them."""
    known = np.minimum(per_patient, MOST_GBQ)
    if plan.mode == PER_PATIENT:
        return known
    solved = known[np.isfinite(known)]
    same = float(np.quantile(solved, plan.share_beyond)) if solved.size else math.nan
    return np.where(np.isfinite(known), same, np.nan)


def _blocks(plan: ScreenPlan, at_limit: Floats, supply: Supply) -> dict[str, Floats]:
    """Return (P,) activities of a cycle at the limit, at the cap, and the lower of both."""
    del plan
    capped = np.full_like(at_limit, min(supply.activity_cap_GBq, MOST_GBQ))
    cap = np.where(np.isfinite(at_limit), capped, np.nan)
    return {"limit": at_limit, "cap": cap, "practical": np.minimum(at_limit, cap)}


def _limiting(factors: Floats) -> list[int]:
    """Return which limit each patient meets first, -1 where none is met."""
    least = _least(factors)
    first = np.argmin(np.nan_to_num(factors, nan=np.inf), axis=1)
    return [int(i) if np.isfinite(x) else -1 for i, x in zip(first, least, strict=True)]


def _organ_fractions(
    limits: Sequence[Limit], factors: Floats, used: Floats
) -> dict[str, list[float | None]]:
    """Return how much of the activity that its limit allows each organ is given, by organ."""
    return {limit.region: _listed(used / factors[:, column]) for column, limit in enumerate(limits)}


# ------------------------------------------------------------------ effect


def _measures(
    given: _Given, course: Course, dose: CourseDose, factor: Floats, tumour: LesionParameters | None
) -> dict[str, dict[str, list[float | None]]]:
    """Return the measures of every patient by block, from (blocks, P) factors of activity."""
    effect = _effect(given, course, dose, factor, tumour)
    found = {
        "log10_kill": effect.log10_kill,
        "tcp": effect.tcp,
        "log10_survivors": effect.log10_survivors,
        "regrowth_d": effect.regrowth_d,
        "tumour_dose_Gy": effect.dose_Gy,
        "marrow_dose_Gy": dose.absorbed_Gy(factor, MARROW),
        "marrow_bed_Gy": dose.bed_Gy(factor, MARROW).sum(axis=-1),
    }
    return {
        block: {name: _listed(values[row]) for name, values in found.items()}
        for row, block in enumerate(BLOCKS)
    }


def _effect(
    given: _Given, course: Course, dose: CourseDose, factor: Floats, tumour: LesionParameters | None
) -> TumourEffect:
    lesions = given.host.lesions
    if tumour is None:
        nothing = np.full_like(factor, np.nan)
        mean = np.mean([dose.absorbed_Gy(factor, name) for name in lesions], axis=0)
        return TumourEffect(nothing, nothing, nothing, nothing, mean)
    return tumour_effect(
        dose,
        factor,
        tumour,
        lesions=lesions,
        number={name: course.host_values[f"{name}.number"] for name in lesions},
    )


def _lesions(plan: ScreenPlan, course: Course, knowledge: int | None) -> LesionParameters | None:
    if plan.tumour is None:
        return None
    return lesion_parameters(
        plan.tumour, patients=course.patients, seed=plan.seed, knowledge=knowledge
    )


# ------------------------------------------------------------------ knowledge


def _knowledge(given: _Given) -> list[dict[str, float | None]]:
    """Return how the middle of the population moves with draws from what is not known.

    The patients are the same in every draw, lesions do not shrink between cycles, and the
    activity is found anew in each.

    Returns:
        a mapping per draw, against the best estimate of the same patients: the ratio of the kill,
        and the shifts of the logarithms of the number of clonogens, of the BED of the marrow and
        of the activity at the limit.
    """
    if given.plan.knowledge == 0:
        return []
    best = _first_cycle(given, None)
    found: list[dict[str, float | None]] = []
    for draw in range(given.plan.knowledge):
        one = _first_cycle(given, draw)
        shifts = {key: _finite(one[key] - best[key]) for key in best if key != "log10_kill"}
        found.append({"kill_ratio": _ratio(one["log10_kill"], best["log10_kill"]), **shifts})
    return found


def _first_cycle(given: _Given, knowledge: int | None) -> dict[str, float]:
    """Return medians of the few patients with which draws are compared."""
    plan, supply = given.plan, given.supply
    patients = min(KNOWLEDGE_PATIENTS, plan.patients)
    activity = min(FIRST_GUESS_GBQ, supply.activity_cap_GBq)
    dose, course = _simulated(given, activity, cycles=1, patients=patients, knowledge=knowledge)
    dose = dose.repeated(supply.cycles, supply.every_weeks * WEEK_S)
    _, factors = factors_at_limits(dose, plan.counted_limits, fraction=plan.fraction)
    at_limit = _activities(plan, activity * _least(factors))
    practical = _blocks(plan, at_limit, supply)["practical"]
    tumour = _lesions(plan, course, knowledge)
    factor = practical / activity
    effect = _effect(given, course, dose, factor, tumour)
    marrow_bed = dose.bed_Gy(factor, MARROW).sum(axis=1)
    return {
        "log10_kill": _median(effect.log10_kill),
        "log10_clonogens": _median(effect.log10_survivors + effect.log10_kill),
        "log10_marrow_bed": _median(np.log10(np.maximum(marrow_bed, TINY_GY))),
        "log10_activity": _median(np.log10(np.maximum(at_limit, SIMULATED_GBQ[0]))),
    }


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else math.nan


def _ratio(value: float, best: float) -> float | None:
    """Return a ratio of kills; 1 where the best estimate has none to speak of."""
    return _finite(value / best) if best > LEAST_KILL else 1.0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _listed(values: Floats) -> list[float | None]:
    """Return numbers as JSON holds them: a missing one is None; nothing is rounded."""
    return [float(v) if np.isfinite(v) else None for v in values]
