"""Targets and rankings as documents: what `--json`, the page and other programs read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.errors import LigandoseError
from ligandose.targets.catalogue import Target, indication_targets, indications
from ligandose.targets.criteria import Judged, crossfire_by_nuclide
from ligandose.targets.density import Density, density_of
from ligandose.targets.expression import LEVELS, cancer_expression, organ_expression
from ligandose.targets.flags import flags_of
from ligandose.targets.profile import Profile


def target_entry(found: Target) -> dict[str, Any]:
    """Return what a list shows of a target."""
    known = [c for c in found.claims if c.known]
    return {
        "target": found.symbol,
        "id": found.name,
        "name": found.common_name,
        "kind": found.kind,
        "hgnc_symbol": list(found.genes),
        "uniprot": list(found.uniprot),
        "aliases": list(found.aliases),
        "family": found.family,
        "gene_view": found.gene_view.value,
        "compartments": list(found.compartments()),
        "indications": list(found.indications),
        "companions": list(dict.fromkeys(c.term for c in found.said("imaging_companion"))),
        "claims_known": len(known),
        "claims_verified": sum(c.verified for c in known),
    }


def target_document(found: Target) -> dict[str, Any]:
    """Return everything that is known of a target: claims, expression, densities, flags."""
    organs = organ_expression(found)
    return {
        "target": target_entry(found),
        "findings": [claim.document() for claim in found.claims],
        "expression": {
            "genes": list(found.expression_genes),
            "organs": [organs[organ].document() for organ in sorted(organs)],
            "cancers": _cancers(found),
        },
        "densities": _densities(found),
        "crossfire": {
            place: {n: r[1] for n, r in crossfire_by_nuclide().get(place, {}).items()}
            for place in found.compartments()
        },
        "flags": list(flags_of(found)),
    }


def ranking_entry(made: Profile) -> dict[str, Any]:
    """Return one line of a ranking."""
    low, middle, high = made.quantiles
    stable = made.stability
    return {
        "target": made.target.symbol,
        "id": made.target.name,
        "name": made.target.common_name,
        "indication": made.indication,
        "tier": made.tier,
        "assessable": made.tier is not None,
        "score": {"median": middle, "p05": low, "p95": high},
        "tier_stability": stable.overall,
        "tier_stability_parts": {
            "evidence": stable.evidence,
            "weights": stable.weights,
            "criteria": stable.criteria,
            "layers": stable.layers,
        },
        "missing_weight": made.missing_weight,
        "reasons_for": list(made.reasons_for),
        "reasons_against": list(made.reasons_against),
        "flags": list(made.flags),
        "compartments": list(made.target.compartments(made.indication)),
        "criteria": [_criterion(judged) for judged in made.judged],
        "breadth": _breadth(made.target),
    }


def _criterion(judged: Judged) -> dict[str, Any]:
    return {
        "criterion": judged.criterion,
        "desirability": judged.median,
        "known": judged.known,
        "applies": judged.applies,
        "evidence": judged.layer,
        "verified": judged.verified,
        "value": judged.value,
        "organs": dict(judged.parts) if judged.parts else {},
    }


def _breadth(found: Target) -> int:
    return sum(found.name in names for names in indication_targets().values())


def _cancers(found: Target) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for indication in indications():
        stained = cancer_expression(found, indication)
        if stained is not None:
            counts = {
                level.lower().replace(" ", "_"): n
                for level, n in zip(LEVELS, stained.patients, strict=True)
            }
            rows.append(
                {
                    "indication": indication,
                    "cancers": list(stained.cancers),
                    "patients": stained.number,
                    **counts,
                    "positive_fraction": stained.positive_fraction,
                    "reliability": stained.reliability,
                }
            )
    return rows


def _densities(found: Target) -> list[Mapping[str, Any]]:
    """Return the density of every organ with evidence and of the target's indications."""
    places = [*sorted(organ_expression(found)), *found.indications]
    try:
        densities: list[Density] = [density_of(found, place) for place in places]
    except LigandoseError:
        return []
    return [d.document() for d in densities if d.from_evidence]
