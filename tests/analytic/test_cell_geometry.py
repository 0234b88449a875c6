"""Geometric factors of spherical cells: closed forms, and independent integrals to 1e-6."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from ligandose.dose import Cell, cross_geometric_factor, geometric_factor
from ligandose.dose import cell_s as cell_s_module
from ligandose.dose.cell_geometry import SOURCES, TARGETS, distance_density, share_in_ball
from ligandose.dose.cell_s import cell_s_values, cross_s_values
from ligandose.transport import RadialKernel

CONCENTRIC = Cell(7.0, 5.0)
OFFSET = Cell(8.0, 4.0, 3.1)
RADII = np.array([0.02, 0.9, 2.0, 3.7, 6.1, 9.3, 11.9, 13.4])
# the bound of issue 5; adaptive quadrature between the kinks leaves 1e-10
CLOSE = {"rel": 1e-6, "abs": 1e-9}


def test_a_ball_seen_from_itself_has_the_published_polynomial() -> None:
    x = np.linspace(0.0, 10.0, 101)
    expected = 1.0 - 3.0 * x / 20.0 + x**3 / 2000.0  # biology.md: 1 - 3x/(4R) + x³/(16R³)
    found = geometric_factor(x, CONCENTRIC, target="nucleus", source="nucleus")
    assert found == pytest.approx(expected, abs=1e-12)
    assert np.all(geometric_factor(np.array([10.001, 12.0, 500.0]), CONCENTRIC) == 0.0)


@pytest.mark.parametrize("distance", [0.0, 1.3, 4.9, 5.0, 5.1, 12.0])
def test_the_share_of_a_sphere_is_the_part_of_its_directions(distance: float) -> None:
    cosine = (np.arange(400_000) + 0.5) / 200_000 - 1.0
    for r in (0.4, 3.0, 5.2, 9.8, 17.5):
        inside = distance**2 + r**2 + 2.0 * distance * r * cosine < 25.0
        found = float(share_in_ball(r, distance_um=distance, ball_radius_um=5.0))
        assert found == pytest.approx(float(inside.mean()), abs=5e-6)  # 4e5 even directions


@pytest.mark.parametrize(("a", "d"), [(3.0, 4.0), (6.0, 2.0), (5.5, 9.0), (1.0, 0.5)])
def test_the_shares_add_up_to_the_overlap_of_two_balls(a: float, d: float) -> None:
    ball = 5.0
    marks = sorted(r for r in (abs(ball - d), ball + d) if 0.0 < r < a)
    pieces = zip([0.0, *marks], [*marks, a], strict=True)
    found = sum(
        quad(
            lambda r: 4 * math.pi * r**2 * float(
                share_in_ball(r, distance_um=d, ball_radius_um=ball)
            ),
            low,
            high,
        )[0]
        for low, high in pieces
    )  # fmt: skip
    if d <= abs(ball - a):
        lens = 4.0 / 3.0 * math.pi * min(a, ball) ** 3
    else:
        bracket = d * d + 2 * d * (ball + a) - 3 * (ball - a) ** 2
        lens = math.pi * (ball + a - d) ** 2 * bracket / (12 * d)
    assert found == pytest.approx(lens, rel=1e-9)


def _points(cell: Cell, source: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, z (axis through both centres) and weights of a dense grid in a compartment.

    Nothing of the package's algebra is used. The nucleus lies at z = offset.
    """
    node, weight = np.polynomial.legendre.leggauss(140)
    cosine, wc = node, 0.5 * weight
    if source == "cell_surface":
        r, wr = np.array([cell.radius_um]), np.array([1.0])
    else:
        inner, outer = cell.nucleus_radius_um, cell.radius_um
        pieces = {"nucleus": [(0.0, inner)], "whole_cell": [(0.0, inner), (inner, outer)]}
        ends = pieces.get(source, [(inner, outer)])
        r = np.concatenate([low + 0.5 * (high - low) * (1.0 + node) for low, high in ends])
        wr = np.concatenate([(high - low) * weight for low, high in ends]) * r**2
        wr /= wr.sum()
    z = np.multiply.outer(r, cosine).ravel()
    x = np.sqrt(np.maximum(np.repeat(r**2, cosine.size) - z**2, 0.0))
    shift = cell.nucleus_offset_um if source == "nucleus" else 0.0
    return x, z + shift, np.outer(wr, wc).ravel()


