"""What the solver is handed: names for the tuples of arrays that compiled code can take."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]
Tables: TypeAlias = tuple[Indices, Indices, Indices, Indices, Indices, Indices, Floats]
"""linear_source, linear_target, site_ligand, site_complex, occupant_pointer, _state, _weight."""
Entries: TypeAlias = tuple[Indices, Indices, Indices, Indices, Indices, Indices, Indices]
"""Nonzeros of W: linear source and target, site ligand and complex, occupants of both, diagonal."""
Program: TypeAlias = tuple[
    Indices, Indices, Indices, Indices, Indices, Indices, Indices, Indices,
    Indices, Indices, Indices, Indices, Indices, Indices, int,
]  # fmt: skip
"""Factorisation, triangular solves and number of nonzeros of `network.Elimination`."""
Rates: TypeAlias = tuple[Floats, Floats, Floats]
"""Linear rates (1/s), association rates (1/(nmol s)), capacities (nmol)."""
Observed: TypeAlias = tuple[Indices, Indices]
"""region_pointer, region_state."""
Workspace: TypeAlias = tuple[Floats, Floats, Floats, Floats, Floats, Floats]
"""W, its constant part, stages, dense output, new solution, right-hand side."""
