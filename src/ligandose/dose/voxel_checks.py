"""What voxel dosimetry accepts: decays, densities, sides; each error says what to do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

Values = NDArray[np.float32]

TISSUE_FROM_G_CM3 = 0.05
"""Below it is air: inflated lung has 0.1 and more, air 0.0012. Dose is stated for tissue alone."""
DENSEST_G_CM3 = 25.0
MOST_VOXELS = 400_000_000
SIDES_MM = (0.01, 200.0)


def checked_sides_mm(spacing_mm: Sequence[float]) -> tuple[float, float, float]:
    """Return three voxel sides.

    Raises:
        InputError: not three, or none of a voxel.
    """
    sides = np.asarray(spacing_mm, dtype=np.float64)
    low, high = SIDES_MM
    if sides.shape != (3,) or not np.all((sides >= low) & (sides <= high)):
        raise InputError(
            f"spacing_mm is {np.ravel(sides).tolist()}; give three sides of {low:g} to {high:g} mm"
        )
    return float(sides[0]), float(sides[1]), float(sides[2])


def checked_decays(decays: ArrayLike) -> Values:
    """Return decays by voxel.

    Raises:
        InputError: no three axes, too many voxels, negative or not finite values, zero everywhere.
    """
    counts = np.asarray(decays)
    if counts.ndim != 3 or counts.size == 0 or counts.dtype.kind not in "fiu":
        raise InputError(
            f"decays have shape {counts.shape} and type {counts.dtype}; give real numbers on "
            "three axes"
        )
    if counts.size > MOST_VOXELS:
        raise InputError(f"decays have {counts.size} voxels, more than {MOST_VOXELS}; crop them")
    low, high = float(counts.min()), float(counts.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError("decays have a value that is not finite; every voxel needs a number")
    if low < 0.0:
        raise InputError(
            f"decays reach {low:.4g}; they must not be negative (set what noise or a fit made "
            "negative to 0 and say so)"
        )
    if high == 0.0:
        raise InputError("decays are 0 everywhere: there is nothing to give a dose")
    if high > 1e30:
        raise InputError(f"decays reach {high:.4g} in a voxel; give decays (Bq s) per voxel")
    return np.ascontiguousarray(counts, dtype=np.float32)


def checked_density_g_cm3(density_g_cm3: ArrayLike, shape: tuple[int, ...]) -> Values:
    """Return densities by voxel.

    Raises:
        InputError: another shape than the decays, negative, not finite, or of no tissue.
    """
    density = np.asarray(density_g_cm3, dtype=np.float32)
    if density.ndim == 0:
        density = np.full(shape, density, dtype=np.float32)
    if density.shape != shape:
        raise InputError(
            f"density_g_cm3 has shape {density.shape}, decays {shape}; resample the CT onto the "
            "grid of the decays"
        )
    low, high = float(density.min()), float(density.max())
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0.0 or high > DENSEST_G_CM3:
        raise InputError(
            f"density_g_cm3 goes from {low:.4g} to {high:.4g}; allowed are 0 to "
            f"{DENSEST_G_CM3:g} g/cm3 (1 for water, not 1000)"
        )
    if high < TISSUE_FROM_G_CM3:
        raise InputError(
            f"density_g_cm3 is at most {high:.4g}: there is no tissue (from "
            f"{TISSUE_FROM_G_CM3:g} g/cm3 on); check its unit and the overlap with the CT"
        )
    return np.ascontiguousarray(density)
