"""Published densities of binding sites: of targets, and of what the density model learns from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ligandose.evidence import read_table

CIRCULATING = frozenset({"blood"})
"""Tissues outside the model: per litre of blood, and the expression tables have no RNA of it."""


@dataclass(frozen=True, slots=True)
class DensityPair:
    """One published density of a target in a tissue (a row of density_pairs.csv).

    Attributes:
        target, tissue: the pair.
        kind: organ, tumour or cell line; cell lines do not enter the model.
        density_nmol_L: as converted; None where it was below the detection limit `high_nmol_L`.
        high_nmol_L: upper end or detection limit, or None.
        gsd: geometric standard deviation of the method, conversion and patients, as stated.
        source: identifier of the source.
        assay: kind of assay; see ASSAY_CLASSES.
        published: what tells the published value from others, whatever tissue it is carried to.
        weight: 1 over the tissues that carry the same published value.
    """

    target: str
    tissue: str
    kind: str
    density_nmol_L: float | None
    high_nmol_L: float | None
    gsd: float
    source: str
    assay: str
    published: tuple[str, ...]
    weight: float


@cache
def density_pairs() -> tuple[DensityPair, ...]:
    """Return the published densities of targets of the catalogue."""
    return _read_pairs("density_pairs.csv", "target")


@cache
def calibrator_pairs() -> tuple[DensityPair, ...]:
    """Return published densities of other membrane proteins, and of tissues no host has.

    Their target is the gene, their tissue as the Human Protein Atlas names it. They teach the model
    what a transcript is worth in sites; nobody asks for their own density.
    """
    return _read_pairs("density_calibrators.csv", "gene")


def _read_pairs(table: str, owner: str) -> tuple[DensityPair, ...]:
    rows = read_table(table)
    copies = Counter(_published(row, owner) for row in rows)
    return tuple(
        DensityPair(
            target=row[owner],
            tissue=row["tissue"],
            kind=row["tissue_kind"],
            density_nmol_L=float(row["density_nmol_L"]) if row["density_nmol_L"] else None,
            high_nmol_L=float(row["high"]) if row["high"] else None,
            gsd=float(row["gsd"]) if row["gsd"] else math.nan,
            source=row["source"],
            assay=row["assay"],
            published=_published(row, owner),
            weight=1.0 / copies[_published(row, owner)] if row["density_nmol_L"] else 1.0,
        )
        for row in rows
    )


@cache
def calibration_pairs() -> tuple[DensityPair, ...]:
    """Return what the model is fitted to: densities and bounds of people's solid tissues."""
    pairs = density_pairs()
    solid = tuple(p for p in pairs if p.kind != "cell line" and p.tissue not in CIRCULATING)
    return solid + calibrator_pairs()


def _published(row: Mapping[str, str], owner: str) -> tuple[str, ...]:
    blood_apart = row["tissue"] in CIRCULATING or row["tissue_kind"] == "cell line"
    alone = blood_apart or not row["density_nmol_L"]
    place = row["tissue"] if alone else ""
    value = row["value_as_published"]
    return row[owner], row["source"], value, row["assay"], row["tissue_kind"], place
