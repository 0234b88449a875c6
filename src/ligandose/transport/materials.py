"""What bodies are made of: composition, density and mean excitation energy of each medium.

The table is `materials.csv`; mass fractions there add up to one within the rounding of their
sources and are scaled to exactly one here. Every medium names its source and how it was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_table

TABLE = "materials.csv"
ELEMENTS = "materials_elements.csv"
ROUNDING = 6e-3  # three digits for each of a dozen elements


@dataclass(frozen=True)
class Element:
    """One chemical element.

    Attributes:
        z: charge number.
        symbol: chemical symbol.
        atomic_weight: standard atomic weight, g/mol.
        mean_excitation_in_compound_eV: what the element contributes in a solid or liquid
            compound (ICRU-37, table 5.1), used by the additivity rule.
    """

    z: int
    symbol: str
    atomic_weight: float
    mean_excitation_in_compound_eV: float


@dataclass(frozen=True)
class Material:
    """One medium.

    Attributes:
        name: name by which the package knows it.
        density_g_cm3: density of the reference state; a run may give its own.
        mean_excitation_eV: mean excitation energy for stopping powers.
        composition: pairs of charge number and mass fraction, the fractions adding up to one.
        source: identifier in the table of sources.
    """

    name: str
    density_g_cm3: float
    mean_excitation_eV: float
    composition: tuple[tuple[int, float], ...]
    source: str

    @property
    def electrons_mol_per_g(self) -> float:
        """Moles of electrons per gram, the sum of w Z / A."""
        return sum(w * z / elements()[z].atomic_weight for z, w in self.composition)


@cache
def elements() -> dict[int, Element]:
    """Return the elements that occur in the materials, by charge number."""
    return {
        int(row["z"]): Element(
            int(row["z"]),
            row["symbol"],
            float(row["atomic_weight"]),
            float(row["mean_excitation_in_compound_eV"]),
        )
        for row in read_table(ELEMENTS)
    }


@cache
def _catalogue() -> tuple[dict[str, Material], dict[str, str]]:
    found: dict[str, Material] = {}
    aliases: dict[str, str] = {}
    for row in read_table(TABLE):
        name = row["material"]
        found[name] = Material(
            name=name,
            density_g_cm3=float(row["density_g_cm3"]),
            mean_excitation_eV=float(row["mean_excitation_eV"]),
            composition=_composition(row, name),
            source=row["source"],
        )
        aliases.update(dict.fromkeys(row["aliases"].split(), name))
    return found, aliases


def _composition(row: dict[str, str], name: str) -> tuple[tuple[int, float], ...]:
    parts = [(e.z, float(row[e.symbol])) for e in elements().values() if row[e.symbol]]
    total = sum(w for _, w in parts)
    if abs(total - 1.0) > ROUNDING or min(w for _, w in parts) <= 0:
        raise DataError(
            f"{TABLE}: the mass fractions of {name!r} add up to {total:.4f}, "
            f"allowed 1 ± {ROUNDING}; reinstall ligandose"
        )
    return tuple((z, w / total) for z, w in parts)


def materials() -> tuple[str, ...]:
    """Return the names of the shipped media, without their aliases."""
    return tuple(_catalogue()[0])


def material(name: str) -> Material:
    """Return the medium `name`; a few have a second name, such as "skeleton" for "bone".

    >>> material("water").mean_excitation_eV
    78.0

    Raises:
        UnknownNameError: no such medium.
    """
    found, aliases = _catalogue()
    key = aliases.get(name, name)
    if key not in found:
        raise UnknownNameError("material", name, [*found, *aliases])
    return found[key]


def additive_mean_excitation_eV(medium: Material) -> float:
    """Return the mean excitation energy of a compound by Bragg's additivity rule.

    ln I = Σ w (Z/A) ln I_Z / Σ w (Z/A), with the element values for compounds of ICRU-37.
    It repeats the published values of ICRU-44 tissues within 0.2 eV; water is the exception
    (75.3 against the measured 78 eV of ICRU-90).
    """
    from math import exp, log

    total = 0.0
    for z, w in medium.composition:
        element = elements()[z]
        share = w * z / element.atomic_weight
        total += share * log(element.mean_excitation_in_compound_eV)
    return exp(total / medium.electrons_mol_per_g)
