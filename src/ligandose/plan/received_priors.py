"""Integrals from few points and what is known beforehand: each method says its bias.

An earlier cycle of the same patient gives the form of the curve; a population of curves
(`received_mixed`) or of whole-body courses (`received_whole_body`) gives its form and how it
differs between patients. All take one point or more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError, LigandoseError
from ligandose.kinetics import fit_tac, read_sheet, tac_model
from ligandose.kinetics.tac_table import OPTIONAL, REQUIRED, points_of
from ligandose.plan.received_curve import RegionTia, candidates
from ligandose.plan.received_settings import KineticsPart, ReceivedCase
from ligandose.plan.received_table import VOLUMES

Floats = NDArray[np.float64]
LN2 = math.log(2.0)
HOUR_S = 3600.0
MOST_BYTES = 50_000_000
STRETCH = np.array([0.8, 1.25])
"""A cycle that runs 25 % faster or slower than the one before."""
POPULATION_DRAWS = 60
GRID_POINTS = 24
LAST_HALF_LIVES = 6.0
FIRST_SHOWN_S = 1800.0
UNLIKE = 0.01
SHAPES = ("uptake_bi", "bi", "uptake", "mono")


def by_prior(
    received: ReceivedCase,
    region: str,
    time_s: Floats,
    activity_Bq: Floats,
    sigma_Bq: Floats | None,
    *,
    decay_per_s: float,
    outlined: Collection[str] = (),
) -> RegionTia:
    """Return the curve of a region by the method with a prior that the case names.

    Args:
        received: the case.
        region: its name.
        time_s, activity_Bq, sigma_Bq: (n,) points and standard deviations.
        decay_per_s: physical decay constant.
        outlined: regions of the case; what is left of the body is the remainder.

    Raises:
        InputError: a file that is missing or holds something else, no uncertainty of the points
            where the method weighs them.
        UnknownNameError: a region that file or model do not know.
    """
    part = received.kinetics_of(region)
    points = (time_s, activity_Bq, sigma_Bq)
    if part.model == "earlier_cycle":
        return _earlier(received, part, region, points, decay_per_s)
    if part.model == "mixed_effects":
        return _mixed(received, part, region, points, decay_per_s)
    return _whole_body(received, part, region, points, decay_per_s, outlined)


Points = tuple[Floats, Floats, Floats | None]


def _relative(received: ReceivedCase, region: str, points: Points) -> Floats:
    """Return (n,) relative standard deviations of the points, which must be stated."""
    if points[2] is None:
        model = received.kinetics_of(region).model
        raise received.error(
            received.kinetics_path(region), f"model {model} weighs the points of {region} against "
            "what is known beforehand: give dose.uncertainty.point, or uncertainties in the table"
        )  # fmt: skip
    return points[2] / points[1]


def _file(received: ReceivedCase, region: str, key: str, name: str | None) -> Path:
    at = (*received.kinetics_path(region), key)
    assert name is not None  # read_received asks for it
    file = received.case.folder / name
    if not file.is_file():
        raise received.error(at, f"{name}: no such file beside case.yaml")
    if file.stat().st_size > MOST_BYTES:
        raise received.error(at, f"{name}: has more than {MOST_BYTES // 1_000_000} MB")
    return file


def _earlier(
    received: ReceivedCase, part: KineticsPart, region: str, points: Points, decay: float
) -> RegionTia:
    """Scale the curve of an earlier cycle to the points: the mean of ln(activity / curve)."""
    time, activity, sigma = points
    file = _file(received, region, "earlier", part.earlier)
    coefficient, rate, own_sd = _earlier_curve(received, part, region, file, decay)
    curve = np.exp(-np.outer(time, rate)) @ coefficient
    if not np.all(curve > 0.0):
        raise InputError(f"{file.name}: the curve of {region} is not above 0 at the points' times")
    log = np.log(activity / curve)
    weight = np.ones(time.size) if sigma is None else (activity / sigma) ** 2
    weight = weight / weight.sum()
    factor = float(np.exp(weight @ log))
    tia = factor * float(np.sum(coefficient / rate))
    ends = [float(weight @ np.log((np.exp(-np.outer(time / s, rate)) @ coefficient) / curve))
            for s in STRETCH]  # fmt: skip
    off = np.exp(ends) / STRETCH - 1.0
    bias = (
        f"off by {off[0]:+.0%} or {off[1]:+.0%} where this cycle runs 25 % faster or slower than "
        "the earlier one"
    )
    relative: float | None = None
    if part.cycle_cv is not None and own_sd is not None and sigma is not None:
        point = float(np.sqrt(np.sum((weight * sigma / activity) ** 2)))
        relative = math.sqrt(part.cycle_cv**2 + own_sd**2 + point**2)
    notes = [_note(time, "earlier cycle", bias)]
    if relative is None:
        notes.append(
            "its uncertainty is not known: state dose.uncertainty.point and cycle_cv, how much the "
            "curve differs between cycles (the earlier curve must have an uncertainty too)"
        )
    if time.size > 1:
        apart = float(np.exp(np.sqrt(weight @ (log - weight @ log) ** 2)) - 1.0)
        notes.append(f"the points differ from the earlier curve by {apart:.0%}")
    return RegionTia(
        region=region, time_s=time, activity_Bq=activity, uncertainty_Bq=sigma,
        model=part.model, tia_Bq_s=tia, relative_sd=relative, coefficient_Bq=factor * coefficient,
        rate_per_s=rate, parameters=_parameters(factor * coefficient, rate), aicc={}, fit=None,
        bias=bias, notes=tuple(notes), prior={"factor": factor, "cycle_cv": part.cycle_cv},
    )  # fmt: skip


def _earlier_curve(
    received: ReceivedCase, part: KineticsPart, region: str, file: Path, decay: float
) -> tuple[Floats, Floats, float | None]:
    wanted = part.like or region
    if file.suffix.casefold() != ".json":
        rows_read = read_sheet(file, required=REQUIRED, optional=(*OPTIONAL, *VOLUMES))
        tables = points_of(
            rows_read, decay_per_s=decay, decay_corrected=received.dose.decay_corrected
        )
        by_name = {p.region: p for p in tables}
        if wanted not in by_name:
            raise InputError(f"{file.name}: has no region {wanted}; it has {', '.join(by_name)}")
        one = by_name[wanted]
        fit = fit_tac(
            one.time_s, one.activity_Bq, decay_per_s=decay, uncertainty_Bq=one.uncertainty_Bq,
            models=candidates(one.time_s.size, stated=one.uncertainty_Bq is not None),
            where=f"{file.name}, {wanted}",
        )  # fmt: skip
        error = fit.unconditional_se_Bq_s
        coefficient, rate = tac_model(fit.model).exponentials(fit.theta, decay)
        return coefficient, rate, None if error is None else error / fit.tia_Bq_s
    document = _document(file)
    if document.get("nuclide") != received.case.nuclide:
        raise InputError(
            f"{file.name}, nuclide: is {document.get('nuclide')!r}, the case has "
            f"{received.case.nuclide}; give an earlier cycle of the same nuclide"
        )
    rows: dict[str, Any] = {}
    for row in cast("list[Any]", document.get("regions") or []):
        if isinstance(row, dict):
            rows[str(cast("dict[str, Any]", row).get("region"))] = row
    if wanted not in rows:
        raise InputError(f"{file.name}: has no region {wanted}; it has {', '.join(rows)}")
    try:
        fit_part = rows[wanted]["fit"]
        coefficient = np.array(fit_part["exponentials"]["coefficient_Bq"], np.float64)
        rate = np.array(fit_part["exponentials"]["rate_per_s"], np.float64)
        own = fit_part["relative_sd"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file.name}, regions.{wanted}.fit: is not what `ligandose dose` writes ({error!r})"
        ) from error
    good = coefficient.shape == rate.shape and coefficient.ndim == 1 and coefficient.size
    if not (good and np.all(np.isfinite(coefficient)) and np.all(rate >= 0.99 * decay)):
        raise InputError(f"{file.name}, regions.{wanted}.fit.exponentials: no curve that can be")
    return coefficient, rate, None if own is None else float(own)


def _document(file: Path) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{file.name}: is no JSON ({error}); give dose.json of a cycle") from error
    if not isinstance(found, dict):
        raise InputError(f"{file.name}: is no dose document; give dose.json of an earlier cycle")
    return cast("Mapping[str, Any]", found)


def _mixed(
    received: ReceivedCase, part: KineticsPart, region: str, points: Points, decay: float
) -> RegionTia:
    from ligandose.plan.received_mixed import read_curve_prior

    file = _file(received, region, "prior", part.prior)
    prior = read_curve_prior(
        file, part.like or region, nuclide_name=received.case.nuclide, decay_per_s=decay,
        curve=part.curve, decay_corrected=received.dose.decay_corrected,
    )  # fmt: skip
    time, activity, sigma = points
    given = received.case.administered_Bq
    stated = np.zeros(time.size) if sigma is None else sigma / activity
    # the group's σ holds what its curves miss, beside what its own points did
    log_sd = np.sqrt(np.log1p(stated**2) + prior.error**2)
    theta, log_tia_sd, chi2 = prior.estimate(time, activity / given, log_sd, decay_per_s=decay)
    coefficient, rate = prior.curve.exponentials(theta, decay)
    coefficient = coefficient * given
    zeta = np.random.default_rng(1).standard_normal((POPULATION_DRAWS, theta.size))
    ratio: list[float] = []
    for own in prior.theta(zeta):
        true = prior.curve.integral(own, decay)
        share = prior.curve.activity(own, time, decay)
        try:
            found, *_ = prior.estimate(time, share, log_sd, decay_per_s=decay)
        except LigandoseError:
            continue
        ratio.append(prior.curve.integral(found, decay) / true)
    bias = _population_bias(np.array(ratio), "the population")
    notes = [_note(time, f"mixed effects ({prior.curve.name}, {prior.patients} patients)", bias)]
    if sigma is None:
        notes.append(f"points are taken to be known within {prior.error:.0%}, as the group's")
    notes += _unlike(chi2, time.size, "the group")
    return RegionTia(
        region=region, time_s=time, activity_Bq=activity, uncertainty_Bq=sigma, model=part.model,
        tia_Bq_s=float(np.sum(coefficient / rate)), relative_sd=_relative_of(log_tia_sd),
        coefficient_Bq=coefficient, rate_per_s=rate, parameters=_parameters(coefficient, rate),
        aicc=dict(prior.aicc), fit=None, bias=bias, notes=tuple(notes),
        prior=prior.document(),
    )  # fmt: skip


def _whole_body(
    received: ReceivedCase,
    part: KineticsPart,
    region: str,
    points: Points,
    decay: float,
    outlined: Collection[str],
) -> RegionTia:
    from ligandose.plan.received_whole_body import population_shapes, shape_estimate

    time, activity, sigma = points
    relative = _relative(received, region, points)
    shapes = population_shapes(received, region, like=part.like, outlined=outlined)
    found = shape_estimate(shapes, time, activity, relative)
    coefficient, rate = _exponentials(shapes.time_s, found.log_activity, decay, region)
    scale = found.tia_Bq_s / float(np.sum(coefficient / rate))
    bias = _population_bias(found.ratio, "the model's population")
    notes = [_note(time, f"shape of {shapes.source}", bias)]
    notes += _unlike(found.chi2, time.size - 1, "the model's population")
    return RegionTia(
        region=region, time_s=time, activity_Bq=activity, uncertainty_Bq=sigma, model=part.model,
        tia_Bq_s=found.tia_Bq_s, relative_sd=_relative_of(found.log_sd),
        coefficient_Bq=scale * coefficient, rate_per_s=rate,
        parameters=_parameters(scale * coefficient, rate), aicc={}, fit=None, bias=bias,
        notes=tuple(notes),
        prior={"source": shapes.source, "weight_of_points": found.weight.tolist()},
    )  # fmt: skip


def _exponentials(
    time_s: Floats, log_activity: Floats, decay: float, region: str
) -> tuple[Floats, Floats]:
    """Return the exponentials nearest to an expected curve, for drawing it and for BED."""
    top = float(log_activity.max())
    shown = (log_activity > top - LAST_HALF_LIVES * LN2) & (time_s > FIRST_SHOWN_S)
    grid: Floats = time_s[shown]
    time = np.geomspace(float(grid[0]), float(grid[-1]), GRID_POINTS)
    log: Floats = np.asarray(np.interp(time, time_s, log_activity), np.float64)
    value = np.exp(log)
    fit = fit_tac(time, value, decay_per_s=decay, models=SHAPES, where=f"model's curve of {region}")
    return tac_model(fit.model).exponentials(fit.theta, decay)


def _note(time_s: Floats, what: str, bias: str) -> str:
    n = time_s.size
    return f"{n} time point{'s' if n > 1 else ''}: {what}, {bias}"


def _unlike(chi2: float, freedom: int, whose: str) -> list[str]:
    """Return a note where points are such as one patient of a hundred has."""
    if freedom < 1:
        return []
    special: Any = import_module("scipy.special")
    share = float(special.chdtrc(freedom, chi2))
    if share >= UNLIKE:
        return []
    return [f"points like these have {share:.1%} of patients of {whose}: its prior may not hold"]


def _population_bias(ratio: Floats, whose: str) -> str:
    low, high = np.quantile(ratio, (0.05, 0.95)) - 1.0
    return (
        f"from exact points off by {ratio.mean() - 1:+.0%} on average in patients of {whose}, by "
        f"{low:+.0%} to {high:+.0%} in 90 % of them; more where the patient is not of it"
    )


def _relative_of(log_sd: float) -> float:
    return math.sqrt(math.expm1(log_sd**2))


def _parameters(coefficient_Bq: Floats, rate_per_s: Floats) -> dict[str, float]:
    """Return amplitudes and half-lives by the names of `TacFit.parameters`."""
    found: dict[str, float] = {}
    for i, (c, r) in enumerate(zip(coefficient_Bq.tolist(), rate_per_s.tolist(), strict=True), 1):
        found[f"coefficient_{i}_Bq"] = c
        found[f"effective_half_life_{i}_s"] = LN2 / r
    return found
