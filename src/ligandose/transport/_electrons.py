"""Electrons and positrons: mixed simulation with a random hinge, in any geometry.

Single and grouped collisions are told apart in `_electron_tables.py`. A step ends at a single
event, at the largest allowed loss, or at the border of a medium, which is found by bisection. The
grouped deflection is applied at a random point of the step, the hinge (J. M. Fernandez-Varea et
al. 1993, doi:10.1016/0168-583X(93)95827-R), and the grouped loss is deposited there too: uniform
along the step on average. Cross sections change with energy along the step; that is corrected
to first order, so that steps may be long.

Straggling: single losses straggle by themselves; of grouped ones the variance is sampled too,
which matters where they are large (limits of some keV and more, the fast settings).
Positrons go as electrons: their range in water is 7 % shorter at 50 keV, 3 % at 200 keV, 1 % at
500 keV and 2 % longer at 2 MeV, which moves what a small sphere absorbs by up to 1 %.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

from ligandose.transport._electron_tables import (
    BREMS,
    BREMS_SLOPE,
    DEFLECTION,
    ELASTIC,
    INELASTIC,
    K_C,
    MC2,
    MU_C,
    PHOTONS,
    RANGE,
    SCREEN,
    SOFT,
    SPIN,
    SPREAD,
    W_C,
)
from ligandose.transport._geometry import FAR_CM, OUTSIDE, SHAPES, VOXELS, clearance, locate
from ligandose.transport._kernel import inlined, kernel
from ligandose.transport._physics import PER_E, node
from ligandose.transport._random import turned, uniform
from ligandose.transport._stack import ELECTRON, PHOTON, has_room, push
from ligandose.transport._tally import REGION, VOXEL, deposit

HALVINGS = 10
"""A border is found to 1/1024 of the step."""
VACUUM_G_CM3 = 1e-9
ENOUGH = 1.1
"""Of 0.2 MeV, 2e-4 of the energy (besides photons) lie beyond this many csda ranges."""
SHORT_G_CM2 = 0.2
"""Photons from tracks below 0.2 g/cm2 (0.5 MeV) may start at their beginning: they go centimetres,
and carry 0.2 % of the energy."""


@kernel
def same_medium(geometry, one, other):
    """Say whether two regions are of one material and density; outside is a medium of its own."""
    if one == other:
        return True
    if one == OUTSIDE or other == OUTSIDE:
        return False
    return (
        geometry.material[one] == geometry.material[other]
        and geometry.density[one] == geometry.density[other]
    )


@kernel
def border(geometry, region, x, y, z, u, v, w, length):
    """Return the distance just behind a border of the medium of `region`, known to be nearer
    than `length`, and the region and voxel there."""
    low, high = 0.0, length
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        found, _ = locate(geometry, x + u * middle, y + v * middle, z + w * middle)
        if same_medium(geometry, region, found):
            low = middle
        else:
            high = middle
    found, voxel = locate(geometry, x + u * high, y + v * high, z + w * high)
    return high, found, voxel


@kernel
def longest_step(geometry):
    """Return the longest step, cm: one voxel or cell, so that no thin layer is jumped over."""
    if geometry.kind == VOXELS or geometry.kind == SHAPES:
        per_cm = geometry.per_cm
        return 1.0 / max(per_cm[0], max(per_cm[1], per_cm[2]))
    return FAR_CM


@kernel
def _at(table, m, i, f, column):
    """Interpolate one column for material m between nodes i and i + 1."""
    return table[m, i, column] + f * (table[m, i + 1, column] - table[m, i, column])


@kernel
def follow_electron(
    physics, geometry, tally, quanta, rng, stack, n, kind, energy, x, y, z, u, v, w
):
    """Follow an electron or positron until it is absorbed or leaves.

    Deposits its energy, pushes knock-on electrons and bremsstrahlung on the stack. Returns
    their new number, and position and region of the end.
    """
    region, voxel = locate(geometry, x, y, z)
    far = longest_step(geometry)
    # a positron matters where it ends
    by_place = kind == ELECTRON and (tally.mode == REGION or tally.mode == VOXEL)
    e = energy
    table = physics.electron
    while region != OUTSIDE and e > physics.electron_absorb[region]:
        density = geometry.density[region]
        m = geometry.material[region]
        i, f = node(e)
        if by_place:
            reach = ENOUGH * _at(table, m, i, f, RANGE)
            room = min(0.5 * far * density, SHORT_G_CM2)
            if reach < room and reach < density * clearance(geometry, region, x, y, z):
                left = _next_photon(table, m, i, f, rng)
                deposit(tally, quanta, region, voxel, x, y, z, e - left)
                e = left
                if left > 0.0:
                    given = brems_energy(e, table[m, i, K_C], rng)
                    e -= given
                    if has_room(stack, n):
                        n = push(stack, n, PHOTON, given, x, y, z, u, v, w)
                    else:
                        deposit(tally, quanta, region, voxel, x, y, z, given)
                continue
        soft = _at(table, m, i, f, SOFT)
        inelastic = _at(table, m, i, f, INELASTIC)
        elastic = _at(table, m, i, f, ELASTIC)
        brems = _at(table, m, i, f, BREMS)
        single = inelastic + elastic + brems
        free_path, per_e = 1.0 / single, 1.0 / e
        slowing = soft * per_e
        # half the change of ln(single) and of soft/e per unit of ln(energy)
        bend = 0.5 * PER_E * free_path * (
            table[m, i + 1, ELASTIC] - table[m, i, ELASTIC]
            + table[m, i + 1, INELASTIC] - table[m, i, INELASTIC]
        )  # fmt: skip
        sag = 0.5 * PER_E * per_e * (table[m, i + 1, SOFT] - table[m, i, SOFT])
        limit = physics.step_loss / slowing
        s = -math.log(uniform(rng)) * free_path
        if s < 2.0 * limit:
            s *= 1.0 + bend * s * slowing
        hard = s < limit
        s = min(s, limit)
        length = far
        if density > VACUUM_G_CM3 and s < far * density:
            length = s / density
        else:
            hard, s = False, far * density
        loss = _grouped_loss(table, m, i, f, soft, sag, s, e, rng)

        hinge = length * uniform(rng)
        hx, hy, hz = x + u * hinge, y + v * hinge, z + w * hinge
        there, place = locate(geometry, hx, hy, hz)
        if not same_medium(geometry, region, there):
            walked, there, place = border(geometry, region, x, y, z, u, v, w, hinge)
            loss *= walked / length
            back = walked * uniform(rng)
            bx, by, bz = x + u * back, y + v * back, z + w * back
            inside, at = locate(geometry, bx, by, bz)
            if inside == OUTSIDE:  # just behind the border, where there are no voxels any more
                at = voxel
            deposit(tally, quanta, region, at, bx, by, bz, loss)
            e -= loss
            x, y, z = x + u * walked, y + v * walked, z + w * walked
            region, voxel = there, place
            continue
        u, v, w = _grouped_turn(table, m, i, f, bend, s, loss * per_e, u, v, w, rng)
        rest = length - hinge
        x, y, z = hx + u * rest, hy + v * rest, hz + w * rest
        end, voxel = locate(geometry, x, y, z)
        crossed = not same_medium(geometry, region, end)
        if crossed:
            walked, end, voxel = border(geometry, region, hx, hy, hz, u, v, w, rest)
            x, y, z = hx + u * walked, hy + v * walked, hz + w * walked
            loss *= (hinge + walked) / length
        deposit(tally, quanta, there, place, hx, hy, hz, loss)
        e -= loss
        region = end
        if crossed or not hard or e <= physics.electron_absorb[region]:
            continue

        pick = uniform(rng) * single
        if pick < elastic:
            u, v, w = _single_turn(table, m, i, f, u, v, w, rng)
            continue
        if pick < elastic + inelastic:
            given = moller_loss(e, _at(table, m, i, f, W_C), rng)
            struck, cos = True, _moller_cosine(e, given)
        else:
            given = brems_energy(e, table[m, i, K_C], rng)
            struck, cos = False, 1.0
        if given <= 0.0:
            continue
        p, q, r = u, v, w
        if struck:
            p, q, r = turned(u, v, w, cos, rng)
        followed = not struck or given > physics.electron_absorb[region]
        if followed and has_room(stack, n):
            if not struck:
                n = push(stack, n, PHOTON, given, x, y, z, u, v, w)
            else:
                n = _knock_on(stack, n, e, given, x, y, z, u, v, w, p, q, r)
        else:
            deposit(tally, quanta, region, voxel, x, y, z, given)
        u, v, w = p, q, r
        e -= given
    deposit(tally, quanta, region, voxel, x, y, z, max(e, 0.0))
    return n, x, y, z, region


@kernel
def _next_photon(table, m, i, f, rng):
    """Return the energy at which an electron emits its next photon; 0 if it stops before."""
    left = _at(table, m, i, f, PHOTONS) + math.log(uniform(rng))
    if left <= 0.0:
        return 0.0
    while table[m, i, PHOTONS] > left:
        i -= 1
    f = (left - table[m, i, PHOTONS]) / (table[m, i + 1, PHOTONS] - table[m, i, PHOTONS])
    return math.exp((i + f) / PER_E)


@inlined
def _grouped_loss(table, m, i, f, soft, sag, s, e, rng):
    """Sample the energy lost in grouped collisions: mean and variance are right.

    The distributions are those of PENELOPE (F. Salvat, PENELOPE-2018, NEA, section 4.2), with a
    uniform one in place of the cut normal one.
    """
    mean = soft * s
    mean *= 1.0 - sag * s
    variance = s * _at(table, m, i, f, SPREAD)
    m2 = mean * mean
    if m2 > 3.0 * variance:
        loss = mean + math.sqrt(3.0 * variance) * (2.0 * uniform(rng) - 1.0)
    else:
        nothing = (3.0 * variance - m2) / (3.0 * variance + 3.0 * m2)
        pick = uniform(rng)
        if pick < nothing:
            return 0.0
        loss = (pick - nothing) / (1.0 - nothing) * (3.0 * variance + 3.0 * m2) / (2.0 * mean)
    return min(loss, e)


@inlined
def _grouped_turn(table, m, i, f, bend, s, lost, u, v, w, rng):
    """Turn by the grouped deflections of a step: mu exponential, its mean that of Lewis (1950)."""
    g = s * _at(table, m, i, f, DEFLECTION)
    # the energy half-way along the step counts; deflections follow single events in energy
    g *= 1.0 - bend * lost
    # 1 - exp(-g), to 1e-5 below g = 0.5
    mean = 0.5 * g / (1.0 + g * (0.5 + g / 12.0))
    mu = -mean * math.log(uniform(rng))
    while mu > 1.0:
        mu = -mean * math.log(uniform(rng))
    return turned(u, v, w, 1.0 - 2.0 * mu, rng)


@inlined
def _single_turn(table, m, i, f, u, v, w, rng):
    """Turn by one elastic collision: density (1 - b mu)/(mu + a)^2 above mu_c."""
    mu_c = _at(table, m, i, f, MU_C)
    a = _at(table, m, i, f, SCREEN)
    b = _at(table, m, i, f, SPIN)
    low, high = mu_c + a, 1.0 + a
    while True:
        mu = low * high / (high - uniform(rng) * (high - low)) - a
        if uniform(rng) > b * mu:
            return turned(u, v, w, 1.0 - 2.0 * mu, rng)


@kernel
def moller_loss(e, w_c, rng):
    """Sample the loss of a Moller collision, w_c to e/2, by rejection from 1/W2; 0 if none can."""
    if w_c >= 0.499 * e:
        return 0.0
    t = e / MC2
    a, b = (t / (t + 1.0)) ** 2, (2.0 * t + 1.0) / (t + 1.0) ** 2
    least = w_c / e
    top = max(1.0, 2.0 + 0.25 * a - b)  # of the function below, at x = 0 or x = 1/2
    while True:
        x = least / (1.0 - uniform(rng) * (1.0 - 2.0 * least))
        y = x / (1.0 - x)
        if uniform(rng) * top < 1.0 + y * y + a * x * x - b * y:
            return x * e


@kernel
def brems_energy(e, k_c, rng):
    """Sample a photon energy above k_c from 1/k (1 - 0.75 k/e); 0 if none is possible."""
    if k_c >= e:
        return 0.0
    least = math.log(k_c / e)
    while True:
        part = math.exp(least * uniform(rng))
        if uniform(rng) < 1.0 - BREMS_SLOPE * part:
            return part * e


@kernel
def _moller_cosine(e, given):
    """Return the cosine of the deflection of an electron that loses `given` to a free one."""
    t, kept = e / MC2, 1.0 - given / e
    return math.sqrt(kept * (t + 2.0) / (kept * t + 2.0))


@kernel
def _knock_on(stack, n, e, given, x, y, z, u, v, w, p, q, r):
    """Push the struck electron: with the primary, now along (p, q, r), it conserves momentum."""
    before = math.sqrt(e * (e + 2.0 * MC2))
    kept = e - given
    after = math.sqrt(kept * (kept + 2.0 * MC2))
    a, b, c = before * u - after * p, before * v - after * q, before * w - after * r
    norm = 1.0 / math.sqrt(a * a + b * b + c * c)
    return push(stack, n, ELECTRON, given, x, y, z, a * norm, b * norm, c * norm)
