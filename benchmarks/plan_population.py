"""A population with known truth, fitted on the whole-body model, with its diagnostic plots.

Twenty generated patients (kidneys and one node lesion, four times, 10 % error) whose densities and
release rate differ from the catalogue's and between each other; written as an event table, read
back, fitted. Prints what was drawn and what was found; writes both figures and the prior.

Run: python benchmarks/plan_population.py FOLDER
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ligandose as ld
from ligandose.plan import (
    ActivityDatum,
    Given,
    PatientData,
    Population,
    Subject,
    goodness_of_fit,
    read_events,
    write_events,
    write_prior,
)
from ligandose.report.plan_population import population_figures

Floats = NDArray[np.float64]

SEED, PATIENTS, ERROR = 5, 20, 0.1
TIMES_H = (4, 24, 72, 168)
REGIONS = ("kidneys", "lesion:node")
FITTED = (
    "host|kidneys.PSMA.density",
    "host|kidneys.PSMA.release",
    "host|lesion:node.PSMA.density",
)
SHIFT, SPREAD = np.array([0.3, -0.1, 0.4]), np.array([0.35, 0.25, 0.5])
GFR_L_S = 0.00133  # 80 mL/min


def subject(agent: str, number: int, values: Floats) -> Subject:
    """Return a patient after one administration, eGFR known."""
    given = (Given("dose 1", agent, 0.0, 7.4e9, 110.0),)
    when = [(r, t) for r in REGIONS for t in TIMES_H]
    data = tuple(
        ActivityDatum("dose 1", r, t * 3600.0, "activity_MBq", float(v), 0.08)
        for (r, t), v in zip(when, values, strict=True)
    )
    gfr = (0.8 + 0.02 * number) * GFR_L_S
    return Subject(f"P{number:02d}", PatientData(given, data), {"kidneys.gfr": gfr})


def main() -> None:
    """Generate, write, read, fit, and draw."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    agent, host = ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC")
    blank = np.ones(len(REGIONS) * len(TIMES_H))
    empty = [subject(agent.name, i, blank) for i in range(PATIENTS)]
    start = Population.of(agent, host, empty, fitted=FITTED)
    prior = start.template.prior
    typical = prior.log_typical[[prior.keys.index(k) for k in FITTED]]
    rng = np.random.default_rng(SEED)
    drawn = typical + SHIFT + SPREAD * rng.standard_normal((PATIENTS, len(FITTED)))
    made = [
        subject(
            agent.name,
            i,
            np.exp(start.predict(i, drawn[i : i + 1])[0] + ERROR * rng.standard_normal(blank.size)),
        )
        for i in range(PATIENTS)
    ]
    write_events(folder / "events.csv", made)
    population = Population.of(agent, host, read_events(folder / "events.csv"), fitted=FITTED)
    begin = time.process_time()
    fit = population.fit()
    print(f"{fit.rounds} rounds, {time.process_time() - begin:.0f} s of CPU, settled {fit.settled}")
    for i, name in enumerate(FITTED):
        print(
            f"{name}: typical over the catalogue's {np.exp(fit.log_typical[i] - typical[i]):.3f} "
            f"(drawn {np.exp(drawn[:, i].mean() - typical[i]):.3f}), spread {fit.spread[i]:.2f} "
            f"(drawn {drawn[:, i].std():.2f})"
        )
    print(f"error {fit.error:.3f} (true {ERROR})")
    found = goodness_of_fit(fit, population.predict, population.y())
    for figure in population_figures(found, population.subjects):
        (folder / f"{figure.name}.png").write_bytes(figure.png)
    write_prior(folder / "population.csv", fit, population)


if __name__ == "__main__":
    main()
