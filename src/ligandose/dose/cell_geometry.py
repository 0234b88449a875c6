"""Spherical cells: how much of a sphere around a source point lies in a target, exactly.

A point at distance d from the centre of a ball of radius R sees a spherical cap of it: of the
sphere of radius r around the point, the part (R² - (d - r)²)/(4 d r) lies in the ball where
|R - d| < r < R + d, all of it below that (inside), none of it otherwise. The mean over source
points needs the density of d only. For a sphere or a ball around any other centre that density
is piecewise d × a polynomial, so every mean is an integral of polynomials, which a Gauss rule of
three nodes gives to rounding, without the cancellation of written-out closed forms.

The mean is the geometric factor of S. M. Goddu et al., MIRD Cellular S Values (SNM, 1997); for a
uniform ball seen from itself it is 1 - 3x/(4R) + x³/(16R³).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError, UnknownNameError

FloatArray = NDArray[np.float64]

SOURCES = ("cell_surface", "cytoplasm", "nucleus", "whole_cell")
"""Where decays happen; whole_cell is uniform in cytoplasm and nucleus."""
TARGETS = ("nucleus", "cytoplasm", "cell")
LARGEST_UM = 1000.0
SMALLEST_UM = 0.01
DENSITY_KG_PER_UM3 = 1e-15
"""Liquid water, 1 g/cm³."""
ROUNDING = 1e-9
"""Part of a radius by which lengths that should be equal may differ."""

NEARLY_ZERO = 1e-12

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(3)  # exact to degree 5; the products have 4


@dataclass(frozen=True, slots=True)
class Cell:
    """A ball with a ball in it.

    Attributes:
        radius_um: radius of the cell.
        nucleus_radius_um: radius of the nucleus, less than that of the cell.
        nucleus_offset_um: distance between the two centres.

    Raises:
        InputError: a radius that is not positive or beyond 0.01 µm to 1 mm, a nucleus as large
            as the cell or larger, a nucleus that sticks out of the cell.

    >>> cell = Cell(7.0, 5.0)
    >>> round(cell.volume_um3("cytoplasm") / cell.volume_um3("cell"), 6)
    0.635569
    """

    radius_um: float
    nucleus_radius_um: float
    nucleus_offset_um: float = 0.0

    def __post_init__(self) -> None:
        _check_radius("radius_um", self.radius_um)
        _check_radius("nucleus_radius_um", self.nucleus_radius_um)
        whole, inner, offset = self.radius_um, self.nucleus_radius_um, self.nucleus_offset_um
        if not inner < whole:
            raise InputError(
                f"nucleus_radius_um is {inner:g} µm in a cell of radius {whole:g} µm; the nucleus "
                "must be smaller than its cell"
            )
        room = whole - inner
        if not (math.isfinite(offset) and 0.0 <= offset <= room + ROUNDING * whole):
            raise InputError(
                f"nucleus_offset_um is {offset:g} µm; a nucleus of {inner:g} µm stays inside a "
                f"cell of {whole:g} µm at 0 to {room:g} µm from its centre"
            )

    def volume_um3(self, part: str) -> float:
        """Return the volume of "nucleus", "cytoplasm" or "cell" ("whole_cell"), µm³."""
        nucleus, cell = _volume(self.nucleus_radius_um), _volume(self.radius_um)
        volumes = {"nucleus": nucleus, "cytoplasm": cell - nucleus, "cell": cell}
        volumes["whole_cell"] = cell
        if part not in volumes:
            raise UnknownNameError("part of a cell", part, TARGETS)
        return volumes[part]

    def mass_kg(self, part: str) -> float:
        """Return the mass of a part at unit density, kg; arguments as `volume_um3`."""
        return self.volume_um3(part) * DENSITY_KG_PER_UM3


def _check_radius(name: str, value: float) -> None:
    if not (math.isfinite(value) and SMALLEST_UM <= value <= LARGEST_UM):
        raise InputError(
            f"{name} is {value:g} µm; a radius of a cell or nucleus must be between "
            f"{SMALLEST_UM:g} and {LARGEST_UM:g} µm"
        )


def _volume(radius: float) -> float:
    return 4.0 / 3.0 * math.pi * radius**3


# ------------------------------------------------------------------ one ball seen from a point


def share_in_ball(
    radius_um: ArrayLike, *, distance_um: ArrayLike, ball_radius_um: ArrayLike
) -> FloatArray:
    """Return the part of a sphere around a point that lies in a ball; arguments broadcast.

    Args:
        radius_um: radius r of the sphere around the point.
        distance_um: distance d of the point from the centre of the ball.
        ball_radius_um: radius R of the ball.
    """
    r, d, ball = np.broadcast_arrays(
        np.asarray(radius_um, float), np.asarray(distance_um, float), np.asarray(ball_radius_um)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        cap = (ball - d + r) * (ball + d - r) / (4.0 * d * r)
    cut = (r > np.abs(ball - d)) & (r < ball + d)
    inside = (r + d <= ball) | ((r == 0.0) & (d < ball))
    on_the_surface = (r == 0.0) & (d == ball)
    return np.where(cut, cap, np.where(on_the_surface, 0.5, np.where(inside, 1.0, 0.0)))


# ------------------------------------------------------------------ densities of the distance


class Piece(NamedTuple):
    """Density of the distance d from the target's centre on [low, high]: d × (c0 + c1 d + c2 d²).

    A sphere around the same centre has no density: `low == high` and no coefficients.
    """

    low: float
    high: float
    coefficients: tuple[float, float, float] | None


def _sphere_pieces(radius: float, centre: float) -> list[Piece]:
    """Return the density of d for the surface of a sphere whose centre lies `centre` away."""
    if centre <= ROUNDING * radius:
        return [Piece(radius, radius, None)]
    return [Piece(abs(radius - centre), radius + centre, (0.5 / (radius * centre), 0.0, 0.0))]


def _ball_pieces(radius: float, centre: float) -> list[Piece]:
    """Return the density of d for a uniform ball whose centre lies `centre` away."""
    cube = radius**3
    if centre <= ROUNDING * radius:
        return [Piece(0.0, radius, (0.0, 3.0 / cube, 0.0))]
    pieces: list[Piece] = []
    if centre < radius:  # spheres around the target's centre that lie wholly in the source
        pieces.append(Piece(0.0, radius - centre, (0.0, 3.0 / cube, 0.0)))
    scale = 0.75 / (centre * cube)
    cap = (scale * (radius**2 - centre**2), scale * 2.0 * centre, -scale)
    pieces.append(Piece(abs(radius - centre), radius + centre, cap))
    return pieces


def _shell_pieces(outer: float, inner: float) -> list[Piece]:
    """Return the density of d for a shell around the target's own centre."""
    return [Piece(inner, outer, (0.0, 3.0 / (outer**3 - inner**3), 0.0))]


