"""The curve of a region with its integral, and which curves are tried for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.kinetics import TAC_MODELS, TacFit

Floats = NDArray[np.float64]
NO_WASHOUT = "physical"


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
        fit: the fit itself; None for a single-point method or a prior.
        bias: what is known of the method's bias; "" for a fit.
        notes: what a reader must know.
        prior: what was known beforehand, plain values; empty where nothing was used.
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
    prior: Mapping[str, Any] = field(default_factory=dict[str, Any])

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
