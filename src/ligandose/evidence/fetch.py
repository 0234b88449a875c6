"""Tables of the Human Protein Atlas fetched through the package `oncoref` over the network.

oncoref (github.com/pirl-unc/oncoref, Apache-2.0) keeps a checked copy of each table in its own
cache, ~/.cache/oncoref or the folder named by CANCERDATA_DATA_DIR. It is looked for only when
`fetch_hpa` is called. The tables are the atlas's own, under its Creative Commons licence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ligandose.errors import InputError, UnknownNameError

ONCOREF_NAMES = {
    "rna": "hpa_rna_consensus",
    "ihc": "hpa_normal_tissue",
    "cancer": "hpa_cancer_ihc",
}
"""Our name of a table → oncoref's (version 1.20)."""


@dataclass(frozen=True)
class Fetched:
    """A table that lies on this machine now.

    Attributes:
        table: rna, ihc or cancer.
        path: the unpacked text, in oncoref's cache.
        edition: of the atlas, as oncoref names it ("v23", "v25.1-1").
    """

    table: str
    path: Path
    edition: str


def fetch_hpa(
    tables: Sequence[str] = ("rna", "ihc", "cancer"),
    *,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Fetched, ...]:
    """Fetch tables in the editions that oncoref pins, or take them from its cache.

    Import them with `import_tables([f.path for f in fetched], kind="hpa")`; oncoref's cache names
    the edition in the folder, from where the importer takes it.

    Args:
        tables: any of rna, ihc and cancer.
        progress: is called with the share done and what is being done.

    Raises:
        UnknownNameError: another table.
        InputError: oncoref is not installed or is of another make, there is no network.
    """
    for table in tables:
        if table not in ONCOREF_NAMES:
            raise UnknownNameError("table to fetch", table, ONCOREF_NAMES)
    source = _oncoref()
    fetched: list[Fetched] = []
    for number, table in enumerate(tables):
        if progress is not None:
            progress(number / len(tables), f"fetching {ONCOREF_NAMES[table]}")
        fetched.append(_one(source, table))
    return tuple(fetched)


def _one(source: Any, table: str) -> Fetched:
    name = ONCOREF_NAMES[table]
    try:
        edition = str(source.resolve_version(name))
        path = Path(source.download(name, edition, verbose=False))
    except AttributeError as error:
        raise InputError(
            f"this version of oncoref has no {error.name}; version 1.20 is known to work: "
            "pip install 'oncoref>=1.20'"
        ) from error
    except Exception as error:
        raise InputError(
            f"{name} could not be fetched ({_reason(error)}); check the network and try again, or "
            "download the table from proteinatlas.org (Downloadable data) and import the file: "
            "ligandose targets import hpa PATH"
        ) from error
    return Fetched(table, path, edition)


def _reason(error: Exception) -> str:
    """Return the innermost reason in one short line."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    lines = str(inner).splitlines()
    line = lines[0] if lines else type(inner).__name__
    return line if len(line) <= 160 else line[:159] + "…"


def _oncoref() -> Any:
    try:
        return import_module("oncoref.reference_data")
    except ImportError as error:
        raise InputError(
            "fetching needs the package oncoref, which is not installed: pip install oncoref; or "
            "download the tables from proteinatlas.org (Downloadable data) and import the files: "
            "ligandose targets import hpa PATH"
        ) from error
