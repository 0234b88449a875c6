"""Oxygen: its tension around capillaries and in spheroids, and what it does to a dose.

Tension, at rest, with consumption a that does not depend on it until it is gone (for the
tensions at which that matters the error is small: Grimes et al., R Soc Open Sci 1:140080
(2014)); D ∇²p = a where p > 0. Closed forms: the Krogh–Erlang cylinder around a capillary and
the sphere in a medium (Grimes et al., J R Soc Interface 11:20131124 (2014)).

Effect: a dose in a cell at tension p acts like dose/OER in a well-oxygenated one, that is as
α/OER and β/OER² of that cell (Carlson et al., Med Phys 33:3105 (2006)), with
OER(p) = m (p + K)/(m p + K) of Alper & Howard-Flanders, Nature 178:978 (1956), and m falling
to 1 with LET.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._cell_data import cell_finding, cell_findings, cell_value
from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    not_negative,
    positive,
    positive_or_infinite,
)
from ligandose.errors import InputError
from ligandose.evidence import Finding

LetModel = Literal["measured", "scifoni"]

# Bisection of a bracket of one e-fold down to the last bit.
_HALVINGS = 60
_OER_AT = "oer_at_"


@dataclass(frozen=True, slots=True)
class OxygenParameters:
    """Shipped numbers of the supply with oxygen and of its effect.

    Attributes:
        diffusion_um2_s: D in tissue, µm²/s.
        consumption_mmHg_s: a of well-supplied tumour tissue, mmHg/s (consumption over solubility).
        capillary_mmHg: tension at the wall of a tumour capillary, mmHg.
        half_mmHg: K, mmHg.
        oer_max: m of low-LET radiation.
        findings: the rows they come from, with status, source and spread.
    """

    diffusion_um2_s: float
    consumption_mmHg_s: float
    capillary_mmHg: float
    half_mmHg: float
    oer_max: float
    findings: tuple[Finding, ...]


@cache
def oxygen_parameters() -> OxygenParameters:
    """Return the shipped parameters; most are not verified, see their findings."""
    names = ("diffusion", "consumption", "capillary_tension", "half_tension")
    rows = (*(cell_finding("oxygen", n) for n in names), cell_finding("low LET", "oer_max"))
    return OxygenParameters(*(f.require() for f in rows), findings=rows)


def vessel_tension_mmHg(
    distance_um: ArrayLike,
    *,
    capillary_radius_um: ArrayLike,
    tissue_radius_um: ArrayLike,
    capillary_mmHg: ArrayLike,
    consumption_mmHg_s: ArrayLike,
    diffusion_um2_s: ArrayLike,
) -> FloatArray:
    """Return the tension at a distance from the wall of a capillary, Krogh–Erlang, mmHg.

    p(r) = p_c + a (r² − R_c²)/(4D) − a R² ln(r/R_c)/(2D), r = R_c + distance, without flow
    through r = R. Where oxygen does not reach R, R is the radius at which p and its slope
    vanish together, and beyond it p = 0.

    Args:
        distance_um: ≥ 0 from the vessel wall, shape (…); beyond R counts as at R.
        capillary_radius_um: R_c > 0, µm.
        tissue_radius_um: R > R_c of the tissue that the capillary supplies, µm.
        capillary_mmHg: p_c ≥ 0, mmHg.
        consumption_mmHg_s: a ≥ 0, mmHg/s.
        diffusion_um2_s: D > 0, µm²/s.

    Raises:
        InputError: a value out of range, R not above R_c.
    """
    x = not_negative("distance_um", distance_um)
    inner = positive("capillary_radius_um", capillary_radius_um)
    outer = positive("tissue_radius_um", tissue_radius_um)
    wall = not_negative("capillary_mmHg", capillary_mmHg)
    slope = not_negative("consumption_mmHg_s", consumption_mmHg_s) / positive(
        "diffusion_um2_s", diffusion_um2_s
    )
    shape = broadcastable("distance, radii and tissue", x, inner, outer, wall, slope)
    if np.any(outer <= inner):
        raise InputError(
            f"tissue_radius_um of {np.min(outer):g} does not exceed capillary_radius_um of "
            f"{np.max(inner):g}; it is the radius of the tissue around the capillary"
        )
    reach = np.minimum(outer, _krogh_reach(inner, outer, wall, slope))
    r = np.minimum(inner + x, reach)
    tension = wall + slope * (0.25 * (r**2 - inner**2) - 0.5 * reach**2 * np.log(r / inner))
    anoxic = (inner + x >= reach) & (reach < outer)
    return np.broadcast_to(np.where(anoxic, 0.0, np.maximum(tension, 0.0)), shape).copy()


def krogh_reach_um(
    *,
    capillary_radius_um: ArrayLike,
    capillary_mmHg: ArrayLike,
    consumption_mmHg_s: ArrayLike,
    diffusion_um2_s: ArrayLike,
) -> FloatArray:
    """Return how far from the axis a lone capillary supplies tissue, µm.

    The R of p_c = a [2 R² ln(R/R_c) − R² + R_c²] / (4D). Arguments as in `vessel_tension_mmHg`.
    """
    inner = positive("capillary_radius_um", capillary_radius_um)
    wall = not_negative("capillary_mmHg", capillary_mmHg)
    slope = positive("consumption_mmHg_s", consumption_mmHg_s) / positive(
        "diffusion_um2_s", diffusion_um2_s
    )
    broadcastable("radius and tissue", inner, wall, slope)
    return _krogh_reach(inner, np.full((), np.inf), wall, slope)


def diffusion_limit_um(
    *, surface_mmHg: ArrayLike, consumption_mmHg_s: ArrayLike, diffusion_um2_s: ArrayLike
) -> FloatArray:
    """Return the radius of the largest sphere that oxygen from outside fills, √(6 D p₀/a), µm.

    >>> limit = diffusion_limit_um(
    ...     surface_mmHg=100.0, consumption_mmHg_s=22.1, diffusion_um2_s=2000.0)
    >>> round(float(limit))
    233
    """
    surface = not_negative("surface_mmHg", surface_mmHg)
    use = positive("consumption_mmHg_s", consumption_mmHg_s)
    diffusion = positive("diffusion_um2_s", diffusion_um2_s)
    broadcastable("tension, consumption and diffusion", surface, use, diffusion)
    return np.sqrt(6.0 * diffusion * surface / use)


def anoxic_radius_um(spheroid_radius_um: ArrayLike, *, diffusion_limit_um: ArrayLike) -> FloatArray:
    """Return the radius r_n of the core without oxygen, 0 where there is none, µm.

    Solves r_l² = (r_o − r_n)² (1 + 2 r_n/r_o), which has the closed form
    r_n = r_o (½ − sin(⅓ arcsin(2 r_l²/r_o² − 1))).

    Args:
        spheroid_radius_um: r_o > 0, µm.
        diffusion_limit_um: r_l ≥ 0, from `diffusion_limit_um`, µm.
    """
    outer = positive("spheroid_radius_um", spheroid_radius_um)
    limit = not_negative("diffusion_limit_um", diffusion_limit_um)
    broadcastable("radius and limit", outer, limit)
    share = np.minimum((limit / outer) ** 2, 1.0)
    core = 0.5 - np.sin(np.arcsin(2.0 * share - 1.0) / 3.0)
    return outer * np.where(share < 1.0, np.maximum(core, 0.0), 0.0)


def spheroid_tension_mmHg(
    radius_um: ArrayLike,
    *,
    spheroid_radius_um: ArrayLike,
    surface_mmHg: ArrayLike,
    consumption_mmHg_s: ArrayLike,
    diffusion_um2_s: ArrayLike,
) -> FloatArray:
    """Return the tension at a radius in a spheroid, mmHg.

    p(r) = p₀ + a/(6D) (r² − r_o² + 2 r_n³ (1/r − 1/r_o)), 0 within the anoxic core r_n.

    Args:
        radius_um: r ≥ 0 from the centre, shape (…); beyond r_o counts as at r_o, µm.
        spheroid_radius_um: r_o > 0, µm.
        surface_mmHg: p₀ ≥ 0 at its surface, mmHg.
        consumption_mmHg_s, diffusion_um2_s: a > 0 and D > 0.

    Source: Grimes et al. 2014.
    """
    outer = positive("spheroid_radius_um", spheroid_radius_um)
    limit = diffusion_limit_um(
        surface_mmHg=surface_mmHg,
        consumption_mmHg_s=consumption_mmHg_s,
        diffusion_um2_s=diffusion_um2_s,
    )
    core = anoxic_radius_um(outer, diffusion_limit_um=limit)
    r = np.clip(not_negative("radius_um", radius_um), core, outer)
    broadcastable("radius and spheroid", r, outer, limit)
    safe = np.where(r > 0.0, r, 1.0)
    back = np.where(core > 0.0, 2.0 * core**3 * (1.0 / safe - 1.0 / outer), 0.0)
    lost = (outer**2 - r**2 - back) * np.asarray(consumption_mmHg_s) / 6.0
    tension = np.asarray(surface_mmHg) - lost / np.asarray(diffusion_um2_s)
    return np.where(r > core, np.maximum(tension, 0.0), np.where(core > 0.0, 0.0, tension))


def exponential_tension_mmHg(
    distance_um: ArrayLike, *, capillary_mmHg: ArrayLike, length_um: ArrayLike
) -> FloatArray:
    """Return p_c e^(−x/L), mmHg: consumption in proportion to the tension, a plane vessel wall.

    For tissues of which no more is known than a length; L = √(D p_c/a) gives the same slope at
    the wall as constant consumption does on a length L.
    """
    x = not_negative("distance_um", distance_um)
    wall = not_negative("capillary_mmHg", capillary_mmHg)
    length = positive("length_um", length_um)
    broadcastable("distance, tension and length", x, wall, length)
    return wall * np.exp(-x / length)


def oer_max_of_let(
    let_keV_um: ArrayLike, *, low_let_oer: float | None = None, model: LetModel = "measured"
) -> FloatArray:
    """Return the OER between full and no oxygen by LET, from `low_let_oer` down to 1.

    Args:
        let_keV_um: dose-mean LET in the cell ≥ 0, shape (…), keV/µm.
        low_let_oer: m at LET 0; None for the shipped one of the model.
        model: "measured" is linear between the ratios of Barendsen et al. 1966 (2.7 X rays; 2.6,
            2.05 and 1.0 at 5.6, 61 and 165 keV/µm; T1 kidney cells); "scifoni" is
            (m a + L^γ)/(a + L^γ), Scifoni et al., Phys Med Biol 58:3871 (2013), constants not
            verified. The excess over 1 is scaled where `low_let_oer` is given.

    Raises:
        InputError: LET below 0, OER below 1, an unknown model.

    >>> oer_max_of_let([0.0, 61.0, 200.0]).tolist()
    [2.7, 2.05, 1.0]
    """
    let = not_negative("let_keV_um", let_keV_um)
    if model == "measured":
        at, oer = _measured_oer()
        shape = (np.interp(let, at, oer) - 1.0) / (oer[0] - 1.0)
        shipped = float(oer[0])
    elif model == "scifoni":
        subject = "oer of LET, scifoni"
        a, gamma = cell_value(subject, "a"), cell_value(subject, "gamma")
        shape = a / (a + let**gamma)
        shipped = cell_value(subject, "oer_max")
    else:
        raise InputError(f"model {model!r} is not known; 'measured' or 'scifoni'")
    most = shipped if low_let_oer is None else low_let_oer
    if not most >= 1.0:
        raise InputError(f"low_let_oer is {most:g}; it must be 1 or more")
    return 1.0 + (most - 1.0) * shape


def oer_dose_factor(
    tension_mmHg: ArrayLike,
    *,
    oer_max: ArrayLike,
    half_mmHg: ArrayLike,
    reference_mmHg: ArrayLike = np.inf,
) -> FloatArray:
    """Return how many times the dose a cell at this tension needs, OER(p)/OER(p_ref).

    OER(p) = m (p + K)/(m p + K): m without oxygen, 1 with enough.

    Args:
        tension_mmHg: p ≥ 0, shape (…), mmHg.
        oer_max: m ≥ 1, from `oer_max_of_let`.
        half_mmHg: K > 0, mmHg.
        reference_mmHg: tension at which α and β were measured, above 0; infinity for full
            oxygenation (air in a dish). Above that tension the factor stays 1.

    Raises:
        InputError: a value out of range.

    >>> round(float(oer_dose_factor(3.0, oer_max=3.0, half_mmHg=3.0)), 12)
    1.5
    """
    p = not_negative("tension_mmHg", tension_mmHg)
    m, k = positive("oer_max", oer_max), positive("half_mmHg", half_mmHg)
    reference = positive_or_infinite("reference_mmHg", reference_mmHg)
    if m.size and m.min() < 1.0:
        raise InputError(f"oer_max holds {m.min():g}; it must be 1 or more")
    broadcastable("tension, OER, K and reference", p, m, k, reference)
    at = np.where(np.isfinite(reference), reference, 1.0)
    of_reference = np.where(np.isfinite(reference), m * (at + k) / (m * at + k), 1.0)
    return np.maximum(m * (p + k) / (m * p + k) / of_reference, 1.0)


@cache
def _measured_oer() -> tuple[FloatArray, FloatArray]:
    points = sorted(
        (float(f.quantity.removeprefix(_OER_AT).removesuffix("_keV_um")), f.require())
        for f in cell_findings()
        if f.subject == "oer of LET" and f.quantity.startswith(_OER_AT)
    )
    return np.array([p[0] for p in points]), np.array([p[1] for p in points])


def _krogh_reach(
    inner: FloatArray, outer: FloatArray, wall: FloatArray, slope: FloatArray
) -> FloatArray:
    """Return the R at which p and its slope vanish, by bisection of ln(R/R_c); at most `outer`."""
    with np.errstate(divide="ignore"):
        wanted = 4.0 * wall / (slope * inner**2)

    def lost(u: FloatArray) -> FloatArray:
        # 2 R² ln R − R² + 1 in units of R_c, without cancellation near R = R_c.
        return 2.0 * u * np.exp(2.0 * u) - np.expm1(2.0 * u)

    # lost ≥ u² e^(2u)…: at u = 1 + ½ ln(1 + wanted) it exceeds what is wanted.
    finite_wanted = np.where(np.isfinite(wanted), wanted, 0.0)
    high = 1.0 + 0.5 * np.log1p(finite_wanted)
    low = np.zeros(high.shape)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        short = lost(middle) < finite_wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    reach = inner * np.exp(0.5 * (low + high))
    return np.minimum(np.where(np.isfinite(wanted), reach, np.inf), outer)
