"""Tables of animals that break a rule, each named by file, line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ligandose.cli.main import main
from ligandose.design import read_animals
from ligandose.errors import InputError

HEAD = "animal,species,body_mass_g,region,time,time_unit,value,unit,decay_corrected"
GOOD = "a,mouse,25,kidneys,1,h,10,%ID/g,yes"


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    file = folder / "mice.csv"
    file.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("b,mouse,0.025,kidneys,1,h,10,%ID/g,yes", "line 3, body_mass_g: is 0.025, no mouse"),
        ("b,mouse,0.025,kidneys,1,h,10,%ID/g,yes", "it looks like kg: write 25"),
        ("b,mouse,25000,kidneys,1,h,10,%ID/g,yes", "it looks like mg: write 25"),
        ("b,mouse,300,kidneys,1,h,10,%ID/g,yes", "line 3, body_mass_g: is 300"),
        ("b,rat,300,kidneys,1,h,10,%ID/g,yes", "line 3, species: is 'rat', line 2 has 'mouse'"),
        ("b,mouse,25,kidneys,60,min,10,%ID/g,yes", "line 3, time_unit: is 'min', line 2 has 'h'"),
        ("b,mouse,25,kidneys,4,h,3,%ID,yes", "line 3, unit: of kidneys is '%ID'"),
        ("b,mouse,25,kidneys,4,h,3,SUV,yes", "line 3, unit: is 'SUV'"),
        ("b,mouse,25,kidneys,,h,3,%ID/g,yes", "line 3, time: is empty"),
        ("b,mouse,25,kidneys,4,h,-3,%ID/g,yes", "line 3, value: is -3"),
        ("b,mouse,25,kidny,4,h,3,%ID/g,yes", "line 3, region: is 'kidny'; did you mean kidney"),
        ("b,mouse,25,kidneys,4,h,3,%ID/g,", "line 3, decay_corrected: nothing says"),
        (
            "a,mouse,25,kidneys,1,h,11,%ID/g,yes",
            "animal: 'a' has kidneys already in line 2",
        ),
        ("a,mouse,25,liver,4,h,11,%ID/g,yes", "line 3, animal: 'a' has another time or body mass"),
        ("b,hamster,25,kidneys,1,h,3,%ID/g,yes", "line 3, species: is 'hamster'"),
        ("b,mouse,25,liver,1,h,300,%ID,yes", "line 3, value: is 300 % of what was injected"),
        ("b,mouse,25,whole_body,1,h,30,%ID/g,yes", "line 3, unit: of whole_body is per gram"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_animals(written(tmp_path, GOOD, row), decay_per_s=1e-6)
    assert said in str(caught.value)
    assert str(caught.value).startswith("mice.csv line 3, ")


def test_an_animal_given_twice_under_two_names_is_refused(tmp_path: Path) -> None:
    rows = [
        f"{name},mouse,25,{region},1,h,{value},%ID/g,yes"
        for name in ("a", "b")
        for region, value in (("kidneys", 10.1), ("liver", 5.2), ("spleen", 2.3))
    ]
    with pytest.raises(InputError, match=r"line 7, animal: 'b' and 'a' have the same values"):
        read_animals(written(tmp_path, *rows), decay_per_s=1e-6)


def test_two_names_for_one_organ_are_refused(tmp_path: Path) -> None:
    rows = ("a,mouse,25,intestine,1,h,10,%ID/g,yes", "a,mouse,25,colon,1,h,10,%ID/g,yes")
    with pytest.raises(InputError, match="colon and intestine both give large_intestine_right"):
        read_animals(written(tmp_path, *rows), decay_per_s=1e-6)


def test_a_table_without_organs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no organ with uptake"):
        read_animals(written(tmp_path, "a,mouse,25,tumour,1,h,10,%ID/g,yes"), decay_per_s=1e-6)


def test_values_that_are_not_corrected_are_corrected(tmp_path: Path) -> None:
    plain = read_animals(written(tmp_path, GOOD), decay_per_s=1e-4).regions[0]
    raw = read_animals(written(tmp_path, GOOD.replace("yes", "no")), decay_per_s=1e-4).regions[0]
    assert raw.fraction[0] / plain.fraction[0] == pytest.approx(2.718281828**0.36, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "TABLE is missing"),
        (["{}"], "--nuclide is missing"),
        (["{}", "--nuclide", "Lu-999"], "unknown nuclide"),
        (["{}", "--nuclide", "Lu-177", "--human", "mouse"], "unknown human host 'mouse'"),
        (["{}", "--nuclide", "Lu-177", "--safety-factor", "0.5"], "allowed is a number, 1 to 1000"),
        (["{}", "--nuclide", "Lu-177", "--remainder", "all"], "unknown remainder 'all'"),
        (["{}", "--nuclide", "Lu-177", "--decay-corrected", "si"], "allowed are yes and no"),
        (["{}", "--nuclide", "Lu-177", "--model", "177Lu-PSMA-618"], "177Lu-PSMA-617"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    file = written(tmp_path, GOOD, "b,mouse,25,kidneys,4,h,5,%ID/g,yes")
    assert main(["translate", *(a.format(file) for a in arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_a_template_is_a_table_that_the_command_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("tac", "translate"):
        for ending in ("csv", "xlsx"):
            file = tmp_path / f"{command}.{ending}"
            assert main([command, "--template", str(file)]) == 0
            capsys.readouterr()
            assert main([command, str(file), "--nuclide", "Lu-177", "--json"]) == 0
            document = json.loads(capsys.readouterr().out)
            assert document["document"] == f"ligandose.{command}"
            assert document["regions"][0]["region"] == "kidneys"
            assert document["research_use_only"] is True
            assert main([command, "--template", str(file)]) == 2
            assert "is there already" in capsys.readouterr().err
