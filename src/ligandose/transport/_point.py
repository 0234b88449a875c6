"""Histories from a point in an infinite medium, with photons made to interact at all distances.

A small sphere around the source holds few first interactions of photons: half the histories draw
the first flight uniformly in its logarithm instead, and deposits carry the ratio of densities
(balance heuristic: Veach and Guibas 1995, doi:10.1145/218380.218498). In an infinite medium that
needs no photon transport of its own: the photon is moved along its direction so that the flight
that it is about to draw ends where it should.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

import numpy as np
from numba import get_thread_id, njit, prange  # pyright: ignore[reportPrivateImportUsage]
from numpy.typing import NDArray

from ligandose.transport._geometry import Geometry
from ligandose.transport._history import follow_next
from ligandose.transport._kernel import kernel
from ligandose.transport._physics import Physics, node
from ligandose.transport._random import isotropic, start_stream, uniform
from ligandose.transport._sources import Source, emission
from ligandose.transport._stack import PHOTON, push
from ligandose.transport._tally import Tally, add

NEAR_CM = 1e-3
FAR_FLIGHTS = 5.0
STRATA = 64
"""First flights of 2 × STRATA histories in a row cover their distribution evenly."""


@kernel
def _first_flight(total, history, rng):
    """Return the length of a photon's first flight and the weight of its deposits.

    Even histories draw from the exponential law p, odd ones from 1/s between two limits; every
    one carries the weight p / (p/2 + q/2).
    """
    part = ((history // 2) % STRATA + uniform(rng)) / STRATA
    near, far = math.log(NEAR_CM), math.log(FAR_FLIGHTS / total)
    if far <= near:
        return -math.log(part) / total, 1.0
    flight = math.exp(near + (far - near) * part) if history % 2 else -math.log(part) / total
    natural = total * math.exp(-total * flight)
    other = 0.0
    if near < math.log(flight) < far:
        other = 1.0 / (flight * (far - near))
    return flight, 2.0 * natural / (natural + other)


@kernel
def _follow_from_origin(physics, geometry, source, tally, history, quanta, rng, stack):
    pick = uniform(rng)
    kind, energy = emission(source, pick, uniform(rng))
    u, v, w = isotropic(rng)
    add(quanta, tally.bins + 1, np.int64(energy * tally.quanta_per_keV + 0.5))
    weight, start = 1.0, 0.0
    if kind == PHOTON:
        i, f = node(energy)
        total = physics.majorant[i] + f * (physics.majorant[i + 1] - physics.majorant[i])
        flight, weight = _first_flight(total, history, rng)
        now = rng[0]
        drawn = -math.log(uniform(rng)) / total
        rng[0] = now  # so that the photon draws that number again
        start = flight - drawn
    weighted = Tally(
        tally.mode, tally.bins, tally.quanta_per_keV * weight, tally.r_min, tally.bins_per_e,
        tally.per_cm_x, tally.per_cm_y, tally.per_cm_z, tally.side,
    )  # fmt: skip
    n = push(stack, 0, kind, energy, u * start, v * start, w * start, u, v, w)
    while n > 0:
        n = follow_next(physics, geometry, weighted, quanta, rng, stack, n)


@njit(cache=True, parallel=True, error_model="numpy")
def run_from_point(
    physics: Physics,
    geometry: Geometry,
    source: Source,
    tally: Tally,
    seed: np.uint64,
    first: int,
    count: int,
    quanta: NDArray[np.int64],
    stacks: NDArray[np.float64],
) -> None:
    """Follow histories first … first + count - 1; threads add into their rows of `quanta`."""
    chunk = 2 * STRATA
    chunks = (count + chunk - 1) // chunk
    for c in prange(chunks):
        rng = np.empty(1, np.uint64)
        thread = get_thread_id()
        for h in range(c * chunk, min((c + 1) * chunk, count)):
            start_stream(rng, seed, first + h)
            _follow_from_origin(
                physics, geometry, source, tally, first + h, quanta[thread], rng, stacks[thread]
            )
