"""One patient: the whole-body model with this patient's data, and what they leave open.

The prior is that of the population (`individual_prior`), with one more score per observed region
for what no parameter explains (`structure`). Data are compared as logarithms; the error of a
measurement is its stated uncertainty and, in quadrature, what the model misses from one time to
the next (`plan_model.csv`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.agents import agent as catalogue_agent
from ligandose.course import Administration, Course, Regimen
from ligandose.errors import InputError
from ligandose.hosts import Host
from ligandose.nuclides import nuclide
from ligandose.plan.individual_course import PatientModel
from ligandose.plan.individual_data import (
    WHOLE_BODY,
    ActivityDatum,
    Given,
    PatientData,
    check_data,
    model_sd,
    structure_sd,
)
from ligandose.plan.individual_fit import STEP, Laplace, map_laplace
from ligandose.plan.individual_prior import HOST, SEPARATOR, STRUCTURE, Prior, prior_of
from ligandose.plan.individual_sample import Draws, Target, importance, preconditioned_chains

if TYPE_CHECKING:
    from ligandose.plan.population_prior import OwnValue

Floats = NDArray[np.float64]
Values = Mapping[str, Mapping[str, Floats]]

DECIDING = ("kidneys", "red_marrow", "salivary_glands", "lacrimal_glands", "liver", "spleen")
"""Organs for whose dose scores are kept, beside lesions and what was measured."""
KEPT_VARIANCE = 0.99
"""Share of the prior variance of every datum and dose that the kept scores explain."""
DRAWS = 300
STEPS = 12
BLOOD_DENSITY_KG_L = 1.06  # ICRP Publication 89


@dataclass(frozen=True)
class Individual:
    """A patient, the agent of the treatment, and the data.

    Attributes:
        agent, host: of the treatment.
        data: what was measured.
        prior: scores and values; perhaps restricted to those that matter.
    """

    agent: Agent
    host: Host
    data: PatientData
    prior: Prior

    @classmethod
    def of(
        cls,
        agent: Agent,
        host: Host,
        data: PatientData,
        *,
        knowledge: bool = True,
        structure: Callable[[str], float] = structure_sd,
        own: Sequence[OwnValue] = (),
    ) -> Individual:
        """Return a patient with the prior of the population.

        Args:
            agent: of the treatment.
            host: of the catalogue, with the disease.
            data: what was measured.
            knowledge: whether typical values are uncertain too (`prior_of`).
            structure: log-sd by region of what no parameter explains.
            own: values of which a group knows its own population.

        Raises:
            InputError: data that the model cannot explain.
            UnknownNameError: an agent that is not in the catalogue.
        """
        base = PatientModel.of(agent, host, Regimen.cycles(1, activity_GBq=1.0, amount_nmol=1.0))
        full = base.host
        agents = {agent.name: agent.findings}
        for given in data.given:
            agents.setdefault(given.agent, catalogue_agent(given.agent).findings)
        observed = [a.region for a in data.activities if a.region != WHOLE_BODY]
        regions = dict.fromkeys([*DECIDING, *full.lesions, *observed])
        prior = prior_of(
            full.findings, agents, structure={r: structure(r) for r in regions},
            knowledge=knowledge,
        )  # fmt: skip
        known = (*full.organs, *full.lesions, "blood", "heart_contents")
        check_data(data, regions=known, keys=tuple(full.findings))
        if own:
            from ligandose.plan.population_prior import with_own

            prior = with_own(prior, own)
        return cls(agent, full, data, prior)

    def with_data(self, data: PatientData) -> Individual:
        """Return another patient (or the same one later) with the same prior."""
        return replace(self, data=data)

    @cached_property
    def _scans(self) -> list[tuple[PatientModel, tuple[Given, ...], list[int], Floats]]:
        """Models with their administrations, the data that each predicts, and their times."""
        treatment = self.data.treatments(self.agent.name)
        groups = [(self.agent, treatment)] if treatment else []
        groups += [(catalogue_agent(g.agent), (g,)) for g in self.data.given if g not in treatment]
        result: list[tuple[PatientModel, tuple[Given, ...], list[int], Floats]] = []
        for agent, given in groups:
            start = {g.name: g.time_s - given[0].time_s for g in given}
            members = [i for i, a in enumerate(self.data.activities) if a.given in start]
            if not members:
                continue
            when = [
                start[self.data.activities[i].given] + self.data.activities[i].time_s
                for i in members
            ]
            model = PatientModel.of(agent, self.host, regimen_of(given, agent))
            result.append((model, given, members, np.array(when)))
        return result

    @property
    def y(self) -> Floats:
        """(data,) logarithms of the measurements: activities, then values."""
        return np.log([*(a.value for a in self.data.activities), *(v.value for v in
                                                                   self.data.values)])  # fmt: skip

    @property
    def sd(self) -> Floats:
        """(data,) standard deviations of the logarithms."""
        point = model_sd("structure", "point")
        return np.array(
            [
                *(float(np.hypot(np.sqrt(np.log1p(a.relative_sd**2)), point))
                  for a in self.data.activities),
                *(v.log_sd for v in self.data.values),
            ]
        )  # fmt: skip

    @property
    def labels(self) -> list[str]:
        """Names of the data, in the order of `y`."""
        return [
            *(f"{a.given}, {a.region}, {a.time_s / 3600.0:g} h" for a in self.data.activities),
            *(v.key for v in self.data.values),
        ]

    def predict(self, score: Floats) -> Floats:
        """Return (n, data) logarithms of what would be measured; not finite where unsolved."""
        return self.predicted_of(self.prior.values(score), score.shape[0])

    def predicted_of(self, values: Values, n: int) -> Floats:
        """Return the same for values instead of scores."""
        activities = self.data.activities
        result = np.empty((n, len(activities) + len(self.data.values)))
        structure = values.get(STRUCTURE, {})
        for model, given, members, when in self._scans:
            times, place = np.unique(when, return_inverse=True)
            regions, held, mass = model.activity(values, times)
            start = {g.name: g for g in given}
            for i, k in zip(members, place, strict=True):
                datum = activities[i]
                result[:, i] = _log_measured(
                    datum, start[datum.given], model, values, regions, held[:, k], mass,
                    structure,
                )  # fmt: skip
        for j, datum in enumerate(self.data.values, start=len(activities)):
            result[:, j] = np.log(values[HOST][datum.key])
        return result

    def screened(self, regimen: Regimen) -> Individual:
        """Return the patient with only the scores that move a datum or a deciding dose.

        The others stay at their typical value: together they hold less than 1 % of the prior
        variance of any of these (first derivatives at the typical patient).
        """
        one = replace(regimen, administrations=regimen.administrations[:1])
        model = PatientModel.of(self.agent, self.host, one)
        rows = np.concatenate([np.zeros((1, self.prior.size)), STEP * np.eye(self.prior.size)])
        values = self.prior.values(rows)
        wanted = [r for r in DECIDING if r in self.host.organs] + list(self.host.lesions)
        course = model.course(values, varied=False, structure=values.get(STRUCTURE))
        doses = np.log(np.maximum([course.dose_of(r) for r in wanted], 1e-30)).T
        outputs = np.concatenate([self.predicted_of(values, rows.shape[0]), doses], axis=1)
        share = np.nan_to_num((outputs[1:] - outputs[0]) / STEP) ** 2
        share = share / np.maximum(share.sum(axis=0), 1e-30)
        kept = np.zeros(self.prior.size, dtype=np.bool_)
        for column in share.T:
            order = np.argsort(column)[::-1]
            until = int(np.searchsorted(np.cumsum(column[order]), KEPT_VARIANCE)) + 1
            kept[order[:until]] = True
        return replace(self, prior=self.prior.restricted(kept))

    def laplace(self, *, start: Floats | None = None) -> Laplace:
        """Return the most probable scores and the normal distribution around them."""
        return map_laplace(self.predict, self.y, self.sd, scores=self.prior.size, start=start)

    def posterior(
        self, *, draws: int = DRAWS, steps: int = STEPS, seed: int = 1, method: str = "chains"
    ) -> Posterior:
        """Return the posterior of the patient.

        Args:
            draws: number of draws.
            steps: steps of each chain; 0 stays with the Laplace approximation.
            seed: same seed, same draws.
            method: "chains", "importance" or "laplace".

        Raises:
            InputError: a method that is not known.
        """
        rng = np.random.default_rng([seed, 8])
        normal = self.laplace()
        target = Target(self.predict, self.y, self.sd, normal)
        if method == "laplace" or self.y.size == 0 or steps == 0:
            score = normal.draw(draws, rng=rng)
            predicted = self.predict(score)
            made = Draws(score, predicted, 1.0, float(draws), draws, "laplace")
        elif method == "importance":
            made = importance(target, draws=draws, proposals=draws * steps, rng=rng)
        elif method == "chains":
            made = preconditioned_chains(target, chains=draws, steps=steps, rng=rng)
        else:
            raise InputError(f"method {method!r}; known are chains, importance, laplace")
        return Posterior(self, normal, made)


@dataclass(frozen=True)
class Posterior:
    """What is known of a patient after the data.

    Attributes:
        individual: the patient.
        laplace: normal approximation.
        draws: equally weighted draws of the scores.
    """

    individual: Individual
    laplace: Laplace
    draws: Draws

    @cached_property
    def values(self) -> dict[str, dict[str, Floats]]:
        """Values of the draws by owner and key."""
        return self.individual.prior.values(self.draws.score)

    def course(self, regimen: Regimen, *, agent: Agent | None = None, seed: int = 1,
               varied: bool = True) -> Course:  # fmt: skip
        """Return the course of a regimen for every draw, structure included.

        Args:
            regimen: from the first treatment on, those that were given included.
            agent: another agent than the treatment's, on whose own findings nothing was learnt.
            seed: of radiobiology.
            varied: whether radiobiology is drawn.
        """
        chosen = agent or self.individual.agent
        values: dict[str, dict[str, Floats]] = dict(self.values)
        if chosen.name not in values:
            values[chosen.name] = _as_own(chosen, self.individual.agent, values)
        model = PatientModel.of(chosen, self.individual.host, regimen)
        return model.course(values, seed=seed, varied=varied, structure=values.get(STRUCTURE))


def _as_own(
    other: Agent, own: Agent, values: Mapping[str, Mapping[str, Floats]]
) -> dict[str, Floats]:
    """Return draws of another agent's findings: of the same vector, those that were learnt."""
    if other.vector != own.vector:
        return {}
    learnt = values.get(own.name, {})
    return {
        key: value * (finding.internal / own.findings[key].internal)
        for key, finding in other.findings.items()
        if key in learnt and finding.value and own.findings[key].value
        for value in (learnt[key],)
    }


