"""All combinations of targets, vectors and nuclides, and why some cannot be screened.

Rules remove only what cannot be made, may not be given or cannot be simulated. A half-life that
does not fit how long a vector stays is no rule: it is simulated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from ligandose.agents import Agent, agent, landscape_agents, vector_findings
from ligandose.design.screen_plan import ScreenPlan
from ligandose.design.screen_settings import generic_vectors, label_lender, sites_left_out
from ligandose.design.screen_supply import supply_of
from ligandose.errors import InputError, LigandoseError
from ligandose.evidence import read_table
from ligandose.hosts import VEIN, Host, read_route, with_routes
from ligandose.nuclides import nuclide
from ligandose.targets import canonical_name, target

GOOD, CONDITIONAL = "good", "conditional"
HOLDING = (GOOD, CONDITIONAL)
NOT_RECEPTORS = ("mineral", "necrosis", "physical")
BINDER = "binder:"
RELEASE_FACTOR = "release_factor"
OF_LABELS = (RELEASE_FACTOR, "catabolite_release")
"""Findings of a vector that belong to its label rather than to the molecule."""


@dataclass(frozen=True)
class Candidate:
    """One combination.

    Attributes:
        name: of the agent that it makes.
        target: identifier; vector: class or agent as the study names it; nuclide: name.
        base: agent of the catalogue that lends the vector.
        generic: whether the vector stands for its class.
        label: what holds the nuclide; "" where nothing does.
        compatibility: of label and nuclide, "good" or "conditional"; "" where none is listed.
        reasons: why it cannot be screened, each "rule: reason"; empty for a feasible one.
        caveats: what a reader must know of a feasible one.
    """

    name: str
    target: str
    vector: str
    nuclide: str
    base: str
    generic: bool
    label: str
    compatibility: str = ""
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether nothing speaks against simulating it."""
        return not self.reasons

    def task(self) -> dict[str, Any]:
        """Return what decides its result, JSON-able."""
        keep = ("name", "target", "nuclide", "base", "generic", "label", "vector")
        return {key: value for key, value in asdict(self).items() if key in keep}


def candidates(plan: ScreenPlan) -> tuple[Candidate, ...]:
    """Return all combinations of a plan, the infeasible ones with their reasons.

    Raises:
        InputError: nothing is left; says which rule removed how many.
    """
    made = tuple(
        _candidate(plan, t, v, n) for t in plan.targets for v in plan.vectors for n in plan.nuclides
    )
    if not any(c.feasible for c in made):
        raise InputError(f"screen: nothing is left of {len(made)} combinations; {removed(made)}")
    return made


def removed(made: Sequence[Candidate]) -> str:
    """Return in words which rule removed how many, with an example of each."""
    count = Counter(r.partition(":")[0] for c in made for r in c.reasons)
    said: list[str] = []
    for rule, many in count.most_common():
        one = next((c, r) for c in made for r in c.reasons if r.partition(":")[0] == rule)
        said.append(f"rule {rule!r} removed {many} ({one[0].name}: {one[1].partition(': ')[2]})")
    return "; ".join(said)


def reference_candidate(plan: ScreenPlan) -> Candidate | None:
    """Return the named reference agent as a candidate, None where none is named."""
    if not plan.reference:
        return None
    base = agent(plan.reference)
    found = Candidate(
        name=base.name,
        target=canonical_name(base.target),
        vector=base.name,
        nuclide=base.nuclide,
        base=base.name,
        generic=False,
        label=base.label,
        compatibility=_holds(base.label, base.nuclide),
    )
    return replace(found, reasons=tuple(_not_simulatable(plan, found)))


