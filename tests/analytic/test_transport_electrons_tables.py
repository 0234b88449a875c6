"""What the electron tables group along a step and what they leave to single events add up."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ligandose.transport._electron_tables import (
    ACCURATE,
    ALPHA,
    BREMS,
    DEFLECTION,
    ELASTIC,
    ENERGY_KEV,
    FAST,
    INELASTIC,
    K_C,
    MC2,
    MU_C,
    R_E,
    SCREEN,
    SOFT,
    SPIN,
    W_C,
    electron_tables,
    screening,
)
from ligandose.transport.materials import elements, material
from ligandose.transport.stopping import (
    AVOGADRO,
    electron_collision_stopping,
    electron_radiative_stopping,
)

MEDIA = ["water", "soft_tissue", "bone", "lung"]


def moller(e, w_c, medium):
    """Closed forms of number and energy of Moller losses from w_c to e/2, per g/cm2."""
    t = e / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    pre = material(medium).electrons_mol_per_g * AVOGADRO * 2 * math.pi * R_E**2 * MC2 / beta2
    a, b, x = (t / (t + 1)) ** 2, (2 * t + 1) / (t + 1) ** 2, w_c / e
    number = 1 / x - 1 / (1 - x) + a * (0.5 - x) - b * np.log((1 - x) / x)
    # x/(1-x)^2 = 1/(1-x)^2 - 1/(1-x)
    energy = (
        np.log(0.5 / x)
        + (2 - 1 / (1 - x))
        + np.log(0.5 / (1 - x))
        + a * (0.125 - 0.5 * x**2)
        - b * np.log((1 - x) / 0.5)
    )
    return pre / e * number, pre * energy


@pytest.mark.parametrize("settings", [ACCURATE, FAST])
@pytest.mark.parametrize("medium", MEDIA)
def test_grouped_and_single_losses_add_up_to_the_stopping_power(medium, settings):
    table = electron_tables(material(medium), settings)
    use = ENERGY_KEV > 20.0  # Moller's formula has no binding: below, the guard takes over
    e = ENERGY_KEV[use]
    number, energy = moller(e, table[use, W_C], medium)
    # bremsstrahlung above k_c: k dN/dk = b (1 - 0.75 k/e), b from the radiated energy
    part = np.minimum(table[use, K_C] / e, 1)
    b = electron_radiative_stopping(medium, e) / (0.625 * e)
    radiated = b * e * (1 - part - 0.375 * (1 - part**2))
    expected = electron_collision_stopping(medium, e) + electron_radiative_stopping(medium, e)
    # 1e-5: Simpson's rule on 400 intervals against closed forms
    assert table[use, SOFT] + energy + radiated == pytest.approx(expected, rel=1e-5)
    assert table[use, INELASTIC] == pytest.approx(number, rel=1e-5)
    assert np.all(table[use, BREMS] >= 0)


def transport_inverse(e, medium):
    """Inverse transport mean free path of elastic scattering by direct integration."""
    total = 0.0
    t = e / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    for z, share in material(medium).composition:
        a = float(screening(np.array([e]), z)[0])
        s = np.linspace(0, 1, 20001)
        mu = a * ((1 + a) / a) ** s - a
        root = np.sqrt(mu)
        spin = 1 - beta2 * mu + math.pi * z * ALPHA * math.sqrt(beta2) * root * (1 - root)
        density = math.pi * R_E**2 * z**2 / (beta2 * (t + 1)) ** 2 / (mu + a) ** 2 * spin
        moment = np.trapezoid(2 * mu * density, mu)
        total += share * AVOGADRO / elements()[z].atomic_weight * moment
    return total


def single_mean(a, b, mu_c):
    mu = np.geomspace(mu_c + a, 1 + a, 20001) - a
    density = (1 - b * mu) / (mu + a) ** 2
    return np.trapezoid(mu * density, mu) / np.trapezoid(density, mu)


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("node", [0, 100, 200, 280, 360])
def test_grouped_and_single_deflections_add_up_to_the_transport_cross_section(medium, node):
    e = ENERGY_KEV[node]
    expected = transport_inverse(e, medium)
    # grouped inelastic deflections do not depend on C1: the difference of two tables is elastic
    small = electron_tables(material(medium), replace(ACCURATE, deflection=0.001))[node]
    for c1 in (0.02, 0.1):
        row = electron_tables(material(medium), replace(ACCURATE, deflection=c1))[node]
        mean = single_mean(row[SCREEN], row[SPIN], row[MU_C])
        single = 2 * row[ELASTIC] * mean
        least = 2 * small[ELASTIC] * single_mean(small[SCREEN], small[SPIN], small[MU_C])
        # at C1 = 0.001 next to nothing of the elastic deflection is grouped
        assert row[DEFLECTION] - small[DEFLECTION] + single == pytest.approx(least, rel=2e-3)
        assert least <= expected * 1.002


@pytest.mark.parametrize("settings", [ACCURATE, FAST])
def test_mean_deflection_between_single_events_is_what_the_setting_says(settings):
    table = electron_tables(material("water"), settings)
    use = table[:, MU_C] > 0
    mean = np.array([single_mean(*row[[SCREEN, SPIN, MU_C]]) for row in table[use]])
    first = np.array([transport_inverse(e, "water") for e in ENERGY_KEV[use]])
    # C1 = mean free path between single events x total inverse transport mean free path
    assert first / table[use, ELASTIC] == pytest.approx(settings.deflection, rel=3e-3)
    assert np.all(mean > table[use, MU_C])
