"""CT images: Hounsfield units, and the mass density that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.evidence import read_table
from ligandose.imaging.folder import Series, one_series
from ligandose.imaging.grid import Grid
from ligandose.imaging.resample import averaged
from ligandose.imaging.slices import Slice
from ligandose.imaging.stack import read_stack

Values = NDArray[np.float32]
Floats = NDArray[np.float64]

TABLE = "ct_density.csv"
LEAST_HU, MOST_HU = -5000.0, 40000.0
"""Outside are no Hounsfield units: padding is at least -3024, extended scales end at 30710."""


@dataclass(frozen=True, eq=False)
class CtImage:
    """A CT.

    Attributes:
        values_HU: (z, y, x).
        grid: where the voxels lie (LPS mm).
        frame_of_reference: FrameOfReferenceUID, "" where unknown.
        source: series or file, for reports.
    """

    values_HU: Values
    grid: Grid
    frame_of_reference: str
    source: str

    def density_g_cm3(self, curve: DensityCurve | None = None) -> Values:
        """Return the (z, y, x) mass density; default the shipped curve."""
        return (curve or default_curve()).density_g_cm3(self.values_HU)

    def density_on(self, grid: Grid, curve: DensityCurve | None = None) -> tuple[Values, Values]:
        """Return density (g/cm3) averaged over the voxels of another grid, mass kept, and the
        share of each voxel that the CT covers (density 0 where it covers nothing)."""
        means, covered = averaged(self.density_g_cm3(curve), self.grid, grid)
        return means.astype(np.float32), covered.astype(np.float32)


@dataclass(frozen=True, eq=False)
class DensityCurve:
    """Mass density as a piecewise straight line over Hounsfield units.

    Attributes:
        hu: (n,) increasing.
        density: (n,) g/cm3; the ends hold beyond.
        source: where it is from.
    """

    hu: Floats
    density: Floats
    source: str

    def density_g_cm3(self, values_HU: Values) -> Values:
        """Return the mass density of Hounsfield units, same shape."""
        low, high = int(self.hu[0]), int(self.hu[-1])
        index = np.clip(values_HU, low, high).astype(np.int16)
        if high - low > 30_000 or not np.array_equal(index, np.clip(values_HU, low, high)):
            return np.interp(values_HU, self.hu, self.density).astype(np.float32)
        # whole numbers, as scanners store them: looked up instead of interpolated one by one
        table = np.interp(np.arange(low, high + 1), self.hu, self.density).astype(np.float32)
        return table[index - np.int16(low)]


def density_curve(points: Sequence[tuple[float, float]], *, source: str) -> DensityCurve:
    """Return a curve from (HU, g/cm3) points, such as a scanner's own calibration.

    Raises:
        InputError: fewer than two points, HU not increasing, densities not positive.
    """
    table = np.array(points, np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] != 2:
        raise InputError("density curve: give two or more (HU, g/cm3) points")
    hu, density = table[:, 0].copy(), table[:, 1].copy()
    if not np.isfinite(table).all() or (np.diff(hu) <= 0).any() or density.min() <= 0:
        raise InputError("density curve: HU must increase and densities be positive")
    if density.max() > 25.0:
        raise InputError(f"density curve: {density.max():g} g/cm3 is no tissue; write g/cm3")
    return DensityCurve(hu, density, source)


@cache
def default_curve() -> DensityCurve:
    """Return the shipped curve: W. Schneider, T. Bortfeld and W. Schlegel, Phys Med Biol
    2000;45:459, in the points that GATE ships; for 120 kV or so, without contrast medium.

    >>> float(default_curve().density_g_cm3(np.array([-1000.0], np.float32))[0]) < 0.002
    True
    """
    rows = read_table(TABLE)
    points = [(float(row["hu"]), float(row["density_g_cm3"])) for row in rows]
    return density_curve(points, source=rows[0]["source"])


def read_ct(folder: Path | str | Series, *, series_uid: str = "") -> CtImage:
    """Read a CT series (classic or enhanced).

    Raises:
        InputError: no or several CT series, damaged files, slices that form no volume, or values
            that are not Hounsfield units.
    """
    series = folder if isinstance(folder, Series) else one_series(folder, ("CT",), uid=series_uid)
    if series.modality != "CT":
        raise InputError(f"{series.label}: is no CT")
    stack = read_stack(series, _to_HU)
    check_HU(stack.values, series.label)
    return CtImage(stack.values, stack.grid, series.frame_of_reference, series.label)


def _to_HU(one: Slice) -> tuple[float, float]:
    where = one.macro("PixelValueTransformationSequence") or one.root
    kind = where.text("RescaleType").upper() or "HU"
    if kind not in ("HU", "HU_MOD"):
        raise InputError(f"{one.place}: values are {kind}, not HU; give the ordinary CT")
    if not (where.has("RescaleSlope") and where.has("RescaleIntercept")):
        raise InputError(
            f"{one.place}: RescaleSlope or RescaleIntercept is missing, so HU are unknown"
        )
    return one.rescale()


def check_HU(values: Values, label: str) -> None:
    """Refuse values that cannot be Hounsfield units.

    Raises:
        InputError: so it is.
    """
    low, high = float(values.min()), float(values.max())
    if low < LEAST_HU or high > MOST_HU or high < -900.0:
        raise InputError(
            f"{label}: values from {low:.5g} to {high:.5g} are no Hounsfield units; check "
            "RescaleSlope and RescaleIntercept"
        )
    if low >= 0.0:
        raise InputError(
            f"{label}: no value is below 0 HU, so there is no air or fat; are these stored values "
            "without RescaleIntercept? export the CT in HU"
        )
