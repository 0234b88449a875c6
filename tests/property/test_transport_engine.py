"""What holds for every run of the engine: balance of energy, reproducibility, honest errors."""

import dataclasses

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from ligandose.hosts import Phantom, phantom
from ligandose.transport import (
    Emissions,
    Medium,
    engine,
    infinite_space,
    phantom_space,
    problem,
    run,
    sphere_space,
    voxel_space,
)
from ligandose.transport._geometry import locate
from ligandose.transport._tally import OVERLAP, RADIAL, Tally
from ligandose.transport.photon_data import mass_attenuation

WATER, LUNG, BONE = Medium("water", 1.0), Medium("lung", 0.26), Medium("bone", 1.4)
MEDIA = {0: ("air", Medium("air")), 1: ("soft", WATER), 2: ("bone", BONE), 5: ("lung", LUNG)}
MIXED = Emissions(
    particle=np.array([0, 0, 1, 2, 3]),
    low_keV=np.array([30.0, 1500.0, 50.0, 600.0, 5000.0]),
    high_keV=np.array([200.0, 6000.0, 900.0, 600.0, 5000.0]),
    per_decay=np.array([0.5, 0.3, 0.2, 0.1, 0.1]),
)


def body(n=12, spacing_mm=(20.0, 20.0, 20.0)):
    """A box of water in air with a bone, a lung and an empty corner."""
    labels = np.zeros((n, n + 1, n + 2), dtype=int)
    labels[2:-1, 1:-2, 2:-2] = 1
    labels[3:5, 3:5, 3:-3] = 2
    labels[6:9, 4:9, 5:9] = 5
    return labels, voxel_space(labels, spacing_mm=spacing_mm, media=MEDIA)


def of_space(kind):
    """A problem of every kind of space, source and tally."""
    if kind == "infinite, radial":
        tally = Tally(RADIAL, 60, 2.0**20, 0.01, 5.0, 1.0, 1.0, 1.0, 1)
        return problem(infinite_space(WATER), MIXED, tally=tally, electrons=20.0)
    if kind == "infinite, overlap":
        tally = Tally(OVERLAP, 27, 2.0**20, 1.0, 1.0, 3.0, 2.0, 1.0, 3)
        return problem(infinite_space(WATER), MIXED, tally=tally, electrons=20.0)
    if kind == "infinite, region":
        return problem(infinite_space(WATER), MIXED, electrons=20.0)
    if kind == "spheres":
        space = sphere_space([1.0, 2.0, 5.0], [LUNG, BONE, WATER])
        return problem(space, MIXED, region="sphere_1")
    if kind == "phantom":
        return problem(phantom_space(phantom("adult-male")), MIXED, region="liver")
    _, space = body()
    if kind == "voxels, by region":
        return problem(space, MIXED, region="lung", electrons="local")
    return problem(space, MIXED, region="bone", by_voxel=True, electrons=100.0)


KINDS = [
    "infinite, radial",
    "infinite, overlap",
    "infinite, region",
    "spheres",
    "phantom",
    "voxels, by region",
    "voxels, by voxel",
]


@pytest.mark.parametrize("kind", KINDS)
def test_deposited_and_escaped_energy_is_the_emitted_energy(kind):
    found = run(of_space(kind), histories=2000, seed=3, threads=1)
    kept = found.deposited_keV.sum() + found.escaped_keV
    assert kept == pytest.approx(found.emitted_keV, rel=1e-6)
    assert np.all(found.deposited_keV >= 0)
    assert found.emitted_keV > 100


def test_the_same_seed_gives_the_same_numbers_on_one_thread_and_on_two():
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one thread only")
    made = of_space("voxels, by voxel")
    one, two = (run(made, histories=6000, seed=9, threads=n) for n in (1, 2))
    assert np.array_equal(one.deposited_keV, two.deposited_keV)
    assert np.array_equal(one.sd_keV, two.sd_keV)
    assert (one.escaped_keV, one.emitted_keV) == (two.escaped_keV, two.emitted_keV)


def simple(energy_keV=140.0):
    return problem(
        sphere_space([3.0, 8.0], [WATER, BONE]),
        Emissions.single("photon", energy_keV),
        region="sphere_0",
        electrons="local",
    )


def test_another_seed_gives_other_numbers_that_agree():
    first, second = (run(simple(), histories=40_000, seed=s, threads=1) for s in (1, 2))
    assert not np.array_equal(first.deposited_keV, second.deposited_keV)
    error = np.hypot(first.sd_keV, second.sd_keV)
    assert np.all(np.abs(first.deposited_keV - second.deposited_keV) < 4 * error)


