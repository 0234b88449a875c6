"""What was measured in a patient, as the model predicts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.evidence import read_findings

Floats = NDArray[np.float64]

QUANTITIES: Mapping[str, str] = {
    "activity_MBq": "activity at the time of the measurement",
    "percent_IA": "per cent of the administered activity, corrected for decay",
    "SUV": "concentration over administered activity per body mass, corrected for decay, g/mL",
    "kBq_mL": "concentration at the time of the measurement",
}
WHOLE_BODY = "whole_body"
COUNTS = ("platelets", "neutrophils")


@dataclass(frozen=True, slots=True)
class Given:
    """An administration that was made.

    Attributes:
        name: such as "PET" or "cycle 1".
        agent: name of the agent in the catalogue.
        time_s: after the first treatment; a scan before it has a negative time.
        activity_Bq, amount_nmol, duration_s: as `course.Administration`.
    """

    name: str
    agent: str
    time_s: float
    activity_Bq: float
    amount_nmol: float
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ActivityDatum:
    """Activity in a region (one lesion of its kind) after an administration.

    Attributes:
        given: name of the administration.
        region: region of dosimetry, or "whole_body" (without the bladder's contents).
        time_s: after that administration.
        quantity: key of `QUANTITIES`.
        value: in that quantity, > 0.
        relative_sd: uncertainty of the measurement over its value.
    """

    given: str
    region: str
    time_s: float
    quantity: str
    value: float
    relative_sd: float


@dataclass(frozen=True, slots=True)
class ValueDatum:
    """A direct measurement of a value of the host, such as eGFR or a mass.

    Attributes:
        key: finding of the host.
        value: internal units, > 0.
        log_sd: standard deviation of its logarithm.
        time_s: when it was taken, after the first treatment.
    """

    key: str
    value: float
    log_sd: float
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CountDatum:
    """A blood count: lineage, days after the first treatment, 1e9 per litre."""

    lineage: str
    day: float
    count_1e9_L: float


@dataclass(frozen=True)
class PatientData:
    """All that is known of a patient.

    Attributes:
        given: administrations, diagnostic ones too.
        activities, values, counts: measurements.
        egfr: (day, mL/min) in order of time; the one before treatment is also among `values`.
    """

    given: tuple[Given, ...] = ()
    activities: tuple[ActivityDatum, ...] = ()
    values: tuple[ValueDatum, ...] = ()
    counts: tuple[CountDatum, ...] = ()
    egfr: tuple[tuple[float, float], ...] = field(default=())

    def treatments(self, agent: str) -> tuple[Given, ...]:
        """Return the administrations of the agent of the treatment."""
        return tuple(g for g in self.given if g.agent == agent and g.time_s >= 0.0)

    def before(self, time_s: float) -> PatientData:
        """Return what was known before a time: administrations and measurements until then."""
        start = {g.name: g.time_s for g in self.given}
        day = time_s / 86400.0
        return PatientData(
            tuple(g for g in self.given if g.time_s < time_s),
            tuple(a for a in self.activities if start[a.given] + a.time_s < time_s),
            tuple(v for v in self.values if v.time_s < time_s),
            tuple(c for c in self.counts if c.day < day),
            tuple(e for e in self.egfr if e[0] < day),
        )


def check_data(data: PatientData, *, regions: Sequence[str], keys: Sequence[str]) -> None:
    """Check measurements against the model that shall explain them.

    Args:
        data: to be checked.
        regions: what the model follows.
        keys: values that the host has.

    Raises:
        InputError: which datum, what is wrong, what is allowed.
    """
    names = [g.name for g in data.given]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"given: the name {name!r} stands twice; names must differ")
    given = {g.name: g for g in data.given}
    for i, a in enumerate(data.activities, start=1):
        where = f"measurement in row {i} ({a.given}, {a.region}, {a.time_s / 3600.0:g} h)"
        if a.given not in names:
            raise InputError(f"{where}: scan {a.given!r} is not one of {', '.join(names) or '–'}")
        if a.region not in (*regions, WHOLE_BODY):
            raise InputError(
                f"{where}: no such region in the model; known are {', '.join(regions)}"
            )
        if a.quantity not in QUANTITIES:
            raise InputError(f"{where}: quantity {a.quantity!r}; known: {', '.join(QUANTITIES)}")
        if not (np.isfinite(a.value) and a.value > 0.0):
            raise InputError(f"{where}: value {a.value:g} must be above 0 and finite")
        _check_held(a, given[a.given], where)
        if not 0.0 < a.relative_sd <= 1.0:
            raise InputError(
                f"{where}: relative uncertainty {a.relative_sd:g} is outside above 0 to 1 "
                "(above 0 to 100 %)"
            )
        if not (np.isfinite(a.time_s) and 0.0 < a.time_s <= 60 * 86400.0):
            raise InputError(f"{where}: time is outside above 0 to 60 days after its scan")
    for v in data.values:
        if v.key not in keys:
            raise InputError(f"values: {v.key!r} is not a value of the host")
        if not (np.isfinite(v.value) and v.value > 0.0 and 0.0 < v.log_sd < 2.0):
            raise InputError(f"values: {v.key} = {v.value:g} ± {v.log_sd:g} is not usable")
    for c in data.counts:
        if c.lineage not in COUNTS or not 0.0 < c.count_1e9_L < 5000.0:
            raise InputError(
                f"blood: {c.lineage} = {c.count_1e9_L:g} on day {c.day:g}; known are "
                f"{', '.join(COUNTS)} in 1e9/L, above 0 and below 5000"
            )


def _check_held(datum: ActivityDatum, given: Given, where: str) -> None:
    """Check that a region does not hold more than was given."""
    most = {"activity_MBq": given.activity_Bq / 1e6, "percent_IA": 100.0}.get(datum.quantity)
    if most is not None and datum.value > most:
        unit = "MBq" if datum.quantity == "activity_MBq" else "% of what was given"
        raise InputError(
            f"{where}: value {datum.value:g} {unit} is more than the {most:g} that were given; "
            "check unit and region"
        )


@cache
def model_sd(subject: str, region: str) -> float:
    """Return a standard deviation of `plan_model.csv`."""
    rows = {(f.subject, f.region): f.require() for f in read_findings("plan_model.csv")}
    return rows[subject, region]


def structure_sd(region: str) -> float:
    """Return the log-sd of what no parameter explains of a region's activity."""
    kind = "lesion" if region.startswith("lesion:") else "organ"
    return model_sd("structure", "blood" if region == "blood" else kind)
