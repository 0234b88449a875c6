"""The shipped specific absorbed fractions are what the script makes (three parts of it)."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.dose import shipped_saf
from ligandose.hosts import phantom

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_safs.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("build_safs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("host", "particle", "source", "energy_MeV"),
    [
        ("adult-male", "photon", "liver", 0.2),
        ("adult-female", "photon", "urinary_bladder_contents", 0.07),
        ("adult-female", "electron", "kidneys", 1.0),
    ],
)
def test_rows_are_what_the_script_makes(script, monkeypatch, host, particle, source, energy_MeV):
    # a pass of another seed with a third of the histories: both results scatter
    monkeypatch.setitem(script.HISTORIES, particle, script.HISTORIES[particle] // 3)
    person, table = phantom(host), shipped_saf(host)
    part = script.Part(host, particle, source, energy_MeV, 99)
    saf, sd = script.simulate(part) / np.asarray(person.region_mass_kg)
    grid = table.grids[particle]
    row = table.sources.index(source)
    energy = list(grid.energy_MeV).index(energy_MeV)
    compared = 0
    for target, made, error in zip(person.regions, saf, sd, strict=True):
        if made <= 0 or error > 0.1 * made:  # too few hits for an honest error
            continue
        shipped = grid.saf_per_kg[row, table.targets.index(target), energy]
        # the shipped row has six times the histories; 4.5 standard errors of the new one, since
        # about forty targets are looked at and errors of 20 batches are themselves uncertain;
        # 2 % for pairs that were averaged with the reverse pair
        assert abs(shipped - made) < 4.5 * error + 0.02 * made, target
        compared += 1
    assert compared >= 1


def test_every_region_of_the_phantoms_is_a_source_and_a_target(script):
    for host in script.HOSTS:
        table, person = shipped_saf(host), phantom(host)
        assert set(table.sources) == set(table.targets) == set(person.regions)
        for particle, energies in script.ENERGIES_MEV.items():
            assert table.grids[particle].energy_MeV == pytest.approx(energies)


def test_no_source_gives_more_than_it_emits():
    for host in ("adult-male", "adult-female"):
        table, mass = shipped_saf(host), np.asarray(phantom(host).region_mass_kg)
        for particle in ("photon", "electron"):
            absorbed = np.einsum("ste,t->se", table.grids[particle].saf_per_kg, mass)
            # pairs averaged with their reverse no longer add up exactly
            assert np.all(absorbed < 1.01)
            assert np.all(absorbed > 0)
