"""Voxel doses, histograms and BED where the answer is known in closed form."""

import numpy as np
import pytest

from ligandose.dose import (
    JOULE_PER_KEV,
    cumulative_histogram,
    dose_at_share,
    region_dose,
    share_at_dose,
    voxel_dose,
    voxel_media,
)
from ligandose.dose.voxel_convolve import coarse, fine, folding
from ligandose.dose.voxel_kernel import chain_lines, water_kernel
from ligandose.dose.voxel_water import reference_density_g_cm3
from ligandose.effect import bed_Gy, equivalent_uniform_bed_Gy, lea_catcheside
from ligandose.effect.voxel_bed import voxel_bed_Gy, voxel_protraction

SIDES = (3.0, 3.0, 3.0)
SINGLE = 2e-6  # a few roundings of single precision


def uniform(shape, value=1e8):
    return np.full(shape, value, np.float32)


def test_local_dose_is_charged_energy_over_mass():
    found = voxel_dose(
        uniform((3, 4, 5)), nuclide="Y-90", spacing_mm=(2.0, 3.0, 4.0), density_g_cm3=1.25,
        engine="local",
    )  # fmt: skip
    emitted = chain_lines("Y-90", progeny=True, horizon_s=None).emitted_keV["electron"]
    expected = 1e8 * emitted * JOULE_PER_KEV / (24.0 * 1.25e-6)
    assert found.by_radiation["electron"] == pytest.approx(expected, rel=SINGLE)


@pytest.mark.parametrize("nuclide", ["Lu-177", "Ac-225"])
def test_a_uniform_source_far_from_edges_absorbs_what_charged_particles_emit(nuclide):
    # 21 voxels of 3 mm: the middle is 30 mm from the edge, three ranges of the hardest electron;
    # what is missing is bremsstrahlung: 0.1 % of the electrons' energy at 0.15 MeV, 0.5 % at 0.6
    found = voxel_dose(
        uniform((21, 21, 21)), nuclide=nuclide, spacing_mm=SIDES, density_g_cm3=1.0, engine="kernel"
    )
    local = voxel_dose(
        uniform((21, 21, 21)), nuclide=nuclide, spacing_mm=SIDES, density_g_cm3=1.0, engine="local"
    )
    for kind in set(found.by_radiation) - {"photon"}:
        ratio = found.by_radiation[kind][10, 10, 10] / local.by_radiation[kind][10, 10, 10]
        assert 0.994 < ratio < 1 + 1e-5


def test_the_kernel_holds_the_emitted_energy():
    kernel = water_kernel("I-131", SIDES, progeny=False, horizon_s=None)
    # the shipped kernel of soft photons ends 4e-5 below one, of a part in 25 000 of the energy
    total = float(kernel.emitted_keV.sum())
    assert kernel.shell_keV.sum(axis=1) == pytest.approx(kernel.emitted_keV, abs=1e-7 * total)
    # near voxels and point values meet: a ball of 100 voxels of whole octants holds what the
    # shells hold within its radius, but for the error of point values, below 0.5 %
    part = kernel.parts.index("photon")
    octant = kernel.octant_J("photon", (61, 61, 61)) / JOULE_PER_KEV
    index = np.arange(61)
    radius = 3.0 * np.sqrt(sum(i**2 for i in np.meshgrid(index, index, index, sparse=True)))
    images = np.where(index > 0, 2.0, 1.0)
    count = images[:, None, None] * images[:, None] * images
    inside = float((octant * count)[radius < 180].sum())
    within = np.interp(18.0, kernel.edge_cm[1:], np.cumsum(kernel.shell_keV[part]))
    assert inside == pytest.approx(within, rel=5e-3)


