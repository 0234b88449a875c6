"""What is written is read back; what scanners write in many ways means the same."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
import scipy.ndimage
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ligandose.imaging import (
    Calibration,
    Camera,
    Identity,
    Lesion,
    Scan,
    axial_grid,
    expected_counts,
    generate_case,
    image_grid,
    label_map,
    moved,
    onto,
    read_activity,
    read_case,
    read_ct,
    read_regions,
    read_time_points,
    read_volume,
    region_from_mask,
    register,
    virtual_patient,
    write_ct,
    write_nifti,
    write_parametric_map,
    write_pet,
    write_rtdose,
    write_rtstruct,
    write_seg,
    write_spect,
)
from ligandose.imaging.activity import decay_per_s
from ligandose.imaging.contours import polygon_share
from ligandose.imaging.grid import Grid
from ligandose.imaging.outlines import outlines

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
FRAME = "1.2.840.99999.1.5"
SECRET = ("Doe", "19610203", "1.2.840.99999")


def scan(nuclide="Lu-177", duration_s=1200.0, frame=FRAME):
    given = START - timedelta(hours=4)
    return Scan(Identity("P01", frame, True), START, duration_s, nuclide, given, 7.4e9)


@pytest.fixture(scope="module")
def small():
    grid = axial_grid((6, 7, 8), (4.8, 4.7, 4.6), (-20.0, -10.0, 30.0))
    counts = np.random.default_rng(3).poisson(40.0, grid.shape).astype(np.float32)
    return grid, counts


def oblique(shape=(6, 7, 8)):
    row = np.array([0.8, 0.6, 0.0])
    column = np.array([0.0, 0.0, -1.0])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * 2.0, column * 2.5
    affine[:3, 2] = np.cross(row, column) * 4.0
    affine[:3, 3] = (-12.0, 30.0, 5.0)
    return Grid(shape, affine)


def test_spect_in_counts_becomes_activity(tmp_path, small):
    grid, counts = small
    write_spect(tmp_path, counts, grid, scan=scan())
    calibration = Calibration(sensitivity_cps_per_MBq=10.0, counting_time_s=1200.0)
    image = read_activity(tmp_path, calibration=calibration)
    rate = decay_per_s("Lu-177")
    within = rate * 1200.0 / (1.0 - np.exp(-rate * 1200.0))
    wanted = counts * within * 1e6 / (10.0 * 1200.0 * grid.voxel_mL)
    np.testing.assert_allclose(image.values_Bq_mL, wanted, rtol=1e-5)  # float32
    assert image.grid.same_as(grid)
    assert (image.nuclide, image.start, image.reference) == ("Lu-177", START, START)
    assert image.frame_of_reference == FRAME


def test_negative_slice_spacing_stacks_the_other_way(tmp_path, small):
    grid, counts = small
    file = write_spect(tmp_path, counts, grid, scan=scan())
    dataset = pydicom.dcmread(file)
    dataset.SpacingBetweenSlices = -grid.spacing_mm[0]
    dataset.DetectorInformationSequence[0].ImagePositionPatient = [
        *grid.affine_lps_mm[:2, 3], grid.affine_lps_mm[2, 3] + 5 * grid.spacing_mm[0],
    ]  # fmt: skip
    dataset.PixelData = dataset.pixel_array[::-1].tobytes()
    dataset.save_as(file)
    image = read_activity(tmp_path, calibration=Calibration(Bq_mL_per_count=1.0))
    assert image.grid.same_as(grid)
    relative = image.values_Bq_mL / image.values_Bq_mL.max()
    np.testing.assert_allclose(relative, counts / counts.max(), rtol=1e-6)  # float32


@pytest.mark.parametrize("correction", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize("slices_per_bed", [None, 2])
def test_pet_means_the_same_however_it_is_corrected(tmp_path, small, correction, slices_per_bed):
    grid, counts = small
    at_start = counts * 1e3
    write_pet(
        tmp_path, at_start, grid, scan=scan("F-18", 180.0), correction=correction,
        slices_per_bed=slices_per_bed,
    )  # fmt: skip
    image = read_activity(tmp_path).at_start()
    # 15 bits for each slice
    np.testing.assert_allclose(image.values_Bq_mL, at_start, atol=at_start.max() / 32767)
    assert image.start == START


def test_decay_factors_tell_what_START_means(tmp_path, small):
    """A series time an hour before the acquisition is the reference only if the factors say so."""
    grid, counts = small
    rate = decay_per_s("F-18")
    for factor_from_series in (True, False):
        folder = tmp_path / str(factor_from_series)
        for file in write_pet(folder, counts, grid, scan=scan("F-18", 180.0)):
            dataset = pydicom.dcmread(file)
            dataset.SeriesTime = "080000"
            if factor_from_series:
                dataset.DecayFactor = f"{float(dataset.DecayFactor) * np.exp(rate * 3600.0):.10g}"
            dataset.save_as(file)
        image = read_activity(folder)
        hours = (image.start - image.reference).total_seconds() / 3600.0
        assert hours == (1.0 if factor_from_series else 0.0)


def enhanced(source_files, modality):
    """Return classic slices as one enhanced multi-frame image, last slice first."""
    parts = [pydicom.dcmread(f) for f in reversed(source_files)]
    first = parts[0]
    whole = pydicom.dcmread(source_files[0])
    moved_words = (
        "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "DecayFactor",
        "RescaleSlope", "RescaleIntercept", "RescaleType", "Units", "DecayCorrection",
    )  # fmt: skip
    for word in moved_words:
        if word in whole:
            delattr(whole, word)
    frames, shared, orientation, measures = [], Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, first.SliceThickness
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelMeasuresSequence = Sequence([measures])
    for part in parts:
        item, place, scale, content = Dataset(), Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = part.ImagePositionPatient
        scale.RescaleSlope, scale.RescaleIntercept = part.RescaleSlope, part.RescaleIntercept
        scale.RescaleType = "HU" if modality == "CT" else "US"
        content.FrameAcquisitionDateTime = part.AcquisitionDate + part.AcquisitionTime
        content.FrameAcquisitionDuration = 180_000.0
        item.PlanePositionSequence = Sequence([place])
        item.PixelValueTransformationSequence = Sequence([scale])
        item.FrameContentSequence = Sequence([content])
        if modality == "PT":
            unit, mapping = Dataset(), Dataset()
            unit.CodeValue, unit.CodingSchemeDesignator = "Bq/ml", "UCUM"
            unit.CodeMeaning = "Becquerels/milliliter"
            mapping.MeasurementUnitsCodeSequence = Sequence([unit])
            mapping.RealWorldValueSlope = float(part.RescaleSlope)
            mapping.RealWorldValueIntercept = 0.0
            item.RealWorldValueMappingSequence = Sequence([mapping])
        frames.append(item)
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    whole.NumberOfFrames = len(parts)
    whole.PixelData = b"".join(p.PixelData for p in parts)
    if modality == "PT":
        whole.DecayCorrected = "YES"
        whole.DecayCorrectionDateTime = START.strftime("%Y%m%d%H%M%S.%f")
    return whole


def test_enhanced_pet_and_ct_are_the_classic_ones(tmp_path, small):
    grid, counts = small
    pet = write_pet(tmp_path / "pet", counts, grid, scan=scan("Y-90", 180.0))
    ct = write_ct(tmp_path / "ct", 20.0 * counts - 1000.0, grid, scan=scan())
    for kind, files in (("PT", pet), ("CT", ct)):
        (tmp_path / f"e{kind}").mkdir()
        enhanced(files, kind).save_as(tmp_path / f"e{kind}" / "one.dcm")
    classic, multi = read_activity(tmp_path / "pet"), read_activity(tmp_path / "ePT")
    np.testing.assert_allclose(multi.values_Bq_mL, classic.values_Bq_mL, rtol=1e-6)
    assert multi.grid.same_as(classic.grid)
    assert multi.reference == classic.reference == START
    one, other = read_ct(tmp_path / "ct"), read_ct(tmp_path / "eCT")
    np.testing.assert_array_equal(one.values_HU, other.values_HU)
    np.testing.assert_array_equal(one.values_HU, 20.0 * counts - 1000.0)


def test_oblique_slices_in_any_order_of_files(tmp_path):
    grid = oblique()
    values = np.random.default_rng(5).integers(-1000, 500, grid.shape).astype(np.float32)
    files = write_ct(tmp_path / "a", values, grid, scan=scan())
    (tmp_path / "b").mkdir()
    for k, file in enumerate(np.random.default_rng(1).permutation([str(f) for f in files])):
        shutil.copy(file, tmp_path / "b" / f"{k}.dcm")
    ct = read_ct(tmp_path / "b")
    assert ct.grid.same_as(grid)
    np.testing.assert_array_equal(ct.values_HU, values)


@pytest.mark.parametrize("seed", range(40))
def test_outlines_are_the_mask(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(tuple(rng.integers(1, 14, 2))) < rng.random()
    share = polygon_share(outlines(mask), *mask.shape)
    np.testing.assert_allclose(share, mask, atol=1e-12)


def blobs(grid):
    z, y, x = np.indices(grid.shape)
    ball = (z - 3) ** 2 + (y - 3) ** 2 + (x - 2) ** 2 <= 5
    shell = ball & ~((z == 3) & (y == 3) & (x == 2))
    return [
        region_from_mask("kidneys", shell, grid, source="test"),
        region_from_mask("lesion:A", (x >= 6) & (z > 1), grid, source="test"),
    ]


@pytest.mark.parametrize("where", ["axial", "oblique"])
def test_rtstruct_seg_and_label_maps_bring_the_same_regions(tmp_path, small, where):
    grid = small[0] if where == "axial" else oblique()
    regions = blobs(grid)
    identity = Identity("P01", FRAME, True)
    write_rtstruct(tmp_path / "rt.dcm", regions, identity=identity)
    write_seg(tmp_path / "seg.dcm", regions, identity=identity)
    labels, names = label_map(regions)
    write_nifti(tmp_path / "labels.nii.gz", labels, grid)
    same = {r.name: r.name for r in regions}
    numbered = {str(n): name for n, name in names.items()}
    for file, keys in (("rt.dcm", same), ("seg.dcm", same), ("labels.nii.gz", numbered)):
        found = read_regions(tmp_path / file, keys, grid=grid, frame_of_reference=FRAME)
        for mine, theirs in zip(regions, found, strict=True):
            assert theirs.name == mine.name
            np.testing.assert_array_equal(onto(theirs, grid).mask(), mine.mask())


def test_parts_go_to_one_region(tmp_path, small):
    grid = small[0]
    z, _, x = np.indices(grid.shape)
    left, right = (x < 3) & (z > 2), (x > 4) & (z > 2)
    labels = np.zeros(grid.shape, np.uint8)
    labels[left], labels[right] = 1, 2
    write_nifti(tmp_path / "k.nii", labels, grid)
    (both,) = read_regions(tmp_path / "k.nii", {"1": "kidneys", "2": "kidneys"})
    np.testing.assert_array_equal(both.mask(), left | right)


def every_value(dataset):
    for element in dataset.iterall():
        yield str(element.value)


def test_results_are_read_back_and_name_nobody(tmp_path, small):
    grid = small[0]
    dose = np.random.default_rng(2).random(grid.shape) * 30.0
    identity = Identity("P01", "1.2.840.99999.7")
    files = [
        write_rtdose(tmp_path / "d.dcm", dose, grid, identity=identity),
        write_rtdose(tmp_path / "e.dcm", dose, grid, identity=identity, kind="EFFECTIVE"),
        write_parametric_map(
            tmp_path / "p.dcm", dose, grid, quantity="absorbed dose", identity=identity
        ),
        write_seg(tmp_path / "s.dcm", blobs(grid), identity=identity),
    ]
    frames, studies = set(), set()
    for file in files:
        dataset = pydicom.dcmread(file)
        text = "\n".join(every_value(dataset))
        assert not any(word in text for word in SECRET)
        assert (dataset.PatientName, dataset.PatientID) == ("", "P01")
        assert dataset.PatientIdentityRemoved == "YES"
        assert dataset.SOPInstanceUID.startswith("2.25.")
        assert len(dataset.SOPInstanceUID) <= 64
        frames.add(dataset.FrameOfReferenceUID)
        studies.add(dataset.StudyInstanceUID)
    assert len(frames) == len(studies) == 1
    rt, effective = pydicom.dcmread(files[0]), pydicom.dcmread(files[1])
    assert (rt.DoseType, effective.DoseType, rt.DoseUnits) == ("PHYSICAL", "EFFECTIVE", "GY")
    read = rt.pixel_array * float(rt.DoseGridScaling)
    np.testing.assert_allclose(read, dose, atol=dose.max() / 2**31)  # 32 bits
    offsets = np.array(rt.GridFrameOffsetVector, float)
    np.testing.assert_allclose(offsets, np.arange(6) * 4.8, atol=1e-9)
    volume = highdicom.pm.ParametricMap.from_dataset(pydicom.dcmread(files[2])).get_volume()
    place = Grid(volume.array.shape, np.asarray(volume.affine)[:, [2, 1, 0, 3]])
    index = np.rint(grid.indices_zyx(place.points_lps_mm(np.argwhere(volume.array >= 0.0))))
    there = dose[tuple(index.astype(int).T)]
    np.testing.assert_allclose(volume.array.ravel(), there, rtol=1e-6)  # float32
    segments = highdicom.seg.segread(files[3])
    labels = [segments.get_segment_description(n).segment_label for n in (1, 2)]
    assert labels == ["kidneys", "lesion:A"]


def test_the_same_input_writes_the_same_bytes(tmp_path, small):
    grid = small[0]
    identity = Identity("P01")
    dose = np.ones(grid.shape)
    for write in (
        lambda f: write_rtdose(f, dose, grid, identity=identity),
        lambda f: write_parametric_map(f, dose, grid, quantity="BED", identity=identity),
        lambda f: write_seg(f, blobs(grid), identity=identity),
    ):
        assert write(tmp_path / "1.dcm").read_bytes() == write(tmp_path / "2.dcm").read_bytes()


@pytest.fixture(scope="module")
def written(tmp_path_factory, small):
    """One of every kind of file that is written."""
    folder, (grid, counts) = tmp_path_factory.mktemp("written"), small
    identity = Identity("P01", FRAME)
    regions = blobs(grid)
    return [
        write_rtdose(folder / "rtdose.dcm", counts, grid, identity=identity),
        write_parametric_map(folder / "pm.dcm", counts, grid, quantity="BED", identity=identity),
        write_seg(folder / "seg.dcm", regions, identity=identity),
        write_rtstruct(folder / "rt.dcm", regions, identity=identity),
        write_spect(folder / "spect", counts, grid, scan=scan()),
        write_pet(folder / "pet", counts, grid, scan=scan("F-18", 180.0))[0],
        write_ct(folder / "ct", 30.0 * counts - 1000.0, grid, scan=scan())[0],
    ]


def test_dcmtk_reads_what_is_written(written):
    if shutil.which("dcmdump") is None:
        pytest.skip("dcmtk is not installed (Debian package dcmtk)")
    for file in written:
        done = subprocess.run(["dcmdump", "+P", "0010,0020", str(file)], capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"P01" in done.stdout


def test_the_validator_of_dicom3tools_finds_no_error(written):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")
    for file in written:
        done = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True)
        errors = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        assert errors == [], file.name


def test_units_come_from_the_vendors_own_fields(tmp_path, small):
    """Philips counts with a concentration factor; SPECT with real-world values in kBq/ml."""
    grid, counts = small
    for file in write_pet(tmp_path / "pet", counts, grid, scan=scan("F-18", 180.0)):
        dataset = pydicom.dcmread(file)
        dataset.Units = "CNTS"
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x09, "DS", "2.5")
        dataset.save_as(file)
    pet = read_activity(tmp_path / "pet")
    np.testing.assert_allclose(pet.values_Bq_mL, 2.5 * counts, atol=2.5 * counts.max() / 32767)
    file = write_spect(tmp_path / "spect", counts, grid, scan=scan())
    dataset, mapping, unit = pydicom.dcmread(file), Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "kBq/ml", "UCUM", "kBq/ml"
    mapping.MeasurementUnitsCodeSequence = Sequence([unit])
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 0.5, 0.0
    dataset.RealWorldValueMappingSequence = Sequence([mapping])
    dataset.save_as(file)
    spect = read_activity(tmp_path / "spect", corrected_to="acquisition_start")
    np.testing.assert_allclose(spect.values_Bq_mL, 500.0 * counts, rtol=1e-6)


def test_a_processed_ge_series_keeps_its_scan_time(tmp_path, small):
    grid, counts = small
    for file in write_pet(tmp_path, counts, grid, scan=scan("F-18", 180.0)):
        dataset = pydicom.dcmread(file)
        dataset.SeriesTime = "170000"
        del dataset.DecayFactor
        block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", "20260301085500.00")
        dataset.save_as(file)
    image = read_activity(tmp_path)
    assert image.start - image.reference == timedelta(minutes=5)


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_nifti_is_read_back_in_its_place(tmp_path, ending):
    grid = oblique()
    values = np.random.default_rng(1).random(grid.shape)
    found = read_volume(write_nifti(tmp_path / f"v.{ending}", values, grid))
    np.testing.assert_allclose(found.single(), values, rtol=1e-6)  # float32
    np.testing.assert_allclose(found.grid.affine_lps_mm, grid.affine_lps_mm, atol=1e-4)


@pytest.fixture(scope="module")
def patient():
    lesion = Lesion("L1", "liver", 20.0)
    return virtual_patient(from_cm=24.0, to_cm=42.0, fine_mm=4.0, lesions=[lesion])


def amounts(time_s):
    return {
        "kidneys": 2e8 * 2 ** (-time_s / 2e5),
        "liver": 4e8 * 2 ** (-time_s / 3e5),
        "lesion:L1": 6e7 * 2 ** (-time_s / 4e5),
        "soft_tissue": 3e8 * 2 ** (-time_s / 1e5),
    }


@pytest.mark.parametrize("kind", ["RTSTRUCT", "SEG"])
def test_a_generated_case_is_read_back(tmp_path, patient, kind):
    camera = Camera(fwhm_mm=0.001, scatter_share=0.0)
    case = generate_case(
        tmp_path / "case", patient, amounts, nuclide_name="Lu-177", administered_Bq=7.4e9,
        time_h=[24.0, 4.0], outlined=["kidneys", "liver", "lesion:L1"], camera=camera,
        outlines_as=kind, seed=4,
    )  # fmt: skip
    points = read_time_points(read_case(case))
    assert [p.time_s for p in points] == [4 * 3600.0, 24 * 3600.0]
    truth = json.loads((tmp_path / "case" / "truth.json").read_text())
    for point in points:
        measured = point.region_activity_Bq()
        for region in point.regions:
            assert region.volume_mL == pytest.approx(truth["volume_mL"][region.name], rel=1e-5)
            true = amounts(point.time_s)[region.name]
            # without blur only voxels of the image that hold two regions blur (8 fine ones in 1),
            # and counting: over 1e5 counts in each region
            assert measured[region.name] == pytest.approx(true, rel=0.25)
        whole = point.activity.at_start().total_Bq
        # nothing is lost without blur; 1e7 counts
        assert whole == pytest.approx(sum(amounts(point.time_s).values()), rel=2e-3)
    density, covered = points[0].ct.density_on(points[0].activity.grid)
    kidneys = points[0].regions[0]
    assert kidneys.mean_of(density) == pytest.approx(1.04, abs=0.02)
    assert covered.max() == pytest.approx(1.0)


def test_a_case_of_nifti_images_with_sidecars(tmp_path, patient):
    camera = Camera(fwhm_mm=0.001, scatter_share=0.0)
    grid = image_grid(patient, camera)
    true = amounts(4 * 3600.0)
    counts = expected_counts(patient, true, nuclide_name="Lu-177", camera=camera)
    write_nifti(tmp_path / "a.nii.gz", counts, grid)
    write_nifti(tmp_path / "ct.nii.gz", patient.hounsfield(), patient.grid)
    labels, _ = label_map([patient.region("liver")])
    write_nifti(tmp_path / "labels.nii.gz", labels, patient.grid)
    (tmp_path / "a.yaml").write_text(
        "unit: counts\nacquired_at: 2026-01-05T13:00:00+01:00\ndecay_corrected_to: none\n"
        "duration_s: 1200\ncalibration: {sensitivity_cps_per_MBq: 20.0, counting_time_s: 1200.0}\n"
    )
    (tmp_path / "case.yaml").write_text(
        "case: P01\nnuclide: Lu-177\nadministered_GBq: 7.4\n"
        "administered_at: 2026-01-05T08:00:00Z\nimages:\n  - activity: a.nii.gz\n"
        "    ct: ct.nii.gz\n    regions: [{file: labels.nii.gz, names: {'1': liver}}]\n"
    )
    (point,) = read_time_points(read_case(tmp_path))
    assert point.time_s == 4 * 3600.0  # 13:00 at +01:00 is 12:00 UTC
    total = point.activity.at_start().total_Bq
    assert total == pytest.approx(sum(true.values()), rel=1e-4)  # float32, blur of 0.001 mm
    assert [r.name for r in point.regions] == ["liver"]
    assert point.regions[0].volume_mL == pytest.approx(patient.volume_mL("liver"), rel=1e-5)


def test_the_camera_keeps_counts_and_blurs_as_said(patient):
    camera = Camera(fwhm_mm=14.0, scatter_share=0.0, duration_s=1.0)
    seen = expected_counts(patient, {"lesion:L1": 1e9}, nuclide_name="Lu-177", camera=camera)
    total = 1e9 * camera.sensitivity_cps_per_MBq * 1e-6
    assert seen.sum() == pytest.approx(total, rel=2e-3)  # tails cut at 4 sigma and at the edge
    grid = image_grid(patient, camera)
    x = grid.points_lps_mm(np.stack([np.zeros(grid.shape[2])] * 2 + [np.arange(grid.shape[2])], 1))
    along = seen.sum(axis=(0, 1))
    middle = np.average(x[:, 0], weights=along)
    spread = np.average((x[:, 0] - middle) ** 2, weights=along)
    fine = patient.region("lesion:L1")
    cells = np.argwhere(fine.share > 0) + np.array(fine.start)
    own = patient.grid.points_lps_mm(cells)[:, 0].var()
    step = patient.grid.spacing_mm[2]
    wanted = own + (14.0 / 2.3548) ** 2 + step**2 / 4.0  # sphere, spread, two fine voxels to one
    assert spread == pytest.approx(wanted, rel=0.02)


def test_seeds_make_the_patient(patient):
    from ligandose.imaging import counted, noisy_ct

    expected = np.full((3, 4, 5), 20.0)
    np.testing.assert_array_equal(counted(expected, seed=1), counted(expected, seed=1))
    assert (counted(expected, seed=1) != counted(expected, seed=2)).any()
    assert (counted(expected, seed=1) != counted(expected, seed=1, acquisition=1)).any()
    noise = noisy_ct(patient, seed=3, sd_HU=10.0) - patient.hounsfield()
    inner = patient.labels > 0
    # rounding to whole HU adds 1/12
    assert noise[inner].std() == pytest.approx(np.sqrt(100.0 + 1.0 / 12.0), rel=0.02)


def test_the_ct_gives_the_densities_of_the_tissues(patient):
    from ligandose.imaging import default_curve

    density = default_curve().density_g_cm3(patient.hounsfield())
    for name in ("liver", "lungs", "bone_spine"):
        index = patient.regions.index(name)
        found = density[patient.labels == index + 1]
        np.testing.assert_allclose(found, patient.density_g_cm3[index], rtol=1e-4)


@pytest.mark.parametrize("kind", ["rigid", "affine"])
def test_registration_finds_a_known_shift(patient, kind):
    ct = patient.hounsfield()
    affine = np.array(patient.grid.affine_lps_mm)
    shift = np.array([9.0, -6.0, 5.0])
    affine[:3, 3] += shift
    other = Grid(patient.grid.shape, affine)
    found = register(ct, patient.grid, ct, other, kind=kind)
    # a fifth of a voxel (4 mm): a sampled metric
    assert found.shift_mm == pytest.approx(np.linalg.norm(shift), abs=0.8)
    assert found.improved
    assert found.correlation_after > 0.99
    back = moved(ct, other, patient.grid, registration=found, outside=-1000.0)
    inner = (slice(6, -6),) * 3
    assert np.corrcoef(back[inner].ravel(), ct[inner].ravel())[0, 1] > 0.98


def test_bending_brings_a_breath_back(patient):
    """The lower the deeper: a smooth shift towards the feet that grows to 10 mm."""
    ct, grid = patient.hounsfield()[:, ::2, ::2], thinned(patient.grid)
    z = grid.points_lps_mm(np.argwhere(np.ones(grid.shape)))[:, 2].reshape(grid.shape)
    depth = (z.max() - z) / np.ptp(z)
    index = np.indices(grid.shape, float)
    index[0] += 10.0 / grid.spacing_mm[0] * depth
    bent = scipy.ndimage.map_coordinates(ct, index, order=1, mode="nearest")
    rigid = register(ct, grid, bent, grid)
    found = register(ct, grid, bent, grid, kind="deformable", iterations=40)
    assert found.correlation_after > rigid.correlation_after
    assert found.improved
    assert found.least_jacobian > 0.0  # does not fold
    again = register(ct, grid, bent, grid, kind="deformable", iterations=40)
    assert again.correlation_after == found.correlation_after


def thinned(grid):
    affine = np.array(grid.affine_lps_mm)
    affine[:3, :2] *= 2.0
    depth, rows, columns = grid.shape
    return Grid((depth, (rows + 1) // 2, (columns + 1) // 2), affine)


def test_the_real_y90_pet_is_read():
    folder = Path(__file__).parents[3] / "shared" / "data" / "y90_pet"
    if not folder.is_dir():
        pytest.skip("../shared/data/y90_pet is not there")
    pet = read_volume(folder / "pet.nrrd")
    total = float(pet.single().sum()) * pet.grid.voxel_mL
    assert total / 1e6 == pytest.approx(1123.0, abs=1.0)  # MBq, as its README says
    names = {"Liver": "liver", "Tumor 1": "lesion:T1", "Tumor 2": "lesion:T2"}
    regions = read_regions(folder / "segmentation.nrrd", names)
    liver = regions[0]
    seen = onto(liver, pet.grid)
    assert seen.volume_mL == pytest.approx(liver.volume_mL, rel=1e-4)
    assert 1000.0 < liver.volume_mL < 3000.0
    # after radioembolisation nearly all of the activity lies in the liver
    assert seen.sum_over(pet.single()) * pet.grid.voxel_mL / total > 0.7
