"""Voxel doses from kernels in water: local deposition and convolution with density correction.

Charged particles and soft photons: energy by convolution over the mass of the voxel, E / (rho V)
(density correction as in A. Dieudonne et al., J Nucl Med 54:236, 2013). Other photons: their dose
is fluence times energy absorption per mass, which hardly depends on the density of the place, so
the dose to water stands. The water has the median density of the tissue where the decays are, so
that ranges are those of soft tissue, or of lung where nearly all decays are there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.dose.voxel_checks import TISSUE_FROM_G_CM3
from ligandose.dose.voxel_convolve import (
    STEP,
    WHOLE_POINTS,
    Folding,
    coarse,
    fine,
    folding,
    octant_distance_mm,
    padded_shape,
    sharpened,
    window,
    workers,
)
from ligandose.dose.voxel_dose import VoxelDose
from ligandose.dose.voxel_kernel import RADIATION_OF, WaterKernel, chain_lines, water_kernel

Values = NDArray[np.float32]
Sides = tuple[float, float, float]

KG_PER_MM3_WATER = 1e-6
LEAST_WINDOW = 12
"""The window of a split kernel ends at least so many voxels away."""
WIDENING = 1.8
PER_G_CM3 = 100
SOLID_FROM_G_CM3, SOLID_SHARE = 0.8, 0.1
"""Between inflated lung (0.3) and fat (0.95); the share of decays below which lung decides."""


def local_dose(
    decays: Values,
    *,
    nuclide: str,
    sides_mm: Sides,
    density_g_cm3: Values,
    progeny: bool,
    horizon_s: float | None,
) -> VoxelDose:
    """Return doses by local deposition; arguments as `voxel_dose`."""
    reference = reference_density_g_cm3(decays, density_g_cm3)
    kernel = water_kernel(
        nuclide, sides_mm, progeny=progeny, horizon_s=horizon_s, density_g_cm3=reference
    )
    per_mass = _per_mass(density_g_cm3)
    tissue = per_mass > 0
    kg = float(np.prod(sides_mm)) * KG_PER_MM3_WATER
    doses: dict[str, Values] = {}
    for row, part in enumerate(kernel.parts):
        kept_keV = kernel.emitted_keV[row]
        if RADIATION_OF[part] == "photon":
            kept_keV = float(kernel.near_keV[row, 0, 0, 0])
        factor = np.float32(kept_keV * JOULE_PER_KEV / kg)
        _add(
            doses, RADIATION_OF[part], decays * factor * (per_mass if part != "photon" else tissue)
        )
    leaving = sum(
        float(kernel.emitted_keV[row] - kernel.near_keV[row, 0, 0, 0])
        for row, part in enumerate(kernel.parts)
        if RADIATION_OF[part] == "photon"
    )
    total = float(kernel.emitted_keV.sum())
    left_out = (
        "no energy crosses from voxel to voxel: edges of active regions are too sharp, and tissue "
        "without activity gets no dose",
        f"photons that leave the voxel of their decay: {leaving:.1f} of {total:.1f} keV per decay",
    )
    return _result("local", nuclide, decays, kernel, density_g_cm3, doses, left_out, progeny,
                   horizon_s)  # fmt: skip


def kernel_dose(
    decays: Values,
    *,
    nuclide: str,
    sides_mm: Sides,
    density_g_cm3: Values,
    progeny: bool,
    horizon_s: float | None,
    threads: int | None = None,
    whole: bool | None = None,
) -> VoxelDose:
    """Return doses by convolution; arguments as `voxel_dose`.

    `whole` folds with the whole kernel at once (True) or split (False), whatever the size.
    """
    reference = reference_density_g_cm3(decays, density_g_cm3)
    kernel = water_kernel(
        nuclide, sides_mm, progeny=progeny, horizon_s=horizon_s, density_g_cm3=reference
    )
    a, b, c = decays.shape
    scale = np.float32(decays.max())  # single precision: neither overflow nor underflow
    image = decays / scale
    use = workers(threads)
    if whole is None:
        reach = (a - 1, b - 1, c - 1)
        whole = math.prod(padded_shape((a, b, c), reach)) <= WHOLE_POINTS or min(a, b, c) < 4
    energies = _whole_energies(image, kernel, use) if whole else _split_energies(image, kernel, use)
    kg = float(np.prod(sides_mm)) * KG_PER_MM3_WATER
    per_mass = _per_mass(density_g_cm3)
    tissue = (per_mass > 0) / np.float32(reference)
    doses: dict[str, Values] = {}
    for part, near, far in energies:
        near *= per_mass if part != "photon" else tissue
        if far is not None:
            far *= tissue  # photons, or bremsstrahlung, far from their decay
            near += far
        near *= scale / np.float32(kg)
        np.maximum(near, 0.0, out=near)  # rounding of the transforms
        _add(doses, RADIATION_OF[part], near)
    left_out = (
        f"kernels of endless water of {reference:g} g/cm3: ranges of electrons and absorption of "
        "photons on the way are its own whatever lies there (wrong in lung, bone, at their edges)",
        "photons beyond the image, and back-scatter that is missing at the skin",
    )
    return _result("kernel", nuclide, decays, kernel, density_g_cm3, doses, left_out, progeny,
                   horizon_s)  # fmt: skip


Energies = list[tuple[str, Values, Values | None]]


def _whole_energies(image: Values, kernel: WaterKernel, threads: int) -> Energies:
    a, b, c = image.shape
    folded = folding(image, (a, b, c), threads=threads)
    return [
        (part, folded.with_octant(kernel.octant_J(part, image.shape)), None)
        for part in kernel.parts
    ]


def _split_energies(image: Values, kernel: WaterKernel, threads: int) -> Energies:
    """Fold near and far apart; alphas and soft photons stay near."""
    start, end = window_mm(kernel)
    sizes = tuple(
        min(int(end / s) + 1, n) for s, n in zip(kernel.sides_mm, image.shape, strict=True)
    )
    out: Energies = []
    folded = folding(image, sizes, threads=threads)
    parting = 1.0 - window(octant_distance_mm(sizes, kernel.sides_mm), start, end)
    wide = [part for part in kernel.parts if part in ("electron", "photon")]
    for part in kernel.parts:
        octant = kernel.octant_J(part, sizes)
        out.append((part, folded.with_octant(octant * parting if part in wide else octant), None))
    del folded
    blocks = coarse(image)
    a, b, c = blocks.shape
    far = folding(blocks, (a, b, c), threads=threads)
    a, b, c = image.shape
    for place, (part, near, _) in enumerate(out):
        if part in wide:
            out[place] = (part, near, fine(_far(far, kernel, part, start, end), (a, b, c)))
    return out


def _far(far: Folding, kernel: WaterKernel, part: str, start: float, end: float) -> Values:
    """Return the energy per voxel from afar, at the centres of blocks."""
    octant = kernel.octant_J(part, far.shape, step=STEP)
    x, y, z = kernel.sides_mm
    distance = octant_distance_mm(far.shape, (STEP * x, STEP * y, STEP * z))
    return far.with_octant(sharpened(octant * window(distance, start, end)))


def window_mm(kernel: WaterKernel) -> tuple[float, float]:
    """Return where the window of a split kernel starts and ends: beyond all charged particles."""
    start = kernel.charged_mm + STEP * max(kernel.sides_mm)
    end = max(WIDENING * start, LEAST_WINDOW * max(kernel.sides_mm))
    return max(start, 0.4 * end), end


def reference_density_g_cm3(decays: Values, density_g_cm3: Values) -> float:
    """Return the median density of the tissue where decays are, to 0.01 g/cm3.

    Of soft tissue and bone, unless almost all decays are in lung: a mixture serves neither.
    """
    place = np.rint(PER_G_CM3 * density_g_cm3.ravel()).astype(np.int32)
    number = np.bincount(place, weights=decays.ravel())
    if not number[round(PER_G_CM3 * TISSUE_FROM_G_CM3) :].any():
        number = np.bincount(place).astype(np.float64)  # all decays are in air: any tissue will do
    number[: round(PER_G_CM3 * TISSUE_FROM_G_CM3)] = 0.0
    solid = number.copy()
    solid[: round(PER_G_CM3 * SOLID_FROM_G_CM3)] = 0.0
    if solid.sum() >= SOLID_SHARE * number.sum():
        number = solid
    below = np.cumsum(number)
    return int(np.count_nonzero(below < 0.5 * float(below[-1]))) / PER_G_CM3


def _per_mass(density_g_cm3: Values) -> Values:
    """Return water's density over that of the voxel; 0 where there is no tissue."""
    out = np.zeros_like(density_g_cm3)
    np.divide(1.0, density_g_cm3, out=out, where=density_g_cm3 >= TISSUE_FROM_G_CM3)
    return out


