"""Check tables against the Table Schema of their Data Package: types, constraints, keys, units."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ligandose.evidence import read_table
from ligandose.evidence.units import FACTORS

Rows = list[dict[str, str]]
Tables = Mapping[str, Rows]

FINDING_COLUMNS = {"subject", "region", "quantity", "value", "unit", "cv", "gsd", "status"}


def read_tables(package: Mapping[str, Any]) -> dict[str, Rows]:
    """Return the rows of every resource by its name."""
    return {r["name"]: read_table(r["path"]) for r in package["resources"]}


def table_problems(package: Mapping[str, Any], tables: Tables) -> Iterator[str]:
    """Yield one line for every cell, row or key that breaks the descriptor."""
    for resource in package["resources"]:
        rows, schema = tables[resource["name"]], resource["schema"]
        names = [f["name"] for f in schema["fields"]]
        if not rows:
            yield f"{resource['path']}: no rows"
        elif list(rows[0]) != names:
            yield f"{resource['path']}: columns {list(rows[0])}; the descriptor says {names}"
        else:
            for field in schema["fields"]:
                yield from _column_problems(resource["path"], rows, field)
            yield from _key_problems(resource["path"], rows, schema)
            yield from _unit_problems(resource, rows)
            for key in schema.get("foreignKeys", []):
                yield from _reference_problems(resource["path"], rows, key, tables)


def _column_problems(path: str, rows: Rows, field: Mapping[str, Any]) -> Iterator[str]:
    rules = field.get("constraints", {})
    missing = field.get("missingValues", [""])
    seen: Counter[str] = Counter()
    for line, row in enumerate(rows, start=2):
        text = row[field["name"]]
        where = f"{path} line {line}, {field['name']}"
        seen[text] += 1
        if text in missing:
            if text == "" and rules.get("required"):
                yield f"{where}: empty, and it must not be"
            continue
        if rules.get("unique") and seen[text] == 2:
            yield f"{where}: {text!r} is there twice"
        if "enum" in rules and text not in rules["enum"]:
            yield f"{where}: {text!r} is none of {', '.join(rules['enum'])}"
        if field["type"] in ("number", "integer"):
            yield from _number_problems(where, text, field["type"], rules)


def _number_problems(where: str, text: str, kind: str, rules: Mapping[str, Any]) -> Iterator[str]:
    try:
        value = float(text) if kind == "number" else int(text)
    except ValueError:
        yield f"{where}: {text!r} is not of type {kind}"
        return
    low, high = rules.get("minimum", -math.inf), rules.get("maximum", math.inf)
    if not math.isfinite(value) or not low <= value <= high:
        yield f"{where}: {text} is outside {low:g} … {high:g}"


def _key_problems(path: str, rows: Rows, schema: Mapping[str, Any]) -> Iterator[str]:
    key: list[str] = schema.get("primaryKey", [])
    counts = Counter(tuple(row[k] for k in key) for row in rows) if key else Counter[Any]()
    for values, count in counts.items():
        if count > 1:
            yield f"{path}: {' / '.join(values)} is there {count} times ({', '.join(key)})"


def _unit_problems(resource: Mapping[str, Any], rows: Rows) -> Iterator[str]:
    """Check the units of findings against those that the package converts, and the file's own."""
    if not set(rows[0]) >= FINDING_COLUMNS:
        return
    known = {*FACTORS, *resource.get("units", [])}
    for line, row in enumerate(rows, start=2):
        if row["unit"] not in known:
            yield f"{resource['path']} line {line}: unknown unit {row['unit']!r}"


def _reference_problems(
    path: str, rows: Rows, key: Mapping[str, Any], tables: Tables
) -> Iterator[str]:
    (column,), (target,) = key["fields"], key["reference"]["fields"]
    other = key["reference"]["resource"]
    known = {row[target] for row in tables[other]}
    unknown = {row[column] for row in rows if row[column]} - known
    for value in sorted(unknown):
        yield f"{path}: {column} {value!r} is not in {other}.csv"
