"""A posterior in numbers: parameters, what the data identify, and whether they fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc  # pyright: ignore[reportMissingTypeStubs]

from ligandose.agents import agent as catalogue_agent
from ligandose.course import Course
from ligandose.course.summary import distribution
from ligandose.evidence import Finding
from ligandose.evidence.units import to_internal
from ligandose.plan.individual_model import Posterior
from ligandose.plan.individual_prior import HOST, SEPARATOR, STRUCTURE

Floats = NDArray[np.float64]

IDENTIFIED = 0.5
"""A parameter is identified if its sd is below this part of the prior's …"""
TOUCHED = 0.9
"""… and touched by the data below this one; else it is what the population says."""
TAIL = 0.05
SHIFT = 0.5
RATIO = (0.7, 1.4)
DIRECTIONS_SHOWN = 5
PARTS_SHOWN = 4


def parameters_document(posterior: Posterior) -> list[dict[str, Any]]:
    """Return every value that the kept scores move, best identified first.

    `sd_ratio` is the posterior sd of the value's logarithm over that of the prior.
    """
    individual = posterior.individual
    prior = individual.prior
    moved = np.flatnonzero(np.abs(prior.loading).sum(axis=1) > 0.0)
    before = prior.sd_log()
    after = prior.log_values(posterior.draws.score)
    rows: list[dict[str, Any]] = []
    for i in moved:
        owner, _, key = prior.keys[i].partition(SEPARATOR)
        finding = _finding(posterior, owner, key)
        unit = "1" if finding is None else finding.unit
        factor = to_internal(1.0, unit, where=key) if finding is not None else 1.0
        ratio = float(np.std(after[:, i], ddof=1) / before[i])
        typical = float(np.exp(prior.log_typical[i])) / factor
        rows.append(
            {
                "parameter": key,
                "of": owner,
                "unit": unit,
                "prior": {"median": typical, "gsd": float(np.exp(before[i]))},
                "posterior": distribution(np.exp(after[:, i]) / factor),
                "sd_ratio": ratio,
                "identified": _word(ratio),
            }
        )
    return sorted(rows, key=lambda row: row["sd_ratio"])


def _word(ratio: float) -> str:
    if ratio < IDENTIFIED:
        return "yes"
    return "partly" if ratio < TOUCHED else "no"


def _finding(posterior: Posterior, owner: str, key: str) -> Finding | None:
    if owner == STRUCTURE:
        return None
    if owner == HOST:
        return posterior.individual.host.findings[key]
    if owner == posterior.individual.agent.name:
        return posterior.individual.agent.findings[key]
    return catalogue_agent(owner).findings[key]


def directions_document(posterior: Posterior) -> list[dict[str, Any]]:
    """Return the directions that the data determine best: combinations of scores."""
    normal, names = posterior.laplace, posterior.individual.prior.names
    rows: list[dict[str, Any]] = []
    for singular, direction in zip(
        normal.singular[:DIRECTIONS_SHOWN], normal.directions, strict=False
    ):
        order = np.argsort(-np.abs(direction))[:PARTS_SHOWN]
        sign = np.sign(direction[order[0]])
        rows.append(
            {
                "sd_ratio": float(1.0 / np.sqrt(1.0 + singular**2)),
                "parts": [{"score": names[j], "weight": float(sign * direction[j])} for j in order],
            }
        )
    return rows


def agreement_document(posterior: Posterior) -> dict[str, Any] | None:
    """Return how the sampled posterior differs from its Laplace approximation; None if not sampled.

    Along each direction in which the data speak: how far the mean of the draws lies from the
    mode, in posterior sd, and the sd of the draws over that of the approximation. The largest
    shift and the smallest and largest ratio are told; both agree where none is beyond `SHIFT`
    and `RATIO`, which leaves room for the scatter of a hundred independent draws.
    """
    normal, draws = posterior.laplace, posterior.draws
    if draws.method == "laplace" or normal.singular.size == 0:
        return None
    width = 1.0 / np.sqrt(1.0 + normal.singular**2)
    along = ((draws.score - normal.mode) @ normal.directions.T) / width
    shift = float(np.max(np.abs(along.mean(axis=0))))
    ratio = along.std(axis=0, ddof=1)
    low, high = float(ratio.min()), float(ratio.max())
    return {
        "largest_shift_sd": shift,
        "sd_ratio": [low, high],
        "agrees": shift < SHIFT and RATIO[0] < low and high < RATIO[1],
    }


def checks_document(posterior: Posterior, *, seed: int = 1) -> dict[str, Any]:
    """Return posterior predictive checks.

    For each datum: what the posterior predicts of a repeated measurement, and which share of it
    lies below what was measured. For all: the probability that a repeated set of data would miss
    the model by more (Gelman, Meng, Stern 1996, Statistica Sinica 6), below 0.05 where the model
    does not explain the patient.
    """
    individual = posterior.individual
    y, sd, predicted = individual.y, individual.sd, posterior.draws.predicted
    if y.size == 0:
        return {"p_value": None, "data": []}
    noise = np.random.default_rng([seed, 10]).standard_normal(predicted.shape) * sd
    repeated = predicted + noise
    miss = (((predicted - y) / sd) ** 2).sum(axis=1)
    more: Floats = np.asarray(gammaincc(0.5 * y.size, 0.5 * miss), dtype=np.float64)
    p_value = float(np.mean(more))
    below = np.mean(np.less(repeated, y), axis=0)
    rows: list[dict[str, Any]] = [
        {
            "datum": label,
            "measured": float(np.exp(y[i])),
            "predicted": distribution(np.exp(repeated[:, i])),
            "share_below": float(below[i]),
        }
        for i, label in enumerate(individual.labels)
    ]
    outside = int(np.sum((below < TAIL) | (below > 1.0 - TAIL)))
    return {"p_value": p_value, "data": rows, "outside_90_percent": outside}


def doses_document(course: Course) -> list[dict[str, Any]]:
    """Return dose and BED of every region of the draws, with intervals."""
    rows: list[dict[str, Any]] = []
    for region in course.shown_regions:
        dose = course.dose_per_cycle_Gy[:, :, course.regions.index(region)].sum(axis=-1)
        total = dose.sum(axis=1)
        rows.append(
            {
                "region": region,
                "kind": "lesion" if region in course.host.lesions else "organ",
                "dose_Gy": {
                    **distribution(total),
                    "per_cycle": [distribution(dose[:, k]) for k in range(dose.shape[1])],
                },
                "dose_per_activity_Gy_per_GBq": distribution(
                    total / (course.regimen.total_activity_Bq / 1e9)
                ),
                "bed_Gy": distribution(course.of(course.bed_per_cycle_Gy, region).sum(axis=1)),
            }
        )
    return rows
