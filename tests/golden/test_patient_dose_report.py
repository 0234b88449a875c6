"""From a DICOM folder to a report in one command: what is in it, who can read it, what is not."""

import json
import math
import shutil
import subprocess
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
import yaml

from ligandose.cli.main import main
from ligandose.imaging import Camera, Lesion, generate_case, virtual_patient

SECRETS = ("20260105", "20260106", "2026-01-05", "2026-01-06")
"""Dates of the made-up administration and images; what is written today has another date."""
REGION_KEYS = {
    "region", "mass_kg", "tia_Bq_s", "fit", "dose_Gy", "bed_Gy", "by_radiation", "dvh",
    "uncertainty", "volume_mL", "tiac_h", "s_value", "points", "curve", "recovery",
}  # fmt: skip
QUANTITY_KEYS = {"mean", "sd", "median", "p05", "p95"}
FILES = {
    "report.html", "report.pdf", "dose.json", "manifest.json", "tables/doses.csv",
    "tables/fits.csv", "tables/checks.csv", "images/rtdose_physical.dcm", "images/rtdose_bed.dcm",
    "images/parametric_map_dose.dcm", "images/parametric_map_tia.dcm", "images/regions_seg.dcm",
    "images/regions.nii.gz", "images/dose_Gy.nii.gz", "images/bed_Gy.nii.gz",
    "images/tia_Bq_s_mL.nii.gz", "images/density_g_cm3.nii.gz", "figures/dvh.svg",
    "figures/regions.png", "figures/registration.csv", "figures/tac.svg",
    "figures/uncertainty.svg",
}  # fmt: skip


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    body = virtual_patient(
        "adult-male", fine_mm=5.0, from_cm=24, to_cm=42, lesions=[Lesion("L1", "liver", 60.0)]
    )

    def activity(time_s):
        left = 0.5 ** (time_s / 2e5)
        return {"liver": 4e8 * left, "kidneys": 3e8 * left, "lesion:L1": 2e8 * left}

    file = generate_case(
        root / "case", body, activity, nuclide_name="Lu-177", administered_Bq=7.4e9,
        time_h=[24, 96], outlined=["liver", "kidneys", "lesion:L1"], camera=Camera(fwhm_mm=15.0),
    )  # fmt: skip
    case = yaml.safe_load(file.read_text())
    case["patient"] = {"disease": "mCRPC"}
    case["dose"] = {
        "recovery": {"model": "gtm", "fwhm_mm": 15.0, "fwhm_sd_mm": 1.5},
        "uncertainty": {"calibration": 0.05, "point": 0.05, "outline_fwhm_mm": 1.5},
    }
    file.write_text(yaml.safe_dump(case))
    assert main(["dose", str(root / "case"), "--engine", "local", "--out", str(root / "out")]) == 0
    return root


