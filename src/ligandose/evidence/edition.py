"""The shipped data edition: where its files lie, how they are read and checked."""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, cast

from ligandose.errors import DataError

EDITION = "2026.11"


def data_path(name: str) -> Traversable:
    """Return the shipped file `name` of the current edition.

    Raises:
        DataError: no such file in the edition.
    """
    path = resources.files("ligandose") / "data" / EDITION / name
    if not path.is_file():
        raise DataError(f"data edition {EDITION} has no file {name!r}; reinstall ligandose")
    return path


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a field that holds a list, parted by semicolons."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def read_table(name: str) -> list[dict[str, str]]:
    """Read a shipped CSV table as a list of rows (all fields are strings, stripped).

    Raises:
        DataError: missing file, or a row with more or fewer fields than the header.
    """
    text = data_path(name).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    rows: list[dict[str, str]] = []
    for row in reader:
        if None in row or None in row.values():
            raise DataError(
                f"{name} line {reader.line_num}: the number of fields is not the header's"
            )
        rows.append({key: value.strip() for key, value in row.items()})
    return rows


@cache
def descriptor() -> dict[str, Any]:
    """Return the Data Package descriptor of the edition."""
    return cast("dict[str, Any]", json.loads(data_path("datapackage.json").read_text("utf-8")))


@cache
def edition_hashes() -> dict[str, str]:
    """Return the SHA-256 of every shipped data file as its descriptor states it."""
    return {r["path"]: r["hash"].removeprefix("sha256:") for r in descriptor()["resources"]}


def verify_edition() -> list[str]:
    """Return a line for every shipped file whose content is not what the descriptor states."""
    problems: list[str] = []
    stated = edition_hashes()
    folder = resources.files("ligandose") / "data" / EDITION
    for name, expected in stated.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{name}: named in datapackage.json, missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            problems.append(f"{name}: its SHA-256 differs from datapackage.json")
    for entry in folder.iterdir():
        if entry.name != "datapackage.json" and entry.name not in stated:
            problems.append(f"{entry.name}: not named in datapackage.json")
    return problems
