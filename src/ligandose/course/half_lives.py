"""Half-lives of vectors in plasma and body, next to published ones.

Published half-lives are fits over the times of sampling, so the model is fitted in the same way:
its curve of a reference person, without decay, is read at points that are spread evenly in
logarithm over the published window. "terminal" is the regression of the logarithm on time;
"biexponential" is the sum of two exponentials with least squares of the logarithm (equal relative
errors), which is how plasma counts are weighted. Nothing is fitted to the published half-life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.agents import agent as find_agent
from ligandose.course.predicted import fold
from ligandose.errors import DataError, InputError
from ligandose.evidence import Finding, read_findings, read_table
from ligandose.hosts import Host, draw_values, with_targets
from ligandose.hosts import host as find_host
from ligandose.kinetics import (
    EXCRETED,
    RELEASED_IN_BLOOD,
    WHOLE_BLOOD,
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    given_into,
    solve,
)

Floats = NDArray[np.float64]

HOUR_S = 3600.0
POINTS = 24
FOLD_ALLOWED = 1.5
BOLUS_S = 60.0
IN_HOURS = {"h": 1.0, "d": 24.0}
CLASS_FINDINGS = ("hydrodynamic_radius", "sieving")
KIDNEY_UPTAKE = "megalin"


@dataclass(frozen=True)
class Curves:
    """Retention of a vector in a reference person, decay left out.

    Attributes:
        time_h: (t,) times after a bolus.
        intact_per_L: (t,) part of what was given per litre of plasma, on the vector.
        plasma_per_L: (t,) the same with what circulates after it came off.
        body: (t,) part that was not excreted.
    """

    time_h: Floats
    intact_per_L: Floats
    plasma_per_L: Floats
    body: Floats


def retention(
    agent: Agent, host: Host, time_h: Floats, *, amount_nmol: float | None = None
) -> Curves:
    """Return how long a reference person holds a vector.

    Args:
        agent: a vector; its nuclide does not matter.
        host: who receives it; targets of the agent that it lacks are added.
        time_h: (t,) increasing times after the bolus, h.
        amount_nmol: given; None for the agent's typical amount.
    """
    carrier = with_targets(host, agent.binds)
    values = [
        draw_values(findings, patients=1, seed=1, variability=False)
        for findings in (carrier.findings, agent.findings)
    ]
    parameters = agent_parameters(agent, carrier, values[0], values[1])
    amount = agent.typical["amount_nmol"] if amount_nmol is None else amount_nmol
    solution = solve(
        compile_network(describe(agent, carrier)),
        [Phase(0.0, parameters)],
        [Dose(0.0, amount, BOLUS_S)],
        into=given_into(agent),
        end_s=float(time_h[-1]) * HOUR_S + BOLUS_S,
        time_s=time_h * HOUR_S,
    )
    held = dict(zip(solution.regions, (solution.amount_nmol[0, :, 0] / amount).T, strict=True))
    large_vessels = float((parameters["venous.volume"] + parameters["arterial.volume"])[0])
    plasma = float(parameters["released.plasma_volume"][0])
    intact = held["blood"] / large_vessels
    freed = held.get(RELEASED_IN_BLOOD, 0.0) + held.get(WHOLE_BLOOD, 0.0)
    excreted = np.sum([held[way] for way in EXCRETED], axis=0)
    return Curves(time_h, intact, intact + freed / plasma, 1.0 - excreted)


def terminal_half_life_h(time_h: Floats, values: Floats) -> float:
    """Return ln 2 over the slope of the logarithm of (t,) values."""
    slope = np.polyfit(time_h, np.log(values), 1)[0]
    return float(-np.log(2.0) / slope)


def biexponential_half_lives_h(time_h: Floats, values: Floats) -> tuple[float, float]:
    """Return the fast and the slow half-life of A e^(-at) + B e^(-bt) fitted to (t,) values.

    Raises:
        InputError: fewer than five points, or values that are not positive.
    """
    from scipy import optimize  # pyright: ignore[reportMissingTypeStubs]

    if time_h.size < 5 or not np.all(values > 0.0):
        raise InputError("a fit of two exponentials needs five and more points above 0")
    late, early = time_h >= np.median(time_h), time_h <= np.median(time_h)
    slow = np.log(2.0) / terminal_half_life_h(time_h[late], values[late])
    fast = max(3.0 * slow, np.log(2.0) / terminal_half_life_h(time_h[early], values[early]))
    last = values[-1] * np.exp(slow * time_h[-1])
    start = np.log([max(values[0] - last, 0.1 * values[0]), fast, last, slow])

    def residual(logs: Floats) -> Floats:
        a, fast_rate, b, slow_rate = np.exp(logs)
        model = a * np.exp(-fast_rate * time_h) + b * np.exp(-slow_rate * time_h)
        return np.log(model / values)

    fit = cast("Any", optimize).least_squares(residual, start, xtol=1e-12, ftol=1e-12)
    found = np.exp(np.asarray(fit.x, dtype=np.float64))
    rates = sorted((float(found[1]), float(found[3])), reverse=True)
    return float(np.log(2.0) / rates[0]), float(np.log(2.0) / rates[1])


def without_targets(agent: Agent) -> Agent:
    """Return an agent that finds nothing but the uptake of the proximal tubule."""
    gone = tuple(f"{site}." for site in agent.binds if site != KIDNEY_UPTAKE)
    kept = {key: f for key, f in agent.findings.items() if not key.startswith(gone)}
    return replace(agent, findings=kept)


def of_class(agent: Agent, name: str) -> Agent:
    """Return an agent with the size and the sieving that are typical of a class of proteins.

    Raises:
        DataError: a class without them in `vector_classes.csv`.
    """
    typical = {
        f.quantity: f
        for f in read_findings("vector_classes.csv")
        if f.subject == name and not f.region and f.value is not None
    }
    missing = [key for key in CLASS_FINDINGS if key not in typical]
    if missing:
        raise DataError(f"class {name!r} of vector_classes.csv has no {', '.join(missing)}")
    own: dict[str, Finding] = {key: typical[key] for key in CLASS_FINDINGS}
    return replace(agent, name=name, findings={**agent.findings, **own})


def half_life_rows() -> list[dict[str, Any]]:
    """Return every half-life of `validation_half_lives.csv` with its prediction."""
    return [_row(row) for row in read_table("validation_half_lives.csv")]


def _row(row: Mapping[str, str]) -> dict[str, Any]:
    published_h = float(row["published"]) * IN_HOURS[row["unit"]]
    predicted_h = predicted_half_life_h(row)
    error = fold(predicted_h, published_h)
    return {
        "agent": row["published_agent"],
        "region": row["region"],
        "quantity": row["quantity"],
        "fit": row["fit"],
        "from_h": float(row["from_h"]),
        "to_h": float(row["to_h"]),
        "published_h": published_h,
        "predicted_h": predicted_h,
        "fold_error": error,
        "within": error <= FOLD_ALLOWED,
        "status": row["status"],
        "note": row["note"],
        "sources": [row["source"]],
    }


def predicted_half_life_h(row: Mapping[str, str]) -> float:
    """Return the half-life that a row of `validation_half_lives.csv` asks for, h."""
    agent = find_agent(row["simulated_as"])
    if row["without_target"] == "yes":
        agent = without_targets(agent)
    if row["vector_class"]:
        agent = of_class(agent, row["vector_class"])
    host = find_host(row["host"], disease=row["disease"] or None)
    times = np.geomspace(float(row["from_h"]), float(row["to_h"]), POINTS)
    given = float(row["amount_nmol"]) if row["amount_nmol"] else None
    curves = retention(agent, host, times, amount_nmol=given)
    values = (
        curves.body
        if row["region"] == "whole_body"
        else curves.intact_per_L
        if row["measured_in"] == "intact protein"
        else curves.plasma_per_L
    )
    if row["fit"] == "terminal":
        return terminal_half_life_h(times, values)
    fast, slow = biexponential_half_lives_h(times, values)
    return fast if row["quantity"].endswith("_fast") else slow
