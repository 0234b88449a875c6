"""What the voxels of a CT are made of: a medium for each, and regions that transport can follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.voxel_checks import checked_density_g_cm3
from ligandose.errors import InputError
from ligandose.transport.materials import material

Values = NDArray[np.float32]
FloatArray = NDArray[np.float64]

CT_MEDIA = ("air", "lung", "adipose", "soft_tissue_icru44", "spongiosa", "bone_cortical")
"""Media that a CT tells apart, rising in density."""
DENSITY_STEP = 0.02
"""Densities within 2 % are one region of transport: ranges and attenuation are off by 1 % at most
and by nothing on average. The dose takes the mass of each voxel itself."""
THINNEST_G_CM3 = 0.001


@dataclass(frozen=True, eq=False)
class VoxelMedia:
    """Media of the voxels.

    Attributes:
        index: (a, b, c) which of the names each voxel is made of.
        names: media of the transport tables (`ligandose.transport`).
    """

    index: NDArray[np.uint8]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse indices without a name and unknown media."""
        for name in self.names:
            material(name)
        if self.index.dtype.kind not in "iu" or not self.names:
            raise InputError(f"media index is {self.index.dtype}; give whole numbers and names")
        if int(self.index.min()) < 0 or int(self.index.max()) >= len(self.names):
            raise InputError(
                f"media index goes from {self.index.min()} to {self.index.max()}, but there are "
                f"{len(self.names)} names"
            )


def voxel_media(density_g_cm3: ArrayLike, names: tuple[str, ...] = CT_MEDIA) -> VoxelMedia:
    """Return for each voxel the medium whose tabulated density is nearest.

    A rule, not a measurement: contrast medium and metal look like bone, fat with water like
    muscle. Composition matters for photons below 0.1 MeV; ranges depend on the density, which
    stays that of the voxel.

    Args:
        density_g_cm3: (a, b, c).
        names: media to choose from.

    Raises:
        UnknownNameError: a medium that is not in the tables.
        InputError: densities that are not finite, negative or of no tissue.

    >>> voxel_media(np.array([[[0.001, 0.25, 0.96, 1.05, 1.2, 1.9]]])).index.tolist()
    [[[0, 1, 2, 3, 4, 5]]]
    """
    given = np.asarray(density_g_cm3)
    density = checked_density_g_cm3(given, given.shape)
    known = np.array([material(name).density_g_cm3 for name in names])
    order = np.argsort(known, kind="stable")
    between = 0.5 * (known[order][1:] + known[order][:-1])
    place = np.searchsorted(between, density.ravel()).reshape(density.shape)
    return VoxelMedia(order[place].astype(np.uint8), tuple(names))


@dataclass(frozen=True, eq=False)
class TransportRegions:
    """Voxels of one medium and nearly one density, put together.

    Attributes:
        label: (a, b, c) region of each voxel, from 0.
        medium: (regions,) name.
        density_g_cm3: (regions,) mean over its voxels.
    """

    label: NDArray[np.int64]
    medium: tuple[str, ...]
    density_g_cm3: FloatArray


def transport_regions(density_g_cm3: Values, media: VoxelMedia) -> TransportRegions:
    """Return regions of transport for densities and media of voxels."""
    if media.index.shape != density_g_cm3.shape:
        raise InputError(
            f"media have shape {media.index.shape}, densities {density_g_cm3.shape}; give one grid"
        )
    thin = np.maximum(density_g_cm3, np.float32(THINNEST_G_CM3))
    step = np.rint(np.log(thin / np.float32(THINNEST_G_CM3)) / _log_step()).astype(np.int64)
    joined = step * len(media.names) + media.index
    used = np.flatnonzero(np.bincount(joined.ravel()))
    place = np.zeros(int(used[-1]) + 1, dtype=np.int64)
    place[used] = np.arange(used.size)
    label = place[joined]
    number = np.bincount(label.ravel())
    mean = np.bincount(label.ravel(), weights=thin.ravel().astype(np.float64)) / number
    names = tuple(media.names[int(i) % len(media.names)] for i in used)
    return TransportRegions(label, names, mean)


@cache
def _log_step() -> np.float32:
    return np.float32(np.log1p(DENSITY_STEP))
