"""From images on one grid to dose in every voxel: curves by voxel, an engine, BED, histograms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import dose_at_share, region_dose
from ligandose.dose.voxel_dose import VoxelDose, voxel_dose
from ligandose.effect import equivalent_uniform_bed_Gy, voxel_bed_Gy
from ligandose.imaging import Region
from ligandose.kinetics import fit_voxels
from ligandose.plan.received_images import REST, WHOLE, Measured
from ligandose.plan.received_kinetics import NO_WASHOUT, RegionTia

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
SCALING_STEPS = 4
"""Voxels that two regions share are scaled by both; so many rounds bring both to their totals."""
HISTOGRAM_BINS = 100
CHEAP = ("local", "kernel")
MOST_ALPHA = 0.01
"""BED of low-LET dose is given where alphas give less than this share."""
DVH_POINTS = (98.0, 90.0, 50.0, 10.0, 2.0)


@dataclass(frozen=True, eq=False)
class VoxelResult:
    """Doses of an image.

    Attributes:
        tia_Bq_s_mL: (z, y, x) time-integrated activity concentration.
        rate_per_s: (z, y, x) effective rate of each voxel's curve.
        scaling: by region, its curve's integral over that of its voxels before they were scaled.
        dose: of the engine.
        bed_Gy: (z, y, x); the dose itself where no α/β is known, and where alphas give the dose.
        with_bed: regions that have a BED.
        others: doses by the cheap engines that were not asked for.
        asked_in: regions in whose voxels the Monte Carlo reaches its uncertainty.
    """

    tia_Bq_s_mL: Values
    rate_per_s: Values
    scaling: Mapping[str, float]
    dose: VoxelDose
    bed_Gy: Values
    with_bed: tuple[str, ...]
    others: Mapping[str, VoxelDose]
    asked_in: tuple[str, ...]


def voxel_tia(
    found: Measured, curves: Mapping[str, RegionTia], *, decay_per_s: float
) -> tuple[Values, Values, dict[str, float]]:
    """Return (z, y, x) time-integrated activity per mL, effective rates, and the scaling.

    Each voxel of the body has its own mono-exponential; within a region the voxels are scaled so
    that they add up to the region's curve, whose form is not limited to one exponential. With one
    time point a voxel has the curve of its region.
    """
    first = found.scans[0]
    body = first.body() > 0.5
    rate = np.full(first.grid.shape, decay_per_s, np.float32)
    tia = np.zeros(first.grid.shape, np.float32)
    values = np.clip(found.images[:, body].T, 0.0, None).astype(np.float64)
    alone = all(c.model == NO_WASHOUT for c in curves.values())
    if found.time_s.size > 1 and not alone:
        fits = fit_voxels(found.time_s, values, decay_per_s=decay_per_s)
        rate[body], tia[body] = fits.rate_per_s, fits.tia_Bq_s
    else:
        grow = np.exp(decay_per_s * found.time_s)
        tia[body] = (values * grow).mean(axis=1) / decay_per_s
        if not alone:
            for region in first.regions:
                mine = region.share >= 0.5
                rate[region.box][mine] = effective_rate(curves[region.name])
    return (*_scaled(tia, rate, found, curves),)


def effective_rate(curve: RegionTia) -> float:
    """Return the rate of the mono-exponential with a curve's mean residence time."""
    first = float(np.sum(curve.coefficient_Bq / curve.rate_per_s**2))
    return curve.tia_Bq_s / first


def _scaled(
    tia: Values, rate: Values, found: Measured, curves: Mapping[str, RegionTia]
) -> tuple[Values, Values, dict[str, float]]:
    first = found.scans[0]
    regions = [r for r in first.regions if r.name in curves and r.name != WHOLE]
    voxel = first.grid.voxel_mL
    factor: dict[str, float] = {}
    for step in range(SCALING_STEPS):
        for region in regions:
            held = region.sum_over(tia) * voxel
            ratio = curves[region.name].tia_Bq_s / held if held > 0.0 else 1.0
            if step == 0:
                factor[region.name] = ratio
            tia[region.box] *= 1.0 + region.share * np.float32(ratio - 1.0)
    if REST in curves:
        rest = first.body().copy()
        for region in regions:
            rest[region.box] -= region.share
        rest = np.clip(rest, 0.0, 1.0)
        held = float(np.sum(tia * rest, dtype=np.float64)) * voxel
        factor[REST] = curves[REST].tia_Bq_s / held if held > 0.0 else 1.0
        tia *= 1.0 + (rest >= 1.0) * np.float32(factor[REST] - 1.0)
    return tia, rate, factor


