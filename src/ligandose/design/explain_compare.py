"""Why one agent is better than another: groups of properties exchanged one set at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import agent
from ligandose.course.summary import distribution
from ligandose.design.explain_model import Outcomes, case_of, outcomes
from ligandose.design.explain_sensitivity import population_changes
from ligandose.design.screen_candidates import Candidate
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.sensitivity_shapley import shapley_values

Floats = NDArray[np.float64]

GROUPS = ("vector", "nuclide", "target", "label")
MEANING = {
    "vector": "the molecule with its kinetics, amount and schedule",
    "nuclide": "half-life, emissions and range",
    "target": "densities of the target in tumour and organs",
    "label": "what holds the nuclide, and how long cells keep it",
}


def comparison_document(
    plan: ScreenPlan,
    better: Candidate,
    other: Candidate,
    *,
    patients: int,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return the difference in log10 kill at the limit, shared between groups of properties.

    Every set of groups is taken from the first agent and the rest from the second, in the same
    patients; the shares are exact Shapley values over these hybrids and add up to the difference
    in every patient. Hybrids need not be makeable.

    Args:
        plan: limits and host.
        better, other: the agents; the difference is of the first minus the second.
        patients: of the virtual population.
        threads: of the simulation.
    """
    differing = [g for g in GROUPS if _property(better, g) != _property(other, g)]
    if not differing:
        return {"first": better.name, "second": other.name, "groups": [], "hybrids": []}
    hybrids: list[tuple[Candidate, Outcomes]] = []
    kills: list[Floats] = []
    for which in range(1 << len(differing)):
        taken = [g for k, g in enumerate(differing) if (which >> k) & 1]
        made = _hybrid(better, other, taken)
        case = case_of(plan, made.task())
        changes = population_changes(case, patients=patients, seed=plan.seed)
        hybrids.append((made, outcomes(case, changes, rows=patients, threads=threads)))
        kills.append(hybrids[-1][1].log10_kill)
    kill = np.stack(kills)
    shares = shapley_values(kill)
    both = np.isfinite(kill[-1]) & np.isfinite(kill[0])
    return {
        "first": better.name,
        "second": other.name,
        "patients": patients,
        "log10_kill": {better.name: distribution(kill[-1]), other.name: distribution(kill[0])},
        "difference": distribution(kill[-1] - kill[0]),
        "better_share": float((kill[-1] > kill[0])[both].mean()),
        "groups": [
            {
                "group": group,
                "meaning": MEANING[group],
                "from": _shown(other, better, group),
                "to": _shown(better, other, group),
                "log10_kill": distribution(shares[k]),
            }
            for k, group in enumerate(differing)
        ],
        "same": [g for g in GROUPS if g not in differing],
        "hybrids": [_hybrid_entry(made, found, differing) for made, found in hybrids],
    }


def _property(one: Candidate, group: str) -> str:
    return {
        "vector": one.vector if one.generic else one.base,
        "nuclide": one.nuclide,
        "target": one.target,
        "label": one.label,
    }[group]


def _shown(one: Candidate, beside: Candidate, group: str) -> str:
    """Return a property as a reader sees it: a molecule by its own name where that tells."""
    found = _property(one, group)
    if group != "vector" or one.generic:
        return found
    name = agent(one.base).vector
    same = not beside.generic and agent(beside.base).vector == name
    return found if same else name


def _hybrid(better: Candidate, other: Candidate, taken: Sequence[str]) -> Candidate:
    """Return the second agent with groups of the first."""

    def of(group: str) -> Candidate:
        return better if group in taken else other

    vector = of("vector")
    made = replace(
        vector,
        target=of("target").target,
        nuclide=of("nuclide").nuclide,
        label=of("label").label,
    )
    if len(taken) == 0:
        return other
    names = (made.vector, made.target, made.nuclide, made.label)
    own = (better.vector, better.target, better.nuclide, better.label)
    return better if names == own else replace(made, name=" · ".join(n for n in names if n))


def _hybrid_entry(made: Candidate, found: Outcomes, differing: Sequence[str]) -> Mapping[str, Any]:
    first = found.most_limiting()
    return {
        "name": made.name,
        **{g: _property(made, g) for g in differing},
        "log10_kill": distribution(found.log10_kill),
        "activity_at_limit_GBq_per_cycle": distribution(found.activity_GBq),
        "limiting_organ": found.limits[first] if first >= 0 else None,
    }
