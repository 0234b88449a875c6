"""The user's own ICRP-133 folder in courses: taken where it is whole, refused where it is not."""

import hashlib
import json

import pytest
from icrp133_folder import write_folder

from ligandose.cli import main
from ligandose.course.study import read_study, study_from_mapping
from ligandose.errors import InputError

STUDY = "agent: 177Lu-PSMA-617\npatients: 2\nregimen:\n  cycles: 1\n"
FEW = ["--no-uncertainty", "--threads", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("own") / "icrp133"
    place.mkdir()
    return write_folder(place)


def simulated(capsys, *arguments):
    assert main(["simulate", *map(str, arguments), *FEW, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_study_names_its_folder_relative_to_itself(capsys, folder):
    study = folder.parent / "study.yaml"
    study.write_text(STUDY + "saf: icrp133\n")
    assert read_study(study).saf == folder
    found = simulated(capsys, study)
    made = found["provenance"]
    assert made["saf_folder"] == str(folder)
    (table,) = made["absorbed_fractions"]
    assert "ICRP Publication 133" in table["origin"]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
             for name in table["sha256"]}  # fmt: skip
    assert len(files) == 5
    assert table["sha256"] == files


def test_the_option_does_what_the_key_does_and_changes_dose_and_input_hash(capsys, folder):
    with_key = folder.parent / "study.yaml"
    with_key.write_text(STUDY + "saf: icrp133\n")
    without = folder.parent / "plain.yaml"
    without.write_text(STUDY)
    shipped, by_key, by_option = (
        simulated(capsys, *arguments)
        for arguments in ([without], [with_key], [without, "--saf", folder])
    )
    assert by_option["regions"] == by_key["regions"] != shipped["regions"]
    hashes = [d["provenance"]["input_sha256"] for d in (by_key, by_option, shipped)]
    assert hashes[0] == hashes[1] != hashes[2]


def missing(place):
    return place / "nowhere"


def empty(place):
    (place / "empty").mkdir()
    return place / "empty"


def cut_off(place):
    (place / "cut").mkdir()
    whole = write_folder(place / "cut", sexes=("am",))
    path = next(whole.glob("*_photon_*.SAF"))
    path.write_text(path.read_text()[:5000])
    return whole


def a_file(place):
    path = place / "saf.csv"
    path.write_text("particle\n")
    return path


@pytest.mark.parametrize("bad", [missing, empty, cut_off, a_file])
@pytest.mark.parametrize("command", ["simulate", "demo", "validate"])
def test_a_folder_that_is_not_whole_ends_with_one_line_and_nothing_written(
    capsys, tmp_path, bad, command
):
    study = tmp_path / "study.yaml"
    study.write_text(STUDY)
    out = tmp_path / "out"
    given = [study] if command == "simulate" else []
    arguments = [command, *given, "--saf", bad(tmp_path), "--out", out, "--patients", "2"]
    assert main([str(a) for a in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()[-1:]
    assert line.startswith("ligandose: error: ")
    assert "ICRP-133" in line or ".SAF" in line
    assert not out.exists()


@pytest.mark.parametrize("value", ["", "  "])
def test_a_blank_folder_in_a_study_is_refused(value):
    with pytest.raises(InputError, match=r"saf: got .*write the folder"):
        study_from_mapping({"agent": "177Lu-PSMA-617", "saf": value})


def test_a_folder_that_is_no_text_is_refused():
    with pytest.raises(InputError, match="saf"):
        study_from_mapping({"agent": "177Lu-PSMA-617", "saf": 3})
