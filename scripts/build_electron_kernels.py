"""Make electron_kernels.csv and electron_ranges.csv: energy by distance from an electron in water.

Up to SLOW_KEV every collision is followed one by one (`_slow_electrons.py`), above the package's
own engine follows electrons from a point in endless water at its accurate settings. The table
holds the part of the energy that is deposited within a distance, which is given in parts of the
range. Bremsstrahlung is followed too, so that its energy lies where it is absorbed, far outside
the range. Ranges are those of continuous slowing down with the stopping power of the simulation;
below FIRST_EV, where slowing down and scattering are hardly known, it is taken as constant.

    python scripts/build_electron_kernels.py --work build/radial [--only 0/2]

Half an hour on one core. Resumable: finished energies are kept in the work folder (use an empty
one after a change of the engine) and the tables are written only when all are there.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path

import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from _slow_electron_data import SCALED_FROM_KEV, slow_electrons
from _slow_electrons import deposits

from ligandose.transport._electron_tables import ACCURATE
from ligandose.transport._point import STRATA, run_from_point
from ligandose.transport._stack import COLUMNS, DEPTH
from ligandose.transport._tally import RADIAL, Tally
from ligandose.transport.problems import QUANTA_PER_KEV, Emissions, problem
from ligandose.transport.spaces import Medium, infinite_space
from ligandose.transport.stopping import electron_csda_range

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
ENERGIES_KEV = 10.0 ** (np.arange(-13, 41) / 10)  # 50 eV to 10 MeV
SLOW_KEV = 55.0
FIRST_EV = 100.0
HISTORIES, SLOW_HISTORIES = 128_000, 64_000
SEED = 23
CUTOFF_PART = 0.01
LOWEST_CUTOFF_KEV = 1.0
SCALED_RADIUS = np.unique(
    np.round(
        np.concatenate(
            [
                np.geomspace(1e-3, 0.1, 21),
                np.arange(0.1, 1.2001, 0.01),
                np.arange(1.25, 2.0001, 0.05),
                2.0 * 10 ** (np.arange(1, 31) / 8),
            ]
        ),
        6,
    )
)
BINS_PER_E = 200.0
FIRST_BIN = 5e-4
BINS = int(np.ceil(BINS_PER_E * np.log(SCALED_RADIUS[-1] / FIRST_BIN))) + 2


def range_cm(energy_keV: float) -> float:
    """Return the range at 1 g/cm3 by which distances are scaled."""
    first, last = FIRST_EV, 1e3 * min(energy_keV, SCALED_FROM_KEV)
    tables = slow_electrons(max(first, last))
    log_e, log_s = np.log(tables.energy_eV), np.log(tables.stopping_eV_cm)

    def stopping(e: np.ndarray) -> np.ndarray:
        return np.exp(np.interp(np.log(e), log_e, log_s))

    slowest = min(last, first) / float(stopping(np.array(first)))
    if last <= first:
        return slowest
    grid = np.geomspace(first, last, 2001)
    slow = slowest + float(np.trapezoid(grid / stopping(grid), np.log(grid)))
    if energy_keV <= SCALED_FROM_KEV:
        return slow
    of = electron_csda_range("water", [SCALED_FROM_KEV, energy_keV])
    return slow + float(of[1] - of[0])


def cumulative(energy_keV: float, histories: int | None = None) -> np.ndarray:
    """Return the part of the energy within each scaled radius, (radii,)."""
    first_cm = FIRST_BIN * range_cm(energy_keV)
    if energy_keV < SLOW_KEV:
        shells = deposits(
            slow_electrons(max(FIRST_EV, 1e3 * energy_keV)),
            energy_keV,
            first_cm=first_cm,
            bins=BINS,
            bins_per_e=BINS_PER_E,
            histories=histories or int(SLOW_HISTORIES * min(1.0, 4.0 / energy_keV) ** 0.5),
            seed=SEED,
        ).mean(axis=0)
    else:
        shells = _engine_shells(energy_keV, first_cm, histories or HISTORIES)
    within = np.concatenate([[0.0], np.cumsum(shells)])
    edges = np.concatenate([[0.0], FIRST_BIN * np.exp(np.arange(BINS) / BINS_PER_E)])
    return np.interp(SCALED_RADIUS, edges, within)


def _engine_shells(energy_keV: float, first_cm: float, histories: int) -> np.ndarray:
    """Return the part of the energy by shell."""
    made = problem(
        infinite_space(Medium("water", 1.0)),
        Emissions.single("electron", energy_keV),
        tally=Tally(RADIAL, BINS, QUANTA_PER_KEV, first_cm, BINS_PER_E, 1.0, 1.0, 1.0, 1),
        electrons=max(LOWEST_CUTOFF_KEV, CUTOFF_PART * energy_keV),
        settings=ACCURATE,
    )
    count = -(-histories // (2 * STRATA)) * 2 * STRATA
    threads = numba.get_num_threads()
    quanta = np.zeros((threads, BINS + 2), dtype=np.int64)
    run_from_point(
        made.physics, made.space.geometry, made.source, made.tally, np.uint64(SEED),
        0, count, quanta, np.empty((threads, DEPTH, COLUMNS)),
    )  # fmt: skip
    total = quanta.sum(axis=0)
    return total[:BINS] / total[-1]


def main() -> None:
    """Simulate what is missing in the work folder, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", default="0/1", help="part/parts, to share the work")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    part, parts = (int(p) for p in options.only.split("/"))
    for number, energy in enumerate(ENERGIES_KEV):
        path = options.work / f"{energy:.6g}.npy"
        if path.exists() or number % parts != part:
            continue
        result = cumulative(float(energy))
        beside = path.with_suffix(".part.npy")
        np.save(beside, result)
        os.replace(beside, path)
        print(f"{energy:.5g} keV: {result[::20]}", flush=True)
    write_tables(options.work)


def write_tables(work: Path) -> None:
    """Write the shipped tables if every energy is there; beside the target first, then move."""
    files = [work / f"{energy:.6g}.npy" for energy in ENERGIES_KEV]
    if not all(f.exists() for f in files):
        print("not all energies are done; no table written")
        return
    kernels, ranges = [], []
    for energy, path in zip(ENERGIES_KEV, files, strict=True):
        ranges.append([f"{energy:.6g}", f"{1e4 * range_cm(float(energy)):.6g}"])
        for radius, part in zip(SCALED_RADIUS, np.load(path), strict=True):
            kernels.append([f"{energy:.6g}", f"{radius:.6g}", f"{min(part, 1.0):.6f}"])
    _write("electron_kernels.csv", ["energy_keV", "scaled_radius", "fraction"], kernels)
    _write("electron_ranges.csv", ["energy_keV", "range_um"], ranges)


def _write(name: str, header: list[str], rows: list[list[str]]) -> None:
    beside = EDITION / f"{name}.part"
    with beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    os.replace(beside, EDITION / name)
    print(f"wrote {name}")


if __name__ == "__main__":
    main()
