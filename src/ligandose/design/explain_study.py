"""The study file of `explain`: agents, the properties that are varied, and what is asked.

Everything that decides the effect at the limit (indication, setting, limits, cap, tumour …) has
the keys of a screen and is read as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ligandose.agents import agent, agents, landscape_agents
from ligandose.course.study import StudyText, read_study_text
from ligandose.design.explain_factors import (
    OF_NUCLIDE,
    ONLY_POPULATION,
    Factor,
    factor,
    factors,
)
from ligandose.design.screen_candidates import Candidate, candidates, reference_candidate
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_schema import ScreenPart
from ligandose.design.screen_settings import generic_vectors
from ligandose.design.screen_study import screen_from_mapping
from ligandose.errors import InputError, LigandoseError, nearest_names
from ligandose.nuclides import nuclide
from ligandose.targets import canonical_name, target

MOST_AGENTS = 2
SCREEN_KEYS = tuple(
    k
    for k in ScreenPart.model_fields
    if k not in ("targets", "vectors", "nuclides", "reference", "rank_at", "exclude", "knowledge")
)
"""Keys of a screen that this file may have."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentPart(_Part):
    """A vector on a target: a class of vectors or an agent that lends it."""

    target: str
    vector: str
    nuclide: str


class SensitivityPart(_Part):
    """Sobol indices."""

    rows: Annotated[int, Field(ge=32, le=65536)] = 512
    tolerance: Annotated[float, Field(gt=0.0, le=0.5)] = 0.1
    properties: list[str] = []
    ranges: dict[str, tuple[float, float]] = {}
    nuclides: list[str] = []


class BlueprintPart(_Part):
    """Blueprint of an optimal target."""

    share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.8
    contexts: Annotated[int, Field(ge=4, le=200)] = 12
    points: Annotated[int, Field(ge=5, le=41)] = 13
    targets: list[str] = []


class MapPart(_Part):
    """Targets by nuclides."""

    targets: list[str] = []
    vectors: list[str] = []
    nuclides: list[str] = []
    patients: Annotated[int, Field(ge=8, le=1000)] = 24


class InformationPart(_Part):
    """Value of information."""

    draws: Annotated[int, Field(ge=100, le=10_000)] = 300
    options: list[str] = []


class ExplainPart(_Part):
    """The keys of the file that a screen does not have."""

    agents: Annotated[list[str | AgentPart], Field(min_length=1, max_length=MOST_AGENTS)]
    sensitivity: SensitivityPart | Literal[False] = SensitivityPart()
    population: Annotated[int | Literal[False], Field()] = 400
    blueprint: BlueprintPart | Literal[False] = BlueprintPart()
    map: MapPart | Literal[False] = MapPart()
    information: InformationPart | Literal[False] = InformationPart()
    dossier: bool = True
    screen: str | None = None
    translation: str | None = None


@dataclass(frozen=True)
class ExplainPlan:
    """What is explained.

    Attributes:
        screen: limits, cap, host, radiobiology.
        agents: one or two candidates of a screen; options: further ones of the decision.
        part: the file's own keys.
        varied: properties of the sensitivity with the file's ranges.
        nuclides: levels of the discrete factor nuclide; empty for none.
        mapped: targets, classes of vectors and nuclides of the map; None for no map.
        placed: targets that are shown on the blueprint besides those of the agents.
        screen_document, translation_document: results of the other commands, None without.
        sha256: of the file.
    """

    screen: ScreenPlan
    agents: tuple[Candidate, ...]
    options: tuple[Candidate, ...]
    part: ExplainPart
    varied: tuple[Factor, ...]
    nuclides: tuple[str, ...]
    placed: tuple[str, ...] = ()
    mapped: ScreenPlan | None = None
    screen_document: Mapping[str, Any] | None = None
    translation_document: Mapping[str, Any] | None = None
    sha256: str = ""


def read_explain(path: Path | str) -> ExplainPlan:
    """Read a study file of `explain` (YAML, UTF-8); docs/explain.md says what it can hold.

    Raises:
        InputError: file, field, the value that came, what is allowed, and what to do.
    """
    text = read_study_text(Path(path))
    plan = _plan(text, Path(path).parent)
    return replace(plan, sha256=hashlib.sha256(text.raw).hexdigest())


