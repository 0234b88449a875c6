"""The paper that figures are drawn on: one style, fixed layout, the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from math import ceil
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from ligandose.report.contract import Curve
from ligandose.report.tables import Table
from ligandose.report.text import MINUS, is_number, superscript

matplotlib: Any = mpl
INK = "#1b1f24"
SOFT = "#57606a"
RULE = "#e4e8ec"
BLUE, VERMILION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"
PURPLE, SKY = "#cc79a7", "#56b4e9"
WIDTH_IN = 9.2
BAND_ALPHA = 0.22

_REGION_COLOURS = {
    "kidneys": BLUE,
    "salivary_glands": ORANGE,
    "liver": GREEN,
    "spleen": PURPLE,
    "red_marrow": SKY,
}
_SVG_FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
)


Axes = Any
"""matplotlib's Axes; its stubs leave keyword arguments unknown, which strict typing rejects."""


@dataclass(frozen=True)
class Figure:
    """A finished figure: both pictures, the numbers drawn, and words that describe it."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    png: bytes
    data: Table


def region_colour(region: str) -> str:
    """Return the colour of a region in every figure; lesions share one, other organs another."""
    if region.startswith("lesion:"):
        return VERMILION
    return _REGION_COLOURS.get(region, SOFT)


@contextmanager
def house_style() -> Generator[None]:
    """Apply the style file of the report, and nothing of the user's own settings."""
    path = resources.files("ligandose.report") / "ligandose.mplstyle"
    with resources.as_file(path) as file, matplotlib.rc_context():
        matplotlib.rcdefaults()
        house: dict[str, Any] = matplotlib.rc_params_from_file(file, use_default_template=False)
        matplotlib.rcParams.update(house)
        yield


def sheet(width_in: float, height_in: float) -> Any:
    """Return an empty figure without any global state."""
    return Sheet(figsize=(width_in, height_in))


def place(paper: Any, left_in: float, top_in: float, width_in: float, height_in: float) -> Axes:
    """Add axes by inches from the left and top edge of the paper."""
    width, height = paper.get_size_inches()
    box = (
        left_in / width,
        1.0 - (top_in + height_in) / height,
        width_in / width,
        height_in / height,
    )
    return paper.add_axes(box)


def panels(
    count: int, columns: int, *, panel_height_in: float = 1.35, foot_in: float = 0.3
) -> tuple[Any, list[Axes]]:
    """Return a figure with `count` equal panels, and the panels in reading order."""
    columns = max(1, min(columns, count))
    rows = ceil(count / columns)
    left, right, gap, head = 0.55, 0.2, 0.55, 0.5
    each = (WIDTH_IN - left - right - gap * (columns - 1)) / columns
    pitch = head + panel_height_in + foot_in
    last_foot = 0.46
    paper = sheet(WIDTH_IN, rows * pitch - foot_in + last_foot)
    axes = [
        place(
            paper,
            left + (i % columns) * (each + gap),
            head + (i // columns) * pitch,
            each,
            panel_height_in,
        )
        for i in range(count)
    ]
    return paper, axes


def heading(axes: Axes, title: str, unit: str) -> None:
    """Write the panel's title and, beneath it, what the vertical axis shows with its unit."""
    axes.annotate(
        title, (0, 1), (0, 17), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, fontweight="bold", va="baseline", annotation_clip=False,
    )  # fmt: skip
    axes.annotate(
        unit, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points",
        fontsize=8, color=SOFT, va="baseline", annotation_clip=False,
    )  # fmt: skip


def axis_number(value: float, _position: int | None = None) -> str:
    """Return a tick label: 0.01, 1, 1000, and 10⁻⁵ or 2×10⁻⁵ where that is shorter."""
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.0e}".partition("e")
        power = f"10{superscript(str(int(exponent)))}"
        return power if mantissa == "1" else f"{mantissa.replace('-', MINUS)}×{power}"
    return f"{value:.10g}".replace("-", MINUS)


