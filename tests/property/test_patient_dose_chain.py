"""From activity to dose: recovery, curves, uncertainty, marrow, tables; truth is known."""

import math

import numpy as np
import pytest
import yaml

from ligandose.dose import region_model
from ligandose.imaging import (
    Camera,
    Lesion,
    axial_grid,
    generate_case,
    virtual_patient,
    write_nifti,
)
from ligandose.kinetics import tac_model
from ligandose.nuclides import nuclide
from ligandose.plan import patient_dose, received_document
from ligandose.plan.received_recovery import (
    background_share,
    blurred,
    transfer,
    without_background,
)
from ligandose.plan.received_uncertainty import (
    combined,
    distribution,
    edge_level,
    sphere_recovery,
    volume_sensitivity,
)

DECAY = nuclide("Lu-177").decay_constant_per_s
HOUR = 3600.0
HALF_H = {"liver": 60.0, "kidneys": 45.0, "spleen": 50.0, "lesion:L1": 70.0, "soft_tissue": 30.0}
START_BQ = {"liver": 6e8, "kidneys": 4e8, "spleen": 2e8, "lesion:L1": 3e8, "soft_tissue": 6e8}
DOSE = {
    "recovery": {"model": "gtm", "fwhm_mm": 14.0, "fwhm_sd_mm": 1.4},
    "uncertainty": {"calibration": 0.03, "point": 0.03, "outline_fwhm_mm": 1.5},
}


def activity(time_s):
    return {r: a * 0.5 ** (time_s / HOUR / HALF_H[r]) for r, a in START_BQ.items()}


def true_tia(region):
    return START_BQ[region] * HALF_H[region] * HOUR / math.log(2.0)


def edited(file, **changes):
    """Write changed top keys of a case.yaml beside it and return the new file."""
    case = yaml.safe_load(file.read_text()) | changes
    target = file.with_name(f"changed{len(list(file.parent.glob('changed*')))}.yaml")
    target.write_text(yaml.safe_dump(case))
    return target


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    body = virtual_patient(
        "adult-male", fine_mm=4.0, from_cm=22, to_cm=44, lesions=[Lesion("L1", "liver", 40.0)]
    )
    file = generate_case(
        tmp_path_factory.mktemp("chain") / "case", body, activity, nuclide_name="Lu-177",
        administered_Bq=7.4e9, time_h=[4, 24, 72, 168],
        outlined=["liver", "kidneys", "spleen", "lesion:L1"],
        camera=Camera(fwhm_mm=14.0, scatter_share=0.0), seed=2,
    )  # fmt: skip
    return edited(
        file, dose=DOSE, patient={"host": "adult-male", "body_mass_kg": 80.0, "disease": "mCRPC"}
    )


@pytest.fixture(scope="module")
def local(case):
    return patient_dose(case, engine="local", threads=2)


def test_integrals_are_found_where_the_point_spread_is_known(local):
    for region in ("liver", "kidneys", "spleen", "lesion:L1"):
        found = local.curves[region]
        assert found.model in ("mono", "uptake", "bi", "physical")
        # 1 %: Poisson noise of some 1e5 counts per region, and voxels of 8 mm under the blur
        assert found.tia_Bq_s == pytest.approx(true_tia(region), rel=0.02)


def test_voxels_add_up_to_the_curve_of_their_region(local):
    first = local.found.scans[0]
    for region in first.regions:
        total = region.sum_over(local.voxels.tia_Bq_s_mL) * first.grid.voxel_mL
        # four rounds of scaling, voxels shared at the rims
        assert total == pytest.approx(local.curves[region.name].tia_Bq_s, rel=5e-3)


def test_voxels_of_the_rest_hold_its_activity(local):
    """Noise that is gone at the second time must not take all of the rest into one voxel."""
    first = local.found.scans[0]
    rest = first.body()
    for region in first.regions:
        rest[region.box] -= region.share
    rest = np.clip(rest, 0.0, 1.0)
    total = float((rest * local.voxels.tia_Bq_s_mL).sum(dtype=np.float64)) * first.grid.voxel_mL
    # voxels at the rims of regions, which belong to those too, are not scaled: some percent
    assert total == pytest.approx(local.curves["remainder"].tia_Bq_s, rel=0.1)
    voxels = local.voxels.tia_Bq_s_mL[rest >= 1.0].astype(np.float64)
    assert np.median(voxels) > 0.1 * voxels.mean()
    assert local.voxels.scaling["remainder"] == pytest.approx(1.0, abs=0.5)


