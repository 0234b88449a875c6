"""Specific energy of alphas in a cell's nucleus: hits, single-event spectrum, survival.

Alphas run straight and slow down continuously (`transport.stopping`). A track gives the nucleus
the difference of its energies where it enters (or starts) and where it leaves (or stops).
Decays are taken as independent, so the number of hits is Poisson and the specific energy of a
nucleus is compound Poisson: A. M. Kellerer, Fundamentals of microdosimetry, in The Dosimetry of
Ionizing Radiation I (Academic Press, 1985). Survival by specific energy: J. C. Roeske and
T. G. Stinchcomb, J Nucl Med 38 (1997) 1923, exp(-n (1 - ∫ f1(z) exp(-z/z0) dz)).

Left out: delta rays that leave the nucleus, range straggling (1 to 2 %), recoil nuclei (they stay
within 0.1 µm), and that the alphas of one chain in place share their starting point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.cell_geometry import (
    ROUNDING,
    SOURCES,
    Cell,
    cross_distance_density,
    distance_density,
    share_in_ball,
)
from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.errors import InputError, UnknownNameError
from ligandose.transport import alpha_range_um

FloatArray = NDArray[np.float64]

MEDIUM = "medium"
"""Source: uniform in the medium outside the cell."""
EVENT_SOURCES = (*SOURCES, MEDIUM)
TRACKS = ("crosser", "stopper", "starter", "insider")
"""Enters and leaves; enters and stops; starts inside and leaves; starts inside and stops."""
SAMPLES = 1 << 16
GRID_PER_EVENT = 1024
"""Steps of specific energy up to the largest that one track can give."""
MOST_STEPS = 1 << 22
LARGEST_KEV = 12_000.0
LATTICE = np.array([0.7548776662466927, 0.5698402909980532])
"""1/p and 1/p² with p³ = p + 1: the even filling of the square by multiples (M. Roberts' R2, a
Kronecker sequence). Each line takes consecutive points, which are even too."""


class Neighbour(NamedTuple):
    """Another cell with decays, and the distance of its centre from that of the own cell."""

    cell: Cell
    distance_um: float


@dataclass(frozen=True)
class AlphaEvents:
    """Tracks through the nucleus, as equally informative samples with weights.

    Attributes:
        specific_energy_Gy: (n,) given to the nucleus by one track.
        weight: (n,) hits per decay that each sample stands for; for the source "medium" hits per
            decay and µm³ of medium.
        kind: (n,) index into TRACKS.
    """

    specific_energy_Gy: FloatArray
    weight: FloatArray
    kind: NDArray[np.int8]

    @property
    def hits_per_decay(self) -> float:
        """Mean number of tracks through the nucleus per decay (per decay and µm³ of medium)."""
        return float(self.weight.sum())

    @property
    def mean_Gy_per_decay(self) -> float:
        """Mean dose to the nucleus per decay by these tracks."""
        return float(self.weight @ self.specific_energy_Gy)

    @property
    def frequency_mean_Gy(self) -> float:
        """Mean specific energy of one track, z_F; 0 where none hits."""
        hits = self.hits_per_decay
        return self.mean_Gy_per_decay / hits if hits > 0.0 else 0.0

    @property
    def dose_mean_Gy(self) -> float:
        """Mean specific energy of a track weighted by what it gives, z_D; 0 where none hits."""
        first = self.mean_Gy_per_decay
        second = float(self.weight @ self.specific_energy_Gy**2)
        return second / first if first > 0.0 else 0.0

    def share_of_tracks(self) -> dict[str, float]:
        """Return the share of hits by TRACKS; all 0 where none hits."""
        hits = self.hits_per_decay
        found = np.bincount(self.kind, weights=self.weight, minlength=len(TRACKS))
        return {
            name: float(part / hits) if hits > 0.0 else 0.0
            for name, part in zip(TRACKS, found, strict=True)
        }


@dataclass(frozen=True)
class SpecificEnergy:
    """Specific energy in the nuclei of many equal cells.

    Attributes:
        mean_hits: mean number of tracks through a nucleus.
        step_Gy: distance of the grid of specific energy.
        single_event: (n,) probability of each grid value k × step_Gy for one track, f1.
    """

    mean_hits: float
    step_Gy: float
    single_event: FloatArray

    @property
    def specific_energy_Gy(self) -> FloatArray:
        """(n,) grid of the single-event spectrum."""
        return self.step_Gy * np.arange(self.single_event.size, dtype=np.float64)

    @property
    def zero_hit_fraction(self) -> float:
        """Fraction of nuclei that no track meets."""
        return math.exp(-self.mean_hits)

    @property
    def frequency_mean_Gy(self) -> float:
        """Mean specific energy of one track."""
        return float(self.single_event @ self.specific_energy_Gy)

    @property
    def dose_mean_Gy(self) -> float:
        """Mean specific energy of a track weighted by what it gives; 0 without hits."""
        first = self.frequency_mean_Gy
        return float(self.single_event @ self.specific_energy_Gy**2) / first if first > 0 else 0.0

    @property
    def mean_Gy(self) -> float:
        """Mean specific energy of all nuclei: the absorbed dose."""
        return self.mean_hits * self.frequency_mean_Gy

    @property
    def sd_Gy(self) -> float:
        """Standard deviation between nuclei, √(mean dose × dose-mean specific energy)."""
        return math.sqrt(self.mean_Gy * self.dose_mean_Gy)

    def survival(self, z0_Gy: float) -> float:
        """Return the fraction of cells that survive where z kills by 1 - exp(-z/z0).

        exp(-n (1 - ∫ f1(z) e^(-z/z0) dz)), Roeske and Stinchcomb 1997.

        Args:
            z0_Gy: specific energy that leaves e⁻¹ of the cells that receive exactly it.

        Raises:
            InputError: z0_Gy not positive.
        """
        if not (math.isfinite(z0_Gy) and z0_Gy > 0.0):
            raise InputError(f"z0_Gy is {z0_Gy}; it must be positive")
        spared = float(self.single_event @ np.exp(-self.specific_energy_Gy / z0_Gy))
        return math.exp(-self.mean_hits * (1.0 - spared))

    def distribution(self) -> tuple[FloatArray, FloatArray]:
        """Return specific energy (m,) and its probability (m,) over nuclei, any number of hits.

        The transform of a compound Poisson law is exp(n (φ1 - 1)), with φ1 that of f1; the grid
        reaches twelve standard deviations beyond the mean. The first value, at 0, is the fraction
        without a hit.

        Raises:
            InputError: so many hits that the grid would exceed 4 million steps; the law is normal
                then, with `mean_Gy` and `sd_Gy`.
        """
        most = self.mean_Gy + 12.0 * self.sd_Gy + 2.0 * self.step_Gy * self.single_event.size
        steps = 1 << math.ceil(math.log2(most / self.step_Gy + 1.0))
        if steps > MOST_STEPS:
            raise InputError(
                f"mean_hits is {self.mean_hits:.3g}; a distribution on a grid is for fewer: with "
                "so many hits it is normal, with mean_Gy and sd_Gy"
            )
        transform = np.fft.rfft(self.single_event, steps)
        found = np.asarray(np.fft.irfft(np.exp(self.mean_hits * (transform - 1.0)), steps))
        grid = self.step_Gy * np.arange(steps, dtype=np.float64)
        return grid, np.maximum(found, 0.0).astype(np.float64)


def alpha_events(
    nuclide: str,
    cell: Cell,
    *,
    source: str,
    progeny: bool = True,
    retained: float | Mapping[str, float] = 1.0,
    horizon_s: float | None = None,
    neighbour: Neighbour | None = None,
    seed: int = 1,
    samples: int = SAMPLES,
) -> AlphaEvents:
    """Return the tracks of a nuclide's alphas, and of its progeny's, through a cell's nucleus.

    Args:
        nuclide: any usual spelling.
        cell: sizes.
        source: "cell_surface", "cytoplasm", "nucleus", "whole_cell", or "medium" (uniform
            outside the cell, as far as alphas reach).
        progeny, retained, horizon_s: as `cell_kernel`.
        neighbour: the decays are in a compartment of this cell instead of the own one.
        seed: shifts the samples.
        samples: how many; moments are good to about 1e-3 with 65536.

    Raises:
        UnknownNameError: an unknown nuclide or source.
        InputError: no alphas, a retained fraction outside 0 to 1, or cells that overlap.
    """
    from ligandose.dose.cell_emissions import members_decays
    from ligandose.nuclides import alpha_lines

    counts = members_decays(nuclide, progeny=progeny, retained=retained, horizon_s=horizon_s)
    found = [(alpha_lines(member), count) for member, count in counts.items()]
    energy = np.concatenate([lines.energy_MeV for lines, _ in found]) * 1e3
    amount = np.concatenate([lines.yield_per_decay * count for lines, count in found])
    if not amount.sum() > 0.0:
        raise InputError(f"{nuclide} emits no alphas, nor does its progeny")
    return events_of_lines(
        energy, amount, cell, source=source, neighbour=neighbour, seed=seed, samples=samples
    )


def events_of_lines(
    energy_keV: FloatArray,
    yield_per_decay: FloatArray,
    cell: Cell,
    *,
    source: str,
    neighbour: Neighbour | None = None,
    seed: int = 1,
    samples: int = SAMPLES,
) -> AlphaEvents:
    """Return the tracks of given alpha lines through a cell's nucleus; else as `alpha_events`."""
    allowed = EVENT_SOURCES if neighbour is None else SOURCES
    if source not in allowed:
        raise UnknownNameError("source compartment", source, allowed)
    if samples < 1:
        raise InputError(f"samples is {samples}; at least one is needed")
    order = np.argsort(energy_keV)
    energy, amount = energy_keV[order], yield_per_decay[order]
    reach = alpha_range_um(energy)

    number = np.arange(samples)
    even = (np.random.default_rng(seed).random(2) + number[:, None] * LATTICE) % 1.0
    line = np.searchsorted(np.cumsum(amount) / amount.sum(), (number + 0.5) / samples)
    line = np.minimum(line, amount.size - 1)
    if neighbour is None:
        distance, weight = _starts(even[:, 0], cell, source, float(reach.max()))
    else:
        distance, weight = _starts_beside(even[:, 0], cell, source, neighbour)
    first, last, cone = _chords(even[:, 1], distance, cell.nucleus_radius_um)
    weight = weight * cone * (amount.sum() / samples)

    given = _energy_left(np.maximum(reach[line] - first, 0.0)) - _energy_left(
        np.maximum(reach[line] - last, 0.0)
    )
    hit = (reach[line] > first) & (weight > 0.0)
    inside = distance < cell.nucleus_radius_um
    stops = reach[line] < last
    kind = np.where(inside, np.where(stops, 3, 2), np.where(stops, 1, 0)).astype(np.int8)
    z = given * JOULE_PER_KEV / cell.mass_kg("nucleus")
    return AlphaEvents(z[hit], weight[hit], kind[hit])


