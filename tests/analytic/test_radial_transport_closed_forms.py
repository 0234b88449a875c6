"""Transport from vessel to cell and into spheroids against solutions on paper.

Shells are of second order in their width. Where a claim is about the equations and not about
80 shells, two solutions are extrapolated to no width (Richardson), and the order is checked.
"""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import i0, i1, k0, k1

from ligandose.kinetics.moduli import saturated_depth_um, transport_moduli
from ligandose.kinetics.radial import Binding, Spheroid, VesselTissue, solve_radial
from ligandose.kinetics.radial_grid import radial_grid
from ligandose.kinetics.radial_plasma import PlasmaCurve

VOID, DIFFUSION, INNER, OUTER, WALL = 0.24, 12.7, 8.0, 75.0, 2.82e-3
NO_SITES = Binding(1e-4, 1.0, 0.0, 0.0, 0.0, 0.0)
# What extrapolation from two grids is asked for: the 1e-6.
PAPER = 1e-6


def first_order(rate):
    """Return sites that take up free ligand at `rate` for ever.

    Association of 1e-3 L/nmol/s on 1e9 nmol/L is filled to 1e-9 by what goes in at 10/s, so it
    is linear far below the tolerance; internalisation outruns dissociation by 1e10.
    """
    k_on = 1e-12 * rate * VOID
    return Binding(k_on, 1e-9 / k_on, 1e12, 10.0, 0.0, 0.0)


def steady(problem, *, cells, end=4e7):
    """Return the course under a constant outside concentration of 1, much longer than L²/D."""
    constant = PlasmaCurve.exponentials([1.0], [0.0])
    return solve_radial(problem, constant, end_s=end, cells=cells, grading=1.0, rtol=1e-9)


def uptake(course):
    """Return ligand taken up per time at the end, from the last step."""
    net = course.delivered_nmol_L - course.washed_back_nmol_L
    return (net[-1] - net[-2]) / (course.time_s[-1] - course.time_s[-2])


def cylinder_paper(radius, rate):
    """Return free ligand and uptake per volume of a Krogh cylinder at rest.

    c = a (I0(qr) K1(qR) + K0(qr) I1(qR)): no flux at R; a from P (C - c/ε) at the wall.
    """
    q = np.sqrt(rate / DIFFUSION)

    def shape(r):
        return i0(q * r) * k1(q * OUTER) + k0(q * r) * i1(q * OUTER)

    slope = q * (i1(q * INNER) * k1(q * OUTER) - k1(q * INNER) * i1(q * OUTER))
    a = WALL / (WALL * shape(INNER) / VOID - DIFFUSION * slope)
    flux = -DIFFUSION * a * slope
    return a * shape(radius), flux * 2.0 * INNER / (OUTER**2 - INNER**2)


@pytest.mark.parametrize("rate", [1e-4, 2e-3, 5e-2])
def test_first_order_uptake_around_a_vessel_is_that_of_modified_bessel_functions(rate):
    problem = VesselTissue(INNER, OUTER, WALL, DIFFUSION, VOID, first_order(rate))
    errors, fluxes = [], []
    for cells in (40, 80, 160):
        course = steady(problem, cells=cells)
        expected, flux = cylinder_paper(course.radius_um, rate)
        errors.append(np.max(np.abs(course.free_nmol_L[:, -1] - expected)) / expected.max())
        fluxes.append(uptake(course) / flux - 1.0)
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    # Second order within a tenth; shells of 0.8 µm against a decay length of 16 to 360 µm.
    assert np.all(orders > 1.9)
    assert errors[1] < 3e-4
    assert abs((4.0 * fluxes[2] - fluxes[1]) / 3.0) < PAPER


