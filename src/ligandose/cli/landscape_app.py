"""The commands of the landscape and their options: targets, agents, landscape."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet, RunSeed

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

targets = typer.Typer(
    help="Targets: evidence, expression, ranking.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
)
agents = typer.Typer(
    help="Agents: what binds which target, how far it came.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
)

Compartment = Annotated[
    str | None,
    typer.Option(metavar="C", help="Only those that sit there: stroma.", show_default=False),
]
Indication = Annotated[
    str | None,
    typer.Option(metavar="I", help="Only those that matter there: mCRPC.", show_default=False),
]
Stage = Annotated[
    str | None,
    typer.Option(metavar="S", help='Only this highest stage: "phase 3".', show_default=False),
]
Store = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The evidence store; default your own.", show_default=False),
]
TargetName = Annotated[str, typer.Argument(metavar="NAME", help="Any name: PSMA, FOLH1, Q04609.")]


@targets.command("list")
def list_targets(
    compartment: Compartment = None,
    indication: Indication = None,
    stage: Stage = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List the targets of the catalogue."""
    from ligandose.cli import targets as commands

    del debug
    commands.list_targets(compartment, indication, stage, as_json=json)


@targets.command("show")
def show_target(
    name: TargetName, store: Store = None, json: Json = False, debug: Debug = False
) -> None:
    """Show everything that is known of a target."""
    from ligandose.cli import targets as commands

    del debug
    commands.show_target(name, store=store, as_json=json)


@targets.command("rank")
def rank_targets(
    indication: Annotated[
        str | None,
        typer.Option(metavar="I", help="Such as mCRPC; default: every target in its best one.",
                     show_default=False),
    ] = None,
    evidence: Annotated[
        str, typer.Option(metavar="KIND", help='"all", or "common": only what every target has.')
    ] = "all",
    seed: RunSeed = 1,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Judge targets by the target profile: tiers, reasons, stability."""
    from ligandose.cli import targets as commands
    from ligandose.cli.documents import Wanted

    del debug
    commands.rank_targets(indication, evidence, seed=seed, wanted=Wanted(json, out, quiet))


@targets.command("compare")
def compare_targets(
    names: Annotated[list[str], typer.Argument(metavar="NAME NAME…", help="Two or more targets.")],
    indication: Indication = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Lay targets side by side, criterion by criterion."""
    from ligandose.cli import targets as commands

    del debug
    commands.compare_targets(names, indication, as_json=json)


@targets.command("coverage")
def coverage(json: Json = False, debug: Debug = False) -> None:
    """Show which share of the catalogue is known, and read at a source."""
    from ligandose.cli import targets as commands

    del debug
    commands.show_coverage(as_json=json)


@targets.command("import")
def import_evidence(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="hpa, surfy, cspa or oncoref.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH…", help="Files as downloaded, or folders.")
    ] = None,
    store: Store = None,
    edition: Annotated[
        str | None,
        typer.Option(metavar="E", help="Edition, if the name does not tell.", show_default=False),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read atlas or surfaceome tables into the evidence store."""
    from ligandose.cli import targets as commands

    del debug
    asked = commands.Import(kind, tuple(paths or ()), store, edition)
    commands.import_evidence(asked, as_json=json, quiet=quiet)


@agents.command("list")
def list_agents(
    target: Annotated[
        str | None, typer.Option(metavar="T", help="Only against this target.", show_default=False)
    ] = None,
    indication: Indication = None,
    nuclide: Annotated[
        str | None, typer.Option(metavar="N", help="Only with this nuclide.", show_default=False)
    ] = None,
    stage: Stage = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List the agents, clinical and preclinical."""
    from ligandose.cli import agents as commands

    del debug
    commands.list_agents(commands.Wish(target, indication, nuclide, stage), as_json=json)


@agents.command("show")
def show_agent(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as 177Lu-PSMA-617, Pluvicto.")],
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what is known of an agent, with the values that simulate it."""
    from ligandose.cli import agents as commands

    del debug
    commands.show_agent(name, as_json=json)


def landscape(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the page.")],
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write the landscape: one page to search and sort."""
    from ligandose.cli import targets as commands

    del debug
    commands.write_landscape_page(out, as_json=json, quiet=quiet)
