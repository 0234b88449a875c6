"""What is imported does not depend on how the file is written, packed or read."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb", reason="the extra evidence (duckdb) is not installed")

from ligandose.evidence import read_table
from ligandose.evidence.importing import import_tables
from ligandose.evidence.store import EvidenceStore
from ligandose.evidence.store_file import default_store
from ligandose.evidence.tables import guessed_edition, known_cancers, regions_of, tissue_regions

TISSUES = ("kidney", "liver", "heart muscle", "salivary gland", "lung", "spleen")
CELLS = ("glandular cells", "endothelial cells")
LEVELS = ("High", "Medium", "Low", "Not detected", "Ascending")
RELIABILITIES = ("Enhanced", "Supported", "Approved", "Uncertain")
Row = tuple[str, ...]


def gene(number: int) -> tuple[str, str]:
    return f"ENSG{number:011d}", f"GENE{number // 2}"


numbers = st.floats(0, 1e6, allow_nan=False).map(lambda x: repr(round(x, 1)))
rna_tables = st.dictionaries(
    st.tuples(st.integers(1, 8), st.sampled_from(TISSUES)), numbers, min_size=1, max_size=30
).map(lambda d: [(*gene(g), tissue, value) for (g, tissue), value in d.items()])
ihc_tables = st.dictionaries(
    st.tuples(st.integers(1, 8), st.sampled_from(TISSUES), st.sampled_from(CELLS)),
    st.tuples(st.sampled_from(LEVELS), st.sampled_from(RELIABILITIES)),
    min_size=1,
    max_size=30,
).map(lambda d: [(*gene(g), t, c, *levels) for (g, t, c), levels in d.items()])
RNA_HEAD = ("Gene", "Gene name", "Tissue", "nTPM")
IHC_HEAD = ("Gene", "Gene name", "Tissue", "Cell type", "Level", "Reliability")


def text(head: Row, rows: list[Row], *, end: str = "\n", quoted: bool = False) -> str:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_NONE
    writer = csv.writer(out, delimiter="\t", lineterminator=end, quoting=quoting)
    writer.writerows([head, *rows])
    return out.getvalue()


def imported(content: bytes, name: str = "table.tsv", threads: int = 1) -> dict[str, list[Any]]:
    """Every table of a new store after the import of one file."""
    with tempfile.TemporaryDirectory() as folder:
        path, store = Path(folder) / name, Path(folder) / "store" / "evidence.duckdb"
        path.write_bytes(content)
        import_tables([path], kind="hpa", store=store, threads=threads)
        with EvidenceStore.open(store) as opened:
            return content_of(opened)


def content_of(store: EvidenceStore) -> dict[str, list[Any]]:
    return {
        table: list(
            zip(*(column.tolist() for column in store.records(table).values()), strict=True)
        )
        for table in ("rna", "ihc", "cancer", "surfy", "cspa")
    }


@settings(max_examples=15, deadline=None)
@given(rows=rna_tables, data=st.data())
def test_the_form_of_a_table_does_not_matter(rows: list[Row], data: st.DataObject) -> None:
    expected = sorted((e, s, t, float(v)) for e, s, t, v in rows)
    order = data.draw(st.permutations(range(4)))
    shuffled = data.draw(st.permutations(rows))
    head = tuple(RNA_HEAD[i] for i in order)
    moved = [tuple(row[i] for i in order) for row in shuffled]
    form = data.draw(st.sampled_from(("plain", "dotted", "windows", "quoted", "capitals", "twice")))
    if form == "capitals":
        moved = [tuple(f.capitalize() if n == "Tissue" else f
                       for n, f in zip(head, row, strict=True)) for row in moved]  # fmt: skip
    if form == "twice":
        moved += moved
    if form == "dotted":
        head = tuple(n.replace(" ", ".") for n in head)
    written = text(head, moved, end="\r\n" if form == "windows" else "\n", quoted=form == "quoted")
    content = written.encode("utf-8-sig" if form == "windows" else "utf-8")
    assert imported(content)["rna"] == expected


@settings(max_examples=10, deadline=None)
@given(rows=rna_tables)
def test_a_wide_table_gives_what_the_long_one_gives(rows: list[Row]) -> None:
    value = {(e, t): v for e, _, t, v in rows}
    genes = sorted({row[:2] for row in rows})
    wide = [(*g, *(value.get((g[0], t), "") for t in TISSUES)) for g in genes]
    head = ("Gene", "Gene.name", *TISSUES)
    assert (
        imported(text(head, wide).encode(), "rna_nTPM.tsv")["rna"]
        == imported(text(RNA_HEAD, rows).encode())["rna"]
    )


@settings(max_examples=10, deadline=None)
@given(rows=ihc_tables)
def test_packing_and_threads_do_not_matter(rows: list[Row]) -> None:
    plain = text(IHC_HEAD, rows).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._normal_tissue.tsv", b"litter")
        archive.writestr("normal_tissue.tsv", plain)
    first = imported(plain)
    assert first["ihc"] == sorted((e, s, t, t, c, level, r) for e, s, t, c, level, r in rows)
    assert imported(gzip.compress(plain), "table.tsv.gz", 2) == first
    assert imported(packed.getvalue(), "table.tsv.zip", 3) == first


def test_samples_of_one_tissue_are_kept_apart_as_of_edition_24(tmp_path: Path) -> None:
    head = ("Gene", "Gene name", "Tissue", "IHC tissue name", "Cell type", "Level", "Reliability")
    rows = [(*gene(1), "Skin", f"Skin {i}", "keratinocytes", level, "Approved")
            for i, level in ((1, "High"), (2, "Low"))]  # fmt: skip
    (tmp_path / "normal_ihc_data.tsv").write_text(text(head, rows))
    with EvidenceStore.in_memory([tmp_path], kind="hpa") as (store, report):
        (found,) = store.expression("GENE0")
    assert [(p.tissue, p.ihc_tissue, p.level) for p in found.protein] == [
        ("skin", "skin 1", "High"),
        ("skin", "skin 2", "Low"),
    ]
    assert (report.files[0].edition, report.files[0].edition_from) == ("24 or later", "columns")


def test_tables_are_replaced_one_by_one_and_stay_otherwise(tmp_path: Path) -> None:
    store = tmp_path / "evidence.duckdb"
    rna, ihc = tmp_path / "v23_rna_tissue_consensus.tsv", tmp_path / "normal_tissue.tsv"
    rna.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "1.5"), (*gene(2), "kidney", "2")]))
    ihc.write_text(text(IHC_HEAD, [(*gene(1), "kidney", "tubules", "High", "Enhanced")]))
    surfy = tmp_path / "surfy.tsv"
    surfy.write_text(
        "UniProt gene\tUniProt accession\tEnsembl gene\tSurfaceome Label\n"
        f"OLDNAME\tQ04609\t{gene(1)[0]}\tsurface\nPVRL9\tQ8WTV0\t\tnonsurface\n"
    )
    import_tables([rna, ihc], kind="hpa", store=store, edition="23")
    report = import_tables([surfy], kind="surfy", store=store)
    rna.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "7")]))
    import_tables([rna], kind="hpa", store=store)
    with EvidenceStore.open(store) as opened:
        content = content_of(opened)
        assert content["rna"] == [(*gene(1), "kidney", 7.0)]
        assert len(content["ihc"]) == 1
        assert len(content["surfy"]) == 2
        found = {e.table: (e.edition, e.dataset, e.unit) for e in opened.editions()}
        assert found == {
            "rna": ("23", "consensus", "nTPM"),
            "ihc": ("23", "", ""),
            "surfy": ("2018", "", ""),
        }
        # An older symbol is found through its Ensembl gene.
        assert opened.surface("GENE0").surfy == "surface"
        assert opened.surface("GENE9").surfy is None
    # Two ids share the symbol GENE0 … the lists name others: reported, kept.
    assert report.files[0].unmatched["symbols"].examples == ("OLDNAME", "PVRL9")


def test_one_symbol_with_two_ids_is_two_genes(tmp_path: Path) -> None:
    rows = [(*gene(2), "kidney", "1"), ("ENSG00000000099", "GENE1", "kidney", "2")]
    (tmp_path / "a.tsv").write_text(text(RNA_HEAD, rows))
    with EvidenceStore.in_memory([tmp_path], kind="hpa") as (store, _):
        assert [(g.ensembl, g.rna[0].value) for g in store.expression("GENE1")] == [
            ("ENSG00000000002", 1.0),
            ("ENSG00000000099", 2.0),
        ]


def test_what_was_not_measured_is_left_out_and_what_is_strange_is_reported(tmp_path: Path) -> None:
    rows = [(*gene(1), "kidney", ""), (*gene(1), "liver", "NA"), (*gene(1), "heart muscle", "0"),
            (*gene(1), "third lung", "3"), (*gene(1), "third lung", "3")]  # fmt: skip
    (tmp_path / "a.tsv").write_text(text(RNA_HEAD, rows))
    (tmp_path / "b.tsv").write_text("Drug\tNote\naspirin\tnone\n")
    with EvidenceStore.in_memory([tmp_path], kind="hpa") as (store, report):
        levels = store.expression("GENE0")[0].rna
    assert [(r.tissue, r.value, r.regions) for r in levels] == [
        ("heart muscle", 0.0, ("heart",)),
        ("third lung", 3.0, ()),
    ]
    (file,) = report.files
    assert (file.rows_read, file.rows_kept, file.not_measured, file.duplicates) == (5, 2, 2, 1)
    assert file.unmatched["tissues"].examples == ("third lung",)
    assert file.unmatched["tissues"].rows == 2
    assert list(report.skipped) == [str(tmp_path / "b.tsv")]
    assert report.document()["files"][0]["unmatched"]["tissues"]["names"] == 1


def test_symbols_that_should_be_there_are_reported(tmp_path: Path) -> None:
    table = tmp_path / "a.tsv"
    table.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "1")]))
    report = import_tables(
        [table], kind="hpa", store=tmp_path / "s.duckdb", symbols=["GENE0", "FOLH1"]
    )
    assert report.files[0].unmatched["symbols"].examples == ("FOLH1",)


def test_progress_grows_to_one(tmp_path: Path) -> None:
    table = tmp_path / "a.tsv"
    table.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "1")]))
    shares: list[float] = []
    import_tables([table], kind="hpa", store=tmp_path / "s.duckdb",
                  progress=lambda share, what: shares.append(share))  # fmt: skip
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_store_that_is_being_read_can_be_replaced(tmp_path: Path) -> None:
    table, store = tmp_path / "a.tsv", tmp_path / "s.duckdb"
    table.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "1")]))
    import_tables([table], kind="hpa", store=store)
    with EvidenceStore.open(store) as before:
        table.write_text(text(RNA_HEAD, [(*gene(1), "kidney", "2")]))
        import_tables([table], kind="hpa", store=store)
        assert before.expression("GENE0")[0].rna[0].value == 1.0
        with EvidenceStore.open(store) as after:
            assert after.expression("GENE0")[0].rna[0].value == 2.0


def test_folders_with_signs_of_patterns_work(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *store"
    folder.mkdir()
    (folder / "a.tsv").write_text(text(RNA_HEAD, [(*gene(1), "kidney", "1")]))
    import_tables([folder], kind="hpa", store=folder / "s.duckdb")
    with EvidenceStore.open(folder / "s.duckdb") as opened:
        assert opened.tissues() == {"kidney": ("kidneys",)}


@pytest.mark.parametrize(
    ("names", "tell", "expected"),
    [
        (["hpa_v21.1_normal.tsv"], "", ("21.1", "file name")),
        (["rna_tissue_consensus.tsv", "x", "v23"], "21 or later", ("23", "file name")),
        (["cancer_data.tsv", "cancer_data.tsv", "v25.1-1"], "", ("25.1", "file name")),
        (["rna.tsv"], "19 or 20", ("19 or 20", "columns")),
        (["rna_v2.tsv", "v2024"], "", ("unknown", "")),
    ],
)
def test_the_edition_is_taken_from_names_then_columns(
    names: list[str], tell: str, expected: tuple[str, str]
) -> None:
    assert guessed_edition(names, tell) == expected


def test_a_cell_type_may_have_a_region_of_its_own() -> None:
    assert regions_of("ihc", "pancreas", "exocrine glandular cells") == ("pancreas",)
    assert regions_of("ihc", "pancreas", "pancreatic endocrine cells") == ("pancreatic_islets",)
    assert regions_of("ihc", "Soft tissue 1", "Peripheral nerve") == ("peripheral_nerve",)
    assert regions_of("ihc", "colon") == ("large_intestine_left", "large_intestine_right")
    assert regions_of("rna", "nowhere") == ()


CANONICAL = """
    adrenals blood bone_cortical bone_trabecular brain breasts endosteum gallbladder heart kidneys
    lacrimal_glands large_intestine_left large_intestine_right liver lungs muscle adipose
    oesophagus ovaries pancreas pituitary prostate rectum red_marrow remainder salivary_glands skin
    small_intestine spleen stomach testes thymus thyroid urinary_bladder uterus whole_body
    peripheral_nerve eye choroid_plexus pancreatic_islets lymph_nodes vessels
