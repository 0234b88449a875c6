"""A report folder is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ligandose.errors import InputError
from ligandose.report import publish as exported
from ligandose.report.publish import MANIFEST, json_bytes, publish, replace_file

FILES = {"report.html": b"<p>new</p>", "figures/a.csv": b"x\n1\n"}


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_the_manifest_states_the_hash_of_every_file(tmp_path: Path) -> None:
    out = exported(FILES, tmp_path / "a" / "out")
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    assert set(manifest["files"]) == set(FILES) == names(out) - {MANIFEST}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_an_older_report_is_replaced_and_leaves_nothing(tmp_path: Path) -> None:
    publish({"old.html": b"old"}, tmp_path / "out")
    publish(FILES, tmp_path / "out")
    assert names(tmp_path / "out") == {*FILES, MANIFEST}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "out" / "empty").mkdir(parents=True)
    publish(FILES, tmp_path / "out")
    assert names(tmp_path / "out") == {*FILES, MANIFEST}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_others_is_never_touched(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"not a ligandose report \(thesis.tex\).*new or an empty"):
        publish(FILES, tmp_path, overwrite=overwrite)
    assert names(tmp_path) == {"thesis.tex"}


def test_notes_added_to_a_report_stop_its_replacement_unless_asked(tmp_path: Path) -> None:
    out = publish({"report.html": b"old"}, tmp_path / "out")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"did not write \(notes.txt\)"):
        publish(FILES, out)
    assert (out / "report.html").read_bytes() == b"old"
    publish(FILES, out, overwrite=True)
    assert names(out) == {*FILES, MANIFEST}


def test_a_failure_while_writing_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = publish({"report.html": b"old"}, tmp_path / "out")

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        publish(FILES, out)
    monkeypatch.undo()
    assert (out / "report.html").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failure_while_moving_puts_the_old_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = publish({"report.html": b"old"}, tmp_path / "out")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise OSError("refused")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="refused"):
        publish(FILES, out)
    monkeypatch.undo()
    assert (out / "report.html").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "real"
    target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    publish(FILES, link)
    assert link.is_symlink()
    assert names(target) == {*FILES, MANIFEST}


def test_numbers_that_json_does_not_know_become_null(tmp_path: Path) -> None:
    text = json_bytes({"a": float("nan"), "b": [float("inf"), 1.5], "c": (1, "é")})
    assert json.loads(text) == {"a": None, "b": [None, 1.5], "c": [1, "é"]}
    replace_file(tmp_path / "x.json", text)
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
