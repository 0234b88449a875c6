"""Alpha particles: straight lines with continuous slowing down.

Deflections of an alpha are a few degrees until its last micrometres and its range straggles by 1 to
2 % (ICRU-49), both small against the voxels and organs in which this engine counts energy.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

from ligandose.transport._electron_tables import ALPHA_LOSS
from ligandose.transport._electrons import VACUUM_G_CM3, border, longest_step, same_medium
from ligandose.transport._geometry import OUTSIDE, locate
from ligandose.transport._kernel import kernel
from ligandose.transport._physics import node
from ligandose.transport._tally import deposit

ALPHA_STEP_LOSS = 0.05
"""Largest part of its energy that an alpha loses in a step."""
ALPHA_ABSORB_KEV = 50.0
"""Residual range below 1 um of water: deposited where it is."""


@kernel
def follow_alpha(physics, geometry, tally, quanta, energy, x, y, z, u, v, w):
    """Follow an alpha until it stops or leaves; deposit its energy."""
    region, voxel = locate(geometry, x, y, z)
    far = longest_step(geometry)
    e = energy
    while region != OUTSIDE and e > ALPHA_ABSORB_KEV:
        density = geometry.density[region]
        table = physics.electron[geometry.material[region]]
        # the stopping power half-way along the step counts
        stopping = _stopping(table, (1.0 - 0.5 * ALPHA_STEP_LOSS) * e)
        length = far
        if density > VACUUM_G_CM3:
            length = min(far, ALPHA_STEP_LOSS * e / (stopping * density))
        end, next_voxel = locate(geometry, x + u * length, y + v * length, z + w * length)
        if not same_medium(geometry, region, end):
            length, end, next_voxel = border(geometry, region, x, y, z, u, v, w, length)
        loss = min(e, stopping * density * length)
        half = 0.5 * length
        a, b, c = x + u * half, y + v * half, z + w * half
        _, place = locate(geometry, a, b, c)
        deposit(tally, quanta, region, place, a, b, c, loss)
        e -= loss
        x, y, z = x + u * length, y + v * length, z + w * length
        region, voxel = end, next_voxel
    deposit(tally, quanta, region, voxel, x, y, z, e)


@kernel
def _stopping(table, energy):
    """Return the stopping power, keV cm2/g."""
    i, f = node(energy)
    return table[i, ALPHA_LOSS] + f * (table[i + 1, ALPHA_LOSS] - table[i, ALPHA_LOSS])
