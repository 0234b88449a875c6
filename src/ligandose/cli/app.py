"""The commands and their options; what they do is imported when one is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

MOST_PATIENTS = 1_000_000
MOST_SEED = 2**53 - 1
MOST_THREADS = 1024
DEMO_PATIENTS = 1000

app = typer.Typer(
    name="ligandose",
    help="Targeted radionuclide therapy from molecular target to individual plan. "
    "Research software, not a medical device.",
    epilog="Start with: ligandose demo",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,  # rich's help takes longer to import than all else here
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from ligandose.cli.catalogue import version_text

        print(version_text())
        raise typer.Exit


def _whole(low: int, high: int) -> Callable[[str], int]:
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


def _number_option(low: int, high: int, words: str) -> Any:
    return typer.Option(parser=_whole(low, high), metavar="N", help=words, show_default=False)


Patients = Annotated[
    int | None,
    _number_option(1, MOST_PATIENTS, "Virtual patients; default as in the study, or 100."),
]
DemoPatients = Annotated[
    int, _number_option(1, MOST_PATIENTS, f"Virtual patients; default {DEMO_PATIENTS}.")
]
ValidationPatients = Annotated[
    int | None, _number_option(1, MOST_PATIENTS, "Virtual patients for each agent.")
]
Seed = Annotated[
    int | None,
    _number_option(0, MOST_SEED, "Seed of the population; default as in the study, or 1."),
]
ValidationSeed = Annotated[int | None, _number_option(0, MOST_SEED, "Seed of the populations.")]
DemoSeed = Annotated[int, _number_option(0, MOST_SEED, "Seed of the population; default 1.")]
Threads = Annotated[int | None, _number_option(1, MOST_THREADS, "Threads; default all cores.")]
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
Version = Annotated[
    bool,
    typer.Option(
        "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
    ),
]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One of them, in detail.")]


@app.callback(invoke_without_command=True)
def start(context: typer.Context, version: Version = False, debug: Debug = False) -> None:
    del version, debug  # --debug is read by `main`, wherever it stands
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def simulate(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="What to simulate.")],
    patients: Patients = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    no_uncertainty: NoUncertainty = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Simulate an agent in a population of patients."""
    from ligandose.cli.courses import Options, simulate_study

    del debug
    simulate_study(study, Options(patients, seed, threads, json, out, quiet, not no_uncertainty))


@app.command()
def demo(
    patients: DemoPatients = DEMO_PATIENTS,
    seed: DemoSeed = 1,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    no_uncertainty: NoUncertainty = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run 177Lu-PSMA-617 and 177Lu-DOTATATE, with a report.

    Both as their catalogue entries say that they are used. The report goes to ligandose-demo, or
    where --out says.
    """
    from ligandose.cli.courses import Options, run_demo

    del debug
    run_demo(Options(patients, seed, threads, json, out, quiet, not no_uncertainty))


@app.command()
def validate(
    patients: ValidationPatients = None,
    seed: ValidationSeed = None,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show published doses next to predicted ones.

    Every published dose coefficient that is held, for every agent, with the fold errors.
    """
    from ligandose.cli.courses import Options, run_validation

    del debug
    run_validation(Options(patients, seed, threads, json, out, quiet))


@app.command()
def nuclide(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as Lu-177, 99mTc or ac225.")],
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show half-life, progeny and emissions of a nuclide."""
    from ligandose.cli.catalogue import show_nuclide

    del debug
    show_nuclide(name, as_json=json, out=out, quiet=quiet)


@app.command()
def agents(name: Name = None, json: Json = False, debug: Debug = False) -> None:
    """List the agents, or the values of one."""
    from ligandose.cli.catalogue import list_agents

    del debug
    list_agents(name, as_json=json)


@app.command()
def hosts(
    name: Name = None,
    disease: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show the host with it.", show_default=False)
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List hosts and diseases, or the values of one host."""
    from ligandose.cli.catalogue import list_hosts

    del debug
    list_hosts(name, disease=disease, as_json=json)


@app.command()
def version(debug: Debug = False) -> None:
    """Show the version of program and data."""
    from ligandose.cli.catalogue import version_text

    del debug
    print(version_text())
