"""Many variants of one case in one call: a row is a patient with properties of its own.

A case is an agent in a host under the limits of a screen. Rows differ in findings, so a whole
sample of a sensitivity analysis is one population of the simulation. A first cycle is repeated, as
the screen does for its draws of knowledge: lesions do not shrink between cycles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Course, Regimen, simulate
from ligandose.course.biology import CycleDose
from ligandose.design.explain_effect import lesion_effect
from ligandose.design.explain_factors import Changes
from ligandose.design.screen_candidates import build_agent, screened_host
from ligandose.design.screen_dose import course_dose, factors_at_limits
from ligandose.design.screen_lesions import lesion_findings
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_supply import Supply, supply_of
from ligandose.dose import ReferenceSValues
from ligandose.errors import InputError
from ligandose.evidence import Finding, Status
from ligandose.hosts import Host, SitePlace, draw_values, with_targets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SIMULATED_GBQ = 1.0
MOST_GBQ = 1e6
"""Stands for no limit, as in a screen."""
ROWS_AT_ONCE = 1024
WEEK_S = 7 * 86400.0
ANTIGEN_RELEASE_PER_MIN = 1e-4
"""Of antigen with agent from the liver that clears it: that of the catalogue's shed antigen."""
SHED = "shed"
"""Kind of site that shed antigen in plasma is: it binds like the target."""
TRACE_IN, TRACE_NMOL_L = "muscle", 1e-9
BINDING = ("k_on", "k_d", "internalisation", "recycling")
BLOOD = "large_vessels"
"""What blood is to S values in a course: the organs' blood lies with the organs."""


@dataclass(frozen=True)
class Case:
    """An agent in a host under limits.

    Attributes:
        name: of the agent.
        plan: limits, marrow, cap, route and radiobiology.
        agent, host: what is given to whom; the host carries all that the agent binds.
        site: kind of site of the target.
        supply: amount, cycles and what caps the activity.
        emitter: nuclide whose emissions are counted in place of the agent's own, progeny decaying
            where it decays; "" for the agent's.
    """

    name: str
    plan: ScreenPlan
    agent: Agent
    host: Host
    site: str
    supply: Supply
    emitter: str = ""

    @property
    def lesion_findings(self) -> dict[str, Finding]:
        """Radiobiology of the lesions by quantity, with the study's own values."""
        if self.plan.tumour is None:
            raise InputError("explain: no radiobiology; name whose, such as tumour: {of: mCRPC}")
        return lesion_findings(self.plan.tumour)


@dataclass(frozen=True)
class Outcomes:
    """What rows lead to, (n,) each; NaN where a row has no result.

    Attributes:
        limits: regions of the limits that could be judged.
        limiting: index of the first organ at its limit, -1 for none.
        activity_GBq: of one cycle at the limit.
        activity_of_limit_GBq: (n, limits) activity of a cycle that brings each organ to its limit.
        tumour_Gy_per_GBq, organ_Gy_per_GBq: (n,) dose of all lesions by mass, (n, limits) of the
            organs, per activity.
        tumour_dose_Gy, log10_kill, tcp, log10_survivors: over the course at the limit.
    """

    limits: tuple[str, ...]
    limiting: Ints
    activity_GBq: Floats
    activity_of_limit_GBq: Floats
    tumour_Gy_per_GBq: Floats
    organ_Gy_per_GBq: Floats
    tumour_dose_Gy: Floats
    log10_kill: Floats
    tcp: Floats
    log10_survivors: Floats

    def most_limiting(self) -> int:
        """Return the limit that most rows meet first, -1 for none."""
        named, counts = np.unique(self.limiting, return_counts=True)
        return int(named[np.argmax(counts)])


def case_of(plan: ScreenPlan, task: Mapping[str, Any]) -> Case:
    """Return the case of a screen's candidate (`Candidate.task()`).

    Raises:
        InputError: a salt, a target without binding sites, or nothing to give.
    """
    agent = build_agent(task)
    if agent.is_salt:
        raise InputError(f"explain: {agent.name} is a salt; its uptake is that of its element")
    person = screened_host(plan, str(task["target"]))
    host = with_targets(person, (*agent.binds, *agent.binder_binds))
    supply = supply_of(plan, agent, agent.nuclide)
    if supply.reasons:
        raise InputError(f"explain: {agent.name}: {'; '.join(supply.reasons)}")
    made = replace(agent, impurities=supply.impurities)
    return Case(agent.name, plan, made, host, agent.target, supply)


