"""Who is treated: rules on the diagnostic PET, and what they select from a virtual population.

The rules are those of the VISION trial's kind (every lesion above the liver on PSMA PET) and of
the TheraP trial's kind (no disease that only FDG shows). FDG is no agent of the catalogue: what
it shows is an input, a lesion kind that is `discordant`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Course, Regimen, simulate
from ligandose.course.outcome import tumour_control
from ligandose.course.summary import distribution
from ligandose.errors import InputError
from ligandose.hosts import Host
from ligandose.plan.individual_data import PatientData

Floats = NDArray[np.float64]

LIVER = "liver"
SAME_TIME = 0.2
"""Measurements of a scan within this share of each other's time are of one picture."""


@dataclass(frozen=True)
class Uptake:
    """Uptake of the lesions of one scan over that of the liver.

    Attributes:
        given: name of the scan.
        day: when, after the first treatment.
        ratio: lesion over liver, by lesion kind.
    """

    given: str
    day: float
    ratio: Mapping[str, float]


def uptakes(data: PatientData, *, treatment: str) -> list[Uptake]:
    """Return lesion over liver of every diagnostic scan that has both, in order of time.

    Args:
        data: measurements; concentrations ("SUV" or "kBq_mL") count.
        treatment: agent of the treatment, whose own scans are not diagnostic.
    """
    found: list[Uptake] = []
    for scan in sorted(data.given, key=lambda g: g.time_s):
        if scan.agent == treatment:
            continue
        own = [
            a for a in data.activities
            if a.given == scan.name and a.quantity in ("SUV", "kBq_mL")
        ]  # fmt: skip
        ratio: dict[str, float] = {}
        for liver in (a for a in own if a.region == LIVER):
            for a in own:
                near = abs(a.time_s / liver.time_s - 1.0) <= SAME_TIME
                if a.region.startswith("lesion:") and near and a.quantity == liver.quantity:
                    ratio[a.region] = a.value / liver.value
        if ratio:
            found.append(Uptake(scan.name, scan.time_s / 86400.0, ratio))
    return found


def eligible(uptake: Uptake, *, threshold: float = 1.0, discordant: Sequence[str] = ()) -> bool:
    """Return whether every lesion is above the threshold times the liver, and none discordant."""
    return not discordant and all(value > threshold for value in uptake.ratio.values())


def target_loss(found: Sequence[Uptake], *, threshold: float) -> list[str]:
    """Return a sentence for each kind of lesion that the last scan shows below the threshold."""
    if not found:
        return []
    last = found[-1]
    return [
        f"{name}: uptake on {last.given} (day {last.day:g}) is {value:.2g} of the liver's, below "
        f"{threshold:g}: the target is lost or was never there; change the agent"
        for name, value in last.ratio.items()
        if value < threshold
    ]


def selection_document(
    imaging: Agent,
    treatment: Agent,
    host: Host,
    *,
    patients: int = 500,
    seed: int = 1,
    time_s: float = 3600.0,
    threshold: float = 1.0,
    regimen: Regimen | None = None,
) -> dict[str, Any]:
    """Return what a rule on the diagnostic PET selects from a virtual population.

    Args:
        imaging: diagnostic agent.
        treatment: agent of therapy; the same patients get both.
        host: with the disease.
        patients, seed: of the population.
        time_s: of the scan.
        threshold: every lesion must exceed this times the liver.
        regimen: of the treatment; default its typical use.

    Raises:
        InputError: an agent that does not image, a threshold not above 0.
    """
    if imaging.purpose != "imaging":
        raise InputError(f"agent {imaging.name} is for {imaging.purpose}; name one for imaging")
    if not threshold > 0.0:
        raise InputError(f"threshold {threshold:g} must be above 0")
    scan = simulate(imaging, host, patients=patients, seed=seed)
    ratio = _ratios(scan, time_s)
    above = np.all(ratio > threshold, axis=0)
    course = simulate(treatment, host, regimen, patients=patients, seed=seed)
    solved = ~course.failed & ~scan.failed
    control = tumour_control(course)
    groups = {"selected": above & solved, "rejected": ~above & solved}
    return {
        "imaging": imaging.name,
        "treatment": treatment.name,
        "rule": f"every lesion above {threshold:g} times the liver at {time_s / 3600.0:g} h",
        "patients": patients,
        "share_eligible": float(above[solved].sum() / max(int(solved.sum()), 1)),
        "lesion_over_liver": {
            name: distribution(ratio[i]) for i, name in enumerate(course.host.lesions)
        },
        "groups": {name: _group(course, control, who) for name, who in groups.items()},
    }


def _ratios(scan: Course, time_s: float) -> Floats:
    """Return (lesions, patients) concentration of each kind of lesion over the liver's."""

    def concentration(region: str) -> Floats:
        column = scan.regions.index(region)
        curve = scan.activity_all_Bq[:, :, column]
        k = int(np.clip(np.searchsorted(scan.time_s, time_s), 1, scan.time_s.size - 1))
        share = (time_s - scan.time_s[k - 1]) / (scan.time_s[k] - scan.time_s[k - 1])
        at = curve[:, k - 1] + share * (curve[:, k] - curve[:, k - 1])
        return at / scan.cycles[0].masses.mass_kg[:, column]

    return np.array([concentration(x) / concentration(LIVER) for x in scan.host.lesions])


def _group(course: Course, control: Any, who: NDArray[np.bool_]) -> dict[str, Any]:
    least = np.min([course.dose_of(x) for x in course.host.lesions], axis=0)
    return {
        "patients": int(who.sum()),
        "least_lesion_dose_Gy": distribution(least[who]),
        "lesion_dose_Gy": {x: distribution(course.dose_of(x)[who]) for x in course.host.lesions},
        "kidney_dose_Gy": distribution(course.dose_of("kidneys")[who]),
        "tumour_control": None if control is None else distribution(control.all_lesions[who]),
    }
