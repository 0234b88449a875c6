"""Bad tables and bad stores: one clear error, and the store is as it was before."""

from __future__ import annotations

import gzip
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="the extra evidence (duckdb) is not installed")

from evidence_tables import CANCER, IHC, RNA, edited, refused, small_store, written

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import archives
from ligandose.evidence.importing import import_tables


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small_store(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("", "the file is empty", id="no bytes"),
        pytest.param("\n", "no tabs", id="only a line end"),
        pytest.param("Gene\tGene name\tTissue\tnTPM\n", "header and no rows", id="no rows"),
        pytest.param(RNA[:-8], "line 4: 3 fields, the header has 4", id="row cut short"),
        pytest.param(edited("\t24.5\n", "\t24.5\tx\n"), "line 2: 5 fields", id="row too long"),
        pytest.param(edited("kidney", "kidney\n\n"), "line 2: 3 fields", id="row broken"),
        pytest.param(edited("24.5\n", "24.5\n\n"), "line 3: an empty line", id="gap"),
        pytest.param(edited("24.5", "24,5"), "line 2, column 'nTPM': '24,5' is not", id="comma"),
        pytest.param(edited("24.5", "-1"), "'-1' is not a number from 0 up", id="negative"),
        pytest.param(edited("24.5", "nan"), "'nan' is not a number", id="nan"),
        pytest.param(edited("24.5", "1e999"), "'1e999' is not a number", id="infinite"),
        pytest.param(edited("24.5", "29."), "'29.' is not a number", id="number cut short"),
        pytest.param(edited("ENSG00000180616", "Q12345"), "line 4, column 'Gene'", id="no gene"),
        pytest.param(edited("kidney", ""), "column 'Tissue': '' is not the name", id="no tissue"),
        pytest.param(
            RNA + "ENSG00000086205\tFOLH1\tkidney\t30\n",
            "FOLH1, ENSG00000086205, kidney is there twice with different values (value 24.5",
            id="contradiction",
        ),
        pytest.param(edited("Tissue", "Gene"), "column 'Gene' is there more than once", id="head"),
        pytest.param(edited("nTPM", "level"), "lacks the columns 'ntpm'", id="wrong edition"),
        pytest.param(edited("\t", ","), "has no tabs", id="commas"),
        pytest.param("<!DOCTYPE html>\n<html>\t</html>\n", "a web page", id="web page"),
        pytest.param(RNA.encode("utf-16"), "UTF-16", id="utf-16"),
        pytest.param(
            edited("kidney", "ni\u00e8re").encode("latin-1"), "line 2: byte 0xe8", id="latin-1"
        ),
        pytest.param(edited("kidney", "kid\0ney"), "line 2: a zero byte", id="zero byte"),
        pytest.param(bytes(range(256)) * 40, "not UTF-8", id="binary"),
    ],
)
def test_a_bad_text_table_is_refused(
    content: bytes | str, says: str, store: Path, tmp_path: Path
) -> None:
    assert says in refused([written(tmp_path, content)], store)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (edited("High", "Hihg", IHC), "'Hihg' is not one of High, Medium, Low, Not detected"),
        (edited("High", "Hihg", IHC), "did you mean High"),
        (edited("Enhanced", "Appro", IHC), "'Appro' is not one of Enhanced, Supported, Approved"),
        (edited("kidney", "N/A", IHC), "'N/A' is not the name of a tissue"),
        (
            IHC + "ENSG00000086205\tFOLH1\tkidney\tproximal tubules\tLow\tEnhanced\n",
            "kidney, proximal tubules is there twice",
        ),
        (edited("\t8\t", "\t8.5\t", CANCER), "column 'High': '8.5' is not a number of patients"),
        (edited("\t8\t", "\t\t", CANCER), "column 'High': '' is not a number of patients"),
        (edited("\t1\t", "\t-1\t", CANCER), "column 'Low': '-1' is not"),
        (CANCER + "ENSG00000086205\tFOLH1\tprostate cancer\t0\t2\t1\t8\n", "prostate cancer is"),
        ("Gene\tGene name\tCell type\tnTPM\nENSG00000000003\tA\tb\t1\n", "'tissue'"),
    ],
)
def test_a_bad_value_of_the_other_tables_is_refused(
    content: str, says: str, store: Path, tmp_path: Path
) -> None:
    assert says in refused([written(tmp_path, content)], store)


