"""A screen as one JSON-able document."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import STAGES, agent, agents_against, highest_stage, vector_findings
from ligandose.course.summary import distribution
from ligandose.design import screen_rank as ranking
from ligandose.design.screen_candidates import Candidate
from ligandose.design.screen_companion import companion
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_settings import setting
from ligandose.evidence import sources
from ligandose.targets import profile, target

Floats = NDArray[np.float64]
NO_ORGAN = "none"
OMISSIONS = (
    "Activity of a patient's own: the doses are those of a course at the middle activity of the "
    "population, in proportion; only the shrinking of lesions between cycles makes a difference.",
    "Uncertainty of knowledge is drawn with a first cycle repeated; it moves the population as a "
    "whole.",
    "Limits of external beam stand in where no limit of radionuclide therapy is published.",
    "A generic vector binds every target as its lender binds its own; densities of most targets "
    "come from the expression model, whose error is a factor of several.",
    "Tumour control knows a log-normal spread of dose within a lesion, but no cells without the "
    "target, no micrometastases and no resistant clones.",
)


def document(
    plan: ScreenPlan, made: Sequence[Candidate], results: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a screen: the setting, and every candidate with numbers or reasons.

    Distributions are between patients at best estimates; `uncertainty` beside them is that of
    knowledge, and `lower_end` the 5th percentile of both together, by which ranks are given.
    """
    solved = [c for c in made if c.feasible]
    entries = _compared(plan, solved, results)
    listed = [entries.get(c.name) or _infeasible(plan, c) for c in made]
    order = sorted(
        range(len(listed)), key=lambda i: (listed[i]["rank"] or math.inf, listed[i]["agent"])
    )
    cited = {limit.source for limit in plan.limits}
    known = sources()
    return {
        "indication": plan.indication,
        "host": plan.host,
        "disease": plan.disease,
        "setting": _setting(plan),
        "patients": plan.patients,
        "seed": plan.seed,
        "knowledge_draws": plan.knowledge,
        "reference": plan.reference or None,
        "ranked_by": plan.goal,
        "ranked_at": plan.rank_at,
        "limits": [asdict(limit) for limit in plan.limits],
        "limit_fraction": plan.fraction,
        "activity": {"mode": plan.mode, "share_beyond": plan.share_beyond},
        "candidates": [listed[i] for i in order],
        "counts": {
            "combinations": len(made),
            "feasible": len(solved),
            "infeasible": len(made) - len(solved),
        },
        "sources": {
            name: {"citation": known[name].citation, "locator": known[name].locator}
            for name in sorted(cited)
            if name in known
        },
        "notes": list(plan.notes),
        "omissions": list(OMISSIONS),
    }


def _setting(plan: ScreenPlan) -> dict[str, Any]:
    def spread(values: tuple[float, float] | None) -> dict[str, float] | None:
        return None if values is None else {"median": values[0], "cv": values[1]}

    return {
        "name": plan.setting or None,
        "goal": plan.goal,
        "marrow": plan.marrow,
        "route": plan.route,
        "lesion_mass_g": spread(plan.lesion_mass_g),
        "lesion_number": spread(plan.lesion_number),
        "notes": list(setting(plan.setting).notes),
    }


# ------------------------------------------------------------------ comparison


