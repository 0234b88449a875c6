"""Make photon_kernels.csv: energy by distance from a photon's point of emission in water.

The package's engine at its fast settings follows photons and the electrons that they set free.
Half the histories draw the first flight uniformly in its logarithm (as `transport/_point.py`,
whence the balance heuristic), here from NEAR_CM on, so that distances of micrometres get their
share. Below 1 keV, where the engine has no data, the part is 1 - exp(-mu r) with the attenuation
of xraylib (group `media`): all energy stays where the photon is absorbed.

    python scripts/build_photon_kernels.py --work build/photon_kernels

Ten minutes on one core; resumable as `build_electron_kernels.py` is.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import argparse
import csv
import math
import os
from pathlib import Path

import numba
import numpy as np
from numba import get_thread_id, njit, prange

from ligandose.transport._electron_tables import FAST
from ligandose.transport._history import follow_next
from ligandose.transport._kernel import kernel
from ligandose.transport._physics import node
from ligandose.transport._point import FAR_FLIGHTS, STRATA
from ligandose.transport._random import isotropic, start_stream, uniform
from ligandose.transport._stack import COLUMNS, DEPTH, PHOTON, push
from ligandose.transport._tally import RADIAL, Tally, add
from ligandose.transport.materials import elements, material
from ligandose.transport.problems import QUANTA_PER_KEV, Emissions, problem
from ligandose.transport.spaces import Medium, infinite_space

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
OUTPUT = EDITION / "photon_kernels.csv"
SOFT_KEV = (0.1, 0.15, 0.2, 0.3, 0.4, 0.53, 0.545, 0.6, 0.7, 0.85)
ENERGIES_KEV = (
    *(1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0),
    *(50.0, 60.0, 80.0, 100.0, 130.0, 160.0, 200.0, 250.0, 300.0, 400.0, 500.0, 650.0, 800.0),
    *(1000.0, 1250.0, 1500.0, 2000.0, 3000.0, 4000.0, 6000.0, 10_000.0),
)
RADIUS_UM = 10.0 ** (np.arange(-8, 45) / 8)  # 0.1 um to 32 cm
NEAR_CM = 1e-6
BINS_PER_E = 80.0
FIRST_CM = 1e-6
SEED = 29
UM_PER_CM = 1e4
LARGEST_DEPTH = 30.0


@kernel
def _first_flight(total, history, rng):
    """Return the length of the first flight and the weight of its deposits."""
    part = ((history // 2) % STRATA + uniform(rng)) / STRATA
    near, far = math.log(NEAR_CM), math.log(FAR_FLIGHTS / total)
    flight = math.exp(near + (far - near) * part) if history % 2 else -math.log(part) / total
    natural = total * math.exp(-total * flight)
    other = 1.0 / (flight * (far - near)) if near < math.log(flight) < far else 0.0
    return flight, 2.0 * natural / (natural + other)


@kernel
def _follow(physics, energy, tally, history, quanta, rng, stack, geometry):
    u, v, w = isotropic(rng)
    add(quanta, tally.bins + 1, np.int64(energy * tally.quanta_per_keV + 0.5))
    i, f = node(energy)
    total = physics.majorant[i] + f * (physics.majorant[i + 1] - physics.majorant[i])
    flight, weight = _first_flight(total, history, rng)
    now = rng[0]
    drawn = -math.log(uniform(rng)) / total
    rng[0] = now  # so that the photon draws that number again and ends at `flight`
    start = flight - drawn
    weighted = Tally(
        tally.mode, tally.bins, tally.quanta_per_keV * weight, tally.r_min, tally.bins_per_e,
        tally.per_cm_x, tally.per_cm_y, tally.per_cm_z, tally.side,
    )  # fmt: skip
    n = push(stack, 0, PHOTON, energy, u * start, v * start, w * start, u, v, w)
    while n > 0:
        n = follow_next(physics, geometry, weighted, quanta, rng, stack, n)


@njit(cache=True, parallel=True, error_model="numpy")
def _run(physics, energy, tally, seed, count, quanta, stacks, geometry):
    chunk = 2 * STRATA
    for c in prange(count // chunk):
        rng = np.empty(1, np.uint64)
        thread = get_thread_id()
        for h in range(c * chunk, (c + 1) * chunk):
            start_stream(rng, seed, h)
            _follow(physics, energy, tally, h, quanta[thread], rng, stacks[thread], geometry)


def within(energy_keV: float, histories: int | None = None) -> np.ndarray:
    """Return the part of the energy within each radius, (radii,)."""
    bins = int(np.ceil(BINS_PER_E * np.log(100.0 / FIRST_CM))) + 2
    made = problem(
        infinite_space(Medium("water", 1.0)),
        Emissions.single("photon", energy_keV),
        tally=Tally(RADIAL, bins, QUANTA_PER_KEV, FIRST_CM, BINS_PER_E, 1.0, 1.0, 1.0, 1),
        electrons=min(10.0, max(1.0, 0.01 * energy_keV)),
        settings=FAST,
    )
    wanted = histories or (1_000_000 if energy_keV < 130.0 else 300_000)
    count = -(-wanted // (2 * STRATA)) * 2 * STRATA
    threads = numba.get_num_threads()
    quanta = np.zeros((threads, bins + 2), dtype=np.int64)
    stacks = np.empty((threads, DEPTH, COLUMNS))
    _run(
        made.physics, float(energy_keV), made.tally, np.uint64(SEED), count, quanta, stacks,
        made.space.geometry,
    )  # fmt: skip
    total = quanta.sum(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(total[:bins] / total[-1])])
    edges = np.concatenate([[0.0], FIRST_CM * np.exp(np.arange(bins) / BINS_PER_E)])
    found = np.interp(RADIUS_UM / UM_PER_CM, edges, sums)
    # what the exponential leaves beyond 5 free paths is drawn with weight 2: the sum is near 1
    return np.minimum(found, -np.expm1(-LARGEST_DEPTH))


def soft(energy_keV: float) -> np.ndarray:
    """Return the same below 1 keV, from attenuation alone."""
    import xraylib

    mu = sum(
        w * xraylib.CS_Total(z, energy_keV)
        for z, w in material("water").composition
        if elements()[z].atomic_weight
    )
    return -np.expm1(-np.minimum(mu * RADIUS_UM / UM_PER_CM, LARGEST_DEPTH))


def main() -> None:
    """Simulate what is missing in the work folder, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    for energy in (*SOFT_KEV, *ENERGIES_KEV):
        path = work / f"{energy:g}.npy"
        if not path.exists():
            result = soft(energy) if energy < 1.0 else within(energy)
            beside = path.with_suffix(".part.npy")
            np.save(beside, result)
            os.replace(beside, path)
            print(f"{energy:g} keV: {result[::8]}", flush=True)
        for radius, part in zip(RADIUS_UM, np.load(path), strict=True):
            rows.append([f"{energy:g}", f"{radius:.6g}", f"{part:.5g}"])
    beside = OUTPUT.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["energy_keV", "radius_um", "fraction"])
        out.writerows(rows)
    os.replace(beside, OUTPUT)
    print(f"wrote {OUTPUT.name}")


if __name__ == "__main__":
    main()
