"""How an atom fills one vacancy: the transitions of every subshell of an element.

- K and L: fluorescence yields ω, Coster-Kronig probabilities f, X-ray branching and Auger
  branching of xraylib (its Auger rates are EADL97's); the partner electron of L Coster-Kronig
  transitions from EADL97. Where xraylib has no ω or f (L of Z > 94 or so), EADL97's.
- M: radiative and Coster-Kronig transitions of EADL97; what is left is Auger.
- M Auger, N and beyond, and elements that the tables leave out: no rates are at hand. Every pair
  of electrons that the energy allows takes part with the weight n_j n_k w^(s_j + s_k), n (n - 1)/2
  for two of one subshell: n from xraylib's electron configuration, s the number of the shell, and
  w the share of an electron one shell further out, which is that of L3 in the same element
  (L3-MX against L3-MM; 0.07 to 0.10 in all elements, 0.03 to 0.08 for K). Allowed is what has
  the energy for both holes, B_i > Σ ½ (B(Z) + B(Z + 1)) (M. F. Chung and L. H. Jenkins, Surf.
  Sci. 22 (1970) 479); without this few-eV electrons of the outermost shells would multiply.

An energy is the difference of binding energies of the neutral atom (xraylib's edges), B_i - B_j
for an X ray and B_i - B_j - B_k for an electron, so that energy is conserved transition by
transition. Transitions of negative energy are left out, and their share goes to the rest of their
group. Valence subshells without an edge in the tables take no part. A vacancy that no transition
can fill is an outer one: what is left of its binding energy is released as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import xraylib

_OCCUPIED = {"K": 0, "L": 3, "M": 5, "N": 7, "O": 7, "P": 5, "Q": 3}
SUBSHELLS = [f"{shell}{i}" if n else shell for shell, n in _OCCUPIED.items()
             for i in range(1, max(n, 1) + 1)]  # fmt: skip
EADL_TABLE = Path(__file__).with_name("atomic_eadl97.csv")

Groups = list[tuple[float, dict[tuple[str, ...], float]]]
"""(probability of the group, {final shells: relative weight}); one final shell for an X ray."""


@dataclass(frozen=True)
class Transition:
    """One way to fill a vacancy: final vacancies (one for an X ray, two for an electron; none
    where nothing can fill it and the rest of the energy is released as it is)."""

    probability: float
    final: tuple[str, ...]
    energy_keV: float


def _value(function: object, *arguments: int) -> float | None:
    """Return what an xraylib function gives, None where its tables have nothing."""
    try:
        return float(function(*arguments))  # pyright: ignore[reportCallIssue]
    except ValueError:
        return None


def _constant(name: str) -> int:
    return int(getattr(xraylib, name))


@cache
def electrons(z: int) -> dict[str, float]:
    """Return the mean number of electrons in each occupied subshell that has an edge."""
    found = {s: _value(xraylib.ElectronConfig, z, _constant(f"{s}_SHELL")) for s in SUBSHELLS}
    edges = {s: _value(xraylib.EdgeEnergy, z, _constant(f"{s}_SHELL")) for s in SUBSHELLS}
    return {s: n for s, n in found.items() if n and edges[s]}


@cache
def binding_keV(z: int) -> dict[str, float]:
    """Return the binding energies of the occupied subshells that have an edge."""
    return {s: float(xraylib.EdgeEnergy(z, _constant(f"{s}_SHELL"))) for s in electrons(z)}


@dataclass(frozen=True)
class EadlRow:
    radiative: float
    coster_kronig: dict[tuple[str, ...], float]
    x_rays: dict[tuple[str, ...], float]


@cache
def _eadl() -> dict[tuple[int, str], EadlRow]:
    with EADL_TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (int(row["z"]), row["vacancy"]): EadlRow(
                float(row["radiative"]), _unpacked(row["coster_kronig"]), _unpacked(row["x_rays"])
            )
            for row in csv.DictReader(file)
        }


def _unpacked(text: str) -> dict[tuple[str, ...], float]:
    pairs = (item.split(":") for item in text.split(";") if item)
    return {tuple(name.split("-")): float(value) for name, value in pairs}


@cache
def _line_names(vacancy: str) -> tuple[tuple[str, int], ...]:
    """Return (final shell, xraylib line) of the X rays of a vacancy."""
    found = ((s, getattr(xraylib, f"{vacancy}{s}_LINE", None)) for s in SUBSHELLS)
    return tuple((s, int(line)) for s, line in found if line is not None)


@cache
def _auger_names(vacancy: str) -> tuple[tuple[tuple[str, str], int], ...]:
    """Return (final shells, xraylib transition) of the Auger electrons of a vacancy."""
    found: list[tuple[tuple[str, str], int]] = []
    for name in dir(xraylib):
        if name.startswith(f"{vacancy}_") and name.endswith("_AUGER"):
            pair = name.removeprefix(f"{vacancy}_").removesuffix("_AUGER")
            found.append(((pair[:2], pair[2:]), _constant(name)))
    return tuple(found)


def x_ray_weights(z: int, vacancy: str) -> dict[tuple[str, ...], float]:
    rates = {(s,): _value(xraylib.RadRate, z, line) for s, line in _line_names(vacancy)}
    return {final: rate for final, rate in rates.items() if rate}


def auger_weights(z: int, vacancy: str) -> dict[tuple[str, ...], float]:
    """Return xraylib's Auger rates, without Coster-Kronig transitions."""
    rates = {pair: _value(xraylib.AugerRate, z, name) for pair, name in _auger_names(vacancy)}
    return {
        pair: rate
        for pair, rate in rates.items()
        if rate and vacancy[0] not in (p[0] for p in pair)
    }


