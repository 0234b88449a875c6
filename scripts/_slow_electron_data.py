"""Cross sections of slow electrons in liquid water, for `build_electron_kernels.py`.

Elastic collisions: partial waves of independent atoms of H and O in the static field of their
electrons with the exchange potential of Furness and McCarthy (1973, J. Phys. B 6:2280),
relativistic momentum and mass, and the spin factor 1 - beta2 sin2(theta/2). The density of the
electrons is fitted to the shipped form factors.

Inelastic collisions: first Born approximation with the energy-loss function of liquid water as a
sum of oscillators (R. H. Ritchie and A. Howie 1977, Phil. Mag. 36:463), whose
parameters are those of TREKIS-3 (N. Medvedev, INPUT_CDF/H2O.cdf), extended to momentum by
E0 -> E0 + Q, with Mott's exchange. The number of collisions is scaled so that the stopping power
is that of the package (ICRU-37) above SCALED_FROM_KEV.

Atomic units inside: energies in hartree, lengths in Bohr radii.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit
from scipy.optimize import least_squares
from scipy.special import spherical_jn, spherical_yn

from ligandose.transport.photon_data import _form_table
from ligandose.transport.stopping import electron_collision_stopping

HARTREE_EV = 27.211386245981
BOHR_CM = 5.29177210544e-9
C = 137.035999177
WATER_PER_BOHR3 = 6.02214076e23 / 18.01528 * BOHR_CM**3
"""Molecules at 1 g/cm3."""

# E0, A (eV2), gamma: TREKIS-3, INPUT_CDF/H2O.cdf
VALENCE_EV = np.array(
    [
        [8.0, 0.3, 1.0],
        [16.0, 15.0, 5.0],
        [20.0, 47.0, 5.0],
        [26.0, 175.0, 11.0],
        [35.0, 155.0, 30.0],
    ]
)
K_SHELL_EV = np.array([[500.0, 145.0, 400.0]])
GAP_EV, K_EDGE_EV = 6.9, 538.25
SHELLS_EV = np.array([10.79, 13.39, 16.05, 32.30])
"""Binding of the valence shells, two electrons each (Geant4-DNA, G4WaterIonisationStructure)."""
SCALED_FROM_KEV = 5.0

ENERGY_EV = np.geomspace(10.0, 120_000.0, 83)
SURVIVAL = 10.0 ** -np.linspace(0.0, 7.0, 281)
"""Parts of the collisions that turn more, or lose more, than the tabulated value."""
MU = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 500)])
LOSSES, MOMENTA, RIDGE = 500, 200, 60


def momentum(energy):
    """Return the relativistic momentum."""
    return np.sqrt(2.0 * energy * (1.0 + 0.5 * energy / C**2))


# ------------------------------------------------------------------ elastic


@cache
def density_terms(z: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares A and exponents a of the electrons: rho = Z sum A a3/(8 pi) exp(-a r)."""
    if z == 1:
        return np.array([1.0]), np.array([2.0])
    x, table = _form_table()
    q = 4.0 * math.pi * x * BOHR_CM * 1e8
    keep = q < 40.0
    q, form = q[keep], table[z][1][keep] / z

    def model(p: np.ndarray) -> np.ndarray:
        a = np.exp(p[:4])
        share = np.append(p[4:], 1.0 - p[4:].sum())
        return (share[:, None] / (1.0 + (q / a[:, None]) ** 2) ** 2).sum(axis=0)

    start = np.concatenate([np.log([2.5, 4.0, 6.0, 15.0]), [0.2, 0.8, -0.3]])
    found = least_squares(lambda p: model(p) - form, start, xtol=1e-12, ftol=1e-12).x
    print(f"form factor of {z}: largest deviation {np.abs(model(found) - form).max() * z:.4f}")
    return np.append(found[4:], 1.0 - found[4:].sum()), np.exp(found[:4])


