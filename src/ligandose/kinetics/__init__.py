"""Where activity goes: whole-body kinetics, written once and solved for many patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.kinetics.bladder import (
    bladder_integral,
    mean_residence_s,
    urine_at,
    urine_grid_s,
    voiding_sample_times,
)
from ligandose.kinetics.blocks import OrganSite, VectorBlocks
from ligandose.kinetics.daughters import FreeElement, daughter_decays
from ligandose.kinetics.description import (
    Exchange,
    ModelDescription,
    Pool,
    Site,
    Transformation,
)
from ligandose.kinetics.elements import (
    OTHER_TISSUE,
    ElementModel,
    element_model,
    element_parameters,
)
from ligandose.kinetics.moduli import (
    Modulus,
    TransportModuli,
    saturated_depth_um,
    transport_moduli,
)
from ligandose.kinetics.network import Network, compile_network
from ligandose.kinetics.parameters import (
    CLEARING,
    agent_parameters,
    binder_into,
    describe,
    given_into,
    kinetic_parameters,
    vector_blocks,
)
from ligandose.kinetics.radial import Binding, Spheroid, VesselTissue, solve_radial
from ligandose.kinetics.radial_course import LocalActivity, RadialCourse
from ligandose.kinetics.radial_data import SIZE_CLASSES, TissueTransport, tissue_transport
from ligandose.kinetics.radial_plasma import PlasmaCurve
from ligandose.kinetics.sbml import SbmlModel, export_sbml
from ligandose.kinetics.solve import Dose, Phase, Solution, solve
from ligandose.kinetics.stationary import rate_matrix, stationary_integrals
from ligandose.kinetics.whole_body import (
    BINDER,
    EXCRETED,
    MARROW_SPACES,
    RELEASED_IN_BLOOD,
    UNLABELLED,
    VENOUS,
    WHOLE_BLOOD,
    whole_body,
)
from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.kinetics.tac_fit import TacFit, fit_tac, resampled_tia_Bq_s
    from ligandose.kinetics.tac_models import TAC_MODELS, TacModel, tac_model
    from ligandose.kinetics.tac_points import (
        PointIntegral,
        SinglePoint,
        haenscheid_bias,
        haenscheid_tia_Bq_s,
        madsen_bias,
        madsen_tia_Bq_s,
        single_point_tia,
        trapezoid_tia,
    )
    from ligandose.kinetics.tac_sheet import TIME_UNITS, SheetRow, read_sheet
    from ligandose.kinetics.tac_table import TacPoints, fit_tacs, read_tacs
    from ligandose.kinetics.tac_voxels import VoxelFits, fit_voxels

__all__ = [
    "BINDER",
    "CLEARING",
    "EXCRETED",
    "MARROW_SPACES",
    "OTHER_TISSUE",
    "RELEASED_IN_BLOOD",
    "SIZE_CLASSES",
    "TAC_MODELS",
    "TIME_UNITS",
    "UNLABELLED",
    "VENOUS",
    "WHOLE_BLOOD",
    "Binding",
    "Dose",
    "ElementModel",
    "Exchange",
    "FreeElement",
    "LocalActivity",
    "ModelDescription",
    "Modulus",
    "Network",
    "OrganSite",
    "Phase",
    "PlasmaCurve",
    "PointIntegral",
    "Pool",
    "RadialCourse",
    "SbmlModel",
    "SheetRow",
    "SinglePoint",
    "Site",
    "Solution",
    "Spheroid",
    "TacFit",
    "TacModel",
    "TacPoints",
    "TissueTransport",
    "Transformation",
    "TransportModuli",
    "VectorBlocks",
    "VesselTissue",
    "VoxelFits",
    "agent_parameters",
    "binder_into",
    "bladder_integral",
    "compile_network",
    "daughter_decays",
    "describe",
    "element_model",
    "element_parameters",
    "export_sbml",
    "fit_tac",
    "fit_tacs",
    "fit_voxels",
    "given_into",
    "haenscheid_bias",
    "haenscheid_tia_Bq_s",
    "kinetic_parameters",
    "madsen_bias",
    "madsen_tia_Bq_s",
    "mean_residence_s",
    "rate_matrix",
    "read_sheet",
    "read_tacs",
    "resampled_tia_Bq_s",
    "saturated_depth_um",
    "single_point_tia",
    "solve",
    "solve_radial",
    "stationary_integrals",
    "tac_model",
    "tissue_transport",
    "transport_moduli",
    "trapezoid_tia",
    "urine_at",
    "urine_grid_s",
    "vector_blocks",
    "voiding_sample_times",
    "whole_body",
]

# Time-activity curves from tables and images: what a simulation does not need.
_LATE = {
    "tac_fit": (
        "TacFit",
        "fit_tac",
        "resampled_tia_Bq_s",
    ),
    "tac_models": (
        "TAC_MODELS",
        "TacModel",
        "tac_model",
    ),
    "tac_points": (
        "PointIntegral",
        "SinglePoint",
        "haenscheid_bias",
        "haenscheid_tia_Bq_s",
        "madsen_bias",
        "madsen_tia_Bq_s",
        "single_point_tia",
        "trapezoid_tia",
    ),
    "tac_sheet": (
        "TIME_UNITS",
        "SheetRow",
        "read_sheet",
    ),
    "tac_table": (
        "TacPoints",
        "fit_tacs",
        "read_tacs",
    ),
    "tac_voxels": (
        "VoxelFits",
        "fit_voxels",
    ),
}

__getattr__ = late_names(__name__, _LATE)
