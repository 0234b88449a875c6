"""Interaction data of electrons in one material, for the mixed simulation of `_electrons.py`.

Collisions that lose little energy or turn little are grouped along a step, the others are
simulated one by one (class II of Berger 1963; M. J. Baró et al. 1995,
doi:10.1016/0168-583X(95)00349-5). What is small is set by `ElectronSettings`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.transport.materials import Material, elements
from ligandose.transport.stopping import (
    ALPHA_RANGE_KEV,
    AVOGADRO,
    alpha_stopping,
    electron_collision_stopping,
    electron_csda_range,
    electron_radiative_stopping,
)

FloatArray = NDArray[np.float64]

ENERGY_KEV: FloatArray = np.geomspace(1.0, 1e4, 401)
MC2 = 510.99895  # electron rest energy, keV (CODATA 2022)
R_E = 2.8179403205e-13  # classical electron radius, cm
ALPHA = 7.2973525643e-3
BREMS_SLOPE = 0.75
"""Photon energies of bremsstrahlung: k dN/dk ~ 1 - 0.75 k/T, a line through the shape of Seltzer
and Berger (1986, doi:10.1016/0092-640X(86)90014-8) for light elements at 0.5 to 3 MeV."""

# columns of the table
SOFT, SPREAD, INELASTIC, ELASTIC, BREMS, DEFLECTION, MU_C, SCREEN, SPIN, W_C, K_C, ALPHA_LOSS = (
    range(12)
)
RANGE, PHOTONS = 12, 13
COLUMNS = 14
_MU_POINTS, _W_POINTS, _BISECTIONS = 801, 401, 50


@dataclass(frozen=True)
class ElectronSettings:
    """Where the line between grouped and single collisions is drawn.

    Attributes:
        deflection: mean 1 - cos of the grouped deflections between two single ones (C1).
        hard_fraction: collisions that lose more than this part of the energy are single ones,
        hard_min_keV: if they lose more than this.
        step_loss: largest part of the energy that is lost in a step by grouped collisions.
        photon_min_keV: bremsstrahlung below is deposited where it arises.
        absorb_fraction: an electron is deposited where it is once it has less than this part of
            the energy at which its run began (used where a run chooses its own cutoff).
    """

    deflection: float
    hard_fraction: float
    hard_min_keV: float
    step_loss: float
    photon_min_keV: float
    absorb_fraction: float

    def __post_init__(self) -> None:
        """Refuse values outside the method's range."""
        limits = {
            "deflection": (1e-4, 0.3),
            "hard_fraction": (1e-4, 0.3),
            "hard_min_keV": (0.1, 1e3),
            "step_loss": (1e-3, 0.3),
            "photon_min_keV": (1.0, 1e3),
            "absorb_fraction": (1e-4, 0.3),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(
                    f"ElectronSettings.{name} is {value!r}; allowed {low:g} to {high:g}"
                )


ACCURATE = ElectronSettings(0.02, 0.01, 0.5, 0.03, 10.0, 0.02)
FAST = ElectronSettings(0.2, 0.05, 1.0, 0.15, 10.0, 0.05)
PRESETS = {"accurate": ACCURATE, "fast": FAST}


def electron_tables(material: Material, settings: ElectronSettings) -> FloatArray:
    """Return interaction data by energy node, (401, COLUMNS), per g/cm2 and keV.

    SOFT: energy lost in grouped collisions, keV cm2/g; SPREAD: its variance, keV2 cm2/g;
    INELASTIC, ELASTIC, BREMS: single events per g/cm2; DEFLECTION: inverse transport mean free
    path of grouped deflections; MU_C: single deflections have mu = (1 - cos)/2 above this, with
    density (1 - SPIN mu)/(mu + SCREEN)^2; W_C, K_C: limits of INELASTIC and BREMS, keV;
    ALPHA_LOSS: stopping power for alphas of the same energies, keV cm2/g; RANGE: csda range, g/cm2;
    PHOTONS: single photons that an electron emits until it stops.
    """
    table = np.zeros((ENERGY_KEV.size, COLUMNS))
    w_c = np.maximum(settings.hard_min_keV, settings.hard_fraction * ENERGY_KEV)
    k_c = np.full_like(ENERGY_KEV, settings.photon_min_keV)
    collision = electron_collision_stopping(material.name, ENERGY_KEV)
    radiative = electron_radiative_stopping(material.name, ENERGY_KEV)
    number, lost, spread, turned = _inelastic(material, w_c)
    photons, radiated = _bremsstrahlung(radiative, k_c)
    # binding makes close collisions rarer than Moller's at the lowest energies
    table[:, SOFT] = np.maximum(collision - lost, 0.02 * collision) + radiated
    table[:, SPREAD] = spread
    table[:, INELASTIC] = number
    table[:, BREMS] = photons
    hard, deflection, shape = _elastic(material, settings.deflection)
    table[:, ELASTIC] = hard
    table[:, DEFLECTION] = deflection + turned
    table[:, MU_C : SPIN + 1] = shape
    table[:, W_C] = w_c
    table[:, K_C] = k_c
    table[:, RANGE] = electron_csda_range(material.name, ENERGY_KEV)
    rate = photons / (collision + radiative) * ENERGY_KEV  # per unit of ln(energy)
    step = np.log(ENERGY_KEV[1:] / ENERGY_KEV[:-1])
    table[1:, PHOTONS] = np.cumsum(0.5 * (rate[1:] + rate[:-1]) * step)
    table[:, ALPHA_LOSS] = alpha_stopping(material.name, np.maximum(ENERGY_KEV, ALPHA_RANGE_KEV[0]))
    return table


def _speed2(energy_keV: FloatArray) -> FloatArray:
    """Return beta squared of electrons."""
    t = energy_keV / MC2
    return t * (t + 2) / (t + 1) ** 2


def _inelastic(
    material: Material, w_c: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Integrate the cross section of Moller (1932) between free electrons, per g/cm2.

    Returns:
        Number of losses above w_c and the energy lost in them (keV); of losses below, the sum of
        squares (keV2) and of 1 - cos of the deflection. Each of shape (401,).
    """
    e = ENERGY_KEV[:, None]
    t = e / MC2
    pre = material.electrons_mol_per_g * AVOGADRO * 2 * math.pi * R_E**2 * MC2 / (_speed2(e) * e)
    limit = np.minimum(w_c[:, None] / e, 0.5)

    def density(x: FloatArray) -> FloatArray:
        rest = (t / (t + 1)) ** 2 - (2 * t + 1) / (t + 1) ** 2 / (x * (1 - x))
        return pre * (1 / x**2 + 1 / (1 - x) ** 2 + rest)

    s = np.linspace(0.0, 1.0, _W_POINTS)[None, :]
    above = limit * (0.5 / limit) ** s
    number = _integral(density(above), above)
    lost = _integral(density(above) * above, above) * ENERGY_KEV
    lowest = np.minimum(material.mean_excitation_eV * 1e-3 / e, 0.9 * limit)
    below = lowest * (limit / lowest) ** s
    spread = _integral(density(below) * below**2, below) * ENERGY_KEV**2
    cos = np.sqrt((1 - below) * (t + 2) / ((1 - below) * t + 2))
    return number, lost, spread, _integral(density(below) * (1 - cos), below)


def _integral(values: FloatArray, x: FloatArray) -> FloatArray:
    """Integrate along the last axis on a logarithmic grid (Simpson in ln x)."""
    step = np.log(x[:, 1] / x[:, 0])
    terms = values * x
    inner = 4 * terms[:, 1:-1:2].sum(axis=1) + 2 * terms[:, 2:-1:2].sum(axis=1)
    return step / 3 * (terms[:, 0] + inner + terms[:, -1])


def _bremsstrahlung(radiative: FloatArray, k_c: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return photons above k_c and energy radiated below it, both per g/cm2."""
    part = np.minimum(k_c / ENERGY_KEV, 1.0)
    strength = radiative / (ENERGY_KEV * (1 - BREMS_SLOPE / 2))
    photons = strength * (-np.log(part) - BREMS_SLOPE * (1 - part))
    return photons, strength * ENERGY_KEV * (part - BREMS_SLOPE / 2 * part**2)


def screening(energy_keV: FloatArray, z: int) -> FloatArray:
    """Return A of (mu + A)^-2 by Moliere (1947, Z. Naturforsch. 2a, 133)."""
    t = energy_keV / MC2
    chi = ALPHA * z ** (1 / 3) / (0.885 * np.sqrt(t * (t + 2)))
    return 0.25 * chi**2 * (1.13 + 3.76 * (ALPHA * z) ** 2 / _speed2(energy_keV))


def _elastic(material: Material, c1: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Split elastic scattering on nuclei into single and grouped deflections.

    Screened Rutherford scattering times the spin factor of McKinley and Feshbach (1948,
    doi:10.1103/PhysRev.74.1759), summed over the elements. The single deflections of all elements
    are then described by one density, with the summed number and mean.

    Returns:
        Single events per g/cm2; inverse transport mean free path of the grouped; (401, 3) of
        the smallest mu, the screening and the spin parameter of the single ones.
    """
    e = ENERGY_KEV[:, None]
    beta2 = _speed2(e)
    rutherford = math.pi * R_E**2 / (beta2 * (e / MC2 + 1)) ** 2
    lightest = screening(e, min(z for z, _ in material.composition))
    mu = lightest * ((1 + lightest) / lightest) ** np.linspace(0, 1, _MU_POINTS)[None, :] - lightest
    root = np.sqrt(mu)
    total = np.zeros_like(mu)
    log_screen, weight = np.zeros_like(ENERGY_KEV), 0.0
    for z, share in material.composition:
        atoms = share * AVOGADRO / elements()[z].atomic_weight
        a = screening(e, z)
        spin = 1 - beta2 * mu + math.pi * z * ALPHA * np.sqrt(beta2) * root * (1 - root)
        total += atoms * z**2 * rutherford / (mu + a) ** 2 * spin
        log_screen += atoms * z**2 * np.log(a[:, 0])
        weight += atoms * z**2
    width = np.diff(mu + lightest, axis=1)
    # on a grid even in ln(mu + A0), the product of both ends is the better mean
    number = width * np.sqrt(total[:, 1:] * total[:, :-1])
    moment = number * 0.5 * (mu[:, 1:] + mu[:, :-1])
    above = _from_above(number)
    wanted = np.minimum(above[:, 0], 2 * moment.sum(axis=1) / c1)
    return _split(mu, above, _from_above(moment), wanted, np.exp(log_screen / weight))


def _from_above(parts: FloatArray) -> FloatArray:
    """Return the sum from every edge of the grid to its end, (401, points)."""
    sums = np.cumsum(parts[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([sums, np.zeros((sums.shape[0], 1))], axis=1)


def _split(
    mu: FloatArray, above: FloatArray, moment: FloatArray, wanted: FloatArray, screen: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    hard, soft, mu_c = wanted.copy(), np.zeros_like(wanted), np.zeros_like(wanted)
    spin = np.zeros_like(wanted)
    for i in range(len(wanted)):
        numbers: FloatArray = -above[i]
        moments: FloatArray = moment[i]
        grid: FloatArray = mu[i]
        least = float(np.interp(-float(wanted[i]), numbers, grid))
        hard_moment = float(np.interp(least, grid, moments))
        mu_c[i] = least
        soft[i] = 2 * (moment[i, 0] - hard_moment)
        screen[i], spin[i] = _matched(least, float(screen[i]), hard_moment / float(hard[i]))
    return hard, soft, np.stack([mu_c, screen, spin], axis=1)


def _matched(mu_c: float, screen: float, mean: float) -> tuple[float, float]:
    """Return screening and spin parameter whose density above mu_c has the wanted mean.

    The mean falls with the spin parameter b (0 to 1) and rises with the screening a. Where no b
    will do, a moves too.
    """
    if _mean(screen, 0.0, mu_c) >= mean >= _mean(screen, 1.0, mu_c):
        low, high = 0.0, 1.0
        for _ in range(_BISECTIONS):
            b = 0.5 * (low + high)
            low, high = (b, high) if _mean(screen, b, mu_c) > mean else (low, b)
        return screen, 0.5 * (low + high)
    b = 0.0 if _mean(screen, 0.0, mu_c) < mean else 1.0
    low, high = (screen, 100.0) if b == 0.0 else (-0.9 * mu_c, screen)
    for _ in range(_BISECTIONS):
        a = 0.5 * (low + high)
        low, high = (a, high) if _mean(a, b, mu_c) < mean else (low, a)
    return 0.5 * (low + high), b


def _mean(a: float, b: float, mu_c: float) -> float:
    """Mean of mu with density (1 - b mu)/(mu + a)^2 on (mu_c, 1)."""
    low, high = mu_c + a, 1 + a
    inverse, log = 1 / low - 1 / high, math.log(high / low)
    first = log - a * inverse
    second = (high - low) - 2 * a * log + a * a * inverse
    return (first - b * second) / (inverse - b * first)
