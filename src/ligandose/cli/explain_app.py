"""The command explain and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet, Seed, Threads

StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY.yaml", help="What is explained; docs/explain.md.")
]


def explain(
    study: StudyFile,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say why one agent is better and what targets need."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.explain import show_explain

    del debug
    show_explain(study, seed=seed, threads=threads, wanted=Wanted(json, out, quiet))
