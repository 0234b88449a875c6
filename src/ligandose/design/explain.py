"""Why an agent is what it is: one document from sensitivity to value of information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from ligandose.design.explain_blueprint import blueprint_document
from ligandose.design.explain_compare import comparison_document
from ligandose.design.explain_dossier import dossier_document
from ligandose.design.explain_information import information_document
from ligandose.design.explain_model import Case, case_of
from ligandose.design.explain_sensitivity import (
    reference_outcomes,
    shapley_document,
    sobol_document,
)
from ligandose.design.explain_study import ExplainPlan, shown_target
from ligandose.design.screen_candidates import Candidate
from ligandose.errors import InputError
from ligandose.evidence import sources

Progress = Callable[[float, str], None]
COMPARED_PATIENTS = 100
OMISSIONS = (
    "A first cycle is repeated: lesions do not shrink between cycles, which a screen follows.",
    "Indices hold for the ranges that are stated, which are choices; another range gives others.",
    "Homogeneity of the target acts through the spread of dose within a lesion (log-normal) and "
    "through the ratio between kinds of lesion; cells without the target and the compartment of "
    "the decays are followed by `ligandose tissue`, not here.",
    "Nuclide is one discrete factor: half-life, emissions and range change together.",
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
    sensitivity = [
        _sobol(plan, one, case, threads, told, k / (2 + len(cases)))
        for k, (one, case) in enumerate(zip(plan.agents, cases, strict=True))
        if plan.part.sensitivity is not False
    ]
    told(0.6, "population")
    population = [
        {"agent": c.name, **shapley_document(
            c, patients=plan.part.population, seed=plan.screen.seed, threads=threads)}
        for c in cases
        if plan.part.population is not False
    ]  # fmt: skip
    told(0.7, "comparison")
    comparison = _comparison(plan, threads)
    told(0.78, "blueprint")
    blueprint = _blueprint(plan, cases[0], threads)
    told(0.88, "value of information")
    information = _information(plan, cases, threads)
    document: dict[str, Any] = {
        "indication": plan.screen.indication,
        "disease": plan.screen.disease,
        "host": plan.screen.host,
        "setting": plan.screen.setting or None,
        "goal": plan.screen.goal,
        "seed": plan.screen.seed,
        "limits": [asdict(limit) for limit in plan.screen.limits],
        "limit_fraction": plan.screen.fraction,
        "agents": [_head(o, c) for o, c in zip(plan.agents, cases, strict=True)],
        "sensitivity": sensitivity,
        "population": population,
        "comparison": comparison,
        "blueprint": blueprint,
        "information": information,
        "sources": _sources(),
        "notes": list(plan.screen.notes),
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


def _sobol(
    plan: ExplainPlan,
    one: Candidate,
    case: Case,
    threads: int | None,
    told: Progress,
    share: float,
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
        told=lambda what: told(share, what),
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
