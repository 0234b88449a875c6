"""A course as one JSON-able document: distributions over patients, units in the names."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course import outcome
from ligandose.course.absorbed import WHOLE_BODY
from ligandose.course.cross_dose import CrossDose, cross_dose
from ligandose.course.reservoirs import CHARGED, CavityDose
from ligandose.course.results import Course
from ligandose.course.summary import band, distribution
from ligandose.dose import RADIATIONS
from ligandose.effect import LimitQuantity, OrganLimit
from ligandose.evidence import Finding, read_table, sources
from ligandose.evidence.provenance import provenance
from ligandose.hosts import VEIN

Floats = NDArray[np.float64]

CURVES_SHOWN = 12
WORST_GRADE = 4  # of a blood count in CTCAE
LIMIT_KEYS = {
    LimitQuantity.ABSORBED_DOSE: "dose_Gy",
    LimitQuantity.BED: "bed_Gy",
    LimitQuantity.EQD2: "eqd2_Gy",
}
MODEL_OMISSIONS = (
    "Free label and metabolites: what organs release is one small hydrophilic fragment that is "
    "filtered and does not bind again.",
    "Lesions of a kind are alike within a patient, with uniform density and dose; lesions do not "
    "displace the organ that they lie in.",
    "Doomed tumour cells keep their targets until they are cleared.",
    "Tumour control is an upper end: it knows a log-normal spread of dose within a lesion, but "
    "no cells without the target, no micrometastases and no resistant clones.",
    "Blood counts hold no marrow infiltration, earlier therapy, growth factors or transfusions.",
)


def course_document(course: Course) -> dict[str, Any]:
    """Return the document of a course; NaN stands for what was not computed."""
    from importlib.metadata import version

    findings = _findings(course)
    published = _published(course.agent.name)
    limits = outcome.limit_outcomes(course)
    lineages = outcome.LINEAGES if course.agent.purpose == "therapy" else ()
    blood = {name: outcome.blood_outcome(course, name) for name in lineages}
    cross = cross_dose(course)
    cited = {f.source for f in findings} | {p["source"] for p in published}
    cited |= {o.limit.finding.source for o in limits} | {course.agent.source}
    return {
        "document": "ligandose.course",
        "schema": 1,
        "version": version("ligandose"),
        "research_use_only": True,
        "agent": _agent(course),
        "host": {
            "name": course.host.name,
            "disease": course.host.disease,
            "body_mass_kg": distribution(course.host_values["whole_body.body_mass"]),
            "gfr_mL_min": distribution(course.host_values["kidneys.gfr"] * 6e4),
        },
        "regimen": regimen_document(course),
        "patients": course.patients,
        "failed": _failed(course),
        "seed": course.seed,
        "regions": [_region(course, region, cross) for region in course.shown_regions],
        **({"cavities": [_cavity(c) for c in course.cavities]} if course.cavities else {}),
        "curves": _curves(course, blood),
        "limits": [_limit(o) for o in limits],
        "effect": _effect(course, blood),
        "published": published,
        "parameters": [_parameter(f) for f in findings],
        "sources": _sources(cited),
        "omissions": [*course.omissions, *MODEL_OMISSIONS],
        "provenance": provenance(
            seed=course.seed, inputs=_inputs(course), tables=[course.s_values.table]
        ),
    }


def _agent(course: Course) -> dict[str, Any]:
    agent = course.agent
    return {
        "name": agent.name,
        "vector": agent.vector,
        "label": agent.label,
        "nuclide": agent.nuclide,
        "target": agent.target,
        "purpose": agent.purpose,
        "indication": agent.disease,
        "impurities": [
            {"nuclide": i.nuclide, "activity_fraction": i.activity_fraction}
            for i in agent.impurities
        ],
        "source": agent.source,
    }


def _cavity(cavity: CavityDose) -> dict[str, Any]:
    """Return what a cavity held and the dose at its surface."""
    return {
        "region": cavity.region,
        "volume_mL": distribution(cavity.volume_L * 1e3),
        "tia_Bq_s": distribution(cavity.tia_Bq_s),
        "surface_dose_Gy": {
            name: distribution(cavity.surface_Gy[:, i]) for i, name in enumerate(CHARGED)
        },
    }


def regimen_document(course: Course) -> dict[str, Any]:
    """Return the regimen with times in hours and activities in GBq."""
    given = course.regimen.administrations
    labelled = [a for a in given if a.activity_Bq > 0.0]
    gaps = {round((b.time_s - a.time_s) / 604800.0, 6) for a, b in pairwise(labelled)}
    clearing = course.regimen.clearing
    return {
        "administrations": [
            {
                "time_h": a.time_s / 3600.0,
                "activity_GBq": a.activity_Bq / 1e9,
                "amount_nmol": a.amount_nmol,
                "infusion_min": a.duration_s / 60.0,
                **({"route": a.route} if a.route != VEIN else {}),
                **({"binder": True} if a.binder else {}),
            }
            for a in given
        ],
        "total_activity_GBq": course.regimen.total_activity_Bq / 1e9,
        "cycles": len(labelled),
        "every_weeks": gaps.pop() if len(gaps) == 1 else None,
        "comedication": list(course.regimen.comedication),
        **(
            {"clearing_h": clearing.lead_s / 3600.0, "clearing_fraction": clearing.fraction}
            if clearing
            else {}
        ),
    }


def _region(course: Course, region: str, cross: CrossDose) -> dict[str, Any]:
    column = course.regions.index(region)
    dose = course.dose_per_cycle_Gy[:, :, column]
    total = dose.sum(axis=(1, 2))
    per_GBq = course.regimen.total_activity_Bq / 1e9
    known = distribution(total)
    uncertainty = _knowledge(course, region, known["mean"])
    masses = [c.masses.mass_kg[:, column] for c in course.cycles]
    return {
        "region": region,
        "kind": "lesion" if region in course.host.lesions else "organ",
        "mass_kg": float(np.mean(masses[0][~course.failed])),
        "tiac_s": distribution(course.tiac_s[:, column]),
        "dose_Gy": {
            **known,
            "by_radiation": {
                name: distribution(dose[:, :, k].sum(axis=1)) for k, name in enumerate(RADIATIONS)
            },
            "per_cycle": [distribution(dose[:, k].sum(axis=1)) for k in range(len(course.cycles))],
            "uncertainty": uncertainty,
        },
        "dose_per_activity_Gy_per_GBq": {
            **distribution(total / per_GBq),
            "uncertainty": _knowledge(course, region, known["mean"] / per_GBq),
        },
        **_elsewhere(region, cross),
        "bed_Gy": distribution(course.bed_per_cycle_Gy[:, :, column].sum(axis=1)),
        "eqd2_Gy": distribution(course.eqd2_per_cycle_Gy[:, :, column].sum(axis=1)),
    }


def _elsewhere(region: str, cross: CrossDose) -> dict[str, Any]:
    """Return which share of a region's dose comes from activity elsewhere, and from where."""
    if region == WHOLE_BODY:
        return {"cross_dose_share": None, "cross_dose_from": []}
    named = [{"region": name, "share": share} for name, share in cross.largest(region)]
    return {"cross_dose_share": distribution(cross.of(region)), "cross_dose_from": named}


