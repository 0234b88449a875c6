"""Absorbed dose in the voxels of an image, by one of three engines with one interface.

* local: the energy of charged particles stays in the voxel of the decay;
* kernel: convolution with voxel kernels in water, scaled by density;
* mc: Monte Carlo in the patient's own densities and materials.

Each result says what its engine leaves out. docs/voxel-dose.md has the measured differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.voxel_checks import (
    TISSUE_FROM_G_CM3,
    checked_decays,
    checked_density_g_cm3,
    checked_sides_mm,
)
from ligandose.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from ligandose.dose.voxel_media import VoxelMedia

Values = NDArray[np.float32]

ENGINES = ("local", "kernel", "mc")
UNCERTAINTY = 0.05


@dataclass(frozen=True, eq=False)
class VoxelDose:
    """Absorbed dose of an image. Arrays have the shape and the order of axes of the decays.

    Attributes:
        engine: "local", "kernel" or "mc".
        nuclide: name; with_progeny: whether its chain decayed in the same place.
        spacing_mm: voxel sides along the axes of the arrays.
        dose_Gy: total; 0 where there is no tissue (below TISSUE_FROM_G_CM3).
        by_radiation: the same by "alpha" (with recoil), "electron" (with bremsstrahlung) and
            "photon"; what the nuclide does not emit is not there.
        sd_Gy: statistical standard error of the Monte Carlo; None for the other engines.
        emitted_J: energy emitted in the image, by radiation.
        absorbed_J: energy absorbed by tissue in the image, by radiation.
        histories: particles followed; 0 for the other engines.
        median_relative_sd: of the voxels that were asked for; None for the other engines.
        left_out: what this engine does not count, in words, with its share where it is known.
    """

    engine: str
    nuclide: str
    with_progeny: bool
    spacing_mm: tuple[float, float, float]
    dose_Gy: Values
    by_radiation: dict[str, Values]
    sd_Gy: Values | None
    emitted_J: dict[str, float]
    absorbed_J: dict[str, float]
    histories: int
    median_relative_sd: float | None
    left_out: tuple[str, ...]


def voxel_dose(
    decays: ArrayLike,
    *,
    nuclide: str,
    spacing_mm: Sequence[float],
    density_g_cm3: ArrayLike,
    engine: str = "kernel",
    progeny: bool = True,
    horizon_s: float | None = None,
    media: VoxelMedia | None = None,
    where: ArrayLike | None = None,
    uncertainty: float | None = UNCERTAINTY,
    histories: int | None = None,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> VoxelDose:
    """Return the absorbed dose of every voxel.

    Args:
        decays: (a, b, c) decays of the nuclide in each voxel, that is the time-integrated
            activity in Bq s (not per mL), >= 0. Any order of axes.
        nuclide: any usual spelling.
        spacing_mm: voxel sides along the same three axes.
        density_g_cm3: (a, b, c) mass density, or one number for all.
        engine: "local", "kernel" or "mc".
        progeny: whether the chain decays where its parent did.
        horizon_s: progeny that decays later does not count; default the shipped 50 years.
        media: materials of the voxels (`voxel_media`); None takes the medium whose density is
            nearest. Used by "mc" alone: the kernels are those of water.
        where: (a, b, c) of truth values: voxels whose median uncertainty is asked for; more
            histories start there. None: the hottest voxels, which hold a tenth of all decays.
        uncertainty: median relative standard error to reach in `where` ("mc").
        histories: particles to follow instead, as a total.
        seed: same seed, same numbers on any number of threads ("mc").
        threads: of the processor; None takes all. They do not change the numbers.
        progress: called with histories done and to do ("mc").

    Raises:
        UnknownNameError: an unknown engine or nuclide.
        InputError: shapes that differ, negative or not finite decays, no decays at all, densities
            that are no tissue's, sides that are no voxel's, an impossible uncertainty.

    Example:
        >>> import numpy as np
        >>> decays = np.zeros((9, 9, 9)); decays[4, 4, 4] = 1e9
        >>> found = voxel_dose(decays, nuclide="Lu-177", spacing_mm=(4.8, 4.8, 4.8),
        ...     density_g_cm3=1.04, engine="local")
        >>> round(float(found.by_radiation["electron"][4, 4, 4]), 3)
        0.205
    """
    if engine not in ENGINES:
        raise UnknownNameError("voxel engine", engine, ENGINES)
    sides = checked_sides_mm(spacing_mm)
    counts = checked_decays(decays)
    density = checked_density_g_cm3(density_g_cm3, counts.shape)
    if engine == "mc":
        from ligandose.dose.voxel_mc import monte_carlo_dose

        chosen = None if where is None else np.asarray(where, dtype=np.bool_)
        if chosen is not None and chosen.shape != counts.shape:
            raise InputError(f"where has shape {chosen.shape}, decays {counts.shape}; give one")
        return monte_carlo_dose(
            counts, nuclide=nuclide, sides_mm=sides, density_g_cm3=density, progeny=progeny,
            horizon_s=horizon_s, media=media, where=chosen, uncertainty=uncertainty,
            histories=histories, seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
    from ligandose.dose.voxel_water import kernel_dose, local_dose

    if engine == "local":
        return local_dose(
            counts, nuclide=nuclide, sides_mm=sides, density_g_cm3=density, progeny=progeny,
            horizon_s=horizon_s,
        )  # fmt: skip
    return kernel_dose(
        counts, nuclide=nuclide, sides_mm=sides, density_g_cm3=density, progeny=progeny,
        horizon_s=horizon_s, threads=threads,
    )  # fmt: skip


__all__ = ["ENGINES", "TISSUE_FROM_G_CM3", "UNCERTAINTY", "VoxelDose", "voxel_dose"]
