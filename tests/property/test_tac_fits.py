"""Properties of fitted time-activity curves: units, order, information, honest intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.kinetics import fit_tac, fit_voxels, resampled_tia_Bq_s

HOUR = 3600.0
DECAY = math.log(2) / (160.0 * HOUR)
TIMES = np.array([4, 24, 48, 96, 168]) * HOUR


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(1e-6, 1e9), stretch=st.floats(1e-3, 1e3), seed=st.integers(0, 1000))
def test_units_of_activity_and_time_do_not_matter(scale: float, stretch: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.exp(-(DECAY + 4e-6) * TIMES) * (1 + 0.03 * rng.standard_normal(5))
    plain = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.03 * y)
    other = fit_tac(
        stretch * TIMES, scale * y, decay_per_s=DECAY / stretch, uncertainty_Bq=0.03 * scale * y
    )
    assert other.model == plain.model
    # two runs of an optimiser that stops at 1e-12 of the cost: 1e-6 of a parameter
    assert other.tia_Bq_s == pytest.approx(scale * stretch * plain.tia_Bq_s, rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(5)))
def test_the_order_of_points_does_not_matter(order: list[int]) -> None:
    y = np.exp(-(DECAY + 4e-6) * TIMES) * np.array([1.02, 0.97, 1.01, 1.0, 0.99])
    plain = fit_tac(TIMES, y, decay_per_s=DECAY)
    other = fit_tac(TIMES[order], y[order], decay_per_s=DECAY)
    assert other.tia_Bq_s == plain.tia_Bq_s  # sorted first: the same computation


@pytest.mark.parametrize("extra", [12.0, 72.0, 240.0])
def test_more_data_never_widens_the_interval_of_a_model(extra: float) -> None:
    clean = np.exp(-(DECAY + 4e-6) * TIMES)
    more = np.append(TIMES, extra * HOUR)
    y = np.exp(-(DECAY + 4e-6) * more)
    few = fit_tac(TIMES, clean, decay_per_s=DECAY, uncertainty_Bq=0.05 * clean, models=["mono"])
    many = fit_tac(more, y, decay_per_s=DECAY, uncertainty_Bq=0.05 * y, models=["mono"])
    # points on the same curve: information adds, exactly; 1e-6 for the optimiser
    assert many.se_Bq_s <= few.se_Bq_s * (1 + 1e-6)


def test_uncertainties_twice_as_large_double_the_error() -> None:
    y = np.exp(-(DECAY + 4e-6) * TIMES)
    one = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.03 * y, models=["mono"])
    two = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.06 * y, models=["mono"])
    assert two.se_Bq_s == pytest.approx(2 * one.se_Bq_s, rel=1e-4)  # linear propagation


def test_the_delta_method_agrees_with_resampling() -> None:
    rng = np.random.default_rng(5)
    clean = 1e6 * np.exp(-(DECAY + 4e-6) * TIMES)
    y = clean * (1 + 0.05 * rng.standard_normal(5))
    fit = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.05 * clean, models=["mono"])
    drawn = resampled_tia_Bq_s(fit, draws=150, seed=3)
    # 150 draws tell a standard deviation to 5.8 %; three of those
    assert np.std(drawn) == pytest.approx(fit.se_Bq_s, rel=0.17)


def test_resampling_with_the_same_seed_is_the_same() -> None:
    y = 1e6 * np.exp(-(DECAY + 4e-6) * TIMES)
    fit = fit_tac(TIMES, y, decay_per_s=DECAY, uncertainty_Bq=0.05 * y, models=["mono"])
    assert np.array_equal(
        resampled_tia_Bq_s(fit, draws=5, seed=9), resampled_tia_Bq_s(fit, draws=5, seed=9)
    )


def covered(curve: np.ndarray, true: float, *, stated: bool, runs: int) -> float:
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(runs):
        y = curve * (1 + 0.06 * rng.standard_normal(curve.size))
        sigma = 0.06 * curve if stated else None
        fit = fit_tac(TIMES[: curve.size], y, decay_per_s=DECAY, uncertainty_Bq=sigma)
        interval = fit.interval_Bq_s()
        assert interval is not None
        inside += interval[0] <= true <= interval[1]
    return inside / runs


def test_ninety_per_cent_intervals_cover_the_truth_with_the_model_chosen_from_the_data() -> None:
    curve = 1e6 * np.exp(-(DECAY + 4e-6) * TIMES)
    share = covered(curve, 1e6 / (DECAY + 4e-6), stated=True, runs=100)
    # binomial: 0.90 ± 0.03 for 100 runs; two and a half of those either side. Model averaging is
    # allowed to be wide, so the upper side is left open
    assert share >= 0.83


def test_intervals_from_scatter_alone_cover_the_truth() -> None:
    curve = 1e6 * np.exp(-(DECAY + 4e-6) * TIMES)
    share = covered(curve, 1e6 / (DECAY + 4e-6), stated=False, runs=100)
    # the scale comes from 3 points of freedom (Student's t); same binomial allowance
    assert share >= 0.83


def test_intervals_of_voxels_cover_the_truth() -> None:
    rng = np.random.default_rng(4)
    k = rng.uniform(2e-6, 1e-5, 20000)
    clean = 1e3 * np.exp(-(DECAY + k)[:, None] * TIMES)
    sigma = 0.05 * clean
    found = fit_voxels(
        TIMES, clean + sigma * rng.standard_normal(clean.shape), decay_per_s=DECAY,
        uncertainty_Bq=sigma,
    )  # fmt: skip
    true = 1e3 / (DECAY + k)
    inside = np.abs(found.tia_Bq_s - true) <= 1.645 * found.relative_se * true
    # binomial 0.2 %; linear propagation at 5 % noise and the bound k ≥ 0 make up to 1 %
    assert np.mean(inside) == pytest.approx(0.90, abs=0.015)


def test_one_point_has_no_interval_even_with_a_stated_uncertainty() -> None:
    fit = fit_tac([24 * HOUR], [1e6], decay_per_s=DECAY, uncertainty_Bq=[1e5])
    assert fit.se_Bq_s is not None  # of the assumed form
    assert fit.interval_Bq_s() is None  # of what is known
