"""The regimen of a study file, what it leaves out taken from the agent's typical use."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ligandose.agents import Agent
from ligandose.course._study_names import Notes, check_known
from ligandose.course._study_schema import AdministrationPart, RegimenPart, StudyPart
from ligandose.course.regimen import SECONDS_PER_HOUR, Administration, Clearing, Regimen
from ligandose.course.study_yaml import FieldPath, StudyText
from ligandose.errors import InputError
from ligandose.evidence import read_table
from ligandose.hosts import VEIN, read_route

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
    predose = _predose(given, use)
    return Regimen.cycles(
        cycles,
        activity_GBq=use.value((*at, "activity_GBq"), given.activity_GBq),
        every_weeks=every_weeks or 1.0,
        amount_nmol=use.value((*at, "amount_nmol"), given.amount_nmol),
        infusion_min=use.value((*at, "infusion_min"), given.infusion_min, otherwise=0.0),
        comedication=comedication,
        predose_nmol=predose and predose[0],
        predose_h=predose[1] if predose else 0.0,
        predose_binder=bool(use.agent.binder),
        route=_route(use.text, (*at, "route"), given.route),
        clearing_h=given.clearing_h,
        clearing_fraction=_clearing_fraction(given, use),
    )


def _predose(given: RegimenPart, use: _Use) -> tuple[float, float] | None:
    """Return amount and lead of what is given before each cycle; None for nothing.

    Both are taken from the agent's typical use where the file leaves them out. An agent with a
    binder does nothing without it, so it cannot be left out.
    """
    if given.predose_nmol is None and "predose_nmol" not in use.agent.typical:
        if given.predose_h is not None or use.agent.binder:
            use.value(("regimen", "predose_nmol"), None)  # raises: there is no typical one
        return None
    amount = use.value(("regimen", "predose_nmol"), given.predose_nmol)
    if amount > 0.0:
        return amount, use.value(("regimen", "predose_h"), given.predose_h)
    if use.agent.binder:
        raise InputError(
            f"{use.text.place(('regimen', 'predose_nmol'))} got 0: {use.agent.name} is caught by "
            f"its binder {use.agent.binder} and does nothing without it; write its amount in nmol"
        )
    return None


def _clearing_fraction(given: RegimenPart, use: _Use) -> float:
    """Return the fraction of a clearing step, which has no typical value and needs its time."""
    if (given.clearing_h is None) != (given.clearing_fraction is None):
        lacking = "clearing_h" if given.clearing_h is None else "clearing_fraction"
        raise InputError(
            f"{use.text.place(('regimen', lacking))} is missing; a clearing step has a time and a "
            f"fraction: write {lacking}: NUMBER"
        )
    return given.clearing_fraction or 0.0


def _route(text: StudyText, path: FieldPath, said: str | None) -> str:
    """Return a route as a study file writes it, checked."""
    if said is None:
        return VEIN
    try:
        return str(read_route(said))
    except InputError as error:
        raise InputError(f"{text.place(path)} {error}") from error


def _administrations(given: RegimenPart, use: _Use, comedication: tuple[str, ...]) -> Regimen:
    of_cycles = ("cycles", "activity_GBq", "every_weeks", "predose_nmol", "predose_h")
    for key in of_cycles:
        if getattr(given, key) is not None:
            raise InputError(
                f"{use.text.place(('regimen', key))} stands beside administrations, which have "
                "their own; keep either the cycles or the list"
            )
    made = [
        _administration(("regimen", "administrations", i), part, given, use)
        for i, part in enumerate(given.administrations or [])
    ]
    if use.agent.binder and not any(a.binder for a in made):
        raise InputError(
            f"{use.text.place(('regimen', 'administrations'))} {use.agent.name} is caught by its "
            f"binder {use.agent.binder}, and none is given; add an administration before it with "
            "binder: true and activity_GBq: 0"
        )
    fraction = _clearing_fraction(given, use)
    clearing = None
    if given.clearing_h is not None:
        clearing = Clearing(given.clearing_h * SECONDS_PER_HOUR, fraction)
    return Regimen(tuple(made), comedication, clearing=clearing)


def _administration(
    path: FieldPath, part: AdministrationPart, given: RegimenPart, use: _Use
) -> Administration:
    """Amount and infusion of one administration: its own, that of the regimen, or the typical."""
    amount = given.amount_nmol if part.amount_nmol is None else part.amount_nmol
    if part.binder and not use.agent.binder:
        raise InputError(
            f"{use.text.place((*path, 'binder'))} {use.agent.name} has no binder; for unlabelled "
            "vector write activity_GBq: 0 alone"
        )
    if part.binder:  # what is said of the vector is not said of its binder
        amount = part.amount_nmol
        if amount is None:
            amount = use.value(("regimen", "predose_nmol"), None)
    minutes = given.infusion_min if part.infusion_min is None else part.infusion_min
    routes = [
        _route(use.text, (*path, "route"), part.route),
        _route(use.text, ("regimen", "route"), given.route),
    ]
    if part.route is not None and given.route is not None and routes[0] != routes[1]:
        raise InputError(
            f"{use.text.place((*path, 'route'))} got {part.route!r}, which contradicts "
            f"regimen.route: {given.route!r}; keep one of them"
        )
    route = routes[1] if part.route is None and not part.binder else routes[0]
    return Administration(
        time_s=part.time_h * SECONDS_PER_HOUR,
        activity_Bq=use.value((*path, "activity_GBq"), part.activity_GBq) * 1e9,
        amount_nmol=use.value((*path, "amount_nmol"), amount),
        duration_s=use.value((*path, "infusion_min"), minutes, otherwise=0.0) * 60.0,
        route=route,
        binder=part.binder,
    )
