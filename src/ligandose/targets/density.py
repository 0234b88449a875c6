"""From expression to binding sites: receptor density of a tissue, in nmol per litre.

The model is a line in logarithms with a term per target,

    log10 D = a + b log10(1 + nTPM) + c level + d [tumour] + u + e,

nTPM the RNA and level (0 to 3) the staining of the tissue, u ~ N(0, tau^2) common to all tissues
of a target (antibodies, splice forms, share of the protein at the surface), e ~ N(0, sigma^2) its
own. A tumour has no RNA of its own here: nTPM is the highest of any normal organ, times a third of
the level where patients were stained, so that a tumour in which nobody stains has none; b and c are
not negative. scripts/fit_density.py fits it for each pattern of evidence to published densities of
targets (`density_pairs.csv`) and of other membrane proteins (`density_calibrators.csv`). Assays
differ from sites accessible to a ligand by an effect of their own and have errors of another size
than stated (`error_scale`); a source has a term that all it reports shares. The fit is judged by
leaving out one target at a time (`density_model.csv`, `density_validation.csv`,
docs/targets-density.md). Other tissues of a target whose density was measured shift u (best linear
unbiased prediction, Robinson 1991, doi:10.1214/ss/1177011926). A measured density always beats the
model. For a transporter the result is an index of expression: what it carries follows from uptake
and retention, not from sites.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.targets.catalogue import Target, target
from ligandose.targets.density_model import (
    ALL_EVIDENCE,
    Features,
    Residual,
    density_models,
    features_of,
    pair_features,
    target_effect,
)
from ligandose.targets.density_pairs import DensityPair, calibration_pairs, density_pairs

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Density:
    """Receptor density of a tissue and how well it is known.

    Attributes:
        target: identifier of the target.
        tissue: canonical region or indication.
        median_nmol_L: typical density, nmol per litre of the whole organ or lesion.
        gsd: geometric standard deviation of our knowledge of it.
        shared_gsd: the part of `gsd` that all modelled tissues of the target share; 1 where
            measured. It cancels in the ratio of two modelled densities.
        basis: "measured" or "model".
        pattern: what the model used, one of PATTERNS; "" where measured.
        sources: identifiers of the sources of a measured density.
    """

    target: str
    tissue: str
    median_nmol_L: float
    gsd: float
    shared_gsd: float
    basis: str
    pattern: str
    sources: tuple[str, ...] = ()

    @property
    def from_evidence(self) -> bool:
        """Whether the tissue itself was measured, by density, RNA or staining."""
        return self.basis == "measured" or self.pattern != "none"

    @property
    def interval_nmol_L(self) -> tuple[float, float]:
        """The 5th and 95th percentile."""
        factor = self.gsd**1.6449
        return self.median_nmol_L / factor, self.median_nmol_L * factor

    def document(self) -> dict[str, str | float | list[str]]:
        """Return the density as documents hold it."""
        low, high = self.interval_nmol_L
        return {
            "tissue": self.tissue,
            "density_nmol_L": self.median_nmol_L,
            "p05_nmol_L": low,
            "p95_nmol_L": high,
            "gsd": self.gsd,
            "basis": self.basis,
            "pattern": self.pattern,
            "sources": list(self.sources),
        }


def density(name: str, tissue: str) -> Density:
    """Return the density of a target in an organ or in the tumours of an indication.

    Args:
        name: any name of the target.
        tissue: canonical region or identifier of an indication.

    Raises:
        UnknownNameError: an unknown target.
        InputError: a target that is no receptor (mineral, necrosis, physical).
    """
    return density_of(target(name), tissue)


def density_of(found: Target, tissue: str, *, use: frozenset[str] = ALL_EVIDENCE) -> Density:
    """Return the density from the kinds of evidence in `use`; arguments as `density`."""
    return _density(found.name, tissue, use)


@cache
def _density(name: str, tissue: str, use: frozenset[str]) -> Density:
    found = target(name)
    if found.kind in ("mineral", "necrosis", "physical"):
        raise InputError(
            f"target {found.name} is {found.kind}: it has no receptor density; "
            "its uptake belongs to the agent"
        )
    if "density" in use and (measured := measured_density(found.name, tissue)):
        return measured
    return _modelled(found, tissue, use)


@cache
def _pairs_by_place() -> Mapping[tuple[str, str], list[DensityPair]]:
    """Return the densities of tissues (no cell lines, no bounds) by target and tissue."""
    found: dict[tuple[str, str], list[DensityPair]] = defaultdict(list)
    for pair in density_pairs():
        if pair.kind != "cell line" and pair.density_nmol_L:
            found[pair.target, pair.tissue].append(pair)
    return found


def measured_density(name: str, tissue: str) -> Density | None:
    """Return the published density of a pair (several: the weighted geometric mean), or None."""
    pairs = _pairs_by_place().get((name, tissue))
    if not pairs:
        return None
    mean, sd = _combined(_logs(pairs))
    return Density(
        name, tissue, 10**mean, 10**sd, 1.0, "measured", "", tuple(p.source for p in pairs)
    )


def density_with_levels(
    found: Target, organ: str, levels: FloatArray, *, use: frozenset[str] = ALL_EVIDENCE
) -> tuple[FloatArray, Density]:
    """Return the density of an organ for staining levels that were drawn, not measured.

    Args:
        found: the target.
        organ: canonical region.
        levels: (n,) levels, 0 to 3.
        use: kinds of evidence that may be used.

    Returns:
        (n,) medians in nmol/L, and the density at the mean level, whose spread they share.
    """
    seen = features_of(found, organ, use=use)
    mean_level = Features(seen.rna_nTPM, float(levels.mean()), tumour=False)
    middle = _predicted(found, organ, mean_level, use)
    slope = density_models()[mean_level.pattern].protein_slope
    return middle.median_nmol_L * 10 ** (slope * (levels - levels.mean())), middle


def _modelled(found: Target, tissue: str, use: frozenset[str]) -> Density:
    return _predicted(found, tissue, features_of(found, tissue, use=use), use)


def _predicted(found: Target, tissue: str, features: Features, use: frozenset[str]) -> Density:
    model = density_models()[features.pattern]
    shift, shared = _effect(found.name if "density" in use else "", tissue, features.pattern)
    spread = math.hypot(shared, model.sigma)
    median = 10 ** (model.mean(features) + shift)
    return Density(found.name, tissue, median, 10**spread, 10**shared, "model", features.pattern)


def _effect(name: str, tissue: str, pattern: str) -> tuple[float, float]:
    """Return mean and SD of a target's own term, from what was measured but in the tissue.

    A target without a name is one of which nothing was measured.
    """
    measured = any(tissue in r.tissues for r in _residuals(name))
    return _effect_without(name, tissue if measured else "", pattern)


@cache
def _effect_without(name: str, tissue: str, pattern: str) -> tuple[float, float]:
    others = [r for r in _residuals(name) if tissue not in r.tissues]
    return target_effect(density_models()[pattern], others)


@cache
def _residuals(name: str) -> tuple[Residual, ...]:
    """Return the published values of a target against the densities that their assays would state.

    A value for several tissues is one row, the mean over them.
    """
    rows: dict[tuple[str, ...], list[DensityPair]] = defaultdict(list)
    for pair in calibration_pairs():
        if pair.target == name and pair.density_nmol_L:
            rows[pair.published].append(pair)
    return tuple(
        Residual(
            tuple(p.tissue for p in pairs),
            pairs[0].source,
            sum(map(_residual, pairs)) / len(pairs),
            density_models()["none"].source_sd(pairs[0].assay),
            density_models()["none"].error_sd(pairs[0]),
        )
        for pairs in rows.values()
    )


def _residual(pair: DensityPair) -> float:
    features = pair_features(pair)
    model = density_models()[features.pattern]
    expected = model.mean(features) + model.assay_effect(pair.assay)
    return math.log10(pair.density_nmol_L or math.nan) - expected


def _logs(pairs: Sequence[DensityPair]) -> list[tuple[float, float]]:
    """Return log10 of the published densities of one tissue and the SD of each, source included.

    A value that several tissues carry weighs less beside one of the tissue's own.
    """
    model, highest = density_models()["none"], max(p.weight for p in pairs)
    return [
        (
            math.log10(p.density_nmol_L or math.nan),
            math.hypot(model.source_sd(p.assay), model.error_sd(p)) * math.sqrt(highest / p.weight),
        )
        for p in pairs
    ]


def _combined(logs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the weighted mean of logarithms and its SD, not below their scatter."""
    weights = [1.0 / max(sd, 1e-3) ** 2 for _, sd in logs]
    mean = sum(w * x for w, (x, _) in zip(weights, logs, strict=True)) / sum(weights)
    inner = sum(weights) ** -0.5
    scatter = math.sqrt(sum((x - mean) ** 2 for x, _ in logs) / len(logs))
    return mean, max(inner, scatter / math.sqrt(len(logs)))
