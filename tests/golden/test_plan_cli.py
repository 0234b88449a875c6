"""The command plan on the example, from folder to page."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from ligandose.cli.main import main

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plan"
KEYS = {
    "posterior", "predicted", "prescription", "probabilities", "alternatives", "changed", "stop",
    "selection", "omissions", "provenance", "research_use_only",
}  # fmt: skip


def test_the_example_is_planned_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    # the example's goal with fewer cycles, so that it takes seconds
    goal = tmp_path / "plan.yaml"
    text = (EXAMPLE / "plan.yaml").read_text("utf-8").replace("patients: 200", "patients: 20")
    for old, new in (
        ("cycles: [2, 6]", "cycles: [2, 2]"),
        ("# other_", "other_"),
        ("# sel", "sel"),
    ):
        assert old in text
        text = text.replace(old, new)
    goal.write_text(text, "utf-8")
    asked = ["plan", str(EXAMPLE), "--goal", str(goal), "--out", str(out), "--json", "--quiet"]
    assert main([*asked, "--draws", "50", "--steps", "0"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() >= KEYS
    assert document["document"] == "ligandose.plan"
    cycles = document["prescription"]["cycles"]
    assert [c["cycle"] for c in cycles] == list(range(2, 2 + len(cycles)))
    assert all(c["activity_GBq"] > 0.0 and c["amount_nmol"] > 0.0 for c in cycles)
    names = [a["name"] for a in document["alternatives"]]
    assert names[0] == "fixed label activity"
    assert {"limits", "kidney-limited", "tumour-prescribed", "de-escalation"} <= set(names)
    assert document["alternatives"][-1]["agent"] == "225Ac-PSMA-617"
    rule = document["population_selection"]
    assert 0.0 < rule["share_eligible"] <= rule["share_above_liver"] <= 1.0
    agreement = document["posterior"]["method"]["laplace_agreement"]
    assert agreement is None, "nothing was sampled"
    assert document["changed"], "a cycle was given, so something is said of it"
    for row in document["probabilities"]:
        assert 0.0 <= row["probability_above"] <= 1.0
    for region in document["predicted"]:
        dose = region["dose_Gy"]
        assert dose["p05"] <= dose["median"] <= dose["p95"]
    assert (out / "plan.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "tables" / "selection.csv").is_file()
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert {"report.html", "plan.json", "figures/checks.svg", "figures/strategies.png"} <= written


def test_the_example_is_what_its_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ROOT / "scripts" / "build_plan_example.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    for file in EXAMPLE.iterdir():
        assert (tmp_path / file.name).read_text("utf-8") == file.read_text("utf-8"), file.name
