"""What must hold of every explanation: null factors, seeds, shares, blueprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ligandose.course import simulate
from ligandose.design.explain_blueprint import blueprint_document
from ligandose.design.explain_compare import comparison_document
from ligandose.design.explain_factors import Changes, changes_of, factor
from ligandose.design.explain_information import information_document, knowledge_changes
from ligandose.design.explain_model import Case, case_of, outcomes
from ligandose.design.explain_sensitivity import (
    known_correlation,
    population_changes,
    shapley_document,
    sobol_document,
)
from ligandose.design.explain_study import ExplainPlan, explain_from_mapping
from ligandose.design.sensitivity_sobol import run_sobol

Floats = NDArray[np.float64]
STUDY: dict[str, Any] = {
    "indication": "mCRPC",
    "setting": "oligometastatic",
    "agents": ["177Lu-PSMA-617", {"target": "STEAP1", "vector": "antibody", "nuclide": "Ac-225"}],
    "patients": 12,
    "seed": 3,
}


@pytest.fixture(scope="module")
def plan() -> ExplainPlan:
    return explain_from_mapping(STUDY)


@pytest.fixture(scope="module")
def case(plan: ExplainPlan) -> Case:
    return case_of(plan.screen, plan.agents[0].task())


def test_factor_without_effect_has_zero_indices() -> None:
    def model(share: Floats) -> Floats:
        return (share[:, 0] ** 2 + share[:, 1])[:, None]

    found = run_sobol(model, 3, seed=1, tolerance=0.2)
    assert found.total[0, 2] == 0.0  # A and A with its column exchanged are the same rows
    assert found.first[0, 2] == 0.0


def test_sites_that_nothing_limits_leave_the_tumour_dose_alone(case: Case) -> None:
    document = sobol_document(
        [case],
        [factor("tumour_density"), factor("alpha")],
        seed=1,
        tolerance=0.4,
        most_rows=32,
    )
    dose = next(o for o in document["outputs"] if o["output"] == "tumour_dose_per_activity")
    by_factor = {i["factor"]: i["total"] for i in dose["indices"]}
    assert by_factor["alpha"] == 0.0  # radiobiology does not change where activity goes
    assert by_factor["tumour_density"] > 0.9


def test_same_seed_same_numbers_on_any_number_of_threads(case: Case) -> None:
    def run(threads: int) -> dict[str, Any]:
        return sobol_document(
            [case], [factor("k_d"), factor("amount")], seed=5, tolerance=0.4, most_rows=32,
            threads=threads,
        )  # fmt: skip

    assert run(1) == run(2)


def test_scaling_the_amount_is_what_giving_that_amount_does(case: Case) -> None:
    scaled = outcomes(case, Changes(amount=np.array([0.1, 10.0])), rows=2)
    for row, multiple in enumerate((0.1, 10.0)):
        given = replace(
            case, supply=replace(case.supply, amount_nmol=multiple * case.supply.amount_nmol)
        )
        found = outcomes(given, Changes(), rows=1)
        # the solver's own tolerance (1e-6 relative per step) is all that differs
        assert scaled.log10_kill[row] == pytest.approx(found.log10_kill[0], rel=1e-4)


def test_population_as_rows_is_the_population_of_simulate(case: Case, plan: ExplainPlan) -> None:
    changes = population_changes(case, patients=4, seed=plan.screen.seed)
    course = simulate(case.agent, case.host, patients=4, seed=plan.screen.seed)
    for key, multiplier in changes.host.items():
        typical = case.host.findings[key].internal
        assert np.allclose(multiplier * typical, course.host_values[key], rtol=1e-12)


def test_more_density_is_more_dose_and_more_release_is_less(case: Case) -> None:
    for name, sign in (("tumour_density", 1.0), ("release", -1.0)):
        one = factor(name)
        values = one.at(np.linspace(0.0, 1.0, 5))
        found = outcomes(
            case, changes_of([(one, values)], case.agent, case.host, case.site), rows=5
        )
        assert np.all(sign * np.diff(found.tumour_Gy_per_GBq) > 0.0)


def test_effects_in_the_population_add_up_and_find_the_density(case: Case) -> None:
    found = shapley_document(case, patients=260, seed=1)
    by_output = {o["output"]: o for o in found["outputs"]}
    for one in by_output.values():
        total = sum(e["effect"] for e in one["effects"]) + one["unexplained"]
        assert total == pytest.approx(1.0, abs=1e-9)
    dose = by_output["tumour_dose_per_activity"]
    effects = {e["group"]: e["effect"] for e in dose["effects"]}
    assert max(effects, key=lambda group: effects[group]) == "Tumour density"
    assert dose["predicted_share"] > 0.9  # the logarithm of a dose is close to linear in logs
    assert abs(effects["Radiobiology of the tumour"]) < 0.01


def test_known_correlation_is_that_of_the_population(case: Case) -> None:
    changes = population_changes(case, patients=4000, seed=2)
    keys = list(changes.host)[:40] + [k for k in changes.host if k.startswith("lesion:")]
    keys = list(dict.fromkeys(keys))
    logs = np.log(np.column_stack([changes.host[k] for k in keys]))
    # the standard error of a correlation of 4000 patients is 0.016; five of them, 1600 pairs
    assert np.allclose(np.corrcoef(logs.T), known_correlation(keys), atol=0.08)


def test_comparison_adds_up_in_every_patient_and_turns_with_its_agents(plan: ExplainPlan) -> None:
    there = comparison_document(plan.screen, *plan.agents, patients=6)
    back = comparison_document(plan.screen, *reversed(plan.agents), patients=6)
    shares = {g["group"]: g["log10_kill"]["mean"] for g in there["groups"]}
    # means of shares add up to the mean of the difference, to rounding
    assert sum(shares.values()) == pytest.approx(there["difference"]["mean"], rel=1e-9)
    assert set(shares) == {"vector", "nuclide", "target"}
    for group in back["groups"]:
        assert group["log10_kill"]["mean"] == pytest.approx(-shares[group["group"]], rel=1e-9)


def test_information_of_the_choice_is_bounded_by_perfect_information(plan: ExplainPlan) -> None:
    cases = [case_of(plan.screen, one.task()) for one in plan.agents]
    found = information_document(cases, draws=100, seed=1)
    assert sum(o["probability_best"] for o in found["options"]) == pytest.approx(1.0)
    # an estimate from 100 draws may exceed the bound by its own error
    slack = 0.05
    for one in found["measurements"]:
        assert 0.0 <= one["value"] <= found["perfect_information"] + slack


def test_blueprint_knows_that_organs_want_few_sites_and_tumours_many(
    plan: ExplainPlan, case: Case
) -> None:
    found = blueprint_document(
        plan.agents[0], case, share=0.8, contexts=4, points=7, placed=["FOLH1", "STEAP1"], seed=1
    )
    held = {p["property"]: p for p in found["properties"]}
    tumour, kidneys = held["tumour"], held["kidneys"]
    assert (tumour["open_low"], tumour["open_high"]) == (False, True)
    assert (kidneys["open_low"], kidneys["open_high"]) == (True, False)
    for name in ("kidneys", "red_marrow", "liver"):
        median = np.array(held[name]["desirability"]["median"])
        assert median[-1] < median[0]
    for one in found["properties"]:
        # the best value of a context is in its own sweep, so every band ends at 1 somewhere
        assert max(one["desirability"]["p95"]) == pytest.approx(1.0, abs=1e-9)
        assert all(-1e-12 <= v <= 1.0 + 1e-12 for v in one["desirability"]["median"])
    status = {t["target"]: t["status"] for t in tumour["targets"]}
    assert status == {"FOLH1": "calibrated", "STEAP1": "modelled"}
    marrow = {t["target"]: t for t in held["red_marrow"]["targets"]}
    assert marrow["FOLH1"]["value"] is None
    assert marrow["FOLH1"]["status"] == "not measured"


def test_draws_of_knowledge_are_those_of_simulate(case: Case) -> None:
    changes = knowledge_changes(case, draws=3, seed=4)
    course = simulate(case.agent, case.host, seed=4, knowledge=2)
    keys = [k for k in changes.host if k in course.host_values]
    assert len(keys) > 100
    for key in keys:
        typical = case.host.findings[key].internal
        assert changes.host[key][2] * typical == pytest.approx(course.host_values[key][0])