def _brute(r: float, cell: Cell, target: str, source: str) -> float:
    x, z, w = _points(cell, source)

    def share(ball: float, centre: float) -> np.ndarray:
        return share_in_ball(r, distance_um=np.hypot(x, z - centre), ball_radius_um=ball)

    nucleus = share(cell.nucleus_radius_um, cell.nucleus_offset_um)
    whole = share(cell.radius_um, 0.0)
    part = {"nucleus": nucleus, "cell": whole, "cytoplasm": whole - nucleus}[target]
    return float(w @ part)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("cell", [CONCENTRIC, OFFSET], ids=["concentric", "offset"])
def test_factors_equal_a_dense_sum_over_source_points(cell: Cell, source: str, target: str) -> None:
    if source == "cytoplasm" and cell is OFFSET:
        whole = geometric_factor(RADII, cell, target=target, source="whole_cell")
        inner = geometric_factor(RADII, cell, target=target, source="nucleus")
        v, n = cell.volume_um3("cell"), cell.volume_um3("nucleus")
        expected = (v * whole - n * inner) / (v - n)  # additivity; the other two are summed
        found = geometric_factor(RADII, cell, target=target, source=source)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
        return
    for r in RADII[::3]:
        found = float(geometric_factor(r, cell, target=target, source=source))
        # 140 nodes across what is nearly a step at small r: half a node, 4e-3 of the radius,
        # times the density there
        assert found == pytest.approx(_brute(float(r), cell, target, source), abs=1e-3)


def test_factors_equal_adaptive_quadrature_to_1e_6() -> None:
    for r in RADII:
        for centre in (0.0, 3.1):
            cell = Cell(8.0, 4.0, centre)

            def inner(d: float, r: float = float(r)) -> float:
                return float(share_in_ball(r, distance_um=d, ball_radius_um=4.0))

            def density(d: float, centre: float = centre) -> float:
                # sphere of radius 8 cut by the ball: 4πd² × part of the sphere d in it
                cut = float(share_in_ball(d, distance_um=centre, ball_radius_um=8.0))
                return 3.0 * d**2 / 8.0**3 * cut

            kinks = sorted({abs(4.0 - r), 4.0 + r, 8.0 - centre, 8.0 + centre})
            found, low = 0.0, 0.0
            for high in [k for k in kinks if 0.0 < k < 8.0 + centre] + [8.0 + centre]:
                piece = quad(lambda d: density(d) * inner(d), low, high, epsabs=1e-12)
                found, low = found + piece[0], high
            closed = float(geometric_factor(r, cell, target="nucleus", source="whole_cell"))
            assert closed == pytest.approx(found, **CLOSE)


@pytest.mark.parametrize("cell", [CONCENTRIC, OFFSET], ids=["concentric", "offset"])
@pytest.mark.parametrize("source", SOURCES)
def test_nucleus_and_cytoplasm_are_the_cell(cell: Cell, source: str) -> None:
    parts = [geometric_factor(RADII, cell, target=t, source=source) for t in TARGETS]
    assert parts[0] + parts[1] == pytest.approx(parts[2], abs=1e-12)


@pytest.mark.parametrize("source", ["cytoplasm", "nucleus", "whole_cell"])
def test_the_density_of_the_distance_is_a_density(source: str) -> None:
    d = np.linspace(0.0, 11.5, 400_001)
    density = distance_density(d, OFFSET, source=source)
    assert np.trapezoid(density, d) == pytest.approx(1.0, abs=2e-5)  # steps of 3e-5 at its jumps


def _cross_brute(r: float, first: Cell, second: Cell, apart: float, source: str) -> float:
    x, z, w = _points(first, source)
    d = np.hypot(x, z - apart)
    return float(w @ share_in_ball(r, distance_um=d, ball_radius_um=second.nucleus_radius_um))


