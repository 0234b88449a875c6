"""From the published parameters of a shape to the row of numbers that kernels read.

A shape of phantom_shapes.csv has a kind and parameters by name (`x0=6;y0=6;z0=32.5;a=4.5 ...`),
lengths in cm. `scaled` brings an organ to its reference mass: the whole organ about its own
centre, or, for the tubes of the gut, the cross-section about the axis. `row` puts the numbers where
`_shapes.contains` looks for them and works out the bounding box.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError
from ligandose.hosts import _shapes as kinds

Row = NDArray[np.float64]
Parameters = Mapping[str, float]

MODES = ("none", "whole", "section")
_BOUNDS = ("xmin", "xmax", "ymin", "ymax", "zmin", "zmax")
_LENGTHS = ("a", "b", "c", "R", "r", "h", "a1", "b1")
_PLANES = ("p1", "p2")
_SECTION = {
    "cone": ("a", "b"),
    "tube_x": ("b", "c"),
    "torus_y": ("a", "b"),
    "bulb": ("r",),
    "loops": ("r",),
}


def parameters(text: str, where: str) -> dict[str, float]:
    """Read "x0=6;y0=6;..."; DataError names the place where it cannot be read."""
    try:
        pairs = (item.split("=") for item in text.split(";"))
        return {name.strip(): float(value) for name, value in pairs}
    except ValueError:
        raise DataError(f"{where}: cannot read parameters {text!r}; reinstall ligandose") from None


def scaled(kind: str, p: Parameters, factor: float, mode: str) -> dict[str, float]:
    """Return the parameters of a shape made larger by `factor` in every length.

    Args:
        kind: kind of the shape.
        p: parameters by name, cm.
        factor: ratio of new to old lengths.
        mode: "none"; "whole", about (cx, cy, cz) or else the shape's own x0, y0, z0; "section",
            the cross-section of a tube about its axis.
    """
    if mode == "none" or factor == 1.0:
        return dict(p)
    if mode == "section":
        return {k: v * factor if k in _SECTION[kind] else v for k, v in p.items()}
    centre = tuple(p.get(f"c{axis}", p.get(f"{axis}0", 0.0)) for axis in "xyz")
    new = {k: v * factor if k in _LENGTHS else v for k, v in p.items()}
    for axis, middle in zip("xyz", centre, strict=True):
        for name in (f"{axis}0", f"{axis}1", f"{axis}min", f"{axis}max"):
            if name in p:
                new[name] = middle + factor * (p[name] - middle)
    if "t" in p:
        new["t"] = p["t"] / factor
    for plane in _PLANES:
        if f"{plane}d" in p:
            at_centre = sum(p[f"{plane}{a}"] * m for a, m in zip("xyz", centre, strict=True))
            new[f"{plane}d"] = at_centre + factor * (p[f"{plane}d"] - at_centre)
    return new


def row(kind: str, p: Parameters) -> Row:
    """Return the row of a shape.

    Raises:
        DataError: an unknown kind.
    """
    if kind not in _BUILDERS:
        raise DataError(f"phantom_shapes.csv: unknown kind {kind!r}; reinstall ligandose")
    values = kinds.empty_row()
    box = _BUILDERS[kind](values, p)
    for i, name in enumerate(_BOUNDS):
        pick = max if i % 2 == 0 else min
        values[1 + i] = pick(box[i], p.get(name, box[i]))
    planes = [plane for plane in _PLANES if f"{plane}d" in p]
    for n, plane in enumerate(planes):
        at = kinds.PLANES + 4 * (n + int(values[7]))
        values[at : at + 4] = [p[f"{plane}{key}"] for key in "xyzd"]
    values[7] += len(planes)
    return values


def _put(values: Row, *numbers: float) -> None:
    values[kinds.PARAMETERS : kinds.PARAMETERS + len(numbers)] = numbers


def _around(p: Parameters, a: float, b: float, c: float) -> Sequence[float]:
    """Return the box of half-lengths a, b, c about x0, y0, z0."""
    x, y, z = p["x0"], p["y0"], p["z0"]
    return (x - a, x + a, y - b, y + b, z - c, z + c)


def _ellipsoid(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.ELLIPSOID
    a, b, c = p["a"], p["b"], p["c"]
    _put(values, p["x0"], p["y0"], p["z0"], a**-2, b**-2, c**-2)
    return _around(p, a, b, c)


def _rotation(p: Parameters) -> NDArray[np.float64]:
    """Return the rows of the rotation: given, or about z by theta_deg."""
    if "theta_deg" in p:
        cos, sin = math.cos(math.radians(p["theta_deg"])), math.sin(math.radians(p["theta_deg"]))
        return np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return np.array([[p[f"r{i}{j}"] for j in (1, 2, 3)] for i in (1, 2, 3)])


def _tilted(values: Row, p: Parameters) -> Sequence[float]:
    """Fill an ellipsoid on its own axes x1, y1, z1, and its halves (half_x1 = 1 keeps x1 >= 0)."""
    values[0] = kinds.TILTED
    axes = (p["a"], p["b"], p["c"])
    rotation = _rotation(p)
    _put(values, p["x0"], p["y0"], p["z0"], *(a**-2 for a in axes), *rotation.ravel())
    for name, direction in (("half_x1", rotation[0]), ("half_z1", rotation[2])):
        if name in p:
            at = kinds.PLANES + 4 * int(values[7])
            outward = -p[name] * direction
            values[at : at + 3] = outward
            values[at + 3] = outward @ (p["x0"], p["y0"], p["z0"])
            values[7] += 1
    half = np.sqrt(((rotation * np.array(axes)[:, None]) ** 2).sum(axis=0))
    return _around(p, *half)


def _cone(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.CONE
    dx, dy, t = p.get("dx", 0.0), p.get("dy", 0.0), p.get("t", 0.0)
    z0 = p.get("z0", 0.0)
    _put(values, p["x0"], p["y0"], z0, dx, dy, t, p["a"] ** -2, p["b"] ** -2)
    ends = [h - z0 for h in (p["zmin"], p["zmax"])]
    wide = [abs(1.0 + t * h) for h in ends]
    x, y = [p["x0"] + dx * h for h in ends], [p["y0"] + dy * h for h in ends]
    return (
        min(m - p["a"] * w for m, w in zip(x, wide, strict=True)),
        max(m + p["a"] * w for m, w in zip(x, wide, strict=True)),
        min(m - p["b"] * w for m, w in zip(y, wide, strict=True)),
        max(m + p["b"] * w for m, w in zip(y, wide, strict=True)),
        p["zmin"],
        p["zmax"],
    )


def _tube_x(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.TUBE_X
    y, z, b, c = p["y0"], p["z0"], p["b"], p["c"]
    _put(values, y, z, b**-2, c**-2)
    return (p["xmin"], p["xmax"], y - b, y + b, z - c, z + c)


def _ring(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.RING
    x, y, a, b = p["x0"], p["y0"], p["a"], p["b"]
    slabs = (p.get("z0", 0.0), p.get("period", 0.0), p.get("thickness", 0.0))
    inner = (p.get("x1", x), p.get("y1", y), p["a1"] ** -2, p["b1"] ** -2)
    _put(values, x, y, a**-2, b**-2, *inner, *slabs)
    return (x - a, x + a, y - b, y + b, p["zmin"], p["zmax"])


def _torus_y(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.TORUS_Y
    _put(values, p["x0"], p["y0"], p["z0"], p["R"], p["a"] ** -2, p["b"] ** -2)
    reach = p["R"] + p["a"]
    return _around(p, reach, p["b"], reach)


def _torus_z(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.TORUS_Z
    _put(values, p["x0"], p["y0"], p["z0"], p["R"], p["r"] ** 2)
    reach = p["R"] + p["r"]
    return _around(p, reach, reach, p["r"])


def _thyroid(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.THYROID
    x, y, z, outer, c = p["x0"], p["y0"], p["z0"], p["R"], p["c"]
    _put(values, x, y, z, outer**2, p["r"] ** 2, c)
    return (x - outer, x + outer, y - outer, y, z, z + c)


def _bulb(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.BULB
    r, h = p["r"], p["h"]
    rotation = _rotation(p)
    _put(values, p["x0"], p["y0"], p["z0"], r, p["s"], h, *rotation.ravel())
    start = np.array([p["x0"], p["y0"], p["z0"]])
    end = start + h * rotation[2]
    box: list[float] = []
    for low, high in zip(np.minimum(start, end), np.maximum(start, end), strict=True):
        box += [float(low) - r, float(high) + r]
    return box


def _wedge(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.WEDGE
    _put(values, p["z0"], p["w"], p["t"], p["m"])
    wide = p["w"] * (1.0 + max(p["t"] * (p[z] - p["z0"]) for z in ("zmin", "zmax"))) - p["m"]
    return (-wide, wide, -wide, p.get("ymax", wide), p["zmin"], p["zmax"])


def _loops(values: Row, p: Parameters) -> Sequence[float]:
    values[0] = kinds.LOOPS
    lattice = (p["x0"], p["z0"], p["px"], p["pz"], p["r"] ** 2)
    _put(values, *lattice, p["x1"], p["y1"], p["a1"] ** -2, p["b1"] ** -2)
    return tuple(p[name] for name in _BOUNDS)


_BUILDERS: dict[str, Callable[[Row, Parameters], Sequence[float]]] = {
    "ellipsoid": _ellipsoid,
    "tilted_ellipsoid": _tilted,
    "cone": _cone,
    "tube_x": _tube_x,
    "ring": _ring,
    "torus_y": _torus_y,
    "torus_z": _torus_z,
    "thyroid": _thyroid,
    "bulb": _bulb,
    "wedge": _wedge,
    "loops": _loops,
}
