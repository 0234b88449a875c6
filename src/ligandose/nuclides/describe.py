"""What is known of one nuclide as one document, and the curves of its figure."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from typing import Any

import numpy as np

from ligandose.evidence import data_path
from ligandose.nuclides.chain import decay_chain
from ligandose.nuclides.spectra import beta_spectrum, lines
from ligandose.nuclides.table import (
    EMISSION_KINDS,
    EMISSIONS_TABLE,
    MODES_TABLE,
    NUCLIDES_TABLE,
    Emission,
    Nuclide,
    nuclide,
    origin,
)

YEAR_S = 365.25 * 86400.0
DOSE_HORIZON_S = 50.0 * YEAR_S
"""Commitment period of ICRP for adults (ICRP Publication 103, glossary), used for chain yields."""


def nuclide_document(name: str, *, chain: bool = True) -> dict[str, Any]:
    """Return the document of `ligandose nuclide NAME --json`.

    Args:
        name: any usual spelling.
        chain: also describe the members of the decay chain.

    Returns:
        name, half_life_s (None for a stable nuclide), half_life_uncertainty_s, modes, progeny,
        energy_keV_per_decay (of the nuclide alone), neutrino_keV_per_decay, emissions,
        research_use_only, provenance; and chain: its members with decays per parent decay
        within 50 years and in all time.

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    found = nuclide(name)
    document = _head(found)
    document["emissions"] = [_emission_entry(e) for e in found.emissions]
    if chain:
        document["chain"] = _chain_entry(found.name)
    document["research_use_only"] = True
    document["provenance"] = provenance()
    return document


def _head(found: Nuclide) -> dict[str, Any]:
    return {
        "name": found.name,
        "half_life_s": None if found.is_stable else found.half_life_s,
        "half_life_uncertainty_s": found.half_life_uncertainty_s,
        "modes": [
            {
                "kind": mode.kind,
                "progeny": mode.progeny,
                "branching": mode.branching,
                "branching_uncertainty": mode.branching_uncertainty,
                "q_keV": mode.q_keV,
            }
            for mode in found.modes
        ],
        "progeny": list(found.progeny),
        "energy_keV_per_decay": found.energy_keV_per_decay(),
        "neutrino_keV_per_decay": found.neutrino_keV_per_decay,
    }


def _emission_entry(emission: Emission) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "kind": emission.kind,
        "energy_keV": emission.energy_keV,
        "yield_per_decay": emission.yield_per_decay,
        "yield_uncertainty": emission.yield_uncertainty,
        "mode": emission.mode,
    }
    if emission.endpoint_keV is not None:
        entry["endpoint_keV"] = emission.endpoint_keV
        entry["unique_order"] = emission.unique_order
    return entry


def _chain_entry(name: str) -> dict[str, Any]:
    chain = decay_chain(name)
    within, in_all_time = chain.cumulative_yield(DOSE_HORIZON_S), chain.cumulative_yield()
    members = [
        {
            "name": member,
            "half_life_s": None if math.isinf(half_life) else float(half_life),
            "decays_per_parent_decay": float(soon),
            "decays_per_parent_decay_all_time": float(ever),
            "energy_keV_per_decay": nuclide(member).energy_keV_per_decay(),
        }
        for member, half_life, soon, ever in zip(
            chain.members, chain.half_life_s, within, in_all_time, strict=True
        )
    ]
    return {"horizon_s": DOSE_HORIZON_S, "members": members}


def provenance() -> dict[str, Any]:
    """Return where the decay data come from: library, its hash, hashes of the shipped tables."""
    stated = origin()
    return {
        "library": stated["library"],
        "library_file": stated["library_file"],
        "library_sha256": stated["library_sha256"],
        "tables_sha256": {
            table: _sha256(table) for table in (NUCLIDES_TABLE, MODES_TABLE, EMISSIONS_TABLE)
        },
    }


@cache
def _sha256(table: str) -> str:
    return hashlib.sha256(data_path(table).read_bytes()).hexdigest()


def spectrum_curves(name: str) -> dict[str, Any]:
    """Return the data of the spectrum figure of one nuclide.

    Returns:
        beta: energy_keV, electrons_per_keV and positrons_per_keV as arrays (empty without betas);
        lines: for each kind of line that the nuclide emits, energy_keV and yield_per_decay.

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    spectrum = beta_spectrum(name)
    discrete: dict[str, dict[str, np.ndarray]] = {}
    for kind in EMISSION_KINDS:
        if kind in ("beta-", "beta+"):
            continue
        found = lines(name, (kind,))
        if found.energy_MeV.size:
            discrete[kind] = {
                "energy_keV": found.energy_MeV * 1e3,
                "yield_per_decay": found.yield_per_decay,
            }
    return {
        "name": nuclide(name).name,
        "beta": {
            "energy_keV": spectrum.energy_keV,
            "electrons_per_keV": spectrum.electrons_per_keV,
            "positrons_per_keV": spectrum.positrons_per_keV,
        },
        "lines": discrete,
    }