def test_density_of_a_uniform_medium_scales_as_it_must():
    # the same mass thickness in fewer millimetres: dose per decay goes with density squared
    thin = voxel_dose(
        uniform((9, 9, 9)),
        nuclide="Y-90",
        spacing_mm=(6.0,) * 3,
        density_g_cm3=0.5,
        engine="kernel",
    )
    thick = voxel_dose(
        uniform((9, 9, 9)), nuclide="Y-90", spacing_mm=SIDES, density_g_cm3=1.0, engine="kernel"
    )
    assert 4.0 * thin.dose_Gy == pytest.approx(thick.dose_Gy, rel=1e-4)


def test_density_corrects_charged_particles_and_leaves_photons():
    shape = (7, 7, 7)
    decays = uniform(shape)
    density = np.full(shape, 1.0, np.float32)
    density[3, 3, 3] = 2.0
    given = {"nuclide": "Lu-177", "spacing_mm": SIDES, "engine": "kernel"}
    plain = voxel_dose(decays, density_g_cm3=1.0, **given).by_radiation
    mixed = voxel_dose(decays, density_g_cm3=density, **given).by_radiation
    ratio = {k: mixed[k][3, 3, 3] / plain[k][3, 3, 3] for k in plain}
    assert ratio["electron"] == pytest.approx(0.5, rel=SINGLE)
    assert 0.9 < ratio["photon"] < 1.0  # soft ones, which stay in the voxel, are halved


def test_the_kernel_is_of_the_density_where_decays_are():
    decays = np.ones((1, 1, 10), np.float32)
    density = np.array([[[1.06] * 2 + [0.3] * 8]], np.float32)
    assert reference_density_g_cm3(decays, density) == 1.06  # soft tissue before lung
    decays[0, 0, :2] = 0.1
    assert reference_density_g_cm3(decays, density) == 0.3  # 2 % in soft tissue
    decays[:] = 0.0
    decays[0, 0, 0] = 1.0
    density[0, 0, 0] = 0.001
    assert reference_density_g_cm3(decays, density) == 1.06  # decays in air: what tissue there is


def test_air_gets_no_dose_and_its_decays_are_told():
    density = np.full((4, 4, 4), 1.0, np.float32)
    density[0] = 0.0012
    for engine in ("local", "kernel"):
        found = voxel_dose(
            uniform((4, 4, 4)), nuclide="Lu-177", spacing_mm=SIDES, density_g_cm3=density,
            engine=engine,
        )  # fmt: skip
        assert not found.dose_Gy[0].any()
        assert found.dose_Gy[1:].min() > 0
        assert any("decays in air: 25 %" in text for text in found.left_out)


def test_folding_is_the_sum_over_all_pairs():
    rng = np.random.default_rng(2)
    image = rng.random((5, 6, 7)).astype(np.float32)
    octant = rng.random((3, 4, 2))
    got = folding(image, (2, 3, 1), threads=1).with_octant(octant)
    want = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        for other in np.ndindex(image.shape):
            apart = tuple(abs(a - b) for a, b in zip(place, other, strict=True))
            if all(a < n for a, n in zip(apart, octant.shape, strict=True)):
                want[place] += image[other] * octant[apart]
    assert got == pytest.approx(want, rel=1e-5)


def test_blocks_keep_sums_and_interpolation_keeps_straight_lines():
    rng = np.random.default_rng(3)
    image = rng.random((5, 8, 7)).astype(np.float32)
    assert coarse(image).sum() == pytest.approx(image.sum(), rel=1e-5)
    z, y, x = np.meshgrid(*(2.0 * np.arange(n) + 0.5 for n in (3, 4, 4)), indexing="ij")
    line = (1.0 + 0.5 * z - 0.25 * y + 2.0 * x).astype(np.float32)
    z, y, x = np.meshgrid(*(np.arange(n) for n in (5, 8, 7)), indexing="ij")
    assert fine(line, (5, 8, 7)) == pytest.approx(1.0 + 0.5 * z - 0.25 * y + 2.0 * x, rel=1e-5)


