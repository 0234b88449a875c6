"""What holds for every tissue: nothing overlaps, fractions are met, the seed decides."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.hosts import (
    CellKind,
    Tissue,
    TissueSpec,
    cells_from_table,
    draw_expression,
    spheroid,
    tumour_tissue,
    typical_tissue,
    typical_tissue_rows,
    typical_tissues,
)
from ligandose.hosts import _tissue_vessels as vessels

TUMOUR = CellKind("tumour cell", "tumour_cell", 7.0, 5.0)
FIBROBLAST = CellKind("fibroblast", "stroma", 5.0, 3.0)
CELLS = {
    "tumour_radius_um": 7.0, "tumour_nucleus_radius_um": 5.0, "stroma_radius_um": 6.0,
    "stroma_nucleus_radius_um": 3.5, "immune_radius_um": 3.0, "immune_nucleus_radius_um": 2.3,
}  # fmt: skip
ROUNDING_UM = 1e-6


def least_gap_um(tissue: Tissue) -> float:
    """The least distance between the surfaces of two cells, by brute force over all pairs."""
    least = np.inf
    radius = tissue.radius_um
    for i in range(tissue.n_cells - 1):
        off = tissue.centre_um[i + 1 :] - tissue.centre_um[i]
        if tissue.periodic:
            off -= tissue.box_um * np.round(off / tissue.box_um)
        gap = np.sqrt((off**2).sum(axis=1)) - radius[i + 1 :] - radius[i]
        least = min(least, float(gap.min()))
    return least


def wall_gap_um(tissue: Tissue) -> float:
    """The least distance from a cell's surface to a capillary, by brute force over segments."""
    assert tissue.capillaries is not None
    c, least = tissue.capillaries, np.inf
    images = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for middle, axis, length in zip(c.middle_um, c.direction, c.length_um, strict=True):
        for image in images:
            off = tissue.centre_um - (middle + image * tissue.box_um)
            t = np.clip(off @ axis, -0.5 * length, 0.5 * length)
            gap = np.sqrt(((off - t[:, None] * axis) ** 2).sum(axis=1))
            least = min(least, float((gap - tissue.radius_um).min()) - c.radius_um)
    return least


VESSELS = st.sampled_from(
    [
        {"vessels": "none"},
        {"vessels": "krogh", "vessel_radius_um": 8.0, "vessel_spacing_um": 90.0},
        {"vessels": "parallel", "vessel_radius_um": 6.0, "vessel_length_mm_per_mm3": 90.0},
        {"vessels": "random", "vessel_radius_um": 5.0, "vessel_length_mm_per_mm3": 120.0,
         "vessel_segment_um": 60.0},
    ]
)  # fmt: skip
NESTS = st.sampled_from(
    [
        {"nests": "mixed"},
        {"nests": "spheres", "nest_radius_um": 45.0, "nest_fraction": 0.35, "nest_gap_um": 3.0},
        {"nests": "cylinders", "nest_radius_um": 40.0, "nest_fraction": 0.45},
    ]
)


