"""Screening: every combination in the same virtual patients, ranked by what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ligandose.design.screen_candidates import Candidate, candidates, reference_candidate
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_pool import run_tasks
from ligandose.design.screen_store import RunFolder, task_hash
from ligandose.errors import InputError

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class ScreenResult:
    """What a screen found.

    Attributes:
        plan: what was asked.
        candidates: all combinations, the reference last where it is none of them.
        results: of `ligandose.design.screen_run.evaluate`, by name of the feasible candidates.
        computed: how many were computed now; the others were found in the run folder.
    """

    plan: ScreenPlan
    candidates: tuple[Candidate, ...]
    results: Mapping[str, Mapping[str, Any]]
    computed: int


def run_screen(
    plan: ScreenPlan,
    *,
    folder: Path | None = None,
    fresh: bool = False,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> ScreenResult:
    """Simulate every feasible candidate of a plan.

    Args:
        plan: what is screened.
        folder: where each result is kept as soon as it is there; an interrupted screen goes on
            from it. None keeps nothing.
        fresh: forget the results of the folder first.
        workers: processes, default as many as there are cores; the numbers do not depend on it.
        cluster: address of a dask scheduler in place of processes.
        progress: called with the share done and what was done last.

    Raises:
        InputError: nothing is left after the rules (says which removed what), a folder that
            cannot be written, a cluster that does not answer.
        SolverError: workers died; all finished results are kept.
    """
    listed = _with_reference(plan, candidates(plan))
    store = RunFolder(folder)
    if fresh:
        store.clear()
    task_of = {c.name: {"candidate": c.task(), "plan": plan.task()} for c in listed if c.feasible}
    key_of = {name: task_hash(task) for name, task in task_of.items()}
    results = {
        name: found for name, key in key_of.items() if (found := store.read(key)) is not None
    }
    left = {key_of[name]: task for name, task in task_of.items() if name not in results}
    told = progress or _silent
    told(len(results) / len(task_of), f"{len(results)} of {len(task_of)} candidates found")
    computed = 0
    for key, result in run_tasks(left, _evaluate, workers=workers, cluster=cluster):
        store.write(key, result)
        results[str(result["name"])] = result
        computed += 1
        told(len(results) / len(task_of), f"{len(results)} of {len(task_of)}: {result['name']}")
    made = tuple(_after(c, results) for c in listed)
    if not any(c.feasible for c in made):
        from ligandose.design.screen_candidates import removed

        raise InputError(f"screen: nothing is left of {len(made)} combinations; {removed(made)}")
    return ScreenResult(plan, made, results, computed)


def screen_document(result: ScreenResult) -> dict[str, Any]:
    """Return a screen as one JSON-able document: ranking, comparisons and reasons."""
    from ligandose.design.screen_summary import document

    return document(result.plan, result.candidates, result.results)


def _evaluate(task: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate a task; imported by the worker, so that the simulation loads there."""
    from ligandose.design.screen_run import evaluate

    return evaluate(task)


def _with_reference(plan: ScreenPlan, made: Sequence[Candidate]) -> tuple[Candidate, ...]:
    reference = reference_candidate(plan)
    if reference is None:
        return tuple(made)
    if not reference.feasible:
        raise InputError(
            f"reference {reference.name} cannot be screened itself: {'; '.join(reference.reasons)}"
        )
    others = (c for c in made if c.name != reference.name)
    return (*others, reference)


def _after(candidate: Candidate, results: Mapping[str, Mapping[str, Any]]) -> Candidate:
    """Return a candidate with what its simulation objected to."""
    from dataclasses import replace

    found = results.get(candidate.name)
    if found is None or not found["reasons"]:
        return candidate
    return replace(candidate, reasons=tuple(found["reasons"]), caveats=())


def _silent(share: float, what: str) -> None:
    del share, what
