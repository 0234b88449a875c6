"""Optimise an agent: search, front, knee, single levers, robustness, and the document of it all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.design.optimise_batch import Population
from ligandose.design.optimise_bounds import ANTAGONIST, Bound
from ligandose.design.optimise_front import hypervolume, knee, on_front, spread_along
from ligandose.design.optimise_measure import evaluate, lower_end, supply
from ligandose.design.optimise_robust import Robust, judge
from ligandose.design.optimise_search import Searched, search
from ligandose.design.optimise_space import (
    CARRIERS,
    Design,
    Form,
    Space,
    share_of,
    steps_of,
    value_at,
)
from ligandose.design.optimise_study import OptimisePlan, space_of
from ligandose.design.optimise_words import trade_offs

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

HYPERVOLUME_FROM = (0.0, 0.0)
"""No kill, no margin."""
STEPS_ALONE = 5
MATERIAL = 0.03
"""Part of the way between its bounds that a lever must move to be called changed."""
SEARCH_SHARE, ALONE_SHARE = 0.7, 0.8
"""Of the progress: when the search is done, and the single levers."""


@dataclass(frozen=True)
class Alone:
    """One lever changed by itself.

    Attributes:
        lever: its name.
        values: tried, in the units of its bound.
        objectives: (n, 2) lower ends of kill and of log10 margin.
    """

    lever: str
    values: tuple[float | str, ...]
    objectives: Floats


@dataclass(frozen=True)
class Optimised:
    """Result of an optimisation.

    Attributes:
        plan, space: what was asked.
        searched: all designs of the search, in order.
        front: indices of those that no other beats.
        shown: indices of the front that were judged.
        judged: of those, in the same order; the starting agent last, where there is one.
        knee: index of the knee among the searched.
        start: design of the starting agent; None for none.
        alone: levers changed one by one from the start (or from the first form).
    """

    plan: OptimisePlan
    space: Space
    searched: Searched
    front: tuple[int, ...]
    shown: tuple[int, ...]
    judged: tuple[Robust, ...]
    knee: int
    start: Design | None
    alone: tuple[Alone, ...]

    @property
    def hypervolume(self) -> float:
        """Area that the front covers above no kill and no margin."""
        return hypervolume(self.searched.objectives, reference=HYPERVOLUME_FROM)


def run_optimise(
    plan: OptimisePlan, *, threads: int | None = None, progress: Progress | None = None
) -> Optimised:
    """Search, find the front, and judge it.

    Args:
        plan: of `read_optimise`.
        threads: of the solver; the numbers do not depend on it.
        progress: called with the share done and what is being done.

    Raises:
        InputError: pymoo is not installed; nothing is left to design.
    """
    told = progress or _silent
    space = space_of(plan)
    screen = plan.screen
    population = Population.of(screen, patients=plan.patients, seed=screen.seed)
    start = space.start(screen.reference) if screen.reference else None
    first = [space.start(name) for name in dict.fromkeys(f.name for f in space.forms)]

    def objectives(points: Floats) -> Floats:
        designs = [space.design(p) for p in points]
        found = evaluate(population, space, designs, threads=threads)
        return np.array([m.objectives for m in found])

    found = search(
        objectives,
        genes=len(space.genes),
        evaluations=plan.evaluations,
        seed=screen.seed,
        choices=len(CARRIERS),
        start=np.array([space.point(d) for d in first]),
        progress=_part(told, 0.0, SEARCH_SHARE),
    )
    front = np.flatnonzero(on_front(found.objectives))
    of_front = found.objectives[front]
    middle = knee(of_front)
    shown = [int(front[i]) for i in spread_along(of_front, plan.shown, keep=[middle])]
    alone = _alone(population, space, start or first[0], threads)
    told(ALONE_SHARE, "levers one by one")
    designs = [space.design(found.points[i]) for i in shown]
    if start is not None:
        designs.append(start)
    judged = judge(
        screen,
        space,
        designs,
        start=None if start is None else len(designs) - 1,
        threads=threads,
        progress=_part(told, ALONE_SHARE, 1.0),
    )
    return Optimised(
        plan=plan,
        space=space,
        searched=found,
        front=tuple(int(i) for i in front),
        shown=tuple(shown),
        judged=tuple(judged),
        knee=int(front[middle]),
        start=start,
        alone=alone,
    )


def _alone(
    population: Population, space: Space, start: Design, threads: int | None
) -> tuple[Alone, ...]:
    """Return what every lever does by itself, between its bounds, from a starting design."""
    form = space.forms[start.form]
    tried = {
        lever: tuple(dict.fromkeys(_tried(bound)))
        for lever, bound in form.bounds.items()
        if lever in space.levers and lever != ANTAGONIST
    }
    designs = [start] + [
        space.with_lever(start, lever, value) for lever, values in tried.items() for value in values
    ]
    measured = evaluate(population, space, designs, threads=threads)
    found: list[Alone] = []
    at = 1
    for lever, values in tried.items():
        some = measured[at : at + len(values)]
        at += len(values)
        found.append(Alone(lever, values, np.array([m.objectives for m in some])))
    return tuple(found)


def _tried(bound: Bound) -> tuple[float | str, ...]:
    if bound.scale in ("step", "fixed"):
        return steps_of(bound)
    return tuple(value_at(bound, share) for share in np.linspace(0.0, 1.0, STEPS_ALONE))


def _part(told: Progress, low: float, high: float) -> Progress:
    return lambda share, what: told(low + (high - low) * share, what)


def _silent(share: float, what: str) -> None:
    del share, what


# ------------------------------------------------------------------ document


def optimise_document(result: Optimised) -> dict[str, Any]:
    """Return the content of a `ligandose.optimise` document."""
    plan, space = result.plan, result.space
    screen = plan.screen
    shown = [_shown(result, k) for k in range(len(result.shown))]
    start = None
    if result.start is not None:
        start = _design(result, result.start, result.judged[-1])
    return {
        "indication": screen.indication,
        "target": screen.targets[0],
        "setting": screen.setting,
        "host": screen.host,
        "reference": screen.reference or None,
        "patients": screen.patients,
        "search": {
            "evaluations": len(result.searched.points),
            "patients": plan.patients,
            "knowledge_draws": screen.knowledge,
            "genes": list(space.genes),
            "hypervolume": result.hypervolume,
        },
        "objectives": [
            {"name": "log10_kill", "statistic": "p05 over patients", "better": "more"},
            {"name": "log10_margin", "statistic": "p05 over patients", "better": "more"},
        ],
        "levers": [_lever(form, lever, bound) for form, lever, bound in _levers(space)],
        "front": [_point(result, i) for i in sorted(result.front, key=_by_kill(result))],
        "designs": shown,
        "start": start,
        "knee": next(s["name"] for s in shown if s["knee"]),
        "single_levers": [_single(one, result) for one in result.alone],
        "trade_offs": trade_offs(shown, start, _points(result)),
        "notes": [*screen.notes, *_notes(result)],
    }


def _by_kill(result: Optimised) -> Callable[[int], tuple[float, int]]:
    return lambda i: (-float(result.searched.objectives[i, 0]), i)


def _levers(space: Space) -> list[tuple[Form, str, Bound]]:
    seen: dict[tuple[str, str], tuple[Form, str, Bound]] = {}
    for form in space.forms:
        for lever, bound in form.bounds.items():
            if lever in space.levers:
                seen.setdefault((form.vector_class, lever), (form, lever, bound))
    return list(seen.values())


def _lever(form: Form, lever: str, bound: Bound) -> dict[str, Any]:
    return {
        "vector_class": form.vector_class,
        "lever": lever,
        "low": bound.low,
        "high": bound.high,
        "steps": list(steps_of(bound)) if bound.scale == "step" else None,
        "unit": bound.unit,
        "scale": bound.scale,
        "status": bound.status,
        "source": bound.source,
        "note": bound.note,
    }


def _points(result: Optimised) -> list[dict[str, Any]]:
    """Return designs of the whole front as flat mappings, for words about them."""
    return [_point(result, i) for i in result.front]


def _point(result: Optimised, i: int) -> dict[str, Any]:
    design = result.space.design(result.searched.points[i])
    form = result.space.forms[design.form]
    kill, margin = (float(x) for x in result.searched.objectives[i])
    return {
        "index": i,
        "agent": form.name,
        "label": form.candidate.label,
        "nuclide": form.candidate.nuclide,
        "log10_kill_p05": kill,
        "log10_margin_p05": margin,
        "knee": i == result.knee,
        "values": _values(form, design),
    }


def _values(form: Form, design: Design) -> dict[str, float | str]:
    """Return the values of the levers that the form's class has."""
    fixed = ("amount", "activity_share", "cycles", "every_weeks", "protection")
    return {k: v for k, v in design.values.items() if k in form.own and (k in fixed or k in
            form.bounds) and k != ANTAGONIST}  # fmt: skip


