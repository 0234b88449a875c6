"""What `ligandose screen` prints and writes: stable keys, strict JSON, runs that go on."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ligandose.cli import main

STUDY = """\
indication: mCRPC
targets: [PSMA, STEAP1]
vectors: [small molecule]
nuclides: [Lu-177, Ra-223]
reference: 177Lu-PSMA-617
cap: {cycles: 1, activity_GBq: {Lu-177: 7.4}}
patients: 8
knowledge: 2
"""
KEYS = {
    "document", "schema", "version", "indication", "host", "disease", "setting", "patients",
    "seed", "knowledge_draws", "reference", "ranked_by", "ranked_at", "limits", "limit_fraction",
    "activity", "candidates", "counts", "sources", "notes", "omissions", "research_use_only",
    "provenance",
}  # fmt: skip
CANDIDATE_KEYS = {
    "agent", "target", "vector", "nuclide", "feasible", "reasons", "limiting_organ",
    "activity_at_limit_GBq", "tumour_dose_Gy", "log10_kill", "tcp", "p_better_than_reference",
    "pareto", "evidence_tier",
}  # fmt: skip


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("screen") / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(["screen", *arguments, "--threads", "1"])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def test_document_report_and_the_second_run(study: Path, capsys: pytest.CaptureFixture[str]):
    out = study.parent / "out"
    found: dict[str, Any] = json.loads(
        run(capsys, str(study), "--json", "--out", str(out)), parse_constant=refuse
    )
    assert set(found) == KEYS
    assert found["document"] == "ligandose.screen"
    assert found["research_use_only"] is True
    for one in found["candidates"]:
        assert set(one) >= CANDIDATE_KEYS
    assert found["counts"] == {"combinations": 5, "feasible": 3, "infeasible": 2}
    rows = list(csv.DictReader((out / "tables" / "candidates.csv").open(encoding="utf-8")))
    assert [r["agent"] for r in rows] == [c["agent"] for c in found["candidates"]]
    for name in ("screen_map", "screen_ranking", "screen_margin"):
        for end in ("svg", "png", "csv"):
            assert (out / "figures" / f"{name}.{end}").stat().st_size > 0
    kept = {p: p.stat().st_mtime_ns for p in (study.parent / "out.run").iterdir()}
    assert len(kept) == 3
    again = json.loads(run(capsys, str(study), "--json", "--out", str(out)))
    assert {p: p.stat().st_mtime_ns for p in (study.parent / "out.run").iterdir()} == kept
    assert again["candidates"] == found["candidates"]


def test_people_read_a_ranking_and_what_was_not_screened(
    study: Path, capsys: pytest.CaptureFixture[str]
):
    text = run(capsys, str(study), "--seed", "2", "--patients", "4")
    assert "177Lu-small-molecule on PSMA" in text
    assert "Not screened:" in text
    assert "DOTA with Ra-223 is avoid" in text
    assert "recommends" in text


def test_a_screen_that_was_killed_goes_on_without_loss_or_repetition(study: Path):
    # process of its own: kill -9 leaves no chance to tidy up
    folder = study.parent / "killed.run"
    command = [
        sys.executable, "-m", "ligandose.cli", "screen", str(study), "--quiet", "--threads", "1",
        "--seed", "5", "--out", str(study.parent / "killed"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120.0
        while time.monotonic() < deadline and process.poll() is None:
            if any(folder.glob("*.candidate.json")):
                break
            time.sleep(0.005)
        process.kill()
    before = {p.name: p.stat().st_mtime_ns for p in folder.glob("*.candidate.json")}
    assert before
    assert main(["screen", str(study), "--quiet", "--threads", "1", "--seed", "5", "--out",
                 str(study.parent / "killed")]) == 0  # fmt: skip
    after = {p.name: p.stat().st_mtime_ns for p in folder.glob("*.candidate.json")}
    assert len(after) == 3
    assert {name: after[name] for name in before} == before


def test_an_unreadable_study_is_one_line(study: Path, capsys: pytest.CaptureFixture[str]):
    bad = study.parent / "bad.yaml"
    bad.write_text(STUDY.replace("patients", "pateints"), encoding="utf-8")
    assert main(["screen", str(bad)]) == 2
    error = capsys.readouterr().err.strip()
    assert "\n" not in error
    assert "pateints" in error
    assert "did you mean patients" in error
