"""Points of the extracellular space, each for the same volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts import _tissue_grid as kernels
from ligandose.hosts.tissue import positive

Floats = NDArray[np.float64]
MOST_POINTS = 20_000_000


def matrix_points(
    centre_um: Floats, radius_um: Floats, box_um: Floats, spacing_um: float, *,
    rng: np.random.Generator, periodic: bool, pieces: Floats | None = None, wall_um: float = 0.0,
) -> Floats:  # fmt: skip
    """Return (m, 3) points outside all cells and vessels, one at random in every cube of a grid.

    Each point stands for one cube's volume, so that they are even and have equal weight.

    Args:
        centre_um: (n, 3) cells.
        radius_um: (n,) their radii.
        box_um: (3,) sides of the box.
        spacing_um: side of the cubes, stretched until a whole number fits along each axis.
        rng: random numbers.
        periodic: whether the box repeats.
        pieces: (p, 7) pieces of capillaries.
        wall_um: radius of the capillaries.

    Raises:
        InputError: a spacing that is not positive or needs more than MOST_POINTS points.
    """
    step = positive(spacing_um, "matrix_spacing_um")
    count = np.maximum(np.round(box_um / step), 1.0)
    if count.prod() > MOST_POINTS:
        raise InputError(
            f"matrix_spacing_um: {step:g} makes {count.prod():.3g} points, more than "
            f"{MOST_POINTS:.3g}; give a wider spacing"
        )
    grid = np.stack(np.meshgrid(*(np.arange(int(n)) for n in count), indexing="ij"), axis=-1)
    points = (grid.reshape(-1, 3) + rng.random((int(count.prod()), 3))) * (box_um / count)
    points = np.minimum(points, np.nextafter(box_um, 0.0))
    points = points[kernels.clear_of_spheres(points, 0.0, centre_um, radius_um, box_um, periodic)]
    if pieces is None:
        return points
    return points[kernels.clear_of_vessels(points, 0.0, pieces, wall_um, box_um, periodic)]
