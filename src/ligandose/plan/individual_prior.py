"""What is believed of a patient before anything is measured: independent standard normal scores.

Every finding of the host and of the agents that has a spread depends on scores u, each standard
normal a priori:

    ln value = ln typical + Σ_j L_j t(u_j),   t(u) = Φ⁻¹(Φ(-2.5) + (1 - 2 Φ(-2.5)) Φ(u)),

so that t(u) is the truncated normal number from which `hosts.draw_values` makes its patients, and
a group of findings that vary together shares a score with the loadings of its table. What is
unknown of a typical value (its GSD) is as uncertain for one patient as what differs between
patients, and is added to the finding's own score: L_own² = σ²(1 - l²) + ln² GSD with
σ² = ln(1 + cv²).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri  # pyright: ignore[reportMissingTypeStubs]

from ligandose.evidence import Finding, read_table

Floats = NDArray[np.float64]

TRUNCATION = 2.5
HOST = "host"
STRUCTURE = "structure"
SEPARATOR = "|"


@dataclass(frozen=True)
class Prior:
    """Scores and what they do to values.

    Attributes:
        keys: names of the values, "host|kidneys.gfr" or "AGENT|PSMA.k_d".
        log_typical: (keys,) logarithm of the typical value, internal units.
        names: names of the scores; that of a value's own score is the value's name.
        loading: (keys, scores) L.
    """

    keys: tuple[str, ...]
    log_typical: Floats
    names: tuple[str, ...]
    loading: Floats

    @property
    def size(self) -> int:
        """Number of scores."""
        return len(self.names)

    def log_values(self, score: Floats) -> Floats:
        """Return (n, keys) logarithms of the values of (n, scores)."""
        return self.log_typical + truncated(score) @ self.loading.T

    def values(self, score: Floats) -> dict[str, dict[str, Floats]]:
        """Return values by owner ("host", an agent, "structure") and key, (n,) each."""
        value = np.exp(self.log_values(score))
        result: dict[str, dict[str, Floats]] = {}
        for column, key in enumerate(self.keys):
            owner, _, name = key.partition(SEPARATOR)
            result.setdefault(owner, {})[name] = value[:, column]
        return result

    def restricted(self, kept: NDArray[np.bool_]) -> Prior:
        """Return the prior with the other scores held at 0, their typical value."""
        names = tuple(name for name, keep in zip(self.names, kept, strict=True) if keep)
        return replace(self, names=names, loading=self.loading[:, kept])

    def sd_log(self) -> Floats:
        """Return (keys,) prior standard deviation of the logarithm of each value."""
        return np.sqrt((self.loading**2).sum(axis=1)) * _truncated_sd()


def truncated(score: Floats) -> Floats:
    """Return truncated normal numbers of standard normal ones; monotone, smooth, within ±2.5."""
    low = float(ndtr(-TRUNCATION))
    return np.asarray(ndtri(low + ndtr(score) * (1.0 - 2.0 * low)), dtype=np.float64)


def _truncated_sd() -> float:
    density = np.exp(-0.5 * TRUNCATION**2) / np.sqrt(2.0 * np.pi)
    return float(np.sqrt(1.0 - 2.0 * TRUNCATION * density / (1.0 - 2.0 * ndtr(-TRUNCATION))))


def prior_of(
    host: Mapping[str, Finding],
    agents: Mapping[str, Mapping[str, Finding]],
    *,
    structure: Mapping[str, float],
    knowledge: bool = True,
) -> Prior:
    """Return the prior of a patient.

    Args:
        host: findings of the host by key.
        agents: findings of every agent that is given, by the agent's name.
        structure: log-sd by region of what no parameter of the model explains.
        knowledge: whether typical values are uncertain too; False only for patients that are
            known to come from exactly these typical values.
    """
    columns: list[str] = []
    rows: list[tuple[str, float, dict[str, float]]] = []
    owned = [(HOST, host), *agents.items()]
    for owner, findings in owned:
        for key, finding in findings.items():
            if finding.value is None or finding.internal <= 0.0:
                # A value of zero stays zero whatever its spread; its logarithm is not needed.
                if finding.value is not None:
                    rows.append((f"{owner}{SEPARATOR}{key}", -np.inf, {}))
                continue
            name = f"{owner}{SEPARATOR}{key}"
            loadings = _loadings(name, key, finding, knowledge=knowledge)
            rows.append((name, float(np.log(finding.internal)), loadings))
    for region, sd in structure.items():
        name = f"{STRUCTURE}{SEPARATOR}{region}"
        rows.append((name, 0.0, {name: sd} if sd > 0.0 else {}))
    for _, _, loadings in rows:
        columns += [c for c in loadings if c not in columns]
    matrix = np.zeros((len(rows), len(columns)))
    place = {name: i for i, name in enumerate(columns)}
    for i, (_, _, loadings) in enumerate(rows):
        for name, value in loadings.items():
            matrix[i, place[name]] = value
    keys = tuple(name for name, _, _ in rows)
    return Prior(keys, np.array([typical for _, typical, _ in rows]), tuple(columns), matrix)


def _loadings(name: str, key: str, finding: Finding, *, knowledge: bool) -> dict[str, float]:
    sd = float(np.sqrt(np.log1p(finding.cv**2))) if finding.cv else 0.0
    unknown = float(np.log(finding.gsd)) if knowledge else 0.0
    group, loading = _group(key) if sd > 0.0 else ("", 0.0)
    own = float(np.hypot(sd * np.sqrt(1.0 - loading**2), unknown))
    result = {name: own} if own > 0.0 else {}
    if group and sd * loading != 0.0:
        result[f"group{SEPARATOR}{group}"] = sd * loading
    return result


def _group(key: str) -> tuple[str, float]:
    for row in _rows():
        if fnmatchcase(key, row[1]):
            return row[0], row[2]
    return "", 0.0


def _rows() -> Sequence[tuple[str, str, float]]:
    table = read_table("correlations.csv")
    return [(row["group"], row["pattern"], float(row["loading"])) for row in table]
