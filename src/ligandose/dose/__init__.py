"""How much is absorbed: S values between regions, absorbed dose, marrow, effective dose."""

from ligandose.dose.curves import RADIATIONS, EmissionSpectrum, EnergyCurves, energy_curves
from ligandose.dose.effective import (
    EffectiveDose,
    effective_dose_Sv,
    sex_averaged_effective_dose,
    tissues,
)
from ligandose.dose.emissions import emission_spectrum, progeny_decays
from ligandose.dose.labelled import labelled_dose, labelled_s_values
from ligandose.dose.marrow import marrow_tia_from_blood_Bq_s, marrow_to_blood_ratio
from ligandose.dose.regions import RegionModel, region_model
from ligandose.dose.svalues import SphereSValues, SValues

__all__ = [
    "RADIATIONS",
    "EffectiveDose",
    "EmissionSpectrum",
    "EnergyCurves",
    "RegionModel",
    "SValues",
    "SphereSValues",
    "effective_dose_Sv",
    "emission_spectrum",
    "energy_curves",
    "labelled_dose",
    "labelled_s_values",
    "marrow_tia_from_blood_Bq_s",
    "marrow_to_blood_ratio",
    "progeny_decays",
    "region_model",
    "sex_averaged_effective_dose",
    "tissues",
]
