"""From time-integrated activity of the kinetic model to absorbed dose of regions.

The kinetic model counts blood, contents, lesions of a kind and marrow spaces; dosimetry wants
sources with a mass. This is where one becomes the other:

- blood in the heart chambers irradiates the heart wall, the rest of the large vessels lies in soft
  tissue; of the released fragment, which is in the plasma of the whole body, the large vessels hold
  their share of all blood, and the remainder holds what is in the vessels of organs;
- a lesion region of the kinetics holds all lesions of its kind: each gets its share, the others
  stay as sources of cross-dose;
- red marrow is its own uptake plus the share of blood by the marrow-to-blood ratio, which
  replaces the marrow spaces of the kinetic model (no blood is counted twice);
- contents of a cavity that ligand was given into are spread over the remainder, whose mass is that
  of all tissue between the organs: their photons are too far from some organs and too near to
  others, and what charged particles do to the wall is worked out apart (`reservoirs`);
- what a free element leaves in "other tissue" is spread by mass over all that its biokinetic model
  does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import endosteum_mass_kg, marrow_tia_from_blood_Bq_s
from ligandose.errors import DataError
from ligandose.hosts import RESERVOIRS, Host
from ligandose.hosts import host as reference_host
from ligandose.kinetics import (
    EXCRETED,
    MARROW_SPACES,
    OTHER_TISSUE,
    RELEASED_IN_BLOOD,
    WHOLE_BLOOD,
)

Floats = NDArray[np.float64]

BLOOD_DENSITY_KG_L = 1.06  # ICRP Publication 89
WHOLE_BODY = "whole_body"
OTHER_LESIONS = ":others"
WALLED = (
    "urinary_bladder",
    "small_intestine",
    "large_intestine_right",
    "large_intestine_left",
    "rectum",
)
ENDOSTEUM = "endosteum"
BONE_SURFACES = ("bone_trabecular_surface", "bone_cortical_surface")
SMALLEST_LESION_KG = 1e-5
SMALLEST_REGION_KG = 4e-6
"""Spheres below it have no absorbed fractions; the least glands of a mouse count as so large."""
NOT_OTHER_TISSUE = (
    "liver", "kidneys", "thyroid", "red_marrow", "bone_cortical", "bone_trabecular", "endosteum",
    "blood", "heart_contents",
)  # fmt: skip
"""What the systemic models of elements name, or what is no tissue."""


@dataclass(frozen=True)
class Masses:
    """Masses of the regions of dosimetry.

    Attributes:
        regions: names, in the order of the axes of doses.
        mass_kg: (patients, regions).
        body_kg: (patients,) mass of the body.
        blood_kg: (patients,) mass of all blood, that in organs included.
        lesion_number: (patients,) lesions of each kind by region.
        blood_share: (patients,) part of all blood that each organ holds.
    """

    regions: tuple[str, ...]
    mass_kg: Floats
    body_kg: Floats
    blood_kg: Floats
    lesion_number: Mapping[str, Floats]
    blood_share: Mapping[str, Floats]

    def of(self, region: str) -> Floats:
        """Return (patients,) masses of a region."""
        return self.mass_kg[:, self.regions.index(region)]


def region_masses(host: Host, values: Mapping[str, Floats], *, skeleton: bool = False) -> Masses:
    """Return the masses of a population, lesions as they are in `values`.

    Args:
        host: regions.
        values: (patients,) values of its findings by key.
        skeleton: with the endosteum and the surfaces of bone, which free elements need.
    """
    mass: dict[str, Floats] = {}
    blood = values["whole_body.blood_volume"] * BLOOD_DENSITY_KG_L
    central_blood = blood * values["blood.blood_volume_fraction"]
    chambers = values["blood.heart_share"]
    for organ in host.organs:
        mass[organ] = values[f"{organ}.mass"]
    mass["heart_contents"] = central_blood * chambers
    mass["blood"] = central_blood * (1.0 - chambers)
    for wall in WALLED:
        mass[f"{wall}_contents"] = values[f"{wall}.contents_mass"]
    # published S values and organ masses count lungs with the blood in them, 1.2 kg (ICRP-89)
    mass["lungs"] = mass["lungs"] + blood * values["lungs.blood_volume_fraction"]
    for lesion in host.lesions:
        mass[lesion] = np.maximum(values[f"{lesion}.mass"], SMALLEST_LESION_KG)
        mass[lesion + OTHER_LESIONS] = mass[lesion]
    body = values["whole_body.body_mass"]
    if skeleton:
        # endosteum goes with the bone that it lines; surfaces are sources without a mass
        adult = reference_host(host.anatomy).finding("bone_trabecular.mass").internal
        mass[ENDOSTEUM] = endosteum_mass_kg(host.anatomy) * mass["bone_trabecular"] / adult
        for surface in BONE_SURFACES:
            mass[surface] = mass[ENDOSTEUM]
    mass[WHOLE_BODY] = body
    return Masses(
        regions=tuple(mass),
        mass_kg=np.maximum(np.stack(list(mass.values()), axis=-1), SMALLEST_REGION_KG),
        body_kg=body,
        blood_kg=blood,
        lesion_number={lesion: values[f"{lesion}.number"] for lesion in host.lesions},
        blood_share={o: values[f"{o}.blood_volume_fraction"] for o in host.organs},
    )


def source_activity(
    kinetic_regions: tuple[str, ...], amounts: Floats, masses: Masses, *, marrow_ratio: Floats
) -> Floats:
    """Return what each region of dosimetry holds.

    Args:
        kinetic_regions: names along the region axis of `amounts`.
        amounts: (patients, …, kinetic regions) activity or its time integral.
        masses: regions of dosimetry.
        marrow_ratio: (patients,) activity concentration of marrow over blood.

    Returns:
        (patients, …, regions), linear in `amounts`.

    Raises:
        DataError: a region of the kinetic model that dosimetry would lose.
    """
    index = {name: i for i, name in enumerate(kinetic_regions)}
    result = np.zeros((*amounts.shape[:-1], len(masses.regions)))
    column = {name: i for i, name in enumerate(masses.regions)}
    elsewhere = {*EXCRETED, MARROW_SPACES, OTHER_TISSUE, RELEASED_IN_BLOOD, WHOLE_BLOOD}
    cavities = [name for name in index if name in RESERVOIRS.values()]
    lost = set(index) - set(column) - elsewhere - set(cavities)
    if lost:
        raise DataError(f"dosimetry has no region for {', '.join(sorted(lost))}")
    for name, i in index.items():
        if name in column:
            result[..., column[name]] = amounts[..., i]
    per_patient = (slice(None), *(None,) * (amounts.ndim - 2))
    nothing = np.zeros(amounts.shape[:-1])

    def held(name: str) -> Floats:
        return amounts[..., index[name]] if name in index else nothing

    for lesion, number in masses.lesion_number.items():
        share = 1.0 / np.maximum(number, 1.0)[per_patient]
        total = held(lesion)
        result[..., column[lesion]] = total * share
        result[..., column[lesion + OTHER_LESIONS]] = total * (1.0 - share)
    for name in cavities:
        result[..., column["remainder"]] += held(name)
    others = _other_tissue(masses)
    weight = np.sum([masses.of(r) for r in others], axis=0)
    for region in others:
        part = (masses.of(region) / weight)[per_patient]
        result[..., column[region]] += held(OTHER_TISSUE) * part
    in_organs, spread = nothing, held(WHOLE_BLOOD)
    for organ, part in masses.blood_share.items():
        if organ != "red_marrow":  # marrow follows from the marrow-to-blood ratio below
            result[..., column[organ]] += spread * part[per_patient]
        in_organs = in_organs + spread * part[per_patient]
    central, released = held("blood") + spread - in_organs, held(RELEASED_IN_BLOOD)
    large_vessels_kg = (masses.of("blood") + masses.of("heart_contents"))[per_patient]
    blood_kg = masses.blood_kg[per_patient]
    per_kg = central / large_vessels_kg + released / blood_kg
    for region in ("heart_contents", "blood"):
        result[..., column[region]] = per_kg * masses.of(region)[per_patient]
    result[..., column["remainder"]] += released * (1.0 - large_vessels_kg / blood_kg)
    result[..., column["red_marrow"]] += marrow_tia_from_blood_Bq_s(
        np.maximum(per_kg * blood_kg, 0.0),
        blood_mass_kg=blood_kg,
        marrow_mass_kg=masses.of("red_marrow")[per_patient],
        marrow_to_blood_ratio=marrow_ratio[per_patient],
    )
    return result


def _other_tissue(masses: Masses) -> list[str]:
    """Return the regions that share what an element's model puts into other tissue."""
    return [
        region
        for region in masses.regions
        if region not in (*NOT_OTHER_TISSUE, *BONE_SURFACES, WHOLE_BODY)
        and not region.endswith("_contents")
        and not region.startswith("lesion:")
    ]
