"""Our half of the transport benchmark: the problems of `transport.py`, one function for each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ligandose.dose import reference_saf
from ligandose.dose.emissions import emission_spectrum
from ligandose.hosts import phantom
from ligandose.transport import (
    Emissions,
    Medium,
    Problem,
    Space,
    problem,
    run,
    sphere_space,
    voxel_space,
)
from ligandose.transport._electron_tables import FAST
from ligandose.transport.kernels import PointKernel, cutoff_keV, kernel_of
from ligandose.transport.problems import electron_cutoffs_keV
from ligandose.transport.sphere_runs import kernel_sphere_fractions
from ligandose.transport.voxels import decay_emissions, spread_shells

WATER = Medium("water", 1.0)
HOST, SOURCE, PHOTON_KEV, SIDE = "adult-male", "liver", 208.4, 200
RUNS = 5  # of 20 batches each: a hundred batches know their spread to 7 %


@dataclass(frozen=True)
class Answer:
    """One program's answer to a problem: values, their sigma, and what it took on one thread."""

    program: str
    estimator: str
    cutoff_keV: float
    value: np.ndarray
    sigma: np.ndarray
    histories: int
    seconds: float

    @property
    def merit(self) -> np.ndarray:
        """Figure of merit 1/(relative variance × seconds)."""
        return 1.0 / ((self.sigma / self.value) ** 2 * self.seconds)


