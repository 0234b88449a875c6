"""The shipped decay table: half-life, modes and emissions of a nuclide."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.evidence import data_path, read_table
from ligandose.nuclides.names import canonical_name

NUCLIDES_TABLE = "nuclides.csv"
MODES_TABLE = "nuclides_modes.csv"
EMISSIONS_TABLE = "nuclides_emissions.csv"
ORIGIN_TABLE = "nuclides_origin.csv"

EmissionKind = Literal[
    "alpha", "recoil", "beta-", "beta+", "conversion", "auger", "gamma", "x", "annihilation"
]
EMISSION_KINDS: tuple[EmissionKind, ...] = get_args(EmissionKind)
ENERGY_KINDS: dict[str, tuple[EmissionKind, ...]] = {
    "alpha": ("alpha",),
    "recoil": ("recoil",),
    "beta": ("beta-", "beta+"),
    "electron": ("conversion", "auger"),
    "gamma": ("gamma",),
    "x": ("x",),
    "annihilation": ("annihilation",),
}
"""The kinds of `energy_keV_per_decay`, each with the emission kinds that it sums."""


@dataclass(frozen=True, slots=True)
class DecayMode:
    """One way to decay.

    Attributes:
        kind: "alpha", "beta-", "EC/beta+", "IT", "SF", "2beta-" or "2EC".
        progeny: name of what is left, None for spontaneous fission.
        branching: fraction of the decays.
        branching_uncertainty: one standard uncertainty, 0 where none is stated.
        q_keV: energy released by this mode.
    """

    kind: str
    progeny: str | None
    branching: float
    branching_uncertainty: float
    q_keV: float


@dataclass(frozen=True, slots=True)
class Emission:
    """One line or beta branch.

    Attributes:
        kind: see EMISSION_KINDS; conversion and Auger electrons are told apart, Auger electrons are
            lumped by vacancy shell as in the evaluation.
        energy_keV: line energy; mean energy for a beta branch.
        yield_per_decay: particles per decay of the nuclide.
        yield_uncertainty: one standard uncertainty, absolute.
        mode: the decay mode that it belongs to.
        endpoint_keV: greatest energy of a beta branch, None for lines.
        unique_order: 0 for allowed and non-unique beta branches, 1 to 3 for unique forbidden ones.
        shape_tilt: exponent that matches the branch's shape to its evaluated mean.
    """

    kind: EmissionKind
    energy_keV: float
    yield_per_decay: float
    yield_uncertainty: float
    mode: str
    endpoint_keV: float | None = None
    unique_order: int | None = None
    shape_tilt: float | None = None


@dataclass(frozen=True, slots=True)
class Nuclide:
    """A nuclide of the table; `half_life_s` is infinite for a stable one.

    Attributes:
        z, a, isomer: charge number, mass number, 0 for the ground state.
        half_life_uncertainty_s: one standard uncertainty; None for a stable nuclide.
        mass_u: atomic mass.
        neutrino_keV_per_decay: mean energy of neutrinos and antineutrinos.
        evaluation: the evaluation that JEFF-4.0 took over.
    """

    name: str
    z: int
    a: int
    isomer: int
    half_life_s: float
    half_life_uncertainty_s: float | None
    mass_u: float
    neutrino_keV_per_decay: float
    evaluation: str
    modes: tuple[DecayMode, ...]

    @property
    def is_stable(self) -> bool:
        """Whether the nuclide does not decay."""
        return math.isinf(self.half_life_s)

    @property
    def decay_constant_per_s(self) -> float:
        """ln 2 / half-life, 0 for a stable nuclide."""
        return 0.0 if self.is_stable else math.log(2.0) / self.half_life_s

    @property
    def progeny(self) -> tuple[str, ...]:
        """Names of what the nuclide decays to, the likeliest first."""
        ordered = sorted(self.modes, key=lambda mode: -mode.branching)
        return tuple(mode.progeny for mode in ordered if mode.progeny is not None)

    @property
    def emissions(self) -> tuple[Emission, ...]:
        """All emissions of one decay, sorted by kind and energy (read when first asked for)."""
        return _emissions(self.name)

    def energy_keV_per_decay(self) -> dict[str, float]:
        """Return the mean energy emitted per decay by kind (keys of ENERGY_KINDS), keV."""
        return {
            key: math.fsum(
                e.energy_keV * e.yield_per_decay for e in self.emissions if e.kind in kinds
            )
            for key, kinds in ENERGY_KINDS.items()
        }


def nuclide(name: str) -> Nuclide:
    """Return a nuclide of the shipped table by any usual spelling of its name.

    Raises:
        InputError: the text has not the form of a nuclide name.
        UnknownNameError: the nuclide is not in the table; names the nearest known ones.
    """
    try:
        canonical = canonical_name(name)
    except InputError as error:
        raise UnknownNameError("nuclide", name, nuclides()) from error
    found = _rows().get(canonical)
    if found is None:
        raise UnknownNameError("nuclide", name, nuclides(), where=_reason_left_out(canonical))
    return _nuclide(canonical)


@cache
def nuclides(*, listed_only: bool = False) -> tuple[str, ...]:
    """Return the names of the radioactive nuclides in the table, sorted.

    Args:
        listed_only: leave out those that are there only as members of a chain.
    """
    return tuple(
        sorted(
            name
            for name, row in _rows().items()
            if row["half_life_s"] != "stable" and (row["role"] == "listed" or not listed_only)
        )
    )


@cache
def origin() -> dict[str, str]:
    """Return where the table comes from: library, its SHA-256, and what was left out and why."""
    return {row["key"]: row["value"] for row in read_table(ORIGIN_TABLE)}


def _reason_left_out(name: str) -> str:
    reason = origin().get(f"left_out {name}", "")
    return f"{name} is left out ({reason})" if reason else ""


@cache
def _rows() -> dict[str, dict[str, str]]:
    return {row["nuclide"]: row for row in read_table(NUCLIDES_TABLE)}


@cache
def _mode_rows() -> dict[str, list[dict[str, str]]]:
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in read_table(MODES_TABLE):
        by_name.setdefault(row["nuclide"], []).append(row)
    return by_name


@cache
def _nuclide(name: str) -> Nuclide:
    row = _rows()[name]
    stable = row["half_life_s"] == "stable"
    try:
        return Nuclide(
            name=name,
            z=int(row["z"]),
            a=int(row["a"]),
            isomer=int(row["isomer"]),
            half_life_s=math.inf if stable else float(row["half_life_s"]),
            half_life_uncertainty_s=None if stable else float(row["half_life_uncertainty_s"]),
            mass_u=float(row["mass_u"]),
            neutrino_keV_per_decay=0.0 if stable else float(row["neutrino_keV_per_decay"]),
            evaluation=row["evaluation"],
            modes=tuple(_mode(mode) for mode in _mode_rows().get(name, [])),
        )
    except ValueError as error:
        raise DataError(f"{NUCLIDES_TABLE} or {MODES_TABLE}, {name}: {error}") from error


def _mode(row: dict[str, str]) -> DecayMode:
    return DecayMode(
        kind=row["mode"],
        progeny=row["progeny"] or None,
        branching=float(row["branching"]),
        branching_uncertainty=float(row["branching_uncertainty"]),
        q_keV=float(row["q_keV"]),
    )


@cache
def _emission_text() -> tuple[str, str]:
    """Return the header and the whole emission table, whose rows stand nuclide by nuclide."""
    text = data_path(EMISSIONS_TABLE).read_text(encoding="utf-8")
    header, _, body = text.partition("\n")
    return header, "\n" + body


@cache
def _emissions(name: str) -> tuple[Emission, ...]:
    """Return the emissions of one nuclide: its block is cut out, the rest is not parsed."""
    header, body = _emission_text()
    start = body.find(f"\n{name},")
    if start < 0:
        return ()
    end = body.rfind(f"\n{name},")
    end = body.index("\n", end + 1)
    rows = csv.DictReader([header, *body[start + 1 : end].split("\n")])
    try:
        return tuple(_emission(row) for row in rows)
    except (KeyError, ValueError) as error:
        raise DataError(f"{EMISSIONS_TABLE}, {name}: {error}") from error


def _emission(row: dict[str, str]) -> Emission:
    kind = row["kind"]
    if kind not in EMISSION_KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    return Emission(
        kind=kind,
        energy_keV=float(row["energy_keV"]),
        yield_per_decay=float(row["yield_per_decay"]),
        yield_uncertainty=float(row["yield_uncertainty"]),
        mode=row["mode"],
        endpoint_keV=float(row["endpoint_keV"]) if row["endpoint_keV"] else None,
        unique_order=int(row["unique_order"]) if row["unique_order"] else None,
        shape_tilt=float(row["shape_tilt"]) if row["shape_tilt"] else None,
    )
