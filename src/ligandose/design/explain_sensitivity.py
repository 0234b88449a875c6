"""Which properties decide: Sobol indices over ranges, Shapley effects in the population."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.design.explain_factors import (
    OF_AGENT,
    OF_NUCLIDE,
    OF_TISSUE,
    Changes,
    Factor,
    applies,
    changes_of,
    factors,
    keys_of,
    levels,
)
from ligandose.design.explain_model import Case, Outcomes, outcomes
from ligandose.design.explain_tissue import (
    class_ratios,
    compartments,
    level,
    positive_shares,
)
from ligandose.design.sensitivity_shapley import (
    ShapleyEffects,
    conditional_covariances,
    shapley_effects,
)
from ligandose.design.sensitivity_sobol import FEWEST_ROWS, run_sobol
from ligandose.errors import InputError
from ligandose.evidence import Finding, read_table
from ligandose.hosts import draw_values

Floats = NDArray[np.float64]

OUTPUTS = {
    "tumour_dose_per_activity": "log10 of the tumour dose per activity",
    "organ_dose_per_activity": "log10 of the limiting organ's dose per activity",
    "tumour_dose_at_limit": "log10 of the tumour dose at the limit",
    "log10_kill": "log10 clonogen kill at the limit",
    "relative_kill": "log10 of the log10 kill at the limit",
    "tcp": "control at the limit",
}
WATCHED = ("tumour_dose_per_activity", "organ_dose_per_activity", "relative_kill")
"""Outputs that must be certain before the sample stops growing: the tumour dose at the limit
follows from the first two, control is close to a step, and a few rows with a kill of tens of
decades decide the variance of the kill itself, where its logarithm counts all alike."""
LEAST_KILL = 1e-3
SHARED = ("tumour_dose_per_activity", "organ_dose_per_activity", "log10_kill", "tcp")
"""Outputs whose variance in the population is shared out. Patients vary less than ranges, so kill
itself is shared; its logarithm would be ruled by the few patients in whom next to none is left."""
FIRST_ROWS = 64
SIMULATIONS_AT_ONCE = 2048
LEAST_GY = 1e-12


def reference_outcomes(case: Case) -> Outcomes:
    """Return what the best estimates lead to, in one row."""
    return outcomes(case, Changes(), rows=1)


def limiting_organ(case: Case) -> str:
    """Return the organ that limits at best estimates, "" for none."""
    found = reference_outcomes(case)
    first = int(found.limiting[0])
    return found.limits[first] if first >= 0 else ""


def output_values(found: Outcomes, organ: str) -> Floats:
    """Return (n, outputs) of OUTPUTS; doses as decimal logarithms, NaN for no result."""
    column = found.limits.index(organ) if organ in found.limits else -1
    nothing = np.full_like(found.tcp, np.nan)
    dose = found.organ_Gy_per_GBq[:, column] if column >= 0 else nothing
    logs = [np.log10(np.maximum(x, LEAST_GY)) for x in (found.tumour_Gy_per_GBq, dose)]
    at_limit = np.log10(np.maximum(found.tumour_dose_Gy, LEAST_GY))
    relative = np.log10(np.maximum(found.log10_kill, LEAST_KILL))
    return np.column_stack([*logs, at_limit, found.log10_kill, relative, found.tcp])


# ------------------------------------------------------------------ Sobol


def sobol_document(
    cases: Sequence[Case],
    varied: Sequence[Factor],
    *,
    seed: int,
    tolerance: float,
    most_rows: int,
    threads: int | None = None,
    told: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Return Sobol indices of one agent.

    Several cases are the levels of two factors, half-life and emissions of the nuclide: a row may
    decay with the half-life of one and emit what another does.

    Args:
        cases: the agent, with each nuclide that it is varied over.
        varied: properties with their ranges; those that change nothing are listed apart.
        seed: of the sample.
        tolerance: half-width of intervals that ends the run; most_rows: base rows that do.
        threads: of the simulation.
        told: called with the share done, if the run needs all rows, and what is being done.

    Raises:
        InputError: no property changes anything, or too few rows with a result.
    """
    case = cases[0]
    used = [f for f in varied if applies(f, case.agent, case.host, case.site) and _held(f, cases)]
    names = [f.name for f in used] + (list(OF_NUCLIDE) if len(cases) > 1 else [])
    if not names:
        raise InputError(f"sensitivity: no property of the study changes anything of {case.name}")
    organ = limiting_organ(case)

    most = _power_of_two(most_rows) * (len(names) + 2)
    done = 0

    def evaluate(shares: Floats) -> Floats:
        nonlocal done
        parts: list[Floats] = []
        for start in range(0, shares.shape[0], SIMULATIONS_AT_ONCE):
            if told is not None:
                told(min(done / most, 1.0), f"{case.name}: sensitivity, {done} simulations")
            part = shares[start : start + SIMULATIONS_AT_ONCE]
            parts.append(_evaluated(cases, used, organ, part, threads))
            done += part.shape[0]
        return np.concatenate(parts)

    found = run_sobol(
        evaluate,
        len(names),
        seed=seed,
        tolerance=tolerance,
        first_rows=min(FIRST_ROWS, _power_of_two(most_rows)),
        most_rows=_power_of_two(most_rows),
        watched=np.array([o in WATCHED and (o != WATCHED[1] or bool(organ)) for o in OUTPUTS]),
    )
    return {
        "organ": organ or None,
        "factors": [_factor_entry(f, case) for f in used]
        + ([_nuclide_entry(name, cases) for name in OF_NUCLIDE] if len(cases) > 1 else []),
        "without_effect": [f.name for f in varied if f not in used],
        "base_rows": found.rows,
        "simulations": found.rows * (len(names) + 2),
        "left_out": found.left_out,
        "tolerance": tolerance,
        "outputs": [
            _output_entry(i, name, names, found)
            for i, name in enumerate(OUTPUTS)
            if name != WATCHED[1] or organ
        ],
    }


