"""Fit the model from expression to receptor density, and judge it by leaving out targets.

    python scripts/fit_density.py [--check]

The model of `ligandose.targets.density` for what a publication states, in decades:

    log10 y = x beta + alpha[assay] + u[target] + e[tissue] + v[source] + kappa[assay] s z,

u ~ N(0, tau^2), e ~ N(0, sigma^2), v ~ N(0, omega^2), z ~ N(0, 1), s the stated error of the row
(log10 of its geometric standard deviation) and kappa how much larger it is than stated. A value
that a source gives for several tissues is their mean; bounds enter as P(y < bound). u, e, v and z
are integrated out: values as one normal vector, the bounds by Gauss-Hermite quadrature over u
given the values. The maximum is that of the restricted likelihood (Patterson and Thompson 1971,
Biometrika 58, on error contrasts; its determinant from the values alone) times the weak priors of
PRIORS (_density_likelihood.py). One fit serves tissues with RNA, stained or not; staining alone and
no evidence have fits of their own, to every value with at least that evidence, with the kappa and
omega of the first. `--check` compares with the shipped tables, writing nothing.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _density_likelihood import SCALED, TERMS, Fit, FloatArray, all_fits, limit_gsd, sample_of

from ligandose.targets.density_model import (
    ASSAY_CLASSES,
    GROUPS,
    Features,
    assay_class,
    column_of,
    pair_features,
)
from ligandose.targets.density_pairs import (
    DensityPair,
    calibration_pairs,
)

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
Z90 = 1.6449
TOLERANCE = 0.01  # of --check: optimisers stop at slightly other points on other machines


@dataclass(frozen=True)
class HeldOut:
    """A pair and what fits without its target say of it, in decades."""

    target: str
    tissue: str
    assay: str
    weight: float
    published: float
    predicted: float
    spread: float
    true_spread: float
    without_expression: float
    is_bound: bool

    @property
    def is_covered(self) -> bool:
        """Whether the 90 % interval for a published value holds it."""
        return abs(self.published - self.predicted) <= Z90 * self.spread


def held_out(name: str, fits: Mapping[str, Fit]) -> list[HeldOut]:
    """Return the pairs of a target as predicted by fits without it, and so without its term."""
    by_tissue: dict[tuple[str, bool], list[DensityPair]] = {}
    for pair in calibration_pairs():
        if pair.target == name:
            by_tissue.setdefault((pair.tissue, pair.density_nmol_L is None), []).append(pair)
    made: list[HeldOut] = []
    for (tissue, bound), pairs in by_tissue.items():
        features = pair_features(pairs[0])
        model, bare = fits[features.pattern].model, fits["none"].model
        stated = np.log10([limit_gsd() if bound else p.gsd for p in pairs])
        scales = np.array([model.error_scales[assay_class(p.assay)] for p in pairs])
        between = np.array([model.source_sd(p.assay) for p in pairs])
        variance = between**2 + (scales * stated) ** 2
        share = np.array([p.weight for p in pairs]) / variance
        error = 1.0 / math.sqrt(share.sum() / max(p.weight for p in pairs))
        share /= share.sum()
        value = np.log10([p.density_nmol_L or p.high_nmol_L or math.nan for p in pairs])
        true_spread = math.hypot(model.target_sd, model.sigma)
        bare_features = Features(None, None, features.tumour)
        by_assay = [
            sum(float(w) * m.assay_effect(p.assay) for w, p in zip(share, pairs, strict=True))
            for m in (model, bare)
        ]
        made.append(
            HeldOut(
                name, tissue, "; ".join(sorted({p.assay for p in pairs})),
                max(p.weight for p in pairs), float(share @ value),
                model.mean(features) + by_assay[0], math.hypot(true_spread, error), true_spread,
                bare.mean(bare_features) + by_assay[1], bound,
            )
        )  # fmt: skip
    return made


def summary(found: Sequence[HeldOut]) -> list[tuple[str, float, str, str]]:
    """Return (quantity, value, unit, meaning) of the validation."""
    values = [h for h in found if not h.is_bound]
    bounds = [h for h in found if h.is_bound]
    error = np.array([h.published - h.predicted for h in values])
    bare = np.array([h.published - h.without_expression for h in values])
    weight = np.array([h.weight for h in values])
    covered = np.array([h.is_covered for h in values])
    kept = np.array([h.predicted - Z90 * h.spread <= h.published for h in bounds])
    widths = [10 ** (2 * Z90 * np.median([getattr(h, s) for h in values]))
              for s in ("true_spread", "spread")]  # fmt: skip
    targets = {h.target for h in values}
    by_target = [np.mean(np.abs(error[[h.target == t for h in values]])) for t in sorted(targets)]
    by_bare = [np.mean(np.abs(bare[[h.target == t for h in values]])) for t in sorted(targets)]
    return [
        ("pairs", len(values), "1", "held-out pairs with a density"),
        ("targets", len(targets), "1", "targets of these pairs, left out one at a time"),
        ("bounds", len(bounds), "1", "held-out pairs with an upper bound only"),
        ("gmfe", _fold(error), "1", "geometric mean fold error of the model"),
        ("gmfe_without_expression", _fold(bare), "1", "the same without RNA and staining"),
        ("gmfe_weighted", _fold(error, weight), "1", "tissues of one published value as one"),
        ("gmfe_weighted_without_expression", _fold(bare, weight), "1",
         "the same without RNA and staining"),
        ("gmfe_by_target", 10 ** float(np.mean(by_target)), "1", "every target as one"),
        ("gmfe_by_target_without_expression", 10 ** float(np.mean(by_bare)), "1",
         "the same without RNA and staining"),
        ("rms", float(np.sqrt(np.mean(error**2))), "decades", "root mean square error"),
        ("rms_without_expression", float(np.sqrt(np.mean(bare**2))), "decades",
         "the same without RNA and staining"),
        ("coverage", float(covered.mean()), "1", "published densities in their 90 % interval"),
        ("coverage_weighted", float(np.average(covered, weights=weight)), "1",
         "tissues of one published value as one"),
        ("bounds_kept", float(kept.mean()), "1",
         "bounds that are not below the 5th percentile"),
        ("width_true", widths[0], "1",
         "median fold from 5th to 95th percentile of the density itself, as hosts draw it"),
        ("width_published", widths[1], "1", "the same for what a publication would state"),
    ]  # fmt: skip


def _fold(error: FloatArray, weight: FloatArray | None = None) -> float:
    return float(10 ** np.average(np.abs(error), weights=weight))


def made_tables() -> dict[str, list[list[str]]]:
    """Return the rows of every table, header first, by file name."""
    fits = all_fits()
    names = sorted({p.target for p in calibration_pairs()})
    found = [h for name in names for h in held_out(name, all_fits(without=name, start=fits))]
    return {
        "density_model.csv": _model_rows(fits),
        "density_validation.csv": _validation_rows([h for h in found if not h.is_bound]),
        "density_summary.csv": [
            ["quantity", "value", "unit", "note"],
            *([q, f"{value:.3g}", unit, note] for q, value, unit, note in summary(found)),
        ],
    }


def _model_rows(fits: Mapping[str, Fit]) -> list[list[str]]:
    spreads = ("tau", "sigma", "parameter_sd")
    sources = [column_of("source_sd", g) for g in GROUPS]
    scales = [column_of("error_scale", a) for a in SCALED]
    assays = [column_of("assay", a) for a in ASSAY_CLASSES]
    named = (*TERMS, *spreads, *sources, *scales, *assays)
    rows = [["pattern", *named, "values", "bounds", "targets"]]
    for pattern, fit in fits.items():
        model = fit.model
        numbers = [*(getattr(model, name) for name in (*TERMS, *spreads)),
                   *(model.source_sds[g] for g in GROUPS),
                   *(model.error_scales[a] for a in SCALED),
                   *(model.assay_effects[a] for a in ASSAY_CLASSES)]  # fmt: skip
        rows.append([pattern, *(f"{x + 0.0:.3f}" for x in numbers), *_counts(pattern)])
    return rows


def _counts(pattern: str) -> tuple[str, str, str]:
    """Return how many values, bounds and targets have the evidence of a pattern."""
    sample = sample_of(pattern.split("+")[0])
    mine = [i for i, row in enumerate(sample.pairs)
            if "+" not in pattern or pair_features(row[0]).protein_level is not None]  # fmt: skip
    bounds = sum(bool(sample.is_bound[i]) for i in mine)
    targets = {sample.pairs[i][0].target for i in mine}
    return str(len(mine) - bounds), str(bounds), str(len(targets))


def _validation_rows(found: Sequence[HeldOut]) -> list[list[str]]:
    rows = [["target", "tissue", "assay", "published_nmol_L", "predicted_nmol_L", "p05", "p95",
             "covered", "without_expression_nmol_L"]]  # fmt: skip
    for h in found:
        logs = (h.published, h.predicted, h.predicted - Z90 * h.spread,
                h.predicted + Z90 * h.spread)  # fmt: skip
        numbers = [f"{10**x:.3g}" for x in logs]
        bare = f"{10**h.without_expression:.3g}"
        rows.append([h.target, h.tissue, h.assay, *numbers, str(int(h.is_covered)), bare])
    return rows


def differences(made: Sequence[Sequence[str]], shipped: Sequence[Sequence[str]]) -> list[str]:
    """Return what differs between two tables by more than TOLERANCE."""
    if len(made) != len(shipped):
        return [f"{len(made)} rows made, {len(shipped)} shipped"]
    found: list[str] = []
    for row, other in zip(made, shipped, strict=True):
        same = len(row) == len(other) and all(map(_alike, row, other))
        if not same:
            found.append(f"made {', '.join(row)}; shipped {', '.join(other)}")
    return found


def _alike(a: str, b: str) -> bool:
    try:
        return math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE / 2)
    except ValueError:
        return a == b


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables, or compare them with the shipped ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args(arguments).check
    failed = False
    for name, rows in made_tables().items():
        path = EDITION / name
        if check:
            with path.open(encoding="utf-8", newline="") as file:
                wrong = differences(rows, list(csv.reader(file)))
            failed |= bool(wrong)
            print(f"{name}: {'differs' if wrong else 'as shipped'}", *wrong, sep="\n  ")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
            print(f"{name}: {len(rows) - 1} rows")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
