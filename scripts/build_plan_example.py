"""Make the generated patient of examples/plan: a draw of the population, scanned and treated once.

Run: python scripts/build_plan_example.py [FOLDER]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

import ligandose as ld
from ligandose.plan import ActivityDatum, Given, Individual, PatientData, ValueDatum

SEED = 17
HOUR_S = 3600.0
DAY_S = 86400.0
SCAN_REGIONS = ("kidneys", "salivary_glands", "liver", "spleen", "lesion:bone", "lesion:node")
CYCLE_REGIONS = ("kidneys", "salivary_glands", "liver", "lesion:bone", "lesion:node")
MASS_SD = 0.2

PATIENT = """\
# A generated patient: no real person. Made by scripts/build_plan_example.py.
case: P001
agent: 177Lu-PSMA-617
host: adult-male
disease: mCRPC
body_mass_kg: {body:.1f}
egfr:
  - {{day: -10, mL_min: {egfr:.0f}}}
  - {{day: 35, mL_min: {egfr2:.0f}}}
values:                          # lesions of each kind, grams, by CT
  "lesion:bone.mass": {{value: {bone:.1f}, relative_sd: 0.2}}
  "lesion:node.mass": {{value: {node:.1f}, relative_sd: 0.2}}
given:
  - {{name: PET, agent: 68Ga-PSMA-11, day: -14, activity_GBq: 0.16, amount_nmol: 3}}
  - {{name: cycle 1, agent: 177Lu-PSMA-617, day: 0, activity_GBq: 7.4, amount_nmol: 110,
     infusion_min: 5}}
measurements: measurements.csv
blood: blood.csv
"""
GOAL = """\
# What the plan is to reach, and what it must not exceed.
maximise: P(tumour control)
limits:
  - P(kidney BED > 40 Gy) < 5 %
  - marrow <= 2 Gy               # without a probability: with 95 %
  - P(salivary glands dose > 60 Gy) < 20 %
keep:
  - all lesions above 60 Gy      # without a probability: with 50 %
activity_GBq: [1, 15]
cycles: [2, 6]
stop:
  platelets_1e9_L: 75
  neutrophils_1e9_L: 1.0
  egfr_mL_min: 40
  egfr_loss_percent: 40
  lesion_over_liver: 1.0
external_beam_fraction_Gy: 2
# other_nuclide: 225Ac-PSMA-617           # compare another nuclide on the same vector
# selection: {imaging: 68Ga-PSMA-11, patients: 200, discordant_share: 0.1}
"""
# Counts are not simulated: plausible numbers of a patient who tolerates the first cycle.
BLOOD = ((-7, "platelets", 231), (-7, "neutrophils", 4.6), (21, "platelets", 205),
         (21, "neutrophils", 4.1), (35, "platelets", 187), (35, "neutrophils", 3.7))  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/plan")
    folder.mkdir(parents=True, exist_ok=True)
    given = (
        Given("PET", "68Ga-PSMA-11", -14 * DAY_S, 0.16e9, 3.0),
        Given("cycle 1", "177Lu-PSMA-617", 0.0, 7.4e9, 110.0, 300.0),
    )
    activities = [ActivityDatum("PET", r, HOUR_S, "SUV", 1.0, 0.1) for r in SCAN_REGIONS]
    activities += [
        ActivityDatum("cycle 1", r, t * HOUR_S, "activity_MBq", 1.0, 0.08)
        for r in CYCLE_REGIONS
        for t in (24, 72, 168)
    ]
    activities += [
        ActivityDatum("cycle 1", "blood", t * HOUR_S, "kBq_mL", 1.0, 0.05) for t in (1, 24)
    ]
    values = tuple(
        ValueDatum(key, 1.0, sd)
        for key, sd in (("kidneys.gfr", 0.213), ("whole_body.body_mass", 0.01),
                        ("lesion:bone.mass", MASS_SD), ("lesion:node.mass", MASS_SD))
    )  # fmt: skip
    host = ld.host("adult-male", disease="mCRPC")
    patient = Individual.of(
        ld.agent("177Lu-PSMA-617"), host, PatientData(given, tuple(activities), values)
    )
    rng = np.random.default_rng(SEED)
    score = rng.standard_normal((1, patient.prior.size))
    truth = patient.predict(score)[0]
    measured = np.exp(truth + patient.sd * rng.standard_normal(truth.size))
    gfr, body, bone, node = measured[len(activities) :]
    (folder / "patient.yaml").write_text(
        PATIENT.format(
            body=body, egfr=gfr * 6e4, egfr2=gfr * 6e4 * 0.97, bone=bone * 1e3, node=node * 1e3
        ),
        "utf-8",
    )
    (folder / "plan.yaml").write_text(GOAL, "utf-8")
    with (folder / "measurements.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("scan", "region", "time_h", "quantity", "value", "uncertainty_percent"))
        for datum, value in zip(activities, measured, strict=False):
            writer.writerow(
                (datum.given, datum.region, f"{datum.time_s / HOUR_S:g}", datum.quantity,
                 f"{value:.4g}", f"{100 * datum.relative_sd:g}")
            )  # fmt: skip
    with (folder / "blood.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([("day", "lineage", "count_1e9_L"), *BLOOD])


if __name__ == "__main__":
    main()
