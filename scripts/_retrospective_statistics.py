"""Statistics of the retrospective test: ranks, percentiles, what chance would give.

docs/retrospective-protocol.md says what they are for. Pure functions of scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Score = tuple[float, ...]
"""What a candidate is ranked by, highest first; later numbers break ties of the earlier ones."""

HIT, NEAR = 0.90, 0.75
AVOIDED, UNDECIDED = 0.50, 0.75
DRAWS = 100_000


def mean_ranks(scores: Mapping[str, Score]) -> dict[str, float]:
    """Return the rank of every candidate from 1; equal scores share their mean rank.

    Examples:
        >>> mean_ranks({"a": (2.0, 0.0), "b": (0.0, 1.0), "c": (0.0, 1.0), "d": (0.0, 3.0)})
        {'a': 1.0, 'b': 3.5, 'c': 3.5, 'd': 2.0}
    """
    found: dict[str, float] = {}
    for name, own in scores.items():
        better = sum(other > own for other in scores.values())
        equal = sum(other == own for other in scores.values())
        found[name] = better + 0.5 * (equal + 1)
    return found


def with_last(ranks: Mapping[str, float], name: str) -> dict[str, float]:
    """Return ranks in which a target that has none takes the last place; no change if it has."""
    return dict(ranks) if name in ranks else {**ranks, name: float(len(ranks) + 1)}


def percentile(rank: float, count: int) -> float:
    """Return (N - rank)/(N - 1): 1 for the first, 0 for the last, mean 0.5 under chance.

    Examples:
        >>> percentile(1, 101), percentile(26, 101), percentile(101, 101)
        (1.0, 0.75, 0.0)
    """
    return (count - rank) / (count - 1)


def percentiles(ranks: Mapping[str, float]) -> dict[str, float]:
    """Return the percentile of every candidate."""
    return {name: percentile(rank, len(ranks)) for name, rank in ranks.items()}


def share_as_high(ranks: Mapping[str, float], name: str) -> float:
    """Return the share of candidates that rank at least as high as one, itself included."""
    return sum(rank <= ranks[name] for rank in ranks.values()) / len(ranks)


def chance_of_mean(
    observed: float,
    screens: Sequence[Mapping[str, float]],
    *,
    seed: int,
    draws: int = DRAWS,
    high: bool = True,
) -> tuple[float, tuple[float, float]]:
    """Return the chance of a mean percentile, and the 5th and 95th percentile of the mean.

    Args:
        observed: mean percentile of the targets in question.
        screens: percentiles by candidate, one mapping per target in question.
        seed: of the draws; draws: one candidate of each screen, independently.
        high: whether at least as high counts (approved), else at most as high (failures).

    The chance counts the observation itself, (1 + n)/(1 + draws), Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    for screen in screens:
        total += rng.choice(np.array(list(screen.values())), size=draws)
    mean = total / len(screens)
    slack = 1e-12  # sums of the same numbers in another order
    extreme = mean >= observed - slack if high else mean <= observed + slack
    low, top = np.quantile(mean, (0.05, 0.95))
    return float((1 + extreme.sum()) / (1 + draws)), (float(low), float(top))


def approved_verdict(value: float) -> str:
    """Return what the protocol calls the percentile of an approved agent's target."""
    return "hit" if value >= HIT else "near" if value >= NEAR else "miss"


def failure_verdict(value: float) -> str:
    """Return what the protocol calls the percentile of a failed agent's target."""
    return "avoided" if value <= AVOIDED else "undecided" if value <= UNDECIDED else "miss"


def at_least(hits: int, chances: Sequence[float]) -> float:
    """Return the probability of at least so many hits of independent cases (Poisson binomial).

    Examples:
        >>> round(at_least(2, [0.5, 0.5, 0.5]), 3)
        0.5
        >>> at_least(0, [0.2])
        1.0
    """
    distribution: Floats = np.array([1.0])
    for chance in chances:
        distribution = np.convolve(distribution, [1.0 - chance, chance])
    return math.fsum(distribution[hits:])
