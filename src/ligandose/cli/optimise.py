"""The command optimise: what is worth changing in an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, Out, Patients, Quiet, Seed, Threads

SHOWN = 2
"""Changed levers that a row names; the document has all."""
OptimiseFile = Annotated[
    Path, typer.Argument(metavar="STUDY.yaml", help="What may change; docs/optimise.md.")
]


def optimise(
    study: OptimiseFile,
    patients: Patients = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Search what chemistry can change in an agent.

    Affinity, on-rate, internalisation, albumin binding, size, nuclide, amount and schedule.
    """
    from ligandose.cli.documents import Wanted, computed, deliver
    from ligandose.cli.progress import Part
    from ligandose.design import read_optimise

    del debug
    plan = read_optimise(study)
    screen = replace(
        plan.screen,
        patients=patients or plan.screen.patients,
        seed=plan.screen.seed if seed is None else seed,
    )
    plan = replace(plan, screen=screen)

    def make(progress: Part) -> dict[str, Any]:
        from ligandose.design import optimise_document, run_optimise

        result = run_optimise(plan, threads=threads, progress=progress)
        inputs = {"study_sha256": screen.sha256, "plan": plan.task()}
        return computed("optimise", optimise_document(result), inputs=inputs, seed=screen.seed)

    deliver(make, _print, _write, Wanted(json, out, quiet))


# ------------------------------------------------------------------ what people read


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_page

    page = _page(document)
    print_page(replace(page, sentences=()))
    for sentence in page.sentences:
        print(f"\n{sentence}")


def _page(document: Mapping[str, Any]) -> Any:
    from ligandose.report.result_page import Page

    every = [*document["designs"], *([document["start"]] if document["start"] else [])]
    return Page(
        f"{document['target']} in {document['indication']}: {len(document['front'])} of "
        f"{document['search']['evaluations']} designs that no other beats in kill and margin, "
        f"some of them judged in {document['patients']} other patients",
        sentences=(
            *document["trade_offs"],
            *document["notes"],
            "Research software: nothing here recommends a molecule or a treatment.",
        ),
        columns=(
            "Design",
            "Agent",
            "Changed",
            "Activity, GBq",
            "Limited by",
            "Tumour, Gy",
            "log10 kill",
            "5–95 %",
            "Lower end",
            "Margin",
            "Beats start",
        ),
        rows=tuple(tuple(_row(one)) for one in every),
        command="ligandose optimise study.yaml --out out/optimise",
    )


def _row(one: Mapping[str, Any]) -> list[str]:
    from ligandose.cli.documents import MISSING
    from ligandose.report.text import interval, number, percent, region_label

    kill = one["log10_kill"]
    unsure = one["uncertainty"]
    name = one.get("name", "start") + (" (knee)" if one.get("knee") else "")
    return [
        name,
        one["agent"],
        _changed(one),
        number(one["activity_GBq"]["median"]),
        region_label(one["limiting_organ"]),
        number(one["tumour_dose_Gy"]["median"]),
        number(kill["median"]),
        interval(kill["p05"], kill["p95"]),
        MISSING if unsure is None else number(unsure["log10_kill_lower_end"]),
        number(10 ** one["log10_margin_p05"]),
        MISSING if one["p_better_than_start"] is None else percent(one["p_better_than_start"]),
    ]


def _changed(one: Mapping[str, Any]) -> str:
    """Return the levers that moved most, in words."""
    from ligandose.design.optimise_words import words

    moved = [words(k, v["to"]) for k, v in one["changed"].items()]
    more = f"; {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
    return "; ".join(moved[:SHOWN]) + more or "nothing"


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.cli.documents import write_folder
    from ligandose.report.optimise_figures import optimise_figures, optimise_tables

    return write_folder(
        document,
        out,
        tables=optimise_tables(document),
        figures=optimise_figures(document),
        page=_page(document),
    )
