"""What a command hands over: a result on stdout, a report in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose.errors import InputError, LigandoseError, nearest_names

if TYPE_CHECKING:
    from rich.console import Console

    from ligandose.report.tables import Page

PIPE_WIDTH = 1000
"""A pipe has no edge: nothing is wrapped or cut there."""


def check_out(out: Path | None) -> None:
    """Raise before the work where the report could not be written after it.

    Raises:
        InputError: a name that is no folder, a folder that holds other things than a report, or
            a place where nothing may be written.
    """
    if out is None:
        return
    if not out.name:
        raise InputError(f"--out {out}: is no name for a folder of its own; give one such as out")
    place = Path(os.path.abspath(out))
    parent = next(p for p in place.parents if p.exists())
    if not parent.is_dir():
        raise InputError(f"--out {out}: {parent} is a file; give a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"--out {out}: no permission to write in {parent}; give another folder")
    from ligandose.report import check_replaceable

    check_replaceable(out)


def require(kind: str, name: str | None, allowed: Sequence[str]) -> None:
    """Raise where a name is given that is not one of a few; None is no name.

    Raises:
        InputError: says what came and what is allowed.
    """
    if name is not None and name not in allowed:
        near = nearest_names(name, allowed)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(f"unknown {kind} {name!r}; {hint}allowed: {', '.join(allowed)}")


@dataclass(frozen=True, slots=True)
class Report:
    """The page of a report that was written, or why it was not; both None where none was asked."""

    page: Path | None = None
    failure: LigandoseError | OSError | None = None


def written(write: Callable[[], Path] | None, progress: Callable[[float, str], None]) -> Report:
    """Write a report; a failure is kept, because it must not cost the result itself."""
    if write is None:
        return Report()
    progress(1.0, "writing the report")
    try:
        return Report(page=write())
    except (LigandoseError, OSError) as error:
        return Report(failure=error)


def hand_over(show: Callable[[], None], report: Report, *, as_json: bool) -> None:
    """Print the result, then where its report lies (not beside JSON).

    Raises:
        LigandoseError, OSError: the report could not be written.
    """
    show()
    if report.failure is not None:
        raise report.failure
    if report.page is not None and not as_json:
        print(f"\nReport: {shortest(report.page)}")


def shortest(path: Path) -> str:
    """Return a path as a reader of this terminal would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document of strict JSON, in UTF-8 whatever the terminal's encoding."""
    from ligandose.report import json_bytes

    raw = json_bytes(document)
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(raw.decode())
    else:
        stream.write(raw)
        stream.flush()


def print_documents(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print the tables of documents, with an empty line between them."""
    from ligandose.report import print_document

    for i, document in enumerate(documents):
        if i:
            print()
        print_document(document)


def plain_console() -> Console:
    """Return a console: colour on a terminal, plain text in a pipe."""
    from rich.console import Console

    console = Console(highlight=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, width=PIPE_WIDTH, color_system=None)


def print_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of text; cells are never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for i, column in enumerate(columns):
        table.add_column(Text(column), no_wrap=i == 0)  # a name or key stays whole
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = plain_console()
    console.print(Text(title, style="bold"))
    console.print(table)


def print_page(page: Page) -> None:
    """Print the table of a result, and what it says in words."""
    print_rows(page.title, page.columns, page.rows)
    for sentence in page.sentences:
        print(f"\n{sentence}")


def warn(message: str) -> None:
    """Print a warning that a reader of the result needs, also into a pipe."""
    from ligandose.cli.main import one_line

    print(f"ligandose: warning: {one_line(message)}", file=sys.stderr, flush=True)
