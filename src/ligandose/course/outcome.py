"""Effect of a whole course: tumour control, complications, blood counts, organ limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.course.results import Course
from ligandose.dose import effective_dose_Sv
from ligandose.effect import (
    BloodCourse,
    LimitCourse,
    LimitQuantity,
    OrganLimit,
    blood_counts,
    ctcae_grade,
    cumulative_against_limits,
    effect_findings,
    lesion_response,
    lineage_parameters,
    lkb_ntcp,
    log_tcp,
    net_uniform_bed_Gy,
    organ_limits,
)
from ligandose.hosts import draw_values

Floats = NDArray[np.float64]

DAY_S = 86400.0
STEP_D = 3.0
FOLLOW_UP_D = 120.0
LINEAGES = ("platelets", "neutrophils")
NTCP_SHOWN = ("kidneys", "liver", "salivary_glands", "urinary_bladder", "lungs")


def outcome_times_s(course: Course) -> Floats:
    """Return the times at which lesions and blood are followed: every third day."""
    end = course.cycles[-1].start_s / DAY_S + FOLLOW_UP_D
    return np.arange(0.0, end + STEP_D, STEP_D) * DAY_S


def cumulative_bed(course: Course, region: str, time_s: Floats) -> Floats:
    """Return (patients, t) BED given up to each time.

    Each cycle's BED builds up as its dose does, with the region's effective half-time.
    """
    column = course.regions.index(region)
    total = np.zeros((course.patients, time_s.size))
    for cycle in course.cycles:
        half_time = np.maximum(cycle.effect.half_time_s[:, column], 1.0)
        age = np.maximum(time_s - cycle.start_s, 0.0)
        given = -np.expm1(-np.log(2.0) * age[None, :] / half_time[:, None])
        total += cycle.effect.bed_Gy[:, column, None] * given
    return total


@dataclass(frozen=True)
class TumourControl:
    """Control of every kind of lesion and of all lesions, (patients,) each."""

    by_lesion: dict[str, Floats]
    all_lesions: Floats


def tumour_control(course: Course) -> TumourControl | None:
    """Return Poisson control with repopulation; None where no radiobiology is published."""
    if course.biology.tumour is None or not course.host.lesions:
        return None
    log_all = np.zeros(course.patients)
    each: dict[str, Floats] = {}
    for lesion in course.host.lesions:
        log_one = _log_control(course, lesion)
        each[lesion] = np.exp(log_one)
        log_all += log_one * np.maximum(course.host_values[f"{lesion}.number"], 1.0)
    return TumourControl(each, np.exp(log_all))


def _log_control(course: Course, lesion: str) -> Floats:
    """Return (patients,) logarithm of the control of one lesion.

    Dose varies within a lesion: its BED is log-normal around the mean, and what counts is the
    uniform BED that spares as many cells (Spoormans et al. 2022,
    doi 10.3390/pharmaceutics14102007).
    """
    time = outcome_times_s(course)
    parameter = course.biology.lesion_parameter
    alpha = parameter("alpha")
    net = net_uniform_bed_Gy(
        time,
        cumulative_bed(course, lesion, time),
        bed_log_sd=float(np.median(parameter("dose_log_sd"))),
        alpha_per_Gy=alpha,
        doubling_time_s=parameter("doubling_time"),
        kick_off_s=parameter("kick_off_time"),
    )
    mass = course.lesions_before.mass_kg[:, course.host.lesions.index(lesion)]
    return log_tcp(net, clonogens=parameter("clonogen_density") * mass, alpha_per_Gy=alpha)


def lesion_masses_g(course: Course, time_s: Floats) -> dict[str, Floats]:
    """Return (patients, t) mass of one lesion of each kind, viable and dead together."""
    masses = {lesion: np.zeros((course.patients, time_s.size)) for lesion in course.host.lesions}
    if course.biology.tumour is None:
        return {}
    parameter = course.biology.lesion_parameter
    before = course.lesions_before
    starts = [c.start_s for c in course.cycles]
    for cycle, end in zip(course.cycles, [*starts[1:], np.inf], strict=True):
        inside = (time_s >= cycle.start_s) & (time_s < end)
        for column, lesion in enumerate(course.host.lesions):
            index = course.regions.index(lesion)
            step = lesion_response(
                before.viable_mass_kg[:, column, None],
                np.nan_to_num(cycle.effect.bed_Gy[:, index, None]),
                interval_s=np.maximum(time_s[inside] - cycle.start_s, 1.0)[None, :],
                alpha_per_Gy=parameter("alpha")[:, None],
                doubling_time_s=parameter("doubling_time")[:, None],
                clearance_half_time_s=parameter("clearance_half_time")[:, None],
                clonogens_per_kg=parameter("clonogen_density")[:, None],
                dead_mass_kg=before.dead_mass_kg[:, column, None],
                dose_half_time_s=cycle.effect.half_time_s[:, index, None],
            )
            masses[lesion][:, inside] = 1e3 * step.mass_kg
        before = cycle.lesions_after
    return masses


def complication_probabilities(course: Course) -> dict[str, Floats]:
    """Return (patients,) LKB probabilities of organs with parameters; EQD2 goes in, never Gy."""
    result: dict[str, Floats] = {}
    for region in NTCP_SHOWN:
        tissue = course.biology.tissues.get(region)
        if tissue is None or tissue.td50_eqd2_Gy is None or tissue.lkb_m is None:
            continue
        eqd2 = course.of(course.eqd2_per_cycle_Gy, region).sum(axis=1)
        result[region] = lkb_ntcp(
            eqd2_Gy=np.nan_to_num(eqd2), td50_eqd2_Gy=tissue.td50_eqd2_Gy, m=tissue.lkb_m
        )
    return result


@dataclass(frozen=True)
class BloodOutcome:
    """Counts of one lineage and the worst CTCAE grade of each patient."""

    course: BloodCourse
    worst_grade: NDArray[np.int64]


def blood_outcome(course: Course, lineage: str) -> BloodOutcome:
    """Return counts over time, driven by the BED of red marrow."""
    parameters = lineage_parameters(lineage)
    time = outcome_times_s(course)
    findings = {
        f"{lineage}.{f.quantity}": f
        for f in effect_findings()
        if f.subject == lineage and f.region == "red_marrow"
    }
    drawn = draw_values(
        findings, patients=course.patients, seed=course.seed, variability=course.varied
    )
    counts = blood_counts(
        time,
        np.nan_to_num(cumulative_bed(course, "red_marrow", time)),
        output_time_s=time,
        baseline_1e9_per_L=drawn[f"{lineage}.baseline"],
        mean_transit_time_s=drawn[f"{lineage}.mean_transit_time"],
        feedback=drawn[f"{lineage}.feedback"],
        sensitivity_per_Gy=drawn[f"{lineage}.sensitivity"],
    )
    grade = ctcae_grade(
        counts.nadir_1e9_per_L,
        lower_limit_1e9_per_L=parameters.lower_limit_1e9_per_L,
        grade_limits_1e9_per_L=parameters.grade_limits_1e9_per_L,
    )
    return BloodOutcome(counts, grade)


@dataclass(frozen=True)
class LimitOutcome:
    """A course against one published limit."""

    limit: OrganLimit
    course: LimitCourse


def limit_outcomes(course: Course) -> list[LimitOutcome]:
    """Return the course against every shipped limit of an organ that it reports."""
    solved = ~course.failed
    per_cycle = {
        LimitQuantity.ABSORBED_DOSE: course.dose_per_cycle_Gy.sum(axis=-1),
        LimitQuantity.BED: course.bed_per_cycle_Gy,
        LimitQuantity.EQD2: course.eqd2_per_cycle_Gy,
    }
    outcomes: list[LimitOutcome] = []
    for limit in organ_limits():
        if limit.region in course.shown_regions and np.any(solved):
            values = course.of(per_cycle[limit.quantity], limit.region)[solved]
            against = cumulative_against_limits(values, limit_Gy=limit.limit_Gy)
            outcomes.append(LimitOutcome(limit, against))
    return outcomes


def effective_dose_mSv_per_MBq(course: Course) -> Floats | None:
    """Return (patients,) effective dose of an imaging agent; None for therapy."""
    if course.agent.purpose != "imaging":
        return None
    dose = np.nan_to_num(course.dose_per_cycle_Gy.sum(axis=1))
    masses = course.cycles[0].masses
    sex = "female" if "female" in course.host.anatomy else "male"
    result = effective_dose_Sv(
        dose, regions=course.regions, mass_kg=masses.mass_kg, sex=sex, missing="whole_body"
    )
    per_Bq = result.effective_dose_Sv / course.regimen.total_activity_Bq
    per_Bq[course.failed] = np.nan
    return per_Bq * 1e9
