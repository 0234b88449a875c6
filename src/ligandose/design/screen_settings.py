"""Settings of a screen: how large the lesions are, what is wanted, which late effects limit.

`design_settings.csv` holds a row per statement; what a setting does not say is that of "any".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ligandose.effect import LimitQuantity, organ_limits
from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_table

TABLE = "design_settings.csv"
EVERY = "any"
NOT_SETTINGS = (EVERY, "generic", "supply", "companion")
GOALS = ("log10_kill", "tcp", "marrow_bed")
MARROW = "red_marrow"
MARROW_ROLES = ("limit", "rescued", "target")


@dataclass(frozen=True, slots=True)
class Limit:
    """What an organ may get over the whole course.

    Attributes:
        region: canonical region.
        quantity: "absorbed_dose" (alphas count with their clinical RBE), "bed" or "eqd2".
        limit_Gy: above 0.
        label: of the published limit, or what the study says.
        source: identifier of its source.
    """

    region: str
    quantity: str
    limit_Gy: float
    label: str
    source: str


@dataclass(frozen=True)
class Setting:
    """What a clinical setting decides.

    Attributes:
        name: such as "bulky"; "" for none, which leaves the lesions of the disease.
        lesion_mass_g, lesion_number: median and between-patient coefficient of variation of one
            lesion and of the lesions of a kind; None leaves those of the disease.
        goal: one of GOALS.
        limits: the limit of every organ that has one.
        marrow: one of MARROW_ROLES.
        route: why the setting needs another way than a vein; "" where it does not.
        notes: what stands behind its numbers.
    """

    name: str
    lesion_mass_g: tuple[float, float] | None
    lesion_number: tuple[float, float] | None
    goal: str
    limits: tuple[Limit, ...]
    marrow: str
    route: str
    notes: tuple[str, ...]


@cache
def settings() -> tuple[str, ...]:
    """Return the names of the settings, in the order of the table."""
    return tuple(dict.fromkeys(r["setting"] for r in _rows() if r["setting"] not in NOT_SETTINGS))


@cache
def setting(name: str = "") -> Setting:
    """Return a setting.

    Raises:
        UnknownNameError: not in the table.

    Examples:
        >>> setting("conditioning").marrow
        'target'
    """
    if name and name not in settings():
        raise UnknownNameError("setting", name, settings())
    rows = [r for r in _rows() if r["setting"] in (EVERY, name)]
    last = {(r["region"], r["quantity"]): r for r in rows}
    limits: dict[str, Limit] = {}
    for row in rows:
        if row["quantity"].startswith("limit_"):
            limits[row["region"]] = _limit(row)
    route = last.get(("", "route"))
    return Setting(
        name=name,
        lesion_mass_g=_spread(last.get(("lesion", "mass"))),
        lesion_number=_spread(last.get(("lesion", "number"))),
        goal=last["", "goal"]["term"],
        limits=tuple(limits.values()),
        marrow=last[MARROW, "role"]["term"],
        route="" if route is None else route["note"],
        notes=tuple(
            f"{r['region'] or r['quantity']}: {r['note']} ({r['status']}, {r['source']})"
            for r in rows
            if r["setting"] == name and r["note"]
        ),
    )


def number_of(group: str, quantity: str) -> float:
    """Return a number that stands for a group of the table, such as ("supply", "transport").

    Raises:
        DataError: the table has none.
    """
    for row in _rows():
        if (row["setting"], row["quantity"]) == (group, quantity) and row["value"]:
            return float(row["value"])
    raise DataError(f"{TABLE}: no {quantity} of {group}")


@cache
def generic_vectors() -> Mapping[str, str]:
    """Return the catalogued agent that lends its vector to a class, by class."""
    rows = [r for r in _rows() if (r["setting"], r["quantity"]) == ("generic", "agent")]
    return {r["region"]: r["term"] for r in rows}


@cache
def label_lender(*, comes_off: bool) -> str:
    """Return the agent of the catalogue that says how long cells keep a label of a kind."""
    kind = "label that comes off" if comes_off else "label that stays"
    for row in _rows():
        if (row["setting"], row["region"], row["quantity"]) == ("generic", kind, "label_agent"):
            return row["term"]
    raise DataError(f"{TABLE}: no agent stands for a {kind}")


@cache
def sites_left_out(vector_class: str) -> tuple[str, ...]:
    """Return kinds of site that belong to the lender's chemistry and not to its class."""
    return tuple(
        r["term"]
        for r in _rows()
        if (r["setting"], r["region"], r["quantity"]) == ("generic", vector_class, "without_site")
    )


@cache
def _rows() -> tuple[dict[str, str], ...]:
    return tuple(read_table(TABLE))


def _spread(row: dict[str, str] | None) -> tuple[float, float] | None:
    return None if row is None else (float(row["value"]), float(row["cv"] or 0.0))


def _limit(row: dict[str, str]) -> Limit:
    region = row["region"]
    if row["quantity"] == "limit_of":
        for held in organ_limits(region):
            if held.label == row["term"]:
                return Limit(
                    region, held.quantity.value, held.limit_Gy, held.label, held.finding.source
                )
        raise DataError(f"{TABLE}: effect.csv holds no limit {row['term']!r} of {region}")
    quantity = LimitQuantity(row["quantity"].removeprefix("limit_")).value
    return Limit(region, quantity, float(row["value"]), row["note"], row["source"])
