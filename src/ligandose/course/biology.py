"""Effect of each cycle on organs and lesions, and what lesions do until the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.course.absorbed import Masses
from ligandose.dose import RADIATIONS
from ligandose.effect import (
    TissueParameters,
    TumourParameters,
    alpha_findings,
    effect_parameters,
    eqd2_Gy,
    lea_catcheside_sampled,
    lesion_response,
    mixed_bed,
    tumour_parameters,
)
from ligandose.errors import UnknownNameError
from ligandose.hosts import Host, draw_values

Floats = NDArray[np.float64]
ALPHA = RADIATIONS.index("alpha")
SAMPLES_FOR_PROTRACTION = 40
# Where no repair rate is held. Such regions get no BED; the curve of blood, followed with this
# rate, stands in for regions without activity of their own, whose dose is small.
REPAIR_ELSEWHERE_PER_S = np.log(2.0) / (3.0 * 3600.0)


@dataclass(frozen=True)
class CycleDose:
    """Sources and doses of one cycle.

    Attributes:
        tia_Bq_s: (patients, regions, nuclides).
        dose_Gy: (patients, regions, radiations).
    """

    tia_Bq_s: Floats
    dose_Gy: Floats


@dataclass(frozen=True)
class CycleEffect:
    """Effect of one cycle.

    Attributes:
        protraction: (patients, regions) Lea-Catcheside factor G.
        half_time_s: (patients, regions) effective half-time of the dose rate.
        bed_Gy, eqd2_Gy: (patients, regions); NaN for regions without parameters.
    """

    protraction: Floats
    half_time_s: Floats
    bed_Gy: Floats
    eqd2_Gy: Floats


@dataclass(frozen=True)
class LesionState:
    """Lesions of every patient, (patients, lesion regions) each, one lesion of the kind."""

    viable_mass_kg: Floats
    dead_mass_kg: Floats

    @property
    def mass_kg(self) -> Floats:
        """Viable and dead mass together."""
        return self.viable_mass_kg + self.dead_mass_kg


class Radiobiology:
    """Radiobiological parameters of a host's regions, drawn once for the whole population."""

    def __init__(self, host: Host, masses: Masses, *, seed: int, varied: bool) -> None:
        self.lesions = host.lesions
        self.regions = masses.regions
        self.tumour = _tumour(host)
        self.tissues: Mapping[str, TissueParameters] = _tissues(masses.regions)
        self.rbe_max = alpha_findings()["rbe_clinical"].require()
        patients = masses.body_kg.size
        findings = {f"lesion.{f.quantity}": f for f in self.tumour.findings} if self.tumour else {}
        drawn = draw_values(findings, patients=patients, seed=seed, variability=varied)
        self._drawn = drawn

    def lesion_parameter(self, quantity: str) -> Floats:
        """Return (patients,) values of a parameter of the tumours, in SI units."""
        return self._drawn[f"lesion.{quantity}"]

    def alpha_beta_Gy(self) -> Floats:
        """Return (regions,) α/β, NaN where none is known."""
        return np.array([self._of(r, "alpha_beta_Gy") for r in self.regions])

    def _of(self, region: str, name: str) -> float:
        if region in self.lesions:
            return getattr(self.tumour, name) if self.tumour else float("nan")
        return getattr(self.tissues[region], name) if region in self.tissues else float("nan")

    def untreated(self, masses: Masses) -> LesionState:
        """Return the lesions before the first administration."""
        mass = np.zeros((masses.body_kg.size, len(self.lesions)))
        for column, lesion in enumerate(self.lesions):
            mass[:, column] = masses.of(lesion)
        return LesionState(mass, np.zeros_like(mass))

    def cycle_effect(self, dose: CycleDose, time_s: Floats, activity_Bq: Floats) -> CycleEffect:
        """Return protraction, BED and EQD2 of a cycle.

        The dose rate of a region follows the activity in the region itself; where a region holds
        none, the dose is small and G is taken as that of the whole body.

        Args:
            dose: of the cycle.
            time_s: (t,) since the administration.
            activity_Bq: (patients, t, regions).
        """
        g = self._protraction(time_s, activity_Bq)
        low = dose.dose_Gy.sum(axis=-1) - dose.dose_Gy[..., ALPHA]
        alpha_beta = self.alpha_beta_Gy()
        known = np.isfinite(alpha_beta)
        bed = np.full(low.shape, np.nan)
        eqd2 = np.full(low.shape, np.nan)
        # Without dose (patients who could not be solved) G is not defined, and nothing is squared.
        quadratic = np.where(low > 0.0, g * low**2, 0.0)
        bed[:, known] = mixed_bed(
            low[:, known],
            quadratic[:, known],
            alpha_dose_Gy=dose.dose_Gy[:, known, ALPHA],
            rbe_max=self.rbe_max,
            alpha_beta_Gy=alpha_beta[known],
        ).total_Gy
        eqd2[:, known] = eqd2_Gy(bed[:, known], alpha_beta_Gy=alpha_beta[known])
        return CycleEffect(g, _half_time(time_s, activity_Bq), bed, eqd2)

    def _protraction(self, time_s: Floats, activity_Bq: Floats) -> Floats:
        """Return (patients, regions) Lea-Catcheside factors."""
        keep = _samples(time_s)
        time = np.concatenate([[0.0], time_s[keep]])
        rate = np.maximum(np.moveaxis(activity_Bq[:, keep], 1, 2), 0.0)
        rate = np.concatenate([np.zeros_like(rate[..., :1]), rate], axis=-1)
        repair = np.array([self._of(r, "repair_rate_per_s") for r in self.regions])
        repair = np.where(np.isfinite(repair), repair, REPAIR_ELSEWHERE_PER_S)
        g = lea_catcheside_sampled(
            time, rate, repair_rate_per_s=repair, interpolation="exponential"
        )
        body = self.regions.index("blood")
        return np.where(np.isfinite(g), g, g[:, body : body + 1])

    def respond(
        self, before: LesionState, effect: CycleEffect, *, interval_s: float
    ) -> LesionState:
        """Return the lesions at the end of the interval that follows an administration."""
        if self.tumour is None or not self.lesions:
            return before
        columns = [self.regions.index(lesion) for lesion in self.lesions]
        step = lesion_response(
            before.viable_mass_kg,
            np.nan_to_num(effect.bed_Gy[:, columns]),
            interval_s=interval_s,
            alpha_per_Gy=self.lesion_parameter("alpha")[:, None],
            doubling_time_s=self.lesion_parameter("doubling_time")[:, None],
            clearance_half_time_s=self.lesion_parameter("clearance_half_time")[:, None],
            clonogens_per_kg=self.lesion_parameter("clonogen_density")[:, None],
            dead_mass_kg=before.dead_mass_kg,
            dose_half_time_s=effect.half_time_s[:, columns],
        )
        return LesionState(step.viable_mass_kg, step.dead_mass_kg)


