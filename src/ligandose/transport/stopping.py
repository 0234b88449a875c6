"""Stopping powers and ranges of electrons, positrons and alpha particles in the shipped media.

Electrons and positrons: Bethe's collision formula as in ICRU-37 with the density effect by
Sternheimer's method, radiative stopping powers of the elements from ESTAR, added by mass fraction.
Alphas: tabulated (`alpha_stopping.csv`). Energies in keV, stopping powers in keV cm2/g, ranges
in g/cm2; all functions take arrays.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import read_table
from ligandose.transport.materials import elements, material

FloatArray = NDArray[np.float64]

ELECTRON_REST_KEV = 510.99895
CLASSICAL_RADIUS_CM = 2.8179403262e-13
AVOGADRO = 6.02214076e23
# hbar × the plasma frequency for one mole of electrons per cm3, eV: sqrt(4 pi N_A r_e^3) mc2/alpha
PLASMA_EV = 28.8159
ELECTRON_RANGE_KEV = (1.0, 10_000.0)
ALPHA_RANGE_KEV = (1.0, 12_000.0)
CHARGED = ("electron", "positron")

_GRID_KEV = np.geomspace(*ELECTRON_RANGE_KEV, 801)


def _energies(energy_keV: ArrayLike, allowed: tuple[float, float], what: str) -> FloatArray:
    e = np.asarray(energy_keV, dtype=np.float64)
    low, high = allowed
    # a hair of room, so that the end of a logarithmic grid counts as inside
    bad = ~((e >= low * (1 - 1e-9)) & (e <= high * (1 + 1e-9)))
    if bad.any():
        raise InputError(
            f"{what}: energy {e[bad].flat[0]:g} keV is outside the tables, allowed {low:g} to "
            f"{high:g} keV; deposit slower particles where they are"
        )
    return e


def _beta_squared(energy_keV: FloatArray, rest_keV: float = ELECTRON_REST_KEV) -> FloatArray:
    tau = energy_keV / rest_keV
    return tau * (tau + 2) / (tau + 1) ** 2


# ------------------------------------------------------------------ collision


@cache
def _oscillators(name: str) -> tuple[FloatArray, FloatArray, float]:
    """Return strengths (adding up to one), levels in eV, and the plasma energy in eV."""
    medium = material(name)
    shells: dict[int, list[tuple[float, float]]] = {}
    for row in read_table("electron_shells.csv"):
        shells.setdefault(int(row["z"]), []).append(
            (float(row["electrons"]), float(row["binding_eV"]))
        )
    f: list[float] = []
    level: list[float] = []
    for z, w in medium.composition:
        per_electron = w / elements()[z].atomic_weight / medium.electrons_mol_per_g
        f.extend(per_electron * n for n, _ in shells[z])
        level.extend(b for _, b in shells[z])
    plasma = PLASMA_EV * math.sqrt(medium.density_g_cm3 * medium.electrons_mol_per_g)
    return np.array(f), np.array(level), plasma


@cache
def _scaled_levels(name: str) -> tuple[FloatArray, FloatArray]:
    """Return strengths and squared levels in plasma units, scaled to reproduce I.

    One factor for all levels so that Σ f ln(l²) = 2 ln(I / plasma energy), l² = level² + 2 f / 3
    (insulators; ICRU-37 eq. 2.27 and after).
    """
    f, level, plasma = _oscillators(name)
    wanted = 2 * math.log(material(name).mean_excitation_eV / plasma)
    eps = (level / plasma) ** 2
    low, high = 1e-3, 1e4
    for _ in range(100):
        root = math.sqrt(low * high)
        value = float(np.sum(f * np.log(root * eps + 2 / 3 * f)))
        low, high = (root, high) if value < wanted else (low, root)
    return f, math.sqrt(low * high) * eps


def density_effect(name: str, energy_keV: ArrayLike) -> FloatArray:
    """Return the density-effect correction δ of a medium for electrons and positrons.

    Sternheimer's oscillator method (doi:10.1103/PhysRev.88.851) as in ESTAR: with
    1/β² - 1 = Σ f/(ν² + L²), δ = Σ f ln((l² + L²)/l²) - L² (1 - β²). No term for free electrons,
    since tissues are insulators.
    """
    f, nu2 = _scaled_levels(name)
    l2 = nu2 + 2 / 3 * f
    beta2 = np.atleast_1d(_beta_squared(np.asarray(energy_keV, dtype=np.float64)))
    target = 1 / beta2 - 1
    low = np.full(beta2.shape, 1e-12)
    high = 1.0 / target + 1.0  # Σ f/(ν² + x) < 1/x, so the root lies below 1/target
    for _ in range(80):
        x = np.sqrt(low * high)
        above = np.sum(f / (nu2 + x[:, None]), axis=1) > target
        low, high = np.where(above, x, low), np.where(above, high, x)
    x = np.sqrt(low * high)
    delta = np.sum(f * np.log1p(x[:, None] / l2), axis=1) - x * (1 - beta2)
    below = target >= np.sum(f / nu2)  # an insulator has no correction below its threshold
    return np.where(below, 0.0, delta).reshape(np.shape(energy_keV))


def electron_collision_stopping(
    name: str, energy_keV: ArrayLike, *, particle: str = "electron"
) -> FloatArray:
    """Return the mass collision stopping power, keV cm2/g.

    Bethe's formula with Møller's (electrons) or Bhabha's (positrons) close collisions, no shell
    correction (ICRU-37 eqs. 2.7 to 2.10). At 1 keV it is good to 5 to 10 %, above 10 keV
    to 2 %.

    Args:
        name: medium.
        energy_keV: kinetic energies, 1 keV to 10 MeV, any shape.
        particle: "electron" or "positron".

    Raises:
        UnknownNameError: medium or particle not known.
        InputError: an energy outside the range.
    """
    if particle not in CHARGED:
        raise UnknownNameError("particle", particle, CHARGED)
    medium = material(name)
    e = _energies(energy_keV, ELECTRON_RANGE_KEV, "collision stopping power")
    tau, beta2 = e / ELECTRON_REST_KEV, _beta_squared(e)
    if particle == "electron":
        close = (1 - beta2) * (1 + tau * tau / 8 - (2 * tau + 1) * math.log(2))
    else:
        t = 1 / (tau + 2)
        close = 2 * math.log(2) - beta2 / 12 * (23 + 14 * t + 10 * t**2 + 4 * t**3)
    front = 2 * math.pi * CLASSICAL_RADIUS_CM**2 * ELECTRON_REST_KEV * AVOGADRO
    logs = 2 * np.log(e * 1e3 / medium.mean_excitation_eV) + np.log1p(tau / 2)
    number = logs + close - density_effect(medium.name, e)
    return front * medium.electrons_mol_per_g / beta2 * number


# ------------------------------------------------------------------ radiative


@cache
def _radiative_table() -> dict[int, tuple[FloatArray, FloatArray]]:
    rows: dict[int, list[tuple[float, float]]] = {}
    for row in read_table("electron_radiative.csv"):
        rows.setdefault(int(row["z"]), []).append(
            (float(row["energy_keV"]), float(row["radiative_keV_cm2_g"]))
        )
    return {z: (np.log(np.array(r)[:, 0]), np.log(np.array(r)[:, 1])) for z, r in rows.items()}


def positron_radiative_ratio(z: int, energy_keV: ArrayLike) -> FloatArray:
    """Return the radiative stopping power of positrons over that of electrons.

    Fit to the ratios of Kim et al. 1986 (doi:10.1103/PhysRevA.33.3002), good to 0.5 %, as in the
    PENELOPE report, F. Salvat 2015, NEA/NSC/DOC(2015)3, eq. 3.144.
    """
    t = np.log1p(1e6 / z**2 * np.asarray(energy_keV, dtype=np.float64) / ELECTRON_REST_KEV)
    powers = (-1.2359e-1, 6.1274e-2, -3.1516e-2, 7.7446e-3, -1.0595e-3, 7.0568e-5, -1.8080e-6)
    return 1 - np.exp(sum(c * t ** (i + 1) for i, c in enumerate(powers)))


def electron_radiative_stopping(
    name: str, energy_keV: ArrayLike, *, particle: str = "electron"
) -> FloatArray:
    """Return the mass radiative stopping power, keV cm2/g.

    ESTAR's values for the elements (Seltzer and Berger's bremsstrahlung cross sections), added by
    mass fraction as ESTAR does; for positrons times `positron_radiative_ratio`. Arguments and
    errors as `electron_collision_stopping`.
    """
    if particle not in CHARGED:
        raise UnknownNameError("particle", particle, CHARGED)
    e = _energies(energy_keV, ELECTRON_RANGE_KEV, "radiative stopping power")
    total = np.zeros(e.shape)
    for z, w in material(name).composition:
        log_e, log_s = _radiative_table()[z]
        part = w * np.exp(np.interp(np.log(e), log_e, log_s))
        total += part if particle == "electron" else part * positron_radiative_ratio(z, e)
    return total


# ------------------------------------------------------------------ range and yield


@cache
def _integrals(name: str, particle: str) -> tuple[FloatArray, FloatArray]:
    """CSDA range and radiated energy on the grid; below it both go on with 1/S ~ E."""
    collision = electron_collision_stopping(name, _GRID_KEV, particle=particle)
    radiative = electron_radiative_stopping(name, _GRID_KEV, particle=particle)
    path = _GRID_KEV / (collision + radiative)
    photon = path * radiative
    steps = np.diff(np.log(_GRID_KEV))
    out = [
        np.concatenate([[0.5 * y[0]], 0.5 * (y[1:] + y[:-1]) * steps]).cumsum()
        for y in (path, photon)
    ]
    return out[0], out[1]


def electron_csda_range(
    name: str, energy_keV: ArrayLike, *, particle: str = "electron"
) -> FloatArray:
    """Return the range in the continuous-slowing-down approximation, g/cm2.

    Arguments and errors as `electron_collision_stopping`.
    """
    e = _energies(energy_keV, ELECTRON_RANGE_KEV, "CSDA range")
    path, _ = _integrals(material(name).name, particle)
    return np.exp(np.interp(np.log(e), np.log(_GRID_KEV), np.log(path)))


def radiation_yield(name: str, energy_keV: ArrayLike, *, particle: str = "electron") -> FloatArray:
    """Return the share of the kinetic energy that leaves as bremsstrahlung until rest.

    Arguments and errors as `electron_collision_stopping`.
    """
    e = _energies(energy_keV, ELECTRON_RANGE_KEV, "radiation yield")
    _, photon = _integrals(material(name).name, particle)
    return np.exp(np.interp(np.log(e), np.log(_GRID_KEV), np.log(photon))) / e


# ------------------------------------------------------------------ alphas


@cache
def _alpha_table() -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for row in read_table("alpha_stopping.csv"):
        rows.setdefault(row["material"], []).append(
            (
                float(row["energy_MeV"]) * 1e3,
                float(row["electronic_MeV_cm2_g"]) * 1e3,
                float(row["nuclear_MeV_cm2_g"]) * 1e3,
            )
        )
    out: dict[str, tuple[FloatArray, FloatArray, FloatArray]] = {}
    for name, values in rows.items():
        e, electronic, nuclear = np.array(values).T
        out[name] = (np.log(e), np.log(electronic), np.log(nuclear))
    return out


def alpha_stopping(name: str, energy_keV: ArrayLike) -> FloatArray:
    """Return the mass stopping power for alpha particles, electronic and nuclear, keV cm2/g.

    Water: electronic of ICRU-90, nuclear of ASTAR; other media: ASTAR (ICRU-49), as
    `alpha_stopping.csv` states for each.

    Args:
        name: medium.
        energy_keV: kinetic energies, 1 keV to 12 MeV, any shape.

    Raises:
        UnknownNameError: medium not known.
        InputError: an energy outside the range.
    """
    e = _energies(energy_keV, ALPHA_RANGE_KEV, "alpha stopping power")
    log_e, electronic, nuclear = _alpha_table()[material(name).name]
    at = np.log(e)
    return np.exp(np.interp(at, log_e, electronic)) + np.exp(np.interp(at, log_e, nuclear))


@cache
def _alpha_path(name: str) -> tuple[FloatArray, FloatArray]:
    e = np.geomspace(*ALPHA_RANGE_KEV, 1201)
    path = e / alpha_stopping(name, e)
    steps = np.diff(np.log(e))
    # below 1 keV nuclear stopping rules and is about constant: range = E / S
    parts = np.concatenate([[path[0]], 0.5 * (path[1:] + path[:-1]) * steps])
    return e, parts.cumsum()


def alpha_csda_range(name: str, energy_keV: ArrayLike) -> FloatArray:
    """Return the CSDA range of alpha particles, g/cm2; arguments and errors as `alpha_stopping`."""
    e = _energies(energy_keV, ALPHA_RANGE_KEV, "alpha range")
    grid, path = _alpha_path(material(name).name)
    return np.exp(np.interp(np.log(e), np.log(grid), np.log(path)))
