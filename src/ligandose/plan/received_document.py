"""What a patient received as a document: plain values, units in the keys, no date, no name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ligandose.effect import bed_of_quadratic_Gy, organ_limits, quadratic_dose_Gy2
from ligandose.imaging import Region
from ligandose.plan.received import MARROW, PatientDose, Tissue
from ligandose.plan.received_checks import checks
from ligandose.plan.received_doses import by_radiation
from ligandose.plan.received_engines import engines_document, monte_carlo_document
from ligandose.plan.received_images import REST, WHOLE
from ligandose.plan.received_kinetics import RegionTia
from ligandose.plan.received_uncertainty import distribution
from ligandose.plan.received_voxels import MOST_ALPHA, bed_summary, dose_volume

CURVE_POINTS = 121
BEYOND = 1.25
"""Curves are drawn this much beyond the last point."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ][0-9:.]+(Z|[+-]\d{2}:?\d{2})?)?")

Document = dict[str, Any]


def received_document(found: PatientDose) -> Document:
    """Return the content of a `ligandose.dose` document (head and provenance are the command's).

    Dates and names of files, series and people are left out; times are those after administration.
    """
    case = found.received.case
    regions = [_region(found, name) for name in _order(found)]
    content: Document = {
        "case": case.label,
        "nuclide": case.nuclide,
        "agent": case.agent or None,
        "administered_GBq": case.administered_Bq / 1e9,
        "engine": found.engine,
        "source": "images" if found.found is not None else "table",
        "patient": {
            "host": found.organs.host,
            "body_mass_kg": found.organs.body_mass_kg,
            "disease": found.received.patient.disease,
        },
        "methods": found.received.dose.model_dump(mode="json"),
        "time_points": _time_points(found),
        "regions": regions,
        "marrow": _marrow(found),
        "limits": _limits(regions),
        "engines": _engines(found),
        "monte_carlo": _monte_carlo(found),
        "checks": checks(found, regions),
        "omissions": _omissions(found),
    }
    return content


def _engines(found: PatientDose) -> Document | None:
    if found.found is None or found.voxels is None:
        return None
    return engines_document(found.found, found.voxels, found.engine)


def _monte_carlo(found: PatientDose) -> Document | None:
    if found.found is None or found.voxels is None:
        return None
    return monte_carlo_document(found.found, found.voxels)


def _order(found: PatientDose) -> list[str]:
    """Return regions that have a curve, the rest and the whole body last."""
    last = (REST, WHOLE)
    return [*(n for n in found.curves if n not in last), *(n for n in found.curves if n in last)]


def _region(found: PatientDose, name: str) -> Document:
    curve = found.curves[name]
    organs = found.organs
    given = found.received.case.administered_Bq
    out: Document = {
        "region": name,
        "volume_mL": found.volume_mL[name],
        "mass_kg": found.mass_kg[name],
        "tia_Bq_s": curve.tia_Bq_s,
        "tia_quantity_Bq_s": distribution(curve.tia_Bq_s, _tia_sd(found, name)),
        "tiac_h": curve.tia_Bq_s / given / 3600.0,
        "fit": _fit(curve),
        **_points(found, name, curve),
    }
    if name not in organs.regions or name in (REST, WHOLE):
        return out | {"dose_Gy": None, "bed_Gy": None, "by_radiation": None, "dvh": None}
    i = organs.regions.index(name)
    s_value = float(organs.dose_Gy[i].sum())
    spread = found.uncertainty[name]
    dose, radiation, more = s_value, by_radiation(organs.dose_Gy[i].tolist()), {}
    if found.voxels is not None:
        dose, radiation, more = _voxel_part(found, name)
    return out | {
        "dose_Gy": distribution(dose, spread.relative_sd),
        "dose_per_activity_Gy_per_GBq": dose / (given / 1e9),
        "by_radiation": radiation,
        "bed_Gy": _bed(found, name, dose, radiation),
        "s_value": {
            "dose_Gy": s_value,
            "by_radiation": by_radiation(organs.dose_Gy[i].tolist()),
            "self_share": float(organs.self_Gy[i]) / s_value if s_value > 0.0 else None,
        },
        "uncertainty": {
            "relative_sd": spread.relative_sd,
            "parts": spread.parts,
            "shares": spread.shares(),
            "not_known": spread.missing(),
            "volume_sensitivity": spread.volume_sensitivity,
        },
        "dvh": None,
        **more,
    }


