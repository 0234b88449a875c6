"""Numbers, names and intervals as a reader sees them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

MISSING = "–"
MINUS = "−"
NARROW_SPACE = "\u202f"
_SUPERSCRIPT = str.maketrans("0123456789-m", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵐ")
_AGENT = re.compile(r"^(\d{1,3}m?\d?)([A-Z][a-z]?)(?=-|$)")
_NUCLIDE = re.compile(r"^([A-Z][a-z]?)-(\d{1,3}m?\d?)$")
_SMALL_WORDS = {"tcp": "TCP", "ntcp": "NTCP", "gfr": "GFR", "bed": "BED", "eqd2": "EQD2"}


def is_number(value: object) -> bool:
    """Return whether `value` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def superscript(text: str) -> str:
    """Return `text` (digits, minus, m) in superscript characters."""
    return text.translate(_SUPERSCRIPT)


def _fixed(value: float, decimals: int) -> str:
    """Return `value` rounded to `decimals` places, which may be negative."""
    rounded = round(value, decimals)
    text = f"{abs(rounded):.{max(decimals, 0)}f}"
    whole, dot, fraction = text.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", NARROW_SPACE)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{whole}{dot}{fraction}"


def _magnitude(value: float, digits: int) -> int:
    """Return the decimal exponent of `value` after it is rounded to `digits` figures."""
    return int(f"{abs(value):.{digits - 1}e}".partition("e")[2])


def number(value: float | None, digits: int = 3) -> str:
    """Return `value` with `digits` significant figures, a true minus, and no 1e-05."""
    if value is None or not is_number(value):
        return MISSING
    if value == 0:
        return "0"
    exponent = _magnitude(value, digits)
    if exponent < -3 or exponent > 5:
        mantissa = _fixed(value / 10.0**exponent, digits - 1)
        return f"{mantissa}{NARROW_SPACE}×{NARROW_SPACE}10{superscript(str(exponent))}"
    return _fixed(value, digits - 1 - exponent)


def rounded(value: float | None, digits: int = 4) -> str:
    """Return `value` with at most `digits` significant figures, without trailing zeros."""
    if value is None or not is_number(value) or value == 0:
        return number(value)
    text, cross, power = number(value, digits).partition(f"{NARROW_SPACE}×")
    trimmed = text.rstrip("0").rstrip(".") if "." in text else text
    return trimmed + cross + power


def plain(value: float | None) -> str:
    """Return a given (not computed) value as it was given: 7.4, 100, 6."""
    if value is None or not is_number(value):
        return MISSING
    return f"{value:.6g}".replace("-", MINUS) if abs(value) < 1e6 else number(value)


def mean_sd(mean: float | None, sd: float | None) -> str:
    """Return "mean ± SD": the SD with two significant figures, the mean to the same place."""
    if mean is None or not is_number(mean):
        return MISSING
    if sd is None or not is_number(sd) or sd <= 0:
        return number(mean)
    exponent = _magnitude(mean, 3) if mean else 0
    scale = 10.0**exponent if exponent < -3 or exponent > 5 else 1.0
    decimals = 1 - _magnitude(sd / scale, 2)
    pair = f"{_fixed(mean / scale, decimals)} ± {_fixed(sd / scale, decimals)}"
    if scale == 1.0:
        return pair
    return f"({pair}){NARROW_SPACE}×{NARROW_SPACE}10{superscript(str(exponent))}"


def interval(low: float | None, high: float | None) -> str:
    """Return "low – high"."""
    if low is None or high is None or not (is_number(low) and is_number(high)):
        return MISSING
    return f"{number(low)} – {number(high)}"


def percent(fraction: float | None) -> str:
    """Return a fraction in per cent, at most one decimal, never rounded to 0 or 100 when not so."""
    if fraction is None or not is_number(fraction):
        return MISSING
    value = 100.0 * fraction
    if 0 < value < 0.1:
        text = "< 0.1"
    elif 99.9 < value < 100:
        text = "> 99.9"
    else:
        text = _fixed(value, 1 if 0 < value < 9.95 or 99 < value < 100 else 0)
    return f"{text}{NARROW_SPACE}%"


def sentence_case(name: str) -> str:
    """Return a snake-case name as words, the first one capitalised."""
    words = [_SMALL_WORDS.get(word, word) for word in name.replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def region_label(region: str) -> str:
    """Return a canonical region as a reader writes it: "red_marrow" → "Red marrow"."""
    if region.startswith("lesion:"):
        return f"Lesion {region.removeprefix('lesion:').replace('_', ' ')}"
    return sentence_case(region)


def source_label(region: str) -> str:
    """Return a region that holds activity, within a sentence: "other bone lesions", "liver"."""
    if region.startswith("lesion:") and region.endswith(":others"):
        return f"other {region[len('lesion:') : -len(':others')].replace('_', ' ')} lesions"
    return region_label(region).lower()


def agent_label(name: str) -> str:
    """Return "177Lu-PSMA-617" as "¹⁷⁷Lu-PSMA-617"; other names as they are."""
    return _AGENT.sub(lambda match: superscript(match[1]) + match[2], name)


def nuclide_label(name: str) -> str:
    """Return "Lu-177m" as "¹⁷⁷ᵐLu"; other names as they are."""
    match = _NUCLIDE.match(name)
    return f"{superscript(match[2])}{match[1]}" if match else name


def host_label(name: str) -> str:
    """Return "adult-male" as "adult male"."""
    return name.replace("-", " ").replace("_", " ")


def duration(seconds: float | None) -> str:
    """Return a time with the unit that gives it a readable size."""
    if seconds is None or not is_number(seconds):
        return MISSING
    year_s = 365.25 * 86400.0
    steps = ((year_s, "years"), (86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
    for size, unit in steps:
        if seconds >= size:
            return f"{number(seconds / size)} {unit}"
    for size, unit in ((1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if seconds >= size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds)} s"


def quantity_text(quantity: Mapping[str, Any] | None) -> str:
    """Return mean ± SD of a quantity, or a dash."""
    if not quantity:
        return MISSING
    return mean_sd(quantity.get("mean"), quantity.get("sd"))


def regimen_text(regimen: Mapping[str, Any]) -> str:
    """Return the regimen in words: "6 × 7.4 GBq every 6 weeks"."""
    given: list[Mapping[str, Any]] = list(regimen.get("administrations") or [])
    administrations = [a for a in given if float(a["activity_GBq"]) > 0.0]
    activities = {round(float(a["activity_GBq"]), 9) for a in administrations}
    cycles = len(administrations)
    if len(activities) == 1:
        each = plain(next(iter(activities)))
        text = f"{each} GBq" if cycles == 1 else f"{cycles} × {each} GBq"
    else:
        text = f"{cycles} administrations, {plain(regimen.get('total_activity_GBq'))} GBq in total"
    weeks = regimen.get("every_weeks")
    if weeks and cycles > 1:
        text += f" every {plain(weeks)} weeks"
    return text
