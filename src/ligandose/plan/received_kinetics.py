"""Time-integrated activity of a region: a fitted curve, or one time point by a named method."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ligandose.kinetics import (
    TacFit,
    fit_tac,
    haenscheid_bias,
    haenscheid_tia_Bq_s,
    madsen_bias,
    madsen_tia_Bq_s,
    single_point_tia,
    tac_model,
    trapezoid_tia,
)
from ligandose.plan.received_curve import NO_WASHOUT, RegionTia, candidates
from ligandose.plan.received_priors import by_prior
from ligandose.plan.received_settings import (
    AUTO,
    PRIORS,
    SINGLE_POINT,
    TRAPEZOID,
    KineticsPart,
    ReceivedCase,
)

Floats = NDArray[np.float64]
HOUR_S = 3600.0
LN2 = math.log(2.0)
LEAST_TRAPEZOID = 2
HAENSCHEID_RANGE = (0.75, 2.5)
"""Times over half-lives between which the estimate is off by 11 % at most; see haenscheid_bias."""


def region_tia(
    received: ReceivedCase,
    region: str,
    time_s: Floats,
    activity_Bq: Floats,
    *,
    decay_per_s: float,
    uncertainty_Bq: Floats | None = None,
    outlined: Collection[str] = (),
) -> RegionTia:
    """Return the time-integrated activity of a region as the case says.

    Args:
        received: the case; `dose.kinetics` names the curve, `dose.uncertainty.point` the points'
            relative uncertainty where they state none.
        region: its name.
        time_s, activity_Bq: (n,) points, not corrected for decay.
        decay_per_s: physical decay constant.
        uncertainty_Bq: (n,) of the points.
        outlined: regions of the case, which tell what the remainder is.

    Raises:
        InputError: fewer points than the curve needs, one point without a method, several points
            with a method for one, with file and field.
        SolverError: no fit converged.
    """
    part, at = received.kinetics_of(region), received.kinetics_path(region)
    n = time_s.size
    sigma, point = uncertainty_Bq, received.dose.uncertainty.point
    if sigma is None and point is not None:
        sigma = point * activity_Bq
    if part.model in PRIORS:
        return by_prior(
            received, region, time_s, activity_Bq, sigma, decay_per_s=decay_per_s,
            outlined=outlined,
        )  # fmt: skip
    if part.model == TRAPEZOID:
        return _trapezoid(received, region, time_s, activity_Bq, sigma, decay_per_s)
    if part.model in SINGLE_POINT:
        if n > 1:
            raise received.error(
                at, f"model {part.model} is for one time point, {region} has {n}; remove it, and "
                "the curve is fitted"
            )  # fmt: skip
        return _single(part, region, time_s, activity_Bq, sigma, decay_per_s)
    if part.model == AUTO and n == 1:
        raise received.error(
            at, f"{region} has one time point and no method for it; give model: "
            f"{', '.join((*SINGLE_POINT, *PRIORS))}, or physical where nothing washes out "
            "(microspheres)"
        )  # fmt: skip
    if part.model != AUTO and tac_model(part.model).parameters > n:
        raise received.error(
            at, f"model {part.model} has {tac_model(part.model).parameters} parameters, {region} "
            f"has {n} time point{'s' if n > 1 else ''}; give more images or a simpler model"
        )  # fmt: skip
    models = candidates(n, stated=sigma is not None) if part.model == AUTO else [part.model]
    fit = fit_tac(
        time_s, activity_Bq, decay_per_s=decay_per_s, uncertainty_Bq=sigma, models=models,
        where=region,
    )  # fmt: skip
    coefficient, rate = tac_model(fit.model).exponentials(fit.theta, decay_per_s)
    return RegionTia(
        region=region, time_s=time_s, activity_Bq=activity_Bq, uncertainty_Bq=sigma,
        model=fit.model, tia_Bq_s=fit.tia_Bq_s, relative_sd=_relative_sd(fit, part.model),
        coefficient_Bq=coefficient, rate_per_s=rate, parameters=fit.parameters(),
        aicc=dict(fit.aicc), fit=fit, bias="", notes=_notes(fit, part.model),
    )  # fmt: skip


def _trapezoid(
    received: ReceivedCase,
    region: str,
    time_s: Floats,
    activity_Bq: Floats,
    sigma: Floats | None,
    decay_per_s: float,
) -> RegionTia:
    """Return the integral by trapezoids and a tail; for BED and drawing a curve that has it."""
    part, at = received.kinetics_of(region), received.kinetics_path(region)
    n, tail = time_s.size, part.tail_points or 0
    if n < LEAST_TRAPEZOID or tail == 1 or tail > n:
        raise received.error(
            at, f"model {TRAPEZOID} with tail_points {tail}: {region} has {n} time "
            f"point{'s' if n > 1 else ''}; it needs {LEAST_TRAPEZOID} or more, and tail_points 0 "
            "(physical decay) or 2 up to their number"
        )  # fmt: skip
    found = trapezoid_tia(
        time_s, activity_Bq, decay_per_s=decay_per_s, uncertainty_Bq=sigma, tail_points=tail,
        start=part.start or "constant",
    )  # fmt: skip
    fit = fit_tac(
        time_s, activity_Bq, decay_per_s=decay_per_s, uncertainty_Bq=sigma,
        models=candidates(n, stated=sigma is not None), where=region,
    )  # fmt: skip
    coefficient, rate = tac_model(fit.model).exponentials(fit.theta, decay_per_s)
    factor = found.tia_Bq_s / fit.tia_Bq_s
    bias = (
        f"{found.tail_fraction:.0%} of the integral are the tail, {factor - 1:+.0%} of that of the "
        f"fitted curve ({fit.model})"
    )
    notes = (
        f"trapezoids; {found.note}; {bias}",
        f"the curve that is drawn and that BED follows is {fit.model}, scaled to the integral",
    )
    error = found.se_Bq_s
    return RegionTia(
        region=region, time_s=time_s, activity_Bq=activity_Bq, uncertainty_Bq=sigma,
        model=TRAPEZOID, tia_Bq_s=found.tia_Bq_s,
        relative_sd=None if error is None else error / found.tia_Bq_s,
        coefficient_Bq=factor * coefficient, rate_per_s=rate,
        parameters={"tail_share": found.tail_fraction}, aicc={}, fit=None, bias=bias, notes=notes,
    )  # fmt: skip


def _relative_sd(fit: TacFit, asked: str) -> float | None:
    error = fit.unconditional_se_Bq_s
    if error is None and asked == NO_WASHOUT:
        error = fit.se_Bq_s  # the curve is known, not chosen
    return None if error is None else error / fit.tia_Bq_s


def _notes(fit: TacFit, asked: str) -> tuple[str, ...]:
    if asked == NO_WASHOUT:
        return ("no washout: physical decay alone, as the case says",)
    return fit.notes


def _single(
    part: KineticsPart,
    region: str,
    time_s: Floats,
    activity_Bq: Floats,
    sigma: Floats | None,
    decay_per_s: float,
) -> RegionTia:
    """Return the integral of one point, with a mono-exponential through it that has it."""
    time, activity = float(time_s[0]), float(activity_Bq[0])
    own = 0.0 if sigma is None else float(sigma[0])
    relative: float | None
    if part.model == "haenscheid":
        total = float(haenscheid_tia_Bq_s(time, activity))
        low, high = HAENSCHEID_RANGE
        worst = haenscheid_bias([low, high, 1.5])
        half = time  # the mono-exponential through the point that has this integral (or t/2)
        bias = (
            f"off by {worst.min() - 1:+.0%} to {haenscheid_bias(1 / LN2) - 1:+.0%} where the "
            f"effective half-life is {time / high / HOUR_S:.0f} to {time / low / HOUR_S:.0f} h, "
            "more beyond"
        )
        relative = None
    else:
        assert part.half_life_h is not None
        half = part.half_life_h * HOUR_S
        total = float(madsen_tia_Bq_s(time, activity, half_life_s=half))
        ends = madsen_bias(time, half_life_s=half, true_half_life_s=np.array([0.75, 1.25]) * half)
        bias = (
            f"off by {ends[0] - 1:+.0%} or {ends[1] - 1:+.0%} in a patient whose half-life is 25 % "
            "shorter or longer"
        )
        relative = None
        if part.half_life_cv is not None:
            found = single_point_tia(
                time, activity, half_life_s=half, half_life_cv=part.half_life_cv, uncertainty_Bq=own
            )
            relative = found.sd_Bq_s / found.tia_Bq_s
            bias += (
                f"; {found.bias_at_p05 - 1:+.0%} and {found.bias_at_p95 - 1:+.0%} at the ends of "
                "the population's 90 %"
            )
            if part.model == "population":
                total = found.tia_Bq_s
    rate = LN2 / half
    notes = [f"one time point: {part.model}, {bias}"]
    if rate < decay_per_s:
        notes.append("the half-life is longer than that of physical decay: impossible, look at it")
    return RegionTia(
        region=region, time_s=time_s, activity_Bq=activity_Bq, uncertainty_Bq=sigma,
        model=part.model, tia_Bq_s=total, relative_sd=relative,
        coefficient_Bq=np.array([total * rate]), rate_per_s=np.array([rate]),
        parameters={"effective_half_life_1_s": half}, aicc={}, fit=None, bias=bias,
        notes=tuple(notes),
    )  # fmt: skip


__all__ = ["NO_WASHOUT", "RegionTia", "candidates", "region_tia"]
