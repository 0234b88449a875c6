"""Patients with known truth: stylized adults with activity, seen by a camera.

A stylized adult is voxelised finely, each region holds its activity evenly, the camera blurs it
(Gaussian point spread), adds a broad background like that of scatter left after correction, and
counts with Poisson noise. The truth is known exactly: activities of the regions, volumes, times.
What the settings of the camera are is the caller's choice; the defaults are those of a test, no
claim about a scanner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.ndimage  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from ligandose.course import Course
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import phantom
from ligandose.imaging.activity import decay_per_s
from ligandose.imaging.ct import default_curve
from ligandose.imaging.grid import Grid, grid_from_ras
from ligandose.imaging.regions import LESION_PREFIX, Region, onto, region_from_mask
from ligandose.imaging.timing import mean_to_start

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Labels = NDArray[np.uint8]

SOFT_TISSUE, BONE = "soft_tissue", "bone_"
SKELETON = ("bone_cortical", "bone_trabecular", "red_marrow", "endosteum")
FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
LESION_DENSITY_G_CM3 = 1.04
"""That of the phantoms' soft tissue (Cristy and Eckerman 1987, as phantom_regions.csv has it)."""
AIR_HU = -1000.0
_filters: Any = scipy.ndimage  # without types of its own


@dataclass(frozen=True)
class Lesion:
    """A sphere in an organ.

    Attributes:
        name: without the prefix "lesion:".
        organ: region of the phantom it lies in, where that is thickest.
        volume_mL: its volume.
    """

    name: str
    organ: str
    volume_mL: float


@dataclass(frozen=True, eq=False)
class VirtualPatient:
    """A voxelised body.

    Attributes:
        name: of the phantom.
        grid: fine grid of `labels` (LPS mm).
        labels: (z, y, x) position in `regions` + 1, 0 outside of the body.
        regions: names; lesions at the end.
        density_g_cm3: (regions,).
    """

    name: str
    grid: Grid
    labels: Labels
    regions: tuple[str, ...]
    density_g_cm3: Floats

    def counts(self) -> Floats:
        """Return (regions,) numbers of fine voxels."""
        found = np.bincount(self.labels.ravel(), minlength=len(self.regions) + 1)
        return found[1:].astype(np.float64)

    def volume_mL(self, region: str) -> float:
        """Return the voxelised volume of a region."""
        return float(self.counts()[self._index(region)]) * self.grid.voxel_mL

    def region(self, name: str, grid: Grid | None = None) -> Region:
        """Return the true outline of a region, on the fine grid or on another."""
        mask = self.labels == self._index(name) + 1
        found = region_from_mask(name, mask, self.grid, source=f"{self.name} (truth)")
        return found if grid is None else onto(found, grid)

    def _index(self, region: str) -> int:
        if region not in self.regions:
            raise UnknownNameError("region", region, self.regions, where=self.name)
        return self.regions.index(region)

    def hounsfield(self) -> Values:
        """Return the (z, y, x) HU on the fine grid: those of the densities on the shipped curve."""
        # the curve steps down at 100 HU: of two HU with one density the lower is taken
        table = np.arange(-1000.0, 3000.0, 0.1, dtype=np.float32)
        highest = np.maximum.accumulate(default_curve().density_g_cm3(table))
        at = np.searchsorted(highest, self.density_g_cm3.astype(np.float32))
        hu = table[np.minimum(at, table.size - 1)]
        return np.concatenate([[AIR_HU], hu]).astype(np.float32)[self.labels]


