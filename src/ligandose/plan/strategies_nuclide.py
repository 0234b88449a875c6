"""Another nuclide on the same vector, before the first treatment or for those to come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.agents import agent as catalogue_agent
from ligandose.course import Course
from ligandose.course.results import CycleResult
from ligandose.errors import InputError
from ligandose.plan.individual_model import regimen_of
from ligandose.plan.prescription_solve import Planner, Prescription, designs, label_use

Floats = NDArray[np.float64]

RANGE = (0.1, 10.0)
"""Activities of the other agent to choose from, over its own typical activity."""


def other_nuclide(planner: Planner) -> Prescription:
    """Return the limits strategy with the agent that the goal names, treatments given included.

    Doses of both agents add up region by region. Lesions meet the other agent with the mass that
    they had before the first treatment.

    Raises:
        InputError: an agent of another vector.
    """
    goal, given = planner.goal, planner.given
    other = catalogue_agent(goal.other_nuclide)
    check_vector(other, planner.agent)
    activity, cycles, _, _ = label_use(other)
    own_goal = replace(
        goal, activity_GBq=(RANGE[0] * activity, RANGE[1] * activity), amount_nmol=(),
        every_weeks=(), cycles=(1 + len(given), cycles + len(given)),
    )  # fmt: skip
    own = replace(planner, agent=other, goal=own_goal)
    if given:
        past = regimen_of(given, planner.agent)
        own = replace(own, earlier=planner.posterior.course(past, seed=planner.seed))
    return own.best("other nuclide", designs(own_goal, other, given=len(given)))


def check_vector(other: Agent, agent: Agent) -> None:
    """Check that another agent has the vector of the treatment.

    Raises:
        InputError: it has not, or is the same agent.
    """
    if other.vector != agent.vector or other.name == agent.name:
        raise InputError(
            f"goal other_nuclide: {other.name} has the vector {other.vector}, the treatment is "
            f"{agent.name} with {agent.vector}; name another agent of that vector"
        )


def joined(earlier: Course, later: Course, *, start_s: float) -> Course:
    """Return a course of the cycles of two agents in the same draws.

    Args:
        earlier: of the agent that was given.
        later: of the other one, in time after its own first administration.
        start_s: that administration, after the first one of the course.
    """
    first = tuple(_as_in(cycle, later) for cycle in earlier.cycles)
    rest = tuple(replace(c, start_s=c.start_s + start_s) for c in later.cycles)
    return replace(
        later,
        cycles=(*first, *rest),
        failed=earlier.failed | later.failed,
        lesions_before=earlier.lesions_before,
    )


def _as_in(cycle: CycleResult, course: Course) -> CycleResult:
    """Return a cycle with the regions of another course; what it does not know is NaN."""
    here = cycle.masses.regions

    def placed(values: Floats) -> Floats:
        result = np.full((values.shape[0], len(course.regions), *values.shape[2:]), np.nan)
        for column, region in enumerate(course.regions):
            if region in here:
                result[:, column] = values[:, here.index(region)]
        return result

    dose, effect = cycle.dose, cycle.effect
    return replace(
        cycle,
        masses=course.cycles[0].masses,
        dose=replace(dose, tia_Bq_s=placed(dose.tia_Bq_s), dose_Gy=placed(dose.dose_Gy)),
        effect=replace(
            effect,
            protraction=placed(effect.protraction),
            half_time_s=placed(effect.half_time_s),
            bed_Gy=placed(effect.bed_Gy),
            eqd2_Gy=placed(effect.eqd2_Gy),
        ),
    )
