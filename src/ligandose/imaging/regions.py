"""Regions of an image: which part of each voxel belongs to an organ or a lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.grid import Grid
from ligandose.imaging.resample import axis_overlaps, parallel, sampled, spread

Shares = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

LESION_PREFIX = "lesion:"
MOST_LOST = 0.01
"""A region may lose this share of its volume at the edge of an image without an error."""
MOST_OVERLAP = 0.02
"""Organs may share this part of the smaller one's volume: rims of two drawn outlines."""


@dataclass(frozen=True, eq=False)
class Region:
    """A region on a grid.

    Attributes:
        name: our name, such as "kidneys" or "lesion:L1".
        grid: the grid of the whole image.
        start: (z, y, x) of the box's first voxel.
        share: (dz, dy, dx) part of each voxel of the box that belongs to the region, 0 to 1.
        source: file and name there.
        frame_of_reference: UID, "" where unknown.
    """

    name: str
    grid: Grid
    start: tuple[int, int, int]
    share: Shares
    source: str
    frame_of_reference: str = ""

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the shares lie in an array of the grid's shape."""
        z, y, x = (slice(a, a + n) for a, n in zip(self.start, self.share.shape, strict=True))
        return z, y, x

    @property
    def volume_mL(self) -> float:
        """Volume, shares of voxels counted as such."""
        return float(self.share.sum(dtype=np.float64)) * self.grid.voxel_mL

    def mask(self) -> Mask:
        """Return the (z, y, x) voxels of which at least half belong to the region."""
        found = np.zeros(self.grid.shape, np.bool_)
        found[self.box] = self.share >= 0.5
        return found

    def sum_over(self, values: NDArray[Any]) -> float:
        """Return the sum of (z, y, x) values over the region, weighted with the shares."""
        return float(np.sum(values[self.box] * self.share, dtype=np.float64))

    def mean_of(self, values: NDArray[Any]) -> float:
        """Return the mean of (z, y, x) values over the region, weighted with the shares."""
        return self.sum_over(values) / float(self.share.sum(dtype=np.float64))


def region_from_mask(
    name: str, mask: NDArray[Any], grid: Grid, *, source: str, frame_of_reference: str = ""
) -> Region:
    """Return a region from (z, y, x) values 0 to 1 on a grid.

    Raises:
        InputError: another shape than the grid's, values outside 0 to 1, or empty.
    """
    if mask.shape != grid.shape:
        raise InputError(f"{source}: shape {mask.shape}, its grid has {grid.shape}; damaged")
    used = np.argwhere(mask > 0)
    if not len(used):
        raise InputError(f"{source}: region {name} is empty; draw it, or leave it out")
    low, high = used.min(axis=0), used.max(axis=0) + 1
    share = mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]].astype(np.float32)
    if float(share.max()) > 1.0 or float(share.min()) < 0.0:
        raise InputError(f"{source}: region {name} has values outside 0 to 1")
    return Region(
        name, grid, (int(low[0]), int(low[1]), int(low[2])), share, source, frame_of_reference
    )


def onto(region: Region, grid: Grid, *, frame_of_reference: str = "") -> Region:
    """Return a region on another grid, its volume kept.

    Grids along the same axes share voxels exactly (product of overlaps along the axes); others
    are sampled at PER_AXIS^3 points of each voxel.

    Args:
        region: on its own grid.
        grid: of the image that is measured.
        frame_of_reference: of that image, "" where unknown.

    Raises:
        InputError: another frame of reference, or more than MOST_LOST of the region outside.
    """
    theirs = region.frame_of_reference
    if theirs and frame_of_reference and theirs != frame_of_reference:
        raise InputError(
            f"{region.source}: region {region.name} was drawn in another frame of reference "
            f"({theirs}) than the image's ({frame_of_reference}); register the images and give "
            "the region with the image that it was drawn on"
        )
    if region.grid.same_as(grid):
        return replace(region, grid=grid)
    if parallel(region.grid, grid):
        overlaps = axis_overlaps(region.grid, region.start, region.share.shape, grid)
        start = (overlaps[0][0], overlaps[1][0], overlaps[2][0])
        share = spread(region.share, overlaps).clip(0.0, 1.0).astype(np.float32)
    else:
        start, share = _sampled(region, grid)
    kept = float(share.sum(dtype=np.float64)) * grid.voxel_mL / region.volume_mL
    if kept < 1.0 - MOST_LOST:
        raise InputError(
            f"{region.source}: {1.0 - kept:.0%} of region {region.name} lie outside of the image "
            f"({grid.describe()}); crop the region to the field of view, or leave it out"
        )
    return Region(region.name, grid, start, share, region.source, frame_of_reference or theirs)


