"""Import of tables of others into the evidence store.

An import builds a new store in a scratch folder beside the old one: the tables that it reads, and
a copy of all others. Only when everything was read without an error does the new file take the
old one's place, in one step. Whatever goes wrong before, even a killed process, the store is as it
was.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import hpa, surfaceome
from ligandose.evidence.archives import (
    Budget,
    Member,
    StagedText,
    is_workbook,
    members_of,
    stage,
)
from ligandose.evidence.duck import connect, our_errors, rows
from ligandose.evidence.import_report import FileReport, ImportReport
from ligandose.evidence.store_file import default_store, take_place, workspace
from ligandose.evidence.table_checks import Checked, name, text
from ligandose.evidence.tables import (
    SPECS,
    Recognised,
    Table,
    guessed_edition,
    plain,
    recognise,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = 1
Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and what is being done."""

_SUFFIXES = (".tsv", ".tsv.gz", ".tsv.zip", ".txt", ".txt.gz", ".zip", ".gz", ".xlsx")
_IMPORTS = (
    "tab VARCHAR, source VARCHAR, edition VARCHAR, edition_from VARCHAR, dataset VARCHAR, "
    "unit VARCHAR, file VARCHAR, sha256 VARCHAR, rows_read BIGINT, rows_kept BIGINT, "
    "genes BIGINT, imported_at VARCHAR"
)
_EDITION_OF_LISTS = {Table.SURFY: "2018", Table.CSPA: "2015"}


def import_tables(
    paths: Sequence[Path | str],
    *,
    kind: str,
    store: Path | str | None = None,
    edition: str | None = None,
    symbols: Iterable[str] = (),
    progress: Progress | None = None,
    threads: int | None = None,
) -> ImportReport:
    """Read tables of one source into the evidence store.

    A table that is imported again takes the place of the one that is there.

    Args:
        paths: files (tsv, gz, zip; for surfy and cspa also xlsx) or folders of files.
        kind: "hpa", "surfy" or "cspa".
        store: the store's file; None: `default_store()`.
        edition: edition of the source where the file name does not tell it, such as "24.0".
        symbols: gene symbols that should be in the tables; those that are not are reported.
        progress: is called with the share done and what is being done.
        threads: how many; the result is the same for any number.

    Raises:
        InputError: a file that is missing, damaged, not one of the known tables or that
            contradicts itself; a store that is locked or cannot be written. The store is as it
            was.
    """
    _check_kind(kind)
    start = time.perf_counter()
    target = Path(store).expanduser() if store is not None else default_store()
    tell = progress or _silent
    files, folders = _files(paths)
    with workspace(target) as scratch:
        new = scratch / "new.duckdb"
        with our_errors(target, "written"), connect(new, scratch=scratch, threads=threads) as con:
            create_tables(con)
            ours = {spec.table for spec in SPECS[kind]}
            _copy(con, target, set(Table) - ours)
            job = _Job(con, scratch, kind, edition, tuple(symbols), tell, folders)
            reports, skipped = job.run(files)
            _copy(con, target, ours - {Table(report.table) for report in reports})
            con.execute("CHECKPOINT")
        tell(0.98, "writing the store")
        take_place(new, target)
    tell(1.0, "done")
    return ImportReport(str(target), kind, reports, skipped, time.perf_counter() - start)


@contextmanager
def tables_in_memory(
    paths: Sequence[Path | str],
    *,
    kind: str,
    edition: str | None = None,
    symbols: Iterable[str] = (),
    threads: int | None = None,
) -> Generator[tuple[DuckDBPyConnection, ImportReport]]:
    """Read tables as `import_tables` does, into a database in memory instead of a store.

    Args:
        paths: files or folders.
        kind: "hpa", "surfy" or "cspa".
        edition: edition of the source where the file name does not tell it.
        symbols: gene symbols that should be in the tables.
        threads: how many.

    Yields:
        the connection, with the tables of a store, and the report.
    """
    _check_kind(kind)
    start = time.perf_counter()
    files, folders = _files(paths)
    with tempfile.TemporaryDirectory(prefix="ligandose-") as folder:
        scratch = Path(folder)
        with connect(None, scratch=scratch, threads=threads) as con:
            with our_errors(scratch, "read"):
                create_tables(con)
                job = _Job(con, scratch, kind, edition, tuple(symbols), _silent, folders)
                reports, skipped = job.run(files)
            seconds = time.perf_counter() - start
            yield con, ImportReport(":memory:", kind, reports, skipped, seconds)


