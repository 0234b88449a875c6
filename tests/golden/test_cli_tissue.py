"""What `ligandose tissue` prints and writes: stable keys, strict JSON, the same for a seed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ligandose.cli import main
from ligandose.course.tissue_file import read_tissue_file
from ligandose.evidence import EDITION

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("tissue_*.yaml"))
BALL = """
tissue: {shape: micrometastasis, radius_um: 45, cell_radius_um: 7, nucleus_radius_um: 5,
         packing_fraction: 0.6}
source: {compartment: tumour_cell, fraction_positive: 0.6}
nuclides: [Lu-177, Ac-225]
compare: {mean_dose_Gy: 10}
effect: {disease: mCRPC}
seed: 3
"""
BLOCK = """
tissue: {base: desmoplastic carcinoma, side_um: 130, nest_radius_um: 40}
source: {compartment: PLACE}
nuclides: [Tb-161]
compare: {activity_MBq_g: 1}
effect: {disease: mCRPC, oxygen: true, lesion_mass_g: 1}
lesion_radius_mm: 2
"""
SWEEP = "sweep: {field: source.fraction_positive, values: [0.3, 0.6]}\n"
SPREAD = {"mean", "sd", "median", "p05", "p95"}
KEYS = {
    "document", "schema", "version", "research_use_only", "provenance", "tissue", "source",
    "compare", "effect", "nuclides", "section", "sweep", "answers", "omissions",
}  # fmt: skip


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture
def ball(tmp_path: Path) -> Path:
    path = tmp_path / "ball.yaml"
    path.write_text(BALL)
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(["tissue", *arguments])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    return json.loads(printed(capsys, *arguments, "--json"), parse_constant=refuse)


def test_the_document_has_its_keys(capsys: pytest.CaptureFixture[str], ball: Path) -> None:
    found = document(capsys, str(ball))
    assert set(found) >= KEYS
    assert (found["document"], found["research_use_only"]) == ("ligandose.tissue", True)
    made = found["provenance"]
    assert (made["seed"], made["data_edition"], len(made["input_sha256"])) == (3, EDITION, 64)
    sha256 = hashlib.sha256(ball.read_bytes()).hexdigest()
    assert made["inputs"]["tissue_sha256"] == sha256
    assert [one["nuclide"] for one in found["nuclides"]] == ["Lu-177", "Ac-225"]
    counts = found["tissue"]["cells_by_class"]
    assert counts["target_positive"] + counts["target_negative"] == counts["tumour_cell"]
    # a share of cells is met to within one cell
    assert abs(counts["target_positive"] - 0.6 * counts["tumour_cell"]) <= 1.0
    for one in found["nuclides"]:
        assert set(one["classes"]) == set(counts)
        dose = one["classes"]["tumour_cell"]["dose_Gy"]
        assert set(dose) >= SPREAD
        assert dose["mean"] == pytest.approx(10.0, rel=1e-9)  # equal by what was asked for
        assert one["classes"]["target_negative"]["self_share"] == 0.0
        shares = one["classes"]["tumour_cell"]["dvh"]["share_of_cells"]
        assert shares == sorted(shares, reverse=True)
    assert found["sweep"] is None
    section = found["section"]
    assert len(section["x_um"]) == len(section["dose_Gy"]["Lu-177"]) == len(section["kind"])


def test_a_seed_decides_everything(capsys: pytest.CaptureFixture[str], ball: Path) -> None:
    first, second, other = (
        document(capsys, str(ball), *options) for options in ((), ("--seed", "3"), ("--seed", "4"))
    )
    for found in (first, second, other):
        found["provenance"].pop("created_utc")
    assert first == second
    assert other["provenance"]["seed"] == 4
    assert other["section"] != first["section"]


def test_nuclides_of_the_command_win(capsys: pytest.CaptureFixture[str], ball: Path) -> None:
    found = document(capsys, str(ball), "--nuclides", "177Lu,at211")
    assert [one["nuclide"] for one in found["nuclides"]] == ["Lu-177", "At-211"]
    assert found["provenance"]["inputs"]["nuclides"] == ["Lu-177", "At-211"]


def test_the_folder_is_whole(
    capsys: pytest.CaptureFixture[str], ball: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    lines = printed(capsys, str(ball), "--out", str(out), "--quiet").splitlines()
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    figures = {"tissue_section", "dose_histograms", "survival"}
    assert files == {
        "tissue.json", "manifest.json", "report.html",
        *(f"figures/{name}.{end}" for name in figures for end in ("svg", "png", "csv")),
        *(f"tables/{name}.csv" for name in ("tissue", "nuclides", "doses", "answers")),
    }  # fmt: skip
    assert lines[0].startswith("Micrometastasis, decays on the surface of tumour cells, 60")
    assert lines[1].split()[:4] == ["Nuclide", "Tumour", "cells,", "Gy"]
    assert [line.split()[0] for line in lines[3:5]] == ["Lu-177", "Ac-225"]
    text = "\n".join(lines)
    assert "tumour cells; by volume tumour cells" in text
    assert "Which nuclide leaves the fewest tumour cells?" in text
    assert "How much of the target-negative tumour cells does crossfire sterilise?" in text
    doses = (out / "tables/doses.csv").read_text().splitlines()
    assert doses[0].startswith("nuclide,class,dose_mean_Gy,")
    assert len(doses) == 1 + 2 * 3  # nuclides times classes


def test_a_sweep_is_in_document_and_figure(
    capsys: pytest.CaptureFixture[str], ball: Path, tmp_path: Path
) -> None:
    ball.write_text(BALL + SWEEP)
    out = tmp_path / "out"
    found = document(capsys, str(ball), "--out", str(out))
    assert (found["sweep"]["field"], found["sweep"]["values"]) == (
        "source.fraction_positive", [0.3, 0.6],
    )  # fmt: skip
    for one in found["nuclides"]:
        last = found["sweep"]["nuclides"][one["nuclide"]][1]
        # the value of the file itself: the same tissue, the same numbers
        assert last["tcp"] == one["tcp"]
        same = one["classes"]["tumour_cell"]["log10_surviving_fraction"]
        assert last["log10_surviving_fraction"]["tumour_cell"] == same
    rows = (out / "figures/survival.csv").read_text().splitlines()
    assert rows[0].startswith("nuclide,source.fraction_positive,class,log10_surviving_fraction")
    assert len(rows) == 1 + 2 * 2 * 3  # nuclides, values, classes


@pytest.mark.parametrize("place", ["stroma", "vessel", "matrix", "immune_cell"])
def test_every_compartment_can_carry_the_target(
    place: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "block.yaml"
    path.write_text(BLOCK.replace("PLACE", place))
    found = document(capsys, str(path))
    one = found["nuclides"][0]
    assert one["classes"]["tumour_cell"]["dose_Gy"]["mean"] > 0.0
    assert one["classes"]["tumour_cell"]["self_share"] == 0.0
    # radiosensitivity is that of the tumour cells: no survival is claimed for others
    assert one["classes"]["stroma"]["log10_surviving_fraction"] is None
    assert found["tissue"]["oxygen_mmHg"]["p95"] > 0.0
    text = printed(capsys, str(path))
    assert "From a cell to the nearest vessel" in text
    assert "Oxygen" in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_read(path: Path) -> None:
    plan = read_tissue_file(path).plan
    assert plan.sweep is not None
    for number, line in enumerate(path.read_text().splitlines()):
        assert len(line) <= 100, (number, line)


def test_there_are_three_examples() -> None:
    names = {path.stem.removeprefix("tissue_") for path in EXAMPLES}
    assert names >= {"micrometastasis", "fap_stroma", "target_negative"}
