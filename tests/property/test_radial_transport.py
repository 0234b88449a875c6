"""What every radial transport problem keeps, whatever its numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.kinetics.radial import Binding, Spheroid, VesselTissue, solve_radial
from ligandose.kinetics.radial_course import depth_of, uniformity_of
from ligandose.kinetics.radial_plasma import PlasmaCurve

DAY = 86400.0
CONSERVED = 1e-8


def between(low, high):
    """Return numbers spread evenly over orders of magnitude."""
    return st.floats(np.log(low), np.log(high)).map(lambda x: float(np.exp(x)))


bindings = st.builds(
    Binding,
    k_on_L_nmol_s=between(1e-6, 1e-2),
    k_d_nmol_L=between(1e-3, 1e3),
    density_nmol_L=st.one_of(
        st.just(0.0),
        between(1.0, 5e3),
        st.tuples(st.just((0.0, 20.0, 20.0, 60.0)), st.tuples(*[st.floats(0.0, 2e3)] * 4)),
    ),
    internalisation_per_s=st.one_of(st.just(0.0), between(1e-7, 1e-2)),
    recycling_per_s=st.one_of(st.just(0.0), between(1e-7, 1e-3)),
    release_per_s=st.one_of(st.just(0.0), between(1e-8, 1e-3)),
    turnover_per_s=st.one_of(st.none(), between(1e-7, 1e-3)),
)
vessels = st.builds(
    VesselTissue,
    vessel_radius_um=st.floats(3.0, 15.0),
    krogh_radius_um=st.floats(25.0, 150.0),
    permeability_um_s=between(1e-4, 10.0),
    diffusion_um2_s=between(0.5, 500.0),
    void_fraction=st.floats(0.02, 0.6),
    binding=bindings,
    unbound_plasma=st.floats(0.01, 1.0),
)
spheroids = st.builds(
    Spheroid,
    radius_um=st.floats(30.0, 500.0),
    diffusion_um2_s=between(0.5, 500.0),
    void_fraction=st.floats(0.02, 0.6),
    binding=bindings,
    film_um_s=st.one_of(st.none(), between(1e-3, 10.0)),
)
curves = st.one_of(
    st.builds(
        lambda a, b, fast, slow: PlasmaCurve.exponentials([a, b], [fast, slow]),
        st.floats(0.0, 500.0), between(0.1, 500.0), between(1e-6, 1e-2), between(1e-8, 1e-4),
    ),
    st.builds(
        lambda c: PlasmaCurve.points([0.0, 300.0, 4e3, DAY, 3 * DAY], c),
        st.lists(st.floats(0.0, 300.0), min_size=5, max_size=5),
    ),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(problem=st.one_of(vessels, spheroids), plasma=curves)
def test_no_ligand_is_made_or_lost_and_no_state_falls_below_zero(problem, plasma):
    course = solve_radial(problem, plasma, end_s=2 * DAY, cells=30, rtol=1e-5)
    assert course.imbalance < CONSERVED
    states = (course.free_nmol_L, course.bound_nmol_L, course.internalised_nmol_L)
    largest = max(float(s.max()) for s in states)
    for state in states:
        assert np.all(np.isfinite(state))
        # below zero only by what a step may err
        assert state.min() >= -1e-4 * largest - 1e-300
    if problem.binding.turnover_per_s is None:
        assert np.all(course.bound_nmol_L <= course.density_nmol_L[:, None] * (1.0 + 1e-4) + 1e-9)
    for total in (course.delivered_nmol_L, course.washed_back_nmol_L, course.released_nmol_L):
        assert np.all(np.diff(total) >= -1e-5 * abs(total).max())
    if np.all(course.density_nmol_L == 0.0):
        highest = plasma.conc_nmol_L.max() if plasma.time_s.size else plasma.amplitudes.sum()
        ceiling = problem.void_fraction * problem.unbound_plasma * highest
        assert course.free_nmol_L.max() <= ceiling * (1.0 + 1e-3) + 1e-12


@settings(max_examples=10, deadline=None)
@given(problem=st.one_of(vessels, spheroids), plasma=curves, half_life=between(5e3, 1e7))
def test_time_integrals_are_those_of_the_dense_output(problem, plasma, half_life):
    course = solve_radial(problem, plasma, end_s=DAY, cells=12, rtol=1e-6)
    activity = course.time_integrated_activity(half_life, 3.0)
    # Gauss rule of 24 nodes in each step on the same polynomial: λh is 12 at most
    t, h = course.time_s[:-1], np.diff(course.time_s)
    decay = np.log(2.0) / half_life
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = np.zeros_like(activity.total_Bq_s_L)
    for x, w in zip(nodes, weights, strict=True):
        at = t + 0.5 * h * (1.0 + x)
        state = course.at(at)
        held = state["free"] + state["surface"] + state["inside"]
        total += 3.0 * (held * np.exp(-decay * at)) @ (0.5 * h * w)
    # 24 nodes integrate e^(-12 x) to rounding; sums over some thousand steps keep 1e-9
    scale = total.max() if total.max() > 0.0 else 1.0
    assert np.allclose(activity.total_Bq_s_L, total, atol=1e-9 * scale)
    longer = course.time_integrated_activity(2.0 * half_life, 3.0)
    assert longer.mean_Bq_s_L >= activity.mean_Bq_s_L
    double = course.time_integrated_activity(half_life, 6.0)
    assert double.mean_Bq_s_L == pytest.approx(2.0 * activity.mean_Bq_s_L, rel=1e-12)


def test_turnover_as_fast_as_internalisation_replaces_receptors_at_once():
    plasma = PlasmaCurve.exponentials([50.0], [1e-5])

    def bound(turnover):
        sites = Binding(1e-4, 1.0, 400.0, 3e-5, 0.0, 1e-6, turnover_per_s=turnover)
        tissue = VesselTissue(8.0, 75.0, 0.02, 12.7, 0.24, sites)
        return solve_radial(tissue, plasma, end_s=2 * DAY).at([3600.0, DAY, 2 * DAY])["inside"]

    at_once, own = bound(None), bound(3e-5)
    # each errs by 1e-7 per step over some hundred steps
    assert np.allclose(at_once, own, rtol=1e-4, atol=1e-6 * at_once.max())
    slow = bound(1e-6)
    assert np.all(slow.sum(axis=0) < at_once.sum(axis=0))


def test_points_on_a_straight_course_change_nothing():
    sites = Binding(1e-4, 1.0, 200.0, 1e-5, 0.0, 1e-6)
    tissue = VesselTissue(8.0, 75.0, 0.02, 12.7, 0.24, sites)
    few = PlasmaCurve.points([0.0, DAY], [100.0, 20.0])
    time = np.linspace(0.0, DAY, 300)
    many = PlasmaCurve.points(time, 100.0 - 80.0 * time / DAY)
    one, other = (solve_radial(tissue, c).mean_nmol_L["surface"][-1] for c in (few, many))
    assert one == pytest.approx(other, rel=1e-6)
    assert few.auc_nmol_s_L(DAY) == pytest.approx(60.0 * DAY, rel=1e-12)
    assert many.auc_nmol_s_L(DAY / 3) == pytest.approx(few.auc_nmol_s_L(DAY / 3), rel=1e-12)


def test_a_profile_of_equal_densities_is_one_density_and_ligand_lies_where_sites_are():
    plasma = PlasmaCurve.exponentials([50.0], [1e-5])

    def solved(density):
        sites = Binding(1e-3, 0.1, density, 1e-5, 0.0, 0.0)
        return solve_radial(VesselTissue(8.0, 75.0, 0.3, 50.0, 0.3, sites), plasma, end_s=DAY)

    even, flat = solved(300.0), solved(((0.0, 90.0), (300.0, 300.0)))
    # the mean over 16 samples rounds, and steps follow
    assert np.allclose(even.bound_nmol_L[:, -1], flat.bound_nmol_L[:, -1], rtol=1e-6)
    nest = solved(((0.0, 30.0, 30.0, 90.0), (0.0, 0.0, 300.0, 300.0)))
    near, far = nest.distance_um < 28.0, nest.distance_um > 32.0
    assert np.all(nest.cell_associated_nmol_L[near, -1] == 0.0)
    assert np.all(nest.cell_associated_nmol_L[far, -1] > 0.0)
    mean = nest.share @ nest.density_nmol_L
    # 16 samples per shell place the jump to a sixteenth of a shell
    assert mean == pytest.approx(300.0 * (75.0**2 - 38.0**2) / (75.0**2 - 8.0**2), rel=2e-3)


def test_radii_rise_and_distances_count_from_the_source():
    sites = Binding(1e-4, 1.0, 200.0, 1e-5, 0.0, 1e-6)
    plasma = PlasmaCurve.exponentials([50.0], [0.0])
    for problem, source in (
        (VesselTissue(8.0, 75.0, 0.02, 12.7, 0.24, sites), 8.0),
        (Spheroid(150.0, 12.7, 0.24, sites), 150.0),
    ):
        course = solve_radial(problem, plasma, end_s=DAY)
        assert np.all(np.diff(course.radius_um) > 0.0)
        assert np.allclose(course.distance_um, np.abs(course.radius_um - source))
        activity = course.time_integrated_activity(DAY, 1.0)
        middle = activity.at_distance(course.distance_um)
        assert np.allclose(middle["surface"], activity.surface_Bq_s_L, rtol=1e-12)
        depth = course.penetration_depth_um()
        assert depth.shape == course.time_s.shape
        assert depth[0] == 0.0


@given(st.floats(0.05, 1.0))
def test_uniformity_of_a_partly_filled_tissue_is_the_filled_share(filled):
    share = np.array([filled, 1.0 - filled])
    assert uniformity_of(np.array([3.0, 0.0]), share) == pytest.approx(filled)


def test_depth_is_where_the_profile_falls_below_its_level_for_good():
    distance = np.array([0.0, 10.0, 20.0, 30.0])
    assert depth_of(np.array([4.0, 3.0, 1.0, 0.0]), distance, level=0.5) == pytest.approx(15.0)
    assert depth_of(np.array([1.0, 1.0, 1.0, 1.0]), distance, level=0.5) == 30.0
    assert depth_of(np.array([4.0, 0.0, 4.0, 0.0]), distance, level=0.5) == pytest.approx(25.0)
    assert depth_of(np.zeros(4), distance, level=0.5) == 0.0
