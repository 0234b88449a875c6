"""Many designs in one simulation: each patient of the call is a patient of one design.

Designs of one vector, label and nuclide differ in numbers only, so they are patients of one
population whose findings hold a value each; the patients themselves are the same for all.

The amount is such a number too. Let A be the amount of a design and A₀ that of the call. In units
of A/A₀ nmol the model has the amounts of the call, capacities B A₀/A, association k_on A/A₀ and
K_D A₀/A; every linear flux stays what it is. Doses per activity are the same in both units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course import Regimen, simulate
from ligandose.design.optimise_bounds import ANTAGONIST, BINDING, MOLECULE
from ligandose.design.optimise_space import NO_PROTECTION, Design, Form, finding_key
from ligandose.design.screen_candidates import screened_host
from ligandose.design.screen_dose import CourseDose, course_dose
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_settings import MARROW
from ligandose.evidence import Finding
from ligandose.hosts import Host, draw_values, with_targets

Floats = NDArray[np.float64]
CALL_GBQ = 1.0
"""Activity of a call; at a fixed amount doses are proportional to it."""
MOST_PATIENTS = 1024
"""Patients of one call: 24 MB of activity."""
TUBULAR = "tubular"
SHARES = ("unbound_plasma", "sieving")
BY_PATIENT = ("low_Gy", "alpha_Gy", "protraction", "half_time_s", "mass_kg", "failed")


@dataclass(frozen=True)
class Population:
    """The patients that all designs share.

    Attributes:
        plan: of the study.
        host: with the target's densities.
        patients, seed: of the population.
        knowledge: draw from the uncertainty of parameters; None for best estimates.
    """

    plan: ScreenPlan
    host: Host
    patients: int
    seed: int
    knowledge: int | None = None

    @classmethod
    def of(
        cls, plan: ScreenPlan, *, patients: int, seed: int, knowledge: int | None = None
    ) -> Population:
        """Return the patients of a study on its target."""
        return cls(plan, screened_host(plan, plan.targets[0]), patients, seed, knowledge)


@dataclass(frozen=True)
class First:
    """A first cycle of some designs.

    Attributes:
        dose: of all patients of all designs at CALL_GBQ, designs one after the other.
        number: (patients,) lesions of each kind, of the population.
    """

    dose: CourseDose
    number: Mapping[str, Floats]

    def of(self, row: int, patients: int) -> CourseDose:
        """Return the part of one design."""
        at = slice(row * patients, (row + 1) * patients)
        return replace(self.dose, **{name: getattr(self.dose, name)[at] for name in BY_PATIENT})


def joined(doses: Sequence[CourseDose]) -> CourseDose:
    """Return the patients of several doses of the same regions, one after the other."""
    every = {name: np.concatenate([getattr(dose, name) for dose in doses]) for name in BY_PATIENT}
    return replace(doses[0], **every)


def first_cycles(
    population: Population, form: Form, designs: Sequence[Design], *, threads: int | None = 1
) -> Iterator[tuple[list[int], First]]:
    """Simulate a first cycle of designs of one form; yields some of them at a time.

    Args:
        population: who receives them.
        form: of all the designs.
        designs: of that form.
        threads: of the solver; the numbers do not depend on it.

    Yields:
        Indices of designs, and their first cycle.
    """
    each = max(1, MOST_PATIENTS // population.patients)
    for protection in dict.fromkeys(str(d.values["protection"]) for d in designs):
        rows = [i for i, d in enumerate(designs) if d.values["protection"] == protection]
        for start in range(0, len(rows), each):
            some = rows[start : start + each]
            chosen = [designs[i] for i in some]
            yield some, _first(population, form, chosen, protection, threads)


def _first(
    population: Population,
    form: Form,
    designs: Sequence[Design],
    protection: str,
    threads: int | None,
) -> First:
    plan = population.plan
    host = with_targets(population.host, form.agent.binds)
    values = _drawn(population, host.findings)
    given = form.agent.typical["amount_nmol"]
    ratio = np.array([d.number("amount") / given for d in designs])
    made = _changed_agent(population, form, designs, ratio)
    person = _changed_host(population, host, values, form, designs, ratio)
    course = simulate(
        made,
        person,
        _regimen(made, given, protection, route=plan.route),
        patients=len(designs) * population.patients,
        seed=population.seed,
        threads=threads,
        variability=True,
    )
    regions = [*(limit.region for limit in plan.limits), MARROW, *host.lesions]
    dose = course_dose(
        course, list(dict.fromkeys(regions)), lesion_alpha_beta_Gy=lesion_alpha_beta(plan)
    )
    number = {name: values[f"{name}.number"] for name in host.lesions}
    return First(dose, number)


def lesion_alpha_beta(plan: ScreenPlan) -> float:
    """Return α/β of the lesions of a plan in Gy, NaN where none is known."""
    from ligandose.effect import tumour_parameters

    if plan.tumour is None:
        return float("nan")
    own = plan.tumour.values.get("alpha_beta")
    return tumour_parameters(plan.tumour.disease).alpha_beta_Gy if own is None else own


def _drawn(population: Population, findings: Mapping[str, Finding]) -> dict[str, Floats]:
    return draw_values(
        findings,
        patients=population.patients,
        seed=population.seed,
        variability=True,
        knowledge=population.knowledge,
    )


def _regimen(made: Agent, amount_nmol: float, protection: str, *, route: str) -> Regimen:
    use = made.typical
    return Regimen.cycles(
        1,
        activity_GBq=CALL_GBQ,
        amount_nmol=amount_nmol,
        infusion_min=use.get("infusion_min", 0.0),
        comedication=() if protection == NO_PROTECTION else (protection,),
        voiding_h=use.get("voiding_h"),
        predose_nmol=use.get("predose_nmol"),
        predose_h=use.get("predose_h", 0.0),
        route=route,
    )


def _each(finding: Finding, values: Floats) -> Finding:
    """Return a finding with a value for each patient, in internal units, without a spread."""
    numbers: Any = values  # `draw_values` multiplies it as it does a number
    return replace(finding, value=numbers, unit="1", cv=None, gsd=1.0)


def _changed_agent(
    population: Population, form: Form, designs: Sequence[Design], ratio: Floats
) -> Agent:
    """Return the agent whose findings hold the values of every design's patients."""
    made, count = form.agent, population.patients
    drawn = {k: np.tile(v, len(designs)) for k, v in _drawn(population, made.findings).items()}
    for lever in (*BINDING, *MOLECULE):
        key = finding_key(made, lever)
        if lever in form.bounds and key in drawn:
            own = made.findings[key].require()
            factor = np.array([d.number(lever) / own for d in designs])
            if lever == "internalisation":
                factor = factor * [_antagonist(form, d) for d in designs]
            drawn[key] = drawn[key] * np.repeat(factor, count)
            if lever in SHARES:
                drawn[key] = np.minimum(drawn[key], 1.0)
    for site in made.binds:
        drawn[f"{site}.k_on"] = drawn[f"{site}.k_on"] * np.repeat(ratio, count)
        drawn[f"{site}.k_d"] = drawn[f"{site}.k_d"] / np.repeat(ratio, count)
    findings = {k: _each(f, drawn[k]) for k, f in made.findings.items() if k in drawn}
    return replace(made, findings=findings)


def _antagonist(form: Form, design: Design) -> float:
    """Return what is left of internalisation for a design that binds as an antagonist."""
    factor = design.values.get("sites_factor", 1.0)
    return form.bounds[ANTAGONIST].low if float(factor) > 1.0 else 1.0


def _changed_host(
    population: Population,
    host: Host,
    values: Mapping[str, Floats],
    form: Form,
    designs: Sequence[Design],
    ratio: Floats,
) -> Host:
    """Return the host whose densities hold what every design finds."""
    count = population.patients
    findings = dict(host.findings)
    drawn = {key: np.tile(v, len(designs)) for key, v in values.items()}
    cleaved = np.array([1.0 - float(d.values.get("cleaved_share", 0.0)) for d in designs])
    sites = np.array([float(d.values.get("sites_factor", 1.0)) for d in designs])
    for place in host.sites:
        key = f"{place.region}.{place.site}.density"
        if key in drawn:
            factor = 1.0 / ratio
            if place.space == TUBULAR:
                factor = factor * cleaved
            if place.site == form.agent.target:
                factor = factor * sites
            drawn[key] = drawn[key] * np.repeat(factor, count)
    for key, numbers in drawn.items():
        findings[key] = _each(findings[key], numbers)
    return replace(host, findings=findings)
