"""Builder of a periodic block of tumour: vessels, nests, stroma, immune cells, matrix, necrosis."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts import _tissue_grid as kernels
from ligandose.hosts import _tissue_moves as moves
from ligandose.hosts._tissue_clusters import SWEEPS, fractions
from ligandose.hosts._tissue_fill import Filled, Wanted, fill, refuse
from ligandose.hosts._tissue_matrix import matrix_points
from ligandose.hosts._tissue_nests import nests_in
from ligandose.hosts._tissue_push import push_apart
from ligandose.hosts._tissue_spec import TissueSpec
from ligandose.hosts._tissue_vessels import (
    krogh_array,
    krogh_box,
    parallel_forest,
    random_forest,
    wall_distance_um,
    wall_points,
)
from ligandose.hosts.tissue import (
    MEMORY_LIMIT_GB,
    Capillaries,
    CellKind,
    Nests,
    Tissue,
    check_memory,
    wrapped,
)

Floats = NDArray[np.float64]
NOISE = 0.2
"""A lattice of cells too large for its sites is first disturbed by this times their radius."""
ROUNDS = 800
"""Rounds of pushing such cells apart before giving up."""
SHRINK = 0.015
"""Steps by which refused cells are made smaller to find, for the message, what does fit."""


def tumour_tissue(
    spec: TissueSpec,
    seed: int = 0,
    *,
    sweeps: int = SWEEPS,
    memory_limit_GB: float = MEMORY_LIMIT_GB,
) -> Tissue:
    """Build a periodic block of tumour tissue.

    In this order: the block; nests, spheres or cylinders at random places; capillaries; tumour
    cells in the nests, cells of the stroma between them (or all mixed), immune cells in both, on
    face-centred cubic sites clear of the walls; random moves of every cell that never overlap;
    necrosis by distance from the walls; points on walls and in the matrix. A cell belongs to the
    domain in which its middle is, so that the border of a nest is rough by a cell's radius.

    Args:
        spec: what to build; see `TissueSpec` for units and meaning of every field.
        seed: seed of all random numbers.
        sweeps: random moves of every cell.
        memory_limit_GB: refuse to build what would need more.

    Returns:
        The tissue; `volume_fractions` and `box_um` are what was reached. Cell fractions are met
        to within half a cell.

    Raises:
        InputError: a field that is missing or contradicts another; fractions over one; what
            packing cannot reach, with the maximum; more cells than memory allows.

    >>> from ligandose.hosts import typical_tissue
    >>> block = tumour_tissue(typical_tissue("dense carcinoma", side_um=150.0), seed=1)
    >>> block.periodic, block.first_overlap() is None
    (True, True)
    """
    rng = np.random.default_rng(seed)
    kinds = spec.kinds()
    box, nests = _block(spec, kinds, rng, memory_limit_GB)
    capillaries = _capillaries(spec, box, nests, rng)
    vessel_um3 = capillaries.volume_um3 if capillaries else 0.0
    total = sum(spec.cell_fractions().values()) + vessel_um3 / float(box.prod())
    if total > 1.0:
        raise InputError(
            f"tissue: volume fractions sum to {total:.4g}, of which vessels "
            f"{vessel_um3 / float(box.prod()):.4g}; at most 1: lower one of them"
        )
    domains = _cells(spec, kinds, box, nests, capillaries, rng)
    kind = np.concatenate([cells.kind for cells in domains])
    radius = np.array([k.radius_um for k in kinds])[kind]
    pieces, wall = _pieces(capillaries, box, float(radius.max()))
    centre = _settled(domains, radius, box, pieces, wall, nests, sweeps, rng)
    distance = np.full(len(kind), np.inf)
    walls = np.empty((0, 3))
    if capillaries:
        distance = wall_distance_um(centre, capillaries, box)
        walls = wall_points(capillaries, box, spec.source_spacing_um, rng=rng)
    matrix = matrix_points(centre, radius, box, spec.source_spacing_um, rng=rng, periodic=True,
                           pieces=pieces, wall_um=wall)  # fmt: skip
    if spec.matrix_place == "stroma" and nests is not None:
        matrix = matrix[nests.depth_um(matrix, box)[0][:, 0] < 0.0]
    beyond = np.inf if spec.necrosis_beyond_um is None else spec.necrosis_beyond_um
    return Tissue(
        name=spec.name, kinds=kinds, kind=kind, centre_um=centre, box_um=box, periodic=True,
        volume_um3=float(box.prod()), necrotic=distance > beyond, distance_to_vessel_um=distance,
        volume_fractions=fractions(kinds, kind, float(box.prod()), vessel_um3=vessel_um3),
        vessel_wall_um=walls, matrix_um=matrix, capillaries=capillaries, nests=nests, seed=seed,
    )  # fmt: skip


def _per_um3(spec: TissueSpec, kinds: Sequence[CellKind]) -> list[float]:
    """Return the number of cells of each kind per µm³ of the block."""
    share = spec.cell_fractions()
    return [share[kind.compartment] / kind.volume_um3 for kind in kinds]


def _block(
    spec: TissueSpec, kinds: Sequence[CellKind], rng: np.random.Generator, memory_limit_GB: float
) -> tuple[Floats, Nests | None]:
    """Return the sides of the block and the nests in it."""
    if (spec.side_um is None) == (spec.n_cells is None):
        raise InputError("tissue: give one of side_um and n_cells")
    density = sum(_per_um3(spec, kinds))
    side = spec.side_um or ((spec.n_cells or 0.0) / density) ** (1.0 / 3.0)
    check_memory(density * side**3, memory_limit_GB=memory_limit_GB)
    krogh = spec.needed("vessels") == "krogh"
    box = krogh_box(side, spec.needed("vessel_spacing_um")) if krogh else np.full(3, side)
    nests = None
    if spec.needed("nests") != "mixed":
        box, nests = nests_in(
            box, spec.needed("nests"), radius_um=spec.needed("nest_radius_um"),
            fraction=spec.needed("nest_fraction"), gap_um=spec.nest_gap_um, rng=rng,
            fixed_section=krogh,
        )  # fmt: skip
    least = 4.0 * max(kind.radius_um for kind in kinds)
    if box.min() < least:
        raise InputError(
            f"tissue: a side of {box.min():.4g} µm is too short for cells that must not meet "
            f"their own images; give side_um or n_cells for at least {least:g} µm"
        )
    check_memory(density * float(box.prod()), memory_limit_GB=memory_limit_GB)
    return box, nests


def _capillaries(
    spec: TissueSpec, box: Floats, nests: Nests | None, rng: np.random.Generator
) -> Capillaries | None:
    """Return the vessels that the specification asks for."""
    vessels = spec.needed("vessels")
    if vessels == "none":
        if spec.necrosis_beyond_um is not None:
            raise InputError(
                "tissue: necrosis_beyond_um is a distance from vessels, and vessels is 'none'; "
                "leave one of them out"
            )
        return None
    radius = spec.needed("vessel_radius_um")
    avoid = nests if spec.vessel_place == "stroma" else None
    if vessels == "krogh":
        if avoid is not None:
            raise InputError(
                "tissue: a regular array of capillaries (vessels 'krogh') cannot keep to the "
                "stroma; use vessels 'parallel' or 'random', or vessel_place 'anywhere'"
            )
        spacing = spec.needed("vessel_spacing_um")
        if spacing <= 2.0 * radius:
            raise InputError(
                f"tissue: vessel_spacing_um {spacing:g} makes capillaries of radius {radius:g} µm "
                "overlap; give more than twice the radius"
            )
        return krogh_array(box, spacing, radius)
    length = spec.needed("vessel_length_mm_per_mm3")
    if vessels == "parallel":
        return parallel_forest(box, length, radius, rng=rng, avoid=avoid)
    segment = spec.vessel_segment_um
    return random_forest(box, length, radius, rng=rng, segment_um=segment, avoid=avoid)


def _pieces(capillaries: Capillaries | None, box: Floats, longest: float) -> tuple[Floats, float]:
    if capillaries is None:
        return np.empty((0, 7)), 0.0
    return capillaries.pieces(longest, box), capillaries.radius_um


def _cells(
    spec: TissueSpec, kinds: Sequence[CellKind], box: Floats, nests: Nests | None,
    capillaries: Capillaries | None, rng: np.random.Generator,
) -> list[Filled]:  # fmt: skip
    """Return the cells of every domain, nests first."""
    volume = float(box.prod())
    number = [round(d * volume) for d in _per_um3(spec, kinds)]
    largest = max(kind.radius_um for kind in kinds)
    pieces, wall = _pieces(capillaries, box, largest)

    def clear(sites: Floats, r: float) -> NDArray[np.bool_]:
        return kernels.clear_of_vessels(sites, r, pieces, wall, box, True)

    def wanted(count: Sequence[int]) -> list[Wanted]:
        return [Wanted(i, k.radius_um, k.volume_um3, count[i]) for i, k in enumerate(kinds)]

    if nests is None:
        return [fill(wanted(number), box, clear, rng=rng, domain="block")]
    within = _inside_nests(spec, kinds, number)

    def in_nest(sites: Floats, r: float) -> NDArray[np.bool_]:
        return (nests.depth_um(sites, box)[0][:, 0] >= 0.0) & clear(sites, r)

    first = fill(wanted(within), box, in_nest, rng=rng, domain="nests")
    centre = wrapped(first.place, box)
    radius = first.scale * np.array([k.radius_um for k in kinds])[first.kind]

    def in_stroma(sites: Floats, r: float) -> NDArray[np.bool_]:
        outside = nests.depth_um(sites, box)[0][:, 0] < 0.0
        return outside & clear(sites, r) & kernels.clear_of_spheres(
            sites, r, centre, radius, box, True
        )  # fmt: skip

    rest = [n - m for n, m in zip(number, within, strict=True)]
    return [first, fill(wanted(rest), box, in_stroma, rng=rng, domain="stroma")]


def _inside_nests(spec: TissueSpec, kinds: Sequence[CellKind], number: Sequence[int]) -> list[int]:
    """Return how many cells of each kind are in nests."""
    found: list[int] = []
    for kind, n in zip(kinds, number, strict=True):
        if kind.compartment == "immune_cell":
            found.append(round(spec.needed("immune_in_nests") * n))
        else:
            found.append(n if kind.compartment == "tumour_cell" else 0)
    return found


def _settled(
    domains: Sequence[Filled], radius: Floats, box: Floats, pieces: Floats, wall: float,
    nests: Nests | None, sweeps: int, rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Return the places of all cells in the box, without overlap, after random moves."""
    place = wrapped(np.concatenate([cells.place for cells in domains]), box)
    near, inside = np.empty((len(place), 0), np.int32), np.zeros(len(place), bool)
    middle, reach, axes = np.empty((0, 3)), 0.0, 3
    if nests is not None:
        depth, which = nests.depth_um(place, box, most=4)
        near, inside = which.astype(np.int32), depth[:, 0] >= 0.0
        near[inside, 1:] = -1
        middle, reach, axes = nests.middle_um, nests.radius_um, nests.axes
    if min(cells.scale for cells in domains) < 1.0:
        place += NOISE * radius[:, None] * rng.normal(size=place.shape)
        place = wrapped(place, box)

        def fits(scale: float) -> bool:
            return push_apart(place, scale * radius, box, pieces, wall, middle, reach, axes, near,
                              inside, False, ROUNDS) >= 1.0  # fmt: skip

        if not fits(1.0):
            smaller = (1.0 - SHRINK * k for k in range(1, round(1.0 / SHRINK)))
            found = next((scale for scale in smaller if fits(scale)), 0.0)
            asked = 4.0 / 3.0 * math.pi * float((radius**3).sum()) / float(box.prod())
            refuse(asked, asked * max(found**3, min(cells.share for cells in domains)), "block")
    moves.shake(place, radius, box, True, math.inf, pieces, wall, middle, reach, axes, near,
                  inside, sweeps, rng)  # fmt: skip
    return wrapped(place, box)
