"""Images that cannot be trusted are refused with what to do; nothing is written by half."""

import gzip
import shutil
import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import pydicom
import pytest

from ligandose.errors import InputError, LigandoseError, UnknownNameError
from ligandose.imaging import (
    Calibration,
    Identity,
    Scan,
    axial_grid,
    combined,
    density_curve,
    find_series,
    generate_case,
    onto,
    read_activity,
    read_case,
    read_ct,
    read_regions,
    read_time_points,
    read_volume,
    region_from_mask,
    virtual_patient,
    volume_activity,
    write_ct,
    write_nifti,
    write_parametric_map,
    write_pet,
    write_rtdose,
    write_rtstruct,
    write_seg,
    write_spect,
)
from ligandose.imaging.case_schema import SidecarPart
from ligandose.imaging.contours import contour_share
from ligandose.imaging.sidecar import agreed

START = datetime(2026, 3, 1, 9, 0)
GRID = axial_grid((6, 7, 8), (4.8, 4.7, 4.6), (-20.0, -10.0, 30.0))
COUNTS = np.random.default_rng(3).poisson(40.0, GRID.shape).astype(np.float32)
FRAME = "1.2.840.99999.1.5"
PER_COUNT = Calibration(Bq_mL_per_count=1.0)


def scan(nuclide="Lu-177", duration_s=1200.0, start=START, frame=FRAME):
    given = start - timedelta(hours=4)
    return Scan(Identity("P01", frame, True), start, duration_s, nuclide, given, 7.4e9)


def changed(files, change):
    """Change the headers of files in place; `change` gets the data set and its number."""
    for number, file in enumerate([files] if hasattr(files, "suffix") else files):
        dataset = pydicom.dcmread(file)
        change(dataset, number)
        dataset.save_as(file)


def set_(**values):
    def change(dataset, _):
        for key, value in values.items():
            if value is None:
                del dataset[key]
            else:
                setattr(dataset, key, value)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_(ImageType=["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]), "RECON TOMO"),
        (set_(SpacingBetweenSlices=None), "SpacingBetweenSlices"),
        (set_(PixelSpacing=[4.7, 0.0]), "PixelSpacing"),
        (set_(PixelSpacing=None), "PixelSpacing"),
        (set_(AcquisitionTime=None), "acquired_at"),
        (set_(AcquisitionTime="2561"), "not a date|no such moment|must be in"),
        (set_(AcquisitionDate="16000101"), "before radioactivity"),
        (set_(Rows=0), "Rows"),
        (set_(Columns=60000), "Columns"),
        (set_(NumberOfFrames=5), "pixel"),
        (set_(RadiopharmaceuticalInformationSequence=None), "give nuclide"),
        (set_(SamplesPerPixel=3), "colour"),
        (set_(DecayCorrection="LATER"), "START, ADMIN"),
        (set_(TimezoneOffsetFromUTC="+99"), "Timezone"),
        (set_(SOPInstanceUID=""), "SOPInstanceUID"),
    ],
)
def test_spect_headers_that_break_a_rule(tmp_path, change, said):
    changed(write_spect(tmp_path, COUNTS, GRID, scan=scan()), change)
    with pytest.raises(InputError, match=said):
        read_activity(tmp_path, calibration=PER_COUNT)


