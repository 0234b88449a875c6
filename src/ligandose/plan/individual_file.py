"""A patient's folder: patient.yaml with the administrations, and tables of measurements.

    case: P001
    agent: 177Lu-PSMA-617
    host: adult-male
    disease: mCRPC
    body_mass_kg: 82
    egfr: [{day: -10, mL_min: 78}]
    values: {"lesion:bone.mass": {value: 12, relative_sd: 0.2}}    # unit of the catalogue
    given:
      - {name: PET, agent: 68Ga-PSMA-11, day: -14, activity_GBq: 0.16, amount_nmol: 3}
    measurements: measurements.csv     # scan, region, time_h, quantity, value, uncertainty_percent
    blood: blood.csv                   # day, lineage, count_1e9_L
    population: population.csv         # a group's own prior (`population_prior`); may be left out

`case`, `agent` and labels follow the case.yaml of images; days count from the first treatment.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ligandose.agents import Agent, agents
from ligandose.agents import agent as catalogue_agent
from ligandose.course.schema import (
    Part,
    between,
    checked,
    within,
)
from ligandose.course.study_yaml import (
    StudyText,
    read_study_text,
)
from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence.units import to_internal
from ligandose.hosts import Host, diseases, hosts, with_targets
from ligandose.hosts import host as catalogue_host
from ligandose.plan.individual_data import (
    QUANTITIES,
    ActivityDatum,
    CountDatum,
    Given,
    PatientData,
    ValueDatum,
    model_sd,
)
from ligandose.plan.population_prior import OwnValue, read_prior

PATIENT_FILE = "patient.yaml"
MEASUREMENT_COLUMNS = ("scan", "region", "time_h", "quantity", "value", "uncertainty_percent")
BLOOD_COLUMNS = ("day", "lineage", "count_1e9_L")
MOST_BYTES = 10_000_000
MOST_ROWS = 10_000
DAY_S = 86400.0
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


class _EgfrPart(Part):
    day: Annotated[float, between(-3650, 3650, "days")]
    mL_min: Annotated[float, between(0, 300, "mL/min", above=True)]


class _ValuePart(Part):
    value: Annotated[float, between(0, 1e12, above=True)]
    relative_sd: Annotated[float, between(0, 1, above=True)]


class _GivenPart(Part):
    name: str
    agent: str
    day: Annotated[float, between(-3650, 3650, "days")]
    activity_GBq: Annotated[float, within("activity_GBq")]
    amount_nmol: Annotated[float, within("amount_nmol")]
    infusion_min: Annotated[float, within("infusion_min")] = 0.0


class _PatientPart(Part):
    case: str
    agent: str
    host: str
    disease: str | None = None
    body_mass_kg: Annotated[float | None, between(1, 400, "kg")] = None
    egfr: list[_EgfrPart] = Field(default_factory=list[_EgfrPart])
    values: dict[str, _ValuePart] = Field(default_factory=dict[str, _ValuePart])
    given: list[_GivenPart] = Field(default_factory=list[_GivenPart])
    measurements: str | None = None
    blood: str | None = None
    population: str | None = None
    discordant: list[str] = Field(default_factory=list[str])


@dataclass(frozen=True)
class PatientCase:
    """A patient as the folder tells.

    Attributes:
        name: label of the case.
        agent, host: of the treatment.
        data: measurements.
        discordant: lesion kinds that only FDG shows.
        sha256: hashes of the files by name.
        own: values of which the group knows its own population.
    """

    name: str
    agent: Agent
    host: Host
    data: PatientData
    discordant: tuple[str, ...]
    sha256: Mapping[str, str]
    own: tuple[OwnValue, ...] = ()


def read_patient(folder: Path | str) -> PatientCase:
    """Read a patient's folder.

    Raises:
        InputError: file, line, field, the value that came, what is allowed.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"{path}: is not a folder; give the folder that holds {PATIENT_FILE}")
    if not (path / PATIENT_FILE).is_file():
        other = (path / "case.yaml").is_file()
        hint = (
            "; its case.yaml describes images: work them out with `ligandose dose` and write "
            f"their activities into a table that a {PATIENT_FILE} names"
            if other
            else ""
        )
        raise InputError(f"{path}: holds no {PATIENT_FILE}{hint}")
    text = read_study_text(path / PATIENT_FILE)
    part = checked(text, _PatientPart)
    if not _LABEL.fullmatch(part.case):
        raise InputError(
            f"{text.place(('case',))} got {part.case[:40]!r}; write a study label of letters, "
            "digits, - _ . without spaces (no name of a person)"
        )
    hashes = {PATIENT_FILE: hashlib.sha256(text.raw).hexdigest()}
    _known(text, ("agent",), "agent", part.agent, agents())
    _known(text, ("host",), "host", part.host, hosts())
    if part.disease is not None:
        _known(text, ("disease",), "disease", part.disease, diseases())
    agent = catalogue_agent(part.agent)
    person = with_targets(
        catalogue_host(part.host, disease=part.disease), (*agent.binds, *agent.binder_binds)
    )
    data = PatientData(
        given=_given(text, part),
        activities=_activities(path, part.measurements, hashes),
        values=_values(text, part, person),
        counts=_counts(path, part.blood, hashes),
        egfr=tuple(sorted((e.day, e.mL_min) for e in part.egfr)),
    )
    own = _own(path, part.population, person, agent, hashes)
    for lesion in part.discordant:
        if lesion not in person.lesions:
            raise UnknownNameError(
                "lesion", lesion, person.lesions, where=text.place(("discordant",)).rstrip(":")
            )
    return PatientCase(part.case, agent, person, data, tuple(part.discordant), hashes, own)


