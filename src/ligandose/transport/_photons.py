"""Photons: delta tracking from interaction to interaction.

* flight: Woodcock et al. 1965 (ANL-7050): distances from the largest attenuation coefficient of
  the geometry; an interaction is real with probability mu / majorant;
* incoherent: Klein and Nishina sampled by the composition of Butcher and Messel (1960,
  doi:10.1016/0029-5582(60)90162-0), rejected on the incoherent scattering function S(x)/Z of the
  material (binding; no Doppler broadening);
* coherent: form factor sampled from its integral over x2, rejected on (1 + cos2)/2;
* photoelectric: the electron leaves isotropically; K fluorescence of elements from argon on;
* pair: kinetic energies shared evenly at random, at the mean angle mc2/E; the positron stops,
  then annihilates into two opposite photons.

An electron whose energy is below the cutoff of its region is deposited where it arises.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

from ligandose.transport._geometry import OUTSIDE, escaped, locate
from ligandose.transport._kernel import kernel
from ligandose.transport._physics import (
    KEV_ANGSTROM,
    LINES,
    PHOTON_ABSORB_KEV,
    X_NODES,
    X_STEP,
    node,
)
from ligandose.transport._random import isotropic, turned, uniform
from ligandose.transport._stack import ELECTRON, PHOTON, POSITRON, has_room, push
from ligandose.transport._tally import deposit

MC2 = 510.99895  # electron rest energy, keV (CODATA 2022)


@kernel
def follow_photon(physics, geometry, tally, quanta, rng, stack, n, energy, x, y, z, u, v, w):
    """Follow a photon to its end; push its secondaries on the stack and return their number."""
    table = physics.photon
    while True:
        i, f = node(energy)
        majorant = physics.majorant[i] + f * (physics.majorant[i + 1] - physics.majorant[i])
        free_path = 1.0 / majorant
        while True:
            s = -math.log(uniform(rng)) * free_path
            x, y, z = x + u * s, y + v * s, z + w * s
            region, voxel = locate(geometry, x, y, z)
            if region == OUTSIDE:
                if not escaped(geometry, x, y, z):
                    continue
                deposit(tally, quanta, region, voxel, x, y, z, energy)
                return n
            m = geometry.material[region]
            mu = table[m, i, 0] + f * (table[m, i + 1, 0] - table[m, i, 0])
            mu *= geometry.density[region]
            # one number decides whether the interaction is real and, if so, which it is
            pick = uniform(rng) * majorant
            if pick < mu:
                break
        pick /= mu
        if pick < table[m, i, 1] + f * (table[m, i + 1, 1] - table[m, i, 1]):
            before = energy
            energy, cos = scattered(physics, m, energy, rng)
            p, q, r = turned(u, v, w, cos, rng)
            given = before - energy
            if given > physics.electron_absorb[region] and has_room(stack, n):
                # momentum: the electron takes what the photon lost
                a, b, c = before * u - energy * p, before * v - energy * q, before * w - energy * r
                norm = 1.0 / math.sqrt(a * a + b * b + c * c)
                n = push(stack, n, ELECTRON, given, x, y, z, a * norm, b * norm, c * norm)
            else:
                deposit(tally, quanta, region, voxel, x, y, z, given)
            u, v, w = p, q, r
            if energy < PHOTON_ABSORB_KEV:
                deposit(tally, quanta, region, voxel, x, y, z, energy)
                return n
        elif pick < table[m, i, 2] + f * (table[m, i + 1, 2] - table[m, i, 2]):
            u, v, w = turned(u, v, w, coherent_cosine(physics, m, energy, rng), rng)
        elif pick < table[m, i, 3] + f * (table[m, i + 1, 3] - table[m, i, 3]):
            return _photoelectric(
                physics, geometry, tally, quanta, rng, stack, n, energy, x, y, z, region, voxel
            )
        else:
            return _pair(
                physics, tally, quanta, rng, stack, n, energy, x, y, z, u, v, w, region, voxel
            )


@kernel
def scattered(physics, material, energy, rng):
    """Return energy and cosine of an incoherently scattered photon."""
    a = energy / MC2
    e0 = 1.0 / (1.0 + 2.0 * a)
    first = -math.log(e0)
    second = 0.5 * (1.0 - e0 * e0)
    while True:
        if uniform(rng) * (first + second) < first:
            ratio = math.exp(-first * uniform(rng))
        else:
            ratio = math.sqrt(e0 * e0 + (1.0 - e0 * e0) * uniform(rng))
        t = (1.0 - ratio) / (a * ratio)  # 1 - cos
        accept = 1.0 - ratio * t * (2.0 - t) / (1.0 + ratio * ratio)
        p = energy / KEV_ANGSTROM * math.sqrt(max(0.0, 0.5 * t)) / X_STEP
        if p < X_NODES - 1:
            j = int(p)
            low = physics.scattering[material, j]
            accept *= low + (p - j) * (physics.scattering[material, j + 1] - low)
        if uniform(rng) < accept:
            return energy * ratio, 1.0 - t


@kernel
def coherent_cosine(physics, material, energy, rng):
    """Return the cosine of a coherently scattered photon."""
    x2_max = (energy / KEV_ANGSTROM) ** 2
    form = physics.form[material]
    top = _value_at(physics.form_x2, form, x2_max)
    while True:
        x2 = _value_at(form, physics.form_x2, uniform(rng) * top)
        cos = 1.0 - 2.0 * min(1.0, x2 / x2_max)
        if 2.0 * uniform(rng) < 1.0 + cos * cos:
            return cos


@kernel
def _value_at(xs, ys, x):
    """Interpolate ys(x) for rising xs."""
    low, high = 0, xs.shape[0] - 1
    if x >= xs[high]:
        return ys[high]
    while high - low > 1:
        middle = (low + high) // 2
        if xs[middle] > x:
            high = middle
        else:
            low = middle
    width = xs[high] - xs[low]
    part = (x - xs[low]) / width if width > 0 else 0.0
    return ys[low] + part * (ys[high] - ys[low])


@kernel
def _photoelectric(physics, geometry, tally, quanta, rng, stack, n, energy, x, y, z, region, voxel):
    """Absorb a photon: an electron, and where a K shell of a heavier element emits, a photon."""
    i, f = node(energy)
    material = geometry.material[region]
    chance = physics.photon[material, i, 4]
    chance += f * (physics.photon[material, i + 1, 4] - chance)
    if chance > 0 and uniform(rng) < chance and has_room(stack, n):
        pick, line = uniform(rng), 0
        while line < LINES - 1 and physics.line[material, i, line] < pick:
            line += 1
        emitted = physics.line_keV[material, line]
        if PHOTON_ABSORB_KEV < emitted < energy:
            a, b, c = isotropic(rng)
            n = push(stack, n, PHOTON, emitted, x, y, z, a, b, c)
            energy -= emitted
    if energy > physics.electron_absorb[region] and has_room(stack, n):
        a, b, c = isotropic(rng)
        return push(stack, n, ELECTRON, energy, x, y, z, a, b, c)
    deposit(tally, quanta, region, voxel, x, y, z, energy)
    return n


@kernel
def _pair(physics, tally, quanta, rng, stack, n, energy, x, y, z, u, v, w, region, voxel):
    """Make an electron and a positron."""
    if not has_room(stack, n):
        deposit(tally, quanta, region, voxel, x, y, z, energy)
        return n
    kinetic = energy - 2.0 * MC2
    share = kinetic * uniform(rng)
    for kind in (ELECTRON, POSITRON):
        e = share if kind == ELECTRON else kinetic - share
        if e > physics.electron_absorb[region]:
            cos = math.cos(min(1.0, MC2 / (e + MC2)))
            a, b, c = turned(u, v, w, cos, rng)
            n = push(stack, n, kind, e, x, y, z, a, b, c)
            continue
        deposit(tally, quanta, region, voxel, x, y, z, e)
        if kind == POSITRON:
            n = annihilate(rng, stack, n, x, y, z)
    return n


@kernel
def annihilate(rng, stack, n, x, y, z):
    """Push the two photons of a positron at rest."""
    a, b, c = isotropic(rng)
    n = push(stack, n, PHOTON, MC2, x, y, z, a, b, c)
    return push(stack, n, PHOTON, MC2, x, y, z, -a, -b, -c)
