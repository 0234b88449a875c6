"""A population of patients on the whole-body model: which values are fitted, and from what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import Host
from ligandose.plan.individual_data import PatientData
from ligandose.plan.individual_model import Individual
from ligandose.plan.individual_prior import HOST, SEPARATOR, STRUCTURE
from ligandose.plan.population_fit import MOST_ROUNDS, PopulationFit, fit_population

Floats = NDArray[np.float64]

START_ERROR = 0.2


@dataclass(frozen=True)
class Subject:
    """A patient of a population: label, measurements, and values that are known of this one.

    Attributes:
        name: label.
        data: administrations and activities.
        covariates: known values of the host by key, internal units.
    """

    name: str
    data: PatientData
    covariates: Mapping[str, float]


@dataclass(frozen=True)
class Population:
    """Subjects on the model of an agent in a host.

    Attributes:
        template: the model with its typical values.
        subjects: patients.
        fitted: keys of the values that are fitted ("host|kidneys.PSMA.density").
    """

    template: Individual
    subjects: tuple[Subject, ...]
    fitted: tuple[str, ...]

    @classmethod
    def of(
        cls, agent: Agent, host: Host, subjects: Sequence[Subject], *, fitted: Sequence[str]
    ) -> Population:
        """Return a population.

        Raises:
            UnknownNameError: a value that the model does not have.
            InputError: no value to fit, or data that the model cannot explain.
        """
        if not fitted:
            raise InputError("population: name at least one value to fit")
        for subject in subjects:
            Individual.of(agent, host, subject.data)  # checks the data
        template = Individual.of(agent, host, subjects[0].data if subjects else PatientData())
        for key in fitted:
            if key not in template.prior.keys:
                raise UnknownNameError("value", key, template.prior.keys, where="population")
        return cls(template, tuple(subjects), tuple(fitted))

    def y(self) -> list[Floats]:
        """Return the logarithms of every subject's activities."""
        return [np.log([a.value for a in s.data.activities]) for s in self.subjects]

    def predict(self, patient: int, log_values: Floats) -> Floats:
        """Return (n, data) ln predictions of one subject for (n, fitted) ln values."""
        subject = self.subjects[patient]
        n = log_values.shape[0]
        values = self.template.prior.values(np.zeros((n, self.template.prior.size)))
        values.pop(STRUCTURE, None)
        for key, known in subject.covariates.items():
            values[HOST][key] = np.full(n, known)
        for column, name in enumerate(self.fitted):
            owner, _, key = name.partition(SEPARATOR)
            values[owner][key] = np.exp(log_values[:, column])
        return self._models[patient].predicted_of(values, n)

    @cached_property
    def _models(self) -> list[Individual]:
        """The subjects, each with its compiled models."""
        return [
            self.template.with_data(replace(s.data, values=(), counts=(), egfr=()))
            for s in self.subjects
        ]

    def fit(self, *, most_rounds: int = MOST_ROUNDS) -> PopulationFit:
        """Return the fitted population, begun at the catalogue's values and spreads."""
        prior = self.template.prior
        place = [prior.keys.index(key) for key in self.fitted]
        spread = np.maximum(prior.sd_log()[place], 0.1)
        return fit_population(
            self.predict, self.y(), names=self.fitted, log_start=prior.log_typical[place],
            spread_start=spread, error_start=START_ERROR, most_rounds=most_rounds,
        )  # fmt: skip
