"""What the landscape page knows: every table that it shows, packed to stay small.

The page decodes it by the names in `landscape.js`; rows are lists, repeated words stand once in
`words` and are named by their place there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ligandose.agents.landscape import (
    STAGES,
    LandscapeAgent,
    agent_coverage,
    agents_against,
    highest_stage,
    landscape_agents,
)
from ligandose.evidence import EDITION, Claim, Measured, Status, read_table, sources
from ligandose.report.page import locator_url
from ligandose.report.text import agent_label, nuclide_label, region_label, sentence_case
from ligandose.targets import (
    Profile,
    Target,
    criteria,
    density_of,
    indications,
    judged_targets,
    organ_expression,
    rank,
    ranking_entry,
    target,
    target_coverage,
    target_document,
    targets,
)
from ligandose.targets.expression import LEVELS

Progress = Callable[[float, str], None]

MODALITIES = ("adc", "car_t", "bispecific", "antibody", "small_molecule")
"""Other treatments of the same target, in the order of the page."""
MODALITY_NAMES = ("ADC", "CAR-T", "Bispecific", "Antibody", "Small molecule")
RELIABILITIES = ("", "Uncertain", "Approved", "Supported", "Enhanced")
STATES = tuple(state.value for state in Measured)
KNOWLEDGE = tuple(status.value for status in Status)
PATTERNS = ("", "rna", "protein", "rna+protein")

_NCT = re.compile(r"\b(NCT\d{8})\b")
_HOST = re.compile(r"^((?:[a-z0-9-]+\.)+[a-z]{2,6})(/[^\s,;\"<>]*)?(?=[\s,;]|$)", re.IGNORECASE)
_FILES = (".csv", ".tsv", ".py", ".md", ".json", ".yaml")


class Words:
    """Words that stand once and are named by their number."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.held.setdefault(text, len(self.held))

    def all(self) -> list[str]:
        return list(self.held)


def source_url(locator: str) -> str:
    """Return where a locator leads (DOI, PMC, PMID, trial, web address), or nothing."""
    if url := locator_url(locator):
        return url
    if match := _NCT.search(locator):
        return f"https://clinicaltrials.gov/study/{match[1]}"
    match = _HOST.match(locator.strip())
    if match is None or (not match[2] and match[1].lower().endswith(_FILES)):
        return ""
    return f"https://{match[0].rstrip('.')}"


def rankings(
    names: Iterable[str] | None = None, *, progress: Progress | None = None
) -> dict[str, tuple[Profile, ...]]:
    """Rank the targets of every indication that has evidence.

    Args:
        names: identifiers of indications; default all.
        progress: called with the share done and what is being done.
    """
    wanted = [n for n in (indications() if names is None else names) if judged_targets(n)]
    ranked: dict[str, tuple[Profile, ...]] = {}
    for i, name in enumerate(wanted):
        if progress is not None:
            progress(i / len(wanted), f"ranking targets: {indications()[name]}")
        ranked[name] = rank(name)
    return ranked


def page_data(ranked: Mapping[str, Sequence[Profile]]) -> dict[str, Any]:
    """Return everything that the page shows, as the JSON island in it."""
    words, cited = Words(), dict[str, None]()
    every = [target(name) for name in targets()]
    place = {found.name: i for i, found in enumerate(every)}
    organs = organ_order(every)
    held = [_target(found, organs, words, cited) for found in every]
    carried = [_agent(agent, place, cited) for agent in landscape_agents()]
    ranks = {i: [_ranked(p, place, words) for p in found] for i, found in ranked.items()}
    used = {i for t in held for i in t["indications"]} | {i for a in carried for i in a["at"]}
    return {
        "edition": EDITION,
        "stages": list(STAGES),
        "levels": list(LEVELS),
        "reliabilities": list(RELIABILITIES),
        "states": list(STATES),
        "knowledge": list(KNOWLEDGE),
        "patterns": list(PATTERNS),
        "modalities": [list(pair) for pair in zip(MODALITIES, MODALITY_NAMES, strict=True)],
        "organs": [[organ, region_label(organ), organ in judged_organs()] for organ in organs],
        "indications": {i: n for i, n in indications().items() if i in used or i in ranks},
        "criteria": [
            [sentence_case(name), float(row["weight"])] for name, row in criteria().items()
        ],
        "cuts": [_rule("tier_1"), _rule("tier_2"), _rule("tier_3")],
        "nuclides": {n: nuclide_label(n) for a in landscape_agents() for n in a.nuclides},
        "targets": held,
        "agents": carried,
        "rankings": ranks,
        "coverage": [c.document() for c in (*target_coverage(), *agent_coverage())],
        "sources": {name: _cited(name) for name in sorted(cited) if name},
        "words": words.all(),
    }


