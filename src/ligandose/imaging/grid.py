"""Where voxels lie in the patient.

Every array of an image is indexed (z, y, x) = (slice, row, column). The affine takes
(column, row, slice, 1) to millimetres in the DICOM patient system, LPS: x to the patient's left,
y to the back, z to the head (DICOM PS3.3, C.7.6.2.1.1). NIfTI has RAS: x and y turned round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]

MOST_VOXELS = 400_000_000
"""A CT of 512 x 512 x 1500; more is no image of a patient."""
SAME_MM = 0.01
"""Corners that differ by less are the same: headers round to about a micrometre per slice."""
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape and place of an image.

    Attributes:
        shape: voxels along (z, y, x).
        affine_lps_mm: (4, 4), from (column, row, slice, 1) to LPS mm.

    Raises:
        InputError: no three axes, too many voxels, axes that are not perpendicular or are not
            finite.
    """

    shape: tuple[int, int, int]
    affine_lps_mm: Floats

    def __post_init__(self) -> None:
        affine = np.array(self.affine_lps_mm, np.float64)
        affine.setflags(write=False)
        object.__setattr__(self, "affine_lps_mm", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        _check(self.shape, affine)

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel sides along (z, y, x)."""
        sides = np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0)
        return float(sides[2]), float(sides[1]), float(sides[0])

    @property
    def voxel_mL(self) -> float:
        """Volume of a voxel."""
        dz, dy, dx = self.spacing_mm
        return dz * dy * dx * 1e-3

    @property
    def affine_ras_mm(self) -> Floats:
        """(4, 4) from (column, row, slice, 1) to RAS mm, as NIfTI has it."""
        return _LPS_TO_RAS @ self.affine_lps_mm

    @property
    def directions(self) -> Floats:
        """(3, 3) unit vectors of column, row and slice index, as columns."""
        return self.affine_lps_mm[:3, :3] / np.array(self.spacing_mm[::-1])

    def points_lps_mm(self, index_zyx: Any) -> Floats:
        """Return (n, 3) LPS points of (n, 3) indices (z, y, x), whole or not."""
        columns_first = np.asarray(index_zyx, np.float64)[:, ::-1]
        points: Floats = np.dot(columns_first, self.affine_lps_mm[:3, :3].T)
        points += self.affine_lps_mm[:3, 3]
        return points

    def indices_zyx(self, points_lps_mm: Any) -> Floats:
        """Return (n, 3) indices (z, y, x), not rounded, of (n, 3) LPS points."""
        shifted: Floats = np.asarray(points_lps_mm, np.float64) - self.affine_lps_mm[:3, 3]
        found: Any = np.linalg.solve(self.affine_lps_mm[:3, :3], shifted.T).T[:, ::-1]
        return found

    def corners_lps_mm(self) -> Floats:
        """Return the (8, 3) outer corners of the outermost voxels."""
        ends = [(-0.5, n - 0.5) for n in self.shape]
        corners = [(z, y, x) for z in ends[0] for y in ends[1] for x in ends[2]]
        return self.points_lps_mm(np.array(corners))

    def same_as(self, other: Grid) -> bool:
        """Say whether two grids have the same voxels, within SAME_MM at every corner."""
        if self.shape != other.shape:
            return False
        apart = np.abs(self.corners_lps_mm() - other.corners_lps_mm())
        return bool(apart.max() <= SAME_MM)

    def share_within(self, other: Grid) -> float:
        """Return the share of this grid's box that lies in the other's box, by sampling 9^3."""
        steps = [(np.arange(9) + 0.5) / 9.0 * n - 0.5 for n in self.shape]
        z, y, x = np.meshgrid(*steps, indexing="ij")
        points = self.points_lps_mm(np.stack([z.ravel(), y.ravel(), x.ravel()], axis=1))
        index = other.indices_zyx(points)
        inside = (index >= -0.5) & (index <= np.array(other.shape) - 0.5)
        return float(inside.all(axis=1).mean())

    def describe(self) -> str:
        """Return shape, spacing and first voxel as text for messages."""
        shape = " x ".join(str(n) for n in self.shape[::-1])
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing_mm[::-1])
        first = ", ".join(f"{v:.5g}" for v in self.affine_lps_mm[:3, 3])
        return f"{shape} voxels (x, y, z) of {spacing} mm from LPS ({first}) mm"


def axial_grid(
    shape: Sequence[int], spacing_mm: Sequence[float], first_voxel_lps_mm: Sequence[float]
) -> Grid:
    """Return a grid along the patient's axes.

    Args:
        shape: voxels along (z, y, x).
        spacing_mm: along (z, y, x).
        first_voxel_lps_mm: (x, y, z) centre of voxel (0, 0, 0).

    >>> axial_grid((2, 3, 4), (5.0, 2.0, 2.0), (0.0, 0.0, 0.0)).voxel_mL
    0.02
    """
    affine = np.diag([*[float(s) for s in spacing_mm[::-1]], 1.0])
    affine[:3, 3] = first_voxel_lps_mm
    depth, rows, columns = (int(n) for n in shape)
    return Grid((depth, rows, columns), affine)


def grid_from_ras(shape: Sequence[int], affine_ras_mm: Any) -> Grid:
    """Return the grid of a (z, y, x) shape and an affine from (column, row, slice) to RAS mm."""
    depth, rows, columns = (int(n) for n in shape)
    return Grid((depth, rows, columns), _LPS_TO_RAS @ np.asarray(affine_ras_mm, np.float64))


def upright(values: Any, grid: Grid) -> tuple[Any, Grid]:
    """Return values and grid with slices in the direction of row x column, as DICOM wants it."""
    directions = grid.directions
    if float(np.cross(directions[:, 0], directions[:, 1]) @ directions[:, 2]) > 0.0:
        return values, grid
    affine = np.array(grid.affine_lps_mm)
    affine[:3, 3] += affine[:3, 2] * (grid.shape[0] - 1)
    affine[:3, 2] *= -1.0
    return values[::-1], Grid(grid.shape, affine)


def _check(shape: tuple[int, ...], affine: Floats) -> None:
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"the image has the shape {shape}; it needs three axes of one or more")
    if float(np.prod(np.array(shape, np.float64))) > MOST_VOXELS:
        raise InputError(
            f"the image has {shape} voxels, more than {MOST_VOXELS:.3g}; crop or resample it"
        )
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise InputError("the image's affine is not a finite (4, 4) matrix; export it again")
    axes = affine[:3, :3]
    sides = np.linalg.norm(axes, axis=0)
    if sides.min() < 0.01 or sides.max() > 200.0:
        raise InputError(
            f"the voxel sides are {', '.join(f'{s:.4g}' for s in sides)} mm, allowed 0.01 to 200; "
            "check the unit (mm) of the header"
        )
    angles = (axes / sides).T @ (axes / sides) - np.eye(3)
    if np.abs(angles).max() > 1e-3:
        raise InputError(
            "the image's axes are not perpendicular (gantry tilt or shear); resample it onto "
            "perpendicular axes first"
        )
