"""The host of a screen: lesions of the setting, densities of the indication."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ligandose.errors import InputError
from ligandose.evidence import Finding, Status
from ligandose.hosts import Host, host, with_targets
from ligandose.targets import Target, canonical_name, density_of, indications, target

MODEL = "model"
EXPRESSION = frozenset({"rna", "protein"})
ANY_TUMOUR = "solid-tumours"


@cache
def hosted(
    name: str,
    disease: str,
    indication: str,
    site: str,
    density: str,
    mass_g: tuple[float, float] | None,
    number: tuple[float, float] | None,
) -> Host:
    """Return a host that carries a target at the densities that a screen uses.

    Args:
        name: of a reference host; disease: lends lesions and radiobiology.
        indication: whose tumours the densities belong to.
        site: target, which becomes the kind of site under that name.
        density: "catalogue", or "model" for densities from expression only.
        mass_g, number: median and coefficient of variation of one lesion and of the lesions of a
            kind; None leaves the disease's.

    Raises:
        LigandoseError: a target that is no receptor, or an unknown name.
    """
    start = host(name, disease=disease or None)
    if not start.lesions:
        raise InputError(f"disease {disease!r} has no lesions; name one that has")
    if density == MODEL:
        made = _with_modelled(_without(start, site), site, target(site), indication)
    else:
        named = start if indication == disease else replace(start, disease=indication)
        made = replace(with_targets(named, [site]), disease=disease)
    return _with_lesions(made, mass_g, number)


def _with_lesions(
    made: Host, mass_g: tuple[float, float] | None, number: tuple[float, float] | None
) -> Host:
    findings = dict(made.findings)
    for lesion in made.lesions:
        for quantity, given, unit in (("mass", mass_g, "g"), ("number", number, "1")):
            if given is not None:
                key = f"{lesion}.{quantity}"
                findings[key] = replace(
                    findings[key], value=given[0], cv=given[1], unit=unit,
                    status=Status.ASSUMED, source="assumption", note="setting of the screen",
                )  # fmt: skip
    return replace(made, findings=findings)


def _without(made: Host, site: str) -> Host:
    """Return the host without the sites of a target that it brings, under whatever name."""
    own = {s.site for s in made.sites if _same(s.site, site)}
    findings = {
        key: f for key, f in made.findings.items() if not any(f".{name}." in key for name in own)
    }
    return replace(made, findings=findings, sites=tuple(s for s in made.sites if s.site not in own))


def _same(site: str, name: str) -> bool:
    try:
        return canonical_name(site) == name
    except InputError:
        return False


def _with_modelled(made: Host, site: str, known: Target, indication: str) -> Host:
    """Return the host with densities of the expression model for organs and lesions alike."""
    template = with_targets(replace(made, disease=indication), [site])
    tumours = indication if indication in indications() else ANY_TUMOUR
    findings: dict[str, Finding] = dict(template.findings)
    for place in template.sites:
        if place.site != site:
            continue
        tissue = tumours if place.region in made.lesions else place.region
        modelled = density_of(known, tissue, use=EXPRESSION)
        key = f"{place.region}.{site}.density"
        findings[key] = replace(
            findings[key], value=modelled.median_nmol_L, gsd=modelled.gsd,
            status=Status.CALIBRATED, source="density-model",
            note=f"density model, from {modelled.pattern}",
        )  # fmt: skip
    return replace(template, findings=findings, disease=made.disease)