def organ_order(every: Iterable[Target]) -> list[str]:
    """Return the organs with expression: those that the profile judges first, then by name."""
    known = {organ for found in every for organ in organ_expression(found)}
    judged = [organ for organ in judged_organs() if organ in known]
    return [*judged, *sorted(known - set(judged))]


def judged_organs() -> tuple[str, ...]:
    """Return the organs that the profile asks for contrast."""
    return tuple(row["organ"] for row in read_table("target_organs.csv"))


def three_figures(value: float | None) -> float | None:
    """Return a number with three significant figures, enough for a picture."""
    return None if value is None else float(f"{value:.3g}")


def _rule(key: str) -> float:
    return next(float(r["value"]) for r in read_table("target_tiers.csv") if r["key"] == key)


def _target(
    found: Target, organs: Sequence[str], words: Words, cited: dict[str, None]
) -> dict[str, Any]:
    document = target_document(found)
    entry = document["target"]
    by_organ = organ_expression(found)
    seen = [by_organ.get(organ) for organ in organs]
    stated = {c.context for c in found.said("compartment") if c.context in indications()}
    cited.update(dict.fromkeys(c.source for c in found.claims))
    cited.update(dict.fromkeys(s for d in document["densities"] for s in d["sources"]))
    return {
        **{key: entry[key] for key in ("id", "name", "kind", "aliases", "family", "uniprot")},
        **{key: entry[key] for key in ("compartments", "indications")},
        "companions": _companions(entry["companions"]),
        "symbol": "" if not found.genes else found.symbol,
        "view": found.gene_view.value,
        "genes": list(found.expression_genes),
        "places": {i: list(found.compartments(i)) for i in sorted(stated)},
        "stage": STAGES.index(highest_stage(found.name)) if highest_stage(found.name) else -1,
        "agents": len(agents_against(found.name)),
        "rivals": [_rival(found, kind) for kind in MODALITIES],
        "known": entry["claims_known"],
        "verified": entry["claims_verified"],
        "rna": [three_figures(o.rna_nTPM) if o else None for o in seen],
        "level": [o.protein_level if o else None for o in seen],
        "trust": max((RELIABILITIES.index(o.reliability) for o in seen if o), default=0),
        "cells": {
            str(i): [words(c) for c in o.cell_types]
            for i, o in enumerate(seen)
            if o and o.cell_types
        },
        "densities": [_density(row) for row in _densities(found, document)],
        "stained": [
            [row["indication"], *(row[k] for k in ("not_detected", "low", "medium", "high"))]
            for row in document["expression"]["cancers"]
        ],
        "flags": document["flags"],
        "claims": [_claim(claim, words) for claim in found.claims],
    }


def _companions(stated: Iterable[str]) -> list[str]:
    """Return imaging agents one by one; a claim may name several."""
    names = [name.strip() for claim in stated for name in claim.split(";")]
    return [agent_label(name) for name in dict.fromkeys(names) if name]


def _rival(found: Target, kind: str) -> list[Any]:
    """Return [highest stage or -1, name, verified] of the other treatments of one kind."""
    staged = [c for c in found.said(f"modality:{kind}") if c.value in STAGES]
    best = max(staged, key=lambda c: STAGES.index(c.term), default=None)
    return [-1, "", False] if best is None else [_stage(best), best.context, best.verified]


