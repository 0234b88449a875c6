"""Absorbed fractions of spheres against closed forms and limits."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.transport import sphere_self_fraction, sphere_surface_fraction
from ligandose.transport.sphere_runs import sphere_radius_g_cm2
from ligandose.transport.stopping import alpha_csda_range

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location(
        "build_absorbed_fractions", SCRIPTS / "build_absorbed_fractions.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def radius_cm(mass_kg):
    return np.cbrt(3e3 * mass_kg / (4 * np.pi))


@pytest.mark.parametrize("mu_cm2_g", [0.02, 0.5, 10.0])
def test_exponential_kernel_gives_the_closed_form_of_first_collision_in_a_sphere(script, mu_cm2_g):
    # Case, de Hoffmann and Placzek: escape = 3 (2x² - 1 + (1 + 2x) exp(-2x)) / (8 x³), x = μR
    edges = np.geomspace(1e-7, 60 / mu_cm2_g, 20001)
    deposits = -np.diff(np.exp(-mu_cm2_g * edges))
    r = 0.5 * (edges[1:] + edges[:-1])
    x = mu_cm2_g * sphere_radius_g_cm2(script.MASSES_KG)
    use = x > 0.02  # below, the closed form itself cancels to nothing
    x = x[use]
    escape = 3 / (8 * x**3) * (2 * x**2 - 1 + (1 + 2 * x) * np.exp(-2 * x))
    own = script.fractions_of_deposits(deposits, r)[0][use]
    # 1e-4: midpoint rule on 20000 bins
    assert own == pytest.approx(1 - escape, rel=1e-4, abs=1e-5)


def test_surface_weight_of_an_exponential_kernel_matches_its_integral(script):
    mu, big = 1.0, sphere_radius_g_cm2(script.MASSES_KG)
    edges = np.geomspace(1e-8, 60, 40001)
    deposits = -np.diff(np.exp(-edges))
    r = 0.5 * (edges[1:] + edges[:-1])
    # ∫_0^2R μ exp(-μr) (1 - r/2R)/2 dr = (1 - (1 - exp(-2μR))/(2μR))/2
    y = 2 * mu * big
    expected = 0.5 * (1 + np.expm1(-y) / y)
    assert script.fractions_of_deposits(deposits, r)[1] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("energy_MeV", "mass_kg"), [(3, 1e-6), (5.83, 1e-6), (8.376, 1e-5)])
def test_alpha_fraction_equals_the_integral_over_the_distance_to_the_surface(energy_MeV, mass_kg):
    # independent route: a point of a sphere sees its surface at distance l with density
    # f(l) = 3/(4R) (1 - l²/4R²); an alpha that travels l leaves E - T(l) behind
    energy = np.geomspace(0.01, 11, 3000)
    path = alpha_csda_range("water", 1e3 * energy)
    csda = np.interp(energy_MeV, energy, path)
    big = radius_cm(mass_kg)
    distance = np.linspace(0, 2 * big, 200001)
    density = 3 / (4 * big) * (1 - (distance / (2 * big)) ** 2)
    left = np.where(distance < csda, np.interp(np.maximum(csda - distance, 0), path, energy), 0.0)
    expected = np.trapezoid(density * (energy_MeV - left) / energy_MeV, distance)
    found = sphere_self_fraction("alpha", 1e3 * energy_MeV, mass_kg=mass_kg)
    # 5e-4: interpolation of the stopping power between the points of ASTAR
    assert found == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("particle", ["electron", "photon"])
def test_soft_radiation_stays_in_a_large_sphere(particle):
    # 1 - (3/4) r/R with r < 1e-3 cm of R = 6.2 cm
    assert sphere_self_fraction(particle, 3.0, mass_kg=1.0) > 0.999
    assert sphere_surface_fraction(particle, 3.0, mass_kg=1.0) == pytest.approx(0.5, abs=1e-3)


def test_hard_photons_in_a_small_sphere_follow_the_thin_limit():
    # NIST μen/ρ of water: 0.02546 at 100 keV. Mean path of an escaping ray is 3R/4. Scattered
    # photons add up to μs R ~ 0.17 × 0.62 of their own, so the fraction lies 0 to 12 % above.
    mass = np.array([1e-5, 1e-4, 1e-3])
    thin = 0.02546 * 0.75 * radius_cm(mass)
    ratio = sphere_self_fraction("photon", 100.0, mass_kg=mass) / thin
    assert np.all(ratio > 0.98)
    assert np.all(ratio < 1.12)
    # thinner spheres are closer to the limit (2 % statistics of the table)
    assert ratio[0] < ratio[2] + 0.02


def test_electrons_much_longer_than_the_sphere_deposit_stopping_power_times_chord():
    # 4 MeV in 1 mg: R = 0.062 cm against a range of 2 cm. S_col = 1.87 MeV cm²/g
    # (ESTAR); energetic knock-on electrons leave, so the restricted value is up to 25 % lower.
    mean_energy = 1.87 * 0.75 * radius_cm(1e-6)
    ratio = sphere_self_fraction("electron", 4000.0, mass_kg=1e-6) * 4.0 / mean_energy
    assert 0.75 < ratio < 1.02


def test_lighter_medium_of_equal_mass_thickness_absorbs_the_same():
    # density 0.25: radius must be four times as large, mass 16 times
    light = sphere_self_fraction("electron", 500.0, mass_kg=1.6e-3, density_kg_m3=250.0)
    water = sphere_self_fraction("electron", 500.0, mass_kg=1e-4)
    assert light == pytest.approx(water, rel=1e-12)
