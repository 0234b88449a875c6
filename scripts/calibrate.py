"""Calibrate host parameters once against the two reference sub-studies and write them back.

Each pair below ties one parameter of the host (a density, an uptake rate) or, for the two SSTR2
agonists as a class, of the vector to one published organ of one agent. The typical value is moved
until the population mean meets the published mean, its between-patient coefficient of variation
until the predicted one meets the published one. No parameter belongs to an organ and an agent:
kidney megalin serves every peptide, hepatocytes serve every vector, and the predictions for the
other agents use the same values.

    python scripts/calibrate.py            # writes the shipped tables
    python scripts/calibrate.py --dry-run  # prints only
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ligandose.agents import agent as find_agent
from ligandose.course.regimen import Regimen
from ligandose.course.simulate import simulate
from ligandose.evidence import EDITION, Status
from ligandose.hosts import host as find_host

DATA = Path(__file__).parents[1] / "src" / "ligandose" / "data" / EDITION
PATIENTS = 600
SEED = 20261123
ROUNDS = 12
DAMPING = 0.8
LARGEST_CV = 1.0
SMALLEST_CV = 0.05


@dataclass(frozen=True)
class Pair:
    """A parameter and the published mean and coefficient of variation that it is moved to."""

    agent: str
    region: str
    mean: float | None
    cv: float | None
    table: str
    subject: str
    of_region: str
    quantity: str
    key: str
    of_vector: bool = False


PSMA, TATE = "177Lu-PSMA-617", "177Lu-DOTATATE"
PAIRS = (
    Pair(PSMA, "kidneys", 0.43, 0.37, "sites.csv", "PSMA", "kidneys", "density", "kidneys.PSMA.density"),
    Pair(PSMA, "salivary_glands", 0.63, 0.57, "sites.csv", "glandular", "salivary_glands", "density", "salivary_glands.glandular.density"),
    Pair(PSMA, "lacrimal_glands", 2.1, 0.22, "sites.csv", "glandular", "lacrimal_glands", "density", "lacrimal_glands.glandular.density"),
    Pair(PSMA, "liver", 0.090, 0.49, "physiology.csv", "adult", "liver", "hepatocyte.uptake", "liver.hepatocyte.uptake"),
    Pair(PSMA, "spleen", 0.067, 0.40, "sites.csv", "PSMA", "spleen", "density", "spleen.PSMA.density"),
    Pair(PSMA, "small_intestine", 0.071, 0.44, "sites.csv", "PSMA", "small_intestine", "density", "small_intestine.PSMA.density"),
    Pair(PSMA, "lesion:bone", 5.28, 0.70, "diseases.csv", "mCRPC", "lesion:bone", "PSMA.density", "lesion:bone.PSMA.density"),
    Pair(PSMA, "lesion:node", 3.91, 1.01, "diseases.csv", "mCRPC", "lesion:node", "PSMA.density", "lesion:node.PSMA.density"),
    Pair(TATE, "kidneys", 0.654, 0.45, "sites.csv", "megalin", "kidneys", "density", "kidneys.megalin.density"),
    Pair(TATE, "spleen", 0.98, None, "vectors.csv", "DOTATATE", "SSTR2", "internalisation", "SSTR2.internalisation", True),
    Pair(TATE, "spleen", None, 0.95, "sites.csv", "SSTR2", "spleen", "density", "spleen.SSTR2.density"),
    Pair(TATE, "liver", 0.235, 0.76, "sites.csv", "SSTR2", "liver", "density", "liver.SSTR2.density"),
    Pair(TATE, "lesion:liver", 3.69, None, "diseases.csv", "GEP-NET", "lesion:liver", "SSTR2.density", "lesion:liver.SSTR2.density"),
    Pair(TATE, "lesion:node", 3.69, None, "diseases.csv", "GEP-NET", "lesion:node", "SSTR2.density", "lesion:node.SSTR2.density"),
    Pair(PSMA, "red_marrow", None, 0.72, "physiology.csv", "adult", "red_marrow", "marrow_to_blood_ratio", "red_marrow.marrow_to_blood_ratio"),
)  # fmt: skip
# DOTATOC is an agonist of the same class: it takes the internalisation that DOTATATE was given.
SAME_VALUE = {("vectors.csv", "DOTATATE", "SSTR2", "internalisation"): ("DOTATOC",)}


class Parameters:
    """Agents and hosts with the values of this round."""

    def __init__(self) -> None:
        self.agents = {name: find_agent(name) for name in (PSMA, TATE)}
        self.hosts = {name: find_host(a.host, disease=a.disease) for name, a in self.agents.items()}

    def finding(self, pair: Pair):
        if pair.of_vector:
            return self.agents[pair.agent].findings[pair.key]
        return self.hosts[pair.agent].findings[pair.key]

    def change(self, pair: Pair, *, factor: float, cv_factor: float) -> None:
        old = self.finding(pair)
        cv = old.cv
        if cv_factor != 1.0:
            cv = float(np.clip((old.cv or 0.3) * cv_factor, SMALLEST_CV, LARGEST_CV))
        new = replace(old, value=old.value * factor, cv=cv, status=Status.CALIBRATED)
        owners = self.agents if pair.of_vector else self.hosts
        for name, owner in owners.items():
            if pair.key in owner.findings and not (pair.of_vector and name != pair.agent):
                owners[name] = replace(owner, findings={**owner.findings, pair.key: new})


def predict(parameters: Parameters) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the mean and coefficient of variation of every region's dose per activity."""
    result: dict[tuple[str, str], tuple[float, float]] = {}
    for name, agent in parameters.agents.items():
        use = agent.typical
        regimen = Regimen.cycles(
            1,
            activity_GBq=use["activity_GBq"],
            amount_nmol=use["amount_nmol"],
            infusion_min=use["infusion_min"],
            comedication=agent.comedication,
        )
        course = simulate(agent, parameters.hosts[name], regimen, patients=PATIENTS, seed=SEED)
        for region in course.shown_regions:
            dose = course.dose_of(region) / use["activity_GBq"]
            result[name, region] = (float(dose.mean()), float(dose.std(ddof=1) / dose.mean()))
    return result


