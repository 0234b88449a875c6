"""Virtual patients for the planner: are its intervals honest, and does its plan help?

Two populations. "same": drawn from the planner's own prior, structural factors and errors
included; shows whether the fit and its approximations are right. "other": their kinetics have
another structure than the planner's model (`OtherStructure`), no structural factor is drawn, and
measurements have their stated error only; shows whether the structural error that the planner
allows for is enough, and what the plan is worth where the model is wrong.

Every patient has a PET before treatment (SUV at 1 h), eGFR, body mass, CT masses of the lesions,
and SPECT at two times (24 and 96 h, or those named) with one blood sample after the first cycle of
7.4 GBq. The plan chooses the activity of cycles 2 to 6; the alternative is 7.4 GBq for all six.

The first `EXACT` of "other" are fitted a second time from SPECT without any error, which separates
what the model misses from what the measurement misses. `plan_virtual_report.py` reads the file.

Run: python benchmarks/plan_virtual.py same|other PATIENTS FILE.csv [24,168 [sampled]]

appends one row for each patient to the file and goes on where an earlier run stopped. Posteriors
are Laplace approximations, of every `SAMPLED_EVERY`-th patient of "same" sampled ones too; with the
word "sampled" of every patient, and only after the first cycle.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ligandose as ld
from ligandose.course import Course, Regimen
from ligandose.course.activity import ActivityModel
from ligandose.course.outcome import tumour_control
from ligandose.kinetics.description import ModelDescription, Pool, Transformation
from ligandose.plan import ActivityDatum, Given, Individual, PatientData, ValueDatum
from ligandose.plan.individual_course import PatientModel

Floats = NDArray[np.float64]

SEED = 20261123
LABEL_GBQ, CYCLES, NMOL = 7.4, 6, 110.0
DRAWS = 200
QUANTILES = ("p05", "p50", "p95")
BEGIN = time.perf_counter()
HOUR_S, DAY_S = 3600.0, 86400.0
REGIONS = ("kidneys", "red_marrow", "lesion:bone", "lesion:node")
MOST_GBQ, LEAST_GBQ = 2.0 * LABEL_GBQ, 0.5
LIMITS = {"kidneys": 40.0, "red_marrow": 2.0}
"""Kidney BED and marrow dose (effect.csv). Glands are left out: the limits of external beam that
are known for them are exceeded by most patients at the label activity."""
LIMIT_SETS = {"kidneys and marrow": ("kidneys", "red_marrow"), "kidneys": ("kidneys",)}
LEVELS_GBQ = (0.5, 3.0, 7.4, 11.0, 14.8)
RISKS = np.linspace(0.02, 0.92, 46)
TIMES_H = (24, 96)
EXACT = 100
SAMPLED_EVERY = 10
CHUNK = 50


class OtherStructure(ActivityModel):
    """Kinetics that the planner does not know.

    - what is internalised passes into a second, slower compartment from which it is released at
      a third of the usual rate (two-phase washout instead of one);
    - a slow, unspecific pool exchanges with plasma;
    - the renal tubule takes up a part of what is filtered, by nothing that saturates.
    """

    def __init__(self, base: ActivityModel) -> None:
        self.__dict__.update(base.__dict__)
        d = base._description
        inside = [p for p in d.pools if p.name.endswith(".internalised")]
        pools = [Pool(p.name.replace(".internalised", ".deep"), p.region) for p in inside]
        moves: list[Transformation] = []
        for p in inside:
            out = next(
                t for t in d.transformations
                if t.source == p.name and any(r.endswith(".release") for r in t.rate)
            )  # fmt: skip
            deep = p.name.replace(".internalised", ".deep")
            moves.append(Transformation(p.name, deep, (*out.rate, "other.deep_in")))
            moves.append(Transformation(deep, out.target, (*out.rate, "other.deep_out")))
        pools += [Pool("other.slow", "remainder"), Pool("kidneys.unspecific", "kidneys")]
        moves += [
            Transformation("venous", "other.slow", ("other.slow_in",)),
            Transformation("other.slow", "venous", ("other.slow_out",)),
            Transformation("kidneys.collecting", "kidneys.unspecific", ("other.tubular_in",)),
            Transformation("kidneys.unspecific", "kidneys.collecting", ("other.tubular_out",)),
        ]
        self._description = ModelDescription(
            (*d.pools, *pools), d.exchanges, (*d.transformations, *moves), d.sites
        )
        self._networks = {}

    def _solution(self, group: Any, schedule: Any, phases: Any) -> Any:
        n = next(iter(phases[0].parameters.values())).size
        rng = np.random.default_rng([SEED, 77])  # a stream per patient: same rows, same numbers
        spread = np.exp(0.3 * rng.standard_normal((100_000, 6)))[_ROWS.get("rows", np.arange(n))]
        transit = phases[0].parameters["kidneys.transit"]
        own = {
            "other.deep_in": 0.7 * spread[:, 0],
            "other.deep_out": 0.33 * spread[:, 1],
            "other.slow_in": 2.5e-4 * spread[:, 2],
            "other.slow_out": 4.0e-5 * spread[:, 3],
            "other.tubular_in": 0.015 * transit * spread[:, 4],
            "other.tubular_out": 5.0e-6 * spread[:, 5],
        }
        phases = [replace(p, parameters={**p.parameters, **own}) for p in phases]
        return super()._solution(group, schedule, phases)


_ROWS: dict[str, Any] = {}


def patient_data(times_h: Sequence[int]) -> PatientData:
    """Return what is measured, without values yet."""
    given = (
        Given("PET", "68Ga-PSMA-11", -14 * DAY_S, 0.16e9, 3.0),
        Given("cycle 1", "177Lu-PSMA-617", 0.0, LABEL_GBQ * 1e9, NMOL, 300.0),
    )
    seen = ("kidneys", "salivary_glands", "lesion:bone", "lesion:node")
    activities = [ActivityDatum("PET", r, HOUR_S, "SUV", 1.0, 0.1) for r in (*seen, "liver")]
    activities += [
        ActivityDatum("cycle 1", r, t * HOUR_S, "activity_MBq", 1.0, 0.08)
        for r in seen
        for t in times_h
    ]
    activities.append(ActivityDatum("cycle 1", "blood", 24 * HOUR_S, "kBq_mL", 1.0, 0.05))
    values = (
        ValueDatum("kidneys.gfr", 1.0, 0.213, -DAY_S),
        ValueDatum("whole_body.body_mass", 1.0, 0.01, -DAY_S),
        ValueDatum("lesion:bone.mass", 1.0, 0.2, -DAY_S),
        ValueDatum("lesion:node.mass", 1.0, 0.2, -DAY_S),
        ValueDatum("kidneys.mass", 1.0, 0.1, -DAY_S),
    )
    return PatientData(given, tuple(activities), values)


def label_regimen(cycles: int, activity_GBq: float = LABEL_GBQ) -> Regimen:
    regimen = Regimen.cycles(
        cycles, activity_GBq=activity_GBq, amount_nmol=NMOL, infusion_min=5.0, voiding_h=2.0
    )
    first = replace(regimen.administrations[0], activity_Bq=LABEL_GBQ * 1e9)
    return replace(regimen, administrations=(first, *regimen.administrations[1:]))


def with_values(template: PatientData, values: Floats) -> PatientData:
    n = len(template.activities)
    return replace(
        template,
        activities=tuple(
            replace(a, value=float(v)) for a, v in zip(template.activities, values, strict=False)
        ),
        values=tuple(
            replace(a, value=float(v)) for a, v in zip(template.values, values[n:], strict=True)
        ),
    )


def other_predict(
    patient: Individual, values: Mapping[str, Mapping[str, Floats]], n: int
) -> Floats:
    """Return the logarithms of what would be measured in patients of another structure."""
    scans = [
        (replace(m, change=OtherStructure), given, members, when)
        for m, given, members, when in patient._scans
    ]
    other = replace(patient)
    other.__dict__["_scans"] = scans
    return other.predicted_of(values, n)


def kidney_tia(course: Course) -> Floats:
    """Return (patients,) time-integrated activity of the kidneys in the first cycle, Bq s."""
    return course.cycles[0].dose.tia_Bq_s[:, course.regions.index("kidneys")].sum(axis=-1)


def population(
    kind: str, first: int, last: int, times_h: Sequence[int]
) -> tuple[Individual, Floats, Floats, dict[str, Floats]]:
    """Return the template, (n, data) log data with and without error, and the truth by name."""
    patient = Individual.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), patient_data(times_h)
    )
    every = np.random.default_rng([SEED, 1]).standard_normal((2000, patient.prior.size))
    noise = np.random.default_rng([SEED, 2]).standard_normal((2000, patient.y.size))
    rows = np.arange(first, last)
    values = patient.prior.values(every[rows])
    stated = patient.sd
    if kind == "other":
        values.pop("structure")
        _ROWS["rows"] = rows
        stated = np.array(
            [*(a.relative_sd for a in patient.data.activities),
             *(v.log_sd for v in patient.data.values)]
        )  # fmt: skip
        measured = other_predict(patient, values, rows.size) + stated * noise[rows]
    else:
        measured = patient.predict(every[rows]) + stated * noise[rows]
    truth: dict[str, Floats] = {}
    change = OtherStructure if kind == "other" else None
    for level in LEVELS_GBQ if kind == "other" else (LABEL_GBQ,):
        model = PatientModel.of(patient.agent, patient.host, label_regimen(CYCLES, level))
        model = replace(model, change=change)
        course = model.course(values, seed=SEED % 1000 + first, structure=values.get("structure"))
        for region in REGIONS:
            truth[f"dose {region} {level:g}"] = course.dose_of(region)
            truth[f"first {region} {level:g}"] = course.dose_per_cycle_Gy[
                :, 0, course.regions.index(region)
            ].sum(axis=-1)
            truth[f"bed {region} {level:g}"] = course.of(course.bed_per_cycle_Gy, region).sum(
                axis=1
            )
        if level == LABEL_GBQ:
            truth["tia kidneys"] = kidney_tia(course)
        control = tumour_control(course)
        assert control is not None
        truth[f"control {level:g}"] = np.mean(list(control.by_lesion.values()), axis=0)
    exact = measured - stated * noise[rows]
    spect = [a.given == "cycle 1" for a in patient.data.activities]
    clean = np.array([*spect, *(False for _ in patient.data.values)])
    _ROWS.clear()
    return patient, measured, np.where(clean, exact, measured), truth


def run(
    kind: str, patients: int, file: Path, times_h: tuple[int, ...] = TIMES_H, every: bool = False
) -> None:
    """Append the patients that the file does not hold yet."""
    done = sum(1 for _ in file.open(encoding="utf-8")) - 1 if file.exists() else 0
    template: Individual | None = None
    for first in range(done // CHUNK * CHUNK, patients, CHUNK):
        last = first + CHUNK  # always the whole chunk, so that a patient is always the same
        patient, noisy, clean, truth = population(kind, first, last, times_h)
        template = template or patient.screened(label_regimen(1))
        for i in range(max(done - first, 0), min(patients - first, CHUNK)):
            row = {"patient": first + i} | {f"truth {k}": float(v[i]) for k, v in truth.items()}
            row |= {f"spect {t}": float(np.exp(noisy[i][_datum(patient, t)])) for t in times_h}
            row |= _fitted(kind, first + i, template, patient.data, noisy[i], every=every)
            row["exact tia"] = float("nan")
            if kind == "other" and not every and first + i < EXACT:
                person = template.with_data(with_values(patient.data, np.exp(clean[i])))
                fit = person.posterior(draws=DRAWS, seed=first + i, method="laplace")
                course = fit.course(label_regimen(1), varied=False)
                row["exact tia"] = float(np.median(kidney_tia(course)[~course.failed]))
            _append(file, row)
        print(kind, last, f"{time.perf_counter() - BEGIN:.0f} s", flush=True)


def _datum(patient: Individual, time_h: float) -> int:
    """Return the number of the kidneys' SPECT at a time."""
    return next(
        i for i, a in enumerate(patient.data.activities)
        if (a.given, a.region, a.time_s) == ("cycle 1", "kidneys", time_h * HOUR_S)
    )  # fmt: skip


