"""A patient's own marrow: blood counts weigh what is believed of it.

Baseline, transit time, feedback and radiosensitivity of a lineage are drawn from the population,
one set with each draw of the patient's marrow dose; sets are weighed with the counts that were
measured (log-normal error, `plan_model.csv`) and resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.course.outcome import cumulative_bed
from ligandose.effect import blood_counts, effect_findings
from ligandose.hosts import draw_values
from ligandose.plan.individual_data import CountDatum, model_sd
from ligandose.plan.individual_sample import resampled

Floats = NDArray[np.float64]

SETS_PER_DRAW = 10
DAY_S = 86400.0
FOLLOW_UP_D = 90.0
STEP_D = 3.0


@dataclass(frozen=True)
class BloodState:
    """Counts of one lineage under a regimen, after those that were measured.

    Attributes:
        time_s: (t,) after the first treatment.
        count_1e9_L: (sets, t) equally weighted.
        nadir_1e9_L: (sets,) lowest from the time of `from_s` on.
        effective: number of independent sets that the weights leave.
    """

    time_s: Floats
    count_1e9_L: Floats
    nadir_1e9_L: Floats
    effective: float

    def probability_below(self, count_1e9_L: float) -> float:
        """Return the share of sets whose nadir is below a count."""
        return float(np.mean(self.nadir_1e9_L < count_1e9_L))


def blood_state(
    course: Course,
    lineage: str,
    counts: Sequence[CountDatum],
    *,
    from_s: float = 0.0,
    seed: int = 1,
) -> BloodState:
    """Return the counts that a course leads to, given those measured in this patient.

    Args:
        course: of the draws of the posterior, treatments given and planned.
        lineage: "platelets" or "neutrophils".
        counts: measured counts of all lineages.
        from_s: the nadir is looked for from here on.
        seed: of the draws of the marrow.
    """
    own = [c for c in counts if c.lineage == lineage]
    last = max([course.cycles[-1].start_s / DAY_S, *(c.day for c in own)]) + FOLLOW_UP_D
    time = np.arange(0.0, last + STEP_D, STEP_D) * DAY_S
    findings = {
        f.quantity: f
        for f in effect_findings()
        if f.subject == lineage and f.region == "red_marrow"
    }
    bed = np.nan_to_num(cumulative_bed(course, "red_marrow", time))
    bed = np.repeat(bed, SETS_PER_DRAW, axis=0)
    drawn = draw_values(findings, patients=bed.shape[0], seed=seed, variability=True)
    found = blood_counts(
        time,
        bed,
        output_time_s=time,
        baseline_1e9_per_L=drawn["baseline"],
        mean_transit_time_s=drawn["mean_transit_time"],
        feedback=drawn["feedback"],
        sensitivity_per_Gy=drawn["sensitivity"],
    )
    weight = _weights(time, found.count_1e9_per_L, own)
    chosen = resampled(weight, weight.size, rng=np.random.default_rng([seed, 9]))
    count = found.count_1e9_per_L[chosen]
    later = time >= min(from_s, time[-1])
    return BloodState(time, count, count[:, later].min(axis=1), 1.0 / float((weight**2).sum()))


def _weights(time: Floats, count: Floats, own: Sequence[CountDatum]) -> Floats:
    """Return weights that add up to 1; counts before treatment stand for the baseline."""
    log_weight = np.zeros(count.shape[0])
    sd = model_sd("structure", "count")
    for datum in own:
        at = _at(max(datum.day, 0.0) * DAY_S, time, count)
        log_weight -= 0.5 * (np.log(at / datum.count_1e9_L) / sd) ** 2
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _at(moment_s: float, time_s: Floats, count: Floats) -> Floats:
    """Return (sets,) counts of (sets, t) curves at a moment, straight between the times."""
    k = int(np.clip(np.searchsorted(time_s, moment_s), 1, time_s.size - 1))
    share = (moment_s - time_s[k - 1]) / (time_s[k] - time_s[k - 1])
    return count[:, k - 1] + np.clip(share, 0.0, 1.0) * (count[:, k] - count[:, k - 1])
