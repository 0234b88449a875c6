"""Combined drugs and repair genotypes as factors with sources, and 1 where there is none.

A factor multiplies α, the repair rate, the density of the target or the sensitivity of marrow.
Two drugs on one quantity are one row of their own if they were measured together; otherwise the
larger of the two factors is used, not their product, and the result says so. What was not
measured stays 1, and the result says that too. No synergy without a source.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ligandose.errors import DataError, InputError, folded
from ligandose.evidence import Status, read_table

Quantity = Literal["alpha", "repair_rate", "density", "marrow_sensitivity"]
Radiation = Literal["low_let", "alpha"]

TABLE = "combination_multipliers.csv"
QUANTITIES: tuple[Quantity, ...] = ("alpha", "repair_rate", "density", "marrow_sensitivity")
_JOIN = " + "


@dataclass(frozen=True, slots=True)
class Multiplier:
    """One row of what a drug or genotype does.

    Attributes:
        combination: the drug or genotype; several joined by " + " where measured together.
        kind: "drug" or "genotype".
        quantity: what the factor multiplies.
        factor, low, high: the factor and its interval; None where no usable ratio exists.
        from_d: days after the start of the drug from which it is known.
        radiation: "low_let", "alpha" or "any".
        condition: cells or patients, dose and time.
        status, source, note: how it came here.
    """

    combination: str
    kind: str
    quantity: Quantity
    factor: float | None
    low: float | None
    high: float | None
    from_d: float
    radiation: str
    condition: str
    status: Status
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class CombinedFactor:
    """The factor on one quantity under several drugs and genotypes.

    Attributes:
        quantity: what it multiplies.
        value, low, high: the factor and its interval.
        rows: the rows used.
        notes: a sentence for every choice that was made, such as a default of 1.
    """

    quantity: Quantity
    value: float
    low: float
    high: float
    rows: tuple[Multiplier, ...]
    notes: tuple[str, ...]


@cache
def multipliers() -> tuple[Multiplier, ...]:
    """Return every shipped row."""
    return tuple(
        _multiplier(row, f"{TABLE} line {line}")
        for line, row in enumerate(read_table(TABLE), start=2)
    )


def combination_factor(
    combination: Sequence[str],
    quantity: Quantity,
    *,
    radiation: Radiation = "low_let",
    time_d: float = math.inf,
) -> CombinedFactor:
    """Return the factor of drugs and genotypes on a quantity; 1 where nothing is known.

    Args:
        combination: names, such as ("enzalutamide", "olaparib"); case does not matter.
        quantity: "alpha", "repair_rate", "density" or "marrow_sensitivity".
        radiation: for which it is wanted; a row for another radiation is not used.
        time_d: days since the start of the drugs; a row counts from its `from_d` on.

    Raises:
        InputError: an unknown quantity or radiation.

    >>> combination_factor(["enzalutamide"], "density", time_d=14.0).value
    1.348
    >>> combination_factor(["aspirin"], "alpha").notes
    ('aspirin: not in combination_multipliers.csv, factor 1 on alpha',)
    """
    if quantity not in QUANTITIES:
        raise InputError(f"quantity {quantity!r} is not known; {', '.join(QUANTITIES)}")
    if radiation not in ("low_let", "alpha"):
        raise InputError(f"radiation {radiation!r} is not known; 'low_let' or 'alpha'")
    notes: list[str] = []
    wanted = list(dict.fromkeys(combination))
    rows: list[Multiplier] = []
    joint = _joint_row(wanted, quantity, radiation, time_d)
    if joint is not None:
        together = {folded(n) for n in joint.combination.split(_JOIN)}
        wanted = [name for name in wanted if folded(name) not in together]
        rows.append(joint)
        notes.append(f"{joint.combination}: measured together, {joint.condition}")
    for name in wanted:
        row, note = _single_row(name, quantity, radiation, time_d)
        notes.extend([note] if note else [])
        rows.extend([row] if row is not None else [])
    return _combined(quantity, rows, notes)


def _combined(quantity: Quantity, rows: list[Multiplier], notes: list[str]) -> CombinedFactor:
    if not rows:
        return CombinedFactor(quantity, 1.0, 1.0, 1.0, (), tuple(notes))
    # The strongest: the one farthest from 1 on a logarithmic scale.
    used = max(rows, key=lambda r: abs(math.log(r.factor or 1.0)))
    if len(rows) > 1:
        left = ", ".join(r.combination for r in rows if r is not used)
        notes.append(
            f"{used.combination} alone is used on {quantity}, not {left}: "
            "no source for both together"
        )
    value = 1.0 if used.factor is None else used.factor
    low, high = (value if x is None else x for x in (used.low, used.high))
    return CombinedFactor(quantity, value, low, high, tuple(rows), tuple(notes))


def _applies(row: Multiplier, radiation: str, time_d: float) -> bool:
    return row.radiation in ("any", radiation) and time_d >= row.from_d


def _joint_row(
    names: list[str], quantity: Quantity, radiation: str, time_d: float
) -> Multiplier | None:
    """Return the row of the most names that were all measured together, if there is one."""
    given = {folded(name) for name in names}
    found = [
        row
        for row in multipliers()
        if row.quantity == quantity
        and row.factor is not None
        and _JOIN in row.combination
        and {folded(n) for n in row.combination.split(_JOIN)} <= given
        and _applies(row, radiation, time_d)
    ]
    return max(found, key=lambda r: r.combination.count(_JOIN), default=None)


def _single_row(
    name: str, quantity: Quantity, radiation: str, time_d: float
) -> tuple[Multiplier | None, str]:
    """Return the row of one name, or None and the sentence that says why the factor is 1."""
    known = [row for row in multipliers() if folded(row.combination) == folded(name)]
    if not known:
        names = {folded(row.combination): row.combination for row in multipliers()}
        # Only what is nearly the same word: a wrong hint on a drug is worse than none.
        close = difflib.get_close_matches(folded(name), list(names), n=1, cutoff=0.75)
        hint = f" (did you mean {names[close[0]]}?)" if close else ""
        return None, f"{name}: not in {TABLE}, factor 1 on {quantity}{hint}"
    rows = [row for row in known if row.quantity == quantity]
    if not rows:
        return None, f"{name}: nothing known on {quantity}, factor 1"
    row = rows[0]
    if row.factor is None:
        return None, f"{name}: factor 1 on {quantity}; {row.note}"
    if row.radiation not in ("any", radiation):
        return None, f"{name}: known for {row.radiation} only, factor 1 on {quantity}"
    if time_d < row.from_d:
        return None, f"{name}: known from day {row.from_d:g} on, factor 1 on {quantity} before"
    return row, ""


def _multiplier(row: dict[str, str], where: str) -> Multiplier:
    try:
        factor, low, high = (float(row[k]) if row[k] else None for k in ("factor", "low", "high"))
        read = Multiplier(
            combination=row["combination"], kind=row["kind"], quantity=_quantity(row["quantity"]),
            factor=factor, low=low, high=high, from_d=float(row["from_d"]),
            radiation=row["radiation"], condition=row["condition"],
            status=Status(row["status"]), source=row["source"], note=row["note"],
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise DataError(f"{where}: {error}") from error
    if factor is not None and not (low or factor) <= factor <= (high or factor):
        raise DataError(f"{where}: factor {factor:g} is outside its interval {low} … {high}")
    return read


def _quantity(name: str) -> Quantity:
    for quantity in QUANTITIES:
        if quantity == name:
            return quantity
    raise ValueError(f"unknown quantity {name!r}")
