"""The chain solver against closed forms and arbitrary-precision arithmetic."""

import math

import numpy as np
import pytest

from ligandose.nuclides import decay_chain
from ligandose.nuclides.chains import (
    decays_to_infinity,
    topological_order,
    transition_matrices,
)

mpmath = pytest.importorskip("mpmath")

# Each squaring adds a few rounding errors per level of the chain; at most ~100 squarings.
RELATIVE_TOLERANCE = 1e-12


def linear_chain(rates):
    branching = np.zeros((len(rates), len(rates)))
    for child in range(1, len(rates)):
        branching[child, child - 1] = 1.0
    return np.array(rates), branching


def bateman_exact(rates, time):
    """Atoms of the last member of a linear chain from one atom of the first, 400 digits."""
    with mpmath.workdps(400):
        rates = [mpmath.mpf(r) for r in rates]
        # equal rates: split them far below double precision, far above the working precision
        rates = [r * (1 + mpmath.mpf(10) ** -60 * i) for i, r in enumerate(rates)]
        total = mpmath.mpf(0)
        for i, rate in enumerate(rates):
            product = mpmath.mpf(1)
            for j, other in enumerate(rates):
                if i != j:
                    product *= other - rate
            total += mpmath.exp(-rate * mpmath.mpf(time)) / product
        return float(total * mpmath.fprod(rates[:-1]))


@pytest.mark.parametrize(
    "rates",
    [
        [1.0, 2.0, 3.0],
        [1.0, 1.0, 1.0, 1.0],
        [1.0, 1.0 + 1e-13, 1.0 - 1e-13, 1.0],
        [1e-15, 1e5, 3.0, 1e-8, 1e-8],
        [2.3e6, 1e-17, 5.0, 1e-20, 40.0, 1e-5],
        [8e-7, 2.4e-3, 21.0, 2.5e-4, 1.9e5, 5.9e-5, 1.2e-27],
    ],
)
@pytest.mark.parametrize("time", [1e-9, 1e-3, 1.0, 37.0, 1e6, 3e9])
def test_linear_chains_match_400_digit_bateman_sums_in_every_digit_that_counts(rates, time):
    expected = bateman_exact(rates, time)
    atoms, _ = transition_matrices(*linear_chain(rates), np.array([time]))
    assert atoms[0, -1, 0] == pytest.approx(expected, rel=RELATIVE_TOLERANCE, abs=1e-280)


def test_a_daughter_with_the_half_life_of_its_parent_grows_as_lambda_t_exp_minus_lambda_t():
    time = np.geomspace(1e-8, 50.0, 40)
    atoms, _ = transition_matrices(*linear_chain([0.7, 0.7, 0.0]), time)
    expected = 0.7 * time * np.exp(-0.7 * time)
    np.testing.assert_allclose(atoms[:, 1, 0], expected, rtol=RELATIVE_TOLERANCE)


def test_time_integrals_match_the_closed_form_of_two_members():
    first, second, time = 0.3, 4.0, np.array([1e-6, 0.1, 2.0, 80.0])
    _, seconds = transition_matrices(*linear_chain([first, second]), time)
    with mpmath.workdps(60):
        expected = [
            float(
                first
                / (mpmath.mpf(second) - first)
                * (
                    (1 - mpmath.exp(-mpmath.mpf(first) * t)) / first
                    - (1 - mpmath.exp(-mpmath.mpf(second) * t)) / second
                )
            )
            for t in time
        ]
    np.testing.assert_allclose(seconds[:, 1, 0], expected, rtol=RELATIVE_TOLERANCE)


def test_branches_that_meet_again_add_up():
    rates = np.array([1.0, 5.0, 7.0, 0.0])
    branching = np.zeros((4, 4))
    branching[1, 0], branching[2, 0], branching[3, 1], branching[3, 2] = 0.25, 0.75, 1.0, 1.0
    atoms, _ = transition_matrices(rates, branching, np.array([0.4]))
    by_paths = 0.25 * bateman_exact([1.0, 5.0, 1e-300], 0.4) + 0.75 * bateman_exact(
        [1.0, 7.0, 1e-300], 0.4
    )
    assert atoms[0, 3, 0] == pytest.approx(by_paths, rel=1e-12)


def test_decays_in_all_time_are_products_of_branchings():
    branching = np.zeros((4, 4))
    branching[1, 0], branching[2, 0], branching[3, 1], branching[3, 2] = 0.36, 0.64, 1.0, 0.5
    total = decays_to_infinity(branching, np.array([2.0, 0.0, 0.0, 1.0]))
    np.testing.assert_allclose(total, [2.0, 0.72, 1.28, 1.0 + 0.72 + 0.64], rtol=1e-15)


def test_a_long_time_gives_the_decays_of_all_time():
    chain = decay_chain("Pb-212")
    limit = chain.cumulative_yield()
    within = chain.cumulative_yield(60 * 10.64 * 3600.0)
    np.testing.assert_allclose(within, limit, rtol=1e-12)


def test_transient_equilibrium_of_the_mo_tc_generator_follows_the_textbook_form():
    chain = decay_chain("Mo-99")
    time = np.array([3600.0, 86400.0, 5 * 86400.0])
    parent, daughter = chain.index("Mo-99"), chain.index("Tc-99m")
    slow, fast = chain.decay_constant_per_s[[parent, daughter]]
    fraction = chain.branching[daughter, parent]
    expected = fraction * fast / (fast - slow) * (np.exp(-slow * time) - np.exp(-fast * time))
    activity = chain.activities(1.0, time)
    np.testing.assert_allclose(activity[daughter], expected, rtol=1e-12)


def test_shapes_follow_the_times():
    chain = decay_chain("Ac-225")
    members = len(chain.members)
    assert chain.activities(1.0, 10.0).shape == (members,)
    assert chain.activities(1.0, [0.0, 10.0]).shape == (members, 2)
    assert chain.decays(1.0, np.ones((2, 3))).shape == (members, 2, 3)
    assert chain.decays(1.0, math.inf).shape == (members,)


def test_parents_stand_before_progeny_and_a_cycle_is_refused():
    assert topological_order({"c": {"a", "b"}, "b": {"a"}, "a": set()}) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="cycle"):
        topological_order({"a": {"b"}, "b": {"a"}})
