"""Cumulative dose against organ limits, cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.effect._checks import FloatArray, broadcastable, positive
from ligandose.effect.bed import cumulative_Gy
from ligandose.effect.parameters import effect_findings
from ligandose.errors import InputError
from ligandose.evidence import Finding

_PREFIX = "limit_"


class LimitQuantity(StrEnum):
    """What a limit speaks of; the three are never compared with each other."""

    ABSORBED_DOSE = "absorbed_dose"
    BED = "bed"
    EQD2 = "eqd2"


@dataclass(frozen=True, slots=True)
class OrganLimit:
    """A published limit of an organ.

    Attributes:
        region: canonical region.
        label: when it applies, such as "no risk factor".
        quantity: what the number speaks of.
        limit_Gy: the limit, Gy.
        finding: the row of data with its source and status.
    """

    region: str
    label: str
    quantity: LimitQuantity
    limit_Gy: float
    finding: Finding


@dataclass(frozen=True, slots=True)
class LimitCourse:
    """A course against one limit; the last axis of arrays is the cycle.

    Attributes:
        limit_Gy: the limit.
        cumulative_Gy: shape (…, C).
        first_cycle: shape (…), cycle (1 is the first) in which the limit is reached, 0 never.
        fraction_reached: shape (C,), share of all leading elements (patients) that have
            reached the limit by the end of each cycle.
    """

    limit_Gy: FloatArray
    cumulative_Gy: FloatArray
    first_cycle: NDArray[np.int64]
    fraction_reached: FloatArray


@cache
def organ_limits(region: str | None = None) -> tuple[OrganLimit, ...]:
    """Return the shipped limits, of one region or of all; empty where none is known."""
    return tuple(
        OrganLimit(
            region=f.region,
            label=f.subject,
            quantity=LimitQuantity(f.quantity.removeprefix(_PREFIX)),
            limit_Gy=f.require(),
            finding=f,
        )
        for f in effect_findings()
        if f.quantity.startswith(_PREFIX) and region in (None, f.region)
    )


def cumulative_against_limits(per_cycle_Gy: ArrayLike, *, limit_Gy: ArrayLike) -> LimitCourse:
    """Return the running total of each patient against a limit.

    Args:
        per_cycle_Gy: shape (…, C) in the limit's own quantity: absorbed dose, BED with each
            cycle's own G, or EQD2, Gy.
        limit_Gy: > 0, shape () or (…), Gy; may differ between patients (risk factors).

    Raises:
        InputError: a dose below 0, a limit not above 0, no axis of cycles.
    """
    total = cumulative_Gy(per_cycle_Gy)
    limit = positive("limit_Gy", limit_Gy)
    broadcastable("per_cycle_Gy and limit_Gy", total[..., 0], limit)
    reached = total >= limit[..., None]
    ever = np.any(reached, axis=-1)
    first = np.where(ever, np.argmax(reached, axis=-1) + 1, 0).astype(np.int64)
    if total.shape[-1] == 0 or first.size == 0:
        raise InputError("per_cycle_Gy is empty; give at least one patient and one cycle")
    share = np.mean(reached.reshape(-1, reached.shape[-1]), axis=0)
    return LimitCourse(limit, total, first, np.asarray(share, dtype=np.float64))
