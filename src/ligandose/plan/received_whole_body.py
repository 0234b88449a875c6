"""Curves of a patient from few points and the shapes that the whole-body model gives a population.

With s_i(t) = ln(a_i(t)/T_i) the shapes of a region's curve in virtual patients (T the integral), a
patient's points obey ln y_j = ln T + s(t_j) + e_j. Of ln T nothing is assumed; s has the mean m and
the covariance K of the population, e the stated error and, in quadrature, what the model misses
from one time to the next (`plan_model.csv`). The best linear unbiased estimate is generalised least
squares, ln T = w (y − m), w = C⁻¹1 / 1ᵀC⁻¹1, C = K + var e, with variance 1 / 1ᵀC⁻¹1 (Rasmussen and
Williams 2006, Gaussian Processes for Machine Learning, section 2.7, for a flat prior of ln T), and
the expected shape follows the residuals: regularised by the population, whatever the number of
points. Patients differ in their parameters, and from draw to draw in what is unknown of typical
values.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import agent as agent_of
from ligandose.course import Course, Regimen, simulate
from ligandose.errors import InputError, LigandoseError, UnknownNameError
from ligandose.hosts import host as host_of
from ligandose.nuclides import nuclide
from ligandose.plan.individual_data import model_sd
from ligandose.plan.received_settings import ReceivedCase

Floats = NDArray[np.float64]
DRAWS, PATIENTS = 20, 20
"""Draws of typical values, and patients of each: 400 curves; their mean shape is known to a
twentieth of its spread."""
FIRST_SEED = 1000
LESION = "lesion:"
REST = "remainder"
HOUR_S = 3600.0


@dataclass(frozen=True, eq=False)
class Shapes:
    """Curves of a population over their own integrals.

    Attributes:
        time_s: (t,) rising.
        log_shape: (n, t) ln(activity / integral), 1/s.
        source: what was simulated, in words.
    """

    time_s: Floats
    log_shape: Floats
    source: str

    def at(self, time_s: Floats) -> Floats:
        """Return (n, times); exponential between the times, which keeps integrals to 4e-4."""
        if time_s.min() < self.time_s[0] or time_s.max() > self.time_s[-1]:
            raise InputError(
                f"points are at {time_s.min() / HOUR_S:.2g} to {time_s.max() / HOUR_S:.4g} h, the "
                f"whole-body model is followed from {self.time_s[0] / HOUR_S:.2g} to "
                f"{self.time_s[-1] / HOUR_S:.4g} h; leave the others out"
            )
        columns: list[Floats] = list(self.log_shape)
        rows: list[Floats] = [
            np.asarray(np.interp(time_s, self.time_s, row), np.float64) for row in columns
        ]
        return np.array(rows, np.float64)


@dataclass(frozen=True, eq=False)
class ShapeEstimate:
    """The integral of a patient's curve by the population's shapes.

    Attributes:
        tia_Bq_s: the estimate, a median.
        log_sd: of its logarithm.
        weight: (points,) of the points' logarithms; they add up to 1.
        log_activity: (t,) ln of the expected activity (Bq) on the grid of the shapes.
        chi2: of the points about the estimate; as many degrees of freedom as points, less one.
        ratio: (n,) estimate over truth for each curve of the population, measured without error.
    """

    tia_Bq_s: float
    log_sd: float
    weight: Floats
    log_activity: Floats
    chi2: float
    ratio: Floats


def shape_estimate(
    shapes: Shapes, time_s: Floats, activity_Bq: Floats, relative_sd: Floats
) -> ShapeEstimate:
    """Return the integral of a patient's curve.

    Args:
        shapes: of the population, at least two curves.
        time_s, activity_Bq: (points,).
        relative_sd: (points,) of the activities.
    """
    here = shapes.at(time_s)
    mean: Floats = here.mean(axis=0)
    apart: Floats = here - mean
    missed = model_sd("structure", "point") ** 2
    n = here.shape[0] - 1
    total = apart.T @ apart / n + np.diag(np.log1p(relative_sd**2) + missed)
    part: Floats = np.asarray(np.linalg.solve(total, np.ones(mean.size)), np.float64)
    precision = float(part.sum())
    weight = part / precision
    log_tia = float(weight @ (np.log(activity_Bq) - mean))
    residual = np.log(activity_Bq) - mean - log_tia
    grid: Floats = shapes.log_shape.mean(axis=0)
    cross: Floats = (shapes.log_shape - grid).T @ apart / n
    pulled: Floats = np.asarray(np.linalg.solve(total, residual), np.float64)
    expected: Floats = grid + cross @ pulled
    return ShapeEstimate(
        float(np.exp(log_tia)), float(np.sqrt(1.0 / precision)), weight,
        log_tia + expected, float(residual @ pulled), np.exp(apart @ weight),
    )  # fmt: skip


def population_shapes(
    received: ReceivedCase, region: str, *, like: str | None = None, outlined: Collection[str] = ()
) -> Shapes:
    """Return the shapes of a region's curve after the case's administration.

    A lesion has those of all lesions of the disease; the remainder is all that is not outlined.

    Args:
        received: names agent, host and disease.
        region: as the case names it.
        like: the model's region in its place.
        outlined: regions of the case.

    Raises:
        InputError: an agent of another nuclide, or one that cannot be simulated.
        UnknownNameError: a region that the model does not follow.
    """
    at = received.kinetics_path(region)
    case, patient = received.case, received.patient
    assert patient.disease is not None  # read_received asks for both
    agent = agent_of(case.agent)
    if nuclide(agent.nuclide).name != case.nuclide:
        raise received.error(
            ("agent",), f"{agent.name} carries {agent.nuclide}, the case has {case.nuclide}"
        )
    host = patient.host or "adult-male"
    try:
        courses = _courses(agent.name, host, patient.disease, case.administered_Bq)
    except LigandoseError as error:
        raise received.error(at, f"model whole_body: {error}") from error
    wanted = like or region
    columns = _columns(courses[0], wanted, outlined)
    if not columns:
        known = [r for r in courses[0].regions if np.isfinite(_held(courses[0], [r])).all()]
        raise received.error(at, f"{UnknownNameError('region', wanted, known)}; or like: REGION")
    rows = [row for group in columns for c in courses for row in _log_shapes(c, group)]
    source = f"{len(rows)} curves of {agent.name} in {host} with {patient.disease}"
    return Shapes(np.asarray(courses[0].time_s, np.float64), np.array(rows), source)


@lru_cache(maxsize=2)
def _courses(agent: str, host: str, disease: str, activity_Bq: float) -> tuple[Course, ...]:
    chosen = agent_of(agent)
    typical = Regimen.typical(chosen)
    first = typical.administrations[0]
    regimen = Regimen.cycles(
        1, activity_GBq=activity_Bq / 1e9, amount_nmol=first.amount_nmol,
        infusion_min=first.duration_s / 60.0, comedication=typical.comedication,
    )  # fmt: skip
    return tuple(
        simulate(
            chosen, host_of(host, disease=disease), regimen, patients=PATIENTS,
            seed=FIRST_SEED + draw, knowledge=draw, variability=True,
        )
        for draw in range(1, DRAWS + 1)
    )  # fmt: skip


def _columns(course: Course, region: str, outlined: Collection[str]) -> list[list[str]]:
    """Return groups of the model's regions; each group together is one kind of curve."""
    followed = [r for r in course.regions if not r.endswith(":others") and r != "whole_body"]
    if region == REST:
        lesions = any(name.startswith(LESION) for name in outlined)
        out = {*outlined, "whole_body", "urinary_bladder_contents"} - {REST}
        rest = [
            r for r in course.regions
            if r not in out and not (lesions and r.startswith(LESION))
        ]  # fmt: skip
        return [rest]
    if region in followed:
        return [[region]]
    if region.startswith(LESION):
        return [[r] for r in followed if r.startswith(LESION)]
    return []


def _held(course: Course, regions: list[str]) -> Floats:
    """Return (patients, t) activity of regions together, Bq."""
    at = [course.regions.index(r) for r in regions]
    return course.activity_all_Bq[~course.failed][:, :, at].sum(axis=2)


def _log_shapes(course: Course, regions: list[str]) -> Floats:
    at = [course.regions.index(r) for r in regions]
    tia = course.cycles[0].dose.tia_Bq_s[~course.failed][:, at, 0].sum(axis=1)
    held = _held(course, regions)
    good = np.isfinite(held).all(axis=1) & (held > 0.0).all(axis=1) & (tia > 0.0)
    return np.log(held[good]) - np.log(tia[good])[:, None]
