"""A whole plan for a patient's folder, as one document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ligandose.agents import agent as catalogue_agent
from ligandose.course import Regimen
from ligandose.plan.individual_data import PatientData
from ligandose.plan.individual_file import PatientCase
from ligandose.plan.individual_model import DRAWS, STEPS, Individual, Posterior
from ligandose.plan.individual_summary import (
    agreement_document,
    checks_document,
    directions_document,
    doses_document,
    parameters_document,
)
from ligandose.plan.prescription_goal import Goal, check_goal
from ligandose.plan.prescription_revise import revision
from ligandose.plan.prescription_solve import Planner, Prescription, designs, label_use
from ligandose.plan.prescription_stop import stop_document
from ligandose.plan.selection_rules import (
    check_imaging,
    eligible,
    selection_document,
    uptakes,
)
from ligandose.plan.strategies_compare import (
    chosen,
    external_beam,
    external_document,
    planned_document,
    probabilities,
    strategies,
    strategy_document,
)
from ligandose.plan.strategies_nuclide import check_vector

Progress = Callable[[float, str], None]

OMISSIONS = (
    "The whole-body model, its population and its structural error (plan_model.csv, a tenth, "
    "assumed) are the prior; a patient unlike the population is pulled towards it.",
    "Lesions of a kind are alike within a patient; a kind that was not measured is as in the "
    "population.",
    "What one region's unexplained activity gives its neighbours is not followed.",
    "Radiobiology (α, doubling time, clearance) is the population's; nothing is learnt of it but "
    "the marrow's from blood counts.",
    "Earlier treatments with other agents, external beam and chemotherapy are not in the doses.",
)


@dataclass(frozen=True)
class Settings:
    """How a plan is computed.

    Attributes:
        draws: of the posterior.
        steps: of each chain; 0 for the Laplace approximation.
        seed: of everything that is drawn.
    """

    draws: int = DRAWS
    steps: int = STEPS
    seed: int = 1


def plan_content(
    case: PatientCase,
    goal: Goal,
    settings: Settings = Settings(),
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the content of a `ligandose.plan` document.

    Args:
        case: the patient.
        goal: what the plan is to reach.
        settings: draws and seed.
        progress: called with the share done and what is being done.

    Raises:
        InputError: data or a goal that do not fit the patient's model.
    """
    say = progress or _silent
    say(0.0, "prior")
    _check(case, goal)
    individual = _patient(case, case.data)
    check_goal(
        goal, regions=(*individual.host.organs, *individual.host.lesions),
        lesions=individual.host.lesions,
    )  # fmt: skip
    say(0.1, "posterior")
    posterior = individual.posterior(draws=settings.draws, steps=settings.steps, seed=settings.seed)
    planner = _planner(posterior, goal, settings)
    say(0.4, "strategies")
    options = strategies(planner)
    best = chosen(goal, options)
    say(0.75, "what changed")
    changed = _changed(case, posterior, best, goal, settings)
    say(0.95, "blood")
    stop = stop_document(
        case.data, goal, best.course, treatment=case.agent.name, seed=settings.seed
    )
    return {
        "case": case.name,
        "agent": case.agent.name,
        "host": case.host.name,
        "disease": case.host.disease,
        "posterior": _posterior(posterior),
        "predicted": doses_document(best.course),
        "prescription": _prescription(best),
        "probabilities": probabilities(best, goal),
        "objective": {"name": goal.objective, "value": best.objective},
        "alternatives": [strategy_document(p, goal) for p in options],
        "external_beam": external_document(external_beam(best.course, goal)),
        "changed": list(changed),
        "stop": stop,
        "selection": _selection(case, goal),
        "population_selection": _population(case, goal, settings, say),
        "omissions": list(OMISSIONS),
    }


def _check(case: PatientCase, goal: Goal) -> None:
    """Check what can be checked of a goal before anything is computed.

    Raises:
        InputError: no cycle left to plan, or agents that do not fit.
        UnknownNameError: an agent that is not in the catalogue.
    """
    designs(goal, case.agent, given=len(case.data.treatments(case.agent.name)))
    if goal.other_nuclide:
        check_vector(catalogue_agent(goal.other_nuclide), case.agent)
    if goal.selection is not None:
        check_imaging(catalogue_agent(goal.selection.imaging))


def _silent(share: float, what: str) -> None:
    del share, what


def _patient(case: PatientCase, data: PatientData) -> Individual:
    activity, _, _, amount = label_use(case.agent)
    label = Regimen.cycles(1, activity_GBq=activity, amount_nmol=amount)
    return Individual.of(case.agent, case.host, data, own=case.own).screened(label)


def _planner(posterior: Posterior, goal: Goal, settings: Settings) -> Planner:
    individual = posterior.individual
    given = individual.data.treatments(individual.agent.name)
    return Planner(posterior, goal, individual.agent, given, settings.seed)


def _changed(
    case: PatientCase, now: Posterior, plan: Prescription, goal: Goal, settings: Settings
) -> tuple[str, ...]:
    """Return what the data since the last treatment changed; nothing before the first."""
    given = case.data.treatments(case.agent.name)
    if not given:
        return ()
    earlier = case.data.before(given[-1].time_s)
    before = now.individual.with_data(earlier).posterior(
        draws=settings.draws, steps=settings.steps, seed=settings.seed
    )
    planner = _planner(before, goal, settings)
    old = planner.best("limits", designs(goal, case.agent, given=len(planner.given)))
    return revision(before, old, now, plan).sentences


def _prescription(best: Prescription) -> dict[str, Any]:
    return {
        "strategy": best.name,
        "feasible": best.feasible,
        "set_by": best.binding or None,
        "given": [
            {"name": g.name, "day": g.time_s / 86400.0, "activity_GBq": g.activity_Bq / 1e9,
             "amount_nmol": g.amount_nmol}
            for g in best.given
        ],
        "cycles": planned_document(best),
    }  # fmt: skip


def _posterior(posterior: Posterior) -> dict[str, Any]:
    normal, draws = posterior.laplace, posterior.draws
    return {
        "parameters": parameters_document(posterior),
        "directions": directions_document(posterior),
        "checks": checks_document(posterior),
        "method": {
            "map_steps": normal.steps,
            "map_converged": normal.converged,
            "scores": posterior.individual.prior.size,
            "data": int(posterior.individual.y.size),
            "sampling": draws.method,
            "draws": int(draws.score.shape[0]),
            "accepted": draws.accepted,
            "effective_draws": draws.effective,
            "model_evaluations": draws.evaluations,
            "laplace_agreement": agreement_document(posterior),
        },
    }


def _selection(case: PatientCase, goal: Goal) -> list[dict[str, Any]]:
    threshold = 1.0 if goal.selection is None else goal.selection.threshold
    return [
        {
            "scan": u.given,
            "day": u.day,
            "lesion_over_liver": dict(u.ratio),
            "discordant": list(case.discordant),
            "eligible": eligible(u, threshold=threshold, discordant=case.discordant),
        }
        for u in uptakes(case.data, treatment=case.agent.name)
    ]


def _population(
    case: PatientCase, goal: Goal, settings: Settings, say: Progress
) -> dict[str, Any] | None:
    rule = goal.selection
    if rule is None:
        return None
    say(0.96, "selection")
    return selection_document(
        catalogue_agent(rule.imaging), case.agent, case.host, patients=rule.patients,
        seed=settings.seed, threshold=rule.threshold, discordant_share=rule.discordant_share,
    )  # fmt: skip
