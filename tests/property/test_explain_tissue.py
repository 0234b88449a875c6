"""Where decays lie among the cells, borrowed emissions, the map and first in human."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ligandose.design.explain_factors import Changes, changes_of, factor
from ligandose.design.explain_human import human_document, joined
from ligandose.design.explain_map import map_document
from ligandose.design.explain_model import Case, case_of, outcomes
from ligandose.design.explain_sensitivity import sobol_document
from ligandose.design.explain_study import ExplainPlan, explain_from_mapping
from ligandose.design.explain_tissue import (
    class_ratios,
    class_shares,
    compartments,
    places,
    positive_shares,
    tissue_nuclides,
)
from ligandose.evidence import read_table

Floats = NDArray[np.float64]
STUDY: dict[str, Any] = {
    "indication": "mCRPC",
    "setting": "oligometastatic",
    "agents": ["177Lu-PSMA-617", {"target": "PSMA", "vector": "antibody", "nuclide": "Ac-225"}],
    "map": {"targets": ["PSMA", "FAP"], "vectors": ["small molecule"], "nuclides": ["Lu-177"]},
    "patients": 12,
    "seed": 3,
}


@pytest.fixture(scope="module")
def plan() -> ExplainPlan:
    return explain_from_mapping(STUDY)


@pytest.fixture(scope="module")
def beta(plan: ExplainPlan) -> Case:
    return case_of(plan.screen, plan.agents[0].task())


@pytest.fixture(scope="module")
def alpha(plan: ExplainPlan) -> Case:
    return case_of(plan.screen, plan.agents[1].task())


def _kills(case: Case, name: str) -> Floats:
    one = factor(name)
    levels = np.arange(len(compartments() if name == "compartment" else positive_shares()))
    changes = changes_of([(one, levels.astype(float))], case.agent, case.host, case.site)
    return outcomes(case, changes, rows=levels.size).log10_kill


def test_classes_have_the_mean_of_all_cells() -> None:
    assert class_shares().sum() == pytest.approx(1.0)
    rows = read_table("explain_tissue.csv")
    for nuclide in tissue_nuclides():
        ratios = class_ratios(nuclide)
        assert ratios is not None
        mean = [float(r["mean_ratio"]) for r in rows if r["nuclide"] == nuclide]
        # classes are whole numbers of cells (of some thousand) and four digits are kept
        assert np.allclose(ratios @ class_shares(), mean, rtol=2e-3)
        assert np.all(np.diff(ratios, axis=1) >= 0.0)
        assert ratios.shape == (len(places()), class_shares().size)


def test_shipped_table_is_what_its_script_makes() -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
    import build_explain_tissue as script

    made = script.rows(("Lu-177",), places=(4,))
    held = next(
        r for r in read_table("explain_tissue.csv")
        if (r["nuclide"], r["compartment"]) == ("Lu-177", "stroma")
    )  # fmt: skip
    assert made[0][:3] == ["Lu-177", "stroma", "1"]
    # the same numbers but for the last digit, which another processor may round otherwise
    shipped = [float(held[k]) for k in script.HEADER[3:]]
    assert np.allclose([float(v) for v in made[0][3:]], shipped, rtol=2e-3)


def test_short_range_needs_the_target_on_every_tumour_cell(beta: Case, alpha: Case) -> None:
    for name in ("compartment", "positive_share"):
        of_beta, of_alpha = _kills(beta, name), _kills(alpha, name)
        # what is lost from best to worst, as share of the best: alphas lose more
        assert of_alpha.min() / of_alpha.max() < of_beta.min() / of_beta.max()
    assert np.all(np.diff(_kills(alpha, "positive_share")) > 0.0)
    cell = compartments().index("tumour cell")
    assert int(np.argmax(_kills(alpha, "compartment"))) == cell


def test_place_of_decays_leaves_doses_and_activity_alone(beta: Case) -> None:
    one = factor("compartment")
    changes = changes_of([(one, np.arange(4.0))], beta.agent, beta.host, beta.site)
    found, plain = outcomes(beta, changes, rows=4), outcomes(beta, Changes(), rows=1)
    assert np.allclose(found.tumour_Gy_per_GBq, plain.tumour_Gy_per_GBq, rtol=1e-9)
    assert np.allclose(found.activity_GBq, plain.activity_GBq, rtol=1e-9)
    unplaced = replace(changes, place=np.full(4, -1))
    # -1 is the mean dose of the lesion, which is what no place is
    assert np.allclose(outcomes(beta, unplaced, rows=4).log10_kill, plain.log10_kill, rtol=1e-9)


def test_emissions_of_its_own_nuclide_change_nothing(beta: Case, alpha: Case) -> None:
    for case in (beta, alpha):
        own = replace(case, emitter=case.agent.nuclide)
        one, other = outcomes(case, Changes(), rows=1), outcomes(own, Changes(), rows=1)
        # both sum the same chain; 1e-5 leaves room for the order of sums over progeny
        assert other.tumour_Gy_per_GBq == pytest.approx(one.tumour_Gy_per_GBq, rel=1e-5)
        assert other.organ_Gy_per_GBq == pytest.approx(one.organ_Gy_per_GBq, rel=1e-5)


def test_half_life_and_emissions_are_factors_of_their_own(plan: ExplainPlan, beta: Case) -> None:
    actinium = case_of(plan.screen, replace(plan.agents[0], nuclide="Ac-225").task())
    document = sobol_document(
        [beta, actinium], [factor("alpha")], seed=1, tolerance=0.4, most_rows=32
    )
    assert [f["factor"] for f in document["factors"]] == ["alpha", "half_life", "emissions"]
    dose = next(o for o in document["outputs"] if o["output"] == "tumour_dose_per_activity")
    by_factor = {i["factor"]: i["total"] for i in dose["indices"]}
    # alphas of a chain give some thousand times the dose of a decay, 6.6 or 9.9 days 1.3 times
    assert by_factor["emissions"] > 0.9 > by_factor["half_life"] > 0.0
    assert by_factor["alpha"] == 0.0


def test_trace_of_shed_antigen_is_none_and_much_takes_the_agent(alpha: Case) -> None:
    plain = outcomes(alpha, Changes(), rows=1).tumour_Gy_per_GBq[0]
    found = outcomes(alpha, Changes(antigen=np.array([1e-6, 0.1, 1.0, 10.0])), rows=4)
    assert found.tumour_Gy_per_GBq[0] == pytest.approx(plain, rel=1e-4)
    assert np.all(np.diff(found.tumour_Gy_per_GBq) < 0.0)


def test_dose_saturates_in_density_and_rises_with_affinity(beta: Case) -> None:
    share = np.linspace(0.0, 1.0, 5)
    density, affinity = factor("tumour_density"), factor("k_d")
    of = {
        f.name: outcomes(
            beta, changes_of([(f, f.at(share))], beta.agent, beta.host, beta.site), rows=5
        ).tumour_Gy_per_GBq
        for f in (density, affinity)
    }
    # equal steps of the logarithm: each adds a smaller factor of dose where uptake saturates
    assert np.all(np.diff(np.log(of["tumour_density"]), n=2) < 0.0)
    assert np.all(np.diff(of["k_d"]) < 0.0)


def test_map_ranks_what_is_feasible_and_says_why_the_rest_is_not(
    plan: ExplainPlan, beta: Case
) -> None:
    assert plan.mapped is not None
    found = map_document(plan.mapped, beta, patients=8)
    by_target = {c["target_name"]: c for c in found["candidates"]}
    assert by_target["PSMA"]["rank"] == 1
    assert by_target["PSMA"]["limiting_organ"]
    assert not by_target["FAP"]["feasible"]
    assert "FAP.density" in by_target["FAP"]["reasons"][0]
    assert 0.0 <= by_target["PSMA"]["p_better_than_reference"] <= 1.0
    assert found["reference"] == "177Lu-PSMA-617"


def test_first_activity_keeps_most_patients_below_every_limit(beta: Case) -> None:
    found = human_document(beta, patients=40, seed=2)
    assert sum(o["limits_share"] for o in found["organs"]) == pytest.approx(1.0)
    low = found["activity_to_discuss_GBq_per_cycle"]
    first = found["organs"][0]
    assert low * found["cycles"] < first["activity_at_limit_GBq"]["median"]


def test_joined_changes_multiply_what_both_change() -> None:
    one = Changes(host={"a": np.array([2.0]), "b": np.array([3.0])})
    other = Changes(host={"b": np.array([5.0])}, agent={"c": np.array([7.0])})
    both = joined(one, other)
    assert {k: float(v[0]) for k, v in both.host.items()} == {"a": 2.0, "b": 15.0}
    assert float(both.agent["c"][0]) == 7.0
