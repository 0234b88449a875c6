"""Cells of several kinds on the free lattice sites of a domain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts._tissue_lattice import cluster, most_per_site, periodic_sites

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAST_SCALE = 0.85
"""Cells that would have to start smaller than this times their radius can never grow to it: at the
density of touching spheres, 0.7405, the scale of 0.85 is a fraction of 1.2."""
Allowed = Callable[[Floats, float], NDArray[np.bool_]]
"""(sites, radius) -> which of the sites may hold a sphere of that radius."""


@dataclass(frozen=True)
class Wanted:
    """So many cells of a kind."""

    kind: int
    radius_um: float
    volume_um3: float
    number: int


@dataclass(frozen=True)
class Filled:
    """Cells of one domain.

    Attributes:
        place: (n, 3) middles.
        kind: (n,) number of the kind.
        scale: times this, which is at most one, no radii overlap.
        share: of the cells, so many would find a site at their full radius.
    """

    place: Floats
    kind: NDArray[np.int8]
    scale: float
    share: float


def fill(
    wanted: Sequence[Wanted], box_um: Floats, allowed: Allowed, *, rng: np.random.Generator,
    domain: str,
) -> Filled:  # fmt: skip
    """Return the cells of one domain.

    The face-centred cubic lattice has sites for the largest kind, as far apart as the number of
    cells allows; sites left over stay empty, at random. A kind small enough takes a site alone
    while there are sites, and else shares it with up to seven of its kind. Where sites for whole
    cells are too few, they are made for smaller ones: times `scale`, which is then below one, no
    cells overlap, and moves must make room for them to grow.

    Raises:
        InputError: more cells than any packing has room for.
    """
    wanted = [w for w in wanted if w.number > 0]
    if not wanted:
        return Filled(np.empty((0, 3)), np.empty(0, np.int8), 1.0, 1.0)
    largest = max(w.radius_um for w in wanted)
    need = [math.ceil(w.number / most_per_site(w.radius_um, largest)) for w in wanted]
    origin = rng.random(3)

    def free(spacing: float) -> Floats:
        sites = periodic_sites(box_um, spacing, origin)
        return sites[allowed(sites, min(largest, 0.5 * spacing))]

    sites, scale = free(2.0 * largest), 1.0
    share = len(sites) / sum(need)
    while len(sites) < sum(need):
        scale -= 0.01
        if scale < LEAST_SCALE:
            asked = sum(w.number * w.volume_um3 for w in wanted) / float(box_um.prod())
            refuse(asked, asked * share, domain)
        sites = free(2.0 * scale * largest)
    sites = _spread(sites, sum(w.number for w in wanted), 2.0 * largest, free)
    return Filled(*_settle(wanted, need, sites, largest, scale, rng), scale, min(share, 1.0))


def refuse(asked: float, reached: float, domain: str) -> NoReturn:
    """Raise InputError for cells that should fill more of the block than they can."""
    raise InputError(
        f"tissue: cells of the {domain} should fill {asked:.4g} of the block; the maximum that "
        f"packing reaches for this mixture of cells, vessels and nests is about {reached:.3g}: "
        "lower tumour_fraction, stroma_fraction or immune_cells_per_mm3, or raise nest_fraction"
    )


def _spread(sites: Floats, number: int, spacing: float, free: Callable[[float], Floats]) -> Floats:
    """Return sites as far apart as possible, still one for each of `number` cells."""
    if len(sites) <= number:
        return sites
    wide = spacing * (len(sites) / number) ** (1.0 / 3.0)
    while wide > 1.001 * spacing:
        found = free(wide)
        if len(found) >= number:
            return found
        wide *= 0.985
    return sites


def _settle(
    wanted: Sequence[Wanted], need: Sequence[int], sites: Floats, largest: float,
    scale: float, rng: np.random.Generator,
) -> tuple[Floats, NDArray[np.int8]]:  # fmt: skip
    """Return places and kinds in the order of the sites."""
    # Sites beyond the least number go to those kinds that would have to share them.
    spare, share = len(sites) - sum(need), list(need)
    for k, w in enumerate(wanted):
        more = min(w.number - need[k], spare)
        share[k] += more
        spare -= more
    chosen = rng.permutation(len(sites))
    places: list[Floats] = []
    kinds: list[NDArray[np.int8]] = []
    order: list[Integers] = []
    start = 0
    for w, count in zip(wanted, share, strict=True):
        own = chosen[start : start + count]
        start += count
        at, which = _in_sites(own, w, largest, rng)
        places.append(sites[which] + scale * at)
        kinds.append(np.full(len(which), w.kind, np.int8))
        order.append(which)
    sort = np.argsort(np.concatenate(order), kind="stable")
    return np.concatenate(places)[sort], np.concatenate(kinds)[sort]


def _in_sites(
    own: Integers, w: Wanted, largest: float, rng: np.random.Generator
) -> tuple[Floats, Integers]:
    """Return (number, 3) displacements and (number,) sites of one kind's cells."""
    least, more = divmod(w.number, len(own))
    groups = ((own[:more], least + 1), (own[more:], least))
    at: list[Floats] = []
    which: list[Integers] = []
    for group, each in groups:
        if len(group) == 0 or each == 0:
            continue
        local = cluster(each, w.radius_um, largest)
        at.append((local @ _rotations(len(group), rng)).reshape(-1, 3))
        which.append(np.repeat(group, each))
    return np.concatenate(at), np.concatenate(which)


def _rotations(n: int, rng: np.random.Generator) -> Floats:
    """Return (n, 3, 3) random rotations, from unit quaternions."""
    q = rng.normal(size=(n, 4))
    w, x, y, z = (q / np.sqrt((q**2).sum(axis=1, keepdims=True))).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
