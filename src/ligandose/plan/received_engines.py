"""The voxel engines side by side: by region, and where kernel and local deposition fail.

Local deposition and kernels cost little, so both are worked out beside whatever engine was asked
for. Kinds of tissue follow from the density; a border is a voxel whose neighbour (by a face) is of
another kind. What the engines miss there was measured against Monte Carlo and PENELOPE:
docs/voxel-dose.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import region_dose
from ligandose.imaging import Region
from ligandose.plan.received_images import WHOLE, Measured
from ligandose.plan.received_voxels import VoxelResult

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Mask = NDArray[np.bool_]
LUNG_BELOW_G_CM3, BONE_FROM_G_CM3 = 0.6, 1.2
"""Between the densities of lung and fat, and above that of spongiosa, in materials.csv."""
BODY_FROM_G_CM3 = 0.05
LEAST_VOXELS = 20
"""Of fewer voxels no mean is shown."""
WHERE_THEY_FAIL = (
    "Local deposition has no cross-fire: nothing is given to a voxel without activity. In a ball "
    "of 24 mm radius in soft tissue it is −0.1 % (Lu-177), +11 % (Y-90) and −8 % (I-131) off Monte "
    "Carlo; in lung +3 %, +39 % and +2 %.",
    "Edges: what an image shows beside a source is the camera's blur, and electrons of Y-90 leave "
    "over 4 mm; doses of single voxels at the rim of a region are known least.",
    "Kernels at a border of lung and soft tissue: the last voxel of tissue −4 % (Lu-177), −24 % "
    "(Y-90), −5 % (I-131), the first of lung +5 %, +51 %, +8 %; lung within 8 mm of a lesion in it "
    "+6 %, +32 %, +6 %, far too low beyond. The lesion itself is right within 0.5 %.",
    "Kernels in bone: active bone within 0.3 %, soft tissue beside it up to 5 % too high; with "
    "most of the activity elsewhere bone is up to 2.5 % too low.",
    "Use --engine mc in lung, at its borders and in bone. Measured on balls and slabs of voxels of "
    "4 mm (docs/voxel-dose.md).",
)


def engines_document(found: Measured, result: VoxelResult, engine: str) -> dict[str, Any]:
    """Return mean doses by region and by kind of tissue for every engine that was worked out.

    `reference` is Monte Carlo where it was asked for, else the kernels; ratios are to it.
    """
    first = found.scans[0]
    density = first.density_g_cm3
    assert density is not None
    doses = {engine: result.dose.dose_Gy, **{k: d.dose_Gy for k, d in result.others.items()}}
    reference = "mc" if "mc" in doses else "kernel"
    regions: list[dict[str, Any]] = []
    for region in first.regions:
        if region.name == WHOLE:
            continue
        means = {
            name: region_dose(
                dose[region.box], region.share, spacing_mm=first.grid.spacing_mm,
                density_g_cm3=density[region.box],
            ).mean
            for name, dose in doses.items()
        }  # fmt: skip
        regions.append({"region": region.name, "dose_Gy": means, "ratio": _ratio(means, reference)})
    kinds: list[dict[str, Any]] = []
    for name, mask in tissue_kinds(density).items():
        voxels = int(mask.sum())
        if voxels < LEAST_VOXELS:
            continue
        weight = density[mask].astype(np.float64)
        means = {k: float(np.average(dose[mask], weights=weight)) for k, dose in doses.items()}
        kinds.append(
            {"kind": name, "voxels": voxels, "dose_Gy": means, "ratio": _ratio(means, reference)}
        )
    return {
        "reference": reference, "regions": regions, "kinds": kinds,
        "where_they_fail": list(WHERE_THEY_FAIL),
    }  # fmt: skip


def _ratio(means: dict[str, float], reference: str) -> dict[str, float | None]:
    base = means[reference]
    return {k: v / base if base > 0.0 else None for k, v in means.items() if k != reference}


def tissue_kinds(density_g_cm3: Values) -> dict[str, Mask]:
    """Return masks of soft tissue, lung and bone away from borders, and of the borders."""
    lung = (density_g_cm3 >= BODY_FROM_G_CM3) & (density_g_cm3 < LUNG_BELOW_G_CM3)
    bone = density_g_cm3 >= BONE_FROM_G_CM3
    soft = (density_g_cm3 >= LUNG_BELOW_G_CM3) & ~bone
    beside = {"lung": _grown(lung), "bone": _grown(bone), "soft": _grown(soft)}
    return {
        "soft tissue": soft & ~beside["lung"] & ~beside["bone"],
        "lung": lung & ~beside["soft"] & ~beside["bone"],
        "bone": bone,
        "soft tissue at lung": soft & beside["lung"],
        "lung at soft tissue": lung & beside["soft"],
        "soft tissue at bone": soft & beside["bone"] & ~beside["lung"],
    }


def _grown(mask: Mask) -> Mask:
    """Return voxels that are in a mask or share a face with one of it."""
    found = mask.copy()
    for axis in range(3):
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        found[tuple(low)] |= mask[tuple(high)]
        found[tuple(high)] |= mask[tuple(low)]
    return found


def monte_carlo_document(found: Measured, result: VoxelResult) -> dict[str, Any] | None:
    """Return histories and median relative standard errors of the voxels of each region."""
    sd = result.dose.sd_Gy
    if sd is None:
        return None
    return {
        "histories": result.dose.histories,
        "asked_in": list(result.asked_in),
        "median_relative_sd": result.dose.median_relative_sd,
        "regions": {
            r.name: _median_relative(r, result.dose.dose_Gy, sd)
            for r in found.scans[0].regions
            if r.name != WHOLE
        },
    }


def _median_relative(region: Region, dose: Values, sd: Values) -> float | None:
    mine = (region.share >= 0.5) & (dose[region.box] > 0.0)
    if not mine.any():
        return None
    relative = sd[region.box][mine].astype(np.float64) / dose[region.box][mine]
    return float(np.median(relative))
