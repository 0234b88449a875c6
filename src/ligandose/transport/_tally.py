"""Where energy is booked: integers, so that the sum does not depend on the order of addition.

Energies are counted in quanta, a power of two small enough that no deposit of a run is rounded by
more than a billionth of the largest energy. Integer sums are exact: any number of threads, on
either machine, gives the same tally.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba.extending import overload

from ligandose.transport._kernel import kernel

REGION, VOXEL, RADIAL, OVERLAP = 0, 1, 2, 3


class Tally(NamedTuple):
    """What is counted.

    The array of quanta has `bins` places and then two: escaped and emitted energy, so that every
    run shows that nothing was lost.

    Attributes:
        mode: REGION (energy by region), VOXEL (by voxel), RADIAL (by the distance from the
            origin, logarithmic bins) or OVERLAP (by voxel around a uniformly active one).
        bins: number of places.
        quanta_per_keV: a power of two.
        r_min: upper end of the first radial bin, cm.
        bins_per_e: radial bins per factor e.
        per_cm_x, per_cm_y, per_cm_z: voxels per cm, for OVERLAP.
        side: voxels along each axis of the octant, for OVERLAP.
    """

    mode: int
    bins: int
    quanta_per_keV: float
    r_min: float
    bins_per_e: float
    per_cm_x: float
    per_cm_y: float
    per_cm_z: float
    side: int


def add(quanta, place, amount):  # pyright: ignore
    """Add to a place of a tally. On CUDA many threads share it and the addition is atomic."""
    quanta[place] += amount


@overload(add, target="cpu")
def _add_cpu(quanta, place, amount):  # pyright: ignore
    def increase(quanta, place, amount):  # pyright: ignore
        quanta[place] += amount

    return increase


@kernel
def deposit(tally, quanta, region, voxel, x, y, z, energy):
    """Book energy (keV) at a point of a region; region -1 counts it as escaped."""
    amount = np.int64(energy * tally.quanta_per_keV + 0.5)
    if region < 0:
        add(quanta, tally.bins, amount)
    elif tally.mode == REGION:
        add(quanta, region, amount)
    elif tally.mode == VOXEL:
        add(quanta, voxel, amount)
    elif tally.mode == RADIAL:
        r = math.sqrt(x * x + y * y + z * z)
        place = 0
        if r > tally.r_min:
            place = min(int(math.log(r / tally.r_min) * tally.bins_per_e) + 1, tally.bins - 1)
        add(quanta, place, amount)
    else:
        _spread(tally, quanta, x, y, z, energy)


@kernel
def _spread(tally, quanta, x, y, z, energy):
    """Share energy at a displacement from a random point of a voxel among the voxels around.

    The displaced point lies in the voxel i places on with probability 1 - |x/h - i|; by symmetry
    one octant holds all. Energy beyond the octant counts as escaped.
    """
    a, b, c = abs(x) * tally.per_cm_x, abs(y) * tally.per_cm_y, abs(z) * tally.per_cm_z
    side = tally.side
    if max(a, b, c) >= side:
        add(quanta, tally.bins, np.int64(energy * tally.quanta_per_keV + 0.5))
        return
    i, j, k = int(a), int(b), int(c)
    a, b, c = a - i, b - j, c - k
    for p in range(2):
        wx = a if p else 1.0 - a
        for q in range(2):
            wy = b if q else 1.0 - b
            for r in range(2):
                wz = c if r else 1.0 - c
                amount = np.int64(energy * wx * wy * wz * tally.quanta_per_keV + 0.5)
                if i + p < side and j + q < side and k + r < side:
                    add(quanta, (i + p) + side * ((j + q) + side * (k + r)), amount)
                else:
                    add(quanta, tally.bins, amount)
