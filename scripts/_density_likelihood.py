"""Likelihood of the density model and its maximum (scripts/fit_density.py says what it is)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

from ligandose.evidence import read_table
from ligandose.targets.catalogue import target
from ligandose.targets.density import (
    ASSAY_CLASSES,
    PATTERNS,
    DensityModel,
    DensityPair,
    Features,
    assay_class,
    calibration_pairs,
    features_of,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TERMS = ("intercept", "rna_slope", "protein_slope", "protein_slope_tumour", "tumour_shift")
COLUMNS = (*TERMS, *ASSAY_CLASSES)
PRIORS = {"intercept": 10.0, "rna_slope": 1.0, "protein_slope": 0.5, "protein_slope_tumour": 0.5,
          "tumour_shift": 0.5, **dict.fromkeys(ASSAY_CLASSES, 0.5)}  # fmt: skip
"""SD of the normal prior of each term, decades (per unit); slopes are not below 0."""
PRIOR_LOG_KAPPA = math.log(2.0)
START_SPREAD = (math.log(0.5), math.log(0.5), 0.0)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())


@dataclass(frozen=True)
class Sample:
    """Rows of calibration pairs with the evidence of one pattern."""

    pairs: tuple[DensityPair, ...]
    features: tuple[Features, ...]
    design: FloatArray
    log_value: FloatArray
    is_bound: NDArray[np.bool_]
    stated_sd: FloatArray
    row_weight: FloatArray
    pair_index: IntArray
    pair_weight: FloatArray
    pair_target: IntArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """A maximum: terms by COLUMNS, spreads in decades, and the SD of a prediction's line."""

    beta: FloatArray
    tau: float
    sigma: float
    kappa: float
    parameter_sd: float

    @property
    def model(self) -> DensityModel:
        """The fit as the package uses it."""
        terms = dict(zip(COLUMNS, map(float, self.beta), strict=True))
        return DensityModel(
            **{t: terms[t] for t in TERMS}, tau=self.tau, sigma=self.sigma,
            parameter_sd=self.parameter_sd, error_scale=self.kappa,
            assay_effects={a: terms[a] for a in ASSAY_CLASSES},
        )  # fmt: skip


def seen_by(pattern: str, features: Features) -> Features | None:
    """Return features cut to a pattern, or None where they lack its evidence."""
    rna = features.rna_nTPM if "rna" in pattern else None
    level = features.protein_level if "protein" in pattern else None
    cut = Features(rna, level, features.tumour)
    return cut if cut.pattern == pattern else None


def design_row(features: Features, assay: str) -> FloatArray:
    """Return the columns of one row."""
    level = features.protein_level or 0.0
    line = [1.0, features.rna_signal, 0.0 if features.tumour else level,
            level if features.tumour else 0.0, float(features.tumour)]  # fmt: skip
    return np.array(line + [float(assay_class(assay) == a) for a in ASSAY_CLASSES])


def sample_of(pattern: str, *, without: str = "") -> Sample:
    """Return the calibration pairs with at least the evidence of a pattern."""
    limit_sd = math.log10(limit_gsd())
    kept: list[tuple[DensityPair, Features]] = []
    for pair in calibration_pairs():
        seen = seen_by(pattern, features_of(target(pair.target), pair.tissue))
        if pair.target != without and seen is not None:
            kept.append((pair, seen))
    keys = list(dict.fromkeys((p.target, p.tissue) for p, _ in kept))
    names = tuple(dict.fromkeys(name for name, _ in keys))
    pair_index = np.array([keys.index((p.target, p.tissue)) for p, _ in kept])
    weight = np.array([p.weight for p, _ in kept])
    pair_weight = np.zeros(len(keys))
    np.maximum.at(pair_weight, pair_index, weight)
    values = [p.density_nmol_L or p.high_nmol_L or math.nan for p, _ in kept]
    return Sample(
        tuple(p for p, _ in kept),
        tuple(f for _, f in kept),
        np.array([design_row(f, p.assay) for p, f in kept]),
        np.log10(values),
        np.array([p.density_nmol_L is None for p, _ in kept]),
        np.array([limit_sd if p.density_nmol_L is None else math.log10(p.gsd) for p, _ in kept]),
        weight / pair_weight[pair_index],
        pair_index,
        pair_weight,
        np.array([names.index(name) for name, _ in keys]),
        names,
    )


