"""A report as PDF for paper: text and tables on plain pages, figures as pictures.

matplotlib writes it, which is there already; the HTML page is the complete one.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.image
from matplotlib.backends.backend_pdf import PdfPages

from ligandose.report import canvas
from ligandose.report.canvas import INK, SOFT, Figure, house_style
from ligandose.report.compose import Report, Section
from ligandose.report.summary import PATIENT_USE
from ligandose.report.tables import TextTable

WIDTH_IN, HEIGHT_IN = 8.27, 11.69
MARGIN_IN = 0.7
LINE_IN = 0.17
TABLE_CHARACTERS = 112
"""Characters of the small type that fit between the margins."""
SECTION_IN = 1.8
"""A section begins on a new page where less is left: its title is not alone there."""
_pdf: Any = PdfPages
_image: Any = matplotlib.image


class _Paper:
    """Pages that are filled from the top."""

    def __init__(self, pages: Any, foot: str) -> None:
        self.pages, self.foot = pages, foot
        self.page: Any = None
        self.left = 0.0
        self.number = 0

    def need(self, height_in: float) -> None:
        """Begin a page where less is left."""
        if self.page is not None and self.left >= height_in:
            return
        self.close()
        self.page = canvas.sheet(WIDTH_IN, HEIGHT_IN)
        self.number += 1
        self.left = HEIGHT_IN - 2 * MARGIN_IN
        self._put(f"{self.foot} · page {self.number}", MARGIN_IN, 0.4, 6.5, SOFT, "normal")

    def _put(
        self, text: str, x_in: float, y_in: float, size: float, colour: str, weight: str,
        family: str | None = None,
    ) -> None:  # fmt: skip
        self.page.text(
            x_in / WIDTH_IN, y_in / HEIGHT_IN, text, fontsize=size, color=colour,
            fontweight=weight, va="baseline", family=family,
        )  # fmt: skip

    def line(
        self, text: str, *, size: float = 8.5, colour: str = INK, weight: str = "normal",
        family: str | None = None, height_in: float = LINE_IN,
    ) -> None:  # fmt: skip
        """Write one line."""
        self.need(height_in)
        self.left -= height_in
        self._put(text, MARGIN_IN, MARGIN_IN + self.left, size, colour, weight, family)

    def space(self, height_in: float) -> None:
        """Leave a gap."""
        self.left -= height_in

    def picture(self, figure: Figure) -> None:
        """Place a figure at the width of the text."""
        pixels = _image.imread(io.BytesIO(figure.png), format="png")
        width = WIDTH_IN - 2 * MARGIN_IN
        height = width * pixels.shape[0] / pixels.shape[1]
        most = HEIGHT_IN - 2 * MARGIN_IN - 0.8
        if height > most:
            width, height = width * most / height, most
        self.need(height + 0.5)
        self.left -= height
        box = (
            MARGIN_IN / WIDTH_IN, (MARGIN_IN + self.left) / HEIGHT_IN, width / WIDTH_IN,
            height / HEIGHT_IN,
        )  # fmt: skip
        axes = self.page.add_axes(box)
        axes.imshow(pixels, interpolation="none", aspect="auto")
        axes.set_axis_off()

    def close(self) -> None:
        """Write the page."""
        if self.page is not None:
            self.pages.savefig(self.page)
            self.page = None


def report_pdf(report: Report) -> bytes:
    """Return a report as PDF; the same report gives the same bytes."""
    target = io.BytesIO()
    facts: dict[str, Any] = {"Title": report.title, "CreationDate": None, "Producer": None}
    with house_style(), _pdf(target, metadata=facts) as pages:
        paper = _Paper(pages, f"{report.title} · research software, not a medical device")
        paper.line(report.kind, colour=SOFT)
        paper.line(report.title, size=15, weight="bold", height_in=0.32)
        paper.line(report.subtitle, colour=SOFT)
        paper.space(0.1)
        _paragraph(paper, PATIENT_USE)
        for text in report.summary:
            _paragraph(paper, text)
        for section in report.sections:
            _section(paper, section)
        paper.close()
    return target.getvalue()


def _paragraph(paper: _Paper, text: str) -> None:
    for line in textwrap.wrap(text, 105):
        paper.line(line)
    paper.space(0.06)


def _section(paper: _Paper, section: Section) -> None:
    paper.need(SECTION_IN)
    paper.space(0.15)
    paper.line(section.title, size=11.5, weight="bold", height_in=0.28)
    for text in section.text:
        _paragraph(paper, text)
    for label, value in section.facts:
        _paragraph(paper, f"{label}: {value}")
    for item in section.items:
        _paragraph(paper, f"– {item}")
    for table in section.tables:
        _table(paper, table)
    for figure in section.figures:
        paper.picture(figure)
        _paragraph(paper, figure.caption)
    if section.anchor != "provenance":
        for table in section.folded:
            _table(paper, table)
    for label, text in section.code:
        _paragraph(paper, f"{label}: {text}")


def _table(paper: _Paper, table: TextTable) -> None:
    heads = [f"{c.heading}, {c.unit}" if c.unit else c.heading for c in table.columns]
    rows = [heads, *([str(cell) for cell in row] for row in table.rows)]
    widths = _widths(rows)
    paper.need(LINE_IN * min(len(rows) + 2, 8))
    paper.line(table.title, weight="bold")
    for number, row in enumerate(rows):
        cells = [textwrap.wrap(c, w) or [""] for c, w in zip(row, widths, strict=True)]
        for k in range(max(len(c) for c in cells)):
            parts = [
                (c[k] if k < len(c) else "").ljust(w) for c, w in zip(cells, widths, strict=True)
            ]
            paper.line(
                "  ".join(parts), size=6.0, family="monospace", height_in=0.115,
                weight="bold" if number == 0 else "normal",
            )  # fmt: skip
    for note in table.notes:
        _paragraph(paper, note)
    paper.space(0.1)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths of columns in characters; the widest give way first, headings wrap."""
    words = [max(len(word) for word in head.split()) for head in rows[0]]
    widths = [
        max(word, *(len(row[i]) for row in rows[1:])) if rows[1:] else word
        for i, word in enumerate(words)
    ]
    room = TABLE_CHARACTERS - 2 * (len(widths) - 1)
    least = 6
    while sum(widths) > room and max(widths) > least:
        widths[widths.index(max(widths))] -= 1
    return widths
