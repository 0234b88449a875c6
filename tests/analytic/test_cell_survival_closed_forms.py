"""Cells, oxygen, external beam, payload and clones against closed forms."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_bvp
from scipy.optimize import brentq

from ligandose import effect

HOUR, DAY = 3600.0, 86400.0
# Tissue for the oxygen cases; any positive numbers do.
TISSUE = {"consumption_mmHg_s": 22.1, "diffusion_um2_s": 2000.0}


def test_identical_cells_are_the_linear_quadratic_law():
    log_s = effect.cell_log_survival(
        np.full(5, 3.0), np.full(5, 9.0), alpha_per_Gy=0.2, alpha_beta_Gy=4.0
    )
    np.testing.assert_allclose(log_s, -(0.2 * 3 + 0.05 * 9), rtol=1e-14)
    assert effect.log_surviving_clonogens(log_s) == pytest.approx(log_s[0], rel=1e-14)


def test_the_kidney_check_case_gives_its_bed():
    """D 5 Gy, T_eff 51 h, T_rep 2.8 h, α/β 2.6 Gy: G 0.0520446, BED 5.50043 Gy (biology.md)."""
    rate, mu = np.log(2) / (51 * HOUR), np.log(2) / (2.8 * HOUR)
    matrix = effect.mode_matrix_Gy2([[rate]], [[rate]], repair_rate_per_s=mu)
    assert matrix[0, 0] == pytest.approx(0.0520446, abs=5e-8)
    quadratic = effect.cell_quadratic_dose_Gy2([[5.0]], matrix)
    log_s = effect.cell_log_survival(5.0, quadratic, alpha_per_Gy=0.1, alpha_beta_Gy=2.6)
    bed = effect.cell_equivalent_uniform_bed_Gy(log_s, alpha_per_Gy=0.1)
    assert bed == pytest.approx(5.50043, abs=5e-6)


def modes():
    """Three curves of dose rate: uptake and loss, two phases, one fast phase."""
    amplitude = np.array([[1e-5, -1e-5], [2e-5, 1e-6], [5e-5, 0.0]])
    rate = np.array([[2e-6, 2e-5], [3e-5, 1e-6], [8e-5, 1e-4]])
    return amplitude, rate, np.array([[1.0, 0.5, 0.0], [0.2, 2.0, 3.0], [0.0, 0.0, 1.0]])


def test_the_quadratic_form_is_what_the_summed_exponentials_give():
    amplitude, rate, weight = modes()
    mu = np.log(2) / (1.5 * HOUR)
    matrix = effect.mode_matrix_Gy2(amplitude, rate, repair_rate_per_s=mu)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-13)
    got = effect.cell_quadratic_dose_Gy2(weight, matrix)
    for w, q in zip(weight, got, strict=True):
        together = effect.quadratic_dose_Gy2(
            (w[:, None] * amplitude).ravel(), rate.ravel(), repair_rate_per_s=mu
        )
        # Same formula summed in another order.
        assert q == pytest.approx(together, rel=1e-12)


def test_sampled_modes_agree_with_the_samples_of_each_cell():
    time = np.concatenate([[0.0], np.geomspace(60.0, 40 * DAY, 60)])
    amplitude, rate, weight = modes()
    curves = np.sum(amplitude[:, None] * np.exp(-rate[:, None] * time[:, None]), axis=-1)
    curves = np.maximum(curves, 0.0)
    mu = np.log(2) / (1.5 * HOUR)
    matrix = effect.sampled_mode_matrix_Gy2(
        time, curves, repair_rate_per_s=mu, tail_rate_per_s=1e-6
    )
    got = effect.cell_quadratic_dose_Gy2(weight, matrix)
    each = effect.protracted_dose(
        time, weight @ curves, repair_rate_per_s=mu, tail_rate_per_s=1e-6
    ).quadratic_dose_Gy2
    # The polarisation loses up to the ratio of the largest to the smallest Q, about 1e3.
    np.testing.assert_allclose(got, each, rtol=1e-11)


def test_oxygen_acts_as_its_ratio_on_alpha_and_its_square_on_beta():
    got = effect.cell_log_survival(
        4.0, 16.0, alpha_per_Gy=0.3, alpha_beta_Gy=10.0, dose_alpha_Gy=1.0, rbe_max=5.0,
        oer_low=2.5, oer_alpha=1.2,
    )  # fmt: skip
    by_hand = -(0.3 / 2.5 * 4 + 0.03 / 2.5**2 * 16 + 0.3 * 5.0 / 1.2)
    assert got == pytest.approx(by_hand, rel=1e-14)


def test_alphas_with_interaction_are_one_acute_linear_quadratic_dose_at_equal_quality():
    """RBE 1, κ = 1 and no protraction: (D_L + D_H) as one low-LET dose, whatever the split."""
    low, high = 2.0, 3.0
    got = effect.cell_log_survival(
        low, low**2, alpha_per_Gy=0.2, alpha_beta_Gy=3.0, dose_alpha_Gy=high, rbe_max=1.0,
        oer_low=2.0, oer_alpha=2.0, interaction="zaider_rossi", alpha_quadratic_Gy2=high**2,
        cross_quadratic_Gy2=low * high, sqrt_beta_ratio=1.0,
    )  # fmt: skip
    dose = (low + high) / 2.0
    assert got == pytest.approx(-0.2 * (dose + dose**2 / 3.0), rel=1e-14)


def test_hits_are_poisson():
    """Σ n̄^k e^(−n̄)/k! s^k, summed."""
    mean, s1 = 2.7, 0.3
    by_hand = sum(mean**k * math.exp(-mean) / math.factorial(k) * s1**k for k in range(60))
    assert np.exp(effect.hit_log_survival(mean, s1)) == pytest.approx(by_hand, rel=1e-13)
    assert effect.hit_log_survival(mean, 0.0) == pytest.approx(
        np.log(effect.zero_hit_fraction(mean)), rel=1e-15
    )


def test_many_small_hits_are_a_dose():
    """z ≪ z₀: ln S = −n̄ z/z₀, with z/(2 z₀) to first order."""
    s1 = effect.single_hit_survival([1e-6], [3.0], z0_Gy=1.0)
    assert effect.hit_log_survival(1e6, s1) == pytest.approx(-1.0, rel=1e-6)


def test_cells_that_cannot_regrow_do_not_count():
    log_s = np.log([0.5, 0.1, 1.0])
    got = effect.log_surviving_clonogens(log_s, weight=[1.0, 1.0, 0.0])
    assert np.exp(got) == pytest.approx(0.3, rel=1e-14)


def test_mean_survival_does_not_underflow():
    got = effect.log_surviving_clonogens([-2000.0, -2001.0])
    assert got == pytest.approx(-2000.0 + math.log((1 + math.exp(-1)) / 2), rel=1e-14)


def test_control_of_few_cells_is_the_product_and_of_many_the_poisson_law():
    log_s = np.log([0.5, 0.2])
    exact = effect.cell_log_tcp(log_s, clonogens=2, statistics="each_cell")
    assert np.exp(exact) == pytest.approx(0.5 * 0.8, rel=1e-14)
    assert np.exp(effect.cell_log_tcp(log_s, clonogens=2)) == pytest.approx(math.exp(-0.7))
    assert effect.cell_log_tcp([0.0], clonogens=1, statistics="each_cell") == -np.inf
    many = np.full(1000, math.log(1e-4))
    # 1 − S against e^(−S): N S²/2 = 5e-6 on ln TCP.
    assert effect.cell_log_tcp(many, clonogens=1000, statistics="each_cell") == pytest.approx(
        effect.cell_log_tcp(many, clonogens=1000), abs=6e-6
    )


def test_krogh_tension_solves_diffusion_with_consumption():
    inner, outer, wall = 8.0, 40.0, 60.0
    r = np.linspace(inner, outer, 50)
    slope = TISSUE["consumption_mmHg_s"] / TISSUE["diffusion_um2_s"]
    solved = solve_bvp(
        lambda r, y: np.array([y[1], slope - y[1] / r]),
        lambda a, b: np.array([a[0] - wall, b[1]]),
        r, np.array([np.full(r.size, wall), np.zeros(r.size)]), tol=1e-10, max_nodes=100_000,
    )  # fmt: skip
    got = effect.vessel_tension_mmHg(
        r - inner, capillary_radius_um=inner, tissue_radius_um=outer, capillary_mmHg=wall, **TISSUE
    )
    np.testing.assert_allclose(got, solved.sol(r)[0], rtol=1e-7)


def test_krogh_reach_is_where_tension_and_its_slope_vanish():
    inner, wall = 8.0, 40.0
    reach = effect.krogh_reach_um(capillary_radius_um=inner, capillary_mmHg=wall, **TISSUE)
    quarter = TISSUE["consumption_mmHg_s"] / (4 * TISSUE["diffusion_um2_s"])
    by_hand = brentq(
        lambda x: quarter * (2 * x**2 * np.log(x / inner) - x**2 + inner**2) - wall,
        inner, 1e4, xtol=1e-10,
    )  # fmt: skip
    assert reach == pytest.approx(by_hand, rel=1e-10)
    near = effect.vessel_tension_mmHg(
        [reach - inner - 1e-3, reach - inner, reach], capillary_radius_um=inner,
        tissue_radius_um=500.0, capillary_mmHg=wall, **TISSUE,
    )  # fmt: skip
    # p ≈ a δ²/(2D) at a distance δ inside the reach.
    assert near[0] == pytest.approx(2 * quarter * 1e-6, rel=1e-2)
    assert near[1] == near[2] == 0.0


def test_oxygen_without_consumption_is_everywhere_that_of_the_wall():
    got = effect.vessel_tension_mmHg(
        [0.0, 50.0, 500.0], capillary_radius_um=8.0, tissue_radius_um=100.0, capillary_mmHg=40.0,
        consumption_mmHg_s=0.0, diffusion_um2_s=2000.0,
    )  # fmt: skip
    np.testing.assert_allclose(got, 40.0)


def test_wide_vessels_supply_like_a_plane():
    """R_c → ∞ with tissue of thickness L: p = p_c − a (x L − x²/2)/D."""
    depth, x = 30.0, np.array([0.0, 10.0, 30.0])
    got = effect.vessel_tension_mmHg(
        x, capillary_radius_um=1e6, tissue_radius_um=1e6 + depth, capillary_mmHg=50.0, **TISSUE
    )
    plane = 50.0 - 22.1 / 2000.0 * (x * depth - x**2 / 2)
    # Curvature L/R_c = 3e-5; the logarithm cancels to 1e-16 (R_c/L)² a L²/D = 1e-6 mmHg.
    np.testing.assert_allclose(got, plane, rtol=1e-4)


def test_spheroid_tension_solves_diffusion_with_consumption():
    outer, surface = 300.0, 100.0
    limit = effect.diffusion_limit_um(surface_mmHg=surface, **TISSUE)
    core = float(effect.anoxic_radius_um(outer, diffusion_limit_um=limit))
    r = np.linspace(core, outer, 7)
    got = effect.spheroid_tension_mmHg(r, spheroid_radius_um=outer, surface_mmHg=surface, **TISSUE)
    slope = 22.1 / 2000.0
    # Flux through r supplies what lies between the core and r: p' = a (r³ − r_n³)/(3 D r²).
    by_flux = [surface - quad(lambda x: slope * (x**3 - core**3) / (3 * x**2), q, outer)[0]
               for q in r]  # fmt: skip
    np.testing.assert_allclose(got, by_flux, atol=1e-9)
    assert got[0] == 0.0
    inside = effect.spheroid_tension_mmHg(
        core / 2, spheroid_radius_um=outer, surface_mmHg=surface, **TISSUE
    )
    assert inside == 0.0


def test_anoxic_radius_solves_its_cubic_and_vanishes_at_the_limit():
    outer = np.array([100.0, 233.0, 240.0, 500.0, 3000.0])
    limit = 233.0
    core = effect.anoxic_radius_um(outer, diffusion_limit_um=limit)
    assert core[0] == core[1] == 0.0
    left = (outer - core) ** 2 * (1 + 2 * core / outer)
    np.testing.assert_allclose(left[2:], limit**2, rtol=1e-10)
    # A large spheroid is a plane: the rim is √(2 D p₀/a) = r_l/√3, with 1/r_o corrections.
    assert outer[-1] - core[-1] == pytest.approx(limit / math.sqrt(3), rel=0.05)


def test_oxygen_ratio_has_its_limits():
    args = {"oer_max": 2.7, "half_mmHg": 3.0}
    assert effect.oer_dose_factor(0.0, **args) == pytest.approx(2.7)
    assert effect.oer_dose_factor(1e9, **args) == pytest.approx(1.0, rel=1e-8)
    # At K the sensitivity 1/OER is half-way between anoxic 1/m and oxic 1.
    assert 1 / effect.oer_dose_factor(3.0, **args) == pytest.approx((1 / 2.7 + 1) / 2)
    assert effect.oer_dose_factor(5.0, **args, reference_mmHg=5.0) == 1.0


def test_scifoni_form_is_the_same_with_its_constant_times_the_ratio():
    """(b M + p)/(b + p) = m (p + K)/(m p + K) for K = b m."""
    p = np.array([0.0, 0.5, 3.0, 20.0])
    m, b = 2.1, 1.9
    got = effect.oer_dose_factor(p, oer_max=m, half_mmHg=b * m)
    np.testing.assert_allclose(got, (b * m + p) / (b + p), rtol=1e-14)


def test_fractions_with_incomplete_repair_are_thames_factor():
    n, d, gap, mu = 10, 2.0, 6 * HOUR, np.log(2) / (4 * HOUR)
    got = effect.fractions_quadratic_dose_Gy2(
        gap * np.arange(n), np.full(n, d), repair_rate_per_s=mu
    )
    phi = math.exp(-mu * gap)
    h = 2 / n * phi / (1 - phi) * (n - (1 - phi**n) / (1 - phi))
    assert got == pytest.approx(n * d**2 * (1 + h), rel=1e-13)


def test_fractions_without_repair_are_one_dose():
    got = effect.fractions_quadratic_dose_Gy2(
        [0.0, 5.0, 9.0], [1.0, 2.0, 3.0], repair_rate_per_s=0.0
    )
    assert got == pytest.approx(36.0)


@pytest.mark.parametrize("at", [-2 * HOUR, 0.0, 5 * HOUR, 3 * DAY])
@pytest.mark.parametrize("repair_h", [0.5, 10.0, 51.0])
def test_pairs_of_a_fraction_and_a_decaying_rate_are_their_double_integral(at, repair_h):
    rate, mu = np.log(2) / (51 * HOUR), np.log(2) / (repair_h * HOUR)
    got = effect.fraction_pairs_Gy2(
        [1e-5], [rate], time_s=[at], dose_Gy=[2.0], repair_rate_per_s=mu
    )

    def integrand(s):
        return 1e-5 * np.exp(-rate * s - mu * abs(at - s))

    cut = max(at, 0.0)
    exact = quad(integrand, 0, cut)[0] + quad(integrand, cut, cut + 40 * 51 * HOUR, limit=400)[0]
    # The quadrature's own error is below 1e-8 of the integral.
    assert got == pytest.approx(2.0 * exact, rel=1e-7)


def test_without_repair_both_treatments_are_one_dose():
    """μ = 0: Q of both is (D_R + D_X)², so BED is that of one acute dose."""
    rate = 4e-6
    own = effect.quadratic_dose_Gy2([8.0 * rate], [rate], repair_rate_per_s=0.0)
    had = effect.bed_of_quadratic_Gy(8.0, own, alpha_beta_Gy=3.0)
    time, dose = [0.0, DAY], [2.0, 2.0]
    both = effect.combined_bed(
        had, external_dose_Gy=4.0, alpha_beta_Gy=3.0,
        external_quadratic_Gy2=effect.fractions_quadratic_dose_Gy2(
            time, dose, repair_rate_per_s=0.0
        ),
        pairs_Gy2=effect.fraction_pairs_Gy2(
            [8.0 * rate], [rate], time_s=time, dose_Gy=dose, repair_rate_per_s=0.0
        ),
    )  # fmt: skip
    assert both.total_Gy == pytest.approx(12.0 + 144.0 / 3.0, rel=1e-12)


def test_what_is_left_of_a_limit_fills_it():
    left = effect.external_dose_left_Gy(
        40.0, radionuclide_bed_Gy=27.0, dose_per_fraction_Gy=2.0, alpha_beta_Gy=2.6
    )
    both = effect.combined_bed(
        27.0, external_dose_Gy=left, external_quadratic_Gy2=2.0 * left, alpha_beta_Gy=2.6
    )
    assert both.total_Gy == pytest.approx(40.0, rel=1e-14)
    assert effect.external_dose_left_Gy(
        23.0, radionuclide_bed_Gy=27.0, dose_per_fraction_Gy=2.0, alpha_beta_Gy=2.6
    ) == 0.0  # fmt: skip


def test_what_leaves_a_cell_is_taken_up_in_all_space():
    """Own sphere plus ∫ of the kernel outside it: 1 to the quadrature's 1e-8."""
    length, volume = 40.0, 2744.0
    radius = np.cbrt(3 * volume / (4 * np.pi))
    outside = quad(
        lambda r: 4 * np.pi * r**2 * np.exp(-r / length) / (4 * np.pi * length**2 * r),
        radius, 60 * length, limit=200,
    )[0]  # fmt: skip
    assert effect.own_uptake(length, volume) + outside == pytest.approx(1.0, abs=1e-8)