@pytest.mark.parametrize("modulus", [0.3, 2.0, 8.0])
def test_first_order_uptake_in_a_spheroid_is_a_hyperbolic_sine(modulus):
    radius = 200.0
    rate = modulus**2 * DIFFUSION / radius**2
    problem = Spheroid(radius, DIFFUSION, VOID, first_order(rate))
    errors, fluxes = [], []
    for cells in (40, 80, 160):
        course = steady(problem, cells=cells)
        r = course.radius_um
        expected = VOID * radius * np.sinh(modulus * r / radius) / (r * np.sinh(modulus))
        errors.append(np.max(np.abs(course.free_nmol_L[:, -1] - expected)) / VOID)
        flux = 3.0 * VOID * DIFFUSION / radius**2 * (modulus / np.tanh(modulus) - 1.0)
        fluxes.append(uptake(course) / flux - 1.0)
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 1.8)  # second order; the shell around the centre lags a little
    assert errors[1] < 2e-3
    # Fourth-order remainder of the extrapolation: (φ/160)⁴ = 6e-6 for φ = 8.
    assert abs((4.0 * fluxes[2] - fluxes[1]) / 3.0) < max(PAPER, (modulus / 160.0) ** 4)


def filling(t, radius, diffusion):
    """Return how full a sphere is at t whose surface is held at 1 (Crank, eq. 6.20)."""
    n = np.arange(1, 400)
    decayed = np.exp(-diffusion * (n * np.pi / radius) ** 2 * t[:, None])
    return 1.0 - 6.0 / np.pi**2 * (decayed / n**2).sum(axis=1)


def test_an_inert_ligand_fills_a_spheroid_as_the_series_says():
    radius, times = 200.0, np.array([100.0, 400.0, 1500.0])
    problem = Spheroid(radius, DIFFUSION, VOID, NO_SITES)
    expected = filling(times, radius, DIFFUSION)
    means = []
    for cells in (80, 160):
        course = solve_radial(
            problem, PlasmaCurve.exponentials([1.0], [0.0]), end_s=2000.0, cells=cells, rtol=1e-9
        )
        means.append(course.share @ course.at(times)["free"] / VOID)
    n = np.arange(1, 400)[:, None]
    r = course.radius_um
    wave = np.sin(n * np.pi * r / radius) / n * (-1.0) ** n
    decayed = np.exp(-DIFFUSION * (n * np.pi / radius) ** 2 * times[1])
    profile = 1.0 + 2.0 * radius / (np.pi * r) * (wave * decayed).sum(axis=0)
    assert np.allclose(course.at(times[1])["free"][:, 0] / VOID, profile, atol=4e-4)
    error = np.abs(np.array(means) - expected)
    assert np.all(error[1] < 0.3 * error[0])  # second order is 0.25
    assert np.all(np.abs(4.0 * means[1] - means[0] - 3.0 * expected) / 3.0 < 1e-5)


def test_linear_binding_at_equilibrium_only_slows_diffusion():
    # B/(ε K_D) = 10 bound per free; association in 0.02 s, diffusion in 3e4 s.
    sites = Binding(1e-4, 1e5, 10.0 * VOID * 1e5, 0.0, 0.0, 0.0)
    problem = Spheroid(200.0, DIFFUSION, VOID, sites)
    outside = PlasmaCurve.exponentials([1e-3], [0.0])
    times = np.array([2e3, 1e4])
    course = solve_radial(problem, outside, end_s=2e4, cells=200)
    held = course.at(times)
    mean = course.share @ (held["free"] + held["surface"]) / (11.0 * VOID * 1e-3)
    # 200 shells: second-order error about 1e-4 at the earlier time
    assert np.allclose(mean, filling(times, 200.0, DIFFUSION / 11.0), rtol=5e-4)


