"""Population fitting: typical values, their spread and the error, from many patients.

ln parameters of patient i are θ_i = μ + ω ζ_i with ζ_i standard normal, and logarithms of the data
are y_i = f_i(θ_i) + σ ε. The likelihood is maximised by expectation-maximisation, with the Laplace
approximation of every patient's posterior as the expectation (the iterative two-stage method:
Steimer, Mallet, Golmard, Boisvieux 1984, Drug Metabolism Reviews 15; Racine-Poon 1985, Biometrics
41):

    μ ← μ + ω mean(ζ̂_i),  ω² ← ω² (mean(ζ̂_i² + Var ζ_i) - mean(ζ̂_i)²),
    σ² ← mean over data of (residual² + σ² Σ s²/(1 + s²)),

with s the singular values of ∂f/∂ζ / σ. Each patient's derivatives are one population for the
solver, so that a patient costs a few calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.plan.individual_fit import Laplace, map_laplace

Floats = NDArray[np.float64]
PatientPredict = Callable[[int, Floats], Floats]
"""Patient's number and (n, parameters) ln values, to (n, data) ln predictions."""

MOST_ROUNDS = 60
SETTLED = 2e-3
"""Rounds end when no typical value, spread or error changes by more of itself."""
SMALLEST_SPREAD = 1e-3
VPC_DRAWS = 200


@dataclass(frozen=True)
class PopulationFit:
    """A fitted population.

    Attributes:
        names: of the parameters.
        log_typical: (parameters,) μ.
        spread: (parameters,) ω.
        error: σ.
        se_log_typical: (parameters,) standard errors of μ from the scores of the patients.
        individual: (patients, parameters) ln values at each patient's mode.
        shrinkage: (parameters,) 1 - sd of the modes over ω.
        minus2_log_likelihood: Laplace approximation.
        rounds: of expectation-maximisation.
        settled: whether the last round changed nothing any more.
    """

    names: tuple[str, ...]
    log_typical: Floats
    spread: Floats
    error: float
    se_log_typical: Floats
    individual: Floats
    shrinkage: Floats
    minus2_log_likelihood: float
    rounds: int
    settled: bool


def fit_population(
    predict: PatientPredict,
    y: Sequence[Floats],
    *,
    names: Sequence[str],
    log_start: Floats,
    spread_start: Floats,
    error_start: float,
    most_rounds: int = MOST_ROUNDS,
) -> PopulationFit:
    """Return the population that makes the data most likely.

    Args:
        predict: ln predictions of a patient for rows of ln parameters.
        y: (data,) ln data of each patient.
        names: of the parameters.
        log_start, spread_start: (parameters,) where μ and ω begin.
        error_start: where σ begins.
        most_rounds: of expectation-maximisation.

    Raises:
        InputError: fewer than three patients, no data, a spread or error not above 0.
    """
    _check(y, names, log_start, spread_start, error_start)
    mu, omega, sigma = np.array(log_start, float), np.array(spread_start, float), error_start
    modes: list[Floats | None] = [None] * len(y)
    rounds, settled = 0, False
    found = _all(predict, y, mu, omega, sigma, modes)
    while rounds < most_rounds and not settled:
        rounds += 1
        new_mu, new_omega, new_sigma = _maximised(found, y, mu, omega, sigma)
        change = max(
            float(np.max(np.abs(new_mu - mu) / np.maximum(new_omega, SMALLEST_SPREAD))),
            float(np.max(np.abs(new_omega / omega - 1.0))),
            abs(new_sigma / sigma - 1.0),
        )
        settled = change < SETTLED
        mu, omega, sigma = new_mu, new_omega, new_sigma
        modes = [normal.mode for normal in found]
        found = _all(predict, y, mu, omega, sigma, modes)
    zeta = np.array([normal.mode for normal in found])
    score = zeta / omega
    information = score.T @ score
    return PopulationFit(
        tuple(names), mu, omega, sigma,
        np.sqrt(np.diag(np.linalg.pinv(information))),
        mu + omega * zeta,
        1.0 - zeta.std(axis=0, ddof=1),
        _minus2(found, y, sigma), rounds, settled,
    )  # fmt: skip