def _knowledge(course: Course, region: str, mean: float) -> dict[str, float] | None:
    ratios = course.knowledge.get(region)
    return None if ratios is None else distribution(mean * ratios)


def _curves(course: Course, blood: dict[str, outcome.BloodOutcome]) -> dict[str, Any]:
    time = outcome.outcome_times_s(course)
    masses = outcome.lesion_masses_g(course, time)
    solved = ~course.failed
    return {
        "time_h": [float(t) for t in course.time_s / 3600.0],
        "activity_MBq": {
            region: band(course.activity_all_Bq[:, :, course.regions.index(region)] / 1e6)
            for region in _most_active(course)
        },
        "time_d": [float(t) for t in time / outcome.DAY_S],
        "lesion_mass_g": {name: band(values[solved]) for name, values in masses.items()},
        **{
            f"{name}_1e9_L": band(result.course.count_1e9_per_L[solved])
            for name, result in blood.items()
        },
    }


def _most_active(course: Course) -> list[str]:
    """Return the regions with the most decays, organs and lesions, blood always among them."""
    tiac = np.nanmean(course.tiac_s, axis=0)
    order = sorted(
        (r for r in course.shown_regions if r != "whole_body"),
        key=lambda r: -tiac[course.regions.index(r)],
    )
    chosen = order[:CURVES_SHOWN]
    special = [
        r
        for r in ("blood", "red_marrow", "salivary_glands", "lacrimal_glands", "spleen")
        if r in order and r not in chosen
    ]
    return chosen + special


