"""The shipped kernels of electrons: energy within a distance, scaled by the range.

`scripts/build_electron_kernels.py` makes them. Between their energies the part within a fixed
scaled distance goes linearly with the logarithm of the energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError
from ligandose.evidence import read_table
from ligandose.transport._radial_shape import hermite, hermite_weights, monotone_slopes

FloatArray = NDArray[np.float64]

TABLE, RANGES = "electron_kernels.csv", "electron_ranges.csv"
LOWEST_KEV = 0.01


@dataclass(frozen=True)
class ScaledKernels:
    """Part of the energy of an electron within a distance.

    Attributes:
        energy_keV: (e,) rising.
        scaled_radius: (u,) distance over CSDA range, rising from 0.
        fraction: (e, u) part of the energy within it.
        slopes: (e, u) of monotone curves through them.
    """

    energy_keV: FloatArray
    scaled_radius: FloatArray
    fraction: FloatArray
    slopes: FloatArray


@cache
def scaled_kernels() -> ScaledKernels:
    """Return the shipped kernels."""
    names = ("energy_keV", "scaled_radius", "fraction")
    rows = np.array([[float(row[n]) for n in names] for row in read_table(TABLE)])
    energy, radius = np.unique(rows[:, 0]), np.unique(rows[:, 1])
    if rows.shape[0] != energy.size * radius.size:
        raise DataError(f"{TABLE}: its grid is incomplete; reinstall ligandose")
    fraction = np.zeros((energy.size, radius.size + 1))
    fraction[:, 1:] = rows[:, 2].reshape(energy.size, radius.size)
    radius = np.concatenate([[0.0], radius])
    return ScaledKernels(energy, radius, fraction, monotone_slopes(radius, fraction))


@cache
def _ranges() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return logarithms of energies (keV) and ranges (µm), and slopes of the curve through them."""
    rows = [(float(r["energy_keV"]), float(r["range_um"])) for r in read_table(RANGES)]
    log_e, log_r = np.log(np.array(rows)).T
    return log_e, log_r, monotone_slopes(log_e, log_r)


def range_um(energy_keV: FloatArray) -> FloatArray:
    """Return the range in water, µm; below the table the stopping power is constant."""
    log_e, log_r, slopes = _ranges()
    at = np.log(energy_keV)
    found = hermite(log_e, log_r[None, :], slopes[None, :], at)[0]
    return np.exp(found + np.minimum(at - log_e[0], 0.0))


def within(energy_keV: FloatArray, radius_um: FloatArray) -> FloatArray:
    """Return the part of the energy within distances, (k, n); energies (k,), distances (n,)."""
    table = scaled_kernels()
    scaled = radius_um[None, :] / range_um(energy_keV)[:, None]
    i, weights = hermite_weights(table.scaled_radius, scaled)
    log_e = np.log(table.energy_keV)
    at = np.clip(np.log(energy_keV), log_e[0], log_e[-1])
    e = np.clip(np.searchsorted(log_e, at, side="right") - 1, 0, log_e.size - 2)
    upper = ((at - log_e[e]) / (log_e[e + 1] - log_e[e]))[:, None]
    row = e[:, None]
    return (1.0 - upper) * _at(table, row, i, weights) + upper * _at(table, row + 1, i, weights)


def _at(
    table: ScaledKernels,
    row: NDArray[np.intp],
    i: NDArray[np.intp],
    weights: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    a, b, c, d = weights
    y, slopes = table.fraction, table.slopes
    return a * y[row, i] + b * y[row, i + 1] + c * slopes[row, i] + d * slopes[row, i + 1]
