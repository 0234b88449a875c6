"""The command tac: curves of activity over time from a table, fitted and integrated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet

if TYPE_CHECKING:
    from ligandose.kinetics import TacFit, TacPoints
    from ligandose.report.tables import Page

CURVE_POINTS = 161
BEYOND = 1.25
"""Curves are drawn this much beyond the last point."""


def _yes_no(text: str) -> bool:
    if text.casefold() not in ("yes", "no"):
        raise typer.BadParameter(f"got {text[:40]!r}, allowed are yes and no")
    return text.casefold() == "yes"


DecayCorrected = Annotated[
    Any,
    typer.Option(
        "--decay-corrected",
        parser=_yes_no,
        metavar="yes|no",
        help="Values are corrected to the time of injection; where the table does not say it.",
        show_default=False,
    ),
]
Template = Annotated[
    Path | None,
    typer.Option(
        "--template", metavar="FILE", help="Write a table to fill in, csv or xlsx, and stop.",
        show_default=False,
    ),
]  # fmt: skip
TableFile = Annotated[
    Path | None, typer.Argument(metavar="TABLE", help="csv or xlsx.", show_default=False)
]
Nuclide = Annotated[
    str | None,
    typer.Option("--nuclide", metavar="NUCLIDE", help="Such as Lu-177.", show_default=False),
]


def tac(
    table: TableFile = None,
    nuclide: Nuclide = None,
    decay_corrected: DecayCorrected = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="This model for every region, no choice by AICc.",
                     show_default=False),
    ] = None,
    template: Template = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:  # fmt: skip
    """Fit activities over time and integrate them."""
    from ligandose.cli.documents import Wanted, deliver

    del debug
    if template is not None:
        from ligandose.kinetics.tac_table import TEMPLATE

        write_template(template, TEMPLATE)
        return
    file, name = required(table, nuclide)
    deliver(
        lambda progress: tac_document(file, name, decay_corrected, model, progress=progress),
        _print,
        _write,
        Wanted(json, out, quiet),
    )


def required(table: Path | None, nuclide: str | None) -> tuple[Path, str]:
    """Return the table and the nuclide, both of which a command needs.

    Raises:
        InputError: one of them was not given.
    """
    from ligandose.errors import InputError

    if table is None:
        raise InputError("TABLE is missing; give a csv or xlsx table, or --template FILE for one")
    if nuclide is None:
        raise InputError("--nuclide is missing; give the nuclide of the activity, such as Lu-177")
    return table, nuclide


def write_template(path: Path, rows: tuple[tuple[str, ...], ...]) -> None:
    """Write a table to fill in, csv or xlsx by the file's ending.

    Raises:
        InputError: the file is there already, or xlsx without openpyxl.
    """
    import csv
    from importlib import import_module

    from ligandose.errors import InputError

    if path.exists():
        raise InputError(f"--template {path}: is there already; give another name")
    if path.suffix.casefold() == ".xlsx":
        try:
            openpyxl: Any = import_module("openpyxl")
        except ImportError:
            raise InputError(
                "--template: xlsx needs the extra `evidence` (openpyxl); give a name in .csv"
            ) from None
        book: Any = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        book.save(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    print(f"Template: {path}")


def tac_document(
    table: Path,
    nuclide: str,
    decay_corrected: bool | None,
    model: str | None,
    *,
    progress: Any,
) -> dict[str, Any]:
    """Return the document of a table of activities.

    Raises:
        UnknownNameError: an unknown nuclide or model.
        InputError: a stable nuclide, or a table that breaks a rule.
    """
    import hashlib

    from ligandose.cli.documents import computed
    from ligandose.errors import InputError
    from ligandose.kinetics import fit_tac, read_tacs
    from ligandose.nuclides import nuclide as nuclide_of

    found = nuclide_of(nuclide)
    decay = found.decay_constant_per_s
    if decay == 0.0:
        raise InputError(f"nuclide {found.name} is stable; give one that decays")
    points = read_tacs(table, decay_per_s=decay, decay_corrected=decay_corrected)
    regions: list[dict[str, Any]] = []
    for i, p in enumerate(points):
        progress(i / len(points), p.region)
        fit = fit_tac(
            p.time_s, p.activity_Bq, decay_per_s=decay, uncertainty_Bq=p.uncertainty_Bq,
            models=None if model is None else [model], where=f"{table.name}, {p.region}",
        )  # fmt: skip
        regions.append(_region(p, fit))
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    inputs = {
        "table": table.name, "sha256": digest, "nuclide": found.name,
        "decay_corrected": decay_corrected, "model": model,
    }  # fmt: skip
    content = {
        "nuclide": found.name,
        "half_life_s": found.half_life_s,
        "table": {"file": table.name, "sha256": digest},
        "regions": regions,
        "omissions": list(OMISSIONS),
    }
    return computed("tac", content, inputs=inputs)


OMISSIONS = (
    "The interval is that of the stated uncertainties (or of the scatter) and of the choice of "
    "model; calibration, volume and recovery are in it only where the table's uncertainties "
    "hold them.",
    "Activity before the first and after the last point is the model's.",
)


def _region(points: TacPoints, fit: TacFit) -> dict[str, Any]:
    from ligandose.kinetics import trapezoid_tia

    interval = fit.interval_Bq_s()
    last = BEYOND * float(points.time_s[-1])
    time = [last * i / (CURVE_POINTS - 1) for i in range(CURVE_POINTS)]
    sigma = points.uncertainty_Bq
    other = None
    if points.time_s.size > 1:
        plain = trapezoid_tia(
            points.time_s, points.activity_Bq, decay_per_s=fit.decay_per_s, uncertainty_Bq=sigma
        )
        other = {
            "tia_Bq_s": plain.tia_Bq_s, "se_Bq_s": plain.se_Bq_s,
            "tail_fraction": plain.tail_fraction, "note": plain.note,
        }  # fmt: skip
    return {
        "region": points.region,
        "tia_Bq_s": fit.tia_Bq_s,
        "se_Bq_s": fit.unconditional_se_Bq_s,
        "interval_Bq_s": None if interval is None else {"p05": interval[0], "p95": interval[1]},
        "fit": {
            "model": fit.model,
            "parameters": fit.parameters(),
            "aicc": dict(fit.aicc),
            "weights": dict(fit.weights),
            "chi2": fit.chi2,
            "freedom": fit.freedom,
            "covariance_of_logarithms": None if fit.covariance is None else fit.covariance.tolist(),
            "se_of_this_model_Bq_s": fit.se_Bq_s,
            "notes": list(fit.notes),
        },
        "trapezoid": other,
        "points": {
            "time_s": points.time_s.tolist(),
            "activity_Bq": points.activity_Bq.tolist(),
            "uncertainty_Bq": None if sigma is None else sigma.tolist(),
        },
        "curve": {"time_s": time, "activity_Bq": fit.activity_Bq(time).tolist()},
    }


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_page

    print_page(_page(document))


def _page(document: Mapping[str, Any]) -> Page:
    from ligandose.cli.documents import MISSING, scientific
    from ligandose.report.tables import Page

    rows: list[tuple[str, ...]] = []
    for r in document["regions"]:
        interval = r["interval_Bq_s"]
        ends = MISSING
        if interval is not None:
            ends = f"{scientific(interval['p05'], 3)} to {scientific(interval['p95'], 3)}"
        slow = r["fit"]["parameters"]["effective_half_life_1_s"] / 3600.0
        rows.append(
            (r["region"], r["fit"]["model"], f"{slow:.3g}", scientific(r["tia_Bq_s"]), ends)
        )
    notes = [f"{r['region']}: {note}." for r in document["regions"] for note in r["fit"]["notes"]]
    return Page(
        f"{document['nuclide']}: time-integrated activity",
        sentences=("\n".join(notes),) if notes else (),
        columns=("Region", "Model", "Slowest T eff, h", "Integral, Bq s", "90 % interval"),
        rows=tuple(rows),
        command=f"ligandose tac table.csv --nuclide {document['nuclide']} --out out",
    )


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.cli.documents import write_folder
    from ligandose.report.tables import table
    from ligandose.report.tac_figure import tac_figure

    columns = ("region", "model", "tia_Bq_s", "p05_Bq_s", "p95_Bq_s", "se_Bq_s")
    rows = [
        [
            r["region"], r["fit"]["model"], r["tia_Bq_s"],
            *((r["interval_Bq_s"]["p05"], r["interval_Bq_s"]["p95"])
              if r["interval_Bq_s"] is not None else (None, None)),
            r["se_Bq_s"],
        ]
        for r in document["regions"]
    ]  # fmt: skip
    fits = [
        [r["region"], name, value]
        for r in document["regions"]
        for name, value in r["fit"]["parameters"].items()
    ]
    tables = [table("tia", columns, rows), table("fits", ("region", "parameter", "value"), fits)]
    figures = [tac_figure(document)]
    return write_folder(document, out, tables=tables, figures=figures, page=_page(document))