def test_spect_with_unknown_duration_of_a_short_lived_nuclide_asks_for_it(tmp_path):
    """The header's 60 views x 60 s may be one head's or two heads'; for Ga-68 that matters."""
    write_spect(tmp_path, COUNTS, GRID, scan=scan("Ga-68", 3600.0))
    with pytest.raises(InputError, match="duration_s"):
        read_activity(tmp_path, calibration=PER_COUNT)
    image = read_activity(tmp_path, calibration=PER_COUNT, duration_s=1800.0)
    assert image.duration_s == 1800.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "in counts; give a calibration"),
        ({"calibration": PER_COUNT, "nuclide_name": "Y-90"}, "header says Lu-177"),
        ({"calibration": Calibration()}, "Bq_mL_per_count, or"),
        ({"calibration": Calibration(sensitivity_cps_per_MBq=9.0)}, "counting_time_s"),
        ({"calibration": Calibration(Bq_mL_per_count=-1.0)}, "positive"),
        ({"calibration": PER_COUNT, "acquired_at": START + timedelta(hours=1)}, "the header says"),
        (
            {"calibration": PER_COUNT, "corrected_to": datetime(2026, 3, 1, 8, tzinfo=UTC)},
            "only one has a time zone",
        ),
        ({"calibration": PER_COUNT, "corrected_to": "yesterday"}, "acquisition_start"),
        ({"calibration": PER_COUNT, "duration_s": -5.0}, "duration_s"),
        ({"calibration": PER_COUNT, "series_uid": "1.2.3"}, "no PT/NM series 1.2.3"),
    ],
)
def test_what_the_user_adds_must_fit(tmp_path, options, said):
    write_spect(tmp_path, COUNTS, GRID, scan=scan())
    with pytest.raises(LigandoseError, match=said):
        read_activity(tmp_path, **options)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_(Units="GML"), "SUV"),
        (set_(Units=None), "not stated"),
        (set_(DecayCorrection=None), "DecayCorrection is missing"),
        (set_(DecayFactor="1.5"), "fit neither"),
        (set_(SeriesTime="110000", DecayFactor=None), "processed later"),
        (set_(SeriesTime="080000", DecayFactor=None), "3600 s apart"),
        (set_(SeriesDate=None, DecayFactor=None), "missing"),
        (set_(RescaleSlope="0"), "RescaleSlope"),
        (set_(PixelRepresentation=1, RescaleSlope="-1"), "activity"),
        (lambda d, n: n == 2 and setattr(d, "DecayCorrection", "ADMIN"), "differently"),
        (lambda d, n: n == 2 and setattr(d, "Units", "CNTS"), "and in"),
        (lambda d, n: n == 2 and setattr(d, "Modality", "CT"), "Modality differs"),
        (lambda d, n: n == 2 and setattr(d, "FrameOfReferenceUID", "1.2"), "FrameOfReference"),
        (
            lambda d, n: setattr(
                d.RadiopharmaceuticalInformationSequence[0], "RadionuclideHalfLife", "4062.6"
            ),
            "another nuclide",
        ),
    ],
)
def test_pet_headers_that_break_a_rule(tmp_path, change, said):
    changed(write_pet(tmp_path, COUNTS, GRID, scan=scan("F-18", 180.0)), change)
    with pytest.raises(InputError, match=said):
        read_activity(tmp_path)


def test_a_calibration_of_becquerels_would_count_twice(tmp_path):
    write_pet(tmp_path, COUNTS, GRID, scan=scan("F-18", 180.0))
    with pytest.raises(InputError, match="twice"):
        read_activity(tmp_path, calibration=PER_COUNT)


def test_administration_without_a_date_that_lies_after_the_series(tmp_path):
    def change(dataset, _):
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        del item.RadiopharmaceuticalStartDateTime
        item.RadiopharmaceuticalStartTime = "230000"

    files = write_pet(tmp_path, COUNTS, GRID, scan=scan("F-18", 180.0), correction="ADMIN")
    changed(files, change)
    with pytest.raises(InputError, match="no date"):
        read_activity(tmp_path)


def shift(axis, mm, number=2):
    def change(dataset, k):
        if k == number:
            position = [float(v) for v in dataset.ImagePositionPatient]
            position[axis] += mm
            dataset.ImagePositionPatient = position

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (shift(2, 4.8), "same place"),
        (shift(2, 1.0), "different distances"),
        (shift(0, 3.0), "sideways"),
        (lambda d, n: setattr(d, "ImagePositionPatient", [0, n * 1.3, n * 4.8]), "sideways"),
        (lambda d, n: n == 2 and setattr(d, "PixelSpacing", [1, 1]), "pixel spacings"),
        (
            lambda d, n: n == 2 and setattr(d, "ImageOrientationPatient", [1, 0, 0, 0, 0, -1]),
            "localiser",
        ),
        (set_(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "unit vectors"),
        (set_(RescaleIntercept=None), "HU are unknown"),
        (set_(RescaleType="Z_EFF"), "not HU"),
        (set_(RescaleIntercept="0"), "no air or fat"),
        (set_(RescaleSlope="1000"), "no Hounsfield"),
        (set_(ImagePositionPatient=["1", "2"]), "3 finite numbers"),
    ],
)
def test_ct_slices_that_form_no_volume(tmp_path, change, said):
    changed(write_ct(tmp_path, 30 * COUNTS - 1000, GRID, scan=scan()), change)
    with pytest.raises(InputError, match=said):
        read_ct(tmp_path)


