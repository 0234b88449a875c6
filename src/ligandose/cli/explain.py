"""The command explain: which properties decide, what is optimal, and what to measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ligandose.cli.documents import Wanted, computed, deliver
from ligandose.cli.output import print_rows
from ligandose.cli.progress import Part

SHOWN = 8


def show_explain(path: Path, *, seed: int | None, threads: int | None, wanted: Wanted) -> None:
    """Explain the agents of a study file and show what decides.

    Raises:
        InputError: what is wrong with the file; a combination that a screen would remove; a
            folder that must not be replaced.
        OSError: the folder could not be written.
    """
    from ligandose.design import read_explain

    plan = read_explain(path)
    if seed is not None:
        plan = replace(plan, screen=replace(plan.screen, seed=seed))

    def make(progress: Part) -> dict[str, Any]:
        from ligandose.design import run_explain

        content = run_explain(plan, threads=threads, progress=progress)
        inputs = {
            "study_sha256": plan.sha256,
            "plan": plan.screen.task(),
            "agents": [c.task() for c in (*plan.agents, *plan.options)],
            "part": plan.part.model_dump(),
        }
        return computed("explain", content, inputs=inputs, seed=plan.screen.seed)

    def write(document: Mapping[str, Any], out: Path) -> Path:
        from ligandose.report import publish
        from ligandose.report.explain_report import PAGE, explain_files

        return publish(explain_files(document, screen=plan.screen_document), out) / PAGE

    deliver(make, _print, write, wanted)


# ------------------------------------------------------------------ what people read


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.report.explain_words import sentences

    for one in document["sensitivity"]:
        print_rows(*_indices(one))
    if document["blueprint"]:
        print_rows(*_ranges(document["blueprint"]))
    for sentence in sentences(document):
        print(f"\n{sentence}")
    for note in document["notes"]:
        print(f"\n{note}")
    print("\nResearch software: nothing here recommends a treatment.")


def _indices(one: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    from ligandose.report.text import interval, number

    label = {f["factor"]: f["label"] for f in one["factors"]}
    kill = next(o for o in one["outputs"] if o["output"] == "relative_kill")
    best = sorted(kill["indices"], key=lambda i: -(i["total"] or 0.0))[:SHOWN]
    sure = "converged" if kill["converged"] else "not converged"
    title = (
        f"{one['agent']}: Sobol indices of the logarithm of the kill at the limit, "
        f"{one['simulations']} simulations, {sure}"
    )
    rows = [
        [label[i["factor"]], number(i["first"], 2), number(i["total"], 2),
         interval(*i["total_interval"])]
        for i in best
    ]  # fmt: skip
    return title, ["Property", "First order", "Total", "95 %"], rows


def _ranges(found: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    from ligandose.report.explain_blueprint import placed_words, range_words

    title = (
        f"Optimal target for {found['nuclide']} on {found['vector_of']}: ranges that keep "
        f"{100.0 * found['share']:.0f} % of the best effect"
    )
    rows = [
        [
            p["label"],
            range_words(p),
            ", ".join(f"{t['name']} {placed_words(p, t)}" for t in p["targets"] if t["value"]),
        ]
        for p in found["properties"]
    ]
    return title, ["Property", "Range", "Targets"], rows
