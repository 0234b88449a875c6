"""The patients of the kinetics benchmark, and every way to solve them with another program."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
from kinetics_equations import CvodePeer, Equations, Setting, build
from kinetics_roadrunner import RoadRunnerPeer

from ligandose.agents import agent
from ligandose.hosts import draw_values, host
from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.parameters import agent_parameters, describe
from ligandose.kinetics.solve import Dose, Phase
from ligandose.kinetics.whole_body import VENOUS
from ligandose.nuclides import nuclide

AGENT = "177Lu-PSMA-617"
ANTIBODY = "177Lu-J591"
SEED = 1
HALF_LIVES = 25
OUTPUT_H = (5 / 60, 0.25, 0.5, 1, 2, 4, 8, 16, 24, 48, 72, 96, 120, 168)
LATE_H = (240, 336, 504)
LAST_H = {ANTIBODY: 30 * 24.0}
"""Agents that are followed to a time of their own instead of to the end of the activity."""
AVOGADRO = 6.02214076e23


@dataclass(frozen=True)
class Problem:
    """The patients and what they are given."""

    patients: int
    description: ModelDescription
    phases: tuple[Phase, ...]
    doses: tuple[Dose, ...]
    decay_per_s: float
    labelled: tuple[float, ...]
    time_s: np.ndarray


@cache
def problem(patients: int, name: str = AGENT) -> Problem:
    """Draw the patients of an agent; every process draws the same ones."""
    it = agent(name)
    person = host(it.host, disease=it.disease)
    host_values = draw_values(person.findings, patients=patients, seed=SEED)
    vector_values = draw_values(it.findings, patients=patients, seed=SEED)
    decay = math.log(2.0) / nuclide(it.nuclide).half_life_s
    amount = it.typical["amount_nmol"]
    end_s = 3600.0 * LAST_H[name] if name in LAST_H else HALF_LIVES * math.log(2.0) / decay
    hours = [h for h in (*OUTPUT_H, *(LATE_H if name in LAST_H else ())) if 3600.0 * h < end_s]
    labelled_nmol = it.typical["activity_GBq"] * 1e9 / decay / AVOGADRO * 1e9
    return Problem(
        patients=patients,
        description=describe(it, person),
        phases=(Phase(0.0, agent_parameters(it, person, host_values, vector_values)),),
        doses=(Dose(0.0, amount, it.typical["infusion_min"] * 60.0),),
        decay_per_s=decay,
        labelled=(labelled_nmol / amount,),
        time_s=np.array([*(3600.0 * h for h in hours), end_s]),
    )


@dataclass(frozen=True)
class Way:
    """A way to run a peer: which program, which equations, how set.

    Attributes:
        atol_share: absolute tolerances as a share of rtol times each state's largest amount.
        agent: whose patients are solved.
    """

    program: str
    hot_and_cold: bool
    linear_solver: str = "sparse"
    rtol: float = 1e-6
    atol_share: float = 1e-2
    agent: str = AGENT


@cache
def state_maxima(patients: int, hot_and_cold: bool, name: str) -> np.ndarray:
    """Return (n,) the largest amount of each state in a few patients, for absolute tolerances."""
    task = problem(patients, name)
    rough = Way("CVODE", hot_and_cold, agent=name)
    runner = _runner(patients, rough, np.full(_n_states(task, hot_and_cold), 1e-9))
    states = [
        runner.integrate(task.phases, task.doses, patient=k, time_s=task.time_s)
        for k in range(min(4, patients))
    ]
    return np.max(states, axis=(0, 1))


def _n_states(task: Problem, hot_and_cold: bool) -> int:
    return len(task.description.pools) * (2 if hot_and_cold else 1)


@cache
def _equations(patients: int, hot_and_cold: bool, name: str) -> Equations:
    groups = 2 if hot_and_cold else 1
    return build(
        problem(patients, name).description, into=VENOUS, groups=groups, decaying=hot_and_cold
    )


def _runner(patients: int, way: Way, atol: np.ndarray) -> CvodePeer | RoadRunnerPeer:
    task = problem(patients, way.agent)
    labelled = task.labelled if way.hot_and_cold else None
    if way.program == "libroadrunner":
        return RoadRunnerPeer(
            task.description, task.phases, task.doses, rtol=way.rtol, atol=atol, into=VENOUS,
            decay_per_s=task.decay_per_s, labelled=labelled,
        )  # fmt: skip
    return CvodePeer(
        _equations(patients, way.hot_and_cold, way.agent),
        setting=Setting(way.rtol, atol, way.linear_solver), into=VENOUS,
        decay_per_s=task.decay_per_s, labelled=labelled,
    )  # fmt: skip


@cache
def runner(patients: int, way: Way) -> CvodePeer | RoadRunnerPeer:
    """Return a peer that is ready to solve, kept by the process that made it."""
    warnings.filterwarnings("ignore", message="Custom sparse Jacobian")
    floor = 1e-13 * sum(d.amount_nmol for d in problem(patients, way.agent).doses)
    largest = state_maxima(patients, way.hot_and_cold, way.agent)
    atol = np.maximum(way.atol_share * way.rtol * largest, floor)
    return _runner(patients, way, atol)


def regions_of(way: Way, patients: int, chosen: range) -> np.ndarray:
    """Solve the chosen patients; return (patients, times, regions), labelled if hot and cold."""
    task = problem(patients, way.agent)
    peer = runner(patients, way)
    pools = task.description.pools
    sums = np.zeros((len(pools), len(task.description.regions)))
    for i, pool in enumerate(pools):
        sums[i, task.description.regions.index(pool.region)] = 1.0
    return np.stack(
        [
            peer.integrate(task.phases, task.doses, patient=k, time_s=task.time_s)[:, : len(pools)]
            @ sums
            for k in chosen
        ]
    )
