"""Electron transport: conservation, equilibrium across borders, independence of step lengths."""

from dataclasses import replace

import numpy as np
import pytest

from ligandose.transport import Emissions, Medium, problem, run, sphere_space, voxel_space
from ligandose.transport._electron_tables import ACCURATE, FAST
from ligandose.transport.kernels import point_kernel


@pytest.mark.parametrize("particle", ["electron", "alpha"])
def test_energy_is_conserved_where_bone_lung_and_vacuum_meet(particle):
    space = sphere_space([0.05, 0.1, 0.2], [Medium("bone"), Medium("lung"), Medium("soft_tissue")])
    energy = 800.0 if particle == "electron" else 6000.0
    made = problem(space, Emissions.single(particle, energy), region="sphere_0", settings=FAST)
    found = run(made, histories=2000, seed=3, threads=1)
    total = found.deposited_keV.sum() + found.escaped_keV
    # 1e-9: quanta of 2**-20 keV, hundreds of deposits per history
    assert total == pytest.approx(found.emitted_keV, rel=1e-8)
    if particle == "electron":
        assert found.escaped_keV > 0.05 * energy


@pytest.mark.parametrize("light", [0.5, 0.2])
def test_dose_is_uniform_in_layers_of_any_density_with_a_uniform_source_per_mass(light):
    # U. Fano 1954 (Radiat Res 1:237): with interactions per mass alike, charged-particle
    # equilibrium does not see density. Layers of 1 mm, electrons of 300 keV (range 0.84 mm).
    layers = 24
    labels = np.zeros((layers, 3, 3), dtype=int)
    labels[1::2] = 1
    media = {0: ("dense", Medium("water", 1.0)), 1: ("light", Medium("water", light))}
    space = voxel_space(labels, spacing_mm=(1.0, 100.0, 100.0), media=media)
    density = np.where(np.arange(layers) % 2 == 0, 1.0, light)
    weight = np.zeros(labels.shape)
    weight[:, 1, 1] = density
    made = problem(
        space,
        Emissions.single("electron", 300.0),
        weight=weight,
        by_voxel=True,
        electrons=10.0,
        settings=FAST,
    )
    found = run(made, histories=100_000, seed=5, threads=1)
    energy = found.deposited_keV.reshape(labels.shape, order="F").sum(axis=(1, 2))
    emitted = 300.0 * density / density.sum()
    inside = np.zeros(layers, dtype=bool)
    inside[6:-6] = True  # electrons leave at both ends
    for label in (0, 1):
        use = inside & (labels[:, 1, 1] == label)
        # 1.2 %: three standard errors (10 000 tracks begin in the light layers, or more)
        assert energy[use].sum() == pytest.approx(emitted[use].sum(), rel=0.012)


@pytest.mark.parametrize("energy_keV", [100.0, 1000.0])
def test_kernels_hardly_depend_on_the_settings(energy_keV):
    coarse = replace(FAST, absorb_fraction=0.02)
    fine = point_kernel("electron", energy_keV, histories=10_000, settings=ACCURATE, threads=1)
    fast = point_kernel("electron", energy_keV, histories=40_000, settings=coarse, threads=1)
    at = fine.csda_range_g_cm2 * np.linspace(0.1, 1.0, 10)
    # 0.006: bias of the fast settings (0.4 %) and 2 standard errors of 10 000 histories
    assert fine.cumulative_at(at) == pytest.approx(fast.cumulative_at(at), abs=0.006)


def test_energy_stays_within_the_range():
    kernel = point_kernel("electron", 500.0, histories=5000, settings=FAST, threads=1)
    # what lies beyond the CSDA range is bremsstrahlung and range straggling: under 1 %
    assert kernel.cumulative_at(1.1 * kernel.csda_range_g_cm2) > 0.99
    assert np.all(np.diff(kernel.cumulative) >= 0)
    assert kernel.cumulative[-1] == pytest.approx(1.0, abs=1e-8)


def test_the_same_seed_gives_the_same_kernel_on_any_number_of_threads():
    one = point_kernel("electron", 200.0, histories=5000, seed=9, settings=FAST, threads=1)
    two = point_kernel("electron", 200.0, histories=5000, seed=9, settings=FAST, threads=2)
    other = point_kernel("electron", 200.0, histories=5000, seed=10, settings=FAST, threads=1)
    assert np.array_equal(one.batch_fraction, two.batch_fraction)
    assert not np.array_equal(one.batch_fraction, other.batch_fraction)


def test_a_medium_of_higher_atomic_number_scatters_more():
    # distances over range: bone's energy lies nearer to the source than water's
    water = point_kernel("electron", 500.0, histories=10_000, settings=FAST, threads=1)
    bone = point_kernel(
        "electron", 500.0, medium="bone_cortical", histories=10_000, settings=FAST, threads=1
    )
    half = [k.cumulative_at(0.5 * k.csda_range_g_cm2) for k in (water, bone)]
    assert half[1] > half[0] + 0.02
