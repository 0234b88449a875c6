"""The chain in one call: kinetics, dose and effect of a regimen in a virtual population."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.absorbed import (
    SMALLEST_LESION_KG,
    WHOLE_BODY,
    Masses,
    region_masses,
    source_activity,
)
from ligandose.course.activity import (
    BLADDER_CONTENTS,
    ActivityModel,
    CycleActivity,
    administration_groups,
)
from ligandose.course.biology import CycleDose, LesionState, Radiobiology
from ligandose.course.daughters import Daughters
from ligandose.course.regimen import Administration, Regimen
from ligandose.course.reservoirs import CavityDose, cavity_doses
from ligandose.course.results import Course, CycleResult
from ligandose.dose import ReferenceSValues, SafTable
from ligandose.errors import InputError
from ligandose.hosts import Host, draw_values, with_routes, with_targets
from ligandose.kinetics import vector_blocks
from ligandose.nuclides import nuclide

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

POINTS_PER_CYCLE = 36
FIRST_POINT_S = 120.0
HALF_LIVES_SHOWN = 8.0
# The kinetic model holds the blood of organs with the organs; what its blood is, lies outside.
BLOOD = "large_vessels"


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
    table: SafTable | None = None,
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
        table: specific absorbed fractions in place of the host's shipped ones, such as
            `ligandose.dose.saf_table` reads from the user's ICRP-133 files.
        progress: called with the share done and what is being done.

    Raises:
        InputError: numbers out of range, or an agent whose target the host does not carry.
        UnknownNameError: a nuclide or co-medication that is not known.
        DataError: a finding that the model needs is missing, or a table that cannot place a
            region.
    """
    regimen = Regimen.typical(agent) if regimen is None else regimen
    host = with_targets(
        host, (*agent.binds, *agent.binder_binds), transported=transported_by(agent)
    )
    host = with_routes(host, regimen.routes, protein="hydrodynamic_radius" in agent.findings)
    _check(agent, host, threads)
    varied = patients > 1 if variability is None else variability
    host_values = draw_values(
        host.findings, patients=patients, seed=seed, variability=varied, knowledge=knowledge
    )
    agent_values = draw_values(
        agent.findings, patients=patients, seed=seed, variability=varied, knowledge=knowledge
    )
    with _using(threads):
        run = CourseRun(agent, host, regimen, host_values, agent_values, seed, varied, table)
        return run.all_cycles(progress or _silent)


@contextmanager
def _using(threads: int | None) -> Generator[None]:
    """Let compiled code run on a number of threads, at most what it was started with."""
    before = numba.get_num_threads()
    most = int(cast("Any", numba).config.NUMBA_NUM_THREADS)
    numba.set_num_threads(min(threads or before, most))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def _silent(share: float, what: str) -> None:
    del share, what


def transported_by(agent: Agent) -> tuple[str, ...]:
    """Return the transporters that take the agent's vector up."""
    end = ".transport"
    return tuple(k.removesuffix(end) for k in agent.findings if k.endswith(end))


def _needs_skeleton(agent: Agent, host: Host, daughters: Daughters | None) -> bool:
    """Return whether free atoms of an element may lie on the surfaces of bone."""
    return agent.is_salt or daughters is not None or bool(vector_blocks(agent, host).free_elements)


BINDING_RATES = ("k_on", "internalisation", "recycling")
"""What a vector must have for every kind of site that it binds, besides k_d."""


def _check(agent: Agent, host: Host, threads: int | None) -> None:
    if threads is not None and threads < 1:
        raise InputError(f"threads: {threads} must be at least 1")
    if agent.is_salt:
        return
    if not any(
        site.site in (*agent.binds, *agent.binder_binds, *transported_by(agent))
        for site in host.sites
    ):
        raise InputError(
            f"agent {agent.name} binds {', '.join(agent.binds) or 'nothing'}, and host {host.name} "
            f"carries none of it; choose another disease than {host.disease or 'none'}"
        )
    needed = [f"{site}.{rate}" for site in agent.binds for rate in BINDING_RATES]
    if missing := [key for key in needed if key not in agent.findings]:
        raise InputError(
            f"agent {agent.name}: {', '.join(missing)} not known; an affinity alone does not say "
            "how a vector binds and is taken up; give these values too"
        )