def regimen_of(given: Sequence[Given], agent: Agent) -> Regimen:
    """Return the regimen of administrations that were made, from the first of them on."""
    start = given[0].time_s
    return Regimen(
        tuple(
            Administration(g.time_s - start, g.activity_Bq, g.amount_nmol, g.duration_s)
            for g in given
        ),
        comedication=agent.comedication,
        voiding_interval_s=(agent.typical["voiding_h"] * 3600.0
                            if "voiding_h" in agent.typical else None),
    )  # fmt: skip


def _log_measured(
    datum: ActivityDatum,
    given: Given,
    model: PatientModel,
    values: Values,
    regions: tuple[str, ...],
    held_Bq: Floats,
    mass_kg: Floats,
    structure: Mapping[str, Floats],
) -> Floats:
    """Return (n,) logarithm of a measurement of (n, regions) activities."""
    if datum.region == WHOLE_BODY:
        activity = held_Bq.sum(axis=1)
        mass, density = values[HOST]["whole_body.body_mass"], np.array(1.0)
    else:
        column = regions.index(datum.region)
        activity, mass = held_Bq[:, column], mass_kg[:, column]
        density = _density(datum.region, model, values)
    lost = np.exp(-nuclide(model.agent.nuclide).decay_constant_per_s * datum.time_s)
    per_mL = activity / (mass / density * 1e3)
    found = {
        "activity_MBq": activity / 1e6,
        "percent_IA": 100.0 * activity / (lost * given.activity_Bq),
        "kBq_mL": per_mL / 1e3,
        "SUV": per_mL / (lost * given.activity_Bq / (1e3 * values[HOST]["whole_body.body_mass"])),
    }[datum.quantity]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(found * structure.get(datum.region, np.array(1.0)))


def _density(region: str, model: PatientModel, values: Values) -> Floats:
    """Return the mass density, kg/L; that of blood for blood."""
    if region in ("blood", "heart_contents"):
        return np.array(BLOOD_DENSITY_KG_L)
    key = f"{region}.density"
    if key in values[HOST]:
        return values[HOST][key]
    return np.array(model.host.findings[key].internal if key in model.host.findings else 1.0)


def agent_key(agent: str, key: str) -> str:
    """Return the name of an agent's value in the prior."""
    return f"{agent}{SEPARATOR}{key}"
