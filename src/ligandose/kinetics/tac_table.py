"""Tables of activities over time: read, check, fit each region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.kinetics.tac_fit import TacFit, fit_tac
from ligandose.kinetics.tac_sheet import ACTIVITY_UNITS, TIME_UNITS, SheetRow, read_sheet

Floats = NDArray[np.float64]
REQUIRED = ("region", "time", "time_unit", "activity", "activity_unit")
OPTIONAL = ("uncertainty", "uncertainty_unit", "decay_corrected", "note")
PERCENT = "%"
TEMPLATE = (
    (*REQUIRED, *OPTIONAL),
    ("kidneys", "4", "h", "310", "MBq", "10", "%", "no", "as measured at that time"),
    ("kidneys", "24", "h", "220", "MBq", "10", "%", "no", ""),
    ("kidneys", "96", "h", "75", "MBq", "10", "%", "no", ""),
    ("kidneys", "168", "h", "27", "MBq", "12", "%", "no", ""),
)


@dataclass(frozen=True)
class TacPoints:
    """The points of one region.

    Attributes:
        region: name as the table has it.
        time_s, activity_Bq: (n,) sorted by time; activity as it is at that time.
        uncertainty_Bq: (n,) standard deviations, or None where the table has none.
        lines: lines of the file, in the same order.
    """

    region: str
    time_s: Floats
    activity_Bq: Floats
    uncertainty_Bq: Floats | None
    lines: tuple[int, ...]


def read_tacs(
    path: str | Path, *, decay_per_s: float, decay_corrected: bool | None = None
) -> list[TacPoints]:
    """Read a table of activities over time.

    Args:
        path: csv or xlsx with the columns region, time, time_unit, activity, activity_unit and, as
            they are wanted, uncertainty with uncertainty_unit (a unit of activity or %),
            decay_corrected (yes or no) and note.
        decay_per_s: physical decay constant, for activities that are corrected to time 0.
        decay_corrected: for tables without that column; one of both must say it.

    Raises:
        InputError: a table that breaks the rules; names file, line and field.
    """
    rows = read_sheet(path, required=REQUIRED, optional=OPTIONAL)
    return points_of(rows, decay_per_s=decay_per_s, decay_corrected=decay_corrected)


def points_of(
    rows: Sequence[SheetRow], *, decay_per_s: float, decay_corrected: bool | None
) -> list[TacPoints]:
    """Return the measured points of each region of the rows of one sheet, as `read_tacs` does."""
    found: dict[str, list[tuple[float, float, float | None, int]]] = {}
    for row in rows:
        time = row.number("time", above=True) * row.unit("time_unit", TIME_UNITS)
        factor = row.unit("activity_unit", ACTIVITY_UNITS)
        activity = row.number("activity", above=True) * factor
        sigma = _uncertainty(row, activity)
        if row.decay_corrected(decay_corrected):
            decay = float(np.exp(-decay_per_s * time))
            activity, sigma = activity * decay, None if sigma is None else sigma * decay
        points = found.setdefault(row.required("region"), [])
        if any(abs(p[0] - time) <= 1e-9 * time for p in points):
            raise row.error("time", "this region has this time already", "remove one of the rows")
        points.append((time, activity, sigma, row.line))
    return [_points(region, points, rows[0].file) for region, points in found.items()]


def _uncertainty(row: SheetRow, activity: float) -> float | None:
    if not row.text("uncertainty"):
        return None
    value = row.number("uncertainty", above=True)
    unit = row.choice("uncertainty_unit", (*ACTIVITY_UNITS, PERCENT))
    return 0.01 * value * activity if unit == PERCENT else value * ACTIVITY_UNITS[unit]


def _points(
    region: str, points: list[tuple[float, float, float | None, int]], file: str
) -> TacPoints:
    points = sorted(points)
    stated = [p[2] for p in points if p[2] is not None]
    if stated and len(stated) < len(points):
        line = next(p[3] for p in points if p[2] is None)
        raise InputError(
            f"{file} line {line}, uncertainty: is empty while other points of {region} have one; "
            "give all or none"
        )
    return TacPoints(
        region=region,
        time_s=np.array([p[0] for p in points]),
        activity_Bq=np.array([p[1] for p in points]),
        uncertainty_Bq=np.array(stated) if stated else None,
        lines=tuple(p[3] for p in points),
    )


def fit_tacs(
    points: Sequence[TacPoints],
    *,
    decay_per_s: float,
    models: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, TacFit]:
    """Fit each region; `models` may limit what is tried for a region. Errors as `fit_tac`."""
    limits = models or {}
    return {
        p.region: fit_tac(
            p.time_s,
            p.activity_Bq,
            decay_per_s=decay_per_s,
            uncertainty_Bq=p.uncertainty_Bq,
            models=limits.get(p.region),
            where=p.region,
        )
        for p in points
    }
