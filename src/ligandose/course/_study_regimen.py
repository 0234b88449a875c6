"""The regimen of a study file, what it leaves out taken from the agent's typical use."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ligandose.agents import Agent
from ligandose.course._study_names import Notes, check_known
from ligandose.course._study_schema import AdministrationPart, RegimenPart, StudyPart
from ligandose.course._study_yaml import FieldPath, StudyText
from ligandose.course.regimen import SECONDS_PER_HOUR, Administration, Regimen
from ligandose.errors import InputError
from ligandose.evidence import read_table

MOST_TIMES_TYPICAL = 100.0
"""Far above every escalation that was tried, below the factor 1000 between MBq and GBq."""


def study_regimen(text: StudyText, part: StudyPart, chosen: Agent, notes: Notes) -> Regimen:
    """Return the regimen that a study file asks for.

    Raises:
        InputError: a co-medication that is not known, a value without a typical one to take its
            place, an activity far above the typical, times that do not increase.
    """
    given = part.regimen or RegimenPart()
    use = _Use(text, chosen, notes)
    comedication = _comedication(text, given, use)
    try:
        if given.administrations is None:
            regimen = _cycles(given, use, comedication)
        else:
            regimen = _administrations(given, use, comedication)
        return _with_voiding(regimen, given, use)
    except InputError as error:
        message = str(error)
        if not message.startswith("regimen: "):
            raise
        raise InputError(
            f"{text.place(('regimen',))} {message.removeprefix('regimen: ')}"
        ) from error


@dataclass(frozen=True)
class _Use:
    """How the agent is used: what the file says, and what its catalogue entry says."""

    text: StudyText
    agent: Agent
    notes: Notes

    def value(
        self, path: FieldPath, given: float | None, *, otherwise: float | None = None
    ) -> float:
        """Return what is given, or what is typical of the agent; InputError without either."""
        if given is not None:
            self._near_typical(path, given)
            return given
        key = str(path[-1])
        typical = self.agent.typical.get(key, otherwise)
        if typical is None:
            raise InputError(
                f"{self.text.place(path)} is missing, and the catalogue has no typical value for "
                f"{self.agent.name}; write {key}: NUMBER"
            )
        self.notes.filled_in.append(
            f"regimen.{key}: {typical:g} (typical use of {self.agent.name})"
        )
        return typical

    def _near_typical(self, path: FieldPath, given: float) -> None:
        typical = self.agent.typical.get("activity_GBq")
        if path[-1] != "activity_GBq" or typical is None or given <= MOST_TIMES_TYPICAL * typical:
            return
        raise InputError(
            f"{self.text.place(path)} got {given:g}, allowed is up to "
            f"{MOST_TIMES_TYPICAL * typical:g} GBq ({MOST_TIMES_TYPICAL:g} times the typical "
            f"{typical:g} GBq of {self.agent.name}); did you mean MBq? write activity_GBq: "
            f"{given / 1e3:g}"
        )


def _with_voiding(regimen: Regimen, given: RegimenPart, use: _Use) -> Regimen:
    """Return the regimen with the interval of voiding that it asks for; None is the host's own."""
    if given.voiding_h is None and "voiding_h" not in use.agent.typical:
        return regimen
    hours = use.value(("regimen", "voiding_h"), given.voiding_h)
    return replace(regimen, voiding_interval_s=hours * SECONDS_PER_HOUR)


def _comedication(text: StudyText, given: RegimenPart, use: _Use) -> tuple[str, ...]:
    if given.comedication is None:
        for name in use.agent.comedication:
            use.notes.filled_in.append(
                f"regimen.comedication: {name} (typical use of {use.agent.name})"
            )
        return use.agent.comedication
    known = tuple(dict.fromkeys(row["subject"] for row in read_table("comedication.csv")))
    for i, name in enumerate(given.comedication):
        check_known(text, ("regimen", "comedication", i), "co-medication", name, known, "")
    return tuple(dict.fromkeys(given.comedication))


def _cycles(given: RegimenPart, use: _Use, comedication: tuple[str, ...]) -> Regimen:
    at = ("regimen",)
    cycles = int(use.value((*at, "cycles"), given.cycles, otherwise=1.0))
    every_weeks = given.every_weeks
    if cycles > 1:
        every_weeks = use.value((*at, "every_weeks"), every_weeks)
    return Regimen.cycles(
        cycles,
        activity_GBq=use.value((*at, "activity_GBq"), given.activity_GBq),
        every_weeks=every_weeks or 1.0,
        amount_nmol=use.value((*at, "amount_nmol"), given.amount_nmol),
        infusion_min=use.value((*at, "infusion_min"), given.infusion_min, otherwise=0.0),
        comedication=comedication,
    )


def _administrations(given: RegimenPart, use: _Use, comedication: tuple[str, ...]) -> Regimen:
    for key in ("cycles", "activity_GBq", "every_weeks"):
        if getattr(given, key) is not None:
            raise InputError(
                f"{use.text.place(('regimen', key))} stands beside administrations, which have "
                "their own; keep either the cycles or the list"
            )
    made = [
        _administration(("regimen", "administrations", i), part, given, use)
        for i, part in enumerate(given.administrations or [])
    ]
    return Regimen(tuple(made), comedication)


def _administration(
    path: FieldPath, part: AdministrationPart, given: RegimenPart, use: _Use
) -> Administration:
    """Amount and infusion of one administration: its own, that of the regimen, or the typical."""
    amount = given.amount_nmol if part.amount_nmol is None else part.amount_nmol
    minutes = given.infusion_min if part.infusion_min is None else part.infusion_min
    return Administration(
        time_s=part.time_h * SECONDS_PER_HOUR,
        activity_Bq=use.value((*path, "activity_GBq"), part.activity_GBq) * 1e9,
        amount_nmol=use.value((*path, "amount_nmol"), amount),
        duration_s=use.value((*path, "infusion_min"), minutes, otherwise=0.0) * 60.0,
    )
