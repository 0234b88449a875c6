"""Integration in time of ligand that diffuses from a surface and binds on its way.

The shells of `radial_grid` are a system of ordinary differential equations, stiff because
diffusion across a thin shell and association are fast against a course of days. They are
integrated by Rodas5P (Steinebach 2023, BIT Numer Math 63:27, doi 10.1007/s10543-023-00967-x),
whose coefficients `_rodas_tableau` holds, with the exact Jacobian: bound, internalised and
receptor of a shell are eliminated by hand, which leaves a tridiagonal system of the free ligand.
Linear invariants (the amount of ligand) are kept to rounding.

The concentration outside is a straight line within a segment plus decaying exponentials; both
are states of their own, so the system has no explicit time and keeps its order.

A state vector of n shells and m exponentials is laid out as free (n), bound (n), internalised
(n), vacant receptor (n), the straight line (1), exponentials (m), delivered, washed back,
released (1 each).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ligandose.kinetics._rodas_tableau import GAMMA, ORDER, STAGES, A, C, H

Floats: TypeAlias = NDArray[np.float64]
Shells: TypeAlias = tuple[Floats, Floats, Floats, Floats, float, float]
"""Exchange with the next shell nearer to and farther from the source (1/s), volume shares,
density (nmol/L), entry of outside ligand and exit of free ligand of shell 0 (1/s)."""
Constants: TypeAlias = tuple[float, float, float, float, float, float, bool]
"""Association per free ligand (L/nmol/s), dissociation, internalisation, recycling, release,
receptor turnover (1/s), and whether receptors have a turnover of their own."""

SAFETY = 0.9
LARGEST_GROWTH = 6.0
LARGEST_SHRINK = 0.2
# Shells far ahead of a front hold next to nothing; their error counts against this share of the
# largest concentration of the same state.
FLOOR_SHARE = 1e-3
# A state that holds less than this share of the most crowded one counts as if it held as much.
STATE_SHARE = 1e-6
# Steps below this share of the time reached, or below this at the start, cannot be told apart.
SMALLEST_STEP_SHARE = 1e-15
SMALLEST_STEP_S = 1e-30
# A state that is nowhere above this (nmol/L) is left out of the error.
NOTHING = 1e-250
REACHED, OUT_OF_ROOM, STUCK = 0, 1, 2


@njit(cache=True)
def _derivative(
    y: Floats, shells: Shells, constants: Constants, slope: float, rate: Floats, f: Floats
) -> None:
    """Write dy/dt to f."""
    nearer, farther, share, density, entry, leave = shells
    on, off, inward, back, release, turnover, own_turnover = constants
    n, m = share.size, rate.size
    outside = y[4 * n]
    for k in range(m):
        outside += y[4 * n + 1 + k]
        f[4 * n + 1 + k] = -rate[k] * y[4 * n + 1 + k]
    f[4 * n] = slope
    released = 0.0
    for i in range(n):
        free, bound, inside = y[i], y[n + i], y[2 * n + i]
        vacant = y[3 * n + i] if own_turnover else density[i] - bound
        binding = on * free * vacant
        flow = 0.0
        if i > 0:
            flow += nearer[i] * (y[i - 1] - free)
        if i < n - 1:
            flow += farther[i] * (y[i + 1] - free)
        f[i] = flow - binding + off * bound + back * inside
        f[n + i] = binding - (off + inward) * bound
        f[2 * n + i] = inward * bound - (back + release) * inside
        f[3 * n + i] = 0.0
        if own_turnover:
            f[3 * n + i] = turnover * (density[i] - vacant) - binding + off * bound + back * inside
        released += release * share[i] * inside
    f[0] += entry * outside - leave * y[0]
    tail = 4 * n + 1 + m
    f[tail] = share[0] * entry * outside
    f[tail + 1] = share[0] * leave * y[0]
    f[tail + 2] = released


@njit(cache=True)
def _eliminate(y: Floats, shells: Shells, constants: Constants, g: float, w: Floats) -> None:
    """Factorise g·I - J(y) into w (8, n).

    Rows: 0 to 3 the local elimination (pivot of the receptor, slope of the receptor by bound,
    slope of the receptor by free, pivot of bound), 4 slope of bound by free, 5 lower factor,
    6 reciprocal pivot and 7 upper factor of the tridiagonal system.
    """
    nearer, farther, share, density, _, leave = shells
    on, off, inward, back, release, turnover, own_turnover = constants
    n = share.size
    for i in range(n):
        free, bound = y[i], y[n + i]
        vacant = y[3 * n + i] if own_turnover else density[i] - bound
        a_free, a_vacant = on * free, on * vacant
        inside_by_bound = inward / (g + back + release)
        if own_turnover:
            pivot = g + turnover + a_free
            by_bound = (off + back * inside_by_bound) / pivot
            by_free = -a_vacant / pivot
        else:
            pivot, by_bound, by_free = 1.0, -1.0, 0.0
        bound_pivot = g + off + inward - a_free * by_bound
        bound_by_free = (a_vacant + a_free * by_free) / bound_pivot
        vacant_by_free = by_free + by_bound * bound_by_free
        w[0, i], w[1, i], w[2, i], w[3, i] = pivot, by_bound, by_free, bound_pivot
        w[4, i] = bound_by_free
        diagonal = g + a_vacant + a_free * vacant_by_free
        diagonal -= (off + back * inside_by_bound) * bound_by_free
        if i > 0:
            diagonal += nearer[i]
        else:
            diagonal += leave
        if i < n - 1:
            diagonal += farther[i]
        lower = 0.0
        if i > 0:
            lower = -nearer[i] * w[6, i - 1]
            diagonal -= lower * w[7, i - 1]
        w[5, i], w[6, i] = lower, 1.0 / diagonal
        w[7, i] = -farther[i] if i < n - 1 else 0.0


@njit(cache=True)
def _solve(
    y: Floats, x: Floats, shells: Shells, constants: Constants, rate: Floats, g: float, w: Floats
) -> None:
    """Solve (g·I - J(y)) x = b in place; x holds b at the call."""
    share, entry, leave = shells[2], shells[4], shells[5]
    on, off, inward, back, release, _, own_turnover = constants
    n, m = share.size, rate.size
    x[4 * n] /= g
    outside = x[4 * n]
    for k in range(m):
        x[4 * n + 1 + k] /= g + rate[k]
        outside += x[4 * n + 1 + k]
    inside_pivot = g + back + release
    for i in range(n):
        a_free = on * y[i]
        inside0 = x[2 * n + i] / inside_pivot
        vacant0 = 0.0
        if own_turnover:
            vacant0 = (x[3 * n + i] + back * inside0) / w[0, i]
        bound0 = (x[n + i] + a_free * vacant0) / w[3, i]
        vacant0 += w[1, i] * bound0
        inside0 += inward / inside_pivot * bound0
        x[i] += -a_free * vacant0 + off * bound0 + back * inside0
        x[n + i], x[2 * n + i], x[3 * n + i] = bound0, inside0, vacant0
    x[0] += entry * outside
    for i in range(1, n):
        x[i] -= w[5, i] * x[i - 1]
    released = 0.0
    for j in range(n):
        i = n - 1 - j
        if j > 0:
            x[i] -= w[7, i] * x[i + 1]
        x[i] *= w[6, i]
        bound = w[4, i] * x[i]
        x[n + i] += bound
        x[2 * n + i] += inward / inside_pivot * bound
        if own_turnover:
            x[3 * n + i] += w[2, i] * x[i] + w[1, i] * bound
        else:
            x[3 * n + i] = 0.0
        released += release * share[i] * x[2 * n + i]
    tail = 4 * n + 1 + m
    x[tail] = (x[tail] + share[0] * entry * outside) / g
    x[tail + 1] = (x[tail + 1] + share[0] * leave * x[0]) / g
    x[tail + 2] = (x[tail + 2] + released) / g


@njit(cache=True)
def _stages(
    y: Floats, h: float, shells: Shells, constants: Constants, slope: float, rate: Floats,
    w: Floats, u: Floats, y_new: Floats, f: Floats,
) -> None:  # fmt: skip
    """Solve the eight stages into the rows of u and the new solution into y_new."""
    g = 1.0 / (GAMMA * h)
    _eliminate(y, shells, constants, g, w)
    for stage in range(STAGES):
        y_new[:] = y
        for j in range(stage):
            y_new += A[stage, j] * u[j]
        _derivative(y_new, shells, constants, slope, rate, f)
        u[stage] = f
        for j in range(stage):
            u[stage] += (C[stage, j] / h) * u[j]
        _solve(y, u[stage], shells, constants, rate, g, w)
    y_new += u[STAGES - 1]


@njit(cache=True)
def _norm(error: Floats, y: Floats, y_new: Floats, n: int, largest: Floats, rtol: float) -> float:
    """Return the fourth-power mean of the local error of free, bound, internalised, vacant."""
    total, ligand = 0.0, 0.0
    for i in range(3 * n):
        ligand = max(ligand, abs(y_new[i]))
    for state in range(4):
        size = largest[state]
        for i in range(state * n, (state + 1) * n):
            size = max(size, abs(y_new[i]))
        if state < 3:
            size = max(size, STATE_SHARE * ligand)
        if size < NOTHING:
            continue
        for i in range(state * n, (state + 1) * n):
            scale = rtol * (max(abs(y[i]), abs(y_new[i])) + FLOOR_SHARE * size)
            total += (error[i] / scale) ** 4
    return total**0.25


@njit(cache=True)
def advance(
    y: Floats, t: float, end: float, step: float, largest: Floats, shells: Shells,
    constants: Constants, slope: float, rate: Floats, rtol: float,
    time_out: Floats, y_out: Floats, dense_out: Floats,
) -> tuple[int, float, float, int]:  # fmt: skip
    """Integrate from t to `end` as far as there is room, writing every accepted step.

    Args:
        y: (4 n + 4 + m,) state at t, replaced by that at the time reached.
        t, end, step: now, end of the segment, next step, s.
        largest: (4,) largest concentration of each state so far, updated.
        shells, constants: see the types above.
        slope: of the straight line outside, nmol/L/s.
        rate: (m,) of the exponentials, 1/s.
        rtol: error allowed per step.
        time_out, y_out, dense_out: (k,), (k, size of y), (k, 3, 3 n): time and state at the end
            of each step, and coefficients of its dense output.

    Returns:
        Steps written, time reached, next step, and REACHED, OUT_OF_ROOM or STUCK.
    """
    n = shells[2].size
    w = np.empty((8, n))
    u = np.empty((STAGES, y.size))
    y_new = np.empty(y.size)
    f = np.empty(y.size)
    steps = 0
    while t < end:
        if steps == time_out.size:
            return steps, t, step, OUT_OF_ROOM
        h = min(step, end - t)
        last = end - t - h < 1e-3 * h
        if last:
            h = end - t
        _stages(y, h, shells, constants, slope, rate, w, u, y_new, f)
        norm = _norm(u[STAGES - 1], y, y_new, n, largest, rtol)
        growth = LARGEST_GROWTH
        if not np.isfinite(norm):
            growth = LARGEST_SHRINK
        elif norm > 0.0:
            growth = min(LARGEST_GROWTH, max(LARGEST_SHRINK, SAFETY * norm ** (-1.0 / ORDER)))
        if not norm <= 1.0:
            step = h * min(growth, 0.9)
            if step < SMALLEST_STEP_SHARE * t + SMALLEST_STEP_S:
                return steps, t, step, STUCK
            continue
        for c in range(3):
            row = dense_out[steps, c]
            row[:] = 0.0
            for j in range(STAGES):
                row += H[c, j] * u[j, : 3 * n]
        t = end if last else t + h
        y[:] = y_new
        for state in range(4):
            largest[state] = max(largest[state], np.max(np.abs(y[state * n : (state + 1) * n])))
        time_out[steps] = t
        y_out[steps] = y
        steps += 1
        # A step cut short by the end of the segment says little about the next one.
        step = max(step, h * growth) if h < step else h * growth
    return steps, t, step, REACHED
