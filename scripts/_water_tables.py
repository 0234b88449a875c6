"""Interaction data of liquid water for `_water_transport.py`, on one logarithmic energy grid.

Lengths are g/cm2 (density 1 g/cm3), energies keV. Sources stand with each function.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

MC2 = 510.99895  # electron rest energy, keV
R_E = 2.8179403262e-13  # classical electron radius, cm
ALPHA = 7.2973525693e-3
N_A = 6.02214076e23
WATER_G_MOL = 18.01528
N_MOL = N_A / WATER_G_MOL  # molecules per gram
N_EL = 10.0 * N_MOL  # electrons per gram
I_KEV = 0.078  # mean excitation energy of liquid water, ICRU-90

PLASMA_KEV = 0.021469  # plasma energy of liquid water (ICRU-37)
# electrons per molecule and binding energy, keV: H 1s; O 1s, 2s, 2p (Carlson 1975)
LEVELS = np.array([[2, 0.0136], [2, 0.5381], [2, 0.02848], [4, 0.01362]])

GRID_MIN, GRID_MAX, GRID_N = 0.5, 6000.0, 400
GRID = np.geomspace(GRID_MIN, GRID_MAX, GRID_N)
GRID_STEP = math.log(GRID[1] / GRID[0])

# mixed-simulation parameters: hard collisions carry more than 1 % of the energy; mean soft
# deflection per hard event C1 = 0.02; at most 3 % of the energy lost in a step
W_FRACTION, W_MIN, C1, MAX_LOSS = 0.01, 0.5, 0.02, 0.03
K_CUT = 10.0  # bremsstrahlung below 10 keV is deposited where it arises


def collision_stopping_power(energy_keV: np.ndarray) -> np.ndarray:
    """Bethe's collision stopping power of water for electrons, keV cm2/g (ICRU-37, eq. 3.1)."""
    t = energy_keV / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    f = (1 - beta2) * (1 + t * t / 8 - (2 * t + 1) * math.log(2))
    pre = 2 * math.pi * R_E**2 * MC2 * N_EL / beta2
    log = np.log((energy_keV / I_KEV) ** 2) + np.log1p(t / 2)
    return pre * (log + f - density_effect(energy_keV))


def density_effect(energy_keV: np.ndarray, i_keV: float = I_KEV) -> np.ndarray:
    """Density-effect correction of liquid water by Sternheimer's oscillator method.

    Sternheimer 1952 (doi:10.1103/PhysRev.88.851) as used by Sternheimer, Berger and Seltzer and
    by ESTAR: levels scaled by one factor so that they reproduce the mean excitation energy. The
    popular three-parameter fit to it is up to 0.1 too high for water near 1 MeV.
    """
    f, level = LEVELS[:, 0] / 10, LEVELS[:, 1] / PLASMA_KEV
    wanted = math.log(i_keV / PLASMA_KEV)

    def mean_log(scale: float) -> float:
        return float(np.sum(f * 0.5 * np.log((scale * level) ** 2 + 2 / 3 * f)))

    scale = brentq(lambda s: mean_log(s) - wanted, 0.1, 20)
    nu2 = (scale * level) ** 2
    t = np.atleast_1d(energy_keV) / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    out = np.zeros_like(t)
    for i, b2 in enumerate(beta2):
        target = 1 / b2 - 1
        if target >= np.sum(f / nu2):  # an insulator has no correction below its threshold
            continue
        big = brentq(lambda x, g=target: float(np.sum(f / (nu2 + x))) - g, 0.0, 1e9)
        l2 = nu2 + 2 / 3 * f
        out[i] = np.sum(f * np.log((l2 + big) / l2)) - big * (1 - b2)
    return out


def csda_range(energy_keV: np.ndarray, radiative: np.ndarray) -> np.ndarray:
    """CSDA range on an energy grid, g/cm2, starting from range ~ E / (2 S) at its first point."""
    inverse = 1 / (collision_stopping_power(energy_keV) + radiative)
    steps = 0.5 * (inverse[1:] * energy_keV[1:] + inverse[:-1] * energy_keV[:-1])
    return np.concatenate(
        [[0.5 * energy_keV[0] * inverse[0]], steps * np.diff(np.log(energy_keV))]
    ).cumsum()


