"""Make src/ligandose/data/<edition>/absorbed_fractions.csv: spheres of water in water.

For a uniform isotropic source in a sphere of radius R inside an infinite body of the same medium
the absorbed fraction is an integral over the point kernel (energy deposited per distance r from a
point source, F(r) dr per unit emitted energy):

    self:     integral of F(r) (1 - 3 r / (4 R) + r^3 / (16 R^3)) dr, 0 < r < 2 R
    surface:  integral of F(r) (1 - r / (2 R)) / 2 dr,               0 < r < 2 R

The first weight is the probability that a point at distance r from a random point of the sphere
lies in it too (Berger 1970, MIRD pamphlet 7; Bardies and Chatal 1994). The second is the part of
a shell of radius r around a point on the surface that lies in the sphere: it gives the dose at
the inner surface of a wall around a sphere of contents, D = E surface / m.

Kernels of photons and electrons come from the package's own engine at its accurate settings;
alphas go along straight lines in the CSDA. Ten minutes on one core. The run is
resumable: finished energies are kept in the work folder (use an empty one after a change of the
engine) and the table is written only when all are there.

    python scripts/build_absorbed_fractions.py --work build/af [--only 0/2]
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import numpy as np

from ligandose.transport.kernels import PointKernel, point_kernel
from ligandose.transport.sphere_runs import (
    kernel_sphere_fractions,
    pair_weight,
    sphere_radius_g_cm2,
    surface_weight,
)
from ligandose.transport.stopping import ALPHA_RANGE_KEV, alpha_stopping

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
OUTPUT = EDITION / "absorbed_fractions.csv"
MASSES_KG = np.geomspace(1e-6, 100.0, 49)
ENERGIES_KEV = {
    "electron": np.geomspace(1.0, 5000.0, 38),
    "photon": np.append(np.geomspace(1.0, 5000.0, 60), 5500.0),  # Ga-66 emits up to 5.0 MeV
    "alpha": np.arange(1000.0, 11001.0, 500.0),
}
HISTORIES = {"electron": 102_400, "photon": 512_000}
SEED = 17
HEADER = ["particle", "energy_keV", "mass_kg", "self_fraction", "surface_fraction", "relative_sd"]


def fractions_of_deposits(energy: np.ndarray, radius_g_cm2: np.ndarray) -> np.ndarray:
    """Integrate both weights over deposits `energy` (fraction of E) at distances; (2, masses)."""
    r, big = radius_g_cm2[None, :], sphere_radius_g_cm2(MASSES_KG)[:, None]
    return np.array([pair_weight(r, big) @ energy, surface_weight(r, big) @ energy])


def alpha_fractions(energy_keV: float) -> np.ndarray:
    """Absorbed fractions of an alpha along a straight line in the CSDA; shape (2, masses)."""
    lowest = ALPHA_RANGE_KEV[0]
    edges = np.geomspace(lowest, energy_keV, 2001)
    stopping = alpha_stopping("water", edges)
    inverse = 0.5 * (1 / stopping[1:] + 1 / stopping[:-1]) * np.diff(edges)
    # below the table the stopping power goes as the root of the energy
    residual = np.concatenate([[2 * lowest / stopping[0]], inverse]).cumsum()
    path = residual[-1] - 0.5 * (residual[1:] + residual[:-1])
    deposits = np.append(np.diff(edges), lowest) / energy_keV
    return fractions_of_deposits(deposits, np.append(path, residual[-1]))


def simulated_kernel(particle: str, energy_keV: float) -> PointKernel:
    """Return the kernel behind a row of the table."""
    # photons: the electrons that they set free may take the longer steps
    settings = "accurate" if particle == "electron" else "fast"
    return point_kernel(
        particle, energy_keV, histories=HISTORIES[particle], seed=SEED, settings=settings, threads=1
    )


def simulated_fractions(particle: str, energy_keV: float) -> np.ndarray:
    """Return self and surface fractions and the relative sd of the first; shape (3, masses)."""
    kernel = simulated_kernel(particle, energy_keV)
    radius = sphere_radius_g_cm2(MASSES_KG)
    own, sd = kernel_sphere_fractions(kernel, radius)
    surface, _ = kernel_sphere_fractions(kernel, radius, surface=True)
    return np.array([own, surface, sd / own])


def main() -> None:
    """Simulate what is missing in the work folder, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", default="0/1", help="part/parts, to share the work")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    part, parts = (int(p) for p in options.only.split("/"))
    jobs = [(p, float(e)) for p, grid in ENERGIES_KEV.items() for e in grid]
    for number, (particle, energy) in enumerate(jobs):
        path = options.work / f"{particle}_{energy:.6g}.npy"
        if path.exists() or number % parts != part:
            continue
        if particle == "alpha":
            result = np.vstack([alpha_fractions(energy), np.zeros(len(MASSES_KG))])
        else:
            result = simulated_fractions(particle, energy)
        beside = path.with_suffix(".part.npy")
        np.save(beside, result)
        os.replace(beside, path)
        print(
            f"{particle} {energy:.5g} keV: {result[0, ::12]} sd {result[2].max():.1e}", flush=True
        )
    write_table(jobs, options.work)


def write_table(jobs: list[tuple[str, float]], work: Path) -> None:
    """Write the shipped table if every energy is there; beside the target first, then move."""
    files = [work / f"{particle}_{energy:.6g}.npy" for particle, energy in jobs]
    if not all(f.exists() for f in files):
        print("not all energies are done; no table written")
        return
    beside = OUTPUT.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER)
        for (particle, energy), path in zip(jobs, files, strict=True):
            for mass, own, surface, sd in zip(MASSES_KG, *np.load(path), strict=True):
                numbers = [f"{energy:.6g}", f"{mass:.6g}", f"{own:.6g}", f"{surface:.6g}"]
                out.writerow([particle, *numbers, f"{sd:.1e}"])
    os.replace(beside, OUTPUT)
    print(f"wrote {OUTPUT.name}")


if __name__ == "__main__":
    main()
