"""The user's own copy of the ICRP Publication 133 files as a table of specific absorbed fractions.

The files may not be redistributed; this reads a folder that holds them:

* `rcp-am_photon_DATE.SAF`, `…_electron_…`, `…_alpha_…` (male; `rcp-af_…` female): three lines of
  text, a line with the numbers of targets and sources (I4, I4), 14 characters, the energies in MeV
  (F10.5), a dividing line, and a record for every target of every source: target (10 characters),
  "<-", source (10 characters), a SAF in 1/kg (10 characters) for every energy, then the lowest
  energy whose SAF is not zero and its number;
* `torgans_DATE.NDX`: two lines of text, the number of targets, a dividing line, then name and mass
  (male, female);
* `sregions_DATE.NDX`: three lines of text, the number of sources, a dividing line, then name, mass
  and ID for the male, mass and ID for the female. ID 1: part of "other tissues".

Layout after the manual and reader of FlexID (an open implementation of the ICRP framework).
Neutron files are not read: no shipped nuclide fissions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.saf import SafGrid, SafTable
from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_table

FloatArray = NDArray[np.float64]
PHANTOMS = {"adult-male": "am", "adult-female": "af"}
PARTICLES = ("photon", "electron", "alpha")
TARGETS, SOURCES = 43, 79
HEADER_LINES = 5
NAME, ARROW, WIDTH = 10, 2, 10
VALUES = 2 * NAME + ARROW
GRAMS_PER_KG = 1000.0
SOLID = ("Liver", "Kidneys", "Spleen", "Brain")
TOLERANCE = {"alpha": (0.97, 1.03), "electron": (0.95, 1.05), "photon": (0.8, 1.03)}
SOFT_PHOTON_MEV = 0.02
UNNAMED = "icrp133:"
ORIGIN = "ICRP Publication 133, the user's own copy"
OMISSIONS = (
    "Regions that ICRP Publication 133 does not have as a target (contents, blood, mineral bone, "
    "lacrimal glands) are spheres with the cross-dose of a stated neighbour; its whole body as a "
    "target is the mean of its targets by mass.",
    "The files give no statistical uncertainty; it is shown as 0.",
)


@dataclass(frozen=True)
class _Index:
    """Names of an .NDX file with masses (kg), and for sources whether part of other tissues."""

    names: tuple[str, ...]
    mass: FloatArray
    other: NDArray[np.bool_]


def saf_table(folder: str | Path, host: str = "adult-male") -> SafTable:
    """Return the ICRP-133 table of a host from the user's folder.

    Args:
        folder: holds the files named above, for this host.
        host: "adult-male" or "adult-female".

    Raises:
        UnknownNameError: another host.
        DataError: a file is missing, doubled, cut off, or holds what it must not; or files of
            different phantoms. Names the file and the line.
    """
    if host not in PHANTOMS:
        raise UnknownNameError("host", host, PHANTOMS, where="ICRP-133 files")
    place = Path(folder)
    if not place.is_dir():
        raise DataError(f"{place} is not a folder; give the folder that holds the ICRP-133 files")
    sex = list(PHANTOMS).index(host)
    target_file, source_file = _only(place, "torgans_*.NDX"), _only(place, "sregions_*.NDX")
    files = {p: _only(place, f"rcp-{PHANTOMS[host]}_{p}_*.SAF") for p in PARTICLES}
    targets = _read_index(target_file, sex, sources=False)
    sources = _read_index(source_file, sex, sources=True)
    grids = {p: _read_saf(path, sources.names, targets.names) for p, path in files.items()}
    scale = _mass_unit(grids["alpha"], sources, targets, place)
    targets = _Index(targets.names, targets.mass * scale, targets.other)
    sources = _Index(sources.names, sources.mass * scale, sources.other)
    for particle, grid in grids.items():
        _check_phantom(particle, grid, sources, targets, f"{place} {PHANTOMS[host]} {particle}")
    read = (target_file, source_file, *files.values())
    return replace(_named(host, grids, sources, targets), sha256=_hashes(read))


def _hashes(paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise DataError(f"{folder}: no file {pattern}; the ICRP-133 folder is not complete")
    if len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise DataError(f"{folder}: {names} all match {pattern}; leave one of them there")
    return found[0]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("latin-1").splitlines()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def _read_index(path: Path, sex: int, *, sources: bool) -> _Index:
    lines, head = _lines(path), 3 if sources else 2
    due = SOURCES if sources else TARGETS
    first = lines[head].split() if len(lines) > head else []
    if not first or first[0] != str(due):
        raise DataError(f"{path.name} line {head + 1}: expected the number of regions, {due}")
    rows = [line for line in lines[head + 2 :] if line.strip()]
    if len(rows) != due:
        raise DataError(f"{path.name}: {len(rows)} regions after line {head + 2}, {due} due")
    names: list[str] = []
    mass, other = np.empty(due), np.zeros(due, dtype=np.bool_)
    for i, line in enumerate(rows):
        fields = line.split()
        try:
            mass[i] = float(fields[1 + sex * (2 if sources else 1)])
            other[i] = sources and int(fields[2 + 2 * sex]) == 1
        except (IndexError, ValueError) as error:
            raise DataError(
                f"{path.name} line {head + 3 + i}: {line.strip()!r}: {error}"
            ) from error
        if not (np.isfinite(mass[i]) and mass[i] >= 0):
            raise DataError(f"{path.name} line {head + 3 + i}: mass {mass[i]} is not a mass")
        names.append(fields[0])
    if len(set(names)) != due:
        raise DataError(f"{path.name}: a region is there twice")
    return _Index(tuple(names), mass, other)


def _read_saf(path: Path, sources: tuple[str, ...], targets: tuple[str, ...]) -> SafGrid:
    lines = _lines(path)
    energy = _energies(path, lines)
    due = len(sources) * len(targets)
    records = [line for line in lines[HEADER_LINES:] if line.strip()]
    if len(records) != due:
        raise DataError(
            f"{path.name}: {len(records)} records after line {HEADER_LINES}, {due} due; "
            "the file is not whole"
        )
    saf = np.empty((due, energy.size))
    for i, line in enumerate(records):
        source, target = sources[i // len(targets)], targets[i % len(targets)]
        where = f"{path.name} line {HEADER_LINES + 1 + i}"
        got = line[:NAME].strip(), line[NAME + ARROW : VALUES].strip()
        if got != (target, source):
            raise DataError(f"{where}: {got[0]} <- {got[1]}, expected {target} <- {source}")
        saf[i] = _values(line, energy.size, where)
    cube = saf.reshape(len(sources), len(targets), energy.size)
    if energy[0] == 0.0:
        limit, energy, cube = cube[..., 0], energy[1:], cube[..., 1:]
    else:
        limit = cube[..., 0]
    return SafGrid(energy, cube, np.zeros_like(cube), np.ascontiguousarray(limit))


def _values(line: str, count: int, where: str) -> FloatArray:
    end = VALUES + count * WIDTH
    if len(line) < end:
        raise DataError(f"{where}: {len(line)} characters, at least {end} due; the line is cut off")
    try:
        values = np.array([float(line[k : k + WIDTH]) for k in range(VALUES, end, WIDTH)])
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    if not np.all(np.isfinite(values) & (values >= 0)):
        raise DataError(f"{where}: a SAF is negative or not a number")
    return values


def _energies(path: Path, lines: list[str]) -> FloatArray:
    if len(lines) < HEADER_LINES:
        raise DataError(f"{path.name}: {len(lines)} lines; the file is not whole")
    line = lines[HEADER_LINES - 2]
    where = f"{path.name} line {HEADER_LINES - 1}"
    if line[:8].split() != [str(TARGETS), str(SOURCES)]:
        raise DataError(f"{where}: expected {TARGETS} targets and {SOURCES} sources")
    energies: list[float] = []
    for k in range(VALUES, len(line), WIDTH):
        try:
            energies.append(float(line[k : k + WIDTH]))
        except ValueError:
            break
    energy = np.array(energies)
    if energy.size < 2 or not np.all(np.diff(energy) > 0) or energy[0] < 0:
        raise DataError(f"{where}: the energies do not rise: {energies}")
    return energy


def _self(grid: SafGrid, sources: _Index, targets: _Index, name: str) -> float:
    """Return SAF × mass of a solid organ for itself at the lowest energy."""
    s, t = sources.names.index(name), targets.names.index(name)
    return float(grid.saf_per_kg[s, t, 0] * targets.mass[t])


def _solid(sources: _Index, targets: _Index) -> list[str]:
    return [n for n in SOLID if n in sources.names and n in targets.names]


def _mass_unit(alpha: SafGrid, sources: _Index, targets: _Index, folder: Path) -> float:
    """Return the factor from the masses of the files to kg: alphas stay in a solid organ."""
    kept = [_self(alpha, sources, targets, n) for n in _solid(sources, targets)]
    low, high = TOLERANCE["alpha"]
    for scale in (1.0, 1.0 / GRAMS_PER_KG):
        if kept and all(low <= k * scale <= high for k in kept):
            return scale
    raise DataError(
        f"{folder}: alpha SAF times target mass is {kept} for {', '.join(SOLID)}, not 1; "
        "the SAF and NDX files are not of the same phantom"
    )


def _check_phantom(
    particle: str, grid: SafGrid, sources: _Index, targets: _Index, where: str
) -> None:
    if particle == "photon" and grid.energy_MeV[0] > SOFT_PHOTON_MEV:
        return
    low, high = TOLERANCE[particle]
    for name in _solid(sources, targets):
        kept = _self(grid, sources, targets, name)
        if not low <= kept <= high:
            raise DataError(
                f"{where}: {name} keeps {kept:.3f} of its softest particles, {low} to {high} "
                "allowed; the files are of different phantoms"
            )


def _named(host: str, grids: dict[str, SafGrid], sources: _Index, targets: _Index) -> SafTable:
    """Give the files' regions the names of this project; keep other tissues under their own."""
    rows = read_table("dose_icrp133_names.csv")
    for row in rows:
        for name, known in ((row["icrp_source"], sources), (row["icrp_target"], targets)):
            if name and name not in known.names:
                raise DataError(f"the ICRP-133 files have no region {name!r} for {row['region']}")
    source_of = {r["region"]: r["icrp_source"] for r in rows if r["icrp_source"]}
    target_of = {r["region"]: r["icrp_target"] for r in rows if r["icrp_target"]}
    mapped = set(source_of.values())
    for name, other in zip(sources.names, sources.other, strict=True):
        if other and name not in mapped:
            source_of[UNNAMED + name] = name
    s_at = [sources.names.index(n) for n in source_of.values()]
    t_at = [targets.names.index(n) for n in target_of.values()]
    body = {r: float(sources.mass[i]) for r, i in zip(source_of, s_at, strict=True)}
    body = {r: m for r, m in body.items() if sources.other[sources.names.index(source_of[r])]}
    return SafTable(
        name=host,
        origin=ORIGIN,
        sources=(*source_of, "whole_body"),
        targets=(*target_of, "whole_body"),
        target_mass_kg=np.append(targets.mass[t_at], targets.mass.sum()),
        grids={
            p: _picked(g, s_at, t_at, targets, list(body.values()), list(source_of), list(body))
            for p, g in grids.items()
        },
        parts={r: {r: m} for r, m in body.items()},
        body_mass_kg=body,
        organ_mass_kg={r: m for r, m in body.items() if r in target_of},
        omissions=OMISSIONS,
    )


def _picked(
    grid: SafGrid,
    s_at: list[int],
    t_at: list[int],
    targets: _Index,
    body_kg: list[float],
    names: list[str],
    body: list[str],
) -> SafGrid:
    """Return the grid of the named regions, with the whole body as source and target."""
    weights = np.zeros(len(names))
    weights[[names.index(r) for r in body]] = np.array(body_kg) / sum(body_kg)
    share = targets.mass / targets.mass.sum()

    def pick(cube: FloatArray) -> FloatArray:
        rows = cube[s_at]
        mean: FloatArray = np.einsum("st...,t->s...", rows, share)
        picked = np.concatenate([rows[:, t_at], mean[:, None]], axis=1)
        whole: FloatArray = np.einsum("s,st...->t...", weights, picked)
        return np.concatenate([picked, whole[None]])

    saf = pick(grid.saf_per_kg)
    return SafGrid(grid.energy_MeV, saf, np.zeros_like(saf), pick(grid.limit_per_kg))
