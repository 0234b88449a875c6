"""The vacancies that electron capture and internal conversion leave, subshell by subshell.

Capture: the evaluated intensity of every capture transition times the theoretical probabilities
of nuclide_capture.py (K, L1-L3, M1-M3, N1). Conversion: every shipped conversion line is traced
to a gamma of its decay mode and a subshell of the progeny by energy, E_gamma - E_line = B, and by
yield where several fit; a line that fits no gamma of its mode may fit one of another mode (Tc-99m:
the library gives K conversion of the 142.6 keV transition to the beta mode).

The evaluations lump L and M: most put all of L at the energy of L1 and all of M at M1, UKPADD at
L3 and M3. Such a line is split over its subshells by the coefficients of atomic_conversion.py for
the multipole that gives the evaluated K and L coefficients, each subshell at E_gamma - B. Lines
rarer than SPLIT_FROM, N and beyond stay where the evaluation has them.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from atomic_conversion import Multipole, multipole
from atomic_rates import binding_keV
from nuclide_capture import SHELLS, capture_probabilities
from nuclide_jeff import Evaluation
from nuclide_rows import CHARGE_CHANGE, GAMMA, POSITRON, EmissionRow, mode_name

TOLERANCE_KEV = 0.012
TOLERANCE_OF_ENERGY, TOLERANCE_OF_BINDING = 3e-5, 2.5e-4
"""Six significant digits, and other tables of binding energies (30 eV in K of Pu and Cm)."""

SPLIT_FROM = 2e-4
"""Conversion electrons per decay of a line that is split over subshells."""

SPLIT: dict[tuple[int, int, float], Multipole] = {}
"""(z, mass number, gamma energy) of the transitions that were split, for the report."""

Vacancies = dict[tuple[int, str], float]
"""{(charge number, subshell): vacancies per decay}"""


@dataclass
class InitialVacancies:
    """Vacancies of one decay; `electrons`: (shell, energy in keV, yield) of the conversion
    electrons that made them; `unmatched`: conversion lines that could not be traced."""

    capture: Vacancies = field(default_factory=dict)
    conversion: Vacancies = field(default_factory=dict)
    electrons: list[tuple[str, float, float]] = field(default_factory=list)
    unmatched: list[EmissionRow] = field(default_factory=list)

    def all(self) -> Vacancies:
        total = dict(self.capture)
        for key, value in self.conversion.items():
            total[key] = total.get(key, 0.0) + value
        return total


@dataclass(frozen=True)
class Transition:
    """A gamma transition: conversion electrons per decay of K, L and the shells beyond."""

    mode: str
    energy_keV: float
    converted: dict[str, float]
    alpha_k: float
    alpha_l: float
    alpha: float


def gamma_transitions(evaluation: Evaluation) -> list[Transition]:
    found: list[Transition] = []
    for spectrum in evaluation.data["spectra"]:
        if int(spectrum["STYP"]) != GAMMA:
            continue
        scale = float(spectrum["FD"][0])
        for row in spectrum.get("discrete", []):
            intensity = float(row["RI"][0]) * scale
            whole, in_k, in_l = (float(row[name][0]) for name in ("RICC", "RICK", "RICL"))
            shares = {"K": in_k, "L": in_l, "outer": max(whole - in_k - in_l, 0.0)}
            found.append(
                Transition(
                    mode_name(float(row["RTYP"])),
                    float(row["ER"][0]) / 1e3,
                    {shell: intensity * share for shell, share in shares.items()},
                    alpha_k=in_k,
                    alpha_l=in_l,
                    alpha=whole,
                )
            )
    return found


def origin_of(
    line: EmissionRow, edges: list[tuple[str, float]], gammas: list[Transition]
) -> tuple[Transition, str] | None:
    """Return the gamma and the subshell that a conversion line comes from; None where none fits.

    Of several that fit in energy, the one whose gamma's conversion is nearest in yield.
    """
    digits = TOLERANCE_KEV + TOLERANCE_OF_ENERGY * line.energy_keV
    best: tuple[float, Transition, str] | None = None
    for gamma in gammas:
        for subshell, energy in edges:
            tolerance = digits + TOLERANCE_OF_BINDING * energy
            offset = abs(gamma.energy_keV - line.energy_keV - energy) / tolerance
            if offset > 1.0:
                continue
            expected = gamma.converted.get(subshell[0], gamma.converted["outer"])
            ratio = math.log(line.yield_per_decay / expected) if expected > 0.0 else 3.0
            score = offset + abs(ratio)
            if best is None or score < best[0]:
                best = (score, gamma, subshell)
    return best[1:] if best else None


def shell_energies(z: int) -> list[tuple[str, float]]:
    """Return (subshell, binding energy), and each shell's mean under the subshell nearest to it."""
    binding = binding_keV(z)
    found = list(binding.items())
    for shell in "LMNO":
        members = {s: b for s, b in binding.items() if s[0] == shell}
        if len(members) > 1:
            mean = sum(members.values()) / len(members)
            nearest = min(members, key=lambda s: abs(members[s] - mean))
            found.append((nearest, mean))
    return found


