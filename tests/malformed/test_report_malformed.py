"""Documents that are not what a report is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ligandose.errors import InputError
from ligandose.report import console_table, nuclide_figure, write_report


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "key 'document' is ''; allowed are ligandose.course"),
        ({"document": "ligandose.trial"}, "is 'ligandose.trial'; allowed are"),
        ({"document": "ligandose.course"}, "missing agent, host, regimen, patients"),
        ({"document": "ligandose.validation", "rows": []}, "missing summary"),
        ({"document": "ligandose.nuclide"}, "missing name, half_life_s, emissions"),
    ],
)
def test_a_document_of_another_shape_is_named_and_nothing_is_written(
    tmp_path: Path, document: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_report(document, tmp_path / "out")
    with pytest.raises(InputError, match=message):
        console_table(document)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("a file")
    with pytest.raises(InputError, match="is a file; give the name of a folder"):
        write_report({"document": "ligandose.validation", "rows": [], "summary": {}}, path)
    assert path.read_text() == "a file"


def test_a_nuclide_that_emits_nothing_has_no_figure(tmp_path: Path) -> None:
    silent = {
        "name": "Hf-177", "lines": {},
        "beta": {"energy_keV": [], "electrons_per_keV": [], "positrons_per_keV": []},
    }  # fmt: skip
    with pytest.raises(InputError, match="Hf-177: emits nothing that could be drawn"):
        nuclide_figure(silent, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_validation_without_rows_is_a_report_without_figures(tmp_path: Path) -> None:
    document = {"document": "ligandose.validation", "rows": [], "summary": {}}
    page = write_report(document, tmp_path / "out")
    assert page.is_file()
    assert not (page.parent / "figures").exists()
