"""The documents that the report reads: plain dictionaries as JSON holds them.

A quantity with a distribution is a `Quantity`. Values that were not computed are None or absent;
the report prints them as a dash and never as a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import nan
from typing import Any, NotRequired, TypedDict, cast

from ligandose.errors import InputError


class Quantity(TypedDict):
    """Mean, standard deviation, median and 90 % interval of a distribution."""

    mean: float
    sd: float
    median: float
    p05: float
    p95: float


class QuantityWithUncertainty(Quantity):
    """Variability between patients, and apart from it the uncertainty of the population mean."""

    uncertainty: NotRequired[Quantity | None]


class Dose(QuantityWithUncertainty):
    """Physical absorbed dose over the whole course, Gy."""

    by_radiation: NotRequired[dict[str, Quantity]]
    per_cycle: NotRequired[list[Quantity]]


class DoseFrom(TypedDict):
    """Share of a region's mean dose that activity in another region gives."""

    region: str
    share: float


class Region(TypedDict):
    """Dose to one organ or lesion."""

    region: str
    kind: str
    mass_kg: float | None
    tiac_s: Quantity
    dose_Gy: Dose
    dose_per_activity_Gy_per_GBq: QuantityWithUncertainty
    cross_dose_share: NotRequired[Quantity | None]
    cross_dose_from: NotRequired[list[DoseFrom]]
    bed_Gy: NotRequired[Quantity | None]
    eqd2_Gy: NotRequired[Quantity | None]


class Curve(TypedDict):
    """Statistics over patients at each time of a grid, (times,) each."""

    mean: list[float]
    median: list[float]
    p05: list[float]
    p95: list[float]


class Curves(TypedDict, total=False):
    """Time courses; `time_h` belongs to the activities, `time_d` to all else."""

    time_h: list[float]
    activity_MBq: dict[str, Curve]
    time_d: list[float]
    platelets_1e9_L: Curve
    neutrophils_1e9_L: Curve
    lesion_mass_g: dict[str, Curve]


class Administration(TypedDict):
    """One injection."""

    time_h: float
    activity_GBq: float
    amount_nmol: float
    route: NotRequired[str]
    binder: NotRequired[bool]


class Regimen(TypedDict):
    """What is given and when."""

    administrations: list[Administration]
    total_activity_GBq: float
    cycles: int
    every_weeks: float | None
    comedication: list[str]
    clearing_h: NotRequired[float]
    clearing_fraction: NotRequired[float]


class Limit(TypedDict):
    """Cumulative dose against one organ limit, by cycle."""

    region: str
    quantity: str
    limit: float
    source: str
    cycle: list[int]
    cumulative: list[Quantity]
    fraction_exceeding: list[float]
    first_cycle: NotRequired[dict[str, float | None] | None]


class Published(TypedDict):
    """A published value beside which the prediction is shown."""

    region: str
    quantity: str
    unit: str
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    n: int | None
    cohort: str
    use: str
    status: str
    source: str


class CourseDocument(TypedDict):
    """`ligandose.course`: an agent in a population of virtual patients."""

    document: str
    schema: int
    version: str
    agent: dict[str, Any]
    host: dict[str, Any]
    regimen: Regimen
    patients: int
    failed: list[dict[str, Any]]
    seed: int
    regions: list[Region]
    curves: Curves
    limits: list[Limit]
    effect: dict[str, Any]
    published: list[Published]
    parameters: list[dict[str, Any]]
    sources: dict[str, dict[str, str]]
    omissions: list[str]
    provenance: dict[str, Any]


class ValidationRow(TypedDict):
    """One organ of one agent: published beside predicted dose coefficient, Gy/GBq."""

    agent: str
    region: str
    use: str
    published_mean: float | None
    published_sd: float | None
    published_low: float | None
    published_high: float | None
    cohorts: list[str]
    predicted_mean: float | None
    predicted_sd: float | None
    predicted_p05: float | None
    predicted_p95: float | None
    fold_error: float | None
    cv_published: float | None
    cv_predicted: float | None
    cv_ratio: float | None
    within: bool | str | None
    note: str
    sources: list[str]