@njit(cache=True)
def _ratio(r, strength, ell, k2, h):
    """Integrate u'' = (ell(ell+1)/r2 + strength - k2) u (Numerov); return the last two values."""
    n = r.size
    first = max(1, min(n - 50, int(0.4 * ell / (math.sqrt(k2) * h))))
    f = ell * (ell + 1) / r[first] ** 2 + strength[first] - k2
    before, now = 0.0, 1e-30
    if first == 1:  # u = r^(ell+1)
        before = 1e-30 * (r[0] / r[1]) ** (ell + 1)
    f_before = ell * (ell + 1) / r[first - 1] ** 2 + strength[first - 1] - k2
    w = h * h / 12.0
    for i in range(first + 1, n):
        f_next = ell * (ell + 1) / r[i] ** 2 + strength[i] - k2
        new = ((2.0 + 10.0 * w * f) * now - (1.0 - w * f_before) * before) / (1.0 - w * f_next)
        before, now, f_before, f = now, new, f, f_next
        if abs(now) > 1e200:
            now *= 1e-200
            before *= 1e-200
    return before, now


def phase_shifts(z: int, energy: float) -> np.ndarray:
    """Return phase shifts until they vanish."""
    share, a = density_terms(z)
    k = float(momentum(energy))
    h = min(0.004, 2.0 * math.pi / k / 40.0)
    r = h * np.arange(1, int(14.0 / h))
    e = np.exp(-a[:, None] * r)
    static = -z / r * (share[:, None] * (1.0 + 0.5 * a[:, None] * r) * e).sum(axis=0)
    rho = np.maximum(z * (share[:, None] * a[:, None] ** 3 * e).sum(axis=0) / (8.0 * math.pi), 0.0)
    kinetic = energy - static
    exchange = 0.5 * kinetic - 0.5 * np.sqrt(kinetic**2 + 4.0 * math.pi * rho)
    gamma = 1.0 + energy / C**2
    strength = 2.0 * gamma * (static + exchange) - (static + exchange) ** 2 / C**2
    out = []
    last = np.array([r[-2], r[-1]])
    for ell in range(int(0.95 * k * r[-1])):
        one, two = _ratio(r, strength, ell, k * k, h)
        ratio = (one / last[0]) / (two / last[1])
        j, y = spherical_jn(ell, k * last), spherical_yn(ell, k * last)
        out.append(math.atan((j[0] - ratio * j[1]) / (y[0] - ratio * y[1])))
        if ell > 5 and max(abs(d) for d in out[-3:]) < 1e-7:
            break
    return np.array(out)


@njit(cache=True)
def _amplitude2(shifts, k, mu):
    """Return |f|2 at mu = (1 - cos)/2."""
    out = np.zeros(mu.size)
    for i in range(mu.size):
        x = 1.0 - 2.0 * mu[i]
        re, im = 0.0, 0.0
        p0, p1 = 1.0, x
        for ell in range(shifts.size):
            p = p0
            weight = (2 * ell + 1) * p
            re += weight * math.sin(2.0 * shifts[ell])
            im += weight * (1.0 - math.cos(2.0 * shifts[ell]))
            p0, p1 = p1, ((2 * ell + 3) * x * p1 - (ell + 1) * p0) / (ell + 2)
        out[i] = (re * re + im * im) / (4.0 * k * k)
    return out


def elastic(energy: float) -> tuple[float, float, np.ndarray]:
    """Return collisions and transport per Bohr radius, and mu by SURVIVAL."""
    k = float(momentum(energy))
    beta2 = (k / (1.0 + energy / C**2) / C) ** 2
    atoms = {1: 2.0, 8: 1.0}
    dcs = sum(n * _amplitude2(phase_shifts(z, energy), k, MU) for z, n in atoms.items())
    dcs = np.asarray(dcs) * (1.0 - beta2 * MU) * 4.0 * math.pi * WATER_PER_BOHR3
    parts = 0.5 * (dcs[1:] + dcs[:-1]) * np.diff(MU)
    moments = parts * (MU[1:] + MU[:-1])
    above = np.concatenate([np.cumsum(parts[::-1])[::-1], [0.0]])
    return float(parts.sum()), float(moments.sum()), _by_survival(above, MU)


