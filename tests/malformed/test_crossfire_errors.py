"""What the sums over cells refuse, and how they say so."""

import numpy as np
import pytest

from ligandose.dose import PairKernel, crossfire
from ligandose.errors import InputError

KERNEL = PairKernel([10.0, 20.0, 40.0], [4e-4, 1e-4, 2.5e-5])
CELLS = np.array([[0.0, 0.0, 0.0], [15.0, 0.0, 0.0], [0.0, 15.0, 0.0]])


@pytest.mark.parametrize(
    ("distance", "dose", "message"),
    [
        ([10, 20, 20], [3, 2, 1], r"distance_um\[2\] is 20; distances start at 0 or above"),
        ([-1, 20, 30], [3, 2, 1], r"distance_um\[0\] is -1"),
        ([10, 20], [1, -1], r"dose_Gy\[1\] is -1 Gy; doses are not negative"),
        ([10, 20], [1, 0], "only the first dose is above 0"),
        ([10], [1], "1 distances and 1 doses"),
        ([10, 20, 30], [1, 2], "3 distances and 2 doses"),
        ([10, np.nan], [1, 2], r"distance_um\[1\] is nan; give finite numbers"),
        ([10, 20], [np.inf, 2], r"dose_Gy\[0\] is inf"),
        ([[10, 20]], [[1, 2]], "has shape"),
        (["a", "b"], [1, 2], "give numbers"),
    ],
)
def test_kernels_that_are_none(distance, dose, message):
    with pytest.raises(InputError, match=message):
        PairKernel(distance, dose)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target_um": CELLS[:, :2]}, r"target_um: has shape \(3, 2\); give one row of x, y, z"),
        ({"source_um": np.zeros((0, 3)), "strength": []}, "one cell or more"),
        ({"source_um": np.where(CELLS == 15, np.nan, CELLS)}, r"source_um\[1, 0\] is nan"),
        ({"strength": [1, 2]}, "2 rows of 1 for 3 sources"),
        ({"strength": [1, -2, 3]}, "source 1 has -2 decays; they are not negative"),
        ({"strength": [1, np.inf, 3]}, r"strength\[1\] is inf"),
        ({"strength": np.zeros((3, 0))}, "3 rows of 0"),
        ({"strength": 1.0}, "strength: has shape"),
        ({"target_um": CELLS + 1.0}, "target_um and source_um differ"),
        ({"box_um": [100.0, 0.0, 100.0]}, "give three edges above 0"),
        ({"box_um": [100.0, 100.0]}, "give three edges above 0"),
        ({"box_um": [100.0, 8.0, 100.0]}, "edge of 8 µm, .* the box must be larger"),
        ({"tolerance": 0.0}, "allowed are 1e-6 to 0.1"),
        ({"threads": 0}, "threads is 0; it is 1 or more"),
        ({"memory_GB": -1.0}, "memory_GB is -1; it is above 0"),
        ({"memory_GB": 1e-7}, "give fewer cells or .* at once, at most 0 targets"),
    ],
)
def test_sums_that_make_no_sense(change, message):
    given = {
        "target_um": CELLS, "source_um": CELLS, "strength": [1.0, 1.0, 1.0], "kernel": KERNEL,
        "same": True,
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        crossfire(**{**given, **change})


def test_cells_that_overlap_are_named():
    cells = np.vstack([CELLS, [15.0, 4.0, 0.0]])
    with pytest.raises(InputError, match=r"target 1 and source 3 are 4 µm apart.*starts at 10 µm"):
        crossfire(cells, cells, np.ones(4), KERNEL, same=True)


def test_cells_that_overlap_across_the_edge_of_a_box_are_named():
    cells = np.array([[1.0, 50.0, 50.0], [97.0, 50.0, 50.0]])
    with pytest.raises(InputError, match="target 0 and source 1 are 4 µm apart"):
        crossfire(cells, cells, np.ones(2), KERNEL, same=True, box_um=[100.0] * 3)


def test_cells_at_one_place_are_named():
    cells = np.vstack([CELLS, CELLS[1:2]])
    with pytest.raises(InputError, match="target 1 and source 3 are at one place"):
        crossfire(cells, cells, np.ones(4), KERNEL, same=True)
    with pytest.raises(InputError, match="target 0 and source 0 are at one place; same=True"):
        crossfire(CELLS, CELLS, np.ones(3), KERNEL)


def test_cells_in_contact_up_to_rounding_are_no_overlap():
    cells = np.array([[0.0, 0.0, 0.0], [10.0 - 1e-7, 0.0, 0.0]])
    assert crossfire(cells, cells, [1.0, 0.0], KERNEL, same=True)[1] == pytest.approx(4e-4)


def test_more_cells_than_memory_are_refused_before_any_sum():
    cells = np.zeros((100_000, 3))  # all at one place: summing would say so
    with pytest.raises(InputError, match=r"need 0\.0\d+ GB and 0.01 GB are there"):
        crossfire(cells, cells, np.ones(100_000), KERNEL, same=True, memory_GB=0.01)
