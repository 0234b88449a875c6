"""The evidence store, opened for reading: what the imported tables say about a gene.

    from ligandose.evidence.store import EvidenceStore

    with EvidenceStore.open() as store:
        for gene in store.expression("FOLH1"):
            print(gene.ensembl, max(gene.rna, key=lambda r: r.value))

RNA, protein and cancer staining are kept apart. A tissue or level that is absent was not
measured; it is never zero.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence.duck import connect, our_errors, rows
from ligandose.evidence.import_report import ImportReport
from ligandose.evidence.importing import require_schema, tables_in_memory
from ligandose.evidence.store_file import default_store, require_name
from ligandose.evidence.table_checks import text
from ligandose.evidence.tables import Table, regions_of

if TYPE_CHECKING:
    import numpy as np
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

_ATLAS = (Table.RNA, Table.IHC, Table.CANCER)


@dataclass(frozen=True, slots=True)
class RnaLevel:
    """RNA of a gene in a tissue.

    Attributes:
        tissue: as the atlas names it, in lower case.
        regions: canonical regions; none where it is not relevant to dose or not known.
        value: in `unit`, from 0 up.
        unit: nTPM, NX, pTPM, TPM or "unstated".
    """

    tissue: str
    regions: tuple[str, ...]
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class ProteinLevel:
    """Staining of a cell type of a normal tissue by antibodies.

    Attributes:
        tissue: as the atlas names it, in lower case.
        ihc_tissue: the sample, which may be one of several of a tissue ("skin 1").
        cell_type: as the atlas names it.
        regions: canonical regions of this cell type; none where it is not relevant to dose.
        level: High, Medium, Low, Not detected; Ascending, Descending, Not representative.
        reliability: Enhanced, Supported, Approved, Uncertain.
    """

    tissue: str
    ihc_tissue: str
    cell_type: str
    regions: tuple[str, ...]
    level: str
    reliability: str


@dataclass(frozen=True, slots=True)
class CancerStaining:
    """Patients of a cancer by staining level."""

    cancer: str
    high: int
    medium: int
    low: int
    not_detected: int

    @property
    def patients(self) -> int:
        """All patients whose sample was judged."""
        return self.high + self.medium + self.low + self.not_detected


@dataclass(frozen=True, slots=True)
class GeneExpression:
    """All that the imported tables of the Human Protein Atlas say about one gene."""

    ensembl: str
    symbol: str
    rna: tuple[RnaLevel, ...]
    protein: tuple[ProteinLevel, ...]
    cancer: tuple[CancerStaining, ...]

    def document(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SurfaceEvidence:
    """What the two lists of surface proteins say; None: not in the list, or list not imported.

    Attributes:
        symbol: as asked for.
        uniprot: accessions under which it was found.
        surfy: label of the in-silico surfaceome (surface or nonsurface).
        surfy_score: its machine-learning score, 0 to 1.
        cspa: category of the cell surface protein atlas.
        cspa_cell_types: number of cell types in which that atlas found it.
    """

    symbol: str
    uniprot: tuple[str, ...]
    surfy: str | None
    surfy_score: float | None
    cspa: str | None
    cspa_cell_types: int | None


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """A table in the store and where it came from."""

    table: str
    source: str
    edition: str
    edition_from: str
    dataset: str
    unit: str
    file: str
    sha256: str
    rows_read: int
    rows_kept: int
    genes: int
    imported_at: str


class EvidenceStore:
    """The store, opened for reading. Use it as a context, or call `close`."""

    def __init__(self, connection: DuckDBPyConnection, path: Path | None) -> None:
        self._con = connection
        self.path = path

    @classmethod
    def open(cls, path: Path | str | None = None) -> Self:
        """Open a store for reading.

        Args:
            path: the store's file; None: `default_store()`.

        Raises:
            InputError: no store there, not a store, being written by another process, DuckDB
                not installed.
        """
        file = Path(path).expanduser() if path is not None else default_store()
        if not os.path.isfile(file):
            raise InputError(
                f"{file}: no evidence store; make one: ligandose targets import hpa PATH"
            )
        require_name(file)
        # Attached to a database of its own: what is opened by name is shared within a process,
        # and a store that was replaced would go on showing what it held before.
        con = connect(None)
        try:
            with our_errors(file, "opened"):
                con.execute(f"ATTACH {text(str(file))} AS store (READ_ONLY)")
                require_schema(con, file, database="store")
                con.execute("USE store")
        except BaseException:
            con.close()
            raise
        return cls(con, file)

    @classmethod
    @contextmanager
    def in_memory(
        cls,
        paths: Sequence[Path | str],
        *,
        kind: str,
        edition: str | None = None,
        threads: int | None = None,
    ) -> Generator[tuple[EvidenceStore, ImportReport]]:
        """Read tables with the importer into memory, without a file; for scripts.

        Args:
            paths: files or folders.
            kind: "hpa", "surfy" or "cspa".
            edition: edition of the source where the file name does not tell it.
            threads: how many.
        """
        with tables_in_memory(paths, kind=kind, edition=edition, threads=threads) as (con, report):
            yield cls(con, None), report

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    def editions(self) -> tuple[ImportedTable, ...]:
        """Return the tables in the store and where they came from."""
        found = rows(self._con, "SELECT * FROM imports ORDER BY source, tab")
        return tuple(ImportedTable(*row) for row in found)

    def genes(self) -> dict[str, str]:
        """Return Ensembl gene → symbol of every gene of the atlas tables."""
        each = " UNION ".join(f"SELECT ensembl, symbol FROM {t.value}" for t in _ATLAS)
        return {str(e): str(s) for e, s in rows(self._con, f"{each} ORDER BY ALL")}

    def tissues(self, table: str = "rna") -> dict[str, tuple[str, ...]]:
        """Return tissue → canonical regions of a table; none where not relevant to dose.

        Args:
            table: "rna" or "ihc".

        Raises:
            UnknownNameError: another table.
        """
        if table not in ("rna", "ihc"):
            raise UnknownNameError("table with tissues", table, ("rna", "ihc"))
        found = rows(self._con, f"SELECT DISTINCT tissue FROM {table} ORDER BY 1")
        return {str(t): regions_of(table, str(t)) for (t,) in found}

    def expression(self, gene: str) -> tuple[GeneExpression, ...]:
        """Return what is known of a gene, one entry per Ensembl identifier with that name.

        Args:
            gene: symbol (FOLH1) or Ensembl gene (ENSG00000086205).

        Raises:
            UnknownNameError: not in any atlas table; suggests similar symbols.
        """
        column = "ensembl" if gene.startswith("ENSG") else "symbol"
        each = " UNION ".join(
            f"SELECT ensembl, symbol FROM {t.value} WHERE {column} = $1" for t in _ATLAS
        )
        found = dict(rows(self._con, f"{each} ORDER BY ALL", gene.partition(".")[0]))
        if not found:
            known = self.genes()
            if not known:
                raise InputError(
                    f"{self.path}: no table of the Human Protein Atlas in the store; import some: "
                    "ligandose targets import hpa PATH"
                )
            names = known.keys() if column == "ensembl" else known.values()
            raise UnknownNameError("gene", gene, names, where=str(self.path))
        return tuple(self._gene(ensembl, symbol) for ensembl, symbol in found.items())

    def surface(self, symbol: str) -> SurfaceEvidence:
        """Return what the lists of surface proteins say about a symbol.

        The lists use symbols of their year (PVRL4 for NECTIN4); where the atlas is in the store,
        SURFY is searched by its Ensembl gene too.
        """
        each = " UNION ".join(f"SELECT ensembl FROM {t.value} WHERE symbol = $1" for t in _ATLAS)
        ids = [str(row[0]) for row in rows(self._con, each, symbol)]
        surfy = rows(
            self._con,
            "SELECT uniprot, label, score FROM surfy WHERE symbol = ? "
            "OR list_has_any(string_split(ensembl, ';'), ?::VARCHAR[]) "
            "ORDER BY score DESC NULLS LAST, uniprot",
            symbol,
            ids,
        )
        cspa = rows(
            self._con,
            "SELECT uniprot, category, cell_types FROM cspa WHERE symbol = ? ORDER BY category",
            symbol,
        )
        return SurfaceEvidence(
            symbol=symbol,
            uniprot=tuple(sorted({str(r[0]) for r in surfy + cspa})),
            surfy=surfy[0][1] if surfy else None,
            surfy_score=surfy[0][2] if surfy else None,
            cspa=cspa[0][1] if cspa else None,
            cspa_cell_types=cspa[0][2] if cspa else None,
        )

    def records(
        self, table: str, *, symbols: Sequence[str] | None = None
    ) -> Mapping[str, NDArray[np.generic]]:
        """Return a whole table as column → NumPy array, in the order of its first columns.

        Args:
            table: rna, ihc, cancer, surfy or cspa.
            symbols: only these; None: all.

        Raises:
            UnknownNameError: another table.
        """
        if table not in [t.value for t in Table]:
            raise UnknownNameError("table", table, [t.value for t in Table])
        query = f"SELECT * FROM {table}"
        if symbols is None:
            return _columns(self._con.execute(f"{query} ORDER BY ALL"))
        wanted = f"{query} WHERE list_contains(?, symbol) ORDER BY ALL"
        return _columns(self._con.execute(wanted, [list(symbols)]))

    def _gene(self, ensembl: str, symbol: str) -> GeneExpression:
        unit = next((e.unit for e in self.editions() if e.table == Table.RNA), "")
        rna = rows(self._con, "SELECT tissue, value FROM rna WHERE ensembl = ? ORDER BY 1", ensembl)
        ihc = rows(
            self._con,
            "SELECT tissue, ihc_tissue, cell_type, level, reliability FROM ihc WHERE ensembl = ? "
            "ORDER BY ALL",
            ensembl,
        )
        cancer = rows(
            self._con,
            "SELECT cancer, high, medium, low, not_detected FROM cancer WHERE ensembl = ? "
            "ORDER BY 1",
            ensembl,
        )
        return GeneExpression(
            ensembl=ensembl,
            symbol=symbol,
            rna=tuple(RnaLevel(t, regions_of("rna", t), value, unit) for t, value in rna),
            protein=tuple(
                ProteinLevel(t, sample, cell, regions_of("ihc", t, cell), level, reliability)
                for t, sample, cell, level, reliability in ihc
            ),
            cancer=tuple(CancerStaining(*row) for row in cancer),
        )


def _columns(result: DuckDBPyConnection) -> Mapping[str, NDArray[np.generic]]:
    """Return a result as column → array; none of the store's columns is categorical."""
    return cast("Mapping[str, NDArray[np.generic]]", result.fetchnumpy())
