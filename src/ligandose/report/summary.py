"""What a course says in a few sentences and key numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ligandose.report.contract import CourseDocument, Quantity, Regimen, Region
from ligandose.report.doses import QUANTITY_LABELS, mean_dose, published_coefficients, span
from ligandose.report.text import (
    agent_label,
    host_label,
    interval,
    is_number,
    mean_sd,
    number,
    percent,
    plain,
    quantity_text,
    regimen_text,
    region_label,
    source_label,
)

INTENDED_USE = (
    "Research software, not a medical device. Results are simulations of virtual patients for "
    "research and teaching; they must not be used to diagnose or to treat a person."
)


PATIENT_USE = (
    "Research software, not a medical device. Computed from what the case states, for research and "
    "teaching; it must not be used to diagnose or to treat a person."
)
"""For reports on measurements, which no virtual patient made."""


@dataclass(frozen=True)
class KeyNumber:
    """One number that a reader takes home."""

    label: str
    value: str
    detail: str


def title_of(document: CourseDocument) -> str:
    """Return agent and host in one line."""
    host = document["host"]
    return f"{agent_label(document['agent']['name'])} in {host_of(host)}"


def host_of(host: Mapping[str, Any]) -> str:
    """Return the host and its disease."""
    disease = host.get("disease")
    return host_label(str(host["name"])) + (f", {disease}" if disease else "")


def _most(document: CourseDocument, kind: str) -> Region | None:
    found = [r for r in document["regions"] if r["kind"] == kind and r["region"] != "whole_body"]
    return max(found, key=mean_dose, default=None)


def _headline_organs(document: CourseDocument) -> list[Region]:
    """Return the organs that have limits, or kidneys and marrow where there are none."""
    limited = dict.fromkeys(limit["region"] for limit in document["limits"])
    wanted = list(limited) or ["kidneys", "red_marrow"]
    by_name = {region["region"]: region for region in document["regions"]}
    found = [by_name[name] for name in wanted if name in by_name]
    most = _most(document, "organ")
    return found[:3] or ([most] if most else [])


def _dose_words(region: Region) -> str:
    q = region["dose_Gy"]
    return (
        f"{region_label(region['region']).lower()}: {mean_sd(q['mean'], q['sd'])} Gy "
        f"(90 % of patients {interval(q['p05'], q['p95'])} Gy)"
    )


def sentences(document: CourseDocument) -> list[str]:
    """Return the summary, one sentence each."""
    agent = agent_label(document["agent"]["name"])
    text = [
        f"{agent}, {regimen_text(document['regimen'])} "
        f"({plain(document['regimen']['total_activity_GBq'])} GBq in total), was simulated in "
        f"{document['patients']} virtual patients ({host_of(document['host'])})."
    ]
    organs = [_dose_words(region) for region in _headline_organs(document)]
    if organs:
        text.append(f"Mean absorbed dose ± SD between patients – {'; '.join(organs)}.")
    if lesion := _most(document, "lesion"):
        text.append(f"The lesion with the highest mean dose – {_dose_words(lesion)}.")
    text += _cross_dose_sentences(document)
    text += _limit_sentences(document)
    text += _agreement_sentences(document)
    if document["failed"]:
        count = len(document["failed"])
        text.append(
            f"{count} of {document['patients']} virtual patients could not be solved and "
            f"{'is' if count == 1 else 'are'} left out of every number; the report lists "
            f"{'it' if count == 1 else 'them'}."
        )
    return text


def _cross_dose_sentences(document: CourseDocument) -> list[str]:
    """Return which part of the headline organs' dose comes from activity elsewhere."""
    parts: list[str] = []
    for region in _headline_organs(document):
        share = region.get("cross_dose_share")
        if share and is_number(share["mean"]):
            found = (region.get("cross_dose_from") or [])[:1]
            most = f" (most from {source_label(found[0]['region'])})" if found else ""
            parts.append(f"{region_label(region['region']).lower()} {percent(share['mean'])}{most}")
    return [f"Share of dose from activity elsewhere – {'; '.join(parts)}."] if parts else []


def _limit_sentences(document: CourseDocument) -> list[str]:
    parts: list[str] = []
    for limit in document["limits"]:
        if not limit["fraction_exceeding"]:
            continue
        what = QUANTITY_LABELS.get(limit["quantity"], limit["quantity"])
        parts.append(
            f"{percent(limit['fraction_exceeding'][-1])} exceed {plain(limit['limit'])} Gy "
            f"{what if what.isupper() else what.lower()} in {region_label(limit['region']).lower()}"
        )
    return [f"After the last cycle {'; '.join(parts)}."] if parts else []


def fold_errors(document: CourseDocument) -> list[float]:
    """Return max(predicted/published, its inverse) of every comparable published mean.

    Rows whose use is "none" are shown, but their own data say that they cannot be compared.
    """
    folds: list[float] = []
    for region in document["regions"]:
        predicted = region["dose_per_activity_Gy_per_GBq"]["mean"]
        for row in published_coefficients(document, region["region"]):
            mean = row.get("mean")
            if mean and predicted > 0 and row["use"] != "none":
                folds.append(max(predicted / mean, mean / predicted))
    return folds


