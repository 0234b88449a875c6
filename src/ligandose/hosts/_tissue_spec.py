"""What a tumour tissue is made of: the fields of a specification, checked, and typical ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import read_table
from ligandose.hosts.tissue import CellKind, positive

VESSELS = ("krogh", "parallel", "random", "none")
NESTS = ("mixed", "spheres", "cylinders")
PLACES = ("anywhere", "stroma")
_CHOICES = {"vessels": VESSELS, "nests": NESTS, "vessel_place": PLACES, "matrix_place": PLACES}
_ZERO_ALLOWED = ("tumour_fraction", "stroma_fraction", "immune_cells_per_mm3", "nest_gap_um")
_SHARES = ("tumour_fraction", "stroma_fraction", "nest_fraction", "immune_in_nests")
TABLE = "tissue.csv"


@dataclass(frozen=True)
class TissueSpec:
    """What `tumour_tissue` builds; None is "not stated", and what is needed has no default.

    Attributes:
        name: name of the tissue.
        side_um: side of the periodic block; give this or `n_cells`. The block is made a little
            larger or smaller so that a whole number of capillaries and nests fits.
        n_cells: number of cells of all kinds together.
        tumour_radius_um, tumour_nucleus_radius_um: tumour cell; likewise `stroma_` for the
            fibroblasts of the stroma and `immune_` for immune cells.
        tumour_fraction: volume of the tumour cells over that of the block.
        stroma_fraction: the same for the cells of the stroma.
        immune_cells_per_mm3: immune cells per mm³ of the block.
        vessels: "krogh" (parallel, on a regular hexagonal array), "parallel" (parallel, at random
            places), "random" (straight pieces of random place and direction), "none".
        vessel_radius_um: radius of the capillary wall.
        vessel_spacing_um: distance between neighbours of the hexagonal array; the Krogh cylinder
            with the same area has 0.525 times this as radius.
        vessel_length_mm_per_mm3: length of capillaries per volume, for "parallel" and "random".
        vessel_segment_um: length of a piece, for "random"; by default nine tenths of the side.
        vessel_place: "anywhere", or "stroma" for no vessel in a nest.
        nests: "mixed" (all kinds of cells share the block), "spheres" or "cylinders" (along z) of
            tumour cells with stroma between them.
        nest_radius_um: radius of a nest.
        nest_fraction: volume of all nests over that of the block.
        nest_gap_um: least width of stroma between two nests.
        immune_in_nests: share of the immune cells that is inside nests.
        necrosis_beyond_um: cells whose middle is farther than this from the nearest vessel wall
            are necrotic; None for no necrosis.
        matrix_place: "anywhere" outside cells and vessels, or only in the "stroma".
        source_spacing_um: step of the points on walls and in the matrix; a numerical choice.

    Raises:
        InputError: a number out of its range, or volume fractions whose sum is over one.
        UnknownNameError: an unknown choice.
    """

    name: str = "tumour tissue"
    side_um: float | None = None
    n_cells: float | None = None
    tumour_radius_um: float | None = None
    tumour_nucleus_radius_um: float | None = None
    tumour_fraction: float | None = None
    stroma_radius_um: float | None = None
    stroma_nucleus_radius_um: float | None = None
    stroma_fraction: float | None = None
    immune_radius_um: float | None = None
    immune_nucleus_radius_um: float | None = None
    immune_cells_per_mm3: float | None = None
    vessels: str | None = None
    vessel_radius_um: float | None = None
    vessel_spacing_um: float | None = None
    vessel_length_mm_per_mm3: float | None = None
    vessel_segment_um: float | None = None
    vessel_place: str = "anywhere"
    nests: str | None = None
    nest_radius_um: float | None = None
    nest_fraction: float | None = None
    nest_gap_um: float = 0.0
    immune_in_nests: float | None = None
    necrosis_beyond_um: float | None = None
    matrix_place: str = "anywhere"
    source_spacing_um: float = 10.0

    def __post_init__(self) -> None:
        """Check every value that is stated."""
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None or one.name == "name":
                continue
            if one.name in _CHOICES:
                if value not in _CHOICES[one.name]:
                    raise UnknownNameError(one.name, str(value), _CHOICES[one.name], where="tissue")
                continue
            zero = one.name in _ZERO_ALLOWED or one.name == "immune_in_nests"
            positive(value, f"tissue: {one.name}", zero=zero)
            if one.name in _SHARES and value > 1.0:
                raise InputError(f"tissue: {one.name} {value:g} is over one; give a share, 0 … 1")
        for cell in ("tumour", "stroma", "immune"):
            self._check_nucleus(cell)
        total = sum(self.cell_fractions().values())
        if total > 1.0:
            raise InputError(
                f"tissue: volume fractions of cells sum to {total:.4g} ({self._listed()}); they "
                "are shares of one block, at most 1 in sum: lower one of them"
            )
        if self.nest_fraction is not None and (self.tumour_fraction or 0.0) > self.nest_fraction:
            raise InputError(
                f"tissue: tumour_fraction {self.tumour_fraction:g} is more than nest_fraction "
                f"{self.nest_fraction:g}, in which all tumour cells are; raise nest_fraction"
            )

    def _check_nucleus(self, cell: str) -> None:
        radius, nucleus = (getattr(self, f"{cell}_{w}radius_um") for w in ("", "nucleus_"))
        if radius is not None and nucleus is not None and nucleus >= radius:
            raise InputError(
                f"tissue: {cell}_nucleus_radius_um {nucleus:g} is not smaller than "
                f"{cell}_radius_um {radius:g}; a nucleus lies within its cell"
            )

    def _listed(self) -> str:
        return ", ".join(f"{k} {v:.4g}" for k, v in self.cell_fractions().items())

    def cell_fractions(self) -> dict[str, float]:
        """Return the volume fraction of each cell compartment, as far as stated."""
        immune = 0.0
        if self.immune_cells_per_mm3 and self.immune_radius_um:
            cell = 4.0 / 3.0 * math.pi * self.immune_radius_um**3
            immune = self.immune_cells_per_mm3 * 1e-9 * cell
        return {"tumour_cell": self.tumour_fraction or 0.0, "stroma": self.stroma_fraction or 0.0,
                "immune_cell": immune}  # fmt: skip

    def needed(self, what: str) -> Any:
        """Return a field; InputError where it is not stated."""
        value = getattr(self, what)
        if value is None:
            raise InputError(
                f"tissue: {what} is missing and has no default; state it, or start from "
                f"typical_tissue(...): {', '.join(typical_tissues())}"
            )
        return value

    def kinds(self) -> tuple[CellKind, ...]:
        """Return the kinds of cells that are there: those whose fraction is above zero."""
        amounts = {"tumour": "tumour_fraction", "stroma": "stroma_fraction",
                   "immune": "immune_cells_per_mm3"}  # fmt: skip
        names = {"tumour": ("tumour cell", "tumour_cell"), "stroma": ("fibroblast", "stroma"),
                 "immune": ("immune cell", "immune_cell")}  # fmt: skip
        found = tuple(
            CellKind(*names[cell], self.needed(f"{cell}_radius_um"),
                     self.needed(f"{cell}_nucleus_radius_um"))
            for cell, amount in amounts.items() if self.needed(amount) > 0.0
        )  # fmt: skip
        if not found:
            raise InputError("tissue: no cells, all fractions are zero; raise one of them")
        return found


@cache
def typical_tissues() -> tuple[str, ...]:
    """Return the names that `typical_tissue` knows."""
    rows = (row["subject"] for row in read_table(TABLE) if row["used_as"])
    return tuple(dict.fromkeys(rows))


def typical_tissue(name: str, **changes: Any) -> TissueSpec:
    """Return the specification of a typical tissue, with changes; its size is for you to give.

    The numbers, their sources and status are the rows of tissue.csv with that subject; read them
    before you build on them (`typical_tissue_rows`).

    Raises:
        UnknownNameError: a name that tissue.csv does not have, or a change of an unknown field.

    >>> typical_tissue("dense carcinoma", side_um=300.0).vessels
    'krogh'
    """
    known = [one.name for one in fields(TissueSpec)]
    for change in changes:
        if change not in known:
            raise UnknownNameError("field", change, known, where="typical_tissue")
    stated: dict[str, Any] = {}
    for row in typical_tissue_rows(name):
        text = row["choice"] or row["value"]
        stated[row["used_as"]] = text if row["choice"] else float(text)
    return replace(TissueSpec(name=name), **{**stated, **changes})


def typical_tissue_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of tissue.csv that make a typical tissue, with source, status and spread.

    Raises:
        UnknownNameError: a name that tissue.csv does not have.
    """
    if name not in typical_tissues():
        raise UnknownNameError("typical tissue", name, typical_tissues())
    return [r for r in read_table(TABLE) if r["subject"] == name and r["used_as"]]
