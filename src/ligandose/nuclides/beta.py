"""Shapes of beta spectra from endpoint, charge and forbiddenness (array core).

N(W) dW ∝ p W (W0 - W)² F0(Z, W) L0(Z, W) S(Z, W) C(W), with W the total energy and p the momentum
of the electron in units of m_e c and m_e c².

- F0: relativistic Fermi function at the nuclear radius R; L0: its change by the finite size of the
  charge (analytic part of Wilkinson's expansion). L. Hayen et al., Rev. Mod. Phys. 90 (2018)
  015008, equations 7 and 16.
- S: screening by Rose's shift of the energy, W -> W ∓ V0. M. E. Rose, Phys. Rev. 49 (1936) 727;
  V0 = N(Z') α² Z'^{4/3} m_e c², Z' the charge number of the parent, N from Hartree-Fock atoms
  (D. H. Wilkinson, Nucl. Phys. A 150 (1970) 478; values second hand).
- C: 1 for allowed transitions, and for forbidden non-unique ones (ξ approximation); for unique
  forbidden ones Σ_k λ_k p^{2(k-1)} q^{2(L-k)} / ((2k-1)! (2(L-k)+1)!) with λ_k from generalized
  Fermi functions. H. Behrens and W. Bühring, Electron Radial Wave Functions and Nuclear
  Beta-decay (1982); X. Mougeot, Phys. Rev. C 91 (2015) 055504.

Radiative corrections and atomic exchange are left out: they change means by less than 0.1 % for
endpoints above 100 keV (Hayen et al. 2018, section VII).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ELECTRON_MASS_KEV = 510.99895
"""CODATA 2022."""
FINE_STRUCTURE = 7.2973525643e-3
"""CODATA 2022."""
COMPTON_WAVELENGTH_FM = 386.15926744
"""Reduced Compton wavelength of the electron, CODATA 2022."""
SCREENING_CHARGE = (1.0, 8.0, 13.0, 16.0, 23.0, 27.0, 29.0, 49.0, 84.0, 92.0)
SCREENING_STRENGTH = (1.0, 1.42, 1.484, 1.497, 1.52, 1.544, 1.561, 1.637, 1.838, 1.907)
"""N(Z') of the screening potential, interpolated linearly in Z'."""
THRESHOLD = 1e-3
"""Kinetic energy (m_e c²) near which the Coulomb factor is taken as its value at threshold."""
QUADRATURE_POINTS = 128


def nuclear_radius(mass_number: int) -> float:
    """Return the nuclear radius in units of the electron's reduced Compton wavelength.

    Good from carbon up (negative below A = 4).

    R = 1.121 A^{1/3} + 2.426 A^{-1/3} - 6.614/A fm: L. R. B. Elton, Nuclear Sizes (1961).
    """
    root = mass_number ** (1.0 / 3.0)
    return (1.121 * root + 2.426 / root - 6.614 / mass_number) / COMPTON_WAVELENGTH_FM


def _log_abs_gamma(real: float, imaginary: FloatArray) -> FloatArray:
    """Return ln |Γ(real + i imaginary)|: Stirling's series after a shift by the recurrence."""
    shift = 12
    z = real + 1j * imaginary
    below = np.zeros_like(imaginary)
    for k in range(shift):
        below += np.log(np.abs(z + k))
    far = z + shift
    inverse = 1.0 / far**2
    series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / far
    stirling = (far - 0.5) * np.log(far) - far + 0.5 * math.log(2.0 * math.pi) + series
    return stirling.real - below


def _log_generalized_fermi(k: int, zeta: float, momentum: FloatArray, radius: float) -> FloatArray:
    """Return ln F_{k-1} for charge number × α = `zeta` (negative for positrons).

    F_{k-1} = (k (2k-1)!!)² 4^k (2pR)^{2(γ_k-k)} e^{πη} |Γ(γ_k + iη)|² / Γ(1 + 2γ_k)²,
    γ_k = √(k² - ζ²), η = ζ W / p. In logarithms, because positrons at threshold underflow.
    """
    total = np.sqrt(1.0 + momentum**2)
    eta = zeta * total / momentum
    gamma = math.sqrt(k * k - zeta * zeta)
    odd_factorial = math.prod(range(1, 2 * k, 2))
    constant = 2.0 * math.log(k * odd_factorial) + k * math.log(4.0)
    constant -= 2.0 * math.lgamma(1.0 + 2.0 * gamma)
    power = 2.0 * (gamma - k) * np.log(2.0 * momentum * radius)
    return constant + power + np.pi * eta + 2.0 * _log_abs_gamma(gamma, eta)


def _finite_size(zeta: float, total: FloatArray, radius: float) -> FloatArray:
    """Return L0, the analytic part of Wilkinson's expansion (Hayen et al. 2018, equation 16).

    `zeta` carries the sign: positive for electrons, negative for positrons.
    """
    z2, gamma = zeta * zeta, math.sqrt(1.0 - zeta * zeta)
    return (
        1.0
        + 13.0 / 60.0 * z2
        - total * radius * zeta * (41.0 - 26.0 * gamma) / (15.0 * (2.0 * gamma - 1.0))
        - zeta * radius * gamma * (17.0 - 2.0 * gamma) / (30.0 * total * (2.0 * gamma - 1.0))
    )


def _coulomb_factor(zeta: float, total: FloatArray, radius: float) -> FloatArray:
    """Return p W F0 L0 for the unscreened nucleus."""
    momentum = np.sqrt(np.maximum(total**2 - 1.0, 1e-12))
    fermi = np.exp(_log_generalized_fermi(1, zeta, momentum, radius))
    return momentum * total * fermi * _finite_size(zeta, total, radius)


def _screened_coulomb_factor(
    zeta: float, total: FloatArray, radius: float, z_parent: int
) -> FloatArray:
    """Return p W F0 L0 S: the unscreened factor at the energy shifted by the atom's potential.

    The shift takes an electron of less than V0 (up to 20 keV) below rest. For electrons p W F0 is
    a smooth function of W through threshold (1 - e^{-2πη} is 1 there), so it is continued by
    its logarithmic slope at threshold.
    """
    strength = float(np.interp(z_parent, SCREENING_CHARGE, SCREENING_STRENGTH))
    shift = strength * FINE_STRUCTURE**2 * z_parent ** (4.0 / 3.0)
    shifted = total - math.copysign(shift, zeta)
    lowest = 1.0 + THRESHOLD
    factor = _coulomb_factor(zeta, np.maximum(shifted, lowest), radius)
    near = _coulomb_factor(zeta, np.array([lowest, 1.0 + 2.0 * THRESHOLD]), radius)
    slope = math.log(near[1] / near[0]) / THRESHOLD
    return factor * np.exp(slope * np.minimum(shifted - lowest, 0.0))


def _unique_shape_factor(
    order: int, zeta: float, momentum: FloatArray, neutrino: FloatArray, radius: float
) -> FloatArray:
    """Return C for a unique forbidden transition of the given order (1, 2, 3)."""
    rank = order + 1
    gamma_1 = math.sqrt(1.0 - zeta * zeta)
    log_fermi_0 = _log_generalized_fermi(1, zeta, momentum, radius)
    factor = np.zeros_like(momentum)
    for k in range(1, rank + 1):
        gamma_k = math.sqrt(k * k - zeta * zeta)
        ratio = np.exp(_log_generalized_fermi(k, zeta, momentum, radius) - log_fermi_0)
        weight = ratio * (k + gamma_k) / (k * (1.0 + gamma_1))
        weight /= math.factorial(2 * k - 1) * math.factorial(2 * (rank - k) + 1)
        factor += weight * momentum ** (2 * (k - 1)) * neutrino ** (2 * (rank - k))
    return factor


def beta_shape(
    energy_keV: FloatArray,
    endpoint_keV: float,
    *,
    z_progeny: int,
    mass_number: int,
    charge: int,
    unique_order: int = 0,
    tilt: float = 0.0,
) -> FloatArray:
    """Return the shape of one beta branch, not normalised.

    Args:
        energy_keV: (n,) kinetic energies; outside 0 … endpoint the shape is zero.
        endpoint_keV: greatest kinetic energy.
        z_progeny: charge number of the progeny.
        mass_number: A.
        charge: -1 for electrons, +1 for positrons.
        unique_order: 0 allowed or non-unique, 1, 2, 3 for unique forbidden transitions.
        tilt: the shape is multiplied by exp(tilt × energy/endpoint); this is what matches the
            mean of a nuclide to its evaluated mean, 0 for the shape from theory.
    """
    energy = np.asarray(energy_keV, dtype=np.float64)
    inside = (energy >= 0.0) & (energy < endpoint_keV)
    shape = np.zeros_like(energy)
    kinetic = np.maximum(energy[inside], 1e-6 * endpoint_keV)
    total = 1.0 + kinetic / ELECTRON_MASS_KEV
    momentum = np.sqrt(total**2 - 1.0)
    neutrino = (endpoint_keV - kinetic) / ELECTRON_MASS_KEV
    radius = nuclear_radius(mass_number)
    zeta = -charge * FINE_STRUCTURE * z_progeny
    value = _screened_coulomb_factor(zeta, total, radius, z_progeny + charge) * neutrino**2
    if unique_order:
        value *= _unique_shape_factor(unique_order, zeta, momentum, neutrino, radius)
    shape[inside] = value * np.exp(tilt * kinetic / endpoint_keV)
    return shape


@cache
def _unit_quadrature() -> tuple[FloatArray, FloatArray]:
    """Return Gauss-Legendre nodes and weights on 0 … 1, stretched towards zero energy."""
    nodes, weights = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)
    unit = 0.5 * (nodes + 1.0)
    return unit**2, weights * unit


def branch_nodes(endpoint_keV: float) -> tuple[FloatArray, FloatArray]:
    """Return energies (keV) and weights (keV) that integrate a branch over its energies."""
    nodes, weights = _unit_quadrature()
    return endpoint_keV * nodes, endpoint_keV * weights


def branch_mean_keV(
    endpoint_keV: float,
    *,
    z_progeny: int,
    mass_number: int,
    charge: int,
    unique_order: int = 0,
    tilt: float = 0.0,
) -> float:
    """Return the mean kinetic energy of one beta branch, keV (arguments of `beta_shape`)."""
    energy, weight = branch_nodes(endpoint_keV)
    shape = weight * beta_shape(
        energy,
        endpoint_keV,
        z_progeny=z_progeny,
        mass_number=mass_number,
        charge=charge,
        unique_order=unique_order,
        tilt=tilt,
    )
    return float(shape @ energy / shape.sum())