def _sampled(region: Region, grid: Grid) -> tuple[tuple[int, int, int], Shares]:
    """Return the box and shares by samples in the voxels of the wanted grid."""
    low = np.array(region.start) - 0.5
    ends = low + np.array(list(np.ndindex(2, 2, 2))) * np.array(region.share.shape)
    index = grid.indices_zyx(region.grid.points_lps_mm(ends))
    most = np.array(grid.shape)
    first = np.clip(np.floor(np.min(index, axis=0)).astype(np.int64), 0, most - 1)
    end = np.minimum(np.ceil(np.max(index, axis=0)).astype(np.int64) + 1, most)
    shape = np.maximum(end - first, 1)
    shares, _ = sampled(region.share, region.grid, region.start, grid, first=first, shape=shape)
    return (int(first[0]), int(first[1]), int(first[2])), shares.astype(np.float32)


def combined(sets: Sequence[Sequence[Region]]) -> tuple[Region, ...]:
    """Return the regions of several sets on one grid as one set.

    Lesions are taken out of the organs they lie in, so that no voxel counts twice.

    Raises:
        InputError: a name in two sets, regions on different grids, organs that overlap by more
            than MOST_OVERLAP, or an organ of which its lesions leave nothing.
    """
    everything = [region for regions in sets for region in regions]
    by_name: dict[str, Region] = {}
    for region in everything:
        if region.name in by_name:
            raise InputError(
                f"region {region.name} stands in {by_name[region.name].source} and in "
                f"{region.source}; map one of them to another name, or leave it out"
            )
        by_name[region.name] = region
    for region in everything[1:]:
        if not region.grid.same_as(everything[0].grid):
            raise InputError(
                f"{region.source}: region {region.name} is on another grid "
                f"({region.grid.describe()}) than {everything[0].name} "
                f"({everything[0].grid.describe()}); put both onto the image's grid first"
            )
    lesions = [r for r in everything if r.name.startswith(LESION_PREFIX)]
    organs = [r for r in everything if not r.name.startswith(LESION_PREFIX)]
    _check_overlap(lesions)
    _check_overlap(organs)
    return (*[_without(organ, lesions) for organ in organs], *lesions)


def _check_overlap(regions: Sequence[Region]) -> None:
    for i, a in enumerate(regions):
        for b in regions[:i]:
            shared = float(np.minimum(_in_box(a, b), b.share).sum()) * b.grid.voxel_mL
            if "whole_body" in (a.name, b.name):
                continue
            if shared > MOST_OVERLAP * min(a.volume_mL, b.volume_mL):
                raise InputError(
                    f"regions {b.name} ({b.source}) and {a.name} ({a.source}) overlap by "
                    f"{shared:.3g} mL; a voxel belongs to one region: correct the outlines"
                )


def _in_box(region: Region, box_of: Region) -> Shares:
    """Return a region's shares in the box of another on the same grid."""
    found = np.zeros(box_of.share.shape, np.float32)
    here: list[slice] = []
    there: list[slice] = []
    for a, n, b, m in zip(
        region.start, region.share.shape, box_of.start, box_of.share.shape, strict=True
    ):
        low, high = max(a, b), min(a + n, b + m)
        if high <= low:
            return found
        here.append(slice(low - a, high - a))
        there.append(slice(low - b, high - b))
    found[tuple(there)] = region.share[tuple(here)]
    return found


def _without(organ: Region, lesions: Sequence[Region]) -> Region:
    if organ.name == "whole_body":
        return organ
    share = organ.share.copy()
    for lesion in lesions:
        share = np.minimum(share, 1.0 - _in_box(lesion, organ))
    if share.sum() <= 0.0:
        raise InputError(
            f"region {organ.name}: its lesions leave nothing of it; check the outlines"
        )
    return replace(organ, share=share)


def label_map(regions: Sequence[Region]) -> tuple[NDArray[np.uint16], Mapping[int, str]]:
    """Return (z, y, x) labels 1, 2, ... in the order of the regions, and their names."""
    labels = np.zeros(regions[0].grid.shape, np.uint16)
    for number, region in enumerate(regions, start=1):
        labels[region.box][region.share >= 0.5] = number
    return labels, {number: r.name for number, r in enumerate(regions, start=1)}
