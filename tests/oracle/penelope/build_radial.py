"""Make radial.csv: PENELOPE's energy by distance from a point source of electrons in water.

    python tests/oracle/penelope/build_radial.py --work build/penelope_radial

Ten minutes on one core. Up to 10 keV every collision is followed one by one, down to 0.1 keV (0.05
keV from 0.3 keV); above, collisions are grouped as PENELOPE's manual advises for careful work.
Distances are parts of the CSDA range of PENELOPE at the same energy, which the table holds too.
Sigma is one standard deviation, from the spread of ten batches.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
import transport_peer as peer

OUTPUT = Path(__file__).with_name("radial.csv")
HEADER = [
    *("energy_keV", "range_um", "scaled_radius", "fraction", "sigma"),
    *("histories", "c1_c2", "wcc_keV", "electron_cutoff_keV", "code"),
]
SCALED_RADIUS = np.round(np.concatenate([[0.02, 0.05], np.arange(0.1, 1.15, 0.1)]), 2)
REACH, BINS = 1.2, 480


def physics(energy_keV: float) -> peer.Physics:
    """Return settings; eV."""
    cutoff = 50.0 if energy_keV < 0.5 else max(100.0, 2.0 * energy_keV)
    if energy_keV <= 10.0:
        return peer.Physics(0.0, 0.0, 0.0, 0.0, cutoff, 100.0)
    loss = max(100.0, 2.0 * energy_keV)
    return peer.Physics(0.02, 0.02, loss, loss, cutoff, 1e3)


HISTORIES = {0.3: 40_000, 1.0: 40_000, 3.0: 40_000, 10.0: 20_000}
ENERGIES_KEV = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 500.0, 2000.0)


def simulated(energy_keV: float) -> list[list[str]]:
    """Return the rows of one energy."""
    range_g_cm2 = float(peer.csda_range_g_cm2([energy_keV])[0])
    used = physics(energy_keV)
    case = peer.Case(
        "electron",
        peer.line(energy_keV),
        (peer.substance(used),),
        HISTORIES.get(energy_keV, 20_000),
        {"type": "infinite"},
        radial=({"rmax_cm": REACH * range_g_cm2 / peer.WATER_G_CM3, "bins": BINS},),
        seed=31,
    )
    result = peer.run(case, lowest_priority=True)
    # what each batch has absorbed anywhere is what it emitted
    share = result.tallies["radial_0"] / result.tallies["material"].sum(axis=1, keepdims=True)
    sums = np.hstack([np.zeros((len(share), 1)), np.cumsum(share, axis=1)])
    edges = np.linspace(0.0, REACH, BINS + 1)
    values = np.array([np.interp(SCALED_RADIUS, edges, s) for s in sums])
    sigma = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    tail = [
        str(result.histories),
        f"{used.c1:g}",
        f"{1e-3 * used.wcc_eV:g}",
        f"{1e-3 * used.electron_cutoff_eV:g}",
        f"pyPenred {result.version}",
    ]
    head = [f"{energy_keV:g}", f"{1e4 * range_g_cm2:.6g}"]
    return [
        [*head, f"{u:g}", f"{v:.5f}", f"{s:.1e}", *tail]
        for u, v, s in zip(SCALED_RADIUS, values.mean(axis=0), sigma, strict=True)
    ]


def main() -> None:
    """Simulate what is missing in the work folder, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    work = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    for energy in ENERGIES_KEV:
        path = work / f"{energy:g}.csv"
        if not path.exists():
            made = simulated(energy)
            path.write_text("\n".join(",".join(r) for r in made) + "\n", encoding="utf-8")
            print(path.name, flush=True)
        rows += [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    beside = OUTPUT.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADER)
        out.writerows(rows)
    os.replace(beside, OUTPUT)


if __name__ == "__main__":
    main()
