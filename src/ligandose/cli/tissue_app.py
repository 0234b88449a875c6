"""The command of a tissue and its options: tissue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ligandose.cli.options import MOST_SEED, Debug, Json, Out, Quiet, number_option


def _names(text: str) -> tuple[str, ...]:
    """Return names from "Lu-177,Ac-225"."""
    found = tuple(part.strip() for part in str(text).split(","))
    if not all(found):
        raise typer.BadParameter(
            f"got {str(text)[:40]!r}, allowed are nuclides with commas: Lu-177,Tb-161,Ac-225"
        )
    return found


TissueFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="What is compared (YAML); docs/tissue.md.")
]
Nuclides = Annotated[
    Any,
    typer.Option(
        parser=_names,
        metavar="N[,N…]",
        help="Nuclides to compare, in place of those of the file.",
        show_default=False,
    ),
]
TissueSeed = Annotated[
    int | None,
    number_option(0, MOST_SEED, "Seed of tissue and expression; default as in the file, or 1."),
]


def tissue(
    file: TissueFile,
    nuclides: Nuclides = None,
    seed: TissueSeed = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare nuclides in a tumour tissue, cell by cell."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.tissue import show_tissue

    del debug
    chosen: tuple[str, ...] = () if nuclides is None else nuclides
    show_tissue(file, nuclides=chosen, seed=seed, wanted=Wanted(json, out, quiet))
