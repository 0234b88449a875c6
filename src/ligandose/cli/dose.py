"""The command dose: what a patient received, from images or a table of activities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet, RunSeed, Threads, real

if TYPE_CHECKING:
    from ligandose.plan import PatientDose

CaseFolder = Annotated[
    Path | None,
    typer.Argument(
        metavar="CASE", help="Folder with case.yaml, or that file; docs/patient-dose.md.",
        show_default=False,
    ),
]  # fmt: skip
Engine = Annotated[
    str, typer.Option(metavar="NAME", help="Voxel dose: local, kernel or mc (Monte Carlo).")
]
Uncertainty = Annotated[
    float,
    real(0.001, 0.5, "", words="Median relative error of the Monte Carlo in region voxels; 0.05."),
]
Template = Annotated[
    Path | None,
    typer.Option(
        "--template", metavar="FILE", show_default=False,
        help="Write a case to fill in (.yaml), or a table of activities (.csv, .xlsx); stop.",
    ),
]  # fmt: skip
Example = Annotated[
    Path | None,
    typer.Option(
        "--example", metavar="DIR", show_default=False,
        help="Write the case of a virtual patient with known truth, and stop.",
    ),
]  # fmt: skip


def dose(
    case: CaseFolder = None,
    engine: Engine = "kernel",
    uncertainty: Uncertainty = 0.05,
    seed: RunSeed = 1,
    threads: Threads = None,
    template: Template = None,
    example: Example = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Work out what a patient received: activity, dose, BED."""
    from ligandose.cli.documents import Wanted, deliver
    from ligandose.cli.output import require
    from ligandose.errors import InputError

    del debug
    if template is not None:
        _template(template)
        return
    if example is not None:
        _example(example, seed)
        return
    if case is None:
        raise InputError("CASE is missing; give a folder with case.yaml, or --example DIR for one")
    require("engine", engine, ("local", "kernel", "mc"))
    held: list[PatientDose] = []
    asked: dict[str, Any] = {
        "engine": engine, "seed": seed, "threads": threads, "uncertainty": uncertainty,
    }  # fmt: skip

    def write(document: Mapping[str, Any], folder: Path) -> Path:
        from ligandose.report.received_report import write_received

        return write_received(document, held[0], folder)

    deliver(
        lambda progress: _document(case, asked, held, progress), _print, write,
        Wanted(json, out, quiet),
    )  # fmt: skip


def _document(
    case: Path, asked: Mapping[str, Any], held: list[PatientDose], progress: Any
) -> dict[str, Any]:
    from ligandose.cli.documents import computed
    from ligandose.plan import patient_dose, received_document

    found = patient_dose(case, **asked, progress=progress)
    held.append(found)
    content = received_document(found)
    inputs = {
        "case": found.received.case.label,
        "case_sha256": found.received.case.sha256,
        "engine": asked["engine"],
        "uncertainty": asked["uncertainty"],
    }
    return computed("dose", content, inputs=inputs, seed=asked["seed"])


def _template(path: Path) -> None:
    from ligandose.cli.tac import write_template
    from ligandose.errors import InputError
    from ligandose.plan.received_table import TEMPLATE
    from ligandose.plan.received_template import CASE_TEMPLATE

    if path.suffix.casefold() not in (".yaml", ".yml"):
        write_template(path, TEMPLATE)
        return
    if path.exists():
        raise InputError(f"--template {path}: is there already; give another name")
    path.write_text(CASE_TEMPLATE, encoding="utf-8")
    print(f"Template: {path}")


def _example(folder: Path, seed: int) -> None:
    from ligandose.plan import generate_example

    file = generate_example(folder, seed=seed)
    print(f"Case: {file}\nTruth: {file.with_name('truth.json')}")


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_rows
    from ligandose.report.text import interval, number, percent, region_label

    rows: list[tuple[str, ...]] = []
    for r in document["regions"]:
        if r["dose_Gy"] is None:
            continue
        found = r["dose_Gy"]
        bed: dict[str, Any] = r["bed_Gy"] or {}
        rows.append(
            (
                region_label(r["region"]), number(1e3 * r["mass_kg"]),
                r["fit"]["model"].replace("_", " "),
                number(r["tia_Bq_s"] / 3.6e12), number(found["median"]),
                interval(found["p05"], found["p95"]), percent(r["uncertainty"]["relative_sd"]),
                number(bed.get("median")),
            )
        )  # fmt: skip
    columns = (
        "Region", "Mass, g", "Curve", "TIA, GBq h", "Dose, Gy", "90 % interval", "Uncertainty",
        "BED, Gy",
    )  # fmt: skip
    given = number(document["administered_GBq"])
    title = f"{document['case']}: {given} GBq {document['nuclide']}, engine {document['engine']}"
    print_rows(title, columns, rows)
    marrow = document["marrow"]
    if marrow is not None:
        word = "" if marrow["valid"] else f" NOT VALID: {'; '.join(marrow['invalid_because'])}"
        print(f"\nRed marrow from blood: {number(marrow['dose_Gy'])} Gy.{word}")
    for check in document["checks"]:
        if check["status"] in ("warning", "invalid"):
            print(f"\n{check['status']}: {check['check']}: {check['text']}.")
    notes = sum(c["status"] == "note" for c in document["checks"])
    print(f"\n{notes} notes; --json and --out have them. Research software, no medical device.")
