"""From images at several times to activities of regions, masses, and images on one grid.

Each time point is measured on its own grid with its own regions (or with those of the first, moved
by registration); for voxel doses every image then lies on the grid of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError, SolverError
from ligandose.imaging import (
    Grid,
    Region,
    Registration,
    TimePoint,
    averaged,
    moved,
    read_time_points,
    region_from_mask,
    register,
)
from ligandose.plan.received_recovery import (
    background_share,
    transfer,
    without_background,
)
from ligandose.plan.received_settings import ReceivedCase

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Progress = Callable[[float, str], None]

BODY_DENSITY_G_CM3 = 0.1
"""Voxels above are body: inflated lung has about 0.2, air 0.001."""
WHOLE = "whole_body"
REST = "remainder"
AIR_HU = -1000.0
MOST_SHIFT_MM = 60.0
"""A patient who lies further off than this was not registered but lost."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One time point as it was measured.

    Attributes:
        time_s: start of the acquisition after the administration.
        image_Bq_mL: (z, y, x) at that time, background taken off.
        grid: its grid.
        regions: on that grid.
        density_g_cm3: (z, y, x) from its CT, None without one.
        outline_voxel_mm: smallest voxel side of the image that regions are drawn on: the CT's
            where there is one.
        background: share per true count that was taken off.
        registration: onto the first time point; None for the first, or where not asked for.
        registration_used: whether it moved the image (False where it made the match worse).
        source: of the image.
        basis: how unit and moment are known.
    """

    time_s: float
    image_Bq_mL: Values
    grid: Grid
    regions: tuple[Region, ...]
    density_g_cm3: Values | None
    outline_voxel_mm: float
    background: float
    registration: Registration | None
    registration_used: bool
    source: str
    basis: tuple[str, ...]

    def body(self) -> Values:
        """Return the (z, y, x) share of each voxel that is body; everything without a CT."""
        if self.density_g_cm3 is None:
            return np.ones(self.grid.shape, np.float32)
        return (self.density_g_cm3 > BODY_DENSITY_G_CM3).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Measured:
    """What the images say, by region and time.

    Attributes:
        scans: in order of time.
        regions: names; `remainder`, what lies in the field of view outside of them, is last
            where there is any.
        time_s: (t,).
        activity_Bq: (regions, t) after recovery and background, at those times.
        raw_Bq: (regions, t) without recovery.
        recovery: (regions, t) share of its own activity that a region shows; 1 where not corrected.
        resolution_ratio: (regions, t) activity with the point spread one standard deviation wider
            over that without; 1 where not corrected.
        volume_mL, mass_kg: (regions,) at the first time; mass NaN without a CT.
        images: (t, z, y, x) on the first grid, corrected voxel by voxel, Bq/mL.
    """

    scans: tuple[Scan, ...]
    regions: tuple[str, ...]
    time_s: Floats
    activity_Bq: Floats
    raw_Bq: Floats
    recovery: Floats
    resolution_ratio: Floats
    volume_mL: Floats
    mass_kg: Floats
    images: Values


def measured(received: ReceivedCase, *, progress: Progress) -> Measured:
    """Read, check, register and measure the images of a case.

    Raises:
        InputError: what is missing or contradicts itself, with file and field.
        SolverError: a registration that found no agreement.
    """
    progress(0.0, "reading images")
    points = read_time_points(received.case)
    scans = _registered(received, points, progress)
    names = _names(received, scans)
    found = [_by_region(received, scan, names) for scan in scans]
    images = [_on_first(scan, part[-1], scans[0]) for scan, part in zip(scans, found, strict=True)]
    volume, mass = _volumes(scans[0], names)
    keep = [i for i, v in enumerate(volume) if v > 0.0]
    activity, raw, recovery, ratio = (
        np.array([part[k] for part in found], np.float64).T[keep] for k in range(4)
    )
    return Measured(
        scans=tuple(scans),
        regions=tuple([*names, REST][i] for i in keep),
        time_s=np.array([scan.time_s for scan in scans]),
        activity_Bq=activity,
        raw_Bq=raw,
        recovery=recovery,
        resolution_ratio=ratio,
        volume_mL=volume[keep],
        mass_kg=mass[keep],
        images=np.stack(images),
    )


def _names(received: ReceivedCase, scans: Sequence[Scan]) -> list[str]:
    names = [r.name for r in scans[0].regions]
    if not names:
        raise received.error(
            ("images", 0), "has no regions; give regions: [{file: FILE, names: {THEIRS: OURS}}]"
        )
    for number, scan in enumerate(scans):
        here = {r.name for r in scan.regions}
        if here != set(names):
            odd = sorted(here ^ set(names))[0]
            where = "is missing" if odd in names else "is there, but not at the first time"
            raise received.error(
                ("images", number, "regions"), f"at {scan.time_s / 3600:.1f} h, region {odd} "
                f"{where}; outline the same regions at each time, or write regions_from: first"
            )  # fmt: skip
    return names


def _registered(
    received: ReceivedCase, points: Sequence[TimePoint], progress: Progress
) -> list[Scan]:
    """Return the time points with density, background, registration and regions."""
    settings = received.dose
    own = [bool(p.regions) for p in points]
    if settings.regions_from == "each" and not all(own):
        raise received.error(
            ("images", own.index(False)), "has no regions, but dose.regions_from is each"
        )
    each = settings.regions_from == "each" or (settings.regions_from is None and all(own))
    scans: list[Scan] = []
    for number, point in enumerate(points):
        progress(0.1 + 0.5 * number / len(points), f"time point {number + 1} of {len(points)}")
        scan = _scan(received, point)
        if number and settings.registration != "none":
            scan = _matched(scans[0], scan, points[0], point, settings.registration)
        if number and not each:
            scan = replace(scan, regions=_moved_regions(scans[0], scan))
        scans.append(scan)
    return scans


def _scan(received: ReceivedCase, point: TimePoint) -> Scan:
    image = point.activity.at_start()
    values, grid = image.values_Bq_mL, image.grid
    density = None if point.ct is None else point.ct.density_on(grid)[0]
    drawn = grid if point.ct is None else point.ct.grid
    settings, recovery = received.dose.background, received.dose.recovery
    scan = Scan(
        point.time_s, values, grid, point.regions, density, min(drawn.spacing_mm), 0.0, None, False,
        point.activity.source, image.basis,
    )  # fmt: skip
    if settings.model == "none":
        return scan
    width = settings.fwhm_mm or 0.0
    share = settings.share
    if settings.model == "air":
        if density is None:
            raise received.error(
                ("dose", "background"), "model air needs a CT, which tells air from body"
            )
        share = background_share(
            values, scan.body(), grid.spacing_mm, fwhm_mm=width,
            point_mm=recovery.fwhm_mm or 3.0 * max(grid.spacing_mm),
        )  # fmt: skip
    share = share or 0.0
    clean = without_background(values, grid.spacing_mm, share=share, fwhm_mm=width)
    return replace(scan, image_Bq_mL=clean, background=share)


def _picture(scan: Scan, point: TimePoint) -> Values:
    """Return what is matched: the CT on the grid of the activity, or the activity itself."""
    if point.ct is None:
        return scan.image_Bq_mL
    means, covered = averaged(point.ct.values_HU, point.ct.grid, scan.grid)
    # air lies where the CT has nothing
    return np.where(covered > 0.5, means, AIR_HU).astype(np.float32)


def _matched(first: Scan, scan: Scan, first_point: TimePoint, point: TimePoint, kind: str) -> Scan:
    if (first_point.ct is None) != (point.ct is None):
        raise InputError(
            f"{scan.source}: one of the time points has a CT and the other none; give a CT for "
            "all, or registration: none"
        )
    try:
        found = register(
            _picture(first, first_point), first.grid, _picture(scan, point), scan.grid, kind=kind
        )
    except SolverError as error:
        raise SolverError(f"{scan.source}: {error}") from error
    if found.improved and found.shift_mm > MOST_SHIFT_MM:
        raise SolverError(
            f"{scan.source}: registration would move it by {found.shift_mm:.0f} mm (allowed "
            f"{MOST_SHIFT_MM:.0f}); give images of the same part of the body, or registration: none"
        )
    return replace(scan, registration=found, registration_used=found.improved)


def _moved_regions(first: Scan, scan: Scan) -> tuple[Region, ...]:
    """Return the regions of the first time point on the grid of a later one.

    The registration takes points of the first image to points of this one; its inverse takes this
    grid's points to the first image, where the regions are read.
    """
    used = scan.registration if scan.registration_used else None
    found: list[Region] = []
    for region in first.regions:
        whole = np.zeros(first.grid.shape, np.float32)
        whole[region.box] = region.share
        back = None if used is None else _inverse(used, scan.source)
        share = moved(whole, first.grid, scan.grid, registration=back).clip(0.0, 1.0)
        found.append(region_from_mask(region.name, share, scan.grid, source=region.source))
    return tuple(found)


def _inverse(registration: Registration, source: str) -> Registration:
    if registration.kind == "deformable":
        raise InputError(
            f"{source}: a deformable registration has no inverse here, which regions_from: first "
            "needs; outline the regions at each time, or give registration: rigid"
        )
    return replace(registration, transform=registration.transform.GetInverse())


def _on_first(scan: Scan, image: Values, first: Scan) -> Values:
    if scan is first:
        return image
    used = scan.registration if scan.registration_used else None
    if used is None and scan.grid.same_as(first.grid):
        return image
    return moved(image, scan.grid, first.grid, registration=used)


def _volumes(scan: Scan, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Return volumes (mL) and masses (kg) of the regions and of the rest of the body."""
    by_name = {r.name: r for r in scan.regions}
    regions = [by_name[name] for name in names]
    volume = [r.volume_mL for r in regions]
    if scan.density_g_cm3 is None:  # what is body and what is air is not known then
        return np.array([*volume, 0.0]), np.full(len(names) + 1, np.nan)
    rest = scan.body() - _union(scan, names)
    outside = float(np.clip(rest, 0.0, 1.0).sum(dtype=np.float64)) * scan.grid.voxel_mL
    mass = [r.sum_over(scan.density_g_cm3) * scan.grid.voxel_mL * 1e-3 for r in regions]
    left = np.clip(rest, 0.0, 1.0) * scan.density_g_cm3
    mass.append(float(left.sum(dtype=np.float64)) * scan.grid.voxel_mL * 1e-3)
    return np.array([*volume, outside]), np.array(mass)


