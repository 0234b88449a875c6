"""The landscape of targeted radionuclide therapy as one page that needs nothing else.

`index.html` holds every target, agent and finding of the catalogue with search, sorting, maps and
a page for every target (`#target=FOLH1`). Beside it lie the overview figures (SVG, PNG, CSV), the
tables (CSV), the page's data as JSON and `manifest.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ligandose import __version__
from ligandose.agents.landscape import (
    STAGES,
    LandscapeAgent,
    agent_coverage,
    agents_against,
    landscape_agents,
)
from ligandose.evidence import EDITION, Claim
from ligandose.report.canvas import house_style
from ligandose.report.landscape_data import Progress, page_data, rankings
from ligandose.report.landscape_figures import landscape_figures, stages_by_kind
from ligandose.report.landscape_tables import landscape_tables
from ligandose.report.page import stylesheet
from ligandose.report.publish import check_replaceable, json_bytes, publish
from ligandose.report.text import NARROW_SPACE, percent, sentence_case
from ligandose.report.write import INDEX, figure_files
from ligandose.targets import Profile, Target, indications, target, target_coverage, targets

INTENDED_USE = (
    "Research software, not a medical device. A catalogue of published evidence for research and "
    "teaching; it must not be used to diagnose or to treat a person."
)
EXPRESSION = {
    "name": "Human Protein Atlas, proteinatlas.org",
    "edition": "21.1",
    "licence": "Creative Commons Attribution-ShareAlike",
    "citation": "Uhlén et al. 2015, doi:10.1126/science.1260419",
}
"""What the shipped expression tables are made from (scripts/build_expression.py)."""

_SECTIONS = (
    ("targets", "Targets"),
    ("expression", "Expression"),
    ("stages", "Stages"),
    ("agents", "Agents"),
    ("competitors", "Competitors"),
    ("ranking", "Ranking"),
)
_FIGURES = {
    "expression": "landscape_expression",
    "stages": "landscape_stages",
    "competitors": "landscape_competitors",
}
_LEAD = {
    "targets": (
        "Choose a heading to sort and a name to read everything that is known of a target. A dash "
        "means that none is listed, not that there is none.",
    ),
    "expression": (
        "Where else is the target? The first organs, in bold, are those that the target profile "
        "judges. RNA and protein are different evidence and stand apart; RNA is not dose.",
    ),
    "stages": ("Agents by target and highest stage; a number lists its agents below.",),
    "agents": ("What has been built: vector class by nuclide.",),
    "competitors": (
        "Every other treatment that hits the same target, by its highest stage in the catalogue.",
    ),
    "ranking": (
        "What evidence says of a target in an indication: a tier with its uncertainty and the "
        "reasons, not a fine rank. Weights and cut-offs were fixed before anything was scored; "
        "stability is the share of perturbed profiles that keep the tier. Clinical stage, breadth "
        "and publications stand outside the score.",
    ),
}
_SCRIPTS = ("core", "views", "ranking", "target")


@dataclass(frozen=True)
class _Key:
    label: str
    value: str
    detail: str


def write_landscape(
    out: Path | str,
    *,
    progress: Progress | None = None,
    ranked: Iterable[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the landscape into a folder and return its page.

    Args:
        out: the folder; replaced only where it holds a Ligandose report and nothing else.
        progress: called with the share done (0 to 1) and what is being done.
        ranked: identifiers of the indications to rank; default all that have evidence.
        overwrite: as `ligandose.report.publish`.

    Raises:
        InputError: a folder that must not be replaced.
    """
    check_replaceable(Path(out), overwrite=overwrite)
    tell = progress or _silent
    made = rankings(ranked, progress=lambda share, what: tell(0.8 * share, what))
    tell(0.8, "drawing the figures")
    with house_style():
        figures = landscape_figures()
    tell(0.95, "writing the page")
    files: dict[str, bytes] = {}
    for table in landscape_tables(made):
        files[f"tables/{table.name}.csv"] = table.csv().encode()
    for figure in figures:
        files |= figure_files(figure, folder="figures/")
    document = landscape_document()
    files["landscape.json"] = json_bytes(document)
    listed = sorted(name for name in files if not name.startswith("figures/"))
    files[INDEX] = render_landscape(document, made, tables=listed).encode()
    folder = publish(files, out, overwrite=overwrite)
    tell(1.0, "done")
    return folder / INDEX


