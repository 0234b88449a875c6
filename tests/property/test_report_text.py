"""Formatting never changes a value by more than its last printed figure."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from ligandose.report.text import mean_sd, number, percent

_POWER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
magnitudes = st.floats(min_value=1e-12, max_value=1e12, allow_nan=False)


def parsed(text: str) -> float:
    """Read back what `number` printed."""
    text = text.replace("−", "-").replace("\u202f", "")
    mantissa, _, power = text.partition("×10")
    return float(mantissa) * 10.0 ** int(power.translate(_POWER) or 0)


@given(magnitudes, st.sampled_from([2, 3, 4]), st.sampled_from([-1.0, 1.0]))
def test_a_printed_number_reads_back_within_half_its_last_figure(
    size: float, digits: int, sign: float
) -> None:
    # half a unit of the last of `digits` figures, relative to the smallest mantissa 1.00
    assert math.isclose(
        parsed(number(sign * size, digits)), sign * size, rel_tol=0.5001 * 10.0 ** (1 - digits)
    )


@given(magnitudes, magnitudes)
def test_mean_and_sd_have_the_same_number_of_decimals(mean: float, sd: float) -> None:
    pair = re.sub(r"\u202f(?=\d{3})", "", mean_sd(mean, sd)).split(")")[0].strip("(")
    left, _, right = pair.partition(" ± ")
    assert len(left.partition(".")[2]) == len(right.partition(".")[2])


@given(st.floats(min_value=0.0, max_value=1.0))
def test_zero_and_all_are_printed_only_for_zero_and_all(fraction: float) -> None:
    text = percent(fraction).replace("\u202f", " ")
    assert (text == "0 %") == (fraction == 0.0)
    assert (text == "100 %") == (100.0 * fraction == 100.0)
