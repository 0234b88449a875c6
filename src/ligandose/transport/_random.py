"""Random numbers of a history: one counter-based stream per history.

SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195): number n of a stream is a
bijective hash of key + n γ, so a history draws the same numbers whichever thread or device runs
it. The key is a hash of the seed and of the history's number. Streams start at random places of
one cycle of 2^64: two of 1e9 histories share numbers in a few pairs only.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math

import numpy as np

from ligandose.transport._kernel import inlined, kernel

GAMMA = np.uint64(0x9E3779B97F4A7C15)
KEY_GAMMA = np.uint64(0xD1B54A32D192ED03)
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
ONE = np.uint64(1)
INVERSE = 2.0**-53


@kernel
def hashed(z):
    """Return the 64-bit hash of an unsigned integer."""
    z = (z ^ (z >> S30)) * M1
    z = (z ^ (z >> S27)) * M2
    return z ^ (z >> S31)


@kernel
def start_stream(rng, seed, history):
    """Put the stream of a history at its start; rng is a uint64 array of one element."""
    rng[0] = hashed(hashed(np.uint64(seed) * GAMMA + GAMMA) + np.uint64(history) * KEY_GAMMA)


@kernel
def uniform(rng):
    """Return the next number of the stream, in the open interval (0, 1).

    An odd multiple of 2^-53: exact, and neither 0 nor, by rounding, 1.
    """
    rng[0] += GAMMA
    return np.float64(np.int64((hashed(rng[0]) >> S11) | ONE)) * INVERSE


@kernel
def isotropic(rng):
    """Return a direction (u, v, w), all equally likely."""
    cosine = uniform(rng)
    return direction(cosine, uniform(rng))


@kernel
def direction(cosine, azimuth):
    """Return the direction (u, v, w) of two numbers in (0, 1), uniform if they are."""
    w = 2.0 * cosine - 1.0
    phi = 2.0 * math.pi * azimuth
    s = math.sqrt(1.0 - w * w)
    return s * math.cos(phi), s * math.sin(phi), w


@inlined
def turned(u, v, w, cos, rng):
    """Return the direction (u, v, w) turned by the angle of cosine `cos` at a random azimuth."""
    # the quarter of the circle from two bits, the place in it by polynomials (error 1e-10)
    t = 4.0 * uniform(rng)
    quarter = int(t)
    a = (t - quarter - 0.5) * (0.5 * math.pi)
    q = a * a
    near = 1.0 + q * (-1 / 2 + q * (1 / 24 + q * (-1 / 720 + q * (1 / 40320 - q / 3628800))))
    far = a * (
        1.0 + q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q * (1 / 362880 - q / 39916800))))
    )
    odd = (quarter & 1) != 0
    c, s = far if odd else near, near if odd else far
    sign = -1.0 if quarter >= 2 else 1.0
    return rotated(u, v, w, cos, c * sign, s * sign)


@kernel
def rotated(u, v, w, cos, c, s):
    """Return (u, v, w) turned by acos(cos) at the azimuth of cosine c and sine s.

    The normals are those of Duff et al. 2017 (J. Computer Graphics Techniques 6:1).
    """
    sin = math.sqrt(max(0.0, 1.0 - cos * cos))
    # keeps the length at one over thousands of turns; does not wait for the angle
    scale = 1.5 - 0.5 * (u * u + v * v + w * w)
    u, v, w = u * scale, v * scale, w * scale
    sign = 1.0 if w >= 0.0 else -1.0
    k = -1.0 / (sign + w)
    m = u * v * k
    p, q = sin * c, sin * s
    a = u * cos + p * (1.0 + sign * u * u * k) + q * m
    b = v * cos + p * sign * m + q * (sign + v * v * k)
    d = w * cos - p * sign * u - q * v
    return a, b, d