def _add_captures(found: InitialVacancies, evaluation: Evaluation) -> None:
    z, a, _ = evaluation.key
    binding = binding_keV(z - 1)
    for spectrum in evaluation.data["spectra"]:
        if int(spectrum["STYP"]) != POSITRON:
            continue
        for row in spectrum.get("discrete", []):
            captures = float(row["RI"][0] - row["RIS"][0]) * float(spectrum["FD"][0])
            if captures <= 0.0:
                continue
            probability = capture_probabilities(
                z, a, float(row["ER"][0]) / 1e3, unique_order=max(0, int(row["TYPE"]) - 1)
            )
            for (name, *_), share in zip(SHELLS, probability, strict=True):
                if share > 0.0 and name in binding:
                    key = (z - 1, name)
                    found.capture[key] = found.capture.get(key, 0.0) + captures * float(share)


def split(
    line: EmissionRow, gamma: Transition, subshell: str, z: int, mass_number: int
) -> dict[str, float]:
    """Return the conversion electrons of one line by subshell."""
    whole = {subshell: line.yield_per_decay}
    if subshell[0] not in "LM" or line.yield_per_decay < SPLIT_FROM:
        return whole
    found = multipole(
        z,
        mass_number,
        gamma.energy_keV,
        alpha_k=gamma.alpha_k,
        alpha_l=gamma.alpha_l,
        alpha=gamma.alpha,
    )
    if found is None or subshell[0] not in found.share:
        return whole
    SPLIT[z, mass_number, gamma.energy_keV] = found
    return {s: share * line.yield_per_decay for s, share in found.share[subshell[0]].items()}


def initial_vacancies(evaluation: Evaluation, emissions: list[EmissionRow]) -> InitialVacancies:
    """Return the vacancies of one decay; `emissions` are the shipped ones of the nuclide."""
    found = InitialVacancies()
    _add_captures(found, evaluation)
    gammas = gamma_transitions(evaluation)
    charge = {mode_name(mode): change for mode, change in CHARGE_CHANGE.items()}
    traced: list[tuple[EmissionRow, Transition, str]] = []
    for line in emissions:
        if line.kind != "conversion":
            continue
        edges = shell_energies(evaluation.key[0] + charge[line.mode])
        own = [g for g in gammas if g.mode == line.mode]
        origin = origin_of(line, edges, own) or origin_of(line, edges, gammas)
        if origin is None:
            found.unmatched.append(line)
        else:
            traced.append((line, *origin))
    lines_of_shell = Counter((id(gamma), subshell[0]) for _, gamma, subshell in traced)
    for line, gamma, subshell in traced:
        z = evaluation.key[0] + charge[gamma.mode]
        parts = {subshell: line.yield_per_decay}
        if lines_of_shell[id(gamma), subshell[0]] == 1:
            parts = split(line, gamma, subshell, z, evaluation.key[1])
        for part, amount in parts.items():
            energy = line.energy_keV + binding_keV(z)[subshell] - binding_keV(z)[part]
            key = (z, part)
            found.conversion[key] = found.conversion.get(key, 0.0) + amount
            found.electrons.append((part[0], energy, amount))
    found.electrons += [("?", e.energy_keV, e.yield_per_decay) for e in found.unmatched]
    return found
