"""Absorbed fractions of single spheres by simulation, in water or in vacuum.

In the same medium the fraction is an integral over the point kernel (M. J. Berger, MIRD Pamphlet
7, 1970); with vacuum around, particles are followed in the sphere itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.transport._electron_tables import ElectronSettings
from ligandose.transport._physics import ENERGY_KEV
from ligandose.transport.engine import run
from ligandose.transport.kernels import (
    PointKernel,
    cutoff_keV,
    electron_settings,
    joined,
    kernel_of,
    shell_means,
)
from ligandose.transport.materials import material
from ligandose.transport.problems import Emissions, problem
from ligandose.transport.spaces import Medium, sphere_space
from ligandose.transport.stopping import electron_csda_range

FloatArray = NDArray[np.float64]

AROUND = ("water", "vacuum")
SURFACE_SHARE = 0.005
"""Electrons whose range is below this part of the radius are deposited where they are: half of
those in the outermost shell of that thickness, 0.4 % of their energy, would get out."""
FIRST_HISTORIES = 25_600


@dataclass(frozen=True)
class SphereFraction:
    """Result of a run.

    Attributes:
        particle, energy_keV, mass_kg, around: what was asked.
        absorbed_fraction: part of the emitted energy that the sphere absorbs.
        uncertainty: its standard error, absolute.
        histories: particles followed.
    """

    particle: str
    energy_keV: float
    mass_kg: float
    around: str
    absorbed_fraction: float
    uncertainty: float
    histories: int


def pair_weight(radius_g_cm2: float | FloatArray, sphere_g_cm2: FloatArray) -> FloatArray:
    """Probability that a point at a distance from a random point of a sphere lies in it too."""
    x = np.minimum(np.divide(radius_g_cm2, sphere_g_cm2), 2.0)
    return 1.0 - 0.75 * x + x**3 / 16.0


def surface_weight(radius_g_cm2: float | FloatArray, sphere_g_cm2: FloatArray) -> FloatArray:
    """Part of a shell around a point of the surface of a sphere that lies in the sphere."""
    return 0.5 - 0.25 * np.minimum(np.divide(radius_g_cm2, sphere_g_cm2), 2.0)


def sphere_radius_g_cm2(mass_kg: float | FloatArray, density_g_cm3: float = 1.0) -> FloatArray:
    """Return the radius of a sphere as mass thickness."""
    volume = 1e3 * np.asarray(mass_kg, dtype=np.float64) / density_g_cm3
    return density_g_cm3 * np.asarray(np.cbrt(3.0 * volume / (4.0 * np.pi)))


def kernel_sphere_fractions(
    kernel: PointKernel, radius_g_cm2: FloatArray, *, surface: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return self (or surface) fractions of spheres in the kernel's medium, and standard errors."""
    weight = surface_weight if surface else pair_weight
    big = np.atleast_1d(radius_g_cm2)[None, :]

    def of_radius(r: FloatArray) -> FloatArray:
        return weight(r[:, None], big)

    return kernel.integral(shell_means(of_radius))


def sphere_fraction_simulated(
    particle: str,
    energy_keV: float,
    *,
    mass_kg: float,
    density_g_cm3: float = 1.0,
    medium: str = "water",
    around: str = "water",
    uncertainty: float = 0.002,
    max_histories: int = 10_000_000,
    seed: int = 1,
    settings: str | ElectronSettings = "accurate",
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SphereFraction:
    """Return the absorbed fraction of a sphere with a uniform isotropic source.

    Args:
        particle: "photon", "electron", "positron" (without its annihilation) or "alpha".
        energy_keV: kinetic or photon energy.
        mass_kg: of the sphere.
        density_g_cm3: of the sphere.
        medium: what it is made of.
        around: "water" (the medium of the sphere goes on outside) or "vacuum".
        uncertainty: relative standard error at which the run ends.
        max_histories: a run ends there at the latest.
        seed: same seed, same result.
        settings: of electron transport: "accurate", "fast" or `ElectronSettings`.
        threads: of the processor; None takes all.
        progress: called with histories done and the most that may follow.

    Raises:
        UnknownNameError: unknown particle, medium, surroundings or preset.
        InputError: a mass, density or uncertainty that is not positive, an energy outside the
            tables.
    """
    if around not in AROUND:
        raise UnknownNameError("medium around", around, AROUND)
    values = {"mass_kg": mass_kg, "density_g_cm3": density_g_cm3, "uncertainty": uncertainty}
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value}; it must be positive and finite")
    emissions = Emissions.single("electron" if particle == "positron" else particle, energy_keV)
    chosen = electron_settings(settings)
    radius = float(sphere_radius_g_cm2(mass_kg, density_g_cm3))
    if around == "vacuum":
        fraction, sd, histories = _in_vacuum(
            emissions, radius, Medium(medium, density_g_cm3), uncertainty, max_histories, seed,
            chosen, threads, progress,
        )  # fmt: skip
    else:
        fraction, sd, histories = _in_same_medium(
            emissions, radius, medium, uncertainty, max_histories, seed, chosen, threads, progress
        )
    return SphereFraction(particle, energy_keV, mass_kg, around, fraction, sd, histories)


def _in_vacuum(
    emissions: Emissions,
    radius: float,
    medium: Medium,
    uncertainty: float,
    max_histories: int,
    seed: int,
    settings: ElectronSettings,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[float, float, int]:
    made = problem(
        sphere_space([radius / medium.density()], [medium]),
        emissions,
        region="sphere_0",
        electrons=_surface_cutoff_keV(emissions, settings, radius, medium.material),
        settings=settings,
    )
    energy = emissions.energy_keV_per_decay
    histories = min(FIRST_HISTORIES, max_histories)
    while True:
        found = run(made, histories=histories, seed=seed, threads=threads, progress=progress)
        mean, sd = float(found.deposited_keV[0]) / energy, float(found.sd_keV[0]) / energy
        if sd <= uncertainty * mean or histories >= max_histories:
            return mean, sd, found.histories
        # as many as the pilot asks for, and some more since its uncertainty is uncertain
        wanted = 1.3 * histories * (sd / (uncertainty * mean)) ** 2 if mean > 0 else max_histories
        histories = min(max_histories, max(2 * histories, math.ceil(wanted)))


def _surface_cutoff_keV(
    emissions: Emissions, settings: ElectronSettings, radius: float, medium: str
) -> float:
    ranges = electron_csda_range(medium, ENERGY_KEV)
    wanted = math.log(SURFACE_SHARE * radius)
    short = float(np.interp(wanted, np.log(ranges), np.log(ENERGY_KEV)))
    return max(cutoff_keV(emissions, settings), math.exp(short))


def _in_same_medium(
    emissions: Emissions,
    radius: float,
    medium: str,
    uncertainty: float,
    max_histories: int,
    seed: int,
    settings: ElectronSettings,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[float, float, int]:
    kernel: PointKernel | None = None
    while True:
        part = kernel_of(
            emissions,
            medium=material(medium).name,
            histories=min(FIRST_HISTORIES, max_histories),
            seed=seed,
            settings=settings,
            threads=threads,
            first=0 if kernel is None else kernel.histories,
        )
        kernel = part if kernel is None else joined(kernel, part)
        mean, sd = kernel_sphere_fractions(kernel, np.array([radius]))
        if progress is not None:
            progress(kernel.histories, max(max_histories, kernel.histories))
        enough = sd[0] <= uncertainty * mean[0]
        if enough or kernel.histories >= max_histories:
            return float(mean[0]), float(sd[0]), kernel.histories
