"""From expression to binding sites: receptor density of a tissue, in nmol per litre.

The model is a line in logarithms with a term per target,

    log10 D = a + b log10(1 + nTPM) + c level + d [tumour] + u + e,

nTPM the RNA and level (0 to 3) the staining of the tissue, u ~ N(0, tau^2) common to all tissues
of a target (antibodies, splice forms, share of the protein at the surface), e ~ N(0, sigma^2) its
own. A tumour has no RNA of its own here: nTPM is the highest of any normal organ, times a third of
the level where patients were stained, so that a tumour in which nobody stains has none; b and c
are not negative. scripts/fit_density.py fits it for each pattern of evidence to published
densities of targets (`density_pairs.csv`) and of other membrane proteins
(`density_calibrators.csv`), whose assays differ from sites accessible to a ligand by an effect of
their own and whose stated errors are too small by the factor `error_scale` of their class. It is
judged by leaving out one target at a time (`density_model.csv`, `density_validation.csv`,
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

ASSAY_CLASSES = ("autoradiography", "binding tissue", "immunoassay", "mass spectrometry")
"""Assays that may count other sites than those accessible to a ligand. What does count them, in
people or on whole cells (PET model, flow cytometry, cell count), is the reference."""
REFERENCE = ""
COUNTED, EXTRACTED = "counted", "extracted"
GROUPS = (COUNTED, EXTRACTED)
"""Assays of REFERENCE count sites where they are; the others go by protein or section. Sources of
a group differ by what is common to all they report: ligand, calibration, protein per tissue."""
_NUMBERS = (
    "intercept", "rna_slope", "protein_slope", "protein_slope_tumour", "tumour_shift",
    "tau", "sigma", "parameter_sd",
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
        source_sds: SD between sources, by GROUPS.
        parameter_sd: SD of the line itself, from the few targets that it was fitted to.
        error_scales: by class of assay (REFERENCE among them), true error over stated error.
        assay_effects: by class of assay, what it states over sites accessible to a ligand.
    """

    intercept: float
    rna_slope: float
    protein_slope: float
    protein_slope_tumour: float
    tumour_shift: float
    tau: float
    sigma: float
    source_sds: Mapping[str, float]
    parameter_sd: float
    error_scales: Mapping[str, float]
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

    def error_sd(self, pair: DensityPair) -> float:
        """Return the SD of a published density about what its source would find, in decades."""
        return self.error_scales[assay_class(pair.assay)] * math.log10(pair.gsd)

    def source_sd(self, assay: str) -> float:
        """Return the SD between sources that use an assay, in decades."""
        return self.source_sds[assay_group(assay)]

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
        published: what tells the published value from others, whatever tissue it is carried to.
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
    published: tuple[str, ...]
    weight: float


def assay_class(assay: str) -> str:
    """Return one of ASSAY_CLASSES, or REFERENCE for an assay of sites accessible to a ligand."""
    return assay if assay in ASSAY_CLASSES else REFERENCE


def assay_group(assay: str) -> str:
    """Return one of GROUPS."""
    return COUNTED if assay_class(assay) == REFERENCE else EXTRACTED


def column_of(prefix: str, assay: str) -> str:
    """Return the column of density_model.csv that holds what a prefix says of a class of assay."""
    return f"{prefix}_{(assay or 'reference').replace(' ', '_')}"


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
    """Return the published densities of targets of the catalogue."""
    return _read_pairs("density_pairs.csv", "target")


@cache
def calibrator_pairs() -> tuple[DensityPair, ...]:
    """Return published densities of other membrane proteins, and of tissues no host has.

    Their target is the gene, their tissue as the Human Protein Atlas names it. They teach the model
    what a transcript is worth in sites; nobody asks for their own density.
    """
    return _read_pairs("density_calibrators.csv", "gene")


def _read_pairs(table: str, owner: str) -> tuple[DensityPair, ...]:
    rows = read_table(table)
    copies = Counter(_published(row, owner) for row in rows)
    return tuple(
        DensityPair(
            target=row[owner],
            tissue=row["tissue"],
            kind=row["tissue_kind"],
            density_nmol_L=float(row["density_nmol_L"]) if row["density_nmol_L"] else None,
            high_nmol_L=float(row["high"]) if row["high"] else None,
            gsd=float(row["gsd"]) if row["gsd"] else math.nan,
            source=row["source"],
            assay=row["assay"],
            published=_published(row, owner),
            weight=1.0 / copies[_published(row, owner)] if row["density_nmol_L"] else 1.0,
        )
        for row in rows
    )


