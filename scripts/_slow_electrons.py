"""Every collision of slow electrons in endless water, one by one, from a point.

Tables of `_slow_electron_data.py`. An electron is followed down to CUTOFF_EV and then deposited
where it is. Losses below SOFT_EV turn by the momentum that they take, sampled from the loss
function; larger ones as collisions of two free electrons. What binds an electron is deposited in
place, but a hole in the K shell of oxygen sends out an Auger electron.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

import numpy as np
from _slow_electron_data import (
    ENERGY_EV,
    HARTREE_EV,
    K_EDGE_EV,
    SHELLS_EV,
    SURVIVAL,
    VALENCE_EV,
    C,
    SlowElectrons,
    loss_function,
)
from numba import get_num_threads, get_thread_id, njit, prange

from ligandose.transport._kernel import kernel
from ligandose.transport._random import isotropic, start_stream, turned, uniform

CUTOFF_EV = 10.0
SOFT_EV = 60.0
HIGHEST_SOFT_MOMENTUM = 3.0
"""A free electron that takes it has 120 eV: a loss below 60 eV is as good as impossible."""
AUGER_EV = 500.0
"""KLL electrons of oxygen in water (unverified; its energy and the edge's make up the loss)."""
MC2_EV = 510998.95
_STEP = math.log(ENERGY_EV[1] / ENERGY_EV[0])
_LOG_FIRST = math.log(ENERGY_EV[0])
_PER_DECADE = (SURVIVAL.size - 1) / 7.0
_STACK = 4000
_SOFT_LOSSES = np.arange(1, int(SOFT_EV) + 1) * 1.0
_LOG_Q = np.linspace(math.log(1e-4), math.log(HIGHEST_SOFT_MOMENTUM), 401)


def _momentum_table() -> np.ndarray:
    """Return the integral of the loss function over ln q at whole losses, (losses, momenta)."""
    q = np.exp(_LOG_Q)
    recoil = q * q / (1.0 + np.sqrt(1.0 + (q / C) ** 2))
    values = loss_function(VALENCE_EV, _SOFT_LOSSES[:, None] / HARTREE_EV, recoil[None, :])
    parts = 0.5 * (values[:, 1:] + values[:, :-1]) * (_LOG_Q[1] - _LOG_Q[0])
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(parts, axis=1)], axis=1)


_MOMENTA = _momentum_table()


@kernel
def _pick(table, i, rng):
    """Sample a value from its survival function."""
    p = -math.log10(uniform(rng)) * _PER_DECADE
    last = table.shape[1] - 1
    if p >= last:
        return table[i, last]
    j = int(p)
    return table[i, j] + (p - j) * (table[i, j + 1] - table[i, j])


@kernel
def _momentum(e_eV):
    e = e_eV / HARTREE_EV
    return math.sqrt(2.0 * e * (1.0 + 0.5 * e / (C * C)))


@kernel
def _soft_cosine(table, e, loss, rng):
    """Return the cosine of a deflection by a small loss: momentum from the loss function."""
    p, rest = _momentum(e), _momentum(e - loss)
    row = table[min(table.shape[0] - 1, max(0, int(loss + 0.5) - 1))]
    step, last = _LOG_Q[1] - _LOG_Q[0], row.size - 1
    low = max(0.0, (math.log(max(p - rest, 1e-9)) - _LOG_Q[0]) / step)
    high = min(last - 1e-9, (math.log(p + rest) - _LOG_Q[0]) / step)
    if high <= low:
        return 1.0
    i, j = int(low), int(high)
    start = row[i] + (low - i) * (row[i + 1] - row[i])
    stop = row[j] + (high - j) * (row[j + 1] - row[j])
    wanted = start + uniform(rng) * (stop - start)
    left, right = i, j + 1
    while right - left > 1:
        middle = (left + right) // 2
        if row[middle] <= wanted:
            left = middle
        else:
            right = middle
    part = (wanted - row[left]) / max(row[left + 1] - row[left], 1e-300)
    q = math.exp(_LOG_Q[0] + (left + part) * step)
    return min(1.0, max(-1.0, (p * p + rest * rest - q * q) / (2.0 * p * rest)))


@kernel
def _book(tally, radius2, energy, first, per_e):
    place = 0
    if radius2 > first * first:
        place = 1 + int(per_e * 0.5 * math.log(radius2 / (first * first)))
    tally[min(place, tally.size - 1)] += energy


@kernel
def _push(stack, n, e, x, y, z, u, v, w):
    row = stack[n]
    row[0], row[1], row[2], row[3], row[4], row[5], row[6] = e, x, y, z, u, v, w
    return n + 1


