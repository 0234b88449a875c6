"""From the findings of a host and a vector to the parameters of the whole-body model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ligandose.agents import Agent
from ligandose.errors import DataError
from ligandose.hosts import Host
from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.network import Floats
from ligandose.kinetics.whole_body import GUT_CONTENTS, OrganSite, whole_body

PORTAL_ORGANS = (
    "spleen",
    "pancreas",
    "stomach",
    "small_intestine",
    "large_intestine_right",
    "large_intestine_left",
)


def describe(agent: Agent, host: Host) -> ModelDescription:
    """Return the model of an agent in a host: its organs, lesions, and the sites it binds."""
    sites = [OrganSite(s.region, s.site, s.space) for s in host.sites if s.site in agent.binds]
    return whole_body(host.organs, portal=PORTAL_ORGANS, lesions=host.lesions, sites=sites)


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
    parameters.update(_vector(agent_values, values["whole_body.interstitial_albumin_ratio"]))
    for site in host.sites:
        key = f"{site.region}.{site.site}"
        bound = f"{site.site}.k_d" in agent_values
        if bound or f"{key}.density" in host_values:
            volume = _region_volume(site.region, values)
            parameters[f"{key}.capacity"] = values[f"{key}.density"] * volume
            parameters[f"{key}.release"] = values[f"{key}.release"]
    return parameters


class _Values:
    """Values by key that name what is missing."""

    def __init__(self, values: Mapping[str, Floats], owner: str) -> None:
        self._values = values
        self._owner = owner

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


def _vector(values: Mapping[str, Floats], albumin_ratio: Floats) -> dict[str, Floats]:
    """Return the vector's parameters; k_off follows from affinity and association rate."""
    parameters = {f"vector.{key}": value for key, value in values.items()}
    unbound = values["unbound_plasma"]
    parameters["vector.unbound_interstitial"] = unbound / (
        unbound + albumin_ratio * (1.0 - unbound)
    )
    for key in values:
        if key.endswith(".k_d"):
            site = key.removesuffix(".k_d")
            parameters[f"vector.{site}.k_off"] = values[key] * values[f"{site}.k_on"]
    return parameters
