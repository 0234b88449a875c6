"""The net from which histories begin: Sobol's points, evenly spread in every block of histories."""

import math

import numpy as np
import pytest
from numba import njit
from scipy.stats import qmc

from ligandose.transport._nets import BLOCK, BLOCK_BITS, VOXEL, even, net_key, sobol_net

AXES = VOXEL + 1


@njit
def points(seed, first, count):
    out = np.empty((count, AXES))
    for h in range(count):
        key = net_key(seed, first + h)
        for axis in range(AXES):
            out[h, axis] = even(key, first + h, axis)
    return out


def test_the_net_is_the_start_of_sobol_s_sequence():
    # scipy numbers the same points along a Gray code
    published = qmc.Sobol(AXES, scramble=False).random_base2(BLOCK_BITS) * BLOCK
    number = np.arange(BLOCK)
    assert np.array_equal(sobol_net().T[number ^ (number >> 1)], published)


def test_a_block_has_one_point_in_each_part_of_each_axis():
    for first in (0, 7 * BLOCK):
        found = points(3, first, BLOCK)
        assert np.all((found > 0) & (found < 1))
        parts = np.sort((found * BLOCK).astype(int), axis=0)
        assert np.array_equal(parts, np.repeat(np.arange(BLOCK)[:, None], AXES, axis=1))


def test_one_point_of_many_blocks_is_uniform_and_its_axes_are_independent():
    # history 5 of 4000 blocks: what makes means unbiased and blocks independent
    sample = np.array([points(11, 5 + BLOCK * b, 1)[0] for b in range(4000)])
    n = len(sample)
    assert np.abs(sample.mean(axis=0) - 0.5).max() < 4 * math.sqrt(1 / 12 / n)
    assert np.abs((sample**2).mean(axis=0) - 1 / 3).max() < 4 * math.sqrt(4 / 45 / n)
    between = np.corrcoef(np.concatenate([sample[:-1], sample[1:]], axis=1).T)
    assert np.abs(between - np.eye(2 * AXES)).max() < 4.5 / math.sqrt(n)


def test_points_depend_on_seed_and_history_alone():
    whole = points(5, 0, 600)
    assert np.array_equal(whole[300:400], points(5, 300, 100))
    assert not np.any(whole == points(6, 0, 600))


@pytest.mark.parametrize("axis", range(AXES))
def test_the_mean_over_a_block_is_known_far_better_than_by_chance(axis):
    means = points(2, 0, 200 * BLOCK)[:, axis].reshape(200, BLOCK).mean(axis=1)
    assert abs(means.mean() - 0.5) < 1e-3
    assert means.std() < 0.02 * math.sqrt(1 / 12 / BLOCK) * 5
