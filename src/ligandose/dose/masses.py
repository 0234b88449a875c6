"""Checks of what callers of S values give: masses and time-integrated activities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

FloatArray = NDArray[np.float64]


def checked_masses(
    regions: Sequence[str], mass_kg: ArrayLike, body_mass_kg: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return masses (patients, regions) and of the body (patients,), kg.

    Raises:
        InputError: shapes that do not fit, a mass that is not positive and finite.
    """
    mass = np.atleast_2d(np.asarray(mass_kg, dtype=np.float64))
    body = np.atleast_1d(np.asarray(body_mass_kg, dtype=np.float64))
    if mass.ndim != 2 or mass.shape[1] != len(regions) or body.ndim != 1:
        raise InputError(
            f"mass_kg has shape {np.shape(mass_kg)}, body_mass_kg {np.shape(body_mass_kg)}; "
            f"expected (patients, {len(regions)}) and (patients,)"
        )
    if body.size == 1:
        body = np.broadcast_to(body, mass.shape[:1])
    if body.shape[0] != mass.shape[0]:
        raise InputError(f"{mass.shape[0]} rows of mass_kg, {body.shape[0]} of body_mass_kg")
    for i, name in enumerate(regions):
        column = mass[:, i]
        good = np.isfinite(column) & (column > 0)
        if not np.all(good):
            raise InputError(
                f"mass_kg of {name} is {column[~good][0]}; it must be positive and finite"
            )
    if not np.all(np.isfinite(body) & (body > 0)):
        raise InputError("body_mass_kg must be positive and finite")
    return mass, body


def checked_activity(tia_Bq_s: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    """Return time-integrated activity (patients, regions, nuclides).

    Raises:
        InputError: another shape, a negative or non-finite value.
    """
    tia = np.asarray(tia_Bq_s, dtype=np.float64)
    if tia.shape != shape:
        raise InputError(
            f"tia_Bq_s has shape {tia.shape}; expected {shape} (patients, regions, nuclides)"
        )
    if not np.all(np.isfinite(tia) & (tia >= 0)):
        raise InputError("tia_Bq_s has a negative or non-finite value")
    return tia
