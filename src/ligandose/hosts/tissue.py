"""A piece of tissue at the scale of cells: where cells, vessels and matrix are.

Cells are spheres with a concentric spherical nucleus; fibroblasts, which are not, stand as spheres
too. Lengths are in µm, coordinates from 0 to the side of the box. A periodic block repeats in all
directions; a spheroid, a sheet and cells from a table stand alone in a box that encloses them.
Builders: `spheroid`, `micrometastasis`, `sheet`, `tumour_tissue`, `cells_from_table`.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree  # pyright: ignore

from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import _tissue_grid as kernels

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COMPARTMENTS = ("tumour_cell", "stroma", "immune_cell", "vessel", "matrix")
CELL_COMPARTMENTS = COMPARTMENTS[:3]
AVOGADRO = 6.02214076e23
UM3_PER_L = 1e15
UM3_PER_MM3 = 1e9
NMOL_PER_MOL = 1e9
MOST_KINDS = 127
"""Kinds are numbered in one signed byte."""
OVERLAP_TOLERANCE_UM = 1e-6
"""Overlaps below this are rounding of the coordinates."""
BYTES_PER_CELL = 700
"""Peak memory of building a tissue, bytes per cell, rounded up from runs with 1e6 cells."""
MEMORY_LIMIT_GB = 2.0


@dataclass(frozen=True)
class CellKind:
    """A kind of cell: sphere of `radius_um` with a concentric nucleus.

    Attributes:
        name: such as "tumour cell"; unique in a tissue together with the radii.
        compartment: tumour_cell, stroma or immune_cell.
        radius_um: radius of the cell.
        nucleus_radius_um: radius of the nucleus, smaller than the cell.

    Raises:
        InputError: radii that are not positive or a nucleus that is not smaller than its cell.
        UnknownNameError: a compartment that holds no cells.

    >>> round(CellKind("tumour cell", "tumour_cell", 7.0, 5.0).volume_um3, 3)
    1436.755
    """

    name: str
    compartment: str
    radius_um: float
    nucleus_radius_um: float

    def __post_init__(self) -> None:
        """Refuse what is no cell."""
        where = f"cell kind {self.name!r}"
        if self.compartment not in CELL_COMPARTMENTS:
            raise UnknownNameError("cell compartment", self.compartment, CELL_COMPARTMENTS,
                                   where=where)  # fmt: skip
        for what in ("radius_um", "nucleus_radius_um"):
            positive(getattr(self, what), f"{where}: {what}")
        if self.nucleus_radius_um >= self.radius_um:
            raise InputError(
                f"{where}: nucleus_radius_um {self.nucleus_radius_um:g} is not smaller than "
                f"radius_um {self.radius_um:g}; a nucleus lies within its cell"
            )

    @property
    def volume_um3(self) -> float:
        """Volume of the cell."""
        return 4.0 / 3.0 * math.pi * self.radius_um**3


@dataclass(frozen=True, eq=False)
class Capillaries:
    """Straight capillaries of one radius.

    Attributes:
        middle_um: (v, 3) middle of each axis.
        direction: (v, 3) unit vectors.
        length_um: (v,) lengths of the axes.
        radius_um: radius of the wall.
        capped: True where the ends are free (hemispheres); False where each runs through the
            periodic box and meets itself.
    """

    middle_um: Floats
    direction: Floats
    length_um: Floats
    radius_um: float
    capped: bool

    @property
    def volume_um3(self) -> float:
        """Volume within the walls; capillaries do not cross."""
        tubes = math.pi * self.radius_um**2 * float(self.length_um.sum())
        caps = 4.0 / 3.0 * math.pi * self.radius_um**3 * len(self.length_um)
        return tubes + caps * self.capped

    def pieces(self, longest_um: float, box_um: Floats) -> Floats:
        """Return (p, 7) pieces no longer than `longest_um`: middle in the box, direction, half."""
        count = np.maximum(np.ceil(self.length_um / longest_um).astype(int), 1)
        which = np.repeat(np.arange(len(count)), count)
        number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        piece = (self.length_um / count)[which]
        along = (number + 0.5) * piece - 0.5 * self.length_um[which]
        middle = (self.middle_um[which] + along[:, None] * self.direction[which]) % box_um
        return np.column_stack([middle, self.direction[which], 0.5 * piece])


@dataclass(frozen=True)
class Nests:
    """Nests of tumour cells: spheres, or cylinders along z, of one radius.

    Attributes:
        middle_um: (m, 3) middles; z is 0 for cylinders.
        radius_um: radius of a nest.
        axes: 3 for spheres, 2 for cylinders.
    """

    middle_um: Floats
    radius_um: float
    axes: int

    def depth_um(self, points_um: Floats, box_um: Floats, *, most: int = 1) -> tuple[Any, Any]:
        """Return (n, most) depth below the border (negative outside) and number, nearest first."""
        tree: Any = cKDTree(self.middle_um[:, : self.axes], boxsize=box_um[: self.axes])
        points = wrapped(points_um, box_um)[:, : self.axes]
        distance, which = tree.query(points, k=list(range(1, min(most, len(self.middle_um)) + 1)))
        return self.radius_um - distance, which


def _nothing() -> Floats:
    return np.empty((0, 3))


@dataclass(frozen=True, eq=False)
class Tissue:
    """Cells, vessels and matrix of a piece of tissue; arrays are read-only.

    Attributes:
        name: what it is.
        kinds: kinds of cells.
        kind: (n,) int8 number of each cell's kind.
        centre_um: (n, 3) middles of the cells.
        box_um: (3,) sides of the box.
        periodic: whether the box repeats.
        volume_um3: volume that fractions and densities refer to: the box where it is periodic, the
            sphere about a spheroid, the layers of a sheet.
        necrotic: (n,) True for cells that are dead; they keep their place.
        distance_to_vessel_um: (n,) from the middle of a cell to the nearest vessel wall, infinite
            where there are no vessels.
        vessel_wall_um: (v, 3) points on the walls, each for the same area.
        matrix_um: (m, 3) points in the extracellular space, each for the same volume.
        volume_fractions: share of `volume_um3` by compartment; matrix is the remainder, so that
            they sum to one.
        capillaries: the vessels, None where there are none.
        nests: nests of tumour cells, None where there are none.
        outline_um: radius of a spheroid about the middle of the box, None for other shapes.
        seed: seed that it was built with, None for cells from a table.

    Raises:
        InputError: arrays whose shapes or numbers contradict each other.
    """

    name: str
    kinds: tuple[CellKind, ...]
    kind: NDArray[np.int8]
    centre_um: Floats
    box_um: Floats
    periodic: bool
    volume_um3: float
    necrotic: Flags
    distance_to_vessel_um: Floats
    volume_fractions: Mapping[str, float]
    vessel_wall_um: Floats = field(default_factory=_nothing)
    matrix_um: Floats = field(default_factory=_nothing)
    capillaries: Capillaries | None = None
    nests: Nests | None = None
    outline_um: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse arrays that contradict each other; make all of them read-only."""
        n = len(self.kind)
        shapes = {"kind": (n,), "centre_um": (n, 3), "box_um": (3,), "necrotic": (n,),
                  "distance_to_vessel_um": (n,)}  # fmt: skip
        for what, shape in shapes.items():
            if getattr(self, what).shape != shape:
                got = getattr(self, what).shape
                raise InputError(f"tissue {self.name!r}: {what} has shape {got}; needs {shape}")
        if n == 0:
            raise InputError(f"tissue {self.name!r}: no cells; a tissue has one or more")
        if not 0 <= self.kind.min() <= self.kind.max() < len(self.kinds):
            raise InputError(
                f"tissue {self.name!r}: kind {self.kind.min()} … {self.kind.max()} is outside the "
                f"{len(self.kinds)} kinds"
            )
        for what in (*shapes, "vessel_wall_um", "matrix_um"):
            getattr(self, what).setflags(write=False)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.kind)

    @property
    def radius_um(self) -> Floats:
        """(n,) radius of each cell."""
        return np.array([kind.radius_um for kind in self.kinds])[self.kind]

    @property
    def nucleus_radius_um(self) -> Floats:
        """(n,) radius of each cell's nucleus."""
        return np.array([kind.nucleus_radius_um for kind in self.kinds])[self.kind]

    def cells_of(self, compartment: str) -> Flags:
        """Return (n,) True for cells of a compartment.

        Raises:
            UnknownNameError: a compartment that holds no cells.
        """
        if compartment not in CELL_COMPARTMENTS:
            raise UnknownNameError("cell compartment", compartment, CELL_COMPARTMENTS)
        return np.array([kind.compartment == compartment for kind in self.kinds])[self.kind]

    def cells_per_mm3(self, compartment: str | None = None) -> float:
        """Return the number of cells, or of those of a compartment, per mm³ of tissue."""
        cells = self.n_cells if compartment is None else int(self.cells_of(compartment).sum())
        return cells / self.volume_um3 * UM3_PER_MM3

    def distance_to_um(self, what: str) -> Floats:
        """Return (n,) distance from the middle of each cell to the nearest of something.

        Args:
            what: "vessel": its wall. "tumour_cell", "stroma", "immune_cell": the middle of the
                nearest cell of that compartment, other than itself. "matrix": the nearest matrix
                point. "nest_border": the border of the nearest nest, negative inside. "surface":
                the surface of a spheroid. Infinite where there is none.

        Raises:
            UnknownNameError: another name.
            InputError: "surface" of what is no spheroid.
        """
        if what == "vessel":
            return self.distance_to_vessel_um
        if what == "nest_border":
            if self.nests is None:
                return np.full(self.n_cells, np.inf)
            depth, _ = self.nests.depth_um(self.centre_um, self.box_um)
            return -depth[:, 0]
        if what == "surface":
            if self.outline_um is None:
                raise InputError(f"tissue {self.name!r}: only a spheroid has a surface")
            off = self.centre_um - 0.5 * self.box_um
            return self.outline_um - np.sqrt((off**2).sum(axis=1))
        if what == "matrix":
            return self._nearest_um(self.matrix_um, others=np.zeros(self.n_cells, bool))
        if what in CELL_COMPARTMENTS:
            own = self.cells_of(what)
            return self._nearest_um(self.centre_um[own], others=own)
        known = (*COMPARTMENTS, "nest_border", "surface")
        raise UnknownNameError("compartment", what, known, where="distance_to_um")

    def _nearest_um(self, points_um: Floats, *, others: Flags) -> Floats:
        """Return (n,) distances from points; a cell in `others` is one itself: take the next."""
        if len(points_um) == 0:
            return np.full(self.n_cells, np.inf)
        side = self.box_um if self.periodic else None
        points, cells = points_um, self.centre_um
        if self.periodic:
            points, cells = wrapped(points, self.box_um), wrapped(cells, self.box_um)
        tree: Any = cKDTree(points, boxsize=side)
        distance, _ = tree.query(cells, k=[1, 2])
        return np.where(others, distance[:, 1], distance[:, 0])

    def first_overlap(self) -> tuple[int, int] | None:
        """Return the first two cells that overlap, None if none do."""
        return first_overlap(self.centre_um, self.radius_um, box_um=self.box_um,
                             periodic=self.periodic)  # fmt: skip


