"""Tables of animal biodistribution: read, refused where they are wrong, grouped by region."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.evidence import Finding, read_findings, read_table
from ligandose.kinetics import TIME_UNITS, SheetRow, read_sheet

Floats = NDArray[np.float64]
REQUIRED = ("species", "body_mass_g", "region", "time", "time_unit", "value", "unit")
OPTIONAL = ("animal", "sd", "n", "organ_mass_g", "contents", "decay_corrected", "note")
PER_GRAM, PER_ORGAN = ("%ID/g", "%IA/g"), ("%ID", "%IA", "%ID/organ", "%IA/organ")
UNITS = (*PER_GRAM, *PER_ORGAN)
SPECIES = ("mouse", "rat")
HOLLOW = ("stomach", "small_intestine", "large_intestine_right", "large_intestine_left")
"""Organs whose contents can be followed (`translate_gut`)."""
LEAST_ALIKE = 3
"""So many regions with the same values make two animals one animal given twice."""
MOST_PERCENT = 105.0
"""More of the injected activity than this in one organ is an error of unit (5 % for counting)."""
TEMPLATE = (
    ("animal", *REQUIRED, "organ_mass_g", "decay_corrected", "note"),
    ("m1", "mouse", "24.1", "kidneys", "1", "h", "12.3", "%ID/g", "0.31", "yes", ""),
    ("m2", "mouse", "25.0", "kidneys", "1", "h", "10.9", "%ID/g", "0.33", "yes", ""),
    ("m3", "mouse", "24.7", "kidneys", "24", "h", "5.1", "%ID/g", "0.32", "yes", ""),
)


@dataclass(frozen=True)
class AnimalRegion:
    """Uptake of one region over time, corrected for decay.

    Attributes:
        name: as the table has it.
        regions: canonical regions that it stands for.
        use: "organ", "blood" or "whole_body".
        per_gram: values are per gram; else of the whole organ.
        time_s: (t,) times, rising.
        fraction: (t,) mean fraction of the injected activity, per gram or whole.
        uncertainty: (t,) standard error of the mean, None where the table tells none.
        animals: (t,) how many.
        organ_mass_kg: mean mass of the organ, None where the table has none.
        contents: stomach or bowel that holds what was excreted into it.
    """

    name: str
    regions: tuple[str, ...]
    use: str
    per_gram: bool
    time_s: Floats
    fraction: Floats
    uncertainty: Floats | None
    animals: tuple[int, ...]
    organ_mass_kg: float | None
    contents: bool = False


@dataclass(frozen=True)
class AnimalTable:
    """A checked table.

    Attributes:
        file: its name.
        species: "mouse" or "rat".
        body_mass_kg: mean over animals.
        regions: what was measured and is used.
        left_out: name and reason of what is not used.
        notes: what a reader must know.
    """

    file: str
    species: str
    body_mass_kg: float
    regions: tuple[AnimalRegion, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@cache
def translation_findings() -> dict[tuple[str, str], Finding]:
    """Return the parameters of translation by subject and quantity."""
    return {(f.subject, f.quantity): f for f in read_findings("translation.csv")}


@cache
def region_names() -> dict[str, tuple[tuple[str, ...], str, str]]:
    """Return regions, use and note by the name that a table may give."""
    return {
        row["name"]: (tuple(r for r in row["regions"].split(";") if r), row["use"], row["note"])
        for row in read_table("translation_regions.csv")
    }


def read_animals(
    path: str | Path, *, decay_per_s: float, decay_corrected: bool | None = None
) -> AnimalTable:
    """Read a table of animal biodistribution.

    Args:
        path: csv or xlsx; one row per animal, region and time (column animal), or per group with
            its mean (columns n and sd).
        decay_per_s: physical decay constant, for values that are not corrected.
        decay_corrected: whether values are corrected to the time of injection, for tables without
            that column; one of both must say it.

    Raises:
        InputError: a table that breaks a rule: mixed species or units, a missing time, a negative
            uptake, a body mass that cannot be (grams and kilograms mixed up), an animal given
            twice, decay correction not said. Names file, line and field.
    """
    rows = read_sheet(path, required=REQUIRED, optional=OPTIONAL)
    species = _one(rows, "species", SPECIES)
    time_unit = _one(rows, "time_unit", TIME_UNITS)
    for row in rows:
        _check_body_mass(row, species)
    _check_animals(rows)
    groups: dict[str, list[SheetRow]] = {}
    for row in rows:
        groups.setdefault(row.choice("region", region_names()), []).append(row)
    regions: list[AnimalRegion] = []
    left_out: list[tuple[str, str]] = []
    notes: list[str] = []
    for name, members in groups.items():
        canonical, use, note = region_names()[name]
        if use == "left_out":
            left_out.append((name, note))
            continue
        contents = _contents(members, canonical)
        if note and not contents:
            notes.append(f"{name}: {note}")
        factor = TIME_UNITS[time_unit]
        region = _region(name, canonical, use, members, factor, decay_per_s, decay_corrected, notes)
        if region is None:
            left_out.append((name, "no value above 0 was measured"))
        else:
            regions.append(replace(region, contents=contents))
    _check_overlap(regions, rows[0].file)
    if not any(r.use == "organ" for r in regions):
        raise InputError(f"{rows[0].file}: no organ with uptake; give one organ or more")
    mass = float(np.mean([row.number("body_mass_g", above=True) for row in rows])) * 1e-3
    return AnimalTable(rows[0].file, species, mass, tuple(regions), tuple(left_out), tuple(notes))


def _one(rows: Sequence[SheetRow], field: str, allowed: Sequence[str] | Mapping[str, float]) -> str:
    """Return the one word that a column holds in every row."""
    first = rows[0].choice(field, allowed)
    for row in rows:
        if row.choice(field, allowed) != first:
            raise row.error(
                field,
                f"is {row.text(field)!r}, line {rows[0].line} has {first!r}",
                f"one {field} for the whole table: convert, or make two tables",
            )
    return first


def _check_body_mass(row: SheetRow, species: str) -> None:
    mass = row.number("body_mass_g", above=True)
    found = translation_findings()
    low = found[species, "body_mass_low"].require()
    high = found[species, "body_mass_high"].require()
    if low <= mass <= high:
        return
    for factor, unit in ((1e3, "kg"), (1e-3, "mg")):
        if low <= mass * factor <= high:
            raise row.error(
                "body_mass_g", f"is {mass:g}, no {species} of {low:g} to {high:g} g",
                f"it looks like {unit}: write {mass * factor:g}",
            )  # fmt: skip
    raise row.error(
        "body_mass_g", f"is {mass:g}", f"a {species} weighs {low:g} to {high:g} g; check the unit"
    )


def _check_animals(rows: Sequence[SheetRow]) -> None:
    """Refuse an animal's region given twice, an animal at two times, and copies of an animal."""
    if not rows[0].text("animal"):
        return
    seen: dict[tuple[str, str], SheetRow] = {}
    when: dict[str, tuple[str, str, SheetRow]] = {}
    values: dict[str, dict[str, str]] = {}
    last: dict[str, SheetRow] = {}
    for row in rows:
        animal, region = row.required("animal"), row.required("region")
        if (animal, region) in seen:
            raise row.error(
                "animal", f"{animal!r} has {region} already in line {seen[animal, region].line}",
                "remove one, or name the animals apart",
            )  # fmt: skip
        seen[animal, region] = row
        state = (row.required("time"), row.required("body_mass_g"), row)
        before = when.setdefault(animal, state)
        if before[:2] != state[:2]:
            raise row.error(
                "animal",
                f"{animal!r} has another time or body mass in line {before[2].line}",
                "an animal is dissected once: name the animals apart",
            )
        values.setdefault(animal, {})[region] = row.required("value")
        last[animal] = row
    by_values: dict[tuple[tuple[str, str], ...], str] = {}
    for animal, found in values.items():
        key = tuple(sorted(found.items()))
        if len(key) >= LEAST_ALIKE and key in by_values:
            raise last[animal].error(
                "animal", f"{animal!r} and {by_values[key]!r} have the same values everywhere",
                "an animal was given twice; remove one",
            )  # fmt: skip
        by_values[key] = animal


