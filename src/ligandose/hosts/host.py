"""Reference hosts: physiology, sites and disease, every number a finding.

Findings of a host are addressed by a key "region.quantity" ("kidneys.mass") or, for what
belongs to a kind of site, "region.SITE.quantity" ("kidneys.PSMA.density"). A disease adds
lesions ("lesion:bone.mass") and may replace a value of the reference person (GFR of older
patients).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import Finding, read_findings, read_table
from ligandose.hosts.derived import BASES, derived_findings, derived_hosts

LESION = "lesion:"
BLOOD = "blood"
"""Carries the sites of blood cells and of shed antigen."""
ADULT = "adult"


@dataclass(frozen=True, slots=True)
class SitePlace:
    """Where a kind of site sits and which space it faces (interstitial, vascular, tubular)."""

    region: str
    site: str
    space: str


@dataclass(frozen=True)
class Host:
    """A reference person, with or without a disease.

    Attributes:
        name: such as "adult-male" or "child-5".
        disease: such as "mCRPC", or "" for none.
        findings: every finding by its key.
        organs: perfused organs, in the order of the table.
        lesions: lesion regions, "lesion:NAME".
        sites: kinds of site by region.
        anatomy: reference person whose S values are scaled to it.
    """

    name: str
    disease: str
    findings: Mapping[str, Finding]
    organs: tuple[str, ...]
    lesions: tuple[str, ...]
    sites: tuple[SitePlace, ...]
    anatomy: str

    def finding(self, key: str) -> Finding:
        """Return the finding of a key; DataError names the key where there is none."""
        if key not in self.findings:
            raise DataError(f"host {self.name} {self.disease}: no finding for {key!r}")
        return self.findings[key]


def host(name: str, *, disease: str | None = None) -> Host:
    """Return a reference host.

    Args:
        name: of `hosts`, such as "adult-male", "child-5" or "mouse".
        disease: a disease of the catalogue, or None.

    Raises:
        UnknownNameError: a host or a disease that is not in the catalogue.
    """
    if name not in hosts():
        raise UnknownNameError("host", name, hosts())
    if disease is not None and disease not in diseases():
        raise UnknownNameError("disease", disease, diseases())
    return _assemble(name, disease or "")


@cache
def hosts() -> tuple[str, ...]:
    """Return the names of the reference hosts."""
    return (*reference_hosts(), *derived_hosts())


@cache
def reference_hosts() -> tuple[str, ...]:
    """Return the names of the reference adults, who have S values of their own."""
    return tuple(dict.fromkeys(f.subject for f in read_findings("hosts.csv")))


@cache
def diseases() -> tuple[str, ...]:
    """Return the names of the diseases."""
    return tuple(dict.fromkeys(f.subject for f in read_findings("diseases.csv")))


@cache
def _assemble(name: str, disease: str) -> Host:
    """Lay the findings of the disease over those of the person, and these over the adult's."""
    anatomy = BASES.get(name, name)
    findings: dict[str, Finding] = {}
    for finding in (*read_findings("physiology.csv"), *read_findings("hosts.csv")):
        if finding.subject in (anatomy, ADULT):
            findings[f"{finding.region}.{finding.quantity}"] = finding
    if name != anatomy:
        findings = derived_findings(name, findings)
    organs = tuple(
        key.removesuffix(".mass")
        for key in findings
        if key.endswith(".mass") and key != "blood.mass"
    )
    ill = [f for f in read_findings("diseases.csv") if f.subject == disease]
    lesions = tuple(dict.fromkeys(f.region for f in ill if f.region.startswith(LESION)))
    sites = _sites(findings, organs, lesions)
    findings.update((f"{f.region}.{f.quantity}", f) for f in ill)
    return Host(
        name=name,
        disease=disease,
        findings=findings,
        organs=tuple(o for o in organs if f"{o}.blood_flow_fraction" in findings),
        lesions=lesions,
        sites=sites,
        anatomy=anatomy,
    )


def _sites(
    findings: dict[str, Finding], organs: tuple[str, ...], lesions: tuple[str, ...]
) -> tuple[SitePlace, ...]:
    """Add the findings of every kind of site; rows for region "lesion" hold for all lesions."""
    places: dict[tuple[str, str], SitePlace] = {}
    rows = read_table("sites.csv")
    for row, finding in zip(rows, read_findings("sites.csv"), strict=True):
        regions = lesions if finding.region == "lesion" else (finding.region,)
        for region in regions:
            if region not in (*organs, *lesions, BLOOD):
                continue
            findings[f"{region}.{finding.subject}.{finding.quantity}"] = finding
            place = SitePlace(region, finding.subject, row["space"])
            places.setdefault((region, finding.subject), place)
    return tuple(places.values())
