"""S values of a body whose absorbed fractions are known: mixtures, scaling, lesions."""

import numpy as np
import pytest
from saf_toy import BODY_KG, MASS_KG, toy_table

from ligandose.dose import (
    ReferenceSValues,
    SValues,
    derived_saf,
    emission_spectrum,
    labelled_dose,
    progeny_decays,
)
from ligandose.dose.emissions import nuclide_curves
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import host

ORGANS = ["kidneys", "liver", "spleen", "heart", "skin"]
HOLLOW = ["urinary_bladder", "urinary_bladder_contents"]
SPREAD = ["muscle", "adipose", "red_marrow", "bone_cortical", "bone_trabecular"]
LESIONS = ["lesion:liver", "lesion:liver:others", "lesion:node", "lesion:bone"]
ALL = [*ORGANS, *HOLLOW, *SPREAD, "blood", "remainder", "endosteum", "whole_body", *LESIONS]
PHOTON, ELECTRON, ALPHA = 2, 1, 0


@pytest.fixture(scope="module")
def table():
    return derived_saf(toy_table(), host("adult-male"))


def prepared(table, regions=ALL, nuclides=("Lu-177",), **kwargs):
    return ReferenceSValues.of(regions, list(nuclides), table=table, **kwargs)


def masses(values, **changes):
    mass = values.reference_mass_kg.copy()
    for i, name in enumerate(values.regions):
        if name.startswith("lesion:"):
            mass[i] = 0.02
        mass[i] *= changes.get(name, 1.0)
    return mass


def entry(values, s, target, source):
    return s[values.regions.index(target), values.regions.index(source)]


def change(values, before, after, target, source):
    """Return after over before by radiation, NaN where there is none."""
    old, new = (entry(values, s, target, source) for s in (before, after))
    return np.divide(new, old, out=np.full(3, np.nan), where=old > 0)


def test_it_is_a_set_of_s_values(table):
    values: SValues = prepared(table)
    assert values.nuclides == ("Lu-177",)
    assert values.omissions()


