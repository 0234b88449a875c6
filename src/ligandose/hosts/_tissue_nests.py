"""Nests of tumour cells in a periodic block: spheres or cylinders that do not overlap."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts._tissue_push import push_apart
from ligandose.hosts.tissue import Nests

Floats = NDArray[np.float64]
STARTS = 5
ROUNDS = 3000
"""Attempts to place all nests, and rounds of pushing them apart in each."""
TRIALS = 25
SHRINK = 0.985
"""Steps by which the nests of a refused fraction are made smaller to find what fits."""
MISFIT = 0.05
"""Relative difference of the fraction of nests that a whole number of them may make."""


def nests_in(
    box_um: Floats, shape: str, *, radius_um: float, fraction: float, gap_um: float,
    rng: np.random.Generator, fixed_section: bool,
) -> tuple[Floats, Nests]:  # fmt: skip
    """Return the box, resized so that the fraction is met, and nests at random places in it.

    Nests start at random places and are pushed apart until none is nearer to another than the
    gap (`_tissue_grid.push_apart`).

    Args:
        box_um: (3,) sides asked for.
        shape: "spheres" or "cylinders" (along z).
        radius_um: radius of a nest.
        fraction: volume of nests over that of the box.
        gap_um: least width between two nests.
        rng: random numbers.
        fixed_section: keep the sides along x and y, which hold an array of capillaries.

    Raises:
        InputError: nests that cannot be packed, with the fraction that was reached, or whose
            whole number misses the fraction by more than MISFIT in a fixed section.
    """
    axes = 3 if shape == "spheres" else 2
    one = 4.0 / 3.0 * math.pi * radius_um**3 if axes == 3 else math.pi * radius_um**2
    number = max(round(fraction * float(box_um[:axes].prod()) / one), 1)
    box = box_um.copy()
    scale = number * one / (fraction * float(box[:axes].prod()))
    if not fixed_section:
        box[:axes] *= scale ** (1.0 / axes)
    elif axes == 3:
        box[2] *= scale
    elif abs(scale - 1.0) > MISFIT:
        raise InputError(
            f"tissue: {number} cylinders make a nest_fraction of {fraction * scale:.4g} of the "
            f"section that the capillaries set, not {fraction:g}; give that, or a larger side_um"
        )
    least = 2.0 * radius_um + gap_um
    middle = _apart(number, axes, box, least, fraction * min(scale, 1.0), rng)
    full = np.zeros((number, 3))
    full[:, :axes] = middle
    return box, Nests(full, radius_um, axes)


def _apart(
    number: int, axes: int, box: Floats, least: float, fraction: float, rng: np.random.Generator
) -> Floats:
    """Return (number, axes) places in a periodic box, `least` apart."""
    narrow = float(box[:axes].min())
    for _ in range(STARTS if narrow >= least else 0):
        place = _packed(number, axes, box, 0.5 * least, rng)
        if place is not None:
            return place
    factor = min(1.0, narrow / least)
    for _ in range(TRIALS):  # the largest that does find room, for the message
        factor *= SHRINK
        if _packed(number, axes, box, 0.5 * factor * least, rng) is not None:
            break
    raise InputError(
        f"tissue: nests with this radius and gap cannot fill a fraction of {fraction:.4g} of a "
        f"block of {', '.join(f'{s:.4g}' for s in box)} µm; the maximum is about "
        f"{fraction * factor**axes:.3g}: lower nest_fraction or nest_gap_um, or give a larger "
        "side_um"
    )


def _packed(
    number: int, axes: int, box: Floats, radius_um: float, rng: np.random.Generator
) -> Floats | None:
    """Return (number, axes) places of spheres or discs that do not overlap, None if not found."""
    place = rng.random((number, 3)) * box
    place[:, 2] *= axes == 3
    none, near = np.empty((0, 7)), np.empty((number, 0), np.int32)
    radius, inside = np.full(number, radius_um), np.zeros(number, bool)
    fits = push_apart(place, radius, box, none, 0.0, np.empty((0, 3)), 0.0, axes, near,
                              inside, axes == 2, ROUNDS)  # fmt: skip
    return place[:, :axes] if fits >= 1.0 else None
