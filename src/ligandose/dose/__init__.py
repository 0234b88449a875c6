"""How much is absorbed: S values between regions, absorbed dose, marrow, effective dose; cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.dose.curves import (
    JOULE_PER_KEV,
    RADIATIONS,
    EmissionSpectrum,
    EnergyCurves,
    energy_curves,
)
from ligandose.dose.derived import derived_saf, reference_saf
from ligandose.dose.document import s_value_document, table_of
from ligandose.dose.effective import (
    EffectiveDose,
    effective_dose_Sv,
    sex_averaged_effective_dose,
    tissues,
)
from ligandose.dose.emissions import commitment_period_s, emission_spectrum, progeny_decays
from ligandose.dose.icrp133 import saf_table
from ligandose.dose.labelled import labelled_dose, labelled_s_values
from ligandose.dose.marrow import marrow_tia_from_blood_Bq_s, marrow_to_blood_ratio
from ligandose.dose.reference import ReferenceSValues
from ligandose.dose.regions import RegionModel, endosteum_mass_kg, region_model
from ligandose.dose.saf import SafGrid, SafTable
from ligandose.dose.saf_file import parse_saf, shipped_saf
from ligandose.dose.svalues import SValues
from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.dose.cell_emissions import LineList, cell_kernel, kernel_of_lines, members_decays
    from ligandose.dose.cell_geometry import Cell, cross_geometric_factor, geometric_factor
    from ligandose.dose.cell_points import point_s_values
    from ligandose.dose.cell_s import CellSValues, cell_s_values, cross_s_values
    from ligandose.dose.crossfire_sum import PairKernel, crossfire
    from ligandose.dose.specific_energy import (
        AlphaEvents,
        Neighbour,
        SpecificEnergy,
        alpha_events,
        specific_energy_of,
    )
    from ligandose.dose.voxel_dose import VoxelDose, voxel_dose
    from ligandose.dose.voxel_media import VoxelMedia, voxel_media
    from ligandose.dose.voxel_regions import (
        RegionDose,
        cumulative_histogram,
        dose_at_share,
        region_dose,
        share_at_dose,
    )

__all__ = [
    "JOULE_PER_KEV",
    "RADIATIONS",
    "AlphaEvents",
    "Cell",
    "CellSValues",
    "EffectiveDose",
    "EmissionSpectrum",
    "EnergyCurves",
    "LineList",
    "Neighbour",
    "PairKernel",
    "ReferenceSValues",
    "RegionDose",
    "RegionModel",
    "SValues",
    "SafGrid",
    "SafTable",
    "SpecificEnergy",
    "VoxelDose",
    "VoxelMedia",
    "alpha_events",
    "cell_kernel",
    "cell_s_values",
    "commitment_period_s",
    "cross_geometric_factor",
    "cross_s_values",
    "crossfire",
    "cumulative_histogram",
    "derived_saf",
    "dose_at_share",
    "effective_dose_Sv",
    "emission_spectrum",
    "endosteum_mass_kg",
    "energy_curves",
    "geometric_factor",
    "kernel_of_lines",
    "labelled_dose",
    "labelled_s_values",
    "marrow_tia_from_blood_Bq_s",
    "marrow_to_blood_ratio",
    "members_decays",
    "parse_saf",
    "point_s_values",
    "progeny_decays",
    "reference_saf",
    "region_dose",
    "region_model",
    "s_value_document",
    "saf_table",
    "sex_averaged_effective_dose",
    "share_at_dose",
    "shipped_saf",
    "specific_energy_of",
    "table_of",
    "tissues",
    "voxel_dose",
    "voxel_media",
]

# Radial kernels read tables of their own, and voxels need transforms or transport: doses of organs
# do not.
_LATE = {
    "cell_geometry": ("Cell", "cross_geometric_factor", "geometric_factor"),
    "cell_emissions": ("LineList", "cell_kernel", "kernel_of_lines", "members_decays"),
    "cell_points": ("point_s_values",),
    "cell_s": ("CellSValues", "cell_s_values", "cross_s_values"),
    "crossfire_sum": ("PairKernel", "crossfire"),
    "specific_energy": (
        "AlphaEvents",
        "Neighbour",
        "SpecificEnergy",
        "alpha_events",
        "specific_energy_of",
    ),
    "voxel_dose": ("VoxelDose", "voxel_dose"),
    "voxel_media": ("VoxelMedia", "voxel_media"),
    "voxel_regions": (
        "RegionDose",
        "cumulative_histogram",
        "dose_at_share",
        "region_dose",
        "share_at_dose",
    ),
}

__getattr__ = late_names(__name__, _LATE)
