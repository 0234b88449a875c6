"""Lists of surface proteins: the in-silico surfaceome (SURFY) and the cell surface atlas (CSPA).

SURFY: Bausch-Fluck et al. 2018, doi:10.1073/pnas.1808790115. CSPA: Bausch-Fluck et al. 2015,
doi:10.1371/journal.pone.0121314. Both name genes as of their year; no list is complete.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ligandose.errors import InputError
from ligandose.evidence.archives import Budget
from ligandose.evidence.duck import rows, single
from ligandose.evidence.hpa import Loaded
from ligandose.evidence.import_report import unmatched
from ligandose.evidence.table_checks import BLANK, ENSEMBL, NUMBER, Checked, text
from ligandose.evidence.tables import SPECS, Table, plain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LABELS = ("surface", "nonsurface")
CATEGORIES = ("1 - high confidence", "2 - putative", "3 - unspecific")
ACCESSION = r"([OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2})(-[0-9]+)?"
"""Form of a UniProt accession (uniprot.org, help on accession numbers)."""
HEADER_ROWS = 5
"""The header of a sheet is looked for in so many rows (in SURFY's workbook it is the second)."""

SCHEMAS = {
    Table.SURFY: (
        "uniprot VARCHAR, symbol VARCHAR, ensembl VARCHAR, label VARCHAR, label_source VARCHAR, "
        "score DOUBLE, tm_domains INTEGER, signal_peptide INTEGER, main_class VARCHAR, "
        "sub_class VARCHAR, cspa_category VARCHAR"
    ),
    Table.CSPA: (
        "uniprot VARCHAR, symbol VARCHAR, category VARCHAR, protein VARCHAR, cd VARCHAR, "
        "probability DOUBLE, cell_types INTEGER, tm_domains INTEGER"
    ),
}
_COLUMNS = {
    table: [(part.split()[0], part.split()[1]) for part in schema.split(", ")]
    for table, schema in SCHEMAS.items()
}


def load(checked: Checked, symbols: Iterable[str]) -> Loaded:
    """Check a staged list and fill the store's table of its kind with it.

    Args:
        checked: the staged text, on a connection where the store's table exists and is empty.
        symbols: gene symbols that are known; those of the list that are not are reported.

    Raises:
        InputError: what breaks a rule, with file, line, column and value.
    """
    con, table = checked.connection, checked.what.table
    checked.read()
    checked.refuse_where(
        f"NOT regexp_full_match(uniprot, {text(ACCESSION)})",
        "uniprot",
        allowed="a UniProt accession",
    )
    for column, kind in _COLUMNS[table]:
        if kind != "VARCHAR" and column in checked.what.positions:
            checked.refuse_where(
                f"{column} NOT IN {BLANK} AND NOT regexp_full_match({column}, {text(NUMBER)})",
                column,
                allowed="a number from 0 up",
            )
    if table is Table.SURFY:
        _check_surfy(checked)
    else:
        _check_cspa(checked)
    selected = "organism IN ('', 'Human')" if "organism" in checked.what.positions else "true"
    read, human = rows(con, f"SELECT count(*), count(*) FILTER ({selected}) FROM raw")[0]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE clean AS SELECT DISTINCT {_selected(checked)} FROM raw "
        f"WHERE {selected}"
    )
    con.execute("DROP TABLE raw")
    checked.refuse_contradictions(("uniprot",))
    con.execute(f"INSERT INTO {table.value} SELECT * FROM clean ORDER BY ALL")
    con.execute("DROP TABLE clean")
    kept = int(single(con, f"SELECT count(*) FROM {table.value}"))
    other = int(read) - int(human)
    names = {"symbols": unmatched(_strangers(con, table, set(symbols)))}
    if other:
        names["organisms"] = unmatched({"not human": other})
    return Loaded(kept, kept, 0, int(human) - kept, {k: n for k, n in names.items() if n.names})


def _check_surfy(checked: Checked) -> None:
    checked.refuse_where(
        f"label NOT IN {LABELS}", "label", allowed=f"one of {', '.join(LABELS)}", known=LABELS
    )
    checked.refuse_where(
        f"ensembl <> '' AND NOT regexp_full_match(ensembl, '{ENSEMBL}(;{ENSEMBL})*')",
        "ensembl",
        allowed="a list of Ensembl genes (ENSG and eleven digits, parted by ;)",
    )


def _check_cspa(checked: Checked) -> None:
    checked.refuse_where(
        f"category NOT IN {CATEGORIES}",
        "category",
        allowed=f"one of {', '.join(CATEGORIES)}",
        known=CATEGORIES,
    )


def _selected(checked: Checked) -> str:
    parts: list[str] = []
    for column, kind in _COLUMNS[checked.what.table]:
        if column not in checked.what.positions:
            parts.append(f"NULL::{kind} AS {column}")
        elif kind == "VARCHAR":
            empty = "'', 'no'" if column == "cd" else "''"
            parts.append(f"CASE WHEN {column} IN ({empty}) THEN '' ELSE {column} END AS {column}")
        else:
            through = "DOUBLE" if kind == "DOUBLE" else "DOUBLE::INTEGER"
            parts.append(
                f"CASE WHEN {column} NOT IN {BLANK} THEN {column}::{through} END AS {column}"
            )
    return ", ".join(parts)


def _strangers(con: DuckDBPyConnection, table: Table, known: set[str]) -> dict[str, int]:
    """Return symbols of the list that the atlas in the store, or else `known`, does not have."""
    atlas = {
        str(r[0])
        for t in ("rna", "ihc", "cancer")
        for r in rows(con, f"SELECT DISTINCT symbol FROM {t}")
    }
    there = atlas or known
    if not there:
        return {}
    found = rows(con, f"SELECT symbol, count(*) FROM {table.value} GROUP BY 1")
    return {str(symbol) or "(none)": int(count) for symbol, count in found if symbol not in there}


def workbook_as_text(path: Path, kind: str, target: Path, budget: Budget) -> None:
    """Write the sheet of a workbook that holds the table as text with tabs.

    Args:
        path: an .xlsx file, such as table_S3_surfaceome.xlsx.
        kind: "surfy" or "cspa".
        target: where the text goes.
        budget: bounds the unpacked size.

    Raises:
        InputError: openpyxl missing, a damaged workbook, no sheet with the columns.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise InputError(
            f"{path}: reading a workbook needs openpyxl (pip install openpyxl); or save the sheet "
            "as text with tabs"
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            budget.take(sum(info.file_size for info in archive.infolist()), str(path))
        book = load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            values = sheet.iter_rows(values_only=True)
            for _ in range(HEADER_ROWS):
                header = next(values, None)
                if header is not None and _has_columns(header, kind):
                    with target.open("w", encoding="utf-8", newline="\n") as out:
                        width = max(i for i, c in enumerate(header) if c is not None) + 1
                        _write(out, header[:width])
                        for row in values:
                            if any(cell is not None for cell in row[:width]):
                                _write(out, row[:width])
                    return
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise InputError(f"{path}: the workbook is damaged ({error}); download it again") from error
    columns = ", ".join(names[0] for names in SPECS[kind][0].columns.values())
    raise InputError(f"{path}: no sheet of the workbook has the columns {columns}")


def _has_columns(header: Sequence[object], kind: str) -> bool:
    there = {plain(str(cell)) for cell in header if cell is not None}
    return all(there.intersection(names) for names in SPECS[kind][0].columns.values())


def _write(out: IO[str], cells: Sequence[object]) -> None:
    line = "\t".join("" if c is None else " ".join(str(c).split()) for c in cells)
    out.write(line + "\n")
