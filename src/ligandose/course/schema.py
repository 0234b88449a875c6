"""Shapes of files, and what is wrong with a file that has another.

Messages say file, line, field, the value that came, what is allowed, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from ligandose.course.regimen import MOST_ACTIVITY_GBQ, MOST_AMOUNT_NMOL, MOST_CYCLES
from ligandose.course.study_yaml import FieldPath, StudyText, kind_of_value, shortened
from ligandose.errors import InputError, nearest_names

MOST_PATIENTS = 1_000_000
MOST_SEED = 2**53 - 1  # the greatest whole number that every JSON reader keeps
MOST_THREADS = 1024


@dataclass(frozen=True, slots=True)
class Span:
    """What a number may be; `above` says that `low` itself is not allowed."""

    low: float
    high: float
    unit: str = ""
    above: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value is allowed (a value that is not a number never is)."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        low, high = _plain(self.low), _plain(self.high)
        return f"above {low} up to {high}{unit}" if self.above else f"{low} to {high}{unit}"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.4g}"


SPANS: dict[str, Span] = {
    "cycles": Span(1, MOST_CYCLES),
    "activity_GBq": Span(0.0, MOST_ACTIVITY_GBQ, "GBq", above=True),
    "cold_or_hot_GBq": Span(0.0, MOST_ACTIVITY_GBQ, "GBq"),
    "every_weeks": Span(1.0 / 168.0, 104.0, "weeks"),
    "amount_nmol": Span(0.0, MOST_AMOUNT_NMOL, "nmol", above=True),
    "infusion_min": Span(0.0, 24 * 60.0, "min"),
    "voiding_h": Span(0.1, 24.0, "h"),
    "predose_nmol": Span(0.0, MOST_AMOUNT_NMOL, "nmol"),
    "predose_h": Span(0.01, 30 * 24.0, "h"),
    "clearing_h": Span(0.01, 30 * 24.0, "h"),
    "clearing_fraction": Span(0.0, 0.9999, above=True),
    "time_h": Span(0.0, 5 * 365.25 * 24, "h"),
    "patients": Span(1, MOST_PATIENTS),
    "seed": Span(0, MOST_SEED),
    "threads": Span(1, MOST_THREADS),
}


def within(name: str) -> AfterValidator:
    """Return a validator that holds a number to a span of `SPANS`."""
    return _inside(SPANS[name])


def between(low: float, high: float, unit: str = "", *, above: bool = False) -> AfterValidator:
    """Return a validator of a number that may also be left out.

    Args:
        low, high: what is allowed; `high` itself is.
        unit: for the message.
        above: whether `low` itself is not allowed.
    """
    return _inside(Span(low, high, unit, above))


def _inside(span: Span) -> AfterValidator:
    def check(value: float | None) -> float | None:
        if value is not None and not span.holds(value):
            raise PydanticCustomError("span", "outside", {"allowed": str(span)})
        return value

    return AfterValidator(check)


def _whole(value: object) -> object:
    """Return 1e3 as 1000; all else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