def _changed(form: Form, design: Design) -> list[str]:
    """Return the levers that moved by more than a little, the one that moved most first."""
    moved = {
        lever: abs(share_of(bound, design.values[lever]) - share_of(bound, form.own[lever]))
        for lever, bound in form.bounds.items()
        if lever in design.changed and lever != ANTAGONIST
    }
    return sorted((k for k in moved if moved[k] > MATERIAL), key=lambda k: -moved[k])


def _shown(result: Optimised, k: int) -> dict[str, Any]:
    i = result.shown[k]
    design = result.space.design(result.searched.points[i])
    found = _design(result, design, result.judged[k])
    return {"name": f"D{k + 1}", "index": i, "knee": i == result.knee, **found}


def _design(result: Optimised, design: Design, judged: Robust) -> dict[str, Any]:
    form = result.space.forms[design.form]
    measured = judged.measured
    given = supply(result.plan.screen, form, design)
    return {
        "agent": form.name,
        "vector": form.candidate.vector,
        "vector_class": form.vector_class,
        "label": form.candidate.label,
        "nuclide": form.candidate.nuclide,
        "values": _values(form, design),
        "changed": {
            lever: {"from": form.own[lever], "to": design.values[lever]}
            for lever in _changed(form, design)
        },
        "activity_cap_GBq": None if math.isinf(given.activity_cap_GBq) else given.activity_cap_GBq,
        "activity_GBq": _summary(measured.activity_GBq),
        "log10_kill": _summary(measured.log10_kill),
        "margin": _summary(10.0**measured.log10_margin),
        "tumour_dose_Gy": _summary(measured.tumour_dose_Gy),
        "tumour_dose_at_limit_Gy": _summary(measured.tumour_dose_at_limit_Gy),
        "limiting_organ": measured.limiting_organ,
        "limited_by_practice": measured.capped,
        "log10_kill_p05": lower_end(measured.log10_kill),
        "log10_margin_p05": lower_end(measured.log10_margin),
        "uncertainty": None
        if judged.kill_lower_end is None or judged.margin_lower_end is None
        else {
            "log10_kill_lower_end": judged.kill_lower_end,
            "log10_margin_lower_end": judged.margin_lower_end,
            "share_on_front": judged.share_on_front,
            "share_beating_start": judged.share_beating_start,
        },
        "p_better_than_start": judged.p_better_than_start,
    }