def _union(scan: Scan, names: Sequence[str]) -> Values:
    whole = np.zeros(scan.grid.shape, np.float32)
    for region in scan.regions:
        if region.name in names and region.name != WHOLE:
            whole[region.box] += region.share
    return whole


def _by_region(
    received: ReceivedCase, scan: Scan, names: Sequence[str]
) -> tuple[Floats, Floats, Floats, Floats, Values]:
    """Return activity, raw activity, recovery, resolution ratio (regions + 1), corrected image."""
    settings = received.dose.recovery
    by_name = {r.name: r for r in scan.regions}
    voxel = scan.grid.voxel_mL
    raw = np.array([by_name[name].sum_over(scan.image_Bq_mL) * voxel for name in names])
    body = scan.body()
    rest = np.clip(body - _union(scan, names), 0.0, 1.0)
    outside = float(np.sum(rest * scan.image_Bq_mL, dtype=np.float64)) * voxel
    raw = np.array([*raw, outside])
    ones = np.ones(len(raw))
    image = scan.image_Bq_mL
    if settings.model == "gtm":
        activity, recovery, ratio, image = _by_transfer(received, scan, names, raw)
    elif settings.model == "table":
        recovery = np.array([*(settings.coefficients.get(n, 1.0) for n in names), 1.0])
        activity, ratio = raw / recovery, ones
        gain = np.ones(scan.grid.shape, np.float32)
        for name, value in zip(names, recovery[:-1], strict=True):
            gain[by_name[name].box] += by_name[name].share * np.float32(1.0 / value - 1.0)
        image = image * gain
    else:
        activity, recovery, ratio = raw, ones, ones
    return activity, raw, recovery, ratio, image


