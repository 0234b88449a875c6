"""Closed forms of the Lea–Catcheside factor, its limits, and samples against closed forms."""

import numpy as np
import pytest

from ligandose import effect
from ligandose.effect import _moments as moments

HOUR = 3600.0
LAMBDA = np.log(2) / (51 * HOUR)
MU = np.log(2) / (2.8 * HOUR)
# Uptake and clearance: amplitudes sum to 0, so the dose rate starts at 0.
UPTAKE = (np.array([2.0, -1.5, -0.5]), LAMBDA * np.array([1.0, 4.0, 40.0]))
ROUNDING = 1e-12  # a few tens of operations on doubles


def curve(amplitude, rate, time):
    return np.clip(np.sum(amplitude[:, None] * np.exp(-rate[:, None] * time), axis=0), 0.0, None)


def test_mono_exponential_is_lambda_over_lambda_plus_mu():
    g = effect.lea_catcheside([3.0], [LAMBDA], repair_rate_per_s=MU)
    assert g == pytest.approx(LAMBDA / (LAMBDA + MU), rel=ROUNDING)


def test_no_repair_gives_g_of_one_whatever_the_time_course():
    g = effect.lea_catcheside(*UPTAKE, repair_rate_per_s=0.0)
    assert g == pytest.approx(1.0, rel=ROUNDING)


def test_acute_delivery_gives_g_of_one():
    g = effect.lea_catcheside([1.0], [1e9 * MU], repair_rate_per_s=MU)
    assert g == pytest.approx(1.0, rel=2e-9)  # λ/(λ+μ) differs from 1 by 1e-9


def test_fast_repair_removes_the_quadratic_effect():
    g = effect.lea_catcheside([1.0], [LAMBDA], repair_rate_per_s=1e9 * LAMBDA)
    assert g == pytest.approx(1e-9, rel=2e-9)


def test_splitting_an_exponential_in_two_equal_ones_changes_nothing():
    whole = effect.quadratic_dose_Gy2([2.0], [LAMBDA], repair_rate_per_s=MU)
    split = effect.quadratic_dose_Gy2([0.5, 1.5], [LAMBDA, LAMBDA], repair_rate_per_s=MU)
    assert split == pytest.approx(whole, rel=ROUNDING)


def test_far_apart_cycles_add_and_simultaneous_ones_merge():
    amplitude, rate = np.array([[1.0], [2.0]]), np.full((2, 1), LAMBDA)
    each = sum(effect.quadratic_dose_Gy2(a, [LAMBDA], repair_rate_per_s=MU) for a in ([1.0], [2.0]))
    merged = effect.quadratic_dose_Gy2([3.0], [LAMBDA], repair_rate_per_s=MU)
    far = effect.course_quadratic_dose_Gy2(
        amplitude, rate, start_s=[0.0, 1e4 * 51 * HOUR], repair_rate_per_s=MU
    )
    together = effect.course_quadratic_dose_Gy2(
        amplitude, rate, start_s=[0.0, 0.0], repair_rate_per_s=MU
    )
    assert far == pytest.approx(each, rel=ROUNDING)
    assert together == pytest.approx(merged, rel=ROUNDING)


def test_course_with_repair_rate_equal_to_a_decay_rate_is_the_limit_of_its_neighbours():
    """The formula has 0/0 there; a relative step of 1e-6 moves the smooth result by < 1e-5."""
    amplitude, rate = np.array([[1.0], [2.0]]), np.full((2, 1), MU)

    def quadratic(repair):
        return effect.course_quadratic_dose_Gy2(
            amplitude, rate, start_s=[0.0, 3 * HOUR], repair_rate_per_s=repair
        )

    assert quadratic(MU) == pytest.approx(quadratic(MU * (1 + 1e-6)), rel=1e-5)
    assert quadratic(MU * (1 - 1e-12)) == pytest.approx(quadratic(MU), rel=1e-11)


def test_cross_term_completes_the_square():
    a, b = ([1.0], [LAMBDA]), ([0.3], [7 * LAMBDA])
    both = effect.quadratic_dose_Gy2([1.0, 0.3], [LAMBDA, 7 * LAMBDA], repair_rate_per_s=MU)
    alone = sum(effect.quadratic_dose_Gy2(*x, repair_rate_per_s=MU) for x in (a, b))
    cross = effect.cross_quadratic_dose_Gy2(a, b, repair_rate_per_s=MU)
    assert 2 * cross == pytest.approx(both - alone, rel=ROUNDING)


def test_constant_dose_rate_has_the_textbook_factor():
    """G = 2 (z − 1 + e^(−z)) / z², z = μT; a constant is piecewise linear, hence exact."""
    for hours in (0.01, 1.0, 30.0, 3000.0):
        z = MU * hours * HOUR
        expected = 2 * (z + np.expm1(-z)) / z**2
        time = np.linspace(0.0, hours * HOUR, 7)
        g = effect.lea_catcheside_sampled(time, np.full(7, 0.2), repair_rate_per_s=MU)
        # For small z the textbook form itself loses digits: ε/z².
        assert g == pytest.approx(expected, rel=1e-11 + 4e-16 / z**2)


@pytest.mark.parametrize("interpolation", ["linear", "exponential", "cubic"])
def test_samples_agree_with_the_closed_form_within_their_own_error_estimate(interpolation):
    exact = effect.quadratic_dose_Gy2(*UPTAKE, repair_rate_per_s=MU)
    time = np.concatenate([np.linspace(0, 20, 200)[:-1], np.linspace(20, 3000, 800)]) * HOUR
    result = effect.protracted_dose(
        time,
        curve(*UPTAKE, time),
        repair_rate_per_s=MU,
        interpolation=interpolation,
        tail_rate_per_s=LAMBDA,
    )
    miss = abs(float(result.quadratic_dose_Gy2 / exact) - 1)
    assert miss <= float(result.relative_error) < 1e-3


