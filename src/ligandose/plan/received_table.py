"""Activities, volumes and their uncertainties from a table, in place of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ligandose.dose import region_model
from ligandose.errors import UnknownNameError
from ligandose.kinetics import SheetRow, TacPoints, read_sheet
from ligandose.kinetics.tac_table import OPTIONAL, REQUIRED, points_of

VOLUMES = ("volume", "volume_unit", "volume_uncertainty")
VOLUME_UNITS: Mapping[str, float] = {"mL": 1.0, "L": 1000.0, "cm3": 1.0}
TEMPLATE = (
    ("region", "time", "time_unit", "activity", "activity_unit", "uncertainty", "uncertainty_unit",
     "decay_corrected", "volume", "volume_unit", "volume_uncertainty", "note"),
    ("kidneys", "4", "h", "310", "MBq", "5", "%", "no", "310", "mL", "15",
     "as measured at that time, partial volume corrected; volume in each row or in the first"),
    ("kidneys", "24", "h", "220", "MBq", "5", "%", "no", "", "", "", ""),
    ("kidneys", "96", "h", "75", "MBq", "5", "%", "no", "", "", "", ""),
    ("kidneys", "168", "h", "27", "MBq", "6", "%", "no", "", "", "", ""),
)  # fmt: skip


@dataclass(frozen=True)
class TableRegion:
    """A region of the table.

    Attributes:
        points: its curve.
        volume_mL: its volume.
        volume_sd_mL: None where the table has none.
    """

    points: TacPoints
    volume_mL: float
    volume_sd_mL: float | None


def read_activities(
    path: Path | str, *, decay_per_s: float, decay_corrected: bool | None = None
) -> list[TableRegion]:
    """Read a table of `ligandose.kinetics.read_tacs` with the columns volume, volume_unit and, if
    wanted, volume_uncertainty (in the same unit).

    Raises:
        InputError: a table that breaks the rules; names file, line and field.
        UnknownNameError: a region that is not ours.
    """
    rows = read_sheet(path, required=(*REQUIRED, *VOLUMES[:2]), optional=(*OPTIONAL, VOLUMES[2]))
    volumes: dict[str, tuple[float, float | None, int]] = {}
    for row in rows:
        region = row.required("region")
        _check_name(row, region)
        _add_volume(row, region, volumes)
    for row in rows:
        if row.required("region") not in volumes:
            raise row.error("volume", "is empty in every row of this region", "give it in one")
    tacs = points_of(rows, decay_per_s=decay_per_s, decay_corrected=decay_corrected)
    return [TableRegion(tac, *volumes[tac.region][:2]) for tac in tacs]


def _check_name(row: SheetRow, region: str) -> None:
    try:
        region_model(region)
    except UnknownNameError as error:
        raise row.error("region", str(error), "or write lesion:NAME for a lesion") from error


def _add_volume(
    row: SheetRow, region: str, volumes: dict[str, tuple[float, float | None, int]]
) -> None:
    if not row.text("volume"):
        return
    factor = row.unit("volume_unit", VOLUME_UNITS)
    volume = row.number("volume", above=True) * factor
    spread = row.optional("volume_uncertainty")
    known = volumes.setdefault(
        region, (volume, None if spread is None else spread * factor, row.line)
    )
    if abs(known[0] - volume) > 1e-6 * volume:
        raise row.error(
            "volume", f"is {volume:g} mL, line {known[2]} has {known[0]:g} mL for {region}",
            "one region has one volume here: correct one of them",
        )  # fmt: skip
