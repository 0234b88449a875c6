"""Likelihood of the density model and its maximum (scripts/fit_density.py says what it is)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp
from threadpoolctl import threadpool_limits

from ligandose.evidence import read_table
from ligandose.targets.density_model import (
    ASSAY_CLASSES,
    GROUPS,
    PATTERNS,
    REFERENCE,
    DensityModel,
    Features,
    assay_class,
    assay_group,
    pair_features,
)
from ligandose.targets.density_pairs import (
    DensityPair,
    calibration_pairs,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TERMS = ("intercept", "rna_slope", "protein_slope", "protein_slope_tumour", "tumour_shift")
STAINED = "stained_shift"
COLUMNS = (*TERMS, STAINED, *ASSAY_CLASSES)
SCALED = (REFERENCE, *ASSAY_CLASSES)
"""Classes of assay with an error scale of their own."""
SPREADS = 2 + len(GROUPS)
"""Spreads that a fit has: tau, sigma, and omega of each group of assays."""
PRIORS = {"intercept": 10.0, "rna_slope": 1.0, "protein_slope": 0.5, "protein_slope_tumour": 0.5,
          "tumour_shift": 0.5, STAINED: 0.5, **dict.fromkeys(ASSAY_CLASSES, 0.5)}  # fmt: skip
"""SD of the normal prior of each term, decades (per unit); slopes are not below 0."""
PRIOR_LOG_KAPPA = math.log(2.0)
START_SPREAD = (0.4, 0.4, *([0.3] * len(GROUPS)))
SPREAD_LIMITS = (math.log(0.02), math.log(5.0))
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())


@dataclass(frozen=True)
class Sample:
    """Published values with the evidence of one pattern, a row each.

    A value that a source gives for several tissues together is one row: the mean over them.

    Attributes:
        pairs: (rows) the pairs that carry the value.
        design: (rows, columns) by COLUMNS.
        log_value: (rows,) decades; the limit of a bound.
        is_bound: (rows,).
        stated_sd: (rows,) decades.
        assay_index: (rows,) into SCALED.
        group_index: (rows,) into GROUPS.
        share: (rows, tissues of targets) part of each in the value.
        of_target, of_source: (rows,) indices.
        names: targets.
    """

    pairs: tuple[tuple[DensityPair, ...], ...]
    design: FloatArray
    log_value: FloatArray
    is_bound: NDArray[np.bool_]
    stated_sd: FloatArray
    assay_index: IntArray
    group_index: IntArray
    share: FloatArray
    of_target: IntArray
    of_source: IntArray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Spreads:
    """SDs in decades.

    Attributes:
        tau, sigma: between targets, and tissues of one.
        omega: (rows,) between sources of the row's kind.
        error: (rows,) of each row's own error.
    """

    tau: float
    sigma: float
    omega: FloatArray
    error: FloatArray


@dataclass(frozen=True)
class Fit:
    """A maximum: terms by COLUMNS, spreads in decades (omega by GROUPS), error scales by SCALED.

    `parameter_sd` is the SD of the line.

    `stained` says whether it stands for tissues whose staining is known: their intercept differs.
    """

    beta: FloatArray
    tau: float
    sigma: float
    omega: FloatArray
    kappa: FloatArray
    parameter_sd: float
    stained: bool

    @property
    def model(self) -> DensityModel:
        """The fit as the package uses it."""
        terms = dict(zip(COLUMNS, map(float, self.beta), strict=True))
        terms["intercept"] += terms[STAINED] if self.stained else 0.0
        slopes = {t: terms[t] if self.stained or "protein" not in t else 0.0 for t in TERMS}
        return DensityModel(
            **slopes, tau=self.tau, sigma=self.sigma,
            source_sds=dict(zip(GROUPS, map(float, self.omega), strict=True)),
            parameter_sd=self.parameter_sd,
            error_scales=dict(zip(SCALED, map(float, self.kappa), strict=True)),
            assay_effects={a: terms[a] for a in ASSAY_CLASSES},
        )  # fmt: skip


def seen_by(evidence: str, features: Features) -> Features | None:
    """Return what a fit sees of features, or None where they lack its evidence.

    Where RNA is known staining is used if it is there; alone it stands for the RNA.
    """
    rna = features.rna_nTPM if evidence == "rna" else None
    level = features.protein_level if evidence in ("rna", "protein") else None
    seen = Features(rna, level, features.tumour)
    return seen if evidence in ("none", *seen.pattern.split("+")) else None


def design_row(features: Features, assay: str) -> FloatArray:
    """Return the columns of one tissue."""
    level = features.protein_level or 0.0
    line = [1.0, features.rna_signal, 0.0 if features.tumour else level,
            level if features.tumour else 0.0, float(features.tumour),
            float(features.protein_level is not None)]  # fmt: skip
    return np.array(line + [float(assay_class(assay) == a) for a in ASSAY_CLASSES])


def sample_of(evidence: str, *, without: str = "") -> Sample:
    """Return the published values of tissues that have an evidence: rna, protein or none."""
    rows: dict[tuple[str, ...], list[tuple[DensityPair, Features]]] = {}
    for pair in calibration_pairs():
        seen = seen_by(evidence, pair_features(pair))
        if pair.target != without and seen is not None:
            rows.setdefault(pair.published, []).append((pair, seen))
    kept = [list(zip(*row, strict=True)) for row in rows.values()]
    pairs: list[tuple[DensityPair, ...]] = [row[0] for row in kept]
    first = [row[0] for row in pairs]
    tissues = list(dict.fromkeys((p.target, p.tissue) for row in pairs for p in row))
    names = tuple(dict.fromkeys(p.target for p in first))
    sources = list(dict.fromkeys(p.source for p in first))
    share = np.zeros((len(pairs), len(tissues)))
    for i, row in enumerate(pairs):
        for p in row:
            share[i, tissues.index((p.target, p.tissue))] = 1.0 / len(row)
    limit_sd = math.log10(limit_gsd())
    return Sample(
        tuple(pairs),
        np.array([
            np.mean([design_row(f, p.assay) for p, f in row], axis=0) for row in rows.values()
        ]),
        np.array([
            np.mean([math.log10(p.density_nmol_L or p.high_nmol_L or math.nan) for p in row])
            for row in pairs
        ]),
        np.array([p.density_nmol_L is None for p in first]),
        np.array([limit_sd if p.density_nmol_L is None else math.log10(p.gsd) for p in first]),
        np.array([SCALED.index(assay_class(p.assay)) for p in first]),
        np.array([GROUPS.index(assay_group(p.assay)) for p in first]),
        share,
        np.array([names.index(p.target) for p in first]),
        np.array([sources.index(p.source) for p in first]),
        names,
    )  # fmt: skip


def covariance(sample: Sample, spreads: Spreads) -> FloatArray:
    """Return the (values, values) covariance of the published values, bounds left out."""
    value = ~sample.is_bound
    target, source = sample.of_target[value], sample.of_source[value]
    share, omega = sample.share[value], spreads.omega[value]
    return (
        spreads.tau**2 * (target[:, None] == target)
        + spreads.sigma**2 * (share @ share.T)
        + np.outer(omega, omega) * (source[:, None] == source)
        + np.diag(spreads.error[value] ** 2)
    )


def log_likelihood(sample: Sample, beta: FloatArray, spreads: Spreads) -> float:
    """Return the restricted log likelihood of values and bounds, without constants."""
    value = ~sample.is_bound
    residual = sample.log_value - sample.design @ beta
    factor = cho_factor(covariance(sample, spreads), lower=True)
    solved = cho_solve(factor, residual[value])
    total = -np.log(np.diag(factor[0])).sum() - 0.5 * residual[value] @ solved
    total += _log_bounds(sample, residual, spreads, *_effects(sample, spreads, factor, solved))
    precision = _precision(sample, factor)
    return float(total) - 0.5 * np.linalg.slogdet(precision)[1]


def _effects(
    sample: Sample, spreads: Spreads, factor: tuple[FloatArray, bool], solved: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and SD of every target's own term, given the values."""
    mine = (sample.of_target[~sample.is_bound][:, None] == np.arange(len(sample.names))) * 1.0
    mean = spreads.tau**2 * mine.T @ solved
    known = spreads.tau**4 * np.einsum("ij,ij->j", mine, cho_solve(factor, mine))
    return mean, np.sqrt(np.maximum(spreads.tau**2 - known, 0.0))


