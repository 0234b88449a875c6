"""How each region takes part in dosimetry: its role, its shape, its density."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_findings, read_table

TABLE = "dose_regions.csv"
PARAMETERS = "dose_parameters.csv"
LESION_PREFIX = "lesion:"
CONTENTS, HEART_BLOOD = "_contents", "heart_contents"
ROLES = ("organ", "contents", "diffuse", "body")


@dataclass(frozen=True, slots=True)
class RegionModel:
    """How a region absorbs.

    Attributes:
        name: canonical region, or "lesion:NAME".
        role: "organ" (spheres), "contents" (spheres inside a wall), "diffuse" (spread through
            the body), "body" (the whole body).
        wall: region that encloses the contents, "" for others.
        pieces: number of equal spheres.
        density_kg_m3: density.
    """

    name: str
    role: str
    wall: str
    pieces: int
    density_kg_m3: float


@cache
def _table() -> dict[str, RegionModel]:
    models: dict[str, RegionModel] = {}
    for row in read_table(TABLE):
        if row["role"] not in ROLES:
            raise DataError(f"{TABLE} {row['region']}: role {row['role']!r} is none of {ROLES}")
        models[row["region"]] = RegionModel(
            name=row["region"],
            role=row["role"],
            wall=row["wall"],
            pieces=int(row["pieces"]),
            density_kg_m3=float(row["density_kg_m3"]),
        )
    return models


def is_lumen(name: str) -> bool:
    """Say whether a region is what a hollow organ holds: food, stool, bile, urine; not blood."""
    return name.endswith(CONTENTS) and name != HEART_BLOOD


def region_model(name: str) -> RegionModel:
    """Return how region `name` absorbs; every "lesion:NAME" is one sphere of soft tissue.

    Raises:
        UnknownNameError: not a canonical region.
    """
    table = _table()
    if name.startswith(LESION_PREFIX) and len(name) > len(LESION_PREFIX):
        lesion = table["lesion"]
        return RegionModel(name, lesion.role, "", lesion.pieces, lesion.density_kg_m3)
    if name not in table or name == "lesion":
        known = [n for n in table if n != "lesion"]
        raise UnknownNameError("region", name, known, where="dose")
    return table[name]


def endosteum_mass_kg(anatomy: str) -> float:
    """Return the mass of the endosteum of a reference adult, kg."""
    return parameter(anatomy, "endosteum_mass")


@cache
def parameter(subject: str, quantity: str) -> float:
    """Return a parameter of this room in internal units (s, L, kg).

    Raises:
        DataError: not in the shipped table.
    """
    for finding in read_findings(PARAMETERS):
        if (finding.subject, finding.quantity) == (subject, quantity):
            return finding.internal
    raise DataError(f"{PARAMETERS} has no {subject} {quantity}; reinstall ligandose")