def test_a_neighbours_uptake_is_the_mean_of_the_kernel_over_its_sphere():
    length, volume, distance = 15.0, 2744.0, 22.0
    radius = np.cbrt(3 * volume / (4 * np.pi))

    def shell(s):
        # Mean over a sphere of radius s by the law of cosines, times its area.
        def ring(c):
            r = np.sqrt(distance**2 + s**2 - 2 * distance * s * c)
            return 0.5 * np.exp(-r / length) / r

        return 4 * np.pi * s**2 * quad(ring, -1, 1)[0]

    by_hand = quad(shell, 0, radius)[0] / (4 * np.pi * length**2)
    got = effect.neighbour_uptake(distance, length_um=length, cell_volume_um3=volume)
    assert got == pytest.approx(by_hand, rel=1e-9)


def test_in_a_cell_far_smaller_than_the_length_the_kernel_is_that_of_its_centre():
    got = effect.neighbour_uptake(500.0, length_um=2000.0, cell_volume_um3=2000.0)
    centre = 2000.0 * np.exp(-0.25) / (4 * np.pi * 2000.0**2 * 500.0)
    ratio = np.cbrt(3 * 2000.0 / (4 * np.pi)) / 2000.0
    assert got / centre - 1 == pytest.approx(ratio**2 / 10, rel=1e-4)


