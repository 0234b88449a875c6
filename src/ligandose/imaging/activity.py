"""Activity images: values in Bq/mL, the moment for which they hold, and how that is known."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.folder import Series, one_series
from ligandose.imaging.grid import Grid
from ligandose.imaging.header import Header, seconds_between
from ligandose.imaging.slices import Slice
from ligandose.imaging.stack import Stack, read_stack
from ligandose.imaging.timing import timing
from ligandose.nuclides import canonical_name, nuclide

Values = NDArray[np.float32]

MOST_NEGATIVE_SHARE = 0.05
"""Negative voxels may hold this share of the activity (filtered backprojection); more is a slip."""
HALF_LIFE_SHARE = 0.01
PHILIPS = "Philips PET Private Group"
_PER_ML = {"bq/ml": 1.0, "bq/cm3": 1.0, "kbq/ml": 1e3, "mbq/ml": 1e6}
_ELEMENTS = {
    "actinium": "Ac", "astatine": "At", "bismuth": "Bi", "bromine": "Br", "carbon": "C",
    "copper": "Cu", "erbium": "Er", "fluorine": "F", "gallium": "Ga", "germanium": "Ge",
    "holmium": "Ho", "indium": "In", "iodine": "I", "lead": "Pb", "lutetium": "Lu",
    "manganese": "Mn", "nitrogen": "N", "oxygen": "O", "phosphorus": "P", "radium": "Ra",
    "rhenium": "Re", "rubidium": "Rb", "samarium": "Sm", "scandium": "Sc", "sodium": "Na",
    "strontium": "Sr", "technetium": "Tc", "terbium": "Tb", "thallium": "Tl", "thorium": "Th",
    "xenon": "Xe", "yttrium": "Y", "zirconium": "Zr",
}  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """What turns counts into activity: one of the two.

    Attributes:
        Bq_mL_per_count: concentration per count of the image (after its own rescaling).
        sensitivity_cps_per_MBq: of the camera; then the counts of a voxel are divided by it and by
            `counting_time_s`, and by the voxel's volume (MIRD pamphlet 23).
        counting_time_s: the time that belongs to the sensitivity's definition: views x time per
            view of all heads, or of one, as in the calibration measurement.
    """

    Bq_mL_per_count: float | None = None
    sensitivity_cps_per_MBq: float | None = None
    counting_time_s: float | None = None

    def factor(self, voxel_mL: float) -> float:
        """Return Bq/mL per count in a voxel.

        >>> Calibration(sensitivity_cps_per_MBq=10.0, counting_time_s=100.0).factor(0.1)
        10000.0

        Raises:
            InputError: neither or both ways given, or numbers that are not positive.
        """
        ways = (self.Bq_mL_per_count is not None, self.sensitivity_cps_per_MBq is not None)
        if ways.count(True) != 1 or ways[1] != (self.counting_time_s is not None):
            raise InputError(
                "calibration: give Bq_mL_per_count, or sensitivity_cps_per_MBq with "
                "counting_time_s (the time that its definition means)"
            )
        for name, value in vars(self).items():
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"calibration: {name} is {value}; it must be positive and finite")
        if self.Bq_mL_per_count is not None:
            return self.Bq_mL_per_count
        assert self.sensitivity_cps_per_MBq is not None
        assert self.counting_time_s is not None
        return 1e6 / (self.sensitivity_cps_per_MBq * self.counting_time_s * voxel_mL)


@dataclass(frozen=True, eq=False)
class ActivityImage:
    """Activity concentration in a patient.

    Attributes:
        values_Bq_mL: (z, y, x), holding at `reference`.
        grid: where the voxels lie (LPS mm).
        nuclide: such as "Lu-177".
        start: the acquisition began.
        duration_s: None where unknown and without effect on the values.
        reference: moment to which the values are decay-corrected; other moments follow from it
            by physical decay only.
        frame_of_reference: FrameOfReferenceUID, "" where unknown.
        source: file or series, for reports.
        basis: how unit and moment are known.
    """

    values_Bq_mL: Values
    grid: Grid
    nuclide: str
    start: datetime
    duration_s: float | None
    reference: datetime
    frame_of_reference: str
    source: str
    basis: tuple[str, ...] = ()

    @property
    def total_Bq(self) -> float:
        """Activity in the field of view at the reference moment."""
        return float(self.values_Bq_mL.sum(dtype=np.float64)) * self.grid.voxel_mL

    def decay_factor(self, moment: datetime) -> float:
        """Return the activity at a moment per that at the reference, by physical decay."""
        return math.exp(-decay_per_s(self.nuclide) * seconds_between(moment, self.reference))

    def at_start(self) -> ActivityImage:
        """Return the image as it was when its acquisition began: the point of a time-activity
        curve that is not decay-corrected."""
        factor = np.float32(self.decay_factor(self.start))
        note = f"decayed from {self.reference.isoformat()} to the start of the acquisition"
        return replace(
            self,
            values_Bq_mL=self.values_Bq_mL * factor,
            reference=self.start,
            basis=(*self.basis, note),
        )


def decay_per_s(name: str) -> float:
    """Return the decay constant of a nuclide of the table.

    Raises:
        UnknownNameError: not in the table.
        InputError: stable.
    """
    half_life = nuclide(name).half_life_s
    if not (math.isfinite(half_life) and half_life > 0):
        raise InputError(f"nuclide {name} is stable; give the nuclide of the agent")
    return math.log(2.0) / half_life


def read_activity(
    folder: Path | str | Series,
    *,
    nuclide_name: str | None = None,
    calibration: Calibration | None = None,
    corrected_to: str | datetime | None = None,
    acquired_at: datetime | None = None,
    duration_s: float | None = None,
    series_uid: str = "",
) -> ActivityImage:
    """Read a PET or SPECT series as activity concentration.

    Args:
        folder: folder, file, or a series of `find_series`.
        nuclide_name: needed where the headers do not name it.
        calibration: for images in counts.
        corrected_to: "none", "acquisition_start" or a moment, where the headers are silent.
        acquired_at, duration_s: where the headers lack them.
        series_uid: which series, where the folder has several.

    Raises:
        InputError: whatever cannot be known or contradicts itself, with what to give.
        UnknownNameError: a nuclide that is not in the table.
    """
    series = (
        folder if isinstance(folder, Series) else one_series(folder, ("PT", "NM"), uid=series_uid)
    )
    if series.modality not in ("PT", "NM"):
        raise InputError(f"{series.label}: is no PET or SPECT image")
    units: set[str] = set()

    def conversion(one: Slice) -> tuple[float, float]:
        slope, intercept, unit = value_scale(one)
        units.add(unit)
        return slope, intercept

    stack = read_stack(series, conversion)
    if len(units) > 1:
        raise InputError(f"{series.label}: slices in {' and in '.join(sorted(units))}; export one")
    unit = units.pop()
    values, unit_basis = _in_Bq_mL(stack, unit, calibration, series.label)
    name = image_nuclide(stack.slices, nuclide_name, series.label)
    when = timing(
        stack.slices,
        decay_per_s=decay_per_s(name),
        modality=series.modality,
        label=series.label,
        corrected_to=corrected_to,
        acquired_at=acquired_at,
        duration_s=duration_s,
    )
    values = values * np.array(when.factors, np.float32)[:, None, None]
    check_activity(values, series.label)
    return ActivityImage(
        values_Bq_mL=values,
        grid=stack.grid,
        nuclide=name,
        start=when.start,
        duration_s=when.duration_s,
        reference=when.reference,
        frame_of_reference=series.frame_of_reference,
        source=series.label,
        basis=(unit_basis, when.basis, *_missing_corrections(stack.slices[0].root)),
    )


def value_scale(one: Slice) -> tuple[float, float, str]:
    """Return slope and intercept to apply to stored values and the unit: "Bq/mL" or "counts".

    Raises:
        InputError: SUV or another unit that is no activity concentration.
    """
    for mapping in _mappings(one):
        code = next(iter(mapping.items("MeasurementUnitsCodeSequence")), None)
        unit = code.text("CodeValue").lower() if code is not None else ""
        if unit in _PER_ML and mapping.has("RealWorldValueSlope"):
            per = _PER_ML[unit]
            slope = mapping.number("RealWorldValueSlope")
            return (
                slope * per,
                (mapping.maybe_number("RealWorldValueIntercept") or 0.0) * per,
                "Bq/mL",
            )
    slope, intercept = one.rescale()
    unit = one.root.text("Units").upper()
    if unit == "BQML":
        return slope, intercept, "Bq/mL"
    if unit == "CNTS":
        factor = _number(one.root.private(PHILIPS, 0x7053, 0x09))
        if factor > 0.0:
            return slope * factor, intercept * factor, "Bq/mL"
    if unit in ("", "CNTS", "PROPCNTS") and not (unit == "" and one.root.text("Modality") == "PT"):
        return slope, intercept, "counts"
    raise InputError(
        f"{one.place}: Units are {unit or 'not stated'}; export the image in Bq/mL (BQML), not as "
        "SUV (GML) or another quantity"
    )


def _number(value: object) -> float:
    """Return a private element as a number (text or bytes where its kind is unknown), else 0."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    try:
        number = float(text.strip("\0 "))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _mappings(one: Slice) -> Sequence[Header]:
    for place in (*one.groups, one.root):
        items = place.items("RealWorldValueMappingSequence")
        if items:
            return items
    return ()


