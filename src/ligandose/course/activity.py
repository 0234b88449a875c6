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
from ligandose.evidence import Finding, read_findings
from ligandose.hosts import Host
from ligandose.kinetics import (
    VENOUS,
    Dose,
    Network,
    Phase,
    bladder_integral,
    compile_network,
    describe,
    kinetic_parameters,
    solve,
    voiding_sample_times,
)

Floats = NDArray[np.float64]

# Administrations further apart than this are superposed: free and surface-bound ligand of the
# earlier one is then below 1e-6 of what was given (tests/property/test_course_superposition.py).
SEPARATION_S = 14 * 86400.0
HALF_LIVES_TO_INFINITY = 25.0
# Nothing that the model describes stays longer, however long-lived the nuclide.
LONGEST_S = 5 * 365.25 * 86400.0


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


class ActivityModel:
    """The compiled kinetic model of an agent in a host, ready for many patients."""

    def __init__(self, agent: Agent, host: Host, *, decay_per_s: Mapping[str, float]) -> None:
        """Compile; `decay_per_s` holds the agent's nuclide first, then its impurities."""
        self.agent = agent
        self.host = host
        self.decay_per_s = dict(decay_per_s)
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
            voiding_interval_s: time between voidings; None for the host's own.
            time_s: increasing times after the start of the course, those before the first
                administration of the group are left out.
        """
        start = group[0].time_s
        parameters = kinetic_parameters(self.host, host_values, agent_values)
        interval = voiding_interval_s or float(
            np.median(host_values["urinary_bladder.voiding_interval"])
        )
        voiding = voiding_sample_times(interval)
        wanted = time_s[time_s > start] - start
        last = group[-1].time_s - start + group[-1].duration_s
        end = last + min(HALF_LIVES_TO_INFINITY * np.log(2.0) / min(self.decay_per_s.values()),
                         LONGEST_S)
        end = max(end, float(wanted[-1]) if wanted.size else 0.0, float(voiding[-1]))
        times = np.union1d(wanted, voiding)
        tags = len(group)
        decays = [d for d in self.decay_per_s.values() for _ in group]
        origins = [a.time_s - start for _ in self.decay_per_s for a in group]
        solution = solve(
            self._network(tags),
            comedication_phases(parameters, comedication, [a.time_s - start for a in group]),
            [Dose(a.time_s - start, a.amount_nmol, a.duration_s, tag)
             for tag, a in enumerate(group)],
            into=VENOUS,
            end_s=end,
            decay_per_s=decays,
            origin_s=origins,
            time_s=times,
        )  # fmt: skip
        at_wanted = np.isin(times, wanted)
        at_voiding = np.isin(times, voiding)
        urine = solution.regions.index("urine")
        patients = solution.failed.size
        regions = (*solution.regions, "urinary_bladder_contents")
        tia = np.zeros((patients, len(regions), len(self.decay_per_s)))
        activity = np.zeros((patients, wanted.size, len(regions)))
        fractions = [1.0, *(i.activity_fraction for i in self.agent.impurities)]
        for tag, given in enumerate(group):
            per_nmol = given.activity_Bq / given.amount_nmol
            age = wanted - origins[tag]
            for n, decay in enumerate(self.decay_per_s.values()):
                integral = solution.integral_nmol_s[:, n * tags + tag, tag]
                tia[:, :-1, n] += fractions[n] * per_nmol * integral
                # Bladder times are counted from the group's start; a later tag's urine is
                # sampled there too, so only the decay origin shifts.
                content = bladder_integral(
                    solution.amount_nmol[:, at_voiding, tag, urine],
                    integral[:, urine] * np.exp(-decay * origins[tag]),
                    interval_s=interval,
                    decay_per_s=decay,
                ) * np.exp(decay * origins[tag])
                tia[:, -1, n] += fractions[n] * per_nmol * content
            decayed = np.exp(-self._main_decay * np.maximum(age, 0.0)) * (age > 0.0)
            amount = solution.amount_nmol[:, at_wanted, tag]
            activity[..., :-1] += per_nmol * decayed[None, :, None] * amount
        return CycleActivity(
            regions=regions,
            tia_Bq_s=tia,
            time_s=wanted + start,
            activity_Bq=activity,
            failed=solution.failed,
        )

    @property
    def _main_decay(self) -> float:
        return next(iter(self.decay_per_s.values()))


def comedication_phases(
    parameters: Mapping[str, Floats], names: Sequence[str], starts_s: Sequence[float]
) -> list[Phase]:
    """Return the phases of a model under co-medication given with each administration.

    A co-medication competes for a kind of site: while it is infused, the vector's association
    with that site is multiplied by the share that competition leaves.

    Raises:
        UnknownNameError: a co-medication that is not in the catalogue.
    """
    table: dict[str, list[Finding]] = {}
    for finding in read_findings("comedication.csv"):
        table.setdefault(finding.subject, []).append(finding)
    changes: dict[float, dict[str, float]] = {0.0: {}}
    for name in names:
        if name not in table:
            raise UnknownNameError("co-medication", name, table)
        rows = {f.quantity: f for f in table[name]}
        site = rows["competition"].region
        key = f"vector.{site}.k_on"
        if key not in parameters:
            continue
        for start in starts_s:
            on = max(start + rows["start"].internal, 0.0)
            off = start + rows["end"].internal
            changes.setdefault(on, {})[key] = rows["competition"].internal
            changes.setdefault(off, {})[key] = 1.0
    phases: list[Phase] = []
    state: dict[str, float] = {}
    for time in sorted(changes):
        state = {**state, **changes[time]}
        changed = {key: parameters[key] * factor for key, factor in state.items()}
        phases.append(Phase(time, {**parameters, **changed}))
    return phases
