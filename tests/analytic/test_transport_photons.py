"""Photon physics of the engine against integrals of the laws that it samples."""

import dataclasses
import math

import numpy as np
import pytest
from numba import njit

from ligandose.transport import (
    Emissions,
    Medium,
    infinite_space,
    problem,
    run,
    sphere_self_fraction,
    sphere_space,
    voxel_space,
)
from ligandose.transport._photons import (
    MC2,
    _pair,
    _photoelectric,
    coherent_cosine,
    scattered,
)
from ligandose.transport._random import start_stream
from ligandose.transport._stack import COLUMNS, DEPTH, ELECTRON, PHOTON, POSITRON
from ligandose.transport.photon_data import (
    fluorescence,
    mass_attenuation,
    photoelectric_shares,
    photon_coefficients,
    photon_forms,
)

KEV_ANGSTROM = 12.398419843
WATER = Medium("water", 1.0)


def packed(material, electrons="local"):
    """Physics, geometry and tally of an infinite medium."""
    made = problem(
        infinite_space(Medium(material)), Emissions.single("photon", 100.0), electrons=electrons
    )
    return made.physics, made.space.geometry, made.tally


def absorbing(made):
    """The same problem with every interaction an absorption: what is left is uncollided."""
    photon = made.physics.photon.copy()
    photon[:, :, 1:3], photon[:, :, 3], photon[:, :, 4] = 0.0, 2.0, 0.0
    return dataclasses.replace(made, physics=made.physics._replace(photon=photon))


# --- flight ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("energy_keV", [30.0, 208.0, 1500.0])
def test_uncollided_photons_cross_shells_of_other_media_as_the_exponential_law_says(energy_keV):
    radii = (1.0, 3.0, 4.0, 7.0)
    media = [Medium("lung", 0.3), WATER, Medium("bone", 1.4), Medium("soft_tissue")]
    emissions = Emissions.single("photon", energy_keV)
    made = absorbing(problem(sphere_space(radii, media), emissions, electrons="local"))
    found = run(made, histories=200_000, seed=1, threads=1)
    depth = np.cumsum(
        [
            mass_attenuation(m.material, energy_keV) * m.density() * d
            for m, d in zip(media, np.diff((0.0, *radii)), strict=True)
        ]
    )
    left = np.exp(-np.concatenate([[0.0], depth]))
    share = np.append(found.deposited_keV, found.escaped_keV) / energy_keV
    expected = np.append(left[:-1] - left[1:], left[-1])
    # binomial; linear interpolation between energies is good to 1e-3
    assert np.all(np.abs(share - expected) < 4 * np.sqrt(expected / 2e5) + 1e-3 * expected)


def rays_through(labels, spacing_cm, points, directions, mu):
    """Share of uncollided photons that each region takes, by following rays between planes."""
    size = np.array(labels.shape)
    planes = [np.arange(n + 1) * h for n, h in zip(size, spacing_cm, strict=True)]
    with np.errstate(divide="ignore"):
        cuts = np.concatenate(
            [(planes[a][None, :] - points[:, a, None]) / directions[:, a, None] for a in range(3)],
            axis=1,
        )
    cuts = np.sort(np.concatenate([np.zeros((len(points), 1)), np.clip(cuts, 0, None)], axis=1))
    middle = 0.5 * (cuts[:, 1:] + cuts[:, :-1])
    where = points[:, None, :] + middle[:, :, None] * directions[:, None, :]
    index = np.floor(where / np.array(spacing_cm)).astype(int)
    inside = np.all((index >= 0) & (index < size), axis=2)
    index = np.clip(index, 0, size - 1)
    region = labels[tuple(np.moveaxis(index, 2, 0))]
    tau = np.where(inside, mu[region], 0.0) * np.diff(cuts, axis=1)
    before = np.concatenate([np.zeros((len(points), 1)), np.cumsum(tau, axis=1)[:, :-1]], axis=1)
    taken = np.exp(-before) * -np.expm1(-tau) * inside
    return np.array([taken[region == r].sum() for r in range(len(mu))]) / len(points)


