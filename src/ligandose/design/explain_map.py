"""Targets by nuclides in the same virtual patients: the map of an explanation, and its ranks.

A quick screen: a first cycle is repeated, without draws of knowledge and without a practical cap.
`ligandose screen` has all of that; its document takes the map's place where a study names one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course.summary import distribution
from ligandose.design.explain_model import Case, Outcomes, case_of, outcomes
from ligandose.design.explain_sensitivity import population_changes
from ligandose.design.explain_study import shown_target
from ligandose.design.screen_candidates import Candidate, candidates
from ligandose.design.screen_plan import ScreenPlan
from ligandose.errors import LigandoseError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BOOTSTRAPS = 200
LOWER_END = 0.05


def map_document(
    plan: ScreenPlan,
    reference: Case,
    *,
    patients: int,
    threads: int | None = None,
    told: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Return all combinations of a plan with their effect at the limit, ranked.

    Args:
        plan: targets, classes of vectors and nuclides; limits and host.
        reference: agent that all are compared with in the same patients.
        patients: of the virtual population, the same for all.
        threads: of the simulation.
        told: called with the share done.

    Raises:
        InputError: nothing is left; says which rule removed how many.
    """
    made = candidates(plan)
    found: list[Outcomes | None] = []
    reasons: list[list[str]] = []
    for k, one in enumerate(made):
        if told is not None:
            told(k / len(made))
        result, why = _simulated(plan, one, patients, threads)
        found.append(result)
        reasons.append(why)
    changes = population_changes(reference, patients=patients, seed=plan.seed)
    baseline = _score(plan, outcomes(reference, changes, rows=patients, threads=threads))
    scores = [None if f is None else _score(plan, f) for f in found]
    ranks = _ranks([s for s in scores if s is not None], seed=plan.seed)
    listed: list[dict[str, Any]] = []
    for one, result, score, why in zip(made, found, scores, reasons, strict=True):
        rank = None if score is None else next(ranks)
        listed.append(_entry(one, result, score, baseline, why, rank))
    return {
        "indication": plan.indication,
        "patients": patients,
        "reference": reference.name,
        "ranked_by": "tcp" if plan.goal == "tcp" else "log10_kill",
        "candidates": sorted(listed, key=lambda c: (c["rank"] or 10**6, c["agent"])),
    }


def _simulated(
    plan: ScreenPlan, one: Candidate, patients: int, threads: int | None
) -> tuple[Outcomes | None, list[str]]:
    if not one.feasible:
        return None, list(one.reasons)
    try:
        case = case_of(plan, one.task())
        changes = population_changes(case, patients=patients, seed=plan.seed)
        return outcomes(case, changes, rows=patients, threads=threads), []
    except LigandoseError as error:
        return None, [f"not simulatable: {error}"]


def _score(plan: ScreenPlan, found: Outcomes) -> Floats:
    """Return (patients,) what ranks: kill, or fewer survivors where control is the goal."""
    return -found.log10_survivors if plan.goal == "tcp" else found.log10_kill


def _ranks(scores: Sequence[Floats], *, seed: int) -> Any:
    """Yield rank and (p05, p95) of the rank over bootstraps of the patients, one per score."""
    if not scores:
        return
    every = np.nan_to_num(np.stack(scores), nan=-np.inf)
    rng = np.random.default_rng([seed, 6])
    again = rng.integers(every.shape[1], size=(BOOTSTRAPS, every.shape[1]))
    drawn = np.stack([_order(every[:, rows]) for rows in again])
    own = _order(every)
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    for k in range(own.size):
        yield int(own[k]), float(low[k]), float(high[k])


def _order(scores: Floats) -> Ints:
    """Return ranks from 1 by the lower end over the patients."""
    place = np.sort(scores, axis=1)[:, int(LOWER_END * (scores.shape[1] - 1))]
    ranks = np.empty(place.size, dtype=np.int64)
    ranks[np.argsort(-place, kind="stable")] = np.arange(1, place.size + 1)
    return ranks


def _entry(
    one: Candidate,
    found: Outcomes | None,
    score: Floats | None,
    baseline: Floats,
    why: Sequence[str],
    rank: tuple[int, float, float] | None,
) -> dict[str, Any]:
    head = {
        "agent": one.name,
        "target": one.target,
        "target_name": shown_target(one.target),
        "vector": one.vector,
        "nuclide": one.nuclide,
        "feasible": found is not None,
        "reasons": list(why),
    }
    if found is None or score is None or rank is None:
        empty = ("rank", "rank_interval", "limiting_organ", "log10_kill", "tcp",
                 "p_better_than_reference")  # fmt: skip
        return {**head, **dict.fromkeys(empty)}
    first = found.most_limiting()
    both = np.isfinite(score) & np.isfinite(baseline)
    return {
        **head,
        "rank": rank[0],
        "rank_interval": {"p05": rank[1], "p95": rank[2]},
        "limiting_organ": found.limits[first] if first >= 0 else "none",
        "log10_kill": distribution(found.log10_kill),
        "tcp": distribution(found.tcp),
        "activity_at_limit_GBq_per_cycle": distribution(found.activity_GBq),
        "p_better_than_reference": float((score > baseline)[both].mean()),
    }
