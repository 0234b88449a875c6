"""The page of a result that is figures and tables: screen, tissue, translation and their like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ligandose.report.canvas import Figure
from ligandose.report.compose import Report, Section, filled, provenance_section
from ligandose.report.page import render
from ligandose.report.summary import INTENDED_USE
from ligandose.report.tables import Column, Page, Table, TextTable, Value
from ligandose.report.text import number

MOST_ROWS = 200
"""Rows of a table that the page shows; its CSV has all."""


def result_page(
    document: Mapping[str, Any],
    page: Page,
    *,
    figures: Sequence[Figure] = (),
    tables: Sequence[Table] = (),
) -> str:
    """Return one HTML page: what was found, the figures, the tables, and what made them.

    Args:
        document: with `provenance`, and `omissions` or `warnings` where there are any.
        page: heading and words.
        figures, tables: in reading order; tables of values open on demand.
    """
    sections: list[Section] = []
    if page.rows:
        columns = tuple(Column(name, numeric=i > 0) for i, name in enumerate(page.columns))
        result = TextTable("result", page.title, columns, page.rows)
        sections.append(Section("result", "Result", tables=(result,)))
    if figures:
        sections.append(Section("figures", "Figures", figures=tuple(figures)))
    if texts := filled(*(text_table(one) for one in tables)):
        sections.append(Section("tables", "Tables", folded=texts))
    if said := [*document.get("warnings", ()), *document.get("omissions", ())]:
        items = tuple(str(one) for one in said)
        sections.append(Section("omissions", "What is left out, and warnings", items=items))
    code = (("Command", page.command),) if page.command else ()
    sections.append(provenance_section(document, code))
    kind = str(document["document"]).removeprefix("ligandose.").replace("_", " ").capitalize()
    return render(
        Report(
            kind=kind,
            title=page.title,
            subtitle="",
            summary=page.sentences,
            key_numbers=(),
            sections=tuple(sections),
            data=tuple(tables),
            document=document,
            intended_use=page.intended_use or INTENDED_USE,
        )
    )


def text_table(table: Table) -> TextTable:
    """Return a table of values as one to read: rounded, names with spaces, the first rows."""
    columns = tuple(
        Column(name.replace("_", " "), numeric=_numeric(row[i] for row in table.rows))
        for i, name in enumerate(table.columns)
    )
    rows = tuple(tuple(_cell(value) for value in row) for row in table.rows[:MOST_ROWS])
    left = len(table.rows) - len(rows)
    notes = (f"{left} more rows in tables/{table.name}.csv",) if left else ()
    heading = table.name.replace("_", " ").capitalize()
    return TextTable(table.name, heading, columns, rows, notes=notes)


def _numeric(values: Iterable[Value]) -> bool:
    return all(value is None or isinstance(value, int | float) for value in values)


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return "" if value is None else str(value)
