"""The space of designs: which genes there are, and what design a point of the unit cube is.

Every gene is a number from 0 to 1. The first ones choose (vector, nuclide, label), the others are
quantities between their bounds; what a vector's class has no bound for is left as it is, so a gene
may be silent. That keeps one cube for all vectors, which variation operators need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent, agent
from ligandose.design.optimise_bounds import FIXED, LEVERS, LINEAR, LOG, STEP, Bound
from ligandose.design.screen_candidates import Candidate, build_agent
from ligandose.errors import InputError

Floats = NDArray[np.float64]
CARRIERS = ("vector", "nuclide", "label")
NO_PROTECTION = "none"


@dataclass(frozen=True)
class Form:
    """A vector with a label and a nuclide, before anything is changed.

    Attributes:
        candidate: of the screen that it would be.
        vector_class: whose bounds hold.
        agent: as the catalogue, or its class, has it.
        bounds: by quantity, for those levers that the study leaves open.
        own: value of every lever that is not changed, in the units of its bound.
    """

    candidate: Candidate
    vector_class: str
    agent: Agent
    bounds: Mapping[str, Bound]
    own: Mapping[str, float | str]

    @property
    def name(self) -> str:
        """Name of the agent that it makes."""
        return self.candidate.name

    @property
    def key(self) -> tuple[str, str, str]:
        """Vector, nuclide and label."""
        return self.candidate.vector, self.candidate.nuclide, self.candidate.label


@dataclass(frozen=True)
class Design:
    """A point of the space.

    Attributes:
        form: index of its form in the space.
        values: every lever's value by quantity, in the units of its bound; a name for a
            protection.
        changed: levers that differ from the form's own.
    """

    form: int
    values: Mapping[str, float | str]
    changed: tuple[str, ...] = ()

    def number(self, lever: str) -> float:
        """Return the value of a lever that is a number."""
        return float(self.values[lever])


@dataclass(frozen=True)
class Space:
    """All designs of a study.

    Attributes:
        forms: feasible vectors with label and nuclide.
        levers: genes beside the carriers, in the order of LEVERS.
    """

    forms: tuple[Form, ...]
    levers: tuple[str, ...]
    _index: Mapping[tuple[str, str, str], int] = field(default_factory=dict[Any, Any], repr=False)

    @property
    def genes(self) -> tuple[str, ...]:
        """Names along a point of the cube."""
        return (*CARRIERS, *self.levers)

    @cached_property
    def vectors(self) -> tuple[str, ...]:
        """Vectors that any form has."""
        return tuple(dict.fromkeys(f.candidate.vector for f in self.forms))

    def design(self, point: Sequence[float] | Floats) -> Design:
        """Return the design of a point of the unit cube.

        Raises:
            InputError: a point of another length, or outside the cube.
        """
        numbers = np.asarray(point, dtype=np.float64)
        if numbers.shape != (len(self.genes),):
            raise InputError(f"a point needs {len(self.genes)} genes, got {numbers.shape}")
        if not np.all((numbers >= 0.0) & (numbers <= 1.0)):
            raise InputError(f"genes must lie in 0 … 1; got {numbers.min():g} … {numbers.max():g}")
        share = dict(zip(self.genes, (float(x) for x in numbers), strict=True))
        form = self._form(share)
        chosen: dict[str, float | str] = dict(self.forms[form].own)
        for lever, bound in self.forms[form].bounds.items():
            if lever in share:
                chosen[lever] = value_at(bound, share[lever])
        return self._of(form, chosen)

    def start(self, name: str) -> Design:
        """Return the design of an agent as the catalogue has it.

        Raises:
            InputError: an agent that is no form of the space.
        """
        for i, form in enumerate(self.forms):
            if form.name == name:
                return self._of(i, form.own)
        raise InputError(
            f"{name} is none of the agents that this study can make: "
            f"{', '.join(dict.fromkeys(f.name for f in self.forms))}"
        )

    def point(self, design: Design) -> Floats:
        """Return a point of the cube that has a design; values outside of bounds are clipped."""
        form = self.forms[design.form]
        share = dict.fromkeys(self.genes, 0.5)
        share.update(self._carriers(form))
        for lever, bound in form.bounds.items():
            if lever in share:
                share[lever] = share_of(bound, design.values[lever])
        return np.array([share[g] for g in self.genes])

    def with_lever(self, design: Design, lever: str, value: float | str) -> Design:
        """Return a design with one lever at another value."""
        return self._of(design.form, {**design.values, lever: value})

    def _of(self, form: int, values: Mapping[str, float | str]) -> Design:
        own = self.forms[form].own
        return Design(form, dict(values), tuple(k for k in values if values[k] != own[k]))

    def _form(self, share: Mapping[str, float]) -> int:
        left = list(range(len(self.forms)))
        for place, gene in enumerate(CARRIERS):
            known = tuple(dict.fromkeys(self.forms[i].key[place] for i in left))
            wanted = known[_pick(share[gene], len(known))]
            left = [i for i in left if self.forms[i].key[place] == wanted]
        return left[0]

    def _carriers(self, form: Form) -> dict[str, float]:
        left = list(self.forms)
        found: dict[str, float] = {}
        for place, gene in enumerate(CARRIERS):
            known = tuple(dict.fromkeys(f.key[place] for f in left))
            found[gene] = (known.index(form.key[place]) + 0.5) / len(known)
            left = [f for f in left if f.key[place] == form.key[place]]
        return found


def value_at(bound: Bound, share: float) -> float | str:
    """Return the value at a share of the way between the bounds.

    Examples:
        >>> from ligandose.design.optimise_bounds import bounds
        >>> value_at(bounds("peptide", "SSTR2")["cycles"], 0.99)
        6.0
    """
    if bound.scale == LOG:
        return float(bound.low * (bound.high / bound.low) ** share)
    if bound.scale == LINEAR:
        return float(bound.low + (bound.high - bound.low) * share)
    steps = steps_of(bound)
    return steps[_pick(share, len(steps))]


def share_of(bound: Bound, value: float | str) -> float:
    """Return which share of the way between the bounds a value lies at, within 0 … 1."""
    if bound.scale in (STEP, FIXED):
        steps = steps_of(bound)
        if isinstance(value, str):
            at = steps.index(value)
        else:
            at = int(np.argmin([abs(float(s) - value) for s in steps]))
        return (at + 0.5) / len(steps)
    number, width = float(value), bound.high - bound.low
    if width <= 0.0:
        return 0.5
    if bound.scale == LOG:
        share = np.log(number / bound.low) / np.log(bound.high / bound.low)
    else:
        share = (number - bound.low) / width
    return float(np.clip(share, 0.0, 1.0))


def steps_of(bound: Bound) -> tuple[float | str, ...]:
    """Return the values of a bound in steps: numbers, or names."""
    if not bound.steps:
        return tuple(dict.fromkeys((bound.low, bound.high)))
    return tuple(_number(s) for s in bound.steps)


def base_agent(candidate: Candidate) -> Agent:
    """Return the agent of a candidate; refuses what a change of amount or molecule cannot follow.

    Raises:
        InputError: two-step agents, salts, transporter substrates.
    """
    made = build_agent(candidate.task())
    if made.binder or made.is_salt or not made.binds:
        raise InputError(
            f"{candidate.name}: salts, two-step agents and substrates of transporters have no "
            "binding that could be designed here; leave them out of vectors"
        )
    return made


def own_values(
    made: Agent, bounds: Mapping[str, Bound], *, cycles: int, every_weeks: float
) -> dict[str, float | str]:
    """Return the value of every lever that leaves an agent as the catalogue has it."""
    own: dict[str, float | str] = {}
    for lever in LEVERS:
        if lever in bounds:
            own[lever] = _own(made, lever, bounds[lever])
    own["cycles"], own["every_weeks"] = float(cycles), every_weeks
    own["amount"] = made.typical.get("amount_nmol", 0.0)
    own["activity_share"] = 1.0
    own["protection"] = next(iter(made.comedication), NO_PROTECTION)
    return own


def _own(made: Agent, lever: str, bound: Bound) -> float:
    if lever == "cleaved_share":
        return 0.0
    if lever == "sites_factor":
        return 1.0
    key = finding_key(made, lever)
    if key not in made.findings:
        return bound.low
    return made.findings[key].require()


def finding_key(made: Agent, lever: str) -> str:
    """Return the key of the finding that a lever of the molecule changes."""
    return f"{made.target}.{lever}" if lever in ("k_d", "k_on", "internalisation") else lever


def names(forms: Iterable[Form]) -> tuple[str, ...]:
    """Return the names of forms, each once."""
    return tuple(dict.fromkeys(f.name for f in forms))


def catalogue_name(name: str) -> str:
    """Return the vector of a catalogued agent."""
    return agent(name).vector


def _pick(share: float, count: int) -> int:
    return min(int(share * count), count - 1)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
