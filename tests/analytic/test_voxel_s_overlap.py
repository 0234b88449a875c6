"""From point kernels to voxels: closed forms and exact identities."""

import numpy as np
import pytest

from ligandose.transport._voxel_overlap import spread_shells
from ligandose.transport.kernels import EDGES


def shell(radius_cm, width=1e-4):
    """All energy in one thin shell."""
    edges = np.array([0.0, radius_cm * (1 - width), radius_cm * (1 + width)])
    return edges, np.array([[0.0], [1.0]])


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_shell_inside_a_cube_stays_as_the_mean_of_the_triangles_says(part):
    # mean of (1 - x)(1 - y)(1 - z) over a sphere of radius r < 1:
    # 1 - 3 r/2 + 2 r²/pi - r³/(4 pi)
    found = spread_shells(*shell(0.3 * part), np.full(3, 0.3), np.array([2, 2, 2]))[..., 0]
    r = part
    own = 1 - 1.5 * r + 2 * r**2 / np.pi - r**3 / (4 * np.pi)
    # 1e-3 of the energy: 1024 directions, evenly spread
    assert found[0, 0, 0] == pytest.approx(own, abs=1e-3)
    assert found.sum() == pytest.approx(1.0, abs=1e-9)
    # corner: x y z together
    assert found[1, 1, 1] == pytest.approx(r**3 / (4 * np.pi), abs=1e-3)


def test_energy_at_the_source_stays_in_the_source_voxel():
    found = spread_shells(np.array([0.0, 1e-9]), np.ones((1, 1)), np.full(3, 0.3), np.full(3, 2))
    assert found[0, 0, 0, 0] == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("sides", [(0.2, 0.2, 0.2), (0.1, 0.2, 0.4)])
def test_eight_voxels_make_one_of_twice_the_side(sides):
    # a source in one of the eight sees each other one exactly once
    r = 0.5 * (EDGES[1:] + EDGES[:-1])
    kernel = (np.exp(-r / 0.1) * np.diff(EDGES))[:, None]
    kernel /= kernel.sum()
    sides = np.array(sides)
    small = spread_shells(EDGES, kernel, sides, np.array([40, 20, 20]))[..., 0]
    large = spread_shells(EDGES, kernel, 2 * sides, np.array([20, 10, 10]))[..., 0]
    images = np.ones((2, 2, 2))
    for axis in range(3):
        images = images * np.moveaxis(np.array([1.0, 2.0])[:, None, None], 0, axis)
    eight = (small[:2, :2, :2] / images).sum()
    # 5e-4: evenly spread directions
    assert eight == pytest.approx(large[0, 0, 0], abs=5e-4)


def test_axes_may_be_exchanged():
    r = 0.5 * (EDGES[1:] + EDGES[:-1])
    kernel = (np.exp(-r / 0.1) * np.diff(EDGES))[:, None]
    one = spread_shells(EDGES, kernel, np.array([0.1, 0.2, 0.3]), np.array([5, 4, 3]))[..., 0]
    other = spread_shells(EDGES, kernel, np.array([0.3, 0.2, 0.1]), np.array([3, 4, 5]))[..., 0]
    assert one == pytest.approx(other.transpose(2, 1, 0), abs=1e-3 * one.max())
