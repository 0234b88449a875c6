"""When an image shows the activity: what its header says of decay correction, never guessed.

PET: DecayCorrection (0054,1102) is NONE, START (corrected to the start of the acquisition) or
ADMIN (to the administration); which of the header's times START means is checked with the decay
factors of the slices (0054,1321) where they are, and follows QIBA's rule (the series time unless it
lies after an acquisition time; then GE's own scan time) where they are not. Enhanced PET states
the moment itself (0018,9701). NM images state nothing: their values are means over the
acquisition, unless a header or the user says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ligandose.errors import InputError
from ligandose.imaging.header import Header, seconds_between
from ligandose.imaging.slices import Slice

AGREE = 0.01
"""Activities that differ by less than this share are taken as the same."""
OPEN = 0.02
"""A choice of times that matters less than this needs no proof."""
NM_OPEN = 0.005
"""Half of what the decay in a SPECT of unclear duration may change."""
MOST_DURATION_S = 7 * 86400.0
GE_CREATOR, GE_GROUP, GE_SCAN_DATETIME = "GEMS_PETD_01", 0x0009, 0x0D


@dataclass(frozen=True)
class Timing:
    """When values hold.

    Attributes:
        start: the acquisition began (of the first slice).
        duration_s: of one slice's acquisition, None where unknown and not needed.
        reference: moment for which the values hold after `factors`.
        factors: what each slice's values are multiplied by to hold at `reference`.
        basis: how this is known, for the report.
    """

    start: datetime
    duration_s: float | None
    reference: datetime
    factors: tuple[float, ...]
    basis: str


def mean_to_start(decay_per_s: float, duration_s: float) -> float:
    """Return the activity at the start of an acquisition per its mean during it, decay alone.

    >>> round(mean_to_start(math.log(2) / 3600.0, 3600.0), 4)
    1.3863
    """
    x = decay_per_s * duration_s
    return 1.0 if x == 0.0 else x / -math.expm1(-x)


def acquisition_start(slices: Sequence[Slice], told: datetime | None, label: str) -> datetime:
    """Return when the first slice was begun.

    Raises:
        InputError: neither header nor user says it, or they contradict each other.
    """
    moments = [m for m in (s.acquired() for s in slices) if m is not None]
    if not moments:
        if told is None:
            raise InputError(
                f"{label}: the header has no acquisition date and time; give acquired_at"
            )
        return told
    aware = {m.tzinfo is None for m in moments}
    if len(aware) > 1:
        raise InputError(f"{label}: some slices state a time zone, others do not; export it again")
    first = min(moments)
    if told is not None and abs(seconds_between(told, first, where=label)) > 60.0:
        raise InputError(
            f"{label}: acquired_at is {told.isoformat()}, the header says {first.isoformat()}; "
            "correct or remove acquired_at"
        )
    return first


def stated_correction(slices: Sequence[Slice], label: str) -> str:
    """Return "NONE", "START", "ADMIN", "MOMENT" (enhanced) or "" where the headers are silent.

    Raises:
        InputError: slices that say different things, or a word that DICOM does not have.
    """
    words = {s.root.text("DecayCorrection").upper() for s in slices}
    words |= {_enhanced_word(s.root) for s in slices}
    words.discard("")
    if len(words) > 1:
        raise InputError(
            f"{label}: the slices are decay-corrected differently ({', '.join(sorted(words))}); "
            "they belong to different reconstructions: export one"
        )
    word = words.pop() if words else ""
    if word not in ("", "NONE", "START", "ADMIN", "MOMENT"):
        raise InputError(f"{label}: DecayCorrection is {word!r}, allowed are NONE, START, ADMIN")
    return word


def _enhanced_word(root: Header) -> str:
    word = root.text("DecayCorrected").upper()
    return {"YES": "MOMENT", "NO": "NONE"}.get(word, "")


def timing(
    slices: Sequence[Slice],
    *,
    decay_per_s: float,
    modality: str,
    label: str,
    corrected_to: str | datetime | None = None,
    acquired_at: datetime | None = None,
    duration_s: float | None = None,
) -> Timing:
    """Return when the values of an image hold, from its headers and what the user adds.

    Args:
        slices: in any order.
        decay_per_s: decay constant of the nuclide.
        modality: "PT" or "NM".
        label: what messages call the image.
        corrected_to: what the user states: "none", "acquisition_start", or a moment.
        acquired_at: start of the acquisition, where the header lacks it.
        duration_s: of the acquisition, where the header lacks it or leaves it open.

    Raises:
        InputError: something is missing, contradicts another statement, or is out of range.
    """
    start = acquisition_start(slices, acquired_at, label)
    word = stated_correction(slices, label)
    if corrected_to is not None:
        return _told(slices, start, word, corrected_to, decay_per_s, duration_s, label)
    if word == "MOMENT":
        moment = slices[0].root.datetime("DecayCorrectionDateTime")
        if moment is None:
            raise InputError(
                f"{label}: DecayCorrectionDateTime is missing; give decay_corrected_to"
            )
        return _corrected(slices, start, moment, "header: DecayCorrectionDateTime", label)
    if word == "START":
        moment, basis = _start_reference(slices, start, decay_per_s, label)
        return _corrected(slices, start, moment, basis, label)
    if word == "ADMIN":
        moment = administration(slices[0].root)
        if moment is None:
            raise InputError(
                f"{label}: corrected to the administration, but RadiopharmaceuticalStartDateTime "
                "is missing; give decay_corrected_to as a moment"
            )
        return _corrected(slices, start, moment, "header: ADMIN", label)
    if word == "NONE" or modality == "NM":
        basis = "header: NONE" if word else "NM header without decay correction: mean values"
        return _uncorrected(slices, start, decay_per_s, duration_s, modality, basis, label)
    raise InputError(
        f"{label}: DecayCorrection is missing, so it is unknown when the values hold; give "
        "decay_corrected_to: none, acquisition_start, or a moment"
    )


def _told(
    slices: Sequence[Slice],
    start: datetime,
    word: str,
    corrected_to: str | datetime,
    decay_per_s: float,
    duration_s: float | None,
    label: str,
) -> Timing:
    none = corrected_to == "none"
    if (none and word not in ("", "NONE")) or (not none and word == "NONE"):
        raise InputError(
            f"{label}: decay_corrected_to is {corrected_to}, the header says {word}; remove one "
            "of the two (decay_corrected_to is for headers that are silent)"
        )
    if none:
        return _uncorrected(slices, start, decay_per_s, duration_s, "", "user: none", label)
    moment = start if corrected_to == "acquisition_start" else corrected_to
    if isinstance(moment, str):
        raise InputError(
            f"{label}: decay_corrected_to is {moment!r}; allowed are none, acquisition_start, "
            "or a moment such as 2026-03-01T09:00:00"
        )
    return _corrected(slices, start, moment, f"user: {corrected_to}", label)


def _corrected(
    slices: Sequence[Slice], start: datetime, moment: datetime, basis: str, label: str
) -> Timing:
    apart = seconds_between(start, moment, where=label)
    if abs(apart) > 60 * 86400.0:
        raise InputError(
            f"{label}: is decay-corrected to {moment.isoformat()}, {apart / 86400:.0f} days from "
            "its acquisition; check the dates"
        )
    return Timing(start, slices[0].duration_s(), moment, (1.0,) * len(slices), basis)


def _uncorrected(
    slices: Sequence[Slice],
    start: datetime,
    decay_per_s: float,
    duration_s: float | None,
    modality: str,
    basis: str,
    label: str,
) -> Timing:
    factors: list[float] = []
    for one in slices:
        lasted = duration_s
        if lasted is None:
            lasted = one.duration_s() if modality != "NM" else _spect_duration(one, decay_per_s)
        if lasted is None:
            raise InputError(
                f"{label}: values are means over the acquisition, whose duration the header does "
                "not say (or leaves open by more than the decay allows); give duration_s"
            )
        if not 0.0 < lasted <= MOST_DURATION_S:
            raise InputError(f"{label}: duration_s is {lasted:g}, allowed 0 to {MOST_DURATION_S:g}")
        later = seconds_between(one.acquired() or start, start, where=label)
        factors.append(mean_to_start(decay_per_s, lasted) * math.exp(decay_per_s * later))
    shown = duration_s or slices[0].duration_s() or _spect_duration(slices[0], decay_per_s)
    return Timing(start, shown, start, tuple(factors), basis)


def _spect_duration(one: Slice, decay_per_s: float) -> float | None:
    """Return frames x frame duration of the rotations, None where that is missing or matters.

    Headers do not tell whether the views of several heads were taken together, so the truth lies
    between this and its part; where that could matter, the user must say it.
    """
    total = 0.0
    for item in one.root.items("RotationInformationSequence"):
        if not (item.has("ActualFrameDuration") and item.has("NumberOfFramesInRotation")):
            return None
        total += item.number("ActualFrameDuration") * item.number("NumberOfFramesInRotation") * 1e-3
    if total <= 0.0 or decay_per_s * total / 2.0 > 2.0 * NM_OPEN:
        return None
    return total


def administration(root: Header) -> datetime | None:
    """Return when the header says that the agent was given, None where it does not say.

    A time without a date is taken to be of the series' day, unless that lies after the series.

    Raises:
        InputError: a time without a date that lies after the series.
    """
    for item in root.items("RadiopharmaceuticalInformationSequence"):
        moment = item.datetime("RadiopharmaceuticalStartDateTime")
        if moment is not None:
            return moment
        clock = item.text("RadiopharmaceuticalStartTime")
        series = root.moment("SeriesDate", "SeriesTime")
        if clock and series is not None:
            same_day = item.moment_of(root.text("SeriesDate"), clock, zone=root.zone())
            if same_day > series:
                raise InputError(
                    f"{item.place}: RadiopharmaceuticalStartTime {clock} lies after the series "
                    "and has no date; give the administration's moment in the case"
                )
            return same_day
    return None


def _start_reference(
    slices: Sequence[Slice], start: datetime, decay_per_s: float, label: str
) -> tuple[datetime, str]:
    """Return the moment that START means, and how that is known."""
    series = slices[0].root.moment("SeriesDate", "SeriesTime")
    ge = _ge_scan_time(slices[0].root)
    candidates = [
        (moment, name)
        for moment, name in ((series, "series time"), (start, "acquisition"), (ge, "GE scan time"))
        if moment is not None and seconds_between(moment, start, where=label) <= 1.0
    ]
    proofs = [_factor_of(s, decay_per_s) for s in slices]
    known = [p for p in proofs if p is not None]
    if known and any(abs(factor - 1.0) > 1e-9 for _, factor, _ in known):
        for moment, name in candidates:
            if all(_explains(moment, proof, decay_per_s, label) for proof in known):
                return moment, f"header: START = {name}, as the decay factors say"
        raise InputError(
            f"{label}: the decay factors fit neither the series time nor the acquisition time; "
            "give decay_corrected_to as a moment"
        )
    if series is not None and seconds_between(series, start, where=label) <= 1.0:
        early = seconds_between(start, series)
        if math.expm1(decay_per_s * early) <= OPEN:
            return series, "header: START = series time"
        raise InputError(
            f"{label}: corrected to START, but series time ({series.isoformat()}) and acquisition "
            f"({start.isoformat()}) lie {early:.0f} s apart and no decay factor tells which is "
            "meant; give decay_corrected_to: acquisition_start, or a moment"
        )
    if ge is not None and seconds_between(ge, start, where=label) <= 1.0:
        return ge, "header: START = GE scan time"
    raise InputError(
        f"{label}: corrected to START, but the series time lies after the acquisition (processed "
        "later) or is missing; give decay_corrected_to: acquisition_start, or a moment"
    )


def _ge_scan_time(root: Header) -> datetime | None:
    value = root.private(GE_CREATOR, GE_GROUP, GE_SCAN_DATETIME)
    if not isinstance(value, str | bytes):
        return None
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    digits = text.strip("\0 ").split(".")[0]
    if len(digits) != 14 or not digits.isdigit():
        return None
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=root.zone())


def _factor_of(one: Slice, decay_per_s: float) -> tuple[datetime, float, float] | None:
    """Return acquisition time, decay factor and the factor of decay during the acquisition."""
    factor = one.root.maybe_number("DecayFactor")
    acquired, lasted = one.acquired(), one.duration_s()
    if factor is None or acquired is None:
        return None
    return acquired, factor, 1.0 if lasted is None else mean_to_start(decay_per_s, lasted)


def _explains(
    moment: datetime, proof: tuple[datetime, float, float], decay_per_s: float, label: str
) -> bool:
    """Say whether a decay factor is that from a moment, with or without decay during the frame."""
    acquired, factor, within = proof
    plain = math.exp(min(decay_per_s * seconds_between(acquired, moment, where=label), 100.0))
    return any(abs(factor / expected - 1.0) <= AGREE for expected in (plain, plain * within))


def end_of(start: datetime, duration_s: float | None) -> datetime:
    """Return the end of an acquisition, its start where the duration is unknown."""
    return start + timedelta(seconds=duration_s or 0.0)
