"""The command translate: from animal biodistribution to human doses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet, RunSeed, real
from ligandose.cli.tac import DecayCorrected, Nuclide, TableFile, Template, required, write_template

if TYPE_CHECKING:
    from ligandose.report.tables import Page

SafetyFactor = Annotated[
    float | None,
    real(1.0, 1000.0, "", words="Safety factor of the proposed first activity; default 2."),
]
MarrowRatio = Annotated[
    float | None,
    real(0.0, 10.0, "", words="Red marrow to blood; default 1 (peptides), IgG about 0.36."),
]


def translate(
    table: TableFile = None,
    nuclide: Nuclide = None,
    human: Annotated[str, typer.Option(metavar="NAME", help="A reference adult.")] = "adult-male",
    decay_corrected: DecayCorrected = None,
    safety_factor: SafetyFactor = None,
    marrow_ratio: MarrowRatio = None,
    remainder: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="Rest of the body, if not measured: blood (lower limit) or retained (upper).",
        ),
    ] = "blood",
    agent: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="AGENT",
            show_default=False,
            help="Also fit this agent's vector to the animal and simulate the human.",
        ),
    ] = None,
    animal_nmol: Annotated[
        float | None,
        real(
            1e-9,
            1e6,
            "nmol",
            words="Ligand given to each animal, for --model.",
            name="--animal-nmol",
        ),
    ] = None,
    template: Template = None,
    seed: RunSeed = 1,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Translate animal biodistribution to human doses."""
    from ligandose.cli.documents import Wanted, deliver

    del debug
    if template is not None:
        from ligandose.design.translate_table import TEMPLATE

        write_template(template, TEMPLATE)
        return
    file, name = required(table, nuclide)
    asked: dict[str, Any] = {
        "nuclide": name,
        "human": human,
        "decay_corrected": decay_corrected,
        "safety_factor": safety_factor,
        "marrow_to_blood": marrow_ratio,
        "remainder": remainder,
        "agent": agent,
        "animal_amount_nmol": animal_nmol,
        "seed": seed,
    }
    deliver(lambda progress: _document(file, asked, progress), _print, _write,
            Wanted(json, out, quiet))  # fmt: skip


def _document(file: Path, asked: dict[str, Any], progress: Any) -> dict[str, Any]:
    import hashlib

    from ligandose.cli.documents import computed
    from ligandose.design import translation_document
    from ligandose.nuclides import nuclide as nuclide_of

    progress(0.0, "curves and doses")
    content = translation_document(file, **asked)
    content["decay_per_s"] = nuclide_of(asked["nuclide"]).decay_constant_per_s
    content["table"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    inputs = {**asked, "table": file.name, "sha256": content["table"]["sha256"]}
    return computed("translate", content, inputs=inputs, seed=asked["seed"])


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_page

    print_page(_page(document))
    if document["model"] is not None:
        _print_model(document["model"])


def _page(document: Mapping[str, Any]) -> Page:
    from ligandose.report.tables import Page

    methods = document["methods"]
    rows: list[tuple[str, ...]] = []
    for row in document["doses"]:
        found = row["dose_per_activity_Gy_per_GBq"]
        rows.append(
            (
                row["region"],
                *(f"{row['by_method'][m]:.3g}" for m in methods),
                f"{found['median']:.3g}",
                f"{found['p05']:.2g} to {found['p95']:.2g}",
            )
        )
    mass = 1e3 * document["table"]["body_mass_kg"]
    return Page(
        f"{document['nuclide']} from {document['table']['species']} ({mass:.3g} g) to "
        f"{document['human']}: Gy/GBq by method of scaling",
        sentences=_activity_sentences(document["activity"]),
        columns=("Region", *(m.replace("_", " ") for m in methods), "Median", "90 % interval"),
        rows=tuple(rows),
        command=f"ligandose translate table.csv --nuclide {document['nuclide']} --out out",
    )


def _activity_sentences(activity: Mapping[str, Any]) -> tuple[str, ...]:
    if activity["limiting_organ"] is None:
        return ("No organ with a limit was measured: no activity is proposed.",)
    first = activity["limits"][0]
    return (
        f"Limiting organ: {activity['limiting_organ']} ({first['limit']}, {first['limit_Gy']:g} "
        f"Gy {first['quantity'].replace('_', ' ')}, {first['status']}): reached at "
        f"{activity['maximum_GBq']:.3g} GBq in the median over methods, at "
        f"{first['activity_GBq_at_p95']:.3g} GBq at the 95th percentile.",
        f"Proposed first activity: {activity['first_in_human_GBq']:.3g} GBq (95th percentile over "
        f"a safety factor of {activity['safety_factor']:g}). Not a clinical recommendation.",
    )


def _print_model(model: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_rows

    print()
    rows = [
        (key, f"{value:.3g}", f"{model['factor_gsd'][key]:.3g}")
        for key, value in model["factors"].items()
    ]
    title = (
        f"Model of {model['agent']} fitted to the animal: rms of ln(model/measured) "
        f"{model['rms_log_before']:.2f} before, {model['rms_log_after']:.2f} after"
    )
    print_rows(title, ("Parameter", "Factor", "GSD"), rows)
    doses = sorted(model["dose_per_activity_Gy_per_GBq"].items(), key=lambda item: -item[1])
    shown = ", ".join(f"{region} {dose:.3g}" for region, dose in doses[:8])
    print(f"\nHuman doses by the model, Gy/GBq: {shown}.")


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.cli.documents import write_folder
    from ligandose.report.tables import table
    from ligandose.report.tac_figure import translation_figure
    from ligandose.report.translate_figure import dose_figure

    methods = document["methods"]
    tiac = [
        [r["region"], name, *(h["by_method"][m]["tiac_h"] for m in methods)]
        for r in document["regions"]
        for name, h in r["human"].items()
    ]
    limits = [
        [
            x["region"], x["limit"], x["quantity"], x["limit_Gy"], x["activity_GBq_at_median"],
            x["activity_GBq_at_p95"],
        ]
        for x in document["activity"]["limits"]
    ]  # fmt: skip
    own = [
        [name, d["total"], d["alpha"], d["electron"], d["photon"]]
        for name, d in document["animal_self_dose_Gy_per_MBq"].items()
    ]
    tables = [
        table("tiac_h", ("measured", "region", *methods), tiac),
        table(
            "limits",
            ("region", "limit", "quantity", "limit_Gy", "activity_GBq_at_median",
             "activity_GBq_at_p95"),
            limits,
        ),
        table("animal_self_dose_Gy_per_MBq", ("region", "total", "alpha", "electron", "photon"),
              own),
    ]  # fmt: skip
    figures = [dose_figure(document), translation_figure(document)]
    return write_folder(document, out, tables=tables, figures=figures, page=_page(document))