def _power_of_two(rows: int) -> int:
    return max(FEWEST_ROWS, 1 << (rows.bit_length() - 1))


def _evaluated(
    cases: Sequence[Case], used: Sequence[Factor], organ: str, shares: Floats, threads: int | None
) -> Floats:
    """Return (n, outputs) at (n, factors) shares of the ranges; the last is the nuclide's."""
    found = np.full((shares.shape[0], len(OUTPUTS)), np.nan)
    pairs = np.zeros((shares.shape[0], 2), dtype=np.int64)
    if len(cases) > 1:
        pairs = level(shares[:, -2:], len(cases))
    for i, j in sorted({(int(a), int(b)) for a, b in pairs}):
        rows = np.flatnonzero(np.all(pairs == (i, j), axis=1))
        case = cases[i] if i == j else replace(cases[i], emitter=cases[j].agent.nuclide)
        chosen = [(f, _values(f, shares[rows, k])) for k, f in enumerate(used)]
        changes = changes_of(chosen, case.agent, case.host, case.site)
        found[rows] = output_values(outcomes(case, changes, rows=rows.size, threads=threads), organ)
    if not organ:
        found[:, list(OUTPUTS).index(WATCHED[1])] = 0.0
    return found


def _held(one: Factor, cases: Sequence[Case]) -> bool:
    """Return whether doses of cells are held for every nuclide, where a property needs them."""
    return one.kind not in OF_TISSUE or all(
        class_ratios(c.agent.nuclide) is not None for c in cases
    )


def _values(one: Factor, share: Floats) -> Floats:
    if one.kind in OF_TISSUE:
        count = len(compartments() if one.kind == "compartment" else positive_shares())
        return level(share, count).astype(np.float64)
    return one.at(levels(share) if one.kind == "log_sd" else share)


def _factor_entry(one: Factor, case: Case) -> dict[str, Any]:
    host = keys_of(one, case.host.findings, case.agent, case.site)
    agent = keys_of(one, case.agent.findings, case.agent, case.site)
    return {
        "factor": one.name,
        "label": one.label,
        "group": one.group,
        "low": _number(one.low),
        "high": _number(one.high),
        "unit": one.unit,
        "is_multiplier": one.kind not in ("log_sd", "antigen", *OF_TISSUE),
        "range_status": one.status,
        "changes": _levels_of(one) or list(agent if one.kind in OF_AGENT else host),
        "note": one.note,
    }


def _levels_of(one: Factor) -> list[str]:
    """Return the levels of a property that says where decays lie; nothing for others."""
    if one.kind == "compartment":
        return list(compartments())
    return [f"{v:g}" for v in positive_shares()] if one.kind == "positive" else []


def _nuclide_entry(name: str, cases: Sequence[Case]) -> dict[str, Any]:
    one = factors()[name]
    return {
        "factor": one.name, "label": one.label, "group": one.group, "low": None, "high": None,
        "unit": one.unit, "is_multiplier": False, "range_status": one.status,
        "changes": [c.agent.nuclide for c in cases], "note": one.note,
    }  # fmt: skip


