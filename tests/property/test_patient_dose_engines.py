"""Engines side by side: kinds of tissue, ratios, and where the Monte Carlo looks."""

import numpy as np
import pytest
import yaml

from ligandose.imaging import Camera, generate_case, virtual_patient
from ligandose.plan import patient_dose, received_document
from ligandose.plan.received_engines import BODY_FROM_G_CM3, tissue_kinds
from ligandose.report.received_engines import engine_section, signed


def test_kinds_of_tissue_share_the_body_out():
    density = np.full((6, 8, 10), 1.04, np.float32)
    density[:, :, :3] = 0.3
    density[:, :, 7:] = 1.5
    density[0] = 0.001
    kinds = tissue_kinds(density)
    total = sum(mask.astype(int) for mask in kinds.values())
    assert np.array_equal(total, (density >= BODY_FROM_G_CM3).astype(int))
    assert kinds["lung"][1:, :, :2].all()
    assert kinds["lung at soft tissue"][1:, :, 2].all()
    assert kinds["soft tissue at lung"][1:, :, 3].all()
    assert kinds["soft tissue"][1:, :, 4:6].all()
    assert kinds["soft tissue at bone"][1:, :, 6].all()


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    body = virtual_patient("adult-male", fine_mm=6.0, from_cm=28, to_cm=46)

    def activity(time_s):
        left = 0.5 ** (time_s / 2e5)
        return {"liver": 4e8 * left, "kidneys": 2e8 * left, "soft_tissue": 3e8 * left}

    file = generate_case(
        tmp_path_factory.mktemp("engines") / "case", body, activity, nuclide_name="Lu-177",
        administered_Bq=7.4e9, time_h=[24, 96], outlined=["liver", "kidneys"],
        camera=Camera(fwhm_mm=15.0),
    )  # fmt: skip
    content = yaml.safe_load(file.read_text())
    content["dose"] = {"uncertainty": {"point": 0.05}, "monte_carlo_in": ["kidneys"]}
    file.write_text(yaml.safe_dump(content))
    return file


def test_monte_carlo_looks_at_the_kidneys_and_the_engines_stand_beside_it(case):
    found = patient_dose(case, engine="mc", uncertainty=0.1, threads=2)
    document = received_document(found)
    shown = document["monte_carlo"]
    assert shown["asked_in"] == ["kidneys"]
    # voxels of which half lies in the region, and all that it touches: not the same median
    assert shown["regions"]["kidneys"] < 0.12
    assert shown["regions"]["liver"] > shown["regions"]["kidneys"]
    engines = document["engines"]
    assert engines["reference"] == "mc"
    for row in engines["regions"]:
        assert set(row["dose_Gy"]) == {"mc", "kernel", "local"}
        # 3 % is the promise in soft tissue; the mean of hundreds of voxels of 10 % has less noise
        assert row["ratio"]["kernel"] == pytest.approx(1.0, abs=0.03)
    kinds = {row["kind"]: row for row in engines["kinds"]}
    assert {"soft tissue", "bone", "lung"} <= set(kinds)
    # nothing decays in bone here: beside the blur of 15 mm it gets cross-fire, which local
    # deposition has not
    assert kinds["bone"]["ratio"]["local"] < 0.9
    section = engine_section(document)
    assert any("Kernels at a border of lung" in item for item in section.items)
    assert [t.name for t in section.tables] == ["engines_regions", "engines_kinds"]


def test_signed_differences():
    assert signed(None) == "–"
    assert signed(1.00001).startswith("0")
    assert signed(0.9).startswith("−10")