class ValidationDocument(TypedDict):
    """`ligandose.validation`: every published coefficient that is held, next to its prediction."""

    document: str
    rows: list[ValidationRow]
    summary: dict[str, Any]
    sources: dict[str, dict[str, str]]
    provenance: dict[str, Any]


_STATISTICS = frozenset(Quantity.__annotations__)
_COURSE_KEYS = ("agent", "host", "regimen", "patients", "seed", "regions", "curves", "provenance")
_COURSE_OPTIONAL: dict[str, Any] = {
    "failed": [],
    "limits": [],
    "effect": {},
    "published": [],
    "parameters": [],
    "sources": {},
    "omissions": [],
}
_VALIDATION_KEYS = ("rows", "summary")
_NUCLIDE_KEYS = ("name", "half_life_s", "emissions")


def kind_of(document: Mapping[str, Any]) -> str:
    """Return "course", "validation" or "nuclide".

    Raises:
        InputError: the document says that it is something else, or nothing.
    """
    if "document" not in document and {"half_life_s", "emissions"} <= document.keys():
        return "nuclide"
    name = str(document.get("document", ""))
    kind = name.removeprefix("ligandose.")
    if kind not in ("course", "validation", "nuclide"):
        raise InputError(
            f"document: the key 'document' is {name!r}; allowed are ligandose.course, "
            "ligandose.validation and ligandose.nuclide; pass what simulate, validate or "
            "nuclide made"
        )
    return kind


def _require(document: Mapping[str, Any], keys: Iterable[str]) -> None:
    missing = [key for key in keys if key not in document]
    if missing:
        raise InputError(
            f"{document.get('document')}: missing {', '.join(missing)}; "
            "pass the whole document as the command with --json prints it"
        )


def as_course(document: Mapping[str, Any]) -> CourseDocument:
    """Check that the keys of a course document are there and fill the optional ones.

    Raises:
        InputError: not a course document, or a key is missing.
    """
    if kind_of(document) != "course":
        raise InputError(f"expected a ligandose.course document, got {document['document']!r}")
    _require(document, _COURSE_KEYS)
    filled = {**_COURSE_OPTIONAL, **document}
    for key in ("regions", "limits", "effect"):
        filled[key] = _null_as_nan(filled[key])
    return cast("CourseDocument", filled)


def _null_as_nan(value: Any) -> Any:
    """Return `value` with NaN for each statistic that is null, as JSON writes a NaN."""
    if isinstance(value, Mapping):
        held = cast("Mapping[str, Any]", value)
        return {
            key: nan if item is None and key in _STATISTICS else _null_as_nan(item)
            for key, item in held.items()
        }
    if isinstance(value, list):
        return [_null_as_nan(item) for item in cast("list[Any]", value)]
    return value


def as_validation(document: Mapping[str, Any]) -> ValidationDocument:
    """Check that the keys of a validation document are there.

    Raises:
        InputError: not a validation document, or a key is missing.
    """
    if kind_of(document) != "validation":
        raise InputError(f"expected a ligandose.validation document, got {document['document']!r}")
    _require(document, _VALIDATION_KEYS)
    return cast("ValidationDocument", {"sources": {}, "provenance": {}, **document})


def records(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the list of mappings under `key`, empty where there is none."""
    found: Any = document.get(key) or []
    return [cast("dict[str, Any]", entry) for entry in found if isinstance(entry, Mapping)]


def as_nuclide(document: Mapping[str, Any]) -> dict[str, Any]:
    """Check that the keys of a nuclide document (`ligandose.nuclides.nuclide_document`) are there.

    Raises:
        InputError: not a nuclide document, or a key is missing.
    """
    if kind_of(document) != "nuclide":
        raise InputError(f"expected a ligandose.nuclide document, got {document['document']!r}")
    _require(document, _NUCLIDE_KEYS)
    return dict(document)
