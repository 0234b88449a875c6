"""What is given when: equal cycles, typical use, sums."""

from ligandose.agents import agent
from ligandose.course import Administration, Regimen

WEEK_S = 7 * 86400.0


def test_cycles_are_equal_and_equally_far_apart():
    regimen = Regimen.cycles(
        4, activity_GBq=7.4, every_weeks=8.0, amount_nmol=139.0, infusion_min=30.0, voiding_h=2.0
    )
    assert [a.time_s for a in regimen.administrations] == [
        0.0,
        8 * WEEK_S,
        16 * WEEK_S,
        24 * WEEK_S,
    ]
    assert {(a.activity_Bq, a.amount_nmol, a.duration_s) for a in regimen.administrations} == {
        (7.4e9, 139.0, 1800.0)
    }
    assert regimen.voiding_interval_s == 7200.0


def test_one_cycle_needs_no_interval():
    assert Regimen.cycles(1, activity_GBq=1.0, amount_nmol=1.0).administrations == (
        Administration(0.0, 1e9, 1.0),
    )


def test_total_activity_is_the_sum_of_all():
    regimen = Regimen(
        (
            Administration(0.0, 0.0, 500.0),
            Administration(3600.0, 7.4e9, 100.0),
            Administration(42 * 86400.0, 3.7e9, 100.0),
        )
    )
    assert regimen.total_activity_Bq == 11.1e9


def test_typical_use_is_that_of_the_catalogue():
    it = agent("177Lu-DOTATATE")
    assert Regimen.typical(it) == Regimen.cycles(
        4,
        activity_GBq=7.4,
        every_weeks=8.0,
        amount_nmol=139.0,
        infusion_min=30.0,
        comedication=("amino_acids",),
    )
    assert Regimen.typical(agent("68Ga-PSMA-11")).voiding_interval_s == 3600.0
