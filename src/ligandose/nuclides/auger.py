"""Auger, Coster-Kronig and conversion electrons, and X rays, line by line.

The evaluations lump Auger electrons by shell (`lines(name, ("auger",))`): enough for organs, too
coarse for cells and below. Here every vacancy of electron capture and internal conversion was
propagated from the most bound subshell outwards (scripts/build_atomic.py), with the energy of each
transition B_i - B_j - B_k, so that lines × energies add up to the binding energies of the
initial vacancies. See docs/nuclides.md for the transition data and what is approximated.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import DataError
from ligandose.evidence import data_path, read_table
from ligandose.nuclides.spectra import Lines
from ligandose.nuclides.table import nuclide

ATOMIC_TABLE = "nuclides_atomic.csv"
VACANCIES_TABLE = "nuclides_vacancies.csv"

AtomicKind = Literal["auger", "coster-kronig", "conversion", "outer", "x"]
ATOMIC_KINDS: tuple[AtomicKind, ...] = get_args(AtomicKind)
CASCADE_ELECTRON_KINDS: tuple[AtomicKind, ...] = ("auger", "coster-kronig", "outer")
"""What the cascade gives off as electrons; "outer" is what is left when the outermost shells
cannot be filled any more, released where the atom is."""
FINE_ELECTRON_KINDS: tuple[AtomicKind, ...] = (*CASCADE_ELECTRON_KINDS, "conversion")


@dataclass(frozen=True, slots=True)
class AtomicLine:
    """One line that follows from, or made, vacancies in the atom.

    Attributes:
        kind: "auger", "coster-kronig", "x", "conversion", or "outer".
        family: KLL, KLX, KXY, LMM … for Auger electrons (X: any shell beyond the next), CK-L …
            for Coster-Kronig electrons, K-L, K-X, L-X … for X rays, the shell for conversion
            electrons ("?" where it is not known).
        energy_keV: mean energy of the transitions of the family that stand together.
        yield_per_decay: particles per decay of the nuclide.
    """

    kind: AtomicKind
    family: str
    energy_keV: float
    yield_per_decay: float


@dataclass(frozen=True)
class Vacancies:
    """The vacancies that one decay of a nuclide leaves on average, before they are filled.

    Attributes:
        charge_number: (vacancy,) of the atom that they are in (progeny; the same element for IT).
        subshell: (vacancy,) "K", "L1", …
        binding_keV: (vacancy,)
        capture_per_decay: (vacancy,) made by electron capture.
        conversion_per_decay: (vacancy,) made by internal conversion.
    """

    charge_number: NDArray[np.int64]
    subshell: tuple[str, ...]
    binding_keV: NDArray[np.float64]
    capture_per_decay: NDArray[np.float64]
    conversion_per_decay: NDArray[np.float64]

    @property
    def per_decay(self) -> NDArray[np.float64]:
        """(vacancy,) vacancies per decay."""
        return self.capture_per_decay + self.conversion_per_decay

    @property
    def energy_keV_per_decay(self) -> float:
        """Binding energy that X rays and cascade electrons carry away, per decay."""
        return math.fsum(self.per_decay * self.binding_keV)


def vacancies(name: str) -> Vacancies:
    """Return the initial vacancies of a nuclide (any usual spelling), the most bound first.

    >>> found = vacancies("I-125")
    >>> found.subshell[:4]
    ('K', 'L1', 'L2', 'L3')

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    rows = _vacancy_rows().get(nuclide(name).name, [])
    return Vacancies(
        np.array([int(r["z"]) for r in rows], dtype=np.int64),
        tuple(r["subshell"] for r in rows),
        np.array([float(r["binding_keV"]) for r in rows]),
        np.array([float(r["capture_per_decay"]) for r in rows]),
        np.array([float(r["conversion_per_decay"]) for r in rows]),
    )


def atomic_lines(name: str) -> tuple[AtomicLine, ...]:
    """Return the Auger, Coster-Kronig and conversion electrons and X rays of one decay.

    Args:
        name: any usual spelling; progeny are not included.

    Returns:
        The lines by kind, family and energy; empty for a nuclide without capture and conversion.

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    return _atomic_lines(nuclide(name).name)


def fine_electron_lines(name: str) -> Lines:
    """Return conversion electrons by subshell, and all electrons of the cascade.

    To be used in the place of `electron_lines` where distances below some tens of micrometres
    count; the energy per decay is greater by what the evaluations leave out (M, N and outer
    shells).

    >>> bool(fine_electron_lines("I-125").yield_per_decay.sum() > 10.0)
    True

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    return _as_lines(name, FINE_ELECTRON_KINDS)


def fine_x_lines(name: str) -> Lines:
    """Return the X rays of the cascade of `fine_electron_lines`.

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    return _as_lines(name, ("x",))


def _as_lines(name: str, kinds: tuple[AtomicKind, ...]) -> Lines:
    found = sorted(
        (line.energy_keV, line.yield_per_decay) for line in atomic_lines(name) if line.kind in kinds
    )
    table = np.array(found, dtype=np.float64).reshape(-1, 2)
    return Lines(table[:, 0] * 1e-3, table[:, 1].copy())


@cache
def _vacancy_rows() -> dict[str, list[dict[str, str]]]:
    by_name: dict[str, list[dict[str, str]]] = {}
    for row in read_table(VACANCIES_TABLE):
        by_name.setdefault(row["nuclide"], []).append(row)
    return by_name


@cache
def _blocks() -> tuple[str, str]:
    """Return the header and the whole table, whose rows stand nuclide by nuclide."""
    header, _, body = data_path(ATOMIC_TABLE).read_text(encoding="utf-8").partition("\n")
    return header, "\n" + body


@cache
def _atomic_lines(name: str) -> tuple[AtomicLine, ...]:
    """Return the lines of one nuclide: its block is cut out, the rest is not parsed."""
    header, body = _blocks()
    start = body.find(f"\n{name},")
    if start < 0:
        return ()
    end = body.index("\n", body.rfind(f"\n{name},") + 1)
    rows = csv.DictReader([header, *body[start + 1 : end].split("\n")])
    try:
        return tuple(_line(row) for row in rows)
    except (KeyError, ValueError) as error:
        raise DataError(f"{ATOMIC_TABLE}, {name}: {error}") from error


def _line(row: dict[str, str]) -> AtomicLine:
    kind = row["kind"]
    if kind not in ATOMIC_KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(ATOMIC_KINDS)}")
    return AtomicLine(kind, row["family"], float(row["energy_keV"]), float(row["yield_per_decay"]))
