"""What a nuclide and its chain emit, and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np

from ligandose.nuclides import spectrum_curves
from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure
from ligandose.report.contract import records
from ligandose.report.tables import Table, Value, table
from ligandose.report.text import nuclide_label, number, rounded

KINDS: dict[str, tuple[str, str]] = {  # in the order in which they are drawn
    "alpha": ("Alpha particles", canvas.VERMILION),
    "recoil": ("Recoil nuclei", canvas.PURPLE),
    "beta": ("Beta particles", canvas.BLUE),
    "electron": ("Conversion and Auger electrons", canvas.GREEN),
    "gamma": ("Gamma rays", canvas.ORANGE),
    "x": ("X rays", canvas.SKY),
    "annihilation": ("Annihilation photons", INK),
}
_PANEL_OF = {"auger": "electron", "conversion": "electron"}
_DRAWN = ("alpha", "electron", "gamma", "x", "annihilation")
WEAKEST_YIELD = 1e-5
WEAKEST_MEMBER = 1e-6
MOST_LABELS = 5
LABEL_FLOOR = 0.01
_LINE_STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))


@dataclass(frozen=True)
class Line:
    """A discrete emission, its yield per decay of the parent."""

    nuclide: str
    kind: str
    energy_keV: float
    yield_per_decay: float


@dataclass(frozen=True)
class Spectrum:
    """A continuous spectrum, (points,), per decay of the parent and keV."""

    nuclide: str
    kind: str
    energy_keV: tuple[float, ...]
    per_decay_per_keV: tuple[float, ...]


@dataclass(frozen=True)
class Emitted:
    """Everything that is emitted per decay of the parent `nuclide`."""

    nuclide: str
    lines: tuple[Line, ...]
    spectra: tuple[Spectrum, ...]


def emitted_by(curves: Mapping[str, Any], *, weight: float = 1.0) -> Emitted:
    """Return what one nuclide emits, from `ligandose.nuclides.spectrum_curves`.

    Args:
        curves: `name`, `beta` (energy_keV, electrons_per_keV, positrons_per_keV) and `lines`
            (by kind: energy_keV, yield_per_decay).
        weight: decays of this nuclide per decay of the parent.
    """
    name = str(curves["name"])
    lines = [
        Line(name, str(kind), float(energy), weight * float(amount))
        for kind, found in curves["lines"].items()
        for energy, amount in zip(found["energy_keV"], found["yield_per_decay"], strict=True)
    ]
    beta = curves["beta"]
    spectra: list[Spectrum] = []
    for kind, key in (("β⁻", "electrons_per_keV"), ("β⁺", "positrons_per_keV")):
        density = weight * np.asarray(beta[key], float)
        if density.size and float(density.max()) > 0.0:
            energies = tuple(float(e) for e in beta["energy_keV"])
            spectra.append(Spectrum(name, kind, energies, tuple(float(d) for d in density)))
    return Emitted(name, tuple(lines), tuple(spectra))


def emitted_by_chain(document: Mapping[str, Any]) -> Emitted:
    """Return what a nuclide and its progeny emit per decay of the nuclide.

    Members are weighted with the decays per parent decay that the document states; without a
    chain in the document the nuclide stands alone.
    """
    name = str(document["name"])
    parts = [
        emitted_by(spectrum_curves(str(m["name"])), weight=float(m["decays_per_parent_decay"]))
        for m in chain_members(document)
        if float(m["decays_per_parent_decay"]) > WEAKEST_MEMBER
    ]
    lines = tuple(line for part in parts for line in part.lines)
    return Emitted(name, lines, tuple(s for part in parts for s in part.spectra))


def chain_members(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the members of the chain, or the nuclide alone where no chain is stated."""
    chain: Mapping[str, Any] = document.get("chain") or {}
    return records(chain, "members") or [{**document, "decays_per_parent_decay": 1.0}]


def spectrum_figure(emitted: Emitted) -> Figure | None:
    """Draw the beta spectra and the lines of a nuclide (with its chain), a panel for each kind."""
    lines = _lines_by_panel(emitted.lines)
    if not lines and not emitted.spectra:
        return None
    count = len(lines) + bool(emitted.spectra)
    paper, axes = canvas.panels(count, 2, panel_height_in=1.7, foot_in=0.5)
    remaining = iter(axes)
    if emitted.spectra:
        _beta_panel(next(remaining), emitted.spectra)
    for kind, found in lines.items():
        _line_panel(next(remaining), kind, found, emitted.nuclide)
    name = nuclide_label(emitted.nuclide)
    others = {line.nuclide for line in emitted.lines} | {s.nuclide for s in emitted.spectra}
    chain = " with all its progeny in equilibrium" if others - {emitted.nuclide} else ""
    return canvas.finished(
        paper,
        "nuclide_spectrum",
        title=f"Emissions of {name}{chain}",
        caption=f"Per decay of {name}. Numbers at the lines: energy in keV. Lines below "
        f"{number(WEAKEST_YIELD, 1)} per decay and recoil nuclei are in the table only.",
        alt=f"Energy and yield of what {name} emits, by kind.",
        data=emission_table(emitted),
    )


