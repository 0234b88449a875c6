"""Describe the shipped data edition: make sources.csv and datapackage.json.

    python scripts/build_datapackage.py [--edition FOLDER] [--remove-parts] [--check]

Titles, units and rules of the columns come from `data_resources.yaml`, hashes and sizes from the
files. As long as there are sources_*.csv (one for each topic, so that several people can write at
once) they are merged into sources.csv; `--remove-parts` deletes them afterwards. `--check` writes
nothing and exits with 1 where the descriptor is not what it would write.

Format: Data Package and Table Schema, version 2 (datapackage.org), with `unit` added to fields.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
EDITION_FOLDER = HERE.parent / "src/ligandose/data/2026.11"
RESOURCES = HERE / "data_resources.yaml"
DESCRIPTOR = "datapackage.json"
SOURCES = "sources.csv"
SOURCE_COLUMNS = ["id", "citation", "locator"]
# Share of the words of the shorter citation that both must have to be one work.
SAME_WORDS = 0.6
CONSTRAINTS = ("required", "unique", "enum", "minimum", "maximum")


def fail(message: str) -> None:
    """End with one line."""
    sys.exit(f"build_datapackage: {message}")


def read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return header and rows of a CSV file, fields stripped."""
    reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    rows = [{k: (v or "").strip() for k, v in row.items() if k is not None} for row in reader]
    return list(reader.fieldnames or []), rows


def same_work(one: dict[str, str], other: dict[str, str]) -> bool:
    """Return whether two entries are one work: same locator, or nearly the same citation.

    Two different DOIs are never one work, however alike the citations are.
    """
    places = [re.sub(r"[^a-z0-9]", "", row["locator"].casefold()) for row in (one, other)]
    if places[0] == places[1] or all(place.startswith("doi") for place in places):
        return places[0] == places[1]
    words = [set(re.findall(r"[a-z0-9]{4,}", row["citation"].casefold())) for row in (one, other)]
    fewer = min(len(w) for w in words)
    return fewer > 0 and len(words[0] & words[1]) / fewer >= SAME_WORDS


def merged_sources(folder: Path, pattern: str) -> list[dict[str, str]]:
    """Return the sources of all parts, sorted by identifier.

    Parts come before what sources.csv holds already. An identifier that two parts use for one
    work is one source: the entry with a DOI, then the longer citation, is kept.
    """

    def worth(row: dict[str, str]) -> tuple[bool, int]:
        return row["locator"].startswith("doi:"), len(row["citation"])

    merged: dict[str, tuple[str, dict[str, str]]] = {}
    for path in sorted(folder.glob(pattern)):
        header, rows = read_rows(path)
        if header != SOURCE_COLUMNS:
            fail(f"{path.name}: header {','.join(header)}; must be {','.join(SOURCE_COLUMNS)}")
        for row in rows:
            where, known = merged.get(row["id"], ("", row))
            if not same_work(known, row):
                fail(
                    f"source {row['id']!r} is {known['locator']!r} in {where} and "
                    f"{row['locator']!r} in {path.name}; "
                    "give both the same locator, or one of them another id"
                )
            merged[row["id"]] = (path.name, max(known, row, key=worth))
    if (folder / SOURCES).is_file():
        for row in read_rows(folder / SOURCES)[1]:
            merged.setdefault(row["id"], (SOURCES, row))
    return [row for _, row in sorted(merged.values(), key=lambda item: item[1]["id"].casefold())]


