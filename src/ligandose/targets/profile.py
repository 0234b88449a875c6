"""The target profile: score, tier, stability and reasons of a target in an indication.

The score is the weighted geometric mean of desirabilities (Derringer and Suich 1980,
doi:10.1080/00224065.1980.11980968) with a floor; tiers are absolute cut-offs of its median.
Weights, scales and cut-offs are data and were committed before anything was scored (decision 012).
Breadth, companion, stage and publications stand outside the score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.targets.catalogue import Target, indication_targets, target, targets
from ligandose.targets.criteria import (
    COMMON_LAYERS,
    LAYERS,
    Judged,
    constant,
    criteria,
    judge,
)
from ligandose.targets.expression import cancer_expression
from ligandose.targets.flags import flags_of

FloatArray = NDArray[np.float64]

DRAWS = 400
WEIGHT_DRAWS = 200
FOR, AGAINST = 0.75, 0.40
"""Median desirability from which on a criterion speaks for a target, or below which against."""
NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True, slots=True)
class Stability:
    """How often a target keeps its tier.

    Attributes:
        evidence: share of draws of the evidence in the tier.
        weights: share of weight sets, each weight moved by up to the stated part.
        criteria: share of the profiles with one criterion left out.
        layers: share of the profiles with one kind of evidence left out.
    """

    evidence: float
    weights: float
    criteria: float
    layers: float

    @property
    def overall(self) -> float:
        """Mean of the four shares."""
        return (self.evidence + self.weights + self.criteria + self.layers) / 4.0


@dataclass(frozen=True)
class Profile:
    """What speaks for and against a target in an indication.

    Attributes:
        target: the target.
        indication: identifier of the indication.
        judged: the criteria, each with evidence and draws.
        score: (n,) draws of the score, 0 to 1.
        tier: 1 (best) to 4, or None where it rests on missing values.
        missing_weight: part of the weight whose criteria have no evidence.
        stability: how often the tier stays.
        flags: what a reader must know beside the tier.
    """

    target: Target
    indication: str
    judged: tuple[Judged, ...]
    score: FloatArray
    tier: int | None
    missing_weight: float
    stability: Stability
    flags: tuple[str, ...]

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """5th percentile, median and 95th percentile of the score."""
        low, middle, high = np.quantile(self.score, (0.05, 0.5, 0.95))
        return float(low), float(middle), float(high)

    @property
    def reasons_for(self) -> tuple[str, ...]:
        """Criteria that speak for the target, the weightiest first."""
        return _reasons(j for j in self.judged if j.known and j.applies and j.median >= FOR)

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """Criteria that speak against it, then what is not known."""
        bad = _reasons(j for j in self.judged if j.known and j.applies and j.median < AGAINST)
        missing = [_name(j) for j in self.judged if not j.known and j.applies]
        return (*bad, f"not known: {', '.join(missing)}") if missing else bad


def rank(
    indication: str,
    *,
    names: Iterable[str] | None = None,
    layers: frozenset[str] = LAYERS,
    weights: Mapping[str, float] | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> tuple[Profile, ...]:
    """Judge every target with evidence in an indication; the best tier first.

    Args:
        indication: its identifier.
        names: targets to judge; default those that matter there or were stained in its tumours.
        layers: kinds of evidence to use; COMMON_LAYERS is what every protein target has.
        weights: factor of each criterion's weight; default all 1.
        draws: draws of the evidence.
        seed: same seed, same draws.
    """
    chosen = judged_targets(indication) if names is None else tuple(names)
    made = [
        profile(name, indication, layers=layers, weights=weights, draws=draws, seed=seed)
        for name in chosen
    ]
    return tuple(sorted(made, key=_order))


def best_of(
    *,
    layers: frozenset[str] = LAYERS,
    seed: int = 1,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Profile, ...]:
    """Judge every target in the indications it matters in and keep its best; the best first."""
    best: dict[str, Profile] = {}
    listed = indication_targets()
    for done, (indication, names) in enumerate(listed.items()):
        if progress is not None:
            progress(done / len(listed), indication)
        for made in rank(indication, names=names, layers=layers, seed=seed):
            held = best.get(made.target.name)
            if held is None or _order(made) < _order(held):
                best[made.target.name] = made
    return tuple(sorted(best.values(), key=_order))


def judged_targets(indication: str) -> tuple[str, ...]:
    """Return the targets that a ranking of an indication judges."""
    listed = set(indication_targets().get(indication, ()))
    return tuple(
        name
        for name in targets()
        if name in listed or cancer_expression(target(name), indication) is not None
    )


def profile(
    name: str,
    indication: str,
    *,
    layers: frozenset[str] = LAYERS,
    weights: Mapping[str, float] | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Profile:
    """Judge one target in an indication; arguments as `rank`.

    Raises:
        UnknownNameError: an unknown target.
    """
    found = target(name)
    judged = judge(found.name, indication, layers, draws, seed)
    meant = _weights(judged, weights or {})
    base = meant * [j.applies for j in judged]
    logs = _logs(judged)
    scores = _log_scores(base, logs)
    tier = int(_tiers(np.atleast_1d(np.median(scores)))[0])
    missing = _missing_share(judged, base)
    stability = Stability(
        evidence=_share(_tiers(scores), tier),
        weights=_share(_tiers_of_weights(logs, base, seed), tier),
        criteria=_share(_tiers_without_one(logs, base), tier),
        layers=_share(_tiers_without_layer(found, indication, layers, base, draws, seed), tier),
    )
    return Profile(
        target=found,
        indication=indication,
        judged=judged,
        score=np.exp(scores),
        tier=tier if _assessable(judged, base, meant) else None,
        missing_weight=missing,
        stability=stability,
        flags=flags_of(found, indication),
    )


def _order(made: Profile) -> tuple[int, float, str]:
    """Tiers first, then the middle of the score; not assessable last."""
    return made.tier or 9, -made.quantiles[1], made.target.name


def _weights(judged: Sequence[Judged], factors: Mapping[str, float]) -> FloatArray:
    rows = criteria()
    return np.array(
        [float(rows[j.criterion]["weight"]) * factors.get(j.criterion, 1.0) for j in judged]
    )


def _logs(judged: Sequence[Judged]) -> FloatArray:
    return np.log(np.maximum([j.draws for j in judged], constant("floor")))


def _log_scores(weights: FloatArray, logs: FloatArray) -> FloatArray:
    """Return log scores: (n,) for weights (8,), (m, n) for weights (m, 8)."""
    total = weights.sum(axis=-1, keepdims=True)
    return weights @ logs / np.maximum(total, 1e-12)


def _tiers(log_scores: FloatArray) -> NDArray[np.int64]:
    cuts = np.log([constant("tier_3"), constant("tier_2"), constant("tier_1")])
    return 4 - np.searchsorted(cuts, log_scores, side="right").astype(np.int64)


def _share(tiers: NDArray[np.int64], tier: int) -> float:
    return float((tiers == tier).mean()) if tiers.size else 1.0


def _missing_share(judged: Sequence[Judged], weights: FloatArray) -> float:
    known = np.array([j.known for j in judged])
    return float(weights @ ~known / weights.sum()) if weights.sum() > 0 else 1.0


def _assessable(judged: Sequence[Judged], weights: FloatArray, meant: FloatArray) -> bool:
    """Whether the tier rests on evidence: rules of target_tiers.csv.

    Draws of the missing values alone, all that is known at its median, must mostly agree.
    """
    if _missing_share(judged, weights) > constant("missing_weight"):
        return False
    if 1.0 - weights.sum() / meant.sum() > constant("missing_weight"):
        return False
    fixed = [
        np.full_like(j.draws, j.median) if j.known or not j.applies else j.draws for j in judged
    ]
    scores = _log_scores(weights, np.log(np.maximum(fixed, constant("floor"))))
    _, counts = np.unique(_tiers(scores), return_counts=True)
    return counts.max() / scores.size >= constant("missing_agreement")


def _tiers_of_weights(logs: FloatArray, weights: FloatArray, seed: int) -> NDArray[np.int64]:
    part = constant("weight_perturbation")
    rng = np.random.default_rng([seed, 3])
    moved = weights * rng.uniform(1.0 - part, 1.0 + part, (WEIGHT_DRAWS, weights.size))
    return _tiers(np.median(_log_scores(moved, logs[:, :WEIGHT_DRAWS]), axis=1))


def _tiers_without_one(logs: FloatArray, weights: FloatArray) -> NDArray[np.int64]:
    kept = weights * (1.0 - np.eye(weights.size))[weights > 0]
    return _tiers(np.median(_log_scores(kept, logs), axis=1))


def _tiers_without_layer(
    found: Target,
    indication: str,
    layers: frozenset[str],
    weights: FloatArray,
    draws: int,
    seed: int,
) -> NDArray[np.int64]:
    medians: list[float] = []
    for layer in sorted(layers):
        left = judge(found.name, indication, layers - {layer}, draws, seed)
        medians.append(float(np.median(_log_scores(weights, _logs(left)))))
    return _tiers(np.array(medians))


def _reasons(judged: Iterable[Judged]) -> tuple[str, ...]:
    rows = criteria()
    ordered = sorted(judged, key=lambda j: -float(rows[j.criterion]["weight"]))
    return tuple(f"{_name(j)}: {j.value}" for j in ordered)


def _name(judged: Judged) -> str:
    return judged.criterion.replace("_", " ")


__all__ = ["COMMON_LAYERS", "LAYERS", "Profile", "Stability", "judged_targets", "profile", "rank"]