def test_missing_slices_mixed_series_and_copies(tmp_path):
    files = write_ct(tmp_path / "a", 30 * COUNTS - 1000, GRID, scan=scan())
    shutil.copy(files[0], tmp_path / "a" / "copy.dcm")
    with pytest.raises(InputError, match="same image"):
        read_ct(tmp_path / "a")
    (tmp_path / "a" / "copy.dcm").unlink()
    files[2].unlink()
    with pytest.raises(InputError, match="1 slices are missing"):
        read_ct(tmp_path / "a")
    write_ct(
        tmp_path / "a" / "b", 30 * COUNTS - 1000, GRID, scan=scan(start=START.replace(hour=10))
    )
    with pytest.raises(InputError, match="2 CT series"):
        read_ct(tmp_path / "a")
    for empty in (tmp_path / "none", tmp_path):
        (tmp_path / "none").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=r"no DICOM file|no PT/NM series"):
            read_activity(empty)
    with pytest.raises(InputError, match="no such folder"):
        find_series(tmp_path / "nowhere")


def ball(grid, name="liver", centre=(3, 3, 4), radius=2.2):
    z, y, x = np.indices(grid.shape)
    inside = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2
    return region_from_mask(name, inside, grid, source="test", frame_of_reference=FRAME)


def test_regions_out_of_place(tmp_path):
    region = ball(GRID)
    far = axial_grid((6, 7, 8), (4.8, 4.7, 4.6), (500.0, 0.0, 0.0))
    half = axial_grid((6, 7, 8), (4.8, 4.7, 4.6), (0.0, -10.0, 30.0))
    with pytest.raises(InputError, match="100% of region liver"):
        onto(region, far)
    with pytest.raises(InputError, match="outside of the image"):
        onto(region, half)
    with pytest.raises(InputError, match="another frame of reference"):
        onto(region, GRID, frame_of_reference="1.2.3")
    with pytest.raises(InputError, match="another grid"):
        combined([[region, ball(half, "spleen")]])
    with pytest.raises(InputError, match="stands in"):
        combined([[region], [ball(GRID)]])
    with pytest.raises(InputError, match="overlap"):
        combined([[region, ball(GRID, "spleen")]])
    with pytest.raises(InputError, match="leave nothing"):
        combined([[ball(GRID, radius=1.0), ball(GRID, "lesion:A", radius=3.0)]])
    with pytest.raises(InputError, match="empty"):
        region_from_mask("liver", np.zeros(GRID.shape), GRID, source="test")


def test_lesions_are_taken_out_of_their_organ():
    organ, lesion = combined([[ball(GRID)], [ball(GRID, "lesion:A", radius=1.0)]])
    assert not (organ.mask() & lesion.mask()).any()
    assert organ.volume_mL + lesion.volume_mL == pytest.approx(ball(GRID).volume_mL)


def disc(z, radius=20.0, centre=(0.0, 5.0), points=60):
    angle = np.arange(points) * 2 * np.pi / points
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    return np.column_stack([x, y, np.full(points, z)])


@pytest.mark.parametrize(
    ("contours", "said"),
    [
        ([disc(30.0), disc(34.8), disc(44.4)], "1 planes without contour"),
        ([disc(30.0), disc(34.8), disc(41.0)], "irregular"),
        ([disc(30.0), disc(30.0), disc(34.8)], "drawn twice"),
        ([disc(30.0), disc(30.0, centre=(12.0, 5.0)), disc(34.8)], "cross"),
        (
            [disc(30.0) + np.outer(np.arange(60), [0, 0, 0.1]), disc(34.8)],
            "leave the image's slices",
        ),
        ([disc(30.0)], "one plane"),
        ([], "no closed contour"),
        ([disc(30.0, centre=(400.0, 0.0)), disc(34.8, centre=(400.0, 0.0))], "outside"),
    ],
)
def test_contours_that_do_not_say_what_they_mean(contours, said):
    with pytest.raises(InputError, match=said):
        contour_share(contours, GRID, thickness_mm=None, label="liver")


