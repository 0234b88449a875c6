"""What must hold for cells whatever the numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose import effect

doses = st.lists(st.floats(0.0, 60.0), min_size=1, max_size=30)
alphas = st.floats(0.01, 1.0)
ratios = st.floats(1.0, 30.0)
tensions = st.lists(st.floats(0.0, 160.0), min_size=2, max_size=20)
CLOCK = {"consumption_mmHg_s": 22.1, "diffusion_um2_s": 2000.0}


@settings(deadline=None)
@given(doses, alphas, ratios, st.floats(0.0, 1.0))
def test_a_spread_of_effect_never_raises_control(dose, alpha, ratio, g):
    """Jensen, on BED: e^(−α BED) is convex. (On dose it is not: the shoulder is concave.)"""
    d = np.array(dose)
    log_s = effect.cell_log_survival(d, g * d**2, alpha_per_Gy=alpha, alpha_beta_Gy=ratio)
    spread = effect.cell_log_tcp(log_s, clonogens=1e6)
    uniform = effect.cell_log_tcp([np.mean(log_s)], clonogens=1e6)
    assert spread <= uniform * (1 - 1e-9) + 1e-12


@settings(deadline=None)
@given(doses, alphas, ratios)
def test_survival_falls_with_dose(dose, alpha, ratio):
    d = np.sort(dose)
    log_s = effect.cell_log_survival(d, d**2, alpha_per_Gy=alpha, alpha_beta_Gy=ratio)
    assert np.all(np.diff(log_s) <= 0.0)


@settings(deadline=None)
@given(doses, alphas, ratios, st.floats(0.01, 100.0))
def test_the_unit_of_dose_does_not_matter(dose, alpha, ratio, unit):
    """Gy to any other unit u: D u, Q u², α/u, (α/β) u."""
    d = np.array(dose)
    one = effect.cell_log_survival(
        d, d**2, alpha_per_Gy=alpha, alpha_beta_Gy=ratio, dose_alpha_Gy=0.1 * d, rbe_max=4.0
    )
    other = effect.cell_log_survival(
        d * unit, (d * unit) ** 2, alpha_per_Gy=alpha / unit, alpha_beta_Gy=ratio * unit,
        dose_alpha_Gy=0.1 * d * unit, rbe_max=4.0,
    )  # fmt: skip
    # below 1e-290 Gy doubles lose digits, in one unit before the other
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-290)


@settings(deadline=None)
@given(st.lists(st.floats(1e-7, 1e-3), min_size=2, max_size=4), st.floats(1e-3, 1e3))
def test_the_unit_of_time_does_not_matter(rates, unit):
    """s to any other unit u: rates and repair u, amplitudes u; doses stay."""
    rate = np.array(rates)[:, None]
    one = effect.mode_matrix_Gy2(rate, rate, repair_rate_per_s=1e-4)
    other = effect.mode_matrix_Gy2(rate * unit, rate * unit, repair_rate_per_s=1e-4 * unit)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    # Each mode is 1 Gy, so that every entry is a G between 0 and 1.
    assert np.all((one > 0.0) & (one <= 1.0 + 1e-12))


@settings(deadline=None)
@given(doses, st.integers(0, 2**32 - 1))
def test_the_order_of_cells_does_not_matter(dose, seed):
    log_s = -np.array(dose)
    shuffled = np.random.default_rng(seed).permutation(log_s)
    one, other = (effect.log_surviving_clonogens(x) for x in (log_s, shuffled))
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    assert np.min(log_s) - 1e-12 <= one <= np.max(log_s) + 1e-12


@settings(deadline=None)
@given(doses, st.integers(1, 5))
def test_a_cell_of_weight_k_is_k_cells(dose, k):
    log_s = -np.array(dose)
    weighted = effect.log_surviving_clonogens(log_s, weight=np.full(log_s.size, float(k)))
    listed = effect.log_surviving_clonogens(np.repeat(log_s, k))
    np.testing.assert_allclose(weighted, listed, rtol=1e-12, atol=1e-14)


@settings(deadline=None)
@given(tensions, st.floats(1.0, 3.5), st.floats(0.1, 10.0))
def test_more_oxygen_never_protects(tension, most, half):
    p = np.sort(tension)
    factor = effect.oer_dose_factor(p, oer_max=most, half_mmHg=half)
    assert np.all(np.diff(factor) <= 1e-12)
    assert np.all((factor >= 1.0) & (factor <= most * (1 + 1e-12)))
    log_s = effect.cell_log_survival(3.0, 9.0, alpha_per_Gy=0.2, alpha_beta_Gy=5.0, oer_low=factor)
    assert np.all(np.diff(log_s) <= 1e-12)


@settings(deadline=None)
@given(tensions, st.floats(0.0, 300.0), st.sampled_from(["measured", "scifoni"]))
def test_alphas_need_oxygen_no_more_than_photons(tension, let, model):
    photon = effect.oer_dose_factor(
        tension, oer_max=effect.oer_max_of_let(0.0, model=model), half_mmHg=3.0
    )
    alpha = effect.oer_dose_factor(
        tension, oer_max=effect.oer_max_of_let(let, model=model), half_mmHg=3.0
    )
    assert np.all(alpha <= photon + 1e-12)


@settings(deadline=None)
@given(
    st.lists(st.floats(0.0, 300.0), min_size=2, max_size=20), st.floats(2.0, 20.0),
    st.floats(1.0, 150.0), st.floats(0.0, 120.0),
)  # fmt: skip
def test_tension_falls_from_the_wall_to_zero_at_the_least(distance, inner, more, wall):
    x = np.sort(distance)
    p = effect.vessel_tension_mmHg(
        x, capillary_radius_um=inner, tissue_radius_um=inner + more, capillary_mmHg=wall, **CLOCK
    )
    assert np.all((p >= 0.0) & (p <= wall + 1e-9))
    # Rounding of r² terms of order a R²/D.
    assert np.all(np.diff(p) <= 1e-9)


@settings(deadline=None)
@given(st.floats(10.0, 2000.0), st.floats(0.0, 160.0))
def test_a_spheroid_is_best_supplied_at_its_surface(radius, surface):
    r = np.linspace(0.0, radius, 25)
    p = effect.spheroid_tension_mmHg(r, spheroid_radius_um=radius, surface_mmHg=surface, **CLOCK)
    assert np.all(np.diff(p) >= -1e-9)
    assert abs(p[-1] - surface) <= 1e-9
    assert p[0] >= 0.0


@settings(deadline=None)
@given(
    st.lists(st.floats(0.1, 8.0), min_size=1, max_size=8), st.floats(0.0, 3e5),
    st.floats(1e-6, 1e-2),
)  # fmt: skip
def test_repair_between_fractions_lies_between_none_and_all(dose, gap, mu):
    time = gap * np.arange(len(dose))
    q = effect.fractions_quadratic_dose_Gy2(time, dose, repair_rate_per_s=mu)
    d = np.array(dose)
    assert np.sum(d**2) * (1 - 1e-12) <= q <= np.sum(d) ** 2 * (1 + 1e-12)


@settings(deadline=None)
@given(st.floats(0.0, 80.0), st.floats(0.0, 60.0), st.floats(0.5, 5.0), st.floats(1.0, 15.0))
def test_both_treatments_are_never_less_than_one(radionuclide, external, fraction, ratio):
    both = effect.combined_bed(
        radionuclide, external_dose_Gy=external, external_quadratic_Gy2=external * fraction,
        alpha_beta_Gy=ratio,
    )  # fmt: skip
    assert both.total_Gy >= max(radionuclide, external)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0.05, 1.0), min_size=2, max_size=4), st.floats(0.1, 20.0),
    st.floats(0.0, 20.0), st.integers(1, 6),
)  # fmt: skip
def test_selection_never_raises_the_mean_density(density, own, cross, cycles):
    """Equal α and growth: cells with more targets get more dose, so fewer targets are left."""
    n = len(density)
    got = effect.clone_course(
        np.full(n, 1.0 / n), cycles=cycles, self_dose_Gy=own, cross_dose_Gy=cross,
        quadratic_factor=0.1, alpha_beta_Gy=10.0, interval_s=4e6, doubling_time_s=8e6,
        density=density, alpha_per_Gy=0.2,
    )  # fmt: skip
    np.testing.assert_allclose(np.sum(got.fraction, axis=1), 1.0, rtol=1e-12)
    assert np.all(np.diff(got.density) <= 1e-12)


@settings(deadline=None)
@given(doses)
def test_a_histogram_holds_every_cell_once(dose):
    dvh = effect.cell_dvh(dose)
    np.testing.assert_allclose(np.sum(dvh.differential), 1.0, rtol=1e-12)
    assert dvh.cumulative[0] == 1.0
    assert dvh.cumulative[-1] == 0.0
    assert np.all(np.diff(dvh.cumulative) <= 1e-15)
    assert dvh.minimum_Gy <= dvh.d98_Gy <= dvh.d50_Gy <= dvh.d2_Gy <= dvh.maximum_Gy


@settings(deadline=None)
@given(doses, st.floats(0.01, 1.0))
def test_the_dose_of_a_fraction_is_reached_by_that_fraction(dose, fraction):
    level = effect.dose_at_fraction_Gy(dose, fraction)
    assert effect.fraction_at_dose(dose, level) >= fraction - 1e-9


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=12), st.floats(0.0, 1.0))
def test_bystanders_never_make_payload(payload, leaving):
    centres = np.stack([15.0 * np.arange(len(payload)), np.zeros(len(payload)),
                        np.zeros(len(payload))], axis=1)  # fmt: skip
    got = effect.bystander_payload(
        centres, payload, length_um=50.0, leaving_fraction=leaving, cell_volume_um3=1700.0
    )
    assert np.sum(got) <= np.sum(payload) * (1 + 1e-12)
    assert np.all(got >= 0.0)


@settings(deadline=None)
@given(st.lists(st.text("abcxyz ", min_size=1, max_size=12), max_size=3))
def test_what_nobody_measured_is_one(names):
    """Unknown names leave every quantity alone and say so."""
    got = effect.combination_factor([f"zz{n}" for n in names], "repair_rate")
    assert (got.value, got.low, got.high) == (1.0, 1.0, 1.0)
    assert len(got.notes) == len({f"zz{n}" for n in names})