def specific_energy_of(parts: Sequence[tuple[AlphaEvents, float]]) -> SpecificEnergy:
    """Return the specific energy of nuclei that several sources hit.

    Args:
        parts: tracks and mean number of decays that emit them; for the source "medium" decays
            per µm³ of medium.

    Raises:
        InputError: a negative number of decays, or no hits at all.
    """
    for _, decays in parts:
        if not (math.isfinite(decays) and decays >= 0.0):
            raise InputError(f"decays is {decays}; a number of decays must not be negative")
    z = np.concatenate([events.specific_energy_Gy for events, _ in parts])
    weight = np.concatenate([events.weight * decays for events, decays in parts])
    hits = float(weight.sum())
    if not hits > 0.0:
        raise InputError("no track meets the nucleus: give decays, or a source within reach of it")
    step = float(z.max()) / GRID_PER_EVENT
    place = z / step
    below = np.minimum(place.astype(np.int64), GRID_PER_EVENT - 1)
    part = place - below  # shared between two grid values, so that the mean is kept
    single = np.bincount(below, weight * (1.0 - part), GRID_PER_EVENT + 1)
    single += np.bincount(below + 1, weight * part, GRID_PER_EVENT + 1)
    return SpecificEnergy(hits, step, single / hits)


# ------------------------------------------------------------------ tracks


