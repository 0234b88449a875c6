"""What a course does to the clonogens of a patient: kill, control, time to regrowth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.design.screen_dose import CourseDose
from ligandose.effect import (
    equivalent_uniform_bed_log_normal_Gy,
    net_uniform_bed_Gy,
)

Floats = NDArray[np.float64]

DAY_S = 86400.0
STEP_D = 3.0
FOLLOW_UP_D = 120.0
"""Lesions are followed as `ligandose.course.outcome` follows them: every third day."""
LN10 = float(np.log(10.0))
SMALLEST = 1e-300
"""Fewer expected survivors cannot be told apart in double precision."""


@dataclass(frozen=True)
class LesionParameters:
    """Radiobiology of the lesions of a population, (P,) each, in s, kg and Gy.

    Attributes:
        dose_log_sd: spread of dose within a lesion, one number.
    """

    alpha_per_Gy: Floats
    doubling_time_s: Floats
    kick_off_s: Floats
    clonogens_per_kg: Floats
    dose_log_sd: float


@dataclass(frozen=True)
class TumourEffect:
    """Effect of a course, (…, P) each.

    Attributes:
        log10_kill: decades by which all clonogens of all lesions together are fewer when net kill
            is greatest; repopulation is taken off.
        tcp: probability that none is left in any lesion (Poisson).
        log10_survivors: decimal logarithm of the expected number of clonogens that are left, of
            which control is a function; it still tells agents apart where control is 0 or 1.
        regrowth_d: days after the first administration until the lesion kind that was killed
            least has as many clonogens again as before it.
        dose_Gy: absorbed dose, mean over the mass of all lesions.
    """

    log10_kill: Floats
    tcp: Floats
    log10_survivors: Floats
    regrowth_d: Floats
    dose_Gy: Floats


def tumour_effect(
    dose: CourseDose,
    factor: Floats,
    parameters: LesionParameters,
    *,
    lesions: Sequence[str],
    number: Mapping[str, Floats],
) -> TumourEffect:
    """Return the effect at factors of the simulated activity.

    The BED of a lesion is log-normal around its mean; the uniform BED that spares as many cells
    counts (Spoormans et al. 2022, doi:10.3390/pharmaceutics14102007), repopulation lowers it
    (Dale 1989), and survivors N exp(-α BED) make control exp(-survivors). Without further
    treatment clonogens double in the doubling time, so they are back after
    T_d α BED / ln 2 (counted from the first administration), BED the uniform one of the course.

    Args:
        dose: of the lesions and more.
        factor: (…, P), NaN for patients without a result; several activities at once are faster.
        parameters: radiobiology.
        lesions: names of the kinds of lesion.
        number: (P,) lesions of each kind.

    Returns:
        Arrays of the shape of `factor`.
    """
    net, gross = _uniform_beds(dose, factor, parameters, lesions)
    before, after = np.zeros_like(factor), np.zeros_like(factor)
    energy, weight = np.zeros_like(factor), np.zeros_like(factor)
    for row, lesion in enumerate(lesions):
        many = np.maximum(number[lesion], 1.0)
        mass = dose.mass_kg[:, dose.regions.index(lesion)] * many
        before += parameters.clonogens_per_kg * mass
        after += parameters.clonogens_per_kg * mass * np.exp(-parameters.alpha_per_Gy * net[row])
        energy += mass * dose.absorbed_Gy(factor, lesion)
        weight += mass
    growth = np.log(2.0) / (parameters.doubling_time_s * parameters.alpha_per_Gy)
    regrowth = np.min(gross, axis=0) / growth / DAY_S
    survivors = np.log(np.maximum(after, SMALLEST)) / LN10
    kill = np.log(before) / LN10 - survivors
    return TumourEffect(kill, np.exp(-after), survivors, regrowth, energy / weight)


def _uniform_beds(
    dose: CourseDose, factor: Floats, parameters: LesionParameters, lesions: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return (lesions, …, P) uniform BED net of repopulation, and that of the course, Gy."""
    ok = np.isfinite(factor) & ~dose.failed
    used = np.where(ok, factor, 0.0)
    time = _times_s(dose.start_s)
    total: list[Floats] = []
    net: list[Floats] = []
    for lesion in lesions:
        bed = np.where(dose.failed[:, None], 0.0, dose.bed_Gy(used, lesion))
        built_up = np.einsum("...pc,pct->...pt", bed, _built_up(dose, lesion, time))
        net.append(
            net_uniform_bed_Gy(
                time, built_up,
                bed_log_sd=parameters.dose_log_sd,
                alpha_per_Gy=parameters.alpha_per_Gy,
                doubling_time_s=parameters.doubling_time_s,
                kick_off_s=parameters.kick_off_s,
            )
        )  # fmt: skip
        total.append(bed.sum(axis=-1))
    uniform = equivalent_uniform_bed_log_normal_Gy(
        np.stack(total), bed_log_sd=parameters.dose_log_sd, alpha_per_Gy=parameters.alpha_per_Gy
    )
    return np.where(ok, np.stack(net), np.nan), np.where(ok, uniform, np.nan)


def _built_up(dose: CourseDose, lesion: str, time_s: Floats) -> Floats:
    """Return (P, C, t) which part of each cycle's BED is given by each time."""
    column = dose.regions.index(lesion)
    half_time = np.maximum(np.nan_to_num(dose.half_time_s[..., column], nan=1.0), 1.0)
    age = np.maximum(time_s[None, None, :] - dose.start_s[None, :, None], 0.0)
    return -np.expm1(-np.log(2.0) * age / half_time[..., None])


def _times_s(start_s: Floats) -> Floats:
    end = float(start_s[-1]) / DAY_S + FOLLOW_UP_D
    return np.arange(0.0, end + STEP_D, STEP_D) * DAY_S
