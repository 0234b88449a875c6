"""Which table of which source a file holds, told from the names of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ligandose.errors import InputError
from ligandose.evidence.edition import read_table

LEAST_TISSUES = 5
"""A wide table must have at least so many columns that are names of known tissues."""


class Table(StrEnum):
    """The tables of the store."""

    RNA = "rna"
    """RNA by tissue (Human Protein Atlas: consensus of data sets)"""
    IHC = "ihc"
    """protein by tissue and cell type, immunohistochemistry of normal tissue"""
    CANCER = "cancer"
    """patients by staining level, immunohistochemistry of cancers"""
    SURFY = "surfy"
    """in-silico surfaceome (Bausch-Fluck et al. 2018, doi:10.1073/pnas.1808790115)"""
    CSPA = "cspa"
    """cell surface protein atlas (Bausch-Fluck et al. 2015, doi:10.1371/journal.pone.0121314)"""


@dataclass(frozen=True)
class Spec:
    """The columns that make a table, by our name and the names that editions give it."""

    table: Table
    title: str
    columns: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]


_GENE = {"ensembl": ("gene",), "symbol": ("gene name",)}
VALUE_COLUMNS = {"ntpm": "nTPM", "nx": "NX", "ptpm": "pTPM", "tpm": "TPM"}
"""Columns with the RNA value, the preferred first: nTPM from edition 21, NX in 19 and 20."""

SPECS: dict[str, tuple[Spec, ...]] = {
    "hpa": (
        Spec(
            Table.RNA,
            "RNA by tissue (rna_tissue_consensus.tsv)",
            _GENE | {"tissue": ("tissue",), "value": tuple(VALUE_COLUMNS)},
            {},
        ),
        Spec(
            Table.IHC,
            "normal tissue immunohistochemistry (normal_tissue.tsv, normal_ihc_data.tsv)",
            _GENE
            | {
                "tissue": ("tissue",),
                "cell_type": ("cell type",),
                "level": ("level",),
                "reliability": ("reliability",),
            },
            {"ihc_tissue": ("ihc tissue name",)},
        ),
        Spec(
            Table.CANCER,
            "cancer immunohistochemistry (pathology.tsv, cancer_data.tsv)",
            _GENE
            | {
                "cancer": ("cancer",),
                "high": ("high",),
                "medium": ("medium",),
                "low": ("low",),
                "not_detected": ("not detected",),
            },
            {},
        ),
    ),
    "surfy": (
        Spec(
            Table.SURFY,
            "in-silico surfaceome (table_S3_surfaceome.xlsx or the same as tsv)",
            {
                "symbol": ("uniprot gene",),
                "uniprot": ("uniprot accession",),
                "ensembl": ("ensembl gene",),
                "label": ("surfaceome label",),
            },
            {
                "label_source": ("surfaceome label source",),
                "score": ("machinelearning score",),
                "tm_domains": ("tm domains",),
                "signal_peptide": ("signalpeptide",),
                "main_class": ("membranome almen main class",),
                "sub_class": ("membranome almen sub class",),
                "cspa_category": ("cspa category",),
            },
        ),
    ),
    "cspa": (
        Spec(
            Table.CSPA,
            "cell surface protein atlas, human proteins",
            {
                "uniprot": ("id link",),
                "category": ("cspa category",),
                "symbol": ("entrez gene symbol",),
            },
            {
                "organism": ("organism",),
                "protein": ("up protein name",),
                "cd": ("cd",),
                "probability": ("protein probability",),
                "cell_types": ("count detection in different cell types",),
                "tm_domains": ("# predicted tm domains",),
            },
        ),
    ),
}


@dataclass(frozen=True)
class Recognised:
    """What a file is.

    Attributes:
        table: which table.
        positions: our column name → position in the file.
        tissues: tissue → position, for RNA with one column per tissue; else empty.
        unit: of RNA values, "" elsewhere.
        ignored: columns that are not read.
        columns_tell: the editions that have these columns, in words.
    """

    table: Table
    positions: Mapping[str, int]
    tissues: Mapping[str, int]
    unit: str
    ignored: tuple[str, ...]
    columns_tell: str


def plain(name: str) -> str:
    """Return a column or tissue name without case, dots, dashes and doubled spaces."""
    return re.sub(r"[\s._-]+", " ", name).strip().casefold()


@cache
def tissue_regions() -> dict[tuple[str, str, str], str]:
    """Return (table, tissue, cell type or "") → canonical region ("" where none) as shipped."""
    return {
        (row["source_table"], plain(row["tissue"]), plain(row["cell_type"])): row["region"]
        for row in read_table("expression_tissues.csv")
    }


@cache
def regions_of(table: str, tissue: str, cell_type: str = "") -> tuple[str, ...]:
    """Return the regions that a tissue (or one of its cell types) belongs to; none where unknown.

    Args:
        table: "rna" or "ihc".
        tissue: its name in the source.
        cell_type: in the source; one that has a region of its own (islets) wins over its tissue.
    """
    shipped = tissue_regions()
    found = shipped.get((table, plain(tissue), plain(cell_type)))
    if found is None:
        found = shipped.get((table, plain(tissue), ""), "")
    return tuple(region for region in found.split(";") if region)


@cache
def known_tissues(table: str) -> frozenset[str]:
    """Return the tissue names that editions of a table are known to use."""
    return frozenset(tissue for of, tissue, cell in tissue_regions() if of == table and not cell)


@cache
def known_cancers() -> dict[str, tuple[str, ...]]:
    """Return the cancer names of the atlas and the indications that each stands for."""
    return {
        row["cancer"]: tuple(i for i in row["indications"].split(";") if i)
        for row in read_table("expression_cancers.csv")
    }


def recognise(header: list[str], *, kind: str, label: str, where: str) -> Recognised:
    """Tell which table a header belongs to.

    Args:
        header: the names of the columns.
        kind: "hpa", "surfy" or "cspa".
        label: file name, which may state the unit of a table with one column per tissue.
        where: how messages name the file.

    Raises:
        InputError: columns are missing; says which, and what tables are known.
    """
    at = {plain(name): position for position, name in enumerate(header)}
    best: tuple[tuple[float, int], Spec, list[str]] | None = None
    for spec in SPECS[kind]:
        missing = [names[0] for names in spec.columns.values() if not any(n in at for n in names)]
        if not missing:
            return _recognised(spec, header, at)
        there = len(spec.columns) - len(missing)
        found = (there / len(spec.columns), there)
        if best is None or found > best[0]:
            best = (found, spec, missing)
    if kind == "hpa" and (wide := _wide(header, at, label)):
        return wide
    assert best is not None
    raise InputError(_unknown_table(kind, header, best[1], best[2], where))


def _recognised(spec: Spec, header: list[str], at: Mapping[str, int]) -> Recognised:
    positions: dict[str, int] = {}
    unit = ""
    for ours, names in {**spec.columns, **spec.optional}.items():
        for name in names:
            if name in at:
                positions[ours] = at[name]
                unit = VALUE_COLUMNS[name] if ours == "value" else unit
                break
    ignored = tuple(n for i, n in enumerate(header) if i not in positions.values())
    tell = ""
    if spec.table is Table.RNA:
        tell = {"nTPM": "21 or later", "NX": "19 or 20"}.get(unit, "")
    elif spec.table is Table.IHC:
        tell = "24 or later" if "ihc_tissue" in positions else "23 or earlier"
    elif spec.table is Table.CANCER:
        prognostic = any("prognostic" in name for name in at)
        tell = "23 or earlier" if prognostic else "24 or later"
    return Recognised(spec.table, positions, {}, unit, ignored, tell)


def _wide(header: list[str], at: Mapping[str, int], label: str) -> Recognised | None:
    known = known_tissues("rna")
    if not {"gene", "gene name"} <= at.keys() or len(known & at.keys()) < LEAST_TISSUES:
        return None
    tissues = {n: i for n, i in at.items() if n not in ("gene", "gene name")}
    units = [
        unit
        for name, unit in VALUE_COLUMNS.items()
        if name in re.split(r"[\W_]+", label.casefold())
    ]
    unit = units[0] if units else "unstated"
    tell = {"nTPM": "21 or later", "NX": "19 or 20"}.get(unit, "")
    positions = {"ensembl": at["gene"], "symbol": at["gene name"]}
    return Recognised(Table.RNA, positions, tissues, unit, (), tell)


def _unknown_table(
    kind: str, header: list[str], nearest: Spec, missing: list[str], where: str
) -> str:
    tables = "; ".join(spec.title for spec in SPECS[kind])
    shown = ", ".join(header[:8]) + (" …" if len(header) > 8 else "")
    lacks = ", ".join(repr(name) for name in missing)
    return (
        f"{where}: not a table that is known here: for {nearest.title} it lacks the columns "
        f"{lacks} (it has {shown}); known tables: {tables}"
    )


_EDITION = re.compile(r"(?:hpa|proteinatlas|(?<![a-z0-9])v)[_-]?v?(\d{2})(?:[._](\d))?(?!\d)")


def guessed_edition(names: list[str], columns_tell: str) -> tuple[str, str]:
    """Return (edition, how it is known) of a table of the Human Protein Atlas.

    Args:
        names: file and folder names, the most telling first.
        columns_tell: what the columns say.
    """
    for name in names:
        if match := _EDITION.search(name.casefold()):
            major, minor = match.groups()
            if 13 <= int(major) <= 40:
                return f"{major}.{minor}" if minor else major, "file name"
    return (columns_tell, "columns") if columns_tell else ("unknown", "")
