"""Regimens that nobody gives are refused, with the field, what came and what is allowed."""

from dataclasses import replace

import pytest

from ligandose.agents import agent
from ligandose.course import Administration, Regimen
from ligandose.errors import InputError

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("time_s", -1.0, "time_s"),
        ("time_s", INFINITY, "time_s"),
        ("activity_Bq", -1.0, "activity_GBq"),
        ("activity_Bq", 7400e9, r"activity_GBq = 7400 is outside 0 … 100"),
        ("activity_Bq", NAN, "activity_GBq"),
        ("amount_nmol", 0.0, "amount_nmol"),
        ("amount_nmol", -3.0, "amount_nmol"),
        ("amount_nmol", 1e6, r"amount_nmol = 1e\+06 is outside 1e-06 … 100000"),
        ("amount_nmol", NAN, "amount_nmol"),
        ("duration_s", -60.0, "infusion_min"),
        ("duration_s", 25 * 3600.0, r"infusion_min = 1500 is outside 0 … 1440"),
    ],
)
def test_an_administration_out_of_range_names_its_field(field, value, named):
    with pytest.raises(InputError, match=named):
        replace(Administration(0.0, 1e9, 100.0), **{field: value})


@pytest.mark.parametrize("cycles", [0, -1, 51])
def test_a_number_of_cycles_out_of_range_is_refused(cycles):
    with pytest.raises(InputError, match=rf"cycles: {cycles} is outside 1 … 50"):
        Regimen.cycles(cycles, activity_GBq=7.4, amount_nmol=100.0)


@pytest.mark.parametrize("weeks", [0.0, -6.0, 105.0, NAN])
def test_an_interval_out_of_range_is_refused(weeks):
    with pytest.raises(InputError, match="every_weeks"):
        Regimen.cycles(2, activity_GBq=7.4, amount_nmol=100.0, every_weeks=weeks)


@pytest.mark.parametrize("hours", [0.0, 0.05, 25.0, NAN])
def test_a_voiding_interval_out_of_range_is_refused(hours):
    with pytest.raises(InputError, match="voiding_h"):
        Regimen.cycles(1, activity_GBq=7.4, amount_nmol=100.0, voiding_h=hours)


def test_a_regimen_needs_an_administration():
    with pytest.raises(InputError, match="no administration; give cycles or administrations"):
        Regimen(())


@pytest.mark.parametrize("times", [(1.0, 0.0), (0.0, 0.0)])
def test_administrations_must_follow_each_other(times):
    with pytest.raises(InputError, match="must increase"):
        Regimen(tuple(Administration(t, 1e9, 1.0) for t in times))


def test_a_regimen_without_activity_is_refused():
    with pytest.raises(InputError, match="carries activity"):
        Regimen((Administration(0.0, 0.0, 100.0),))


def test_too_many_administrations_are_refused():
    with pytest.raises(InputError, match="51 administrations; at most 50"):
        Regimen(tuple(Administration(float(k), 1e9, 1.0) for k in range(51)))


@pytest.mark.parametrize("missing", ["activity_GBq", "amount_nmol"])
def test_an_agent_without_a_typical_use_needs_a_regimen(missing):
    it = agent("177Lu-PSMA-617")
    unknown = replace(it, typical={k: v for k, v in it.typical.items() if k != missing})
    with pytest.raises(InputError, match=f"no typical {missing}; give a regimen"):
        Regimen.typical(unknown)
