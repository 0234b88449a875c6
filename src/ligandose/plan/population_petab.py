"""A population as a PEtab problem (version 1), written and read.

PEtab (Schmiester et al. 2021, PLoS Computational Biology 17) describes a parameter estimation
by an SBML model and tables. The model is the kinetic model of the first administration with the
typical values; each subject is a condition, observables are activities of regions in MBq,
measured with log-normal noise. What another tool may estimate are the kinetic parameters that
are named, with their typical values. Covariates and later administrations are not carried over.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ligandose.course import Regimen
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import draw_values
from ligandose.kinetics import Dose, Phase, agent_parameters, describe, given_into
from ligandose.kinetics.sbml import SbmlModel, export_sbml
from ligandose.nuclides import nuclide
from ligandose.plan.individual_course import PatientModel
from ligandose.plan.individual_data import ActivityDatum, Given, PatientData
from ligandose.plan.population_model import Population, Subject

FILES = {
    "sbml": "model.xml",
    "measurements": "measurements.tsv",
    "observables": "observables.tsv",
    "conditions": "conditions.tsv",
    "parameters": "parameters.tsv",
}
MEASURED = ("time", "measurement", "noiseParameters", "observableParameters")
FOLD = 100.0
"""Bounds of a parameter lie this far from its typical value."""
YAML = """\
format_version: 1
parameter_file: parameters.tsv
problems:
  - sbml_files: [model.xml]
    measurement_files: [measurements.tsv]
    observable_files: [observables.tsv]
    condition_files: [conditions.tsv]
