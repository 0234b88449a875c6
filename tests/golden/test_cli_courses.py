"""What the commands that compute hand over: the contract of their documents and folders."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ligandose.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
QUANTITY = {"mean", "sd", "median", "p05", "p95"}
COURSE_KEYS = {
    "document", "schema", "version", "agent", "host", "regimen", "patients", "failed", "seed",
    "regions", "curves", "limits", "effect", "published", "parameters", "sources", "omissions",
    "research_use_only", "provenance",
}  # fmt: skip
DISTRIBUTIONS = ("tiac_s", "dose_Gy", "dose_per_activity_Gy_per_GBq", "bed_Gy")
FEW = ["--patients", "8", "--threads", "1"]


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out, parse_constant=refuse)


def without_time(found: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in found["provenance"].items() if key != "created_utc"}
    return {**found, "provenance": kept}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("course") / "out"


@pytest.fixture(scope="module")
def course(out: Path) -> dict[str, Any]:
    stdout = io.StringIO()
    study = str(EXAMPLES / "psma617.yaml")
    with contextlib.redirect_stdout(stdout):
        assert main(["simulate", study, *FEW, "--json", "--out", str(out)]) == 0
    return json.loads(stdout.getvalue(), parse_constant=refuse)


def test_the_course_of_a_study_keeps_its_contract(course: dict[str, Any], out: Path) -> None:
    assert set(course) >= COURSE_KEYS
    assert course["document"] == "ligandose.course"
    assert (course["patients"], course["seed"], course["failed"]) == (8, 1, [])
    assert course["research_use_only"] is True
    assert course["agent"]["name"] == "177Lu-PSMA-617"
    assert course["regimen"]["total_activity_GBq"] == pytest.approx(44.4, rel=1e-12)
    assert {region["kind"] for region in course["regions"]} == {"organ", "lesion"}
    names = {region["region"] for region in course["regions"]}
    assert {"kidneys", "salivary_glands", "liver", "spleen", "red_marrow"} <= names
    for region in course["regions"]:
        assert region["mass_kg"] > 0
        for key in DISTRIBUTIONS:
            assert set(region[key] or QUANTITY) >= QUANTITY
        parts = region["dose_Gy"]["by_radiation"]
        assert set(parts) == {"alpha", "electron", "photon"}
        # means are sums over the same patients: they add up but for rounding
        whole = region["dose_Gy"]["mean"]
        assert sum(part["mean"] for part in parts.values()) == pytest.approx(whole, rel=1e-9)
        cycles = region["dose_Gy"]["per_cycle"]
        assert len(cycles) == 6
        assert sum(cycle["mean"] for cycle in cycles) == pytest.approx(whole, rel=1e-9)
    kidneys = next(r for r in course["regions"] if r["region"] == "kidneys")
    assert kidneys["dose_Gy"]["sd"] > 0  # between patients …
    assert kidneys["dose_Gy"]["uncertainty"]["sd"] > 0  # … and of what is known, apart
    made_from = (EXAMPLES / "psma617.yaml").read_bytes()
    assert course["provenance"]["study_sha256"] == hashlib.sha256(made_from).hexdigest()
    written = json.loads((out / "course.json").read_text("utf-8"))
    assert written == course
    assert (out / "report.html").stat().st_size > 10_000
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_seed_gives_the_same_document_on_any_number_of_threads(
    capsys: pytest.CaptureFixture[str], course: dict[str, Any]
) -> None:
    study = str(EXAMPLES / "psma617.yaml")
    again = document(capsys, "simulate", study, "--patients", "8", "--threads", "2")
    assert without_time(again) == without_time(course)
    other = document(capsys, "simulate", study, *FEW, "--seed", "2", "--no-uncertainty")
    assert other["regions"] != course["regions"]


def test_a_reader_of_the_table_sees_organs_limits_and_the_intended_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", str(EXAMPLES / "dotatate.yaml"), *FEW, "--no-uncertainty"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for words in ("Kidneys", "Spleen", "Lesion", "Gy/GBq", "Limit", "not a medical device"):
        assert words in captured.out
    assert "\x1b" not in captured.out  # a pipe gets no colours


def test_what_a_study_changes_is_said_before_all_omissions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = str(EXAMPLES / "custom_vector.yaml")
    found = document(capsys, "simulate", study, *FEW, "--no-uncertainty")
    assert found["agent"]["name"] == "161Tb-tight-PSMA"
    assert found["published"] == []  # nobody has measured this one
    said = " ".join(found["omissions"][:3])
    for words in ("Tb-161", "PSMA.k_d = 0.6", "kidneys.mass = 0.2"):
        assert words in said


def test_a_cold_preload_may_come_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(
        "agent: 177Lu-PSMA-617\npatients: 4\nregimen:\n  administrations:\n"
        "    - {time_h: 0, activity_GBq: 0, amount_nmol: 1000}\n"
        "    - {time_h: 1, activity_GBq: 7.4, amount_nmol: 100}\n"
    )
    found = document(capsys, "simulate", str(study), "--threads", "1")
    assert found["regimen"]["total_activity_GBq"] == pytest.approx(7.4, rel=1e-12)


def test_the_demo_runs_both_agents_and_writes_one_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "demo"
    found = document(capsys, "demo", *FEW, "--no-uncertainty", "--out", str(out))
    assert found["document"] == "ligandose.demo"
    assert found["research_use_only"] is True
    agents = [course["agent"]["name"] for course in found["courses"]]
    assert agents == ["177Lu-PSMA-617", "177Lu-DOTATATE"]
    for name in agents:
        assert (out / name / "report.html").is_file()
    assert (out / "index.html").is_file()


def test_the_validation_has_rows_and_fold_errors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(capsys, "validate", *FEW)
    assert found["document"] == "ligandose.validation"
    assert {row["agent"] for row in found["rows"]} >= {"177Lu-PSMA-617", "177Lu-DOTATATE"}
    for row in found["rows"]:
        assert row["predicted_mean"] is None or row["predicted_mean"] > 0
    assert {"calibration", "prediction"} <= set(found["summary"])