def test_the_number_of_batches_moves_the_error_alone():
    # an uncertainty that is never reached: the same histories in 100 batches instead of 20
    few = run(simple(), histories=40_000, seed=1, threads=1)
    many = run(simple(), histories=40_000, seed=1, uncertainty=1e-9, threads=1)
    assert many.histories == few.histories
    assert many.deposited_keV == pytest.approx(few.deposited_keV, rel=1e-12)
    # a standard deviation from 20 batches is known to 1/sqrt(38) = 16 %
    assert many.sd_keV == pytest.approx(few.sd_keV, rel=4 * 0.16)


def test_stated_errors_cover_and_fall_with_the_root_of_the_histories():
    truth = run(simple(), histories=400_000, seed=1000, threads=1)
    runs = [run(simple(), histories=4000, seed=s, threads=1) for s in range(60)]
    z = np.array([(r.deposited_keV - truth.deposited_keV) / r.sd_keV for r in runs])
    # Student's t with 19 degrees of freedom: standard deviation 1.06, known to 10 % from 60 runs
    assert np.all(np.abs(z.mean(axis=0)) < 4 * 1.06 / np.sqrt(60))
    assert np.all((z.std(axis=0) > 0.7) & (z.std(axis=0) < 1.45))
    mean_sd = np.mean([r.sd_keV for r in runs], axis=0)
    # 100 times the histories; a single standard deviation is known to 16 %
    assert truth.sd_keV == pytest.approx(mean_sd / 10, rel=0.65)


def test_a_run_stops_when_the_wanted_uncertainty_is_reached():
    found = run(simple(), histories=10_000_000, seed=1, uncertainty=0.02, threads=1)
    assert found.histories < 10_000_000
    assert np.all(found.relative_sd <= 0.02)
    only = np.array([1])
    sooner = run(simple(), histories=100_000, seed=1, uncertainty=0.05, where=only, threads=1)
    assert sooner.relative_sd[1] <= 0.05
    assert sooner.histories <= found.histories


def test_progress_is_told_after_every_batch_and_ends_at_the_whole():
    told = []
    found = run(
        simple(), histories=2000, seed=1, threads=1, progress=lambda *step: told.append(step)
    )
    assert [done for done, _ in told] == list(range(100, 2001, 100))
    assert told[-1] == (found.histories, found.histories)


def test_an_interrupted_run_leaves_nothing_behind():
    def stop(done, whole):
        if done >= 300:
            raise KeyboardInterrupt

    made, before = simple(), numba.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        run(made, histories=2000, seed=1, threads=1, progress=stop)
    assert numba.get_num_threads() == before
    again, fresh = (run(p, histories=2000, seed=1, threads=1) for p in (made, simple()))
    assert np.array_equal(again.deposited_keV, fresh.deposited_keV)


def test_more_histories_than_a_tally_of_integers_holds_are_split_over_batches():
    made = simple(5000.0)
    size = engine._batch_size(made, 10**13, None)
    assert size * 20 < 10**13
    assert size * (5000.0 + 1022.0) * made.tally.quanta_per_keV < 2.0**63


# --- voxels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("energy_keV", [40.0, 300.0])
def test_a_sphere_of_voxels_absorbs_as_a_sphere_does(energy_keV):
    n, side_cm, radius = 60, 0.2, 4.0
    at = (np.arange(n) + 0.5 - n / 2) * side_cm
    r2 = at[:, None, None] ** 2 + at[None, :, None] ** 2 + at[None, None, :] ** 2
    labels = np.where(r2 < radius**2, 1, 0)
    labels[r2 < (radius / 2) ** 2] = 2
    space = voxel_space(labels, spacing_mm=(2.0, 2.0, 2.0), media=MEDIA)
    emissions = Emissions.single("photon", energy_keV)
    made = problem(space, emissions, region="bone", electrons="local")
    voxels = run(made, histories=100_000, seed=1, threads=1)
    analytic = run(
        problem(
            sphere_space([radius / 2, radius], [BONE, WATER]),
            emissions,
            region="sphere_0",
            electrons="local",
        ),
        histories=100_000,
        seed=2,
        threads=1,
    )
    found = voxels.deposited_keV[[2, 1]]
    error = np.hypot(voxels.sd_keV[[2, 1]], analytic.sd_keV)
    # volumes of the voxelised spheres are within 1 %, and so is what they absorb
    assert np.all(np.abs(found - analytic.deposited_keV) < 4 * error + 0.01 * found)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("mirror", [False, True])
def test_no_axis_and_no_direction_of_a_grid_is_favoured(order, mirror):
    spacing = np.array([20.0, 15.0, 30.0])
    labels, space = body(spacing_mm=spacing)
    turned = np.transpose(labels, order)
    turned = turned[::-1, ::-1, ::-1] if mirror else turned
    other = voxel_space(turned, spacing_mm=spacing[list(order)], media=MEDIA)
    assert other.mass_kg == pytest.approx(space.mass_kg)
    emissions = Emissions.single("photon", 120.0)
    results = [
        run(
            problem(s, emissions, region="lung", electrons="local"),
            histories=40_000,
            seed=seed,
            threads=1,
        )
        for seed, s in enumerate((space, other))
    ]
    difference = results[0].deposited_keV - results[1].deposited_keV
    assert np.all(np.abs(difference) < 4 * np.hypot(results[0].sd_keV, results[1].sd_keV))