def test_local_deposition_is_the_self_dose_of_electrons(local):
    document = received_document(local)
    for region in document["regions"]:
        if region["region"] not in ("liver", "spleen"):
            continue
        own = region["s_value"]["by_radiation"]["electron"]
        # S values have the electrons that leave an organ of this size, 1 to 2 % at Lu-177
        assert region["by_radiation"]["electron"] == pytest.approx(own, rel=0.03)


def test_bed_is_above_the_dose_and_grows_with_it(local):
    document = received_document(local)
    rows = {r["region"]: r for r in document["regions"]}
    assert rows["kidneys"]["bed_Gy"]["median"] > rows["kidneys"]["dose_Gy"]["median"]
    assert rows["lesion:L1"]["bed_Gy"]["p95"] > rows["lesion:L1"]["bed_Gy"]["median"]
    # EUBED of uneven BED lies below its mean (Jensen)
    assert rows["lesion:L1"]["voxel_bed_Gy"]["eubed"] <= rows["lesion:L1"]["voxel_bed_Gy"]["mean"]
    assert rows["liver"]["voxel_bed_Gy"]["eubed"] is None


def test_alphas_have_no_bed_of_low_let(tmp_path):
    grid = axial_grid((8, 12, 12), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))
    ball = np.zeros(grid.shape, np.uint16)
    ball[2:6, 3:9, 3:9] = 1
    write_nifti(tmp_path / "activity.nii.gz", 1e3 * ball.astype(np.float32), grid)
    write_nifti(tmp_path / "labels.nii.gz", ball, grid)
    image = {
        "activity": "activity.nii.gz", "unit": "Bq/mL", "acquired_at": "2026-01-06T09:00:00",
        "decay_corrected_to": "acquisition_start",
        "regions": [{"file": "labels.nii.gz", "names": {"1": "kidneys"}}],
    }  # fmt: skip
    content = {
        "case": "A1", "nuclide": "Ac-225", "administered_GBq": 0.008, "images": [image],
        "administered_at": "2026-01-05T09:00:00", "dose": {"kinetics": {"model": "haenscheid"}},
    }  # fmt: skip
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content))
    found = patient_dose(tmp_path, engine="local", threads=2)
    assert found.voxels.with_bed == ()
    row = received_document(found)["regions"][0]
    assert row["by_radiation"]["alpha"] > 0.9 * row["dose_Gy"]["median"]
    assert row["bed_Gy"] is None
    assert "voxel_bed_Gy" not in row


def test_registration_finds_that_nothing_moved(local):
    for scan in local.found.scans[1:]:
        assert scan.registration.shift_mm < 1.0  # an eighth of a voxel


def test_engines_agree_in_soft_tissue(case, local):
    kernel = received_document(patient_dose(case, engine="kernel", threads=2))
    here = {r["region"]: r for r in received_document(local)["regions"]}
    for region in kernel["regions"]:
        if region["dose_Gy"] is not None:
            # the kernel spreads photons and the last millimetres of electrons: some percent
            other = here[region["region"]]["dose_Gy"]["median"]
            assert region["dose_Gy"]["median"] == pytest.approx(other, rel=0.15)


def test_one_set_of_outlines_serves_all_times(case, local):
    changed = yaml.safe_load(case.read_text())
    for image in changed["images"][1:]:
        image.pop("regions")
    found = patient_dose(edited(case, images=changed["images"]), engine="local", threads=2)
    for region in ("liver", "kidneys"):
        # interpolation of the shares by a registration that is almost nothing
        assert found.curves[region].tia_Bq_s == pytest.approx(
            local.curves[region].tia_Bq_s, rel=0.02
        )


@pytest.mark.parametrize("method", ["haenscheid", "madsen", "population"])
def test_one_time_point_by_a_named_method_says_its_bias(case, method):
    changed = yaml.safe_load(case.read_text())
    kinetics = {"model": method}
    if method != "haenscheid":
        kinetics |= {"half_life_h": 50.0, "half_life_cv": 0.2}
    late = edited(case, images=changed["images"][2:3], dose={**DOSE, "kinetics": kinetics})
    found = patient_dose(late, engine="local", threads=2)
    row = next(r for r in received_document(found)["regions"] if r["region"] == "kidneys")
    assert "off by" in row["fit"]["bias"]
    # 72 h is 1.6 half-lives of the kidneys, assumed 50 h for 45: within 15 % for each method
    assert row["tia_Bq_s"] == pytest.approx(true_tia("kidneys"), rel=0.15)


