"""Random numbers of the engine: uniform, independent, and directions that stay directions."""

import math

import numpy as np
import pytest
from numba import njit

from ligandose.transport._random import GAMMA, isotropic, start_stream, turned, uniform

MASK = 2**64 - 1


@njit
def numbers(seed, first, histories, each):
    """(histories, each) numbers that open the streams of neighbouring histories."""
    out, rng = np.empty((histories, each)), np.empty(1, np.uint64)
    for h in range(histories):
        start_stream(rng, seed, first + h)
        for i in range(each):
            out[h, i] = uniform(rng)
    return out


@njit
def from_state(state):
    rng = np.empty(1, np.uint64)
    rng[0] = state
    return uniform(rng)


@njit
def directions(seed, count):
    out, rng = np.empty((count, 3)), np.empty(1, np.uint64)
    start_stream(rng, seed, 0)
    for i in range(count):
        out[i] = isotropic(rng)
    return out


@njit
def turns(seed, start, cos, count):
    """Directions (count, 3), each the previous one turned by acos(cos)."""
    out, rng = np.empty((count, 3)), np.empty(1, np.uint64)
    start_stream(rng, seed, 0)
    u, v, w = start
    for i in range(count):
        u, v, w = turned(u, v, w, cos, rng)
        out[i] = u, v, w
    return out


@njit
def turns_from_one(seed, start, cos, count):
    out, rng = np.empty((count, 3)), np.empty(1, np.uint64)
    start_stream(rng, seed, 0)
    for i in range(count):
        out[i] = turned(start[0], start[1], start[2], cos, rng)
    return out


def chi_square_excess(counts):
    """Chi-square against equal counts, in standard deviations above its mean."""
    expected = counts.sum() / counts.size
    free = counts.size - 1
    return (((counts - expected) ** 2).sum() / expected - free) / math.sqrt(2 * free)


def test_the_numbers_are_splitmix64_s():
    # first outputs of SplitMix64 from state 1234567, as published with its reference code
    published = (
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    )
    for n, output in enumerate(published):
        state = np.uint64((1234567 + n * int(GAMMA)) & MASK)
        assert from_state(state) == ((output >> 11) | 1) * 2.0**-53


def test_the_ends_of_the_interval_are_never_reached():
    # the states whose hash is all zeros or all ones, found by undoing the hash step by step
    assert 0.0 < from_state(state_of(0)) < 1e-15
    assert 1.0 - 1e-15 < from_state(state_of(MASK)) < 1.0


def state_of(output):
    z = unshifted(output, 31)
    z = unshifted(z * pow(0x94D049BB133111EB, -1, 2**64) & MASK, 27)
    z = unshifted(z * pow(0xBF58476D1CE4E5B9, -1, 2**64) & MASK, 30)
    return np.uint64((z - int(GAMMA)) & MASK)


def unshifted(z, bits):
    out = z
    for _ in range(64 // bits + 1):
        out = z ^ (out >> bits)
    return out


def test_numbers_fill_the_unit_interval_evenly():
    sample = numbers(7, 0, 20_000, 50)
    counts = np.histogram(sample, bins=1000, range=(0, 1))[0]
    assert abs(chi_square_excess(counts)) < 4
    assert sample.mean() == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / sample.size))


@pytest.mark.parametrize("along", ["history", "seed", "stream"])
def test_neighbours_are_independent(along):
    n = 200_000
    if along == "history":
        sample = numbers(1, 0, n + 1, 1)[:, 0]
        first, second = sample[:-1], sample[1:]
    elif along == "seed":
        first, second = numbers(1, 0, n, 1)[:, 0], numbers(2, 0, n, 1)[:, 0]
    else:
        first, second = numbers(3, 10**12, n, 2).T
    correlation = np.corrcoef(first, second)[0, 1]
    assert abs(correlation) < 4 / math.sqrt(n)
    pairs = np.histogram2d(first, second, bins=32, range=((0, 1), (0, 1)))[0]
    assert abs(chi_square_excess(pairs.ravel())) < 4


def test_a_history_s_stream_depends_on_seed_and_number_alone():
    whole = numbers(5, 0, 100, 8)
    assert np.array_equal(whole[40:60], numbers(5, 40, 20, 8))
    assert not np.any(whole == numbers(6, 0, 100, 8))


def test_isotropic_directions_favour_no_axis():
    d = directions(11, 400_000)
    assert np.abs((d**2).sum(axis=1) - 1).max() < 1e-12
    # standard deviations of u and u2 of an isotropic direction: 1/sqrt(3), 2/sqrt(45)
    assert np.abs(d.mean(axis=0)).max() < 4 / math.sqrt(3 * len(d))
    assert np.abs((d**2).mean(axis=0) - 1 / 3).max() < 4 * 2 / math.sqrt(45 * len(d))


POLES = [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1e-7, 0.0, -1.0)]
TILTED = (0.48, -0.6, 0.64)


@pytest.mark.parametrize("start", [*POLES, TILTED])
@pytest.mark.parametrize("cos", [-1.0, -0.3, 0.9, 1.0])
def test_a_turn_is_by_its_angle_at_an_even_azimuth(start, cos):
    n = 50_000
    found = turns_from_one(3, start, cos, n)
    # near a pole the axis stands for the direction, which is off by less than 1e-6
    assert np.abs(found @ np.array(start) - cos).max() < 3e-7
    sideways = np.sqrt(max(0.0, 1 - cos**2))
    off = found - cos * np.array(start)
    # mean of the sideways part vanishes; each component has a standard deviation of at most
    # sideways / sqrt(2)
    assert np.abs(off.mean(axis=0)).max() < 4 * sideways / math.sqrt(2 * n) + 1e-6


def test_thousands_of_turns_keep_unit_length():
    for cos in (0.999, 0.1, -0.7):
        assert np.abs((turns(2, TILTED, cos, 20_000) ** 2).sum(axis=1) - 1).max() < 1e-9
