"""The map of an explanation: targets by nuclides, drawn as a screen draws its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ligandose.report.canvas import Figure
from ligandose.report.screen_figures import map_figure


def target_map(found: Mapping[str, Any]) -> Figure:
    """Return the map of a screen or of an explanation under its name here."""
    drawn = map_figure(found)
    return replace(drawn, name="map", data=replace(drawn.data, name="map"))
