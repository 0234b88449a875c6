"""Activity over time and its integral for every patient, from an agent, a host and a regimen.

Administrations that are far apart do not see each other: by the time of the next one, free and
surface-bound ligand of the last is gone and what is left inside cells only leaves. Each such
administration is solved on its own, to infinity, and the results are added. Administrations that
are closer are solved together, each as a tag of its own that competes for the same sites, so that
different specific activities and unlabelled preloads are exact.

The binder of a two-step treatment is followed in the same solution, in pools of its own: it carries
no activity, so its region is left out of what is returned.

Ligand given in one bolus decays at the same rate wherever it is, so labelled and unlabelled
ligand keep one ratio: activity = (activity given / amount given) · e^(-λt) · amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.phases import comedication_phases, with_clearing
from ligandose.course.regimen import Administration, Clearing, Regimen
from ligandose.errors import InputError
from ligandose.hosts import Host, Route
from ligandose.kinetics import (
    UNLABELLED,
    Dose,
    Network,
    Phase,
    Solution,
    agent_parameters,
    binder_into,
    bladder_integral,
    compile_network,
    describe,
    given_into,
    solve,
    urine_at,
    urine_grid_s,
    voiding_sample_times,
)

Floats = NDArray[np.float64]

# Administrations further apart than this are superposed. Of the catalogue's therapies less than
# 1e-6 of what was given is then still free or bound to a surface, and the time integral of any
# region differs by less than 1e-7 from that of one solution in which the administrations compete
# (2e-8 measured; tests/property/test_course_superposition.py). A vector that dissociates and is
# internalised much more slowly needs a longer time.
SEPARATION_S = 14 * 86400.0
HALF_LIVES_TO_INFINITY = 25.0
# Nothing that the model describes stays longer, however long-lived the nuclide.
LONGEST_S = 5 * 365.25 * 86400.0
LONGEST_VOIDING_S = 86400.0
BLADDER_CONTENTS = "urinary_bladder_contents"


@dataclass(frozen=True)
class CycleActivity:
    """One administration (or group of close ones) followed to infinity.

    Attributes:
        regions: regions of the model, with "urinary_bladder_contents".
        tia_Bq_s: (patients, regions, nuclides) time-integrated activity.
        time_s: (t,) times after the start of the course.
        activity_Bq: (patients, t, regions) activity of the agent's nuclide.
        failed: (patients,) True where the solver gave up.
    """

    regions: tuple[str, ...]
    tia_Bq_s: Floats
    time_s: Floats
    activity_Bq: Floats
    failed: NDArray[np.bool_]


def administration_groups(regimen: Regimen) -> list[list[Administration]]:
    """Split a regimen where administrations are far enough apart to be solved on their own."""
    groups = [[regimen.administrations[0]]]
    for before, after in zip(regimen.administrations, regimen.administrations[1:], strict=False):
        apart = after.time_s - before.time_s - before.duration_s >= SEPARATION_S
        if apart and not before.binder:
            groups.append([after])
        else:
            groups[-1].append(after)
    return groups


@dataclass(frozen=True)
class _Schedule:
    """When a group of administrations is followed; s after its first one unless said otherwise.

    Attributes:
        start_s: first administration, after the start of the course.
        given_s: start of each administration of the vector.
        wanted_s: (t,) output times.
        voiding_s: (patients,) time between voidings.
        grid_s: (n,) times after an administration at which its urine is kept.
        end_s: when nothing is left that decays or moves.
    """

    start_s: float
    given_s: tuple[float, ...]
    wanted_s: Floats
    voiding_s: Floats
    grid_s: Floats
    end_s: float

    def urine_s(self, tag: int) -> Floats:
        """Return the (n,) times at which the urine of an administration is kept.

        They count from that administration, as if the bladder were emptied before it.
        """
        return self.grid_s + self.given_s[tag]

    @property
    def sampled_s(self) -> Floats:
        """All times at which the solution is needed, in order."""
        urine = [self.urine_s(tag) for tag in range(len(self.given_s))]
        return np.unique(np.concatenate([self.wanted_s, *urine]))


class ActivityModel:
    """The compiled kinetic model of an agent in a host, ready for many patients."""

    def __init__(
        self,
        agent: Agent,
        host: Host,
        *,
        decay_per_s: Mapping[str, float],
        routes: Iterable[Route] = (),
    ) -> None:
        """Compile; `decay_per_s` holds the agent's nuclide first, then its impurities.

        Raises:
            InputError: a route that the agent cannot be given by.
        """
        for route in (ways := tuple(routes)):
            given_into(agent, route)
        self.agent = agent
        self.host = host
        self.decay_per_s = dict(decay_per_s)
        self._activity_shares = [1.0, *(i.activity_fraction for i in agent.impurities)]
        self._description = describe(agent, host, routes=ways)
        self._networks: dict[int, Network] = {}

    def _network(self, tags: int) -> Network:
        if tags not in self._networks:
            self._networks[tags] = compile_network(self._description, tags=tags)
        return self._networks[tags]

    def cycle(
        self,
        group: Sequence[Administration],
        host_values: Mapping[str, Floats],
        agent_values: Mapping[str, Floats],
        *,
        comedication: Sequence[str],
        voiding_interval_s: float | None = None,
        clearing: Clearing | None = None,
        time_s: Floats,
    ) -> CycleActivity:
        """Follow a group of administrations to infinity.

        Args:
            group: administrations in order.
            host_values, agent_values: (patients,) values of findings by key.
            comedication: what is given with each administration.
            voiding_interval_s: time between voidings; None for each patient's own.
            clearing: step that takes the binder from plasma; None for none.
            time_s: increasing times after the start of the course, those before the first
                administration of the group are left out.

        Raises:
            UnknownNameError: a co-medication that is not in the catalogue.
            DataError: a finding that the kinetic model needs is missing.
            InputError: a binder of an agent that has none, or one that nothing follows.
        """
        self._check(group)
        own = np.minimum(host_values["urinary_bladder.voiding_interval"], LONGEST_VOIDING_S)
        voiding = own if voiding_interval_s is None else np.full_like(own, voiding_interval_s)
        schedule = self._schedule(group, time_s, voiding, voiding_interval_s or LONGEST_VOIDING_S)
        parameters = agent_parameters(self.agent, self.host, host_values, agent_values)
        phases = comedication_phases(parameters, comedication, schedule.given_s)
        if clearing is not None:
            labelled = [a.time_s - schedule.start_s for a in group if a.activity_Bq > 0.0]
            phases = with_clearing(phases, clearing, labelled)
        solution = _labelled(self._solution(group, schedule, phases))
        vector = _of_vector(group)
        return CycleActivity(
            regions=(*solution.regions, BLADDER_CONTENTS),
            tia_Bq_s=self._time_integrals(vector, schedule, solution),
            time_s=schedule.wanted_s + schedule.start_s,
            activity_Bq=self._activity(vector, schedule, solution),
            failed=solution.failed,
        )

    def _check(self, group: Sequence[Administration]) -> None:
        if not any(a.binder for a in group):
            return
        if not self.agent.binder:
            raise InputError(f"agent {self.agent.name} has no binder to be given before it")
        if group[-1].binder:
            raise InputError(f"agent {self.agent.name}: its vector has to follow the binder")

    def _schedule(
        self,
        group: Sequence[Administration],
        time_s: Floats,
        voiding_s: Floats,
        longest_voiding_s: float,
    ) -> _Schedule:
        start = group[0].time_s
        given = tuple(a.time_s - start for a in _of_vector(group))
        wanted = time_s[time_s > start] - start
        slowest = min(self.decay_per_s.values())
        grid = urine_grid_s(longest_voiding_s)
        rest = min(HALF_LIVES_TO_INFINITY * np.log(2.0) / slowest, LONGEST_S)
        end = max(
            given[-1] + group[-1].duration_s + rest,
            float(wanted[-1]) if wanted.size else 0.0,
            float(grid[-1]) + given[-1],
        )
        return _Schedule(start, given, wanted, voiding_s, grid, end)

    def _solution(
        self, group: Sequence[Administration], schedule: _Schedule, phases: Sequence[Phase]
    ) -> Solution:
        """Solve with a tag per administration of the vector and an integral per nuclide and tag.

        The binder has pools of its own, so it needs no tag: it is given with that of the first.
        """
        vector = _of_vector(group)
        doses = [
            Dose(given, a.amount_nmol, a.duration_s, tag, given_into(self.agent, a.way))
            for tag, (given, a) in enumerate(zip(schedule.given_s, vector, strict=True))
        ]
        doses += [
            Dose(a.time_s - schedule.start_s, a.amount_nmol, a.duration_s, 0, binder_into())
            for a in group
            if a.binder
        ]
        return solve(
            self._network(len(vector)),
            phases,
            doses,
            into=given_into(self.agent),
            end_s=schedule.end_s,
            decay_per_s=[d for d in self.decay_per_s.values() for _ in vector],
            origin_s=[given for _ in self.decay_per_s for given in schedule.given_s],
            time_s=schedule.sampled_s,
        )

    def _time_integrals(
        self, group: Sequence[Administration], schedule: _Schedule, solution: Solution
    ) -> Floats:
        """Return (patients, regions, nuclides) integrals, the bladder's contents last, Bq s."""
        urine = solution.regions.index("urine")
        shape = (solution.failed.size, len(solution.regions) + 1, len(self.decay_per_s))
        tia = np.zeros(shape)
        for tag, given in enumerate(group):
            on_grid = np.isin(solution.time_s, schedule.urine_s(tag))
            filling = urine_at(
                voiding_sample_times(schedule.voiding_s),
                grid_s=schedule.grid_s,
                urine=solution.amount_nmol[:, on_grid, tag, urine],
            )
            per_nmol = given.activity_Bq / given.amount_nmol
            for n, decay in enumerate(self.decay_per_s.values()):
                Bq_per_nmol = self._activity_shares[n] * per_nmol
                integral = solution.integral_nmol_s[:, n * len(group) + tag, tag]
                content = bladder_integral(
                    filling,
                    integral[:, urine],
                    interval_s=schedule.voiding_s,
                    decay_per_s=decay,
                )
                tia[:, :-1, n] += Bq_per_nmol * integral
                tia[:, -1, n] += Bq_per_nmol * content
        return tia

    def _activity(
        self, group: Sequence[Administration], schedule: _Schedule, solution: Solution
    ) -> Floats:
        """Return (patients, t, regions) activity of the agent's nuclide at the wanted times, Bq.

        Urine is followed as a whole, so the bladder's contents, the last region, stay 0.
        """
        decay = next(iter(self.decay_per_s.values()))
        at_wanted = np.isin(solution.time_s, schedule.wanted_s)
        shape = (solution.failed.size, schedule.wanted_s.size, len(solution.regions) + 1)
        activity = np.zeros(shape)
        for tag, given in enumerate(group):
            age = schedule.wanted_s - schedule.given_s[tag]
            decayed = np.exp(-decay * np.maximum(age, 0.0)) * (age > 0.0)
            per_nmol = given.activity_Bq / given.amount_nmol
            amount = solution.amount_nmol[:, at_wanted, tag]
            activity[..., :-1] += per_nmol * decayed[None, :, None] * amount
        return activity


def _of_vector(group: Sequence[Administration]) -> list[Administration]:
    return [a for a in group if not a.binder]


def _labelled(solution: Solution) -> Solution:
    """Return a solution without the region of what carries no label."""
    if UNLABELLED not in solution.regions:
        return solution
    kept = [i for i, name in enumerate(solution.regions) if name != UNLABELLED]
    return replace(
        solution,
        regions=tuple(solution.regions[i] for i in kept),
        amount_nmol=solution.amount_nmol[..., kept],
        integral_nmol_s=solution.integral_nmol_s[..., kept],
    )
