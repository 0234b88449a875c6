"""Where it binds: the catalogue of targets, expression, receptor density, target profile."""

from ligandose.targets.attention import attention, publications
from ligandose.targets.catalogue import (
    COMPARTMENTS,
    GeneView,
    Target,
    canonical_name,
    indication_name,
    indication_targets,
    indications,
    target,
    targets,
)
from ligandose.targets.coverage import target_coverage
from ligandose.targets.criteria import COMMON_LAYERS, LAYERS, criteria, short
from ligandose.targets.density import Density, density, density_of
from ligandose.targets.document import ranking_entry, target_document, target_entry
from ligandose.targets.expression import cancer_expression, organ_expression
from ligandose.targets.profile import Profile, best_of, judged_targets, profile, rank

__all__ = [
    "COMMON_LAYERS",
    "COMPARTMENTS",
    "LAYERS",
    "Density",
    "GeneView",
    "Profile",
    "Target",
    "attention",
    "best_of",
    "cancer_expression",
    "canonical_name",
    "criteria",
    "density",
    "density_of",
    "indication_name",
    "indication_targets",
    "indications",
    "judged_targets",
    "organ_expression",
    "profile",
    "publications",
    "rank",
    "ranking_entry",
    "short",
    "target",
    "target_coverage",
    "target_document",
    "target_entry",
    "targets",
]
