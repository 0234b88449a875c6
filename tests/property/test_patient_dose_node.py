"""The DICOM node takes what it is sent, once, whole, and nothing else."""

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pynetdicom
import pytest
from pynetdicom.sop_class import CTImageStorage, Verification

from ligandose.errors import InputError
from ligandose.imaging import Identity, Scan, axial_grid, write_ct
from ligandose.plan import DicomNode

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def series(tmp_path):
    grid = axial_grid((3, 8, 8), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    values = np.random.default_rng(1).integers(-900, 900, grid.shape).astype(np.float32)
    scan = Scan(Identity("P01", "1.2.3.4", True), START, 60.0, "Lu-177", START, 7.4e9)
    write_ct(tmp_path / "ct", values, grid, scan=scan)
    return sorted((tmp_path / "ct").iterdir())


def listening(tmp_path, **more):
    return DicomNode(tmp_path / "in", port=0, say=lambda text: None, **more)


def associated(node, *contexts, called="LIGANDOSE"):
    entity = pynetdicom.AE(ae_title="TEST")
    for context in contexts:
        entity.add_requested_context(context)
    return entity.associate("127.0.0.1", node.port, ae_title=called)


def files_in(folder):
    return sorted(p for p in Path(folder).rglob("*.dcm"))


def test_echo_and_store_sort_by_study_and_series(tmp_path, series):
    with listening(tmp_path) as node:
        link = associated(node, Verification, CTImageStorage)
        assert link.send_c_echo().Status == 0
        for file in series:
            assert link.send_c_store(pydicom.dcmread(file)).Status == 0
        link.release()
        assert node.stored == len(series)
    found = files_in(tmp_path / "in")
    sent = [pydicom.dcmread(p) for p in series]
    assert {p.stem for p in found} == {d.SOPInstanceUID for d in sent}
    assert {p.parent.name for p in found} == {f"CT_{sent[0].SeriesInstanceUID}"}
    assert {p.parent.parent.name for p in found} == {sent[0].StudyInstanceUID}
    first = pydicom.dcmread(found[0])
    same = next(d for d in sent if d.SOPInstanceUID == first.SOPInstanceUID)
    assert np.array_equal(first.pixel_array, same.pixel_array)
    log = [json.loads(line) for line in (tmp_path / "in/received.jsonl").read_text().splitlines()]
    assert [line["what"] for line in log] == ["echo", *["stored"] * len(series)]
    assert not list((tmp_path / "in").rglob(".part-*"))


def test_the_same_object_again_is_taken_another_with_its_uid_is_not(tmp_path, series):
    one = pydicom.dcmread(series[0])
    with listening(tmp_path) as node:
        link = associated(node, CTImageStorage)
        assert link.send_c_store(one).Status == 0
        assert link.send_c_store(one).Status == 0
        before = files_in(tmp_path / "in")[0].read_bytes()
        one.InstanceNumber = 999
        assert link.send_c_store(one).Status == 0x0110
        link.release()
        assert (node.stored, node.refused) == (1, 1)
    assert files_in(tmp_path / "in")[0].read_bytes() == before


def test_names_that_are_no_uids_are_refused(tmp_path, series):
    one = pydicom.dcmread(series[0])
    one.SeriesInstanceUID = "../../etc"
    with listening(tmp_path) as node:
        link = associated(node, CTImageStorage)
        assert link.send_c_store(one).Status == 0xC000
        link.release()
    assert not files_in(tmp_path)[len(series) :]
    assert not files_in(tmp_path / "in")


def test_too_large_an_object_ends_the_association(tmp_path, series):
    with listening(tmp_path, most_bytes=600) as node:
        link = associated(node, CTImageStorage)
        status = link.send_c_store(pydicom.dcmread(series[0]))
        assert getattr(status, "Status", None) != 0
        deadline = time.monotonic() + 5.0  # the abort comes back over the socket
        while link.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert node.refused == 1
    assert not files_in(tmp_path / "in")


def test_another_title_is_not_answered(tmp_path):
    with listening(tmp_path) as node:
        assert not associated(node, Verification, called="OTHER").is_established


def test_a_taken_port_and_a_bad_title_are_errors(tmp_path):
    with (
        listening(tmp_path) as node,
        pytest.raises(InputError, match="--port"),
        DicomNode(tmp_path / "b", port=node.port, say=lambda text: None),
    ):
        pass
    with pytest.raises(InputError, match="--aet"), listening(tmp_path, aet="x" * 17):
        pass


@pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")
def test_storescu_of_dcmtk(tmp_path, series):
    with listening(tmp_path) as node:
        call = ["storescu", "-aec", "LIGANDOSE", "127.0.0.1", str(node.port), *map(str, series)]
        subprocess.run(call, check=True, capture_output=True, timeout=60)
        assert node.stored == len(series)
    assert len(files_in(tmp_path / "in")) == len(series)
