"""Tables of the Human Protein Atlas: RNA, protein in normal tissue, protein in cancer.

Human Protein Atlas, proteinatlas.org; Uhlén et al. 2015, doi:10.1126/science.1260419, and 2017,
doi:10.1126/science.aan2507. The data are under a Creative Commons licence with attribution.
Columns are found by name; tissue names are kept in lower case, whatever the edition writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ligandose.evidence.duck import rows, single
from ligandose.evidence.import_report import Unmatched, unmatched
from ligandose.evidence.table_checks import (
    BLANK,
    COUNT,
    ENSEMBL,
    NUMBER,
    Checked,
    name,
    text,
)
from ligandose.evidence.tables import Table, known_cancers, known_tissues, plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEVELS = ("High", "Medium", "Low", "Not detected")
OTHER_LEVELS = ("Ascending", "Descending", "Not representative")
"""Levels that cannot be ordered: a gradient along the gut, or no representative sample."""
NO_LEVEL = "N/A"
RELIABILITIES = ("Enhanced", "Supported", "Approved", "Uncertain")

SCHEMAS = {
    Table.RNA: "ensembl VARCHAR, symbol VARCHAR, tissue VARCHAR, value DOUBLE",
    Table.IHC: (
        "ensembl VARCHAR, symbol VARCHAR, tissue VARCHAR, ihc_tissue VARCHAR, "
        "cell_type VARCHAR, level VARCHAR, reliability VARCHAR"
    ),
    Table.CANCER: (
        "ensembl VARCHAR, symbol VARCHAR, cancer VARCHAR, high INTEGER, medium INTEGER, "
        "low INTEGER, not_detected INTEGER"
    ),
}


@dataclass(frozen=True)
class Loaded:
    """What became of a table.

    Attributes:
        kept: rows in the store.
        genes: different identifiers.
        not_measured: values that are empty.
        duplicates: identical rows that were folded.
        unmatched: names that are not known here.
    """

    kept: int
    genes: int
    not_measured: int
    duplicates: int
    unmatched: dict[str, Unmatched]


def load(checked: Checked, symbols: Iterable[str]) -> Loaded:
    """Check a staged table and fill the store's table of its kind with it.

    Args:
        checked: the staged text, on a connection where the store's table exists and is empty.
        symbols: gene symbols that should be there; those that are not are reported.

    Raises:
        InputError: what breaks a rule, with file, line, column and value.
    """
    if checked.what.table is Table.RNA:
        found = _load_rna(checked)
    elif checked.what.table is Table.IHC:
        found = _load_ihc(checked)
    else:
        found = _load_cancer(checked)
    con, table = checked.connection, checked.what.table.value
    there = {str(row[0]) for row in rows(con, f"SELECT DISTINCT symbol FROM {table}")}
    missing = {symbol: 1 for symbol in symbols if symbol not in there}
    names = found.unmatched | ({"symbols": unmatched(missing)} if missing else {})
    return Loaded(found.kept, found.genes, found.not_measured, found.duplicates, names)


def _load_rna(checked: Checked) -> Loaded:
    con = checked.connection
    if checked.what.tissues:
        _read_wide(checked)
    else:
        checked.read()
        _refuse_bad_genes(checked)
        checked.refuse_where("tissue = ''", "tissue", allowed="the name of a tissue")
    checked.refuse_where(
        f"value NOT IN {BLANK} AND (NOT regexp_full_match(value, {text(NUMBER)}) "
        "OR NOT isfinite(coalesce(try_cast(value AS DOUBLE), 'inf'::DOUBLE)))",
        "value",
        allowed="a number from 0 up",
    )
    return _finish(
        checked,
        measured=f"value NOT IN {BLANK}",
        columns=f"{_GENE}, {_plain('tissue')} AS tissue, value::DOUBLE AS value",
        key=("ensembl", "tissue"),
        names={"tissues": _strangers(con, "tissue", "rna")},
    )


def _read_wide(checked: Checked) -> None:
    """Fill `raw` from a table with one column per tissue."""
    gene = checked.columns()
    tissues = ", ".join(
        f"coalesce(trim(c{position}), '') AS {name(tissue)}"
        for tissue, position in checked.what.tissues.items()
    )
    con = checked.connection
    checked.read()
    _refuse_bad_genes(checked)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS UNPIVOT (SELECT {gene}, {tissues} FROM "
        f"{checked.source()}) ON COLUMNS(* EXCLUDE (ensembl, symbol)) INTO NAME tissue VALUE value"
    )


def _load_ihc(checked: Checked) -> Loaded:
    con = checked.connection
    checked.read()
    _refuse_bad_genes(checked)
    if "ihc_tissue" not in checked.what.positions:
        con.execute("ALTER TABLE raw ADD COLUMN ihc_tissue VARCHAR")
        con.execute("UPDATE raw SET ihc_tissue = tissue")
    levels = (*LEVELS, *OTHER_LEVELS, NO_LEVEL)
    checked.refuse_where(
        f"level NOT IN {levels}", "level", allowed=f"one of {', '.join(levels)}", known=levels
    )
    checked.refuse_where(
        f"reliability NOT IN {RELIABILITIES}",
        "reliability",
        allowed=f"one of {', '.join(RELIABILITIES)}",
        known=RELIABILITIES,
    )
    measured = f"level <> '{NO_LEVEL}'"
    checked.refuse_where(
        f"{measured} AND (tissue IN ('', 'N/A'))", "tissue", allowed="the name of a tissue"
    )
    odd = rows(con, f"SELECT level, count(*) FROM raw WHERE level IN {OTHER_LEVELS} GROUP BY 1")
    return _finish(
        checked,
        measured=measured,
        columns=(
            f"{_GENE}, {_plain('tissue')} AS tissue, {_plain('ihc_tissue')} AS ihc_tissue, "
            "cell_type, level, reliability"
        ),
        key=("ensembl", "ihc_tissue", "tissue", "cell_type"),
        names={
            "tissues": _strangers(con, "tissue", "ihc", where=measured),
            "levels": {str(level): int(count) for level, count in odd},
        },
    )


def _load_cancer(checked: Checked) -> Loaded:
    con = checked.connection
    checked.read()
    _refuse_bad_genes(checked)
    checked.refuse_where("cancer = ''", "cancer", allowed="the name of a cancer")
    counts = ("high", "medium", "low", "not_detected")
    whole = " AND ".join(f"{c} IN {BLANK}" for c in counts)
    for column in counts:
        checked.refuse_where(
            f"NOT ({whole}) AND NOT regexp_full_match({column}, {text(COUNT)})",
            column,
            allowed="a number of patients (a whole number from 0 up)",
        )
    known = {plain(cancer) for cancer in known_cancers()}
    found = rows(con, f"SELECT {_plain('cancer')}, count(*) FROM raw GROUP BY 1")
    return _finish(
        checked,
        measured=f"NOT ({whole})",
        columns=f"{_GENE}, {_plain('cancer')} AS cancer, "
        + ", ".join(f"{c}::DOUBLE::INTEGER AS {c}" for c in counts),
        key=("ensembl", "cancer"),
        names={"cancers": {str(c): int(n) for c, n in found if c not in known}},
    )


_GENE = "regexp_replace(ensembl, '\\..*', '') AS ensembl, symbol"


def _plain(column: str) -> str:
    """SQL of `tables.plain`."""
    return f"lower(trim(regexp_replace({column}, '[\\s._-]+', ' ', 'g')))"


def _refuse_bad_genes(checked: Checked) -> None:
    checked.refuse_where(
        f"NOT regexp_full_match(ensembl, '{ENSEMBL}')",
        "ensembl",
        allowed="an Ensembl gene (ENSG and eleven digits)",
    )


def _strangers(
    con: DuckDBPyConnection, column: str, table: str, where: str = "true"
) -> dict[str, int]:
    known = known_tissues(table)
    found = rows(con, f"SELECT {_plain(column)}, count(*) FROM raw WHERE {where} GROUP BY 1")
    return {str(tissue): int(count) for tissue, count in found if tissue not in known}


def _finish(
    checked: Checked,
    *,
    measured: str,
    columns: str,
    key: tuple[str, ...],
    names: dict[str, dict[str, int]],
) -> Loaded:
    """Fold identical rows, refuse contradictions, fill the table of the store in order."""
    con, table = checked.connection, checked.what.table.value
    read, there = rows(con, f"SELECT count(*), count(*) FILTER ({measured}) FROM raw")[0]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE clean AS SELECT DISTINCT {columns} FROM raw WHERE {measured}"
    )
    con.execute("DROP TABLE raw")
    checked.refuse_contradictions(key)
    con.execute(f"INSERT INTO {table} SELECT * FROM clean ORDER BY ALL")
    con.execute("DROP TABLE clean")
    kept = int(single(con, f"SELECT count(*) FROM {table}"))
    genes = int(single(con, f"SELECT count(DISTINCT ensembl) FROM {table}"))
    return Loaded(
        kept=kept,
        genes=genes,
        not_measured=int(read) - int(there),
        duplicates=int(there) - kept,
        unmatched={kind: unmatched(found) for kind, found in names.items() if found},
    )