def _own(
    folder: Path, name: str | None, host: Host, agent: Agent, hashes: dict[str, str]
) -> tuple[OwnValue, ...]:
    if name is None:
        return ()
    if Path(name).name != name:
        raise InputError(f"{folder.name}/{name}: no such file; name a csv file of the folder")
    found = read_prior(folder / name, host=host, agent=agent)
    hashes[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return found


def _known(
    text: StudyText, field: tuple[str | int, ...], kind: str, name: str, known: Sequence[str]
) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known, where=text.place(field).rstrip(":"))


def _given(text: StudyText, part: _PatientPart) -> tuple[Given, ...]:
    found: list[Given] = []
    for i, g in enumerate(part.given):
        _known(text, ("given", i, "agent"), "agent", g.agent, agents())
        found.append(
            Given(g.name, g.agent, g.day * DAY_S, g.activity_GBq * 1e9, g.amount_nmol,
                  g.infusion_min * 60.0)
        )  # fmt: skip
    treated = [g for g in found if g.agent == part.agent]
    if treated and min(g.time_s for g in treated) != 0.0:
        first = min(g.time_s for g in treated) / DAY_S
        raise InputError(
            f"{text.place(('given',))} the first treatment is on day {first:g}; days count from "
            "it: write day: 0 there"
        )
    return tuple(sorted(found, key=lambda g: g.time_s))


def _values(text: StudyText, part: _PatientPart, host: Host) -> tuple[ValueDatum, ...]:
    found: list[ValueDatum] = []
    before = [e for e in part.egfr if e.day <= 0.0]
    if before:
        last = max(before, key=lambda e: e.day)
        sd = model_sd("egfr", "kidneys")
        found.append(ValueDatum("kidneys.gfr", last.mL_min / 6e4, sd, min(last.day, -1e-6) * DAY_S))
    if part.body_mass_kg is not None:
        sd = model_sd("body_mass", "whole_body")
        found.append(ValueDatum("whole_body.body_mass", part.body_mass_kg, sd, -1e9))
    for key, v in part.values.items():
        if key not in host.findings:
            raise UnknownNameError(
                "value of the host",
                key,
                host.findings,
                where=text.place(("values", key)).rstrip(":"),
            )
        unit = host.findings[key].unit
        internal = to_internal(v.value, unit, where=f"values {key}")
        log_sd = math.sqrt(math.log1p(v.relative_sd**2))
        found.append(ValueDatum(key, internal, log_sd, -1e9))
    return tuple(found)


def _activities(
    folder: Path, name: str | None, hashes: dict[str, str]
) -> tuple[ActivityDatum, ...]:
    if name is None:
        return ()
    rows = _rows(folder, name, MEASUREMENT_COLUMNS, hashes)
    found: list[ActivityDatum] = []
    for line, row in rows:
        where = f"{name}:{line}"
        if row["quantity"] not in QUANTITIES:
            raise UnknownNameError("quantity", row["quantity"], QUANTITIES, where=where)
        found.append(
            ActivityDatum(
                row["scan"], row["region"], 3600.0 * _number(row, "time_h", where, low=0.0),
                row["quantity"], _number(row, "value", where, low=0.0),
                0.01 * _number(row, "uncertainty_percent", where, low=0.0, high=100.0),
            )
        )  # fmt: skip
    return tuple(found)


def _counts(folder: Path, name: str | None, hashes: dict[str, str]) -> tuple[CountDatum, ...]:
    if name is None:
        return ()
    rows = _rows(folder, name, BLOOD_COLUMNS, hashes)
    return tuple(
        CountDatum(
            row["lineage"], _number(row, "day", f"{name}:{line}", low=-4000.0, high=4000.0),
            _number(row, "count_1e9_L", f"{name}:{line}", low=0.0, high=5000.0),
        )
        for line, row in rows
    )  # fmt: skip


def _rows(
    folder: Path, name: str, columns: tuple[str, ...], hashes: dict[str, str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a table with their lines; the file lies in the folder itself."""
    path = folder / name
    if Path(name).name != name or not path.is_file():
        raise InputError(f"{folder.name}/{name}: no such file; name a csv file of the folder")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{name}: larger than {MOST_BYTES / 1e6:g} MB")
    raw = path.read_bytes()
    hashes[name] = hashlib.sha256(raw).hexdigest()
    try:
        reader = csv.DictReader(raw.decode("utf-8-sig").splitlines())
        read = [dict(row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: is not a csv table in UTF-8 ({error})") from error
    if tuple(reader.fieldnames or ()) != columns:
        raise InputError(f"{name}:1: the columns must be {', '.join(columns)}")
    if not 1 <= len(read) <= MOST_ROWS:
        raise InputError(f"{name}: holds {len(read)} rows, allowed are 1 to {MOST_ROWS}")
    result: list[tuple[int, dict[str, str]]] = []
    for line, row in enumerate(read, start=2):
        if None in row or None in row.values():
            raise InputError(f"{name}:{line}: the number of fields is not the header's")
        result.append((line, {k: v.strip() for k, v in row.items()}))
    return result


def _number(
    row: Mapping[str, str], key: str, where: str, *, low: float, high: float = math.inf
) -> float:
    try:
        value = float(row[key])
    except ValueError:
        raise InputError(f"{where}: {key} got {row[key][:40]!r}; write a bare number") from None
    if not (math.isfinite(value) and low < value <= high):
        top = f" up to {high:g}" if math.isfinite(high) else ""
        raise InputError(f"{where}: {key} got {value:g}, allowed is above {low:g}{top}")
    return value
