"""How well few time points tell an integral, by what is known beforehand.

    python benchmarks/patient_dose_few.py --patients 200 --out few.json

Virtual patients of 177Lu-PSMA-617, points with 3 % noise, stated. Three kinds of patients:
"typical": the population with the catalogue's typical values; "unknown": typical values are drawn
too, within what is unknown of them; "other": as unknown, with kinetics of another structure
(`plan_virtual.OtherStructure`). Methods: sums of exponentials (auto); the whole-body model's shapes
(whole_body); mixed effects on 30 patients of the kind "typical" (mixed_effects), and on 30 patients
of the same kind as the one that is measured (mixed_own), each at --group-times with 3 % noise.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import plan_virtual
import yaml

import ligandose as ld
from ligandose.course import Regimen, simulate
from ligandose.nuclides import nuclide
from ligandose.plan import Individual, PatientData, region_tia
from ligandose.plan.individual_course import PatientModel
from ligandose.plan.received_settings import read_received

HOUR_S, NOISE, GROUP = 3600.0, 0.03, 30
TIMES = ((24,), (72,), (24, 72), (24, 96), (24, 168), (4, 24, 72, 168))
REGIONS = ("kidneys", "lesion:bone")
KINDS = ("typical", "unknown", "other")
Z90 = 1.6448536
HEAD = "patient,administered,administered_unit,region,time,time_unit,activity,activity_unit,decay_corrected"  # noqa: E501
AGENT, NMOL, GIVEN_GBQ = "177Lu-PSMA-617", 100.0, 7.4


def courses(patients):
    """Return a course by kind of patient, each with the group and the patients after it."""
    agent, host = ld.agent(AGENT), ld.host("adult-male", disease="mCRPC")
    regimen = Regimen.cycles(1, activity_GBq=GIVEN_GBQ, every_weeks=6, amount_nmol=NMOL)
    n = patients + GROUP
    found = {"typical": simulate(agent, host, regimen, patients=n, seed=20261123)}
    prior = Individual.of(agent, host, PatientData()).prior
    score = np.random.default_rng([20261123, 3]).standard_normal((n, prior.size))
    values = prior.values(score)
    values.pop("structure")
    model = PatientModel.of(agent, host, regimen)
    found["unknown"] = model.course(values, varied=False)
    plan_virtual._ROWS["rows"] = np.arange(n)
    changed = replace(model, change=plan_virtual.OtherStructure)
    found["other"] = changed.course(values, varied=False)
    return found


def points(course, region, times):
    """Return (patients, times) activities and (patients,) integrals, Bq and Bq s."""
    i = course.regions.index(region)
    log = np.log(np.maximum(course.activity_all_Bq[:, :, i], 1e-3))
    at = np.array(times) * HOUR_S
    held = np.exp([np.interp(at, course.time_s, row) for row in log])
    return held, course.cycles[0].dose.tia_Bq_s[:, i, 0]


def group_table(course, region, path, times):
    """Write the table of a group's patients."""
    held, _ = points(course, region, times)
    noise = np.random.default_rng(5).standard_normal((GROUP, len(times)))
    rows = [HEAD]
    for i in range(GROUP):
        for t, a, z in zip(times, held[i], noise[i], strict=True):
            rows.append(
                f"P{i},{GIVEN_GBQ},GBq,{region},{t},h,{a * np.exp(NOISE * z) / 1e6:.7g},MBq,no"
            )
    path.write_text("\n".join(rows))


def case(folder, kinetics):
    """Return a case with settings of its curves."""
    content = {
        "case": "C", "nuclide": "Lu-177", "administered_GBq": GIVEN_GBQ, "agent": AGENT,
        "administered_at": "2026-01-05T09:00:00", "images": [{"activity": "a"}],
        "patient": {"disease": "mCRPC"}, "dose": {"kinetics": kinetics},
    }  # fmt: skip
    (folder / "case.yaml").write_text(yaml.safe_dump(content))
    return read_received(folder)


def as_text(prior, region, path):
    """Write a fitted population as a prior file, so that it is fitted once."""
    path.write_text(yaml.safe_dump({"nuclide": "Lu-177", "regions": {region: prior.document()}}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--methods", default="auto,whole_body,mixed_effects,mixed_own")
    parser.add_argument("--group-times", default="4,24,72,168", help="h")
    parser.add_argument("--regions", default=",".join(REGIONS))
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    from ligandose.plan.received_mixed import read_curve_prior

    decay = nuclide("Lu-177").decay_constant_per_s
    every = courses(asked.patients)
    rows = []
    folder = Path(tempfile.mkdtemp())
    group_times = [float(t) for t in asked.group_times.split(",")]
    for region in asked.regions.split(","):
        for kind in KINDS:
            group_table(every[kind], region, folder / "group.csv", group_times)
            prior = read_curve_prior(folder / "group.csv", region, nuclide_name="Lu-177",
                                     decay_per_s=decay)  # fmt: skip
            as_text(prior, region, folder / f"{kind}.yaml")
            print(region, kind, "group's curve:", prior.curve.name, f"error {prior.error:.3f}")
        for kind in KINDS:
            for times in TIMES:
                held, true = points(every[kind], region, times)
                held, true = held[GROUP:], true[GROUP:]
                noise = np.random.default_rng(7).standard_normal(held.shape)
                seen = held * np.exp(NOISE * noise)
                methods = {
                    "auto": {"model": "auto"},
                    "whole_body": {"model": "whole_body"},
                    "mixed_effects": {"model": "mixed_effects", "prior": "typical.yaml"},
                    "mixed_own": {"model": "mixed_effects", "prior": f"{kind}.yaml"},
                }
                if len(times) == 1:
                    methods["auto"] = {"model": "haenscheid"}
                if kind == "typical":
                    methods.pop("mixed_own")
                for method in asked.methods.split(","):
                    kinetics = methods.get(method)
                    if kinetics is None:
                        continue
                    received = case(folder, kinetics)
                    found = [
                        region_tia(received, region, np.array(times) * HOUR_S, y,
                                   decay_per_s=decay, uncertainty_Bq=NOISE * y)
                        for y in seen
                    ]  # fmt: skip
                    error = np.array([f.tia_Bq_s for f in found]) / true - 1.0
                    sd = np.array([np.nan if f.relative_sd is None else f.relative_sd
                                   for f in found])  # fmt: skip
                    width = Z90 * np.sqrt(np.log1p(sd**2))
                    covered = np.abs(np.log1p(error)) <= width
                    row = {
                        "region": region, "patients": kind, "times_h": times, "method": method,
                        "n": error.size, "bias": error.mean(), "sd": error.std(),
                        "within_10": float((np.abs(error) <= 0.1).mean()),
                        "covered": None if np.isnan(sd).any() else float(covered.mean()),
                    }  # fmt: skip
                    rows.append(row)
                    inside = "–" if row["covered"] is None else f"{row['covered']:.0%}"
                    print(f"{region:12s} {kind:8s} {', '.join(map(str, times)):>14s} h "
                          f"{method:14s} bias {row['bias']:+.1%} sd {row['sd']:.1%} within 10 % "
                          f"{row['within_10']:.0%}, covered {inside}", flush=True)  # fmt: skip
                if asked.out:
                    asked.out.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
