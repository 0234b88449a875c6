"""The HTML page: one file that needs nothing else."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ligandose.report.canvas import Figure, inline_svg
from ligandose.report.compose import Report

_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s;,\"<>]+)")
_PMC = re.compile(r"\b(PMC\d{4,9})\b")
_PMID = re.compile(r"\bPMID:?\s*(\d{5,9})\b")


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("ligandose.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = cast("dict[str, Any]", env.filters)  # pyright: ignore[reportUnknownMemberType]
    filters |= {"svg": _safe_svg, "locator_url": locator_url}
    return env


def _safe_svg(figure: Figure) -> Markup:
    """Return the figure's SVG; matplotlib escapes every text that it writes."""
    return Markup(inline_svg(figure))


def locator_url(locator: str) -> str:
    """Return where a DOI, PMC or PMID number leads, or nothing."""
    if match := _DOI.search(locator):
        return f"https://doi.org/{match[1].rstrip('.)')}"
    if match := _PMC.search(locator):
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{match[1]}/"
    if match := _PMID.search(locator):
        return f"https://pubmed.ncbi.nlm.nih.gov/{match[1]}/"
    return ""


def stylesheet() -> str:
    """Return the stylesheet that the report and other pages share."""
    path = resources.files("ligandose.report") / "templates" / "ligandose.css"
    return path.read_text(encoding="utf-8")


def render(report: Report, *, files: str = "") -> str:
    """Return the page of a report; `files` is the folder of its figures and tables."""
    anchors = {name: f"source-{i + 1}" for i, name in enumerate(report.sources)}
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        files=files,
        anchors=anchors,
        css=Markup(stylesheet()),
        intended_use=report.intended_use,
    )
