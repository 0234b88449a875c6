"""Bad tissue files: one line with file, line, field and rule; exit code 2; nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligandose.cli import main

BALL = (
    "tissue: {shape: micrometastasis, radius_um: 40, cell_radius_um: 7, nucleus_radius_um: 5, "
    "packing_fraction: 0.6}\n"
)
BLOCK = "tissue: {base: dense carcinoma, side_um: 100}\n"
SOURCE = "source: {compartment: tumour_cell}\n"
NUCLIDES = "nuclides: [Lu-177]\n"
COMPARE = "compare: {emitted_dose_Gy: 20}\n"
EFFECT = "effect: {disease: mCRPC}\n"
GOOD = BALL + SOURCE + NUCLIDES + COMPARE + EFFECT
# name: (what is replaced, by what, line, what is said)
WRONG: dict[str, tuple[str, str, int, tuple[str, ...]]] = {
    "fractions over one": (
        BALL, "tissue: {base: dense carcinoma, side_um: 100, stroma_fraction: 0.7}\n", 1,
        ("tissue:", "volume fractions of cells sum to 1.13", "at most 1")),
    "a fraction over one": (
        BALL, "tissue: {base: dense carcinoma, side_um: 100, stroma_fraction: 1.7}\n", 1,
        ("stroma_fraction 1.7 is over one",)),
    "packing no spheres can have": (
        "packing_fraction: 0.6", "packing_fraction: 0.9", 1,
        ("packing_fraction: 0.9 is more than the maximum",)),
    "a nucleus larger than its cell": (
        "nucleus_radius_um: 5", "nucleus_radius_um: 9", 1,
        ("nucleus_radius_um 9 is not smaller than radius_um 7",)),
    "a nucleus larger than its cell in a block": (
        BALL, "tissue: {base: dense carcinoma, side_um: 100, tumour_radius_um: 4}\n", 1,
        ("tumour_nucleus_radius_um 5 is not smaller than tumour_radius_um 4",)),
    "more cells than memory": (
        "radius_um: 40,", "radius_um: 5000,", 1, ("cells need about", "memory_limit_GB")),
    "more cells than memory in a block": (
        BALL, "tissue: {base: dense carcinoma, side_um: 5000}\n", 1,
        ("cells need about", "memory_limit_GB")),
    "a radius below zero": ("radius_um: 40,", "radius_um: -40,", 1,
                            ("radius_um: -40", "more than zero")),
    "a cell radius of zero": ("cell_radius_um: 7", "cell_radius_um: 0", 1,
                              ("radius_um: 0", "more than zero")),
    "a ball smaller than a cell": ("radius_um: 40,", "radius_um: 4,", 1,
                                   ("radius_um: 4 is less than the radius 7 of a cell",)),
    "a size that is missing": ("radius_um: 40, ", "", 1, ("radius_um is missing",)),
    "a shape that is not known": ("micrometastasis", "micrometastases", 1,
                                  ("tissue.shape:", "did you mean micrometastasis")),
    "a base that is not known": (BALL, "tissue: {base: dense sarcoma, side_um: 100}\n", 1,
                                 ("tissue.base:", "dense carcinoma")),
    "a key of another shape": ("packing_fraction: 0.6", "stroma_fraction: 0.6", 1,
                               ("tissue.stroma_fraction:", "unknown key of a micrometastasis")),
    "a word for a number": ("radius_um: 40,", "radius_um: wide,", 1, ("radius_um", "'wide'")),
    "an unknown compartment": (SOURCE, "source: {compartment: tumor_cell}\n", 2,
                               ("source:", "did you mean tumour_cell")),
    "an unknown place": (SOURCE, "source: {compartment: tumour_cell, place: surface}\n", 2,
                         ("source:", "unknown place 'surface'")),
    "a compartment that is not there": (SOURCE, "source: {compartment: vessel}\n", 2,
                                        ("compartment vessel is not in this tissue",)),
    "cells that are not there": (SOURCE, "source: {compartment: stroma}\n", 2,
                                 ("there are no cells of stroma",)),
    "no cell with the target": (
        SOURCE, "source: {compartment: tumour_cell, fraction_positive: 0}\n", 2,
        ("fraction_positive is 0", "above 0")),
    "a share over one": (SOURCE, "source: {compartment: tumour_cell, fraction_positive: 1.5}\n", 2,
                         ("fraction_positive is 1.5",)),
    "an unknown nuclide": (NUCLIDES, "nuclides: [Lu-177, Lu-179]\n", 3,
                           ("nuclides[1]:", "did you mean Lu-177")),
    "a stable nuclide": (NUCLIDES, "nuclides: [Lu-175]\n", 3, ("Lu-175",)),
    "no nuclide": (NUCLIDES, "", 0, ("no nuclides", "--nuclides")),
    "a dose of zero": (COMPARE, "compare: {emitted_dose_Gy: 0}\n", 4,
                       ("compare.emitted_dose_Gy:", "got 0", "above 0")),
    "an activity of zero": (COMPARE, "compare: {activity_MBq_g: 0}\n", 4,
                            ("compare.activity_MBq_g:", "got 0")),
    "two values": (COMPARE, "compare: {emitted_dose_Gy: 20, mean_dose_Gy: 20}\n", 4,
                   ("compare:", "got 2 values", "exactly one")),
    "no value": (COMPARE, "compare: {}\n", 4, ("compare:", "got 0 values")),
    "an organ without its dose": (
        COMPARE, "compare: {mean_dose_Gy: 20, organ: {name: kidneys, uptake_ratio: 1}}\n", 4,
        ("compare:", "an organ belongs to")),
    "an organ dose without an organ": (COMPARE, "compare: {organ_dose_Gy: 20}\n", 4,
                                       ("compare:", "organ")),
    "an organ that takes up nothing": (
        COMPARE, "compare: {organ_dose_Gy: 20, organ: {name: kidneys, uptake_ratio: 0}}\n", 4,
        ("compare.organ:", "uptake_ratio is 0")),
    "no radiosensitivity": (EFFECT, "effect: {alpha_per_Gy: 0.3}\n", 5,
                            ("effect:", "alpha_beta_Gy is missing")),
    "an unknown disease": (EFFECT, "effect: {disease: mCRPD}\n", 5,
                           ("effect.disease:", "did you mean mCRPC")),
    "oxygen without what it comes from": (EFFECT, "effect: {disease: mCRPC, oxygen: true}\n", 5,
                                          ("surface_mmHg is missing",)),
    "a sweep of an unknown field": (
        EFFECT, EFFECT + "sweep: {field: radius, values: [30, 40]}\n", 6,
        ("sweep.field:", "radius_um")),
    "a sweep that falls": (
        EFFECT, EFFECT + "sweep: {field: radius_um, values: [40, 30]}\n", 6,
        ("sweep.values:", "that increase")),
    "a sweep through nothing": (
        EFFECT, EFFECT + "sweep: {field: radius_um, values: [-40, 30]}\n", 6, ("-40",)),
    "uptake slower than clearance": (
        EFFECT, EFFECT + "time: {uptake_half_time_h: 9, clearance_half_time_h: 2}\n", 6,
        ("time:", "uptake must be the faster")),
    "daughters over one": (EFFECT, EFFECT + "retained_daughters: 1.5\n", 6,
                           ("retained_daughters:", "got 1.5")),
    "an unknown key": (EFFECT, EFFECT + "nuclide: Lu-177\n", 6, ("did you mean nuclides",)),
    "no number at all": (COMPARE, "compare: {emitted_dose_Gy: .nan}\n", 4, ("emitted_dose_Gy",)),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_one_line_says_file_line_field_and_rule(
    case: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old, new, line, says = WRONG[case]
    assert old in GOOD
    path = tmp_path / "tissue.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    out = tmp_path / "out"
    code = main(["tissue", str(path), "--out", str(out)])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.count("\n") == 1
    place = f"{path}:{line}:" if line else f"{path}:"
    assert captured.err.startswith(f"ligandose: error: {place}"), captured.err
    for words in says:
        assert words in captured.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["tissue.yaml"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--nuclides", "Lu-179"], "did you mean Lu-177"),
        (["--nuclides", "Lu-177,"], "got 'Lu-177,', allowed are nuclides with commas"),
        (["--nuclides", "Lu-175"], "Lu-175"),
        (["--seed", "-1"], "got '-1'"),
        (["--seed", "one"], "got 'one'"),
    ],
)
def test_options_are_checked(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "tissue.yaml"
    path.write_text(GOOD)
    code = main(["tissue", str(path), *options, "--out", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.startswith("ligandose: error: ")
    assert says in captured.err
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["tissue", str(tmp_path / "none.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_folder_of_others_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "tissue.yaml"
    path.write_text(GOOD)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    assert main(["tissue", str(path), "--out", str(tmp_path / "thesis")]) == 2
    assert "not a ligandose report" in capsys.readouterr().err
