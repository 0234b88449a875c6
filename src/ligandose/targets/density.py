"""From expression to binding sites: receptor density of a tissue, in nmol per litre.

The model is a line in logarithms with a term per target,

    log10 D = a + b log10(1 + nTPM) + c level + d [tumour] + u + e,

nTPM the RNA and level (0 to 3) the staining of the tissue, u ~ N(0, tau^2) common to all tissues
of a target (antibodies, splice forms, share of the protein at the surface), e ~ N(0, sigma^2) its
own. A tumour has no RNA of its own here: nTPM is the highest of any normal organ, times a third of
the level where patients were stained, so that a tumour in which nobody stains has none; b and c
are not negative. scripts/fit_density.py fits it for each pattern of evidence to published
densities (`density_pairs.csv`), whose assays differ from sites accessible to a ligand by an
effect of their own and whose stated errors are too small by the factor `error_scale`, and judges
it by leaving out one target at a time (`density_model.csv`, `density_validation.csv`,
docs/targets-density.md). Other tissues of a target whose density was measured shift u (best linear
unbiased prediction, Robinson 1991, doi:10.1214/ss/1177011926). A measured density always beats
the model. For a transporter the result is an index of expression: what it carries follows from
uptake and retention, not from sites.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.evidence import read_table
from ligandose.targets.catalogue import Target, indications, target
from ligandose.targets.expression import cancer_expression, organ_expression

FloatArray = NDArray[np.float64]

PATTERNS = ("rna+protein", "rna", "protein", "none")
ALL_EVIDENCE = frozenset({"rna", "protein", "density"})
HIGHEST_LEVEL = 3.0

ASSAY_CLASSES = ("autoradiography", "binding tissue", "immunoassay")
"""Assays that may count other sites than those accessible to a ligand. What does count them, in
people or on whole cells (PET model, flow cytometry, cell count), is the reference."""
_ASSAY_CLASS_OF = {"mass spectrometry": "immunoassay"}  # both weigh all protein of an extract
_NUMBERS = (
    "intercept", "rna_slope", "protein_slope", "protein_slope_tumour", "tumour_shift",
    "tau", "sigma", "parameter_sd", "error_scale",
)  # fmt: skip
CIRCULATING = frozenset({"blood"})
"""Tissues outside the model: per litre of blood, and the expression tables have no RNA of it."""


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


@dataclass(frozen=True, slots=True)
class Features:
    """What the model sees of a tissue; None where not measured (or not to be used)."""

    rna_nTPM: float | None
    protein_level: float | None
    tumour: bool

    @property
    def pattern(self) -> str:
        """Which of PATTERNS it is."""
        kinds = (("rna", self.rna_nTPM), ("protein", self.protein_level))
        return "+".join(kind for kind, value in kinds if value is not None) or "none"

    @property
    def rna_signal(self) -> float:
        """log10(1 + nTPM), 0 without RNA; in a stained tumour the RNA counts by its level."""
        rna = self.rna_nTPM or 0.0
        if self.tumour and self.protein_level is not None:
            rna *= self.protein_level / HIGHEST_LEVEL
        return math.log10(1.0 + rna)


@dataclass(frozen=True, slots=True)
class DensityModel:
    """Parameters of one pattern of evidence, in decades.

    Attributes:
        intercept, rna_slope, tumour_shift: of the line.
        protein_slope: per staining level of an organ; `protein_slope_tumour` of a tumour.
        tau: SD between targets.
        sigma: SD between tissues of one target.
        parameter_sd: SD of the line itself, from the few targets that it was fitted to.
        error_scale: true error of a published density over its stated error.
        assay_effects: by class of assay, what it states over sites accessible to a ligand.
    """

    intercept: float
    rna_slope: float
    protein_slope: float
    protein_slope_tumour: float
    tumour_shift: float
    tau: float
    sigma: float
    parameter_sd: float
    error_scale: float
    assay_effects: Mapping[str, float]

    def mean(self, features: Features) -> float:
        """Return log10 of the density (nmol/L) of an average target."""
        level = features.protein_level or 0.0
        slope = self.protein_slope_tumour if features.tumour else self.protein_slope
        line = self.intercept + self.rna_slope * features.rna_signal + slope * level
        return line + (self.tumour_shift if features.tumour else 0.0)

    def assay_effect(self, assay: str) -> float:
        """Return what an assay adds to log10 of the density."""
        return self.assay_effects.get(assay_class(assay), 0.0)

    @property
    def target_sd(self) -> float:
        """SD of what all tissues of a target share before any was measured."""
        return math.hypot(self.tau, self.parameter_sd)


@dataclass(frozen=True, slots=True)
class DensityPair:
    """One published density of a target in a tissue (a row of density_pairs.csv).

    Attributes:
        target, tissue: the pair.
        kind: organ, tumour or cell line; cell lines do not enter the model.
        density_nmol_L: as converted; None where it was below the detection limit `high_nmol_L`.
        high_nmol_L: upper end or detection limit, or None.
        gsd: geometric standard deviation of the method, conversion and patients, as stated.
        source: identifier of the source.
        assay: kind of assay; see ASSAY_CLASSES.
        weight: 1 over the tissues that carry the same published value.
    """

    target: str
    tissue: str
    kind: str
    density_nmol_L: float | None
    high_nmol_L: float | None
    gsd: float
    source: str
    assay: str
    weight: float


def assay_class(assay: str) -> str:
    """Return one of ASSAY_CLASSES, or "" for an assay of sites accessible to a ligand."""
    found = _ASSAY_CLASS_OF.get(assay, assay)
    return found if found in ASSAY_CLASSES else ""


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


def features_of(found: Target, tissue: str, *, use: frozenset[str] = ALL_EVIDENCE) -> Features:
    """Return what the model sees of an organ or indication."""
    organs = organ_expression(found)
    if tissue in indications():
        seen = [o.rna_nTPM for o in organs.values() if o.rna_nTPM is not None]
        highest = max(seen, default=None) if "rna" in use else None
        stained = cancer_expression(found, tissue) if "protein" in use else None
        level = stained.positive_level if stained and stained.trusted else None
        return Features(highest, level, True)
    organ = organs.get(tissue)
    if organ is None:
        return Features(None, None, False)
    rna = organ.rna_nTPM if "rna" in use else None
    return Features(rna, organ.trusted_level if "protein" in use else None, False)


@cache
def density_pairs() -> tuple[DensityPair, ...]:
    """Return the published densities."""
    rows = read_table("density_pairs.csv")
    copies = Counter(_published(row) for row in rows)
    return tuple(
        DensityPair(
            row["target"],
            row["tissue"],
            row["tissue_kind"],
            float(row["density_nmol_L"]) if row["density_nmol_L"] else None,
            float(row["high"]) if row["high"] else None,
            float(row["gsd"]) if row["gsd"] else math.nan,
            row["source"],
            row["assay"],
            1.0 / copies[_published(row)] if row["density_nmol_L"] else 1.0,
        )
        for row in rows
    )


def calibration_pairs() -> tuple[DensityPair, ...]:
    """Return what the model is fitted to: densities and bounds of people's solid tissues."""
    pairs = density_pairs()
    return tuple(p for p in pairs if p.kind != "cell line" and p.tissue not in CIRCULATING)


