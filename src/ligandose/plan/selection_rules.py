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

from ligandose.agents import Agent, agents
from ligandose.agents import agent as catalogue_agent
from ligandose.course import Course, Regimen, simulate
from ligandose.course.outcome import tumour_control
from ligandose.course.summary import distribution
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import Host
from ligandose.plan.individual_course import PatientModel
from ligandose.plan.individual_data import PatientData
from ligandose.targets import canonical_name, indication_targets

Floats = NDArray[np.float64]

LIVER, KIDNEYS, CONTROL = "liver", "kidneys", "tumour control"
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
    discordant_share: float = 0.0,
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
        discordant_share: share of patients of whom one kind of lesion has no target and is seen
            by FDG alone; they are excluded, and counted with what that lesion would have got.
        regimen: of the treatment; default its typical use.

    Raises:
        InputError: an agent that does not image, a threshold not above 0, a share outside 0 to 1.
    """
    check_imaging(imaging)
    if not threshold > 0.0:
        raise InputError(f"threshold {threshold:g} must be above 0")
    if not 0.0 <= discordant_share < 1.0:
        raise InputError(f"discordant_share {discordant_share:g} is outside 0 to below 1")
    if not host.lesions:
        raise InputError(f"host {host.name}: has no lesions to select by; name a disease")
    scan = simulate(imaging, host, patients=patients, seed=seed)
    ratio = _ratios(scan, time_s)
    above = np.all(ratio > threshold, axis=0)
    course = simulate(treatment, host, regimen, patients=patients, seed=seed)
    result = _outcomes(course)
    solved = ~course.failed & ~scan.failed
    rng = np.random.default_rng([seed, 12])
    discordant = rng.random(patients) < discordant_share
    if discordant.any():
        lost = rng.integers(0, len(host.lesions), patients)
        _lose_target(result, course, np.flatnonzero(discordant), lost)
    groups = {
        "selected": above & ~discordant & solved,
        "rejected": (~above | discordant) & solved,
    }
    return {
        "imaging": imaging.name,
        "treatment": treatment.name,
        "rule": f"every lesion above {threshold:g} times the liver at {time_s / 3600.0:g} h"
        + (", none that only FDG shows" if discordant_share else ""),
        "patients": patients,
        "discordant_share": discordant_share,
        "share_eligible": float(groups["selected"].sum() / max(int(solved.sum()), 1)),
        "share_above_liver": float(above[solved].sum() / max(int(solved.sum()), 1)),
        "lesion_over_liver": {
            name: distribution(ratio[i]) for i, name in enumerate(course.host.lesions)
        },
        "groups": {name: _group(result, who) for name, who in groups.items()},
    }


def check_imaging(agent: Agent) -> None:
    """Check that an agent images.

    Raises:
        InputError: it does not.
    """
    if agent.purpose != "imaging":
        raise InputError(f"agent {agent.name} is for {agent.purpose}; name one for imaging")


def _outcomes(course: Course) -> dict[str, Floats]:
    """Return (patients,) doses of lesions and kidneys, and the control of all lesions."""
    result = {x: course.dose_of(x) for x in (*course.host.lesions, KIDNEYS)}
    control = tumour_control(course)
    if control is not None:
        result[CONTROL] = control.all_lesions
    return result


def _lose_target(
    result: dict[str, Floats], course: Course, rows: NDArray[np.intp], lost: NDArray[np.int64]
) -> None:
    """Put in the outcomes of patients of whom one kind of lesion has no target (in place)."""
    host = {k: np.array(v[rows]) for k, v in course.host_values.items()}
    for column, lesion in enumerate(course.host.lesions):
        for key in host:
            if key.startswith(f"{lesion}.") and key.endswith(".density") and key.count(".") == 2:
                host[key] = np.where(lost[rows] == column, 0.0, host[key])
    agent = {k: np.array(v[rows]) for k, v in course.agent_values.items()}
    model = PatientModel.of(course.agent, course.host, course.regimen)
    found = _outcomes(model.course({"host": host, course.agent.name: agent}, seed=course.seed))
    for name, values in found.items():
        result[name][rows] = values


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


def _group(result: Mapping[str, Floats], who: NDArray[np.bool_]) -> dict[str, Any]:
    lesions = [x for x in result if x not in (KIDNEYS, CONTROL)]
    if not who.any():
        return {"patients": 0}
    return {
        "patients": int(who.sum()),
        "least_lesion_dose_Gy": distribution(np.min([result[x][who] for x in lesions], axis=0)),
        "lesion_dose_Gy": {x: distribution(result[x][who]) for x in lesions},
        "kidney_dose_Gy": distribution(result[KIDNEYS][who]),
        "tumour_control": distribution(result[CONTROL][who]) if CONTROL in result else None,
    }


def other_targets(agent: Agent, disease: str | None) -> list[dict[str, Any]]:
    """Return what the disease may be treated by instead: its other targets, each with agents.

    Targets are those of `indication_targets.csv` in its order (established ones first); agents
    are those of therapy in the catalogue, none where the catalogue has none.
    """
    lost = _canonical(agent.target) if agent.target else ""
    carriers: dict[str, list[str]] = {}
    for name in agents():
        other = catalogue_agent(name)
        if other.target and other.purpose == "therapy":
            carriers.setdefault(_canonical(other.target), []).append(name)
    known = indication_targets().get(disease or "", ())
    return [
        {"target": target, "agents": carriers.get(target, [])} for target in known if target != lost
    ]


def _canonical(target: str) -> str:
    try:
        return canonical_name(target)
    except UnknownNameError:
        return target