@pytest.mark.parametrize("energy_keV", [40.0, 364.0])
def test_delta_tracking_in_a_patchwork_of_bone_lung_and_tissue_is_exact(energy_keV):
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, (7, 5, 6))
    spacing_mm = (12.0, 20.0, 9.0)
    media = {
        0: ("bone", Medium("bone", 1.4)),
        1: ("lung", Medium("lung", 0.26)),
        2: ("soft", Medium("soft_tissue", 1.04)),
    }
    space = voxel_space(labels, spacing_mm=spacing_mm, media=media)
    weight = np.zeros(labels.shape)
    weight[3, 2, 2] = 1.0
    emissions = Emissions.single("photon", energy_keV)
    made = absorbing(problem(space, emissions, weight=weight, electrons="local"))
    found = run(made, histories=400_000, seed=3, threads=1)
    mu = np.array(
        [mass_attenuation(m.material, energy_keV) * m.density() for _, m in media.values()]
    )
    cm = np.array(spacing_mm) / 10
    n = 40_000
    points = (np.array([3, 2, 2]) + rng.random((n, 3))) * cm
    z, phi = rng.uniform(-1, 1, n), rng.uniform(0, 2 * np.pi, n)
    s = np.sqrt(1 - z**2)
    rays = np.stack([s * np.cos(phi), s * np.sin(phi), z], axis=1)
    expected = rays_through(labels, cm, points, rays, mu)
    share = found.deposited_keV / energy_keV
    # 4e5 binomial histories, 4e4 rays whose shares scatter less than yes and no do
    error = np.sqrt(expected / 4e5 + 0.25 * expected / n)
    assert np.all(np.abs(share - expected) < 4 * error)


# --- incoherent -----------------------------------------------------------------------------------


@njit
def compton(physics, energy, count):
    out, rng = np.empty((count, 2)), np.empty(1, np.uint64)
    start_stream(rng, 1, 0)
    for i in range(count):
        out[i] = scattered(physics, 0, energy, rng)
    return out


@pytest.mark.parametrize("material", ["water", "bone"])
@pytest.mark.parametrize("energy_keV", [15.0, 60.0, 208.0, 1332.0])
def test_incoherent_scatter_follows_klein_nishina_times_the_scattering_function(
    material, energy_keV
):
    n = 200_000
    physics, _, _ = packed(material)
    energy, cos = compton(physics, energy_keV, n).T
    # kinematics of a free electron
    ratio = 1 / (1 + energy_keV / MC2 * (1 - cos))
    assert np.allclose(energy / energy_keV, ratio, rtol=1e-9, atol=0)
    forms = photon_forms(material)
    # in the angle, whose square the scattering function follows near zero
    theta = np.linspace(0, np.pi, 40_001)
    mu = np.cos(theta)
    k = 1 / (1 + energy_keV / MC2 * (1 - mu))
    x = energy_keV / KEV_ANGSTROM * np.sin(theta / 2)
    s = np.interp(x, forms.x_per_angstrom, forms.incoherent)
    density = k**2 * (k + 1 / k - 1 + mu**2) * s * np.sin(theta)
    check_distribution(np.arccos(cos), theta, density, n)
    mean = np.trapezoid(density * k, theta) / np.trapezoid(density, theta)
    error = np.std(ratio) / math.sqrt(n)
    # S(x) is tabulated for the kernels at steps of 0.02: 2e-4 of the mean
    assert ratio.mean() == pytest.approx(mean, abs=4 * error + 2e-4)


def check_distribution(sample, at, density, n, bins=24):
    """Chi-square of a sample in bins of equal probability of a density."""
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(at))])
    edges = np.interp(np.linspace(0, 1, bins + 1), cumulative / cumulative[-1], at)
    counts = np.histogram(sample, bins=edges)[0]
    # counts scatter by Poisson and, as interpolated tables differ by 0.5 %, by that
    variance = n / bins + (0.005 * n / bins) ** 2
    chi2 = ((counts - n / bins) ** 2 / variance).sum()
    assert chi2 < (bins - 1) + 4 * math.sqrt(2 * (bins - 1))


# --- coherent -------------------------------------------------------------------------------------


