"""Doses of regions of voxels: statistics, dose-volume histograms, D_x and V_x.

Voxels may belong to a region in part: each counts with its weight. Weights are volumes (the share
of the voxel that is in the region), or masses when the density is given; the mean over mass is the
energy over the mass, which is what S values give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.voxel_checks import checked_sides_mm
from ligandose.errors import InputError

FloatArray = NDArray[np.float64]

BINS = 400
ML_PER_MM3 = 1e-3
KG_PER_G = 1e-3


@dataclass(frozen=True, eq=False)
class RegionDose:
    """The dose of a region. D_x is the dose that x % of the region reaches or exceeds.

    Attributes:
        voxels: that belong to it, in part or whole.
        volume_mL, mass_kg: of the region; mass_kg is None without densities.
        mean, sd, median, p05, p95, lowest, highest: over the region, Gy.
        dvh_dose_Gy: (n,) doses from 0 to the highest.
        dvh_share: (n,) share of the region with at least that dose: 1 at first.
    """

    voxels: int
    volume_mL: float
    mass_kg: float | None
    mean: float
    sd: float
    median: float
    p05: float
    p95: float
    lowest: float
    highest: float
    dvh_dose_Gy: FloatArray
    dvh_share: FloatArray


def region_dose(
    dose_Gy: ArrayLike,
    share: ArrayLike,
    *,
    spacing_mm: Sequence[float],
    density_g_cm3: ArrayLike | None = None,
    bins: int = BINS,
) -> RegionDose:
    """Return statistics and the cumulative histogram of a region; any dose-like quantity will do.

    Args:
        dose_Gy: (a, b, c) dose, BED, …
        share: (a, b, c) truth values, or the part of each voxel in the region, 0 to 1.
        spacing_mm: voxel sides.
        density_g_cm3: (a, b, c) or one number; then weights are masses. None: volumes.
        bins: of the histogram.

    Raises:
        InputError: shapes that differ, shares outside 0 to 1, an empty region, values that are not
            finite, no bins.

    Example:
        >>> found = region_dose([[[1.0, 3.0]]], [[[1.0, 0.5]]], spacing_mm=(10, 10, 10))
        >>> round(found.mean, 4), found.volume_mL
        (1.6667, 1.5)
    """
    part = np.asarray(share)
    sides = checked_sides_mm(spacing_mm)
    if part.size and (float(part.min()) < 0.0 or float(part.max()) > 1.0):
        raise InputError(f"share reaches {part.min():g} to {part.max():g}; give parts from 0 to 1")
    dose, inside, place = _inside(dose_Gy, part)
    volume_mL = float(np.prod(sides)) * ML_PER_MM3
    weight, mass_kg = inside, None
    if density_g_cm3 is not None:
        density = np.asarray(density_g_cm3)
        if density.ndim and density.shape != part.shape:
            raise InputError(f"density_g_cm3 has shape {density.shape}, share {part.shape}")
        chosen = density.ravel()[place] if density.ndim else density
        weight = inside * np.asarray(chosen, dtype=np.float64)
        mass_kg = float(weight.sum()) * volume_mL * KG_PER_G
    mean, sd = _mean_sd(dose, weight)
    p05, median, p95 = _quantiles(dose, weight, np.array([0.05, 0.5, 0.95]))
    level, above = cumulative_histogram(dose, weight, bins=bins)
    return RegionDose(
        voxels=int(dose.size), volume_mL=float(inside.sum()) * volume_mL, mass_kg=mass_kg,
        mean=mean, sd=sd, median=float(median), p05=float(p05), p95=float(p95),
        lowest=float(dose.min()), highest=float(dose.max()), dvh_dose_Gy=level, dvh_share=above,
    )  # fmt: skip


def dose_at_share(dose_Gy: ArrayLike, weight: ArrayLike, percent: ArrayLike) -> FloatArray:
    """Return D_x: the dose that x % of the region reaches or exceeds.

    Voxels sorted by dose, each in the middle of its weight, straight lines between them; so D_50
    is the median.

    Args:
        dose_Gy: (…) doses.
        weight: (…) weights >= 0 of the same shape.
        percent: (k,) from 0 to 100.

    Returns:
        (k,) doses.

    >>> dose_at_share([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [50.0]).tolist()
    [2.0]
    """
    part = np.atleast_1d(np.asarray(percent, dtype=np.float64))
    if not np.all((part >= 0.0) & (part <= 100.0)):
        raise InputError(f"percent is {part.tolist()}; give 0 to 100")
    dose, inside, _ = _inside(dose_Gy, weight)
    return _quantiles(dose, inside, 1.0 - part / 100.0)


def share_at_dose(dose_Gy: ArrayLike, weight: ArrayLike, level_Gy: ArrayLike) -> FloatArray:
    """Return V_x: the share of the region that reaches or exceeds doses, (k,).

    >>> share_at_dose([1.0, 2.0, 3.0], [1.0, 1.0, 2.0], [2.0, 3.5]).tolist()
    [0.75, 0.0]
    """
    dose, inside, _ = _inside(dose_Gy, weight)
    level = np.atleast_1d(np.asarray(level_Gy, dtype=np.float64))
    order = np.argsort(dose, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(inside[order])])
    return 1.0 - below[np.searchsorted(dose[order], level, side="left")] / below[-1]


def cumulative_histogram(
    dose_Gy: ArrayLike, weight: ArrayLike, *, bins: int = BINS
) -> tuple[FloatArray, FloatArray]:
    """Return doses (bins + 1,) from 0 to the highest and the share of the region at or above each.

    The shares are exact at these doses.
    """
    if bins < 1:
        raise InputError(f"bins is {bins}; give 1 or more")
    dose, inside, _ = _inside(dose_Gy, weight)
    if float(dose.min()) < 0.0:
        raise InputError(f"dose_Gy reaches {dose.min():g}; a histogram starts at 0")
    level = np.linspace(0.0, float(dose.max()), bins + 1)
    if level[-1] == 0.0:
        return level, np.ones(bins + 1)
    place = np.searchsorted(level, dose, side="right") - 1  # level[place] <= dose
    counts = np.bincount(place, weights=inside, minlength=bins + 1)
    above = np.cumsum(counts[::-1])[::-1]
    return level, above / above[0]


def _inside(
    values: ArrayLike, weight: ArrayLike
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Return values and weights where the weight is above 0, and their places; checked."""
    dose, part = np.asarray(values), np.asarray(weight)
    if dose.shape != part.shape:
        raise InputError(f"dose_Gy has shape {dose.shape}, weights {part.shape}; give one grid")
    if part.dtype.kind not in "bfiu" or dose.dtype.kind not in "fiu":
        raise InputError(f"doses are {dose.dtype}, weights {part.dtype}; give numbers")
    place = np.flatnonzero(part)
    inside = part.ravel()[place].astype(np.float64)
    chosen = dose.ravel()[place].astype(np.float64)
    if place.size == 0:
        raise InputError("the region is empty: no voxel has a weight above 0")
    if not (np.isfinite(inside).all() and float(inside.min()) > 0.0):
        raise InputError("weights must be finite and not negative")
    if not np.isfinite(chosen).all():
        raise InputError("dose_Gy has a value in the region that is not finite")
    return chosen, inside, place


def _mean_sd(dose: FloatArray, weight: FloatArray) -> tuple[float, float]:
    total = float(weight.sum())
    mean = float(dose @ weight) / total
    return mean, float(np.sqrt(max(0.0, float((dose - mean) ** 2 @ weight) / total)))


def _quantiles(dose: FloatArray, weight: FloatArray, part: FloatArray) -> FloatArray:
    order = np.argsort(dose, kind="stable")
    ordered = weight[order]
    middle = (np.cumsum(ordered) - 0.5 * ordered) / float(ordered.sum())
    return np.interp(part, middle, dose[order])
