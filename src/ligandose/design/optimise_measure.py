"""What a design is worth: kill at the activity that it is given with, and margin to organ limits.

The activity is that of a screen: per patient (or for all) what the first organ's limit and
practice both allow, times the part of it that the design gives. Lesions are followed without
shrinking between cycles, as a screen does for its draws of knowledge; the designs of the front are
worked out with it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.design.optimise_batch import (
    CALL_GBQ,
    MOST_PATIENTS,
    Population,
    first_cycles,
    joined,
)
from ligandose.design.optimise_space import Design, Form, Space
from ligandose.design.screen_dose import CourseDose, factors_at_limits
from ligandose.design.screen_effect import LesionParameters, tumour_effect
from ligandose.design.screen_lesions import lesion_parameters
from ligandose.design.screen_plan import PER_PATIENT, ScreenPlan
from ligandose.design.screen_supply import Supply, supply_of
from ligandose.errors import InputError

Floats = NDArray[np.float64]
WEEK_S = 7 * 86400.0
LOWER = 0.05
"""Quantile of the patients that stands for the lower end."""
MOST_LOG10_MARGIN = 2.0
"""A hundredfold margin; more is not worth anything."""
LEAST_GBQ, MOST_GBQ = 1e-6, 1e6
OBJECTIVES = ("log10_kill", "log10_margin")
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Measured:
    """Measures of one design, by patient.

    Attributes:
        activity_GBq: (P,) of a cycle.
        log10_kill: (P,) of all clonogens.
        log10_margin: (P,) activity at the first organ's limit over the activity given.
        tumour_dose_Gy: (P,) over the course.
        tumour_dose_at_limit_Gy: (P,) at the activity of the first limit.
        limiting: (P,) index of the limit that is met first, -1 where none is.
        limits: regions of the limits.
        capped: part of the patients whose activity practice limits, not an organ.
    """

    activity_GBq: Floats
    log10_kill: Floats
    log10_margin: Floats
    tumour_dose_Gy: Floats
    tumour_dose_at_limit_Gy: Floats
    limiting: NDArray[np.intp]
    limits: tuple[str, ...]
    capped: float

    @property
    def objectives(self) -> tuple[float, float]:
        """Lower ends of kill and of the logarithm of the margin; more is better."""
        return lower_end(self.log10_kill), lower_end(self.log10_margin)

    @property
    def limiting_organ(self) -> str:
        """Region that most patients meet first, "none" where no limit is met."""
        met = self.limiting[self.limiting >= 0]
        return self.limits[int(np.argmax(np.bincount(met)))] if met.size else "none"


def lower_end(values: Floats) -> float:
    """Return the 5th percentile over the patients that have a value; 0 where none has."""
    known = values[np.isfinite(values)]
    return float(np.quantile(known, LOWER)) if known.size else 0.0


def evaluate(
    population: Population,
    space: Space,
    designs: Sequence[Design],
    *,
    threads: int | None = 1,
    progress: Progress | None = None,
) -> list[Measured]:
    """Return the measures of designs in the same patients, in the order given.

    Args:
        population: patients that all designs share.
        space: that the designs are of.
        designs: any of them.
        threads: of the solver; the numbers do not depend on it.
        progress: called with the share done.

    Raises:
        InputError: no radiobiology of the lesions.
    """
    if population.plan.tumour is None:
        raise InputError("optimise needs the radiobiology of the lesions; name it with tumour: of:")
    lesions = lesion_parameters(
        population.plan.tumour,
        patients=population.patients,
        seed=population.seed,
        knowledge=population.knowledge,
    )
    firsts: dict[int, CourseDose] = {}
    number: Mapping[str, Floats] = {}
    for form in dict.fromkeys(d.form for d in designs):
        rows = [i for i, d in enumerate(designs) if d.form == form]
        some = [designs[i] for i in rows]
        for at, first in first_cycles(population, space.forms[form], some, threads=threads):
            number = first.number
            for place, i in enumerate(at):
                firsts[rows[i]] = first.of(place, population.patients)
            if progress is not None:
                progress(len(firsts) / len(designs), f"{len(firsts)} of {len(designs)} designs")
    found: dict[int, Measured] = {}
    each = max(1, MOST_PATIENTS // population.patients)
    for rows in _schedules(designs):
        for start in range(0, len(rows), each):
            some_rows = rows[start : start + each]
            dose = joined([firsts[i] for i in some_rows])
            chosen = [designs[i] for i in some_rows]
            measured = _of_schedule(population, space, chosen, dose, number, lesions)
            found.update(zip(some_rows, measured, strict=True))
    return [found[i] for i in range(len(designs))]


def _schedules(designs: Sequence[Design]) -> list[list[int]]:
    """Return the indices of designs by cycles and interval."""
    by: dict[tuple[float, float], list[int]] = {}
    for i, design in enumerate(designs):
        by.setdefault((design.number("cycles"), design.number("every_weeks")), []).append(i)
    return list(by.values())


def supply(plan: ScreenPlan, form: Form, design: Design) -> Supply:
    """Return what can be given of a design under a plan."""
    cap = replace(
        plan.cap,
        amount_given_nmol=design.number("amount"),
        cycles=int(design.number("cycles")),
        every_weeks=design.number("every_weeks"),
    )
    return supply_of(replace(plan, cap=cap), form.agent, form.agent.nuclide)


def _of_schedule(
    population: Population,
    space: Space,
    designs: Sequence[Design],
    first: CourseDose,
    number: Mapping[str, Floats],
    lesions: LesionParameters,
) -> list[Measured]:
    """Return the measures of designs of one schedule."""
    dose = first.repeated(
        int(designs[0].number("cycles")), designs[0].number("every_weeks") * WEEK_S
    )
    plan, count = population.plan, population.patients
    limits, factors = factors_at_limits(dose, plan.counted_limits, fraction=plan.fraction)
    at_limit = np.minimum(CALL_GBQ * np.min(factors, axis=1), MOST_GBQ)
    caps = np.array([supply(plan, space.forms[d.form], d).activity_cap_GBq for d in designs])
    shares = np.array([d.number("activity_share") for d in designs])
    allowed = at_limit if plan.mode == PER_PATIENT else _same(plan, at_limit, count)
    practical = np.minimum(allowed, np.repeat(np.minimum(caps, MOST_GBQ), count))
    given = np.maximum(np.repeat(shares, count) * practical, LEAST_GBQ)
    effect = tumour_effect(
        dose,
        np.stack([given, at_limit]) / CALL_GBQ,
        _repeated(lesions, len(designs)),
        lesions=list(number),
        number={name: np.tile(values, len(designs)) for name, values in number.items()},
    )
    margin = np.minimum(np.log10(at_limit / given), MOST_LOG10_MARGIN)
    limiting = np.where(at_limit < MOST_GBQ, np.argmin(np.nan_to_num(factors, nan=np.inf), 1), -1)
    regions = tuple(limit.region for limit in limits)
    found: list[Measured] = []
    for i in range(len(designs)):
        at = slice(i * count, (i + 1) * count)
        found.append(
            Measured(
                activity_GBq=given[at],
                log10_kill=effect.log10_kill[0, at],
                log10_margin=margin[at],
                tumour_dose_Gy=effect.dose_Gy[0, at],
                tumour_dose_at_limit_Gy=effect.dose_Gy[1, at],
                limiting=limiting[at],
                limits=regions,
                capped=float(np.mean(practical[at] < allowed[at])),
            )
        )
    return found


def _same(plan: ScreenPlan, at_limit: Floats, count: int) -> Floats:
    """Return the activity that brings the stated share of a design's patients beyond a limit."""
    by_design = at_limit.reshape(-1, count)
    same = np.nanquantile(by_design, plan.share_beyond, axis=1)
    return np.repeat(same, count)


def _repeated(lesions: LesionParameters, times: int) -> LesionParameters:
    return LesionParameters(
        alpha_per_Gy=np.tile(lesions.alpha_per_Gy, times),
        doubling_time_s=np.tile(lesions.doubling_time_s, times),
        kick_off_s=np.tile(lesions.kick_off_s, times),
        clonogens_per_kg=np.tile(lesions.clonogens_per_kg, times),
        dose_log_sd=lesions.dose_log_sd,
    )
