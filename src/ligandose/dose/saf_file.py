"""Reading the shipped table of specific absorbed fractions."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.saf import SafGrid, SafTable
from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import data_path, read_table

FloatArray = NDArray[np.float64]
KEY = ("particle", "source", "target")
REGIONS_TABLE = "phantom_regions.csv"
ALPHA_ENERGIES_MEV = np.array([0.001, 20.0])
ORIGIN = "stylized adult, this project's Monte Carlo"


@cache
def shipped_saf(host: str) -> SafTable:
    """Return the shipped table of a host: the regions that make up its phantom, and no others.

    Raises:
        UnknownNameError: a host without a phantom.
        DataError: no table in the edition, or one that is not whole.
    """
    masses = phantom_masses_kg(host)
    name = f"saf_{host}.csv"
    return parse_saf(data_path(name).read_text("utf-8"), name=name, host=host, mass_kg=masses)


@cache
def phantom_masses_kg(host: str) -> dict[str, float]:
    """Return the mass of every region of a host's phantom, kg; errors as `shipped_saf`."""
    rows = read_table(REGIONS_TABLE)
    known = tuple(dict.fromkeys(r["host"] for r in rows))
    if host not in known:
        raise UnknownNameError("host", host, known, where="reference phantom")
    return {r["region"]: float(r["mass_kg"]) for r in rows if r["host"] == host}


def parse_saf(text: str, *, name: str, host: str, mass_kg: dict[str, float]) -> SafTable:
    """Return the table that a CSV text holds.

    Columns: particle, source, target, then `saf_<E>` (1/kg) and `rsd_<E>` for energies E in MeV;
    empty where a particle has no value at an energy. Every source must have every target. Alphas
    need no rows: their energy stays in the source.

    Raises:
        DataError: a column, row or number that is missing, doubled or no number; names the line.
    """
    lines = text.splitlines()
    energy = _energies(lines[0] if lines else "", name)
    keys, numbers = _rows(lines[1:], 2 * energy.size, name)
    particles = tuple(dict.fromkeys(k[0] for k in keys))
    for particle in ("electron", "photon"):
        if particle not in particles:
            raise DataError(f"{name}: no rows for {particle}; the table is not whole")
    sources = tuple(dict.fromkeys(k[1] for k in keys))
    targets = tuple(dict.fromkeys(k[2] for k in keys))
    unweighed = [r for r in (*sources, *targets) if r not in mass_kg]
    if unweighed:
        raise DataError(f"{name}: {unweighed[0]} is not a region of the phantom of {host}")
    limit = np.array([[1.0 / mass_kg[t] if s == t else 0.0 for t in targets] for s in sources])
    cube = _cube(keys, numbers, (particles, sources, targets), name)
    grids = {p: _grid(cube[i], energy, limit) for i, p in enumerate(particles)}
    grids["alpha"] = local_grid(limit)
    return SafTable(
        name=host,
        origin=ORIGIN,
        sources=sources,
        targets=targets,
        target_mass_kg=np.array([mass_kg[t] for t in targets]),
        grids=grids,
        parts={s: {s: mass_kg[s]} for s in sources},
        body_mass_kg={s: mass_kg[s] for s in sources},
        sha256={name: hashlib.sha256(text.encode()).hexdigest()},
    )


def local_grid(limit_per_kg: FloatArray) -> SafGrid:
    """Return the SAF of particles that are absorbed where they arise, at any energy."""
    saf = np.repeat(limit_per_kg[..., None], ALPHA_ENERGIES_MEV.size, axis=-1)
    return SafGrid(ALPHA_ENERGIES_MEV, saf, np.zeros_like(saf), limit_per_kg)


def _grid(cube: FloatArray, energy: FloatArray, limit: FloatArray) -> SafGrid:
    saf, sd = cube[..., : energy.size], cube[..., energy.size :]
    given = ~np.all(np.isnan(saf), axis=(0, 1))
    return SafGrid(
        energy_MeV=energy[given],
        saf_per_kg=np.ascontiguousarray(saf[..., given]),
        relative_sd=np.where(saf[..., given] == 0.0, 0.0, sd[..., given]),
        limit_per_kg=limit,
    )


def _energies(header: str, name: str) -> FloatArray:
    fields = header.split(",")
    if tuple(fields[:3]) != KEY:
        raise DataError(f"{name} line 1: the header must begin with {','.join(KEY)}")
    values = fields[3:]
    half = len(values) // 2
    stems = [f.partition("_") for f in values]
    if [s[0] for s in stems] != ["saf"] * half + ["rsd"] * half or half == 0:
        raise DataError(f"{name} line 1: expected columns saf_<E> and then rsd_<E> for energies E")
    if [s[2] for s in stems[:half]] != [s[2] for s in stems[half:]]:
        raise DataError(f"{name} line 1: saf_ and rsd_ columns name different energies")
    try:
        return np.array([float(s[2]) for s in stems[:half]])
    except ValueError as error:
        raise DataError(f"{name} line 1: {error}") from error


def _rows(lines: list[str], width: int, name: str) -> tuple[list[tuple[str, str, str]], FloatArray]:
    """Return keys and (rows, width) numbers; one parse for all, a slow one to find a fault."""
    keys: list[tuple[str, str, str]] = []
    texts: list[str] = []
    for number, line in enumerate(lines, start=2):
        fields = line.split(",", 3)
        if len(fields) != 4 or fields[3].count(",") != width - 1:
            raise DataError(f"{name} line {number}: {line.count(',') + 1} fields, {width + 3} due")
        keys.append((fields[0], fields[1], fields[2]))
        texts.append(fields[3])
    joined = f",{','.join(texts)},".replace(",,", ",nan,").replace(",,", ",nan,")[1:-1]
    try:
        values = np.array(np.fromstring(joined, sep=","), dtype=np.float64)
    except ValueError:
        values = np.empty(0)
    if values.size != len(keys) * width:
        _name_the_fault(texts, name)
    return keys, values.reshape(len(keys), width)


def _name_the_fault(texts: list[str], name: str) -> None:
    for number, text in enumerate(texts, start=2):
        for field in text.split(","):
            try:
                float(field or "nan")
            except ValueError as error:
                raise DataError(f"{name} line {number}: {error}") from error
    raise DataError(f"{name}: a number could not be read")


def _cube(
    keys: list[tuple[str, str, str]],
    numbers: FloatArray,
    names: tuple[tuple[str, ...], ...],
    file: str,
) -> FloatArray:
    """Return (particles, sources, targets, columns); DataError for a pair missing or doubled."""
    place = [{n: i for i, n in enumerate(axis)} for axis in names]
    seen = np.zeros(tuple(len(axis) for axis in names), dtype=np.int64)
    where = tuple(np.array([place[a][k[a]] for k in keys]) for a in range(3))
    np.add.at(seen, where, 1)
    if np.any(seen != 1):
        i, j, k = (int(n) for n in np.argwhere(seen != 1)[0])
        raise DataError(
            f"{file}: {names[0][i]} {names[2][k]} ← {names[1][j]} is there {seen[i, j, k]} times; "
            "a whole table has every pair once"
        )
    cube = np.empty((*seen.shape, numbers.shape[1]))
    cube[where] = numbers
    return cube