def outcomes(case: Case, changes: Changes, *, rows: int, threads: int | None = None) -> Outcomes:
    """Return what rows of changed findings lead to; see `Outcomes`.

    Args:
        case: agent, host and limits.
        changes: multipliers of findings.
        rows: number of rows.
        threads: of the simulation; the numbers do not depend on it.
    """
    parts = [
        _outcomes(case, _between(changes, start, start + ROWS_AT_ONCE), threads,
                  rows=min(ROWS_AT_ONCE, rows - start))
        for start in range(0, rows, ROWS_AT_ONCE)
    ]  # fmt: skip
    if len(parts) == 1:
        return parts[0]
    arrays = [f.name for f in fields(Outcomes) if f.name != "limits"]
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in arrays}
    return Outcomes(limits=parts[0].limits, **joined)


def _between(changes: Changes, first: int, last: int) -> Changes:
    def part(values: Floats | None) -> Floats | None:
        return None if values is None else values[first:last]

    def parts(held: Mapping[str, Floats]) -> dict[str, Floats]:
        return {k: v[first:last] for k, v in held.items()}

    return Changes(
        parts(changes.host), parts(changes.agent), parts(changes.lesion),
        part(changes.log_sd), part(changes.antigen), part(changes.amount),
        None if changes.place is None else changes.place[first:last],
    )  # fmt: skip


def _outcomes(case: Case, changes: Changes, threads: int | None, *, rows: int) -> Outcomes:
    host, agent = _changed_host(case, changes), _changed_agent(case, changes)
    course = simulate(
        agent, host, _regimen(case), patients=rows, seed=case.plan.seed, variability=False,
        threads=threads,
    )  # fmt: skip
    course = _emitting(course, case.emitter) if case.emitter else course
    lesion = _lesion_values(case, changes, rows)
    limits = case.plan.counted_limits
    regions = list(dict.fromkeys([*(x.region for x in limits), *case.host.lesions]))
    alpha_beta = case.lesion_findings["alpha_beta"].require()
    dose = course_dose(course, regions, lesion_alpha_beta_Gy=alpha_beta).repeated(
        case.supply.cycles, case.supply.every_weeks * WEEK_S
    )
    used, factors = factors_at_limits(dose, limits, fraction=case.plan.fraction)
    factor = np.minimum(np.min(factors, axis=1), MOST_GBQ / SIMULATED_GBQ)
    number = {name: course.host_values[f"{name}.number"] for name in case.host.lesions}
    spread = lesion["dose_log_sd"] if changes.log_sd is None else changes.log_sd
    effect = lesion_effect(case, dose, factor, lesion, number, spread=spread, place=changes.place)
    first = np.argmin(np.nan_to_num(factors, nan=np.inf), axis=1)
    given = SIMULATED_GBQ * case.supply.cycles
    return Outcomes(
        limits=tuple(x.region for x in used),
        limiting=np.where(np.isfinite(np.min(factors, axis=1)), first, -1).astype(np.int64),
        activity_GBq=factor * SIMULATED_GBQ,
        activity_of_limit_GBq=factors * SIMULATED_GBQ,
        tumour_Gy_per_GBq=effect.dose_Gy / factor / given,
        organ_Gy_per_GBq=np.stack(
            [dose.absorbed_Gy(np.ones(rows), x.region) / given for x in used], axis=-1
        ),
        tumour_dose_Gy=effect.dose_Gy,
        log10_kill=effect.log10_kill,
        tcp=effect.tcp,
        log10_survivors=effect.log10_survivors,
    )


def _regimen(case: Case) -> Regimen:
    use = case.agent.typical
    return Regimen.cycles(
        1,
        activity_GBq=SIMULATED_GBQ,
        every_weeks=case.supply.every_weeks,
        amount_nmol=case.supply.amount_nmol,
        infusion_min=use.get("infusion_min", 0.0),
        comedication=case.agent.comedication,
        voiding_h=use.get("voiding_h"),
        predose_nmol=use.get("predose_nmol"),
        predose_h=use.get("predose_h", 0.0),
        predose_binder=bool(case.agent.binder),
        route=case.plan.route,
    )


# ------------------------------------------------------------------ findings


def _times(found: Finding, multiplier: Floats) -> Finding:
    """Return a finding that has a value for every row; the simulation broadcasts it."""
    return replace(found, value=cast("float", found.require() * multiplier), cv=None)


def _changed_host(case: Case, changes: Changes) -> Host:
    findings = dict(case.host.findings)
    sites = case.host.sites
    if changes.antigen is not None:
        findings, sites = _with_antigen(case, changes.antigen)
    for key, multiplier in changes.host.items():
        findings[key] = _times(findings[key], multiplier)
    if changes.amount is not None:
        for key in _density_keys(case, findings):
            findings[key] = _times(findings[key], 1.0 / changes.amount)
    return replace(case.host, findings=findings, sites=sites)


