"""Units and findings keep what they were given: round trips, linearity, three states."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ligandose.evidence import Finding, Measured, Status, to_internal
from ligandose.evidence.units import FACTORS

# Far from overflow and underflow, so that products of two of them are still exact to rounding.
values = st.floats(min_value=1e-100, max_value=1e100)
units = st.sampled_from(sorted(FACTORS))

# Independent statement of what one unit is in another (SI prefixes and calendar).
SAME_AMOUNT = [
    (1.0, "h", 60.0, "min"),
    (1.0, "d", 24.0, "h"),
    (1.0, "a", 365.25, "d"),
    (1.0, "L", 1000.0, "mL"),
    (1.0, "kg", 1000.0, "g"),
    (1.0, "L/min", 1440.0, "L/d"),
    (1.0, "L/min", 1000.0, "mL/min"),
    (1.0, "1/min", 60.0, "1/h"),
    (1.0, "1/h", 24.0, "1/d"),
    (1.0, "1", 100.0, "%"),
]

# One rounding per operation of a short product.
ROUNDING = 1e-14


def row(**changes: str) -> dict[str, str]:
    base = {
        "subject": "adult-male", "region": "kidneys", "quantity": "mass", "value": "0.31",
        "unit": "kg", "cv": "0.2", "gsd": "1.1", "status": "verified", "source": "ICRP-89",
        "note": "",
    }  # fmt: skip
    return base | changes


@pytest.mark.parametrize(("one", "unit", "other", "other_unit"), SAME_AMOUNT)
def test_the_same_amount_in_two_units_is_one_number_inside(
    one: float, unit: str, other: float, other_unit: str
) -> None:
    inside = to_internal(one, unit, where="here")
    assert inside == pytest.approx(to_internal(other, other_unit, where="here"), rel=ROUNDING)


def test_perfusion_per_gram_is_litres_per_second_and_kilogram() -> None:
    # 1 mL/min/g = 1 L/min/kg = 1/60 L/s/kg
    assert to_internal(1.0, "mL/min/g", where="here") == pytest.approx(1 / 60, rel=ROUNDING)


@given(value=values, factor=st.floats(1e-6, 1e6), unit=units)
def test_conversion_is_linear(value: float, factor: float, unit: str) -> None:
    scaled = to_internal(factor * value, unit, where="here")
    assert scaled == pytest.approx(factor * to_internal(value, unit, where="here"), rel=ROUNDING)


@given(value=values, unit=units, cv=st.floats(0.0, 5.0), gsd=st.floats(1.0, 100.0))
def test_a_finding_keeps_every_digit_of_its_row(
    value: float, unit: str, cv: float, gsd: float
) -> None:
    finding = Finding.from_row(
        row(value=repr(value), unit=unit, cv=repr(cv), gsd=repr(gsd)), where="here"
    )
    assert (finding.value, finding.unit, finding.cv, finding.gsd) == (value, unit, cv, gsd)
    assert finding.internal == value * FACTORS[unit]


@pytest.mark.parametrize(
    ("text", "state"),
    [("0.5", Measured.MEASURED), ("0", Measured.NOT_DETECTED), ("", Measured.NOT_MEASURED)],
)
def test_missing_not_detected_and_measured_are_three_states(text: str, state: Measured) -> None:
    assert Finding.from_row(row(value=text), where="here").measured is state


def test_an_empty_spread_is_unknown_variability_and_no_uncertainty() -> None:
    finding = Finding.from_row(row(cv="", gsd=""), where="here")
    assert finding.cv is None
    assert finding.gsd == 1.0


def test_every_status_reads_back_as_itself() -> None:
    for status in Status:
        assert Finding.from_row(row(status=status.value), where="here").status is status


def test_every_factor_is_positive_and_finite() -> None:
    assert all(math.isfinite(f) and f > 0.0 for f in FACTORS.values())
