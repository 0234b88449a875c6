"""The landscape of agents: what has been made against which target, and how far it came.

`trt_agents.csv` holds one agent a row, clinical and preclinical; `ligandose.agents.catalogue`
holds the few whose kinetics are known well enough to simulate. An agent of the landscape names
its model there where it has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ligandose.errors import InputError, UnknownNameError, folded
from ligandose.evidence import (
    Claim,
    Coverage,
    Measured,
    Status,
    claim_coverage,
    listed,
    read_table,
)

STAGES = (
    "preclinical",
    "early clinical",
    "phase 1",
    "phase 1/2",
    "phase 2",
    "phase 2/3",
    "phase 3",
    "approved",
)
"""From the lowest; "early clinical" is treatment of patients outside a registered phase."""
UNKNOWN = "unknown"
FIELDS = ("identity", "stage", "status")


@dataclass(frozen=True)
class LandscapeAgent:
    """An agent that has been made, tested or approved.

    Attributes:
        name: such as "177Lu-PSMA-617".
        aliases: brand, international non-proprietary name, company code.
        targets: identifiers of the catalogue of targets.
        compartments: where the radiation starts, as in the catalogue of targets.
        vector_class: such as "small molecule", "antibody", "pretargeted".
        label: chelator or bond; "" where not known.
        nuclides: such as ("Lu-177",).
        indications: identifiers of the catalogue of indications, as studied.
        trials, nct: names and registry numbers of studies.
        sponsor: who develops it.
        companion: imaging companion; "" where not known.
        model: its name in the catalogue of agents that can be simulated; "" where it has none.
        claims: identity, stage and status, each with source and verification.
        note: what else a reader must know.
    """

    name: str
    aliases: tuple[str, ...]
    targets: tuple[str, ...]
    compartments: tuple[str, ...]
    vector_class: str
    label: str
    nuclides: tuple[str, ...]
    indications: tuple[str, ...]
    trials: tuple[str, ...]
    nct: tuple[str, ...]
    sponsor: str
    companion: str
    model: str
    claims: tuple[Claim, ...]
    note: str

    def claim(self, field: str) -> Claim:
        """Return the claim of a field: identity, stage, status or status_reason."""
        return next(c for c in self.claims if c.field == field)

    @property
    def stage(self) -> str:
        """Highest stage that it reached."""
        return self.claim("stage").term

    @property
    def status(self) -> str:
        """active, stopped, withdrawn, completed or unknown."""
        value = self.claim("status").value
        return value if isinstance(value, str) else UNKNOWN


@cache
def landscape_agents() -> tuple[LandscapeAgent, ...]:
    """Return every agent of the landscape, in the order of the table."""
    return tuple(_agent(row) for row in read_table("trt_agents.csv"))


def landscape_agent(name: str) -> LandscapeAgent:
    """Return an agent of the landscape by its name, an alias or its model's name.

    Raises:
        UnknownNameError: nothing of that name; suggests the nearest.
        InputError: a name of more than one agent.
    """
    wanted = folded(name)
    exact = [a for a in landscape_agents() if folded(a.name) == wanted]
    found = exact or [
        a for a in landscape_agents() if wanted in map(folded, (*a.aliases, a.model)) and wanted
    ]
    if not found:
        spoken = dict.fromkeys(n for a in landscape_agents() for n in (a.name, *a.aliases))
        raise UnknownNameError("agent", name, spoken)
    if len(found) > 1:
        names = " and ".join(a.name for a in found)
        raise InputError(f"agent {name!r} is a name of {names}; give one of these instead")
    return found[0]


def agents_against(target: str) -> tuple[LandscapeAgent, ...]:
    """Return the agents that bind a target of the catalogue, the farthest developed first."""
    found = [a for a in landscape_agents() if target in a.targets]
    return tuple(sorted(found, key=lambda a: -STAGES.index(a.stage)))


def highest_stage(target: str) -> str:
    """Return the highest stage of any agent against a target; "" where there is none."""
    return latest_stage(a.stage for a in agents_against(target))


def latest_stage(stages: Iterable[str]) -> str:
    """Return the highest of some stages; "" of none."""
    return max(stages, key=STAGES.index, default="")


def _agent(row: dict[str, str]) -> LandscapeAgent:
    return LandscapeAgent(
        name=row["agent"],
        aliases=listed(row["aliases"]),
        targets=listed(row["targets"]),
        compartments=listed(row["compartment"]),
        vector_class=row["vector_class"],
        label=row["label"],
        nuclides=listed(row["nuclides"]),
        indications=listed(row["indications"]),
        trials=listed(row["trials"]),
        nct=listed(row["nct"]),
        sponsor=row["sponsor"],
        companion=row["companion"],
        model=row["model"],
        claims=tuple(_claims(row)),
        note=row["note"],
    )


def _claims(row: dict[str, str]) -> Iterable[Claim]:
    identity = f"{row['targets']} {row['vector_class']} {row['nuclides']}"
    date = row["stage_date"]
    yield _claim(row, "identity", identity, row["identity_status"], row["identity_source"])
    yield _claim(row, "stage", row["stage"], row["stage_status"], row["stage_source"], date)
    known = "" if row["status"] == UNKNOWN else row["status"]
    for field, value in (("status", known), ("status_reason", row["status_reason"])):
        yield _claim(row, field, value, row["status_status"], row["status_source"], date)


def _claim(
    row: dict[str, str], field: str, value: str, status: str, source: str, date: str = ""
) -> Claim:
    return Claim(
        subject=row["agent"],
        field=field,
        context="",
        value=value or None,
        low=None,
        high=None,
        unit="",
        measured=Measured.MEASURED if value else Measured.NOT_MEASURED,
        status=Status(status) if value and status else Status.UNVERIFIED,
        source=source if value else "",
        date=date,
    )


def agent_coverage() -> list[Coverage]:
    """Count the cells of identity, stage, status and reason, by what is known and verified."""
    every = landscape_agents()
    rows = claim_coverage("agents", FIELDS, {a.name: a.claims for a in every})
    ended = {a.name: a.claims for a in every if a.status in ("stopped", "withdrawn")}
    return [*rows, *claim_coverage("agents", ["status_reason"], ended)]
