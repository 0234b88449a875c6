"""Turn one JEFF-4.0 evaluation into the rows of the shipped tables."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from nuclide_capture import mean_capture_neutrino_keV
from nuclide_electrons import Line, gamma_lines, is_auger
from nuclide_jeff import Evaluation

from ligandose.nuclides.beta import ELECTRON_MASS_KEV, beta_shape, branch_mean_keV, branch_nodes

NEUTRON_MASS_U = 1.00866491606
ALPHA_MASS_U = 4.001506179129
ATOMIC_MASS_KEV = 931494.10372
"""CODATA 2022."""

MODE_NAMES = {"1": "beta-", "2": "EC/beta+", "3": "IT", "4": "alpha", "6": "SF",
              "11": "2beta-", "22": "2EC"}  # fmt: skip
CHARGE_CHANGE = {1.0: 1, 2.0: -1, 3.0: 0, 4.0: -2}
GAMMA, BETA_MINUS, POSITRON, ALPHA, ELECTRON, X_RAY = 0, 1, 2, 4, 8, 9
ANNIHILATION_WINDOW_KEV = 0.05
MEAN_IS_MATCHED = 5e-4
"""A nuclide's mean beta energy this close to the evaluated one (relative) is left as it is."""


@dataclass(frozen=True)
class EmissionRow:
    kind: str
    energy_keV: float
    yield_per_decay: float
    yield_uncertainty: float
    mode: str
    endpoint_keV: float | None = None
    unique_order: int | None = None
    shape_tilt: float | None = None


@dataclass
class NuclideRows:
    """What one evaluation becomes: emissions, and sums that check it."""

    emissions: list[EmissionRow] = field(default_factory=list)
    neutrino_keV: float = 0.0
    capture_binding_keV: float = 0.0
    conversion_keV: float = 0.0
    evaluated_beta_keV: dict[str, float] = field(default_factory=dict)
    theory_beta_keV: dict[str, float] = field(default_factory=dict)

    def energy_keV(self, *kinds: str) -> float:
        return sum(e.energy_keV * e.yield_per_decay for e in self.emissions if e.kind in kinds)

    @property
    def atomic_released_keV(self) -> float:
        """Binding energy that vacancies of capture and conversion give to X and Auger lines."""
        left_by_conversion = self.conversion_keV - self.energy_keV("conversion")
        return self.capture_binding_keV + max(0.0, left_by_conversion)

    @property
    def atomic_listed_keV(self) -> float:
        return self.energy_keV("x", "auger")


def mode_name(mode: float) -> str:
    """Return the name of an ENDF RTYP."""
    digits = f"{float(mode):.6f}".replace(".", "").rstrip("0")
    return MODE_NAMES[digits]


def recoil_energy_keV(alpha_keV: float, progeny_mass_u: float) -> float:
    """Return the kinetic energy of the progeny of an alpha decay at rest (momentum balance)."""
    alpha_mass = ALPHA_MASS_U * ATOMIC_MASS_KEV
    momentum_squared = alpha_keV * (alpha_keV + 2.0 * alpha_mass)
    mass = progeny_mass_u * ATOMIC_MASS_KEV
    return momentum_squared / (math.sqrt(mass * mass + momentum_squared) + mass)


def stated_branch_means_keV(text: tuple[str, ...], sign: str) -> list[tuple[float, float]]:
    """Return (endpoint, mean) of the evaluator's "Individual beta transitions" of one sign."""
    pairs: list[tuple[float, float]] = []
    inside = False
    for line in text:
        if line.startswith("Individual beta"):
            inside = line.startswith(f"Individual beta{sign}")
        elif inside and "Mean" in line:
            inside = False
        elif inside:
            numbers = re.findall(r"-?\d+\.\d+", line)
            if len(numbers) >= 6:
                pairs.append((float(numbers[1]), float(numbers[3])))
    return pairs


