"""Levers as changes of model parameters, and what the model makes of the measured pairs.

`lever_models.csv` says for every example of `levers.csv` which agent stands for each side and what
its chemistry changes, from measurements that have nothing to do with the pair (affinity, sites on
cells, plasma binding, size, decay). Both sides are then simulated in the same patients. A pair
whose chemistry was not found is called not predictable; nothing is adjusted to a pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent, agent, vector_findings
from ligandose.course import Course, Regimen, simulate
from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import Finding, Status, read_table
from ligandose.hosts import Host, host, with_targets

Floats = NDArray[np.float64]

MODELS, PAIRS = "lever_models.csv", "levers.csv"
REFERENCE, EXAMPLE, BOTH = "reference", "example", "both"
NOT_PREDICTABLE = "not predictable"
NONE = "none"
TUMOUR = "tumour"
GBQ = 1.0
SAME = 1.25
"""Multipliers between 1/1.25 and 1.25 say that nothing changes."""
ROUGH = 2.0
"""A prediction is of the right rough size within this factor."""
PREDOSE_H = 4.0
Row = Mapping[str, str]


@dataclass(frozen=True)
class LeverPair:
    """A measured pair and what the model predicts for it.

    Attributes:
        lever, example, reference, host, quantity, region: of the measured pair.
        multiplier, low, high: measured, example over reference; None where not stated.
        status, source: of the measurement.
        predicted: median over the patients; None where not predictable.
        reason: why it cannot be predicted, "" where it can.
    """

    lever: str
    example: str
    reference: str
    host: str
    quantity: str
    region: str
    multiplier: float | None
    low: float | None
    high: float | None
    status: str
    source: str
    predicted: float | None
    reason: str

    @property
    def measured(self) -> float | None:
        """One number for the measurement: the multiplier, or the middle of its bounds."""
        if self.multiplier is not None:
            return self.multiplier
        if self.low is not None and self.high is not None:
            return math.sqrt(self.low * self.high)
        return self.low if self.high is None else self.high

    @property
    def right_direction(self) -> bool | None:
        """Whether the prediction changes to the same side, or neither changes; None if unknown.

        A prediction inside a measured range, or within a factor of 1.25 of the measurement, has
        its direction.
        """
        if self.predicted is None or self.measured is None:
            return None
        low, high = self.low or math.inf, self.high or -math.inf
        if low <= self.predicted <= high or _side(self.predicted / self.measured) == 0:
            return True
        return _side(self.predicted) == _side(self.measured)

    @property
    def right_size(self) -> bool | None:
        """Whether the prediction lies within a factor of 2 of the measurement or of its range."""
        if self.predicted is None or self.measured is None:
            return None
        low = self.measured if self.low is None else min(self.low, self.measured)
        high = self.measured if self.high is None else max(self.high, self.measured)
        if self.multiplier is None and self.low is None:
            low = 0.0 if self.high is None else self.high / ROUGH  # "up to" says no more
        return low / ROUGH <= self.predicted <= high * ROUGH


@cache
def lever_pairs(*, patients: int = 16, seed: int = 1) -> tuple[LeverPair, ...]:
    """Return every measured pair with the model's prediction.

    Args:
        patients: virtual patients, the same on both sides; the median of their ratios counts.
        seed: of the population.
    """
    found: list[LeverPair] = []
    courses: dict[tuple[str, str], Course] = {}
    for row in read_table(PAIRS):
        rows = model_of(row["example"])
        reason = next((r["note"] for r in rows if r["kind"] == NOT_PREDICTABLE), "")
        predicted = None
        if not reason:
            for side in (REFERENCE, EXAMPLE):
                key = (row["example"], side)
                if key not in courses:
                    courses[key] = _course(rows, side, patients=patients, seed=seed)
            predicted = _multiplier(row, rows, courses)
        found.append(_pair(row, predicted, reason))
    return tuple(found)


def model_of(example: str) -> tuple[Row, ...]:
    """Return the rows that say how an example is modelled.

    Raises:
        UnknownNameError: the table does not know it.
    """
    rows = tuple(r for r in read_table(MODELS) if r["example"] == example)
    if not rows:
        raise UnknownNameError("example of a lever", example, [r["example"] for r in
                               read_table(MODELS)])  # fmt: skip
    return rows


def score(pairs: Sequence[LeverPair]) -> dict[str, int]:
    """Return how many pairs there are, can be predicted, and are right."""
    judged = [p for p in pairs if p.predicted is not None and p.measured is not None]
    return {
        "pairs": len(pairs),
        "predictable": len(judged),
        "direction": sum(bool(p.right_direction) for p in judged),
        "size": sum(bool(p.right_size) for p in judged),
        "both": sum(bool(p.right_direction and p.right_size) for p in judged),
    }


# ------------------------------------------------------------------ simulation


def _course(rows: Sequence[Row], side: str, *, patients: int, seed: int) -> Course:
    mine = [r for r in rows if r["side"] in (side, BOTH)]
    made = _agent(mine)
    person = _host(mine, made)
    return simulate(made, person, _regimen(mine, made), patients=patients, seed=seed, threads=1)


def _agent(rows: Sequence[Row]) -> Agent:
    named = _text(rows, "agent")
    if not named:
        raise DataError(f"{MODELS}: {rows[0]['example']} names no agent")
    made = agent(named)
    nuclide = _text(rows, "nuclide")
    if nuclide:
        findings = vector_findings(made.vector, nuclide)
        made = replace(made, nuclide=nuclide, impurities=(), findings=findings)
    target = _text(rows, "target")
    if target:
        made = made.retargeted(target)
    findings = dict(made.findings)
    for row in rows:
        if row["kind"] in ("finding", "factor"):
            findings[row["key"]] = _changed(findings, row)
    return replace(made, findings=findings)


def _changed(findings: Mapping[str, Finding], row: Row) -> Finding:
    key, value = row["key"], float(row["value"])
    if key not in findings:
        raise DataError(
            f"{MODELS}: {row['example']} changes {key!r}, which its agent does not have"
        )
    old = findings[key]
    if row["kind"] == "factor":
        return replace(old, value=old.require() * value, status=Status.ASSUMED)
    if row["unit"] != old.unit:
        raise DataError(f"{MODELS}: {row['example']} gives {key} in {row['unit']}, not {old.unit}")
    return replace(old, value=value, status=Status.ASSUMED)


def _host(rows: Sequence[Row], made: Agent) -> Host:
    person = host(_text(rows, "host"), disease=_text(rows, "disease") or None)
    person = with_targets(person, made.binds)
    findings = dict(person.findings)
    for row in rows:
        if row["kind"] == "site_factor":
            for place in person.sites:
                key = f"{place.region}.{place.site}.density"
                if place.site == row["key"] and key in findings:
                    more = findings[key].require() * float(row["value"])
                    findings[key] = replace(findings[key], value=more)
    return replace(person, findings=findings)


def _regimen(rows: Sequence[Row], made: Agent) -> Regimen:
    use = made.typical
    comedication = _text(rows, "comedication")
    predose = _number(rows, "predose")
    names = made.comedication if not comedication else (comedication,)
    return Regimen.cycles(
        1,
        activity_GBq=GBQ,
        amount_nmol=_number(rows, "amount") or use["amount_nmol"],
        infusion_min=use.get("infusion_min", 0.0),
        comedication=tuple(n for n in names if n != NONE),
        predose_nmol=predose,
        predose_h=PREDOSE_H if predose else 0.0,
    )


def _text(rows: Sequence[Row], kind: str) -> str:
    return next((r["key"] for r in rows if r["kind"] == kind), "")


def _number(rows: Sequence[Row], kind: str) -> float | None:
    return next((float(r["value"]) for r in rows if r["kind"] == kind and r["value"]), None)


# ------------------------------------------------------------------ multipliers


def _multiplier(
    row: Row, rows: Sequence[Row], courses: Mapping[tuple[str, str], Course]
) -> float | None:
    time_h = _number(rows, "time")
    ratio = np.array(1.0)
    for side, sign in ((EXAMPLE, 1.0), (REFERENCE, -1.0)):
        course = courses[row["example"], side]
        value = _of(course, row["region"], time_h)
        if "tumour to" in row["quantity"]:
            value = _of(course, TUMOUR, time_h) / value
        ratio = ratio * value**sign
    known = ratio[np.isfinite(ratio)]
    return float(np.median(known)) if known.size else None


def _of(course: Course, region: str, time_h: float | None) -> Floats:
    """Return (P,) dose of a region over the course, or its activity at a time."""
    regions = course.host.lesions if region == TUMOUR else (region,)
    at = [course.regions.index(r) for r in regions]
    if time_h is not None:
        activity = course.activity_all_Bq[:, :, at].sum(axis=-1)
        wanted = np.array([time_h * 3600.0])
        found: list[Any] = [np.interp(wanted, course.time_s, one) for one in activity]
        return np.concatenate(found)
    mass = course.cycles[0].masses.mass_kg[:, at]
    dose = course.dose_per_cycle_Gy.sum(axis=(1, 3))[:, at]
    return (dose * mass).sum(axis=1) / mass.sum(axis=1)


def _pair(row: Row, predicted: float | None, reason: str) -> LeverPair:
    def number(key: str) -> float | None:
        return float(row[key]) if row[key] else None

    return LeverPair(
        lever=row["lever"],
        example=row["example"],
        reference=row["reference"],
        host=row["host"],
        quantity=row["quantity"],
        region=row["region"],
        multiplier=number("multiplier"),
        low=number("low"),
        high=number("high"),
        status=row["status"],
        source=row["source"],
        predicted=predicted,
        reason=reason,
    )


def _side(value: float) -> int:
    return 0 if 1.0 / SAME <= value <= SAME else (1 if value > 1.0 else -1)
