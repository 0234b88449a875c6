"""Numbers in a report: significant figures, true minus, one place for mean and SD."""

from __future__ import annotations

import math

import pytest

from ligandose.report.text import (
    MINUS,
    MISSING,
    agent_label,
    duration,
    interval,
    mean_sd,
    nuclide_label,
    number,
    percent,
    plain,
    regimen_text,
    region_label,
    rounded,
)

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.43, "0.430"),
        (12.345, "12.3"),
        (9.996, "10.0"),  # rounding moves the exponent: still three figures
        (1234.0, "1230"),
        (73000.0, f"73{THIN}000"),
        (-0.51, f"{MINUS}0.510"),
        (0.0, "0"),
        (1.23e-5, f"1.23{THIN}×{THIN}10⁻⁵"),
        (6.02e23, f"6.02{THIN}×{THIN}10²³"),
        (math.nan, MISSING),
        (math.inf, MISSING),
        (None, MISSING),
    ],
)
def test_a_number_has_three_significant_figures(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (0.4312, 0.1623, "0.43 ± 0.16"),
        (0.4312, 0.0988, "0.431 ± 0.099"),
        (18.94, 7.13, "18.9 ± 7.1"),
        (318.0, 114.0, "320 ± 110"),
        (0.5, 0.0, "0.500"),
        (0.5, None, "0.500"),
        (None, 0.1, MISSING),
        (3.1e-5, 1.2e-5, f"(3.1 ± 1.2){THIN}×{THIN}10⁻⁵"),
    ],
)
def test_the_mean_ends_where_the_sd_ends(mean: float, sd: float, text: str) -> None:
    assert mean_sd(mean, sd) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0"), (0.0004, "< 0.1"), (0.0123, "1.2"), (0.1234, "12"), (0.9995, "> 99.9"),
     (0.996, "99.6"), (1.0, "100")],
)  # fmt: skip
def test_a_fraction_that_is_not_zero_or_one_is_never_printed_so(fraction: float, text: str) -> None:
    assert percent(fraction) == f"{text}{THIN}%"


def test_trailing_zeros_are_kept_for_results_and_dropped_for_data() -> None:
    assert number(13.1, 4) == "13.10"
    assert rounded(13.1) == "13.1"
    assert rounded(5786.0858) == "5786"
    assert rounded(200.0) == "200"
    assert plain(7.4) == "7.4"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(574301.0, "6.65 days"), (287.4, "4.79 min"), (0.0323, "32.3 ms"), (3.7e-6, "3.70 µs"),
     (3.15576e7 * 21.77, "21.8 years"), (None, MISSING)],
)  # fmt: skip
def test_a_duration_has_a_unit_that_fits(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("177Lu-PSMA-617", "¹⁷⁷Lu-PSMA-617"), ("68Ga-PSMA-11", "⁶⁸Ga-PSMA-11"), ("custom", "custom")],
)
def test_agents_carry_their_mass_number_raised(name: str, text: str) -> None:
    assert agent_label(name) == text


def test_names_are_written_as_the_field_writes_them() -> None:
    assert nuclide_label("Lu-177m") == "¹⁷⁷ᵐLu"
    assert region_label("red_marrow") == "Red marrow"
    assert region_label("lesion:bone_1") == "Lesion bone 1"
    assert interval(0.21, 0.78) == "0.210 – 0.780"


def test_a_regimen_of_equal_cycles_is_said_in_one_phrase() -> None:
    each = {"time_h": 0.0, "activity_GBq": 7.4, "amount_nmol": 100.0}
    regimen = {"administrations": [each] * 6, "total_activity_GBq": 44.4, "every_weeks": 6.0}
    assert regimen_text(regimen) == "6 × 7.4 GBq every 6 weeks"
    assert regimen_text({**regimen, "administrations": [each]}) == "7.4 GBq"
    other = {**each, "activity_GBq": 3.7}
    mixed = {**regimen, "administrations": [each, other], "total_activity_GBq": 11.1}
    assert "2 administrations, 11.1 GBq in total" in regimen_text(mixed)
