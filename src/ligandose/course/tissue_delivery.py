"""How far from its vessels a lesion's ligand gets: from the course of an agent to its tissue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import agent as find_agent
from ligandose.course.regimen import Regimen
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.course.tissue_plan import Delivery
from ligandose.errors import InputError
from ligandose.hosts import Capillaries, Tissue
from ligandose.hosts import host as find_host
from ligandose.kinetics import (
    Binding,
    LocalActivity,
    PlasmaCurve,
    TransportModuli,
    VesselTissue,
    agent_parameters,
    solve_radial,
    tissue_transport,
    transport_moduli,
)
from ligandose.nuclides import nuclide

Floats = NDArray[np.float64]

BLOOD = "blood"
HALF_LIVES = 8.0
"""Of the nuclide; what decays later is added as if it stayed where it then is."""


@dataclass(frozen=True)
class Delivered:
    """What transport brings to a tissue.

    Attributes:
        local: decays by distance from the vessels.
        moduli: dimensionless numbers of the transport, with formula and meaning.
    """

    local: LocalActivity
    moduli: TransportModuli

    def document(self) -> dict[str, Any]:
        """Return uniformity and moduli as documents hold them."""
        return {"uniformity": self.local.uniformity, "moduli": self.moduli.document()}


def delivered(delivery: Delivery, name: str, tissue: Tissue) -> Delivered:
    """Return where around the vessels of a tissue a nuclide on an agent decays.

    A reference patient gets the agent's typical first cycle with this nuclide.

    Raises:
        InputError: a tissue without vessels, a lesion that the agent's host does not have, or a
            vector whose size or binding is not known.
    """
    base = find_agent(delivery.agent)
    host = find_host(base.host, disease=base.disease or None)
    if delivery.lesion not in host.lesions:
        raise InputError(
            f"delivery: {delivery.agent} has no {delivery.lesion!r} in {base.disease}; lesions are "
            f"{', '.join(host.lesions)}"
        )
    agent = replace(base, nuclide=nuclide(name).name, impurities=())
    use = base.typical
    regimen = Regimen.cycles(1, activity_GBq=use["activity_GBq"], amount_nmol=use["amount_nmol"])
    return lesion_delivery(simulate(agent, host, regimen), delivery.lesion, tissue)


def lesion_delivery(course: Course, lesion: str, tissue: Tissue, *, patient: int = 0) -> Delivered:
    """Return decays by distance from the vessels of a lesion in a course, per its first cycle.

    The plasma curve is the patient's; density of sites, binding and release are those of the
    course; how the vector passes wall and tissue follows from its molecular weight
    (`tissue_transport`).

    Args:
        course: simulated.
        lesion: region of the host.
        tissue: for the radius of its capillaries and the tissue that each supplies.
        patient: number of the patient.

    Raises:
        InputError: a tissue without vessels, or a vector without a molecular weight.
    """
    vessels = tissue.capillaries
    if vessels is None:
        raise InputError("delivery: the tissue has no vessels that could bring ligand")
    given = next(a for a in course.regimen.administrations if a.activity_Bq > 0.0)
    problem = _problem(course, lesion, tissue, vessels, patient)
    half_life = nuclide(course.agent.nuclide).half_life_s
    curve = plasma_curve(course, patient=patient)
    end = min(curve.last_s, HALF_LIVES * half_life)
    found = solve_radial(problem, curve, end_s=end)
    per_nmol = given.activity_Bq / given.amount_nmol
    local = found.time_integrated_activity(half_life, per_nmol)
    return Delivered(local, transport_moduli(problem, curve, end_s=end))


def plasma_curve(course: Course, *, patient: int = 0) -> PlasmaCurve:
    """Return the ligand in the plasma of the large vessels, nmol/L, decay undone."""
    host, given = course.host, course.regimen.administrations[0]
    parameters = agent_parameters(
        course.agent, host, _one(course.host_values, patient), _one(course.agent_values, patient)
    )
    litres = float(parameters["venous.volume"][0] + parameters["arterial.volume"][0])
    decay = nuclide(course.agent.nuclide).decay_constant_per_s
    first = course.time_s <= (
        course.cycles[1].start_s if len(course.cycles) > 1 else course.time_s[-1]
    )
    time = course.time_s[first]
    activity = course.activity_all_Bq[patient, first, course.regions.index(BLOOD)]
    nmol = activity * np.exp(decay * time) * given.amount_nmol / given.activity_Bq
    return PlasmaCurve.points(
        np.concatenate([[0.0], time]), np.concatenate([[nmol[0]], nmol]) / litres
    )


def _one(values: Mapping[str, Floats], patient: int) -> dict[str, Floats]:
    return {key: value[patient : patient + 1] for key, value in values.items()}


def _problem(
    course: Course, lesion: str, tissue: Tissue, vessels: Capillaries, patient: int
) -> VesselTissue:
    agent, host = course.agent, course.host
    target = next(s.site for s in host.sites if s.region == lesion and s.site in agent.binds)

    def of_agent(key: str) -> float:
        values = course.agent_values.get(key)
        if values is None:
            raise InputError(f"delivery: agent {agent.name} has no {key}, which its tissue needs")
        return float(values[patient])

    def of_lesion(key: str) -> float:
        return float(course.host_values[f"{lesion}.{target}.{key}"][patient])

    binding = Binding(
        k_on_L_nmol_s=of_agent(f"{target}.k_on"),
        k_d_nmol_L=of_agent(f"{target}.k_d"),
        density_nmol_L=of_lesion("density"),
        internalisation_per_s=of_agent(f"{target}.internalisation"),
        recycling_per_s=of_agent(f"{target}.recycling"),
        release_per_s=of_lesion("release"),
    )
    passage = tissue_transport(molecular_weight_Da=of_agent("molecular_weight"))
    supplied = np.sqrt(tissue.volume_um3 / float(vessels.length_um.sum()) / np.pi)
    return VesselTissue(
        vessel_radius_um=vessels.radius_um,
        krogh_radius_um=float(supplied),
        permeability_um_s=passage.permeability_um_s,
        diffusion_um2_s=passage.diffusion_um2_s,
        void_fraction=passage.void_fraction,
        binding=binding,
        unbound_plasma=of_agent("unbound_plasma"),
    )
