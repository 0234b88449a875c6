"""The spheres that stand for the whole body in the stand-in for photon cross-dose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import RADIATIONS, EnergyCurves
from ligandose.evidence import read_table

FloatArray = NDArray[np.float64]
TABLE = "dose_body.csv"
PHOTON = RADIATIONS.index("photon")
LITRES_PER_M3 = 1000.0


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A convex part of the stylised body.

    Attributes:
        name: "trunk", "leg" or "head".
        share: share of the body that all parts of this name make up.
        sphere_share: mass of the sphere with the part's mean chord, relative to the body.
    """

    name: str
    share: float
    sphere_share: float


@cache
def body_parts() -> tuple[BodyPart, ...]:
    """Return the parts of the stylised body (MIRD pamphlet 5), each with its sphere.

    Convex bodies of the same mean chord 4 V/S absorb nearly the same part of a uniform source
    (Amato et al. 2011 use the same generalised radius 3 V/S, doi:10.1088/0031-9155/56/2/005).
    For the trunk the sphere is 1 % (30 keV) to 8 % (0.1 to 0.7 MeV) below the elliptical cylinder
    with the same point kernel.
    """
    rows = [
        (r["part"], int(r["count"]), float(r["volume_L"]) / LITRES_PER_M3, float(r["surface_m2"]))
        for r in read_table(TABLE)
    ]
    total = sum(count * volume for _, count, volume, _ in rows)
    return tuple(
        BodyPart(
            name=name,
            share=count * volume / total,
            sphere_share=4 / 3 * math.pi * (3 * volume / surface) ** 3 / total,
        )
        for name, count, volume, surface in rows
    )


def photon_energy_in_body(
    curve: EnergyCurves, body_mass_kg: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return photon energy per decay that the body absorbs, J, by where the source lies.

    Args:
        curve: of the nuclide.
        body_mass_kg: (p,); all lengths follow its cube root.

    Returns:
        trunk: (p,) for organs (a uniform source in the trunk);
        everywhere: (p,) for tissues spread through the body (mean over its parts).
    """
    trunk = np.zeros_like(body_mass_kg)
    everywhere = np.zeros_like(body_mass_kg)
    for part in body_parts():
        absorbed = curve.self_J(part.sphere_share * body_mass_kg)[:, PHOTON]
        everywhere = everywhere + part.share * absorbed
        if part.name == "trunk":
            trunk = absorbed
    return trunk, everywhere