def test_histogram_of_doses_that_rise_evenly():
    # 0.5, 1.5, …, 999.5: the share at or above d is 1 - d / 1000 at whole d
    dose = np.arange(1000.0) + 0.5
    weight = np.ones(1000)
    assert share_at_dose(dose, weight, [0.0, 250.0, 1000.0]) == pytest.approx([1.0, 0.75, 0.0])
    assert dose_at_share(dose, weight, [98.0, 50.0, 2.0]) == pytest.approx([20.0, 500.0, 980.0])
    level, share = cumulative_histogram(dose, weight, bins=100)
    below = np.ceil(level - 0.5)  # voxels under each level
    assert share == pytest.approx(1.0 - below / 1000.0, abs=1e-12)


def test_partial_voxels_weigh_what_they_hold():
    dose = np.array([[[2.0, 4.0, 7.0]]])
    found = region_dose(
        dose, [[[1.0, 0.5, 0.0]]], spacing_mm=(10, 10, 5), density_g_cm3=[[[1.0, 2.0, 9.0]]]
    )
    assert (found.voxels, found.volume_mL) == (2, 0.75)
    assert found.mass_kg == pytest.approx(1e-3)  # 0.5 g + 0.5 g
    assert found.mean == pytest.approx(3.0)  # equal masses
    assert found.sd == pytest.approx(1.0)


def test_uniform_dose_has_one_of_everything():
    dose = uniform((4, 5, 6), 12.5)
    found = region_dose(dose, np.ones(dose.shape, bool), spacing_mm=SIDES)
    values = (found.mean, found.median, found.p05, found.p95, found.lowest, found.highest)
    assert set(values) == {12.5}
    assert found.sd == 0.0
    assert np.all(found.dvh_share == 1.0)


def test_bed_of_one_exponential_is_the_closed_form():
    rate, repair = 2.0e-6, 7.0e-5
    got = voxel_bed_Gy(
        np.array([30.0, 0.0]), rate_per_s=[[rate], [np.nan]], repair_rate_per_s=repair,
        alpha_beta_Gy=2.5,
    )  # fmt: skip
    assert got == pytest.approx([30.0 * (1 + rate / (rate + repair) * 30.0 / 2.5), 0.0], rel=SINGLE)


def test_protraction_of_many_exponentials_is_that_of_lea_catcheside():
    rate, share = np.array([[1e-6, 8e-6], [3e-6, 4e-5]]), np.array([[0.7, 0.3], [1.05, -0.05]])
    got = voxel_protraction(rate, share=share, repair_rate_per_s=5e-5)
    want = lea_catcheside(share * rate, rate, repair_rate_per_s=5e-5)
    assert got == pytest.approx(want, rel=1e-12)


def test_equivalent_uniform_bed_of_a_uniform_dose_is_its_bed():
    dose = uniform((3, 3, 3), 18.0)
    bed = voxel_bed_Gy(dose, rate_per_s=[3e-6], repair_rate_per_s=7e-5, alpha_beta_Gy=10.0)
    g = 3e-6 / (3e-6 + 7e-5)
    assert bed == pytest.approx(float(bed_Gy(18.0, g, alpha_beta_Gy=10.0)), rel=SINGLE)
    same = equivalent_uniform_bed_Gy(bed.ravel(), np.ones(27), alpha_per_Gy=0.3)
    assert float(same) == pytest.approx(float(bed[0, 0, 0]), rel=SINGLE)


def test_alphas_count_with_their_effectiveness_and_never_squared():
    got = voxel_bed_Gy(
        [10.0], rate_per_s=[1e-5], repair_rate_per_s=0.0, alpha_beta_Gy=5.0, alpha_dose_Gy=[4.0],
        rbe_max=5.0,
    )  # fmt: skip
    assert got == pytest.approx([6.0 * (1 + 6.0 / 5.0) + 20.0], rel=SINGLE)


def test_the_nearest_density_names_the_medium():
    media = voxel_media(np.array([[[0.0012, 0.3, 0.94, 1.06, 1.18, 1.92]]]))
    assert [media.names[i] for i in media.index.ravel()] == [
        "air", "lung", "adipose", "soft_tissue_icru44", "spongiosa", "bone_cortical",
    ]  # fmt: skip
