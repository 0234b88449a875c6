"""Fits of time-activity curves: model by AICc, parameters with covariance, time integral.

Weighted least squares in the logarithms of amplitudes and rates, from starts on a grid of rates
whose amplitudes are non-negative least squares. The integral's standard error is that of the delta
method. Where the best admissible model misses the points by more than the stated uncertainties (χ²
beyond its 99 % point), models that leave one point of freedom are tried too, by AIC; what misfit is
left enlarges the errors by √(χ²/freedom) (Birge 1932). Choosing a model adds uncertainty:
`unconditional_se_Bq_s` is the model-averaged standard
error of Burnham and Anderson (Model Selection and Multimodel Inference, 2002, section 4.3), from
Akaike weights over all models that were tried; the 90 % interval rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError, SolverError
from ligandose.kinetics.tac_models import TAC_MODELS, TacModel, tac_model
from ligandose.kinetics.tac_solve import Optimum, optimum

Floats = NDArray[np.float64]
LN2 = math.log(2.0)
Z90 = 1.6448536269514722
"""Half-width of a 90 % interval of a normal distribution, in standard deviations."""
MOST_ERROR = 5.0
"""Standard errors of a logarithm above this say that the parameter is not determined."""


@dataclass(frozen=True)
class TacFit:
    """A fitted time-activity curve of one region.

    Attributes:
        model: name of the chosen model.
        theta: (p,) logarithms of its parameters; see `TacModel.exponentials`.
        covariance: (p, p) of theta; None where the points do not determine it.
        decay_per_s: physical decay constant.
        chi2: weighted sum of squares.
        scale: factor of the uncertainties: 1 where stated ones fit, else estimated.
        freedom: points minus parameters.
        aicc: of each model that was tried, relative to the best; empty where it is not defined.
        weights: Akaike weights of those models.
        tia_Bq_s: time-integrated activity of the chosen model.
        se_Bq_s: its standard error by the delta method; None where it is not determined.
        unconditional_se_Bq_s: with the choice of the model; None likewise, and for one point.
        notes: what a reader must know.
    """

    model: str
    theta: Floats
    covariance: Floats | None
    decay_per_s: float
    chi2: float
    scale: float
    freedom: int
    aicc: Mapping[str, float]
    weights: Mapping[str, float]
    tia_Bq_s: float
    se_Bq_s: float | None
    unconditional_se_Bq_s: float | None
    notes: tuple[str, ...] = ()
    data: tuple[Floats, Floats, Floats] = field(
        repr=False, default=(np.empty(0), np.empty(0), np.empty(0))
    )

    def activity_Bq(self, time_s: ArrayLike) -> Floats:
        """Return the fitted activity at times, in their shape."""
        return tac_model(self.model).activity(self.theta, time_s, self.decay_per_s)

    def parameters(self) -> dict[str, float]:
        """Return amplitudes (Bq) and effective half-times (s), the slowest phase first."""
        model = tac_model(self.model)
        coefficient, rate = model.exponentials(self.theta, self.decay_per_s)
        found: dict[str, float] = {}
        for j in range(model.phases):
            found[f"amplitude_{j + 1}_Bq"] = float(coefficient[j])
            found[f"effective_half_life_{j + 1}_s"] = LN2 / float(rate[j])
        if model.uptake:
            found["uptake_half_life_s"] = LN2 / float(rate[-1])
        return found

    def interval_Bq_s(self) -> tuple[float, float] | None:
        """Return the 90 % interval of the integral, log-normal; None where not determined."""
        if self.unconditional_se_Bq_s is None:
            return None
        width = _quantile(self.freedom, self.scale) * self.unconditional_se_Bq_s / self.tia_Bq_s
        return self.tia_Bq_s * math.exp(-width), self.tia_Bq_s * math.exp(width)


def _quantile(freedom: int, scale: float) -> float:
    """Return Student's 95 % quantile where the scale was estimated, else the normal one."""
    if scale == 1.0 or freedom < 1:
        return Z90
    return float(import_module("scipy.special").stdtrit(freedom, 0.95))


