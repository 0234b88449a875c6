"""A lesion that carries a tissue: what its mean dose hides from the cells.

The course gives each lesion a mean dose per cycle; the tissue says how dose is spread over its
cells, per dose that decays emit in it. Every tumour cell then has its own dose in every cycle,
and control follows from the cells that survive all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ligandose.course.results import Course
from ligandose.course.summary import distribution
from ligandose.course.tissue_delivery import lesion_delivery
from ligandose.course.tissue_dose import ALPHA, LOW_LET, cell_doses, emitted_keV
from ligandose.course.tissue_effect import oxygen_factors, oxygen_tension_mmHg
from ligandose.course.tissue_plan import TissuePlan
from ligandose.course.tissue_sources import by_delivery, decays_in, tissue_kg
from ligandose.dose import JOULE_PER_KEV, RADIATIONS, cell_kernel
from ligandose.effect import cell_log_survival, cell_log_tcp, log_surviving_clonogens
from ligandose.errors import InputError

Floats = NDArray[np.float64]

MOST_CELLS = 3000
"""Tumour cells that stand for all of a lesion; more change the mean survival by less than its
spread between seeds."""


@dataclass(frozen=True)
class LesionTissue:
    """Cells of one lesion over a course.

    Attributes:
        lesion: region.
        plan: tissue and source.
        relative_dose: (cells, 2) dose of a nucleus over that emitted in the tissue, by column
            (alpha, low LET).
        log_survival: (patients,) ln of the surviving fraction of the tumour cells.
        log_survival_mean_dose: (patients,) the same if every cell had the mean dose.
        log_tcp, log_tcp_mean_dose: (patients,) ln of control of one lesion, without repopulation.
    """

    lesion: str
    plan: TissuePlan
    relative_dose: Floats
    log_survival: Floats
    log_survival_mean_dose: Floats
    log_tcp: Floats
    log_tcp_mean_dose: Floats

    def document(self) -> dict[str, Any]:
        """Return the result as documents hold it."""
        spread = {
            name: distribution(self.relative_dose[:, column])
            for name, column in (("alpha", ALPHA), ("low_let", LOW_LET))
            if np.any(self.relative_dose[:, column] > 0.0)
        }
        return {
            "lesion": self.lesion,
            "tissue": self.plan.shape.base or self.plan.shape.kind,
            "source": self.plan.source.compartment,
            "place": self.plan.source.place,
            "cells": int(self.relative_dose.shape[0]),
            "relative_cell_dose": spread,
            "log10_surviving_fraction": distribution(self.log_survival / math.log(10.0)),
            "log10_surviving_fraction_mean_dose": distribution(
                self.log_survival_mean_dose / math.log(10.0)
            ),
            "tcp": distribution(np.exp(self.log_tcp)),
            "tcp_mean_dose": distribution(np.exp(self.log_tcp_mean_dose)),
            "note": "control by this treatment alone, without repopulation; mean_dose: every "
            "tumour cell at the lesion's mean dose",
        }


def lesion_tissue(course: Course, plan: TissuePlan, lesion: str) -> LesionTissue:
    """Return what the cells of a lesion receive and how many survive.

    Args:
        course: simulated.
        plan: tissue, source, oxygen and retained daughters; its nuclide, radiosensitivity and
            what is equal are those of the course.
        lesion: region of the host.

    Raises:
        InputError: a lesion that the host does not have, or a disease without radiobiology.
    """
    if lesion not in course.host.lesions:
        raise InputError(
            f"tissue: lesion {lesion!r} is not one of the host's: {', '.join(course.host.lesions)}"
        )
    tumour = course.biology.tumour
    if tumour is None:
        raise InputError(
            f"tissue: no radiobiology of {course.host.disease or 'no disease'} is published; the "
            "survival of its cells cannot be worked out"
        )
    relative, tension = _relative_doses(course, plan)
    dose = _lesion_doses(course, lesion)
    protraction = np.stack([course.of(c.effect.protraction, lesion) for c in course.cycles], 1)
    oer_low, oer_alpha = oxygen_factors(plan, tension, course.agent.nuclide)
    alpha = course.biology.lesion_parameter("alpha")
    cells = np.empty(course.patients)
    uniform = np.empty(course.patients)
    tcp, tcp_uniform = np.empty(course.patients), np.empty(course.patients)
    clonogens = (
        course.biology.lesion_parameter("clonogen_density")
        * course.lesions_before.mass_kg[:, course.host.lesions.index(lesion)]
    )
    for i in range(course.patients):
        cell = _Cell(alpha[i], tumour.alpha_beta_Gy, course.biology.rbe_max)
        own = _log_survival(dose[i], protraction[i], relative, cell, oer_low, oer_alpha)
        even = _log_survival(dose[i], protraction[i], np.ones((1, 2)), cell, np.ones(1), np.ones(1))
        cells[i], uniform[i] = float(log_surviving_clonogens(own)), float(even[0])
        tcp[i] = float(cell_log_tcp(own, clonogens=clonogens[i]))
        tcp_uniform[i] = float(cell_log_tcp(even, clonogens=clonogens[i]))
    for values in (cells, uniform, tcp, tcp_uniform):
        values[course.failed] = np.nan
    return LesionTissue(lesion, plan, relative, cells, uniform, tcp, tcp_uniform)


def _relative_doses(course: Course, plan: TissuePlan) -> tuple[Floats, Floats]:
    """Return doses of live tumour cells per emitted dose, (cells, 2), and their oxygen."""
    tissue = plan.shape.build(plan.seed)
    decays, _ = decays_in(tissue, plan)
    if plan.delivery is not None:
        brought = lesion_delivery(course, plan.delivery.lesion, tissue)
        decays = by_delivery(decays, brought.local, tissue)
    kernel = cell_kernel(course.agent.nuclide, retained=plan.retained)
    total = cell_doses(tissue, kernel, decays, reach_um=plan.reach_um).total_Gy
    emitted = emitted_keV(kernel) * JOULE_PER_KEV / tissue_kg(plan, tissue)
    live = np.flatnonzero(tissue.cells_of("tumour_cell") & ~tissue.necrotic)
    if live.size == 0:
        raise InputError("tissue: there are no live tumour cells in it")
    step = max(1, math.ceil(live.size / MOST_CELLS))
    chosen = live[::step]
    scale = np.where(emitted > 0.0, emitted, np.inf)
    return total[chosen] / scale, oxygen_tension_mmHg(tissue, plan)[chosen]


def _lesion_doses(course: Course, lesion: str) -> Floats:
    """Return (patients, cycles, 2) doses of a lesion by column (alpha, low LET)."""
    dose = course.dose_per_cycle_Gy[:, :, course.regions.index(lesion)]
    alpha = dose[..., RADIATIONS.index("alpha")]
    return np.stack([alpha, dose.sum(axis=-1) - alpha], axis=-1)


class _Cell(NamedTuple):
    """Radiosensitivity of a patient's tumour cells."""

    alpha_per_Gy: float
    alpha_beta_Gy: float
    rbe_max: float


def _log_survival(
    dose: Floats,
    protraction: Floats,
    relative: Floats,
    cell: _Cell,
    oer_low: Floats,
    oer_alpha: Floats,
) -> Floats:
    """Return (cells,) ln S after all cycles."""
    total = np.zeros(relative.shape[0])
    for (alpha_dose, low_dose), g in zip(dose, protraction, strict=True):
        low = relative[:, LOW_LET] * low_dose
        total += cell_log_survival(
            low,
            np.nan_to_num(g) * low**2,
            alpha_per_Gy=cell.alpha_per_Gy,
            alpha_beta_Gy=cell.alpha_beta_Gy,
            dose_alpha_Gy=relative[:, ALPHA] * alpha_dose,
            rbe_max=cell.rbe_max,
            oer_low=oer_low,
            oer_alpha=oer_alpha,
        )
    return total