def create_tables(con: DuckDBPyConnection) -> None:
    """Create the empty tables of a store."""
    con.execute("CREATE TABLE meta (schema_version INTEGER)")
    con.execute("INSERT INTO meta VALUES (?)", [SCHEMA_VERSION])
    con.execute(f"CREATE TABLE imports ({_IMPORTS})")
    for table, columns in {**hpa.SCHEMAS, **surfaceome.SCHEMAS}.items():
        con.execute(f"CREATE TABLE {table.value} ({columns})")


def require_schema(con: DuckDBPyConnection, path: Path, *, database: str) -> None:
    """Raise InputError where a database is not a store of this version."""
    found = rows(
        con,
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND table_name = 'meta'",
        database,
    )
    place = name(database)
    version = rows(con, f"SELECT schema_version FROM {place}.meta")[0][0] if found else None
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{path}: not an evidence store of this version (layout {version}, {SCHEMA_VERSION} "
            "is read); move it away and import the tables again"
        )


def _silent(share: float, what: str) -> None:
    pass


def _check_kind(kind: str) -> None:
    if kind not in SPECS:
        raise UnknownNameError("source of tables", kind, SPECS)


def _files(paths: Sequence[Path | str]) -> tuple[list[Path], set[Path]]:
    """Return the files in order, and which of them came from a folder."""
    if not paths:
        raise InputError("no table given; name the files (tsv, gz or zip) or a folder of them")
    files: list[Path] = []
    found: set[Path] = set()
    for path in (Path(p).expanduser() for p in paths):
        if not os.path.isdir(path):
            files.append(path)
            continue
        try:
            names = sorted(os.listdir(path))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        inside = [
            path / n
            for n in names
            if not n.startswith(".") and n.lower().endswith(_SUFFIXES) and os.path.isfile(path / n)
        ]
        if not inside:
            raise InputError(f"{path}: no tables in this folder ({', '.join(_SUFFIXES)})")
        files += inside
        found.update(inside)
    return list(dict.fromkeys(files)), found


def _copy(con: DuckDBPyConnection, store: Path, tables: set[Table]) -> None:
    """Copy tables that this import does not bring from the store that is there."""
    if not store.exists():
        return
    if store.with_name(store.name + ".wal").exists():
        raise InputError(
            f"{store}: another program is writing to the store or was stopped while it did "
            f"({store.name}.wal is there); close it, or move the store away"
        )
    with our_errors(store, "read"):
        con.execute(f"ATTACH {text(str(store))} AS before (READ_ONLY)")
        require_schema(con, store, database="before")
        for table in sorted(tables):
            con.execute(f"INSERT INTO {table.value} SELECT * FROM before.{table.value}")
            con.execute(
                "INSERT INTO imports SELECT * FROM before.imports WHERE tab = ?", [table.value]
            )
        con.execute("DETACH before")


