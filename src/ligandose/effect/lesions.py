"""Lesions that shrink and regrow between cycles.

A lesion is viable mass V and dead mass X that is still there (Watanabe et al. 2016 without
vasculature): dV/dt = g V − α B'(t) V and dX/dt = α B'(t) V − k X, with growth g = ln 2 / T_d,
clearance k = ln 2 / T_c and the cycle's BED delivered as B (1 − e^(−λt)). Viable mass carries
the targets, so it sets the sink of the next cycle; V + X is what an image measures.

Sources: Watanabe et al., Theor Biol Med Model 13:6 (2016); Chvetsov et al., Phys Med Biol
53:N187 (2008) for exponential clearance and its half-life.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    not_negative,
    positive,
    positive_or_infinite,
)

# Quadrature over an interval: Gauss–Legendre of 8 nodes on panels that halve towards both ends,
# because dead mass is made in a share T_dose/(αB) of its start and kept from its end only.
# Dose half-times below 2^-PANELS of the interval count as dose at once.
NODES = 8
PANELS = 24


@dataclass(frozen=True, slots=True)
class LesionStep:
    """A lesion at the end of an interval, arrays of shape (…, lesions).

    Attributes:
        mass_kg: viable and dead mass together.
        viable_mass_kg: mass that lives, grows and carries targets.
        dead_mass_kg: killed and not yet cleared.
        killed_mass_kg, cleared_mass_kg, grown_mass_kg: what changed during the interval.
        log_survival: ln of the share of clonogens that lived through the cycle's dose.
        surviving_clonogens: clonogens at the end, growth since included.
    """

    mass_kg: FloatArray
    viable_mass_kg: FloatArray
    dead_mass_kg: FloatArray
    killed_mass_kg: FloatArray
    cleared_mass_kg: FloatArray
    grown_mass_kg: FloatArray
    log_survival: FloatArray
    surviving_clonogens: FloatArray


def lesion_response(
    viable_mass_kg: ArrayLike,
    bed_Gy: ArrayLike,
    *,
    interval_s: ArrayLike,
    alpha_per_Gy: ArrayLike,
    doubling_time_s: ArrayLike,
    clearance_half_time_s: ArrayLike,
    clonogens_per_kg: ArrayLike,
    dead_mass_kg: ArrayLike = 0.0,
    dose_half_time_s: ArrayLike = 0.0,
) -> LesionStep:
    """Return each lesion at the end of the interval that follows one administration.

    All arguments broadcast over patients × lesions.

    Args:
        viable_mass_kg: V ≥ 0 at the administration, kg.
        bed_Gy: BED of this cycle ≥ 0 (equivalent uniform, where the dose is not), Gy.
        interval_s: time to the next administration, > 0, s.
        alpha_per_Gy: α > 0, 1/Gy.
        doubling_time_s: T_d > 0, s; infinity for no growth.
        clearance_half_time_s: T_c > 0, s; infinity if dead cells stay.
        clonogens_per_kg: of viable mass, ≥ 0, 1/kg.
        dead_mass_kg: X ≥ 0 left from earlier cycles, kg.
        dose_half_time_s: effective half-time of the dose rate, ≥ 0; 0 for dose at once, s.

    Raises:
        InputError: a value out of range.
    """
    names = "lesion masses, BED and parameters"
    given = (
        not_negative("viable_mass_kg", viable_mass_kg),
        not_negative("dead_mass_kg", dead_mass_kg),
        not_negative("bed_Gy", bed_Gy) * positive("alpha_per_Gy", alpha_per_Gy),
        positive("interval_s", interval_s),
        np.log(2.0) / positive_or_infinite("doubling_time_s", doubling_time_s),
        np.log(2.0) / positive_or_infinite("clearance_half_time_s", clearance_half_time_s),
        not_negative("dose_half_time_s", dose_half_time_s),
    )
    density = not_negative("clonogens_per_kg", clonogens_per_kg)
    shape = broadcastable(names, *given, density)
    viable, dead, kill, interval, growth, clearance, half_time = (
        np.broadcast_to(a, shape) for a in given
    )
    share = -np.expm1(-interval * _rate(half_time, interval))
    delivered = kill * share
    viable_after = viable * np.exp(growth * interval - delivered)
    killed, left = _killed_and_left(kill, interval, half_time, growth, clearance)
    killed, left = viable * killed, viable * left
    dead_after = np.exp(-clearance * interval) * dead + left
    grown = viable_after - viable + killed
    cleared = dead + killed - dead_after
    return LesionStep(
        mass_kg=viable_after + dead_after,
        viable_mass_kg=viable_after,
        dead_mass_kg=dead_after,
        killed_mass_kg=killed,
        cleared_mass_kg=np.maximum(cleared, 0.0),
        grown_mass_kg=np.maximum(grown, 0.0),
        log_survival=-delivered,
        surviving_clonogens=density * viable_after,
    )


def _killed_and_left(
    kill: FloatArray,
    interval: FloatArray,
    half_time: FloatArray,
    growth: FloatArray,
    clearance: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return ∫ α B' V/V₀ dt and ∫ α B' V/V₀ e^(−k(T−t)) dt over the interval T."""
    at_once = half_time <= interval * 2.0**-PANELS
    rate = _rate(half_time, interval)
    killed, left = np.zeros(kill.shape), np.zeros(kill.shape)
    for node, weight in zip(*_graded_nodes(), strict=True):
        time = node * interval
        given = -np.expm1(-rate * time)
        log_rate = np.log(rate) - rate * time + growth * time - kill * given
        part = weight * interval * kill * np.exp(log_rate)
        killed += part
        left += part * np.exp(-clearance * (interval - time))
    instant = -np.expm1(-kill)
    return (
        np.where(at_once, instant, killed),
        np.where(at_once, instant * np.exp(-clearance * interval), left),
    )


def _rate(half_time: FloatArray, interval: FloatArray) -> FloatArray:
    """Return ln 2 / half-time, held at what the quadrature can resolve."""
    return np.log(2.0) / np.maximum(half_time, interval * 2.0**-PANELS)


@cache
def _graded_nodes() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights on 0 … 1 for panels that halve towards both ends."""
    half = np.concatenate([np.zeros(1), 0.5 ** np.arange(PANELS + 6, 0, -1)])
    edges = np.concatenate([half, 1.0 - half[-2::-1]])
    x, w = np.polynomial.legendre.leggauss(NODES)
    width, middle = np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    nodes = middle[:, None] + 0.5 * width[:, None] * x
    return nodes.ravel(), (0.5 * width[:, None] * w).ravel()