def _in_Bq_mL(
    stack: Stack, unit: str, calibration: Calibration | None, label: str
) -> tuple[Values, str]:
    if unit == "Bq/mL":
        if calibration is not None:
            raise InputError(
                f"{label}: is in Bq/mL already; remove the calibration, or it counts twice"
            )
        return stack.values, "header: Bq/mL"
    if calibration is None:
        raise InputError(
            f"{label}: is in counts; give a calibration (Bq_mL_per_count, or "
            "sensitivity_cps_per_MBq with counting_time_s)"
        )
    factor = calibration.factor(stack.grid.voxel_mL)
    return stack.values * np.float32(factor), f"counts x {factor:.6g} Bq/mL (user's calibration)"


def check_activity(values: Values, label: str) -> None:
    """Refuse an image without activity, or with more negative activity than noise explains.

    Raises:
        InputError: so it is.
    """
    positive = float(np.sum(values, where=values > 0, dtype=np.float64))
    negative = -float(np.sum(values, where=values < 0, dtype=np.float64))
    if positive <= 0.0:
        raise InputError(f"{label}: holds no activity; give the emission image")
    if negative > MOST_NEGATIVE_SHARE * positive:
        raise InputError(
            f"{label}: negative values hold {negative / positive:.0%} of the activity (allowed "
            f"{MOST_NEGATIVE_SHARE:.0%}); check slope and pixel representation, export it again"
        )


