"""Courses of parameter sets that are given instead of drawn: the model as a function of values.

`course.simulate` draws its patients; here row i of every value is what it is told to be, so a
population is a set of draws from one patient's posterior, or a set of steps for derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Course, Regimen
from ligandose.course.absorbed import Masses, region_masses, source_activity
from ligandose.course.activity import ActivityModel
from ligandose.course.results import CycleResult
from ligandose.course.simulate import CourseRun, transported_by
from ligandose.evidence import Finding
from ligandose.hosts import Host, draw_values, with_routes, with_targets

Floats = NDArray[np.float64]
NearModel = Callable[[ActivityModel], ActivityModel]


@dataclass(frozen=True)
class PatientModel:
    """An agent in a host, for values that are given.

    Attributes:
        agent: what is given.
        host: who receives it, with what the agent binds and the routes that it takes.
        regimen: administrations, in time after the first one.
        change: what is done to the compiled kinetic model; None for nothing. For tests of how a
            plan fares in patients who are not made as the planner believes.
    """

    agent: Agent
    host: Host
    regimen: Regimen
    change: NearModel | None = None

    @classmethod
    def of(cls, agent: Agent, host: Host, regimen: Regimen) -> PatientModel:
        """Return the model with the host completed as `course.simulate` completes it.

        Raises:
            InputError: a route that the agent cannot be given by, or missing findings.
        """
        binds = (*agent.binds, *agent.binder_binds)
        full = with_targets(host, binds, transported=transported_by(agent))
        protein = "hydrodynamic_radius" in agent.findings
        return cls(agent, with_routes(full, regimen.routes, protein=protein), regimen)

    @cached_property
    def _typical(self) -> tuple[dict[str, Floats], dict[str, Floats]]:
        def one(findings: Mapping[str, Finding]) -> dict[str, Floats]:
            return draw_values(findings, patients=1, seed=0, variability=False)

        return one(self.host.findings), one(self.agent.findings)

    @cached_property
    def _kinetics(self) -> ActivityModel:
        """The compiled kinetic model, which is the same for all values."""
        host, agent = self._typical
        model = CourseRun(self.agent, self.host, self.regimen, host, agent, 1, False, None).model
        return model if self.change is None else self.change(model)

    def _complete(
        self, values: Mapping[str, Mapping[str, Floats]]
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return (n,) values of all findings; what is not given is typical."""
        n = next(iter(values["host"].values())).size
        host, agent = self._typical

        def filled(typical: Mapping[str, Floats], own: Mapping[str, Floats]) -> dict[str, Floats]:
            return {k: np.array(np.broadcast_to(own.get(k, v), (n,))) for k, v in typical.items()}

        return filled(host, values["host"]), filled(agent, values.get(self.agent.name, {}))

    def _run(
        self, values: Mapping[str, Mapping[str, Floats]], seed: int, varied: bool
    ) -> CourseRun:
        host, agent = self._complete(values)
        run = CourseRun(self.agent, self.host, self.regimen, host, agent, seed, varied, None)
        run.model = self._kinetics
        return run

    def course(
        self,
        values: Mapping[str, Mapping[str, Floats]],
        *,
        seed: int = 1,
        varied: bool = True,
        structure: Mapping[str, Floats] | None = None,
    ) -> Course:
        """Return the whole course of every row of `values`.

        Args:
            values: by owner ("host", the agent's name) and key, (n,) each, internal units.
            seed: of what is drawn besides: radiobiology.
            varied: whether radiobiology varies between rows.
            structure: (n,) factors by region on what the region holds, beyond the parameters.
        """
        course = self._run(values, seed, varied).all_cycles(_silent)
        return scaled(course, structure) if structure else course

    def activity(
        self, values: Mapping[str, Mapping[str, Floats]], time_s: Floats
    ) -> tuple[tuple[str, ...], Floats, Floats]:
        """Return regions, (n, t, regions) activity in Bq, and (n, regions) masses in kg.

        Lesions react to the dose of earlier cycles with typical radiobiology. Masses are those
        before the first administration.

        Args:
            values: as `course`.
            time_s: (t,) increasing times > 0 after the first administration.
        """
        run = self._run(values, 1, varied=False)
        first = run.groups[0]
        following = run.groups[1][0].time_s if len(run.groups) > 1 else np.inf
        values_host = run.host_values
        masses = _masses(run)
        if np.all(time_s <= following):
            cycle = run.model.cycle(
                first,
                values_host,
                run.agent_values,
                comedication=self.regimen.comedication,
                voiding_interval_s=self.regimen.voiding_interval_s,
                clearing=self.regimen.clearing,
                time_s=time_s,
            )
            held = source_activity(
                cycle.regions, cycle.activity_Bq, masses,
                marrow_ratio=run.marrow_ratio(),
            )  # fmt: skip
            return masses.regions, held, masses.mass_kg
        run.time_s = np.unique(np.concatenate([run.time_s, time_s]))
        course = run.all_cycles(_silent)
        place = np.searchsorted(course.time_s, time_s)
        held = course.activity_all_Bq[:, place]
        solved = ~course.failed
        held[solved] = np.nan_to_num(held[solved])
        return course.regions, held, masses.mass_kg


def _masses(run: CourseRun) -> Masses:
    return region_masses(run.host, run.host_values, skeleton=run.skeleton)


def _silent(share: float, what: str) -> None:
    del share, what


def scaled(course: Course, structure: Mapping[str, Floats]) -> Course:
    """Return a course whose regions received factors of their doses.

    The factor acts on activity, time integral and dose of the region alike, and on the quadratic
    part of its BED with the square. What one region's activity gives another is not followed: a
    region of which the factor matters gets most of its dose from itself.
    """
    factor = np.ones((course.patients, len(course.regions)))
    for region, value in structure.items():
        if region in course.regions:
            factor[:, course.regions.index(region)] = value
    alpha_beta = course.biology.alpha_beta_Gy()
    cycles = tuple(scaled_cycle(cycle, factor, alpha_beta) for cycle in course.cycles)
    return replace(
        course, cycles=cycles, activity_all_Bq=course.activity_all_Bq * factor[:, None, :]
    )


def scaled_cycle(cycle: CycleResult, factor: Floats, alpha_beta: Floats) -> CycleResult:
    """Return a cycle with (patients or 1, regions) factors on dose; (regions,) α/β in Gy."""
    dose, effect = cycle.dose, cycle.effect
    low = dose.dose_Gy[..., 1:].sum(axis=-1)  # alpha is the first kind of radiation
    quadratic = np.nan_to_num(np.where(low > 0.0, effect.protraction * low**2, 0.0) / alpha_beta)
    bed = factor * (effect.bed_Gy - quadratic) + factor**2 * quadratic
    return replace(
        cycle,
        dose=replace(
            dose,
            tia_Bq_s=dose.tia_Bq_s * factor[..., None],
            dose_Gy=dose.dose_Gy * factor[..., None],
        ),
        effect=replace(effect, bed_Gy=bed, eqd2_Gy=bed / (1.0 + 2.0 / alpha_beta)),
    )
