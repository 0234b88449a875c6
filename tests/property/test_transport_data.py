"""What holds for every medium and energy of the transport data."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ligandose.transport.materials import material, materials
from ligandose.transport.photon_data import (
    mass_attenuation,
    mass_energy_absorption,
    mean_photon_transfer,
    photon_coefficients,
    photon_forms,
)
from ligandose.transport.stopping import (
    alpha_csda_range,
    alpha_stopping,
    electron_collision_stopping,
    electron_csda_range,
    electron_radiative_stopping,
    radiation_yield,
)

NAMES = st.sampled_from(materials())
PHOTON = st.floats(1.0, 10_000.0)
ALPHA = st.floats(1.0, 12_000.0)


@given(NAMES, PHOTON)
def test_absorbed_is_less_than_transferred_less_than_attenuated(name, energy):
    absorbed, transferred = mass_energy_absorption(name, energy), mean_photon_transfer(name, energy)
    assert 0 < float(absorbed) <= float(transferred) < float(mass_attenuation(name, energy))


@given(NAMES, PHOTON)
def test_parts_are_not_negative_and_pair_starts_at_its_threshold(name, energy):
    c = photon_coefficients(name, energy)
    assert min(float(c.photoelectric), float(c.incoherent), float(c.coherent)) > 0
    assert (float(c.pair) > 0) == (energy > 2 * 510.99895)


@given(NAMES, st.lists(PHOTON, min_size=2, max_size=5))
def test_an_array_gives_what_its_members_give(name, energies):
    together = mass_attenuation(name, np.array(energies)[:, None])
    assert together.shape == (len(energies), 1)
    assert together[:, 0] == pytest.approx([float(mass_attenuation(name, e)) for e in energies])


@given(NAMES, st.floats(1.0, 9_000.0), st.floats(1.001, 1.1))
def test_ranges_grow_with_energy(name, energy, factor):
    for f in (electron_csda_range, alpha_csda_range):
        near, far = f(name, [energy, energy * factor])
        assert far > near > 0


@given(NAMES, ALPHA)
def test_alphas_stop_more_than_twice_as_fast_as_electrons_of_their_energy(name, energy):
    electron = electron_collision_stopping(name, min(energy, 10_000.0))
    assert float(alpha_stopping(name, energy)) > 2 * float(electron)


@given(NAMES, PHOTON)
def test_positrons_radiate_less_than_electrons(name, energy):
    positron = electron_radiative_stopping(name, energy, particle="positron")
    assert float(positron) < float(electron_radiative_stopping(name, energy))
    assert 0 < float(radiation_yield(name, energy)) < 0.1


def test_every_medium_scatters_with_a_rising_function():
    for name in materials():
        assert np.all(np.diff(photon_forms(name).incoherent) >= -1e-4)


def test_light_media_stop_alphas_within_a_tenth_of_water():
    # soft tissues are 60 to 85 % water; fat stops 5 % more and the mineral of bone 17 % less
    for name in materials():
        medium = material(name)
        if any(z == 20 and w > 0.01 for z, w in medium.composition) or name == "air":
            continue
        ratio = alpha_stopping(name, 5000.0) / alpha_stopping("water", 5000.0)
        assert 0.97 < float(ratio) < 1.07, name


def test_second_names_lead_to_the_same_medium():
    assert material("skeleton") is material("bone")
    assert material("kidneys") is material("kidney")


def test_a_grid_of_energies_is_quick():
    energy = np.geomspace(1.0, 10_000.0, 400)
    photon_coefficients("bone", energy)  # loads the tables
    start = time.perf_counter()
    for _ in range(5):
        photon_coefficients("bone", energy)
    # one millisecond on an idle core; a regression to a loop over energies would take 500
    assert (time.perf_counter() - start) / 5 < 0.25
