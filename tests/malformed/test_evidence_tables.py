"""The checker of shipped tables finds every kind of slip."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
table_rules = pytest.importorskip("table_rules")

FIELDS: list[dict[str, Any]] = [
    {"name": "region", "type": "string", "constraints": {"required": True}},
    {"name": "count", "type": "integer", "constraints": {"minimum": 1}},
    {"name": "mass", "type": "number", "constraints": {"minimum": 0, "maximum": 100}},
    {"name": "half_life", "type": "number", "missingValues": ["", "stable"]},
    {"name": "status", "type": "string", "constraints": {"enum": ["verified", "assumed"]}},
    {"name": "source", "type": "string"},
]
SCHEMA = {
    "fields": FIELDS,
    "primaryKey": ["region"],
    "foreignKeys": [{"fields": ["source"], "reference": {"resource": "sources", "fields": ["id"]}}],
}
PACKAGE = {"resources": [{"name": "organs", "path": "organs.csv", "schema": SCHEMA}]}
GOOD = {
    "region": "liver", "count": "1", "mass": "1.8", "half_life": "stable", "status": "verified",
    "source": "ICRP-89",
}  # fmt: skip


def found(*rows: dict[str, str]) -> list[str]:
    tables = {"organs": list(rows), "sources": [{"id": "ICRP-89"}]}
    return list(table_rules.table_problems(PACKAGE, tables))


def test_a_good_table_has_no_problem() -> None:
    assert found(GOOD, GOOD | {"region": "spleen", "mass": "", "half_life": "12.5"}) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"region": ""}, "organs.csv line 2, region: empty, and it must not be"),
        ({"count": "0"}, "organs.csv line 2, count: 0 is outside 1 … inf"),
        ({"count": "1.5"}, "organs.csv line 2, count: '1.5' is not of type integer"),
        ({"mass": "1,8"}, "organs.csv line 2, mass: '1,8' is not of type number"),
        ({"mass": "-1"}, "organs.csv line 2, mass: -1 is outside 0 … 100"),
        ({"mass": "nan"}, "organs.csv line 2, mass: nan is outside 0 … 100"),
        ({"half_life": "inf"}, "organs.csv line 2, half_life: inf is outside -inf … inf"),
        ({"half_life": "long"}, "organs.csv line 2, half_life: 'long' is not of type number"),
        ({"status": "sure"}, "organs.csv line 2, status: 'sure' is none of verified, assumed"),
        ({"source": "me"}, "organs.csv: source 'me' is not in sources.csv"),
    ],
)
def test_every_slip_is_named(change: dict[str, str], message: str) -> None:
    assert found(GOOD | change) == [message]


def test_a_key_that_is_there_twice_is_named() -> None:
    assert found(GOOD, GOOD) == ["organs.csv: liver is there 2 times (region)"]


def test_columns_that_the_descriptor_does_not_know_are_named() -> None:
    (problem,) = found(GOOD | {"colour": "red"})
    assert problem.startswith("organs.csv: columns [")


def test_an_empty_table_is_named() -> None:
    assert found() == ["organs.csv: no rows"]


def test_a_finding_with_a_unit_that_nobody_converts_is_named() -> None:
    names = sorted(table_rules.FINDING_COLUMNS)
    schema = {"fields": [{"name": name, "type": "string"} for name in names]}
    package = {"resources": [{"name": "hosts", "path": "hosts.csv", "schema": schema}]}
    tables = {"hosts": [dict.fromkeys(names, "x") | {"unit": unit} for unit in ("kg", "stone")]}
    problems = list(table_rules.table_problems(package, tables))
    assert problems == ["hosts.csv line 3: unknown unit 'stone'"]