def fit_tac(
    time_s: ArrayLike,
    activity_Bq: ArrayLike,
    *,
    decay_per_s: float,
    uncertainty_Bq: ArrayLike | None = None,
    models: Sequence[str] | None = None,
    where: str = "time-activity curve",
) -> TacFit:
    """Fit a time-activity curve and integrate it from 0 to infinity.

    Args:
        time_s: (n,) times after administration, > 0.
        activity_Bq: (n,) activity as it is at that time (not corrected for decay), > 0.
        decay_per_s: physical decay constant, 1/s.
        uncertainty_Bq: (n,) standard deviations. Without them all points are taken to have the
            same relative one, which the scatter about the curve estimates (unknown with no freedom
            left).
        models: names to try; default all that have fewer parameters than points (for AICc: two
            fewer). With one point only "physical" is possible, and an upper limit.
        where: how messages name the curve.

    Raises:
        InputError: arrays of different length, times or activities that are not positive, more
            parameters than points.
        UnknownNameError: a model that does not exist.
        SolverError: no fit converged.

    >>> t = np.array([4.0, 24.0, 72.0, 168.0]) * 3600
    >>> a = 100 * np.exp(-t * 4e-6)
    >>> fit = fit_tac(t, a, decay_per_s=1.2e-6, uncertainty_Bq=np.full(4, 2.0))
    >>> fit.model, round(fit.tia_Bq_s / 25e6, 6)
    ('mono', 1.0)
    """
    time, activity, sigma, absolute = _checked(
        time_s, activity_Bq, uncertainty_Bq, decay_per_s, where
    )
    tried = _candidates(models, time.size, where)
    fits = {m.name: optimum(m, time, activity, sigma, decay_per_s) for m in tried}
    fits = {name: fit for name, fit in fits.items() if fit is not None}
    if not fits:
        raise SolverError(f"{where}: no model could be fitted; look at the points for an outlier")
    score, kind = _scores(fits, time.size, absolute=absolute)
    chosen = _chosen(score, fits)
    if models is None and absolute and _misfits(chosen, fits, time.size):
        larger = [m for m in TAC_MODELS if m.name not in fits and m.parameters < time.size]
        more = {m.name: optimum(m, time, activity, sigma, decay_per_s) for m in larger}
        fits |= {name: fit for name, fit in more.items() if fit is not None}
        score, kind = _scores(fits, time.size, absolute=absolute)
        chosen = _chosen(score, fits)
    return _result(chosen, fits, score, kind, (time, activity, sigma), decay_per_s, absolute)


def _misfits(name: str, fits: Mapping[str, Optimum], n: int) -> bool:
    """Return whether χ² of a model is beyond its 99 % point."""
    freedom = n - tac_model(name).parameters
    return freedom > 0 and fits[name].chi2 > _chi2_point(freedom)


def _chi2_point(freedom: int) -> float:
    return float(import_module("scipy.special").chdtri(freedom, 0.01))


def _checked(
    time_s: ArrayLike,
    activity_Bq: ArrayLike,
    uncertainty_Bq: ArrayLike | None,
    decay_per_s: float,
    where: str,
) -> tuple[Floats, Floats, Floats, bool]:
    time = np.atleast_1d(np.asarray(time_s, np.float64))
    activity = np.atleast_1d(np.asarray(activity_Bq, np.float64))
    if time.ndim != 1 or time.shape != activity.shape or time.size == 0:
        raise InputError(
            f"{where}: {time.shape} times and {activity.shape} activities; give one row of each"
        )
    if not (math.isfinite(decay_per_s) and decay_per_s > 0.0):
        raise InputError(f"{where}: decay_per_s {decay_per_s} must be above 0 (1/s)")
    named = [("time_s", time), ("activity_Bq", activity)]
    sigma = activity
    if uncertainty_Bq is not None:
        sigma = np.asarray(uncertainty_Bq, np.float64)
        if sigma.shape != time.shape:
            raise InputError(f"{where}: {sigma.size} uncertainties for {time.size} points")
        named.append(("uncertainty_Bq", sigma))
    for name, values in named:
        bad = np.flatnonzero(~(np.isfinite(values) & (values > 0.0)))
        if bad.size:
            raise InputError(
                f"{where}: {name} of point {bad[0] + 1} is {values[bad[0]]:g}; give a positive "
                "number"
            )
    order = np.argsort(time, kind="stable")
    return time[order], activity[order], sigma[order], uncertainty_Bq is not None


