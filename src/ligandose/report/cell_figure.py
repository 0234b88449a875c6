"""The figure of one cell: how far a decay's energy goes, and what it gives by where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Axes, Figure, house_style
from ligandose.report.tables import Table, table
from ligandose.report.text import nuclide_label

KINDS = (
    ("alpha", canvas.VERMILION, "-."),
    ("electron", canvas.BLUE, "-"),
    ("photon", canvas.ORANGE, "--"),
)
SOURCES = (
    ("cell_surface", "Cell surface"),
    ("cytoplasm", "Cytoplasm"),
    ("nucleus", "Nucleus"),
    ("whole_cell", "Whole cell"),
)
EVENT_STYLES = (
    (canvas.ORANGE, "--"),
    (canvas.GREEN, "-."),
    (canvas.BLUE, "-"),
    (INK, ":"),
)
SMALLEST_SHARE = 1e-3
"""Radiations that carry less of the emitted energy are not drawn."""


def cell_figure(document: Mapping[str, Any]) -> Figure:
    """Return the figure of a `ligandose.cell` document.

    The energy of a decay within a distance; S by where the decays are; with alphas, the
    single-event spectra of the nucleus.
    """
    alphas = document["specific_energy"] is not None
    name = nuclide_label(str(document["nuclide"]))
    with house_style():
        paper, panels = canvas.panels(3 if alphas else 2, 3 if alphas else 2, panel_height_in=2.5)
        _draw_within(panels[0], document)
        _draw_s(panels[1], document)
        if alphas:
            _draw_events(panels[2], document)
        radii = (
            f"cell radius {document['cell_radius_um']:g} µm, nucleus radius "
            f"{document['nucleus_radius_um']:g} µm"
        )
        more = "; specific energy of the nucleus for one alpha track" if alphas else ""
        return canvas.finished(
            paper,
            "cell",
            title=f"{name} in a cell",
            caption=f"Energy of a decay within a distance (shaded: the diameters of nucleus and "
            f"cell), and dose to the {document['target']} per decay by where it is{more}; {radii}.",
            alt=f"Range of the emissions of {name} beside the size of a cell, and S values by "
            "source compartment.",
            data=_data(document),
        )


def _data(document: Mapping[str, Any]) -> Table:
    rows = [
        [source, kind, document["s_Gy_per_Bq_s"][source][kind]]
        for source, _ in SOURCES
        for kind in ("total", *(kind for kind, _, _ in KINDS))
    ]
    return table("cell", ("source", "radiation", "s_Gy_per_Bq_s"), rows)


def _drawn(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    emitted = document["emitted_keV_per_decay"]
    whole = sum(emitted.values())
    return [kind for kind in KINDS if emitted[kind[0]] > SMALLEST_SHARE * whole]


def _draw_within(axes: Axes, document: Mapping[str, Any]) -> None:
    curve = document["energy_within"]
    radius = np.array(curve["radius_um"])
    for size, alpha in ((document["cell_radius_um"], 0.10), (document["nucleus_radius_um"], 0.14)):
        axes.axvspan(radius[0], 2.0 * size, color=SOFT, alpha=alpha, linewidth=0)
    for kind, colour, style in _drawn(document):
        share = 100.0 * np.array(curve[f"{kind}_keV"]) / document["emitted_keV_per_decay"][kind]
        axes.plot(radius, share, color=colour, linestyle=style)
        at = int(np.argmin(np.abs(share - 0.5 * float(share.max()))))
        axes.annotate(
            kind.capitalize(), (radius[at], share[at]), (-4, 4), textcoords="offset points",
            color=colour, fontsize=8, fontweight="bold", ha="right",
        )  # fmt: skip
    canvas.log_axis(axes, "x", low=float(radius[0]), high=float(radius[-1]))
    axes.set_ylim(0.0, 105.0)
    axes.set_xlabel("Distance from the decay, µm")
    canvas.heading(axes, "How far the energy goes", "% of the energy, within the distance")


def _draw_s(axes: Axes, document: Mapping[str, Any]) -> None:
    s = document["s_Gy_per_Bq_s"]
    place = np.arange(len(SOURCES))[::-1]
    left = np.zeros(len(SOURCES))
    for kind, colour, _ in _drawn(document):
        part = np.array([s[source][kind] for source, _ in SOURCES])
        axes.barh(place, part, left=left, height=0.62, color=colour, label=kind)
        left = left + part
    for y, (_, label) in zip(place, SOURCES, strict=True):
        axes.annotate(
            label, (0.0, y + 0.33), (0, 1), textcoords="offset points", fontsize=8, color=INK
        )
    axes.set_yticks([])
    axes.set_ylim(-0.5, len(SOURCES) - 0.3)
    axes.set_xlim(0.0, 1.05 * float(left.max()))
    axes.set_xlabel("S, Gy/(Bq s)")
    canvas.heading(axes, f"Dose to the {document['target']}", "per decay, by where it is")


def _draw_events(axes: Axes, document: Mapping[str, Any]) -> None:
    found = document["specific_energy"]
    for (source, label), (colour, style) in zip(SOURCES, EVENT_STYLES, strict=True):
        spectrum = found[source]["spectrum"]
        edges, density = np.array(spectrum["edge_Gy"]), np.array(spectrum["per_Gy"])
        axes.plot(
            0.5 * (edges[1:] + edges[:-1]), density, color=colour, linestyle=style, label=label
        )
    axes.set_xlabel("Specific energy of one track, Gy")
    axes.set_ylim(bottom=0.0)
    axes.legend(fontsize=7, frameon=True, framealpha=0.8, edgecolor="none")
    canvas.heading(axes, "One alpha through the nucleus", "per Gy")
