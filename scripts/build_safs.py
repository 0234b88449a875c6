"""Make src/ligandose/data/<edition>/saf_<host>.csv: specific absorbed fractions of the adults.

For every region of a stylized adult as a uniform source, every energy of the grids and photons or
electrons, the engine follows primaries through the analytic shapes and books the energy by region.
SAF(target <- source) = absorbed fraction / target mass, 1/kg.

    python scripts/build_safs.py --work build/safs --passes 4 [--host adult-male] [--only 0/2]

A pass follows a fixed number of primaries of every source and energy with its own seed; passes are
averaged by their inverse variance. The run may be stopped at any time: finished parts stay in the
work folder (each written beside and moved), and the table is written only when at least one pass
is complete; --table writes it from what is there. About twenty minutes per pass on two cores.

Electrons below the stated cutoff (range below 5 % of the thinnest wall) are deposited where they
are; electrons set free by photons likewise below 0.3 MeV (range 0.8 mm), so that photons cost
little: their energy moves by less than the walls are thick.

The tables of edition 2026.11 were made with C1 = 0.1, losses above 5 % and steps of 10 %, before
the fast settings were widened to 0.2, 5 %, 15 %; a run today agrees with them within statistics
only (tests/golden/test_saf_rebuild.py looks at three parts).
"""

from __future__ import annotations

import argparse
import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ligandose.hosts import phantom
from ligandose.transport import PRESETS, Emissions, phantom_space, problem, run

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
HOSTS = ("adult-male", "adult-female")
ENERGIES_MEV = {
    "photon": (0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0,
               1.5, 2.0, 3.0, 5.5),
    "electron": (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0),
}  # fmt: skip
HISTORIES = {"photon": 300_000, "electron": 20_000}
ELECTRONS = {"photon": 300.0, "electron": "auto"}
SEED = 20_261_123
WELL_KNOWN = 0.03
"""Photon pairs known less well than this are averaged with the reverse pair (reciprocity)."""


@dataclass(frozen=True)
class Part:
    """One run: a pass over one source at one energy."""

    host: str
    particle: str
    source: str
    energy_MeV: float
    number: int

    def path(self, work: Path) -> Path:
        """Return where its result is kept."""
        name = f"{self.particle}_{self.source}_{self.energy_MeV:g}_{self.number}.npy"
        return work / self.host / name


def parts(hosts: list[str], passes: int) -> list[Part]:
    """List all runs, whole passes first, so that an early stop leaves a complete table."""
    return [
        Part(host, particle, source, energy, number)
        for number in range(passes)
        for host in hosts
        for particle, energies in ENERGIES_MEV.items()
        for source in phantom(host).regions
        for energy in energies
    ]


def simulate(part: Part) -> np.ndarray:
    """Return absorbed fraction and its standard error by region, shape (2, regions)."""
    space = phantom_space(phantom(part.host))
    energy_keV = 1e3 * part.energy_MeV
    setup = problem(
        space,
        Emissions.single(part.particle, energy_keV),
        region=part.source,
        electrons=ELECTRONS[part.particle],
        settings=PRESETS["fast"],
    )
    seed = SEED + 1009 * part.number + space.regions.index(part.source)
    result = run(setup, histories=HISTORIES[part.particle], seed=seed)
    balance = result.deposited_keV.sum() + result.escaped_keV
    if abs(balance / result.emitted_keV - 1) > 1e-6:
        raise SystemExit(f"{part}: energy is not conserved ({balance} of {result.emitted_keV} keV)")
    return np.stack([result.deposited_keV, result.sd_keV]) / energy_keV


