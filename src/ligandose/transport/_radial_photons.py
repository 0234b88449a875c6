"""The shipped kernels of photons: part of the energy within a distance.

`scripts/build_photon_kernels.py` makes them. What is interpolated is the depth -ln(1 - part), which
is μ_en r where electrons do not carry the energy away and nothing scatters back. The logarithm
of its ratio to μ_en r (of the depth itself below 1 keV) is linear in those of energy and distance.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError
from ligandose.evidence import read_table
from ligandose.transport.photon_data import mass_energy_absorption

FloatArray = NDArray[np.float64]

TABLE = "photon_kernels.csv"
DATA_FROM_KEV = 1.0
_DEEPEST = 30.0
"""exp(-30) of the energy goes farther: nothing."""


@cache
def _log_depth() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return logarithms of energies (e,), distances (r,) and depths (e, r)."""
    names = ("energy_keV", "radius_um", "fraction")
    rows = np.array([[float(row[n]) for n in names] for row in read_table(TABLE)])
    energy, radius = np.unique(rows[:, 0]), np.unique(rows[:, 1])
    if rows.shape[0] != energy.size * radius.size:
        raise DataError(f"{TABLE}: its grid is incomplete; reinstall ligandose")
    part = rows[:, 2].reshape(energy.size, radius.size)
    depth = np.minimum(-np.log(np.maximum(1.0 - part, 1e-300)), _DEEPEST)
    return np.log(energy), np.log(radius), np.log(np.maximum(depth, 1e-300))


def within(energy_keV: FloatArray, radius_um: FloatArray) -> FloatArray:
    """Return the part of the energy within distances, (k, n); energies (k,), distances (n,).

    Outside the distances of the table the depth goes on as it ends; below 0.1 keV its distances
    shrink with the cube of the energy, as photoelectric absorption has it.
    """
    log_e, log_r, log_depth = _log_depth()
    e = np.log(energy_keV)
    soft = 3.0 * np.minimum(e - log_e[0], 0.0)
    i, f = _place(log_e, np.clip(e, log_e[0], log_e[-1]))
    with np.errstate(divide="ignore"):
        at = np.log(radius_um)[None, :] - soft[:, None]
    j, g = _place(log_r, np.maximum(at, log_r[0] - 60.0))
    row = i[:, None]
    low = (1.0 - g) * log_depth[row, j] + g * log_depth[row, j + 1]
    high = (1.0 - g) * log_depth[row + 1, j] + g * log_depth[row + 1, j + 1]
    log_d = (1.0 - f[:, None]) * low + f[:, None] * high + _curvature(energy_keV)[:, None]
    depth = np.exp(np.minimum(log_d, np.log(_DEEPEST)))
    return np.where(radius_um[None, :] > 0.0, -np.expm1(-depth), 0.0)


def _curvature(energy_keV: FloatArray) -> FloatArray:
    """Return ln μ_en less its linear interpolation between the energies of the table."""
    e = np.maximum(energy_keV, DATA_FROM_KEV)
    nodes = np.exp(_log_depth()[0])
    nodes = nodes[nodes > DATA_FROM_KEV * (1 - 1e-9)]
    between = np.interp(np.log(e), np.log(nodes), np.log(mass_energy_absorption("water", nodes)))
    return np.log(mass_energy_absorption("water", e)) - between


def _place(grid: FloatArray, at: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Return interval and place in it, which may lie outside 0 to 1 beyond the ends."""
    i = np.clip(np.searchsorted(grid, at, side="right") - 1, 0, grid.size - 2)
    return i, (at - grid[i]) / (grid[i + 1] - grid[i])
