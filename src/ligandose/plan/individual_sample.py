"""Draws from a patient's posterior, many chains at once on the vectorised solver.

`preconditioned_chains`: Metropolis with the proposal u' = m + √(1 - β²)(u - m) + β C^½ ξ, which
is reversible with respect to the Laplace approximation N(m, C); a draw is accepted with
min(1, exp(W(u) - W(u'))), W being what the posterior's negative logarithm has beyond that of
N(m, C). It is the preconditioned Crank-Nicolson walk (Cotter, Roberts, Stuart, White 2013,
Statistical Science 28) with N(m, C) in the place of the prior (Rudolf, Sprungk 2018, Foundations
of Computational Mathematics 18), and does not slow down with the number of scores that the data
do not touch. `importance` weighs draws of N(m, C). `stretch` is the ensemble of Goodman and Weare
(2010, Communications in Applied Mathematics and Computational Science 5) that emcee made known.
docs/plan.md says which was measured to be best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.plan.individual_fit import Laplace, Predict, potential

Floats = NDArray[np.float64]

STRETCH = 2.0
"""Goodman and Weare's a."""
WANTED = (0.2, 0.5)
"""Shares of accepted proposals between which β is left alone while it is tuned."""


@dataclass(frozen=True)
class Draws:
    """Draws with equal weights.

    Attributes:
        score: (n, scores).
        predicted: (n, data) prediction of each.
        accepted: share of proposals accepted, or of draws that resampling kept.
        effective: number of independent draws that they are worth.
        evaluations: calls of the model, one per row.
        method: how they were made.
    """

    score: Floats
    predicted: Floats
    accepted: float
    effective: float
    evaluations: int
    method: str


@dataclass(frozen=True)
class Target:
    """A posterior: prediction, data, their errors, and its Laplace approximation."""

    predict: Predict
    y: Floats
    sd: Floats
    laplace: Laplace

    def potential(self, score: Floats) -> tuple[Floats, Floats]:
        """Return (n,) U and (n, data) prediction."""
        predicted = self.predict(score)
        return potential(score, predicted, self.y, self.sd), predicted


def preconditioned_chains(
    target: Target, *, chains: int, steps: int, rng: np.random.Generator
) -> Draws:
    """Return the last state of many chains that begin at draws of the Laplace approximation.

    Args:
        target: the posterior.
        chains: number of chains, which is the number of draws.
        steps: steps of each; the first half also tunes β.
        rng: source of randomness.
    """
    normal = target.laplace
    at = normal.draw(chains, rng=rng)
    now, predicted = target.potential(at)
    beyond = now - 0.5 * normal.distance2(at)
    beta, kept, tried = 0.7, 0, 0
    moves = np.zeros(chains)
    for step in range(steps):
        fresh = normal.root_times(rng.standard_normal(at.shape))
        new = normal.mode + np.sqrt(1.0 - beta**2) * (at - normal.mode) + beta * fresh
        new_u, new_predicted = target.potential(new)
        new_beyond = new_u - 0.5 * normal.distance2(new)
        # a chain that begins where nothing can be predicted (∞ - ∞) moves to any place that can
        gain = np.where(np.isfinite(beyond), beyond, np.inf) - new_beyond
        take = np.log(rng.random(chains)) < np.where(np.isfinite(new_beyond), gain, -np.inf)
        at[take], predicted[take], beyond[take] = new[take], new_predicted[take], new_beyond[take]
        share = float(take.mean())
        if step < steps // 2:
            beta = _tuned(beta, share)
        else:
            kept, tried = kept + int(take.sum()), tried + chains
            moves += take * beta**2
    accepted = kept / tried if tried else 1.0
    # A chain has forgotten its start to e^(-Σβ²/2) or so; those that never moved count as starts.
    effective = chains * float(np.mean(-np.expm1(-moves))) if tried else float(chains)
    return Draws(at, predicted, accepted, effective, chains * (steps + 1), "preconditioned chains")


def _tuned(beta: float, share: float) -> float:
    if share < WANTED[0]:
        return max(beta * 0.75, 0.05)
    return min(beta * 1.25, 1.0) if share > WANTED[1] else beta


def importance(target: Target, *, draws: int, proposals: int, rng: np.random.Generator) -> Draws:
    """Return draws resampled from the Laplace approximation by their weights.

    Args:
        target: the posterior.
        draws: number of draws returned (systematic resampling).
        proposals: number of proposals weighed.
        rng: source of randomness.
    """
    normal = target.laplace
    z = rng.standard_normal((proposals, normal.mode.size))
    proposed = normal.mode + normal.root_times(z)
    value, predicted = target.potential(proposed)
    log_weight = 0.5 * normal.distance2(proposed) - value
    log_weight = np.where(np.isfinite(log_weight), log_weight, -np.inf)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    chosen = resampled(weight, draws, rng=rng)
    effective = 1.0 / float((weight**2).sum())
    share = np.unique(chosen).size / draws
    return Draws(proposed[chosen], predicted[chosen], share, effective, proposals, "importance")


def resampled(weight: Floats, n: int, *, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return (n,) indices by systematic resampling of weights that add up to 1."""
    edges = np.cumsum(weight)
    places = (np.arange(n) + rng.random()) / n
    return np.minimum(np.searchsorted(edges, places), weight.size - 1)


def stretch(target: Target, *, walkers: int, steps: int, rng: np.random.Generator) -> Draws:
    """Return the last state of an ensemble of walkers that stretch between each other.

    Args:
        target: the posterior.
        walkers: even number, more than twice the number of scores.
        steps: steps of the whole ensemble.
        rng: source of randomness.
    """
    scores = target.laplace.mode.size
    at = target.laplace.draw(walkers, rng=rng)
    now, predicted = target.potential(at)
    half, kept = walkers // 2, 0
    first, second = np.arange(half), np.arange(half, walkers)
    for _ in range(steps):
        for mine, other in ((first, second), (second, first)):
            n = mine.size
            z: Floats = ((STRETCH - 1.0) * rng.random(n) + 1.0) ** 2 / STRETCH
            partner: Floats = at[rng.choice(other, n)]
            new: Floats = partner + z[:, None] * (at[mine] - partner)
            new_u, new_predicted = target.potential(new)
            log_accept: Floats = (scores - 1) * np.log(z) + now[mine] - new_u
            take = np.log(rng.random(n)) < log_accept
            at[mine] = np.where(take[:, None], new, at[mine])
            now[mine] = np.where(take, new_u, now[mine])
            predicted[mine] = np.where(take[:, None], new_predicted, predicted[mine])
            kept += int(take.sum())
    accepted = kept / (steps * walkers) if steps else 1.0
    return Draws(at, predicted, accepted, float("nan"), walkers * (steps + 1), "stretch")
