"""Radiobiological parameters of tissues, tumours and blood lineages, as data with sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import Finding, read_table

TABLE = "effect.csv"
_SECONDS = {"s": 1.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class TissueParameters:
    """Linear-quadratic parameters of a normal tissue.

    Attributes:
        region: canonical region.
        alpha_beta_Gy: α/β of late damage (of early damage for red marrow), Gy.
        repair_half_time_s: half-time of mono-exponential repair, s.
        td50_eqd2_Gy, lkb_m, lkb_n: LKB parameters for EQD2; None where none is known.
        findings: the rows they come from, with status and source.
    """

    region: str
    alpha_beta_Gy: float
    repair_half_time_s: float
    td50_eqd2_Gy: float | None
    lkb_m: float | None
    lkb_n: float | None
    findings: tuple[Finding, ...]

    @property
    def repair_rate_per_s(self) -> float:
        """μ = ln 2 / repair half-time, 1/s."""
        return math.log(2.0) / self.repair_half_time_s


@dataclass(frozen=True, slots=True)
class TumourParameters:
    """Parameters of the tumours of a disease.

    Attributes:
        disease: name of the disease or of the published set.
        alpha_per_Gy: α, 1/Gy.
        alpha_beta_Gy: α/β, Gy.
        repair_half_time_s: half-time of repair, s.
        clonogens_per_kg: clonogens per mass of viable tumour, 1/kg.
        doubling_time_s: of viable mass without treatment, s.
        kick_off_s: delay until repopulation, s.
        clearance_half_time_s: of dead tumour mass, s.
        findings: the rows they come from.
    """

    disease: str
    alpha_per_Gy: float
    alpha_beta_Gy: float
    repair_half_time_s: float
    clonogens_per_kg: float
    doubling_time_s: float
    kick_off_s: float
    clearance_half_time_s: float
    findings: tuple[Finding, ...]

    @property
    def repair_rate_per_s(self) -> float:
        """μ = ln 2 / repair half-time, 1/s."""
        return math.log(2.0) / self.repair_half_time_s


@dataclass(frozen=True, slots=True)
class LineageParameters:
    """Parameters of one blood lineage in the transit-compartment model.

    Attributes:
        lineage: "platelets" or "neutrophils".
        baseline_1e9_per_L: count before treatment, 10⁹/L.
        mean_transit_time_s: from proliferation to blood and out of it, (n + 1) / k_tr, s.
        feedback: exponent γ.
        sensitivity_per_Gy: kill of the proliferating pool, 1/Gy of marrow BED.
        lower_limit_1e9_per_L: lower limit of normal, where CTCAE grade 1 begins.
        grade_limits_1e9_per_L: below these counts grade 2, 3 and 4 begin.
        findings: the rows they come from.
    """

    lineage: str
    baseline_1e9_per_L: float
    mean_transit_time_s: float
    feedback: float
    sensitivity_per_Gy: float
    lower_limit_1e9_per_L: float
    grade_limits_1e9_per_L: tuple[float, float, float]
    findings: tuple[Finding, ...]


@cache
def effect_findings() -> tuple[Finding, ...]:
    """Return every row of the effect table."""
    return tuple(
        Finding.from_row(row, where=f"{TABLE} line {line}")
        for line, row in enumerate(read_table(TABLE), start=2)
    )


@cache
def effect_parameters(region: str) -> TissueParameters:
    """Return the parameters of a normal tissue by its canonical region.

    Tissues without a published α/β carry the generic late-responding one, with status
    "assumed" in their finding.

    Raises:
        UnknownNameError: not a region of the table; lesions have `tumour_parameters`.
    """
    rows = _rows(region, region=None, kind="region", holds="alpha_beta")
    return TissueParameters(
        region=region,
        alpha_beta_Gy=_number(rows, "alpha_beta", "Gy"),
        repair_half_time_s=_seconds(rows, "repair_half_time"),
        td50_eqd2_Gy=_optional(rows, "lkb_td50_eqd2"),
        lkb_m=_optional(rows, "lkb_m"),
        lkb_n=_optional(rows, "lkb_n"),
        findings=tuple(rows.values()),
    )


@cache
def tumour_parameters(disease: str) -> TumourParameters:
    """Return the parameters of the tumours of a disease, such as "mCRPC" or "GEP-NET".

    Raises:
        UnknownNameError: not a disease of the table.
    """
    rows = _rows(disease, region="lesion", kind="disease", holds="alpha")
    return TumourParameters(
        disease=disease,
        alpha_per_Gy=_number(rows, "alpha", "1/Gy"),
        alpha_beta_Gy=_number(rows, "alpha_beta", "Gy"),
        repair_half_time_s=_seconds(rows, "repair_half_time"),
        clonogens_per_kg=_number(rows, "clonogen_density", "1/kg"),
        doubling_time_s=_seconds(rows, "doubling_time"),
        kick_off_s=_seconds(rows, "kick_off_time"),
        clearance_half_time_s=_seconds(rows, "clearance_half_time"),
        findings=tuple(rows.values()),
    )


@cache
def lineage_parameters(lineage: str) -> LineageParameters:
    """Return the parameters of "platelets" or "neutrophils" under radionuclide therapy.

    Raises:
        UnknownNameError: not a lineage of the table.
    """
    rows = _rows(lineage, region="red_marrow", kind="blood lineage", holds="sensitivity")
    return LineageParameters(
        lineage=lineage,
        baseline_1e9_per_L=_number(rows, "baseline", "1e9/L"),
        mean_transit_time_s=_seconds(rows, "mean_transit_time"),
        feedback=_number(rows, "feedback", "1"),
        sensitivity_per_Gy=_number(rows, "sensitivity", "1/Gy"),
        lower_limit_1e9_per_L=_number(rows, "grade_1_below", "1e9/L"),
        grade_limits_1e9_per_L=(
            _number(rows, "grade_2_below", "1e9/L"),
            _number(rows, "grade_3_below", "1e9/L"),
            _number(rows, "grade_4_below", "1e9/L"),
        ),
        findings=tuple(rows.values()),
    )


def alpha_findings() -> dict[str, Finding]:
    """Return what is known of alphas: RBE coefficients, clinical RBE, √(β_H/β_L)."""
    return {f.quantity: f for f in effect_findings() if f.subject == "alpha"}


def _rows(name: str, *, region: str | None, kind: str, holds: str) -> dict[str, Finding]:
    """Return the rows of one name by quantity, or raise with the nearest known names.

    The name is a region of subject "tissue" where `region` is None, else a subject of `region`;
    known names are those that have a row of the quantity `holds`.
    """
    named: dict[str, dict[str, Finding]] = {}
    for f in effect_findings():
        if region is None and f.subject == "tissue":
            named.setdefault(f.region, {})[f.quantity] = f
        elif region is not None and f.region == region and f.subject != "tissue":
            named.setdefault(f.subject, {})[f.quantity] = f
    known = {key: rows for key, rows in named.items() if holds in rows}
    if name not in known:
        raise UnknownNameError(kind, name, known, where="effect parameters")
    return known[name]


def _number(rows: dict[str, Finding], quantity: str, unit: str) -> float:
    finding = rows.get(quantity)
    if finding is None:
        any_row = next(iter(rows.values()))
        raise DataError(f"{TABLE}: {any_row.subject} {any_row.region} has no row {quantity!r}")
    if finding.unit != unit:
        raise DataError(
            f"{TABLE}: {quantity} of {finding.subject} is in {finding.unit}, not {unit}"
        )
    return finding.require()


def _seconds(rows: dict[str, Finding], quantity: str) -> float:
    unit = rows[quantity].unit if quantity in rows else "s"
    if unit not in _SECONDS:
        raise DataError(f"{TABLE}: {quantity} is in {unit}; a time is in s, h or d")
    return _number(rows, quantity, unit) * _SECONDS[unit]


def _optional(rows: dict[str, Finding], quantity: str) -> float | None:
    return rows[quantity].value if quantity in rows else None
