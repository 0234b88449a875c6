"""Shells around a vessel or within a spheroid, and how readily ligand passes between them.

Finite volumes: a shell holds the mean concentration over its volume at its middle radius r_i.
The flux between two shells is that of the exact steady profile between their middles (logarithmic
in a cylinder, reciprocal in a sphere), so shells of any width are joined without the error of a
flat layer; what is left is of second order in the width of the shells. Shell 0 lies at the source
(vessel wall, surface of the spheroid), where shells are thinnest; nothing passes the far side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RadialGrid:
    """Shells in order of their distance from the source.

    Attributes:
        dimension: 2 for a cylinder, 3 for a sphere.
        edge_um: (n + 1,) radii of the faces; shell i lies between edge i and i + 1.
        radius_um: (n,) middle radius of each shell.
    """

    dimension: int
    edge_um: Floats
    radius_um: Floats

    @property
    def volume(self) -> Floats:
        """(n,) volume of each shell per π (cylinder, per length) or per 4π/3 (sphere)."""
        return np.abs(np.diff(self.edge_um**self.dimension))

    @property
    def share(self) -> Floats:
        """(n,) share of each shell in the tissue's volume."""
        return self.volume / self.volume.sum()

    @property
    def distance_um(self) -> Floats:
        """(n,) distance of each shell's middle from the source."""
        return np.abs(self.radius_um - self.edge_um[0])

    def exchange_per_s(self, diffusion_um2_s: float) -> tuple[Floats, Floats]:
        """Return the rates (1/s) to the neighbour nearer to the source and farther from it.

        The first has no neighbour nearer, the last none farther; these entries are 0.
        """
        middle = self._flux_factor(self.radius_um[:-1], self.radius_um[1:])
        conductance = diffusion_um2_s * middle
        none = np.zeros(1)
        nearer = np.concatenate([none, conductance]) / self.volume
        farther = np.concatenate([conductance, none]) / self.volume
        return nearer, farther

    def entry_per_s(
        self, diffusion_um2_s: float, void_fraction: float, *, permeability_um_s: float
    ) -> tuple[float, float]:
        """Return how fast shell 0 gains per concentration outside, and loses of its own, 1/s.

        The wall (permeability P, flux P (C - c/ε)) and the half shell behind it lie in series;
        P may be infinite: then c at the surface is ε C.
        """
        surface = self.dimension * self.edge_um[0] ** (self.dimension - 1)
        half = self._flux_factor(self.edge_um[:1], self.radius_um[:1])[0]
        wall = 0.0 if np.isinf(permeability_um_s) else 1.0 / (permeability_um_s * surface)
        conductance = 1.0 / (wall + 1.0 / (diffusion_um2_s * void_fraction * half))
        entry = float(conductance / self.volume[0])
        return entry, entry / void_fraction

    def _flux_factor(self, one: Floats, other: Floats) -> Floats:
        """Return flux per diffusion coefficient and difference, in the units of `volume`."""
        if self.dimension == 2:
            return 2.0 / np.abs(np.log(other / one))
        return 3.0 / np.abs(1.0 / one - 1.0 / other)


def radial_grid(
    source_um: float, far_um: float, *, dimension: int, cells: int, grading: float
) -> RadialGrid:
    """Return shells from `source_um` to `far_um`.

    Args:
        source_um: radius at which ligand enters.
        far_um: radius of the far side; 0 for a whole sphere.
        dimension: 2 or 3.
        cells: number of shells.
        grading: width of the last shell over that of the first, along a smooth exponential map
            (so that second order is kept).
    """
    s = np.linspace(0.0, 1.0, cells + 1)
    middle = 0.5 * (s[1:] + s[:-1])
    strength = np.log(grading)

    def stretched(x: Floats) -> Floats:
        share = x if abs(strength) < 1e-9 else np.expm1(strength * x) / np.expm1(strength)
        return source_um + (far_um - source_um) * share

    edge = stretched(s)
    edge[-1] = far_um
    return RadialGrid(dimension, edge, stretched(middle))
