"""Activity over time and its integral for every patient, from an agent, a host and a regimen.

Administrations that are far apart do not see each other: by the time of the next one, free and
surface-bound ligand of the last is gone and what is left inside cells only leaves. Each such
administration is solved on its own, to infinity, and the results are added. Administrations that
are closer are solved together, each as a tag of its own that competes for the same sites, so that
different specific activities and unlabelled preloads are exact.

Ligand given in one bolus decays at the same rate wherever it is, so labelled and unlabelled
ligand keep one ratio: activity = (activity given / amount given) · e^(-λt) · amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.regimen import Administration, Regimen
from ligandose.errors import UnknownNameError
from ligandose.evidence import read_findings
from ligandose.hosts import Host
from ligandose.kinetics import (
    VENOUS,
    Dose,
    Network,
    Phase,
    Solution,
    bladder_integral,
    compile_network,
    describe,
    kinetic_parameters,
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
        if after.time_s - before.time_s - before.duration_s >= SEPARATION_S:
            groups.append([after])
        else:
            groups[-1].append(after)
    return groups


@dataclass(frozen=True)
class _Schedule:
    """When a group of administrations is followed; s after its first one unless said otherwise.

    Attributes:
        start_s: first administration, after the start of the course.
        given_s: start of each administration.
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

    def __init__(self, agent: Agent, host: Host, *, decay_per_s: Mapping[str, float]) -> None:
        """Compile; `decay_per_s` holds the agent's nuclide first, then its impurities."""
        self.agent = agent
        self.host = host
        self.decay_per_s = dict(decay_per_s)
        self._activity_shares = [1.0, *(i.activity_fraction for i in agent.impurities)]
        self._description = describe(agent, host)
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
        time_s: Floats,
    ) -> CycleActivity:
        """Follow a group of administrations to infinity.

        Args:
            group: administrations in order.
            host_values, agent_values: (patients,) values of findings by key.
            comedication: what is given with each administration.
            voiding_interval_s: time between voidings; None for each patient's own.
            time_s: increasing times after the start of the course, those before the first
                administration of the group are left out.

        Raises:
            UnknownNameError: a co-medication that is not in the catalogue.
            DataError: a finding that the kinetic model needs is missing.
        """
        own = np.minimum(host_values["urinary_bladder.voiding_interval"], LONGEST_VOIDING_S)
        voiding = own if voiding_interval_s is None else np.full_like(own, voiding_interval_s)
        schedule = self._schedule(group, time_s, voiding, voiding_interval_s or LONGEST_VOIDING_S)
        parameters = kinetic_parameters(self.host, host_values, agent_values)
        phases = comedication_phases(parameters, comedication, schedule.given_s)
        solution = self._solution(group, schedule, phases)
        return CycleActivity(
            regions=(*solution.regions, BLADDER_CONTENTS),
            tia_Bq_s=self._time_integrals(group, schedule, solution),
            time_s=schedule.wanted_s + schedule.start_s,
            activity_Bq=self._activity(group, schedule, solution),
            failed=solution.failed,
        )

    def _schedule(
        self,
        group: Sequence[Administration],
        time_s: Floats,
        voiding_s: Floats,
        longest_voiding_s: float,
    ) -> _Schedule:
        start = group[0].time_s
        given = tuple(a.time_s - start for a in group)
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
        """Solve with a tag per administration and an integral per nuclide and tag."""
        doses = [
            Dose(given, a.amount_nmol, a.duration_s, tag)
            for tag, (given, a) in enumerate(zip(schedule.given_s, group, strict=True))
        ]
        return solve(
            self._network(len(group)),
            phases,
            doses,
            into=VENOUS,
            end_s=schedule.end_s,
            decay_per_s=[d for d in self.decay_per_s.values() for _ in group],
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


@dataclass(frozen=True, slots=True)
class _Competition:
    """A stretch of time (s) in which a parameter is multiplied by a factor."""

    key: str
    factor: float
    on_s: float
    off_s: float


def comedication_phases(
    parameters: Mapping[str, Floats], names: Sequence[str], starts_s: Sequence[float]
) -> list[Phase]:
    """Return the phases of a model under co-medication given with each administration.

    A co-medication competes for a kind of site: while it is infused, the vector's association
    with that site is multiplied by the share that competition leaves. Where infusions overlap,
    the strongest competition counts, once.

    Args:
        parameters: (patients,) values by parameter name, without co-medication.
        names: of the catalogue.
        starts_s: start of each administration after the start of the model, s.

    Raises:
        UnknownNameError: a co-medication that is not in the catalogue.
    """
    competitions = [c for name in names for c in _competitions(name, starts_s)]
    competitions = [c for c in competitions if c.key in parameters]
    breaks = {0.0, *(t for c in competitions for t in (c.on_s, c.off_s))}
    phases: list[Phase] = []
    for time in sorted(breaks):
        factors: dict[str, float] = {}
        for c in competitions:
            if c.on_s <= time < c.off_s:
                factors[c.key] = min(c.factor, factors.get(c.key, c.factor))
        changed = {key: parameters[key] * factor for key, factor in factors.items()}
        phases.append(Phase(time, {**parameters, **changed}))
    return phases


def _competitions(name: str, starts_s: Sequence[float]) -> list[_Competition]:
    table = read_findings("comedication.csv")
    rows = {f.quantity: f for f in table if f.subject == name}
    if not rows:
        raise UnknownNameError("co-medication", name, (f.subject for f in table))
    competition = rows["competition"]
    return [
        _Competition(
            key=f"vector.{competition.region}.k_on",
            factor=competition.internal,
            on_s=max(start + rows["start"].internal, 0.0),
            off_s=start + rows["end"].internal,
        )
        for start in starts_s
    ]
