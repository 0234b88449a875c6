"""Published coefficients of the other vector classes and salts, next to what the model predicts.

Which rows count was decided before the model existed (docs/validation-vectors-rule.md); the
column `use` of `validation_vectors.csv` holds the outcome, and nothing here changes it. Every
published row is compared by itself: means with the mean of the virtual patients, medians with
their median. How each cohort was treated is a row of `validation_vectors_settings.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from ligandose.agents import Agent, agents, vector_findings
from ligandose.agents import agent as find_agent
from ligandose.course.predicted import fold, predicted_distribution
from ligandose.course.regimen import Regimen
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.dose import SafTable
from ligandose.errors import DataError
from ligandose.evidence import Finding, Status, read_table
from ligandose.hosts import Host, draw_values
from ligandose.hosts import host as find_host
from ligandose.kinetics import (
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    given_into,
    solve,
)

USE = "vectors"
RECALLED = "recalled"
DOSES = ("dose_per_activity", "equivalent_dose_per_activity", "dose")
FOLD_ALLOWED = 1.5
THYROID_UPTAKE = "thyroid.uptake_factor"
DAY_S = 86400.0
LARGEST_FACTOR = 64.0
SAME_UPTAKE = 1e-6


@dataclass(frozen=True, slots=True)
class VectorSetting:
    """How the cohorts of an agent were treated, and how they are simulated.

    Attributes:
        agent: name in `validation_vectors.csv`.
        cohort: pattern of the cohorts.
        simulated_as: agent of the catalogue.
        nuclide: label in place of the catalogue's; "" for the same.
        host: of the catalogue; the disease is the agent's.
        amount_nmol, predose_nmol, predose_h: in place of the catalogue's typical use; None for it.
        thyroid_uptake: part of the iodide given that is in the thyroid after 24 h, 0 for a blocked
            thyroid; None for the host's own.
        factor: Gy/GBq of one published unit.
        basis: "patients", "same model" (calculated, with the biokinetics that are used here) or
            "calibrated vector".
        recalled: whether values that were not read at their source are shown.
        note: what the comparison takes for granted.
    """

    agent: str
    cohort: str
    simulated_as: str
    nuclide: str
    host: str
    amount_nmol: float | None
    predose_nmol: float | None
    predose_h: float | None
    thyroid_uptake: float | None
    factor: float
    basis: str
    recalled: bool
    note: str


def vector_settings() -> list[VectorSetting]:
    """Return the settings whose agent is in the catalogue, in the order of the table."""
    found: list[VectorSetting] = []
    for row in read_table("validation_vectors_settings.csv"):
        if row["simulated_as"] not in agents():
            continue
        found.append(
            VectorSetting(
                agent=row["agent"],
                cohort=row["cohort"],
                simulated_as=row["simulated_as"],
                nuclide=row["nuclide"],
                host=row["host"],
                amount_nmol=_number(row["amount_nmol"]),
                predose_nmol=_number(row["predose_nmol"]),
                predose_h=_number(row["predose_h"]),
                thyroid_uptake=_number(row["thyroid_uptake_24h"]),
                factor=float(row["Gy_per_published_unit"]),
                basis=row["basis"],
                recalled=row["recalled"] == "yes",
                note=row["note"],
            )
        )
    return found


def _number(text: str) -> float | None:
    return float(text) if text else None


def simulate_vector_setting(
    setting: VectorSetting,
    *,
    patients: int,
    seed: int,
    threads: int | None = None,
    table: SafTable | None = None,
) -> Course:
    """Simulate one administration of an agent as the cohorts of a setting received it."""
    it, host = labelled_agent(setting), host_of(setting)
    use = it.typical
    amount = use["amount_nmol"] if setting.amount_nmol is None else setting.amount_nmol
    predose = use.get("predose_nmol") if setting.predose_nmol is None else setting.predose_nmol
    before = use.get("predose_h", 0.0) if setting.predose_h is None else setting.predose_h
    regimen = Regimen.cycles(
        1,
        activity_GBq=use["activity_GBq"],
        amount_nmol=amount,
        infusion_min=use.get("infusion_min", 0.0),
        comedication=it.comedication,
        voiding_h=use.get("voiding_h"),
        predose_nmol=predose,
        predose_binder=bool(it.binder),
        predose_h=before,
    )
    return simulate(it, host, regimen, patients=patients, seed=seed, threads=threads, table=table)


def labelled_agent(setting: VectorSetting) -> Agent:
    """Return the agent of a setting with the label and the thyroid that its cohorts had.

    Raises:
        DataError: a thyroid that no uptake factor gives.
    """
    it = find_agent(setting.simulated_as)
    if setting.nuclide:
        metal = vector_findings(it.vector, setting.nuclide)
        it = replace(
            it,
            name=setting.agent,
            nuclide=setting.nuclide,
            findings={**it.findings, **metal},
            impurities=(),
        )
    if setting.thyroid_uptake is None:
        return it
    factor = thyroid_factor(it, host_of(setting), setting.thyroid_uptake)
    return with_thyroid_factor(it, factor)


def host_of(setting: VectorSetting) -> Host:
    """Return the host of a setting, with the disease of its agent."""
    return find_host(setting.host, disease=find_agent(setting.simulated_as).disease or None)


def with_thyroid_factor(it: Agent, factor: float) -> Agent:
    """Return an agent whose free iodide the thyroid takes up `factor` times as fast."""
    held = it.findings.get(THYROID_UPTAKE)
    finding = Finding(
        subject=it.vector,
        region="thyroid",
        quantity="uptake_factor",
        value=factor,
        unit="1",
        cv=held.cv if held is not None and factor > 0.0 else 0.0,
        gsd=1.0,
        status=Status.ASSUMED,
        source="assumption",
        note="as the cohort of a published value",
    )
    return replace(it, findings={**it.findings, THYROID_UPTAKE: finding})


def thyroid_factor(it: Agent, host: Host, uptake: float) -> float:
    """Return the uptake factor with which a part of the given iodide is in the thyroid at 24 h.

    Solved by bisection in the reference person; no dose is looked at.

    Raises:
        DataError: more than the largest factor gives.
    """
    if uptake == 0.0:
        return 0.0
    low, high = 0.0, LARGEST_FACTOR
    if thyroid_uptake(with_thyroid_factor(it, high), host) < uptake:
        raise DataError(f"{it.name}: no uptake factor puts {uptake:g} into the thyroid at 24 h")
    while high - low > SAME_UPTAKE * high:
        middle = 0.5 * (low + high)
        if thyroid_uptake(with_thyroid_factor(it, middle), host) < uptake:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def thyroid_uptake(it: Agent, host: Host) -> float:
    """Return the part of what is given that a reference person's thyroid holds after 24 h."""
    values = [
        draw_values(findings, patients=1, seed=1, variability=False)
        for findings in (host.findings, it.findings)
    ]
    solution = solve(
        compile_network(describe(it, host)),
        [Phase(0.0, agent_parameters(it, host, values[0], values[1]))],
        [Dose(0.0, 1.0)],
        into=given_into(it),
        end_s=DAY_S,
        time_s=[DAY_S],
    )
    return float(solution.amount_nmol[0, -1, 0, solution.regions.index("thyroid")])


