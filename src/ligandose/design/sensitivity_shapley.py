"""Shapley values over few groups, and Shapley effects of correlated factors from given data.

The Shapley value shares what a coalition of all players is worth between them: each gets what it
adds, averaged over all orders in which players can join (Shapley 1953). With the worth of a set u
of factors being Var(E[Y | X_u]) the shares are the Shapley effects, which add up to the variance
of Y also where factors depend on each other (Owen 2014; Song, Nelson and
Staum 2016, doi:10.1137/15M1048070).

The virtual population is Gaussian in the logarithms of its parameters with known correlation R,
so worths need no nested sampling: with Y fitted by b'z + z'Mz + residual over the population and
S_u = R_.u R_uu⁻¹ R_u. the covariance of E[z | z_u],

    Var(E[Y | z_u]) = b'S_u b + 2 tr(M S_u M S_u),

for M = 0 the Gaussian linear case of Broto et al. 2020 (hal-02737005). What the quadratic does
not explain is given apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_PLAYERS = 14
MOST_SQUARED = 10
"""Factors with the strongest linear effect whose squares and products enter the fit."""
BOOTSTRAPS = 40
NORMAL_95 = 1.96
ROWS_PER_TERM = 2


def shapley_values(worth: Floats) -> Floats:
    """Return (players, …) shares of the worth of all.

    Args:
        worth: (2^players, …) worth of every set; bit i of the index says that player i is in it.

    Raises:
        InputError: a length that is no power of two, or more than 14 players.

    Examples:
        >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0])).tolist()
        [2.0, 3.0]
    """
    players = int(worth.shape[0]).bit_length() - 1
    if worth.shape[0] != 1 << players or not 1 <= players <= MOST_PLAYERS:
        raise InputError(
            f"Shapley values: {worth.shape[0]} sets; 2 to 2^{MOST_PLAYERS}, a power of two"
        )
    sets: Ints = np.arange(worth.shape[0], dtype=np.int64)
    size: Ints = np.array([s.bit_count() for s in range(worth.shape[0])], dtype=np.int64)
    weight = np.array(
        [factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)]
    )
    shares: list[Floats] = []
    for player in range(players):
        without: Ints = sets[(sets >> player) & 1 == 0]
        added = worth[without | (1 << player)] - worth[without]
        shares.append(np.tensordot(weight[size[without]], added, axes=1))
    return np.stack(shares)


@dataclass(frozen=True)
class ShapleyEffects:
    """Shares of the variance of one output.

    Attributes:
        groups: names.
        effect: (groups,) share of the variance that is explained; they and `unexplained` add up
            to 1.
        interval: (groups, 2) 95 % intervals by bootstraps of the patients.
        unexplained: part of the variance that the quadratic leaves: what is in no group, and
            interactions of higher order.
        predicted_share: part of the variance explained in patients left out of the fit one by
            one; far below 1 - `unexplained` it says that there are too few patients.
        patients: with a result.
    """

    groups: tuple[str, ...]
    effect: Floats
    interval: Floats
    unexplained: float
    predicted_share: float
    patients: int


def shapley_effects(
    scores: Floats,
    output: Floats,
    *,
    groups: Sequence[tuple[str, Sequence[int]]],
    explained: Floats,
    seed: int,
) -> ShapleyEffects:
    """Return Shapley effects of groups of correlated Gaussian factors from given data.

    Args:
        scores: (n, factors) standard scores.
        output: (n,); NaN for no result.
        groups: names with the columns of `scores` that each holds; every column in one group.
        explained: what `conditional_covariances` returns for these groups.
        seed: of the bootstrap.

    Raises:
        InputError: too few rows for the terms of the fit, columns that are in no group or in two,
            or an output without variance.
    """
    known = np.isfinite(output)
    z, y = scores[known], output[known]
    _check(z, y, groups)
    rng = np.random.default_rng([seed, 3])
    squared = _strongest(z, y)
    fits = [_fit(z, y, squared, predict=True)]
    for _ in range(BOOTSTRAPS):
        again = np.asarray(rng.integers(y.size, size=y.size), dtype=np.int64)
        fits.append(_fit(z[again], y[again], squared))
    shares = _shares(fits, explained, squared, [list(c) for _, c in groups], rows=y.size)
    half = NORMAL_95 * shares[:, 1:].std(axis=1)
    return ShapleyEffects(
        groups=tuple(name for name, _ in groups),
        effect=shares[:, 0],
        interval=np.column_stack([shares[:, 0] - half, shares[:, 0] + half]),
        unexplained=float(1.0 - shares[:, 0].sum()),
        predicted_share=fits[0].predicted,
        patients=int(y.size),
    )


def _check(z: Floats, y: Floats, groups: Sequence[tuple[str, Sequence[int]]]) -> None:
    listed = sorted(column for _, columns in groups for column in columns)
    if listed != list(range(z.shape[1])):
        raise InputError("Shapley effects: every factor must be in exactly one group")
    squared = min(MOST_SQUARED, z.shape[1])
    terms = 1 + z.shape[1] + squared * (squared + 1) // 2
    if y.size < ROWS_PER_TERM * terms:
        raise InputError(
            f"Shapley effects: {y.size} patients with a result for {terms} terms of the fit; "
            f"at least {ROWS_PER_TERM * terms} are needed"
        )
    if not np.ptp(y) > 0.0:
        raise InputError("Shapley effects: the output is the same in every patient")


def _strongest(z: Floats, y: Floats) -> Ints:
    """Return the columns whose linear effect is greatest; all where there are few."""
    slope = np.linalg.lstsq(np.column_stack([np.ones(y.size), z]), y, rcond=None)[0][1:]
    return np.sort(np.argsort(-np.abs(slope), kind="stable")[:MOST_SQUARED])


@dataclass(frozen=True)
class _Fit:
    """b, M among the squared columns, variance of the residual, and the predicted share."""

    linear: Floats
    square: Floats
    residual: float
    predicted: float


def _fit(z: Floats, y: Floats, squared: Ints, *, predict: bool = False) -> _Fit:
    """Return the quadratic of least squares.

    The residual's variance counts the terms that were fitted; a prediction leaves its row out
    (the press statistic, Allen 1974).
    """
    columns = [int(c) for c in squared]
    pairs = [(i, j) for n, i in enumerate(columns) for j in columns[n:]]
    terms: list[Floats] = [np.ones(y.size), *z.T]
    terms += [z[:, i] * z[:, j] - float(i == j) for i, j in pairs]
    design = np.column_stack(terms)
    # Normal equations: the scores are standardised, and QR of many small designs is far slower.
    gram = design.T @ design
    found = np.asarray(np.linalg.solve(gram, design.T @ y), dtype=np.float64)
    fitted = design @ found
    count = z.shape[1]
    place = {column: k for k, column in enumerate(columns)}
    square = np.zeros((squared.size, squared.size))
    for value, (i, j) in zip(found[1 + count :], pairs, strict=True):
        square[place[i], place[j]] += 0.5 * value
        square[place[j], place[i]] += 0.5 * value
    return _Fit(
        linear=found[1 : 1 + count],
        square=square,
        residual=float(np.sum((y - fitted) ** 2) / max(y.size - design.shape[1], 1)),
        predicted=_predicted(design, gram, y, fitted) if predict else float("nan"),
    )


def _predicted(design: Floats, gram: Floats, y: Floats, fitted: Floats) -> float:
    solved = np.asarray(np.linalg.solve(gram, design.T), dtype=np.float64)
    leverage = np.minimum(np.sum(design.T * solved, axis=0), 1.0 - 1e-9)
    left_out: Floats = (y - fitted) / (1.0 - leverage)
    return 1.0 - float(np.mean(left_out**2)) / float(np.var(y))


def conditional_covariances(correlation: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """Return (2^groups, factors, factors) covariances of E[z | z_u], one for each set of groups.

    Args:
        correlation: (factors, factors) of the scores, positive definite.
        groups: columns of each group.
    """
    count = correlation.shape[0]
    found = np.zeros((1 << len(groups), count, count))
    for which in range(1, found.shape[0]):
        u = [c for i, columns in enumerate(groups) if (which >> i) & 1 for c in columns]
        cross = correlation[:, u]
        found[which] = cross @ np.linalg.solve(correlation[np.ix_(u, u)], cross.T)
    return found


def _shares(
    fits: Sequence[_Fit],
    explained: Floats,
    squared: Ints,
    groups: Sequence[Sequence[int]],
    *,
    rows: int,
) -> Floats:
    """Return (groups, fits) Shapley shares of the whole variance, the residual's part among it.

    Fitted coefficients are off by their errors, whose squares would count as effects: each fitted
    term adds residual / n to the worth of the sets that have it, which is taken off.
    """
    outer = np.stack([np.outer(f.linear, f.linear).ravel() for f in fits], axis=1)
    worth = explained.reshape(explained.shape[0], -1) @ outer
    among = explained[:, squared[:, None], squared[None, :]]
    for k, fit in enumerate(fits):
        product = fit.square @ among
        worth[:, k] += 2.0 * np.einsum("uij,uji->u", product, product)
    residual = np.array([f.residual for f in fits])
    whole = worth[-1] + residual
    worth -= _terms(groups, squared)[:, None] * residual / rows
    return shapley_values(worth) / whole


def _terms(groups: Sequence[Sequence[int]], squared: Ints) -> Floats:
    """Return (2^groups,) how many fitted terms the factors of each set have."""
    of_squared = {int(c) for c in squared}
    found = np.zeros(1 << len(groups))
    for which in range(found.size):
        u = [c for i, columns in enumerate(groups) if (which >> i) & 1 for c in columns]
        q = len(of_squared.intersection(u))
        found[which] = len(u) + q * (q + 1) / 2
    return found
