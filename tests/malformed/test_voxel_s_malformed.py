"""Spheres, kernels and voxel S values say what is wrong, and write nothing."""

import numpy as np
import pytest

from ligandose.errors import InputError, LigandoseError, UnknownNameError
from ligandose.transport import voxels
from ligandose.transport._electron_tables import ElectronSettings
from ligandose.transport.kernels import point_kernel
from ligandose.transport.sphere_runs import sphere_fraction_simulated
from ligandose.transport.voxels import nuclide_kernel, voxel_s_values


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.rglob("*.npz")), "a refused request left a file"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"spacing_mm": (0.0, 3.0, 3.0)}, "spacing_mm"),
        ({"spacing_mm": (3.0, 3.0, np.nan)}, "spacing_mm"),
        ({"spacing_mm": (-3.0, 3.0, 3.0)}, "spacing_mm"),
        ({"spacing_mm": (0.01, 3.0, 3.0)}, "100 times"),
        ({"spacing_mm": (3.0, 3.0)}, "three"),
        ({"spacing_mm": (0.01, 0.01, 0.01)}, "voxels"),
        ({"spacing_mm": (3.0, 3.0, 3.0), "density_g_cm3": 0.0}, "density_g_cm3"),
        ({"spacing_mm": (3.0, 3.0, 3.0), "density_g_cm3": -1.0}, "density_g_cm3"),
        ({"spacing_mm": (3.0, 3.0, 3.0), "extent_mm": np.nan}, "extent_mm"),
        ({"spacing_mm": (3.0, 3.0, 3.0), "histories": 0}, "histories"),
        ({"spacing_mm": (3.0, 3.0, 3.0), "seed": -1}, "seed"),
    ],
)
def test_absurd_requests_are_refused_by_name(options, said):
    with pytest.raises(InputError, match=said):
        voxel_s_values("Y-90", **options)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("Lu-178", {}, "Lu-17"),
        ("Lu-177", {"medium": "soft_tisue"}, "soft_tissue"),
        ("Lu-177", {"settings": "fastest"}, "fast"),
    ],
)
def test_unknown_names_suggest_known_ones(name, options, said):
    with pytest.raises(UnknownNameError, match=said):
        voxel_s_values(name, spacing_mm=(3.0, 3.0, 3.0), **options)


def test_a_nuclide_without_emissions_is_named(monkeypatch):
    empty = voxels.Lines(np.empty(0), np.empty(0))
    for reader in ("alpha_lines", "recoil_lines", "beta_bins", "electron_lines", "photon_lines"):
        monkeypatch.setattr(voxels, reader, lambda name: empty)
    with pytest.raises(InputError, match="Lu-177 has no emissions"):
        voxel_s_values("Lu-177", spacing_mm=(3.0, 3.0, 3.0))


def test_a_kind_that_is_not_emitted_is_named():
    with pytest.raises(InputError, match="alpha"):
        nuclide_kernel("Lu-177", "alpha")


@pytest.mark.parametrize(
    ("particle", "energy", "options", "said"),
    [
        ("electron", 0.0, {}, "energy"),
        ("electron", np.nan, {}, "energy"),
        ("photon", 2e4, {}, "energy"),
        ("neutron", 100.0, {}, "particle"),
        ("electron", 100.0, {"histories": -5}, "histories"),
        ("electron", 100.0, {"medium": "wood"}, "wood"),
    ],
)
def test_point_kernels_refuse_what_is_outside_the_tables(particle, energy, options, said):
    with pytest.raises(LigandoseError, match=said):
        point_kernel(particle, energy, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mass_kg": 0.0}, "mass_kg"),
        ({"mass_kg": -1.0}, "mass_kg"),
        ({"mass_kg": np.inf}, "mass_kg"),
        ({"mass_kg": 1.0, "density_g_cm3": 0.0}, "density_g_cm3"),
        ({"mass_kg": 1.0, "uncertainty": 0.0}, "uncertainty"),
        ({"mass_kg": 1.0, "around": "air"}, "medium around"),
    ],
)
def test_spheres_refuse_what_makes_no_sense(options, said):
    with pytest.raises(LigandoseError, match=said):
        sphere_fraction_simulated("electron", 100.0, **options)


def test_settings_outside_the_method_are_refused():
    with pytest.raises(InputError, match="deflection"):
        ElectronSettings(0.9, 0.01, 0.5, 0.03, 10.0, 0.02)
