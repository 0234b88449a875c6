"""Bad input is refused with the name of the argument, never computed with."""

import numpy as np
import pytest

from ligandose import effect
from ligandose.errors import InputError, SolverError, UnknownNameError

TIME = np.array([0.0, 1.0, 2.0])
BLOOD = {
    "output_time_s": [1.0], "baseline_1e9_per_L": 1.0, "mean_transit_time_s": 1e6,
    "feedback": 0.2, "sensitivity_per_Gy": 0.5,
}  # fmt: skip
LESION = {
    "interval_s": 1e6, "alpha_per_Gy": 0.1, "doubling_time_s": 1e6,
    "clearance_half_time_s": 1e6, "clonogens_per_kg": 1e10,
}  # fmt: skip

CASES = {
    "negative dose": (lambda: effect.bed_Gy(-1.0, 0.5, alpha_beta_Gy=3.0), "dose_Gy"),
    "NaN dose": (lambda: effect.bed_Gy(np.nan, 0.5, alpha_beta_Gy=3.0), "dose_Gy"),
    "α/β of 0": (lambda: effect.bed_Gy(1.0, 0.5, alpha_beta_Gy=0.0), "alpha_beta_Gy"),
    "G above 1": (lambda: effect.bed_Gy(1.0, 1.1, alpha_beta_Gy=3.0), "g holds"),
    "NaN G with dose": (lambda: effect.bed_Gy(1.0, np.nan, alpha_beta_Gy=3.0), "g holds"),
    "text": (lambda: effect.bed_Gy("much", 0.5, alpha_beta_Gy=3.0), "dose_Gy"),
    "shapes": (lambda: effect.bed_Gy([1.0, 2.0], [0.1] * 3, alpha_beta_Gy=3.0), "broadcast"),
    "rate of 0": (lambda: effect.lea_catcheside([1.0], [0.0], repair_rate_per_s=1.0), "rate_per_s"),
    "negative repair": (
        lambda: effect.lea_catcheside([1.0], [1.0], repair_rate_per_s=-1.0),
        "repair_rate_per_s",
    ),
    "negative start": (
        lambda: effect.lea_catcheside([-1.0, 0.5], [1.0, 0.1], repair_rate_per_s=1.0),
        "amplitude_Gy_s",
    ),
    "negative total": (
        lambda: effect.lea_catcheside([2.0, -1.0], [1.0, 0.1], repair_rate_per_s=1.0),
        "dose must be 0 or more",
    ),
    "unsorted cycles": (
        lambda: effect.course_quadratic_dose_Gy2(
            [[1.0], [1.0]], [[1.0], [1.0]], start_s=[5.0, 0.0], repair_rate_per_s=1.0
        ),
        "start_s",
    ),
    "unsorted samples": (
        lambda: effect.protracted_dose(TIME[::-1], TIME, repair_rate_per_s=1.0),
        "time_s",
    ),
    "negative samples": (
        lambda: effect.protracted_dose(TIME, [1.0, -1.0, 0.0], repair_rate_per_s=1.0),
        "dose_rate_Gy_s",
    ),
    "one sample": (
        lambda: effect.protracted_dose([0.0], [1.0], repair_rate_per_s=1.0),
        "2 samples",
    ),
    "sample counts": (
        lambda: effect.protracted_dose(TIME, [1.0, 2.0], repair_rate_per_s=1.0),
        "one dose rate per time",
    ),
    "RBE below 1": (
        lambda: effect.mixed_bed(1.0, 0.1, alpha_dose_Gy=1.0, rbe_max=0.5, alpha_beta_Gy=3.0),
        "rbe_max",
    ),
    "incomplete interaction": (
        lambda: effect.mixed_bed(
            1.0, 0.1, alpha_dose_Gy=1.0, rbe_max=5.0, alpha_beta_Gy=3.0, interaction="zaider_rossi"
        ),
        "sqrt_beta_ratio",
    ),
    "unknown interaction": (
        lambda: effect.mixed_bed(
            1.0, 0.1, alpha_dose_Gy=1.0, rbe_max=5.0, alpha_beta_Gy=3.0, interaction="synergy"
        ),
        "not known",
    ),
    "alpha energy in keV": (lambda: effect.alpha_rbe(5800.0), "energy_MeV"),
    "no alphas": (lambda: effect.dose_mean_rbe([5.0], [0.0]), "yield_per_decay"),
    "certain control": (
        lambda: effect.bed_for_tcp_Gy(1.0, clonogens=1e8, alpha_per_Gy=0.1),
        "probability",
    ),
    "negative clonogens": (
        lambda: effect.tcp(10.0, clonogens=-1.0, alpha_per_Gy=0.1),
        "clonogens",
    ),
    "α of 0": (lambda: effect.tcp(10.0, clonogens=1.0, alpha_per_Gy=0.0), "alpha_per_Gy"),
    "TD50 of 0": (lambda: effect.lkb_ntcp(eqd2_Gy=1.0, td50_eqd2_Gy=0.0, m=0.1), "td50_eqd2_Gy"),
    "empty histogram": (
        lambda: effect.generalised_eqd2_Gy(eqd2_Gy=[1.0], volume_fraction=[0.0], n=1.0),
        "volume_fraction",
    ),
    "doubling time of 0": (
        lambda: effect.lesion_response(1.0, 1.0, **{**LESION, "doubling_time_s": 0.0}),
        "doubling_time_s",
    ),
    "negative mass": (lambda: effect.lesion_response(-1.0, 1.0, **LESION), "viable_mass_kg"),
    "limit of 0": (
        lambda: effect.cumulative_against_limits([1.0], limit_Gy=0.0),
        "limit_Gy",
    ),
    "falling marrow BED": (
        lambda: effect.blood_counts(TIME, [0.0, 1.0, 0.5], **BLOOD),
        "marrow_bed_Gy",
    ),
    "repeated times": (
        lambda: effect.blood_counts([0.0, 1.0, 1.0], [0.0, 1.0, 1.0], **BLOOD),
        "time_s",
    ),
    "transit time of 0": (
        lambda: effect.blood_counts(TIME, TIME, **{**BLOOD, "mean_transit_time_s": 0.0}),
        "mean_transit_time_s",
    ),
    "output before 0": (
        lambda: effect.blood_counts(TIME, TIME, **{**BLOOD, "output_time_s": [-1.0, 1.0]}),
        "output_time_s",
    ),
    "rising grade limits": (
        lambda: effect.ctcae_grade(
            1.0, lower_limit_1e9_per_L=1.0, grade_limits_1e9_per_L=(2.0, 3.0, 4.0)
        ),
        "grade limits",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_by_name(case):
    call, named = CASES[case]
    with pytest.raises(InputError, match=named):
        call()


def test_ntcp_cannot_be_called_with_a_dose_by_position():
    with pytest.raises(TypeError):
        effect.lkb_ntcp(20.0, 28.0, 0.1)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match="kidneys"):
        effect.effect_parameters("kidney")
    with pytest.raises(UnknownNameError, match="mCRPC"):
        effect.tumour_parameters("mCRCP")
    with pytest.raises(UnknownNameError, match="platelets"):
        effect.lineage_parameters("platelet")


def test_zero_dose_has_no_g_but_a_bed_of_zero():
    g = effect.lea_catcheside([0.0], [1.0], repair_rate_per_s=1.0)
    assert np.isnan(g)
    assert effect.bed_Gy(0.0, g, alpha_beta_Gy=3.0) == 0.0


def test_a_tolerance_out_of_reach_is_an_error_not_a_number():
    with pytest.raises(SolverError, match="breakpoints"):
        effect.protracted_dose_of_function(
            lambda t: np.where(np.sin(1e5 * t) > 0.3, 1.0, 0.0), [0.0, 1.0],
            repair_rate_per_s=1.0, relative_tolerance=1e-9, most_doublings=8,
        )  # fmt: skip


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.2])
def test_a_nadir_that_is_none_cannot_be_calibrated(fraction):
    with pytest.raises(InputError, match="nadir_fraction"):
        effect.marrow_response_of_nadir(
            fraction, 30 * 86400.0, marrow_bed_Gy=1.0, dose_half_time_s=86400.0, feedback=0.2
        )
