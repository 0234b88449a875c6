"""Stretches of a course in which rates differ: under co-medication, and in a clearing step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.course.regimen import Clearing
from ligandose.errors import UnknownNameError
from ligandose.evidence import read_findings
from ligandose.kinetics import CLEARING, Phase

Floats = NDArray[np.float64]

# A clearing agent acts within the hour, in which hardly any binder leaves or reaches the plasma
# otherwise: the part that it takes is then the part that is asked for.
CLEARING_DURATION_S = 3600.0


def with_clearing(
    phases: Sequence[Phase], clearing: Clearing, starts_s: Sequence[float]
) -> list[Phase]:
    """Return phases with a clearing step before each administration of activity.

    It takes the binder from all plasma at the rate -ln(1 - fraction) / duration.

    Args:
        phases: of the model, the first of which starts it.
        clearing: the step.
        starts_s: administrations of activity after the start of the model, s.
    """
    begins = [max(start - clearing.lead_s, phases[0].start_s) for start in starts_s]
    duration = min(CLEARING_DURATION_S, clearing.lead_s)
    rate = -np.log1p(-clearing.fraction) / duration
    breaks = {p.start_s for p in phases}
    breaks |= {t for begin in begins for t in (begin, begin + duration)}
    cleared: list[Phase] = []
    for time in sorted(breaks):
        parameters = [p for p in phases if p.start_s <= time][-1].parameters
        if any(begin <= time < begin + duration for begin in begins):
            parameters = {**parameters, CLEARING: np.full_like(parameters[CLEARING], rate)}
        cleared.append(Phase(time, parameters))
    return cleared


@dataclass(frozen=True, slots=True)
class _Competition:
    """A stretch of time (s) in which a parameter is multiplied by a factor."""

    key: str
    factor: float
    on_s: float
    off_s: float


def comedication_phases(
    parameters: Mapping[str, Floats], names: Sequence[str], starts_s: Sequence[float]
) -> list[Phase]:
    """Return the phases of a model under co-medication given with each administration.

    A co-medication competes for a kind of site: while it is infused, the vector's association
    with that site is multiplied by the share that competition leaves. Where infusions overlap,
    the strongest competition counts, once.

    Args:
        parameters: (patients,) values by parameter name, without co-medication.
        names: of the catalogue.
        starts_s: start of each administration after the start of the model, s.

    Raises:
        UnknownNameError: a co-medication that is not in the catalogue.
    """
    competitions = [c for name in names for c in _competitions(name, starts_s)]
    competitions = [c for c in competitions if c.key in parameters]
    breaks = {0.0, *(t for c in competitions for t in (c.on_s, c.off_s))}
    phases: list[Phase] = []
    for time in sorted(breaks):
        factors: dict[str, float] = {}
        for c in competitions:
            if c.on_s <= time < c.off_s:
                factors[c.key] = min(c.factor, factors.get(c.key, c.factor))
        changed = {key: parameters[key] * factor for key, factor in factors.items()}
        phases.append(Phase(time, {**parameters, **changed}))
    return phases


def _competitions(name: str, starts_s: Sequence[float]) -> list[_Competition]:
    table = read_findings("comedication.csv")
    rows = {f.quantity: f for f in table if f.subject == name}
    if not rows:
        raise UnknownNameError("co-medication", name, (f.subject for f in table))
    competition = rows["competition"]
    return [
        _Competition(
            key=f"vector.{competition.region}.k_on",
            factor=competition.internal,
            on_s=max(start + rows["start"].internal, 0.0),
            off_s=start + rows["end"].internal,
        )
        for start in starts_s
    ]