def files_of(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_the_folder_holds_everything(result):
    assert files_of(result / "out") >= FILES
    assert (result / "out/report.pdf").read_bytes().startswith(b"%PDF")


def test_the_document_has_its_keys(result):
    document = json.loads((result / "out/dose.json").read_text())
    assert document["document"] == "ligandose.dose"
    assert document["research_use_only"] is True
    regions = {r["region"]: r for r in document["regions"]}
    assert {"liver", "kidneys", "lesion:L1", "remainder"} <= set(regions)
    for name in ("liver", "kidneys", "lesion:L1"):
        assert set(regions[name]) >= REGION_KEYS
        assert set(regions[name]["dose_Gy"]) == QUANTITY_KEYS
        assert set(regions[name]["bed_Gy"]) >= QUANTITY_KEYS
        assert set(regions[name]["fit"]) >= {"model", "parameters", "aicc"}
        assert regions[name]["dose_Gy"]["p05"] < regions[name]["dose_Gy"]["p95"]
    assert {c["status"] for c in document["checks"]} <= {"ok", "note", "warning", "invalid"}
    assert len(document["provenance"]["input_sha256"]) == 64
    truth = 3e8 * 2e5 / math.log(2.0)
    # voxels of 10 mm under a blur of 15 mm, two points, counting noise
    assert regions["kidneys"]["tia_Bq_s"] == pytest.approx(truth, rel=0.05)


def test_dicom_is_read_by_others(result):
    images = result / "out/images"
    dose = pydicom.dcmread(images / "rtdose_physical.dcm")
    volume = np.asarray(nibabel.load(images / "dose_Gy.nii.gz").dataobj)
    values = dose.pixel_array * float(dose.DoseGridScaling)
    assert (dose.DoseType, dose.DoseUnits) == ("PHYSICAL", "GY")
    # half a step of 32 bits, and float32 in NIfTI
    np.testing.assert_allclose(values.transpose(2, 1, 0), volume, atol=1e-6 * volume.max())
    assert pydicom.dcmread(images / "rtdose_bed.dcm").DoseType == "EFFECTIVE"
    labels = highdicom.seg.segread(images / "regions_seg.dcm")
    assert {str(d.SegmentLabel) for d in labels.SegmentSequence} == {
        "liver", "kidneys", "lesion:L1",
    }  # fmt: skip
    assert pydicom.dcmread(images / "parametric_map_dose.dcm").Modality == "OT"


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="dcmtk is not installed")
def test_dicom_is_read_by_dcmtk(result):
    for file in sorted((result / "out/images").glob("*.dcm")):
        done = subprocess.run(["dcmdump", "-q", str(file)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dicom_is_valid_by_dciodvfy(result, tmp_path):
    """The validator of dicom3tools finds no error; it warns of dates that are left out."""
    files = sorted((result / "out/images").glob("*.dcm"))
    assert len(files) == 5
    for file in files:
        shown = file
        if file.name.startswith("rtdose"):  # Debian's dciodvfy aborts on 32 bits in words of 16
            dataset = pydicom.dcmread(file)
            upper = (dataset.pixel_array >> 16).astype("<u2")
            dataset.BitsAllocated = dataset.BitsStored = 16
            dataset.HighBit, dataset.PixelData = 15, upper.tobytes()
            shown = tmp_path / file.name
            dataset.save_as(shown)
        done = subprocess.run(["dciodvfy", str(shown)], capture_output=True, text=True, check=False)
        text = done.stdout + done.stderr
        assert "Error" not in text, f"{file.name}: {text}"
        assert any(word in text for word in ("RTDose", "Segmentation", "ParametricMap")), text


def test_parametric_maps_hold_the_dose_at_its_place(result):
    images = result / "out/images"
    volume = highdicom.imread(images / "parametric_map_dose.dcm").get_volume()
    nifti = nibabel.load(images / "dose_Gy.nii.gz")
    # slices from head to foot there, from foot to head in NIfTI, whose x and y are turned round
    np.testing.assert_array_equal(
        volume.array[::-1].transpose(2, 1, 0).astype(np.float32),
        np.asarray(nifti.dataobj, np.float32),
    )
    top = np.array([0.0, 0.0, volume.shape[0] - 1.0, 1.0])
    origin = np.diag([-1.0, -1.0, 1.0, 1.0]) @ nifti.affine @ top  # RAS to LPS
    np.testing.assert_allclose(volume.affine[:3, 3], origin[:3], atol=1e-3)


def test_nothing_that_is_written_has_a_date_of_the_patient(result):
    for file in (result / "out").rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            for secret in SECRETS:
                assert secret.encode() not in raw, (file.name, secret)
    for file in (result / "out/images").glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        assert dataset.PatientID == "VIRTUAL-1"
        assert str(dataset.PatientName) == ""


def test_the_same_case_gives_the_same_bytes(result):
    again = result / "again"
    assert main(["dose", str(result / "case"), "--engine", "local", "--out", str(again)]) == 0
    assert files_of(again) == files_of(result / "out")
    changing = {"dose.json", "report.html", "report.pdf", "manifest.json"}  # the time of making
    for name in files_of(again) - changing:
        assert (again / name).read_bytes() == (result / "out" / name).read_bytes(), name


def test_another_engine_makes_other_objects_in_the_same_study(result):
    other = result / "kernel"
    assert main(["dose", str(result / "case"), "--engine", "kernel", "--out", str(other)]) == 0
    for name in ("rtdose_physical.dcm", "parametric_map_dose.dcm"):
        a, b = (pydicom.dcmread(f / "images" / name) for f in (result / "out", other))
        assert a.SOPInstanceUID != b.SOPInstanceUID
        assert a.SOPInstanceUID == a.file_meta.MediaStorageSOPInstanceUID
        assert a.SeriesInstanceUID != b.SeriesInstanceUID
        assert a.StudyInstanceUID == b.StudyInstanceUID
        assert a.FrameOfReferenceUID == b.FrameOfReferenceUID
    same = (f / "images/regions_seg.dcm" for f in (result / "out", other))
    assert len({p.read_bytes() for p in same}) == 1


def test_the_example_of_a_table_runs(capsys):
    example = Path(__file__).parents[2] / "examples" / "dose"
    assert main(["dose", str(example), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    for region in document["regions"]:
        assert {"region", "mass_kg", "tia_Bq_s", "fit", "dose_Gy", "bed_Gy", "by_radiation",
                "dvh"} <= set(region)  # fmt: skip
        assert set(region["dose_Gy"]) == QUANTITY_KEYS
        assert set(region["bed_Gy"]) >= QUANTITY_KEYS
        assert set(region["fit"]) >= {"model", "parameters", "aicc"}
    # the virtual patient's own: 2.29 Gy to the kidneys, of which 5 % noise and two points tell
    kidneys = document["regions"][0]["dose_Gy"]
    assert kidneys["p05"] < 2.29 < kidneys["p95"]


def test_templates_and_json(result, capsys, tmp_path):
    assert main(["dose", "--template", str(tmp_path / "case.yaml")]) == 0
    assert main(["dose", "--template", str(tmp_path / "activities.csv")]) == 0
    assert main(["dose", "--template", str(tmp_path / "activities.csv")]) == 2
    case = yaml.safe_load((tmp_path / "case.yaml").read_text())
    case.pop("images")
    case["activities"] = "activities.csv"
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
    capsys.readouterr()
    assert main(["dose", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["engine"] == "s_value"
    assert document["regions"][0]["dvh"] is None


def test_radioembolisation_of_a_real_pet(tmp_path, capsys):
    """Y-90 microspheres: one PET, nothing washes out; the dose is that of all its decays."""
    folder = Path(__file__).parents[3] / "shared" / "data" / "y90_pet"
    if not folder.is_dir():
        pytest.skip("../shared/data/y90_pet is not there")
    names = {"Liver": "liver", "Tumor 1": "lesion:T1", "Tumor 2": "lesion:T2"}
    image = {
        "activity": "pet.nrrd", "unit": "Bq/mL", "acquired_at": "2026-01-05T10:00:00",
        "decay_corrected_to": "acquisition_start",
        "regions": [{"file": "segmentation.nrrd", "names": names}],
    }  # fmt: skip
    case = {
        "case": "Y90", "nuclide": "Y-90", "administered_GBq": 1.4,
        "administered_at": "2026-01-05T09:00:00", "images": [image],
        "dose": {"kinetics": {"model": "physical"}},
    }  # fmt: skip
    for name in ("pet.nrrd", "segmentation.nrrd"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
    out = tmp_path / "out"
    assert main(["dose", str(tmp_path), "--engine", "kernel", "--out", str(out)]) == 0
    capsys.readouterr()
    document = json.loads((out / "dose.json").read_text())
    rows = {r["region"]: r for r in document["regions"]}
    engines = {r["region"]: r["dose_Gy"] for r in document["engines"]["regions"]}
    decay = math.log(2.0) / 230594.4  # 64.05 h
    total = document["time_points"][0]["activity_in_view_MBq"] * 1e6
    inside = sum(r["tia_Bq_s"] for r in rows.values()) * decay * math.exp(-decay * 3600.0)
    assert 0.7 < inside / total <= 1.0  # as imaging's own test has it
    for name in ("liver", "lesion:T1", "lesion:T2"):
        assert rows[name]["fit"]["model"] == "physical"
        # 0.933 MeV of electrons a decay, all of it in the voxel; no CT, so 1.04 g/mL
        mass = rows[name]["volume_mL"] * 1.04e-3
        wanted = rows[name]["tia_Bq_s"] * 0.933 * 1.60218e-13 / mass
        assert engines[name]["local"] == pytest.approx(wanted, rel=0.01)
        found = rows[name]["dose_Gy"]["median"]
        assert engines[name]["kernel"] == pytest.approx(found, rel=1e-6)
        # electrons leave over 4 mm: a hot tumour loses some, organs lose little
        assert found == pytest.approx(engines[name]["local"], rel=0.15)
    assert rows["lesion:T1"]["dose_Gy"]["median"] > rows["liver"]["dose_Gy"]["median"]
    assert rows["lesion:T1"]["dvh"]["d50_Gy"] > 0.0
    assert pydicom.dcmread(out / "images/rtdose_physical.dcm").DoseUnits == "GY"