@pytest.mark.parametrize("source", SOURCES)
def test_factors_between_cells_equal_a_dense_sum(source: str) -> None:
    other = Cell(6.0, 4.5)
    for r in (5.0, 11.0, 14.0, 19.0):
        found = cross_geometric_factor(r, CONCENTRIC, other, distance_um=14.0, source=source)
        expected = _cross_brute(r, CONCENTRIC, other, 14.0, source)
        assert float(found) == pytest.approx(expected, abs=1e-4)  # 140 x 140 nodes across kinks


def test_off_centre_nuclei_of_two_cells_are_averaged_over_directions() -> None:
    first, second = Cell(7.0, 3.0, 3.5), Cell(7.0, 4.0, 2.5)
    rng = np.random.default_rng(2)

    def ball(n: int, radius: float) -> np.ndarray:
        v = rng.normal(size=(n, 3))
        v /= np.linalg.norm(v, axis=1)[:, None]
        return v * radius * np.cbrt(rng.random(n))[:, None]

    def off(n: int, length: float) -> np.ndarray:
        v = rng.normal(size=(n, 3))
        return v * (length / np.linalg.norm(v, axis=1))[:, None]

    n = 400_000
    centre = np.array([0.0, 0.0, 15.0]) + off(n, 2.5)
    point = ball(n, 3.0) + off(n, 3.5)
    d = np.linalg.norm(point - centre, axis=1)
    for r in (9.0, 15.0, 20.0):
        share = share_in_ball(r, distance_um=d, ball_radius_um=4.0)
        found = cross_geometric_factor(r, first, second, distance_um=15.0, source="nucleus")
        error = float(share.std()) / math.sqrt(n)
        assert float(found) == pytest.approx(float(share.mean()), abs=4 * error + 1e-5)


def _step_kernel(radius: float) -> RadialKernel:
    """All 100 keV of electrons fall into a thin shell at one distance."""
    edge = np.array([0.0, radius * (1 - 1e-5), radius, 1e4])
    within = np.zeros((3, 4))
    within[1] = [0.0, 0.0, 100.0, 100.0]
    return RadialKernel(edge, within, np.array([0.0, 100.0, 0.0]))


@pytest.mark.parametrize("source", SOURCES)
def test_energy_in_a_thin_shell_gives_the_factor_at_its_radius(source: str) -> None:
    kernel = _step_kernel(6.0)
    s = cell_s_values(kernel, CONCENTRIC, source=source).s_Gy_per_Bq_s[0, 1]
    factor = float(geometric_factor(6.0, CONCENTRIC, source=source))
    expected = 100.0 * 1.602176634e-16 * factor / CONCENTRIC.mass_kg("nucleus")
    assert s == pytest.approx(expected, rel=1e-4)  # the shell is 1e-5 of its radius thick


def test_what_stays_at_the_decay_is_absorbed_where_it_is() -> None:
    within = np.full((3, 4), 50.0)
    kernel = RadialKernel(np.array([0.0, 0.1, 1.0, 10.0]), within, np.full(3, 50.0))
    for source, target, share in (
        ("nucleus", "nucleus", 1.0),
        ("cytoplasm", "nucleus", 0.0),
        ("cytoplasm", "cytoplasm", 1.0),
        ("cell_surface", "cell", 0.5),  # on the surface, half of the surroundings is inside
    ):
        s = cell_s_values(kernel, OFFSET, target=target, source=source).s_Gy_per_Bq_s[0, 1]
        expected = share * 50.0 * 1.602176634e-16 / OFFSET.mass_kg(target)
        assert s == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_finer_shells_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ligandose.dose import cell_kernel

    kernel = cell_kernel("Tb-161", electrons="evaluated")
    coarse = cell_s_values(kernel, OFFSET).s_Gy_per_Bq_s[:, 1]
    apart = cross_s_values(kernel, CONCENTRIC, CONCENTRIC, source="nucleus", distance_um=14.0)
    monkeypatch.setattr(cell_s_module, "STEPS", 4096)
    assert cell_s_values(kernel, OFFSET).s_Gy_per_Bq_s[:, 1] == pytest.approx(coarse, rel=1e-5)
    fine = cross_s_values(kernel, CONCENTRIC, CONCENTRIC, source="nucleus", distance_um=14.0)
    assert fine[1] == pytest.approx(apart[1], rel=1e-5)
