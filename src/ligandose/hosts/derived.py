"""Hosts that are described by what differs from a reference adult: children, mouse and rat.

What a table states of them replaces the adult's value. What it does not state is taken from the
adult in the way that its unit asks for: masses and volumes in proportion to the body's mass,
flows and clearances with its power 3/4, times with 1/4 and rates with -1/4 (allometry);
densities, fractions and permeabilities per volume as they are. Such values are `assumed`, with
twice the spread (the square of the GSD, at least 1.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from ligandose.errors import DataError
from ligandose.evidence import Finding, Status, read_findings

TABLE = "hosts_children_animals.csv"
BODY_MASS = "whole_body.body_mass"
BLOOD_MASS = "blood.mass"
REMAINDER = "remainder.mass"
SHARES = (".blood_flow_fraction", ".blood_volume_fraction")
BASES: Mapping[str, str] = {
    "child-15-male": "adult-male",
    "child-15-female": "adult-female",
    "child-10": "adult-male",
    "child-5": "adult-male",
    "child-1": "adult-male",
    "mouse": "adult-male",
    "rat": "adult-male",
}
"""Derived hosts and the adults that they are derived from."""
EXPONENTS: Mapping[str, float] = {
    "kg": 1.0, "g": 1.0, "L": 1.0, "mL": 1.0, "nmol": 1.0,
    "L/min": 0.75, "mL/min": 0.75, "L/d": 0.75,
    "s": 0.25, "min": 0.25, "h": 0.25, "d": 0.25,
    "1/s": -0.25, "1/min": -0.25, "1/h": -0.25, "1/d": -0.25,
    "cm": 1.0 / 3.0, "m2": 2.0 / 3.0,
}  # fmt: skip
PER_VOLUME = ("permeability_surface", "uptake", "biliary", "release")
"""Quantities that belong to a volume or a cell and stay as they are, where their unit is 1/time."""
LEAST_GSD = 1.3


def derived_hosts() -> tuple[str, ...]:
    """Return the names of the derived hosts."""
    return tuple(BASES)


def derived_findings(name: str, adult: Mapping[str, Finding]) -> dict[str, Finding]:
    """Return the findings of a derived host.

    Args:
        name: of `derived_hosts`.
        adult: findings of its adult by key, without disease.

    Raises:
        DataError: the table does not state the body's mass.
    """
    own = {
        f"{f.region}.{f.quantity}": f for f in _own() if f.subject == name and f.value is not None
    }
    if BODY_MASS not in own:
        raise DataError(f"host {name}: {TABLE} has no {BODY_MASS}; reinstall ligandose")
    ratio = own[BODY_MASS].internal / adult[BODY_MASS].internal
    scaled = {key: _scaled(finding, ratio) for key, finding in adult.items()}
    known = {key: f for key, f in own.items() if key in adult}
    return _closed({**scaled, **known})


def _closed(findings: dict[str, Finding]) -> dict[str, Finding]:
    """Return findings whose masses add up to the body and whose shares add up to one.

    Tables of several sources never do quite. The remainder takes what is missing, and gives what
    is too much; where that is more than it has, all organs shrink alike. Shares of the cardiac
    output and of the blood are divided by their sum.
    """
    organs = [k for k in findings if k.endswith(".mass") and k not in (BLOOD_MASS, REMAINDER)]
    tissue = findings[BODY_MASS].internal - findings[BLOOD_MASS].internal
    listed = sum(findings[k].internal for k in organs)
    remainder = findings[REMAINDER]
    if listed < tissue:
        factors = {REMAINDER: (tissue - listed) / remainder.internal}
    else:
        factors = dict.fromkeys([*organs, REMAINDER], tissue / (listed + remainder.internal))
    for share in SHARES:
        parts = [k for k in findings if k.endswith(share)]
        factors |= dict.fromkeys(parts, 1.0 / sum(findings[k].internal for k in parts))
    closed = {k: replace(findings[k], value=findings[k].require() * f) for k, f in factors.items()}
    return {**findings, **closed}


@cache
def _own() -> tuple[Finding, ...]:
    return tuple(read_findings(TABLE))


def _scaled(finding: Finding, mass_ratio: float) -> Finding:
    per_volume = finding.quantity.endswith(PER_VOLUME) and finding.unit.startswith("1/")
    if finding.value is None or per_volume:
        return finding
    exponent = EXPONENTS.get(finding.unit, 0.0)
    if exponent == 0.0:
        return finding
    return replace(
        finding,
        value=finding.value * mass_ratio**exponent,
        gsd=max(finding.gsd**2, LEAST_GSD),
        status=Status.ASSUMED,
        note=f"adult value times (body mass ratio)^{exponent:.2g}",
    )