def landscape_document() -> dict[str, Any]:
    """Return the counts and the coverage of the catalogue (`ligandose landscape --json`)."""
    every = [target(name) for name in targets()]
    carried = landscape_agents()
    return {
        "document": "ligandose.landscape",
        "schema": 1,
        "version": __version__,
        "data_edition": EDITION,
        "counts": _counts(every, carried),
        "agents_by_stage": {s: sum(a.stage == s for a in carried) for s in STAGES},
        "agents_by_nuclide": _tally(n for a in carried for n in a.nuclides),
        "agents_by_vector": _tally(a.vector_class or "not stated" for a in carried),
        "targets_by_compartment": _tally(c for t in every for c in t.compartments()),
        "targets_by_kind": _tally(t.kind for t in every),
        "coverage": [row.document() for row in (*target_coverage(), *agent_coverage())],
        "expression": dict(EXPRESSION),
        "intended_use": INTENDED_USE,
        "research_use_only": True,
    }


def render_landscape(
    document: Mapping[str, Any],
    ranked: Mapping[str, Sequence[Profile]],
    *,
    tables: Sequence[str] = (),
) -> str:
    """Return the page.

    Args:
        document: what `landscape_document` returns.
        ranked: profiles by indication.
        tables: paths of the files beside the page that it names.
    """
    env = Environment(
        loader=PackageLoader("ligandose.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = cast("dict[str, Any]", env.filters)  # pyright: ignore[reportUnknownMemberType]
    filters["words"] = sentence_case
    return env.get_template("landscape.html.j2").render(
        document=document,
        intended_use=INTENDED_USE,
        sections=_SECTIONS,
        lead=_LEAD,
        figures=_FIGURES,
        keys=_keys(document["counts"]),
        tables=tables,
        css=Markup(f"{stylesheet()}\n{_template('landscape.css')}"),
        island=island(page_data(ranked)),
        script=Markup(script()),
    )


def island(held: Mapping[str, Any]) -> Markup:
    """Return JSON that may stand in a page: no character of it can end the element."""
    text = json.dumps(held, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def script() -> str:
    """Return the page's own script."""
    parts = [_template(f"landscape_{name}.js") for name in _SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();"


def _template(name: str) -> str:
    return (resources.files("ligandose.report") / "templates" / name).read_text(encoding="utf-8")


def _silent(_share: float, _what: str) -> None:
    pass


def _tally(names: Iterable[str]) -> dict[str, int]:
    """Count names, the most frequent first."""
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _counts(every: Sequence[Target], carried: Sequence[LandscapeAgent]) -> dict[str, int]:
    claims: list[Claim] = [c for t in every for c in t.claims]
    clinical = STAGES.index("early clinical")
    rivals = {t.name: stages_by_kind(t) for t in every}
    approved = STAGES.index("approved")
    return {
        "targets": len(every),
        "targets_with_agent": sum(bool(agents_against(t.name)) for t in every),
        "targets_in_patients": sum(s[0] >= clinical for s in rivals.values()),
        "targets_approved_elsewhere_not_in_patients": sum(
            s[0] < clinical and max(s[1:4]) == approved for s in rivals.values()
        ),
        "agents": len(carried),
        "agents_approved": sum(a.stage == "approved" for a in carried),
        "agents_stage_verified": sum(a.claim("stage").verified for a in carried),
        "indications": len(indications()),
        "nuclides": len({n for a in carried for n in a.nuclides}),
        "findings": len(claims),
        "findings_known": sum(c.known for c in claims),
        "findings_verified": sum(c.verified for c in claims),
        "sources": len({c.source for c in claims if c.source}),
    }


def _keys(counts: Mapping[str, int]) -> tuple[_Key, ...]:
    def share(part: str, whole: str) -> str:
        return percent(counts[part] / counts[whole]) if counts[whole] else "–"

    found = f"{counts['findings']:,}".replace(",", NARROW_SPACE)
    return (
        _Key("Targets", str(counts["targets"]), f"{counts['targets_with_agent']} with an agent"),
        _Key("Agents", str(counts["agents"]), f"{counts['agents_approved']} approved somewhere"),
        _Key("Targets treated in patients", str(counts["targets_in_patients"]), "early clinical "
             "or later, with a radionuclide"),
        _Key("Still open", str(counts["targets_approved_elsewhere_not_in_patients"]), "approved "
             "ADC, CAR-T or bispecific, no radionuclide in patients"),
        _Key("Findings", found, f"from {counts['sources']} sources"),
        _Key("Findings verified", share("findings_verified", "findings"), "read at the source"),
        _Key("Stages verified", share("agents_stage_verified", "agents"), "of the agents"),
        _Key("Nuclides", str(counts["nuclides"]), f"in {counts['indications']} indications"),
    )  # fmt: skip