def _tia_sd(found: PatientDose, name: str) -> float | None:
    """Return the relative uncertainty of the time integral: all but S value and mass."""
    spread = found.uncertainty.get(name)
    own = found.curves[name].relative_sd
    if spread is None or own is None:
        return own
    parts = [spread.parts[k] or 0.0 for k in ("recovery", "calibration", "fit")]
    return math.sqrt(sum(v**2 for v in parts))


def _voxel_region(found: PatientDose, name: str) -> Region:
    assert found.found is not None
    return next(r for r in found.found.scans[0].regions if r.name == name)


def _voxel_part(found: PatientDose, name: str) -> tuple[float, dict[str, float], Document]:
    assert found.found is not None
    assert found.voxels is not None
    density = found.found.scans[0].density_g_cm3
    assert density is not None
    region, result = _voxel_region(found, name), found.voxels
    radiation = {
        kind: dose_volume(region, values, density)[0]
        for kind, values in result.dose.by_radiation.items()
    }
    mean, histogram = dose_volume(region, result.dose.dose_Gy, density)
    more: Document = {
        "dvh": histogram,
        "voxel_to_region_tia": result.scaling.get(name),
    }
    tissue = found.tissue.get(name)
    if tissue is not None and name in result.with_bed:
        more["voxel_bed_Gy"] = bed_summary(region, result.bed_Gy, alpha_per_Gy=tissue.alpha_per_Gy)
    return mean, radiation, more


def region_bed_Gy(dose_Gy: float, curve: RegionTia, tissue: Tissue) -> float:
    """Return BED of a mean dose delivered along a curve: D + Q/(α/β) (Dale 1985)."""
    amplitude = curve.coefficient_Bq * (dose_Gy / curve.tia_Bq_s)
    quadratic = quadratic_dose_Gy2(
        amplitude, curve.rate_per_s, repair_rate_per_s=tissue.repair_per_s
    )
    return float(bed_of_quadratic_Gy(dose_Gy, quadratic, alpha_beta_Gy=tissue.alpha_beta_Gy))


def _bed(
    found: PatientDose, name: str, dose: float, radiation: Mapping[str, float]
) -> Document | None:
    """Return the BED's distribution: that of the dose, carried through D + Q/(α/β)."""
    tissue = found.tissue.get(name)
    if tissue is None or radiation.get("alpha", 0.0) > MOST_ALPHA * dose:
        return None
    curve = found.curves[name]
    doses = distribution(dose, found.uncertainty[name].relative_sd)

    def of(value: float | None) -> float | None:
        return None if value is None else region_bed_Gy(value, curve, tissue)

    sd: float | None = None
    mean = of(dose)
    relative = found.uncertainty[name].relative_sd
    if relative is not None:
        nodes, weight = np.polynomial.hermite_e.hermegauss(15)
        weight = weight / weight.sum()
        sigma = math.sqrt(math.log1p(relative**2))
        each = np.array([of(dose * math.exp(sigma * x)) for x in nodes.tolist()], np.float64)
        mean = float(weight @ each)
        sd = math.sqrt(float(weight @ (each - mean) ** 2))
    return {
        "mean": mean, "sd": sd, "median": of(dose), "p05": of(doses["p05"]),
        "p95": of(doses["p95"]), "alpha_beta_Gy": tissue.alpha_beta_Gy,
        "repair_half_time_h": math.log(2.0) / tissue.repair_per_s / 3600.0,
    }  # fmt: skip


def _fit(curve: RegionTia) -> Document:
    covariance = None if curve.fit is None else curve.fit.covariance
    return {
        "model": curve.model,
        "parameters": dict(curve.parameters),
        "aicc": dict(curve.aicc),
        "exponentials": {
            "coefficient_Bq": curve.coefficient_Bq.tolist(),
            "rate_per_s": curve.rate_per_s.tolist(),
        },
        "prior": dict(curve.prior) or None,
        "relative_sd": curve.relative_sd,
        "covariance_of_logarithms": None if covariance is None else covariance.tolist(),
        "tail_share": tail_share(curve),
        "bias": curve.bias or None,
        "notes": list(curve.notes),
    }


def tail_share(curve: RegionTia) -> float:
    """Return the part of the integral that lies after the last point."""
    left = curve.coefficient_Bq / curve.rate_per_s
    left = left * np.exp(-curve.rate_per_s * float(curve.time_s[-1]))
    return float(left.sum()) / curve.tia_Bq_s