def pair_sums(
    sample: Sample, kappa: float, residual: FloatArray
) -> tuple[NDArray[np.floating], ...]:
    """Return, by pair, the sums of precision, precision x residual and x residual squared."""
    precision = sample.row_weight / (kappa * sample.stated_sd) ** 2
    precision = np.where(sample.is_bound, 0.0, precision)
    count = len(sample.pair_weight)
    return tuple(
        np.bincount(sample.pair_index, precision * residual**power, minlength=count).astype(float)
        for power in (0, 1, 2)
    )


def log_likelihood(
    sample: Sample, beta: FloatArray, tau: float, sigma: float, kappa: float
) -> float:
    """Return the restricted log likelihood of values and bounds, without constants."""
    residual = sample.log_value - sample.design @ beta
    s0, s1, s2 = pair_sums(sample, kappa, residual)
    has = s0 > 0.0
    weight = np.where(has, sample.pair_weight, 0.0)
    safe = np.where(has, s0, 1.0)
    mean, variance = s1 / safe, sigma**2 + 1.0 / safe
    row_weight = np.where(sample.is_bound, 0.0, sample.pair_weight[sample.pair_index])
    error = (kappa * sample.stated_sd) ** 2 / sample.row_weight
    total = -0.5 * np.sum(row_weight * np.log(error))
    total -= 0.5 * np.sum(weight * (np.log1p(sigma**2 * s0) + s2 - s1**2 / safe))
    by_target = [
        np.bincount(sample.pair_target, weight * x / variance, minlength=len(sample.names))
        for x in (np.ones_like(mean), mean, mean**2)
    ]
    a, b, c = by_target
    shrunk = tau**2 / (1.0 + tau**2 * a)
    total -= 0.5 * np.sum(np.log1p(tau**2 * a) + c - shrunk * b**2)
    total += _log_bounds(sample, residual, shrunk * b, np.sqrt(shrunk), sigma, kappa)
    return float(total) - 0.5 * np.linalg.slogdet(information(sample, tau, sigma, kappa))[1]


def _log_bounds(
    sample: Sample,
    residual: FloatArray,
    mean: NDArray[np.floating],
    sd: NDArray[np.floating],
    sigma: float,
    kappa: float,
) -> float:
    rows = np.flatnonzero(sample.is_bound)
    if not len(rows):
        return 0.0
    of = sample.pair_target[sample.pair_index[rows]]
    effect = mean[of, None] + sd[of, None] * NODES
    spread = np.hypot(sigma, kappa * sample.stated_sd[rows])[:, None]
    weight = sample.pair_weight[sample.pair_index[rows]][:, None]
    logs = weight * log_ndtr((residual[rows, None] - effect) / spread)
    by_target = np.zeros((len(sample.names), len(NODES)))
    np.add.at(by_target, of, logs)
    return float(np.sum(logsumexp(by_target + LOG_WEIGHTS, axis=1)))