def test_rtstruct_and_seg_that_do_not_fit(tmp_path):
    identity = Identity("P01", FRAME, True)
    rt = write_rtstruct(tmp_path / "rt.dcm", [ball(GRID)], identity=identity)
    seg = write_seg(tmp_path / "seg.dcm", [ball(GRID)], identity=identity)
    for file in (rt, seg):
        with pytest.raises(UnknownNameError, match="Leber"):
            read_regions(file, {"Leber": "liver"}, grid=GRID)
        with pytest.raises(UnknownNameError, match="livr"):
            read_regions(file, {"liver": "livr"}, grid=GRID)
        with pytest.raises(InputError, match="another frame"):
            read_regions(file, {"liver": "liver"}, grid=GRID, frame_of_reference="1.2.3")
    with pytest.raises(InputError, match="need the image"):
        read_regions(rt, {"liver": "liver"})
    changed(rt, lambda d, _: setattr(
        d.ROIContourSequence[0].ContourSequence[0], "ContourGeometricType", "POINT"
    ))  # fmt: skip
    with pytest.raises(InputError, match="CLOSED_PLANAR"):
        read_regions(rt, {"liver": "liver"}, grid=GRID)
    write_nifti(tmp_path / "l.nii", ball(GRID).mask() * 1.5, GRID)
    with pytest.raises(InputError, match="whole numbers"):
        read_regions(tmp_path / "l.nii", {"1": "liver"})
    write_nifti(tmp_path / "l.nii", ball(GRID).mask(), GRID)
    with pytest.raises(InputError, match="empty"):
        read_regions(tmp_path / "l.nii", {"2": "liver"})
    with pytest.raises(InputError, match="no label"):
        read_regions(tmp_path / "l.nii", {"liver": "liver"})


def nifti_header(shape, dtype=16, bits=32):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *[1] * (7 - len(shape)))
    struct.pack_into("<hh", header, 70, dtype, bits)
    struct.pack_into("<8f", header, 76, 1, 2, 2, 2, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    struct.pack_into("<hh", header, 252, 1, 1)
    struct.pack_into("<12f", header, 280, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0)
    header[344:348] = b"n+1\0"
    return bytes(header)


def test_small_files_that_would_unpack_to_gigabytes(tmp_path):
    bomb = tmp_path / "bomb.nii.gz"
    with gzip.open(bomb, "wb", 9) as stream:
        stream.write(nifti_header((2000, 2000, 2000)))
        for _ in range(20):
            stream.write(bytes(1 << 20))
    with pytest.raises(InputError, match="allowed are"):
        read_volume(bomb)
    with gzip.open(bomb, "wb", 9) as stream:
        stream.write(nifti_header((700, 700, 700), 64, 64))
    with pytest.raises(InputError, match="unpack"):
        read_volume(bomb)
    # more data than the header says are not even unpacked
    with gzip.open(bomb, "wb", 9) as stream:
        stream.write(nifti_header((4, 4, 4)))
        for _ in range(64):
            stream.write(bytes(1 << 20))
    assert read_volume(bomb).values.shape == (1, 4, 4, 4)


NRRD = (
    "NRRD0004\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 4\n"
    "space directions: (2,0,0) (0,2,0) (0,0,3)\nencoding: raw\nendian: little\n"
    "space origin: (0,0,0)\n\n"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("NRRD0004", "NRRX0004", "no NRRD"),
        ("type: float", "type: block", "allowed are"),
        ("sizes: 2 3 4", "sizes: 2 3 9999", "holds"),
        ("sizes: 2 3 4", "sizes: 2 3 4000000000", "allowed"),
        ("sizes: 2 3 4", "sizes: 2 3", "axes"),
        ("space: left-posterior-superior\n", "", "'space'"),
        ("(0,0,3)", "(0,0,0)", "voxel sides"),
        ("(0,0,3)", "(0,2,3)", "perpendicular"),
        ("encoding: raw", "encoding: bzip2", "raw and gzip"),
        ("encoding: raw", "data file: /etc/passwd\nencoding: raw", "another file"),
    ],
)
def test_nrrd_files_that_break_a_rule(tmp_path, old, new, said):
    file = tmp_path / "v.nrrd"
    data = np.arange(24, dtype="<f4").tobytes()
    file.write_bytes(NRRD.encode() + data)
    assert read_volume(file).single().shape == (4, 3, 2)
    file.write_bytes(NRRD.replace(old, new).encode() + data)
    with pytest.raises(InputError, match=said):
        read_volume(file)


