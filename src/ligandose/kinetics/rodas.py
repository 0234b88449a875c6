"""Rosenbrock integration of many patients, eight in lockstep, with time integrals of activity.

Method: Rodas5P, an eight-stage stiffly accurate L-stable Rosenbrock-Wanner method of order 5
with a dense output of order 4 (Steinebach 2023, BIT Numer Math 63:27,
doi 10.1007/s10543-023-00967-x), in the transformed stages of Hairer & Wanner, Solving Ordinary
Differential Equations II, section IV.7. The Jacobian is exact, so linear invariants (the amount
of ligand) are kept to rounding.

Time-integrated activity is accumulated step by step from the dense output: the polynomial of
each step is integrated against exp(-λ t) in closed form, so it carries the accuracy of the
solution and does not depend on where the solution is plotted.

Arrays of rows are (rows, 8) float64, C-contiguous; the names of index tables are those of
`network.Network` and `network.Elimination`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from ligandose.kinetics._exponential_moments import exponential_moments
from ligandose.kinetics._lanes import LANES, load, maximum, multiply_add, splat, store
from ligandose.kinetics._rodas_tableau import GAMMA, ORDER, STAGES, A, C, H
from ligandose.kinetics._rodas_types import (
    Entries,
    Flags,
    Floats,
    Observed,
    Program,
    Rates,
    Tables,
    Workspace,
)

SAFETY = 0.9
LARGEST_GROWTH = 6.0
LARGEST_SHRINK = 0.2
MOST_STEPS = 20_000
# Steps below this share of the segment mean that a patient cannot be integrated.
SMALLEST_STEP_SHARE = 1e-15


@njit(cache=True)
def _right_hand_side(y: Floats, tables: Tables, rates: Rates, infusion: Floats, f: Floats) -> None:
    """Write dy/dt to f."""
    source, target, ligand, bound, pointer, occupant, weight = tables
    linear, on, capacity = rates
    for i in range(f.shape[0]):
        store(f, i, load(infusion, i))
    for r in range(source.size):
        flux = load(linear, r) * load(y, source[r])
        store(f, source[r], load(f, source[r]) - flux)
        store(f, target[r], load(f, target[r]) + flux)
    for r in range(ligand.size):
        free = load(capacity, r)
        for k in range(pointer[r], pointer[r + 1]):
            free = free - splat(weight[k]) * load(y, occupant[k])
        flux = load(on, r) * load(y, ligand[r]) * free
        store(f, ligand[r], load(f, ligand[r]) - flux)
        store(f, bound[r], load(f, bound[r]) + flux)


@njit(cache=True)
def _constant_part(tables: Tables, entries: Entries, linear: Floats, w: Floats) -> None:
    """Write the linear reactions' share of -J to w."""
    source = tables[0]
    source_entry, target_entry = entries[0], entries[1]
    zero = splat(0.0)
    for e in range(w.shape[0]):
        store(w, e, zero)
    for r in range(source.size):
        rate = load(linear, r)
        store(w, source_entry[r], load(w, source_entry[r]) + rate)
        store(w, target_entry[r], load(w, target_entry[r]) - rate)


@njit(cache=True)
def _assemble(
    y: Floats, tables: Tables, entries: Entries, constant: Floats, rates: Rates, shift: float,
    w: Floats,
) -> None:  # fmt: skip
    """Write W = shift · I - J(y) to w."""
    _, _, ligand, _, pointer, occupant, weight = tables
    _, _, ligand_entry, complex_entry, occ_ligand_entry, occ_complex_entry, diagonal = entries
    _, on, capacity = rates
    for e in range(w.shape[0]):
        store(w, e, load(constant, e))
    gain = splat(shift)
    for i in range(diagonal.size):
        store(w, diagonal[i], load(w, diagonal[i]) + gain)
    for r in range(ligand.size):
        k_on = load(on, r)
        free = load(capacity, r)
        by_occupant = k_on * load(y, ligand[r])
        for k in range(pointer[r], pointer[r + 1]):
            free = free - splat(weight[k]) * load(y, occupant[k])
            a, b = occ_ligand_entry[k], occ_complex_entry[k]
            change = splat(weight[k]) * by_occupant
            store(w, a, load(w, a) - change)
            store(w, b, load(w, b) + change)
        by_ligand = k_on * free
        store(w, ligand_entry[r], load(w, ligand_entry[r]) + by_ligand)
        store(w, complex_entry[r], load(w, complex_entry[r]) - by_ligand)