def _moller_moments(e: float, w_c: float) -> tuple[float, float, float]:
    """Return number, energy (keV) and transport moment per g/cm2 of Moller losses.

    Number and energy are of hard losses (above w_c), the moment of 1 - cos of soft ones
    (78 eV to w_c). All integrated numerically over the Moller cross section.
    """
    t = e / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    pre = N_EL * 2 * math.pi * R_E**2 * MC2 / (beta2 * e)

    def pdf(x: np.ndarray) -> np.ndarray:
        return (
            1 / x**2 + 1 / (1 - x) ** 2 + (t / (t + 1)) ** 2
            - (2 * t + 1) / (t + 1) ** 2 / (x * (1 - x))
        )  # fmt: skip

    number = energy = 0.0
    if w_c < 0.5 * e:
        x = np.geomspace(w_c / e, 0.5, 400)
        number = pre * np.trapezoid(pdf(x), x)
        energy = pre * np.trapezoid(pdf(x) * x, x) * e
    x = np.geomspace(I_KEV / e, min(w_c / e, 0.5), 200)
    cos = np.sqrt((1 - x) * (t + 2) / ((1 - x) * t + 2))
    return number, energy, pre * np.trapezoid(pdf(x) * (1 - cos), x)


def electron_tables(radiative: np.ndarray) -> np.ndarray:
    """Return per grid energy: soft loss, hard Moller, hard elastic, mu_c, 1/lambda_soft, brems.

    `radiative` is the radiative stopping power on GRID, keV cm2/g. Shape (6, GRID_N).
    """
    out = np.zeros((6, GRID_N))
    collision = collision_stopping_power(GRID)
    zs, counts = np.array([1.0, 8.0]), np.array([2.0, 1.0])
    for i, e in enumerate(GRID):
        t = e / MC2
        beta2 = t * (t + 2) / (t + 1) ** 2
        k2 = R_E**2 / (beta2**2 * (t + 1) ** 2)
        screen = screening(e, zs)
        strength = counts * N_MOL * math.pi * zs**2 * k2
        w_c = max(W_MIN, W_FRACTION * e)
        hard_n, hard_e, soft_in = _moller_moments(e, w_c)
        total = np.sum(strength * (1 / screen - 1 / (1 + screen)))
        first = np.sum(2 * strength * (np.log((1 + screen) / screen) - 1 / (1 + screen)))
        wanted = min(total, first / C1)
        low, high = 0.0, 1.0
        for _ in range(60):
            mid = 0.5 * (low + high)
            hard = np.sum(strength * (1 / (mid + screen) - 1 / (1 + screen)))
            low, high = (mid, high) if hard > wanted else (low, mid)
        mu_c = 0.5 * (low + high)
        hard = np.sum(strength * (1 / (mu_c + screen) - 1 / (1 + screen)))
        soft = np.sum(2 * strength * (np.log((mu_c + screen) / screen) - mu_c / (mu_c + screen)))
        # bremsstrahlung: k dN/dk = b (1 - 0.75 k/T), so the radiated energy is b T (1 - 0.375)
        b = radiative[i] / (e * 0.625)
        kc = min(K_CUT / e, 1.0)
        photons = b * (-math.log(kc) - 0.75 * (1 - kc))
        soft_brems = b * e * (kc - 0.375 * kc**2)
        out[:, i] = (
            max(collision[i] - hard_e, 0.02 * collision[i]) + soft_brems,
            hard_n, hard, mu_c, soft + soft_in, photons,
        )  # fmt: skip
    return out


def screening(e: float, z: np.ndarray) -> np.ndarray:
    """Moliere's screening parameter A of the Wentzel form (mu + A)^-2."""
    t = e / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    momentum = math.sqrt(t * (t + 2))  # in mc
    chi = ALPHA * z ** (1 / 3) / (0.885 * momentum)
    return 0.25 * chi**2 * (1.13 + 3.76 * (ALPHA * z) ** 2 / beta2)


