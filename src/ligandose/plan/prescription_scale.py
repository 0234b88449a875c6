"""Courses with other activities, without simulating again.

At one amount of vector the activity in every region, and so its dose, is in proportion to the
activity given; the quadratic part of the BED follows the square. What does not follow is that
lesions shrink differently, and with them the sink: a prescription is therefore simulated again
at the activity that was found, until both agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.effect import LimitQuantity
from ligandose.plan.individual_course import scaled_cycle
from ligandose.plan.prescription_goal import ALL_LESIONS, Bound, Goal

Floats = NDArray[np.float64]

ROUNDING = 1e-9


def with_activities(course: Course, factor: Sequence[float]) -> Course:
    """Return the first cycles of a course with factors on the activity of each.

    Args:
        course: simulated.
        factor: of each cycle that is kept.
    """
    alpha_beta = course.biology.alpha_beta_Gy()
    cycles = tuple(
        scaled_cycle(cycle, np.full((1, len(course.regions)), f), alpha_beta)
        for cycle, f in zip(course.cycles, factor, strict=False)
    )
    return replace(course, cycles=cycles)


def total_Gy(course: Course, region: str, quantity: LimitQuantity) -> Floats:
    """Return (patients,) dose, BED or EQD2 of a region over the whole course."""
    if quantity is LimitQuantity.ABSORBED_DOSE:
        return course.dose_of(region)
    per_cycle = (
        course.bed_per_cycle_Gy if quantity is LimitQuantity.BED else course.eqd2_per_cycle_Gy
    )
    return course.of(per_cycle, region).sum(axis=1)


def of_bound(course: Course, bound: Bound) -> Floats:
    """Return (patients,) what a bound speaks of; of all lesions, that which gets least."""
    if bound.region != ALL_LESIONS:
        return total_Gy(course, bound.region, bound.quantity)
    return np.min([total_Gy(course, x, bound.quantity) for x in course.host.lesions], axis=0)


def probability_above(course: Course, bound: Bound) -> float:
    """Return the share of the draws in which a bound's dose is exceeded.

    A draw whose BED is not known (no α/β) counts as one that exceeds it.
    """
    value = of_bound(course, bound)[~course.failed]
    return float(np.mean(~(value <= bound.dose_Gy))) if value.size else float("nan")


def kept(course: Course, keep: Sequence[Bound]) -> bool:
    """Return whether all doses that shall be kept are reached with their probability."""
    return all(probability_above(course, b) >= b.probability for b in keep)


def held(course: Course, limits: Sequence[Bound]) -> bool:
    """Return whether all limits hold with their probability."""
    return all(probability_above(course, b) <= b.probability + ROUNDING for b in limits)


def standing(course: Course, goal: Goal) -> tuple[bool, bool]:
    """Return whether all limits hold, and whether doses are kept beside: limits come first."""
    safe = held(course, goal.limits)
    return safe, safe and kept(course, goal.keep)