def test_a_wrong_edition_is_told_what_it_lacks_and_what_is_known(
    store: Path, tmp_path: Path
) -> None:
    table = "Gene\tGene name\tReliability\tMain location\nENSG00000000003\tA\tApproved\tx\n"
    message = refused([written(tmp_path, table, "subcellular_location.tsv")], store)
    assert "lacks the columns 'tissue', 'cell type', 'level'" in message
    assert "(it has Gene, Gene name, Reliability, Main location)" in message
    assert "rna_tissue_consensus.tsv" in message
    assert "pathology.tsv" in message


def test_a_wide_table_with_a_gene_that_contradicts_itself_is_refused(
    store: Path, tmp_path: Path
) -> None:
    head = "Gene\tGene.name\tliver\tkidney\tlung\tspleen\ttestis\n"
    row = "ENSG00000086205\tFOLH1\t1\t2\t3\t4\t5\n"
    message = refused([written(tmp_path, head + row + row.replace("\t2\t", "\t9\t"))], store)
    assert "FOLH1, ENSG00000086205, kidney is there twice" in message
    message = refused([written(tmp_path, head + row.replace("\t4\t", "\tmany\t"))], store)
    assert "line 2, column 'spleen': 'many' is not a number" in message


def zipped(folder: Path, members: dict[str, bytes], name: str = "table.tsv.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def flipped(path: Path, at: int) -> Path:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(bytes(content))
    return path


BOMB = RNA.encode() + b"ENSG00000086205\tFOLH1\tliver\t1.5\n" * 400_000


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f: cut(written(f, gzip.compress(RNA.encode())), 0.7), "cut short or damaged"),
        (lambda f: flipped(written(f, gzip.compress(RNA.encode())), 60), "damaged"),
        (lambda f: cut(zipped(f, {"a.tsv": RNA.encode()}), 0.7), "cut short or damaged"),
        (lambda f: flipped(zipped(f, {"a.tsv": RNA.encode()}), 60), "damaged"),
        (lambda f: zipped(f, {}), "the zip holds no file"),
        (lambda f: zipped(f, {"a.zip": b"PK"}), "an archive inside an archive"),
        (lambda f: zipped(f, {"a.tsv.gz": gzip.compress(b"x")}), "an archive inside an archive"),
        (lambda f: zipped(f, {f"{i}.tsv": b"x" for i in range(99)}), "99 files, at most 64"),
        (lambda f: zipped(f, {"a.tsv": BOMB}), "more than 200 times its size"),
        (lambda f: written(f, gzip.compress(BOMB)), "more than 200 times its size"),
        (lambda f: zipped(f, {"a.tsv": b"x" * (64 << 20)}), "longer than 1 MiB"),
        (lambda f: written(f, gzip.compress(gzip.compress(RNA.encode()))), "not UTF-8"),
        (lambda f: f / "absent.tsv", "no such file"),
        (lambda f: f / "tables" / "rna.tsv" / "x", "no such file"),
        (lambda f: zipped(f, {"[Content_Types].xml": b"x"}, "a.xlsx"), "a workbook"),
    ],
)  # fmt: skip
def test_a_bad_archive_is_refused(
    make: Callable[[Path], Path], says: str, store: Path, tmp_path: Path
) -> None:
    assert says in refused([make(tmp_path)], store)


