"""The activity, amount, interval and number of cycles that serve a goal within its limits.

Treatments that were given stay as they are. For every amount and interval that the goal allows,
the draws of the posterior are simulated with the greatest number of cycles; for every number of
cycles the greatest activity follows at which every limit still holds with its probability
or the least one that keeps what shall be kept.
The best of them is simulated again at its own activities until these agree within 2 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Administration, Course, Regimen
from ligandose.course.outcome import tumour_control
from ligandose.effect import LimitQuantity
from ligandose.errors import InputError
from ligandose.plan.individual_data import Given
from ligandose.plan.individual_model import Posterior, regimen_of
from ligandose.plan.prescription_goal import ALL_LESIONS, Bound, Goal
from ligandose.plan.prescription_scale import (
    ROUNDING,
    held,
    kept,
    of_bound,
    standing,
    with_activities,
)

Floats = NDArray[np.float64]

WEEK_S = 7 * 86400.0
REPEATS = 3
AGREED = 0.02
"""Two simulations agree when the activities that they lead to differ by less."""


@dataclass(frozen=True)
class Prescription:
    """What to give.

    Attributes:
        name: of the strategy.
        agent: what is given.
        given: treatments that were given.
        planned: treatments to come, times after the first treatment.
        course: of the draws under all of them.
        objective: value of the goal's objective.
        feasible: whether every limit and every goal holds.
        binding: text of the limit that sets the activity; "" where none does.
    """

    name: str
    agent: Agent
    given: tuple[Given, ...]
    planned: tuple[Administration, ...]
    course: Course
    objective: float
    feasible: bool
    binding: str

    @property
    def total_GBq(self) -> float:
        """Activity given and planned."""
        return (
            sum(g.activity_Bq for g in self.given) / 1e9
            + sum(a.activity_Bq for a in self.planned) / 1e9
        )


@dataclass(frozen=True)
class Design:
    """What of a prescription is not the activity.

    Attributes:
        amount_nmol: of each treatment to come.
        every_weeks: interval.
        cycles: number of treatments, those given included.
        profile: relative activity of the treatments to come.
    """

    amount_nmol: float
    every_weeks: float
    cycles: int
    profile: tuple[float, ...]


def label_use(agent: Agent) -> tuple[float, int, float, float]:
    """Return GBq per cycle, cycles, weeks between them and nmol of the agent's typical use.

    Raises:
        InputError: the catalogue names no activity or amount.
    """
    use = agent.typical
    if "activity_GBq" not in use or "amount_nmol" not in use:
        raise InputError(
            f"agent {agent.name}: no typical activity and amount; choose an agent of therapy"
        )
    return (
        use["activity_GBq"], int(use.get("cycles", 1)), use.get("every_weeks", 6.0),
        use["amount_nmol"],
    )  # fmt: skip


def regimen_for(agent: Agent, given: Sequence[Given], design: Design, scale_GBq: float) -> Regimen:
    """Return treatments given and to come as one regimen."""
    past = regimen_of(given, agent).administrations if given else ()
    infusion = agent.typical.get("infusion_min", 0.0) * 60.0
    begin = past[-1].time_s + design.every_weeks * WEEK_S if past else 0.0
    coming = tuple(
        Administration(
            begin + k * design.every_weeks * WEEK_S, scale_GBq * w * 1e9, design.amount_nmol,
            infusion,
        )
        for k, w in enumerate(design.profile)
    )  # fmt: skip
    voiding = agent.typical.get("voiding_h")
    return Regimen(
        (*past, *coming), agent.comedication, None if voiding is None else voiding * 3600.0
    )


def greatest_scale(
    course: Course,
    limits: Sequence[Bound],
    *,
    given: int,
    profile: Sequence[float],
    least: float,
    most: float,
) -> tuple[float, str]:
    """Return the greatest factor on the treatments to come at which all limits hold.

    Each draw reaches a limit at a factor of its own, which follows from a quadratic equation; the
    allowed factor is that which at most the allowed share of the draws falls below.

    Args:
        course: simulated with treatments to come at 1 GBq (or any unit of the factor).
        limits: with their probabilities.
        given: number of treatments that stay as they are.
        profile: relative activity by treatment to come (those after it are not given).
        least, most: bounds of the factor; `least` is returned where even that exceeds a limit.

    Returns:
        The factor and the text of the limit that sets it, "" where `most` is allowed.
    """
    binding, allowed = "", most
    for limit in limits:
        reached = np.sort(_factor_at(course, limit, limit.region, given, profile))
        place = min(int(limit.probability * reached.size), reached.size - 1)
        own = float(reached[place]) * (1.0 - ROUNDING)
        if own < allowed:
            allowed, binding = own, limit.text
    return max(allowed, least), binding


def least_scale(
    course: Course, keep: Sequence[Bound], *, given: int, profile: Sequence[float], most: float
) -> float:
    """Return the least factor on treatments to come that keeps all doses; `most` where none."""
    needed = 0.0
    for bound in keep:
        lesions = course.host.lesions if bound.region == ALL_LESIONS else (bound.region,)
        each = [_factor_at(course, bound, lesion, given, profile) for lesion in lesions]
        worst = np.sort(np.max(each, axis=0))
        needed = max(needed, float(worst[int(np.ceil(bound.probability * worst.size)) - 1]))
    return min(needed, most)


def _factor_at(
    course: Course, bound: Bound, region: str, given: int, profile: Sequence[float]
) -> Floats:
    """Return (solved draws,) factor at which a region gets what a bound says; 0 where it has."""
    own = replace(bound, region=region)
    done_linear, done_quadratic = _parts(course, own, 0, given)
    rest = bound.dose_Gy - done_linear - done_quadratic
    linear, quadratic = np.zeros(course.patients), np.zeros(course.patients)
    for k, w in enumerate(profile, start=given):
        one, two = _parts(course, own, k, k + 1)
        linear, quadratic = linear + w * one, quadratic + w**2 * two
    if not np.all(np.isfinite((linear + quadratic)[~course.failed])):
        raise InputError(
            f"goal {bound.text!r}: no α/β is known of {region}, so it has no BED; "
            "write the limit as absorbed dose"
        )
    root = np.sqrt(np.maximum(linear**2 + 4.0 * quadratic * rest, 0.0))
    # 2c / (b + √(b² + 4ac)) is the same root as (√(b² + 4ac) - b) / 2a, and holds for a = 0
    factor = np.where(rest > 0.0, 2.0 * rest / np.maximum(linear + root, 1e-300), 0.0)
    return factor[~course.failed]


def _parts(course: Course, bound: Bound, since: int, until: int) -> tuple[Floats, Floats]:
    """Return (patients,) parts of a bound's quantity that follow activity and its square."""
    if until <= since:
        return np.zeros(course.patients), np.zeros(course.patients)
    some = replace(course, cycles=course.cycles[since:until])
    whole = of_bound(some, bound)
    if bound.quantity is LimitQuantity.ABSORBED_DOSE:
        return whole, np.zeros_like(whole)
    double = of_bound(with_activities(some, [2.0] * len(some.cycles)), bound)
    quadratic = 0.5 * (double - 2.0 * whole)  # (2 l + 4 q) - 2 (l + q) = 2 q
    return whole - quadratic, quadratic


