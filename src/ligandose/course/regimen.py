"""What is given when: activity, amount of substance, infusion, co-medication."""

from __future__ import annotations

from dataclasses import dataclass

from ligandose.agents import Agent
from ligandose.errors import InputError
from ligandose.hosts import VEIN, Route, read_route

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_WEEK = 7 * 86400.0
MOST_ACTIVITY_GBQ = 100.0
MOST_AMOUNT_NMOL = 1e5
MOST_CYCLES = 50


@dataclass(frozen=True, slots=True)
class Administration:
    """One administration.

    Attributes:
        time_s: start of the infusion after the first administration.
        activity_Bq: activity of the agent's nuclide at that time; 0 for unlabelled vector.
        amount_nmol: amount of vector, labelled and unlabelled together.
        duration_s: length of the infusion.
        route: way into the body: "vein", "intra-arterial:REGION", "intratumoural:lesion:NAME",
            "intraperitoneal", "intrathecal" or "intracavitary" (`hosts.read_route`).
        binder: whether it is the binder of a two-step treatment, which carries no activity.
    """

    time_s: float
    activity_Bq: float
    amount_nmol: float
    duration_s: float = 0.0
    route: str = VEIN
    binder: bool = False

    def __post_init__(self) -> None:
        self.way  # noqa: B018 (a route that is not known raises here)
        if self.binder and self.activity_Bq > 0.0:
            raise InputError("regimen: a binder carries no activity; give it as the predose")
        if self.binder and self.way != Route():
            raise InputError(f"regimen: a binder is given into a vein, not by {self.route}")
        _within("time_s", self.time_s, 0.0, 100 * SECONDS_PER_WEEK * 52)
        _within("activity_GBq", self.activity_Bq / 1e9, 0.0, MOST_ACTIVITY_GBQ)
        _within("amount_nmol", self.amount_nmol, 1e-6, MOST_AMOUNT_NMOL)
        _within("infusion_min", self.duration_s / 60.0, 0.0, 24 * 60.0)

    @property
    def way(self) -> Route:
        """Its route."""
        return read_route(self.route)


@dataclass(frozen=True, slots=True)
class Clearing:
    """A clearing step: an agent that takes the binder from the plasma before the radioligand.

    Attributes:
        lead_s: how long before each administration of activity it begins.
        fraction: part of the binder in plasma that it takes, above 0 and below 1.
    """

    lead_s: float
    fraction: float

    def __post_init__(self) -> None:
        _within("clearing_h", self.lead_s / SECONDS_PER_HOUR, 0.01, 30 * 24.0)
        if not 0.0 < self.fraction < 1.0:
            raise InputError(
                f"regimen: clearing_fraction = {self.fraction:g} must be above 0 and below 1"
            )


