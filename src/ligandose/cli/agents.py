"""The commands of the agents: list, show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ligandose.cli.catalogue import FINDING_COLUMNS, agent_entry, finding_rows, stamped, typical_use
from ligandose.cli.documents import MISSING
from ligandose.cli.output import print_json, print_rows, require
from ligandose.errors import UnknownNameError

if TYPE_CHECKING:
    from ligandose.agents import LandscapeAgent


@dataclass(frozen=True, slots=True)
class Wish:
    """What the agents of a list must have in common; None for anything."""

    target: str | None = None
    indication: str | None = None
    nuclide: str | None = None
    stage: str | None = None


def list_agents(wish: Wish, *, as_json: bool) -> None:
    """List the agents of the landscape, then those that can be simulated and are not in it.

    Raises:
        UnknownNameError: an unknown target, indication, nuclide or stage.
    """
    chosen = _chosen(wish)
    entries = [_entry(agent) for agent in chosen]
    if wish == Wish():
        entries += [_imaging_entry(name) for name in _models_outside(chosen)]
    if as_json:
        print_json(stamped("ligandose.agents", {"agents": entries}))
        return
    columns = ("Agent", "Target", "Nuclide", "Vector", "Indications", "Stage", "Status",
               "Simulated")  # fmt: skip
    rows = [
        (
            e["name"],
            ", ".join(e["targets"]),
            ", ".join(e["nuclides"]),
            e["vector_class"] or MISSING,
            ", ".join(e["indications"]),
            e["stage"] + ("" if e["stage_verified"] else " (unverified)"),
            e["status"],
            e["use"] or MISSING,
        )
        for e in entries
    ]
    print_rows(f"{len(entries)} agents", columns, rows)


def show_agent(name: str, *, as_json: bool) -> None:
    """Show an agent: what it is and how far it came, and the values of its model.

    Raises:
        UnknownNameError: neither in the landscape nor among those that can be simulated.
    """
    from ligandose.agents import agent, agents, landscape_agent

    try:
        found = landscape_agent(name)
    except UnknownNameError:
        if name not in agents():
            raise
        entry, claims, model = _imaging_entry(name), [], name
    else:
        entry, model = _entry(found), found.model
        claims = [claim.document() for claim in found.claims]
    values = dict(agent(model).findings) if model else {}
    if as_json:
        listed = [{"key": key, **finding.document()} for key, finding in values.items()]
        content = {"agent": entry, "findings": claims, "values": listed}
        print_json(stamped("ligandose.agent", content))
        return
    print_rows(entry["name"], ("What", "Value"), _facts(entry))
    if claims:
        print()
        rows = [
            (str(c["field"]), str(c["value"] or MISSING), str(c["status"]), _yes(c["verified"]),
             str(c["locator"] or MISSING))
            for c in claims
        ]  # fmt: skip
        print_rows("Claims", ("Field", "Value", "Status", "Verified", "Source"), rows)
    if values:
        print()
        title = f"{model}: values of the vector {agent(model).vector}"
        print_rows(title, FINDING_COLUMNS, finding_rows(values))


def _chosen(wish: Wish) -> list[LandscapeAgent]:
    from ligandose.agents import STAGES, landscape_agents
    from ligandose.nuclides import nuclide
    from ligandose.targets import indication_name, target

    require("stage", wish.stage, STAGES)
    wanted = target(wish.target).name if wish.target is not None else None
    place = indication_name(wish.indication) if wish.indication is not None else None
    atom = nuclide(wish.nuclide).name if wish.nuclide is not None else None
    return [
        agent
        for agent in landscape_agents()
        if (wanted is None or wanted in agent.targets)
        and (place is None or place in agent.indications)
        and (atom is None or atom in agent.nuclides)
        and (wish.stage is None or agent.stage == wish.stage)
    ]


def _entry(found: LandscapeAgent) -> dict[str, Any]:
    from ligandose.agents import agent

    model = agent(found.model) if found.model else None
    stage = found.claim("stage")
    return {
        "name": found.name,
        "aliases": list(found.aliases),
        "targets": list(found.targets),
        "compartments": list(found.compartments),
        "vector_class": found.vector_class,
        "label": found.label,
        "nuclides": list(found.nuclides),
        "indications": list(found.indications),
        "stage": found.stage,
        "stage_date": stage.date,
        "stage_verified": stage.verified,
        "stage_source": stage.source,
        "status": found.status,
        "status_reason": found.claim("status_reason").value,
        "trials": list(found.trials),
        "nct": list(found.nct),
        "sponsor": found.sponsor,
        "companion": found.companion,
        "note": found.note,
        "model": agent_entry(model) if model else None,
        "use": typical_use(model.typical) if model else "",
    }


def _models_outside(chosen: list[LandscapeAgent]) -> list[str]:
    from ligandose.agents import agents

    return [name for name in agents() if name not in {agent.model for agent in chosen}]


def _imaging_entry(name: str) -> dict[str, Any]:
    from ligandose.agents import agent
    from ligandose.targets import target

    model = agent(name)
    return {
        "name": name,
        "aliases": [],
        "targets": [target(model.target).name],
        "compartments": [],
        "vector_class": "",
        "label": model.label,
        "nuclides": [model.nuclide],
        "indications": [model.disease],
        "stage": model.purpose,
        "stage_date": "",
        "stage_verified": False,
        "stage_source": model.source,
        "status": "unknown",
        "status_reason": None,
        "trials": [],
        "nct": [],
        "sponsor": "",
        "companion": "",
        "note": "a model for imaging; no entry of the landscape of therapy",
        "model": agent_entry(model),
        "use": typical_use(model.typical),
    }


def _facts(entry: dict[str, Any]) -> list[tuple[str, str]]:
    shown = ("aliases", "targets", "compartments", "vector_class", "label", "nuclides",
             "indications", "stage", "stage_date", "status", "status_reason", "trials", "nct",
             "sponsor", "companion", "use", "note")  # fmt: skip
    facts: list[tuple[str, str]] = []
    for key in shown:
        value = entry[key]
        text = ", ".join(cast("list[str]", value)) if isinstance(value, list) else str(value or "")
        facts.append((key.replace("_", " "), text or MISSING))
    return facts


def _yes(value: object) -> str:
    return "yes" if value else "no"
