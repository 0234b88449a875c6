"""Bad cases end with code 2 and one line that names file and field; nothing is written."""

import numpy as np
import pytest
import yaml

from ligandose.cli.main import main
from ligandose.imaging import (
    Camera,
    generate_case,
    virtual_patient,
    write_nifti,
)
from ligandose.imaging.generate import image_grid

HEAD = ("region,time,time_unit,activity,activity_unit,uncertainty,uncertainty_unit,"
        "decay_corrected,volume,volume_unit,volume_uncertainty")  # fmt: skip
ROWS = [f"kidneys,{t},h,{a},MBq,5,%,no,300,mL,10" for t, a in ((4, 300), (24, 220), (96, 75))]
CASE = {
    "case": "T1", "nuclide": "Lu-177", "administered_GBq": 7.4,
    "administered_at": "2026-01-05T09:00:00", "activities": "table.csv",
}  # fmt: skip


def failed(capsys, folder, *words, extra=()):
    """Run the command and return its one line of error."""
    code = main(["dose", str(folder), "--out", str(folder) + "-out", *extra])
    text = capsys.readouterr()
    lines = [line for line in text.err.splitlines() if line.strip()]
    assert (code, len(lines)) == (2, 1), text.err
    for word in words:
        assert word in lines[0], lines[0]
    assert not folder.with_name(folder.name + "-out").exists()
    return lines[0]


@pytest.fixture
def table(tmp_path):
    def written(rows=ROWS, head=HEAD, **changes):
        folder = tmp_path / "case"
        folder.mkdir(exist_ok=True)
        (folder / "table.csv").write_text("\n".join([head, *rows]))
        (folder / "case.yaml").write_text(yaml.safe_dump(CASE | changes))
        return folder

    return written


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("MBq", "MBk", ("table.csv line 2", "activity_unit")),
        (",h,", ",,", ("table.csv line 2", "time_unit")),
        ("300,MBq", "-300,MBq", ("table.csv line 2", "activity", "-300")),
        ("kidneys", "kidnys", ("table.csv line 2", "region", "kidneys")),
        ("kidneys,4", "kidneys,", ("table.csv line 2", "time")),
        (",mL,", ",pint,", ("table.csv line 2", "volume_unit")),
        ("no,300", "no,0", ("table.csv line 2", "volume")),
        (",no,", ",,", ("table.csv line 2", "decay_corrected")),
        ("kidneys,4,", "kidneys,24,", ("table.csv line 3", "time")),
        (",300,mL", ",301,mL", ("table.csv line 3", "volume")),
    ],
)
def test_a_broken_row_is_named(capsys, table, old, new, words):
    failed(capsys, table([ROWS[0].replace(old, new), *ROWS[1:]]), *words)


def test_a_table_without_volumes_is_refused(capsys, table):
    head = HEAD.replace(",volume,volume_unit,volume_uncertainty", "")
    rows = [row.rsplit(",", 3)[0] for row in ROWS]
    failed(capsys, table(rows, head), "table.csv line 1", "volume")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dose": {"kinetics": {"model": "trapez"}}}, ("case.yaml", "kinetics.model", "mono")),
        ({"dose": {"kinetics": {"model": "bi"}}}, ("kinetics", "4 parameters", "3 time points")),
        (
            {"dose": {"kinetics": {"model": "trapezoid", "tail_points": 9}}},
            ("kinetics", "tail_points 9", "3 time points"),
        ),
        ({"dose": {"kinetics": {"model": "mono", "tail_points": 2}}}, ("tail_points", "trapezoid")),
        ({"dose": {"kinetics": {"model": "haenscheid"}}}, ("kinetics", "one time point")),
        ({"dose": {"kinetics": {"model": "madsen"}}}, ("kinetics", "half_life_h")),
        ({"dose": {"kinetics": {"regions": {"liver": {"model": "mono"}}}}}, ("liver",)),
        ({"dose": {"recovery": {"model": "gtm", "fwhm_mm": 12.0}}}, ("recovery", "fwhm_sd_mm")),
        ({"dose": {"recovery": {"model": "table"}}}, ("recovery", "coefficients")),
        ({"dose": {"background": {"model": "air"}}}, ("background", "fwhm_mm")),
        ({"dose": {"uncertainty": {"calibration": 5.0}}}, ("calibration", "0.05 is 5 %")),
        ({"dose": {"uncertanty": {}}}, ("uncertanty", "uncertainty")),
        ({"patient": {"host": "adult"}}, ("patient.host", "adult-male")),
        ({"patient": {"body_mass_kg": -3.0}}, ("body_mass_kg", "-3")),
        ({"patient": {"body_mass_kg": "80 kg"}}, ("body_mass_kg", "80")),
        ({"patient": {"disease": "mCRCP"}}, ("patient.disease", "mCRPC")),
        ({"nuclide": "Lu-171x"}, ("Lu-171x",)),
        ({"administered_at": "yesterday"}, ("administered_at",)),
        ({"activities": "no.csv"}, ("activities", "no.csv")),
        ({"images": [{"activity": "a"}]}, ("activities", "one of both")),
        ({"dose": {"marrow": {"blood": "b.csv"}}}, ("marrow", "missing")),
        (
            {"dose": {"marrow": {"blood": "b.csv", "marrow_metastases": False,
                                 "binds_marrow": False, "ratio": 1.0, "haematocrit": 0.4}}},
            ("marrow", "ratio"),
        ),
    ],
)  # fmt: skip
def test_a_broken_setting_is_named(capsys, table, changes, words):
    failed(capsys, table(**changes), *words)


