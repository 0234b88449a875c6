"""What is no tissue is refused, with the field, the value, the rule and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import (
    CellKind,
    Tissue,
    TissueSpec,
    cells_from_table,
    draw_expression,
    sheet,
    sites_per_cell,
    spheroid,
    tumour_tissue,
    typical_tissue,
)

TUMOUR = CellKind("tumour cell", "tumour_cell", 7.0, 5.0)
GOOD: dict[str, Any] = {
    "side_um": 150.0, "tumour_radius_um": 7.0, "tumour_nucleus_radius_um": 5.0,
    "tumour_fraction": 0.3, "stroma_radius_um": 6.0, "stroma_nucleus_radius_um": 3.0,
    "stroma_fraction": 0.05, "immune_cells_per_mm3": 0.0, "vessels": "krogh",
    "vessel_radius_um": 8.0, "vessel_spacing_um": 140.0, "nests": "mixed",
}  # fmt: skip
NESTED: dict[str, Any] = {
    **GOOD, "side_um": 200.0, "tumour_fraction": 0.15, "vessels": "none", "nests": "spheres",
    "nest_radius_um": 50.0, "nest_fraction": 0.3,
}  # fmt: skip


@pytest.mark.parametrize(
    ("radius", "nucleus", "message"),
    [
        (7.0, 7.0, r"nucleus_radius_um 7 is not smaller than radius_um 7"),
        (-7.0, 5.0, r"radius_um: -7.0 is not a finite number more than zero"),
        (7.0, 0.0, r"nucleus_radius_um: 0.0 is not"),
        (float("nan"), 5.0, r"radius_um: nan"),
    ],
)
def test_impossible_cells_are_refused(radius: float, nucleus: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        CellKind("x", "tumour_cell", radius, nucleus)


def test_an_unknown_compartment_is_named_and_the_nearest_suggested() -> None:
    with pytest.raises(UnknownNameError, match=r"'tumor_cell'.*tumour_cell"):
        CellKind("x", "tumor_cell", 7.0, 5.0)
    with pytest.raises(UnknownNameError, match=r"compartment 'vessels'.*vessel"):
        spheroid(TUMOUR, n_cells=5, packing_fraction=0.5).distance_to_um("vessels")
    with pytest.raises(UnknownNameError, match="vessel"):
        spheroid(TUMOUR, n_cells=5, packing_fraction=0.5).cells_of("vessel")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tumour_fraction": 1.2}, r"tumour_fraction 1.2 is over one"),
        ({"tumour_fraction": 0.7, "stroma_fraction": 0.4}, r"sum to 1.1 .*at most 1"),
        ({"tumour_fraction": -0.1}, r"tumour_fraction: -0.1 is not a finite number zero or more"),
        ({"tumour_fraction": "much"}, r"tumour_fraction: 'much'"),
        ({"tumour_nucleus_radius_um": 8.0}, r"tumour_nucleus_radius_um 8 is not smaller"),
        ({"vessel_radius_um": -1.0}, r"vessel_radius_um: -1.0"),
        ({"vessel_radius_um": 0.0}, r"vessel_radius_um: 0.0"),
        ({"necrosis_beyond_um": float("inf")}, r"necrosis_beyond_um: inf"),
        ({"nest_fraction": 0.2}, r"tumour_fraction 0.3 is more than nest_fraction 0.2"),
        ({"vessels": "krog"}, r"unknown vessels 'krog'.*krogh"),
        ({"nests": "sphere"}, r"unknown nests 'sphere'.*spheres"),
    ],
)
def test_a_value_out_of_range_is_refused_when_it_is_stated(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        TissueSpec(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        (GOOD, {"tumour_radius_um": None}, r"tumour_radius_um is missing and has no default"),
        (GOOD, {"stroma_fraction": None}, r"stroma_fraction is missing.*dense carcinoma"),
        (GOOD, {"vessels": None}, r"vessels is missing"),
        (GOOD, {"vessel_spacing_um": None}, r"vessel_spacing_um is missing"),
        (GOOD, {"vessel_spacing_um": 16.0}, r"vessel_spacing_um 16 .*overlap.*twice the radius"),
        (GOOD, {"n_cells": 100}, r"give one of side_um and n_cells"),
        (GOOD, {"side_um": None}, r"give one of side_um and n_cells"),
        (GOOD, {"side_um": 20.0, "vessels": "none"}, r"side of 20 µm is too short.*at least 28"),
        (GOOD, {"tumour_fraction": 0.0, "stroma_fraction": 0.0}, r"no cells, all fractions are"),
        (GOOD, {"vessels": "none", "necrosis_beyond_um": 90.0}, r"necrosis_beyond_um is a dist"),
        (GOOD, {"vessel_place": "stroma", "nests": "spheres", "nest_radius_um": 50.0,
                "nest_fraction": 0.4}, r"'krogh'\) cannot keep to the stroma"),
        (NESTED, {"nests": "cylinders", "vessels": "krogh", "vessel_spacing_um": 90.0,
                  "vessel_radius_um": 8.0}, r"make a nest_fraction of 0\.\d+ of the section"),
        (NESTED, {"nest_fraction": 0.9, "nest_gap_um": 10.0}, r"nests .*cannot fill.*maximum"),
        (NESTED, {"immune_cells_per_mm3": 1e4, "immune_radius_um": 3.0,
                  "immune_nucleus_radius_um": 2.0}, r"immune_in_nests is missing"),
        (NESTED, {"vessels": "random", "vessel_radius_um": 8.0, "vessel_segment_um": 500.0,
                  "vessel_length_mm_per_mm3": 50.0}, r"vessel_segment_um 500 does not fit"),
        (NESTED, {"vessels": "parallel", "vessel_radius_um": 20.0, "vessel_place": "stroma",
                  "vessel_length_mm_per_mm3": 900.0}, r"only \d+ of \d+ capillaries.*maximum"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(
    base: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        tumour_tissue(TissueSpec(**{**base, **changes}))


def test_a_packing_out_of_reach_is_refused_with_a_maximum_that_can_be_built() -> None:
    with pytest.raises(InputError, match=r"should fill 0.7199.*maximum.*is about 0\.\d+") as caught:
        tumour_tissue(TissueSpec(**{**GOOD, "stroma_fraction": 0.0, "tumour_fraction": 0.72}))
    reached = float(str(caught.value).split("mixture of cells, vessels and nests is about ")[1][:5])
    assert 0.4 < reached < 0.72
    # It is found in steps of 1.5 % of the radius, 4.5 % of the volume, with the same vessels.
    near = {**GOOD, "stroma_fraction": 0.0, "tumour_fraction": 0.96 * reached}
    assert tumour_tissue(TissueSpec(**near)).first_overlap() is None


def test_vessels_count_among_the_fractions() -> None:
    spec = {**GOOD, "vessel_spacing_um": 40.0, "vessel_radius_um": 19.0, "tumour_fraction": 0.3}
    with pytest.raises(InputError, match=r"volume fractions sum to 1\.1.*of which vessels 0\.8"):
        tumour_tissue(TissueSpec(**spec))


def test_more_cells_than_memory_are_refused_before_they_are_made() -> None:
    for build in (
        lambda: spheroid(TUMOUR, n_cells=10**12, packing_fraction=0.6),
        lambda: spheroid(TUMOUR, radius_um=1e6, packing_fraction=0.6),
        lambda: tumour_tissue(TissueSpec(**{**GOOD, "side_um": 1e6})),
        lambda: sheet(TUMOUR, n_x=10**6, n_y=10**6),
        lambda: tumour_tissue(TissueSpec(**{**GOOD, "side_um": 300.0}), memory_limit_GB=1e-3),
    ):
        with pytest.raises(InputError, match=r"cells need about .* GB, more than memory_limit_GB"):
            build()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_cells": 10, "radius_um": 50.0, "packing_fraction": 0.5}, "one of n_cells and radius"),
        ({"packing_fraction": 0.5}, "one of n_cells and radius_um"),
        ({"n_cells": 10, "packing_fraction": 0.75}, r"0.75 is more than the maximum 0.7405"),
        ({"n_cells": 0, "packing_fraction": 0.5}, r"n_cells: 0 must be a whole number"),
        ({"n_cells": 2.5, "packing_fraction": 0.5}, r"n_cells: 2.5"),
        ({"radius_um": 5.0, "packing_fraction": 0.5}, r"radius_um: 5 is less than the radius 7"),
        ({"radius_um": -5.0, "packing_fraction": 0.5}, r"radius_um: -5.0"),
        ({"radius_um": 50.0, "packing_fraction": 0.5, "necrotic_core_um": 60.0}, "more than the r"),
        ({"n_cells": 9, "packing_fraction": 0.5, "shares": [0.5]}, r"sum to 0.5"),
        ({"n_cells": 9, "packing_fraction": 0.5, "shares": [0.5, 0.5]}, r"one share"),
        ({"n_cells": 9, "packing_fraction": 0.5, "matrix_spacing_um": 0.0}, "matrix_spacing_um"),
        ({"n_cells": 9, "packing_fraction": 0.5, "matrix_spacing_um": 1e-3}, "more than 2e"),
    ],
)
def test_impossible_spheroids_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        spheroid(TUMOUR, **options)
    with pytest.raises(InputError, match="kinds: none given"):
        spheroid([], n_cells=3, packing_fraction=0.5)


def test_impossible_sheets_are_refused() -> None:
    with pytest.raises(InputError, match=r"n_x: 0 must be"):
        sheet(TUMOUR, n_x=0, n_y=2)
    with pytest.raises(InputError, match=r"spacing_um: 13 makes cells of radius 7 µm overlap.*14"):
        sheet(TUMOUR, n_x=3, n_y=3, spacing_um=13.0)


def table(**changes: Any) -> dict[str, Any]:
    good = {"x_um": [0, 20], "y_um": [0, 0], "z_um": [0, 0], "kind": ["tumour_cell"] * 2,
            "radius_um": [7, 7], "nucleus_radius_um": [5, 5]}  # fmt: skip
    return {**good, **changes}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (table(x_um=[0, 13]), r"cells 1 and 2 .*overlap.* 13 µm apart.*sum to 14"),
        (table(x_um=[0, "a"]), r"row 2, x_um 'a' is not a finite number"),
        (table(x_um=[0, float("nan")]), r"row 2, x_um nan"),
        (table(x_um=[0]), r"column x_um has 1 values, kind has 2"),
        (table(nucleus_radius_um=[5, 9]), r"row 2: .*nucleus_radius_um 9 is not smaller"),
        (table(radius_um=[-7, 7]), r"row 1: .*radius_um: -7.0"),
        (table(kind=["tumour_cell", "stone"]), r"row 2: .*'stone'"),
        ({k: [] for k in table()}, r"no cells"),
        ({k: v for k, v in table().items() if k != "z_um"}, r"columns z_um are missing"),
    ],
)
def test_tables_that_are_no_cells_are_refused(cells: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cells_from_table(cells)


def test_overlap_across_the_border_of_a_periodic_box_is_found() -> None:
    cells = table(x_um=[1, 99])
    assert cells_from_table(cells).n_cells == 2
    with pytest.raises(InputError, match=r"cells 1 and 2 .* 2 µm apart"):
        cells_from_table(cells, box_um=(100, 100, 100))
    with pytest.raises(InputError, match=r"box_um: .*28 µm"):
        cells_from_table(cells, box_um=(100, 100, 20))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        cells_from_table(tmp_path / "absent.csv")
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match=r"bad\.csv"):
        cells_from_table(bad)
    many = table(x_um=list(range(0, 6000, 20)), y_um=[0] * 300, z_um=[0] * 300,
                 kind=["stroma"] * 300, radius_um=np.linspace(6, 7, 300).tolist(),
                 nucleus_radius_um=[5] * 300)  # fmt: skip
    with pytest.raises(InputError, match=r"300 different kinds and radii; at most 127"):
        cells_from_table(many)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sites_per_cell_mean": 0.0}, r"sites_per_cell_mean: 0.0"),
        ({"fraction_positive": 1.5}, r"fraction_positive: 1.5 is over one"),
        ({"fraction_positive": 0.0}, r"fraction_positive: 0.0"),
        ({"fraction_positive": 0.01}, r"less than half a cell"),
        ({"cv": -1.0}, r"cv: -1.0"),
        ({"mean_over": "some"}, r"mean_over: 'some' is not one of all, positive"),
        ({"clones": [(0.7, 1.0, None), (0.6, 1.0, None)]}, r"shares sum to 1.3"),
        ({"clones": [(0.3, 1.0, None), (0.3, 1.0, 40.0)]}, r"patch_um .* differ"),
        ({"clones": [(0.3, -1.0, None)]}, r"factor: -1.0"),
        ({"clones": [(0.3, 1.0, 0.0)]}, r"patch_um: 0.0"),
        ({"clones": [(1.0, 0.0, None)]}, r"leave no cell with sites"),
        ({"compartment": "stroma"}, r"has no cell of stroma"),
        ({"compartment": "matrix"}, r"unknown cell compartment 'matrix'"),
    ],
)
def test_impossible_expression_is_refused(options: dict[str, Any], message: str) -> None:
    ball = spheroid(TUMOUR, n_cells=20, packing_fraction=0.5)
    good = {"compartment": "tumour_cell", "sites_per_cell_mean": 1e5, "fraction_positive": 0.5,
            "cv": 0.3}  # fmt: skip
    with pytest.raises(InputError, match=message):
        draw_expression(ball, **{**good, **options})


def test_unknown_typical_tissues_and_fields_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"'dense carcinom'.*dense carcinoma"):
        typical_tissue("dense carcinom")
    with pytest.raises(UnknownNameError, match=r"'vessel_radius'.*vessel_radius_um"):
        typical_tissue("dense carcinoma", vessel_radius=8.0)
    with pytest.raises(InputError, match="give one of side_um and n_cells"):
        tumour_tissue(typical_tissue("dense carcinoma"))
    with pytest.raises(InputError, match=r"cells_per_mm3: 0\.0"):
        sites_per_cell(1.0, 0.0)


def test_arrays_that_contradict_each_other_are_refused() -> None:
    ball = spheroid(TUMOUR, n_cells=5, packing_fraction=0.5)
    same = {name: getattr(ball, name) for name in ball.__dataclass_fields__}
    with pytest.raises(InputError, match=r"necrotic has shape \(4,\); needs \(5,\)"):
        Tissue(**{**same, "necrotic": np.zeros(4, bool)})
    with pytest.raises(InputError, match=r"kind 3 … 3 is outside the 1 kinds"):
        Tissue(**{**same, "kind": np.full(5, 3, np.int8)})
    with pytest.raises(InputError, match="only a spheroid has a surface"):
        sheet(TUMOUR, n_x=2, n_y=2).distance_to_um("surface")
