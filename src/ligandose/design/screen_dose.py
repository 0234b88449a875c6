"""Dose of a course per activity, and the activity at which the first organ reaches its limit.

At a fixed amount per cycle absorbed dose is proportional to activity, BED is not. With x the
factor by which the activity of every cycle is multiplied and the sum over cycles c,

    BED(x) = x Σ (D_low + RBE D_alpha) + x² Σ G D_low² / (α/β),

so the factor that brings an organ to its limit is the positive root of a quadratic. Absorbed
doses against a limit of absorbed dose count alphas with their clinical RBE, as limits of
deterministic effects are meant (Sgouros et al. 2010, MIRD pamphlet 22,
doi:10.2967/jnumed.108.058651); for agents without alphas that is the absorbed dose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.design.screen_settings import Limit
from ligandose.dose import RADIATIONS
from ligandose.effect import LimitQuantity

Floats = NDArray[np.float64]
ALPHA = RADIATIONS.index("alpha")


@dataclass(frozen=True)
class CourseDose:
    """Doses of a course at the activity that was simulated.

    Attributes:
        regions: names along the last axis.
        start_s: (C,) starts of the cycles.
        low_Gy, alpha_Gy: (P, C, R) absorbed dose of a cycle by electrons and photons, by alphas.
        protraction: (P, C, R) Lea-Catcheside factors of a cycle.
        half_time_s: (P, C, R) half-times with which dose is delivered.
        alpha_beta_Gy: (R,) α/β, NaN where none is known.
        rbe: clinical RBE of alphas.
        mass_kg: (P, R) masses before the first cycle.
        failed: (P,) True where the solver gave up.
    """

    regions: tuple[str, ...]
    start_s: Floats
    low_Gy: Floats
    alpha_Gy: Floats
    protraction: Floats
    half_time_s: Floats
    alpha_beta_Gy: Floats
    rbe: float
    mass_kg: Floats
    failed: NDArray[np.bool_]

    @property
    def linear_Gy(self) -> Floats:
        """(P, C, R) what grows with the activity: absorbed dose, alphas with their RBE."""
        return self.low_Gy + self.rbe * self.alpha_Gy

    @property
    def quadratic_Gy(self) -> Floats:
        """(P, C, R) what grows with its square: G D² / (α/β) of electrons and photons."""
        return self.protraction * self.low_Gy**2 / self.alpha_beta_Gy

    def absorbed_Gy(self, factor: Floats, region: str) -> Floats:
        """Return (…, P) absorbed dose of a region over the course at (…, P) factors."""
        column = self.regions.index(region)
        return factor * (self.low_Gy + self.alpha_Gy)[..., column].sum(axis=1)

    def bed_Gy(self, factor: Floats, region: str) -> Floats:
        """Return (…, P, C) BED of every cycle of a region at (…, P) factors of activity."""
        column = self.regions.index(region)
        x = factor[..., None]
        return x * self.linear_Gy[..., column] + x**2 * self.quadratic_Gy[..., column]

    def repeated(self, cycles: int, interval_s: float) -> CourseDose:
        """Return the course in which every cycle is like the first: lesions do not shrink."""

        def same(values: Floats) -> Floats:
            return np.repeat(values[:, :1], cycles, axis=1)

        return replace(
            self,
            start_s=np.arange(cycles) * interval_s,
            low_Gy=same(self.low_Gy),
            alpha_Gy=same(self.alpha_Gy),
            protraction=same(self.protraction),
            half_time_s=same(self.half_time_s),
        )


def course_dose(
    course: Course, regions: Sequence[str], *, lesion_alpha_beta_Gy: float
) -> CourseDose:
    """Return the doses of some regions of a course.

    Args:
        course: simulated.
        regions: names; those that the course does not have are left out.
        lesion_alpha_beta_Gy: α/β of the lesions.
    """
    kept = tuple(r for r in regions if r in course.regions)
    at = [course.regions.index(r) for r in kept]
    alpha_beta = course.biology.alpha_beta_Gy()[at]
    lesions = np.array([r in course.host.lesions for r in kept])
    dose = course.dose_per_cycle_Gy[:, :, at]
    return CourseDose(
        regions=kept,
        start_s=np.array([c.start_s for c in course.cycles]),
        low_Gy=dose.sum(axis=-1) - dose[..., ALPHA],
        alpha_Gy=dose[..., ALPHA],
        protraction=np.stack([c.effect.protraction[:, at] for c in course.cycles], axis=1),
        half_time_s=np.stack([c.effect.half_time_s[:, at] for c in course.cycles], axis=1),
        alpha_beta_Gy=np.where(lesions, lesion_alpha_beta_Gy, alpha_beta),
        rbe=float(course.biology.rbe_max),
        mass_kg=course.cycles[0].masses.mass_kg[:, at],
        failed=course.failed,
    )


def factors_at_limits(
    dose: CourseDose, limits: Sequence[Limit], *, fraction: float
) -> tuple[tuple[Limit, ...], Floats]:
    """Return the limits that the course can be held against and the factors that reach them.

    Args:
        dose: of a course.
        limits: of organs.
        fraction: part of each limit that may be reached, above 0.

    Returns:
        The limits of organs with doses (and, for BED and EQD2, an α/β), and (P, limits) factors
        of the activity; infinite where an organ gets nothing, NaN for patients without a result.
    """
    used: list[Limit] = []
    factors: list[Floats] = []
    for limit in limits:
        if limit.region not in dose.regions:
            continue
        column = dose.regions.index(limit.region)
        alpha_beta = float(dose.alpha_beta_Gy[column])
        wanted = fraction * limit.limit_Gy
        quadratic = np.zeros(dose.failed.size)
        if limit.quantity != LimitQuantity.ABSORBED_DOSE.value:
            if not np.isfinite(alpha_beta):
                continue
            quadratic = dose.quadratic_Gy[..., column].sum(axis=1)
            if limit.quantity == LimitQuantity.EQD2.value:
                wanted *= 1.0 + 2.0 / alpha_beta
        linear = dose.linear_Gy[..., column].sum(axis=1)
        used.append(limit)
        factors.append(_root(linear, quadratic, wanted))
    return tuple(used), np.stack(factors, axis=-1)


def _root(linear: Floats, quadratic: Floats, wanted: float) -> Floats:
    """Return x ≥ 0 with linear x + quadratic x² = wanted, without cancellation."""
    below = linear + np.sqrt(linear**2 + 4.0 * quadratic * wanted)
    with np.errstate(divide="ignore"):
        found = 2.0 * wanted / below
    return np.where(np.isnan(below), np.nan, found)
