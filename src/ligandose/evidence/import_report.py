"""What an import read, kept and could not match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

EXAMPLES = 8


@dataclass(frozen=True)
class Unmatched:
    """Names that nothing here knows.

    Attributes:
        names: how many different ones.
        rows: rows that carry them.
        examples: the first few in alphabetical order.
    """

    names: int
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class FileReport:
    """One table of one file.

    Attributes:
        file: path, with the member of a zip in brackets.
        table: rna, ihc, cancer, surfy or cspa.
        edition: of the source, such as "21.1", or what the columns tell, such as "24 or later".
        edition_from: "file name", "columns", "given" or "".
        dataset: of RNA tables: consensus, hpa, gtex, fantom or "unstated"; else "".
        unit: of RNA values; else "".
        rows_read: lines of the file without the header.
        rows_kept: rows in the store (a wide table gives one row per gene and tissue).
        genes: different Ensembl identifiers (proteins in surfy and cspa).
        not_measured: values that are empty or "not available"; they are not kept.
        duplicates: rows that repeat another one exactly; one of each is kept.
        unmatched: by kind of name: tissues, cancers, levels, symbols.
        ignored_columns: columns that are not read.
        notes: what is odd and harmless.
        sha256: of the unpacked table.
        seconds: taken by this table.
    """

    file: str
    table: str
    edition: str
    edition_from: str
    dataset: str
    unit: str
    rows_read: int
    rows_kept: int
    genes: int
    not_measured: int
    duplicates: int
    unmatched: Mapping[str, Unmatched]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]
    sha256: str
    seconds: float


@dataclass(frozen=True)
class ImportReport:
    """One import.

    Attributes:
        store: path of the store.
        kind: hpa, surfy or cspa.
        files: the tables read.
        skipped: files of a folder or zip that are no known table, with the reason.
        seconds: whole time.
    """

    store: str
    kind: str
    files: tuple[FileReport, ...]
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """Return the report as a JSON document."""
        content = asdict(self)
        content["seconds"] = round(self.seconds, 3)
        for entry in content["files"]:
            entry["seconds"] = round(entry["seconds"], 3)
        return content


def unmatched(names: Mapping[str, int]) -> Unmatched:
    """Summarise names and the number of rows that carry each."""
    return Unmatched(len(names), sum(names.values()), tuple(sorted(names)[:EXAMPLES]))