def test_fast_diffusion_leaves_one_mixed_compartment():
    sites = Binding(1e-4, 2.0, 300.0, 2e-5, 4e-6, 1e-6)
    problem = VesselTissue(INNER, OUTER, WALL, 1e10, VOID, sites, unbound_plasma=0.4)
    plasma = PlasmaCurve.exponentials([80.0, 20.0], [1e-4, 2e-6])
    wall = WALL * 2.0 * INNER / (OUTER**2 - INNER**2)

    def derivative(t, y):
        free, bound, inside = y
        binding = 1e-4 / VOID * free * (300.0 - bound)
        inflow = wall * (0.4 * plasma.at(t) - free / VOID)
        return [
            inflow - binding + 2e-4 * bound + 4e-6 * inside,
            binding - (2e-4 + 2e-5) * bound,
            2e-5 * bound - 5e-6 * inside,
        ]

    times = np.geomspace(1e3, 6e5, 12)
    mixed = solve_ivp(
        derivative, (0.0, 6e5), [0.0] * 3, method="Radau", t_eval=times, rtol=1e-10, atol=1e-12
    )
    course = solve_radial(problem, plasma, end_s=6e5, cells=20, rtol=1e-8)
    found = course.at(times)
    for name, expected in zip(("free", "surface", "inside"), mixed.y, strict=True):
        # association over diffusion is 6e-8; Radau and dense output err by about 1e-7
        assert np.allclose(course.share @ found[name], expected, rtol=2e-6), name
        assert np.allclose(found[name], expected, rtol=2e-6), name


def test_time_integrated_activity_of_a_mixed_compartment_is_its_closed_form():
    # c' = k (A e^(-a t) - c/ε) over 30 half-lives of everything, decaying with λ
    problem = VesselTissue(INNER, OUTER, WALL, 1e7, VOID, NO_SITES)
    k, a, half_life = WALL * 2.0 * INNER / (OUTER**2 - INNER**2), 1e-5, 6.65 * 86400.0
    lam = np.log(2.0) / half_life
    course = solve_radial(problem, PlasmaCurve.exponentials([50.0], [a]), end_s=3e6, cells=10)
    activity = course.time_integrated_activity(half_life, 7.0)
    expected = 7.0 * 50.0 * k / ((lam + a) * (lam + k / VOID))
    assert activity.mean_Bq_s_L == pytest.approx(expected, rel=PAPER)
    assert np.all(activity.surface_Bq_s_L == 0.0)
    assert activity.uniformity == pytest.approx(1.0, abs=1e-9)
    # what is left decays with λ alone in this bound; e^(-30) of it is there
    assert np.max(activity.beyond_end_Bq_s_L) < 1e-9 * activity.mean_Bq_s_L


def test_decay_only_thins_the_integral_when_nothing_moves():
    # ligand that went in stays: ∫ e^(-λt) over the last part is its amount times the exponential
    sites = Binding(1e-3, 1e-6, 1e4, 1.0, 0.0, 0.0)
    problem = VesselTissue(INNER, OUTER, WALL, 1e7, VOID, sites)
    pulse = PlasmaCurve.points([0.0, 100.0, 200.0, 5e6], [0.0, 100.0, 0.0, 0.0])
    course = solve_radial(problem, pulse, cells=10)
    half_life = 2e5
    activity = course.time_integrated_activity(half_life, 1.0)
    amount = course.mean_nmol_L["inside"][-1]
    # taken up within 200 s, half-life 2e5 s: mean delay 100 s is 3.5e-4 of it
    assert activity.mean_Bq_s_L == pytest.approx(amount * half_life / np.log(2.0), rel=5e-4)


def front_um(course, problem):
    """Return the depth of a sharp front that would hold the bound ligand."""
    share = course.occupied_share[-1]
    if isinstance(problem, Spheroid):
        return problem.radius_um * (1.0 - (1.0 - share) ** (1.0 / 3.0))
    inner, outer = problem.vessel_radius_um, problem.krogh_radius_um
    return np.sqrt(inner**2 + share * (outer**2 - inner**2)) - inner


