"""Voxel doses: do the engines agree, where do they fail, and how long do they take?

    python benchmarks/voxel_dose.py agreement [--nuclides Lu-177 Y-90 I-131]
    python benchmarks/voxel_dose.py speed [--peer PYTHON] [--repeats 3]
    python benchmarks/voxel_dose.py monte-carlo

agreement: kernel and local over Monte Carlo in uniform media, in a lesion in lung, in bone and
across a border of soft tissue and lung. speed: 256 x 256 x 128 voxels of 2 mm against
PyTheranostics (`voxel_dose_peer.py`; PYTHON has it installed) after both have folded one image with
one kernel and agree in the body. monte-carlo: a Lu-177 SPECT/CT of 128 x 128 x 128 voxels of 4.8 mm
to a median uncertainty of 5 % in the kidneys, and, without naming them, in the hottest voxels. All
on as many processors as there are; the patient is a body of ellipsoids with lungs, spine, liver,
spleen, kidneys and a lesion.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from ligandose.dose import voxel_dose
from ligandose.dose.voxel_convolve import folding, workers
from ligandose.dose.voxel_kernel import water_kernel

SEED = 1
AGREE = 1e-4
PEER_HALF = 25


def ellipsoid(grid, centre_mm, half_mm):
    """Return where an ellipsoid is."""
    return sum(((g - c) / h) ** 2 for g, c, h in zip(grid, centre_mm, half_mm, strict=True)) < 1


def patient(shape, side_mm, *, decays=1e15):
    """Return decays, density and regions of a patient; axes z, y, x."""
    rng = np.random.default_rng(SEED)
    grid = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * side_mm for n in shape], indexing="ij",
                       sparse=True)  # fmt: skip
    full = np.ones(shape, bool)
    organs = {  # centre and half axes in mm (z, y, x); relative concentration; density
        "body": ((0, 0, 0), (1e4, 115, 180), 1.0, 1.04),
        "lungs": ((150, 0, 80), (110, 75, 55), 0.5, 0.3),
        "lung 2": ((150, 0, -80), (110, 75, 55), 0.5, 0.3),
        "spine": ((0, 75, 0), (1e4, 18, 20), 2.0, 1.4),
        "liver": ((30, -10, -80), (75, 70, 75), 6.0, 1.06),
        "spleen": ((30, 50, 105), (50, 30, 25), 15.0, 1.06),
        "kidney": ((-30, 50, 60), (55, 25, 28), 30.0, 1.05),
        "kidney 2": ((-35, 50, -60), (55, 25, 28), 30.0, 1.05),
        "lesion": ((60, -20, -60), (15, 15, 15), 80.0, 1.06),
    }
    concentration, density = np.zeros(shape), np.full(shape, 0.0012)
    regions = {}
    for name, (centre, half, amount, rho) in organs.items():
        inside = ellipsoid(grid, centre, half) & full
        regions[name] = inside
        concentration[inside], density[inside] = amount, rho
    concentration *= rng.gamma(10.0, 0.1, shape)  # noise of a SPECT
    density *= np.clip(1 + 0.02 * rng.standard_normal(shape), 0.9, 1.1)  # noise of a CT
    regions["kidneys"] = regions.pop("kidney") | regions.pop("kidney 2")
    amounts = concentration / concentration.sum() * decays
    return amounts.astype(np.float32), density.astype(np.float32), regions


def media_case(case, n=48, side_mm=4.0):
    """Return decays (a ball of 24 mm), density and regions of a case."""
    z, y, x = np.meshgrid(*[np.arange(n) - (n - 1) / 2] * 3, indexing="ij")
    r = np.sqrt(x**2 + y**2 + z**2) * side_mm
    ball = r < 24
    density = np.full((n, n, n), 1.04)
    if case == "lung":
        density[:] = 0.3
    elif case == "lesion in lung":
        density[:] = np.where(ball, 1.04, 0.3)
    elif case == "active bone in tissue":
        density[:] = np.where(ball, 1.4, 1.04)
    elif case == "border of tissue and lung":
        density[:, :, n // 2 :] = 0.3
    regions = {"ball": ball, "0 to 8 mm around": (r >= 24) & (r < 32)}
    if case.startswith("border"):
        layer = np.zeros_like(ball)
        regions = {}
        for name, i in (("last layer of tissue", n // 2 - 1), ("first layer of lung", n // 2)):
            layer = np.zeros_like(ball)
            layer[:, :, i] = True
            regions[name] = ball & layer
    return np.where(ball, 1e10, 0.0), density, regions, (side_mm,) * 3


def agreement(nuclides):
    """Print kernel and local over Monte Carlo."""
    print("| medium, region | " + " | ".join(f"{n} kernel | {n} local" for n in nuclides) + " |")
    print("|---" * (1 + 2 * len(nuclides)) + "|")
    cases = ("soft tissue", "lung", "lesion in lung", "active bone in tissue",
             "border of tissue and lung")  # fmt: skip
    for case in cases:
        decays, density, regions, sides = media_case(case)
        cells = {name: [] for name in regions}
        for nuclide in nuclides:
            given = {"nuclide": nuclide, "spacing_mm": sides, "density_g_cm3": density}
            exact = voxel_dose(decays, engine="mc", where=decays > 0, uncertainty=0.02, **given)
            for engine in ("kernel", "local"):
                found = voxel_dose(decays, engine=engine, **given)
                for name, inside in regions.items():
                    reference = exact.dose_Gy[inside].mean(dtype=float)
                    sd = np.sqrt((exact.sd_Gy[inside].astype(float) ** 2).sum())
                    sd /= exact.dose_Gy[inside].sum(dtype=float)
                    ratio = found.dose_Gy[inside].mean(dtype=float) / reference
                    cells[name].append(f"{ratio:.3f} ± {ratio * sd:.3f}" if ratio else "0")
        for name, row in cells.items():
            print(f"| {case}, {name} | " + " | ".join(row) + " |")


def speed(peer, repeats):
    """Print the time of the kernel engine, next to the peer once both agree."""
    shape, side = (128, 256, 256), 2.0
    decays, density, regions = patient(shape, side)
    if peer:
        side_peer = 4.7952
        kernel = water_kernel("Lu-177", (side_peer,) * 3, progeny=True, horizon_s=None)
        octant = sum(kernel.octant_J(p, (PEER_HALF + 1,) * 3) for p in kernel.parts)
        index = np.abs(np.arange(-PEER_HALF, PEER_HALF + 1))
        dose, seconds, version = ask_peer(
            peer, decays, octant[np.ix_(index, index, index)], repeats
        )
        ours = []
        for _ in range(repeats):
            start = time.perf_counter()
            same = folding(decays, (PEER_HALF,) * 3, threads=workers(None)).with_octant(octant)
            ours.append(time.perf_counter() - start)
        body = regions["body"]
        worst = float(np.abs(same[body] / dose[body] - 1).max())
        print(f"same kernel (51 x 51 x 51), largest relative difference in the body {worst:.1e}")
        if worst > AGREE:
            raise SystemExit("the answers differ: no times")
        print(f"PyTheranostics {version}: {min(seconds):.2f} s; ours: {min(ours):.2f} s; ratio "
              f"{min(seconds) / min(ours):.1f}")  # fmt: skip
    for nuclide in ("Lu-177", "Y-90", "Ac-225"):
        times, spent = [], []
        for _ in range(repeats + 1):
            start, before = time.perf_counter(), time.process_time()
            voxel_dose(decays, nuclide=nuclide, spacing_mm=(side,) * 3, density_g_cm3=density)
            times.append(time.perf_counter() - start)
            spent.append(time.process_time() - before)
        print(f"{nuclide}, {shape} voxels: whole kernel engine {min(times[1:]):.2f} s (processor "
              f"{min(spent[1:]):.2f} s), first time {times[0]:.2f} s")  # fmt: skip
        if peer:
            print(f"  ratio to the peer's convolution {min(seconds) / min(times[1:]):.1f}")


def ask_peer(python, decays, kernel, repeats):
    """Return the peer's dose, seconds and version."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, decays=decays, kernel=kernel, repeats=repeats)
        script = Path(__file__).with_name("voxel_dose_peer.py")
        subprocess.run([python, str(script), str(given), str(found)], check=True)
        answer = np.load(found)
        return answer["dose"], answer["seconds"], str(answer["version"])


