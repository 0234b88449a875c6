"""Absorbed dose per decay between regions: the interface.

Axes: patient, target region, source region, radiation (`RADIATIONS`), nuclide.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class SValues(Protocol):
    """Absorbed dose per decay, S(target ← source), for whole populations.

    `regions` names both the target and the source axis; `nuclides` the nuclide axis.
    """

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions, in the order of the target and source axes."""
        ...

    @property
    def nuclides(self) -> tuple[str, ...]:
        """Nuclides, in the order of the nuclide axis."""
        ...

    def s_Gy_per_Bq_s(
        self, nuclide: str, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return S, shape (patients, targets, sources, 3 radiations), Gy/(Bq s)."""
        ...

    def dose_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return Σ over sources and nuclides of TIA × S, (patients, targets, 3), Gy."""
        ...

    def omissions(self) -> list[str]:
        """Return what these values leave out, one sentence each."""
        ...
