"""The command of a screen and its options: screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ligandose.cli.options import Debug, Json, Out, Patients, Quiet, Seed, Threads

StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY.yaml", help="What is screened; docs/design.md.")
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--fresh",
        help="Go on from finished candidates beside --out, or forget them first.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A dask scheduler in place of processes: tcp://10.0.0.1:8786.",
        show_default=False,
    ),
]


def screen(
    study: StudyFile,
    patients: Patients = None,
    seed: Seed = None,
    threads: Threads = None,
    resume: Resume = True,
    cluster: Cluster = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Rank targets, vectors and nuclides for a disease."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.screen import Run, show_screen

    del debug
    run = Run(patients, seed, threads, fresh=not resume, cluster=cluster)
    show_screen(study, run=run, wanted=Wanted(json, out, quiet))
