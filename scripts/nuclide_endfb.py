"""Half-lives and mean energies of ENDF/B-VIII.1, to compare the shipped table with."""

from __future__ import annotations

from dataclasses import dataclass

from nuclide_jeff import Key, load_library

ARCHIVE = "decay_endfb_81.tar.xz"


@dataclass(frozen=True)
class MeanEnergies:
    """Half-life, and mean energy per decay of light particles and of photons (keV)."""

    half_life_s: float
    light_keV: float
    photon_keV: float


def mean_energies(wanted: set[Key]) -> dict[Key, MeanEnergies]:
    """Return the means of the wanted nuclides, as the evaluation states them (MF8/MT457)."""
    library = load_library(ARCHIVE)
    result: dict[Key, MeanEnergies] = {}
    for key in sorted(wanted):
        if key not in library or library[key].stable:
            continue
        data = library[key].data
        light, photon = (float(data["Ex"][i][0]) / 1e3 for i in (0, 1))
        result[key] = MeanEnergies(float(data["T1/2"][0]), light, photon)
    return result
