"""What was looked at in a result, each with "ok", "note", "warning" or "invalid"."""

from __future__ import annotations

from typing import Any

from ligandose.plan.received import LESION_PREFIX, PatientDose
from ligandose.plan.received_curve import NO_WASHOUT

LONG_TAIL = 0.3
TESTED_FROM = 3
"""Points from which on a curve of two parameters is tested by one at least."""
LOW_RECOVERY = 0.5
APART = 0.1
"""Differences above are worth a sentence."""

Document = dict[str, Any]


def checks(found: PatientDose, regions: list[Document]) -> list[Document]:
    """Return what was looked at, with "ok", "note", "warning" or "invalid"."""
    return [
        *_input_checks(found),
        *_image_checks(found),
        *(one for region in regions for one in _region_checks(region)),
        *_marrow_checks(found),
    ]


def _check(name: str, status: str, text: str) -> Document:
    return {"check": name, "status": status, "text": text}


def _input_checks(found: PatientDose) -> list[Document]:
    out: list[Document] = []
    host, mass = found.organs.stated
    if not host:
        out.append(
            _check("patient.host", "note", f"not stated: S values of {found.organs.host} are used "
                   "for cross-dose")
        )  # fmt: skip
    if not mass:
        out.append(
            _check("patient.body_mass_kg", "note", f"not stated: {found.organs.body_mass_kg:.3g} "
                   "kg of the reference is used for cross-dose")
        )  # fmt: skip
    lesions = [n for n in found.curves if n.startswith(LESION_PREFIX)]
    if lesions and found.received.patient.disease is None:
        out.append(_check("patient.disease", "note", "not stated: lesions have no BED"))
    out += [_check("method", "note", text) for text in found.notes]
    return out


def _image_checks(found: PatientDose) -> list[Document]:
    if found.found is None:
        return []
    out: list[Document] = []
    for number, scan in enumerate(found.found.scans, start=1):
        match = scan.registration
        if match is None:
            continue
        what = (
            f"correlation {match.correlation_before:.3f} before, {match.correlation_after:.3f} "
            f"after; mean shift {match.shift_mm:.1f} mm"
        )
        used = "ok" if scan.registration_used else "note"
        extra = "" if scan.registration_used else "; not used, it made the match worse"
        out.append(_check(f"registration of time point {number}", used, what + extra))
    first = {r.name: r.volume_mL for r in found.found.scans[0].regions}
    for number, scan in enumerate(found.found.scans[1:], start=2):
        for region in scan.regions:
            change = region.volume_mL / first[region.name] - 1.0
            if abs(change) > APART:
                out.append(
                    _check(f"volume of {region.name}", "warning", f"{change:+.0%} at time point "
                           f"{number}; mass and dose are those of the first")
                )  # fmt: skip
    if found.received.dose.recovery.model == "none":
        out.append(
            _check("recovery", "warning", "none: small regions show less than they hold, and "
                   "their dose is too low")
        )  # fmt: skip
    return out


def _region_checks(region: Document) -> list[Document]:
    name, out = region["region"], list[Document]()
    out += [_check(f"curve of {name}", "note", text) for text in region["fit"]["notes"]]
    out += _form_check(region)
    tail = region["fit"]["tail_share"]
    if tail > LONG_TAIL:
        out.append(
            _check(f"curve of {name}", "warning", f"{tail:.0%} of the integral lie after the last "
                   "point")
        )  # fmt: skip
    if "recovery" in region and min(region["recovery"]) < LOW_RECOVERY:
        out.append(
            _check(f"recovery of {name}", "warning", f"shows {min(region['recovery']):.0%} of its "
                   "activity: what it holds depends on outline and resolution")
        )  # fmt: skip
    ratio = region.get("voxel_to_region_tia")
    if ratio is not None and abs(ratio - 1.0) > APART:
        out.append(
            _check(f"voxels of {name}", "note", f"were scaled by {ratio:.3g} to the region's curve")
        )
    if region.get("dvh") is not None:
        other = region["s_value"]["dose_Gy"]
        apart = region["dose_Gy"]["median"] / other - 1.0 if other > 0.0 else 0.0
        if abs(apart) > APART:
            out.append(
                _check(f"dose of {name}", "note", f"voxel dose is {apart:+.0%} of that by S values")
            )
    spread: Document = region.get("uncertainty") or {}
    missing: list[str] = spread.get("not_known") or []
    if missing:
        out.append(
            _check(f"uncertainty of {name}", "note", f"not in it: {', '.join(missing)} (not "
                   "stated or not determined)")
        )  # fmt: skip
    return out


def _form_check(region: Document) -> list[Document]:
    """Warn where a fitted curve of two points has the interval of its points alone."""
    fit, points = region["fit"], len(region["points"]["time_s"])
    fitted = fit["bias"] is None and fit["model"] != NO_WASHOUT
    if not fitted or points >= TESTED_FROM:
        return []
    return [
        _check(f"curve of {region['region']}", "warning", f"{points} points: the interval holds "
               "their scatter and nothing of the form of the curve, which they do not test; with a "
               "late first image the integral is too low. Models whole_body, mixed_effects and "
               "earlier_cycle know of the form")
    ]  # fmt: skip


def _marrow_checks(found: PatientDose) -> list[Document]:
    if found.marrow is None:
        return []
    if not found.marrow.invalid:
        return [_check("red marrow", "ok", "from blood samples")]
    why = " and ".join(found.marrow.invalid)
    return [_check("red marrow", "invalid", f"blood does not tell its activity: {why}")]
