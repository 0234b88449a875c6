"""Tissue geometry against closed forms: packing, distances, fractions, conversions, moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from ligandose.hosts import (
    Capillaries,
    CellKind,
    TissueSpec,
    cells_from_table,
    clone_of,
    density_nmol_L,
    draw_expression,
    micrometastasis,
    sheet,
    sites_per_cell,
    spheroid,
    tumour_tissue,
)
from ligandose.hosts import _tissue_lattice as lattice
from ligandose.hosts import _tissue_vessels as vessels

TUMOUR = CellKind("tumour cell", "tumour_cell", 7.0, 5.0)
KROGH = TissueSpec(
    side_um=400.0, tumour_radius_um=7.0, tumour_nucleus_radius_um=5.0, tumour_fraction=0.45,
    stroma_fraction=0.0, immune_cells_per_mm3=0.0, vessels="krogh", vessel_radius_um=8.0,
    vessel_spacing_um=140.0, nests="mixed", necrosis_beyond_um=60.0,
)  # fmt: skip


def nearest_images(a: np.ndarray, b: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(n, m) distances between nearest images, by brute force."""
    off = a[:, None] - b[None]
    off -= box * np.round(off / box)
    return np.sqrt((off**2).sum(axis=2))


def test_the_lattice_has_twelve_neighbours_and_the_highest_packing() -> None:
    box = np.array([5, 6, 7]) * 10.0 * math.sqrt(2.0)
    sites = lattice.periodic_sites(box, 10.0, np.array([0.1, 0.2, 0.3]))
    distance = nearest_images(sites, sites, box) + np.diag(np.full(len(sites), np.inf))
    assert distance.min() == pytest.approx(10.0, rel=1e-12)
    assert ((distance < 10.0 + 1e-6).sum(axis=1) == 12).all()
    fraction = len(sites) * 4 / 3 * math.pi * 5.0**3 / box.prod()
    assert fraction == pytest.approx(math.pi / math.sqrt(18.0), rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 8])
def test_clusters_touch_at_their_limiting_ratio_and_stay_within_the_site(count: int) -> None:
    ratio = max(r for r in np.linspace(0.3, 1.0, 70001) if lattice.most_per_site(r, 1.0) >= count)
    middle = lattice.cluster(count, ratio, 1.0)
    assert (np.sqrt((middle**2).sum(axis=1)) + ratio <= 1.0 + 1e-12).all()
    if count > 1:
        gap = np.sqrt(((middle[:, None] - middle) ** 2).sum(axis=2))[np.triu_indices(count, 1)]
        assert (gap / (2.0 * ratio) >= 1.0 - 1e-12).all()
        # The ratio is known to the step of the search, 1e-5.
        assert gap.min() / (2.0 * ratio) == pytest.approx(1.0, abs=1e-4)


def test_nineteen_cells_are_one_with_twelve_and_six_around_it() -> None:
    ball = spheroid(TUMOUR, n_cells=19, packing_fraction=lattice.FCC_FRACTION, sweeps=0)
    off = ball.centre_um - 0.5 * ball.box_um
    reach = np.sort(np.sqrt((off**2).sum(axis=1)))
    expected = np.repeat([0.0, 14.0, 14.0 * math.sqrt(2.0)], [1, 12, 6])
    assert reach == pytest.approx(expected, abs=1e-9)
    assert ball.outline_um == pytest.approx(14.0 * math.sqrt(2.0) + 7.0)


def test_the_inside_of_a_spheroid_has_the_packing_that_was_asked() -> None:
    ball = micrometastasis(250.0, TUMOUR, packing_fraction=0.55, seed=3)
    depth = ball.distance_to_um("surface")
    inner = 150.0
    cells = (depth > 250.0 - inner).sum()
    found = cells * TUMOUR.volume_um3 / (4 / 3 * math.pi * inner**3)
    # Counting whole cells by their middle in a ball of 5000 is uncertain by less than 1 %.
    assert found == pytest.approx(0.55, rel=0.02)
    assert (depth >= 7.0 - 1e-9).all()
    assert sum(ball.volume_fractions.values()) == pytest.approx(1.0)


def test_a_necrotic_core_is_a_ball_of_its_radius() -> None:
    ball = micrometastasis(150.0, TUMOUR, packing_fraction=0.55, necrotic_core_um=80.0)
    assert (ball.necrotic == (ball.distance_to_um("surface") > 70.0)).all()
    assert 0 < ball.necrotic.sum() < ball.n_cells


def test_a_sheet_of_touching_cells_is_close_packed() -> None:
    block = sheet(TUMOUR, n_x=9, n_y=8, layers=6)
    nearest = block.distance_to_um("tumour_cell")
    assert nearest == pytest.approx(np.full(block.n_cells, 14.0), abs=1e-9)
    assert block.first_overlap() is None
    # Height is six layers and half a layer gap more on both sides: 2 r + 5 r √(8/3).
    height = 14.0 + 5 * 14.0 * math.sqrt(2.0 / 3.0)
    area = 14.0**2 * math.sqrt(3.0) / 2.0
    expected = 6 * TUMOUR.volume_um3 / (area * height)
    assert block.volume_fractions["tumour_cell"] == pytest.approx(expected)


