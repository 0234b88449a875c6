"""All S values of a nuclide in a reference person as one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ligandose.dose.curves import RADIATIONS
from ligandose.dose.derived import SOFT, VESSELS, reference_saf
from ligandose.dose.emissions import progeny_decays
from ligandose.dose.icrp133 import UNNAMED, saf_table
from ligandose.dose.placement import REMAINDER
from ligandose.dose.reference import ReferenceSValues
from ligandose.dose.regions import parameter
from ligandose.dose.saf import SafTable
from ligandose.dose.skeleton import is_bone
from ligandose.errors import InputError
from ligandose.nuclides import nuclide as nuclide_of

UNIT = "Gy/(Bq s)"
HIDDEN = (SOFT, VESSELS)


def table_of(host: str, saf_folder: str | Path | None = None) -> SafTable:
    """Return the table to use: the shipped one, or that in the user's folder of ICRP-133 files."""
    return reference_saf(host) if saf_folder is None else saf_table(saf_folder, host)


def s_value_document(
    nuclide: str,
    host: str = "adult-male",
    *,
    saf_folder: str | Path | None = None,
    chain: bool = False,
) -> dict[str, Any]:
    """Return S of every target ← source of a nuclide.

    Args:
        nuclide: any usual spelling.
        host: reference person.
        saf_folder: folder of ICRP-133 files that replaces the shipped table.
        chain: add the progeny, in equilibrium by branching (decays up to 50 years after those
            of the parent, where the parent decayed).

    Returns:
        `nuclide`, `host`, `unit`, `chain`, `members` (decays per decay of the parent), `values`:
        target, source, total, electron, photon, alpha, uncertainty (one statistical standard
        deviation of the total, same unit); `masses_kg`; `table`; `omissions`.

    Raises:
        UnknownNameError: an unknown nuclide or host.
        InputError: a nuclide without emissions.
        DataError: a table that is missing or not whole.
    """
    name = nuclide_of(nuclide).name
    table = table_of(host, saf_folder)
    s_values = ReferenceSValues.of(
        (*_regions(table), REMAINDER), [name], table=table, with_progeny=chain
    )
    s, sd = s_values.reference_s(name)
    if not np.any(s):
        raise InputError(f"{name} emits nothing that the tables know; it has no S values")
    masses = dict(zip(s_values.regions, s_values.reference_mass_kg.tolist(), strict=True))
    return {
        "nuclide": name,
        "host": host,
        "unit": UNIT,
        "chain": chain,
        "members": _members(name, chain=chain),
        "values": _values(s_values.regions, s, sd),
        "masses_kg": masses,
        "table": table.origin,
        "omissions": s_values.omissions(),
    }


def _regions(table: SafTable) -> list[str]:
    """Return what is both source and target under a canonical name."""
    return [
        r
        for r in table.sources
        if r in table.targets and r not in HIDDEN and not is_bone(r) and not r.startswith(UNNAMED)
    ]


def _members(name: str, *, chain: bool) -> dict[str, float]:
    if not chain:
        return {name: 1.0}
    return {name: 1.0, **progeny_decays(name, horizon_s=parameter("chain", "horizon"))}


def _values(
    regions: tuple[str, ...], s: np.ndarray[Any, Any], sd: np.ndarray[Any, Any]
) -> list[dict[str, Any]]:
    total: list[list[float]] = s.sum(axis=-1).tolist()
    spread: list[list[float]] = np.sqrt((sd**2).sum(axis=-1)).tolist()
    kinds = [s[..., k].tolist() for k in range(len(RADIATIONS))]
    order = [(kind, kinds[RADIATIONS.index(kind)]) for kind in ("electron", "photon", "alpha")]
    return [
        {
            "target": target,
            "source": source,
            "total": total[i][j],
            **{kind: values[i][j] for kind, values in order},
            "uncertainty": spread[i][j],
        }
        for i, target in enumerate(regions)
        for j, source in enumerate(regions)
    ]
