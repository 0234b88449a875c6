"""The commands that look things up: nuclide, hosts, version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose import __version__
from ligandose.cli.output import (
    check_out,
    hand_over,
    print_documents,
    print_json,
    print_rows,
    written,
)
from ligandose.cli.progress import Progress

if TYPE_CHECKING:
    from ligandose.agents import Agent
    from ligandose.evidence import Finding
    from ligandose.hosts import Host

MISSING = "–"
FINDING_COLUMNS = ("Key", "Value", "Unit", "CV", "GSD", "Status", "Source")


def version_text() -> str:
    """Return the version of the program and the edition of its data."""
    from ligandose.evidence import EDITION

    return f"ligandose {__version__} (data {EDITION}); research software, not a medical device"


def show_nuclide(name: str, *, as_json: bool, out: Path | None, quiet: bool) -> None:
    """Show what is known of a nuclide.

    Raises:
        UnknownNameError: not in the table; names the nearest.
        OSError: the report could not be written.
    """
    from ligandose.nuclides import nuclide_document

    document = stamped("ligandose.nuclide", nuclide_document(name))
    check_out(out)
    write = None
    if out is not None:
        from ligandose.report import write_report

        write = partial(write_report, document, out)
    with Progress(quiet=quiet) as progress:
        report = written(write, progress)
    show = partial(print_json, document) if as_json else partial(print_documents, [document])
    hand_over(show, report, as_json=as_json)


def list_hosts(name: str | None, *, disease: str | None, as_json: bool) -> None:
    """List the hosts and diseases, or all findings of one host.

    Raises:
        UnknownNameError: no host or disease of the catalogue; names the nearest.
    """
    from ligandose.hosts import diseases, host, hosts

    if name is not None:
        found = host(name, disease=disease)
        title = f"{found.name} {found.disease}".strip()
        _show_findings(title, "host", _host_entry(found), found.findings, as_json=as_json)
        return
    if as_json:
        names = {"hosts": list(hosts()), "diseases": list(diseases())}
        print_json(stamped("ligandose.hosts", names))
        return
    rows = [("host", each) for each in hosts()] + [("disease", each) for each in diseases()]
    print_rows("Hosts and diseases of the catalogue", ("Kind", "Name"), rows)


def stamped(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its kind and version, and the edition of the data."""
    from ligandose.evidence import EDITION

    head = {"document": kind, "schema": 1, "version": __version__}
    provenance = {"version": __version__, "data_edition": EDITION, **content.get("provenance", {})}
    return {**head, **content, "research_use_only": True, "provenance": provenance}


def agent_entry(agent: Agent) -> dict[str, Any]:
    """Return what documents say of an agent that can be simulated."""
    return {
        "name": agent.name,
        "target": agent.target,
        "vector": agent.vector,
        "label": agent.label,
        "nuclide": agent.nuclide,
        "purpose": agent.purpose,
        "disease": agent.disease,
        "host": agent.host,
        "typical": dict(agent.typical),
        "comedication": list(agent.comedication),
        "impurities": [
            {"nuclide": i.nuclide, "activity_fraction": i.activity_fraction}
            for i in agent.impurities
        ],
        "source": agent.source,
    }


def _host_entry(host: Host) -> dict[str, Any]:
    return {
        "name": host.name,
        "disease": host.disease,
        "organs": list(host.organs),
        "lesions": list(host.lesions),
    }


def _show_findings(
    title: str, kind: str, entry: dict[str, Any], findings: Mapping[str, Finding], *, as_json: bool
) -> None:
    if as_json:
        listed = [{"key": key, **finding.document()} for key, finding in findings.items()]
        print_json(stamped(f"ligandose.{kind}", {kind: entry, "findings": listed}))
        return
    print_rows(title, FINDING_COLUMNS, finding_rows(findings))


def finding_rows(findings: Mapping[str, Finding]) -> list[tuple[str, ...]]:
    """Return findings as rows of FINDING_COLUMNS."""
    return [
        (
            key,
            MISSING if f.value is None else f"{f.value:g}",
            "" if f.unit == "1" else f.unit,
            MISSING if f.cv is None else f"{f.cv:g}",
            f"{f.gsd:g}",
            f.status.value,
            f.source,
        )
        for key, f in findings.items()
    ]


def typical_use(typical: Mapping[str, float]) -> str:
    """Return the typical use in words: "6 × 7.4 GBq every 6 weeks, 110 nmol"."""
    activity, amount = typical.get("activity_GBq"), typical.get("amount_nmol")
    cycles, weeks = int(typical.get("cycles", 1)), typical.get("every_weeks")
    text = MISSING if activity is None else f"{activity:g} GBq"
    if cycles > 1:
        text = f"{cycles} × {text}"
        text += f" every {weeks:g} weeks" if weeks else ""
    return f"{text}, {amount:g} nmol" if amount else text