@settings(max_examples=25, deadline=None)
@given(
    vessel=VESSELS, nest=NESTS, packing=st.floats(0.05, 0.5), stroma=st.floats(0.0, 0.12),
    immune=st.sampled_from([0.0, 20_000.0]), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_no_cell_overlaps_another_or_a_vessel_and_fractions_are_met(
    vessel: dict[str, object], nest: dict[str, object], packing: float, stroma: float,
    immune: float, seed: int,
) -> None:  # fmt: skip
    if vessel["vessels"] == "krogh" and nest["nests"] == "cylinders":
        # The array sets the section, 180 µm by 90 √3 µm: three cylinders fit into it.
        section = 180.0 * 90.0 * np.sqrt(3.0)
        nest = {**nest, "nest_fraction": 3 * np.pi * 40.0**2 / section}
    share = float(nest.get("nest_fraction", 1.0))  # type: ignore[arg-type]
    spec = TissueSpec(
        side_um=180.0, tumour_fraction=packing * share, immune_cells_per_mm3=immune,
        stroma_fraction=stroma * (1.0 - packing), immune_in_nests=0.3, source_spacing_um=20.0,
        **CELLS, **vessel, **nest,  # type: ignore[arg-type]
    )  # fmt: skip
    tissue = tumour_tissue(spec, seed)
    assert least_gap_um(tissue) > -ROUNDING_UM
    if tissue.capillaries is not None:
        assert wall_gap_um(tissue) > -ROUNDING_UM
        gap = tissue.distance_to_vessel_um - tissue.radius_um
        assert gap.min() == pytest.approx(wall_gap_um(tissue), abs=0.06)
    assert (tissue.centre_um >= 0.0).all()
    assert (tissue.centre_um < tissue.box_um).all()
    volume = float(tissue.box_um.prod())
    asked = spec.cell_fractions()
    for kind in tissue.kinds:
        half = 0.5 * kind.volume_um3 / volume
        found = tissue.volume_fractions[kind.compartment]
        assert found == pytest.approx(asked[kind.compartment], abs=half + 1e-12)
    assert sum(tissue.volume_fractions.values()) == pytest.approx(1.0)
    if tissue.nests is not None:
        depth = -tissue.distance_to_um("nest_border")
        assert (depth[tissue.cells_of("tumour_cell")] >= -ROUNDING_UM).all()
        assert (depth[tissue.cells_of("stroma")] <= ROUNDING_UM).all()


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(1, 600), packing=st.floats(0.1, 0.74), share=st.floats(0.0, 1.0),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_no_cell_of_a_spheroid_overlaps_another_or_sticks_out(
    n: int, packing: float, share: float, seed: int
) -> None:
    ball = spheroid(
        [TUMOUR, FIBROBLAST], n_cells=n, packing_fraction=packing, shares=[share, 1.0 - share],
        seed=seed,
    )  # fmt: skip
    assert ball.n_cells == n
    assert abs(ball.cells_of("tumour_cell").sum() - share * n) <= 1.0
    assert n == 1 or least_gap_um(ball) > -ROUNDING_UM
    assert (ball.distance_to_um("surface") - ball.radius_um).min() > -ROUNDING_UM


@pytest.mark.parametrize("name", typical_tissues())
def test_every_typical_tissue_can_be_built_and_the_seed_decides(name: str) -> None:
    spec = typical_tissue(name, side_um=260.0)
    one, same, other = (tumour_tissue(spec, seed) for seed in (1, 1, 2))
    for what in ("centre_um", "kind", "vessel_wall_um", "matrix_um", "distance_to_vessel_um"):
        assert np.array_equal(getattr(one, what), getattr(same, what))
    assert not np.array_equal(one.centre_um[:100], other.centre_um[:100])
    assert one.first_overlap() is None
    assert one.capillaries is not None
    c = one.capillaries
    # No capillary crosses another: walls are at least two radii from every other axis.
    for i in range(len(c.length_um)):
        rest = np.arange(len(c.length_um)) != i
        if not rest.any():
            continue
        others = dataclasses.replace(
            c, middle_um=c.middle_um[rest], direction=c.direction[rest],
            length_um=c.length_um[rest],
        )  # fmt: skip
        mine = dataclasses.replace(
            c, middle_um=c.middle_um[i : i + 1], direction=c.direction[i : i + 1],
            length_um=c.length_um[i : i + 1],
        )  # fmt: skip
        axis = mine.pieces(1.0, one.box_um)[:, :3]
        assert vessels.wall_distance_um(axis, others, one.box_um).min() > c.radius_um - 0.06
    if spec.vessel_place == "stroma":
        assert one.nests is not None
        depth, _ = one.nests.depth_um(one.vessel_wall_um, one.box_um)
        assert depth.max() <= ROUNDING_UM
    assert all(row["source"] for row in typical_tissue_rows(name))


def test_a_dense_packing_beyond_the_lattice_is_reached_by_pushing_apart() -> None:
    """In a block of 190 µm the lattice has no room for 0.55, a disordered packing has."""
    spec = TissueSpec(
        side_um=190.0, tumour_fraction=0.55, stroma_fraction=0.0, immune_cells_per_mm3=0.0,
        vessels="parallel", vessel_radius_um=8.0, vessel_length_mm_per_mm3=80.0, nests="mixed",
        **CELLS,
    )  # fmt: skip
    tissue = tumour_tissue(spec, 1)
    assert least_gap_um(tissue) > -ROUNDING_UM
    assert wall_gap_um(tissue) > -ROUNDING_UM
    assert tissue.volume_fractions["tumour_cell"] == pytest.approx(0.55, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(
    mean=st.floats(10.0, 1e6), share=st.floats(0.05, 1.0), cv=st.floats(0.0, 3.0),
    patch=st.sampled_from([None, 40.0]), factor=st.floats(0.0, 5.0), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_the_stated_mean_of_expression_is_conserved(
    mean: float, share: float, cv: float, patch: float | None, factor: float, seed: int
) -> None:
    for over in ("all", "positive"):
        drawn = draw_expression(
            BALL, compartment="tumour_cell", sites_per_cell_mean=mean, fraction_positive=share,
            cv=cv, mean_over=over, clones=[(0.3, factor, patch)], seed=seed,
        )  # fmt: skip
        own = BALL.cells_of("tumour_cell")
        assert (drawn[~own] == 0.0).all()
        assert (drawn >= 0.0).all()
        chosen = drawn[own] if over == "all" else drawn[drawn > 0.0]
        assert chosen.mean() == pytest.approx(mean, rel=1e-9)
        assert (drawn > 0.0).sum() <= round(share * own.sum())


BALL = spheroid([TUMOUR, FIBROBLAST], n_cells=500, packing_fraction=0.5, shares=[0.8, 0.2], seed=1)


def test_clones_multiply_the_sites_of_their_cells() -> None:
    drawn = draw_expression(
        BALL, compartment="tumour_cell", sites_per_cell_mean=1e5, fraction_positive=1.0, cv=0.0,
        clones=[(0.25, 4.0, 30.0), (0.25, 0.0, 30.0)], seed=4,
    )  # fmt: skip
    values, counts = np.unique(np.round(drawn[BALL.cells_of("tumour_cell")], 6), return_counts=True)
    assert len(values) == 3
    assert values[0] == 0.0
    assert values[2] / values[1] == pytest.approx(4.0)
    assert counts.sum() == 400


def test_a_tissue_written_to_a_table_comes_back(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "cells.csv"
    kinds = [BALL.kinds[k] for k in BALL.kind]
    lines = ["x_um,y_um,z_um,kind,radius_um,nucleus_radius_um"]
    for (x, y, z), kind in zip(BALL.centre_um, kinds, strict=True):
        numbers = f"{kind.radius_um!r},{kind.nucleus_radius_um!r}"
        lines.append(f"{x!r},{y!r},{z!r},{kind.compartment},{numbers}".replace("np.float64", ""))
    text = "\n".join(lines).replace("(", "").replace(")", "")
    path.write_text(text, encoding="utf-8")
    back = cells_from_table(path)
    off = back.centre_um - BALL.centre_um
    assert np.allclose(off, off[0], atol=1e-9)
    assert np.array_equal(back.radius_um, BALL.radius_um)
    assert np.array_equal(back.cells_of("stroma"), BALL.cells_of("stroma"))
