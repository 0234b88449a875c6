"""Sums over all pairs of cells against naive ones; laws they keep; the same bits on any threads."""

import math

import numpy as np
import pytest

from ligandose.dose import Cell, PairKernel, cell_kernel, cross_s_values, crossfire
from ligandose.dose.crossfire_sum import summing_plan

STEP = 14.0


def electrons(scale_um=200.0, end_um=1500.0, *, first_um=8.0, photon=1e-3):
    """Inverse square, absorbed and with an end like a beta, on a tail like that of photons."""
    r = np.geomspace(first_um, end_um, 240)
    dose = (np.exp(-r / scale_um) * (1 - r / (1.001 * end_um)) ** 2 + photon) / r**2
    return PairKernel(np.append(r, 1.001 * end_um), np.append(dose, 0.0))


def with_edge():
    """An alpha's rise and sudden end at 85 µm on the electrons of its progeny."""
    base = electrons()
    r = base.distance_um
    alpha = np.where(r < 85.0, 60.0 / r**2 * (1 + 2 * np.exp(-(((r - 78) / 8) ** 2))), 0.0)
    return PairKernel(r, base.dose_Gy + alpha)


def lattice(shape, seed=1):
    """Cells on a shaken lattice, nowhere nearer than 9 µm."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.arange(m) for m in shape], indexing="ij")
    places = np.stack(axes, axis=-1).reshape(-1, 3) * STEP
    return places + rng.random(places.shape) * 5.0


def naive(target, source, strength, kernel, rows, *, same, box=None):
    """Sum over all pairs and images, as the formula is written."""
    shifts = [np.zeros(3)]
    if box is not None:
        m = [math.ceil(kernel.range_um / b) for b in box]
        turns = np.meshgrid(*[np.arange(-k, k + 1) for k in m], indexing="ij")
        shifts = list(np.stack(turns, axis=-1).reshape(-1, 3) * box)
    shifts = np.array(shifts)
    sums = []
    for i in rows:
        apart = source[None, :, :] + shifts[:, None, :] - target[i]
        dose = kernel.dose_at_Gy(np.linalg.norm(apart, axis=2))
        if same:
            dose[~shifts.any(axis=1), i] = 0.0
        sums.append(float((dose @ strength).sum()))
    return np.array(sums)


def rows_of(n, count=25):
    return np.random.default_rng(2).choice(n, min(n, count), replace=False)


SETS = {
    "cube": (lattice((20, 20, 20)), electrons()),
    "sheet": (lattice((90, 90, 1)), electrons(60.0, 600.0)),
    "line": (lattice((6000, 1, 1)), electrons()),
    "two clumps": (
        np.concatenate(
            [lattice((16, 16, 16)), lattice((16, 16, 16), 3) + np.array([900.0, 800.0, 700.0])]
        ),
        electrons(),
    ),
    "a cell far away": (
        np.concatenate([lattice((20, 20, 20)), [[1e6, -1e6, 1e6]]]),
        electrons(),
    ),
    "edge": (lattice((20, 20, 20)), with_edge()),
}


@pytest.mark.parametrize("name", SETS)
def test_agrees_with_the_naive_sum(name):
    cells, kernel = SETS[name]
    rng = np.random.default_rng(5)
    # half of the cells without activity, the others far apart in it
    strength = rng.lognormal(0.0, 1.0, len(cells)) * (rng.random(len(cells)) < 0.5)
    got = crossfire(cells, cells, strength, kernel, same=True)
    rows = rows_of(len(cells))
    want = naive(cells, cells, strength, kernel, rows, same=True)
    # promised: a tenth of the tolerance (1e-3) for sums over many; 2e-4 leaves room for unevenness
    assert got[rows] == pytest.approx(want, rel=2e-4)


@pytest.mark.parametrize("nuclide", ["Lu-177", "Ac-225", "In-111"])
def test_agrees_with_the_naive_sum_for_kernels_of_nuclides(nuclide):
    """Conversion lines, alphas and tails of photons as they are, with the tables' own roughness."""
    cell = Cell(7.0, 5.0)
    distance = np.geomspace(14.0, 12_000.0, 400)
    dose = cross_s_values(
        cell_kernel(nuclide), cell, cell, source="cell_surface", distance_um=distance
    )
    kernel = PairKernel(distance, dose.sum(axis=0))
    cells = lattice((22, 22, 22)) * 1.6
    strength = np.random.default_rng(5).lognormal(0.0, 1.0, len(cells))
    got = crossfire(cells, cells, strength, kernel, same=True)
    rows = rows_of(len(cells))
    want = naive(cells, cells, strength, kernel, rows, same=True)
    assert got[rows] == pytest.approx(want, rel=2e-4)


