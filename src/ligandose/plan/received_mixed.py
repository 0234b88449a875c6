"""A population of curves and what it says of a patient with few points (mixed effects).

ln parameters of a curve of docs/tac.md are θ = μ + L ζ, ζ standard normal, Ω = L Lᵀ; ln activities
(of a unit administered) are ln A(t; θ) + σ ε. From a table of many patients μ, Ω and σ follow by
expectation-maximisation with the Laplace approximation of each patient (references in
`population_fit`, here with the full covariance); for one patient the most probable ζ and its normal
distribution are those of `map_laplace`. An integral carries the uncertainty of ζ (delta method).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ligandose.course.schema import Part, checked
from ligandose.course.study_yaml import read_study_text
from ligandose.errors import InputError, SolverError, UnknownNameError
from ligandose.kinetics import TAC_MODELS, TacModel, fit_tac, read_sheet, tac_model
from ligandose.kinetics.tac_sheet import ACTIVITY_UNITS
from ligandose.kinetics.tac_table import OPTIONAL, REQUIRED, points_of
from ligandose.plan.individual_fit import Laplace, map_laplace

Floats = NDArray[np.float64]
CURVES = ("mono", "uptake", "bi", "uptake_bi")
"""Tried where none is named."""
LEAST_PATIENTS = 5
MOST_POINTS = 4
"""So many points of a patient are enough for any curve: the group has the others' parameters."""
MOST_ROUNDS, TRIED_ROUNDS, SETTLED = 60, 6, 5e-3
STEPS_FROM_MONO = (1.0, 4.0, 16.0)
"""Second rates that are tried, as increments over that of a mono-exponential."""
START_SPREAD, START_ERROR = 0.4, 0.1
LEAST_VARIANCE, LEAST_ERROR = 1e-4, 5e-3
STEP = 1e-3
COLUMNS = ("patient", "administered", "administered_unit")
TEXT_ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, eq=False)
class CurvePrior:
    """A population of curves of one region.

    Attributes:
        curve: its form.
        log_typical: (p,) μ, of the curve of 1 Bq administered.
        covariance: (p, p) Ω.
        error: σ, of the logarithm of a point.
        patients: from how many; 0 where a file does not say.
        aicc: by curve that was tried, relative to the best.
    """

    curve: TacModel
    log_typical: Floats
    covariance: Floats
    error: float
    patients: int
    aicc: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """Return plain values, as a prior file holds them."""
        return {
            "curve": self.curve.name,
            "log_typical": self.log_typical.tolist(),
            "covariance": self.covariance.tolist(),
            "error": self.error,
            "patients": self.patients,
        }

    def theta(self, zeta: Floats) -> Floats:
        """Return (n, p) ln parameters of (n, p) scores."""
        return self.log_typical + zeta @ np.linalg.cholesky(self.covariance).T

    def estimate(
        self, time_s: Floats, share: Floats, log_sd: Floats, *, decay_per_s: float
    ) -> tuple[Floats, float, float]:
        """Return the (p,) most probable ln parameters, the log-sd of the integral, and χ².

        χ² of the points and the scores together at their most probable values; in patients of the
        population it has as many degrees of freedom as there are points.

        Args:
            time_s, share: (n,) points, activity over the administered one.
            log_sd: (n,) of the points' logarithms.
            decay_per_s: physical decay constant.
        """
        normal = _patient(self, time_s, np.log(share), log_sd, decay_per_s)
        at = normal.mode

        def log_integral(zeta: Floats) -> float:
            return float(np.log(self.curve.integral(self.theta(zeta[None])[0], decay_per_s)))

        slope = [(log_integral(at + STEP * e) - log_integral(at - STEP * e)) / (2.0 * STEP)
                 for e in np.eye(at.size)]  # fmt: skip
        root = normal.root_times(np.array(slope)[None])[0]  # C^½ is symmetric
        return self.theta(at[None])[0], float(np.linalg.norm(root)), 2.0 * normal.potential


