"""Dose to a cell from points around it: vessel walls, matrix, anything that is no cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.cell_geometry import TARGETS, Cell, share_in_ball
from ligandose.dose.curves import JOULE_PER_KEV, RADIATIONS
from ligandose.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from ligandose.transport import RadialKernel

FloatArray = NDArray[np.float64]

STEPS = 256
"""Even steps over the distances at which a cell is seen from a point, besides kernel nodes."""


def point_s_values(
    kernel: RadialKernel, cell: Cell, *, target: str = "nucleus", distance_um: ArrayLike
) -> FloatArray:
    """Return S of a part of a cell for decays in a point, Gy per decay, (3, k).

    S(d) = (1/m) ∫ ψ(r) dE(r) as in `cell_s_values`, ψ being the part of the sphere of radius r
    about the point that lies in the target.

    Args:
        kernel: energy within a distance, per decay.
        cell: cell that receives dose, its nucleus concentric.
        target: "nucleus", "cytoplasm" or "cell".
        distance_um: (k,) distances of the point from the middle of the cell.

    Raises:
        UnknownNameError: an unknown target.
        InputError: a negative distance, or a nucleus off centre.
    """
    if target not in TARGETS:
        raise UnknownNameError("target", target, TARGETS)
    if cell.nucleus_offset_um != 0.0:
        raise InputError("a nucleus off centre has no S value by distance alone; put it at 0")
    distances = np.atleast_1d(np.asarray(distance_um, dtype=np.float64))
    if not np.all(np.isfinite(distances) & (distances >= 0.0)):
        raise InputError("distance_um must be finite and not negative")
    balls = [(1.0, cell.radius_um if target != "nucleus" else cell.nucleus_radius_um)]
    if target == "cytoplasm":
        balls.append((-1.0, cell.nucleus_radius_um))
    s = np.zeros((len(RADIATIONS), distances.size))
    for i, distance in enumerate(distances.tolist()):
        for sign, ball in balls:
            s[:, i] += sign * _energy_in_ball(kernel, distance, ball)
    return np.maximum(s, 0.0) * JOULE_PER_KEV / cell.mass_kg(target)


def _energy_in_ball(kernel: RadialKernel, distance: float, ball: float) -> FloatArray:
    """Return the energy that a ball takes up per decay in a point, keV, (3,)."""
    low, high = abs(distance - ball), distance + ball
    inside = kernel.energy_within_keV(np.array([low]))[:, 0] if distance < ball else 0.0
    own = kernel.radius_um
    nodes = own[(own > low) & (own < high)]
    radius = np.unique(np.concatenate([np.linspace(low, high, STEPS + 1), nodes]))
    energy = np.diff(kernel.energy_within_keV(radius), axis=-1)
    middle = 0.5 * (radius[1:] + radius[:-1])

    def share(r: FloatArray) -> FloatArray:
        return share_in_ball(r, distance_um=distance, ball_radius_um=ball)

    at = share(radius)
    return inside + energy @ ((at[:-1] + 4.0 * share(middle) + at[1:]) / 6.0)
