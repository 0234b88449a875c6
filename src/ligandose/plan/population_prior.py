"""A fitted population as the prior of the next patient: a table, written and read.

    of,value,unit,typical,gsd,gsd_of_typical
    host,kidneys.PSMA.density,nmol/L,31.2,1.42,1.08

`of` is "host" or an agent's name, `typical` stands in the catalogue's unit of the value, `gsd` is
the spread between patients and `gsd_of_typical` what the group's own data leave open of the
typical value. A patient.yaml that names the file (`population: FILE.csv`) is planned with it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ligandose.agents import Agent
from ligandose.agents import agent as catalogue_agent
from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence.units import to_internal
from ligandose.hosts import Host
from ligandose.plan.individual_prior import HOST, SEPARATOR, Prior
from ligandose.plan.population_fit import PopulationFit
from ligandose.plan.population_model import Population

COLUMNS = ("of", "value", "unit", "typical", "gsd", "gsd_of_typical")
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class OwnValue:
    """A value of which a group knows its own population.

    Attributes:
        key: of the prior, "host|kidneys.PSMA.density".
        log_typical: internal units.
        log_sd: between patients, and of the typical value, together.
    """

    key: str
    log_typical: float
    log_sd: float


def write_prior(path: Path | str, fit: PopulationFit, population: Population) -> Path:
    """Write a fitted population as a table for patients to come; return the file."""
    rows: list[list[str]] = []
    for i, key in enumerate(fit.names):
        owner, _, name = key.partition(SEPARATOR)
        unit = _unit(owner, name, population.template.host, population.template.agent, "population")
        typical = math.exp(fit.log_typical[i]) / to_internal(1.0, unit, where=name)
        spread, own = math.exp(fit.spread[i]), math.exp(fit.se_log_typical[i])
        rows.append([owner, name, unit, f"{typical:.8g}", f"{spread:.6g}", f"{own:.6g}"])
    file = Path(path)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])
    return file


def read_prior(path: Path | str, *, host: Host, agent: Agent) -> tuple[OwnValue, ...]:
    """Read a table of `write_prior`.

    Raises:
        InputError: file, line and column of what breaks a rule.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file.name}: no such file; name a csv file of the folder")
    if file.stat().st_size > MOST_BYTES:
        raise InputError(f"{file.name}: larger than {MOST_BYTES / 1e6:g} MB")
    try:
        reader = csv.DictReader(file.read_text("utf-8-sig").splitlines())
        rows = [dict(row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file.name}: is not a csv table in UTF-8 ({error})") from error
    if tuple(reader.fieldnames or ()) != COLUMNS or not rows:
        raise InputError(f"{file.name}:1: the columns must be {', '.join(COLUMNS)}, with rows")
    found: list[OwnValue] = []
    for line, row in enumerate(rows, start=2):
        where = f"{file.name}:{line}"
        if None in row or None in row.values():
            raise InputError(f"{where}: the number of fields is not the header's")
        unit = _unit(row["of"], row["value"], host, agent, where)
        if row["unit"] != unit:
            raise InputError(f"{where}: unit got {row['unit']!r}; {row['value']} is in {unit}")
        typical = _above(row["typical"], "typical", 0.0, where)
        spread = math.log(_above(row["gsd"], "gsd", 1.0, where))
        own = math.log(_above(row["gsd_of_typical"], "gsd_of_typical", 1.0, where))
        log_typical = math.log(to_internal(typical, unit, where=where))
        key = f"{row['of']}{SEPARATOR}{row['value']}"
        if key in (v.key for v in found):
            raise InputError(f"{where}: {row['value']} stands twice")
        found.append(OwnValue(key, log_typical, math.hypot(spread, own)))
    return tuple(found)


def with_own(prior: Prior, values: Sequence[OwnValue]) -> Prior:
    """Return a prior with a group's own typical values and spreads.

    What a value shares with others (a group of findings) keeps its part of the spread.

    Raises:
        UnknownNameError: a value that the prior does not have.
    """
    log_typical, loading = prior.log_typical.copy(), prior.loading.copy()
    before = prior.sd_log()
    names = list(prior.names)
    for own in values:
        if own.key not in prior.keys:
            raise UnknownNameError("value", own.key, prior.keys, where="population")
        i = prior.keys.index(own.key)
        log_typical[i] = own.log_typical
        if before[i] > 0.0:
            loading[i] *= own.log_sd / before[i]
            continue
        names.append(own.key)
        loading = np.concatenate([loading, np.zeros((loading.shape[0], 1))], axis=1)
        loading[i, -1] = own.log_sd
    return replace(prior, log_typical=log_typical, names=tuple(names), loading=loading)


def _unit(owner: str, name: str, host: Host, agent: Agent, where: str) -> str:
    """Return the catalogue's unit of a value."""
    if owner == HOST:
        findings = host.findings
    elif owner == agent.name:
        findings = agent.findings
    else:
        findings = catalogue_agent(owner).findings
    if name not in findings:
        raise UnknownNameError("value", name, findings, where=where)
    return findings[name].unit


def _above(text: str, column: str, low: float, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: {column} got {text[:40]!r}; write a bare number") from None
    if not (math.isfinite(value) and value > low):
        raise InputError(f"{where}: {column} got {value:g}, allowed is above {low:g}")
    return value