def test_payload_in_a_periodic_block_is_kept():
    edge = 14.0
    axis = edge * np.arange(6)
    centres = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(-1, 3)
    payload = np.where(np.arange(216) % 3 == 0, 1e5, 0.0)
    got = effect.bystander_payload(
        centres, payload, length_um=20.0, leaving_fraction=0.6, cell_volume_um3=edge**3,
        box_um=[6 * edge] * 3,
    )  # fmt: skip
    # Spheres of the cells' volume leave the gaps of a cubic lattice: 0.1 % at 20 µm.
    assert np.sum(got) == pytest.approx(np.sum(payload), rel=3e-3)
    assert got.min() > 0.0


def test_one_pair_of_cells_exchanges_by_the_kernel():
    got = effect.bystander_payload(
        [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]], [1000.0, 0.0], length_um=30.0,
        leaving_fraction=0.5, cell_volume_um3=2000.0,
    )  # fmt: skip
    share = effect.neighbour_uptake(20.0, length_um=30.0, cell_volume_um3=2000.0)
    # 1e-3 of a pair is what the sum over pairs is asked for.
    assert got[1] == pytest.approx(500.0 * share, rel=1e-3)
    assert got[0] == pytest.approx(500.0 * (1 + effect.own_uptake(30.0, 2000.0)), rel=1e-12)