def compare_vectors(setting: VectorSetting, course: Course) -> Iterator[dict[str, Any]]:
    """Yield one row for each published value of a setting whose region the model has."""
    for published in published_rows(setting):
        predicted = predicted_distribution(course, published["region"])
        if predicted is not None:
            yield _row(setting, published, predicted)


def published_rows(setting: VectorSetting) -> list[dict[str, str]]:
    """Return the published doses of a setting: those that count, and recalled ones if shown."""
    return [
        row
        for row in read_table("validation_vectors.csv")
        if row["agent"] == setting.agent
        and fnmatchcase(row["cohort"], setting.cohort)
        and row["quantity"] in DOSES
        and row["mean"]
        and (row["use"] == "prediction" or (setting.recalled and row["status"] == "unverified"))
    ]


def _row(
    setting: VectorSetting, published: Mapping[str, str], predicted: Mapping[str, float]
) -> dict[str, Any]:
    value = setting.factor * float(published["mean"])
    middle = predicted["median" if published["statistic"] == "median" else "mean"]
    sd = setting.factor * float(published["sd"]) if published["sd"] else None
    cv, cv_predicted = (None if sd is None else sd / value), predicted["sd"] / middle
    error = fold(middle, value)
    said = [f"{published['statistic']}s" if published["statistic"] != "mean" else ""]
    said += [setting.basis if setting.basis != "patients" else "", setting.note]
    return {
        "agent": setting.agent,
        "region": published["region"],
        "use": USE if published["use"] == "prediction" else RECALLED,
        "basis": setting.basis,
        "statistic": published["statistic"],
        "published_mean": value,
        "published_sd": sd,
        "published_low": value,
        "published_high": value,
        "cohorts": [published["cohort"]],
        "predicted_mean": middle,
        "predicted_sd": predicted["sd"],
        "predicted_p05": predicted["p05"],
        "predicted_p95": predicted["p95"],
        "fold_error": error,
        "fold_error_to_range": error,
        "cv_published": cv,
        "cv_predicted": cv_predicted,
        "cv_ratio": fold(cv_predicted, cv) if cv and cv_predicted else None,
        "within": error <= FOLD_ALLOWED,
        "note": "; ".join(s for s in said if s),
        "sources": [published["source"]],
    }


def not_compared(regions: Mapping[str, set[str]]) -> list[dict[str, str]]:
    """Return what counts by the rule and is not compared, with the reason.

    Args:
        regions: what the model has, by agent that was simulated.
    """
    left: dict[tuple[str, str], str] = {}
    patterns = [(s.agent, s.cohort) for s in vector_settings()]
    for row in read_table("validation_vectors.csv"):
        if row["use"] != "prediction" or row["quantity"] not in DOSES:
            continue
        key = (row["agent"], row["region"])
        if not any(a == row["agent"] and fnmatchcase(row["cohort"], c) for a, c in patterns):
            left[key] = "no such agent, route or host in the catalogue"
        elif not row["mean"]:
            left[key] = "only a range is published"
        elif row["region"] not in regions.get(row["agent"], set()):
            left[key] = "the model has no such region"
    return [{"agent": a, "region": r, "reason": why} for (a, r), why in left.items()]


def regions_of(course: Course) -> set[str]:
    """Return the regions of a course that a published value can be compared with."""
    return {*course.regions, *(("lesion",) if course.host.lesions else ())}


__all__ = [
    "USE",
    "VectorSetting",
    "compare_vectors",
    "labelled_agent",
    "not_compared",
    "regions_of",
    "simulate_vector_setting",
    "thyroid_factor",
    "thyroid_uptake",
    "vector_settings",
    "with_thyroid_factor",
]
