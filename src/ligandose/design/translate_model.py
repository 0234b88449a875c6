"""The model-based alternative: fit a vector's parameters to the animal, simulate the human.

The whole-body model is the same in both species; what differs is the host (masses, flows,
filtration, and densities as far as they are known for the species, else the human's). Few
parameters of the vector are fitted to uptake per gram, each as a factor of its catalogue value with
the prior that its geometric standard deviation is (maximum a posteriori, Gauss–Newton). The factors
are then carried to the human.

What it does not know: a receptor density or an affinity of the animal that differs from the
human's, unless the host's table has it. The prior keeps such a difference from being put into a
property of the molecule only within its spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.simulate import transported_by
from ligandose.design.translate_table import AnimalTable, translation_findings
from ligandose.errors import InputError
from ligandose.hosts import Host, draw_values, host, with_targets
from ligandose.kinetics import (
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    given_into,
    solve,
)

Floats = NDArray[np.float64]
SHARED = (
    "unbound_plasma", "permeability_factor", "hepatocyte_uptake", "sieving", "salvage",
    "catabolite_release",
)  # fmt: skip
AT_MOST_ONE = ("unbound_plasma", "sieving", "salvage")
LEAST_SPREAD = 1.05
"""Parameters that are known better than this geometric SD are not fitted."""
STEP = 0.02
ITERATIONS = 12
LONGEST_STEP = 1.0
"""No factor changes by more than e in one step."""
FAR = 3.0
SMALL = 1e-3
LEAST_AMOUNT_FRACTION = 1e-12
HALF_LIVES = 20.0
LONGEST_S = 60 * 86400.0


@dataclass(frozen=True)
class ModelFit:
    """Parameters fitted to an animal, and what they mean for a human.

    Attributes:
        factors: by parameter, of its catalogue value.
        factor_gsd: geometric standard deviation of each after the fit.
        rms_log_before, rms_log_after: root mean square of ln(model/measured) in the animal.
        residuals: (region, time in s, ln(model/measured)) after the fit.
        tiac_s: human coefficients by region with the fitted factors.
        catalogue_tiac_s: the same with the catalogue's values.
        notes: what a reader must know.
    """

    factors: Mapping[str, float]
    factor_gsd: Mapping[str, float]
    rms_log_before: float
    rms_log_after: float
    residuals: tuple[tuple[str, float, float], ...]
    tiac_s: Mapping[str, float]
    catalogue_tiac_s: Mapping[str, float]
    notes: tuple[str, ...]


def fit_vector(
    table: AnimalTable,
    agent: Agent,
    *,
    human: Host,
    decay_per_s: float,
    animal_amount_nmol: float | None = None,
    parameters: Sequence[str] | None = None,
) -> ModelFit:
    """Fit a vector's parameters to an animal and simulate the human.

    Args:
        table: of `read_animals`.
        agent: of the catalogue, or one that the caller has changed; gives the prior.
        human: a reference adult.
        decay_per_s: decay constant for the human coefficients.
        animal_amount_nmol: ligand that each animal got; default the agent's typical amount by
            body mass, which is said in the notes.
        parameters: keys of the agent's findings to fit; default binding to the target, and of what
            all vectors share what is not known better.

    Raises:
        InputError: a salt, a parameter that the agent does not have, nothing to compare.
    """
    if agent.is_salt:
        raise InputError(f"agent {agent.name} is a salt; its model has no vector to fit")
    keys = _keys(agent, parameters)
    notes: list[str] = []
    typical = agent.typical.get("amount_nmol", 1.0)
    animal, person = _host(agent, host(table.species)), _host(agent, human)
    if animal_amount_nmol is None:
        body = person.finding("whole_body.body_mass").internal
        animal_amount_nmol = typical * table.body_mass_kg / body
        notes.append(f"amount in the animal taken as {animal_amount_nmol:.3g} nmol, by body mass")
    points = _points(table, animal, notes)
    times = np.unique(np.array([p[1] for p in points]))
    spread = np.log(np.array([agent.findings[k].gsd for k in keys]))
    sigma = np.array([p[3] for p in points])

    def misfit(theta: Floats) -> Floats:
        """Return ln(model/measured) of rows of logarithms of factors, (rows, points)."""
        amount, regions, _ = _solved(agent, animal, keys, theta, animal_amount_nmol, times)
        found = np.empty((theta.shape[0], len(points)))
        for i, (region, time, measured, _sd) in enumerate(points):
            at = int(np.searchsorted(times, time))
            value = amount[:, at, regions.index(region)] / animal.finding(f"{region}.mass").internal
            found[:, i] = np.log(np.maximum(value, LEAST_AMOUNT_FRACTION) / measured)
        return found

    theta, covariance, before, after = _map_estimate(misfit, spread, sigma)
    far = [k for k, t, w in zip(keys, theta, spread, strict=True) if abs(t) > FAR * w]
    notes += [
        f"{key}: fitted to {math.exp(theta[keys.index(key)]):.3g} times its catalogue value, more "
        f"than {FAR:g} prior standard deviations: another molecule, or the species differ"
        for key in far
    ]
    limits = [k for k in keys if k in AT_MOST_ONE and _capped(agent, k, theta[keys.index(k)])]
    notes += [f"{key} reached its upper limit of 1" for key in limits]
    both = np.vstack((theta, np.zeros_like(theta)))
    end = np.array([min(HALF_LIVES * math.log(2.0) / decay_per_s, LONGEST_S)])
    _, regions, tiac = _solved(agent, person, keys, both, typical, end, decay_per_s)
    return ModelFit(
        factors=dict(zip(keys, np.exp(theta).tolist(), strict=True)),
        factor_gsd=dict(zip(keys, np.exp(np.sqrt(np.diag(covariance))).tolist(), strict=True)),
        rms_log_before=float(np.sqrt(np.mean(before**2))),
        rms_log_after=float(np.sqrt(np.mean(after**2))),
        residuals=tuple((p[0], p[1], float(r)) for p, r in zip(points, after, strict=True)),
        tiac_s=dict(zip(regions, tiac[0].tolist(), strict=True)),
        catalogue_tiac_s=dict(zip(regions, tiac[1].tolist(), strict=True)),
        notes=tuple(notes),
    )


def _keys(agent: Agent, parameters: Sequence[str] | None) -> list[str]:
    if parameters is not None:
        missing = [k for k in parameters if k not in agent.findings]
        if missing:
            known = ", ".join(sorted(agent.findings))
            raise InputError(f"agent {agent.name} has no {missing[0]!r} to fit; it has {known}")
        return list(parameters)
    wanted = (*SHARED, f"{agent.target}.k_d", f"{agent.target}.internalisation")
    return [
        k
        for k in wanted
        if k in agent.findings
        and (agent.findings[k].value or 0.0) > 0.0
        and agent.findings[k].gsd >= LEAST_SPREAD
    ]


def _host(agent: Agent, plain: Host) -> Host:
    return with_targets(plain, agent.binds, transported=transported_by(agent))


def _points(
    table: AnimalTable, animal: Host, notes: list[str]
) -> list[tuple[str, float, float, float]]:
    """Return (region, time, fraction per kg, sd of the logarithm) of what the model has."""
    structural = translation_findings()["model_fit", "structural_sd"].require()
    points: list[tuple[str, float, float, float]] = []
    for region in table.regions:
        name = region.regions[0]
        if region.use != "organ" or len(region.regions) > 1 or name not in animal.organs:
            notes.append(f"{region.name}: not compared with the model")
            continue
        mass_g = 1e3 * (region.organ_mass_kg or animal.finding(f"{name}.mass").internal)
        per_kg = region.fraction * 1e3 / (1.0 if region.per_gram else mass_g)
        scale = table.body_mass_kg / animal.finding("whole_body.body_mass").internal
        relative = (
            np.zeros_like(per_kg)
            if region.uncertainty is None
            else region.uncertainty / region.fraction
        )
        for time, value, error in zip(region.time_s, per_kg * scale, relative, strict=True):
            points.append((name, float(time), float(value), math.hypot(structural, float(error))))
    if not points:
        raise InputError(f"{table.file}: no organ that the whole-body model has")
    return points


def _capped(agent: Agent, key: str, theta: float) -> bool:
    return agent.findings[key].internal * math.exp(theta) >= 1.0


def _solved(
    agent: Agent,
    where: Host,
    keys: Sequence[str],
    theta: Floats,
    amount_nmol: float,
    time_s: Floats,
    decay_per_s: float | None = None,
) -> tuple[Floats, list[str], Floats]:
    """Return fractions of what was given (rows, times, regions), regions, and coefficients (s)."""
    rows = theta.shape[0]
    host_values = draw_values(where.findings, patients=rows, seed=0, variability=False)
    values = draw_values(agent.findings, patients=rows, seed=0, variability=False)
    for j, key in enumerate(keys):
        values[key] = values[key] * np.exp(theta[:, j])
        if key in AT_MOST_ONE:
            values[key] = np.minimum(values[key], 1.0)
    network = compile_network(describe(agent, where))
    solution: Any = solve(
        network,
        [Phase(0.0, agent_parameters(agent, where, host_values, values))],
        [Dose(0.0, amount_nmol)],
        into=given_into(agent),
        end_s=float(time_s[-1]) * (1.0 + 1e-9),
        decay_per_s=() if decay_per_s is None else (decay_per_s,),
        time_s=time_s,
    )
    amount = solution.amount_nmol[:, :, 0, :] / amount_nmol
    tiac = np.zeros((rows, len(solution.regions)))
    if decay_per_s is not None:
        tiac = solution.integral_nmol_s[:, 0, 0, :] / amount_nmol
    return amount, list(solution.regions), tiac


def _map_estimate(
    misfit: Callable[[Floats], Floats], spread: Floats, sigma: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the maximum a posteriori, its covariance, and misfits before and after."""
    n = spread.size
    theta: Floats = np.zeros(n)
    damping = SMALL
    prior: Floats = np.diag(1.0 / spread**2)
    first = current = misfit(theta[None, :])[0]
    cost = float(np.sum((current / sigma) ** 2))
    curvature = prior
    for _ in range(ITERATIONS):
        probed = misfit(theta + STEP * np.vstack((np.eye(n), -np.eye(n))))
        jacobian = (probed[:n] - probed[n:]).T / (2.0 * STEP)
        weighted = jacobian / sigma[:, None]
        curvature = weighted.T @ weighted + prior
        gradient: Floats = weighted.T @ (current / sigma) + prior @ theta
        moved = False
        for _ in range(6):
            ridge = curvature + damping * np.diag(np.diag(curvature))
            step = np.clip(np.linalg.solve(ridge, -gradient), -LONGEST_STEP, LONGEST_STEP)
            new: Floats = theta + step
            tried = misfit(new[None, :])[0]
            value = float(np.sum((tried / sigma) ** 2) + new @ prior @ new)
            if value < cost:
                moved = cost - value > 1e-6 * cost
                theta, current, cost, damping = new, tried, value, damping / 4.0
                break
            damping *= 8.0
        if not moved:
            break
    covariance: Floats = np.asarray(np.linalg.inv(curvature), np.float64)
    return theta, covariance, first, current
