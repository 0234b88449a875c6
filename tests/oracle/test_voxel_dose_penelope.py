"""Voxel doses against PENELOPE's energies in voxels of 3 mm (penelope/reference.csv).

A voxel of water whose decays are uniform, its neighbours and the diagonal ones: electrons and
photons of Lu-177, electrons of Y-90, in endless water.
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ligandose.dose import JOULE_PER_KEV, voxel_dose

sys.path.insert(0, str(Path(__file__).parent / "penelope"))
from stored import stored

PROMISE = 0.03
SIDE_MM, N = 3.0, 13
VOXEL_KG = 0.027e-3
DECAYS = 1e9


@cache
def doses(nuclide, engine):
    decays = np.zeros((N, N, N), np.float32)
    decays[N // 2, N // 2, N // 2] = DECAYS
    near = np.zeros(decays.shape, bool)
    near[5:8, 5:8, 5:8] = True
    return voxel_dose(
        decays, nuclide=nuclide, spacing_mm=(SIDE_MM,) * 3, density_g_cm3=1.0, engine=engine,
        where=near, histories=400_000, seed=2, progeny=False,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["kernel", "mc"])
@pytest.mark.parametrize("nuclide", ["Lu-177", "Y-90"])
@pytest.mark.parametrize("place", ["0/0/0", "1/0/0", "1/1/0", "1/1/1"])
def test_energy_of_voxels(nuclide, place, engine):
    rows = [r for r in stored("voxel_energy_keV") if (r.nuclide, r.at) == (nuclide, place)]
    assert rows
    expected = sum(r.value for r in rows)
    found = doses(nuclide, engine)
    i, j, k = (N // 2 + int(n) for n in place.split("/"))
    scale = VOXEL_KG / JOULE_PER_KEV / DECAYS
    got = float(found.dose_Gy[i, j, k]) * scale
    noise = sum(r.sigma**2 for r in rows)
    if found.sd_Gy is not None:
        noise += (float(found.sd_Gy[i, j, k]) * scale) ** 2
    # the promise, and two standard deviations of both codes
    assert abs(got - expected) < PROMISE * expected + 2 * np.sqrt(noise)
