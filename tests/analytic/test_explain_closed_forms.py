"""Sensitivity and information against test functions and models with closed forms."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from ligandose.design.sensitivity_shapley import (
    conditional_covariances,
    shapley_effects,
    shapley_values,
)
from ligandose.design.sensitivity_sobol import Sobol, run_sobol
from ligandose.design.sensitivity_voi import evpi, evppi

Floats = NDArray[np.float64]

# Over all intervals of a function a 95 % interval may miss; a run with a fixed seed is one draw.
# What must hold is that misses are not larger than half an interval.
SLACK = 0.5


def _inside(value: Floats, interval: Floats) -> bool:
    half = 0.5 * (interval[..., 1] - interval[..., 0])
    return bool(
        np.all(value >= interval[..., 0] - SLACK * half)
        and np.all(value <= interval[..., 1] + SLACK * half)
    )


def _ishigami(share: Floats) -> Floats:
    x = np.pi * (2.0 * share - 1.0)
    return (np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[
        :, None
    ]


def test_indices_of_ishigami_lie_in_their_intervals() -> None:
    a, b = 7.0, 0.1
    variance = a**2 / 8 + b * np.pi**4 / 5 + b**2 * np.pi**8 / 18 + 0.5
    first = np.array([0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, 0.0]) / variance
    both = b**2 * np.pi**8 * (1 / 18 - 1 / 50) / variance
    total = first + np.array([both, 0.0, both])
    found = run_sobol(_ishigami, 3, seed=1, tolerance=1e-6, most_rows=2048)
    assert _inside(first, found.first_interval[0])
    assert _inside(total, found.total_interval[0])
    # intervals that hold the truth because they are wide would say nothing
    assert np.all(np.diff(found.total_interval[0], axis=-1) < 0.15)
    assert found.variance[0] == pytest.approx(variance, rel=0.05)


def test_indices_of_sobol_g_lie_in_their_intervals() -> None:
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])

    def g(share: Floats) -> Floats:
        return np.prod((np.abs(4 * share - 2) + a) / (1 + a), axis=1)[:, None]

    own = 1 / (3 * (1 + a) ** 2)
    variance = np.prod(1 + own) - 1
    total = own * np.prod(1 + own) / (1 + own) / variance
    found = run_sobol(g, 6, seed=2, tolerance=1e-6, most_rows=2048)
    assert _inside(own / variance, found.first_interval[0])
    assert _inside(total, found.total_interval[0])


def test_additive_model_has_equal_first_and_total_indices_that_add_up() -> None:
    weight = np.array([1.0, 2.0, 3.0])

    def linear(share: Floats) -> Floats:
        return (share @ weight)[:, None]

    found = run_sobol(linear, 3, seed=3, tolerance=1e-6, most_rows=1024)
    exact = weight**2 / np.sum(weight**2)
    # quasi-random error of 1024 rows of a smooth function is about 1e-2 at most
    assert np.allclose(found.first[0], exact, atol=0.02)
    assert np.allclose(found.total[0], exact, atol=0.02)


def test_run_grows_until_converged_and_says_when_it_has_not() -> None:
    def run(tolerance: float) -> Sobol:
        return run_sobol(_ishigami, 3, seed=1, tolerance=tolerance, most_rows=512)

    loose, strict = run(0.3), run(1e-6)
    assert loose.rows < strict.rows
    assert bool(loose.converged[0])
    assert not strict.converged[0]


def _exact_linear(weight: Floats, covariance: Floats) -> Floats:
    """Shapley effects of a linear Gaussian model by all orders of joining (Owen and Prieur)."""
    count = weight.size

    def explained(u: tuple[int, ...]) -> float:
        if not u:
            return 0.0
        cross = covariance[:, u]
        held = cross @ np.linalg.inv(covariance[np.ix_(u, u)]) @ cross.T
        return float(weight @ held @ weight)

    shares = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        for k, one in enumerate(order):
            shares[one] += explained(tuple(order[: k + 1])) - explained(tuple(order[:k]))
    return shares / len(orders) / float(weight @ covariance @ weight)


def test_shapley_effects_of_correlated_linear_gaussian_are_exact() -> None:
    correlation = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 1.0]])
    weight = np.array([1.0, 2.0, 0.5])
    z = np.random.default_rng(1).multivariate_normal(np.zeros(3), correlation, 200)
    found = shapley_effects(
        z,
        z @ weight,
        groups=[("a", [0]), ("b", [1]), ("c", [2])],
        explained=conditional_covariances(correlation, [[0], [1], [2]]),
        seed=1,
    )
    # without noise the fit is exact to rounding, whatever the sample
    assert np.allclose(found.effect, _exact_linear(weight, correlation), atol=1e-9)
    assert found.unexplained == pytest.approx(0.0, abs=1e-9)


def test_shapley_effects_of_two_correlated_factors_have_the_closed_form() -> None:
    # Song, Nelson and Staum 2016: V_i = b_i² s² (1 - r²/2) + b_1 b_2 r + b_j² r² / 2 for unit sd
    r, b = 0.7, np.array([1.5, -0.5])
    v = b @ np.array([[1.0, r], [r, 1.0]]) @ b
    exact = [
        (b[i] ** 2 * (1 - r**2 / 2) + b[0] * b[1] * r + b[1 - i] ** 2 * r**2 / 2) / v
        for i in range(2)
    ]
    assert np.allclose(_exact_linear(b, np.array([[1.0, r], [r, 1.0]])), exact)


def test_shapley_effects_of_a_product_are_shared_equally() -> None:
    # y = z1 z2, independent: V({1}) = V({2}) = 0, V({1, 2}) = 1, so half each; z3 has none
    z = np.random.default_rng(2).normal(size=(400, 3))
    noise = 0.1 * np.random.default_rng(3).normal(size=400)
    found = shapley_effects(
        z,
        z[:, 0] * z[:, 1] + noise,
        groups=[("a", [0]), ("b", [1]), ("c", [2])],
        explained=conditional_covariances(np.eye(3), [[0], [1], [2]]),
        seed=1,
    )
    # the noise is a hundredth of the variance; the rest is sampling error of 400 rows
    assert np.allclose(found.effect, [0.5, 0.5, 0.0], atol=0.03)
    assert found.effect.sum() + found.unexplained == pytest.approx(1.0)


def test_shapley_values_add_up_and_leave_a_player_without_effect_nothing() -> None:
    worth = np.random.default_rng(4).normal(size=8)
    worth[0] = 0.0
    worth = np.concatenate([worth, worth])  # the fourth player adds nothing
    found = shapley_values(worth)
    assert found.sum() == pytest.approx(worth[-1])
    assert found[3] == pytest.approx(0.0, abs=1e-12)


def test_value_of_information_of_a_linear_gaussian_decision() -> None:
    # Two options, difference d = m + a φ + b ψ: E max(0, m + a φ) - max(0, m)
    rng = np.random.default_rng(5)
    phi, psi = rng.normal(size=(2, 4000))
    m, a, b = 0.3, 1.0, 2.0
    benefit = np.column_stack([np.zeros(4000), m + a * phi + b * psi])

    def closed(sd: float) -> float:
        return float(m * norm.cdf(m / sd) + sd * norm.pdf(m / sd) - m)

    known = evppi(benefit, phi[:, None], seed=1)
    assert known.interval[0] <= closed(a) <= known.interval[1]
    assert known.value == pytest.approx(closed(a), abs=0.06)  # two standard errors, 4000 draws
    assert evpi(benefit) == pytest.approx(closed(math.hypot(a, b)), abs=0.06)
    everything = evppi(benefit, np.column_stack([phi, psi]), seed=1)
    assert everything.value == pytest.approx(evpi(benefit), abs=1e-6)


def test_information_on_what_does_not_matter_is_worth_little() -> None:
    rng = np.random.default_rng(6)
    phi, nothing = rng.normal(size=(2, 2000))
    benefit = np.column_stack([np.zeros(2000), 0.5 + phi])
    assert evppi(benefit, nothing[:, None], seed=1).value < 0.01
