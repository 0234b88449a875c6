"""A whole case with known truth in a folder: images, regions, case.yaml and truth.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from ligandose.errors import InputError
from ligandose.imaging.generate import (
    Camera,
    VirtualPatient,
    counted,
    expected_counts,
    image_grid,
    noisy_ct,
)
from ligandose.imaging.identity import Identity, atomically, new_uid
from ligandose.imaging.regions import Region
from ligandose.imaging.scanner_files import Scan, write_ct, write_rtstruct, write_spect
from ligandose.imaging.write import write_seg
from ligandose.nuclides import nuclide

ADMINISTERED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A made-up patient's made-up morning."""
HOUR_S = 3600.0


def generate_case(
    folder: Path | str,
    patient: VirtualPatient,
    activity_Bq: Callable[[float], Mapping[str, float]],
    *,
    nuclide_name: str,
    administered_Bq: float,
    time_h: Sequence[float],
    outlined: Sequence[str],
    camera: Camera | None = None,
    outlines_as: str = "RTSTRUCT",
    seed: int = 1,
    label: str = "VIRTUAL-1",
) -> Path:
    """Write SPECT/CT at several times with outlines, case.yaml and the truth.

    Args:
        folder: a new or empty folder.
        patient: who is seen.
        activity_Bq: gives the activity of the regions at a time (s) after the administration, such
            as `course_activity` of a simulated course.
        nuclide_name, administered_Bq: of the administration.
        time_h: of the images, after the administration.
        outlined: regions to outline (true outlines on the CT).
        camera: default settings where None.
        outlines_as: "RTSTRUCT" or "SEG".
        seed: same seed, same files.
        label: of the patient.

    Returns:
        the path of case.yaml.

    Raises:
        InputError: a folder that is not empty, unknown regions or times.
    """
    root = Path(folder)
    if root.exists() and any(root.iterdir()):
        raise InputError(f"{root}: is not empty; give a new folder")
    if outlines_as not in ("RTSTRUCT", "SEG"):
        raise InputError(f"outlines_as: {outlines_as!r}, allowed are RTSTRUCT and SEG")
    camera = camera or Camera()
    name = nuclide(nuclide_name).name
    grid = image_grid(patient, camera)
    images: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    for number, hours in enumerate(time_h):
        frame = new_uid(label, "frame", number)
        identity = Identity(label, frame, keep_frame_of_reference=True)
        start = ADMINISTERED_AT + timedelta(hours=hours)
        scan = Scan(identity, start, camera.duration_s, name, ADMINISTERED_AT, administered_Bq)
        amounts = activity_Bq(hours * HOUR_S)
        expected = expected_counts(patient, amounts, nuclide_name=name, camera=camera)
        stem = f"{hours:g}h"
        counts = counted(expected, seed=seed, acquisition=number)
        write_spect(root / f"spect_{stem}", counts, grid, scan=scan)
        ct = noisy_ct(patient, seed=seed, scan=number)
        write_ct(root / f"ct_{stem}", ct, patient.grid, scan=scan)
        regions = [patient.region(region) for region in outlined]
        file = _write_outlines(root, stem, regions, identity, outlines_as)
        images.append(
            {
                "activity": f"spect_{stem}",
                "ct": f"ct_{stem}",
                "calibration": {
                    "sensitivity_cps_per_MBq": camera.sensitivity_cps_per_MBq,
                    "counting_time_s": camera.duration_s,
                },
                "regions": [{"file": file, "names": {r: r for r in outlined}}],
            }
        )
        truth.append({"time_s": hours * HOUR_S, "activity_Bq": dict(amounts)})
    _write_text(root / "truth.json", json.dumps(_truth(patient, outlined, truth), indent=1))
    case = {
        "case": label,
        "nuclide": name,
        "administered_GBq": administered_Bq / 1e9,
        "administered_at": ADMINISTERED_AT.isoformat(),
        "images": images,
    }
    return _write_text(root / "case.yaml", yaml.safe_dump(case, sort_keys=False))


def _write_outlines(
    root: Path, stem: str, regions: Sequence[Region], identity: Identity, kind: str
) -> str:
    if kind == "SEG":
        return write_seg(root / f"regions_{stem}.dcm", regions, identity=identity).name
    return write_rtstruct(root / f"regions_{stem}.dcm", regions, identity=identity).name


def _truth(
    patient: VirtualPatient, outlined: Sequence[str], images: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "phantom": patient.name,
        "volume_mL": {region: patient.volume_mL(region) for region in outlined},
        "images": images,
    }


def _write_text(path: Path, text: str) -> Path:
    return atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
