"""S values of spheres: energy balance, linearity, walls, marrow, effective dose."""

import numpy as np
import pytest

import ligandose.dose as dose
from ligandose.dose.body import body_parts, photon_energy_in_body
from ligandose.dose.curves import JOULE_PER_KEV

EMPTY = np.array([])
BODY_KG = 73.0
REGIONS = (
    "kidneys", "liver", "spleen", "red_marrow", "blood", "urinary_bladder",
    "urinary_bladder_contents", "lungs", "remainder", "whole_body",
)  # fmt: skip
MASS_KG = np.array([0.31, 1.8, 0.15, 1.17, 5.6, 0.05, 0.2, 0.5, 0.0, BODY_KG])
MASS_KG[8] = BODY_KG - MASS_KG[:8].sum()
PARTS = np.arange(9)  # the regions that make up the body


def spectrum(alpha=EMPTY, electron=EMPTY, photon=EMPTY, recoil=0.0):
    energies = tuple(np.asarray(e, float) for e in (alpha, electron, photon))
    return dose.EmissionSpectrum("test", energies, tuple(np.ones_like(e) for e in energies), recoil)


@pytest.fixture(scope="module")
def curves():
    return dose.energy_curves(spectrum([5800.0], [133.0], [208.0, 113.0], recoil=100.0))


@pytest.fixture(scope="module")
def s_values(curves):
    return dose.SphereSValues.of_curves(REGIONS, {"test": curves})


def test_photon_energy_of_every_source_sums_to_what_the_body_absorbs(s_values, curves):
    s = s_values.s_Gy_per_Bq_s("test", mass_kg=MASS_KG, body_mass_kg=BODY_KG)[0]
    trunk, everywhere = photon_energy_in_body(curves, np.array([BODY_KG]))
    absorbed = MASS_KG[PARTS] @ s[PARTS, :, 2]
    diffuse = {"red_marrow", "blood", "remainder"}
    expected = [everywhere[0] if REGIONS[i] in diffuse else trunk[0] for i in PARTS]
    # exact by construction: rounding only
    assert absorbed[PARTS] == pytest.approx(expected, rel=1e-12)


def test_whole_body_target_is_the_energy_balance_over_its_mass(s_values):
    s = s_values.s_Gy_per_Bq_s("test", mass_kg=MASS_KG, body_mass_kg=BODY_KG)[0]
    photons = MASS_KG[PARTS] @ s[np.ix_(PARTS, PARTS)][..., 2] / BODY_KG
    assert s[9, PARTS, 2] == pytest.approx(photons, rel=1e-12)


def test_self_dose_of_short_ranged_radiation_is_energy_over_mass(s_values, curves):
    s = s_values.s_Gy_per_Bq_s("test", mass_kg=MASS_KG, body_mass_kg=BODY_KG)[0]
    # alphas: 50 µm of 8 cm, recoil stays
    assert s[1, 1, 0] * MASS_KG[1] == pytest.approx(5900 * JOULE_PER_KEV, rel=1e-3)
    assert s[3, 3, 1] * MASS_KG[3] == pytest.approx(133 * JOULE_PER_KEV, rel=1e-12)


def test_dose_is_the_product_of_matrix_and_time_integrated_activity(s_values):
    rng = np.random.default_rng(1)
    mass = MASS_KG * rng.lognormal(0, 0.1, (4, MASS_KG.size))
    tia = rng.random((4, MASS_KG.size, 1)) * 1e12
    tia[:, 9] = 0
    body = np.full(4, 80.0)
    s = s_values.s_Gy_per_Bq_s("test", mass_kg=mass, body_mass_kg=body)
    expected = np.einsum("ptsr,ps->ptr", s, tia[..., 0])
    assert s_values.dose_Gy(tia, mass_kg=mass, body_mass_kg=body) == pytest.approx(expected)


def test_bladder_wall_gets_half_of_the_electron_dose_of_its_contents_and_no_alphas(s_values):
    s = s_values.s_Gy_per_Bq_s("test", mass_kg=MASS_KG, body_mass_kg=BODY_KG)[0]
    wall, contents = REGIONS.index("urinary_bladder"), REGIONS.index("urinary_bladder_contents")
    # 133 keV electrons: 0.2 mm of 36 mm, so one half to 1 %
    mean = 133 * JOULE_PER_KEV / MASS_KG[contents]
    assert s[wall, contents, 1] == pytest.approx(0.5 * mean, rel=0.01)
    assert s[wall, contents, 0] == 0
    # photons: above what the rest of the body gets, below the mean inside the contents
    assert s[0, contents, 2] < s[wall, contents, 2] < s[contents, contents, 2]


def test_paired_organs_keep_less_than_one_sphere_of_their_mass():
    curve = dose.energy_curves(spectrum(photon=[208.0]))
    assert curve.self_J(0.31, pieces=2)[2] == pytest.approx(curve.self_J(0.155)[2], rel=1e-12)
    assert curve.self_J(0.31, pieces=2)[2] < curve.self_J(0.31)[2]


def test_curve_of_many_lines_is_the_sum_of_single_lines():
    both = dose.energy_curves(spectrum(photon=[100.0, 300.0])).self_J(0.0123)
    single = [dose.energy_curves(spectrum(photon=[e])).self_J(0.0123) for e in (100.0, 300.0)]
    # 1e-3: linear interpolation between 241 masses, logarithmic
    assert both[2] == pytest.approx(single[0][2] + single[1][2], rel=1e-3)