@pytest.mark.parametrize("wall", [None, 3e-2, 3e-3])
def test_the_front_in_a_spheroid_is_that_of_the_shrinking_core(wall):
    misses = []
    for concentration in (40.0, 10.0):
        sites = Binding(3e-3, 1e-4, 1000.0, 0.0, 0.0, 0.0)
        problem = Spheroid(150.0, DIFFUSION, VOID, sites, film_um_s=wall)
        plasma = PlasmaCurve.exponentials([concentration], [0.0])
        # half of what fills the spheroid: D ε AUC/B = R²/6 + D ε R/(3 h)
        to_fill = 150.0**2 / 6.0 + (50.0 * DIFFUSION * VOID / wall if wall else 0.0)
        end = 0.5 * to_fill * 1000.0 / (DIFFUSION * VOID * concentration)
        course = solve_radial(problem, plasma, end_s=end, cells=120, grading=1.0)
        expected = saturated_depth_um(problem, plasma.auc_nmol_s_L(end))
        assert 15.0 < expected < 130.0
        misses.append(abs(front_um(course, problem) / expected - 1.0))
    # Quasi-steady: free ligand behind the front is ε C/B = 1 % and 0.24 % of what is bound.
    assert misses[0] < 0.02
    assert misses[1] < 0.005


@pytest.mark.parametrize("wall", [1e3, 0.5, 3e-3])
def test_the_front_around_a_vessel_is_that_of_the_shrinking_core(wall):
    sites = Binding(3e-3, 1e-4, 1000.0, 0.0, 0.0, 0.0)
    problem = VesselTissue(INNER, OUTER, wall, DIFFUSION, VOID, sites)
    plasma = PlasmaCurve.exponentials([10.0], [0.0])
    area = 0.5 * (OUTER**2 - INNER**2)
    to_fill = 0.5 * OUTER**2 * np.log(OUTER / INNER) - 0.5 * area
    to_fill += DIFFUSION * VOID / (wall * INNER) * area
    end = 0.4 * to_fill * 1000.0 / (DIFFUSION * VOID * 10.0)
    course = solve_radial(problem, plasma, end_s=end, cells=120, grading=1.0)
    expected = saturated_depth_um(problem, plasma.auc_nmol_s_L(end))
    assert 10.0 < expected < 60.0
    # ε C/B is 0.24 %; a front about 1 µm thick in shells of 0.6 µm adds the rest
    assert front_um(course, problem) == pytest.approx(expected, rel=0.01)