def _starts(
    even: FloatArray, cell: Cell, source: str, farthest: float
) -> tuple[FloatArray, FloatArray]:
    """Return distances from the nucleus's centre and weights whose mean is one (medium: µm³)."""
    whole, inner, offset = cell.radius_um, cell.nucleus_radius_um, cell.nucleus_offset_um
    if source == MEDIUM:
        low, high = whole - offset, inner + farthest
        distance = low + max(high - low, 0.0) * even
        outside = 1.0 - share_in_ball(distance, distance_um=offset, ball_radius_um=whole)
        return distance, max(high - low, 0.0) * 4.0 * math.pi * distance**2 * outside
    if source == "nucleus":
        return inner * np.cbrt(even), np.ones_like(even)
    if source == "cell_surface" and offset <= ROUNDING * whole:
        return np.full_like(even, whole), np.ones_like(even)
    low = {"cell_surface": whole - offset, "cytoplasm": inner, "whole_cell": 0.0}[source]
    high = whole + offset
    distance = low + (high - low) * even
    return distance, (high - low) * distance_density(distance, cell, source=source)


def _starts_beside(
    even: FloatArray, cell: Cell, source: str, neighbour: Neighbour
) -> tuple[FloatArray, FloatArray]:
    """Return distances from the nucleus's centre and weights for decays in another cell."""
    width = neighbour.cell.radius_um + cell.nucleus_offset_um
    distance = neighbour.distance_um + width * (2.0 * even - 1.0)
    density = cross_distance_density(
        distance, neighbour.cell, cell, apart_um=neighbour.distance_um, source=source
    )
    return distance, 2.0 * width * density


