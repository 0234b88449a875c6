"""What must hold for every dose rate, tissue and patient."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose import effect

positive = st.floats(1e-3, 1e3)
rates = st.lists(st.floats(1e-4, 1e2), min_size=1, max_size=4)
fields = st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-4, 1e2)), min_size=1, max_size=4)
ROUNDING = 1e-10


@given(fields, positive)
def test_g_lies_in_zero_to_one(field, mu):
    amplitude, rate = np.array(field).T
    g = float(effect.lea_catcheside(amplitude, rate, repair_rate_per_s=mu))
    assert 0.0 < g <= 1.0 + ROUNDING


@given(fields, positive, st.floats(1e-3, 1e3))
def test_g_does_not_depend_on_the_unit_of_time_or_dose(field, mu, scale):
    amplitude, rate = np.array(field).T
    g = effect.lea_catcheside(amplitude, rate, repair_rate_per_s=mu)
    other = effect.lea_catcheside(
        7.0 * scale * amplitude, scale * rate, repair_rate_per_s=scale * mu
    )
    np.testing.assert_allclose(other, g, rtol=ROUNDING)


@given(fields, positive, st.floats(1.0, 100.0))
def test_faster_repair_spares(field, mu, factor):
    amplitude, rate = np.array(field).T
    slow = effect.quadratic_dose_Gy2(amplitude, rate, repair_rate_per_s=mu)
    fast = effect.quadratic_dose_Gy2(amplitude, rate, repair_rate_per_s=factor * mu)
    assert fast <= slow * (1 + ROUNDING)


@given(st.floats(0, 1e3), st.floats(0, 1), st.floats(0.1, 100))
def test_bed_is_at_least_the_dose_and_eqd2_at_most_the_bed(dose, g, alpha_beta):
    bed = effect.bed_Gy(dose, g, alpha_beta_Gy=alpha_beta)
    eqd2 = effect.eqd2_Gy(bed, alpha_beta_Gy=alpha_beta)
    assert bed >= dose
    assert eqd2 <= bed
    back = effect.bed_of_eqd2_Gy(eqd2, alpha_beta_Gy=alpha_beta)
    np.testing.assert_allclose(back, bed, rtol=1e-14, atol=1e-300)  # denormals


@given(st.lists(st.floats(0, 10), min_size=3, max_size=30), st.floats(1e-3, 10))
def test_sampled_g_lies_in_zero_to_one_and_needs_no_uniform_grid(values, mu):
    time = np.cumsum(np.linspace(0.1, 2.0, len(values)))
    for interpolation in ("linear", "exponential", "cubic"):
        got = effect.protracted_dose(
            time, values, repair_rate_per_s=mu, interpolation=interpolation
        )
        assert got.dose_Gy >= 0.0
        assert 0.0 <= got.quadratic_dose_Gy2 <= got.dose_Gy**2 * (1 + ROUNDING) + 1e-300


@given(
    st.lists(st.floats(0, 10), min_size=2, max_size=12), st.floats(0.01, 10), st.floats(0.1, 0.9)
)
def test_linear_samples_may_be_split_anywhere(values, mu, share):
    """A sample put on the line between two others changes neither D nor Q."""
    time = np.arange(len(values), dtype=float)
    at = share * time[-1]
    k = int(np.searchsorted(time, at, side="right"))
    more_time = np.insert(time, k, at)
    more = np.insert(np.array(values, dtype=float), k, np.interp(at, time, values))
    a = effect.protracted_dose(time, values, repair_rate_per_s=mu)
    b = effect.protracted_dose(more_time, more, repair_rate_per_s=mu)
    np.testing.assert_allclose(b.quadratic_dose_Gy2, a.quadratic_dose_Gy2, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(b.dose_Gy, a.dose_Gy, rtol=1e-9, atol=1e-12)


@given(st.floats(0, 100), st.floats(0.01, 20), fields, positive)
def test_cycles_closer_together_never_do_less(gap, extra, field, mu):
    amplitude, rate = np.array(field).T
    two = (np.stack([amplitude, amplitude]), np.stack([rate, rate]))
    near = effect.course_quadratic_dose_Gy2(*two, start_s=[0.0, gap], repair_rate_per_s=mu)
    far = effect.course_quadratic_dose_Gy2(*two, start_s=[0.0, gap + extra], repair_rate_per_s=mu)
    alone = 2 * effect.quadratic_dose_Gy2(amplitude, rate, repair_rate_per_s=mu)
    assert alone * (1 - ROUNDING) <= far <= near * (1 + ROUNDING)


@given(st.floats(0, 400), st.floats(0, 50), st.floats(1, 1e12), st.floats(0.01, 1))
def test_more_bed_controls_more_and_probabilities_complement(bed, more, number, alpha):
    given_ = {"clonogens": number, "alpha_per_Gy": alpha}
    assert effect.log_tcp(bed + more, **given_) >= effect.log_tcp(bed, **given_)
    total = effect.tcp(bed, **given_) + effect.failure_probability(bed, **given_)
    np.testing.assert_allclose(total, 1.0, atol=1e-15)


@given(st.lists(st.floats(0, 200), min_size=2, max_size=8), st.floats(0.01, 1))
def test_equivalent_uniform_bed_lies_between_minimum_and_mean(beds, alpha):
    got = effect.equivalent_uniform_bed_Gy(beds, np.ones(len(beds)), alpha_per_Gy=alpha)
    assert min(beds) - 1e-9 <= got <= np.mean(beds) + 1e-9


@given(st.floats(0, 60), st.floats(0, 10))
def test_more_eqd2_never_lowers_the_complication_rate(eqd2, more):
    low = effect.lkb_ntcp(eqd2_Gy=eqd2, td50_eqd2_Gy=28.0, m=0.1)
    high = effect.lkb_ntcp(eqd2_Gy=eqd2 + more, td50_eqd2_Gy=28.0, m=0.1)
    assert 0.0 <= low <= high <= 1.0


@given(
    st.floats(0, 2), st.floats(0, 2), st.floats(0, 500), st.floats(1, 200), st.floats(1, 1000),
    st.floats(1, 500), st.floats(0, 30),
)  # fmt: skip
def test_lesion_mass_balances(viable, dead, bed, interval, doubling, clearance, half_time):
    step = effect.lesion_response(
        viable, bed, interval_s=interval, alpha_per_Gy=0.15, doubling_time_s=doubling,
        clearance_half_time_s=clearance, clonogens_per_kg=1e10, dead_mass_kg=dead,
        dose_half_time_s=half_time,
    )  # fmt: skip
    before = viable + dead + step.grown_mass_kg
    after = step.viable_mass_kg + step.dead_mass_kg + step.cleared_mass_kg
    # Quadrature error of dead mass, 1e-5 of what was killed, is the only one.
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-12)
    assert min(step.dead_mass_kg, step.killed_mass_kg, step.viable_mass_kg) >= 0.0


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 2), min_size=2, max_size=4))
def test_more_marrow_dose_never_raises_the_nadir(doses):
    time = np.linspace(0, 100 * 86400.0, 201)
    build_up = -np.expm1(-time / (3 * 86400.0))
    course = effect.blood_counts(
        time, np.sort(doses)[:, None] * build_up, output_time_s=time[1:],
        baseline_1e9_per_L=250.0, mean_transit_time_s=420 * 3600.0, feedback=0.161,
        sensitivity_per_Gy=0.58,
    )  # fmt: skip
    assert np.all(np.diff(course.nadir_1e9_per_L) <= 1e-9)
    assert np.all(course.count_1e9_per_L > 0.0)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 6))
def test_patients_do_not_influence_each_other(count):
    time = np.linspace(0, 60 * 86400.0, 121)
    bed = np.linspace(0.2, 1.5, count)[:, None] * -np.expm1(-time / (3 * 86400.0))
    given_ = {
        "output_time_s": time[1:], "baseline_1e9_per_L": 250.0,
        "mean_transit_time_s": 420 * 3600.0, "feedback": 0.161, "sensitivity_per_Gy": 0.58,
    }  # fmt: skip
    together = effect.blood_counts(time, bed, **given_)
    for p in range(count):
        alone = effect.blood_counts(time, bed[p], **given_)
        np.testing.assert_array_equal(alone.count_1e9_per_L[0], together.count_1e9_per_L[p])
