"""The exported SBML, loaded and run by libroadrunner, gives what the package computes."""

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.hosts import draw_values, host
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.parameters import describe, kinetic_parameters
from ligandose.kinetics.sbml import LABELLED, UNLABELLED, export_sbml
from ligandose.kinetics.solve import Dose, Phase, solve
from ligandose.kinetics.whole_body import VENOUS

roadrunner = pytest.importorskip(
    "roadrunner", reason="libroadrunner (group oracle) is not installed"
)
pytestmark = pytest.mark.oracle

# Both programs run at relative tolerances near 1e-9, where each is good to about 1e-8 of a
# region's maximum; 1e-7 leaves room for ten times that.
AGREEMENT = 1e-7
DECAY_PER_S = np.log(2.0) / (6.6 * 86400.0)
PATIENT = 1
DAY_S = 86400.0
# None of them on a jump, where "before" and "after" are matters of convention.
TIMES_S = np.array([100.0, 900.0, 5000.0, 7300.0, 8000.0, 1e4, DAY_S, 1.1 * DAY_S, 7 * DAY_S])


@pytest.fixture(scope="module")
def course():
    it = agent("177Lu-DOTATATE")
    person = host(it.host, disease=it.disease)
    host_values = draw_values(person.findings, patients=2, seed=4)
    vector_values = draw_values(it.findings, patients=2, seed=4)
    parameters = kinetic_parameters(person, host_values, vector_values)
    slower = {**parameters, "vector.megalin.k_on": 0.3 * parameters["vector.megalin.k_on"]}
    nmol = it.typical["amount_nmol"]
    doses = [Dose(0.0, nmol), Dose(600.0, nmol, 1800.0), Dose(7200.0, 0.5 * nmol)]
    return describe(it, person), [Phase(0.0, slower), Phase(4500.0, parameters)], doses


def run(model, description, groups):
    """Return (times, groups, regions) amounts."""
    runner = roadrunner.RoadRunner(model.text)
    runner.integrator.setValue("relative_tolerance", 1e-10)
    runner.integrator.setValue("absolute_tolerance", 1e-12)
    runner.integrator.setValue("maximum_num_steps", 1_000_000)
    columns = [model.species[p.name, g] for g in groups for p in description.pools]
    runner.timeCourseSelections = ["time", *columns]
    table = np.asarray(runner.simulate(times=[0.0, *TIMES_S]))[1:, 1:]
    pools = table.reshape(TIMES_S.size, len(groups), len(description.pools))
    amounts = np.zeros((TIMES_S.size, len(groups), len(description.regions)))
    for i, pool in enumerate(description.pools):
        amounts[:, :, description.regions.index(pool.region)] += pools[:, :, i]
    return amounts


def solved(description, phases, doses, tags=1):
    network = compile_network(description, tags=tags)
    solution = solve(
        network, phases, doses, into=VENOUS, end_s=TIMES_S[-1], time_s=TIMES_S, rtol=1e-9
    )
    return solution.amount_nmol[PATIENT]


def assert_alike(values, expected):
    assert np.max(np.abs(values - expected) / expected.max(axis=0)) < AGREEMENT


def test_libsbml_finds_no_fault_in_either_form(course):
    description, phases, doses = course
    for hot_and_cold in (False, True):
        model = export_sbml(
            description,
            phases,
            doses,
            into=VENOUS,
            hot_and_cold=hot_and_cold,
            decay_per_s=DECAY_PER_S,
            labelled_fraction=[0.1] * 3,
        )
        assert roadrunner.validateSBML(model.text).strip() == ""


def test_reduced_form_with_boluses_infusion_and_phases_reproduces_the_solution(course):
    description, phases, doses = course
    model = export_sbml(description, phases, doses, into=VENOUS, patient=PATIENT)
    assert_alike(run(model, description, [""]), solved(description, phases, doses))


def test_tags_are_species_that_compete(course):
    description, phases, doses = course
    tagged = [Dose(d.time_s, d.amount_nmol, d.duration_s, tag=k % 2) for k, d in enumerate(doses)]
    model = export_sbml(description, phases, tagged, into=VENOUS, patient=PATIENT)
    expected = solved(description, phases, tagged, tags=2)
    assert_alike(run(model, description, ["0", "1"]), expected)


def test_hot_and_cold_form_reproduces_total_and_labelled_ligand(course):
    """One labelled fraction, referred to one time: hot = f₀ e^(-λt) · total (science of tags)."""
    description, phases, doses = course
    fraction = 0.4
    at_start = [fraction * np.exp(-DECAY_PER_S * d.time_s) for d in doses]
    model = export_sbml(
        description,
        phases,
        doses,
        into=VENOUS,
        patient=PATIENT,
        hot_and_cold=True,
        decay_per_s=DECAY_PER_S,
        labelled_fraction=at_start,
    )
    amounts = run(model, description, [LABELLED, UNLABELLED])
    total = solved(description, phases, doses)
    assert_alike(amounts.sum(axis=1, keepdims=True), total)
    labelled = fraction * np.exp(-DECAY_PER_S * TIMES_S)[:, None] * total[:, 0]
    assert_alike(amounts[:, 0], labelled)
