"""What a protein needs besides the parameters of small ligands: pores, lymph, catabolism."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError
from ligandose.evidence import read_findings
from ligandose.hosts import Host
from ligandose.kinetics.pores import pore_clearance, restricted_area
from ligandose.kinetics.radial_data import krogh_geometry_um, molecular_radius_nm, tissue_transport

Floats = NDArray[np.float64]

NEEDED = (
    "molecular_weight",
    "hydrodynamic_radius",
    "unbound_plasma",
    "sieving",
    "hepatocyte_uptake",
    "salvage",
    "catabolite_release",
)
"""Findings without which no protein can be followed."""
CLASS_NAMES = {"molecular_weight": "molecular_mass"}
"""What the table of classes calls a finding of a vector, where it is another name."""
SINUSOID = "sinusoid_opening"
"""Finding of an organ whose capillaries are sinusoids: radius of the openings in their wall."""
SMALL_LIGAND_DA = 1214.0
"""Mass of the ligand that `permeability_surface` of the hosts stands for (177Lu-PSMA-617)."""
MOST_SIMILAR = 9
WALL = {
    "radius_small_nm": "radius_small",
    "radius_large_nm": "radius_large",
    "share_large": "share_large",
    "isogravimetric": "isogravimetric",
    "diffusion_nm3": "diffusion",
}


def protein_parameters(
    host: Host,
    host_values: Mapping[str, Floats],
    agent_values: Mapping[str, Floats],
    body: Mapping[str, Floats],
    *,
    molecule: str = "vector",
) -> dict[str, Floats]:
    """Evaluate extravasation, lymph and endothelial uptake for a protein.

    Every organ's lymph flow is a share of its plasma flow, and both kinds of pores pass the
    protein according to its radius (`pores`). A capillary wall without permeability (brain) stays
    shut. Through the wall of sinusoids (spleen, marrow) it diffuses as small ligands do, slower by
    its radius. Tumours have no lymph: there the protein diffuses both ways with the permeability
    that its size has in tumour vessels (`tissue_transport`). The endothelium takes up plasma
    everywhere.

    Args:
        host: regions.
        host_values, agent_values: (patients,) values of findings by key, internal units.
        body: parameters of the whole-body model so far.
        molecule: "vector" or "binder"; begins the names of its own parameters.

    Returns:
        (patients,) values by parameter name.

    Raises:
        DataError: a finding that is missing, with what similar proteins have.
    """
    if missing := [key for key in NEEDED if key not in agent_values]:
        raise DataError(_missing_message(missing, molecule))
    values = _Known({**host_values, **{f"vector.{k}": v for k, v in agent_values.items()}})
    radius = values["vector.hydrodynamic_radius"]
    pores = pore_clearance(
        radius, wall={name: values[f"whole_body.pores.{key}"] for name, key in WALL.items()}
    )
    lymph_share = values["whole_body.lymph_flow_fraction"]
    parameters: dict[str, Floats] = {}
    for organ in host.organs:
        flow = lymph_share * body[f"{organ}.plasma_flow"]
        open_wall = body[f"{organ}.permeability"] > 0.0
        parameters[f"{organ}.lymph_flow"] = flow
        out, back = flow * pores.out * open_wall, flow * pores.back * open_wall
        if f"{organ}.{SINUSOID}" in values:
            back = _through_sinusoid(radius, values[f"{organ}.{SINUSOID}"], body, organ)
            out = back + flow  # nothing holds the protein back from the fluid that becomes lymph
        parameters[f"{molecule}.{organ}.extravasation"] = out
        parameters[f"{molecule}.{organ}.return"] = back
    for lesion in host.lesions:
        clearance = _tumour_clearance(values, lesion, body)
        parameters[f"{lesion}.lymph_flow"] = np.zeros_like(clearance)
        parameters[f"{molecule}.{lesion}.extravasation"] = clearance
        parameters[f"{molecule}.{lesion}.return"] = clearance
    parameters.update(_endothelium(host, values, body))
    parameters[f"{molecule}.lymph_passage"] = 1.0 - values["whole_body.lymph_reflection"]
    parameters[f"{molecule}.not_salvaged"] = 1.0 - values["vector.salvage"]
    return parameters


def _through_sinusoid(
    radius_nm: Floats, opening_nm: Floats, body: Mapping[str, Floats], organ: str
) -> Floats:
    """Return P · S of a protein through the open wall of sinusoids, L/s.

    That of a small ligand by free diffusion, D ~ 1/radius, and by the share of an opening that the
    protein can use (Renkin; Rippe and Haraldsson 1994, doi 10.1152/physrev.1994.74.1.163).
    """
    small = molecular_radius_nm(SMALL_LIGAND_DA)
    return (
        body[f"{organ}.permeability"] * small / radius_nm * restricted_area(radius_nm / opening_nm)
    )


def _missing_message(missing: Sequence[str], molecule: str) -> str:
    said = "; ".join(f"{key!r} ({known_of_similar(key)})" for key in missing)
    return (
        f"a protein needs of the {molecule} what has no value: {said}; give it in the study file "
        "or choose an agent of the catalogue"
    )


def known_of_similar(key: str) -> str:
    """Return in words what classes of proteins have for a finding, else vectors of the catalogue.

    Args:
        key: finding of a vector, such as "sieving".
    """
    wanted = CLASS_NAMES.get(key, key)
    found = {
        f.subject: f"{f.value:g} {f.unit}"
        for f in read_findings("vector_classes.csv")
        if f.quantity == wanted and not f.region and f.value is not None
    }
    if not found:
        vectors = read_findings("vectors.csv")
        proteins = {f.subject for f in vectors if f.quantity == "hydrodynamic_radius"}
        found = {
            f.subject: f"{f.value:g} {f.unit}"
            for f in vectors
            if f.quantity == key and f.subject in proteins and f.value is not None
        }
    if not found:
        return "nothing is known of similar ones"
    shown = list(found.items())[:MOST_SIMILAR]
    return "similar: " + ", ".join(f"{name} {value}".removesuffix(" 1") for name, value in shown)


class _Known:
    """Values by key that name what is missing."""

    def __init__(self, values: Mapping[str, Floats]) -> None:
        self._values = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Floats:
        if key not in self._values:
            owner, _, name = key.partition(".")
            raise DataError(
                f"a protein needs {name!r} of the {owner}, which has no value; give it in the "
                "study file or choose an agent of the catalogue"
            )
        return self._values[key]


def _tumour_clearance(values: _Known, lesion: str, body: Mapping[str, Floats]) -> Floats:
    """Return P · S of all vessels of the lesions of a kind, L/s.

    S/V = 2 R_cap / R_K² for capillaries of radius R_cap that each supply a cylinder of radius R_K
    (Thurber, Schmidt and Wittrup 2008, Adv Drug Deliv Rev 60:1421).
    """
    weight_Da = float(values["vector.molecular_weight"].flat[0])
    wall_um_s = tissue_transport(molecular_weight_Da=weight_Da).permeability_um_s
    capillary, supplied = (krogh_geometry_um(name) for name in ("vessel_radius", "krogh_radius"))
    part = values[f"{lesion}.interstitial_volume_fraction"]
    volume = body[f"{lesion}.interstitial_volume"] / part
    return wall_um_s * 2.0 * capillary / supplied**2 * volume


def _endothelium(host: Host, values: _Known, body: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the uptake of plasma by the endothelium of each region, L/s.

    The total is that of a reference person, divided by the organs' endothelial cells; organs
    without a share of their own divide the rest by their plasma, and lesions take up as much per
    plasma as they do.
    """
    total = values["whole_body.endothelial_uptake"]
    key = "endothelial_fraction"
    shares = {r: values[f"{r}.{key}"] for r in host.organs if f"{r}.{key}" in values}
    rest = 1.0 - np.sum(list(shares.values()), axis=0)
    others = [r for r in host.organs if r not in shares]
    plasma = {r: body[f"{r}.vascular_volume"] for r in (*others, *host.lesions)}
    of_others = np.sum([plasma[organ] for organ in others], axis=0)
    per_plasma = np.maximum(rest, 0.0) / of_others
    shares.update({region: per_plasma * volume for region, volume in plasma.items()})
    return {f"{region}.endothelial_uptake": total * share for region, share in shares.items()}
