"""Spans of the numbers in the files of a plan, with messages that say what is allowed."""

from __future__ import annotations

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ligandose.course.schema import Span


def between(low: float, high: float, unit: str = "", *, above: bool = False) -> AfterValidator:
    """Return a validator of a number that may also be left out.

    Args:
        low, high: what is allowed; `high` itself is.
        unit: for the message.
        above: whether `low` itself is not allowed.
    """
    span = Span(low, high, unit, above)

    def check(value: float | None) -> float | None:
        if value is not None and not span.holds(value):
            raise PydanticCustomError("span", "outside", {"allowed": str(span)})
        return value

    return AfterValidator(check)
