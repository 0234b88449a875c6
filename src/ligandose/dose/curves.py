"""Energy per decay that a sphere absorbs, against its mass: one curve per nuclide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.transport import sphere_fraction_grid, sphere_table

FloatArray = NDArray[np.float64]

RADIATIONS = ("alpha", "electron", "photon")
"""Order of the radiation axis everywhere in dose; alpha holds the recoil nucleus too."""
JOULE_PER_KEV = 1.602176634e-16
"""CODATA 2022 (exact)."""
NODES = 241
WATER_KG_M3 = 1000.0
TINY = 1e-300  # stands for "no emission" under the logarithm


@dataclass(frozen=True)
class EmissionSpectrum:
    """What a decay emits, as lines; continuous spectra come as fine histograms.

    Attributes:
        name: nuclide, with "+ progeny" where members of the chain are in it.
        energy_keV: per radiation of RADIATIONS, (n,) energies of the lines.
        yield_per_decay: per radiation, (n,) yields.
        recoil_keV: energy of recoil nuclei per decay; absorbed where it arises.
    """

    name: str
    energy_keV: tuple[FloatArray, FloatArray, FloatArray]
    yield_per_decay: tuple[FloatArray, FloatArray, FloatArray]
    recoil_keV: float = 0.0

    def __post_init__(self) -> None:
        pairs = zip(RADIATIONS, self.energy_keV, self.yield_per_decay, strict=True)
        for radiation, energy, yields in pairs:
            if energy.shape != yields.shape or energy.ndim != 1:
                raise InputError(f"{self.name} {radiation}: energies and yields differ in shape")
            good = np.isfinite(energy) & (energy > 0) & np.isfinite(yields) & (yields >= 0)
            if not np.all(good):
                raise InputError(
                    f"{self.name} {radiation}: an energy that is not positive or a negative yield"
                )
        if not (np.isfinite(self.recoil_keV) and self.recoil_keV >= 0):
            raise InputError(f"{self.name}: recoil_keV {self.recoil_keV} is negative")

    @property
    def emitted_J(self) -> FloatArray:
        """(3,) emitted energy per decay by radiation, recoil counted as alpha."""
        sums = [float(e @ y) for e, y in zip(self.energy_keV, self.yield_per_decay, strict=True)]
        return np.array([sums[0] + self.recoil_keV, sums[1], sums[2]]) * JOULE_PER_KEV


@dataclass(frozen=True)
class EnergyCurves:
    """Energy absorbed per decay in a sphere; tabulated once per nuclide.

    Attributes:
        name: nuclide.
        emitted_J: (3,) emitted energy per decay.
        log_mass_kg: (g,) natural logarithms of the mass at unit density, evenly spaced.
        log_self_J: (3, g) logarithm of the energy absorbed by the sphere.
    """

    name: str
    emitted_J: FloatArray
    log_mass_kg: FloatArray
    log_self_J: FloatArray

    def self_J(
        self, mass_kg: ArrayLike, *, density_kg_m3: ArrayLike = WATER_KG_M3, pieces: ArrayLike = 1
    ) -> FloatArray:
        """Return the energy per decay that a region keeps of its own emissions, J.

        Args:
            mass_kg: mass of the region.
            density_kg_m3: its density.
            pieces: number of equal, separate spheres that it consists of (2 for the kidneys).

        Returns:
            Shape of the broadcast arguments + (3,).

        Raises:
            InputError: a sphere outside the table, or a mass that is not positive.
        """
        mass = np.asarray(mass_kg, dtype=np.float64)
        if not np.all(np.isfinite(mass) & (mass > 0)):
            bad = mass[~(np.isfinite(mass) & (mass > 0))].flat[0]
            raise InputError(f"mass_kg is {bad}; it must be positive and finite")
        relative = np.asarray(density_kg_m3, dtype=np.float64) / WATER_KG_M3
        log_mass: FloatArray = np.log(mass / np.asarray(pieces, dtype=np.float64) * relative**2)
        low, high = self.log_mass_kg[0], self.log_mass_kg[-1]
        if np.any(log_mass < low - 1e-9) or np.any(log_mass > high + 1e-9):
            worst = float(log_mass.min() if log_mass.min() < low else log_mass.max())
            raise InputError(
                f"a sphere of {np.exp(worst):.4g} kg (at unit density) is outside the table of "
                f"absorbed fractions, {np.exp(low):.3g} to {np.exp(high):.4g} kg"
            )
        values = np.empty((*log_mass.shape, len(RADIATIONS)))
        for k, row in enumerate(self.log_self_J):
            values[..., k] = np.interp(log_mass, self.log_mass_kg, row)
        return np.exp(values) * (self.emitted_J > 0)


def energy_curves(spectrum: EmissionSpectrum) -> EnergyCurves:
    """Tabulate Σ y E φ(E, m) of a spectrum on the masses of the table of absorbed fractions.

    Raises:
        InputError: an emission above the energies of the table.
    """
    masses = sphere_table("electron").mass_kg
    log_mass = np.linspace(math.log(masses[0]), math.log(masses[-1]), NODES)
    mass = np.exp(log_mass)
    own = np.full((3, NODES), TINY)
    for k, particle in enumerate(RADIATIONS):
        energy, yields = spectrum.energy_keV[k], spectrum.yield_per_decay[k]
        recoil = spectrum.recoil_keV if particle == "alpha" else 0.0
        if energy.size:
            own[k] += sphere_fraction_grid(particle, energy, mass) @ (energy * yields)
        own[k] += recoil
    return EnergyCurves(
        name=spectrum.name,
        emitted_J=spectrum.emitted_J,
        log_mass_kg=log_mass,
        log_self_J=np.log(own * JOULE_PER_KEV + TINY),
    )
