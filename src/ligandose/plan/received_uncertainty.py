"""Uncertainty of a dose from volume, recovery, calibration, fit and S value.

After the EANM guidance (Gear et al. 2018, doi:10.1007/s00259-018-4136-7): the activity is counts
over recovery and calibration, the dose its integral times S; the outline decides counts, recovery
and mass together, so that its three effects are added with their signs before they are squared.
The formulas below are those of a sphere of the region's volume with a Gaussian point spread; they
are derived here from the autocorrelation of a sphere, not copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FWHM_PER_SIGMA = 2.3548200450309493
NODES = 200
STEP = 1e-3
Z90 = 1.6448536269514722
PARTS = ("volume", "recovery", "calibration", "fit", "s_value")


@dataclass(frozen=True)
class DoseUncertainty:
    """Relative standard uncertainties of a dose.

    Attributes:
        parts: by what they come from; None where nothing is stated or determined.
        relative_sd: together; None where the fit's is not determined.
        volume_sensitivity: relative change of the dose per relative change of the volume.
    """

    parts: dict[str, float | None]
    relative_sd: float | None
    volume_sensitivity: float

    def shares(self) -> dict[str, float | None]:
        """Return the share of each part in the variance."""
        total = sum(v**2 for v in self.parts.values() if v is not None)
        return {
            name: None if value is None or total == 0.0 else value**2 / total
            for name, value in self.parts.items()
        }

    def missing(self) -> list[str]:
        """Return the parts that are not known."""
        return [name for name, value in self.parts.items() if value is None]


def radius_mm(volume_mL: float, pieces: int = 1) -> float:
    """Return the radius of spheres that together have a volume.

    >>> round(radius_mm(4.18879), 3)
    10.0
    """
    return (3.0 * volume_mL * 1e3 / pieces / (4.0 * math.pi)) ** (1.0 / 3.0)


def volume_relative_sd(
    volume_mL: float, *, voxel_mm: float, fwhm_mm: float, pieces: int = 1
) -> float:
    """Return u(v)/v = 3 u(d)/d of an outline, with u(d)² = a²/6 + FWHM²/(4 ln 2).

    Each of the two edges of a diameter d has a rectangular distribution of the voxel's side a
    (a²/12) and the point spread's σ² = FWHM²/(8 ln 2) (Gear et al. 2018).

    Args:
        volume_mL: of all pieces.
        voxel_mm: side of the voxels of the image that was outlined.
        fwhm_mm: of that image.
        pieces: number of equal spheres.
    """
    diameter = 2.0 * radius_mm(volume_mL, pieces)
    variance = voxel_mm**2 / 6.0 + fwhm_mm**2 / (4.0 * math.log(2.0))
    return 3.0 * math.sqrt(variance) / diameter


def sphere_recovery(radius_mm: float, fwhm_mm: float) -> float:
    """Return the share of a sphere's activity that is seen inside of it.

    ∫ γ(s) g(s) 4π s² ds with γ the sphere's autocorrelation 1 − 3s/4R + s³/16R³ and g a Gaussian.
    """
    sigma = fwhm_mm / FWHM_PER_SIGMA
    if sigma < 1e-3 * radius_mm:
        return 1.0
    x, w = np.polynomial.legendre.leggauss(NODES)
    top = min(2.0 * radius_mm, 8.0 * sigma)
    s = 0.5 * top * (x + 1.0)
    overlap = 1.0 - 0.75 * s / radius_mm + s**3 / (16.0 * radius_mm**3)
    density = 4.0 * math.pi * s**2 * np.exp(-0.5 * (s / sigma) ** 2)
    norm = (2.0 * math.pi) ** 1.5 * sigma**3
    return float(0.5 * top * np.sum(w * overlap * density) / norm)


def edge_level(radius_mm: float, fwhm_mm: float) -> float:
    """Return what a blurred sphere shows at its edge over its true concentration.

    ½ [erf(2R/√2σ) − √(2/π) (σ/R) (1 − exp(−2R²/σ²))], the convolution of a sphere and a Gaussian at
    radius R.
    """
    sigma = fwhm_mm / FWHM_PER_SIGMA
    if sigma < 1e-3 * radius_mm:
        return 0.5
    ratio = sigma / radius_mm
    bracket = math.erf(math.sqrt(2.0) / ratio)
    bracket -= math.sqrt(2.0 / math.pi) * ratio * -math.expm1(-2.0 / ratio**2)
    return 0.5 * bracket


def volume_sensitivity(
    volume_mL: float,
    *,
    fwhm_mm: float,
    pieces: int = 1,
    corrected: bool,
    mass_power: float,
) -> float:
    """Return the relative change of a dose per relative change of the outlined volume.

    Counts grow by edge level over recovery, the recovery that they are divided by grows with the
    volume (where it is corrected), S falls by the power of the mass.

    Args:
        volume_mL: of all pieces.
        fwhm_mm: of the emission image.
        pieces: number of equal spheres.
        corrected: whether activity is divided by a recovery that follows from the outline.
        mass_power: of S, about −1 for charged particles.
    """
    radius = radius_mm(volume_mL, pieces)
    recovery = sphere_recovery(radius, fwhm_mm)
    counts = edge_level(radius, fwhm_mm) / recovery
    growth = 0.0
    if corrected:
        wider = sphere_recovery(radius * (1.0 + STEP / 3.0), fwhm_mm)
        growth = (math.log(wider) - math.log(recovery)) / STEP
    return counts - growth + mass_power


def combined(parts: dict[str, float | None], sensitivity: float) -> DoseUncertainty:
    """Return parts as one uncertainty; the fit's must be known, others may be missing."""
    if parts["fit"] is None:
        return DoseUncertainty(parts, None, sensitivity)
    total = math.sqrt(sum(v**2 for v in parts.values() if v is not None))
    return DoseUncertainty(parts, total, sensitivity)


def distribution(value: float, relative_sd: float | None) -> dict[str, float | None]:
    """Return mean, sd, median and 90 % interval of a log-normal around an estimate.

    >>> {k: round(v, 2) for k, v in distribution(10.0, 0.1).items()}
    {'mean': 10.05, 'sd': 1.0, 'median': 10.0, 'p05': 8.49, 'p95': 11.78}
    """
    if relative_sd is None:
        return {"mean": value, "sd": None, "median": value, "p05": None, "p95": None}
    sigma = math.sqrt(math.log1p(relative_sd**2))
    mean = value * math.exp(0.5 * sigma**2)
    return {
        "mean": mean,
        "sd": mean * relative_sd,
        "median": value,
        "p05": value * math.exp(-Z90 * sigma),
        "p95": value * math.exp(Z90 * sigma),
    }
