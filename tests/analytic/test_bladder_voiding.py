"""Time integral of a bladder that is emptied at discrete times."""

import math

import numpy as np
import pytest

from ligandose.kinetics.bladder import (
    RESOLVED_VOIDINGS,
    bladder_integral,
    mean_residence_s,
    voiding_sample_times,
)
from ligandose.kinetics.description import Exchange, ModelDescription, Pool
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.solve import Dose, Phase, solve

HOUR_S = 3600.0
# Where voidings are no longer resolved (after n of them) urine is taken to flow in evenly within
# an interval T, though it falls at a rate k. That misses kT/6 of what still comes, a share
# e^(-nkT): at worst 1/(6 e n), 0.6 % for n = 10. Simpson's rule on eight samples per interval
# adds at most 0.3 % for urine with a half-time of 20 minutes. Together below 1 %.
NOT_RESOLVED = 1.0 / (6.0 * math.e * RESOLVED_VOIDINGS)
TOLERANCE = NOT_RESOLVED + 0.003


def voiding_by_voiding(shares, rates, decay, interval_s):
    """Integrate U(t) - U(last voiding) of U = Σ a (1 - e^(-kt)) exactly, until all has decayed."""
    starts = np.arange(0.0, 60.0 / decay, interval_s)[:, None]
    ends = starts + interval_s
    both = rates + decay
    steady = np.exp(-rates * starts) * (np.exp(-decay * starts) - np.exp(-decay * ends)) / decay
    falling = (np.exp(-both * starts) - np.exp(-both * ends)) / both
    return float(np.sum(shares * (steady - falling)))


@pytest.mark.parametrize("interval_h", [2.0, 3.5, 4.0])
@pytest.mark.parametrize("half_life_h", [1.13, 1.83, 64.8, 158.4, 240.0])
@pytest.mark.parametrize(
    "half_times_h", [[0.33], [1.0], [5.0], [20.0], [48.0], [300.0], [0.4, 10.0, 60.0]]
)
def test_it_follows_urine_voiding_by_voiding(interval_h, half_life_h, half_times_h):
    rates = np.log(2.0) / (np.array(half_times_h) * HOUR_S)
    shares = np.full(rates.size, 1.0 / rates.size)
    decay, interval = np.log(2.0) / (half_life_h * HOUR_S), interval_h * HOUR_S
    times = voiding_sample_times(interval)
    urine = (shares * -np.expm1(-np.outer(times, rates))).sum(axis=-1)
    urine_integral = np.sum(shares * (1.0 / decay - 1.0 / (decay + rates)))
    found = bladder_integral(urine, urine_integral, interval_s=interval, decay_per_s=decay)
    expected = voiding_by_voiding(shares, rates, decay, interval)
    assert found == pytest.approx(expected, rel=TOLERANCE)


def test_it_follows_a_solved_model_with_a_bladder_that_is_emptied():
    """Cumulative urine of a two-compartment patient, on a grid 60 times finer than the samples."""
    body = ModelDescription(
        pools=(Pool("plasma", "blood", "v_p"), Pool("tissue", "muscle", "v_t"), Pool("u", "urine")),
        exchanges=(
            Exchange("plasma", "tissue", ("ps",)),
            Exchange("tissue", "plasma", ("ps",)),
            Exchange("plasma", "u", ("gfr",)),
        ),
        transformations=(),
        sites=(),
    )
    numbers = {"v_p": [3.0, 2.5], "v_t": [12.0, 30.0], "ps": [5e-3, 4e-4], "gfr": [2e-3, 1e-3]}
    decay, interval = np.log(2.0) / (6.6 * 24 * HOUR_S), 3.5 * HOUR_S
    voidings, fine = 700, 480
    end = voidings * interval
    times = np.linspace(0.0, end, voidings * fine + 1)
    solution = solve(
        compile_network(body),
        [Phase(0.0, {k: np.array(v) for k, v in numbers.items()})],
        [Dose(0.0, 100.0, 600.0)],
        into="plasma",
        end_s=end,
        decay_per_s=[decay],
        time_s=times,
    )
    urine = solution.amount_nmol[:, :, 0, 2]
    bladder = urine[:, :-1].reshape(2, voidings, fine)
    bladder = bladder - bladder[:, :, :1]
    # Left-hand sums of an empty start miss half a step of filling: 1 / fine of the content.
    faded = np.exp(-decay * times[:-1]).reshape(voidings, fine)
    expected = np.sum(bladder * faded, axis=(1, 2)) * (times[1] - times[0])
    samples = np.searchsorted(times, voiding_sample_times(interval) - 1.0)
    found = bladder_integral(
        urine[:, samples],
        solution.integral_nmol_s[:, 0, 0, 2],
        interval_s=interval,
        decay_per_s=decay,
    )
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE + 1.0 / fine)


@pytest.mark.parametrize("half_life_h", [1.0, 100.0, 1e4])
def test_even_inflow_is_exact(half_life_h):
    """U = r t: the interval from s on adds r e^(-λs) ∫ e^(-λt) t dt, a geometric series in all."""
    decay, interval, rate = np.log(2.0) / (half_life_h * HOUR_S), 3 * HOUR_S, 0.7
    times = voiding_sample_times(interval)
    found = bladder_integral(
        rate * times, np.array(rate / decay**2), interval_s=interval, decay_per_s=decay
    )
    x = decay * interval
    one_interval = rate * (-np.expm1(-x) - x * np.exp(-x)) / decay**2
    # Simpson's rule misses (λ · step)⁴ / 180 and some of what it integrates: 3e-5 at one hour,
    # nothing for longer half-lives.
    tolerance = 1e-9 + (x / 8) ** 4 / 45
    assert found == pytest.approx(one_interval / -np.expm1(-x), rel=tolerance)


@pytest.mark.parametrize("x", [1e-8, 1e-3, 0.00999, 0.01001, 0.3, 5.0, 60.0])
def test_mean_residence_is_the_mean_stay_of_even_urine(x):
    interval = 1e4
    decay = x / interval
    # ∫₀ᵀ e^(-λt) t dt over ∫₀ᵀ e^(-λt) dt, by Gauss and Legendre on pieces: no cancellation
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(0.0, 1.0, 41)
    u = 0.5 * (edges[:-1, None] + edges[1:, None]) + 0.0125 * nodes
    faded = np.exp(-x * u) * weights
    expected = interval * np.sum(faded * u) / np.sum(faded)
    assert mean_residence_s(interval, decay) == pytest.approx(expected, rel=1e-9)


def test_voiding_twice_as_often_leaves_less_in_the_bladder():
    rate, decay = np.log(2.0) / (5 * HOUR_S), np.log(2.0) / (60 * HOUR_S)
    urine_integral = np.array(1.0 / decay - 1.0 / (decay + rate))
    found = [
        bladder_integral(
            -np.expm1(-rate * voiding_sample_times(interval)),
            urine_integral,
            interval_s=interval,
            decay_per_s=decay,
        )
        for interval in (1 * HOUR_S, 2 * HOUR_S, 4 * HOUR_S)
    ]
    assert found[0] < found[1] < found[2]