@njit(cache=True)
def _factorise(w: Floats, program: Program) -> None:
    """Replace W by its factors; pivots are stored as reciprocals."""
    diagonal, _, scale_entry, scale_pointer, target, left, right, update_pointer = program[0:8]
    one = splat(1.0)
    for k in range(diagonal.size):
        reciprocal = one / load(w, diagonal[k])
        store(w, diagonal[k], reciprocal)
        for s in range(scale_pointer[k], scale_pointer[k + 1]):
            store(w, scale_entry[s], load(w, scale_entry[s]) * reciprocal)
        for u in range(update_pointer[k], update_pointer[k + 1]):
            product = load(w, left[u]) * load(w, right[u])
            store(w, target[u], load(w, target[u]) - product)


@njit(cache=True)
def _solve(w: Floats, program: Program, b: Floats, base: int) -> None:
    """Solve W x = b in place on the rows b[base:base + n]."""
    diagonal, state = program[0], program[1]
    f_target, f_entry, f_source, b_entry, b_source, b_pointer = program[8:14]
    for s in range(f_target.size):
        row = base + f_target[s]
        product = load(w, f_entry[s]) * load(b, base + f_source[s])
        store(b, row, load(b, row) - product)
    for k in range(diagonal.size - 1, -1, -1):
        value = load(b, base + state[k])
        for s in range(b_pointer[k], b_pointer[k + 1]):
            value = value - load(w, b_entry[s]) * load(b, base + b_source[s])
        store(b, base + state[k], value * load(w, diagonal[k]))


@njit(cache=True)
def _stages(
    y: Floats, h: float, tables: Tables, program: Program, rates: Rates, infusion: Floats,
    w: Floats, u: Floats, argument: Floats, f: Floats,
) -> None:  # fmt: skip
    """Solve the eight stages into the rows of u and the new solution into `argument`."""
    n = y.shape[0]
    for stage in range(STAGES):
        for i in range(n):
            value = load(y, i)
            for j in range(stage):
                value = multiply_add(splat(A[stage, j]), load(u, j * n + i), value)
            store(argument, i, value)
        _right_hand_side(argument, tables, rates, infusion, f)
        for i in range(n):
            value = load(f, i)
            for j in range(stage):
                value = multiply_add(splat(C[stage, j] / h), load(u, j * n + i), value)
            store(u, stage * n + i, value)
        _solve(w, program, u, stage * n)
    for i in range(n):
        store(argument, i, load(argument, i) + load(u, (STAGES - 1) * n + i))


@njit(cache=True)
def _error_by_lane(
    y_new: Floats, largest: Floats, u: Floats, rtol: float, atol: Floats, error: Floats
) -> None:
    """Fourth-power mean over states of the local error against each state's largest value.

    The high power follows the worst state closely and lets a NaN through, which a maximum of
    vectors would hide.
    """
    n = y_new.shape[0]
    relative = splat(rtol)
    floor = load(atol, 0)
    total = splat(0.0)
    for i in range(n):
        size = maximum(load(largest, i), abs(load(y_new, i)))
        ratio = load(u, (STAGES - 1) * n + i) / multiply_add(relative, size, floor)
        square = ratio * ratio
        total = multiply_add(square, square, total)
    store(error, 0, total)


@njit(cache=True)
def _dense_coefficients(u: Floats, n: int, dense: Floats) -> None:
    """Write the three dense-output polynomials' coefficients to dense (3 n rows)."""
    for m in range(3):
        for i in range(n):
            value = splat(0.0)
            for j in range(STAGES):
                value = multiply_add(splat(H[m, j]), load(u, j * n + i), value)
            store(dense, m * n + i, value)


