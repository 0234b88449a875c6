"""Alphas by their linear energy transfer: LET on the way, RBE from it, and hits from it.

Two relations of RBE from the same laboratory are in the room: by energy (`alpha_rbe`, Howell
1997, mouse testis with radium-223 and gadolinium-148) and by LET (here, Howell 1994, lead-212 and
polonium-210). For other cells the conversion between α and the inactivation cross-section of a
nucleus says what a measured α at a LET means: one hit in a nucleus of area A at LET L brings
0.1602 L/A Gy (keV/µm, µm², unit density), so α_H = σ / (0.1602 L).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._cell_data import cell_value
from ligandose.effect._checks import FloatArray, broadcastable, finite, positive
from ligandose.errors import InputError
from ligandose.evidence import read_table

# 1 keV/µm per µm² of water, in Gy: 1.602e-16 J / 1e-15 kg.
GY_UM2_PER_KEV_UM = 0.1602176634
# Emitted LET of the alphas behind the relation: 8.78 MeV (212Po) to 5.30 MeV (210Po), water.
RBE_LET_KEV_UM = (55.0, 95.0)


@cache
def _stopping() -> tuple[FloatArray, FloatArray]:
    """Return energies, MeV, and LET, keV/µm, of alphas in water (ICRU 90 and ASTAR)."""
    rows = [row for row in read_table("alpha_stopping.csv") if row["material"] == "water"]
    energy = np.array([float(row["energy_MeV"]) for row in rows])
    stopping = np.array([float(row["electronic_MeV_cm2_g"]) for row in rows])
    # 1 MeV cm²/g at 1 g/cm³ is 0.1 keV/µm.
    return energy, 0.1 * stopping


def alpha_let_keV_um(energy_MeV: ArrayLike) -> FloatArray:
    """Return the unrestricted LET of alphas of an energy in water, keV/µm.

    Args:
        energy_MeV: kinetic energy, 0.001 MeV and above within the shipped table, shape (…).

    Raises:
        InputError: an energy outside the table.

    >>> round(float(alpha_let_keV_um(5.3)))
    84
    """
    energy = _in_table(energy_MeV)
    grid, let = _stopping()
    return np.exp(np.interp(np.log(energy), np.log(grid), np.log(let)))


def dose_mean_let_keV_um(energy_MeV: ArrayLike) -> FloatArray:
    """Return the dose-mean LET of alphas that start with an energy and stop in water, keV/µm.

    ∫ L dE / E over the way: what a uniform source in tissue gives. Table integrated by
    trapezoids from its lowest energy, below which less than 0.1 % of the energy is left.
    """
    energy = _in_table(energy_MeV)
    grid, let = _stopping()
    steps = 0.5 * (let[1:] + let[:-1]) * np.diff(grid)
    integral = np.concatenate([np.zeros(1), np.cumsum(steps)])
    place = np.clip(np.searchsorted(grid, energy) - 1, 0, grid.size - 2)
    part = energy - grid[place]
    end = alpha_let_keV_um(energy)
    return (integral[place] + 0.5 * (let[place] + end) * part) / (energy - grid[0])


def alpha_rbe_of_let(let_keV_um: ArrayLike) -> FloatArray:
    """Return the RBE of alphas by the LET with which they are emitted, 4.8 − 0.061 L + 0.001 L².

    Args:
        let_keV_um: L, 55 … 95 keV/µm, that of emitted alphas of 8.8 to 4.8 MeV, shape (…).

    Raises:
        InputError: a LET outside what was measured; the parabola turns up below 30 keV/µm.

    Source: Howell et al., Radiat Res 137:352 (1994), mouse sperm heads, 120 kVp X rays.

    >>> round(float(alpha_rbe_of_let(80.0)), 2)
    6.32
    """
    let = finite("let_keV_um", let_keV_um)
    low, high = RBE_LET_KEV_UM
    if let.size and (let.min() < low or let.max() > high):
        raise InputError(
            f"let_keV_um spans {let.min():g} … {let.max():g}; the relation holds from {low:g} to "
            f"{high:g} keV/µm. For other LET give α of the cells and use alpha_per_Gy_of_hits"
        )
    c, slope, square = (
        cell_value("alpha", q) for q in ("rbe_let_constant", "rbe_let_slope", "rbe_let_square")
    )
    return c + slope * let + square * let**2


def alpha_per_Gy_of_hits(cross_section_um2: ArrayLike, let_keV_um: ArrayLike) -> FloatArray:
    """Return α_H = σ / (0.1602 L) of cells that σ of fluence inactivates, 1/Gy.

    Args:
        cross_section_um2: σ > 0: nucleus area times the probability that one passage kills;
            42 µm² for human kidney cells, about their nucleus (Barendsen 1960).
        let_keV_um: L > 0 in the nucleus, keV/µm.

    >>> round(float(alpha_per_Gy_of_hits(42.0, 140.0)), 2)
    1.87
    """
    sigma = positive("cross_section_um2", cross_section_um2)
    let = positive("let_keV_um", let_keV_um)
    broadcastable("cross_section_um2 and let_keV_um", sigma, let)
    return sigma / (GY_UM2_PER_KEV_UM * let)


def inactivation_cross_section_um2(alpha_per_Gy: ArrayLike, let_keV_um: ArrayLike) -> FloatArray:
    """Return σ = 0.1602 L α_H, µm²; the inverse of `alpha_per_Gy_of_hits`."""
    alpha = positive("alpha_per_Gy", alpha_per_Gy)
    let = positive("let_keV_um", let_keV_um)
    broadcastable("alpha_per_Gy and let_keV_um", alpha, let)
    return GY_UM2_PER_KEV_UM * let * alpha


def _in_table(energy_MeV: ArrayLike) -> FloatArray:
    energy = positive("energy_MeV", energy_MeV)
    grid, _ = _stopping()
    if energy.size and (energy.min() <= grid[0] or energy.max() > grid[-1]):
        raise InputError(
            f"energy_MeV spans {energy.min():g} … {energy.max():g}; the stopping powers of alphas "
            f"go from {grid[0]:g} to {grid[-1]:g} MeV"
        )
    return energy
