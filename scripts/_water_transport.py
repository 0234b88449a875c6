"""Coupled photon and electron Monte Carlo in an infinite body of liquid water.

Build-time only: `build_absorbed_fractions.py` uses it to make point kernels (energy deposited
against distance from an isotropic point source). Lengths are g/cm2 (density 1 g/cm3), energies
keV. The physics, each with its source:

* electrons: mixed ("class II") simulation with a random hinge (Baro et al. 1995,
  doi:10.1016/0168-583X(95)00349-5). Hard Moller collisions above W_CC, soft collisions by the
  restricted Bethe stopping power (I = 78 eV, ICRU-90; density effect by Sternheimer's
  method). Elastic scattering by the screened
  Rutherford formula with Moliere's screening and the McKinley-Feshbach spin factor
  (doi:10.1103/PhysRev.74.1759).
* bremsstrahlung: radiative stopping power of ESTAR; photon energies from the shape
  k dN/dk ~ 1 - 0.75 k/T (a fair line through the Seltzer-Berger shape for oxygen; it moves
  under 1 % of the energy of a 3 MeV electron), emitted along the track.
* photons: photoelectric, incoherent (Klein-Nishina with the incoherent scattering function),
  coherent (form factor), pair. Cross sections of xraylib to 800 keV, above: see
  `photon_tables`.
* positrons are transported as electrons and annihilate at rest into two 511 keV photons.

Not simulated: straggling of soft losses, Doppler broadening, fluorescence of oxygen (0.5 keV).
"""

from __future__ import annotations

import math

import numpy as np
from _water_tables import (
    ALPHA,
    GRID_MIN,
    GRID_N,
    GRID_STEP,
    K_CUT,
    MAX_LOSS,
    MC2,
    W_FRACTION,
    W_MIN,
)
from numba import njit

# radial bins of the tally, g/cm2
R_MIN, BINS_PER_DECADE, N_BINS = 1e-8, 60, 660


@njit(cache=True)
def _at(table, log_e):
    p = (log_e - math.log(GRID_MIN)) / GRID_STEP
    i = min(max(int(p), 0), GRID_N - 2)
    f = p - i
    return table[i] * (1 - f) + table[i + 1] * f


@njit(cache=True)
def _turn(u, v, w, cos):
    """Return the direction (u, v, w) turned by acos(cos) at a random azimuth."""
    phi = 2 * math.pi * np.random.random()
    sin = math.sqrt(max(0.0, 1 - cos * cos))
    c, s = math.cos(phi), math.sin(phi)
    rho2 = u * u + v * v
    if rho2 < 1e-12:
        return sin * c, sin * s, cos * (1.0 if w > 0 else -1.0), c, s
    rho = math.sqrt(rho2)
    return (
        u * cos + sin * (u * w * c - v * s) / rho,
        v * cos + sin * (v * w * c + u * s) / rho,
        w * cos - rho * sin * c, c, s,
    )  # fmt: skip


@njit(cache=True)
def _score(tally, channel, weight, e, x, y, z):
    r = math.sqrt(x * x + y * y + z * z)
    i = 0
    if r > R_MIN:
        i = min(int(math.log10(r / R_MIN) * BINS_PER_DECADE), N_BINS - 1)
    tally[channel, 0, i] += weight * e
    tally[channel, 1, i] += weight * e * r


@njit(cache=True)
def _push(stack, n, kind, e, x, y, z, u, v, w, channel):
    row = stack[n]
    row[0], row[1], row[2], row[3], row[4] = kind, e, x, y, z
    row[5], row[6], row[7], row[8] = u, v, w, channel
    return n + 1


@njit(cache=True)
def _isotropic():
    w = 2 * np.random.random() - 1
    phi = 2 * math.pi * np.random.random()
    s = math.sqrt(1 - w * w)
    return s * math.cos(phi), s * math.sin(phi), w


@njit(cache=True)
def _moller(e, w_c):
    """Sample a hard Moller energy loss (w_c < W < e/2) by rejection from 1/W2."""
    t = e / MC2
    a, b = (t / (t + 1)) ** 2, (2 * t + 1) / (t + 1) ** 2
    xc = w_c / e
    while True:
        x = xc / (1 - np.random.random() * (1 - 2 * xc))
        f = 1 + x * x / (1 - x) ** 2 + a * x * x - b * x / (1 - x)
        # the factor is 1 at x = 0 and at most 1 + 1 + 1/4 at x = 1/2
        if np.random.random() * 2.25 < f:
            return x * e