def build_agent(task: Mapping[str, Any]) -> Agent:
    """Return the agent of a candidate's `task`.

    Raises:
        LigandoseError: the catalogue has nothing of that name.
    """
    base = agent(task["base"])
    made = base
    if task["nuclide"] != base.nuclide:
        bound_before = {k: f for k, f in base.findings.items() if k.startswith(BINDER)}
        made = replace(
            base,
            nuclide=task["nuclide"],
            impurities=(),
            typical={k: v for k, v in base.typical.items() if k != "activity_GBq"},
            findings={**vector_findings(base.vector, task["nuclide"]), **bound_before},
        )
    made = _with_label(made, task["label"] or base.label)
    if canonical_name(base.target) != task["target"]:
        made = made.retargeted(task["target"])
    if task["generic"]:
        left_out = tuple(f"{site}." for site in sites_left_out(task["vector"]))
        kept = {k: f for k, f in made.findings.items() if not k.startswith(left_out)}
        made = replace(made, findings=kept)
    return replace(made, name=task["name"])


def _with_label(base: Agent, label: str) -> Agent:
    """Return an agent with another label; how long cells keep it is that of such labels."""
    made = replace(base, label=label)
    if made.label_comes_off == base.label_comes_off:
        return made
    lender = agent(label_lender(comes_off=made.label_comes_off)).findings
    taken = {
        key: lender[key]
        for key in OF_LABELS
        if key in lender and (key in base.findings or key == RELEASE_FACTOR)
    }
    return replace(made, findings={**made.findings, **taken})


def base_of(vector: str) -> str:
    """Return the agent of the catalogue that stands for a class or is named itself."""
    return generic_vectors().get(vector, vector)


# ------------------------------------------------------------------ rules


def _candidate(plan: ScreenPlan, target_name: str, vector: str, nuclide_name: str) -> Candidate:
    base = agent(base_of(vector))
    generic = vector in generic_vectors()
    own = canonical_name(base.target) == target_name if not base.is_salt else False
    label, compatibility = _label(base, nuclide_name, plan)
    found = Candidate(
        name=_name(base, target_name, vector, nuclide_name, own=own and not generic),
        target=target_name,
        vector=vector,
        nuclide=nuclide_name,
        base=base.name,
        generic=generic,
        label=label,
        compatibility=compatibility,
    )
    reasons = [
        *_left_out(plan, found),
        *_vector_rule(base, target_name, generic=generic),
        *_label_rule(base, found, plan),
        *_not_simulatable(plan, found),
    ]
    return replace(
        found, reasons=tuple(reasons), caveats=tuple(_caveats(base, found)) if not reasons else ()
    )


def _name(base: Agent, target_name: str, vector: str, nuclide_name: str, *, own: bool) -> str:
    symbol, _, mass = nuclide_name.partition("-")
    if own:
        same = base.nuclide == nuclide_name
        return base.name if same else f"{mass}{symbol}-{base.vector}"
    shown = target(target_name).common_name
    return f"{mass}{symbol}-{vector.replace(' ', '-')} on {shown}"


def _left_out(plan: ScreenPlan, found: Candidate) -> list[str]:
    names = {"target": found.target, "vector": found.vector, "nuclide": found.nuclide}
    return [f"excluded: {reason}" for kind, name, reason in plan.exclude if names[kind] == name]


def _vector_rule(base: Agent, target_name: str, *, generic: bool) -> list[str]:
    if base.is_salt:
        return [f"vector: {base.vector} is a salt, whose uptake is that of its element"]
    if not generic and canonical_name(base.target) != target_name:
        return [
            f"vector: {base.vector} binds {base.target}; name its class to have a generic vector "
            "on every target"
        ]
    return []


def _label(base: Agent, nuclide_name: str, plan: ScreenPlan) -> tuple[str, str]:
    """Return the label to use and how well it holds the nuclide: its own where that does."""
    own = _holds(base.label, nuclide_name)
    if own == GOOD or (own == CONDITIONAL and not plan.swap_label) or not plan.swap_label:
        return base.label, own
    if base.label == "salt":
        return base.label, own
    others = [
        row["label"]
        for row in _labels()
        if row["nuclide"] == nuclide_name
        and row["compatibility"] == GOOD
        and row["label"] not in ("none", "direct")
        and "bone-seeking" not in row["conditions"]
        and "liposome" not in row["conditions"]
    ]
    if not others:
        return base.label, own
    return min(others, key=lambda name: (-_used(name, nuclide_name), name)), GOOD