@kernel
def _follow(data, momenta, shells, tally, first, per_e, stack, energy, rng):
    u, v, w = isotropic(rng)
    n = _push(stack, 0, energy, 0.0, 0.0, 0.0, u, v, w)
    elastic, inelastic, k_share, mu, losses, k_losses = data
    while n > 0:
        n -= 1
        row = stack[n]
        e, x, y, z, u, v, w = row[0], row[1], row[2], row[3], row[4], row[5], row[6]
        i, f, one, two = -1, 0.0, 0.0, 0.0
        while e > CUTOFF_EV:
            if i < 0:  # the energy has changed
                at = (math.log(e) - _LOG_FIRST) / _STEP
                i = int(at)
                f = at - i
                one = elastic[i] + f * (elastic[i + 1] - elastic[i])
                two = inelastic[i] + f * (inelastic[i + 1] - inelastic[i])
            s = -math.log(uniform(rng)) / (one + two)
            x, y, z = x + u * s, y + v * s, z + w * s
            node = i + 1 if uniform(rng) < f else i
            if uniform(rng) * (one + two) < one:
                u, v, w = turned(u, v, w, 1.0 - 2.0 * _pick(mu, node, rng), rng)
                continue
            i = -1
            core = uniform(rng) < k_share[node]
            loss = _pick(k_losses, node, rng) if core else _pick(losses, node, rng)
            if loss >= e - 0.1 or loss <= 0.0:
                loss = min(max(loss, 0.0), e)
                if core:
                    core = False
            bound = K_EDGE_EV
            if not core:
                bound = loss
                if loss > shells[0]:
                    open_shells = 1
                    while open_shells < 4 and loss > shells[open_shells]:
                        open_shells += 1
                    bound = shells[min(open_shells - 1, int(uniform(rng) * open_shells))]
            free = max(0.0, loss - bound)
            kept = e - loss
            p, q, r = u, v, w
            if loss < SOFT_EV:
                if kept > 0.1:
                    cos = _soft_cosine(momenta, e, loss, rng)
                    p, q, r = turned(u, v, w, cos, rng)
                a, b, c = isotropic(rng)
            else:
                cos = math.sqrt(kept * (e + 2.0 * MC2_EV) / (e * (kept + 2.0 * MC2_EV)))
                p, q, r = turned(u, v, w, cos, rng)
                before, after = _momentum(e), _momentum(kept)
                a, b, c = before * u - after * p, before * v - after * q, before * w - after * r
                norm = 1.0 / math.sqrt(a * a + b * b + c * c)
                a, b, c = a * norm, b * norm, c * norm
            if core:
                bound -= AUGER_EV
                d, g, h = isotropic(rng)
                n = _push(stack, n, AUGER_EV, x, y, z, d, g, h)
            _book(tally, x * x + y * y + z * z, bound, first, per_e)
            if free > CUTOFF_EV:
                n = _push(stack, n, free, x, y, z, a, b, c)
            else:
                _book(tally, x * x + y * y + z * z, free, first, per_e)
            e = kept
            u, v, w = p, q, r
        _book(tally, x * x + y * y + z * z, e, first, per_e)


@njit(cache=True, parallel=True, error_model="numpy")
def _run(data, momenta, shells, energy, first, per_e, seed, count, tallies, stacks):
    chunks = tallies.shape[0]
    for c in prange(chunks):
        rng = np.empty(1, np.uint64)
        for h in range(c * count, (c + 1) * count):
            start_stream(rng, seed, h)
            _follow(
                data, momenta, shells, tallies[c], first, per_e, stacks[get_thread_id()],
                energy, rng,
            )  # fmt: skip


def deposits(
    tables: SlowElectrons,
    energy_keV: float,
    *,
    first_cm: float,
    bins: int,
    bins_per_e: float,
    histories: int,
    seed: int,
) -> np.ndarray:
    """Return the part of the energy by logarithmic shell and chunk, (20, bins).

    The first shell ends at first_cm; the last holds what is farther.
    """
    data = (
        tables.elastic_per_cm,
        tables.inelastic_per_cm,
        tables.k_share,
        tables.mu,
        tables.loss_eV,
        tables.k_loss_eV,
    )
    tallies = np.zeros((20, bins))
    stacks = np.zeros((get_num_threads(), _STACK, 7))
    _run(
        data, _MOMENTA, SHELLS_EV, 1e3 * energy_keV, first_cm, bins_per_e,
        np.uint64(seed), -(-histories // 20), tallies, stacks,
    )  # fmt: skip
    return tallies / tallies.sum(axis=1, keepdims=True)
