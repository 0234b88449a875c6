"""The commands and their options; what they do is imported when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ligandose.cli import (
    cell_app,
    dose,
    explain_app,
    landscape_app,
    optimise,
    plan,
    receive,
    screen_app,
    tac,
    tissue_app,
    translate,
)
from ligandose.cli.options import (
    DEMO_PATIENTS,
    Chain,
    Debug,
    DemoPatients,
    DemoSeed,
    Density,
    EnergyMeV,
    HostName,
    Json,
    MassG,
    Name,
    NoUncertainty,
    NuclideName,
    Out,
    Patients,
    Quiet,
    RadiusMm,
    RunSeed,
    SafFolder,
    Seed,
    SpacingMm,
    Threads,
    Uncertainty,
    ValidationPatients,
    ValidationSeed,
    VoxelSides,
)

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


Version = Annotated[
    bool,
    typer.Option(
        "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
    ),
]


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
    saf: SafFolder = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Simulate an agent in a population of patients."""
    from ligandose.cli.courses import Options, simulate_study

    del debug
    options = Options(patients, seed, threads, json, out, quiet, not no_uncertainty, saf)
    simulate_study(study, options)


@app.command()
def demo(
    patients: DemoPatients = DEMO_PATIENTS,
    seed: DemoSeed = 1,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    no_uncertainty: NoUncertainty = False,
    saf: SafFolder = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run 177Lu-PSMA-617 and 177Lu-DOTATATE, with a report.

    Both as their catalogue entries say that they are used. The report goes to ligandose-demo, or
    where --out says.
    """
    from ligandose.cli.courses import Options, run_demo

    del debug
    run_demo(Options(patients, seed, threads, json, out, quiet, not no_uncertainty, saf))


@app.command()
def validate(
    patients: ValidationPatients = None,
    seed: ValidationSeed = None,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    saf: SafFolder = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show published doses next to predicted ones.

    Every published dose coefficient that is held, for every agent, with the fold errors.
    """
    from ligandose.cli.courses import Options, run_validation

    del debug
    run_validation(Options(patients, seed, threads, json, out, quiet, saf=saf))


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
def svalue(
    nuclide: NuclideName,
    host: HostName = "adult-male",
    saf: SafFolder = None,
    chain: Chain = False,
    target: Annotated[
        str | None,
        typer.Option(metavar="REGION", help="Only doses to this region.", show_default=False),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="REGION", help="Only activity in this region.", show_default=False),
    ] = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show S values, dose per decay, between organs."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.svalues import show_s_values

    del debug
    wanted = Wanted(json, out, quiet)
    show_s_values(
        nuclide, host=host, saf=saf, chain=chain, target=target, source=source, wanted=wanted
    )


@app.command()
def sphere(
    nuclide: NuclideName,
    mass_g: MassG,
    density: Density = 1.0,
    chain: Chain = False,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show dose per decay in a sphere."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.svalues import show_sphere

    del debug
    wanted = Wanted(json, out, quiet)
    show_sphere(nuclide, mass_g=mass_g, density_g_cm3=density, chain=chain, wanted=wanted)


app.command()(cell_app.cell)
app.command()(tissue_app.tissue)
app.command()(screen_app.screen)
app.command()(explain_app.explain)
app.command()(optimise.optimise)


@app.command()
def vsv(
    nuclide: NuclideName,
    voxel_mm: Annotated[Any, VoxelSides],
    medium: Annotated[
        str, typer.Option(metavar="NAME", help="water, soft_tissue, bone or lung.")
    ] = "water",
    chain: Chain = False,
    radius_mm: RadiusMm = None,
    uncertainty: Uncertainty = None,
    seed: RunSeed = 1,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compute voxel S values in an endless medium."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.transport import Run, Voxels, show_voxel_kernel

    del debug
    asked = Voxels(nuclide, voxel_mm, medium, chain, radius_mm)
    show_voxel_kernel(asked, run=Run(uncertainty, seed, threads), wanted=Wanted(json, out, quiet))


@app.command("absorbed-fraction")
def absorbed_fraction(
    particle: Annotated[str, typer.Option(metavar="NAME", help="photon, electron or alpha.")],
    energy_mev: EnergyMeV,
    mass_g: MassG,
    medium_around: Annotated[str, typer.Option(metavar="NAME", help="water or vacuum.")] = "water",
    uncertainty: Uncertainty = None,
    seed: RunSeed = 1,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Follow particles in a sphere of water."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.transport import Run, show_absorbed_fraction

    del debug
    show_absorbed_fraction(
        particle,
        energy_MeV=energy_mev,
        mass_g=mass_g,
        around=medium_around,
        run=Run(uncertainty, seed, threads),
        wanted=Wanted(json, out, quiet),
    )


@app.command()
def phantom(
    host: Annotated[str, typer.Argument(metavar="HOST", help="adult-male or adult-female.")],
    spacing_mm: SpacingMm = 3.0,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show a reference adult: masses, slices, label map."""
    from ligandose.cli.documents import Wanted
    from ligandose.cli.phantoms import show_phantom

    del debug
    show_phantom(host, spacing_mm=spacing_mm, wanted=Wanted(json, out, quiet))


app.add_typer(landscape_app.targets, name="targets")
app.add_typer(landscape_app.agents, name="agents")
app.command()(landscape_app.landscape)
app.command()(tac.tac)
app.command()(dose.dose)
app.command()(receive.receive)
app.command()(translate.translate)
app.command()(plan.plan)


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
