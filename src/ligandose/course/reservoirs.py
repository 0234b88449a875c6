"""Dose to the surface of a cavity from what was given into it.

The S values know no peritoneal cavity, cerebrospinal fluid or resection cavity. The charged
particles of what such a cavity holds are absorbed in the fluid, apart from those near its surface.
The surface of a fluid that is much larger than their range sees half of all directions filled with
activity, so its dose is half of that within the fluid, D = Ã E / (2 m), as the dose to the wall of
a hollow organ from its contents in MIRD Pamphlet 5 (Snyder, Ford and Warner 1978). It is the dose
at the very surface: alphas reach less than 0.1 mm, beta particles some millimetres. For beta
particles with a range like the size of the cavity it is an upper value. What has already bound to
the surface, or entered it, is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import RADIATIONS, emission_spectrum
from ligandose.hosts import RESERVOIRS

Floats = NDArray[np.float64]

FLUID_DENSITY_KG_L = 1.0
"""Of dialysis fluid and cerebrospinal fluid (1.00 to 1.01 kg/L)."""
SURFACE_SHARE = 0.5
CHARGED = ("alpha", "electron")


@dataclass(frozen=True)
class CavityDose:
    """What a cavity held and what its surface received.

    Attributes:
        region: of the contents, such as "peritoneal_cavity".
        volume_L: (patients,) volume of the fluid.
        tia_Bq_s: (patients,) time-integrated activity of the agent's nuclide in it.
        surface_Gy: (patients, 2) dose at its surface by alphas (with recoil) and electrons.
    """

    region: str
    volume_L: Floats
    tia_Bq_s: Floats
    surface_Gy: Floats

    def __add__(self, other: CavityDose) -> CavityDose:
        return CavityDose(
            self.region,
            self.volume_L,
            self.tia_Bq_s + other.tia_Bq_s,
            self.surface_Gy + other.surface_Gy,
        )


def surface_dose_Gy(
    decays: Floats, nuclides: Sequence[str], *, volume_L: Floats, with_progeny: bool
) -> Floats:
    """Return (patients, 2) dose at the surface of a fluid by alphas and electrons.

    Args:
        decays: (patients, nuclides) in the fluid.
        nuclides: names.
        volume_L: (patients,) volume of the fluid.
        with_progeny: whether each nuclide's progeny decays with it and is not among them.
    """
    columns = [RADIATIONS.index(name) for name in CHARGED]
    spectra = [emission_spectrum(name, with_progeny=with_progeny) for name in nuclides]
    energy_J = np.stack([spectrum.emitted_J[columns] for spectrum in spectra])
    mass_kg = volume_L * FLUID_DENSITY_KG_L
    return SURFACE_SHARE * (decays @ energy_J) / mass_kg[:, None]


def cavity_doses(
    regions: Sequence[str],
    decays: Floats,
    nuclides: Sequence[str],
    values: Mapping[str, Floats],
    *,
    with_progeny: bool,
) -> tuple[CavityDose, ...]:
    """Return the dose of every cavity among the regions of a kinetic model.

    Args:
        regions: of the kinetic model.
        decays: (patients, regions, nuclides).
        nuclides: names, the agent's first.
        values: (patients,) values of the host's findings by key.
        with_progeny: as `surface_dose_Gy`.
    """
    found: list[CavityDose] = []
    for name in RESERVOIRS.values():
        if name in regions:
            held = decays[:, list(regions).index(name)]
            volume = values[f"{name}.volume"]
            surface = surface_dose_Gy(held, nuclides, volume_L=volume, with_progeny=with_progeny)
            found.append(CavityDose(name, volume, held[:, 0], surface))
    return tuple(found)