def test_turnover_and_rates_match_an_independent_integration():
    """The nonlinear system with receptor turnover, written once more and solved by Radau."""
    cells, n = 12, 12
    sites = Binding(2e-4, 0.5, 400.0, 8e-5, 3e-5, 2e-6, turnover_per_s=1e-5)
    problem = VesselTissue(INNER, OUTER, 0.05, DIFFUSION, VOID, sites)
    edges = np.linspace(INNER, OUTER, cells + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    volume = np.diff(edges**2) / 2.0
    conductance = DIFFUSION / np.log(middle[1:] / middle[:-1])
    wall = 1.0 / (1.0 / (0.05 * INNER) + np.log(middle[0] / INNER) / (DIFFUSION * VOID))
    times, concentration = np.array([0.0, 2e3, 4e4, 2e5]), np.array([0.0, 90.0, 30.0, 1.0])

    def derivative(t, y):
        free, bound, inside, vacant = y.reshape(4, n)
        flux = np.zeros(n + 1)
        flux[0] = wall * (np.interp(t, times, concentration) - free[0] / VOID)
        flux[1:-1] = conductance * (free[:-1] - free[1:])
        on = 2e-4 / VOID * free * vacant
        back = 1e-4 * bound + 3e-5 * inside
        return np.concatenate([
            (flux[:-1] - flux[1:]) / volume - on + back,
            on - (1e-4 + 8e-5) * bound,
            8e-5 * bound - 3.2e-5 * inside,
            1e-5 * (400.0 - vacant) - on + back,
        ])  # fmt: skip

    start = np.concatenate([np.zeros(3 * n), np.full(n, 400.0)])
    out = np.array([1e3, 3e4, 1.5e5, 2e5])
    pieces, y = [], start
    for begin, stop in pairwise(times):
        inside = out[(out > begin) & (out <= stop)]
        part = solve_ivp(derivative, (begin, stop), y, method="Radau", rtol=1e-9, atol=1e-10,
                         t_eval=np.union1d(inside, [stop]))  # fmt: skip
        pieces += [part.y[:, np.flatnonzero(part.t == t)[0]] for t in inside]
        y = part.y[:, -1]
    course = solve_radial(
        problem, PlasmaCurve.points(times, concentration), cells=cells, grading=1.0
    )
    found = course.at(out)
    expected = np.array(pieces).reshape(out.size, 4, n)
    for s, name in enumerate(("free", "surface", "inside")):
        # 1e-7 allowed per step over some hundred steps
        scale = np.abs(expected[:, s]).max()
        assert np.allclose(found[name].T, expected[:, s], atol=2e-6 * scale), name


def test_shells_share_the_volume_and_resist_as_a_whole_layer():
    for dimension, source, far in ((2, 8.0, 75.0), (3, 150.0, 0.0), (3, 150.0, 40.0)):
        grid = radial_grid(source, far, dimension=dimension, cells=37, grading=5.0)
        assert grid.share.sum() == pytest.approx(1.0, abs=1e-14)
        whole = abs(far**dimension - source**dimension)
        assert grid.volume.sum() == pytest.approx(whole, rel=1e-13)
    # Resistances between middles add up to that of the layer between first and last middle.
    grid = radial_grid(8.0, 75.0, dimension=2, cells=37, grading=5.0)
    farther = grid.exchange_per_s(12.7)[1] * grid.volume
    series = np.sum(1.0 / farther[:-1])
    expected = np.log(grid.radius_um[-1] / grid.radius_um[0]) / (2.0 * 12.7)
    assert series == pytest.approx(expected, rel=1e-12)


def test_moduli_are_their_formulas():
    sites = Binding(1e-4, 2.0, 300.0, 1e-5, 0.0, 0.0)
    plasma = PlasmaCurve.exponentials([100.0], [1e-5])
    auc, end = plasma.auc_nmol_s_L(2e5), 2e5
    ball = transport_moduli(Spheroid(150.0, DIFFUSION, VOID, sites), plasma, end_s=end)
    sites_fluid = 300.0 / VOID
    thiele = 1e-5 * 150.0**2 * sites_fluid / (DIFFUSION * (auc / end + 2.0))
    assert ball.thiele.value == pytest.approx(thiele, rel=1e-12)
    clearance = 150.0**2 * sites_fluid / (DIFFUSION * auc)
    assert ball.clearance.value == pytest.approx(clearance, rel=1e-12)
    assert ball.barrier.value == pytest.approx(clearance, rel=1e-12)
    assert ball.biot.value == np.inf
    tissue = VesselTissue(INNER, OUTER, WALL, DIFFUSION, VOID, sites)
    tube = transport_moduli(tissue, plasma, end_s=end, plasma_flow_per_s=1e-3)
    entry = 2.0 * WALL * INNER / (OUTER**2 - INNER**2)
    assert tube.clearance.value == pytest.approx(300.0 / (entry * auc), rel=1e-12)
    assert tube.thiele.value == pytest.approx(1e-5 * 300.0 / (entry * (auc / end + 2.0)))
    biot = WALL * INNER * np.log(OUTER / INNER) / (DIFFUSION * VOID)
    assert tube.biot.value == pytest.approx(biot, rel=1e-12)
    assert tube.depletion.value == pytest.approx(1.0 - np.exp(-entry / 1e-3), rel=1e-12)
    assert set(tube.document()) == {*ball.document(), "depletion"}