@njit(cache=True)
def _electron(tables, tally, stack, n, weight, e, x, y, z, u, v, w, channel, e_abs):
    """Follow one electron to e_abs; push its delta rays and bremsstrahlung on the stack."""
    while e > e_abs:
        log_e = math.log(e)
        soft = _at(tables[0], log_e)
        inel, el, brems = _at(tables[1], log_e), _at(tables[2], log_e), _at(tables[5], log_e)
        total = inel + el + brems
        limit = MAX_LOSS * e / soft
        s = -math.log(np.random.random()) / total
        hard = s < limit
        s = min(s, limit)
        hinge = s * np.random.random()
        loss = min(soft * s, e)
        where = s * np.random.random()  # the soft loss is left at a random point of the step
        if where < hinge:
            _score(tally, channel, weight, loss, x + u * where, y + v * where, z + w * where)
        x, y, z = x + u * hinge, y + v * hinge, z + w * hinge
        mean = 0.5 * (1 - math.exp(-s * _at(tables[4], log_e)))
        mu = -mean * math.log(np.random.random())
        while mu > 1:
            mu = -mean * math.log(np.random.random())
        u, v, w, _, _ = _turn(u, v, w, 1 - 2 * mu)
        rest = s - hinge
        if where >= hinge:
            d = where - hinge
            _score(tally, channel, weight, loss, x + u * d, y + v * d, z + w * d)
        x, y, z = x + u * rest, y + v * rest, z + w * rest
        e -= loss
        if not hard or e <= e_abs:
            continue
        pick = np.random.random() * total
        if pick < el:
            u, v, w = _hard_elastic(tables, e, log_e, u, v, w)
        elif pick < el + inel:
            w_c = max(W_MIN, W_FRACTION * e)
            if w_c < 0.499 * e:
                loss = _moller(e, w_c)
                t2 = e / MC2 + 2
                cos = math.sqrt((1 - loss / e) * t2 / ((1 - loss / e) * (t2 - 2) + 2))
                cos_d = math.sqrt(loss / e * t2 / (loss / e * (t2 - 2) + 2))
                p, q, r, _, _ = _turn(u, v, w, cos)
                if loss > e_abs and n < stack.shape[0] - 4:
                    # the knock-on electron leaves on the other side of the primary's direction
                    sp = math.sqrt(max(1 - cos * cos, 1e-18))
                    sd = math.sqrt(max(0.0, 1 - cos_d * cos_d))
                    a = cos_d + sd * cos / sp
                    n = _push(stack, n, 1, loss, x, y, z,
                              a * u - sd / sp * p, a * v - sd / sp * q, a * w - sd / sp * r,
                              channel)  # fmt: skip
                else:
                    _score(tally, channel, weight, loss, x, y, z)
                u, v, w = p, q, r
                e -= loss
        else:
            k = _brems_photon(e)
            if n < stack.shape[0] - 4:
                n = _push(stack, n, 0, k, x, y, z, u, v, w, 1)
            e -= k
    _score(tally, channel, weight, max(e, 0.0), x, y, z)
    return n, x, y, z


@njit(cache=True)
def _hard_elastic(tables, e, log_e, u, v, w):
    t = e / MC2
    beta2 = t * (t + 2) / (t + 1) ** 2
    mu_c = _at(tables[3], log_e)
    zee = 8.0 if np.random.random() < 64.0 / 66.0 else 1.0
    chi = ALPHA * zee ** (1 / 3) / (0.885 * math.sqrt(t * (t + 2)))
    a = 0.25 * chi * chi * (1.13 + 3.76 * (ALPHA * zee) ** 2 / beta2)
    r = np.random.random()
    mu = (mu_c + a) * (1 + a) / ((1 + a) - r * (1 - mu_c)) - a
    root = math.sqrt(mu)
    spin = 1 - beta2 * mu + math.pi * zee * ALPHA * math.sqrt(beta2) * root * (1 - root)
    # a spin factor above 1 (by 2 % at most) is cut to 1
    if np.random.random() < spin:
        u, v, w, _, _ = _turn(u, v, w, 1 - 2 * mu)
    return u, v, w


@njit(cache=True)
def _brems_photon(e):
    kc = K_CUT / e
    while True:
        kappa = kc ** np.random.random()
        if np.random.random() < 1 - 0.75 * kappa:
            return kappa * e


@njit(cache=True)
def _compton(k, x_grid, s_over_z):
    """Sample cosine and scattered energy: Klein-Nishina times S(x)/Z."""
    a = k / MC2
    while True:
        cos = 2 * np.random.random() - 1
        ratio = 1 / (1 + a * (1 - cos))
        f = 0.5 * ratio * ratio * (ratio + 1 / ratio - 1 + cos * cos)
        if np.random.random() > f:
            continue
        x = k / 12.398419843 * math.sqrt(max(0.0, 0.5 * (1 - cos)))
        if np.random.random() < np.interp(x, x_grid, s_over_z):
            return cos, k * ratio


