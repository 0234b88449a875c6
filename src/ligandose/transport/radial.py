"""Radial kernels: the energy that an emission leaves within a distance of its point, in water.

From nanometres to centimetres, for endless liquid water of 1 g/cm3. Electrons: kernels of the
package's own Monte Carlo, scaled by the range (`_radial_electrons.py`); alphas: straight tracks
that slow down continuously; photons: kernels of the same Monte Carlo (`_radial_photons.py`).
docs/cells.md says how good each is.

By reciprocity the mean dose of a region t from decays spread evenly over a region s is

    S(t <- s) = 1/m_t integral of psi_ts(r) dE(r)

with E(r) = `RadialKernel.energy_within_keV` and psi_ts(r) the mean, over points of s, of the part
of the sphere of radius r around the point that lies in t (M. J. Berger 1970, MIRD Pamphlet 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.transport import _radial_electrons, _radial_photons
from ligandose.transport._radial_shape import hermite, monotone_slopes
from ligandose.transport.stopping import ALPHA_RANGE_KEV, alpha_stopping

FloatArray = NDArray[np.float64]

RADIATIONS = ("alpha", "electron", "photon")
UM_PER_CM = 1e4
FIRST_UM, LAST_UM = 1e-4, 2e5
PER_DECADE = 80
_APART = 1e-6
HIGHEST_KEV = {"alpha": 12_000.0, "electron": 10_000.0, "photon": 10_000.0}


class EnergyLines(Protocol):
    """Energies and how many are emitted per decay, both (line,); nuclides.Lines is one."""

    @property
    def energy_MeV(self) -> FloatArray: ...

    @property
    def yield_per_decay(self) -> FloatArray: ...


# ------------------------------------------------------------------ one energy


def _checked(energy: ArrayLike, radius: ArrayLike, what: str) -> tuple[FloatArray, FloatArray]:
    """Return energies (k,) and distances (n,), or raise InputError."""
    e = np.atleast_1d(np.asarray(energy, dtype=np.float64))
    r = np.atleast_1d(np.asarray(radius, dtype=np.float64))
    highest = HIGHEST_KEV[what]
    bad = ~((e > 0.0) & (e <= highest * (1 + 1e-9)))
    if bad.any():
        raise InputError(
            f"{what} energy_keV is {e[bad].flat[0]:g}; allowed are above 0 and up to "
            f"{highest:g} keV"
        )
    return e, _distances(r)


def _distances(radius_um: FloatArray) -> FloatArray:
    bad = ~(radius_um >= 0.0)
    if bad.any():
        raise InputError(f"radius_um is {radius_um[bad].flat[0]:g}; it must not be negative")
    return radius_um


def electron_within(energy_keV: ArrayLike, radius_um: ArrayLike) -> FloatArray:
    """Return the part of an electron's energy that is deposited within a distance.

    Args:
        energy_keV: (k,) kinetic energies, up to 10 MeV. Below 10 eV an electron stays where it is.
        radius_um: (n,) distances from its point of emission.

    Returns:
        (k, n) parts, 0 to 1; bremsstrahlung counts where it is absorbed.

    Raises:
        InputError: an energy or a distance outside what is allowed.

    Example:
        >>> [round(float(x), 3) for x in electron_within(100.0, [50.0, 143.9])[0]]
        [0.262, 0.995]
    """
    e, r = _checked(energy_keV, radius_um, "electron")
    found = _radial_electrons.within(np.maximum(e, _radial_electrons.LOWEST_KEV), r)
    return np.where(e[:, None] < _radial_electrons.LOWEST_KEV, 1.0, found)


def electron_range_um(energy_keV: ArrayLike) -> FloatArray:
    """Return the range of electrons in water, µm, by which their kernels are scaled.

    Continuous slowing down with the stopping power of the simulation (ICRU-37 from 5 keV on),
    constant below 0.1 keV.
    """
    return _radial_electrons.range_um(np.asarray(energy_keV, dtype=np.float64))


def alpha_within(energy_keV: ArrayLike, radius_um: ArrayLike) -> FloatArray:
    """Return the part of an alpha's energy that is deposited within a distance.

    A straight track with continuous slowing down (`alpha_stopping`: ICRU-90 electronic and
    ICRU-49 nuclear stopping power of liquid water); no straggling (1 to 2 % of the range), no
    width of the track (knock-on electrons go 0.1 µm). Arguments, shapes and errors as
    `electron_within`, energies up to 12 MeV.
    """
    e, r = _checked(energy_keV, radius_um, "alpha")
    energy, path = _alpha_path_um()
    start = np.interp(e, energy, path)[:, None]
    left = np.interp(np.maximum(start - r[None, :], 0.0), path, energy)
    return 1.0 - left / e[:, None]


def alpha_range_um(energy_keV: ArrayLike) -> FloatArray:
    """Return the CSDA range of alphas in water, µm, as `alpha_within` uses it."""
    energy, path = _alpha_path_um()
    return np.interp(np.asarray(energy_keV, dtype=np.float64), energy, path)


@cache
def _alpha_path_um() -> tuple[FloatArray, FloatArray]:
    """Return energies from 0 and the path from each to rest."""
    grid = np.geomspace(*ALPHA_RANGE_KEV, 4001)
    per_keV = UM_PER_CM / alpha_stopping("water", grid)
    steps = 0.5 * (per_keV[1:] + per_keV[:-1]) * np.diff(grid)
    # below 1 keV nuclear stopping rules and is about constant
    path = np.concatenate([[0.0, grid[0] * per_keV[0]], steps]).cumsum()
    return np.concatenate([[0.0], grid]), path


def photon_within(energy_keV: ArrayLike, radius_um: ArrayLike) -> FloatArray:
    """Return the part of a photon's energy that is deposited within a distance.

    By the electrons that it and its scattered photons set free, which carry it some way first.
    Arguments, shapes and errors as `electron_within`.
    """
    return _radial_photons.within(*_checked(energy_keV, radius_um, "photon"))


# ------------------------------------------------------------------ of a decay


@dataclass(frozen=True)
class RadialKernel:
    """Energy per decay within a distance of its point, alphas, electrons and photons apart.

    Attributes:
        radius_um: (n,) distances, rising from 0.
        within_keV: (3, n) energy within each, by radiation (alpha with recoil, electron, photon).
            What is there at distance 0 is deposited at the point (recoil nuclei).
        emitted_keV: (3,) energy emitted; what is missing at the last distance goes farther.
    """

    radius_um: FloatArray
    within_keV: FloatArray
    emitted_keV: FloatArray

    def __post_init__(self) -> None:
        """Refuse shapes and orders that cannot be a kernel."""
        n = self.radius_um.size
        if self.radius_um.ndim != 1 or n < 3 or self.within_keV.shape != (3, n):
            raise InputError(
                f"RadialKernel: radius_um {self.radius_um.shape} and within_keV "
                f"{self.within_keV.shape} must be (n,) and (3, n), n > 2"
            )
        if self.radius_um[0] != 0.0 or not np.all(np.diff(self.radius_um) > 0):
            raise InputError("RadialKernel: radius_um must rise from 0")

    @cached_property
    def _curve(self) -> tuple[FloatArray, FloatArray]:
        x = _coordinate(self.radius_um, self.radius_um[1])
        return x, monotone_slopes(x, self.within_keV)

    def energy_within_keV(self, radius_um: ArrayLike) -> FloatArray:
        """Return the energy per decay within distances of any shape, (3, …).

        A monotone cubic in the logarithm of the distance; linear below the first distance above
        0; constant beyond the last.
        """
        x, slopes = self._curve
        r = _distances(np.asarray(radius_um, dtype=np.float64))
        return hermite(x, self.within_keV, slopes, _coordinate(r, self.radius_um[1]))

    def scaled(self, factor: float) -> RadialKernel:
        """Return the kernel of `factor` decays."""
        if not factor >= 0:
            raise InputError(f"RadialKernel.scaled: factor is {factor:g}; it must not be negative")
        return RadialKernel(self.radius_um, factor * self.within_keV, factor * self.emitted_keV)

    def __add__(self, other: RadialKernel) -> RadialKernel:
        """Return the kernel of both, on the distances of both."""
        emitted = self.emitted_keV + other.emitted_keV
        if np.array_equal(self.radius_um, other.radius_um):
            return RadialKernel(self.radius_um, self.within_keV + other.within_keV, emitted)
        radius = _merged(self.radius_um, other.radius_um)
        within = self.energy_within_keV(radius) + other.energy_within_keV(radius)
        return RadialKernel(radius, within, emitted)


def _merged(*radii_um: FloatArray) -> FloatArray:
    """Return all distances, those once that are the same but for rounding."""
    every = np.unique(np.concatenate(radii_um))
    return every[np.concatenate([[True], np.diff(every) > _APART * every[1:]])]


def _coordinate(radius_um: FloatArray, first_um: float) -> FloatArray:
    """Return r/first up to the first distance, then 1 + ln(r/first): smooth in value and slope."""
    part = radius_um / first_um
    return np.where(part < 1.0, part, 1.0 + np.log(np.maximum(part, 1.0)))


def radial_kernel(
    *,
    alpha: EnergyLines | None = None,
    electron: EnergyLines | None = None,
    photon: EnergyLines | None = None,
    recoil_keV: float = 0.0,
) -> RadialKernel:
    """Return the kernel of what a decay emits.

    Args:
        alpha, electron, photon: lines (beta spectra as bins); None for none.
        recoil_keV: energy of recoil nuclei per decay, deposited at the point.

    Raises:
        InputError: an energy out of range, a negative yield or recoil energy.
    """
    if not recoil_keV >= 0:
        raise InputError(f"recoil_keV is {recoil_keV:g}; it must not be negative")
    alphas, electrons, photons = _lines(alpha), _lines(electron), _lines(photon)
    radius = _radii(alphas)
    within = np.stack(
        [
            _sum(alphas, alpha_within, radius) + recoil_keV,
            _sum(electrons, electron_within, radius),
            _sum(photons, photon_within, radius),
        ]
    )
    emitted = np.array([float(e @ y) for e, y in (alphas, electrons, photons)])
    emitted[0] += recoil_keV
    return RadialKernel(radius, within, emitted)


def _lines(given: EnergyLines | None) -> tuple[FloatArray, FloatArray]:
    """Return energies in keV and yields of what is really emitted."""
    if given is None:
        return np.empty(0), np.empty(0)
    energy = 1e3 * np.asarray(given.energy_MeV, dtype=np.float64)
    number = np.asarray(given.yield_per_decay, dtype=np.float64)
    if not np.all(number >= 0):
        raise InputError(f"yield_per_decay is {np.min(number):g}; it must not be negative")
    some = (number > 0) & (energy > 0)
    return energy[some], number[some]


def _sum(
    lines: tuple[FloatArray, FloatArray],
    within: Callable[[FloatArray, FloatArray], FloatArray],
    radius: FloatArray,
) -> FloatArray:
    """Return the energy of all lines within each distance, (radii,)."""
    energy, number = lines
    if energy.size == 0:
        return np.zeros(radius.size)
    return (energy * number) @ within(energy, radius)


def _base_radii() -> FloatArray:
    decades = np.log10(LAST_UM / FIRST_UM)
    return np.geomspace(FIRST_UM, LAST_UM, round(PER_DECADE * decades) + 1)


ALPHA_STEP_UM = 0.5
# an alpha stops abruptly: distances before the end of its track, µm
_BEFORE_END_UM = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.3])
_STRONG = 2e-3


def _radii(alphas: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the distances of a kernel: even in the logarithm, and finer along alpha tracks."""
    base = _base_radii()
    energy, number = alphas
    if energy.size == 0:
        return np.concatenate([[0.0], base])
    ends = alpha_range_um(energy)
    along = np.arange(ALPHA_STEP_UM, ends.max(), ALPHA_STEP_UM)
    power = energy * number
    strong = ends[power > _STRONG * power.sum()]
    stops = (strong[:, None] - _BEFORE_END_UM).ravel()
    return _merged(np.zeros(1), base, along, stops[stops > 0])
