"""Flows of children and animals: scaled as flows, and a protein stays in a mouse's blood."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course import Regimen, simulate
from ligandose.hosts import host

ADULT = host("adult-male")
KEY = "whole_body.endothelial_uptake"


def test_a_mouse_takes_up_what_its_own_endothelium_does() -> None:
    # 150 nL/h per 1e6 cells x 1.422e9 cells (jones2019): 5.12 mL a day; the table has three digits
    expected = 150e-9 * 1422.0 * 24.0
    assert host("mouse").finding(KEY).require() == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("name", ["child-1", "child-10", "rat"])
def test_where_the_table_is_silent_a_flow_follows_mass_to_three_quarters(name: str) -> None:
    it = host(name)
    ratio = (
        it.finding("whole_body.body_mass").internal / ADULT.finding("whole_body.body_mass").internal
    )
    assert it.finding(KEY).internal == pytest.approx(
        ADULT.finding(KEY).internal * ratio**0.75, rel=1e-12
    )


def test_rates_of_cells_and_walls_stay_as_they_are() -> None:
    for key in ("liver.hepatocyte.uptake", "liver.permeability_surface"):
        assert host("rat").finding(key).internal == ADULT.finding(key).internal


def test_an_antibody_is_still_in_the_blood_of_a_mouse_after_a_day() -> None:
    """Dissected mice have some 10 to 30 % of an IgG in their blood after a day (recalled)."""
    course = simulate(
        agent("177Lu-J591"), host("mouse"),
        Regimen.cycles(1, activity_GBq=1e-3, amount_nmol=0.1), patients=2, seed=1, threads=1,
    )  # fmt: skip
    lived = np.exp(-np.log(2.0) / 6.647)  # of 177Lu, one day
    at = course.regions.index("blood")
    left = [np.interp(86400.0, course.time_s, one[:, at]) / 1e6 / lived
            for one in course.activity_all_Bq]  # fmt: skip
    # large vessels alone hold half of the blood; before the mend it was 1e-4
    assert 0.03 < float(np.median(left)) < 0.4