FIELDS = {
    "unit": "Bq/mL", "nuclide": "Lu-177", "acquired_at": "2026-03-01T09:00:00",
    "decay_corrected_to": "acquisition_start",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": None}, "unit is unknown"),
        ({"nuclide": None}, "nuclide is unknown"),
        ({"acquired_at": None}, "acquired_at is unknown"),
        ({"decay_corrected_to": None}, "decay_corrected_to is unknown"),
        ({"decay_corrected_to": "none"}, "duration_s"),
        ({"unit": "counts"}, "calibration"),
        ({"nuclide": "Lu-178"}, "Lu-17"),
    ],
)
def test_volumes_whose_meaning_is_unknown(tmp_path, change, said):
    file = write_nifti(tmp_path / "a.nii.gz", COUNTS, GRID)
    with pytest.raises(LigandoseError, match=said):
        volume_activity(file, SidecarPart(**(FIELDS | change)))
    assert volume_activity(file, SidecarPart(**FIELDS)).total_Bq > 0


def test_negative_and_empty_activity(tmp_path):
    part = SidecarPart(**FIELDS)
    for values, said in ((COUNTS - 40.0, "negative"), (COUNTS * 0.0, "no activity")):
        file = write_nifti(tmp_path / "a.nii", values, GRID)
        with pytest.raises(InputError, match=said):
            volume_activity(file, part)
    with pytest.raises(InputError, match="unit is"):
        agreed([part, SidecarPart(unit="kBq/mL")], "a.nii")


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory):
    patient = virtual_patient(from_cm=28.0, to_cm=40.0, fine_mm=6.0)
    folder = tmp_path_factory.mktemp("cases") / "case"
    generate_case(
        folder, patient, lambda t: {"liver": 1e9, "kidneys": 3e8}, nuclide_name="Lu-177",
        administered_Bq=7.4e9, time_h=[24.0], outlined=["liver"],
    )  # fmt: skip
    return folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("case: VIRTUAL-1", "case: John Doe", "no name of a person"),
        ("nuclide: Lu-177", "nuclide: Y-90", "header says Lu-177"),
        ("administered_GBq: 7.4", "administered_GBq: 0.01", "are left then"),
        ("administered_GBq: 7.4", "administered_GBq: 7400", "GBq"),
        ("administered_GBq: 7.4\n", "", "administered_GBq"),
        ("2026-01-05T09:00:00+00:00", "2026-01-05T09:00:00", "only one has a time zone"),
        ("2026-01-05T09:00:00+00:00", "2026-01-07T09:00:00+00:00", "before the administration"),
        ("2026-01-05T09:00:00+00:00", "5 January", "a moment such as"),
        ("counting_time_s: 1200.0", "counting_time_s: 12.0", "are left then"),
        ("counting_time_s: 1200.0", "counting_s: 1200.0", "unknown key"),
        ("activity: spect_24h", "activity: spect_48h", "no such folder"),
        ("ct: ct_24h", "ct: spect_24h", "no CT series"),
        ("liver: liver", "Leber: liver", "Leber"),
        ("liver: liver", "liver: lever", "did you mean liver"),
        ("file: regions_24h.dcm", "file: case.yaml", "not a DICOM file"),
    ],
)
def test_cases_that_contradict_their_images(case_folder, old, new, said):
    text = (case_folder / "case.yaml").read_text()
    assert old in text
    other = case_folder / "other.yaml"
    other.write_text(text.replace(old, new))
    with pytest.raises(LigandoseError, match=said):
        read_time_points(read_case(other))


