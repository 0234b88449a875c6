"""Spheres, kernels, voxels and organ pairs against PENELOPE's values in penelope/reference.csv.

`penelope/build_reference.py` made them, each with its statistical standard deviation (at most
0.4 %); test_transport_penelope_live.py runs some again. PENELOPE follows every hard collision and
shares no data or code with the package.

Its photoelectric cross sections of low-Z elements are 2.6 % below NIST's (and ours) at all
energies: they are renormalised, NIST's are not. That is a difference of data, so below 0.1 MeV
transport is also compared with that table of PENELOPE scaled to ours ("shipped photoelectric").
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ligandose.transport import (
    Emissions,
    Medium,
    problem,
    run,
    sphere_self_fraction,
    voxel_space,
)
from ligandose.transport.kernels import point_kernel
from ligandose.transport.sphere_runs import sphere_fraction_simulated
from ligandose.transport.voxels import voxel_s_values

sys.path.insert(0, str(Path(__file__).parent / "penelope"))
from organ_pairs import OUTSIDE, SPACING_MM, TARGETS, label_map
from stored import stored

# What the project promises against PENELOPE.
ELECTRON_SPHERE, PHOTON_SPHERE, KERNEL, VOXEL, ORGAN = 0.015, 0.02, 0.01, 0.02, 0.03
ELECTRON_FRACTIONS_ABOVE = 0.1
# Transport on the same data: what is left is statistics (0.4 %) and incoherent scattering, where
# the impulse approximation and the incoherent scattering function differ by 1.4 % at 30 keV.
SAME_DATA = 0.015
J_PER_KEV = 1.602176634e-16
VOXEL_MASS_KG = 0.027e-3


def of(particle, around="water", quantity="absorbed_fraction"):
    return [r for r in stored(quantity) if (r.particle, r.around) == (particle, around)]


def data_effect(row, quantity):
    """Return how far the photoelectric table alone moves PENELOPE (0 above 0.1 MeV)."""
    scaled = stored(f"{quantity}_shipped_photoelectric")
    key = (row.energy_MeV, row.at)
    return next((abs(r.value - row.value) for r in scaled if (r.energy_MeV, r.at) == key), 0.0)


def table_value(row):
    mass_kg = 1e-3 * float(row.at)
    return float(sphere_self_fraction(row.particle, 1e3 * row.energy_MeV, mass_kg=mass_kg))


@pytest.mark.parametrize("row", of("electron"), ids=lambda r: r.name)
def test_shipped_electron_fractions_of_spheres(row):
    if row.value <= ELECTRON_FRACTIONS_ABOVE:
        pytest.skip("fraction below 0.1")
    assert table_value(row) == pytest.approx(row.value, rel=ELECTRON_SPHERE)


@pytest.mark.parametrize("row", of("photon"), ids=lambda r: r.name)
def test_shipped_photon_fractions_of_spheres(row):
    # On top of the promise: two standard deviations of the stored value (up to 0.6 %), and the
    # difference of data, which matters at 0.03 MeV (up to 2.6 %).
    allowed = PHOTON_SPHERE * row.value + data_effect(row, "absorbed_fraction")
    assert abs(table_value(row) - row.value) < allowed + 2 * row.sigma


@pytest.mark.parametrize(
    "row",
    of("photon", quantity="absorbed_fraction_shipped_photoelectric"),
    ids=lambda r: r.name,
)
def test_shipped_photon_fractions_on_the_same_data(row):
    assert abs(table_value(row) - row.value) < SAME_DATA * row.value + 2 * row.sigma


@pytest.mark.parametrize(
    "row", of("electron", "vacuum") + of("photon", "vacuum"), ids=lambda r: r.name
)
def test_spheres_in_vacuum(row):
    electron = row.particle == "electron"
    if electron and row.value <= ELECTRON_FRACTIONS_ABOVE:
        pytest.skip("fraction below 0.1")
    found = sphere_fraction_simulated(
        row.particle,
        1e3 * row.energy_MeV,
        mass_kg=1e-3 * float(row.at),
        around="vacuum",
        uncertainty=0.004,
        max_histories=400_000,
        seed=3,
    )
    allowed = (ELECTRON_SPHERE if electron else PHOTON_SPHERE) * row.value
    noise = 2 * np.hypot(row.sigma, found.uncertainty)
    assert abs(found.absorbed_fraction - row.value) < allowed + noise


@cache
def kernel(energy_MeV):
    return point_kernel("electron", 1e3 * energy_MeV, histories=12_800, seed=5)


@pytest.mark.parametrize(
    "row", stored("cumulative_kernel"), ids=lambda r: f"{r.energy_MeV} MeV {r.at} cm"
)
def test_cumulative_electron_kernels(row):
    # 12 800 histories know the cumulative kernel to 0.002
    assert kernel(row.energy_MeV).cumulative_at(float(row.at)) == pytest.approx(
        row.value, abs=KERNEL
    )


@cache
def voxels(nuclide):
    return voxel_s_values(
        nuclide, spacing_mm=(3.0, 3.0, 3.0), density_g_cm3=1.0, histories=51_200, seed=2
    )


@pytest.mark.parametrize("nuclide", ["Lu-177", "Y-90"])
@pytest.mark.parametrize("place", ["0/0/0", "1/0/0", "1/1/0"])
def test_voxel_s_values_of_3_mm(nuclide, place):
    rows = [r for r in stored("voxel_energy_keV") if (r.nuclide, r.at) == (nuclide, place)]
    expected = sum(r.value for r in rows)
    i, j, k = (int(n) for n in place.split("/"))
    found = voxels(nuclide).s_Gy_per_Bq_s[i, j, k] * VOXEL_MASS_KG / J_PER_KEV
    sd = voxels(nuclide).sd_Gy_per_Bq_s[i, j, k] * VOXEL_MASS_KG / J_PER_KEV
    noise = 2 * float(np.sqrt(sum(r.sigma**2 for r in rows) + sd**2))
    # the promise holds for the source voxel and its first neighbour, without allowance for noise
    allowed = VOXEL * expected + (noise if place == "1/1/0" else 0.0)
    assert abs(found - expected) < allowed


@cache
def organ_space():
    voxels = label_map()
    media = {OUTSIDE: ("outside", Medium("air", 1e-9))}
    for label, name in voxels.name.items():
        media[label] = (name, Medium(voxels.material[label], voxels.density_g_cm3[label]))
    return voxel_space(voxels.labels, spacing_mm=(SPACING_MM,) * 3, media=media)


@cache
def organ_run(source, energy_MeV):
    made = problem(
        organ_space(),
        Emissions.single("photon", 1e3 * energy_MeV),
        region=source,
        electrons="local",
    )
    # far organs are hit seldom at low energy, and get little from each photon at high energy
    histories = 1_200_000 if 0.1 <= energy_MeV < 0.5 else 3_000_000
    return run(made, histories=histories, seed=11)


def organ_deviation(row):
    target, source = row.at.split("<-")
    found = organ_run(source, row.energy_MeV)
    index = organ_space().regions.index(target)
    energy_keV = 1e3 * row.energy_MeV
    value, sd = found.deposited_keV[index] / energy_keV, found.sd_keV[index] / energy_keV
    sigma = float(np.hypot(row.sigma, sd)) / row.value
    return value / row.value - 1, sigma


def test_organ_pairs_are_stored_for_this_phantom():
    digests = {r.around.split()[-1] for r in stored("organ_fraction")}
    assert digests == {label_map().digest}, "the phantom changed: run penelope/build_reference.py"
    pairs = {(t, s) for s, targets in TARGETS.items() for t in targets}
    assert {tuple(r.at.split("<-")) for r in stored("organ_fraction")} == pairs


@pytest.mark.oracle
@pytest.mark.parametrize("row", stored("organ_fraction"), ids=lambda r: r.name)
def test_photon_fractions_of_organ_pairs(row):
    deviation, sigma = organ_deviation(row)
    assert sigma < 0.0145  # both runs at most 1 %
    assert abs(deviation) < ORGAN + 2 * sigma + data_effect(row, "organ_fraction") / row.value


@pytest.mark.oracle
@pytest.mark.parametrize(
    "row", stored("organ_fraction_shipped_photoelectric"), ids=lambda r: r.name
)
def test_photon_fractions_of_organ_pairs_on_the_same_data(row):
    deviation, sigma = organ_deviation(row)
    assert abs(deviation) < ORGAN + 2 * sigma


def kernel_fraction(row):
    same = [r for r in of("electron") if (r.energy_MeV, r.at) == (row.energy_MeV, row.at)]
    return same[0]


@pytest.mark.parametrize(
    "row", stored("sphere_direct") + stored("sphere_detailed"), ids=lambda r: r.name
)
def test_stored_fractions_do_not_depend_on_the_way_they_were_made(row):
    # spheres simulated as such, and with every collision one by one: 3 standard deviations
    other = kernel_fraction(row)
    assert abs(row.value - other.value) < 3 * np.hypot(row.sigma, other.sigma)


@pytest.mark.parametrize("row", stored("voxel_direct_keV"), ids=lambda r: r.name)
def test_stored_voxel_energies_do_not_depend_on_the_way_they_were_made(row):
    same = (row.nuclide, row.particle, row.at)
    other = next(r for r in stored("voxel_energy_keV") if (r.nuclide, r.particle, r.at) == same)
    # spreads of ten batches are themselves uncertain by a quarter: 4 standard deviations
    assert abs(row.value - other.value) < 4 * np.hypot(row.sigma, other.sigma)