def test_hill_kill_is_half_of_its_most_at_its_half():
    got = effect.payload_log_survival(
        [0.0, 1e5, 1e12], model="hill", half_molecules=1e5, hill=1.7, most_killed=0.98
    )
    np.testing.assert_allclose(np.exp(got), [1.0, 0.51, 0.02], rtol=1e-6)


def test_two_clones_that_differ_in_survival_alone_follow_the_geometric_law():
    log_s = np.tile(np.log([1e-3, 1e-1]), (3, 1))
    got = effect.clone_selection(
        [0.999, 0.001], log_s, interval_s=30 * DAY, doubling_time_s=60 * DAY,
        density=[100.0, 10.0], alpha_per_Gy=[0.3, 0.2],
    )  # fmt: skip
    odds = 0.001 / 0.999 * 100.0 ** np.arange(4)
    np.testing.assert_allclose(got.fraction[:, 1], odds / (1 + odds), rtol=1e-12)
    np.testing.assert_allclose(got.density, 10 + 90 / (1 + odds), rtol=1e-12)
    cells = 0.999 * 1e-3**3 + 0.001 * 1e-1**3
    assert got.log_viable[3] == pytest.approx(math.log(cells) + 1.5 * math.log(2), rel=1e-12)


def test_one_clone_gets_the_same_dose_in_every_cycle():
    got = effect.clone_course(
        [1.0], cycles=3, self_dose_Gy=2.0, cross_dose_Gy=8.0, quadratic_factor=0.05,
        alpha_beta_Gy=10.0, interval_s=0.0, doubling_time_s=np.inf, density=[7.0],
        alpha_per_Gy=[0.2],
    )  # fmt: skip
    np.testing.assert_allclose(got.log_survival, -0.2 * (10 + 0.05 * 100 / 10), rtol=1e-14)
    np.testing.assert_allclose(got.fraction, 1.0)


