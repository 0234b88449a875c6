"""Particles that wait to be followed, as rows of one array."""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

from ligandose.transport._kernel import kernel

PHOTON, ELECTRON, POSITRON, ALPHA = 0, 1, 2, 3
DEPTH = 400
"""Rows of a stack. The last particle is taken first, so it holds the secondaries of a few
generations; a mixed simulation makes at most some hundred per track above the cutoffs."""
COLUMNS = 8


@kernel
def push(stack, n, kind, energy, x, y, z, u, v, w):
    """Write a particle on top of the n that wait; return their new number."""
    row = stack[n]
    row[0], row[1], row[2], row[3], row[4] = kind, energy, x, y, z
    row[5], row[6], row[7] = u, v, w
    return n + 1


@kernel
def has_room(stack, n):
    """Say whether four more particles fit; otherwise the caller deposits energy where it is."""
    return n < stack.shape[0] - 4