def image_nuclide(slices: Sequence[Slice], told: str | None, label: str) -> str:
    """Return the nuclide of an image from headers and user, which must agree.

    Raises:
        InputError: unknown, contradictory, or with another half-life than the table's.
        UnknownNameError: not in the table.
    """
    stated, half_life = _stated_nuclide(slices[0].root)
    given = canonical_name(told) if told else ""
    if stated and given and stated != given:
        raise InputError(
            f"{label}: the header says {stated}, the case says {given}; correct one (an image "
            "corrected for the decay of another nuclide must be reconstructed again)"
        )
    name = given or stated
    if not name:
        raise InputError(f"{label}: the header does not name the nuclide; give nuclide")
    known = nuclide(name)
    if half_life is not None and abs(half_life / known.half_life_s - 1.0) > HALF_LIFE_SHARE:
        raise InputError(
            f"{label}: RadionuclideHalfLife is {half_life:.6g} s, {known.name} has "
            f"{known.half_life_s:.6g} s; the scanner was set to another nuclide: reconstruct again"
        )
    return known.name


def _stated_nuclide(root: Header) -> tuple[str, float | None]:
    for item in root.items("RadiopharmaceuticalInformationSequence"):
        half_life = item.maybe_number("RadionuclideHalfLife")
        for code in item.items("RadionuclideCodeSequence"):
            name = nuclide_in(code.text("CodeMeaning"))
            if name:
                return name, half_life
        if half_life is not None:
            return "", half_life
    return "", None


def nuclide_in(text: str) -> str:
    """Return the nuclide that a code's meaning names, "" if none.

    >>> [nuclide_in(t) for t in ("^18^Fluorine", "Lutetium^177^", "Y^90^", "^99m^Technetium", "?")]
    ['F-18', 'Lu-177', 'Y-90', 'Tc-99m', '']
    """
    number = re.search(r"(\d{1,3})\s*(m?)(?![a-z])", text.replace("^", " ").strip(), re.IGNORECASE)
    words = re.findall(r"[A-Za-z]+", text.replace("^", " "))
    if number is None:
        return ""
    symbols = [_ELEMENTS[w.lower()] for w in words if w.lower() in _ELEMENTS]
    symbols += [w for w in words if w in _ELEMENTS.values()]
    return f"{symbols[0]}-{number[1]}{number[2].lower()}" if symbols else ""


def _missing_corrections(root: Header) -> tuple[str, ...]:
    """Say which corrections a header's list does not name."""
    done = {word.upper() for word in root.texts("CorrectedImage")}
    wanted = {"ATTN": "attenuation", "SCAT": "scatter"}
    missing = [title for word, title in wanted.items() if word not in done]
    return (f"header names no correction of {' and '.join(missing)}",) if missing else ()
