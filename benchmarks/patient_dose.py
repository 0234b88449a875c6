"""How well the dose of a generated patient is found, and how long it takes.

    python benchmarks/patient_dose.py --seeds 1-6 --out patient_dose.json

Each patient is one of the population's: activity from the whole-body model (a PBPK course, whose
structure is not that of the curves that are fitted), seen by a camera with a point spread 10 %
wider (odd seeds) or narrower (even seeds) than case.yaml says, with counting noise and a background
like that of scatter. Outlines are the true ones. What is compared: time-integrated activity and
dose of regions above 20 mL; the same from two of the four times; whether the 90 % interval holds
the truth. Results are added to those that the file has.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from ligandose.nuclides import nuclide
from ligandose.plan import generate_example, patient_dose, received_document, region_tia
from ligandose.plan.received_doses import organ_doses
from ligandose.plan.received_example import example_body, example_course, true_activity
from ligandose.plan.received_settings import read_received

FWHM_MM = 12.0
APART = 0.10
CURVE_TIMES = (
    (4, 72), (6, 72), (8, 72), (8, 96), (10, 72), (24, 96), (24, 168), (4, 24, 72, 168),
)  # fmt: skip
LEAST_ML = 20.0
PAIRS = ((0, 2), (1, 3))
"""Two of the four times: first and third, second and fourth."""


def truth_doses(received, truth, regions):
    """Return true doses by S values: true integrals of all regions in the picture, true masses."""
    tia = {r: truth["tia_Bq_s"][r] for r in regions}
    others = sum(v for r, v in truth["tia_Bq_s"].items() if r not in regions)
    mass = {r: truth["volume_all_mL"][r] * truth["density_g_cm3"][r] * 1e-3 for r in regions}
    found = organ_doses(received, {**tia, "remainder": others}, mass)
    return dict(zip(found.regions, found.dose_Gy.sum(axis=1).tolist(), strict=True))


def one(seed, *, body, engine, settings, times):
    """Return the errors of one patient."""
    folder = Path(tempfile.mkdtemp())
    try:
        true_mm = FWHM_MM * (1.0 + APART if seed % 2 else 1.0 - APART)
        begun = time.perf_counter()
        generate_example(folder / "case", seed=seed, fwhm_mm=true_mm, assumed_fwhm_mm=FWHM_MM,
                         body=body, settings=settings, time_h=times)  # fmt: skip
        generated = time.perf_counter()
        found = patient_dose(folder / "case", engine=engine, threads=2)
        document = received_document(found)
        taken = time.perf_counter() - generated
        truth = json.loads((folder / "case" / "truth.json").read_text())
        received = read_received(folder / "case")
        decay = nuclide("Lu-177").decay_constant_per_s
        doses = truth_doses(received, truth, truth["outlined"])
        rows = []
        for r in document["regions"]:
            name = r["region"]
            if name not in doses or name == "remainder" or r["volume_mL"] < LEAST_ML:
                continue
            tia, dose = truth["tia_Bq_s"][name], doses[name]
            q = r["dose_Gy"]
            row = {
                "seed": seed, "region": name, "volume_mL": r["volume_mL"],
                "fwhm_true_mm": true_mm, "model": r["fit"]["model"],
                "tia": r["tia_Bq_s"] / tia - 1.0,
                "dose_s_value": r["s_value"]["dose_Gy"] / dose - 1.0,
                "dose_voxel": q["median"] / dose - 1.0,
                "covered": None if q["p05"] is None else q["p05"] <= dose <= q["p95"],
            }  # fmt: skip
            i = found.found.regions.index(name)
            for a, b in PAIRS:
                at = [a, b]
                points = found.found.activity_Bq[i, at]
                if np.all(points > 0.0):
                    two = region_tia(received, name, found.found.time_s[at], points,
                                     decay_per_s=decay)  # fmt: skip
                    row[f"tia_two_{a}{b}"] = two.tia_Bq_s / tia - 1.0
            rows.append(row)
        return {"seed": seed, "generated_s": generated - begun, "analysed_s": taken,
                "engine": engine, "rows": rows}  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def summary(cases, key, regions=None, parity=None):
    """Return n, mean bias, sd and share within 10 % of a kind of error."""
    found = np.array([
        r[key] for c in cases for r in c["rows"]
        if (regions is None or any(r["region"].startswith(x) for x in regions))
        and (parity is None or c["seed"] % 2 == parity) and key in r
    ])  # fmt: skip
    if not found.size:
        return None
    return {"n": int(found.size), "mean": float(found.mean()), "sd": float(found.std()),
            "within_10": float((np.abs(found) <= 0.1).mean()),
            "worst": float(found[np.argmax(np.abs(found))])}  # fmt: skip


def curves(low, high, noise=0.03):
    """Print errors of integrals from points of the course itself: no images, noise stated."""
    body = example_body(fine_mm=6.0)
    received = read_received_text()
    decay = nuclide("Lu-177").decay_constant_per_s
    errors = {}
    for seed in range(low, high + 1):
        truth = true_activity(example_course(seed), body, {"lesion:L1": 0.5, "lesion:L2": 0.5})
        rng = np.random.default_rng([seed, 5])
        for times in CURVE_TIMES:
            for region in ("kidneys", "lesion:L1"):
                at = np.array(times) * 3600.0
                y = np.array([truth(t)[region] for t in at])
                y = y * np.exp(noise * rng.normal(size=y.size))
                found = region_tia(received, region, at, y, decay_per_s=decay,
                                   uncertainty_Bq=noise * y)  # fmt: skip
                error = found.tia_Bq_s / truth.tia_Bq_s()[region] - 1.0
                errors.setdefault((times, region), []).append(error)
    for (times, region), found in errors.items():
        found = np.array(found)
        print(f"{region:10s} {', '.join(map(str, times)):>18s} h: n {found.size}, bias "
              f"{found.mean():+.1%}, sd {found.std():.1%}, within 10 %: "
              f"{(np.abs(found) <= 0.1).mean():.0%}")  # fmt: skip


def read_received_text():
    """Return a case that says nothing about kinetics."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "case.yaml").write_text(
            "case: C\nnuclide: Lu-177\nadministered_GBq: 7.4\n"
            "administered_at: 2026-01-05T09:00:00\nimages: [{activity: a}]\n"
        )
        return read_received(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1-4")
    parser.add_argument("--engine", default="local")
    parser.add_argument("--fine-mm", type=float, default=3.0)
    parser.add_argument("--background", default="air", choices=["air", "none", "air-120"])
    parser.add_argument("--times", default="4,24,72,168", help="of the images, h")
    parser.add_argument("--curves", action="store_true", help="kidney curves only, no images")
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    low, _, high = asked.seeds.partition("-")
    if asked.curves:
        curves(int(low), int(high or low))
        return
    model, _, width = asked.background.partition("-")
    background = {"model": model}
    if model == "air":
        background["fwhm_mm"] = float(width or 150.0)
    times = [float(t) for t in asked.times.split(",")]
    body = example_body(fine_mm=asked.fine_mm)
    cases = json.loads(asked.out.read_text()) if asked.out and asked.out.exists() else []
    for seed in range(int(low), int(high or low) + 1):
        cases.append(one(seed, body=body, engine=asked.engine, settings={"background": background},
                         times=times))  # fmt: skip
        print(seed, f"{cases[-1]['generated_s']:.1f} s generated,",
              f"{cases[-1]['analysed_s']:.1f} s analysed", flush=True)  # fmt: skip
        if asked.out:
            asked.out.write_text(json.dumps(cases))
    kidneys = ("kidneys",)
    for name, key, regions in (
        ("TIA, all regions", "tia", None), ("TIA, kidneys", "tia", kidneys),
        ("TIA, liver", "tia", ("liver",)), ("TIA, spleen", "tia", ("spleen",)),
        ("TIA, lesions", "tia", ("lesion",)),
        ("dose by S values", "dose_s_value", None),
        ("dose by voxels", "dose_voxel", None),
        ("kidney TIA, 1st and 3rd time", "tia_two_02", kidneys),
        ("kidney TIA, 2nd and 4th time", "tia_two_13", kidneys),
    ):  # fmt: skip
        for label, parity in (("", None), (" (wider)", 1), (" (narrower)", 0)):
            found = summary(cases, key, regions, parity)
            if found:
                print(f"{name + label:36s} n {found['n']:3d}  bias {found['mean']:+.1%}  sd "
                      f"{found['sd']:.1%}  within 10 %: {found['within_10']:.0%}  worst "
                      f"{found['worst']:+.1%}")  # fmt: skip
    inside = [r["covered"] for c in cases for r in c["rows"] if r["covered"] is not None]
    if inside:
        print(f"90 % interval of the dose holds the truth: {np.mean(inside):.0%} of {len(inside)}")


if __name__ == "__main__":
    main()