def information(sample: Sample, tau: float, sigma: float, kappa: float) -> FloatArray:
    """Return the precision matrix of the terms from the values and the priors."""
    found = np.diag([PRIORS[c] ** -2 for c in COLUMNS])
    precision = np.where(sample.is_bound, 0.0, sample.row_weight / (kappa * sample.stated_sd) ** 2)
    s0 = np.bincount(sample.pair_index, precision, minlength=len(sample.pair_weight))
    has = s0 > 0.0
    x = np.zeros((len(s0), len(COLUMNS)))
    np.add.at(x, sample.pair_index, precision[:, None] * sample.design)
    x, s0 = x[has] / s0[has, None], s0[has]
    w = sample.pair_weight[has] / (sigma**2 + 1.0 / s0)
    of = sample.pair_target[has]
    found = found + (x * w[:, None]).T @ x
    for name in range(len(sample.names)):
        mine = of == name
        summed = w[mine] @ x[mine]
        found -= np.outer(summed, summed) * tau**2 / (1.0 + tau**2 * np.sum(w[mine]))
    return found


def fitted(
    sample: Sample, pattern: str, *, kappa: float | None = None, start: Fit | None = None
) -> Fit:
    """Return the fit of a pattern; terms that it has no evidence for are 0."""
    open_terms = np.array([_is_open(c, pattern) for c in COLUMNS])
    prior_sd = np.array([PRIORS[c] for c in COLUMNS])

    def unpack(theta: FloatArray) -> tuple[FloatArray, float, float, float]:
        beta = np.zeros(len(COLUMNS))
        beta[open_terms] = theta[:-3]
        tau, sigma, scale = np.exp(theta[-3:])
        return beta, float(tau), float(sigma), float(scale) if kappa is None else kappa

    def objective(theta: FloatArray) -> float:
        beta, tau, sigma, scale = unpack(theta)
        prior = 0.5 * np.sum((beta / prior_sd) ** 2) + 0.5 * (theta[-1] / PRIOR_LOG_KAPPA) ** 2
        return float(prior) - log_likelihood(sample, beta, tau, sigma, scale)

    first = np.concatenate([np.zeros(open_terms.sum()), START_SPREAD])
    if start is not None:
        first = np.concatenate(
            [start.beta[open_terms], np.log([start.tau, start.sigma, start.kappa])]
        )
    limits = [(0.0, None) if "slope" in c else (None, None) for c in np.array(COLUMNS)[open_terms]]
    limits += [(math.log(0.02), math.log(5.0))] * 2 + [(math.log(0.2), math.log(5.0))]
    found = minimize(
        objective, first, method="L-BFGS-B", bounds=limits,
        options={"maxiter": 300, "ftol": 1e-10, "gtol": 1e-5},
    )  # fmt: skip
    if not found.success:
        raise RuntimeError(f"pattern {pattern}: the fit did not converge: {found.message}")
    beta, tau, sigma, scale = unpack(found.x)
    precision = information(sample, tau, sigma, scale)[np.ix_(open_terms, open_terms)]
    line = sample.design.copy()
    line[:, len(TERMS) :] = 0.0  # the density itself: reference assay
    line = line[:, open_terms]
    variance = np.einsum("ij,ij->i", line, np.linalg.solve(precision, line.T).T)
    return Fit(beta, tau, sigma, scale, float(np.sqrt(np.mean(variance))))


def _is_open(column: str, pattern: str) -> bool:
    if column.startswith("rna"):
        return "rna" in pattern
    return "protein" in pattern if column.startswith("protein") else True


def all_fits(*, without: str = "", start: Mapping[str, Fit] | None = None) -> dict[str, Fit]:
    """Return the fit of every pattern, the pattern `rna` (all pairs) first for kappa."""
    start = start or {}
    fits = {"rna": fitted(sample_of("rna", without=without), "rna", start=start.get("rna"))}
    for pattern in PATTERNS:
        if pattern != "rna":
            sample = sample_of(pattern, without=without)
            fits[pattern] = fitted(
                sample, pattern, kappa=fits["rna"].kappa, start=start.get(pattern)
            )
    return {pattern: fits[pattern] for pattern in PATTERNS}


def limit_gsd() -> float:
    """Return the geometric standard deviation of a detection limit."""
    return next(
        float(row["gsd"])
        for row in read_table("density_conversions.csv")
        if row["quantity"] == "autoradiography_detection_limit"
    )
