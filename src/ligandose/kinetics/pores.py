"""How proteins leave a capillary: two sizes of pores, by convection and diffusion.

Two-pore theory (Rippe and Haraldsson 1994, Physiol Rev 74:163, doi 10.1152/physrev.1994.74.1.163)
in the form in which whole-body models use it (Li and Shah 2019, J Pharmacokinet Pharmacodyn
46:305, doi 10.1007/s10928-019-09639-2): the lymph flow L of an organ is the sum of the flows
through small and large pores, with an isogravimetric circulation J_iso between them,

    J_large = J_iso + α_large L,    J_small = -J_iso + α_small L,    J_iso = x_j L,
    PS_pore = X_P · α_pore · L · (A/A₀)_pore / (a · r_pore²),

with a the radius of the solute. What a pore lets through follows from λ = a / r_pore: reflection
σ = 16/3 λ² - 20/3 λ³ + 7/3 λ⁴ and restricted diffusion (A/A₀) after Renkin, both as in Rippe and
Haraldsson. Convection and diffusion through one pore combine after Patlak: with
Pe = J (1 - σ) / PS, clearance out J (1 - σ) / (1 - e^(-Pe)), clearance back e^(-Pe) times that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PoreClearance:
    """Clearances through the wall per lymph flow of the organ, pure numbers.

    Attributes:
        out: from plasma to interstitium.
        back: from interstitium to plasma.
    """

    out: Floats
    back: Floats


def reflection(radius_over_pore: ArrayLike) -> Floats:
    """Return σ of a solute in a pore, 0 for a point and 1 from the size of the pore on."""
    x = np.clip(np.asarray(radius_over_pore, dtype=np.float64), 0.0, 1.0)
    return x**2 * (16.0 / 3.0 - 20.0 / 3.0 * x + 7.0 / 3.0 * x**2)


def restricted_area(radius_over_pore: ArrayLike) -> Floats:
    """Return A/A₀, the share of a pore's area through which a solute diffuses."""
    x = np.clip(np.asarray(radius_over_pore, dtype=np.float64), 0.0, 1.0)
    drag = 1.0 - 2.105 * x + 2.0865 * x**3 - 1.7068 * x**5 + 0.72603 * x**6
    return (1.0 - x) ** 2 * drag / (1.0 - 0.75857 * x**5)


def pore_clearance(radius_nm: ArrayLike, *, wall: Mapping[str, ArrayLike]) -> PoreClearance:
    """Return the clearances of a solute through both kinds of pores, per lymph flow.

    Args:
        radius_nm: hydrodynamic radius of the solute, nm, any shape.
        wall: `radius_small_nm`, `radius_large_nm`, `share_large` (α of the large pores; the small
            ones have the rest), `isogravimetric` (x_j), `diffusion_nm3` (X_P).
    """
    a = np.asarray(radius_nm, dtype=np.float64)
    value = {key: np.asarray(v, dtype=np.float64) for key, v in wall.items()}
    circulation = value["isogravimetric"]
    large = value["share_large"]
    pores = (
        (value["radius_large_nm"], large, circulation + large),
        (value["radius_small_nm"], 1.0 - large, np.maximum(1.0 - large - circulation, 0.0)),
    )
    out, back = np.zeros(a.shape), np.zeros(a.shape)
    for radius, share, flow in pores:
        ratio = a / radius
        carried = flow * (1.0 - reflection(ratio))
        diffusion = value["diffusion_nm3"] * share * restricted_area(ratio) / (a * radius**2)
        passed_out, passed_back = _patlak(carried, diffusion)
        out, back = out + passed_out, back + passed_back
    return PoreClearance(out, back)


def _patlak(carried: Floats, diffusion: Floats) -> tuple[Floats, Floats]:
    """Return clearance out and back of convection `carried` = J (1 - σ) and diffusion PS."""
    carried, diffusion = np.broadcast_arrays(carried, diffusion)
    safe = np.where(diffusion > 0.0, diffusion, 1.0)
    peclet = np.where(diffusion > 0.0, carried / safe, np.inf)
    moderate = np.clip(peclet, 1e-8, 700.0)
    back = np.where(
        diffusion > 0.0, diffusion * moderate * np.exp(-moderate) / -np.expm1(-moderate), 0.0
    )
    return back + carried, back