def _candidates(models: Sequence[str] | None, n: int, where: str) -> list[TacModel]:
    if models is not None:
        chosen = [tac_model(name) for name in models]
        large = [m for m in chosen if m.parameters > n]
        if large or not chosen:
            what = (
                f"model {large[0].name} has {large[0].parameters} parameters" if large else "none"
            )
            raise InputError(f"{where}: {what}, there are {n} points; name a simpler model")
        return chosen
    most = n - 2 if n >= 4 else n - 1 if n == 3 else n
    return [m for m in TAC_MODELS if m.parameters <= most]


def _scores(fits: Mapping[str, Optimum], n: int, *, absolute: bool) -> tuple[dict[str, float], str]:
    """Return the criterion by model: AICc, or AIC where a model leaves too little for it."""
    extra = 0 if absolute else 1  # the scale is a parameter too
    correctable = all(n - tac_model(name).parameters - extra - 1 > 0 for name in fits)
    score: dict[str, float] = {}
    for name, fit in fits.items():
        k = tac_model(name).parameters + extra
        floor = 1e-12 * n  # an exact fit: rounding is no evidence between models
        misfit = fit.chi2 if absolute else n * math.log(max(fit.chi2, floor) / n)
        score[name] = misfit + 2.0 * k
        if correctable:
            score[name] += 2.0 * k * (k + 1.0) / (n - k - 1.0)
    least = min(score.values())
    return {name: value - least for name, value in score.items()}, "AICc" if correctable else "AIC"


def _chosen(score: Mapping[str, float], fits: Mapping[str, Optimum]) -> str:
    """Return the best model; of those that are as good to rounding, the simplest."""
    least = min(score.values())
    same = [n for n in score if score[n] - least < 1e-6 and math.isfinite(fits[n].chi2)]
    return min(same, key=lambda name: tac_model(name).parameters)


def _result(
    chosen: str,
    fits: Mapping[str, Optimum],
    score: Mapping[str, float],
    kind: str,
    data: tuple[Floats, Floats, Floats],
    decay: float,
    absolute: bool,
) -> TacFit:
    n = data[0].size
    raw = {name: math.exp(-0.5 * value) for name, value in score.items()}
    weights = {name: value / sum(raw.values()) for name, value in raw.items()}
    tia: dict[str, float] = {}
    se: dict[str, float | None] = {}
    for name, fit in fits.items():
        tia[name], se[name] = _integral(tac_model(name), fit, n, decay, absolute)
    fit, freedom = fits[chosen], n - tac_model(chosen).parameters
    notes: list[str] = []
    if kind == "AIC" and len(fits) > 1:
        notes.append(f"{n} points: AICc is not defined, models were compared by AIC")
    if absolute and _misfits(chosen, fits, n):
        notes.append(
            f"the curve misses the points by more than the stated uncertainties (χ² {fit.chi2:.3g} "
            f"of {freedom}): errors are enlarged; look at the points, or state larger uncertainties"
        )
    if n < 3:
        what = "1 point: physical decay is assumed, an upper limit" if n == 1 else "2 points"
        notes.append(f"{what}: the form of the curve is not tested")
    if se[chosen] is None:
        notes.append("the points do not determine the integral's uncertainty")
    if chosen in ("physical", "uptake_physical", "bi_physical"):
        notes.append("the slowest phase falls with physical decay alone")
    scale = _scale(fit.chi2, freedom, absolute)
    covariance = _covariance(fit, scale)
    return TacFit(
        model=chosen, theta=fit.theta, covariance=covariance, decay_per_s=decay, chi2=fit.chi2,
        scale=1.0 if scale is None else scale, freedom=freedom, aicc=dict(score), weights=weights,
        tia_Bq_s=tia[chosen], se_Bq_s=se[chosen],
        unconditional_se_Bq_s=_unconditional(chosen, tia, se, weights) if n > 1 else None,
        notes=tuple(notes), data=data,
    )  # fmt: skip


