"""The shipped absorbed fractions are what the script makes (two energies of it)."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.transport import sphere_table

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_absorbed_fractions.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("build_absorbed_fractions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_grid_of_the_table_is_that_of_the_script(script):
    for particle, energies in script.ENERGIES_KEV.items():
        table = sphere_table(particle)
        assert table.energy_keV == pytest.approx(energies, rel=1e-5)
        assert table.mass_kg == pytest.approx(script.MASSES_KG, rel=1e-5)


def test_alpha_rows_are_what_the_script_makes(script):
    table = sphere_table("alpha")
    made = np.array([script.alpha_fractions(e) for e in table.energy_keV])
    # rounded to six digits in the table
    assert table.self_fraction == pytest.approx(made[:, 0], rel=1e-5)
    assert table.surface_fraction == pytest.approx(made[:, 1], rel=1e-5)


@pytest.mark.parametrize(("particle", "index", "share"), [("electron", 26, 8), ("photon", 30, 8)])
def test_simulated_rows_are_what_the_script_makes(script, monkeypatch, particle, index, share):
    # an eighth of the histories of the table, to save time: its standard error is larger by
    # the root of 8; four of it (49 correlated masses) and the five digits of the table
    monkeypatch.setitem(script.HISTORIES, particle, script.HISTORIES[particle] // share)
    table = sphere_table(particle)
    own, surface, sd = script.simulated_fractions(particle, float(table.energy_keV[index]))
    allowed = 4.0 * sd * own + 1e-5 * own
    assert np.all(np.abs(table.self_fraction[index] - own) < allowed)
    # a point of the surface sees half of what a point inside does, with like statistics
    assert np.all(np.abs(table.surface_fraction[index] - surface) < 2.0 * allowed)
