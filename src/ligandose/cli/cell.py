"""The command cell: S values of a cell's parts, and the specific energy of alphas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ligandose.cli.documents import Wanted, computed, deliver, scientific, share, write_folder
from ligandose.cli.output import print_rows
from ligandose.cli.progress import Part

if TYPE_CHECKING:
    from ligandose.dose import AlphaEvents, Cell
    from ligandose.transport import RadialKernel

SECONDS_PER_DAY = 86400.0
KINDS = ("alpha", "electron", "photon")
SOURCE_LABELS = {
    "cell_surface": "Cell surface",
    "cytoplasm": "Cytoplasm",
    "nucleus": "Nucleus",
    "whole_cell": "Whole cell",
}
CURVE_POINTS = 121
EVENT_BINS = 80
OMISSIONS = (
    "Liquid water of 1 g/cm³ in and around the cell; spheres.",
    "Photons deposit where they interact (energy absorption, no scatter): a small part at this "
    "scale.",
)
ALPHA_OMISSIONS = (
    "Specific energy: independent tracks; range straggling, delta rays that leave the nucleus and "
    "recoil nuclei are left out.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a cell; lengths in µm."""

    nuclide: str
    cell_um: float
    nucleus_um: float
    offset_um: float
    target: str
    progeny: bool
    retained: float | Mapping[str, float]
    distance_um: tuple[float, ...]
    electrons: str
    horizon_d: float | None
    seed: int


def show_cell(asked: Asked, *, wanted: Wanted) -> None:
    """Show S of a part of a cell by where the decays are.

    Raises:
        UnknownNameError: an unknown nuclide, target, member or choice of electrons.
        InputError: a nucleus that does not fit, cells that overlap, a nuclide without emissions,
            or a folder that must not be replaced.
        OSError: the folder could not be written.
    """

    def make(progress: Part) -> dict[str, Any]:
        progress(0.0, "cell")
        return _document(asked)

    deliver(make, _print, _write, wanted)


def _document(asked: Asked) -> dict[str, Any]:
    from ligandose.dose import Cell, cell_kernel, cell_s_values, members_decays
    from ligandose.dose.regions import parameter
    from ligandose.nuclides import nuclide as nuclide_of

    name = nuclide_of(asked.nuclide).name
    cell = Cell(asked.cell_um, asked.nucleus_um, asked.offset_um)
    horizon_s = (
        parameter("chain", "horizon")
        if asked.horizon_d is None
        else asked.horizon_d * SECONDS_PER_DAY
    )
    chain: dict[str, Any] = {
        "progeny": asked.progeny,
        "retained": asked.retained,
        "horizon_s": horizon_s,
    }
    kept = asked.retained
    kernel = cell_kernel(name, electrons=asked.electrons, **chain)
    found = cell_s_values(kernel, cell, target=asked.target)
    inputs: dict[str, Any] = {
        "nuclide": name,
        "cell_radius_um": cell.radius_um,
        "nucleus_radius_um": cell.nucleus_radius_um,
        "nucleus_offset_um": cell.nucleus_offset_um,
        "target": asked.target,
        "progeny": asked.progeny,
        "retained": dict(kept) if isinstance(kept, Mapping) else kept,
        "horizon_s": horizon_s,
        "electrons": asked.electrons,
        "distance_um": list(asked.distance_um),
    }
    content: dict[str, Any] = {
        **inputs,
        "mass_kg": {part: cell.mass_kg(part) for part in ("nucleus", "cytoplasm", "cell")},
        "members": members_decays(name, **chain),
        "emitted_keV_per_decay": dict(zip(KINDS, kernel.emitted_keV.tolist(), strict=True)),
        "unit": "Gy/(Bq s)",
        "s_Gy_per_Bq_s": found.by_source(),
        "cross_s_Gy_per_Bq_s": _cross(kernel, cell, asked),
        "energy_within": _within(kernel, cell),
        "specific_energy": _specific_energy(name, cell, asked, chain) if _has(kernel) else None,
        "omissions": [*OMISSIONS, *(ALPHA_OMISSIONS if _has(kernel) else ())],
    }
    return computed("cell", content, inputs=inputs, seed=asked.seed if _has(kernel) else None)


def _has(kernel: RadialKernel) -> bool:
    """Return whether alphas are emitted."""
    return bool(kernel.emitted_keV[0] > 0.0)


def _cross(kernel: RadialKernel, cell: Cell, asked: Asked) -> dict[str, Any] | None:
    """Return S from an equal cell at each distance, by source; None where none is asked for."""
    from ligandose.dose import cross_s_values
    from ligandose.dose.cell_geometry import SOURCES

    if not asked.distance_um:
        return None
    rows: dict[str, Any] = {}
    for source in SOURCES:
        s = cross_s_values(
            kernel, cell, cell, source=source, target=asked.target, distance_um=asked.distance_um
        )
        by_kind = {kind: row.tolist() for kind, row in zip(KINDS, s, strict=True)}
        rows[source] = {"total": s.sum(axis=0).tolist(), **by_kind}
    return {"distance_um": list(asked.distance_um), **rows}