def test_the_mass_of_a_region_is_its_voxels_volume_times_density():
    labels, space = body(spacing_mm=(1.0, 2.5, 10.0))
    for i, (label, (name, medium)) in enumerate(sorted(MEDIA.items())):
        assert space.regions[i] == name
        volume_cm3 = (labels == label).sum() * 0.1 * 0.25 * 1.0
        assert space.mass_kg[i] == pytest.approx(volume_cm3 * medium.density() / 1000)


@njit
def located(geometry, points):
    found = np.empty((len(points), 2), np.int64)
    for i in range(len(points)):
        found[i] = locate(geometry, points[i, 0], points[i, 1], points[i, 2])
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.integers(1, 11)] * 3),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3]),
    st.tuples(*[st.floats(0.5, 20.0)] * 3),
)
def test_a_point_lies_in_the_voxel_and_region_that_the_labels_say(size, seed, coarse, spacing):
    rng = np.random.default_rng(seed)
    # patches make some blocks of one region and others mixed
    small = rng.choice([0, 1, 2, 5], [-(-n // coarse) for n in size])
    labels = small.repeat(coarse, 0).repeat(coarse, 1).repeat(coarse, 2)
    labels = labels[: size[0], : size[1], : size[2]]
    space = voxel_space(labels, spacing_mm=spacing, media=MEDIA)
    index = np.argwhere(np.ones(size, dtype=bool))
    points = (index + rng.uniform(0.001, 0.999, index.shape)) * np.array(spacing) / 10
    region, voxel = located(space.geometry, points).T
    known = sorted(MEDIA)
    assert np.array_equal(np.array(known)[region], labels[tuple(index.T)])
    assert np.array_equal(voxel, index @ np.array([1, size[0], size[0] * size[1]]))
    beyond = points - np.array(spacing) / 10 * np.array(size)
    assert np.all(located(space.geometry, beyond) == -1)


# --- phantoms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["adult-male", "adult-female"])
def test_the_search_grid_of_a_phantom_finds_the_region_that_the_shapes_say(host):
    person = phantom(host)
    space = phantom_space(person)
    box = person.bounds_cm()
    points = np.random.default_rng(8).uniform(box[::2] - 1, box[1::2] + 1, (100_000, 3))
    found = located(space.geometry, points)[:, 0]
    assert np.array_equal(found, person.region_at(points))
    assert len(np.unique(found)) > 20


def two_balls(radii, gap_cm):
    """A phantom of two balls of water on the x axis, the second centred at radius + gap."""
    centres = (0.0, radii[0] + gap_cm + radii[1])
    rows = np.zeros((2, 32))
    rows[:, 0] = 1.0  # ellipsoid
    boxes = np.array([[x - r, x + r, -r, r, -r, r] for x, r in zip(centres, radii, strict=True)])
    rows[:, 1:7], rows[:, 8] = boxes, centres
    rows[:, 11:14] = 1 / np.array(radii)[:, None] ** 2
    volume = 4 / 3 * np.pi * np.array(radii) ** 3
    return Phantom(
        name="balls",
        regions=("one", "other"),
        region_medium=("water", "water"),
        region_density_g_cm3=np.ones(2),
        region_mass_kg=volume / 1e3,
        region_volume_cm3=volume,
        region_reference_kg=np.full(2, np.nan),
        shapes=rows,
        shape_region=np.array([0, 1], dtype=np.int32),
        boxes_cm=boxes,
    )


def test_photons_cross_the_gap_between_two_shapes():
    small, large, gap, energy_keV = 0.1, 4.0, 8.0, 100.0
    space = phantom_space(two_balls((small, large), gap))
    made = problem(space, Emissions.single("photon", energy_keV), region="one", electrons="local")
    photon = made.physics.photon.copy()  # all that interact are absorbed
    photon[:, :, 1:3], photon[:, :, 3] = 0.0, 2.0
    made = dataclasses.replace(made, physics=made.physics._replace(photon=photon))
    found = run(made, histories=400_000, seed=1, threads=1)
    # as seen from the middle of the small ball, which itself takes 1 %: chords through the large
    distance, mu = small + gap + large, float(mass_attenuation("water", energy_keV))
    cos = np.linspace(np.sqrt(1 - (large / distance) ** 2), 1.0, 20_001)
    chord = 2 * np.sqrt(np.maximum(0.0, large**2 - distance**2 * (1 - cos**2)))
    expected = 0.5 * np.trapezoid(1 - np.exp(-mu * chord), cos)
    share = found.deposited_keV[1] / energy_keV
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 4e5) + 0.013 * expected)