def _direct(
    setup: Problem, histories: int, estimate: Callable[[np.ndarray], np.ndarray], cutoff: float
) -> Answer:
    """Run a problem several times and take `estimate` of its tally; processor time."""
    run(setup, histories=1000, seed=0, threads=1)  # compile
    samples: list[np.ndarray] = []
    started, done = time.process_time(), 0
    parts = RUNS * 20
    for seed in range(1, parts + 1):
        found = run(setup, histories=max(20, histories // parts), seed=seed, threads=1)
        samples.append(estimate(found.deposited_keV))
        done += found.histories
    seconds = time.process_time() - started
    return _answer(np.array(samples), "direct", cutoff, done, seconds)


def _answer(
    samples: np.ndarray, estimator: str, cutoff: float, histories: int, seconds: float
) -> Answer:
    sigma = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    return Answer("ligandose", estimator, cutoff, samples.mean(axis=0), sigma, histories, seconds)


def _kernels(emissions: Emissions, histories: int) -> tuple[list[PointKernel], float]:
    """Return independent kernels and their processor time."""
    kernel_of(emissions, histories=1000, settings=FAST, threads=1)  # compile
    started = time.process_time()
    made = [
        kernel_of(emissions, histories=histories // RUNS, seed=seed, settings=FAST, threads=1)
        for seed in range(1, RUNS + 1)
    ]
    return made, time.process_time() - started


def _mean(values: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    mean = np.mean([v for v, _ in values], axis=0)
    return mean, np.sqrt(np.sum([s**2 for _, s in values], axis=0)) / len(values)


def sphere_direct(
    particle: str, energy_keV: float, mass_g: float, depth_cm: float, histories: int
) -> Answer:
    """Absorbed fraction of a sphere in water, the particles followed in it and around it."""
    radius = float(np.cbrt(3 * mass_g / (4 * np.pi)))
    space = sphere_space([radius, radius + depth_cm], [WATER, WATER])
    emissions = Emissions.single(particle, energy_keV)
    electrons = "local" if particle == "photon" else "auto"
    setup = problem(space, emissions, region="sphere_0", electrons=electrons, settings=FAST)
    cutoff = float(electron_cutoffs_keV(space, electrons)[0])
    return _direct(setup, histories, lambda e: e[:1] / energy_keV, cutoff)


def sphere_by_kernel(particle: str, energy_keV: float, mass_g: float, histories: int) -> Answer:
    """The same fraction from the point kernel."""
    emissions = Emissions.single(particle, energy_keV)
    kernels, seconds = _kernels(emissions, histories)
    radius = np.array([np.cbrt(3 * mass_g / (4 * np.pi))])
    mean, sigma = _mean([kernel_sphere_fractions(k, radius) for k in kernels])
    done = sum(k.histories for k in kernels)
    cutoff = cutoff_keV(emissions, FAST)
    return Answer("ligandose", "kernel", cutoff, mean, sigma, done, seconds)


def voxels_direct(emissions: Emissions, voxel_mm: float, histories: int) -> Answer:
    """Energy per decay in the source voxel and the mean of its six neighbours, keV."""
    side = 7
    labels = np.zeros((side,) * 3, np.int64)
    space = voxel_space(labels, spacing_mm=(voxel_mm,) * 3, media={0: ("water", WATER)})
    centre = np.zeros((side,) * 3)
    centre[3, 3, 3] = 1.0
    setup = problem(space, emissions, weight=centre, by_voxel=True, settings=FAST)
    cutoff = float(electron_cutoffs_keV(space, "auto")[0])
    number = emissions.number_per_decay

    def estimate(energy: np.ndarray) -> np.ndarray:
        grid = energy.reshape((side,) * 3, order="F") * number
        near = [grid[2, 3, 3], grid[4, 3, 3], grid[3, 2, 3], grid[3, 4, 3], grid[3, 3, 2]]
        return np.array([grid[3, 3, 3], np.mean([*near, grid[3, 3, 4]])])

    return _direct(setup, histories, estimate, cutoff)


def voxels_by_kernel(emissions: Emissions, voxel_mm: float, histories: int) -> Answer:
    """The same energies from the point kernel."""
    kernels, seconds = _kernels(emissions, histories)
    sizes, sides = np.array([2, 2, 2]), np.full(3, 0.1 * voxel_mm)
    started = time.process_time()
    values: list[tuple[np.ndarray, np.ndarray]] = []
    for k in kernels:
        shared = spread_shells(k.edge_g_cm2, np.ascontiguousarray(k.batch_fraction.T), sides, sizes)
        samples = shared[[0, 1], 0, 0] / np.array([[1.0], [2.0]]) * k.energy_keV
        values.append((samples.mean(axis=1), samples.std(axis=1, ddof=1) / math.sqrt(20)))
    mean, sigma = _mean(values)
    seconds += time.process_time() - started
    done = sum(k.histories for k in kernels)
    return Answer("ligandose", "kernel", cutoff_keV(emissions, FAST), mean, sigma, done, seconds)


def voxel_adult() -> Space:
    """Return the adult as 200 × 200 × 200 voxels."""
    person = phantom(HOST)
    bounds = person.bounds_cm()
    spacing = 10.0 * (bounds[1::2] - bounds[::2]) / SIDE
    labels, _ = person.label_map(spacing.tolist())
    media = {0: ("outside", Medium("air"))}
    for i, name in enumerate(person.regions):
        density = float(person.region_density_g_cm3[i])
        media[i + 1] = (name, Medium(person.region_medium[i], density))
    return voxel_space(labels, spacing_mm=spacing.tolist(), media=media)


def histories_per_s(setup: Problem, histories: int, *, threads: int, device: str = "cpu") -> float:
    """Return the speed of a run, wall time, compiled beforehand."""
    arguments = {"threads": threads, "device": device}
    run(setup, histories=max(1000, histories // 100), seed=0, **arguments)
    started = time.perf_counter()
    found = run(setup, histories=histories, seed=1, **arguments)
    return found.histories / (time.perf_counter() - started)


def adult_problems() -> tuple[Problem, Problem, Emissions]:
    """Photons of one energy and whole decays of Lu-177 in the liver, electrons local."""
    space = voxel_adult()
    photons = Emissions.single("photon", PHOTON_KEV)
    kinds = decay_emissions("Lu-177").values()
    decays = Emissions(
        np.concatenate([e.particle for e in kinds]),
        np.concatenate([e.low_keV for e in kinds]),
        np.concatenate([e.high_keV for e in kinds]),
        np.concatenate([e.per_decay for e in kinds]),
    )
    first, second = (problem(space, e, region=SOURCE, electrons="local") for e in (photons, decays))
    return first, second, decays


def s_value_seconds(nuclides: tuple[str, ...] = ("Lu-177", "Y-90", "Ac-225", "Tb-161")) -> float:
    """Return the longest time for all S values of one nuclide from the table, once it is read."""
    table = reference_saf(HOST)
    longest = 0.0
    for name in nuclides:
        emission_spectrum(name)  # reading of the nuclide data is not counted either
        started = time.perf_counter()
        table.s_values(emission_spectrum(name))
        longest = max(longest, time.perf_counter() - started)
    return longest


def has_gpu() -> bool:
    """Say whether numba can use a CUDA device."""
    try:
        from numba import cuda

        return bool(cuda.is_available())
    except ImportError:
        return False