@dataclass
class Branch:
    """A beta branch while its shape is matched."""

    endpoint_keV: float
    yield_per_decay: float
    yield_uncertainty: float
    shape: dict[str, Any]
    tilt: float = 0.0

    def mean_keV(self, extra_tilt: float = 0.0) -> float:
        return branch_mean_keV(self.endpoint_keV, **self.shape, tilt=self.tilt + extra_tilt)

    def match(self, mean_keV: float) -> None:
        """Set the tilt that gives the branch this mean (the mean grows with the tilt)."""
        energy, weight = branch_nodes(self.endpoint_keV)
        density = weight * beta_shape(energy, self.endpoint_keV, **self.shape)

        def mean(tilt: float) -> float:
            tilted = density * _exp_tilt(energy / self.endpoint_keV, tilt)
            return float(tilted @ energy / tilted.sum())

        self.tilt = _bisect(mean, mean_keV)


def _exp_tilt(fraction: Any, tilt: float) -> Any:
    import numpy as np

    return np.exp(tilt * fraction)


def _bisect(increasing: Any, wanted: float, *, low: float = -12.0, high: float = 12.0) -> float:
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if increasing(middle) < wanted else (low, middle)
    return round(0.5 * (low + high), 6)


def match_branches(branches: list[Branch], stated: list[tuple[float, float]], total: float) -> None:
    """Match each branch to the evaluator's mean where there is one, then the sum to `total`."""
    for branch in branches:
        for endpoint, mean in stated:
            near = abs(endpoint - branch.endpoint_keV) <= 2e-3 + 2e-5 * endpoint
            if near and 0.05 * endpoint < mean < 0.8 * endpoint:
                branch.match(mean)
                break
    summed = sum(b.yield_per_decay * b.mean_keV() for b in branches)
    if total <= 0.0 or abs(summed / total - 1.0) <= MEAN_IS_MATCHED:
        return
    extra = _bisect(lambda tilt: sum(b.yield_per_decay * b.mean_keV(tilt) for b in branches), total)
    for branch in branches:
        branch.tilt = round(branch.tilt + extra, 6)


def _beta_branches(evaluation: Evaluation, spectrum: dict[str, Any]) -> list[Branch]:
    positron = spectrum["STYP"] == POSITRON
    charge = 1 if positron else -1
    z, a, _ = evaluation.key
    scale = float(spectrum["FD"][0])
    branches: list[Branch] = []
    for row in spectrum["discrete"]:
        intensity = row["RIS"] if positron else row["RI"]
        endpoint = float(row["ER"][0]) / 1e3 - (2.0 * ELECTRON_MASS_KEV if positron else 0.0)
        if float(intensity[0]) <= 0.0 or endpoint <= 0.0:
            continue
        shape = {
            "z_progeny": z - charge,
            "mass_number": a,
            "charge": charge,
            "unique_order": max(0, int(row["TYPE"]) - 1),
        }
        branches.append(
            Branch(endpoint, float(intensity[0]) * scale, float(intensity[1]) * scale, shape)
        )
    return branches


def _add_betas(rows: NuclideRows, evaluation: Evaluation, spectrum: dict[str, Any]) -> None:
    kind = "beta+" if spectrum["STYP"] == POSITRON else "beta-"
    branches = _beta_branches(evaluation, spectrum)
    if not branches:
        return
    evaluated = float(spectrum["ER_AV"][0]) / 1e3
    rows.evaluated_beta_keV[kind] = evaluated
    rows.theory_beta_keV[kind] = sum(b.yield_per_decay * b.mean_keV() for b in branches)
    match_branches(branches, stated_branch_means_keV(evaluation.text, kind[-1]), evaluated)
    for branch in branches:
        mean = branch.mean_keV()
        rows.neutrino_keV += branch.yield_per_decay * (branch.endpoint_keV - mean)
        rows.emissions.append(
            EmissionRow(
                kind,
                mean,
                branch.yield_per_decay,
                branch.yield_uncertainty,
                "EC/beta+" if kind == "beta+" else "beta-",
                branch.endpoint_keV,
                branch.shape["unique_order"],
                branch.tilt,
            )
        )