@pytest.mark.parametrize(
    ("interpolation", "order"), [("linear", 2), ("exponential", 2), ("cubic", 3)]
)
def test_error_falls_with_the_order_of_the_interpolation(interpolation, order):
    exact = effect.quadratic_dose_Gy2(*UPTAKE, repair_rate_per_s=MU)

    def miss(samples):
        time = np.geomspace(1.0, 3000 * HOUR, samples) - 1.0
        got = effect.protracted_dose(
            time, curve(*UPTAKE, time), repair_rate_per_s=MU,
            interpolation=interpolation, tail_rate_per_s=LAMBDA,
        )  # fmt: skip
        return abs(float(got.quadratic_dose_Gy2 / exact) - 1)

    # Four times the samples: 4^order, allowing one quarter of it for the pre-asymptotic range.
    assert miss(401) / miss(1601) > 4**order / 4


def test_exponential_samples_of_an_exponential_are_exact_even_when_sparse():
    time = np.array([0.0, 24.0, 96.0, 168.0]) * HOUR
    g = effect.lea_catcheside_sampled(
        time, np.exp(-LAMBDA * time), repair_rate_per_s=MU,
        interpolation="exponential", tail_rate_per_s=LAMBDA,
    )  # fmt: skip
    assert g == pytest.approx(LAMBDA / (LAMBDA + MU), rel=1e-11)


def test_exponential_segment_with_rate_equal_to_repair_is_continuous():
    time = np.array([0.0, 5.0, 10.0]) * HOUR
    near = [
        float(
            effect.lea_catcheside_sampled(
                time, np.exp(-MU * (1 + d) * time), repair_rate_per_s=MU,
                interpolation="exponential",
            )
        )
        for d in (-1e-7, 0.0, 1e-7)
    ]  # fmt: skip
    assert near[1] == pytest.approx(0.5 * (near[0] + near[2]), rel=1e-11)


def test_function_quadrature_reaches_the_tolerance_asked_for():
    exact = effect.quadratic_dose_Gy2(*UPTAKE, repair_rate_per_s=MU)
    tail = 3000 * HOUR  # e^(−41) of the slowest phase is left
    got = effect.protracted_dose_of_function(
        lambda t: curve(*UPTAKE, t), [0.0, 20 * HOUR, 200 * HOUR, tail],
        repair_rate_per_s=MU, relative_tolerance=1e-8,
    )  # fmt: skip
    assert got.quadratic_dose_Gy2 == pytest.approx(exact, rel=1e-8)


def test_cumulative_bed_of_two_close_cycles_equals_the_exact_course():
    amplitude = np.array([[1e-5], [2e-5]])
    rate = np.full((2, 1), LAMBDA)
    start = np.array([0.0, 40 * HOUR])
    quadratic = effect.course_quadratic_dose_Gy2(
        amplitude, rate, start_s=start, repair_rate_per_s=MU
    )
    dose = np.sum(effect.total_dose_Gy(amplitude, rate))
    exact = effect.bed_of_quadratic_Gy(dose, quadratic, alpha_beta_Gy=2.6)
    first, second = np.linspace(0, 40, 400) * HOUR, np.linspace(40, 3000, 6000) * HOUR
    time = np.concatenate([first, second])  # 40 h twice: the jump
    given = 1e-5 * np.exp(-LAMBDA * time)
    given[400:] += 2e-5 * np.exp(-LAMBDA * (second - start[1]))
    bed = effect.cumulative_bed_Gy(
        time, given, repair_rate_per_s=MU, alpha_beta_Gy=2.6, interpolation="exponential"
    )
    assert bed[-1] == pytest.approx(exact, rel=1e-7)
    assert np.all(np.diff(bed) >= 0.0)


def test_patients_and_regions_broadcast_like_single_cases():
    rates = LAMBDA * np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    mu = MU * np.array([1.0, 0.5])
    time = np.linspace(0, 400, 300) * HOUR
    given = np.exp(-rates[..., None] * time)
    block = effect.lea_catcheside_sampled(time, given, repair_rate_per_s=mu)
    assert block.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            one = effect.lea_catcheside_sampled(time, given[i, j], repair_rate_per_s=mu[j])
            assert block[i, j] == pytest.approx(one, rel=ROUNDING)


def test_blocks_of_rows_give_the_same_as_one_row(monkeypatch):
    from ligandose.effect import sampled

    time = np.linspace(0, 400, 100) * HOUR
    given = np.exp(-LAMBDA * np.linspace(1, 9, 40)[:, None] * time)
    mu = MU * np.linspace(1, 2, 40)
    whole = effect.lea_catcheside_sampled(time, given, repair_rate_per_s=mu)
    monkeypatch.setattr(sampled, "BLOCK_SAMPLES", 700)
    parts = effect.lea_catcheside_sampled(time, given, repair_rate_per_s=mu)
    np.testing.assert_allclose(parts, whole, rtol=1e-14)


def test_moments_meet_where_series_and_recurrence_take_over():
    below, above = (np.array(moments.SERIES_LIMIT * f) for f in (1 - 1e-12, 1 + 1e-12))
    for m in range(4):
        # 1e-11: the recurrences divide by z up to 7 times near z = 1.
        assert moments.decay(m, below) == pytest.approx(moments.decay(m, above), rel=1e-11)
        for n in range(4):
            pair = moments.pair(m, n, below)
            assert pair == pytest.approx(moments.pair(m, n, above), rel=1e-11)