@njit(cache=True)
def _interpolate(
    y: Floats, y_new: Floats, dense: Floats, theta: float, observed: Observed, out: Floats
) -> None:
    """Write the amount of each region at the fraction `theta` of a step to out (n_regions, 8)."""
    pointer, member = observed
    n = y.shape[0]
    rest = 1.0 - theta
    for g in range(pointer.size - 1):
        total = splat(0.0)
        for k in range(pointer[g], pointer[g + 1]):
            i = member[k]
            inner = multiply_add(splat(theta), load(dense, 2 * n + i), load(dense, n + i))
            inner = multiply_add(splat(theta), inner, load(dense, i))
            inner = multiply_add(splat(rest), inner, load(y_new, i))
            total = total + splat(rest) * load(y, i) + splat(theta) * inner
        store(out, g, total)


@njit(cache=True)
def _accumulate_integrals(
    y: Floats, y_new: Floats, dense: Floats, t: float, h: float, decay: Floats, origin: Floats,
    observed: Observed, integral: Floats,
) -> None:  # fmt: skip
    """Add ∫ e^(-λ(t - origin)) · amount dt over a step, for each decay constant and region."""
    pointer, member = observed
    n = y.shape[0]
    n_regions = pointer.size - 1
    moments = np.empty(5)
    for d in range(decay.size):
        exponential_moments(decay[d] * h, moments)
        scale = h * np.exp(-decay[d] * (t - origin[d]))
        # y = y0 + θ(y1 - y0 + a) + θ²(b - a) + θ³(c - b) - θ⁴ c, integrated term by term
        at_start = splat(scale * (moments[0] - moments[1]))
        at_end = splat(scale * moments[1])
        of_a = splat(scale * (moments[1] - moments[2]))
        of_b = splat(scale * (moments[2] - moments[3]))
        of_c = splat(scale * (moments[3] - moments[4]))
        for g in range(n_regions):
            row = d * n_regions + g
            total = load(integral, row)
            for k in range(pointer[g], pointer[g + 1]):
                i = member[k]
                total = multiply_add(at_start, load(y, i), total)
                total = multiply_add(at_end, load(y_new, i), total)
                total = multiply_add(of_a, load(dense, i), total)
                total = multiply_add(of_b, load(dense, n + i), total)
                total = multiply_add(of_c, load(dense, 2 * n + i), total)
            store(integral, row, total)


@njit(cache=True)
def _worst_active(error: Floats, active: Flags) -> float:
    """Return the largest error among patients that still count, NaN as infinity."""
    worst = 0.0
    for lane in range(LANES):
        if active[lane]:
            value = error[0, lane]
            if not np.isfinite(value):
                return np.inf
            worst = max(worst, value)
    return worst


@njit(cache=True)
def _give_up_worst(
    error: Floats, active: Flags, y: Floats, largest: Floats, infusion: Floats
) -> None:
    """Take the patient that holds the group back out of it; its rows become zero."""
    worst = 0
    size = -1.0
    for lane in range(LANES):
        if active[lane]:
            value = error[0, lane] if np.isfinite(error[0, lane]) else np.inf
            if value > size:
                worst, size = lane, value
    active[worst] = False
    for i in range(y.shape[0]):
        y[i, worst] = 0.0
        largest[i, worst] = 0.0
        infusion[i, worst] = 0.0


@njit(cache=True)
def _workspace(n: int, n_nonzeros: int) -> Workspace:
    return (
        np.empty((n_nonzeros, LANES)),
        np.empty((n_nonzeros, LANES)),
        np.empty((STAGES * n, LANES)),
        np.empty((3 * n, LANES)),
        np.empty((n, LANES)),
        np.empty((n, LANES)),
    )


@njit(cache=True)
def _growth(norm: float) -> float:
    """Return the factor by which the next step may differ, from the error norm of this one."""
    growth = LARGEST_GROWTH
    if norm > 0.0:
        growth = SAFETY * norm ** (-1.0 / ORDER)
    return min(LARGEST_GROWTH, max(LARGEST_SHRINK, growth))


@njit(cache=True)
def _accept(y: Floats, y_new: Floats, largest: Floats) -> None:
    for i in range(y.shape[0]):
        value = load(y_new, i)
        store(y, i, value)
        store(largest, i, maximum(load(largest, i), abs(value)))


