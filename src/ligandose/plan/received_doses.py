"""Doses by S values with the patient's masses, and the dose of red marrow from blood samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import (
    RADIATIONS,
    ReferenceSValues,
    marrow_tia_from_blood_Bq_s,
    marrow_to_blood_ratio,
    reference_saf,
    region_model,
)
from ligandose.errors import InputError
from ligandose.kinetics import read_tacs
from ligandose.plan.received_images import REST, WHOLE
from ligandose.plan.received_kinetics import RegionTia, region_tia
from ligandose.plan.received_settings import ReceivedCase

Floats = NDArray[np.float64]
DEFAULT_HOST = "adult-male"
MARROW = "red_marrow"
BLOOD = "blood"
ML_KG_PER_DENSITY = 1e-6
"""Volume of a millilitre in cubic metres."""


@dataclass(frozen=True, eq=False)
class OrganDoses:
    """Doses by S values.

    Attributes:
        regions: targets and sources, in one order.
        mass_kg: (regions,).
        dose_Gy: (regions, 3) by radiation.
        self_Gy: (regions,) part that each region gives itself.
        mass_power: (regions,) d ln(dose) / d ln(mass) at constant activity.
        host, body_mass_kg: whose S values, and the mass that they are scaled to.
        stated: whether the case named host and body mass.
        omissions: what S values leave out.
    """

    regions: tuple[str, ...]
    mass_kg: Floats
    dose_Gy: Floats
    self_Gy: Floats
    mass_power: Floats
    host: str
    body_mass_kg: float
    stated: tuple[bool, bool]
    omissions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Marrow:
    """Red marrow from blood.

    Attributes:
        blood: curve of 1 mL of blood.
        ratio: marrow to blood, by concentration.
        ratio_source: where the ratio is from.
        mass_kg: of red marrow; the reference's where not stated.
        tia_Bq_s: of the marrow.
        invalid: reasons why blood does not tell the marrow's activity; none where it does.
    """

    blood: RegionTia
    ratio: float
    ratio_source: str
    mass_kg: float
    tia_Bq_s: float
    invalid: tuple[str, ...]


def organ_doses(
    received: ReceivedCase, tia_Bq_s: Mapping[str, float], mass_kg: Mapping[str, float]
) -> OrganDoses:
    """Return self- and cross-dose of regions by S values.

    Args:
        received: the case; `patient` gives host, body mass and where lesions lie.
        tia_Bq_s: by region, with `remainder` where it was measured; `whole_body` is passed over.
        mass_kg: of the same regions; the remainder's is what the others leave of the body.

    Raises:
        UnknownNameError: an unknown region, or a place of a lesion that is none.
        InputError: masses that exceed the body's, or that no sphere table holds.
    """
    patient = received.patient
    host = patient.host or DEFAULT_HOST
    table = reference_saf(host)
    body = patient.body_mass_kg or table.whole_kg
    names = [name for name in tia_Bq_s if name not in (WHOLE, REST)]
    mass = [mass_kg[name] for name in names]
    if REST in tia_Bq_s:
        left = body - sum(mass)
        if left <= 0.0:
            raise received.error(
                ("patient", "body_mass_kg"), f"is {body:g} kg, the regions have {sum(mass):.3g} kg"
            )
        names, mass = [*names, REST], [*mass, left]
    placed = {
        name: patient.lesion_in.get(name, patient.lesion_in.get(name.removeprefix("lesion:"), ""))
        for name in names
        if name.startswith("lesion:")
    }
    values = ReferenceSValues.of(
        names, [received.case.nuclide], host=host, with_progeny=True,
        host_of={name: organ for name, organ in placed.items() if organ},
    )  # fmt: skip
    tia = np.array([tia_Bq_s[name] for name in names])[None, :, None]
    weight = np.array(mass)
    own, cross = values.self_and_cross_dose_Gy(tia, mass_kg=weight, body_mass_kg=body)
    step = 1e-3
    heavier, _ = values.self_and_cross_dose_Gy(
        tia, mass_kg=weight * (1.0 + step), body_mass_kg=body
    )
    total = own[0] + cross[0]
    self_Gy = own[0].sum(axis=1)
    change = (heavier[0].sum(axis=1) - self_Gy) / step
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(total.sum(axis=1) > 0.0, change / total.sum(axis=1), -1.0)
    return OrganDoses(
        tuple(names), weight, total, self_Gy, power, host, float(body),
        (patient.host is not None, patient.body_mass_kg is not None), tuple(values.omissions()),
    )  # fmt: skip


def marrow_of_blood(received: ReceivedCase, *, decay_per_s: float) -> Marrow | None:
    """Return the activity of red marrow from blood samples; None where the case has none.

    The blood table has one region, blood; its activities are those of 1 mL. Hindorf et al. 2010
    (doi:10.1007/s00259-010-1422-4): blood tells nothing of marrow that the vector binds to, or that
    metastases have replaced; then the result says that it is not valid.

    Raises:
        InputError: a table that breaks a rule, or holds another region than blood.
    """
    part = received.dose.marrow
    if part is None:
        return None
    file = received.case.folder / part.blood
    points = read_tacs(file, decay_per_s=decay_per_s, decay_corrected=part.decay_corrected)
    if [p.region for p in points] != [BLOOD]:
        raise InputError(
            f"{file.name} line {points[0].lines[0]}, region: the table of blood samples has the "
            f"regions {', '.join(p.region for p in points)[:80]}; allowed is blood alone, with the "
            "activity of 1 mL"
        )
    one = points[0]
    curve = region_tia(
        received, BLOOD, one.time_s, one.activity_Bq, decay_per_s=decay_per_s,
        uncertainty_Bq=one.uncertainty_Bq,
    )  # fmt: skip
    host = received.patient.host or DEFAULT_HOST
    mass = part.marrow_mass_kg or _reference_marrow_kg(received, host)
    ratio, source = 1.0, "1, for small vectors that exchange freely"
    if part.haematocrit is not None:
        ratio = float(marrow_to_blood_ratio(part.haematocrit))
        source = f"0.19/(1 − {part.haematocrit:g}) (Sgouros 1993)"
    elif part.ratio is not None:
        ratio, source = part.ratio, "case.yaml"
    tia = marrow_tia_from_blood_Bq_s(
        curve.tia_Bq_s,
        blood_mass_kg=region_model(BLOOD).density_kg_m3 * ML_KG_PER_DENSITY,
        marrow_mass_kg=mass,
        marrow_to_blood_ratio=ratio,
    )
    reasons = {
        "the marrow has metastases": part.marrow_metastases,
        "the vector binds to marrow": part.binds_marrow,
    }
    invalid = tuple(text for text, holds in reasons.items() if holds)
    return Marrow(curve, ratio, source, mass, float(tia), invalid)


def _reference_marrow_kg(received: ReceivedCase, host: str) -> float:
    """Return the reference's red marrow, scaled with the body's mass where that is stated."""
    values = ReferenceSValues.of([MARROW], [received.case.nuclide], host=host)
    mass = float(values.reference_mass_kg[0])
    body = received.patient.body_mass_kg
    return mass if body is None else mass * body / values.table.whole_kg


def by_radiation(dose_Gy: Sequence[float]) -> dict[str, float]:
    """Return doses (3,) by name of the radiation."""
    return {name: float(value) for name, value in zip(RADIATIONS, dose_Gy, strict=True)}