def objective_of(course: Course, objective: str) -> float:
    """Return what is to be maximised: probability of control, or dose to the least lesion, Gy."""
    solved = ~course.failed
    if objective == "tumour_control":
        control = tumour_control(course)
        return float("nan") if control is None else float(np.mean(control.all_lesions[solved]))
    if not course.host.lesions:
        return float("nan")
    bound = Bound(ALL_LESIONS, LimitQuantity.ABSORBED_DOSE, 1.0, 0.5, "")
    return float(np.median(of_bound(course, bound)[solved]))


@dataclass(frozen=True)
class Planner:
    """A patient's posterior, the goal, and the agent that is to be given.

    `earlier` is the course of the treatments given where these were of another agent.
    """

    posterior: Posterior
    goal: Goal
    agent: Agent
    given: tuple[Given, ...]
    seed: int = 1
    earlier: Course | None = None

    def simulated(self, design: Design, scale_GBq: float) -> Course:
        """Return the course of the draws at an activity."""
        whole = regimen_for(self.agent, self.given, design, scale_GBq)
        if self.earlier is None:
            return self.posterior.course(whole, agent=self.agent, seed=self.seed)
        from ligandose.plan.strategies_nuclide import joined

        own = regimen_for(self.agent, (), design, scale_GBq)
        later = self.posterior.course(own, agent=self.agent, seed=self.seed)
        start = whole.administrations[len(self.given)].time_s
        return replace(joined(self.earlier, later, start_s=start), regimen=whole)

    def fixed(self, name: str, design: Design, scale_GBq: float) -> Prescription:
        """Return a prescription with an activity that is given."""
        return self._prescription(name, design, scale_GBq, self.simulated(design, scale_GBq), "")

    def best(self, name: str, designs: Sequence[Design], *, tumour_first: bool = False,
             balanced: bool = False) -> Prescription:  # fmt: skip
        """Return the best prescription of designs that have the greatest number of cycles.

        Args:
            name: of the strategy.
            designs: by amount and interval, each with the greatest number of cycles.
            tumour_first: least activity that keeps the lesions, else the greatest allowed.
            balanced: lower the activity of later cycles so that the organ which sets the limit
                gets the same from each.
        """
        found: list[Prescription] = []
        for design in designs:
            found.append(self._one(name, design, tumour_first=tumour_first, balanced=balanced))
        if tumour_first or self.goal.objective == "nothing":
            return max(found, key=lambda p: (standing(p.course, self.goal), -p.total_GBq))
        return max(
            found,
            key=lambda p: (
                standing(p.course, self.goal),
                round(float(np.nan_to_num(p.objective)), 4),
                objective_of(p.course, "lesion_dose"),
            ),
        )

    def _one(
        self, name: str, design: Design, *, tumour_first: bool, balanced: bool
    ) -> Prescription:
        low, high = self.goal.activity_GBq
        label = min(max(label_use(self.agent)[0], low), high)
        scale, course = label, self.simulated(design, label)
        binding, done = "", len(self.given)
        for repeat in range(REPEATS):
            if balanced:
                design = replace(design, profile=self._level(course, design))
            reference = self._unprofiled(course, design, scale, simulated=repeat > 0)
            if repeat == 0:
                design = self._count(reference, design, tumour_first)
            least, most = low / max(design.profile), high / max(design.profile)
            factor, binding = greatest_scale(
                reference, self.goal.limits, given=done, profile=design.profile,
                least=least, most=most,
            )  # fmt: skip
            if tumour_first and self.goal.keep:
                needed = least_scale(
                    reference, self.goal.keep, given=done, profile=design.profile, most=factor
                )
                factor, binding = max(needed, least), binding if needed >= factor else ""
            previous, scale = scale, factor
            course = self.simulated(design, scale)
            if repeat > 0 and abs(scale / previous - 1.0) < AGREED:
                break
        return self._prescription(name, design, scale, course, binding)

    def _unprofiled(self, course: Course, design: Design, scale: float, *, simulated: bool
                    ) -> Course:  # fmt: skip
        """Return the course with 1 GBq at every treatment to come."""
        done = len(self.given)
        was = design.profile if simulated else (1.0,) * len(design.profile)
        return with_activities(course, [1.0] * done + [1.0 / (scale * w) for w in was])

    def _count(self, reference: Course, design: Design, tumour_first: bool) -> Design:
        """Return the design with the number of cycles that serves the objective best."""
        done, (low, high) = len(self.given), self.goal.activity_GBq
        best, most_value = design, ((False, False), -np.inf, -np.inf)
        for cycles in range(max(self.goal.cycles[0], done + 1), design.cycles + 1):
            profile = design.profile[: cycles - done]
            top = max(profile)
            factor, _ = greatest_scale(
                reference, self.goal.limits, given=done, profile=profile,
                least=low / top, most=high / top,
            )  # fmt: skip
            if tumour_first and self.goal.keep:
                factor = max(least_scale(reference, self.goal.keep, given=done, profile=profile,
                                         most=factor), low / top)  # fmt: skip
            tried = with_activities(reference, [1.0] * done + [factor * w for w in profile])
            fits = standing(tried, self.goal)
            dose = objective_of(tried, "lesion_dose")
            value = dose
            if self.goal.objective == "nothing" or tumour_first:
                value = -sum(factor * w for w in profile)
            elif self.goal.objective == "tumour_control":
                # where control is out of reach, doses still differ
                value = round(float(np.nan_to_num(objective_of(tried, "tumour_control"))), 4)
            if (fits, value, dose) > most_value:
                best = replace(design, cycles=cycles, profile=profile)
                most_value = (fits, value, dose)
        return best

    def _level(self, course: Course, design: Design) -> tuple[float, ...]:
        """Return activities that give the first limit's organ the same dose in every cycle."""
        done = len(self.given)
        if not self.goal.limits:
            return design.profile
        region = self.goal.limits[0].region
        cycles = course.cycles[done:]
        regimen = course.regimen.administrations[done:]
        per_GBq = [
            float(np.nanmedian(course.of(c.dose.dose_Gy.sum(axis=-1), region))) / a.activity_Bq
            for c, a in zip(cycles, regimen, strict=False)
        ]
        return tuple(min(per_GBq[0] / p, 1.0) for p in per_GBq)

    def _prescription(
        self, name: str, design: Design, scale: float, course: Course, binding: str
    ) -> Prescription:
        # what the last simulation still moved is taken off without simulating again
        strict, _ = greatest_scale(
            self._unprofiled(course, design, scale, simulated=True), self.goal.limits,
            given=len(self.given), profile=design.profile, least=0.0, most=scale,
        )  # fmt: skip
        if binding and 1.0 - 2.0 * AGREED < strict / scale < 1.0:
            done, todo = len(self.given), len(design.profile)
            course = with_activities(course, [1.0] * done + [strict / scale] * todo)
            scale = strict
        regimen = regimen_for(self.agent, self.given, design, scale)
        fits = held(course, self.goal.limits) and kept(course, self.goal.keep)
        return Prescription(
            name, self.agent, self.given, regimen.administrations[len(self.given) :], course,
            objective_of(course, self.goal.objective), fits, binding,
        )  # fmt: skip


def designs(goal: Goal, agent: Agent, *, given: int) -> list[Design]:
    """Return a design with the most cycles for every amount and interval of a goal.

    Raises:
        InputError: more treatments given than the goal allows at most.
    """
    _, _, weeks, amount = label_use(agent)
    left = goal.cycles[1] - given
    if left < 1:
        raise InputError(
            f"goal: at most {goal.cycles[1]} cycles, and {given} were given; there is nothing to "
            "plan; write cycles: [least, most] with more"
        )
    return [
        Design(nmol, every, goal.cycles[1], (1.0,) * left)
        for nmol in (goal.amount_nmol or (amount,))
        for every in (goal.every_weeks or (weeks,))
    ]
