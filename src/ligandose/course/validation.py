"""Every published coefficient that is held, next to what the model predicts.

One population per agent and way of giving it (amount, co-medication), one cycle, because the
published values are of single cycles. The published value of a region is the mean of the
reference cohort where one is named (the registration sub-study), else the geometric mean of the
cohorts weighted with their size; cohorts that are not comparable are marked so in the data,
before any prediction was made, and stay out. The other vector classes and salts follow, row by
row and in a group of their own (`validation_vectors`), then half-lives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from ligandose.agents import agent as find_agent
from ligandose.course.half_lives import half_life_rows
from ligandose.course.predicted import fold as _fold
from ligandose.course.predicted import predicted_distribution
from ligandose.course.regimen import Regimen
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.course.validation_vectors import (
    USE,
    VectorSetting,
    compare_vectors,
    not_compared,
    regions_of,
    simulate_vector_setting,
    vector_settings,
)
from ligandose.dose import SafTable, table_of
from ligandose.evidence import read_table, sources
from ligandose.evidence.provenance import provenance
from ligandose.hosts import host as find_host

CALIBRATED_PAIRS = frozenset(
    {
        ("177Lu-PSMA-617", region)
        for region in (
            "kidneys", "salivary_glands", "lacrimal_glands", "liver", "spleen",
            "small_intestine", "red_marrow",
        )
    }
    | {("177Lu-DOTATATE", region) for region in ("kidneys", "liver", "spleen", "red_marrow")}
)  # fmt: skip
UNKNOWN_COHORT_SIZE = 5.0
FOLD_ALLOWED = 1.5


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of giving an agent to which cohorts belong."""

    agent: str
    cohort: str
    amount_nmol: float
    comedication: tuple[str, ...]
    reference: str


def settings() -> list[Setting]:
    """Return the simulated settings of the shipped table."""
    return [
        Setting(
            agent=row["agent"],
            cohort=row["cohort"],
            amount_nmol=float(row["amount_nmol"]),
            comedication=tuple(c for c in row["comedication"].split(";") if c),
            reference=row["reference"],
        )
        for row in read_table("validation.csv")
    ]


def simulate_setting(
    setting: Setting,
    *,
    patients: int,
    seed: int,
    threads: int | None = None,
    table: SafTable | None = None,
) -> Course:
    """Simulate one cycle of an agent as the cohorts of a setting received it."""
    agent = find_agent(setting.agent)
    regimen = Regimen.cycles(
        1,
        activity_GBq=agent.typical["activity_GBq"],
        amount_nmol=setting.amount_nmol,
        infusion_min=agent.typical.get("infusion_min", 0.0),
        comedication=setting.comedication,
        voiding_h=agent.typical.get("voiding_h"),
    )
    host = find_host(agent.host, disease=agent.disease)
    return simulate(
        agent, host, regimen, patients=patients, seed=seed, threads=threads, table=table
    )


