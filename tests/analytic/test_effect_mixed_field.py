"""Mixed fields reduce to what is known of pure and of sham mixtures."""

import numpy as np
import pytest

from ligandose import effect


def test_without_alphas_it_is_the_low_let_bed():
    mixed = effect.mixed_bed(5.0, 1.3, alpha_dose_Gy=0.0, rbe_max=5.0, alpha_beta_Gy=2.6)
    assert mixed.total_Gy == pytest.approx(5.0 + 1.3 / 2.6)


def test_alphas_alone_count_rbe_once_and_no_dose_squared():
    one = effect.mixed_bed(0.0, 0.0, alpha_dose_Gy=1.0, rbe_max=5.0, alpha_beta_Gy=2.6)
    ten = effect.mixed_bed(0.0, 0.0, alpha_dose_Gy=10.0, rbe_max=5.0, alpha_beta_Gy=2.6)
    double = effect.mixed_bed(0.0, 0.0, alpha_dose_Gy=1.0, rbe_max=10.0, alpha_beta_Gy=2.6)
    assert one.total_Gy == pytest.approx(5.0)
    assert ten.total_Gy == pytest.approx(10 * one.total_Gy)
    assert double.total_Gy == pytest.approx(2 * one.total_Gy)


def test_zaider_rossi_of_a_sham_mixture_is_the_single_field():
    """Two halves of the same acute radiation: RBE 1, κ 1, Q = D², cross = D₁ D₂."""
    d1, d2, ab = 1.7, 2.9, 3.0
    mixed = effect.mixed_bed(
        d1, d1**2, alpha_dose_Gy=d2, rbe_max=1.0, alpha_beta_Gy=ab, interaction="zaider_rossi",
        alpha_quadratic_Gy2=d2**2, cross_quadratic_Gy2=d1 * d2, sqrt_beta_ratio=1.0,
    )  # fmt: skip
    assert mixed.total_Gy == pytest.approx(effect.bed_Gy(d1 + d2, 1.0, alpha_beta_Gy=ab))


def test_zaider_rossi_without_alpha_sub_lesions_is_independent_action():
    given = {"alpha_dose_Gy": 2.0, "rbe_max": 5.0, "alpha_beta_Gy": 3.0}
    plain = effect.mixed_bed(4.0, 9.0, **given)
    none = effect.mixed_bed(
        4.0, 9.0, **given, interaction="zaider_rossi",
        alpha_quadratic_Gy2=4.0, cross_quadratic_Gy2=8.0, sqrt_beta_ratio=0.0,
    )  # fmt: skip
    assert none.total_Gy == pytest.approx(plain.total_Gy)
    assert plain.interaction_Gy == 0.0


def test_rbe_of_a_mixture_lies_between_its_alphas_and_weights_by_energy():
    rbe = effect.dose_mean_rbe([5.0, 8.0], [1.0, 1.0])
    low, high = effect.alpha_rbe([8.0, 5.0])
    assert low < rbe < high
    assert rbe == pytest.approx((5.0 * high + 8.0 * low) / 13.0)


def test_fractions_of_two_gray_are_their_own_eqd2():
    bed = effect.fractionated_bed_Gy(30, 2.0, alpha_beta_Gy=3.0)
    assert effect.eqd2_Gy(bed, alpha_beta_Gy=3.0) == pytest.approx(60.0)


def test_dose_of_bed_inverts_bed():
    for g in (0.0, 1e-9, 0.05, 1.0):
        bed = effect.bed_Gy(7.3, g, alpha_beta_Gy=2.6)
        assert effect.dose_of_bed_Gy(bed, g=g, alpha_beta_Gy=2.6) == pytest.approx(7.3, rel=1e-13)


def test_ntcp_is_half_at_td50_and_falls_by_one_sigma():
    half = effect.lkb_ntcp(eqd2_Gy=28.0, td50_eqd2_Gy=28.0, m=0.1)
    below = effect.lkb_ntcp(eqd2_Gy=28.0 * 0.9, td50_eqd2_Gy=28.0, m=0.1)
    assert half == pytest.approx(0.5)
    assert below == pytest.approx(0.15865525393145707, rel=1e-12)  # Φ(−1)


def test_generalised_eud_is_mean_for_n_one_and_maximum_for_n_to_zero():
    bins, share = np.array([10.0, 20.0, 30.0]), np.array([0.5, 0.25, 0.25])
    mean = effect.generalised_eqd2_Gy(eqd2_Gy=bins, volume_fraction=share, n=1.0)
    top = effect.generalised_eqd2_Gy(eqd2_Gy=bins, volume_fraction=share, n=1e-3)
    assert mean == pytest.approx(17.5)
    # (1/4)^0.001 of the maximum
    assert top == pytest.approx(30.0 * 0.25**1e-3)


def test_uniform_histogram_has_the_ntcp_of_its_dose():
    whole = effect.dvh_ntcp(
        eqd2_Gy=[25.0, 25.0], volume_fraction=[0.3, 0.7], td50_eqd2_Gy=28.0, m=0.1, n=0.7
    )
    assert whole == pytest.approx(effect.lkb_ntcp(eqd2_Gy=25.0, td50_eqd2_Gy=28.0, m=0.1))