def _samples(time_s: Floats) -> NDArray[np.intp]:
    """Return which samples carry the protraction: all, or evenly in the logarithm of time.

    In a course of several cycles most times lie after the dose of the early ones is given.
    """
    if time_s.size <= SAMPLES_FOR_PROTRACTION:
        return np.arange(time_s.size)
    wanted: Floats = np.geomspace(time_s[0], time_s[-1], SAMPLES_FOR_PROTRACTION, dtype=np.float64)
    return np.unique(np.minimum(np.searchsorted(time_s, wanted), time_s.size - 1))


def _half_time(time_s: Floats, activity_Bq: Floats) -> Floats:
    """Return ln 2 times the mean time at which dose is delivered, (patients, regions)."""
    step = np.diff(time_s, prepend=0.0)[None, :, None]
    weight = np.maximum(activity_Bq, 0.0) * step
    total = weight.sum(axis=1)
    mean = (weight * time_s[None, :, None]).sum(axis=1) / np.where(total > 0.0, total, 1.0)
    return np.log(2.0) * mean


def _tumour(host: Host) -> TumourParameters | None:
    """Return the tumour parameters of a disease; None where none are published."""
    try:
        return tumour_parameters(host.disease)
    except UnknownNameError:
        return None


@cache
def _tissues(regions: tuple[str, ...]) -> Mapping[str, TissueParameters]:
    known: dict[str, TissueParameters] = {}
    for region in regions:
        try:
            known[region] = effect_parameters(region)
        except UnknownNameError:
            continue
    return known
