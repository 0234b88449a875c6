"""Radial kernels: sums, limits, closed forms of alphas, interpolation, the tables' scripts."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ligandose.errors import InputError
from ligandose.evidence import read_table
from ligandose.nuclides import Lines, alpha_lines, beta_bins, electron_lines, photon_lines
from ligandose.transport import (
    RadialKernel,
    alpha_range_um,
    alpha_within,
    electron_range_um,
    electron_within,
    photon_within,
    radial_kernel,
    sphere_self_fraction,
)
from ligandose.transport.stopping import (
    alpha_csda_range,
    alpha_stopping,
    electron_collision_stopping,
    radiation_yield,
)

SCRIPTS = Path(__file__).parents[2] / "scripts"
UM_PER_CM = 1e4
RADII = np.concatenate([[0.0], np.geomspace(1e-4, 2e5, 777)])
ENERGIES = {
    electron_within: [0.005, 0.02, 0.1, 0.5, 1.3, 7.0, 30.0, 150.0, 900.0, 2280.0, 10_000.0],
    alpha_within: [0.5, 20.0, 1000.0, 5870.0, 8784.0, 12_000.0],
    photon_within: [0.05, 0.3, 0.7, 3.0, 25.0, 113.0, 208.0, 511.0, 2615.0, 10_000.0],
}
OF = pytest.mark.parametrize("within", ENERGIES, ids=lambda f: f.__name__)


@OF
def test_the_part_within_rises_from_0_to_at_most_1(within):
    found = within(ENERGIES[within], RADII)
    assert found.shape == (len(ENERGIES[within]), RADII.size)
    slow = within is electron_within  # below 10 eV an electron stays where it is
    assert found[1 if slow else 0 :, 0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.diff(found, axis=1) >= -1e-12)
    assert np.all(found <= 1.0 + 1e-12)


@OF
def test_arrays_give_what_single_values_give(within):
    energies = ENERGIES[within]
    radii = np.array([0.03, 4.0, 700.0])
    together = within(energies, radii)
    alone = [[within(e, r)[0, 0] for r in radii] for e in energies]
    assert together == pytest.approx(np.array(alone), abs=1e-14)


@pytest.mark.parametrize("energy_keV", [0.02, 0.3, 2.0, 20.0, 100.0])
def test_electrons_deposit_all_their_energy_within_twenty_ranges(energy_keV):
    # up to 0.1 MeV bremsstrahlung takes 6e-4 of it
    far = 20.0 * float(electron_range_um(energy_keV))
    assert electron_within(energy_keV, far)[0, 0] == pytest.approx(1.0, abs=7e-4)


@pytest.mark.parametrize("energy_keV", [500.0, 1000.0, 2000.0, 5000.0])
def test_beyond_the_track_lies_the_bremsstrahlung(energy_keV):
    # part of the photons is absorbed within the track already (softer ones near it)
    beyond = 1.0 - electron_within(energy_keV, 1.3 * float(electron_range_um(energy_keV)))[0, 0]
    radiated = float(radiation_yield("water", energy_keV))
    assert 0.6 * radiated < beyond < 1.02 * radiated
    # it counts where it is absorbed: half of it within 20 cm
    farther = 1.0 - electron_within(energy_keV, 2e5)[0, 0]
    assert farther < 0.75 * beyond


@pytest.mark.parametrize("energy_keV", [10.0, 50.0, 300.0, 1500.0])
def test_the_first_part_of_a_track_loses_its_stopping_power(energy_keV):
    # at 1/100 of the range: less what knock-on electrons carry out of the sphere, more what comes
    # back; both are below a fifth
    near = 0.01 * float(electron_range_um(energy_keV))
    lost = energy_keV * electron_within(energy_keV, near)[0, 0]
    stopping = float(electron_collision_stopping("water", energy_keV)) / UM_PER_CM
    assert 0.75 < lost / (stopping * near) < 1.2


@pytest.mark.parametrize("energy_keV", [20.0, 100.0, 500.0, 1000.0])
@pytest.mark.parametrize("mass_kg", [1e-6, 1e-4])
def test_spheres_absorb_what_the_shipped_table_says(energy_keV, mass_kg):
    radius = UM_PER_CM * (3.0 * 1e3 * mass_kg / (4.0 * np.pi)) ** (1 / 3)
    edges = radius * np.concatenate([[0.0], np.geomspace(1e-5, 2.0, 3001)])
    middle = 0.5 * (edges[1:] + edges[:-1]) / radius
    parts = np.diff(electron_within(energy_keV, edges)[0])
    found = float(parts @ (1.0 - 0.75 * middle + middle**3 / 16.0))
    # both are Monte Carlo: 0.2 % each
    table = float(sphere_self_fraction("electron", energy_keV, mass_kg=mass_kg))
    assert found == pytest.approx(table, rel=0.005)


def test_alphas_slow_down_along_a_straight_line():
    energy = 7450.0
    whole = float(alpha_range_um(energy))
    assert whole == pytest.approx(UM_PER_CM * float(alpha_csda_range("water", energy)), rel=1e-4)
    assert alpha_within(energy, [0.0, whole, 2 * whole])[0] == pytest.approx([0.0, 1.0, 1.0])
    # what is left after a distance has the rest of the range: two halves are one track
    gone = 30.0
    left = energy * (1.0 - alpha_within(energy, gone)[0, 0])
    assert float(alpha_range_um(left)) == pytest.approx(whole - gone, rel=1e-4)
    # the slope is the stopping power of what is left
    step = 0.01
    within = energy * alpha_within(energy, [gone - step, gone + step])[0]
    stopping = float(alpha_stopping("water", left)) / UM_PER_CM
    assert (within[1] - within[0]) / (2 * step) == pytest.approx(stopping, rel=1e-3)


def nuclide_lines(name):
    fast, slow = beta_bins(name), electron_lines(name)
    electrons = Lines(
        np.concatenate([fast.energy_MeV, slow.energy_MeV]),
        np.concatenate([fast.yield_per_decay, slow.yield_per_decay]),
    )
    return {"alpha": alpha_lines(name), "electron": electrons, "photon": photon_lines(name)}


@pytest.mark.parametrize("name", ["Lu-177", "I-125", "Y-90", "Ac-225", "Ra-223", "Po-212"])
def test_between_its_distances_a_kernel_is_the_sum_of_its_lines(name):
    lines = nuclide_lines(name)
    kernel = radial_kernel(**lines, recoil_keV=0.0)
    off = np.concatenate([np.geomspace(2e-5, 1.9e5, 3001), np.linspace(1.0, 130.0, 2003)])
    functions = (alpha_within, electron_within, photon_within)
    for i, ((kind, found), within) in enumerate(zip(lines.items(), functions, strict=True)):
        energy = 1e3 * found.energy_MeV
        some = found.yield_per_decay > 0
        if not some.any():
            assert kernel.emitted_keV[i] == 0.0
            continue
        power = (energy * found.yield_per_decay)[some]
        exact = power @ within(energy[some], off)
        assert kernel.emitted_keV[i] == pytest.approx(power.sum())
        # the brief of the cell scale: 1e-4 of the emitted energy
        error = np.abs(kernel.energy_within_keV(off)[i] - exact).max()
        assert error < 1e-4 * power.sum(), kind


def test_kernels_add_and_scale():
    one = radial_kernel(**nuclide_lines("Ac-225"), recoil_keV=100.0)
    two = radial_kernel(**nuclide_lines("Lu-177"))
    both = one.scaled(0.25) + two
    at = np.geomspace(1e-3, 1e5, 301)
    expected = 0.25 * one.energy_within_keV(at) + two.energy_within_keV(at)
    assert both.emitted_keV == pytest.approx(0.25 * one.emitted_keV + two.emitted_keV)
    # on the union of distances; between them both interpolate: 1e-4 each
    error = np.abs(both.energy_within_keV(at) - expected).max(axis=1)
    assert np.all(error < 2e-4 * both.emitted_keV + 1e-9)
    same = two + two
    assert same.within_keV == pytest.approx(2 * two.within_keV)


def test_recoil_nuclei_stay_at_the_point():
    kernel = radial_kernel(alpha=Lines(np.array([5.8]), np.array([1.0])), recoil_keV=105.0)
    assert kernel.energy_within_keV(0.0)[0] == 105.0
    assert kernel.energy_within_keV(1e3)[0] == pytest.approx(5905.0)
    assert kernel.emitted_keV[0] == pytest.approx(5905.0)


def test_a_kernel_without_emissions_is_empty():
    kernel = radial_kernel()
    assert not kernel.within_keV.any()
    assert not kernel.emitted_keV.any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: electron_within(20_000.0, 1.0), "electron energy_keV is 20000"),
        (lambda: electron_within(float("nan"), 1.0), "electron energy_keV is nan"),
        (lambda: alpha_within(-1.0, 1.0), "alpha energy_keV is -1"),
        (lambda: photon_within(0.0, 1.0), "photon energy_keV is 0"),
        (lambda: photon_within(10.0, -1.0), "radius_um is -1"),
        (lambda: electron_within(10.0, float("nan")), "radius_um is nan"),
        (lambda: radial_kernel(recoil_keV=-1.0), "recoil_keV is -1"),
        (lambda: radial_kernel(alpha=Lines(np.array([5.0]), np.array([-1.0]))), "yield_per_decay"),
        (lambda: radial_kernel().energy_within_keV(-1.0), "radius_um is -1"),
        (lambda: radial_kernel().scaled(-1.0), "factor is -1"),
        (
            lambda: RadialKernel(np.array([0.0, 2.0, 1.0]), np.zeros((3, 3)), np.zeros(3)),
            "radius_um must rise from 0",
        ),
        (
            lambda: RadialKernel(np.array([0.0, 1.0, 2.0]), np.zeros((2, 3)), np.zeros(3)),
            "must be (n,) and (3, n)",
        ),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(InputError) as error:
        call()
    assert words in str(error.value)


def script(name):
    sys.path.insert(0, str(SCRIPTS))
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def shipped_rows(table, energy_keV, column):
    rows = [r for r in read_table(table) if abs(float(r["energy_keV"]) - energy_keV) < 1e-6]
    return np.array([[float(r[column]), float(r["fraction"])] for r in rows]).T


@pytest.mark.parametrize(("energy_keV", "histories"), [(0.199526, 2000), (199.526, 6400)])
def test_electron_rows_are_what_the_script_makes(energy_keV, histories):
    build = script("build_electron_kernels")
    made = build.cumulative(energy_keV, histories)
    scaled, shipped = shipped_rows("electron_kernels.csv", energy_keV, "scaled_radius")
    assert scaled == pytest.approx(build.SCALED_RADIUS, rel=1e-5)
    # the part within a distance varies by at most 0.4 from track to track: four standard errors
    assert np.abs(made - shipped).max() < 4 * 0.4 / np.sqrt(histories)
    assert 1e4 * build.range_cm(energy_keV) == pytest.approx(
        float(electron_range_um(energy_keV)), rel=1e-4
    )


def test_photon_rows_are_what_the_script_makes():
    build = script("build_photon_kernels")
    made = build.within(30.0, 50_000)
    radius, shipped = shipped_rows("photon_kernels.csv", 30.0, "radius_um")
    assert radius == pytest.approx(build.RADIUS_UM, rel=1e-5)
    far = radius > 100.0
    # weights up to 2 and half the histories spent near the point: 2 % where a part of 0.0015 lies
    assert made[far] == pytest.approx(shipped[far], rel=0.04, abs=4 * 0.5 / np.sqrt(50_000))
