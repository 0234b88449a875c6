"""The chain in one call: kinetics, dose and effect of a regimen in a virtual population."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.absorbed import (
    SMALLEST_LESION_KG,
    Masses,
    absorbed_dose_Gy,
    region_masses,
    source_activity,
)
from ligandose.course.activity import ActivityModel, CycleActivity, administration_groups
from ligandose.course.biology import CycleDose, LesionState, Radiobiology
from ligandose.course.regimen import Administration, Regimen
from ligandose.course.results import Course, CycleResult
from ligandose.dose import SphereSValues
from ligandose.errors import InputError
from ligandose.hosts import Host, draw_values
from ligandose.nuclides import nuclide

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

POINTS_PER_CYCLE = 36
FIRST_POINT_S = 120.0
HALF_LIVES_SHOWN = 8.0


def simulate(
    agent: Agent,
    host: Host,
    regimen: Regimen | None = None,
    *,
    patients: int = 1,
    seed: int = 1,
    threads: int | None = None,
    variability: bool | None = None,
    knowledge: int | None = None,
    progress: Progress | None = None,
) -> Course:
    """Simulate a course of an agent in a population of virtual patients.

    Args:
        agent: what is given.
        host: who receives it, with the disease.
        regimen: how it is given; default the agent's typical use.
        patients: number of virtual patients; 1 is the reference patient without variation
            unless `variability` says otherwise.
        seed: seed of the population; the same seed gives the same patients and numbers on any
            number of threads.
        threads: number of threads; default all.
        variability: whether patients differ; default True for more than one.
        knowledge: number of a draw from the uncertainty of the parameters; None for best
            estimates.
        progress: called with the share done and what is being done.

    Raises:
        InputError: numbers out of range, or an agent whose target the host does not carry.
        UnknownNameError: a nuclide or co-medication that is not known.
    """
    regimen = Regimen.typical(agent) if regimen is None else regimen
    _check(agent, host, threads)
    varied = patients > 1 if variability is None else variability
    host_values = draw_values(
        host.findings, patients=patients, seed=seed, variability=varied, knowledge=knowledge
    )
    agent_values = draw_values(
        agent.findings, patients=patients, seed=seed, variability=varied, knowledge=knowledge
    )
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads or before, numba.config.NUMBA_NUM_THREADS))
    try:
        run = _Run(agent, host, regimen, host_values, agent_values, seed, varied)
        return run.all_cycles(progress or _silent)
    finally:
        numba.set_num_threads(before)


def _silent(share: float, what: str) -> None:
    del share, what


def _check(agent: Agent, host: Host, threads: int | None) -> None:
    if threads is not None and threads < 1:
        raise InputError(f"threads: {threads} must be at least 1")
    if not any(site.site in agent.binds for site in host.sites):
        raise InputError(
            f"agent {agent.name} binds {', '.join(agent.binds)}, and host {host.name} "
            f"carries none of them; choose another disease than {host.disease or 'none'}"
        )


@dataclass
class _Run:
    """A course in progress."""

    agent: Agent
    host: Host
    regimen: Regimen
    host_values: dict[str, Floats]
    agent_values: dict[str, Floats]
    seed: int
    varied: bool

    def all_cycles(self, progress: Progress) -> Course:
        decay = {
            name: nuclide(name).decay_constant_per_s
            for name in (self.agent.nuclide, *(i.nuclide for i in self.agent.impurities))
        }
        model = ActivityModel(self.agent, self.host, decay_per_s=decay)
        masses = region_masses(self.host, self.host_values)
        s_values = SphereSValues.of(masses.regions, list(decay), with_progeny=True)
        groups = administration_groups(self.regimen)
        time_s = self._output_times([g[0].time_s for g in groups], decay[self.agent.nuclide])
        biology = Radiobiology(self.host, masses, seed=self.seed, varied=self.varied)
        untreated = biology.untreated(masses)
        lesions = untreated
        patients = masses.body_kg.size
        activity = np.zeros((patients, time_s.size, len(masses.regions)))
        cycles: list[CycleResult] = []
        failed = np.zeros(patients, dtype=np.bool_)
        for k, group in enumerate(groups):
            progress(k / len(groups), f"{self.agent.name}: cycle {k + 1} of {len(groups)}")
            values = self._with_lesions(lesions)
            masses = region_masses(self.host, values)
            cycle = model.cycle(
                group,
                values,
                self.agent_values,
                comedication=self.regimen.comedication,
                voiding_interval_s=self.regimen.voiding_interval_s,
                time_s=time_s,
            )
            failed |= cycle.failed
            start, end = group[0].time_s, self._end_of(groups, k, time_s)
            result, curve = self._dose(cycle, masses, s_values)
            effect = biology.cycle_effect(result, cycle.time_s - start, curve)
            lesions = biology.respond(lesions, effect, interval_s=end - start)
            cycles.append(CycleResult(start, masses, result, effect, lesions))
            activity[:, time_s > start] += curve
        progress(1.0, f"{self.agent.name}: effect")
        activity[failed] = np.nan
        return Course(
            agent=self.agent,
            host=self.host,
            regimen=self.regimen,
            seed=self.seed,
            varied=self.varied,
            host_values=self.host_values,
            agent_values=self.agent_values,
            time_s=time_s,
            activity_all_Bq=activity,
            cycles=tuple(cycles),
            failed=failed,
            biology=biology,
            lesions_before=untreated,
            omissions=tuple(s_values.omissions()),
        )

    def _dose(
        self, cycle: CycleActivity, masses: Masses, s_values: SphereSValues
    ) -> tuple[CycleDose, Floats]:
        ratio = self.host_values["red_marrow.marrow_to_blood_ratio"]
        tia = np.moveaxis(cycle.tia_Bq_s, 2, 1)
        tia = source_activity(cycle.regions, _known(tia), masses, marrow_ratio=ratio)
        tia = np.moveaxis(tia, 1, 2)
        dose = absorbed_dose_Gy(s_values, tia, masses)
        curve = source_activity(
            cycle.regions, _known(cycle.activity_Bq), masses, marrow_ratio=ratio
        )
        return CycleDose(tia_Bq_s=tia, dose_Gy=dose), curve

    def _with_lesions(self, lesions: LesionState) -> dict[str, Floats]:
        """Return the host's values with lesions as heavy as they are now.

        Doomed cells keep their targets until they are cleared, so the density per lesion stays
        and the sink shrinks with the mass.
        """
        values = dict(self.host_values)
        for column, lesion in enumerate(self.host.lesions):
            values[f"{lesion}.mass"] = np.maximum(lesions.mass_kg[:, column], SMALLEST_LESION_KG)
        return values

    def _output_times(self, starts: list[float], decay: float) -> Floats:
        shown = HALF_LIVES_SHOWN * np.log(2.0) / decay
        times: list[Floats] = []
        for start, following in zip(starts, [*starts[1:], np.inf], strict=True):
            length = min(shown, following - start)
            first = min(FIRST_POINT_S, 0.01 * length)
            times.append(start + np.geomspace(first, length, POINTS_PER_CYCLE))
        return np.unique(np.concatenate(times))

    @staticmethod
    def _end_of(groups: list[list[Administration]], k: int, time_s: Floats) -> float:
        return groups[k + 1][0].time_s if k + 1 < len(groups) else float(time_s[-1])


def _known(values: Floats) -> Floats:
    """Return values with the NaN of failed patients as 0; they are marked again at the end."""
    return np.nan_to_num(values, nan=0.0)
