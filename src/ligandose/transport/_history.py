"""One history from its primary to the last secondary, and many of them on the processor."""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import numpy as np
from numba import get_thread_id, njit, prange  # pyright: ignore

from ligandose.transport._alphas import follow_alpha
from ligandose.transport._electrons import follow_electron
from ligandose.transport._geometry import OUTSIDE, locate
from ligandose.transport._kernel import kernel
from ligandose.transport._nets import AZIMUTH, COSINE, ENERGY, KIND, even, net_key
from ligandose.transport._photons import MC2, annihilate, follow_photon
from ligandose.transport._random import direction, start_stream
from ligandose.transport._sources import emission, place
from ligandose.transport._stack import ALPHA, ELECTRON, PHOTON, POSITRON, push
from ligandose.transport._tally import add, deposit


@kernel
def follow_history(physics, geometry, source, tally, seed, history, quanta, rng, stack):
    """Draw the primary particle of a history and follow it and all that it sets free."""
    start_stream(rng, seed, history)
    key = net_key(seed, history)
    kind, energy = emission(source, even(key, history, KIND), even(key, history, ENERGY))
    x, y, z = place(source, geometry, key, history, rng)
    u, v, w = direction(even(key, history, COSINE), even(key, history, AZIMUTH))
    emitted = energy + 2.0 * MC2 if kind == POSITRON else energy  # it will annihilate
    add(quanta, tally.bins + 1, np.int64(emitted * tally.quanta_per_keV + 0.5))
    if kind == ELECTRON:  # most electrons of most runs end where they begin
        region, voxel = locate(geometry, x, y, z)
        if region != OUTSIDE and energy <= physics.electron_absorb[region]:
            deposit(tally, quanta, region, voxel, x, y, z, energy)
            return
    n = push(stack, 0, kind, energy, x, y, z, u, v, w)
    while n > 0:
        n = follow_next(physics, geometry, tally, quanta, rng, stack, n)


@kernel
def follow_next(physics, geometry, tally, quanta, rng, stack, n):
    """Take the last particle off the stack and follow it; return how many wait then."""
    n -= 1
    row = stack[n]
    kind, energy = int(row[0]), row[1]
    x, y, z, u, v, w = row[2], row[3], row[4], row[5], row[6], row[7]
    if kind == PHOTON:
        return follow_photon(
            physics, geometry, tally, quanta, rng, stack, n, energy, x, y, z, u, v, w
        )
    if kind == ALPHA:
        follow_alpha(physics, geometry, tally, quanta, energy, x, y, z, u, v, w)
        return n
    n, x, y, z, region = follow_electron(
        physics, geometry, tally, quanta, rng, stack, n, kind, energy, x, y, z, u, v, w
    )
    if kind == POSITRON:
        if region == OUTSIDE:
            deposit(tally, quanta, OUTSIDE, OUTSIDE, x, y, z, 2.0 * MC2)
        else:
            n = annihilate(rng, stack, n, x, y, z)
    return n


@njit(cache=True, parallel=True, error_model="numpy")
def run_on_processor(physics, geometry, source, tally, seed, first, count, quanta, stacks):
    """Follow histories first … first + count - 1; threads add into their rows of `quanta`."""
    threads = quanta.shape[0]
    chunk = max(1, min(4096, count // (8 * threads)))
    chunks = (count + chunk - 1) // chunk
    for c in prange(chunks):
        rng = np.empty(1, np.uint64)
        thread = get_thread_id()
        for h in range(c * chunk, min((c + 1) * chunk, count)):
            follow_history(
                physics, geometry, source, tally, seed, first + h, quanta[thread], rng,
                stacks[thread],
            )  # fmt: skip