def _density_keys(case: Case, findings: Mapping[str, Finding]) -> list[str]:
    bound = (*case.agent.binds, *case.agent.binder_binds, SHED)
    ends = tuple(f".{site}.density" for site in bound)
    return [k for k, f in findings.items() if k.endswith(ends) and f.value is not None]


def _with_antigen(case: Case, density: Floats) -> tuple[dict[str, Finding], tuple[SitePlace, ...]]:
    """Return findings and sites with shed antigen of the target in plasma at (n,) nmol/L.

    It is a kind of site of its own: what changes the uptake of cells does not clear antigen. A
    host carries kinds of site that some tissue has, hence the trace in one.
    """
    findings = dict(case.host.findings)

    def finding(quantity: str, value: float, unit: str) -> Finding:
        return Finding(
            "explain", "blood", f"{SHED}.{quantity}", value, unit, None, 1.0,
            Status.ASSUMED, "assumption", "varied",
        )  # fmt: skip

    release = finding("release", ANTIGEN_RELEASE_PER_MIN, "1/min")
    findings[f"{TRACE_IN}.{SHED}.density"] = finding("density", TRACE_NMOL_L, "nmol/L")
    findings[f"{TRACE_IN}.{SHED}.release"] = release
    kept = tuple(s for s in case.host.sites if (s.region, s.site) != ("blood", case.site))
    findings[f"blood.{SHED}.density"] = _times(finding("density", 1.0, "nmol/L"), density)
    findings[f"blood.{SHED}.release"] = release
    trace = SitePlace(TRACE_IN, SHED, "interstitial")
    return findings, (*kept, SitePlace("blood", SHED, "plasma"), trace)


def _changed_agent(case: Case, changes: Changes) -> Agent:
    """Return the agent of the rows.

    An amount a times as large does what sites of 1/a the density, k_on a times and K_D 1/a times
    as great would: the equations of binding do not change when all concentrations are scaled.
    """
    findings = dict(case.agent.findings)
    for key, multiplier in changes.agent.items():
        findings[key] = _times(findings[key], multiplier)
    if changes.antigen is not None:
        for name in BINDING:
            held = findings if name in ("k_on", "k_d") else case.agent.findings
            if f"{case.site}.{name}" in held:
                findings[f"{SHED}.{name}"] = held[f"{case.site}.{name}"]
    if changes.amount is not None:
        for site in (*case.agent.binds, *case.agent.binder_binds, SHED):
            for name, multiplier in (("k_on", changes.amount), ("k_d", 1.0 / changes.amount)):
                key = f"{site}.{name}"
                if key in findings and findings[key].value is not None:
                    findings[key] = _times(findings[key], multiplier)
    return replace(case.agent, findings=findings)


# ------------------------------------------------------------------ emissions, radiobiology


def _emitting(course: Course, emitter: str) -> Course:
    """Return a course in which the decays of the agent's nuclide emit what another's do.

    Time-integrated activities stay, S values are those of the other nuclide with its progeny in
    place; impurities are left out.
    """
    s_values = _s_values(tuple(course.regions), emitter, course.host.anatomy)
    cycles = tuple(
        replace(
            one,
            dose=CycleDose(
                tia_Bq_s=one.dose.tia_Bq_s[..., :1],
                dose_Gy=s_values.dose_Gy(
                    np.maximum(np.nan_to_num(one.dose.tia_Bq_s[..., :1]), 0.0),
                    mass_kg=one.masses.mass_kg,
                    body_mass_kg=one.masses.body_kg,
                ),
            ),
        )
        for one in course.cycles
    )
    return replace(course, cycles=cycles, s_values=s_values)


@lru_cache(maxsize=32)
def _s_values(regions: tuple[str, ...], nuclide: str, anatomy: str) -> ReferenceSValues:
    return ReferenceSValues.of(regions, [nuclide], host=anatomy, blood=BLOOD, with_progeny=True)


def _lesion_values(case: Case, changes: Changes, rows: int) -> dict[str, Floats]:
    """Return (n,) radiobiology by quantity, in s, kg and Gy."""
    findings = {f"lesion.{k}": f for k, f in case.lesion_findings.items()}
    drawn = draw_values(findings, patients=rows, seed=case.plan.seed, variability=False)
    values = {k.removeprefix("lesion."): v for k, v in drawn.items()}
    for key, multiplier in changes.lesion.items():
        values[key] = values[key] * multiplier
    return values
