"""Tables that people hand over: CSV or the first sheet of an xlsx file, row by row with its line.

What a field means is the caller's; here are the file, its header, numbers and units, and errors
that name file, line and field.
"""

from __future__ import annotations

import csv
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ligandose.errors import InputError, nearest_names

MOST_BYTES = 50_000_000
MOST_UNPACKED_BYTES = 500_000_000
MOST_ROWS = 1_000_000
TIME_UNITS: Mapping[str, float] = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
ACTIVITY_UNITS: Mapping[str, float] = {
    "Bq": 1.0, "kBq": 1e3, "MBq": 1e6, "GBq": 1e9, "nCi": 37.0, "uCi": 3.7e4, "mCi": 3.7e7,
}  # fmt: skip


@dataclass(frozen=True)
class SheetRow:
    """One row of a table: its line in the file, and its fields by the header's names."""

    file: str
    line: int
    fields: Mapping[str, str]

    def text(self, field: str) -> str:
        """Return a field, "" where the row has none."""
        return self.fields.get(field, "")

    def required(self, field: str) -> str:
        """Return a field that must not be empty.

        Raises:
            InputError: it is empty.
        """
        value = self.text(field)
        if not value:
            raise self.error(field, "is empty", "fill it in, or leave the row out")
        return value

    def number(self, field: str, *, least: float = 0.0, above: bool = False) -> float:
        """Return a finite number that is not below `least` (or above it).

        Raises:
            InputError: no number, not finite, or too small.
        """
        value = self.required(field)
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise self.error(
                field, f"{value[:40]!r} is not a number", "give a number, point as in 1.5"
            )
        if found < least or (above and found == least):
            word = "above" if above else "not below"
            raise self.error(field, f"is {found:g}", f"it must be {word} {least:g}")
        return found

    def optional(self, field: str) -> float | None:
        """Return a number that is not negative, or None where the field is empty."""
        return self.number(field) if self.text(field) else None

    def unit(self, field: str, units: Mapping[str, float]) -> float:
        """Return the factor of a unit by its name.

        Raises:
            InputError: a unit that is not known.
        """
        return units[self.choice(field, units)]

    def choice(self, field: str, allowed: Iterable[str]) -> str:
        """Return a field that must be one of a few words; case does not matter where it is free.

        Raises:
            InputError: another word.
        """
        value, words = self.required(field), list(allowed)
        if value in words:
            return value
        same = [w for w in words if w.casefold() == value.casefold()]
        if len(same) == 1:
            return same[0]
        near = nearest_names(value, words)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise self.error(field, f"is {value[:40]!r}", f"{hint}allowed: {', '.join(words)}")

    def decay_corrected(self, given: bool | None) -> bool:
        """Return whether a value is corrected to the time of administration; never a guess.

        Args:
            given: what the option says, None for nothing.

        Raises:
            InputError: neither column nor option says it, or they differ.
        """
        if self.text("decay_corrected"):
            said = self.choice("decay_corrected", ("yes", "no")) == "yes"
            if given is not None and given != said:
                raise self.error(
                    "decay_corrected", "says other than the option", "correct one of them"
                )
            return said
        if given is None:
            raise self.error(
                "decay_corrected",
                "nothing says whether values are corrected to the time of administration",
                "fill in yes or no, or give --decay-corrected",
            )
        return given

    def error(self, field: str, what: str, remedy: str) -> InputError:
        """Return an error that names file, line and field."""
        return InputError(f"{self.file} line {self.line}, {field}: {what}; {remedy}")


def read_sheet(
    path: str | Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> list[SheetRow]:
    """Return the rows of a CSV or xlsx table; empty rows are left out.

    Args:
        path: a file whose first row is the header; of an xlsx file the first sheet.
        required: columns that must be there.
        optional: columns that may be there; others are an error, as they may be misspelt.

    Raises:
        InputError: a file that cannot be read, is too large or no table; a missing, doubled or
            unknown column; a row with more fields than the header.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{path}: no such file; give a csv or xlsx table")
    if file.stat().st_size > MOST_BYTES:
        raise InputError(f"{file.name}: larger than {MOST_BYTES // 1_000_000} MB; split it")
    lines = _xlsx(file) if file.suffix.casefold() == ".xlsx" else _csv(file)
    header = [name.strip() for name in (lines[0] if lines else [])]
    _check_header(header, required, optional, file.name)
    rows: list[SheetRow] = []
    for number, values in enumerate(lines[1:], start=2):
        fields = [value.strip() for value in values]
        if not any(fields):
            continue
        if any(fields[len(header) :]):
            raise InputError(
                f"{file.name} line {number}: {len(fields)} fields, the header has {len(header)}; "
                "a comma in a number or a text needs quotes"
            )
        rows.append(SheetRow(file.name, number, dict(zip(header, fields, strict=False))))
    if not rows:
        raise InputError(f"{file.name}: a header without rows; give one row or more")
    return rows


def _check_header(
    header: Sequence[str], required: Sequence[str], optional: Sequence[str], name: str
) -> None:
    doubled = sorted({h for h in header if h and header.count(h) > 1})
    if doubled:
        raise InputError(f"{name} line 1: column {doubled[0]!r} is there twice; remove one")
    missing = [column for column in required if column not in header]
    if missing:
        raise InputError(
            f"{name} line 1: column {', '.join(missing)} is missing; the header needs "
            f"{', '.join(required)} (a template shows it)"
        )
    known = (*required, *optional)
    for column in header:
        if column and column not in known:
            near = nearest_names(column, known)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise InputError(
                f"{name} line 1: unknown column {column[:40]!r}; {hint}known: {', '.join(known)}"
            )


def _csv(file: Path) -> list[list[str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines: list[list[str]] = []
            for row in csv.reader(stream):
                if len(lines) > MOST_ROWS:
                    raise InputError(f"{file.name}: more than {MOST_ROWS} rows; split it")
                lines.append(row)
    except UnicodeDecodeError:
        raise InputError(f"{file.name}: not UTF-8 text; save it as CSV UTF-8, or as xlsx") from None
    except (OSError, csv.Error) as error:
        raise InputError(f"{file.name}: cannot be read as CSV: {error}") from None
    return lines


def _xlsx(file: Path) -> list[list[str]]:
    """Return the cells of the first sheet as text; formulas by their stored value."""
    try:
        openpyxl: Any = import_module("openpyxl")
    except ImportError:
        raise InputError(
            f"{file.name}: reading xlsx needs the extra `evidence` (openpyxl); install "
            "ligandose[evidence], or save the table as CSV"
        ) from None
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_UNPACKED_BYTES:
            raise InputError(f"{file.name}: unpacks to {size // 1_000_000} MB; no table of ours")
        book: Any = openpyxl.load_workbook(file, read_only=True, data_only=True)
        lines: list[list[str]] = []
        for row in book.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS):
            lines.append(["" if cell is None else str(cell) for cell in row])
        book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises what it likes on broken files
        raise InputError(f"{file.name}: cannot be read as xlsx: {error}") from None
    while lines and not any(lines[0]):
        lines.pop(0)
    return lines