def _log_bounds(
    sample: Sample, residual: FloatArray, spreads: Spreads, mean: FloatArray, sd: FloatArray
) -> float:
    rows = np.flatnonzero(sample.is_bound)
    if not len(rows):
        return 0.0
    of = sample.of_target[rows]
    effect = mean[of, None] + sd[of, None] * NODES
    own = np.sqrt(spreads.sigma**2 + spreads.omega[rows] ** 2 + spreads.error[rows] ** 2)[:, None]
    logs = log_ndtr((residual[rows, None] - effect) / own)
    by_target = np.zeros((len(sample.names), len(NODES)))
    np.add.at(by_target, of, logs)
    return float(np.sum(logsumexp(by_target + LOG_WEIGHTS, axis=1)))


def _precision(sample: Sample, factor: tuple[FloatArray, bool]) -> FloatArray:
    x = sample.design[~sample.is_bound]
    prior = np.diag([PRIORS[c] ** -2 for c in COLUMNS])
    return x.T @ np.asarray(cho_solve(factor, x)) + prior


def information(sample: Sample, spreads: Spreads) -> FloatArray:
    """Return the precision matrix of the terms from the values and the priors."""
    return _precision(sample, cho_factor(covariance(sample, spreads), lower=True))


@dataclass(frozen=True)
class Shared:
    """What every fit takes from that on RNA: error scales (SCALED), spread of sources (GROUPS)."""

    kappa: FloatArray
    omega: FloatArray