def _mean_share(radius: FloatArray, ball: float, pieces: list[Piece]) -> FloatArray:
    """Return the mean share of a sphere in a ball over source points with this density of d."""
    total = np.zeros_like(radius)
    for piece in pieces:
        if piece.coefficients is None:
            total += share_in_ball(radius, distance_um=piece.low, ball_radius_um=ball)
            continue
        c0, c1, c2 = piece.coefficients
        # points so deep that the whole sphere lies in the ball
        deep = np.clip(ball - radius, piece.low, piece.high)
        low = piece.low
        total += (
            c0 / 2.0 * (deep**2 - low**2)
            + c1 / 3.0 * (deep**3 - low**3)
            + c2 / 4.0 * (deep**4 - low**4)
        )
        # points from which the ball is seen as a cap: d × density × (R² - (d - r)²)/(4 d r)
        start = np.clip(np.abs(ball - radius), piece.low, piece.high)
        end = np.clip(ball + radius, piece.low, piece.high)
        half = 0.5 * (end - start)
        d = start + half * (1.0 + _NODE[:, None])
        cap = (ball - d + radius) * (ball + d - radius) * (c0 + d * (c1 + d * c2))
        with np.errstate(divide="ignore", invalid="ignore"):
            total += np.where(half > 0.0, half * (_WEIGHT @ cap) / (4.0 * radius), 0.0)
    return np.clip(total, 0.0, 1.0)


# ------------------------------------------------------------------ parts of cells


