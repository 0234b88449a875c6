"""A study file: agent, host and regimen in a few readable lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose.agents import Agent, agent, agents, vector_findings
from ligandose.course._study_names import Notes, check_known
from ligandose.course._study_regimen import study_regimen
from ligandose.course._study_schema import (
    AgentPart,
    HostPart,
    StudyPart,
    check_study,
)
from ligandose.course._study_values import checked_values
from ligandose.course.regimen import Regimen
from ligandose.course.study_yaml import FieldPath, StudyText, read_study_text
from ligandose.errors import InputError
from ligandose.evidence import Finding, Status
from ligandose.hosts import Host, diseases, host, hosts, with_targets
from ligandose.nuclides import nuclide, nuclides
from ligandose.targets import canonical_name

if TYPE_CHECKING:
    from ligandose.course.tissue_plan import TissuePlan

DEFAULT_PATIENTS = 100
DEFAULT_SEED = 1
NO_DISEASE = "none"
LESION = "lesion:"
STUDY_SOURCE = "study file"


@dataclass(frozen=True)
class Study:
    """What a study file asks for.

    Attributes:
        agent, host, regimen: what `simulate` takes.
        patients, seed: size and seed of the population.
        threads: number of threads, None for as many as there are cores.
        saf: folder of ICRP-133 files in place of the shipped specific absorbed fractions.
        filled_in: what the file left to the catalogue, a line for each.
        caveats: what a reader of the result must know because of the file's own values.
        sha256: hash of the file, "" where there was none.
        tissue: tissue of lesions, None where no lesion carries one.
        tissue_lesion: which lesion carries it.
    """

    agent: Agent
    host: Host
    regimen: Regimen
    patients: int = DEFAULT_PATIENTS
    seed: int = DEFAULT_SEED
    threads: int | None = None
    saf: Path | None = None
    filled_in: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    sha256: str = ""
    tissue: TissuePlan | None = None
    tissue_lesion: str = ""


def read_study(path: Path | str) -> Study:
    """Read a study file (YAML, UTF-8).

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
    """
    text = read_study_text(Path(path))
    study = _study(text)
    saf = None if study.saf is None else Path(path).parent / study.saf
    return replace(study, saf=saf, sha256=hashlib.sha256(text.raw).hexdigest())


def study_from_mapping(data: Mapping[str, Any], *, name: str = "study") -> Study:
    """Return the study of a mapping of the shape of a study file; `name` stands in messages.

    Raises:
        InputError: as `read_study`.
    """
    return _study(StudyText(name, data))


def _study(text: StudyText) -> Study:
    part = check_study(text)
    notes = Notes([], [])
    chosen = _agent(text, part.agent, notes)
    person = _host(text, part, chosen, notes)
    plan = study_regimen(text, part, chosen, notes)
    lesion, tissue = _tissue(text, part, chosen, person)
    return Study(
        tissue=tissue,
        tissue_lesion=lesion,
        agent=chosen,
        host=person,
        regimen=plan,
        patients=part.patients or DEFAULT_PATIENTS,
        seed=DEFAULT_SEED if part.seed is None else part.seed,
        threads=part.threads,
        saf=_saf(text, part),
        filled_in=tuple(dict.fromkeys(notes.filled_in)),
        caveats=tuple(notes.caveats),
    )


def _tissue(
    text: StudyText, part: StudyPart, chosen: Agent, person: Host
) -> tuple[str, TissuePlan | None]:
    if part.tissue is None:
        return "", None
    from ligandose.course.tissue_file import lesion_plan

    path = ("tissue", "lesion")
    known = [name.removeprefix(LESION) for name in person.lesions]
    if not known:
        raise InputError(f"{text.place(('tissue',))} the host has no lesions; name a disease")
    name = (part.tissue.lesion or known[0]).removeprefix(LESION)
    check_known(text, path, "lesion", name, known, "")
    lesion = f"{LESION}{name}"
    return lesion, lesion_plan(text, part.tissue, chosen, lesion)


def _saf(text: StudyText, part: StudyPart) -> Path | None:
    if part.saf is None:
        return None
    if not part.saf.strip() or "\0" in part.saf:
        raise InputError(
            f"{text.place(('saf',))} got {part.saf[:40]!r}; write the folder of your ICRP-133 files"
        )
    return Path(part.saf)


def _named(text: StudyText, key: str) -> FieldPath:
    """Return where the name of an agent or host stands: the key itself or its `base`."""
    return (key,) if isinstance(text.data.get(key), str) else (key, "base")


def _agent(text: StudyText, part: AgentPart, notes: Notes) -> Agent:
    remedy = "; `ligandose agents list` lists them"
    check_known(text, _named(text, "agent"), "agent", part.base, agents(), remedy)
    chosen = agent(part.base)
    if part.nuclide is not None:
        chosen = _with_nuclide(text, chosen, part.nuclide, notes)
    if part.target is not None:
        chosen = _with_target(text, chosen, part.target, notes)
    changes = checked_values(
        text, "agent", part.changes, chosen.findings,
        f"property of the vector {chosen.vector}",
        f"`ligandose agents show {part.base}` lists them",
    )  # fmt: skip
    if changes:
        chosen = chosen.with_values(changes)
        listed = ", ".join(f"{key} = {value:g}" for key, value in changes.items())
        notes.caveats.append(f"The study file gives own values of the vector: {listed}.")
    return _renamed(text, chosen, part, changed=bool(changes))


def _with_nuclide(text: StudyText, base: Agent, name: str, notes: Notes) -> Agent:
    """Return the agent with another nuclide.

    Findings of the vector with the old metal give way to those with the new one; impurities
    belong to the nuclide that was replaced, and what is typical was typical of it.
    """
    path = ("agent", "nuclide")
    try:
        canonical = nuclide(name).name
    except InputError:
        check_known(text, path, "nuclide", name, nuclides(), "; write it like Ac-225")
        raise
    if nuclide(canonical).is_stable:
        raise InputError(f"{text.place(path)} {canonical} is stable; give a radionuclide")
    if canonical == base.nuclide:
        return base
    notes.caveats.append(
        f"{base.vector} is modelled with {canonical} by the study file: whether {base.label} holds "
        "it, and what it changes in binding, is taken from the catalogue where it has a row for "
        "this metal, and otherwise not considered."
    )
    typical = {key: value for key, value in base.typical.items() if key != "activity_GBq"}
    return replace(
        base,
        name=f"{canonical.partition('-')[2]}{canonical.partition('-')[0]}-{base.vector}",
        nuclide=canonical,
        impurities=(),
        typical=typical,
        findings={
            **vector_findings(base.vector, canonical),
            **{key: f for key, f in base.findings.items() if ":" in key},  # of the binder
        },
        source=STUDY_SOURCE,
    )


def _with_target(text: StudyText, base: Agent, name: str, notes: Notes) -> Agent:
    """Return the agent as if it bound another target as it binds its own."""
    try:
        wanted = canonical_name(name)
    except InputError as error:
        raise InputError(f"{text.place(('agent', 'target'))} {error}") from error
    if wanted == canonical_name(base.target):
        return base
    notes.caveats.append(
        f"{base.vector} is modelled as if it bound {wanted} as it binds {base.target}: affinity, "
        "rates and internalisation are those of the vector on its own target; give what is known. "
        "Densities come from the catalogue of targets, most of them from the density model."
    )
    return base.retargeted(wanted)


def _renamed(text: StudyText, chosen: Agent, part: AgentPart, *, changed: bool) -> Agent:
    """Name a changed agent so that nobody takes it for the one of the catalogue."""
    if part.name is not None:
        name, path = part.name.strip(), ("agent", "name")
        if not 1 <= len(name) <= 80 or not name.isprintable():
            raise InputError(f"{text.place(path)} got {part.name[:40]!r}; write 1 to 80 letters")
        if name in agents() and (
            changed
            or name != part.base
            or (chosen.nuclide, chosen.target) != (agent(name).nuclide, agent(name).target)
        ):
            raise InputError(
                f"{text.place(path)} {name!r} is the name of an agent of the catalogue; "
                "choose another name, or write it as base"
            )
        return replace(chosen, name=name)
    if part.nuclide is not None and chosen.name != part.base and chosen.name in agents():
        raise InputError(
            f"{text.place(('agent', 'nuclide'))} {chosen.name} is an agent of the catalogue; "
            f"write it as agent or base, without nuclide"
        )
    return replace(chosen, name=f"{chosen.name} (modified)") if changed else chosen


def _host(text: StudyText, part: StudyPart, chosen: Agent, notes: Notes) -> Host:
    own = part.host or HostPart.model_validate(chosen.host)
    if part.host is None:
        notes.filled_in.append(f"host: {chosen.host} (of {chosen.name} in the catalogue)")
    check_known(text, _named(text, "host"), "host", own.base, hosts(), "")
    disease = part.disease
    if "disease" not in text.data:
        disease = chosen.disease
        notes.filled_in.append(f"disease: {disease} (of {chosen.name} in the catalogue)")
    disease = None if disease in (None, "", NO_DISEASE) else disease
    if disease is not None:
        check_known(text, ("disease",), "disease", disease, (*diseases(), NO_DISEASE), "")
    person = with_targets(host(own.base, disease=disease), chosen.binds)
    with_disease = f" --disease {disease}" if disease else ""
    changes = checked_values(
        text, "host", own.changes, person.findings, f"value of the host {own.base}",
        f"`ligandose hosts {own.base}{with_disease}` lists them",
    )  # fmt: skip
    if not changes:
        return person
    listed = ", ".join(f"{key} = {value:g}" for key, value in changes.items())
    notes.caveats.append(f"The study file gives own values of the host: {listed}.")
    return replace(person, findings=_own_findings(person.findings, changes))


def _own_findings(
    findings: Mapping[str, Finding], changes: Mapping[str, float]
) -> dict[str, Finding]:
    own = {
        key: replace(
            findings[key], value=value, gsd=1.0, status=Status.ASSUMED, source=STUDY_SOURCE
        )
        for key, value in changes.items()
    }
    return {**findings, **own}