def test_all_files_of_an_import_share_one_bound_of_size(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives.Budget, "__init__", lambda self: setattr(self, "left", 300))
    paths = [written(tmp_path, RNA, "a.tsv"), written(tmp_path, IHC, "b.tsv")]
    assert "the files of one import unpack to more than" in refused(paths, store)


def test_two_editions_of_a_table_in_one_import_are_refused(store: Path, tmp_path: Path) -> None:
    paths = [written(tmp_path, RNA, "a.tsv"), written(tmp_path, edited("24.5", "25"), "b.tsv")]
    assert "import one edition at a time" in refused(paths, store)


def test_a_folder_without_tables_and_an_unknown_source_are_refused(
    store: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "no tables in this folder" in refused([tmp_path / "empty"], store)
    assert "no table given" in refused([], store)
    with pytest.raises(UnknownNameError, match="did you mean hpa"):
        import_tables([tmp_path], kind="hpa1", store=store)


SURFY = (
    "UniProt gene\tUniProt accession\tEnsembl gene\tSurfaceome Label\tMachineLearning score\n"
    "FOLH1\tQ04609\tENSG00000086205\tsurface\t0.9\n"
)
CSPA = (
    "organism\tID_link\tCSPA category\tENTREZ gene symbol\n"
    "Human\tQ04609\t1 - high confidence\tFOLH1\n"
)


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        ("surfy", edited("Q04609", "FOLH1", SURFY), "'FOLH1' is not a UniProt accession"),
        ("surfy", edited("surface\t", "surfac\t", SURFY), "did you mean surface"),
        ("surfy", edited("0.9", "high", SURFY), "column 'MachineLearning score': 'high'"),
        ("surfy", edited("ENSG00000086205", "ENSG1", SURFY), "'ENSG1' is not a list of Ensembl"),
        ("surfy", SURFY + "FOLH1\tQ04609\t\tsurface\t0.1\n", "FOLH1, Q04609 is there twice"),
        ("surfy", CSPA, "lacks the columns 'uniprot gene', 'uniprot accession'"),
        ("cspa", edited("1 - high", "4 - high", CSPA), "is not one of 1 - high confidence"),
        ("cspa", CSPA + "Human\tQ04609\t2 - putative\tFOLH1\n", "FOLH1, Q04609 is there twice"),
        ("cspa", RNA, "lacks the columns 'id link'"),
    ],
)
def test_a_bad_list_of_surface_proteins_is_refused(
    kind: str, content: str, says: str, store: Path, tmp_path: Path
) -> None:
    assert says in refused([written(tmp_path, content)], store, kind=kind)


def test_a_machine_without_duckdb_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match=r'pip install "ligandose\[evidence\]"'):
        import_tables([written(tmp_path, RNA)], kind="hpa", store=tmp_path / "a.duckdb")


def test_a_machine_without_oncoref_or_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from ligandose.evidence.fetch import fetch_hpa

    def offline(name: str, version: str, *, verbose: bool) -> Path:
        try:
            raise OSError("Name or service not known")
        except OSError as error:
            raise RuntimeError(f"failed to download {name}") from error

    monkeypatch.setitem(sys.modules, "oncoref", None)
    monkeypatch.setitem(sys.modules, "oncoref.reference_data", None)
    with pytest.raises(InputError, match="pip install oncoref"):
        fetch_hpa()
    fake = SimpleNamespace(resolve_version=lambda name: "v23", download=offline)
    monkeypatch.setitem(sys.modules, "oncoref", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "oncoref.reference_data", fake)
    with pytest.raises(InputError, match=r"Name or service not known\); check the network"):
        fetch_hpa(["rna"])
    monkeypatch.setitem(sys.modules, "oncoref.reference_data", SimpleNamespace())
    with pytest.raises(InputError, match=r"version 1\.20 is known to work"):
        fetch_hpa(["rna"])
    with pytest.raises(UnknownNameError, match="table to fetch"):
        fetch_hpa(["dna"])