def _agreement_sentences(document: CourseDocument) -> list[str]:
    folds = fold_errors(document)
    if not folds:
        return ["No published coefficient is held for this agent: the prediction is unchecked."]
    inside = sum(
        (extent := span(row)) is not None
        and extent[1] <= region["dose_per_activity_Gy_per_GBq"]["mean"] <= extent[2]
        for region in document["regions"]
        for row in published_coefficients(document, region["region"])
        if row["use"] != "none"
    )
    return [
        f"Against {len(folds)} comparable published coefficients the median fold error is "
        f"{number(sorted(folds)[len(folds) // 2])} and the largest {number(max(folds))}; "
        f"{inside} of the predicted means lie within the published SD or range."
    ]


def key_numbers(document: CourseDocument) -> list[KeyNumber]:
    """Return up to six numbers for the head of the report."""
    numbers = [_dose_number(region) for region in _headline_organs(document)[:2]]
    if lesion := _most(document, "lesion"):
        numbers.append(_dose_number(lesion))
    for limit in document["limits"][:1]:
        if limit["fraction_exceeding"]:
            what = QUANTITY_LABELS.get(limit["quantity"], limit["quantity"])
            detail = f"{region_label(limit['region'])}, {what}, after the last cycle"
            value = percent(limit["fraction_exceeding"][-1])
            numbers.append(KeyNumber(f"Above {plain(limit['limit'])} Gy", value, detail))
    tcp: Mapping[str, Quantity | None] = document["effect"].get("tcp") or {}
    if control := tcp.get("all"):
        detail = f"median; 90 % of patients {percent(control['p05'])} – {percent(control['p95'])}"
        label = "All lesions controlled, upper end"
        numbers.append(KeyNumber(label, percent(control["median"]), detail))
    severe = severe_fraction(document["effect"], "platelets")
    if severe is not None:
        words = "of patients: platelets fall below 50 × 10⁹/L"
        numbers.append(KeyNumber("Thrombopenia grade ≥ 3", percent(severe), words))
    return numbers


def _dose_number(region: Region) -> KeyNumber:
    q = region["dose_Gy"]
    return KeyNumber(
        region_label(region["region"]),
        f"{quantity_text(q)} Gy",
        f"90 % of patients {interval(q['p05'], q['p95'])} Gy",
    )


def severe_fraction(effect: Mapping[str, Any], count: str) -> float | None:
    """Return the fraction of patients whose worst grade is 3 or more, None where not computed."""
    blood: Mapping[str, Mapping[str, Any]] = effect.get("blood") or {}
    found: Mapping[str, float] = blood.get(count, {}).get("grade_fraction") or {}
    if not found:
        return None
    return float(found.get("3", 0.0)) + float(found.get("4", 0.0))


def study_yaml(document: CourseDocument) -> str:
    """Return the study file that makes this document: the user's own, or one written from it."""
    own = document["provenance"].get("study_yaml")
    if own:
        return str(own)
    lines = [f"agent: {document['agent']['name']}", f"host: {document['host']['name']}"]
    if document["host"].get("disease"):
        lines.append(f"disease: {document['host']['disease']}")
    lines += ["regimen:", *_regimen_yaml(document["regimen"])]
    lines += [f"patients: {document['patients']}", f"seed: {document['seed']}"]
    if folder := document["provenance"].get("saf_folder"):
        lines.append(f"saf: {json.dumps(folder)}")
    return "\n".join(lines) + "\n"


def _regimen_yaml(regimen: Regimen) -> list[str]:
    given = [
        {key: value for key, value in administration.items() if value is not None}
        for administration in regimen["administrations"]
    ]
    weeks = regimen.get("every_weeks")
    what = [{key: value for key, value in each.items() if key != "time_h"} for each in given]
    if all(each == what[0] for each in what) and (weeks or len(given) == 1):
        lines = [f"  cycles: {len(given)}", *(f"  {k}: {_plain(v)}" for k, v in what[0].items())]
        lines += [f"  every_weeks: {weeks:.12g}"] if weeks and len(given) > 1 else []
    else:
        rows = [", ".join(f"{k}: {_plain(v)}" for k, v in each.items()) for each in given]
        lines = ["  administrations:", *(f"    - {{{row}}}" for row in rows)]
    clearing = {k: v for k, v in regimen.items() if k.startswith("clearing_")}
    lines += [f"  {key}: {_plain(value)}" for key, value in clearing.items()]
    if regimen.get("comedication"):
        lines.append(f"  comedication: [{', '.join(regimen['comedication'])}]")
    return lines


def _plain(value: object) -> str:
    """Return a value of a regimen as YAML has it: a number, true, or a route."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)
