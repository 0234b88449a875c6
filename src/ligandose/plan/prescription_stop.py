"""Rules for holding, stopping or changing treatment, applied to what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from ligandose.course import Course
from ligandose.course.summary import distribution
from ligandose.plan.blood_state import BloodState, blood_state
from ligandose.plan.individual_data import COUNTS, PatientData
from ligandose.plan.prescription_goal import Goal
from ligandose.plan.selection_rules import other_targets, target_loss, uptakes

DAY_S = 86400.0
TREND_POINTS = 3
DAYS_PER_YEAR = 365.25


def stop_document(
    data: PatientData, goal: Goal, course: Course, *, treatment: str, seed: int = 1
) -> dict[str, Any]:
    """Return whether to go on now, why not, the rules, and what is expected of the blood.

    Args:
        data: measurements.
        goal: with its stop rules.
        course: of the draws under treatments given and planned.
        treatment: agent of the treatment.
        seed: of the draws of the marrow.
    """
    given = data.treatments(treatment)
    now = given[-1].time_s if given else 0.0
    states = {
        name: blood_state(course, name, data.counts, from_s=now, seed=seed) for name in COUNTS
    }
    reasons = [*_count_reasons(data, goal), *_egfr_reasons(data, goal)]
    lost: list[str] = []
    if goal.stop.lesion_over_liver is not None:
        scans = uptakes(data, treatment=treatment)
        lost = target_loss(scans, threshold=goal.stop.lesion_over_liver)
    return {
        "go_on": not reasons and not lost,
        "reasons": [*reasons, *lost],
        "change_agent": bool(lost),
        "change_to": other_targets(course.agent, course.host.disease) if lost else [],
        "rules": _rules(goal),
        "blood": {name: _blood(state, goal, name) for name, state in states.items()},
        "egfr": _egfr(data),
    }


def _limit_of(goal: Goal, lineage: str) -> float | None:
    return goal.stop.platelets_1e9_L if lineage == "platelets" else goal.stop.neutrophils_1e9_L


def _count_reasons(data: PatientData, goal: Goal) -> list[str]:
    reasons: list[str] = []
    for name in COUNTS:
        own = sorted((c for c in data.counts if c.lineage == name), key=lambda c: c.day)
        limit = _limit_of(goal, name)
        if own and limit is not None and own[-1].count_1e9_L < limit:
            reasons.append(
                f"{name}: {own[-1].count_1e9_L:g} × 10⁹/L on day {own[-1].day:g}, below {limit:g}: "
                "hold until it has recovered"
            )
    return reasons


def _egfr_reasons(data: PatientData, goal: Goal) -> list[str]:
    if not data.egfr:
        return []
    reasons: list[str] = []
    day, last = data.egfr[-1]
    floor, most = goal.stop.egfr_mL_min, goal.stop.egfr_loss_percent
    if floor is not None and last < floor:
        reasons.append(f"eGFR: {last:g} mL/min on day {day:g}, below {floor:g}: stop")
    before = [value for d, value in data.egfr if d <= 0.0]
    if most is not None and before and day > 0.0:
        lost = 100.0 * (1.0 - last / before[-1])
        if lost > most:
            reasons.append(
                f"eGFR: {lost:.0f} % lost since before treatment (day {day:g}), above {most:g} %: "
                "stop"
            )
    return reasons


def _egfr(data: PatientData) -> dict[str, Any] | None:
    """Return the values and, from three on, the trend of their logarithm."""
    if not data.egfr:
        return None
    day = np.array([d for d, _ in data.egfr])
    value = np.array([v for _, v in data.egfr])
    result: dict[str, Any] = {"day": day.tolist(), "mL_min": value.tolist()}
    if day.size >= TREND_POINTS and np.ptp(day) > 0.0:
        slope, _ = np.polyfit(day, np.log(value), 1)
        result["change_percent_per_year"] = float(100.0 * np.expm1(slope * DAYS_PER_YEAR))
    return result


def _blood(state: BloodState, goal: Goal, lineage: str) -> dict[str, Any]:
    limit = _limit_of(goal, lineage)
    low, middle, high = np.quantile(state.count_1e9_L, (0.05, 0.5, 0.95), axis=0)
    return {
        "nadir_1e9_L": distribution(state.nadir_1e9_L),
        "probability_below_rule": None if limit is None else state.probability_below(limit),
        "rule_1e9_L": limit,
        "independent_sets": state.effective,
        "curve": {
            "day": (state.time_s / DAY_S).tolist(),
            "p05": low.tolist(),
            "median": middle.tolist(),
            "p95": high.tolist(),
        },
    }


def _rules(goal: Goal) -> list[str]:
    stop, rules = goal.stop, list[str]()
    if stop.platelets_1e9_L is not None:
        rules.append(f"Hold while platelets are below {stop.platelets_1e9_L:g} × 10⁹/L.")
    if stop.neutrophils_1e9_L is not None:
        rules.append(f"Hold while neutrophils are below {stop.neutrophils_1e9_L:g} × 10⁹/L.")
    if stop.egfr_mL_min is not None:
        rules.append(f"Stop if eGFR falls below {stop.egfr_mL_min:g} mL/min.")
    if stop.egfr_loss_percent is not None:
        rules.append(f"Stop if eGFR loses more than {stop.egfr_loss_percent:g} %.")
    if stop.lesion_over_liver is not None:
        rules.append(
            f"Change the agent if re-imaging shows a lesion below {stop.lesion_over_liver:g} "
            "times the liver."
        )
    rules.append("Plan again after each cycle, with its measurements.")
    return rules
