"""The tables of edition 21.1 as they lie beside the repository, against a plain reading of them.

Human Protein Atlas 21.1, proteinatlas.org; Bausch-Fluck et al. 2018 (doi:10.1073/pnas.1808790115:
2886 surface proteins) and 2015 (doi:10.1371/journal.pone.0121314: 1492 human proteins).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="the extra evidence (duckdb) is not installed")

from ligandose.evidence.import_report import FileReport, ImportReport
from ligandose.evidence.importing import import_tables
from ligandose.evidence.store import EvidenceStore
from ligandose.evidence.tables import plain

DATA = Path(__file__).parents[2].parent / "shared" / "data"
RNA = DATA / "hpa_v21.1_rna_tissue_consensus_nTPM_wide.tsv.gz"
IHC = DATA / "hpa_v21.1_normal_tissue_ihc.tsv.gz"
CANCER = DATA / "hpa_v21.1_pathology_cancer_ihc.tsv.gz"
SURFY = DATA / "surfy_slim.tsv.gz"
CSPA = DATA / "cspa_human.tsv.gz"

pytestmark = pytest.mark.skipif(not RNA.exists(), reason="../shared/data is not here")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, FileReport]]:
    """A store with all five tables, and the report of each."""
    store = tmp_path_factory.mktemp("evidence") / "evidence.duckdb"
    reports: list[ImportReport] = [
        import_tables([RNA, IHC, CANCER], kind="hpa", store=store),
        import_tables([SURFY], kind="surfy", store=store),
        import_tables([CSPA], kind="cspa", store=store),
    ]
    return store, {file.table: file for report in reports for file in report.files}


@pytest.fixture
def store(imported: tuple[Path, dict[str, FileReport]]) -> Iterator[EvidenceStore]:
    with EvidenceStore.open(imported[0]) as opened:
        yield opened


def read(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from csv.DictReader(stream, delimiter="\t")


def test_the_counts_are_those_of_the_files(imported: tuple[Path, dict[str, FileReport]]) -> None:
    _, reports = imported
    found = {t: (r.rows_read, r.rows_kept, r.not_measured, r.duplicates)
             for t, r in reports.items()}  # fmt: skip
    assert found == {
        # 20 090 genes × 54 tissues; 326 genes lack pituitary gland and vagina
        "rna": (20_090, 20_090 * 54 - 652, 652, 0),
        "ihc": (1_193_218, 1_193_218 - 1_867, 1_867, 0),
        "cancer": (401_800, 401_800 - 95_343, 95_343, 0),
        "surfy": (2_886, 2_886, 0, 0),
        "cspa": (1_492, 1_492, 0, 0),
    }
    for table in ("rna", "ihc", "cancer"):
        assert (reports[table].edition, reports[table].edition_from) == ("21.1", "file name")
    assert reports["rna"].unit == "nTPM"


def test_every_name_of_a_tissue_and_cancer_is_known(
    imported: tuple[Path, dict[str, FileReport]],
) -> None:
    _, reports = imported
    assert reports["rna"].unmatched == {}
    assert reports["cancer"].unmatched == {}
    assert set(reports["ihc"].unmatched) == {"levels"}
    assert reports["ihc"].unmatched["levels"].rows == 172 + 73 + 23


@pytest.mark.parametrize("symbol", ["FOLH1", "SSTR2", "FAP", "CA9", "MATR3", "CLDN18"])
def test_a_gene_has_every_value_of_the_files(symbol: str, store: EvidenceStore) -> None:
    found = store.expression(symbol)
    rna = {
        (row["Gene"], plain(tissue)): float(value)
        for row in read(RNA)
        if row["Gene.name"] == symbol
        for tissue, value in row.items()
        if tissue not in ("Gene", "Gene.name") and value
    }
    assert {(g.ensembl, r.tissue): r.value for g in found for r in g.rna} == rna
    ihc = {
        (row["Gene"], row["Tissue"], row["Cell.type"], row["Level"], row["Reliability"])
        for row in read(IHC)
        if row["Gene.name"] == symbol and row["Level"] != "N/A"
    }
    assert ihc == {
        (g.ensembl, p.tissue, p.cell_type, p.level, p.reliability) for g in found for p in g.protein
    }
    cancer = {
        (row["Gene"], row["Cancer"], int(row["High"]), int(row["Not.detected"]))
        for row in read(CANCER)
        if row["Gene.name"] == symbol and row["High"]
    }
    assert cancer == {
        (g.ensembl, c.cancer, c.high, c.not_detected) for g in found for c in g.cancer
    }


def test_a_symbol_with_two_ids_stays_two_genes(store: EvidenceStore) -> None:
    assert {g.ensembl for g in store.expression("MATR3")} == {
        "ENSG00000015479",
        "ENSG00000280987",
    }


def test_psma_rna_is_highest_in_the_duodenum(store: EvidenceStore) -> None:
    highest = max(store.expression("FOLH1")[0].rna, key=lambda level: level.value)
    assert (highest.tissue, highest.value) == ("duodenum", 266.4)
    assert highest.regions == ("small_intestine",)


def test_the_surfaceome_omits_targets_that_the_atlas_has(store: EvidenceStore) -> None:
    listed = {row["UniProt gene"] for row in read(SURFY)}
    for symbol in ("CA9", "STEAP1", "STEAP2", "FOLH1", "TACSTD2"):
        expected = "surface" if symbol in listed else None
        assert store.surface(symbol).surfy == expected, symbol
        assert store.expression(symbol)


def test_the_same_reading_works_without_a_store(store: EvidenceStore) -> None:
    with EvidenceStore.in_memory([RNA], kind="hpa") as (memory, report):
        assert report.store == ":memory:"
        assert memory.expression("SSTR2")[0].rna == store.expression("SSTR2")[0].rna