def test_dose_is_the_matrix_times_activity(table):
    values = prepared(table, nuclides=("Lu-177", "Ac-225"))
    rng = np.random.default_rng(3)
    mass = masses(values) * np.exp(0.3 * rng.normal(size=(5, len(ALL))))
    body = BODY_KG * np.exp(0.1 * rng.normal(size=5))
    tia = rng.random((5, len(ALL), 2)) * 1e12
    dose = values.dose_Gy(tia, mass_kg=mass, body_mass_kg=body)
    expected = np.zeros_like(dose)
    for k, name in enumerate(values.nuclides):
        s = values.s_Gy_per_Bq_s(name, mass_kg=mass, body_mass_kg=body)
        expected += np.einsum("ptsk,ps->ptk", s, tia[:, :, k])
    np.testing.assert_allclose(dose, expected, rtol=1e-12)
    own, cross = values.self_and_cross_dose_Gy(tia, mass_kg=mass, body_mass_kg=body)
    np.testing.assert_allclose(own + cross, dose, rtol=1e-12)
    assert np.all(cross >= -1e-12 * dose)
    by_source = values.mean_dose_by_source_Gy(tia, mass_kg=mass, body_mass_kg=body)
    np.testing.assert_allclose(by_source.sum(axis=-1), dose.sum(axis=-1).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(np.diag(by_source), own.sum(axis=-1).mean(axis=0), rtol=1e-12)


def test_s_at_the_reference_masses_is_the_tables(table):
    values = prepared(table, regions=[*ORGANS, *HOLLOW, *SPREAD, "remainder", "whole_body"])
    s = values.s_Gy_per_Bq_s(
        "Lu-177", mass_kg=values.reference_mass_kg, body_mass_kg=table.whole_kg
    )[0]
    np.testing.assert_allclose(s, values.reference_s("Lu-177")[0], rtol=1e-12)


def test_sources_that_make_up_the_body_add_up_to_the_whole_body(table):
    """Uniform activity in every part, the remainder among them, is uniform activity of the body.

    Photons exactly; charged particles too, but for what ICRP-30 moves between tissues of bones.
    """
    regions = [*ORGANS, *HOLLOW, "muscle", "remainder", "whole_body"]
    values = prepared(table, regions=regions)
    s, _ = values.reference_s("Lu-177")
    weights = values.reference_mass_kg / BODY_KG
    weights[regions.index("whole_body")] = 0.0
    assert weights.sum() == pytest.approx(1.0)
    mixture = np.einsum("tsk,s->tk", s, weights)
    whole = s[:, regions.index("whole_body")]
    np.testing.assert_allclose(mixture[..., PHOTON], whole[..., PHOTON], rtol=1e-12)
    # the remainder's own tissue and muscle exchange nothing: 1 % of escaping energy in this body
    # a wall takes the surface dose of its contents on top, which is not in the phantom's mean
    even = [i for i, r in enumerate(regions) if r not in ("whole_body", "urinary_bladder")]
    np.testing.assert_allclose(mixture[even, ELECTRON], whole[even, ELECTRON], rtol=0.012)


def test_the_remainder_shrinks_as_regions_are_named(table):
    few = prepared(table, regions=["liver", "remainder"])
    more = prepared(table, regions=["liver", "muscle", "skin", "remainder"])
    expected = BODY_KG - MASS_KG["liver"] - MASS_KG["urinary_bladder_contents"]
    assert few.reference_mass_kg[1] == pytest.approx(expected)
    muscle = host("adult-male").finding("muscle.mass").internal
    assert more.reference_mass_kg[3] == pytest.approx(expected - muscle - MASS_KG["skin"])


def test_whole_body_dose_is_the_mean_over_regions(table):
    i = table.targets.index("whole_body")
    spectrum = emission_spectrum("I-131")
    value, _ = table.s_values(spectrum)
    drawn = list(MASS_KG)
    at = [table.targets.index(r) for r in drawn]
    mass = np.array(list(MASS_KG.values()))
    rows = [table.sources.index(r) for r in drawn]
    mean = np.einsum("stk,t->sk", value[np.ix_(rows, at)], mass) / mass.sum()
    body = value[rows, i]
    # electrons of contents give their wall a surface dose, which times its mass is no energy
    body[drawn.index("urinary_bladder_contents"), ELECTRON] = 0.0
    mean[drawn.index("urinary_bladder_contents"), ELECTRON] = 0.0
    # recoil has its own small way through the alpha grid; all else the same numbers
    np.testing.assert_allclose(body, mean, rtol=1e-9)


def test_electrons_of_contents_give_their_wall_half_of_their_own_dose(table):
    values = prepared(table, nuclides=("Lu-177", "Ac-225"))
    wall, contents = HOLLOW
    s, _ = values.reference_s("Lu-177")
    half = 0.5 * entry(values, s, contents, contents)[ELECTRON]
    # 0.15 MeV electrons run 0.3 mm of 36 mm, and 1 % of this body's energy leaves the source
    assert entry(values, s, wall, contents)[ELECTRON] == pytest.approx(half, rel=0.02)
    assert entry(values, values.reference_s("Ac-225")[0], wall, contents)[ALPHA] == 0.0
    # the wall of the heart keeps the mean of the table: 1 % of the energy over the body
    hollow = prepared(table, regions=["heart", "heart_contents"]).reference_s("Lu-177")[0]
    energy = emission_spectrum("Lu-177").emitted_J[ELECTRON]
    # 0.1 %: betas below the lowest energy of the table, 10 keV, leave their source less
    assert hollow[0, 1, ELECTRON] == pytest.approx(0.01 * energy / BODY_KG, rel=1e-3)


def test_the_charged_energy_of_all_sources_is_the_dose_of_the_whole_body_times_its_mass(table):
    """For patients of any size: electrons and alphas stay in the body, whatever their source."""
    regions = ["liver", "red_marrow", "remainder", "lesion:liver", "whole_body"]
    values = prepared(table, regions=regions, nuclides=("Ac-225",))
    body = np.array([0.6, 1.0, 1.7]) * BODY_KG
    mass = masses(values) * np.ones((3, 1))
    mass[:, -1] = body
    tia = np.array([[[3e12], [1e12], [5e12], [2e12], [0.0]]]) * np.ones((3, 1, 1))
    dose = values.dose_Gy(tia, mass_kg=mass, body_mass_kg=body)[:, -1]
    emitted = emission_spectrum("Ac-225").emitted_J * tia[0].sum()
    for k in (ALPHA, ELECTRON):
        # the shares of the toy body add up to 1 for charged particles; 1e-6: recoil has its own way
        np.testing.assert_allclose(dose[:, k] * body, emitted[k], rtol=1e-6)
    assert np.all(dose[:, PHOTON] * body < emitted[PHOTON])


def test_cross_dose_follows_the_body_and_not_the_target(table):
    values = prepared(table)
    base = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    changed = values.s_Gy_per_Bq_s(
        "Lu-177", mass_kg=masses(values, spleen=3.0), body_mass_kg=8 * BODY_KG
    )[0]
    ratio = change(values, base, changed, "spleen", "liver")
    assert ratio[ELECTRON] == pytest.approx(8 ** (-2 / 3))
    assert ratio[PHOTON] == pytest.approx(8 ** (-2 / 3))


def test_self_dose_follows_the_organ(table):
    values = prepared(table)
    base = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    changed = values.s_Gy_per_Bq_s(
        "Lu-177", mass_kg=masses(values, spleen=0.5), body_mass_kg=BODY_KG
    )[0]
    ratio = change(values, base, changed, "spleen", "spleen")
    curve = nuclide_curves("Lu-177", with_progeny=False, horizon_s=None)
    kept = curve.self_J([0.075, 0.15], density_kg_m3=1040)[:, ELECTRON]
    assert ratio[PHOTON] == pytest.approx(2 ** (2 / 3))
    assert ratio[ELECTRON] == pytest.approx(2 * kept[0] / kept[1], rel=1e-12)


def test_the_dose_to_a_wall_follows_the_contents(table):
    values = prepared(table)
    base = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    changed = values.s_Gy_per_Bq_s(
        "Lu-177",
        mass_kg=masses(values, urinary_bladder_contents=2.0, urinary_bladder=5.0),
        body_mass_kg=BODY_KG,
    )[0]
    pair = ("urinary_bladder", "urinary_bladder_contents")
    ratio = change(values, base, changed, *pair)
    assert ratio[ELECTRON] == pytest.approx(0.5)
    assert ratio[PHOTON] == pytest.approx(1.0)


def test_skeletal_fractions_are_those_of_icrp_30(table):
    values = prepared(table)
    s, _ = values.reference_s("Lu-177")
    energy = emission_spectrum("Lu-177").emitted_J[ELECTRON]
    mass = dict(zip(values.regions, values.reference_mass_kg, strict=True))
    for source, target, fraction in (
        ("bone_trabecular", "red_marrow", 0.35),
        ("bone_trabecular", "endosteum", 0.025),
        ("bone_cortical", "endosteum", 0.015),
        ("red_marrow", "red_marrow", 1.0),
    ):
        got = entry(values, s, target, source)[ELECTRON] * mass[target] / energy
        # 1 % of the electron energy of this body is spread over it: a hundredth of the marrow's
        assert got == pytest.approx(fraction, rel=0.02)


def test_alphas_of_bone_reach_marrow_by_icrp_30(table):
    values = prepared(table, nuclides=("Ra-223",))
    s, _ = values.reference_s("Ra-223")
    energy = emission_spectrum("Ra-223").emitted_J[ALPHA]
    got = entry(values, s, "red_marrow", "bone_trabecular")[ALPHA]
    # recoils (2 % of the energy) count at the same fraction
    assert got == pytest.approx(0.05 * energy / 1.17, rel=1e-9)
    assert entry(values, s, "red_marrow", "bone_cortical")[ALPHA] == 0.0


def test_marrow_gets_less_photon_dose_than_the_bone_around_it(table):
    values = prepared(table)
    s, _ = values.reference_s("Lu-177")
    marrow, bone = (entry(values, s, t, "liver")[PHOTON] for t in ("red_marrow", "endosteum"))
    # 113 and 208 keV: ratios of energy absorption 0.53 to 0.79
    assert 0.5 < marrow / bone < 0.85


def test_a_lesion_keeps_what_a_sphere_keeps(table):
    values = prepared(table)
    mass = masses(values)
    s = values.s_Gy_per_Bq_s("Lu-177", mass_kg=mass, body_mass_kg=BODY_KG)[0]
    curve = nuclide_curves("Lu-177", with_progeny=False, horizon_s=None)
    kept = curve.self_J(0.02, density_kg_m3=1040)
    np.testing.assert_allclose(
        entry(values, s, "lesion:liver", "lesion:liver"), kept / 0.02, rtol=1e-12
    )


def test_what_leaves_a_lesion_reaches_its_host(table):
    values = prepared(table)
    s = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    curve = nuclide_curves("Lu-177", with_progeny=False, horizon_s=None)
    leaves = curve.emitted_J - curve.self_J(0.02, density_kg_m3=1040)
    liver = entry(values, s, "liver", "lesion:liver")
    assert liver[ELECTRON] == pytest.approx(leaves[ELECTRON] / MASS_KG["liver"], rel=1e-12)
    back = entry(values, s, "lesion:liver", "liver")
    assert back[ELECTRON] == pytest.approx(liver[ELECTRON], rel=1e-12)
    own = entry(values, s, "liver", "liver")[PHOTON]
    assert back[PHOTON] == pytest.approx(own, rel=1e-12)
    assert 0 <= liver[PHOTON] <= own


def test_far_organs_see_a_lesion_as_its_host(table):
    values = prepared(table)
    s = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    for target in ("kidneys", "spleen", "red_marrow", "whole_body"):
        np.testing.assert_allclose(
            entry(values, s, target, "lesion:liver"), entry(values, s, target, "liver"), rtol=1e-12
        )
    np.testing.assert_allclose(
        entry(values, s, "lesion:liver", "kidneys"), entry(values, s, "liver", "kidneys")
    )


def test_other_lesions_of_a_kind_reach_a_lesion_with_photons_only(table):
    values = prepared(table)
    s = values.s_Gy_per_Bq_s("Lu-177", mass_kg=masses(values), body_mass_kg=BODY_KG)[0]
    got = entry(values, s, "lesion:liver", "lesion:liver:others")
    assert got[ELECTRON] == 0.0
    assert got[PHOTON] == pytest.approx(entry(values, s, "liver", "liver")[PHOTON])


def test_a_lesion_can_be_placed_elsewhere(table):
    values = prepared(table, host_of={"lesion:node": "kidneys"})
    assert values.places[ALL.index("lesion:node")].source == "kidneys"
    with pytest.raises(UnknownNameError, match="region"):
        prepared(table, host_of={"lesion:node": "kidney"})
    with pytest.raises(UnknownNameError, match="lesion"):
        prepared(table, host_of={"lesion:nod": "kidneys"})


def test_a_region_without_a_place_of_its_own_is_placed(table):
    values = prepared(table, regions=["liver", "lacrimal_glands", "remainder"])
    place = values.places[1]
    assert not place.own
    assert place.source == "soft_tissue"


def test_large_vessels_do_not_irradiate_organs_from_within(table):
    regions = ["liver", "muscle", "blood", "remainder"]
    everywhere, vessels = (
        prepared(table, regions=regions, blood=b).reference_s("Lu-177")[0]
        for b in ("blood", "large_vessels")
    )
    assert everywhere[0, 2, ELECTRON] > 20 * vessels[0, 2, ELECTRON]


def test_blood_irradiates_the_organs_that_hold_it(table):
    values = prepared(table, regions=["liver", "blood"])
    s, _ = values.reference_s("Lu-177")
    # 10 % of all blood is in the liver (ICRP-89); the rest of this body adds 1 % of 1 %
    assert s[0, 1, ELECTRON] == pytest.approx(0.10 * s[0, 0, ELECTRON], rel=0.01)


def test_uncertainty_of_mixtures_is_smaller_than_of_their_parts():
    noisy = derived_saf(toy_table(relative_sd=0.1), host("adult-male"))
    values = prepared(noisy, regions=["liver", "kidneys", "red_marrow", "whole_body"])
    s, sd = values.reference_s("Lu-177")
    relative = sd[..., PHOTON] / s[..., PHOTON]
    assert relative[0, 1] < 0.1  # lines at several energies
    assert relative[2, 1] < relative[0, 1]  # nine bones
    assert np.all(relative[:3, :3] > 0)


def test_regions_given_twice_are_refused(table):
    with pytest.raises(InputError, match="twice"):
        prepared(table, regions=["liver", "liver"])


def test_an_unknown_region_is_named(table):
    with pytest.raises(UnknownNameError, match="livr"):
        prepared(table, regions=["livr"])


def test_a_nuclide_that_was_not_prepared_is_named(table):
    with pytest.raises(UnknownNameError, match="Y-90"):
        prepared(table, regions=["liver"]).reference_s("Y-90")


@pytest.mark.parametrize("bad", [0.0, -70.0, np.nan])
def test_bad_masses_of_the_body_are_refused(table, bad):
    values = prepared(table, regions=["liver", "spleen"])
    with pytest.raises(InputError, match="body_mass_kg"):
        values.s_Gy_per_Bq_s("Lu-177", mass_kg=[1.8, 0.15], body_mass_kg=bad)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_activity_is_refused(table, bad):
    values = prepared(table, regions=["liver", "spleen"])
    with pytest.raises(InputError, match="tia_Bq_s"):
        values.dose_Gy([[[bad], [0.0]]], mass_kg=[1.8, 0.15], body_mass_kg=70)


@pytest.mark.parametrize("shape", [(2,), (1, 2), (1, 3, 1), (2, 2, 1)])
def test_activity_of_the_wrong_shape_is_refused(table, shape):
    values = prepared(table, regions=["liver", "spleen"])
    with pytest.raises(InputError, match="shape"):
        values.dose_Gy(np.ones(shape), mass_kg=[1.8, 0.15], body_mass_kg=70)


def test_masses_of_the_wrong_shape_are_refused(table):
    values = prepared(table, regions=["liver", "spleen"])
    with pytest.raises(InputError, match="shape"):
        values.s_Gy_per_Bq_s("Lu-177", mass_kg=[1.8], body_mass_kg=70)
    with pytest.raises(InputError, match="rows"):
        values.s_Gy_per_Bq_s("Lu-177", mass_kg=[[1.8, 0.15]], body_mass_kg=[70, 71])


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_bad_masses_are_refused(table, bad):
    values = prepared(table, regions=["liver", "spleen"])
    with pytest.raises(InputError, match="spleen"):
        values.s_Gy_per_Bq_s("Lu-177", mass_kg=[1.8, bad], body_mass_kg=70)


def test_progeny_add_their_dose(table):
    alone = prepared(table, regions=["liver"], nuclides=("Ac-225",)).reference_s("Ac-225")[0]
    chain = prepared(table, regions=["liver"], nuclides=("Ac-225",), with_progeny=True).reference_s(
        "Ac-225"
    )[0]
    members = {"Ac-225": 1.0}
    members |= progeny_decays("Ac-225", horizon_s=50 * 365.25 * 86400)
    apart = prepared(table, regions=["liver"], nuclides=tuple(members))
    total = sum(n * apart.reference_s(m)[0] for m, n in members.items())
    np.testing.assert_allclose(chain, total, rtol=2e-3)  # lines of members merge: see table tests
    assert chain[0, 0, ALPHA] > 4 * alone[0, 0, ALPHA]


def test_labelled_dose_carries_axes_unit_and_omissions(table):
    values = prepared(table)
    tia = np.zeros((1, len(ALL), 1))
    tia[0, 0] = 1e12
    found = labelled_dose(values, tia, mass_kg=masses(values), body_mass_kg=BODY_KG)
    assert found.dims == ("patient", "region", "radiation")
    assert found.attrs["units"] == "Gy"
    assert found.attrs["omissions"] == values.omissions()
    assert float(found.sel(region="kidneys").sum()) > 0