def fitted(
    sample: Sample, evidence: str, *, shared: Shared | None = None, start: Fit | None = None
) -> dict[bool, Fit]:
    """Return the fit on an evidence, for tissues without and with known staining.

    Terms without evidence are 0.
    """
    open_terms = np.array([_is_open(c, evidence) for c in COLUMNS])
    prior_sd = np.array([PRIORS[c] for c in COLUMNS])
    terms = int(open_terms.sum())

    def unpack(theta: FloatArray) -> tuple[FloatArray, Spreads, Shared]:
        beta = np.zeros(len(COLUMNS))
        beta[open_terms] = theta[:terms]
        tau, sigma, *omega = np.exp(theta[terms : terms + SPREADS]).tolist()
        scales, between = np.exp(theta[terms + SPREADS :]), np.array(omega)
        error = scales[sample.assay_index] * sample.stated_sd
        spreads = Spreads(tau, sigma, between[sample.group_index], error)
        return beta, spreads, Shared(scales, between)

    def objective(theta: FloatArray) -> float:
        beta, spreads, own = unpack(theta)
        prior = 0.5 * np.sum((beta / prior_sd) ** 2)
        prior += 0.5 * np.sum((np.log(own.kappa) / PRIOR_LOG_KAPPA) ** 2)
        return float(prior) - log_likelihood(sample, beta, spreads)

    limits: list[tuple[float | None, float | None]] = [
        (0.0, None) if "slope" in c else (None, None) for c in np.array(COLUMNS)[open_terms]
    ]
    limits += [SPREAD_LIMITS] * SPREADS + [(math.log(0.2), math.log(5.0))] * len(SCALED)
    first = _start(start, open_terms)
    if shared is not None:
        first[terms + 2 :] = np.log([*shared.omega, *shared.kappa])
        limits[terms + 2 :] = [(x, x) for x in first[terms + 2 :].tolist()]
    found = minimize(
        objective, first, method="L-BFGS-B", bounds=limits,
        options={"maxiter": 500, "maxfun": 100_000, "ftol": 1e-10, "gtol": 1e-4},
    )  # fmt: skip
    if not found.success:
        raise RuntimeError(f"evidence {evidence}: the fit did not converge: {found.message}")
    beta, spreads, own = unpack(found.x)
    return {
        stained: Fit(
            beta, spreads.tau, spreads.sigma, own.omega, own.kappa,
            _line_sd(sample, spreads, open_terms, stained), stained,
        )
        for stained in (False, True)
    }  # fmt: skip


def _line_sd(
    sample: Sample, spreads: Spreads, open_terms: NDArray[np.bool_], stained: bool
) -> float:
    """Return the SD of the line from its parameters, mean over the rows of a kind."""
    rows = (sample.design[:, COLUMNS.index(STAINED)] > 0.5) == stained
    if not rows.any():
        return math.nan
    line = sample.design[rows].copy()
    line[:, len(TERMS) + 1 :] = 0.0  # the density itself: reference assay
    line = line[:, open_terms]
    covariance_of_terms = np.linalg.inv(
        information(sample, spreads)[np.ix_(open_terms, open_terms)]
    )
    return float(np.sqrt(np.mean(np.einsum("ij,jk,ik->i", line, covariance_of_terms, line))))


def _start(start: Fit | None, open_terms: NDArray[np.bool_]) -> FloatArray:
    if start is None:
        return np.concatenate([np.zeros(open_terms.sum()), np.log(START_SPREAD),
                               np.zeros(len(SCALED))])  # fmt: skip
    spreads: Sequence[float] = (start.tau, start.sigma, *start.omega)
    return np.concatenate([start.beta[open_terms], np.log(spreads), np.log(start.kappa)])


def _is_open(column: str, evidence: str) -> bool:
    if column == STAINED or column.startswith("rna"):
        return evidence == "rna"
    return evidence in ("rna", "protein") if column.startswith("protein") else True


def all_fits(*, without: str = "", start: Mapping[str, Fit] | None = None) -> dict[str, Fit]:
    """Return the fit of every pattern.

    Those with RNA come from one fit; the rest take its error scales and spread of sources.
    """
    start = start or {}
    with threadpool_limits(1, "blas"):  # on matrices this small threads cost seven times the time
        with_rna = fitted(sample_of("rna", without=without), "rna", start=start.get("rna"))
        shared = Shared(with_rna[False].kappa, with_rna[False].omega)
        made = {"rna": with_rna[False], "rna+protein": with_rna[True]}
        for pattern, stained in (("protein", True), ("none", False)):
            sample = sample_of(pattern, without=without)
            found = fitted(sample, pattern, shared=shared, start=start.get(pattern))
            made[pattern] = found[stained]
    return {pattern: made[pattern] for pattern in PATTERNS}


def limit_gsd() -> float:
    """Return the geometric standard deviation of a detection limit."""
    return next(
        float(row["gsd"])
        for row in read_table("density_conversions.csv")
        if row["quantity"] == "autoradiography_detection_limit"
    )
