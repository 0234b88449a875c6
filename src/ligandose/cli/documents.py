"""The head and foot that documents of the transport commands share, and their folders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose import __version__
from ligandose.cli.output import check_out, hand_over, print_json, written
from ligandose.cli.progress import Part, Progress
from ligandose.report.text import MINUS

if TYPE_CHECKING:
    from ligandose.report.canvas import Figure
    from ligandose.report.tables import Page, Table

MISSING = "–"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a result goes: what every command that computes can be told."""

    as_json: bool = False
    out: Path | None = None
    quiet: bool = False


def computed(
    kind: str, content: Mapping[str, Any], *, inputs: Mapping[str, Any], seed: int | None = None
) -> dict[str, Any]:
    """Return a document with its kind, its intended use and what made it.

    Args:
        kind: name of the command.
        content: keys and values of the result.
        inputs: everything that decides the result besides the data edition.
        seed: None where nothing is drawn at random.
    """
    from ligandose.evidence.provenance import provenance

    made = {**provenance(seed=0, inputs=dict(inputs)), "seed": seed}
    head = {"document": f"ligandose.{kind}", "schema": 1, "version": __version__}
    return {**head, **content, "research_use_only": True, "provenance": made}


def deliver(
    make: Callable[[Part], dict[str, Any]],
    show: Callable[[Mapping[str, Any]], None],
    write: Callable[[Mapping[str, Any], Path], Path],
    wanted: Wanted,
) -> None:
    """Compute a document with a progress bar, write its folder where one is wanted, print it.

    Args:
        make: computes the document; gets a progress to call.
        show: prints it for people.
        write: writes its folder and returns that.
        wanted: where it goes.

    Raises:
        LigandoseError: from `make`, or a folder that must not be replaced.
        OSError: the folder could not be written.
    """
    check_out(wanted.out)
    with Progress(quiet=wanted.quiet) as progress:
        document = make(progress.between(0.0, 1.0))
        task = None if wanted.out is None else partial(write, document, wanted.out)
        report = written(task, progress)
    printer = partial(print_json if wanted.as_json else show, document)
    hand_over(printer, report, as_json=wanted.as_json)


def write_folder(
    document: Mapping[str, Any],
    out: Path,
    *,
    tables: Sequence[Table] = (),
    figures: Sequence[Figure] = (),
    page: Page | None = None,
) -> Path:
    """Write a result as a folder: the document, its tables (CSV) and its figures; return it.

    With a `page` there is `report.html` to read, as `ligandose.report.result_page` makes it.

    Raises:
        InputError: a folder that must not be replaced.
    """
    from ligandose.report import json_bytes, publish

    kind = str(document["document"]).removeprefix("ligandose.")
    files = {f"{kind}.json": json_bytes(document)}
    for table in tables:
        files[f"tables/{table.name}.csv"] = table.csv().encode()
    for figure in figures:
        files[f"figures/{figure.name}.svg"] = figure.svg.encode()
        files[f"figures/{figure.name}.png"] = figure.png
        files[f"figures/{figure.name}.csv"] = figure.data.csv().encode()
    if page is not None:
        from ligandose.report.result_page import result_page

        made = result_page(document, page, figures=figures, tables=tables)
        files["report.html"] = made.encode()
    return publish(files, out)


def file_hashes(folder: Path, suffixes: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of the files of a folder that end so, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix.casefold() in suffixes
    }


def scientific(value: float | None, digits: int = 4) -> str:
    """Return "1.234e−13": numbers of one column stay comparable at a glance."""
    if value is None:
        return MISSING
    if value == 0.0:
        return "0"
    return f"{value:.{digits - 1}e}".replace("-", MINUS)


def share(part: float, whole: float) -> str:
    """Return a part of a whole in per cent; a dash where there is no whole."""
    from ligandose.report.text import percent

    return percent(part / whole) if whole > 0.0 else MISSING
