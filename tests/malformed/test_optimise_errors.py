"""Studies and points that cannot be: one clear message each."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ligandose.cli import main
from ligandose.design.levers_model import model_of
from ligandose.design.optimise_bounds import bounds, class_of
from ligandose.design.optimise_front import hypervolume, on_front
from ligandose.design.optimise_study import optimise_from_mapping, read_optimise, space_of
from ligandose.errors import DataError, InputError, UnknownNameError

GOOD = {
    "indication": "mCRPC",
    "target": "PSMA",
    "vectors": ["177Lu-PSMA-617"],
    "nuclides": ["Lu-177"],
}


def _with(**more: object) -> dict[str, object]:
    return {**GOOD, **more}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({k: v for k, v in GOOD.items() if k != "target"}, "target is missing"),
        (_with(targets=["PSMA"]), "name one target with target:"),
        (_with(target=3), "target is missing"),
        (_with(target="PSMAA"), "PSMA"),
        (_with(rank_at="cap"), "rank_at: is no key of an optimisation"),
        (_with(optimise={"levers": ["afinity"]}), "unknown lever 'afinity'"),
        (_with(optimise={"levers": []}), "levers: is empty"),
        (_with(optimise={"bounds": {"kd": [1, 2]}}), "did you mean k_d"),
        (_with(optimise={"bounds": {"k_d": [5, 2]}}), "below the upper"),
        (_with(optimise={"evaluations": 3}), "greater than or equal to 40"),
        (_with(optimise={"generations": 3}), "is no key of optimise"),
        (_with(optimise=[1]), "must be a mapping"),
        (_with(setting="conditioning"), "seeks clonogen kill"),
        (_with(nuclides=[]), "nuclides: is empty"),
        (_with(bogus=1), "bogus: is no key of a screen"),
    ],
)
def test_a_study_that_cannot_be_is_refused(data, said):
    with pytest.raises(InputError, match=said):
        optimise_from_mapping(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_with(optimise={"bounds": {"k_d": [1e-6, 2]}}), "leaves the chemical bounds"),
        (_with(optimise={"levers": ["sieving"]}), "none of the levers sieving has bounds"),
        (_with(optimise={"bounds": {"cycles": [4.5, 5.5]}}), "no step of cycles"),
        (_with(vectors=["223Ra-dichloride"]), "nothing is left of 1 combinations; rule 'vector'"),
        (_with(nuclides=["Lu-176"]), "removed"),
    ],
)
def test_a_space_that_is_empty_or_leaves_chemistry_is_refused(data, said):
    with pytest.raises(InputError, match=said):
        space_of(optimise_from_mapping(data))


def test_a_start_that_the_study_cannot_make_is_named():
    space = space_of(optimise_from_mapping(GOOD))
    with pytest.raises(InputError, match="177Lu-DOTATATE is none of the agents"):
        space.start("177Lu-DOTATATE")


@pytest.mark.parametrize("point", [[0.5], [2.0] * 12, [np.nan] * 12])
def test_points_outside_of_the_cube_are_refused(point):
    space = space_of(optimise_from_mapping(GOOD))
    wanted = np.resize(point, len(space.genes)) if len(point) > 1 else point
    with pytest.raises(InputError, match="genes"):
        space.design(wanted)


def test_objectives_must_be_finite_numbers():
    with pytest.raises(InputError, match="finite"):
        on_front([[1.0, np.nan]])
    with pytest.raises(InputError, match="two objectives"):
        hypervolume([[1.0, 2.0, 3.0]], reference=(0.0, 0.0))


def test_unknown_names_of_tables_are_named():
    with pytest.raises(UnknownNameError, match="did you mean peptide"):
        bounds("peptid", "SSTR2")
    with pytest.raises(DataError, match="no class lists"):
        class_of("aspirin")
    with pytest.raises(UnknownNameError, match="example of a lever"):
        model_of("177Lu-nothing")


def test_without_pymoo_the_extra_is_named(monkeypatch):
    from ligandose.design.optimise_search import search

    monkeypatch.setitem(sys.modules, "pymoo.algorithms.moo.nsga2", None)
    with pytest.raises(InputError, match="extra `design`"):
        search(lambda x: x[:, :2], genes=3, evaluations=40, seed=1)


def test_a_search_that_gets_nonsense_says_so():
    pytest.importorskip("pymoo")
    from ligandose.design.optimise_search import search

    with pytest.raises(InputError, match="finite numbers"):
        search(lambda x: np.full((len(x), 2), np.nan), genes=3, evaluations=40, seed=1)
    with pytest.raises(InputError, match="at least 20"):
        search(lambda x: x[:, :2], genes=3, evaluations=4, seed=1)
    with pytest.raises(InputError, match="3 genes"):
        search(lambda x: x[:, :2], genes=3, evaluations=40, seed=1, start=np.array([[2.0, 0, 0]]))


def test_the_command_ends_with_one_line_and_code_2(tmp_path, capsys):
    study = tmp_path / "study.yaml"
    study.write_text(
        "indication: mCRPC\ntarget: PSMA\nvectors: [177Lu-PSMA-617]\n"
        "nuclides: [Lu-177]\noptimise:\n  evaluations: many\n",
        encoding="utf-8",
    )
    assert main(["optimise", str(study)]) == 2
    said = capsys.readouterr().err.strip()
    assert "study.yaml:6: optimise.evaluations" in said
    assert "\n" not in said


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no\.yaml"):
        read_optimise(tmp_path / "no.yaml")
