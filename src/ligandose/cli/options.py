"""The options that commands share, and how their text is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

MOST_PATIENTS = 1_000_000
MOST_SEED = 2**53 - 1
MOST_THREADS = 1024
DEMO_PATIENTS = 1000


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers that says what came and what is allowed."""

    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise typer.BadParameter(
                f"got {str(text)[:40]!r}, allowed is a whole number, {low} to {high}"
            )
        return number

    return whole_number


def real(low: float, high: float, unit: str, *, words: str, name: str | None = None) -> Any:
    """Return an option for a number that says what came and what is allowed; NaN is not."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise typer.BadParameter(
                f"got {str(text)[:40]!r}, allowed is a number, {low:g} to {high:g} {unit}".rstrip()
            )
        return value

    names = () if name is None else (name,)
    return typer.Option(*names, parser=number, metavar="X", help=words, show_default=False)


def sides(text: str) -> tuple[float, ...]:
    """Return one or three lengths from "3" or "2.4,2.4,3"."""
    parts = str(text).split(",")
    try:
        sides = tuple(float(part) for part in parts)
    except ValueError:
        sides = ()
    if len(sides) not in (1, 3) or not all(0.0 < side < float("inf") for side in sides):
        raise typer.BadParameter(
            f"got {str(text)[:40]!r}, allowed is one positive length in mm, or three with commas: "
            "3 or 2.4,2.4,3"
        )
    return sides * 3 if len(sides) == 1 else sides


def number_option(low: int, high: int, words: str) -> Any:
    """Return an option for a whole number."""
    return typer.Option(parser=whole(low, high), metavar="N", help=words, show_default=False)


Patients = Annotated[
    int | None,
    number_option(1, MOST_PATIENTS, "Virtual patients; default as in the study, or 100."),
]
DemoPatients = Annotated[
    int, number_option(1, MOST_PATIENTS, f"Virtual patients; default {DEMO_PATIENTS}.")
]
ValidationPatients = Annotated[
    int | None, number_option(1, MOST_PATIENTS, "Virtual patients for each agent.")
]
Seed = Annotated[
    int | None,
    number_option(0, MOST_SEED, "Seed of the population; default as in the study, or 1."),
]
ValidationSeed = Annotated[int | None, number_option(0, MOST_SEED, "Seed of the populations.")]
DemoSeed = Annotated[int, number_option(0, MOST_SEED, "Seed of the population; default 1.")]
RunSeed = Annotated[int, number_option(0, MOST_SEED, "Seed of the histories; default 1.")]
Threads = Annotated[int | None, number_option(1, MOST_THREADS, "Threads; default all cores.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Write report, tables and figures there.", show_default=False
    ),
]
NoUncertainty = Annotated[
    bool,
    typer.Option("--no-uncertainty", help="Leave the uncertainty of the parameters out: faster."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One of them, in detail.")]

SafFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Your own folder of ICRP-133 files, in place of the shipped table.",
        show_default=False,
    ),
]
NuclideName = Annotated[str, typer.Argument(metavar="NUCLIDE", help="Such as Lu-177 or ac225.")]
HostName = Annotated[str, typer.Option(metavar="NAME", help="A reference adult.")]
Chain = Annotated[
    bool, typer.Option("--chain", help="Add the progeny in equilibrium, by branching.")
]
MassG = Annotated[float, real(1e-3, 1e5, "g", words="Mass of the sphere, g.")]
Density = Annotated[
    float, real(0.01, 25.0, "g/cm3", words="Density, g/cm3; default that of water, 1.")
]
EnergyMeV = Annotated[
    float, real(1e-3, 10.0, "MeV", words="Energy of the particles, MeV.", name="--energy-MeV")
]
VoxelSides = typer.Option(
    parser=sides, metavar="X[,Y,Z]", help="Sides of the voxels, mm.", show_default=False
)
SpacingMm = Annotated[
    float, real(1.0, 100.0, "mm", words="Side of the voxels of the label map, mm; default 3.")
]
RadiusMm = Annotated[
    float | None, real(0.0, 1e3, "mm", words="How far the kernel reaches; default: the electrons.")
]
Uncertainty = Annotated[
    float | None,
    real(1e-4, 0.5, "", words="Relative standard error at which the run stops."),
]
