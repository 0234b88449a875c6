"""Voxel S values: energy balance, cache, spheres of the same engine."""

import numpy as np
import pytest

from ligandose.transport import _kernel_store, voxels
from ligandose.transport.voxels import J_PER_KEV, decay_emissions, nuclide_kernel, voxel_s_values


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    voxels._kept_kernel.cache_clear()
    yield tmp_path
    voxels._kept_kernel.cache_clear()


def quick(name, **options):
    return voxel_s_values(name, histories=5000, settings="fast", threads=1, **options)


def test_the_array_holds_the_share_of_energy_that_it_states():
    found = quick("Lu-177", spacing_mm=(3.0, 3.0, 3.0), medium="soft_tissue")
    once = np.where(np.arange(found.s_Gy_per_Bq_s.shape[0]) > 0, 2.0, 1.0)
    images = once[:, None, None] * once[None, :, None] * once[None, None, :]
    mass_kg = 0.3**3 * 1.04e-3
    energy = (found.s_Gy_per_Bq_s * images).sum() * mass_kg / J_PER_KEV
    assert energy == pytest.approx(found.share_inside * found.emitted_keV, rel=1e-9)
    assert found.share_inside + found.share_beyond == pytest.approx(1.0)
    # electrons (147 of 181 keV) stay; of 33 keV of photons next to nothing does
    assert found.share_inside == pytest.approx(147.4 / found.emitted_keV, abs=0.02)


def test_kinds_add_up_and_alphas_stay_at_home():
    found = quick("Ac-225", spacing_mm=(2.0, 2.0, 2.0))
    assert set(found.by_kind) == {"alpha", "electron", "photon"}
    assert sum(found.by_kind.values()) == pytest.approx(found.s_Gy_per_Bq_s, rel=1e-12)
    alpha = found.by_kind["alpha"]
    assert alpha[0, 0, 0] > 20 * alpha[1, 0, 0]
    assert np.all(alpha[2:] == 0)


def test_anisotropic_voxels_may_be_turned():
    one = quick("Y-90", spacing_mm=(2.0, 3.0, 4.0)).s_Gy_per_Bq_s
    other = quick("Y-90", spacing_mm=(4.0, 3.0, 2.0)).s_Gy_per_Bq_s
    assert one == pytest.approx(other.transpose(2, 1, 0), rel=0.01, abs=1e-3 * one.max())


def test_density_scales_distances():
    # Fano: the same mass thickness; mass of the voxel goes as density x side^3
    light = quick("Y-90", spacing_mm=(6.0, 6.0, 6.0), density_g_cm3=0.5)
    dense = quick("Y-90", spacing_mm=(3.0, 3.0, 3.0), density_g_cm3=1.0)
    n = min(light.s_Gy_per_Bq_s.shape[0], dense.s_Gy_per_Bq_s.shape[0])
    scaled = 4.0 * light.s_Gy_per_Bq_s[:n, :n, :n]
    assert scaled == pytest.approx(dense.s_Gy_per_Bq_s[:n, :n, :n], rel=1e-9)


def test_a_kernel_comes_back_from_the_disk_as_it_was(own_cache):
    first = nuclide_kernel("Lu-177", "electron", histories=5000, settings="fast")
    voxels._kept_kernel.cache_clear()
    files = list((own_cache / "ligandose" / "kernels").glob("*"))
    assert [f.suffix for f in files] == [".npz"]
    second = nuclide_kernel("Lu-177", "electron", histories=5000, settings="fast")
    assert np.array_equal(first.batch_fraction, second.batch_fraction)
    assert first.csda_range_g_cm2 == second.csda_range_g_cm2


def test_a_broken_file_is_computed_anew(own_cache):
    first = nuclide_kernel("Lu-177", "electron", histories=5000, settings="fast")
    voxels._kept_kernel.cache_clear()
    file = next((own_cache / "ligandose" / "kernels").glob("*.npz"))
    file.write_bytes(file.read_bytes()[:1000])
    again = nuclide_kernel("Lu-177", "electron", histories=5000, settings="fast")
    assert np.array_equal(first.batch_fraction, again.batch_fraction)


def test_another_seed_or_version_is_another_file():
    facts = {"nuclide": "Lu-177", "seed": 1}
    keys = {_kernel_store.key_of(facts), _kernel_store.key_of({**facts, "seed": 2})}
    assert len(keys) == 2


def test_a_folder_that_cannot_be_written_is_no_error(own_cache):
    (own_cache / "ligandose").write_text("in the way")
    assert nuclide_kernel("Lu-177", "electron", histories=5000, settings="fast").histories >= 5000


def test_emissions_hold_the_energy_of_the_nuclide():
    # JEFF-4.0: 134.3 keV of betas, 13.1 of conversion and Auger electrons per decay
    parts = decay_emissions("Lu-177")
    assert parts["electron"].energy_keV_per_decay == pytest.approx(147.4, abs=0.2)
