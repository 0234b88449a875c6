"""The document of a course: complete, strict JSON, and honest about patients without a result."""

import importlib
import json

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course import Regimen, simulate
from ligandose.course.summary import distribution
from ligandose.dose import RADIATIONS
from ligandose.hosts import host
from ligandose.report import json_bytes

PSMA = agent("177Lu-PSMA-617")
MCRPC = host("adult-male", disease="mCRPC")
# Two solutions whose groups of eight took other steps; the solver promises 1e-6 of a region's
# largest amount, a time integral is less certain by what the largest amount exceeds the mean one.
SOLVED = 1e-5
ROUNDING = 1e-12


@pytest.fixture(scope="module")
def psma_course():
    return simulate(PSMA, MCRPC, patients=12, seed=2)


@pytest.fixture(scope="module")
def document(psma_course):
    return psma_course.document()


def test_therapy_has_no_effective_dose(document):
    assert document["effect"]["effective_dose_mSv_per_MBq"] is None


# --- a patient who cannot be solved ----------------------------------------------------------


@pytest.fixture(scope="module")
def with_a_failure():
    """Patient 3 of 20 has a cardiac output of 1e30 L/s."""
    module = importlib.import_module("ligandose.course.simulate")
    drawn = module.draw_values

    def absurd(findings, **options):
        values = drawn(findings, **options)
        if "whole_body.cardiac_output" in values:
            values["whole_body.cardiac_output"][3] = 1e30
        return values

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "draw_values", absurd)
        return simulate(PSMA, MCRPC, patients=20, seed=5)


def test_the_patient_who_cannot_be_solved_is_reported_with_parameters(with_a_failure):
    failed = with_a_failure.document()["failed"]
    assert [f["patient"] for f in failed] == [3]
    assert failed[0]["parameters"]["whole_body.cardiac_output"] == 1e30
    assert "integrated" in failed[0]["reason"]


def test_the_other_patients_stand(with_a_failure):
    healthy = simulate(PSMA, MCRPC, patients=20, seed=5)
    others = np.delete(np.arange(20), 3)
    np.testing.assert_allclose(
        with_a_failure.dose_per_cycle_Gy[others], healthy.dose_per_cycle_Gy[others],
        rtol=SOLVED, atol=1e-12,
    )  # fmt: skip
    # Patients 8 to 19 share no group of eight with the failed one.
    assert np.array_equal(
        with_a_failure.dose_per_cycle_Gy[8:], healthy.dose_per_cycle_Gy[8:], equal_nan=True
    )


def test_the_failed_patient_has_no_numbers_and_is_in_no_distribution(with_a_failure):
    assert np.all(np.isnan(with_a_failure.dose_per_cycle_Gy[3]))
    assert np.all(np.isnan(with_a_failure.activity_all_Bq[3]))
    kidneys = next(r for r in with_a_failure.document()["regions"] if r["region"] == "kidneys")
    others = np.delete(with_a_failure.dose_of("kidneys"), 3)
    assert kidneys["dose_Gy"]["mean"] == pytest.approx(np.mean(others), rel=ROUNDING)


def test_the_document_with_a_failed_patient_is_strict_json(with_a_failure):
    json.loads(json_bytes(with_a_failure.document()), parse_constant=refused)


# --- the document ---------------------------------------------------------------------------


def refused(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_the_document_is_strict_json(document):
    again = json.loads(json_bytes(document), parse_constant=refused)
    assert again["agent"]["name"] == PSMA.name


def test_the_document_has_all_keys_that_were_promised(document):
    promised = {"version", "agent", "host", "regimen", "patients", "seed", "regions", "effect",
                "research_use_only", "provenance"}  # fmt: skip
    assert promised <= document.keys()
    assert document["research_use_only"] is True
    assert document["patients"] == 12
    statistics = {"mean", "sd", "median", "p05", "p95"}
    for region in document["regions"]:
        assert region["kind"] in ("organ", "lesion")
        assert region["mass_kg"] > 0.0
        for quantity in ("tiac_s", "dose_Gy", "dose_per_activity_Gy_per_GBq", "bed_Gy"):
            assert statistics <= region[quantity].keys()
        assert list(region["dose_Gy"]["by_radiation"]) == list(RADIATIONS)
    assert {"version", "data_edition", "data_sha256", "input_sha256", "seed"} <= (
        document["provenance"].keys()
    )


def test_radiations_and_cycles_sum_to_the_total(document, psma_course):
    for region in document["regions"]:
        total = region["dose_Gy"]["mean"]
        radiations = sum(d["mean"] for d in region["dose_Gy"]["by_radiation"].values())
        cycles = [d["mean"] for d in region["dose_Gy"]["per_cycle"]]
        assert len(cycles) == len(psma_course.cycles) == 6
        assert radiations == pytest.approx(total, rel=1e-9)
        assert sum(cycles) == pytest.approx(total, rel=1e-9)


def test_dose_per_activity_is_dose_over_all_activity(document):
    total_GBq = document["regimen"]["total_activity_GBq"]
    assert total_GBq == pytest.approx(6 * 7.4)
    for region in document["regions"]:
        expected = region["dose_Gy"]["mean"] / total_GBq
        assert region["dose_per_activity_Gy_per_GBq"]["mean"] == pytest.approx(expected, rel=1e-9)


def test_alpha_dose_comes_with_alpha_emitters_only(document):
    assert all(r["dose_Gy"]["by_radiation"]["alpha"]["mean"] == 0.0 for r in document["regions"])
    actinium = simulate(agent("225Ac-PSMA-617"), MCRPC).document()
    kidneys = next(r for r in actinium["regions"] if r["region"] == "kidneys")
    assert kidneys["dose_Gy"]["by_radiation"]["alpha"]["mean"] > 0.9 * kidneys["dose_Gy"]["mean"]


def test_every_parameter_of_the_document_has_its_source(document):
    assert {p["source"] for p in document["parameters"]} <= document["sources"].keys()


def test_the_same_input_has_the_same_hash_and_another_regimen_another(document, psma_course):
    again = psma_course.document()["provenance"]["input_sha256"]
    shorter = Regimen(Regimen.typical(PSMA).administrations[:1])
    other = simulate(PSMA, MCRPC, shorter).document()["provenance"]["input_sha256"]
    assert again == document["provenance"]["input_sha256"] != other


def test_a_distribution_leaves_out_what_was_not_solved():
    found = distribution(np.array([1.0, 2.0, 3.0, np.nan]))
    assert (found["mean"], found["median"], found["sd"]) == (2.0, 2.0, 1.0)
    assert distribution(np.array([5.0]))["sd"] == 0.0
    assert np.isnan(distribution(np.array([np.nan]))["mean"])
