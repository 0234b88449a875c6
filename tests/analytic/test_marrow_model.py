"""The blood-count model where its answer is known without solving it."""

import numpy as np
import pytest

from ligandose import effect

DAY = 86400.0
TIME = np.linspace(0, 300 * DAY, 601)
NORMAL = {
    "baseline_1e9_per_L": 250.0,
    "mean_transit_time_s": 420 * 3600.0,
    "feedback": 0.161,
    "sensitivity_per_Gy": 0.58,
}


def test_without_dose_the_count_stays_at_its_baseline():
    got = effect.blood_counts(TIME, np.zeros_like(TIME), output_time_s=TIME, **NORMAL)
    np.testing.assert_allclose(got.count_1e9_per_L, 250.0, rtol=1e-13)


def test_the_count_returns_to_baseline_after_one_dose():
    bed = np.where(TIME > 0, 1.0, 0.0)
    got = effect.blood_counts(TIME, bed, output_time_s=[1200 * DAY], **NORMAL)
    # The slowest mode has died away by then; 1e-4 is far below any count's precision.
    assert got.count_1e9_per_L[0, -1] == pytest.approx(250.0, rel=1e-4)


def test_without_feedback_the_proliferating_kill_passes_through_the_transit_chain():
    """γ = 0: C → C₀ e^(−sB) for good, along a gamma distribution of 4 stages at rate k."""
    from math import factorial

    kill, mtt = 0.7, 200 * 3600.0
    time = np.linspace(0, 60 * DAY, 121)
    bed = np.ones_like(time)
    bed[0] = 0.0
    sharp = np.concatenate([[0.0, 1e-3], time[1:]])
    got = effect.blood_counts(
        sharp, np.concatenate([[0.0], np.ones(sharp.size - 1)]), output_time_s=time[1:],
        baseline_1e9_per_L=1.0, mean_transit_time_s=mtt, feedback=0.0, sensitivity_per_Gy=kill,
    )  # fmt: skip
    kt = 4.0 / mtt * time[1:]
    through = 1 - np.exp(-kt) * sum(kt**j / factorial(j) for j in range(4))
    expected = 1 - (1 - np.exp(-kill)) * through
    # 1e-6: the Runge–Kutta error that the module states, with room.
    np.testing.assert_allclose(got.count_1e9_per_L[0], expected, atol=1e-6)


def test_grades_follow_the_limits_from_below():
    grade = effect.ctcae_grade(
        [200.0, 150.0, 149.9, 75.0, 74.9, 50.0, 49.9, 25.0, 24.9, 0.0],
        lower_limit_1e9_per_L=150.0,
        grade_limits_1e9_per_L=(75.0, 50.0, 25.0),
    )
    np.testing.assert_array_equal(grade, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])


def test_cycle_nadirs_are_taken_within_each_cycle():
    start = np.arange(4) * 56 * DAY
    bed = np.sum(np.where(TIME[None] >= start[:, None], 0.4, 0.0), axis=0)
    got = effect.blood_counts(TIME, bed, output_time_s=TIME, **NORMAL)
    nadirs = effect.cycle_nadirs(got, start)
    assert nadirs.shape == (1, 4)
    assert np.min(nadirs) == pytest.approx(float(got.nadir_1e9_per_L[0]), rel=1e-4)


def test_calibration_recovers_the_parameters_that_made_a_nadir():
    time = np.linspace(0, 250 * DAY, 2501)
    bed = 1.2 * -np.expm1(-np.log(2) * time / (60 * 3600.0))
    made = effect.blood_counts(
        time, bed, output_time_s=time, baseline_1e9_per_L=1.0, mean_transit_time_s=300 * 3600.0,
        feedback=0.2, sensitivity_per_Gy=0.5,
    )  # fmt: skip
    kill, transit = effect.marrow_response_of_nadir(
        float(made.nadir_1e9_per_L[0]), float(made.nadir_time_s[0]),
        marrow_bed_Gy=1.2, dose_half_time_s=60 * 3600.0, feedback=0.2,
    )  # fmt: skip
    # The nadir's time is read to one step of 0.1 d in about 25 d: 0.4 %.
    assert kill == pytest.approx(0.5, rel=5e-3)
    assert transit == pytest.approx(300 * 3600.0, rel=5e-3)
