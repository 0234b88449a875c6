"""Short runs of PENELOPE reproduce the stored values, on this machine, now."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parent / "penelope"))
import transport_peer as peer
import transport_peer_spaces as spaces
from stored import stored

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not peer.available(), reason="pyPenred (group oracle) is not installed"),
]
# Four standard deviations of the difference: less than one failure in 10 000 at a fixed seed.
SIGMAS = 4.0
SEED = 77


def stored_value(particle, energy_MeV, mass_g, around="water"):
    return next(
        r
        for r in stored("absorbed_fraction")
        if (r.particle, r.energy_MeV, r.at, r.around) == (particle, energy_MeV, mass_g, around)
    )


def assert_alike(estimate, row, place=()):
    difference = abs(float(estimate.value[place]) - row.value)
    assert difference < SIGMAS * np.hypot(float(estimate.sigma[place]), row.sigma)


def test_electron_kernel_in_water():
    kernel = peer.point_kernel(
        "electron",
        200.0,
        first_g_cm2=0.056,
        reach_g_cm2=1.3,
        histories=10_000,
        physics=peer.reference_physics(200.0),
        seed=SEED,
    )
    fractions = peer.sphere_fractions(kernel, np.array([0.01, 1.0]))
    assert_alike(fractions, stored_value("electron", 0.2, "0.01"), 0)
    assert_alike(fractions, stored_value("electron", 0.2, "1"), 1)
    # nothing is lost but bremsstrahlung that leaves the 1.3 cm tallied
    assert kernel.share.sum(axis=1).mean() == pytest.approx(1.0, abs=2e-3)


def test_photon_sphere_in_vacuum():
    case = spaces.sphere_case(
        "photon",
        200.0,
        100.0,
        around="vacuum",
        histories=400_000,
        physics=peer.Physics(0.1, 0.1, 1e4, 1e4, 1e4, 1e3),
        batches=2,
        seed=SEED,
    )
    assert_alike(spaces.sphere_fraction(case), stored_value("photon", 0.2, "100", "vacuum"))


def test_a_label_map_of_boxes_conserves_energy_and_places_it():
    labels = np.zeros((12, 10, 10), int)
    labels[2:6, 2:8, 2:8], labels[6:8, 2:8, 2:8], labels[8:10, 2:8, 2:8] = 1, 2, 3
    water = ((1, 0.1119), (8, 0.8881))
    media = {
        1: spaces.Medium(water, 1.0),
        2: spaces.Medium(water, 0.26),
        3: spaces.Medium(water, 1.4),
    }
    case = spaces.label_case(
        labels,
        media,
        spacing_cm=(1.0, 1.0, 1.0),
        source=1,
        particle="photon",
        energy_keV=30.0,
        histories=100_000,
        seed=SEED,
    )
    found = spaces.label_fractions(case)
    assert found.value.shape == (4,)
    assert found.value.sum() < 1.0
    assert found.value[0] > found.value[2] > found.value[1] > found.value[3] >= 0.0
    assert found.value[3] < 1e-5  # a millionth of the density