def _fitted(
    kind: str,
    number: int,
    template: Individual,
    data: PatientData,
    measured: Floats,
    *,
    every: bool,
) -> dict[str, float]:
    """Return the quantiles of one patient's posteriors, and what each risk allows."""
    row: dict[str, float] = {}
    started, used = time.perf_counter(), time.process_time()
    person = template.with_data(with_values(data, np.exp(measured)))
    stages = {"after": person}
    if kind == "same" and not every:
        stages["before"] = template.with_data(person.data.before(0.0))
    for stage, who in stages.items():
        used_for_plan = "chains" if every else "laplace"
        sampled = every or (kind == "same" and number % SAMPLED_EVERY == 0)
        for method in ("laplace", "chains"):
            course = None
            if method == "laplace" or sampled:
                posterior = who.posterior(draws=DRAWS, seed=number, method=method)
                course = posterior.course(label_regimen(1), varied=False)
                row[f"{stage} converged"] = float(posterior.laplace.converged)
            if kind == "same" or every or method == "laplace":
                row |= _quantiles(f"{stage} {method}", course)
            if stage == "after" and course is not None and method == used_for_plan:
                row["seconds"] = time.perf_counter() - started
                row["cpu seconds"] = time.process_time() - used
                for name, limits in LIMIT_SETS.items():
                    scales = _scales(course, limits)
                    row |= {
                        f"scale {name} {r:.2f}": float(x)
                        for r, x in zip(RISKS, scales, strict=True)
                    }
    return row


