"""Sums over cells against integrals that can be done by hand."""

import math

import numpy as np
import pytest

from ligandose.dose import PairKernel, crossfire
from ligandose.dose._crossfire_split import interpolation_error
from ligandose.dose._crossfire_tables import bit_table, log_spline

RADIUS_UM = 300.0
DENSITY = 1.0 / 14.0**3
STEP_UM = 7.0
LOST = 5.490136
"""∫ d³r/r² less Σ 1/r² over points at half-integers, both times exp(-a r²): the same for
a = 0.02, 0.01 and 0.005 to 12 digits."""


def ball():
    """Centres of cubes of `STEP_UM` within a ball: a midpoint rule."""
    axis = (np.arange(-45, 46) + 0.5) * STEP_UM
    places = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    return places[np.linalg.norm(places, axis=1) <= RADIUS_UM]


@pytest.mark.parametrize(
    ("dose", "integral"),
    [
        (lambda r: 1.0 / r**2, 4.0 * math.pi * RADIUS_UM),
        (
            lambda r: np.exp(-r / 50.0) / r**2,
            4.0 * math.pi * 50.0 * (1.0 - math.exp(-RADIUS_UM / 50.0)),
        ),
    ],
    ids=["inverse square", "attenuated inverse square"],
)
def test_uniform_ball_at_its_centre(dose, integral):
    """4π ∫ r² K dr for a uniform ball, at its centre."""
    sources = ball()
    r = np.geomspace(2.0, 700.0, 400)
    each = np.full(len(sources), DENSITY * STEP_UM**3)
    got = crossfire([[0.0, 0.0, 0.0]], sources, each, PairKernel(r, dose(r)))
    # the rule leaves out what an inverse square loses to points: LOST h of 4π R or of 4π λ
    assert got[0] == pytest.approx(DENSITY * (integral - LOST * STEP_UM), rel=2e-3)


def test_line_of_sources_sums_to_the_basel_series():
    """Cells 20 µm apart on both sides with K = 1/r²: 2 Σ 1/(20 k)² = π²/(3·400) without end."""
    k = np.arange(1, 4001)
    places = np.column_stack([20.0 * np.append(k, -k), np.zeros(8000), np.zeros(8000)])
    r = np.geomspace(10.0, 1e5, 900)
    got = crossfire([[0.0, 0.0, 0.0]], places, np.ones(8000), PairKernel(r, r**-2.0))
    tail = 2.0 / (400.0 * 4000.5)  # of the series beyond 4000 terms, to second order
    # the table holds to 2e-5
    assert got[0] == pytest.approx(math.pi**2 / 1200.0 - tail, rel=5e-5)


def test_cube_of_a_periodic_crystal_has_the_dose_of_its_lattice_sum():
    """A Gaussian kernel on a cubic lattice: a product of Jacobi's theta functions."""
    width, edge = 40.0, 14.0
    r = np.concatenate([[0.0], np.geomspace(1.0, 330.0, 400), [331.0]])
    dose = np.append(np.exp(-0.5 * (r[:-1] / width) ** 2), 0.0)
    m = 6
    axes = np.meshgrid(*[np.arange(m) * edge] * 3, indexing="ij")
    cells = np.stack(axes, axis=-1).reshape(-1, 3)
    got = crossfire(cells, cells, np.ones(m**3), PairKernel(r, dose), box_um=[m * edge] * 3)
    k = np.arange(-40, 41)
    theta = float(np.sum(np.exp(-0.5 * (k * edge / width) ** 2)))
    # the grid's tolerance is 1e-3 for a pair; the near and far sums of a lattice add in phase
    assert got == pytest.approx(np.full(m**3, theta**3), rel=2e-4)


def test_integral_over_space_of_an_attenuated_inverse_square():
    r = np.concatenate([np.geomspace(0.01, 4000.0, 1200)])
    kernel = PairKernel(r, np.exp(-r / 100.0) / r**2)
    # 4π 100; constant instead of 1/r² within the first 0.01 µm misses 2/3 of 0.01/100
    assert kernel.integral_Gy_um3() == pytest.approx(400.0 * math.pi, rel=1e-4)


def test_table_of_bits_is_as_exact_as_it_says():
    r = np.geomspace(8.0, 1500.0, 300)
    spline = log_spline(r, np.exp(-r / 80.0) / r**2)
    table = bit_table(spline, spline, 8.0, 1500.0)
    at = np.random.default_rng(0).uniform(8.0, 1500.0, 20_000)
    u = at**2
    part = (u.view(np.int64) >> table.shift) - table.base
    value = table.rows[part, 0] + table.rows[part, 1] * u
    assert value == pytest.approx(spline(at), rel=3e-5)


def test_quintic_splines_err_with_the_sixth_power_of_the_step():
    errors = [
        np.abs(interpolation_error(lambda r: np.cos(0.05 * r)[:, None], h, 0.25, 400.0, 4)[1]).max()
        for h in (10.0, 5.0)
    ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(6.0, abs=0.3)
