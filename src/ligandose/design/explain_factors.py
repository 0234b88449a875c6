"""Properties that are varied to explain an agent: what each changes in the findings of a case.

`explain_factors.csv` holds a row per property with the findings that it changes (patterns; {target}
is the target's kind of site, {site} every kind that the vector binds, ! leaves out) and its range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.design.explain_tissue import (
    TUMOUR_CELL,
    class_ratios,
    compartments,
    place_numbers,
    positive_shares,
)
from ligandose.errors import UnknownNameError
from ligandose.evidence import read_table
from ligandose.hosts import Host

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TABLE = "explain_factors.csv"
PROTEIN = "hydrodynamic_radius"
"""A vector with one is a protein, whose way through vessels is that of pores."""
LEVELS = 8
"""Levels of heterogeneity within lesions: each is evaluated exactly, at the middle of its class."""
ONLY_POPULATION = "population"
HALF_LIFE, EMISSIONS = "half_life", "emissions"
OF_NUCLIDE = (HALF_LIFE, EMISSIONS)
"""Kinds whose levels are the nuclides of the study."""
OF_TISSUE = ("positive", "compartment")
"""Kinds that say where decays lie among the cells (`explain_tissue`)."""
OF_AGENT = ("agent", "small")


@dataclass(frozen=True, slots=True)
class Factor:
    """A property.

    Attributes:
        name, label, group: as the table names it; the group is target, vector, nuclide, patient or
            use.
        population_group: name under which it is judged together with others where patients, or
            draws from what is not known, differ in everything at once; "" for none.
        kind: what it changes: host, agent, protein (host, for proteins), small and diffusible
            (agent and host, not for proteins), lesion (radiobiology), between, log_sd, positive,
            compartment, antigen, amount, half_life, emissions, population.
        patterns: of keys of findings.
        low, high: range, log-uniform: of a multiplier, or of the value for log_sd and antigen.
        unit: "1" for a multiplier.
        most: highest value of the finding itself; infinite for none.
        status, note: of the range.
    """

    name: str
    label: str
    group: str
    population_group: str
    kind: str
    patterns: tuple[str, ...]
    low: float
    high: float
    unit: str
    most: float
    status: str
    note: str

    def at(self, share: Floats) -> Floats:
        """Return the values at (n,) shares of the range, evenly in the logarithm."""
        return self.low * (self.high / self.low) ** share


@dataclass(frozen=True)
class Changes:
    """What rows change: (n,) multipliers of findings by key, and what is no finding.

    Attributes:
        host, agent, lesion: multipliers by key; keys of `lesion` are quantities of radiobiology.
        log_sd: spread of dose within lesions; None for the best estimate.
        antigen: shed antigen in plasma, nmol/L; None for what the host has.
        amount: multiplier of the amount of vector.
        place: numbers in `explain_tissue.places()`; None, or -1, for the mean dose of the lesion.
    """

    host: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    agent: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    lesion: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    log_sd: Floats | None = None
    antigen: Floats | None = None
    amount: Floats | None = None
    place: Ints | None = None


@cache
def factors() -> Mapping[str, Factor]:
    """Return all properties of the table by name."""
    return {row["factor"]: _factor(row) for row in read_table(TABLE)}


def factor(name: str) -> Factor:
    """Return a property.

    Raises:
        UnknownNameError: not in the table.
    """
    if name not in factors():
        raise UnknownNameError("property", name, list(factors()))
    return factors()[name]


def _factor(row: Mapping[str, str]) -> Factor:
    return Factor(
        name=row["factor"],
        label=row["label"],
        group=row["group"],
        population_group=row["population_group"],
        kind=row["kind"],
        patterns=tuple(p for p in row["keys"].split(";") if p),
        low=float(row["low"] or "nan"),
        high=float(row["high"] or "nan"),
        unit=row["unit"],
        most=float(row["most"] or "inf"),
        status=row["status"],
        note=row["note"],
    )


def keys_of(one: Factor, keys: Iterable[str], agent: Agent, site: str) -> tuple[str, ...]:
    """Return the keys that a property changes, in their order.

    Args:
        one: property.
        keys: of the findings of a host or an agent.
        agent: what is given.
        site: kind of site of its target.
    """
    wanted = [p for p in one.patterns if not p.startswith("!")]
    left_out = [p[1:] for p in one.patterns if p.startswith("!")]
    named = [q for p in wanted for q in _named(p, agent, site)]
    return tuple(
        k
        for k in keys
        if any(fnmatchcase(k, p) for p in named) and not any(fnmatchcase(k, p) for p in left_out)
    )


def _named(pattern: str, agent: Agent, site: str) -> list[str]:
    if "{site}" in pattern:
        return [pattern.replace("{site}", s) for s in (*agent.binds, *agent.binder_binds)]
    return [pattern.replace("{target}", site)]


def applies(one: Factor, agent: Agent, host: Host, site: str) -> bool:
    """Return whether a property changes anything of an agent in a host."""
    if one.kind in (*OF_NUCLIDE, ONLY_POPULATION):
        return False
    if one.kind in OF_TISSUE:
        return class_ratios(agent.nuclide) is not None
    if one.kind in ("log_sd", "amount", "antigen", "lesion"):
        return True
    if one.kind == "between":
        return len(keys_of(one, host.findings, agent, site)) > 1
    if one.kind in ("small", "diffusible") and PROTEIN in agent.findings:
        return False
    if one.kind in OF_AGENT:
        return any(
            (agent.findings[k].value or 0.0) > 0.0
            for k in keys_of(one, agent.findings, agent, site)
        )
    if one.kind == "protein" and PROTEIN not in agent.findings:
        return False
    return any(
        (host.findings[k].value or 0.0) > 0.0 for k in keys_of(one, host.findings, agent, site)
    )


def changes_of(
    chosen: Sequence[tuple[Factor, Floats]], agent: Agent, host: Host, site: str
) -> Changes:
    """Return what values of properties change.

    Args:
        chosen: properties with their (n,) values, multipliers or values as the table says; of a
            compartment and of a share of cells the number of the level.
        agent, host: whose findings are changed; site: kind of site of the target.
    """
    made: dict[str, dict[str, Floats]] = {"host": {}, "agent": {}, "lesion": {}}
    other: dict[str, Floats] = {}
    for one, values in chosen:
        if one.kind in ("log_sd", "antigen", "amount", *OF_TISSUE):
            other[one.kind] = values
        elif one.kind == "lesion":
            made["lesion"].update(dict.fromkeys(one.patterns, values))
        elif one.kind == "between":
            _multiply(made["host"], _between(one, agent, host, site, values))
        else:
            findings = agent.findings if one.kind in OF_AGENT else host.findings
            into = made["agent" if one.kind in OF_AGENT else "host"]
            keys = keys_of(one, findings, agent, site)
            _multiply(into, {k: _at_most(findings[k].value, values, one.most) for k in keys})
    return Changes(
        host=made["host"],
        agent=made["agent"],
        lesion=made["lesion"],
        log_sd=other.get("log_sd"),
        antigen=other.get("antigen"),
        amount=other.get("amount"),
        place=_place(other),
    )


def _place(levels_of: Mapping[str, Floats]) -> Ints | None:
    """Return the numbers of places; NaN is no level, -1 where neither property has one.

    Where only one has a level the other is the best there is: all tumour cells, themselves.
    """
    held = [levels_of.get(kind) for kind in OF_TISSUE]
    known = next((v for v in held if v is not None), None)
    if known is None:
        return None
    best = (len(positive_shares()) - 1.0, float(compartments().index(TUMOUR_CELL)))
    given = [np.full(known.size, np.nan) if v is None else v for v in held]
    positive, compartment = (
        np.where(np.isnan(v), b, v).astype(np.int64) for v, b in zip(given, best, strict=True)
    )
    none = np.all(np.isnan(given), axis=0)
    return np.where(none, -1, place_numbers(compartment, positive))


def _multiply(into: dict[str, Floats], by: Mapping[str, Floats]) -> None:
    for key, values in by.items():
        into[key] = into[key] * values if key in into else values


def _between(one: Factor, agent: Agent, host: Host, site: str, ratio: Floats) -> dict[str, Floats]:
    """Return multipliers: the first kind is `ratio` times the others, their mean log kept."""
    keys = keys_of(one, host.findings, agent, site)
    share = 1.0 / len(keys)
    return {k: ratio ** ((1.0 - share) if i == 0 else -share) for i, k in enumerate(keys)}


def _at_most(value: float | None, multiplier: Floats, most: float) -> Floats:
    if not value or not np.isfinite(most):
        return multiplier
    return np.minimum(multiplier, most / value)


def levels(share: Floats) -> Floats:
    """Return shares moved to the middle of one of a few classes of equal width."""
    return (np.minimum(np.floor(share * LEVELS), LEVELS - 1) + 0.5) / LEVELS
