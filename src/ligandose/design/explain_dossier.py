"""What a dossier of a target in an indication holds: evidence, safety, ranking, what to measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ligandose.agents import STAGES, agents_against
from ligandose.design.explain_study import ExplainPlan
from ligandose.design.screen_candidates import screened_host
from ligandose.evidence import read_table
from ligandose.hosts import with_targets
from ligandose.targets import profile, ranking_entry, target

if TYPE_CHECKING:
    from ligandose.hosts import Host

MOST_ORGANS = 10
MOST_AGENTS = 10
MODALITY = "modality:"


def dossier_document(plan: ExplainPlan, name: str, explained: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dossier of a target in the indication of a plan.

    Args:
        plan: what is explained, with the documents of a screen and a translation where given.
        name: identifier of the target.
        explained: the rest of the explanation's document.
    """
    found = target(name)
    indication = plan.screen.indication
    judged = ranking_entry(profile(name, indication)) if indication else None
    return {
        "target": name,
        "name": found.common_name,
        "indication": indication,
        "compartments": list(found.compartments(indication)),
        "tier": None if judged is None else judged["tier"],
        "score": None if judged is None else judged["score"],
        "criteria": [] if judged is None else judged["criteria"],
        "reasons_against": [] if judged is None else judged["reasons_against"],
        "prevalence": _claims(name, "prevalence", indication),
        "safety": _claims(name, "safety", ""),
        "densities": _densities(plan, name),
        "agents": _agents(name),
        "competitors": _competitors(name, indication),
        "ranking_of": "map" if plan.screen_document is None else "screen",
        "ranking": _ranking(plan, name, explained),
        "first_in_human": [h for h in explained["first_in_human"] if h["target"] == name],
        "from_animals": _translated(plan),
        "information": explained["information"],
        "sensitivity": _leading(explained, name),
    }


def _claims(name: str, field: str, indication: str) -> list[dict[str, Any]]:
    every = [c.document() for c in target(name).claims if c.field == field and c.known]
    own = [c for c in every if c["context"] == indication]
    return own if indication else every


def _densities(plan: ExplainPlan, name: str) -> list[dict[str, Any]]:
    """Return the densest organs and the lesions, with how they are known."""
    from ligandose.errors import LigandoseError

    try:
        person = with_targets(screened_host(plan.screen, name), [name])
    except LigandoseError:
        return []
    site = _site(person, name)
    rows = [
        {
            "region": key.partition(f".{site}.")[0],
            "density_nmol_L": f.value,
            "gsd": f.gsd,
            "basis": "modelled" if f.source == "density-model" else f.status.value,
            "source": f.source,
        }
        for key, f in person.findings.items()
        if key.endswith(f".{site}.density") and f.value
    ]
    lesions = [r for r in rows if str(r["region"]).startswith("lesion:")]
    organs = [r for r in rows if r not in lesions]
    limited = {limit.region for limit in plan.screen.limits}
    organs.sort(key=lambda r: (r["region"] not in limited, -float(r["density_nmol_L"] or 0.0)))
    return [*lesions, *organs[:MOST_ORGANS]]


def _site(person: Host, name: str) -> str:
    """Return under which name a host carries a target."""
    from ligandose.errors import LigandoseError
    from ligandose.targets import canonical_name

    for place in person.sites:
        try:
            if canonical_name(place.site) == name:
                return place.site
        except LigandoseError:
            continue
    return name


def _agents(name: str) -> list[dict[str, Any]]:
    """Return radionuclide agents against the target, the most advanced first."""
    held = sorted(agents_against(name), key=lambda a: -STAGES.index(a.stage))
    return [
        {
            "agent": a.name,
            "vector_class": a.vector_class,
            "nuclides": list(a.nuclides),
            "stage": a.stage,
            "status": a.status,
        }
        for a in held[:MOST_AGENTS]
    ]


def _competitors(name: str, indication: str) -> list[dict[str, Any]]:
    """Return other modalities against the target, then other treatments of the indication."""
    own = [
        {
            "what": c.field.removeprefix(MODALITY),
            "against": "target",
            "detail": c.term,
            "verified": c.verified,
            "source": c.source,
        }
        for c in target(name).claims
        if c.field.startswith(MODALITY) and c.known
    ]
    others = [
        {
            "what": r["modality"],
            "against": "indication",
            "detail": "; ".join(x for x in (r["place"], r["setting"], r["examples"]) if x),
            "verified": r["status"] == "verified",
            "source": r["source"],
        }
        for r in read_table("indication_treatments.csv")
        if r["indication"] == indication
    ]
    return [*own, *others]


def _ranking(
    plan: ExplainPlan, name: str, explained: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """Return the target's candidates of the screen, else of the map; None without either."""
    found = plan.screen_document or explained["map"]
    if found is None:
        return None
    keys = ("agent", "vector", "nuclide", "feasible", "reasons", "rank", "rank_interval",
            "limiting_organ", "log10_kill", "tcp", "p_better_than_reference")  # fmt: skip
    return [{k: c.get(k) for k in keys} for c in found["candidates"] if c["target"] == name]


def _translated(plan: ExplainPlan) -> dict[str, Any] | None:
    """Return the first-in-human table of a translation, None where none was given."""
    found = plan.translation_document
    if found is None:
        return None
    keys = ("nuclide", "human", "doses", "activity")
    return {k: found.get(k) for k in keys}


def _leading(explained: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the properties that decide the relative kill of the target's agents."""
    of_target = {a["agent"] for a in explained["agents"] if a["target"] == name}
    rows: list[dict[str, Any]] = []
    for one in explained["sensitivity"]:
        if one["agent"] not in of_target:
            continue
        labels = {f["factor"]: f["label"] for f in one["factors"]}
        kill = next(o for o in one["outputs"] if o["output"] == "relative_kill")
        best = sorted(kill["indices"], key=lambda i: -(i["total"] or 0.0))[:5]
        rows += [{"agent": one["agent"], "label": labels[i["factor"]], **i} for i in best]
    return rows
