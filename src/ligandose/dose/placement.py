"""Where each region of dosimetry lies in a table of specific absorbed fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ligandose.dose.regions import LESION_PREFIX, RegionModel, is_lumen, region_model
from ligandose.dose.saf import SafTable
from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.evidence import read_table

TABLE = "dose_placement.csv"
REMAINDER = "remainder"
OTHERS = ":others"
COMPACT_ROLES = ("organ", "contents")


@dataclass(frozen=True, slots=True)
class Place:
    """A region of dosimetry in a table.

    Attributes:
        name: region.
        source: the table's source whose row it has; for a placed region that of its host.
        target: the table's target whose column it has; for a placed region that of its host.
        own: whether row and column are the region's own; else it is a sphere inside its host.
        model: role, shape and density.
    """

    name: str
    source: str
    target: str
    own: bool
    model: RegionModel

    @property
    def compact(self) -> bool:
        """Whether the region has a size of its own, by which its self-dose scales."""
        return self.model.role in COMPACT_ROLES


def located_regions(
    table: SafTable,
    regions: Sequence[str],
    *,
    host_of: Mapping[str, str] | None = None,
    blood: str = "blood",
) -> tuple[Place, ...]:
    """Return where each region lies.

    Args:
        table: with derived regions.
        regions: canonical names, contents, "lesion:NAME", "lesion:NAME:others"; each once.
        host_of: the region that a lesion lies in, by its name; else the shipped table of
            placements decides.
        blood: the table's source that "blood" is: "blood" (all blood, by the blood content of
            organs) or "large_vessels".

    Raises:
        UnknownNameError: a region, or a host of a lesion, that is not known.
        InputError: a region given twice.
        DataError: a region that neither the table has nor the placements place.
    """
    for name in regions:
        if list(regions).count(name) > 1:
            raise InputError(f"region {name!r} is given twice")
    chosen = dict(host_of or {})
    unknown = [n for n in chosen if n not in regions]
    if unknown:
        raise UnknownNameError("lesion", unknown[0], regions, where="hosts of lesions")
    return tuple(_place(table, name, chosen, blood) for name in regions)


def _place(table: SafTable, name: str, chosen: Mapping[str, str], blood: str) -> Place:
    model = region_model(name)
    if name == REMAINDER:
        target = next(r for r in _candidates(name) if r in table.targets)
        return Place(name, REMAINDER, target, own=True, model=model)
    known = blood if name == "blood" and blood in table.sources else name
    if known in table.sources and known in table.targets and name not in chosen:
        return Place(name, known, known, own=True, model=model)
    host = _host(table, name, chosen, model)
    source = known if known in table.sources else host
    target = known if known in table.targets else host
    return Place(name, source, target, own=False, model=model)


def _host(table: SafTable, name: str, chosen: Mapping[str, str], model: RegionModel) -> str:
    lesion = name.removesuffix(OTHERS)
    given = chosen.get(name, chosen.get(lesion))
    if given is not None:
        if given not in table.sources or given not in table.targets:
            known = [s for s in table.sources if s in table.targets]
            raise UnknownNameError("region", given, known, where=f"host of {name}")
        return given
    candidates = (model.wall,) if model.wall else _candidates(lesion)
    for region in candidates:
        if region in table.sources and region in table.targets:
            return region
    raise DataError(f"the table of {table.name} ({table.origin}) has no place for {name}")


@cache
def _placements() -> dict[str, tuple[str, ...]]:
    return {r["region"]: tuple(r["placed_in"].split(";")) for r in read_table(TABLE)}


def _candidates(name: str) -> tuple[str, ...]:
    table = _placements()
    if name in table:
        return table[name]
    return table["lesion"] if name.startswith(LESION_PREFIX) else ()


def remainder_shares(table: SafTable, sources: Sequence[str]) -> dict[str, float]:
    """Return how activity of the remainder is spread: by the mass that no other source occupies.

    Exact where the regions of the table make up the body: S(t ← rem) = Σ_r M_r S(t ← r) / M
    (ICRP-133, section 5.3, "other tissues").

    Args:
        table: with derived regions.
        sources: the table's sources that hold their own activity.

    Returns:
        Share by region; they add up to 1.

    Raises:
        DataError: no mass is left, or a table that does not say what makes up the body.
    """
    kept = remainder_masses_kg(table, sources)
    total = sum(kept.values())
    if not total > 0.0:
        raise DataError(f"{table.name}: no part of the body is left for the remainder")
    return {region: mass / total for region, mass in kept.items()}


def remainder_masses_kg(table: SafTable, sources: Sequence[str]) -> dict[str, float]:
    """Return what no other source occupies, kg by region; arguments as `remainder_shares`.

    What hollow organs hold is no tissue: it has activity only where it is a source of its own.
    """
    left = dict(table.body_mass_kg)
    for source in dict.fromkeys(sources):
        for region, mass in table.parts.get(source, {}).items():
            left[region] = left[region] - mass
    return {region: mass for region, mass in left.items() if mass > 0.0 and not is_lumen(region)}