def _add_captures(rows: NuclideRows, evaluation: Evaluation, spectrum: dict[str, Any]) -> None:
    z, a, _ = evaluation.key
    for row in spectrum["discrete"]:
        captures = float(row["RI"][0] - row["RIS"][0]) * float(spectrum["FD"][0])
        if captures > 0.0:
            transition = float(row["ER"][0]) / 1e3
            neutrino = mean_capture_neutrino_keV(
                z, a, transition, unique_order=max(0, int(row["TYPE"]) - 1)
            )
            rows.neutrino_keV += captures * neutrino
            rows.capture_binding_keV += captures * (transition - neutrino)


def _add_lines(
    rows: NuclideRows, evaluation: Evaluation, spectrum: dict[str, Any], progeny_mass_u: float
) -> None:
    data, scale, style = evaluation.data, float(spectrum["FD"][0]), spectrum["STYP"]
    gammas = gamma_lines(data) if style == ELECTRON else []
    radlst = any("SDF2NDF" in line for line in evaluation.text)
    for row in spectrum["discrete"]:
        energy, intensity = float(row["ER"][0]) / 1e3, float(row["RI"][0]) * scale
        spread, mode = float(row["RI"][1]) * scale, float(row["RTYP"])
        if intensity <= 0.0:
            continue
        kind = {GAMMA: "gamma", ALPHA: "alpha", X_RAY: "x"}.get(int(style), "")
        if style == X_RAY and abs(energy - ELECTRON_MASS_KEV) < ANNIHILATION_WINDOW_KEV:
            kind = "annihilation"
        if style == ELECTRON:
            line = Line(mode, energy, intensity, float(row["ER"][1]) / 1e3)
            z = evaluation.key[0] + CHARGE_CHANGE[mode]
            auger = is_auger(line, gammas, z, lumps_are_exact=radlst)
            kind = "auger" if auger else "conversion"
        rows.emissions.append(EmissionRow(kind, energy, intensity, spread, mode_name(mode)))
        if kind == "alpha":
            recoil = recoil_energy_keV(energy, progeny_mass_u)
            rows.emissions.append(EmissionRow("recoil", recoil, intensity, spread, "alpha"))


def _merged(emissions: list[EmissionRow]) -> list[EmissionRow]:
    """Return the rows sorted by kind and energy, lines of one energy added up."""
    merged: dict[tuple[Any, ...], EmissionRow] = {}
    for row in emissions:
        key = (row.kind, row.energy_keV, row.mode, row.endpoint_keV)
        if key in merged:
            first = merged[key]
            row = EmissionRow(
                row.kind, row.energy_keV, first.yield_per_decay + row.yield_per_decay,
                math.hypot(first.yield_uncertainty, row.yield_uncertainty), row.mode,
                row.endpoint_keV, row.unique_order, row.shape_tilt,
            )  # fmt: skip
        merged[key] = row
    return sorted(merged.values(), key=lambda r: (r.kind, r.energy_keV, r.mode))


def rows_of(evaluation: Evaluation, progeny_mass_u: float) -> NuclideRows:
    """Return all emissions of a radioactive nuclide (discrete data; SF products left out).

    Args:
        evaluation: the parsed evaluation.
        progeny_mass_u: mass of the alpha-decay progeny, for the recoil.
    """
    rows = NuclideRows()
    for spectrum in evaluation.data["spectra"]:
        style = int(spectrum["STYP"])
        if not spectrum.get("discrete"):
            continue
        if style in (BETA_MINUS, POSITRON):
            _add_betas(rows, evaluation, spectrum)
            if style == POSITRON:
                _add_captures(rows, evaluation, spectrum)
        elif style in (GAMMA, ALPHA, ELECTRON, X_RAY):
            _add_lines(rows, evaluation, spectrum, progeny_mass_u)
    rows.conversion_keV = sum(
        g.energy_keV * g.yield_per_decay * g.conversion_coefficient
        for g in gamma_lines(evaluation.data)
    )
    rows.emissions = _merged(rows.emissions)
    return rows
