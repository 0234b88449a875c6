"""What a command of ligandose prints, cut to fit a page of the documentation."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shlex
import sys

from ligandose.cli import main as main_of_ligandose


def example(command: str, *, rows: int, widest: int, columns: int) -> list[str]:
    """Return what a command prints, with that many rows and columns and cells not wider."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        if (code := main_of_ligandose(shlex.split(command))) != 0:
            sys.exit(f"ligandose {command}: exit code {code}")
    title, header, _, *body = output.getvalue().splitlines()
    starts = [0, *(m.start() for m in re.finditer(r"(?<=  )\S", header))]
    starts = list(dict.fromkeys(starts))
    ends = [*starts[1:], max(map(len, (header, *body)))]
    body = list(itertools.takewhile(str.strip, body))
    spans = list(zip(starts, ends, strict=True))[:columns]
    cells = [[_cut(line[a:b].strip(), widest) for a, b in spans] for line in (header, *body[:rows])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    shown = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    ]
    rule = "─" * max(map(len, shown))
    more = ["…"] if len(body) > rows else []
    return ["```text", title, shown[0], rule, *shown[1:], *more, "```"]


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else text[: widest - 1].rstrip() + "…"
