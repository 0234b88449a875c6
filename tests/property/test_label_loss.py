"""Labels that come off what circulates become the free element that they are."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ligandose.agents import Agent, agent, element_transfers, elements
from ligandose.course.regimen import Regimen
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.evidence import Finding, Status
from ligandose.hosts import draw_values, host
from ligandose.kinetics import (
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    element_model,
    given_into,
    rate_matrix,
    solve,
)

DAY_S = 86400.0
MADE = ("Lu", "Sm", "Tb", "Ga", "Cu", "Re", "At", "Fr")
SCRIPT = Path(__file__).parents[2] / "scripts" / "build_element_transfer.py"


def _losing(name: str, per_day: float, *, nuclide: str | None = None) -> Agent:
    chosen = agent(name)
    finding = Finding(
        chosen.vector, "", "label_loss", per_day, "1/d", None, 1.0, Status.ASSUMED, "test"
    )
    return replace(
        chosen,
        findings={**chosen.findings, "label_loss": finding},
        nuclide=nuclide or chosen.nuclide,
        impurities=() if nuclide else chosen.impurities,
    )


def _solved(chosen: Agent, disease: str):
    person = host("adult-male", disease=disease)
    values = [
        draw_values(f.findings, patients=1, seed=1, variability=False) for f in (person, chosen)
    ]
    network = compile_network(describe(chosen, person))
    solution = solve(
        network, [Phase(0.0, agent_parameters(chosen, person, *values))], [Dose(0.0, 100.0)],
        into=given_into(chosen), end_s=60 * DAY_S,
    )  # fmt: skip
    assert not solution.failed[0]
    return [p.name for p in network.description.pools], solution.final_nmol[0]


@pytest.mark.parametrize(
    ("name", "disease"), [("90Y-ibritumomab-tiuxetan", "B-NHL"), ("177Lu-DOTATATE", "GEP-NET")]
)
def test_what_is_lost_is_conserved(name: str, disease: str) -> None:
    chosen = _losing(name, 0.3)
    names, final = _solved(chosen, disease)
    free = [i for i, n in enumerate(names) if n.startswith(f"{chosen.element}.")]
    # the promise of the solver: rounding, see LARGEST_LEAK
    assert final.sum() == pytest.approx(100.0, rel=1e-8)
    assert final[free].sum() > 1.0


def test_more_loss_sets_more_free() -> None:
    """Without loss nothing is free; with it, what is lost grows with the rate, less than in
    proportion, since what is lost cannot be lost again."""
    free: list[float] = []
    for rate in (0.0, 0.05, 0.1, 0.2):
        names, final = _solved(_losing("90Y-ibritumomab-tiuxetan", rate), "B-NHL")
        free.append(sum(final[i] for i, n in enumerate(names) if n.startswith("Y.")))
    assert free[0] == 0.0
    assert free[1] < free[2] < 2.0 * free[1]
    assert free[2] < free[3] < 2.0 * free[2]


@cache
def _course(per_day: float) -> Course:
    regimen = Regimen.cycles(1, activity_GBq=1.0, amount_nmol=21.6)
    chosen = _losing("90Y-ibritumomab-tiuxetan", per_day)
    return simulate(chosen, host("adult-male", disease="B-NHL"), regimen)


def test_lost_yttrium_raises_bone_and_marrow() -> None:
    bound, lost = _course(0.0), _course(0.1)
    gain = {
        region: lost.dose_of(region)[0] / bound.dose_of(region)[0]
        for region in ("bone_trabecular", "bone_cortical", "red_marrow")
    }
    # a tenth per day of what circulates for two days, of which 0.4 goes to bone; marrow gets most
    # of its dose from antibody on its own B cells, which loses label too, and from bone beside it
    assert gain["bone_trabecular"] > 1.05
    assert gain["bone_cortical"] > 1.05
    assert gain["red_marrow"] > 1.01
    assert lost.dose_of("spleen")[0] < bound.dose_of("spleen")[0]  # less is left to bind there


def test_loss_does_not_make_decays() -> None:
    """Given activity bounds all decays together: A / λ, whatever comes off."""
    mean_life_s = 64.05 * 3600.0 / np.log(2.0)  # Y-90
    for rate in (0.0, 0.1):
        course = _course(rate)
        whole = course.tiac_s[0, course.regions.index("whole_body")]
        assert 0.5 * mean_life_s < whole < mean_life_s * 1.001  # half-life to 1e-3


@pytest.mark.parametrize("element", MADE)
def test_free_elements_conserve_atoms(element: str) -> None:
    """Columns of the rate matrix add up to zero: every flux leaves one pool and enters another."""
    person = host("adult-male")
    regions = (*person.organs, *person.lesions)
    model = element_model(element, regions)
    parameters = {name: np.array([rate]) for name, rate in model.rates_per_s.items()}
    for name in model.description.parameters:
        parameters.setdefault(name, np.array([1e-4]))
    matrix = rate_matrix(model.description, parameters)[0]
    assert np.abs(matrix.sum(axis=0)).max() <= 1e-12 * np.abs(matrix).max()


@pytest.mark.parametrize("element", MADE)
def test_free_elements_empty_plasma(element: str) -> None:
    assert element in elements()
    out = [
        t.rate_per_s
        for t in element_transfers(element)
        if t.source.part == "plasma" and t.target.part != "plasma"
    ]
    # none slower than the 0.25 d of ICRP 30
    assert sum(out) >= 0.999 * np.log(2.0) / (0.25 * DAY_S)


def test_bone_seekers_go_to_bone_and_alkali_ions_to_muscle() -> None:
    def share(element: str, *regions: str) -> float:
        out = [t for t in element_transfers(element) if t.source.part == "plasma"]
        there = [t.rate_per_s for t in out if t.target.region in regions]
        return sum(there) / sum(t.rate_per_s for t in out)

    bone = ("bone_trabecular", "bone_cortical")
    assert share("Lu", *bone) == pytest.approx(0.6, rel=1e-3)  # ICRP 30, as element_distribution
    assert share("Sm", *bone) == pytest.approx(0.45, rel=1e-3)
    assert share("Sm", "liver") == pytest.approx(0.45, rel=1e-3)
    assert share("Fr", "muscle") == pytest.approx(0.127, rel=1e-2)  # caesium
    assert share("At", "thyroid") == pytest.approx(0.3 * share("I", "thyroid"), rel=0.02)


def test_the_table_is_what_the_script_makes() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("nuclide", ["Tb-161", "Cu-67", "Re-188", "Sm-153", "At-211"])
def test_courses_run_with_free_elements(nuclide: str) -> None:
    chosen = _losing("177Lu-DOTATATE", 0.1, nuclide=nuclide)
    regimen = Regimen.cycles(1, activity_GBq=1.0, amount_nmol=139.0)
    course = simulate(chosen, host("adult-male", disease="GEP-NET"), regimen)
    assert not course.failed.any()
    assert course.dose_of("kidneys")[0] > 0.0