def _patient(
    prior: CurvePrior,
    time_s: Floats,
    y: Floats,
    sd: Floats,
    decay: float,
    start: Floats | None = None,
) -> Laplace:
    root = np.linalg.cholesky(prior.covariance).T

    def predict(zeta: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            return np.log(_activity(prior.curve, prior.log_typical + zeta @ root, time_s, decay))

    return map_laplace(predict, y, sd, scores=prior.log_typical.size, start=start)


def _activity(model: TacModel, theta: Floats, time_s: Floats, decay: float) -> Floats:
    """Return (n, times) of (n, p) ln parameters: `TacModel.activity` for rows at once."""
    amplitude, steps = np.exp(theta[:, : model.phases]), np.exp(theta[:, model.phases :])
    if model.slowest_is_decay:
        steps = np.concatenate((np.zeros((theta.shape[0], 1)), steps), axis=1)
    rate = np.cumsum(steps, axis=1) + decay
    if model.uptake:
        amplitude = np.concatenate((amplitude, -amplitude.sum(axis=1, keepdims=True)), axis=1)
    return np.einsum("nk,nkt->nt", amplitude, np.exp(-rate[:, :, None] * time_s))


Points = tuple[Floats, Floats]
"""Times (s), and activity over the administered one."""


def fit_curve_prior(
    patients: Sequence[Points], *, decay_per_s: float, curve: str | None = None, where: str
) -> CurvePrior:
    """Return the population that makes the points of many patients most likely.

    Args:
        patients: times and activity over the administered one of each.
        decay_per_s: physical decay constant.
        curve: a curve of docs/tac.md; default the best of CURVES by AICc.
        where: how messages name the table.

    Raises:
        InputError: fewer than LEAST_PATIENTS with as many points as the curve has parameters.
        SolverError: no curve could be fitted.
    """
    names = CURVES if curve is None else (curve,)
    found: dict[str, tuple[float, CurvePrior]] = {}
    for name in names:
        model = tac_model(name)
        enough = [p for p in patients if p[0].size >= min(model.parameters, MOST_POINTS)]
        if len(enough) < LEAST_PATIENTS:
            continue
        found[name] = _fitted(patients, _starts(enough, model, decay_per_s, where), decay_per_s)
    if not found:
        raise InputError(
            f"{where}: {len(patients)} patients; a population needs {LEAST_PATIENTS} or more with "
            f"{min(min(tac_model(n).parameters, MOST_POINTS) for n in names)} points or more"
        )
    best = min(found, key=lambda name: found[name][0])
    if not np.isfinite(found[best][0]):
        best = min(found, key=lambda name: tac_model(name).parameters)
    aicc = {n: v - found[best][0] for n, (v, _) in found.items() if np.isfinite(v)}
    prior = found[best][1]
    return CurvePrior(
        prior.curve, prior.log_typical, prior.covariance, prior.error, prior.patients, aicc
    )


def _starts(
    patients: Sequence[Points], model: TacModel, decay: float, where: str
) -> list[CurvePrior]:
    """Return where a fit may begin: the median of the patients' own fits, and steps from mono.

    Own fits of as many parameters as points lie at the borders of what can be; from there the fit
    would not find the population. So mono-exponentials with an uptake, or split in two, are tried.
    """
    size = model.parameters
    rows: list[Floats] = []
    if any(p[0].size >= size for p in patients):
        rows.append(_median(patients, model, decay, where))
    if model.name in CURVES[1:]:
        amplitude, rate = _median(patients, tac_model("mono"), decay, where)
        half, slow = amplitude + np.log(0.5), rate + np.log(0.6)
        for step in STEPS_FROM_MONO:
            fast = rate + np.log(step)
            rows.append(
                {
                    "uptake": np.array([amplitude, rate, fast]),
                    "bi": np.array([half, half, slow, fast]),
                    "uptake_bi": np.array([half, half, slow, fast, fast + np.log(4.0)]),
                }[model.name]
            )
    spread = START_SPREAD**2 * np.eye(size)
    return [CurvePrior(model, row, spread, START_ERROR, 0, {}) for row in rows]


def _median(patients: Sequence[Points], model: TacModel, decay: float, where: str) -> Floats:
    rows: list[Floats] = []
    for time, share in patients:
        if time.size < model.parameters:
            continue
        try:
            fit = fit_tac(time, share, decay_per_s=decay, models=[model.name], where=where)
        except SolverError:
            continue
        rows.append(fit.theta)
    if not rows:
        raise SolverError(f"{where}: the curve {model.name} could be fitted to no patient")
    return np.asarray(np.median(rows, axis=0), np.float64)


def _fitted(
    patients: Sequence[Points], starts: Sequence[CurvePrior], decay: float
) -> tuple[float, CurvePrior]:
    """Return AICc and population after expectation-maximisation from the best of the starts."""
    data = sum(p[0].size for p in patients)
    tried = [_after(patients, start, decay, data, TRIED_ROUNDS) for start in starts]
    likelihoods = [minus2 for minus2, _ in tried]
    best = tried[int(np.argmin(likelihoods))][1]
    minus2, prior = _after(patients, best, decay, data, MOST_ROUNDS)
    size = prior.log_typical.size
    free = size + size * (size + 1) // 2 + 1
    left = data - free - 1
    return (minus2 + 2.0 * free * data / left if left > 0 else np.inf), prior


def _after(
    patients: Sequence[Points], prior: CurvePrior, decay: float, data: int, rounds: int
) -> tuple[float, CurvePrior]:
    """Return −2 ln likelihood (Laplace) and population after so many rounds, or once settled."""
    found = _all(patients, prior, decay, None)
    for _ in range(rounds):
        new = _maximised(patients, found, prior, data)
        spread = np.sqrt(np.diag(prior.covariance))
        change = max(
            float(np.max(np.abs(new.log_typical - prior.log_typical) / spread)),
            float(np.max(np.abs(np.sqrt(np.diag(new.covariance)) / spread - 1.0))),
            abs(new.error / prior.error - 1.0),
        )
        prior = new
        found = _all(patients, prior, decay, [n.mode for n in found])
        if change < SETTLED:
            break
    minus2 = sum(
        2.0 * n.potential + float(np.log1p(n.singular**2).sum())
        + p[0].size * float(np.log(2.0 * np.pi * prior.error**2))
        for n, p in zip(found, patients, strict=True)
    )  # fmt: skip
    return minus2, prior


def _all(
    patients: Sequence[Points], prior: CurvePrior, decay: float, starts: Sequence[Floats] | None
) -> list[Laplace]:
    begun = starts or [None] * len(patients)
    return [
        _patient(prior, time, np.log(share), np.full(time.size, prior.error), decay, start)
        for (time, share), start in zip(patients, begun, strict=True)
    ]


def _maximised(
    patients: Sequence[Points], found: Sequence[Laplace], prior: CurvePrior, data: int
) -> CurvePrior:
    root = np.linalg.cholesky(prior.covariance)
    mean = np.mean([n.mode for n in found], axis=0)
    second = np.mean([np.outer(n.mode, n.mode) + _covariance(n) for n in found], axis=0)
    spread = root @ (second - np.outer(mean, mean)) @ root.T
    value, vector = np.linalg.eigh(0.5 * (spread + spread.T))
    covariance = (vector * np.maximum(value, LEAST_VARIANCE)) @ vector.T
    missed = sum(
        float(((np.log(share) - n.predicted) ** 2).sum())
        for n, (_, share) in zip(found, patients, strict=True)
    )
    moved = sum(float((n.singular**2 / (1.0 + n.singular**2)).sum()) for n in found)
    error = float(np.sqrt((missed + prior.error**2 * moved) / data))
    return CurvePrior(
        prior.curve, prior.log_typical + root @ mean, covariance, max(error, LEAST_ERROR),
        len(patients), {},
    )  # fmt: skip


def _covariance(normal: Laplace) -> Floats:
    gain = normal.singular**2 / (1.0 + normal.singular**2)
    return np.eye(normal.mode.size) - (normal.directions.T * gain) @ normal.directions


Finite = Annotated[float, Field(allow_inf_nan=False)]


class RegionPriorPart(Part):
    """The population of one region."""

    curve: str
    log_typical: list[Finite]
    covariance: list[list[Finite]]
    error: Annotated[float, Field(gt=0.0, le=1.0)]
    patients: int = 0


class PriorPart(Part):
    """A prior file."""

    nuclide: str
    regions: dict[str, RegionPriorPart]


def read_curve_prior(
    path: Path, region: str, *, nuclide_name: str, decay_per_s: float, curve: str | None = None,
    decay_corrected: bool | None = None,
) -> CurvePrior:  # fmt: skip
    """Return the population of a region from a file: a table of patients, or a prior as text.

    The table (csv, xlsx) has the columns of `read_tacs` with `patient`, `administered` and
    `administered_unit`; a prior (yaml, json) has `nuclide` and, by region, what
    `CurvePrior.document` returns.

    Raises:
        InputError: what is wrong, with file and field.
        UnknownNameError: a region that the file does not have.
    """
    if path.suffix.casefold() in TEXT_ENDINGS:
        return _prior_of_text(path, region, nuclide_name)
    rows = read_sheet(path, required=(*REQUIRED, *COLUMNS), optional=OPTIONAL)
    by_patient: dict[str, list[Any]] = {}
    for row in rows:
        if row.required("region") == region:
            by_patient.setdefault(row.required("patient"), []).append(row)
    if not by_patient:
        raise UnknownNameError(
            f"{path.name}: region", region, sorted({row.required("region") for row in rows})
        )
    patients: list[Points] = []
    for name, own in by_patient.items():
        given = {r.number("administered", above=True) * r.unit("administered_unit", ACTIVITY_UNITS)
                 for r in own}  # fmt: skip
        if len(given) > 1:
            raise own[0].error("administered", f"patient {name} has several", "give one of them")
        points = points_of(own, decay_per_s=decay_per_s, decay_corrected=decay_corrected)[0]
        patients.append((points.time_s, points.activity_Bq / given.pop()))
    return fit_curve_prior(
        patients, decay_per_s=decay_per_s, curve=curve, where=f"{path.name}, {region}"
    )


def _prior_of_text(path: Path, region: str, nuclide_name: str) -> CurvePrior:
    text = read_study_text(path)
    part = checked(text, PriorPart)
    if part.nuclide != nuclide_name:
        raise InputError(
            f"{text.place(('nuclide',))} is {part.nuclide}, the case has {nuclide_name}"
        )
    if region not in part.regions:
        raise UnknownNameError(f"{path.name}: region", region, part.regions)
    own, at = part.regions[region], ("regions", region)
    if own.curve not in {m.name for m in TAC_MODELS}:
        raise InputError(
            f"{text.place((*at, 'curve'))} {UnknownNameError('curve', own.curve, CURVES)}"
        )
    model = tac_model(own.curve)
    typical, matrix = np.array(own.log_typical), _matrix(own.covariance)
    size = model.parameters
    if typical.shape != (size,) or matrix is None or matrix.shape != (size, size):
        raise InputError(
            f"{text.place(at)} has {typical.size} values; curve {own.curve} has {size} parameters, "
            f"log_typical as many, covariance {size} by {size}"
        )
    if not (np.allclose(matrix, matrix.T) and np.linalg.eigvalsh(matrix).min() > 0.0):
        raise InputError(
            f"{text.place((*at, 'covariance'))} is not symmetric and positive definite"
        )
    return CurvePrior(model, typical, matrix, own.error, own.patients, {})


def _matrix(rows: list[list[float]]) -> Floats | None:
    return np.array(rows, np.float64) if len({len(r) for r in rows}) == 1 else None
