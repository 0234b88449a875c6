"""PENELOPE (through pyPenred) in a process of its own: one JSON case in, one .npz of tallies out.

    python benchmarks/transport_penelope.py CASE.json RESULT.npz

pyPenred is licensed AGPL: nothing else imports it, and this file imports nothing of the package.
`transport_peer.py` writes the cases. Lengths are cm, energies eV. A case holds

    particle       "electron", "positron" or "gamma"
    energy         {"lines_eV": [...], "weights": [...]}
    source         {"size_cm": [x, y, z], "centre_cm": [...], "material": number or null};
                   uniform in the box, or in the part of it that the material fills
    geometry       {"type": "infinite"}, {"type": "quadrics", "text": ...} or
                   {"type": "voxels", "text": ...} (its file as text)
    materials      list of {"listed": number of PENELOPE's list} or {"density_g_cm3",
                   "composition": [[Z, weight fraction], ...]}, each with "physics";
                   "photoelectric": {"energy_eV", "cm2_per_atom": {Z: value}} scales PENELOPE's
                   photoelectric cross sections so that they have these values at that energy
    radial         list of {"rmax_cm", "bins"}: spherical shells around the origin
    grid           null or {"half_cm": [x, y, z], "bins": [nx, ny, nz]} around the origin
    histories, batches, seed

and the result, per history and summed over bins of each tally, energies in eV:

    material       (batches, materials)   material_sigma   the same shape
    radial_0, …    (batches, bins)        radial_0_sigma, …
    grid           (batches, nx, ny, nz)  grid_sigma
    seconds        (batches,) processor time of the transport alone, without reading of data
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np


def material_files(materials: list[dict]) -> list[str]:
    """Write PENELOPE's material files, one for each different substance; return their names."""
    from pyPenred import simulation

    names: dict[str, str] = {}
    for material in materials:
        substance = {k: v for k, v in material.items() if k != "physics"}
        key = json.dumps(substance, sort_keys=True)
        if key in names:
            continue
        name = f"material{len(names)}.mat"
        if "listed" in material:
            simulation.materials.createListed(material["listed"], name)
        else:
            composition = [(int(z), float(w)) for z, w in material["composition"]]
            density = float(material["density_g_cm3"])
            simulation.materials.create(f"m{len(names)}", density, composition, name)
        if "photoelectric" in material:
            scale_photoelectric(Path(name), **material["photoelectric"])
        names[key] = name
    return [
        names[json.dumps({k: v for k, v in m.items() if k != "physics"}, sort_keys=True)]
        for m in materials
    ]


def scale_photoelectric(file: Path, energy_eV: float, cm2_per_atom: dict[str, float]) -> None:
    """Scale the photoelectric tables of a material file, shells and total alike, by element."""
    lines = file.read_text().splitlines()
    for i, text in enumerate(lines):
        found = re.search(r"Photoelectric cross sections,  IZ = *(\d+),.*NDATA = *(\d+)", text)
        if found is None or found.group(1) not in cm2_per_atom:
            continue
        # the line below numbers the shells, then come energy, total and shells
        rows = slice(i + 2, i + 2 + int(found.group(2)))
        table = np.array([[float(x) for x in row.split()] for row in lines[rows]])
        own = np.exp(np.interp(np.log(energy_eV), np.log(table[:, 0]), np.log(table[:, 1])))
        table[:, 1:] *= cm2_per_atom[found.group(1)] / own
        lines[rows] = [" " + " ".join(f"{x:.5E}" for x in row) for row in table]
    file.write_text("\n".join(lines) + "\n")


def material_section(materials: list[dict]) -> dict:
    """Return penRed's `materials` section; material n of the list has number n + 1."""
    section = {}
    for number, (material, name) in enumerate(
        zip(materials, material_files(materials), strict=True), start=1
    ):
        p = material["physics"]
        absorption = {
            "electron": p["electron_cutoff_eV"],
            "positron": p["electron_cutoff_eV"],
            "gamma": p["photon_cutoff_eV"],
        }
        section[f"m{number}"] = {
            "number": number,
            "eabs": absorption,
            "C1": p["c1"],
            "C2": p["c2"],
            "WCC": p["wcc_eV"],
            "WCR": p["wcr_eV"],
            "filename": name,
        }
    return section


def geometry_section(geometry: dict) -> dict:
    """Return penRed's `geometry` section; writes its file into the working directory."""
    if geometry["type"] == "infinite":
        return {"type": "DUMMY"}
    Path("geometry.txt").write_text(geometry["text"])
    if geometry["type"] == "quadrics":
        return {
            "type": "PEN_QUADRIC",
            "input-file": "geometry.txt",
            "processed-geo-file": "geometry.rep",
        }
    return {
        "type": "VOXEL",
        "filename": "geometry.txt",
        "ascii": True,
        "enclosure-margin": 1e-5,
        "enclosure-material": int(geometry["outside_material"]),
    }