def _check(
    y: Sequence[Floats], names: Sequence[str], mu: Floats, omega: Floats, sigma: float
) -> None:
    if len(y) < 3:
        raise InputError(f"population: {len(y)} patients; a population needs at least 3")
    if not names or mu.shape != (len(names),) or omega.shape != (len(names),):
        raise InputError(
            f"population: {len(names)} names, {mu.size} typical values, {omega.size} spreads; "
            "give one of each for every parameter"
        )
    if not (np.all(omega > 0.0) and sigma > 0.0):
        raise InputError("population: spreads and the error must begin above 0")
    for i, own in enumerate(y):
        if own.size == 0 or not np.all(np.isfinite(own)):
            raise InputError(f"population: patient {i + 1} has no data, or one that is not finite")


def _all(
    predict: PatientPredict,
    y: Sequence[Floats],
    mu: Floats,
    omega: Floats,
    sigma: float,
    modes: Sequence[Floats | None],
) -> list[Laplace]:
    def one(i: int) -> Laplace:
        return map_laplace(
            lambda zeta: predict(i, mu + omega * zeta), y[i], np.full(y[i].size, sigma),
            scores=mu.size, start=modes[i],
        )  # fmt: skip

    return [one(i) for i in range(len(y))]


def _maximised(
    found: Sequence[Laplace], y: Sequence[Floats], mu: Floats, omega: Floats, sigma: float
) -> tuple[Floats, Floats, float]:
    zeta = np.array([normal.mode for normal in found])
    variance = np.array([normal.sd() ** 2 for normal in found])
    mean = zeta.mean(axis=0)
    second = (zeta**2 + variance).mean(axis=0) - mean**2
    missed = sum(float(((own - n.predicted) ** 2).sum()) for n, own in zip(found, y, strict=True))
    moved = sum(float((n.singular**2 / (1.0 + n.singular**2)).sum()) for n in found)
    data = sum(own.size for own in y)
    new_omega = np.maximum(omega * np.sqrt(np.maximum(second, 0.0)), SMALLEST_SPREAD)
    return mu + omega * mean, new_omega, float(np.sqrt((missed + sigma**2 * moved) / data))


def _minus2(found: Sequence[Laplace], y: Sequence[Floats], sigma: float) -> float:
    """Return -2 ln of the product of ∫ p(y|ζ) p(ζ) dζ by Laplace."""
    return sum(
        2.0 * n.potential
        + float(np.log1p(n.singular**2).sum())
        + own.size * float(np.log(2.0 * np.pi * sigma**2))
        for n, own in zip(found, y, strict=True)
    )


@dataclass(frozen=True)
class GoodnessOfFit:
    """Data beside their predictions, (all data,) each.

    Attributes:
        patient: number of the patient.
        datum: number within the patient.
        observed, population, individual: DV, PRED and IPRED, in the unit of the data.
        residual: individual weighted residual, (ln DV - ln IPRED) / σ.
        percentile: share of simulated data of new patients below the observed one (the
            prediction discrepancy of Mentré and Escolano 2006), uniform where the model is right.
        low, middle, high: 5, 50 and 95 % of the simulated data, for a visual predictive check.
    """

    patient: NDArray[np.int64]
    datum: NDArray[np.int64]
    observed: Floats
    population: Floats
    individual: Floats
    residual: Floats
    percentile: Floats
    low: Floats
    middle: Floats
    high: Floats


def goodness_of_fit(
    fit: PopulationFit, predict: PatientPredict, y: Sequence[Floats], *, seed: int = 1
) -> GoodnessOfFit:
    """Return what diagnostic plots and a visual predictive check show.

    Args:
        fit: of `fit_population`.
        predict, y: as there.
        seed: of the simulated patients.
    """
    rng = np.random.default_rng([seed, 11])
    columns: list[list[Floats]] = []
    for i, own in enumerate(y):
        new = fit.log_typical + fit.spread * rng.standard_normal((VPC_DRAWS, len(fit.names)))
        rows = np.concatenate([fit.log_typical[None], fit.individual[i][None], new])
        found = predict(i, rows)
        simulated = found[2:] + fit.error * rng.standard_normal((VPC_DRAWS, own.size))
        low, middle, high = np.quantile(np.exp(simulated), (0.05, 0.5, 0.95), axis=0)
        below: Floats = np.mean(np.less(simulated, own), axis=0)
        columns.append(
            [
                np.full(own.size, i + 1.0), np.arange(1.0, own.size + 1.0), np.exp(own),
                np.exp(found[0]), np.exp(found[1]), (own - found[1]) / fit.error, below,
                low, middle, high,
            ]
        )  # fmt: skip
    joined = [np.concatenate(part) for part in zip(*columns, strict=True)]
    return GoodnessOfFit(joined[0].astype(np.int64), joined[1].astype(np.int64), *joined[2:])