class CourseRun:
    """A course in progress: what does not change between cycles, and the lesions, which do."""

    def __init__(
        self,
        agent: Agent,
        host: Host,
        regimen: Regimen,
        host_values: dict[str, Floats],
        agent_values: dict[str, Floats],
        seed: int,
        varied: bool,
        table: SafTable | None,
    ) -> None:
        self.agent, self.host, self.regimen = agent, host, regimen
        self.host_values, self.agent_values = host_values, agent_values
        self.seed, self.varied = seed, varied
        nuclides = (agent.nuclide, *(i.nuclide for i in agent.impurities))
        decay = {name: nuclide(name).decay_constant_per_s for name in nuclides}
        self.model = ActivityModel(agent, host, decay_per_s=decay, routes=regimen.routes)
        self.daughters = Daughters.of(agent, host)
        self.skeleton = _needs_skeleton(agent, host, self.daughters)
        masses = region_masses(host, host_values, skeleton=self.skeleton)
        self.s_values = ReferenceSValues.of(
            masses.regions,
            list(decay) if self.daughters is None else self.daughters.nuclides,
            host=host.anatomy,
            table=table,
            blood=BLOOD,
            with_progeny=self.daughters is None,
        )
        self.biology = Radiobiology(host, masses, seed=seed, varied=varied)
        self.untreated = self.biology.untreated(masses)
        self.groups = administration_groups(regimen)
        starts = sorted({time for group in self.groups for time in _shown_from(group)})
        self.time_s = _output_times(starts, decay[agent.nuclide])

    def all_cycles(self, progress: Progress) -> Course:
        """Return the course; patients that could not be solved are marked with NaN."""
        patients = self.untreated.viable_mass_kg.shape[0]
        activity = np.zeros((patients, self.time_s.size, len(self.biology.regions)))
        failed = np.zeros(patients, dtype=np.bool_)
        lesions = self.untreated
        cycles: list[CycleResult] = []
        for k in range(len(self.groups)):
            progress(
                k / len(self.groups), f"{self.agent.name}: cycle {k + 1} of {len(self.groups)}"
            )
            result, curve, given_up = self._cycle(k, lesions)
            lesions = result.lesions_after
            cycles.append(result)
            activity[:, self.time_s > result.start_s] += curve
            failed |= given_up
        progress(1.0, f"{self.agent.name}: effect")
        activity[failed] = np.nan
        for region in (WHOLE_BODY, BLADDER_CONTENTS):
            activity[..., self.biology.regions.index(region)] = np.nan
        return Course(
            agent=self.agent,
            host=self.host,
            regimen=self.regimen,
            seed=self.seed,
            varied=self.varied,
            host_values=self.host_values,
            agent_values=self.agent_values,
            time_s=self.time_s,
            activity_all_Bq=activity,
            cycles=tuple(cycles),
            failed=failed,
            biology=self.biology,
            lesions_before=self.untreated,
            s_values=self.s_values,
        )

    def _cycle(self, k: int, lesions: LesionState) -> tuple[CycleResult, Floats, NDArray[np.bool_]]:
        """Return a cycle, its (patients, t, regions) activity, and who could not be solved."""
        values = self._with_lesions(lesions)
        masses = region_masses(self.host, values, skeleton=self.skeleton)
        cycle = self.model.cycle(
            self.groups[k],
            values,
            self.agent_values,
            comedication=self.regimen.comedication,
            voiding_interval_s=self.regimen.voiding_interval_s,
            clearing=self.regimen.clearing,
            time_s=self.time_s,
        )
        start = self.groups[k][0].time_s
        dose, curve, cavities = self._dose(cycle, masses, values)
        effect = self.biology.cycle_effect(dose, cycle.time_s - start, curve)
        after = self.biology.respond(lesions, effect, interval_s=self._end_of(k) - start)
        return CycleResult(start, masses, dose, effect, after, cavities), curve, cycle.failed

    def _dose(
        self, cycle: CycleActivity, masses: Masses, values: Mapping[str, Floats]
    ) -> tuple[CycleDose, Floats, tuple[CavityDose, ...]]:
        ratio = self.marrow_ratio()
        regions, decays = cycle.regions, _known(cycle.tia_Bq_s)
        if self.daughters is not None:
            regions, decays = self.daughters.decays(regions, decays, values, self.agent_values)
        tia = source_activity(regions, np.moveaxis(decays, 2, 1), masses, marrow_ratio=ratio)
        tia = np.moveaxis(tia, 1, 2)
        dose = self.s_values.dose_Gy(
            np.maximum(tia, 0.0), mass_kg=masses.mass_kg, body_mass_kg=masses.body_kg
        )
        curve = source_activity(
            cycle.regions, _known(cycle.activity_Bq), masses, marrow_ratio=ratio
        )
        cavities = cavity_doses(
            regions,
            decays,
            list(self.model.decay_per_s) if self.daughters is None else self.daughters.nuclides,
            values,
            with_progeny=self.daughters is None,
        )
        return CycleDose(tia_Bq_s=tia, dose_Gy=dose), curve, cavities

    def marrow_ratio(self) -> Floats:
        """Return marrow over blood: the vector's own where it has one, else the host's."""
        key = "marrow_to_blood_ratio"
        return self.agent_values.get(key, self.host_values[f"red_marrow.{key}"])

    def _with_lesions(self, lesions: LesionState) -> dict[str, Floats]:
        """Return the host's values with lesions as heavy as they are now.

        Doomed cells keep their targets until they are cleared, so the density per lesion stays
        and the sink shrinks with the mass.
        """
        values = dict(self.host_values)
        for column, lesion in enumerate(self.host.lesions):
            values[f"{lesion}.mass"] = np.maximum(lesions.mass_kg[:, column], SMALLEST_LESION_KG)
        return values

    def _end_of(self, k: int) -> float:
        following = self.groups[k + 1 : k + 2]
        return following[0][0].time_s if following else float(self.time_s[-1])


def _shown_from(group: Sequence[Administration]) -> tuple[float, float]:
    """Return when a group starts, and when its first activity is given."""
    first = next((a for a in group if a.activity_Bq > 0.0), group[0])
    return group[0].time_s, first.time_s


def _output_times(starts: list[float], decay_per_s: float) -> Floats:
    """Return times after the first administration, denser after each; s."""
    shown = HALF_LIVES_SHOWN * np.log(2.0) / decay_per_s
    times: list[Floats] = []
    for start, following in zip(starts, [*starts[1:], np.inf], strict=True):
        length = min(shown, following - start)
        first = min(FIRST_POINT_S, 0.01 * length)
        after: Floats = np.geomspace(first, length, POINTS_PER_CYCLE, dtype=np.float64)
        times.append(start + after)
    return np.unique(np.concatenate(times))


def _known(values: Floats) -> Floats:
    """Return values with the NaN of failed patients as 0; they are marked again at the end."""
    return np.nan_to_num(values, nan=0.0)
