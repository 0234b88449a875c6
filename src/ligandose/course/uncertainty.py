"""Uncertainty of knowledge, apart from variability between patients.

Every typical value with a geometric standard deviation above 1 is drawn again, all patients
together, and a part of the same population is simulated for one cycle. The spread of the
population mean over these draws is what we do not know; the spread within one of them is how
patients differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.activity import administration_groups
from ligandose.course.regimen import Regimen
from ligandose.course.simulate import simulate
from ligandose.dose import SafTable
from ligandose.hosts import Host

Floats = NDArray[np.float64]

DRAWS = 32
PATIENTS_PER_DRAW = 32


def knowledge_ratios(
    agent: Agent,
    host: Host,
    regimen: Regimen,
    *,
    seed: int,
    draws: int = DRAWS,
    patients: int = PATIENTS_PER_DRAW,
    threads: int | None = None,
    table: SafTable | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Floats]:
    """Return (draws,) ratios of the population mean dose to the best estimate, by region.

    The patients are the same in every draw, so a ratio holds knowledge only.
    """
    group = tuple(administration_groups(regimen)[0])
    first = replace(regimen, administrations=group)

    def means(knowledge: int | None) -> tuple[tuple[str, ...], Floats]:
        course = simulate(
            agent, host, first, patients=patients, seed=seed, threads=threads,
            variability=True, knowledge=knowledge, table=table,
        )  # fmt: skip
        dose = course.dose_per_cycle_Gy.sum(axis=(1, 3))
        return course.regions, np.nanmean(dose, axis=0)

    regions, best = means(None)
    ratios = np.empty((draws, len(regions)))
    for k in range(draws):
        if progress is not None:
            progress(k / draws, f"{agent.name}: uncertainty of knowledge")
        ratios[k] = means(k)[1] / np.where(best > 0.0, best, np.nan)
    return {region: ratios[:, i] for i, region in enumerate(regions)}
