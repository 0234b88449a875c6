"""The command screen: targets, vectors and nuclides ranked in the same virtual patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ligandose.cli.documents import MISSING, Wanted, computed, deliver, write_folder
from ligandose.cli.output import print_page
from ligandose.cli.progress import Part
from ligandose.report.tables import Page

SHOWN = 25
RUN_FOLDER = ".run"
"""Finished candidates lie beside the report, in a folder of its name with this end."""
GOALS = {
    "log10_kill": "decades of clonogen kill",
    "tcp": "control of all lesions",
    "marrow_bed": "BED of the marrow",
}
LOWER_ENDS = {
    "log10_kill": "Lower end",
    "tcp": "log10 left, at worst",
    "marrow_bed": "log10 BED, at least",
}
"""What candidates are ranked by: the 5th percentile over patients and what is not known."""
PLACES = {
    "practical": "the activity that organs and practice both allow",
    "limit": "the activity at which the first organ reaches its limit",
    "cap": "the highest activity that practice allows",
}


@dataclass(frozen=True, slots=True)
class Run:
    """How a screen runs; None leaves it to the study."""

    patients: int | None = None
    seed: int | None = None
    workers: int | None = None
    fresh: bool = False
    cluster: str | None = None


def show_screen(path: Path, *, run: Run, wanted: Wanted) -> None:
    """Screen the study of a file and show the ranking.

    Raises:
        InputError: what is wrong with the file; nothing left after the rules; a cluster that does
            not answer; a folder that must not be replaced.
        SolverError: a worker died; finished candidates are kept.
        OSError: the folder could not be written.
    """
    from ligandose.design import read_screen

    plan = read_screen(path)
    plan = replace(
        plan,
        patients=run.patients or plan.patients,
        seed=plan.seed if run.seed is None else run.seed,
    )

    def make(progress: Part) -> dict[str, Any]:
        from ligandose.design import run_screen, screen_document

        result = run_screen(
            plan,
            folder=run_folder(wanted.out),
            fresh=run.fresh,
            workers=run.workers,
            cluster=run.cluster,
            progress=progress,
        )
        inputs = {
            "study_sha256": plan.sha256,
            "plan": plan.task(),
            "candidates": [c.task() for c in result.candidates],
        }
        return computed("screen", screen_document(result), inputs=inputs, seed=plan.seed)

    deliver(make, _print, _write, wanted)


def run_folder(out: Path | None) -> Path | None:
    """Return where finished candidates are kept; nowhere without a report."""
    return None if out is None else out.with_name(f"{out.name}{RUN_FOLDER}")


# ------------------------------------------------------------------ what people read


def _print(document: Mapping[str, Any]) -> None:
    page = _page(document)
    print_page(replace(page, rows=page.rows[:SHOWN], sentences=()))
    if len(page.rows) > SHOWN:
        print(f"{len(page.rows) - SHOWN} more; --json or --out has them.")
    for sentence in page.sentences:
        print(f"\n{sentence}")


def _page(document: Mapping[str, Any]) -> Page:
    ranked = [c for c in document["candidates"] if c["feasible"]]
    best = [c["agent"] for c in ranked if c["pareto"]]
    sentences = [f"No other beats these in both effect and margin: {', '.join(best)}."]
    if left_out := _left_out(document):
        reasons = [f"  {len(names)} × {reason}" for reason, names in left_out.items()]
        sentences.append("\n".join(["Not screened:", *reasons]))
    sentences += [*document["notes"], "Research software: nothing here recommends a treatment."]
    return Page(
        _title(document),
        sentences=tuple(sentences),
        columns=tuple(_columns(document)),
        rows=tuple(tuple(_row(c, document)) for c in ranked),
        command="ligandose screen study.yaml --out out/screen",
    )


def _title(document: Mapping[str, Any]) -> str:
    setting = document["setting"]["name"]
    where = f"{document['indication']}, {setting}" if setting else document["indication"]
    return (
        f"{where}: {document['counts']['feasible']} of {document['counts']['combinations']} "
        f"combinations in the same {document['patients']} patients, ranked by the lower end of "
        f"{GOALS[document['ranked_by']]} at {PLACES[document['ranked_at']]}"
    )


def _columns(document: Mapping[str, Any]) -> list[str]:
    columns = ["Rank", "Agent", "Limited by", "Activity, GBq", "Tumour, Gy", "log10 kill", "5–95 %"]
    columns += [LOWER_ENDS[document["ranked_by"]], "Control"]
    if document["reference"]:
        columns.append("Beats reference")
    return [*columns, "Tier"]


def _row(one: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    from ligandose.report.text import interval, number, percent, region_label

    kill = one["log10_kill"]
    limit = next(iter(one["limited_by_shares"]))
    row = [
        f"{one['rank']} ({one['rank_interval']['p05']:.0f}–{one['rank_interval']['p95']:.0f})",
        one["agent"],
        limit if limit.startswith("cap") else region_label(limit),
        number(one[f"at_{document['ranked_at']}"]["activity_GBq"]["median"]),
        number(one["tumour_dose_Gy"]["median"]),
        number(kill["median"]),
        interval(kill["p05"], kill["p95"]),
        number(_lower_end(one, document)),
        percent(one["tcp"]["mean"]),
    ]
    if document["reference"]:
        row.append(percent(one["p_better_than_reference"]))
    return [*row, MISSING if one["evidence_tier"] is None else str(one["evidence_tier"])]


def _lower_end(one: Mapping[str, Any], document: Mapping[str, Any]) -> float | None:
    """Return what ranks a candidate; survivors where control is the goal: fewer are better."""
    found = one["score_lower_end"]
    if found is None or document["ranked_by"] != "tcp":
        return found
    return -found


def _left_out(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the agents that were not screened by the first reason of each."""
    found: dict[str, list[str]] = {}
    for one in document["candidates"]:
        if not one["feasible"]:
            found.setdefault(one["reasons"][0], []).append(one["agent"])
    return found


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.screen_figures import screen_figures, screen_table

    return write_folder(
        document,
        out,
        tables=[screen_table(document)],
        figures=screen_figures(document),
        page=_page(document),
    )
