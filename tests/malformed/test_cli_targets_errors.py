"""A wrong command of targets and agents is one line on stderr, exit code 2, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligandose.cli import main

WRONG = {
    "targets show PSMX": "did you mean PSMA",
    "targets show FOLH2": "FOLH1",
    "targets show ITGAV": "ITGAV-ITGB3 and ITGAV-ITGB6",
    "targets show": "missing argument",
    "targets sho PSMA": "no such command 'sho'",
    "targets list --indication mCRCP": "did you mean mCRPC",
    "targets list --compartment stoma": "did you mean stroma",
    "targets list --stage phase3b": "unknown stage 'phase3b'",
    "targets rank --indication mCRCP": "did you mean mCRPC",
    "targets rank --evidence comon": "did you mean common",
    "targets rank --seed -1": "got '-1'",
    "targets compare PSMA": "two targets or more",
    "targets compare PSMA FOLH1": "two targets or more",
    "targets compare PSMA FOLH2": "FOLH1",
    "targets compare PSMA FAP --indication mCRCP": "did you mean mCRPC",
    "targets import": "missing argument",
    "targets import hpa": "no file is named",
    "targets import hpa nowhere.tsv": "nowhere.tsv: no such file",
    "targets import hpaa nowhere.tsv": "did you mean hpa",
    "agents show 177Lu-PSMA-618": "177Lu-PSMA-617",
    "agents show": "missing argument",
    "agents list --target FOLH2": "FOLH1",
    "agents list --nuclide Lu-179": "Lu-177",
    "agents list --indication mCRCP": "did you mean mCRPC",
    "agents list --stage phase3b": "unknown stage 'phase3b'",
    "landscape": "--out",
}
EMPTY = (
    "targets show", "targets list --compartment", "targets list --stage",
    "targets list --indication", "targets rank --indication", "targets rank --evidence",
    "agents list --target", "agents list --indication", "agents list --nuclide", "agents show",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _somewhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # nothing of the user's is read or written
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert captured.err.startswith("ligandose: error: ")
    assert "internal error" not in captured.err
    assert "\x1b" not in captured.err
    return captured.err


@pytest.mark.parametrize(("command", "fragment"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_command_is_one_line_and_exit_code_2(
    command: str, fragment: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert fragment.casefold() in refused(command.split(), capsys).casefold()
    assert not list(tmp_path.rglob("*.duckdb"))


@pytest.mark.parametrize("command", EMPTY)
@pytest.mark.parametrize("nothing", ["", " ", "\x1b[31m"], ids=["empty", "blank", "escape"])
def test_a_name_of_nothing_is_an_unknown_name(
    command: str, nothing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "unknown" in refused([*command.split(), nothing], capsys)


@pytest.mark.parametrize(
    "command", ["targets show FOLH1 --json", "targets import surfy surfy.tsv --quiet"]
)
@pytest.mark.parametrize(
    "content", [b"", b"not a store", b"\x00" * 5000], ids=["empty", "text", "zeros"]
)
def test_a_store_that_is_something_else_is_refused_and_kept(
    command: str, content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    store, table = tmp_path / "notes.duckdb", tmp_path / "surfy.tsv"
    store.write_bytes(content)
    table.write_text("nothing\n")
    line = refused([*command.split(), "--store", str(store)], capsys)
    assert "notes.duckdb" in line or "surfy.tsv" in line
    assert store.read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} >= {"notes.duckdb", "surfy.tsv"}


def test_a_store_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = refused(["targets", "show", "FOLH1", "--store", "nowhere.duckdb"], capsys)
    assert "nowhere.duckdb" in line
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_tables_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "no tables" in refused(["targets", "import", "hpa", "empty", "--quiet"], capsys)


def test_a_table_that_is_none_is_refused_and_leaves_no_store(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "hpa.tsv").write_text("this\tis\tnothing\n1\t2\t3\n")
    refused(["targets", "import", "hpa", "hpa.tsv", "--store", "s.duckdb", "--quiet"], capsys)
    assert not (tmp_path / "s.duckdb").exists()


def test_a_file_in_the_way_of_the_page_is_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "page").write_text("mine")
    refused(["landscape", "--out", "page", "--quiet"], capsys)
    assert (tmp_path / "page").read_text() == "mine"
