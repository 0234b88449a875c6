"""Checks that every imported table passes: identifiers, numbers, vocabularies, duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ligandose.errors import InputError, nearest_names
from ligandose.evidence.archives import StagedText
from ligandose.evidence.duck import rows
from ligandose.evidence.tables import Recognised

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NUMBER = r"([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
COUNT = r"[0-9]{1,6}(\.0+)?"
ENSEMBL = r"ENSG[0-9]{11}(\.[0-9]+)?"
BLANK = ("", "NA")
"""What stands where nothing was measured, in tables of numbers."""


def text(value: str) -> str:
    """Return a string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """Return a column name as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def _no_pattern(path: str) -> str:
    """Return a path in which DuckDB takes every character as itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


@dataclass(frozen=True)
class Checked:
    """A staged table in the temporary table `raw` of a connection, all columns text.

    Attributes:
        connection: where `raw` is.
        staged: the text that it came from.
        what: its columns.
    """

    connection: DuckDBPyConnection
    staged: StagedText
    what: Recognised

    @property
    def where(self) -> str:
        return self.staged.member.where

    def source(self) -> str:
        """Return the SQL of the staged text as a relation with columns c0, c1 …"""
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.staged.header)))
        quote = '"' if self.staged.quoted else ""
        return (
            f"read_csv({text(_no_pattern(str(self.staged.path)))}, delim='\t', header=false, "
            f"auto_detect=false, quote='{quote}', escape='{quote}', nullstr='', "
            f"new_line='\\n', max_line_size=4194304, columns={{{columns}}})"
        )

    def columns(self) -> str:
        """Return the SQL of our columns, trimmed, empty text where the file has nothing."""
        return ", ".join(
            f"coalesce(trim(c{position}), '') AS {ours}"
            for ours, position in self.what.positions.items()
        )

    def read(self) -> None:
        """Fill `raw` with our columns."""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {self.columns()} FROM {self.source()}"
        )

    def refuse_where(
        self, condition: str, column: str, *, allowed: str, known: Iterable[str] = ()
    ) -> None:
        """Raise InputError for the first row of `raw` that a condition holds for."""
        found = rows(self.connection, f"SELECT * FROM raw WHERE {condition} ORDER BY ALL LIMIT 1")
        if not found:
            return
        names = [
            entry[0]
            for entry in self.connection.execute("SELECT * FROM raw LIMIT 0").description or []
        ]
        row = dict(zip(names, map(str, found[0]), strict=True))
        hints = nearest_names(row[column], known) if row[column] else []
        hint = f"; did you mean {' or '.join(hints)}?" if hints else ""
        raise InputError(
            f"{self._place(row)}, {self._shown(column, row)}: {row[column]!r} is not "
            f"{allowed}{hint}"
        )

    def refuse_contradictions(self, key: Sequence[str]) -> None:
        """Raise InputError where `clean` has two different rows for one key."""
        keys = ", ".join(key)
        found = rows(
            self.connection,
            f"SELECT {keys} FROM clean GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1",
        )
        if not found:
            return
        same = " AND ".join(f"{k} = ?" for k in key)
        both = rows(
            self.connection, f"SELECT * FROM clean WHERE {same} ORDER BY ALL LIMIT 2", *found[0]
        )
        names = [
            entry[0]
            for entry in self.connection.execute("SELECT * FROM clean LIMIT 0").description or []
        ]
        first, second = (dict(zip(names, row, strict=True)) for row in both)
        differing = [n for n in names if first[n] != second[n]]
        versus = "; ".join(f"{n} {first[n]!r} and {second[n]!r}" for n in differing)
        shown = ", ".join(str(first[n]) for n in dict.fromkeys(["symbol", *key]) if n in first)
        raise InputError(
            f"{self.where}: {shown} is there twice with different values ({versus}); "
            "download the table again, or remove the wrong row"
        )

    def _shown(self, column: str, row: Mapping[str, str]) -> str:
        """How a message names a column: as the file does."""
        if column == "value" and "value" not in self.what.positions:
            return f"column {row['tissue']!r}"
        return f"column {self.staged.header[self.what.positions[column]]!r}"

    def _place(self, row: Mapping[str, str]) -> str:
        """Name the file and the line of a row; looked for only when there is an error."""
        wanted = [(p, row[c]) for c, p in self.what.positions.items() if c in row]
        if self.what.tissues and row.get("tissue") in self.what.tissues:
            wanted.append((self.what.tissues[row["tissue"]], row["value"]))
        for number, fields in self.staged.rows():
            if all(fields[p] == value for p, value in wanted):
                return f"{self.where} line {number}"
        return self.where
