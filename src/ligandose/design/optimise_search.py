"""The search: NSGA-II over the unit cube, every evaluated point kept.

Deb et al. 2002 (IEEE Trans Evol Comput 6:182, doi:10.1109/4235.996017) as pymoo implements it
(Blank and Deb 2020, doi:10.1109/ACCESS.2020.2990567): non-dominated sorting with crowding distance,
simulated binary crossover, polynomial mutation. Choices are genes of the same cube that are cut
into equal parts. Those operators move genes by little, so that a choice which loses early is
seldom tried again: a share of all offspring has one choice drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats], Floats]
Progress = Callable[[float, str], None]

LEAST_POPULATION, MOST_POPULATION = 20, 100
NEW_CHOICE = 0.2
"""Part of the offspring that has one of its choices drawn anew."""
GENERATIONS = 20
"""Population is the number of evaluations over this, within the bounds above."""


@dataclass(frozen=True)
class Searched:
    """All that a search evaluated, in order.

    Attributes:
        points: (N, genes) in the unit cube.
        objectives: (N, M); more is better.
    """

    points: Floats
    objectives: Floats


def search(
    evaluate: Evaluate,
    *,
    genes: int,
    evaluations: int,
    seed: int,
    choices: int = 0,
    start: Floats | None = None,
    population: int | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Maximise several objectives over the unit cube.

    Args:
        evaluate: (n, genes) points to (n, M) objectives, finite; more is better.
        genes: dimensions of the cube.
        evaluations: points that are evaluated, exactly.
        seed: same seed, same points.
        choices: how many genes, the first ones, are cut into choices.
        start: (k, genes) points that the first generation holds; the others are a Latin hypercube.
        population: points of a generation; default a twentieth of the evaluations, 20 to 100.
        progress: called with the share done.

    Raises:
        InputError: pymoo is not installed, too few evaluations, a start outside of the cube.
    """
    if evaluations < LEAST_POPULATION:
        raise InputError(f"evaluations: {evaluations} must be at least {LEAST_POPULATION}")
    size = population or int(np.clip(evaluations // GENERATIONS, LEAST_POPULATION, MOST_POPULATION))
    first = _first(genes, size, seed, start)
    made = _algorithm(first, seed)
    rng = np.random.default_rng([seed, 1])
    points: list[Floats] = []
    objectives: list[Floats] = []
    done = 0
    while done < evaluations:
        asked = made.ask()
        if len(asked) == 0:  # the operators found nothing new
            break
        offspring = np.clip(np.asarray(asked.get("X"), dtype=np.float64), 0.0, 1.0)
        offspring = offspring[: evaluations - done]
        if done:  # the first generation stays as it was given
            offspring = with_new_choices(offspring, choices, rng)
        asked = asked[: len(offspring)]
        asked.set("X", offspring)
        found = _checked(evaluate(offspring), len(offspring))
        asked.set("F", -found)
        made.tell(infills=asked)
        points.append(offspring)
        objectives.append(found)
        done += len(offspring)
        if progress is not None:
            progress(done / evaluations, f"{done} of {evaluations} designs")
    return Searched(np.concatenate(points), np.concatenate(objectives))


def with_new_choices(points: Floats, choices: int, rng: np.random.Generator) -> Floats:
    """Return points of which a part, NEW_CHOICE, has one of its first genes drawn anew."""
    if choices == 0:
        return points
    made = points.copy()
    rows = np.flatnonzero(rng.random(len(made)) < NEW_CHOICE)
    made[rows, rng.integers(choices, size=len(rows))] = rng.random(len(rows))
    return made


def latin_hypercube(count: int, genes: int, rng: np.random.Generator) -> Floats:
    """Return (count, genes) points with one in each of `count` equal parts of every gene."""
    rows = np.stack([rng.permutation(count) for _ in range(genes)], axis=1)
    return (rows + rng.random((count, genes))) / count


def _first(genes: int, size: int, seed: int, start: Floats | None) -> Floats:
    rng = np.random.default_rng([seed, 0])
    given = np.empty((0, genes)) if start is None else np.atleast_2d(start)
    if given.shape[1] != genes or np.any((given < 0.0) | (given > 1.0)):
        raise InputError(f"start must hold points of {genes} genes in 0 … 1")
    given = given[:size]
    return np.concatenate([given, latin_hypercube(size - len(given), genes, rng)])


def _algorithm(first: Floats, seed: int) -> Any:
    """Return pymoo's NSGA-II, set up to be asked and told."""
    nsga2 = _pymoo("pymoo.algorithms.moo.nsga2").NSGA2
    problem = _pymoo("pymoo.core.problem").Problem
    made = nsga2(pop_size=len(first), sampling=first, eliminate_duplicates=True)
    made.setup(
        problem(n_var=first.shape[1], xl=0.0, xu=1.0),
        termination=_pymoo("pymoo.core.termination").NoTermination(),
        seed=seed,
        verbose=False,
    )
    return made


def _pymoo(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InputError(
            "optimise needs pymoo; install ligandose with its extra `design`"
        ) from None


def _checked(found: Floats, count: int) -> Floats:
    values = np.asarray(found, dtype=np.float64)
    if values.ndim != 2 or len(values) != count or not np.all(np.isfinite(values)):
        raise InputError(
            f"evaluate must return a table of {count} rows of finite numbers, got {values.shape}"
        )
    return values
