"""The kinetic solver against CVODE on equations that share no code with it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.hosts import draw_values, host
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.parameters import describe, kinetic_parameters
from ligandose.kinetics.solve import Dose, Phase, solve
from ligandose.kinetics.whole_body import VENOUS

pytest.importorskip("sksundae", reason="scikit-sundae (group oracle) is not installed")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from kinetics_equations import CvodePeer, Setting, build

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:Custom sparse Jacobian"),
]

# What the project promises: error of any region at any time, as a share of the region's maximum,
# and of any time integral, as a share of it. CVODE at rtol 1e-11 is good to about 1e-9.
PROMISED = 1e-6
REFERENCE_RTOL = 1e-11
PATIENTS = 4
SEED = 20
DECAY_PER_S = np.log(2.0) / (6.6 * 86400.0)
END_S = 25 * 6.6 * 86400.0
DAY_S = 86400.0


def drawn_course(name):
    """Return the description, phases (kidney protection, if any) and typical amount of an agent."""
    it = agent(name)
    person = host(it.host, disease=it.disease)
    host_values = draw_values(person.findings, patients=PATIENTS, seed=SEED)
    vector_values = draw_values(it.findings, patients=PATIENTS, seed=SEED)
    parameters = kinetic_parameters(person, host_values, vector_values)
    phases = [Phase(0.0, parameters)]
    if it.comedication:
        slower = {**parameters, "vector.megalin.k_on": 0.5 * parameters["vector.megalin.k_on"]}
        phases = [Phase(0.0, slower), Phase(4 * 3600.0, parameters)]
    return describe(it, person), phases, it.typical["amount_nmol"]


REGIMENS = {
    "bolus": lambda nmol: [Dose(0.0, nmol)],
    "infusion": lambda nmol: [Dose(0.0, nmol, 1800.0)],
    "ten times the amount": lambda nmol: [Dose(0.0, 10 * nmol, 1800.0)],
    "unlabelled first, then labelled": lambda nmol: [
        Dose(0.0, 3 * nmol, 600.0, tag=0),
        Dose(3600.0, nmol, 300.0, tag=1),
    ],
    "two cycles of different specific activity": lambda nmol: [
        Dose(0.0, nmol, 300.0, tag=0),
        Dose(7 * DAY_S, 2 * nmol, 0.0, tag=1),
    ],
}


@pytest.mark.parametrize("regimen", REGIMENS)
@pytest.mark.parametrize("name", ["177Lu-PSMA-617", "177Lu-DOTATATE"])
def test_amounts_and_time_integrals_agree_with_cvode(name, regimen):
    description, phases, nmol = drawn_course(name)
    doses = REGIMENS[regimen](nmol)
    tags = 1 + max(d.tag for d in doses)
    times = np.unique(
        np.concatenate(
            [np.geomspace(20.0, 7 * DAY_S, 40), 7 * DAY_S + np.geomspace(20.0, 9 * DAY_S, 20)]
        )
    )
    times = np.append(times, END_S)
    solution = solve(
        compile_network(description, tags=tags),
        phases,
        doses,
        into=VENOUS,
        end_s=END_S,
        decay_per_s=[DECAY_PER_S],
        time_s=times,
    )
    amounts, integrals = cvode_reference(description, phases, doses, tags, times)
    assert not solution.failed.any()
    largest = amounts.max(axis=1, keepdims=True)
    assert np.max(np.abs(solution.amount_nmol - amounts) / largest) < PROMISED
    np.testing.assert_allclose(solution.integral_nmol_s[:, 0], integrals, rtol=PROMISED)


def cvode_reference(description, phases, doses, tags, times):
    """Return amounts (patients, times, tags, regions) and integrals (patients, tags, regions)."""
    equations = build(description, into=VENOUS, groups=tags, integrals=True)
    states = tags * len(description.pools)
    given = sum(d.amount_nmol for d in doses)
    floor = np.full(equations.n, 1e-14 * given)
    floor[states:] *= 1.0 / DECAY_PER_S
    peer = CvodePeer(
        equations,
        setting=Setting(REFERENCE_RTOL, floor, "dense"),
        into=VENOUS,
        decay_per_s=DECAY_PER_S,
    )
    runs = np.stack(
        [peer.integrate(phases, doses, patient=k, time_s=times) for k in range(PATIENTS)]
    )
    in_region = np.array(
        [[pool.region == region for region in description.regions] for pool in description.pools],
        dtype=float,
    )
    pools = runs[:, :, :states].reshape(PATIENTS, times.size, tags, len(description.pools))
    integrals = runs[:, -1, states:].reshape(PATIENTS, tags, len(description.regions))
    return pools @ in_region, integrals


def test_labelled_ligand_is_the_total_times_its_decaying_fraction_in_the_whole_body():
    """Hot and cold solved apart by CVODE, against the total that the package solves."""
    description, phases, nmol = drawn_course("177Lu-PSMA-617")
    doses, fraction = [Dose(0.0, nmol, 300.0)], 0.1
    times = np.geomspace(60.0, 14 * DAY_S, 40)
    solution = solve(
        compile_network(description), phases, doses, into=VENOUS, end_s=times[-1], time_s=times
    )
    equations = build(description, into=VENOUS, groups=2, decaying=True)
    peer = CvodePeer(
        equations,
        setting=Setting(REFERENCE_RTOL, np.full(equations.n, 1e-14 * nmol), "dense"),
        into=VENOUS,
        decay_per_s=DECAY_PER_S,
        labelled=[fraction],
    )
    pools = [p.name for p in description.pools]
    regions = description.regions
    decayed = fraction * np.exp(-DECAY_PER_S * times)[:, None]
    for patient in range(2):
        run = peer.integrate(phases, doses, patient=patient, time_s=times)[:, : len(pools)]
        hot = np.zeros((times.size, len(regions)))
        for i, pool in enumerate(description.pools):
            hot[:, regions.index(pool.region)] += run[:, i]
        ours = decayed * solution.amount_nmol[patient, :, 0]
        assert np.max(np.abs(ours - hot) / hot.max(axis=0)) < PROMISED
