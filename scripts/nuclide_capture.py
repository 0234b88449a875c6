"""Electron-capture probabilities by shell, and the mean neutrino energy that follows.

P_x ∝ β_x² q_x² for allowed and non-unique capture, q_x = Δ - B_x; for unique forbidden capture of
order L - 1 times q_x^{2(L-k)} / ((2k-1)! (2(L-k)+1)!), k = |κ| of the shell: W. Bambynek et al.,
Rev. Mod. Phys. 49 (1977) 77, without exchange and overlap corrections (a few per cent of P_L/P_K
at low Z). The Coulomb amplitudes β_x come from the Dirac equation in the Thomas-Fermi
potential of the parent (Molière's three exponentials) with a uniformly charged nucleus; binding
energies are xraylib's edges of the progeny.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import xraylib
from numba import njit

K_SHELL, L1_SHELL = xraylib.K_SHELL, xraylib.L1_SHELL
FINE_STRUCTURE = 7.2973525643e-3
COMPTON_WAVELENGTH_FM = 386.15926744
ELECTRON_MASS_KEV = 510.99895
GRID = 4000
NEGLIGIBLE = 1e-7

# shell name, principal number, κ, xraylib index
SHELLS = (
    ("K", 1, -1, xraylib.K_SHELL),
    ("L1", 2, -1, xraylib.L1_SHELL),
    ("L2", 2, 1, xraylib.L2_SHELL),
    ("L3", 2, -2, xraylib.L3_SHELL),
    ("M1", 3, -1, xraylib.M1_SHELL),
    ("M2", 3, 1, xraylib.M2_SHELL),
    ("M3", 3, -2, xraylib.M3_SHELL),
    ("N1", 4, -1, xraylib.N1_SHELL),
)


@njit(cache=False)
def _potential(r, z, radius):
    """Energy of an electron at r: nucleus of charge z, uniform inside `radius`, and the atom."""
    b = 0.88534 / (FINE_STRUCTURE * z ** (1.0 / 3.0))
    x = r / b
    screening = 0.35 * math.exp(-0.3 * x) + 0.55 * math.exp(-1.2 * x) + 0.1 * math.exp(-6.0 * x)
    outside = -FINE_STRUCTURE * (1.0 + (z - 1.0) * screening) / r
    if r >= radius:
        return outside
    electrons = FINE_STRUCTURE * (z - 1.0) * (1.0 - screening) / r
    return -FINE_STRUCTURE * z / (2.0 * radius) * (3.0 - (r / radius) ** 2) + electrons


@njit(cache=False)
def _slopes(t, p, q, kappa, total, z, radius):
    """Return r dP/dr and r dQ/dr of the radial Dirac equation, t = ln r."""
    r = math.exp(t)
    v = _potential(r, z, radius)
    return -kappa * p + r * (total + 1.0 - v) * q, kappa * q - r * (total - 1.0 - v) * p


@njit(cache=False)
def _outward(total, kappa, z, radius, t0, t1, n, bound):
    """Integrate outward (RK4 in ln r); return nodes of P, P, Q at the radius, and the norm."""
    h = (t1 - t0) / n
    r0 = math.exp(t0)
    if kappa < 0:
        p = r0**-kappa
        q = -(total - 1.0 - _potential(r0, z, radius)) * r0 * p / (1.0 - 2.0 * kappa)
    else:
        p, q = (total + 1.0 - _potential(r0, z, radius)) * r0 * r0 / 3.0, r0
    nodes, norm, at_radius, largest = 0, 0.0, 0.0, 0.0
    t = t0
    for _ in range(n):
        a1, b1 = _slopes(t, p, q, kappa, total, z, radius)
        a2, b2 = _slopes(t + h / 2, p + h / 2 * a1, q + h / 2 * b1, kappa, total, z, radius)
        a3, b3 = _slopes(t + h / 2, p + h / 2 * a2, q + h / 2 * b2, kappa, total, z, radius)
        a4, b4 = _slopes(t + h, p + h * a3, q + h * b3, kappa, total, z, radius)
        new_p = p + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        q = q + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
        if new_p * p < 0.0:
            nodes += 1
        p = new_p
        t += h
        r = math.exp(t)
        norm += (p * p + q * q) * r * h
        if t <= math.log(radius):
            at_radius = (p * p if kappa < 0 else q * q) / (r * r)
        # far out the outward solution diverges again: the bound state ends where it is negligible
        size = (p * p + q * q) * r
        largest = max(largest, size)
        if bound and size < NEGLIGIBLE * largest:
            break
    return nodes, at_radius, norm


def _bound_state_amplitude(z: int, mass_number: int, principal: int, kappa: int) -> float:
    """Return β² of one shell (arbitrary common unit): density at the nuclear radius / norm,
    for k = 2 times ((2k-1)!!/R)², so that amplitudes of all shells compare.
    """
    radius = 1.2 * mass_number ** (1.0 / 3.0) / COMPTON_WAVELENGTH_FM
    t0, t1 = math.log(radius * 1e-2), math.log(60.0 * principal**2 / (FINE_STRUCTURE * z))
    wanted = principal + kappa if kappa < 0 else principal - 2
    low, high = 1.0 - 1.2 * (FINE_STRUCTURE * z / principal) ** 2, 1.0 - 1e-9
    for _ in range(100):
        middle = 0.5 * (low + high)
        nodes, _, _ = _outward(middle, kappa, float(z), radius, t0, t1, GRID, False)
        low, high = (low, middle) if nodes > wanted else (middle, high)
    nodes, amplitude, norm = _outward(low, kappa, float(z), radius, t0, t1, GRID, True)
    if kappa == -2:
        amplitude *= (3.0 / radius) ** 2
    return amplitude / norm


@cache
def amplitudes(z_parent: int, mass_number: int) -> tuple[float, ...]:
    """Return β_x² of the shells in SHELLS."""
    return tuple(
        _bound_state_amplitude(z_parent, mass_number, n, kappa) for _, n, kappa, _ in SHELLS
    )


def edge_keV(z: int, shell: int) -> float:
    """Return an absorption edge, 0 where the element has no such shell in the tables."""
    try:
        return float(xraylib.EdgeEnergy(z, shell))
    except ValueError:
        return 0.0


def capture_probabilities(
    z_parent: int, mass_number: int, transition_keV: float, *, unique_order: int = 0
) -> np.ndarray:
    """Return P_x over SHELLS for a transition energy Δ (keV, nuclear levels, atoms' masses)."""
    binding = np.array([edge_keV(z_parent - 1, index) for *_, index in SHELLS])
    momentum = np.clip(transition_keV - binding, 0.0, None) / ELECTRON_MASS_KEV
    exists = np.array([edge_keV(z_parent, index) > 0.0 for *_, index in SHELLS])
    weight = np.array(amplitudes(z_parent, mass_number)) * momentum**2 * exists
    weight *= [_shape_factor(abs(kappa), unique_order, q) for (*_, kappa, _), q in
               zip(SHELLS, momentum, strict=True)]  # fmt: skip
    return weight / weight.sum()


def _shape_factor(k: int, unique_order: int, momentum: float) -> float:
    rank = unique_order + 1
    if k > rank:
        return 0.0
    scale = math.factorial(2 * k - 1) * math.factorial(2 * (rank - k) + 1)
    return momentum ** (2 * (rank - k)) / scale


def mean_capture_neutrino_keV(
    z_parent: int, mass_number: int, transition_keV: float, *, unique_order: int = 0
) -> float:
    """Return the mean neutrino energy of a capture transition, Δ - Σ P_x B_x."""
    probability = capture_probabilities(
        z_parent, mass_number, transition_keV, unique_order=unique_order
    )
    binding = np.array([edge_keV(z_parent - 1, index) for *_, index in SHELLS])
    return float(transition_keV - probability @ binding)
