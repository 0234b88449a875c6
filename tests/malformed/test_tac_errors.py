"""Tables and arrays of activity that break a rule."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from ligandose.cli.main import main
from ligandose.errors import InputError, UnknownNameError
from ligandose.kinetics import fit_tac, fit_voxels, read_tacs, trapezoid_tia

HEAD = "region,time,time_unit,activity,activity_unit,uncertainty,uncertainty_unit,decay_corrected"
DECAY = 1e-6


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    file = folder / "t.csv"
    file.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return file


GOOD = ("kidneys,4,h,100,MBq,10,%,no", "kidneys,24,h,50,MBq,10,%,no")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("kidneys,,h,50,MBq,10,%,no", "line 3, time: is empty"),
        ("kidneys,x,h,50,MBq,10,%,no", "line 3, time: 'x' is not a number"),
        ("kidneys,-1,h,50,MBq,10,%,no", "line 3, time: is -1"),
        ("kidneys,0,h,50,MBq,10,%,no", "line 3, time: is 0"),
        ("kidneys,24,hours,50,MBq,10,%,no", "line 3, time_unit: is 'hours'"),
        ("kidneys,24,h,-5,MBq,10,%,no", "line 3, activity: is -5"),
        ("kidneys,24,h,50,mb,10,%,no", "line 3, activity_unit: is 'mb'"),
        ("kidneys,24,h,50,MBq,10,,no", "line 3, uncertainty_unit: is empty"),
        ("kidneys,24,h,50,MBq,,,no", "line 3, uncertainty: is empty while"),
        ("kidneys,24,h,50,MBq,10,%,maybe", "line 3, decay_corrected: is 'maybe'"),
        ("kidneys,24,h,50,MBq,10,%,", "line 3, decay_corrected: nothing says"),
        ("kidneys,4,h,50,MBq,10,%,no", "line 3, time: this region has this time"),
        (",24,h,50,MBq,10,%,no", "line 3, region: is empty"),
        ("kidneys,24,h,1,5,MBq,10,%,no", "line 3: 9 fields"),
        ("kidneys,24,h,inf,MBq,10,%,no", "line 3, activity: 'inf'"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_field(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_tacs(written(tmp_path, GOOD[0], row), decay_per_s=DECAY)
    assert f"t.csv {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("region,time,time_unit,activity", "column activity_unit is missing"),
        (HEAD + ",activty", "unknown column 'activty'; did you mean activity"),
        (HEAD + ",region", "column 'region' is there twice"),
    ],
)
def test_a_bad_header_is_named(tmp_path: Path, head: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_tacs(written(tmp_path, *GOOD, head=head), decay_per_s=DECAY)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_tacs(tmp_path / "none.csv", decay_per_s=DECAY)
    with pytest.raises(InputError, match="without rows"):
        read_tacs(written(tmp_path), decay_per_s=DECAY)
    raw = tmp_path / "raw.csv"
    raw.write_bytes(b"\xff\xfe\x00region")
    with pytest.raises(InputError, match="not UTF-8"):
        read_tacs(raw, decay_per_s=DECAY)
    book = tmp_path / "book.xlsx"
    book.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(InputError, match="cannot be read as xlsx"):
        read_tacs(book, decay_per_s=DECAY)


def test_an_xlsx_that_unpacks_to_gigabytes_is_not_opened(tmp_path: Path) -> None:
    book = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as entry,
    ):
        for _ in range(60):
            entry.write(b"0" * 10_000_000)
    with pytest.raises(InputError, match="unpacks to 600 MB"):
        read_tacs(book, decay_per_s=DECAY)


def test_option_and_column_must_not_contradict(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="says other than the option"):
        read_tacs(written(tmp_path, *GOOD), decay_per_s=DECAY, decay_corrected=True)


def test_decay_correction_is_undone(tmp_path: Path) -> None:
    rows = [row.replace(",no", ",yes") for row in GOOD]
    corrected = read_tacs(written(tmp_path, *rows), decay_per_s=DECAY)[0]
    plain = read_tacs(written(tmp_path, *GOOD), decay_per_s=DECAY)[0]
    alive = np.exp(-DECAY * plain.time_s)
    assert corrected.activity_Bq == pytest.approx(plain.activity_Bq * alive)


@pytest.mark.parametrize(
    ("times", "activity", "said"),
    [
        ([1.0, 2.0], [1.0], "give one row of each"),
        ([0.0, 2.0], [1.0, 1.0], "time_s of point 1"),
        ([1.0, 2.0], [1.0, float("nan")], "activity_Bq of point 2"),
        ([], [], "give one row of each"),
    ],
)
def test_bad_arrays_are_refused(times: list[float], activity: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit_tac(times, activity, decay_per_s=DECAY)


def test_one_point_where_a_fit_needs_three() -> None:
    with pytest.raises(InputError, match=r"model bi has 4 parameters, there are 1 points"):
        fit_tac([1.0], [1.0], decay_per_s=DECAY, models=["bi"])
    with pytest.raises(UnknownNameError, match="quad"):
        fit_tac([1.0], [1.0], decay_per_s=DECAY, models=["quad"])
    with pytest.raises(InputError, match="two points or more"):
        trapezoid_tia([1.0], [1.0], decay_per_s=DECAY)


def test_voxels_with_bad_values_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        fit_voxels([1.0, 2.0], [[1.0, float("nan")]], decay_per_s=DECAY)
    with pytest.raises(InputError, match="shape"):
        fit_voxels([1.0, 2.0], [[1.0, 2.0, 3.0]], decay_per_s=DECAY)


@pytest.mark.parametrize("command", ["tac", "translate"])
def test_the_command_line_exits_with_one_clear_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "kidneys,24,h,-5,MBq,10,%,no")
    assert main([command, str(file), "--nuclide", "Lu-177"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "t.csv line" in lines[0]
