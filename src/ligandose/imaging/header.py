"""Values of a DICOM header, each with its file and keyword in the message when it is wrong."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

from ligandose.errors import InputError, LigandoseError

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")
_DATETIME = re.compile(r"(\d{8})(\d{2,6}(?:\.\d{1,6})?)?([+-]\d{4})?")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")
EARLIEST_YEAR = 1896


@contextmanager
def decoding(place: str) -> Generator[None]:
    """Turn whatever a decoder raises on a broken file into an InputError that names the file."""
    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break its rules; what matters is checked where it is used
            warnings.simplefilter("ignore")
            yield
    except LigandoseError:
        raise
    except OSError as error:
        raise InputError(f"{place}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # decoders raise anything from struct.error to AttributeError
        what = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        raise InputError(
            f"{place}: is damaged or not what it says it is ({what}); export it again"
        ) from error


class Header:
    """One data set (or an item of a sequence) with its place for messages."""

    def __init__(self, dataset: Any, place: str, *, parent: Header | None = None) -> None:
        self.dataset = dataset
        self.place = place
        self._parent = parent

    def has(self, keyword: str) -> bool:
        """Say whether the element is there with a value."""
        return self.raw(keyword) not in (None, "", [])

    def raw(self, keyword: str) -> Any:
        """Return the value as pydicom gives it, None where absent."""
        with decoding(f"{self.place}: {keyword}"):
            return self.dataset.get(keyword)

    def private(self, creator: str, group: int, element: int) -> Any:
        """Return the value of a private element, None where absent."""
        with decoding(f"{self.place}: private element ({group:04x},{element:04x})"):
            try:
                return self.dataset.private_block(group, creator)[element].value
            except KeyError:
                return None

    def text(self, keyword: str, default: str = "") -> str:
        """Return a value as text, `default` where absent."""
        value = self.raw(keyword)
        return default if value is None else str(value).strip()

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return the values of an element as text."""
        value = self.raw(keyword)
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return (value.strip(),)
        with decoding(f"{self.place}: {keyword}"):
            return tuple(str(v).strip() for v in value)

    def numbers(self, keyword: str, count: int | None = None) -> tuple[float, ...]:
        """Return finite numbers; InputError where absent, not numbers, or not `count` of them."""
        value = self.raw(keyword)
        if value is None or value == "":
            raise InputError(f"{self.place}: {keyword} is missing; export the image again with it")
        values = cast("list[Any]", [value] if isinstance(value, int | float | str) else list(value))
        try:
            found = tuple(float(v) for v in values)
        except (TypeError, ValueError):
            raise InputError(f"{self.place}: {keyword} is {value!r:.80}, not numbers") from None
        if not all(math.isfinite(v) for v in found) or (count is not None and len(found) != count):
            wanted = "finite numbers" if count is None else f"{count} finite numbers"
            raise InputError(f"{self.place}: {keyword} is {value!s:.80}, allowed are {wanted}")
        return found

    def number(self, keyword: str) -> float:
        """Return one finite number; InputError where absent or not one."""
        return self.numbers(keyword, 1)[0]

    def maybe_number(self, keyword: str) -> float | None:
        """Return one finite number, None where absent."""
        return self.number(keyword) if self.has(keyword) else None

    def whole(self, keyword: str, low: int, high: int) -> int:
        """Return a whole number within limits."""
        value = self.number(keyword)
        if value != int(value) or not low <= value <= high:
            raise InputError(f"{self.place}: {keyword} is {value:g}, allowed are {low} to {high}")
        return int(value)

    def items(self, keyword: str) -> list[Header]:
        """Return the items of a sequence, none where absent."""
        value = self.raw(keyword)
        if value is None:
            return []
        if isinstance(value, str | bytes | int | float):
            raise InputError(f"{self.place}: {keyword} is no sequence; the file is damaged")
        with decoding(f"{self.place}: {keyword}"):
            found = list(value)
        place = f"{self.place}: {keyword}"
        return [Header(item, f"{place}[{i}]", parent=self) for i, item in enumerate(found)]

    def zone(self) -> timezone | None:
        """Return the time zone of dates and times, None where the file states none."""
        text = self.text("TimezoneOffsetFromUTC")
        if not text and self._parent is not None:
            return self._parent.zone()
        return _zone(text) if text else None

    def moment(self, date_keyword: str, time_keyword: str) -> datetime | None:
        """Return a date with its time of day, None unless both are there."""
        date, clock = self.text(date_keyword), self.text(time_keyword)
        if not date or not clock:
            return None
        return self.moment_of(date, clock, zone=self.zone())

    def moment_of(self, date: str, clock: str, *, zone: timezone | None) -> datetime:
        """Return the moment of a DICOM date and time of day."""
        place = f"{self.place}: date {date!r:.20}, time {clock!r:.20}"
        found, time = _DATE.fullmatch(date), _TIME.fullmatch(clock)
        if found is None or time is None:
            raise InputError(f"{place}: not a date YYYYMMDD and a time HHMMSS")
        fraction = int((time[4] or "0").ljust(6, "0"))
        try:
            moment = datetime(
                int(found[1]), int(found[2]), int(found[3]),
                int(time[1]), int(time[2] or 0), min(int(time[3] or 0), 59), fraction,
                tzinfo=zone,
            )  # fmt: skip
        except ValueError as error:
            raise InputError(f"{place}: no such moment ({error})") from None
        if moment.year < EARLIEST_YEAR:
            raise InputError(f"{place}: is before radioactivity was known; give the true time")
        return moment

    def datetime(self, keyword: str) -> datetime | None:
        """Return a DT value, None where absent; the header's zone where it states none itself."""
        text = self.text(keyword)
        if not text:
            return None
        found = _DATETIME.fullmatch(text)
        if found is None or not found[2]:
            raise InputError(f"{self.place}: {keyword} is {text!r:.40}, not YYYYMMDDHHMMSS")
        zone = _zone(found[3]) if found[3] else self.zone()
        return self.moment_of(found[1], found[2], zone=zone)


def _zone(text: str) -> timezone:
    found = _OFFSET.fullmatch(text)
    hours = int(found[2]) + int(found[3]) / 60.0 if found else 99.0
    if found is None or hours > 14.0:
        raise InputError(f"TimezoneOffsetFromUTC is {text!r:.20}; allowed is ±HHMM up to 1400")
    return timezone(timedelta(hours=hours if found[1] == "+" else -hours))


def seconds_between(later: datetime, earlier: datetime, *, where: str = "") -> float:
    """Return later - earlier in seconds; InputError where only one of them has a time zone."""
    if (later.tzinfo is None) != (earlier.tzinfo is None):
        place = f"{where}: " if where else ""
        raise InputError(
            f"{place}{later.isoformat()} and {earlier.isoformat()} cannot be compared: only one "
            "has a time zone; write both with one (such as 2026-03-01T09:00:00+01:00), or none"
        )
    return (later - earlier).total_seconds()


def as_utc_text(moment: datetime) -> str:
    """Return a moment as ISO text, in UTC where its zone is known."""
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def short_name(path: Path) -> str:
    """Return a file's last folder and name, for messages."""
    return str(Path(path.parent.name) / path.name)
