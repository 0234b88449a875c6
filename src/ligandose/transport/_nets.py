"""Evenly spread numbers with which histories begin: Sobol's points, shifted at random.

What a primary particle is, where it starts and where it heads for makes half of the spread of what
a voxel gets from it. So `BLOCK` histories in a row share a net: the first points of Sobol's
sequence (I. M. Sobol' 1967) with the direction numbers of Joe and Kuo (2008,
doi:10.1137/070709359), all moved by one random digital shift (exclusive or). Every shifted point is
uniform by itself, so means have no bias; shifts of blocks are independent, so the spread over
batches of whole blocks states the true error, and that over batches that cut blocks in two is a
little too large. Points in shapes, which are found by rejection, keep plain random numbers.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ligandose.transport._kernel import kernel
from ligandose.transport._random import GAMMA, INVERSE, KEY_GAMMA, ONE, S11, hashed

BLOCK_BITS = 8
BLOCK = 1 << BLOCK_BITS
KIND, X, Y, Z, COSINE, AZIMUTH, ENERGY, VOXEL = range(8)
"""Axes of the net, the most important first."""
_POLYNOMIALS = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
)
"""Degree, inner coefficients and first direction numbers of axes 1 to 7."""


def sobol_net() -> NDArray[np.uint64]:
    """Return the first BLOCK points of Sobol's sequence, (axes, BLOCK), whole numbers < BLOCK."""
    places = BLOCK_BITS - 1 - np.arange(BLOCK_BITS)
    columns = [1 << places]
    for degree, inner, first in _POLYNOMIALS:
        m = list(first[:BLOCK_BITS])
        for k in range(degree, BLOCK_BITS):
            new = m[k - degree] ^ (m[k - degree] << degree)
            for j in range(1, degree):
                if inner >> (degree - 1 - j) & 1:
                    new ^= m[k - j] << j
            m.append(new)
        columns.append(np.array(m) << places)
    net = np.zeros((len(columns), BLOCK), dtype=np.uint64)
    number = np.arange(BLOCK)
    for axis, column in enumerate(columns):
        for bit in range(BLOCK_BITS):
            net[axis, number >> bit & 1 == 1] ^= np.uint64(column[bit])
    return net


NET = sobol_net() << np.uint64(64 - BLOCK_BITS)


@kernel
def net_key(seed, history):
    """Return the key of the shifts of a history's block."""
    block = np.uint64(history >> BLOCK_BITS)
    return hashed(~hashed(np.uint64(seed) * GAMMA + GAMMA) + block * KEY_GAMMA)


@kernel
def even(key, history, axis):
    """Return a coordinate of the point of a history, in the open interval (0, 1)."""
    bits = hashed(key + np.uint64(axis) * GAMMA) ^ NET[axis, history & (BLOCK - 1)]
    return np.float64(np.int64((bits >> S11) | ONE)) * INVERSE
