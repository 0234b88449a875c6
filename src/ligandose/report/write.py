"""Report folders: pages, figures, tables and the document itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ligandose.errors import InputError
from ligandose.report.canvas import Figure, house_style
from ligandose.report.compose import (
    Report,
    Section,
    compose,
    provenance_section,
    validation_sentences,
)
from ligandose.report.contract import CourseDocument, as_course, as_validation, kind_of
from ligandose.report.hero import hero_figure
from ligandose.report.other_tables import validation_summary
from ligandose.report.page import render
from ligandose.report.publish import check_replaceable, json_bytes, publish, replace_file
from ligandose.report.spectrum import emitted_by, emitted_by_chain, spectrum_figure
from ligandose.report.summary import key_numbers, sentences, title_of
from ligandose.report.tables import TextTable

PAGE = "report.html"
INDEX = "index.html"


def write_report(
    document: Mapping[str, Any], out_dir: Path | str, *, overwrite: bool = False
) -> Path:
    """Write the report of a course, validation or nuclide document and return its page.

    The folder holds `report.html`, `figures/` (SVG, PNG and CSV of each), `tables/` (CSV), the
    document as JSON, and `manifest.json` with the SHA-256 of every file. See
    `ligandose.report.publish` for when an existing folder is replaced.

    Raises:
        InputError: unknown or incomplete document, or a folder that must not be replaced.
    """
    check_replaceable(Path(out_dir), overwrite=overwrite)
    folder = publish(report_files(compose(document)), out_dir, overwrite=overwrite)
    return folder / PAGE


def report_files(report: Report, *, page: str = PAGE) -> dict[str, bytes]:
    """Return every file of a report by its path in the folder."""
    files = {page: render(report).encode()}
    for figure in report.figures:
        files |= figure_files(figure, folder="figures/")
    for table in report.data:
        files[f"tables/{table.name}.csv"] = table.csv().encode()
    files[f"{kind_of(report.document)}.json"] = json_bytes(report.document)
    return files


def figure_files(figure: Figure, *, folder: str = "") -> dict[str, bytes]:
    """Return a figure as SVG and PNG with its CSV."""
    return {
        f"{folder}{figure.name}.svg": figure.svg.encode(),
        f"{folder}{figure.name}.png": figure.png,
        f"{folder}{figure.name}.csv": figure.data.csv().encode(),
    }


def nuclide_figure(
    curves: Mapping[str, Any], out_dir: Path | str, *, overwrite: bool = False
) -> Path:
    """Write the spectrum of a nuclide as SVG, PNG and CSV and return the SVG.

    Args:
        curves: what `ligandose.nuclides.spectrum_curves` returns (the nuclide alone), or a
            nuclide document (its whole chain, weighted with the decays per parent decay).
        out_dir: the folder to write.
        overwrite: as `write_report`.

    Raises:
        InputError: no emission to draw, or a folder that must not be replaced.
    """
    emitted = emitted_by_chain(curves) if "half_life_s" in curves else emitted_by(curves)
    with house_style():
        figure = spectrum_figure(emitted)
    if figure is None:
        raise InputError(f"{emitted.nuclide}: emits nothing that could be drawn (stable?)")
    return publish(figure_files(figure), out_dir, overwrite=overwrite) / f"{figure.name}.svg"


def demo_figure(
    documents: Sequence[Mapping[str, Any]],
    validation: Mapping[str, Any] | None,
    path: Path | str,
) -> Path:
    """Write the wide figure of the demo beside `path` as SVG, PNG and CSV; return the SVG.

    Args:
        documents: course documents; 177Lu-PSMA-617 is drawn over time if it is among them.
        validation: validation document whose rows of these agents are drawn, or None.
        path: file name; its suffix is ignored.
    """
    with house_style():
        figure = hero_figure(documents, validation)
    stem = Path(path).with_suffix("")
    stem.parent.mkdir(parents=True, exist_ok=True)
    for name, content in figure_files(figure).items():
        replace_file(stem.with_suffix(Path(name).suffix), content)
    return stem.with_suffix(".svg")


def slug(name: str) -> str:
    """Return a name for a folder: "177Lu-PSMA-I&T" → "177Lu-PSMA-I-T"."""
    return re.sub(r"[^A-Za-z0-9.+]+", "-", name).strip("-.") or "course"


def write_demo_report(
    documents: Sequence[Mapping[str, Any]],
    validation: Mapping[str, Any] | None,
    out_dir: Path | str,
    *,
    overwrite: bool = False,
) -> Path:
    """Write an index page with one report folder for each course, and one for the validation.

    Returns:
        The index page.

    Raises:
        InputError: as `write_report`; also where no course is given.
    """
    check_replaceable(Path(out_dir), overwrite=overwrite)
    folders = _folders(documents)
    files: dict[str, bytes] = {}
    for name, document in zip(folders, documents, strict=True):
        files |= _inside(name, report_files(compose(document)))
    if validation is not None:
        files |= _inside("validation", report_files(compose(validation)))
    index = _index(documents, folders, validation)
    files[INDEX] = render(index).encode()
    for figure in index.figures:
        files |= figure_files(figure, folder="figures/")
    return publish(files, out_dir, overwrite=overwrite) / INDEX


def _inside(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _folders(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a folder name for each course, numbered where agents repeat."""
    names = [slug(as_course(document)["agent"]["name"]) for document in documents]
    return [
        f"{name}-{names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _index(
    documents: Sequence[Mapping[str, Any]],
    folders: Sequence[str],
    validation: Mapping[str, Any] | None,
) -> Report:
    with house_style():
        hero = hero_figure(documents, validation)
    sections = [Section("picture", "At a glance", figures=(hero,))]
    sections += [
        _course_section(document, folder)
        for document, folder in zip(documents, folders, strict=True)
    ]
    if validation is not None:
        sections.append(_validation_section(validation))
    command = (("Command", "ligandose demo"),)
    sections.append(provenance_section(documents[0], command))
    titles = [title_of(as_course(document)) for document in documents]
    return Report(
        kind="Demo",
        title="From target to effect",
        subtitle=" · ".join(titles),
        summary=validation_sentences(validation["summary"]) if validation else (),
        key_numbers=(),
        sections=tuple(sections),
        data=(),
        document=documents[0],
    )


def _course_section(document: Mapping[str, Any], folder: str) -> Section:
    course = as_course(document)
    facts = tuple(
        (key.label, f"{key.value} ({key.detail})" if key.detail else key.value)
        for key in key_numbers(course)
    )
    return Section(
        anchor=f"course-{folder}",
        title=title_of(course),
        text=_short_sentences(course),
        facts=facts,
        links=(("The full report", f"{folder}/{PAGE}"),),
    )


def _short_sentences(course: CourseDocument) -> tuple[str, ...]:
    """Return what was simulated and how it agrees; the key numbers tell the rest."""
    every = sentences(course)
    return tuple(s for i, s in enumerate(every) if i == 0 or "published coefficient" in s)


def _validation_section(validation: Mapping[str, Any]) -> Section:
    summary: TextTable = validation_summary(as_validation(validation))
    return Section(
        anchor="validation",
        title="Validation",
        tables=(summary,),
        links=(("Every published coefficient beside its prediction", f"validation/{PAGE}"),),
    )