def write(parameters: Parameters) -> None:
    """Write values and coefficients of variation back into their tables."""
    for table in sorted({p.table for p in PAIRS}):
        path = DATA / table
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or [])
            rows = list(reader)
        for pair in (p for p in PAIRS if p.table == table):
            subjects = {
                pair.subject,
                *SAME_VALUE.get((table, pair.subject, pair.of_region, pair.quantity), ()),
            }
            finding = parameters.finding(pair)
            for row in rows:
                if (
                    row["subject"] in subjects
                    and row["region"] == pair.of_region
                    and row["quantity"] == pair.quantity
                ):
                    if pair.mean is not None:
                        row["value"] = f"{finding.value:.4g}"
                        row["status"] = "calibrated"
                        row["source"] = "calibration"
                    if pair.cv is not None:
                        row["cv"] = f"{finding.cv:.3g}"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def main() -> None:
    """Iterate to the published means and spreads, then write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    parameters = Parameters()
    for _ in range(options.rounds):
        predicted = predict(parameters)
        for pair in PAIRS:
            mean, cv = predicted[pair.agent, pair.region]
            parameters.change(
                pair,
                factor=1.0 if pair.mean is None else (pair.mean / mean) ** DAMPING,
                cv_factor=1.0 if pair.cv is None else (pair.cv / cv) ** DAMPING,
            )
    predicted = predict(parameters)
    for pair in PAIRS:
        mean, cv = predicted[pair.agent, pair.region]
        finding = parameters.finding(pair)
        print(
            f"{pair.agent:15s} {pair.region:16s} {pair.key:36s} value {finding.value:10.4g} "
            f"cv {finding.cv or 0:5.2f}  mean {mean:7.4f} of {pair.mean}  cv {cv:5.2f} of {pair.cv}"
        )
    if not options.dry_run:
        write(parameters)


if __name__ == "__main__":
    main()
