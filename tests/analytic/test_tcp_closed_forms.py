"""Tumour control, repopulation and lesions against closed forms."""

import numpy as np
import pytest

from ligandose import effect

DAY = 86400.0


def test_no_dose_leaves_every_clonogen():
    assert effect.log_tcp(0.0, clonogens=1e9, alpha_per_Gy=0.2) == pytest.approx(-1e9)


def test_no_clonogens_are_controlled():
    assert effect.tcp(0.0, clonogens=0.0, alpha_per_Gy=0.2) == 1.0


def test_extreme_doses_neither_underflow_nor_overflow():
    low = effect.log_tcp(-1e5, clonogens=1e12, alpha_per_Gy=0.3)
    rest = effect.failure_probability(300.0, clonogens=1e9, alpha_per_Gy=0.3)
    assert np.isfinite(low)
    # 1 − TCP = N e^(−αBED) to first order; 1 − exp(…) directly would give 0.
    assert rest == pytest.approx(1e9 * np.exp(-90.0), rel=1e-12)


def test_bed_for_tcp_inverts_tcp():
    bed = effect.bed_for_tcp_Gy([0.01, 0.5, 0.99], clonogens=1e8, alpha_per_Gy=0.15)
    back = effect.tcp(bed, clonogens=1e8, alpha_per_Gy=0.15)
    np.testing.assert_allclose(back, [0.01, 0.5, 0.99], rtol=1e-12)


def test_control_of_all_lesions_is_the_product_and_padding_does_not_count():
    bed = np.array([[120.0, 140.0, 0.0]])
    each = effect.tcp(bed, clonogens=1e8, alpha_per_Gy=0.15)[0]
    both = effect.log_tcp_all(bed, clonogens=1e8, alpha_per_Gy=0.15, present=[[True, True, False]])
    assert np.exp(both[0]) == pytest.approx(each[0] * each[1], rel=1e-12)


def test_one_large_lesion_is_controlled_like_its_parts():
    whole = effect.log_tcp(130.0, clonogens=1e8, alpha_per_Gy=0.15)
    parts = effect.log_tcp_all([130.0] * 4, clonogens=2.5e7, alpha_per_Gy=0.15)
    assert parts == pytest.approx(whole, rel=1e-12)


def test_no_spread_of_radiosensitivity_is_the_poisson_law():
    bed = np.array([[120.0, 135.0]])
    spread = effect.tcp_over_radiosensitivity(bed, clonogens=1e8, alpha_per_Gy=0.15, alpha_cv=0.0)
    np.testing.assert_allclose(spread.each, effect.tcp(bed, clonogens=1e8, alpha_per_Gy=0.15))
    assert spread.all_lesions == pytest.approx(np.prod(spread.each))


def test_spread_average_agrees_with_adaptive_quadrature():
    from scipy.integrate import quad
    from scipy.stats import norm

    cv, mean, bed, number = 0.3, 0.15, 130.0, 1e8
    sigma = np.sqrt(np.log1p(cv**2))

    def integrand(z):
        alpha = mean * np.exp(sigma * z - 0.5 * sigma**2)
        return norm.pdf(z) * np.exp(-number * np.exp(-alpha * bed))

    exact = quad(integrand, -8, 8, limit=400, epsabs=1e-12)[0]
    got = effect.tcp_over_radiosensitivity(
        [[bed]], clonogens=number, alpha_per_Gy=mean, alpha_cv=cv
    )
    # 1e-6: the nodes cover ±6 standard deviations, outside lies 2e-9; the rest is quadrature.
    assert got.each[0, 0] == pytest.approx(exact, abs=1e-6)


def test_uniform_bed_is_its_own_equivalent():
    got = effect.equivalent_uniform_bed_Gy([50.0, 50.0], [0.2, 0.8], alpha_per_Gy=0.3)
    assert got == pytest.approx(50.0)


def test_cold_spot_sets_the_equivalent_uniform_bed():
    """With a share v untouched, EUBED → −ln v / α however large the dose elsewhere."""
    got = effect.equivalent_uniform_bed_Gy([0.0, 1e4], [0.01, 0.99], alpha_per_Gy=0.3)
    assert got == pytest.approx(-np.log(0.01) / 0.3, rel=1e-12)


def test_log_normal_spread_of_bed_to_second_order():
    """EUBED = B − α var/2 for small spread; third order is (α σB)³ s, 1e-3 of the correction."""
    got = effect.equivalent_uniform_bed_log_normal_Gy(10.0, bed_log_sd=0.01, alpha_per_Gy=0.1)
    assert 10.0 - got == pytest.approx(0.5 * 0.1 * (10.0 * 0.01) ** 2, rel=2e-2)


def test_repopulation_starts_at_kick_off_and_doubles_each_doubling_time():
    lost = effect.repopulation_Gy(
        [10 * DAY, 21 * DAY, 24 * DAY],
        alpha_per_Gy=0.3,
        doubling_time_s=3 * DAY,
        kick_off_s=21 * DAY,
    )
    np.testing.assert_allclose(lost, [0.0, 0.0, np.log(2) / 0.3])


def test_a_tumour_that_does_not_grow_loses_nothing():
    assert effect.repopulation_Gy(1e9, alpha_per_Gy=0.3, doubling_time_s=np.inf) == 0.0