def _region(
    name: str,
    canonical: tuple[str, ...],
    use: str,
    rows: Sequence[SheetRow],
    time_factor: float,
    decay: float,
    decay_corrected: bool | None,
    notes: list[str],
) -> AnimalRegion | None:
    per_gram = _per_gram(rows, name)
    if use == "whole_body" and per_gram:
        raise rows[0].error("unit", "of whole_body is per gram", "give the whole, %ID")
    by_time: dict[float, list[tuple[float, float | None, int]]] = {}
    for row in rows:
        time = row.number("time", above=True) * time_factor
        value = row.number("value")
        if not per_gram and value > MOST_PERCENT:
            raise row.error("value", f"is {value:g} % of what was injected", "check the unit")
        factor = 0.01 if row.decay_corrected(decay_corrected) else 0.01 * math.exp(decay * time)
        sd = row.optional("sd")
        n = int(row.number("n", least=1.0)) if row.text("n") else 1
        by_time.setdefault(time, []).append(
            (value * factor, None if sd is None else sd * factor, n)
        )
    times = sorted(by_time)
    found = [_pooled(by_time[t]) for t in times]
    keep = [i for i, f in enumerate(found) if f[0] > 0.0]
    if len(keep) < len(found):
        notes.append(f"{name}: {len(found) - len(keep)} time(s) with no uptake were set aside")
    if not keep:
        return None
    mean = np.array([found[i][0] for i in keep])
    animals = tuple(found[i][2] for i in keep)
    masses = [m for row in rows if (m := row.optional("organ_mass_g")) is not None]
    return AnimalRegion(
        name=name, regions=canonical, use=use, per_gram=per_gram,
        time_s=np.array([times[i] for i in keep]), fraction=mean,
        uncertainty=_standard_errors(mean, [found[i][1] for i in keep], animals),
        animals=animals,
        organ_mass_kg=float(np.mean(masses)) * 1e-3 if masses else None,
    )  # fmt: skip


