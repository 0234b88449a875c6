"""Bad input of the transport commands: one line, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from icrp133_folder import write_folder

from ligandose.cli import main
from ligandose.transport import sphere_runs

FRACTION = "absorbed-fraction --energy-MeV 1 --mass-g 1 --particle electron"
WRONG = {
    "svalue": "missing argument",
    "svalue Lu-179 --saf FOLDER": "did you mean Lu-177",
    "svalue Hf-177 --saf FOLDER": "emits nothing",
    "svalue Lu-177 --host adult-mal --saf FOLDER": "adult-male",
    "svalue Lu-177 --source kidney --saf FOLDER": "kidneys",
    "svalue Lu-177 --target livre --saf FOLDER": "liver",
    "svalue Lu-177 --saf nowhere": "nowhere is not a folder",
    "svalue Lu-177 --saf HALF": "the ICRP-133 folder is not complete",
    "svalue Lu-177 --saf CUT": "the file is not whole",
    "sphere Lu-177": "missing option '--mass-g'",
    "sphere Lu-179 --mass-g 1": "did you mean Lu-177",
    "sphere Hf-177 --mass-g 1": "emits nothing",
    "sphere Lu-177 --mass-g 0": "got '0', allowed is a number, 0.001 to 100000 g",
    "sphere Lu-177 --mass-g -1": "got '-1'",
    "sphere Lu-177 --mass-g nan": "got 'nan'",
    "sphere Lu-177 --mass-g inf": "got 'inf'",
    "sphere Lu-177 --mass-g 1g": "got '1g'",
    "sphere Lu-177 --mass-g 1 --density 0": "allowed is a number, 0.01 to 25 g/cm3",
    "sphere Lu-177 --mass-g 1 --density nan": "got 'nan'",
    "sphere Lu-177 --mass-g 1e5 --density 2": "outside the table of absorbed fractions",
    "vsv Lu-177": "missing option '--voxel-mm'",
    "vsv Lu-179 --voxel-mm 3": "did you mean Lu-177",
    "vsv Hf-177 --voxel-mm 3": "no emissions",
    "vsv Lu-177 --voxel-mm 0": "got '0'",
    "vsv Lu-177 --voxel-mm nan": "got 'nan'",
    "vsv Lu-177 --voxel-mm -3": "got '-3'",
    "vsv Lu-177 --voxel-mm 3,3": "one positive length in mm, or three",
    "vsv Lu-177 --voxel-mm 3,3,": "got '3,3,'",
    "vsv Lu-177 --voxel-mm 1e-6": "each side must be",
    "vsv Lu-177 --voxel-mm 5000": "each side must be",
    "vsv Lu-177 --voxel-mm 0.01,3,3": "check the units",
    "vsv Y-90 --voxel-mm 0.02": "give larger voxels",
    "vsv Lu-177 --voxel-mm 3 --radius-mm -1": "got '-1'",
    "vsv Lu-177 --voxel-mm 3 --medium watr": "did you mean water",
    "vsv Lu-177 --voxel-mm 3 --uncertainty 0": "allowed is a number, 0.0001 to 0.5",
    "vsv Lu-177 --voxel-mm 3 --seed -1": "got '-1'",
    "vsv Lu-177 --voxel-mm 3 --threads 0": "got '0'",
    FRACTION.replace("electron", "electrn"): "did you mean electron",
    FRACTION.replace("electron", "neutrino"): "unknown particle",
    FRACTION.replace("MeV 1", "MeV 0"): "allowed is a number, 0.001 to 10 MeV",
    FRACTION.replace("MeV 1", "MeV 11"): "got '11'",
    FRACTION.replace("MeV 1", "MeV nan"): "got 'nan'",
    FRACTION.replace("mass-g 1", "mass-g 0"): "got '0'",
    f"{FRACTION} --medium-around wter": "did you mean water",
    f"{FRACTION} --uncertainty nan": "got 'nan'",
    "phantom": "missing argument",
    "phantom adult-mal": "did you mean adult-male",
    "phantom adult-male --spacing-mm 0": "allowed is a number, 1 to 100 mm",
    "phantom adult-male --spacing-mm nan": "got 'nan'",
    "phantom adult-male --spacing-mm 0.2": "got '0.2'",
}


def one_line(captured: str) -> str:
    assert captured.endswith("\n")
    assert captured.count("\n") == 1, captured
    assert "Traceback" not in captured
    assert captured.startswith("ligandose: error: ")
    return captured


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    whole, half, cut = (tmp_path_factory.mktemp(name) for name in ("whole", "half", "cut"))
    for folder in (whole, half, cut):
        write_folder(folder, sexes=("am",))
    next(half.glob("rcp-am_photon_*")).unlink()
    file = next(cut.glob("rcp-am_electron_*"))
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-5]))
    return {"FOLDER": str(whole), "HALF": str(half), "CUT": str(cut)}


@pytest.mark.parametrize(("command", "fragment"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_command_is_one_line_and_writes_nothing(
    command: str, fragment: str, folders: dict[str, str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arguments = [folders.get(word, word) for word in command.split()]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert fragment.casefold() in one_line(captured.err).casefold()
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()  # no kernel was computed before the complaint


@pytest.mark.parametrize(
    "command",
    ["svalue Lu-177 --saf FOLDER", "sphere Lu-177 --mass-g 1", "vsv Lu-177 --voxel-mm 3",
     FRACTION, "phantom adult-male"],
)  # fmt: skip
def test_a_folder_of_others_is_refused_before_the_work(
    command: str, folders: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    arguments = [folders.get(word, word) for word in command.split()]
    for out, fragment in {
        "thesis": "not a ligandose report",
        "thesis/chapter.txt": "is a file",
    }.items():
        assert main([*arguments, "--out", str(tmp_path / out)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert fragment in one_line(captured.err)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"


def test_an_interrupt_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sphere_runs, "kernel_of", stop)
    assert main([*FRACTION.split(), "--out", str(tmp_path / "out")]) == 130
    assert capsys.readouterr() == ("", "ligandose: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_dose_table_that_is_gone_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ligandose.dose import document
    from ligandose.errors import DataError

    def gone(host: str) -> None:
        raise DataError(f"data edition 2026.11 has no file 'saf_{host}.csv'; reinstall ligandose")

    monkeypatch.setattr(document, "reference_saf", gone)
    assert main(["svalue", "Lu-177"]) == 2
    assert "reinstall ligandose" in one_line(capsys.readouterr().err)
