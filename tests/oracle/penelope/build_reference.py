"""Make reference.csv: what PENELOPE (pyPenred) gives for the questions of the oracle tests.

    python tests/oracle/penelope/build_reference.py --work build/penelope [--only electron]

About 35 minutes on one core. Resumable: every finished run is a file of the work folder, and the
table is written when all are there. Each row states the settings and the number of histories;
sigma is one standard deviation, from the spread of ten batches or from PENELOPE's own tally.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parent))
import transport_peer as peer
import transport_peer_spaces as spaces
from organ_pairs import ENERGIES_KEV as ORGAN_KEV
from organ_pairs import HOST, SPACING_MM, TARGETS, label_map

from ligandose.nuclides import beta_bins, electron_lines, photon_lines
from ligandose.transport.materials import material

OUTPUT = Path(__file__).with_name("reference.csv")
HEADER = [
    *("quantity", "particle", "nuclide", "energy_MeV", "around", "at", "at_unit"),
    *("value", "sigma", "histories", "c1_c2", "wcc_keV", "electron_cutoff_keV"),
    *("histories_per_s", "code"),
]
ELECTRON_KEV = (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)
PHOTON_KEV = (30.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
MASSES_G = np.array([0.01, 0.1, 1.0, 10.0, 100.0, 1000.0])
NEAR_MASSES_G, FAR_MASSES_G = MASSES_G[:3], MASSES_G[3:]
RANGE_SHARES = np.round(np.arange(0.1, 1.25, 0.1), 1)
REACH_G_CM2 = 12.5  # a little more than the diameter of 1 kg
VACUUM_KEV = {"electron": (100.0, 500.0, 2000.0), "photon": (50.0, 200.0, 1000.0)}
VACUUM_MASSES_G = {"electron": (0.01, 1.0, 100.0), "photon": (1.0, 100.0)}
VOXEL_MM = 3.0
SHIPPED = "_shipped_photoelectric"
SHIPPED_KEV = (30.0, 50.0, 100.0)

LOW = True  # PENELOPE gives way to everything else

Rows = list[list[str]]


def _rows(
    quantity: str,
    particle: str,
    estimate: peer.Estimate,
    at: list[str],
    unit: str,
    physics: peer.Physics,
    *,
    energy_keV: float | None = None,
    nuclide: str = "",
    around: str = "water",
) -> Rows:
    """Return lines of the table."""
    energy = "" if energy_keV is None else f"{1e-3 * energy_keV:g}"
    result = estimate.result
    tail = [
        str(result.histories),
        f"{physics.c1:g}",
        f"{1e-3 * physics.wcc_eV:g}",
        f"{1e-3 * physics.electron_cutoff_eV:g}",
        f"{result.histories_per_s:.0f}",
        f"pyPenred {result.version}",
    ]
    values, sigmas = np.atleast_1d(estimate.value), np.atleast_1d(estimate.sigma)
    head = [quantity, particle, nuclide, energy, around]
    return [
        [*head, a, unit, f"{v:.6g}", f"{s:.2g}", *tail]
        for a, v, s in zip(at, values, sigmas, strict=True)
    ]


def electron_kernel(energy_keV: float) -> Rows:
    """Spheres in water and the cumulative kernel, from one kernel of electrons."""
    range_ = float(peer.csda_range_g_cm2([energy_keV])[0])
    physics = peer.reference_physics(energy_keV)
    kernel = peer.point_kernel(
        "electron",
        energy_keV,
        first_g_cm2=1.25 * range_,
        reach_g_cm2=REACH_G_CM2,
        histories=100_000 if energy_keV < 1000 else 60_000,
        physics=physics,
        lowest_priority=LOW,
    )
    names = [f"{m:g}" for m in MASSES_G]
    fractions = peer.sphere_fractions(kernel, MASSES_G)
    rows = _rows(
        "absorbed_fraction", "electron", fractions, names, "g", physics, energy_keV=energy_keV
    )
    places = [f"{x * range_:.6g}" for x in RANGE_SHARES]
    within = peer.cumulative(kernel, RANGE_SHARES * range_)
    return rows + _rows(
        "cumulative_kernel", "electron", within, places, "g/cm2", physics, energy_keV=energy_keV
    )


def photon_kernel(energy_keV: float, *, near: bool, shipped: bool = False) -> Rows:
    """Spheres in water from a kernel of photons.

    For small ones electrons are followed only within their diameter and one range, which saves
    most of the time. `shipped`: with photoelectric cross sections scaled to the package's.
    """
    cutoff = min(max(5e3, 50.0 * energy_keV), 2e4)
    physics = peer.Physics(0.1, 0.1, cutoff, cutoff, cutoff, 1e3)
    near_histories = 4_000_000 if energy_keV < 1000 else 2_000_000
    if shipped and not near:
        physics = peer.KERMA  # electrons of at most 100 keV move 0.05 mm in spheres of 13 mm
    masses = NEAR_MASSES_G if near else FAR_MASSES_G
    diameter = 2 * peer.radius_g_cm2(float(masses[-1]))
    kernel = peer.point_kernel(
        "photon",
        energy_keV,
        first_g_cm2=0.125,
        reach_g_cm2=diameter,
        histories=near_histories if near else 800_000,
        physics=physics,
        far=(diameter + 0.3, peer.KERMA) if near else None,
        base=peer.with_shipped_photoelectric(peer.WATER) if shipped else peer.WATER,
        lowest_priority=LOW,
    )
    fractions = peer.sphere_fractions(kernel, masses)
    names = [f"{m:g}" for m in masses]
    name = f"absorbed_fraction{SHIPPED if shipped else ''}"
    return _rows(name, "photon", fractions, names, "g", physics, energy_keV=energy_keV)


def in_vacuum(particle: str, energy_keV: float, mass_g: float) -> Rows:
    """A sphere with nothing around it, simulated as such."""
    photon = particle == "photon"
    physics = peer.reference_physics(energy_keV)
    if photon:
        physics = peer.Physics(0.1, 0.1, 1e4, 1e4, 1e4, 1e3)
    case = spaces.sphere_case(
        particle,
        energy_keV,
        mass_g,
        around="vacuum",
        histories=500_000 if photon else 12_000,
        physics=physics,
        batches=2,
    )
    found = spaces.sphere_fraction(case, lowest_priority=LOW)
    return _rows(
        "absorbed_fraction",
        particle,
        found,
        [f"{mass_g:g}"],
        "g",
        physics,
        energy_keV=energy_keV,
        around="vacuum",
    )


def sphere_in_water(energy_keV: float, mass_g: float) -> Rows:
    """A sphere in water simulated as such: checks the way over kernels."""
    physics = peer.reference_physics(energy_keV)
    depth = 1.1 * float(peer.csda_range_g_cm2([energy_keV])[0])
    case = spaces.sphere_case(
        "electron",
        energy_keV,
        mass_g,
        around="water",
        depth_g_cm2=depth,
        histories=24_000,
        physics=physics,
        batches=2,
    )
    found = spaces.sphere_fraction(case, lowest_priority=LOW)
    return _rows(
        "sphere_direct", "electron", found, [f"{mass_g:g}"], "g", physics, energy_keV=energy_keV
    )


def detailed_sphere() -> Rows:
    """0.5 MeV in 1 g of water, every collision one by one: the judge of bias in benchmarks."""
    physics = peer.DETAILED
    range_ = float(peer.csda_range_g_cm2([500.0])[0])
    kernel = peer.point_kernel(
        "electron",
        500.0,
        first_g_cm2=1.25 * range_,
        reach_g_cm2=2 * peer.radius_g_cm2(1.0),
        histories=2_000,
        physics=physics,
        lowest_priority=LOW,
    )
    found = peer.sphere_fractions(kernel, np.array([1.0]))
    return _rows("sphere_detailed", "electron", found, ["1"], "g", physics, energy_keV=500.0)


def electrons_of(nuclide: str) -> peer.Spectrum:
    """Beta particles in 100 bins, conversion and Auger electrons above 1 keV.

    Softer electrons carry under 1e-3 of the energy; they stay where they are set free.
    """
    parts = [beta_bins(nuclide, bins=100), electron_lines(nuclide)]
    energy = np.concatenate([1e3 * p.energy_MeV for p in parts])
    number = np.concatenate([p.yield_per_decay for p in parts])
    keep = (energy > 1.0) & (number > 0)
    return peer.Spectrum(energy[keep], number[keep])


def photons_of(nuclide: str) -> peer.Spectrum:
    """Photons above 1 keV."""
    lines = photon_lines(nuclide)
    energy = 1e3 * lines.energy_MeV
    keep = (energy > 1.0) & (lines.yield_per_decay > 0)
    return peer.Spectrum(energy[keep], lines.yield_per_decay[keep])


def voxel_settings(nuclide: str, particle: str) -> tuple[peer.Spectrum, peer.Physics]:
    """Return what is emitted and how it is followed."""
    if particle == "photon":
        return photons_of(nuclide), peer.Physics(0.1, 0.1, 5e3, 5e3, 5e3, 1e3)
    spectrum = electrons_of(nuclide)
    return spectrum, peer.reference_physics(float(spectrum.energy_keV.max()) / 2)


def voxel_rows(
    quantity: str, nuclide: str, particle: str, found: peer.Estimate, physics: peer.Physics
) -> Rows:
    """Return lines for NEIGHBOURS."""
    places = ["{}/{}/{}".format(*n) for n in spaces.NEIGHBOURS]
    return _rows(quantity, particle, found, places, "3 mm voxels", physics, nuclide=nuclide)


def voxels(nuclide: str, particle: str) -> Rows:
    """Energy per decay in the source voxel of 3 mm and its neighbours, from the point kernel."""
    spectrum, physics = voxel_settings(nuclide, particle)
    kernel = peer.point_kernel(
        particle,
        spectrum,
        first_g_cm2=0.12,
        reach_g_cm2=1.2,
        histories=500_000 if particle == "photon" else 60_000,
        physics=physics,
        lowest_priority=LOW,
    )
    found = spaces.voxel_energies_of(kernel, spectrum, VOXEL_MM)
    return voxel_rows("voxel_energy_keV", nuclide, particle, found, physics)


def voxels_direct(nuclide: str, particle: str) -> Rows:
    """The same, simulated from a uniform source voxel: checks the way over the kernel."""
    spectrum, physics = voxel_settings(nuclide, particle)
    case = spaces.voxel_case(
        particle,
        spectrum,
        VOXEL_MM,
        histories=600_000 if particle == "photon" else 80_000,
        physics=physics,
    )
    found = spaces.voxel_energies(case, lowest_priority=LOW)
    return voxel_rows("voxel_direct_keV", nuclide, particle, found, physics)


def organ_pairs(source: str, energy_keV: float, *, shipped: bool = False) -> Rows:
    """Absorbed fractions in other organs of the voxelised adult; electrons stay where they are."""
    voxels = label_map()
    media = {}
    for label, name in voxels.material.items():
        media[label] = spaces.Medium(material(name).composition, voxels.density_g_cm3[label])
    case = spaces.label_case(
        voxels.labels,
        media,
        spacing_cm=(0.1 * SPACING_MM,) * 3,
        source=voxels.label(source),
        particle="photon",
        energy_keV=energy_keV,
        histories=3_000_000 if energy_keV < 100 else 2_000_000,
        shipped_photoelectric=shipped,
    )
    found = spaces.label_fractions(case, lowest_priority=LOW)
    labels = sorted(media)
    place = [labels.index(voxels.label(t)) for t in TARGETS[source]]
    chosen = peer.Estimate(found.value[place], found.sigma[place], found.result)
    pairs = [f"{t}<-{source}" for t in TARGETS[source]]
    where = f"{HOST} {voxels.digest}"
    name = f"organ_fraction{SHIPPED if shipped else ''}"
    return _rows(
        name, "photon", chosen, pairs, "voxels of 5 mm", peer.KERMA, energy_keV=energy_keV,
        around=where,
    )  # fmt: skip


def jobs() -> dict[str, Callable[[], Rows]]:
    """Return every run by name."""
    out: dict[str, Callable[[], Rows]] = {}
    for e in ELECTRON_KEV:
        out[f"electron_kernel_{e:g}"] = lambda e=e: electron_kernel(e)
    for e in PHOTON_KEV:
        out[f"photon_near_{e:g}"] = lambda e=e: photon_kernel(e, near=True)
        out[f"photon_far_{e:g}"] = lambda e=e: photon_kernel(e, near=False)
    for particle, energies in (
        ("electron", (100.0, 500.0, 2000.0)),
        ("photon", (50.0, 200.0, 1e3)),
    ):
        for e in energies:
            for m in VACUUM_MASSES_G[particle]:
                name = f"vacuum_{particle}_{e:g}_{m:g}"
                out[name] = lambda p=particle, e=e, m=m: in_vacuum(p, e, m)
    for e, m in ((200.0, 0.01), (500.0, 1.0), (2000.0, 10.0)):
        out[f"direct_{e:g}_{m:g}"] = lambda e=e, m=m: sphere_in_water(e, m)
    for nuclide, particle in (("Lu-177", "electron"), ("Lu-177", "photon"), ("Y-90", "electron")):
        out[f"voxel_{nuclide}_{particle}"] = lambda n=nuclide, p=particle: voxels(n, p)
        out[f"voxels_{nuclide}_{particle}"] = lambda n=nuclide, p=particle: voxels_direct(n, p)
    out["detailed_500"] = detailed_sphere
    for e in SHIPPED_KEV:
        for near in (True, False):
            name = f"photon_{'near' if near else 'far'}_{e:g}_shipped"
            out[name] = lambda e=e, n=near: photon_kernel(e, near=n, shipped=True)
    for source in TARGETS:
        for e in ORGAN_KEV:
            out[f"organs_{source}_{e:g}"] = lambda s=source, e=e: organ_pairs(s, e)
        for e in SHIPPED_KEV:
            name = f"organs_{source}_{e:g}_shipped"
            out[name] = lambda s=source, e=e: organ_pairs(s, e, shipped=True)
    return out


def main() -> None:
    """Run what is missing in the work folder, one after the other; write the table if whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", default="", help="part of the name of the runs to do")
    parser.add_argument("--eager", action="store_true", help="at the priority of other programs")
    options = parser.parse_args()
    global LOW
    LOW = not options.eager
    options.work.mkdir(parents=True, exist_ok=True)
    everything = jobs()
    for name, job in everything.items():
        path = options.work / f"{name}.json"
        if path.exists() or options.only not in name:
            continue
        rows = job()
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(rows))
        os.replace(beside, path)
        print(name, *(f"{r[5]}: {r[7]} ± {r[8]}" for r in rows[:3]), rows[0][-2] + "/s", flush=True)
    missing = [n for n in everything if not (options.work / f"{n}.json").exists()]
    if missing:
        print(f"no table written; still to do: {', '.join(missing)}")
        return
    beside = OUTPUT.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for name in everything:
            table.writerows(json.loads((options.work / f"{name}.json").read_text()))
    os.replace(beside, OUTPUT)
    print(f"wrote {OUTPUT.name}")


if __name__ == "__main__":
    main()
