"""Exact decay chains: numbers of atoms and of decays at any time, without cancellation.

The generator M of dN/dt = M N is lower triangular once parents stand before progeny, with
negative decay constants on the diagonal and non-negative feeding terms below it. Closed (Bateman)
forms subtract nearly equal exponentials when half-lives are alike or times are short. Here
exp(M t) and its time integral are built from sums and products of non-negative numbers only:
a shifted Taylor series on a short step, then doubling, with the diagonal replaced by its closed
form after each doubling. Every entry then keeps its relative accuracy, whatever the half-lives.

Sources: H. Bateman, Proc. Camb. Phil. Soc. 15 (1910) 423 (the problem); J. Xue and Q. Ye,
Math. Comp. 82 (2013) 1577 (entrywise accurate exponentials of essentially non-negative matrices).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def transition_matrices(
    decay_constant_per_s: FloatArray, branching: FloatArray, time_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return exp(M t) and its integral from 0 to t for every time.

    Args:
        decay_constant_per_s: (n,) decay constants, 0 for a stable nuclide, parents first.
        branching: (n, n), `branching[child, parent]`, strictly lower triangular.
        time_s: (t,) times, finite and not negative.

    Returns:
        atoms (t, n, n): atoms of i at the time, for each atom of j at time zero;
        atom_seconds (t, n, n): the same integrated over time, in seconds.
    """
    rate = np.asarray(decay_constant_per_s, dtype=np.float64)
    times = np.asarray(time_s, dtype=np.float64)
    n = rate.size
    fastest = float(rate.max(initial=0.0))
    doublings = np.zeros(times.size, dtype=np.int64)
    long = fastest * times > 1.0
    doublings[long] = np.ceil(np.log2(fastest * times[long])).astype(np.int64)
    step = np.ldexp(times, -doublings)

    atoms, atom_seconds = _short_step(rate, branching, step, terms=n + 20)
    diagonal = np.arange(n)
    for level in range(int(doublings.max(initial=0)), 0, -1):
        active = doublings >= level
        step[active] *= 2.0
        half, half_seconds = atoms[active], atom_seconds[active]
        atom_seconds[active] = half_seconds + half_seconds @ half
        atoms[active] = half @ half
        _set_diagonals(atoms, atom_seconds, rate, step, diagonal)
    return atoms, atom_seconds


def _short_step(
    rate: FloatArray, branching: FloatArray, step: FloatArray, *, terms: int
) -> tuple[FloatArray, FloatArray]:
    """Return exp(M h) and its integral for steps with h × the fastest rate ≤ 1.

    With P = (M + σ) h ≥ 0: exp(M h) = e^{-σh} Σ P^m/m!, and the integral is
    h Σ c_m P^m/m! with c_m = ∫_0^1 u^m e^{-σhu} du, from the backward recurrence
    c_m = (e^{-σh} + σh c_{m+1})/(m+1), which has positive terms only.
    """
    n = rate.size
    shift = float(rate.max(initial=0.0))
    shifted = branching * rate[None, :] + np.diag(shift - rate)
    positive = shifted[None, :, :] * step[:, None, None]
    exponent = shift * step
    decay = np.exp(-exponent)
    weights = np.empty((terms + 1, step.size))
    following = np.full(step.size, 1.0 / (terms + 2))
    for m in range(terms, -1, -1):
        following = (decay + exponent * following) / (m + 1)
        weights[m] = following

    term = np.broadcast_to(np.eye(n), positive.shape).copy()
    series = term.copy()
    weighted = term * weights[0][:, None, None]
    for m in range(1, terms + 1):
        term = term @ positive / m
        series += term
        weighted += term * weights[m][:, None, None]
    atoms = series * decay[:, None, None]
    atom_seconds = weighted * step[:, None, None]
    _set_diagonals(atoms, atom_seconds, rate, step, np.arange(n))
    return atoms, atom_seconds


def _set_diagonals(
    atoms: FloatArray,
    atom_seconds: FloatArray,
    rate: FloatArray,
    step: FloatArray,
    diagonal: NDArray[np.int64],
) -> None:
    """Write e^{-λt} and (1 - e^{-λt})/λ, exact for any λt, into the diagonals."""
    exponent = rate[None, :] * step[:, None]
    atoms[:, diagonal, diagonal] = np.exp(-exponent)
    elapsed = np.broadcast_to(step[:, None], exponent.shape).copy()
    decays = rate > 0.0
    elapsed[:, decays] = -np.expm1(-exponent[:, decays]) / rate[decays]
    atom_seconds[:, diagonal, diagonal] = elapsed


def decays_to_infinity(branching: FloatArray, atoms: FloatArray) -> FloatArray:
    """Return how often each nuclide is made in all time, for the atoms there are at time zero.

    Args:
        branching: (n, n), `branching[child, parent]`, parents before progeny.
        atoms: (n,) atoms at time zero.

    Returns:
        (n,) atoms that exist at some time; for a radioactive nuclide the number of its decays.
    """
    total = np.array(atoms, dtype=np.float64)
    for member in range(total.size):
        total[member] += branching[member, :member] @ total[:member]
    return total


def topological_order(parents_of: dict[str, set[str]]) -> list[str]:
    """Return names so that each stands after all of its parents (Kahn's method, stable order)."""
    waiting = {name: set(parents) for name, parents in parents_of.items()}
    order: list[str] = []
    while waiting:
        free = [name for name, parents in waiting.items() if not parents]
        if not free:
            raise ValueError(f"decay chain with a cycle among {sorted(waiting)}")
        for name in free:
            del waiting[name]
        for parents in waiting.values():
            parents.difference_update(free)
        order.extend(free)
    return order