def source_section(case: dict) -> dict:
    """Return penRed's `sources` section: isotropic, lines, uniform in a box or a material."""
    source, energy = case["source"], case["energy"]
    x, y, z = source["centre_cm"]
    dx, dy, dz = source["size_cm"]
    place = {"type": "BOX", "size": {"dx": dx, "dy": dy, "dz": dz}}
    place["position"] = {"x": x, "y": y, "z": z}
    # lines are bins of one part in 1e9: the sampler divides by their width
    lines = np.asarray(energy["lines_eV"], float)
    spectrum = {
        "type": "INTERVALS",
        "nintervals": lines.size,
        "lowE": lines.tolist(),
        "topE": (lines * (1 + 1e-9)).tolist(),
        "probabilities": [float(w) for w in energy["weights"]],
    }
    everywhere = {"theta0": 0.0, "theta1": 180.0, "phi0": 0.0, "dphi": 360.0}
    section = {
        "nhist": float(case["histories"]) / case["batches"],
        "kpar": case["particle"],
        "record-time": False,
        "direction": {"type": "SOLID_ANGLE", "u": 0.0, "v": 0.0, "w": 1.0, **everywhere},
        "energy": spectrum,
        "spatial": place,
    }
    if source["material"] is not None:
        section["source-material"] = int(source["material"])
    return {"generic": {"s": section}}


def tally_section(case: dict) -> dict:
    """Return penRed's `tallies` section."""
    tallies: dict[str, dict] = {"material": {"type": "EDEP_MAT", "nmat": len(case["materials"])}}
    for i, radial in enumerate(case["radial"]):
        tallies[f"radial{i}"] = {
            "type": "SPHERICAL_DOSE_DISTRIB",
            "rmin": 0.0,
            "rmax": radial["rmax_cm"],
            "nr": radial["bins"],
            "print-xyz": False,
        }
    if case["grid"] is not None:
        grid: dict = {"type": "SPATIAL_DOSE_DISTRIB", "print-xyz": False}
        for axis, half, bins in zip(
            "xyz", case["grid"]["half_cm"], case["grid"]["bins"], strict=True
        ):
            grid |= {f"{axis}min": -half, f"{axis}max": half, f"n{axis}": bins}
        tallies["grid"] = grid
    return tallies


def energies(case: dict, results: dict, density: float) -> dict[str, np.ndarray]:
    """Turn penRed's doses (eV/g per history) into energies per history, with their sigma."""
    values, sigma = results["EDEP_MAT"]["material"][0].data()[:2]
    n = len(case["materials"])
    out = {"material": values[:n], "material_sigma": sigma[:n]}
    for i, radial in enumerate(case["radial"]):
        dose, sd = results["SPHERICAL_DOSE_DISTRIB"][f"radial{i}"][0].data()[:2]
        edges = np.linspace(0.0, radial["rmax_cm"], radial["bins"] + 1)
        mass = density * 4 / 3 * np.pi * np.diff(edges**3)
        out[f"radial_{i}"] = dose.ravel() * mass
        out[f"radial_{i}_sigma"] = sd.ravel() * mass
    if case["grid"] is not None:
        dose, sd = results["SPATIAL_DOSE_DISTRIB"]["grid"][0].data()[:2]
        half, bins = np.array(case["grid"]["half_cm"]), np.array(case["grid"]["bins"])
        mass = density * np.prod(2 * half / bins)
        shape = tuple(bins[::-1])  # penRed's x runs fastest
        out["grid"] = dose.reshape(shape).transpose(2, 1, 0) * mass
        out["grid_sigma"] = sd.reshape(shape).transpose(2, 1, 0) * mass
    return out


def simulate(case: dict) -> dict[str, np.ndarray]:
    """Run all batches of a case; tallies are stacked along a first axis."""
    from pyPenred import simulation

    simulation.setConfigurationLog("configuration.log")
    config = {
        "materials": material_section(case["materials"]),
        "geometry": geometry_section(case["geometry"]),
        "sources": source_section(case),
        "tallies": tally_section(case),
    }
    first = Path("material0.mat").read_text()
    density = float(re.search(r"Mass density =\s*(\S+)", first).group(1))
    seeds = np.random.SeedSequence(case["seed"]).generate_state(2 * case["batches"])
    collected: list[dict[str, np.ndarray]] = []
    for batch in range(case["batches"]):
        log = f"simulation{batch}.log"
        simulation.setSimulationLog(log)
        # RANECU's seeds are positive 31-bit numbers
        pair = [int(s) % 2_000_000_000 + 1 for s in seeds[2 * batch : 2 * batch + 2]]
        config["simulation"] = {"threads": 1, "seed1": pair[0], "seed2": pair[1], "verbose": 1}
        run = simulation.create()
        run.configure(config)
        run.simulate()
        found = energies(case, run.getResults([], True), density)
        text = Path(log).read_text()
        found["seconds"] = np.array(re.search(r"user time:\s*(\S+)", text).group(1), float)
        done = float(re.search(r"Simulated histories:\s*(\S+)", text).group(1))
        # penRed divides by this number but has simulated one history less: in an infinite medium
        # its tallies sum to (n - 1)/n of the emitted energy, exactly
        for name in found:
            if name != "seconds":
                found[name] = found[name] * (done / (done - 1.0))
        found["done"] = np.array(done)
        collected.append(found)
    return {name: np.array([c[name] for c in collected]) for name in collected[0]}


def main() -> None:
    """Read the case, work in a temporary directory, write the result."""
    case = json.loads(Path(sys.argv[1]).read_text())
    target = Path(sys.argv[2]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            found = simulate(case)
        except Exception:
            for log in sorted(Path().glob("*.log")):
                print(f"--- {log}\n{log.read_text()[-3000:]}", file=sys.stderr)
            raise
        finally:
            os.chdir(target.parent)
    np.savez_compressed(target, **found, version=np.array(version("pyPenred")))


if __name__ == "__main__":
    main()