def sources_csv(rows: list[dict[str, str]]) -> bytes:
    """Return sources.csv as it is written."""
    text = io.StringIO()
    writer = csv.DictWriter(text, SOURCE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def field(name: str, rules: dict[str, Any]) -> dict[str, Any]:
    """Return the Table Schema field of a column."""
    described: dict[str, Any] = {"name": name, "type": rules["type"]}
    if rules["type"] in ("number", "integer"):
        described["unit"] = rules["unit"]
    described["description"] = rules["description"]
    if "words" in rules:
        described["missingValues"] = ["", *rules["words"]]
    stated = {c: rules.get(c) for c in CONSTRAINTS}
    constraints = {c: rule for c, rule in stated.items() if rule is not None and rule is not False}
    if constraints:
        described["constraints"] = constraints
    return described


def foreign_key(name: str, target: str) -> dict[str, Any]:
    resource, column = target.split(".")
    return {"fields": [name], "reference": {"resource": resource, "fields": [column]}}


def schema(path: Path, spec: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """Return the Table Schema of a file: each column is described, each number has a unit."""
    header, _ = read_rows(path)
    own: dict[str, dict[str, Any]] = spec.get("fields", {})
    if absent := [p for p in sorted(own) if not any(fnmatchcase(name, p) for name in header)]:
        fail(f"{path.name} has no column {', '.join(absent)} that data_resources.yaml describes")
    fields: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    for name in header:
        pattern = next((p for p in own if fnmatchcase(name, p)), name)
        rules = {**columns.get(name, {}), **own.get(pattern, {})}
        lacks = [k for k in ("type", "description") if k not in rules]
        if lacks or (rules["type"] in ("number", "integer") and "unit" not in rules):
            fail(f"{path.name}: column {name!r} needs type, unit (numbers) and description")
        fields.append(field(name, rules))
        if rules.get("references"):
            keys.append(foreign_key(name, rules["references"]))
    described: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if "key" in spec:
        described["primaryKey"] = spec["key"]
    if keys:
        described["foreignKeys"] = keys
    return described


def resource(
    path: Path, content: bytes, spec: dict[str, Any], book: dict[str, Any]
) -> dict[str, Any]:
    """Return the description of one file."""
    described: dict[str, Any] = {
        "name": path.stem,
        "type": "table",
        "path": path.name,
        "title": spec["title"],
    }
    if "made_by" in spec:
        described["description"] = f"Made by {spec['made_by']}."
    if "units" in spec:
        described["units"] = spec["units"]
    return described | {
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "licenses": [book["licences"][spec.get("license", "compilation")]],
        "schema": schema(path, spec, book["columns"]),
    }


def specified(folder: Path, book: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every file of the edition with its entry in data_resources.yaml, in its order."""
    known = {spec["path"]: spec for spec in book["resources"]}
    names = sorted(p.name for p in folder.iterdir() if p.name != DESCRIPTOR)
    parts = [n for n in names if fnmatchcase(n, book["parts"]["pattern"])]
    if stray := [n for n in names if n not in known and n not in parts]:
        fail(f"{', '.join(stray)}: describe it in scripts/data_resources.yaml")
    if lost := [n for n in known if n not in names]:
        fail(f"{', '.join(lost)}: described in scripts/data_resources.yaml, but not there")
    for name, spec in known.items():
        yield folder / name, spec
    for name in parts:
        yield folder / name, book["parts"]


def descriptor(folder: Path, book: dict[str, Any]) -> bytes:
    """Return datapackage.json as it is written."""
    package = dict(book["package"])
    document: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": package["name"],
        "version": folder.name,
        "title": f"{package['title']} {folder.name}",
        "description": package["description"],
        "keywords": package["keywords"],
        "licenses": [book["licences"][name] for name in package["licenses"]],
        "sources": [
            {"title": row["citation"], "path": f"https://doi.org/{row['locator'][4:]}"}
            if row["locator"].startswith("doi:10.")
            else {"title": f"{row['citation']} ({row['locator']})"}
            for row in read_rows(folder / SOURCES)[1]
        ],
        "resources": [
            resource(path, path.read_bytes(), spec, book) for path, spec in specified(folder, book)
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def write(path: Path, content: bytes, *, check: bool) -> None:
    """Write a file, or say that it is not what it should be."""
    if path.is_file() and path.read_bytes() == content:
        return
    if check:
        fail(f"{path.name} is not up to date; run `make data`")
    path.write_bytes(content)
    print(f"wrote {path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make sources.csv and datapackage.json.")
    parser.add_argument("--edition", type=Path, default=EDITION_FOLDER, metavar="FOLDER")
    parser.add_argument("--remove-parts", action="store_true", help="delete sources_*.csv")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    options = parser.parse_args()
    folder: Path = options.edition
    book: dict[str, Any] = yaml.safe_load(RESOURCES.read_text(encoding="utf-8"))
    pattern: str = book["parts"]["pattern"]
    write(folder / SOURCES, sources_csv(merged_sources(folder, pattern)), check=options.check)
    if options.remove_parts:
        for part in folder.glob(pattern):
            part.unlink()
            print(f"removed {part.name}")
    write(folder / DESCRIPTOR, descriptor(folder, book), check=options.check)


if __name__ == "__main__":
    main()