def _by_transfer(
    received: ReceivedCase, scan: Scan, names: Sequence[str], raw: Floats
) -> tuple[Floats, Floats, Floats, Values]:
    settings = received.dose.recovery
    assert settings.fwhm_mm is not None
    assert settings.fwhm_sd_mm is not None
    kept = [i for i, name in enumerate(names) if name != WHOLE]
    by_name = {r.name: r for r in scan.regions}
    shares: list[Values] = []
    for i in kept:
        whole = np.zeros(scan.grid.shape, np.float32)
        whole[by_name[names[i]].box] = by_name[names[i]].share
        shares.append(whole)
    labels = [names[i] for i in kept]
    activity, recovery, ratio = raw.copy(), np.ones(len(raw)), np.ones(len(raw))
    solved: list[Floats] = []
    image = scan.image_Bq_mL
    for width in (settings.fwhm_mm + settings.fwhm_sd_mm, settings.fwhm_mm):
        found = transfer(shares, scan.body(), scan.grid.spacing_mm, fwhm_mm=width, names=labels)
        level = found.solve(scan.image_Bq_mL)
        volume = found.shares.reshape(len(level), -1).sum(axis=1, dtype=np.float64)
        amount = level * volume * scan.grid.voxel_mL
        n = found.regions
        solved.append(np.array([*amount[:n], amount[n:].sum()]))
        if width == settings.fwhm_mm:
            recovery[kept] = found.recovery()
            image = found.corrected(scan.image_Bq_mL, level)
    at = [*kept, len(raw) - 1]
    activity[at] = solved[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio[at] = np.where(solved[1] > 0.0, solved[0] / solved[1], 1.0)
    return activity, recovery, ratio, image
