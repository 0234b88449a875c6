"""Time-integrated activity of a region: a fitted curve, or one time point by a named method."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.kinetics import (
    TAC_MODELS,
    TacFit,
    fit_tac,
    haenscheid_bias,
    haenscheid_tia_Bq_s,
    madsen_bias,
    madsen_tia_Bq_s,
    single_point_tia,
    tac_model,
)
from ligandose.plan.received_settings import (
    AUTO,
    SINGLE_POINT,
    KineticsPart,
    ReceivedCase,
)

Floats = NDArray[np.float64]
HOUR_S = 3600.0
LN2 = math.log(2.0)
NO_WASHOUT = "physical"
HAENSCHEID_RANGE = (0.75, 2.5)
"""Times over half-lives between which the estimate is off by 11 % at most; see haenscheid_bias."""


@dataclass(frozen=True, eq=False)
class RegionTia:
    """The time-integrated activity of a region.

    Attributes:
        region: its name.
        time_s, activity_Bq, uncertainty_Bq: (n,) points; the last None where none is stated.
        model: name of the curve or of the method.
        tia_Bq_s: the integral.
        relative_sd: of the points' scatter and of the choice of curve; None where the points do
            not determine it.
        coefficient_Bq, rate_per_s: the exponentials of the curve, Σ c exp(−r t).
        parameters: amplitudes and half-lives.
        aicc: by model that was tried, relative to the best.
        fit: the fit itself; None for a single-point method.
        bias: what is known of the method's bias; "" for a fit.
        notes: what a reader must know.
    """

    region: str
    time_s: Floats
    activity_Bq: Floats
    uncertainty_Bq: Floats | None
    model: str
    tia_Bq_s: float
    relative_sd: float | None
    coefficient_Bq: Floats
    rate_per_s: Floats
    parameters: Mapping[str, float]
    aicc: Mapping[str, float]
    fit: TacFit | None
    bias: str
    notes: tuple[str, ...]

    def activity_at(self, time_s: NDArray[Any]) -> Floats:
        """Return the curve at times."""
        return np.exp(-np.outer(time_s, self.rate_per_s)) @ self.coefficient_Bq

    def scaled(self, factor: float) -> RegionTia:
        """Return the same curve times a factor."""
        return replace(
            self,
            tia_Bq_s=self.tia_Bq_s * factor,
            coefficient_Bq=self.coefficient_Bq * factor,
            activity_Bq=self.activity_Bq * factor,
        )


def region_tia(
    received: ReceivedCase,
    region: str,
    time_s: Floats,
    activity_Bq: Floats,
    *,
    decay_per_s: float,
    uncertainty_Bq: Floats | None = None,
) -> RegionTia:
    """Return the time-integrated activity of a region as the case says.

    Args:
        received: the case; `dose.kinetics` names the curve, `dose.uncertainty.point` the points'
            relative uncertainty where they state none.
        region: its name.
        time_s, activity_Bq: (n,) points, not corrected for decay.
        decay_per_s: physical decay constant.
        uncertainty_Bq: (n,) of the points.

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
            f"{', '.join(SINGLE_POINT)}, or physical where nothing washes out (microspheres)"
        )  # fmt: skip
    if part.model != AUTO and tac_model(part.model).parameters > n:
        raise received.error(
            at, f"model {part.model} has {tac_model(part.model).parameters} parameters, {region} "
            f"has {n} time points; give more images or a simpler model"
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


def candidates(points: int, *, stated: bool) -> list[str]:
    """Return the curves that are tried for a number of time points.

    A phase that falls with physical decay alone is activity that never leaves: an upper limit of
    the tail, which the last point cannot tell from a slow phase. Such curves are tried only where a
    case names them (and where all that is left is physical decay). With stated uncertainties a
    curve may have as many parameters as there are points; else one fewer, since the scatter must
    tell the uncertainty.
    """
    most = points if stated or points < 3 else points - 1
    return [
        m.name
        for m in TAC_MODELS
        if m.parameters <= most and (m.name == NO_WASHOUT or not m.slowest_is_decay)
    ]


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