def _points(found: PatientDose, name: str, curve: RegionTia) -> Document:
    time = np.linspace(0.0, BEYOND * float(curve.time_s[-1]), CURVE_POINTS)
    sigma = curve.uncertainty_Bq
    out: Document = {
        "points": {
            "time_s": curve.time_s.tolist(),
            "activity_Bq": curve.activity_Bq.tolist(),
            "uncertainty_Bq": None if sigma is None else sigma.tolist(),
        },
        "curve": {"time_s": time.tolist(), "activity_Bq": curve.activity_at(time).tolist()},
    }
    if found.found is not None:
        i = found.found.regions.index(name)
        out["points"]["all_times_s"] = found.found.time_s.tolist()
        out["points"]["uncorrected_Bq"] = found.found.raw_Bq[i].tolist()
        out["recovery"] = found.found.recovery[i].tolist()
    return out


def _time_points(found: PatientDose) -> list[Document]:
    if found.found is None:
        return []
    out: list[Document] = []
    for scan in found.found.scans:
        match = scan.registration
        out.append(
            {
                "time_h": scan.time_s / 3600.0,
                "voxels_zyx": list(scan.grid.shape),
                "spacing_mm_zyx": list(scan.grid.spacing_mm),
                "activity_in_view_MBq": float(scan.image_Bq_mL.sum(dtype=np.float64))
                * scan.grid.voxel_mL / 1e6,
                "background_share": scan.background,
                "basis": [_MOMENT.sub("(moment)", text) for text in scan.basis],
                "volume_mL": {r.name: r.volume_mL for r in scan.regions},
                "registration": None if match is None else {
                    "kind": match.kind,
                    "used": scan.registration_used,
                    "correlation_before": match.correlation_before,
                    "correlation_after": match.correlation_after,
                    "mutual_information_before": -match.metric_before,
                    "mutual_information_after": -match.metric_after,
                    "mean_shift_mm": match.shift_mm,
                    "most_shift_mm": match.most_shift_mm,
                    "least_jacobian": match.least_jacobian,
                    "most_jacobian": match.most_jacobian,
                },
            }
        )  # fmt: skip
    return out


def _marrow(found: PatientDose) -> Document | None:
    marrow = found.marrow
    if marrow is None:
        return None
    i = found.organs.regions.index(MARROW)
    dose = float(found.organs.dose_Gy[i].sum())
    return {
        "valid": not marrow.invalid,
        "invalid_because": list(marrow.invalid),
        "mass_kg": marrow.mass_kg,
        "marrow_to_blood_ratio": marrow.ratio,
        "ratio_source": marrow.ratio_source,
        "tia_Bq_s": marrow.tia_Bq_s,
        "dose_Gy": dose,
        "from_blood_Gy": float(found.organs.self_Gy[i]),
        "from_the_rest_Gy": dose - float(found.organs.self_Gy[i]),
        "blood_fit": _fit(marrow.blood),
        "blood_points": {
            "time_s": marrow.blood.time_s.tolist(),
            "activity_Bq_mL": marrow.blood.activity_Bq.tolist(),
        },
    }


def _limits(regions: list[Document]) -> list[Document]:
    """Return doses of this administration beside published limits of the same quantity.

    The limits are those of photons and electrons: where alphas give dose there are none.
    """
    out: list[Document] = []
    for region in regions:
        radiation: dict[str, float] = region["by_radiation"] or {}
        if radiation.get("alpha", 0.0) > MOST_ALPHA * sum(radiation.values()):
            continue
        for limit in organ_limits(region["region"]):
            key = {"absorbed_dose": "dose_Gy", "bed": "bed_Gy"}.get(str(limit.quantity))
            value = region.get(key or "")
            if key is None or value is None:
                continue
            out.append(
                {
                    "region": region["region"], "label": limit.label,
                    "quantity": str(limit.quantity), "limit_Gy": limit.limit_Gy,
                    "value_Gy": value["median"], "share": value["median"] / limit.limit_Gy,
                    "status": str(limit.finding.status), "source": limit.finding.source,
                }
            )  # fmt: skip
    return out


def _omissions(found: PatientDose) -> list[str]:
    out: list[str] = []
    if found.voxels is not None:
        out += found.voxels.dose.left_out
        out.append("Activity outside of the field of view is not seen and not counted.")
        if found.received.dose.recovery.model == "gtm":
            out.append("Recovery assumes even activity in each region and a Gaussian point spread.")
    out += found.organs.omissions
    out.append("BED of alpha particles is left out: it needs an RBE.")
    return out
