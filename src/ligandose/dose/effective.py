"""Effective dose after ICRP Publication 103, for diagnostic companions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.curves import RADIATIONS
from ligandose.dose.regions import parameter
from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import read_table

FloatArray = NDArray[np.float64]
SEXES = ("male", "female")
TABLE = "dose_tissue_weights.csv"


@dataclass(frozen=True)
class EffectiveDose:
    """Effective dose of one sex, with what had to be assumed.

    Attributes:
        effective_dose_Sv: (patients,).
        sex: "male", "female", or "averaged".
        surrogates: "tissue: region whose dose was used" for each tissue without its own region.
        note: what the number may be used for.
    """

    effective_dose_Sv: FloatArray
    sex: str
    surrogates: tuple[str, ...]
    note: str = (
        "Effective dose describes the stochastic risk of a reference population at low dose. It "
        "says nothing about deterministic effects: do not use it to plan or judge a therapy."
    )


@dataclass(frozen=True, slots=True)
class Tissue:
    """One tissue of ICRP-103 table 3: the regions that make it up and what may stand for it."""

    name: str
    group: str
    weight: float
    sex: str
    regions: tuple[str, ...]
    surrogate: str


@cache
def tissues() -> tuple[Tissue, ...]:
    """Return the tissues with their weights; the remainder's 0.12 belongs to its mean."""
    return tuple(
        Tissue(
            name=row["tissue"],
            group=row["group"],
            weight=float(row["weight"]),
            sex=row["sex"],
            regions=tuple(row["regions"].split(";")),
            surrogate=row["surrogate"],
        )
        for row in read_table(TABLE)
    )


def effective_dose_Sv(
    dose_Gy: ArrayLike,
    *,
    regions: Sequence[str],
    mass_kg: ArrayLike,
    sex: str,
    missing: str | None = None,
) -> EffectiveDose:
    """Return E = Σ_T w_T Σ_R w_R D_T,R for one sex (ICRP-103, equations 4.3 and 4.4).

    Tissues of several regions (colon) take their mass-weighted mean; the remainder is the plain
    mean of its 13 tissues. ICRP's effective dose averages the two sexes: see
    `sex_averaged_effective_dose`.

    Args:
        dose_Gy: (patients, regions, 3) absorbed dose by radiation.
        regions: names along the second axis.
        mass_kg: (patients, regions) or (regions,).
        sex: "male" or "female".
        missing: region whose dose stands for every tissue that has neither a region nor a
            shipped surrogate; without it such a tissue is an error.

    Raises:
        UnknownNameError: sex, or `missing`, is not known.
        InputError: shapes that do not fit, a tissue without a dose.
    """
    if sex not in SEXES:
        raise UnknownNameError("sex", sex, SEXES, where="effective dose")
    if missing is not None and missing not in regions:
        raise UnknownNameError("region", missing, regions, where="effective dose, missing")
    dose = np.asarray(dose_Gy, dtype=np.float64)
    if dose.ndim != 3 or dose.shape[1:] != (len(regions), len(RADIATIONS)):
        raise InputError(f"dose_Gy has shape {dose.shape}; expected (patients, {len(regions)}, 3)")
    weights = [parameter("effective_dose", f"radiation_weight_{r}") for r in RADIATIONS]
    equivalent = dose @ np.array(weights)
    mass = np.broadcast_to(np.asarray(mass_kg, dtype=np.float64), equivalent.shape)
    index = {name: i for i, name in enumerate(regions)}
    total = np.zeros(dose.shape[0])
    remainder: list[FloatArray] = []
    surrogates: list[str] = []
    for tissue in tissues():
        if tissue.sex not in ("", sex):
            continue
        names = _regions_of(tissue, index, missing, surrogates)
        columns = [index[n] for n in names]
        share = mass[:, columns] / mass[:, columns].sum(axis=1, keepdims=True)
        value = np.sum(equivalent[:, columns] * share, axis=1)
        if tissue.group == "main":
            total += tissue.weight * value
        else:
            remainder.append(tissue.weight * value)
    total += np.mean(remainder, axis=0)
    return EffectiveDose(total, sex, tuple(surrogates))


def _regions_of(
    tissue: Tissue, index: dict[str, int], missing: str | None, surrogates: list[str]
) -> tuple[str, ...]:
    """Return the regions whose dose is the tissue's; note where another stands for it."""
    present = tuple(n for n in tissue.regions if n in index)
    if present:
        absent = [n for n in tissue.regions if n not in index]
        surrogates.extend(f"{n}: left out of {tissue.name}" for n in absent)
        return present
    for stand_in in (tissue.surrogate, missing):
        if stand_in and stand_in in index:
            surrogates.append(f"{tissue.name}: {stand_in}")
            return (stand_in,)
    raise InputError(
        f"effective dose: no dose for {tissue.name} (region {' or '.join(tissue.regions)}); add "
        "the region, or name one that stands for missing tissues"
    )


def sex_averaged_effective_dose(male: EffectiveDose, female: EffectiveDose) -> EffectiveDose:
    """Return the mean over the sexes (ICRP-103, equation 4.5).

    Raises:
        InputError: the arguments are not one male and one female result of equal shape.
    """
    if (male.sex, female.sex) != SEXES:
        raise InputError(f"expected a male and a female result, got {male.sex}, {female.sex}")
    if male.effective_dose_Sv.shape != female.effective_dose_Sv.shape:
        raise InputError("the male and the female result have different numbers of patients")
    mean = 0.5 * (male.effective_dose_Sv + female.effective_dose_Sv)
    both = tuple(dict.fromkeys(male.surrogates + female.surrogates))
    return EffectiveDose(mean, "averaged", both)
