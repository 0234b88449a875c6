"""The line from expression to density, what is known of its terms, and what it sees of a tissue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.evidence import read_table
from ligandose.targets.catalogue import Target, indications, target
from ligandose.targets.density_pairs import DensityPair
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


def assay_class(assay: str) -> str:
    """Return one of ASSAY_CLASSES, or REFERENCE for an assay of sites accessible to a ligand."""
    return assay if assay in ASSAY_CLASSES else REFERENCE


def assay_group(assay: str) -> str:
    """Return one of GROUPS."""
    return COUNTED if assay_class(assay) == REFERENCE else EXTRACTED


def column_of(prefix: str, assay: str) -> str:
    """Return the column of density_model.csv that holds what a prefix says of a class of assay."""
    return f"{prefix}_{(assay or 'reference').replace(' ', '_')}"


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