@njit
def rayleigh(physics, energy, count):
    out, rng = np.empty(count), np.empty(1, np.uint64)
    start_stream(rng, 2, 0)
    for i in range(count):
        out[i] = coherent_cosine(physics, 0, energy, rng)
    return out


@pytest.mark.parametrize("material", ["water", "bone"])
@pytest.mark.parametrize("energy_keV", [5.0, 25.0, 140.0])
def test_coherent_scatter_follows_the_form_factor(material, energy_keV):
    n = 200_000
    physics, _, _ = packed(material)
    cos = rayleigh(physics, energy_keV, n)
    forms = photon_forms(material)
    theta = np.concatenate([[0.0], np.geomspace(1e-4, np.pi, 40_000)])
    x = energy_keV / KEV_ANGSTROM * np.sin(theta / 2)
    f2 = np.interp(x, forms.x_per_angstrom, forms.coherent)
    check_distribution(np.arccos(cos), theta, f2 * (1 + np.cos(theta) ** 2) * np.sin(theta), n)


# --- photoelectric, pair --------------------------------------------------------------------------


@njit
def absorptions(physics, geometry, tally, energy, count):
    """Number and energy of fluorescence photons, and the energy that stays in place."""
    rng, stack = np.empty(1, np.uint64), np.empty((DEPTH, COLUMNS))
    quanta = np.zeros(tally.bins + 2, np.int64)
    photons, emitted, electrons = 0, 0.0, 0.0
    start_stream(rng, 3, 0)
    for _ in range(count):
        n = _photoelectric(
            physics, geometry, tally, quanta, rng, stack, 0, energy, 0.0, 0.0, 0.0, 0, 0
        )
        for i in range(n):
            if stack[i, 0] == PHOTON:
                photons += 1
                emitted += stack[i, 1]
            else:
                electrons += stack[i, 1]
    return photons, emitted, electrons, quanta[0] / tally.quanta_per_keV


@pytest.mark.parametrize(
    ("material", "energy_keV", "electrons"),
    [("bone", 30.0, "local"), ("thyroid", 40.0, 5.0), ("bone", 3.9, "local"), ("water", 20.0, 5.0)],
)
def test_fluorescence_of_calcium_and_iodine_has_its_yield_and_the_rest_stays(
    material, energy_keV, electrons
):
    n = 400_000
    physics, geometry, tally = packed(material, electrons)
    photons, emitted, electron, local = absorptions(physics, geometry, tally, energy_keV, n)
    # each deposit is rounded to a millionth of a keV
    assert emitted + electron + local == pytest.approx(n * energy_keV, rel=5e-7)
    chance = mean = 0.0
    for z, share in zip(*photoelectric_shares(material, energy_keV), strict=True):
        shell = fluorescence().get(z)
        if shell is None or not 2.0 < shell.edge_keV < energy_keV:
            continue
        chance += share * shell.k_share * shell.k_yield
        mean += share * shell.mean_emitted_keV
    # 1 % for shares taken at the nearest node of the energy grid
    counted = photons / n
    assert counted == pytest.approx(chance, abs=4 * math.sqrt(chance / n) + 0.01 * chance)
    # the energies of the lines of a medium scatter by less than their mean
    relative = 4 * math.sqrt(2 / max(chance * n, 1)) + 0.01
    assert emitted / n == pytest.approx(mean, abs=relative * mean)


@njit
def pairs(physics, tally, energy, count):
    rng, stack = np.empty(1, np.uint64), np.empty((DEPTH, COLUMNS))
    quanta = np.zeros(tally.bins + 2, np.int64)
    out = np.empty((count, 4, COLUMNS))
    sizes = np.empty(count, np.int64)
    start_stream(rng, 4, 0)
    for i in range(count):
        sizes[i] = _pair(
            physics, tally, quanta, rng, stack, 0, energy, 0.1, 0.2, 0.3, 0.0, 0.6, 0.8, 0, 0
        )
        out[i] = stack[:4]
    return sizes, out, quanta[0] / tally.quanta_per_keV


