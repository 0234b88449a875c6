"""Blood counts, lesions and the Lea–Catcheside integral against general-purpose solvers."""

import numpy as np
import pytest
from scipy.integrate import dblquad, solve_ivp

from ligandose import effect

DAY = 86400.0
pytestmark = pytest.mark.oracle


def test_blood_counts_agree_with_an_adaptive_solver():
    mtt, gamma, kill, rate = 420 * 3600.0, 0.161, 0.6, np.log(2) / (3 * DAY)
    starts = np.arange(3) * 42 * DAY
    samples = np.linspace(0, 200 * DAY, 100001)
    bed = sum(0.8 * -np.expm1(-rate * np.clip(samples - s, 0, None)) for s in starts)
    wanted = np.arange(1, 201) * DAY
    ours = effect.blood_counts(
        samples, bed, output_time_s=wanted, baseline_1e9_per_L=1.0, mean_transit_time_s=mtt,
        feedback=gamma, sensitivity_per_Gy=kill,
    )  # fmt: skip
    k = 4.0 / mtt

    def slope(t, y):
        bed_rate = sum(0.8 * rate * np.exp(-rate * (t - s)) for s in starts if t >= s)
        growth = k * (y[4] ** -gamma - 1.0) - kill * bed_rate
        return [growth * y[0], *(k * (y[i] - y[i + 1]) for i in range(4))]

    reference, y = [], np.ones(5)
    for a, b in zip(starts, [*starts[1:], 200 * DAY], strict=True):
        inside = wanted[(wanted > a) & (wanted <= b)]
        run = solve_ivp(slope, (a, b), y, method="LSODA", t_eval=inside, rtol=1e-10, atol=1e-12)
        reference.append(run.y[4])
        y = run.y[:, -1]
    # 1e-6 of the baseline: the accuracy that the module states, with room for the reference.
    np.testing.assert_allclose(ours.count_1e9_per_L[0], np.concatenate(reference), atol=1e-6)


@pytest.mark.parametrize("bed", [0.1, 5.0, 80.0, 600.0])
def test_lesion_step_agrees_with_an_adaptive_solver(bed):
    alpha, td, tc, half, interval = 0.147, 60 * DAY, 40 * DAY, 2.5 * DAY, 42 * DAY
    ours = effect.lesion_response(
        0.02, bed, interval_s=interval, alpha_per_Gy=alpha, doubling_time_s=td,
        clearance_half_time_s=tc, clonogens_per_kg=1e10, dead_mass_kg=0.003,
        dose_half_time_s=half,
    )  # fmt: skip
    g, k, rate = np.log(2) / td, np.log(2) / tc, np.log(2) / half

    def slope(t, y):
        kill = alpha * bed * rate * np.exp(-rate * t)
        log_v, dead = y[0], y[1]
        v = np.exp(log_v)
        return [g - kill, kill * v - k * dead, kill * v, k * dead]

    run = solve_ivp(
        slope, (0, interval), [np.log(0.02), 0.003, 0.0, 0.0], rtol=1e-10, atol=1e-14,
        method="LSODA",
    )  # fmt: skip
    log_v, dead, killed, cleared = run.y[:, -1]
    assert np.log(ours.viable_mass_kg) == pytest.approx(log_v, rel=1e-8)
    # 1e-5: quadrature error that the module states.
    assert ours.dead_mass_kg == pytest.approx(dead, rel=1e-5)
    assert ours.killed_mass_kg == pytest.approx(killed, rel=1e-5)
    assert ours.cleared_mass_kg == pytest.approx(cleared, rel=1e-4)


def test_closed_form_of_an_uptake_curve_agrees_with_double_quadrature():
    amplitude, rate, mu = np.array([1.0, -0.8]), np.array([0.02, 0.4]), 0.25

    def dose_rate(t):
        return float(np.sum(amplitude * np.exp(-rate * t)))

    # e^(−0.02·1200) = 4e-11 of the slow phase is cut off.
    inner = dblquad(
        lambda s, t: dose_rate(t) * dose_rate(s) * np.exp(-mu * (t - s)),
        0, 1200, lambda t: max(0.0, t - 120.0), lambda t: t, epsabs=1e-7, epsrel=1e-7,
    )[0]  # fmt: skip
    ours = effect.quadratic_dose_Gy2(amplitude, rate, repair_rate_per_s=mu)
    assert ours == pytest.approx(2 * inner, rel=1e-6)