@cache
def density_models() -> Mapping[str, DensityModel]:
    """Return the fitted parameters by pattern of evidence."""
    return {
        row["pattern"]: DensityModel(
            **{c: float(row[c]) for c in _NUMBERS},
            assay_effects={a: float(row["assay_" + a.replace(" ", "_")]) for a in ASSAY_CLASSES},
        )
        for row in read_table("density_model.csv")
    }


def target_effect(model: DensityModel, others: list[tuple[float, float]]) -> tuple[float, float]:
    """Return mean and SD of a target's own term, given residuals of its measured tissues.

    Args:
        model: of the pattern.
        others: (residual, SD of the measurement), in decades.

    Conditioning of a normal vector on the residuals: with precisions w = 1/(sigma^2 + SD^2) and
    prior variance T = tau^2 + parameter_sd^2, mean = sum(w r) / (1/T + sum w), variance =
    1 / (1/T + sum w).
    """
    weights = [1.0 / (model.sigma**2 + sd**2) for _, sd in others]
    prior = model.target_sd
    precision = 1.0 / prior**2 + sum(weights) if prior > 0 else math.inf
    mean = sum(w * r for w, (r, _) in zip(weights, others, strict=True)) / precision
    return mean, precision**-0.5


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
    others: list[tuple[float, float]] = []
    if "density" in use:
        others = [(r, s) for name, r, s in _residuals(found.name) if name != tissue]
    shift, shared = target_effect(model, others)
    spread = math.hypot(shared, model.sigma)
    median = 10 ** (model.mean(features) + shift)
    return Density(found.name, tissue, median, 10**spread, 10**shared, "model", features.pattern)


@cache
def _residuals(name: str) -> tuple[tuple[str, float, float], ...]:
    """Return (tissue, residual, SD) of the measured tissues of a target.

    A residual is against the density that the tissue's assay would state. Tissues that carry one
    published value have their SD widened until together they weigh as one.
    """
    found = target(name)
    by_tissue: dict[str, list[DensityPair]] = defaultdict(list)
    for pair in calibration_pairs():
        if pair.target == name and pair.density_nmol_L:
            by_tissue[pair.tissue].append(pair)
    residuals: list[tuple[str, float, float]] = []
    for tissue, pairs in by_tissue.items():
        features = features_of(found, tissue)
        model = density_models()[features.pattern]
        effects = [model.assay_effect(p.assay) for p in pairs]
        logs = [(x - a, sd) for (x, sd), a in zip(_logs(pairs), effects, strict=True)]
        mean, sd = _combined(logs)
        weight = max(p.weight for p in pairs)
        sd = math.sqrt((model.sigma**2 + sd**2) / weight - model.sigma**2)
        residuals.append((tissue, mean - model.mean(features), sd))
    return tuple(residuals)


def _logs(pairs: Sequence[DensityPair]) -> list[tuple[float, float]]:
    """Return log10 of the published densities of one tissue and the SD that repeats show.

    A value that several tissues carry weighs less beside one of the tissue's own.
    """
    scale, highest = density_models()["none"].error_scale, max(p.weight for p in pairs)
    return [
        (
            math.log10(p.density_nmol_L or math.nan),
            scale * math.log10(p.gsd) * math.sqrt(highest / p.weight),
        )
        for p in pairs
    ]


def _published(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what tells a published value from others, whatever tissue it is carried to."""
    blood_apart = row["tissue"] in CIRCULATING or row["tissue_kind"] == "cell line"
    place = row["tissue"] if blood_apart else ""
    value = row["value_as_published"]
    return row["target"], row["source"], value, row["assay"], row["tissue_kind"], place


def _combined(logs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the weighted mean of logarithms and its SD, not below their scatter."""
    weights = [1.0 / max(sd, 1e-3) ** 2 for _, sd in logs]
    mean = sum(w * x for w, (x, _) in zip(weights, logs, strict=True)) / sum(weights)
    inner = sum(weights) ** -0.5
    scatter = math.sqrt(sum((x - mean) ** 2 for x, _ in logs) / len(logs))
    return mean, max(inner, scatter / math.sqrt(len(logs)))
