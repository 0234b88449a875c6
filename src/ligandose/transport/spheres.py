"""Absorbed fractions of a uniform source in a water sphere inside the same medium.

The table is made by `scripts/build_absorbed_fractions.py`: point kernels integrated over the
distribution of distances in a sphere (M. J. Berger, MIRD Pamphlet 7, 1970). Between its nodes the
logarithm of the fraction is a bicubic spline of the logarithms of energy and mass.

A medium of density ρ is treated as water compressed or expanded: fractions depend on the mass
thickness ρR alone, so a sphere of mass m and density ρ has the fraction of a sphere of unit
density and mass m (ρ/ρ_water)². (U. Fano's theorem; exact for one composition.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.evidence import read_table

FloatArray = NDArray[np.float64]

PARTICLES = ("alpha", "electron", "photon")
TABLE = "absorbed_fractions.csv"
WATER_KG_M3 = 1000.0


@dataclass(frozen=True)
class SphereTable:
    """The shipped table of one particle.

    Attributes:
        energy_keV: (e,) energies, rising.
        mass_kg: (m,) masses at unit density, rising.
        self_fraction: (e, m) part of the emitted energy that stays in the sphere.
        surface_fraction: (e, m) the same part for a point on its surface: dose there is
            energy × surface_fraction / mass.
        relative_sd: (e, m) statistical standard deviation of self_fraction, relative.
    """

    energy_keV: FloatArray
    mass_kg: FloatArray
    self_fraction: FloatArray
    surface_fraction: FloatArray
    relative_sd: FloatArray


@cache
def _all_tables() -> dict[str, SphereTable]:
    columns: dict[str, list[list[float]]] = {p: [] for p in PARTICLES}
    names = ("energy_keV", "mass_kg", "self_fraction", "surface_fraction", "relative_sd")
    for row in read_table(TABLE):
        columns[row["particle"]].append([float(row[n]) for n in names])
    return {particle: _grid(np.array(rows), particle) for particle, rows in columns.items()}


def _grid(rows: FloatArray, particle: str) -> SphereTable:
    energy, mass = np.unique(rows[:, 0]), np.unique(rows[:, 1])
    if rows.shape[0] != energy.size * mass.size:
        raise DataError(f"{TABLE}: the grid of {particle} is incomplete; reinstall ligandose")
    own, surface, sd = rows[:, 2:].T.reshape(3, energy.size, mass.size)
    return SphereTable(energy, mass, own, surface, sd)


def sphere_table(particle: str) -> SphereTable:
    """Return the shipped table of `particle` ("alpha", "electron" or "photon").

    Raises:
        UnknownNameError: another particle.
    """
    if particle not in PARTICLES:
        raise UnknownNameError("particle", particle, PARTICLES)
    return _all_tables()[particle]


@cache
def _spline(particle: str, surface: bool) -> Any:
    # only here: scipy.interpolate is slow to import, and ships no types
    from scipy.interpolate import RectBivariateSpline  # pyright: ignore

    t = sphere_table(particle)
    values = t.surface_fraction if surface else t.self_fraction
    return RectBivariateSpline(np.log(t.energy_keV), np.log(t.mass_kg), np.log(values), s=0)


def sphere_self_fraction(
    particle: str,
    energy_keV: ArrayLike,
    *,
    mass_kg: ArrayLike,
    density_kg_m3: ArrayLike = WATER_KG_M3,
) -> FloatArray:
    """Return the fraction of the emitted energy that a sphere with a uniform source absorbs.

    Args:
        particle: "alpha", "electron" or "photon".
        energy_keV: kinetic or photon energy. Below the first node of the table (1 keV; alphas
            1 MeV) the value there is used: less than 0.3 % below the true one.
        mass_kg: mass of the sphere.
        density_kg_m3: its density; the medium around has the same.

    Returns:
        Fractions between 0 and 1, in the broadcast shape of the three arrays.

    Raises:
        UnknownNameError: an unknown particle.
        InputError: energy above the table, or a mass that is not positive or, scaled to unit
            density, outside 1e-6 … 100 kg.
    """
    return _evaluate(particle, energy_keV, mass_kg, density_kg_m3, surface=False)


def sphere_surface_fraction(
    particle: str,
    energy_keV: ArrayLike,
    *,
    mass_kg: ArrayLike,
    density_kg_m3: ArrayLike = WATER_KG_M3,
) -> FloatArray:
    """Return the surface dose of a uniformly active sphere × its mass / emitted energy.

    One half where the range is short against the radius. It gives the dose to the inner side
    of a thin wall around active contents. Arguments and errors as `sphere_self_fraction`.
    """
    return _evaluate(particle, energy_keV, mass_kg, density_kg_m3, surface=True)


def sphere_fraction_grid(
    particle: str, energy_keV: FloatArray, mass_kg: FloatArray, *, surface: bool = False
) -> FloatArray:
    """Return self (or surface) fractions of every mass and energy, (masses, energies); fast.

    Unit density; masses rising. Limits and errors as `sphere_self_fraction`.
    """
    table = sphere_table(particle)
    _check_range(particle, energy_keV, mass_kg)
    order = np.argsort(energy_keV, kind="stable")
    x = np.log(np.clip(energy_keV[order], table.energy_keV[0], table.energy_keV[-1]))
    y = np.log(np.clip(mass_kg, table.mass_kg[0], table.mass_kg[-1]))
    fractions = np.empty((mass_kg.size, energy_keV.size))
    fractions[:, order] = np.exp(_spline(particle, surface)(x, y, grid=True)).T
    return np.minimum(fractions, 0.5 if surface else 1.0)


def _check_range(particle: str, energy: FloatArray, unit_mass: FloatArray) -> None:
    """Raise InputError where energies (keV) or masses at unit density (kg) leave the table."""
    table = sphere_table(particle)
    _require_positive("energy_keV", energy)
    _require_positive("mass_kg", unit_mass)
    top = table.energy_keV[-1]
    if np.any(energy > top * (1 + 1e-9)):
        raise InputError(
            f"{particle} energy_keV {energy.max():.6g} is above the table of absorbed fractions "
            f"(largest {top:.6g} keV)"
        )
    low, high = table.mass_kg[0], table.mass_kg[-1]
    if np.any(unit_mass < low * (1 - 1e-9)) or np.any(unit_mass > high * (1 + 1e-9)):
        bad = float(unit_mass.min() if unit_mass.min() < low else unit_mass.max())
        raise InputError(
            f"sphere of mass {bad:.4g} kg (scaled to unit density) is outside the table of "
            f"absorbed fractions, {low:.3g} to {high:.4g} kg; merge or leave out such regions"
        )


def _evaluate(
    particle: str, energy: ArrayLike, mass: ArrayLike, density: ArrayLike, *, surface: bool
) -> FloatArray:
    table = sphere_table(particle)
    e, m, rho = np.broadcast_arrays(
        np.asarray(energy, float), np.asarray(mass, float), np.asarray(density, float)
    )
    _require_positive("mass_kg", m)
    _require_positive("density_kg_m3", rho)
    unit = m * (rho / WATER_KG_M3) ** 2
    _check_range(particle, e, unit)
    low, high = table.mass_kg[0], table.mass_kg[-1]
    x = np.log(np.clip(e, table.energy_keV[0], table.energy_keV[-1]))
    y = np.log(np.clip(unit, low, high))
    log_fraction = _spline(particle, surface)(x.ravel(), y.ravel(), grid=False)
    ceiling = 0.5 if surface else 1.0
    return np.minimum(np.exp(log_fraction), ceiling).reshape(e.shape)


def _require_positive(name: str, values: FloatArray) -> None:
    good = np.isfinite(values) & (values > 0)
    if not np.all(good):
        raise InputError(f"{name} is {values[~good].flat[0]}; it must be positive and finite")
