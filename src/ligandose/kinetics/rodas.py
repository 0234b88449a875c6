"""Rosenbrock integration of many patients, eight in lockstep, with time integrals of activity.

Method: Rodas5P, an eight-stage stiffly accurate L-stable Rosenbrock-Wanner method of order 5
with a dense output of order 4 (Steinebach 2023, BIT Numer Math 63:27,
doi 10.1007/s10543-023-00967-x), in the transformed stages of Hairer & Wanner, Solving Ordinary
Differential Equations II, section IV.7. The Jacobian is exact, so linear invariants (the amount
of ligand) are kept to rounding.

Time-integrated activity is accumulated step by step from the dense output: the polynomial of
each step is integrated against exp(-λ t) in closed form, so it carries the accuracy of the
solution and does not depend on where the solution is plotted.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# pyright: reportPrivateUsage=false

from __future__ import annotations

import numpy as np
from numba import njit, prange

from ligandose.kinetics._lanes import LANES, load, maximum, multiply_add, splat, store

GAMMA = 0.21193756319429014

# a_ij of the transformed stages; row 8 is the solution itself.
A = np.zeros((9, 8))
A[1, :1] = [3.0]
A[2, :2] = [2.849394379747939, 0.45842242204463923]
A[3, :3] = [-6.954028509809101, 2.489845061869568, -10.358996098473584]
A[4, :4] = [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641]
A[5, :5] = [
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
]
A[6, :6] = [*A[5, :5], 1.0]
A[7, :7] = [*A[6, :6], 1.0]
A[8, :8] = [*A[7, :7], 1.0]

# C_ij of the transformed stages.
C = np.zeros((8, 8))
C[1, :1] = [-14.155112264123755]
C[2, :2] = [-17.97296035885952, -2.859693295451294]
C[3, :3] = [147.12150275711716, -1.41221402718213, 71.68940251302358]
C[4, :4] = [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306]
C[5, :5] = [
    24.854864614690072,
    -3.0009227002832186,
    47.4931110020768,
    5.5814197821558125,
    -0.6610691825249471,
]
C[6, :6] = [
    30.91273214028599,
    -3.1208243349937974,
    77.79954646070892,
    34.28646028294783,
    -19.097331116725623,
    -28.087943162872662,
]
C[7, :7] = [
    37.80277123390563,
    -3.2571969029072276,
    112.26918849496327,
    66.9347231244047,
    -40.06618937091002,
    -54.66780262877968,
    -9.48861652309627,
]

# Rows of the dense output.
H = np.array(
    [
        [
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ],
        [
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ],
        [
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993626266729,
            -0.15582684282751913,
            4.883087185713722,
        ],
    ]
)

STAGES = 8
ORDER = 5
SAFETY = 0.9
LARGEST_GROWTH = 6.0
LARGEST_SHRINK = 0.2
MOST_STEPS = 20_000
# Steps below this share of the segment mean that a patient cannot be integrated.
SMALLEST_STEP_SHARE = 1e-15
SERIES_TERMS = 18


@njit(cache=True)
def exponential_moments(x, moments):
    """Fill moments[m] = ∫₀¹ θᵐ e^(-xθ) dθ for m = 0 … 4 (x ≥ 0, dimensionless)."""
    if x < 1.0:
        for m in range(5):
            term = 1.0
            total = 0.0
            for k in range(SERIES_TERMS):
                total += term / (m + k + 1)
                term *= -x / (k + 1)
            moments[m] = total
        return
    decayed = np.exp(-x)
    moments[0] = (1.0 - decayed) / x
    for m in range(1, 5):
        moments[m] = (m * moments[m - 1] - decayed) / x


@njit(cache=True)
def _right_hand_side(y, base, tables, linear, on, capacity, infusion, f):
    """Write dy/dt of the rows y[base:base + n] to f."""
    source, target, ligand, bound, pointer, occupant = tables
    for i in range(f.shape[0]):
        store(f, i, load(infusion, i))
    for r in range(source.size):
        flux = load(linear, r) * load(y, base + source[r])
        store(f, source[r], load(f, source[r]) - flux)
        store(f, target[r], load(f, target[r]) + flux)
    for r in range(ligand.size):
        free = load(capacity, r)
        for k in range(pointer[r], pointer[r + 1]):
            free = free - load(y, base + occupant[k])
        flux = load(on, r) * load(y, base + ligand[r]) * free
        store(f, ligand[r], load(f, ligand[r]) - flux)
        store(f, bound[r], load(f, bound[r]) + flux)


@njit(cache=True)
def _constant_part(tables, entries, linear, w):
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
def _assemble(y, tables, entries, constant, on, capacity, shift, w):
    """Write W = shift · I - J(y) to w."""
    _, _, ligand, _, pointer, occupant = tables
    _, _, ligand_entry, complex_entry, occ_ligand_entry, occ_complex_entry, diagonal = entries
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
            free = free - load(y, occupant[k])
            a, b = occ_ligand_entry[k], occ_complex_entry[k]
            store(w, a, load(w, a) - by_occupant)
            store(w, b, load(w, b) + by_occupant)
        by_ligand = k_on * free
        store(w, ligand_entry[r], load(w, ligand_entry[r]) + by_ligand)
        store(w, complex_entry[r], load(w, complex_entry[r]) - by_ligand)


@njit(cache=True)
def _factorise(w, program):
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
def _solve(w, program, b, base):
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
def _stages(y, h, tables, program, rates, infusion, w, u, argument, f):
    """Solve the eight stages into the rows of u and the new solution into `argument`."""
    linear, on, capacity = rates
    n = y.shape[0]
    for stage in range(STAGES):
        for i in range(n):
            value = load(y, i)
            for j in range(stage):
                value = multiply_add(splat(A[stage, j]), load(u, j * n + i), value)
            store(argument, i, value)
        _right_hand_side(argument, 0, tables, linear, on, capacity, infusion, f)
        for i in range(n):
            value = load(f, i)
            for j in range(stage):
                value = multiply_add(splat(C[stage, j] / h), load(u, j * n + i), value)
            store(u, stage * n + i, value)
        _solve(w, program, u, stage * n)
    for i in range(n):
        store(argument, i, load(argument, i) + load(u, (STAGES - 1) * n + i))


@njit(cache=True)
def _error_by_lane(y_new, largest, u, rtol, atol, error):
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
def _dense_coefficients(u, n, dense):
    """Write the three dense-output polynomials' coefficients to dense (3 n rows)."""
    for m in range(3):
        for i in range(n):
            value = splat(0.0)
            for j in range(STAGES):
                value = multiply_add(splat(H[m, j]), load(u, j * n + i), value)
            store(dense, m * n + i, value)