def test_a_pair_that_stops_leaves_two_opposite_photons_of_511_keV():
    physics, _, tally = packed("water")
    sizes, rows, local = pairs(physics, tally, 3000.0, 2000)
    assert np.all(sizes == 2)
    assert np.all(rows[:, :2, 0] == PHOTON)
    assert np.all(rows[:, :2, 1] == MC2)
    assert np.all(rows[:, 0, 5:] == -rows[:, 1, 5:])
    assert local == pytest.approx(2000 * (3000.0 - 2 * MC2), rel=1e-8)


def test_a_pair_that_is_followed_shares_its_energy_and_goes_forward():
    physics, _, tally = packed("water", electrons=1.0)
    sizes, rows, _ = pairs(physics, tally, 6000.0, 4000)
    both = rows[sizes == 2]
    assert len(both) > 3900
    assert np.all(both[:, 0, 0] == ELECTRON)
    assert np.all(both[:, 1, 0] == POSITRON)
    assert both[:, :2, 1].sum(axis=1) == pytest.approx(6000.0 - 2 * MC2)
    cos = both[:, 0, 6] * 0.6 + both[:, 0, 7] * 0.8
    expected = np.cos(np.minimum(1.0, MC2 / (both[:, 0, 1] + MC2)))
    assert cos == pytest.approx(expected, abs=1e-9)


def test_no_pair_is_made_below_its_threshold():
    physics, _, _ = packed("water")
    below = np.geomspace(1.0, 1e4, 401) < 2 * MC2
    assert np.all(physics.photon[0, below, 3] > 1.0)
    above = photon_coefficients("water", 2000.0).pair / mass_attenuation("water", 2000.0)
    node = round(100 * math.log10(2000.0))
    assert 1 - physics.photon[0, node, 3] == pytest.approx(above, rel=0.02)


def test_a_positron_brings_its_rest_energy_and_that_of_an_electron():
    space = sphere_space([300.0], [WATER])
    made = problem(space, Emissions.single("positron", 100.0))
    found = run(made, histories=2000, seed=1, threads=1)
    assert found.emitted_keV == pytest.approx(100.0 + 2 * MC2)
    assert found.deposited_keV[0] + found.escaped_keV == pytest.approx(found.emitted_keV, rel=1e-6)
    # three metres of water stop all
    assert found.escaped_keV == 0.0


# --- whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("energy_keV", "radius_cm"), [(30.0, 1.0), (140.0, 6.0), (662.0, 3.0)])
def test_self_absorption_in_a_sphere_of_water_in_water_is_the_table_s(energy_keV, radius_cm):
    space = sphere_space([radius_cm, radius_cm + 60.0], [WATER, WATER])
    made = problem(space, Emissions.single("photon", energy_keV), region="sphere_0", electrons=30.0)
    found = run(made, histories=60_000, seed=2, threads=1)
    mass = 4 / 3 * np.pi * radius_cm**3 * 1e-3
    expected = float(sphere_self_fraction("photon", energy_keV, mass_kg=mass))
    sd = found.sd_keV[0] / energy_keV
    assert found.deposited_keV[0] / energy_keV == pytest.approx(
        expected, abs=0.02 * expected + 2 * sd
    )


@pytest.mark.parametrize("energy_keV", [60.0, 511.0])
def test_energy_given_and_received_by_two_regions_of_one_medium_is_reciprocal(energy_keV):
    labels = np.zeros((24, 24, 24), dtype=int)
    labels[8:11, 8:15, 8:15] = 1  # a slab and a cube of other mass, far from the edges
    labels[13:16, 10:13, 10:13] = 2
    media = {i: (name, WATER) for i, name in enumerate(("rest", "one", "other"))}
    space = voxel_space(labels, spacing_mm=(25.0, 25.0, 25.0), media=media)
    emissions = Emissions.single("photon", energy_keV)
    there, back = (
        run(
            problem(space, emissions, region=source, electrons="local"),
            histories=400_000,
            seed=5,
            threads=1,
        )
        for source in ("one", "other")
    )
    saf = there.deposited_keV[2] / space.mass_kg[2], back.deposited_keV[1] / space.mass_kg[1]
    relative = math.hypot(there.relative_sd[2], back.relative_sd[1])
    # 20 cm of water around take what the edges could change: below 1 %
    assert saf[0] / saf[1] == pytest.approx(1.0, abs=4 * relative + 0.01)
    assert relative < 0.02
