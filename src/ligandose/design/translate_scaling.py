"""From uptake curves of an animal to time-integrated activity coefficients of a human.

Methods, side by side (Cicone et al. 2022, doi:10.1186/s13550-022-00893-z, M1 to M4), for an organ
that holds the fraction f_a(t) of what was injected, corrected for decay, in an animal of body mass
BW_a and organ mass m_a:

* none: f_h(t) = f_a(t);
* mass: f_h(t) = f_a(t) (m_h/BW_h) / (m_a/BW_a), the relative mass of the organ: the concentration
  times body mass is the same;
* time: f_h(t) = f_a(t (BW_a/BW_h)^0.25);
* mass_time: both;
* allometric: mass, and biological rates that scale as clearance over volume, k_h = k_a
  (BW_h/BW_a)^(b − 1), with the exponent b of clearance and its spread (Hu and Hayton 2001,
  doi:10.1208/ps030429; the renal one for kidneys and urinary bladder).

Physical decay is applied after scaling: TIAC = ∫ f_h(t) e^(−λt) dt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.design.translate_gut import (
    entering_share,
    first_segment,
    lumen_of,
    passage,
    with_contents,
)
from ligandose.design.translate_table import AnimalRegion, AnimalTable, translation_findings
from ligandose.errors import DataError
from ligandose.hosts import Host, host
from ligandose.kinetics import TacFit, fit_tac, tac_model

Floats = NDArray[np.float64]
METHODS = ("none", "mass", "time", "mass_time", "allometric")
BY_MASS = ("mass", "mass_time", "allometric")
WHOLE_BODY, BLOOD = "whole_body", "blood"
RENAL = ("kidneys", "urinary_bladder")
STEP = 1e-4


@dataclass(frozen=True)
class Coefficient:
    """A time-integrated activity coefficient of a human region.

    Attributes:
        tiac_s: per administered activity, s.
        relative_se: standard error over it, of fit and exponent; None where not determined.
        effective_rate_per_s: mean rate of fall, for protraction: 1 / mean time of decay.
    """

    tiac_s: float
    relative_se: float | None
    effective_rate_per_s: float


@dataclass(frozen=True)
class ScaledRegion:
    """One measured region with its fit and what it means for a human.

    Attributes:
        measured: the animal's data.
        fit: of the decaying fraction of the injected activity.
        animal_mass_kg: of the organ, from the table or the reference animal.
        animal_mass_stated: whether the table had it.
        animal_tiac_s: time-integrated activity coefficient in the animal.
        human: region → method → coefficient; of organs with their contents, the contents.
    """

    measured: AnimalRegion
    fit: TacFit
    animal_mass_kg: float
    animal_mass_stated: bool
    animal_tiac_s: float
    human: Mapping[str, Mapping[str, Coefficient]]


def scale_table(table: AnimalTable, *, decay_per_s: float, human: Host) -> list[ScaledRegion]:
    """Fit every region of a table that the human has and scale it by every method.

    Args:
        table: of `read_animals`.
        decay_per_s: of the nuclide.
        human: a reference adult.

    Raises:
        SolverError: a curve that cannot be fitted.
        DataError: an organ whose mass neither the table nor the reference animal has.
    """
    animal = host(table.species)
    there = [r for r in table.regions if has_region(human, r)]
    scaled = [_scaled(region, table, decay_per_s, animal, human) for region in there]
    return _with_passage(scaled, table.file, decay_per_s, human)


def _with_passage(
    scaled: list[ScaledRegion], file: str, decay: float, human: Host
) -> list[ScaledRegion]:
    """Replace organs that hold what was excreted by its passage through the human's."""
    hollow = [r for r in scaled if r.measured.contents]
    if not hollow:
        return scaled
    measured = [r.measured for r in hollow]
    share, error = entering_share(measured, [r.animal_mass_kg for r in hollow], file=file)
    passed = passage(share, human, decay_per_s=decay, first=first_segment(measured))

    def own(region: ScaledRegion) -> ScaledRegion:
        if not region.measured.contents:
            return region
        held: dict[str, Mapping[str, Coefficient]] = {
            name: {
                method: Coefficient(passed[name][0], error, passed[name][1]) for method in METHODS
            }
            for name in lumen_of(region.measured, measured, passed)
        }
        return replace(region, human=held)

    return [own(region) for region in scaled]


def has_region(human: Host, region: AnimalRegion) -> bool:
    """Return whether a human has the organs of a region (testes, prostate)."""
    return all(name == WHOLE_BODY or f"{name}.mass" in human.findings for name in region.regions)


