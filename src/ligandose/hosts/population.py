"""Virtual patients: correlated, truncated log-normal variation around a reference host.

Each finding with a between-patient coefficient of variation cv is drawn as
median · exp(σ z) with σ² = ln(1 + cv²) and the table's value as median. Findings that vary
together (body size, one kind of site in all lesions …) share a group: z = l z_group +
√(1 - l²) z_own with the group's loading l, so that two members correlate with l². Both parts are
standard normal, truncated at ± 2.5, so no patient lies further out than the data can speak for.

Every finding has a random stream of its own, derived from the seed and its key: patient i is the
same in a population of ten and of a thousand, and a new parameter does not move the others.
Uncertainty of knowledge is a different thing: one factor exp(ln(gsd) z) for all patients
together, drawn only where it is asked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri  # pyright: ignore[reportMissingTypeStubs]

from ligandose.errors import InputError
from ligandose.evidence import Finding, read_table

Floats = NDArray[np.float64]

TRUNCATION = 2.5
MOST_PATIENTS = 1_000_000


def draw_values(
    findings: Mapping[str, Finding],
    *,
    patients: int,
    seed: int,
    variability: bool = True,
    knowledge: int | None = None,
) -> dict[str, Floats]:
    """Draw a population's values of all findings that are known, in internal units.

    Args:
        findings: findings by key.
        patients: number of virtual patients.
        seed: seed of the population.
        variability: False gives every patient the median.
        knowledge: number of a draw from the uncertainty of knowledge; None for best estimates.

    Returns:
        (patients,) values by key; findings without a value are left out.

    Raises:
        InputError: a number of patients outside 1 … 1 000 000, or a negative seed.
    """
    if not 1 <= patients <= MOST_PATIENTS:
        raise InputError(f"patients: {patients} is outside 1 … {MOST_PATIENTS}")
    if seed < 0:
        raise InputError(f"seed: {seed} must not be negative")
    values: dict[str, Floats] = {}
    for key, finding in findings.items():
        if finding.value is None:
            continue
        typical = finding.internal
        if knowledge is not None and finding.gsd > 1.0:
            shift = _normal(seed, f"knowledge {knowledge} {key}", 1)[0]
            typical *= np.exp(np.log(finding.gsd) * shift)
        factor = np.ones(patients)
        if variability and finding.cv:
            factor = np.exp(np.sqrt(np.log1p(finding.cv**2)) * _score(seed, key, patients))
        values[key] = typical * factor
    return values


def _score(seed: int, key: str, patients: int) -> Floats:
    """Return (patients,) standard scores of a finding, with the part that its group shares."""
    own = _normal(seed, key, patients)
    for group, pattern, loading in _groups():
        if fnmatchcase(key, pattern):
            common = _normal(seed, f"group {group}", patients)
            return loading * common + np.sqrt(1.0 - loading**2) * own
    return own


def _normal(seed: int, stream: str, size: int) -> Floats:
    """Return truncated standard normal numbers of a named stream."""
    rng = np.random.default_rng([seed, zlib.crc32(stream.encode())])
    low = ndtr(-TRUNCATION)
    return ndtri(low + rng.random(size) * (1.0 - 2.0 * low))


@cache
def _groups() -> tuple[tuple[str, str, float], ...]:
    """Return (group, pattern of keys, loading); the first pattern that a key fits holds."""
    return tuple(
        (row["group"], row["pattern"], float(row["loading"]))
        for row in read_table("correlations.csv")
    )