def explain_from_mapping(
    data: Mapping[str, Any], *, name: str = "explain", folder: Path | None = None
) -> ExplainPlan:
    """Return the plan of a mapping of the shape of a study file; `name` stands in messages.

    Args:
        data: keys and values.
        name: stands in messages.
        folder: where relative paths of other results start; None for the working directory.

    Raises:
        InputError: as `read_explain`.
    """
    return _plan(StudyText(name, data), folder or Path())


def _plan(text: StudyText, folder: Path) -> ExplainPlan:
    part = _checked(text)
    named = [_spec(text, i, one) for i, one in enumerate(part.agents)]
    options = [] if part.information is False else part.information.options
    more = [_spec(text, i, one, key="information.options") for i, one in enumerate(options)]
    screen = screen_from_mapping(
        {
            **{k: v for k, v in text.data.items() if k in SCREEN_KEYS},
            "targets": [n.target for n in named],
            "vectors": [n.vector for n in named],
            "nuclides": [n.nuclide for n in named],
        },
        name=text.name,
    )
    if screen.goal == "marrow_bed":
        raise InputError(
            f"{text.place(('setting',))} the goal is the BED of the marrow, and explain judges "
            "the kill of tumours; name a setting or goal of tumours"
        )
    own = SensitivityPart() if part.sensitivity is False else part.sensitivity
    return ExplainPlan(
        screen=screen,
        agents=tuple(_candidate(text, screen, n) for n in named),
        options=tuple(_candidate(text, screen, n) for n in more),
        part=part,
        varied=_varied(text, own),
        nuclides=_nuclides(text, own),
        placed=_placed(text, part),
        mapped=_mapped(text, part, named, own),
        screen_document=_document(text, "screen", part.screen, folder, "ligandose.screen"),
        translation_document=_document(
            text, "translation", part.translation, folder, "ligandose.translate"
        ),
    )


def _checked(text: StudyText) -> ExplainPart:
    own = {k: v for k, v in text.data.items() if k not in SCREEN_KEYS}
    unknown = [k for k in own if k not in ExplainPart.model_fields]
    if unknown:
        known = [*ExplainPart.model_fields, *SCREEN_KEYS]
        near = nearest_names(str(unknown[0]), known)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(
            f"{text.place((str(unknown[0]),))} is no key of explain; {hint}allowed are "
            f"{', '.join(known)}"
        )
    try:
        return ExplainPart.model_validate(own)
    except ValidationError as error:
        raise InputError(_message(text, error)) from None


UNION_TAGS = ("str", "AgentPart", "SensitivityPart", "BlueprintPart", "MapPart",
              "InformationPart", "int")  # fmt: skip


def _message(text: StudyText, error: ValidationError) -> str:
    """Return the first thing that is wrong; of a choice of shapes the one that came nearest."""
    every = error.errors(include_url=False)
    first = max(every, key=lambda e: len(e["loc"]) if e["loc"][:1] == every[0]["loc"][:1] else 0)
    path = tuple(p for p in first["loc"] if p not in UNION_TAGS and "[" not in str(p))
    if first["type"] == "missing":
        return f"{text.place(path)} is missing; explain needs it"
    said = str(first["msg"])
    return f"{text.place(path)} got {str(first['input'])[:60]!r}; {said[:1].lower()}{said[1:]}"


def _spec(text: StudyText, i: int, one: str | AgentPart, *, key: str = "agents") -> AgentPart:
    if isinstance(one, AgentPart):
        return one
    if one not in agents():
        near = nearest_names(one, agents())
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(
            f"{text.place((key, i))} unknown agent {one!r}; {hint}name one of `ligandose agents`, "
            "or give target, vector and nuclide"
        )
    base = agent(one)
    if base.is_salt:
        raise InputError(
            f"{text.place((key, i))} {one} is a salt, whose uptake is that of its element; "
            "properties of a target do not explain it"
        )
    return AgentPart(target=base.target, vector=one, nuclide=base.nuclide)


def _candidate(text: StudyText, screen: ScreenPlan, spec: AgentPart) -> Candidate:
    """Return the combination as a screen would make it.

    Raises:
        InputError: the screen's rules remove it; says which.
    """
    if spec.vector in agents() and agent(spec.vector).nuclide == spec.nuclide:
        found = reference_candidate(replace(screen, reference=spec.vector))
        if found is not None and canonical_name(agent(spec.vector).target) == canonical_name(
            spec.target
        ):
            if found.reasons:
                raise InputError(f"{text.name}: {found.name}: {'; '.join(found.reasons)}")
            return found
    one = screen_from_mapping(
        {
            **{k: v for k, v in text.data.items() if k in SCREEN_KEYS},
            "targets": [spec.target],
            "vectors": [spec.vector],
            "nuclides": [spec.nuclide],
        },
        name=text.name,
    )
    return candidates(one)[0]


