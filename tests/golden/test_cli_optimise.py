"""What `ligandose optimise` prints and writes: stable keys, strict JSON, any threads alike."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ligandose.cli import main

pytest.importorskip("pymoo")

STUDY = """\
indication: mCRPC
target: PSMA
reference: 177Lu-PSMA-617
vectors: [177Lu-PSMA-617]
nuclides: [Lu-177, Tb-161]
patients: 4
knowledge: 1
optimise: {evaluations: 40, patients: 4, shown: 3}
"""
KEYS = {
    "document", "schema", "version", "indication", "target", "setting", "host", "reference",
    "patients", "search", "objectives", "levers", "front", "designs", "start", "knee",
    "single_levers", "trade_offs", "notes", "research_use_only", "provenance",
}  # fmt: skip
DESIGN_KEYS = {
    "name", "index", "knee", "agent", "vector", "vector_class", "label", "nuclide", "values",
    "changed", "activity_cap_GBq", "activity_GBq", "log10_kill", "margin", "tumour_dose_Gy",
    "tumour_dose_at_limit_Gy", "limiting_organ", "limited_by_practice", "log10_kill_p05",
    "log10_margin_p05", "uncertainty", "p_better_than_start",
}  # fmt: skip


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("optimise")


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    study = folder / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    out = folder / "out"
    assert main(["optimise", str(study), "--quiet", "--threads", "1", "--out", str(out)]) == 0
    text = (out / "optimise.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=refuse)


def test_the_document_has_its_keys(document):
    assert set(document) == KEYS
    assert document["document"] == "ligandose.optimise"
    assert set(document["designs"][0]) == DESIGN_KEYS
    assert set(document["start"]) == DESIGN_KEYS - {"name", "index", "knee"}
    assert document["search"]["evaluations"] == 40
    assert sum(d["knee"] for d in document["designs"]) == 1
    assert document["knee"] in {d["name"] for d in document["designs"]}


def test_the_front_is_one_and_bounds_hold(document):
    kill = [p["log10_kill_p05"] for p in document["front"]]
    margin = [p["log10_margin_p05"] for p in document["front"]]
    assert kill == sorted(kill, reverse=True)
    assert margin == sorted(margin)
    by = {x["lever"]: x for x in document["levers"]}
    for p in document["front"]:
        for lever, value in p["values"].items():
            if lever in by and by[lever]["scale"] in ("log", "linear"):
                low, high = by[lever]["low"], by[lever]["high"]
                assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


def test_files_are_there_and_the_tables_agree_with_the_document(document, folder):
    out = folder / "out"
    names = ("optimise_front", "optimise_strips", "optimise_levers")
    for name in names:
        for end in ("svg", "png", "csv"):
            assert (out / "figures" / f"{name}.{end}").stat().st_size > 100
    assert (out / "report.html").is_file()
    with (out / "tables" / "designs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["design"] for r in rows] == [*(d["name"] for d in document["designs"]), "start"]
    for row, one in zip(rows, document["designs"], strict=False):
        # the table holds eight digits
        assert float(row["log10_kill_median"]) == pytest.approx(
            one["log10_kill"]["median"], rel=1e-7
        )


def test_another_number_of_threads_gives_the_same_document(document, folder, capsys):
    study = str(folder / "study.yaml")
    assert main(["optimise", study, "--quiet", "--threads", "2", "--json"]) == 0
    again = json.loads(capsys.readouterr().out, parse_constant=refuse)
    for one in (again, document):
        one.pop("provenance", None)
    assert again == document


def test_words_for_people(folder, capsys):
    study = str(folder / "study.yaml")
    assert main(["optimise", study, "--quiet", "--patients", "4", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "The knee, D" in said
    assert "Against 177Lu-PSMA-617 as it is" in said
    assert "Research software" in said