def _balls(cell: Cell, part: str) -> list[tuple[float, float, bool]]:
    """Return a volume as balls with their share of it: (weight, radius, whether the nucleus)."""
    cell_volume, nucleus_volume = cell.volume_um3("cell"), cell.volume_um3("nucleus")
    if part == "nucleus":
        return [(1.0, cell.nucleus_radius_um, True)]
    if part in ("cell", "whole_cell"):
        return [(1.0, cell.radius_um, False)]
    rest = cell_volume - nucleus_volume
    return [
        (cell_volume / rest, cell.radius_um, False),
        (-nucleus_volume / rest, cell.nucleus_radius_um, True),
    ]


def _seen_from(source: str, cell: Cell, ball: float, is_nucleus: bool, r: FloatArray) -> FloatArray:
    """Return the mean share in one ball of the cell over a source compartment of the same cell."""
    offset = cell.nucleus_offset_um
    if source == "cell_surface":
        return _mean_share(r, ball, _sphere_pieces(cell.radius_um, offset if is_nucleus else 0.0))
    if source == "cytoplasm" and offset <= ROUNDING * cell.radius_um:
        return _mean_share(r, ball, _shell_pieces(cell.radius_um, cell.nucleus_radius_um))
    total = np.zeros_like(r)
    for weight, radius, source_is_nucleus in _balls(cell, source):
        apart = 0.0 if source_is_nucleus == is_nucleus else offset
        total += weight * _mean_share(r, ball, _ball_pieces(radius, apart))
    return total


def geometric_factor(
    radius_um: ArrayLike, cell: Cell, *, target: str = "nucleus", source: str = "nucleus"
) -> FloatArray:
    """Return the mean part of a sphere around a source point that lies in the target, (n,).

    Args:
        radius_um: (n,) radii of the sphere; at 0 the limit from above.
        cell: sizes.
        target: "nucleus", "cytoplasm" or "cell".
        source: "cell_surface", "cytoplasm", "nucleus" or "whole_cell".

    Raises:
        UnknownNameError: an unknown target or source.

    >>> round(float(geometric_factor(2.0, Cell(7.0, 5.0))), 12)  # 1 - 3 × 2/20 + 2³/2000
    0.704
    """
    check_names(target, source)
    r = np.asarray(radius_um, dtype=np.float64)
    flat = np.maximum(r.ravel(), NEARLY_ZERO * cell.nucleus_radius_um)
    if target == "cytoplasm":
        whole = _seen_from(source, cell, cell.radius_um, False, flat)
        factor = whole - _seen_from(source, cell, cell.nucleus_radius_um, True, flat)
    else:
        nucleus = target == "nucleus"
        ball = cell.nucleus_radius_um if nucleus else cell.radius_um
        factor = _seen_from(source, cell, ball, nucleus, flat)
    return np.clip(factor, 0.0, 1.0).reshape(r.shape)


def distance_density(distance_um: ArrayLike, cell: Cell, *, source: str) -> FloatArray:
    """Return the density of source points over their distance from the nucleus's centre, 1/µm.

    Args:
        distance_um: (n,) distances.
        cell: sizes.
        source: a compartment; for "cell_surface" the nucleus must be off centre, else all points
            are `cell.radius_um` away and there is no density.

    Raises:
        UnknownNameError: an unknown source.
        InputError: the surface of a cell with its nucleus in the middle.
    """
    check_names("nucleus", source)
    d = np.asarray(distance_um, dtype=np.float64)
    if source == "cell_surface":
        weighted = [(1.0, _sphere_pieces(cell.radius_um, cell.nucleus_offset_um))]
    else:
        weighted = [
            (weight, _ball_pieces(radius, 0.0 if nucleus else cell.nucleus_offset_um))
            for weight, radius, nucleus in _balls(cell, source)
        ]
    return np.maximum(_density(d, weighted), 0.0)


def _density(d: FloatArray, weighted: list[tuple[float, list[Piece]]]) -> FloatArray:
    total = np.zeros_like(d)
    for weight, pieces in weighted:
        for low, high, coefficients in pieces:
            if coefficients is None:
                raise InputError("all points of the surface are equally far from the nucleus")
            c0, c1, c2 = coefficients
            total += np.where((d >= low) & (d <= high), weight * d * (c0 + d * (c1 + d * c2)), 0.0)
    return total


def check_names(target: str, source: str) -> None:
    """Raise UnknownNameError where a target or a source compartment is not known."""
    if target not in TARGETS:
        raise UnknownNameError("target", target, TARGETS)
    if source not in SOURCES:
        raise UnknownNameError("source compartment", source, SOURCES)