def voxel_result(
    found: Measured,
    curves: Mapping[str, RegionTia],
    *,
    nuclide: str,
    decay_per_s: float,
    engine: str,
    tissue: Mapping[str, tuple[float, float]],
    seed: int,
    threads: int | None,
    uncertainty: float,
    asked_in: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> VoxelResult:
    """Return the doses of an image by an engine.

    Args:
        found: images and regions.
        curves: of the regions.
        nuclide, decay_per_s: what decays.
        engine: "local", "kernel" or "mc".
        tissue: by region, α/β (Gy) and repair rate (1/s), where they are known.
        seed, threads, uncertainty, progress: of the Monte Carlo.
        asked_in: regions whose median voxel has that uncertainty; default all together.
    """
    first = found.scans[0]
    assert first.density_g_cm3 is not None
    tia, rate, scaling = voxel_tia(found, curves, decay_per_s=decay_per_s)
    where = np.zeros(first.grid.shape, np.bool_)
    wanted = tuple(
        r.name for r in first.regions if r.name in asked_in or (not asked_in and r.name != WHOLE)
    )
    for region in first.regions:
        if region.name in wanted:
            where |= region.mask()
    decays = tia * np.float32(first.grid.voxel_mL)
    of = partial(
        voxel_dose, decays, nuclide=nuclide, spacing_mm=first.grid.spacing_mm,
        density_g_cm3=first.density_g_cm3, threads=threads,
    )  # fmt: skip
    dose = of(
        engine=engine, where=where if where.any() else None, uncertainty=uncertainty, seed=seed,
        progress=progress,
    )  # fmt: skip
    others = {name: of(engine=name) for name in CHEAP if name != engine}
    bed = dose.dose_Gy.copy()
    done: list[str] = []
    for region in first.regions:
        if region.name not in tissue or _has_alphas(region, dose):
            continue
        mask = region.share >= 0.5
        alpha_beta_Gy, repair_per_s = tissue[region.name]
        inside = bed[region.box]
        inside[mask] = voxel_bed_Gy(
            dose.dose_Gy[region.box][mask], rate_per_s=rate[region.box][mask][:, None],
            repair_rate_per_s=repair_per_s, alpha_beta_Gy=alpha_beta_Gy,
        )  # fmt: skip
        done.append(region.name)
    return VoxelResult(tia, rate, scaling, dose, bed, tuple(done), others, wanted)


def _has_alphas(region: Region, dose: VoxelDose) -> bool:
    """Return whether alphas give more than MOST_ALPHA of a region's dose."""
    alpha = dose.by_radiation.get("alpha")
    if alpha is None:
        return False
    return region.mean_of(alpha) > MOST_ALPHA * region.mean_of(dose.dose_Gy)


def dose_volume(
    region: Region, values_Gy: NDArray[Any], density_g_cm3: NDArray[Any]
) -> tuple[float, dict[str, Any]]:
    """Return the mean over mass and the cumulative histogram over volume of a region.

    The histogram has dose_Gy, volume_share, and D98 ... D2: what so much of the volume reaches.
    """
    inside, spacing = values_Gy[region.box], region.grid.spacing_mm
    mean = region_dose(
        inside, region.share, spacing_mm=spacing, density_g_cm3=density_g_cm3[region.box]
    ).mean
    found = region_dose(inside, region.share, spacing_mm=spacing, bins=HISTOGRAM_BINS)
    levels = dose_at_share(inside, region.share, DVH_POINTS)
    points = {f"d{x:g}_Gy": float(y) for x, y in zip(DVH_POINTS, levels.tolist(), strict=True)}
    return mean, {
        "dose_Gy": found.dvh_dose_Gy.tolist(),
        "volume_share": found.dvh_share.tolist(),
        **points,
    }


def bed_summary(
    region: Region, bed_Gy: NDArray[Any], *, alpha_per_Gy: float | None
) -> dict[str, float | None]:
    """Return mean BED and, with α, equivalent uniform BED of a region's voxels (O'Donoghue 1999).

    Voxels count of which at least half lies in the region: the others hold no BED of it.
    """
    mine = region.share >= 0.5
    if not mine.any():
        return {"mean": None, "eubed": None}
    inside = np.asarray(bed_Gy[region.box][mine], np.float64)
    weight = region.share[mine].astype(np.float64)
    uniform = None
    if alpha_per_Gy is not None:
        uniform = float(equivalent_uniform_bed_Gy(inside, weight, alpha_per_Gy=alpha_per_Gy))
    return {"mean": float(np.average(inside, weights=weight)), "eubed": uniform}