def test_a_clone_loses_crossfire_when_targets_are_lost():
    """Two cycles by hand: own share by density, crossfire by the mean density of the time."""
    got = effect.clone_course(
        [0.9, 0.1], cycles=2, self_dose_Gy=3.0, cross_dose_Gy=6.0, quadratic_factor=0.0,
        alpha_beta_Gy=10.0, interval_s=0.0, doubling_time_s=np.inf, density=[10.0, 0.0],
        alpha_per_Gy=0.5,
    )  # fmt: skip
    first = -0.5 * np.array([3.0 * 10 / 9 + 6.0, 6.0])
    np.testing.assert_allclose(got.log_survival[0], first, rtol=1e-12)
    left = np.array([0.9, 0.1]) * np.exp(first)
    mean = 10.0 * left[0] / np.sum(left)
    second = -0.5 * np.array([3.0 * 10 / 9 + 6.0 * mean / 9, 6.0 * mean / 9])
    np.testing.assert_allclose(got.log_survival[1], second, rtol=1e-12)


def test_spread_of_circulating_dose_is_that_of_poisson_passages():
    flow, inside, volume, rate0, decay = 1e-4, 5e-3, 5.0, 1e-3, 2e-6
    got = effect.circulating_dose(
        1.0, tumour_dose_rate_Gy_s=rate0, decay_rate_per_s=decay, tumour_flow_L_s=flow,
        tumour_blood_L=inside, blood_volume_L=volume, alpha_per_Gy=0.6,
    )  # fmt: skip
    each = rate0 * inside / flow
    variance = flow / volume * quad(lambda t: (each * np.exp(-decay * t)) ** 2, 0, 20 / decay)[0]
    assert got.dose_sd_Gy == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_circulating_dose_is_the_tumours_share_of_the_blood():
    """Mean dose = V_tumour/V_blood ∫ R dt, whatever the flow; one passage is its transit time."""
    got = effect.circulating_dose(
        0.1, tumour_dose_rate_Gy_s=[1e-4, 1e-4], decay_rate_per_s=2e-6,
        tumour_flow_L_s=[4e-4, 4e-5], tumour_blood_L=5e-3, blood_volume_L=5.0, alpha_per_Gy=0.6,
    )  # fmt: skip
    np.testing.assert_allclose(got.mean_dose_Gy, 0.1 + 1e-3 * 1e-4 / 2e-6, rtol=1e-13)
    np.testing.assert_allclose(got.passage_s, [12.5, 125.0])
    # Many small passages: ln S → −α D, short of it by α R τ/4 in the part of the tumour.
    np.testing.assert_allclose(got.log_survival, -0.6 * got.mean_dose_Gy, rtol=1e-3)
    assert got.log_survival[1] > got.log_survival[0]