def _contents(rows: Sequence[SheetRow], regions: Sequence[str]) -> bool:
    """Return whether an organ was counted with what was excreted into it."""
    said = {row.choice("contents", ("yes", "no")) for row in rows if row.text("contents")}
    if said == {"yes", "no"}:
        raise rows[0].error("contents", "is yes and no for one region", "one word for a region")
    if said == {"yes"} and not set(regions) <= set(HOLLOW):
        raise rows[0].error(
            "contents", f"is yes for {rows[0].text('region')}", "leave it empty but for stomach "
            "and bowel",
        )  # fmt: skip
    return said == {"yes"}


def _per_gram(rows: Sequence[SheetRow], name: str) -> bool:
    kinds = [row.choice("unit", UNITS) in PER_GRAM for row in rows]
    if len(set(kinds)) > 1:
        row = rows[kinds.index(not kinds[0])]
        raise row.error(
            "unit", f"of {name} is {row.text('unit')!r}, line {rows[0].line} has "
            f"{rows[0].text('unit')!r}", "one unit for a region",
        )  # fmt: skip
    return kinds[0]


def _pooled(points: Sequence[tuple[float, float | None, int]]) -> tuple[float, float | None, int]:
    """Return mean, standard deviation between animals (None where unknown), and their number."""
    if len(points) == 1:
        return points[0]
    values, n = np.array([p[0] for p in points]), np.array([p[2] for p in points])
    mean = float(np.average(values, weights=n))
    within = [p[1] ** 2 * (p[2] - 1) for p in points if p[1] is not None]
    between = float(np.sum(n * (values - mean) ** 2))
    freedom = int(n.sum()) - 1
    return mean, math.sqrt((between + sum(within)) / freedom), int(n.sum())


def _standard_errors(
    mean: Floats, sd: Sequence[float | None], animals: Sequence[int]
) -> Floats | None:
    """Return standard errors of the means, with one coefficient of variation for all times.

    A standard deviation of three animals is itself uncertain by a half; that of all times
    together is not.
    """
    known = [
        (n - 1, s / m)
        for m, s, n in zip(mean, sd, animals, strict=True)
        if s is not None and s > 0.0 and n > 1
    ]
    if not known:
        return None
    cv = math.sqrt(sum(w * c * c for w, c in known) / sum(w for w, _ in known))
    return cv * mean / np.sqrt(np.array(animals, np.float64))


def _check_overlap(regions: Sequence[AnimalRegion], file: str) -> None:
    taken: dict[str, str] = {}
    for region in regions:
        for name in region.regions:
            if name in taken:
                raise InputError(
                    f"{file}, region: {region.name} and {taken[name]} both give {name}; leave one"
                )
            taken[name] = region.name
