"""Internal conversion coefficients by subshell, to split what the evaluations lump.

    α_i(τL) = π α k (2 j_i + 1) Σ_f (2 j_f + 1) (j_i L j_f; ½ 0 -½)² |M|² / (L (L + 1))
    magnetic:  M = (κ_i + κ_f) ∫ (P_f Q_i + Q_f P_i) h_L dr
    electric:  M = ∫ [(κ_f - κ_i) (P_f Q_i + Q_f P_i) - L (P_f Q_i - Q_f P_i)] h_{L-1} dr
                   - L ∫ (P_f P_i + Q_f Q_i) h_L dr

with the spherical Hankel functions of k r (M. E. Rose, Internal Conversion Coefficients, 1958; the
matrix elements as I. P. Grant, J. Phys. B 7 (1974) 1458, writes them), electron waves of the
Dirac equation in the Thomas-Fermi potential of nuclide_capture.py, continuum normalised on the
energy scale, integrals from the nuclear surface outwards (no penetration). Units ħ = m = c = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from atomic_rates import binding_keV
from nuclide_capture import (
    COMPTON_WAVELENGTH_FM,
    ELECTRON_MASS_KEV,
    FINE_STRUCTURE,
    _potential,
    _slopes,
)
from numba import njit
from scipy.special import spherical_jn, spherical_yn

KAPPA = {"K": (1, -1), "L1": (2, -1), "L2": (2, 1), "L3": (2, -2),
         "M1": (3, -1), "M2": (3, 1), "M3": (3, -2), "M4": (3, 2), "M5": (3, -3)}  # fmt: skip
"""Subshell: principal number and κ."""
NEGLIGIBLE = 1e-7


@njit(cache=False)
def _wave(total, kappa, z, radius, t0, step, n, bound):
    """Return P and Q on the grid exp(t0 + i step), unnormalised, and the number of nodes of P."""
    p_out, q_out = np.zeros(n + 1), np.zeros(n + 1)
    r0 = math.exp(t0)
    if kappa < 0:
        p = 1.0
        q = -(total - 1.0 - _potential(r0, z, radius)) * r0 * p / (1.0 - 2.0 * kappa)
    else:
        q = 1.0
        p = (total + 1.0 - _potential(r0, z, radius)) * r0 / (2.0 * kappa + 1.0)
    p_out[0], q_out[0] = p, q
    nodes, largest, h = 0, 0.0, step
    for i in range(n):
        t = t0 + i * h
        a1, b1 = _slopes(t, p, q, kappa, total, z, radius)
        a2, b2 = _slopes(t + h / 2, p + h / 2 * a1, q + h / 2 * b1, kappa, total, z, radius)
        a3, b3 = _slopes(t + h / 2, p + h / 2 * a2, q + h / 2 * b2, kappa, total, z, radius)
        a4, b4 = _slopes(t + h, p + h * a3, q + h * b3, kappa, total, z, radius)
        new_p = p + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        q = q + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
        if new_p * p < 0.0:
            nodes += 1
        p = new_p
        p_out[i + 1], q_out[i + 1] = p, q
        size = (p * p + q * q) * math.exp(t + h)
        largest = max(largest, size)
        if bound and size < NEGLIGIBLE * largest:
            break
    return p_out, q_out, nodes


class Grid:
    """Logarithmic grid that resolves the continuum wave and holds the bound one."""

    def __init__(self, z: int, mass_number: int, principal: int, momentum: float) -> None:
        self.radius = 1.2 * mass_number ** (1.0 / 3.0) / COMPTON_WAVELENGTH_FM
        first = math.log(self.radius * 1e-2)
        end = 40.0 * principal**2 / (FINE_STRUCTURE * z)
        end = max(end, min(80.0 / momentum, 2e3)) if momentum > 0.0 else end
        finest = max(3000.0, 4.0 * momentum * end * (math.log(end) - first))
        self.count = int(finest)
        self.first, self.step = first, (math.log(end) - first) / self.count
        self.r = np.exp(first + self.step * np.arange(self.count + 1))
        self.outside = self.r >= self.radius


@cache
def bound_energy(z: int, mass_number: int, principal: int, kappa: int) -> float:
    """Return the total energy of a bound state of the potential (1 = electron mass)."""
    grid = Grid(z, mass_number, principal, 0.0)
    wanted = principal + kappa if kappa < 0 else principal - kappa - 1
    low, high = 1.0 - 1.2 * (FINE_STRUCTURE * z / principal) ** 2, 1.0 - 1e-9
    for _ in range(60):
        middle = 0.5 * (low + high)
        nodes = _wave(middle, kappa, float(z), grid.radius, grid.first, grid.step, grid.count,
                      False)[2]  # fmt: skip
        low, high = (low, middle) if nodes > wanted else (middle, high)
    return low


def three_j_squared(two_j: int, rank: int, two_jf: int) -> float:
    """Return (j L j'; ½ 0 -½)²: with Racah's sum in factorials."""
    j, jf = two_j / 2.0, two_jf / 2.0
    if not abs(j - jf) <= rank <= j + jf:
        return 0.0

    def f(x: float) -> float:
        return float(math.factorial(round(x)))

    triangle = f(j + rank - jf) * f(j - rank + jf) * f(-j + rank + jf) / f(j + rank + jf + 1)
    outer = f(j + 0.5) * f(j - 0.5) * f(rank) ** 2 * f(jf + 0.5) * f(jf - 0.5)
    total = 0.0
    for t in range(rank + round(j + jf) + 2):
        parts = (t, jf - rank + t + 0.5, jf - j + t, j + rank - jf - t, j - t - 0.5, rank - t)
        if min(parts) > -0.25:
            denominator = math.prod(f(part) for part in parts)
            total += (-1) ** t / denominator
    return triangle * outer * total * total


def _orbital(kappa: int) -> int:
    return kappa if kappa > 0 else -kappa - 1


def _final_kappas(kappa: int, rank: int, electric: bool) -> list[int]:
    """Return the κ_f that angular momentum and parity allow."""
    two_j = 2 * abs(kappa) - 1
    shift = 0 if electric else 1
    return [
        sign * k
        for k in range(1, abs(kappa) + rank + 1)
        for sign in (-1, 1)
        if abs(two_j - (2 * k - 1)) <= 2 * rank <= two_j + 2 * k - 1
        and (_orbital(kappa) + _orbital(sign * k) + rank + shift) % 2 == 0
    ]


def _continuum(z: int, grid: Grid, total: float, kappa: int) -> tuple[np.ndarray, np.ndarray]:
    """Return P and Q with amplitude √((E+1)/(π p)) far out."""
    p, q, _ = _wave(total, kappa, float(z), grid.radius, grid.first, grid.step, grid.count, False)
    far = grid.r > 0.6 * grid.r[-1]
    local = total + FINE_STRUCTURE / grid.r[far]
    momentum = np.sqrt(local**2 - 1.0)
    square = momentum * (p[far] ** 2 / (local + 1.0) + q[far] ** 2 / (local - 1.0))
    weight = grid.r[far]
    scale = math.sqrt(1.0 / math.pi / float(np.sum(square * weight) / np.sum(weight)))
    return p * scale, q * scale


def coefficient(
    z: int, mass_number: int, gamma_keV: float, *, rank: int, electric: bool, subshell: str
) -> float:
    """Return α_i of one subshell; 0 below its edge."""
    kinetic = (gamma_keV - binding_keV(z).get(subshell, math.inf)) / ELECTRON_MASS_KEV
    if kinetic <= 0.0:
        return 0.0
    principal, kappa = KAPPA[subshell]
    k, total = gamma_keV / ELECTRON_MASS_KEV, 1.0 + kinetic
    grid = Grid(z, mass_number, principal, math.sqrt(total**2 - 1.0))
    energy = bound_energy(z, mass_number, principal, kappa)
    p, q, _ = _wave(energy, kappa, float(z), grid.radius, grid.first, grid.step, grid.count, True)
    norm = math.sqrt(float(np.sum((p**2 + q**2) * grid.r)) * grid.step)
    p, q = p[grid.outside] / norm, q[grid.outside] / norm
    r = grid.r[grid.outside]
    upper = spherical_jn(rank, k * r) + 1j * spherical_yn(rank, k * r)
    lower = spherical_jn(rank - 1, k * r) + 1j * spherical_yn(rank - 1, k * r)
    two_j, found = 2 * abs(kappa) - 1, 0.0
    for final in _final_kappas(kappa, rank, electric):
        pf, qf = (wave[grid.outside] for wave in _continuum(z, grid, total, final))
        plus, minus = pf * q + qf * p, pf * q - qf * p
        if electric:
            integrand = ((final - kappa) * plus - rank * minus) * lower
            integrand -= rank * (pf * p + qf * q) * upper
        else:
            integrand = (kappa + final) * plus * upper
        element = abs(np.sum(integrand * r) * grid.step) ** 2
        angular = three_j_squared(two_j, rank, 2 * abs(final) - 1)
        found += 2 * abs(final) * angular * element
    return math.pi * FINE_STRUCTURE * k * (two_j + 1) * found / (rank * (rank + 1))


MULTIPOLES = {"E1": (1, True), "M1": (1, False), "E2": (2, True), "M2": (2, False),
              "E3": (3, True), "M3": (3, False), "E4": (4, True), "M4": (4, False)}  # fmt: skip
PURE_WITHIN = 0.15
"""A pure multipole whose K and L coefficients are this near the evaluated ones (the model's own
error is 10 %) is taken before a mixture of M1 and E2."""
MIXTURES = tuple(float(x) for x in np.logspace(-4.0, -0.05, 80))
OUTER_FLOOR = 1e-12


@dataclass(frozen=True)
class Multipole:
    """What a transition was found to be, and how each shell's conversion splits.

    Attributes:
        name: "E1" … "M4", or "M1+E2".
        misfit: the greatest |ln(calculated / evaluated)| of the coefficients compared.
        share: {"L": {"L1": …}, "M": …}, each adding up to 1; only shells above their edges.
    """

    name: str
    misfit: float
    share: dict[str, dict[str, float]]


def by_subshell(
    z: int, mass_number: int, gamma_keV: float, *, name: str, shells: str
) -> dict[str, float]:
    """Return the coefficients of all subshells of some shells ("KL") for one multipole."""
    rank, electric = MULTIPOLES[name]
    return {
        s: coefficient(z, mass_number, gamma_keV, rank=rank, electric=electric, subshell=s)
        for s in KAPPA
        if s[0] in shells and s in binding_keV(z)
    }


def _shell(by_subshell: dict[str, float], shell: str) -> float:
    return sum(v for s, v in by_subshell.items() if s[0] == shell)


def _misfit(found: dict[str, float], evaluated: dict[str, float]) -> float:
    pairs = [(_shell(found, shell), value) for shell, value in evaluated.items()]
    return max(abs(math.log(max(ours, OUTER_FLOOR) / theirs)) for ours, theirs in pairs)


@cache
def multipole(
    z: int,
    mass_number: int,
    gamma_keV: float,
    *,
    alpha_k: float,
    alpha_l: float,
    alpha: float,
) -> Multipole | None:
    """Return the multipole whose coefficients are nearest to the evaluated ones.

    Args:
        z: charge number of the atom that is ionised.
        mass_number: of the nucleus.
        gamma_keV: transition energy.
        alpha_k: evaluated α_K, 0 where the shell is closed.
        alpha_l: evaluated α_L.
        alpha: evaluated α, compared with α_M where K and L are closed.
    """
    evaluated = {shell: value for shell, value in (("K", alpha_k), ("L", alpha_l)) if value > 0.0}
    if not evaluated and alpha > 0.0:
        evaluated = {"M": alpha}
    if not evaluated or gamma_keV <= min(binding_keV(z).values()):
        return None
    name, mixing, misfit = _nearest(z, mass_number, gamma_keV, evaluated)
    share: dict[str, dict[str, float]] = {}
    for shell in "LM":
        members = _mixture(z, mass_number, gamma_keV, name=name, mixing=mixing, shells=shell)
        whole = sum(members.values())
        if whole > 0.0:
            share[shell] = {s: v / whole for s, v in members.items() if v > 0.0}
    return Multipole(name, misfit, share)


def _mixture(
    z: int, mass_number: int, gamma_keV: float, *, name: str, mixing: float, shells: str
) -> dict[str, float]:
    """Return the coefficients of a pure multipole, or of M1 with a share `mixing` of E2."""
    if name in MULTIPOLES:
        return by_subshell(z, mass_number, gamma_keV, name=name, shells=shells)
    m1 = by_subshell(z, mass_number, gamma_keV, name="M1", shells=shells)
    e2 = by_subshell(z, mass_number, gamma_keV, name="E2", shells=shells)
    return {s: (1.0 - mixing) * value + mixing * e2[s] for s, value in m1.items()}


def _nearest(
    z: int, mass_number: int, gamma_keV: float, evaluated: dict[str, float]
) -> tuple[str, float, float]:
    """Return (multipole, share of E2, misfit); rarer ones are tried where no common one fits."""
    shells = "".join(evaluated)

    def calculated(name: str) -> dict[str, float]:
        return by_subshell(z, mass_number, gamma_keV, name=name, shells=shells)

    found = {name: calculated(name) for name in ("E1", "M1", "E2")}
    pure = {name: _misfit(values, evaluated) for name, values in found.items()}
    best = min(pure, key=lambda name: pure[name])
    if pure[best] <= PURE_WITHIN:
        return best, 0.0, pure[best]
    for name in MULTIPOLES:
        if name not in pure:
            pure[name] = _misfit(calculated(name), evaluated)
    best = min(pure, key=lambda name: pure[name])
    mixed = [
        (_misfit({s: (1.0 - x) * v + x * found["E2"][s] for s, v in found["M1"].items()},
                 evaluated), x)
        for x in MIXTURES
    ]  # fmt: skip
    misfit, mixing = min(mixed)
    return ("M1+E2", mixing, misfit) if misfit < pure[best] else (best, 0.0, pure[best])
