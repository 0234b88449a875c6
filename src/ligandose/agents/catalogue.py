"""The catalogue of agents: target, vector, label, nuclide and typical use.

Findings of a vector are addressed by a key: "unbound_plasma" for what belongs to the molecule,
"PSMA.k_d" for what belongs to the molecule and a kind of site. A metal may change affinity, so
the table has rows for a vector and rows for one of its metal complexes ("Ga-DOTATATE"), which
replace them. A vector without a "k_d" for a site does not bind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from ligandose.errors import DataError, InputError, UnknownNameError
from ligandose.evidence import Finding, Status, read_findings, read_table

TYPICAL_USE = (
    "activity_GBq",
    "amount_nmol",
    "cycles",
    "every_weeks",
    "infusion_min",
    "voiding_h",
    "predose_nmol",
    "predose_h",
)
POSITIVE = ("k_d", "unbound_plasma")
FRACTIONS = ("unbound_plasma", "sieving", "salvage", "intact", "retained_daughters")
SALT = "salt"
BINDER = "binder"
HALOGEN_LABELS = ("direct", "covalent halogen")


@dataclass(frozen=True, slots=True)
class Impurity:
    """A long-lived nuclide that comes with the agent's nuclide.

    Attributes:
        nuclide: its name.
        activity_fraction: its activity per activity of the agent's nuclide at administration.
    """

    nuclide: str
    activity_fraction: float


@dataclass(frozen=True)
class Agent:
    """A designed radiopharmaceutical.

    Attributes:
        name: such as "177Lu-PSMA-617".
        vector, label, nuclide, target: its parts.
        purpose: "therapy" or "imaging".
        disease, host: where it is used first.
        findings: findings of the vector and its metal complex by key.
        typical: typical use by quantity: activity_GBq, amount_nmol, cycles, every_weeks,
            infusion_min, voiding_h, predose_nmol (of unlabelled vector) and predose_h (how long
            before); what is not stated is absent.
        comedication: names of what is given with it, such as "amino_acids".
        impurities: long-lived nuclides that come with it.
        source: identifier of the source of the entry.
        binder: vector that is given before and catches this one at the target; "" for none. Its
            findings stand under keys that begin with "binder:".
    """

    name: str
    vector: str
    label: str
    nuclide: str
    target: str
    purpose: str
    disease: str
    host: str
    findings: Mapping[str, Finding]
    typical: Mapping[str, float]
    comedication: tuple[str, ...]
    impurities: tuple[Impurity, ...]
    source: str
    binder: str = ""

    @property
    def binder_binds(self) -> tuple[str, ...]:
        """Kinds of site that the binder of a two-step treatment binds."""
        start, end = f"{BINDER}:", ".k_d"
        return tuple(
            key.removeprefix(start).removesuffix(end)
            for key, f in self.findings.items()
            if key.startswith(start) and key.endswith(end) and f.value is not None
        )

    @property
    def binds(self) -> tuple[str, ...]:
        """Kinds of site to which the vector has an affinity."""
        return tuple(
            key.removesuffix(".k_d")
            for key, f in self.findings.items()
            if key.endswith(".k_d")
            and ":" not in key
            and f.value is not None
            and key != f"{BINDER}.k_d"
        )

    @property
    def element(self) -> str:
        """Symbol of the nuclide's element."""
        return self.nuclide.partition("-")[0]

    @property
    def is_salt(self) -> bool:
        """Whether it is the free element itself, such as radium chloride or iodide."""
        return self.label == SALT

    @property
    def label_comes_off(self) -> bool:
        """Whether cells release the label as the element (a halogen bound without a chelator)."""
        return self.label in HALOGEN_LABELS

    def retargeted(self, target: str) -> Agent:
        """Return the agent as if it bound another target exactly as it binds its own.

        A generic vector on another target: the findings of the old kind of site are taken over
        for the new one, with status "assumed".

        Args:
            target: kind of site, such as "GRPR".
        """
        findings = {
            _moved(key, self.target, target): (
                replace(f, region=target, status=Status.ASSUMED, note=f"as on {self.target}")
                if key.removeprefix(f"{BINDER}:").startswith(f"{self.target}.")
                else f
            )
            for key, f in self.findings.items()
        }
        name = f"{self.name} on {target}"
        return replace(self, name=name, target=target, findings=findings)

    def with_values(self, changes: Mapping[str, float]) -> Agent:
        """Return the agent with some of its vector's findings replaced by the user's values.

        Args:
            changes: value by key, each in the unit of the finding that it replaces.

        Raises:
            UnknownNameError: a key that the vector does not have.
            InputError: a value that is negative or not finite, an affinity or free fraction of 0,
                a fraction above 1.
        """
        findings = dict(self.findings)
        for key, value in changes.items():
            if key not in findings:
                raise UnknownNameError("property of the vector", key, findings)
            _check_value(self.name, key, value, findings[key])
            findings[key] = replace(
                findings[key], value=value, gsd=1.0, status=Status.ASSUMED, source="study file"
            )
        return replace(self, findings=findings)


