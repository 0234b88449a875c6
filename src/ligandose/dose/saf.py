"""Specific absorbed fractions of a reference person: the table, and energies between its nodes.

A specific absorbed fraction SAF(target ← source, E) is the part of the energy of a particle that
a source emits at energy E which a target absorbs, over the target's mass (ICRP Publication 133).

Between nodes the logarithm of a positive SAF is a monotone cubic of the logarithm of the energy
(F. N. Fritsch, J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300, doi:10.1137/0905021, the
slopes of PCHIP); in an interval with a zero at an end the SAF is linear in that logarithm. Below
the lowest node it runs straight, in energy, to its limit for short ranges: 1/mass of the target
for the source itself, 0 for others (tables that state another limit keep theirs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import JOULE_PER_KEV, RADIATIONS, EmissionSpectrum
from ligandose.errors import DataError, InputError

FloatArray = NDArray[np.float64]
KEV_PER_MEV = 1000.0
BINS_PER_DECADE = 60
"""Lines nearer than 4 % are merged at their mean energy: the change of S is of second order."""


@dataclass(frozen=True)
class SafGrid:
    """SAF of one particle.

    Attributes:
        energy_MeV: (e,) rising.
        saf_per_kg: (sources, targets, e).
        relative_sd: (sources, targets, e) statistical standard deviation over the value.
        limit_per_kg: (sources, targets) SAF of particles of vanishing energy.
    """

    energy_MeV: FloatArray
    saf_per_kg: FloatArray
    relative_sd: FloatArray
    limit_per_kg: FloatArray

    @cached_property
    def _logs(self) -> tuple[FloatArray, FloatArray]:
        """Return ln SAF and its slope per ln E at the nodes; -inf and 0 where SAF is zero."""
        with np.errstate(divide="ignore"):
            y = np.log(self.saf_per_kg)
        return y, _pchip_slopes(np.log(self.energy_MeV), y)

    def mean_per_kg(self, energy_MeV: FloatArray, weight: FloatArray) -> FloatArray:
        """Return Σ weight × SAF(energy), (sources, targets).

        Args:
            energy_MeV, weight: (n,) energies, rising, and what each counts.

        Raises:
            InputError: an energy above the table.
        """
        self._check(energy_MeV)
        x = np.log(self.energy_MeV)
        total = self._below(energy_MeV, weight)
        y, slope = self._logs
        at = np.log(energy_MeV)
        for i in range(x.size - 1):
            here = (at >= x[i]) & ((at < x[i + 1]) | (i == x.size - 2))
            if np.any(here):
                u = (at[here] - x[i]) / (x[i + 1] - x[i])
                cubic = _hermite(y, slope, i, x[i + 1] - x[i], u) @ weight[here]
                first, last = float(weight[here] @ (1.0 - u)), float(weight[here] @ u)
                straight = first * self.saf_per_kg[..., i] + last * self.saf_per_kg[..., i + 1]
                total += np.where(np.isnan(cubic), straight, cubic)
        return total

    def variance_per_kg2(self, energy_MeV: FloatArray, weight: FloatArray) -> FloatArray:
        """Return the statistical variance of `mean_per_kg`, nodes taken as independent."""
        x = np.log(self.energy_MeV)
        shares = np.zeros(x.size)
        at = np.clip(np.log(energy_MeV), x[0], x[-1])
        i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
        u = (at - x[i]) / (x[i + 1] - x[i])
        low = np.minimum(energy_MeV / self.energy_MeV[0], 1.0)
        np.add.at(shares, i, weight * (1.0 - u) * low)
        np.add.at(shares, i + 1, weight * u)
        return (self.saf_per_kg * self.relative_sd) ** 2 @ shares**2

    def _below(self, energy: FloatArray, weight: FloatArray) -> FloatArray:
        low = energy < self.energy_MeV[0]
        part = energy[low] / self.energy_MeV[0]
        first = float(weight[low] @ part)
        return first * self.saf_per_kg[..., 0] + (weight[low].sum() - first) * self.limit_per_kg

    def _check(self, energy: FloatArray) -> None:
        if energy.size and energy[-1] > self.energy_MeV[-1] * (1.0 + 1e-9):
            raise InputError(
                f"energy {energy[-1]:.4g} MeV is above the table of specific absorbed fractions "
                f"(largest {self.energy_MeV[-1]:.4g} MeV)"
            )


@dataclass(frozen=True, eq=False)
class SafTable:
    """Specific absorbed fractions of a reference person, for each radiation of `RADIATIONS`.

    Attributes:
        name: host, such as "adult-male".
        origin: where the table comes from, for documents.
        sources, targets: regions.
        target_mass_kg: (targets,).
        grids: by radiation: "alpha", "electron", "photon".
        parts: what a region occupies of the regions that make up the body, kg by region; with it
            the remainder of the body is what no other source occupies.
        body_mass_kg: mass by region of those that make up the body, each once.
        organ_mass_kg: mass of the organ that a target stands for, where it is not the target's
            (the stem cells of a wall); the mass by which patients are scaled.
        omissions: what the table leaves out, one sentence each.
        sha256: hash of each file that the table was read from, by its name.

    Two tables are equal where they are the same object.
    """

    name: str
    origin: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    target_mass_kg: FloatArray
    grids: Mapping[str, SafGrid]
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    body_mass_kg: Mapping[str, float] = field(default_factory=dict[str, float])
    organ_mass_kg: Mapping[str, float] = field(default_factory=dict[str, float])
    omissions: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        shape = (len(self.sources), len(self.targets))
        for particle, grid in self.grids.items():
            check_grid(f"{self.name} {particle}", grid, shape)
        if not np.all(np.isfinite(self.target_mass_kg) & (self.target_mass_kg > 0)):
            bad = [t for t, m in zip(self.targets, self.target_mass_kg, strict=True) if not m > 0]
            raise DataError(f"{self.name}: the mass of {', '.join(bad)} is not positive")

    def mass_kg(self, target: str) -> float:
        """Return the mass of a target."""
        return float(self.target_mass_kg[self.targets.index(target)])

    def organ_kg(self, target: str) -> float:
        """Return the mass of the organ that a target is, or stands for."""
        return self.organ_mass_kg.get(target, self.mass_kg(target))

    @property
    def whole_kg(self) -> float:
        """Mass of all regions that make up the body."""
        return sum(self.body_mass_kg.values())

    def s_values(self, spectrum: EmissionSpectrum) -> tuple[FloatArray, FloatArray]:
        """Return absorbed dose per decay and its statistical standard deviation.

        S(t ← s) = Σ_i y_i E_i SAF(t ← s, E_i) (ICRP-133, equation 2.4; MIRD pamphlet 21).
        Recoil nuclei count with the alphas, at the SAF of their limit of short range.

        Returns:
            Two arrays (sources, targets, 3), Gy/(Bq s).

        Raises:
            InputError: an emission above the energies of the table.
        """
        shape = (len(self.sources), len(self.targets), len(RADIATIONS))
        value, variance = np.zeros(shape), np.zeros(shape)
        for k, particle in enumerate(RADIATIONS):
            grid = self.grids[particle]
            energy, weight = _condensed(spectrum.energy_keV[k], spectrum.yield_per_decay[k])
            try:
                value[..., k] = grid.mean_per_kg(energy, weight)
            except InputError as error:
                raise InputError(f"{spectrum.name} {particle}: {error}") from error
            variance[..., k] = grid.variance_per_kg2(energy, weight)
            if particle == "alpha":
                value[..., k] += spectrum.recoil_keV / KEV_PER_MEV * grid.limit_per_kg
        to_gray = JOULE_PER_KEV * KEV_PER_MEV
        return value * to_gray, np.sqrt(variance) * to_gray


def check_grid(name: str, grid: SafGrid, shape: tuple[int, int]) -> None:
    """Raise DataError where a grid is not a table of SAF.

    Raises:
        DataError: shapes that do not fit, energies that do not rise, values or uncertainties that
            are negative or not finite.
    """
    energy, saf = grid.energy_MeV, grid.saf_per_kg
    if saf.shape != (*shape, energy.size) or grid.relative_sd.shape != saf.shape:
        raise DataError(f"{name}: SAF of shape {saf.shape}; expected {(*shape, energy.size)}")
    if energy.size < 2 or not np.all(np.diff(energy) > 0) or not energy[0] > 0:
        raise DataError(f"{name}: the energies do not rise: {energy.tolist()} MeV")
    for what, values in (("SAF", saf), ("relative sd", grid.relative_sd)):
        if not np.all(np.isfinite(values) & (values >= 0)):
            raise DataError(f"{name}: a {what} is negative or not a number")


def _condensed(energy_keV: FloatArray, yields: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (n,) energies in MeV, rising, and (n,) emitted energies per decay in MeV."""
    weight = energy_keV * yields / KEV_PER_MEV
    keep = weight > 0
    energy, weight = energy_keV[keep] / KEV_PER_MEV, weight[keep]
    if energy.size == 0:
        return energy, weight
    place = np.floor(np.log10(energy) * BINS_PER_DECADE).astype(np.int64)
    group = np.unique(place, return_inverse=True)[1]
    total: FloatArray = np.bincount(group, weights=weight).astype(np.float64)
    moment: FloatArray = np.bincount(group, weights=weight * energy).astype(np.float64)
    return moment / total, total


