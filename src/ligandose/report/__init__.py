"""What people read: figures, HTML pages, tables for files and for the terminal.

Drawing and templates are imported when they are first used, so that a command that only
prints JSON does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ligandose.report.publish import check_replaceable, json_bytes, publish

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ligandose.report.canvas import Figure
    from ligandose.report.tables import Table

__all__ = [
    "check_replaceable",
    "console_table",
    "demo_figure",
    "json_bytes",
    "landscape_document",
    "nuclide_figure",
    "print_document",
    "publish",
    "s_value_figure",
    "s_value_table",
    "voxel_kernel_figure",
    "write_demo_report",
    "write_landscape",
    "write_phantom",
    "write_report",
]


def write_report(
    document: Mapping[str, Any], out_dir: Path | str, *, overwrite: bool = False
) -> Path:
    """Write the report of a course, validation or nuclide document; return `report.html`.

    Raises:
        InputError: unknown or incomplete document, or a folder that must not be replaced.
    """
    from ligandose.report import write

    return write.write_report(document, out_dir, overwrite=overwrite)


def write_demo_report(
    documents: Sequence[Mapping[str, Any]],
    validation: Mapping[str, Any] | None,
    out_dir: Path | str,
    *,
    overwrite: bool = False,
) -> Path:
    """Write an index with one report for each course and one for the validation; return it.

    Raises:
        InputError: unknown or incomplete document, or a folder that must not be replaced.
    """
    from ligandose.report import write

    return write.write_demo_report(documents, validation, out_dir, overwrite=overwrite)


def demo_figure(
    documents: Sequence[Mapping[str, Any]], validation: Mapping[str, Any] | None, path: Path | str
) -> Path:
    """Write the wide figure of the demo as SVG, PNG and CSV beside `path`; return the SVG."""
    from ligandose.report import write

    return write.demo_figure(documents, validation, path)


def nuclide_figure(
    curves: Mapping[str, Any], out_dir: Path | str, *, overwrite: bool = False
) -> Path:
    """Write the spectrum of a nuclide document as SVG, PNG and CSV; return the SVG.

    Raises:
        InputError: nothing to draw, or a folder that must not be replaced.
    """
    from ligandose.report import write

    return write.nuclide_figure(curves, out_dir, overwrite=overwrite)


def console_table(document: Mapping[str, Any]) -> RenderableType:
    """Return what a terminal shows of a course, validation or nuclide document.

    Raises:
        InputError: the document is of another kind, or misses a key.
    """
    from ligandose.report import console

    return console.console_table(document)


def print_document(document: Mapping[str, Any], *, file: IO[str] | None = None) -> None:
    """Print `console_table`: in colour on a terminal, as plain text of fixed width in a pipe."""
    from ligandose.report import console

    console.print_document(document, file=file)


def s_value_figure(document: Mapping[str, Any]) -> Figure:
    """Return a map of the S values of a `ligandose.svalue` document."""
    from ligandose.report import s_values

    return s_values.s_value_figure(document)


def s_value_table(document: Mapping[str, Any]) -> Table:
    """Return the S values of a `ligandose.svalue` document as a table."""
    from ligandose.report import s_values

    return s_values.s_value_table(document)


def voxel_kernel_figure(document: Mapping[str, Any]) -> Figure:
    """Return the voxel S values of a `ligandose.vsv` document over distance."""
    from ligandose.report import s_values

    return s_values.voxel_kernel_figure(document)


def write_phantom(
    name: str, out_dir: Path | str, *, spacing_mm: float = 2.0, overwrite: bool = False
) -> Path:
    """Draw a stylized adult and write its label map as NIfTI; return the folder.

    Raises:
        UnknownNameError: not a phantom.
        InputError: a spacing that makes no sense, or a folder that must not be replaced.
    """
    from ligandose.report import phantom_figure

    return phantom_figure.write_phantom(name, out_dir, spacing_mm=spacing_mm, overwrite=overwrite)


def write_landscape(
    out: Path | str, *, progress: Callable[[float, str], None] | None = None
) -> Path:
    """Write the landscape of targets and agents into a folder and return its page.

    Raises:
        InputError: a folder that must not be replaced.
    """
    from ligandose.report import landscape

    return landscape.write_landscape(out, progress=progress)


def landscape_document() -> dict[str, Any]:
    """Return the counts and the coverage of the landscape."""
    from ligandose.report import landscape

    return landscape.landscape_document()
