"""The command explain: its document, its folder, its figures, and one line for a wrong file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ligandose.cli import main

STUDY = """
indication: mCRPC
setting: oligometastatic
agents: [177Lu-PSMA-617, 225Ac-PSMA-617]
sensitivity: {rows: 32, tolerance: 0.5, properties: [tumour_density, k_d], nuclides: [Tb-161]}
population: false
blueprint: {contexts: 4, points: 5, targets: [STEAP1]}
map: {targets: [PSMA], nuclides: [Lu-177], patients: 8}
information: {draws: 100}
patients: 8
"""
FIGURES = ("sensitivity_1", "comparison", "information", "blueprint", "map")


def _run(*words: str) -> int:
    try:
        return main(list(words)) or 0
    except SystemExit as stopped:
        return int(stopped.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("explain")
    (place / "study.yaml").write_text(STUDY, encoding="utf-8")
    assert _run("explain", str(place / "study.yaml"), "--out", str(place / "out"), "--quiet") == 0
    return place / "out"


def test_document_has_every_part(folder: Path) -> None:
    document = json.loads((folder / "explain.json").read_text(encoding="utf-8"))
    assert document["document"] == "ligandose.explain"
    assert document["research_use_only"] is True
    assert [a["agent"] for a in document["agents"]] == ["177Lu-PSMA-617", "225Ac-PSMA-617"]
    assert {f["factor"] for f in document["sensitivity"][0]["factors"]} == {
        "tumour_density", "k_d", "half_life", "emissions",
    }  # fmt: skip
    # the catalogue's two entries of PSMA-617 differ in amount and schedule besides the nuclide
    assert [g["group"] for g in document["comparison"]["groups"]] == ["vector", "nuclide"]
    assert document["comparison"]["same"] == ["target", "label"]
    assert document["blueprint"]["properties"]
    assert document["information"]["measurements"]
    assert document["dossiers"][0]["ranking"][0]["rank"] == 1
    assert [h["agent"] for h in document["first_in_human"]] == ["177Lu-PSMA-617", "225Ac-PSMA-617"]
    assert document["provenance"]["seed"] == 1


def test_every_figure_comes_as_svg_png_and_csv(folder: Path) -> None:
    for name in FIGURES:
        for end in ("svg", "png", "csv"):
            assert (folder / "figures" / f"{name}.{end}").stat().st_size > 100
    assert "unit" in (folder / "figures" / "blueprint.csv").read_text(encoding="utf-8")


def test_pages_say_what_they_are_for_and_what_is_missing(folder: Path) -> None:
    report = (folder / "report.html").read_text(encoding="utf-8")
    dossier = (folder / "dossier_PSMA.html").read_text(encoding="utf-8")
    for page in (report, dossier):
        assert "not a medical device" in page
        assert "file://" not in page
    assert "From the map" in dossier
    assert "No animals" in dossier
    assert "dossier_PSMA.html" in report
    assert "dossier_PSMA.pdf" in report


def test_dossier_is_two_pages_whatever_it_holds(folder: Path) -> None:
    from ligandose.report.explain_dossier import dossier_report
    from ligandose.report.explain_dossier_pdf import dossier_pdf

    assert _pages((folder / "dossier_PSMA.pdf").read_bytes()) == 2
    document = json.loads((folder / "explain.json").read_text(encoding="utf-8"))
    one = dossier_report(document, document["dossiers"][0])
    again = tuple(replace(s, tables=tuple(replace(t, rows=12 * t.rows) for t in s.tables))
                  for s in one.sections)  # fmt: skip
    full = dossier_pdf(replace(one, sections=again))
    assert _pages(full) == 2
    assert dossier_pdf(replace(one, sections=again)) == full


def _pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page ")


def test_wrong_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study.yaml"
    study.write_text("agents: [177Lu-PSMA-616]\nindication: mCRPC\n", encoding="utf-8")
    assert _run("explain", str(study), "--json") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "did you mean 177Lu-PSMA-617" in printed.err