def _single(one: Alone, result: Optimised) -> dict[str, Any]:
    best = int(np.argmax(one.objectives[:, 0]))
    form = result.space.forms[result.start.form if result.start else 0]
    return {
        "lever": one.lever,
        "unit": form.bounds[one.lever].unit,
        "own": form.own[one.lever],
        "values": list(one.values),
        "log10_kill_p05": [float(x) for x in one.objectives[:, 0]],
        "log10_margin_p05": [float(x) for x in one.objectives[:, 1]],
        "best_for_kill": one.values[best],
    }


def _summary(values: Floats) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    if known.size == 0:
        return dict.fromkeys(("mean", "sd", "median", "p05", "p95"))
    p05, median, p95 = np.quantile(known, (0.05, 0.5, 0.95))
    return {
        "mean": float(known.mean()),
        "sd": float(known.std()),
        "median": float(median),
        "p05": float(p05),
        "p95": float(p95),
    }


def _notes(result: Optimised) -> Sequence[str]:
    counted: dict[str, int] = {}
    for _, _, bound in _levers(result.space):
        counted[bound.status] = counted.get(bound.status, 0) + 1
    said = ", ".join(f"{n} {status}" for status, n in sorted(counted.items()))
    return [
        f"Bounds of the levers: {said}. A design within them is a specification, not a molecule "
        "that is known.",
        "Lesions keep their mass between cycles here; a screen lets them shrink.",
        "Properties are varied one independent of the other; in chemistry they are not.",
    ]
