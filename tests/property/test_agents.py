"""The catalogue of agents: complete for the model, and honest about what a metal changes."""

import pytest

from ligandose.agents import agent, agents, vector_findings
from ligandose.course import Regimen
from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import Status, sources
from ligandose.hosts import draw_values, host
from ligandose.kinetics import agent_parameters, describe
from ligandose.nuclides import nuclide

each = pytest.mark.parametrize("name", agents())
BINDING = tuple(name for name in agents() if agent(name).binds)
CARRIED = tuple(name for name in agents() if not agent(name).is_salt)
OF_CANCER = tuple(name for name in CARRIED if agent(name).target != "ERBB2")
"""Agents whose target a disease of the catalogue states; a study gives ERBB2 or predicts it."""


def usual_host(it):
    return host(it.host, disease=it.disease or None)


@each
def test_vector_and_host_have_all_that_the_kinetic_model_names(name):
    it = agent(name)
    person = usual_host(it)
    parameters = agent_parameters(
        it,
        person,
        draw_values(person.findings, patients=2, seed=1),
        draw_values(it.findings, patients=2, seed=1),
    )
    assert set(describe(it, person).parameters) <= set(parameters)


@pytest.mark.parametrize("name", BINDING)
def test_every_affinity_comes_with_the_rates_that_follow_it(name):
    it = agent(name)
    for site in it.binds:
        for quantity in ("k_d", "k_on", "internalisation", "recycling"):
            assert f"{site}.{quantity}" in it.findings


@each
def test_an_agent_reaches_its_target(name):
    """It binds it, or its binder does, or a transporter takes it up, or it is a salt."""
    it = agent(name)
    carried = {key.removesuffix(".transport") for key in it.findings if key.endswith(".transport")}
    assert it.is_salt or it.target in {*it.binds, *it.binder_binds, *carried}


@pytest.mark.parametrize("name", OF_CANCER)
def test_the_disease_carries_the_target(name):
    it = agent(name)
    person = usual_host(it)
    assert person.lesions
    for lesion in person.lesions:
        own = {f"{lesion}.{it.target}.{quantity}" for quantity in ("density", "uptake")}
        assert own & person.findings.keys()


@each
def test_the_nuclide_and_every_impurity_decay(name):
    it = agent(name)
    for one in (it.nuclide, *(i.nuclide for i in it.impurities)):
        assert nuclide(one).decay_constant_per_s > 0.0
    assert all(0.0 < i.activity_fraction < 0.01 for i in it.impurities)


@each
def test_typical_use_makes_a_regimen(name):
    it = agent(name)
    regimen = Regimen.typical(it)
    hot = [one for one in regimen.administrations if one.activity_Bq > 0.0]
    assert len(hot) == it.typical["cycles"]
    unlabelled = regimen.administrations[: -len(hot)] if it.typical["cycles"] == 1 else ()
    assert sum(one.amount_nmol for one in unlabelled) == it.typical.get("predose_nmol", 0.0)
    assert regimen.total_activity_Bq == pytest.approx(
        1e9 * it.typical["activity_GBq"] * it.typical["cycles"]
    )


@pytest.mark.parametrize("name", CARRIED)
def test_fractions_are_fractions(name):
    it = agent(name)
    for key in ("unbound_plasma", "sieving"):
        assert 0.0 < it.findings[key].internal <= 1.0


@each
def test_every_finding_has_a_known_source(name):
    it = agent(name)
    assert {f.source for f in it.findings.values()} | {it.source} <= set(sources())


def test_the_complex_with_a_metal_replaces_what_it_changes_and_nothing_else():
    lutetium, gallium = agent("177Lu-DOTATATE"), agent("68Ga-DOTATATE")
    assert gallium.vector == lutetium.vector
    assert gallium.findings["SSTR2.k_d"].subject == "Ga-DOTATATE"
    assert gallium.findings["SSTR2.k_d"].internal < lutetium.findings["SSTR2.k_d"].internal
    changed = {k for k, f in gallium.findings.items() if f.subject == "Ga-DOTATATE"}
    assert changed == {"SSTR2.k_d", "unbound_plasma"}
    assert all(
        gallium.findings[k] == lutetium.findings[k] for k in gallium.findings.keys() - changed
    )


def test_the_same_vector_with_another_nuclide_has_the_same_findings():
    assert agent("225Ac-PSMA-617").findings == agent("177Lu-PSMA-617").findings
    assert vector_findings("PSMA-617", "Tb-161") == agent("177Lu-PSMA-617").findings


def test_an_unknown_vector_has_no_findings():
    assert vector_findings("PSMA-618", "Lu-177") == {}


def test_own_values_replace_the_catalogue_and_say_so():
    changed = agent("177Lu-PSMA-617").with_values({"PSMA.k_d": 0.5})
    new = changed.findings["PSMA.k_d"]
    assert (new.value, new.gsd, new.status, new.source) == (0.5, 1.0, Status.ASSUMED, "study file")
    assert agent("177Lu-PSMA-617").findings["PSMA.k_d"].value != 0.5
    others = changed.findings.keys() - {"PSMA.k_d"}
    assert all(changed.findings[k] == agent("177Lu-PSMA-617").findings[k] for k in others)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PSMA.k_d", 0.0),
        ("PSMA.k_d", -1.0),
        ("PSMA.k_on", -1e-3),
        ("unbound_plasma", 0.0),
        ("unbound_plasma", 1.1),
        ("sieving", 2.0),
        ("PSMA.internalisation", float("inf")),
        ("PSMA.internalisation", float("nan")),
    ],
)
def test_own_values_that_no_molecule_has_are_refused_with_the_key(key, value):
    with pytest.raises(InputError, match=key.replace(".", r"\.")):
        agent("177Lu-PSMA-617").with_values({key: value})


def test_own_values_that_a_molecule_may_have_pass():
    it = agent("177Lu-PSMA-617").with_values(
        {"PSMA.recycling": 0.0, "sieving": 0.0, "unbound_plasma": 1.0, "permeability_factor": 3.0}
    )
    assert it.findings["sieving"].value == 0.0


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match="177Lu-PSMA-617"):
        agent("177Lu-PSMA617")
    with pytest.raises(UnknownNameError, match=r"PSMA\.k_d"):
        agent("177Lu-PSMA-617").with_values({"PSMA.kd": 1.0})
    with pytest.raises(UnknownNameError):
        agent("")