class _Job:
    """One run over the files: what is staged, what was found, where it came from."""

    def __init__(
        self,
        con: DuckDBPyConnection,
        scratch: Path,
        kind: str,
        edition: str | None,
        symbols: tuple[str, ...],
        progress: Progress,
        folders: set[Path],
    ) -> None:
        self.con, self.scratch, self.kind, self.edition = con, scratch, kind, edition
        self.symbols, self.progress, self.folders = symbols, progress, folders
        self.budget = Budget()
        self.skipped: dict[str, str] = {}
        self.origin: dict[Table, StagedText] = {}

    def run(self, files: Sequence[Path]) -> tuple[tuple[FileReport, ...], Mapping[str, str]]:
        """Read all files; InputError where none holds a known table."""
        reports: list[FileReport] = []
        for number, path in enumerate(files):
            members = self._members(path)
            for place, member in enumerate(members):
                done = 0.95 * (number + place / len(members)) / len(files)
                self.progress(done, f"reading {member.label}")
                optional = path in self.folders or len(members) > 1
                if report := self._one(member, path, optional=optional):
                    reports.append(report)
        if not reports:
            where, why = next(iter(self.skipped.items()))
            raise InputError(why if len(self.skipped) == 1 else f"no known table; {where}: {why}")
        return tuple(reports), self.skipped

    def _members(self, path: Path) -> list[Member]:
        if is_workbook(path):
            if self.kind == "hpa":
                raise InputError(
                    f"{path}: a workbook; the Human Protein Atlas gives text tables (tsv), import "
                    "those as downloaded"
                )
            plain_text = self.scratch / f"{path.stem}.tsv"
            surfaceome.workbook_as_text(path, self.kind, plain_text, self.budget)
            return [Member(plain_text, shown=str(path))]
        return members_of(path)

    def _one(self, member: Member, path: Path, *, optional: bool) -> FileReport | None:
        start = time.perf_counter()
        staged = stage(member, self.scratch / "table.tsv", self.budget)
        try:
            what = recognise(staged.header, kind=self.kind, label=member.label, where=member.where)
        except InputError as error:
            if not optional:
                raise
            self.skipped[member.where] = str(error)
            return None
        if what.table in self.origin:
            self._refuse_second(staged, self.origin[what.table])
            self.skipped[member.where] = f"the same as {self.origin[what.table].member.where}"
            return None
        self.origin[what.table] = staged
        loaded = (hpa if self.kind == "hpa" else surfaceome).load(
            Checked(self.con, staged, what), self.symbols
        )
        return self._report(staged, what, loaded, path, start)

    def _refuse_second(self, staged: StagedText, first: StagedText) -> None:
        if staged.sha256 != first.sha256:
            raise InputError(
                f"{staged.member.where}: the same kind of table as {first.member.where}, with "
                "other content; import one edition at a time"
            )

    def _report(
        self,
        staged: StagedText,
        what: Recognised,
        loaded: hpa.Loaded,
        path: Path,
        start: float,
    ) -> FileReport:
        label = staged.member.label
        if self.edition:
            edition, known_from = self.edition, "given"
        elif what.table in _EDITION_OF_LISTS:
            edition, known_from = _EDITION_OF_LISTS[what.table], "publication"
        else:
            names = [label, path.name, path.resolve().parent.name]
            edition, known_from = guessed_edition(names, what.columns_tell)
        dataset = _dataset(label, path.name) if what.table is Table.RNA else ""
        report = FileReport(
            file=staged.member.where,
            table=what.table.value,
            edition=edition,
            edition_from=known_from,
            dataset=dataset,
            unit=what.unit,
            rows_read=staged.lines,
            rows_kept=loaded.kept,
            genes=loaded.genes,
            not_measured=loaded.not_measured,
            duplicates=loaded.duplicates,
            unmatched=loaded.unmatched,
            ignored_columns=what.ignored,
            notes=tuple(staged.notes),
            sha256=staged.sha256,
            seconds=time.perf_counter() - start,
        )
        self.con.execute(
            "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [report.table, self.kind, edition, known_from, dataset, what.unit, label,
             staged.sha256, staged.lines, loaded.kept, loaded.genes,
             datetime.now(UTC).isoformat(timespec="seconds")],
        )  # fmt: skip
        return report


def _dataset(*names: str) -> str:
    """Tell which RNA data set a file name means."""
    for label in names:
        words = plain(label).split()
        for dataset in ("consensus", "gtex", "fantom"):
            if dataset in words:
                return dataset
        if "tissue hpa" in plain(label):
            return "hpa"
    return "unstated"
