"""Own values of a study file for findings of the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ligandose.course.schema import shown
from ligandose.course.study_yaml import StudyText
from ligandose.errors import InputError, nearest_names
from ligandose.evidence import Finding

MOST_FOLD_CHEMISTRY = 1e6
"""An affinity, rate or density may differ from the catalogue's by this factor: Kd values of one
family of molecules span from pmol/L to µmol/L."""
MOST_FOLD_ANATOMY = 300.0
"""A mass, volume, flow or number may differ by this: enough for a lesion and for a child, and less
than a slip between g and kg."""
_FRACTIONS = (
    "unbound_plasma",
    "sieving",
    "haematocrit",
    "competition",
    "venous_share",
    "salvage",
    "intact",
    "retained_daughters",
)
_POSITIVE_UNITS = (
    "kg",
    "g",
    "kg/L",
    "L",
    "mL",
    "L/min",
    "mL/min",
    "cm",
    "m2",
    "s",
    "min",
    "h",
    "d",
)
_POSITIVE = ("k_d", "k_on", "unbound_plasma")


def checked_values(
    text: StudyText,
    owner: str,
    changes: Mapping[str, float],
    findings: Mapping[str, Finding],
    kind: str,
    listing: str,
) -> dict[str, float]:
    """Return the own values of a study file, each checked against the finding it replaces.

    Args:
        text: the file, for the place in messages.
        owner: "agent" or "host", the key under which the values stand.
        changes: value by key, in the unit of the finding.
        findings: findings by key.
        kind: what the keys name, for messages.
        listing: how to see the keys.

    Raises:
        InputError: an unknown key, or a value outside what the finding can be.
    """
    for key, value in changes.items():
        if key not in findings:
            near = nearest_names(key, findings)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise InputError(f"{text.place((owner, key))} unknown {kind}; {meant}{listing}")
        _check(text, owner, key, value, findings[key])
    return dict(changes)


def _check(text: StudyText, owner: str, key: str, value: float, finding: Finding) -> None:
    low, high, above = allowed_span(finding)
    if math.isfinite(value) and (low < value if above else low <= value) and value <= high:
        return
    unit = "" if finding.unit == "1" else f" {finding.unit}"
    lowest = f"above {low:g}" if above else f"{low:.3g}"
    highest = f" up to {high:.3g}{unit}" if math.isfinite(high) else f"{unit} or more"
    usual = "" if finding.value is None else f"; the catalogue has {finding.value:g}{unit}"
    raise InputError(
        f"{text.place((owner, key))} got {shown(value)}, allowed is {lowest}{highest}{usual}"
    )


def allowed_span(finding: Finding) -> tuple[float, float, bool]:
    """Return lowest and highest value of a finding, and whether the lowest is excluded."""
    quantity = finding.quantity
    if quantity in _FRACTIONS or quantity.endswith("_fraction"):
        return 0.0, 1.0, quantity in _POSITIVE
    anatomy = finding.unit in _POSITIVE_UNITS or quantity == "number"
    fold = MOST_FOLD_ANATOMY if anatomy else MOST_FOLD_CHEMISTRY
    typical = finding.value or 0.0
    if typical < 0.0:
        return typical * fold, 0.0, False
    high = typical * fold if typical > 0.0 else math.inf
    if anatomy or quantity in _POSITIVE:
        return (typical / fold, high, False) if typical > 0.0 else (0.0, high, True)
    return 0.0, high, False
