"""How much is absorbed: S values between regions, absorbed dose, marrow, effective dose."""

from ligandose.dose.curves import RADIATIONS, EmissionSpectrum, EnergyCurves, energy_curves
from ligandose.dose.derived import derived_saf, reference_saf
from ligandose.dose.document import s_value_document, table_of
from ligandose.dose.effective import (
    EffectiveDose,
    effective_dose_Sv,
    sex_averaged_effective_dose,
    tissues,
)
from ligandose.dose.emissions import emission_spectrum, progeny_decays
from ligandose.dose.icrp133 import saf_table
from ligandose.dose.labelled import labelled_dose, labelled_s_values
from ligandose.dose.marrow import marrow_tia_from_blood_Bq_s, marrow_to_blood_ratio
from ligandose.dose.reference import ReferenceSValues
from ligandose.dose.regions import RegionModel, region_model
from ligandose.dose.saf import SafGrid, SafTable
from ligandose.dose.saf_file import parse_saf, shipped_saf
from ligandose.dose.svalues import SValues

__all__ = [
    "RADIATIONS",
    "EffectiveDose",
    "EmissionSpectrum",
    "EnergyCurves",
    "ReferenceSValues",
    "RegionModel",
    "SValues",
    "SafGrid",
    "SafTable",
    "derived_saf",
    "effective_dose_Sv",
    "emission_spectrum",
    "energy_curves",
    "labelled_dose",
    "labelled_s_values",
    "marrow_tia_from_blood_Bq_s",
    "marrow_to_blood_ratio",
    "parse_saf",
    "progeny_decays",
    "reference_saf",
    "region_model",
    "s_value_document",
    "saf_table",
    "sex_averaged_effective_dose",
    "shipped_saf",
    "table_of",
    "tissues",
]
