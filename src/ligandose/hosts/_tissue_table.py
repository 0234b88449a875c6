"""Cells that a user has placed: from a table on disk or from arrays."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts._tissue_clusters import fractions
from ligandose.hosts.tissue import (
    MEMORY_LIMIT_GB,
    MOST_KINDS,
    CellKind,
    Tissue,
    check_memory,
    first_overlap,
)

Floats = NDArray[np.float64]
NUMBERS = ("x_um", "y_um", "z_um", "radius_um", "nucleus_radius_um")
COLUMNS = (*NUMBERS[:3], "kind", *NUMBERS[3:])


def cells_from_table(
    table: str | Path | Mapping[str, Sequence[Any]],
    *,
    box_um: Sequence[float] | None = None,
    memory_limit_GB: float = MEMORY_LIMIT_GB,
    name: str = "",
) -> Tissue:
    """Return the tissue of cells that a CSV file, or a mapping of columns, places.

    Columns: x_um, y_um, z_um, kind (tumour_cell, stroma or immune_cell), radius_um and
    nucleus_radius_um; others are ignored. Cells of one kind may have several radii, at most 127
    different combinations in all. There are no vessels and no matrix points.

    Args:
        table: path of the file, or arrays by column.
        box_um: sides of the box that repeats in all directions, its corner at 0; None for cells
            that stand alone. Their coordinates are then shifted so that the box begins at 0, and
            fractions refer to the box around them.
        memory_limit_GB: refuse a table that would need more.
        name: name of the tissue; the file's name by default.

    Raises:
        InputError: a missing column, a value that is no number (with its row), a nucleus that is
            not smaller than its cell, cells that overlap (naming the pair), no cells, too many.
        UnknownNameError: a kind that is no compartment of cells.

    >>> two = cells_from_table({"x_um": [0, 20], "y_um": [0, 0], "z_um": [0, 0],
    ...     "kind": ["tumour_cell", "stroma"], "radius_um": [7, 6], "nucleus_radius_um": [5, 3]})
    >>> two.box_um.tolist(), two.distance_to_um("stroma").tolist()
    ([33.0, 14.0, 14.0], [20.0, inf])
    """
    columns, where = _columns(table)
    n = len(columns["kind"])
    if n == 0:
        raise InputError(f"{where}: no cells; give one row or more")
    check_memory(n, memory_limit_GB=memory_limit_GB)
    number = {what: _numbers(columns[what], what, where, n) for what in NUMBERS}
    kinds, kind = _kinds(columns["kind"], number, where)
    centre = np.column_stack([number[what] for what in NUMBERS[:3]])
    radius = number["radius_um"]
    if box_um is None:
        low = (centre - radius[:, None]).min(axis=0)
        box = (centre + radius[:, None]).max(axis=0) - low
        centre = centre - low
    else:
        box = _box(box_um, float(radius.max()))
        centre = centre % box
    pair = first_overlap(centre, radius, box_um=box, periodic=box_um is not None)
    if pair is not None:
        i, j = pair
        off: Floats = centre[i] - centre[j]
        if box_um is not None:
            off -= box * np.round(off / box)
        raise InputError(
            f"{where}: cells {i + 1} and {j + 1} (rows, from 1) overlap: their middles are "
            f"{math.sqrt(float(off @ off)):.4g} µm apart, their radii sum to "
            f"{radius[i] + radius[j]:.4g} µm; move or shrink one of them"
        )
    volume = float(box.prod())
    return Tissue(
        name=name or where, kinds=kinds, kind=kind, centre_um=centre, box_um=box,
        periodic=box_um is not None, volume_um3=volume, necrotic=np.zeros(n, bool),
        distance_to_vessel_um=np.full(n, np.inf), volume_fractions=fractions(kinds, kind, volume),
    )  # fmt: skip


def _columns(table: str | Path | Mapping[str, Sequence[Any]]) -> tuple[dict[str, Any], str]:
    """Return the columns by name and what to call the table in messages."""
    if isinstance(table, Mapping):
        columns, where = dict(table), "cells"
    else:
        where = Path(table).name
        try:
            with Path(table).open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.DictReader(stream)
                rows = list(reader)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{table}: cannot be read as CSV: {error}") from None
        names = reader.fieldnames or ()
        columns = {what: [row[what] for row in rows] for what in names}
    missing = [what for what in COLUMNS if what not in columns]
    if missing:
        raise InputError(
            f"{where}: columns {', '.join(missing)} are missing; needs {', '.join(COLUMNS)}"
        )
    return columns, where


def _numbers(values: Any, what: str, where: str, n: int) -> Floats:
    """Return a column as finite numbers."""
    if len(values) != n:
        raise InputError(f"{where}: column {what} has {len(values)} values, kind has {n}")
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        found = np.array([_number(value) for value in values])
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise InputError(
            f"{where}: row {bad[0] + 1}, {what} {values[bad[0]]!r} is not a finite number"
        )
    return found


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _kinds(
    compartments: Sequence[Any], number: Mapping[str, Floats], where: str
) -> tuple[tuple[CellKind, ...], NDArray[np.int8]]:
    """Return the different kinds, each checked, and (n,) the number of each cell's kind."""
    keys = zip(
        (str(c) for c in compartments), number["radius_um"].tolist(),
        number["nucleus_radius_um"].tolist(), strict=True,
    )  # fmt: skip
    first: dict[tuple[str, float, float], int] = {}
    index = [first.setdefault(key, len(first)) for key in keys]
    if len(first) > MOST_KINDS:
        raise InputError(
            f"{where}: {len(first)} different kinds and radii; at most {MOST_KINDS}: round the "
            "radii"
        )
    made: list[CellKind] = []
    for key, at in first.items():
        try:
            made.append(CellKind(key[0], key[0], key[1], key[2]))
        except InputError as error:
            row = index.index(at) + 1
            error.args = (f"{where}: row {row}: {error}",)
            raise
    return tuple(made), np.array(index, np.int8)


def _box(box_um: Sequence[float], largest_um: float) -> Floats:
    box = np.asarray(box_um, np.float64)
    if box.shape != (3,) or not (np.isfinite(box) & (box >= 4.0 * largest_um)).all():
        raise InputError(
            f"box_um: {list(box_um)!r} must be three finite sides of {4.0 * largest_um:g} µm (four "
            "radii) or more, so that no cell meets its own image"
        )
    return box