def _output_entry(row: int, name: str, factor_names: Sequence[str], found: Any) -> dict[str, Any]:
    known = bool(np.isfinite(found.total[row]).all())
    return {
        "output": name,
        "meaning": OUTPUTS[name],
        "standard_deviation": float(np.sqrt(found.variance[row])),
        "converged": bool(found.converged[row]) and known,
        "indices": [
            {
                "factor": factor,
                "first": _number(found.first[row, k]),
                "first_interval": _pair(found.first_interval[row, k]),
                "total": _number(found.total[row, k]),
                "total_interval": _pair(found.total_interval[row, k]),
            }
            for k, factor in enumerate(factor_names)
        ],
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _pair(values: Floats) -> list[float | None]:
    return [_number(v) for v in values]


# ------------------------------------------------------------------ population


def population_changes(case: Case, *, patients: int, seed: int) -> Changes:
    """Return the virtual population of a screen as multipliers of the findings that vary."""

    def drawn(findings: Mapping[str, Finding]) -> dict[str, Floats]:
        varying = {k: f for k, f in findings.items() if f.cv and f.value}
        values = draw_values(varying, patients=patients, seed=seed)
        return {k: v / varying[k].internal for k, v in values.items()}

    lesion = drawn({f"lesion.{k}": f for k, f in case.lesion_findings.items()})
    return Changes(
        host=drawn(case.host.findings),
        agent=drawn(case.agent.findings),
        lesion={k.removeprefix("lesion."): v for k, v in lesion.items()},
    )


def grouped(changes: Changes, case: Case) -> dict[str, dict[str, Floats]]:
    """Return multipliers by population group of the table: the first that a finding fits."""
    found: dict[str, dict[str, Floats]] = {}
    taken: set[str] = set()
    for one in factors().values():
        if not one.population_group or one.kind == "between":
            continue
        held = {
            "agent": changes.agent,
            "small": changes.agent,
            "lesion": {f"lesion.{k}": v for k, v in changes.lesion.items()},
        }.get(one.kind, changes.host)
        keys = keys_of(replace(one, patterns=_lesion_patterns(one)), held, case.agent, case.site)
        members = {k: held[k] for k in keys if k not in taken}
        taken |= set(members)
        if members:
            found.setdefault(one.population_group, {}).update(members)
    return found


def _lesion_patterns(one: Factor) -> tuple[str, ...]:
    return tuple(f"lesion.{p}" for p in one.patterns) if one.kind == "lesion" else one.patterns


def shapley_document(
    case: Case, *, patients: int, seed: int, tolerance: float = 0.1, threads: int | None = None
) -> dict[str, Any]:
    """Return Shapley effects of groups of properties in the virtual population.

    Args:
        case: agent, host and limits.
        patients: of the virtual population.
        seed: of the population and the bootstrap.
        tolerance: half-width of every interval, and gap between what the fit explains and what it
            predicts in patients left out, that count as converged.
        threads: of the simulation.

    Raises:
        InputError: too few patients for the terms of the fit.
    """
    changes = population_changes(case, patients=patients, seed=seed)
    organ = limiting_organ(case)
    found = outcomes(case, changes, rows=patients, threads=threads)
    members = grouped(changes, case)
    keys = [k for held in members.values() for k in held]
    logs = np.column_stack([np.log(v) for held in members.values() for v in held.values()])
    scores = logs / logs.std(axis=0)
    groups = [(name, [keys.index(k) for k in held]) for name, held in members.items()]
    values = output_values(found, organ)
    explained = conditional_covariances(known_correlation(keys), [c for _, c in groups])
    listed: list[dict[str, Any]] = []
    for column, name in enumerate(OUTPUTS):
        y = values[:, column]
        if name not in SHARED:
            continue
        if not np.any(np.isfinite(y)) or not np.nanstd(y) > 0.0:
            continue
        try:
            one = shapley_effects(scores, y, groups=groups, explained=explained, seed=seed)
        except InputError as error:
            raise InputError(f"population: {patients}: {case.name}: {error}") from error
        listed.append(
            {
                "output": name,
                "meaning": OUTPUTS[name],
                "standard_deviation": float(np.nanstd(y)),
                "unexplained": one.unexplained,
                "predicted_share": one.predicted_share,
                "patients": one.patients,
                "converged": _sure(one, tolerance),
                "effects": [
                    {
                        "group": group,
                        "effect": float(one.effect[k]),
                        "interval": _pair(one.interval[k]),
                    }
                    for k, group in enumerate(one.groups)
                ],
            }
        )
    return {
        "organ": organ or None, "patients": patients, "tolerance": tolerance, "outputs": listed,
    }  # fmt: skip


def _sure(found: ShapleyEffects, tolerance: float) -> bool:
    half = 0.5 * float(np.max(np.diff(found.interval, axis=1)))
    return half <= tolerance and 1.0 - found.unexplained - found.predicted_share <= tolerance


def known_correlation(keys: Sequence[str]) -> Floats:
    """Return (keys, keys) correlations of the population's scores, as `draw_values` makes them.

    Members of a group of correlations.csv correlate by the product of their loadings.
    """
    rows = read_table("correlations.csv")
    member = [next((r for r in rows if fnmatchcase(k, r["pattern"])), None) for k in keys]
    found = np.eye(len(keys))
    for i, one in enumerate(member):
        for j, other in enumerate(member):
            if i != j and one and other and one["group"] == other["group"]:
                found[i, j] = float(one["loading"]) * float(other["loading"])
    return found
