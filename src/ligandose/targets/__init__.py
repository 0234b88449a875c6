"""Where it binds: the catalogue of targets, expression, receptor density, target profile."""

from ligandose.targets.catalogue import (
    GeneView,
    Target,
    indication_name,
    indication_targets,
    indications,
    target,
    targets,
)
from ligandose.targets.coverage import target_coverage
from ligandose.targets.criteria import COMMON_LAYERS, LAYERS, criteria
from ligandose.targets.density import Density, density, density_of
from ligandose.targets.document import ranking_entry, target_document, target_entry
from ligandose.targets.expression import cancer_expression, organ_expression
from ligandose.targets.profile import Profile, judged_targets, profile, rank

__all__ = [
    "COMMON_LAYERS",
    "LAYERS",
    "Density",
    "GeneView",
    "Profile",
    "Target",
    "cancer_expression",
    "criteria",
    "density",
    "density_of",
    "indication_name",
    "indication_targets",
    "indications",
    "judged_targets",
    "organ_expression",
    "profile",
    "rank",
    "ranking_entry",
    "target",
    "target_coverage",
    "target_document",
    "target_entry",
    "targets",
]
