"""Rows and tables that must be refused, with a message that names the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligandose.errors import DataError
from ligandose.evidence import Finding, data_path, edition, read_table, to_internal

ROW = {
    "subject": "adult-male", "region": "kidneys", "quantity": "mass", "value": "0.31",
    "unit": "kg", "cv": "0.2", "gsd": "1.1", "status": "verified", "source": "ICRP-89", "note": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("value", "0,31"),
        ("value", "nan"),
        ("value", "inf"),
        ("value", "about 0.3"),
        ("cv", "-0.1"),
        ("cv", "5.1"),
        ("cv", "20 %"),
        ("cv", "nan"),
        ("gsd", "0.9"),
        ("gsd", "0"),
        ("gsd", "nan"),
        ("gsd", "inf"),
        ("status", "sure"),
        ("status", ""),
        ("status", "Verified"),
    ],
)
def test_a_bad_cell_is_refused_and_its_line_is_named(column: str, text: str) -> None:
    with pytest.raises(DataError, match=r"hosts\.csv line 7"):
        Finding.from_row(ROW | {column: text}, where="hosts.csv line 7")


@pytest.mark.parametrize("column", ["value", "cv", "gsd", "status"])
def test_a_missing_column_is_refused(column: str) -> None:
    with pytest.raises(DataError, match="here"):
        Finding.from_row({k: v for k, v in ROW.items() if k != column}, where="here")


def test_a_missing_value_is_never_a_number() -> None:
    finding = Finding.from_row(ROW | {"value": ""}, where="here")
    with pytest.raises(DataError, match="adult-male kidneys mass: not measured"):
        finding.require()
    with pytest.raises(DataError, match="not measured"):
        _ = finding.internal


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"unknown unit 'furlong'; known: .*nmol/L"):
        to_internal(1.0, "furlong", where="hosts.csv line 7")


def test_a_file_that_is_not_shipped_is_named() -> None:
    with pytest.raises(DataError, match=r"no file 'hots\.csv'"):
        data_path("hots.csv")


@pytest.mark.parametrize(
    ("text", "line"),
    [("a,b\n1,2\n1,2,3\n", 3), ("a,b\n1\n", 2)],
)
def test_a_row_with_too_many_or_too_few_fields_is_refused(
    text: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "table.csv"
    broken.write_text(text, encoding="utf-8")
    monkeypatch.setattr(edition, "data_path", lambda name: broken)
    with pytest.raises(DataError, match=rf"table\.csv line {line}"):
        read_table("table.csv")
