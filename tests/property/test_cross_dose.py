"""Dose from activity elsewhere: what must hold for every patient, and for lesions in an organ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.agents import agent
from ligandose.course import simulate
from ligandose.course.cross_dose import cross_dose
from ligandose.dose import RADIATIONS, ReferenceSValues, emission_spectrum
from ligandose.hosts import host

REGIONS = (
    "kidneys", "liver", "red_marrow", "muscle", "urinary_bladder", "urinary_bladder_contents",
    "blood", "remainder", "lesion:liver", "whole_body",
)  # fmt: skip
NUCLIDES = ("Lu-177", "Y-90")
BODY = REGIONS.index("whole_body")
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def s_values():
    return ReferenceSValues.of(REGIONS, NUCLIDES)


@pytest.fixture(scope="module")
def course():
    it = agent("177Lu-DOTATATE")
    return simulate(it, host(it.host, disease=it.disease), patients=12, seed=2)


@pytest.fixture(scope="module")
def cross(course):
    return cross_dose(course)


def population(s_values, seed, patients=3):
    rng = np.random.default_rng(seed)
    mass = s_values.reference_mass_kg * rng.lognormal(0, 0.2, (patients, len(REGIONS)))
    mass[:, REGIONS.index("lesion:liver")] = 0.02 * rng.lognormal(0, 1, patients)
    body = 73.0 * rng.lognormal(0, 0.2, patients)
    mass[:, BODY] = body
    tia = rng.random((patients, len(REGIONS), len(NUCLIDES))) * 1e12
    tia[:, BODY] = 0.0
    return tia, {"mass_kg": mass, "body_mass_kg": body}


# --- S values of the shipped person ---------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_doses_of_sources_add_up_and_patients_are_independent(s_values, factor, seed):
    tia, masses = population(s_values, seed)
    whole = s_values.dose_Gy(tia, **masses)
    part = tia * np.random.default_rng(seed + 1).random(tia.shape)
    apart = s_values.dose_Gy(part, **masses) + s_values.dose_Gy(tia - part, **masses)
    np.testing.assert_allclose(apart, whole, rtol=ROUNDING)
    np.testing.assert_allclose(s_values.dose_Gy(factor * tia, **masses), factor * whole, rtol=1e-12)
    alone = s_values.dose_Gy(
        tia[1:2], mass_kg=masses["mass_kg"][1:2], body_mass_kg=masses["body_mass_kg"][1:2]
    )
    np.testing.assert_allclose(alone[0], whole[1], rtol=ROUNDING)
    assert np.all(whole >= 0.0)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(len(REGIONS))), st.integers(0, 2**32 - 1))
def test_the_order_of_regions_does_not_matter(s_values, order, seed):
    tia, masses = population(s_values, seed)
    shuffled = ReferenceSValues.of([REGIONS[i] for i in order], NUCLIDES, table=s_values.table)
    found = shuffled.dose_Gy(
        tia[:, order], mass_kg=masses["mass_kg"][:, order], body_mass_kg=masses["body_mass_kg"]
    )
    np.testing.assert_allclose(found, s_values.dose_Gy(tia, **masses)[:, order], rtol=ROUNDING)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_body_absorbs_its_charged_energy_and_a_part_of_its_photons(s_values, seed):
    tia, masses = population(s_values, seed)
    dose = s_values.dose_Gy(tia, **masses)[:, BODY]
    emitted = sum(
        tia[..., k].sum(axis=1)[:, None] * emission_spectrum(name).emitted_J
        for k, name in enumerate(NUCLIDES)
    )
    absorbed = dose * masses["body_mass_kg"][:, None]
    electron, photon = RADIATIONS.index("electron"), RADIATIONS.index("photon")
    # bremsstrahlung of 0.9 MeV betas: about 0.5 %; electrons through the skin: less
    np.testing.assert_allclose(absorbed[:, electron], emitted[:, electron], rtol=0.02)
    assert np.all(absorbed[:, electron] <= emitted[:, electron] * (1 + 1e-3))
    # 113 to 321 keV in a body: 30 to 45 %, with its size
    assert np.all(absorbed[:, photon] > 0.2 * emitted[:, photon])
    assert np.all(absorbed[:, photon] < 0.6 * emitted[:, photon])


# --- courses --------------------------------------------------------------------------------


def test_shares_lie_between_zero_and_one_but_for_the_whole_body(course, cross):
    shown = [r for r in course.shown_regions if r != "whole_body"]
    shares = np.stack([cross.of(r) for r in shown])
    assert np.all((shares >= -ROUNDING) & (shares <= 1.0))
    assert np.all(np.isnan(cross.of("whole_body")))
    # a tissue that takes nothing up but blood, and an organ that keeps what it takes up
    assert cross.of("testes").mean() > cross.of("kidneys").mean()


def test_sources_make_up_the_whole_dose_of_a_region(course, cross):
    np.testing.assert_allclose(cross.by_source.sum(axis=1), 1.0, rtol=1e-12)
    total = course.dose_per_cycle_Gy.sum(axis=(1, 3))
    for region in ("kidneys", "liver", "red_marrow", "lesion:liver", "urinary_bladder"):
        i = course.regions.index(region)
        of_mean = np.average(cross.of(region), weights=total[:, i])
        assert 1.0 - cross.by_source[i, i] == pytest.approx(of_mean, rel=ROUNDING)


def without(course, sources):
    """Return (patients, regions) dose of the first cycle without the activity of some sources."""
    cycle = course.cycles[0]
    tia = cycle.dose.tia_Bq_s.copy()
    for name in sources:
        tia[:, course.regions.index(name)] = 0.0
    dose = course.s_values.dose_Gy(
        tia, mass_kg=cycle.masses.mass_kg, body_mass_kg=cycle.masses.body_kg
    )
    return dose.sum(axis=-1)


def test_lesions_in_the_liver_raise_the_dose_of_the_liver(course):
    lesions = ("lesion:liver", "lesion:liver:others")
    liver, spleen = course.regions.index("liver"), course.regions.index("spleen")
    raised = without(course, ()) / without(course, lesions)
    assert np.all(raised[:, liver] > 1.0)
    assert np.all(raised[:, liver] > raised[:, spleen])


def test_the_liver_raises_the_dose_of_lesions_in_it(course):
    lesion, node = course.regions.index("lesion:liver"), course.regions.index("lesion:node")
    raised = without(course, ()) / without(course, ("liver",))
    assert np.all(raised[:, lesion] > 1.0)
    assert np.median(raised[:, lesion]) > np.median(raised[:, node])


def test_contents_of_the_bladder_give_its_wall_most_of_its_dose(course, cross):
    name, share = cross.largest("urinary_bladder")[0]
    assert name == "urinary_bladder_contents"
    assert share > 0.5


def test_the_document_names_the_largest_sources_in_order(course, cross):
    for region in course.document()["regions"]:
        named = [entry["share"] for entry in region["cross_dose_from"]]
        assert named == sorted(named, reverse=True)
        assert all(0.0 < share <= 1.0 for share in named)
        assert region["region"] not in [entry["region"] for entry in region["cross_dose_from"]]
        if region["region"] == "whole_body":
            assert region["cross_dose_share"] is None
        else:
            expected = cross.of(region["region"]).mean()
            assert region["cross_dose_share"]["mean"] == pytest.approx(expected, rel=ROUNDING)


def test_the_document_says_which_absorbed_fractions_were_used(course):
    document = course.document()
    (table,) = document["provenance"]["absorbed_fractions"]
    assert (table["host"], list(table["sha256"])) == ("adult-male", ["saf_adult-male.csv"])
    assert not any("stand-in" in line for line in document["omissions"])
