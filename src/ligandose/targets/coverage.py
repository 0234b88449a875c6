"""What share of the catalogue of targets is known and verified, by field."""

from __future__ import annotations

from ligandose.evidence import Coverage, claim_coverage
from ligandose.targets.catalogue import Target, target, targets
from ligandose.targets.expression import cancer_expression, organ_expression

FIELDS = (
    "compartment",
    "internalisation",
    "shedding",
    "surface_access",
    "brain_reach",
    "dose_limiting_organ",
    "imaging_companion",
    "gene_level_gap",
    "turnover",
    "prevalence",
    "positive_cells",
    "tumour_density",
    "ligand_uptake",
    "b_max",
    "safety",
)
"""Fields that every target should have; modalities are left out: not every one exists."""


def target_coverage() -> list[Coverage]:
    """Count the cells of every field of the targets, and of their expression."""
    every = [target(name) for name in targets()]
    rows = claim_coverage("targets", FIELDS, {t.name: t.claims for t in every})
    expressed = [t for t in every if t.expression_genes]
    rows.append(_expressed("expression: RNA in normal organs", [_has_rna(t) for t in expressed]))
    stained = [_has_protein(t) for t in expressed]
    rows.append(_expressed("expression: protein in normal organs", stained))
    rows.append(_expressed("expression: protein in tumours", [_has_cancer(t) for t in expressed]))
    return rows


def _expressed(field: str, known: list[bool]) -> Coverage:
    return Coverage("targets", field, len(known), sum(known), sum(known))


def _has_rna(found: Target) -> bool:
    return any(o.rna_nTPM is not None for o in organ_expression(found).values())


def _has_protein(found: Target) -> bool:
    return any(o.protein_level is not None for o in organ_expression(found).values())


def _has_cancer(found: Target) -> bool:
    return any(cancer_expression(found, i) is not None for i in found.indications)
