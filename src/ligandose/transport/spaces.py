"""Spaces through which particles are followed: infinite media, spheres, voxel grids, phantoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.hosts import Phantom
from ligandose.transport._geometry import (
    BLOCK,
    INFINITE,
    MIXED,
    SHAPES,
    SPHERES,
    VOXELS,
    Geometry,
)
from ligandose.transport.materials import material

FloatArray = NDArray[np.float64]

MAX_REGIONS = MIXED - 1
MAX_VOXELS = 2_000_000_000
CELL_CM = 1.0  # side of a cell of the search grid of a phantom
THINNEST_WALL_CM = 0.2  # skin of the stylized adults
SPACING_MM = (1e-3, 1e3)
ASPECT = 100.0
"""Voxels may be this many times longer along one axis than along another."""


@dataclass(frozen=True)
class Medium:
    """What a region is made of.

    Attributes:
        material: name in the table of materials.
        density_g_cm3: None takes that of the table.
    """

    material: str
    density_g_cm3: float | None = None

    def density(self) -> float:
        """Return the density, g/cm3; InputError unless positive and finite."""
        if self.density_g_cm3 is None:
            return material(self.material).density_g_cm3
        if not (np.isfinite(self.density_g_cm3) and self.density_g_cm3 > 0):
            raise InputError(
                f"density_g_cm3 of {self.material} is {self.density_g_cm3}; it must be positive "
                "and finite"
            )
        return float(self.density_g_cm3)


@dataclass(frozen=True)
class Space:
    """A geometry with names.

    Attributes:
        geometry: arrays for the kernels.
        regions: names; their index is the region of the geometry.
        materials: names; geometry.material indexes them.
        mass_kg: (regions,); infinite in an infinite medium.
        detail_cm: length that transport should resolve (smallest voxel side or radius); cutoffs
            of electrons follow from it.
        boxes: per region (k, 6) boxes that cover it, cm; empty where sources are voxels.
    """

    geometry: Geometry
    regions: tuple[str, ...]
    materials: tuple[str, ...]
    mass_kg: FloatArray
    detail_cm: float
    boxes: tuple[FloatArray, ...] = ()

    @property
    def voxels(self) -> int:
        """Number of voxels; 0 unless the space is a voxel grid."""
        return int(np.prod(self.geometry.size)) if self.geometry.kind == VOXELS else 0


def infinite_space(medium: Medium) -> Space:
    """Return an infinite body of one medium."""
    geometry = _geometry(INFINITE, [medium])
    return Space(geometry, ("medium",), (medium.material,), np.array([np.inf]), np.inf)


def sphere_space(radii_cm: Sequence[float], media: Sequence[Medium]) -> Space:
    """Return concentric spheres, the smallest first, in vacuum.

    Raises:
        InputError: radii that are not positive and rising, or as many media as radii are missing.
    """
    radii = np.asarray(radii_cm, dtype=np.float64)
    if radii.size == 0 or not np.all(np.isfinite(radii)) or radii[0] <= 0:
        raise InputError(f"radii_cm are {list(radii_cm)}; they must be positive and finite")
    if np.any(np.diff(radii) <= 0) or len(media) != radii.size:
        raise InputError(
            f"radii_cm {list(radii_cm)} must rise and match the number of media ({len(media)})"
        )
    names = list(dict.fromkeys(m.material for m in media))
    density = np.array([m.density() for m in media])
    volume = 4 / 3 * np.pi * np.diff(np.concatenate([[0.0], radii**3]))
    geometry = _geometry(SPHERES, media)._replace(shapes=(radii**2)[:, None].copy())
    boxes = tuple(np.array([[-r, -r, -r, r, r, r]]) for r in radii)
    regions = tuple(f"sphere_{i}" for i in range(radii.size))
    return Space(geometry, regions, tuple(names), volume * density / 1e3, float(radii[0]), boxes)


def voxel_space(
    labels: ArrayLike, *, spacing_mm: Sequence[float], media: Mapping[int, tuple[str, Medium]]
) -> Space:
    """Return a grid of voxels.

    Args:
        labels: (x, y, z) integers, the region of each voxel.
        spacing_mm: three voxel sides.
        media: per label its region's name and medium; every label of the grid must be there.

    Raises:
        InputError: labels that are not integers, NaN, unknown or negative; a spacing that is not
            positive or absurd; density that is not positive; a region named twice.
    """
    spacing = checked_spacing_mm(spacing_mm)
    grid = _checked_labels(labels)
    known = _checked_media(media)
    present = np.unique(grid)
    unknown = [int(v) for v in present if int(v) not in media]
    if unknown:
        raise InputError(f"labels: {unknown[:5]} have no medium; media are given for {known[:20]}")
    index = np.zeros(int(max(present.max(), max(known))) + 1, dtype=np.uint16)
    index[known] = np.arange(len(known))
    chosen = [media[k][1] for k in known]
    label = np.ascontiguousarray(index[grid].ravel(order="F"))
    geometry = _geometry(VOXELS, chosen)._replace(
        low=np.zeros(3),
        per_cm=10.0 / spacing,
        size=np.array(grid.shape),
        label=label,
        block=_blocks(label.reshape(grid.shape, order="F")),
    )
    count = np.bincount(label, minlength=len(known))
    mass = count * np.prod(spacing / 10.0) * geometry.density / 1e3
    names = tuple(media[k][0] for k in known)
    materials = tuple(dict.fromkeys(m.material for m in chosen))
    return Space(geometry, names, materials, mass, float(spacing.min() / 10.0))


def _checked_media(media: Mapping[int, tuple[str, Medium]]) -> list[int]:
    """Return the labels that have a medium, rising; InputError unless usable."""
    bad = [k for k in media if k not in range(MAX_REGIONS + 1)]
    if bad or not media:
        raise InputError(f"media are given for {bad[:5]}; allowed are labels 0 to {MAX_REGIONS}")
    names = [name for name, _ in media.values()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"media: {twice[:5]} name more than one label; give each region one label")
    return sorted(media)


def _blocks(label: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the region of each block of voxels, MIXED where it holds more than one."""
    size = [-(-n // BLOCK) for n in label.shape]
    edges = [(0, m * BLOCK - n) for n, m in zip(label.shape, size, strict=True)]
    padded = np.pad(label, edges, mode="edge")
    parts = padded.reshape(size[0], BLOCK, size[1], BLOCK, size[2], BLOCK)
    low, high = parts.min(axis=(1, 3, 5)), parts.max(axis=(1, 3, 5))
    return np.where(low == high, low, np.uint16(MIXED)).ravel(order="F")


def checked_spacing_mm(spacing_mm: Sequence[float]) -> FloatArray:
    """Return the three sides of a voxel, mm; InputError where they make no sense."""
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.shape != (3,):
        raise InputError(f"spacing_mm has {spacing.size} values; give three (x, y, z)")
    low, high = SPACING_MM
    if not np.all(np.isfinite(spacing) & (spacing >= low) & (spacing <= high)):
        raise InputError(
            f"spacing_mm is {tuple(spacing.tolist())}; each side must be {low:g} to {high:g} mm"
        )
    if spacing.max() > ASPECT * spacing.min():
        raise InputError(
            f"spacing_mm is {tuple(spacing.tolist())}: one side is more than {ASPECT:g} times "
            "another; check the units of the axes"
        )
    return spacing


def _checked_labels(labels: ArrayLike) -> NDArray[np.int64]:
    grid = np.asarray(labels)
    if grid.ndim != 3 or grid.size == 0:
        raise InputError(f"labels have shape {grid.shape}; expected a grid (x, y, z)")
    if grid.size > MAX_VOXELS:
        raise InputError(f"labels have {grid.size} voxels; at most {MAX_VOXELS} are possible")
    if grid.dtype.kind == "f" and not np.all(np.isfinite(grid) & (grid == np.floor(grid))):
        odd = grid[~(np.isfinite(grid) & (grid == np.floor(grid)))]
        raise InputError(f"labels hold {odd[0]}; NaN and fractions are not allowed")
    if grid.dtype.kind not in "iufb":
        raise InputError(f"labels are of type {grid.dtype}; they must be whole numbers")
    whole = grid.astype(np.int64)
    if whole.min() < 0 or whole.max() > MAX_REGIONS:
        raise InputError(
            f"labels run from {whole.min()} to {whole.max()}; allowed are 0 to {MAX_REGIONS}"
        )
    return whole


def phantom_space(phantom: Phantom) -> Space:
    """Return the analytic shapes of a phantom with a grid that finds them quickly."""
    boxes = np.concatenate([phantom.boxes_cm[:, ::2], phantom.boxes_cm[:, 1::2]], axis=1)
    low, high = boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)
    size = np.ceil((high - low) / CELL_CM).astype(np.int64)
    first, candidate = _cells(boxes, low, size)
    media = [
        Medium(name, float(density))
        for name, density in zip(phantom.region_medium, phantom.region_density_g_cm3, strict=True)
    ]
    geometry = _geometry(SHAPES, media)._replace(
        low=low,
        per_cm=np.full(3, 1.0 / CELL_CM),
        size=size,
        first=first,
        candidate=candidate,
        shapes=phantom.shapes.copy(),  # read-only arrays would be compiled for apart
        owner=phantom.shape_region.copy(),
    )
    owned = tuple(boxes[phantom.shape_region == i] for i in range(len(phantom.regions)))
    materials = tuple(dict.fromkeys(phantom.region_medium))
    return Space(
        geometry, phantom.regions, materials, phantom.region_mass_kg, THINNEST_WALL_CM, owned
    )


def _cells(
    boxes: FloatArray, low: FloatArray, size: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List, for each cell, the shapes whose box meets it, in order of priority."""
    start = np.clip(np.floor((boxes[:, :3] - low) / CELL_CM).astype(int), 0, size - 1)
    stop = np.clip(np.floor((boxes[:, 3:] - low) / CELL_CM).astype(int), 0, size - 1)
    cells: list[NDArray[np.int64]] = []
    owners: list[NDArray[np.int32]] = []
    for shape, (a, b) in enumerate(zip(start, stop, strict=True)):
        i, j, k = (np.arange(int(a[d]), int(b[d]) + 1) for d in range(3))
        index: NDArray[np.int64] = i[:, None, None] + size[0] * (
            j[None, :, None] + size[1] * k[None, None, :]
        )
        cells.append(index.ravel())
        owners.append(np.full(index.size, shape, dtype=np.int32))
    cell, owner = np.concatenate(cells), np.concatenate(owners)
    order = np.lexsort((owner, cell))
    counts = np.bincount(cell, minlength=int(np.prod(size)))
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), owner[order]


def _geometry(kind: int, media: Sequence[Medium]) -> Geometry:
    """Return a geometry of these media without any lookup arrays."""
    names = list(dict.fromkeys(m.material for m in media))
    return Geometry(
        kind=kind,
        low=np.zeros(3),
        per_cm=np.ones(3),
        size=np.ones(3, dtype=np.int64),
        label=np.zeros(0, dtype=np.uint16),
        block=np.zeros(0, dtype=np.uint16),
        first=np.zeros(1, dtype=np.int32),
        candidate=np.zeros(0, dtype=np.int32),
        shapes=np.zeros((0, 1)),
        owner=np.zeros(0, dtype=np.int32),
        material=np.array([names.index(m.material) for m in media], dtype=np.int32),
        density=np.array([m.density() for m in media]),
    )