def test_these_sums_do_use_the_grid():
    for name in ("cube", "sheet", "two clumps", "edge"):
        cells, kernel = SETS[name]
        assert summing_plan(cells, cells, kernel).grid is not None, name


def test_a_cutoff_lies_behind_an_edge_of_the_kernel():
    cells, kernel = SETS["edge"]
    assert summing_plan(cells, cells, kernel).lid.cutoff_um > 85.0


def test_every_pair_is_right_not_only_their_sum():
    cells, kernel = SETS["cube"]
    strength = np.zeros(len(cells))
    strength[4321] = 1.0
    got = crossfire(cells, cells, strength, kernel, same=True)
    distance = np.linalg.norm(cells - cells[4321], axis=1)
    others = np.arange(len(cells)) != 4321
    want = kernel.dose_at_Gy(distance[others])
    # the tolerance of one axis is 1e-3 of the larger of K and its own integral over r³ (within 3 of
    # K at these distances); three axes and both ends together stay within twice that
    assert got[others] == pytest.approx(want, rel=6e-3)
    assert np.median(np.abs(got[others] / want - 1.0)) < 1e-3


@pytest.mark.parametrize("times", [1e3, 1e6])
def test_the_dose_to_a_cell_does_not_feel_its_own_activity(times):
    """The far sum holds each cell's dose to itself; what is taken out again must be just that."""
    cells, kernel = SETS["cube"]
    strength = np.random.default_rng(1).random(len(cells))
    plain = crossfire(cells, cells, strength, kernel, same=True)
    strength[4321] *= times
    hot = crossfire(cells, cells, strength, kernel, same=True)
    # rounding of the hot cell's own term, amplified by undoing the splines (up to 2e5)
    assert hot[4321] == pytest.approx(plain[4321], rel=1e-5)


def test_targets_may_be_other_places_than_sources():
    sources, kernel = SETS["cube"]
    targets = lattice((60, 60, 2), 9) + np.array([-300.0, -300.0, -60.0])
    strength = np.random.default_rng(1).random(len(sources))
    got = crossfire(targets, sources, strength, kernel)
    rows = rows_of(len(targets))
    want = naive(targets, sources, strength, kernel, rows, same=False)
    assert got[rows] == pytest.approx(want, rel=2e-4)


@pytest.mark.parametrize("shape", [(12, 10, 15), (3, 3, 3), (1, 1, 1)])
def test_periodic_sum_is_that_over_explicit_images(shape):
    cells, kernel = lattice(shape), electrons(60.0, 300.0)
    box = STEP * np.array(shape)
    strength = 0.5 + np.random.default_rng(1).random(len(cells))
    got = crossfire(cells, cells, strength, kernel, same=True, box_um=box)
    rows = rows_of(len(cells), 3)
    want = naive(cells, cells, strength, kernel, rows, same=True, box=box)
    assert got[rows] == pytest.approx(want, rel=2e-4)


def test_periodic_box_far_smaller_than_the_range_keeps_energy():
    """Mean dose over random points = decays per volume times the integral of the kernel."""
    cells, box = lattice((14, 14, 14)), np.full(3, 14 * STEP)
    table = electrons(2500.0, 11000.0)
    kernel = PairKernel(
        np.append(0.0, table.distance_um), np.append(table.dose_Gy[0], table.dose_Gy)
    )
    points = np.random.default_rng(0).random((50_000, 3)) * box
    dose = crossfire(points, cells, np.ones(len(cells)), kernel, box_um=box)
    want = len(cells) / np.prod(box) * kernel.integral_Gy_um3()
    # doses at the points scatter by 6e-4 of the mean; the mean of 50 000 by 3e-6
    assert dose.mean() == pytest.approx(want, rel=2e-5)


def test_periodic_sum_does_not_depend_on_where_the_box_begins():
    cells, kernel = lattice((12, 12, 12)), electrons()
    box = np.full(3, 12 * STEP)
    strength = np.random.default_rng(1).random(len(cells))
    one = crossfire(cells, cells, strength, kernel, same=True, box_um=box)
    moved = cells + np.array([31.0, -77.0, 1000.0])
    other = crossfire(moved, moved, strength, kernel, same=True, box_um=box)
    assert one == pytest.approx(other, rel=2e-4)