def test_krogh_array_has_the_area_fraction_and_the_farthest_point_of_a_hexagonal_lattice() -> None:
    block = tumour_tissue(KROGH, seed=2)
    expected = math.pi * 8.0**2 / (140.0**2 * math.sqrt(3.0) / 2.0)
    assert block.volume_fractions["vessel"] == pytest.approx(expected, rel=1e-12)
    assert block.volume_fractions["tumour_cell"] == pytest.approx(0.45, abs=0.5 / block.n_cells)
    points = np.random.default_rng(1).random((20000, 3)) * block.box_um
    assert block.capillaries is not None
    wall = vessels.wall_distance_um(points, block.capillaries, block.box_um)
    farthest = 140.0 / math.sqrt(3.0) - 8.0
    assert wall.max() <= farthest + 1e-9
    # 20 000 points come within a few µm of the six corners of the Voronoi cells.
    assert wall.max() > farthest - 3.0
    plane = nearest_images(
        points[:, :2], block.capillaries.middle_um[:, :2], block.box_um[:2]
    ).min(axis=1) - 8.0  # fmt: skip
    assert wall == pytest.approx(plane, abs=1e-9)
    assert (block.necrotic == (block.distance_to_vessel_um > 60.0)).all()


def test_distance_to_random_capillaries_agrees_with_brute_force() -> None:
    box = np.array([120.0, 150.0, 135.0])
    rng = np.random.default_rng(4)
    forest = vessels.random_forest(box, 300.0, 5.0, rng=rng)
    points = rng.random((200, 3)) * box
    fine = forest.pieces(0.02, box)[:, :3]
    brute = np.array([nearest_images(p[None], fine, box).min() for p in points]) - 5.0
    found = vessels.wall_distance_um(points, forest, box)
    # Samples 0.02 µm apart overstate by up to 0.01 µm at an end; the search, where two capillaries
    # are as near, by up to 2²/8d (d from the axis, at most 2/2 on it).
    assert (found - brute >= -0.011).all()
    assert (found - brute <= np.minimum(1.0, 0.5 / np.maximum(brute + 5.0, 0.1))).all()
    assert np.median(np.abs(found - brute)) < 1e-4
    length = forest.length_um.sum()
    assert length / box.prod() == pytest.approx(300.0e-6)
    assert forest.volume_um3 == pytest.approx(
        math.pi * 25.0 * length + len(forest.length_um) * 4 / 3 * math.pi * 125.0
    )


def test_directions_of_a_random_forest_are_isotropic() -> None:
    box = np.full(3, 900.0)
    forest = vessels.random_forest(box, 60.0, 2.0, rng=np.random.default_rng(5), segment_um=60.0)
    second = (forest.direction**2).mean(axis=0)
    # Standard error of a mean of cos² over n directions is √(4/45 / n).
    error = math.sqrt(4.0 / 45.0 / len(forest.direction))
    assert np.abs(second - 1.0 / 3.0).max() < 4.0 * error


def test_segments_are_as_far_apart_as_a_minimiser_finds() -> None:
    rng = np.random.default_rng(6)
    for _ in range(30):
        w = rng.normal(size=3)
        u, v = (x / np.linalg.norm(x) for x in rng.normal(size=(2, 3)))
        found = minimize(
            lambda s, w=w, u=u, v=v: ((w + s[0] * u - s[1] * v) ** 2).sum(),
            (0.0, 0.0), bounds=[(-0.7, 0.7)] * 2, tol=1e-14,
        )  # fmt: skip
        assert vessels._segments_apart(w, u, v, 0.7) == pytest.approx(
            math.sqrt(found.fun), abs=1e-5
        )


def test_wall_points_lie_on_the_walls_with_equal_area_each() -> None:
    block = tumour_tissue(KROGH, seed=2)
    assert block.capillaries is not None
    wall = vessels.wall_distance_um(block.vessel_wall_um, block.capillaries, block.box_um)
    assert wall == pytest.approx(np.zeros(len(wall)), abs=1e-9)
    owner = nearest_images(
        block.vessel_wall_um[:, :2], block.capillaries.middle_um[:, :2], block.box_um[:2]
    ).argmin(axis=1)
    assert len(set(np.bincount(owner).tolist())) == 1


def test_matrix_points_stand_for_the_volume_of_the_matrix() -> None:
    block = tumour_tissue(KROGH, seed=2)
    cubes = np.maximum(np.round(block.box_um / KROGH.source_spacing_um), 1.0).prod()
    found = len(block.matrix_um) / cubes
    # At most binomial: stratified points scatter less.
    error = math.sqrt(found * (1 - found) / cubes)
    assert found == pytest.approx(block.volume_fractions["matrix"], abs=4 * error)


