"""Where the evidence store lies, who may write it, and how a new one takes its place."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ligandose.errors import InputError
from ligandose.evidence.archives import storage_error

ENVIRONMENT = "LIGANDOSE_EVIDENCE"
FILE_NAME = "evidence.duckdb"


def default_store() -> Path:
    """Return the path of the user's store: LIGANDOSE_EVIDENCE, or the platform's data folder.

    Linux: $XDG_DATA_HOME or ~/.local/share; macOS: ~/Library/Application Support; Windows:
    %LOCALAPPDATA%; then ligandose/evidence.duckdb.
    """
    if given := os.environ.get(ENVIRONMENT):
        return Path(given).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "ligandose" / FILE_NAME


@contextmanager
def workspace(store: Path) -> Generator[Path]:
    """Hold the store's write lock and give a scratch folder beside it.

    The folder is on the store's file system, so that what is built there can take the store's
    place in one step. It goes when the context ends; one left by a killed import goes with the
    next import.

    Raises:
        InputError: the folder cannot be written, another import is under way.
    """
    folder = store.parent
    if os.path.isdir(store):
        raise InputError(f"{store}: a folder; name a file for the evidence store")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(store, error) from error
    require_name(store)
    prefix = f".{store.name}.import-"
    with _locked(store):
        for left in folder.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        except OSError as error:
            raise _not_writable(store, error) from error
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def require_name(store: Path) -> None:
    """Raise InputError for a path with "?": DuckDB takes what follows for options."""
    if "?" in str(store.absolute()):
        raise InputError(
            f"{store}: DuckDB cannot open a path with '?'; name another file or folder"
        )


def take_place(new: Path, store: Path) -> None:
    """Make a finished file the store, in one step.

    Raises:
        InputError: the disk is full or the folder became read-only; the store is as it was.
    """
    try:
        with new.open("rb+") as stream:
            os.fsync(stream.fileno())
        new.replace(store)
    except OSError as error:
        raise storage_error(error, str(store), store) from error
    with suppress(OSError):
        handle = os.open(store.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _not_writable(store: Path, error: OSError) -> InputError:
    return InputError(
        f"{store.parent}: cannot be written ({error.strerror or error}); put the evidence store "
        f"elsewhere with --store FILE or the variable {ENVIRONMENT}"
    )


@contextmanager
def _locked(store: Path) -> Generator[None]:
    """Hold the lock file beside the store; the system frees it when a process dies."""
    path = store.with_name(f".{store.name}.lock")
    while True:
        try:
            stream = path.open("a+b")
        except OSError as error:
            raise _not_writable(store, error) from error
        try:
            _lock(stream)
        except OSError as error:
            stream.close()
            raise InputError(
                f"{store}: another import into this store is under way; wait until it has ended, "
                "or use another store (--store FILE)"
            ) from error
        # The holder before us may have removed the file between our opening and our locking it.
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                break
        stream.close()
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        stream.close()


if sys.platform == "win32":

    def _lock(stream: IO[bytes]) -> None:
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:

    def _lock(stream: IO[bytes]) -> None:
        import fcntl

        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