@njit(cache=True)
def _advance_group(
    y: Floats, largest: Floats, h: float, t0: float, t1: float, tables: Tables, entries: Entries,
    program: Program, rates: Rates, infusion: Floats, active: Flags, rtol: float, atol: Floats,
    decay: Floats, origin: Floats, observed: Observed, out_time: Floats, out: Floats,
    integral: Floats,
) -> tuple[float, int, int]:  # fmt: skip
    """Integrate one group of eight from t0 to t1 in place; return next step size and counts."""
    n = y.shape[0]
    w, constant, u, dense, y_new, f = _workspace(n, program[14])
    error = np.empty((1, LANES))
    _constant_part(tables, entries, rates[0], constant)
    t = t0
    steps = 0
    rejected = 0
    next_out = 0
    while t < t1 and np.any(active):
        step = min(h, t1 - t)
        # A last sliver is merged into the step before it.
        if t1 - t - step < 1e-3 * step:
            step = t1 - t
        _assemble(y, tables, entries, constant, rates, 1.0 / (GAMMA * step), w)
        _factorise(w, program)
        _stages(y, step, tables, program, rates, infusion, w, u, y_new, f)
        _error_by_lane(y_new, largest, u, rtol, atol, error)
        norm = _worst_active(error, active) ** 0.25
        growth = _growth(norm)
        if norm > 1.0:
            rejected += 1
            h = step * min(growth, 0.9)
            if h < SMALLEST_STEP_SHARE * (t1 - t0) or steps + rejected > MOST_STEPS:
                _give_up_worst(error, active, y, largest, infusion)
                steps, rejected = 0, 0
                h = 1e-3 * (t1 - t0)
            continue
        _dense_coefficients(u, n, dense)
        _accumulate_integrals(y, y_new, dense, t, step, decay, origin, observed, integral)
        end = t1 if step == t1 - t else t + step
        while next_out < out_time.size and out_time[next_out] <= end:
            theta = (out_time[next_out] - t) / step
            _interpolate(y, y_new, dense, theta, observed, out[next_out])
            next_out += 1
        _accept(y, y_new, largest)
        # A step cut short by the end of the segment says little about the next one.
        h = max(h, step * growth) if step < h else step * growth
        t = end
        steps += 1
    return h, steps, rejected


@njit(cache=True, parallel=True)
def advance(
    y: Floats, largest: Floats, step_size: Floats, t0: float, t1: float, tables: Tables,
    entries: Entries, program: Program, rates: Rates, infusion: Floats, active: Flags,
    rtol: float, atol: Floats, decay: Floats, origin: Floats, observed: Observed,
    out_time: Floats, out: Floats, integral: Floats, counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """Integrate all groups from t0 to t1, each on its own; every array is updated in place.

    Args:
        y, largest: (groups, n, 8) amounts (nmol) and the largest amount so far.
        step_size: (groups,) next step, s.
        t0, t1: s.
        tables, entries, program: see `_rodas_types`.
        rates, infusion: (groups, rows, 8) rates, capacities, sources (nmol/s).
        active: (groups, 8) patients that can still be integrated.
        rtol, atol: error per step against each state's largest amount; floor (groups, 1, 8).
        decay, origin: (d,) decay constants (1/s) and times at which they start to count (s).
        observed: states of each observed region.
        out_time: (t,) times in (t0, t1], s; out: (groups, t, regions, 8) amounts there, nmol.
        integral: (groups, d · regions, 8) time integrals, nmol s.
        counts: (groups, 2) accepted and rejected steps.
    """
    linear, on, capacity = rates
    for g in prange(y.shape[0]):
        h, steps, rejected = _advance_group(
            y[g], largest[g], step_size[g], t0, t1, tables, entries, program,
            (linear[g], on[g], capacity[g]), infusion[g], active[g], rtol, atol[g],
            decay, origin, observed, out_time, out[g], integral[g],
        )  # fmt: skip
        step_size[g] = h
        counts[g, 0] += steps
        counts[g, 1] += rejected
