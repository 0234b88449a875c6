"""Alpha stopping powers of the shipped media from the tables of ICRU-90 and ASTAR.

* water: electronic stopping power of ICRU-90 (read in the source of Geant4, class
  G4ICRU90StoppingData), nuclear of ASTAR;
* air: ASTAR (ICRU-90 took its values over unchanged);
* every other medium: a sum of ASTAR's biological media (ICRU-49) with non-negative
  weights that bring the mixture nearest to the medium's own composition, electron for electron.
  Media are added instead of elements because binding in condensed matter changes the stopping
  power of hydrogen, carbon and oxygen by up to 10 % near its maximum.

The remaining difference in composition is corrected by the ratio of Bethe's stopping numbers,
taken at the energy itself above 2 MeV and at 2 MeV below, where the formula fails.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import nnls

GRID_MEV = np.geomspace(0.001, 12.0, 165)
BETHE_FROM_MEV = 2.0
ALPHA_REST_MEV, ELECTRON_REST_EV = 3727.3794, 510_998.95
# media of ASTAR that build the tissues, with their number in its list of compositions
BLOCKS = {
    "WATER_LIQUID": 276,
    "ADIPOSE_TISSUE_ICRP": 103,
    "MUSCLE_SKELETAL_ICRP": 201,
    "BONE_COMPACT_ICRU": 119,
    "BONE_CORTICAL_ICRP": 120,
}
WHOLE = {"air": "AIR_DRY_NEAR_SEA_LEVEL"}

# ICRU-90 (2016), electronic stopping power of liquid water for alphas: MeV, MeV cm2/g
ICRU_90_WATER = np.array([
    [0.001, 98.91], [0.0015, 122.8], [0.002, 143.1], [0.003, 177.6], [0.004, 206.9],
    [0.005, 233.0], [0.006, 256.8], [0.008, 299.3], [0.01, 337.0], [0.015, 418.1],
    [0.02, 487.1], [0.03, 603.9], [0.04, 703.0], [0.05, 790.5], [0.06, 869.6], [0.08, 1009.0],
    [0.1, 1131.0], [0.15, 1383.0], [0.2, 1582.0], [0.3, 1873.0], [0.4, 2062.0], [0.5, 2178.0],
    [0.6, 2240.0], [0.8, 2256.0], [1.0, 2190.0], [1.5, 1877.0], [2.0, 1599.0], [3.0, 1239.0],
    [4.0, 1021.0], [5.0, 874.7], [6.0, 768.7], [8.0, 623.9], [10.0, 529.0], [15.0, 389.4],
    [20.0, 311.8],
])  # fmt: skip


def spline(energy: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Cubic spline of logarithms on GRID_MEV."""
    return np.exp(CubicSpline(np.log(energy), np.log(value))(np.log(GRID_MEV)))


def astar(star: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Electronic and nuclear stopping power of a medium of ASTAR on GRID_MEV, MeV cm2/g."""
    energy, table = star["helium_ions/energy"][:], star[f"helium_ions/{name}"][:]
    return (
        spline(energy, table["electronic_stopping_power"]),
        spline(energy, table["nuclear_stopping_power"]),
    )


def read_media(edition: Path) -> tuple[dict[str, dict[int, float]], dict[int, tuple[float, float]]]:
    """Mass fractions of every medium; atomic weight and mean excitation energy of the elements."""
    with (edition / "materials_elements.csv").open() as file:
        rows = list(csv.DictReader(file))
    symbols = {r["symbol"]: int(r["z"]) for r in rows}
    data = {
        int(r["z"]): (float(r["atomic_weight"]), float(r["mean_excitation_in_compound_eV"]))
        for r in rows
    }
    media: dict[str, dict[int, float]] = {}
    with (edition / "materials.csv").open() as file:
        for row in csv.DictReader(file):
            parts = {z: float(row[s]) for s, z in symbols.items() if row[s]}
            total = sum(parts.values())
            media[row["material"]] = {z: w / total for z, w in parts.items()}
    return media, data


def electrons(parts: Mapping[int, float], data: dict[int, tuple[float, float]]) -> np.ndarray:
    """Moles of electrons per gram that each element brings."""
    return np.array([parts.get(z, 0.0) * z / a for z, (a, _) in data.items()])


def stopping_number(brought: np.ndarray, data: dict[int, tuple[float, float]]) -> np.ndarray:
    """Bethe's sum of electrons x (ln(2 mc2 b2 g2 / I) - b2) on GRID_MEV (2 MeV and above)."""
    tau = np.maximum(GRID_MEV, BETHE_FROM_MEV) / ALPHA_REST_MEV
    square = tau * (tau + 2)  # (beta gamma)^2
    beta2 = square / (1 + tau) ** 2
    excitation = np.array([i for _, i in data.values()])
    logs = math.log(2 * ELECTRON_REST_EV) + np.log(square) - beta2
    return logs * brought.sum() - brought @ np.log(excitation)


def mixture(
    parts: dict[int, float], data: dict[int, tuple[float, float]], star: Any
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Stopping powers of a medium as a sum of BLOCKS, with the weights of the blocks."""
    blocks = []
    for number in BLOCKS.values():
        listed = star[f"composition/M{number:03d}"][:]
        blocks.append(electrons({int(z): float(w) for z, w in listed}, data))
    wanted = electrons(parts, data)
    weights, _ = nnls(np.array(blocks).T, wanted)
    built = weights @ np.array(blocks)
    ratio = stopping_number(wanted, data) / stopping_number(built, data)
    tables = [astar(star, name) for name in BLOCKS]
    electronic = ratio * sum(c * t[0] for c, t in zip(weights, tables, strict=True))
    nuclear = sum(c * t[1] for c, t in zip(weights, tables, strict=True))
    return electronic, nuclear, dict(zip(BLOCKS, weights, strict=True))


def alpha_rows(edition: Path, star: Any) -> Iterator[list[object]]:
    """Rows of alpha_stopping.csv."""
    media, data = read_media(edition)
    for name, parts in media.items():
        if name == "water":
            electronic, nuclear = spline(*ICRU_90_WATER.T), astar(star, "WATER_LIQUID")[1]
            source = "ICRU-90"
        elif name in WHOLE:
            electronic, nuclear = astar(star, WHOLE[name])
            source = "NIST-ASTAR"
        else:
            electronic, nuclear, _ = mixture(parts, data, star)
            source = "NIST-ASTAR"
        for e, s, n in zip(GRID_MEV, electronic, nuclear, strict=True):
            yield [name, f"{e:.7g}", f"{s:.5g}", f"{n:.4g}", source]