def pair_cross_section(energy_keV: np.ndarray, z: float) -> np.ndarray:
    """Unscreened Born pair cross section, cm2/atom (Maximon 1968, J. Res. NBS 72B, 79)."""
    k = np.asarray(energy_keV) / MC2
    out = np.zeros_like(k)
    low = (k > 2) & (k <= 4)
    eps = 2 * (k[low] - 2) / (2 + k[low] + 2 * np.sqrt(2 * k[low]))
    out[low] = (
        (2 * math.pi / 3)
        * ((k[low] - 2) / k[low]) ** 3
        * (1 + eps / 2 + 23 * eps**2 / 40 + 11 * eps**3 / 60 + 29 * eps**4 / 960)
    )
    high = k > 4
    kh = k[high]
    ln = np.log(2 * kh)
    zeta3 = 1.2020569031595942
    out[high] = (
        28 / 9 * ln - 218 / 27
        + (2 / kh) ** 2 * (6 * ln - 3.5 + 2 / 3 * ln**3 - ln**2 - math.pi**2 / 3 * ln
                           + 2 * zeta3 + math.pi**2 / 6)
        - (2 / kh) ** 4 * (3 / 16 * ln + 1 / 8)
        - (2 / kh) ** 6 * (29 / (9 * 256) * ln - 77 / (27 * 512))
    )  # fmt: skip
    return ALPHA * R_E**2 * z**2 * out


def photon_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mass attenuation of water on GRID (photo, Compton, Rayleigh, pair) and form factors.

    Above 800 keV, where xraylib ends: Compton = Klein-Nishina (binding is gone), photoelectric
    and Rayleigh continued by their logarithmic slope, pair after Maximon with a factor
    (Z + 1)/Z for the field of the electrons above 4 mc2. Second result: x (1/Angstrom), third:
    rows S(x)/Z and the cumulative integral of F2 over x2.
    """
    import xraylib as xrl

    w = {1: 2 * 1.00794 / WATER_G_MOL, 8: 15.9994 / WATER_G_MOL}
    mu = np.zeros((4, GRID_N))
    edge = 700.0
    functions = (xrl.CS_Photo, xrl.CS_Compt, xrl.CS_Rayl)
    for row, function in enumerate(functions):

        def at(e: float, function=function) -> float:
            return sum(f * function(z, e) for z, f in w.items())

        slope = math.log(at(edge) / at(edge / 1.2)) / math.log(1.2)
        for i, e in enumerate(GRID):
            mu[row, i] = at(e) if e <= edge else at(edge) * (e / edge) ** slope
    kn = N_EL * klein_nishina(GRID)
    mu[1] = np.where(edge < GRID, kn, mu[1])
    oxygen, hydrogen = pair_cross_section(GRID, 8.0), pair_cross_section(GRID, 1.0)
    triplet = np.where(GRID > 4 * MC2, 1.0, 0.0)
    mu[3] = N_MOL * (oxygen * (1 + triplet / 8) + 2 * hydrogen * (1 + triplet))
    x = np.concatenate([[0.0], np.geomspace(2e-3, 500.0, 800)])
    forms_end = 190.0  # 1/Angstrom; beyond, oxygen scatters as free electrons
    s, f2 = np.zeros_like(x), np.zeros_like(x)
    for i, q in enumerate(x):
        q_in = max(q, 1.5e-3)
        s[i] = (2 * xrl.SF_Compt(1, q_in) + xrl.SF_Compt(8, q_in)) / 10 if q < forms_end else 1.0
        f2[i] = 2 * xrl.FF_Rayl(1, q_in) ** 2 + xrl.FF_Rayl(8, q_in) ** 2 if q < forms_end else 0.0
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (f2[1:] + f2[:-1]) * np.diff(x * x))])
    return mu, x, np.vstack([s, cumulative])


def klein_nishina(energy_keV: np.ndarray) -> np.ndarray:
    """Klein-Nishina cross section, cm2 per electron."""
    a = energy_keV / MC2
    ln = np.log1p(2 * a)
    return 2 * math.pi * R_E**2 * (
        (1 + a) / a**2 * (2 * (1 + a) / (1 + 2 * a) - ln / a)
        + ln / (2 * a) - (1 + 3 * a) / (1 + 2 * a) ** 2
    )  # fmt: skip
