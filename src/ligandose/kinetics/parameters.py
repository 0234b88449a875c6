"""From the findings of a host and a vector to the parameters of the whole-body model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ligandose.agents import Agent
from ligandose.errors import DataError, InputError
from ligandose.hosts import (
    ARTERY,
    NEEDLE,
    PASSAGE_TIME,
    RESERVOIRS,
    VEIN,
    Host,
    Route,
    SitePlace,
    fed_by,
)
from ligandose.kinetics.blocks import OrganSite, VectorBlocks
from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.elements import element_model, element_parameters
from ligandose.kinetics.network import Floats
from ligandose.kinetics.protein_parameters import protein_parameters
from ligandose.kinetics.whole_body import (
    BINDER,
    BLOOD,
    GUT_CONTENTS,
    VENOUS,
    artery_pool,
    reservoir_pool,
    whole_body,
)

PORTAL_ORGANS = (
    "spleen",
    "pancreas",
    "stomach",
    "small_intestine",
    "large_intestine_right",
    "large_intestine_left",
)


CLEARING = f"{BINDER}.clearing"
"""Rate (1/s) at which a clearing step takes the binder from plasma; 0 before and after it."""
SHED = "plasma"
"""Space of a site that is dissolved in the plasma: shed antigen, which the liver clears."""


def describe(agent: Agent, host: Host, *, routes: Iterable[Route] = ()) -> ModelDescription:
    """Return the model of an agent in a host: its organs, lesions, and what it meets there.

    A salt is the free element from the start; every other agent is composed of the blocks that
    its findings call for (`vector_blocks`).

    Args:
        agent, host: what is given to whom.
        routes: ways that it is given by; a vein needs nothing more.
    """
    regions = (*host.organs, *host.lesions)
    if agent.is_salt:
        return element_model(agent.element, regions).description
    blocks = vector_blocks(agent, host, routes=routes)
    beside = [element_model(e, regions).description for e in blocks.free_elements]
    if blocks.captures:
        beside.append(_binder(agent, host))
    return whole_body(
        host.organs,
        portal=PORTAL_ORGANS,
        lesions=host.lesions,
        sites=[_organ_site(s) for s in host.sites if s.site in agent.binds],
        blocks=blocks,
        beside=beside,
    )


def _binder(agent: Agent, host: Host) -> ModelDescription:
    """Return the model of what is given before the vector and catches it."""
    protein = f"{BINDER}:hydrodynamic_radius" in agent.findings
    return whole_body(
        host.organs,
        portal=PORTAL_ORGANS,
        lesions=host.lesions,
        sites=[_organ_site(s) for s in host.sites if s.site in agent.binder_binds],
        blocks=VectorBlocks(convective=protein, catabolised=protein, cleared=True),
        vector=BINDER,
    )


def vector_blocks(agent: Agent, host: Host, *, routes: Iterable[Route] = ()) -> VectorBlocks:
    """Return the blocks that an agent's findings call for.

    A hydrodynamic radius makes a protein of it (pores, lymph, endothelial catabolism), a
    `transport` by a transporter gives uptake wherever the host carries that, a label bound by
    nothing but itself (direct iodine) is set free as its element, a rate of `label_loss` sets
    the element free from what circulates, and a `secretion` adds that of the renal tubule. Routes
    other than a vein add the cavity or artery that the vector is given into.
    """
    ways = list(dict.fromkeys(routes))
    protein = "hydrodynamic_radius" in agent.findings
    uptakes = [_organ_site(s) for s in host.sites if f"{s.site}.transport" in agent.findings]
    captures = [_organ_site(s) for s in host.sites if s.site in agent.binder_binds]
    return VectorBlocks(
        convective=protein,
        catabolised=protein,
        uptakes=tuple(uptakes),
        captures=tuple(captures),
        catabolite=agent.element if agent.label_comes_off else "",
        lost_label=agent.element if "label_loss" in agent.findings else "",
        secreted="secretion" in agent.findings,
        reservoirs=tuple(r.reservoir for r in ways if r.reservoir),
        arteries=tuple((r.region, fed_by(host, r.region)) for r in ways if r.way == ARTERY),
    )


def given_into(agent: Agent, route: Route = Route()) -> str:  # noqa: B008 (frozen)
    """Return the name of the pool that receives what is given by a route.

    Raises:
        InputError: a free element by another way than a vein.
    """
    if agent.is_salt:
        if route.way != VEIN:
            raise InputError(
                f"agent {agent.name}: route {route} is not simulatable: the model of a free "
                f"element begins in the plasma and has no flows of organs; write {VEIN}"
            )
        return f"{agent.element}.plasma"
    if route.reservoir:
        return reservoir_pool(route.reservoir)
    if route.way == ARTERY:
        return artery_pool(route.region)
    return f"{route.region}.interstitial" if route.way == NEEDLE else VENOUS


def binder_into() -> str:
    """Return the name of the pool that receives the binder, which is given into a vein."""
    return f"{BINDER}:{VENOUS}"


def _organ_site(place: SitePlace) -> OrganSite:
    return OrganSite(place.region, place.site, place.space, "liver" if place.space == SHED else "")


UPTAKE_FACTOR = ".uptake_factor"
"""Ending of a finding that multiplies what a free element passes from plasma into a region."""


def agent_parameters(
    agent: Agent, host: Host, host_values: Mapping[str, Floats], agent_values: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Evaluate every parameter of an agent's model: of the body, the vector, and free elements.

    Arguments, result and errors as `kinetic_parameters`.
    """
    parameters = kinetic_parameters(host, host_values, agent_values)
    factors = {
        key.removesuffix(UPTAKE_FACTOR): value
        for key, value in agent_values.items()
        if key.endswith(UPTAKE_FACTOR)
    }
    free = (agent.element,) if agent.is_salt else vector_blocks(agent, host).free_elements
    regions = (*host.organs, *host.lesions)
    for element in free:
        model = element_model(element, regions)
        parameters.update(element_parameters(model, parameters, factors))
    return parameters