def _quantiles(name: str, course: Course | None) -> dict[str, float]:
    row: dict[str, float] = {}
    solved = None if course is None else ~course.failed
    for region in (*REGIONS, "kidney tia"):
        found = (float("nan"),) * 3
        if course is not None:
            value = kidney_tia(course) if region == "kidney tia" else course.dose_of(region)
            found = tuple(float(x) for x in np.quantile(value[solved], (0.05, 0.5, 0.95)))
        row |= {f"{name} {region} {q}": x for q, x in zip(QUANTILES, found, strict=True)}
    return row


def _append(file: Path, row: dict[str, float]) -> None:
    new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if new:
            writer.writerow(row)
        writer.writerow([f"{v:.6g}" for v in row.values()])


def _scales(course: Any, limits: Sequence[str]) -> Floats:
    """Return (risks,) activity of cycles 2 to 6 at which a limit is exceeded with each risk."""
    solved = ~course.failed
    per_draw = np.full(int(solved.sum()), np.inf)
    for region in limits:
        limit, dose = LIMITS[region], course.dose_of(region)[solved]
        if region == "kidneys":
            bed = course.of(course.bed_per_cycle_Gy, region).sum(axis=1)[solved]
            quadratic = (bed - dose) / LABEL_GBQ**2
            linear, rest = dose / LABEL_GBQ, limit - bed
        else:
            quadratic, linear, rest = np.zeros_like(dose), dose / LABEL_GBQ, limit - dose
        n = CYCLES - 1
        root = np.sqrt(np.maximum((n * linear) ** 2 + 4 * n * quadratic * rest, 0.0))
        reached = np.where(rest > 0.0, 2 * rest / (n * linear + root), 0.0)
        per_draw = np.minimum(per_draw, reached)
    return np.clip(np.quantile(per_draw, RISKS), LEAST_GBQ, MOST_GBQ)


if __name__ == "__main__":
    BEGIN = time.perf_counter()
    chosen = tuple(int(x) for x in sys.argv[4].split(",")) if len(sys.argv) > 4 else TIMES_H
    run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), chosen, "sampled" in sys.argv[5:])