# ------------------------------------------------------------------ two cells

_COSINE, _COSINE_WEIGHT = np.polynomial.legendre.leggauss(8)


def cross_geometric_factor(
    radius_um: ArrayLike,
    source_cell: Cell,
    target_cell: Cell,
    *,
    distance_um: float,
    target: str = "nucleus",
    source: str = "nucleus",
) -> FloatArray:
    """Return the mean part of a sphere around a point of one cell that lies in another, (n,).

    Nuclei that are off centre point in any direction: the mean over all of them is taken.

    Args:
        radius_um: (n,) radii of the sphere.
        source_cell: cell with the decays.
        target_cell: cell whose part receives dose.
        distance_um: distance of the centres of the cells, at least the sum of their radii.
        target: part of the target cell.
        source: compartment of the source cell.

    Raises:
        UnknownNameError: an unknown target or source.
        InputError: cells that overlap.
    """
    check_names(target, source)
    check_apart(source_cell, target_cell, distance_um)
    r = np.asarray(radius_um, dtype=np.float64)
    flat = r.ravel()
    total = np.zeros_like(flat)
    target_volume = target_cell.volume_um3(target)
    for weight, ball, nucleus in _balls(target_cell, target):
        # a share in the part, not a mean over it: balls count by their volume
        sign = weight * target_volume / _volume(ball)
        aside = target_cell.nucleus_offset_um if nucleus else 0.0
        for part, apart in _turned(distance_um, aside):
            total += sign * part * _seen_across(source, source_cell, ball, apart, flat)
    return np.clip(total, 0.0, 1.0).reshape(r.shape)


def cross_distance_density(
    distance_um: ArrayLike, source_cell: Cell, target_cell: Cell, *, apart_um: float, source: str
) -> FloatArray:
    """Return `distance_density` from the nucleus of one cell for points in another, 1/µm, (n,).

    Arguments and errors as `cross_geometric_factor`; `apart_um` is the distance of the cells.
    """
    check_names("nucleus", source)
    check_apart(source_cell, target_cell, apart_um)
    d = np.asarray(distance_um, dtype=np.float64)
    total = np.zeros_like(d)
    for part, apart in _turned(apart_um, target_cell.nucleus_offset_um):
        total += part * _density(d, _across(source, source_cell, apart))
    return np.maximum(total, 0.0)


def _seen_across(source: str, cell: Cell, ball: float, apart: float, r: FloatArray) -> FloatArray:
    """Return the mean share in a ball whose centre lies `apart` from a cell's."""
    total = np.zeros_like(r)
    for weight, pieces in _across(source, cell, apart):
        total += weight * _mean_share(r, ball, pieces)
    return total


def _across(source: str, cell: Cell, apart: float) -> list[tuple[float, list[Piece]]]:
    """Return densities, with weights, of the distance from a point `apart` from a cell's centre."""
    if source == "cell_surface":
        return [(1.0, _sphere_pieces(cell.radius_um, apart))]
    return [
        (weight * part, _ball_pieces(radius, distance))
        for weight, radius, nucleus in _balls(cell, source)
        for part, distance in _turned(apart, cell.nucleus_offset_um if nucleus else 0.0)
    ]


def _turned(apart: float, aside: float) -> list[tuple[float, float]]:
    """Return weights and distances of a centre that lies `aside` in any direction."""
    if aside == 0.0:
        return [(1.0, apart)]
    distance = np.sqrt(apart**2 + aside**2 + 2.0 * apart * aside * _COSINE)
    return [(0.5 * float(w), float(d)) for w, d in zip(_COSINE_WEIGHT, distance, strict=True)]


def check_apart(source_cell: Cell, target_cell: Cell, distance_um: float) -> None:
    """Raise InputError where two cells overlap or the distance is no length."""
    least = source_cell.radius_um + target_cell.radius_um
    if not (math.isfinite(distance_um) and distance_um >= least * (1.0 - ROUNDING)):
        raise InputError(
            f"distance_um is {distance_um:g} µm between the centres of cells of radius "
            f"{source_cell.radius_um:g} and {target_cell.radius_um:g} µm; cells that do not "
            f"overlap are at least {least:g} µm apart"
        )
