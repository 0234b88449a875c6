"""Laws that every decay chain obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.nuclides import decay_chain, nuclides
from ligandose.nuclides.chains import transition_matrices

rates = st.lists(st.floats(-18.0, 6.0), min_size=1, max_size=7).map(lambda p: 10.0 ** np.array(p))
times = st.floats(-6.0, 9.0).map(lambda p: 10.0**p)


def branching_matrix(size, seed):
    branching = np.tril(np.random.default_rng(seed).uniform(size=(size, size)), -1)
    sums = branching.sum(axis=0)
    return branching / np.where(sums > 0.0, sums, 1.0)


@settings(max_examples=60, deadline=None)
@given(rates, times, st.integers(0, 99))
def test_atoms_are_conserved_when_the_last_member_is_stable(rate, time, seed):
    rate[-1] = 0.0
    atoms, _ = transition_matrices(rate, branching_matrix(rate.size, seed), np.array([time]))
    # rounding of up to a hundred squarings
    np.testing.assert_allclose(atoms[0].sum(axis=0), 1.0, rtol=1e-12)
    assert np.all(atoms >= 0.0)


@settings(max_examples=60, deadline=None)
@given(rates, times, times, st.integers(0, 99))
def test_two_steps_are_one_step(rate, first, second, seed):
    branching = branching_matrix(rate.size, seed)
    atoms, seconds = transition_matrices(rate, branching, np.array([first, second, first + second]))
    np.testing.assert_allclose(atoms[1] @ atoms[0], atoms[2], rtol=1e-11, atol=1e-290)
    joined = seconds[0] + seconds[1] @ atoms[0]
    np.testing.assert_allclose(joined, seconds[2], rtol=1e-11, atol=1e-290)


@settings(max_examples=60, deadline=None)
@given(rates, times, st.integers(0, 99))
def test_what_is_lost_has_decayed(rate, time, seed):
    """Atoms of the first member = those left + its decays, for each member with its feeding."""
    branching = branching_matrix(rate.size, seed)
    atoms, seconds = transition_matrices(rate, branching, np.array([time]))
    decays = rate[:, None] * seconds[0]
    made = np.eye(rate.size) + branching @ decays
    np.testing.assert_allclose(made, atoms[0] + decays, rtol=1e-11, atol=1e-290)


@pytest.mark.parametrize("name", nuclides())
def test_every_chain_ends_in_stable_nuclides_and_keeps_its_atoms(name):
    chain = decay_chain(name)
    assert np.isinf(chain.half_life_s[-1])
    times = np.geomspace(1e-7, 1e30, 30)
    atoms, _ = transition_matrices(chain.decay_constant_per_s, chain.branching, times)
    kept = atoms[:, :, 0].sum(axis=1)
    # branchings are six-digit numbers, and spontaneous fission (below 1e-7) leaves the chain
    assert np.all(np.abs(kept - 1.0) < 5e-4)


def test_activities_are_linear_in_the_initial_state():
    chain = decay_chain("Ra-223")
    time = np.array([0.0, 60.0, 86400.0])
    both = chain.activities({"Ra-223": 3.0, "Pb-211": 2.0}, time)
    apart = chain.activities({"Ra-223": 3.0}, time) + chain.activities({"Pb-211": 2.0}, time)
    np.testing.assert_allclose(both, apart, rtol=1e-14)


def test_the_unit_of_activity_does_not_matter():
    chain = decay_chain("Th-227")
    np.testing.assert_allclose(chain.decays(1e9, 1e6), 1e9 * chain.decays(1.0, 1e6), rtol=1e-14)