@cache
def calibration_pairs() -> tuple[DensityPair, ...]:
    """Return what the model is fitted to: densities and bounds of people's solid tissues."""
    pairs = density_pairs()
    solid = tuple(p for p in pairs if p.kind != "cell line" and p.tissue not in CIRCULATING)
    return solid + calibrator_pairs()


def pair_features(pair: DensityPair) -> Features:
    """Return what the model sees of the tissue of a pair."""
    place = (pair.target, pair.tissue)
    if place in _calibrator_features():
        return _calibrator_features()[place]
    return features_of(target(pair.target), pair.tissue)


@cache
def _calibrator_features() -> Mapping[tuple[str, str], Features]:
    def number(text: str) -> float | None:
        return float(text) if text else None

    return {
        (row["gene"], row["tissue"]): Features(
            number(row["nTPM"]), number(row["trusted_level"]), tumour=False
        )
        for row in read_table("expression_calibrators.csv")
    }


@cache
def density_models() -> Mapping[str, DensityModel]:
    """Return the fitted parameters by pattern of evidence."""
    return {
        row["pattern"]: DensityModel(
            **{c: float(row[c]) for c in _NUMBERS},
            error_scales={
                a: float(row[column_of("error_scale", a)]) for a in (REFERENCE, *ASSAY_CLASSES)
            },
            source_sds={g: float(row[column_of("source_sd", g)]) for g in GROUPS},
            assay_effects={a: float(row[column_of("assay", a)]) for a in ASSAY_CLASSES},
        )
        for row in read_table("density_model.csv")
    }


@dataclass(frozen=True, slots=True)
class Residual:
    """A published value of a target against the line, in decades.

    Attributes:
        tissues: those that it is the mean of.
        source: identifier of the source.
        value: the residual.
        source_sd: SD between sources of its kind; shared by all values of the source.
        error_sd: SD of the row's own error.
    """

    tissues: tuple[str, ...]
    source: str
    value: float
    source_sd: float
    error_sd: float


def target_effect(model: DensityModel, others: Sequence[Residual]) -> tuple[float, float]:
    """Return mean and SD of a target's own term, given residuals of its measured tissues.

    Conditioning of a normal vector: with T = tau² + parameter_sd² and V = T + sigma² (shared
    tissues) + source_sd² [one source] + error², mean = T 1ᵀ V⁻¹ r and variance = T - T² 1ᵀ V⁻¹ 1.
    """
    prior = model.target_sd**2
    if not others:
        return 0.0, model.target_sd
    tissues = sorted({t for r in others for t in r.tissues})
    share = np.array([[(t in r.tissues) / len(r.tissues) for t in tissues] for r in others])
    source = np.array([r.source for r in others])
    error = np.array([r.error_sd for r in others])
    v: FloatArray = prior + model.sigma**2 * (share @ share.T) + np.diag(error**2)
    between = np.array([r.source_sd for r in others])
    v += np.outer(between, between) * (source[:, None] == source)
    gain = np.linalg.solve(v, np.full(len(others), prior))
    mean = float(gain @ np.array([r.value for r in others]))
    return mean, math.sqrt(max(prior * (1.0 - float(gain.sum())), 0.0))


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
    others: list[Residual] = []
    if "density" in use:
        others = [r for r in _residuals(found.name) if tissue not in r.tissues]
    shift, shared = target_effect(model, others)
    spread = math.hypot(shared, model.sigma)
    median = 10 ** (model.mean(features) + shift)
    return Density(found.name, tissue, median, 10**spread, 10**shared, "model", features.pattern)


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


def _published(row: Mapping[str, str], owner: str) -> tuple[str, ...]:
    blood_apart = row["tissue"] in CIRCULATING or row["tissue_kind"] == "cell line"
    alone = blood_apart or not row["density_nmol_L"]
    place = row["tissue"] if alone else ""
    value = row["value_as_published"]
    return row[owner], row["source"], value, row["assay"], row["tissue_kind"], place


def _combined(logs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the weighted mean of logarithms and its SD, not below their scatter."""
    weights = [1.0 / max(sd, 1e-3) ** 2 for _, sd in logs]
    mean = sum(w * x for w, (x, _) in zip(weights, logs, strict=True)) / sum(weights)
    inner = sum(weights) ** -0.5
    scatter = math.sqrt(sum((x - mean) ** 2 for x, _ in logs) / len(logs))
    return mean, max(inner, scatter / math.sqrt(len(logs)))
