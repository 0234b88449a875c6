"""Sobol indices by a pair of sample matrices, with bootstrap intervals, run until they agree.

First-order and total index of a factor i say which part of the variance of an output goes away
when i is known, and which is left when all others are known. With rows of two independent samples
A and B, and A with the column i of B in its place (A_B^i),

    S_i = E[f(B) (f(A_B^i) - f(A))] / V,     T_i = E[(f(A) - f(A_B^i))²] / 2V,

the first with f less its mean (Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018), the second
Jansen's (1999), which they recommend. Factors are independent here; where they are not, see
`sensitivity_shapley`. The samples are a scrambled Sobol sequence, so the bootstrap over rows,
which takes them as independent, gives intervals that are rather too wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc  # pyright: ignore[reportMissingTypeStubs]

from ligandose.errors import InputError

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats], Floats]

BOOTSTRAPS = 300
LEVEL = (0.025, 0.975)
FEWEST_ROWS = 32
NO_VARIANCE = 1e-12
"""Relative to the square of the mean: an output that does not vary has no indices."""


@dataclass(frozen=True)
class Sobol:
    """Indices of several outputs.

    Attributes:
        first, total: (outputs, factors) estimates; NaN for an output without variance.
        first_interval, total_interval: (outputs, factors, 2) 95 % bootstrap intervals.
        variance: (outputs,) of each output over the design.
        rows: base rows used; each costs factors + 2 evaluations.
        left_out: base rows without a result in one of their evaluations.
        converged: (outputs,) whether no interval of a total index is wider than asked for.
        tolerance: half-width that was asked for.
    """

    first: Floats
    total: Floats
    first_interval: Floats
    total_interval: Floats
    variance: Floats
    rows: int
    left_out: int
    converged: NDArray[np.bool_]
    tolerance: float


def run_sobol(
    evaluate: Evaluate,
    factors: int,
    *,
    seed: int,
    tolerance: float = 0.05,
    first_rows: int = 64,
    most_rows: int = 1024,
    watched: NDArray[np.bool_] | None = None,
) -> Sobol:
    """Return Sobol indices of a model, the sample doubled until the total indices are certain.

    Args:
        evaluate: takes (n, factors) numbers in (0, 1), returns (n, outputs); NaN for no result.
        factors: number of independent factors, uniform in (0, 1).
        seed: of the scrambling and of the bootstrap.
        tolerance: half-width of the 95 % interval of every total index that ends the run.
        first_rows, most_rows: powers of two; base rows to start with, and to stop at.
        watched: (outputs,) which outputs must be certain; default all.

    Raises:
        InputError: numbers out of range, or too few rows with a result.
    """
    _check(factors, first_rows, most_rows)
    # scipy's stubs leave the sampler's types unknown
    sampler = qmc.Sobol(2 * factors, scramble=True, rng=np.random.default_rng([seed, 1]))  # pyright: ignore
    blocks: list[Floats] = []
    rows = 0
    while True:
        more = first_rows if rows == 0 else rows
        drawn = np.asarray(sampler.random(more), dtype=np.float64)  # pyright: ignore[reportUnknownMemberType]
        blocks.append(_evaluated(evaluate, drawn, factors))
        rows += more
        found = sobol_indices(np.concatenate(blocks, axis=1), seed=seed, tolerance=tolerance)
        asked = found.converged if watched is None else found.converged | ~watched
        if bool(np.all(asked)) or rows * 2 > most_rows:
            return found


def _check(factors: int, first_rows: int, most_rows: int) -> None:
    if factors < 1:
        raise InputError(f"factors: {factors}; a sensitivity needs at least one")
    for name, rows in (("first_rows", first_rows), ("most_rows", most_rows)):
        if rows < FEWEST_ROWS or rows & (rows - 1):
            raise InputError(f"{name}: {rows} is no power of two from {FEWEST_ROWS} on")


def _evaluated(evaluate: Evaluate, drawn: Floats, factors: int) -> Floats:
    """Return (factors + 2, n, outputs): of A, of B, and of A with each column of B."""
    first, second = drawn[:, :factors], drawn[:, factors:]
    mixed = [first, second]
    for column in range(factors):
        one = first.copy()
        one[:, column] = second[:, column]
        mixed.append(one)
    every = np.asarray(evaluate(np.concatenate(mixed)), dtype=np.float64)
    return every.reshape(factors + 2, drawn.shape[0], -1)


def sobol_indices(values: Floats, *, seed: int, tolerance: float = 0.05) -> Sobol:
    """Return Sobol indices of evaluated samples.

    Args:
        values: (factors + 2, n, outputs) of A, B and A with each column of B.
        seed: of the bootstrap over the rows.
        tolerance: half-width of the intervals of total indices that counts as converged.

    Raises:
        InputError: fewer than 32 rows have a result everywhere.
    """
    known = np.all(np.isfinite(values), axis=(0, 2))
    used = values[:, known]
    rows = used.shape[1]
    if rows < FEWEST_ROWS:
        raise InputError(
            f"sensitivity: {rows} of {known.size} rows have a result; at least {FEWEST_ROWS} are "
            "needed; narrow the ranges of the factors"
        )
    rng = np.random.default_rng([seed, 2])
    first, total, variance = _estimates(used, np.full((1, rows), 1.0))
    weights = rng.multinomial(rows, np.full(rows, 1.0 / rows), size=BOOTSTRAPS).astype(np.float64)
    drawn_first, drawn_total, _ = _estimates(used, weights)
    low_high_first = np.moveaxis(np.quantile(drawn_first, LEVEL, axis=0), 0, -1)
    low_high_total = np.moveaxis(np.quantile(drawn_total, LEVEL, axis=0), 0, -1)
    half = 0.5 * (low_high_total[..., 1] - low_high_total[..., 0])
    return Sobol(
        first=first[0],
        total=total[0],
        first_interval=low_high_first,
        total_interval=low_high_total,
        variance=variance[0],
        rows=int(known.size),
        left_out=int(known.size - rows),
        converged=np.asarray(np.all(~(half > tolerance), axis=1)),
        tolerance=tolerance,
    )


def _estimates(values: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (draws, outputs, factors) first and total indices, (draws, outputs) variances.

    Args:
        values: (factors + 2, n, outputs).
        weights: (draws, n) how often each row counts.
    """
    a, b, mixed = values[0], values[1], values[2:]
    count = weights.sum(axis=1)[:, None]
    both = np.concatenate([a, b])
    twice = np.concatenate([weights, weights], axis=1)
    mean = twice @ both / (2.0 * count)
    variance = np.maximum(twice @ both**2 / (2.0 * count) - mean**2, 0.0)
    flat = variance <= NO_VARIANCE * np.maximum(mean**2, 1e-30)
    held = np.where(flat, np.nan, variance)[..., None]
    rows = a.shape[0]
    centred = b - both.mean(axis=0)
    shared = np.moveaxis(centred[None] * (mixed - a[None]), 1, 0).reshape(rows, -1)
    squares = np.moveaxis((a[None] - mixed) ** 2, 1, 0).reshape(rows, -1)
    shape = (weights.shape[0], mixed.shape[0], a.shape[1])
    first, moved = (np.moveaxis((weights @ x).reshape(shape), 1, 2) for x in (shared, squares))
    return first / count[..., None] / held, moved / (2.0 * count[..., None]) / held, variance
