"""What is given when: activity, amount of substance, infusion, co-medication."""

from __future__ import annotations

from dataclasses import dataclass

from ligandose.agents import Agent
from ligandose.errors import InputError

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_WEEK = 7 * 86400.0
MOST_ACTIVITY_GBQ = 100.0
MOST_AMOUNT_NMOL = 1e5
MOST_CYCLES = 50


@dataclass(frozen=True, slots=True)
class Administration:
    """One administration into a vein.

    Attributes:
        time_s: start of the infusion after the first administration.
        activity_Bq: activity of the agent's nuclide at that time; 0 for unlabelled vector.
        amount_nmol: amount of vector, labelled and unlabelled together.
        duration_s: length of the infusion.
    """

    time_s: float
    activity_Bq: float
    amount_nmol: float
    duration_s: float = 0.0

    def __post_init__(self) -> None:
        _within("time_s", self.time_s, 0.0, 100 * SECONDS_PER_WEEK * 52)
        _within("activity_GBq", self.activity_Bq / 1e9, 0.0, MOST_ACTIVITY_GBQ)
        _within("amount_nmol", self.amount_nmol, 1e-6, MOST_AMOUNT_NMOL)
        _within("infusion_min", self.duration_s / 60.0, 0.0, 24 * 60.0)


@dataclass(frozen=True, slots=True)
class Regimen:
    """A course of administrations in order of time.

    Attributes:
        administrations: at least one, increasing in time.
        comedication: names of what is given with each of them, such as "amino_acids".
        voiding_interval_s: time between voidings of the bladder; None for the host's own.
    """

    administrations: tuple[Administration, ...]
    comedication: tuple[str, ...] = ()
    voiding_interval_s: float | None = None

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
    ) -> Regimen:
        """Return equal administrations at equal intervals.

        Raises:
            InputError: a number of cycles, activity, amount or interval outside its range.
        """
        if not 1 <= cycles <= MOST_CYCLES:
            raise InputError(f"cycles: {cycles} is outside 1 … {MOST_CYCLES}")
        if cycles > 1:
            _within("every_weeks", every_weeks, 1.0 / 168.0, 104.0)
        return cls(
            tuple(
                Administration(
                    time_s=k * every_weeks * SECONDS_PER_WEEK,
                    activity_Bq=activity_GBq * 1e9,
                    amount_nmol=amount_nmol,
                    duration_s=infusion_min * 60.0,
                )
                for k in range(cycles)
            ),
            comedication,
            None if voiding_h is None else voiding_h * SECONDS_PER_HOUR,
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
        )

    @property
    def total_activity_Bq(self) -> float:
        """Sum of the administered activities."""
        return sum(a.activity_Bq for a in self.administrations)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"regimen: {name} = {value:g} is outside {low:g} … {high:g}")
