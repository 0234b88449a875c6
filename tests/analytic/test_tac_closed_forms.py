"""Time-activity curves against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ligandose.kinetics import (
    fit_tac,
    fit_voxels,
    haenscheid_bias,
    haenscheid_tia_Bq_s,
    madsen_bias,
    madsen_tia_Bq_s,
    single_point_tia,
    tac_model,
    trapezoid_tia,
)
from ligandose.kinetics.tac_fit import integral_gradient

HOUR = 3600.0
DECAY = math.log(2) / (160.0 * HOUR)
TIMES = np.array([0.5, 1, 2, 4, 8, 24, 48, 96, 168, 240]) * HOUR

# Rates are a factor of four or more apart, so that ten exact points tell them from each other.
CURVES = {
    "physical": lambda t: 5e6 * np.exp(-DECAY * t),
    "mono": lambda t: 5e6 * np.exp(-(DECAY + 4e-6) * t),
    "uptake_physical": lambda t: 5e6 * (1 - np.exp(-1e-4 * t)) * np.exp(-DECAY * t),
    "uptake": lambda t: 5e6 * (np.exp(-4e-6 * t) - np.exp(-1e-4 * t)) * np.exp(-DECAY * t),
    "bi_physical": lambda t: (1e6 + 4e6 * np.exp(-2e-5 * t)) * np.exp(-DECAY * t),
    "bi": lambda t: (1e6 * np.exp(-2e-6 * t) + 4e6 * np.exp(-1e-4 * t)) * np.exp(-DECAY * t),
    "uptake_bi": lambda t: (
        (1e6 * np.exp(-1e-6 * t) + 4e6 * np.exp(-1.5e-5 * t) - 5e6 * np.exp(-3e-4 * t))
        * np.exp(-DECAY * t)
    ),
    "tri": lambda t: (
        (1e6 * np.exp(-1e-6 * t) + 3e6 * np.exp(-1.5e-5 * t) + 9e6 * np.exp(-3e-4 * t))
        * np.exp(-DECAY * t)
    ),
}
INTEGRALS = {
    "physical": 5e6 / DECAY,
    "mono": 5e6 / (DECAY + 4e-6),
    "uptake_physical": 5e6 / DECAY - 5e6 / (DECAY + 1e-4),
    "uptake": 5e6 / (DECAY + 4e-6) - 5e6 / (DECAY + 1e-4),
    "bi_physical": 1e6 / DECAY + 4e6 / (DECAY + 2e-5),
    "bi": 1e6 / (DECAY + 2e-6) + 4e6 / (DECAY + 1e-4),
    "uptake_bi": 1e6 / (DECAY + 1e-6) + 4e6 / (DECAY + 1.5e-5) - 5e6 / (DECAY + 3e-4),
    "tri": 1e6 / (DECAY + 1e-6) + 3e6 / (DECAY + 1.5e-5) + 9e6 / (DECAY + 3e-4),
}


@pytest.mark.parametrize("name", list(CURVES))
def test_each_model_is_recovered_from_exact_points_and_chosen(name: str) -> None:
    y = CURVES[name](TIMES)
    fit = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.02 * y)
    assert fit.model == name
    # points are exact: only the optimiser's tolerance (1e-12 in cost) remains
    assert fit.tia_Bq_s == pytest.approx(INTEGRALS[name], rel=1e-5)


def test_amplitudes_and_half_lives_are_those_of_the_curve() -> None:
    y = CURVES["bi"](TIMES)
    found = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.02 * y).parameters()
    # tolerance of the optimiser, as above
    assert found["amplitude_1_Bq"] == pytest.approx(1e6, rel=1e-5)
    assert found["effective_half_life_1_s"] == pytest.approx(math.log(2) / (DECAY + 2e-6), rel=1e-5)
    assert found["effective_half_life_2_s"] == pytest.approx(math.log(2) / (DECAY + 1e-4), rel=1e-5)


def test_standard_error_of_physical_decay_is_that_of_weighted_least_squares() -> None:
    y = CURVES["physical"](TIMES)
    sigma = 0.05 * y
    fit = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=sigma, models=["physical"])
    shape = np.exp(-DECAY * TIMES)
    expected = 1.0 / math.sqrt(np.sum((shape / sigma) ** 2)) / DECAY
    assert fit.se_Bq_s == pytest.approx(expected, rel=1e-6)  # linear problem: exact


def test_gradient_of_the_integral_is_the_analytic_one() -> None:
    model = tac_model("mono")
    theta = np.log([3e6, 4e-6])
    value = 3e6 / (DECAY + 4e-6)
    gradient = integral_gradient(model, theta, DECAY)
    # dI/d ln A = I; dI/d ln k = −I k/(λ + k); central differences of step 1e-5 err by 1e-10
    assert gradient == pytest.approx([value, -value * 4e-6 / (DECAY + 4e-6)], rel=1e-6)


def test_without_uncertainties_one_point_leaves_the_error_open() -> None:
    fit = fit_tac([HOUR], [1e6], decay_per_s=DECAY)
    assert fit.model == "physical"
    assert fit.se_Bq_s is None
    assert fit.interval_Bq_s() is None
    assert fit.tia_Bq_s == pytest.approx(1e6 * math.exp(DECAY * HOUR) / DECAY)


def test_slower_than_decay_is_never_fitted() -> None:
    y = 1e6 * np.exp(-0.3 * DECAY * TIMES)  # rising when corrected for decay
    fit = fit_tac(TIMES, y, decay_per_s=DECAY, models=["mono"])
    # the slowest rate that is tried is 1e-3 per time of the last point above decay
    assert fit.parameters()["effective_half_life_1_s"] <= 160.0 * HOUR * (1 + 1e-9)


def test_haenscheid_bias_has_the_published_values() -> None:
    # 0.892 at 0.75 T, 1 at T and 2 T, at most 1.061 (shared/science/biology.md)
    assert haenscheid_bias([0.75, 1.0, 2.0]) == pytest.approx([0.8919, 1.0, 1.0], abs=5e-5)
    assert haenscheid_bias(np.linspace(0.1, 4, 4001)).max() == pytest.approx(1.061, abs=5e-4)


def test_single_point_estimates_over_truth_are_their_stated_bias() -> None:
    half, t = 50 * HOUR, 80 * HOUR
    activity, true = 1e6 * 2 ** (-t / half), 1e6 * half / math.log(2)
    assert haenscheid_tia_Bq_s(t, activity) / true == pytest.approx(haenscheid_bias(t / half))
    estimate = madsen_tia_Bq_s(t, activity, half_life_s=60 * HOUR)
    bias = madsen_bias(t, half_life_s=60 * HOUR, true_half_life_s=half)
    assert estimate / true == pytest.approx(bias)
    assert madsen_tia_Bq_s(t, activity, half_life_s=half) == pytest.approx(true)


def test_a_population_without_spread_is_the_plain_estimate() -> None:
    found = single_point_tia(72 * HOUR, 1e6, half_life_s=50 * HOUR, half_life_cv=0.0)
    plain = madsen_tia_Bq_s(72 * HOUR, 1e6, half_life_s=50 * HOUR)
    assert [found.tia_Bq_s, found.p05_Bq_s, found.p95_Bq_s] == pytest.approx([plain] * 3)


def test_trapezoids_of_dense_points_approach_the_integral() -> None:
    t = np.linspace(0.01, 1000, 20001) * HOUR
    y = CURVES["mono"](t)
    found = trapezoid_tia(t, y, decay_per_s=DECAY, uncertainty_Bq=0.1 * y)
    # error of the trapezoid (h λ)²/12 = 3e-7; the start assumes no biological loss for 36 s
    assert found.tia_Bq_s == pytest.approx(INTEGRALS["mono"], rel=1e-5)
    assert found.tail_fraction < 1e-5


def test_the_tail_of_trapezoids_can_take_the_slope_of_the_last_points() -> None:
    y = CURVES["mono"](TIMES)
    slope = trapezoid_tia(TIMES, y, decay_per_s=DECAY, tail_points=3)
    decay = trapezoid_tia(TIMES, y, decay_per_s=DECAY)
    # same trapezoids: what differs is A_last (1/λ_eff − 1/λ_p), exactly
    expected = y[-1] * (1 / (DECAY + 4e-6) - 1 / DECAY)
    assert slope.tia_Bq_s - decay.tia_Bq_s == pytest.approx(expected, rel=1e-9)


def test_voxel_fits_recover_exact_curves() -> None:
    rng = np.random.default_rng(1)
    k, a = rng.uniform(0, 2e-5, 1000), rng.uniform(1, 1e4, 1000)
    t = np.array([4, 24, 96, 168]) * HOUR
    y = a[:, None] * np.exp(-(DECAY + k)[:, None] * t)
    found = fit_voxels(t, y, decay_per_s=DECAY)
    # Newton stops at 1e-10 of the rate
    assert found.tia_Bq_s == pytest.approx(a / (DECAY + k), rel=1e-8)


def test_a_voxel_is_fitted_as_a_region_is() -> None:
    rng = np.random.default_rng(2)
    t = np.array([4, 24, 96, 168]) * HOUR
    clean = 1e5 * np.exp(-(DECAY + 3e-6) * t)
    y = clean * (1 + 0.05 * rng.standard_normal((20, 4)))
    sigma = 0.05 * clean
    voxels = fit_voxels(t, y, decay_per_s=DECAY, uncertainty_Bq=sigma)
    for i, row in enumerate(y):
        region = fit_tac(t, row, decay_per_s=DECAY, uncertainty_Bq=sigma, models=["mono"])
        assert voxels.tia_Bq_s[i] == pytest.approx(region.tia_Bq_s, rel=1e-6)
        assert voxels.relative_se[i] * region.tia_Bq_s == pytest.approx(region.se_Bq_s, rel=1e-3)


def test_a_voxel_without_signal_has_no_integral_and_no_error() -> None:
    found = fit_voxels([HOUR, 2 * HOUR, 3 * HOUR], [[-1.0, -2.0, 0.5]], decay_per_s=DECAY)
    assert found.tia_Bq_s[0] == 0.0
    assert math.isnan(found.relative_se[0])


def test_noise_that_is_gone_at_the_second_point_stays_bounded():
    """The steepest curve has half-lives of half the first time, so A is at most 4 e^(λt) y."""
    first = 4 * HOUR
    found = fit_voxels([first, 24 * HOUR, 72 * HOUR], [[1.0, 0.0, 0.0]], decay_per_s=DECAY)
    steepest = 2 * np.log(2) / first
    np.testing.assert_allclose(found.rate_per_s, DECAY + steepest)
    # two later points of 0 weigh e^-8 and less on the amplitude
    np.testing.assert_allclose(found.amplitude_Bq, 4 * np.exp(DECAY * first), rtol=1e-3)