def _add(doses: dict[str, Values], kind: str, dose: Values) -> None:
    if kind in doses:
        doses[kind] += dose
    else:
        doses[kind] = dose


def _result(
    engine: str,
    name: str,
    decays: Values,
    kernel: WaterKernel,
    density_g_cm3: Values,
    doses: dict[str, Values],
    left_out: tuple[str, ...],
    progeny: bool,
    horizon_s: float | None,
) -> VoxelDose:
    lines = chain_lines(name, progeny=progeny, horizon_s=horizon_s)
    number = float(decays.sum(dtype=np.float64))
    air = float(decays[density_g_cm3 < TISSUE_FROM_G_CM3].sum(dtype=np.float64)) / number
    if air > 0.0:
        left_out = (*left_out, f"decays in air: {100 * air:.3g} % of all; they give no dose there")
    kinds = list(doses)
    total = doses[kinds[0]].copy()
    for kind in kinds[1:]:
        total += doses[kind]
    return VoxelDose(
        engine=engine,
        nuclide=lines.name,
        with_progeny=progeny,
        spacing_mm=kernel.sides_mm,
        dose_Gy=total,
        by_radiation=doses,
        sd_Gy=None,
        emitted_J={k: v * number * JOULE_PER_KEV for k, v in lines.emitted_keV.items()},
        absorbed_J={k: absorbed_J(v, density_g_cm3, kernel.sides_mm) for k, v in doses.items()},
        histories=0,
        median_relative_sd=None,
        left_out=left_out,
    )


def absorbed_J(dose_Gy: Values, density_g_cm3: Values, sides_mm: Sides) -> float:
    """Return the energy that a dose means."""
    kg = float(np.prod(sides_mm)) * KG_PER_MM3_WATER
    return kg * float(np.einsum("i,i->", dose_Gy.ravel(), density_g_cm3.ravel(), dtype=np.float64))