def validate(
    *,
    patients: int = 400,
    seed: int = 1,
    threads: int | None = None,
    saf_folder: Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Return the validation document: rows by agent and region, and fold errors.

    Args:
        patients: virtual patients per setting.
        seed: seed of the populations.
        threads: number of threads; default all.
        saf_folder: the user's ICRP-133 files in place of the shipped specific absorbed fractions.
        progress: called with the share done and what is being done.

    Raises:
        DataError: a table of specific absorbed fractions that is missing or not whole.
    """
    rows: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    regions: dict[str, set[str]] = {}
    every = [*settings(), *vector_settings()]
    hosts = dict.fromkeys(_host_name(setting) for setting in every)
    tables = {name: table_of(name, saf_folder) for name in hosts}
    for k, setting in enumerate(every):
        if progress is not None:
            progress(k / len(every), f"{setting.agent} {setting.cohort}")
        table = tables[_host_name(setting)]
        if isinstance(setting, Setting):
            course = simulate_setting(
                setting, patients=patients, seed=seed, threads=threads, table=table
            )
            rows.extend(compare(setting, course))
        else:
            course = simulate_vector_setting(
                setting, patients=patients, seed=seed, threads=threads, table=table
            )
            regions.setdefault(setting.agent, set()).update(regions_of(course))
            others.extend(compare_vectors(setting, course))
    rows += [row for row in others if row["use"] == USE]
    recalled = [row for row in others if row["use"] != USE]
    half_lives = half_life_rows()
    cited = {s for row in (*rows, *recalled, *half_lives) for s in row["sources"]}
    return {
        "document": "ligandose.validation",
        "schema": 1,
        "research_use_only": True,
        "patients": patients,
        "seed": seed,
        "rows": rows,
        "vectors": {
            "recalled": recalled,
            "half_lives": half_lives,
            "not_compared": not_compared(regions),
        },
        "summary": summarise(rows),
        "sources": {
            s: {"citation": sources()[s].citation, "locator": sources()[s].locator}
            for s in sorted(cited & sources().keys())
        },
        "provenance": provenance(
            seed=seed,
            inputs={
                "validate": {"patients": patients},
                "absorbed_fractions": [dict(table.sha256) for table in tables.values()],
            },
            tables=list(tables.values()),
        ),
    }


def _host_name(setting: Setting | VectorSetting) -> str:
    if isinstance(setting, VectorSetting):
        return setting.host
    return find_agent(setting.agent).host


def compare(setting: Setting, course: Course) -> Iterator[dict[str, Any]]:
    """Yield one row for each region that a setting's cohorts published."""
    published = [
        row
        for row in read_table("clinical.csv")
        if row["agent"] == setting.agent
        and row["quantity"] == "dose_per_activity"
        and row["mean"]
        and row["use"] != "none"
        and fnmatchcase(row["cohort"], setting.cohort)
    ]
    for region in dict.fromkeys(row["region"] for row in published):
        cohorts = [row for row in published if row["region"] == region]
        predicted = predicted_distribution(course, region)
        if predicted is not None:
            yield _row(setting, region, cohorts, predicted)


@dataclass(frozen=True, slots=True)
class _Published:
    """What the cohorts of a setting say of a region: mean and range (Gy/GBq), spread."""

    mean: float
    cv: float | None
    low: float
    high: float


def _published(setting: Setting, cohorts: list[dict[str, str]]) -> _Published:
    """Return the reference cohort's values, else the mean of all weighted with their size."""
    means = [float(c["mean"]) for c in cohorts]
    sizes = [float(c["n"] or UNKNOWN_COHORT_SIZE) for c in cohorts]
    mean = math.exp(np.average(np.log(means), weights=sizes))
    with_sd = [(c, n) for c, n in zip(cohorts, sizes, strict=True) if c["sd"]]
    cv = None
    if with_sd:
        spread = [float(c["sd"]) / float(c["mean"]) for c, _ in with_sd]
        cv = float(np.average(spread, weights=[n for _, n in with_sd]))
    for cohort in cohorts:
        if setting.reference and fnmatchcase(cohort["cohort"], setting.reference):
            mean = float(cohort["mean"])
            cv = float(cohort["sd"]) / mean if cohort["sd"] else cv
            break
    return _Published(mean, cv, min(means), max(means))


def _row(
    setting: Setting,
    region: str,
    cohorts: list[dict[str, str]],
    predicted: dict[str, float],
) -> dict[str, Any]:
    published = _published(setting, cohorts)
    nearest = min(max(predicted["mean"], published.low), published.high)
    from_range = _fold(predicted["mean"], nearest)
    cv = published.cv
    cv_predicted = predicted["sd"] / predicted["mean"]
    return {
        "agent": setting.agent,
        "region": region,
        "use": _use(setting.agent, region, cohorts),
        "published_mean": published.mean,
        "published_sd": None if cv is None else cv * published.mean,
        "published_low": published.low,
        "published_high": published.high,
        "cohorts": [c["cohort"] for c in cohorts],
        "predicted_mean": predicted["mean"],
        "predicted_sd": predicted["sd"],
        "predicted_p05": predicted["p05"],
        "predicted_p95": predicted["p95"],
        "fold_error": _fold(predicted["mean"], published.mean),
        "fold_error_to_range": from_range,
        "cv_published": cv,
        "cv_predicted": cv_predicted,
        "cv_ratio": _fold(cv_predicted, cv) if cv and cv_predicted else None,
        "within": from_range <= FOLD_ALLOWED,
        "note": f"{setting.amount_nmol:g} nmol"
        + (f", {', '.join(setting.comedication)}" if setting.comedication else ""),
        "sources": sorted({c["source"] for c in cohorts}),
    }


def _use(agent: str, region: str, cohorts: list[dict[str, str]]) -> str:
    """Return "calibration" for fitted pairs, "check" for other regions of their agents."""
    if (agent, region) in CALIBRATED_PAIRS:
        return "calibration"
    return "check" if cohorts[0]["use"] == "calibration" else cohorts[0]["use"]


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return geometric mean fold errors by use and by agent."""

    def group(chosen: list[dict[str, Any]]) -> dict[str, Any]:
        if not chosen:
            return {"gmfe": None, "pairs": 0, "worst": None}
        worst = max(chosen, key=lambda r: r["fold_error"])
        mean_log = float(np.mean([math.log(r["fold_error"]) for r in chosen]))
        return {
            "gmfe": math.exp(mean_log),
            "pairs": len(chosen),
            "worst": f"{worst['agent']} {worst['region']} {worst['fold_error']:.2f}",
        }

    uses = {
        use: group([r for r in rows if r["use"] == use])
        for use in ("calibration", "check", "prediction", USE)
    }
    patients = [r for r in rows if r["use"] == USE and r["basis"] == "patients"]
    by_agent = {
        a: group([r for r in rows if r["agent"] == a])
        for a in dict.fromkeys(r["agent"] for r in rows)
    }
    return {**uses, "vectors_of_patients": group(patients), "by_agent": by_agent}
