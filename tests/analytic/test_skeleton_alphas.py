"""Alphas in the skeleton: the absorbed fractions of ICRP-30 at every energy that alphas have."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from ligandose.dose import reference_saf

ENERGIES_MEV = (2.0, 5.7, 8.8, 19.9)
FRACTIONS = {
    # ICRP Publication 30 part 1, table 7.4
    ("bone_trabecular_surface", "red_marrow"): 0.5,
    ("bone_trabecular_surface", "endosteum"): 0.25,
    ("bone_trabecular", "red_marrow"): 0.05,
    ("bone_trabecular", "endosteum"): 0.025,
    ("bone_cortical_surface", "endosteum"): 0.25,
    ("bone_cortical", "endosteum"): 0.01,
    ("red_marrow", "red_marrow"): 1.0,
    ("bone_trabecular", "bone_trabecular"): 0.925,
    ("bone_cortical", "bone_cortical"): 0.99,
}


def saf(host, source, target, energy_MeV):
    table = reference_saf(host)
    all_pairs = table.grids["alpha"].mean_per_kg(np.array([energy_MeV]), np.ones(1))
    return all_pairs[table.sources.index(source), table.targets.index(target)]


@pytest.mark.parametrize(
    ("host", "energy"), list(product(("adult-male", "adult-female"), ENERGIES_MEV))
)
def test_alphas_of_any_energy_leave_the_stated_fraction(host, energy):
    mass = reference_saf(host).mass_kg
    for (source, target), fraction in FRACTIONS.items():
        # interpolation between nodes of equal value: rounding only
        assert saf(host, source, target, energy) * mass(target) == pytest.approx(fraction, 1e-9)