def _chords(
    even: FloatArray, distance: FloatArray, ball: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return where tracks enter and leave a ball and the part of all directions that meet it.

    From outside only directions within the cone of the ball are drawn.
    """
    outside = distance > ball
    safe = np.where(outside, distance, 2.0 * ball)
    # cosine of the cone, and 1 - cosine without cancellation far away
    sine2 = (ball / safe) ** 2
    opening = sine2 / (1.0 + np.sqrt(np.maximum(1.0 - sine2, 0.0)))
    one_minus = np.where(outside, opening * even, 2.0 * even)
    cosine = 1.0 - one_minus
    sine2_track = one_minus * (2.0 - one_minus)
    half = np.sqrt(np.maximum(ball**2 - distance**2 * sine2_track, 0.0))
    middle = distance * cosine
    first = np.where(outside, middle - half, 0.0)
    return first, middle + half, np.where(outside, 0.5 * opening, 1.0)


def _energy_left(range_um: FloatArray) -> FloatArray:
    """Return the energy of an alpha with this range left, keV."""
    energy, reach = _range_table()
    return np.interp(range_um, reach, energy)


@cache
def _range_table() -> tuple[FloatArray, FloatArray]:
    energy = np.concatenate([[0.0], np.geomspace(1.0, LARGEST_KEV, 4001)])
    return energy, alpha_range_um(energy)