def _compared(
    plan: ScreenPlan, solved: Sequence[Candidate], results: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    scores = _scores(plan, solved, results)
    lower = scores.lower_end()
    rank = ranking.ranks(lower)
    steady = ranking.stability(scores, seed=plan.seed)
    margin = np.array([_middle_margin(results[c.name]) for c in solved])
    front = ranking.pareto(lower, margin)
    names = [c.name for c in solved]
    better: Floats | None = None
    if plan.reference in names:
        better = ranking.better_than(scores, names.index(plan.reference))
    found: dict[str, dict[str, Any]] = {}
    for i, one in enumerate(solved):
        found[one.name] = {
            **_entry(plan, one, results[one.name]),
            "score_lower_end": _known(lower[i]),
            "rank": int(rank[i]),
            "rank_interval": {"p05": float(steady.low[i]), "p95": float(steady.high[i])},
            "rank_same_share": float(steady.same[i]),
            "top_3_share": float(steady.top[i]),
            "p_better_than_reference": None if better is None else _known(better[i]),
            "pareto": bool(front[i]),
        }
    return found


def _scores(
    plan: ScreenPlan, solved: Sequence[Candidate], results: Mapping[str, Mapping[str, Any]]
) -> ranking.Scores:
    """Return what candidates are ranked by, higher is better.

    For control it is minus the logarithm of the expected survivors, of which control is a rising
    function: quantiles and comparisons are those of control, and agents whose control is 0 or 1
    are still told apart. For the marrow it is the logarithm of its BED.
    """
    return ranking.Scores(
        np.stack([_score(results[one.name], plan.rank_at, plan.goal) for one in solved])
    )


def _score(result: Mapping[str, Any], block: str, goal: str) -> Floats:
    """Return (P, K) scores: patients at best estimates, moved by each draw of knowledge."""
    at = result["at"][block]
    if goal == "marrow_bed":
        shift = _drawn(result, "log10_marrow_bed", 0.0)
        return np.log10(np.maximum(_array(at["marrow_bed_Gy"]), 1e-9))[:, None] + shift
    kill = _array(at["log10_kill"])
    moved = kill[:, None] * _drawn(result, "kill_ratio", 1.0)
    if goal == "log10_kill":
        return moved
    clonogens = (kill + _array(at["log10_survivors"]))[:, None]
    return moved - clonogens - _drawn(result, "log10_clonogens", 0.0)


def _drawn(result: Mapping[str, Any], key: str, none: float) -> Floats:
    """Return (K,) draws of a shift; one draw that changes nothing where none was made."""
    drawn = _array([k[key] for k in result["knowledge"]])
    return drawn if drawn.size else np.array([none])


def _middle_margin(result: Mapping[str, Any]) -> float:
    """Return the median margin; its lower end is 1 wherever an organ stops a patient in twenty."""
    known = _margin(result)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if known.size else math.nan


def _margin(result: Mapping[str, Any]) -> Floats:
    """Return (P,) activity at the limit over the practical one, from 1 where the limit decides."""
    activity = result["activity_GBq"]
    return _array(activity["limit"]) / _array(activity["practical"])


# ------------------------------------------------------------------ entries


def _entry(plan: ScreenPlan, one: Candidate, result: Mapping[str, Any]) -> dict[str, Any]:
    at = {name: _block(result, name) for name in ("limit", "cap", "practical")}
    ranked = at[plan.rank_at]
    limiting = [result["limits"][i] if i >= 0 else NO_ORGAN for i in result["limiting"]]
    organs = ranking.shares(limiting)
    cycles = result["supply"]["cycles"]
    return {
        **_head(plan, one),
        "feasible": True,
        "reasons": [],
        "caveats": list(one.caveats),
        "limiting_organ": next(iter(organs)),
        "limiting_organ_shares": dict(organs),
        "limited_by_shares": dict(ranking.shares(_limited_by(result, limiting))),
        "organ_fraction_of_limit": {
            organ: distribution(_array(values))
            for organ, values in result["organ_fraction"].items()
        },
        "cycles": cycles,
        "every_weeks": result["supply"]["every_weeks"],
        "activity_at_limit_GBq": distribution(cycles * _array(result["activity_GBq"]["limit"])),
        "tumour_dose_Gy": ranked["tumour_dose_Gy"],
        "log10_kill": {**ranked["log10_kill"], **_knowledge(result, plan.rank_at)},
        "tcp": ranked["tcp"],
        "time_to_regrowth_d": ranked["time_to_regrowth_d"],
        "marrow_bed_Gy": ranked["marrow_bed_Gy"],
        "at_limit": at["limit"],
        "at_cap": at["cap"],
        "at_practical": at["practical"],
        "toxicity_margin": distribution(_margin(result)),
        "supply": _supply(result),
        "companion": _companion(one, result),
        "failed_patients": len(result["failed"]),
    }


def _head(plan: ScreenPlan, one: Candidate) -> dict[str, Any]:
    tier = _tier(one.target, plan.indication)
    return {
        "agent": one.name,
        "target": one.target,
        "target_name": target(one.target).common_name,
        "compartments": list(target(one.target).compartments(plan.indication)),
        "vector": one.vector,
        "vector_of": agent(one.base).vector,
        "nuclide": one.nuclide,
        "label": one.label or None,
        "label_holds": one.compatibility or None,
        "evidence_tier": tier,
        "evidence": _evidence(one),
    }


def _tier(name: str, indication: str) -> int | None:
    return profile(name, indication).tier if indication else None


def _evidence(one: Candidate) -> dict[str, Any]:
    against = agents_against(one.target)
    same = [a for a in against if one.nuclide in a.nuclides]
    return {
        "agents_against_target": len(against),
        "highest_stage_of_target": highest_stage(one.target) or None,
        "highest_stage_with_nuclide": max((a.stage for a in same), key=STAGES.index, default=None),
    }


def _block(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    at, cycles = result["at"][name], result["supply"]["cycles"]
    activity = _array(result["activity_GBq"][name])
    limit = _array(result["activity_GBq"]["limit"])
    return {
        "activity_GBq": distribution(cycles * activity),
        "activity_per_cycle_GBq": distribution(activity),
        "share_beyond_limit": float(np.mean(activity > limit * (1.0 + 1e-9))),
        "tumour_dose_Gy": distribution(_array(at["tumour_dose_Gy"])),
        "log10_kill": distribution(_array(at["log10_kill"])),
        "tcp": distribution(_array(at["tcp"])),
        "time_to_regrowth_d": distribution(_array(at["regrowth_d"])),
        "marrow_dose_Gy": distribution(_array(at["marrow_dose_Gy"])),
        "marrow_bed_Gy": distribution(_array(at["marrow_bed_Gy"])),
    }


def _knowledge(result: Mapping[str, Any], block: str) -> dict[str, Any]:
    """Return the uncertainty of knowledge of the kill, and the lower end of both together."""
    patients = _array(result["at"][block]["log10_kill"])
    ratio = _drawn(result, "kill_ratio", 1.0)
    middle = float(np.nanmedian(patients)) if np.any(np.isfinite(patients)) else math.nan
    lower = ranking.Scores(_score(result, block, "log10_kill")[None]).lower_end()[0]
    return {
        "uncertainty": distribution(middle * ratio) if result["knowledge"] else None,
        "lower_end": _known(lower),
    }


def _limited_by(result: Mapping[str, Any], limiting: Sequence[str]) -> list[str]:
    """Return what decides the practical activity of each patient: an organ or a cap."""
    activity = result["activity_GBq"]
    capped = str(result["supply"]["capped_by"])
    return [
        organ if cap is None or (limit is not None and limit <= cap) else f"cap: {capped}"
        for organ, limit, cap in zip(limiting, activity["limit"], activity["cap"], strict=True)
    ]


def _supply(result: Mapping[str, Any]) -> dict[str, Any]:
    held = result["supply"]
    practical = distribution(_array(result["activity_GBq"]["practical"]))
    needed = practical["median"] / held["specific_activity_GBq_nmol"]
    impurities = {
        name: {
            "activity_fraction_at_injection": share,
            "activity_MBq_per_cycle": 1e3 * share * practical["median"],
        }
        for name, share in held["impurities"].items()
    }
    return {
        "amount_nmol": held["amount_nmol"],
        "least_amount_nmol": needed,
        "specific_activity_GBq_nmol": held["specific_activity_GBq_nmol"],
        "labelled_share": held["specific_activity_GBq_nmol"] / held["carrier_free_GBq_nmol"],
        "left_after_transport": held["left_after_transport"],
        "activity_at_calibration_GBq": practical["median"] / held["left_after_transport"],
        "activity_cap_GBq": held["activity_cap_GBq"],
        "capped_by": held["capped_by"],
        "impurities": impurities,
    }


def _companion(one: Candidate, result: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what images the agent, and what a plan from its images would rest on."""
    found = companion(one.nuclide, one.label)
    if found is None:
        return None
    vector = agent(one.base).vector
    as_imaged, as_given = (vector_findings(vector, n) for n in (found.nuclide, one.nuclide))
    return {
        **asdict(found),
        "metal_changes_binding": as_imaged != as_given,
        "share_of_decays_after_imaging": dict(result["after_imaging"]),
    }


def _infeasible(plan: ScreenPlan, one: Candidate) -> dict[str, Any]:
    empty = (
        "limiting_organ", "activity_at_limit_GBq", "tumour_dose_Gy", "log10_kill", "tcp",
        "time_to_regrowth_d", "marrow_bed_Gy", "score_lower_end", "rank", "rank_interval",
        "p_better_than_reference",
    )  # fmt: skip
    return {
        **_head(plan, one),
        "feasible": False,
        "reasons": list(one.reasons),
        "caveats": [],
        **dict.fromkeys(empty),
        "pareto": False,
    }


def _array(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
