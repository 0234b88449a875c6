"""The embedded database: opened with bounds, its errors in our words.

DuckDB comes with the extra `evidence`; it is imported here, when it is first needed.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose.errors import DataError, InputError

if TYPE_CHECKING:
    from types import ModuleType

    from duckdb import DuckDBPyConnection

MEMORY = "512MB"
"""DuckDB spills to the scratch folder above this."""
MOST_THREADS = 4


def duckdb_module() -> ModuleType:
    """Return the module duckdb; InputError with the remedy where it is not installed."""
    try:
        import duckdb
    except ImportError as error:
        raise InputError(
            "the evidence store needs DuckDB, which is not installed; "
            'install it: pip install "ligandose[evidence]"'
        ) from error
    return duckdb


def connect(
    path: Path | None,
    *,
    scratch: Path | None = None,
    read_only: bool = False,
    threads: int | None = None,
) -> DuckDBPyConnection:
    """Open a database file, or one in memory where `path` is None.

    Args:
        path: the file.
        scratch: folder for what does not fit into memory; None: nothing is spilled.
        read_only: whether other processes may read at the same time.
        threads: how many; None: the machine's, at most four.
    """
    settings: dict[str, Any] = {
        "memory_limit": MEMORY,
        "threads": threads or min(MOST_THREADS, os.cpu_count() or 1),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": "" if scratch is None else str(scratch),
    }
    name = ":memory:" if path is None else str(path)
    return duckdb_module().connect(name, read_only=read_only, config=settings)


def rows(connection: DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    return connection.execute(query, list(values)).fetchall()


def single(connection: DuckDBPyConnection, query: str, *values: Any) -> Any:
    """Run a query that gives one value and return it."""
    return rows(connection, query, *values)[0][0]


@contextmanager
def our_errors(path: Path, doing: str) -> Generator[None]:
    """Turn DuckDB's errors into ours.

    Args:
        path: the store.
        doing: what is being done, such as "opened".
    """
    duckdb = duckdb_module()
    try:
        yield
    except duckdb.Error as error:
        raise _translated(str(error), path, doing) from error


def _translated(text: str, path: Path, doing: str) -> InputError | DataError:
    short = text.splitlines()[0]
    low = text.lower()
    if "lock on file" in low:
        holder = text.partition("PID ")[2].split(")")[0].split(".")[0].strip()
        who = f" (process {holder})" if holder.isdigit() else ""
        return InputError(
            f"{path}: another process{who} has the store open for writing; wait until it has "
            "ended, or use another store (--store FILE)"
        )
    if "no space left" in low or "file too large" in low or "could not write" in low:
        return InputError(
            f"{path.parent}: no space left while {path.name} was {doing}; free some space or put "
            "the store elsewhere (--store FILE); the store is as it was"
        )
    if "not a valid duckdb database" in low or "serializ" in low or "version number" in low:
        return InputError(
            f"{path}: not an evidence store of this version of DuckDB ({short}); name another "
            "file, or move it away and import the tables again"
        )
    if "permission denied" in low or "read-only file" in low or "cannot open file" in low:
        return InputError(f"{path}: cannot be {doing} ({short}); check the rights of the file")
    if "out of memory" in low or "failed to allocate" in low:
        return InputError(f"{path}: not enough memory while it was {doing} ({short})")
    return DataError(f"{path}: could not be {doing} ({short})")
