"""Orthanc, a PACS of Debian's packages, sends a study to our node, and takes what we write."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from ligandose.imaging import (
    Identity,
    Scan,
    axial_grid,
    region_from_mask,
    write_ct,
    write_parametric_map,
    write_rtdose,
    write_seg,
)
from ligandose.plan import DicomNode

ORTHANC = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
WAIT_S = 40.0

pytestmark = pytest.mark.skipif(
    not Path(ORTHANC).is_file(), reason="Orthanc is not installed (apt-get install orthanc)"
)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Pacs:
    """An Orthanc of our own in a folder, on loopback."""

    def __init__(self, folder, node_port):
        self.http = free_port()
        settings = {
            "Name": "test", "StorageDirectory": str(folder / "db"),
            "IndexDirectory": str(folder / "db"), "Plugins": [], "HttpPort": self.http,
            "DicomPort": free_port(), "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
            "DicomServerEnabled": True, "DicomModalities": {
                "ligandose": ["LIGANDOSE", "127.0.0.1", node_port]},
        }  # fmt: skip
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.process = subprocess.Popen(
            [ORTHANC, str(folder / "orthanc.json")], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                self.ask("/system")
                return
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.close()
                    raise
                time.sleep(0.2)

    def ask(self, path, data=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data=data)
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read())

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=WAIT_S)


@pytest.fixture
def pacs(tmp_path):
    with DicomNode(tmp_path / "in", port=0, say=lambda text: None) as node:
        here = Pacs(tmp_path, node.port)
        try:
            yield here, node
        finally:
            here.close()


@pytest.fixture
def written(tmp_path):
    """Return files of every kind that we read or write."""
    grid = axial_grid((4, 8, 8), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    rng = np.random.default_rng(1)
    identity = Identity("P01", "1.2.826.0.1.3680043.8.498.1", True)
    values = rng.integers(-900, 900, grid.shape).astype(np.float32)
    scan = Scan(identity, START, 60.0, "Lu-177", START, 7.4e9)
    write_ct(tmp_path / "ct", values, grid, scan=scan)
    dose = rng.random(grid.shape).astype(np.float32)
    write_rtdose(tmp_path / "dose.dcm", dose, grid, identity=identity)
    write_parametric_map(
        tmp_path / "map.dcm", dose, grid, quantity="absorbed dose", identity=identity
    )
    region = region_from_mask("liver", (dose > 0.5).astype(np.float32), grid, source="test")
    write_seg(tmp_path / "seg.dcm", [region], identity=identity)
    others = [tmp_path / name for name in ("dose.dcm", "map.dcm", "seg.dcm")]
    return [*sorted((tmp_path / "ct").iterdir()), *others]


def test_a_study_comes_from_orthanc_whole(pacs, written, tmp_path):
    orthanc, node = pacs
    names = [orthanc.ask("/instances", file.read_bytes())["ID"] for file in written]
    assert len(set(names)) == len(written)
    done = orthanc.ask("/modalities/ligandose/store", json.dumps(names).encode())
    assert done["FailedInstancesCount"] == 0
    assert node.stored == len(written)
    found = {p.stem: pydicom.dcmread(p) for p in (tmp_path / "in").rglob("*.dcm")}
    sent = [pydicom.dcmread(p) for p in written]
    assert set(found) == {str(d.SOPInstanceUID) for d in sent}
    for one in sent:
        same = found[str(one.SOPInstanceUID)]
        key = "FloatPixelData" if "FloatPixelData" in one else "PixelData"
        assert bytes(getattr(same, key)) == bytes(getattr(one, key))
