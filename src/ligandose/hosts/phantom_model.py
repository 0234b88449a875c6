"""Stylized reference adults: organs as analytic shapes, sized to ICRP-89 masses.

The equations are those of the ORNL phantoms (Cristy and Eckerman 1987, ORNL/TM-8381 vol. 1; the
adult male is its adult, the adult female its 15-year-old) and of MIRD pamphlet 5 revised (Snyder
et al. 1978). Organs that the report does not have are the project's own geometry and say so
(source `ligandose-own` in phantom_shapes.csv). Each organ is then scaled to its ICRP-89 mass.

Axes, cm: x to the left of the body, y to the back, z to the head; the origin is the middle of the
base of the trunk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.evidence import read_table
from ligandose.hosts import _shapes
from ligandose.hosts.phantom_rows import parameters, row, scaled

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Labels = NDArray[np.uint8]

SHAPES = "phantom_shapes.csv"
REGIONS = "phantom_regions.csv"
OUTSIDE = -1
MOST_VOXELS = 500_000_000
"""Half a gigabyte of labels; the whole adult at 0.65 mm."""


@dataclass(frozen=True, eq=False)
class Phantom:
    """A stylized adult. Region ids are positions in `regions`; arrays are read-only.

    Attributes:
        name: host, such as "adult-male".
        regions: names of the regions.
        region_medium: name of the material of each region.
        region_density_g_cm3: (regions,).
        region_mass_kg: (regions,) mass of the region's volume as it is in the phantom.
        region_volume_cm3: (regions,).
        region_reference_kg: (regions,) ICRP-89 mass, NaN where there is none to compare with.
        shapes: (shapes, 32) rows for `contains`, in order of priority: the first shape that
            contains a point names its region; a point in none is outside.
        shape_region: (shapes,) region of each shape.
        boxes_cm: (shapes, 6) bounding boxes xmin, xmax, ymin, ymax, zmin, zmax.
    """

    name: str
    regions: tuple[str, ...]
    region_medium: tuple[str, ...]
    region_density_g_cm3: Floats
    region_mass_kg: Floats
    region_volume_cm3: Floats
    region_reference_kg: Floats
    shapes: Floats
    shape_region: Integers
    boxes_cm: Floats

    def region_index(self, region: str) -> int:
        """Return the id of a region; UnknownNameError suggests the nearest names."""
        if region not in self.regions:
            where = f"phantom {self.name}"
            raise UnknownNameError("region", region, self.regions, where=where)
        return self.regions.index(region)

    def bounds_cm(self) -> Floats:
        """Return (6,) xmin, xmax, ymin, ymax, zmin, zmax of the body."""
        low, high = self.boxes_cm[:, ::2].min(axis=0), self.boxes_cm[:, 1::2].max(axis=0)
        return np.stack([low, high], axis=1).ravel()

    def region_at(self, points_cm: Any) -> Integers:
        """Return (n,) region ids of (n, 3) points, OUTSIDE (-1) for points outside the body.

        Raises:
            InputError: an array that is not (n, 3), or coordinates that are not finite.
        """
        points = np.ascontiguousarray(points_cm, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise InputError(f"points_cm: shape {points.shape}; give an array of shape (n, 3)")
        if not np.isfinite(points).all():
            raise InputError("points_cm: holds NaN or infinity; give finite coordinates in cm")
        found = np.empty(len(points), np.int32)
        _shapes.regions_of(self.shapes, self.shape_region, points, found)
        return found

    def label_map(
        self, spacing_mm: float | Sequence[float], *, margin_mm: float = 0.0
    ) -> tuple[Labels, Floats]:
        """Return the body as voxels: region id + 1 at each voxel's centre, 0 outside.

        Args:
            spacing_mm: side of the voxels, or the three sides along x, y, z.
            margin_mm: empty space kept around the body.

        Returns:
            (nx, ny, nz) labels with x, y, z as in the phantom (left, back, up), and the (4, 4)
            affine from voxel indices to RAS+ mm, as NIfTI has it: R = -x, A = -y, S = z.

        Raises:
            InputError: a spacing that is not positive and finite, or one that needs more than
                MOST_VOXELS voxels; a negative margin.
        """
        step = _spacing_cm(spacing_mm)
        if not (math.isfinite(margin_mm) and margin_mm >= 0.0):
            raise InputError(f"margin_mm: {margin_mm} must be zero or more and finite")
        box = self.bounds_cm()
        middle, width = (box[::2] + box[1::2]) / 2.0, box[1::2] - box[::2] + margin_mm / 5.0
        sizes = np.ceil(width / step - 1e-9)
        voxels = math.prod(float(n) for n in sizes)
        if voxels > MOST_VOXELS:
            raise InputError(
                f"spacing_mm {spacing_mm}: the body would have {voxels:.3g} voxels, more "
                f"than the limit of {MOST_VOXELS:.3g}; give larger voxels"
            )
        size = tuple(int(n) for n in sizes)
        origin = middle - step * (np.array(size) - 1.0) / 2.0
        labels = np.zeros(size, np.uint8)
        _shapes.fill_grid(self.shapes, self.shape_region, origin, step, labels)
        to_ras = np.array([-10.0, -10.0, 10.0])
        affine = np.eye(4)
        affine[:3, :3] = np.diag(to_ras * step)
        affine[:3, 3] = to_ras * origin
        return labels, affine


def phantom(name: str) -> Phantom:
    """Return a stylized adult, "adult-male" or "adult-female".

    Raises:
        UnknownNameError: not a phantom of the catalogue.
        DataError: shipped tables that contradict each other.
    """
    if name not in phantoms():
        raise UnknownNameError("phantom", name, phantoms())
    return _load(name)


@cache
def phantoms() -> tuple[str, ...]:
    """Return the names of the phantoms."""
    return tuple(dict.fromkeys(entry["host"] for entry in read_table(REGIONS)))


@cache
def _load(name: str) -> Phantom:
    entries = [entry for entry in read_table(REGIONS) if entry["host"] == name]
    regions = tuple(entry["region"] for entry in entries)
    scales = {entry["region"]: float(entry["scale"]) for entry in entries}
    shapes, owners = compile_shapes(read_shapes(name), regions, scales)

    def column(key: str) -> Floats:
        return _frozen(np.array([float(entry[key] or "nan") for entry in entries]))

    return Phantom(
        name=name,
        regions=regions,
        region_medium=tuple(entry["medium"] for entry in entries),
        region_density_g_cm3=column("density_g_cm3"),
        region_mass_kg=column("mass_kg"),
        region_volume_cm3=column("volume_cm3"),
        region_reference_kg=column("reference_mass_kg"),
        shapes=_frozen(shapes),
        shape_region=_frozen(owners),
        boxes_cm=_frozen(shapes[:, _shapes.BOX].copy()),
    )


def read_shapes(name: str) -> list[dict[str, str]]:
    """Return the rows of phantom_shapes.csv that belong to a phantom, in order of priority."""
    return [entry for entry in read_table(SHAPES) if entry["host"] == name]


def compile_shapes(
    entries: Sequence[Mapping[str, str]], regions: Sequence[str], scales: Mapping[str, float]
) -> tuple[Floats, Integers]:
    """Return (n, 32) rows and (n,) region ids of shapes, each scaled by its region's factor.

    Raises:
        DataError: a region without a row in phantom_regions.csv, or an unknown kind.
    """
    rows: list[Floats] = []
    owners: list[int] = []
    for entry in entries:
        region = entry["region"]
        if region not in scales:
            raise DataError(f"{REGIONS}: no region {region!r}, which {SHAPES} has")
        published = parameters(entry["parameters"], f"{SHAPES} {region} {entry['part']}")
        fitted = scaled(entry["kind"], published, scales[region], entry["scaling"])
        rows.append(row(entry["kind"], fitted))
        owners.append(regions.index(region))
    return np.array(rows), np.array(owners, np.int32)


def _spacing_cm(spacing_mm: float | Sequence[float]) -> Floats:
    """Return the three voxel sides, cm."""
    given = np.asarray(spacing_mm, dtype=np.float64)
    if given.shape not in ((), (1,), (3,)) or not (np.isfinite(given) & (given > 0.0)).all():
        raise InputError(
            f"spacing_mm: {spacing_mm} is not one or three positive, finite lengths in mm"
        )
    return np.broadcast_to(given, (3,)) / 10.0


def _frozen(array: Any) -> Any:
    array.setflags(write=False)
    return array