def kinetic_parameters(
    host: Host, host_values: Mapping[str, Floats], agent_values: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Evaluate every parameter of the whole-body model for every patient.

    Volumes follow from mass and density, plasma flows from cardiac output, haematocrit and the
    organs' fractions of it (normalised to one, as each varies by itself). What the vector has
    free in the interstitium follows from its free fraction in plasma and from how much albumin
    an interstitium holds relative to plasma.

    Args:
        host: regions and sites.
        host_values: (patients,) values of the host's findings by key, internal units.
        agent_values: the same of the agent's vector.

    Returns:
        (patients,) values by parameter name.

    Raises:
        DataError: a finding that the model needs is missing.
    """
    values = _Values(host_values, f"host {host.name} {host.disease}")
    parameters: dict[str, Floats] = {}
    parameters.update(_blood(values))
    parameters.update(_organs(host.organs, values))
    for lesion in host.lesions:
        parameters.update(_lesion(lesion, values))
    parameters.update(_circulation(host, parameters))
    parameters.update(_kidneys_liver_gut(values))
    parameters.update(_local(host, values, parameters))
    albumin = values["whole_body.interstitial_albumin_ratio"]
    for molecule, own in _molecules(agent_values).items():
        if "unbound_plasma" in own:
            _leaves_blood(own, molecule)
            parameters.update(_vector(own, albumin, molecule))
        if "hydrodynamic_radius" in own:
            parameters.update(
                protein_parameters(host, host_values, own, parameters, molecule=molecule)
            )
        if molecule == BINDER:
            parameters[CLEARING] = np.zeros_like(albumin)
    for site in host.sites:
        parameters.update(_site(site, values, agent_values))
    return parameters


def _leaves_blood(own: Mapping[str, Floats], molecule: str) -> None:
    """Raise where nothing says how a molecule passes from blood to tissue."""
    if not own.keys() & {"hydrodynamic_radius", "permeability_factor"}:
        raise DataError(
            f"the {molecule} has neither a hydrodynamic_radius (nm, of a protein, which passes by "
            "pores) nor a permeability_factor (of a small ligand, which diffuses); give one of "
            "them in the study file under agent: values, or choose an agent of the catalogue"
        )


def _local(host: Host, values: _Values, parameters: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return what cavities and arteries need, where the host has their findings.

    A cavity empties with its half-time; an artery divides what it carries by plasma flow.
    """
    local: dict[str, Floats] = {}
    for name in RESERVOIRS.values():
        key = f"{name}.absorption_half_time"
        if key in values:
            local[f"{name}.absorption"] = np.log(2.0) / values[key]
    if PASSAGE_TIME not in values:
        return local
    local["artery.emptying"] = 1.0 / values[PASSAGE_TIME]
    for region in (r for r in (*host.organs, *host.lesions) if r != "lungs"):
        fed = fed_by(host, region)
        total = np.sum([parameters[f"{name}.plasma_flow"] for name in fed], axis=0)
        for name in fed:
            local[f"{region}.artery.share:{name}"] = parameters[f"{name}.plasma_flow"] / total
    return local


def _molecules(agent_values: Mapping[str, Floats]) -> dict[str, Mapping[str, Floats]]:
    """Return the values of the vector, and of the binder where one is given before it."""
    start = f"{BINDER}:"
    binder = {k.removeprefix(start): v for k, v in agent_values.items() if k.startswith(start)}
    own = {k: v for k, v in agent_values.items() if not k.startswith(start)}
    return {"vector": own, **({BINDER: binder} if binder else {})}


def _site(
    site: SitePlace, values: _Values, agent_values: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Return capacity and release of a kind of site, or uptake and washout of a transporter."""
    key = f"{site.region}.{site.site}"
    volume = _region_volume(site.region, values)
    parameters: dict[str, Floats] = {}
    binds = {f"{site.site}.k_d", f"{BINDER}:{site.site}.k_d"} & set(agent_values)
    if binds or f"{key}.density" in values:
        parameters[f"{key}.capacity"] = values[f"{key}.density"] * volume
        parameters[f"{key}.release"] = values[f"{key}.release"]
    if f"{site.site}.transport" in agent_values:
        parameters[f"{key}.uptake_clearance"] = values[f"{key}.uptake"] * volume
        parameters[f"{key}.washout"] = values[f"{key}.washout"]
    return parameters


class _Values:
    """Values by key that name what is missing."""

    def __init__(self, values: Mapping[str, Floats], owner: str) -> None:
        self._values = values
        self._owner = owner

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Floats:
        if key not in self._values:
            raise DataError(f"{self._owner}: {key!r} has no value, and the kinetic model needs it")
        return self._values[key]


def _blood(values: _Values) -> dict[str, Floats]:
    plasma = values["whole_body.blood_volume"] * (1.0 - values["blood.haematocrit"])
    large_vessels = plasma * values["blood.blood_volume_fraction"]
    venous = values["blood.venous_share"]
    return {
        "venous.volume": large_vessels * venous,
        "arterial.volume": large_vessels * (1.0 - venous),
        "released.plasma_volume": plasma,
    }


def _region_volume(region: str, values: _Values) -> Floats:
    """Return the volume of all lesions of a kind, or of an organ with its blood, L."""
    if region == BLOOD:
        return values["whole_body.blood_volume"]
    if region.startswith("lesion:"):
        # The number is drawn as a continuous quantity; who has lesions of a kind has at least one.
        number = np.maximum(values[f"{region}.number"], 1.0)
        return number * values[f"{region}.mass"] / values[f"{region}.density"]
    blood = values["whole_body.blood_volume"] * values[f"{region}.blood_volume_fraction"]
    return values[f"{region}.mass"] / values[f"{region}.density"] + blood


def _organs(organs: Sequence[str], values: _Values) -> dict[str, Floats]:
    perfused = [o for o in organs if o != "lungs"]
    plasma_share = 1.0 - values["blood.haematocrit"]
    total = np.sum([values[f"{o}.blood_flow_fraction"] for o in perfused], axis=0)
    plasma_output = values["whole_body.cardiac_output"] * plasma_share
    parameters: dict[str, Floats] = {}
    for organ in organs:
        volume = _region_volume(organ, values)
        blood = values["whole_body.blood_volume"] * values[f"{organ}.blood_volume_fraction"]
        parameters[f"{organ}.vascular_volume"] = blood * plasma_share
        parameters[f"{organ}.interstitial_volume"] = (
            volume * values[f"{organ}.interstitial_volume_fraction"]
        )
        parameters[f"{organ}.permeability"] = values[f"{organ}.permeability_surface"] * volume
    for organ in perfused:
        share = values[f"{organ}.blood_flow_fraction"] / total
        parameters[f"{organ}.plasma_flow"] = plasma_output * share
    return parameters


def _lesion(lesion: str, values: _Values) -> dict[str, Floats]:
    plasma_share = 1.0 - values["blood.haematocrit"]
    volume = _region_volume(lesion, values)
    mass = volume * values[f"{lesion}.density"]
    return {
        f"{lesion}.plasma_flow": values[f"{lesion}.blood_flow"] * mass * plasma_share,
        f"{lesion}.vascular_volume": values[f"{lesion}.vascular_volume_fraction"]
        * volume
        * plasma_share,
        f"{lesion}.interstitial_volume": values[f"{lesion}.interstitial_volume_fraction"] * volume,
        f"{lesion}.permeability": values[f"{lesion}.permeability_surface"] * volume,
    }


def _circulation(host: Host, parameters: Mapping[str, Floats]) -> dict[str, Floats]:
    """Close the circulation: what leaves the left heart returns through the lungs."""
    regions = [r for r in (*host.organs, *host.lesions) if r != "lungs"]
    output = np.sum([parameters[f"{r}.plasma_flow"] for r in regions], axis=0)
    portal = np.sum([parameters[f"{o}.plasma_flow"] for o in PORTAL_ORGANS], axis=0)
    return {
        "lungs.plasma_flow": output,
        "liver.venous_plasma_flow": portal + parameters["liver.plasma_flow"],
    }


def _kidneys_liver_gut(values: _Values) -> dict[str, Floats]:
    gfr = values["kidneys.gfr"]
    parameters = {
        "gfr": gfr,
        "kidneys.tubular_volume": values["kidneys.proximal_tubule_volume"],
        "kidneys.tubular_outflow": gfr * (1.0 - values["kidneys.proximal_water_reabsorption"]),
        "kidneys.transit": 1.0 / values["kidneys.transit_time"],
        "liver.hepatocyte_volume": _region_volume("liver", values)
        * values["liver.hepatocyte_volume_fraction"],
        "liver.hepatocyte.uptake": values["liver.hepatocyte.uptake"],
        "liver.hepatocyte.biliary": values["liver.hepatocyte.biliary"],
        "liver.hepatocyte.release": values["liver.hepatocyte.release"],
        "released.interstitial_volume": values["whole_body.interstitial_volume"],
        "released.permeability": values["whole_body.released_permeability"],
    }
    for contents in GUT_CONTENTS:
        region = contents.removesuffix("_contents")
        parameters[f"{contents}.transit"] = values[f"{region}.transit_rate"]
    return parameters


def _vector(
    values: Mapping[str, Floats], albumin_ratio: Floats, molecule: str
) -> dict[str, Floats]:
    """Return a molecule's parameters; k_off follows from affinity and association rate."""
    parameters = {f"{molecule}.{key}": value for key, value in values.items()}
    unbound = values["unbound_plasma"]
    parameters[f"{molecule}.unbound_interstitial"] = unbound / (
        unbound + albumin_ratio * (1.0 - unbound)
    )
    for key in values:
        if key.endswith(".k_d"):
            site = key.removesuffix(".k_d")
            parameters[f"{molecule}.{site}.k_off"] = values[key] * values[f"{site}.k_on"]
        if key.endswith(".intact"):
            parameters[f"{molecule}.{key.removesuffix('.intact')}.broken"] = 1.0 - values[key]
    return parameters
