"""A vector or a salt that cannot be followed says what is missing, and what would do."""

from dataclasses import replace

import numpy as np
import pytest

from ligandose.agents import agent, vector_findings
from ligandose.course import Regimen, simulate
from ligandose.course.daughters import RETAINED
from ligandose.course.half_lives import biexponential_half_lives_h, of_class
from ligandose.course.study import study_from_mapping
from ligandose.course.validation_vectors import thyroid_factor
from ligandose.errors import DataError, InputError
from ligandose.evidence import Finding, Status
from ligandose.hosts import host
from ligandose.kinetics import daughter_decays
from ligandose.nuclides import decay_chain

ANTIBODY = agent("177Lu-J591")
MCRPC = host("adult-male", disease="mCRPC")


def lacking(it, key):
    return replace(it, findings={k: f for k, f in it.findings.items() if k != key})


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("salvage", ("J591 0.922", "IAB2M 0")),
        ("molecular_weight", ("IgG 150 kDa", "nanobody")),
        ("sieving", ("IgG 0.0011", "nanobody 0.677")),
        ("unbound_plasma", ("J591 1",)),
        ("catabolite_release", ("J591 0.0029 1/h", "tositumomab 0.25 1/h")),
    ],
)
def test_a_protein_without_a_parameter_of_its_class_names_it_and_similar_ones(key, known):
    with pytest.raises(DataError) as caught:
        simulate(lacking(ANTIBODY, key), MCRPC)
    message = str(caught.value)
    assert repr(key) in message
    assert "study file" in message
    for text in known:
        assert text in message
    assert "\n" not in message
    assert len(message) < 700


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
@pytest.mark.parametrize("key", [RETAINED])
def test_a_retained_part_outside_0_to_1_is_refused_in_a_study(key, value):
    with pytest.raises(InputError) as caught:
        study_from_mapping({"agent": {"base": "223Ra-dichloride", key: value}, "patients": 2})
    message = str(caught.value)
    assert key in message
    assert "1" in message


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_a_retained_part_outside_0_to_1_is_refused_by_the_solver(value):
    chain = decay_chain("Ac-225")
    with pytest.raises(InputError, match=r"0 \(all leave\) to 1 \(all stay\)"):
        daughter_decays(
            chain, np.ones((1, 1)), ("liver",), retained=value, elements={}, horizon_s=1e9
        )


def with_part(it, part):
    stays = Finding(it.vector, "", RETAINED, part, "1", 0.0, 1.0, Status.ASSUMED, "assumption", "")
    return replace(it, findings={**it.findings, RETAINED: stays})


def test_a_daughter_without_biokinetics_asks_for_a_choice():
    from ligandose.agents import elements

    chain = decay_chain("Tb-149")
    unknown = next(
        m for m, life in zip(chain.members[1:], chain.half_life_s[1:], strict=True)
        if m.partition("-")[0] not in elements() and np.isfinite(life) and life > 1e4
    )  # fmt: skip
    it = with_part(replace(agent("177Lu-PSMA-617"), nuclide="Tb-149", impurities=()), 0.5)
    with pytest.raises(DataError) as caught:
        simulate(it, MCRPC, Regimen.cycles(1, activity_GBq=0.1, amount_nmol=50.0))
    message = str(caught.value)
    assert unknown.partition("-")[0] in message
    assert "retained_daughters: 1" in message


def test_a_salt_of_an_element_without_a_model_says_which_have_one():
    it = replace(agent("223Ra-dichloride"), nuclide="Ho-166", vector="holmium", name="166Ho")
    with pytest.raises(DataError) as caught:
        simulate(it, MCRPC, Regimen.cycles(1, activity_GBq=0.1, amount_nmol=1.0))
    message = str(caught.value)
    assert "element Ho" in message
    assert "Ra" in message
    assert "Sr" in message


def test_an_affinity_alone_does_not_make_a_protein_bind():
    it = lacking(ANTIBODY, "PSMA.internalisation")
    with pytest.raises(InputError, match=r"PSMA\.internalisation"):
        simulate(it, MCRPC)


def test_a_class_that_is_not_in_the_table_is_refused():
    with pytest.raises(DataError, match="tribody"):
        of_class(ANTIBODY, "tribody")


def test_a_thyroid_uptake_that_nothing_gives_is_refused():
    with pytest.raises(DataError, match="uptake factor"):
        thyroid_factor(agent("131I-iodide"), host("adult-male"), 0.999)


@pytest.mark.parametrize("values", [np.ones(4), np.array([1.0, 0.5, 0.2, 0.0, 0.1])])
def test_a_fit_of_two_exponentials_needs_points_above_zero(values):
    with pytest.raises(InputError, match="above 0"):
        biexponential_half_lives_h(np.arange(1.0, 1.0 + values.size), values)


def test_findings_of_an_unknown_vector_are_none():
    assert vector_findings("no such vector", "Lu-177") == {}
