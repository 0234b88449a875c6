"""The command of one cell and its options: cell."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, NuclideName, Out, Quiet, RunSeed, real

SMALLEST_UM, LARGEST_UM = 0.01, 1000.0


def _distances(text: str) -> tuple[float, ...]:
    """Return lengths from "14" or "14,20,50"."""
    try:
        found = tuple(float(part) for part in str(text).split(","))
    except ValueError:
        found = ()
    if not found or not all(0.0 < value < float("inf") for value in found):
        raise typer.BadParameter(
            f"got {str(text)[:40]!r}, allowed are positive distances in µm with commas: 14,20,50"
        )
    return found


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ValueError(text)
    return value


def _retained(text: str) -> float | dict[str, float]:
    """Return a fraction from "0.5", or fractions by nuclide from "Fr-221=0.5,Bi-213=0"."""
    try:
        if "=" not in str(text):
            return _fraction(str(text))
        pairs = [part.partition("=") for part in str(text).split(",")]
        if not all(name and sign for name, sign, _ in pairs):
            raise ValueError(text)
        return {name.strip(): _fraction(value) for name, _, value in pairs}
    except ValueError:
        raise typer.BadParameter(
            f"got {str(text)[:40]!r}, allowed is a fraction, 0 to 1, or fractions by nuclide: "
            "Fr-221=0.5,Bi-213=0"
        ) from None


CellUm = Annotated[
    float, real(SMALLEST_UM, LARGEST_UM, "µm", words="Radius of the cell, µm.", name="--cell-um")
]
NucleusUm = Annotated[
    float,
    real(SMALLEST_UM, LARGEST_UM, "µm", words="Radius of the nucleus, µm.", name="--nucleus-um"),
]
OffsetUm = Annotated[
    float,
    real(0.0, LARGEST_UM, "µm", words="Nucleus off the cell's centre, µm.", name="--offset-um"),
]
Retained = Annotated[
    Any,
    typer.Option(
        parser=_retained,
        metavar="F|NUCLIDE=F,…",
        help="Daughters that stay where they arise; default 1.",
        show_default=False,
    ),
]
DistanceUm = Annotated[
    Any,
    typer.Option(
        "--distance-um",
        parser=_distances,
        metavar="X[,Y…]",
        help="Also from an equal cell at these distances of the centres, µm.",
        show_default=False,
    ),
]
HorizonDays = Annotated[
    float | None,
    real(1e-6, 1e6, "d", words="Count progeny up to this time; default 50 a.", name="--horizon-d"),
]


def cell(
    nuclide: NuclideName,
    cell_um: CellUm,
    nucleus_um: NucleusUm,
    offset_um: OffsetUm = 0.0,
    target: Annotated[
        str, typer.Option(metavar="PART", help="nucleus, cytoplasm or cell.")
    ] = "nucleus",
    no_progeny: Annotated[
        bool, typer.Option("--no-progeny", help="The nuclide alone, without its chain.")
    ] = False,
    retained: Retained = None,
    distance_um: DistanceUm = None,
    electrons: Annotated[
        str,
        typer.Option(metavar="FROM", help="cascade (Auger cascade) or evaluated (lumped lines)."),
    ] = "cascade",
    horizon_d: HorizonDays = None,
    seed: RunSeed = 1,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show dose per decay in a cell, by where it decays."""
    from ligandose.cli.cell import Asked, show_cell
    from ligandose.cli.documents import Wanted

    del debug
    asked = Asked(
        nuclide=nuclide,
        cell_um=cell_um,
        nucleus_um=nucleus_um,
        offset_um=offset_um,
        target=target,
        progeny=not no_progeny,
        retained=1.0 if retained is None else retained,
        distance_um=() if distance_um is None else distance_um,
        electrons=electrons,
        horizon_d=horizon_d,
        seed=seed,
    )
    show_cell(asked, wanted=Wanted(json, out, quiet))