def equal_pair_weights(z: int, shells: Iterable[str]) -> dict[tuple[str, ...], float]:
    """Return the number of electron pairs of the given subshells."""
    n = electrons(z)
    return {
        (j, k): n[j] * n[k] if j != k else max(0.0, 0.5 * n[j] * (n[j] - 1.0))
        for j, k in combinations_with_replacement(shells, 2)
    }


@cache
def outer_share(z: int) -> float:
    """Return how much less an electron takes part in an L3 Auger transition than one a shell
    further in; 1 where the element has no such pair of shells in the tables.
    """
    rates = auger_weights(z, "L3")
    pairs = equal_pair_weights(z, [s for s in electrons(z) if s[0] not in "KL"])
    near, mixed = ([sum(v for p, v in table.items() if sum(s[0] == "M" for s in p) == number)
                    for table in (rates, pairs)] for number in (2, 1))  # fmt: skip
    if min(*near, *mixed) <= 0.0:
        return 1.0
    return (mixed[0] / near[0]) / (mixed[1] / near[1])


def pair_weights(z: int, vacancy: str, shells: Iterable[str]) -> dict[tuple[str, ...], float]:
    """Return the weights of the pairs that can fill a vacancy for which no rates are at hand."""
    w, own = outer_share(z), binding_keV(z)[vacancy]
    return {
        pair: number * w ** sum("KLMNOPQ".index(s[0]) for s in pair)
        for pair, number in equal_pair_weights(z, shells).items()
        if double_hole_keV(z, pair) < own
    }


def double_hole_keV(z: int, pair: tuple[str, ...]) -> float:
    """Return the energy of two vacancies: half of each electron sees the other hole (Z + 1)."""
    here, next_one = binding_keV(z), binding_keV(z + 1)
    return sum(0.5 * (here[s] + max(here[s], next_one.get(s, 0.0))) for s in pair)