def first_overlap(
    centre_um: Floats, radius_um: Floats, *, box_um: Floats, periodic: bool
) -> tuple[int, int] | None:
    """Return the first two of n spheres that overlap by more than a millionth of a µm, or None."""
    box = np.asarray(box_um, np.float64)
    i, j = kernels.first_overlap(
        np.ascontiguousarray(centre_um), radius_um, box, periodic, OVERLAP_TOLERANCE_UM
    )
    return None if i < 0 else (int(i), int(j))


def density_nmol_L(sites_per_cell: float, cells_per_mm3: float) -> float:
    """Return the density of sites in tissue, nmol per litre: sites/cell × cells/L ÷ N_A.

    >>> round(density_nmol_L(1e5, 3e5), 3)  # 1e5 sites on 3e8 cells per mL
    49.816
    """
    return sites_per_cell * cells_per_mm3 * 1e6 / AVOGADRO * NMOL_PER_MOL


def sites_per_cell(density_nmol_L: float, cells_per_mm3: float) -> float:
    """Return sites per cell from the density of a tissue, nmol per litre; see `density_nmol_L`.

    Raises:
        InputError: no cells.
    """
    positive(cells_per_mm3, "cells_per_mm3")
    return density_nmol_L * AVOGADRO / NMOL_PER_MOL / (cells_per_mm3 * 1e6)


