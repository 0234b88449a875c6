"""Where activity goes: whole-body kinetics, written once and solved for many patients."""

from ligandose.kinetics.bladder import (
    bladder_integral,
    mean_residence_s,
    urine_at,
    urine_grid_s,
    voiding_sample_times,
)
from ligandose.kinetics.description import (
    Exchange,
    ModelDescription,
    Pool,
    Site,
    Transformation,
)
from ligandose.kinetics.network import Network, compile_network
from ligandose.kinetics.parameters import describe, kinetic_parameters
from ligandose.kinetics.sbml import SbmlModel, export_sbml
from ligandose.kinetics.solve import Dose, Phase, Solution, solve
from ligandose.kinetics.whole_body import (
    EXCRETED,
    MARROW_SPACES,
    RELEASED_IN_BLOOD,
    VENOUS,
    OrganSite,
    whole_body,
)

__all__ = [
    "EXCRETED",
    "MARROW_SPACES",
    "RELEASED_IN_BLOOD",
    "VENOUS",
    "Dose",
    "Exchange",
    "ModelDescription",
    "Network",
    "OrganSite",
    "Phase",
    "Pool",
    "SbmlModel",
    "Site",
    "Solution",
    "Transformation",
    "bladder_integral",
    "compile_network",
    "describe",
    "export_sbml",
    "kinetic_parameters",
    "mean_residence_s",
    "solve",
    "urine_at",
    "urine_grid_s",
    "voiding_sample_times",
    "whole_body",
]
