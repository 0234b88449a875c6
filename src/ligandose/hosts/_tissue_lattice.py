"""Lattice sites for spheres: face-centred cubic, and small clusters within one site."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FCC_FRACTION = math.pi / math.sqrt(18.0)
"""Volume fraction of touching spheres on a face-centred cubic lattice, 0.7405, the highest of all
packings of equal spheres (Kepler's conjecture; Hales 2005, doi:10.4007/annals.2005.162.1065)."""

_CORNERS = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])

# Largest ratio of radii at which so many equal spheres fit into one, and their middles there in
# units of the outer radius less the inner one: pair, triangle, tetrahedron, octahedron, cube.
_SQRT3 = math.sqrt(3.0)
_CLUSTERS: tuple[tuple[float, NDArray[np.float64]], ...] = (
    (1.0, np.zeros((1, 3))),
    (0.5, np.array([[1.0, 0, 0], [-1, 0, 0]])),
    (1.0 / (1.0 + 2.0 / _SQRT3),
     np.array([[1.0, 0, 0], [-0.5, _SQRT3 / 2, 0], [-0.5, -_SQRT3 / 2, 0]])),
    (1.0 / (1.0 + math.sqrt(1.5)),
     np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / _SQRT3),
    (1.0 / (1.0 + math.sqrt(2.0)), np.vstack([np.eye(3), -np.eye(3)])),
    (1.0 / (1.0 + _SQRT3),
     np.array([[i, j, k] for i in (1.0, -1) for j in (1, -1) for k in (1, -1)]) / _SQRT3),
)  # fmt: skip


def spacing_for(fraction: float, radius_um: float) -> float:
    """Return the nearest-neighbour distance at which spheres fill a fraction, fcc.

    >>> round(spacing_for(FCC_FRACTION, 5.0), 12)
    10.0
    """
    return 2.0 * radius_um * (FCC_FRACTION / fraction) ** (1.0 / 3.0)


def periodic_sites(box_um: Floats, spacing_um: float, origin: Floats) -> Floats:
    """Return (n, 3) fcc sites that fill a periodic box, neighbours `spacing_um` apart or more.

    The cubic cell, spacing times √2, is stretched along each side until a whole number fits.

    Args:
        box_um: (3,) sides.
        spacing_um: least distance between sites.
        origin: (3,) shift of the lattice in units of the cubic cell.
    """
    count = np.maximum(np.floor(box_um / (spacing_um * math.sqrt(2.0)) + 1e-9), 1.0)
    cell = box_um / count
    lines = [np.arange(float(n)) for n in count]
    corner = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    sites = (corner.reshape(-1, 1, 3) + _CORNERS + origin).reshape(-1, 3) * cell
    return sites % box_um


def ball_sites(radius_um: float, spacing_um: float, origin: Floats) -> Floats:
    """Return (n, 3) fcc sites within a distance of 0, nearest first; `origin` shifts them."""
    cell = spacing_um * math.sqrt(2.0)
    half = math.ceil(radius_um / cell) + 1
    line = np.arange(-half, half + 1.0)
    corner = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites = ((corner + _CORNERS + origin) * cell).reshape(-1, 3)
    distance = np.sqrt((sites**2).sum(axis=1))
    kept = np.flatnonzero(distance <= radius_um)
    return sites[kept[np.argsort(distance[kept], kind="stable")]]


def most_per_site(radius_um: float, site_radius_um: float) -> int:
    """Return how many spheres of a radius fit into the sphere of one site (1, 2, 3, 4, 6 or 8).

    >>> [most_per_site(r, 1.0) for r in (1.0, 0.5, 0.45, 0.42, 0.41, 0.3)]
    [1, 2, 3, 4, 6, 8]
    """
    ratio = radius_um / site_radius_um - 1e-12
    return max((len(p) for limit, p in _CLUSTERS if ratio <= limit), default=0)


def cluster(count: int, radius_um: float, site_radius_um: float) -> Floats:
    """Return (count, 3) middles of spheres that fit into the sphere of one site."""
    places = next(p for _, p in _CLUSTERS if len(p) >= count)
    return places[:count] * (site_radius_um - radius_um)
