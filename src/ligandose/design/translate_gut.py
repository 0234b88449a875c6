"""What an animal's stomach and bowel hold, as it would pass through a human's.

A dissected bowel that was not emptied holds what was excreted into it. That is a share of what was
injected and moves with the human's meals, so neither relative masses nor the animal's times scale
it. Its share is the most that all organs that were weighed with their contents hold together at one
time, corrected for decay (what has left with faeces by then is missing: a lower limit); it enters
the first of them at once (an upper limit), and passes the segments with the rates of ICRP
Publication 100 (`transit_rate` of the host). For a chain entered with the share F,

    TIAC_i = F / (k_i + λ) · Π_{j<i} k_j / (k_j + λ).

It is the same by all methods. The wall's own uptake cannot be told from it and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.design.translate_table import AnimalRegion
from ligandose.errors import InputError
from ligandose.hosts import Host

Floats = NDArray[np.float64]
SEGMENTS = (
    "stomach", "small_intestine", "large_intestine_right", "large_intestine_left", "rectum",
)  # fmt: skip
"""In the order in which contents pass them."""
CONTENTS = "_contents"


def passage(
    entering: float, human: Host, *, decay_per_s: float, first: str
) -> dict[str, tuple[float, float]]:
    """Return coefficient (s) and mean rate of fall (1/s) of the contents of every segment.

    Args:
        entering: share of the injected activity, corrected for decay, in the first segment at 0.
        human: with `transit_rate` of every segment.
        decay_per_s: of the nuclide.
        first: segment that it enters.
    """
    found: dict[str, tuple[float, float]] = {}
    share, mean_time = entering, 0.0
    for segment in SEGMENTS[SEGMENTS.index(first) :]:
        rate = human.finding(f"{segment}.transit_rate").internal
        mean_time += 1.0 / (rate + decay_per_s)
        found[segment + CONTENTS] = share / (rate + decay_per_s), 1.0 / mean_time
        share *= rate / (rate + decay_per_s)
    return found


def first_segment(regions: Sequence[AnimalRegion]) -> str:
    """Return the first segment that was weighed with its contents."""
    return next(s for s in SEGMENTS if any(s in r.regions for r in regions))


def entering_share(
    regions: Sequence[AnimalRegion], masses_kg: Sequence[float], *, file: str
) -> tuple[float, float | None]:
    """Return the share that enters, and its relative standard error (None where unknown).

    Args:
        regions: those with contents.
        masses_kg: of each in the animal, contents included; used where values are per gram.
        file: for messages.

    Raises:
        InputError: no time at which all were measured, or more than was injected.
    """
    times: list[set[float]] = [set(map(float, r.time_s)) for r in regions]
    common: list[float] = sorted(set[float].intersection(*times))
    if not common:
        names = ", ".join(r.name for r in regions)
        raise InputError(
            f"{file}, contents: {names} have no time in common; give stomach and bowel at the "
            "same times, or leave the column contents empty"
        )
    total, variance = np.zeros(len(common)), np.zeros(len(common))
    known = all(r.uncertainty is not None for r in regions)
    for region, mass in zip(regions, masses_kg, strict=True):
        at = np.searchsorted(region.time_s, np.array(common))
        whole = mass * 1e3 if region.per_gram else 1.0
        total += region.fraction[at] * whole
        if region.uncertainty is not None:
            variance += (region.uncertainty[at] * whole) ** 2
    most = int(np.argmax(total))
    share = float(total[most])
    if share > 1.0:
        raise InputError(
            f"{file}, contents: stomach and bowel hold {share:.2f} times what was injected; check "
            "unit and organ_mass_g"
        )
    return share, math.sqrt(float(variance[most])) / share if known else None


def with_contents(wall_kg: float, regions: Sequence[str], human: Host) -> float:
    """Return the mass of an animal's organ with what it holds, in a human's proportion, kg."""
    wall = sum(human.finding(f"{r}.mass").internal for r in regions)
    held = sum(human.finding(f"{r}.contents_mass").internal for r in regions)
    return wall_kg * (1.0 + held / wall)


def lumen_of(
    region: AnimalRegion, regions: Sequence[AnimalRegion], passed: Mapping[str, tuple[float, float]]
) -> tuple[str, ...]:
    """Return the contents that are told with a region: its own, and with the last all others."""
    own = {r + CONTENTS for r in region.regions}
    if region is max(regions, key=lambda r: max(SEGMENTS.index(name) for name in r.regions)):
        own |= set(passed) - {name + CONTENTS for r in regions for name in r.regions}
    return tuple(name for name in passed if name in own)