@dataclass(frozen=True, slots=True)
class Regimen:
    """A course of administrations in order of time.

    Attributes:
        administrations: at least one, increasing in time.
        comedication: names of what is given with each of them, such as "amino_acids".
        voiding_interval_s: time between voidings of the bladder; None for the host's own.
        clearing: step that takes the binder of a two-step treatment from plasma; None for none.
    """

    administrations: tuple[Administration, ...]
    comedication: tuple[str, ...] = ()
    voiding_interval_s: float | None = None
    clearing: Clearing | None = None

    def __post_init__(self) -> None:
        times = [a.time_s for a in self.administrations]
        if not times:
            raise InputError("regimen: no administration; give cycles or administrations")
        if sorted(times) != times or len(set(times)) != len(times):
            raise InputError(f"regimen: administration times must increase; got {times} s")
        if sum(a.activity_Bq for a in self.administrations) <= 0.0:
            raise InputError("regimen: no administration carries activity")
        if len(times) > MOST_CYCLES:
            raise InputError(f"regimen: {len(times)} administrations; at most {MOST_CYCLES}")
        if self.voiding_interval_s is not None:
            _within("voiding_h", self.voiding_interval_s / SECONDS_PER_HOUR, 0.1, 24.0)

    @classmethod
    def cycles(
        cls,
        cycles: int,
        *,
        activity_GBq: float,
        every_weeks: float = 6.0,
        amount_nmol: float,
        infusion_min: float = 0.0,
        comedication: tuple[str, ...] = (),
        voiding_h: float | None = None,
        predose_nmol: float | None = None,
        predose_h: float = 0.0,
        predose_binder: bool = False,
        route: str = VEIN,
        clearing_h: float | None = None,
        clearing_fraction: float = 0.0,
    ) -> Regimen:
        """Return equal administrations at equal intervals.

        Args:
            cycles: number of administrations of activity.
            activity_GBq, amount_nmol, infusion_min, comedication: of each.
            every_weeks: time between two of them.
            voiding_h: time between voidings; None for the host's own.
            predose_nmol: unlabelled vector, or binder, given before each; None for none.
            predose_h: how long before, above 0 with a predose.
            predose_binder: whether the predose is the binder of a two-step treatment.
            route: way of the activity into the body (`Administration`); a predose goes into a
                vein.
            clearing_h: how long before the activity a clearing step begins; None for none.
            clearing_fraction: part of the binder in plasma that it takes.

        Raises:
            InputError: a number of cycles, activity, amount or interval outside its range, a
                clearing step without a binder or before it.
        """
        if not 1 <= cycles <= MOST_CYCLES:
            raise InputError(f"cycles: {cycles} is outside 1 … {MOST_CYCLES}")
        if cycles > 1:
            _within("every_weeks", every_weeks, 1.0 / 168.0, 104.0)
        if predose_nmol is not None:
            _within("predose_h", predose_h, 0.01, 30 * 24.0)
        clearing = None
        if clearing_h is not None:
            if not predose_binder or predose_nmol is None or clearing_h >= predose_h:
                raise InputError(
                    "regimen: clearing_h needs a binder that is given earlier than it: an agent "
                    "with a binder, predose_nmol, and predose_h above clearing_h"
                )
            clearing = Clearing(clearing_h * SECONDS_PER_HOUR, clearing_fraction)
        lead_s = 0.0 if predose_nmol is None else predose_h * SECONDS_PER_HOUR
        given: list[Administration] = []
        for k in range(cycles):
            start = k * every_weeks * SECONDS_PER_WEEK
            if predose_nmol is not None:
                given.append(Administration(start, 0.0, predose_nmol, binder=predose_binder))
            given.append(
                Administration(
                    time_s=start + lead_s,
                    activity_Bq=activity_GBq * 1e9,
                    amount_nmol=amount_nmol,
                    duration_s=infusion_min * 60.0,
                    route=route,
                )
            )
        return cls(
            tuple(given),
            comedication,
            None if voiding_h is None else voiding_h * SECONDS_PER_HOUR,
            clearing,
        )

    @classmethod
    def typical(cls, agent: Agent) -> Regimen:
        """Return the typical use of an agent as its catalogue entry states it.

        Raises:
            InputError: the entry names no activity or no amount.
        """
        use = agent.typical
        for needed in ("activity_GBq", "amount_nmol"):
            if needed not in use:
                raise InputError(f"agent {agent.name}: no typical {needed}; give a regimen")
        return cls.cycles(
            int(use.get("cycles", 1)),
            activity_GBq=use["activity_GBq"],
            every_weeks=use.get("every_weeks", 6.0),
            amount_nmol=use["amount_nmol"],
            infusion_min=use.get("infusion_min", 0.0),
            comedication=agent.comedication,
            voiding_h=use.get("voiding_h"),
            predose_nmol=use.get("predose_nmol"),
            predose_h=use.get("predose_h", 0.0),
            predose_binder=bool(agent.binder),
        )

    @property
    def total_activity_Bq(self) -> float:
        """Sum of the administered activities."""
        return sum(a.activity_Bq for a in self.administrations)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Ways into the body, each once, in the order of the administrations."""
        return tuple(dict.fromkeys(a.way for a in self.administrations))


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"regimen: {name} = {value:g} is outside {low:g} … {high:g}")
