"""The engine refuses nonsense: it names the thing, the value and what is allowed."""

import numpy as np
import pytest

from ligandose.errors import InputError, LigandoseError, UnknownNameError
from ligandose.transport import (
    Emissions,
    Medium,
    infinite_space,
    problem,
    run,
    sphere_space,
    voxel_space,
)
from ligandose.transport.problems import electron_cutoffs_keV

WATER = Medium("water", 1.0)
MEDIA = {0: ("air", Medium("air")), 1: ("body", WATER)}
GRID = np.array([[[0, 1], [1, 1]], [[1, 1], [0, 0]]])
SIDE = (2.0, 2.0, 2.0)
PHOTON = Emissions.single("photon", 100.0)
nan, inf = np.nan, np.inf


def grid(**changes):
    given = {"labels": GRID, "spacing_mm": SIDE, "media": MEDIA} | changes
    labels = given.pop("labels")
    return voxel_space(labels, **given)


def with_value(value):
    changed = GRID.astype(float)
    changed[0, 1, 0] = value
    return changed


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (with_value(nan), "labels hold nan"),
        (with_value(inf), "labels hold inf"),
        (with_value(0.5), r"labels hold 0\.5"),
        (with_value(-1), "labels run from -1 to 1; allowed are 0 to"),
        (with_value(1e6), "labels run from 0 to 1000000"),
        (with_value(7), r"labels: \[7\] have no medium; media are given for \[0, 1\]"),
        (GRID[0], r"labels have shape \(2, 2\)"),
        (np.zeros((0, 2, 2), int), "labels have shape"),
        (GRID.astype(str), "labels are of type"),
    ],
)
def test_bad_labels_are_refused(labels, said):
    with pytest.raises(InputError, match=said):
        grid(labels=labels)


@pytest.mark.parametrize(
    "spacing",
    [(0.0, 1, 1), (-2.0, 1, 1), (nan, 1, 1), (inf, 1, 1), (1e-9, 1e-9, 1e-9), (1e5, 1e5, 1e5),
     (0.1, 0.1, 20.0), (1, 1), (1, 1, 1, 1)],
)  # fmt: skip
def test_bad_spacing_is_refused(spacing):
    with pytest.raises(InputError, match="spacing_mm"):
        grid(spacing_mm=spacing)


@pytest.mark.parametrize("density", [0.0, -1.0, nan, inf])
def test_a_density_that_is_not_positive_is_refused(density):
    with pytest.raises(InputError, match=f"density_g_cm3 of water is {density}"):
        grid(media={0: ("air", Medium("air")), 1: ("body", Medium("water", density))})


@pytest.mark.parametrize(
    ("media", "said"),
    [
        ({}, "media are given for"),
        ({-1: ("a", WATER), **MEDIA}, "-1"),
        ({10**12: ("a", WATER), **MEDIA}, "1000000000000"),
        ({0: ("body", WATER), 1: ("body", WATER)}, "'body'"),
    ],
)
def test_bad_media_are_refused(media, said):
    with pytest.raises(InputError, match=said):
        grid(media=media)


def test_an_unknown_material_is_refused_with_a_suggestion():
    with pytest.raises(UnknownNameError, match=r"watr.*did you mean water"):
        grid(media={0: ("air", Medium("air")), 1: ("body", Medium("watr"))})


@pytest.mark.parametrize(
    "radii", [[], [0.0], [-1.0], [nan], [1.0, inf], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0, 3.0]]
)
def test_bad_radii_are_refused(radii):
    with pytest.raises(InputError, match="radii_cm"):
        sphere_space(radii, [WATER] * min(len(radii), 2))


# --- emissions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("energy", [0.0, -5.0, nan, inf, 10_001.0])
def test_energies_outside_the_tables_are_refused(energy):
    with pytest.raises(InputError, match="keV is outside the tables"):
        Emissions.single("photon", energy)


def test_an_unknown_particle_is_refused():
    with pytest.raises(UnknownNameError, match=r"photn.*photon"):
        Emissions.single("photn", 100.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"per_decay": [0.0, 0.0]}, "without emissions"),
        ({"per_decay": [1.0, nan]}, "per_decay is nan"),
        ({"per_decay": [1.0, -0.1]}, "per_decay is -0.1"),
        ({"per_decay": [1.0]}, "different lengths"),
        ({"low_keV": [10.0, 300.0]}, "low_keV 300 is above high_keV 200"),
        ({"particle": [0, 9]}, "particle 9"),
    ],
)
def test_bad_emissions_are_refused(changes, said):
    columns = {
        "particle": [0, 1],
        "low_keV": [10.0, 20.0],
        "high_keV": [10.0, 200.0],
        "per_decay": [1.0, 1.0],
    }
    with pytest.raises(InputError, match=said):
        Emissions(**{k: np.array(v) for k, v in (columns | changes).items()})


