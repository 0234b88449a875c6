"""Expression of targets in normal organs and cancers, each kind of evidence by itself.

RNA (consensus nTPM), protein (staining level of the strongest cell type, with the reliability of
the antibody) and cancer staining (patients by level) come from the Human Protein Atlas,
proteinatlas.org (Uhlen et al. 2015, doi:10.1126/science.1260419), edition and licence in the
descriptor of the data edition. They are kept apart: nothing here adds RNA to protein.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ligandose.evidence import known_cancers, read_table, regions_of
from ligandose.targets.catalogue import Target

LEVELS = ("Not detected", "Low", "Medium", "High")
"""Staining levels, from 0 to 3."""
UNCERTAIN = "Uncertain"
FEWEST_PATIENTS = 3
"""A staining of fewer patients says nothing of an indication."""


@dataclass(frozen=True, slots=True)
class OrganExpression:
    """What is known of a target's gene products in one organ.

    Attributes:
        organ: canonical region, or an extra tissue such as "choroid_plexus".
        rna_nTPM: highest consensus RNA of the organ's tissues; None where not measured.
        protein_level: 0 (not detected) to 3 (high) of the strongest cell type; None where no
            staining is published.
        cell_types: the cell types with that level, "tissue: cell type".
        reliability: Enhanced, Supported, Approved or Uncertain; "" without staining.
    """

    organ: str
    rna_nTPM: float | None
    protein_level: int | None
    cell_types: tuple[str, ...]
    reliability: str

    @property
    def trusted_level(self) -> int | None:
        """The protein level, unless its antibody is uncertain."""
        return None if self.reliability == UNCERTAIN else self.protein_level

    def document(self) -> dict[str, str | float | list[str] | None]:
        """Return both kinds of evidence, each with its status."""
        level = self.protein_level
        return {
            "organ": self.organ,
            "rna_nTPM": self.rna_nTPM,
            "rna_status": "not measured" if self.rna_nTPM is None else "measured",
            "protein_level": None if level is None else LEVELS[level].lower(),
            "protein_status": (
                "not measured" if level is None else "measured" if level else "not detected"
            ),
            "protein_reliability": self.reliability,
            "protein_cell_types": list(self.cell_types),
        }


@dataclass(frozen=True, slots=True)
class CancerExpression:
    """Patients of an indication by staining level of a target.

    Attributes:
        indication: its identifier.
        cancers: names in the source that stand for the indication.
        patients: number by level, not detected first.
        reliability: of the antibody, as stated for normal tissue; "" where not stated.
    """

    indication: str
    cancers: tuple[str, ...]
    patients: tuple[int, int, int, int]
    reliability: str

    @property
    def number(self) -> int:
        """Patients in all."""
        return sum(self.patients)

    @property
    def trusted(self) -> bool:
        """Whether enough patients were stained, with an antibody that is not uncertain."""
        return self.number >= FEWEST_PATIENTS and self.reliability != UNCERTAIN

    @property
    def positive_fraction(self) -> float:
        """Part of the patients with a medium or high stain."""
        return (self.patients[2] + self.patients[3]) / self.number

    @property
    def positive_level(self) -> float:
        """Mean level of the patients that stain at all; 0 where none does."""
        stained = sum(self.patients[1:])
        weighted = sum(level * n for level, n in enumerate(self.patients))
        return weighted / stained if stained else 0.0


def organ_expression(target: Target) -> Mapping[str, OrganExpression]:
    """Return the expression of a target by organ; empty where gene-level data say nothing.

    A target of several genes (an integrin, a synthase pair) needs all of them: the lower value
    of each kind counts, and an organ where one was not measured is not measured.
    """
    return _organs_of(target.expression_genes)


@cache
def _organs_of(genes: tuple[str, ...]) -> Mapping[str, OrganExpression]:
    parts = [_gene_expression().get(gene, {}) for gene in genes]
    if not parts:
        return {}
    organs = [organ for organ in parts[0] if all(organ in part for part in parts)]
    return {organ: _lowest([part[organ] for part in parts]) for organ in organs}


def cancer_expression(target: Target, indication: str) -> CancerExpression | None:
    """Return the staining of an indication, or None where no patient of it was stained."""
    return _cancer_of(target.expression_genes, indication)


@cache
def _cancer_of(genes: tuple[str, ...], indication: str) -> CancerExpression | None:
    cancers = tuple(c for c, of in known_cancers().items() if indication in of)
    found = [
        [_cancer_rows()[gene][c] for c in cancers if c in _cancer_rows().get(gene, {})]
        for gene in genes
    ]
    if not found or not all(found):
        return None
    counted = [tuple(map(sum, zip(*rows, strict=True))) for rows in found]
    lowest = min(counted, key=lambda counts: sum(i * n for i, n in enumerate(counts)) / sum(counts))
    reliability = min((_reliability().get(g, "") for g in genes), key=_trust)
    return CancerExpression(indication, cancers, _four(lowest), reliability)


@cache
def surface_evidence() -> Mapping[str, Mapping[str, str]]:
    """Return by gene what the in-silico surfaceome and the surface protein atlas say.

    Keys: surfy (surface, nonsurface or "" where the gene is not in the table), surfy_source,
    cspa ("1 - high confidence" …, or ""). Sources: Bausch-Fluck 2018
    (doi:10.1073/pnas.1808790115) and 2015 (doi:10.1371/journal.pone.0121314).
    """
    return {row["gene"]: row for row in read_table("expression_surface.csv")}


@cache
def _gene_expression() -> dict[str, dict[str, OrganExpression]]:
    rna: dict[tuple[str, str], float] = {}
    for row in read_table("expression_rna.csv"):
        for organ in regions_of("rna", row["tissue"]):
            key = (row["gene"], organ)
            rna[key] = max(rna.get(key, 0.0), float(row["nTPM"]))
    stains: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in read_table("expression_protein.csv"):
        for organ in regions_of("ihc", row["tissue"], row["cell_type"]):
            stains[row["gene"], organ].append(row)
    found: dict[str, dict[str, OrganExpression]] = defaultdict(dict)
    for gene, organ in dict.fromkeys([*rna, *stains]):
        made = _organ(organ, rna.get((gene, organ)), stains.get((gene, organ), []))
        found[gene][organ] = made
    return dict(found)


def _organ(organ: str, rna: float | None, rows: Sequence[Mapping[str, str]]) -> OrganExpression:
    if not rows:
        return OrganExpression(organ, rna, None, (), "")
    level = max(LEVELS.index(row["level"]) for row in rows)
    cells = [f"{r['tissue']}: {r['cell_type']}" for r in rows if LEVELS.index(r["level"]) == level]
    return OrganExpression(organ, rna, level, tuple(cells) if level else (), rows[0]["reliability"])


def _lowest(parts: Sequence[OrganExpression]) -> OrganExpression:
    if len(parts) == 1:
        return parts[0]
    rna = [p.rna_nTPM for p in parts if p.rna_nTPM is not None]
    stained = [p for p in parts if p.protein_level is not None]
    whole = len(stained) == len(parts)
    least = min(stained, key=lambda p: p.protein_level or 0) if whole else None
    return OrganExpression(
        parts[0].organ,
        min(rna) if len(rna) == len(parts) else None,
        least.protein_level if least else None,
        least.cell_types if least else (),
        min((p.reliability for p in stained), key=_trust) if whole else "",
    )


def _trust(reliability: str) -> int:
    return ("", UNCERTAIN, "Approved", "Supported", "Enhanced").index(reliability)


@cache
def _reliability() -> Mapping[str, str]:
    return {row["gene"]: row["reliability"] for row in read_table("expression_protein.csv")}


@cache
def _cancer_rows() -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for row in read_table("expression_cancer.csv"):
        counts = (row["not_detected"], row["low"], row["medium"], row["high"])
        found[row["gene"]][row["cancer"]] = tuple(int(n) for n in counts)
    return dict(found)


def _four(counts: Sequence[int]) -> tuple[int, int, int, int]:
    nothing, low, medium, high = counts
    return nothing, low, medium, high
