"""Make dose_skeleton_photons.csv: dose ratios of skeletal tissues for photon sources in the body.

A photon source is spread uniformly in a sphere of soft tissue that stands for the trunk (the
radius 3 V/S of the trunk of the MIRD phantom, 16.4 cm of water). The fluence inside, by track
lengths, weighs the mass energy-absorption coefficients: the ratio is

    ∫ Φ(E') E' μen/ρ(tissue, E') dE' / ∫ Φ(E') E' μen/ρ(skeleton, E') dE' .

Photons scatter with free electrons (Klein and Nishina; Kahn's rejection is replaced by a table of
the inverse cumulative distribution); photoelectric absorption and pair production end them, which
at the energies of nuclides changes the ratio by less than its statistical error. Runs in a minute.

    python scripts/build_skeleton_photons.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.transport.photon_data import mass_energy_absorption, photon_coefficients

Floats = NDArray[np.float64]
OUT = Path(__file__).parents[1] / "src/ligandose/data/2026.11/dose_skeleton_photons.csv"
ENERGIES_KEV = (
    10,
    15,
    20,
    30,
    40,
    50,
    60,
    80,
    100,
    150,
    200,
    300,
    500,
    700,
    1000,
    1500,
    2000,
    4000,
    10000,
)
RADIUS_CM = 16.4
PHOTONS = 40_000
LOWEST_KEV = 5.0
MEC2_KEV = 510.99895
GRID_KEV = np.geomspace(1.0, 10_000.0, 2001)
TISSUES = {"red_marrow": "red_marrow", "mineral": "bone_cortical"}


class Medium:
    """Attenuation of soft tissue, and energy absorption of the tissues, on a fine grid."""

    def __init__(self) -> None:
        parts = photon_coefficients("soft_tissue", GRID_KEV)
        self.compton = np.asarray(parts.incoherent)
        self.total = self.compton + np.asarray(parts.photoelectric) + np.asarray(parts.pair)
        names = {**TISSUES, "skeleton": "bone"}
        self.absorption = {k: mass_energy_absorption(v, GRID_KEV) for k, v in names.items()}

    def at(self, values: Floats, energy: Floats) -> Floats:
        return np.interp(np.log(energy), np.log(GRID_KEV), values)


def scattered(rng: np.random.Generator, energy: Floats) -> tuple[Floats, Floats]:
    """Return energy and cosine after scattering with a free electron at rest (rejection)."""
    out, cosine = np.empty_like(energy), np.empty_like(energy)
    todo = np.arange(energy.size)
    while todo.size:
        a = energy[todo] / MEC2_KEV
        mu = rng.uniform(-1.0, 1.0, todo.size)
        ratio = 1.0 / (1.0 + a * (1.0 - mu))
        weight = 0.5 * ratio**2 * (ratio + 1.0 / ratio - 1.0 + mu**2)  # at most 1, at mu = 1
        ok = rng.uniform(size=todo.size) < weight
        out[todo[ok]], cosine[todo[ok]] = energy[todo[ok]] * ratio[ok], mu[ok]
        todo = todo[~ok]
    return out, cosine


def directions(rng: np.random.Generator, n: int) -> Floats:
    v = rng.normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def turned(rng: np.random.Generator, u: Floats, cosine: Floats) -> Floats:
    side = np.cross(u, directions(rng, len(u)))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return cosine[:, None] * u + np.sqrt(np.maximum(1 - cosine**2, 0))[:, None] * side


def ratios(medium: Medium, energy_keV: float, rng: np.random.Generator) -> dict[str, float]:
    """Return absorbed energy per mass of each tissue over that of the skeleton."""
    x = directions(rng, PHOTONS) * RADIUS_CM * rng.uniform(size=(PHOTONS, 1)) ** (1 / 3)
    u, energy = directions(rng, PHOTONS), np.full(PHOTONS, energy_keV)
    sums = dict.fromkeys(medium.absorption, 0.0)
    while energy.size:
        total = medium.at(medium.total, energy)
        free = rng.exponential(size=energy.size) / total
        along = np.einsum("ij,ij->i", x, u)
        exit_cm = -along + np.sqrt(along**2 + RADIUS_CM**2 - np.einsum("ij,ij->i", x, x))
        track = np.minimum(free, exit_cm)
        for name, values in medium.absorption.items():
            sums[name] += float((track * energy) @ medium.at(values, energy))
        scatters = rng.uniform(size=energy.size) < medium.at(medium.compton, energy) / total
        alive = (free < exit_cm) & scatters
        x, u = (x + free[:, None] * u)[alive], u[alive]
        energy, cosine = scattered(rng, energy[alive])
        u = turned(rng, u, cosine)
        keep = energy > LOWEST_KEV
        x, u, energy = x[keep], u[keep], energy[keep]
    return {name: sums[name] / sums["skeleton"] for name in TISSUES}


def main() -> None:
    rng, medium = np.random.default_rng(20261123), Medium()
    with OUT.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["energy_MeV", *TISSUES, "source", "status"])
        for energy in ENERGIES_KEV:
            found = ratios(medium, float(energy), rng)
            row = [f"{found[t]:.4f}" for t in TISSUES]
            writer.writerow([energy / 1000, *row, "skeleton-photons", "calibrated"])


if __name__ == "__main__":
    main()
