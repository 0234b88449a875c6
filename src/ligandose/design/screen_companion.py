"""The nuclide that shows where a therapeutic one will go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ligandose.design.screen_settings import number_of
from ligandose.evidence import read_table
from ligandose.nuclides import Nuclide, decay_chain, nuclide, nuclides

POSITRON, PHOTON = "positron", "photon"
TREATS = 0.5
"""A nuclide with more alphas or beta- per decay, progeny included, treats; Cu-64 has 0.38."""
HORIZON_S = 50.0 * 365.25 * 86400.0
"""Progeny that decays later gives no dose: Gd-152 of Tb-152 lives longer than the earth."""


@dataclass(frozen=True, slots=True)
class Companion:
    """What images an agent before it treats.

    Attributes:
        nuclide: name.
        kind: "same nuclide", "isotopic pair" (same element, hence same agent in the body) or
            "other element" (same vector; the metal may change affinity).
        emission: "positron" (PET) or "photon" (SPECT).
        yield_per_decay: of positrons, or of the best photon.
        half_life_ratio: its half-life over that of the therapeutic nuclide.
    """

    nuclide: str
    kind: str
    emission: str
    yield_per_decay: float
    half_life_ratio: float


@cache
def companion(name: str, label: str = "") -> Companion | None:
    """Return the best companion of a therapeutic nuclide, None where none is listed.

    An isotopic pair comes first, a positron emitter before one for SPECT, then the half-life that
    is nearest; the nuclide itself where it can be imaged and no pair exists; last another element
    that the label holds well. Bounds of yield, photon energy and half-life are rows of
    design_settings.csv.

    Examples:
        >>> companion("Cu-67").nuclide
        'Cu-64'
    """
    own = nuclide(name)
    pairs = [n for n in _imageable() if n != name and n.partition("-")[0] == name.partition("-")[0]]
    if pairs:
        return _companion(own, _nearest(own, pairs), "isotopic pair")
    if _emission(own) is not None:
        return _companion(own, name, "same nuclide")
    held = [
        row["nuclide"]
        for row in read_table("labels.csv")
        if row["label"] == label and row["compatibility"] == "good"
    ]
    others = [n for n in held if n in _imageable() and n != name]
    return _companion(own, _nearest(own, others), "other element") if others else None


def _companion(own: Nuclide, name: str, kind: str) -> Companion:
    found = nuclide(name)
    emission, share = _emission(found) or (PHOTON, 0.0)
    return Companion(name, kind, emission, share, found.half_life_s / own.half_life_s)


def _nearest(own: Nuclide, names: list[str]) -> str:
    """Return the nuclide that suits best: positrons first, then the nearest half-life."""

    def order(name: str) -> tuple[bool, float, str]:
        emission = _emission(nuclide(name))
        assert emission is not None
        ratio = nuclide(name).half_life_s / own.half_life_s
        return emission[0] != POSITRON, max(ratio, 1.0 / ratio), name

    return min(names, key=order)


@cache
def _imageable() -> tuple[str, ...]:
    low, high = number_of("companion", "half_life_low"), number_of("companion", "half_life_high")
    return tuple(
        name
        for name in nuclides()
        if low <= nuclide(name).half_life_s / 3600.0 <= high
        and name in _listed()
        and _spares(nuclide(name))
        and _emission(nuclide(name))
    )


@cache
def _listed() -> frozenset[str]:
    """Return the nuclides that are held for their own sake, not as progeny of others."""
    return frozenset(r["nuclide"] for r in read_table("nuclides.csv") if r["role"] == "listed")


def _spares(found: Nuclide) -> bool:
    """Whether it and its progeny decay mostly without alphas and beta-minus."""
    chain = decay_chain(found.name)
    treats = 0.0
    for name, share in zip(chain.members, chain.cumulative_yield(HORIZON_S), strict=True):
        if not nuclide(name).is_stable:
            modes = nuclide(name).modes
            treats += share * sum(m.branching for m in modes if m.kind in ("alpha", "beta-"))
    return treats < TREATS


@cache
def _emission(found: Nuclide) -> tuple[str, float] | None:
    """Return what of a nuclide and its short-lived progeny can be imaged, and its yield."""
    emissions = [(share, e) for name, share in _together(found) for e in nuclide(name).emissions]
    positrons = sum(share * e.yield_per_decay for share, e in emissions if e.kind == "beta+")
    if positrons >= number_of("companion", "positron_yield"):
        return POSITRON, positrons
    low, high = number_of("companion", "gamma_low"), number_of("companion", "gamma_high")
    best = max(
        (
            share * e.yield_per_decay
            for share, e in emissions
            if e.kind == "gamma" and low <= e.energy_keV <= high
        ),
        default=0.0,
    )
    return (PHOTON, best) if best >= number_of("companion", "gamma_yield") else None


def _together(found: Nuclide) -> list[tuple[str, float]]:
    """Return a nuclide and the progeny that decays with it, each with its decays per decay.

    Progeny counts while every member on the way lives a tenth of the nuclide's half-life at most.
    """
    chain = decay_chain(found.name)
    shares = chain.cumulative_yield()
    kept = [(found.name, 1.0)]
    for name, share, half_life in zip(
        chain.members[1:], shares[1:], chain.half_life_s[1:], strict=True
    ):
        if half_life > found.half_life_s / 10.0:
            break
        kept.append((name, float(share)))
    return kept
