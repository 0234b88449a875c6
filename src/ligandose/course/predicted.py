"""What a simulated course predicts of a published quantity, and how far both are apart."""

from __future__ import annotations

import numpy as np

from ligandose.course.results import Course
from ligandose.course.summary import distribution

LESION = "lesion"


def predicted_distribution(course: Course, region: str) -> dict[str, float] | None:
    """Return the dose per activity of a region (Gy/GBq), of all lesions for "lesion"."""
    per_GBq = course.regimen.total_activity_Bq / 1e9
    if region == LESION and course.host.lesions:
        doses = np.concatenate([course.dose_of(lesion) for lesion in course.host.lesions])
    elif region in course.regions:
        doses = course.dose_of(region)
    else:
        return None
    return distribution(doses / per_GBq)


def fold(a: float, b: float) -> float:
    """Return the larger of two positive numbers over the smaller."""
    return max(a / b, b / a)