def test_a_ct_that_shows_less_than_the_activity(tmp_path, case_folder):
    for name in ("spect_24h", "ct_24h"):
        shutil.copytree(case_folder / name, tmp_path / name)
    shutil.copy(case_folder / "regions_24h.dcm", tmp_path)
    shutil.copy(case_folder / "case.yaml", tmp_path)
    files = sorted((tmp_path / "ct_24h").iterdir())
    for file in files[: len(files) // 2]:
        file.unlink()
    with pytest.raises(InputError, match="outside of the CT"):
        read_time_points(read_case(tmp_path))
    shutil.rmtree(tmp_path / "ct_24h")
    shutil.copytree(case_folder / "ct_24h", tmp_path / "ct_24h")
    changed(sorted((tmp_path / "ct_24h").iterdir()), set_(FrameOfReferenceUID="1.2.3"))
    with pytest.raises(InputError, match="different frames of reference"):
        read_time_points(read_case(tmp_path))
    text = (tmp_path / "case.yaml").read_text()
    said = text.replace("  ct: ct_24h", "  ct: ct_24h\n  same_coordinates: true")
    (tmp_path / "case.yaml").write_text(said)
    (point,) = read_time_points(read_case(tmp_path))
    assert point.ct.frame_of_reference == "1.2.3"


def test_nothing_is_written_by_half(tmp_path):
    identity = Identity("P01")
    bad = np.full(GRID.shape, np.nan)
    for write in (
        lambda: write_rtdose(tmp_path / "a.dcm", bad, GRID, identity=identity),
        lambda: write_rtdose(tmp_path / "a.dcm", -COUNTS, GRID, identity=identity),
        lambda: write_rtdose(tmp_path / "a.dcm", COUNTS, GRID, identity=identity, kind="BED"),
        lambda: write_rtdose(tmp_path / "a.dcm", COUNTS[1:], GRID, identity=identity),
        lambda: write_rtdose(tmp_path / "no" / "a.dcm", COUNTS, GRID, identity=identity),
        lambda: write_parametric_map(
            tmp_path / "a.dcm", COUNTS, GRID, quantity="heat", identity=identity
        ),
        lambda: write_seg(tmp_path / "a.dcm", [], identity=identity),
        lambda: write_nifti(tmp_path / "a.img", COUNTS, GRID),
        lambda: density_curve([(0.0, 1.0), (0.0, 2.0)], source="test"),
    ):
        with pytest.raises(InputError):
            write()
    assert list(tmp_path.iterdir()) == []


def mutants(raw, rng, count):
    """Yield a file with bytes changed, cut off, doubled or taken out, most in its header."""
    for _ in range(count):
        data = bytearray(raw)
        where = int(rng.integers(0, min(len(data), 4000) if rng.random() < 0.8 else len(data)))
        kind = rng.integers(0, 4)
        if kind == 0:
            for _ in range(int(rng.integers(1, 6))):
                data[min(where + int(rng.integers(0, 40)), len(data) - 1)] = int(rng.integers(256))
        elif kind == 1:
            del data[where:]
        elif kind == 2:
            data[where:where] = data[where : where + int(rng.integers(1, 60))]
        else:
            del data[where : where + int(rng.integers(1, 60))]
        yield bytes(data)


def read_spect(file):
    return read_activity(file, calibration=PER_COUNT)


def read_labels(file):
    return read_regions(file, {"1": "liver"})


def read_contours(file):
    return read_regions(file, {"liver": "liver"}, grid=GRID)


def make_mutable(folder, name):
    identity = Identity("P01", FRAME, True)
    if name == "spect":
        return write_spect(folder, COUNTS, GRID, scan=scan()), read_spect
    if name == "ct":
        return write_ct(folder, 30 * COUNTS - 1000, GRID, scan=scan())[0], read_ct
    if name == "pet":
        return write_pet(folder, COUNTS, GRID, scan=scan("F-18", 180.0))[0], read_activity
    if name == "rtstruct":
        return write_rtstruct(folder / "r.dcm", [ball(GRID)], identity=identity), read_contours
    if name == "seg":
        return write_seg(folder / "s.dcm", [ball(GRID)], identity=identity), read_contours
    if name == "nrrd":
        file = folder / "v.nrrd"
        file.write_bytes(NRRD.encode() + np.arange(24, dtype="<f4").tobytes())
        return file, read_volume
    ending = "nii" if name == "nifti" else "nii.gz"
    return write_nifti(folder / f"v.{ending}", ball(GRID).mask(), GRID), read_labels


@pytest.mark.parametrize(
    "name", ["spect", "ct", "pet", "rtstruct", "seg", "nifti", "nifti.gz", "nrrd"]
)
def test_mutants_are_read_or_refused(tmp_path, name):
    """Whatever is done to a file: a result or an error of ours, never another exception."""
    file, read = make_mutable(tmp_path, name)
    raw = file.read_bytes()
    rng = np.random.default_rng(20260301)
    mutant = tmp_path / "mutants" / file.name
    mutant.parent.mkdir()
    messages = []
    for data in mutants(raw, rng, 60):
        mutant.write_bytes(data)
        try:
            read(mutant)
        except LigandoseError as error:
            messages.append(str(error))
    assert len(messages) > 5
    assert not any("\n" in message for message in messages)
