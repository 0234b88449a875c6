"""Make src/ligandose/data/<edition>/target_geometry.csv: crossfire from a target's compartment.

A lesion is drawn as alternating layers: one of width s that carries the target (stroma, matrix,
vessels …), one of width t of tumour cells that do not. A point source in the first spends a part
f(r) dr of its energy at distance r; a step of length r in a random direction is uniform in depth
between -r and r. With A(d) the part of the source layer that lies in the other layer when moved
by d, the energy that reaches the tumour cells is the integral of f(r) times the mean of A over
0 < d < r, and divided by their share t / (s + t) of the volume it is their mean dose relative to
that of the whole lesion. It is 1 where the source is spread evenly or the range is long. The dose
in the middle of the tumour layer, the worst place, follows in the same way.

Point kernels of the charged particles are the package's own (accurate settings, water); progeny
decay where the parent did. Photons are left out: they leave the lesion. Two minutes on one core.

    python scripts/build_target_geometry.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.emissions import emission_spectrum
from ligandose.transport import Emissions
from ligandose.transport.kernels import EDGES, kernel_of
from ligandose.transport.problems import PARTICLE_KINDS

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
NUCLIDES = ("Lu-177", "Tb-161", "I-131", "Y-90", "Ac-225")
HISTORIES, SEED = 200_000, 5
UM_PER_G_CM2 = 1e4
"""Water of 1 g/cm3."""
LAYERS = "target_layers.csv"
HEADER = ["compartment", "nuclide", "source_um", "cells_um", "mean_ratio", "centre_ratio"]


def energy_by_radius(nuclide: str) -> NDArray[np.float64]:
    """Return the part of the charged particles' energy by shell of EDGES."""
    spectrum = emission_spectrum(nuclide, with_progeny=True)
    total, shells = 0.0, np.zeros(EDGES.size - 1)
    for i, particle in enumerate(("alpha", "electron")):
        energy, count = spectrum.energy_keV[i], spectrum.yield_per_decay[i]
        keep = (count > 0) & (energy >= 1.0)
        if not keep.any():
            continue
        kinds = np.full(keep.sum(), PARTICLE_KINDS[particle])
        emissions = Emissions(kinds, energy[keep], energy[keep], count[keep])
        kernel = kernel_of(emissions, histories=HISTORIES, seed=SEED)
        per_decay = float(energy[keep] @ count[keep])
        shells += kernel.fraction * per_decay
        total += per_decay
    return shells / total


def landing_share(source_um: float, cells_um: float, radius_um: NDArray) -> NDArray:
    """Return the mean of A(d) over 0 < d < r: the chance to land among the cells."""
    period = source_um + cells_um
    points = 4001
    step = period / (points - 1)
    moved = np.arange(points) * step
    overlap = np.maximum(0.0, source_um - moved) + np.maximum(0.0, source_um - (period - moved))
    away = 1.0 - overlap / source_um
    within = np.concatenate([[0.0], np.cumsum(0.5 * (away[1:] + away[:-1]) * step)])
    whole, rest = np.divmod(radius_um, period)
    integral = whole * within[-1] + np.interp(rest, moved, within)
    return integral / radius_um


def centre_share(source_um: float, cells_um: float, radius_um: NDArray) -> NDArray:
    """Return the source width within +-r of the middle of the cells' layer, over 2 r."""
    period = source_um + cells_um
    whole, rest = np.divmod(np.maximum(0.0, radius_um - 0.5 * cells_um), period)
    one_side = whole * source_um + np.minimum(rest, source_um)
    return one_side / radius_um


def ratios(shells: NDArray, source_um: float, cells_um: float) -> tuple[float, float]:
    """Return mean and centre dose of the cells over the mean dose of the lesion."""
    radius = 0.5 * (EDGES[1:] + EDGES[:-1]) * UM_PER_G_CM2
    period = source_um + cells_um
    mean = float(shells @ landing_share(source_um, cells_um, radius)) * period / cells_um
    centre = float(shells @ centre_share(source_um, cells_um, radius)) * period / source_um
    return mean, centre


def rows() -> list[list[str]]:
    """Return the table, one row per compartment, nuclide and width of the cells' layer."""
    with (EDITION / LAYERS).open(encoding="utf-8", newline="") as file:
        layers = list(csv.DictReader(file))
    shells = {nuclide: energy_by_radius(nuclide) for nuclide in NUCLIDES}
    made: list[list[str]] = []
    for layer in layers:
        for nuclide in NUCLIDES:
            for width in (layer["cells_low_um"], layer["cells_um"], layer["cells_high_um"]):
                mean, centre = ratios(shells[nuclide], float(layer["source_um"]), float(width))
                made.append([layer["compartment"], nuclide, layer["source_um"], width,
                             f"{mean:.3f}", f"{centre:.3f}"])  # fmt: skip
    return made


def main() -> None:
    with (EDITION / "target_geometry.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows())


if __name__ == "__main__":
    main()
