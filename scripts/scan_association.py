"""Show how the association rate of SSTR2 agonists was chosen: uptake of 68Ga-DOTATOC at one hour.

Published median SUVmean of 44 patients (Werner 2019): spleen 18.7, kidneys 9.2, adrenals 6.8,
liver 5.6. 68Ga-DOTATOC is not among the agents that are validated. The rate of 0.005 L/nmol/min
in vectors.csv was read off this table, to one digit, not fitted.

    python scripts/scan_association.py
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ligandose.agents import agent as find_agent
from ligandose.course import Regimen, simulate
from ligandose.hosts import host as find_host
from ligandose.nuclides import nuclide

PUBLISHED_SUV = {"spleen": 18.7, "kidneys": 9.2, "adrenals": 6.8, "liver": 5.6}
RATES_L_NMOL_MIN = (0.04, 0.02, 0.01, 0.005, 0.0025)
AFFINITY_NMOL_L = 2.5  # IC50 of Ga-DOTATOC, gunther2018
AMOUNT_NMOL = 10.0  # about 15 ug, recalled
PATIENTS = 200
HOUR_S = 3600.0


def median_suv(rate: float) -> dict[str, float]:
    """Return the median SUV of each organ one hour after injection."""
    base = find_agent("90Y-DOTATOC")
    findings = dict(base.findings)
    findings["SSTR2.k_d"] = replace(findings["SSTR2.k_d"], value=AFFINITY_NMOL_L)
    findings["SSTR2.k_on"] = replace(findings["SSTR2.k_on"], value=rate)
    agent = replace(base, nuclide="Ga-68", findings=findings, impurities=())
    regimen = Regimen.cycles(1, activity_GBq=0.1, amount_nmol=AMOUNT_NMOL, infusion_min=1.0)
    host = find_host("adult-male", disease="GEP-NET")
    course = simulate(agent, host, regimen, patients=PATIENTS, seed=1)
    nearest = int(np.argmin(np.abs(course.time_s - HOUR_S)))
    undecayed = np.exp(nuclide("Ga-68").decay_constant_per_s * course.time_s[nearest]) / 1e8
    masses = course.cycles[0].masses
    suv: dict[str, float] = {}
    for organ in PUBLISHED_SUV:
        activity = course.activity_all_Bq[:, nearest, course.regions.index(organ)]
        suv[organ] = float(np.median(activity * undecayed / masses.of(organ) * masses.body_kg))
    return suv


def main() -> None:
    """Print SUVs and the geometric mean fold error of each rate."""
    print("k_on L/nmol/min  " + "  ".join(f"{o:>8s}" for o in PUBLISHED_SUV) + "  fold error")
    print("published        " + "  ".join(f"{v:8.1f}" for v in PUBLISHED_SUV.values()))
    for rate in RATES_L_NMOL_MIN:
        suv = median_suv(rate)
        logs = [abs(math.log(suv[o] / value)) for o, value in PUBLISHED_SUV.items()]
        values = "  ".join(f"{suv[o]:8.1f}" for o in PUBLISHED_SUV)
        print(f"{rate:<16g} {values}  {math.exp(sum(logs) / len(logs)):.2f}")


if __name__ == "__main__":
    main()
