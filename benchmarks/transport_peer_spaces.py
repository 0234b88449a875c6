"""Spheres, voxels and label maps for PENELOPE, simulated as such; see `transport_peer.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from transport_peer import (
    KERMA,
    WATER_G_CM3,
    Case,
    Estimate,
    Kernel,
    Physics,
    Spectrum,
    line,
    of_batches,
    radius_g_cm2,
    run,
    sphere_geometry,
    substance,
    with_shipped_photoelectric,
)

# ---------------------------------------------------------------------------------------------
# Spheres simulated as such


def sphere_case(
    particle: str,
    energy_keV: float,
    mass_g: float,
    *,
    around: str,
    histories: int,
    physics: Physics,
    depth_g_cm2: float = 0.0,
    batches: int = 10,
    seed: int = 1,
) -> Case:
    """A sphere with a uniform source, in vacuum or in water of a depth around it.

    The water around is a second material with the same data: PENELOPE stops at interfaces only
    where materials differ, and the tally of a body would else take part of its neighbour's energy.
    """
    radius = radius_g_cm2(mass_g) / WATER_G_CM3
    outer = None if around == "vacuum" else radius + depth_g_cm2 / WATER_G_CM3
    water = substance(physics)
    return Case(
        particle,
        line(energy_keV),
        (water,) if outer is None else (water, water),
        histories,
        {"type": "quadrics", "text": sphere_geometry(radius, outer)},
        size_cm=(2 * radius,) * 3,
        source_material=1,
        batches=batches,
        seed=seed,
    )


def sphere_fraction(case: Case, *, lowest_priority: bool = False) -> Estimate:
    """Run a `sphere_case`; the absorbed fraction of its sphere (scalar arrays)."""
    result = run(case, lowest_priority=lowest_priority)
    emitted = 1e3 * case.spectrum.mean_keV
    values = result.tallies["material"][:, 0] / emitted
    sigma = np.sqrt(np.sum(result.tallies["material_sigma"][:, 0] ** 2)) / len(values)
    return Estimate(values.mean(), sigma / emitted, result)


# ---------------------------------------------------------------------------------------------
# Voxel kernels in water

NEIGHBOURS = ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1))


def voxel_case(
    particle: str,
    spectrum: Spectrum,
    voxel_mm: float,
    *,
    histories: int,
    physics: Physics,
    reach: int = 3,
    batches: int = 10,
    seed: int = 1,
) -> Case:
    """A uniform source in one cubic voxel of infinite water; a grid of 2 reach + 1 voxels."""
    side = 0.1 * voxel_mm / WATER_G_CM3
    n = 2 * reach + 1
    return Case(
        particle,
        spectrum,
        (substance(physics),),
        histories,
        {"type": "infinite"},
        size_cm=(side,) * 3,
        grid={"half_cm": (0.5 * n * side,) * 3, "bins": (n,) * 3},
        batches=batches,
        seed=seed,
    )


def symmetric_mean(grid: np.ndarray, i: int, j: int, k: int) -> np.ndarray:
    """Mean of (batches, n, n, n) over the up to 48 voxels equivalent to offset (i, j, k)."""
    centre = grid.shape[1] // 2
    offset = np.abs(np.indices(grid.shape[1:]) - centre)
    alike = np.all(np.sort(offset, axis=0) == np.sort([i, j, k])[:, None, None, None], axis=0)
    return grid[:, alike].mean(axis=1)


def voxel_energies(case: Case, *, lowest_priority: bool = False) -> Estimate:
    """Run a `voxel_case`; keV per decay in each voxel of NEIGHBOURS, by symmetry."""
    result = run(case, lowest_priority=lowest_priority)
    # all is absorbed: divide by what each batch has drawn from the spectrum
    share = result.tallies["grid"] / result.tallies["material"][:, :1, None, None]
    samples = np.array([symmetric_mean(share, *n) for n in NEIGHBOURS]).T
    return of_batches(samples * case.spectrum.mean_keV * case.spectrum.total, result)


DIRECTIONS = 4096


def overlap(distance: np.ndarray, side: float, offset: tuple[int, int, int]) -> np.ndarray:
    """Probability that a point at a distance from a random point of a voxel lies in another.

    Mean over directions of the product of (1 - |x/h - i|) along the axes; `offset` counts voxels.
    """
    n = np.arange(DIRECTIONS) + 0.5
    w, phi = 1 - 2 * n / DIRECTIONS, np.pi * (1 + 5**0.5) * n  # a Fibonacci sphere
    u = np.sqrt(1 - w * w)
    axes = np.array([u * np.cos(phi), u * np.sin(phi), w])
    out = np.ones((distance.size, DIRECTIONS))
    for cosine, places in zip(axes, offset, strict=True):
        out *= np.maximum(0.0, 1 - np.abs(np.outer(distance, cosine) / side - places))
    return out.mean(axis=1)


def voxel_energies_of(kernel: Kernel, spectrum: Spectrum, voxel_mm: float) -> Estimate:
    """As `voxel_energies`, from the point kernel of the spectrum: the better estimator."""
    middle = 0.5 * (kernel.edges_g_cm2[1:] + kernel.edges_g_cm2[:-1])
    near = middle < 0.1 * voxel_mm * 4
    weight = np.array([overlap(middle[near], 0.1 * voxel_mm, n) for n in NEIGHBOURS])
    emitted = spectrum.mean_keV * spectrum.total
    return of_batches(emitted * kernel.share[:, near] @ weight.T, kernel.result)


# ---------------------------------------------------------------------------------------------
# Label maps


@dataclass(frozen=True)
class Medium:
    """What fills a label: composition as weight fractions per Z, and its density."""

    composition: tuple[tuple[int, float], ...]
    density_g_cm3: float


def label_case(
    labels: np.ndarray,
    media: dict[int, Medium],
    *,
    spacing_cm: tuple[float, float, float],
    source: int,
    particle: str,
    energy_keV: float,
    histories: int,
    physics: Physics = KERMA,
    shipped_photoelectric: bool = False,
    seed: int = 1,
) -> Case:
    """A label map (nx, ny, nz); every label is a material, so that tallies are exact.

    Label 0, and any without a medium, is made of the first medium at a millionth of its density.
    """
    names = sorted(media)
    number = {name: i + 1 for i, name in enumerate(names)}
    empty = len(names) + 1
    substances: list[dict] = [
        {"density_g_cm3": m.density_g_cm3, "composition": m.composition}
        for m in (media[name] for name in names)
    ]
    if shipped_photoelectric:
        substances = [with_shipped_photoelectric(s) for s in substances]
    materials = [substance(physics, s) for s in substances]
    index = np.full(int(labels.max()) + 1, empty)
    for name, i in number.items():
        index[name] = i
    cells = index[labels].transpose(2, 1, 0).ravel()
    factor = np.where(cells == empty, "1e-6", "1.0")
    head = f"{labels.shape[0]} {labels.shape[1]} {labels.shape[2]}\n"
    head += " ".join(f"{s:.9e}" for s in spacing_cm) + "\n"
    text = head + "\n".join(f"{c} {f}" for c, f in zip(cells, factor, strict=True)) + "\n"
    inside = np.argwhere(labels == source)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    spacing = np.array(spacing_cm)
    return Case(
        particle,
        line(energy_keV),
        (*materials, materials[0]),
        histories,
        {"type": "voxels", "text": text, "outside_material": empty},
        size_cm=tuple(((high - low) * spacing).tolist()),
        centre_cm=tuple((0.5 * (high + low) * spacing).tolist()),
        source_material=number[source],
        batches=1,
        seed=seed,
    )


def label_fractions(case: Case, *, lowest_priority: bool = False) -> Estimate:
    """Run a `label_case`; absorbed fraction of each label, sorted by label; last: outside."""
    result = run(case, lowest_priority=lowest_priority)
    emitted = 1e3 * case.spectrum.mean_keV
    values = result.tallies["material"].mean(axis=0) / emitted
    sigma = np.sqrt(np.sum(result.tallies["material_sigma"] ** 2, axis=0)) / case.batches
    return Estimate(values, sigma / emitted, result)