def test_shares_of_the_body_parts_sum_to_one():
    assert sum(p.share for p in body_parts()) == pytest.approx(1.0, rel=1e-12)


def test_progeny_within_the_horizon_follow_the_exponential_law():
    # At-211 → (58 %) Po-211 + (42 %) Bi-207 (31.6 y) → Pb-207
    from ligandose.nuclides import decay_chain, nuclide

    year_s = 365.25 * 86400
    chain = decay_chain("At-211")
    to_bismuth = chain.branching[chain.members.index("Bi-207"), chain.members.index("At-211")]
    decay = nuclide("Bi-207").decay_constant_per_s
    found = dose.progeny_decays("At-211", horizon_s=10 * year_s)["Bi-207"]
    assert found == pytest.approx(-to_bismuth * np.expm1(-decay * 10 * year_s), rel=1e-9)


def test_progeny_add_their_energy_to_the_parent():
    alone = dose.emission_spectrum("Ac-225").emitted_J
    chain = dose.emission_spectrum("Ac-225", with_progeny=True).emitted_J
    per_decay = dose.progeny_decays("Ac-225", horizon_s=1e9)
    added = sum(count * dose.emission_spectrum(name).emitted_J for name, count in per_decay.items())
    # 1e-6: members with less than 1e-9 decays are left out
    assert chain == pytest.approx(alone + added, rel=1e-6)


def test_beta_histogram_keeps_number_and_energy_of_the_spectrum():
    from ligandose.nuclides import beta_spectrum

    b = beta_spectrum("Y-90")
    s = dose.emission_spectrum("Y-90")
    energy = np.trapezoid(b.energy_keV * b.yield_per_keV, b.energy_keV)
    # 1e-4: the trapezoid of E n(E) against the exact integral of straight pieces
    assert s.energy_keV[1] @ s.yield_per_decay[1] == pytest.approx(energy, rel=2e-3)
    assert s.yield_per_decay[1].sum() == pytest.approx(1.0, abs=5e-3)


def test_marrow_activity_from_blood_is_its_mass_times_the_blood_concentration():
    tia = dose.marrow_tia_from_blood_Bq_s(1e12, blood_mass_kg=5.6, marrow_mass_kg=1.17)
    assert tia == pytest.approx(1e12 / 5.6 * 1.17)
    antibody = dose.marrow_tia_from_blood_Bq_s(
        1e12, blood_mass_kg=5.6, marrow_mass_kg=1.17,
        marrow_to_blood_ratio=dose.marrow_to_blood_ratio(0.43),
    )  # fmt: skip
    assert antibody == pytest.approx(tia * 0.19 / 0.57)


EVERY = [r for t in dose.tissues() for r in t.regions]


def test_tissue_weights_of_one_sex_sum_to_one():
    for sex in ("male", "female"):
        main = [t for t in dose.tissues() if t.group == "main" and t.sex in ("", sex)]
        remainder = [t for t in dose.tissues() if t.group == "remainder" and t.sex in ("", sex)]
        assert sum(t.weight for t in main) + 0.12 == pytest.approx(1.0)
        assert len(remainder) == 13


@pytest.mark.parametrize(("radiation", "weight"), [(0, 20.0), (1, 1.0), (2, 1.0)])
def test_uniform_dose_gives_effective_dose_times_radiation_weight(radiation, weight):
    d = np.zeros((2, len(EVERY), 3))
    d[..., radiation] = [[0.01], [0.03]]
    results = [
        dose.effective_dose_Sv(d, regions=EVERY, mass_kg=np.ones(len(EVERY)), sex=sex)
        for sex in ("male", "female")
    ]
    average = dose.sex_averaged_effective_dose(*results)
    assert average.effective_dose_Sv == pytest.approx(weight * np.array([0.01, 0.03]))
    assert "do not use it to plan" in average.note


def test_colon_is_the_mass_weighted_mean_of_its_parts():
    d = np.zeros((1, len(EVERY), 3))
    mass = np.ones(len(EVERY))
    i = EVERY.index("large_intestine_right")
    d[0, i, 1] = 1.0
    mass[[i, EVERY.index("large_intestine_left"), EVERY.index("rectum")]] = [2.0, 1.0, 1.0]
    found = dose.effective_dose_Sv(d, regions=EVERY, mass_kg=mass, sex="male")
    assert found.effective_dose_Sv == pytest.approx([0.12 * 0.5])


def test_a_missing_tissue_takes_a_named_surrogate_and_says_so():
    regions = [r for r in EVERY if r not in ("endosteum", "thymus")]
    d = np.zeros((1, len(regions), 3))
    d[0, regions.index("red_marrow"), 1] = 1.0
    found = dose.effective_dose_Sv(
        d, regions=regions, mass_kg=np.ones(len(regions)), sex="female", missing="muscle"
    )
    assert found.effective_dose_Sv == pytest.approx([0.12 + 0.01])
    assert set(found.surrogates) >= {"endosteum: red_marrow", "thymus: muscle"}


def test_labelled_dose_carries_axes_unit_and_omissions(s_values):
    tia = np.zeros((1, len(REGIONS), 1))
    tia[0, 0] = 1e12
    found = dose.labelled_dose(s_values, tia, mass_kg=MASS_KG, body_mass_kg=BODY_KG)
    assert found.dims == ("patient", "region", "radiation")
    assert found.attrs["units"] == "Gy"
    assert any("stand-in" in line for line in found.attrs["omissions"])
    assert float(found.sel(region="kidneys").sum()) > 0