def _stage(claim: Claim) -> int:
    return STAGES.index(claim.term)


def _densities(found: Target, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the densities of the document and of every indication whose tumours were stained."""
    listed = {row["tissue"] for row in document["densities"]}
    if not listed:
        return []
    stained = [row["indication"] for row in document["expression"]["cancers"]]
    more = [density_of(found, place).document() for place in stained if place not in listed]
    return [*document["densities"], *more]


def _density(row: Mapping[str, Any]) -> list[Any]:
    numbers = (row["density_nmol_L"], row["p05_nmol_L"], row["p95_nmol_L"])
    pattern = PATTERNS.index(row["pattern"]) if row["pattern"] in PATTERNS else 0
    return [row["tissue"], *map(three_figures, numbers), int(row["basis"] == "measured"), pattern,
            row["sources"]]  # fmt: skip


def _claim(claim: Claim, words: Words) -> list[Any]:
    return [
        words(claim.field),
        words(claim.context),
        claim.value,
        claim.low,
        claim.high,
        claim.unit,
        STATES.index(claim.measured.value),
        KNOWLEDGE.index(claim.status.value),
        claim.source,
        claim.date,
        claim.note,
    ]


def _agent(
    agent: LandscapeAgent, place: Mapping[str, int], cited: dict[str, None]
) -> dict[str, Any]:
    stage, status, reason = (agent.claim(f) for f in ("stage", "status", "status_reason"))
    cited.update(dict.fromkeys(c.source for c in agent.claims))
    return {
        "name": agent.name,
        "label": agent_label(agent.name),
        "aliases": list(agent.aliases),
        "targets": [place[t] for t in agent.targets if t in place],
        "compartments": list(agent.compartments),
        "vector": agent.vector_class,
        "chelator": agent.label,
        "nuclides": list(agent.nuclides),
        "at": list(agent.indications),
        "stage": STAGES.index(agent.stage),
        "date": stage.date,
        "verified": stage.verified,
        "status": agent.status,
        "statusVerified": status.verified,
        "reason": reason.value or "",
        "source": stage.source,
        "also": sorted({c.source for c in agent.claims if c.source} - {stage.source}),
        "trials": list(agent.trials),
        "nct": list(agent.nct),
        "sponsor": agent.sponsor,
        "companion": agent.companion,
        "model": agent.model,
        "note": agent.note,
    }


def _ranked(made: Profile, place: Mapping[str, int], words: Words) -> list[Any]:
    """Return one line of a ranking: numbers, then each criterion, then words."""
    entry = ranking_entry(made)
    score, parts = entry["score"], entry["tier_stability_parts"]
    said = {
        f"{row['criterion'].replace('_', ' ')}: {row['value']}": i
        for i, row in enumerate(entry["criteria"])
    }
    return [
        place[entry["id"]],
        entry["tier"],
        *(round(score[key], 3) for key in ("p05", "median", "p95")),
        round(entry["tier_stability"], 3),
        [round(parts[key], 2) for key in ("evidence", "weights", "criteria", "layers")],
        round(entry["missing_weight"], 2),
        [_criterion(row, words) for row in entry["criteria"]],
        [said.get(reason, reason) for reason in entry["reasons_for"]],
        [said.get(reason, reason) for reason in entry["reasons_against"]],
        [words(flag) for flag in entry["flags"]],
    ]


def _criterion(row: Mapping[str, Any], words: Words) -> list[Any]:
    """Return [desirability, state, value, evidence, verified]; state 0 missing, 1 known, 2 n/a."""
    state = 2 if not row["applies"] else int(row["known"])
    return [round(row["desirability"], 2), state, words(row["value"]), words(row["evidence"]),
            int(row["verified"])]  # fmt: skip


def _cited(name: str) -> list[str]:
    known = sources().get(name)
    if known is None:
        return ["", "", ""]
    return [known.citation, known.locator, source_url(known.locator)]