def virtual_patient(
    host: str = "adult-male",
    *,
    fine_mm: float = 2.4,
    from_cm: float | None = None,
    to_cm: float | None = None,
    lesions: Sequence[Lesion] = (),
    margin_mm: float = 20.0,
) -> VirtualPatient:
    """Return a stylized adult as voxels, with lesions.

    Args:
        host: phantom.
        fine_mm: side of the voxels.
        from_cm, to_cm: heights above the base of the trunk between which the body is kept.
        lesions: spheres to put in; a lesion takes the place of what was there.
        margin_mm: air around the body.

    Raises:
        UnknownNameError: a phantom or an organ that is not there.
        InputError: heights that leave nothing, or a lesion that does not fit into its organ.
    """
    body = phantom(host)
    labels_xyz, affine = body.label_map(fine_mm, margin_mm=margin_mm)
    labels = np.ascontiguousarray(labels_xyz.transpose(2, 1, 0))
    grid = grid_from_ras(labels.shape, affine)
    labels, grid = _cropped(labels, grid, from_cm, to_cm)
    regions = [*body.regions]
    density = [float(v) for v in body.region_density_g_cm3]
    for lesion in lesions:
        if lesion.organ not in body.regions:
            raise UnknownNameError(
                "region", lesion.organ, body.regions, where=f"lesion {lesion.name}"
            )
        regions.append(f"{LESION_PREFIX}{lesion.name}")
        density.append(LESION_DENSITY_G_CM3)
        _insert(labels, grid, lesion, regions.index(lesion.organ) + 1, len(regions))
    return VirtualPatient(host, grid, labels, tuple(regions), np.array(density))


def _cropped(
    labels: Labels, grid: Grid, from_cm: float | None, to_cm: float | None
) -> tuple[Labels, Grid]:
    z_mm = grid.affine_lps_mm[2, 3] + grid.affine_lps_mm[2, 2] * np.arange(grid.shape[0])
    low = -np.inf if from_cm is None else 10.0 * from_cm
    high = np.inf if to_cm is None else 10.0 * to_cm
    kept = np.flatnonzero((z_mm >= low) & (z_mm <= high))
    if kept.size < 2:
        raise InputError(f"from_cm {from_cm}, to_cm {to_cm}: leave nothing of the body")
    first = int(kept[0])
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += affine[:3, 2] * first
    part = np.ascontiguousarray(labels[first : int(kept[-1]) + 1])
    return part, Grid((part.shape[0], part.shape[1], part.shape[2]), affine)


