"""Study files of explain that are wrong: what is wrong is said, with where and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ligandose.design.explain_map import map_document
from ligandose.design.explain_model import case_of
from ligandose.design.explain_study import explain_from_mapping, read_explain
from ligandose.design.sensitivity_shapley import (
    conditional_covariances,
    shapley_effects,
    shapley_values,
)
from ligandose.design.sensitivity_sobol import run_sobol, sobol_indices
from ligandose.design.sensitivity_voi import evppi
from ligandose.errors import InputError

GOOD: dict[str, Any] = {"agents": ["177Lu-PSMA-617"], "indication": "mCRPC"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"agents": []}, "agents"),
        ({"agents": ["177Lu-PSMA-616"]}, "did you mean 177Lu-PSMA-617"),
        ({"agents": ["223Ra-dichloride"]}, "is a salt"),
        ({"agents": ["177Lu-PSMA-617"] * 3}, "at most 2"),
        ({"agents": [{"target": "STEAP1", "vector": "antibody"}]}, "nuclide"),
        ({"agents": [{"target": "NIS", "vector": "antibody", "nuclide": "Lu-177"}]}, "transporter"),
        ({"agent": "x"}, "did you mean agents"),
        ({"sensitivity": {"properties": ["tumor_density"]}}, "did you mean tumour_density"),
        ({"sensitivity": {"ranges": {"k_d": [10, 0.1]}}}, "the lower first"),
        ({"sensitivity": {"rows": 3}}, "sensitivity"),
        ({"sensitivity": {"nuclides": ["Lu-999"]}}, "Lu-999"),
        ({"blueprint": {"share": 1.5}}, "blueprint"),
        ({"blueprint": {"targets": ["PSMB"]}}, "blueprint.targets[0]"),
        ({"information": {"options": ["nothing"]}}, "information.options"),
        ({"map": {"vectors": ["antibodies"]}}, "antibod"),
        ({"setting": "conditioning"}, "BED of the marrow"),
        ({"map": {"patients": 2}}, "map.patients"),
        ({"screen": "nowhere.json"}, "cannot be read as JSON"),
        ({"indication": "mCRPD"}, "mCRPC"),
    ],
)
def test_wrong_study_says_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        explain_from_mapping({**GOOD, **change})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_map_of_nothing_says_which_rule_removed_what() -> None:
    plan = explain_from_mapping({**GOOD, "map": {"targets": ["NIS"], "nuclides": ["Lu-177"]}})
    assert plan.mapped is not None
    case = case_of(plan.screen, plan.agents[0].task())
    with pytest.raises(InputError, match="nothing is left of 1 combinations; rule 'not simulat"):
        map_document(plan.mapped, case, patients=8)


def test_document_of_another_command_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"document": "ligandose.tac"}')
    study = tmp_path / "study.yaml"
    study.write_text("agents: [177Lu-PSMA-617]\nindication: mCRPC\nscreen: other.json\n")
    with pytest.raises(InputError, match=r"study\.yaml:3: screen: .* is no ligandose\.screen"):
        read_explain(study)


def test_rows_without_result_are_named() -> None:
    values = np.full((4, 64, 1), np.nan)
    with pytest.raises(InputError, match="0 of 64 rows have a result"):
        sobol_indices(values, seed=1)


def test_numbers_out_of_range_are_refused() -> None:
    def model(share: Any) -> Any:
        return share[:, :1]

    with pytest.raises(InputError, match="power of two"):
        run_sobol(model, 2, seed=1, first_rows=100)
    with pytest.raises(InputError, match="at least one"):
        run_sobol(model, 0, seed=1)
    with pytest.raises(InputError, match="a power of two"):
        shapley_values(np.zeros(3))


def test_too_few_patients_and_one_option_are_refused() -> None:
    rng = np.random.default_rng(1)
    explained = conditional_covariances(np.eye(3), [[0], [1], [2]])
    groups = [("a", [0]), ("b", [1]), ("c", [2])]
    with pytest.raises(InputError, match="10 patients with a result for 10 terms"):
        shapley_effects(
            rng.normal(size=(10, 3)), rng.normal(size=10), groups=groups, explained=explained,
            seed=1,
        )  # fmt: skip
    with pytest.raises(InputError, match="the same in every patient"):
        shapley_effects(
            rng.normal(size=(50, 3)), np.ones(50), groups=groups, explained=explained, seed=1
        )
    with pytest.raises(InputError, match="give two"):
        evppi(rng.normal(size=(100, 1)), rng.normal(size=(100, 1)), seed=1)
    with pytest.raises(InputError, match="at least 15"):
        evppi(rng.normal(size=(14, 2)), rng.normal(size=(14, 1)), seed=1)
