"""What must hold for every mass, energy and population."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ligandose.dose as dose
from ligandose.transport import PARTICLES, sphere_self_fraction, sphere_surface_fraction

EMPTY = np.array([])
REGIONS = ("kidneys", "liver", "spleen", "muscle", "urinary_bladder", "urinary_bladder_contents")
MASS_KG = np.array([0.31, 1.8, 0.15, 29.0, 0.05, 0.2])
TOP_KEV = {"alpha": 11000.0, "electron": 5000.0, "photon": 5000.0}
FLOOR_KEV = {"alpha": 1000.0, "electron": 1.0, "photon": 1.0}

masses = st.floats(-6.0, 2.0).map(lambda x: 10.0**x)
unit = st.floats(0.0, 1.0)


def energy_at(particle, u):
    return FLOOR_KEV[particle] * (TOP_KEV[particle] / FLOOR_KEV[particle]) ** u


@pytest.fixture(scope="module")
def s_values():
    one = np.ones(1)
    spectrum = dose.EmissionSpectrum(
        "test", (np.array([5e3]), np.array([200.0]), np.array([300.0])), (one, one, one), 90.0
    )
    other = dose.EmissionSpectrum("soft", (EMPTY, np.array([20.0]), EMPTY), (EMPTY, one, EMPTY))
    curves = {"test": dose.energy_curves(spectrum), "soft": dose.energy_curves(other)}
    return dose.SphereSValues.of_curves(REGIONS, curves)


@given(st.sampled_from(PARTICLES), unit, masses)
def test_fractions_lie_between_zero_and_their_ceiling(particle, u, mass):
    energy = energy_at(particle, u)
    own = float(sphere_self_fraction(particle, energy, mass_kg=mass))
    surface = float(sphere_surface_fraction(particle, energy, mass_kg=mass))
    assert 0 < own <= 1
    assert 0 < surface <= 0.5
    # the surface is the worst place of the sphere, and never below half of the mean; 1 % is the
    # statistics of both fractions in small spheres
    assert 0.5 * own * 0.99 <= surface <= own * 1.01


@given(st.sampled_from(PARTICLES), unit, masses, st.floats(1.001, 3.0))
def test_larger_spheres_keep_more(particle, u, mass, factor):
    energy, larger = energy_at(particle, u), min(mass * factor, 100.0)
    small = sphere_self_fraction(particle, energy, mass_kg=mass)
    # 1e-6: rounding of the table to six digits
    assert sphere_self_fraction(particle, energy, mass_kg=larger) >= small * (1 - 1e-6)


@given(st.sampled_from(["alpha", "electron"]), unit, st.floats(1.02, 3.0), masses)
def test_charged_particles_of_higher_energy_leave_more(particle, u, factor, mass):
    energy = energy_at(particle, u)
    higher = min(energy * factor, TOP_KEV[particle])
    low = sphere_self_fraction(particle, energy, mass_kg=mass)
    # 1e-3: statistics between neighbouring energies where almost nothing leaves
    assert sphere_self_fraction(particle, higher, mass_kg=mass) <= low * (1 + 1e-3)


@settings(max_examples=25)
@given(st.lists(st.floats(0.5, 2.0), min_size=6, max_size=6), st.floats(60.0, 110.0))
def test_heavier_organs_get_less_dose_per_decay_but_not_less_energy(s_values, factors, body):
    heavy = MASS_KG * np.maximum(factors, 1.0)
    before = s_values.s_Gy_per_Bq_s("test", mass_kg=MASS_KG, body_mass_kg=body)[0]
    after = s_values.s_Gy_per_Bq_s("test", mass_kg=heavy, body_mass_kg=body)[0]
    for i in range(3):  # organs
        assert np.all(after[i, i] <= before[i, i] * (1 + 1e-9))
        assert np.all(after[i, i] * heavy[i] >= before[i, i] * MASS_KG[i] * (1 - 1e-6))


@settings(max_examples=25)
@given(st.permutations(range(6)), st.integers(0, 2**32 - 1))
def test_order_of_regions_does_not_matter(s_values, order, seed):
    rng = np.random.default_rng(seed)
    tia = rng.random((3, 6, 2)) * 1e12
    mass = MASS_KG * rng.lognormal(0, 0.2, (3, 6))
    straight = s_values.dose_Gy(tia, mass_kg=mass, body_mass_kg=80.0)
    curves = dict(zip(s_values.nuclides, s_values.curves, strict=True))
    shuffled = dose.SphereSValues.of_curves([REGIONS[i] for i in order], curves)
    found = shuffled.dose_Gy(tia[:, order], mass_kg=mass[:, order], body_mass_kg=80.0)
    assert found == pytest.approx(straight[:, order], rel=1e-9)


@settings(max_examples=25)
@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_dose_is_linear_in_activity_and_patients_are_independent(s_values, factor, seed):
    rng = np.random.default_rng(seed)
    tia = rng.random((4, 6, 2)) * 1e12
    mass = MASS_KG * rng.lognormal(0, 0.2, (4, 6))
    body = 80.0 * rng.lognormal(0, 0.1, 4)
    together = s_values.dose_Gy(tia, mass_kg=mass, body_mass_kg=body)
    scaled = s_values.dose_Gy(factor * tia, mass_kg=mass, body_mass_kg=body)
    assert scaled == pytest.approx(factor * together, rel=1e-12)
    alone = s_values.dose_Gy(tia[2:3], mass_kg=mass[2:3], body_mass_kg=body[2:3])
    assert alone[0] == pytest.approx(together[2], rel=1e-12)
    assert np.all(together >= 0)


@given(st.floats(0.05, 0.9), st.floats(1e-3, 0.05))
def test_marrow_ratio_rises_with_haematocrit(haematocrit, step):
    low, high = dose.marrow_to_blood_ratio([haematocrit, haematocrit + step])
    assert high > low