def test_survival_over_passages_is_the_integral_over_the_decay():
    flow, inside, volume, alpha, rate0, decay = 1e-5, 5e-3, 5.0, 0.6, 2e-3, 2e-6
    got = effect.circulating_dose(
        0.0, tumour_dose_rate_Gy_s=rate0, decay_rate_per_s=decay, tumour_flow_L_s=flow,
        tumour_blood_L=inside, blood_volume_L=volume, alpha_per_Gy=alpha,
    )  # fmt: skip
    each = alpha * rate0 * inside / flow
    exact = -flow / volume * quad(
        lambda t: -np.expm1(-each * np.exp(-decay * t)), 0, 40 / decay, limit=400
    )[0]  # fmt: skip
    assert got.log_survival == pytest.approx(exact, rel=1e-9)


def test_one_passage_through_a_nucleus_brings_let_over_its_area():
    """1 keV/µm in 1 µm³ of water: 1.602e-16 J in 1e-15 kg."""
    assert effect.alpha_per_Gy_of_hits(1.0, 1.0) == pytest.approx(1 / 0.1602176634, rel=1e-12)
    back = effect.inactivation_cross_section_um2(effect.alpha_per_Gy_of_hits(42.0, 120.0), 120.0)
    assert back == pytest.approx(42.0, rel=1e-14)


