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

Kernels of photons and electrons come from `_water_transport.py` (which needs xraylib); alphas go
along straight lines with the stopping power of ASTAR. One hour on one core. The run is resumable:
finished energies are kept in the work folder and the table is written only when all are there.

    python scripts/build_absorbed_fractions.py --work build/af [--only 0/2]
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import numpy as np

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
STOPPING = EDITION / "dose_stopping_powers_water.csv"
OUTPUT = EDITION / "absorbed_fractions.csv"
MASSES_KG = np.geomspace(1e-6, 100.0, 49)
ENERGIES_KEV = {
    "electron": np.geomspace(1.0, 5000.0, 38),
    "photon": np.append(np.geomspace(1.0, 5000.0, 60), 5500.0),  # Ga-66 emits up to 5.0 MeV
    "alpha": np.arange(1000.0, 11001.0, 500.0),
}
BATCHES = 20
HISTORIES = {"electron": 100_000, "photon": 300_000}


def radii_g_cm2(mass_kg: np.ndarray) -> np.ndarray:
    """Return the radius of a sphere of unit density, cm (= g/cm2)."""
    return np.cbrt(3 * mass_kg * 1e3 / (4 * np.pi))


def pair_weight(r: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Probability that a point at distance r from a random point of the sphere lies in it."""
    x = np.minimum(r / radius, 2.0)
    return 1 - 0.75 * x + x**3 / 16


def surface_weight(r: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Part of a shell of radius r around a point of the surface that lies in the sphere."""
    return 0.5 * (1 - np.minimum(r / radius, 2.0) / 2)


def fractions_of_kernel(energy: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Integrate both weights over deposits `energy` (fraction of E) at `radius` (g/cm2)."""
    r, big = radius[None, :], radii_g_cm2(MASSES_KG)[:, None]
    return np.array([pair_weight(r, big) @ energy, surface_weight(r, big) @ energy])


def stopping_table(particle: str) -> np.ndarray:
    """Return energy (keV), collision and other (radiative or nuclear) stopping power, keV cm2/g."""
    with STOPPING.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["particle"] == particle]
    names = ("energy_MeV", "collision_MeV_cm2_g", "other_MeV_cm2_g")
    return 1e3 * np.array([[float(r[n]) for n in names] for r in rows]).T


def alpha_fractions(energy_keV: float) -> np.ndarray:
    """Absorbed fractions of an alpha along a straight line in the CSDA; shape (2, masses)."""
    e, electronic, nuclear = stopping_table("alpha")
    edges = np.geomspace(e[0], energy_keV, 2001)
    stopping = np.exp(np.interp(np.log(edges), np.log(e), np.log(electronic + nuclear)))
    inverse = 0.5 * (1 / stopping[1:] + 1 / stopping[:-1]) * np.diff(edges)
    residual = np.concatenate([[e[0] / (2 * stopping[0])], inverse]).cumsum()
    path = residual[-1] - 0.5 * (residual[1:] + residual[:-1])
    deposits = np.append(np.diff(edges), edges[0]) / energy_keV
    return fractions_of_kernel(deposits, np.append(path, residual[-1]))


def simulated_fractions(particle: str, energy_keV: float, histories: int) -> np.ndarray:
    """Return self and surface fractions and the relative sd of the first; shape (3, masses).

    The sum of all deposits is the emitted energy; its fluctuation between batches is used as a
    control variate.
    """
    import _water_tables as water
    import _water_transport as transport

    e, _, radiative = stopping_table("electron")
    on_grid = np.exp(np.interp(np.log(water.GRID), np.log(e), np.log(radiative)))
    tables = water.electron_tables(on_grid)
    mu, x, forms = water.photon_tables()
    kind = 0 if particle == "photon" else 1
    e_abs = max(0.6, 0.03 * energy_keV) if kind else min(25.0, max(1.0, 0.1 * energy_keV))
    per_batch = histories // BATCHES
    samples, totals = [], []
    for batch in range(BATCHES):
        seed = 1000 * batch + 17
        tally = transport.simulate(kind, energy_keV, per_batch, seed, tables, mu, x, forms, e_abs)
        energy, moment = tally.sum(axis=0)
        mean_r = np.divide(moment, energy, out=np.zeros_like(energy), where=energy > 0)
        energy = energy / (per_batch * energy_keV)
        samples.append(fractions_of_kernel(energy, mean_r))
        totals.append(energy.sum())
    return controlled_mean(np.array(samples), np.array(totals))


def controlled_mean(samples: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Mean over batches with the total (expected 1) as control variate; see the caller."""
    centred = totals - totals.mean()
    spread = np.sum(centred**2)
    # electrons conserve energy to rounding: nothing to control
    slope = np.tensordot(centred, samples, axes=(0, 0)) / spread if spread > 1e-20 else 0.0
    better = samples - slope * (totals - 1.0)[:, None, None]
    mean = better.mean(axis=0)
    sd = better[:, 0].std(axis=0, ddof=2) / np.sqrt(len(totals))
    return np.vstack([mean, sd / mean[0]])


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
            result = simulated_fractions(particle, energy, HISTORIES[particle])
        beside = path.with_suffix(".part.npy")
        np.save(beside, result)
        os.replace(beside, path)
        print(f"{particle} {energy:.5g} keV: {result[0, ::12]}", flush=True)
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
        out.writerow(["particle", "energy_keV", "mass_kg", "self_fraction", "surface_fraction",
                      "relative_sd"])  # fmt: skip
        for (particle, energy), path in zip(jobs, files, strict=True):
            for mass, own, surface, sd in zip(MASSES_KG, *np.load(path), strict=True):
                numbers = [f"{energy:.6g}", f"{mass:.6g}", f"{own:.6g}", f"{surface:.6g}"]
                out.writerow([particle, *numbers, f"{sd:.1e}"])
    os.replace(beside, OUTPUT)
    print(f"wrote {OUTPUT.name}")


if __name__ == "__main__":
    main()
