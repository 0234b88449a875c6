"""What the last cycle's data changed, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Regimen
from ligandose.plan.individual_model import Posterior
from ligandose.plan.prescription_solve import Prescription, label_use

Floats = NDArray[np.float64]

WORTH_SAYING = 0.05
"""Changes of a median dose by less are not told one by one."""
SURPRISING = 1.645
"""A new datum is a reason if it lies outside the 90 % interval of what was expected."""
REASONS_SHOWN = 4


@dataclass(frozen=True)
class Revision:
    """What was believed and planned before the last cycle's data, and after.

    Attributes:
        sentences: what changed and why.
        activity_before_GBq, activity_now_GBq: of the next treatment, then and now.
    """

    sentences: tuple[str, ...]
    activity_before_GBq: float
    activity_now_GBq: float


def dose_per_GBq(posterior: Posterior, regions: Sequence[str]) -> dict[str, Floats]:
    """Return (draws,) dose of the first cycle per activity, at the agent's typical amount."""
    agent = posterior.individual.agent
    activity, _, _, amount = label_use(agent)
    one = Regimen.cycles(
        1, activity_GBq=activity, amount_nmol=amount, comedication=agent.comedication,
        infusion_min=agent.typical.get("infusion_min", 0.0),
    )  # fmt: skip
    course = posterior.course(one, varied=False)
    return {region: course.dose_of(region) / activity for region in regions}


def revision(
    before: Posterior, plan_before: Prescription, now: Posterior, plan_now: Prescription
) -> Revision:
    """Return what changed between two plans for the same patient.

    Args:
        before: posterior without the last cycle's data.
        plan_before: what was planned from it.
        now, plan_now: the same with them.
    """
    regions = ["kidneys", "red_marrow", *now.individual.host.lesions]
    then_dose, now_dose = dose_per_GBq(before, regions), dose_per_GBq(now, regions)
    sentences = [
        _dose_sentence(region, then_dose[region], now_dose[region])
        for region in regions
        if abs(_median(now_dose[region]) / _median(then_dose[region]) - 1.0) >= WORTH_SAYING
    ]
    if not sentences:
        sentences = ["The new data leave the expected doses where they were, within 5 %."]
    reasons = _reasons(before, now)
    if reasons:
        sentences.append("Because " + "; ".join(reasons) + ".")
    then, next_one = _next(plan_before), _next(plan_now)
    sentences.append(_activity_sentence(then, next_one, plan_before, plan_now))
    return Revision(tuple(sentences), then, next_one)


def _median(values: Floats) -> float:
    return float(np.nanmedian(values))


def _dose_sentence(region: str, then: Floats, now: Floats) -> str:
    def said(values: Floats) -> str:
        low, middle, high = np.nanquantile(values, (0.05, 0.5, 0.95))
        return f"{middle:.3g} ({low:.3g} to {high:.3g})"

    name = region.replace("_", " ")
    return f"{name}: {said(then)} Gy/GBq was expected, now it is {said(now)} Gy/GBq."


def _reasons(before: Posterior, now: Posterior) -> list[str]:
    """Return what was measured outside of what the earlier posterior expected."""
    known = set(before.individual.data.activities)
    new = [a for a in now.individual.data.activities if a not in known]
    if not new:
        return []
    later = before.individual.with_data(now.individual.data)
    expected = later.predict(before.draws.score)
    noise = later.sd
    found: list[tuple[float, str]] = []
    for i, datum in enumerate(later.data.activities):
        if datum in known:
            continue
        spread = float(np.hypot(np.nanstd(expected[:, i]), noise[i]))
        away = (later.y[i] - float(np.nanmedian(expected[:, i]))) / spread
        if abs(away) >= SURPRISING:
            ratio = float(np.exp(later.y[i] - np.nanmedian(expected[:, i])))
            found.append((abs(away), f"{later.labels[i]} was {ratio:.2g} times what was expected"))
    if not found:
        return ["all new data lie within what was expected, and narrow it"]
    return [text for _, text in sorted(found, reverse=True)[:REASONS_SHOWN]]


def _next(plan: Prescription) -> float:
    return plan.planned[0].activity_Bq / 1e9 if plan.planned else 0.0


def _activity_sentence(then: float, now: float, before: Prescription, plan: Prescription) -> str:
    def said(found: Prescription) -> str:
        why = f"set by {found.binding!r}" if found.binding else "set by the range of activities"
        each = ", ".join(dict.fromkeys(f"{a.activity_Bq / 1e9:.3g}" for a in found.planned))
        return f"{len(found.planned)} of {each} GBq ({why})"

    as_planned = then > 0.0 and len(before.planned) == len(plan.planned) + 1
    if as_planned and abs(now / then - 1.0) < WORTH_SAYING:
        return f"Treatments to come stay as they were planned: {said(plan)}."
    return (
        f"Treatments planned before the first of these data: {said(before)}; to come now: "
        f"{said(plan)}."
    )