def _nuclides(text: StudyText, own: SensitivityPart) -> tuple[str, ...]:
    found: list[str] = []
    for i, name in enumerate(own.nuclides):
        try:
            found.append(nuclide(name).name)
        except InputError as error:
            raise InputError(f"{text.place(('sensitivity', 'nuclides', i))} {error}") from error
    return tuple(dict.fromkeys(found))


def _mapped(
    text: StudyText, part: ExplainPart, named: list[AgentPart], own: SensitivityPart
) -> ScreenPlan | None:
    """Return the screen of the map: what it does not name is that of the agents and blueprint."""
    if part.map is False:
        return None
    vectors = part.map.vectors or [c for n in named if (c := _class_of(n.vector))]
    if not vectors:
        return None
    placed = [] if part.blueprint is False else part.blueprint.targets
    targets = part.map.targets or [*(n.target for n in named), *placed]
    nuclides = part.map.nuclides or [*(n.nuclide for n in named), *own.nuclides]
    return screen_from_mapping(
        {
            **{k: v for k, v in text.data.items() if k in SCREEN_KEYS},
            "targets": list(dict.fromkeys(canonical_name(t) for t in targets)),
            "vectors": list(dict.fromkeys(vectors)),
            "nuclides": list(dict.fromkeys(nuclides)),
        },
        name=f"{text.name}: map",
    )


def _class_of(vector: str) -> str:
    """Return the class of a vector that a generic vector stands for, "" for none."""
    if vector in generic_vectors():
        return vector
    found = next((a.vector_class for a in landscape_agents() if a.name == vector), "")
    return found if found in generic_vectors() else ""


def _placed(text: StudyText, part: ExplainPart) -> tuple[str, ...]:
    if part.blueprint is False:
        return ()
    found: list[str] = []
    for i, name in enumerate(part.blueprint.targets):
        try:
            found.append(canonical_name(name))
        except InputError as error:
            raise InputError(f"{text.place(('blueprint', 'targets', i))} {error}") from error
    return tuple(dict.fromkeys(found))


def _varied(text: StudyText, own: SensitivityPart) -> tuple[Factor, ...]:
    varied = [f for f in factors().values() if f.kind not in (*OF_NUCLIDE, ONLY_POPULATION)]
    known = [f.name for f in varied]
    for key, listed in (("properties", own.properties), ("ranges", list(own.ranges))):
        for name in listed:
            if name not in known:
                near = nearest_names(name, known)
                hint = f"did you mean {' or '.join(near)}? " if near else ""
                raise InputError(
                    f"{text.place(('sensitivity', key))} unknown property {name!r}; {hint}known "
                    f"are {', '.join(known)}"
                )
    chosen = [factor(name) for name in own.properties] or varied
    return tuple(_ranged(text, one, own.ranges.get(one.name)) for one in chosen)


def _ranged(text: StudyText, one: Factor, given: tuple[float, float] | None) -> Factor:
    if given is None:
        return one
    low, high = given
    if not 0.0 < low < high:
        raise InputError(
            f"{text.place(('sensitivity', 'ranges', one.name))} got {low:g} to {high:g}; two "
            "numbers above 0, the lower first"
        )
    return replace(one, low=low, high=high, status="assumed", note="range of the study file")


def _document(
    text: StudyText, key: str, name: str | None, folder: Path, kind: str
) -> Mapping[str, Any] | None:
    if name is None:
        return None
    path = folder / name
    try:
        read: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{text.place((key,))} {path} cannot be read as JSON ({error}); give the document that "
            f"`{kind.replace('.', ' ')} --out` writes"
        ) from error
    if not isinstance(read, dict) or cast("dict[str, Any]", read).get("document") != kind:
        raise InputError(f"{text.place((key,))} {path} is no {kind} document")
    return cast("dict[str, Any]", read)


def shown_target(name: str) -> str:
    """Return the common name of a target; the name itself where the catalogue has none."""
    try:
        return target(name).common_name
    except LigandoseError:
        return name
