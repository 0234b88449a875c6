"""Radiobiology of the lesions of a screen's patients, with the study's own values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ligandose.design.screen_effect import LesionParameters
from ligandose.design.screen_plan import Tumour
from ligandose.effect import tumour_parameters
from ligandose.evidence import Finding, Status
from ligandose.hosts import draw_values


def lesion_findings(tumour: Tumour) -> dict[str, Finding]:
    """Return the radiobiology of the lesions by quantity; the study's own values are exact."""
    found = {f.quantity: f for f in tumour_parameters(tumour.disease).findings}
    for quantity, value in tumour.values.items():
        found[quantity] = replace(
            found[quantity], value=value, gsd=1.0, status=Status.ASSUMED, source="study file"
        )
    return found


def lesion_parameters(
    tumour: Tumour, *, patients: int, seed: int, knowledge: int | None
) -> LesionParameters:
    """Return the radiobiology of a population, drawn as `ligandose.course` draws it.

    Args:
        tumour: whose, with own values.
        patients: P.
        seed: of the population.
        knowledge: number of the draw from what is not known, None for best estimates.
    """
    drawn = draw_values(
        {f"lesion.{quantity}": f for quantity, f in lesion_findings(tumour).items()},
        patients=patients,
        seed=seed,
        variability=True,
        knowledge=knowledge,
    )
    return LesionParameters(
        alpha_per_Gy=drawn["lesion.alpha"],
        doubling_time_s=drawn["lesion.doubling_time"],
        kick_off_s=drawn["lesion.kick_off_time"],
        clonogens_per_kg=drawn["lesion.clonogen_density"],
        dose_log_sd=float(np.median(drawn["lesion.dose_log_sd"])),
    )