def _within(kernel: RadialKernel, cell: Cell) -> dict[str, list[float]]:
    """Return the energy that a decay leaves within a distance, for the figure and for readers."""
    radius = np.geomspace(1e-3, max(1e3, 10.0 * cell.radius_um), CURVE_POINTS)
    within = kernel.energy_within_keV(radius)
    kinds = {f"{kind}_keV": row.tolist() for kind, row in zip(KINDS, within, strict=True)}
    return {"radius_um": radius.tolist(), **kinds}


def _specific_energy(
    name: str, cell: Cell, asked: Asked, chain: Mapping[str, Any]
) -> dict[str, Any]:
    """Return hits per decay and the single-event spectrum of the nucleus, by source."""
    from ligandose.dose import alpha_events
    from ligandose.dose.specific_energy import EVENT_SOURCES

    return {
        source: _events(
            alpha_events(name, cell, source=source, seed=asked.seed, **chain),
            per="hits_per_decay" if source in SOURCE_LABELS else "hits_per_decay_per_um3",
        )
        for source in EVENT_SOURCES
    }


def _events(events: AlphaEvents, *, per: str) -> dict[str, Any]:
    z, weight = events.specific_energy_Gy, events.weight
    top = float(z.max()) if z.size else 1.0
    density, edges = np.histogram(
        z, bins=EVENT_BINS, range=(0.0, top), weights=weight, density=bool(z.size)
    )
    return {
        per: events.hits_per_decay,
        "frequency_mean_Gy": events.frequency_mean_Gy,
        "dose_mean_Gy": events.dose_mean_Gy,
        "share_of_tracks": events.share_of_tracks(),
        "spectrum": {"edge_Gy": edges.tolist(), "per_Gy": density.tolist()},
    }


# ------------------------------------------------------------------ what people read


def _print(document: Mapping[str, Any]) -> None:
    s = document["s_Gy_per_Bq_s"]
    columns = ("Decays in", "S, Gy/(Bq s)", *(kind.capitalize() for kind in KINDS))
    rows = [
        (
            SOURCE_LABELS[source],
            scientific(value["total"]),
            *(share(value[kind], value["total"]) for kind in KINDS),
        )
        for source, value in s.items()
    ]
    print_rows(_title(document), columns, rows)
    _print_cross(document)
    _print_specific_energy(document)
    _print_foot(document)


def _title(document: Mapping[str, Any]) -> str:
    members = [name for name, count in document["members"].items() if count > 0.0]
    chain = " with its progeny" if len(members) > 1 else ""
    offset = document["nucleus_offset_um"]
    aside = f", {offset:g} µm off centre" if offset > 0.0 else ""
    return (
        f"{document['nuclide']}{chain}: dose to the {document['target']} of a cell of radius "
        f"{document['cell_radius_um']:g} µm, nucleus {document['nucleus_radius_um']:g} µm{aside}"
    )


def _print_cross(document: Mapping[str, Any]) -> None:
    cross = document["cross_s_Gy_per_Bq_s"]
    if cross is None:
        return
    print()
    columns = ("Distance, µm", *SOURCE_LABELS.values())
    rows = [
        (f"{apart:g}", *(scientific(cross[source]["total"][i]) for source in SOURCE_LABELS))
        for i, apart in enumerate(cross["distance_um"])
    ]
    print_rows("From an equal cell, S in Gy/(Bq s), by where it decays there", columns, rows)


def _print_specific_energy(document: Mapping[str, Any]) -> None:
    found = document["specific_energy"]
    if found is None:
        return
    print()
    columns = ("Decays in", "Hits per decay", "Mean per hit, Gy", "Dose mean, Gy", "Crossers")
    rows = [
        (
            SOURCE_LABELS[source],
            f"{found[source]['hits_per_decay']:.4g}",
            f"{found[source]['frequency_mean_Gy']:.4g}",
            f"{found[source]['dose_mean_Gy']:.4g}",
            share(found[source]["share_of_tracks"]["crosser"], 1.0),
        )
        for source in SOURCE_LABELS
    ]
    print_rows("Alphas through the nucleus", columns, rows)


def _print_foot(document: Mapping[str, Any]) -> None:
    emitted = document["emitted_keV_per_decay"]
    parts = ", ".join(f"{kind} {emitted[kind]:.5g} keV" for kind in KINDS if emitted[kind] > 0.0)
    print(f"\nEmitted per decay: {parts}.")
    members = document["members"]
    if len(members) > 1:
        named = ", ".join(f"{name} {count:.4g}" for name, count in members.items())
        print(f"Decays in place: {named}.")


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.cell_figure import cell_figure
    from ligandose.report.tables import table

    s = document["s_Gy_per_Bq_s"]
    columns = ("source", "total_Gy_per_Bq_s", *(f"{kind}_Gy_per_Bq_s" for kind in KINDS))
    rows = [
        [source, value["total"], *(value[kind] for kind in KINDS)] for source, value in s.items()
    ]
    tables = [table("s_values", columns, rows)]
    cross = document["cross_s_Gy_per_Bq_s"]
    if cross is not None:
        tables.append(
            table(
                "cross_s_values",
                ("distance_um", *columns),
                [
                    [apart, source, *(cross[source][kind][i] for kind in ("total", *KINDS))]
                    for i, apart in enumerate(cross["distance_um"])
                    for source in SOURCE_LABELS
                ],
            )
        )
    return write_folder(document, out, tables=tables, figures=[cell_figure(document)])
