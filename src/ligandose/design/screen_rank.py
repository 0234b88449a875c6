"""Ranking, comparison with the reference, stability and trade-offs of screened candidates.

Patients are the same for every candidate, so comparisons are paired. What is not known moves a
candidate's whole population: its draws are combined with the patients, and candidates are ranked
by the lower end (5th percentile) of what results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOWER_END = 0.05
BOOTSTRAPS = 200
TOP = 3


@dataclass(frozen=True)
class Scores:
    """What candidates are compared by.

    Attributes:
        values: (N, P, K) measure of every patient under every draw of knowledge (K = 1: best
            estimates only); NaN where a patient has no result.
    """

    values: Floats

    def lower_end(self, patients: Ints | None = None) -> Floats:
        """Return (N,) 5th percentiles over patients and draws together."""
        chosen = self.values if patients is None else self.values[:, patients]
        return np.array([_quantile(one.ravel(), LOWER_END) for one in chosen])


def _quantile(values: Floats, share: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share)) if known.size else -np.inf


def ranks(lower_ends: Floats) -> Ints:
    """Return (N,) ranks from 1, the highest lower end first; ties keep their order."""
    order = np.argsort(-lower_ends, kind="stable")
    found = np.empty(order.size, dtype=np.int64)
    found[order] = np.arange(1, order.size + 1)
    return found


def better_than(scores: Scores, reference: int) -> Floats:
    """Return (N,) probabilities to beat a reference on the same patients and draws.

    A tie counts one half; patients without a result of one of the two are left out.
    """
    found = np.full(scores.values.shape[0], np.nan)
    best = scores.values[reference]
    for i, own in enumerate(scores.values):
        both = np.isfinite(own) & np.isfinite(best)
        if np.any(both):
            wins = (own > best) + 0.5 * (own == best)
            found[i] = float(wins[both].mean())
    return found


@dataclass(frozen=True)
class Stability:
    """How sure a rank is: (N,) 5th and 95th percentile over bootstraps of the patients, share of
    bootstraps at the same rank, and share among the first three."""

    low: Floats
    high: Floats
    same: Floats
    top: Floats


def stability(scores: Scores, *, seed: int, draws: int = BOOTSTRAPS) -> Stability:
    """Return how ranks move when patients are drawn again, all candidates on the same ones."""
    rng = np.random.default_rng([seed, 7])
    count, patients, _ = scores.values.shape
    own = ranks(scores.lower_end())
    found = np.empty((draws, count), dtype=np.int64)
    for k in range(draws):
        found[k] = ranks(scores.lower_end(_drawn(rng, patients)))
    low, high = np.quantile(found, (0.05, 0.95), axis=0)
    return Stability(low, high, (found == own).mean(axis=0), (found <= TOP).mean(axis=0))


def _drawn(rng: np.random.Generator, patients: int) -> Ints:
    return np.asarray(rng.integers(patients, size=patients), dtype=np.int64)


def pareto(first: Floats, second: Floats) -> NDArray[np.bool_]:
    """Return (N,) which candidates no other beats in one without losing in the other; NaN never.

    Examples:
        >>> pareto(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 1.5])).tolist()
        [True, True, False]
    """
    known = np.isfinite(first) & np.isfinite(second)
    at_least = (first[None, :] >= first[:, None]) & (second[None, :] >= second[:, None])
    above = (first[None, :] > first[:, None]) | (second[None, :] > second[:, None])
    beaten = np.any(at_least & above & known[None, :], axis=1)
    return known & ~beaten


def shares(labels: Sequence[str]) -> Mapping[str, float]:
    """Return the share of each label, the most frequent first; ties in the order of the name."""
    names, counts = np.unique(np.array(labels, dtype=object).astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {str(names[i]): float(counts[i] / len(labels)) for i in order}
