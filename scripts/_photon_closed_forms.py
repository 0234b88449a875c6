"""Photon cross sections in closed form, for `build_cross_sections.py`."""

from __future__ import annotations

import math

import numpy as np

MC2 = 510.99895  # electron rest energy, keV
R_E = 2.8179403262e-13  # classical electron radius, cm
ALPHA = 7.2973525693e-3
N_A = 6.02214076e23


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


def klein_nishina(energy_keV: np.ndarray) -> np.ndarray:
    """Klein-Nishina cross section, cm2 per electron."""
    a = energy_keV / MC2
    ln = np.log1p(2 * a)
    return 2 * math.pi * R_E**2 * (
        (1 + a) / a**2 * (2 * (1 + a) / (1 + 2 * a) - ln / a)
        + ln / (2 * a) - (1 + 3 * a) / (1 + 2 * a) ** 2
    )  # fmt: skip