@pytest.fixture
def tabled(tmp_path):
    """Return a case of a table, as a function of what else case.yaml says."""
    rows = ["region,time,time_unit,activity,activity_unit,uncertainty,uncertainty_unit,"
            "decay_corrected,volume,volume_unit,volume_uncertainty"]  # fmt: skip
    for t in (4, 24, 72, 168):
        rows.append(f"kidneys,{t},h,{300 * 0.5 ** (t / 45.0):.6g},MBq,3,%,no,300,mL,15")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    case = {"case": "T1", "nuclide": "Lu-177", "administered_GBq": 7.4,
            "administered_at": "2026-01-05T09:00:00", "activities": "table.csv"}  # fmt: skip

    def written(**more):
        (tmp_path / "case.yaml").write_text(yaml.safe_dump(case | more))
        return tmp_path

    return written


def test_blood_makes_marrow_and_says_when_it_must_not(tabled, tmp_path):
    rows = ["region,time,time_unit,activity,activity_unit,uncertainty,uncertainty_unit"]
    rows += [f"blood,{t},h,{200 * 0.5 ** (t / 10.0):.6g},kBq,5,%" for t in (1, 3, 6, 24, 48)]
    (tmp_path / "blood.csv").write_text("\n".join(rows))
    marrow = {"blood": "blood.csv", "decay_corrected": False, "binds_marrow": False,
              "marrow_metastases": False, "marrow_mass_kg": 1.17, "ratio": 1.0}  # fmt: skip
    found = patient_dose(tabled(dose={"marrow": marrow}))
    integral = 200e3 * 10.0 * HOUR / math.log(2.0)  # Bq s per mL of blood
    density = region_model("blood").density_kg_m3 * 1e-6
    # five exact points of one exponential; digits of the table
    assert found.marrow.tia_Bq_s == pytest.approx(integral / density * 1.17, rel=1e-3)
    document = received_document(found)
    assert document["marrow"]["valid"]
    assert document["marrow"]["dose_Gy"] > document["marrow"]["from_blood_Gy"] > 0.0
    sick = tabled(dose={"marrow": {**marrow, "marrow_metastases": True}})
    document = received_document(patient_dose(sick))
    assert not document["marrow"]["valid"]
    assert any(c["status"] == "invalid" for c in document["checks"])


def test_trapezoids_say_their_tail(tabled):
    row = received_document(patient_dose(tabled(dose={"kinetics": {
        "model": "trapezoid", "tail_points": 3, "start": "constant"}})))["regions"][0]  # fmt: skip
    true = 3e8 * 45.0 * HOUR / math.log(2.0)
    # chords lie above a convex curve: up to 7 % with 2 half-lives between the last points
    assert 1.0 < row["tia_Bq_s"] / true < 1.15
    assert "tail" in row["fit"]["bias"]
    assert row["fit"]["relative_sd"] == pytest.approx(0.02, abs=0.015)
    coefficient, rate = (np.array(row["fit"]["exponentials"][k])
                         for k in ("coefficient_Bq", "rate_per_s"))  # fmt: skip
    assert float((coefficient / rate).sum()) == pytest.approx(row["tia_Bq_s"])


def test_a_table_gives_doses_with_its_own_volumes(tabled):
    document = received_document(patient_dose(tabled()))
    row = document["regions"][0]
    assert document["engine"] == "s_value"
    assert row["tia_Bq_s"] == pytest.approx(3e8 * 45.0 * HOUR / math.log(2.0), rel=1e-3)
    # Lu-177: 147 keV of electrons per decay (0.1473 MeV), all but 1 to 2 % stay in 0.3 kg
    energy = 0.1473 * 1.602e-13
    assert row["by_radiation"]["electron"] == pytest.approx(
        row["tia_Bq_s"] * energy / row["mass_kg"], rel=0.03
    )
    assert row["uncertainty"]["parts"]["volume"] == pytest.approx(0.05, rel=0.02)
    assert row["uncertainty"]["not_known"] == ["recovery", "calibration", "s_value"]