def test_pieces_of_a_capillary_join_end_to_end() -> None:
    line = Capillaries(
        np.array([[5.0, 5.0, 5.0]]), np.array([[1.0, 0.0, 0.0]]), np.array([8.0]), 1.0, True
    )
    pieces = line.pieces(3.0, np.full(3, 10.0))
    ends = np.stack([pieces[:, 0] - pieces[:, 6], pieces[:, 0] + pieces[:, 6]], axis=1)
    assert ends.ravel()[[0, -1]] == pytest.approx([1.0, 9.0])
    assert ends[1:, 0] == pytest.approx(ends[:-1, 1])


def test_distances_in_a_small_table_are_those_of_the_triangle() -> None:
    cells = cells_from_table(
        {"x_um": [0, 30, 0], "y_um": [0, 0, 40], "z_um": [0, 0, 0],
         "kind": ["tumour_cell", "stroma", "immune_cell"], "radius_um": [7, 6, 3],
         "nucleus_radius_um": [5, 3, 2]}
    )  # fmt: skip
    assert cells.distance_to_um("stroma") == pytest.approx([30.0, np.inf, 50.0])
    assert cells.distance_to_um("immune_cell") == pytest.approx([40.0, 50.0, np.inf])
    near = cells_from_table(
        {"x_um": [1, 119], "y_um": [50, 50], "z_um": [50, 50], "kind": ["stroma"] * 2,
         "radius_um": [0.5, 0.5], "nucleus_radius_um": [0.3, 0.3]}, box_um=(120, 100, 100),
    )  # fmt: skip
    assert near.distance_to_um("stroma") == pytest.approx([2.0, 2.0])


def test_density_is_sites_times_cells_over_avogadro() -> None:
    # 6.02214076e23 sites/mol: 1e5 sites on 6.02214076e14 cells/L are 1e-4 mol/L, 1e5 nmol/L.
    assert density_nmol_L(1e5, 6.02214076e8) == pytest.approx(1e5, rel=1e-12)
    assert sites_per_cell(density_nmol_L(3e4, 1.7e5), 1.7e5) == pytest.approx(3e4, rel=1e-12)


def test_positive_cells_have_the_mean_and_spread_of_a_log_normal() -> None:
    ball = spheroid(TUMOUR, n_cells=40_000, packing_fraction=0.5, sweeps=0)
    drawn = draw_expression(
        ball, compartment="tumour_cell", sites_per_cell_mean=2e5, fraction_positive=0.75, cv=0.6,
        mean_over="positive", seed=8,
    )  # fmt: skip
    positive = drawn[drawn > 0]
    assert len(positive) == 30_000
    assert positive.mean() == pytest.approx(2e5, rel=1e-12)
    assert positive.std() / positive.mean() == pytest.approx(0.6, rel=0.03)  # 30 000 draws
    # Median over mean of a log-normal is 1/√(1 + cv²); its standard error here is 0.4 %.
    assert np.median(positive) / 2e5 == pytest.approx(1 / math.sqrt(1.36), rel=0.015)


def test_clones_have_their_shares_and_patches_their_size() -> None:
    ball = spheroid(TUMOUR, n_cells=30_000, packing_fraction=0.55, sweeps=0)
    for patch, within in ((None, 1.0 / 30_000), (40.0, 0.02)):
        clone = clone_of(ball, shares=(0.3, 0.1), patch_um=patch, seed=2)
        share = np.bincount(clone, minlength=3) / ball.n_cells
        # Mixed clones are met to one cell; patches to about one of them (here 1/600 each).
        assert share == pytest.approx([0.3, 0.1, 0.6], abs=within)
    spacing = lattice.spacing_for(0.55, 7.0)
    pair = cKDTree(ball.centre_um).query_pairs(1.01 * spacing, output_type="ndarray")
    same = (clone[pair[:, 0]] == clone[pair[:, 1]]).mean()
    mixed = clone_of(ball, shares=(0.3, 0.1), patch_um=None, seed=2)
    by_chance = 0.3**2 + 0.1**2 + 0.6**2
    # 180 000 pairs: the standard error is about 0.001.
    assert (mixed[pair[:, 0]] == mixed[pair[:, 1]]).mean() == pytest.approx(by_chance, abs=0.01)
    # Borders of Poisson-Voronoi patches have 2.910 / 40 µm of area per volume, and half of that
    # times its length is the mean number that a line crosses (Møller 1994). A pair is parted with a
    # probability between that (once at most) and 1 - exp of it.
    crossed = 2.910 / 40.0 * spacing / 2.0
    low, high = (1.0 - p * (1.0 - by_chance) for p in (crossed, 1.0 - math.exp(-crossed)))
    assert low - 0.02 < same < high + 0.02