"""


def test_every_region_of_the_map_is_canonical() -> None:
    regions = {r for listed in tissue_regions().values() for r in listed.split(";") if r}
    assert regions <= set(CANONICAL.split())


def test_every_cancer_of_the_atlas_stands_for_indications_of_the_catalogue() -> None:
    catalogue = {row["indication"] for row in read_table("indications.csv")}
    assert {i for listed in known_cancers().values() for i in listed} <= catalogue
    assert len(known_cancers()) == 20


@pytest.mark.parametrize(("given_name", "xdg"), list(product((True, False), repeat=2)))
def test_the_store_lies_where_the_user_says_or_the_platform_keeps_data(
    given_name: bool, xdg: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIGANDOSE_EVIDENCE", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".local" / "share" / "ligandose" / "evidence.duckdb"
    if xdg:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        expected = tmp_path / "data" / "ligandose" / "evidence.duckdb"
    if given_name:
        monkeypatch.setenv("LIGANDOSE_EVIDENCE", str(tmp_path / "mine.duckdb"))
        expected = tmp_path / "mine.duckdb"
    assert default_store() == expected


def test_a_workbook_of_surfaceome_is_read(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book = openpyxl.Workbook()
    book.active.append(["about"])
    sheet = book.create_sheet("in silico surfaceome only")
    sheet.append(["", "merged heads"])
    sheet.append(["UniProt name", "UniProt gene", "UniProt accession", "Ensembl gene",
                  "Surfaceome Label", "MachineLearning score"])  # fmt: skip
    sheet.append(["FOLH1_HUMAN", "FOLH1", "Q04609", "ENSG00000086205", "surface", 0.75])
    book.save(tmp_path / "table_S3_surfaceome.xlsx")
    with EvidenceStore.in_memory([tmp_path], kind="surfy") as (store, report):
        found = store.surface("FOLH1")
    assert (found.surfy, found.surfy_score, found.uniprot) == ("surface", 0.75, ("Q04609",))
    assert report.files[0].file.endswith("table_S3_surfaceome.xlsx")


def test_records_of_some_genes(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(
        text(RNA_HEAD, [(*gene(2), "kidney", "1"), (*gene(4), "kidney", "2")])
    )
    with EvidenceStore.in_memory([tmp_path], kind="hpa") as (store, _):
        found = store.records("rna", symbols=["GENE2"])
    np.testing.assert_array_equal(found["value"], [2.0])


def test_a_zip_with_all_tables_and_a_letter_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("rna.tsv", text(RNA_HEAD, [(*gene(2), "kidney", "1")]))
        archive.writestr("LIESMICH.txt", "Liebe\tTante\nes\tgeht gut\n")
        archive.writestr("sub/ihc.tsv", text(IHC_HEAD, [(*gene(2), "eye", "c", "Low", "Approved")]))
    with EvidenceStore.in_memory([tmp_path / "all.zip"], kind="hpa") as (store, report):
        assert len(store.expression("GENE1")[0].protein) == 1
    assert [f.table for f in report.files] == ["rna", "ihc"]
    assert list(report.skipped) == [f"{tmp_path / 'all.zip'} (LIESMICH.txt)"]


def test_the_room_loads_without_the_database() -> None:
    code = (
        "import sys, ligandose.evidence as e; assert 'duckdb' not in sys.modules; e.import_tables"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
