"""What a plan from images of the companion nuclide rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.design.screen_companion import companion
from ligandose.design.screen_settings import number_of
from ligandose.nuclides import nuclide

Floats = NDArray[np.float64]


def decays_after_imaging(
    course: Course, label: str, regions: Sequence[str]
) -> dict[str, float | None]:
    """Return which share of a cycle's decays lies after the companion has faded, by region.

    What is planned from images is extrapolated for that share. Medians over patients; None where
    a region holds no activity; empty where the nuclide has no companion.

    Args:
        course: simulated; its first cycle counts.
        label: what holds the nuclide.
        regions: names; those that the course does not have are left out.
    """
    found = companion(course.agent.nuclide, label)
    if found is None:
        return {}
    seen_s = number_of("companion", "imaged_half_lives") * nuclide(found.nuclide).half_life_s
    end_s = float(course.cycles[1].start_s) if len(course.cycles) > 1 else math.inf
    time = course.time_s[course.time_s <= end_s]
    shares: dict[str, float | None] = {}
    for region in dict.fromkeys(r for r in regions if r in course.regions):
        curve = course.activity_all_Bq[:, : time.size, course.regions.index(region)]
        share = share_after(time, curve, seen_s)
        known = share[np.isfinite(share)]
        shares[region] = float(np.median(known)) if known.size else None
    return shares


def share_after(time_s: Floats, activity_Bq: Floats, from_s: float) -> Floats:
    """Return (P,) which share of the integral of (P, t) activity lies after a time.

    Trapezoids between the samples, with one more at the time itself; NaN without activity.
    """
    middle = min(from_s, float(time_s[-1]))
    fine: Floats = np.unique(np.append(time_s, middle))
    curves = np.empty((activity_Bq.shape[0], fine.size))
    for row, one in enumerate(activity_Bq):
        curves[row] = np.interp(fine, time_s, one)
    step = 0.5 * (curves[:, 1:] + curves[:, :-1]) * np.diff(fine)
    with np.errstate(invalid="ignore", divide="ignore"):
        return step[:, fine[:-1] >= from_s].sum(axis=1) / step.sum(axis=1)
