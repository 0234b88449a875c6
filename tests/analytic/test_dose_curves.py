"""Curves of spheres, spectra of chains, marrow, effective dose."""

import numpy as np
import pytest

import ligandose.dose as dose

EMPTY = np.array([])


def spectrum(alpha=EMPTY, electron=EMPTY, photon=EMPTY, recoil=0.0):
    energies = tuple(np.asarray(e, float) for e in (alpha, electron, photon))
    return dose.EmissionSpectrum("test", energies, tuple(np.ones_like(e) for e in energies), recoil)


def test_paired_organs_keep_less_than_one_sphere_of_their_mass():
    curve = dose.energy_curves(spectrum(photon=[208.0]))
    assert curve.self_J(0.31, pieces=2)[2] == pytest.approx(curve.self_J(0.155)[2], rel=1e-12)
    assert curve.self_J(0.31, pieces=2)[2] < curve.self_J(0.31)[2]


def test_curve_of_many_lines_is_the_sum_of_single_lines():
    both = dose.energy_curves(spectrum(photon=[100.0, 300.0])).self_J(0.0123)
    single = [dose.energy_curves(spectrum(photon=[e])).self_J(0.0123) for e in (100.0, 300.0)]
    # 1e-3: linear interpolation between 241 masses, logarithmic
    assert both[2] == pytest.approx(single[0][2] + single[1][2], rel=1e-3)


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