"""


def write_petab(folder: Path | str, population: Population, *, estimate: Sequence[str]) -> Path:
    """Write a PEtab problem of the first administrations of a population; return its YAML file.

    Args:
        folder: to be made.
        population: subjects, all with one administration of the same amount and length.
        estimate: kinetic parameters to estimate, such as "kidneys.PSMA.capacity".

    Raises:
        InputError: a folder that is there already, subjects that differ in amount or length, or
            with more than one administration.
        UnknownNameError: a kinetic parameter that the model does not have.
    """
    place = Path(folder)
    if place.exists():
        raise InputError(f"{place}: is there already; give a new folder")
    given = _same_dose(population.subjects)
    agent, host = population.template.agent, population.template.host
    regimen = Regimen.cycles(
        1, activity_GBq=given.activity_Bq / 1e9, amount_nmol=given.amount_nmol,
        infusion_min=given.duration_s / 60.0,
    )  # fmt: skip
    full = PatientModel.of(agent, host, regimen).host
    typical = [
        draw_values(f, patients=1, seed=0, variability=False)
        for f in (full.findings, agent.findings)
    ]
    numbers = agent_parameters(agent, full, typical[0], typical[1])
    description = describe(agent, full, routes=regimen.routes)
    model = export_sbml(
        description, [Phase(0.0, numbers)],
        [Dose(0.0, given.amount_nmol, given.duration_s)],
        into=given_into(agent), name="ligandose",
    )  # fmt: skip
    for name in estimate:
        if name not in model.symbols:
            raise UnknownNameError("kinetic parameter", name, model.symbols)
    regions = list(dict.fromkeys(
        a.region for s in population.subjects for a in s.data.activities
    ))  # fmt: skip
    pools = {r: [p.name for p in description.pools if p.region == r] for r in regions}
    decay = nuclide(agent.nuclide).decay_constant_per_s
    place.mkdir(parents=True)
    (place / FILES["sbml"]).write_text(model.text, "utf-8")
    (place / "problem.yaml").write_text(YAML, "utf-8")
    _observables(place, pools, model, decay)
    _tables(place, population.subjects)
    _parameters(place, estimate, model, numbers)
    return place / "problem.yaml"


def _same_dose(subjects: Sequence[Subject]) -> Given:
    for subject in subjects:
        if len(subject.data.given) != 1:
            raise InputError(
                f"subject {subject.name}: {len(subject.data.given)} administrations; a PEtab "
                "problem holds one of each subject"
            )
    first = subjects[0].data.given[0]
    for subject in subjects:
        own = subject.data.given[0]
        if (own.amount_nmol, own.duration_s) != (first.amount_nmol, first.duration_s):
            raise InputError(
                f"subject {subject.name}: amount or length differs from the first subject's; "
                "write a problem for each"
            )
    return first


def _observables(
    place: Path, pools: Mapping[str, Sequence[str]], model: SbmlModel, decay: float
) -> None:
    rows: list[list[str]] = []
    for region, names in pools.items():
        if not names:
            raise InputError(f"region {region}: no pool of the kinetic model; PEtab needs one")
        species = [model.species[name, ""] for name in names]
        amount, own = " + ".join(species), f"obs_{_identifier(region)}"
        rows.append(
            [
                own,
                region,
                f"observableParameter1_{own} * exp(-{decay!r} * time) * ({amount})",
                f"noiseParameter1_{own}", "log", "normal",
            ]
        )  # fmt: skip
    header = ["observableId", "observableName", "observableFormula", "noiseFormula",
              "observableTransformation", "noiseDistribution"]  # fmt: skip
    _write(place / FILES["observables"], header, rows)


def _tables(place: Path, subjects: Sequence[Subject]) -> None:
    rows: list[list[str]] = []
    for i, subject in enumerate(subjects, start=1):
        given = subject.data.given[0]
        for a in subject.data.activities:
            if a.quantity != "activity_MBq":
                raise InputError(f"subject {subject.name}: {a.quantity}; give activity_MBq")
            rows.append(
                [
                    f"obs_{_identifier(a.region)}", f"subject_{i}", repr(a.time_s),
                    repr(a.value), repr(float(np.sqrt(np.log1p(a.relative_sd**2)))),
                    repr(given.activity_Bq / 1e6 / given.amount_nmol),
                ]
            )  # fmt: skip
    header = ["observableId", "simulationConditionId", "time", "measurement", "noiseParameters",
              "observableParameters"]  # fmt: skip
    _write(place / FILES["measurements"], header, rows)
    conditions = [[f"subject_{i}", s.name] for i, s in enumerate(subjects, start=1)]
    _write(place / FILES["conditions"], ["conditionId", "conditionName"], conditions)


def _parameters(
    place: Path, estimate: Sequence[str], model: SbmlModel, numbers: Mapping[str, object]
) -> None:
    rows: list[list[str]] = []
    for name in estimate:
        value = float(np.asarray(numbers[name]).flat[0])
        rows.append(
            [model.symbols[name], name, "log10", repr(value / FOLD), repr(value * FOLD),
             repr(value), "1"]
        )  # fmt: skip
    header = ["parameterId", "parameterName", "parameterScale", "lowerBound", "upperBound",
              "nominalValue", "estimate"]  # fmt: skip
    _write(place / FILES["parameters"], header, rows)


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_petab(folder: Path | str, *, agent: str, amount_nmol: float) -> list[Subject]:
    """Return the subjects of a PEtab problem that `write_petab` made.

    Args:
        folder: with the tables.
        agent: that was given; PEtab does not say it.
        amount_nmol: that was given.

    Raises:
        InputError: a table that is missing or breaks a rule.
    """
    place = Path(folder)
    names = {r["observableId"]: r["observableName"] for r in _read(place, "observables")}
    subjects = {r["conditionId"]: r["conditionName"] for r in _read(place, "conditions")}
    activity: dict[str, float] = {}
    data: dict[str, list[ActivityDatum]] = {name: [] for name in subjects}
    for line, row in enumerate(_read(place, "measurements"), start=2):
        where = f"{FILES['measurements']}:{line}"
        if row["simulationConditionId"] not in data or row["observableId"] not in names:
            raise InputError(f"{where}: a condition or observable that no table has")
        try:
            time, value, noise, per_nmol = (float(row[k]) for k in MEASURED)
        except ValueError:
            raise InputError(f"{where}: a field that is no number") from None
        activity[row["simulationConditionId"]] = per_nmol * amount_nmol * 1e6
        data[row["simulationConditionId"]].append(
            ActivityDatum(
                "dose 1", names[row["observableId"]], time, "activity_MBq", value,
                float(np.sqrt(np.expm1(noise**2))),
            )
        )  # fmt: skip
    return [
        Subject(
            name,
            PatientData(
                (Given("dose 1", agent, 0.0, activity[key], amount_nmol),), tuple(data[key])
            ),
            {},
        )
        for key, name in subjects.items()
        if key in activity
    ]


def _read(place: Path, table: str) -> list[dict[str, str]]:
    path = place / FILES[table]
    if not path.is_file():
        raise InputError(f"{place.name}/{FILES[table]}: no such file")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    if any(None in row or None in row.values() for row in rows):
        raise InputError(f"{FILES[table]}: a row whose number of fields is not the header's")
    return rows