def _label_rule(base: Agent, found: Candidate, plan: ScreenPlan) -> list[str]:
    if base.is_salt:
        return []
    allowed = HOLDING if plan.labels == CONDITIONAL else (GOOD,)
    if found.compatibility in allowed:
        return []
    said = found.compatibility or "not listed"
    swapped = "and no listed label is good" if plan.swap_label else "and labels are not swapped"
    return [f"label: {base.label} with {found.nuclide} is {said}, {swapped}"]


def _not_simulatable(plan: ScreenPlan, found: Candidate) -> list[str]:
    reasons: list[str] = []
    if plan.route_reason:
        reasons.append(f"not simulatable: route, {plan.route_reason}")
    reasons += _target_rule(plan, found)
    if nuclide(found.nuclide).is_stable:
        reasons.append(f"nuclide: {found.nuclide} is stable")
    else:
        reasons += supply_of(plan, agent(found.base), found.nuclide).reasons
    return reasons


def _target_rule(plan: ScreenPlan, found: Candidate) -> list[str]:
    name = found.target
    known = target(name)
    if known.kind == "transporter":
        return [f"not simulatable: {name} is a transporter, whose uptake follows from rates"]
    if known.kind in NOT_RECEPTORS:
        return [f"not simulatable: {name} is {known.kind} and has no binding sites"]
    if _behind_barrier(plan.indication) and plan.route == VEIN:
        return [
            f"not simulatable: {plan.indication} lies behind the blood-brain barrier, which the "
            "model of vessels does not know"
        ]
    try:
        person = screened_host(plan, name)
        protein = "hydrodynamic_radius" in agent(found.base).findings
        if not plan.route_reason:
            with_routes(person, [read_route(plan.route)], protein=protein)
    except LigandoseError as error:
        return [f"not simulatable: {error}"]
    return []


def _caveats(base: Agent, found: Candidate) -> list[str]:
    said: list[str] = []
    if found.generic or canonical_name(base.target) != found.target:
        said.append(
            f"Generic vector: kinetics and binding are those of {base.vector} on {base.target}."
        )
    if found.label != base.label:
        said.append(
            f"{found.label} in place of {base.label}: assumed to change nothing but how long cells "
            "keep the nuclide."
        )
    if found.compatibility == CONDITIONAL:
        said.append(f"{found.label} holds {found.nuclide} on conditions (labels.csv).")
    return said


# ------------------------------------------------------------------ catalogue


@cache
def _labels() -> tuple[dict[str, str], ...]:
    return tuple(read_table("labels.csv"))


def _holds(label: str, nuclide_name: str) -> str:
    return next(
        (
            r["compatibility"]
            for r in _labels()
            if (r["label"], r["nuclide"]) == (label, nuclide_name)
        ),
        "",
    )


@cache
def _used(label: str, nuclide_name: str) -> int:
    """Return how many agents of the landscape carry a nuclide with a label."""
    return sum(a.label == label and nuclide_name in a.nuclides for a in landscape_agents())


@cache
def _behind_barrier(indication: str) -> bool:
    rows = read_table("indications.csv")
    return any(r["indication"] == indication and r["behind_barrier"] == "yes" for r in rows)


def screened_host(plan: ScreenPlan, target_name: str) -> Host:
    """Return the host with lesions of the setting, carrying a target at the screen's densities.

    Densities of tumours are those of the indication, lesions those of the disease.

    Raises:
        LigandoseError: a target that is no receptor, or an unknown name.
    """
    from ligandose.design.screen_host import hosted

    return hosted(
        plan.host,
        plan.disease,
        plan.indication,
        target_name,
        plan.density,
        plan.lesion_mass_g,
        plan.lesion_number,
    )