def test_no_emissions_at_all_are_refused():
    empty = np.zeros(0)
    with pytest.raises(InputError, match="without emissions"):
        Emissions(empty.astype(int), empty, empty, empty)


# --- problems -------------------------------------------------------------------------------------


def test_an_unknown_region_is_refused():
    with pytest.raises(UnknownNameError, match=r"bdy.*body"):
        problem(grid(), PHOTON, region="bdy")


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (np.where(GRID == 1, nan, 0.0), r"weight at voxel \(0, 0, 1\) is nan"),
        (np.where(GRID == 1, -1.0, 1.0), r"weight at voxel \(0, 0, 1\) is -1"),
        (np.where(GRID == 1, inf, 1.0), "is inf"),
        (np.zeros(GRID.shape), "weight is zero everywhere"),
        (np.ones((2, 2)), r"weight has shape \(2, 2\)"),
    ],
)
def test_bad_weights_are_refused(weight, said):
    with pytest.raises(InputError, match=said):
        problem(grid(), PHOTON, weight=weight)


def test_huge_weights_do_not_overflow():
    made = problem(grid(), PHOTON, weight=np.where(GRID == 1, 1e308, 0.0))
    assert np.all(np.isfinite(made.source.keep))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"region": "body", "weight": np.ones(GRID.shape)}, "both given"),
        ({"electrons": "locl"}, "electrons is 'locl'"),
        ({"electrons": 0.0}, "electron cutoff 0.0 keV is outside"),
        ({"electrons": nan}, "electron cutoff nan keV"),
        ({"electrons": 1e6}, "outside 1 to 10000"),
    ],
)
def test_bad_options_of_a_problem_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        problem(grid(), PHOTON, **options)


def test_a_region_without_voxels_or_bounds_cannot_be_a_source():
    media = {**MEDIA, 2: ("tumour", WATER)}
    with pytest.raises(InputError, match="'tumour' has no voxels"):
        problem(grid(media=media), PHOTON, region="tumour")
    with pytest.raises(InputError, match="'medium' has no bounds"):
        problem(infinite_space(WATER), PHOTON, region="medium")


def test_a_tally_by_voxel_needs_voxels():
    with pytest.raises(InputError, match="by_voxel"):
        problem(sphere_space([1.0], [WATER]), PHOTON, by_voxel=True)


def test_cutoffs_are_checked_without_a_problem_too():
    with pytest.raises(LigandoseError, match="electrons"):
        electron_cutoffs_keV(grid(), "none")


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"histories": 0}, "histories is 0; give a whole number from 10"),
        ({"histories": 9}, "histories is 9"),
        ({"histories": -100}, "histories is -100"),
        ({"histories": nan}, "histories is nan"),
        ({"histories": 100.5}, "histories is 100.5"),
        ({"histories": 10**14}, "histories is 100000000000000"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"threads": 0}, "threads is 0; give a whole number from 1"),
        ({"threads": -2}, "threads is -2"),
        ({"device": "gpu"}, "device is 'gpu'; it must be 'cpu' or 'cuda'"),
        ({"uncertainty": 0.0}, "uncertainty is 0.0"),
        ({"uncertainty": 1.0}, "uncertainty is 1.0"),
        ({"uncertainty": nan}, "uncertainty is nan"),
        ({"uncertainty": -0.1}, "uncertainty is -0.1"),
        ({"where": np.array([5])}, r"where is \[5\]; give places of the tally, 0 to 0"),
        ({"where": np.array([-1])}, r"where is \[-1\]"),
        ({"where": np.array([], dtype=int)}, "where is"),
        ({"where": np.array([0.5])}, "where is"),
    ],
)
def test_bad_options_of_a_run_are_refused_before_it_begins(options, said):
    made = problem(sphere_space([1.0], [WATER]), PHOTON, electrons="local")
    told = []
    given = {"histories": 100, "seed": 1, "progress": lambda *step: told.append(step)} | options
    with pytest.raises(InputError, match=said):
        run(made, **given)
    assert not told