def test_transfer_gives_back_what_was_blurred():
    shape, spacing = (24, 24, 24), (5.0, 5.0, 5.0)
    index = np.indices(shape)
    ball = (((index - 11.5) ** 2).sum(axis=0) < 4.5**2).astype(np.float32)
    other = (((index - np.array([11.5, 11.5, 19.5])[:, None, None, None]) ** 2).sum(axis=0)
             < 2.5**2).astype(np.float32)  # fmt: skip
    body = (((index - 11.5) ** 2).sum(axis=0) < 11.0**2).astype(np.float32)
    body = np.maximum(body, other)
    truth = 8.0 * ball + 3.0 * other + 1.0 * np.clip(body - ball - other, 0.0, 1.0)
    seen = blurred(truth, spacing, fwhm_mm=14.0)
    found = transfer([ball, other], body, spacing, fwhm_mm=14.0).solve(seen)
    np.testing.assert_allclose(found[:2], [8.0, 3.0], rtol=1e-3)  # float32 sums
    assert np.allclose(found[2:], 1.0, rtol=1e-2)


def test_background_is_read_from_the_air_and_taken_off():
    shape, spacing = (40, 40, 40), (8.0, 8.0, 8.0)
    index = np.indices(shape)
    body = (((index - 19.5) ** 2).sum(axis=0) < 8.0**2).astype(np.float32)
    clean = blurred(10.0 * body, spacing, fwhm_mm=12.0)
    seen = clean + np.float32(0.06) * blurred(clean, spacing, fwhm_mm=150.0)
    share = background_share(seen, body, spacing, fwhm_mm=150.0, point_mm=12.0)
    assert share == pytest.approx(0.06, rel=0.01)  # four rounds of the fixed point
    back = without_background(seen, spacing, share=share, fwhm_mm=150.0)
    np.testing.assert_allclose(back, clean, atol=0.01)


def test_sphere_formulas_belong_to_each_other():
    """The derivative of what is seen in a growing outline is the level at the edge, when the
    sphere stays: here by blurring a sphere in fine voxels."""
    side, radius, fwhm = 1.0, 12.0, 10.0
    index = np.indices((61, 61, 61)) - 30.0
    distance = np.sqrt((index**2).sum(axis=0)) * side
    sphere = np.clip(radius - distance + 0.5, 0.0, 1.0)
    seen = blurred(sphere, (side, side, side), fwhm_mm=fwhm).astype(np.float64)
    inside = float((seen * sphere).sum() / sphere.sum())
    # 1 % : a sphere made of voxels of a twelfth of its radius
    assert sphere_recovery(radius, fwhm) == pytest.approx(inside, rel=0.01)
    rim = float(seen[np.abs(distance - radius) < 0.5].mean())
    assert edge_level(radius, fwhm) == pytest.approx(rim, rel=0.02)


def test_without_blur_the_volume_acts_on_the_mass_alone():
    # edge level 1/2 over recovery 1: half of a larger outline is empty
    found = volume_sensitivity(100.0, fwhm_mm=1e-4, corrected=True, mass_power=-1.0)
    assert found == pytest.approx(-0.5, abs=1e-3)


def test_uncertainty_adds_in_squares_and_is_unknown_without_a_fit():
    parts = {"volume": 0.03, "recovery": 0.04, "calibration": None, "fit": 0.0, "s_value": None}
    found = combined(parts, -1.0)
    assert found.relative_sd == pytest.approx(0.05)
    assert sum(v for v in found.shares().values() if v is not None) == pytest.approx(1.0)
    assert found.missing() == ["calibration", "s_value"]
    assert combined({**parts, "fit": None}, -1.0).relative_sd is None
    assert distribution(3.0, None)["p05"] is None


def test_curves_that_never_leave_are_tried_only_where_named():
    from ligandose.plan.received_kinetics import candidates

    assert candidates(4, stated=True) == ["physical", "mono", "uptake", "bi"]
    assert candidates(4, stated=False) == ["physical", "mono", "uptake"]
    assert candidates(2, stated=False) == ["physical", "mono"]
    assert all(tac_model(m).parameters <= 3 for m in candidates(3, stated=True))
