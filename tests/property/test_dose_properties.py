"""What must hold for every mass, energy and population."""

from hypothesis import given
from hypothesis import strategies as st

import ligandose.dose as dose
from ligandose.transport import PARTICLES, sphere_self_fraction, sphere_surface_fraction

TOP_KEV = {"alpha": 11000.0, "electron": 5000.0, "photon": 5000.0}
FLOOR_KEV = {"alpha": 1000.0, "electron": 1.0, "photon": 1.0}

masses = st.floats(-6.0, 2.0).map(lambda x: 10.0**x)
unit = st.floats(0.0, 1.0)


def energy_at(particle, u):
    return FLOOR_KEV[particle] * (TOP_KEV[particle] / FLOOR_KEV[particle]) ** u


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


@given(st.floats(0.05, 0.9), st.floats(1e-3, 0.05))
def test_marrow_ratio_rises_with_haematocrit(haematocrit, step):
    low, high = dose.marrow_to_blood_ratio([haematocrit, haematocrit + step])
    assert high > low
