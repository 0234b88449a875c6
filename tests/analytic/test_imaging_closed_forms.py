"""Contours, grids and decay of images against what can be written down."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from ligandose.imaging import axial_grid, default_curve, onto, region_from_mask
from ligandose.imaging.activity import decay_per_s
from ligandose.imaging.contours import contour_share, polygon_share
from ligandose.imaging.grid import Grid, grid_from_ras, upright
from ligandose.imaging.resample import averaged
from ligandose.imaging.timing import mean_to_start


def ring(centre, radius, points=400):
    angle = np.arange(points) * 2.0 * np.pi / points
    return np.stack(
        [centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)], axis=1
    )


def polygon_area(points):
    x, y = points.T
    return 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def test_a_rectangle_covers_exactly_what_it_covers():
    # edges at whole sub-rows (1/16) and any column: the rule is exact there
    box = np.array([[1.25, 0.5], [3.7, 0.5], [3.7, 2.75], [1.25, 2.75]])
    share = polygon_share([box], 5, 6)
    rows = np.array([0.0, 1.0, 1.0, 0.25, 0.0])
    columns = np.array([0.0, 0.25, 1.0, 1.0, 0.2, 0.0])
    np.testing.assert_allclose(share, np.outer(rows, columns), atol=1e-12)


def test_a_hole_and_an_island_in_it_count_by_the_even_odd_rule():
    outer, hole, island = (ring((20.3, 19.6), r) for r in (15.0, 8.0, 3.0))
    share = polygon_share([outer, hole, island], 40, 41)
    wanted = polygon_area(outer) - polygon_area(hole) + polygon_area(island)
    # rows are exact, sub-rows sampled: the rim of a circle errs by less than 1e-4 of its area
    assert share.sum() == pytest.approx(wanted, rel=1e-4)
    assert share[20, 20] == 1.0
    assert share[20, 26] == 0.0


def test_a_keyhole_is_a_hole():
    outer, hole = ring((10.0, 10.0), 8.0), ring((10.0, 10.0), 4.0)
    keyhole = np.concatenate([outer, outer[:1], hole[::-1], hole[-1:]])
    plain = polygon_share([outer, hole], 20, 20)
    np.testing.assert_allclose(polygon_share([keyhole], 20, 20), plain, atol=1e-9)


@pytest.mark.parametrize("slice_mm", [1.7, 3.0, 5.0])
def test_contours_have_the_volume_of_area_times_thickness_on_any_grid(slice_mm):
    planes = np.arange(10) * 3.0 + 4.0
    outer, hole = ring((1.0, -2.0), 22.0), ring((3.0, -4.0), 9.0)
    contours = [
        np.column_stack([shape, np.full(len(shape), z)]) for z in planes for shape in (outer, hole)
    ]
    grid = axial_grid((40, 40, 40), (slice_mm, 2.2, 1.9), (-38.0, -43.0, -20.0))
    _, share = contour_share(contours, grid, thickness_mm=None, label="shell")
    wanted = (polygon_area(outer) - polygon_area(hole)) * 30.0 * 1e-3
    assert share.sum() * grid.voxel_mL == pytest.approx(wanted, rel=2e-4)


def test_contours_find_their_place_on_turned_axes():
    # slices run to the feet and rows to the right: same region, same place
    planes = np.arange(6) * 4.0
    contours = [np.column_stack([ring((7.0, 3.0), 9.0), np.full(400, z)]) for z in planes]
    affine = np.diag([-2.0, 2.0, -4.0, 1.0])
    affine[:3, 3] = (30.0, -20.0, 30.0)
    grid = Grid((10, 25, 25), affine)
    start, share = contour_share(contours, grid, thickness_mm=None, label="disc")
    index = np.argwhere(share > 0) + np.array(start)
    weights = share[share > 0]
    centre = (grid.points_lps_mm(index) * weights[:, None]).sum(axis=0) / weights.sum()
    np.testing.assert_allclose(centre, [7.0, 3.0, 10.0], atol=1e-3)


def test_regions_keep_their_volume_and_place_from_grid_to_grid():
    fine = axial_grid((30, 40, 50), (2.0, 1.0, 1.1), (-20.0, -30.0, 5.0))
    rng = np.random.default_rng(7)
    mask = np.zeros(fine.shape)
    mask[5:25, 8:30, 10:40] = rng.random((20, 22, 30))
    region = region_from_mask("liver", mask, fine, source="test")
    coarse = axial_grid((20, 20, 20), (4.1, 3.3, 4.7), (-30.0, -40.0, 0.0))
    moved = onto(region, coarse)
    assert moved.volume_mL == pytest.approx(region.volume_mL, rel=1e-6)

    def centre(one):
        index = np.indices(one.share.shape).reshape(3, -1).T + np.array(one.start)
        return np.average(one.grid.points_lps_mm(index), axis=0, weights=one.share.ravel())

    # sharing by overlap moves mass within a coarse voxel, not between: means of both edges agree
    np.testing.assert_allclose(centre(moved), centre(region), atol=0.1)


def test_turned_grids_are_sampled_to_a_percent():
    fine = axial_grid((40, 40, 40), (2.0, 2.0, 2.0), (-40.0, -40.0, -40.0))
    z, y, x = np.indices(fine.shape) * 2.0 - 40.0
    region = region_from_mask("liver", z**2 + y**2 + x**2 < 25.0**2, fine, source="ball")
    turn = np.eye(4)
    turn[:2, :2] = [[math.cos(0.5), -math.sin(0.5)], [math.sin(0.5), math.cos(0.5)]]
    affine = turn @ np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = turn[:3, :3] @ np.array([-48.0, -48.0, -48.0])
    moved = onto(region, Grid((33, 33, 33), affine))
    # 125 samples a voxel, 2400 voxels: the rim's sampling error is far below 1 %
    assert moved.volume_mL == pytest.approx(region.volume_mL, rel=0.01)


def test_averages_keep_the_mass():
    rng = np.random.default_rng(1)
    fine = axial_grid((12, 12, 12), (1.5, 1.0, 1.0), (0.0, 0.0, 0.0))
    values = rng.random(fine.shape)
    coarse = axial_grid((8, 7, 7), (3.3, 2.7, 2.9), (-3.0, -3.0, -3.0))
    means, covered = averaged(values, fine, coarse)
    mass = (means * covered).sum() * coarse.voxel_mL
    assert mass == pytest.approx(values.sum() * fine.voxel_mL, rel=1e-12)


def test_ras_and_lps_differ_by_two_signs():
    grid = axial_grid((2, 3, 4), (5.0, 2.0, 1.0), (10.0, 20.0, 30.0))
    np.testing.assert_array_equal(
        grid.affine_ras_mm, [[-1, 0, 0, -10], [0, -2, 0, -20], [0, 0, 5, 30], [0, 0, 0, 1]]
    )
    assert grid_from_ras(grid.shape, grid.affine_ras_mm).same_as(grid)


def test_upright_slices_keep_every_voxel_in_its_place():
    affine = np.diag([2.0, 2.0, -3.0, 1.0])
    grid = Grid((4, 3, 2), affine)
    values = np.arange(24.0).reshape(grid.shape)
    turned, new = upright(values, grid)
    for index in ((0, 0, 0), (3, 2, 1), (1, 1, 0)):
        point = grid.points_lps_mm(np.array([index]))
        there = tuple(int(v) for v in np.rint(new.indices_zyx(point))[0])
        assert turned[there] == values[index]


def test_the_mean_during_an_acquisition_gives_its_start():
    rate = decay_per_s("F-18")
    times = np.linspace(0.0, 1800.0, 200_001)
    mean = np.trapezoid(np.exp(-rate * times), times) / 1800.0
    assert mean_to_start(rate, 1800.0) == pytest.approx(1.0 / mean, rel=1e-9)
    assert mean_to_start(rate, 0.0) == 1.0


def test_images_decay_by_the_half_life():
    from ligandose.imaging import ActivityImage
    from ligandose.nuclides import nuclide

    start = datetime(2026, 1, 5, 9)
    grid = axial_grid((1, 1, 1), (10.0, 10.0, 10.0), (0.0, 0.0, 0.0))
    image = ActivityImage(
        np.full((1, 1, 1), 8.0, np.float32), grid, "Lu-177", start, None,
        start - timedelta(seconds=nuclide("Lu-177").half_life_s), "", "test",
    )  # fmt: skip
    assert image.total_Bq == pytest.approx(8.0)
    assert image.at_start().total_Bq == pytest.approx(4.0, rel=1e-6)  # float32


def test_the_density_curve_passes_its_points():
    curve = default_curve()
    hu = np.array([-1000.0, -98.0, 14.0, 1600.0, 5000.0], np.float32)
    np.testing.assert_allclose(
        curve.density_g_cm3(hu), [0.00121, 0.93, 1.03, 1.9642, 2.8], rtol=1e-6
    )
