"""A dossier on exactly two pages of A4, as PDF.

matplotlib writes it. Type shrinks until both pages hold what they should; then the longest tables
lose their last rows and say so. The HTML page beside it is complete.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import matplotlib.image
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from ligandose.report import canvas
from ligandose.report.canvas import INK, RULE, SOFT, Figure, house_style
from ligandose.report.compose import Report, Section
from ligandose.report.summary import INTENDED_USE
from ligandose.report.tables import TextTable

WIDTH_IN, HEIGHT_IN, MARGIN_IN, FOOT_IN = 8.27, 11.69, 0.6, 0.75
ROOM_IN = WIDTH_IN - 2 * MARGIN_IN
TALL_IN = HEIGHT_IN - MARGIN_IN - FOOT_IN
FIRST_PAGE = ("evidence", "safety", "blueprint", "competitors")
BODY_PT, HEAD_PT, TITLE_PT, CAPTION_PT = 7.4, 9.5, 16.0, 6.5
LEADING = 1.32
GAP_IN, COLUMN_GAP_IN = 0.14, 0.14
BOLD = 1.12
"""Width of bold type over that of regular."""
SCALES = (1.0, 0.96, 0.92, 0.88, 0.84, 0.8)
LEAST_PICTURE_IN = 1.6
_pdf: Any = PdfPages
_image: Any = matplotlib.image
_measure: Any = TextToPath().get_text_width_height_descent


@dataclass(frozen=True)
class _Line:
    """Words on one line, with the room that it takes."""

    height_in: float
    parts: tuple[tuple[float, str, str], ...] = ()
    size_pt: float = BODY_PT
    weight: str = "normal"
    colour: str = INK
    rule: bool = False


def dossier_pdf(report: Report, picture: Figure | None = None) -> bytes:
    """Return a dossier as PDF of two pages; the same dossier gives the same bytes.

    Args:
        report: of `dossier_report`.
        picture: drawn where the second page has room.
    """
    first = tuple(s for s in report.sections if s.anchor in FIRST_PAGE)
    second = tuple(s for s in report.sections if s.anchor not in FIRST_PAGE)
    target = io.BytesIO()
    facts: dict[str, Any] = {"Title": report.title, "CreationDate": None, "Producer": None}
    with house_style(), _pdf(target, metadata=facts) as pages:
        for number, (head, sections) in enumerate(((True, first), (False, second)), start=1):
            paper = canvas.sheet(WIDTH_IN, HEIGHT_IN)
            left = _written(paper, _fitting(report, sections, head=head))
            if not head and picture is not None:
                _picture(paper, picture, left)
            _foot(paper, report, number)
            pages.savefig(paper)
    return target.getvalue()


# ------------------------------------------------------------------ what fits


def _fitting(report: Report, sections: Sequence[Section], *, head: bool) -> list[_Line]:
    """Return the lines of a page in the largest type that fits."""
    for scale in SCALES:
        lines = _lines(report, sections, scale, head=head)
        if _height_in(lines) <= TALL_IN:
            return lines
    kept = list(sections)
    while _height_in(lines := _lines(report, kept, SCALES[-1], head=head)) > TALL_IN:
        kept = _shorter(kept)
    return lines


def _height_in(lines: Sequence[_Line]) -> float:
    return sum(line.height_in for line in lines)


def _shorter(sections: Sequence[Section]) -> list[Section]:
    """Return the sections with the longest table shorter by a quarter, then with fewer words."""
    rows = [max((len(t.rows) for t in s.tables), default=0) for s in sections]
    most = max(rows)
    if most <= 1:
        return [
            replace(s, items=s.items[:1], text=s.text[:1], tables=s.tables[:1]) for s in sections
        ]
    keep = most - max(1, most // 4)
    longest = rows.index(most)
    tables = tuple(_first_rows(t, keep) for t in sections[longest].tables)
    return [replace(s, tables=tables) if i == longest else s for i, s in enumerate(sections)]


def _first_rows(table: TextTable, count: int) -> TextTable:
    if len(table.rows) <= count:
        return table
    return replace(table, rows=table.rows[:count], notes=("more on the HTML page",))


def _lines(report: Report, sections: Sequence[Section], scale: float, *, head: bool) -> list[_Line]:
    made: list[_Line] = []
    if head:
        made += _plain(report.kind, BODY_PT * scale, colour=SOFT)
        made += _plain(report.title, TITLE_PT * scale, weight="bold")
        made += _plain(report.subtitle, HEAD_PT * scale, colour=SOFT)
        made.append(_Line(0.06))
        for text in (*report.summary, INTENDED_USE):
            made += _plain(text, BODY_PT * scale, colour=SOFT if text == INTENDED_USE else INK)
    for section in sections:
        made += _section(section, scale)
    return made


def _section(section: Section, scale: float) -> list[_Line]:
    size = BODY_PT * scale
    made = [_Line(GAP_IN * scale), *_plain(section.title, HEAD_PT * scale, weight="bold")]
    for text in section.text:
        made += _plain(text, size)
    for table in section.tables:
        if len(section.tables) > 1:
            made += [_Line(0.04 * scale), *_plain(table.title, size, weight="bold")]
        made += _table(table, size)
    for item in section.items:
        made += _plain(f"– {item}", size)
    return made


def _plain(text: str, size: float, *, weight: str = "normal", colour: str = INK) -> list[_Line]:
    return [
        _Line(size * LEADING / 72.0, ((0.0, line, "left"),), size, weight, colour)
        for line in _wrapped(text, size, ROOM_IN)
    ]


def _table(table: TextTable, size: float) -> list[_Line]:
    """Return the lines of a table: heads, a rule, rows with wrapped cells."""
    heads = [f"{c.heading}, {c.unit}" if c.unit else c.heading for c in table.columns]
    widths = _widths(table, size)
    starts = [sum(widths[:k]) for k in range(len(widths))]
    made = [_Line(0.03)]
    for number, row in enumerate([heads, *table.rows]):
        type_pt = size * BOLD if number == 0 else size
        cells = [
            _wrapped(str(c), type_pt, w - COLUMN_GAP_IN) for c, w in zip(row, widths, strict=True)
        ]
        for k in range(max(len(c) for c in cells)):
            parts = tuple(
                (start + width - COLUMN_GAP_IN, cell[k], "right")
                if column.numeric
                else (start, cell[k], "left")
                for cell, start, width, column in zip(
                    cells, starts, widths, table.columns, strict=True
                )
                if k < len(cell)
            )
            made.append(
                _Line(
                    size * LEADING / 72.0,
                    parts,
                    size,
                    "bold" if number == 0 else "normal",
                    SOFT if number == 0 else INK,
                )
            )
        made[-1] = replace(made[-1], rule=True, height_in=made[-1].height_in + 0.02)
    for note in table.notes:
        made += _plain(note, size, colour=SOFT)
    return made


def _widths(table: TextTable, size: float) -> list[float]:
    """Return column widths that fill the page; the widest give way where there is too little.

    A heading may break before its unit.
    """
    natural: list[float] = []
    for k, column in enumerate(table.columns):
        head = max(_width(part, size) for part in (f"{column.heading},", column.unit))
        cells = [_width(str(row[k]), size) for row in table.rows]
        natural.append(COLUMN_GAP_IN + max([BOLD * head, *cells]))
    while sum(natural) > ROOM_IN:
        natural[natural.index(max(natural))] *= 0.97
    spare = ROOM_IN - sum(natural)
    return [n + spare / len(natural) for n in natural]


def _wrapped(text: str, size: float, room_in: float) -> list[str]:
    """Return the lines of a text that are no wider than the room."""
    if not text:
        return [""]
    if _width(text, size) <= room_in:
        return [text]
    share = room_in / _width(text, size)
    count = max(int(len(text) * share * 1.05), 4)
    while count > 4:
        lines = textwrap.wrap(text, count)
        if all(_width(line, size) <= room_in for line in lines):
            return lines
        count -= 1
    return textwrap.wrap(text, count)


@lru_cache(maxsize=8192)
def _width(text: str, size: float) -> float:
    """Return the width of a text in inches."""
    return float(_measure(text, FontProperties(size=size), False)[0]) / 72.0


# ------------------------------------------------------------------ drawing


def _written(paper: Any, lines: Sequence[_Line]) -> float:
    """Draw the lines from the top and return the room that is left, in."""
    left = TALL_IN
    for line in lines:
        left -= line.height_in
        y = (FOOT_IN + left + 0.03) / HEIGHT_IN
        for x, text, side in line.parts:
            paper.text(
                (MARGIN_IN + x) / WIDTH_IN, y, text, fontsize=line.size_pt, ha=side,
                va="baseline", color=line.colour, fontweight=line.weight,
            )  # fmt: skip
        if line.rule:
            _rule(paper, y - 0.03 / HEIGHT_IN)
    return left


def _rule(paper: Any, y: float) -> None:
    rule: Any = canvas.matplotlib.lines.Line2D(
        [MARGIN_IN / WIDTH_IN, 1.0 - MARGIN_IN / WIDTH_IN], [y, y], color=RULE, lw=0.5
    )
    paper.add_artist(rule)


def _picture(paper: Any, picture: Figure, left_in: float) -> None:
    """Place a figure in the room that is left at the foot of a page."""
    most = left_in - 0.7
    if most < LEAST_PICTURE_IN:
        return
    pixels = _image.imread(io.BytesIO(picture.png), format="png")
    width = min(ROOM_IN, most * pixels.shape[1] / pixels.shape[0])
    height = width * pixels.shape[0] / pixels.shape[1]
    top = FOOT_IN + left_in - 0.15
    box = (MARGIN_IN / WIDTH_IN, (top - height) / HEIGHT_IN, width / WIDTH_IN, height / HEIGHT_IN)
    axes = paper.add_axes(box)
    axes.imshow(pixels, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for k, line in enumerate(_wrapped(picture.caption, CAPTION_PT, ROOM_IN), start=1):
        y = (top - height - k * CAPTION_PT * LEADING / 72.0) / HEIGHT_IN
        paper.text(MARGIN_IN / WIDTH_IN, y, line, fontsize=CAPTION_PT, color=SOFT, va="baseline")


def _foot(paper: Any, report: Report, number: int) -> None:
    made = report.document["provenance"]
    text = (
        f"{report.title} · Ligandose {report.document['version']}, seed {made['seed']}, input "
        f"{str(made['input_sha256'])[:12]} · research software, not a medical device · page "
        f"{number} of 2"
    )
    paper.text(MARGIN_IN / WIDTH_IN, 0.4 / HEIGHT_IN, text, fontsize=6.0, color=SOFT, va="baseline")