def _limit(result: outcome.LimitOutcome) -> dict[str, Any]:
    limit: OrganLimit = result.limit
    total = result.course.cumulative_Gy
    reached = result.course.first_cycle[result.course.first_cycle > 0]
    return {
        "region": limit.region,
        "quantity": LIMIT_KEYS[limit.quantity],
        "limit": limit.limit_Gy,
        "label": limit.label,
        "source": limit.finding.source,
        "status": limit.finding.status.value,
        "cycle": list(range(1, total.shape[1] + 1)),
        "cumulative": [distribution(total[:, k]) for k in range(total.shape[1])],
        "fraction_exceeding": [float(f) for f in result.course.fraction_reached],
        "first_cycle": distribution(reached.astype(float)) if reached.size else None,
    }


def _effect(course: Course, blood: dict[str, outcome.BloodOutcome]) -> dict[str, Any]:
    control = outcome.tumour_control(course)
    solved = ~course.failed
    effect: dict[str, Any] = {
        "tcp": {},
        "ntcp": {
            region: distribution(p[solved])
            for region, p in outcome.complication_probabilities(course).items()
        },
        "blood": {name: _blood(result, solved) for name, result in blood.items()},
        "effective_dose_mSv_per_MBq": None,
    }
    if control is not None:
        effect["tcp"] = {name: distribution(p[solved]) for name, p in control.by_lesion.items()}
        effect["tcp"]["all"] = distribution(control.all_lesions[solved])
    effective = outcome.effective_dose_mSv_per_MBq(course)
    if effective is not None:
        effect["effective_dose_mSv_per_MBq"] = distribution(effective)
    return effect


def _blood(result: outcome.BloodOutcome, solved: NDArray[np.bool_]) -> dict[str, Any]:
    grade = result.worst_grade[solved]
    return {
        "nadir_1e9_L": distribution(result.course.nadir_1e9_per_L[solved]),
        "nadir_day": distribution(result.course.nadir_time_s[solved] / outcome.DAY_S),
        "grade_fraction": {
            str(g): float(np.mean(np.equal(grade, g))) for g in range(WORST_GRADE + 1)
        },
    }


def _failed(course: Course) -> list[dict[str, Any]]:
    return [
        {
            "patient": int(i),
            "reason": "the kinetic model could not be integrated to its tolerance",
            "parameters": {
                key: float(values[i])
                for key, values in {**course.host_values, **course.agent_values}.items()
            },
        }
        for i in np.flatnonzero(course.failed)
    ]


def _published(agent: str) -> list[dict[str, Any]]:
    def number(text: str) -> float | None:
        return float(text) if text else None

    return [
        {
            "region": row["region"],
            "quantity": "dose_per_activity_Gy_per_GBq",
            "unit": row["unit"],
            "mean": number(row["mean"]),
            "sd": number(row["sd"]),
            "low": number(row["low"]),
            "high": number(row["high"]),
            "n": int(float(row["n"])) if row["n"] else None,
            "cohort": row["cohort"],
            "use": row["use"],
            "status": row["status"],
            "source": row["source"],
        }
        for row in read_table("clinical.csv")
        if row["agent"] == agent and row["quantity"] == "dose_per_activity"
    ]


def _findings(course: Course) -> list[Finding]:
    biology = course.biology
    tissues = [f for t in biology.tissues.values() for f in t.findings]
    tumour = list(biology.tumour.findings) if biology.tumour else []
    used = [f for key, f in course.host.findings.items() if key in course.host_values]
    return [*course.agent.findings.values(), *used, *tumour, *tissues]


def _parameter(finding: Finding) -> dict[str, Any]:
    place = {
        "subject": finding.subject,
        "region": finding.region,
        "quantity": finding.quantity,
    }
    return {**place, **finding.document()}


def _sources(cited: set[str]) -> dict[str, dict[str, str]]:
    known = sources()
    return {
        name: {"citation": known[name].citation, "locator": known[name].locator}
        for name in sorted(cited)
        if name in known
    }


def _inputs(course: Course) -> dict[str, Any]:
    return {
        "agent": course.agent.name,
        "vector": {key: f.value for key, f in course.agent.findings.items()},
        "host": course.host.name,
        "disease": course.host.disease,
        "regimen": regimen_document(course),
        "patients": course.patients,
        "variability": course.varied,
        "absorbed_fractions": dict(course.s_values.table.sha256),
    }
