"""Tables for the terminal; plain text where the output is a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from ligandose.report import course_tables, other_tables
from ligandose.report.compose import half_life_text
from ligandose.report.contract import (
    CourseDocument,
    as_course,
    as_nuclide,
    as_validation,
    kind_of,
)
from ligandose.report.doses import published_coefficients, ranked_regions
from ligandose.report.lesion_tissue import lesion_tissue_text
from ligandose.report.spectrum import emitted_by_chain
from ligandose.report.summary import INTENDED_USE, sentences, title_of
from ligandose.report.tables import Column, TextTable
from ligandose.report.text import (
    MISSING,
    interval,
    mean_sd,
    nuclide_label,
    number,
)

PIPE_WIDTH = 110
_TERMINAL_VALIDATION = (0, 1, 2, 4, 5, 6)


def console_table(document: Mapping[str, Any]) -> RenderableType:
    """Return what a terminal shows of a course, validation or nuclide document.

    Raises:
        InputError: the document is of another kind, or misses a key.
    """
    makers = {"course": _course, "validation": _validation, "nuclide": _nuclide}
    return makers[kind_of(document)](document)


def print_document(document: Mapping[str, Any], *, file: IO[str] | None = None) -> None:
    """Print `console_table`: in colour on a terminal, as plain text of fixed width in a pipe."""
    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=PIPE_WIDTH, color_system=None)
    console.print(console_table(document))


def rich_table(table: TextTable) -> RichTable:
    """Return a text table for the terminal; cells are text, never markup."""
    made = RichTable(
        title=Text(table.title, style="bold"), title_justify="left", box=SIMPLE_HEAD,
        pad_edge=False, show_edge=False,
    )  # fmt: skip
    for column in table.columns:
        heading = f"{column.heading}, {column.unit}" if column.unit else column.heading
        made.add_column(
            Text(heading), justify="right" if column.numeric else "left",
            no_wrap=column.numeric and not column.wide,
        )  # fmt: skip
    for i, row in enumerate(table.rows):
        if i in table.groups and len(table.groups) > 1:
            if i:
                made.add_section()
            made.add_row(Text(table.groups[i], style="bold"))
        made.add_row(*(Text(cell) for cell in row))
    return made


def _notes(*lines: str) -> list[Text]:
    return [Text(line, style="dim") for line in lines]


def _course(document: Mapping[str, Any]) -> RenderableType:
    course = as_course(document)
    parts: list[RenderableType] = [Text(title_of(course), style="bold"), Text("")]
    parts += [Text(sentence) for sentence in sentences(course)]
    parts += [Text(""), rich_table(overview(course))]
    limits = course_tables.limit_text(course)
    if limits.rows:
        parts += [Text(""), rich_table(last_cycle(limits))]
    cells = lesion_tissue_text(course)
    if cells.rows:
        parts += [Text(""), rich_table(cells), *_notes(*cells.notes)]
    parts += [
        Text(""),
        *_notes(
            "± and 90 %: variability between patients. Ratio: predicted over published mean.",
            INTENDED_USE,
        ),
    ]
    return Group(*parts)


def last_cycle(limits: TextTable) -> TextTable:
    """Return the table of limits without the history by cycle and the sources."""
    columns = (*limits.columns[:4], Column("Patients above"), limits.columns[5])
    rows = tuple((*row[:4], row[4].split("  ")[-1], row[5]) for row in limits.rows)
    return TextTable(limits.name, limits.title, columns, rows)


def overview(course: CourseDocument) -> TextTable:
    """Return dose, dose per activity and published values, narrow enough for a terminal."""
    columns = (
        Column("Region", numeric=False),
        Column("Dose", "Gy"),
        Column("90 %", "Gy"),
        Column("Predicted", "Gy/GBq"),
        Column("Published", "Gy/GBq"),
        Column("Ratio"),
    )
    regions = ranked_regions(course)
    rows: list[tuple[str, ...]] = []
    for region in regions:
        dose, per = region["dose_Gy"], region["dose_per_activity_Gy_per_GBq"]
        published = published_coefficients(course, region["region"])
        means = [row.get("mean") for row in published]
        rows.append(
            (
                course_tables.region_label(region["region"]),
                mean_sd(dose["mean"], dose["sd"]),
                interval(dose["p05"], dose["p95"]),
                mean_sd(per["mean"], per["sd"]),
                "\n".join(map(course_tables.published_value, published)) or MISSING,
                "\n".join(number(per["mean"] / m) if m else MISSING for m in means) or MISSING,
            )
        )
    lesions = next((i for i, r in enumerate(regions) if r["kind"] == "lesion"), None)
    groups = {0: "Organs", lesions: "Lesions"} if lesions else {}
    return TextTable("overview", "Absorbed dose, whole course", columns, tuple(rows), groups)


def _validation(document: Mapping[str, Any]) -> RenderableType:
    validation = as_validation(document)
    full = other_tables.validation_text(validation)
    narrow = TextTable(
        full.name,
        full.title,
        tuple(full.columns[i] for i in _TERMINAL_VALIDATION),
        tuple(tuple(row[i] for i in _TERMINAL_VALIDATION) for row in full.rows),
        full.groups,
    )
    return Group(
        rich_table(narrow),
        Text(""),
        rich_table(other_tables.validation_summary(validation)),
        Text(""),
        *_notes(*full.notes, INTENDED_USE),
    )


def _nuclide(document: Mapping[str, Any]) -> RenderableType:
    nuclide = as_nuclide(document)
    heading = f"{nuclide_label(str(nuclide['name']))}, {half_life_text(nuclide, exact=True)}"
    parts: list[RenderableType] = [Text(heading, style="bold")]
    for table in (
        other_tables.progeny_text(nuclide),
        other_tables.energy_text(nuclide),
        other_tables.emission_text(emitted_by_chain(nuclide)),
    ):
        if table.rows:
            parts += [Text(""), rich_table(table), *_notes(*table.notes)]
    return Group(*parts)
