"""How the designs of a front fare in other patients, and if parameters are not what we think."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.design.optimise_batch import Population
from ligandose.design.optimise_front import on_front
from ligandose.design.optimise_measure import LOWER, Measured, evaluate
from ligandose.design.optimise_space import Design, Space
from ligandose.design.screen_plan import KNOWLEDGE_PATIENTS, ScreenPlan

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Robust:
    """One design, judged.

    Attributes:
        measured: in patients that the search did not see.
        kill_lower_end, margin_lower_end: 5th percentile over patients and draws of knowledge;
            None without draws.
        share_on_front: part of the draws in which no other judged design beats it.
        share_beating_start: part of the draws in which the lower end of its kill is above that of
            the starting agent; None without one, or without draws.
        p_better_than_start: part of the patients in whom it kills more than the starting agent.
    """

    measured: Measured
    kill_lower_end: float | None
    margin_lower_end: float | None
    share_on_front: float | None
    share_beating_start: float | None
    p_better_than_start: float | None


def judge(
    plan: ScreenPlan,
    space: Space,
    designs: Sequence[Design],
    *,
    start: int | None,
    threads: int | None = 1,
    progress: Progress | None = None,
) -> list[Robust]:
    """Judge designs in other patients, and in draws from the uncertainty of parameters.

    A draw moves every finding of host, vector and radiobiology by its own uncertainty, alike for
    all designs that share the finding.

    Args:
        plan: with the patients, the seed and the draws.
        space: of the designs.
        designs: to be judged.
        start: index of the starting agent among them; None for none.
        threads: of the solver.
        progress: called with the share done.
    """
    seed = plan.seed + 1  # others than those of the search
    rounds = 1 + plan.knowledge

    def tell(done: int) -> None:
        if progress is not None:
            progress(done / rounds, f"front: draw {done} of {rounds}")

    tell(0)
    fresh = Population.of(plan, patients=plan.patients, seed=seed)
    measured = evaluate(fresh, space, designs, threads=threads)
    drawn: list[list[Measured]] = []
    for k in range(plan.knowledge):
        tell(1 + k)
        some = min(KNOWLEDGE_PATIENTS, plan.patients)
        population = Population.of(plan, patients=some, seed=seed, knowledge=k)
        drawn.append(evaluate(population, space, designs, threads=threads))
    tell(rounds)
    return [_judged(i, measured, drawn, start) for i in range(len(designs))]


def _judged(
    i: int, measured: Sequence[Measured], drawn: Sequence[Sequence[Measured]], start: int | None
) -> Robust:
    kill, margin = None, None
    front, beating = None, None
    if drawn:
        kill = _lower(np.concatenate([draw[i].log10_kill for draw in drawn]))
        margin = _lower(np.concatenate([draw[i].log10_margin for draw in drawn]))
        front = float(np.mean([on_front([m.objectives for m in draw])[i] for draw in drawn]))
        if start is not None:
            beating = float(
                np.mean([draw[i].objectives[0] > draw[start].objectives[0] for draw in drawn])
            )
    better = None
    if start is not None:
        own, other = measured[i].log10_kill, measured[start].log10_kill
        known = np.isfinite(own) & np.isfinite(other)
        better = float(np.mean(own[known] > other[known])) if known.any() else None
    return Robust(measured[i], kill, margin, front, beating, better)


def _lower(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, LOWER)) if known.size else 0.0