@njit(cache=True)
def _rayleigh(k, x_grid, cumulative):
    x_max = k / 12.398419843
    top = np.interp(x_max, x_grid, cumulative)
    while True:
        x = np.interp(np.random.random() * top, cumulative, x_grid)
        cos = 1 - 2 * min(1.0, (x / x_max) ** 2)
        if np.random.random() < 0.5 * (1 + cos * cos):
            return cos


@njit(cache=True)
def _photon(mu, x_grid, forms, tally, stack, n, weight, k, x, y, z, u, v, w, channel, first):
    """Follow one photon to its first interaction that ends it; electrons go on the stack.

    `first` > 0: length (g/cm2) of a flight that the caller has drawn.
    """
    while True:
        log_k = math.log(k)
        photo, compton = _at(mu[0], log_k), _at(mu[1], log_k)
        rayleigh, pair = _at(mu[2], log_k), _at(mu[3], log_k)
        total = photo + compton + rayleigh + pair
        s = first if first > 0 else -math.log(np.random.random()) / total
        first = 0.0
        x, y, z = x + u * s, y + v * s, z + w * s
        if x * x + y * y + z * z > 1e8:
            return n
        pick = np.random.random() * total
        if pick < photo:
            p, q, r = _isotropic()
            return _push(stack, n, 1, k, x, y, z, p, q, r, channel)
        if pick < photo + pair:
            share = (k - 2 * MC2) * np.random.random()
            for e in (share, k - 2 * MC2 - share):
                kind = 1 if e == share else 2
                spread = min(1.0, MC2 / (e + MC2))
                p, q, r, _, _ = _turn(u, v, w, math.cos(spread))
                n = _push(stack, n, kind, e, x, y, z, p, q, r, channel)
            return n
        if pick < photo + pair + rayleigh:
            u, v, w, _, _ = _turn(u, v, w, _rayleigh(k, x_grid, forms[1]))
            continue
        cos, k_new = _compton(k, x_grid, forms[0])
        p, q, r, _, _ = _turn(u, v, w, cos)
        e = k - k_new
        length = math.sqrt(max(k * k + k_new * k_new - 2 * k * k_new * cos, 1e-12))
        n = _push(stack, n, 1, e, x, y, z, (k * u - k_new * p) / length,
                  (k * v - k_new * q) / length, (k * w - k_new * r) / length, channel)  # fmt: skip
        k, u, v, w = k_new, p, q, r
        if k < 1.0:
            _score(tally, channel, weight, k, x, y, z)
            return n


@njit(cache=True)
def simulate(kind, e0, histories, seed, el_tables, mu, x_grid, forms, e_abs):
    """Return the tally of `histories` particles born at the origin along z.

    kind 0: photons, 1: electrons. Tally (channel, [energy, energy x radius], bin), keV; channel
    0: deposited by the particle and its secondaries, 1: by bremsstrahlung photons.
    The first flight of a photon is drawn, half the time, uniformly in the logarithm of the
    distance, with the weight that keeps the result unbiased: small spheres need it.
    """
    np.random.seed(seed)
    tally = np.zeros((2, 2, N_BINS))
    stack = np.zeros((4000, 9))
    log_e = math.log(e0)
    total = _at(mu[0], log_e) + _at(mu[1], log_e) + _at(mu[2], log_e) + _at(mu[3], log_e)
    near, far = math.log(1e-3), math.log(5.0 / total)
    for j in range(histories):
        weight, first = 1.0, 0.0
        if kind == 0 and far > near:
            # both halves are stratified, weights by the balance heuristic
            part = (j // 2 + np.random.random()) / ((histories + 1) // 2)
            log_uniform = math.exp(near + (far - near) * part)
            first = log_uniform if j % 2 else -math.log(1 - part) / total
            p = total * math.exp(-total * first)
            inside = near < math.log(first) < far
            q = 0.5 * p + (0.5 / (first * (far - near)) if inside else 0.0)
            weight = p / q
        n = _push(stack, 0, kind, e0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0)
        while n > 0:
            n -= 1
            row = stack[n]
            what, e, channel = int(row[0]), row[1], int(row[8])
            x, y, z, u, v, w = row[2], row[3], row[4], row[5], row[6], row[7]
            if what == 0:
                n = _photon(mu, x_grid, forms, tally, stack, n, weight, e, x, y, z, u, v, w,
                            channel, first)  # fmt: skip
                first = 0.0
                continue
            n, x, y, z = _electron(el_tables, tally, stack, n, weight, e, x, y, z, u, v, w,
                                   channel, e_abs)  # fmt: skip
            if what == 2:
                u, v, w = _isotropic()
                n = _push(stack, n, 0, MC2, x, y, z, u, v, w, channel)
                n = _push(stack, n, 0, MC2, x, y, z, -u, -v, -w, channel)
    return tally