def wrapped(points_um: Floats, box_um: Floats) -> Floats:
    """Return points brought into a periodic box, below its upper side."""
    inside = points_um % box_um
    return np.where(inside >= box_um, 0.0, inside)


def positive(value: float | None, where: str, *, zero: bool = False) -> float:
    """Return a number that is finite and positive, or zero where that is allowed.

    Raises:
        InputError: a number that is missing, not finite, or too small.
    """
    allowed = "zero or more" if zero else "more than zero"
    if value is None:
        raise InputError(f"{where}: missing; give a number {allowed}, it has no default")
    given: Any = value  # callers read files, so that it may be anything
    good = isinstance(given, (int, float, np.number)) and math.isfinite(given)
    if not good or value < 0 or (value == 0 and not zero):
        raise InputError(f"{where}: {value!r} is not a finite number {allowed}")
    return float(value)


def check_memory(n_cells: float, *, memory_limit_GB: float = MEMORY_LIMIT_GB) -> None:
    """Refuse more cells than memory allows, before any is made.

    Raises:
        InputError: BYTES_PER_CELL × n_cells over the limit.
    """
    needed_GB = n_cells * BYTES_PER_CELL / 1e9
    if needed_GB > memory_limit_GB:
        most = int(memory_limit_GB * 1e9 / BYTES_PER_CELL)
        raise InputError(
            f"{n_cells:.4g} cells need about {needed_GB:.3g} GB, more than memory_limit_GB "
            f"{memory_limit_GB:g} (at most {most} cells); give a smaller tissue or a higher limit"
        )