def test_effective_time_from_samples_is_where_dose_rate_meets_growth():
    """d/dt [D₀(1 − e^(−λt)) − ln2 t/(αT_d)] = 0; the sample spacing limits the time."""
    rate, alpha, doubling, dose = np.log(2) / (3 * DAY), 0.3, 5 * DAY, 30.0
    exact = effect.effective_treatment_time_s(
        dose * rate, rate, alpha_per_Gy=alpha, doubling_time_s=doubling
    )
    time = np.linspace(0, 60 * DAY, 20001)
    got = effect.net_bed(
        time, dose * -np.expm1(-rate * time), alpha_per_Gy=alpha, doubling_time_s=doubling
    )
    assert got.effective_treatment_time_s == pytest.approx(exact, abs=time[1])
    assert got.bed_Gy < dose


def test_dose_rate_below_critical_has_no_effective_time():
    got = effect.effective_treatment_time_s(1e-9, 1e-6, alpha_per_Gy=0.3, doubling_time_s=DAY)
    assert got == 0.0


def test_untreated_lesion_doubles_and_a_dead_one_halves():
    step = effect.lesion_response(
        [1.0, 0.0], 0.0, interval_s=[10 * DAY, 30 * DAY], alpha_per_Gy=0.2,
        doubling_time_s=10 * DAY, clearance_half_time_s=30 * DAY, clonogens_per_kg=1e10,
        dead_mass_kg=[0.0, 1.0],
    )  # fmt: skip
    np.testing.assert_allclose(step.mass_kg, [2.0, 0.5])
    np.testing.assert_allclose(step.surviving_clonogens, [2e10, 0.0])


def test_dose_at_once_kills_then_clears_then_regrows():
    step = effect.lesion_response(
        1.0, 10.0, interval_s=20 * DAY, alpha_per_Gy=0.2, doubling_time_s=10 * DAY,
        clearance_half_time_s=20 * DAY, clonogens_per_kg=1e10,
    )  # fmt: skip
    survival = np.exp(-2.0)
    assert step.viable_mass_kg == pytest.approx(4 * survival)
    assert step.dead_mass_kg == pytest.approx(0.5 * (1 - survival))
    assert step.log_survival == pytest.approx(-2.0)


def test_cumulative_course_finds_the_cycle_that_reaches_a_limit():
    course = effect.cumulative_against_limits([[10.0] * 5, [5.0] * 5, [25.0] * 5], limit_Gy=40.0)
    np.testing.assert_array_equal(course.first_cycle, [4, 0, 2])
    np.testing.assert_allclose(course.fraction_reached, [0, 1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_limits_may_differ_between_patients():
    course = effect.cumulative_against_limits([[10.0] * 5] * 2, limit_Gy=[40.0, 28.0])
    np.testing.assert_array_equal(course.first_cycle, [4, 3])


BIOLOGY = {"alpha_per_Gy": 0.2, "doubling_time_s": 30 * 86400.0, "kick_off_s": 0.0}
DAYS = np.arange(0.0, 200.0, 3.0) * 86400.0


def built_up(total_Gy: float) -> np.ndarray:
    return total_Gy * -np.expm1(-DAYS / (5.0 * 86400.0))


@pytest.mark.parametrize("total_Gy", [0.5, 3.0, 20.0, 150.0])
@pytest.mark.parametrize("log_sd", [0.1, 0.6, 1.2])
def test_net_uniform_bed_is_the_largest_over_all_times(total_Gy: float, log_sd: float):
    uniform = effect.equivalent_uniform_bed_log_normal_Gy(
        built_up(total_Gy), bed_log_sd=log_sd, alpha_per_Gy=BIOLOGY["alpha_per_Gy"]
    )
    every = uniform - effect.repopulation_Gy(DAYS, **BIOLOGY)
    got = effect.net_uniform_bed_Gy(DAYS, built_up(total_Gy), bed_log_sd=log_sd, **BIOLOGY)
    # The table finds a time; where two times tie to its 1e-5, either is right to that.
    assert float(got) == pytest.approx(every.max(), rel=1e-5, abs=1e-12)
    assert float(got) >= 0.0


def test_net_uniform_bed_of_an_even_lesion_is_the_net_bed():
    got = effect.net_uniform_bed_Gy(DAYS, built_up(40.0), bed_log_sd=0.0, **BIOLOGY)
    assert float(got) == pytest.approx(
        float(effect.net_bed(DAYS, built_up(40.0), **BIOLOGY).bed_Gy)
    )


def test_growth_outruns_kill_earlier_in_an_uneven_lesion():
    """What the mean says to be the best time leaves fewer cells killed, even less than none."""
    mean = built_up(1.4)
    late = effect.net_bed(DAYS, mean, **BIOLOGY).effective_treatment_time_s
    uniform = effect.equivalent_uniform_bed_log_normal_Gy(
        mean[late == DAYS], bed_log_sd=1.2, alpha_per_Gy=BIOLOGY["alpha_per_Gy"]
    )
    by_mean = float(uniform[0]) - float(effect.repopulation_Gy(late, **BIOLOGY))
    got = effect.net_uniform_bed_Gy(DAYS, mean, bed_log_sd=1.2, **BIOLOGY)
    assert float(got) > by_mean
