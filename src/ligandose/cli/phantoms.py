"""The command that shows a reference adult: phantom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose.cli.documents import MISSING, Wanted, computed, deliver
from ligandose.cli.output import print_rows
from ligandose.cli.progress import Part

if TYPE_CHECKING:
    from ligandose.hosts import Phantom

FILES = (
    "label_map.nii.gz", "labels.csv", "labels.json", "manifest.json", "phantom.csv",
    "phantom.png", "phantom.svg",
)  # fmt: skip


def show_phantom(host: str, *, spacing_mm: float, wanted: Wanted) -> None:
    """Show the regions of a reference adult; into a folder, slices and a label map too.

    Raises:
        UnknownNameError: not a phantom of the catalogue.
        InputError: too many voxels, or a folder that must not be replaced.
        OSError: the folder could not be written.
    """

    def make(progress: Part) -> dict[str, Any]:
        progress(0.0, host)
        return _document(host, spacing_mm, written=wanted.out is not None)

    deliver(make, _print_regions, _write, wanted)


def _document(host: str, spacing_mm: float, *, written: bool) -> dict[str, Any]:
    from ligandose.hosts import phantom

    person = phantom(host)
    regions = _regions(person)
    content: dict[str, Any] = {
        "host": person.name,
        "regions": regions,
        "masses_kg": {region["region"]: region["mass_kg"] for region in regions},
        "body_mass_kg": sum(region["mass_kg"] for region in regions),
        "spacing_mm": spacing_mm,
        "files": list(FILES) if written else [],
    }
    return computed("phantom", content, inputs={"host": host, "spacing_mm": spacing_mm})


def _regions(person: Phantom) -> list[dict[str, Any]]:
    """Return the regions with their label in the map, the heaviest first."""
    found = [
        {
            "region": region,
            "label": i + 1,
            "medium": person.region_medium[i],
            "density_g_cm3": float(person.region_density_g_cm3[i]),
            "volume_cm3": float(person.region_volume_cm3[i]),
            "mass_kg": float(person.region_mass_kg[i]),
            "reference_mass_kg": _or_none(float(person.region_reference_kg[i])),
        }
        for i, region in enumerate(person.regions)
    ]
    return sorted(found, key=lambda region: -region["mass_kg"])


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report import write_phantom

    return write_phantom(document["host"], out, spacing_mm=document["spacing_mm"])


def _print_regions(document: Mapping[str, Any]) -> None:
    columns = ("Region", "Label", "Mass, kg", "ICRP-89, kg", "Volume, cm³", "g/cm³", "Medium")
    rows = [
        (
            region["region"],
            str(region["label"]),
            f"{region['mass_kg']:.4g}",
            MISSING
            if region["reference_mass_kg"] is None
            else f"{region['reference_mass_kg']:.4g}",
            f"{region['volume_cm3']:.4g}",
            f"{region['density_g_cm3']:g}",
            region["medium"],
        )
        for region in document["regions"]
    ]
    title = f"Phantom {document['host']}, {document['body_mass_kg']:.1f} kg in all"
    print_rows(title, columns, rows)
