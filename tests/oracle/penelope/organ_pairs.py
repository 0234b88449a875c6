"""Ten pairs of organs of the adult male as voxels, the same for PENELOPE and for the engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ligandose.hosts import phantom

HOST = "adult-male"
SPACING_MM = 5.0
OUTSIDE = 0
TARGETS = {
    "liver": ("lungs", "kidneys", "heart"),
    "kidneys": ("liver", "spleen", "bone_spine"),
    "spleen": ("kidneys", "pancreas", "stomach_contents", "lungs"),
}
ENERGIES_KEV = (30.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True)
class LabelMap:
    """Voxels (nx, ny, nz) with a name, material and density for every label but OUTSIDE."""

    labels: np.ndarray
    name: dict[int, str]
    material: dict[int, str]
    density_g_cm3: dict[int, float]

    def label(self, name: str) -> int:
        """Return the label of a name."""
        return next(k for k, v in self.name.items() if v == name)

    @property
    def digest(self) -> str:
        """First digits of a checksum: stored results hold for this geometry only."""
        text = repr(
            sorted((n, self.material[k], self.density_g_cm3[k]) for k, n in self.name.items())
        )
        return hashlib.sha256(self.labels.tobytes() + text.encode()).hexdigest()[:12]


def label_map() -> LabelMap:
    """Return the voxels; organs outside the pairs are merged by material and density."""
    person = phantom(HOST)
    grid, _ = person.label_map(SPACING_MM)
    named = sorted({*TARGETS, *(t for targets in TARGETS.values() for t in targets)})
    label_of: dict[tuple[str, str, float], int] = {}
    table = np.zeros(len(person.regions) + 1, np.uint8)
    for i, region in enumerate(person.regions):
        material = person.region_medium[i]
        density = round(float(person.region_density_g_cm3[i]), 6)
        name = region if region in named else f"other {material} {density:g}"
        table[i + 1] = label_of.setdefault((name, material, density), len(label_of) + 1)
    return LabelMap(
        table[grid],
        {k: name for (name, _, _), k in label_of.items()},
        {k: material for (_, material, _), k in label_of.items()},
        {k: density for (_, _, density), k in label_of.items()},
    )
