"""What cannot be a phantom, a spacing or a folder is refused, and nothing is written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.hosts import phantom
from ligandose.hosts.phantom_rows import parameters, row
from ligandose.report.phantom_figure import write_phantom


def test_an_unknown_phantom_is_named_and_the_nearest_suggested() -> None:
    with pytest.raises(UnknownNameError, match=r"'adult-mal'.*adult-male"):
        phantom("adult-mal")


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"phantom adult-male: unknown region 'kidny'"):
        phantom("adult-male").region_index("kidny")


@pytest.mark.parametrize(
    "spacing", [0.0, -1.0, float("nan"), float("inf"), (1.0, 2.0), (2.0, 2.0, 0.0), []]
)
def test_a_spacing_that_is_no_length_is_refused(spacing: object) -> None:
    with pytest.raises(InputError, match="spacing_mm"):
        phantom("adult-male").label_map(spacing)  # type: ignore[arg-type]


def test_too_many_voxels_are_refused_with_the_limit() -> None:
    with pytest.raises(InputError, match=r"5e\+08"):
        phantom("adult-male").label_map(0.1)
    with pytest.raises(InputError, match=r"5e\+08"):
        phantom("adult-male").label_map(1e-300)


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(InputError, match="margin_mm"):
        phantom("adult-male").label_map(10.0, margin_mm=-1.0)


@pytest.mark.parametrize("points", [[1.0, 2.0, 3.0], [[1.0, 2.0]], [[np.nan, 0.0, 0.0]]])
def test_points_that_are_none_are_refused(points: object) -> None:
    with pytest.raises(InputError, match="points_cm"):
        phantom("adult-male").region_at(points)


def test_a_garbled_table_is_named() -> None:
    with pytest.raises(DataError, match=r"phantom_shapes\.csv liver"):
        parameters("x0=1;y0", "phantom_shapes.csv liver")
    with pytest.raises(DataError, match="unknown kind 'cube'"):
        row("cube", {})


@pytest.mark.parametrize(("name", "spacing"), [("adult-mail", 5.0), ("adult-male", -2.0)])
def test_nothing_is_written_for_bad_input(tmp_path: Path, name: str, spacing: float) -> None:
    with pytest.raises(InputError):
        write_phantom(name, tmp_path / "out", spacing_mm=spacing)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_foreign_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="nothing was written"):
        write_phantom("adult-male", tmp_path, spacing_mm=10.0)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_the_folder_holds_figure_masses_and_a_label_map_that_agrees(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    folder = write_phantom("adult-female", tmp_path / "out", spacing_mm=10.0)
    names = {p.name for p in folder.iterdir()}
    assert names == {
        "phantom.svg", "phantom.png", "phantom.csv", "label_map.nii.gz", "labels.csv",
        "labels.json", "manifest.json",
    }  # fmt: skip
    image = nibabel.load(folder / "label_map.nii.gz")
    model = phantom("adult-female")
    labels, affine = model.label_map(10.0)
    np.testing.assert_array_equal(np.asarray(image.dataobj), labels)
    np.testing.assert_allclose(image.affine, affine, atol=1e-4)  # the header holds float32
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.get_data_dtype() == np.uint8
    document = json.loads((folder / "labels.json").read_text())
    assert [entry["region"] for entry in document["labels"][1:]] == list(model.regions)
    counts = [entry["voxels"] for entry in document["labels"]]
    assert counts == np.bincount(labels.ravel(), minlength=len(counts)).tolist()
    first = (folder / "label_map.nii.gz").read_bytes()
    write_phantom("adult-female", folder, spacing_mm=10.0)
    assert (folder / "label_map.nii.gz").read_bytes() == first
    assert gzip.decompress(first)[344:348] == b"n+1\0"
