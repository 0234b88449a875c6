"""The fit and the samplers of a patient's posterior, against closed forms and quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.plan.individual_fit import map_laplace, potential
from ligandose.plan.individual_prior import truncated
from ligandose.plan.individual_sample import (
    Target,
    importance,
    preconditioned_chains,
    resampled,
    stretch,
)

Floats = NDArray[np.float64]
SCORES = 12


def linear_problem() -> tuple[Any, Floats, Floats, Floats, Floats]:
    """Return predict, y, sd, and the exact posterior mean and covariance."""
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((5, SCORES)), rng.standard_normal(5)
    y, sd = rng.standard_normal(5), np.array([0.2, 0.4, 0.1, 0.5, 0.3])
    weighed = a / sd[:, None]
    covariance = np.linalg.inv(np.eye(SCORES) + weighed.T @ weighed)
    mean = covariance @ (weighed.T @ ((y - b) / sd))
    return (lambda u: u @ a.T + b), y, sd, mean, covariance


def test_the_mode_of_a_linear_model_is_the_conjugate_mean() -> None:
    predict, y, sd, mean, covariance = linear_problem()
    normal = map_laplace(predict, y, sd, scores=SCORES)
    assert normal.converged
    # a step that gains less than 0.01 in U is the last: the mode is within √0.02 posterior sd
    away = normal.mode - mean
    assert away @ np.linalg.solve(covariance, away) < 0.02
    # forward differences of a linear model are exact to rounding
    np.testing.assert_allclose(normal.sd(), np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_the_root_of_the_covariance_is_its_root() -> None:
    predict, y, sd, _, covariance = linear_problem()
    normal = map_laplace(predict, y, sd, scores=SCORES)
    root = normal.root_times(np.eye(SCORES))
    np.testing.assert_allclose(root.T @ root, covariance, atol=1e-9)
    u = normal.mode + np.random.default_rng(1).standard_normal((4, SCORES))
    away = u - normal.mode
    expected = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(normal.distance2(u), expected, rtol=1e-6)


@pytest.mark.parametrize("method", ["chains", "importance", "stretch"])
def test_every_sampler_finds_the_conjugate_posterior(method: str) -> None:
    predict, y, sd, mean, covariance = linear_problem()
    target = Target(predict, y, sd, map_laplace(predict, y, sd, scores=SCORES))
    rng = np.random.default_rng(3)
    if method == "chains":
        drawn = preconditioned_chains(target, chains=4000, steps=10, rng=rng)
    elif method == "importance":
        drawn = importance(target, draws=4000, proposals=8000, rng=rng)
    else:
        drawn = stretch(target, walkers=4000, steps=10, rng=rng)
    spread = np.sqrt(np.diag(covariance))
    # means of 4000 draws scatter by sd/63; five of those, 12 scores
    assert np.all(np.abs(drawn.score.mean(axis=0) - mean) < 5.0 * spread / np.sqrt(4000) + 1e-9)
    # sd of 4000 normal draws scatters by 1.1 %
    np.testing.assert_allclose(drawn.score.std(axis=0), spread, rtol=0.06)


def test_chains_agree_with_quadrature_where_the_posterior_is_not_normal() -> None:
    y, sd = np.array([0.2]), np.array([0.3])

    def predict(u: Floats) -> Floats:
        return np.exp(1.2 * u)

    grid = np.linspace(-6.0, 6.0, 20001)[:, None]
    weight = np.exp(-potential(grid, predict(grid), y, sd))
    weight /= weight.sum()
    mean = float((grid[:, 0] * weight).sum())
    spread = float(np.sqrt(((grid[:, 0] - mean) ** 2 * weight).sum()))
    target = Target(predict, y, sd, map_laplace(predict, y, sd, scores=1))
    drawn = preconditioned_chains(target, chains=6000, steps=60, rng=np.random.default_rng(2))
    # Laplace alone is off here by more than the scatter of the draws, else this tests nothing
    assert abs(target.laplace.mode[0] - mean) > 5.0 * spread / np.sqrt(6000)
    assert abs(drawn.score.mean() - mean) < 5.0 * spread / np.sqrt(6000)
    assert drawn.score.std() == pytest.approx(spread, rel=0.05)


def test_without_data_the_posterior_is_the_prior() -> None:
    nothing = np.zeros(0)
    normal = map_laplace(lambda u: np.zeros((u.shape[0], 0)), nothing, nothing, scores=4)
    np.testing.assert_array_equal(normal.mode, np.zeros(4))
    np.testing.assert_array_equal(normal.sd(), np.ones(4))


def test_systematic_resampling_keeps_shares_to_one_draw() -> None:
    weight = np.array([0.5, 0.3, 0.2])
    chosen = resampled(weight, 100, rng=np.random.default_rng(0))
    assert np.all(np.abs(np.bincount(chosen, minlength=3) - 100 * weight) <= 1.0)


def test_truncation_is_that_of_the_population() -> None:
    u = np.random.default_rng(4).standard_normal(200_000)
    z = truncated(u)
    assert np.abs(z).max() <= 2.5
    # variance of a normal number truncated at ±2.5 is 0.9113 (closed form); 2e5 draws: ± 0.3 %
    assert z.var() == pytest.approx(0.9113, rel=0.015)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="datum 1"):
        map_laplace(lambda u: u, np.array([1.0, bad]), np.ones(2), scores=2)


def test_an_error_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="above 0"):
        map_laplace(lambda u: u, np.ones(2), np.array([1.0, 0.0]), scores=2)
