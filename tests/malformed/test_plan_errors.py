"""Patients' folders and goals that break a rule: one clear line, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligandose.cli.main import main
from ligandose.errors import InputError
from ligandose.plan import goal_from_mapping, read_goal, read_patient

EXAMPLE = Path(__file__).parents[2] / "examples" / "plan"


def copy(folder: Path, **changes: tuple[str, str]) -> Path:
    """Copy the example, with one text replaced by another in a file (name with _ for .)."""
    for file in EXAMPLE.iterdir():
        text = file.read_text("utf-8")
        for name, (old, new) in changes.items():
            if file.name == name.replace("_", "."):
                assert old in text
                text = text.replace(old, new, 1)
        (folder / file.name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("patient_yaml", "agent: 177Lu-PSMA-617", "agent: 177Lu-PSMA-61", "did you mean"),
        ("patient_yaml", "host: adult-male", "host: adult", "unknown host"),
        ("patient_yaml", "case: P001", "case: John Smith", "no name of a person"),
        ("patient_yaml", "body_mass_kg: ", "body_mass_kg: -", "body_mass_kg"),
        ("patient_yaml", "activity_GBq: 0.16", "activity_MBq: 160", "use activity_GBq: 0.16"),
        ("patient_yaml", "day: 0,", "day: 3,", "days count from"),
        ("patient_yaml", "lesion:bone.mass", "lesion:skin.mass", "value of the host"),
        ("patient_yaml", "measurements.csv", "../measurements.csv", "no such file"),
        ("measurements_csv", "PET,kidneys", "PET,kidney", "no such region"),
        ("measurements_csv", "PET,kidneys", "CT,kidneys", "scan 'CT'"),
        ("measurements_csv", "SUV", "suv", "unknown quantity"),
        ("measurements_csv", ",10\n", ",0\n", "uncertainty_percent"),
        ("measurements_csv", ",10\n", ",ten\n", "bare number"),
        ("measurements_csv", ",10\n", "\n", "number of fields"),
        ("measurements_csv", "kidneys,1,", "kidneys,-1,", "time_h"),
        ("measurements_csv", "scan,", "image,", "columns must be"),
        ("blood_csv", "platelets", "thrombocytes", "known are"),
        ("blood_csv", "231", "0", "count_1e9_L"),
        ("patient_yaml", "mL_min: 52", "mL_min: 5200", "allowed is above 0 up to 300 mL/min"),
        ("measurements_csv", "24,activity_MBq,102.4", "24,activity_MBq,102400", "check unit"),
        ("measurements_csv", "24,activity_MBq,102.4", "24,percent_IA,102.4", "check unit"),
        ("blood_csv", "231", "nan", "count_1e9_L"),
        ("measurements_csv", "kidneys,1,", "kidneys,,", "bare number"),
        ("measurements_csv", "SUV,13", "SUV,-13", "value got -13"),
        ("patient_yaml", "disease: mCRPC", "disease: mCRPC\ndiscordant: [lesion:skin]", "lesion"),
        ("patient_yaml", "blood: blood.csv", "population: none.csv", "no such file"),
        ("patient_yaml", "blood: blood.csv", "population: ../x.csv", "no such file"),
        ("patient_yaml", "blood: blood.csv", "population: blood.csv", "columns must be"),
        ("patient_yaml", "name: cycle 1", "name: PET", "names must differ"),
        ("plan_yaml", "cycles: [2, 6]", "cycles: [1, 1]", "nothing to plan"),
        ("plan_yaml", "- all lesions", "- lesion:skin", "unknown region"),
        (
            "plan_yaml",
            "# other_nuclide: 225Ac-PSMA-617 ",
            "other_nuclide: 177Lu-DOTATATE #",
            "vector",
        ),
        (
            "plan_yaml",
            "# selection: {imaging: 68Ga-PSMA-11,",
            "selection: {imaging: 177Lu-PSMA-617,",
            "name one for imaging",
        ),
        (
            "plan_yaml",
            "# selection: {imaging: 68Ga-PSMA-11,",
            "selection: {imaging: 68Ga,",
            "unknown agent",
        ),
    ],
)
def test_a_broken_folder_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, message: str
) -> None:
    folder = copy(tmp_path, **{file: (old, new)})
    out = tmp_path / "out"
    quick = ["--draws", "50", "--steps", "0"]
    assert main(["plan", str(folder), "--out", str(out), "--quiet", *quick]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert said.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({"limits": []}, "at least one limit"),
        ({"limits": ["kidney < 40"]}, "cannot read"),
        ({"limits": ["P(kidney BED > 40 Gy) < 500 %"]}, "outside 0 to 100 %"),
        ({"limits": ["marrow <= 0 Gy"]}, "outside above 0"),
        ({"limits": ["marrow <= 2 Gy"], "keep": ["lesions 60"]}, "cannot read"),
        ({"limits": ["marrow <= 2 Gy"], "maximise": "happiness"}, "allowed are"),
        ({"limits": ["marrow <= 2 Gy"], "activity_GBq": [9.0, 1.0]}, "write [least, most]"),
        ({"limits": ["marrow <= 2 Gy"], "cycles": [0, 6]}, "cycles"),
        ({"limits": ["marrow <= 2 Gy"], "stopp": {}}, "did you mean stop"),
        ({"limits": ["marrow <= 2 Gy"], "stop": {"platelets_1e9_L": -1.0}}, "platelets_1e9_L"),
        ({"limits": ["marrow <= 2 Gy"], "selection": {"patients": 50}}, "imaging"),
        ({"limits": ["marrow <= 2 Gy"], "selection": {"imaging": "x", "patients": 3}}, "patients"),
    ],
)
def test_a_broken_goal_is_refused(goal: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as refused:
        goal_from_mapping(goal)
    assert message in str(refused.value)


def test_a_goal_for_a_region_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(tmp_path, plan_yaml=("kidney BED", "kidnex BED"))
    assert main(["plan", str(folder), "--quiet", "--draws", "50", "--steps", "0"]) == 2
    assert "unknown region" in capsys.readouterr().err


def test_a_folder_of_images_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("case: P1\n", "utf-8")
    with pytest.raises(InputError, match="ligandose dose"):
        read_patient(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        read_patient(tmp_path / "none")
    with pytest.raises(InputError):
        read_goal(tmp_path / "none.yaml")