class Part(BaseModel):
    """A mapping of a file: no other keys, no conversions between kinds of values."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


AnyPart = TypeVar("AnyPart", bound=BaseModel)
# keys that people write instead of ours: (our key, our unit per theirs; None: not convertible)
_OTHER_KEYS: dict[str, tuple[str, float | None]] = {
    "activity": ("activity_GBq", None),
    "activity_Bq": ("activity_GBq", 1e-9),
    "activity_kBq": ("activity_GBq", 1e-6),
    "activity_MBq": ("activity_GBq", 1e-3),
    "activity_mCi": ("activity_GBq", 0.037),
    "activity_Ci": ("activity_GBq", 37.0),
    "amount": ("amount_nmol", None),
    "amount_pmol": ("amount_nmol", 1e-3),
    "amount_umol": ("amount_nmol", 1e3),
    "amount_ug": ("amount_nmol", None),
    "mass_ug": ("amount_nmol", None),
    "every_days": ("every_weeks", 1.0 / 7.0),
    "interval_weeks": ("every_weeks", 1.0),
    "interval_days": ("every_weeks", 1.0 / 7.0),
    "infusion_h": ("infusion_min", 60.0),
    "infusion_s": ("infusion_min", 1.0 / 60.0),
    "voiding_min": ("voiding_h", 1.0 / 60.0),
    "time": ("time_h", None),
    "time_min": ("time_h", 1.0 / 60.0),
    "time_s": ("time_h", 1.0 / 3600.0),
    "time_d": ("time_h", 24.0),
    "time_days": ("time_h", 24.0),
    "time_weeks": ("time_h", 168.0),
}
_OTHER_KEYS_FOLDED = {key.casefold(): ours for key, ours in _OTHER_KEYS.items()}
_UNITS: dict[str, dict[str, float]] = {
    "activity_GBq": {"gbq": 1.0, "mbq": 1e-3, "kbq": 1e-6, "bq": 1e-9, "mci": 0.037, "ci": 37.0},
    "amount_nmol": {"nmol": 1.0, "pmol": 1e-3, "umol": 1e3, "µmol": 1e3, "μmol": 1e3},
    "every_weeks": {"weeks": 1.0, "week": 1.0, "w": 1.0, "days": 1 / 7, "d": 1 / 7},
    "infusion_min": {"min": 1.0, "minutes": 1.0, "h": 60.0, "s": 1 / 60},
    "voiding_h": {"h": 1.0, "hours": 1.0, "min": 1 / 60},
    "time_h": {"h": 1.0, "hours": 1.0, "d": 24.0, "days": 24.0, "min": 1 / 60, "weeks": 168.0},
}


BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
"""Errors of a number out of bounds: which bound, and its word."""


def checked(text: StudyText, shape: type[AnyPart]) -> AnyPart:
    """Return the checked parts of a file of a given shape.

    Raises:
        InputError: the first thing that is wrong: file, line, field, value, allowed, remedy.
    """
    _refuse_blank(text, text.data, ())
    try:
        return shape.model_validate(dict(text.data))
    except ValidationError as error:
        # a misspelt key comes first: it explains the one that then is missing
        found = sorted(
            error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden"
        )
        more = len(found) - 1
        also = f" ({more} more {'problem' if more == 1 else 'problems'} after this)" if more else ""
        raise InputError(_message(text, found[0], shape) + also) from error


def _refuse_blank(text: StudyText, value: object, path: FieldPath) -> None:
    if value is None and path != ("disease",):
        raise InputError(f"{text.place(path)} has no value; give one or remove the line")
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            _refuse_blank(text, item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(cast("list[object]", value)):
            _refuse_blank(text, item, (*path, i))


def _message(text: StudyText, error: ErrorDetails, shape: type[BaseModel]) -> str:
    path: FieldPath = tuple(error["loc"])
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown_key(text, path, value, shape)
    place = text.place(path)
    key = str(path[-1]) if path else ""
    if kind == "missing":
        return f"{place} is missing; {_remedy_for_missing(path)}"
    got = f"{place} got {shown(value)}"
    if kind == "span":
        allowed = error.get("ctx", {}).get("allowed", "")
        return f"{got}, allowed is {allowed}{_unit_slip(key, value)}"
    if kind in BOUNDS:
        bound, word = BOUNDS[kind]
        return f"{got}, allowed is {word} {error.get('ctx', {}).get(bound)}"
    if isinstance(value, int) and not isinstance(value, bool) and key in SPANS:
        return f"{got}, allowed is {SPANS[key]}"
    if isinstance(value, str) and kind in ("float_type", "int_type"):
        return f"{got}, which is text; {_bare_number(key, value)}"
    return f"{got}, which is {kind_of_value(value)}; {_wanted(kind, path)}"


def shown(value: object) -> str:
    """Return a value as it may stand in a message: short, on one line."""
    text = f"{value:.12g}" if isinstance(value, float) else _repr(value)
    return shortened(text)


def _repr(value: object) -> str:
    if isinstance(value, int) and abs(value) > 10**60:
        return "a number of more than 60 digits"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _wanted(kind: str, path: FieldPath) -> str:
    key = path[-1] if path else ""
    if kind.startswith("int"):
        span = SPANS.get(str(key))
        return f"write a whole number{f', {span}' if span else ''}"
    if kind.startswith("float"):
        return "write a bare number"
    if kind.startswith("string"):
        return "write a name"
    if kind.startswith("list"):
        return "write a list: [first, second], or lines that begin with -"
    if key in ("agent", "host"):
        return "write a name, or a mapping with base: NAME and own values by key"
    return "write a mapping: indented lines such as activity_GBq: 7.4"


def _remedy_for_missing(path: FieldPath) -> str:
    if path == ("agent",):
        return "write agent: NAME; `ligandose agents list` lists the names"
    if path[-1] == "base":
        return f"write base: NAME of the {path[0]} whose values are changed"
    return f"write {path[-1]}: NUMBER"


def _unknown_key(text: StudyText, path: FieldPath, value: object, shape: type[BaseModel]) -> str:
    key, where, known = str(path[-1]), text.place(path), _known_keys(path, shape)
    ours, factor = _OTHER_KEYS_FOLDED.get(key.casefold(), ("", None))
    if ours in known:
        return f"{where} unknown key; use {ours}: {_converted(value, factor)}"
    near = nearest_names(key, known)
    hint = f"did you mean {' or '.join(near)}?" if near else "remove it;"
    return f"{where} unknown key; {hint} allowed are {', '.join(known)}"


def _converted(value: object, factor: float | None) -> str:
    if factor is None or not isinstance(value, int | float) or isinstance(value, bool):
        return "NUMBER"
    return f"{value * factor:.6g}"


def _known_keys(path: FieldPath, shape: type[BaseModel]) -> list[str]:
    """Return the keys of the part in which the last key of a path stands."""
    part = shape
    for key in path[:-1]:
        field_of_key = part.model_fields.get(str(key))
        if field_of_key is not None:
            part = next(_parts_in(field_of_key.annotation), part)
    return list(part.model_fields)


def _parts_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation such as list[Part] | None is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts_in(inner)


def _unit_slip(key: str, value: object) -> str:
    """Return a hint where the value would be right in another unit that people use."""
    if not isinstance(value, int | float):
        return ""
    if key == "activity_GBq" and MOST_ACTIVITY_GBQ < value <= 1e3 * MOST_ACTIVITY_GBQ:
        return f"; did you mean MBq? write {key}: {value / 1e3:.6g}"
    if value < 0:
        return "; a negative value has no meaning here"
    return ""


_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([^\s0-9]*)\s*")


def _bare_number(key: str, value: str) -> str:
    """Return how to write a number that came as text."""
    rule = f"write a bare number in {SPANS[key].unit}" if key in _UNITS else "write a bare number"
    if found := _NUMBER_AND_UNIT.fullmatch(value):
        factor = _UNITS.get(key, {"": 1.0}).get(found[2].casefold() or _own_unit(key))
        if factor is not None:
            number = float(found[1].replace(",", ".")) * factor
            return f"{rule}: {key}: {number:.6g}"
    return f"{rule}, without quotes and without a unit"


def _own_unit(key: str) -> str:
    return SPANS[key].unit.casefold() if key in _UNITS else ""
