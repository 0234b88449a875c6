"""Partial volume undone: what each region of a blurred image truly holds.

Geometric transfer matrix (Rousset, Ma and Evans 1998, J. Nucl. Med. 39:904): with regions of
uniform concentration c and the blurred share b_j of each, the mean that an image shows over region
i is Σ_j w_ij c_j, w_ij = Σ s_i b_j / Σ s_i; solving gives c. The tissue around each region is a
region of its own (its nearest SHELL_FWHM widths), the rest of the body another, so that a
background that differs from place to place is not taken for spill-over. Voxel by voxel the image is
then corrected by synthetic/(blurred synthetic) (region-based voxel-wise correction, Thomas et al.
2011).

The point spread is a Gaussian. Array-only; shares, images (z, y, x); lengths in mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.ndimage  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
_filters: Any = scipy.ndimage  # without types of its own

FWHM_PER_SIGMA = 2.3548200450309493
SHELL_FWHM = 1.5
"""Width of the shell around a region, in widths of the point spread."""
TRUNCATE = 4.0
LEAST_SHELL_VOXELS = 8.0
AIR_FWHM = 3.0
"""Air counts as air this far outside of the body, in widths of the point spread."""
LEAST_AIR_VOXELS = 500
BACKGROUND_STEPS = 4
LEAST_SYNTHETIC = 0.02
"""Voxels that the synthetic image gives less than this share of its greatest stay as they are."""
MOST_GAIN = 4.0


@dataclass(frozen=True, eq=False)
class Transfer:
    """How regions show in an image.

    Attributes:
        shares: (k, z, y, x) share of each voxel: regions, their shells, the rest of the body.
        blurred: (k, z, y, x) the same as the camera shows them.
        matrix: (k, k) mean over region i per concentration in j.
        regions: how many of them are the regions asked for (the first).
        fwhm_mm: of the point spread.
    """

    shares: Values
    blurred: Values
    matrix: Floats
    regions: int
    fwhm_mm: float

    def means(self, image: NDArray[Any]) -> Floats:
        """Return the (k,) means of an image over the parts."""
        flat = self.shares.reshape(len(self.shares), -1)
        sums: Any = flat @ np.asarray(image, np.float32).ravel()
        return np.asarray(sums, np.float64) / flat.sum(axis=1, dtype=np.float64)

    def solve(self, image: NDArray[Any]) -> Floats:
        """Return the (k,) true concentrations of the parts."""
        return np.asarray(np.linalg.solve(self.matrix, self.means(image)), np.float64)

    def recovery(self) -> Floats:
        """Return the (regions,) share of its own activity that each region shows."""
        return np.diag(self.matrix)[: self.regions].copy()

    def corrected(self, image: NDArray[Any], concentration: Floats) -> Values:
        """Return an image corrected voxel by voxel with the solved concentrations."""
        level = np.clip(concentration, 0.0, None).astype(np.float32)
        synthetic: Any = np.tensordot(level, self.shares, axes=1)
        shown: Any = np.tensordot(level, self.blurred, axes=1)
        known = shown > LEAST_SYNTHETIC * float(shown.max())
        gain = np.divide(synthetic, shown, out=np.ones_like(shown), where=known)
        gain = np.clip(gain, 0.0, MOST_GAIN)
        return np.asarray(image * gain, np.float32)


def blurred(values: NDArray[Any], spacing_mm: Sequence[float], *, fwhm_mm: float) -> Values:
    """Return values as a Gaussian point spread shows them; nothing lies outside."""
    sigma = [fwhm_mm / FWHM_PER_SIGMA / s for s in spacing_mm]
    found = _filters.gaussian_filter(
        np.asarray(values, np.float32), sigma, mode="constant", truncate=TRUNCATE
    )
    return np.asarray(found, np.float32)


def transfer(
    shares: Sequence[NDArray[Any]],
    body: NDArray[Any],
    spacing_mm: Sequence[float],
    *,
    fwhm_mm: float,
    names: Sequence[str] = (),
) -> Transfer:
    """Return the transfer of regions in a body.

    Args:
        shares: of the regions, each (z, y, x), not overlapping.
        body: (z, y, x) share of each voxel that is body.
        spacing_mm: voxel sides along (z, y, x).
        fwhm_mm: of the point spread.
        names: of the regions, for messages.

    Raises:
        InputError: regions that the point spread cannot tell apart.
    """
    parts = parts_of(shares, body, spacing_mm, fwhm_mm=fwhm_mm)
    shown = np.stack([blurred(part, spacing_mm, fwhm_mm=fwhm_mm) for part in parts])
    flat = parts.reshape(len(parts), -1)
    products: Any = flat @ shown.reshape(len(parts), -1).T
    matrix = np.asarray(products, np.float64) / flat.sum(axis=1, dtype=np.float64)[:, None]
    if np.linalg.cond(matrix) > 1e4:
        worst = int(np.argmin(np.diag(matrix)[: len(shares)]))
        name = names[worst] if names else str(worst)
        raise InputError(
            f"region {name} is too small for a resolution of {fwhm_mm:g} mm (it shows "
            f"{matrix[worst, worst]:.0%} of its activity); leave it out, or give model: none"
        )
    return Transfer(parts, shown, matrix, len(shares), fwhm_mm)


def parts_of(
    shares: Sequence[NDArray[Any]],
    body: NDArray[Any],
    spacing_mm: Sequence[float],
    *,
    fwhm_mm: float,
) -> Values:
    """Return (k, z, y, x): the regions, the shell of each that there is, the rest of the body."""
    regions = np.stack([np.asarray(s, np.float32) for s in shares])
    rest = np.clip(np.asarray(body, np.float32) - regions.sum(axis=0), 0.0, 1.0)
    inside = regions.sum(axis=0) >= 0.5
    distance, nearest = _filters.distance_transform_edt(
        ~inside, sampling=spacing_mm, return_indices=True
    )
    owner = np.argmax(regions, axis=0)[tuple(nearest)]
    near = distance <= SHELL_FWHM * fwhm_mm
    found = [*regions]
    for number in range(len(regions)):
        shell = np.where(near & (owner == number), rest, np.float32(0.0))
        if float(shell.sum()) >= LEAST_SHELL_VOXELS:
            found.append(shell)
            rest = rest - shell
    if float(rest.sum()) >= LEAST_SHELL_VOXELS:
        found.append(rest)
    return np.stack(found).astype(np.float32)


def without_background(
    image: NDArray[Any], spacing_mm: Sequence[float], *, share: float, fwhm_mm: float
) -> Values:
    """Return an image without a broad background: P from I = P + share × (broad ∗ P)."""
    seen: Values = np.asarray(image, np.float32)
    found: Values = seen
    for _ in range(BACKGROUND_STEPS):
        broad = blurred(found, spacing_mm, fwhm_mm=fwhm_mm)
        found = np.asarray(seen - share * broad, np.float32)
    return found


def background_share(
    image: NDArray[Any],
    body: NDArray[Any],
    spacing_mm: Sequence[float],
    *,
    fwhm_mm: float,
    point_mm: float,
) -> float:
    """Return the background per true count from what an image shows in the air around the body.

    Least squares of the air's voxels against the broadly blurred image; 0 where it is negative.

    Args:
        image: (z, y, x) activity.
        body: (z, y, x) share of each voxel that is body.
        spacing_mm: voxel sides.
        fwhm_mm: of the background.
        point_mm: of the point spread; air nearer than AIR_FWHM of it is not used.

    Raises:
        InputError: too little air.
    """
    distance = _filters.distance_transform_edt(np.asarray(body) < 0.5, sampling=spacing_mm)
    air = distance > AIR_FWHM * point_mm
    if int(air.sum()) < LEAST_AIR_VOXELS:
        raise InputError(
            f"background: {int(air.sum())} voxels of air around the body, {LEAST_AIR_VOXELS} are "
            "needed for model air; give model: stated or none"
        )
    seen = np.asarray(image, np.float32)
    found, share = seen, 0.0
    for _ in range(BACKGROUND_STEPS):
        broad = blurred(found, spacing_mm, fwhm_mm=fwhm_mm)
        below = float(np.sum(broad[air] ** 2, dtype=np.float64))
        product = float(np.sum(seen[air] * broad[air], dtype=np.float64))
        share = max(product / below, 0.0) if below > 0.0 else 0.0
        found = seen - np.float32(share) * broad
    return share
