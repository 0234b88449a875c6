"""The catalogue of targets: what they are, and every claim made of them.

Files: `targets.csv` holds identity, `target_findings.csv` one claim a row. Expression in normal
organs and cancers lies in tables of its own (`ligandose.targets.expression`), because its licence
is another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ligandose.errors import InputError, UnknownNameError, folded
from ligandose.evidence import Claim, listed, read_claims, read_table

DEFAULT = "default"
COMPARTMENTS = (
    "tumour cell",
    "stroma",
    "vasculature",
    "extracellular matrix",
    "immune cell",
    "hypoxia",
    "acidity",
    "nucleus",
    "necrosis",
    "bone mineral",
    "lumen",
)
"""Where a target can sit."""


class GeneView(StrEnum):
    """What gene-level data (RNA, antibodies against the protein) say of a target."""

    DIRECT = "direct"
    """the gene's product is the target"""
    PROXY = "proxy"
    """a related gene stands for it, such as the synthase of a glycan"""
    BLIND = "blind"
    """an isoform, glycan or splice form that gene-level data cannot tell from others"""


@dataclass(frozen=True)
class Target:
    """The molecule (or place) that is bound, with what is known of it.

    Attributes:
        name: identifier: HGNC symbol of a protein ("FOLH1"), else a readable name ("GD2").
        kind: protein, isoform, glycan or lipid, transporter, mineral, necrosis or physical.
        common_name: the name most people use, such as "PSMA".
        aliases: other names that people search by.
        genes: HGNC symbols of the protein (two of a complex); empty where it is none.
        uniprot: UniProt accessions, in the order of `genes`.
        expression_genes: genes whose RNA and staining stand for it.
        gene_view: what such data can say.
        family: short name of the family.
        claims: everything said of it.
    """

    name: str
    kind: str
    common_name: str
    aliases: tuple[str, ...]
    genes: tuple[str, ...]
    uniprot: tuple[str, ...]
    expression_genes: tuple[str, ...]
    gene_view: GeneView
    family: str
    claims: tuple[Claim, ...]

    @property
    def symbol(self) -> str:
        """HGNC symbol(s) where it is a protein, else the identifier."""
        return ";".join(self.genes) or self.name

    def said(self, field: str, *contexts: str) -> tuple[Claim, ...]:
        """Return the known claims of a field, in the order of the contexts (all where none)."""
        known = [c for c in self.claims if c.field == field and c.known]
        if not contexts:
            return tuple(known)
        return tuple(c for context in contexts for c in known if c.context == context)

    def compartments(self, indication: str | None = None) -> tuple[str, ...]:
        """Return where the target sits in an indication; its default place where not stated."""
        asked = [DEFAULT] if indication is None else [indication, DEFAULT]
        for context in asked:
            if found := self.said("compartment", context):
                return tuple(dict.fromkeys(c.term for c in found))
        found = self.said("compartment")
        return tuple(dict.fromkeys(c.term for c in found))

    @property
    def indications(self) -> tuple[str, ...]:
        """Indications that any claim of prevalence, density, place or imaging is made for."""
        known = set(indications())
        named = [c.context.removeprefix("tumour:") for c in self.claims if c.known]
        mattering = [i for i, targets in indication_targets().items() if self.name in targets]
        return tuple(dict.fromkeys([*mattering, *(n for n in named if n in known)]))


@cache
def targets() -> tuple[str, ...]:
    """Return the names of the targets of the catalogue."""
    return tuple(_identities())


@cache
def target(name: str) -> Target:
    """Return a target by its name, gene symbol, accession or any alias; case does not matter.

    Raises:
        UnknownNameError: nothing of that name; suggests the nearest.
        InputError: an alias of more than one target; names them.
    """
    return _target(canonical_name(name))


def canonical_name(name: str) -> str:
    """Return the identifier of a target from any of its names.

    Raises:
        UnknownNameError, InputError: see `target`.
    """
    if name in _identities():
        return name
    found = _names().get(folded(name), ())
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"target {name!r} is a name of {' and '.join(found)}; give one of these instead"
        )
    spoken = dict.fromkeys(s for row in _identities().values() for s in _spellings(row))
    raise UnknownNameError("target", name, spoken)


@cache
def indications() -> Mapping[str, str]:
    """Return the spoken name of every indication by its identifier."""
    return {row["indication"]: row["name"] for row in read_table("indications.csv")}


def indication_name(name: str) -> str:
    """Return the identifier of an indication from its identifier, name or alias.

    Raises:
        UnknownNameError: not in the catalogue; suggests the nearest.
    """
    spelt: dict[str, str] = {}
    for row in read_table("indications.csv"):
        for each in (row["indication"], row["name"], *listed(row["aliases"])):
            spelt.setdefault(folded(each), row["indication"])
    if (found := spelt.get(folded(name))) is None:
        raise UnknownNameError("indication", name, indications())
    return found


@cache
def indication_targets() -> Mapping[str, tuple[str, ...]]:
    """Return the targets that matter in every indication, in the order of the table."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_table("indication_targets.csv"):
        found[row["indication"]].append(row["target"])
    return {indication: tuple(names) for indication, names in found.items()}


@cache
def _identities() -> dict[str, dict[str, str]]:
    return {row["target"]: row for row in read_table("targets.csv")}


@cache
def _claims_of() -> Mapping[str, tuple[Claim, ...]]:
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in read_claims("target_findings.csv", "target"):
        found[claim.subject].append(claim)
    return {subject: tuple(claims) for subject, claims in found.items()}


@cache
def _target(name: str) -> Target:
    row = _identities()[name]
    return Target(
        name=name,
        kind=row["kind"],
        common_name=row["name"],
        aliases=listed(row["aliases"]),
        genes=listed(row["hgnc_symbol"]),
        uniprot=listed(row["uniprot"]),
        expression_genes=listed(row["expression_genes"]),
        gene_view=GeneView(row["gene_view"]),
        family=row["family"],
        claims=_claims_of().get(name, ()),
    )


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """Return the targets that each folded spelling means; own names win over aliases."""
    own: dict[str, list[str]] = defaultdict(list)
    other: dict[str, list[str]] = defaultdict(list)
    for name, row in _identities().items():
        own[folded(name)].append(name)
        own[folded(row["name"])].append(name)
        for spelt in _spellings(row):
            other[folded(spelt)].append(name)
    merged = {**other, **own}
    return {spelt: tuple(dict.fromkeys(found)) for spelt, found in merged.items()}


def _spellings(row: Mapping[str, str]) -> tuple[str, ...]:
    lists = (listed(row[column]) for column in ("aliases", "hgnc_symbol", "uniprot"))
    return (row["target"], row["name"], *(each for names in lists for each in names))
