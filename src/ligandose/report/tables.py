"""Tables in two forms: machine columns for CSV, and text for pages and terminals."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """A table of full-precision values, units in the column names."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def csv(self) -> str:
        """Return the table as CSV; missing values are empty fields."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[_field(value) for value in row] for row in self.rows])
        return out.getvalue()


def _field(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.8g}"
    return str(value)


@dataclass(frozen=True)
class Column:
    """A heading of a text table, with the unit beneath it; `wide` columns hold prose."""

    heading: str
    unit: str = ""
    numeric: bool = True
    wide: bool = False
    sources: bool = False


@dataclass(frozen=True)
class TextTable:
    """Formatted cells with headings; `groups` names the rows from an index on."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: dict[int, str] = field(default_factory=dict[int, str])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """What a page says about a result besides its figures and its tables of values.

    Attributes:
        title: heading.
        sentences: the result in words.
        columns, rows: the table that the terminal shows, in words; empty for none.
        command: what makes the same again.
        intended_use: what the result is for; empty for the words of simulations.
    """

    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    command: str = ""
    intended_use: str = ""


def table(name: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> Table:
    """Return a `Table` from any sequences."""
    return Table(name=name, columns=tuple(columns), rows=tuple(tuple(row) for row in rows))
