"""Hosts that carry any target of the catalogue: densities from measurement or expression.

The sites of PSMA, SSTR2 and FAP that hosts bring are calibrated and stay as they are. For every
other target the density of an organ is the published one where there is one, else that of the
density model (`ligandose.targets.density`) with its uncertainty; an organ without any evidence
takes the typical density of the target's other organs with their spread: missing is not zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean, pstdev

from ligandose.errors import InputError
from ligandose.evidence import Finding, Status, read_findings
from ligandose.hosts.host import BLOOD, Host, SitePlace
from ligandose.targets import (
    Density,
    Target,
    canonical_name,
    density_of,
    indications,
    target,
)

SPACE = "interstitial"
"""Where the sites of a catalogued target face: the space that agents reach from the vessel."""
ANY_TUMOUR = "solid-tumours"
"""Stands for the tumours of a disease that is no indication of the catalogue."""


def with_targets(host: Host, names: Iterable[str], *, transported: Iterable[str] = ()) -> Host:
    """Return a host that carries the named targets too, with densities from the catalogue.

    Args:
        host: reference host; its disease names the tumours.
        names: any names of targets that are bound, which become the kinds of site ("GRPR"). What
            the host already carries stays (shed antigen in blood alone does not count); another
            name of the same target gets the same sites.
        transported: transporters that take up what is given. Their uptake is a rate, which no
            expression tells, so the host must carry it.

    Raises:
        UnknownNameError: no target of that name.
        InputError: a transporter among the bound, a target that is no receptor, or a transporter
            without rates of uptake.
    """
    for name in transported:
        _check_rates(host, name)
    carried = {
        s.site
        for s in host.sites
        if s.region != BLOOD and f"{s.region}.{s.site}.density" in host.findings
    }
    added = host
    for name in names:
        if name not in carried:
            found = target(name)
            _check_binds(host, found)
            added = _with_alias(added, name) or _with_target(added, name, found)
    return added


def _check_binds(host: Host, found: Target) -> None:
    if found.kind == "transporter":
        raise InputError(
            f"target {found.name} is a transporter: what it takes up follows from rates of uptake "
            "and retention, not from binding sites, so a vector that binds cannot be moved to it; "
            f"transporters with rates are {', '.join(_with_rates(host)) or 'none'}, for vectors "
            "with their own transport such as MIBG"
        )


def _check_rates(host: Host, name: str) -> None:
    ends = (".uptake", ".washout")
    if all(any(key.endswith(f".{name}{end}") for key in host.findings) for end in ends):
        return
    raise InputError(
        f"transporter {name} is not simulatable: rates of uptake and washout in organs are not "
        f"held; they are for {', '.join(_with_rates(host)) or 'none'}"
    )


def _with_rates(host: Host) -> list[str]:
    """Return the transporters whose rates a host carries."""
    sites = dict.fromkeys(site.site for site in host.sites)
    rates = [s for s in sites if any(key.endswith(f".{s}.uptake") for key in host.findings)]
    return [s for s in rates if _canonical(s) is not None]


def _with_alias(host: Host, name: str) -> Host | None:
    """Return the host with the sites of a target that it carries under another name, or None."""
    wanted = canonical_name(name)
    own = next((s.site for s in host.sites if _canonical(s.site) == wanted), None)
    if own is None:
        return None
    copied = {
        key.replace(f".{own}.", f".{name}."): replace(finding, subject=name)
        for key, finding in host.findings.items()
        if f".{own}." in key
    }
    places = [SitePlace(s.region, name, s.space) for s in host.sites if s.site == own]
    return replace(host, findings={**host.findings, **copied}, sites=(*host.sites, *places))


def _canonical(site: str) -> str | None:
    """Return the target that a kind of site is; None for one that is no target (megalin)."""
    try:
        return canonical_name(site)
    except InputError:
        return None


def _with_target(host: Host, site: str, found: Target) -> Host:
    findings = dict(host.findings)
    densities = _densities(host, found)
    places = [p for p in host.sites if p.site != site or p.region not in densities]
    for region, density in densities.items():
        findings[f"{region}.{site}.density"] = _density_finding(site, region, density)
        release = _any_site("release")
        findings[f"{region}.{site}.release"] = replace(release, subject=site, region=region)
        places.append(SitePlace(region, site, SPACE))
    return replace(host, findings=findings, sites=tuple(places))


def _densities(host: Host, found: Target) -> dict[str, Density]:
    organs = {organ: density_of(found, organ) for organ in host.organs}
    known = {o: d for o, d in organs.items() if d.from_evidence}
    typical = _typical(found.name, list(known.values()))
    tumours = host.disease if host.disease in indications() else ANY_TUMOUR
    filled = {o: known.get(o) or typical or d for o, d in organs.items()}
    return {**filled, **{lesion: density_of(found, tumours) for lesion in host.lesions}}


def _typical(name: str, known: list[Density]) -> Density | None:
    """Return the middle of a target's organs, as wide as they and their uncertainty are."""
    if not known:
        return None
    logs = [math.log(d.median_nmol_L) for d in known]
    inner = fmean(math.log(d.gsd) ** 2 for d in known)
    gsd = math.exp(math.sqrt(inner + pstdev(logs) ** 2))
    return Density(name, "", math.exp(fmean(logs)), gsd, 1.0, "model", "other organs")


def _density_finding(site: str, region: str, density: Density) -> Finding:
    measured = density.basis == "measured"
    said = "published" if measured else f"density model, from {density.pattern}"
    return Finding(
        subject=site,
        region=region,
        quantity="density",
        value=density.median_nmol_L,
        unit="nmol/L",
        cv=_any_site("density").cv,
        gsd=density.gsd,
        status=Status.UNVERIFIED if measured else Status.CALIBRATED,
        source=density.sources[0] if measured else "density-model",
        note=f"{said}; target {density.target}",
    )


def _any_site(quantity: str) -> Finding:
    return next(f for f in read_findings("target_sites.csv") if f.quantity == quantity)
