"""Activity of red marrow from blood (the marrow-to-blood ratio) and its self-dose.

Red-marrow dose has three parts: activity that marrow takes from blood (here), its own specific
uptake (a region of the kinetics), and photons from the rest of the body (`SValues`). Hindorf et
al. 2010, doi:10.1007/s00259-010-1422-4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.regions import parameter
from ligandose.errors import InputError

FloatArray = NDArray[np.float64]


def marrow_to_blood_ratio(haematocrit: ArrayLike) -> FloatArray:
    """Return RMBLR = RMECFF / (1 − haematocrit), for a vector that stays out of cells.

    Sgouros 1993 (J. Nucl. Med. 34:689) with the extracellular fluid fraction of red marrow 0.19:
    0.32 to 0.36 for haematocrits 0.40 to 0.47. Small peptides that exchange freely are better
    described by the ratio 1 (`DEFAULT` of `marrow_tia_from_blood_Bq_s`).

    Args:
        haematocrit: fraction of blood volume, 0 < value < 1, any shape.

    Raises:
        InputError: a haematocrit outside that range (percent instead of a fraction, for example).
    """
    value = np.asarray(haematocrit, dtype=np.float64)
    if not np.all((value > 0) & (value < 1)):
        raise InputError(
            f"haematocrit {value.tolist()} is outside 0 … 1; give a fraction, not percent"
        )
    return parameter("marrow", "extracellular_fluid_fraction") / (1.0 - value)


def marrow_tia_from_blood_Bq_s(
    blood_tia_Bq_s: ArrayLike,
    *,
    blood_mass_kg: ArrayLike,
    marrow_mass_kg: ArrayLike,
    marrow_to_blood_ratio: ArrayLike | None = None,
) -> FloatArray:
    """Return the time-integrated activity of active marrow that blood accounts for.

    Ã_RM = RMBLR × (Ã_blood / m_blood) × m_RM (Hindorf et al. 2010, equation 5 with masses in
    place of volumes). Do not add it where the kinetics has a marrow compartment with its own
    vascular and interstitial space: that would count blood twice.

    Args:
        blood_tia_Bq_s: (...,) of all blood.
        blood_mass_kg, marrow_mass_kg: broadcast against it.
        marrow_to_blood_ratio: ratio of activity concentrations; default the shipped value for
            peptides (1).

    Raises:
        InputError: a negative activity or ratio, a mass that is not positive.
    """
    tia = np.asarray(blood_tia_Bq_s, dtype=np.float64)
    blood = np.asarray(blood_mass_kg, dtype=np.float64)
    marrow = np.asarray(marrow_mass_kg, dtype=np.float64)
    ratio = np.asarray(
        parameter("marrow", "marrow_to_blood_ratio")
        if marrow_to_blood_ratio is None
        else marrow_to_blood_ratio,
        dtype=np.float64,
    )
    for name, values, least in (
        ("blood_mass_kg", blood, 1e-9),
        ("marrow_mass_kg", marrow, 1e-9),
        ("blood_tia_Bq_s", tia, 0.0),
        ("marrow_to_blood_ratio", ratio, 0.0),
    ):
        if not np.all(np.isfinite(values) & (values >= least)):
            raise InputError(f"{name} has a value below {least:g} or one that is not finite")
    return ratio * tia / blood * marrow