def _by_survival(above: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the value that each part SURVIVAL exceeds; `above` falls."""
    part = np.maximum(above / above[0], 1e-30)
    return np.interp(-np.log(SURVIVAL), -np.log(part), value)


# ------------------------------------------------------------------ inelastic


def loss_function(oscillators_eV: np.ndarray, loss: np.ndarray, recoil: np.ndarray) -> np.ndarray:
    """Return Im(-1/epsilon) at losses and recoil energies (hartree)."""
    total = np.zeros(np.broadcast(loss, recoil).shape)
    for e0, a, width in oscillators_eV / np.array([HARTREE_EV, HARTREE_EV**2, HARTREE_EV]):
        total += a * width * loss / ((loss**2 - (e0 + recoil) ** 2) ** 2 + (width * loss) ** 2)
    return total


def _direct(
    energy: float, loss: np.ndarray, oscillators_eV: np.ndarray, edge_eV: float
) -> np.ndarray:
    """Return collisions per loss and Bohr radius without exchange; (losses,).

    The integral over ln(momentum) has points even in it, and for every oscillator points along its
    ridge: even in the angle whose tangent is ((E0 + Q)2 - loss2)/(gamma loss), in which it is flat.
    """
    loss = np.minimum(loss, energy * (1 - 1e-9))
    p, rest = momentum(energy), momentum(energy - loss)
    low, high = _recoil(np.maximum(p - rest, 1e-12)), _recoil(p + rest)
    s = np.linspace(0.0, 1.0, MOMENTA)[None, :]
    grids = [low[:, None] * (high / low)[:, None] ** s]
    for e0, _, width in oscillators_eV / np.array([HARTREE_EV, HARTREE_EV**2, HARTREE_EV]):
        ends = np.arctan(((e0 + np.stack([low, high])) ** 2 - loss**2) / (width * loss))
        angle = ends[0][:, None] + (ends[1] - ends[0])[:, None] * np.linspace(0, 1, RIDGE)[None, :]
        square = loss[:, None] ** 2 + width * loss[:, None] * np.tan(angle)
        along = np.sqrt(np.maximum(square, 0.0)) - e0
        grids.append(np.clip(along, low[:, None], high[:, None]))
    recoil = np.sort(np.concatenate(grids, axis=1), axis=1)
    values = loss_function(oscillators_eV, loss[:, None], recoil)
    log_q = 0.5 * np.log(2.0 * recoil * (1.0 + 0.5 * recoil / C**2))
    integral = (0.5 * (values[:, 1:] + values[:, :-1]) * np.diff(log_q, axis=1)).sum(axis=1)
    speed = p / (1.0 + energy / C**2)
    found = 2.0 / (math.pi * speed**2) * integral
    return np.where(loss * HARTREE_EV < edge_eV, 0.0, found)


def _recoil(q: np.ndarray) -> np.ndarray:
    """Return the energy of a free electron at rest that takes a momentum."""
    return q * q / (1.0 + np.sqrt(1.0 + (q / C) ** 2))


def _losses(energy: float, oscillators_eV: np.ndarray, edge_eV: float, bound_eV: float):
    """Return losses and collisions per loss with exchange, up to half the energy."""
    bound = bound_eV / HARTREE_EV
    top = min(0.5 * (energy + bound), energy)
    low = edge_eV / HARTREE_EV
    if top <= low:
        return np.array([low, low * 1.0001]), np.zeros(2)
    loss = np.geomspace(low, top, LOSSES)
    one = _direct(energy, loss, oscillators_eV, edge_eV)
    other = energy + bound - loss
    two = np.where(other < energy, _direct(energy, other, oscillators_eV, edge_eV), 0.0)
    two = np.where(loss > bound, two, 0.0)
    return loss, one + two - np.sqrt(one * two)


def inelastic(energy: float):
    """Return collisions, stopping power and losses by SURVIVAL, of the valence and the K shell."""
    out = []
    for oscillators, edge, bound in (
        (VALENCE_EV, GAP_EV, SHELLS_EV[0]),
        (K_SHELL_EV, K_EDGE_EV, K_EDGE_EV),
    ):
        loss, rate = _losses(energy, oscillators, edge, bound)
        parts = 0.5 * (rate[1:] + rate[:-1]) * np.diff(loss)
        lost = (parts * 0.5 * (loss[1:] + loss[:-1])).sum()
        above = np.concatenate([np.cumsum(parts[::-1])[::-1], [0.0]])
        table = _by_survival(above, loss) if parts.sum() > 0 else np.full(SURVIVAL.size, loss[0])
        out.append((parts.sum(), lost, table))
    return out


# ------------------------------------------------------------------ tables


@dataclass(frozen=True)
class SlowElectrons:
    """Tables by energy, in eV and cm of water.

    Attributes:
        energy_eV: (e,) the first energies of ENERGY_EV.
        elastic_per_cm, inelastic_per_cm: (e,) collisions; stopping_eV_cm: (e,).
        transport_per_cm: (e,) inverse elastic transport mean free path.
        k_share: (e,) part of the inelastic collisions that are with the K shell.
        mu, loss_eV, k_loss_eV: (e, survival).
    """

    energy_eV: np.ndarray
    elastic_per_cm: np.ndarray
    transport_per_cm: np.ndarray
    inelastic_per_cm: np.ndarray
    stopping_eV_cm: np.ndarray
    k_share: np.ndarray
    mu: np.ndarray
    loss_eV: np.ndarray
    k_loss_eV: np.ndarray


@cache
def slow_electrons(highest_eV: float = ENERGY_EV[-2]) -> SlowElectrons:
    """Return the tables for energies up to one."""
    energy_eV = ENERGY_EV[: np.searchsorted(ENERGY_EV, highest_eV, side="right") + 1]
    energy = energy_eV / HARTREE_EV
    elastic_rows = [elastic(float(e)) for e in energy]
    inelastic_rows = [inelastic(float(e)) for e in energy]
    valence = np.array([v[0] for v, _ in inelastic_rows])
    core = np.array([k[0] for _, k in inelastic_rows])
    stopping = np.array([v[1] + k[1] for v, k in inelastic_rows]) * HARTREE_EV / BOHR_CM
    scale = _scale(energy_eV, stopping)
    return SlowElectrons(
        energy_eV=energy_eV,
        elastic_per_cm=np.array([r[0] for r in elastic_rows]) / BOHR_CM,
        transport_per_cm=np.array([r[1] for r in elastic_rows]) / BOHR_CM,
        inelastic_per_cm=scale * (valence + core) / BOHR_CM,
        stopping_eV_cm=scale * stopping,
        k_share=core / np.maximum(valence + core, 1e-300),
        mu=np.array([r[2] for r in elastic_rows]),
        loss_eV=np.array([v[2] for v, _ in inelastic_rows]) * HARTREE_EV,
        k_loss_eV=np.array([k[2] for _, k in inelastic_rows]) * HARTREE_EV,
    )


def _scale(energy_eV: np.ndarray, stopping_eV_cm: np.ndarray) -> np.ndarray:
    """Return the package's stopping power over the oscillators', constant below its trust."""
    least = 1e3 * SCALED_FROM_KEV
    first = sum(part[1] for part in inelastic(least / HARTREE_EV)) * HARTREE_EV / BOHR_CM
    own = np.where(energy_eV < least, first, stopping_eV_cm)
    return 1e3 * electron_collision_stopping("water", np.maximum(energy_eV, least) * 1e-3) / own
