"""Tell conversion electrons from Auger electrons in JEFF's common electron spectrum (STYP 8).

The evaluations lump Auger electrons into one line per vacancy shell; a conversion line lies at a
gamma energy of the same decay mode minus a binding energy of the progeny. A line that fits no
gamma and lies where K, L or M Auger electrons can lie is an Auger line; one that fits a gamma but
is far stronger than all conversion of that gamma is one too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import xraylib
from nuclide_capture import edge_keV

SHELL_GROUPS = {
    "K": ("K",),
    "L": ("L1", "L2", "L3"),
    "M": ("M1", "M2", "M3", "M4", "M5"),
    "N": ("N1", "N2", "N3", "N4", "N5", "N6", "N7"),
    "O": ("O1", "O2", "O3", "O4", "O5", "O6", "O7"),
}
ENERGY_TOLERANCE_KEV = 0.010
ENERGY_TOLERANCE_RELATIVE = 2e-5
"""Six significant digits in the library, and two sets of binding energies that differ a little
(up to 10 eV in the heaviest elements)."""
LIGHTEST_L_KEV = 0.05
"""Below this L energy (about Z = 10) only K Auger electrons are in the evaluations."""
YIELD_EXCESS = 2.0
"""A conversion line may be this much stronger than its gamma's conversion (rounding)."""


@dataclass(frozen=True)
class Line:
    """A discrete line of one decay mode: energies in keV, yield per decay."""

    mode: float
    energy_keV: float
    yield_per_decay: float
    energy_uncertainty_keV: float = 0.0
    conversion_coefficient: float = 0.0


@cache
def binding_energies_keV(z: int) -> tuple[float, ...]:
    """Return the edges of element z and the mean of each shell's subshells."""
    energies: list[float] = []
    for subshells in SHELL_GROUPS.values():
        edges = [edge_keV(z, getattr(xraylib, f"{name}_SHELL")) for name in subshells]
        known = [e for e in edges if e > 0.0]
        energies += known
        if len(known) > 1:
            energies.append(sum(known) / len(known))
    return tuple(energies)


def _auger_windows_keV(z: int) -> list[tuple[float, float]]:
    """Return where the evaluations' mean K, L and M Auger energies can lie.

    A K Auger electron leaves K minus about two L energies, an L one most of L3.
    """
    shells = (xraylib.K_SHELL, xraylib.L1_SHELL, xraylib.L3_SHELL, xraylib.M1_SHELL)
    k, l1, l3, m1 = (edge_keV(z, shell) for shell in shells)
    l_mean = 0.5 * (l1 + l3)
    if l_mean < LIGHTEST_L_KEV:
        return [(0.8 * k, k)]
    return [(k - 2.5 * l_mean, k - 1.4 * l_mean), (0.5 * l3, l1), (0.0, m1)]


def fits_conversion(line: Line, gammas: list[Line], z: int, *, exact_only: bool) -> bool:
    """Tell whether the line lies at a gamma minus a binding energy and is not too strong for it.

    `exact_only`: look at gammas without an energy uncertainty only.
    """
    tolerance = ENERGY_TOLERANCE_KEV + ENERGY_TOLERANCE_RELATIVE * line.energy_keV
    for gamma in gammas:
        if gamma.mode != line.mode or (exact_only and gamma.energy_uncertainty_keV > 0.0):
            continue
        binding = gamma.energy_keV - line.energy_keV
        if not any(abs(binding - edge) <= tolerance for edge in binding_energies_keV(z)):
            continue
        conversion = gamma.yield_per_decay * gamma.conversion_coefficient
        if line.yield_per_decay <= YIELD_EXCESS * conversion:
            return True
    return False


def is_auger(line: Line, gammas: list[Line], z: int, *, lumps_are_exact: bool) -> bool:
    """Tell whether a STYP 8 line is an Auger line of the progeny with charge number z.

    `lumps_are_exact`: this evaluation was made with RADLST, which gives its lumped Auger energies
    no uncertainty.
    """
    if lumps_are_exact and line.energy_uncertainty_keV > 0.0:
        return False
    if fits_conversion(line, gammas, z, exact_only=lumps_are_exact):
        return False
    return any(low <= line.energy_keV <= high for low, high in _auger_windows_keV(z))


def stated_mean_keV(text: tuple[str, ...], label: str) -> float | None:
    """Return the evaluator's own mean, summed over decay modes, from "Mean <label> energy"."""
    values: list[float] = []
    for line in text:
        if "TOTAL DECAY" in line:
            break
        words = line.split()
        if line.strip().startswith(f"Mean {label}") and "energy" in words:
            values.append(float(words[words.index("energy") + 1]))
    return sum(values) if values else None


def gamma_lines(data: dict[str, Any]) -> list[Line]:
    """Return the gamma lines of a parsed evaluation with their total conversion coefficients."""
    lines: list[Line] = []
    for spectrum in data["spectra"]:
        if spectrum["STYP"] != 0:
            continue
        scale = float(spectrum["FD"][0])
        for row in spectrum.get("discrete", []):
            lines.append(
                Line(
                    float(row["RTYP"]),
                    float(row["ER"][0]) / 1e3,
                    float(row["RI"][0]) * scale,
                    energy_uncertainty_keV=float(row["ER"][1]) / 1e3,
                    conversion_coefficient=float(row["RICC"][0]),
                )
            )
    return lines
