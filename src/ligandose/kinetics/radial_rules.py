"""Rules that the numbers of a radial problem keep, and the errors that say so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ligandose.errors import InputError


def need_positive(where: str, **values: float) -> None:
    """Raise InputError unless every value is finite and above 0."""
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0.0):
            raise InputError(f"{where}: {name} is {value:g}; a finite number above 0 is needed")


def need_at_least(where: str, least: float, **values: float) -> None:
    """Raise InputError unless every value is finite and not below `least`."""
    for name, value in values.items():
        if not (np.isfinite(value) and value >= least):
            raise InputError(
                f"{where}: {name} is {value:g}; a finite number of at least {least:g} is needed"
            )


def need_share(where: str, **values: float) -> None:
    """Raise InputError unless every value lies in (0, 1]."""
    for name, value in values.items():
        if not 0.0 < value <= 1.0:
            raise InputError(f"{where}: {name} is {value:g}; above 0 and at most 1 is allowed")


def need_profile(where: str, profile: tuple[Sequence[float], ...]) -> None:
    """Raise InputError unless a density profile is two equally long rows, distances rising."""
    if len(profile) != 2 or len(profile[0]) != len(profile[1]) or not profile[0]:
        raise InputError(
            f"{where}: density_nmol_L as a profile is a pair (distances in µm, densities) of "
            f"equal length, got lengths {tuple(len(row) for row in profile)}"
        )
    distance, density = (np.asarray(row, dtype=np.float64) for row in profile)
    if not (np.all(np.isfinite(distance)) and np.all(np.diff(distance) >= 0.0)):
        raise InputError(f"{where}: distances of the density profile must not fall: {profile[0]}")
    if not (np.all(np.isfinite(density)) and np.all(density >= 0.0)):
        raise InputError(
            f"{where}: densities of the profile must be finite and at least 0: {profile[1]}"
        )
