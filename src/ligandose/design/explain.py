"""Why an agent is what it is: one document, from sensitivity to value of information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

from ligandose.design.explain_blueprint import blueprint_document
from ligandose.design.explain_compare import comparison_document
from ligandose.design.explain_dossier import dossier_document
from ligandose.design.explain_human import human_document
from ligandose.design.explain_information import information_document
from ligandose.design.explain_map import map_document
from ligandose.design.explain_model import Case, case_of
from ligandose.design.explain_sensitivity import (
    reference_outcomes,
    shapley_document,
    sobol_document,
)
from ligandose.design.explain_study import ExplainPlan, SensitivityPart, shown_target
from ligandose.design.screen_candidates import Candidate
from ligandose.errors import InputError
from ligandose.evidence import sources

Progress = Callable[[float, str], None]
COMPARED_PATIENTS = 100
MAP_ENDS, POPULATION_ENDS, COMPARISON_ENDS, SENSITIVITY_ENDS = 0.08, 0.13, 0.16, 0.9
"""Shares of the time after which parts are done, as the example takes it."""
OMISSIONS = (
    "A first cycle is repeated: lesions do not shrink between cycles, which a screen follows.",
    "Indices hold for the ranges that are stated, which are choices; another range gives others.",
    "Compartment and share of tumour cells with the target say where decays lie in one typical "
    "tissue (desmoplastic carcinoma, explain_tissue.csv), not how the vector gets there; doses at "
    "best estimates, of the map and of the population are means over a lesion, as in a screen.",
    "Half-life and emissions are levels of real nuclides, crossed; range and energy change "
    "together, and progeny of a borrowed emitter decays where its parent did.",
    "Half-life in blood has no factor of its own: free fraction, filtration and uptake by "
    "hepatocytes and endothelium make it.",
    "The wall of tumour vessels to proteins is a constant of the kinetic model and is not varied.",
    "Delivery into a lesion is that of a well-mixed space: no binding-site barrier, so that a "
    "lower K_D is never worse for the tumour.",
    "Densities from expression are taken as independent between organs in the draws of knowledge, "
    "although a part of their error is common to all tissues of a target.",
    "Hybrids of a comparison need not be makeable.",
    "Value of information counts the typical patient and no costs of measuring.",
)
METHODS = ("saltelli2010", "jansen1999", "owen2014", "song2016", "broto2020", "strong2014")


def run_explain(
    plan: ExplainPlan, *, threads: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Return the document of an explanation.

    Args:
        plan: what is explained.
        threads: of the simulations; the numbers do not depend on it.
        progress: called with the share done and what is being done.

    Raises:
        InputError: a combination that a screen would remove (says the rule), a sensitivity in
            which nothing varies, too few patients or draws.
    """
    told = progress or _silent
    cases = [case_of(plan.screen, one.task()) for one in plan.agents]
    heads = [_head(o, c) for o, c in zip(plan.agents, cases, strict=True)]
    # What can fail for its input comes before what takes long.
    notes = list(plan.screen.notes)
    mapped = _map(plan, cases[0], threads, _within(told, 0.0, MAP_ENDS), notes)
    told(MAP_ENDS, "population")
    population = [
        {"agent": c.name, **shapley_document(
            c, patients=plan.part.population, seed=plan.screen.seed, threads=threads,
            tolerance=_tolerance(plan))}
        for c in cases
        if plan.part.population is not False
    ]  # fmt: skip
    told(POPULATION_ENDS, "comparison")
    comparison = _comparison(plan, threads)
    each = (SENSITIVITY_ENDS - COMPARISON_ENDS) / len(cases)
    parts = [COMPARISON_ENDS + k * each for k in range(len(cases) + 1)]
    sensitivity = [
        _sobol(plan, one, case, threads, _within(told, *ends))
        for one, case, ends in zip(plan.agents, cases, pairwise(parts), strict=True)
        if plan.part.sensitivity is not False
    ]
    told(SENSITIVITY_ENDS, "blueprint")
    blueprint = _blueprint(plan, cases[0], threads)
    told(0.96, "value of information")
    information = _information(plan, cases, threads)
    first_in_human = [
        {"target": one.target, **human_document(
            case, patients=plan.screen.patients, seed=plan.screen.seed, threads=threads)}
        for one, case in zip(plan.agents, cases, strict=True)
    ]  # fmt: skip
    document: dict[str, Any] = {
        "indication": plan.screen.indication,
        "disease": plan.screen.disease,
        "host": plan.screen.host,
        "setting": plan.screen.setting or None,
        "goal": plan.screen.goal,
        "seed": plan.screen.seed,
        "limits": [asdict(limit) for limit in plan.screen.limits],
        "limit_fraction": plan.screen.fraction,
        "agents": heads,
        "sensitivity": sensitivity,
        "population": population,
        "comparison": comparison,
        "blueprint": blueprint,
        "map": mapped,
        "information": information,
        "first_in_human": first_in_human,
        "sources": _sources(),
        "notes": notes,
        "omissions": list(OMISSIONS),
    }
    if plan.part.dossier:
        names = dict.fromkeys(one.target for one in plan.agents)
        document["dossiers"] = [dossier_document(plan, name, document) for name in names]
    else:
        document["dossiers"] = []
    told(1.0, "done")
    return document


