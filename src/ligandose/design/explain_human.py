"""First in human: what an agent is expected to give to whom, and how much may be given.

From the simulation, with patients that differ and draws from what is not known together; a
translation from animals stands beside it where a study names one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course.summary import distribution
from ligandose.design.explain_factors import Changes
from ligandose.design.explain_information import knowledge_changes
from ligandose.design.explain_model import Case, outcomes
from ligandose.design.explain_sensitivity import population_changes

Floats = NDArray[np.float64]

SAFE_SHARE = 0.05
"""The activity to discuss is at a limit in at most this share of the virtual patients."""


def human_document(
    case: Case, *, patients: int, seed: int, threads: int | None = None
) -> dict[str, Any]:
    """Return doses per activity, activities at each limit and the activity to discuss.

    Args:
        case: agent, host and limits.
        patients: virtual patients, each with a draw from what is not known.
        seed: of both.
        threads: of the simulation.
    """
    both = joined(
        population_changes(case, patients=patients, seed=seed),
        knowledge_changes(case, draws=patients, seed=seed),
    )
    found = outcomes(case, both, rows=patients, threads=threads)
    first = found.limiting
    limits = {x.region: x for x in case.plan.limits}
    organs: list[dict[str, Any]] = [
        {
            "region": region,
            "dose_per_activity_Gy_per_GBq": distribution(found.organ_Gy_per_GBq[:, k]),
            "limit_Gy": limits[region].limit_Gy,
            "quantity": limits[region].quantity,
            "activity_at_limit_GBq": distribution(
                found.activity_of_limit_GBq[:, k] * case.supply.cycles
            ),
            "limits_share": np.count_nonzero(first == k) / patients,
        }
        for k, region in enumerate(found.limits)
    ]
    organs.sort(key=lambda o: -o["limits_share"])
    per_cycle = found.activity_GBq[np.isfinite(found.activity_GBq)]
    low = float(np.quantile(per_cycle, SAFE_SHARE)) if per_cycle.size else None
    return {
        "agent": case.name,
        "patients": patients,
        "cycles": case.supply.cycles,
        "amount_nmol": case.supply.amount_nmol,
        "tumour_dose_per_activity_Gy_per_GBq": distribution(found.tumour_Gy_per_GBq),
        "organs": organs,
        "safe_share": SAFE_SHARE,
        "activity_to_discuss_GBq_per_cycle": low,
    }


def joined(first: Changes, second: Changes) -> Changes:
    """Return the multipliers of both, multiplied where both change a finding."""

    def product(a: Any, b: Any) -> dict[str, Floats]:
        keys = dict.fromkeys([*a, *b])
        return {k: a[k] * b[k] if k in a and k in b else a.get(k, b.get(k)) for k in keys}

    return Changes(
        host=product(first.host, second.host),
        agent=product(first.agent, second.agent),
        lesion=product(first.lesion, second.lesion),
    )
