"""Free elements and daughters: closed forms, conservation, and the chain's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.agents import agent
from ligandose.errors import DataError, InputError
from ligandose.hosts import draw_values, host
from ligandose.kinetics import (
    Exchange,
    FreeElement,
    ModelDescription,
    Pool,
    Transformation,
    daughter_decays,
    element_model,
    element_parameters,
    kinetic_parameters,
    rate_matrix,
    stationary_integrals,
)
from ligandose.nuclides import decay_chain

# Solving by LU keeps the sum to rounding times the condition of the matrix (rates over λ).
ROUNDING = 1e-10
HORIZON_S = 50 * 365.25 * 86400.0


@pytest.fixture(scope="module")
def body():
    person = host("adult-male", disease="mCRPC")
    vector = agent("225Ac-PSMA-617")
    return kinetic_parameters(
        person,
        draw_values(person.findings, patients=3, seed=1),
        draw_values(vector.findings, patients=3, seed=1),
    )


@pytest.fixture(scope="module")
def regions():
    person = host("adult-male", disease="mCRPC")
    return (*person.organs, *person.lesions)


@pytest.fixture(scope="module")
def elements(body, regions):
    chain = decay_chain("Ac-225")
    symbols = dict.fromkeys(m.partition("-")[0] for m in chain.members[1:])
    found = {}
    for symbol in symbols:
        short = symbol in ("Fr", "At", "Rn")
        found[symbol] = FreeElement.of(element_model(symbol, regions, short_lived=short), body, {})
    return found


def test_two_pools_have_the_integrals_of_the_textbook():
    # dN1/dt = -(k12 + λ) N1, dN2/dt = k12 N1 - λ N2 with N1(0) = 1:
    # ∫N1 = 1/(k12 + λ), ∫N2 = k12 / (λ (k12 + λ))
    k, decay = 3e-4, 2e-5
    model = ModelDescription(
        (Pool("a", "a", "v"), Pool("b", "b")),
        (Exchange("a", "b", ("cl",)),),
        (),
        (),
    )
    rates = rate_matrix(model, {"cl": np.array([2 * k]), "v": np.array([2.0])})
    found = stationary_integrals(rates, np.array([[1.0, 0.0]]), decay_per_s=decay)
    expected = [1 / (k + decay), k / (decay * (k + decay))]
    np.testing.assert_allclose(found[0], expected, rtol=1e-13)


@pytest.mark.parametrize("symbol", ["Bi", "Pb", "Ac", "Y", "I", "Ra"])
def test_decays_equal_births_in_every_element_model(symbol, body, regions):
    model = element_model(symbol, regions)
    rates = rate_matrix(model.description, element_parameters(model, body, {}))
    births = np.random.default_rng(1).random((3, len(model.description.pools)))
    for half_life_s in (60.0, 3600.0, 1e6):
        decay = np.log(2.0) / half_life_s
        integral = stationary_integrals(rates, births, decay_per_s=decay)
        assert np.all(integral >= 0.0)
        np.testing.assert_allclose(decay * integral.sum(axis=1), births.sum(axis=1), rtol=ROUNDING)


def test_a_factor_of_zero_keeps_iodide_out_of_the_thyroid(body, regions):
    model = element_model("I", regions)
    births = np.zeros((3, len(model.description.pools)))
    pools = [p.name for p in model.description.pools]
    births[:, pools.index(model.plasma)] = 1.0
    thyroid = [k for k, p in enumerate(model.description.pools) if p.region == "thyroid"]

    def held(factor):
        factors = {"thyroid": np.full(3, factor)}
        rates = rate_matrix(model.description, element_parameters(model, body, factors))
        return stationary_integrals(rates, births, decay_per_s=1e-6)[:, thyroid].sum()

    assert held(0.0) == 0.0
    assert 0.0 < held(0.5) < held(1.0)


def _decays(elements, regions, retained, seed=1):
    chain = decay_chain("Ac-225")
    places = [*regions, "blood", "urine", "small_intestine_contents"]
    parent = np.random.default_rng(seed).random((3, len(places)))
    names, found = daughter_decays(
        chain, parent, places, retained=retained, elements=elements, horizon_s=HORIZON_S
    )
    return chain, parent, names, found


@settings(max_examples=15, deadline=None)
@given(retained=st.floats(0.0, 1.0), seed=st.integers(0, 100))
def test_every_member_decays_as_often_as_the_chain_says(elements, regions, retained, seed):
    chain, parent, _, found = _decays(elements, regions, retained, seed)
    counts = dict(zip(chain.members, chain.cumulative_yield(HORIZON_S), strict=True))
    for member, decays in found.items():
        if counts[member] < 1e-12:  # Bi-209: 2e19 years
            continue
        expected = counts[member] * parent.sum(axis=1)
        # members of 3 h and less decay fully within the horizon: only rounding is left
        np.testing.assert_allclose(decays.sum(axis=1), expected, rtol=1e-8)


def test_decays_are_linear_in_what_stays_so_the_extremes_bracket_all(elements, regions):
    _, _, _, none = _decays(elements, regions, 0.0)
    _, _, _, half = _decays(elements, regions, 0.4)
    _, _, _, whole = _decays(elements, regions, 1.0)
    for member, decays in half.items():
        mixed = 0.6 * none[member] + 0.4 * whole[member]
        np.testing.assert_allclose(decays, mixed, rtol=1e-9, atol=1e-12)


def test_all_retained_needs_no_elements_and_moves_nothing(regions):
    _, parent, names, found = _decays({}, regions, 1.0)
    assert names[: parent.shape[1]] == (*regions, "blood", "urine", "small_intestine_contents")
    np.testing.assert_allclose(found["Fr-221"], parent, rtol=1e-12)


def test_excreted_and_swallowed_daughters_stay_where_they_are(elements, regions):
    _, parent, names, found = _decays(elements, regions, 0.0)
    for place in ("urine", "small_intestine_contents"):
        column = names.index(place)
        at = [*regions, "blood", "urine", "small_intestine_contents"].index(place)
        assert np.all(found["Fr-221"][:, column] >= parent[:, at] * (1 - 1e-12))


def test_a_daughter_set_free_without_biokinetics_is_named(elements, regions):
    few = {symbol: free for symbol, free in elements.items() if symbol != "Bi"}
    with pytest.raises(InputError, match="no biokinetics of Bi"):
        _decays(few, regions, 0.5)


@pytest.mark.parametrize("retained", [-0.1, 1.2, float("nan")])
def test_a_retained_part_that_is_no_part_is_refused(elements, regions, retained):
    with pytest.raises(InputError, match="allowed is 0"):
        _decays(elements, regions, retained)


def test_an_element_without_data_says_what_can_be_done(regions):
    with pytest.raises(DataError, match="retained_daughters: 1"):
        element_model("Og", regions)


def test_a_model_with_sites_is_not_linear():
    from ligandose.kinetics import Site

    model = ModelDescription(
        (Pool("a", "a", "v"), Pool("b", "b")), (), (Transformation("b", "a", ("k",)),),
        (Site("a", "b", ("on",), ("cap",)),),
    )  # fmt: skip
    with pytest.raises(InputError, match="not linear"):
        rate_matrix(model, {})