@njit(cache=True)
def _interpolate(y, y_new, dense, theta, pointer, member, out):
    """Write the amount of each region at the fraction `theta` of a step to out (n_regions, 8)."""
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
def _accumulate_integrals(y, y_new, dense, t, h, decay, origin, pointer, member, moments, integral):
    """Add ∫ e^(-λ(t - origin)) · amount dt over a step, for each decay constant and region."""
    n = y.shape[0]
    n_regions = pointer.size - 1
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
def _worst_active(error, active):
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
def _give_up_worst(error, active, y, largest, infusion):
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
def _advance_group(
    y, largest, h, t0, t1, tables, entries, program, rates, infusion, active, rtol, atol,
    decay, origin, pointer, member, out_time, out, integral,
):  # fmt: skip
    """Integrate one group of eight from t0 to t1 in place; return next step size and counts."""
    n = y.shape[0]
    n_nonzeros = program[14]
    w = np.empty((n_nonzeros, LANES))
    constant = np.empty((n_nonzeros, LANES))
    u = np.empty((STAGES * n, LANES))
    dense = np.empty((3 * n, LANES))
    y_new = np.empty((n, LANES))
    f = np.empty((n, LANES))
    error = np.empty((1, LANES))
    moments = np.empty(5)
    linear, on, capacity = rates
    _constant_part(tables, entries, linear, constant)
    t = t0
    steps = 0
    rejected = 0
    next_out = 0
    while t < t1 and np.any(active):
        step = min(h, t1 - t)
        # A last sliver is merged into the step before it.
        if t1 - t - step < 1e-3 * step:
            step = t1 - t
        _assemble(y, tables, entries, constant, on, capacity, 1.0 / (GAMMA * step), w)
        _factorise(w, program)
        _stages(y, step, tables, program, rates, infusion, w, u, y_new, f)
        _error_by_lane(y_new, largest, u, rtol, atol, error)
        worst = _worst_active(error, active)
        norm = worst**0.25
        growth = LARGEST_GROWTH
        if norm > 0.0:
            growth = SAFETY * norm ** (-1.0 / ORDER)
        growth = min(LARGEST_GROWTH, max(LARGEST_SHRINK, growth))
        if norm > 1.0:
            rejected += 1
            h = step * min(growth, 0.9)
            if h < SMALLEST_STEP_SHARE * (t1 - t0) or steps + rejected > MOST_STEPS:
                _give_up_worst(error, active, y, largest, infusion)
                steps, rejected = 0, 0
                h = 1e-3 * (t1 - t0)
            continue
        _dense_coefficients(u, n, dense)
        _accumulate_integrals(
            y, y_new, dense, t, step, decay, origin, pointer, member, moments, integral
        )
        end = t1 if step == t1 - t else t + step
        while next_out < out_time.size and out_time[next_out] <= end:
            theta = (out_time[next_out] - t) / step
            _interpolate(y, y_new, dense, theta, pointer, member, out[next_out])
            next_out += 1
        for i in range(n):
            value = load(y_new, i)
            store(y, i, value)
            store(largest, i, maximum(load(largest, i), abs(value)))
        # A step cut short by the end of the segment says little about the next one.
        h = max(h, step * growth) if step < h else step * growth
        t = end
        steps += 1
    return h, steps, rejected


@njit(cache=True, parallel=True)
def advance(
    y, largest, step_size, t0, t1, tables, entries, program, linear, on, capacity, infusion,
    active, rtol, atol, decay, origin, pointer, member, out_time, out, integral, counts,
):  # fmt: skip
    """Integrate all groups from t0 to t1, each on its own; every array is updated in place.

    Args:
        y, largest: (groups, n, 8) amounts (nmol) and the largest amount so far.
        step_size: (groups,) next step, s.
        linear, on, capacity, infusion: (groups, rows, 8) rates, capacities, sources (nmol/s).
        active: (groups, 8) patients that can still be integrated.
        rtol, atol: error per step against each state's largest amount; floor (groups, 1, 8).
        decay, origin: (d,) decay constants (1/s) and times at which they start to count.
        pointer, member: states of each observed region.
        out_time: (t,) times in (t0, t1]; out: (groups, t, regions, 8) amounts there.
        integral: (groups, d · regions, 8) time integrals, nmol s.
        counts: (groups, 2) accepted and rejected steps.
    """
    for g in prange(y.shape[0]):
        h, steps, rejected = _advance_group(
            y[g], largest[g], step_size[g], t0, t1, tables, entries, program,
            (linear[g], on[g], capacity[g]), infusion[g], active[g], rtol, atol[g],
            decay, origin, pointer, member, out_time, out[g], integral[g],
        )  # fmt: skip
        step_size[g] = h
        counts[g, 0] += steps
        counts[g, 1] += rejected
