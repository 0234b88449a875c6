"""Dose point kernels: where the energy of a point source in an infinite medium goes.

Distances are mass thicknesses (g/cm2), so a kernel of a medium serves any density of it. All that
is linear in a kernel (spheres, voxels) follows from it by integration; the uncertainty of every
such result comes from the batches that the kernel keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.transport._electron_tables import ACCURATE, PRESETS, ElectronSettings
from ligandose.transport._point import STRATA, run_from_point
from ligandose.transport._stack import ALPHA, COLUMNS, DEPTH, PHOTON
from ligandose.transport._tally import RADIAL, Tally
from ligandose.transport.engine import Problem
from ligandose.transport.materials import material
from ligandose.transport.problems import QUANTA_PER_KEV, Emissions, problem
from ligandose.transport.spaces import Medium, infinite_space
from ligandose.transport.stopping import alpha_csda_range, electron_csda_range

FloatArray = NDArray[np.float64]

R_MIN_G_CM2 = 1e-6
BINS_PER_E = 40.0
BINS = 820
"""Bins 2.5 % wide from 1e-6 to 780 g/cm2; what goes farther counts in the last."""
BATCHES = 20
LOWEST_CUTOFF_KEV = 1.0
PHOTON_CUTOFF_KEV = 10.0
"""Electrons set free by photons travel less than 3 um of water below it."""
LARGEST_HISTORIES = 1_000_000_000

EDGES: FloatArray = np.concatenate([[0.0], R_MIN_G_CM2 * np.exp(np.arange(BINS) / BINS_PER_E)])


@dataclass(frozen=True)
class PointKernel:
    """Energy deposited around a point source, as parts of the emitted energy.

    Attributes:
        medium: name of the material.
        energy_keV: mean energy emitted per decay (or per particle).
        batch_fraction: (batches, bins) part of the emitted energy by shell.
        csda_range_g_cm2: of the hardest charged particle; 0 where photons alone are emitted.
        histories: particles followed.
    """

    medium: str
    energy_keV: float
    batch_fraction: FloatArray
    csda_range_g_cm2: float
    histories: int

    @property
    def edge_g_cm2(self) -> FloatArray:
        """(bins + 1,) limits of the shells, from 0."""
        return EDGES

    @property
    def fraction(self) -> FloatArray:
        """(bins,) part of the energy by shell."""
        return self.batch_fraction.mean(axis=0)

    @property
    def fraction_sd(self) -> FloatArray:
        """(bins,) its standard error."""
        return self.batch_fraction.std(axis=0, ddof=1) / np.sqrt(len(self.batch_fraction))

    @property
    def cumulative(self) -> FloatArray:
        """(bins + 1,) part of the energy within each limit."""
        return np.concatenate([[0.0], np.cumsum(self.fraction)])

    def cumulative_at(self, radius_g_cm2: float | FloatArray) -> FloatArray:
        """Return the part of the energy within the given distances."""
        return np.asarray(np.interp(radius_g_cm2, EDGES, self.cumulative))

    def integral(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Integrate weights over the kernel.

        Args:
            weight: (bins, ...) mean weight of each shell; `shell_means` makes it.

        Returns:
            Means and standard errors, of the shape of `weight` without its first axis.
        """
        return self.combined(np.tensordot(self.batch_fraction, weight, axes=(1, 0)))

    def combined(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard error of what was derived from each batch, (batches, ...)."""
        return _controlled(values, self.batch_fraction.sum(axis=1))


def _controlled(values: FloatArray, totals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean over batches with the total, whose expectation is 1, as control variate."""
    batches, shape = values.shape[0], values.shape[1:]
    flat = values.reshape(batches, -1)
    centred = totals - totals.mean()
    square = float(centred @ centred)
    freedom = 1
    if square > 1e-16:  # charged particles conserve energy to rounding: nothing to control
        flat = flat - np.outer(totals - 1.0, centred @ flat / square)
        freedom = 2
    sd = flat.std(axis=0, ddof=freedom) / np.sqrt(batches)
    return flat.mean(axis=0).reshape(shape), sd.reshape(shape)


def shell_means(weight_of_radius: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the mean over each shell of a function of distance (Simpson's rule).

    Args:
        weight_of_radius: function of an array (k,) of distances, g/cm2, giving (k, ...).
    """
    at = weight_of_radius(EDGES)
    middle = weight_of_radius(0.5 * (EDGES[1:] + EDGES[:-1]))
    return (at[1:] + 4.0 * middle + at[:-1]) / 6.0


def electron_settings(name: str | ElectronSettings) -> ElectronSettings:
    """Return the settings of a preset, "accurate" or "fast"; settings pass through.

    Raises:
        UnknownNameError: another name.
    """
    if isinstance(name, ElectronSettings):
        return name
    if name not in PRESETS:
        raise UnknownNameError("electron preset", name, PRESETS)
    return PRESETS[name]


def point_kernel(
    particle: str,
    energy_keV: float,
    *,
    medium: str = "water",
    histories: int = 100_000,
    seed: int = 1,
    settings: str | ElectronSettings = ACCURATE,
    threads: int | None = None,
) -> PointKernel:
    """Return the point kernel of one particle of one energy.

    Args:
        particle: "photon", "electron", "positron" or "alpha". The photons of annihilation are
            not counted with a positron.
        energy_keV: kinetic or photon energy.
        medium: name in the table of materials.
        histories: particles to follow.
        seed: same seed, same kernel.
        settings: of electron transport: "accurate", "fast" or `ElectronSettings`.
        threads: of the processor; None takes all.

    Raises:
        UnknownNameError: unknown particle, medium or preset.
        InputError: an energy outside the tables, too few or too many histories.
    """
    # a positron's own track is an electron's; its photons are another source
    kind = "electron" if particle == "positron" else particle
    emissions = Emissions.single(kind, energy_keV)
    return kernel_of(
        emissions, medium=medium, histories=histories, seed=seed, settings=settings, threads=threads
    )


def kernel_of(
    emissions: Emissions,
    *,
    medium: str = "water",
    histories: int = 100_000,
    seed: int = 1,
    settings: str | ElectronSettings = ACCURATE,
    threads: int | None = None,
    first: int = 0,
) -> PointKernel:
    """Return the point kernel of a spectrum; arguments and errors as `point_kernel`.

    `first` is the number of the first history: another range of them is independent.
    """
    chosen = electron_settings(settings)
    size = _batch_size(histories)
    cutoff = cutoff_keV(emissions, chosen)
    made = problem(
        infinite_space(Medium(material(medium).name, 1.0)),
        emissions,
        tally=Tally(RADIAL, BINS, QUANTA_PER_KEV, R_MIN_G_CM2, BINS_PER_E, 1.0, 1.0, 1.0, 1),
        electrons=cutoff,
        settings=chosen,
    )
    batches = [
        _run_batch(made, seed, first + batch * size, size, threads) for batch in range(BATCHES)
    ]
    return PointKernel(
        medium=material(medium).name,
        energy_keV=emissions.energy_keV_per_decay,
        batch_fraction=np.array(batches),
        csda_range_g_cm2=longest_range_g_cm2(emissions, medium),
        histories=BATCHES * size,
    )


def joined(one: PointKernel, other: PointKernel) -> PointKernel:
    """Return one kernel from two independent ones of the same source and batch size."""
    return PointKernel(
        one.medium,
        one.energy_keV,
        np.concatenate([one.batch_fraction, other.batch_fraction]),
        one.csda_range_g_cm2,
        one.histories + other.histories,
    )


def cutoff_keV(emissions: Emissions, settings: ElectronSettings) -> float:
    """Return the energy below which electrons are deposited where they are.

    A part of the mean energy of the electrons that are emitted; for photons a tenth of theirs.
    """
    energy = 0.5 * (emissions.low_keV + emissions.high_keV)
    photon = emissions.particle == PHOTON
    charged = ~photon & (emissions.particle != ALPHA) & (emissions.per_decay > 0)
    if np.any(charged):
        mean = float(np.average(energy[charged], weights=(emissions.per_decay * energy)[charged]))
        return max(LOWEST_CUTOFF_KEV, settings.absorb_fraction * mean)
    if np.any(photon):
        mean = float(np.average(energy[photon], weights=emissions.per_decay[photon]))
        return min(PHOTON_CUTOFF_KEV, max(LOWEST_CUTOFF_KEV, 0.1 * mean))
    return LOWEST_CUTOFF_KEV


def longest_range_g_cm2(emissions: Emissions, medium: str) -> float:
    """Return the CSDA range of the hardest charged particle, g/cm2; 0 without any."""
    longest = 0.0
    for alpha in (False, True):
        is_alpha = emissions.particle == ALPHA
        chosen = is_alpha if alpha else ~is_alpha & (emissions.particle != PHOTON)
        chosen &= emissions.per_decay > 0
        if np.any(chosen):
            hardest = max(float(emissions.high_keV[chosen].max()), 10.0 if alpha else 1.0)
            of = alpha_csda_range if alpha else electron_csda_range
            longest = max(longest, float(of(medium, hardest)))
    return longest


def _batch_size(histories: int) -> int:
    """Return the histories of a batch, whole sets of strata; InputError on absurd numbers."""
    if not 1 <= histories <= LARGEST_HISTORIES:
        raise InputError(f"histories is {histories}; allowed are 1 to {LARGEST_HISTORIES}")
    sets = -(-histories // (BATCHES * 2 * STRATA))
    return sets * 2 * STRATA


def _run_batch(made: Problem, seed: int, first: int, count: int, threads: int | None) -> FloatArray:
    """Return the part of the emitted energy by shell."""
    if seed < 0:
        raise InputError(f"seed is {seed}; it must not be negative")
    before = numba.get_num_threads()
    parts = min(threads or before, before)
    quanta = np.zeros((parts, made.tally.bins + 2), dtype=np.int64)
    numba.set_num_threads(parts)
    try:
        run_from_point(
            made.physics, made.space.geometry, made.source, made.tally, np.uint64(seed),
            first, count, quanta, np.empty((parts, DEPTH, COLUMNS)),
        )  # fmt: skip
    finally:
        numba.set_num_threads(before)
    total = quanta.sum(axis=0)
    return total[:-2] / total[-1]