def _silent(share: float, what: str) -> None:
    del share, what


def _within(told: Progress, start: float, end: float) -> Progress:
    """Return the progress of a part of the work."""
    return lambda share, what: told(start + (end - start) * share, what)


def _tolerance(plan: ExplainPlan) -> float:
    own = plan.part.sensitivity
    return SensitivityPart().tolerance if own is False else own.tolerance


def _sobol(
    plan: ExplainPlan,
    one: Candidate,
    case: Case,
    threads: int | None,
    told: Progress,
) -> dict[str, Any]:
    own = plan.part.sensitivity
    assert own is not False
    others = [n for n in plan.nuclides if n != one.nuclide]
    levels = [case, *(case_of(plan.screen, replace(one, nuclide=n).task()) for n in others)]
    found = sobol_document(
        levels,
        plan.varied,
        seed=plan.screen.seed,
        tolerance=own.tolerance,
        most_rows=own.rows,
        threads=threads,
        told=told,
    )
    return {"agent": case.name, **found}


def _comparison(plan: ExplainPlan, threads: int | None) -> dict[str, Any] | None:
    if len(plan.agents) < 2:
        return None
    return comparison_document(
        plan.screen,
        plan.agents[0],
        plan.agents[1],
        patients=min(plan.screen.patients, COMPARED_PATIENTS),
        threads=threads,
    )


def _blueprint(plan: ExplainPlan, case: Case, threads: int | None) -> dict[str, Any] | None:
    own = plan.part.blueprint
    if own is False:
        return None
    first = plan.agents[0]
    placed = dict.fromkeys([*(one.target for one in plan.agents), *plan.placed])
    return blueprint_document(
        first,
        case,
        share=own.share,
        contexts=own.contexts,
        points=own.points,
        placed=list(placed),
        seed=plan.screen.seed,
        threads=threads,
    )


def _map(
    plan: ExplainPlan, case: Case, threads: int | None, told: Progress, notes: list[str]
) -> dict[str, Any] | None:
    """Return the map; where nobody asked for it and nothing is left, a note says so."""
    own = plan.part.map
    if own is False or plan.mapped is None:
        return None
    try:
        return map_document(
            plan.mapped, case, patients=own.patients, threads=threads,
            told=lambda share: told(share, "map"),
        )  # fmt: skip
    except InputError as error:
        if "map" in plan.part.model_fields_set:
            raise
        notes.append(f"No map: {error}")
        return None


def _information(
    plan: ExplainPlan, cases: list[Case], threads: int | None
) -> dict[str, Any] | None:
    own = plan.part.information
    if own is False:
        return None
    every = [*cases, *(case_of(plan.screen, one.task()) for one in plan.options)]
    if len(every) < 2:
        return None
    return information_document(every, draws=own.draws, seed=plan.screen.seed, threads=threads)


def _head(one: Candidate, case: Case) -> dict[str, Any]:
    found = reference_outcomes(case)
    first = int(found.limiting[0])
    if first < 0:
        raise InputError(
            f"explain: no organ of {case.name} has a limit that it could reach; give organ_limits"
        )
    return {
        "agent": case.name,
        "target": one.target,
        "target_name": shown_target(one.target),
        "vector": one.vector,
        "vector_of": case.agent.vector,
        "generic": one.generic,
        "nuclide": one.nuclide,
        "label": one.label or None,
        "amount_nmol": case.supply.amount_nmol,
        "cycles": case.supply.cycles,
        "every_weeks": case.supply.every_weeks,
        "caveats": list(one.caveats),
        "typical_patient": {
            "limiting_organ": found.limits[first],
            "activity_at_limit_GBq": float(found.activity_GBq[0]) * case.supply.cycles,
            "tumour_dose_at_limit_Gy": float(found.tumour_dose_Gy[0]),
            "log10_kill": float(found.log10_kill[0]),
            "tcp": float(found.tcp[0]),
        },
    }


def _sources() -> dict[str, dict[str, str]]:
    known = sources()
    return {
        name: {"citation": known[name].citation, "locator": known[name].locator}
        for name in METHODS
        if name in known
    }
