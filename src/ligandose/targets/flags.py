"""What a reader of a ranking must know of a target beside its tier."""

from __future__ import annotations

from collections.abc import Iterable

from ligandose.targets.catalogue import GeneView, Target
from ligandose.targets.criteria import constant
from ligandose.targets.expression import OrganExpression, cancer_expression, organ_expression


def flags_of(found: Target, indication: str | None = None) -> tuple[str, ...]:
    """Return the flags of a target, by rules whose limits are data (target_tiers.csv)."""
    organs = organ_expression(found)
    return (
        *_gene_level(found),
        *_protein(found, organs.values()),
        *_antibody(organs.values()),
        *_organs(organs.values()),
        *_dose_limiting(found),
        *_place(found, indication),
        *_tumour(found, indication),
    )


def _gene_level(found: Target) -> Iterable[str]:
    gap = next((c.value for c in found.said("gene_level_gap") if c.value != "none known"), None)
    if found.gene_view is GeneView.BLIND and found.expression_genes:
        kind = "isoform" if found.kind == "isoform" else found.kind
        yield f"{kind}: gene-level data cannot see it ({gap or 'only the gene is measured'})"
    elif found.gene_view is GeneView.PROXY:
        yield f"proxy: {', '.join(found.expression_genes)} stands for it"
    elif gap:
        yield f"gene level: {gap}"
    if found.kind == "transporter":
        yield "transporter: uptake and retention decide, density is an index of expression"


def _protein(found: Target, organs: Iterable[OrganExpression]) -> Iterable[str]:
    if found.expression_genes and all(o.protein_level is None for o in organs):
        yield "no protein data: no staining of normal organs is published in the atlas"


def _antibody(organs: Iterable[OrganExpression]) -> Iterable[str]:
    stained = [o for o in organs if (o.protein_level or 0) >= 2]
    if not stained:
        return
    if stained[0].reliability == "Uncertain":
        yield "antibody doubt: the atlas calls its staining uncertain; it is not used"
    both = [o for o in stained if o.rna_nTPM is not None]
    without = [o.organ for o in both if (o.rna_nTPM or 0.0) < constant("rna_absent")]
    if both and len(without) / len(both) >= constant("doubt_share"):
        yield f"antibody doubt: stained without RNA in {', '.join(sorted(without))}"


def _organs(organs: Iterable[OrganExpression]) -> Iterable[str]:
    """Organs with much RNA, or with a trusted medium or high stain."""
    much = constant("rna_flag")
    named = sorted(
        o.organ
        for o in organs
        if (o.rna_nTPM is not None and o.rna_nTPM >= much) or (o.trusted_level or 0) >= 2
    )
    if named:
        yield f"normal organs: {', '.join(named)}"


def _dose_limiting(found: Target) -> Iterable[str]:
    """Organs that limit the dose of agents against the target, as read at a source."""
    said = found.said("dose_limiting_organ")
    read = [c.value for c in said if c.verified and isinstance(c.value, str)]
    organs = dict.fromkeys(organ for term in read for organ in term.split(";"))
    if organs:
        yield f"dose-limiting: {', '.join(o.strip().replace('_', ' ') for o in organs)}"


def _place(found: Target, indication: str | None) -> Iterable[str]:
    places = found.compartments(indication)
    if places and "tumour cell" not in places:
        yield f"sits on {', '.join(places)}: reaches tumour cells by crossfire"
    for claim in found.said("shedding"):
        if claim.value == "high":
            yield "shed: antigen in blood binds the agent first"


def _tumour(found: Target, indication: str | None) -> Iterable[str]:
    if indication is not None and found.expression_genes:
        stained = cancer_expression(found, indication)
        if stained is None:
            yield "no staining of this tumour in the atlas"
        elif stained.number < 8:
            yield f"tumour stained in {stained.number} patients only"
