"""Builders of tissues without vessels: spheroids, micrometastases and sheets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.hosts import _tissue_moves as moves
from ligandose.hosts._tissue_lattice import FCC_FRACTION, ball_sites, spacing_for
from ligandose.hosts._tissue_matrix import matrix_points
from ligandose.hosts.tissue import (
    CELL_COMPARTMENTS,
    MEMORY_LIMIT_GB,
    CellKind,
    Tissue,
    check_memory,
    positive,
)

Floats = NDArray[np.float64]
SWEEPS = 20
"""Random moves of every cell: enough that distances to neighbours are those of a fluid below
a packing of 0.49, where hard spheres melt; above it cells rattle about their places."""


def spheroid(
    kinds: CellKind | Sequence[CellKind],
    *,
    packing_fraction: float,
    n_cells: int | None = None,
    radius_um: float | None = None,
    shares: Sequence[float] | None = None,
    necrotic_core_um: float = 0.0,
    matrix_spacing_um: float | None = None,
    seed: int = 0,
    sweeps: int = SWEEPS,
    memory_limit_GB: float = MEMORY_LIMIT_GB,
    name: str = "spheroid",
) -> Tissue:
    """Build a spheroid: a ball of cells without vessels.

    Cells stand on a face-centred cubic lattice whose spacing gives the packing of its inside, and
    are then moved at random without overlap. With a radius, the spheroid holds every site whose
    largest cell lies within it whole; with a number of cells, the sites nearest to the middle, and
    its radius is that of the sphere around them. Sites are spaced for the largest kind: a smaller
    kind in a mixture fills its site less. The achieved fractions, which the rim makes lower than
    the packing of the inside, are in `volume_fractions`, relative to the sphere.

    Args:
        kinds: one kind of cell, or several.
        packing_fraction: share of the volume inside that cells of the largest kind would fill,
            more than 0, at most 0.7405 (touching spheres, fcc).
        n_cells: number of cells; give this or `radius_um`.
        radius_um: radius of the spheroid, µm.
        shares: share of the cells of each kind, by number; needed for several kinds.
        necrotic_core_um: cells whose middle is nearer to the middle of the spheroid are necrotic.
        matrix_spacing_um: step of the points in the extracellular space; None for no points.
        seed: seed of all random numbers.
        sweeps: random moves of every cell; 0 leaves the lattice as it is.
        memory_limit_GB: refuse to build what would need more.
        name: name of the tissue.

    Raises:
        InputError: a number out of its range, both or none of `n_cells` and `radius_um`, a radius
            too small for one cell, more cells than memory allows.

    >>> cell = CellKind("tumour cell", "tumour_cell", 7.0, 5.0)
    >>> ball = spheroid(cell, n_cells=19, packing_fraction=0.6)
    >>> ball.n_cells, ball.first_overlap() is None
    (19, True)
    """
    cells = (kinds,) if isinstance(kinds, CellKind) else tuple(kinds)
    largest = _largest(cells)
    packing = positive(packing_fraction, "packing_fraction")
    if packing > FCC_FRACTION:
        raise InputError(
            f"packing_fraction: {packing:g} is more than the maximum {FCC_FRACTION:.4f} of "
            "spheres (face-centred cubic); give less"
        )
    core = positive(necrotic_core_um, "necrotic_core_um", zero=True)
    spacing = spacing_for(packing, largest)
    rng = np.random.default_rng(seed)
    sites = _ball(n_cells, radius_um, largest, spacing, rng, memory_limit_GB)
    kind = _mixed(len(sites), _shares(cells, shares), rng)
    radius = np.array([c.radius_um for c in cells])[kind]
    reach = np.sqrt((sites**2).sum(axis=1))
    outline = radius_um if radius_um is not None else float((reach + radius).max())
    if core > outline:
        raise InputError(
            f"necrotic_core_um: {core:g} is more than the radius {outline:.4g} µm of the spheroid"
        )
    box = np.full(3, 2.0 * outline)
    centre = sites + outline
    shaken(centre, radius, box, sweeps=sweeps, rng=rng, outline_um=outline)
    off = np.sqrt(((centre - outline) ** 2).sum(axis=1))
    volume = 4.0 / 3.0 * math.pi * outline**3
    matrix = np.empty((0, 3))
    if matrix_spacing_um is not None:
        matrix = matrix_points(centre, radius, box, matrix_spacing_um, rng=rng, periodic=False)
        matrix = matrix[((matrix - outline) ** 2).sum(axis=1) <= outline**2]
    return Tissue(
        name=name, kinds=cells, kind=kind, centre_um=centre, box_um=box, periodic=False,
        volume_um3=volume, necrotic=off < core, distance_to_vessel_um=np.full(len(kind), np.inf),
        volume_fractions=fractions(cells, kind, volume), matrix_um=matrix, outline_um=outline,
        seed=seed,
    )  # fmt: skip


def micrometastasis(
    radius_um: float,
    kinds: CellKind | Sequence[CellKind],
    *,
    packing_fraction: float,
    **options: Any,
) -> Tissue:
    """Build a micrometastasis: a spheroid of a given radius; options as for `spheroid`.

    >>> cell = CellKind("tumour cell", "tumour_cell", 7.0, 5.0)
    >>> micrometastasis(100.0, cell, packing_fraction=0.6).outline_um
    100.0
    """
    options = {"name": "micrometastasis", **options}
    return spheroid(kinds, radius_um=radius_um, packing_fraction=packing_fraction, **options)


def sheet(
    kind: CellKind,
    *,
    n_x: int,
    n_y: int,
    layers: int = 1,
    spacing_um: float | None = None,
    name: str = "sheet",
) -> Tissue:
    """Build a sheet of cells: hexagonal layers, each above the gaps of the one below.

    Neighbours in a layer and between layers are `spacing_um` apart (layers √(2/3) of it), touching
    where None is given; the sheet lies in the plane of x and y and ends at its edges. Fractions
    refer to n_x × n_y hexagonal cells of all layers' height, plus half a cell above and below.

    Raises:
        InputError: numbers below one, or a spacing at which cells overlap.

    >>> flat = sheet(CellKind("tumour cell", "tumour_cell", 7.0, 5.0), n_x=10, n_y=8)
    >>> flat.n_cells, flat.first_overlap() is None
    (80, True)
    """
    for what, number in (("n_x", n_x), ("n_y", n_y), ("layers", layers)):
        if number < 1 or number != int(number):
            raise InputError(f"{what}: {number!r} must be a whole number of one or more")
    check_memory(float(n_x) * n_y * layers)
    touching = 2.0 * kind.radius_um
    step = positive(touching if spacing_um is None else spacing_um, "spacing_um")
    if step < touching - 1e-9:
        raise InputError(
            f"spacing_um: {step:g} makes cells of radius {kind.radius_um:g} µm overlap; give "
            f"{touching:g} or more"
        )
    i, j, k = (a.ravel() for a in np.meshgrid(*map(np.arange, (n_x, n_y, layers)), indexing="ij"))
    row, third = step * math.sqrt(3.0) / 2.0, k % 3
    x = step * (i + 0.5 * (j % 2) + 0.5 * (third == 1))
    y = row * (j + third / 3.0 * (third == 1) + 2.0 / 3.0 * (third == 2))
    z = step * math.sqrt(2.0 / 3.0) * k
    centre: Floats = np.column_stack([x, y, z]).astype(np.float64) + kind.radius_um
    height = touching + (layers - 1) * step * math.sqrt(2.0 / 3.0)
    volume = n_x * n_y * step * row * height
    number = np.zeros(len(centre), np.int8)
    return Tissue(
        name=name, kinds=(kind,), kind=number, centre_um=centre,
        box_um=centre.max(axis=0) + kind.radius_um, periodic=False, volume_um3=volume,
        necrotic=np.zeros(len(centre), bool), distance_to_vessel_um=np.full(len(centre), np.inf),
        volume_fractions=fractions((kind,), number, volume),
    )  # fmt: skip


def shaken(
    centre: Floats, radius: Floats, box: Floats, *, sweeps: int, rng: np.random.Generator,
    outline_um: float = np.inf,
) -> None:  # fmt: skip
    """Move free-standing cells at random within an outline, in place, without overlap."""
    none = np.empty((0, 7))
    near = np.empty((len(centre), 0), np.int32)
    moves.shake(centre, radius, box, False, outline_um, none, 0.0, np.empty((0, 3)), 0.0, 3,
                  near, np.zeros(len(centre), bool), sweeps, rng)  # fmt: skip


def fractions(
    kinds: Sequence[CellKind], kind: NDArray[np.int8], volume_um3: float, *, vessel_um3: float = 0.0
) -> dict[str, float]:
    """Return the share of a volume by compartment; matrix is what is left."""
    found: dict[str, float] = dict.fromkeys(CELL_COMPARTMENTS, 0.0)
    count = np.bincount(kind, minlength=len(kinds))
    for one, n in zip(kinds, count, strict=True):
        found[one.compartment] += float(n) * one.volume_um3 / volume_um3
    found["vessel"] = vessel_um3 / volume_um3
    return {**found, "matrix": 1.0 - sum(found.values())}


def _largest(kinds: Sequence[CellKind]) -> float:
    if not kinds:
        raise InputError("kinds: none given; give one kind of cell or more")
    return max(kind.radius_um for kind in kinds)


def _shares(kinds: Sequence[CellKind], shares: Sequence[float] | None) -> Floats:
    """Return (kinds,) shares that sum to one."""
    if shares is None and len(kinds) == 1:
        return np.ones(1)
    given = np.asarray(() if shares is None else shares, np.float64)
    if given.shape != (len(kinds),) or not (given >= 0.0).all():
        raise InputError(
            f"shares: {shares!r}; give one share of zero or more for each of {len(kinds)} kinds"
        )
    if not math.isclose(given.sum(), 1.0, abs_tol=1e-9):
        raise InputError(f"shares: sum to {given.sum():g}; they are of all cells and sum to 1")
    return given


def _mixed(n: int, shares: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
    """Return (n,) kinds in random order, each share met to within one cell."""
    edges = np.round(np.cumsum(shares) * n).astype(int)
    kind = np.searchsorted(edges, np.arange(n), side="right").astype(np.int8)
    return rng.permutation(kind)


def _ball(
    n_cells: int | None, radius_um: float | None, largest_um: float, spacing_um: float,
    rng: np.random.Generator, memory_limit_GB: float,
) -> Floats:  # fmt: skip
    """Return (n, 3) sites about 0 for a number of cells or within a radius."""
    if (n_cells is None) == (radius_um is None):
        raise InputError("spheroid: give one of n_cells and radius_um")
    cell_um3 = spacing_um**3 / math.sqrt(2.0)
    if n_cells is not None:
        if n_cells < 1 or n_cells != int(n_cells):
            raise InputError(f"n_cells: {n_cells!r} must be a whole number of one or more")
        check_memory(n_cells, memory_limit_GB=memory_limit_GB)
        # The ball of that volume, and two sites more, holds at least so many sites.
        reach = (n_cells * cell_um3 * 0.75 / math.pi) ** (1.0 / 3.0) + 2.0 * spacing_um
        return _off_centre(ball_sites(reach, spacing_um, np.zeros(3)), int(n_cells))
    reach = positive(radius_um, "radius_um") - largest_um
    if reach < 0.0:
        raise InputError(
            f"radius_um: {radius_um:g} is less than the radius {largest_um:g} of a cell; "
            "give at least that"
        )
    check_memory(4.0 / 3.0 * math.pi * reach**3 / cell_um3, memory_limit_GB=memory_limit_GB)
    if reach < 2.0 * spacing_um:  # a few cells: one of them in the middle
        return ball_sites(reach, spacing_um, np.zeros(3))
    return ball_sites(reach, spacing_um, rng.random(3))


def _off_centre(sites: Floats, n: int) -> Floats:
    """Return the n sites nearest to the middle, as a cluster about its own middle."""
    chosen = sites[:n]
    return chosen - 0.5 * (chosen.max(axis=0) + chosen.min(axis=0))
