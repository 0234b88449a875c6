"""Supply: what decay on the way leaves of activity and specific activity, and what it adds.

Between calibration and injection the nuclide decays by exp(-λt). Vectors that carried a nuclide
that decayed stay in the vial, so specific activity falls alike, and the amount that a wanted
activity needs rises. A long-lived impurity decays more slowly, so its share rises by
exp((λ - λ_i) t).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ligandose.agents import Agent, Impurity, agent, agents
from ligandose.design.screen_plan import Cap, ScreenPlan
from ligandose.design.screen_settings import number_of
from ligandose.nuclides import nuclide

AVOGADRO_PER_NMOL = 6.02214076e14
DEFAULT_CYCLES = 4
DEFAULT_WEEKS = 6.0


@dataclass(frozen=True)
class Supply:
    """What of an agent can be given.

    Attributes:
        amount_nmol: vector of one cycle.
        cycles, every_weeks: of the course.
        left: part of the calibrated activity that is left at injection.
        specific_activity_GBq_nmol: at injection.
        carrier_free_GBq_nmol: of a vector that carries a nuclide on every molecule.
        activity_cap_GBq: most activity of one cycle, infinite where nothing caps it.
        capped_by: what caps it.
        impurities: at injection.
        reasons: why it cannot be given, empty where it can.
    """

    amount_nmol: float
    cycles: int
    every_weeks: float
    left: float
    specific_activity_GBq_nmol: float
    carrier_free_GBq_nmol: float
    activity_cap_GBq: float
    capped_by: str
    impurities: tuple[Impurity, ...]
    reasons: tuple[str, ...] = ()

    def amount_needed_nmol(self, activity_GBq: float) -> float:
        """Return the vector that an activity of one cycle needs at this specific activity."""
        return activity_GBq / self.specific_activity_GBq_nmol


def supply_of(plan: ScreenPlan, base: Agent, nuclide_name: str) -> Supply:
    """Return what can be given of a vector with a nuclide under a plan."""
    cap = plan.cap
    rate = nuclide(nuclide_name).decay_constant_per_s
    left = math.exp(-rate * plan.transport_h * 3600.0)
    amount = cap.amount_given_nmol or base.typical.get("amount_nmol", 0.0)
    carrier_free = rate * AVOGADRO_PER_NMOL / 1e9
    calibrated = _of(cap.specific_activity_GBq_nmol, nuclide_name)
    if calibrated is None:
        calibrated = _reached_GBq_nmol(nuclide_name) / left
        calibrated = max(calibrated, number_of("supply", "labelled_share") * carrier_free)
    specific = min(calibrated, carrier_free) * left
    stated = _of(cap.activity_GBq, nuclide_name)
    most = _given_GBq(nuclide_name) if stated is None else stated
    by_amount = amount * specific
    capped = "activity" if most <= by_amount else "specific activity"
    return Supply(
        amount_nmol=amount,
        cycles=cap.cycles or int(base.typical.get("cycles", DEFAULT_CYCLES)),
        every_weeks=cap.every_weeks or base.typical.get("every_weeks", DEFAULT_WEEKS),
        left=left,
        specific_activity_GBq_nmol=specific,
        carrier_free_GBq_nmol=carrier_free,
        activity_cap_GBq=min(most, by_amount),
        capped_by=capped,
        impurities=_impurities(plan, base, nuclide_name, rate),
        reasons=tuple(_reasons(cap, base, amount)),
    )


def _reasons(cap: Cap, base: Agent, amount: float) -> list[str]:
    if amount <= 0.0:
        return [f"amount: none is typical of {base.name}; give cap.amount_given_nmol"]
    if cap.amount_nmol is not None and amount > cap.amount_nmol:
        return [f"amount: {amount:g} nmol of {base.vector} exceed the cap of {cap.amount_nmol:g}"]
    return []


def _of(by_nuclide: Mapping[str, float], name: str) -> float | None:
    return by_nuclide.get(name, by_nuclide.get(""))


@cache
def _given_GBq(nuclide_name: str) -> float:
    """Return the highest activity of a cycle of catalogued therapies; infinite without one."""
    given = [
        a.typical["activity_GBq"]
        for a in map(agent, agents())
        if a.nuclide == nuclide_name and a.purpose == "therapy" and "activity_GBq" in a.typical
    ]
    return max(given) if given else math.inf


@cache
def _reached_GBq_nmol(nuclide_name: str) -> float:
    """Return the highest specific activity at injection of catalogued therapies; 0 without one."""
    reached = [
        a.typical["activity_GBq"] / a.typical["amount_nmol"]
        for a in map(agent, agents())
        if a.nuclide == nuclide_name
        and a.purpose == "therapy"
        and not a.is_salt
        and {"activity_GBq", "amount_nmol"} <= set(a.typical)
    ]
    return max(reached, default=0.0)


def _impurities(
    plan: ScreenPlan, base: Agent, nuclide_name: str, rate: float
) -> tuple[Impurity, ...]:
    """Return impurities at injection: the study's at calibration, or the catalogue's as given."""
    if nuclide_name not in plan.impurities:
        return base.impurities if base.nuclide == nuclide_name else ()
    elapsed = plan.transport_h * 3600.0
    return tuple(
        Impurity(name, share * math.exp((rate - nuclide(name).decay_constant_per_s) * elapsed))
        for name, share in plan.impurities[nuclide_name].items()
    )