def _scaled(
    region: AnimalRegion, table: AnimalTable, decay: float, animal: Host, human: Host
) -> ScaledRegion:
    alive = np.exp(-decay * region.time_s)
    sigma = None if region.uncertainty is None else region.uncertainty * alive
    fit = fit_tac(
        region.time_s, region.fraction * alive, decay_per_s=decay, uncertainty_Bq=sigma,
        where=f"{table.file}, {region.name}",
    )  # fmt: skip
    mass, stated = _animal_mass(region, table, animal)
    if region.contents and not stated:
        mass = with_contents(mass, region.regions, human)
    whole = mass * 1e3 if region.per_gram else 1.0
    ratio = _mass_kg(human, WHOLE_BODY) / table.body_mass_kg
    total = sum(_mass_kg(human, r) for r in region.regions)
    found: dict[str, Mapping[str, Coefficient]] = {}
    for name in region.regions:
        m_h = _mass_kg(human, name)
        relative = (m_h / mass) / ratio if region.use != WHOLE_BODY else 1.0
        share = m_h / total
        found[name] = {
            method: _coefficient(
                fit, decay, name, ratio, method,
                factor=whole * (relative if method in BY_MASS else share),
            )
            for method in METHODS
        }  # fmt: skip
    return ScaledRegion(region, fit, mass, stated, fit.tia_Bq_s * whole, found)


def _mass_kg(person: Host, region: str) -> float:
    key = f"{WHOLE_BODY}.body_mass" if region == WHOLE_BODY else f"{region}.mass"
    return person.finding(key).internal


def _animal_mass(region: AnimalRegion, table: AnimalTable, animal: Host) -> tuple[float, bool]:
    """Return the mass of the organ in the animal and whether the table stated it."""
    if region.use == WHOLE_BODY:
        return table.body_mass_kg, True
    if region.organ_mass_kg is not None:
        return region.organ_mass_kg, True
    relative = table.body_mass_kg / _mass_kg(animal, WHOLE_BODY)
    try:
        return sum(_mass_kg(animal, r) for r in region.regions) * relative, False
    except DataError:
        raise DataError(
            f"{table.file}: {region.name} has no organ_mass_g, and the reference {table.species} "
            "has none either; give organ_mass_g"
        ) from None


def _coefficient(
    fit: TacFit, decay: float, region: str, ratio: float, method: str, *, factor: float
) -> Coefficient:
    """Return the coefficient of one region by one method with its standard error."""
    model, findings = tac_model(fit.model), translation_findings()

    def stretched(theta: Floats, exponent: float) -> tuple[Floats, Floats]:
        coefficient, rate = model.exponentials(theta, decay)
        return coefficient, (rate - decay) * ratio**-exponent + decay

    def integral(theta: Floats, exponent: float) -> float:
        coefficient, rate = stretched(theta, exponent)
        return float(np.sum(coefficient / rate))

    exponent, spread = 0.0, 0.0
    if method in ("time", "mass_time"):
        exponent = findings["scaling", "time_exponent"].require()
    elif method == "allometric":
        kind = "renal_clearance_exponent" if region in RENAL else "clearance_exponent"
        exponent = 1.0 - findings["scaling", kind].require()
        spread = findings["scaling", kind].cv or 0.0
    value = integral(fit.theta, exponent)
    coefficient, rate = stretched(fit.theta, exponent)
    mean_time = float(np.sum(coefficient / rate**2)) / value
    error = _relative_error(fit, integral, exponent, spread)
    return Coefficient(value * factor, error, 1.0 / mean_time)


def _relative_error(
    fit: TacFit, integral: Callable[[Floats, float], float], exponent: float, spread: float
) -> float | None:
    """Return the relative standard error from the fit, its model, and the exponent."""
    if fit.covariance is None or fit.se_Bq_s is None or fit.unconditional_se_Bq_s is None:
        return None
    value = integral(fit.theta, exponent)
    gradient = np.array(
        [
            integral(fit.theta + STEP * e, exponent) - integral(fit.theta - STEP * e, exponent)
            for e in np.eye(fit.theta.size)
        ]
    ) / (2.0 * STEP * value)
    own = float(gradient @ fit.covariance @ gradient)
    chosen = max(fit.unconditional_se_Bq_s**2 - fit.se_Bq_s**2, 0.0) / fit.tia_Bq_s**2
    slope = integral(fit.theta, exponent + STEP) - integral(fit.theta, exponent - STEP)
    return math.sqrt(max(own, 0.0) + chosen + (spread * slope / (2.0 * STEP * value)) ** 2)
