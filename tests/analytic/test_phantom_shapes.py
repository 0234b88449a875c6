"""Each kind of shape has the volume of its closed form, lies in its box, and scales rightly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ligandose.hosts._shapes import contains, contains_jit, regions_of
from ligandose.hosts.phantom_rows import row, scaled

PER_AXIS = 110
# One random point in each of 110^3 cells: only the cells on the surface, about 4 * 110^2 of them,
# contribute, so the error is near sqrt(5e4) / 1.3e6 / 2 = 0.01 %, ten times that for thin shapes.
TOLERANCE = 2e-3

PI = math.pi
ROTATION = {
    "r11": 0.6751, "r12": -0.4727, "r13": -0.5664,
    "r21": -0.4640, "r22": 0.3249, "r23": -0.8241,
    "r31": 0.5736, "r32": 0.8191, "r33": 0.0,
}  # fmt: skip
SHAPES = {
    "ellipsoid": (
        "ellipsoid",
        {"x0": 1.0, "y0": -2.0, "z0": 3.0, "a": 2.0, "b": 1.0, "c": 3.0},
        4 / 3 * PI * 6,
    ),
    "half an ellipsoid": (
        "ellipsoid",
        {"x0": 1.0, "y0": -2.0, "z0": 3.0, "a": 2.0, "b": 1.0, "c": 3.0, "zmin": 3.0},
        2 / 3 * PI * 6,
    ),
    "tilted quarter ellipsoid": (
        "tilted_ellipsoid",
        {"x0": 1.0, "y0": 2.0, "z0": 3.0, "a": 3.0, "b": 1.0, "c": 2.0, **ROTATION,
         "half_x1": 1.0, "half_z1": -1.0},
        1 / 3 * PI * 6,
    ),
    "frustum with its axis aslant": (
        "cone",
        {"x0": 3.0, "y0": 0.0, "z0": 0.0, "dx": 0.3, "t": 0.1, "a": 2.0, "b": 1.0, "zmin": -5.0,
         "zmax": 0.0},
        PI * 2 * 5 * (1 + 0.5 + 0.25) / 3,
    ),
    "cylinder cut by a plane through its axis": (
        "cone",
        {"x0": 0.0, "y0": 0.0, "a": 2.0, "b": 1.0, "zmin": 0.0, "zmax": 4.0, "p1x": 1.0, "p1y": 1.0,
         "p1z": 0.0, "p1d": 0.0},
        PI * 2 * 4 / 2,
    ),
    "tube along x": (
        "tube_x",
        {"y0": 1.0, "z0": 2.0, "b": 2.0, "c": 1.0, "xmin": -3.0, "xmax": 1.0},
        PI * 2 * 4,
    ),
    "ring in slabs": (
        "ring",
        {"x0": 0.0, "y0": 0.0, "a": 3.0, "b": 2.0, "a1": 2.0, "b1": 1.0, "z0": 0.0, "period": 2.0,
         "thickness": 1.0, "zmin": 0.0, "zmax": 5.0},
        PI * (6 - 2) * 3,
    ),
    "quarter torus about y": (
        "torus_y",
        {"x0": 0.0, "y0": 0.0, "z0": 0.0, "R": 4.0, "a": 1.0, "b": 1.5, "xmin": 0.0, "zmax": 0.0},
        PI * 1.5 * 2 * PI * 4 / 4,
    ),
    "half torus about z": (
        "torus_z",
        {"x0": 0.0, "y0": 0.0, "z0": 0.0, "R": 4.0, "r": 1.0, "ymax": 0.0},
        PI * 2 * PI * 4 / 2,
    ),
    "half ball and cone": (
        "bulb",
        {"x0": 0.0, "y0": 0.0, "z0": 0.0, "r": 2.0, "s": 0.25, "h": 4.0, **ROTATION},
        2 / 3 * PI * 8 + PI / (3 * 0.25) * (8 - 1),
    ),
    "wedge": (
        "wedge",
        {"z0": 0.0, "w": 2.0, "t": 0.1, "m": 0.0, "zmin": -4.0, "zmax": 0.0, "ymax": 0.0},
        2 * 4 * 4 * (1 + 0.6 + 0.36) / 3,
    ),
    "lattice of tubes": (
        "loops",
        {"x0": 0.0, "z0": 0.0, "px": 2.0, "pz": 2.0, "r": 0.5, "x1": 0.0, "y1": 0.0, "a1": 50.0,
         "b1": 50.0, "xmin": -3.0, "xmax": 3.0, "ymin": 0.0, "ymax": 3.0, "zmin": -1.0,
         "zmax": 1.0},
        3 * PI * 0.25 * 3,
    ),
}  # fmt: skip


def volume_and_points(kind: str, parameters: dict[str, float]) -> tuple[float, np.ndarray]:
    """Return the volume by stratified points in the box, and the points inside."""
    shape = row(kind, parameters)
    box = shape[1:7]
    shapes = shape[None, :].copy()
    low, high = box[::2], box[1::2]
    cells = np.stack(np.meshgrid(*[np.arange(PER_AXIS)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    jitter = np.random.default_rng(9).random(cells.shape)
    points = low + (high - low) * (cells + jitter) / PER_AXIS
    found = np.empty(len(points), np.int32)
    regions_of(shapes, np.zeros(1, np.int32), points, found)
    return float(np.prod(high - low) * np.mean(found == 0)), points[found == 0]


@pytest.mark.parametrize("name", SHAPES)
def test_volume_is_that_of_the_closed_form(name: str) -> None:
    kind, parameters, expected = SHAPES[name]
    assert volume_and_points(kind, parameters)[0] == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.parametrize("name", SHAPES)
def test_the_box_is_not_what_cuts_the_shape(name: str) -> None:
    """Without its stated bounds a shape has no points beyond the box that was worked out."""
    kind, parameters, _ = SHAPES[name]
    stated = {k for k in parameters if k.endswith(("min", "max"))}
    shape = row(kind, parameters)
    box, wide = shape[1:7].copy(), shape.copy()
    width = box[1::2] - box[::2]
    for axis, letter in enumerate("xyz"):
        if f"{letter}min" not in stated:
            wide[1 + 2 * axis] -= width[axis] / 2
        if f"{letter}max" not in stated:
            wide[2 + 2 * axis] += width[axis] / 2
    rng = np.random.default_rng(5)
    points = rng.uniform(wide[1:7:2], wide[2:7:2], (200_000, 3))
    found = np.empty(len(points), np.int32)
    regions_of(wide[None, :], np.zeros(1, np.int32), points, found)
    inside = points[found == 0]
    assert (inside >= box[::2]).all()
    assert (inside <= box[1::2]).all()


@pytest.mark.parametrize(("mode", "power"), [("whole", 3), ("section", 2)])
@pytest.mark.parametrize("name", ["tube along x", "frustum with its axis aslant"])
def test_scaling_a_tube_changes_volume_as_lengths_do(name: str, mode: str, power: int) -> None:
    kind, parameters, expected = SHAPES[name]
    centred = {**parameters, "cx": 0.5, "cy": 0.5, "cz": 0.5}
    larger = scaled(kind, centred, 1.3, mode)
    assert volume_and_points(kind, larger)[0] == pytest.approx(expected * 1.3**power, rel=TOLERANCE)


@pytest.mark.parametrize(
    "name",
    ["half an ellipsoid", "tilted quarter ellipsoid", "half ball and cone",
     "cylinder cut by a plane through its axis"],
)  # fmt: skip
def test_scaling_a_whole_organ_is_similar_about_its_centre(name: str) -> None:
    kind, parameters, expected = SHAPES[name]
    factor = 0.8
    volume, points = volume_and_points(kind, scaled(kind, parameters, factor, "whole"))
    assert volume == pytest.approx(expected * factor**3, rel=TOLERANCE)
    centre = np.array([parameters.get(f"{a}0", 0.0) for a in "xyz"])
    original = row(kind, parameters)[None, :]
    back = centre + (points - centre) / factor
    # Points on the very surface may fall out by rounding: none does further in.
    inward = centre + (back - centre) * (1.0 - 1e-9)
    assert all(contains(original, 0, *p) for p in inward[:: max(1, len(inward) // 2000)])


def test_the_thyroid_is_a_full_half_ring_at_a_quarter_of_its_height_only() -> None:
    """tau falls to 1/sqrt 2 at c/4, where the inequality holds for every direction."""
    shape = row("thyroid", {"x0": 0, "y0": 0, "z0": 0, "R": 2.0, "r": 1.0, "c": 4.0})[None, :]
    angles = np.linspace(PI, 2 * PI, 1001)[1:-1]
    ring = np.stack([1.5 * np.cos(angles), 1.5 * np.sin(angles)], axis=1)

    def share(z: float) -> float:
        return float(np.mean([contains(shape, 0, x, y, z) for x, y in ring]))

    assert share(1.0) == 1.0
    assert share(0.9) < 1.0
    assert share(1.3) < 1.0
    assert share(3.999) < 0.05


def test_compiled_and_plain_test_agree() -> None:
    rng = np.random.default_rng(11)
    for kind, parameters, _ in SHAPES.values():
        shapes = row(kind, parameters)[None, :].copy()
        low, high = shapes[0, 1:7:2], shapes[0, 2:7:2]
        for point in rng.uniform(low - 0.2, high + 0.2, (300, 3)):
            assert contains(shapes, 0, *point) == contains_jit(shapes, 0, *point)