def test_linear_and_many_sets_at_once():
    cells, kernel = SETS["cube"]
    strength = np.random.default_rng(1).random((len(cells), 3))
    strength[:, 2] = 2.0 * strength[:, 0] + 3.0 * strength[:, 1]
    together = crossfire(cells, cells, strength, kernel, same=True)
    alone = crossfire(cells, cells, strength[:, 1], kernel, same=True)
    assert together.shape == strength.shape
    assert alone.shape == (len(cells),)
    # sums of the same terms: rounding alone, amplified by undoing the splines
    combined = 2.0 * together[:, 0] + 3.0 * together[:, 1]
    assert together[:, 2] == pytest.approx(combined, rel=1e-9)
    # one set may be summed on another grid than three
    assert together[:, 1] == pytest.approx(alone, rel=2e-4)


def test_reciprocal():
    """What a gives to b with decays p, q is what b gives to a: q·(K p) = p·(K q)."""
    a, kernel = SETS["cube"]
    b = lattice((20, 20, 4), 7) + np.array([50.0, 90.0, 400.0])
    rng = np.random.default_rng(1)
    p, q = rng.random(len(a)), rng.random(len(b))
    # the same grid both ways, so only rounding is left
    forth, back = crossfire(b, a, p, kernel), crossfire(a, b, q, kernel)
    assert q @ forth == pytest.approx(p @ back, rel=1e-6)


def test_moved_turned_and_renumbered_cells_get_the_same_dose():
    cells, kernel = SETS["cube"]
    rng = np.random.default_rng(1)
    strength = rng.random(len(cells))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(len(cells))
    there = (cells @ turn.T + np.array([1e4, -3e3, 77.0]))[order]
    one = crossfire(cells, cells, strength, kernel, same=True)
    other = crossfire(there, there, strength[order], kernel, same=True)
    assert one[order] == pytest.approx(other, rel=2e-4)


@pytest.mark.parametrize("box", [None, np.full(3, 23 * STEP)])
def test_same_bits_on_one_and_two_threads(box):
    cells, kernel = lattice((23, 23, 23)), electrons()
    strength = np.random.default_rng(1).random((len(cells), 2))
    one, two = (
        crossfire(cells, cells, strength, kernel, same=True, box_um=box, threads=t) for t in (1, 2)
    )
    assert np.array_equal(one, two)


def test_a_kernel_without_range_gives_nothing_and_one_cell_nothing_to_itself():
    cells = lattice((3, 3, 3))
    nothing = PairKernel([10.0, 20.0], [0.0, 0.0])
    assert np.all(crossfire(cells, cells, np.ones(27), nothing, same=True) == 0.0)
    assert np.array_equal(crossfire([[1, 2, 3]], [[1, 2, 3]], [5.0], electrons(), same=True), [0.0])


def test_a_cell_may_lie_on_a_source_if_the_kernel_starts_at_0():
    kernel = PairKernel([0.0, 10.0, 20.0, 40.0], [1e-3, 4e-4, 1e-4, 2.5e-5])
    got = crossfire([[0, 0, 0]], [[0, 0, 0], [20, 0, 0]], [1.0, 1.0], kernel)
    assert got == pytest.approx([1.1e-3], rel=1e-4)


@pytest.mark.parametrize("points", [60, 240])
def test_interpolation_follows_a_kernel_over_decades(points):
    r = np.geomspace(8.0, 1500.0, points)
    kernel = PairKernel(r, np.exp(-r / 100.0) / r**2)
    between = np.geomspace(8.5, 1450.0, 999)
    want = np.exp(-between / 100.0) / between**2
    assert kernel.dose_at_Gy(between) == pytest.approx(want, rel=1e-4 if points > 100 else 3e-3)


def test_dose_never_rises_between_falling_entries():
    kernel = PairKernel([8, 10, 11, 12, 50, 85, 86, 90], [1, 0.9, 0.2, 0.19, 0.1, 0.09, 1e-7, 0])
    dose = kernel.dose_at_Gy(np.linspace(8.0, 95.0, 5000))
    assert np.all(np.diff(dose) <= 0.0)
    assert np.all(dose[-100:] == 0.0)