def _scale(chi2: float, freedom: int, absolute: bool) -> float | None:
    """Return the factor of the uncertainties; None where nothing tells it."""
    if absolute:
        misfit = freedom > 0 and chi2 > _chi2_point(freedom)
        return math.sqrt(chi2 / freedom) if misfit else 1.0
    return math.sqrt(chi2 / freedom) if freedom > 0 else None


def _covariance(fit: Optimum, scale: float | None) -> Floats | None:
    if scale is None:
        return None
    information = fit.jacobian.T @ fit.jacobian
    inverse = np.linalg.pinv(information, rcond=1e-12, hermitian=True)
    return np.asarray(inverse * scale**2, np.float64)


def _integral(
    model: TacModel, fit: Optimum, n: int, decay: float, absolute: bool
) -> tuple[float, float | None]:
    """Return the integral and its standard error by the delta method."""
    value = model.integral(fit.theta, decay)
    covariance = _covariance(fit, _scale(fit.chi2, n - model.parameters, absolute))
    if covariance is None:
        return value, None
    gradient = integral_gradient(model, fit.theta, decay)
    error = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    return value, error if error < MOST_ERROR * value else None


def integral_gradient(model: TacModel, theta: Floats, decay: float) -> Floats:
    """Return the derivative of the integral by each parameter's logarithm (central differences)."""
    step = 1e-5
    rows = [
        model.integral(theta + step * e, decay) - model.integral(theta - step * e, decay)
        for e in np.eye(theta.size)
    ]
    return np.array(rows) / (2.0 * step)


def _unconditional(
    chosen: str,
    tia: Mapping[str, float],
    se: Mapping[str, float | None],
    weights: Mapping[str, float],
) -> float | None:
    own = se[chosen]
    if own is None:
        return None
    total = weight = 0.0
    for name, share in weights.items():
        error = se[name]
        if error is None or not math.isfinite(tia[name]):
            continue
        total += share * math.sqrt(error**2 + (tia[name] - tia[chosen]) ** 2)
        weight += share
    return total / weight


def resampled_tia_Bq_s(fit: TacFit, *, draws: int, seed: int) -> Floats:
    """Return integrals of refits of the same model to points drawn about the fitted curve.

    A check of the delta method: the parametric bootstrap (Efron and Tibshirani 1993).

    Args:
        fit: of `fit_tac`.
        draws: how many.
        seed: of the draws.

    Returns:
        (draws,) integrals, Bq s; draws with a point at or below zero are drawn anew.
    """
    rng = np.random.default_rng(seed)
    time, _, sigma = fit.data
    model, centre = tac_model(fit.model), fit.activity_Bq(time)
    found = np.empty(draws)
    for i in range(draws):
        drawn = centre + rng.standard_normal(time.size) * sigma * fit.scale
        while np.any(drawn <= 0.0):
            drawn = centre + rng.standard_normal(time.size) * sigma * fit.scale
        one = optimum(model, time, drawn, sigma, fit.decay_per_s)
        found[i] = math.nan if one is None else model.integral(one.theta, fit.decay_per_s)
    return found