def _coster_kronig_groups(z: int, vacancy: str) -> Groups | None:
    """Return the L Coster-Kronig groups by the shell that fills the vacancy; None: no data."""
    fast = _eadl().get((z, vacancy))
    number = int(vacancy[1])
    groups: Groups = []
    for filling in range(number + 1, 4):
        total = _value(xraylib.CosKronTransProb, z, _constant(f"FL{number}{filling}_TRANS"))
        members = {
            pair: v for pair, v in (fast.coster_kronig if fast else {}).items()
            if min(p for p in pair if p[0] == "L") == f"L{filling}"
        }  # fmt: skip
        if total is None:
            total = sum(members.values())
        if not members:
            outer = [s for s in electrons(z) if s[0] not in "KL"]
            members = {(f"L{filling}", s): electrons(z)[s] for s in outer}
        groups.append((total, members))
    return groups


def k_and_l_groups(z: int, vacancy: str) -> Groups | None:
    """Return the groups of a K or L vacancy, None where xraylib has no Auger rates."""
    auger = auger_weights(z, vacancy)
    if not auger:
        return None
    fluorescence = _value(xraylib.FluorYield, z, _constant(f"{vacancy}_SHELL"))
    if fluorescence is None:
        row = _eadl().get((z, vacancy))
        fluorescence = row.radiative if row else 0.0
    light = x_ray_weights(z, vacancy)
    fluorescence = fluorescence if light else 0.0
    fast = (_coster_kronig_groups(z, vacancy) if vacancy[0] == "L" else None) or []
    rest = 1.0 - fluorescence - sum(share for share, _ in fast)
    return [(fluorescence, light), *fast, (rest, auger)]


def m_groups(z: int, vacancy: str) -> Groups | None:
    """Return the groups of an M vacancy, None where EADL97 has none."""
    row = _eadl().get((z, vacancy))
    if row is None:
        return None
    outer = [s for s in electrons(z) if s[0] not in "KLM"]
    fast = sum(row.coster_kronig.values())
    light = sum(row.x_rays.values())
    return [
        (light, row.x_rays),
        (fast, row.coster_kronig),
        (1.0 - light - fast, pair_weights(z, vacancy, outer)),
    ]


def outer_groups(z: int, vacancy: str) -> Groups:
    """Return every pair of less bound electrons."""
    own = binding_keV(z)[vacancy]
    outer = [s for s, b in binding_keV(z).items() if b < own]
    return [(1.0, pair_weights(z, vacancy, outer))]


def _transitions(z: int, vacancy: str, groups: Groups) -> list[Transition]:
    """Return the transitions that energy allows; a group that has none gives to the others."""
    binding = binding_keV(z)
    allowed: Groups = []
    for share, members in groups:
        kept: dict[tuple[str, ...], float] = {}
        for final, weight in members.items():
            known = all(shell in binding for shell in final)
            if weight > 0.0 and known and binding[vacancy] > sum(binding[s] for s in final):
                kept[final] = weight
        if kept and share > 0.0:
            allowed.append((share, kept))
    whole = sum(share for share, _ in allowed)
    return [
        Transition(
            share / whole * weight / sum(members.values()),
            final,
            binding[vacancy] - sum(binding[s] for s in final),
        )
        for share, members in allowed
        for final, weight in members.items()
    ]


@cache
def relaxation(z: int) -> dict[str, list[Transition]]:
    """Return the transitions of every subshell, the most bound first; probabilities add up to 1."""
    binding = binding_keV(z)
    found: dict[str, list[Transition]] = {}
    for vacancy in sorted(binding, key=lambda s: -binding[s]):
        groups = None
        if vacancy[0] in "KL":
            groups = k_and_l_groups(z, vacancy)
        elif vacancy[0] == "M":
            groups = m_groups(z, vacancy)
        transitions = _transitions(z, vacancy, groups) if groups else []
        if not transitions:
            transitions = _transitions(z, vacancy, outer_groups(z, vacancy))
        found[vacancy] = transitions or [Transition(1.0, (), binding[vacancy])]
    return found