def _lines_by_panel(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        panel = _PANEL_OF.get(line.kind, line.kind)
        if panel in _DRAWN and line.yield_per_decay >= WEAKEST_YIELD:
            found.setdefault(panel, []).append(line)
    return {kind: found[kind] for kind in _DRAWN if kind in found}


def _beta_panel(ax: Any, spectra: Sequence[Spectrum]) -> None:
    colours = (canvas.BLUE, canvas.VERMILION, canvas.GREEN, canvas.PURPLE, canvas.ORANGE, INK)
    top = max(max(s.per_decay_per_keV) for s in spectra)
    shown = [s for s in spectra if max(s.per_decay_per_keV) > 0.01 * top]
    for i, spectrum in enumerate(shown):
        x, y = spectrum.energy_keV, spectrum.per_decay_per_keV
        colour = colours[i % len(colours)]
        ax.plot(x, y, color=colour, linestyle=_LINE_STYLES[i % len(_LINE_STYLES)])
        if len(shown) == 1:
            ax.fill_between(x, y, color=colour, alpha=canvas.BAND_ALPHA, linewidth=0)
        _label_spectrum(ax, spectrum, [s for s in shown if s is not spectrum])
    ax.set_xlim(0, max(s.energy_keV[-1] for s in shown))
    ax.set_ylim(0, 1.2 * top)
    ax.yaxis.set_major_locator(canvas.few_ticks())
    ax.yaxis.set_major_formatter(canvas.tick_formatter())
    canvas.heading(ax, KINDS["beta"][0], "Particles per decay and keV")
    ax.set_xlabel("Energy, keV")


def _label_spectrum(ax: Any, spectrum: Spectrum, others: Sequence[Spectrum]) -> None:
    """Name a curve where it is far from the others, or on its way down if it is alone."""
    x, y = np.asarray(spectrum.energy_keV), np.asarray(spectrum.per_decay_per_keV)
    room = 0.6 * y
    for other in others:
        there = np.interp(x, other.energy_keV, other.per_decay_per_keV, right=0.0)
        room = np.minimum(room, np.abs(y - there))
    at = int(np.argmax(np.where(y >= 0.2 * y.max(), room, -1.0)))
    if not others:
        at = int(np.flatnonzero(y >= y.max() / 3.0)[-1])
    ax.annotate(
        f"{nuclide_label(spectrum.nuclide)} {spectrum.kind}", (x[at], y[at]), (6, 4),
        textcoords="offset points", fontsize=8,
    )  # fmt: skip


def _line_panel(ax: Any, kind: str, lines: Sequence[Line], parent: str) -> None:
    title, colour = KINDS[kind]
    energies = [line.energy_keV for line in lines]
    yields = [line.yield_per_decay for line in lines]
    ax.vlines(energies, 0.1 * WEAKEST_YIELD, yields, color=colour, linewidth=1.0)
    ax.plot(energies, yields, ".", color=colour, markersize=3.5)
    low = 10.0 ** floor(log10(0.7 * min(yields)))
    canvas.log_axis(ax, "y", low=low, high=max(yields) * (max(yields) / low) ** 0.28)
    spread = max(energies) / max(min(energies), 1e-3)
    if spread > 50:
        canvas.log_axis(ax, "x", low=min(energies) / 1.5, high=max(energies) * 1.5)
    else:
        margin = 0.08 * (max(energies) - min(energies)) or 0.05 * max(energies)
        ax.set_xlim(max(0.0, min(energies) - margin), max(energies) + 2 * margin)
        ax.xaxis.set_major_formatter(canvas.tick_formatter())
    _label_strongest(ax, lines, parent)
    canvas.heading(ax, title, "Yield per decay (logarithmic)")
    ax.set_xlabel("Energy, keV (logarithmic)" if spread > 50 else "Energy, keV")


def _label_strongest(ax: Any, lines: Sequence[Line], parent: str) -> None:
    """Name the strongest lines, as many as fit without touching each other."""
    taken: list[float] = []
    strongest = max(line.yield_per_decay for line in lines)
    names = {line.nuclide for line in lines} != {parent}
    for line in sorted(lines, key=lambda entry: -entry.yield_per_decay):
        point = (line.energy_keV, line.yield_per_decay)
        x = float(ax.transAxes.inverted().transform(ax.transData.transform(point))[0])
        if len(taken) == MOST_LABELS or point[1] < LABEL_FLOOR * strongest:
            return
        if any(abs(x - other) < (0.115 if names else 0.09) for other in taken):
            continue
        taken.append(x)
        words = f"{nuclide_label(line.nuclide)}\n" if names else ""
        ax.annotate(
            f"{words}{rounded(point[0])}", point, (0, 4), textcoords="offset points",
            ha="left" if x < 0.06 else "right" if x > 0.94 else "center", fontsize=7.5,
            color=SOFT, linespacing=1.15,
        )  # fmt: skip


def emission_table(emitted: Emitted) -> Table:
    """Return every line and every point of the spectra."""
    rows: list[list[Value]] = [
        [line.nuclide, line.kind, line.energy_keV, line.yield_per_decay, None]
        for line in emitted.lines
    ]
    for spectrum in emitted.spectra:
        pairs = zip(spectrum.energy_keV, spectrum.per_decay_per_keV, strict=True)
        rows += [[spectrum.nuclide, f"{spectrum.kind} spectrum", x, None, y] for x, y in pairs]
    columns = ["nuclide", "kind", "energy_keV", "yield_per_decay", "per_decay_per_keV"]
    return table("nuclide_spectrum", columns, rows)