def few_ticks() -> MaxNLocator:
    """Return a locator for a small panel."""
    return MaxNLocator(nbins=4, steps=[1, 2, 5, 10], min_n_ticks=3)


def tick_formatter() -> FuncFormatter:
    """Return the formatter of every linear axis."""
    return FuncFormatter(axis_number)


def log_axis(axes: Axes, which: str, *, low: float, high: float, minor: bool = True) -> None:
    """Make one axis logarithmic: labels at decades, or between them too where it is short."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    ratio = high / low
    between = (1.0, 2.0, 5.0) if ratio < 60 else (1.0, 3.0) if ratio < 2e3 else (1.0,)
    axis.set_major_locator(LogLocator(base=10, subs=between))
    fine = LogLocator(base=10, subs=tuple(range(2, 10)), numticks=20)
    axis.set_minor_locator(fine if minor else NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(axis_number))


def ticks(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Put ticks of one axis at given values."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(list(values)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(axis_number))


def draw_band(axes: Axes, x: Sequence[float], curve: Curve, colour: str, **line: Any) -> None:
    """Draw the 90 % interval as a band and the median as a line."""
    axes.fill_between(x, curve["p05"], curve["p95"], color=colour, alpha=BAND_ALPHA, linewidth=0)
    axes.plot(x, curve["median"], color=colour, **{"linestyle": "-", **line})


def finite(values: Sequence[float | None]) -> list[float]:
    """Return the values that are finite numbers."""
    return [float(v) for v in values if v is not None and is_number(v)]


def finished(paper: Any, name: str, *, title: str, caption: str, alt: str, data: Table) -> Figure:
    """Write the figure as SVG and PNG whose bytes depend on nothing but what is drawn."""
    svg = io.StringIO()
    paper.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    png = io.BytesIO()
    paper.savefig(png, format="png", metadata={"Software": None, "Title": title})
    return Figure(name, title, caption, alt, _trimmed(svg.getvalue(), name), png.getvalue(), data)


_LONG_DECIMALS = re.compile(r"(\.\d\d)\d+")
_GEOMETRY = re.compile(r' (?:d|x|y|points|transform)="[^"]*"')


def _trimmed(svg: str, name: str) -> str:
    """Shorten coordinates, make ids unique to the figure, and let the reader's system set the font.

    A hundredth of a point cannot be seen; ids must differ because one page holds several figures.
    """
    svg = _GEOMETRY.sub(lambda match: _LONG_DECIMALS.sub(r"\1", match[0]), svg)
    svg = re.sub(r"(\bid=\"|href=\"#|url\(#)", rf"\g<1>{name}-", svg)
    return svg.replace("'DejaVu Sans'", _SVG_FONT)


_THEMED = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    "#8b949e": "var(--soft)",
    RULE: "var(--rule)",
    "#ffffff": "var(--paper)",
    BLUE: "var(--blue)",
    VERMILION: "var(--vermilion)",
    GREEN: "var(--green)",
    ORANGE: "var(--orange)",
    PURPLE: "var(--purple)",
    SKY: "var(--sky)",
}


def inline_svg(figure: Figure) -> str:
    """Return the SVG element for an HTML page, coloured by the page's light or dark theme."""
    body = figure.svg[figure.svg.index("<svg") :]
    for colour, variable in _THEMED.items():
        body = body.replace(colour, variable)
    return re.sub(r"<svg [^>]*?viewBox=\"([^\"]+)\"[^>]*>", _svg_head, body, count=1, flags=re.S)


def _svg_head(match: re.Match[str]) -> str:
    return (
        f'<svg viewBox="{match[1]}" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" aria-hidden="true" focusable="false">'
    )


def percent_formatter() -> FuncFormatter:
    """Return a formatter that shows fractions in per cent."""
    return FuncFormatter(_percent_number)


def _percent_number(value: float, _position: int | None = None) -> str:
    return axis_number(round(100.0 * value, 6))
