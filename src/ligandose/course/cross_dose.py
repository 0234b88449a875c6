"""How much of a region's dose comes from activity elsewhere, and from where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.course.absorbed import WHOLE_BODY
from ligandose.course.results import Course

Floats = NDArray[np.float64]

MOST_SOURCES = 5
SMALLEST_SHARE = 0.01
"""Sources that give less of a region's dose are not listed."""


@dataclass(frozen=True)
class CrossDose:
    """Dose of a course by where it comes from.

    Attributes:
        regions: along the axes.
        share: (patients, regions) part of each patient's dose that activity elsewhere gives; NaN
            without dose, for patients who could not be solved, and for the whole body, to which
            all activity belongs.
        by_source: (targets, sources) part of the mean dose of a target that a source gives.
    """

    regions: tuple[str, ...]
    share: Floats
    by_source: Floats

    def of(self, region: str) -> Floats:
        """Return (patients,) shares of a region."""
        return self.share[:, self.regions.index(region)]

    def largest(self, region: str) -> list[tuple[str, float]]:
        """Return the other regions that give most of a region's dose, with their shares."""
        target = self.regions.index(region)
        row = self.by_source[target]
        order: list[int] = np.argsort(-row).tolist()
        found = [(self.regions[i], float(row[i])) for i in order if i != target]
        return [each for each in found if each[1] >= SMALLEST_SHARE][:MOST_SOURCES]


def cross_dose(course: Course) -> CrossDose:
    """Return how much of each region's dose over a course is cross-dose, and from where."""
    solved = ~course.failed
    regions = course.regions
    own = np.zeros((course.patients, len(regions)))
    by_source = np.zeros((len(regions), len(regions)))
    for cycle in course.cycles if np.any(solved) else ():
        tia = np.maximum(cycle.dose.tia_Bq_s[solved], 0.0)
        mass, body = cycle.masses.mass_kg[solved], cycle.masses.body_kg[solved]
        self_Gy, _ = course.s_values.self_and_cross_dose_Gy(tia, mass_kg=mass, body_mass_kg=body)
        own[solved] += self_Gy.sum(axis=-1)
        by_source += course.s_values.mean_dose_by_source_Gy(tia, mass_kg=mass, body_mass_kg=body)
    total = course.dose_per_cycle_Gy.sum(axis=(1, 3))
    share = 1.0 - _part(own, total)
    share[:, regions.index(WHOLE_BODY)] = np.nan
    return CrossDose(regions, share, _part(by_source, by_source.sum(axis=1, keepdims=True)))


def _part(part: Floats, whole: Floats) -> Floats:
    """Return part over whole, NaN where there is no whole."""
    known = np.isfinite(whole) & (whole > 0.0)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=known)
