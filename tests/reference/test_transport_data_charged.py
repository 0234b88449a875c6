"""Stopping powers and ranges of the shipped media against ICRU, NIST and PENELOPE."""

import math

import numpy as np
import pytest

from ligandose.evidence import read_table
from ligandose.transport.stopping import (
    alpha_csda_range,
    alpha_stopping,
    density_effect,
    electron_collision_stopping,
    electron_csda_range,
    electron_radiative_stopping,
    positron_radiative_ratio,
    radiation_yield,
)


def estar_water():
    rows = [r for r in read_table("dose_stopping_powers_water.csv") if r["particle"] == "electron"]
    keep = [r for r in rows if 0.001 <= float(r["energy_MeV"]) <= 10]
    names = ("energy_MeV", "collision_MeV_cm2_g", "other_MeV_cm2_g")
    return np.array([[float(r[n]) * 1e3 for n in names] for r in keep]).T


def test_radiative_stopping_of_water_is_that_of_estar():
    energy, _, radiative = estar_water()
    # linear interpolation of logarithms between ESTAR's points
    assert electron_radiative_stopping("water", energy) == pytest.approx(radiative, rel=2e-3)


def test_collision_stopping_of_water_is_that_of_estar_but_for_the_excitation_energy():
    energy, collision, _ = estar_water()
    tau = energy / 510.99895
    beta2 = tau * (tau + 2) / (tau + 1) ** 2
    # 78 eV (ICRU-90) for 75 eV (ESTAR): the logarithm drops by 2 ln(78/75), less what the
    # density effect gives back at high energy (it sees the same I): between that and nothing
    drop = 0.1535375 * 0.555087 * 1e3 / beta2 * 2 * math.log(78 / 75)
    lost = collision - electron_collision_stopping("water", energy)
    assert np.all(lost < drop * 1.001 + 1e-5 * collision)
    assert np.all(lost > -1e-4 * collision)
    low = energy < 300.0  # no density effect there
    assert lost[low] == pytest.approx(drop[low], rel=0.01)


# at 10 keV, 100 keV, 1 MeV, 10 MeV: collision and radiative stopping power, MeV cm2/g, and density
# effect as the algorithm and element data of ESTAR give them for the same medium and I
ESTAR = {
    "water": (
        [22.38526, 4.09304, 1.84476, 1.96663],
        [0.0038982, 0.0042276, 0.0127977, 0.1814272],
        [0.0, 0.0, 0.2094, 2.9296],
    ),
    "soft_tissue_icru4": (
        [22.3501, 4.07646, 1.83061, 1.95049],
        [0.0037951, 0.0041159, 0.0124888, 0.1773562],
        [0.0, 0.0, 0.2529, 2.9779],
    ),
    "bone_compact": (
        [20.67604, 3.82007, 1.70524, 1.83508],
        [0.0047934, 0.0055018, 0.0160238, 0.2201858],
        [0.0, 0.0, 0.4966, 3.1295],
    ),
    "bone_cortical": (
        [19.25581, 3.60559, 1.6301, 1.77297],
        [0.0055708, 0.0064969, 0.0186009, 0.2519654],
        [0.0, 0.0, 0.3904, 2.8482],
    ),
}


@pytest.mark.parametrize("name", ESTAR)
def test_electron_stopping_is_that_of_estars_algorithm(name):
    energy = np.array([10.0, 100.0, 1000.0, 10_000.0])
    collision, radiative, delta = ESTAR[name]
    # printed digits, and constants of physics that moved by 1e-6 since
    assert electron_collision_stopping(name, energy) / 1e3 == pytest.approx(collision, rel=5e-5)
    assert electron_radiative_stopping(name, energy) / 1e3 == pytest.approx(radiative, rel=5e-5)
    assert density_effect(name, energy) == pytest.approx(delta, abs=1e-4)


def test_electron_ranges_are_those_of_estar_with_its_smaller_excitation_energy():
    # NIST ESTAR, water, I = 75 eV, g/cm2. With 78 eV ranges grow by 0.2 to 0.7 %
    energy = [10.0, 100.0, 1000.0, 10_000.0]
    got = electron_csda_range("water", energy)
    ratio = got / np.array([2.515e-4, 1.431e-2, 4.367e-1, 4.975])
    assert np.all(ratio > 0.9995)
    assert np.all(ratio < 1.009)


def test_electron_ranges_are_those_of_penelope_for_the_same_water():
    # integral of the stopping powers in PENELOPE's material file 278 (water, I = 78 eV); its
    # 2 % larger stopping power at 1 keV and below shifts the range at 100 keV by 4e-4
    got = electron_csda_range("water", [100.0, 500.0, 2280.0])
    assert got == pytest.approx([0.0143887, 0.177309, 1.132099], rel=1e-3)


def test_radiation_yield_of_water_is_penelopes():
    # integral of the stopping powers in PENELOPE's material file 278; its radiative part is a
    # fit to the same tables of Seltzer and Berger, 0.5 % away at most
    assert radiation_yield("water", [100.0, 1000.0, 10_000.0]) == pytest.approx(
        [5.852e-4, 3.5846e-3, 4.0816e-2], rel=6e-3
    )


def test_positron_bremsstrahlung_ratio_is_penelopes():
    # PENELOPE's material file 278: 1.73951e-4 / 1.36585e-3 at 50 eV with its Z = 4.69042
    assert positron_radiative_ratio(4.69042, 0.05) == pytest.approx(0.127357, rel=1e-3)


def test_alpha_stopping_of_water_is_that_of_icru_90():
    # electronic values of ICRU-90; nuclear stopping adds below 0.1 % here
    got = alpha_stopping("water", [1000.0, 2000.0, 5000.0, 8000.0, 10_000.0])
    assert got == pytest.approx([2.190e6, 1.599e6, 8.747e5, 6.239e5, 5.290e5], rel=1.5e-3)


def test_alpha_ranges_in_water_are_those_of_astar_within_the_step_to_icru_90():
    # ASTAR, g/cm2 at 5, 5.87, 7.45 and 8.376 MeV; ICRU-90 stops 1.1 % less
    energy = [5000.0, 5870.0, 7450.0, 8376.0]
    ratio = alpha_csda_range("water", energy) / np.array([3.7593e-3, 4.8025e-3, 6.992e-3, 8.449e-3])
    assert np.all(ratio > 1.0)
    assert np.all(ratio < 1.0115)


def test_alpha_stopping_and_range_in_compact_bone_are_those_of_astar():
    # the same medium: total stopping MeV cm2/g and CSDA range g/cm2 at 1 and 5 MeV
    got = alpha_stopping("bone_compact", [1000.0, 5000.0])
    assert got == pytest.approx([1.98888e6, 7.99400e5], rel=1e-3)
    assert alpha_csda_range("bone_compact", [1000.0, 5000.0]) == pytest.approx(
        [6.08809e-4, 4.12426e-3], rel=2e-3
    )


@pytest.mark.parametrize(
    ("name", "astar"),
    [("muscle", 8.7482e5), ("adipose", 9.3290e5), ("bone_cortical", 7.5354e5)],
)
def test_alpha_stopping_of_tissues_is_near_that_of_astars_older_compositions(name, astar):
    # ICRU-44 muscle has 0.5 % more nitrogen than ASTAR's, adipose is 5 % less fat, and
    # ICRU-44 cortical bone is denser in calcium (I 112 for 106.4 eV) with less hydrogen
    assert alpha_stopping(name, 5000.0) == pytest.approx(astar, rel=0.03)