def fill(work: Path, todo: list[Part]) -> None:
    """Simulate the parts that are not there yet."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as bar:
        task = bar.add_task("specific absorbed fractions", total=len(todo))
        for part in todo:
            path = part.path(work)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                beside = path.with_suffix(".part.npy")
                np.save(beside, simulate(part))
                os.replace(beside, path)
            bar.advance(task)


def combined(work: Path, host: str, particle: str, source: str, energy: float) -> np.ndarray:
    """Return mean and standard error over the passes that are there, shape (2, regions)."""
    found = []
    while (path := Part(host, particle, source, energy, len(found)).path(work)).exists():
        found.append(np.load(path))
    if not found:
        raise SystemExit(f"no pass of {host} {particle} {source} {energy:g} MeV is complete")
    stack = np.array(found)
    # equal histories: the plain mean; inverse variances would favour passes with few hits
    error = np.sqrt((stack[:, 1] ** 2).sum(axis=0)) / len(found)
    return np.stack([stack[:, 0].mean(axis=0), error])


def fractions(work: Path, host: str, particle: str) -> np.ndarray:
    """Return SAF and its standard error, shape (2, sources, energies, targets), 1/kg."""
    person = phantom(host)
    table = np.array([
        [combined(work, host, particle, source, e) for e in ENERGIES_MEV[particle]]
        for source in person.regions
    ])  # fmt: skip
    return np.moveaxis(table, 2, 0) / np.asarray(person.region_mass_kg)


def reciprocal_mean(saf: np.ndarray, bone: np.ndarray) -> np.ndarray:
    """Average poorly known photon pairs with the reverse pair, weights by inverse variance.

    Reciprocity (Loevinger and Berman 1968, MIRD pamphlet 1) holds between regions that absorb
    alike: soft tissue, contents and lung among each other, and bones among each other. Between
    bone and soft tissue it fails by the ratio of their absorption coefficients (two to four
    below 70 keV), so such pairs keep their own value, as do well known pairs.

    Args:
        saf: (2, sources, energies, targets) value and standard error.
        bone: (regions,) whether a region is of skeleton.
    """
    value, sd = saf
    other_value, other_sd = np.swapaxes(value, 0, 2), np.swapaxes(sd, 0, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(sd > 0, sd**-2.0, 0.0)
        other = np.where(other_sd > 0, other_sd**-2.0, 0.0)
        mean = (weight * value + other * other_value) / (weight + other)
        error = (weight + other) ** -0.5
        poor = ~(sd < WELL_KNOWN * value) & (weight + other > 0)
    poor &= (bone[:, None] == bone[None, :])[:, None, :]
    return np.stack([np.where(poor, mean, value), np.where(poor, error, sd)])


def write_table(work: Path, host: str) -> None:
    """Write the table of a host beside its place, then move it there."""
    output = EDITION / f"saf_{host}.csv"
    energies = sorted({e for grid in ENERGIES_MEV.values() for e in grid})
    beside = output.with_suffix(".part")
    regions = phantom(host).regions
    bone = np.array([name.startswith("bone_") for name in regions])
    with beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        head = [f"{kind}_{e:g}" for kind in ("saf", "rsd") for e in energies]
        out.writerow(["particle", "source", "target", *head])
        for particle, grid in ENERGIES_MEV.items():
            saf = fractions(work, host, particle)
            if particle == "photon":
                saf = reciprocal_mean(saf, bone)
            column = [grid.index(e) if e in grid else None for e in energies]
            for s, source in enumerate(regions):
                for t, target in enumerate(regions):
                    out.writerow([particle, source, target, *_cells(saf[:, s, :, t], column)])
    os.replace(beside, output)
    print(f"wrote {output.name}")


def _cells(pair: np.ndarray, column: list[int | None]) -> list[str]:
    """Return values, then relative standard errors; empty where a grid has no such energy."""
    value, sd = pair
    values = ["" if c is None else f"{value[c]:.5g}" for c in column]
    errors = ["" if c is None or value[c] <= 0 else f"{sd[c] / value[c]:.2g}" for c in column]
    return values + errors


def main() -> None:
    """Run what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=1)
    parser.add_argument("--host", choices=HOSTS, action="append")
    parser.add_argument("--only", default="0/1", help="part/parts, to share the work")
    parser.add_argument("--table", action="store_true", help="write from what is there")
    options = parser.parse_args()
    hosts = options.host or list(HOSTS)
    share, shares = (int(p) for p in options.only.split("/"))
    if not options.table:
        fill(options.work, parts(hosts, options.passes)[share::shares])
    if options.table or shares == 1:
        for host in hosts:
            write_table(options.work, host)


if __name__ == "__main__":
    main()