@cache
def agents() -> tuple[str, ...]:
    """Return the names of the agents of the catalogue."""
    return tuple(row["agent"] for row in read_table("agents.csv"))


@cache
def agent(name: str) -> Agent:
    """Return an agent of the catalogue.

    Raises:
        UnknownNameError: not in the catalogue; suggests the nearest names.
        DataError: its vector has no findings.
    """
    rows = {row["agent"]: row for row in read_table("agents.csv")}
    if name not in rows:
        raise UnknownNameError("agent", name, rows)
    row = rows[name]
    findings = {**vector_findings(row["vector"], row["nuclide"]), **_bound_before(row)}
    if not findings:
        raise DataError(f"agent {name}: vectors.csv has no findings of {row['vector']!r}")
    return Agent(
        name=name,
        vector=row["vector"],
        label=row["label"],
        nuclide=row["nuclide"],
        target=row["target"],
        purpose=row["purpose"],
        disease=row["disease"],
        host=row["host"],
        findings=findings,
        typical={q: float(row[q]) for q in TYPICAL_USE if row[q]},
        comedication=tuple(c for c in row["comedication"].split(";") if c),
        impurities=tuple(_impurity(i) for i in row["impurities"].split(";") if i),
        source=row["source"],
        binder=row["binder"],
    )


def _bound_before(row: Mapping[str, str]) -> dict[str, Finding]:
    """Return the findings of the binder of a two-step treatment under keys of their own."""
    if not row["binder"]:
        return {}
    of_binder = vector_findings(row["binder"], row["nuclide"])
    return {f"{BINDER}:{key}": finding for key, finding in of_binder.items()}


def vector_findings(vector: str, nuclide: str) -> dict[str, Finding]:
    """Return the findings of a vector by key; rows of its complex with the metal replace others.

    Args:
        vector: such as "DOTATATE"; an unknown one has no findings.
        nuclide: such as "Ga-68".
    """
    metal = f"{nuclide.partition('-')[0]}-{vector}"
    rows = read_findings("vectors.csv")
    return {
        f"{f.region}.{f.quantity}" if f.region else f.quantity: f
        for subject in (vector, metal)
        for f in rows
        if f.subject == subject
    }


def _moved(key: str, old: str, new: str) -> str:
    site, dot, quantity = key.partition(".")
    start = f"{BINDER}:" if site.startswith(f"{BINDER}:") else ""  # the binder binds the target
    return f"{start}{new}{dot}{quantity}" if dot and site == f"{start}{old}" else key


def _check_value(agent_name: str, key: str, value: float, finding: Finding) -> None:
    quantity = key.rpartition(".")[2]
    highest = 1.0 if quantity in FRACTIONS else float("inf")
    above_zero = value > 0.0 if quantity in POSITIVE else value >= 0.0
    if above_zero and value <= highest and value < float("inf"):
        return
    lowest = "above 0" if quantity in POSITIVE else "0 or more"
    limit = f" and at most {highest:g}" if highest < float("inf") else ""
    raise InputError(
        f"agent {agent_name}: {key} = {value} {finding.unit}; it must be {lowest}{limit}"
    )


def _impurity(text: str) -> Impurity:
    nuclide, fraction = text.split("=")
    return Impurity(nuclide=nuclide, activity_fraction=float(fraction))