def _insert(labels: Labels, grid: Grid, lesion: Lesion, organ: int, number: int) -> None:
    """Put a sphere where the organ is thickest, in place."""
    radius_mm = (3.0 * lesion.volume_mL * 1e3 / (4.0 * math.pi)) ** (1.0 / 3.0)
    # a rim of outside around the image, or a sphere could be cut by its edge
    inside = np.pad(labels == organ, 1)
    depth = _filters.distance_transform_edt(inside, sampling=grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    deepest = float(depth.max())
    if not 0.0 < radius_mm <= deepest:
        raise InputError(
            f"lesion {lesion.name}: {lesion.volume_mL:g} mL do not fit into {lesion.organ}, whose "
            f"largest free sphere has {4.0 / 3.0 * math.pi * deepest**3 * 1e-3:.3g} mL"
        )
    centre = np.array(np.unravel_index(int(depth.argmax()), depth.shape), np.float64)
    index: Any = np.indices(labels.shape, np.float32)
    distance: Any = sum(((index[i] - centre[i]) * grid.spacing_mm[i]) ** 2 for i in range(3))
    labels[distance <= radius_mm**2] = number


def course_activity(course: Course, time_s: float, patient: VirtualPatient) -> dict[str, float]:
    """Return the activity (Bq) of the phantom's regions at a time of a simulated course.

    Regions that the phantom has keep their activity; skeleton and marrow lie in the phantom's bones
    by volume; blood, muscle, fat and the rest lie in its soft tissue. The bladder's contents, which
    the course does not follow over time, are empty.

    Raises:
        InputError: a time outside of the course, or a patient who was not solved.
    """
    times = course.time_s
    if not times[0] <= time_s <= times[-1]:
        raise InputError(f"time_s: {time_s:g} is outside of the course (to {times[-1]:g} s)")
    found = dict.fromkeys(patient.regions, 0.0)
    counts = dict(zip(patient.regions, patient.counts().tolist(), strict=True))
    bones = {r: counts[r] for r in patient.regions if r.startswith(BONE)}
    for i, name in enumerate(course.regions):
        values = course.activity_all_Bq[0, :, i]
        if name == "whole_body" or not np.isfinite(values).all():
            continue
        amount = float(np.interp(time_s, times, values))
        if counts.get(name, 0.0) > 0:
            found[name] += amount
        elif name in SKELETON and sum(bones.values()) > 0:
            for bone, count in bones.items():
                found[bone] += amount * count / sum(bones.values())
        elif name not in counts:
            found[SOFT_TISSUE] += amount
    return found


@dataclass(frozen=True)
class Camera:
    """What makes an image of activity.

    Attributes:
        voxel: fine voxels per side of an image voxel.
        fwhm_mm: of the Gaussian point spread.
        sensitivity_cps_per_MBq: counts per activity, all heads.
        duration_s: of the acquisition; also the counting time.
        scatter_share: counts of the background per count of the image.
        scatter_fwhm_mm: how far the background spreads.
    """

    voxel: int = 2
    fwhm_mm: float = 12.0
    sensitivity_cps_per_MBq: float = 20.0
    duration_s: float = 1200.0
    scatter_share: float = 0.05
    scatter_fwhm_mm: float = 150.0


def image_grid(patient: VirtualPatient, camera: Camera) -> Grid:
    """Return the grid of the camera's image: blocks of fine voxels, the last filled with air."""
    n = camera.voxel
    shape = tuple(-(-size // n) for size in patient.grid.shape)
    affine = np.array(patient.grid.affine_lps_mm)
    affine[:3, 3] += affine[:3, :3] @ np.full(3, (n - 1) / 2.0)
    affine[:3, :3] *= n
    return Grid((shape[0], shape[1], shape[2]), affine)


def expected_counts(
    patient: VirtualPatient,
    activity_Bq: Mapping[str, float],
    *,
    nuclide_name: str,
    camera: Camera,
) -> Floats:
    """Return the (z, y, x) expected counts of an acquisition.

    Args:
        patient: who is seen.
        activity_Bq: of the regions when the acquisition begins.
        nuclide_name: decays during the acquisition.
        camera: how it is seen.

    Raises:
        UnknownNameError: a region that the patient does not have.
        InputError: activity that is negative or in a region without a voxel.
    """
    concentration = np.zeros(len(patient.regions) + 1)
    counts = patient.counts()
    for name, amount in activity_Bq.items():
        if name not in patient.regions:
            raise UnknownNameError("region", name, patient.regions, where=patient.name)
        voxels = counts[patient.regions.index(name)]
        if amount < 0.0 or (amount > 0.0 and voxels == 0):
            raise InputError(f"activity_Bq: {name} has {amount:g} Bq in {voxels:g} voxels")
        if amount > 0.0:
            concentration[patient.regions.index(name) + 1] = amount / voxels
    per_Bq = camera.sensitivity_cps_per_MBq * camera.duration_s * 1e-6
    per_Bq /= mean_to_start(decay_per_s(nuclide_name), camera.duration_s)
    emitted = (concentration * per_Bq)[patient.labels]

    def blurred(fwhm_mm: float) -> Floats:
        sigma = [fwhm_mm / FWHM_PER_SIGMA / s for s in patient.grid.spacing_mm]
        return np.asarray(_filters.gaussian_filter(emitted, sigma, mode="constant"))

    seen = blurred(camera.fwhm_mm)
    if camera.scatter_share > 0.0:
        seen = seen + camera.scatter_share * blurred(camera.scatter_fwhm_mm)
    grid, n = image_grid(patient, camera), camera.voxel
    nz, ny, nx = grid.shape
    whole = np.zeros((nz * n, ny * n, nx * n))
    whole[tuple(slice(0, size) for size in seen.shape)] = seen
    return whole.reshape(nz, n, ny, n, nx, n).sum(axis=(1, 3, 5))


def counted(expected: Floats, *, seed: int, acquisition: int = 0) -> Values:
    """Return Poisson counts; the same seed and number of the acquisition, the same counts."""
    rng = np.random.default_rng([seed, acquisition])
    return rng.poisson(expected).astype(np.float32)


def noisy_ct(patient: VirtualPatient, *, sd_HU: float = 15.0, seed: int, scan: int = 0) -> Values:
    """Return the (z, y, x) CT on the fine grid with Gaussian noise, whole HU."""
    rng = np.random.default_rng([seed, 1000 + scan])
    noise = rng.normal(0.0, sd_HU, patient.labels.shape) if sd_HU > 0.0 else 0.0
    return np.rint(patient.hounsfield() + noise).clip(-1024, 3071).astype(np.float32)
