"""Virtual patients for the planner: are its intervals honest, and does its plan help?

Two populations. "same": drawn from the planner's own prior, structural factors and errors
included; shows whether the fit and its approximations are right. "other": their kinetics have
another structure than the planner's model (`OtherStructure`), no structural factor is drawn, and
measurements have their stated error only; shows whether the structural error that the planner
allows for is enough, and what the plan is worth where the model is wrong.

Every patient has a PET before treatment (SUV at 1 h), eGFR, body mass, CT masses of the lesions,
and SPECT at 24 and 96 h with one blood sample after the first cycle of 7.4 GBq. The plan chooses
the activity of cycles 2 to 6; the alternative is 7.4 GBq for all six.

Run: python benchmarks/plan_virtual.py run same|other FIRST LAST FILE.npz   (in pieces)
     python benchmarks/plan_virtual.py report FILE.npz ...
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ligandose as ld
from ligandose.course import Regimen
from ligandose.course.activity import ActivityModel
from ligandose.course.outcome import tumour_control
from ligandose.kinetics.description import ModelDescription, Pool, Transformation
from ligandose.plan import ActivityDatum, Given, Individual, PatientData, ValueDatum
from ligandose.plan.individual_course import PatientModel

Floats = NDArray[np.float64]

SEED = 20261123
LABEL_GBQ, CYCLES, NMOL = 7.4, 6, 110.0
DRAWS = 200
HOUR_S, DAY_S = 3600.0, 86400.0
REGIONS = ("kidneys", "red_marrow", "lesion:bone", "lesion:node")
MOST_GBQ, LEAST_GBQ = 2.0 * LABEL_GBQ, 0.5
LIMITS = {"kidneys": 40.0, "red_marrow": 2.0}
"""Kidney BED and marrow dose (effect.csv). Glands are left out: the limits of external beam that
are known for them are exceeded by most patients at the label activity."""
LIMIT_SETS = {"kidneys and marrow": ("kidneys", "red_marrow"), "kidneys": ("kidneys",)}
SHARES = (None, 0.1)
"""Shares of patients who exceed a limit at which plan and fixed activity are compared: what the
label activity leads to (None), and a tenth, to which the fixed activity is set for all alike."""
LEVELS_GBQ = (0.5, 3.0, 7.4, 11.0, 14.8)
RISKS = np.linspace(0.01, 0.9, 90)
RESAMPLES = 2000


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


def patient_data() -> PatientData:
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
        for t in (24, 96)
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


def population(kind: str, first: int, last: int) -> tuple[Individual, Floats, dict[str, Floats]]:
    """Return the patient template, (n, data) log measurements and the truth by name."""
    patient = Individual.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), patient_data()
    )
    every = np.random.default_rng([SEED, 1]).standard_normal((2000, patient.prior.size))
    noise = np.random.default_rng([SEED, 2]).standard_normal((2000, patient.y.size))
    rows = np.arange(first, last)
    values = patient.prior.values(every[rows])
    if kind == "other":
        values.pop("structure")
        _ROWS["rows"] = rows
        stated = np.array(
            [*(a.relative_sd for a in patient.data.activities),
             *(v.log_sd for v in patient.data.values)]
        )  # fmt: skip
        measured = other_predict(patient, values, rows.size) + stated * noise[rows]
    else:
        measured = patient.predict(every[rows]) + patient.sd * noise[rows]
    truth: dict[str, Floats] = {}
    change = OtherStructure if kind == "other" else None
    for level in LEVELS_GBQ if kind == "other" else (LABEL_GBQ,):
        model = PatientModel.of(patient.agent, patient.host, label_regimen(CYCLES, level))
        model = replace(model, change=change)
        course = model.course(values, seed=SEED % 1000, structure=values.get("structure"))
        for region in REGIONS:
            truth[f"dose {region} {level:g}"] = course.dose_of(region)
            truth[f"first {region} {level:g}"] = course.dose_per_cycle_Gy[
                :, 0, course.regions.index(region)
            ].sum(axis=-1)
            truth[f"bed {region} {level:g}"] = course.of(course.bed_per_cycle_Gy, region).sum(
                axis=1
            )
        control = tumour_control(course)
        assert control is not None
        truth[f"control {level:g}"] = np.mean(list(control.by_lesion.values()), axis=0)
    _ROWS.clear()
    return patient, measured, truth


def run(kind: str, first: int, last: int, file: str) -> None:
    begin = time.perf_counter()
    patient, measured, kept = population(kind, first, last)
    print(f"truth: {time.perf_counter() - begin:.0f} s", flush=True)
    template = patient.screened(label_regimen(1))
    one = label_regimen(1)
    found: dict[str, list[Any]] = {}
    for i in range(last - first):
        started = time.perf_counter()
        person = template.with_data(with_values(patient.data, np.exp(measured[i])))
        stages = {"after": person}
        if kind == "same":
            stages["before"] = template.with_data(person.data.before(0.0))
        for stage, who in stages.items():
            methods = ("laplace", "chains") if kind == "same" and i % 40 == 0 else ("laplace",)
            for method in methods:
                posterior = who.posterior(draws=DRAWS, seed=first + i, method=method)
                course = posterior.course(one, varied=False)
                solved = ~course.failed
                for region in REGIONS:
                    dose = course.dose_of(region)[solved]
                    key = f"{stage} {method} {region}"
                    found.setdefault(key, []).append(np.quantile(dose, (0.05, 0.5, 0.95)))
                if stage == "after" and method == "laplace":
                    for name, limits in LIMIT_SETS.items():
                        found.setdefault(f"scale {name}", []).append(_scales(course, limits))
                    found.setdefault("converged", []).append(posterior.laplace.converged)
        found.setdefault("seconds", []).append(time.perf_counter() - started)
        if i % 10 == 0:
            print(i, f"{time.perf_counter() - begin:.0f} s", flush=True)
            _save(file, kind, first, found, kept, i + 1)
    _save(file, kind, first, found, kept, last - first)


def _save(file: str, kind: str, first: int, found: Mapping[str, list[Any]],
          truth: Mapping[str, Floats], done: int) -> None:  # fmt: skip
    columns = {f"truth {k}": v[:done] for k, v in truth.items()}
    np.savez(file, kind=kind, first=first, done=done, **columns,
             **{k: np.array(v) for k, v in found.items()})  # fmt: skip


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


def report(files: Sequence[str]) -> None:
    parts: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        with np.load(file) as loaded:
            part = {k: loaded[k] for k in loaded.files}
        parts.setdefault(str(part["kind"]), []).append(part)
    for kind, pieces in parts.items():
        for piece in pieces:  # written before sets of limits had names
            if "scale" in piece:
                piece["scale kidneys and marrow"] = piece.pop("scale")
        pieces.sort(key=lambda piece: "scale kidneys" in piece)
        keys = [k for k in pieces[-1] if k not in ("kind", "first", "done")]
        whole = {k: np.concatenate([p[k] for p in pieces if k in p]) for k in keys}
        n = whole["seconds"].size
        print(f"\n{kind} structure: {n} patients, {np.median(whole['seconds']):.1f} s each, "
              f"MAP converged in {np.mean(whole['converged']):.1%}")  # fmt: skip
        _coverage(whole, kind, pieces)
        if kind == "other":
            _gain(whole)


def _coverage(whole: Mapping[str, Floats], kind: str, pieces: Sequence[Any]) -> None:
    for stage in ("before", "after"):
        for method in ("laplace", "chains"):
            for region in REGIONS:
                key = f"{stage} {method} {region}"
                if key not in whole:
                    continue
                interval = whole[key]
                truth = whole[f"truth first {region} {LABEL_GBQ:g}"]
                if method == "chains":
                    chosen = [np.arange(int(p["done"])) % 40 == 0 for p in pieces]
                    truth = truth[np.concatenate(chosen)][: interval.shape[0]]
                inside = (truth >= interval[:, 0]) & (truth <= interval[:, 2])
                share, m = float(inside.mean()), inside.size
                width = float(np.median(interval[:, 2] / interval[:, 0]))
                bias = float(np.median(interval[:, 1] / truth))
                print(f"{kind} {stage:6s} {method:8s} {region:12s} n={m:3d} covers {share:6.1%} "
                      f"± {np.sqrt(share * (1 - share) / m):.1%}, p95/p05 {width:.2f}, "
                      f"median/truth {bias:.3f}")  # fmt: skip


def _gain(whole: Mapping[str, Floats]) -> None:
    """Print what the plan changes at equal probability of exceeding any limit."""
    levels = np.array(LEVELS_GBQ)
    n = whole["seconds"].size

    def curve(name: str) -> Floats:
        return np.array([whole[f"truth {name} {x:g}"] for x in LEVELS_GBQ])

    kidneys, marrow = curve("bed kidneys"), curve("dose red_marrow")
    least = np.minimum(curve("dose lesion:bone"), curve("dose lesion:node"))
    control = curve("control")

    def at(table: Floats, activity: Floats) -> Floats:
        return np.array([np.interp(a, levels, table[:, i]) for i, a in enumerate(activity)])

    for name, limits in LIMIT_SETS.items():
        if f"scale {name}" not in whole:
            continue
        scale = whole[f"scale {name}"]
        rows = np.arange(scale.shape[0]) + n - scale.shape[0]

        def outcome(activity: Floats, limits: Sequence[str] = limits) -> Floats:
            above = np.zeros(n, dtype=np.bool_)
            for region, table in (("kidneys", kidneys), ("red_marrow", marrow)):
                if region in limits:
                    above |= at(table, activity) > LIMITS[region]
            return np.array([above, at(least, activity), at(control, activity), activity])

        padded = np.concatenate([np.full((n - rows.size, RISKS.size), np.nan), scale])
        plans = np.array([outcome(padded[:, k])[:, rows] for k in range(RISKS.size)])
        flat = np.linspace(LEAST_GBQ, MOST_GBQ, 72)
        fixed = np.array([outcome(np.full(n, a))[:, rows] for a in flat])
        label = outcome(np.full(n, LABEL_GBQ))[:, rows]
        for share in SHARES:
            _compared(name, share, label, fixed, plans)


def _compared(name: str, share: float | None, label: Floats, fixed: Floats, plans: Floats) -> None:
    """Print plan against fixed activity at the same share of patients above a limit.

    Args:
        name: of the set of limits.
        share: to be compared at; None for that of the label activity.
        label: (what, patients) of the label activity; what: exceeded, dose, control, activity.
        fixed, plans: (choices, what, patients).
    """
    n = label.shape[1]

    def chosen(table: Floats, rows: NDArray[np.intp], goal: float) -> Floats:
        return table[int(np.argmin(np.abs(table[:, 0][:, rows].mean(axis=1) - goal)))]

    def compared(rows: NDArray[np.intp]) -> list[float]:
        goal = label[0, rows].mean() if share is None else share
        was = (label if share is None else chosen(fixed, rows, goal))[:, rows]
        now = chosen(plans, rows, goal)[:, rows]
        return [
            was[0].mean(), now[0].mean(), was[1].mean(), now[1].mean() / was[1].mean() - 1.0,
            np.median(now[1] / was[1]) - 1.0, now[2].mean() - was[2].mean(), was[3].mean(),
            now[3].mean(),
        ]  # fmt: skip

    rng = np.random.default_rng(SEED)
    best = compared(np.arange(n))
    drawn = np.array([compared(rng.integers(0, n, n)) for _ in range(RESAMPLES)])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    words = ("share above a limit, fixed", "share above a limit, plan", "mean least-lesion dose, "
             "fixed, Gy", "change of mean least-lesion dose", "median change by patient",
             "change of control (mean of lesion kinds)", "mean activity of cycles 2 to 6, fixed",
             "mean activity of cycles 2 to 6, plan")  # fmt: skip
    against = "label activity" if share is None else f"fixed activity with {share:.0%} above"
    print(f"limits: {name}; {against}; {n} patients")
    for word, value, a, b in zip(words, best, low, high, strict=True):
        print(f"  {word}: {value:.3f} ({a:.3f} to {b:.3f})")


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        report(sys.argv[2:])