def monte_carlo():
    """Print how long 5 % takes."""
    decays, density, regions = patient((128, 128, 128), 4.8)
    kidneys = regions["kidneys"]
    given = {"nuclide": "Lu-177", "spacing_mm": (4.8,) * 3, "density_g_cm3": density}
    kernel = voxel_dose(decays, **given)
    for name, where in (("kidneys", kidneys), ("hottest tenth", None)):
        start, spent = time.perf_counter(), time.process_time()
        found = voxel_dose(decays, engine="mc", where=where, **given)
        wall, cpu = time.perf_counter() - start, time.process_time() - spent
        sd = found.sd_Gy[kidneys] / found.dose_Gy[kidneys]
        print(f"{name}: {wall:.1f} s ({cpu:.1f} s of processor), {found.histories:.2e} histories, "
              f"median sd of kidney voxels {100 * np.median(sd):.2f} %")  # fmt: skip
        for region, inside in regions.items():
            inside = inside & (density > 0.05)
            reference = found.dose_Gy[inside].mean(dtype=float)
            error = (
                np.sqrt((found.sd_Gy[inside].astype(float) ** 2).sum()) / inside.sum() / reference
            )
            ratio = kernel.dose_Gy[inside].mean(dtype=float) / reference
            print(f"  {region}: kernel / mc {ratio:.4f} ± {ratio * error:.4f}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("agreement", "speed", "monte-carlo"))
    parser.add_argument("--nuclides", nargs="+", default=["Lu-177", "Y-90", "I-131"])
    parser.add_argument("--peer")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    if asked.what == "agreement":
        agreement(asked.nuclides)
    elif asked.what == "speed":
        speed(asked.peer, asked.repeats)
    else:
        monte_carlo()


if __name__ == "__main__":
    main()