def _hermite(y: FloatArray, slope: FloatArray, i: int, step: float, u: FloatArray) -> FloatArray:
    """Return (sources, targets, n) SAF in interval i; NaN where an end of it is zero."""
    basis = np.stack(
        [
            (1 + 2 * u) * (1 - u) ** 2,
            step * u * (1 - u) ** 2,
            u**2 * (3 - 2 * u),
            -step * u**2 * (1 - u),
        ]
    )
    ends = np.stack([y[..., i], slope[..., i], y[..., i + 1], slope[..., i + 1]], axis=-1)
    ends[~np.all(np.isfinite(ends), axis=-1)] = np.nan
    return np.exp(ends @ basis)


def _pchip_slopes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return dy/dx at the nodes, (…, n), by Fritsch and Butland; secants to -inf do not count."""
    h = np.diff(x)
    with np.errstate(invalid="ignore"):
        secant = np.diff(y, axis=-1) / h
    secant = np.where(np.isfinite(secant), secant, np.nan)
    slope = np.full_like(y, np.nan)
    left, right = secant[..., :-1], secant[..., 1:]
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w1 + w2) / (w1 / left + w2 / right)
    inner = np.where(left * right > 0, mean, 0.0)
    inner = np.where(np.isnan(left), right, np.where(np.isnan(right), left, inner))
    slope[..., 1:-1] = inner
    slope[..., 0], slope[..., -1] = secant[..., 0], secant[..., -1]
    return np.where(np.isnan(slope) & np.isfinite(y), 0.0, slope)