def test_one_row_needs_a_method(capsys, table):
    failed(capsys, table(ROWS[:1]), "kinetics", "one time point", "haenscheid")


def test_blood_samples_of_another_region_are_refused(capsys, table):
    folder = table(
        dose={"marrow": {"blood": "b.csv", "marrow_metastases": False, "binds_marrow": False}}
    )
    (folder / "b.csv").write_text(
        "region,time,time_unit,activity,activity_unit,decay_corrected\nplasma,1,h,2,kBq,no\n"
    )
    failed(capsys, folder, "b.csv line 2", "region", "blood")


def test_no_case_no_engine_no_folder(capsys, tmp_path, table):
    assert main(["dose"]) == 2
    assert "CASE is missing" in capsys.readouterr().err
    failed(capsys, table(), "engine", "kernel", extra=("--engine", "kernal"))
    failed(capsys, tmp_path / "nothing", "nothing")


@pytest.fixture(scope="module")
def imaged(tmp_path_factory):
    body = virtual_patient("adult-male", fine_mm=6.0, from_cm=26, to_cm=40)
    camera = Camera(fwhm_mm=15.0)

    def activity(time_s):
        return {"liver": 4e8 * 0.5 ** (time_s / 2e5), "kidneys": 2e8 * 0.5 ** (time_s / 2e5)}

    file = generate_case(
        tmp_path_factory.mktemp("imaged") / "case", body, activity, nuclide_name="Lu-177",
        administered_Bq=7.4e9, time_h=[24, 96], outlined=["liver", "kidneys"], camera=camera,
    )  # fmt: skip
    return file, image_grid(body, camera)


def changed(file, edit):
    case = yaml.safe_load(file.read_text())
    edit(case)
    target = file.with_name("changed.yaml")
    target.write_text(yaml.safe_dump(case))
    return target


def test_one_image_needs_a_method(capsys, imaged):
    file = changed(imaged[0], lambda case: case["images"].pop())
    failed(capsys, file, "one time point", "physical")


def test_images_in_counts_need_their_calibration(capsys, imaged):
    file = changed(imaged[0], lambda case: case["images"][0].pop("calibration"))
    failed(capsys, file, "counts", "calibration")


def test_other_regions_at_another_time_are_named(capsys, imaged):
    def edit(case):
        case["images"][1]["regions"][0]["names"] = {"liver": "liver"}

    failed(capsys, changed(imaged[0], edit), "kidneys", "regions_from: first")


def test_overlapping_and_empty_masks_are_refused(capsys, imaged):
    file, grid = imaged
    whole = np.zeros(grid.shape, np.uint16)
    whole[2:6, 8:20, 8:20] = 1
    write_nifti(file.with_name("a.nii.gz"), whole, grid)

    def both(case):
        case["images"] = case["images"][:1]
        case["images"][0]["regions"] = [
            {"file": "a.nii.gz", "names": {"1": "spleen"}},
            {"file": "a.nii.gz", "names": {"1": "pancreas"}},
        ]

    failed(capsys, changed(file, both), "overlap", "a.nii.gz")

    def empty(case):
        case["images"][0]["regions"] = [{"file": "a.nii.gz", "names": {"7": "spleen"}}]

    failed(capsys, changed(file, empty), "a.nii.gz", "empty")


def test_a_region_that_holds_nothing_is_named(capsys, imaged):
    file, grid = imaged
    air = np.zeros(grid.shape, np.float32)
    air[:2, :2, :2] = 1.0
    write_nifti(file.with_name("air.nii.gz"), (air > 0).astype(np.uint16), grid)

    def edit(case):
        case["dose"] = {
            "recovery": {"model": "gtm", "fwhm_mm": 15.0, "fwhm_sd_mm": 1.5},
            "background": {"model": "stated", "share": 0.9, "fwhm_mm": 150.0},
        }
        for image in case["images"]:
            image["regions"].append({"file": "air.nii.gz", "names": {"1": "spleen"}})

    failed(capsys, changed(file, edit), "spleen", "outline")


def test_a_name_of_a_person_is_no_label(capsys, imaged):
    file = changed(imaged[0], lambda case: case.update(case="Jane Doe"))
    failed(capsys, file, "case", "no name of a person")
