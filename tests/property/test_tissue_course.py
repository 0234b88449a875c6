"""Comparing nuclides on a tissue, and the tissue of a lesion in a course."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ligandose.course import simulate
from ligandose.course.study import study_from_mapping
from ligandose.course.tissue_compare import compare_nuclides
from ligandose.course.tissue_file import plan_from_mapping
from ligandose.course.tissue_lesion import lesion_tissue
from ligandose.course.tissue_plan import Organ, TimeCourse
from ligandose.errors import InputError
from ligandose.nuclides import nuclide

BALL = {
    "shape": "micrometastasis",
    "radius_um": 45.0,
    "cell_radius_um": 7.0,
    "nucleus_radius_um": 5.0,
    "packing_fraction": 0.5,
}
EFFECT = {"alpha_per_Gy": 0.3, "alpha_beta_Gy": 10.0, "repair_half_time_h": 1.5}


def plan(**changes):
    given = {
        "tissue": BALL,
        "source": {"compartment": "tumour_cell"},
        "compare": {"mean_dose_Gy": 5.0},
        "effect": EFFECT,
        "nuclides": ["Lu-177", "Ac-225"],
    }
    return plan_from_mapping({**given, **changes})


def tumour_mean(result, one):
    return one.doses.total_Gy[result.live_tumour].sum(axis=1).mean()


def test_equal_mean_dose_is_equal_for_every_nuclide():
    result = compare_nuclides(plan())
    for one in result.results:
        assert tumour_mean(result, one) == pytest.approx(5.0, rel=1e-12)  # scaled to it


def test_equal_emitted_dose_is_what_local_deposition_would_say():
    result = compare_nuclides(plan(compare={"emitted_dose_Gy": 5.0}))
    for one in result.results:
        assert one.emitted_Gy.sum() == pytest.approx(5.0, rel=1e-12)
        # electrons and alphas leave a ball of 0.09 mm: cells get less than was emitted per mass of
        # cells alone (the ball's mass counts the space between them as tissue too)
        assert tumour_mean(result, one) < 5.0 * 1.3


def test_equal_activity_gives_decays_in_proportion_to_the_time_they_have():
    time = {"uptake_half_time_h": 5.0, "clearance_half_time_h": 60.0}
    result = compare_nuclides(plan(compare={"activity_MBq_g": 1.0}, time=time))
    course = TimeCourse(5 * 3600.0, 60 * 3600.0)
    expected = [course.residence_s(nuclide(n).decay_constant_per_s) for n in ("Lu-177", "Ac-225")]
    got = [one.decays for one in result.results]
    assert got[0] / got[1] == pytest.approx(expected[0] / expected[1], rel=1e-12)


def test_residence_time_of_uptake_and_clearance_is_the_closed_form():
    # ∫ (e^(-a t) - e^(-b t)) dt = 1/a - 1/b
    course, decay = TimeCourse(100.0, 1000.0), 1e-3
    a, b = np.log(2) / 1000.0 + decay, np.log(2) / 100.0 + decay
    assert course.residence_s(decay) == pytest.approx(1 / a - 1 / b, rel=1e-14)


def test_equal_organ_dose_punishes_a_short_half_life_on_a_slow_ligand():
    slow = TimeCourse(uptake_half_time_s=24 * 3600.0, clearance_half_time_s=240 * 3600.0)
    organ = Organ("marrow", TimeCourse(clearance_half_time_s=10 * 3600.0), 0.1, 5.0)
    base = plan(nuclides=["Ac-225", "Bi-213"])
    compare = replace(base.compare, equal="organ_dose", value=1.0, organ=organ)
    result = compare_nuclides(replace(base, time=slow, compare=compare))
    long, short = (tumour_mean(result, one) for one in result.results)
    assert long > 5 * short


def test_target_negative_cells_live_from_crossfire_alone():
    result = compare_nuclides(plan(source={"compartment": "tumour_cell", "fraction_positive": 0.5}))
    negative = result.classes()["target_negative"]
    for one in result.results:
        assert np.all(one.doses.own_Gy[negative] == 0.0)
        assert np.all(one.doses.cross_Gy[negative].sum(axis=1) > 0.0)


def test_same_seed_same_numbers():
    source = {"compartment": "tumour_cell", "cv": 0.8}
    first, second = (compare_nuclides(plan(source=source)) for _ in range(2))
    for a, b in zip(first.results, second.results, strict=True):
        assert np.array_equal(a.doses.total_Gy, b.doses.total_Gy)


def test_the_sweep_holds_one_result_for_each_value():
    values = [30.0, 45.0]
    result = compare_nuclides(plan(sweep={"field": "radius_um", "values": values}))
    assert [value for value, _ in result.sweep] == values
    cells = [found.tissue.n_cells for _, found in result.sweep]
    assert cells[0] < cells[1]


STUDY = {
    "agent": "177Lu-PSMA-617",
    "regimen": {"cycles": 2, "activity_GBq": 7.4, "every_weeks": 6, "amount_nmol": 110},
    "patients": 3,
    "tissue": {"lesion": "bone", "tissue": BALL, "source": {"compartment": "tumour_cell"}},
}


@pytest.fixture(scope="module")
def course():
    study = study_from_mapping(STUDY)
    return simulate(study.agent, study.host, study.regimen, patients=3, seed=1)


def test_a_lesion_that_carries_a_tissue_reports_what_the_mean_hides(course):
    study = study_from_mapping(STUDY)
    found = lesion_tissue(course, study.tissue, study.tissue_lesion)
    assert found.lesion == "lesion:bone"
    assert found.log_survival.shape == (3,)
    # a ball of 0.09 mm loses most of the energy of Lu-177: its cells get less than the mean dose
    assert np.all(found.log_survival > found.log_survival_mean_dose)
    assert np.all(found.log_tcp <= found.log_tcp_mean_dose)
    document = found.document()
    assert set(document["relative_cell_dose"]) == {"low_let"}


def test_cells_at_the_mean_dose_survive_as_the_linear_quadratic_law_says(course):
    study = study_from_mapping(STUDY)
    found = lesion_tissue(course, study.tissue, study.tissue_lesion)
    bed = course.bed_per_cycle_Gy[:, :, course.regions.index("lesion:bone")].sum(axis=1)
    alpha = course.biology.lesion_parameter("alpha")
    np.testing.assert_allclose(found.log_survival_mean_dose, -alpha * bed, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lesion": "lung"}, "unknown lesion"),
        ({"source": {"compartment": "nowhere"}}, "unknown compartment"),
        ({"tissue": {**BALL, "radius_um": -3.0}}, None),
        ({"retained_daughters": 1.5}, "allowed is 0"),
        ({"tissue": {**BALL, "nucleus_um": 3}}, "unknown key"),
    ],
)
def test_a_tissue_that_makes_no_sense_is_refused(change, message):
    broken = {**STUDY, "tissue": {**STUDY["tissue"], **change}}
    if message is None:
        study = study_from_mapping(broken)
        with pytest.raises(InputError, match="radius_um"):
            study.tissue.shape.build(1)
        return
    with pytest.raises(InputError, match=message):
        study_from_mapping(broken)
