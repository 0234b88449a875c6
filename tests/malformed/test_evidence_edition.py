"""A data edition that is altered, incomplete or has strangers in it is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ligandose.evidence import EDITION, edition, verify_edition


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small edition of two files that its descriptor states rightly."""
    made = tmp_path / "data" / EDITION
    made.mkdir(parents=True)
    resources = []
    for name in ("hosts.csv", "agents.csv"):
        (made / name).write_text(f"name\n{name}\n", encoding="utf-8")
        digest = hashlib.sha256((made / name).read_bytes()).hexdigest()
        resources.append({"path": name, "hash": f"sha256:{digest}"})
    (made / "datapackage.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")
    monkeypatch.setattr(edition, "resources", SimpleNamespace(files=lambda package: tmp_path))
    edition.descriptor.cache_clear()
    edition.edition_hashes.cache_clear()
    yield made
    edition.descriptor.cache_clear()
    edition.edition_hashes.cache_clear()


def test_an_edition_as_described_has_no_problem(folder: Path) -> None:
    assert verify_edition() == []


def test_one_altered_byte_is_noticed(folder: Path) -> None:
    (folder / "hosts.csv").write_text("name\nhosts.csw\n", encoding="utf-8")
    assert verify_edition() == ["hosts.csv: its SHA-256 differs from datapackage.json"]


def test_a_lost_file_is_noticed(folder: Path) -> None:
    (folder / "agents.csv").unlink()
    assert verify_edition() == ["agents.csv: named in datapackage.json, missing"]


def test_a_file_that_nobody_described_is_noticed(folder: Path) -> None:
    (folder / "more.csv").write_text("x\n", encoding="utf-8")
    assert verify_edition() == ["more.csv: not named in datapackage.json"]