def test_dose_mean_let_is_the_integral_of_let_over_energy():
    start = 5.3
    energy = np.linspace(1.001e-3, start, 200_001)
    exact = np.trapezoid(effect.alpha_let_keV_um(energy), energy)
    # Trapezoids on the table's own energies, 6 % apart, against its logarithmic interpolation.
    assert effect.dose_mean_let_keV_um(start) == pytest.approx(exact / start, rel=2e-3)


def test_histogram_counts_cells():
    dvh = effect.cell_dvh([1.0, 2.0, 2.0, 5.0], edge_Gy=[0.0, 1.5, 3.0, 6.0])
    np.testing.assert_allclose(dvh.differential, [0.25, 0.5, 0.25])
    np.testing.assert_allclose(dvh.cumulative, [1.0, 0.75, 0.25, 0.0])
    assert (dvh.mean_Gy, dvh.d95_Gy, dvh.d50_Gy, dvh.d2_Gy) == (2.5, 1.0, 2.0, 5.0)
    np.testing.assert_allclose(effect.fraction_at_dose([1.0, 2.0, 2.0, 5.0], [0, 2, 2.1, 9]),
                               [1.0, 0.75, 0.25, 0.0])  # fmt: skip


def test_histograms_of_classes_share_their_edges():
    got = effect.cell_dvh_by_class([1.0, 3.0, 9.0], [0, 0, 2], names=["tumour", "stroma", "t"])
    assert list(got) == ["tumour", "t"]
    np.testing.assert_array_equal(got["tumour"].edge_Gy, got["t"].edge_Gy)
    assert got["t"].cells == 1.0
