"""Decisions in the clinic: what a patient received, an individual model, a prescription."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.plan.blood_state import BloodState
    from ligandose.plan.individual_data import (
        ActivityDatum,
        CountDatum,
        Given,
        PatientData,
        ValueDatum,
    )
    from ligandose.plan.individual_file import PatientCase, read_patient
    from ligandose.plan.individual_fit import Laplace, map_laplace
    from ligandose.plan.individual_model import Individual, Posterior
    from ligandose.plan.individual_prior import Prior, prior_of
    from ligandose.plan.plan_document import Settings, plan_content
    from ligandose.plan.population_fit import (
        GoodnessOfFit,
        PopulationFit,
        fit_population,
        goodness_of_fit,
    )
    from ligandose.plan.population_model import Population, Subject
    from ligandose.plan.population_petab import read_petab, write_petab
    from ligandose.plan.population_prior import OwnValue, read_prior, write_prior
    from ligandose.plan.population_tables import read_events, write_events
    from ligandose.plan.prescription_goal import (
        Bound,
        Goal,
        StopRules,
        goal_from_mapping,
        read_goal,
    )
    from ligandose.plan.prescription_solve import Planner, Prescription
    from ligandose.plan.received import PatientDose, patient_dose
    from ligandose.plan.received_document import received_document
    from ligandose.plan.received_example import generate_example
    from ligandose.plan.received_files import image_files
    from ligandose.plan.received_images import Measured, measured
    from ligandose.plan.received_kinetics import RegionTia, region_tia
    from ligandose.plan.received_node import DicomNode
    from ligandose.plan.received_settings import ReceivedCase, read_received
    from ligandose.plan.selection_rules import selection_document
    from ligandose.plan.strategies_compare import strategies

__all__ = [
    "ActivityDatum",
    "BloodState",
    "Bound",
    "CountDatum",
    "DicomNode",
    "Given",
    "Goal",
    "GoodnessOfFit",
    "Individual",
    "Laplace",
    "Measured",
    "OwnValue",
    "PatientCase",
    "PatientData",
    "PatientDose",
    "Planner",
    "Population",
    "PopulationFit",
    "Posterior",
    "Prescription",
    "Prior",
    "ReceivedCase",
    "RegionTia",
    "Settings",
    "StopRules",
    "Subject",
    "ValueDatum",
    "fit_population",
    "generate_example",
    "goal_from_mapping",
    "goodness_of_fit",
    "image_files",
    "map_laplace",
    "measured",
    "patient_dose",
    "plan_content",
    "prior_of",
    "read_events",
    "read_goal",
    "read_patient",
    "read_petab",
    "read_prior",
    "read_received",
    "received_document",
    "region_tia",
    "selection_document",
    "strategies",
    "write_events",
    "write_petab",
    "write_prior",
]

_LATE = {
    "blood_state": ("BloodState",),
    "individual_data": ("ActivityDatum", "CountDatum", "Given", "PatientData", "ValueDatum"),
    "individual_file": ("PatientCase", "read_patient"),
    "individual_fit": ("Laplace", "map_laplace"),
    "individual_model": ("Individual", "Posterior"),
    "individual_prior": ("Prior", "prior_of"),
    "plan_document": ("Settings", "plan_content"),
    "population_fit": ("GoodnessOfFit", "PopulationFit", "fit_population", "goodness_of_fit"),
    "population_model": ("Population", "Subject"),
    "population_petab": ("read_petab", "write_petab"),
    "population_prior": ("OwnValue", "read_prior", "write_prior"),
    "population_tables": ("read_events", "write_events"),
    "prescription_goal": ("Bound", "Goal", "StopRules", "goal_from_mapping", "read_goal"),
    "prescription_solve": ("Planner", "Prescription"),
    "selection_rules": ("selection_document",),
    "strategies_compare": ("strategies",),
    "received": ("PatientDose", "patient_dose"),
    "received_document": ("received_document",),
    "received_example": ("generate_example",),
    "received_files": ("image_files",),
    "received_images": ("Measured", "measured"),
    "received_kinetics": ("RegionTia", "region_tia"),
    "received_node": ("DicomNode",),
    "received_settings": ("ReceivedCase", "read_received"),
}

__getattr__ = late_names(__name__, _LATE)
