"""The commands that compute: simulate, demo, validate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose import __version__
from ligandose.cli.output import (
    check_out,
    hand_over,
    print_documents,
    print_json,
    warn,
    written,
)
from ligandose.cli.progress import Part, Progress

if TYPE_CHECKING:
    from ligandose.course.study import Study

DEMO_AGENTS = ("177Lu-PSMA-617", "177Lu-DOTATATE")
DEMO_OUT = Path("ligandose-demo")
MOST_NAMED = 3
COURSES_SHARE = 0.8
DEMO_VALIDATION_PATIENTS = 200
SHARE_OF_COURSE = 0.8
"""Of the time of a thousand patients; the draws from the uncertainty of knowledge take the rest."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every command that computes can be told; None leaves it to the study or the default."""

    patients: int | None = None
    seed: int | None = None
    threads: int | None = None
    as_json: bool = False
    out: Path | None = None
    quiet: bool = False
    uncertainty: bool = True
    saf: Path | None = None


def simulate_study(study_file: Path, options: Options) -> None:
    """Run a study file.

    Raises:
        LigandoseError: bad input, or a computation that failed.
        OSError: the report could not be written.
    """
    from ligandose.course.study import read_study

    study = _with_options(read_study(study_file), options)
    check_out(options.out)
    with Progress(quiet=options.quiet) as progress:
        for line in study.filled_in:
            progress.note(f"from the catalogue: {line}")
        document = _course(study, options, progress.between(0.0, 1.0))
        report = written(_report_of(document, options.out), progress)
    _warn_of_failures(document, options)
    hand_over(_shower([document], document, options), report, as_json=options.as_json)


def run_demo(options: Options) -> None:
    """Run the typical courses of the demo's agents.

    Raises:
        LigandoseError: as `simulate_study`.
        OSError: the report could not be written.
    """
    from ligandose.course import validate
    from ligandose.course.study import study_from_mapping

    out = options.out if options.out is not None or options.as_json else DEMO_OUT
    check_out(out)
    studies = [
        _with_options(study_from_mapping({"agent": name}, name="demo"), options)
        for name in DEMO_AGENTS
    ]
    with Progress(quiet=options.quiet) as progress:
        share = COURSES_SHARE / len(studies)
        documents = [
            _course(study, options, progress.between(i * share, (i + 1) * share))
            for i, study in enumerate(studies)
        ]
        validation: dict[str, Any] = validate(
            patients=DEMO_VALIDATION_PATIENTS,
            seed=studies[0].seed,
            threads=studies[0].threads,
            saf_folder=options.saf,
            progress=progress.between(COURSES_SHARE, 1.0),
        )
        report = written(_demo_report_of(documents, validation, out), progress)
    for document in documents:
        _warn_of_failures(document, options)
    whole = {
        "document": "ligandose.demo",
        "schema": 1,
        "version": __version__,
        "courses": documents,
        "validation": validation,
        "research_use_only": True,
        "provenance": documents[0]["provenance"],
    }
    hand_over(_shower(documents, whole, options), report, as_json=options.as_json)


def run_validation(options: Options) -> None:
    """Predict every published coefficient that is held.

    Raises:
        LigandoseError: a computation that failed.
        OSError: the report could not be written.
    """
    from ligandose.course import validate

    check_out(options.out)
    given = {"patients": options.patients, "seed": options.seed, "threads": options.threads}
    chosen: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    with Progress(quiet=options.quiet) as progress:
        document: dict[str, Any] = validate(**chosen, saf_folder=options.saf, progress=progress)
        report = written(_report_of(document, options.out), progress)
    hand_over(_shower([document], document, options), report, as_json=options.as_json)


def _with_options(study: Study, options: Options) -> Study:
    """Return the study with what the command line says in place of what the file says."""
    return replace(
        study,
        patients=study.patients if options.patients is None else options.patients,
        seed=study.seed if options.seed is None else options.seed,
        threads=study.threads if options.threads is None else options.threads,
        saf=study.saf if options.saf is None else options.saf,
    )


def _course(study: Study, options: Options, progress: Part) -> dict[str, Any]:
    """Return the document of a study's course, with what the study's own values mean for it."""
    from ligandose.course import knowledge_ratios, simulate
    from ligandose.dose import saf_table

    table = None if study.saf is None else saf_table(study.saf, study.host.anatomy)
    course = simulate(
        study.agent,
        study.host,
        study.regimen,
        patients=study.patients,
        seed=study.seed,
        threads=study.threads,
        table=table,
        progress=progress.between(0.0, SHARE_OF_COURSE if options.uncertainty else 1.0),
    )
    if options.uncertainty:
        ratios = knowledge_ratios(
            study.agent,
            study.host,
            study.regimen,
            seed=study.seed,
            threads=study.threads,
            table=table,
            progress=progress.between(SHARE_OF_COURSE, 1.0),
        )
        course = course.with_knowledge(ratios)
    document = course.document()
    if study.tissue is not None:
        from ligandose.course.tissue_lesion import lesion_tissue

        found = lesion_tissue(course, study.tissue, study.tissue_lesion)
        document["tissue"] = found.document()
    document["omissions"] = [*study.caveats, *document.get("omissions", [])]
    made = document["provenance"] = dict(document["provenance"])
    if study.sha256:
        made["study_sha256"] = study.sha256
    if study.saf is not None:
        made["saf_folder"] = str(study.saf)
    return document


def _report_of(document: Mapping[str, Any], out: Path | None) -> Callable[[], Path] | None:
    if out is None:
        return None
    from ligandose.report import write_report

    return partial(write_report, document, out)


def _demo_report_of(
    documents: Sequence[Mapping[str, Any]], validation: Mapping[str, Any], out: Path | None
) -> Callable[[], Path] | None:
    if out is None:
        return None
    from ligandose.report import write_demo_report

    return partial(write_demo_report, documents, validation, out)


def _shower(
    documents: Sequence[Mapping[str, Any]], whole: Mapping[str, Any], options: Options
) -> Callable[[], None]:
    return partial(print_json, whole) if options.as_json else partial(print_documents, documents)


def _warn_of_failures(document: Mapping[str, Any], options: Options) -> None:
    """Say which virtual patients have no result; the others stand."""
    failed = list(document.get("failed") or [])
    if not failed or options.quiet:
        return
    named = ", ".join(str(entry.get("patient", "?")) for entry in failed[:MOST_NAMED])
    more = ", …" if len(failed) > MOST_NAMED else ""
    warn(
        f"{document['agent']['name']}: no solution for {len(failed)} of {document['patients']} "
        f"virtual patients (number {named}{more}), who are left out; their parameters stand under "
        "'failed' in the document"
    )
